//! Whether one package is affected by what one record says about it: yes, no, or unknown with the reason.
//!
//! Nothing that could not be compared ever counts as affected, and nothing of it counts as clean.

use jingwei_core::Ecosystem;
use jingwei_read::shown;
use serde::{Deserialize, Serialize};

use crate::{
    record::{Affected, Event, Range, RangeKind},
    requirement,
    span::{Span, affected_spans},
    versions::{Scheme, Unparsable, Version},
    vex::VexStatus,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "kebab-case")]
pub enum Standing {
    Affected {
        /// The stretch that the version lies in: `>=1.0,<1.3.0`, `==1.82.7`, or `*`.
        range: String,
        /// Versions that are known to be fixed and come later, lowest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fixed: Vec<String>,
    },
    NotAffected {
        why: Clear,
    },
    Unknown {
        why: Doubt,
    },
}

/// Why a package is not affected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Clear {
    /// Its version lies outside all stretches that are affected.
    Outside { version: String, ranges: Vec<String> },
    /// No version that the requirement allows is affected.
    NoneAllowed { requirement: String, ranges: Vec<String> },
    /// The commit is the one that fixes it.
    FixCommit { commit: String },
    /// A statement of the named author says so (VEX).
    Stated { status: VexStatus, author: String, at: String, justification: Option<String> },
}

/// Why nothing can be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Doubt {
    NoVersion {
        ranges: Vec<String>,
    },
    /// The version is none of its scheme.
    Unreadable {
        version: String,
        scheme: Scheme,
    },
    /// The record's own version is none of its scheme.
    UnreadableRecord {
        version: String,
        scheme: Scheme,
    },
    /// Nobody says how versions of this ecosystem are ordered.
    NoScheme {
        ecosystem: Ecosystem,
    },
    /// Only commits are named.
    OnlyCommits,
    /// The requirement allows versions on both sides.
    Both {
        requirement: String,
        ranges: Vec<String>,
    },
    UnreadableRequirement {
        requirement: String,
    },
    /// Releases of the distribution differ, and it is not known which this is.
    Release {
        releases: Vec<String>,
    },
    /// The record names neither versions nor ranges.
    NothingSaid,
}

/// What is known of a package's version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) version: Option<&'a str>,
    pub(crate) requirement: Option<&'a str>,
    /// Of a distribution.
    pub(crate) release: Option<&'a str>,
}

/// Judges by all entries that a record has for one package.
pub(crate) fn judge(entries: &[&Affected], known: Known<'_>) -> Standing {
    let asked: Vec<&&Affected> = entries
        .iter()
        .filter(|entry| match (&entry.release, known.release) {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => true,
        })
        .collect();
    let standings: Vec<Standing> = asked.iter().map(|entry| judge_entry(entry, known)).collect();
    let mut releases: Vec<String> = asked.iter().filter_map(|entry| entry.release.clone()).collect();
    releases.sort();
    releases.dedup();
    let kind = |standing: &Standing| std::mem::discriminant(standing);
    let differ = standings.windows(2).any(|pair| kind(&pair[0]) != kind(&pair[1]));
    if releases.len() > 1 && differ {
        return Standing::Unknown { why: Doubt::Release { releases } };
    }
    combine(standings)
}

/// One that is affected decides, then one that is not known; fixes and ranges add up.
pub(crate) fn combine(standings: Vec<Standing>) -> Standing {
    let mut fixes = Vec::new();
    let mut spans: Vec<String> = Vec::new();
    for standing in &standings {
        if let Standing::Affected { range, fixed } = standing {
            if !spans.contains(range) {
                spans.push(range.clone());
            }
            fixes.extend(fixed.iter().cloned());
        }
    }
    if !spans.is_empty() {
        let mut seen = std::collections::HashSet::new();
        fixes.retain(|fix: &String| seen.insert(fix.clone()));
        return Standing::Affected { range: spans.join(" || "), fixed: fixes };
    }
    let unknown = standings.iter().position(|standing| matches!(standing, Standing::Unknown { .. })).unwrap_or(0);
    standings.into_iter().nth(unknown).unwrap_or(Standing::Unknown { why: Doubt::NothingSaid })
}

fn judge_entry(entry: &Affected, known: Known<'_>) -> Standing {
    let unknown = |why| Standing::Unknown { why };
    match (known.version, known.requirement) {
        (Some(version), _) => match judge_version(entry, version) {
            // `>=1.0` where a version should stand.
            Standing::Unknown { why: Doubt::Unreadable { .. } } if requirement::is_requirement(version) => {
                judge_requirement(entry, version)
            }
            standing => standing,
        },
        (None, Some(requirement)) => judge_requirement(entry, requirement),
        (None, None) => {
            let mut ranges = listed(entry);
            entry
                .ranges
                .iter()
                .filter_map(|range| spans_of(entry, range).ok())
                .for_each(|spans| told(&mut ranges, &spans));
            unknown(Doubt::NoVersion { ranges })
        }
    }
}

fn judge_version(entry: &Affected, text: &str) -> Standing {
    let unknown = |why| Standing::Unknown { why };
    let text = text.trim();
    if text.is_empty() {
        return unknown(Doubt::NoVersion { ranges: Vec::new() });
    }
    let parsed = entry.scheme().map(|scheme| Version::parse(scheme, text));
    let own = parsed.as_ref().and_then(|parsed| parsed.as_ref().ok());
    if is_listed(entry, text, own) {
        return Standing::Affected { range: format!("=={text}"), fixed: fixes_after(entry, text) };
    }
    if let Some(standing) = judge_commit(entry, text) {
        return standing;
    }
    let ordered: Vec<_> = entry.ranges.iter().filter(|range| range.kind != RangeKind::Git).collect();
    if ordered.is_empty() {
        return match (entry.versions.is_empty(), entry.ranges.is_empty()) {
            (true, true) => unknown(Doubt::NothingSaid),
            (_, false) => unknown(Doubt::OnlyCommits),
            // The list is all that is affected; a text that is no version could be another spelling of one of them.
            (false, true) => match (entry.scheme(), own) {
                (Some(scheme), None) => unknown(Doubt::Unreadable { version: shown(text), scheme }),
                _ => Standing::NotAffected { why: Clear::Outside { version: shown(text), ranges: listed(entry) } },
            },
        };
    }
    let (mut ranges, mut doubt) = (Vec::new(), None);
    for range in ordered {
        match judge_range(entry, range, text) {
            Ok(Ok(spans)) => told(&mut ranges, &spans),
            Ok(Err(inside)) => {
                return Standing::Affected { range: inside.to_string(), fixed: fixes_after(entry, text) };
            }
            Err(why) => doubt = doubt.or(Some(why)),
        }
    }
    match doubt {
        Some(why) => unknown(why),
        None => Standing::NotAffected { why: Clear::Outside { version: shown(text), ranges } },
    }
}

/// The stretch that the version lies in, or else all stretches of the range.
fn judge_range(entry: &Affected, range: &Range, text: &str) -> Result<Result<Vec<Span>, Span>, Doubt> {
    let scheme = scheme_of(entry, range.kind).ok_or(Doubt::NoScheme { ecosystem: entry.ecosystem })?;
    let version = Version::parse(scheme, text).map_err(|_| Doubt::Unreadable { version: shown(text), scheme })?;
    let spans = spans_of(entry, range)
        .map_err(|bad| Doubt::UnreadableRecord { version: shown(&bad.text), scheme: bad.scheme })?;
    Ok(match spans.iter().find(|span| span.contains(&version)) {
        Some(inside) => Err(inside.clone()),
        None => Ok(spans),
    })
}

/// A reader wants some stretches, not thousands.
const TOLD_RANGES: usize = 20;

fn told(ranges: &mut Vec<String>, spans: &[Span]) {
    let room = TOLD_RANGES.saturating_sub(ranges.len());
    ranges.extend(spans.iter().take(room).map(Span::to_string));
}

fn listed(entry: &Affected) -> Vec<String> {
    entry.versions.iter().take(TOLD_RANGES).map(|version| format!("=={version}")).collect()
}

fn is_listed(entry: &Affected, text: &str, own: Option<&Version>) -> bool {
    let same = |listed: &String| {
        listed == text
            || own.is_some_and(|own| {
                let listed = entry.scheme().and_then(|scheme| Version::parse(scheme, listed).ok());
                listed.is_some_and(|listed| *own == listed || (!listed.is_build() && own.public() == listed))
            })
    };
    entry.versions.iter().any(same)
}

/// Equality is all that can be told of commits.
fn judge_commit(entry: &Affected, text: &str) -> Option<Standing> {
    let is_commit = (7..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_commit {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let events = entry.ranges.iter().filter(|range| range.kind == RangeKind::Git).flat_map(|range| &range.events);
    for event in events {
        if !event.version().to_ascii_lowercase().starts_with(&lower) {
            continue;
        }
        return match event {
            Event::Introduced(_) | Event::LastAffected(_) => {
                Some(Standing::Affected { range: format!("=={text}"), fixed: Vec::new() })
            }
            Event::Fixed(_) => Some(Standing::NotAffected { why: Clear::FixCommit { commit: text.to_owned() } }),
            Event::Limit(_) => None,
        };
    }
    None
}

fn judge_requirement(entry: &Affected, text: &str) -> Standing {
    let unknown = |why| Standing::Unknown { why };
    let requirement = shown(text);
    let Some(scheme) = scheme_of(entry, RangeKind::Ecosystem) else {
        return unknown(Doubt::NoScheme { ecosystem: entry.ecosystem });
    };
    let Some(allowed) = requirement::allowed(entry.ecosystem, scheme, text) else {
        return unknown(Doubt::UnreadableRequirement { requirement });
    };
    let mut affected = Vec::new();
    for range in entry.ranges.iter().filter(|range| range.kind != RangeKind::Git) {
        match spans_of(entry, range) {
            Ok(spans) => affected.extend(spans),
            Err(bad) => return unknown(Doubt::UnreadableRecord { version: shown(&bad.text), scheme: bad.scheme }),
        }
    }
    for listed in &entry.versions {
        match requirement::allowed(entry.ecosystem, scheme, &format!("=={listed}")) {
            Some(spans) => affected.extend(spans),
            None => return unknown(Doubt::UnreadableRecord { version: shown(listed), scheme }),
        }
    }
    if affected.is_empty() {
        let why = if entry.ranges.is_empty() { Doubt::NothingSaid } else { Doubt::OnlyCommits };
        return unknown(why);
    }
    let ranges: Vec<String> = affected.iter().take(TOLD_RANGES).map(Span::to_string).collect();
    let inside = allowed.iter().all(|span| affected.iter().any(|one| one.encloses(span)));
    let touched = allowed.iter().any(|span| affected.iter().any(|one| one.meet(span).is_some()));
    if !allowed.is_empty() && inside {
        let after = allowed.iter().find_map(|span| span.low.as_ref()).map_or("", |low| low.text.as_str());
        Standing::Affected { range: ranges.join(" || "), fixed: fixes_after(entry, after) }
    } else if !allowed.is_empty() && !touched {
        Standing::NotAffected { why: Clear::NoneAllowed { requirement, ranges } }
    } else {
        unknown(Doubt::Both { requirement, ranges })
    }
}

/// SEMVER ranges of Go are written without `v`, which its own scheme reads too.
fn scheme_of(entry: &Affected, kind: RangeKind) -> Option<Scheme> {
    match (kind, entry.scheme()) {
        (RangeKind::Semver, Some(Scheme::Go)) => Some(Scheme::Go),
        (RangeKind::Semver, _) => Some(Scheme::Semver),
        (_, scheme) => scheme,
    }
}

fn spans_of(entry: &Affected, range: &Range) -> Result<Vec<Span>, Unparsable> {
    match scheme_of(entry, range.kind) {
        Some(scheme) if range.kind != RangeKind::Git => affected_spans(range, scheme),
        _ => Ok(Vec::new()),
    }
}

/// Fixed versions that come after this one, lowest first; all of them where it is not known.
fn fixes_after(entry: &Affected, text: &str) -> Vec<String> {
    let mut fixes: Vec<(Version, &str)> = Vec::new();
    for range in entry.ranges.iter().filter(|range| range.kind != RangeKind::Git) {
        let Some(scheme) = scheme_of(entry, range.kind) else { continue };
        let current = Version::parse(scheme, text).ok();
        for event in &range.events {
            if let Event::Fixed(fixed) = event
                && let Ok(version) = Version::parse(scheme, fixed)
                && current.as_ref().is_none_or(|current| *current < version)
            {
                fixes.push((version, fixed));
            }
        }
    }
    fixes.sort();
    fixes.dedup();
    fixes.into_iter().map(|(_, text)| text.to_owned()).collect()
}
