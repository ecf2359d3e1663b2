//! Packages against the store: one match per package and fault, whatever names the fault has.

use std::collections::BTreeMap;

use jingwei_core::{Date, Package, Priority, Severity, Text, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    exploits::{Exploited, Likelihood},
    record::{Affected, Nature, Rating, Record, met_name},
    severity,
    standing::{Clear, Known, Standing, combine, judge},
    store::{Store, StoreError},
    vex::{Statement, VexSet, VexStatus},
};

/// From this estimated chance on, a fault comes first: 10 %.
const LIKELY_PPM: u32 = 100_000;
/// Below this one, a fault that is not severe may wait: 1 %.
const UNLIKELY_PPM: u32 = 10_000;

/// A package and where it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    pub package: Package,
    /// Where nothing pins it: what it asks for, such as `>=1.0,<2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// Of a distribution: the `12` of Debian 12.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Files that name it.
    pub paths: Vec<String>,
}

impl Located {
    #[must_use]
    pub fn new(package: Package) -> Self {
        Self { package, requirement: None, release: None, paths: Vec::new() }
    }
}

/// How one package stands towards one fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    pub located: Located,
    /// The best-known name of the fault: CVE before GHSA before others.
    pub id: String,
    /// All its names.
    pub ids: Vec<String>,
    /// With statements taken into account.
    pub standing: Standing,
    /// What versions alone say, where a statement changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed: Option<Standing>,
    /// Statements about it, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<Statement>,
    /// What each record says, where there are several.
    pub opinions: Vec<Opinion>,
    pub nature: Nature,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// `None` where nobody rated it, which is not the same as harmless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploited: Option<Exploitation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likelihood: Option<Likelihood>,
    pub priority: Priority,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cwe: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<Timestamp>,
    /// No record of it was read at its source.
    pub unverified: bool,
}

/// What one record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    pub record: String,
    pub source: String,
    pub standing: Standing,
    /// The record's facts were not read at their source.
    pub unverified: bool,
}

/// Attackers use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exploitation {
    /// `None` where only an advisory says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// The day by which it had to be fixed has passed.
    pub overdue: bool,
    pub ransomware: bool,
}

impl Match {
    /// Whether somebody has to do something: affected, or not known to be clean.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.standing, Standing::NotAffected { .. })
    }
}

/// Every fault that the store has for the packages, affected or not, ordered by package, place and fault.
pub fn assess(store: &mut Store, packages: &[Located], vex: &VexSet, now: Timestamp) -> Result<Vec<Match>, StoreError> {
    let mut matches = Vec::new();
    let mut sorted: Vec<&Located> = packages.iter().collect();
    sorted.sort_by(|a, b| order_of(a).cmp(&order_of(b)));
    let mut last: Option<(&Package, Vec<Record>)> = None;
    for located in sorted {
        let package = &located.package;
        // Neighbours of one name share the records that were read.
        let same = |before: &&Package| (before.ecosystem, &before.name) == (package.ecosystem, &package.name);
        let records = match last.take() {
            Some((before, records)) if same(&before) => records,
            _ => store.records(package.ecosystem, &package.name)?,
        };
        let mut found: Vec<Match> =
            groups(&records).into_iter().map(|group| match_of(store, located, &group, vex, now)).collect();
        found.sort_by(|a, b| (rank(&a.standing), &a.id).cmp(&(rank(&b.standing), &b.id)));
        matches.append(&mut found);
        last = Some((package, records));
    }
    Ok(matches)
}

fn order_of(located: &Located) -> (&Package, &Option<String>, &Option<String>, &[String]) {
    (&located.package, &located.requirement, &located.release, &located.paths)
}

fn rank(standing: &Standing) -> u8 {
    match standing {
        Standing::Affected { .. } => 0,
        Standing::Unknown { .. } => 1,
        Standing::NotAffected { .. } => 2,
    }
}

/// Records that share a name are about one fault. Withdrawn ones are none.
fn groups(records: &[Record]) -> Vec<Vec<&Record>> {
    let mut groups: Vec<Vec<&Record>> = Vec::new();
    let mut group_of: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records.iter().filter(|record| record.withdrawn.is_none()) {
        let mut met: Vec<usize> = record.names().filter_map(|name| group_of.get(name).copied()).collect();
        met.sort_unstable();
        met.dedup();
        let target = met.first().copied().unwrap_or_else(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        // This record ties groups together that were apart until now.
        for other in met.into_iter().skip(1) {
            let moved = std::mem::take(&mut groups[other]);
            for name in moved.iter().flat_map(|record| record.names()) {
                group_of.insert(name, target);
            }
            groups[target].extend(moved);
        }
        for name in record.names() {
            group_of.insert(name, target);
        }
        groups[target].push(record);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn match_of(store: &Store, located: &Located, group: &[&Record], vex: &VexSet, now: Timestamp) -> Match {
    let package = &located.package;
    let known = Known {
        version: package.version.as_deref(),
        requirement: located.requirement.as_deref(),
        release: located.release.as_deref(),
    };
    let opinions: Vec<Opinion> = group.iter().map(|record| opinion(record, package, known)).collect();
    let computed = weighed(&opinions);
    let ids = sorted(group.iter().flat_map(|record| record.names()));
    let upstream = sorted(group.iter().flat_map(|record| record.upstream.iter().map(String::as_str)));
    let statements: Vec<Statement> =
        vex.about(package, ids.iter().chain(&upstream).map(String::as_str)).into_iter().cloned().collect();
    let standing = stated(&computed, &statements, &ids, &upstream);
    let cves = || ids.iter().chain(&upstream).filter(|id| id.starts_with("CVE-"));
    let exploited = cves()
        .filter_map(|cve| store.exploited(cve))
        .min_by_key(|entry| entry.since)
        .map(|entry| exploitation(&entry, now))
        .or_else(|| group.iter().any(|record| record.exploited).then(Exploitation::unlisted));
    let likelihood = cves().filter_map(|cve| store.likelihood(cve)).max_by_key(|entry| entry.score_ppm);
    let nature = nature_of(group);
    let rating = severity::worst(group.iter().filter_map(|record| record.rating.clone()));
    let priority = priority(nature, rating.as_ref(), exploited.as_ref(), likelihood.as_ref());
    // Records in both languages are our own.
    let title = group.iter().filter_map(|record| record.title.clone()).max_by_key(|title| title.zh != title.en);
    Match {
        located: located.clone(),
        id: ids.iter().min_by_key(|id| (prefix_rank(id), id.as_str())).cloned().unwrap_or_default(),
        computed: (computed != standing).then_some(computed),
        standing,
        statements,
        opinions,
        nature,
        title,
        rating,
        exploited,
        likelihood,
        priority,
        cwe: sorted(group.iter().flat_map(|record| record.cwe.iter().map(String::as_str))),
        references: sorted(group.iter().flat_map(|record| record.references.iter().map(String::as_str))),
        modified: group.iter().filter_map(|record| record.modified).max(),
        unverified: group.iter().all(|record| record.unverified),
        ids,
    }
}

fn opinion(record: &Record, package: &Package, known: Known<'_>) -> Opinion {
    let name = met_name(package.ecosystem, &package.name);
    let about = |affected: &&Affected| affected.ecosystem == package.ecosystem && affected.name == name;
    let entries: Vec<&Affected> = record.affected.iter().filter(about).collect();
    Opinion {
        record: record.id.clone(),
        source: record.source.clone(),
        standing: judge(&entries, known),
        unverified: record.unverified,
    }
}

/// Unverified facts count where nothing better decides.
fn weighed(opinions: &[Opinion]) -> Standing {
    let decides = |one: &&Opinion| !one.unverified && !matches!(one.standing, Standing::Unknown { .. });
    let better: Vec<Standing> = opinions.iter().filter(decides).map(|one| one.standing.clone()).collect();
    if better.is_empty() { combine(opinions.iter().map(|one| one.standing.clone()).collect()) } else { combine(better) }
}

fn sorted<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut texts: Vec<String> = texts.map(ToOwned::to_owned).collect();
    texts.sort();
    texts.dedup();
    texts
}

fn prefix_rank(id: &str) -> usize {
    const KNOWN: [&str; 6] = ["CVE-", "GHSA-", "PYSEC-", "RUSTSEC-", "GO-", "MAL-"];
    KNOWN.iter().position(|prefix| id.starts_with(prefix)).unwrap_or(KNOWN.len())
}

/// The worst kind that a record names; informational only where all agree.
fn nature_of(group: &[&Record]) -> Nature {
    let has = |nature| group.iter().any(|record| record.nature == nature);
    if has(Nature::Malicious) {
        Nature::Malicious
    } else if has(Nature::Vulnerability) {
        Nature::Vulnerability
    } else {
        Nature::Informational
    }
}

/// The newest statement decides. "Under investigation" changes nothing by itself. A name of the group other than a CVE
/// stands for all of it; a CVE stands for itself, and the group is clear once each of its CVEs is.
fn stated(computed: &Standing, statements: &[Statement], ids: &[String], upstream: &[String]) -> Standing {
    let is_cve = |id: &&String| id.starts_with("CVE-");
    let names = |statement: &Statement, id: &String| statement.faults.contains(id);
    let about_all = |one: &Statement| ids.iter().filter(|id| !is_cve(id)).any(|id| names(one, id));
    let cves: Vec<&String> = ids.iter().chain(upstream).filter(is_cve).collect();
    let deciding: Vec<Option<usize>> = if cves.is_empty() {
        vec![statements.iter().position(about_all)]
    } else {
        let newest = |cve: &&String| statements.iter().position(|one| names(one, cve) || about_all(one));
        cves.iter().map(newest).collect()
    };
    let told: Vec<&Statement> = deciding.iter().flatten().filter_map(|at| statements.get(*at)).collect();
    if let Some(said) = told.iter().find(|one| one.status == VexStatus::Affected) {
        return match computed {
            Standing::Affected { .. } => computed.clone(),
            _ => Standing::Affected {
                range: said.package.version.as_ref().map_or("*".to_owned(), |version| format!("=={version}")),
                fixed: Vec::new(),
            },
        };
    }
    let clears = |one: &&Statement| matches!(one.status, VexStatus::NotAffected | VexStatus::Fixed);
    let newest = deciding.iter().flatten().min().and_then(|at| statements.get(*at));
    match newest {
        Some(newest) if told.len() == deciding.len() && told.iter().all(clears) => Standing::NotAffected {
            why: Clear::Stated {
                status: newest.status,
                author: newest.author.clone(),
                at: newest.at.map_or_else(|| "?".to_owned(), |at| at.to_string()),
                justification: newest.justification.clone(),
            },
        },
        _ => computed.clone(),
    }
}

fn exploitation(entry: &Exploited, now: Timestamp) -> Exploitation {
    Exploitation {
        since: Some(entry.since),
        due: entry.due,
        overdue: entry.due.is_some_and(|due| due.start().plus_days(1) <= now),
        ransomware: entry.ransomware,
    }
}

impl Exploitation {
    fn unlisted() -> Self {
        Self { since: None, due: None, overdue: false, ransomware: false }
    }
}

/// Attacked or attacking comes first, then likely or critical; what nobody rated is not taken for harmless.
fn priority(
    nature: Nature,
    rating: Option<&Rating>,
    exploited: Option<&Exploitation>,
    likelihood: Option<&Likelihood>,
) -> Priority {
    let severity = rating.map_or(Severity::Medium, |rating| rating.severity);
    let chance = likelihood.map(|likelihood| likelihood.score_ppm);
    if nature == Nature::Informational {
        return Priority::Low;
    }
    let likely = chance.is_some_and(|ppm| ppm >= LIKELY_PPM);
    if nature == Nature::Malicious || exploited.is_some() || likely || severity == Severity::Critical {
        return Priority::High;
    }
    let unlikely = chance.is_some_and(|ppm| ppm < UNLIKELY_PPM);
    match severity {
        Severity::High => Priority::Medium,
        Severity::Medium if !unlikely => Priority::Medium,
        _ => Priority::Low,
    }
}
