use crate::seen;

fn text(text: &str) -> Vec<u8> {
    [&[0x8c, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// Protocol 4: `{0}` of a name, written `module:path`; everything else as it stands.
fn name(name: &str) -> Vec<u8> {
    let (module, path) = name.split_once(':').unwrap();
    [text(module), text(path), vec![0x93]].concat()
}

/// `callable(*arguments)`
fn call(callable: &[u8], arguments: &[Vec<u8>]) -> Vec<u8> {
    [callable, b"(", &arguments.concat(), b"tR"].concat()
}

fn stream(body: &[u8]) -> Vec<u8> {
    [b"\x80\x04", body, b"."].concat()
}

fn check(body: &[u8], expected: &[&str]) {
    let found = seen(&stream(body));
    assert_eq!(found, expected, "{}", String::from_utf8_lossy(body));
}

#[test]
fn indirections_lead_to_what_they_mean() {
    let import = call(&name("builtins:__import__"), &[text("os")]);
    let getattr = |base: &[u8], key: &str| call(&name("builtins:getattr"), &[base.to_vec(), text(key)]);
    let has = |body: &[u8], expected: &str| {
        let found = seen(&stream(body));
        assert!(found.iter().any(|f| f == expected), "{expected} is not in {found:?}");
    };
    for body in [
        call(&name("os:system"), &[text("true")]),
        name("os:system"),
        [name("os:system"), b"0N".to_vec()].concat(),
        call(&name("sklearn:os.system"), &[text("true")]),
        call(&getattr(&import, "system"), &[text("true")]),
        call(&call(&name("pkgutil:resolve_name"), &[text("os:system")]), &[text("true")]),
        call(&call(&name("pydoc:locate"), &[text("os.system")]), &[text("true")]),
        call(&getattr(&call(&name("importlib:import_module"), &[text("os")]), "system"), &[]),
        call(&call(&name("operator:attrgetter"), &[text("system")]), std::slice::from_ref(&import)),
        call(&call(&name("operator:methodcaller"), &[text("system"), text("true")]), std::slice::from_ref(&import)),
        getattr(&call(&name("operator:getitem"), &[name("sys:modules"), text("os")]), "system"),
        getattr(&call(&name("sys:modules.get"), &[text("os")]), "system"),
        call(&call(&name("functools:partial"), &[name("os:system"), text("true")]), &[]),
        call(&name("numpy.core:_ufunc_reconstruct"), &[text("os"), text("system")]),
        call(&name("builtins:map"), &[name("os:system"), b"](\x8c\x04trueae".to_vec()]),
    ] {
        has(&body, "dangerous os.system");
    }
    has(&getattr(&name("collections:OrderedDict"), "__init__"), "unknown collections.OrderedDict.__init__");
    has(
        &name("collections:OrderedDict.__init__.__globals__"),
        "dangerous collections.OrderedDict.__init__.__globals__",
    );
    has(&call(&name("operator:getitem"), &[name("builtins:__dict__"), text("eval")]), "dangerous builtins.eval");
}

#[test]
fn what_models_need_is_quiet() {
    for body in [
        call(&name("collections:OrderedDict"), &[]),
        call(&name("_codecs:encode"), &[text("\u{e9}"), text("latin1")]),
        call(
            &name("copyreg:_reconstructor"),
            &[name("torch.nn.modules.linear:Linear"), name("builtins:object"), b"N".to_vec()],
        ),
        call(&name("builtins:getattr"), &[text("sep"), text("join")]),
        call(&name("builtins:type"), &[b"N".to_vec()]),
        call(&name("collections:defaultdict"), &[name("builtins:list")]),
        call(
            &name("numpy.core.multiarray:_reconstruct"),
            &[name("numpy:ndarray"), b"K\0\x85".to_vec(), b"C\x01b".to_vec()],
        ),
        call(&name("torch.storage:_load_from_bytes"), &[b"C\x04\x80\x02}.".to_vec()]),
        call(&name("operator:itemgetter"), &[b"K\x01".to_vec()]),
        name("numpy:memmap"),
        call(&name("numpy.core:_ufunc_reconstruct"), &[text("numpy"), text("log1p")]),
        call(&name("__torch__.model:Encoder"), &[]),
    ] {
        check(&body, &[]);
    }
}

#[test]
fn conditions_are_held_call_by_call() {
    for (body, expected) in [
        (call(&name("_codecs:encode"), &[text("a"), text("rot13")]), "unknown _codecs.encode"),
        (name("builtins:getattr"), "unknown builtins.getattr"),
        (call(&name("numpy:memmap"), &[text("file")]), "unknown numpy.memmap"),
        (call(&name("builtins:type"), &[text("X"), b")".to_vec(), b"}".to_vec()]), "unknown builtins.type"),
        (call(&name("functools:partial"), &[name("builtins:getattr")]), "unknown functools.partial"),
        (
            [
                call(&name("functools:partial"), &[name("collections:OrderedDict")]),
                b"(".to_vec(),
                name("builtins:list"),
                b")}NtbK\x01\x85R".to_vec(),
            ]
            .concat(),
            "unknown functools.partial",
        ),
        (call(&name("functools:partial"), &[name("my:function")]), "unknown my.function"),
        (call(&name("torch.storage:_load_from_bytes"), &[b"N".to_vec()]), "unknown torch.storage._load_from_bytes"),
        (call(&name("xgboost.core:Booster"), &[text("m")]), "unknown xgboost.core.Booster"),
        (
            call(&name("copyreg:_reconstructor"), &[name("builtins:list"), name("xgboost.core:Booster"), text("m")]),
            "unknown xgboost.core.Booster",
        ),
        (call(&name("copyreg:__newobj__"), &[name("xgboost.core:Booster"), text("m")]), "unknown xgboost.core.Booster"),
        (call(&name("functools:partial"), &[name("xgboost.core:Booster"), text("m")]), "unknown functools.partial"),
    ] {
        let found = seen(&stream(&body));
        assert!(found.contains(&expected.to_owned()), "{expected} is not in {found:?}");
    }
}

#[test]
fn what_a_stream_hides_is_seen() {
    let system = name("posix:system");
    let inner = stream(&call(&system, &[text("true")]));
    let bytes = |b: &[u8]| [&[b'C', u8::try_from(b.len()).unwrap()], b].concat();
    // in constants, raw and packed, loaded or only carried along
    check(&bytes(&inner), &["dangerous os.system"]);
    check(&text("Y3Bvc2l4CnN5c3RlbQooUyd0cnVlJwp0Ui4="), &["dangerous os.system"]);
    check(&call(&name("torch.storage:_load_from_bytes"), &[bytes(&inner)]), &["dangerous os.system"]);
    check(&bytes(&stream(&bytes(&inner))), &["dangerous os.system"]);
    // an attribute that is written and then read again
    let write = [name("numpy:mean"), b"}".to_vec(), text("a"), text("os"), b"sb0".to_vec()].concat();
    let read = [name("numpy:mean.a"), text("system"), vec![0x93]].concat();
    let found = seen(&stream(&[write, read].concat()));
    assert!(found.contains(&"attribute-write numpy.mean.a".to_owned()), "{found:?}");
    assert!(found.contains(&"dangerous os.system".to_owned()), "{found:?}");
    // memo games: the names are not the constants before the opcode
    let swapped = [b"\x8c\x02os\x94\x8c\x06system\x940".as_slice(), b"\x8c\x05mathsh\x01\x93"].concat();
    let found = seen(&stream(&swapped));
    assert!(found.contains(&"unknown maths.system".to_owned()), "{found:?}");
    // the second stream, and what stands before a broken end
    let second = [stream(b"}"), inner.clone()].concat();
    assert_eq!(seen(&second), ["dangerous os.system"]);
    let cut = &inner[..inner.len() - 1];
    assert_eq!(seen(cut), ["dangerous os.system", "malformed the bytes end before the stream does"]);
}

#[test]
fn every_way_to_import_and_call_is_followed() {
    for pickle in [
        &b"cposix\nsystem\n(S'true'\ntR."[..],
        b"(S'true'\niposix\nsystem\n.",
        b"(cposix\nsystem\nS'true'\no.",
        b"\x80\x02cposix\nsystem\n)\x81.",
        b"\x80\x04cposix\nsystem\n)}\x92.",
        b"\x80\x02U\x05posixU\x06system\x93.",
        b"cnt\nsystem\n.",
        b"c__builtin__\nexecfile\n.",
    ] {
        assert!(seen(pickle)[0].starts_with("dangerous "), "{:?}", seen(pickle));
    }
}

#[test]
fn tampered_streams_are_named() {
    for (pickle, expected) in [
        (&b"\x80\x04\x95\x03\0\0\0\0\0\0\0\x8c\x04abcd."[..], "malformed the length of a frame cuts an opcode"),
        (b"\x80\x04\x95\xff\0\0\0\0\0\0\0N.", "malformed a frame claims more bytes than there are"),
        (b"\x80\x04\x95\x02\0\0\0\0\0\0\0N.", ""),
        (b"\x80\x04\x8c\x02osK\x01\x93.", "malformed a name to import is no plain text"),
        (b"\x80\x02\x82\x05.", "extension-code 5"),
        (b"\x80\x02cos \nsystem\n.", "malformed a name to import has odd characters"),
        (b"\x80\x02}.junk", "malformed other bytes follow the end of the stream"),
        (b"\x80\x02}.\0\0\n", ""),
        (b"\x80\x09}.", "malformed the protocol is unknown"),
        (b"\x80\x02h\x05.", "malformed a memo entry is used that was never stored"),
        (b"\x80\x02\xff.", "malformed an opcode is unknown"),
        (b"\x80\x02.", "malformed the stack holds too few values"),
        (b"\x80\x02]N(.", "malformed the stack holds too few values"),
        (b"", "malformed the bytes end before the stream does"),
    ] {
        let found = seen(pickle);
        match expected {
            "" => assert!(found.is_empty(), "{found:?}"),
            expected => assert!(found.iter().any(|f| f == expected), "{expected} is not in {found:?}"),
        }
    }
}

#[test]
fn loaders_import_what_plain_data_names() {
    let of = |key: &str, value: &str| [b"}".to_vec(), text(key), text(value), b"s".to_vec()].concat();
    for (key, value, expected) in [
        ("_instantiator", "os.system", &["dangerous os.system"][..]),
        ("_instantiator", "some.module.run", &["unknown some.module.run"]),
        ("_instantiator", "lightning.pytorch.cli.instantiate_module", &[]),
        ("_target_", "os.system", &["dangerous os.system"]),
        ("_target_", "some.module.Model", &[]),
        ("_instantiator", "plain", &[]),
        ("name", "os.system", &[]),
    ] {
        check(&of(key, value), expected);
    }
}
