use jingwei_core::Limits;
use jingwei_keras::{NpyHeader, inspect_npy};
use proptest::prelude::*;

use crate::seen;

fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00".as_slice(), &length, header.as_bytes(), data].concat()
}

fn header(descr: &str, shape: &str) -> String {
    format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n")
}

fn inspect(file: &[u8], limits: &Limits) -> (Vec<NpyHeader>, Vec<String>) {
    let (headers, found) = inspect_npy(&mut file.to_vec(), limits);
    (headers, seen(&found.sightings))
}

#[test]
fn element_types_are_understood() {
    for (descr, shape, objects, item, expected) in [
        ("'<f4'", "(2, 3)", false, Some(4), Some(24)),
        ("'|b1'", "()", false, Some(1), Some(1)),
        ("'>U7'", "(2,)", false, Some(28), Some(56)),
        ("'<M8[25s]'", "(3,)", false, Some(8), Some(24)),
        ("'|S0'", "(9,)", false, Some(0), Some(0)),
        ("'<f8'", "(0, 18446744073709551615)", false, Some(8), Some(0)),
        ("[('a', '<i4'), ('b', '<f8', (2, 3))]", "(2,)", false, Some(52), Some(104)),
        ("[(('title', 'n'), '|V3'), ('', '|V5')]", "(1,)", false, Some(8), Some(8)),
        ("('<f4', (2,))", "(2,)", false, Some(8), Some(16)),
        ("'<i8'", "(3L, 2L)", false, Some(8), Some(48)),
        ("'|O'", "(5,)", true, None, None),
        ("'object'", "(5,)", true, None, None),
        ("'i4,O'", "(5,)", true, None, None),
        ("[('x', '|S3'), ('y', [('z', '|O', (2,))])]", "(3,)", true, None, None),
        ("[('x', ('|O', (2,)))]", "(3,)", true, None, None),
    ] {
        let data = vec![0; expected.map_or(9, |n| usize::try_from(n).unwrap())];
        let (headers, sightings) = inspect(&npy(&header(descr, shape), &data), &Limits::default());
        assert_eq!(sightings, [""; 0], "{descr}");
        let [h] = headers.as_slice() else { panic!("{descr}") };
        assert_eq!((h.has_objects, h.item_bytes, h.expected_bytes), (objects, item, expected), "{descr}");
        assert_eq!(h.data_offset, 10 + header(descr, shape).len() as u64);
    }
}

#[test]
fn escapes_are_decoded_as_python_does() {
    for key in [r"des\x63r", r"d\145scr", r"\u0064escr", r"\U00000064escr", "des\\\ncr"] {
        let header = format!("{{'descr': '|u1', '{key}': '|O', 'fortran_order': False, 'shape': (2,)}}");
        let (headers, _) = inspect(&npy(&header, &[0; 2]), &Limits::default());
        assert!(headers.len() == 1 && headers[0].has_objects, "{key}");
    }
    let (headers, _) = inspect(&npy(&header(r"'|\x4f'", "(2,)"), &[0; 2]), &Limits::default());
    assert!(headers[0].has_objects);
    for odd in [r"\x4", r"\ud800", r"\N{LATIN CAPITAL LETTER O}", "\\"] {
        let (headers, sightings) = inspect(&npy(&header(&format!("'|{odd}'"), "(2,)"), &[]), &Limits::default());
        assert_eq!((headers, sightings), (vec![], vec!["model.header-malformed -".to_owned()]), "{odd}");
    }
}

#[test]
fn sizes_that_lie_are_seen() {
    let f4 = header("'<f4'", "(2,)");
    let lie = ["model.numpy-lie -".to_owned()];
    for (file, arrays, expected) in [
        (npy(&f4, &[0; 7]), 1, lie.to_vec()),
        (npy(&f4, &[0; 9]), 1, lie.to_vec()),
        ([npy(&f4, &[0; 8]), npy(&f4, &[0; 8])].concat(), 2, vec![]),
        ([npy(&f4, &[0; 8]), npy(&f4, &[0; 3])].concat(), 2, lie.to_vec()),
        (npy(&header("'<f4'", "(4611686018427387904, 2)"), &[]), 1, lie.to_vec()),
        (npy(&header("'strange'", "(2,)"), &[]), 1, vec!["model.not-inspected -".to_owned()]),
    ] {
        let (headers, sightings) = inspect(&file, &Limits::default());
        assert_eq!((headers.len(), sightings), (arrays, expected));
    }
}

#[test]
fn headers_that_break_the_format_are_seen() {
    for header in [
        "",
        "{",
        "[]",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': __import__('os'), 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} + 1",
    ] {
        let (headers, sightings) = inspect(&npy(header, &[]), &Limits::default());
        assert_eq!((headers, sightings), (vec![], vec!["model.header-malformed -".to_owned()]), "{header}");
    }
    let late = [b"\x93NUMPY\x09\x00".as_slice(), &[0; 8]].concat();
    assert_eq!(inspect(&late, &Limits::default()).1, ["model.header-malformed -"]);
}

#[test]
fn limits_are_kept() {
    let limits = Limits { depth: 5, entries: 30, string_bytes: 20, header_bytes: 300, ..Limits::default() };
    let nested = format!("{}'<f4'{}", "[('a', ".repeat(9), ")]".repeat(9));
    for (descr, shape, limit) in [
        ("'<f4'", "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)", "entries"),
        ("'|V00000000000000000000000000000004'", "()", "string_bytes"),
        (&format!("'<f4'{}", " ".repeat(300)), "()", "header_bytes"),
    ] {
        let (_, sightings) = inspect(&npy(&header(descr, shape), &[0; 4]), &limits);
        assert_eq!(sightings, [format!("model.limit-exceeded {limit}")]);
    }
    let (_, sightings) = inspect(&npy(&header(&nested, "()"), &[0; 4]), &limits);
    assert_eq!(sightings, ["model.header-malformed -"]);
    let empty = npy(&header("'<f4'", "(0,)"), &[]);
    let limits = Limits { entries: 9, ..Limits::default() };
    let (headers, sightings) = inspect(&empty.repeat(12), &limits);
    assert_eq!((headers.len(), sightings), (9, vec!["model.limit-exceeded entries".to_owned()]));
}

proptest! {
    #[test]
    fn any_bytes_end(text in "[\\[\\](){}'\",:a-zO0-9<| ]{0,200}", data in prop::collection::vec(any::<u8>(), 0..50)) {
        let (headers, _) = inspect_npy(&mut npy(&text, &data), &Limits::default());
        prop_assert!(headers.len() <= 2);
    }
}
