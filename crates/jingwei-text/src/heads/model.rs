//! The weights, their file, and scoring.

use std::{collections::BTreeMap, iter::Sum, ops::Add};

use jingwei_core::{Digest, Lang, Limits};
use serde::{Deserialize, Serialize};

use super::{
    calibrate::{Calibration, Margins},
    features::{FEATURES, Letters, features},
};
use crate::{plain_form, sentences};

const MAGIC: &[u8; 8] = b"JWHEADS1";
/// Largest header of a model file.
const MAX_HEADER_BYTES: usize = 64 << 10;
const MAX_SLOTS_LOG2: u32 = 22;
const MAX_HEADS: usize = 7;
/// Outputs of one slot: with the check byte before them, eight bytes, so that a slot never crosses a cache line.
pub(super) const OUTPUTS: usize = 7;
/// Most sentences that are judged together.
pub const WINDOW: usize = 3;

/// How bad, by the thresholds of the text's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Safe,
    /// Sensitive; depends on the context.
    Controversial,
    Unsafe,
}

/// One question that the model answers about a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// `injection`, `harm`.
    pub id: String,
    /// Output whose sum says how likely any class but `none` is.
    pub(super) output: usize,
    /// Classes other than `none`, with the output that tells the class from the others. A head with one class needs none.
    pub(super) classes: BTreeMap<String, Option<usize>>,
    pub(super) calibration: BTreeMap<Lang, Calibration>,
}

impl Head {
    pub fn classes(&self) -> impl Iterator<Item = &str> {
        self.classes.keys().map(String::as_str)
    }

    #[must_use]
    pub fn calibration(&self, lang: Lang) -> Option<&Calibration> {
        self.calibration.get(&lang)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub features: u32,
    pub slots_log2: u32,
    /// Added to the number of features of a text before the root is taken: very short texts stay near the prior.
    pub smoothing: f64,
    /// What one of a weight's [`steps`] is worth, per output.
    pub scales: [f64; OUTPUTS],
    /// Added to the sums of a text in this language, per output.
    pub biases: BTreeMap<Lang, [f64; OUTPUTS]>,
    pub heads: Vec<Head>,
    /// Digest of the manifest that says from what the weights were trained.
    pub manifest: Option<Digest>,
    /// Digest of the slots.
    pub weights: Digest,
}

/// Check byte of the feature that the slot belongs to (0: nobody's), then a weight per output, as [`steps`] reads it.
pub(super) type Slot = [u8; 1 + OUTPUTS];

/// Linear heads over hashed features.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(super) header: Header,
    pub(super) slots: Vec<Slot>,
}

/// The bytes are no model that this program can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error("not a model of heads: the file does not begin with JWHEADS1")]
    NotAModel,
    #[error("the model is cut short or has bytes left over: {found} bytes where {expected} are needed")]
    Length { expected: u64, found: u64 },
    #[error("the model has {found} bytes, more than the limit of {limit}")]
    TooLarge { limit: u64, found: u64 },
    #[error("the model's header is unusable: {0}")]
    Header(String),
    #[error("the model's weights are not those that its header names")]
    Damaged,
}

/// What the features of some text add up to. Sums of sentences can be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    dots: [i32; OUTPUTS],
    features: u32,
    letters: Letters,
}

impl Add for Sums {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        for (mine, theirs) in self.dots.iter_mut().zip(other.dots) {
            *mine = mine.saturating_add(theirs);
        }
        self.features = self.features.saturating_add(other.features);
        self.letters.ideographs = self.letters.ideographs.saturating_add(other.letters.ideographs);
        self.letters.others = self.letters.others.saturating_add(other.letters.others);
        self
    }
}

impl Sum for Sums {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::default(), Add::add)
    }
}

impl Sums {
    /// Chinese where at least one letter in five is a Chinese character.
    #[must_use]
    pub fn lang(&self) -> Lang {
        let Letters { ideographs, others } = self.letters;
        let is_chinese = ideographs > 0 && u64::from(ideographs) * 5 >= u64::from(ideographs) + u64::from(others);
        if is_chinese { Lang::Zh } else { Lang::En }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.features == 0
    }
}

/// What one head says about a text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeadScore<'a> {
    pub head: &'a str,
    /// Likeliest class other than `none`.
    pub class: &'a str,
    /// Calibrated probability of any class but `none`, from 0 to 1.
    pub probability: f64,
    pub severity: Severity,
}

/// One score per head, in the model's order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores<'a> {
    pub lang: Lang,
    pub heads: Vec<HeadScore<'a>>,
}

impl Scores<'_> {
    #[must_use]
    pub fn head(&self, id: &str) -> Option<&HeadScore<'_>> {
        self.heads.iter().find(|head| head.head == id)
    }
}

impl Model {
    /// Reads a model file. Everything in it is checked before it is used.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, ModelError> {
        let found = bytes.len() as u64;
        if found > limits.header_bytes {
            return Err(ModelError::TooLarge { limit: limits.header_bytes, found });
        }
        let rest = bytes.strip_prefix(MAGIC).ok_or(ModelError::NotAModel)?;
        let short = |expected: usize| ModelError::Length { expected: expected as u64, found };
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(|| short(12))?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if length > MAX_HEADER_BYTES {
            return Err(ModelError::Header(format!("it has {length} bytes, more than {MAX_HEADER_BYTES}")));
        }
        let (header, weights) = rest.split_at_checked(length).ok_or_else(|| short(12 + length))?;
        let header: Header = serde_json::from_slice(header).map_err(|error| ModelError::Header(error.to_string()))?;
        header.check().map_err(ModelError::Header)?;
        let expected = size_of::<Slot>() << header.slots_log2;
        if weights.len() != expected {
            return Err(short(12 + length + expected));
        }
        if Digest::of(weights) != header.weights {
            return Err(ModelError::Damaged);
        }
        let (slots, _) = weights.as_chunks::<{ 1 + OUTPUTS }>();
        Ok(Self { slots: slots.to_vec(), header })
    }

    /// The file of this model: [`Self::parse`] reads it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let header = serde_json::to_vec(&self.header).map_err(|error| ModelError::Header(error.to_string()))?;
        let length = u32::try_from(header.len()).map_err(|error| ModelError::Header(error.to_string()))?;
        let mut bytes = Vec::with_capacity(12 + header.len() + self.slots.len() * size_of::<Slot>());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(self.slots.as_flattened());
        Ok(bytes)
    }

    #[must_use]
    pub fn heads(&self) -> &[Head] {
        &self.header.heads
    }

    /// Digest of the manifest that says from what the weights were trained.
    #[must_use]
    pub fn manifest(&self) -> Option<Digest> {
        self.header.manifest
    }

    /// The same model with another manifest.
    #[must_use]
    pub fn with_manifest(mut self, manifest: Digest) -> Self {
        self.header.manifest = Some(manifest);
        self
    }

    /// Scores one text in normal form ([`plain_form`]) as a whole.
    #[must_use]
    pub fn score(&self, text: &str) -> Scores<'_> {
        self.scores(&self.accumulate(text))
    }

    /// What the features of a sentence in normal form add up to.
    #[must_use]
    pub fn accumulate(&self, sentence: &str) -> Sums {
        let mut dots = [0_i32; OUTPUTS];
        let mut count = 0_u32;
        let log2 = self.header.slots_log2;
        let letters = features(sentence, |hash| {
            let (slot, check) = place(hash, log2);
            count = count.saturating_add(1);
            let Some([owner, weights @ ..]) = self.slots.get(slot) else { return };
            // No branch: about half of the features of a text are nobody's.
            let mask = -i32::from(*owner == check);
            for (dot, weight) in dots.iter_mut().zip(weights) {
                *dot = dot.wrapping_add(steps(*weight) & mask);
            }
        });
        Sums { dots, features: count, letters }
    }

    /// [`Self::accumulate`] for features that were counted before.
    pub(super) fn sums(&self, counts: &[(u64, u32)], total: u32, letters: Letters) -> Sums {
        let mut sums = Sums { features: total, letters, ..Sums::default() };
        for (hash, count) in counts {
            let (slot, check) = place(*hash, self.header.slots_log2);
            let Some([owner, weights @ ..]) = self.slots.get(slot) else { continue };
            for (dot, weight) in sums.dots.iter_mut().zip(weights).filter(|_| *owner == check) {
                let count = i32::try_from(*count).unwrap_or(i32::MAX);
                *dot = dot.saturating_add(count.saturating_mul(steps(*weight)));
            }
        }
        sums
    }

    /// What the heads say about a text with these sums.
    #[must_use]
    pub fn scores(&self, sums: &Sums) -> Scores<'_> {
        self.scores_of(sums, false)
    }

    fn scores_of(&self, sums: &Sums, is_part: bool) -> Scores<'_> {
        let lang = sums.lang();
        let score = |head| self.head_score(head, sums, lang, is_part);
        Scores { lang, heads: self.header.heads.iter().map(score).collect() }
    }

    /// What the heads say about the last of a few sentences, given the sums of each, in order: those [`WINDOW`] that
    /// the text ends with as they are, and fewer of them where they are bad enough by themselves
    /// ([`Calibration::part_margin`]). The highest probability of a head counts.
    #[must_use]
    pub fn scores_of_last(&self, sentences: &[Sums]) -> Scores<'_> {
        let mut windows = windows_of_last(sentences);
        let (whole, _) = windows.next().unwrap_or_default();
        let mut worst = self.scores(&whole);
        for (window, is_part) in windows {
            raise(&mut worst, self.scores_of(&window, is_part));
        }
        worst
    }

    /// Scores a text as its writer wrote it, as the guard does: after every sentence, [`Self::scores_of_last`]. The
    /// highest probability of a head is the text's.
    #[must_use]
    pub fn judge(&self, text: &str) -> Scores<'_> {
        let sums = self.sentence_sums(text);
        let mut worst = self.scores_of_last(sums.get(..1).unwrap_or_default());
        for end in 2..=sums.len() {
            raise(&mut worst, self.scores_of_last(&sums[..end]));
        }
        worst.lang = sums.iter().copied().sum::<Sums>().lang();
        worst
    }

    /// The language of a text, and the highest sum of a head before calibration among its windows in that language.
    pub(super) fn worst_raw(&self, head: &Head, text: &str, margins: impl Fn(Lang) -> Margins) -> (Lang, f64) {
        let sums = self.sentence_sums(text);
        let all: Sums = sums.iter().copied().sum();
        let lang = all.lang();
        let margins = margins(lang);
        let windows = (1..=sums.len()).flat_map(|end| windows_of_last(&sums[..end]));
        let in_language = windows
            .filter(|(window, _)| window.lang() == lang)
            .map(|(window, is_part)| self.raw(head.output, &window, lang) - margins.of(window.features, is_part));
        let found = in_language.fold(f64::NEG_INFINITY, f64::max);
        (
            lang,
            if found.is_finite() { found } else { self.raw(head.output, &all, lang) - margins.of(all.features, false) },
        )
    }

    fn sentence_sums(&self, text: &str) -> Vec<Sums> {
        sentences(text).map(|s| self.accumulate(&plain_form(s))).filter(|sums| !sums.is_empty()).collect()
    }

    /// The sum of an output before calibration.
    pub(super) fn raw(&self, output: usize, sums: &Sums, lang: Lang) -> f64 {
        let at = |values: &[f64; OUTPUTS]| values.get(output).copied().unwrap_or(0.0);
        let dot = sums.dots.get(output).copied().unwrap_or(0);
        let norm = (f64::from(sums.features) + self.header.smoothing).sqrt().max(1.0);
        f64::from(dot) * at(&self.header.scales) / norm + self.header.biases.get(&lang).map_or(0.0, at)
    }

    fn head_score<'a>(&'a self, head: &'a Head, sums: &Sums, lang: Lang, is_part: bool) -> HeadScore<'a> {
        let likelihood = |output: &Option<usize>| output.map_or(0.0, |output| self.raw(output, sums, lang));
        let class = head.classes.iter().max_by(|a, b| likelihood(a.1).total_cmp(&likelihood(b.1)));
        let class = class.map_or("", |(class, _)| class.as_str());
        let (probability, severity) = match head.calibration.get(&lang) {
            Some(calibration) if !sums.is_empty() => {
                let margin = calibration.margins().of(sums.features, is_part);
                calibration.judge(self.raw(head.output, sums, lang) - margin)
            }
            _ => (0.0, Severity::Safe),
        };
        HeadScore { head: &head.id, class, probability, severity }
    }
}

/// The sentences that a text ends with: [`WINDOW`] of them, then ever fewer, and whether others came before.
fn windows_of_last(sentences: &[Sums]) -> impl Iterator<Item = (Sums, bool)> {
    let longest = sentences.len().min(WINDOW);
    let window = move |length| {
        let last = sentences.get(sentences.len() - length..).unwrap_or_default();
        (last.iter().copied().sum(), length < longest)
    };
    (1..=longest).rev().map(window)
}

fn raise<'a>(worst: &mut Scores<'a>, other: Scores<'a>) {
    for (worst, head) in worst.heads.iter_mut().zip(other.heads) {
        if (head.severity, head.probability) > (worst.severity, worst.probability) {
            *worst = head;
        }
    }
}

/// How many steps of its output's scale a weight is worth: the square of the byte, with its sign, so that small weights
/// are told apart and large ones have room.
pub(super) fn steps(weight: u8) -> i32 {
    let weight = i32::from(i8::from_le_bytes([weight]));
    weight * weight.abs()
}

/// The byte whose [`steps`] come closest.
pub(super) fn byte_of(steps: f64) -> u8 {
    let root = (steps.abs().sqrt().round() * steps.signum()).clamp(-127.0, 127.0);
    // In range by the clamp. Squares are uneven: the root that is closest may not have the closest square.
    let near = |offset: f64| (root + offset).clamp(-127.0, 127.0);
    let closest = [0.0, -1.0, 1.0].map(near).into_iter().min_by(|a, b| {
        let miss = |root: f64| (root * root.abs() - steps).abs();
        miss(*a).total_cmp(&miss(*b))
    });
    (closest.unwrap_or(0.0) as i8).to_le_bytes()[0]
}

/// Slot and check byte of a feature.
pub(super) fn place(hash: u64, slots_log2: u32) -> (usize, u8) {
    let slot = usize::try_from(hash >> (64 - slots_log2)).unwrap_or(usize::MAX);
    let [_, _, _, check, ..] = hash.to_le_bytes();
    (slot, check.max(1))
}

impl Header {
    fn check(&self) -> Result<(), String> {
        if self.features != FEATURES {
            return Err(format!("it wants features {}, this program computes {FEATURES}", self.features));
        }
        if !(1..=MAX_SLOTS_LOG2).contains(&self.slots_log2) {
            return Err(format!("slots_log2 is {}, not from 1 to {MAX_SLOTS_LOG2}", self.slots_log2));
        }
        if self.heads.is_empty() || self.heads.len() > MAX_HEADS {
            return Err(format!("it has {} heads, not from 1 to {MAX_HEADS}", self.heads.len()));
        }
        if !(0.0..=1e6).contains(&self.smoothing) {
            return Err(format!("smoothing is {}, not from 0 to a million", self.smoothing));
        }
        let numbers = self.scales.iter().chain(self.biases.values().flatten());
        if !numbers.copied().all(f64::is_finite) {
            return Err("a scale or bias is not a finite number".to_owned());
        }
        for head in &self.heads {
            let mut outputs = head.classes.values().flatten().chain([&head.output]);
            if head.id.is_empty() || head.classes.is_empty() || outputs.any(|output| *output >= OUTPUTS) {
                return Err(format!("head `{}` has no name, no class or an output beyond {OUTPUTS}", head.id));
            }
            for calibration in head.calibration.values() {
                calibration.check().map_err(|why| format!("head `{}`: {why}", head.id))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_closest_to_their_steps() {
        for weight in i8::MIN + 1..=i8::MAX {
            let byte = weight.to_le_bytes()[0];
            assert_eq!(byte_of(f64::from(steps(byte))), byte, "{weight}");
        }
        for (wanted, expected) in
            [(0.4, 0), (0.6, 1), (2.4, 1), (2.6, 4), (-6.6, -9), (15_900.0, 15_876), (1e9, 16_129)]
        {
            assert_eq!(steps(byte_of(wanted)), expected, "{wanted}");
        }
    }
}
