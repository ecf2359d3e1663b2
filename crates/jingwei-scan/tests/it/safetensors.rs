use jingwei_core::Limits;

use crate::{
    builders::{SAFETENSORS_HEADER, safetensors},
    support::{limit_crossed, malformed, scan_file},
};

#[test]
fn valid_files_are_silent() {
    for (json, data_bytes) in [
        (SAFETENSORS_HEADER, 24),
        ("{}", 0),
        (r#"{"a":{"dtype":"F4","shape":[4],"data_offsets":[0,2]}}   "#, 2),
        (
            r#"{"a":{"dtype":"I8","shape":[0,5],"data_offsets":[0,0]},"b":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}"#,
            1,
        ),
    ] {
        assert_eq!(
            scan_file(safetensors(json, data_bytes), &Limits::default()).lines(),
            Vec::<String>::new(),
            "{json}"
        );
    }
}

#[test]
fn a_lie_in_the_header_is_found() {
    let one = |dtype: &str, shape: &str, offsets: &str| {
        format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#)
    };
    let two = |first: &str, second: &str| {
        let tensor = |offsets: &str| format!(r#"{{"dtype":"U8","shape":[4],"data_offsets":{offsets}}}"#);
        format!(r#"{{"a":{},"b":{}}}"#, tensor(first), tensor(second))
    };
    let nested = format!(r#"{{"w":{}1{}}}"#, r#"{"x":"#.repeat(500), "}".repeat(500));
    for (reason, json, data_bytes) in [
        ("unknown dtype", one("F99", "[1]", "[0,4]"), 4),
        ("overflows its element count", one("F32", "[4294967296,4294967296,4]", "[0,4]"), 4),
        ("ends beyond the file", one("F32", "[2]", "[0,8]"), 4),
        ("ends beyond the file", one("F32", "[1]", "[18446744073709551612,18446744073709551615]"), 4),
        ("dtype and shape do not give", one("F32", "[2]", "[0,4]"), 4),
        ("dtype and shape do not give", one("F32", "[1]", "[4,0]"), 4),
        ("overlaps another tensor", two("[0,4]", "[2,6]"), 6),
        ("bytes that belong to no tensor", two("[0,4]", "[6,10]"), 10),
        ("bytes that belong to no tensor", one("U8", "[4]", "[1,5]"), 5),
        ("bytes at the end belong to no tensor", two("[0,4]", "[4,8]"), 9),
        ("bytes at the end belong to no tensor", "{}".to_owned(), 3),
        ("duplicate key", r#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#.to_owned(), 0),
        ("duplicate metadata key", r#"{"__metadata__":{"k":"1","k":"2"}}"#.to_owned(), 0),
        ("unknown field", r#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"run":"x"}}"#.to_owned(), 0),
        ("missing field", r#"{"a":{"dtype":"U8","shape":[0]}}"#.to_owned(), 0),
        ("not valid safetensors JSON", one("F32", "[-1]", "[0,4]"), 4),
        ("not valid safetensors JSON", r#"{"a":{"dtype":"U8""#.to_owned(), 0),
        ("not valid safetensors JSON", nested, 0),
        ("not valid safetensors JSON", "{\"\u{0}\":1}".to_owned(), 0),
    ] {
        let (offset, message) = malformed(safetensors(&json, data_bytes));
        assert!(message.contains(reason), "{reason}: {message}");
        assert!(offset >= 8, "{offset}: {message}");
    }
}

#[test]
fn the_place_of_broken_json_is_its_byte() {
    let (offset, _) = malformed(safetensors("{\n\"a\":\n  !}", 0));
    assert_eq!(offset, 8 + 9);
    let (offset, _) = malformed(safetensors(r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 3));
    assert_eq!(offset, 8 + 53 + 1);
}

#[test]
fn a_header_length_that_lies_does_not_hide_the_file() {
    for announced in [u64::MAX, 1 << 40, 1000] {
        let mut file = safetensors(SAFETENSORS_HEADER, 24);
        file[..8].copy_from_slice(&announced.to_le_bytes());
        let (offset, message) = malformed(file);
        assert_eq!(offset, 0);
        assert!(message.contains("would end beyond the file"), "{message}");
    }
    for length in 11..SAFETENSORS_HEADER.len() {
        malformed(&safetensors(SAFETENSORS_HEADER, 24)[..length]);
    }
}

#[test]
fn every_limit_is_noticed() {
    let limits = Limits::default();
    for (name, limits) in [
        ("header_bytes", Limits { header_bytes: 20, ..limits }),
        ("entries", Limits { entries: 1, ..limits }),
        ("string_bytes", Limits { string_bytes: 3, ..limits }),
        ("file_bytes", Limits { file_bytes: 30, ..limits }),
    ] {
        let crossed = if name == "entries" {
            // The folder has more than one file as well; the header alone is looked at.
            let seen = crate::support::scan_single(safetensors(SAFETENSORS_HEADER, 24), &limits);
            seen.findings[0].place.key.clone().unwrap()
        } else {
            limit_crossed(safetensors(SAFETENSORS_HEADER, 24), &limits)
        };
        assert_eq!(crossed, name);
    }
}
