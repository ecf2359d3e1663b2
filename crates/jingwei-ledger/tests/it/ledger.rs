//! Opening, appending, reading, blobs, exports: the everyday use.

use std::fs;

use jingwei_core::{Digest, Limits, NoProgress};
use jingwei_ledger::{
    Ledger, LedgerError, MAX_ENTRY_BYTES, Signer, VerifyInput, empty_root, export, leaf_hash, node_hash, read_entry,
    verify,
};

use crate::support::{assert_clean, entries, entry, files, open, signer, verify_with, write_files};

#[test]
fn what_is_appended_is_read_back_before_and_after_checkpoints_and_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let mut size = 0;
    for (round, count) in [0, 1, 254, 1, 1, 255, 300, 70].into_iter().enumerate() {
        let ledger = open(dir.path());
        assert_eq!(ledger.size(), size);
        assert_eq!(ledger.append(&entries(size, size + count)).unwrap(), size..size + count);
        size += count;
        let root = ledger.root();
        if round % 2 == 0 {
            let checkpoint = ledger.checkpoint().unwrap();
            assert_eq!((checkpoint.size(), checkpoint.root()), (size, root));
            assert_eq!(ledger.checkpoint().unwrap(), checkpoint, "nothing new, nothing signed");
        }
        assert_eq!(ledger.root(), root);
        let all: Vec<Vec<u8>> = ledger.iter(0).map(Result::unwrap).collect();
        assert_eq!(all, entries(0, size));
        assert_eq!(ledger.iter(size.saturating_sub(3)).count() as u64, size.min(3));
        for index in (0..size).step_by(37) {
            assert_eq!(ledger.get(index).unwrap(), entry(index));
        }
        assert!(matches!(ledger.get(size), Err(LedgerError::NoSuchEntry { .. })));
        drop(ledger);
        let report = assert_clean(dir.path(), "between openings");
        assert_eq!((report.entries, report.in_use), (size, false));
    }
    assert_eq!(read_entry(dir.path(), 5).unwrap(), entry(5));
}

#[test]
fn the_root_is_that_of_the_tree() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    assert_eq!(ledger.root(), empty_root());
    assert_eq!(ledger.checkpoint().unwrap().size(), 0);
    ledger.append(&[b"a", b"b", b"c"]).unwrap();
    let [a, b, c] = [b"a", b"b", b"c"].map(|entry| leaf_hash(entry));
    assert_eq!(ledger.root(), node_hash(&node_hash(&a, &b), &c));
}

#[test]
fn entries_may_be_empty_and_as_long_as_their_length_can_tell() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let long = vec![0; MAX_ENTRY_BYTES];
    assert_eq!(ledger.append(&[Vec::new(), long.clone(), vec![0]]).unwrap(), 0..3);
    let error = ledger.append(&[vec![1], vec![0; MAX_ENTRY_BYTES + 1]]).unwrap_err();
    assert!(error.to_string().contains("entry 1 of the call has 65536 bytes"), "{error}");
    assert!(matches!(ledger.append(&vec![long.clone(); 1025]), Err(LedgerError::BatchTooLarge { .. })));
    assert_eq!(ledger.append::<Vec<u8>>(&[]).unwrap(), 3..3);
    assert_eq!(ledger.size(), 3, "a refused call leaves nothing");
    ledger.checkpoint().unwrap();
    ledger.append(std::slice::from_ref(&long)).unwrap();
    assert_eq!(ledger.iter(0).map(|e| e.unwrap().len()).collect::<Vec<_>>(), [0, 65_535, 1, 65_535]);
    drop(ledger);
    assert_eq!(assert_clean(dir.path(), "long entries").entries, 4);
    assert_eq!(open(dir.path()).get(3).unwrap(), long);
}

#[test]
fn a_ledger_has_one_writer_one_key_and_a_place_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let check = |dir: &std::path::Path, signer: Signer, expected: &str| {
        let error = Ledger::open(dir, signer).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(&dir.display().to_string()), "{error}");
    };
    check(dir.path(), signer(), "in use by another process");
    drop(ledger);
    check(dir.path(), Signer::new("example.com/other", &[7; 32]).unwrap(), "belongs to key");
    check(dir.path(), Signer::new("example.com/ledger", &[8; 32]).unwrap(), "belongs to key");
    let foreign = tempfile::tempdir().unwrap();
    fs::write(foreign.path().join("letter.txt"), "dear").unwrap();
    check(foreign.path(), signer(), "not a ledger");
    assert_eq!(files(foreign.path()).len(), 1, "nothing was touched");
}

#[test]
fn opening_refuses_what_it_cannot_trust_and_changes_nothing() {
    let good = tempfile::tempdir().unwrap();
    let ledger = open(good.path());
    ledger.append(&entries(0, 300)).unwrap();
    ledger.checkpoint().unwrap();
    ledger.append(&entries(300, 310)).unwrap();
    drop(ledger);
    let good = files(good.path());
    let wal = "wal/00000000000000000300.wal";
    let flip = |name: &'static str, at: usize| {
        move |files: &mut std::collections::BTreeMap<String, Vec<u8>>| files.get_mut(name).unwrap()[at] ^= 1
    };
    type Change = Box<dyn Fn(&mut std::collections::BTreeMap<String, Vec<u8>>)>;
    let cases: [(Change, &str); 8] = [
        (Box::new(flip(wal, 100)), "is corrupt at byte 32"),
        (Box::new(flip(wal, 8)), "is corrupt at byte 0"),
        (Box::new(flip("checkpoint", 25)), "does not fit"),
        (Box::new(flip("vkey", 3)), "belongs to key"),
        (Box::new(|files| drop(files.remove("checkpoint"))), "is missing although"),
        (Box::new(move |files| drop(files.remove(wal))), "is missing although"),
        (Box::new(flip("tile/entries/000", 40)), "nothing was changed"),
        (Box::new(|files| files.get_mut("blobs/index").unwrap().extend([b'x'; 148])), "is corrupt at byte 0"),
    ];
    for (change, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let mut damaged = good.clone();
        change(&mut damaged);
        if expected == "nothing was changed" {
            // Tiles lead open past the entries; only when they are gone are the entries looked at.
            damaged.remove("tile/1/000.p/1");
        }
        write_files(dir.path(), &damaged);
        let error = Ledger::open(dir.path(), signer()).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert_eq!(files(dir.path()), damaged, "{expected}");
    }
}

#[test]
fn lost_hash_tiles_are_made_again_from_the_entries() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.append(&entries(0, 600)).unwrap();
    ledger.checkpoint().unwrap();
    drop(ledger);
    let good = files(dir.path());
    // At the right edge, opening sees it by itself.
    fs::remove_dir_all(dir.path().join("tile/1")).unwrap();
    fs::write(dir.path().join("tile/0/002.p/88"), "damaged").unwrap();
    let ledger = open(dir.path());
    assert!(ledger.recovery().rebuilt_tiles);
    assert_eq!(files(dir.path()), good);
    // Elsewhere it is done on request.
    fs::remove_file(dir.path().join("tile/0/001")).unwrap();
    ledger.rebuild_tiles().unwrap();
    assert_eq!(files(dir.path()), good);
    drop(ledger);
    assert_clean(dir.path(), "rebuilt");
}

#[test]
fn an_orderly_end_leaves_nothing_to_recover() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path(), signer()).unwrap();
    ledger.append(&entries(0, 5)).unwrap();
    ledger.checkpoint().unwrap();
    ledger.append(&entries(5, 7)).unwrap();
    ledger.put_blob(b"blob").unwrap();
    drop(ledger);
    let before = files(dir.path());
    let recovery = Ledger::open(dir.path(), signer()).unwrap().recovery().clone();
    assert_eq!(
        format!("{recovery:?}"),
        "Recovery { unsigned_entries: 2, cut_bytes: 0, rebuilt_tiles: false, listed_blobs: 0 }"
    );
    assert_eq!(files(dir.path()), before);
}

#[test]
fn blobs_are_kept_by_their_digest() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let large = vec![7; 200_000];
    for blob in [b"".as_slice(), b"abc", &large, b"abc"] {
        let digest = ledger.put_blob(blob).unwrap();
        assert_eq!(digest, Digest::of(blob));
        assert_eq!(ledger.get_blob(&digest).unwrap(), blob);
    }
    let nothing = Digest::of(b"nothing");
    assert!(matches!(ledger.get_blob(&nothing), Err(LedgerError::NoSuchBlob { digest }) if digest == nothing));
    let abc = dir.path().join("blobs/ba/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    fs::write(&abc, "abd").unwrap();
    assert!(ledger.get_blob(&Digest::of(b"abc")).unwrap_err().to_string().contains("does not have the digest"));
    assert!(ledger.put_blob(b"abc").is_err(), "a damaged blob does not pass for a good one");
    fs::write(&abc, "abc").unwrap();
    drop(ledger);
    assert_eq!(assert_clean(dir.path(), "blobs").blobs, 3);
}

#[test]
fn a_blob_that_a_crash_left_unlisted_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    for blob in [b"one".as_slice(), b"two"] {
        ledger.put_blob(blob).unwrap();
    }
    drop(ledger);
    let index = fs::read(dir.path().join("blobs/index")).unwrap();
    for cut in [0, 74, 80, 147] {
        fs::write(dir.path().join("blobs/index"), &index[..cut]).unwrap();
        assert!(!verify_with(dir.path(), None).problems.is_empty());
        let ledger = open(dir.path());
        assert!(ledger.recovery().listed_blobs > 0);
        drop(ledger);
        assert_eq!(assert_clean(dir.path(), "listed again").blobs, 2);
    }
}

#[test]
fn an_export_verifies_by_itself_and_overwrites_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    for (from, to) in [(0, 0), (0, 256), (256, 700)] {
        ledger.append(&entries(from, to)).unwrap();
        let checkpoint = ledger.checkpoint().unwrap();
        let copy = out.path().join(format!("copy-{to}"));
        ledger.put_blob(b"blob").unwrap();
        // While the ledger is open, and with entries that are not signed yet.
        ledger.append(&[b"unsigned"]).unwrap();
        let report = export(dir.path(), &copy).unwrap();
        assert_eq!((report.entries, report.unsigned, report.blobs, report.is_export), (checkpoint.size(), 0, 1, true));
        assert!(copy.join("README").exists() && !copy.join("wal").exists());
        assert_eq!(verify_with(&copy, Some(&checkpoint)).problems, []);
        assert!(matches!(export(dir.path(), &copy), Err(LedgerError::Exists { .. })));
    }
    drop(ledger);
    fs::write(dir.path().join("tile/entries/001"), "damaged").unwrap();
    assert!(export(dir.path(), &out.path().join("bad")).is_err());
}

#[test]
fn without_a_trusted_key_the_report_says_so() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).append(&entries(0, 2)).unwrap();
    let limits = Limits::default();
    let input = VerifyInput { key: None, kept: None, limits: &limits, progress: &NoProgress };
    let report = verify(dir.path(), &input).unwrap();
    assert!(report.problems.is_empty() && !report.key_is_trusted);
    assert_eq!(report.key.as_ref(), Some(signer().verifier_key()));
    let stranger = Signer::new("example.com/ledger", &[9; 32]).unwrap();
    let input = VerifyInput { key: Some(stranger.verifier_key()), ..input };
    let places: Vec<_> = verify(dir.path(), &input).unwrap().problems.into_iter().map(|p| p.place.path).collect();
    assert_eq!(places, [Some("vkey".to_owned()), Some("checkpoint".to_owned())]);
    assert!(verify(&dir.path().join("missing"), &input).is_err());
}

#[test]
fn crossing_a_limit_is_a_problem_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.append(&entries(0, 2)).unwrap();
    ledger.checkpoint().unwrap();
    ledger.put_blob(&[0; 2000]).unwrap();
    drop(ledger);
    let all = Limits::default();
    for (limits, expected) in [
        (Limits { entries: 3, ..all }, "the limit of 3 files"),
        (Limits { depth: 2, ..all }, "the limit of 2 levels of folders"),
        (Limits { file_bytes: 1999, ..all }, "the limit of 1999 bytes"),
        (Limits { header_bytes: 60, ..all }, "the limit of 60 bytes"),
    ] {
        let input = VerifyInput { key: None, kept: None, limits: &limits, progress: &NoProgress };
        let problems = verify(dir.path(), &input).unwrap().problems;
        assert!(problems.iter().any(|p| p.what.text().en.contains(expected)), "{expected}: {problems:?}");
    }
}
