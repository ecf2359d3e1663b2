//! Checkpoints: entries move from the write-ahead log into tiles, and the ledger signs for them.

use crate::{
    append::Writer,
    checkpoint::Checkpoint,
    error::LedgerError,
    ledger::{Covered, Ledger, lock},
    merkle::{Frontier, HashTile, TILE_WIDTH, leaf_hash},
    pin::unless_pinned,
    storage::{Batch, Folder, parent_of},
    tiles::{StoredTree, TileId, TileName, bundle_entries, push_entry},
    wal::{FIRST_FRAME, SegmentReader, Step, empty_segment, seal, segment_len, segment_name},
};
use jingwei_core::Digest;

pub(crate) const CHECKPOINT: &str = "checkpoint";

impl Ledger {
    /// Signs for all entries appended so far. Tiles and bundles are durable before the signature is, and the
    /// write-ahead log begins anew. Appends go on meanwhile, except for a moment at the start.
    /// Without new entries it returns the newest checkpoint again.
    pub fn checkpoint(&self) -> Result<Checkpoint, LedgerError> {
        let mut covered = lock(&self.covered);
        self.check_going()?;
        let Some((size, root)) = self.stop_on_error(self.begin_segment(&mut covered))? else {
            return Ok(covered.checkpoint.clone());
        };
        self.stop_on_error(self.cover(&mut covered, size, root))?;
        Ok(covered.checkpoint.clone())
    }

    /// Later appends go to a new segment, so that the old ones can be read in peace.
    fn begin_segment(&self, covered: &mut Covered) -> Result<Option<(u64, Digest)>, LedgerError> {
        let mut writer = lock(&self.writer);
        let size = writer.size;
        if size == covered.checkpoint.size() {
            return Ok(None);
        }
        let root = self.root();
        if writer.segment != size {
            let next = make_segment(&self.folder, size)?;
            writer.seal(&self.folder, size)?;
            *writer = next;
            covered.segments.push(size);
        }
        Ok(Some((size, root)))
    }

    fn cover(&self, covered: &mut Covered, size: u64, root: Digest) -> Result<(), LedgerError> {
        let mut tiles = TileWriter::resume(&self.folder, covered.frontier.clone())?;
        let old_size = covered.checkpoint.size();
        for segment in covered.segments.iter().filter(|first| (old_size..size).contains(first)) {
            tiles.add_segment(&self.folder, *segment, size)?;
        }
        let frontier = tiles.finish(old_size)?;
        if (frontier.size(), frontier.root()) != (size, root) {
            let path = self.folder.path(&segment_name(old_size));
            let what = "the entries read back are not those that were appended".to_owned();
            return Err(LedgerError::Corrupt { path, offset: 0, what });
        }
        let checkpoint = Checkpoint::sign(&self.signer, size, root);
        self.folder.replace(CHECKPOINT, checkpoint.note().as_bytes())?;
        covered.checkpoint = checkpoint;
        covered.frontier = frontier;
        self.change_shown(|shown| {
            shown.covered = size;
            shown.frames.retain(|frame| frame.first >= size);
        });
        drop_covered(&self.folder, &mut covered.segments, size)
    }
}

impl Writer {
    /// Ends the segment: the next one begins with entry `next`.
    fn seal(&mut self, folder: &Folder, next: u64) -> Result<(), LedgerError> {
        let path = folder.path(&segment_name(self.segment));
        self.file.write_at(self.end, &seal(next)).map_err(|e| LedgerError::io(&path, "written", e))?;
        self.file.sync_data().map_err(|e| LedgerError::io(&path, "synced", e))
    }
}

/// Makes an empty segment, durably.
pub(crate) fn make_segment(folder: &Folder, first: u64) -> Result<Writer, LedgerError> {
    let name = segment_name(first);
    folder.make_dir(parent_of(&name))?;
    folder.replace(&name, &empty_segment(first))?;
    let file = folder.open(&name)?;
    Ok(Writer {
        segment: first,
        file,
        end: FIRST_FRAME,
        len: segment_len(FIRST_FRAME),
        size: first,
        buffer: Vec::new(),
    })
}

/// Removes what the checkpoint over `size` entries replaced: segments, and the partial tiles of earlier sizes.
/// While somebody reads the directory it stays, for a later checkpoint to remove.
pub(crate) fn drop_covered(folder: &Folder, segments: &mut Vec<u64>, size: u64) -> Result<(), LedgerError> {
    unless_pinned(folder.dir(), || remove_covered(folder, segments, size))
}

fn remove_covered(folder: &Folder, segments: &mut Vec<u64>, size: u64) -> Result<(), LedgerError> {
    for earlier in segments.iter().filter(|first| **first < size) {
        for old in TileName::partials_at(*earlier).filter(|old| old.id.width_at(size) != old.width) {
            let name = old.to_string();
            folder.remove(&name)?;
            folder.forget_empty_dir(parent_of(&name));
        }
        folder.remove(&segment_name(*earlier))?;
    }
    segments.retain(|first| *first >= size);
    folder.sync_dir("wal")
}

/// Turns a stream of entries into bundles and tiles.
struct TileWriter<'a> {
    batch: Batch<'a>,
    frontier: Frontier,
    bundle: Vec<u8>,
}

impl<'a> TileWriter<'a> {
    /// Goes on behind the entries that `frontier` stands for, which are stored.
    fn resume(folder: &'a Folder, frontier: Frontier) -> Result<Self, LedgerError> {
        let size = frontier.size();
        let bundle = if size.is_multiple_of(256) {
            Vec::new()
        } else {
            StoredTree::new(folder.dir(), size).bundle(size / 256)?
        };
        Ok(Self { batch: Batch::new(folder), frontier, bundle })
    }

    /// Adds the entries of a segment, up to `size`.
    fn add_segment(&mut self, folder: &Folder, segment: u64, size: u64) -> Result<(), LedgerError> {
        let path = folder.path(&segment_name(segment));
        let mut reader = SegmentReader::open(&path, segment)?;
        while self.frontier.size() < size {
            match reader.step()? {
                Step::Frame { .. } => {
                    for (_, entry) in bundle_entries(reader.payload()).map_while(Result::ok) {
                        self.add(entry)?;
                    }
                }
                Step::Sealed { .. } => break,
                Step::End | Step::Torn { .. } | Step::Corrupt { .. } => {
                    let what = "acknowledged entries cannot be read back".to_owned();
                    return Err(LedgerError::Corrupt { path, offset: reader.place(), what });
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, entry: &[u8]) -> Result<(), LedgerError> {
        push_entry(&mut self.bundle, entry);
        let batch = &mut self.batch;
        self.frontier.push(leaf_hash(entry), |tile, hashes| put_tile(batch, tile, hashes))?;
        let size = self.frontier.size();
        if size.is_multiple_of(256) {
            let name = TileId::entries(size / 256 - 1).named(TILE_WIDTH);
            self.batch.put(name.to_string(), &self.bundle)?;
            self.bundle.clear();
        }
        Ok(())
    }

    /// Writes the right edge and makes everything durable. What `old_size` had already is left as it is.
    fn finish(mut self, old_size: u64) -> Result<Frontier, LedgerError> {
        let size = self.frontier.size();
        let width = usize::from(size.to_le_bytes()[0]);
        if width > 0 {
            let name = TileId::entries(size / 256).named(width);
            self.batch.put(name.to_string(), &self.bundle)?;
        }
        for (tile, hashes) in self.frontier.partials() {
            if TileId::hashes(tile).width_at(old_size) != hashes.len() {
                put_tile(&mut self.batch, tile, hashes)?;
            }
        }
        self.batch.finish()?;
        Ok(self.frontier)
    }
}

pub(crate) fn put_tile(batch: &mut Batch<'_>, tile: HashTile, hashes: &[Digest]) -> Result<(), LedgerError> {
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
    batch.put(TileId::hashes(tile).named(hashes.len()).to_string(), &bytes)
}
