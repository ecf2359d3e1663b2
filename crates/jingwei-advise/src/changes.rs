//! What is different after new advisories came, or after packages changed.

use std::collections::BTreeMap;

use jingwei_core::Package;
use serde::Serialize;

use crate::assess::Match;

/// Between two assessments; only of matches that somebody has to act on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Open now and not before.
    pub new: Vec<Match>,
    /// Open before and not now.
    pub gone: Vec<Match>,
    /// Open before and now, and something that matters is different.
    pub altered: Vec<Altered>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Altered {
    pub before: Match,
    pub after: Match,
}

impl Changes {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.gone.is_empty() && self.altered.is_empty()
    }
}

/// Compares two assessments. A fault keeps its place when it gets another name, as when a GHSA becomes a CVE, and when
/// the package moves to another version without getting rid of it.
#[must_use]
pub fn changed(before: &[Match], after: &[Match]) -> Changes {
    let mut changes = Changes::default();
    let mut left: BTreeMap<(Key<'_>, &str), Vec<usize>> = BTreeMap::new();
    let old: Vec<&Match> = before.iter().filter(|one| one.is_open()).collect();
    for (at, one) in old.iter().enumerate() {
        for id in &one.ids {
            left.entry((key(one), id)).or_default().push(at);
        }
    }
    let mut met = vec![false; old.len()];
    for one in after.iter().filter(|one| one.is_open()) {
        let candidates = one.ids.iter().filter_map(|id| left.get(&(key(one), id.as_str()))).flatten();
        // Of several copies of a package, the one of the same version before others.
        let version = &one.located.package.version;
        let found = candidates
            .copied()
            .filter(|at| !met[*at])
            .min_by_key(|at| (old[*at].located.package.version != *version, *at));
        match found {
            Some(at) => {
                met[at] = true;
                if differs(old[at], one) {
                    changes.altered.push(Altered { before: old[at].clone(), after: one.clone() });
                }
            }
            None => changes.new.push(one.clone()),
        }
    }
    changes.gone = old.iter().zip(met).filter(|(_, met)| !met).map(|(one, _)| (*one).clone()).collect();
    changes
}

/// A package in its places, whatever its version.
type Key<'a> = (jingwei_core::Ecosystem, &'a str, &'a [String]);

fn key(one: &Match) -> Key<'_> {
    let Package { ecosystem, name, .. } = &one.located.package;
    (*ecosystem, name, &one.located.paths)
}

fn differs(before: &Match, after: &Match) -> bool {
    before.standing != after.standing
        || before.located != after.located
        || before.priority != after.priority
        || before.exploited != after.exploited
        || before.nature != after.nature
        || before.statements != after.statements
        || before.rating.as_ref().map(|rating| rating.severity) != after.rating.as_ref().map(|rating| rating.severity)
}
