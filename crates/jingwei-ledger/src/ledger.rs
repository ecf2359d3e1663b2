//! The ledger itself: opening, reading, and what its writers share.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock},
};

use jingwei_core::Digest;

use crate::{
    append::{Queue, Writer},
    blobs::BlobIndex,
    checkpoint::Checkpoint,
    error::LedgerError,
    merkle::Frontier,
    note::Signer,
    recover::{self, Recovery},
    storage::{Disk, Folder, Storage},
    tiles::{StoredTree, bundle_entries},
    wal::segment_name,
};

/// An open ledger: the only writer of its directory. Share it between threads by reference.
///
/// INVARIANT: what `append` returned is on disk; `size`, `root`, `get` and `iter` never show anything else.
pub struct Ledger {
    pub(crate) folder: Folder,
    pub(crate) signer: Signer,
    pub(crate) queue: Queue,
    pub(crate) writer: Mutex<Writer>,
    pub(crate) shown: RwLock<Shown>,
    pub(crate) covered: Mutex<Covered>,
    pub(crate) blobs: Mutex<BlobIndex>,
    stopped: OnceLock<String>,
    recovery: Recovery,
    /// Locked as long as the ledger is open.
    _lock: File,
}

/// What readers see. Changed only after a sync.
pub(crate) struct Shown {
    pub frontier: Frontier,
    /// Size of the newest checkpoint: entries before it are in tiles, later ones in the write-ahead log.
    pub covered: u64,
    /// Frames from `covered` on, in order.
    pub frames: Vec<FrameRef>,
}

/// Where a frame's entries stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameRef {
    pub segment: u64,
    pub first: u64,
    /// Of the payload.
    pub offset: u64,
    pub len: u64,
}

/// What the newest checkpoint covers.
pub(crate) struct Covered {
    pub frontier: Frontier,
    pub checkpoint: Checkpoint,
    /// First indices of the segments in use, the last one being written.
    pub segments: Vec<u64>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ledger {
    /// Opens the ledger in `dir`, or makes one if the directory is empty or missing. Repairs what a crash left.
    pub fn open(dir: &Path, signer: Signer) -> Result<Self, LedgerError> {
        Self::open_on(dir, signer, Arc::new(Disk))
    }

    /// The same on another storage, such as one that fails when a test wants it to.
    pub fn open_on(dir: &Path, signer: Signer, storage: Arc<dyn Storage>) -> Result<Self, LedgerError> {
        let lock = recover::lock_directory(dir)?;
        let folder = Folder::new(dir, storage);
        let found = recover::recover(&folder, &signer)?;
        Ok(Self {
            folder,
            signer,
            queue: Queue::default(),
            writer: Mutex::new(found.writer),
            shown: RwLock::new(found.shown),
            covered: Mutex::new(found.covered),
            blobs: Mutex::new(found.blobs),
            stopped: OnceLock::new(),
            recovery: found.recovery,
            _lock: lock,
        })
    }

    #[must_use]
    pub fn dir(&self) -> &Path {
        self.folder.dir()
    }

    /// What opening it had to repair.
    #[must_use]
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Number of entries.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.read_shown(|shown| shown.frontier.size())
    }

    /// Root of the Merkle tree over all entries, signed or not yet.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.read_shown(|shown| shown.frontier.root())
    }

    pub fn get(&self, index: u64) -> Result<Vec<u8>, LedgerError> {
        let chunk = self.chunk(index)?;
        let size = self.size();
        chunk.entry(index).map(<[u8]>::to_vec).ok_or(LedgerError::NoSuchEntry { index, size })
    }

    /// Entries from `from` on, up to the size that the ledger has now. Reads in large steps.
    pub fn iter(&self, from: u64) -> Entries<'_> {
        Entries { ledger: self, wanted: from..self.size(), chunk: None }
    }

    pub(crate) fn read_shown<T>(&self, read: impl FnOnce(&Shown) -> T) -> T {
        read(&self.shown.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn change_shown(&self, change: impl FnOnce(&mut Shown)) {
        change(&mut self.shown.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn check_going(&self) -> Result<(), LedgerError> {
        match self.stopped.get() {
            Some(reason) => Err(LedgerError::Stopped { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// After a failed write nobody knows what is on disk, so nothing more is written until the ledger is
    /// opened again and has looked.
    pub(crate) fn stop_on_error<T>(&self, result: Result<T, LedgerError>) -> Result<T, LedgerError> {
        if let Err(error) = &result {
            let cause = std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
            // Only the first reason is kept: the later ones follow from it.
            let _ = self.stopped.set(format!("{error}{cause}"));
        }
        result
    }

    /// The stretch of stored entries around `index`.
    fn chunk(&self, index: u64) -> Result<Chunk, LedgerError> {
        loop {
            let (covered, size, frame) = self.read_shown(|shown| {
                let at = shown.frames.partition_point(|frame| frame.first <= index);
                (shown.covered, shown.frontier.size(), at.checked_sub(1).and_then(|at| shown.frames.get(at)).copied())
            });
            if index >= size {
                return Err(LedgerError::NoSuchEntry { index, size });
            }
            let result = match frame {
                Some(frame) if index >= covered => {
                    self.read_frame(&frame).map(|payload| Chunk::new(frame.first, payload))
                }
                _ => {
                    let payload = StoredTree::new(self.dir(), covered).bundle(index / 256);
                    payload.map(|payload| Chunk::new(index / 256 * 256, payload))
                }
            };
            match result {
                // A checkpoint moved the entry meanwhile: look where it is now.
                Err(e) if e.is_not_found() && self.read_shown(|shown| shown.covered) != covered => {}
                result => return result,
            }
        }
    }

    fn read_frame(&self, frame: &FrameRef) -> Result<Vec<u8>, LedgerError> {
        let path = self.folder.path(&segment_name(frame.segment));
        let read = || {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(frame.offset))?;
            let mut payload = vec![0; usize::try_from(frame.len).unwrap_or(0)];
            file.read_exact(&mut payload)?;
            Ok(payload)
        };
        read().map_err(|e| LedgerError::io(&path, "read", e))
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("folder", &self.folder).field("signer", &self.signer).finish_non_exhaustive()
    }
}

/// Entries that are stored together.
struct Chunk {
    first: u64,
    payload: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Chunk {
    fn new(first: u64, payload: Vec<u8>) -> Self {
        let whole = bundle_entries(&payload).map_while(Result::ok);
        let places = whole.map(|(offset, entry)| offset + 2..offset + 2 + entry.len()).collect();
        Self { first, payload, places }
    }

    fn entry(&self, index: u64) -> Option<&[u8]> {
        let at = usize::try_from(index.checked_sub(self.first)?).ok()?;
        self.payload.get(self.places.get(at)?.clone())
    }
}

/// Walks through entries; see [`Ledger::iter`].
pub struct Entries<'a> {
    ledger: &'a Ledger,
    wanted: Range<u64>,
    chunk: Option<Chunk>,
}

impl Entries<'_> {
    fn read(&mut self, index: u64) -> Result<Vec<u8>, LedgerError> {
        if let Some(entry) = self.chunk.as_ref().and_then(|chunk| chunk.entry(index)) {
            return Ok(entry.to_vec());
        }
        let chunk = self.ledger.chunk(index)?;
        let size = self.ledger.size();
        let entry = chunk.entry(index).map(<[u8]>::to_vec).ok_or(LedgerError::NoSuchEntry { index, size });
        self.chunk = Some(chunk);
        entry
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Vec<u8>, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.wanted.next()?;
        let entry = self.read(index);
        if entry.is_err() {
            self.wanted.start = self.wanted.end;
        }
        Some(entry)
    }
}
