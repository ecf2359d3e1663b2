use std::{
    fmt,
    io::{self, Read, Seek},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ChatReply, ChatRequest, Component, ComponentKind, Digest, Limits, Observation, TargetError, Text, Timestamp,
};

/// Something executable: takes a component, gives observations.
///
/// Bad content is a finding, and so is content that could not be inspected. `Err` means that the
/// check could not do its work at all.
pub trait Check: Send + Sync {
    /// Such as `scan.model`.
    fn id(&self) -> &str;

    fn title(&self) -> Text;

    /// Kinds of component that it takes.
    fn kinds(&self) -> &'static [ComponentKind];

    /// Whether it looks at a component: by default at all of its kinds.
    fn takes(&self, component: &Component) -> bool {
        self.kinds().contains(&component.kind)
    }

    fn cost(&self) -> Cost;

    /// Digest of everything that decides the outcome besides the component: banks, policies,
    /// settings. Evidence of another configuration is stale.
    fn configuration(&self) -> Digest {
        Digest::of_parts(["check/1", self.id()])
    }

    fn run(&self, component: &Component, ctx: &Ctx<'_>, limits: &Limits) -> Result<Vec<Observation>, CheckError>;
}

/// What a run of a check costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// Milliseconds.
    Instant,
    /// Reads the component's files.
    Files,
    /// Sends requests to a model or service.
    Requests,
}

/// The check could not do its work. The message says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CheckError {
    pub message: String,
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl CheckError {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }
}

/// The ports through which a check touches the world. The use cases fill it; tests fill it with fakes.
#[derive(Clone, Copy)]
pub struct Ctx<'a> {
    pub files: &'a dyn Files,
    pub targets: &'a dyn Targets,
    pub exposure: &'a dyn ExposureProbe,
    pub progress: &'a dyn Progress,
    /// The instant of the assessment. Checks know no other clock.
    pub now: Timestamp,
}

/// A port could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    #[error("`{path}` does not exist")]
    Missing { path: String },
    #[error("`{path}` lies outside the folder of the manifest; copy it there or pass --allow-outside")]
    Outside { path: String },
    #[error("more than {limit} entries below `{path}`")]
    TooMany { path: String, limit: u64 },
    #[error("folders below `{path}` are nested deeper than {limit}")]
    TooDeep { path: String, limit: u32 },
    #[error("`{path}` cannot be read: {reason}")]
    Io { path: String, reason: String },
}

/// Reads and seeks.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// Read-only files of a system. Paths use `/` and are relative to the manifest's folder.
pub trait Files: Send + Sync {
    /// Everything at or below `path`, sorted by path, without following links. For a file: the file itself.
    fn list(&self, path: &str, limits: &Limits) -> Result<Vec<FileEntry>, PortError>;

    /// Opens a regular file for reading.
    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, PortError>;

    /// Where a link leads, as it says itself. `None`: no link, or not known.
    fn link_target(&self, _path: &str) -> Option<String> {
        None
    }

    /// Reads a whole small file.
    fn read(&self, path: &str, max_bytes: u64) -> Result<Vec<u8>, PortError> {
        let io_error = |e: io::Error| PortError::Io { path: path.to_owned(), reason: e.to_string() };
        let mut bytes = Vec::new();
        let mut file = self.open(path)?;
        file.by_ref().take(max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(io_error)?;
        if bytes.len() as u64 > max_bytes {
            return Err(PortError::Io {
                path: path.to_owned(),
                reason: format!("it is larger than {max_bytes} bytes"),
            });
        }
        Ok(bytes)
    }
}

/// One thing in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileEntry {
    /// Relative to the manifest's folder.
    pub path: String,
    pub bytes: u64,
    pub kind: FileKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    File,
    Folder,
    Link,
    Other,
}

/// Whether a measurement was taken with the component's guard in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Arm {
    /// The model as it is.
    Undefended,
    /// Behind the guard that the manifest names.
    Defended,
}

impl Arm {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Arm::Undefended => "undefended",
            Arm::Defended => "defended",
        }
    }
}

/// A target, and whether the guard stands before it.
pub type ArmedTarget = (Arm, Arc<dyn Target>);

/// Finds the targets of a component.
pub trait Targets: Send + Sync {
    /// One target per arm: always the undefended one, and the defended one where the component has a guard.
    fn arms(&self, component: &Component) -> Result<Vec<ArmedTarget>, TargetError>;
}

/// Something that answers chats. Same request, same seed, same recorded answer.
pub trait Target: Send + Sync {
    /// Digest of everything that decides its answers besides the request: address, model, system prompt, guard policy.
    fn configuration(&self) -> Digest;

    /// Blocks until the answer is whole.
    fn send(&self, request: &ChatRequest) -> Result<ChatReply, TargetError>;
}

/// What asking an address tells about who may use it. `None`: it could not be found out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExposureFacts {
    /// Status of a request without credentials to the model list.
    pub status_without_credentials: Option<u16>,
    /// Status of a request with wrong credentials.
    pub status_with_wrong_credentials: Option<u16>,
    /// The `Server` header.
    pub server: Option<String>,
    /// Local addresses that the port listens on, where the address is this machine's own.
    pub listens_on: Option<Vec<String>>,
    /// Why nothing could be found out.
    pub unreachable: Option<String>,
}

/// Asks an address what it shows to strangers.
pub trait ExposureProbe: Send + Sync {
    fn probe(&self, url: &str, limits: &Limits) -> ExposureFacts;
}

/// Hears how far long work has come.
pub trait Progress: Send + Sync {
    fn begin(&self, label: &Text, total: u64);
    fn advance(&self, by: u64);
    fn end(&self);
}

/// Nobody listens.
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _label: &Text, _total: u64) {}
    fn advance(&self, _by: u64) {}
    fn end(&self) {}
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
