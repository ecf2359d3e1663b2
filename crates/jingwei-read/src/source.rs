use std::io::{ErrorKind, Read, Seek, SeekFrom};

/// Random access to untrusted bytes: a file, a member of an archive, a buffer.
pub trait Source {
    /// In bytes.
    fn length(&self) -> u64;

    /// Fills as much of `into` as there is from `offset` on, and says how much; 0 at or past the end.
    /// The error is the reason as the operating system or a decoder tells it.
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String>;
}

impl Source for &[u8] {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        let count = into.len().min(self.len() - start);
        into[..count].copy_from_slice(&self[start..start + count]);
        Ok(count)
    }
}

impl Source for Vec<u8> {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        self.as_slice().read_at(offset, into)
    }
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn length(&self) -> u64 {
        (**self).length()
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        (**self).read_at(offset, into)
    }
}

/// An open file. Its length is what it was when it was opened.
pub struct FileSource<R: Read + Seek> {
    file: R,
    length: u64,
    /// Where the file stands, so that reading on needs no seek.
    at: Option<u64>,
}

impl<R: Read + Seek> FileSource<R> {
    pub fn new(file: R, length: u64) -> Self {
        Self { file, length, at: None }
    }
}

impl<R: Read + Seek> Source for FileSource<R> {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let into = match into.len().min(left) {
            0 => return Ok(0),
            count => &mut into[..count],
        };
        if self.at != Some(offset) {
            self.file.seek(SeekFrom::Start(offset)).map_err(|e| e.to_string())?;
        }
        self.at = None;
        let mut filled = 0;
        while filled < into.len() {
            match self.file.read(&mut into[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e.to_string()),
            }
        }
        self.at = Some(offset + filled as u64);
        Ok(filled)
    }
}

/// A stretch of another source, such as a member that an archive stores unpacked.
pub struct Part<'a> {
    whole: &'a mut dyn Source,
    start: u64,
    length: u64,
}

impl<'a> Part<'a> {
    /// Cut to what the whole has.
    pub fn new(whole: &'a mut dyn Source, start: u64, length: u64) -> Self {
        let length = length.min(whole.length().saturating_sub(start));
        Self { whole, start, length }
    }
}

impl Source for Part<'_> {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = into.len().min(left);
        if count == 0 {
            return Ok(0);
        }
        self.whole.read_at(self.start + offset, &mut into[..count])
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn every_source_gives_the_same_bytes() {
        let bytes: Vec<u8> = (0..=255).collect();
        for (offset, count, expected) in
            [(0, 4, &bytes[..4]), (250, 10, &bytes[250..]), (256, 1, &[][..]), (u64::MAX, 1, &[])]
        {
            let mut plain = bytes.clone();
            let mut file = FileSource::new(Cursor::new(bytes.clone()), 256);
            let mut padded = [vec![9; 7], bytes.clone(), vec![9; 7]].concat();
            let mut part = Part::new(&mut padded, 7, 256);
            for source in [&mut plain as &mut dyn Source, &mut file, &mut part] {
                let mut into = vec![0; count];
                let got = source.read_at(offset, &mut into).unwrap();
                assert_eq!(&into[..got], expected, "{count} bytes at {offset}");
                assert_eq!(source.length(), 256);
            }
        }
    }

    #[test]
    fn a_part_is_cut_to_its_whole() {
        let mut whole = vec![1, 2, 3];
        assert_eq!(Part::new(&mut whole, 2, u64::MAX).length(), 1);
        assert_eq!(Part::new(&mut whole, 9, 1).length(), 0);
    }
}
