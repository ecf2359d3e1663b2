use crate::Source;

/// How much is read from the source at once.
const WINDOW: usize = 64 << 10;

/// Reads a source from front to end through a window, and may jump.
pub struct Reader<'a> {
    source: &'a mut dyn Source,
    window: Vec<u8>,
    /// Offset of `window[0]` in the source.
    window_at: u64,
    position: u64,
}

/// There is no more, or it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the bytes end at {0}")]
    End(u64),
    #[error("{0}")]
    Io(String),
}

macro_rules! numbers {
    ($($name:ident $from:ident $type:ty),*) => {$(
        pub fn $name(&mut self) -> Result<$type, ReadError> {
            let mut bytes = [0; size_of::<$type>()];
            self.take(&mut bytes)?;
            Ok(<$type>::$from(bytes))
        }
    )*};
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a mut dyn Source) -> Self {
        Self { source, window: Vec::new(), window_at: 0, position: 0 }
    }

    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    #[must_use]
    pub fn length(&self) -> u64 {
        self.source.length()
    }

    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.length().saturating_sub(self.position)
    }

    #[must_use]
    pub fn at_end(&self) -> bool {
        self.remaining() == 0
    }

    /// Goes to an offset, which may lie past the end: the next read then says so.
    pub fn seek(&mut self, offset: u64) {
        self.position = offset;
    }

    pub fn skip(&mut self, count: u64) -> Result<(), ReadError> {
        if count > self.remaining() {
            return Err(ReadError::End(self.length()));
        }
        self.position += count;
        Ok(())
    }

    /// Up to `count` of the next bytes, at most a window (64 KiB); fewer where the source ends.
    pub fn peek(&mut self, count: usize) -> Result<&[u8], ReadError> {
        let count = count.min(WINDOW);
        let held = self.held();
        if held < count {
            self.fill(WINDOW)?;
        }
        let start = self.start();
        let end = self.window.len().min(start.saturating_add(count));
        Ok(self.window.get(start..end).unwrap_or_default())
    }

    /// Fills `into` wholly.
    pub fn take(&mut self, into: &mut [u8]) -> Result<(), ReadError> {
        let mut filled = 0;
        while filled < into.len() {
            if self.held() == 0 {
                let left = into.len() - filled;
                if left >= WINDOW {
                    let got = self.source.read_at(self.position, &mut into[filled..]).map_err(ReadError::Io)?;
                    if got == 0 {
                        return Err(ReadError::End(self.position));
                    }
                    self.position += got as u64;
                    filled += got;
                    continue;
                }
                self.fill(WINDOW)?;
            }
            let start = self.start();
            let count = self.held().min(into.len() - filled);
            if count == 0 {
                return Err(ReadError::End(self.position));
            }
            into[filled..filled + count].copy_from_slice(&self.window[start..start + count]);
            self.position += count as u64;
            filled += count;
        }
        Ok(())
    }

    /// The next `count` bytes. Memory is taken only for bytes that are there; the caller holds `count` against a limit.
    pub fn take_vec(&mut self, count: u64) -> Result<Vec<u8>, ReadError> {
        let count = match usize::try_from(count) {
            Ok(count) if count as u64 <= self.remaining() => count,
            _ => return Err(ReadError::End(self.length())),
        };
        let mut bytes = vec![0; count];
        self.take(&mut bytes)?;
        Ok(bytes)
    }

    #[inline]
    pub fn byte(&mut self) -> Result<u8, ReadError> {
        // A position before the window wraps to one far behind it.
        let start = usize::try_from(self.position.wrapping_sub(self.window_at)).ok();
        match start.and_then(|start| self.window.get(start)) {
            Some(byte) => {
                self.position += 1;
                Ok(*byte)
            }
            None => self.byte_behind(),
        }
    }

    #[cold]
    fn byte_behind(&mut self) -> Result<u8, ReadError> {
        if self.held() == 0 {
            self.fill(WINDOW)?;
        }
        let byte = self.window.get(self.start()).copied().ok_or(ReadError::End(self.position))?;
        self.position += 1;
        Ok(byte)
    }

    numbers! {
        u16_le from_le_bytes u16, u32_le from_le_bytes u32, u64_le from_le_bytes u64,
        i32_le from_le_bytes i32, i64_le from_le_bytes i64, f32_le from_le_bytes f32, f64_le from_le_bytes f64,
        u16_be from_be_bytes u16, u32_be from_be_bytes u32, u64_be from_be_bytes u64, f64_be from_be_bytes f64
    }

    /// Where the position lies in the window; past its end when it does not.
    fn start(&self) -> usize {
        match self.position.checked_sub(self.window_at) {
            Some(start) => usize::try_from(start).unwrap_or(usize::MAX).min(self.window.len()),
            None => self.window.len(),
        }
    }

    fn held(&self) -> usize {
        self.window.len() - self.start()
    }

    fn fill(&mut self, count: usize) -> Result<(), ReadError> {
        // No window for bytes that are not there: archives have thousands of small members.
        let left = usize::try_from(self.remaining()).unwrap_or(usize::MAX);
        self.window.resize(count.min(left), 0);
        let read = self.source.read_at(self.position, &mut self.window);
        self.window_at = self.position;
        self.window.truncate(*read.as_ref().unwrap_or(&0));
        read.map(drop).map_err(ReadError::Io)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_end_is_an_answer() {
        let mut source = b"abc".to_vec();
        let mut reader = Reader::new(&mut source);
        assert_eq!(reader.peek(10).unwrap(), b"abc");
        assert_eq!(reader.byte(), Ok(b'a'));
        assert_eq!(reader.take(&mut [0; 3]), Err(ReadError::End(3)));
        reader.seek(1);
        assert_eq!(reader.take_vec(u64::MAX), Err(ReadError::End(3)));
        assert_eq!(reader.u16_be(), Ok(0x6263));
        assert_eq!(reader.byte(), Err(ReadError::End(3)));
        assert_eq!(reader.skip(1), Err(ReadError::End(3)));
        reader.seek(u64::MAX);
        assert_eq!(reader.byte(), Err(ReadError::End(u64::MAX)));
        assert_eq!(reader.peek(1).unwrap(), b"");
    }

    proptest! {
        #[test]
        fn jumps_and_takes_agree_with_the_slice(
            bytes in prop::collection::vec(any::<u8>(), 0..200_000),
            steps in prop::collection::vec((0u64..220_000, 0usize..140_000), 1..8),
        ) {
            let mut source = bytes.clone();
            let mut reader = Reader::new(&mut source);
            for (offset, count) in steps {
                reader.seek(offset);
                let start = usize::try_from(offset).unwrap();
                let expected = if count == 0 { Some(Vec::new()) } else { bytes.get(start..start + count).map(<[u8]>::to_vec) };
                prop_assert_eq!(reader.take_vec(count as u64).ok(), expected);
            }
        }
    }
}
