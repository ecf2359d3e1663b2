//! What judges the meaning of sentences: the built-in heads, an encoder in a folder, a guard model behind a network.
//!
//! A detector answers or says that it cannot; it never decides. What follows from either is the rule's business.

use std::{collections::BTreeMap, fmt::Debug, sync::Arc};

use jingwei_core::Digest;

use crate::{Direction, Level, sentences::CONTEXT};

/// One judgement of one text by one head.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// `injection`, `harm`.
    pub head: String,
    /// The likeliest class other than `none`: `A.1`, `injection`.
    pub class: String,
    /// Calibrated probability that the text is of any class but `none`, from 0 to 1.
    pub probability: f64,
    pub level: Level,
}

/// Why a detector gave no judgement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detector} is unavailable: {}", .cause.tag())]
pub struct Unavailable {
    pub detector: String,
    pub cause: UnavailableCause,
}

/// A bounded vocabulary, fit for labels of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnavailableCause {
    TimedOut,
    /// It failed several times in a row and is left alone for a while.
    CircuitOpen,
    /// The calls of this minute are used up.
    OverBudget,
    /// It could not be reached, or answered with an error.
    Failed,
    /// It answered something that is no judgement.
    Garbled,
}

impl UnavailableCause {
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::CircuitOpen => "circuit_open",
            Self::OverBudget => "over_budget",
            Self::Failed => "failed",
            Self::Garbled => "garbled",
        }
    }
}

/// Judges texts by meaning. May block its thread for as long as its own time-out.
pub trait Detector: Debug + Send + Sync {
    /// One list of judgements per text, in the order of the texts: one judgement per head.
    /// Texts are whole sentences or a few of them, in the user's own writing.
    fn judge(&self, texts: &[&str], direction: Direction) -> Result<Vec<Vec<Judgement>>, Unavailable>;

    /// The worst judgement of each head for each sentence from index `from` on: read alone, and after the (at most
    /// two) sentences before it. Sentences before `from` are context only.
    fn judge_sentences(
        &self,
        sentences: &[&str],
        from: usize,
        direction: Direction,
    ) -> Result<Vec<Vec<Judgement>>, Unavailable> {
        let joined = with_context(sentences, from);
        let alone = self.judge(sentences.get(from..).unwrap_or_default(), direction)?;
        let joined = self.judge(&joined.iter().map(String::as_str).collect::<Vec<_>>(), direction)?;
        let worse = |a: Judgement, b: Judgement| {
            if (b.level, b.probability) > (a.level, a.probability) { b } else { a }
        };
        let merge = |(alone, joined): (Vec<Judgement>, Vec<Judgement>)| {
            let mut joined = joined;
            let mut merged: Vec<Judgement> = Vec::with_capacity(alone.len());
            for judgement in alone {
                match joined.iter().position(|other| other.head == judgement.head) {
                    Some(at) => merged.push(worse(judgement, joined.swap_remove(at))),
                    None => merged.push(judgement),
                }
            }
            merged.extend(joined);
            merged
        };
        Ok(alone.into_iter().zip(joined).map(merge).collect())
    }

    /// Whether it has a head, and in it a class, with these names. A detector that cannot tell says yes.
    fn knows(&self, _head: &str, _class: Option<&str>) -> bool {
        true
    }

    /// Digest of everything that its judgements depend on: weights, calibration, prompts, name of the model.
    fn digest(&self) -> Digest;

    /// Whether it answers within microseconds, so that it may run where other requests wait.
    fn is_instant(&self) -> bool;
}

/// Each sentence from index `from` on, after the (at most two) sentences before it.
#[must_use]
pub fn with_context(sentences: &[&str], from: usize) -> Vec<String> {
    let window = |at: usize| sentences.get(at.saturating_sub(CONTEXT)..=at).unwrap_or_default().concat();
    (from..sentences.len()).map(window).collect()
}

/// Detectors by the id that a policy gives them.
pub type Detectors = BTreeMap<String, Arc<dyn Detector>>;
