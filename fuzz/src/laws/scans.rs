//! Parsers of model files, signatures, packages and advisories: the same twice, places that exist, texts fit for a screen.

use std::{io::Cursor, sync::OnceLock};

use jingwei_catalog::{Catalog, built_in_files};
use jingwei_core::{
    ArmedTarget, Component, ComponentId, ComponentKind, Ctx, ExposureFacts, ExposureProbe, FileEntry, FileKind, Files,
    Limits, NoProgress, PortError, ReadSeek, TargetError, Targets, Timestamp,
};
use jingwei_read::{Inspection, NameTable, Sighting, Source};
use jingwei_scan::ModelNames;

/// All name lists of the catalog in one table.
fn names() -> &'static NameTable {
    static NAMES: OnceLock<NameTable> = OnceLock::new();
    NAMES.get_or_init(|| {
        let catalog = Catalog::load(built_in_files()).unwrap_or_else(|e| panic!("the catalog is broken: {e}"));
        NameTable::new(catalog.names.values())
    })
}

fn assert_sighting(sighting: &Sighting, length: u64, what: &str) {
    assert!(sighting.offset.unwrap_or(0) <= length, "{what}: {sighting:?} lies beyond {length}");
    for (_, text) in &sighting.details {
        for text in [&text.zh, &text.en] {
            assert!(text.len() < 20_000, "{what}: an overlong detail");
            assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{what}: {text:?} is not fit for a screen");
        }
    }
    assert!(sighting.key.as_ref().is_none_or(|key| key.len() < 2_000), "{what}: an overlong key");
}

fn check(bytes: &[u8], what: &str, inspect: impl Fn(&mut dyn Source) -> Inspection) {
    let look = || {
        let mut source = bytes;
        inspect(&mut source)
    };
    let first = look();
    assert_eq!(first, look(), "{what} says something else the second time");
    assert!(first.sightings.len() <= 5_000, "{what} sees too much");
    for sighting in &first.sightings {
        assert_sighting(sighting, u64::MAX, what);
    }
    let handed_out: usize = first.nested.iter().map(|nested| nested.bytes.len()).sum();
    assert!(handed_out <= 64 << 20, "{what} hands out more than it may");
}

/// Pickles are followed, and never believed.
pub fn pickle(bytes: &[u8]) {
    let limits = Limits::default();
    check(bytes, "pickle", |source| {
        jingwei_pickle::inspect(source, names(), &limits, &jingwei_pickle::Steps::of(&limits))
    });
    let mut source = bytes;
    let execution = jingwei_pickle::run(&mut source, names(), &limits);
    for tensor in execution.checkpoint().tensors {
        let _ = (tensor.elements(), tensor.is_inside());
    }
    let mut source = bytes;
    let _ = jingwei_pickle::recognise(&mut source, &limits, &jingwei_pickle::Steps::of(&limits));
}

/// Archives and packed streams: everything that can be opened is read to its end, and costs no more than the budget.
pub fn unpack(bytes: &[u8]) {
    let limits = Limits { expansion_ratio: 50, header_bytes: 1 << 20, entries: 2_000, depth: 8, ..Limits::default() };
    let first = unpacked(bytes, &limits);
    assert_eq!(first, unpacked(bytes, &limits), "unpack says something else the second time");
}

fn unpacked(bytes: &[u8], limits: &Limits) -> (u64, Vec<Sighting>) {
    let mut source = bytes;
    let budget = jingwei_unpack::Budget::new(bytes.len() as u64, limits);
    let (mut total, mut sightings) = (0, Vec::new());
    for packing in jingwei_unpack::recognise(&bytes[..bytes.len().min(4096)], &mut source) {
        if !packing.is_archive() {
            let mut opened = jingwei_unpack::unpack(&mut source, packing, &budget);
            total += drain(&mut opened);
            sightings.append(&mut opened.sightings);
            continue;
        }
        let mut archive = jingwei_unpack::Archive::read(&mut source, packing, &budget);
        sightings.extend_from_slice(archive.sightings());
        for at in 0..archive.members().len() {
            let mut opened = archive.open(at);
            total += drain(&mut opened);
            sightings.append(&mut opened.sightings);
        }
    }
    sightings.extend(budget.verdict());
    for sighting in &sightings {
        assert_sighting(sighting, u64::MAX, "unpack");
    }
    assert!(total <= (bytes.len() as u64 * 50).max(1 << 20) * 8, "{total} bytes from {}", bytes.len());
    (total, sightings)
}

fn drain(opened: &mut jingwei_unpack::Opened<'_>) -> u64 {
    let Some(source) = &mut opened.source else { return 0 };
    let mut window = vec![0; 4096];
    let mut at = 0;
    while let Ok(count @ 1..) = source.read_at(at, &mut window) {
        at += count as u64;
    }
    at
}

/// Model graphs, whatever the recogniser says, and each reader on bytes that are not its own.
pub fn graph(bytes: &[u8]) {
    use jingwei_graph::GraphFormat as F;
    let limits = Limits::default();
    let mut source = bytes;
    let known = jingwei_graph::recognise(&bytes[..bytes.len().min(4096)], bytes.len() as u64, &mut source);
    let all = [
        F::Onnx,
        F::OnnxTensor,
        F::SavedModel,
        F::TensorflowGraph,
        F::Tflite,
        F::CoreMl,
        F::OpenVino,
        F::Pmml,
        F::Paddle,
    ];
    for format in known.into_iter().chain(all) {
        check(bytes, format.name(), |source| jingwei_graph::inspect(format, source, names(), &limits));
    }
}

/// HDF5 files and what Keras writes into them.
pub fn hdf5(bytes: &[u8]) {
    check(bytes, "hdf5", |source| jingwei_keras::inspect_hdf5(source, names(), &Limits::default()));
}

/// Configurations of Keras models.
pub fn keras(bytes: &[u8]) {
    check(bytes, "keras", |_| jingwei_keras::inspect_config(bytes, names(), &Limits::default()));
}

/// Headers of NumPy arrays.
pub fn numpy(bytes: &[u8]) {
    check(bytes, "numpy", |source| {
        let (headers, inspection) = jingwei_keras::inspect_npy(source, &Limits::default());
        for header in headers {
            assert!(header.data_offset <= bytes.len() as u64, "{header:?}");
        }
        inspection
    });
}

/// Signatures of models: no bytes make a signature of a key that did not sign them.
pub fn signature(bytes: &[u8]) {
    const KEY: &str = include_str!("../../../crates/jingwei-sign/tests/reference/prime256v1.pub.pem");
    const SIGNED: &str = include_str!("../../../crates/jingwei-sign/tests/reference/prime256v1.sig");
    let key = jingwei_sign::PublicKey::of_pem(KEY).unwrap_or_else(|e| panic!("{e}"));
    if let Ok(signed) = jingwei_sign::verify(bytes, &key) {
        let own = jingwei_sign::verify(SIGNED.as_bytes(), &key).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(signed.manifest, own.manifest, "a forged signature");
    }
    let _ = (
        jingwei_sign::PublicKey::of_pem(&String::from_utf8_lossy(bytes)),
        jingwei_sign::PrivateKey::of_pem(&String::from_utf8_lossy(bytes)),
    );
}

/// A folder of one file.
struct OneFile<'a>(&'a [u8]);

impl Files for OneFile<'_> {
    fn list(&self, _: &str, _: &Limits) -> Result<Vec<FileEntry>, PortError> {
        Ok(vec![FileEntry { path: "m/weights".to_owned(), bytes: self.0.len() as u64, kind: FileKind::File }])
    }

    fn open(&self, _: &str) -> Result<Box<dyn ReadSeek>, PortError> {
        Ok(Box::new(Cursor::new(self.0.to_vec())))
    }
}

struct Nothing;

impl Targets for Nothing {
    fn arms(&self, _: &Component) -> Result<Vec<ArmedTarget>, TargetError> {
        Ok(Vec::new())
    }
}

impl ExposureProbe for Nothing {
    fn probe(&self, _: &str, _: &Limits) -> ExposureFacts {
        ExposureFacts::default()
    }
}

/// A whole scan of one file, whatever it is: GGUF, safetensors and everything that the other laws know, within each other.
pub fn model(bytes: &[u8]) {
    static NAMES: OnceLock<ModelNames> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let catalog = Catalog::load(built_in_files()).unwrap_or_else(|e| panic!("the catalog is broken: {e}"));
        ModelNames::new(&catalog.names)
    });
    let files = OneFile(bytes);
    let now = Timestamp::from_micros(0);
    let ctx = Ctx { files: &files, targets: &Nothing, exposure: &Nothing, progress: &NoProgress, now };
    let model =
        Component { path: Some("m".to_owned()), ..Component::bare(ComponentId::literal("m"), ComponentKind::Model) };
    let limits = Limits { expansion_ratio: 50, header_bytes: 1 << 20, entries: 20_000, depth: 8, ..Limits::default() };
    let look = || jingwei_scan::inventory(&model, names, true, &ctx, &limits).unwrap_or_else(|e| panic!("{e}"));
    let first = look();
    assert_eq!(first, look(), "a scan says something else the second time");
    for seen in &first.files[0].seen {
        let length = if seen.inside.is_empty() { bytes.len() as u64 } else { u64::MAX };
        assert_sighting(&seen.sighting, length, "model");
    }
    let mut source = bytes;
    let mut out = Vec::new();
    if let Ok(converted) = jingwei_scan::convert(&mut source, names, &limits, &mut out) {
        assert!(out.len() as u64 > converted.bytes, "fewer bytes were written than were said");
    }
}

/// Chat templates.
pub fn template(bytes: &[u8]) {
    let limits = Limits::default();
    check(bytes, "template", |source| jingwei_template::inspect_template(source, &limits));
    if let Ok(text) = str::from_utf8(bytes) {
        check(bytes, "template text", |_| jingwei_template::inspect_template_text(text, &limits));
    }
}

/// Configurations and scripts.
pub fn config(bytes: &[u8]) {
    let limits = Limits::default();
    check(bytes, "config", |source| jingwei_template::inspect_config(source, "config.json", names(), &limits));
    check(bytes, "yaml", |source| jingwei_template::inspect_yaml(source, "a.yaml", names(), &limits));
    check(bytes, "settings", |source| jingwei_template::inspect_settings(source, "a.gin", names(), &limits));
    check(bytes, "script", |source| jingwei_template::inspect_script(source, "a.py", names(), &limits));
    check(bytes, "pieces", |_| jingwei_template::inspect_sentencepiece(bytes));
    for path in [".mcp.json", ".vscode/settings.json", ".git/config", "pyproject.toml", "package.json", ".envrc"] {
        let _ = jingwei_template::inspect_project(path, bytes);
    }
    let _ = (jingwei_template::inspect_tokenizer(bytes), jingwei_template::inspect_notebook(bytes, names(), &limits));
    for path in ["a.pdf", "a.svg", "a.tex", "wav.scp", "dump.sql", "train.conf", "json.gbnf", "kernel.json"] {
        let _ = jingwei_template::inspect_marks(path, bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    for path in ["a.lua", "a.rb", "a.pl", "a.js", "a.go", "a.r", "a.jl", "a.php", "Makefile", "README.md", "a.html"] {
        let _ = (jingwei_template::inspect_source(path, &text), jingwei_template::inspect_markup(path, &text));
    }
    let _ = (jingwei_template::inspect_lock(&mut &*bytes), jingwei_template::inspect_packages(bytes));
    let _ = (jingwei_template::inspect_modelines(&text), jingwei_template::inspect_formulas(&text));
    let _ = (jingwei_template::inspect_word_list(&text), jingwei_template::inspect_ranks(&text));
}

/// Advisories in every notation: what is taken in is found again, and what cannot be compared is unknown.
pub fn osv(bytes: &[u8]) {
    let limits = Limits::default();
    let mut builder = jingwei_advise::StoreBuilder::new();
    let mut import = builder.import("law", Timestamp::from_micros(0), &limits);
    import.osv_json("a", bytes);
    import.osv_yaml("b", bytes);
    import.rustsec("c", bytes);
    let report = import.finish();
    assert!(report.summary.counts.taken <= 3);
    let written = builder.write().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(written, builder.write().unwrap_or_else(|e| panic!("{e}")), "a store is written differently");
    let mut store = jingwei_advise::Store::from_bytes(written, &limits).unwrap_or_else(|e| panic!("{e}"));
    store.verify().unwrap_or_else(|e| panic!("{e}"));
    let _ = (jingwei_advise::read_kev(bytes, &limits).is_ok(), jingwei_advise::read_epss(bytes, &limits).is_ok());
    let _ = jingwei_advise::vex::read(bytes, &limits);
    let _ = jingwei_advise::Store::from_bytes(bytes.to_vec(), &limits);
}

/// Versions of every scheme are in one order: three texts, one per line.
pub fn versions(bytes: &[u8]) {
    use jingwei_advise::versions::{Scheme, Version, compare};
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines().take(3);
    let (a, b, c) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""), lines.next().unwrap_or(""));
    for code in [
        "pep440",
        "semver",
        "debian",
        "go",
        "maven",
        "ruby-gems",
        "nuget",
        "alpine",
        "packagist",
        "dotted",
        "build",
        "day",
        "year-month",
    ] {
        let Some(scheme) = Scheme::of_code(code) else { panic!("no scheme {code}") };
        let _ = Version::parse(scheme, a);
        if let (Ok(ab), Ok(ba)) = (compare(scheme, a, b), compare(scheme, b, a)) {
            assert_eq!(ab, ba.reverse(), "{code}: {a:?} and {b:?}");
        }
        if let (Ok(ab), Ok(bc), Ok(ac)) = (compare(scheme, a, b), compare(scheme, b, c), compare(scheme, a, c))
            && ab.is_le()
            && bc.is_le()
        {
            assert!(ac.is_le(), "{code}: {a:?} ≤ {b:?} ≤ {c:?}");
        }
    }
}

/// Lockfiles: the first byte chooses the kind, the rest is the file.
pub fn lockfile(bytes: &[u8]) {
    use jingwei_compose::lockfiles::{LockKind, parse};
    let Some((first, rest)) = bytes.split_first() else { return };
    let limits = Limits { entries: 5_000, ..Limits::default() };
    let kind = LockKind::ALL[usize::from(*first) % LockKind::ALL.len()];
    let parsed = parse(kind, "a/b", rest, &limits);
    assert_eq!(parsed, parse(kind, "a/b", rest, &limits), "{kind:?} says something else the second time");
    assert!(parsed.packages.len() as u64 <= limits.entries, "{kind:?} lists more than it may");
    for (from, to) in &parsed.links {
        assert!(*from < parsed.packages.len() && *to < parsed.packages.len(), "{kind:?}: a link leads nowhere");
    }
}

/// Bills of materials: what was read can be written, and reads back as the same.
pub fn bom(bytes: &[u8]) {
    use jingwei_compose::bom::{Bom, Making, read};
    let limits = Limits::default();
    let Ok((bill, _)) = read(bytes, &limits) else { return };
    let making = Making { at: Timestamp::from_micros(0), tool: "law", tool_version: "1" };
    let ids = |bill: &Bom| bill.components.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
    for text in [bill.to_cyclonedx(&making), bill.to_spdx(&making)] {
        let (again, _) = read(text.as_bytes(), &limits).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(ids(&again), ids(&bill), "components are lost");
    }
}
