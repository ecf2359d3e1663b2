use std::{
    io::{self, Read, Seek, SeekFrom},
    sync::atomic::{AtomicU64, Ordering},
};

use jingwei_core::{
    Check, ComponentKind, Ctx, Digest, FileEntry, FileKind, Files, Limits, NoProgress, PortError, ReadSeek, Timestamp,
};
use jingwei_scan::{folder_digest, inventory};
use jingwei_testkit::{FixedExposure, MemoryFiles, NoTargets, World};

use crate::{
    builders::{Gguf, PICKLE, SAFETENSORS_HEADER, safetensors, torch_zip},
    support::{component, model_check, names, scan_folder, scan_single},
};

#[test]
fn formats_are_told_from_content() {
    for (bytes, format) in [
        (Gguf::sample().bytes(), "gguf"),
        (safetensors(SAFETENSORS_HEADER, 24), "safetensors"),
        (torch_zip(), "zip"),
        (PICKLE.to_vec(), "pickle"),
        (b"\x1f\x8b\x08\0".to_vec(), "gzip"),
        (b"\xfd7zXZ\0".to_vec(), "xz"),
        (b"\x28\xb5\x2f\xfd".to_vec(), "zstd"),
        (b"\x04\x22\x4d\x18".to_vec(), "lz4"),
        (b"7z\xbc\xaf\x27\x1c".to_vec(), "7z"),
        (b"\x89HDF\r\n\x1a\n".to_vec(), "hdf5"),
        (b"\x93NUMPY".to_vec(), "npy"),
        (b"\x1c\0\0\0TFL3".to_vec(), "TensorFlow Lite"),
        (b"{\"a\": 1}".to_vec(), "json"),
        ("说明".as_bytes().to_vec(), "text"),
        (vec![0xff, 0, 1], "unknown"),
        (Vec::new(), "empty"),
    ] {
        let world = World::of_files(MemoryFiles::default().with_file("m/some.txt", bytes.clone()));
        let model = component(ComponentKind::Model, "m");
        let files = inventory(&model, names(), false, &world.ctx(), &Limits::default()).unwrap().files;
        assert_eq!(files[0].format.code(), format, "{bytes:?}");
        assert_eq!(files[0].sha256, Some(Digest::of(&bytes)));
    }
}

#[test]
fn the_digest_of_a_folder_depends_on_paths_and_bytes_and_nothing_else() {
    let digest = |files: MemoryFiles, path: &str| {
        let (world, model) = (World::of_files(files), component(ComponentKind::Model, path));
        let full = inventory(&model, names(), false, &world.ctx(), &Limits::default()).unwrap().digest();
        assert_eq!(folder_digest(&model, &world.ctx(), &Limits::default()).unwrap(), full);
        full
    };
    let files = || MemoryFiles::default().with_file("a/x", "1").with_file("a/y/z", "2");
    let base = digest(files(), "a");
    assert_eq!(digest(MemoryFiles::default().with_file("b/y/z", "2").with_file("b/x", "1"), "./b/"), base);
    for other in [
        files().with_file("a/x", "3"),
        files().with_file("a/new", ""),
        files().with_link("a/link"),
        MemoryFiles::default().with_file("a/x", "1").with_file("a/y-z", "2"),
        MemoryFiles::default().with_file("a/x", "2").with_file("a/y/z", "1"),
    ] {
        assert_ne!(digest(other, "a"), base);
    }
}

#[test]
fn a_folder_is_described_by_its_metrics() {
    let files = MemoryFiles::default()
        .with_file("m/a.bin", PICKLE)
        .with_file("m/b.bin", torch_zip())
        .with_file("m/LICENSE", "MIT")
        .with_file("m/README.md", "# A");
    let mut model = component(ComponentKind::Model, "m");
    model.pinned.insert("a.bin".to_owned(), Digest::of(PICKLE));
    model.pinned.insert("LICENSE".to_owned(), Digest::of(b"other"));
    let world = World::of_files(files);
    let seen = crate::support::Seen::of(model_check().run(&model, &world.ctx(), &Limits::default()).unwrap());
    let bytes = PICKLE.len() + torch_zip().len() + 6;
    for (name, value) in [("files", 4.0), ("bytes", bytes as f64), ("pickle_files", 2.0), ("pinned_share", 0.25)] {
        assert_eq!(seen.metric(name), Some(value), "{name}");
    }
    assert_eq!(seen.lines(), ["model.digest-mismatch LICENSE", "model.pickle-file a.bin", "model.pickle-file b.bin"]);
}

#[test]
fn what_cannot_be_read_is_said() {
    let limits = Limits::default();
    let lone = |files: MemoryFiles, limits: &Limits| scan_folder(files, limits).lines();
    let files = || MemoryFiles::default().with_file("m/LICENSE", "MIT").with_file("m/README.md", "# A");
    assert_eq!(lone(files().with_link("m/w"), &limits), ["model.link-outside w"]);
    assert_eq!(lone(files().with_unreadable("m/w", "denied"), &limits), ["model.unreadable w"]);
    let utf16 = b"\xff\xfe{\0\"\0".as_slice();
    assert_eq!(lone(files().with_file("m/config.json", utf16), &limits), ["model.unreadable config.json"]);
    assert_eq!(lone(MemoryFiles::default().with_file("other", ""), &limits), ["model.unreadable"]);
    assert_eq!(lone(files(), &Limits { entries: 1, ..limits }), ["model.limit-exceeded entries"]);
    assert_eq!(lone(files().with_file("m/a/b/c", ""), &Limits { depth: 2, ..limits }), ["model.limit-exceeded depth"]);
    let mut model = component(ComponentKind::Model, "m");
    model.path = None;
    let error = model_check().run(&model, &World::default().ctx(), &limits).unwrap_err();
    assert!(error.to_string().contains("has no `path`"));
}

#[test]
fn licences_and_cards_have_to_stand_beside_the_model() {
    let model = || MemoryFiles::default().with_file("m/sub/w", Gguf::default().bytes());
    for (files, expected) in [
        (model(), vec!["model.no-licence", "model.no-model-card"]),
        (model().with_file("m/LICENSE", "MIT").with_file("m/README", "A"), vec![]),
        (model().with_file("m/sub/COPYING.txt", "MIT").with_file("m/sub/MODEL_CARD.md", "A"), vec![]),
        (
            model().with_file("m/vendor/LICENSE", "MIT").with_file("m/vendor/README.md", "A"),
            vec!["model.no-licence", "model.no-model-card"],
        ),
        (
            model().with_file("m/LICENSE", " \n").with_file("m/README.md", ""),
            vec!["model.no-licence", "model.no-model-card"],
        ),
        (model().with_file("m/README.md", "---\nlicense: mit\n---\n"), vec![]),
    ] {
        assert_eq!(scan_folder(files, &Limits::default()).lines(), expected);
    }
}

#[test]
fn remote_code_is_found_in_any_json_and_limits_hold() {
    let limits = Limits::default();
    let nested = |depth: usize| format!("{{\"a\": {}{}}}", "[".repeat(depth), "]".repeat(depth));
    let wide = format!("{{\"a\": [{}]}}", ["1"; 50].join(","));
    for (json, limits, expected) in [
        (r#"{"auto_map": {"AutoModel": "m.M"}, "x": 1}"#.to_owned(), limits, "model.remote-code weights auto_map"),
        (
            r#"{"custom_pipelines": {"p": {"impl": "x"}}}"#.to_owned(),
            limits,
            "model.remote-code weights custom_pipelines",
        ),
        (r#"{"a": [{"trust_remote_code": true}]}"#.to_owned(), limits, "model.remote-code weights trust_remote_code"),
        (r#"{"a": {"auto_map": {"b": "m.M"}}}"#.to_owned(), limits, "model.remote-code weights auto_map"),
        (r#"{"trust_remote_code": "True"}"#.to_owned(), limits, "model.remote-code weights trust_remote_code"),
        ("\u{feff}{\"auto_map\": {\"a\": \"b\"}".to_owned(), limits, "model.remote-code weights auto_map"),
        (nested(70), limits, "model.limit-exceeded weights depth"),
        // Deeper than any writer nests it.
        (nested(5_000), Limits { depth: 10_000, ..limits }, "model.config-bomb weights nesting"),
        (wide.clone(), Limits { entries: 10, ..limits }, "model.limit-exceeded weights entries"),
        (wide, Limits { header_bytes: 20, ..limits }, "model.limit-exceeded weights header_bytes"),
    ] {
        assert_eq!(scan_single(json.clone(), &limits).lines()[0], expected, "{}", &json[..20]);
    }
    for json in [
        r#"{"a": {"auto_map": {}}}"#,
        r#"{"auto_map": {}, "trust_remote_code": false}"#,
        r#"{"trust_remote_code": "false"}"#,
    ] {
        assert!(scan_single(json, &limits).with_rule("model.remote-code").is_none(), "{json}");
    }
}

/// One file that is made as it is read, counts the bytes that were read and can fail at one of them.
struct MadeUp {
    bytes: u64,
    fails_at: u64,
    read: AtomicU64,
}

struct Reading<'a>(&'a MadeUp, u64);

impl Read for Reading<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.1 >= self.0.fails_at {
            return Err(io::Error::other("the disk is gone"));
        }
        let count = into.len().min(usize::try_from(self.0.bytes - self.1).unwrap());
        into[..count].fill(0xee);
        self.1 += count as u64;
        self.0.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl Seek for Reading<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Start(at) => self.1 = at,
            SeekFrom::End(_) | SeekFrom::Current(_) => return Err(io::Error::other("not needed")),
        }
        Ok(self.1)
    }
}

impl Files for &'static MadeUp {
    fn list(&self, path: &str, _: &Limits) -> Result<Vec<FileEntry>, PortError> {
        Ok(vec![FileEntry { path: path.to_owned(), bytes: self.bytes, kind: FileKind::File }])
    }

    fn open(&self, _: &str) -> Result<Box<dyn ReadSeek>, PortError> {
        Ok(Box::new(Reading(self, 0)))
    }
}

fn scan_made_up(file: &'static MadeUp) -> jingwei_scan::Inventory {
    let exposure = FixedExposure::default();
    let now = Timestamp::from_micros(0);
    let ctx = Ctx { files: &file, targets: &NoTargets, exposure: &exposure, progress: &NoProgress, now };
    inventory(&component(ComponentKind::Model, "w"), names(), false, &ctx, &Limits::default()).unwrap()
}

#[test]
fn a_file_is_read_once_and_its_ends_again() {
    let bytes = 20 << 20;
    let file: &MadeUp = Box::leak(Box::new(MadeUp { bytes, fails_at: u64::MAX, read: AtomicU64::new(0) }));
    assert!(scan_made_up(file).files[0].sha256.is_some());
    let ends = 1 << 20;
    let read = file.read.load(Ordering::Relaxed);
    assert!(read <= bytes + ends, "{read} bytes were read of {bytes}");
}

#[test]
fn a_disk_that_fails_is_a_finding() {
    let file: &MadeUp = Box::leak(Box::new(MadeUp { bytes: 1 << 20, fails_at: 300_000, read: AtomicU64::new(0) }));
    let inventory = scan_made_up(file);
    let seen = crate::support::Seen::of(model_check().observe(&component(ComponentKind::Model, "w"), &inventory));
    let message = &seen.with_rule("model.unreadable").unwrap().message;
    assert!(message.en.contains("the disk is gone") && message.zh.contains("读取失败"), "{message:?}");
}

#[test]
fn weights_past_the_end_of_the_file_beside_are_told() {
    let network = |size: u64| {
        format!(
            "<?xml version=\"1.0\"?><net name=\"m\" version=\"11\"><layers><layer id=\"0\" name=\"w\" type=\"Const\" \
             version=\"opset1\"><data offset=\"0\" size=\"{size}\"/></layer></layers></net>"
        )
    };
    for (size, expected) in [(8, false), (9, true), (1 << 40, true)] {
        let files = MemoryFiles::default().with_file("m/a.xml", network(size)).with_file("m/a.bin", vec![0; 8]);
        let seen = scan_folder(files, &Limits::default());
        assert_eq!(seen.with_rule("model.graph-lie").is_some(), expected, "{size}");
    }
}

#[test]
fn a_build_backend_in_the_folder_is_judged_by_its_script() {
    let settings = "[build-system]\nrequires = []\nbuild-backend = \"own\"\nbackend-path = [\"_build\"]\n";
    let told = |script: Option<&str>| {
        let files = MemoryFiles::default().with_file("m/pyproject.toml", settings);
        let files = match script {
            Some(script) => files.with_file("m/_build/own.py", script),
            None => files,
        };
        let world = World::of_files(files);
        let model = component(ComponentKind::Model, "m");
        let files = inventory(&model, names(), false, &world.ctx(), &Limits::default()).unwrap().files;
        files.iter().flat_map(|file| &file.seen).any(|seen| seen.sighting.rule == "model.runs-by-itself")
    };
    assert!(told(None), "nobody knows what it does");
    assert!(told(Some("import subprocess\nsubprocess.run('inert')\n")));
    assert!(told(Some("import os\ndef build_wheel(a, b, c):\n    os.system('inert')\n")));
    assert!(!told(Some("from setuptools.build_meta import *\n")));
}

#[test]
fn lines_of_folders_are_no_weights() {
    let mislabelled = |text: &str| {
        let world = World::of_files(MemoryFiles::default().with_file("m/a.pth", text));
        let model = component(ComponentKind::Model, "m");
        let files = inventory(&model, names(), false, &world.ctx(), &Limits::default()).unwrap().files;
        files[0].seen.iter().any(|seen| seen.sighting.rule == "model.not-what-it-says")
    };
    assert!(!mislabelled("own/vendor\n./lib\n# more\n"));
    assert!(mislabelled("weights were moved elsewhere\n"));
}
