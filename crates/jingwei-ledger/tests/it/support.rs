use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use jingwei_core::{Limits, NoProgress};
use jingwei_ledger::{
    Checkpoint, Disk, Ledger, Problem, Signer, Storage, StorageFile, VerifyInput, VerifyReport, verify,
};

pub const ORIGIN: &str = "example.com/ledger";

pub fn signer() -> Signer {
    Signer::new(ORIGIN, &[7; 32]).unwrap()
}

/// The disk without its waiting: syncs are counted and take no time.
#[derive(Default)]
pub struct Unsynced {
    pub syncs: AtomicU64,
}

struct UnsyncedFile(Box<dyn StorageFile>);

impl Storage for Unsynced {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        Disk.create_dir(path)
    }
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        Disk.write(path, bytes)
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        Ok(Box::new(UnsyncedFile(Disk.open(path)?)))
    }
    fn sync(&self, _path: &Path) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.sync(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }
}

impl StorageFile for UnsyncedFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, bytes)
    }
    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }
    fn sync_data(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub fn open(dir: &Path) -> Ledger {
    Ledger::open_on(dir, signer(), Arc::new(Unsynced::default())).unwrap()
}

/// Entry `i`: of every length, some long, and telling its index.
pub fn entry(i: u64) -> Vec<u8> {
    let mut bytes = format!("{{\"entry\":{i}}}").into_bytes();
    let more = if i % 100 == 64 { 30_000 } else { i % 23 };
    bytes.resize(bytes.len() + usize::try_from(more).unwrap(), b'.');
    bytes
}

pub fn entries(from: u64, to: u64) -> Vec<Vec<u8>> {
    (from..to).map(entry).collect()
}

pub fn verify_with(dir: &Path, kept: Option<&Checkpoint>) -> VerifyReport {
    let signer = signer();
    let limits = Limits::default();
    let input = VerifyInput { key: Some(signer.verifier_key()), kept, limits: &limits, progress: &NoProgress };
    verify(dir, &input).unwrap()
}

pub fn problems(dir: &Path) -> Vec<Problem> {
    verify_with(dir, None).problems
}

/// Fails with every problem and its text.
pub fn assert_clean(dir: &Path, context: &str) -> VerifyReport {
    let report = verify_with(dir, None);
    let texts: Vec<String> = report.problems.iter().map(|p| format!("{:?}: {}", p.place, p.what.text().en)).collect();
    assert!(texts.is_empty(), "{context}: {texts:#?}");
    report
}

/// Every file below `dir`, by its name relative to it.
pub fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(dir: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{name}/"), found);
            } else {
                found.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(dir, "", &mut found);
    found
}

pub fn write_files(dir: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for (name, bytes) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// When and how a storage fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The operation fails and does nothing; later ones work.
    Once,
    /// A write does half its work and reports that the disk is full; later ones work.
    HalfThenFull,
    /// The operation and all later ones fail: what is visible stays (the process was killed).
    Dead,
    /// As `Dead`, and power is lost: what was not synced is kept in part, chosen by the number.
    PowerLoss(u64),
}

#[derive(Default)]
struct World {
    operations: u64,
    next_inode: u64,
    names: BTreeMap<PathBuf, u64>,
    durable_names: BTreeMap<PathBuf, u64>,
    content: BTreeMap<u64, Vec<u8>>,
    synced: BTreeMap<u64, Vec<u8>>,
    /// Sectors that the next sync of the file writes.
    dirty: BTreeMap<u64, BTreeSet<usize>>,
}

/// Fails at the `fail_at`-th operation, counted from 1, and knows what a power loss would leave.
pub struct Faulty {
    fail_at: u64,
    fault: Fault,
    world: Arc<Mutex<World>>,
}

const SECTOR: usize = 512;

enum Verdict {
    Go,
    Half,
    Fail(io::Error),
}

impl World {
    fn judge(&mut self, fail_at: u64, fault: Fault) -> Verdict {
        self.operations += 1;
        let broken = || io::Error::other("injected fault");
        match self.operations.cmp(&fail_at) {
            std::cmp::Ordering::Less => Verdict::Go,
            std::cmp::Ordering::Equal if fault == Fault::HalfThenFull => Verdict::Half,
            std::cmp::Ordering::Equal => Verdict::Fail(broken()),
            std::cmp::Ordering::Greater => match fault {
                Fault::Once | Fault::HalfThenFull => Verdict::Go,
                Fault::Dead | Fault::PowerLoss(_) => Verdict::Fail(broken()),
            },
        }
    }

    fn write(&mut self, inode: u64, at: usize, bytes: &[u8]) {
        let content = self.content.entry(inode).or_default();
        content.resize(content.len().max(at + bytes.len()), 0);
        content[at..at + bytes.len()].copy_from_slice(bytes);
        self.dirty.entry(inode).or_default().extend(at / SECTOR..(at + bytes.len()).div_ceil(SECTOR));
    }

    fn sync(&mut self, inode: u64) {
        let content = &self.content[&inode];
        let synced = self.synced.entry(inode).or_default();
        synced.resize(content.len(), 0);
        for sector in self.dirty.remove(&inode).unwrap_or_default() {
            let range = (sector * SECTOR).min(content.len())..((sector + 1) * SECTOR).min(content.len());
            synced[range.clone()].copy_from_slice(&content[range]);
        }
    }

    /// As Linux does: pages whose write-back failed count as clean, so that a later sync says it succeeded.
    fn fail_sync(&mut self, inode: u64) {
        self.dirty.remove(&inode);
    }

    /// What a disk holds after power was lost: sectors and names that were not synced are there or not.
    fn after_power_loss(&self, seed: u64) -> BTreeMap<PathBuf, Vec<u8>> {
        let chance = |parts: &[u64]| {
            let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678;
            for part in parts {
                x = (x ^ part).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                x ^= x >> 29;
            }
            // Seed 0 loses everything that was not synced.
            seed > 0 && x & 1 == 1
        };
        let mut disk = BTreeMap::new();
        let paths: BTreeSet<&PathBuf> = self.names.keys().chain(self.durable_names.keys()).collect();
        for (number, path) in (0..).zip(paths) {
            let (now, durable) = (self.names.get(path), self.durable_names.get(path));
            let Some(inode) = (if chance(&[1, number]) { now } else { durable }) else { continue };
            let synced = self.synced.get(inode).cloned().unwrap_or_default();
            let content = &self.content[inode];
            let mut bytes = synced;
            for (sector, chunk) in content.chunks(SECTOR).enumerate() {
                let at = sector * SECTOR;
                if chance(&[2, *inode, sector as u64]) {
                    bytes.resize(bytes.len().max(at + chunk.len()), 0);
                    bytes[at..at + chunk.len()].copy_from_slice(chunk);
                }
            }
            disk.insert(path.clone(), bytes);
        }
        disk
    }
}

impl Faulty {
    pub fn new(fail_at: u64, fault: Fault) -> Self {
        Self { fail_at, fault, world: Arc::default() }
    }

    pub fn operations(&self) -> u64 {
        self.world.lock().unwrap().operations
    }

    /// Leaves in `dir` what the fault leaves there.
    pub fn strike(&self, dir: &Path) {
        if let Fault::PowerLoss(seed) = self.fault {
            self.lose_power(dir, seed);
        }
    }

    pub fn lose_power(&self, dir: &Path, seed: u64) {
        let disk = self.world.lock().unwrap().after_power_loss(seed);
        for name in files(dir).keys().filter(|name| name.as_str() != "lock") {
            fs::remove_file(dir.join(name)).unwrap();
        }
        for (path, bytes) in disk {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    /// The same disk in the hands of a next process, from now on without faults.
    pub fn mended(&self) -> Self {
        Self { fail_at: u64::MAX, fault: self.fault, world: self.world.clone() }
    }

    fn sync_inode(&self, inode: u64) -> io::Result<()> {
        let synced = self.act(|world, half| {
            if half {
                world.fail_sync(inode)
            } else {
                world.sync(inode)
            }
            Ok(())
        });
        if synced.is_err() {
            self.world.lock().unwrap().fail_sync(inode);
        }
        synced
    }

    fn act<T>(&self, work: impl FnOnce(&mut World, bool) -> io::Result<T>) -> io::Result<T> {
        let mut world = self.world.lock().unwrap();
        match world.judge(self.fail_at, self.fault) {
            Verdict::Go => work(&mut world, false),
            Verdict::Half => {
                work(&mut world, true)?;
                Err(io::ErrorKind::StorageFull.into())
            }
            Verdict::Fail(e) => Err(e),
        }
    }
}

impl Storage for Faulty {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.act(|_, _| Disk.create_dir(path))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.act(|world, half| {
            let bytes = if half { &bytes[..bytes.len() / 2] } else { bytes };
            let inode = world.next_inode;
            world.next_inode += 1;
            world.names.insert(path.to_owned(), inode);
            world.write(inode, 0, bytes);
            fs::write(path, bytes)
        })
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        self.act(|world, _| {
            let inode = world.names[path];
            let storage = Faulty { fail_at: self.fail_at, fault: self.fault, world: self.world.clone() };
            Ok(Box::new(FaultyFile { storage, inode, disk: Disk.open(path)? }) as Box<dyn StorageFile>)
        })
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        let inode = self.world.lock().unwrap().names[path];
        self.sync_inode(inode)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let path = path.components().as_path();
        self.act(|world, half| {
            if !half {
                world.durable_names.retain(|name, _| name.parent() != Some(path));
                let here = world.names.iter().filter(|(name, _)| name.parent() == Some(path));
                let here: Vec<_> = here.map(|(name, inode)| (name.clone(), *inode)).collect();
                world.durable_names.extend(here);
            }
            Ok(())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.act(|world, half| {
            if half {
                return Ok(());
            }
            let inode = world.names.remove(from).unwrap();
            world.names.insert(to.to_owned(), inode);
            Disk.rename(from, to)
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.act(|world, half| {
            if half {
                return Ok(());
            }
            world.names.remove(path);
            Disk.remove(path)
        })
    }
}

struct FaultyFile {
    storage: Faulty,
    inode: u64,
    disk: Box<dyn StorageFile>,
}

impl StorageFile for FaultyFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let Self { storage, inode, disk } = self;
        storage.act(|world, half| {
            let bytes = if half { &bytes[..bytes.len() / 2] } else { bytes };
            world.write(*inode, usize::try_from(offset).unwrap(), bytes);
            disk.write_at(offset, bytes)
        })
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        let Self { storage, inode, disk } = self;
        storage.act(|world, _| {
            world.content.get_mut(inode).unwrap().resize(usize::try_from(len).unwrap(), 0);
            disk.set_len(len)
        })
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.storage.sync_inode(self.inode)
    }
}
