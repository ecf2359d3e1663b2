//! Findings that somebody answers for: with a reason, an owner and a date until which it holds.

use std::{fs, path::Path};

use globset::{Glob, GlobMatcher};
use jingwei_core::{Date, Digest, Finding, RuleId, Text};
use serde::{Deserialize, Serialize};

use super::{State, inline::Ignore};
use crate::Error;

/// The file that `--suppress` reads (TOML).
#[derive(Debug, Clone, Default)]
pub struct Suppressions {
    entries: Vec<(Suppression, Matchers)>,
    ignores: Vec<Ignore>,
}

/// One entry. Rule and one more of path, key and fingerprint have to match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppression {
    pub rule: RuleId,
    /// Glob over the finding's path: `*` stays within a folder, `**` does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Glob over the finding's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Digest>,
    pub reason: String,
    pub owner: String,
    /// The last day on which it holds.
    pub until: Date,
}

#[derive(Debug, Clone, Default)]
struct Matchers {
    path: Option<GlobMatcher>,
    key: Option<GlobMatcher>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    kind: String,
    version: u32,
    #[serde(default)]
    suppress: Vec<Suppression>,
}

impl Suppressions {
    pub fn read(path: &Path) -> Result<Self, Error> {
        let shown = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|e| Error::invalid(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`")).because(e))?;
        Self::parse(&text, &shown)
    }

    /// `name` is shown in errors.
    pub fn parse(text: &str, name: &str) -> Result<Self, Error> {
        let bad = |zh: &str, en: &str| Error::invalid(format!("`{name}`：{zh}"), format!("`{name}`: {en}"));
        let document: Document = read_document(text)
            .map_err(|e| bad("不是有效的抑制清单", "it is no valid list of suppressions").because(e))?;
        if document.kind != "suppressions" || document.version != 1 {
            return Err(bad(
                "须写 kind = \"suppressions\" 与 version = 1",
                "it needs kind = \"suppressions\" and version = 1",
            ));
        }
        let mut all = Self::default();
        for (at, entry) in document.suppress.into_iter().enumerate() {
            let number = at + 1;
            if entry.reason.trim().is_empty() || entry.owner.trim().is_empty() {
                return Err(bad(
                    &format!("第 {number} 条须写明 reason 与 owner"),
                    &format!("entry {number} needs a reason and an owner"),
                ));
            }
            if entry.path.is_none() && entry.key.is_none() && entry.fingerprint.is_none() {
                return Err(bad(
                    &format!("第 {number} 条会抑制整条规则；请写 path、key 或 fingerprint"),
                    &format!("entry {number} would suppress a whole rule; add path, key or fingerprint"),
                ));
            }
            let glob = |pattern: &Option<String>, separator: bool| {
                let compile = |pattern: &String| {
                    let built = if separator {
                        globset::GlobBuilder::new(pattern).literal_separator(true).build()
                    } else {
                        Glob::new(pattern)
                    };
                    built.map(|glob| glob.compile_matcher()).map_err(|e| {
                        bad(&format!("第 {number} 条的通配符无效"), &format!("entry {number} has an invalid glob"))
                            .because(e)
                    })
                };
                pattern.as_ref().map(compile).transpose()
            };
            let matchers = Matchers { path: glob(&entry.path, true)?, key: glob(&entry.key, false)? };
            all.entries.push((entry, matchers));
        }
        Ok(all)
    }

    /// With the comments of scanned files, which count after the entries.
    pub(super) fn with_ignores(&self, ignores: Vec<Ignore>) -> Self {
        Self { ignores, ..self.clone() }
    }

    pub(super) fn judge(&self, today: Date) -> Judge<'_> {
        let used = (vec![false; self.entries.len()], vec![false; self.ignores.len()]);
        Judge { all: self, today, used: used.0, needed: used.1 }
    }
}

/// TOML has dates of its own; a day may be written with or without quotes.
fn read_document(text: &str) -> Result<Document, toml::de::Error> {
    let mut table: toml::Table = toml::from_str(text)?;
    for entry in table.get_mut("suppress").and_then(toml::Value::as_array_mut).into_iter().flatten() {
        if let Some(until) = entry.get_mut("until")
            && let toml::Value::Datetime(day) = until
        {
            *until = toml::Value::String(day.to_string());
        }
    }
    table.try_into()
}

/// Holds findings against the entries, and remembers which were needed.
pub(super) struct Judge<'a> {
    all: &'a Suppressions,
    today: Date,
    used: Vec<bool>,
    /// Which comments matched something.
    needed: Vec<bool>,
}

impl Judge<'_> {
    /// The first entry that matches and still holds.
    pub(super) fn decide(&mut self, finding: &Finding) -> Option<State> {
        let mut decided = None;
        for (at, (entry, matchers)) in self.all.entries.iter().enumerate() {
            if !matches(entry, matchers, finding) {
                continue;
            }
            self.used[at] = true;
            if decided.is_none() && entry.until >= self.today {
                let (reason, owner) = (entry.reason.clone(), entry.owner.clone());
                decided = Some(State::Suppressed { reason, owner, until: entry.until });
            }
        }
        for (at, ignore) in self.all.ignores.iter().enumerate().filter(|(_, ignore)| ignore.matches(finding)) {
            self.needed[at] = true;
            decided = decided.or_else(|| ignore.state(self.today));
        }
        decided
    }

    pub(super) fn notices(&self) -> Vec<Text> {
        let mut notices = Vec::new();
        for (at, (entry, _)) in self.all.entries.iter().enumerate() {
            let number = at + 1;
            let (rule, owner, until) = (&entry.rule, &entry.owner, entry.until);
            if entry.until < self.today {
                notices.push(Text::new(
                    format!("第 {number} 条抑制（{rule}，{owner}）已于 {until} 到期"),
                    format!("suppression {number} ({rule}, {owner}) ended on {until}"),
                ));
            } else if !self.used[at] {
                notices.push(Text::new(
                    format!("第 {number} 条抑制（{rule}，{owner}）没有对应的发现，可以删除"),
                    format!("suppression {number} ({rule}, {owner}) matches nothing and can be removed"),
                ));
            }
        }
        let ignores = self.all.ignores.iter().zip(&self.needed);
        notices.extend(ignores.filter_map(|(ignore, needed)| ignore.notice(*needed, self.today)));
        notices
    }
}

fn matches(entry: &Suppression, matchers: &Matchers, finding: &Finding) -> bool {
    let glob = |matcher: &Option<GlobMatcher>, value: &Option<String>| match matcher {
        Some(matcher) => matcher.is_match(value.as_deref().unwrap_or_default()),
        None => true,
    };
    entry.rule == finding.rule
        && entry.fingerprint.is_none_or(|fingerprint| fingerprint == finding.fingerprint)
        && glob(&matchers.path, &finding.place.path)
        && glob(&matchers.key, &finding.place.key)
}

#[cfg(test)]
mod tests {
    use jingwei_core::{ComponentId, Place, Severity};

    use super::*;

    fn finding(path: &str, key: &str) -> Finding {
        let place = Place { path: Some(path.to_owned()), key: Some(key.to_owned()), offset: None };
        let (rule, component) = (RuleId::literal("model.pickle-unknown"), ComponentId::literal("part"));
        Finding {
            fingerprint: Finding::fingerprint_of(&rule, &component, &place),
            severity: Severity::Medium,
            message: Text::new("消息", "message"),
            remedy: Text::new("办法", "remedy"),
            risks: Vec::new(),
            rule,
            component,
            place,
        }
    }

    fn decided(entry: &str, today: &str) -> (Vec<bool>, Vec<String>) {
        let text =
            format!("kind = \"suppressions\"\nversion = 1\n[[suppress]]\nrule = \"model.pickle-unknown\"\n{entry}");
        let all = Suppressions::parse(&text, "s.toml").unwrap();
        let mut judge = all.judge(today.parse().unwrap());
        let cases = [finding("old/a.bin", "x.Y"), finding("old/deep/a.bin", "x.Y"), finding("new/a.bin", "x.Z")];
        let seen = cases.iter().map(|finding| judge.decide(finding).is_some()).collect();
        (seen, judge.notices().into_iter().map(|text| text.en).collect())
    }

    #[test]
    fn an_entry_holds_for_what_it_names_until_its_day() {
        let who = "reason = \"reviewed\"\nowner = \"lin\"\nuntil = \"2027-01-31\"\n";
        for (what, expected) in [
            ("path = \"old/*\"", [true, false, false]),
            ("path = \"old/**\"", [true, true, false]),
            ("key = \"x.*\"", [true, true, true]),
            ("path = \"**\"\nkey = \"x.Z\"", [false, false, true]),
        ] {
            assert_eq!(decided(&format!("{what}\n{who}"), "2027-01-31"), (expected.to_vec(), vec![]), "{what}");
            let (seen, notices) = decided(&format!("{what}\n{who}"), "2027-02-01");
            assert_eq!((seen, notices.len()), (vec![false; 3], 1), "{what} is over");
            assert!(notices[0].contains("ended on 2027-01-31"), "{notices:?}");
        }
        let (_, notices) = decided(&format!("path = \"none\"\n{who}"), "2027-01-01");
        assert!(notices[0].contains("matches nothing"), "{notices:?}");
    }

    #[test]
    fn an_entry_without_reason_owner_end_or_aim_is_refused() {
        for entry in [
            "path = \"a\"\nreason = \" \"\nowner = \"lin\"\nuntil = \"2027-01-31\"",
            "path = \"a\"\nreason = \"r\"\nuntil = \"2027-01-31\"",
            "path = \"a\"\nreason = \"r\"\nowner = \"lin\"",
            "reason = \"r\"\nowner = \"lin\"\nuntil = \"2027-01-31\"",
            "path = \"a[\"\nreason = \"r\"\nowner = \"lin\"\nuntil = \"2027-01-31\"",
            "paths = \"a\"\nreason = \"r\"\nowner = \"lin\"\nuntil = \"2027-01-31\"",
        ] {
            let text = format!("kind = \"suppressions\"\nversion = 1\n[[suppress]]\nrule = \"model.x\"\n{entry}\n");
            assert!(Suppressions::parse(&text, "s.toml").is_err(), "{entry}");
        }
    }
}
