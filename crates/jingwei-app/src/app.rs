//! One installation: its catalog, its ledger, its store.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use jingwei_catalog::{Catalog, SourceFile};
use jingwei_core::{CheckId, Clock, Digest, Limits, Timestamp};
use jingwei_ledger::{Ledger, Signer};
use jingwei_net::{NetSettings, Secret};
use jingwei_store::Store;

use crate::{Error, record::Entry};

/// Name under which a ledger signs, and file names below the data folder.
const ORIGIN: &str = "jingwei.local/ledger";

/// Finds a secret by its name; `None` where there is none.
pub type SecretSource = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Where an installation keeps what, and what it may reach.
#[derive(Clone)]
pub struct AppSettings {
    /// Folder for the ledger, the store, keys, runs and reports.
    pub data: PathBuf,
    /// `sqlite:<path>` or `postgres://…`; by default a SQLite file in the data folder.
    pub store: Option<String>,
    /// A catalog folder instead of the built-in one.
    pub catalog: Option<PathBuf>,
    /// Who acts, for the audit trail.
    pub actor: String,
    pub limits: Limits,
    pub net: NetSettings,
    /// Finds a secret by the name of its environment variable.
    pub secrets: SecretSource,
    pub clock: Arc<dyn Clock>,
}

/// An open installation. One process at a time holds its ledger.
pub struct App {
    pub catalog: Arc<Catalog>,
    pub settings: AppSettings,
    pub(crate) store: Store,
    pub(crate) ledger: Arc<Ledger>,
}

impl App {
    /// Opens the installation in the data folder, making it if it is not there, and brings the store's index up to
    /// the ledger: what was acknowledged there is never lost here.
    pub async fn open(settings: AppSettings) -> Result<Self, Error> {
        let catalog = Arc::new(load_catalog(settings.catalog.as_deref())?);
        Self::open_with(settings, catalog).await
    }

    /// As [`App::open`], with a catalog that was read before.
    pub async fn open_with(settings: AppSettings, catalog: Arc<Catalog>) -> Result<Self, Error> {
        make_folder(&settings.data)?;
        let signer = signer(&settings.data.join("keys"))?;
        let ledger = Arc::new(Ledger::open(&ledger_folder(&settings.data), signer)?);
        let url =
            settings.store.clone().unwrap_or_else(|| settings.data.join("jingwei.db").to_string_lossy().into_owned());
        let store = Store::open(&url).await?;
        let app = Self { catalog, settings, store, ledger };
        app.catch_up().await?;
        Ok(app)
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }

    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where reports of a system lie.
    #[must_use]
    pub fn report_folder(&self, system: &jingwei_core::SystemId) -> PathBuf {
        self.settings.data.join("reports").join(safe_name(system.as_str()))
    }

    /// Where journals of a system lie.
    pub(crate) fn run_folder(&self, system: &jingwei_core::SystemId) -> PathBuf {
        self.settings.data.join("runs").join(safe_name(system.as_str()))
    }

    pub(crate) fn secret(&self, name: &str) -> Option<Secret> {
        (self.settings.secrets)(name).filter(|value| !value.is_empty()).map(Secret::new)
    }

    /// Puts a document into the ledger: the bytes as a blob, and an entry that names it. Durable when it returns.
    pub(crate) fn put(&self, entry: Entry, bytes: &[u8]) -> Result<u64, Error> {
        let digest = self.ledger.put_blob(bytes)?;
        let entry = Entry { payload: digest, bytes: bytes.len() as u64, ..entry };
        let line =
            serde_json::to_vec(&entry).map_err(|e| Error::failed("无法写账目", "cannot write an entry").because(e))?;
        Ok(self.ledger.append(&[line])?.start)
    }
}

/// A ledger's folder in a data folder.
#[must_use]
pub fn ledger_folder(data: &Path) -> PathBuf {
    data.join("ledger")
}

/// Reads the catalog: the built-in one, or a folder's.
pub fn load_catalog(folder: Option<&Path>) -> Result<Catalog, Error> {
    match folder {
        None => Ok(Catalog::built_in()?),
        Some(folder) => Ok(Catalog::load(catalog_files(folder)?)?),
    }
}

/// As [`load_catalog`], for a command that runs this one check: of the built-in catalog only what the check reports by is
/// read. A folder's is read and checked whole.
pub fn load_catalog_for(folder: Option<&Path>, check: &CheckId) -> Result<Catalog, Error> {
    match folder {
        None => Ok(Catalog::built_in_for(check)?),
        Some(_) => load_catalog(folder),
    }
}

/// The files of a catalog folder.
pub fn catalog_files(folder: &Path) -> Result<Vec<SourceFile>, Error> {
    use jingwei_core::{FileKind, Files};
    let limits = Limits { depth: 8, entries: 100_000, ..Limits::default() };
    let files = crate::DiskFiles::new(folder, false);
    let shown = folder.display();
    let fail = |e| {
        Error::invalid(format!("无法读取目录库 `{shown}`"), format!("cannot read the catalog `{shown}`")).because(e)
    };
    let mut sources = Vec::new();
    for entry in files.list(".", &limits).map_err(fail)? {
        if entry.kind == FileKind::File && entry.path.ends_with(".toml") {
            let bytes = files.read(&entry.path, jingwei_catalog::document::MAX_BYTES as u64 + 1).map_err(fail)?;
            sources.push(SourceFile { path: entry.path, bytes: bytes.into() });
        }
    }
    Ok(sources)
}

pub(crate) fn make_folder(folder: &Path) -> Result<(), Error> {
    let shown = folder.display();
    fs::create_dir_all(folder).map_err(|e| {
        Error::failed(format!("无法建立数据目录 `{shown}`"), format!("cannot make the data folder `{shown}`"))
            .because(e)
    })
}

/// The signing key: 32 random bytes, made at the first start, readable by the owner alone.
fn signer(folder: &Path) -> Result<Signer, Error> {
    make_folder(folder)?;
    let path = folder.join("ledger.key");
    let shown = path.display();
    let fail = |e: std::io::Error| {
        Error::failed(format!("无法读写签名密钥 `{shown}`"), format!("cannot read or write the signing key `{shown}`"))
            .because(e)
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let text = format!("{}\n", hex::encode(random_bytes()?));
            write_private(&path, text.as_bytes()).map_err(fail)?;
            text
        }
        Err(e) => return Err(fail(e)),
    };
    let mut seed = [0; 32];
    hex::decode_to_slice(text.trim(), &mut seed).map_err(|e| {
        Error::failed(
            format!("`{shown}` 不是签名密钥：须为 64 位十六进制数"),
            format!("`{shown}` is not a signing key: 64 hexadecimal digits are needed"),
        )
        .because(e)
    })?;
    let signer = Signer::new(ORIGIN, &seed)
        .map_err(|e| Error::failed("签名密钥不可用", "the signing key does not work").because(e))?;
    let public = format!("{}\n", signer.verifier_key());
    fs::write(folder.join("ledger.vkey"), public).map_err(fail)?;
    Ok(signer)
}

pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// 32 bytes that nobody can guess.
pub(crate) fn random_bytes() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    #[expect(clippy::disallowed_methods, reason = "keys and ids are made here and nowhere else")]
    let filled = getrandom::fill(&mut bytes);
    filled.map_err(|_| Error::failed("系统没有提供随机数", "the system gives no random numbers"))?;
    Ok(bytes)
}

/// A new id for a record.
pub(crate) fn new_id(prefix: &str) -> Result<String, Error> {
    let bytes = random_bytes()?;
    Ok(format!("{prefix}-{}", hex::encode(&bytes[..10])))
}

/// An id as a file name: `/` and `:` may stand in ids. A digest keeps apart what would become the same name.
fn safe_name(id: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = id.chars().map(|c| if legal(c) { c } else { '_' }).collect();
    if name == id { name } else { format!("{name}~{}", Digest::of(id.as_bytes()).short()) }
}

/// The digest of a document as it stands in the ledger.
pub(crate) fn bytes_of(value: &impl serde::Serialize) -> Result<(Vec<u8>, Digest), Error> {
    let bytes =
        serde_json::to_vec(value).map_err(|e| Error::failed("无法写文档", "cannot write a document").because(e))?;
    let digest = Digest::of(&bytes);
    Ok((bytes, digest))
}
