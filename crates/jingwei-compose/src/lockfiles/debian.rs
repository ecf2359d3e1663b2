//! The status file of dpkg: what is installed on a Debian system.

use jingwei_core::{Ecosystem, Package};

use super::collect::{Collector, Draft};

#[derive(Default)]
struct Paragraph<'t> {
    line: u32,
    name: Option<&'t str>,
    version: Option<&'t str>,
    status: Option<&'t str>,
    source: Option<&'t str>,
}

pub(super) fn read(text: &str, out: &mut Collector<'_>) {
    let mut open = Paragraph::default();
    let lines = text.lines().enumerate().map(|(n, content)| (u32::try_from(n + 1).unwrap_or(u32::MAX), content));
    for (line, content) in lines.chain([(u32::MAX, "")]) {
        if content.trim().is_empty() {
            close(std::mem::take(&mut open), out);
            continue;
        }
        if content.starts_with([' ', '\t']) {
            continue;
        }
        let Some((key, value)) = content.split_once(':') else {
            out.problem(line, "一行不可读", "the line cannot be read");
            continue;
        };
        let value = Some(value.trim());
        match key {
            "Package" => (open.name, open.line) = (value, line),
            "Version" => open.version = value,
            "Status" => open.status = value,
            "Source" => open.source = value,
            _ => {}
        }
        open.line = open.line.max(1);
    }
}

fn close(paragraph: Paragraph<'_>, out: &mut Collector<'_>) {
    if paragraph.line == 0 {
        return;
    }
    let Some(name) = paragraph.name else {
        return out.problem(paragraph.line, "一段没有 Package", "a paragraph has no Package");
    };
    // A removed package leaves its configuration behind, and no code.
    if paragraph.status.is_some_and(|status| !status.ends_with(" installed")) {
        return;
    }
    let mut draft = Draft::new(Ecosystem::Debian, name, paragraph.version, paragraph.line);
    draft.built_from = Some(match paragraph.source.map(|source| source.split_once(" (").unwrap_or((source, ""))) {
        Some((source, version)) => {
            let version = Some(version.trim_end_matches(')')).filter(|version| !version.is_empty());
            Package::new(Ecosystem::Debian, source, version.or(paragraph.version))
        }
        None => Package::new(Ecosystem::Debian, name, paragraph.version),
    });
    out.add(draft);
}
