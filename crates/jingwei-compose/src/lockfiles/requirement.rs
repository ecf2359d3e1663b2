//! One dependency of a Python package as PEP 508 writes it.

use jingwei_core::Ecosystem;
use jingwei_core::Text;

use super::{
    Source,
    collect::{Draft, without_password},
};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Requirement {
    pub name: String,
    pub extras: Vec<String>,
    pub url: Option<String>,
    /// Without spaces, in the written order.
    pub specifiers: Vec<(&'static str, String)>,
    pub marker: Option<String>,
}

const OPERATORS: [&str; 8] = ["===", "~=", "==", "!=", "<=", ">=", "<", ">"];

impl Requirement {
    /// The one version that can meet it.
    pub(super) fn pinned(&self) -> Option<&str> {
        self.specifiers
            .iter()
            .find(|(operator, version)| match *operator {
                "===" => true,
                "==" => !version.ends_with(".*"),
                _ => false,
            })
            .map(|(_, version)| version.as_str())
    }

    pub(super) fn range(&self) -> Option<String> {
        let parts: Vec<String> =
            self.specifiers.iter().map(|(operator, version)| format!("{operator}{version}")).collect();
        (!parts.is_empty()).then(|| parts.join(","))
    }

    pub(super) fn draft(&self, line: u32) -> Draft {
        let pinned = self.pinned();
        let mut draft = Draft::new(Ecosystem::Pypi, &self.name, pinned, line);
        draft.requirement = if pinned.is_none() { self.range() } else { None };
        draft.marker = self.marker.clone();
        if let Some(url) = &self.url {
            draft.source = source_of(url);
            draft.package.version =
                draft.package.version.or_else(|| name_of_archive(url).and_then(|(_, version)| version));
        }
        draft
    }
}

/// What could be read of a line that is no requirement: the name tells whom to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotOne {
    pub name: Option<String>,
    pub rest: String,
    pub reason: Text,
}

pub(super) fn parse(text: &str) -> Result<Requirement, NotOne> {
    let text = text.trim();
    let name = name_at(text);
    if name.is_empty() {
        return Err(not_one(None, text, "没有软件包名", "no package's name begins it"));
    }
    let mut rest = text[name.len()..].trim_start();
    let mut found = Requirement { name: name.to_owned(), ..Requirement::default() };
    let fail = |rest: &str, zh: &str, en: &str| not_one(Some(name), rest, zh, en);
    if let Some(inner) = rest.strip_prefix('[') {
        let Some((extras, after)) = inner.split_once(']') else {
            return Err(fail(rest, "附加项的方括号没有结束", "the bracket of its extras does not end"));
        };
        found.extras =
            extras.split(',').map(|extra| extra.trim().to_owned()).filter(|extra| !extra.is_empty()).collect();
        if found.extras.iter().any(|extra| name_at(extra) != extra) {
            return Err(fail(rest, "附加项不是名称", "an extra is not a name"));
        }
        rest = after.trim_start();
    }
    if let Some(address) = rest.strip_prefix('@') {
        let address = address.trim_start();
        let end = address.find(char::is_whitespace).unwrap_or(address.len());
        let (url, after) = address.split_at(end);
        if url.is_empty() {
            return Err(fail(rest, "“@”之后没有地址", "no address follows its `@`"));
        }
        found.url = Some(url.to_owned());
        rest = after.trim_start();
    } else {
        rest = specifiers(rest, &mut found)
            .ok_or_else(|| fail(rest, "版本条件不可读", "its condition on versions cannot be read"))?;
    }
    match rest.strip_prefix(';').map(str::trim) {
        Some(marker) if !marker.is_empty() => found.marker = Some(marker.to_owned()),
        None if rest.is_empty() => {}
        _ => return Err(fail(rest, "其后还有不可读的内容", "what follows cannot be read")),
    }
    Ok(found)
}

fn not_one(name: Option<&str>, rest: &str, zh: &str, en: &str) -> NotOne {
    NotOne { name: name.map(ToOwned::to_owned), rest: rest.to_owned(), reason: Text::new(zh, en) }
}

/// The longest name that begins a text; empty where there is none.
pub(super) fn name_at(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).unwrap_or(text.len());
    let name = text[..end].trim_end_matches(['.', '_', '-']);
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) { name } else { "" }
}

/// Reads `>=1,<2` or `(>=1,<2)` and gives what follows.
fn specifiers<'t>(text: &'t str, found: &mut Requirement) -> Option<&'t str> {
    let (mut rest, closes) = match text.strip_prefix('(') {
        Some(inner) => (inner.trim_start(), true),
        None => (text, false),
    };
    while let Some(operator) = OPERATORS.into_iter().find(|operator| rest.starts_with(operator)) {
        rest = rest[operator.len()..].trim_start();
        let end = rest.find(|c: char| c.is_whitespace() || ",;)".contains(c)).unwrap_or(rest.len());
        let (version, after) = rest.split_at(end);
        let sound = operator == "===" || version.chars().all(|c| c.is_ascii_alphanumeric() || ".*+!-_".contains(c));
        if version.is_empty() || !sound {
            return None;
        }
        found.specifiers.push((operator, version.to_owned()));
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => break,
        }
    }
    if closes { rest.strip_prefix(')').map(str::trim_start) } else { Some(rest) }
}

/// Where a requirement by address gets its content.
pub(super) fn source_of(url: &str) -> Source {
    let bare = url.split('#').next().unwrap_or_default();
    if let Some(rest) = bare.strip_prefix("git+") {
        let slash = rest.find("://").map_or(0, |at| at + 3);
        let path = rest[slash..].find('/').map_or(rest.len(), |at| slash + at);
        let (address, commit) = match rest[path..].rsplit_once('@') {
            Some((before, commit)) => (&rest[..path + before.len()], Some(commit.to_owned())),
            None => (rest, None),
        };
        return Source::Git { url: without_password(address), commit };
    }
    match bare.strip_prefix("file:") {
        Some(path) => Source::Path { path: path.to_owned() },
        None if bare.contains("://") => Source::Url { url: without_password(bare) },
        None => Source::Path { path: bare.to_owned() },
    }
}

/// Name and version that an archive's file name states (PEP 427 for wheels, PEP 625 for sources).
pub(super) fn name_of_archive(url: &str) -> Option<(String, Option<String>)> {
    let bare = url.split(['#', '?']).next().unwrap_or_default();
    let file = bare.rsplit('/').next().unwrap_or_default().replace("%2B", "+").replace("%2b", "+");
    if let Some(stem) = file.strip_suffix(".whl") {
        let mut parts = stem.split('-');
        let (name, version) = (parts.next()?, parts.next()?);
        return (parts.count() >= 3).then(|| (name.to_owned(), Some(version.to_owned())));
    }
    let stem =
        [".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz"].iter().find_map(|ending| file.strip_suffix(ending))?;
    let (name, version) = stem.rsplit_once('-')?;
    let sound = name_at(name) == name && version.starts_with(|c: char| c.is_ascii_digit());
    sound.then(|| (name.to_owned(), Some(version.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> String {
        match parse(text) {
            Ok(found) => {
                let parts = [
                    found.name.clone(),
                    found.extras.join("+"),
                    found.pinned().unwrap_or("-").to_owned(),
                    found.range().unwrap_or_default(),
                    found.url.unwrap_or_default(),
                    found.marker.unwrap_or_default(),
                ];
                parts.join("|")
            }
            Err(not_one) => format!("? {} {}", not_one.name.unwrap_or_default(), not_one.rest),
        }
    }

    #[test]
    fn requirements_are_read_as_pep_508_says() {
        for (text, expected) in [
            ("requests", "requests||-|||"),
            ("requests==2.31.0", "requests||2.31.0|==2.31.0||"),
            ("A.B-C_1 [x, y-z] >=1.0 , <2 ; python_version<'3.9'", "A.B-C_1|x+y-z|-|>=1.0,<2||python_version<'3.9'"),
            ("a (>=1,<2)", "a||-|>=1,<2||"),
            ("a==1.*", "a||-|==1.*||"),
            ("a===1.0+any/thing", "a||1.0+any/thing|===1.0+any/thing||"),
            ("a ~= 1.4.2", "a||-|~=1.4.2||"),
            ("a==1!2.0.post1", "a||1!2.0.post1|==1!2.0.post1||"),
            (
                "a@https://h/x-1.0.tar.gz#sha256=00 ; os_name=='nt'",
                "a||-||https://h/x-1.0.tar.gz#sha256=00|os_name=='nt'",
            ),
            ("a @ git+https://h/r@abc", "a||-||git+https://h/r@abc|"),
            ("a >= 1 < 2", "? a < 2"),
            ("a ==", "? a =="),
            ("a[x", "? a [x"),
            ("-r x", "?  -r x"),
            ("a;", "? a ;"),
            ("a (>=1", "? a (>=1"),
            ("", "?  "),
        ] {
            assert_eq!(line(text), expected, "{text}");
        }
    }

    #[test]
    fn addresses_tell_where_from_and_what() {
        assert_eq!(
            source_of("git+https://user:secret@h/r.git@v1#egg=a"),
            Source::Git { url: "https://h/r.git".into(), commit: Some("v1".into()) }
        );
        assert_eq!(source_of("git+ssh://git@h/r.git"), Source::Git { url: "ssh://git@h/r.git".into(), commit: None });
        assert_eq!(source_of("https://u:p@h/a.whl#x"), Source::Url { url: "https://h/a.whl".into() });
        for (url, expected) in [
            ("https://h/my_pkg-1.0+cpu-py3-none-any.whl#sha256=1", Some(("my_pkg", "1.0+cpu"))),
            ("https://h/my-pkg-1.0.tar.gz", Some(("my-pkg", "1.0"))),
            ("https://h/archive/main.zip", None),
            ("x.whl", None),
        ] {
            let expected = expected.map(|(name, version)| (name.to_owned(), Some(version.to_owned())));
            assert_eq!(name_of_archive(url), expected, "{url}");
        }
    }
}
