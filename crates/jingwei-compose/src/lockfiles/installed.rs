//! What is installed for Python: `METADATA` of a distribution (core metadata 2.4) and the report of `pip inspect`.

use jingwei_core::Ecosystem;

use super::{
    Source,
    collect::{Collector, Draft, without_password},
};
use crate::document::{Node, json};

/// Longest licence statement that is a name rather than the licence's text.
const LICENCE_NAME: usize = 200;

pub(super) fn metadata(text: &str, out: &mut Collector<'_>) {
    let (mut name, mut version, mut licences) = (None, None, Vec::new());
    let mut expression = false;
    for (n, content) in text.lines().enumerate() {
        if content.is_empty() {
            break;
        }
        let line = u32::try_from(n + 1).unwrap_or(u32::MAX);
        // A line that begins with a space continues the one before, which is prose.
        let Some((key, value)) = content.split_once(':').filter(|_| !content.starts_with([' ', '\t'])) else {
            continue;
        };
        let value = value.trim();
        match key.to_ascii_lowercase().as_str() {
            "name" => name = Some((value, line)),
            "version" => version = Some(value),
            "license-expression" if !value.is_empty() => {
                licences = vec![value.to_owned()];
                expression = true;
            }
            key => {
                let stated = stated_licence(key, value);
                if let Some(licence) =
                    stated.filter(|licence| !expression && !licences.iter().any(|one| one == licence))
                {
                    licences.push(licence.to_owned());
                }
            }
        }
    }
    let Some((name, line)) = name.filter(|(name, _)| !name.is_empty()) else {
        return out.problem(1, "元数据中没有名称", "the metadata names no package");
    };
    let mut draft = Draft::new(Ecosystem::Pypi, name, version, line);
    draft.licences = licences;
    out.add(draft);
}

fn stated_licence<'t>(key: &str, value: &'t str) -> Option<&'t str> {
    match key {
        "license" if !matches!(value, "" | "UNKNOWN") && value.len() <= LICENCE_NAME => Some(value),
        // The last part of a classifier is the licence's name; the parts before only sort it.
        "classifier" => value.strip_prefix("License :: ").filter(|rest| *rest != "OSI Approved"),
        _ => None,
    }
}

pub(super) fn pip_inspect(text: &str, out: &mut Collector<'_>) {
    let document = json(text, out.limits);
    let Some(document) = out.table(document) else { return };
    for entry in document.get("installed").list() {
        let metadata = entry.get("metadata");
        let name = metadata.get("name");
        let Some(text) = name.filled() else {
            out.problem(entry.line, "有一项没有名称", "an entry has no name");
            continue;
        };
        let mut draft = Draft::new(Ecosystem::Pypi, text, metadata.get("version").text(), name.line);
        draft.direct = (!entry.get("requested").is_null()).then(|| entry.get("requested").is_true());
        draft.licences = match metadata.get("license_expression").filled() {
            Some(expression) => vec![expression.to_owned()],
            None => {
                let stated = metadata.get("license").text().and_then(|value| stated_licence("license", value));
                let classified =
                    metadata.get("classifier").texts().filter_map(|value| stated_licence("classifier", value));
                stated.into_iter().chain(classified).map(ToOwned::to_owned).collect()
            }
        };
        draft.source = direct_url(entry.get("direct_url"));
        out.add(draft);
    }
}

/// PEP 610.
fn direct_url(origin: &Node) -> Source {
    let Some(url) = origin.get("url").filled() else { return Source::Registry { url: None } };
    let vcs = origin.get("vcs_info");
    if !vcs.is_null() {
        return Source::Git { url: without_password(url), commit: vcs.get("commit_id").text().map(ToOwned::to_owned) };
    }
    match url.strip_prefix("file://") {
        Some(path) => Source::Path { path: path.to_owned() },
        None => Source::Url { url: without_password(url) },
    }
}
