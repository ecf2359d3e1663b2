//! Opening: makes a new ledger, or finds out what a crash left and puts it in order.
//!
//! INVARIANT: nothing that was acknowledged is ever cut. What may be cut is a write that did not finish.

use std::{
    fs::{self, File, TryLockError},
    io::{Read, Seek, SeekFrom},
    path::Path,
    thread,
    time::Duration,
};

use jingwei_core::Limits;

use crate::{
    append::Writer,
    blobs::{BLOB_INDEX, BlobIndex},
    checkpoint::Checkpoint,
    error::LedgerError,
    ledger::{Covered, FrameRef, Ledger, Shown, lock},
    merkle::{Frontier, leaf_hash},
    note::Signer,
    publish::{CHECKPOINT, drop_covered, make_segment, put_tile},
    storage::{Batch, Disk, Folder, Storage as _, TEMPORARY},
    tiles::{StoredTree, bundle_entries, read_bounded},
    wal::{FIRST_FRAME, SegmentReader, Step, parse_segment_name, segment_len, segment_name},
};

pub(crate) const LOCK: &str = "lock";
pub(crate) const VKEY: &str = "vkey";

/// What opening a ledger had to repair. All zero after an orderly end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Acknowledged entries that no checkpoint covers yet.
    pub unsigned_entries: u64,
    /// Bytes of a write that did not finish, cut from the write-ahead log.
    pub cut_bytes: u64,
    /// Hash tiles did not lead to the signed root and were made again from the entries, which do.
    pub rebuilt_tiles: bool,
    /// Blobs that were stored but not listed.
    pub listed_blobs: u64,
}

pub(crate) struct Found {
    pub writer: Writer,
    pub shown: Shown,
    pub covered: Covered,
    pub blobs: BlobIndex,
    pub recovery: Recovery,
}

/// Takes the exclusive lock, which ends with the process. Waits a moment for one that is just ending.
pub(crate) fn lock_directory(dir: &Path) -> Result<File, LedgerError> {
    if !dir.is_dir() {
        fs::create_dir_all(dir).map_err(|e| LedgerError::io(dir, "made", e))?;
        let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Disk.sync_dir(parent).map_err(|e| LedgerError::io(parent, "synced", e))?;
    }
    let path = dir.join(LOCK);
    let known = path.exists() || dir.join(VKEY).exists();
    if !known && fs::read_dir(dir).map_err(|e| LedgerError::io(dir, "listed", e))?.next().is_some() {
        return Err(LedgerError::NotALedger { dir: dir.to_owned() });
    }
    let mut options = fs::OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|e| LedgerError::io(&path, "opened", e))?;
    for _ in 0..20 {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(5)),
            Err(TryLockError::Error(e)) => return Err(LedgerError::io(&path, "locked", e)),
        }
    }
    Err(LedgerError::InUse { dir: dir.to_owned() })
}

pub(crate) fn recover(folder: &Folder, signer: &Signer) -> Result<Found, LedgerError> {
    folder.make_dir(TEMPORARY)?;
    clear_temporary(folder)?;
    if !folder.path(CHECKPOINT).exists() {
        create(folder, signer)?;
    }
    check_owner(folder, signer)?;
    // A rename may be visible and yet not durable when the process before us died over its sync.
    folder.sync_dir("")?;
    folder.make_dir("wal")?;
    folder.sync_dir("wal")?;

    let mut recovery = Recovery::default();
    let path = folder.path(CHECKPOINT);
    let note = read_text(&path)?;
    let checkpoint = Checkpoint::open(&note, signer.verifier_key(), &Limits::default())?;
    let frontier = stored_frontier(folder, &checkpoint, &mut recovery)?;
    let (mut outdated, mut segments) = split_segments(folder, checkpoint.size())?;
    let mut shown = Shown { frontier: frontier.clone(), covered: checkpoint.size(), frames: Vec::new() };
    let writer = read_segments(folder, &mut segments, &mut shown, &mut recovery)?;
    outdated.append(&mut segments);
    drop_covered(folder, &mut outdated, checkpoint.size())?;
    let (blobs, listed_blobs) = BlobIndex::recover(folder)?;
    recovery.listed_blobs = listed_blobs;
    recovery.unsigned_entries = writer.size - checkpoint.size();
    Ok(Found { writer, shown, covered: Covered { frontier, checkpoint, segments: outdated }, blobs, recovery })
}

fn clear_temporary(folder: &Folder) -> Result<(), LedgerError> {
    let path = folder.path(TEMPORARY);
    for entry in fs::read_dir(&path).map_err(|e| LedgerError::io(&path, "listed", e))? {
        let entry = entry.map_err(|e| LedgerError::io(&path, "listed", e))?;
        folder.remove(&format!("{TEMPORARY}/{}", entry.file_name().to_string_lossy()))?;
    }
    Ok(())
}

/// Makes an empty ledger. The signed checkpoint over no entries comes last: with it the ledger exists.
fn create(folder: &Folder, signer: &Signer) -> Result<(), LedgerError> {
    let holds_something = folder.path("tile").exists()
        || list_segments(folder)?.iter().any(|first| *first != 0)
        || holds_frames(folder)?
        || fs::metadata(folder.path(BLOB_INDEX)).is_ok_and(|found| found.len() != 0);
    if holds_something {
        return Err(LedgerError::Missing { path: folder.path(CHECKPOINT) });
    }
    folder.replace(VKEY, format!("{}\n", signer.verifier_key()).as_bytes())?;
    BlobIndex::create(folder)?;
    if !folder.path(&segment_name(0)).exists() {
        make_segment(folder, 0)?;
    }
    let checkpoint = Checkpoint::sign(signer, 0, Frontier::default().root());
    folder.replace(CHECKPOINT, checkpoint.note().as_bytes())
}

fn holds_frames(folder: &Folder) -> Result<bool, LedgerError> {
    let path = folder.path(&segment_name(0));
    Ok(path.exists() && SegmentReader::open(&path, 0)?.step()? != Step::End)
}

fn check_owner(folder: &Folder, signer: &Signer) -> Result<(), LedgerError> {
    let found = read_text(&folder.path(VKEY))?;
    let given = signer.verifier_key().to_string();
    if found.trim_end() != given {
        let found = found.trim_end().chars().take(200).collect();
        return Err(LedgerError::OtherSigner { dir: folder.dir().to_owned(), found, given });
    }
    Ok(())
}

fn read_text(path: &Path) -> Result<String, LedgerError> {
    let bytes = read_bounded(path, Limits::default().header_bytes)?;
    let not_text = |_| LedgerError::Corrupt { path: path.to_owned(), offset: 0, what: "it is not text".to_owned() };
    String::from_utf8(bytes).map_err(not_text)
}

/// The right edge of the signed tree. Tiles that do not lead to the signed root are derived anew if the
/// entries do; otherwise nothing is touched.
fn stored_frontier(folder: &Folder, checkpoint: &Checkpoint, recovery: &mut Recovery) -> Result<Frontier, LedgerError> {
    let stored = StoredTree::new(folder.dir(), checkpoint.size()).frontier();
    if let Ok(frontier) = stored
        && frontier.root() == checkpoint.root()
    {
        return Ok(frontier);
    }
    recovery.rebuilt_tiles = true;
    rebuild_tiles(folder, checkpoint)
}

fn rebuild_tiles(folder: &Folder, checkpoint: &Checkpoint) -> Result<Frontier, LedgerError> {
    if tree_of_bundles(folder, checkpoint.size(), None)?.root() != checkpoint.root() {
        let what = "the entries do not lead to the signed root; `verify` shows where".to_owned();
        return Err(LedgerError::Corrupt { path: folder.path("tile/entries"), offset: 0, what });
    }
    let mut batch = Batch::new(folder);
    let frontier = tree_of_bundles(folder, checkpoint.size(), Some(&mut batch))?;
    for (tile, hashes) in frontier.partials() {
        put_tile(&mut batch, tile, hashes)?;
    }
    batch.finish()?;
    Ok(frontier)
}

fn tree_of_bundles(folder: &Folder, size: u64, mut batch: Option<&mut Batch<'_>>) -> Result<Frontier, LedgerError> {
    let stored = StoredTree::new(folder.dir(), size);
    let mut frontier = Frontier::default();
    for n in 0..size.div_ceil(256) {
        let bundle = stored.bundle(n)?;
        for (_, entry) in bundle_entries(&bundle).map_while(Result::ok) {
            frontier.push(leaf_hash(entry), |tile, hashes| match batch.as_deref_mut() {
                Some(batch) => put_tile(batch, tile, hashes),
                None => Ok(()),
            })?;
        }
    }
    Ok(frontier)
}

fn list_segments(folder: &Folder) -> Result<Vec<u64>, LedgerError> {
    let path = folder.path("wal");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let io_error = |e| LedgerError::io(&path, "listed", e);
    let mut found = Vec::new();
    for entry in fs::read_dir(&path).map_err(io_error)? {
        let name = entry.map_err(io_error)?.file_name();
        found.extend(parse_segment_name(&format!("wal/{}", name.to_string_lossy())));
    }
    found.sort_unstable();
    Ok(found)
}

/// Segments that the checkpoint covers, left by a checkpoint that was not tidied up; and the others.
fn split_segments(folder: &Folder, size: u64) -> Result<(Vec<u64>, Vec<u64>), LedgerError> {
    let (outdated, current): (Vec<u64>, Vec<u64>) = list_segments(folder)?.into_iter().partition(|first| *first < size);
    if current.first() != Some(&size) {
        return Err(LedgerError::Missing { path: folder.path(&segment_name(size)) });
    }
    Ok((outdated, current))
}

/// Reads what no checkpoint covers yet, cuts what was not finished, and gives the end to write on.
fn read_segments(
    folder: &Folder,
    segments: &mut Vec<u64>,
    shown: &mut Shown,
    recovery: &mut Recovery,
) -> Result<Writer, LedgerError> {
    for at in 0..segments.len() {
        let first = segments[at];
        let read = read_segment(folder, first, shown)?;
        recovery.cut_bytes += settle_end(folder, first, &read)?;
        let size = shown.frontier.size();
        match (read.sealed, segments.get(at + 1).copied()) {
            (Some(next), Some(following)) if next == following => {}
            (Some(next), None) => return Err(LedgerError::Missing { path: folder.path(&segment_name(next)) }),
            (None, None) => return write_on(folder, first, &read, size),
            (None, Some(following)) if following == size && at + 2 == segments.len() => {
                // The next segment was made, and the crash came before this one was sealed: it has no entries.
                let mut probe = SegmentReader::open(&folder.path(&segment_name(following)), following)?;
                if probe.step()? != Step::End {
                    return Err(gap(folder, first, &read));
                }
                folder.remove(&segment_name(following))?;
                folder.sync_dir("wal")?;
                segments.pop();
                return write_on(folder, first, &read, size);
            }
            _ => return Err(gap(folder, first, &read)),
        }
    }
    Err(LedgerError::Missing { path: folder.path("wal") })
}

fn write_on(folder: &Folder, segment: u64, read: &SegmentEnd, size: u64) -> Result<Writer, LedgerError> {
    let file = folder.open(&segment_name(segment))?;
    Ok(Writer { segment, file, end: read.end, len: segment_len(read.end), size, buffer: Vec::new() })
}

fn gap(folder: &Folder, first: u64, read: &SegmentEnd) -> LedgerError {
    let what = "the segment does not lead to the next one".to_owned();
    LedgerError::Corrupt { path: folder.path(&segment_name(first)), offset: read.end, what }
}

/// How a segment ends.
struct SegmentEnd {
    /// Begin and end of its last frame; of its header when it has none.
    last: u64,
    end: u64,
    sealed: Option<u64>,
    /// Something unfinished stands behind the end.
    torn: bool,
}

fn read_segment(folder: &Folder, first: u64, shown: &mut Shown) -> Result<SegmentEnd, LedgerError> {
    let path = folder.path(&segment_name(first));
    let mut reader = SegmentReader::open(&path, first)?;
    let mut found = SegmentEnd { last: 0, end: FIRST_FRAME, sealed: None, torn: false };
    loop {
        match reader.step()? {
            Step::Frame { first: index, offset, len } => {
                found.last = offset;
                found.end = reader.place();
                for (_, entry) in bundle_entries(reader.payload()).map_while(Result::ok) {
                    shown.frontier.push(leaf_hash(entry), |_, _| Ok::<(), LedgerError>(()))?;
                }
                shown.frames.push(FrameRef { segment: first, first: index, offset: offset + FIRST_FRAME, len });
            }
            Step::Sealed { next, offset } => {
                found.last = offset;
                found.end = reader.place();
                found.sealed = Some(next);
                return Ok(found);
            }
            Step::End => return Ok(found),
            Step::Torn { .. } => {
                found.torn = true;
                return Ok(found);
            }
            Step::Corrupt { offset, what } => return Err(LedgerError::Corrupt { path, offset, what: what.to_owned() }),
        }
    }
}

/// Cuts an unfinished write, and writes the last frame once more: the sync of it may have failed while its
/// pages stayed readable. Gives the number of bytes cut.
fn settle_end(folder: &Folder, first: u64, found: &SegmentEnd) -> Result<u64, LedgerError> {
    let name = segment_name(first);
    let path = folder.path(&name);
    let read_error = |e| LedgerError::io(&path, "read", e);
    let write_error = |e| LedgerError::io(&path, "written", e);
    let mut reader = File::open(&path).map_err(read_error)?;
    reader.seek(SeekFrom::Start(found.last)).map_err(read_error)?;
    let mut last = vec![0; usize::try_from(found.end - found.last).unwrap_or(0)];
    reader.read_exact(&mut last).map_err(read_error)?;
    let mut file = folder.open(&name)?;
    file.write_at(found.last, &last).map_err(write_error)?;
    let mut cut = 0;
    if found.torn {
        let mut unfinished = Vec::new();
        reader.read_to_end(&mut unfinished).map_err(read_error)?;
        let used = unfinished.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
        cut = u64::try_from(used).unwrap_or(u64::MAX);
        let zeros = vec![0; usize::try_from(segment_len(found.end) - found.end).unwrap_or(0)];
        file.set_len(found.end).map_err(write_error)?;
        file.write_at(found.end, &zeros).map_err(write_error)?;
    }
    file.sync_data().map_err(|e| LedgerError::io(&path, "synced", e))?;
    Ok(cut)
}

impl Ledger {
    /// Makes the hash tiles anew from the entries, if these lead to the signed root: for when `verify` names a
    /// damaged or missing tile of hashes.
    pub fn rebuild_tiles(&self) -> Result<(), LedgerError> {
        let covered = lock(&self.covered);
        self.check_going()?;
        self.stop_on_error(rebuild_tiles(&self.folder, &covered.checkpoint)).map(|_| ())
    }
}
