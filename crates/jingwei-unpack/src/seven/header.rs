//! The property lists of a 7z header. Counts are held against the bytes that are left, since each thing counted
//! takes at least one.

use crate::numbers::{u32_at, u64_at};

/// Why a header is not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    End,
    Count,
    Unknown(u64),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) streams: Streams,
    pub(super) files: Vec<File>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Streams {
    /// Of the first packed stretch, behind the signature header.
    pub(super) offset: u64,
    pub(super) packed: Vec<u64>,
    pub(super) folders: Vec<Folder>,
    /// Sizes and checksums of the files of each folder.
    pub(super) parts: Vec<Vec<(u64, Option<u32>)>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) coders: Vec<Step>,
    /// Which output feeds which input.
    pub(super) bonds: Vec<(u64, u64)>,
    pub(super) packed_streams: usize,
    pub(super) sizes: Vec<u64>,
    pub(super) crc: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) method: u64,
    pub(super) inputs: u64,
    pub(super) outputs: u64,
    pub(super) properties: Vec<u8>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) has_content: bool,
    pub(super) is_folder: bool,
    pub(super) attributes: u32,
}

/// What a header block is: the header, or where it lies packed.
pub(super) enum Block {
    Header(Header),
    Packed(Streams),
}

const END: u64 = 0;
const HEADER: u64 = 1;
const ARCHIVE_PROPERTIES: u64 = 2;
const ADDITIONAL_STREAMS: u64 = 3;
const MAIN_STREAMS: u64 = 4;
const FILES: u64 = 5;
const PACK_INFO: u64 = 6;
const UNPACK_INFO: u64 = 7;
const SUBSTREAMS: u64 = 8;
const SIZE: u64 = 9;
const CRC: u64 = 10;
const FOLDER: u64 = 11;
const UNPACK_SIZE: u64 = 12;
const PARTS: u64 = 13;
const EMPTY_STREAM: u64 = 14;
const EMPTY_FILE: u64 = 15;
const NAMES: u64 = 17;
const ATTRIBUTES: u64 = 21;
const ENCODED_HEADER: u64 = 23;

/// `entries`: the most folders and the most files.
pub(super) fn block(bytes: &[u8], entries: u64) -> Result<Block, Broken> {
    let mut at = Bytes { bytes, entries: usize::try_from(entries).unwrap_or(usize::MAX) };
    match at.number()? {
        HEADER => at.header().map(Block::Header),
        ENCODED_HEADER => at.streams().map(Block::Packed),
        other => Err(Broken::Unknown(other)),
    }
}

struct Bytes<'a> {
    bytes: &'a [u8],
    entries: usize,
}

/// Coders of one folder, and what goes in and out of them. 7-Zip itself takes 4 at most.
const STEPS: u64 = 32;

impl<'a> Bytes<'a> {
    fn take(&mut self, count: u64) -> Result<&'a [u8], Broken> {
        let count = usize::try_from(count).map_err(|_| Broken::End)?;
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(Broken::End)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Broken> {
        self.take(1).map(|b| b[0])
    }

    /// The leading ones of the first byte say how many bytes follow.
    fn number(&mut self) -> Result<u64, Broken> {
        let first = self.byte()?;
        let more = first.leading_ones();
        let mut low = [0; 8];
        let bytes = self.take(u64::from(more))?;
        low[..bytes.len()].copy_from_slice(bytes);
        let high = if more < 7 { u64::from(first & (0x7f >> more)) << (8 * more) } else { 0 };
        Ok(u64::from_le_bytes(low) | high)
    }

    /// How many things follow that take a byte each at least, and are entries.
    fn count(&mut self) -> Result<usize, Broken> {
        let count = self.number()?;
        usize::try_from(count).ok().filter(|n| *n <= self.bytes.len().min(self.entries)).ok_or(Broken::Count)
    }

    fn numbers(&mut self, count: usize) -> Result<Vec<u64>, Broken> {
        (0..count).map(|_| self.number()).collect()
    }

    fn bits(&mut self, count: usize) -> Result<Vec<bool>, Broken> {
        let bytes = self.take(count.div_ceil(8) as u64)?;
        Ok((0..count).map(|n| bytes[n / 8] & (0x80 >> (n % 8)) != 0).collect())
    }

    /// Bits, or one byte that says that all are set.
    fn bits_or_all(&mut self, count: usize) -> Result<Vec<bool>, Broken> {
        if self.byte()? == 0 { self.bits(count) } else { Ok(vec![true; count]) }
    }

    fn checksums(&mut self, count: usize) -> Result<Vec<Option<u32>>, Broken> {
        if count > self.bytes.len() * 8 {
            return Err(Broken::Count);
        }
        let defined = self.bits_or_all(count)?;
        defined.into_iter().map(|d| if d { self.take(4).map(|b| Some(u32_at(b, 0))) } else { Ok(None) }).collect()
    }

    fn header(&mut self) -> Result<Header, Broken> {
        let mut header = Header::default();
        loop {
            match self.number()? {
                END => return Ok(header),
                ARCHIVE_PROPERTIES => {
                    while self.number()? != END {
                        let size = self.number()?;
                        self.take(size)?;
                    }
                }
                ADDITIONAL_STREAMS => drop(self.streams()?),
                MAIN_STREAMS => header.streams = self.streams()?,
                FILES => header.files = self.files()?,
                other => return Err(Broken::Unknown(other)),
            }
        }
    }

    fn streams(&mut self) -> Result<Streams, Broken> {
        let mut streams = Streams::default();
        let mut has_parts = false;
        loop {
            match self.number()? {
                END => break,
                PACK_INFO => self.pack_info(&mut streams)?,
                UNPACK_INFO => self.unpack_info(&mut streams)?,
                SUBSTREAMS => {
                    self.parts(&mut streams)?;
                    has_parts = true;
                }
                other => return Err(Broken::Unknown(other)),
            }
        }
        if !has_parts {
            streams.parts = streams.folders.iter().map(|f| vec![(f.size(), f.crc)]).collect();
        }
        Ok(streams)
    }

    fn pack_info(&mut self, streams: &mut Streams) -> Result<(), Broken> {
        streams.offset = self.number()?;
        let count = self.count()?;
        loop {
            match self.number()? {
                END => return Ok(()),
                SIZE => streams.packed = self.numbers(count)?,
                CRC => drop(self.checksums(count)?),
                other => return Err(Broken::Unknown(other)),
            }
        }
    }

    fn unpack_info(&mut self, streams: &mut Streams) -> Result<(), Broken> {
        loop {
            match self.number()? {
                END => return Ok(()),
                FOLDER => {
                    let count = self.count()?;
                    if self.byte()? != 0 {
                        return Err(Broken::Unknown(FOLDER));
                    }
                    streams.folders = (0..count).map(|_| self.folder()).collect::<Result<_, _>>()?;
                }
                UNPACK_SIZE => {
                    for folder in &mut streams.folders {
                        let outputs = folder.coders.iter().map(|c| c.outputs).sum::<u64>();
                        folder.sizes = self.numbers(usize::try_from(outputs).map_err(|_| Broken::Count)?)?;
                    }
                }
                CRC => {
                    let sums = self.checksums(streams.folders.len())?;
                    streams.folders.iter_mut().zip(sums).for_each(|(folder, sum)| folder.crc = sum);
                }
                other => return Err(Broken::Unknown(other)),
            }
        }
    }

    fn folder(&mut self) -> Result<Folder, Broken> {
        let mut folder = Folder::default();
        let (mut inputs, mut outputs) = (0u64, 0u64);
        for _ in 0..self.count()? {
            let flags = self.byte()?;
            let id = self.take(u64::from(flags & 0xf).min(8))?;
            let method = id.iter().fold(0, |n, b| n << 8 | u64::from(*b));
            let mut step = Step { method, inputs: 1, outputs: 1, properties: Vec::new() };
            if flags & 0x10 != 0 {
                step.inputs = self.count()? as u64;
                step.outputs = self.count()? as u64;
            }
            if flags & 0x20 != 0 {
                let size = self.number()?;
                step.properties = self.take(size)?.to_vec();
            }
            inputs += step.inputs;
            outputs += step.outputs;
            if inputs.max(outputs) > STEPS {
                return Err(Broken::Count);
            }
            folder.coders.push(step);
        }
        let bonds = outputs.checked_sub(1).ok_or(Broken::Count)?;
        for _ in 0..bonds {
            folder.bonds.push((self.number()?, self.number()?));
        }
        let packed = inputs.checked_sub(bonds).filter(|n| *n > 0).ok_or(Broken::Count)?;
        folder.packed_streams = usize::try_from(packed).map_err(|_| Broken::Count)?;
        if packed > 1 {
            self.numbers(folder.packed_streams)?;
        }
        Ok(folder)
    }

    fn parts(&mut self, streams: &mut Streams) -> Result<(), Broken> {
        let mut counts = vec![1; streams.folders.len()];
        let mut id = self.number()?;
        if id == PARTS {
            for count in &mut counts {
                // The last of a folder's sizes is left out, so that none may take a byte.
                *count =
                    usize::try_from(self.number()?).ok().filter(|n| *n <= self.bytes.len() + 1).ok_or(Broken::Count)?;
            }
            id = self.number()?;
        }
        let mut parts: Vec<Vec<(u64, Option<u32>)>> = Vec::with_capacity(counts.len());
        for (folder, count) in streams.folders.iter().zip(&counts) {
            let given = if id == SIZE { self.numbers(count.saturating_sub(1))? } else { Vec::new() };
            let last =
                given.iter().try_fold(folder.size(), |left, size| left.checked_sub(*size)).ok_or(Broken::Count)?;
            let sizes = given.into_iter().chain((*count > 0).then_some(last));
            parts.push(sizes.take(*count).map(|size| (size, None)).collect());
        }
        if id == SIZE {
            id = self.number()?;
        }
        for (folder, parts) in streams.folders.iter().zip(&mut parts) {
            if let ([part], Some(crc)) = (parts.as_mut_slice(), folder.crc) {
                part.1 = Some(crc);
            }
        }
        while id != END {
            if id == CRC {
                let mut open: Vec<_> = parts.iter_mut().flatten().filter(|part| part.1.is_none()).collect();
                let sums = self.checksums(open.len())?;
                open.iter_mut().zip(sums).for_each(|(part, sum)| part.1 = sum);
            } else {
                return Err(Broken::Unknown(id));
            }
            id = self.number()?;
        }
        streams.parts = parts;
        Ok(())
    }

    fn files(&mut self) -> Result<Vec<File>, Broken> {
        let count = self.count()?;
        let mut files = vec![File { has_content: true, ..File::default() }; count];
        let mut empty = Vec::new();
        loop {
            let id = self.number()?;
            if id == END {
                return Ok(files);
            }
            let size = self.number()?;
            let mut inner = Bytes { bytes: self.take(size)?, entries: self.entries };
            match id {
                EMPTY_STREAM => {
                    for (n, is_empty) in inner.bits(count)?.into_iter().enumerate() {
                        files[n].has_content = !is_empty;
                        files[n].is_folder = is_empty;
                        if is_empty {
                            empty.push(n);
                        }
                    }
                }
                EMPTY_FILE => {
                    for (n, is_file) in empty.iter().zip(inner.bits(empty.len())?) {
                        files[*n].is_folder = !is_file;
                    }
                }
                NAMES => {
                    let mut units = inner.bytes.get(1..).unwrap_or_default().chunks_exact(2);
                    for file in &mut files {
                        let unit = units.by_ref().map(|b| u16::from_le_bytes([b[0], b[1]]));
                        file.name = name(unit.take_while(|u| *u != 0));
                    }
                }
                ATTRIBUTES => {
                    let defined = inner.bits_or_all(count)?;
                    inner.byte()?;
                    for (file, _) in files.iter_mut().zip(defined).filter(|(_, defined)| *defined) {
                        file.attributes = u32_at(inner.take(4)?, 0);
                    }
                }
                _ => {}
            }
        }
    }
}

impl Folder {
    /// Of its content: the output that feeds no other step.
    pub(super) fn size(&self) -> u64 {
        let bound = |n: usize| self.bonds.iter().any(|(_, output)| *output == n as u64);
        self.sizes.iter().enumerate().find(|(n, _)| !bound(*n)).map_or(0, |(_, size)| *size)
    }
}

/// Half a surrogate stands as `\uNNNN`.
fn name(units: impl Iterator<Item = u16>) -> String {
    let mut name = String::new();
    for unit in char::decode_utf16(units) {
        match unit {
            Ok(c) => name.push(c),
            Err(half) => name.push_str(&format!("\\u{:04x}", half.unpaired_surrogate())),
        }
    }
    name
}

/// The 32 bytes at the front: where the header lies, and whether their own checksum is right.
pub(super) fn start(front: &[u8; 32]) -> (u64, u64, u32, bool) {
    let intact = crc32fast::hash(&front[12..]) == u32_at(front, 8);
    (u64_at(front, 12), u64_at(front, 20), u32_at(front, 28), intact)
}
