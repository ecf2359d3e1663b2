//! What detectors hear in the sentences of a text.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use jingwei_core::{Limits, Span};
use jingwei_text::{Encoding, decode_layers};

use crate::{
    Direction, Engine,
    compile::{Active, CompiledRule},
    detector::{Detector, Judgement},
};

/// What detectors said about sentences.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    /// Index of the sentence, and of the rule.
    pub hits: BTreeSet<(usize, usize)>,
    /// Highest probability, by `detector/head`.
    pub scores: BTreeMap<String, f64>,
    /// Which detectors gave no judgement, why, and which rules rely on them.
    pub unavailable: BTreeMap<String, BTreeSet<usize>>,
    /// What each detector said of each sentence, by its id.
    judged: BTreeMap<String, Vec<Vec<Judgement>>>,
}

impl Heard {
    /// No detector was asked.
    pub fn is_empty(&self) -> bool {
        self.hits.is_empty() && self.scores.is_empty() && self.unavailable.is_empty() && self.judged.is_empty()
    }

    /// Adds scores and failures; hits are of one text.
    pub fn add(&mut self, other: Self) {
        if other.is_empty() {
            return;
        }
        for (head, score) in other.scores {
            let entry = self.scores.entry(head).or_insert(0.0);
            *entry = entry.max(score);
        }
        for (what, rules) in other.unavailable {
            self.unavailable.entry(what).or_default().extend(rules);
        }
    }
}

impl Engine {
    /// Asks the detectors of the active rules about sentences, with their escapes read, from index `from` on; those
    /// before are context.
    pub(crate) fn listen(
        &self,
        active: &Active,
        direction: Direction,
        sentences: &[&str],
        from: usize,
        limits: &Limits,
    ) -> Heard {
        let mut heard = Heard::default();
        if from >= sentences.len() {
            return heard;
        }
        for rule in &active.semantic {
            match self.rules.get(*rule) {
                Some(CompiledRule::Semantic(semantic)) => {
                    let detector = semantic.detector.as_ref();
                    if let Err(what) = heard.ask(&semantic.id, detector, sentences, from, direction, limits) {
                        heard.unavailable.entry(what).or_default().insert(*rule);
                        continue;
                    }
                    let judged = heard.judged.get(&semantic.id).map_or(&[][..], Vec::as_slice);
                    let hits = judged.iter().enumerate().filter(|(_, all)| all.iter().any(|j| semantic.is_hit(j)));
                    let hits: Vec<usize> = hits.map(|(nth, _)| from + nth).collect();
                    heard.hits.extend(hits.into_iter().map(|nth| (nth, *rule)));
                }
                Some(CompiledRule::Topic(topic)) => {
                    for (nth, sentence) in sentences.iter().enumerate().skip(from) {
                        if topic.is_outside(sentence) {
                            heard.hits.insert((nth, *rule));
                        }
                    }
                }
                _ => {}
            }
        }
        heard
    }
}

/// A sentence with the escapes in it (`%E7`, `&#28856;`, `\\u70b8`) read, and without what is encoded in it, which is
/// judged as a text of its own: what detectors are asked about.
pub(crate) fn unescape<'s>(sentence: &'s str, limits: &Limits) -> Cow<'s, str> {
    let mut text = Cow::Borrowed(sentence);
    for _ in 0..MAX_ESCAPES {
        let layers = decode_layers(&text, limits).layers;
        let encoded = layers.iter().filter(|layer| matches!(layer.encoding, Encoding::Base64 | Encoding::Hex));
        let runs: Vec<Span> = encoded.map(|layer| layer.map.span(0..layer.text.len())).collect();
        if !runs.is_empty() {
            let mut rest = String::new();
            let mut at = 0;
            for run in runs {
                rest.push_str(text.get(at..run.start).unwrap_or_default());
                rest.push(' ');
                at = run.end;
            }
            rest.push_str(text.get(at..).unwrap_or_default());
            text = Cow::Owned(rest);
            continue;
        }
        let Some(inner) = layers.into_iter().find(|layer| layer.encoding.is_in_place()) else { break };
        text = Cow::Owned(inner.text);
    }
    text
}

/// Escapes in escapes in escapes.
const MAX_ESCAPES: usize = 4;

impl Heard {
    /// Asks a detector once.
    pub(crate) fn ask(
        &mut self,
        id: &str,
        detector: &dyn Detector,
        sentences: &[&str],
        from: usize,
        direction: Direction,
        limits: &Limits,
    ) -> Result<(), String> {
        if self.judged.contains_key(id) {
            return Ok(());
        }
        let judged = windows(detector, sentences, from, direction, limits)?;
        for judgement in judged.iter().flatten() {
            let entry = self.scores.entry(format!("{id}/{}", judgement.head)).or_insert(0.0);
            *entry = entry.max(judgement.probability);
        }
        self.judged.insert(id.to_owned(), judged);
        Ok(())
    }

    /// Highest probability that a head gives to sentences of a range; `None` where the detector was not heard.
    pub(crate) fn probability(&self, detector: &str, head: &str, sentences: Range<usize>) -> Option<f64> {
        let judged = self.judged.get(detector)?.get(sentences)?;
        let of_head = judged.iter().flatten().filter(|judgement| judgement.head == head);
        Some(of_head.map(|judgement| judgement.probability).fold(0.0, f64::max))
    }
}

/// The worst that a detector says of each sentence from `from` on: alone, and after the two before it.
pub(crate) fn windows(
    detector: &dyn Detector,
    sentences: &[&str],
    from: usize,
    direction: Direction,
    limits: &Limits,
) -> Result<Vec<Vec<Judgement>>, String> {
    let mut all = Vec::new();
    let batch = usize::try_from(limits.entries).unwrap_or(usize::MAX).clamp(1, BATCH);
    let mut at = from;
    while at < sentences.len() {
        let end = (at + batch).min(sentences.len());
        let context = at.saturating_sub(CONTEXT);
        let judged = detector.judge_sentences(&sentences[context..end], at - context, direction);
        all.extend(judged.map_err(|unavailable| unavailable.to_string())?);
        at = end;
    }
    Ok(all)
}

/// Sentences before one that are read with it.
pub(crate) const CONTEXT: usize = 2;
/// Sentences that a detector is asked about at once.
const BATCH: usize = 64;
