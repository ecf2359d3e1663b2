//! The bytes of an HDF5 file, by address.

use jingwei_core::Limits;
use jingwei_read::{Reader, Source};

use crate::fault::Fault;

const PAGE: usize = 4096;
/// How much is searched at once.
const WINDOW: usize = 32 << 10;
/// Pages that are kept; small files stay in memory whole.
const PAGES: usize = 1024;

pub(crate) struct File<'a> {
    source: &'a mut dyn Source,
    pages: Vec<Option<(u64, Vec<u8>)>>,
    length: u64,
    pub(crate) limits: &'a Limits,
    /// Where address 0 is.
    pub(crate) base: u64,
    /// Bytes of an address.
    pub(crate) address_bytes: u8,
    /// Bytes of a length.
    pub(crate) length_bytes: u8,
    /// Structure bytes that may still be read. Overlapping structures read the same bytes again and again; this ends it.
    budget: u64,
    entries: u64,
}

impl<'a> File<'a> {
    pub(crate) fn new(source: &'a mut dyn Source, limits: &'a Limits) -> Self {
        let length = source.length();
        let budget = length.saturating_mul(4).saturating_add(1 << 16).min(limits.header_bytes);
        Self {
            source,
            pages: Vec::new(),
            length,
            limits,
            base: 0,
            address_bytes: 8,
            length_bytes: 8,
            budget,
            entries: limits.entries,
        }
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The offset in the file, if the address lies in it.
    pub(crate) fn offset(&self, address: u64) -> Option<u64> {
        self.base.checked_add(address).filter(|offset| *offset < self.length)
    }

    pub(crate) fn is_undefined(&self, address: u64) -> bool {
        address == u64::MAX >> (64 - 8 * u32::from(self.address_bytes))
    }

    /// One more message, link, attribute, node or heap object.
    pub(crate) fn entry(&mut self) -> Result<(), Fault> {
        self.entries = match self.entries.checked_sub(1) {
            Some(left) => left,
            None => return Err(Fault::Limit { name: "entries", value: self.limits.entries }),
        };
        Ok(())
    }

    /// Takes work off the budget.
    pub(crate) fn charge(&mut self, bytes: u64) -> Result<(), Fault> {
        self.budget = match self.budget.checked_sub(bytes) {
            Some(left) => left,
            None => return Err(Fault::Limit { name: "header_bytes", value: self.limits.header_bytes }),
        };
        Ok(())
    }

    /// The bytes at an address; all of them or a fault.
    pub(crate) fn read(&mut self, address: u64, count: u64) -> Result<Cursor, Fault> {
        let outside = |at| Fault::broken(at, "地址或长度超出文件", "an address or a length lies outside the file");
        let offset = self.base.checked_add(address).ok_or_else(|| outside(address))?;
        let end = offset.checked_add(count).filter(|end| *end <= self.length);
        let (Some(_), Ok(count)) = (end, usize::try_from(count)) else { return Err(outside(offset)) };
        self.charge(count as u64)?;
        let mut bytes = Vec::with_capacity(count);
        let mut at = offset;
        while bytes.len() < count {
            let page = at / PAGE as u64;
            let page = self.page(page)?;
            let start = usize::try_from(at % PAGE as u64).unwrap_or(PAGE);
            let part = page.get(start..page.len().min(start + count - bytes.len())).unwrap_or_default();
            if part.is_empty() {
                return Err(outside(at));
            }
            bytes.extend_from_slice(part);
            at += part.len() as u64;
        }
        Ok(Cursor { bytes, at: 0, origin: offset, address_bytes: self.address_bytes, length_bytes: self.length_bytes })
    }

    /// Where a mark stands, as addresses. Nothing is charged: each byte is looked at once.
    pub(crate) fn find(&mut self, mark: &[u8], most: usize) -> Vec<u64> {
        let mut reader = Reader::new(self.source);
        reader.seek(self.base);
        let mut found = Vec::new();
        while found.len() < most {
            let at = reader.position();
            let Ok(window) = reader.peek(WINDOW) else { break };
            let places = window.windows(mark.len()).enumerate().filter(|(_, bytes)| *bytes == mark);
            found.extend(places.map(|(place, _)| at.saturating_add(place as u64) - self.base));
            // A mark may lie across two windows, so that the last bytes are looked at again.
            let Some(step) = (window.len() + 1).checked_sub(mark.len()).filter(|step| *step > 0) else { break };
            reader.seek(at.saturating_add(step as u64));
        }
        found
    }

    fn page(&mut self, number: u64) -> Result<&[u8], Fault> {
        if self.pages.is_empty() {
            self.pages.resize(PAGES, None);
        }
        let slot = usize::try_from(number % PAGES as u64).unwrap_or(0);
        if !matches!(&self.pages[slot], Some((held, _)) if *held == number) {
            let mut bytes = vec![0; PAGE];
            let mut filled = 0;
            while filled < PAGE {
                let got = self.source.read_at(number * PAGE as u64 + filled as u64, &mut bytes[filled..]);
                match got.map_err(|_| Fault::unread("文件读取失败", "the file could not be read"))? {
                    0 => break,
                    got => filled += got,
                }
            }
            bytes.truncate(filled);
            self.pages[slot] = Some((number, bytes));
        }
        Ok(self.pages[slot].as_ref().map(|(_, bytes)| bytes.as_slice()).unwrap_or_default())
    }
}

/// Reads the fields of one structure.
pub(crate) struct Cursor {
    bytes: Vec<u8>,
    at: usize,
    /// Offset of the first byte in the file.
    origin: u64,
    address_bytes: u8,
    length_bytes: u8,
}

impl Cursor {
    pub(crate) fn position(&self) -> u64 {
        self.origin + self.at as u64
    }

    /// What was not taken yet.
    pub(crate) fn ahead(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&[u8], Fault> {
        if count > self.left() {
            return Err(self.broken("结构不完整", "a structure is cut off"));
        }
        let taken = &self.bytes[self.at..self.at + count];
        self.at += count;
        Ok(taken)
    }

    /// The next `count` bytes as a structure of their own.
    pub(crate) fn part(&mut self, count: usize) -> Result<Cursor, Fault> {
        let origin = self.position();
        let bytes = self.take(count)?.to_vec();
        Ok(Cursor { bytes, at: 0, origin, address_bytes: self.address_bytes, length_bytes: self.length_bytes })
    }

    pub(crate) fn rest(&mut self) -> &[u8] {
        let start = std::mem::replace(&mut self.at, self.bytes.len());
        &self.bytes[start..]
    }

    pub(crate) fn skip(&mut self, count: usize) -> Result<(), Fault> {
        self.take(count).map(drop)
    }

    pub(crate) fn sized(&mut self, bytes: u8) -> Result<u64, Fault> {
        let taken = self.take(usize::from(bytes))?;
        Ok(taken.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Fault> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Fault> {
        let bytes = self.take(2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Fault> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    pub(crate) fn address(&mut self) -> Result<u64, Fault> {
        self.sized(self.address_bytes)
    }

    /// The address that ends the structure.
    pub(crate) fn last_address(&mut self) -> Result<u64, Fault> {
        let before = self.left().saturating_sub(usize::from(self.address_bytes));
        self.skip(before)?;
        self.address()
    }

    pub(crate) fn length(&mut self) -> Result<u64, Fault> {
        self.sized(self.length_bytes)
    }

    /// Bytes up to a NUL, which is taken too. Without one, the rest.
    pub(crate) fn terminated(&mut self) -> String {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|b| *b == 0).unwrap_or(rest.len());
        let text = String::from_utf8_lossy(&rest[..end]).into_owned();
        self.at += (end + 1).min(rest.len());
        text
    }

    pub(crate) fn expect(&mut self, mark: &[u8], zh: &str, en: &str) -> Result<(), Fault> {
        let at = self.position();
        if self.take(mark.len())? == mark { Ok(()) } else { Err(Fault::broken(at, zh, en)) }
    }

    pub(crate) fn broken(&self, zh: &str, en: &str) -> Fault {
        Fault::broken(self.position(), zh, en)
    }
}
