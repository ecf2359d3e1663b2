//! Package URLs (purl specification), as statements about products name them.

use jingwei_core::{Ecosystem, Package};

/// Longest package URL that is read, in bytes.
const LONGEST: usize = 2000;

/// `None` where it is no package URL or its type is not known here. Qualifiers and subpath are passed over.
#[must_use]
pub fn parse(text: &str) -> Option<Package> {
    if text.len() > LONGEST {
        return None;
    }
    let rest = text.trim().strip_prefix("pkg:")?.trim_start_matches('/');
    let rest = rest.split('#').next()?.split('?').next()?;
    let (kind, path) = rest.split_once('/')?;
    let ecosystem = Ecosystem::of_purl_type(kind)?;
    // A scope's `@` is percent-encoded, so that the last one starts the version.
    let (path, version) = match path.rsplit_once('@') {
        Some((path, version)) if !path.is_empty() && !path.ends_with('/') => (path, Some(decoded(version)?)),
        _ => (path, None),
    };
    let path = decoded(path.trim_matches('/'))?;
    let name = match ecosystem {
        Ecosystem::Maven => path.replacen('/', ":", 1),
        // The distribution comes first. Another one has packages of the same names and its own fixes.
        Ecosystem::Debian => of_distribution(&path, "debian")?,
        Ecosystem::Alpine => of_distribution(&path, "alpine")?,
        _ => path,
    };
    (!name.is_empty()).then(|| Package::new(ecosystem, &name, version.as_deref()))
}

fn of_distribution(path: &str, distribution: &str) -> Option<String> {
    match path.rsplit_once('/') {
        Some((namespace, name)) => namespace.eq_ignore_ascii_case(distribution).then(|| name.to_owned()),
        None => Some(path.to_owned()),
    }
}

/// Whether it names a repository other than the one that its type stands for: a package of that name there may be
/// another one.
pub(crate) fn is_elsewhere(text: &str) -> bool {
    let whole = text.split('#').next().unwrap_or_default();
    let Some((path, qualifiers)) = whole.split_once('?') else { return false };
    let kind = path.trim().strip_prefix("pkg:").and_then(|rest| rest.trim_start_matches('/').split('/').next());
    let usual: &[&str] = match kind.unwrap_or_default().to_ascii_lowercase().as_str() {
        "pypi" => &["pypi.org", "pypi.org/simple", "pypi.python.org", "pypi.python.org/simple"],
        "npm" => &["registry.npmjs.org", "npmjs.com"],
        "maven" => &["repo.maven.apache.org/maven2", "repo1.maven.org/maven2", "repo.maven.apache.org"],
        "cargo" => &["crates.io", "index.crates.io", "github.com/rust-lang/crates.io-index"],
        "golang" => &["proxy.golang.org", "pkg.go.dev"],
        "nuget" => &["nuget.org", "api.nuget.org/v3/index.json"],
        "composer" => &["packagist.org", "repo.packagist.org"],
        "gem" => &["rubygems.org"],
        "github" => &["github.com"],
        "huggingface" => &["huggingface.co"],
        "deb" => &["deb.debian.org/debian", "deb.debian.org", "security.debian.org"],
        "apk" => &["dl-cdn.alpinelinux.org", "dl-cdn.alpinelinux.org/alpine"],
        _ => &[],
    };
    qualifiers.split('&').filter_map(|one| one.split_once('=')).any(|(key, value)| {
        if !key.trim().eq_ignore_ascii_case("repository_url") {
            return false;
        }
        let Some(url) = decoded(value) else { return true };
        let url = url.trim().to_ascii_lowercase();
        let bare = url.split_once("://").map_or(url.as_str(), |(_, bare)| bare);
        let bare = bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches('/');
        !bare.is_empty() && !usual.contains(&bare)
    })
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digit = |at: usize| after.get(at).and_then(|b| char::from(*b).to_digit(16));
            bytes.push(u8::try_from(digit(0)? * 16 + digit(1)?).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}
