//! Ledgers of version 1 stay readable for ever, and the format does not change by accident.

use std::{fs, path::PathBuf};

use jingwei_core::{Digest, Limits};
use jingwei_ledger::{
    Checkpoint, ConsistencyProof, InclusionProof, Ledger, export, prove_consistency, prove_inclusion,
};

use crate::support::{assert_clean, files, open, signer, write_files};

fn testdata() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

fn record(index: u64) -> Vec<u8> {
    format!("record {index} / 第 {index} 条").into_bytes()
}

/// Makes everything that `testdata/` holds.
fn make(dir: &std::path::Path) {
    let ledger = open(&dir.join("v1-ledger"));
    ledger.append(&(0..3).map(record).collect::<Vec<_>>()).unwrap();
    let older = ledger.checkpoint().unwrap();
    ledger.put_blob("a blob\n".as_bytes()).unwrap();
    ledger.append(&(3..260).map(record).collect::<Vec<_>>()).unwrap();
    ledger.checkpoint().unwrap();
    ledger.append(&[record(260)]).unwrap();
    drop(ledger);
    let ledger = dir.join("v1-ledger");
    export(&ledger, &dir.join("v1-export")).unwrap();
    let inclusion = serde_json::to_string_pretty(&prove_inclusion(&ledger, 7, 260).unwrap()).unwrap();
    fs::write(dir.join("v1-inclusion-proof.json"), inclusion + "\n").unwrap();
    let consistency = serde_json::to_string_pretty(&prove_consistency(&ledger, 3, 260).unwrap()).unwrap();
    fs::write(dir.join("v1-consistency-proof.json"), consistency + "\n").unwrap();
    fs::write(dir.join("v1-checkpoint-3"), older.note()).unwrap();
}

#[test]
fn a_ledger_of_version_1_verifies_opens_and_goes_on() {
    let report = assert_clean(&testdata().join("v1-ledger"), "testdata/v1-ledger");
    assert_eq!((report.entries, report.unsigned, report.blobs), (261, 1, 1));
    let export = assert_clean(&testdata().join("v1-export"), "testdata/v1-export");
    assert!(export.is_export && export.entries == 260);

    let copy = tempfile::tempdir().unwrap();
    write_files(copy.path(), &files(&testdata().join("v1-ledger")));
    let ledger = Ledger::open(copy.path(), signer()).unwrap();
    for (index, found) in (0..).zip(ledger.iter(0)) {
        assert_eq!(found.unwrap(), record(index));
    }
    assert_eq!(ledger.get_blob(&Digest::of(b"a blob\n")).unwrap(), b"a blob\n");
    assert_eq!(ledger.append(&[record(261)]).unwrap(), 261..262);
    ledger.checkpoint().unwrap();
    drop(ledger);
    assert_clean(copy.path(), "a continued ledger");
}

#[test]
fn proofs_of_version_1_still_prove() {
    let read = |name: &str| fs::read_to_string(testdata().join(name)).unwrap();
    let limits = Limits::default();
    let open = |note: &str| Checkpoint::open(note, signer().verifier_key(), &limits).unwrap();
    let inclusion = InclusionProof::parse(&read("v1-inclusion-proof.json"), &limits).unwrap();
    let newer = open(inclusion.checkpoint.as_deref().unwrap());
    assert_eq!(inclusion.check(&record(7), &newer), Ok(()));
    let consistency = ConsistencyProof::parse(&read("v1-consistency-proof.json"), &limits).unwrap();
    assert_eq!(consistency.check(&open(&read("v1-checkpoint-3")), &newer), Ok(()));
}

#[test]
fn the_format_is_still_that_of_version_1() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let (made, kept) = (files(dir.path()), files(&testdata()));
    assert_eq!(made.keys().collect::<Vec<_>>(), kept.keys().collect::<Vec<_>>());
    for (name, bytes) in &made {
        assert!(
            *bytes == kept[name],
            "{name} is written differently: give the format a new version, and keep the old one readable"
        );
    }
}
