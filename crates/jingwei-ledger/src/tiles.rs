//! Files of the tree as C2SP tlog-tiles lays them out: tiles of 256 hashes and bundles of 256 entries.

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::Read,
    path::{Path, PathBuf},
};

use jingwei_core::Digest;

use crate::{
    error::LedgerError,
    merkle::{Frontier, HashTile, TILE_WIDTH, TileSource, tiles_below},
};

/// Longest entry: its length is a big-endian u16.
pub const MAX_ENTRY_BYTES: usize = 65_535;

const MAX_BUNDLE_BYTES: u64 = 256 * (2 + 65_535);

/// What a file below `tile/` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TileKind {
    Entries,
    Hashes { level: u8 },
}

impl TileKind {
    /// Level of the tree whose hashes or entries these are.
    pub fn level(self) -> u8 {
        match self {
            TileKind::Entries => 0,
            TileKind::Hashes { level } => level,
        }
    }
}

/// Place of a tile or bundle; with a width it names a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TileId {
    pub kind: TileKind,
    pub n: u64,
}

impl TileId {
    pub fn entries(n: u64) -> Self {
        Self { kind: TileKind::Entries, n }
    }

    pub fn hashes(tile: HashTile) -> Self {
        Self { kind: TileKind::Hashes { level: tile.level }, n: tile.n }
    }

    /// How many hashes or entries of it a ledger of `size` has: 0 to 256.
    pub fn width_at(self, size: u64) -> usize {
        let before = self.n.saturating_mul(256);
        let width = tiles_below(size, self.kind.level()).saturating_sub(before).min(256);
        usize::try_from(width).unwrap_or(TILE_WIDTH)
    }

    pub fn named(self, width: usize) -> TileName {
        TileName { id: self, width }
    }
}

/// A file below `tile/`, with its width of 1 to 256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TileName {
    pub id: TileId,
    pub width: usize,
}

impl TileName {
    /// The files at the right edge of a ledger of `size`: what the next checkpoint replaces.
    pub fn partials_at(size: u64) -> impl Iterator<Item = TileName> {
        let hashes = (0..8).map(|level| TileKind::Hashes { level });
        std::iter::once(TileKind::Entries).chain(hashes).filter_map(move |kind| {
            let id = TileId { kind, n: tiles_below(size, kind.level()) >> 8 };
            let width = id.width_at(size);
            (width > 0).then_some(id.named(width))
        })
    }

    /// Reads `tile/0/x001/234.p/5`. Only the one canonical spelling is a name.
    pub fn parse(path: &str) -> Option<Self> {
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes { level: level.parse().ok().filter(|level| *level < 8)? },
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, width.parse().ok().filter(|width| (1..=255).contains(width))?),
            None => (rest, TILE_WIDTH),
        };
        let mut n = 0_u64;
        for group in index.split('/') {
            let digits: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
            n = n.checked_mul(1000)?.checked_add(digits)?;
        }
        let name = TileId { kind, n }.named(width);
        (name.to_string() == path).then_some(name)
    }
}

impl fmt::Display for TileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id.kind {
            TileKind::Entries => f.write_str("tile/entries")?,
            TileKind::Hashes { level } => write!(f, "tile/{level}")?,
        }
        let mut groups = vec![self.id.n % 1000];
        let mut rest = self.id.n / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for (left, group) in groups.iter().enumerate().rev() {
            write!(f, "/{}{group:03}", if left > 0 { "x" } else { "" })?;
        }
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// Appends an entry to a bundle. The caller has checked its length.
pub(crate) fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) {
    let len = u16::try_from(entry.len()).unwrap_or(u16::MAX);
    bundle.extend_from_slice(&len.to_be_bytes());
    bundle.extend_from_slice(entry);
}

/// The first entry of `bundle` and what follows it.
pub(crate) fn split_entry(bundle: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bundle.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))
}

/// Entries of a bundle, with the offset of each; a damaged rest is an error with its offset.
pub(crate) fn bundle_entries(bundle: &[u8]) -> impl Iterator<Item = Result<(usize, &[u8]), usize>> {
    let mut rest = bundle;
    std::iter::from_fn(move || {
        let offset = bundle.len() - rest.len();
        if rest.is_empty() {
            return None;
        }
        let Some((entry, after)) = split_entry(rest) else {
            rest = &[];
            return Some(Err(offset));
        };
        rest = after;
        Some(Ok((offset, entry)))
    })
}

/// Reads a whole file of at most `limit` bytes.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, LedgerError> {
    let io_error = |e| LedgerError::io(path, "read", e);
    let file = fs::File::open(path).map_err(io_error)?;
    let len = file.metadata().map_err(io_error)?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(len.min(limit)).unwrap_or(0));
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(io_error)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(LedgerError::Limit { path: path.to_owned(), what: "bytes", limit });
    }
    Ok(bytes)
}

/// The stored tree of a ledger with `size` entries in tiles.
pub(crate) struct StoredTree<'a> {
    dir: &'a Path,
    size: u64,
    cache: BTreeMap<HashTile, Vec<Digest>>,
}

impl<'a> StoredTree<'a> {
    pub fn new(dir: &'a Path, size: u64) -> Self {
        Self { dir, size, cache: BTreeMap::new() }
    }

    /// The file of `id`: the one of this very size, or the full one that took its place since.
    fn read(&self, id: TileId, limit: u64) -> Result<(PathBuf, usize, Vec<u8>), LedgerError> {
        let width = id.width_at(self.size);
        let exact = self.dir.join(id.named(width.max(1)).to_string());
        match read_bounded(&exact, limit) {
            Err(e) if e.is_not_found() && width < TILE_WIDTH => {
                let full = self.dir.join(id.named(TILE_WIDTH).to_string());
                read_bounded(&full, limit).map(|bytes| (full, width, bytes)).map_err(|_| e)
            }
            result => result.map(|bytes| (exact, width, bytes)),
        }
    }

    /// Hashes of a tile, as many as the size asks for.
    pub fn hashes(&self, tile: HashTile) -> Result<Vec<Digest>, LedgerError> {
        let (path, width, bytes) = self.read(TileId::hashes(tile), 32 * 256)?;
        if bytes.len() % 32 != 0 || bytes.len() < 32 * width {
            let what = format!("the tile should hold {width} hashes of 32 bytes");
            return Err(LedgerError::Corrupt { path, offset: 0, what });
        }
        Ok(bytes.as_chunks().0.iter().take(width).copied().map(Digest).collect())
    }

    /// Bytes of a bundle, cut to the entries that the size asks for.
    pub fn bundle(&self, n: u64) -> Result<Vec<u8>, LedgerError> {
        let (path, width, mut bytes) = self.read(TileId::entries(n), MAX_BUNDLE_BYTES)?;
        let mut rest = bytes.as_slice();
        for _ in 0..width {
            let Some((_, after)) = split_entry(rest) else {
                let offset = u64::try_from(bytes.len() - rest.len()).unwrap_or(u64::MAX);
                return Err(LedgerError::Corrupt { path, offset, what: "an entry is cut off".to_owned() });
            };
            rest = after;
        }
        let keep = bytes.len() - rest.len();
        bytes.truncate(keep);
        Ok(bytes)
    }

    pub fn entry(&self, index: u64) -> Result<Vec<u8>, LedgerError> {
        let bundle = self.bundle(index / 256)?;
        let at = usize::from(index.to_le_bytes()[0]);
        let entry = bundle_entries(&bundle).nth(at).and_then(Result::ok);
        entry.map(|(_, entry)| entry.to_vec()).ok_or(LedgerError::NoSuchEntry { index, size: self.size })
    }

    pub fn leaf(&self, index: u64) -> Result<Digest, LedgerError> {
        let hashes = self.hashes(HashTile { level: 0, n: index / 256 })?;
        let missing = LedgerError::NoSuchEntry { index, size: self.size };
        hashes.get(usize::from(index.to_le_bytes()[0])).copied().ok_or(missing)
    }

    pub fn damaged(&self, what: &str) -> LedgerError {
        LedgerError::Corrupt { path: self.dir.join("tile"), offset: 0, what: what.to_owned() }
    }

    pub fn frontier(&self) -> Result<Frontier, LedgerError> {
        Frontier::restore(self.size, |tile, _| self.hashes(tile))
    }
}

impl TileSource for StoredTree<'_> {
    type Error = LedgerError;

    fn tile(&mut self, tile: HashTile) -> Result<&[Digest], LedgerError> {
        let hashes = match self.cache.remove(&tile) {
            Some(hashes) => hashes,
            None => self.hashes(tile)?,
        };
        Ok(self.cache.entry(tile).or_insert(hashes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_specification() {
        let cases = [
            ("tile/entries/x001/x234/067", Some((TileKind::Entries, 1_234_067, 256))),
            ("tile/0/000.p/1", Some((TileKind::Hashes { level: 0 }, 0, 1))),
            ("tile/7/x001/000.p/255", Some((TileKind::Hashes { level: 7 }, 1000, 255))),
            ("tile/0/999", Some((TileKind::Hashes { level: 0 }, 999, 256))),
            ("tile/8/000", None),
            ("tile/00/000", None),
            ("tile/0/000.p/256", None),
            ("tile/0/000.p/0", None),
            ("tile/0/000.p/01", None),
            ("tile/0/1", None),
            ("tile/0/001/234", None),
            ("tile/0/x000/001", None),
            ("tile/0/x001/x001/x001/x001/x001/x001/x001/x001/001", None),
            ("tile/other/000", None),
            ("tile/entries", None),
        ];
        for (path, expected) in cases {
            let found = TileName::parse(path).map(|name| (name.id.kind, name.id.n, name.width));
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn the_right_edge_of_70000_entries_is_that_of_the_specification() {
        let names: Vec<String> = TileName::partials_at(70_000).map(|name| name.to_string()).collect();
        assert_eq!(names, ["tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
        assert_eq!(TileName::partials_at(256).map(|n| n.to_string()).collect::<Vec<_>>(), ["tile/1/000.p/1"]);
        assert_eq!(TileName::partials_at(0).count(), 0);
    }

    #[test]
    fn a_bundle_gives_its_entries_and_the_place_of_damage() {
        let mut bundle = Vec::new();
        for entry in [b"".as_slice(), b"ab", b"c"] {
            push_entry(&mut bundle, entry);
        }
        let entries: Vec<_> = bundle_entries(&bundle).map(Result::unwrap).collect();
        assert_eq!(entries, [(0, b"".as_slice()), (2, b"ab"), (6, b"c")]);
        for cut in [1, 3, 5, 7, 8] {
            assert!(bundle_entries(&bundle[..cut]).any(|entry| entry.is_err()), "{cut}");
        }
    }
}
