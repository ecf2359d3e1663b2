//! Proof documents: made from a directory, checked without it.

use jingwei_core::Limits;
use jingwei_ledger::{
    Checkpoint, ConsistencyProof, InclusionProof, LedgerError, ProofError, Signer, export, prove_consistency,
    prove_inclusion, read_entry,
};

use crate::support::{entries, entry, open, signer};

#[test]
fn an_entry_is_proved_to_someone_who_has_only_the_key() {
    let dir = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.append(&entries(0, 100)).unwrap();
    let older = ledger.checkpoint().unwrap();
    ledger.append(&entries(100, 600)).unwrap();
    let newer = ledger.checkpoint().unwrap();
    export(dir.path(), out.path()).unwrap();
    for place in [dir.path(), out.path()] {
        for (index, checkpoint) in [(0, &older), (99, &older), (0, &newer), (100, &newer), (511, &newer), (599, &newer)]
        {
            let proof = prove_inclusion(place, index, checkpoint.size()).unwrap();
            let text = serde_json::to_string(&proof).unwrap();

            // From here on there is only the text, the entry and the key.
            let proof = InclusionProof::parse(&text, &Limits::default()).unwrap();
            if checkpoint.size() == 600 {
                let note = proof.checkpoint.clone().unwrap();
                let opened = Checkpoint::open(&note, signer().verifier_key(), &Limits::default()).unwrap();
                assert_eq!(opened, *checkpoint);
            } else {
                assert_eq!(proof.checkpoint, None);
            }
            assert_eq!(proof.check(&entry(index), checkpoint), Ok(()));
            assert!(proof.check(b"another entry", checkpoint).is_err());
            assert!(proof.check(&entry(index + 1), checkpoint).is_err());
        }
        let proof = prove_consistency(place, 100, 600).unwrap();
        let proof = ConsistencyProof::parse(&serde_json::to_string(&proof).unwrap(), &Limits::default()).unwrap();
        assert_eq!(proof.check(&older, &newer), Ok(()));
        assert!(proof.check(&newer, &older).is_err());
        assert_eq!(read_entry(place, 599).unwrap(), entry(599));
        assert!(matches!(read_entry(place, 600), Err(LedgerError::NoSuchEntry { index: 600, size: 600 })));
    }
}

#[test]
fn proofs_are_made_only_within_the_signed_entries() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.append(&entries(0, 3)).unwrap();
    ledger.checkpoint().unwrap();
    ledger.append(&entries(3, 5)).unwrap();
    let errors = [
        prove_inclusion(dir.path(), 3, 3).unwrap_err().to_string(),
        prove_inclusion(dir.path(), 0, 4).unwrap_err().to_string(),
        prove_inclusion(dir.path(), 0, 0).unwrap_err().to_string(),
        prove_consistency(dir.path(), 3, 4).unwrap_err().to_string(),
        prove_consistency(dir.path(), 3, 2).unwrap_err().to_string(),
        prove_inclusion(&dir.path().join("missing"), 0, 1).unwrap_err().to_string(),
    ];
    for (error, expected) in
        errors.iter().zip(["size 3 has none", "holds 3", "size 0 has none", "holds 3", "larger", "read"])
    {
        assert!(error.contains(expected), "{expected}: {error}");
    }
    assert_eq!(prove_consistency(dir.path(), 0, 3).unwrap().path, []);
}

#[test]
fn no_proof_is_made_from_damaged_tiles() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.append(&entries(0, 5)).unwrap();
    ledger.checkpoint().unwrap();
    let tile = dir.path().join("tile/0/000.p/5");
    let mut bytes = std::fs::read(&tile).unwrap();
    bytes[70] ^= 1;
    std::fs::write(&tile, &bytes).unwrap();
    for index in 0..5 {
        let error = prove_inclusion(dir.path(), index, 5).unwrap_err().to_string();
        assert!(error.contains("do not lead to the signed root"), "{error}");
    }
    std::fs::write(&tile, &bytes[..100]).unwrap();
    assert!(prove_inclusion(dir.path(), 4, 5).unwrap_err().to_string().contains("should hold 5 hashes"));
}

#[test]
fn a_proof_fits_one_size_and_one_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.append(&entries(0, 3)).unwrap();
    let older = ledger.checkpoint().unwrap();
    ledger.append(&entries(3, 5)).unwrap();
    let newer = ledger.checkpoint().unwrap();
    let proof = prove_inclusion(dir.path(), 1, 5).unwrap();
    assert!(matches!(proof.check(&entry(1), &older), Err(ProofError::OtherSize { .. })));
    let other_dir = tempfile::tempdir().unwrap();
    let other = jingwei_ledger::Ledger::open(other_dir.path(), Signer::new("other", &[1; 32]).unwrap()).unwrap();
    other.append(&entries(0, 5)).unwrap();
    let other = other.checkpoint().unwrap();
    let proof = prove_consistency(dir.path(), 3, 5).unwrap();
    assert_eq!(proof.check(&older, &newer), Ok(()));
    assert!(matches!(proof.check(&older, &other), Err(ProofError::OtherOrigin { .. })));
}

#[test]
fn a_tlog_proof_carries_index_path_and_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.append(&entries(0, 2)).unwrap();
    let checkpoint = ledger.checkpoint().unwrap();
    let proof = prove_inclusion(dir.path(), 1, 2).unwrap();
    let text = proof.to_tlog_proof(&checkpoint).unwrap();
    let (head, note) = text.split_once("\n\n").unwrap();
    let lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines[..2], ["c2sp.org/tlog-proof@v1", "index 1"]);
    assert_eq!(lines.len(), 3);
    assert_eq!(note, checkpoint.note());
}

#[test]
fn what_is_not_a_proof_is_refused() {
    let good = r#"{"kind":"inclusion-proof","version":1,"index":0,"size":1,"path":[]}"#;
    let limits = Limits::default();
    assert!(InclusionProof::parse(good, &limits).is_ok());
    for (text, expected) in [
        (good.replace("inclusion", "consistency"), "`consistency-proof` of version 1"),
        (good.replace("\"version\":1", "\"version\":2"), "of version 2"),
        (good.replace("[]", "[\"00\"]"), "SHA-256"),
        (good.replace("\"size\":1", "\"size\":-1"), "no inclusion-proof"),
        (good.replace("\"path\"", "\"way\""), "unknown field"),
        (good[..30].to_owned(), "EOF"),
        (String::new(), "EOF"),
        ("[".repeat(100_000), "no inclusion-proof"),
    ] {
        let error = InclusionProof::parse(&text, &limits).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let tight = Limits { header_bytes: 60, ..limits };
    assert!(matches!(InclusionProof::parse(good, &tight), Err(ProofError::TooLarge { limit: 60, .. })));
    assert!(matches!(ConsistencyProof::parse(good, &tight), Err(ProofError::TooLarge { limit: 60, .. })));
    assert!(ConsistencyProof::parse(good, &limits).is_err());
}
