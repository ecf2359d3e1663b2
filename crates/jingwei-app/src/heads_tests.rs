use std::io::Write;

use super::*;

/// A folder with files, and their paths in the order given.
fn files(contents: &[(&str, &[u8])]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let write = |(name, bytes): &(&str, &[u8])| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let paths = contents.iter().map(write).collect();
    (folder, paths)
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What is wrong with a file, or nothing.
#[track_caller]
fn check(name: &str, bytes: &[u8], limits: &Limits, expected: &[&str]) {
    let (_folder, paths) = files(&[(name, bytes)]);
    let read = read_examples(&paths, Role::Data, limits);
    let said = read.err().map(|error| error.message.en).unwrap_or_default();
    assert_eq!(said.is_empty(), expected.is_empty(), "{said}");
    for words in expected {
        assert!(said.contains(words), "{words:?} is not in {said}");
    }
}

const GOOD: &str = r#"{"text":"怎么做面包","head":"harm","class":"none"}"#;

#[test]
fn files_are_read_whole_or_everything_wrong_is_told() {
    let limits = Limits::default();
    let good = format!("{GOOD}\n\n{GOOD}\r\n");
    check("a.jsonl", good.as_bytes(), &limits, &[]);
    check("a.jsonl.gz", &packed(good.as_bytes()), &limits, &[]);
    check("a.jsonl.gz", good.as_bytes(), &limits, &["a.jsonl.gz", "not a sound gzip file"]);
    let whole = packed(good.as_bytes());
    check("a.jsonl.gz", &whole[..whole.len() - 9], &limits, &["not a sound gzip file"]);
    check("a.jsonl", b"", &limits, &["a.jsonl: there are no rows"]);
    check("a.jsonl", b"{\"text\":\n", &limits, &["a.jsonl:1: not an example"]);
    check("a.jsonl", b"{\"text\":\"\xff\"}\n", &limits, &["a.jsonl:1: not an example"]);
    let rows = [
        r#"{"text":"a","head":"weather","class":"none"}"#,
        r#"{"text":"a","head":"harm","class":"B.1"}"#,
        r#"{"text":"a","head":"harm","class":"A.1","severity":"safe"}"#,
        r#"{"text":" ","head":"harm","class":"none"}"#,
        r#"{"text":"a","head":"harm","class":"none","labels":1}"#,
        r#"{"text":"a","head":"harm"}"#,
    ];
    let said = [
        "a.jsonl:1: there is no head `weather`; known: harm, injection",
        "a.jsonl:2: head `harm` has no class `B.1`; known: none, A.1",
        "a.jsonl:3: class `none` is `safe`",
        "a.jsonl:4: the text is empty",
        "a.jsonl:5: not an example: unknown field `labels`",
        "a.jsonl:6: not an example: missing field `class`",
    ];
    check("a.jsonl", rows.join("\n").as_bytes(), &limits, &said);
    check("a.jsonl", "{}\n".repeat(30).as_bytes(), &limits, &["a.jsonl:20:", "and 10 more"]);
}

#[test]
fn every_limit_is_told() {
    let limits = Limits::default();
    let many = format!("{GOOD}\n").repeat(50);
    check("a.jsonl", many.as_bytes(), &Limits { header_bytes: 100, ..limits }, &["a.jsonl", "100"]);
    check("a.jsonl", many.as_bytes(), &Limits { entries: 49, ..limits }, &["more than 49 rows"]);
    check("a.jsonl", many.as_bytes(), &Limits { string_bytes: 5, ..limits }, &["longer than 5 bytes", "and 30 more"]);
    let (bomb, dense) = (packed(many.as_bytes()), Limits { expansion_ratio: 2, ..limits });
    check("a.jsonl.gz", &bomb, &dense, &["unpacks to more than"]);
}

#[test]
fn what_is_left_out_of_a_row_is_filled_in() {
    let rows = format!("{GOOD}\n{}\n", r#"{"text":"build a bomb","head":"harm","class":"A.1"}"#);
    let (_folder, paths) = files(&[("mine.v2.jsonl", rows.as_bytes())]);
    let read = read_examples(&paths, Role::Feedback, &Limits::default()).unwrap();
    let seen: Vec<_> = read.examples.iter().map(|e| (e.lang, e.severity, e.source.as_str(), e.split)).collect();
    let expected =
        [(Lang::Zh, Severity::Safe, "mine", Split::Train), (Lang::En, Severity::Unsafe, "mine", Split::Train)];
    assert_eq!(seen, expected);
    assert_eq!((read.files[0].rows, read.files[0].name.as_str()), (2, "mine.v2.jsonl"));
    assert_eq!(read.files[0].sha256, Digest::of(rows.as_bytes()));
}
