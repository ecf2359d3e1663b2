//! The files of a system on disk, read-only and never outside the manifest's folder unless allowed.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io,
    path::{Component as Part, Path, PathBuf},
};

use jingwei_core::{FileEntry, FileKind, Files, Limits, PortError, ReadSeek, Text};

/// Files below a folder.
pub struct DiskFiles {
    root: PathBuf,
    allow_outside: bool,
    /// Followed where it is a link: the user named it. Links below it are not.
    named: Option<String>,
}

impl DiskFiles {
    /// `root` is the manifest's folder.
    #[must_use]
    pub fn new(root: &Path, allow_outside: bool) -> Self {
        Self { root: root.to_owned(), allow_outside, named: None }
    }

    /// Any path of this machine, for a command that was given `path`, which may be a link itself.
    #[must_use]
    pub fn named(path: &str) -> Self {
        Self { named: Some(path.to_owned()), ..Self::new(Path::new(""), true) }
    }

    fn resolve(&self, path: &str) -> Result<PathBuf, PortError> {
        let relative = Path::new(path);
        let stays_inside = relative.components().all(|part| matches!(part, Part::Normal(_) | Part::CurDir));
        if !stays_inside && !self.allow_outside {
            return Err(PortError::Outside { path: path.to_owned() });
        }
        let full = self.root.join(relative);
        // A link on the way may lead elsewhere: what counts is where it ends.
        if !self.allow_outside
            && let (Ok(real), Ok(root)) = (full.canonicalize(), self.root.canonicalize())
            && !real.starts_with(&root)
        {
            return Err(PortError::Outside { path: path.to_owned() });
        }
        Ok(full)
    }
}

impl Files for DiskFiles {
    fn list(&self, path: &str, limits: &Limits) -> Result<Vec<FileEntry>, PortError> {
        let start = self.resolve(path)?;
        let fail = |e: io::Error| io_error(path, &e);
        let is_named = self.named.as_deref() == Some(path);
        let top = if is_named { fs::metadata(&start) } else { fs::symlink_metadata(&start) }.map_err(fail)?;
        let name = path.trim_end_matches('/').to_owned();
        let mut entries = Vec::new();
        let mut open = VecDeque::new();
        match kind_of(top.file_type()) {
            FileKind::Folder => open.push_back((start, name, 0_u32)),
            kind => entries.push(FileEntry { path: name, bytes: top.len(), kind }),
        }
        while let Some((folder, name, depth)) = open.pop_front() {
            if depth >= limits.depth {
                return Err(PortError::TooDeep { path: path.to_owned(), limit: limits.depth });
            }
            for entry in fs::read_dir(&folder).map_err(fail)? {
                let entry = entry.map_err(fail)?;
                let kind = kind_of(entry.file_type().map_err(fail)?);
                let here = joined(&name, &entry.file_name().to_string_lossy());
                let bytes = if kind == FileKind::File { entry.metadata().map_err(fail)?.len() } else { 0 };
                if kind == FileKind::Folder {
                    open.push_back((entry.path(), here.clone(), depth + 1));
                }
                entries.push(FileEntry { path: here, bytes, kind });
                if entries.len() as u64 > limits.entries {
                    return Err(PortError::TooMany { path: path.to_owned(), limit: limits.entries });
                }
            }
        }
        entries.sort();
        Ok(entries)
    }

    fn link_target(&self, path: &str) -> Option<String> {
        // The link itself may lead anywhere; the folder that holds it may not.
        let (folder, name) = path.trim_end_matches('/').rsplit_once('/').unwrap_or((".", path));
        let link = self.resolve(folder).ok()?.join(name);
        Some(fs::read_link(link).ok()?.to_string_lossy().into_owned())
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, PortError> {
        let full = self.resolve(path)?;
        let about = fs::metadata(&full).map_err(|e| io_error(path, &e))?;
        // A pipe or device would block for ever.
        if !about.is_file() {
            return Err(PortError::Io { path: path.to_owned(), reason: "not a regular file".to_owned() });
        }
        Ok(Box::new(File::open(&full).map_err(|e| io_error(path, &e))?))
    }
}

/// Why a file cannot be read, without its path.
pub(crate) fn why_unreadable(error: &PortError) -> Text {
    match error {
        PortError::Missing { .. } => Text::new("没有这个文件", "there is no such file"),
        PortError::Outside { .. } => Text::new("它在清单所在目录之外", "it lies outside the manifest's folder"),
        PortError::Io { reason, .. } => Text::new(format!("无法读取：{reason}"), format!("cannot be read: {reason}")),
        other => Text::same(other.to_string()),
    }
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() || folder == "." { name.to_owned() } else { format!("{folder}/{name}") }
}

fn kind_of(kind: fs::FileType) -> FileKind {
    match (kind.is_file(), kind.is_dir(), kind.is_symlink()) {
        (true, ..) => FileKind::File,
        (_, true, _) => FileKind::Folder,
        (_, _, true) => FileKind::Link,
        _ => FileKind::Other,
    }
}

fn io_error(path: &str, error: &io::Error) -> PortError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::NotFound => PortError::Missing { path },
        _ => PortError::Io { path, reason: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_followed_where_the_user_named_it_and_nowhere_else() {
        let outer = tempfile::tempdir().unwrap();
        let (folder, link) = (outer.path().join("model"), outer.path().join("latest"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a.bin"), "x").unwrap();
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        std::os::unix::fs::symlink(outer.path(), folder.join("up")).unwrap();
        let name = link.to_string_lossy();
        let kinds = |files: DiskFiles| {
            let entries = files.list(&name, &Limits::default()).unwrap();
            entries.into_iter().map(|entry| entry.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds(DiskFiles::named(&name)), [FileKind::File, FileKind::Link]);
        assert_eq!(kinds(DiskFiles::new(Path::new(""), true)), [FileKind::Link]);
    }

    #[test]
    fn nothing_outside_the_folder_is_read() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("system");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/x.txt"), "x").unwrap();
        fs::write(outer.path().join("secret.txt"), "s").unwrap();
        std::os::unix::fs::symlink(outer.path(), root.join("link")).unwrap();
        let files = DiskFiles::new(&root, false);
        let limits = Limits::default();
        let paths: Vec<String> = files.list(".", &limits).unwrap().into_iter().map(|e| e.path).collect();
        assert_eq!(paths, ["a", "a/b", "a/b/x.txt", "link"]);
        assert!(files.open("a/b/x.txt").is_ok());
        assert_eq!(files.link_target("link").as_deref(), outer.path().to_str());
        assert_eq!(files.link_target("a/b/x.txt"), None);
        for outside in ["../secret.txt", "/etc/hostname", "link/secret.txt"] {
            assert!(matches!(files.open(outside), Err(PortError::Outside { .. })), "{outside}");
        }
        assert!(matches!(files.open("a"), Err(PortError::Io { .. })));
        assert!(matches!(files.open("none"), Err(PortError::Missing { .. })));
        let tight = Limits { entries: 2, ..limits };
        assert!(matches!(files.list(".", &tight), Err(PortError::TooMany { .. })));
        let flat = Limits { depth: 1, ..limits };
        assert!(matches!(files.list(".", &flat), Err(PortError::TooDeep { .. })));
        assert!(DiskFiles::new(&root, true).open("../secret.txt").is_ok());
    }
}
