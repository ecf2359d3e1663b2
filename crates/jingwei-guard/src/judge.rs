//! Surfaces in, verdict out.

use std::collections::BTreeSet;

use jingwei_core::{Action, Limits, RuleHit, Verdict};

use crate::{
    Direction, Engine, Mode, OnFailure, Surface, Unjudged,
    scan::{Found, Scanner},
};

impl Engine {
    /// Judges the texts of a request or a reply. Hits are in order of surface and place; those of shadow rules
    /// carry the action `allow`.
    #[must_use]
    pub fn judge(&self, direction: Direction, surfaces: &[Surface], limits: &Limits) -> Verdict {
        let mut verdict = self.empty_verdict();
        let most = usize::try_from(limits.entries).unwrap_or(usize::MAX);
        for surface in surfaces.iter().take(most) {
            self.judge_surface(direction, surface, limits, &mut verdict);
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
        self.judge(direction, &[Surface::bare(direction, text)], limits)
    }

    pub(crate) fn empty_verdict(&self) -> Verdict {
        Verdict { action: Action::Allow, hits: Vec::new(), unjudged: Vec::new(), policy: self.version().to_owned() }
    }

    fn judge_surface(&self, direction: Direction, surface: &Surface, limits: &Limits, verdict: &mut Verdict) {
        match &surface.unjudged {
            Some(Unjudged::NotText(what)) => verdict.unjudged.push(place(surface, what)),
            Some(Unjudged::Limit(what)) => self.fail(direction, Some(surface), what.clone(), verdict),
            None => {}
        }
        let (text, cut) = within_limit(&surface.text, limits);
        let scanner = Scanner { engine: self, direction, role: surface.role, limits };
        let scanned = scanner.whole(text);
        for found in scanned.found {
            self.record(found, surface, verdict);
        }
        let mut unread: BTreeSet<String> = scanned.skipped.into_iter().collect();
        unread.extend(cut.then(|| too_long(limits)));
        for what in unread {
            self.fail(direction, Some(surface), what, verdict);
        }
    }

    /// Enters a hit and its consequence.
    pub(crate) fn record(&self, found: Found, surface: &Surface, verdict: &mut Verdict) {
        let Some(rule) = self.policy.rules.get(found.rule) else { return };
        let action = if rule.mode == Mode::Enforce { rule.action } else { Action::Allow };
        verdict.action = verdict.action.max(action);
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
                Some(role) => self.is_active(index, direction, role),
                None => rule.mode != Mode::Off && rule.direction.covers(direction),
            };
            if concerned && rule.mode == Mode::Enforce {
                verdict.action = verdict.action.max(match rule.on_failure {
                    OnFailure::Open => Action::Allow,
                    OnFailure::Degrade => Action::Confirm,
                    OnFailure::Closed => Action::Block,
                });
            }
        }
        verdict.unjudged.push(surface.map_or(what.clone(), |surface| place(surface, &what)));
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
