//! MessagePack: arrays that are pickles or pointers, sizes that lie, depth without end.

use jingwei_core::Limits;
use jingwei_graph::{GraphFormat, inspect};
use jingwei_read::Inspection;

use crate::{NAMES, check, told};

/// GLOBAL os system, a text, TUPLE1, REDUCE, STOP.
const CALLS: &[u8] = b"\x80\x02cos\nsystem\nX\x04\0\0\0echo\x85R.";

fn text(text: &str) -> Vec<u8> {
    [&[0xa0 | text.len() as u8][..], text.as_bytes()].concat()
}

fn bin(bytes: &[u8]) -> Vec<u8> {
    [&[0xc4, bytes.len() as u8][..], bytes].concat()
}

fn map(pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = vec![0x80 | pairs.len() as u8];
    pairs.iter().for_each(|(key, value)| out.extend([key.as_slice(), value].concat()));
    out
}

fn under(key: &str, value: Vec<u8>) -> Vec<u8> {
    map(&[(text(key), value)])
}

/// An array of msgpack-numpy.
fn array(kind: &str, dtype: &str, data: &[u8]) -> Vec<u8> {
    let key = |name: &str| bin(name.as_bytes());
    map(&[
        (key("nd"), vec![0xc3]),
        (key("type"), bin(dtype.as_bytes())),
        (key("kind"), bin(kind.as_bytes())),
        (key("shape"), vec![0x91, 1]),
        (key("data"), bin(data)),
    ])
}

/// An array of Flax, as extension `number`.
fn flax(number: u8, shape: &[u8], dtype: &str, data: &[u8]) -> Vec<u8> {
    let inner = [&[0x93][..], shape, &text(dtype), &bin(data)].concat();
    [&[0xc7, inner.len() as u8, number][..], &inner].concat()
}

#[test]
fn arrays_say_the_truth_or_are_told() {
    let shape = |size: u8| vec![0x91, size];
    let huge = [&[0x92, 0xcf][..], &(1u64 << 60).to_be_bytes(), &[0xcf], &(1u64 << 60).to_be_bytes()].concat();
    for (case, bytes, expected) in [
        ("a weight", under("params", flax(1, &shape(1), "float32", &[0; 4])), &[][..]),
        ("a scalar", under("params", flax(3, &[0x90], "int64", &[0; 8])), &[]),
        ("of a type of its own", under("params", flax(1, &shape(1), "float8_e4m3fn", &[0; 4])), &[]),
        ("pointers", under("params", flax(1, &shape(1), "object", &[0x41; 8])), &["header-malformed params"]),
        ("a pointer", under("params", flax(3, &[0x90], "O", &[0x41; 8])), &["header-malformed params"]),
        ("under any key", under("encoder", flax(1, &shape(1), "|O", &[0x41; 8])), &["header-malformed encoder"]),
        ("too short", under("params", flax(1, &shape(100), "float32", &[0; 4])), &["graph-lie params"]),
        ("negative", under("params", flax(1, &[0x91, 0xff], "float32", &[0; 4])), &["graph-lie params"]),
        ("too many", under("params", flax(1, &huge, "float32", &[0; 4])), &["graph-lie params"]),
        ("of numpy", under("layer", array("", "<f4", &[0; 4])), &[]),
        ("of numpy, pointers", under("layer", array("", "|O", &[0x41; 8])), &["header-malformed layer"]),
        ("in a list", [vec![0x91], array("", "<f4", &[0; 4])].concat(), &[]),
        ("deep", [&b"\x81\xa1a"[..], &[0x91; 2000], b"\xc0"].concat(), &["graph-bomb depth"]),
        ("a time", under("when", vec![0xd6, 0xff, 0, 0, 0, 1]), &[]),
    ] {
        check(case, GraphFormat::Flax, &bytes, expected);
    }
}

fn pickles(bytes: &[u8]) -> Vec<String> {
    let found: Inspection = inspect(GraphFormat::Flax, &mut bytes.to_vec(), &NAMES, &Limits::default());
    found.pickles.into_iter().map(|pickle| pickle.name).collect()
}

#[test]
fn what_readers_unpickle_is_handed_out() {
    for (bytes, expected) in [
        (under("layer", array("O", "|O", CALLS)), &["layer", "data"][..]),
        (under("params", bin(CALLS)), &["params"]),
        (under("params", flax(1, &[0x91, 4], "uint8", CALLS)), &["params"]),
        (under("x", [&[0xc7, CALLS.len() as u8, 42][..], CALLS].concat()), &["x"]),
        (under("layer", array("", "<f4", &[0; 4])), &[]),
    ] {
        assert_eq!(told(&bytes), Some(GraphFormat::Flax));
        let mut names = pickles(&bytes);
        names.sort_by_key(|name| expected.iter().position(|known| known == name));
        assert_eq!(names, expected);
    }
}

#[test]
fn only_what_is_whole_and_named_is_recognised() {
    for bytes in [
        &b"\x81\x01\x02"[..],
        b"\x80\x02}q\0.",
        b"\x81\xa3abc",
        b"\x91\x01",
        b"\x91\x91\x91\x01",
        b"\x81\xa3abc\x01 and text",
        b"\xdf\xff\xff\xff\xff\xa1a\x01",
        b"\x81\xa2\x01\x02\x01",
    ] {
        assert_ne!(told(bytes), Some(GraphFormat::Flax), "{bytes:?}");
    }
}
