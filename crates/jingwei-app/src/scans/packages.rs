//! `scan.packages`: which packages does an application take in, and what is known against them?

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use jingwei_advise::{Located, Match, Nature, Standing, Store, vex::VexSet};
use jingwei_catalog::{
    Catalog,
    items::Rule,
    rulebook::{MissingRule, Observations, RuleBook},
};
use jingwei_compose::lockfiles::{self, LockKind, Parsed};
use jingwei_core::{
    Check, CheckError, Component, ComponentKind, Cost, Ctx, Digest, Ecosystem, FileKind, Limits, Observation, Place,
    Progress, RuleId, Severity, Text,
};
use jingwei_read::shown;

use super::{
    Baseline, ScanReport, Subject, Suppressions,
    advisories::{VexFiles, VexLeftOut, open_advisories, read_vex},
    inline::{self, Ignore},
    models::with_ctx,
    report::Raw,
};
use crate::Error;

const ID: &str = "scan.packages";
/// Advisories older than this are said to be old, where nobody says otherwise.
pub const STALE_DAYS: i64 = 30;
/// How much of a file decides what it is.
const FRONT: u64 = 4096;
/// Folders that hold what others made for other ends.
const LEFT_OUT: [&str; 2] = [".git", ".jingwei"];

/// Holds the packages of an application against the advisories.
pub struct PackagesCheck {
    rules: RuleBook,
    store: Mutex<Store>,
    vex: VexSet,
    vex_digest: Digest,
    stale_after_days: i64,
}

/// The packages of a folder, and what kept others from being listed.
#[derive(Debug, Default)]
pub struct Listed {
    /// Each file with what it lists, sorted by path.
    pub files: Vec<(String, LockKind, Parsed)>,
    /// Files that could not be read.
    pub unread: Vec<(String, Text)>,
    /// Comments in these files that ask for suppressions.
    pub ignores: Vec<Ignore>,
}

impl PackagesCheck {
    /// The catalog rules that it reports by.
    pub const RULES: &'static [&'static str] = &[
        "package.advisories-own-only",
        "package.advisories-stale",
        "package.exploited",
        "package.malicious",
        "package.none-found",
        "package.standing-unknown",
        "package.unreadable",
        "package.vulnerable-critical",
        "package.vulnerable-high",
        "package.vulnerable-low",
        "package.vulnerable-medium",
        "package.vulnerable-unrated",
    ];

    pub fn new(
        rules: BTreeMap<RuleId, Rule>,
        store: Store,
        vex: VexSet,
        vex_digest: Digest,
        stale_after_days: i64,
    ) -> Result<Self, MissingRule> {
        let rules = RuleBook::new(ID, Self::RULES, rules)?;
        Ok(Self { rules, store: Mutex::new(store), vex, vex_digest, stale_after_days })
    }

    /// How everything that was listed stands.
    pub fn matches(&self, listed: &Listed, now: jingwei_core::Timestamp) -> Result<Vec<Match>, CheckError> {
        self.assess(&listed.located(), now)
    }

    /// How packages from anywhere stand.
    pub fn assess(&self, packages: &[Located], now: jingwei_core::Timestamp) -> Result<Vec<Match>, CheckError> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        jingwei_advise::assess(&mut store, packages, &self.vex, now)
            .map_err(|e| CheckError { message: "the advisory store failed".to_owned(), source: Some(Box::new(e)) })
    }

    /// Of the advisories.
    #[must_use]
    pub fn advisories(&self) -> Digest {
        self.store.lock().unwrap_or_else(PoisonError::into_inner).digest()
    }

    /// What the lists and matches tell.
    #[must_use]
    pub fn observe(
        &self,
        component: &Component,
        listed: &Listed,
        matches: &[Match],
        now: jingwei_core::Timestamp,
    ) -> Vec<Observation> {
        let mut seen = Observations::new(&self.rules, component);
        for (path, reason) in &listed.unread {
            let place = Place { path: Some(path.clone()), ..Place::default() };
            seen.finding("package.unreadable", place, &[("path", Text::same(shown(path))), ("reason", reason.clone())]);
        }
        for problem in listed.files.iter().flat_map(|(_, _, parsed)| &parsed.problems) {
            let (path, line) = (&problem.place.path, problem.place.line);
            // No line: a comment above must not make it new.
            let key = shown(&problem.reason.en.chars().take(80).collect::<String>());
            let place = Place { path: Some(path.clone()), key: Some(key), ..Place::default() };
            let details = [("path", Text::same(format!("{}:{line}", shown(path)))), ("reason", problem.reason.clone())];
            seen.finding("package.unreadable", place, &details);
        }
        if listed.files.is_empty() && listed.unread.is_empty() {
            seen.finding("package.none-found", Place::default(), &[]);
        }
        for one in matches {
            report(&mut seen, one);
        }
        self.metrics(&mut seen, listed, matches, now);
        seen.into_vec()
    }

    #[allow(clippy::cast_precision_loss, reason = "counts and days stay far below 2^53")]
    fn metrics(&self, seen: &mut Observations<'_>, listed: &Listed, matches: &[Match], now: jingwei_core::Timestamp) {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let freshness = store.freshness(now, self.stale_after_days);
        if store.imports().len() < 2 {
            seen.finding("package.advisories-own-only", Place::default(), &[]);
        }
        // A record from the future says nothing about how fresh the others are.
        if freshness.stale || freshness.age_days.is_some_and(|days| days < -1) {
            let days = freshness.age_days.map_or_else(|| "?".to_owned(), |days| days.to_string());
            seen.finding("package.advisories-stale", Place::default(), &[("days", Text::same(days))]);
        }
        if let Some(days) = freshness.age_days {
            seen.metric("advisory_age", days as f64, "days");
        }
        let packages = listed.located();
        let unpinned = packages.iter().filter(|located| located.package.version.is_none()).count();
        let count =
            |standing: fn(&Standing) -> bool| matches.iter().filter(|one| standing(&one.standing)).count() as f64;
        seen.metric("packages", packages.len() as f64, "count");
        seen.metric("unpinned_packages", unpinned as f64, "count");
        seen.metric("advisories", store.count() as f64, "count");
        seen.metric("affected", count(|s| matches!(s, Standing::Affected { .. })), "count");
        seen.metric("unknown", count(|s| matches!(s, Standing::Unknown { .. })), "count");
        seen.metric("not_affected", count(|s| matches!(s, Standing::NotAffected { .. })), "count");
    }
}

impl Check for PackagesCheck {
    fn id(&self) -> &str {
        ID
    }

    fn title(&self) -> Text {
        Text::new("软件包漏洞检查", "packages and advisories")
    }

    fn kinds(&self) -> &'static [ComponentKind] {
        &[ComponentKind::Code]
    }

    fn takes(&self, component: &Component) -> bool {
        component.kind == ComponentKind::Code && component.path.is_some()
    }

    fn cost(&self) -> Cost {
        Cost::Files
    }

    fn configuration(&self) -> Digest {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = [self.rules.digest(), store.digest(), self.vex_digest].map(|digest| digest.to_string());
        Digest::of_parts(parts.iter().map(String::as_str))
    }

    fn run(&self, component: &Component, ctx: &Ctx<'_>, limits: &Limits) -> Result<Vec<Observation>, CheckError> {
        let root = component.path.as_deref().unwrap_or(".");
        let listed = list(root, ctx, limits)?;
        let matches = self.matches(&listed, ctx.now)?;
        Ok(self.observe(component, &listed, &matches, ctx.now))
    }
}

fn report(seen: &mut Observations<'_>, one: &Match) {
    let rule = match (&one.standing, one.nature) {
        (Standing::NotAffected { .. }, _) | (_, Nature::Informational) => return,
        (Standing::Unknown { .. }, _) => "package.standing-unknown",
        (Standing::Affected { .. }, Nature::Malicious) => "package.malicious",
        (Standing::Affected { .. }, _) if one.exploited.is_some() => "package.exploited",
        (Standing::Affected { .. }, _) => match one.rating.as_ref().map(|rating| rating.severity) {
            Some(Severity::Critical) => "package.vulnerable-critical",
            Some(Severity::High) => "package.vulnerable-high",
            Some(Severity::Medium) => "package.vulnerable-medium",
            Some(Severity::Low | Severity::Info) => "package.vulnerable-low",
            None => "package.vulnerable-unrated",
        },
    };
    let package = &one.located.package;
    let version = package.version.as_deref().or(one.located.requirement.as_deref()).unwrap_or("?");
    let name = format!("{} {version}", package.name);
    let fixed = match &one.standing {
        Standing::Affected { fixed, .. } if !fixed.is_empty() => Text::same(fixed.join(", ")),
        _ => Text::new("修复后的版本（目前尚无）", "a version that fixes it, once there is one"),
    };
    let title = one.title.clone().unwrap_or_else(|| Text::same(""));
    let ids: Vec<&str> = std::iter::once(one.id.as_str()).chain(one.ids.iter().map(String::as_str)).collect();
    let ids: BTreeSet<&str> = ids.into_iter().collect();
    let ids = shown(&ids.into_iter().collect::<Vec<_>>().join(", "));
    // One finding per file: what somebody answers for in one place is open in the others. The line moves with whatever is
    // written above it, and is no part of the place.
    for located in &one.located.paths {
        let (path, line) = located.rsplit_once(':').unwrap_or((located, "?"));
        let place = Place {
            path: Some(path.to_owned()),
            key: Some(format!("{}@{version}:{}", package.name, one.id)),
            offset: None,
        };
        let ecosystem = package.ecosystem.osv();
        let details = [
            ("package", Text::same(shown(&name))),
            ("ecosystem", Text::new(format!("{ecosystem}，第 {line} 行"), format!("{ecosystem}, line {line}"))),
            ("id", Text::same(ids.clone())),
            ("title", title.clone()),
            ("standing", one.standing.text()),
            ("fixed", fixed.clone()),
        ];
        seen.finding(rule, place, &details);
    }
}

impl Listed {
    /// Each package once, with the files that name it. Folders beside the project are no registry's packages; archives are.
    #[must_use]
    pub fn located(&self) -> Vec<Located> {
        let locks = self.locks();
        let with_go_mod: BTreeSet<&str> = self
            .files
            .iter()
            .filter(|(_, kind, _)| *kind == LockKind::GoMod)
            .map(|(path, ..)| folder_of(path))
            .collect();
        let mut by_package: BTreeMap<(jingwei_core::Package, Option<String>), BTreeSet<String>> = BTreeMap::new();
        for (path, kind, parsed) in &self.files {
            // What go.sum keeps of former versions is not built in.
            if *kind == LockKind::GoSum && with_go_mod.contains(folder_of(path)) {
                continue;
            }
            for found in &parsed.packages {
                let local = matches!(&found.source, lockfiles::Source::Path { path } if !is_archive(path));
                if local || (found.package.version.is_none() && is_covered(&locks, path, *kind, &found.package)) {
                    continue;
                }
                for package in std::iter::once(&found.package).chain(&found.built_from) {
                    let key = (package.clone(), found.requirement.clone().filter(|_| package.version.is_none()));
                    by_package.entry(key).or_default().insert(format!("{}:{}", found.place.path, found.place.line));
                }
            }
        }
        let located = by_package.into_iter().map(|((package, requirement), paths)| Located {
            package,
            requirement,
            release: None,
            paths: paths.into_iter().collect(),
        });
        located.collect()
    }

    /// What each file lists, without what it only asks for where a lockfile says which version came of it.
    pub(super) fn settled(&self) -> impl Iterator<Item = Cow<'_, Parsed>> {
        let locks = self.locks();
        self.files.iter().map(move |(path, kind, parsed)| {
            let open = |found: &lockfiles::Located| {
                found.package.version.is_some() || !is_covered(&locks, path, *kind, &found.package)
            };
            // A manifest says no links between packages, so that their places may move.
            if !parsed.links.is_empty() || parsed.packages.iter().all(open) {
                return Cow::Borrowed(parsed);
            }
            let packages = parsed.packages.iter().filter(|found| open(found)).cloned().collect();
            Cow::Owned(Parsed { packages, ..parsed.clone() })
        })
    }

    /// What lockfiles pin, by their kind and folder.
    fn locks(&self) -> BTreeMap<(LockGroup, &str), BTreeSet<&str>> {
        let mut locks: BTreeMap<(LockGroup, &str), BTreeSet<&str>> = BTreeMap::new();
        for (path, kind, parsed) in &self.files {
            if let Some(group) = LockGroup::of_lock(*kind) {
                let names = parsed.packages.iter().filter(|found| found.package.version.is_some());
                let names = names.map(|found| found.package.name.as_str());
                locks.entry((group, folder_of(path))).or_default().extend(names);
            }
        }
        locks
    }

    /// Packages by ecosystem, for a table.
    #[must_use]
    pub fn by_ecosystem(&self) -> BTreeMap<Ecosystem, usize> {
        let mut counts = BTreeMap::new();
        for located in self.located() {
            *counts.entry(located.package.ecosystem).or_default() += 1;
        }
        counts
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum LockGroup {
    Python,
    Node,
    Rust,
}

impl LockGroup {
    fn of_lock(kind: LockKind) -> Option<Self> {
        match kind {
            LockKind::UvLock | LockKind::PoetryLock | LockKind::PdmLock | LockKind::Pylock => Some(LockGroup::Python),
            LockKind::PackageLock | LockKind::PnpmLock | LockKind::YarnLock | LockKind::BunLock => {
                Some(LockGroup::Node)
            }
            LockKind::CargoLock => Some(LockGroup::Rust),
            _ => None,
        }
    }

    fn of_manifest(kind: LockKind) -> Option<Self> {
        match kind {
            LockKind::Pyproject => Some(LockGroup::Python),
            LockKind::PackageJson => Some(LockGroup::Node),
            LockKind::CargoToml => Some(LockGroup::Rust),
            _ => None,
        }
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn is_archive(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    [".whl", ".tar.gz", ".tgz", ".zip", ".tar.bz2", ".conda", ".crate", ".jar"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

/// Whether a lockfile in the same folder or above pins this very package, which the file only asks for.
fn is_covered(
    locks: &BTreeMap<(LockGroup, &str), BTreeSet<&str>>,
    path: &str,
    kind: LockKind,
    package: &jingwei_core::Package,
) -> bool {
    let Some(group) = LockGroup::of_manifest(kind) else { return false };
    let mut folder = folder_of(path);
    loop {
        if locks.get(&(group, folder)).is_some_and(|names| names.contains(package.name.as_str())) {
            return true;
        }
        if folder.is_empty() {
            return false;
        }
        folder = folder_of(folder);
    }
}

/// Reads every file below `root` that lists packages, and the files that those name.
pub fn list(root: &str, ctx: &Ctx<'_>, limits: &Limits) -> Result<Listed, CheckError> {
    let mut listed = Listed::default();
    let entries = match ctx.files.list(root, limits) {
        Ok(entries) => entries,
        Err(error) => {
            let reason = crate::files::why_unreadable(&error);
            listed.unread.push((root.to_owned(), reason));
            return Ok(listed);
        }
    };
    let wanted = entries
        .iter()
        .filter(|entry| entry.kind == FileKind::File && !entry.path.split('/').any(|part| LEFT_OUT.contains(&part)));
    let (mut done, within) = (BTreeSet::new(), Within::new(root, &entries));
    for entry in wanted {
        let front = match front(&entry.path, ctx) {
            Ok(front) => front,
            Err(reason) => {
                // Only a file whose name promises packages is missed.
                if lockfiles::recognise(&entry.path, b"").is_some() {
                    listed.unread.push((entry.path.clone(), reason));
                }
                continue;
            }
        };
        if let Some(kind) = lockfiles::recognise(&entry.path, &front) {
            read(&entry.path, kind, ctx, limits, &within, (&mut listed, &mut done));
        }
    }
    listed.files.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(listed)
}

fn front(path: &str, ctx: &Ctx<'_>) -> Result<Vec<u8>, Text> {
    use std::io::Read as _;
    let mut file = ctx.files.open(path).map_err(|e| crate::files::why_unreadable(&e))?;
    let mut front = Vec::new();
    let read = file.by_ref().take(FRONT).read_to_end(&mut front);
    read.map_err(|e| Text::new(format!("读取失败：{e}"), format!("reading failed: {e}")))?;
    Ok(front)
}

fn read(
    path: &str,
    kind: LockKind,
    ctx: &Ctx<'_>,
    limits: &Limits,
    within: &Within<'_>,
    (listed, done): (&mut Listed, &mut BTreeSet<String>),
) {
    let mut open = vec![(path.to_owned(), kind)];
    while let Some((path, kind)) = open.pop() {
        if !done.insert(path.clone()) {
            continue;
        }
        let bytes = match ctx.files.read(&path, limits.header_bytes) {
            Ok(bytes) => bytes,
            Err(error) => {
                listed.unread.push((path, crate::files::why_unreadable(&error)));
                continue;
            }
        };
        listed.ignores.extend(inline::ignores(&path, &bytes));
        let mut parsed = lockfiles::parse(kind, &path, &bytes, limits);
        let mut refused = Vec::new();
        for include in parsed.includes.iter().filter(|include| !include.constraint) {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let next = resolve(folder, &include.path).filter(|next| within.holds(next));
            match next {
                Some(next) if !within.is_link(&next, ctx, limits) => open.push((next, kind)),
                none => {
                    let why = match none {
                        Some(_) => Text::new("它是链接，不会跟随", "it is a link and is not followed"),
                        None => Text::new("它在所查文件夹之外", "it lies outside the scanned folder"),
                    };
                    let included = shown(&include.path);
                    let reason =
                        Text::new(format!("包含 {included}：{}", why.zh), format!("includes {included}: {}", why.en));
                    let place = lockfiles::LinePlace { path: path.clone(), line: include.line };
                    refused.push(lockfiles::Problem { place, reason, limit: None });
                }
            }
        }
        parsed.problems.extend(refused);
        listed.files.push((path, kind, parsed));
    }
}

/// What a file may include: only what lies in the folder that is scanned, and no links.
struct Within<'a> {
    /// With a slash at its end, unless it is the top.
    folder: String,
    /// `None`: a single file is scanned, and its folder was not listed.
    entries: Option<BTreeMap<&'a str, FileKind>>,
}

impl<'a> Within<'a> {
    fn new(root: &'a str, entries: &'a [jingwei_core::FileEntry]) -> Self {
        let plain = root.trim_end_matches('/');
        let single = matches!(entries, [only] if only.path == plain && only.kind != FileKind::Folder);
        let folder = if single { plain.rsplit_once('/').map_or("", |(folder, _)| folder) } else { plain };
        let folder = match folder {
            "" if root.starts_with('/') => "/".to_owned(),
            "" | "." => String::new(),
            folder => format!("{folder}/"),
        };
        let by_path = || entries.iter().map(|entry| (entry.path.as_str(), entry.kind)).collect();
        Self { folder, entries: (!single).then(by_path) }
    }

    fn holds(&self, path: &str) -> bool {
        path.starts_with(&self.folder)
    }

    /// A link, or what lies behind one. What is not there at all is no link.
    fn is_link(&self, path: &str, ctx: &Ctx<'_>, limits: &Limits) -> bool {
        let is_link = |path: &str| match &self.entries {
            Some(entries) => entries.get(path) == Some(&FileKind::Link),
            None => ctx
                .files
                .list(path, limits)
                .is_ok_and(|list| matches!(&list[..], [only] if only.kind == FileKind::Link)),
        };
        let below = path.get(self.folder.len()..).unwrap_or_default();
        let folders = below.match_indices('/').map(|(at, _)| &path[..self.folder.len() + at]);
        folders.chain([path]).any(is_link)
    }
}

/// A relative path without `..`; `None` where it would leave the top.
fn resolve(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains(':') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    Some(if folder.starts_with('/') { format!("/{joined}") } else { joined })
}

/// What a scan of packages is asked for.
pub struct PackageScan<'a> {
    /// Folders and lockfiles, as the caller names them.
    pub paths: &'a [String],
    pub advisories: &'a std::path::Path,
    pub vex: VexFiles<'a>,
    /// Advisories older than this are said to be old.
    pub stale_after_days: i64,
    pub suppressions: &'a Suppressions,
    pub baseline: Option<&'a Baseline>,
    pub now: jingwei_core::Timestamp,
}

/// A report, and every match behind it.
pub struct PackageReport {
    pub report: ScanReport,
    pub matches: Vec<Match>,
    pub left_out: VexLeftOut,
}

/// The check with the catalog's rules and a store.
pub fn packages_check(
    catalog: &Catalog,
    advisories: &std::path::Path,
    vex: VexFiles<'_>,
    stale_after_days: i64,
    limits: &Limits,
) -> Result<(PackagesCheck, VexLeftOut), Error> {
    let store = open_advisories(catalog, advisories, limits)?;
    let (vex, digest, left_out) = read_vex(vex, limits)?;
    let rules = catalog.rules_of(&jingwei_core::CheckId::literal(ID));
    let check = PackagesCheck::new(rules, store, vex, digest, stale_after_days)
        .map_err(|e| Error::failed("目录库不完整", "the catalog is not complete").because(e))?;
    Ok((check, left_out))
}

/// Lists the packages of all paths and holds them against the advisories.
pub fn scan_packages(
    catalog: &Catalog,
    asked: &PackageScan<'_>,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<PackageReport, Error> {
    let (check, left_out) = packages_check(catalog, asked.advisories, asked.vex, asked.stale_after_days, limits)?;
    let failed = |e: CheckError| Error::failed("无法检查软件包", "the packages cannot be checked").because(e);
    let mut listed = Listed::default();
    let mut subjects = Vec::new();
    for path in asked.paths {
        let more = with_ctx(path, progress, |ctx| list(path, ctx, limits)).map_err(failed)?;
        let lines: Vec<String> =
            more.located().iter().map(|l| format!("{} {:?}", l.package.purl(), l.requirement)).collect();
        let digest = Digest::of_parts(["packages/1"].into_iter().chain(lines.iter().map(String::as_str)));
        subjects.push(Subject { path: path.clone(), digest });
        listed.files.extend(more.files);
        listed.unread.extend(more.unread);
        listed.ignores.extend(more.ignores);
    }
    let matches = check.matches(&listed, asked.now).map_err(failed)?;
    let component = Component::bare(jingwei_core::ComponentId::literal("code"), ComponentKind::Code);
    let observations = check.observe(&component, &listed, &matches, asked.now);
    let raw = Raw { check: ID, subjects, files: Vec::new(), observations };
    let suppressions = asked.suppressions.with_ignores(listed.ignores);
    let report = ScanReport::new(raw, catalog, &suppressions, asked.baseline, asked.now.date());
    Ok(PackageReport { report, matches, left_out })
}
