//! Every seed of the fuzz targets, and small changes of them that are the same with every run, keep the laws.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use crate::support::root;

// The fuzz package is no dependency: it would bring libFuzzer into the lock file.
#[path = "../../../../fuzz/src/laws/mod.rs"]
mod laws;

use laws::{LAWS, Law};

/// Changed inputs per law.
const CHANGES: u64 = 300;
/// Longest changed input.
const MOST_BYTES: usize = 800;
/// For one input, without optimisation and beside other tests.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pieces that parsers trip over.
const PIECES: [&[u8]; 24] = [
    b"\0",
    b"\xff",
    b"\x80",
    b"\xe7\x82",
    b"\n\n",
    b"[[",
    b"\"",
    b"\\u70b8",
    b"%E7",
    b"&#x5f39;",
    b"18446744073709551616",
    b"-1",
    b"{1000}",
    b"-----BEGIN PRIVATE KEY-----",
    b"13812345678",
    b"a@b.cn",
    "炸弹".as_bytes(),
    "火乍弓单".as_bytes(),
    "\u{200b}".as_bytes(),
    "\u{301}".as_bytes(),
    "\u{202e}".as_bytes(),
    "\u{e0062}".as_bytes(),
    "\u{1112}\u{1161}".as_bytes(),
    "ﷺ".as_bytes(),
];

/// Xorshift (Marsaglia 2003).
struct Choices(u64);

impl Choices {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap()
    }

    fn range(&mut self, len: usize) -> std::ops::Range<usize> {
        let start = self.below(len + 1);
        start..start + self.below((len - start).min(64) + 1)
    }

    fn changed(&mut self, seed: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(4) {
            let range = self.range(bytes.len());
            match self.below(6) {
                0 => drop(bytes.drain(range)),
                1 => bytes.extend_from_within(range),
                2 => drop(bytes.splice(range, PIECES[self.below(PIECES.len())].iter().copied())),
                3 => drop(bytes.splice(range.start..range.start, PIECES[self.below(PIECES.len())].iter().copied())),
                4 => drop(bytes.splice(range.start..range.start, other[self.range(other.len())].iter().copied())),
                _ => {
                    if let Some(byte) = bytes.get_mut(range.start) {
                        *byte ^= 1 << self.below(8);
                    }
                }
            }
        }
        bytes.truncate(MOST_BYTES);
        bytes
    }
}

/// Seeds by name. What a fuzzer added here has no ending and is no seed.
fn seeds(law: &str) -> Vec<(String, Vec<u8>)> {
    let folder = root().join("fuzz/corpus").join(law);
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut seeds: Vec<(String, Vec<u8>)> = files
        .filter(|path| path.extension().is_some())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()))
        .collect();
    seeds.sort();
    assert!(seeds.len() >= 10, "{} holds {} seeds", folder.display(), seeds.len());
    seeds
}

/// The bytes are shown where a law is broken, so that they can become a seed.
#[allow(clippy::disallowed_methods, reason = "the law is that reading ends in time")]
fn check(law: Law, name: &str, bytes: &[u8]) {
    let began = std::time::Instant::now();
    let kept = catch_unwind(AssertUnwindSafe(|| law(bytes)));
    assert!(kept.is_ok(), "{name} breaks its law: b\"{}\"", bytes.escape_ascii());
    assert!(began.elapsed() < PATIENCE, "{name} takes {:?}: b\"{}\"", began.elapsed(), bytes.escape_ascii());
}

#[test]
fn seeds_keep_their_laws() {
    for (name, law) in LAWS {
        for (seed, bytes) in seeds(name) {
            check(law, &format!("{name}/{seed}"), &bytes);
        }
    }
}

#[test]
fn changed_seeds_keep_their_laws() {
    for (nth, (name, law)) in LAWS.into_iter().enumerate() {
        let seeds = seeds(name);
        let mut choices = Choices(0x9e37_79b9_7f4a_7c15 ^ nth as u64);
        for _ in 0..CHANGES {
            let (seed, bytes) = &seeds[choices.below(seeds.len())];
            let other = &seeds[choices.below(seeds.len())].1;
            let changed = choices.changed(&bytes[..bytes.len().min(MOST_BYTES)], other);
            check(law, &format!("{name}/{seed} changed"), &changed);
        }
    }
}

/// Each law has a target of its name, and each target is a law.
#[test]
fn laws_and_targets_agree() {
    let laws: Vec<String> = LAWS.iter().map(|(name, _)| format!("{name}.rs")).collect();
    let files = fs::read_dir(root().join("fuzz/fuzz_targets")).unwrap();
    let mut targets: Vec<String> = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
    targets.sort();
    assert_eq!(targets, laws);
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    for (name, _) in LAWS {
        let target = fs::read_to_string(root().join(format!("fuzz/fuzz_targets/{name}.rs"))).unwrap();
        assert!(target.contains(&format!("laws::{name}(bytes)")), "{name}");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
}
