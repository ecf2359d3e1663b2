//! Calls that make far more than they were given.

use crate::seen;

/// `call("builtins range", &[number(10)])` and so on, as opcodes.
fn call(name: &str, arguments: &[Vec<u8>]) -> Vec<u8> {
    let (module, path) = name.split_once(' ').unwrap();
    [format!("c{module}\n{path}\n(").as_bytes(), &arguments.concat(), b"tR"].concat()
}

fn number(digits: &str) -> Vec<u8> {
    format!("L{digits}L\n").into_bytes()
}

fn tuple(values: &[Vec<u8>]) -> Vec<u8> {
    [b"(".as_slice(), &values.concat(), b"t"].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&[b'U', u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

#[track_caller]
fn check(what: &str, value: &[u8], expected: &[&str]) {
    assert_eq!(seen(&[b"\x80\x02", value, b"."].concat()), expected, "{what}");
}

#[test]
fn calls_that_make_too_much_are_told() {
    let large = || number("10000000000");
    let range = |n: &str| call("builtins range", &[number(n)]);
    let million = || range("1000000");
    let too_much = ["bomb allocation"].as_slice();
    for (what, value, expected) in [
        ("bytes", call("builtins bytearray", &[large()]), too_much),
        ("few bytes", call("builtins bytearray", &[number("1000000")]), &[]),
        ("an array", call("numpy zeros", &[tuple(&[number("100000"), number("100000")])]), too_much),
        ("a small array", call("numpy zeros", &[tuple(&[number("1000"), number("1000")])]), &[]),
        ("a negative size", call("numpy zeros", &[tuple(&[number("-100000"), number("100000")])]), &[]),
        ("numbers side by side", call("torch Tensor", &[number("100000"), number("100000")]), too_much),
        ("a range alone", range("10000000000"), &[]),
        ("a range that is read", call("builtins list", &[range("10000000000")]), too_much),
        ("a range of few", call("builtins list", &[million()]), &[]),
        ("from and to", call("builtins set", &[call("builtins range", &[large(), number("10000000009")])]), &[]),
        ("in steps", call("builtins set", &[call("builtins range", &[number("0"), large(), number("1000")])]), &[]),
        ("no end", call("builtins tuple", &[call("itertools count", &[])]), too_much),
        (
            "a part of no end",
            call("builtins tuple", &[call("itertools islice", &[call("itertools count", &[]), number("9")])]),
            &[],
        ),
        ("again and again", call("builtins sum", &[call("itertools repeat", &[number("1")])]), too_much),
        ("three times", call("builtins sum", &[call("itertools repeat", &[number("1"), number("3")])]), &[]),
        ("in a circle", call("collections deque", &[call("itertools cycle", &[text("ab")])]), too_much),
        ("in an empty circle", call("collections deque", &[call("itertools cycle", &[text("")])]), &[]),
        ("each with each", call("builtins list", &[call("itertools product", &[million(), million()])]), too_much),
        (
            "side by side",
            call("builtins list", &[call("builtins zip", &[million(), call("itertools count", &[])])]),
            &[],
        ),
        ("through others", call("builtins sorted", &[call("builtins enumerate", &[range("10000000000")])]), too_much),
        ("a text many times", call("operator mul", &[text("x"), large()]), too_much),
        ("a product of numbers", call("operator mul", &[large(), large()]), &[]),
        ("a long number", call("builtins pow", &[number("10"), large()]), too_much),
        ("a number", call("builtins pow", &[number("10"), number("20")]), &[]),
        ("an exponent", call("fractions Fraction", &[text("1e3000000000")]), too_much),
        ("a negative exponent", call("fractions Fraction", &[text("2.5E-30_000_000")]), too_much),
        ("a fraction", call("fractions Fraction", &[text("355/113")]), &[]),
        ("a fraction with an exponent", call("fractions Fraction", &[text("1e-9")]), &[]),
        ("a decimal", call("decimal Decimal", &[text("1E+999999")]), &[]),
        (
            "a decimal that is written out",
            call("fractions Fraction", &[call("decimal Decimal", &[text("1E+999999999")])]),
            too_much,
        ),
    ] {
        check(what, &value, expected);
    }
}

#[test]
fn iterators_of_iterators_cost_no_more_than_they_take() {
    let mut nest = b"]q\x00".to_vec();
    for _ in 0..3000 {
        // Each is made of the one before, twice.
        nest = [nest, b"0citertools\nchain\n(h\x00h\x00tRq\x00".to_vec()].concat();
    }
    check("shared", &[nest, b"0cbuiltins\nlist\n(h\x00tR".to_vec()].concat(), &[]);
}

/// A dictionary whose keys are these multiples of 2^61 - 1: Python's hash of each is 0.
fn keys(count: u128, factor: u128) -> Vec<u8> {
    let pair = |n: u128| [number(&(n * factor).to_string()), b"N".to_vec()].concat();
    [b"}(".to_vec(), (1..=count).map(pair).collect::<Vec<_>>().concat(), b"u".to_vec()].concat()
}

#[test]
fn keys_of_one_hash_are_told() {
    let modulus = (1 << 61) - 1;
    check("the same hash", &keys(5000, modulus), &["bomb collisions"]);
    check("few of them", &keys(500, modulus), &[]);
    check("others", &keys(5000, modulus + 2), &[]);
    let same =
        [b"}(".to_vec(), [number(&(modulus * 99).to_string()), b"N".to_vec()].concat().repeat(5000), b"u".to_vec()];
    check("one key again and again", &same.concat(), &[]);
}
