//! What stands behind a name in a dependency list of npm, pnpm, yarn and bun.

use jingwei_core::Ecosystem;

use super::{
    Source,
    collect::{Draft, without_password},
};

/// `^1.0`, `npm:real@1.0.0`, `github:user/repo#ref`, `file:../x`, `https://host/x.tgz`: a draft under the package's real name.
pub(super) fn draft(name: &str, spec: &str, line: u32) -> Draft {
    let spec = spec.trim();
    if let Some(alias) = spec.strip_prefix("npm:") {
        return match split(alias) {
            Some((real, range)) => registry(real, range, line),
            // Yarn berry writes `npm:^1.0`, an alias without a version is a name.
            None if is_range(alias) => registry(name, alias, line),
            None => registry(alias, "", line),
        };
    }
    match source(spec) {
        Some(source) => {
            let mut draft = Draft::new(Ecosystem::Npm, name, None, line);
            draft.source = source;
            draft
        }
        None => registry(name, spec, line),
    }
}

fn is_range(text: &str) -> bool {
    text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit() || "^~<>=*vx ".contains(c)) && !text.contains('@')
}

fn registry(name: &str, range: &str, line: u32) -> Draft {
    let version = exact(range);
    let mut draft = Draft::new(Ecosystem::Npm, name, version, line);
    draft.requirement = if version.is_none() && !matches!(range, "" | "*") { Some(range.to_owned()) } else { None };
    draft
}

/// `name@rest`, where the name may begin with an `@` of its own.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let from = usize::from(text.starts_with('@'));
    let at = text.get(from..)?.find('@')? + from;
    (at > 0).then(|| (&text[..at], &text[at + 1..]))
}

/// A whole version without a range around it.
fn exact(range: &str) -> Option<&str> {
    let version = range.trim().trim_start_matches(['=', 'v']).trim();
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    let whole =
        parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    (whole && !version.contains([' ', '|'])).then_some(version)
}

/// Where the content comes from when that is no registry.
pub(super) fn source(spec: &str) -> Option<Source> {
    for (prefix, host) in [
        ("github:", "https://github.com/"),
        ("gitlab:", "https://gitlab.com/"),
        ("bitbucket:", "https://bitbucket.org/"),
    ] {
        if let Some(repository) = spec.strip_prefix(prefix) {
            return Some(git(&format!("{host}{repository}")));
        }
    }
    for prefix in ["file:", "link:", "portal:", "workspace:", "root:"] {
        if let Some(path) = spec.strip_prefix(prefix) {
            return Some(Source::Path { path: path.to_owned() });
        }
    }
    let scheme = spec.split_once("://").map(|(scheme, _)| scheme);
    match scheme {
        Some("git" | "ssh") => Some(git(spec)),
        Some(scheme) if scheme.starts_with("git+") => Some(git(&spec[4..])),
        Some("http" | "https") if spec.contains(".git#") || spec.ends_with(".git") => Some(git(spec)),
        Some("http" | "https") => Some(Source::Url { url: without_password(spec) }),
        Some(_) => None,
        None if spec.starts_with(['.', '/', '~']) && !is_tilde_range(spec) => {
            Some(Source::Path { path: spec.to_owned() })
        }
        // `user/repository` is a repository on GitHub.
        None if spec.split('#').next().is_some_and(is_shorthand) => Some(git(&format!("https://github.com/{spec}"))),
        None => None,
    }
}

fn is_tilde_range(spec: &str) -> bool {
    spec.strip_prefix('~').is_some_and(|rest| rest.trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '>'))
}

fn is_shorthand(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    text.split_once('/').is_some_and(|(user, repository)| plain(user) && plain(repository))
}

fn git(address: &str) -> Source {
    let (url, reference) = address.split_once('#').unwrap_or((address, ""));
    let commit = reference.rsplit_once("commit=").map_or(reference, |(_, commit)| commit);
    let commit = commit.split('&').next().unwrap_or_default();
    Source::Git { url: without_password(url), commit: Some(commit.to_owned()).filter(|commit| !commit.is_empty()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_dependency_is_read() {
        for (spec, expected) in [
            ("1.2.3", "a|1.2.3||registry"),
            ("=1.2.3-rc.1", "a|1.2.3-rc.1||registry"),
            ("^1.2.3", "a||^1.2.3|registry"),
            ("~1.2", "a||~1.2|registry"),
            ("1.2", "a||1.2|registry"),
            ("*", "a|||registry"),
            ("latest", "a||latest|registry"),
            ("1.0.0 - 2.0.0", "a||1.0.0 - 2.0.0|registry"),
            ("npm:@s/real@1.0.0", "@s/real|1.0.0||registry"),
            ("npm:real", "real|||registry"),
            ("npm:^1.0", "a||^1.0|registry"),
            ("user/repo#main", "a|||git https://github.com/user/repo main"),
            ("github:user/repo", "a|||git https://github.com/user/repo -"),
            ("git+ssh://git@h/u/r.git#abc", "a|||git ssh://git@h/u/r.git abc"),
            ("https://h/r.git#commit=abc", "a|||git https://h/r.git abc"),
            ("https://u:p@h/x.tgz", "a|||url https://h/x.tgz"),
            ("file:../x", "a|||path ../x"),
            ("workspace:^", "a|||path ^"),
            ("../x", "a|||path ../x"),
            ("", "a|||registry"),
        ] {
            let draft = draft("a", spec, 1);
            let source = match draft.source {
                Source::Registry { .. } => "registry".to_owned(),
                Source::Git { url, commit } => format!("git {url} {}", commit.unwrap_or("-".into())),
                Source::Path { path } => format!("path {path}"),
                Source::Url { url } => format!("url {url}"),
            };
            let package = draft.package;
            let requirement = draft.requirement.unwrap_or_default();
            let seen = format!("{}|{}|{requirement}|{source}", package.name, package.version.unwrap_or_default());
            assert_eq!(seen, expected, "{spec}");
        }
    }
}
