//! Does something stand before the model, does it compile, and is it kept up?

use std::{collections::BTreeMap, sync::Arc};

use jingwei_catalog::{
    document::{Document, Problems},
    items::{Lexicon, Rule},
};
use jingwei_core::{
    Check, CheckError, Component, ComponentKind, Cost, Ctx, Digest, Finding, Limits, Metric, Observation, Place,
    RuleId, Text, Timestamp,
};

use crate::{
    BUILTIN_SCORECARD, CanaryKey, Detector, Direction, Engine, Judgement, Mode, Parts, Policy, Unavailable,
    UnavailableCause, WarningKind, baseline, coverage, lexicons_of_packs, pack_path, parse_policy,
};

/// The check `guard.policy`: takes endpoints.
#[derive(Debug, Clone)]
pub struct GuardCheck {
    lexicons: Vec<Lexicon>,
    builtin: Document<Policy>,
    rules: BTreeMap<RuleId, Rule>,
}

const ABSENT: &str = "guard.absent";
const INVALID: &str = "guard.policy-invalid";
const NEVER_MATCHES: &str = "guard.rule-never-matches";
const STALE: &str = "guard.lexicon-stale";
/// A lexicon that was not reviewed for longer is stale.
const FRESH_DAYS: i64 = 30;

impl GuardCheck {
    /// `rules` are those of the catalog; the ones whose check is `guard.policy` are kept.
    pub fn new(lexicons: Vec<Lexicon>, rules: impl IntoIterator<Item = Rule>) -> Result<Self, Problems> {
        let own = rules.into_iter().filter(|rule| rule.check.as_str() == "guard.policy");
        Ok(Self { lexicons, builtin: baseline()?, rules: own.map(|rule| (rule.id.clone(), rule)).collect() })
    }

    /// The policy that a component names. `None`: it names none.
    fn policy(&self, component: &Component, ctx: &Ctx<'_>) -> Option<Result<Document<Policy>, String>> {
        let path = component.guard.as_deref()?;
        if path == "builtin" {
            return Some(Ok(self.builtin.clone()));
        }
        let most = jingwei_catalog::document::MAX_BYTES as u64;
        let bytes = ctx.files.read(path, most).map_err(|error| error.to_string());
        Some(bytes.and_then(|bytes| parse_policy(path, &bytes).map_err(|problems| first_of(&problems))))
    }

    /// Compiles a policy with the catalog's lexicons and those of its packs, which lie beside it.
    fn engine(
        &self,
        policy: &Document<Policy>,
        path: &str,
        ctx: &Ctx<'_>,
        limits: &Limits,
    ) -> Result<(Engine, Vec<Lexicon>), Problems> {
        let mut lexicons = self.lexicons.clone();
        lexicons.extend(lexicons_of_packs(policy, limits, |pack| {
            let read = ctx.files.read(&pack_path(path, pack), limits.header_bytes);
            read.map_err(|error| Text::same(error.to_string()))
        })?);
        // Whether detectors can be reached and a key is there is known where the guard runs; here it counts whether the
        // rules hang together.
        let stand_in: Arc<dyn Detector> = Arc::new(Absent);
        let detectors = policy.value.detectors.iter().map(|one| (one.id().to_owned(), Arc::clone(&stand_in)));
        let (detectors, canary) = (detectors.collect(), Some(CanaryKey::new([0; 32])));
        let engine = Engine::compile_with(policy, &Parts { lexicons: &lexicons, detectors, canary })?;
        Ok((engine, lexicons))
    }

    fn finding(
        &self,
        rule: &'static str,
        component: &Component,
        place: Place,
        details: &[(&str, &str)],
    ) -> Result<Observation, CheckError> {
        let id = RuleId::literal(rule);
        let Some(rule) = self.rules.get(&id) else {
            return Err(CheckError::new(format!("the catalog has no rule `{id}`; add catalog/rules/{id}.toml")));
        };
        let fingerprint = Finding::fingerprint_of(&id, &component.id, &place);
        Ok(Observation::Finding(Finding {
            rule: id,
            severity: rule.severity,
            component: component.id.clone(),
            place,
            message: filled(&rule.message, details),
            remedy: rule.remedy.clone(),
            risks: rule.risks.clone(),
            fingerprint,
        }))
    }

    fn never_matching(
        &self,
        engine: &Engine,
        path: &str,
        component: &Component,
        out: &mut Vec<Observation>,
    ) -> Result<(), CheckError> {
        let mut told: Vec<&RuleId> = Vec::new();
        for warning in engine.warnings().iter().filter(|w| w.kind == WarningKind::NeverMatches) {
            if told.contains(&&warning.rule) {
                continue;
            }
            told.push(&warning.rule);
            let place = Place { path: Some(path.to_owned()), key: Some(warning.rule.to_string()), offset: None };
            let details = [("rule", warning.rule.as_str()), ("reason", warning.problem.message.en.as_str())];
            let mut finding = self.finding(NEVER_MATCHES, component, place, &details)?;
            if let (Observation::Finding(finding), Some(rule)) =
                (&mut finding, self.rules.get(&RuleId::literal(NEVER_MATCHES)))
            {
                let zh = [("rule", warning.rule.as_str()), ("reason", warning.problem.message.zh.as_str())];
                finding.message.zh = filled(&rule.message, &zh).zh;
            }
            out.push(finding);
        }
        Ok(())
    }

    /// Stale lexicons, and the age of the one that was reviewed longest ago.
    fn lexicon_age(
        &self,
        engine: &Engine,
        component: &Component,
        now: Timestamp,
        out: &mut Vec<Observation>,
    ) -> Result<(), CheckError> {
        let mut oldest = None;
        for lexicon in engine.lexicons().iter().filter(|lexicon| lexicon.words > 0) {
            let days = now.days_since(lexicon.updated.start()).max(0);
            oldest = oldest.max(Some(days));
            if days > FRESH_DAYS {
                let place = Place { path: None, key: Some(lexicon.id.clone()), offset: None };
                let details = [("lexicon", lexicon.id.as_str()), ("days", &days.to_string())];
                out.push(self.finding(STALE, component, place, &details)?);
            }
        }
        if let Some(days) = oldest {
            out.push(metric("lexicon_age_days", whole(days), "days", component));
        }
        Ok(())
    }
}

/// Stands for a detector that is not asked.
#[derive(Debug)]
struct Absent;

impl Detector for Absent {
    fn judge(&self, _texts: &[&str], _direction: Direction) -> Result<Vec<Vec<Judgement>>, Unavailable> {
        Err(Unavailable { detector: String::new(), cause: UnavailableCause::Failed })
    }

    fn digest(&self) -> Digest {
        Digest::of(b"absent")
    }

    fn is_instant(&self) -> bool {
        true
    }
}

impl Check for GuardCheck {
    fn id(&self) -> &str {
        "guard.policy"
    }

    fn title(&self) -> Text {
        Text::new("护栏策略", "guard policy")
    }

    fn kinds(&self) -> &'static [ComponentKind] {
        &[ComponentKind::Endpoint]
    }

    fn cost(&self) -> Cost {
        Cost::Instant
    }

    fn configuration(&self) -> Digest {
        let parts = [serde_json::json!(self.lexicons), serde_json::json!(self.builtin.value)];
        let [lexicons, builtin] = parts.map(|part| part.to_string());
        let parts = [lexicons, builtin, BUILTIN_SCORECARD.to_owned()];
        Digest::of_parts(["check/1", self.id()].into_iter().chain(parts.iter().map(String::as_str)))
    }

    fn run(&self, component: &Component, ctx: &Ctx<'_>, limits: &Limits) -> Result<Vec<Observation>, CheckError> {
        let mut out = Vec::new();
        let path = component.guard.as_deref().unwrap_or_default();
        let at = |path: &str| Place { path: Some(path.to_owned()), ..Place::default() };
        let compiled = match self.policy(component, ctx) {
            None => {
                out.push(self.finding(ABSENT, component, Place::default(), &[("component", component.id.as_str())])?);
                return Ok(out);
            }
            Some(Ok(policy)) => self.engine(&policy, path, ctx, limits).map_err(|problems| first_of(&problems)),
            Some(Err(reason)) => Err(reason),
        };
        let (engine, lexicons) = match compiled {
            Ok(compiled) => compiled,
            Err(reason) => {
                out.push(self.finding(INVALID, component, at(path), &[("path", path), ("reason", &reason)])?);
                return Ok(out);
            }
        };
        self.never_matching(&engine, path, component, &mut out)?;
        self.lexicon_age(&engine, component, ctx.now, &mut out)?;
        let rules = engine.policy().rules.iter().filter(|rule| rule.mode == Mode::Enforce).count();
        let words = engine.lexicons().iter().map(|lexicon| lexicon.words).sum::<usize>();
        out.push(metric("rules", count(rules), "count", component));
        out.push(metric("lexicon_words", count(words), "count", component));
        out.extend(coverage::keywords(&engine, &lexicons, &component.id));
        out.extend(coverage::heads(&engine, &component.id));
        Ok(out)
    }
}

/// The first problem, and how many more there are.
fn first_of(problems: &Problems) -> String {
    let first = problems.0.first().map(|problem| problem.display(jingwei_core::Lang::En)).unwrap_or_default();
    match problems.0.len() {
        0 | 1 => first,
        more => format!("{first} (and {} more)", more - 1),
    }
}

fn filled(message: &Text, details: &[(&str, &str)]) -> Text {
    let fill = |text: &str| {
        details.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    };
    Text::new(fill(&message.zh), fill(&message.en))
}

fn metric(name: &str, value: f64, unit: &str, component: &Component) -> Observation {
    Observation::Metric(Metric {
        name: name.to_owned(),
        value,
        unit: unit.to_owned(),
        component: component.id.clone(),
        labels: BTreeMap::new(),
        interval: None,
        trial: None,
    })
}

/// Counts and days are far below the 2^32 that a float holds exactly.
fn count(value: usize) -> f64 {
    u32::try_from(value).map_or(f64::from(u32::MAX), f64::from)
}

fn whole(days: i64) -> f64 {
    i32::try_from(days).map_or(f64::from(i32::MAX), f64::from)
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
