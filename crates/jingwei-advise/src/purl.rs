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
        // The distribution comes first.
        Ecosystem::Debian | Ecosystem::Alpine => path.rsplit('/').next()?.to_owned(),
        _ => path,
    };
    (!name.is_empty()).then(|| Package::new(ecosystem, &name, version.as_deref()))
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
