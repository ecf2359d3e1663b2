use jingwei_core::Limits;

use crate::{
    builders::PICKLE,
    support::{scan_file, scan_single},
};

#[track_caller]
fn check(bytes: &[u8], is_pickle: bool) {
    let seen = scan_file(bytes, &Limits::default());
    let found = seen.with_rule("model.pickle-file").is_some();
    assert_eq!(found, is_pickle, "{:?}: {:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]), seen.lines());
    assert!(seen.with_rule("model.header-malformed").is_none());
}

#[test]
fn every_protocol_is_recognised_whatever_the_name() {
    for bytes in [
        PICKLE,
        b"(dp0\n.",
        b"(lp0\nI1\naI2\na.",
        b"I01\n.",
        b"N.",
        b"]q\x00(K\x01K\x02e.",
        b"\x80\x03}q\x00.",
        b"\x80\x04\x95\x04\x00\x00\x00\x00\x00\x00\x00}\x94.",
        b"\x80\x05\x95\x04\x00\x00\x00\x00\x00\x00\x00]\x94.",
        // Code runs before the stream breaks or ends.
        b"cos\nsystem\n(S'true'\ntR",
        b"cos\nsystem\n(S'true'\ntR\xff\xff",
        b"(S'true'\nios\nsystem\n.",
        b"(cos\nsystem\nS'true'\no.",
        b"(dcx\ny\nb.",
        b"\x82\x01.",
        // A harmless leader, marks and pops before the mark of a protocol.
        b"N0(1\x80\x02}.",
        b"N.(lp0\n.",
        b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.",
    ] {
        check(bytes, true);
    }
    let leader = b"N0".repeat(5_000);
    check(&[leader.as_slice(), b"cos\nsystem\n(S'x'\ntR."].concat(), true);
}

#[test]
fn what_only_begins_like_one_is_not() {
    for text in [
        "N.B. this is a note\n",
        "None\n",
        "I am a model.\n",
        "Version 1.0\nLicensed under MIT\n",
        "SPDX-License-Identifier: MIT\n",
        "configuration\nof the model\nis here",
        "cos\nsystem\n",
        "Llama\n",
        "GGML",
        "(c) 2026 the authors. All rights reserved.\n",
        "Permission is hereby granted\n",
        "]]]\n",
        "# Model\n\nText.",
        "",
        ".",
    ] {
        check(text.as_bytes(), false);
    }
    for bytes in [&b"\x80\x06}."[..], b"\x80\x02", b"\x80\x02\xff", b"R.", b"0"] {
        check(bytes, false);
    }
}

#[test]
fn a_walk_that_reaches_a_limit_says_so() {
    let endless = b"N0".repeat(2_000);
    let long_line = format!("V{}\nN.", "x".repeat(5_000));
    let limits = Limits::default();
    for (seen_first, limits, bytes) in [
        ("pickle-bomb weights opcodes", Limits { entries: 10, ..limits }, endless.as_slice()),
        ("limit-exceeded weights string_bytes", Limits { string_bytes: 4_000, ..limits }, long_line.as_bytes()),
    ] {
        let seen = scan_single(bytes, &limits);
        assert_eq!(seen.lines()[0], format!("model.{seen_first}"));
    }
}
