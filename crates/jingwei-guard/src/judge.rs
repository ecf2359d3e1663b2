//! Surfaces in, verdict out.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use jingwei_core::{Action, Limits, RuleHit, RuleId, Span, Verdict};
use jingwei_text::is_ideograph;

use crate::{
    Direction, Engine, Mode, OnFailure, Surface, Unjudged,
    scan::{Found, Scanner},
    sentences::Heard,
};

impl Engine {
    /// Judges the texts of a request or a reply. Hits are in order of surface and place, and after them come those that
    /// parts of a message give only together; those of shadow rules carry the action `allow`.
    #[must_use]
    pub fn judge(&self, direction: Direction, surfaces: &[Surface], limits: &Limits) -> Verdict {
        let mut verdict = self.empty_verdict();
        let most = usize::try_from(limits.entries).unwrap_or(usize::MAX);
        for surface in surfaces.iter().take(most) {
            self.judge_surface(direction, surface, &surface.text, limits, &mut verdict);
        }
        let lists = parts_of_messages(surfaces.get(..most.min(surfaces.len())).unwrap_or_default());
        if !lists.is_empty() {
            let mut known: BTreeSet<Place> = verdict.hits.iter().map(place_of).collect();
            for parts in lists {
                self.judge_parts(direction, &parts, limits, &mut known, &mut verdict);
            }
        }
        if surfaces.len() > most {
            let note = format!("{} texts after the first {most}", surfaces.len() - most);
            self.fail(direction, None, note, &mut verdict);
        }
        verdict
    }

    /// Judges one bare text of a user or of the model.
    #[must_use]
    pub fn judge_text(&self, direction: Direction, text: &str, limits: &Limits) -> Verdict {
        let mut verdict = self.empty_verdict();
        self.judge_surface(direction, &Surface::bare(direction, ""), text, limits, &mut verdict);
        verdict
    }

    pub(crate) fn empty_verdict(&self) -> Verdict {
        Verdict {
            action: Action::Allow,
            content: Action::Allow,
            hits: Vec::new(),
            scores: BTreeMap::new(),
            unjudged: Vec::new(),
            policy: self.version().to_owned(),
        }
    }

    /// The text is that of the surface.
    fn judge_surface(
        &self,
        direction: Direction,
        surface: &Surface,
        text: &str,
        limits: &Limits,
        verdict: &mut Verdict,
    ) {
        match &surface.unjudged {
            Some(Unjudged::NotText(what)) => verdict.unjudged.push(place(surface, what)),
            Some(Unjudged::Limit(what)) => self.fail(direction, Some(surface), what.clone(), verdict),
            None => {}
        }
        let (text, cut) = within_limit(text, limits);
        let scanned = Scanner::new(self, direction, surface.role, limits).whole(text);
        verdict.hits.reserve(scanned.found.len());
        for found in scanned.found {
            self.record(found, surface, verdict);
        }
        self.hear(scanned.heard, Some(surface), verdict);
        if cut || !scanned.skipped.is_empty() {
            let mut unread: BTreeSet<String> = scanned.skipped.into_iter().collect();
            unread.extend(cut.then(|| too_long(limits)));
            for what in unread {
                self.fail(direction, Some(surface), what, verdict);
            }
        }
    }

    /// Judges the parts of one message as the texts that a model may read them as. A hit is entered for each part that
    /// it touches, unless that part gave it alone.
    fn judge_parts(
        &self,
        direction: Direction,
        parts: &[&Surface],
        limits: &Limits,
        known: &mut BTreeSet<Place>,
        verdict: &mut Verdict,
    ) {
        let Some(first) = parts.first() else { return };
        for separator in separators(parts) {
            let (text, places) = joined(parts, separator);
            let (text, cut) = within_limit(&text, limits);
            let scanned = Scanner::new(self, direction, first.role, limits).whole(text);
            for found in scanned.found {
                let from = places.partition_point(|place| place.end <= found.span.start);
                let touched = places.iter().zip(parts).skip(from).take_while(|(at, _)| at.start < found.span.end);
                for (at, part) in touched {
                    let start = found.span.start.max(at.start) - at.start;
                    let end = found.span.end.min(at.end) - at.start;
                    let Some(rule) = self.policy.rules.get(found.rule).filter(|_| start < end) else { continue };
                    let span = Span { start, end };
                    if known.insert((part.path.clone(), span, rule.id.clone())) {
                        self.record(Found { span, ..found }, part, verdict);
                    }
                }
            }
            self.hear(scanned.heard, Some(first), verdict);
            let mut unread: BTreeSet<String> = scanned.skipped.into_iter().collect();
            unread.extend(cut.then(|| too_long(limits)));
            for what in unread {
                self.fail(direction, Some(first), what, verdict);
            }
        }
        // What a part alone left unread was told already.
        let mut told = BTreeSet::new();
        verdict.unjudged.retain(|what| told.insert(what.clone()));
    }

    /// Enters a hit and its consequence.
    pub(crate) fn record(&self, found: Found, surface: &Surface, verdict: &mut Verdict) {
        let Some(rule) = self.policy.rules.get(found.rule) else { return };
        let acts = rule.mode == Mode::Enforce && !found.harmless;
        let action = if acts { rule.action } else { Action::Allow };
        verdict.action = verdict.action.max(action);
        verdict.content = verdict.content.max(action);
        verdict.hits.push(RuleHit {
            rule: rule.id.clone(),
            action,
            severity: rule.severity,
            surface: surface.path.clone(),
            span: found.span,
        });
    }

    /// Enters what could not be judged, and what its rules want done about that.
    pub(crate) fn fail(&self, direction: Direction, surface: Option<&Surface>, what: String, verdict: &mut Verdict) {
        for (index, rule) in self.policy.rules.iter().enumerate() {
            let role = surface.map(|surface| surface.role);
            let concerned = match role {
                Some(role) => self.active(direction, role).has(index),
                None => rule.mode != Mode::Off && rule.direction.covers(direction),
            };
            if concerned && rule.mode == Mode::Enforce {
                verdict.action = verdict.action.max(asked_by(rule.on_failure));
            }
        }
        verdict.unjudged.push(surface.map_or(what.clone(), |surface| place(surface, &what)));
    }
}

impl Engine {
    /// What a rule wants done when it cannot be applied.
    pub(crate) fn asks_on_failure(&self, rule: usize) -> Action {
        let rule = self.policy.rules.get(rule).filter(|rule| rule.mode == Mode::Enforce);
        rule.map_or(Action::Allow, |rule| asked_by(rule.on_failure))
    }

    /// Enters what detectors said, and where they could not: then the rules that rely on them decide.
    pub(crate) fn hear(&self, heard: Heard, surface: Option<&Surface>, verdict: &mut Verdict) {
        if heard.is_empty() {
            return;
        }
        for (head, score) in heard.scores {
            let entry = verdict.scores.entry(head).or_insert(0.0);
            *entry = entry.max(score);
        }
        for (what, rules) in heard.unavailable {
            for rule in rules {
                verdict.action = verdict.action.max(self.asks_on_failure(rule));
            }
            let what = surface.map_or(what.clone(), |surface| place(surface, &what));
            if !verdict.unjudged.contains(&what) {
                verdict.unjudged.push(what);
            }
        }
    }
}

/// The surface of a hit, where in it, and its rule.
type Place = (String, Span, RuleId);

fn place_of(hit: &RuleHit) -> Place {
    (hit.surface.clone(), hit.span, hit.rule.clone())
}

/// The texts of each message that comes in parts.
fn parts_of_messages(surfaces: &[Surface]) -> Vec<Vec<&Surface>> {
    let mut lists: BTreeMap<u32, Vec<&Surface>> = BTreeMap::new();
    for surface in surfaces {
        if let Some(list) = surface.part_of {
            lists.entry(list).or_default().push(surface);
        }
    }
    lists.into_values().collect()
}

/// What may stand between the parts: servers put a line end or nothing. It makes a difference where both sides of a
/// border could be one word or number; else a line end says the same.
fn separators(parts: &[&Surface]) -> &'static [&'static str] {
    let runs_on = |c: char| !c.is_whitespace() && !is_ideograph(c);
    let joins = parts.windows(2).any(|pair| {
        let [before, after] = pair else { return false };
        before.text.chars().next_back().is_some_and(runs_on) && after.text.chars().next().is_some_and(runs_on)
    });
    if joins { &["\n", ""] } else { &["\n"] }
}

/// The parts as one text, and where each stands in it.
fn joined(parts: &[&Surface], separator: &str) -> (String, Vec<Range<usize>>) {
    let mut text = String::new();
    let mut places = Vec::with_capacity(parts.len());
    for (nth, part) in parts.iter().enumerate() {
        if nth > 0 {
            text.push_str(separator);
        }
        places.push(text.len()..text.len() + part.text.len());
        text.push_str(&part.text);
    }
    (text, places)
}

fn asked_by(on_failure: OnFailure) -> Action {
    match on_failure {
        OnFailure::Open => Action::Allow,
        OnFailure::Degrade => Action::Confirm,
        OnFailure::Closed => Action::Block,
    }
}

fn place(surface: &Surface, what: &str) -> String {
    if surface.path.is_empty() { what.to_owned() } else { format!("{}: {what}", surface.path) }
}

pub(crate) fn too_long(limits: &Limits) -> String {
    format!("the text is longer than {} bytes; the rest was not read", limits.string_bytes)
}

/// The part of a text that is read, and whether something was left.
pub(crate) fn within_limit<'a>(text: &'a str, limits: &Limits) -> (&'a str, bool) {
    let most = usize::try_from(limits.string_bytes).unwrap_or(usize::MAX);
    if text.len() <= most {
        return (text, false);
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    (text.get(..end).unwrap_or_default(), true)
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
