//! Fail-at-N loops: every single write, sync, rename and removal fails once, in every way that it can fail.

use std::{path::Path, sync::Arc};

use jingwei_core::Digest;
use jingwei_ledger::{Checkpoint, Ledger, LedgerError, ProofError, prove_consistency};

use crate::support::{Fault, Faulty, assert_clean, entries, entry, open, signer, verify_with};

/// What the ledger promised before it failed.
#[derive(Default)]
struct Promised {
    /// Appends that returned.
    size: u64,
    /// Entries of the append that failed: there or not there, all or none.
    maybe: u64,
    checkpoint: Option<Checkpoint>,
    blobs: Vec<(Digest, Vec<u8>)>,
}

/// Does everything that writes, up to the first failure. `Err` is that failure.
fn work(dir: &Path, storage: Arc<Faulty>, promised: &mut Promised) -> Result<(), LedgerError> {
    let ledger = Ledger::open_on(dir, signer(), storage)?;
    let result = use_ledger(&ledger, promised);
    if let Err(error) = &result {
        assert!(!error.to_string().is_empty());
        // No more writes after a failed one: nobody knows what is on the disk.
        let again = ledger.append(&[b"more"]).unwrap_err();
        assert!(matches!(again, LedgerError::Stopped { .. }), "{again}");
        assert!(matches!(ledger.checkpoint(), Err(LedgerError::Stopped { .. })));
        assert!(matches!(ledger.put_blob(b"new"), Err(LedgerError::Stopped { .. })));
        // Reading goes on, and shows what was acknowledged.
        assert_eq!(ledger.size(), promised.size);
        for (index, found) in (0..).zip(ledger.iter(0)) {
            assert_eq!(found.unwrap(), entry(index));
        }
    }
    result
}

fn use_ledger(ledger: &Ledger, promised: &mut Promised) -> Result<(), LedgerError> {
    let append = |count: u64, promised: &mut Promised| {
        promised.maybe = count;
        let range = ledger.append(&entries(promised.size, promised.size + count))?;
        assert_eq!(range, promised.size..promised.size + count);
        promised.size += count;
        promised.maybe = 0;
        Ok::<(), LedgerError>(())
    };
    append(1, promised)?;
    append(3, promised)?;
    promised.checkpoint = Some(ledger.checkpoint()?);
    for blob in [b"first blob".as_slice(), b"second"] {
        promised.blobs.push((ledger.put_blob(blob)?, blob.to_vec()));
    }
    append(254, promised)?;
    append(1, promised)?;
    promised.checkpoint = Some(ledger.checkpoint()?);
    append(110, promised)?;
    append(2, promised)
}

/// The ledger opens again and everything promised is there, unchanged, and verifies.
fn check_kept(dir: &Path, promised: &Promised, context: &str) {
    let ledger = open(dir);
    let size = ledger.size();
    let kept = size == promised.size || size == promised.size + promised.maybe;
    assert!(kept, "{context}: {size} entries, promised {} (+{})", promised.size, promised.maybe);
    for (index, found) in (0..).zip(ledger.iter(0)) {
        assert_eq!(found.unwrap(), entry(index), "{context}");
    }
    for (digest, blob) in &promised.blobs {
        assert_eq!(ledger.get_blob(digest).unwrap(), *blob, "{context}");
    }
    // And it goes on from there.
    assert_eq!(ledger.append(&entries(size, size + 2)).unwrap(), size..size + 2, "{context}");
    let newer = ledger.checkpoint().unwrap();
    drop(ledger);
    let report = assert_clean(dir, context);
    assert_eq!((report.entries, report.unsigned), (size + 2, 0), "{context}");
    if let Some(older) = &promised.checkpoint {
        let proof = prove_consistency(dir, older.size(), newer.size()).unwrap();
        assert_eq!(proof.check(older, &newer), Ok::<(), ProofError>(()), "{context}");
        assert!(verify_with(dir, Some(older)).problems.is_empty(), "{context}");
    }
}

fn fail_at_every_operation(fault: Fault) {
    let mut failed = 0;
    for fail_at in 1.. {
        let dir = tempfile::tempdir().unwrap();
        let storage = Arc::new(Faulty::new(fail_at, fault));
        let mut promised = Promised::default();
        let result = work(dir.path(), storage.clone(), &mut promised);
        let all = storage.operations();
        storage.strike(dir.path());
        check_kept(dir.path(), &promised, &format!("{fault:?} at operation {fail_at}"));
        if result.is_ok() {
            assert!(fail_at > all, "operation {fail_at} failed and nobody said so");
            break;
        }
        failed += 1;
    }
    assert!(failed > 60, "only {failed} operations");
}

#[test]
fn any_failing_operation_loses_nothing() {
    fail_at_every_operation(Fault::Once);
}

#[test]
fn a_full_disk_at_any_operation_loses_nothing() {
    fail_at_every_operation(Fault::HalfThenFull);
}

#[test]
fn a_kill_at_any_operation_loses_nothing() {
    fail_at_every_operation(Fault::Dead);
}

#[test]
fn a_power_loss_at_any_operation_loses_nothing() {
    // Nothing that was not synced reached the disk; some of it did, chosen by the number.
    fail_at_every_operation(Fault::PowerLoss(0));
    fail_at_every_operation(Fault::PowerLoss(1));
}

/// The failed sync leaves pages that can be read but are not on the disk, and no later sync brings them there.
#[test]
fn a_power_loss_after_reopening_over_a_failed_operation_loses_nothing() {
    for fail_at in 1.. {
        let dir = tempfile::tempdir().unwrap();
        let context = format!("operation {fail_at} fails, power is lost later");
        let storage = Arc::new(Faulty::new(fail_at, Fault::Once));
        let mut promised = Promised::default();
        let failed = work(dir.path(), storage.clone(), &mut promised).is_err();
        let next = Arc::new(storage.mended());
        let ledger = Ledger::open_on(dir.path(), signer(), next.clone()).unwrap();
        let size = ledger.size();
        promised.size = ledger.append(&entries(size, size + 2)).unwrap().end;
        promised.maybe = 0;
        if fail_at % 2 == 0 {
            promised.checkpoint = Some(ledger.checkpoint().unwrap());
            promised.size = ledger.append(&entries(size + 2, size + 3)).unwrap().end;
        }
        promised.blobs.push((ledger.put_blob(b"third").unwrap(), b"third".to_vec()));
        drop(ledger);
        next.lose_power(dir.path(), 0);
        check_kept(dir.path(), &promised, &context);
        if !failed {
            break;
        }
    }
}

#[test]
fn a_full_disk_is_named_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Arc::new(Faulty::new(40, Fault::HalfThenFull));
    let mut promised = Promised::default();
    let error = work(dir.path(), storage, &mut promised).unwrap_err();
    assert!(error.to_string().starts_with("no space is left to write"), "{error}");
}
