use jingwei_core::Limits;
use jingwei_read::Source;

use crate::findings::Stop;

/// Bytes of a page, and pages that are held: a megabyte in all, whatever the file.
const PAGE: usize = 16 << 10;
const PAGES: usize = 64;
/// A file whose offsets jump about may load each page a few times, and no more.
const LOADS_PER_BYTE: u64 = 4;
const LOADS_FREE: u64 = 16 << 20;

/// A FlatBuffer that nobody vouches for: every offset is held against the file before it is followed.
pub(crate) struct Flat<'s> {
    source: &'s mut dyn Source,
    length: u64,
    limits: Limits,
    pages: Vec<Option<Page>>,
    loaded: u64,
    copied: u64,
    /// Tables that were entered, held against `entries`.
    entered: u64,
}

struct Page {
    number: u64,
    bytes: Vec<u8>,
}

/// A table with its bounds checked: fields are looked up through its vtable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub at: u64,
    size: u16,
    vtable: u64,
    vtable_size: u16,
}

/// A vector whose elements all lie in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vector {
    pub at: u64,
    pub count: u32,
}

impl<'s> Flat<'s> {
    pub fn new(source: &'s mut dyn Source, limits: &Limits) -> Self {
        let length = source.length();
        let pages = std::iter::repeat_with(|| None).take(PAGES).collect();
        Self { source, length, limits: *limits, pages, loaded: 0, copied: 0, entered: 0 }
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    pub fn root(&mut self) -> Result<Table, Stop> {
        let at = self.follow(0)?;
        self.table(at)
    }

    fn table(&mut self, at: u64) -> Result<Table, Stop> {
        self.entered += 1;
        if self.entered > self.limits.entries {
            return Err(Stop::Limit("entries", self.limits.entries));
        }
        let back = i32::from_le_bytes(self.read(at)?);
        let outside =
            || Stop::malformed(at, "表的字段目录在文件之外", "a table's directory of fields lies outside of the file");
        let vtable = at.checked_add_signed(-i64::from(back)).ok_or_else(outside)?;
        let vtable_size = u16::from_le_bytes(self.read(vtable)?);
        let size = u16::from_le_bytes(self.read(vtable + 2)?);
        let fits = vtable + u64::from(vtable_size) <= self.length && at + u64::from(size) <= self.length;
        if vtable_size < 4 || vtable_size % 2 != 0 || size < 4 || !fits {
            return Err(outside());
        }
        Ok(Table { at, size, vtable, vtable_size })
    }

    /// Where a field's bytes stand; `None` if the table leaves it out.
    fn field(&mut self, table: Table, index: u16, bytes: u16) -> Result<Option<u64>, Stop> {
        let slot = 4 + 2 * index;
        if slot + 2 > table.vtable_size {
            return Ok(None);
        }
        let offset = u16::from_le_bytes(self.read(table.vtable + u64::from(slot))?);
        match offset {
            0 => Ok(None),
            offset if offset >= 4 && u32::from(offset) + u32::from(bytes) <= u32::from(table.size) => {
                Ok(Some(table.at + u64::from(offset)))
            }
            _ => Err(Stop::malformed(table.at, "字段在其所属的表之外", "a field lies outside of its table")),
        }
    }

    pub fn u8(&mut self, table: Table, index: u16) -> Result<u8, Stop> {
        Ok(match self.field(table, index, 1)? {
            Some(at) => self.read::<1>(at)?[0],
            None => 0,
        })
    }

    pub fn u32(&mut self, table: Table, index: u16) -> Result<u32, Stop> {
        Ok(match self.field(table, index, 4)? {
            Some(at) => u32::from_le_bytes(self.read(at)?),
            None => 0,
        })
    }

    pub fn i32(&mut self, table: Table, index: u16) -> Result<i32, Stop> {
        Ok(self.u32(table, index)?.cast_signed())
    }

    pub fn u64(&mut self, table: Table, index: u16) -> Result<u64, Stop> {
        Ok(match self.field(table, index, 8)? {
            Some(at) => u64::from_le_bytes(self.read(at)?),
            None => 0,
        })
    }

    pub fn has(&mut self, table: Table, index: u16) -> Result<bool, Stop> {
        Ok(self.field(table, index, 4)?.is_some())
    }

    /// A vector in a field; empty if the table leaves it out. `element`: bytes of one.
    pub fn vector(&mut self, table: Table, index: u16, element: u64) -> Result<Vector, Stop> {
        let Some(at) = self.field(table, index, 4)? else { return Ok(Vector { at: 0, count: 0 }) };
        let start = self.follow(at)?;
        let count = u32::from_le_bytes(self.read(start)?);
        self.fits(start, count, element)?;
        Ok(Vector { at: start + 4, count })
    }

    fn fits(&self, start: u64, count: u32, element: u64) -> Result<(), Stop> {
        if start + 4 + u64::from(count) * element > self.length {
            let (zh, en) = ("列表声称的元素超出文件", "a list claims more elements than the file has");
            return Err(Stop::malformed(start, zh, en));
        }
        Ok(())
    }

    /// The table that a field points to.
    pub fn child(&mut self, table: Table, index: u16) -> Result<Option<Table>, Stop> {
        let Some(at) = self.field(table, index, 4)? else { return Ok(None) };
        let at = self.follow(at)?;
        self.table(at).map(Some)
    }

    /// The text that element `n` of a vector of texts points to, of which the first 1,024 bytes are read.
    pub fn string(&mut self, vector: Vector, n: u32) -> Result<String, Stop> {
        let start = self.follow(vector.at + 4 * u64::from(n))?;
        let count = u32::from_le_bytes(self.read(start)?);
        self.fits(start, count, 1)?;
        let bytes = self.bytes(Vector { at: start + 4, count: count.min(1024) })?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The table that element `n` of a vector of tables points to.
    pub fn element(&mut self, vector: Vector, n: u32) -> Result<Table, Stop> {
        let at = self.follow(vector.at + 4 * u64::from(n))?;
        self.table(at)
    }

    pub fn number(&mut self, vector: Vector, n: u32) -> Result<i32, Stop> {
        Ok(i32::from_le_bytes(self.read(vector.at + 4 * u64::from(n))?))
    }

    pub fn long(&mut self, vector: Vector, n: u32) -> Result<u64, Stop> {
        Ok(u64::from_le_bytes(self.read(vector.at + 8 * u64::from(n))?))
    }

    /// A text in a field, of which the first 1,024 bytes are read.
    pub fn text(&mut self, table: Table, index: u16) -> Result<String, Stop> {
        let vector = self.vector(table, index, 1)?;
        let bytes = self.bytes(Vector { count: vector.count.min(1024), ..vector })?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The bytes of a vector of bytes, which is known to lie in the file.
    pub fn bytes(&mut self, vector: Vector) -> Result<Vec<u8>, Stop> {
        self.within(self.copied.saturating_add(u64::from(vector.count)))?;
        let mut bytes = vec![0; vector.count as usize];
        self.copy(vector.at, &mut bytes)?;
        Ok(bytes)
    }

    /// What the offset at `at` points to.
    fn follow(&mut self, at: u64) -> Result<u64, Stop> {
        let offset = u32::from_le_bytes(self.read(at)?);
        let target = at + u64::from(offset);
        if offset == 0 || target + 4 > self.length {
            return Err(Stop::malformed(at, "偏移指向文件之外", "an offset points outside of the file"));
        }
        Ok(target)
    }

    fn read<const N: usize>(&mut self, at: u64) -> Result<[u8; N], Stop> {
        let mut bytes = [0; N];
        self.copy(at, &mut bytes)?;
        Ok(bytes)
    }

    /// Tables may share vectors, so a small file can ask for much work: what is read is held against what there is.
    fn copy(&mut self, mut at: u64, mut into: &mut [u8]) -> Result<(), Stop> {
        self.copied = self.copied.saturating_add(into.len() as u64);
        self.within(self.copied)?;
        while !into.is_empty() {
            let page = self.page(at / PAGE as u64)?;
            let start = usize::try_from(at % PAGE as u64).unwrap_or(PAGE);
            let held = page.get(start..).unwrap_or_default();
            let count = held.len().min(into.len());
            if count == 0 {
                return Err(Stop::malformed(at, "文件在此中断", "the bytes end here"));
            }
            let (now, later) = into.split_at_mut(count);
            now.copy_from_slice(&held[..count]);
            into = later;
            at += count as u64;
        }
        Ok(())
    }

    fn within(&self, bytes: u64) -> Result<(), Stop> {
        if bytes > LOADS_FREE.saturating_add(self.length.saturating_mul(LOADS_PER_BYTE)) {
            return Err(Stop::Limit("expansion_ratio", LOADS_PER_BYTE));
        }
        Ok(())
    }

    fn page(&mut self, number: u64) -> Result<&[u8], Stop> {
        let slot = usize::try_from(number % PAGES as u64).unwrap_or(0);
        if self.pages[slot].as_ref().is_none_or(|page| page.number != number) {
            self.loaded = self.loaded.saturating_add(PAGE as u64);
            self.within(self.loaded)?;
            let mut bytes = self.pages[slot].take().map(|page| page.bytes).unwrap_or_default();
            bytes.resize(PAGE, 0);
            let mut filled = 0;
            while filled < PAGE {
                let offset = number.saturating_mul(PAGE as u64).saturating_add(filled as u64);
                match self.source.read_at(offset, &mut bytes[filled..]).map_err(Stop::Unreadable)? {
                    0 => break,
                    count => filled += count,
                }
            }
            bytes.truncate(filled);
            self.pages[slot] = Some(Page { number, bytes });
        }
        Ok(self.pages[slot].as_ref().map_or(&[], |page| &page.bytes))
    }
}
