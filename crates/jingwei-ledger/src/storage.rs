//! Everything that the ledger writes goes through one trait, so that tests can make any write or sync fail.

use std::{
    collections::{BTreeSet, HashSet},
    fmt, fs,
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use crate::error::LedgerError;

/// The writing half of a file system. Reading needs no port: what cannot be read is reported as it is.
pub trait Storage: Send + Sync {
    /// Makes one folder; that it exists already is fine.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes or replaces a file. Not durable before [`Storage::sync`] and [`Storage::sync_dir`] of its folder.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Opens an existing file to write in place.
    fn open(&self, path: &Path) -> io::Result<Box<dyn StorageFile>>;
    fn sync(&self, path: &Path) -> io::Result<()>;
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// A file that is written in place.
pub trait StorageFile: Send {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    fn set_len(&mut self, len: u64) -> io::Result<()>;
    /// Content and length are durable once it returns.
    fn sync_data(&mut self) -> io::Result<()>;
}

/// The real file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Storage for Disk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        match fs::create_dir(path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            result => result,
        }
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        fs::write(path, bytes)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        Ok(Box::new(DiskFile(fs::OpenOptions::new().write(true).open(path)?)))
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        fs::OpenOptions::new().write(true).open(path)?.sync_all()
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        // Other systems have no such call; their file systems order directory changes by themselves.
        if cfg!(unix) { fs::File::open(path)?.sync_all() } else { Ok(()) }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

struct DiskFile(fs::File);

impl StorageFile for DiskFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(offset))?;
        self.0.write_all(bytes)
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// A ledger's directory as its writer sees it: paths are relative to it, errors name the file.
pub(crate) struct Folder {
    dir: PathBuf,
    storage: Arc<dyn Storage>,
    temporary: AtomicU64,
    made: Mutex<HashSet<String>>,
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Folder({})", self.dir.display())
    }
}

/// Where half-written files live until they are renamed to their place.
pub(crate) const TEMPORARY: &str = "tmp";

impl Folder {
    pub fn new(dir: &Path, storage: Arc<dyn Storage>) -> Self {
        Self { dir: dir.to_owned(), storage, temporary: AtomicU64::new(0), made: Mutex::default() }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Makes the folder `name` and those above it, durably.
    pub fn make_dir(&self, name: &str) -> Result<(), LedgerError> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.contains(name) {
            return Ok(());
        }
        let ends = name.match_indices('/').map(|(at, _)| at).chain([name.len()]);
        let mut parent = "";
        for end in ends {
            let here = &name[..end];
            if !made.contains(here) {
                let path = self.path(here);
                if !path.is_dir() {
                    self.storage.create_dir(&path).map_err(|e| LedgerError::io(&path, "made", e))?;
                }
                // Also when it is there: an earlier process may have died before this sync.
                self.sync_dir(parent)?;
                made.insert(here.to_owned());
            }
            parent = here;
        }
        Ok(())
    }

    /// Writes a file beside its place and gives its temporary path.
    pub fn write_aside(&self, bytes: &[u8]) -> Result<PathBuf, LedgerError> {
        let number = self.temporary.fetch_add(1, Ordering::Relaxed);
        let path = self.path(TEMPORARY).join(number.to_string());
        self.storage.write(&path, bytes).map_err(|e| LedgerError::io(&path, "written", e))?;
        Ok(path)
    }

    pub fn sync(&self, path: &Path) -> Result<(), LedgerError> {
        self.storage.sync(path).map_err(|e| LedgerError::io(path, "synced", e))
    }

    pub fn sync_dir(&self, name: &str) -> Result<(), LedgerError> {
        let path = self.path(name);
        self.storage.sync_dir(&path).map_err(|e| LedgerError::io(&path, "synced", e))
    }

    pub fn rename(&self, from: &Path, name: &str) -> Result<(), LedgerError> {
        let to = self.path(name);
        self.storage.rename(from, &to).map_err(|e| LedgerError::io(&to, "put in its place", e))
    }

    /// Puts a file in its place whole or not at all, durably.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), LedgerError> {
        let aside = self.write_aside(bytes)?;
        self.sync(&aside)?;
        self.rename(&aside, name)?;
        self.sync_dir(parent_of(name))
    }

    pub fn open(&self, name: &str) -> Result<Box<dyn StorageFile>, LedgerError> {
        let path = self.path(name);
        self.storage.open(&path).map_err(|e| LedgerError::io(&path, "opened", e))
    }

    /// Removes a file if it is there. Its folder is not synced.
    pub fn remove(&self, name: &str) -> Result<(), LedgerError> {
        let path = self.path(name);
        match self.storage.remove(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(LedgerError::io(&path, "removed", e)),
            _ => Ok(()),
        }
    }

    /// Removes the folder `name` if nothing is left in it. An empty folder does no harm, so failure is no error.
    pub fn forget_empty_dir(&self, name: &str) {
        if fs::remove_dir(self.path(name)).is_ok() {
            self.made.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        }
    }
}

pub(crate) fn parent_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Many files that become durable together. Syncs run side by side: a disk joins them into few flushes.
pub(crate) struct Batch<'a> {
    folder: &'a Folder,
    waiting: Vec<(PathBuf, String)>,
    dirs: BTreeSet<String>,
}

const BATCH_FILES: usize = 256;
const SYNC_THREADS: usize = 8;

impl<'a> Batch<'a> {
    pub fn new(folder: &'a Folder) -> Self {
        Self { folder, waiting: Vec::new(), dirs: BTreeSet::new() }
    }

    pub fn put(&mut self, name: String, bytes: &[u8]) -> Result<(), LedgerError> {
        self.folder.make_dir(parent_of(&name))?;
        let aside = self.folder.write_aside(bytes)?;
        self.dirs.insert(parent_of(&name).to_owned());
        self.waiting.push((aside, name));
        if self.waiting.len() >= BATCH_FILES { self.settle() } else { Ok(()) }
    }

    fn settle(&mut self) -> Result<(), LedgerError> {
        let folder = self.folder;
        side_by_side(&self.waiting, |(aside, _)| folder.sync(aside))?;
        for (aside, name) in self.waiting.drain(..) {
            folder.rename(&aside, &name)?;
        }
        Ok(())
    }

    /// Everything put so far is durable once it returns.
    pub fn finish(mut self) -> Result<(), LedgerError> {
        self.settle()?;
        let folder = self.folder;
        let dirs: Vec<String> = self.dirs.into_iter().collect();
        side_by_side(&dirs, |dir| folder.sync_dir(dir))
    }
}

/// Does `work` on every item, a few at once, and gives the first error.
fn side_by_side<T: Sync>(items: &[T], work: impl Fn(&T) -> Result<(), LedgerError> + Sync) -> Result<(), LedgerError> {
    if items.len() < 4 {
        return items.iter().try_for_each(work);
    }
    let share = items.len().div_ceil(SYNC_THREADS);
    thread::scope(|scope| {
        let threads: Vec<_> =
            items.chunks(share).map(|chunk| scope.spawn(|| chunk.iter().try_for_each(&work))).collect();
        threads.into_iter().try_for_each(|handle| match handle.join() {
            Ok(result) => result,
            Err(_) => Err(LedgerError::Stopped { reason: "a syncing thread died".to_owned() }),
        })
    })
}
