//! Entries, bundles and tiles: everything below `tile/` is compared with what the entries say it must be.

use std::{collections::BTreeMap, convert::Infallible, fs::File, io::Read, path::Path};

use jingwei_core::Digest;

use super::{Findings, What};
use crate::{
    merkle::{Frontier, HashTile, TILE_WIDTH, leaf_hash},
    tiles::{TileId, TileName, bundle_entries, push_entry},
};

/// Walks through the entries in order. Memory: one bundle, one file and the right edge of the tree.
pub(super) struct TreeCheck<'a> {
    dir: &'a Path,
    /// Size of the checkpoint: what must be in tiles.
    signed: u64,
    /// Files that were not compared yet.
    tiles: BTreeMap<TileId, Vec<usize>>,
    frontier: Frontier,
    /// The bundle that is being read, and where its entries end.
    bundle: Vec<u8>,
    ends: Vec<usize>,
    /// Which width of the bundle it was read from; 0 when from the write-ahead log or from hashes.
    source: usize,
    kept: Option<(u64, Option<Digest>)>,
    /// Entries whose hash is not the one in their tile: tile, entry, offset of the entry.
    changed: Vec<(TileName, u64, u64)>,
    file: Vec<u8>,
    stopped: bool,
}

impl<'a> TreeCheck<'a> {
    /// `kept` is the size at which the caller wants to know the root.
    pub fn new(dir: &'a Path, signed: u64, tiles: BTreeMap<TileId, Vec<usize>>, kept: Option<u64>) -> Self {
        let frontier = Frontier::default();
        let kept = kept.map(|size| (size, (size == 0).then(|| frontier.root())));
        let (bundle, ends, file) = (Vec::new(), Vec::new(), Vec::new());
        Self { dir, signed, tiles, frontier, bundle, ends, source: 0, kept, changed: Vec::new(), file, stopped: false }
    }

    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub fn root(&self) -> Digest {
        self.frontier.root()
    }

    /// Neither entries nor hashes could be read at some place, so that nothing can be said about what follows.
    pub fn stopped(&self) -> bool {
        self.stopped
    }

    /// Root at the size that the caller asked for, if there are that many entries.
    pub fn kept_root(&self) -> Option<Digest> {
        self.kept.and_then(|(_, root)| root)
    }

    /// Reads the bundles that the checkpoint covers.
    pub fn read_signed(&mut self, findings: &mut Findings, mut advance: impl FnMut(u64)) {
        let bundles = self.signed.div_ceil(256);
        for n in 0..bundles {
            let id = TileId::entries(n);
            let required = id.width_at(self.signed);
            if !self.read_bundle(id, required, findings) && !self.read_hashes(n, required, findings) {
                findings.about(&id.named(required).to_string(), 0, n * 256, What::NotInspected);
                self.stopped = true;
                return;
            }
            advance(u64::try_from(required).unwrap_or(0));
        }
    }

    /// Takes `required` entries from the narrowest file that has them.
    fn read_bundle(&mut self, id: TileId, required: usize, findings: &mut Findings) -> bool {
        let widths = self.tiles.get(&id).map_or(&[][..], Vec::as_slice);
        self.source = widths.iter().copied().filter(|width| *width >= required).min().unwrap_or(0);
        if self.source == 0 {
            return false;
        }
        let name = id.named(self.source).to_string();
        let mut file = std::mem::take(&mut self.file);
        let read = read_into(&self.dir.join(&name), &mut file);
        let good = match read {
            Ok(()) => self.take_entries(&name, &file, required, findings),
            Err(e) => {
                findings.at(&name, What::Unreadable { reason: e.to_string() });
                false
            }
        };
        self.file = file;
        good
    }

    fn take_entries(&mut self, name: &str, file: &[u8], required: usize, findings: &mut Findings) -> bool {
        // Shape first: a bundle that is not whole gives no entry to the tree.
        let mut count = 0;
        let mut damage = None;
        for entry in bundle_entries(file) {
            match entry {
                Ok((offset, _)) if count == self.source => damage = damage.or(Some(offset)),
                Ok(_) => count += 1,
                Err(offset) => damage = damage.or(Some(offset)),
            }
        }
        if damage.is_none() && count < self.source {
            damage = Some(file.len());
        }
        if let Some(offset) = damage {
            let offset = u64::try_from(offset).unwrap_or(u64::MAX);
            let entry = self.size() + u64::try_from(count).unwrap_or(0);
            findings.about(name, offset, entry, What::BundleDamaged);
            return false;
        }
        for (_, entry) in bundle_entries(file).map_while(Result::ok).take(required) {
            self.add(entry, findings);
        }
        true
    }

    /// Without a bundle the tree can still be followed by its hashes.
    fn read_hashes(&mut self, n: u64, required: usize, findings: &mut Findings) -> bool {
        let id = TileId::hashes(HashTile { level: 0, n });
        let widths = self.tiles.get(&id).map_or(&[][..], Vec::as_slice);
        let Some(width) = widths.iter().copied().filter(|width| *width >= required).min() else { return false };
        let mut bytes = Vec::new();
        let read = read_into(&self.dir.join(id.named(width).to_string()), &mut bytes);
        if read.is_err() || bytes.len() < 32 * required {
            return false;
        }
        self.source = 0;
        for hash in bytes.as_chunks().0.iter().take(required) {
            self.ends.push(0);
            self.add_leaf(Digest(*hash), findings);
        }
        true
    }

    /// Adds the next entry, from a bundle or from the write-ahead log.
    pub fn add(&mut self, entry: &[u8], findings: &mut Findings) {
        push_entry(&mut self.bundle, entry);
        self.ends.push(self.bundle.len());
        self.add_leaf(leaf_hash(entry), findings);
    }

    fn add_leaf(&mut self, leaf: Digest, findings: &mut Findings) {
        let Self { dir, signed, tiles, frontier, ends, changed, .. } = self;
        let Ok(()) = frontier.push(leaf, |tile, hashes| {
            check_tile(dir, *signed, tiles, tile, hashes, ends, changed, findings);
            Ok::<(), Infallible>(())
        });
        if let Some((size, root)) = &mut self.kept
            && *size == self.frontier.size()
        {
            *root = Some(self.frontier.root());
        }
        if self.ends.len() == TILE_WIDTH {
            self.check_bundle(self.size() / 256 - 1, findings);
            self.bundle.clear();
            self.ends.clear();
            self.source = 0;
        }
    }

    /// Compares the right edge, blames changes on entries or on hashes, and reports what belongs to no entry.
    pub fn finish(mut self, entries_are_signed: bool, findings: &mut Findings) {
        let Self { dir, signed, tiles, frontier, ends, changed, .. } = &mut self;
        for (tile, hashes) in frontier.partials() {
            check_tile(dir, *signed, tiles, tile, hashes, ends, changed, findings);
        }
        self.check_bundle(self.size() / 256, findings);
        for (tile, entry, offset) in &self.changed {
            if entries_are_signed {
                // The entries lead to the signed root, so it is the tile that was changed.
                findings.about(&tile.to_string(), entry % 256 * 32, *entry, What::HashChanged);
            } else {
                let bundle = TileId::entries(tile.id.n);
                let name = bundle.named(bundle.width_at(self.signed).max(1)).to_string();
                findings.about(&name, *offset, *entry, What::EntryChanged);
            }
        }
        let entries = self.size();
        for (id, widths) in &self.tiles {
            for width in widths {
                findings.at(&id.named(*width).to_string(), What::BeyondEntries { entries });
            }
        }
    }

    /// Compares every file of bundle `n` besides the one that was read.
    fn check_bundle(&mut self, n: u64, findings: &mut Findings) {
        let id = TileId::entries(n);
        let widths = self.tiles.remove(&id).unwrap_or_default();
        check_presence(id, self.signed, &widths, findings);
        for width in widths {
            let name = id.named(width).to_string();
            let Some(end) = self.ends.get(width - 1).copied() else {
                findings.at(&name, What::BeyondEntries { entries: self.frontier.size() });
                continue;
            };
            if width == self.source {
                continue;
            }
            match read_into(&self.dir.join(&name), &mut self.file) {
                Err(e) => findings.at(&name, What::Unreadable { reason: e.to_string() }),
                Ok(()) => {
                    let same = self.bundle.iter().zip(&self.file).take_while(|(a, b)| a == b).count();
                    // A bundle that could not be read is reported already, with its place.
                    if end > 0 && (same < end || self.file.len() != end) {
                        findings.at_byte(&name, u64::try_from(same).unwrap_or(0), What::BundleDamaged);
                    }
                }
            }
        }
    }
}

/// Reports the file of `id` that the checkpoint asks for and that is not there.
fn check_presence(id: TileId, signed: u64, widths: &[usize], findings: &mut Findings) {
    let required = id.width_at(signed);
    if required > 0 && !widths.contains(&required) && !widths.contains(&TILE_WIDTH) {
        findings.at(&id.named(required).to_string(), What::Missing);
    }
}

/// Compares every file of a tile with the hashes that it must hold.
#[expect(clippy::too_many_arguments, reason = "the fields of a check that is borrowed while its tree grows")]
fn check_tile(
    dir: &Path,
    signed: u64,
    tiles: &mut BTreeMap<TileId, Vec<usize>>,
    tile: HashTile,
    hashes: &[Digest],
    ends: &[usize],
    changed: &mut Vec<(TileName, u64, u64)>,
    findings: &mut Findings,
) {
    let id = TileId::hashes(tile);
    let widths = tiles.remove(&id).unwrap_or_default();
    check_presence(id, signed, &widths, findings);
    for width in widths {
        let name = id.named(width).to_string();
        if width > hashes.len() {
            let entries = signed;
            findings.at(&name, What::BeyondEntries { entries });
            continue;
        }
        let mut bytes = Vec::new();
        if let Err(e) = read_into(&dir.join(&name), &mut bytes) {
            findings.at(&name, What::Unreadable { reason: e.to_string() });
            continue;
        }
        if bytes.len() != 32 * width {
            let expected = u64::try_from(32 * width).unwrap_or(0);
            findings.at(&name, What::WrongLength { expected, found: u64::try_from(bytes.len()).unwrap_or(u64::MAX) });
        }
        for (at, (stored, hash)) in bytes.as_chunks().0.iter().zip(&hashes[..width]).enumerate() {
            if *stored == hash.0 {
                continue;
            }
            let at64 = u64::try_from(at).unwrap_or(0);
            if tile.level == 0 {
                let offset = at.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
                changed.push((id.named(width), tile.n * 256 + at64, u64::try_from(offset).unwrap_or(0)));
            } else {
                findings.at_byte(&name, at64 * 32, What::HashChanged);
            }
        }
    }
}

fn read_into(path: &Path, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    /// Longer than any tile or bundle: whatever lies behind it is damage, and the length tells.
    const ENOUGH: u64 = 17 << 20;
    bytes.clear();
    File::open(path)?.take(ENOUGH).read_to_end(bytes).map(|_| ())
}
