use jingwei_core::Limits;
use jingwei_unpack::Packing;

use crate::{
    build::{Entry, deflated, end, entry, zip, zip_parts},
    look::{look, packings},
};

const ESCAPE: &str = "model.archive-path-escape";
const HIDDEN: &str = "model.archive-hidden-member";
const INCONSISTENT: &str = "model.archive-inconsistent";
const ENCRYPTED: &str = "model.archive-encrypted";
const JUNK: &str = "model.archive-junk";
const SYMLINK: u32 = 0xa1ff_0000;

/// Every content that must be seen, and every rule with its key.
fn check(what: &str, bytes: &[u8], contents: &[(&str, &[u8])], rules: &[(&str, &str)]) {
    let seen = look(bytes, &Limits::default());
    for (name, content) in contents {
        assert_eq!(seen.contents.get(&format!("{name}!")).map(Vec::as_slice), Some(*content), "{what}: {name}");
    }
    assert_eq!(seen.rules(), rules, "{what}: {:?}", seen.sightings);
}

#[test]
fn plain_members_meet_no_rule() {
    let mut aligned = entry("archive/data/0", b"weights");
    aligned.extra = [b"FB\x30\0".to_vec(), vec![b'Z'; 48]].concat();
    (aligned.flags, aligned.local_flags) = (8, 8);
    aligned.descriptor =
        [b"PK\x07\x08".to_vec(), aligned.crc.to_le_bytes().to_vec(), vec![7, 0, 0, 0, 7, 0, 0, 0]].concat();
    let mut unsummed = entry("archive/data/1", b"weights");
    unsummed.crc = 0;
    let members = [deflated("archive/data.pkl", b"pickle"), aligned, unsummed, entry("empty/", b"")];
    check(
        "as torch writes it",
        &zip(&members),
        &[("archive/data.pkl", b"pickle"), ("archive/data/0", b"weights")],
        &[],
    );
    check("nothing in it", &zip(&[]), &[], &[]);
    let tflite = [b"\x1c\0\0\0TFL3 and a model".to_vec(), zip(&[entry("labels.txt", b"cat")])].concat();
    assert_eq!(packings(&tflite), [Packing::Zip]);
    let expected: &[(&str, &[u8])] = &[("labels.txt", b"cat"), ("<before>", b"\x1c\0\0\0TFL3 and a model")];
    check("labels behind a TFLite model", &tflite, expected, &[]);
}

#[test]
fn two_headers_that_differ() {
    let good = deflated("a.pkl", b"some content");
    let cases = [
        ("names", Entry { local_name: b"b.txt".to_vec(), ..good.clone() }, &[(HIDDEN, "a.pkl")]),
        ("a longer name", Entry { local_name: b"a.pkl.txt".to_vec(), ..good.clone() }, &[(HIDDEN, "a.pkl")]),
        ("sizes", Entry { local_unpacked: 5, ..good.clone() }, &[(HIDDEN, "a.pkl")]),
        ("marked locally", Entry { local_flags: 1, ..good.clone() }, &[(INCONSISTENT, "a.pkl")]),
        ("marked in the directory", Entry { flags: 0x41, ..good.clone() }, &[(INCONSISTENT, "a.pkl")]),
        ("marked in both", Entry { flags: 1, local_flags: 1, ..good.clone() }, &[(INCONSISTENT, "a.pkl")]),
        ("a patch", Entry { flags: 0x20, local_flags: 0x20, ..good.clone() }, &[(INCONSISTENT, "a.pkl")]),
    ];
    for (what, entry, rules) in cases {
        check(what, &zip(&[entry]), &[("a.pkl", b"some content")], rules);
    }
}

#[test]
fn numbers_that_lie() {
    let good = deflated("a", b"some content");
    let mut methods = zip(std::slice::from_ref(&good));
    methods[8] = 0;
    check("methods", &methods, &[("a", b"some content")], &[(HIDDEN, "a")]);
    let checksum = Entry { crc: 1, ..good.clone() };
    check("checksum", &zip(&[checksum]), &[("a", b"some content")], &[(INCONSISTENT, "a")]);
    let stored = Entry { crc: 1, ..entry("a", b"some content") };
    check("checksum of stored content", &zip(&[stored]), &[("a", b"some content")], &[(INCONSISTENT, "a")]);
    for size in [0, 3, 4_000_000_000] {
        let lie = Entry { unpacked: size, local_unpacked: size, ..good.clone() };
        check(&format!("claims {size}"), &zip(&[lie]), &[("a", b"some content")], &[(INCONSISTENT, "a")]);
    }
    let behind = Entry { data: [good.data.clone(), b"more".to_vec()].concat(), ..good.clone() };
    check("data behind the packed data", &zip(&[behind]), &[("a", b"some content")], &[(INCONSISTENT, "a")]);
    let short = Entry { unpacked: 4, local_unpacked: 4, ..entry("a", b"some content") };
    check("stored in two sizes", &zip(&[short]), &[("a", b"some content")], &[(INCONSISTENT, "a")]);
    let nowhere = Entry { offset: Some(9), ..good.clone() };
    check(
        "no header where it says",
        &zip(&[good.clone(), nowhere]),
        &[("a", b"some content")],
        &[(HIDDEN, "a"), (INCONSISTENT, "a")],
    );
    let broken = Entry { data: vec![0xff; 9], ..good };
    check("broken data", &zip(&[broken]), &[], &[("model.header-malformed", "")]);
    let method = Entry { method: 19, ..entry("a", b"x") };
    check("a method nobody has", &zip(&[method]), &[], &[("model.not-inspected", "")]);
}

#[test]
fn members_that_a_list_does_not_show() {
    let hidden = Entry { listed: false, ..deflated("evil.pkl", b"payload") };
    let both: &[(&str, &[u8])] = &[("a", b"x"), ("evil.pkl", b"payload")];
    for (what, entries) in [("first", [hidden.clone(), entry("a", b"x")]), ("last", [entry("a", b"x"), hidden.clone()])]
    {
        check(what, &zip(&entries), both, &[(HIDDEN, "evil.pkl")]);
    }
    let (members, directory) = zip_parts(&[hidden.clone(), entry("a", b"x")]);
    let at = members.len();
    let bytes = [&members[..], b"loose bytes", &directory, &end(1, directory.len(), at + 11)].concat();
    check("with bytes behind", &bytes, both, &[(HIDDEN, "evil.pkl"), (JUNK, "between")]);
    let open = Entry { flags: 8, local_flags: 8, ..hidden };
    check("its size open", &zip(&[open, entry("a", b"x")]), both, &[(HIDDEN, "evil.pkl")]);
    check(
        "a name that ends early",
        &zip(&[entry("data.pkl\0.txt", b"x")]),
        &[("data.pkl\0.txt", b"x")],
        &[(HIDDEN, "data.pkl\\u{0}.txt")],
    );
    let twice = zip(&[entry("a", b"x"), deflated("a", b"payload")]);
    check("a name twice", &twice, &[("a", b"payload")], &[(INCONSISTENT, "a")]);
    check("the same twice", &zip(&[entry("a", b"x"), entry("a", b"x")]), &[("a", b"x")], &[]);
    let folder = zip(&[entry("folder/", b"payload")]);
    check("a file with the name of a folder", &folder, &[("folder/", b"payload")], &[]);
}

/// Python takes the directory that ends where it should, PyTorch the one where the end record points.
#[test]
fn two_directories() {
    let (first, first_directory) = zip_parts(&[entry("good", b"x")]);
    let (second, _) = zip_parts(&[Entry { ..entry("evil", b"payload") }]);
    let at = first.len() + second.len();
    let evil = Entry { offset: Some(u32::try_from(first.len()).unwrap()), ..entry("evil", b"payload") };
    let (_, evil_directory) = zip_parts(&[evil]);
    let bytes = [&first[..], &second, &evil_directory, &first_directory, &end(1, first_directory.len(), at)].concat();
    // One end record, two readings: the one that ends right before it, and the one that it points at.
    check(
        "two readings",
        &bytes,
        &[("good", b"x"), ("evil", b"payload")],
        &[(HIDDEN, "evil"), (INCONSISTENT, "<directory>")],
    );
    let mut comment = zip(&[entry("a", b"x")]);
    let inner = zip(&[entry("b", b"y")]);
    let at = comment.len() - 2;
    comment[at..].copy_from_slice(&u16::try_from(inner.len()).unwrap().to_le_bytes());
    comment.extend(inner);
    let seen = look(&comment, &Limits::default());
    assert_eq!((seen.contents["a!"].as_slice(), seen.contents["b!"].as_slice()), (&b"x"[..], &b"y"[..]));
    assert!(seen.rules().iter().any(|(rule, _)| *rule == HIDDEN), "a zip in a comment: {:?}", seen.sightings);
}

#[test]
fn names_and_links_that_leave_the_folder() {
    for name in ["../x", "a/../../x", "/x", "C:\\x", "..\\x", "\\\\host\\x"] {
        let seen = look(&zip(&[entry(name, b"x")]), &Limits::default());
        assert_eq!(seen.rules().iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), [ESCAPE], "{name}");
    }
    for (name, target, expected) in [
        ("a/l", "../x", None),
        ("l", "../x", Some(ESCAPE)),
        ("l", "/x", Some(ESCAPE)),
        ("a/b/l", "../../../x", Some(ESCAPE)),
    ] {
        let link = Entry { attributes: SYMLINK, ..deflated(name, target.as_bytes()) };
        let seen = look(&zip(&[link]), &Limits::default());
        assert_eq!(seen.links, [(name.to_owned(), target.to_owned())]);
        assert_eq!(seen.rules().first().map(|(rule, _)| *rule), expected, "{name} -> {target}");
    }
}

/// Loaders pass over the marks.
#[test]
fn what_is_marked_as_no_file_is_opened() {
    for kind in [0xa1ff, 0x11ff, 0x21a4, 0x61a4, 0xc1ff_u32] {
        for member in [entry("data.pkl", b"payload"), deflated("data.pkl", b"payload")] {
            let marked = zip(&[Entry { attributes: kind << 16, ..member }]);
            check(&format!("{kind:x}"), &marked, &[("data.pkl", b"payload")], &[]);
        }
    }
    let link = zip(&[Entry { attributes: SYMLINK, ..entry("l", b"../x") }]);
    check("a link that leaves", &link, &[("l", b"../x")], &[(ESCAPE, "l")]);
}

#[test]
fn encrypted_members_are_told_apart_from_marked_ones() {
    let locked = Entry { flags: 1, local_flags: 1, crc: 7, ..entry("a", &[0x5a; 40]) };
    check("stored", &zip(std::slice::from_ref(&locked)), &[], &[(ENCRYPTED, "a")]);
    check("deflated", &zip(&[Entry { method: 8, ..locked.clone() }]), &[], &[(ENCRYPTED, "a")]);
    check("AES", &zip(&[Entry { method: 99, ..locked }]), &[], &[(ENCRYPTED, "a")]);
}

#[test]
fn bytes_that_belong_to_no_member() {
    let plain = zip(&[entry("a", b"x"), entry("b", b"y")]);
    let content: &[(&str, &[u8])] = &[("a", b"x"), ("b", b"y")];
    let before = [b"\x80\x02pickle."[..].to_vec(), plain.clone()].concat();
    assert_eq!(packings(&before), [Packing::Zip]);
    check("before", &before, content, &[(JUNK, "before")]);
    let after = [plain.clone(), b"payload".to_vec()].concat();
    check("after", &after, &[("a", b"x"), ("<after>", b"payload")], &[(JUNK, "after")]);
    check("zeros after", &[plain.clone(), vec![0; 99]].concat(), content, &[]);
    let (members, directory) = zip_parts(&[entry("a", b"x")]);
    let bytes = [&members[..], b"payload", &directory, &end(1, directory.len(), members.len() + 7)].concat();
    check("between", &bytes, &[("a", b"x"), ("<between>", b"payload")], &[(JUNK, "between")]);
    let cut = &plain[..plain.len() - 30];
    let seen = look(cut, &Limits::default());
    assert_eq!(seen.rules(), [(JUNK, "between"), ("model.header-malformed", "")], "no directory: {:?}", seen.sightings);
    assert_eq!(seen.contents["a!"], b"x");
}
