//! `requirements.txt` as pip reads it: lines joined by a backslash, comments, options, includes, hashes, addresses and paths.

use jingwei_core::Ecosystem;

use super::{
    Scope, Source,
    collect::{Collector, Draft},
    requirement::{self, name_of_archive, source_of},
};

pub(super) fn read(text: &str, out: &mut Collector<'_>) {
    read_at(text, 1, out);
}

/// Lines that stand in another file, from its line `first` on.
pub(super) fn read_at(text: &str, first: u32, out: &mut Collector<'_>) {
    for (line, content) in logical_lines(text) {
        let line = line.saturating_add(first.saturating_sub(1));
        let content = uncommented(&content);
        let content = content.trim();
        if content.is_empty() {
            continue;
        }
        if content.starts_with('-') { option(content, line, out) } else { one(content, line, Scope::Runtime, out) }
    }
}

/// A requirement with options behind it; what lists it says so.
pub(super) fn one(content: &str, line: u32, scope: Scope, out: &mut Collector<'_>) {
    let (requirement, options) = split_options(content);
    let hashes: Vec<&str> = options
        .split_whitespace()
        .map(|option| option.strip_prefix("--hash=").unwrap_or(option))
        .filter(|option| option.starts_with("sha") || option.starts_with("md5"))
        .collect();
    if requirement.contains("${") {
        let (zh, en) = ("含有环境变量，其值未知", "it holds an environment variable, whose value is not known");
        out.problem(line, zh, en);
    }
    let draft = if is_address(requirement) {
        by_address(requirement, line, out)
    } else {
        match requirement::parse(requirement) {
            Ok(found) => Some(found.draft(line)),
            Err(not_one) => {
                out.problem(line, not_one.reason.zh, not_one.reason.en);
                not_one.name.map(|name| {
                    let mut draft = Draft::new(Ecosystem::Pypi, &name, None, line);
                    draft.requirement = Some(not_one.rest).filter(|rest| !rest.is_empty());
                    draft
                })
            }
        }
    };
    if let Some(mut draft) = draft {
        draft.scope = scope;
        out.add(draft.hashed(hashes));
    }
}

/// What Python's `splitlines` splits at, and so pip: a requirement behind one of these is installed, however one line it looks.
fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Physical lines joined where one ends in a backslash, with the line that each begins on. A comment line ends a joined one, as in pip.
fn logical_lines(text: &str) -> Vec<(u32, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(u32, String)> = None;
    for (n, raw) in text.replace("\r\n", "\n").split(ends_line).enumerate() {
        let line = u32::try_from(n + 1).unwrap_or(u32::MAX);
        let comment = raw.trim_start().starts_with('#');
        let (begun, mut content) = open.take().unwrap_or((line, String::new()));
        if comment {
            // So that a comment is not glued to what stands before it.
            content.push(' ');
        }
        match raw.strip_suffix('\\') {
            Some(part) if !comment => {
                content.push_str(part);
                open = Some((begun, content));
            }
            _ => {
                content.push_str(raw);
                lines.push((begun, content));
            }
        }
    }
    lines.extend(open);
    lines
}

/// A `#` at the start or behind a space begins a comment; one inside an address does not.
fn uncommented(content: &str) -> &str {
    let mut before = ' ';
    for (at, c) in content.char_indices() {
        if c == '#' && before.is_whitespace() {
            return &content[..at];
        }
        before = c;
    }
    content
}

fn option(content: &str, line: u32, out: &mut Collector<'_>) {
    let (flag, value) = match content.find(|c: char| c == '=' || c.is_whitespace()) {
        Some(at) => (&content[..at], content[at + 1..].trim_start_matches(['=', ' ', '\t']).trim()),
        None => match content.char_indices().nth(2) {
            // A short flag may have its value glued on: `-rbase.txt`.
            Some((at, _)) if !content.starts_with("--") => (&content[..at], content[at..].trim()),
            _ => (content, ""),
        },
    };
    match flag {
        "-r" | "--requirement" if !value.is_empty() => out.include(value, line, false),
        "-c" | "--constraint" if !value.is_empty() => out.include(value, line, true),
        "-e" | "--editable" if !value.is_empty() => editable(value, line, out),
        "-i" | "--index-url" | "--pypi-url" | "--extra-index-url" | "-f" | "--find-links" => out.registry(value, line),
        "--no-index" | "--pre" | "--prefer-binary" | "--require-hashes" | "--no-binary" | "--only-binary"
        | "--trusted-host" | "--use-feature" | "--no-deps" | "--hash" => {}
        _ => out.problem(
            line,
            format!("未知的选项：{}", jingwei_read::shown(flag)),
            format!("its option is unknown: {}", jingwei_read::shown(flag)),
        ),
    }
}

fn editable(value: &str, line: u32, out: &mut Collector<'_>) {
    let (target, _) = split_options(value);
    if !is_address(target)
        && let Ok(found) = requirement::parse(target)
        && found.url.is_some()
    {
        out.add(found.draft(line));
        return;
    }
    if let Some(draft) = by_address(target, line, out) {
        out.add(draft);
    }
}

/// What pip takes for an address or a path rather than a name.
fn is_address(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    if first.contains('@') && !first.contains("://") {
        return first.starts_with(['.', '/']);
    }
    let before_name_ends = &first[requirement::name_at(first).len()..];
    before_name_ends.starts_with("://")
        || before_name_ends.starts_with("+")
        || first.starts_with(['.', '/', '~'])
        || first.starts_with("file:")
        || (first.contains('/') && !first.contains("==="))
        || first.ends_with(".whl")
        || first.ends_with(".tar.gz")
        || first.ends_with(".zip")
}

fn by_address(text: &str, line: u32, out: &mut Collector<'_>) -> Option<Draft> {
    let (address, marker) = match text.split_once(" ;").or_else(|| text.split_once("; ")) {
        Some((address, marker)) => (address.trim(), Some(marker.trim().to_owned())),
        None => (text.trim(), None),
    };
    let (bare, fragment) = address.split_once('#').unwrap_or((address, ""));
    let fragments = || fragment.split('&').filter_map(|part| part.split_once('='));
    let egg = fragments().find(|(key, _)| *key == "egg").map(|(_, value)| value);
    let named = egg.map(|egg| (requirement::name_at(egg).to_owned(), None)).filter(|(name, _)| !name.is_empty());
    let stated = name_of_archive(bare);
    let version = stated.as_ref().and_then(|(_, version)| version.clone());
    let Some((name, _)) = named.or(stated) else {
        let shown = jingwei_read::shown(&super::collect::without_password(bare));
        let (zh, en) = (
            format!("{shown} 没有写明软件包名，内容未知"),
            format!("{shown} does not name its package; what it holds is not known"),
        );
        out.problem(line, zh, en);
        return None;
    };
    let mut draft = Draft::new(Ecosystem::Pypi, &name, version.as_deref(), line);
    draft.source = match source_of(bare) {
        // Two dots and a bracket of extras may follow a path.
        Source::Path { path } => Source::Path { path: path.split('[').next().unwrap_or_default().to_owned() },
        other => other,
    };
    draft.marker = marker;
    let hashes: Vec<String> = fragments()
        .filter(|(key, _)| key.starts_with("sha") || *key == "md5")
        .map(|(key, value)| format!("{key}:{value}"))
        .collect();
    Some(draft.hashed(hashes.iter().map(String::as_str)))
}

/// The requirement, and the options from the first ` --` on.
fn split_options(content: &str) -> (&str, &str) {
    match content.find(" --").or_else(|| content.find("\t--")) {
        Some(at) => (content[..at].trim_end(), &content[at..]),
        None => (content, ""),
    }
}
