use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use jingwei_testkit::{Behaviour, Upstream};

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A user with a data folder of their own.
pub struct User {
    pub folder: tempfile::TempDir,
}

impl User {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A manifest with one endpoint at an address, and a model folder, a prompt and management answers.
    pub fn system(&self, url: &str, extra: &str) -> PathBuf {
        self.write("model/README.md", "---\nlicense: apache-2.0\n---\n# card\n");
        self.write("model/weights.safetensors", safetensors());
        self.write("prompt.txt", "You answer questions about a web shop.");
        self.write("policy.md", "# policy");
        let text = fs::read_to_string(root().join("crates/jingwei/tests/it/system.toml")).unwrap();
        self.write("system.toml", text.replace("URL", url).replace("EXTRA", extra))
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jingwei"));
        command.current_dir(self.folder.path()).args(arguments);
        command.env_clear().env("LANG", "C");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    pub fn report(&self, system: &str) -> Vec<u8> {
        fs::read(self.path(".jingwei/reports").join(system).join("report.json")).unwrap()
    }
}

/// A smallest well-formed safetensors file: one tensor of one byte.
fn safetensors() -> Vec<u8> {
    let header = br#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header);
    bytes.push(7);
    bytes
}

pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Expects an exit code, and words in what was printed.
    #[track_caller]
    pub fn expect(self, code: i32, words: &[&str]) -> Self {
        let all = format!("{}\n{}", self.out, self.err);
        assert_eq!(self.code, code, "{all}");
        for word in words {
            assert!(all.contains(word), "{word:?} is not in:\n{all}");
        }
        assert!(!all.contains("panicked"), "{all}");
        self
    }
}

/// A scripted model server on its own runtime, so that tests stay synchronous.
pub struct Model {
    runtime: tokio::runtime::Runtime,
    pub upstream: Option<Upstream>,
}

impl Model {
    pub fn start(script: Vec<Behaviour>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let upstream = runtime.block_on(Upstream::start(script)).unwrap();
        Self { runtime, upstream: Some(upstream) }
    }

    pub fn url(&self) -> String {
        self.upstream.as_ref().unwrap().base()
    }

    /// Chat requests that came in.
    pub fn asked(&self) -> usize {
        let received = self.upstream.as_ref().unwrap().received();
        received.iter().filter(|request| request.path.ends_with("/chat/completions")).count()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        self.upstream.take();
    }
}
