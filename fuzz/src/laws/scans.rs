//! Parsers of model files, signatures, packages and advisories: the same twice, places that exist, texts fit for a screen.

use std::sync::OnceLock;

use jingwei_catalog::{Catalog, built_in_files};
use jingwei_core::Limits;
use jingwei_read::{Inspection, NameTable, Sighting, Source};

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
    for sighting in &first.sightings {
        assert_sighting(sighting, bytes.len() as u64, what);
    }
    let handed_out: usize = first.nested.iter().map(|nested| nested.bytes.len()).sum();
    assert!(handed_out <= 64 << 20, "{what} hands out more than it may");
}

/// Pickles are followed, and never believed.
pub fn pickle(bytes: &[u8]) {
    let limits = Limits::default();
    check(bytes, "pickle", |source| jingwei_pickle::inspect(source, names(), &limits));
    let mut source = bytes;
    let execution = jingwei_pickle::run(&mut source, names(), &limits);
    for tensor in execution.checkpoint().tensors {
        let _ = (tensor.elements(), tensor.is_inside());
    }
    let mut source = bytes;
    let _ = jingwei_pickle::recognise(&mut source, &limits);
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
        assert_sighting(sighting, bytes.len() as u64, "unpack");
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
    let all = [F::Onnx, F::OnnxTensor, F::SavedModel, F::TensorflowGraph, F::Tflite, F::CoreMl, F::OpenVino, F::Pmml, F::Paddle];
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
    let _ = (jingwei_sign::PublicKey::of_pem(&String::from_utf8_lossy(bytes)), jingwei_sign::PrivateKey::of_pem(&String::from_utf8_lossy(bytes)));
}
