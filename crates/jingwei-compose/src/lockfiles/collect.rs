//! Gathers what a reader finds: bounded, each package once.

use std::collections::{BTreeSet, HashMap, hash_map::Entry};

use jingwei_core::{Ecosystem, Limits, Package, Text};
use jingwei_read::shown;

use super::{Include, LinePlace, Located, Parsed, Problem, Scope, Source, Stated, hashes};
use crate::document::{Broken, Node, Value};

/// Problems beyond this many say nothing new; the last one counts the others.
const PROBLEMS: usize = 200;

/// Statements on the licence of one package.
const LICENCES: usize = 32;

/// Longest name or version of a package that any registry allows, generously.
const NAME_BYTES: usize = 512;

pub(super) struct Collector<'a> {
    path: &'a str,
    pub(super) limits: &'a Limits,
    parsed: Parsed,
    seen: HashMap<Key, usize>,
    links: BTreeSet<(usize, usize)>,
    unlisted: u64,
    untold: u64,
}

type Key = (Package, Option<String>, Source);

/// A package about to be listed.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub package: Package,
    pub requirement: Option<String>,
    pub line: u32,
    pub scope: Scope,
    pub direct: Option<bool>,
    pub hashes: Vec<String>,
    pub source: Source,
    pub marker: Option<String>,
    pub licences: Vec<String>,
    pub built_from: Option<Package>,
}

impl Draft {
    pub(super) fn new(ecosystem: Ecosystem, name: &str, version: Option<&str>, line: u32) -> Self {
        Self {
            package: Package::new(ecosystem, name, version.map(str::trim).filter(|version| !version.is_empty())),
            requirement: None,
            line,
            scope: Scope::Runtime,
            direct: None,
            hashes: Vec::new(),
            source: Source::Registry { url: None },
            marker: None,
            licences: Vec::new(),
            built_from: None,
        }
    }

    pub(super) fn hashed<'h>(mut self, hashes: impl IntoIterator<Item = &'h str>) -> Self {
        self.hashes.extend(hashes.into_iter().flat_map(hashes::read));
        self
    }
}

impl<'a> Collector<'a> {
    pub(super) fn new(path: &'a str, limits: &'a Limits) -> Self {
        Self {
            path,
            limits,
            parsed: Parsed::default(),
            seen: HashMap::new(),
            links: BTreeSet::new(),
            unlisted: 0,
            untold: 0,
        }
    }

    /// The text of a file. Byte order marks are obeyed, as are Python's coding comments where `coding` is set; bytes that are no text are a problem.
    pub(super) fn decode(&mut self, bytes: &[u8], coding: bool) -> String {
        if let Some(text) = utf16(bytes) {
            return text;
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            // Each byte is the character of that number.
            Err(_) if coding && says_latin1(bytes) => bytes.iter().copied().map(char::from).collect(),
            Err(e) => {
                let lines = bytes[..e.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
                let line = u32::try_from(lines + 1).unwrap_or(u32::MAX);
                self.problem(line, "不是 UTF-8 文本", "it is not UTF-8 text");
                String::from_utf8_lossy(bytes).into_owned()
            }
        }
    }

    /// Lists a package, or adds to what is known of it, and says where it stands.
    pub(super) fn add(&mut self, draft: Draft) -> Option<usize> {
        if !is_name(&draft.package.name) || draft.package.version.as_deref().is_some_and(|version| !is_name(version)) {
            let name = shown(&draft.package.name);
            self.problem(
                draft.line,
                format!("“{name}”不是软件包名，或其版本不可读"),
                format!("`{name}` is not a package's name, or its version cannot be read"),
            );
            return None;
        }
        let key = (draft.package, draft.requirement, draft.source);
        if let Some(&at) = self.seen.get(&key) {
            merge(&mut self.parsed.packages[at], draft.scope, draft.direct, draft.hashes, draft.marker, draft.licences);
            return Some(at);
        }
        if self.parsed.packages.len() as u64 >= self.limits.entries {
            self.unlisted += 1;
            return None;
        }
        let at = self.parsed.packages.len();
        let located = Located {
            package: key.0.clone(),
            requirement: key.1.clone(),
            place: LinePlace { path: self.path.to_owned(), line: draft.line },
            scope: draft.scope,
            direct: draft.direct,
            hashes: draft.hashes,
            source: key.2.clone(),
            marker: draft.marker,
            licences: draft.licences,
            built_from: draft.built_from,
        };
        self.parsed.packages.push(located);
        self.seen.insert(key, at);
        Some(at)
    }

    /// The file names what the project asks for; the rest it does not ask for itself.
    pub(super) fn none_wanted(&mut self) {
        for located in &mut self.parsed.packages {
            located.direct = Some(false);
        }
    }

    pub(super) fn want(&mut self, at: usize) {
        if let Some(located) = self.parsed.packages.get_mut(at) {
            located.direct = Some(true);
        }
    }

    /// `from` needs `to`.
    pub(super) fn link(&mut self, from: usize, to: usize) {
        if from != to && (self.links.len() as u64) < self.limits.entries.saturating_mul(8) {
            self.links.insert((from, to));
        }
    }

    /// Says which packages the project itself asks for, and with that, by the links, what each of the others is needed for:
    /// running, then options, then building, then development.
    pub(super) fn spread(&mut self, wanted: &HashMap<usize, Scope>) {
        let mut next: HashMap<usize, Vec<usize>> = HashMap::new();
        for (from, to) in &self.links {
            next.entry(*from).or_default().push(*to);
        }
        let mut reached: HashMap<usize, Scope> = HashMap::new();
        for scope in [Scope::Runtime, Scope::Optional, Scope::Build, Scope::Dev] {
            let mut open: Vec<usize> = wanted.iter().filter(|(_, s)| **s == scope).map(|(at, _)| *at).collect();
            while let Some(at) = open.pop() {
                if let Entry::Vacant(place) = reached.entry(at) {
                    place.insert(scope);
                    open.extend(next.get(&at).into_iter().flatten());
                }
            }
        }
        for (at, located) in self.parsed.packages.iter_mut().enumerate() {
            located.direct = Some(wanted.contains_key(&at));
            if let Some(scope) = reached.get(&at) {
                located.scope = *scope;
            }
        }
    }

    pub(super) fn include(&mut self, path: &str, line: u32, constraint: bool) {
        if self.parsed.includes.len() as u64 >= self.limits.entries {
            return self.crossed(line, "entries", self.limits.entries);
        }
        self.parsed.includes.push(Include { path: path.to_owned(), line, constraint });
    }

    pub(super) fn registry(&mut self, url: &str, line: u32) {
        let text = without_password(url);
        let known = self.parsed.registries.iter().any(|one| one.text == text);
        if !known && self.parsed.registries.len() < PROBLEMS {
            self.parsed.registries.push(Stated { text, line });
        }
    }

    pub(super) fn problem(&mut self, line: u32, zh: impl Into<String>, en: impl Into<String>) {
        self.tell(line, Text::new(zh, en), None);
    }

    pub(super) fn broken(&mut self, broken: Broken) {
        self.tell(broken.line, broken.reason, broken.limit);
    }

    pub(super) fn crossed(&mut self, line: u32, limit: &'static str, value: u64) {
        self.broken(Broken::crossed(line, limit, value));
    }

    fn tell(&mut self, line: u32, reason: Text, limit: Option<&'static str>) {
        if self.parsed.problems.len() >= PROBLEMS {
            self.untold += 1;
            return;
        }
        let place = LinePlace { path: self.path.to_owned(), line };
        self.parsed.problems.push(Problem { place, reason, limit });
    }

    /// The document, or a problem and nothing. Each of these files is a table at its outside.
    pub(super) fn table(&mut self, read: Result<Node, Broken>) -> Option<Node> {
        let document = self.document(read)?;
        if matches!(document.value, Value::Table(_)) {
            return Some(document);
        }
        self.problem(document.line.max(1), "文档的最外层不是表", "the document is no table");
        None
    }

    /// The document, or a problem and nothing.
    pub(super) fn document<T>(&mut self, read: Result<T, Broken>) -> Option<T> {
        read.map_err(|broken| self.broken(broken)).ok()
    }

    pub(super) fn finish(mut self) -> Parsed {
        if self.unlisted > 0 {
            let n = self.unlisted;
            let most = self.limits.entries;
            let place = LinePlace { path: self.path.to_owned(), line: 1 };
            self.parsed.problems.push(Problem {
                place,
                reason: Text::new(
                    format!("超过上限 entries={most}，还有 {n} 项未列出"),
                    format!("it crosses the limit entries = {most}; {n} more are not listed"),
                ),
                limit: Some("entries"),
            });
        }
        if self.untold > 0 {
            let n = self.untold;
            let place = LinePlace { path: self.path.to_owned(), line: 1 };
            let reason = Text::new(format!("还有 {n} 个问题"), format!("there are {n} more problems"));
            self.parsed.problems.push(Problem { place, reason, limit: None });
        }
        for located in &mut self.parsed.packages {
            located.hashes.sort_unstable();
            located.hashes.dedup();
        }
        self.parsed.links = self.links.into_iter().collect();
        self.parsed
    }
}

fn merge(
    known: &mut Located,
    scope: Scope,
    direct: Option<bool>,
    more_hashes: Vec<String>,
    marker: Option<String>,
    licences: Vec<String>,
) {
    known.scope = known.scope.min(scope);
    known.direct = match (known.direct, direct) {
        (Some(a), Some(b)) => Some(a || b),
        (a, b) => a.or(b),
    };
    known.hashes.extend(more_hashes);
    if known.marker != marker {
        known.marker = match (known.marker.take(), marker) {
            // Needed without a condition once is needed.
            (None, _) | (_, None) => None,
            (Some(a), Some(b)) if a.len() < 4096 => Some(format!("({a}) or ({b})")),
            (Some(_), Some(_)) => None,
        };
    }
    for licence in licences {
        if known.licences.len() < LICENCES && !known.licences.contains(&licence) {
            known.licences.push(licence);
        }
    }
}

/// PowerShell writes `pip freeze > requirements.txt` so.
fn utf16(bytes: &[u8]) -> Option<String> {
    let (little, rest) = match bytes {
        [0xff, 0xfe, rest @ ..] => (true, rest),
        [0xfe, 0xff, rest @ ..] => (false, rest),
        _ => return None,
    };
    let units = rest.chunks(2).map(|pair| match pair {
        [a, b] if little => u16::from_le_bytes([*a, *b]),
        [a, b] => u16::from_be_bytes([*a, *b]),
        _ => 0xfffd,
    });
    Some(char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect())
}

fn says_latin1(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'\n').take(2).any(|line| {
        let line = String::from_utf8_lossy(line).to_ascii_lowercase();
        let coding = line.split_once("coding").map(|(_, rest)| rest.trim_start_matches([':', '=', ' ']));
        line.trim_start().starts_with('#')
            && coding.is_some_and(|coding| {
                ["latin-1", "latin1", "iso-8859-1", "cp1252"].iter().any(|name| coding.starts_with(name))
            })
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= NAME_BYTES && !name.chars().any(|c| c.is_control() || c == ' ')
}

/// A URL without what may be a secret in it: user and password, query and fragment. Hashes and commits in a fragment
/// are taken before.
pub(super) fn without_password(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    match authority.rsplit_once('@') {
        // `git+ssh://git@host` names no secret, and the address is wrong without the user.
        Some((user, _)) if !user.contains(':') && scheme.ends_with("ssh") => url.to_owned(),
        Some((_, host)) => format!("{scheme}://{host}{tail}"),
        None => url.to_owned(),
    }
}
