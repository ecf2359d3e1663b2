use jingwei_core::Limits;
use jingwei_pickle::{Steps, run};
use jingwei_read::Source;
use proptest::prelude::*;

use crate::{names, seen};

fn recognise(source: &mut dyn Source, limits: &Limits) -> bool {
    jingwei_pickle::recognise(source, limits, &Steps::of(limits))
}

fn runs_something(source: &mut dyn Source, limits: &Limits) -> bool {
    jingwei_pickle::runs_something(source, limits, &Steps::of(limits))
}

fn with(limits: Limits, pickle: &[u8]) -> Vec<String> {
    let sightings = run(&mut { pickle }, names(), &limits).inspection.sightings;
    sightings.iter().map(|s| format!("{} {}", s.rule, s.key.as_deref().unwrap_or(""))).collect()
}

#[test]
fn pickles_of_one_file_share_their_steps() {
    let limits = Limits { entries: 10, ..Limits::default() };
    let pickle = [&b"\x80\x02"[..], &b"N0".repeat(800), b"N."].concat();
    let steps = Steps::of_file(u64::MAX, &limits);
    let rules = |_| {
        let found = jingwei_pickle::inspect(&mut pickle.as_slice(), names(), &limits, &steps).sightings;
        found.iter().map(|s| s.rule).collect::<Vec<_>>()
    };
    let seen: Vec<_> = (0..3).map(rules).collect();
    assert_eq!(seen, [vec![], vec!["model.pickle-bomb"], vec!["model.pickle-bomb"]]);
    // A small file has enough for what honest ones hold, however well it was packed.
    let alone = Steps::of_file(0, &Limits::default());
    let found = jingwei_pickle::inspect(&mut pickle.as_slice(), names(), &Limits::default(), &alone).sightings;
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn quotes_in_a_constant_end_no_constant() {
    for (text, expected) in
        [("x') # ok: print('hi", "os.system(\\\"x') # ok: print('hi\\\")"), ("\"x')", "os.system('\\\"x\\\\\\\\x27)')")]
    {
        let length = [u8::try_from(text.len()).unwrap()];
        let pickle = [b"\x80\x04cos\nsystem\n\x8c", &length[..], text.as_bytes(), b"\x85R."].concat();
        let found = format!("{:?}", crate::execute(&pickle).inspection.sightings);
        assert!(found.contains(expected), "{expected} is not in {found}");
    }
}

#[test]
fn tuples_in_tuples_end_at_a_limit() {
    let pickle = [&b"\x80\x04)"[..], &b"\x85".repeat(3_000_000), b"."].concat();
    assert_eq!(seen(&pickle), ["bomb depth"]);
}

#[test]
fn every_limit_is_a_sighting() {
    let small = Limits { entries: 10, ..Limits::default() };
    let opcodes = [&b"\x80\x02"[..], &b"N0".repeat(5000), b"N."].concat();
    assert_eq!(with(small, &opcodes), ["model.pickle-bomb opcodes"]);
    let deep_stack = [&b"\x80\x02"[..], &b"N".repeat(100), b"."].concat();
    assert_eq!(with(small, &deep_stack), ["model.limit-exceeded entries"]);
    let marks = [&b"\x80\x02"[..], &b"(".repeat(100), b"."].concat();
    assert_eq!(with(small, &marks), ["model.limit-exceeded entries"]);
    let line = [&b"S'"[..], &b"a".repeat(1000), b"'\n."].concat();
    assert_eq!(with(Limits { string_bytes: 100, ..Limits::default() }, &line), ["model.limit-exceeded string_bytes"]);
    // An unknown callable after the heap is full is nothing harmless.
    let full = [&b"\x80\x02"[..], &b"]0".repeat(40), b"ccollections\nOrderedDict\n)R)R."].concat();
    assert!(with(small, &full).iter().any(|s| s == "model.pickle-unknown computed"), "{:?}", with(small, &full));
}

#[test]
fn a_full_heap_still_knows_what_is_imported() {
    let small = Limits { entries: 10, ..Limits::default() };
    let pickle = [&b"\x80\x04"[..], &b"\x8c\x01a0".repeat(50), b"\x8c\x02os\x94\x8c\x06system\x94\x93."].concat();
    assert_eq!(with(small, &pickle), ["model.pickle-dangerous os.system"]);
}

#[test]
fn indirections_that_call_themselves_end() {
    for callable in ["itertools\nstarmap", "builtins\nmap", "functools\nreduce", "functools\npartial", "operator\ncall"]
    {
        let import = format!("c{callable}\nq\0");
        // A list that holds (callable, itself) four times.
        let pickle =
            [b"\x80\x02", import.as_bytes(), b"0]q\x01", &b"h\0h\x01\x86a".repeat(4), b"0h\0h\x01\x86R."].concat();
        assert!(!seen(&pickle).is_empty(), "{callable}");
        let chain =
            [b"\x80\x02", import.as_bytes(), &b"h\0".repeat(2000), b"K\0", &b"\x86R".repeat(2000), b"."].concat();
        assert!(!seen(&chain).is_empty(), "{callable}");
    }
}

#[test]
fn payloads_in_payloads_end() {
    let mut pickle = b"\x80\x04}.".to_vec();
    for _ in 0..8 {
        let length = u32::try_from(pickle.len()).unwrap().to_le_bytes();
        pickle = [b"\x80\x04B", length.as_slice(), &pickle, b"."].concat();
    }
    assert_eq!(with(Limits::default(), &pickle), ["model.limit-exceeded depth"]);
    let mut loaded = b"\x80\x04}.".to_vec();
    for _ in 0..8 {
        let length = u32::try_from(loaded.len()).unwrap().to_le_bytes();
        loaded = [b"\x80\x04ctorch.storage\n_load_from_bytes\nB", length.as_slice(), &loaded, b"\x85R."].concat();
    }
    assert_eq!(with(Limits::default(), &loaded), ["model.limit-exceeded depth"]);
}

#[test]
fn shared_lists_cost_no_more_than_their_bytes() {
    // Each list holds the one before twice: 2^2000 leaves when written out.
    let doubling = [&b"\x80\x02]q\0"[..], &b"](h\0h\0eq\0".repeat(2000), b"."].concat();
    assert_eq!(seen(&doubling), ["bomb expansion"]);
    let called = [&b"\x80\x02cos\nsystem\n]q\x000"[..], &b"](h\0h\0eq\x000".repeat(2000), b"h\0\x85R."].concat();
    assert_eq!(seen(&called), ["dangerous os.system", "bomb expansion"]);
    let tensors =
        [&b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n0]q\0"[..], &b"](h\0h\0eq\0".repeat(60), b"."].concat();
    assert_eq!(seen(&tensors), ["bomb expansion"]);
}

#[test]
fn what_wears_a_reader_out_is_told() {
    let proto = |body: &[u8]| [&b"\x80\x04"[..], body, b"."].concat();
    let import = |n: u32| format!("cm{n}\nx\n0").into_bytes();
    let shared: Vec<u8> =
        (1..9).flat_map(|n| [&b"]("[..], &[b'h', n - 1].repeat(9), &[b'e', b'q', n]].concat()).collect();
    for (what, body, expected) in [
        ("tuples that double", [&b"K\x01"[..], &b"2\x86".repeat(60)].concat(), &["bomb expansion"][..]),
        ("tuples that double a little", [&b"K\x01"[..], &b"2\x86".repeat(25)].concat(), &[]),
        (
            "tuples that double a little, as a key",
            [&b"}K\x01"[..], &b"2\x86".repeat(30), b"Ns"].concat(),
            &["bomb expansion"],
        ),
        (
            "as a key of an ordered dictionary",
            [&b"ccollections\nOrderedDict\n)RK\x01"[..], &b"2\x86".repeat(30), b"Ns"].concat(),
            &["bomb expansion"],
        ),
        (
            "in a set of a list",
            [&b"c__builtin__\nset\n]K\x01"[..], &b"2\x86".repeat(30), b"a\x85R"].concat(),
            &["bomb expansion"],
        ),
        ("a small tuple as a key", [&b"}K\x01"[..], &b"2\x86".repeat(8), b"Ns"].concat(), &[]),
        ("lists of nine each", [&b"]q\0"[..], &shared].concat(), &[]),
        (
            "as ordered dictionaries",
            [&b"]"[..], &b"\x94ccollections\nOrderedDict\nh\0h\0\x86\x85Rq\0".repeat(60)].concat(),
            &["bomb expansion"],
        ),
        ("a list of itself", b"]q\0h\0a".to_vec(), &[]),
        ("lists in lists", [&b"]".repeat(20_000)[..], &b"a".repeat(19_999)].concat(), &["bomb depth"]),
        ("a few lists in lists", [&b"]".repeat(900)[..], &b"a".repeat(899)].concat(), &[]),
        ("marks", [&b"(".repeat(20_000)[..], &b"1".repeat(20_000), b"N"].concat(), &["bomb marks"]),
        ("a far memo slot", b"Nr\xff\xff\xff\xff".to_vec(), &["bomb memo"]),
        ("a near memo slot", b"Nr\xff\xff\0\0".to_vec(), &[]),
        ("dropped values", [&b"N0".repeat(1_000_001)[..], b"N"].concat(), &["bomb dropped"]),
        ("digits", [&b"L"[..], &b"9".repeat(100_000), b"L\n"].concat(), &["bomb number"]),
        ("a long number", [&b"\x8b\0\0\x20\0"[..], &[7; 0x20_0000]].concat(), &["bomb number"]),
        ("an endless name", [&b"c"[..], &b"a".repeat(100_000)].concat(), &["bomb name"]),
    ] {
        assert_eq!(seen(&proto(&body)), expected, "{what}");
    }
    let names = proto(&[(0..10_001).flat_map(import).collect(), b"N".to_vec()].concat());
    assert!(seen(&names).contains(&"bomb names".to_owned()));
}

#[test]
fn what_the_file_does_not_hold_is_told() {
    let storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ";
    for (body, expected) in [
        (&b"Pos.system\n"[..], &["outside-value object"][..]),
        (b"P0\n", &["outside-value object"]),
        (b"\x8c\x05other\x85Q", &["outside-value object"]),
        (b")Q", &["outside-value object"]),
        (storage, &[]),
        (b"K\x07Q", &[]),
        (b"\x97\x98", &["outside-value buffer"]),
    ] {
        assert_eq!(seen(&[b"\x80\x05", body, b"."].concat()), expected, "{}", body.escape_ascii());
    }
}

#[test]
fn a_name_that_is_computed_is_dangerous() {
    for body in [
        &b"cbuiltins\nstr.join\n\x8c\0](\x8c\x01o\x8c\x01se\x86R\x8c\x06system\x93"[..],
        b"\x8c\x02oscbuiltins\nbytes.fromhex\n\x8c\x02aa\x85R\x93",
        b"\x8c\x02osP7\n\x93",
    ] {
        let found = seen(&[b"\x80\x04", body, b"."].concat());
        assert!(found.contains(&"dangerous computed".to_owned()), "{found:?}");
    }
}

#[test]
fn text_is_utf8_as_python_reads_it() {
    for (text, is_text) in [
        (&b"plain"[..], true),
        ("字".as_bytes(), true),
        (b"\xed\xa0\x80 lone", true),
        (b"\xff\xfe", false),
        (b"cut \xe5\xad", false),
        (b"\xed\xa0", false),
        (b"\xc0\x80", false),
    ] {
        let length = [u8::try_from(text.len()).unwrap()];
        let found = seen(&[b"\x80\x04\x8c", &length[..], text, b"."].concat());
        let expected: &[&str] = if is_text { &[] } else { &["malformed a text is not UTF-8"] };
        assert_eq!(found, expected, "{}", text.escape_ascii());
    }
    // The part that is held may end within a character.
    let long = [&b"\x80\x02X\x01\x20\0\0a"[..], "字".repeat(0x2000 / 3).as_bytes(), b"aa."].concat();
    assert_eq!(seen(&long), [""; 0]);
}

#[test]
fn storages_and_tensors_of_old_tars_are_passed_over() {
    let storage = b"\x80\x02X\x01\0\0\x000X\x03\0\0\0cpuctorch\nFloatStorage\n\x87.";
    let tensor = b"\x80\x02K\x01K\0ctorch\nFloatTensor\n\x87.";
    let (elements, sides) =
        ([&[4, 0, 0, 0, 0, 0, 0, 0][..], &[0xff; 16]].concat(), [&[1, 0, 0, 0][..], &[9; 28]].concat());
    for (parts, expected) in [
        (vec![&b"\x80\x02K\x01."[..], storage, &elements], &[][..]),
        (vec![b"\x80\x02K\x02.", storage, &elements, storage, &elements, b"\x80\x02]."], &[]),
        (vec![b"\x80\x02K\x01.", tensor, &sides], &[]),
        (vec![storage, &elements[..20]], &["malformed the bytes end before the stream does"]),
        (vec![storage, &elements, b"\xff\xff"], &["malformed other bytes follow the end of the stream"]),
        (vec![storage, &elements, b"\x80\x02cos\nsystem\n."], &["dangerous os.system"]),
    ] {
        assert_eq!(seen(&parts.concat()), expected);
    }
}

#[test]
fn long_names_and_chains_of_them_end() {
    let long = [&b"c"[..], &b"a.".repeat(20_000), b"a\nb\n."].concat();
    assert!(seen(&long)[0].starts_with("dangerous "));
    let chain = [
        &b"\x80\x04"[..],
        &b"cbuiltins\ngetattr\n".repeat(500),
        b"ccollections\nOrderedDict\n",
        &b"X\x01\0\0\0a\x86R".repeat(500),
        b".",
    ]
    .concat();
    let found = seen(&chain);
    assert!(found.iter().any(|f| f == "unknown collections.OrderedDict.a"), "{found:?}");
    assert!(found.iter().any(|f| f == "unknown computed"), "{found:?}");
    let written =
        [&b"\x80\x04cnumpy\nmean\n}X\x01\0\0\0acnumpy\nmean\nsb0"[..], b"cnumpy\nmean", &b".a".repeat(5000), b"\n."]
            .concat();
    assert!(!seen(&written).is_empty());
}

#[test]
fn pickles_are_recognised_and_text_is_not() {
    for (bytes, expected) in [
        (&b"\x80\x02}."[..], true),
        (b"\x80\x04\x95", true),
        (b"cbuiltins\nlen\n(S'abc'\ntR.", true),
        (b"(lp0\n.", true),
        (b"I1\n.", true),
        (b"cposix\nsystem\n(S'true'\ntR and then junk", true),
        (b"(S'true'\niposix\nsystem\n.", true),
        (b"cnumpy\nmean\n(S'a'\nS'os'\ndb and then junk", true),
        (b"N.B. see the card.\nNone of this is a pickle.\n", false),
        (b"configuration\nof the model\nReduce it.", false),
        (b"see model.gguf\n", false),
        (b"", false),
        (b"\x80", false),
        (b"\x80\x02", false),
        (b"\x80\x06}.", false),
        (b"{\"json\": 1}", false),
        (b"PK\x03\x04", false),
    ] {
        let found = recognise(&mut { bytes }, &Limits::default());
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(bytes));
    }
}

/// Imports and calls, told from the first byte on.
#[test]
fn what_c_python_passes_over_does_not_hide_a_call() {
    const CALL: &[u8] = b"0cos\nsystem\n(S'true marker'\ntR.";
    for beginning in [
        &b"I1\n(e"[..],
        b"S'a'\n(u",
        b"K\x01(\x90",
        b"\x96\x04\0\0\0\0\0\0\0abcdK\0K\x01s",
        b"I1\0 x\n",
        b"F1.0\0zz\n",
        b"L1\0zz\n",
        b"I1\np0\0zz\n",
    ] {
        let pickle = [beginning, CALL].concat();
        assert!(recognise(&mut pickle.as_slice(), &Limits::default()), "{beginning:?}");
        assert!(runs_something(&mut pickle.as_slice(), &Limits::default()), "{beginning:?}");
        assert!(seen(&pickle).contains(&"dangerous os.system".to_owned()), "{:?}", seen(&pickle));
    }
    let long = [&b"V"[..], &b"a".repeat(1000), b"\n", CALL].concat();
    assert!(runs_something(&mut long.as_slice(), &Limits { string_bytes: 100, ..Limits::default() }));
    for (bytes, recognised, runs) in [
        (&b"cevil_module\nx\n"[..], true, false),
        (b"cevil_module\nx\n\0", true, false),
        (b"cevil_module\nx\n.", true, true),
        (b"cevil_module\nx\n.ustar", true, true),
        (b"cat\ndog\n", false, false),
        (b"cat_small\ndog\nelephant\n", false, false),
        (b"\x82\xa1a\x01\xa1b\x02", false, false),
        (b"\x82\x05)R junk", true, false),
        (b"\x82\x05.", true, false),
        (b"K\x01K\x02R junk", false, false),
        (b"PK\x03\x04\ncos\nsystem\n)R", true, false),
        (b"K\x01)R)R junk", false, false),
        (b"\x80\x02}.", true, false),
        (b"\x80\x02cos\nsystem\n)R", true, true),
    ] {
        let found = recognise(&mut { bytes }, &Limits::default());
        assert_eq!(found, recognised, "{}", String::from_utf8_lossy(bytes));
        assert_eq!(runs_something(&mut { bytes }, &Limits::default()), runs, "{}", String::from_utf8_lossy(bytes));
    }
}

fn opcode_soup() -> impl Strategy<Value = Vec<u8>> {
    let parts = prop::sample::select(vec![
        &b"("[..],
        b"0",
        b"1",
        b"2",
        b"N",
        b")",
        b"]",
        b"}",
        b"\x8f",
        b"t",
        b"l",
        b"d",
        b"\x85",
        b"\x86",
        b"\x87",
        b"a",
        b"e",
        b"s",
        b"u",
        b"\x90",
        b"\x91",
        b"R",
        b"b",
        b"o",
        b"\x81",
        b"\x92",
        b"\x93",
        b"Q",
        b"\x94",
        b"h\0",
        b"q\0",
        b"\x8c\x02os",
        b"\x8c\x06system",
        b"cbuiltins\ngetattr\n",
        b"ccollections\nOrderedDict\n",
        b"cfunctools\npartial\n",
        b"coperator\nattrgetter\n",
        b"csys\nmodules\n",
        b"coperator\ngetitem\n",
        b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n",
        b"K\x07",
        b".",
        b"C\x04\x80\x02}.",
        b"\x95\x08\0\0\0\0\0\0\0",
    ]);
    prop::collection::vec(parts, 0..200).prop_map(|parts| [b"\x80\x04", parts.concat().as_slice()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_give_the_same_answer_twice(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert_eq!(seen(&bytes), seen(&bytes));
    }

    #[test]
    fn any_opcodes_give_the_same_answer_twice(bytes in opcode_soup()) {
        let (one, two) = (crate::execute(&bytes), crate::execute(&bytes));
        prop_assert_eq!(&one.inspection, &two.inspection);
        prop_assert_eq!(one.checkpoint(), two.checkpoint());
        prop_assert!(one.is_complete || !one.inspection.sightings.is_empty());
    }
}
