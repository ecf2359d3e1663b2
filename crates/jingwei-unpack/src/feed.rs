use std::{
    cell::{Cell, RefCell},
    io::{self, BufRead, Read},
    rc::Rc,
};

use jingwei_read::Source;

/// How much a decoder is fed at once.
const FEED: u64 = 32 << 10;
/// Headers lie close together in an archive of small members: one read serves many, and where one read goes on from
/// the last, the next is twice as long.
const WINDOW: usize = 1 << 10;
const WIDEST: usize = 32 << 10;

/// One source under several readers. None of them reads while another does, so it is never borrowed twice.
type Shared<'a> = Rc<RefCell<Box<dyn Source + 'a>>>;

struct Borrowed<'a>(&'a mut dyn Source);

impl Source for Borrowed<'_> {
    fn length(&self) -> u64 {
        self.0.length()
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        self.0.read_at(offset, into)
    }
}

/// A stretch of a shared source.
#[derive(Clone)]
pub(crate) struct Stretch<'a> {
    whole: Shared<'a>,
    start: u64,
    length: u64,
}

impl<'a> Stretch<'a> {
    pub(crate) fn borrowed(source: &'a mut dyn Source) -> Self {
        Self::owned(Box::new(Borrowed(source)))
    }

    pub(crate) fn owned(source: Box<dyn Source + 'a>) -> Self {
        let length = source.length();
        Self { whole: Rc::new(RefCell::new(source)), start: 0, length }
    }

    /// Cut to what there is.
    pub(crate) fn part(&self, start: u64, length: u64) -> Self {
        let start = start.min(self.length);
        Self { whole: Rc::clone(&self.whole), start: self.start + start, length: length.min(self.length - start) }
    }

    /// Up to `count` bytes from `offset` on; fewer where it ends or cannot be read.
    pub(crate) fn bytes(&mut self, offset: u64, count: usize) -> Vec<u8> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; count.min(left)];
        let got = self.read_at(offset, &mut bytes).unwrap_or(0);
        bytes.truncate(got);
        bytes
    }
}

impl Source for Stretch<'_> {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = into.len().min(left);
        if count == 0 {
            return Ok(0);
        }
        self.whole.borrow_mut().read_at(self.start + offset, &mut into[..count])
    }
}

/// Looks at small pieces here and there.
pub(crate) struct Window<'a> {
    pub(crate) stretch: Stretch<'a>,
    block: Vec<u8>,
    at: u64,
    width: usize,
}

impl<'a> Window<'a> {
    pub(crate) fn new(stretch: Stretch<'a>) -> Self {
        Self { stretch, block: Vec::new(), at: 0, width: WINDOW }
    }

    /// The `count` bytes at `offset`; fewer where the source ends or cannot be read.
    pub(crate) fn at(&mut self, offset: u64, count: usize) -> &[u8] {
        let held = |window: &Self| {
            let start = usize::try_from(offset.checked_sub(window.at)?).ok()?;
            (start.checked_add(count)? <= window.block.len()).then_some(start)
        };
        let start = match held(self) {
            Some(start) => start,
            None => {
                let goes_on = offset.checked_sub(self.at).is_some_and(|n| n <= self.block.len() as u64);
                self.width = if goes_on { WIDEST.min(self.width * 2) } else { WINDOW };
                self.block = self.stretch.bytes(offset, count.max(self.width));
                self.at = offset;
                0
            }
        };
        let end = self.block.len().min(start + count);
        self.block.get(start..end).unwrap_or_default()
    }
}

/// A stretch from front to end, for a decoder.
pub(crate) struct Feed<'a> {
    stretch: Stretch<'a>,
    buffer: Vec<u8>,
    used: usize,
    /// Of the byte after the buffer.
    next: u64,
    /// A decoder wanted more than there is. Some decoders take that for a good end.
    pub(crate) starved: bool,
    /// How many bytes the decoder has had so far.
    taken: Rc<Cell<u64>>,
}

impl<'a> Feed<'a> {
    pub(crate) fn new(stretch: Stretch<'a>, taken: Rc<Cell<u64>>) -> Self {
        Self { stretch, buffer: Vec::new(), used: 0, next: 0, starved: false, taken }
    }

    /// How many bytes were taken.
    pub(crate) fn position(&self) -> u64 {
        self.next - (self.buffer.len() - self.used) as u64
    }

    pub(crate) fn remaining(&self) -> u64 {
        self.stretch.length.saturating_sub(self.position())
    }

    /// Goes to an offset; within the buffer at no cost.
    pub(crate) fn seek(&mut self, offset: u64) {
        let start = self.next - self.buffer.len() as u64;
        match offset.checked_sub(start).and_then(|n| usize::try_from(n).ok()) {
            Some(used) if used <= self.buffer.len() => self.used = used,
            _ => {
                self.buffer.clear();
                self.used = 0;
                self.next = offset;
            }
        }
        self.starved = false;
    }

    /// The next bytes without taking them; fewer than `count` at the end.
    pub(crate) fn peek(&mut self, count: usize) -> Vec<u8> {
        let at = self.position();
        let buffered = &self.buffer[self.used..];
        if buffered.len() >= count {
            return buffered[..count].to_vec();
        }
        self.stretch.bytes(at, count)
    }
}

impl Read for Feed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut held = self.fill_buf()?;
        let count = held.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Feed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.buffer.len() {
            let left = self.stretch.length.saturating_sub(self.next);
            self.buffer.resize(usize::try_from(left.min(FEED)).unwrap_or(0), 0);
            self.used = 0;
            let got = match self.stretch.read_at(self.next, &mut self.buffer) {
                Ok(got) => got,
                Err(reason) => {
                    self.buffer.clear();
                    return Err(io::Error::other(reason));
                }
            };
            self.buffer.truncate(got);
            self.next += got as u64;
            self.starved |= got == 0;
        }
        Ok(&self.buffer[self.used..])
    }

    fn consume(&mut self, count: usize) {
        let used = self.buffer.len().min(self.used + count);
        self.taken.set(self.taken.get() + (used - self.used) as u64);
        self.used = used;
    }
}
