//! The texts of a component: small files that people wrote.

use jingwei_core::{CheckError, Component, Ctx, FileKind, Limits, PortError, Text};

use crate::{inventory::list, words::port_reason};

/// No configuration and no prompt that people write is larger.
const MOST_BYTES: u64 = 4 << 20;

/// A file and its text, or why there is none.
pub(crate) struct TextFile {
    /// Relative to the component.
    pub path: String,
    pub text: Result<String, Text>,
}

/// All files of a component, sorted by path. `Err` inside: the component itself could not be listed.
pub(crate) fn read_texts(
    component: &Component,
    ctx: &Ctx<'_>,
    limits: &Limits,
) -> Result<Result<Vec<TextFile>, Text>, CheckError> {
    let entries = match list(component, ctx, limits)? {
        Ok(entries) if entries.is_empty() => return Ok(Err(Text::new("文件夹是空的", "the folder is empty"))),
        Ok(entries) => entries,
        Err(error) => return Ok(Err(port_reason(&error))),
    };
    let most_bytes = MOST_BYTES.min(limits.header_bytes);
    let read = |path: &str| ctx.files.read(path, most_bytes).map_err(|e: PortError| port_reason(&e));
    let mut files: Vec<TextFile> = entries
        .into_iter()
        .map(|(entry, path)| {
            let text = match entry.kind {
                FileKind::File if entry.bytes > most_bytes => Err(Text::new(
                    format!("大于 {most_bytes} 字节（限制 header_bytes）"),
                    format!("it is larger than {most_bytes} bytes (limit header_bytes)"),
                )),
                FileKind::File => read(&entry.path).and_then(decode),
                FileKind::Link => Err(Text::new("它是链接，未被跟随", "it is a link, which is not followed")),
                FileKind::Folder | FileKind::Other => Err(Text::new("它不是普通文件", "it is no regular file")),
            };
            TextFile { path, text }
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Ok(files))
}

fn decode(bytes: Vec<u8>) -> Result<String, Text> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Text::new("它是 UTF-16，请另存为 UTF-8", "it is UTF-16; save it as UTF-8"));
    }
    String::from_utf8(bytes).map_err(|e| {
        let offset = e.utf8_error().valid_up_to();
        Text::new(
            format!("偏移 {offset} 处不是 UTF-8，请另存为 UTF-8"),
            format!("it is not UTF-8 at byte {offset}; save it as UTF-8"),
        )
    })
}
