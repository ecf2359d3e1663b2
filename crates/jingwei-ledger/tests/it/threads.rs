//! Many threads at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use jingwei_ledger::{Disk, Ledger, Storage, StorageFile, prove_inclusion, read_entry};

use crate::support::{assert_clean, open, signer, verify_with};

/// A disk whose syncs take two milliseconds and are counted.
struct Slow(Arc<AtomicU64>);
struct SlowFile(Box<dyn StorageFile>, Arc<AtomicU64>);

impl Storage for Slow {
    fn create_dir(&self, path: &std::path::Path) -> std::io::Result<()> {
        Disk.create_dir(path)
    }
    fn write(&self, path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
        Disk.write(path, bytes)
    }
    fn open(&self, path: &std::path::Path) -> std::io::Result<Box<dyn StorageFile>> {
        Ok(Box::new(SlowFile(Disk.open(path)?, self.0.clone())))
    }
    fn sync(&self, _: &std::path::Path) -> std::io::Result<()> {
        Ok(())
    }
    fn sync_dir(&self, _: &std::path::Path) -> std::io::Result<()> {
        Ok(())
    }
    fn rename(&self, from: &std::path::Path, to: &std::path::Path) -> std::io::Result<()> {
        Disk.rename(from, to)
    }
    fn remove(&self, path: &std::path::Path) -> std::io::Result<()> {
        Disk.remove(path)
    }
}

impl StorageFile for SlowFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_at(offset, bytes)
    }
    fn set_len(&mut self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }
    fn sync_data(&mut self) -> std::io::Result<()> {
        thread::sleep(Duration::from_millis(2));
        self.1.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn callers_that_wait_together_share_a_sync() {
    let dir = tempfile::tempdir().unwrap();
    let syncs = Arc::new(AtomicU64::new(0));
    let ledger = Ledger::open_on(dir.path(), signer(), Arc::new(Slow(syncs.clone()))).unwrap();
    thread::scope(|scope| {
        for thread in 0..8_u8 {
            let ledger = &ledger;
            scope.spawn(move || {
                for turn in 0..25_u8 {
                    let mine = [[thread, turn, 0], [thread, turn, 1]];
                    let range = ledger.append(&mine).unwrap();
                    assert_eq!(range.end - range.start, 2);
                    // Acknowledged is readable, at the indices that were given.
                    assert_eq!(ledger.get(range.start).unwrap(), mine[0]);
                    assert_eq!(ledger.get(range.end - 1).unwrap(), mine[1]);
                }
            });
        }
    });
    assert_eq!(ledger.size(), 400);
    // One sync each would be 200.
    let syncs = syncs.load(Ordering::Relaxed);
    assert!(syncs < 120, "{syncs} syncs");
    // Every thread's entries are there once and in its order.
    let all: Vec<Vec<u8>> = ledger.iter(0).map(Result::unwrap).collect();
    for thread in 0..8 {
        let turns: Vec<u8> = all.iter().filter(|e| e[0] == thread && e[2] == 0).map(|e| e[1]).collect();
        assert_eq!(turns, (0..25).collect::<Vec<u8>>());
    }
}

#[test]
fn readers_provers_and_verifiers_are_not_disturbed_by_writers() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.append(&[b"0"]).unwrap();
    ledger.checkpoint().unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (ledger, done, dir) = (&ledger, &done, dir.path());
        scope.spawn(move || {
            for turn in 1..120_u64 {
                let batch: Vec<String> = (0..turn % 40).map(|i| format!("{turn} {i}")).collect();
                ledger.append(&batch).unwrap();
                ledger.checkpoint().unwrap();
                if turn % 10 == 0 {
                    ledger.put_blob(turn.to_string().as_bytes()).unwrap();
                }
            }
            done.store(true, Ordering::Release);
        });
        scope.spawn(move || {
            while !done.load(Ordering::Acquire) {
                let size = ledger.size();
                assert_eq!(ledger.get(0).unwrap(), b"0");
                ledger.get(size / 2).unwrap();
                ledger.get(size - 1).unwrap();
                assert!(ledger.iter(size.saturating_sub(300)).all(|entry| entry.is_ok()));
                assert_eq!(read_entry(dir, 0).unwrap(), b"0");
                let newest = ledger.checkpoint().unwrap();
                prove_inclusion(dir, 0, newest.size()).unwrap().check(b"0", &newest).unwrap();
            }
        });
        scope.spawn(move || {
            while !done.load(Ordering::Acquire) {
                let report = verify_with(dir, None);
                assert!(report.in_use || done.load(Ordering::Acquire));
                assert_eq!(report.problems, []);
            }
        });
    });
    drop(ledger);
    assert_eq!(assert_clean(dir.path(), "after it all").blobs, 11);
}
