use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};
use jingwei_core::Limits;
use jingwei_read::Source;
use jingwei_unpack::{Archive, Budget, Packing};

use crate::{
    build::{Entry, bzip2, deflate, deflated, end, entry, gzip, tar_entry, tar_file, zip, zip_parts},
    look::{look, packings, small},
};

const LIMIT: &str = "model.limit-exceeded";
const BOMB: &str = "model.archive-bomb";

/// The bomb is told, and no more than what is allowed was decoded.
fn check(what: &str, bytes: &[u8], limit: &str) {
    let seen = look(bytes, &small());
    assert!(seen.rules().contains(&(BOMB, limit)), "{what}: {:?}", seen.rules());
    let allowed = (bytes.len() as u64 * 50).max(1 << 20);
    assert!(seen.decoded <= 2 * allowed, "{what}: {} of {allowed}", seen.decoded);
}

#[test]
fn bombs() {
    let zeros = vec![0; 6 << 20];
    check("a bomb", &zip(&[deflated("a", &zeros)]), "expansion_ratio");
    let lie = Entry { unpacked: 9, local_unpacked: 9, ..deflated("a", &zeros) };
    check("one that claims to be small", &zip(&[lie]), "expansion_ratio");
    check("gzip", &gzip(&zeros), "expansion_ratio");
    check("bzip2", &bzip2(&zeros), "expansion_ratio");
    check("gzip in gzip", &gzip(&gzip(&zeros)), "expansion_ratio");
    check("empty frames", &gzip(b"").repeat(2_000), "expansion_ratio");
    let ten = zip(&(0..10).map(|n| deflated(&n.to_string(), &zeros[..1 << 19])).collect::<Vec<_>>());
    check("together", &ten, "expansion_ratio");
}

#[test]
fn members_that_share_their_bytes() {
    let content = vec![7; 1 << 16];
    let shared: Vec<_> = (0..300).map(|_| Entry { offset: Some(0), ..deflated("a", &content) }).collect();
    let (members, directory) = zip_parts(&shared);
    let first = zip_parts(&shared[..1]).0.len();
    let bytes = [&members[..first], &directory, &end(300, directory.len(), first)].concat();
    let seen = look(&bytes, &small());
    assert!(seen.rules().contains(&("model.archive-inconsistent", "a")), "{:?}", seen.rules());
    check("overlapping members", &bytes, "expansion_ratio");
    let stored: Vec<_> = (0..300).map(|_| Entry { offset: Some(0), ..entry("a", &content) }).collect();
    let (members, directory) = zip_parts(&stored);
    let first = zip_parts(&stored[..1]).0.len();
    let bytes = [&members[..first], &directory, &end(300, directory.len(), first)].concat();
    check("overlapping stored members", &bytes, "expansion_ratio");
}

/// Counts what is read of it.
struct Counted {
    bytes: Vec<u8>,
    reads: u64,
    read: u64,
}

impl Source for Counted {
    fn length(&self) -> u64 {
        self.bytes.length()
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        let got = self.bytes.read_at(offset, into)?;
        self.reads += 1;
        self.read += got as u64;
        Ok(got)
    }
}

#[test]
fn empty_members_cost_little() {
    let entries: Vec<_> = (0..5_000).map(|n| entry(&format!("member {n}"), b"")).collect();
    let bytes = zip(&entries);
    let length = bytes.len() as u64;
    let mut source = Counted { bytes, reads: 0, read: 0 };
    let budget = Budget::new(length, &Limits::default());
    let mut archive = Archive::read(&mut source, Packing::Zip, &budget);
    assert!((0..5_000).all(|n| archive.open(n).source.is_some()));
    drop(archive);
    assert!(source.reads <= 1_000 && source.read <= 3 * length, "{} reads, {} of {length}", source.reads, source.read);
}

/// zlib takes any window; a script that begins alike does not inflate.
#[test]
fn zlib_of_any_window() {
    let content = b"some content, some content".repeat(40);
    let mut stream = ZlibEncoder::new(Vec::new(), Compression::best());
    stream.write_all(&content).unwrap();
    let mut stream = stream.finish().unwrap();
    for window in [0x18, 0x38, 0x48, 0x68, 0x78_u8] {
        for flags in (0..=255_u8).filter(|f| f & 0x20 == 0 && u16::from_be_bytes([window, *f]) % 31 == 0) {
            stream[..2].copy_from_slice(&[window, flags]);
            let seen = look(&stream, &Limits::default());
            assert_eq!((seen.contents.get("!"), seen.rules()), (Some(&content), vec![]), "{window:x} {flags:x}");
        }
    }
    for other in [&b"h\x05llo, a text that is long enough to be looked at"[..], b"h\x05", b"(S\"a\"", b"X\x09\0\0\0"] {
        assert_eq!(packings(other), [], "{}", other.escape_ascii());
    }
}

#[test]
fn nests() {
    let mut inner = zip(&[entry("a", b"x")]);
    for _ in 0..20 {
        inner = zip(&[entry("z", &inner)]);
    }
    check("deep", &inner, "depth");
    let mut wide = zip(&[deflated("a", &vec![0; 1 << 18])]);
    for _ in 0..5 {
        let members: Vec<_> = (0..16).map(|n| deflated(&n.to_string(), &wide)).collect();
        wide = zip(&members);
    }
    check("16 in each of 5", &wide, "expansion_ratio");
}

#[test]
fn more_entries_than_the_limit() {
    let members: Vec<_> = (0..2_500).map(|n| entry(&n.to_string(), b"")).collect();
    check("zip", &zip(&members), "entries");
    let hidden: Vec<_> = members.iter().map(|e| Entry { listed: false, ..e.clone() }).collect();
    check("hidden in a zip", &zip(&hidden), "entries");
    check("tar", &tar_file("a", b"").repeat(2_500), "entries");
    let mut allowed = small();
    allowed.entries = 2_500;
    assert!(!look(&zip(&members), &allowed).rules().contains(&(BOMB, "entries")));
}

#[test]
fn other_limits() {
    let limits = Limits { string_bytes: 100, ..Limits::default() };
    let long = tar_entry("pax", b'x', "", "00000000145", &[b'x'; 101]);
    assert_eq!(look(&long, &limits).rules(), [(LIMIT, "string_bytes")]);
    let seven =
        [b"7z\xbc\xaf\x27\x1c\0\x04".to_vec(), vec![0; 12], 4_000u64.to_le_bytes().to_vec(), vec![0; 4]].concat();
    let limits = Limits { header_bytes: 1_000, ..Limits::default() };
    let seen = look(&seven, &limits);
    assert!(seen.rules().contains(&(LIMIT, "header_bytes")), "{:?}", seen.rules());
    // A window of 2 GiB.
    let window = [b"\x28\xb5\x2f\xfd\x00\xa8".to_vec(), vec![0; 20]].concat();
    assert_eq!(look(&window, &Limits::default()).rules(), [(BOMB, "dictionary")]);
}

#[test]
fn a_million_entries_end_fast() {
    // Half a million, and a local header for one: without optimisation the rest is the builder's time.
    let (members, one) = zip_parts(&[entry("a", b"")]);
    let count = 500_000;
    let directory = one.repeat(count);
    let bytes = [&members[..], &directory, &end(count, directory.len(), members.len())].concat();
    for (most, expected) in [(Limits::default().archive_entries, 100_000), (1_000_000, count)] {
        let budget = Budget::new(bytes.len() as u64, &Limits { archive_entries: most, ..Limits::default() });
        let mut source = bytes.as_slice();
        let archive = Archive::read(&mut source, Packing::Zip, &budget);
        assert_eq!(archive.members().len(), expected);
        assert!(archive.sightings().len() <= 100);
        assert_eq!(archive.sightings().iter().any(|s| s.rule == BOMB), expected < count);
    }
}

/// What grows a thousand times is told long before its end, however much the file would be allowed.
#[test]
fn steep_growth_ends_early() {
    let limits = Limits { expansion_ratio: 800, ..Limits::default() };
    let bytes = gzip(&vec![0; 1 << 30]);
    let seen = look(&bytes, &limits);
    assert_eq!(seen.rules(), [(BOMB, "expansion_ratio")]);
    let reason = &seen.sightings[0].2;
    assert!(reason.contains("times as much, 800 are allowed"), "{reason}");
}

/// Made to make a reader search again and again.
#[test]
fn signatures_without_end() {
    for (what, unit) in [("local", b"PK\x03\x04"), ("central", b"PK\x01\x02"), ("end", b"PK\x05\x06")] {
        let bytes = [b"PK\x03\x04".to_vec(), unit.repeat(1 << 17), end(0, 0, 0)].concat();
        let seen = look(&bytes, &Limits::default());
        assert!(!seen.sightings.is_empty(), "{what}");
    }
}

#[test]
fn a_name_that_many_entries_read_again() {
    let long = Entry { local_name: vec![b'n'; 60_000], extra: vec![0; 60_000], offset: Some(0), ..entry("a", b"") };
    let (members, one) = zip_parts(&[long]);
    let directory = one.repeat(20_000);
    let bytes = [&members[..], &directory, &end(20_000, directory.len(), members.len())].concat();
    assert!(look(&bytes, &Limits::default()).rules().contains(&("model.archive-hidden-member", "a")));
}

#[test]
fn a_preview_of_what_is_too_large() {
    let content = [b"\x80\x02payload".to_vec(), vec![0; 3 << 20]].concat();
    let claims = Entry { unpacked: u32::MAX - 1, local_unpacked: u32::MAX - 1, ..deflated("a", &content) };
    let last = entry("b", b"still opened");
    let seen = look(&zip(&[claims, last]), &small());
    assert!(seen.rules().contains(&(BOMB, "expansion_ratio")), "{:?}", seen.rules());
    assert!(seen.contents["a!"].starts_with(b"\x80\x02payload"));
    assert_eq!(seen.contents["b!"], b"still opened");
    assert!(deflate(&content).len() < 10_000);
}
