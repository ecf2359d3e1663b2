use std::{
    cell::Cell,
    io::{self, BufRead, ErrorKind, Read},
    rc::Rc,
};

use deflate64::InflaterManaged;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use lzma_rust2::{Lzma2Reader, LzmaReader, XzReader};
use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, FrameHeaderError},
};

use crate::{budget::Budget, feed::Feed};

/// Largest dictionary or window: `xz -9` takes 64 MiB and `zstd --ultra -22` 128 MiB. Decoders take it as it fills.
const DICTIONARY: u32 = 128 << 20;

/// How a stretch is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coder {
    Copy,
    Deflate,
    Deflate64,
    Gzip,
    Zlib,
    Bzip2,
    Xz,
    Zstd,
    Lz4,
    /// `size` where it is known, otherwise the stream has an end mark.
    Lzma {
        properties: u8,
        dictionary: u32,
        size: Option<u64>,
    },
    Lzma2 {
        dictionary: u32,
    },
}

impl Coder {
    /// What starting the decoder costs, in decoded bytes: a file of empty frames is a bomb too.
    fn fee(self) -> u64 {
        match self {
            // It clears its tables of 3.6 MB.
            Coder::Bzip2 => 2 << 20,
            Coder::Xz => 512 << 10,
            _ => 64 << 10,
        }
    }
}

/// Reads one frame, or several after each other where the format has them.
pub(crate) struct Frames<'a> {
    coder: Coder,
    state: State<'a>,
    started: bool,
    /// How many packed bytes whole frames have taken.
    end: Rc<Cell<u64>>,
    budget: Budget,
}

enum State<'a> {
    Between(Feed<'a>),
    Within(Box<dyn Frame<'a> + 'a>),
    Done,
}

/// One frame. The feed comes back standing behind it.
trait Frame<'a>: Read {
    fn finish(self: Box<Self>) -> io::Result<Feed<'a>>;
}

impl<'a> Frames<'a> {
    pub(crate) fn new(coder: Coder, feed: Feed<'a>, end: Rc<Cell<u64>>, budget: Budget) -> Self {
        Self { coder, state: State::Between(feed), started: false, end, budget }
    }
}

impl Read for Frames<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            self.state = match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Ok(0),
                State::Between(mut feed) => {
                    let more = has_frame(self.coder, &mut feed, self.started);
                    self.end.set(feed.position());
                    if !more {
                        return Ok(0);
                    }
                    if !self.budget.spend(self.coder.fee()) {
                        return Err(ErrorKind::QuotaExceeded.into());
                    }
                    self.started = true;
                    State::Within(start(self.coder, feed, &self.budget)?)
                }
                State::Within(mut frame) => {
                    let got = frame.read(into)?;
                    if got > 0 {
                        self.state = State::Within(frame);
                        return Ok(got);
                    }
                    let feed = frame.finish()?;
                    self.end.set(feed.position());
                    State::Between(feed)
                }
            };
        }
    }
}

/// Goes to where the next frame begins. The first one is there by agreement.
fn has_frame(coder: Coder, feed: &mut Feed<'_>, started: bool) -> bool {
    if matches!(coder, Coder::Zstd | Coder::Lz4) {
        skip_skippable(feed);
    }
    if !started {
        return true;
    }
    let behind = feed.position();
    if matches!(coder, Coder::Gzip | Coder::Xz) {
        skip_zeros(feed);
    }
    let front = feed.peek(6);
    let more = match coder {
        Coder::Gzip => front.starts_with(&[0x1f, 0x8b, 8]),
        Coder::Bzip2 => front.starts_with(b"BZh"),
        Coder::Xz => front.starts_with(b"\xfd7zXZ\0"),
        Coder::Zstd => front.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]),
        Coder::Lz4 => front.starts_with(&[0x04, 0x22, 0x4d, 0x18]),
        _ => false,
    };
    if !more && !front.is_empty() {
        feed.seek(behind);
    }
    more
}

/// Frames that decoders are to ignore: `5?2a4d18` and a length.
fn skip_skippable(feed: &mut Feed<'_>) {
    loop {
        match feed.peek(8).as_slice() {
            [first, 0x2a, 0x4d, 0x18, a, b, c, d] if first & 0xf0 == 0x50 => {
                let length = 8 + u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
                if length > feed.remaining() {
                    return;
                }
                feed.seek(feed.position() + length);
            }
            _ => return,
        }
    }
}

fn skip_zeros(feed: &mut Feed<'_>) {
    while let Ok(bytes) = feed.fill_buf() {
        let zeros = bytes.iter().take_while(|b| **b == 0).count();
        let on = zeros > 0 && zeros == bytes.len();
        feed.consume(zeros);
        if !on {
            break;
        }
    }
}

fn start<'a>(coder: Coder, feed: Feed<'a>, budget: &Budget) -> io::Result<Box<dyn Frame<'a> + 'a>> {
    Ok(match coder {
        Coder::Copy => Box::new(Copied(feed)),
        Coder::Deflate => Box::new(DeflateDecoder::new(feed)),
        Coder::Deflate64 => Box::new(Inflate64 { feed, inflater: Box::new(InflaterManaged::new()) }),
        Coder::Gzip => Box::new(GzDecoder::new(feed)),
        Coder::Zlib => Box::new(ZlibDecoder::new(feed)),
        Coder::Bzip2 => Box::new(bzip2::bufread::BzDecoder::new(feed)),
        Coder::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(feed)),
        Coder::Xz => Box::new(XzReader::new_mem_limit(feed, false, (DICTIONARY >> 10) + 1024)),
        Coder::Zstd => Box::new(Zstd::start(feed, budget)?),
        Coder::Lzma { properties, dictionary, size } => {
            let needed = u64::from(dictionary).min(size.unwrap_or(u64::MAX));
            let dictionary = u32::try_from(needed).ok().filter(|d| *d <= DICTIONARY).ok_or(ErrorKind::OutOfMemory)?;
            let mut reader = LzmaReader::new_with_props(feed, size.unwrap_or(u64::MAX), properties, dictionary, None)?;
            reader.set_defer_errors(true);
            Box::new(reader)
        }
        Coder::Lzma2 { dictionary } if dictionary > DICTIONARY => return Err(ErrorKind::OutOfMemory.into()),
        Coder::Lzma2 { dictionary } => Box::new(Lzma2Reader::new(feed, dictionary, None)),
    })
}

struct Copied<'a>(Feed<'a>);

impl Read for Copied<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl<'a> Frame<'a> for Copied<'a> {
    fn finish(self: Box<Self>) -> io::Result<Feed<'a>> {
        Ok(self.0)
    }
}

struct Inflate64<'a> {
    feed: Feed<'a>,
    inflater: Box<InflaterManaged>,
}

impl Read for Inflate64<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !into.is_empty() && !self.inflater.errored() {
            if self.inflater.finished() && self.inflater.available_output() == 0 {
                return Ok(0);
            }
            let input = self.feed.fill_buf()?;
            let at_end = input.is_empty();
            let result = self.inflater.inflate(input, into);
            self.feed.consume(result.bytes_consumed);
            if result.data_error {
                break;
            }
            if result.bytes_written > 0 {
                return Ok(result.bytes_written);
            }
            if at_end && !self.inflater.finished() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Err(io::Error::new(ErrorKind::InvalidData, "invalid deflate64"))
    }
}

impl<'a> Frame<'a> for Inflate64<'a> {
    fn finish(self: Box<Self>) -> io::Result<Feed<'a>> {
        Ok(self.feed)
    }
}

macro_rules! finish_with_inner {
    ($($decoder:ty),*) => {$(
        impl<'a> Frame<'a> for $decoder {
            fn finish(self: Box<Self>) -> io::Result<Feed<'a>> {
                Ok(self.into_inner())
            }
        }
    )*};
}

finish_with_inner!(
    DeflateDecoder<Feed<'a>>,
    GzDecoder<Feed<'a>>,
    ZlibDecoder<Feed<'a>>,
    bzip2::bufread::BzDecoder<Feed<'a>>,
    XzReader<Feed<'a>>,
    Lzma2Reader<Feed<'a>>
);

impl<'a> Frame<'a> for LzmaReader<Feed<'a>> {
    fn finish(self: Box<Self>) -> io::Result<Feed<'a>> {
        let (mut feed, unused) = self.into_parts();
        feed.seek(feed.position() - unused.len() as u64);
        Ok(feed)
    }
}

impl<'a> Frame<'a> for lz4_flex::frame::FrameDecoder<Feed<'a>> {
    /// The library takes a missing end mark for the end.
    fn finish(self: Box<Self>) -> io::Result<Feed<'a>> {
        let feed = self.into_inner();
        if feed.starved { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(feed) }
    }
}

/// The library hands nothing out before its window is full, so what it holds is held against the budget here.
struct Zstd<'a> {
    feed: Feed<'a>,
    decoder: FrameDecoder,
    given: u64,
    budget: Budget,
}

/// Largest block of the format, and how much may wait in the window whatever the budget.
const ZSTD_BLOCK: u64 = 128 << 10;
const ZSTD_WAITING: u64 = 8 << 20;

impl<'a> Zstd<'a> {
    fn start(mut feed: Feed<'a>, budget: &Budget) -> io::Result<Self> {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(u64::from(DICTIONARY));
        decoder.init(&mut feed).map_err(|error| {
            let too_big = matches!(
                error,
                FrameDecoderError::WindowSizeTooBig { .. }
                    | FrameDecoderError::FrameHeaderError(FrameHeaderError::WindowTooBig { .. })
            );
            io::Error::new(if too_big { ErrorKind::OutOfMemory } else { ErrorKind::InvalidData }, error.to_string())
        })?;
        Ok(Self { feed, decoder, given: 0, budget: budget.clone() })
    }
}

impl Read for Zstd<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            let decoded = (self.decoder.blocks_decoded() as u64).saturating_mul(ZSTD_BLOCK);
            let waiting = decoded.saturating_sub(self.given);
            if waiting > ZSTD_WAITING && waiting > self.budget.decoded_left() {
                self.budget.refuse_expansion(decoded);
                return Err(ErrorKind::QuotaExceeded.into());
            }
            let step = self.decoder.decode_blocks(&mut self.feed, BlockDecodingStrategy::UptoBlocks(1));
            step.map_err(|error| io::Error::new(ErrorKind::InvalidData, error.to_string()))?;
        }
        let got = self.decoder.read(into)?;
        self.given += got as u64;
        Ok(got)
    }
}

impl<'a> Frame<'a> for Zstd<'a> {
    fn finish(self: Box<Self>) -> io::Result<Feed<'a>> {
        match self.decoder.get_checksum_from_data() {
            Some(sum) if Some(sum) != self.decoder.get_calculated_checksum() => {
                Err(io::Error::new(ErrorKind::InvalidData, "the checksum does not match"))
            }
            _ => Ok(self.feed),
        }
    }
}
