//! From files to a manifest, through the port for files.

use std::io::ErrorKind;

use jingwei_core::{Ctx, FileKind, Limits, PortError, Text};

use crate::{HashKind, Manifest, Method, Resource};

/// How much of a file is read at once.
const WINDOW: usize = 256 << 10;
/// What belongs to version control and not to the model; the reference program leaves it out too.
pub(crate) const GIT_PATHS: [&str; 4] = [".git", ".gitattributes", ".github", ".gitignore"];

/// How a model's state is taken.
#[derive(Debug, Clone, Default)]
pub struct Taking {
    pub hash: HashKind,
    /// Files are cut into pieces of so many bytes.
    pub shard_bytes: Option<u64>,
    /// Relative to the model; each with everything below it. Paths of git are always left out.
    pub ignored: Vec<String>,
}

/// Why a model's state cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TakeError {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error("`{0}` is a symbolic link, a device or a file that cannot be opened, and cannot be signed")]
    NotAFile(String),
    #[error("`{path}` is larger than {limit} bytes")]
    TooLarge { path: String, limit: u64 },
    #[error("`{0}` changed while it was read")]
    Changed(String),
    #[error("`{0}` is empty, and an empty file has no shard to sign; sign without shards or leave it out")]
    Empty(String),
}

impl TakeError {
    #[must_use]
    pub fn text(&self) -> Text {
        let zh = match self {
            TakeError::Port(error) => format!("读取失败：{error}"),
            TakeError::NotAFile(path) => format!("`{path}` 是符号链接、设备或无法打开的文件，不能签名"),
            TakeError::TooLarge { path, limit } => format!("`{path}` 超过 {limit} 字节"),
            TakeError::Empty(path) => format!("`{path}` 是空文件，分块签名无法覆盖它；请不分块签名，或不签此路径"),
            TakeError::Changed(path) => format!("`{path}` 在读取时发生了变化"),
        };
        Text::new(zh, self.to_string())
    }
}

/// The state of the model at `root`, a folder or a file. `name` is what the statement calls it. Links, devices and files that
/// cannot be opened come beside it by name: they must not keep the rest from being looked at.
pub fn take(
    root: &str,
    name: &str,
    taking: &Taking,
    ctx: &Ctx<'_>,
    limits: &Limits,
) -> Result<(Manifest, Vec<String>), TakeError> {
    let mut ignored: Vec<String> = GIT_PATHS.iter().map(|path| (*path).to_owned()).collect();
    ignored.extend(taking.ignored.iter().filter(|path| !GIT_PATHS.contains(&path.as_str())).cloned());
    let entries = ctx.files.list(root, limits)?;
    let total = entries.iter().fold(0u64, |sum, entry| sum.saturating_add(entry.bytes));
    ctx.progress.begin(&Text::new("计算摘要", "digesting files"), total);
    let (mut resources, mut odd) = (Vec::new(), Vec::new());
    for entry in &entries {
        let relative = relative(root, &entry.path);
        if entry.kind == FileKind::Folder || is_ignored(&relative, &ignored) {
            continue;
        }
        if entry.kind != FileKind::File || ctx.files.open(&entry.path).is_err() {
            odd.push(relative);
            continue;
        }
        if entry.bytes > limits.file_bytes {
            return Err(TakeError::TooLarge { path: relative, limit: limits.file_bytes });
        }
        digest_file(&entry.path, &relative, entry.bytes, taking, ctx, &mut resources)?;
    }
    ctx.progress.end();
    let method = taking.shard_bytes.map_or(Method::Files, |bytes| Method::Shards { bytes });
    let mut manifest =
        Manifest { model: name.to_owned(), method, hash: taking.hash, allow_symlinks: false, ignored, resources };
    manifest.sort();
    Ok((manifest, odd))
}

fn digest_file(
    path: &str,
    relative: &str,
    bytes: u64,
    taking: &Taking,
    ctx: &Ctx<'_>,
    resources: &mut Vec<Resource>,
) -> Result<(), TakeError> {
    let mut file = ctx.files.open(path)?;
    let shard = taking.shard_bytes.unwrap_or(u64::MAX).max(1);
    let mut window = vec![0; WINDOW];
    let (mut start, mut at) = (0u64, 0u64);
    let mut hasher = taking.hash.hasher();
    let close = |hasher: crate::ResourceHasher, start: u64, end: u64| Resource {
        name: match taking.shard_bytes {
            Some(_) => format!("{relative}:{start}:{end}"),
            None => relative.to_owned(),
        },
        digest: hasher.finish(),
    };
    loop {
        let room = usize::try_from(shard - (at - start)).unwrap_or(usize::MAX).min(WINDOW);
        let count = match file.read(&mut window[..room]) {
            Ok(count) => count,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => return Err(PortError::Io { path: relative.to_owned(), reason: e.to_string() }.into()),
        };
        if count == 0 {
            break;
        }
        hasher.update(&window[..count]);
        at += count as u64;
        ctx.progress.advance(count as u64);
        if at > bytes {
            return Err(TakeError::Changed(relative.to_owned()));
        }
        if at - start == shard {
            resources.push(close(std::mem::replace(&mut hasher, taking.hash.hasher()), start, at));
            start = at;
        }
    }
    // An empty file has no shard, and is a file all the same: it has to show, also where it cannot be signed.
    if at > start || at == 0 {
        resources.push(close(hasher, start, at));
    }
    Ok(())
}

fn relative(root: &str, path: &str) -> String {
    let plain = |p: &str| p.trim_start_matches("./").trim_end_matches('/').to_owned();
    let (root, path) = (plain(root), plain(path));
    if root == path {
        return path.rsplit('/').next().unwrap_or(&path).to_owned();
    }
    if root == "." {
        return path;
    }
    path.strip_prefix(&root).and_then(|rest| rest.strip_prefix('/')).map(ToOwned::to_owned).unwrap_or(path)
}

fn is_ignored(path: &str, ignored: &[String]) -> bool {
    ignored.iter().any(|own| {
        let own = own.trim_start_matches("./").trim_end_matches('/');
        path == own || path.strip_prefix(own).is_some_and(|rest| rest.starts_with('/'))
    })
}
