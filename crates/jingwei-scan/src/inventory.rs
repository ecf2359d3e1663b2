//! What lies in a folder: every file with its digest and, for models, what its bytes say it is.

use jingwei_core::{CheckError, Component, Ctx, Digest, FileEntry, FileKind, Limits, PortError, ReadSeek, Text};

use crate::{
    card,
    formats::{Crossed, FRONT, Format, HeaderError, gguf, json, of_front, pickle, safetensors, zip},
    stream::{Stream, StreamError},
    words::{io_reason, port_reason, shown},
};

/// How much of a file is read at once, and how far ahead a parser can look.
const WINDOW: usize = 256 << 10;

/// The files of a component, sorted by path, and what kept others from being listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    pub files: Vec<FileFacts>,
    /// Why the folder itself could not be listed.
    pub unlisted: Option<Problem>,
}

/// One file or link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// Relative to the component's path; a component that is one file has its name here.
    pub path: String,
    pub bytes: u64,
    /// `None`: it could not be read to its end, and a problem says why.
    pub sha256: Option<Digest>,
    pub format: Format,
    pub details: Details,
    pub problems: Vec<Problem>,
}

/// What the content tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    pub tensors: Option<u64>,
    /// As the file states it.
    pub licence: Option<String>,
    /// The header holds a description of the model.
    pub described: bool,
    /// Text with something in it.
    pub has_text: bool,
    pub pickles: Vec<PickleFacts>,
    /// Keys of a configuration that make loaders run code that comes with the model.
    pub remote_code: Vec<String>,
}

/// A pickle stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickleFacts {
    /// Of the archive that the file is.
    pub member: Option<String>,
    pub offset: u64,
    pub protocol: Option<u8>,
}

/// What is wrong with a file, or kept it from being inspected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    Malformed { offset: u64, reason: Text },
    Limit(Crossed),
    Unreadable { reason: Text },
    LinkNotFollowed,
    NotInspected { reason: Text },
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

/// Digests and inspects every file of a component. Each byte is read once, except the directory at the end of an archive.
pub fn inventory(component: &Component, ctx: &Ctx<'_>, limits: &Limits) -> Result<Inventory, CheckError> {
    walk(component, ctx, limits, inspect)
}

/// The digest of [`Inventory::digest`] without looking into the files.
pub fn folder_digest(component: &Component, ctx: &Ctx<'_>, limits: &Limits) -> Result<Digest, CheckError> {
    Ok(walk(component, ctx, limits, |_, _, _| Ok(Format::Unknown))?.digest())
}

type Opened<'a> = Stream<'a, Box<dyn ReadSeek>>;

/// Looks at a file's front and fills in what it finds; the caller digests the rest.
type Inspect = fn(&mut Opened<'_>, &mut FileFacts, &Limits) -> Result<Format, StreamError>;

fn walk(component: &Component, ctx: &Ctx<'_>, limits: &Limits, inspect: Inspect) -> Result<Inventory, CheckError> {
    let entries = match list(component, ctx, limits)? {
        Ok(entries) => entries,
        Err(error) => return Ok(Inventory { files: Vec::new(), unlisted: Some(Problem::from(error)) }),
    };
    let total = entries.iter().fold(0u64, |sum, (entry, _)| sum.saturating_add(entry.bytes));
    ctx.progress.begin(&Text::new("读取文件", "reading files"), total);
    let mut files: Vec<FileFacts> =
        entries.into_iter().map(|(entry, path)| read_file(entry, path, ctx, limits, inspect)).collect();
    ctx.progress.end();
    files.sort_by(|a, b| a.path.cmp(&b.path));
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

fn read_file(entry: FileEntry, path: String, ctx: &Ctx<'_>, limits: &Limits, inspect: Inspect) -> FileFacts {
    let mut facts = FileFacts {
        path,
        bytes: entry.bytes,
        sha256: None,
        format: Format::Unknown,
        details: Details::default(),
        problems: Vec::new(),
    };
    match entry.kind {
        FileKind::Link => facts.problems.push(Problem::LinkNotFollowed),
        FileKind::File if entry.bytes > limits.file_bytes => facts.problems.push(too_large(limits)),
        FileKind::File => {
            let read = ctx.files.open(&entry.path).map_err(|e| port_reason(&e)).and_then(|source| {
                let window = usize::try_from(entry.bytes).unwrap_or(WINDOW).clamp(FRONT, WINDOW);
                digest_and_inspect(Stream::new(source, window, ctx.progress), &mut facts, limits, inspect)
            });
            if let Err(reason) = read {
                facts.problems.push(Problem::Unreadable { reason });
            }
        }
        FileKind::Folder | FileKind::Other => facts.problems.push(Problem::Unreadable {
            reason: Text::new(
                "它不是普通文件（设备、管道或套接字）",
                "it is no regular file (a device, pipe or socket)",
            ),
        }),
    }
    facts
}

fn too_large(limits: &Limits) -> Problem {
    Problem::Limit(Crossed { limit: "file_bytes", value: limits.file_bytes })
}

fn digest_and_inspect(
    mut stream: Opened<'_>,
    facts: &mut FileFacts,
    limits: &Limits,
    inspect: Inspect,
) -> Result<(), Text> {
    let failed = |e: StreamError| match e {
        StreamError::Io(reason) => io_reason(&reason),
        StreamError::End(offset) => {
            Text::new(format!("文件在偏移 {offset} 处结束"), format!("the file ends at byte {offset}"))
        }
    };
    facts.format = inspect(&mut stream, facts, limits).map_err(failed)?;
    let Some((digest, length, mut source)) = stream.finish(limits.file_bytes).map_err(failed)? else {
        facts.problems.push(too_large(limits));
        return Ok(());
    };
    facts.sha256 = Some(digest);
    facts.bytes = length;
    inspect_archive(source.as_mut(), facts, limits);
    Ok(())
}

/// What can be told from the front.
fn inspect(stream: &mut Opened<'_>, facts: &mut FileFacts, limits: &Limits) -> Result<Format, StreamError> {
    let length = facts.bytes;
    let front = stream.peek(FRONT)?.to_vec();
    let format = of_front(&front, length);
    match format {
        Format::Gguf => match gguf::parse(stream, length, limits) {
            Ok(seen) => {
                facts.details.tensors = Some(seen.tensors);
                facts.details.licence = seen.licence;
                facts.details.described = seen.described;
            }
            Err(error) => facts.problems.push(Problem::from(error)),
        },
        Format::Safetensors => match safetensors::parse(stream, length, limits) {
            Ok(seen) => {
                facts.details.tensors = Some(seen.tensors);
                facts.details.licence = seen.licence;
                facts.details.described = seen.described;
            }
            Err(error) => facts.problems.push(Problem::from(error)),
        },
        Format::Json => inspect_json(stream, facts, limits)?,
        Format::Npy if has_object_type(&front) => {
            facts.details.pickles.push(PickleFacts { member: None, offset: 0, protocol: None });
        }
        Format::Text | Format::Unknown | Format::Gzip | Format::Bzip2 | Format::Tar => {
            if format == Format::Text {
                facts.details.has_text = front.iter().any(|b| !b.is_ascii_whitespace());
                facts.details.licence = card::front_matter_licence(&String::from_utf8_lossy(&front));
            }
            if is_pickle(stream, facts, limits)? {
                return Ok(Format::Pickle);
            }
        }
        _ => {}
    }
    if format == Format::Unknown && is_named_json(&facts.path) {
        let reason = Text::new("它不是 UTF-8 编码的 JSON", "it is no JSON in UTF-8");
        facts.problems.push(Problem::Unreadable { reason });
    }
    if format.is_closed_container() {
        facts.problems.push(Problem::NotInspected {
            reason: Text::new(
                format!("{} 容器未被打开", format.code()),
                format!("a {} container is not opened", format.code()),
            ),
        });
    }
    Ok(format)
}

fn is_pickle(stream: &mut Opened<'_>, facts: &mut FileFacts, limits: &Limits) -> Result<bool, StreamError> {
    match pickle::walk(stream, limits) {
        pickle::Walk::Pickle { protocol } => {
            facts.details.pickles.push(PickleFacts { member: None, offset: 0, protocol });
            return Ok(true);
        }
        pickle::Walk::Limit { limit, value } => facts.problems.push(Problem::Limit(Crossed { limit, value })),
        pickle::Walk::Io(reason) => return Err(StreamError::Io(reason)),
        pickle::Walk::NotPickle => {}
    }
    Ok(false)
}

/// Only a file that calls itself JSON has to be JSON: templates also begin with a brace.
fn is_named_json(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".json")
}

fn inspect_json(stream: &mut Opened<'_>, facts: &mut FileFacts, limits: &Limits) -> Result<(), StreamError> {
    if facts.bytes > limits.header_bytes {
        facts.problems.push(Problem::Limit(Crossed { limit: "header_bytes", value: limits.header_bytes }));
        return Ok(());
    }
    let bytes = stream.take_vec(facts.bytes)?;
    let (keys, ended) = json::remote_code(&bytes, limits);
    facts.details.remote_code = keys;
    facts.details.has_text = true;
    match ended {
        Err(HeaderError::Malformed { offset, reason }) if is_named_json(&facts.path) => {
            facts.problems.push(Problem::Unreadable {
                reason: Text::new(format!("偏移 {offset}：{}", reason.zh), format!("at byte {offset} {}", reason.en)),
            });
        }
        Err(HeaderError::Malformed { .. }) | Ok(()) => {}
        Err(other) => facts.problems.push(Problem::from(other)),
    }
    Ok(())
}

/// What can only be told from the end.
fn inspect_archive(source: &mut dyn ReadSeek, facts: &mut FileFacts, limits: &Limits) {
    let mut source = source;
    let is_zip = facts.format == Format::Zip || zip::ends_like_zip(&mut source, facts.bytes).unwrap_or(false);
    if !is_zip {
        return;
    }
    if facts.format == Format::Unknown {
        facts.format = Format::Zip;
    }
    let seen = match zip::parse(&mut source, facts.bytes, limits) {
        Ok(seen) => seen,
        Err(error) => return facts.problems.push(Problem::from(error)),
    };
    facts.details.pickles.extend(seen.pickles.into_iter().map(|(name, offset, protocol)| PickleFacts {
        member: Some(name),
        offset,
        protocol,
    }));
    if seen.expands_too_far {
        facts.problems.push(Problem::Limit(Crossed { limit: "expansion_ratio", value: limits.expansion_ratio }));
    }
    if seen.unseen > 0 {
        let (zh, en) = (
            format!("{} 个压缩成员未被查看", seen.unseen),
            format!("{} packed members are not looked into", seen.unseen),
        );
        facts.problems.push(Problem::NotInspected { reason: Text::new(zh, en) });
    }
}

/// A NumPy array of Python objects is a pickle behind a header.
fn has_object_type(front: &[u8]) -> bool {
    let header = &front[..front.len().min(512)];
    header.windows(2).any(|pair| pair == b"|O") || header.windows(3).any(|three| three == b"'O'")
}

impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        match error {
            PortError::TooMany { limit, .. } => Problem::Limit(Crossed { limit: "entries", value: limit }),
            PortError::TooDeep { limit, .. } => Problem::Limit(Crossed { limit: "depth", value: u64::from(limit) }),
            other => Problem::Unreadable { reason: port_reason(&other) },
        }
    }
}

impl From<HeaderError> for Problem {
    fn from(error: HeaderError) -> Self {
        match error {
            HeaderError::Malformed { offset, reason } => Problem::Malformed { offset, reason },
            HeaderError::Limit(crossed) => Problem::Limit(crossed),
            HeaderError::Io(reason) => Problem::Unreadable { reason: io_reason(&shown(&reason)) },
        }
    }
}
