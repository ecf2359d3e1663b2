//! Conda: `environment.yml`, `conda-lock.yml` and explicit lists of addresses.
//!
//! A conda package is no PyPI package even where they share a name, so it is listed as `conda/<name>`.

use jingwei_core::Ecosystem;

use super::{
    Scope, Source,
    collect::{Collector, Draft, without_password},
    requirements,
};
use crate::document::yaml;

fn draft(name: &str, version: Option<&str>, line: u32) -> Draft {
    Draft::new(Ecosystem::Generic, &format!("conda/{}", name.trim().to_ascii_lowercase()), version, line)
}

pub(super) fn environment(text: &str, out: &mut Collector<'_>) {
    let document = yaml(text, out.limits);
    let Some(document) = out.table(document) else { return };
    for channel in document.get("channels").list() {
        if let Some(url) = channel.text().filter(|text| text.contains("://")) {
            out.registry(url, channel.line);
        }
    }
    for entry in document.get("dependencies").list() {
        if let Some(text) = entry.written() {
            specification(text, entry.line, out);
            continue;
        }
        let pip = entry.get("pip");
        if pip.is_null() {
            out.problem(entry.line, "一项依赖不可读", "a dependency cannot be read");
        }
        for requirement in pip.list() {
            match requirement.text() {
                Some(text) => requirements::read_at(text, requirement.line, out),
                None => out.problem(requirement.line, "一项依赖不可读", "a dependency cannot be read"),
            }
        }
    }
}

/// `channel/subdir::name=1.0=build`, `name 1.0.*`, `name>=1.0`, `name[version='1.0']`.
fn specification(text: &str, line: u32, out: &mut Collector<'_>) {
    let text = text.split(" #").next().unwrap_or_default().trim();
    let (channel, spec) = match text.split_once("::") {
        Some((channel, spec)) => (Some(channel), spec),
        None => (None, text),
    };
    let end = spec.find(|c: char| c.is_whitespace() || "=<>!~[".contains(c)).unwrap_or(spec.len());
    let (name, rest) = spec.split_at(end);
    let (condition, bracket) = rest.split_once('[').unwrap_or((rest, ""));
    let bracket = bracket.split_once("version=").map(|(_, v)| v.trim_start_matches(['\'', '"']));
    let bracket = bracket.map(|v| v.split(['\'', '"', ']']).next().unwrap_or_default());
    let condition = if condition.trim().is_empty() { bracket.unwrap_or_default() } else { condition }.trim();
    let version = exact_version(condition);
    let mut draft = draft(name, version, line);
    draft.requirement = if version.is_none() && !condition.is_empty() { Some(condition.to_owned()) } else { None };
    draft.direct = Some(true);
    draft.source = Source::Registry { url: channel.map(without_password) };
    out.add(draft);
}

/// `=1.0` is a prefix for conda (any 1.0.x), while `==1.0` and `=1.0=build` name one version.
fn exact_version(condition: &str) -> Option<&str> {
    let version = match condition.strip_prefix("==") {
        Some(version) => version,
        None => {
            let inner = condition.strip_prefix('=').unwrap_or(condition);
            inner.split_once('=').or_else(|| inner.split_once(' '))?.0
        }
    };
    let version = version.trim();
    let plain =
        version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(['*', ',', '|', '<', '>', '=', ' ']);
    plain.then_some(version)
}

pub(super) fn lock(text: &str, out: &mut Collector<'_>) {
    let document = yaml(text, out.limits);
    let Some(document) = out.table(document) else { return };
    for package in document.get("package").list() {
        let name = package.get("name");
        let Some(text) = name.filled() else {
            out.problem(package.line, "有一项没有名称", "an entry has no name");
            continue;
        };
        let version = package.get("version").written();
        let pip = package.get("manager").text() == Some("pip");
        let mut draft =
            if pip { Draft::new(Ecosystem::Pypi, text, version, name.line) } else { draft(text, version, name.line) };
        let dev = package.get("category").text().is_some_and(|category| category != "main");
        draft.scope = match (dev, package.get("optional").is_true()) {
            (true, _) => Scope::Dev,
            (_, true) => Scope::Optional,
            _ => Scope::Runtime,
        };
        let hashes: Vec<String> = package
            .get("hash")
            .table()
            .iter()
            .filter_map(|(algorithm, value)| Some(format!("{algorithm}:{}", value.written()?)))
            .collect();
        out.add(draft.hashed(hashes.iter().map(String::as_str)));
    }
}

/// `https://host/channel/platform/name-version-build.conda#md5`.
pub(super) fn explicit(text: &str, out: &mut Collector<'_>) {
    for (n, content) in text.lines().enumerate() {
        let line = u32::try_from(n + 1).unwrap_or(u32::MAX);
        let content = content.trim();
        if content.is_empty() || content.starts_with(['#', '@']) {
            continue;
        }
        let (url, digest) = content.split_once('#').unwrap_or((content, ""));
        let file = url.rsplit('/').next().unwrap_or_default();
        let stem = file.strip_suffix(".conda").or_else(|| file.strip_suffix(".tar.bz2"));
        let parts = stem.and_then(|stem| stem.rsplit_once('-')).and_then(|(rest, _)| rest.rsplit_once('-'));
        let Some((name, version)) = parts else {
            out.problem(line, "不是 conda 软件包的地址", "it is not the address of a conda package");
            continue;
        };
        let mut draft = draft(name, Some(version), line);
        draft.source = Source::Url { url: without_password(url) };
        let algorithm = if digest.len() == 32 { "md5" } else { "sha256" };
        let digest = digest.strip_prefix("sha256:").unwrap_or(digest);
        out.add(draft.hashed([format!("{algorithm}:{digest}").as_str()]));
    }
}
