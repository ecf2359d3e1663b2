//! What is kept of the attempts of a run until it is summed up.

use std::collections::HashMap;

use jingwei_core::{Arm, Digest};

use crate::{Attempt, JudgedBy, Judgement, Name, Names, Outcome, Plan};

/// Attempts of a plan in as little memory as may be: what the plan says of them is not repeated. Digests of replies and
/// places in them are left out; only the journal keeps those.
#[derive(Debug, Default)]
pub struct KeptAttempts {
    attempts: Vec<Kept>,
    judgements: Vec<KeptJudgement>,
    names: Vec<Name>,
    numbers: HashMap<Name, u32>,
}

#[derive(Debug)]
struct Kept {
    key: Digest,
    /// In the plan.
    number: u32,
    arm: Arm,
    outcome: Outcome,
    filtered: bool,
    judgements: u16,
    /// Number of the name.
    reason: u32,
    requests: u32,
    input_tokens: u64,
    output_tokens: u64,
}

#[derive(Debug)]
struct KeptJudgement {
    /// Numbers of the names.
    judge: u32,
    reason: u32,
    outcome: Outcome,
    score: Option<f64>,
}

/// Where an attempt lies, and before and after which others it is given back.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// Number of its arm among those that are asked for.
    arm: usize,
    number: u32,
    index: usize,
    /// Of its judgements.
    start: usize,
}

impl KeptAttempts {
    /// With room for so many.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self { attempts: Vec::with_capacity(count), judgements: Vec::with_capacity(count), ..Self::default() }
    }

    /// `number` is that of the attempt in its plan. Of more judgements than a suite can name the rest is left out.
    pub fn push(&mut self, number: u32, attempt: &Attempt) {
        let before = self.judgements.len();
        for JudgedBy { judge, judgement } in attempt.judgements.iter().take(usize::from(u16::MAX)) {
            let (judge, reason) = (self.number_of(judge), self.number_of(&judgement.reason));
            let Judgement { outcome, score, .. } = *judgement;
            self.judgements.push(KeptJudgement { judge, reason, outcome, score });
        }
        let Attempt { key, arm, outcome, filtered, requests, input_tokens, output_tokens, .. } = *attempt;
        let judgements = u16::try_from(self.judgements.len() - before).unwrap_or(u16::MAX);
        let reason = self.number_of(&attempt.reason);
        let kept =
            Kept { key, number, arm, outcome, filtered, judgements, reason, requests, input_tokens, output_tokens };
        self.attempts.push(kept);
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.attempts.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.attempts.is_empty()
    }

    /// Outcome and reason of each.
    pub fn outcomes(&self) -> impl Iterator<Item = (Outcome, &str)> {
        self.attempts.iter().map(|kept| (kept.outcome, self.name(kept.reason).map_or("", Name::as_str)))
    }

    /// The attempts of the plan in its order, arm after arm; of those with one key the first.
    #[must_use]
    pub fn restored(self, plan: &Plan, arms: &[Arm]) -> Vec<Attempt> {
        let places = self.places(arms);
        let mut names = Names::default();
        let mut attempts = Vec::with_capacity(places.len());
        for Place { index, start, .. } in places {
            let attempt = self.attempts.get(index).and_then(|kept| self.attempt(plan, kept, start));
            attempts.extend(attempt.map(|attempt| attempt.condensed(&mut names)));
        }
        attempts
    }

    /// Where those that are given back lie, in the order in which they are. Nothing is copied here that grows with the
    /// attempts but these places: a run is at its largest when it is summed up.
    fn places(&self, arms: &[Arm]) -> Vec<Place> {
        let mut places = Vec::with_capacity(self.attempts.len());
        // Judgements lie in the order in which attempts came.
        let mut start = 0;
        for (index, kept) in self.attempts.iter().enumerate() {
            if let Some(arm) = arms.iter().position(|known| *known == kept.arm) {
                places.push(Place { arm, number: kept.number, index, start });
            }
            start += usize::from(kept.judgements);
        }
        let key = |place: &Place| self.attempts.get(place.index).map(|kept| kept.key);
        places.sort_unstable_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.cmp(b)));
        places.dedup_by(|later, first| key(later) == key(first));
        places.sort_unstable();
        places
    }

    fn attempt(&self, plan: &Plan, kept: &Kept, start: usize) -> Option<Attempt> {
        let planned = plan.get(usize::try_from(kept.number).ok()?)?;
        let judgements = self.judgements.get(start..start + usize::from(kept.judgements))?;
        let judged = |kept: &KeptJudgement| {
            let KeptJudgement { judge, reason, outcome, score } = *kept;
            let judgement = Judgement { outcome, score, reason: self.name(reason).cloned()?, cues: Vec::new() };
            Some(JudgedBy { judge: self.name(judge).cloned()?, judgement })
        };
        Some(Attempt {
            outcome: kept.outcome,
            filtered: kept.filtered,
            reason: self.name(kept.reason).cloned()?,
            requests: kept.requests,
            input_tokens: kept.input_tokens,
            output_tokens: kept.output_tokens,
            judgements: judgements.iter().filter_map(judged).collect(),
            ..Attempt::blank(plan, &planned, kept.arm, kept.key)?
        })
    }

    fn name(&self, number: u32) -> Option<&Name> {
        self.names.get(usize::try_from(number).ok()?)
    }

    fn number_of(&mut self, name: &Name) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        // A run has fewer attempts, and so fewer names.
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.clone());
        self.numbers.insert(name.clone(), number);
        number
    }
}
