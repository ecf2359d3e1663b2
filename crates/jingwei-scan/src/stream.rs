use std::io::Read;

use jingwei_core::{Digest, Hasher, Progress};

/// Reads a file once from start to end: a parser takes what it needs from the front while every byte
/// enters the digest, so what was parsed is what was digested.
pub(crate) struct Stream<'a, R: Read> {
    source: R,
    hasher: Hasher,
    progress: &'a dyn Progress,
    buffer: Vec<u8>,
    /// `buffer[start..end]` is read and not yet taken.
    start: usize,
    end: usize,
    /// Bytes taken so far.
    position: u64,
    /// Bytes read from the source so far.
    fetched: u64,
}

/// The stream gave less than was asked for.
#[derive(Debug)]
pub(crate) enum StreamError {
    /// The file ends at this offset.
    End(u64),
    Io(String),
}

impl<'a, R: Read> Stream<'a, R> {
    /// At most `window` bytes can be peeked at.
    pub(crate) fn new(source: R, window: usize, progress: &'a dyn Progress) -> Self {
        Self {
            source,
            hasher: Hasher::default(),
            progress,
            buffer: vec![0; window.max(64)],
            start: 0,
            end: 0,
            position: 0,
            fetched: 0,
        }
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Up to `count` of the next bytes; fewer only where the file ends or the window does.
    pub(crate) fn peek(&mut self, count: usize) -> Result<&[u8], StreamError> {
        while self.end - self.start < count.min(self.buffer.len()) {
            if self.fill()? == 0 {
                break;
            }
        }
        let end = self.end.min(self.start.saturating_add(count));
        Ok(&self.buffer[self.start..end])
    }

    pub(crate) fn take(&mut self, mut into: &mut [u8]) -> Result<(), StreamError> {
        while !into.is_empty() {
            let ready = self.ready()?;
            let count = ready.len().min(into.len());
            let (head, tail) = into.split_at_mut(count);
            head.copy_from_slice(&ready[..count]);
            into = tail;
            self.advance(count);
        }
        Ok(())
    }

    pub(crate) fn take_vec(&mut self, count: u64) -> Result<Vec<u8>, StreamError> {
        let mut bytes = Vec::new();
        let mut left = count;
        while left > 0 {
            let ready = self.ready()?;
            let count = ready.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            bytes.extend_from_slice(&ready[..count]);
            self.advance(count);
            left -= count as u64;
        }
        Ok(bytes)
    }

    pub(crate) fn take_byte(&mut self) -> Result<u8, StreamError> {
        let mut byte = [0];
        self.take(&mut byte)?;
        Ok(byte[0])
    }

    pub(crate) fn skip(&mut self, count: u64) -> Result<(), StreamError> {
        let mut left = count;
        while left > 0 {
            let count = self.ready()?.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.advance(count);
            left -= count as u64;
        }
        Ok(())
    }

    pub(crate) fn at_end(&mut self) -> Result<bool, StreamError> {
        Ok(self.peek(1)?.is_empty())
    }

    /// Reads the rest, at most up to `max_bytes` of the whole. Gives the digest, the length and the source.
    pub(crate) fn finish(mut self, max_bytes: u64) -> Result<Option<(Digest, u64, R)>, StreamError> {
        loop {
            if self.fetched > max_bytes {
                return Ok(None);
            }
            self.start = self.end;
            if self.fill()? == 0 {
                return Ok(Some((self.hasher.finish(), self.fetched, self.source)));
            }
        }
    }

    /// What is read and not yet taken; never empty.
    fn ready(&mut self) -> Result<&[u8], StreamError> {
        if self.start == self.end && self.fill()? == 0 {
            return Err(StreamError::End(self.position));
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn advance(&mut self, count: usize) {
        self.start += count;
        self.position += count as u64;
    }

    fn fill(&mut self) -> Result<usize, StreamError> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let count = loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(StreamError::Io(e.to_string())),
                Ok(count) => break count,
            }
        };
        self.hasher.update(&self.buffer[self.end..self.end + count]);
        self.progress.advance(count as u64);
        self.end += count;
        self.fetched += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use jingwei_core::NoProgress;

    use super::*;

    #[test]
    fn the_digest_covers_every_byte_whatever_the_parser_took() {
        let bytes: Vec<u8> = (0..10_000u32).map(|n| n.to_le_bytes()[0]).collect();
        for taken in [0, 1, 63, 64, 65, 5_000, 10_000] {
            let mut stream = Stream::new(bytes.as_slice(), 64, &NoProgress);
            assert_eq!(stream.peek(20).unwrap(), &bytes[..20]);
            assert_eq!(stream.take_vec(taken).unwrap(), bytes[..taken as usize]);
            let (digest, length, _) = stream.finish(10_000).unwrap().unwrap();
            assert_eq!((digest, length), (Digest::of(&bytes), 10_000), "{taken} taken");
        }
    }

    #[test]
    fn the_end_and_the_limit_are_noticed() {
        let mut stream = Stream::new(&b"abc"[..], 64, &NoProgress);
        assert!(matches!(stream.take(&mut [0; 4]), Err(StreamError::End(3))));
        assert!(stream.at_end().unwrap());
        assert!(Stream::new(&b"abc"[..], 64, &NoProgress).finish(2).unwrap().is_none());
        assert!(matches!(Stream::new(&b"abc"[..], 64, &NoProgress).skip(u64::MAX), Err(StreamError::End(3))));
    }
}
