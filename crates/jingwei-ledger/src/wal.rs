//! Segments of the write-ahead log: what is acknowledged lives here until a checkpoint covers it.
//!
//! A segment `wal/<first index, 20 digits>.wal` is a header and frames, one frame per group commit, and
//! zeros up to a multiple of [`GRAIN`]. The length follows from the content, so a cut never goes unseen.
//! All numbers are big-endian; the format is written down in `docs/reference/ledger.md`.
//!
//! INVARIANT: frame `k + 1` is written only after frame `k` was synced. Hence an unreadable frame with a
//! readable one behind it was damaged; without one it may be a write that was under way when power failed.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use crate::error::LedgerError;

/// Segments are as long as the next multiple of this after their last frame and one header of zeros.
pub(crate) const GRAIN: u64 = 64 * 1024;

/// Size of both headers; frames begin at multiples of it, so that a header never straddles two sectors.
const HEADER: usize = 32;
const HEADER_BYTES: u64 = 32;
const SECTOR: u64 = 512;
const SEGMENT_MAGIC: [u8; 8] = *b"JWWAL\0\0\x01";
const FRAME_MAGIC: [u8; 4] = *b"JWFR";
const SEAL_MAGIC: [u8; 4] = *b"JWSE";

/// Stands behind every payload and is not zero: a payload that was cut off ends in zeros.
const TRAILER: u8 = 0xa5;

/// Most bytes of one frame's payload: what one call may append.
pub(crate) const MAX_PAYLOAD: usize = 64 << 20;

pub(crate) fn segment_name(first: u64) -> String {
    format!("wal/{first:020}.wal")
}

pub(crate) fn parse_segment_name(path: &str) -> Option<u64> {
    let first = path.strip_prefix("wal/")?.strip_suffix(".wal")?.parse().ok()?;
    (segment_name(first) == path).then_some(first)
}

/// Length of a segment whose frames end at `end`.
pub(crate) fn segment_len(end: u64) -> u64 {
    (end + HEADER_BYTES).next_multiple_of(GRAIN)
}

fn padded(payload_len: u64) -> u64 {
    (payload_len + 1).next_multiple_of(HEADER_BYTES)
}

/// A new segment without frames.
pub(crate) fn empty_segment(first: u64) -> Vec<u8> {
    let mut bytes = SEGMENT_MAGIC.to_vec();
    bytes.extend_from_slice(&first.to_be_bytes());
    bytes.extend_from_slice(&[0; 12]);
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_be_bytes());
    bytes.resize(usize::try_from(GRAIN).unwrap_or(bytes.len()), 0);
    bytes
}

/// Where the frames of an empty segment begin.
pub(crate) const FIRST_FRAME: u64 = HEADER_BYTES;

/// Appends a frame of `count` entries to `out`. The payload is encoded as in an entry bundle.
pub(crate) fn push_frame(out: &mut Vec<u8>, first: u64, count: u32, payload: &[&[u8]]) {
    let at = out.len();
    out.resize(at + HEADER, 0);
    payload.iter().for_each(|part| out.extend_from_slice(part));
    let len = out.len() - at - HEADER;
    out.push(TRAILER);
    out.resize(at + HEADER + len.wrapping_add(1).next_multiple_of(HEADER), 0);
    let body_crc = crc32c::crc32c(&out[at + HEADER..]);
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    let header = frame_header(FRAME_MAGIC, len, first, count, body_crc);
    out[at..at + HEADER].copy_from_slice(&header);
}

/// Ends a segment: the next one begins with entry `next`.
pub(crate) fn seal(next: u64) -> [u8; HEADER] {
    frame_header(SEAL_MAGIC, 0, next, 0, 0)
}

fn frame_header(magic: [u8; 4], len: u32, first: u64, count: u32, body_crc: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..4].copy_from_slice(&magic);
    header[4..8].copy_from_slice(&len.to_be_bytes());
    header[8..16].copy_from_slice(&first.to_be_bytes());
    header[16..20].copy_from_slice(&count.to_be_bytes());
    header[20..24].copy_from_slice(&body_crc.to_be_bytes());
    let crc = crc32c::crc32c(&header[..28]);
    header[28..].copy_from_slice(&crc.to_be_bytes());
    header
}

struct FrameHeader {
    sealed: bool,
    len: u64,
    first: u64,
    count: u32,
    body_crc: u32,
}

fn be32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |n, byte| n << 8 | u32::from(*byte))
}

fn be64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte))
}

fn parse_frame_header(header: &[u8; HEADER]) -> Option<FrameHeader> {
    if crc32c::crc32c(&header[..28]) != be32(&header[28..]) || header[24..28] != [0; 4] {
        return None;
    }
    let sealed = match &header[..4] {
        magic if *magic == FRAME_MAGIC => false,
        magic if *magic == SEAL_MAGIC => true,
        _ => return None,
    };
    let parsed = FrameHeader {
        sealed,
        len: u64::from(be32(&header[4..8])),
        first: be64(&header[8..16]),
        count: be32(&header[16..20]),
        body_crc: be32(&header[20..24]),
    };
    // Other values would leave bytes without meaning.
    (!sealed || (parsed.len == 0 && parsed.count == 0 && parsed.body_crc == 0)).then_some(parsed)
}

/// What stands at the reader's place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Entries from `first` on; the payload is in the reader.
    Frame { first: u64, offset: u64, len: u64 },
    /// The segment was closed when the next one was begun.
    Sealed { next: u64, offset: u64 },
    /// No more frames, and nothing but the zeros that belong there.
    End,
    /// A write that did not finish: never acknowledged, so it may be cut at `offset`.
    Torn { offset: u64 },
    /// Damage to what was acknowledged.
    Corrupt { offset: u64, what: &'static str },
}

/// Reads a segment from its beginning.
pub(crate) struct SegmentReader {
    path: PathBuf,
    file: BufReader<File>,
    len: u64,
    place: u64,
    next: u64,
    payload: Vec<u8>,
}

impl SegmentReader {
    /// Checks the header; `Err(Corrupt)` when it is not that of a segment that begins with `first`.
    pub fn open(path: &Path, first: u64) -> Result<Self, LedgerError> {
        let io_error = |e| LedgerError::io(path, "read", e);
        let file = File::open(path).map_err(io_error)?;
        let len = file.metadata().map_err(io_error)?.len();
        let mut file = BufReader::with_capacity(1 << 17, file);
        let expected = empty_segment(first);
        let mut header = [0; HEADER];
        let good = len >= HEADER_BYTES && {
            file.read_exact(&mut header).map_err(io_error)?;
            header == expected[..HEADER]
        };
        if !good {
            let what = format!("the header is not that of a segment from entry {first} on");
            return Err(LedgerError::Corrupt { path: path.to_owned(), offset: 0, what });
        }
        Ok(Self { path: path.to_owned(), file, len, place: HEADER_BYTES, next: first, payload: Vec::new() })
    }

    /// Index of the entry that comes next.
    pub fn next_index(&self) -> u64 {
        self.next
    }

    /// Where the reader stands: behind the last frame that it gave.
    pub fn place(&self) -> u64 {
        self.place
    }

    /// Entries of the frame that the last step gave, encoded as in a bundle.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn io_error(&self, e: io::Error) -> LedgerError {
        LedgerError::io(&self.path, "read", e)
    }

    /// The next frame or how the segment ends. Call it no more once it does.
    pub fn step(&mut self) -> Result<Step, LedgerError> {
        let offset = self.place;
        if self.len < offset + HEADER_BYTES {
            return Ok(Step::Torn { offset });
        }
        let mut header = [0; HEADER];
        self.file.read_exact(&mut header).map_err(|e| self.io_error(e))?;
        if header == [0; HEADER] {
            return self.ending(offset, true);
        }
        let Some(frame) = parse_frame_header(&header) else {
            let what = "the header of a frame does not fit its checksum";
            return if self.rest_is_zero(offset + HEADER_BYTES)? {
                Ok(Step::Torn { offset })
            } else {
                Ok(Step::Corrupt { offset, what })
            };
        };
        if frame.first != self.next {
            return Ok(Step::Corrupt { offset, what: "a frame does not continue the one before it" });
        }
        if frame.sealed {
            self.place = offset + HEADER_BYTES;
            return match self.ending(self.place, false)? {
                Step::End => Ok(Step::Sealed { next: frame.first, offset }),
                other => Ok(other),
            };
        }
        self.read_body(offset, &frame)
    }

    fn read_body(&mut self, offset: u64, frame: &FrameHeader) -> Result<Step, LedgerError> {
        let body_len = padded(frame.len);
        let body_at = offset + HEADER_BYTES;
        if self.len < body_at + body_len {
            return Ok(Step::Torn { offset });
        }
        let body_len = usize::try_from(body_len).unwrap_or(usize::MAX);
        let keep = usize::try_from(frame.len).unwrap_or(usize::MAX);
        self.payload.resize(body_len, 0);
        self.file.read_exact(&mut self.payload).map_err(|e| LedgerError::io(&self.path, "read", e))?;
        if crc32c::crc32c(&self.payload) != frame.body_crc {
            let torn = looks_torn(&self.payload[..=keep], body_at) && !self.frame_follows(body_at)?;
            let what = "a frame does not fit its checksum";
            return Ok(if torn { Step::Torn { offset } } else { Step::Corrupt { offset, what } });
        }
        self.payload.truncate(keep);
        if bundle_count(&self.payload) != Some(frame.count) || frame.count == 0 {
            return Ok(Step::Corrupt { offset, what: "a frame does not hold the entries that it announces" });
        }
        let first = self.next;
        self.next += u64::from(frame.count);
        self.place = body_at + u64::try_from(body_len).unwrap_or(0);
        Ok(Step::Frame { first, offset, len: frame.len })
    }

    /// No frame stands at `offset`: is there nothing but zeros, and as many as there should be?
    fn ending(&mut self, offset: u64, may_be_torn: bool) -> Result<Step, LedgerError> {
        let zero = self.rest_is_zero(offset)?;
        // A seal stands in the room that `segment_len` keeps free, so it does not lengthen the segment.
        let end = if may_be_torn { offset } else { offset - HEADER_BYTES };
        if zero && self.len == segment_len(end) {
            return Ok(Step::End);
        }
        if may_be_torn && (zero || !self.frame_follows(offset)?) {
            return Ok(Step::Torn { offset });
        }
        let what = if zero { "the segment was cut" } else { "something stands where the segment should be empty" };
        Ok(Step::Corrupt { offset, what })
    }

    fn rest_is_zero(&mut self, from: u64) -> Result<bool, LedgerError> {
        self.file.seek(SeekFrom::Start(from)).map_err(|e| self.io_error(e))?;
        loop {
            let mut buffer = [0; 4096];
            let got = self.file.read(&mut buffer).map_err(|e| self.io_error(e))?;
            if got == 0 {
                return Ok(true);
            }
            if buffer[..got] != [0; 4096][..got] {
                return Ok(false);
            }
        }
    }

    /// Whether a whole frame header stands somewhere after `from`: then everything before it had been synced.
    fn frame_follows(&mut self, from: u64) -> Result<bool, LedgerError> {
        self.file.seek(SeekFrom::Start(from)).map_err(|e| self.io_error(e))?;
        let mut header = [0; HEADER];
        let mut at = from;
        while at + HEADER_BYTES <= self.len {
            self.file.read_exact(&mut header).map_err(|e| self.io_error(e))?;
            if parse_frame_header(&header).is_some_and(|frame| frame.first > self.next) {
                return Ok(true);
            }
            at += HEADER_BYTES;
        }
        Ok(false)
    }
}

/// Number of entries in a payload that is whole.
fn bundle_count(payload: &[u8]) -> Option<u32> {
    let mut count = 0_u32;
    for entry in crate::tiles::bundle_entries(payload) {
        entry.ok()?;
        count = count.checked_add(1)?;
    }
    Some(count)
}

/// Whether a payload, with its trailer, lacks what a write under way may lack: its end, or whole sectors.
fn looks_torn(payload: &[u8], at: u64) -> bool {
    if payload.last() != Some(&TRAILER) {
        return true;
    }
    // The first sector holds the header, which was written.
    let to_sector = usize::try_from(at.next_multiple_of(SECTOR) - at).unwrap_or(0);
    let sector = usize::try_from(SECTOR).unwrap_or(HEADER);
    payload.get(to_sector..).is_some_and(|rest| rest.chunks(sector).any(|s| s.iter().all(|byte| *byte == 0)))
}

#[cfg(test)]
mod tests;
