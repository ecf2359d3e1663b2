use crate::{execute, seen};

fn long_text(text: &str) -> Vec<u8> {
    [b"X", u32::try_from(text.len()).unwrap().to_le_bytes().as_slice(), text.as_bytes()].concat()
}

/// `torch._utils._rebuild_tensor_v2` of a storage with `rest` behind the number of elements.
fn tensor(class: &str, key: &str, elements: u8, rest: &[u8]) -> Vec<u8> {
    let storage = [
        b"(".to_vec(),
        long_text("storage"),
        format!("ctorch\n{class}\n").into_bytes(),
        long_text(key),
        long_text("cpu"),
        vec![b'K', elements],
        rest.to_vec(),
        b"tQ".to_vec(),
    ]
    .concat();
    [
        b"ctorch._utils\n_rebuild_tensor_v2\n(".as_slice(),
        &storage,
        b"K\x01K\x02K\x03\x86K\x03K\x01\x86\x89ccollections\nOrderedDict\n)RtR",
    ]
    .concat()
}

fn entry(key: &str, value: &[u8]) -> Vec<u8> {
    [&long_text(key), value, b"s"].concat()
}

#[test]
fn a_tensor_past_its_storage_is_told() {
    // It begins at 1 and has two rows of three: the last of its elements is number 6.
    for (class, elements, expected) in [
        ("FloatStorage", 7, vec![]),
        ("FloatStorage", 6, vec!["graph-lie storage"]),
        ("FloatStorage", 0, vec!["graph-lie storage"]),
        // Its numbers are bytes, of which nothing is said here.
        ("UntypedStorage", 6, vec![]),
    ] {
        let state = [b"\x80\x02".as_slice(), &tensor(class, "0", elements, b""), b"."].concat();
        assert_eq!(seen(&state), expected, "{class} {elements}");
    }
}

#[test]
fn claims_about_a_tensor_are_told() {
    // A thousand million rows of a thousand that all stand on one element.
    let spread = tensor("FloatStorage", "0", 7, b"");
    let at = spread.windows(6).position(|window| window == b"K\x02K\x03\x86K").unwrap();
    let rows = [b"J\0\0\0\x40M\xe8\x03\x86".as_slice(), b"K\0K\0\x86"].concat();
    let spread = [&spread[..at], &rows, &spread[at + 10..]].concat();
    let set = [&tensor("FloatStorage", "0", 7, b"")[..], b"K\x01K\x02s"].concat();
    for (what, value, expected) in
        [("spread", spread, vec!["graph-lie spread"]), ("set by an opcode", set, vec!["graph-lie set-item"])]
    {
        assert_eq!(seen(&[b"\x80\x02", &value[..], b"."].concat()), expected, "{what}");
    }
}

#[test]
fn objects_whose_content_is_bytes_are_told() {
    let dtype = |kind: &str| [b"cnumpy\ndtype\n(".as_slice(), &long_text(kind), b"K\0K\x01tR"].concat();
    let scalar = |kind: &str, content: &[u8]| {
        [b"cnumpy.core.multiarray\nscalar\n(".as_slice(), &dtype(kind), content, b"tR"].concat()
    };
    let array = |kind: &str, content: &[u8]| {
        let made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85C\x01btR(K\x01K\x01\x85";
        [made.as_slice(), &dtype(kind), b"\x89", content, b"tb"].concat()
    };
    let (bytes, list) = (b"C\x08AAAAAAAA".as_slice(), b"]K\x01a".as_slice());
    for (what, value, expected) in [
        ("an address", scalar("O8", bytes), vec!["graph-lie objects"]),
        ("a number", scalar("f8", bytes), vec![]),
        ("addresses", array("|O", bytes), vec!["graph-lie objects"]),
        ("objects", array("O8", list), vec![]),
        ("numbers", array("<f8", bytes), vec![]),
    ] {
        assert_eq!(seen(&[b"\x80\x03", &value[..], b"."].concat()), expected, "{what}");
    }
}

#[test]
fn tensors_are_listed_by_their_path() {
    let quantised = b"ctorch._utils\n_rebuild_qtensor\n)R";
    let negative = tensor("FloatStorage", "3", 7, b"");
    let negative = [&negative[..negative.len() - 2], b"}X\x03\0\0\0neg\x88stR"].concat();
    let parameter =
        [b"ctorch._utils\n_rebuild_parameter\n(".as_slice(), &tensor("HalfStorage", "1", 7, b""), b"\x88)tR"].concat();
    let module = [
        b"ctorch.nn.modules.linear\nLinear\n)\x81}".as_slice(),
        &entry("_parameters", &[b"}".as_slice(), &entry("bias", &parameter)].concat()),
        &entry("_buffers", b"}"),
        &entry("_modules", b"}"),
        b"b",
    ]
    .concat();
    let state = [
        b"\x80\x02}".as_slice(),
        &entry("layer.weight", &tensor("BFloat16Storage", "0", 7, b"")),
        &entry("list", &[b"](".as_slice(), &tensor("FloatStorage", "2", 9, b""), b"K\x05e"].concat()),
        &entry("linear", &module),
        &entry("q", quantised),
        &entry("neg", &negative),
        &entry("epoch", b"K\x05"),
        b".",
    ]
    .concat();
    assert_eq!(seen(&state), [""; 0]);
    let checkpoint = execute(&state).checkpoint();
    let rows: Vec<String> = checkpoint
        .tensors
        .iter()
        .map(|t| {
            format!(
                "{} {} {} {:?} {:?} {} {}",
                t.name,
                t.storage_key,
                t.dtype,
                t.shape,
                t.stride,
                t.offset_elements,
                t.is_inside()
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            "layer.weight 0 BF16 [2, 3] [3, 1] 1 true",
            "list.0 2 F32 [2, 3] [3, 1] 1 true",
            "linear.bias 1 F16 [2, 3] [3, 1] 1 true"
        ]
    );
    let leaves =
        |leaves: &[jingwei_pickle::Leaf]| leaves.iter().map(|l| format!("{} {}", l.name, l.what)).collect::<Vec<_>>();
    assert_eq!(leaves(&checkpoint.skipped), ["list.1 int", "epoch int"]);
    assert_eq!(
        leaves(&checkpoint.unsupported),
        ["q torch._utils._rebuild_qtensor", "neg torch._utils._rebuild_tensor_v2"]
    );
}

fn legacy(body: &[u8], keys: &[&str], storages: &[u8]) -> Vec<u8> {
    let keys: Vec<u8> = keys.iter().flat_map(|key| [long_text(key), b"a".to_vec()].concat()).collect();
    [
        b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.\x80\x02".as_slice(),
        body,
        b".\x80\x02]",
        &keys,
        b".",
        storages,
    ]
    .concat()
}

#[test]
fn the_older_layout_is_followed_to_its_last_storage() {
    let body = [
        b"}".as_slice(),
        &entry("w", &tensor("ShortStorage", "a", 7, b"N")),
        &entry("v", &tensor("CharStorage", "b", 7, b"N")),
    ]
    .concat();
    let count = |n: u64| n.to_le_bytes().to_vec();
    let storages = [count(7), vec![1; 7], count(7), vec![2; 14]].concat();
    let file = legacy(&body, &["b", "a"], &storages);
    assert_eq!(seen(&file), [""; 0]);
    let execution = execute(&file);
    assert_eq!((execution.streams, execution.is_complete, execution.is_legacy()), (5, true, true));
    let found: Vec<(String, u64, u64)> =
        execution.legacy_storages.iter().map(|s| (s.key.clone(), file.len() as u64 - s.offset, s.bytes)).collect();
    assert_eq!(found, [("b".to_owned(), 29, 7), ("a".to_owned(), 14, 14)]);
    assert_eq!(execution.checkpoint().tensors.len(), 2);
    assert_eq!(execution.inspection.facts.parameters, Some(12));
    for (storages, expected) in [
        (storages[..30].to_vec(), "malformed the bytes end before the stream does"),
        ([storages.clone(), vec![0]].concat(), "malformed other bytes follow the storages"),
        ([count(8), vec![0; 40]].concat(), "malformed a storage has another number of elements than its tensors say"),
    ] {
        assert_eq!(seen(&legacy(&body, &["b", "a"], &storages)), [expected]);
    }
    assert_eq!(seen(&legacy(&body, &["c"], &[])), ["malformed a storage belongs to no tensor"]);
}

/// `joblib` writes the wrapper of an array, then its bytes.
fn array(dtype: &[u8], shape: &[u8], aligned: bool, bytes: &[u8]) -> Vec<u8> {
    let mut state = vec![
        entry("subclass", b"cnumpy\nndarray\n"),
        entry("shape", shape),
        entry("order", &long_text("C")),
        entry("dtype", dtype),
        entry("allow_mmap", b"\x88"),
    ];
    if aligned {
        state.push(entry("numpy_array_alignment_bytes", b"K\x10"));
    }
    [b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}".as_slice(), &state.concat(), b"b", bytes].concat()
}

#[test]
fn arrays_beside_the_file_stay_beside_it() {
    for (file, expected) in
        [("model.pkl_01.npy", &[][..]), ("../other.npy", &["malformed an array is read from a file elsewhere"][..])]
    {
        let state = [b"}".as_slice(), &entry("filename", &long_text(file)), b"b"].concat();
        let pickle = [b"\x80\x02cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81".as_slice(), &state, b"."].concat();
        assert_eq!(seen(&pickle), expected);
    }
}

#[test]
fn arrays_between_opcodes_are_passed_over() {
    let dtype = |code: &str, size: &[u8]| {
        [
            b"cnumpy\ndtype\n".as_slice(),
            &long_text(code),
            b"\x89\x88\x87R(K\x03",
            &long_text("<"),
            b"NNN",
            size,
            b"J\xff\xff\xff\xffK\x00tb",
        ]
        .concat()
    };
    let calls = [b"cmy.module\nfunction\n)R".as_slice(), &[b'.'; 16]].concat();
    let hidden = "malformed the bytes of an array are opcodes that call something";
    let minus = b"J\xff\xff\xff\xff";
    let inner = b"\x80\x02cos\nsystem\n.";
    for (pickle, expected) in [
        (array(&dtype("f8", minus), b"K\x02\x85", false, &[b'.'; 16]), None),
        (array(&dtype("f8", minus), b"K\x02\x85", true, &[&[3, 0xff, 0xff, 0xff][..], &[b'.'; 16]].concat()), None),
        (array(&dtype("U2", b"K\x08"), b"K\x02\x85", false, &[b'.'; 16]), None),
        (array(&dtype("b1", minus), b"K\x02K\x03\x86", false, &[b'.'; 6]), None),
        (array(&dtype("O8", minus), b"K\x02\x85", false, b"\x80\x02](NNe."), None),
        (array(&dtype("O8", minus), b"K\x02\x85", false, inner), Some("dangerous os.system")),
        (
            array(&dtype("f8", minus), b"K\x63\x85", false, &[b'.'; 16]),
            Some("malformed the bytes end before the stream does"),
        ),
        (array(&dtype("f8", minus), b"K\x05\x85", false, &[&calls[..], &[b'.'; 2]].concat()), Some(hidden)),
        (array(&dtype("f8", b"K\x01"), b"K\x02\x85", false, &[b'.'; 16]), None),
        (array(b"N", b"K\x03\x85", false, &[]), Some("malformed the size of an array between the opcodes is unknown")),
    ] {
        let whole = [b"\x80\x02](".as_slice(), &pickle, b"cposix\nabort\n0e."].concat();
        let found = seen(&whole);
        match expected {
            Some(expected) => assert!(found.iter().any(|f| f == expected), "{expected} is not in {found:?}"),
            // What stands behind the array is seen again.
            None => assert_eq!(found, ["dangerous os.abort"]),
        }
    }
}
