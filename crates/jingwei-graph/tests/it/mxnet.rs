use jingwei_graph::GraphFormat;

use crate::check;

/// A list of one array of two floats, named `w`; numbers at the given places are changed.
fn parameters(changes: &[(usize, u32)]) -> Vec<u8> {
    let mut bytes = [0x112u64, 0, 1].iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    // Mark, kind of storage, dimensions, one size, device, type.
    for number in [0xf993_fac9u32, 0, 1, 2, 0, 1, 0, 0] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend([0; 8]);
    bytes.extend([1u64, 1].iter().flat_map(|number| number.to_le_bytes()));
    bytes.push(b'w');
    for (at, value) in changes {
        bytes[*at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    bytes
}

#[test]
fn arrays_are_as_large_as_they_say() {
    let broken = &["header-malformed"][..];
    for (case, changes, expected) in [
        ("sound", &[][..], &[][..]),
        ("first version", &[(24, 1), (28, 2), (32, 1), (36, 0), (40, 0)], &[]),
        ("arrays without end", &[(20, 1 << 28)], broken),
        ("a giant size", &[(36, 1 << 30)], broken),
        ("a size that wraps", &[(40, 1 << 31)], broken),
        ("too many dimensions", &[(32, 1000)], broken),
        ("an unknown mark", &[(24, 0xdead_beef)], broken),
        ("an unknown type", &[(52, 99)], broken),
        ("a sparse array", &[(28, 1)], &["not-inspected"]),
        ("more names", &[(64, 2)], broken),
        ("a giant name", &[(76, 1)], broken),
    ] {
        let mut bytes = parameters(changes);
        if case == "first version" {
            // Sizes of four bytes, and no kind of storage: what follows moves up.
            bytes = [&bytes[..32], &bytes[44..]].concat();
        }
        check(case, GraphFormat::MxNetParams, &bytes, expected);
    }
    let whole = parameters(&[]);
    for cut in 24..whole.len() {
        check("cut off", GraphFormat::MxNetParams, &whole[..cut], broken);
    }
    let mut unnamed = whole[..64].to_vec();
    unnamed.extend([0; 8]);
    check("without names", GraphFormat::MxNetParams, &unnamed, &[]);
}
