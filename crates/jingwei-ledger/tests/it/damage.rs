//! Every byte counts: whatever changes in a ledger's directory, `verify` says so and says where.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use jingwei_ledger::{Ledger, Problem, Signer, What, export, leaf_hash};
use proptest::prelude::*;

use crate::support::{assert_clean, entries, files, open, problems, signer, verify_with, write_files};

type Files = BTreeMap<String, Vec<u8>>;

/// A ledger of two checkpoints, unsigned entries and blobs.
fn small() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| ledger(3, 12, 14, false))
}

/// One over many tiles.
fn large() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| ledger(300, 700, 710, false))
}

fn exported() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| ledger(7, 260, 263, true))
}

fn ledger(first: u64, signed: u64, all: u64, as_export: bool) -> Files {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.append(&entries(0, first)).unwrap();
    ledger.checkpoint().unwrap();
    ledger.put_blob(b"a blob").unwrap();
    ledger.put_blob(b"another").unwrap();
    ledger.append(&entries(first, signed)).unwrap();
    ledger.checkpoint().unwrap();
    ledger.append(&entries(signed, all - 1)).unwrap();
    ledger.append(&entries(all - 1, all)).unwrap();
    drop(ledger);
    if as_export {
        let out = tempfile::tempdir().unwrap();
        export(dir.path(), out.path()).unwrap();
        return files(out.path());
    }
    files(dir.path())
}

/// A directory that is damaged and made whole again, many times.
struct Bench {
    dir: tempfile::TempDir,
    files: &'static Files,
}

impl Bench {
    fn new(files: &'static Files) -> Self {
        let dir = tempfile::tempdir().unwrap();
        write_files(dir.path(), files);
        assert_clean(dir.path(), "before any damage");
        Self { dir, files }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Puts `bytes` in place of `name`: a problem must name that file.
    fn check_changed(&self, name: &str, bytes: &[u8], how: &str) {
        overwrite(&self.path(name), bytes);
        let found = problems(self.dir.path());
        overwrite(&self.path(name), &self.files[name]);
        assert_names(&found, name, how);
    }

    fn check(&self, name: &str, how: &str, damage: impl FnOnce(&Path)) {
        damage(self.dir.path());
        let found = problems(self.dir.path());
        fs::remove_dir_all(self.dir.path()).unwrap();
        write_files(self.dir.path(), self.files);
        assert_names(&found, name, how);
    }
}

/// In place: thousands of truncated and rewritten files would each be flushed to the disk.
fn overwrite(path: &Path, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
    file.write_all(bytes).unwrap();
}

fn assert_names(found: &[Problem], name: &str, how: &str) {
    let named = |problem: &Problem| match &problem.what {
        // A line that is gone from the index shows as a blob that is not listed.
        What::BlobNotListed => name == "blobs/index",
        _ => problem.place.path.as_deref() == Some(name),
    };
    assert!(found.iter().any(named), "{name} {how}: {found:?}");
    for problem in found {
        let text = problem.what.text();
        assert!(!text.zh.is_empty() && !text.en.is_empty() && text.zh != text.en);
    }
}

/// Bytes of a segment that are worth trying one by one; behind them there are zeros.
fn places(name: &str, bytes: &[u8]) -> Vec<usize> {
    if !name.starts_with("wal/") {
        return (0..bytes.len()).collect();
    }
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    (0..used + 70).chain((used + 70..bytes.len()).step_by(6007)).chain([bytes.len() - 1]).collect()
}

/// Of the small ledger every byte, of larger files of the other every 37th.
fn stride(files: &Files, bytes: &[u8]) -> usize {
    if files == small() || bytes.len() < 100 { 1 } else { 37 }
}

#[test]
fn any_single_changed_byte_is_found_in_its_file() {
    for files in [small(), exported()] {
        let bench = Bench::new(files);
        for (name, bytes) in files {
            let step = stride(files, bytes);
            for at in places(name, bytes).into_iter().step_by(step) {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << (at % 8);
                bench.check_changed(name, &changed, &format!("changed at {at}"));
            }
        }
    }
}

#[test]
fn any_cut_and_any_growth_is_found_in_its_file() {
    for files in [small(), exported()] {
        let bench = Bench::new(files);
        for (name, bytes) in files {
            let step = 3 * stride(files, bytes);
            for at in places(name, bytes).into_iter().step_by(step) {
                bench.check_changed(name, &bytes[..at], &format!("cut at {at}"));
            }
            for more in [&b"\0"[..], b"x", b"\n", &[0; 65_536]] {
                bench.check_changed(name, &[bytes, more].concat(), &format!("with {} bytes more", more.len()));
            }
        }
    }
}

#[test]
fn any_removed_added_moved_or_swapped_file_is_found() {
    for files in [small(), exported()] {
        let bench = Bench::new(files);
        let outside = tempfile::tempdir().unwrap();
        for name in files.keys() {
            bench.check(name, "removed", |dir| fs::remove_file(dir.join(name)).unwrap());
            let beside = format!("{name}.bak");
            bench.check(&beside, "added", |dir| fs::write(dir.join(&beside), &files[name]).unwrap());
            bench.check(name, "moved", |dir| fs::rename(dir.join(name), dir.join("moved")).unwrap());
            bench.check(name, "replaced by a folder", |dir| {
                fs::remove_file(dir.join(name)).unwrap();
                fs::create_dir(dir.join(name)).unwrap();
            });
            #[cfg(unix)]
            bench.check(name, "replaced by a link", |dir| {
                fs::rename(dir.join(name), outside.path().join("same")).unwrap();
                std::os::unix::fs::symlink(outside.path().join("same"), dir.join(name)).unwrap();
            });
        }
        for foreign in
            ["x", "tile/x", "tile/0/x", "tile/entries/000.p/x", "wal/x", "blobs/ab/x", "tmp/1", "tile/0/999.p/9"]
        {
            bench.check(foreign, "added", |dir| {
                fs::create_dir_all(dir.join(foreign).parent().unwrap()).unwrap();
                fs::write(dir.join(foreign), "foreign").unwrap();
            });
        }
        let names: Vec<&String> = files.keys().collect();
        for (at, one) in names.iter().enumerate() {
            for other in &names[at + 1..] {
                if files[*one] == files[*other] {
                    continue;
                }
                overwrite(&bench.path(one), &files[*other]);
                overwrite(&bench.path(other), &files[*one]);
                let found = problems(bench.dir.path());
                overwrite(&bench.path(one), &files[*one]);
                overwrite(&bench.path(other), &files[*other]);
                let both = [one.as_str(), other.as_str()];
                let named = found.iter().any(|p| both.contains(&p.place.path.as_deref().unwrap()));
                assert!(named, "{one} swapped with {other}: {found:?}");
            }
        }
    }
}

#[test]
fn swapped_and_rewritten_entries_are_named() {
    let bench = Bench::new(large());
    // Two entries of the same length change places: 30 and 53.
    let name = "tile/entries/000";
    let bundle = &large()[name];
    let mut starts = vec![0];
    while *starts.last().unwrap() < bundle.len() {
        let at = *starts.last().unwrap();
        starts.push(at + 2 + usize::from(u16::from_be_bytes([bundle[at], bundle[at + 1]])));
    }
    let (a, b) = (starts[30]..starts[31], starts[53]..starts[54]);
    assert_eq!(a.len(), b.len());
    let mut swapped = bundle.clone();
    swapped[a.clone()].copy_from_slice(&bundle[b.clone()]);
    swapped[b.clone()].copy_from_slice(&bundle[a.clone()]);
    fs::write(bench.path(name), &swapped).unwrap();
    let found = problems(bench.dir.path());
    let changed: Vec<_> = found.iter().filter(|p| p.what == What::EntryChanged).collect();
    let places: Vec<_> = changed.iter().map(|p| (p.entry, p.place.offset)).collect();
    assert_eq!(places, [(Some(30), Some(starts[30] as u64)), (Some(53), Some(starts[53] as u64))]);
    assert!(found.iter().any(|p| matches!(p.what, What::WrongRoot { .. })));

    // Who rewrites the tiles too still meets the signed root.
    let mut tile = large()["tile/0/000"].clone();
    for at in [30, 53] {
        let entry = &swapped[starts[at] + 2..starts[at + 1]];
        tile[at * 32..at * 32 + 32].copy_from_slice(&leaf_hash(entry).0);
    }
    fs::write(bench.path("tile/0/000"), tile).unwrap();
    let found = problems(bench.dir.path());
    assert!(found.iter().any(|p| matches!(p.what, What::WrongRoot { .. })), "{found:?}");
    assert!(!found.iter().any(|p| p.what == What::EntryChanged), "{found:?}");
}

#[test]
fn a_lost_bundle_hides_nothing_behind_it() {
    let bench = Bench::new(large());
    fs::remove_file(bench.path("tile/entries/001")).unwrap();
    let mut last = large()["tile/entries/002.p/188"].clone();
    last[500] ^= 1;
    fs::write(bench.path("tile/entries/002.p/188"), &last).unwrap();
    let found = problems(bench.dir.path());
    assert_names(&found, "tile/entries/001", "removed");
    assert_names(&found, "tile/entries/002.p/188", "changed");
    fs::remove_file(bench.path("tile/0/001")).unwrap();
    let report = verify_with(bench.dir.path(), None);
    assert!(report.problems.iter().any(|p| p.what == What::NotInspected && p.entry == Some(256)));
    assert_eq!(report.root, None);
}

#[test]
fn a_ledger_that_went_back_is_found_with_a_checkpoint_kept_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    ledger.append(&entries(0, 10)).unwrap();
    let older = ledger.checkpoint().unwrap();
    let past = files(dir.path());
    ledger.append(&entries(10, 300)).unwrap();
    let newer = ledger.checkpoint().unwrap();
    drop(ledger);
    assert_eq!(verify_with(dir.path(), Some(&older)).problems, []);
    assert_eq!(verify_with(dir.path(), Some(&newer)).problems, []);

    // The whole directory from an old backup: whole by itself, but not what was promised since.
    let back = tempfile::tempdir().unwrap();
    write_files(back.path(), &past);
    assert_eq!(verify_with(back.path(), Some(&older)).problems, []);
    let found = verify_with(back.path(), Some(&newer)).problems;
    assert!(matches!(found[..], [Problem { what: What::RolledBack { kept: 300, found: 10 }, .. }]), "{found:?}");

    // Only the checkpoint from the backup.
    let current = fs::read(dir.path().join("checkpoint")).unwrap();
    fs::write(dir.path().join("checkpoint"), &past["checkpoint"]).unwrap();
    let found = verify_with(dir.path(), Some(&newer)).problems;
    assert!(found.iter().any(|p| matches!(p.what, What::RolledBack { .. })), "{found:?}");
    assert!(found.iter().any(|p| matches!(p.what, What::LogGap { expected: 10, found: 300 })), "{found:?}");
    fs::write(dir.path().join("checkpoint"), current).unwrap();

    // Gone on differently from the same past.
    let ledger = open(back.path());
    ledger.append(&entries(100, 400)).unwrap();
    ledger.checkpoint().unwrap();
    drop(ledger);
    assert_clean(back.path(), "the fork is whole by itself");
    assert_eq!(verify_with(back.path(), Some(&older)).problems, []);
    let found = verify_with(back.path(), Some(&newer)).problems;
    assert!(matches!(found[..], [Problem { what: What::Forked { kept: 300 }, .. }]), "{found:?}");
    let other_dir = tempfile::tempdir().unwrap();
    let other = Ledger::open(other_dir.path(), Signer::new("other", &[1; 32]).unwrap()).unwrap();
    let found = verify_with(dir.path(), Some(&other.checkpoint().unwrap())).problems;
    assert!(matches!(found[..], [Problem { what: What::OtherOrigin { .. }, .. }]), "{found:?}");
}

#[test]
fn a_checkpoint_that_claims_more_or_less_than_there_is_is_found() {
    // Signed by the right key: what a careless or dishonest operator could do.
    let sign = |from: &Path, to: &Path| {
        fs::copy(from.join("checkpoint"), to.join("checkpoint")).unwrap();
    };
    let (long, short) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (dir, size) in [(&long, 300), (&short, 290)] {
        let ledger = open(dir.path());
        ledger.append(&entries(0, size)).unwrap();
        ledger.checkpoint().unwrap();
    }
    let long_files = files(long.path());
    sign(short.path(), long.path());
    assert_names(&problems(long.path()), "wal/00000000000000000300.wal", "under a smaller checkpoint");
    assert_names(&problems(long.path()), "tile/entries/001.p/34", "under a smaller checkpoint");
    write_files(long.path(), &long_files);
    sign(long.path(), short.path());
    assert_names(&problems(short.path()), "tile/entries/001.p/44", "under a larger checkpoint");
}

#[test]
fn a_note_with_a_stranger_in_it_is_not_the_ledgers() {
    let bench = Bench::new(small());
    let own = String::from_utf8(small()["checkpoint"].clone()).unwrap();
    let line = own.lines().last().unwrap();
    let witness = line.replace(signer().origin(), "witness.example");
    bench.check_changed("checkpoint", format!("{own}{witness}\n").as_bytes(), "cosigned");
    bench.check_changed("checkpoint", format!("{own}{line}\n").as_bytes(), "signed twice");
    let (body, _) = own.split_once("\n\n").unwrap();
    bench.check_changed("checkpoint", format!("{body}\n\n{witness}\n").as_bytes(), "signed by a stranger");
    bench.check_changed("checkpoint", b"\xff\xfe", "not text");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn random_damage_to_a_ledger_of_many_tiles_is_found(
        file: prop::sample::Index,
        at: prop::sample::Index,
        change in 1_u8..=255,
        kind in 0_u8..4,
    ) {
        static BENCH: OnceLock<std::sync::Mutex<Bench>> = OnceLock::new();
        let bench = BENCH.get_or_init(|| std::sync::Mutex::new(Bench::new(large()))).lock().unwrap();
        let (name, bytes) = large().iter().nth(file.index(large().len())).unwrap();
        let mut damaged = bytes.clone();
        if bytes.is_empty() {
            damaged.push(change);
        } else {
            let at = at.index(bytes.len());
            match kind {
                0 | 1 => damaged[at] ^= change,
                2 => damaged.truncate(at),
                _ => damaged.insert(at, change),
            }
        }
        bench.check_changed(name, &damaged, &format!("kind {kind}"));
    }
}
