//! What lies in a folder: every file with its digest and, for models, what its bytes say it is.

use jingwei_core::{
    CheckError, Component, Ctx, Digest, FileEntry, FileKind, Hasher, Limits, PortError, ReadSeek, Text,
};
use jingwei_read::{Facts, FileSource, Sighting};

use crate::{
    beside,
    formats::{Format, unreadable},
    links,
    look::{self, Seen},
    names::ModelNames,
    words::{io_reason, port_reason, shown},
};

/// How much of a file is read at once.
const WINDOW: usize = 256 << 10;

/// The files of a component, sorted by path, and what kept others from being listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    pub files: Vec<FileFacts>,
    /// Why the folder itself could not be listed.
    pub unlisted: Option<Sighting>,
}

/// One file or link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// Relative to the component's path; a component that is one file has its name here.
    pub path: String,
    pub bytes: u64,
    /// `None`: it could not be read to its end, and a sighting says why.
    pub sha256: Option<Digest>,
    pub format: Format,
    pub facts: Facts,
    /// Text with something in it.
    pub has_text: bool,
    /// Pickle streams, in it or in its members.
    pub pickles: u64,
    /// Files to which it sends a reader, where it is an index of shards.
    pub shards: Vec<String>,
    pub seen: Vec<Seen>,
}

impl Inventory {
    /// Digest over sorted paths and digests: what evidence about the component is evidence of. Files without
    /// a digest count by path and size.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let lines: Vec<String> = self
            .files
            .iter()
            .map(|file| match file.sha256 {
                Some(digest) => format!("{digest}  {}", file.path),
                None => format!("unread {}  {}", file.bytes, file.path),
            })
            .collect();
        Digest::of_parts(["folder/1"].into_iter().chain(lines.iter().map(String::as_str)))
    }

    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes))
    }
}

/// Digests and inspects every file of a component. A file is read once for its digest; parsers then read what they need.
/// `weights`: the numbers are looked at too.
pub fn inventory(
    component: &Component,
    names: &ModelNames,
    weights: bool,
    ctx: &Ctx<'_>,
    limits: &Limits,
) -> Result<Inventory, CheckError> {
    walk(component, Some((names, weights)), ctx, limits)
}

/// The digest of [`Inventory::digest`] without looking into the files.
pub fn folder_digest(component: &Component, ctx: &Ctx<'_>, limits: &Limits) -> Result<Digest, CheckError> {
    Ok(walk(component, None, ctx, limits)?.digest())
}

fn walk(
    component: &Component,
    how: Option<(&ModelNames, bool)>,
    ctx: &Ctx<'_>,
    limits: &Limits,
) -> Result<Inventory, CheckError> {
    let entries = match list(component, ctx, limits)? {
        Ok(entries) => entries,
        Err(error) => return Ok(Inventory { files: Vec::new(), unlisted: Some(port_sighting(&error)) }),
    };
    let root = component.path.as_deref().unwrap_or_default();
    let total = entries.iter().fold(0u64, |sum, (entry, _)| sum.saturating_add(entry.bytes));
    ctx.progress.begin(&Text::new("读取文件", "reading files"), total);
    let mut files: Vec<FileFacts> =
        entries.into_iter().map(|(entry, path)| read_file(root, &entry, path, how, ctx, limits)).collect();
    ctx.progress.end();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    for at in 0..files.len() {
        let missing = beside::missing_shards(&files[at].path, &files[at].shards, &files);
        let short = beside::short_weights(&files[at], &files);
        let told = missing.into_iter().chain(short).map(|sighting| Seen { inside: "".into(), sighting });
        files[at].seen.extend(told);
    }
    let named = beside::named_as_numbers(&files);
    for file in files.iter_mut().filter(|file| named.contains(&shown(&file.path))) {
        file.seen.retain(|seen| seen.sighting.rule != "model.unknown-format");
    }
    for (at, sighting) in beside::shadowing(&files) {
        files[at].seen.push(Seen { inside: "".into(), sighting });
    }
    beside::settle_backends(&mut files);
    Ok(Inventory { files, unlisted: None })
}

/// Files, links and others of a component with their paths relative to it; folders are left out.
pub(crate) fn list(
    component: &Component,
    ctx: &Ctx<'_>,
    limits: &Limits,
) -> Result<Result<Vec<(FileEntry, String)>, PortError>, CheckError> {
    let root = component.path.as_deref().ok_or_else(|| {
        CheckError::new(format!("component `{}` has no `path`; name its file or folder in the manifest", component.id))
    })?;
    let keep = |entries: Vec<FileEntry>| {
        let files = entries.into_iter().filter(|entry| entry.kind != FileKind::Folder);
        files
            .map(|entry| {
                let path = relative(root, &entry.path);
                (entry, path)
            })
            .collect()
    };
    Ok(ctx.files.list(root, limits).map(keep))
}

fn relative(root: &str, path: &str) -> String {
    let plain = |p: &str| p.trim_start_matches("./").trim_end_matches('/').to_owned();
    let (root, path) = (plain(root), plain(path));
    if root == path {
        return path.rsplit('/').next().unwrap_or(&path).to_owned();
    }
    let below = path.strip_prefix(&root).and_then(|rest| rest.strip_prefix('/'));
    below.map(ToOwned::to_owned).unwrap_or(path)
}

fn read_file(
    root: &str,
    entry: &FileEntry,
    path: String,
    how: Option<(&ModelNames, bool)>,
    ctx: &Ctx<'_>,
    limits: &Limits,
) -> FileFacts {
    let mut facts = FileFacts {
        path,
        bytes: entry.bytes,
        sha256: None,
        format: Format::Unknown,
        facts: Facts::default(),
        has_text: false,
        pickles: 0,
        shards: Vec::new(),
        seen: Vec::new(),
    };
    let problem = match entry.kind {
        FileKind::Link => Some(links::sighting(root, entry, &facts.path, ctx)),
        FileKind::File if entry.bytes > limits.file_bytes => Some(too_large(limits)),
        FileKind::File => match ctx.files.open(&entry.path) {
            Ok(file) => digest_and_look(file, &mut facts, how, ctx, limits).err(),
            Err(error) => Some(unreadable(port_reason(&error))),
        },
        FileKind::Folder | FileKind::Other => Some(unreadable(Text::new(
            "它不是普通文件（设备、管道或套接字）",
            "it is no regular file (a device, pipe or socket)",
        ))),
    };
    facts.seen.extend(problem.map(|sighting| Seen { inside: "".into(), sighting }));
    facts
}

fn too_large(limits: &Limits) -> Sighting {
    Sighting::limit("file_bytes", limits.file_bytes)
}

fn digest_and_look(
    mut file: Box<dyn ReadSeek>,
    facts: &mut FileFacts,
    how: Option<(&ModelNames, bool)>,
    ctx: &Ctx<'_>,
    limits: &Limits,
) -> Result<(), Sighting> {
    let size = usize::try_from(facts.bytes).unwrap_or(WINDOW).clamp(4096, WINDOW);
    let mut window = vec![0; size];
    let mut hasher = Hasher::default();
    let mut length = 0u64;
    loop {
        let count = match file.read(&mut window) {
            Ok(0) => break,
            Ok(count) => count,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(unreadable(io_reason(&shown(&e.to_string())))),
        };
        hasher.update(&window[..count]);
        length += count as u64;
        ctx.progress.advance(count as u64);
        if length > limits.file_bytes {
            return Err(too_large(limits));
        }
    }
    facts.sha256 = Some(hasher.finish());
    facts.bytes = length;
    if let Some((names, weights)) = how {
        let mut source = FileSource::new(file, length);
        let (format, looked) = look::look(&mut source, &facts.path, names, weights, limits);
        facts.format = format;
        facts.facts = looked.facts;
        facts.has_text = looked.has_text;
        facts.pickles = looked.pickles;
        facts.shards = looked.shards;
        facts.seen = looked.seen;
    }
    Ok(())
}

fn port_sighting(error: &PortError) -> Sighting {
    match error {
        PortError::TooMany { limit, .. } => Sighting::limit("entries", *limit),
        PortError::TooDeep { limit, .. } => Sighting::limit("depth", u64::from(*limit)),
        other => unreadable(port_reason(other)),
    }
}
