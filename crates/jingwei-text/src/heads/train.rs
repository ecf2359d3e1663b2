//! From labelled examples to a model.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::{Digest, Lang};
use serde::{Deserialize, Serialize};

use super::{
    Calibration, Head, Model, Severity, Sums, WINDOW,
    calibrate::{MIN_POINTS, Margins, Point, Rates, calibrate},
    disguise::{Choices, Homophones},
    features::{FEATURES, Letters, features},
    fit::{Instance, Rows, Task},
    model::{Header, OUTPUTS, Slot, byte_of, place, steps},
    vocabulary::{Document, Vocabulary, vocabulary},
};
use crate::{plain_form, sentences};

/// A text that people judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub text: String,
    pub lang: Lang,
    /// `injection`, `harm`. A safe example of class `none` is a benign example for every head.
    pub head: String,
    /// `none`, a class of the head, or [`UNKNOWN_CLASS`].
    pub class: String,
    pub severity: Severity,
    pub source: String,
    /// Examples that are paraphrases of each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    pub split: Split,
}

/// What an example is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    Train,
    /// Calibration and choice of options.
    Dev,
    /// Figures only. Training never looks at it.
    Test,
}

/// Class of an example that is of some class, nobody said which.
pub const UNKNOWN_CLASS: &str = "?";
const NONE: &str = "none";
/// The heads, and their classes other than `none`.
const HEADS: [(&str, &[&str]); 2] = [("injection", &["injection"]), ("harm", &["A.1", "A.2", "A.3", "A.4", "A.5"])];
/// What a controversial example counts for, between benign and unsafe.
const CONTROVERSIAL: f64 = 0.6;

/// Biases are hardly penalised, but for feedback: a few benign texts must not make everything else less harmful.
const FREE_BIAS: f64 = 10.0;

/// How to train. Equal examples and options give equal bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainOptions<'a> {
    /// Chooses which characters are disguised.
    pub seed: u64,
    /// Places in the table, as a power of two. A place takes eight bytes.
    pub slots_log2: u32,
    /// Fewest examples that must show a feature.
    pub fewest: u32,
    /// How closely the examples are followed: the inverse of the penalty.
    pub closeness: f64,
    /// By head: 0 treats all features alike; 1 trusts each as much as it tells the classes apart by itself.
    pub ratio_power: BTreeMap<String, f64>,
    pub smoothing: f64,
    /// Disguised copies of each Chinese example, and what a copy weighs.
    pub copies: u32,
    pub copy_weight: f64,
    /// What each window of a benign example weighs, compared with the example.
    pub window_weight: f64,
    /// By head: how much more a part of a text must sum to than a text of its own ([`Calibration::part_margin`]).
    pub part_margin: BTreeMap<String, f64>,
    /// By head and language: how much more longer texts must sum to ([`Calibration::length_margin`]). 0 where nothing is said.
    pub length_margin: BTreeMap<String, BTreeMap<Lang, f64>>,
    /// Sources of benign examples that are easily mistaken: thresholds are set on these alone, where there are enough.
    pub threshold_sources: BTreeSet<String>,
    /// What an example weighs, by source. 1 where nothing is said.
    pub source_weights: BTreeMap<String, f64>,
    /// What a benign example weighs for a head that its author did not have in mind.
    pub foreign_weight: f64,
    /// Wanted false-positive rates, by head and language.
    pub rates: BTreeMap<String, BTreeMap<Lang, Rates>>,
    /// A model to start from: the examples move its weights, and it keeps what they say nothing of.
    #[serde(skip)]
    pub base: Option<&'a Model>,
    /// What an example weighs where there is a model to start from.
    pub feedback_weight: f64,
}

impl Default for TrainOptions<'_> {
    fn default() -> Self {
        let rates = |controversial, r#unsafe| Rates { controversial, r#unsafe };
        let head = |zh, en| BTreeMap::from([(Lang::Zh, zh), (Lang::En, en)]);
        Self {
            seed: 1,
            slots_log2: 19,
            fewest: 2,
            closeness: 10.0,
            ratio_power: BTreeMap::from([("injection".to_owned(), 1.0), ("harm".to_owned(), 0.5)]),
            smoothing: 8.0,
            copies: 1,
            copy_weight: 0.5,
            window_weight: 1.0,
            part_margin: BTreeMap::from([("injection".to_owned(), 3.0), ("harm".to_owned(), 1.0)]),
            length_margin: BTreeMap::from([("injection".to_owned(), BTreeMap::from([(Lang::En, 2.0)]))]),
            threshold_sources: BTreeSet::new(),
            source_weights: BTreeMap::new(),
            foreign_weight: 1.0,
            rates: BTreeMap::from([
                ("injection".to_owned(), head(rates(0.03, 0.01), rates(0.1, 0.02))),
                ("harm".to_owned(), head(rates(0.04, 0.012), rates(0.05, 0.012))),
            ]),
            base: None,
            feedback_weight: 10.0,
        }
    }
}

/// Why nothing could be trained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    #[error("example {number} is of head `{head}`: there are `injection` and `harm`")]
    UnknownHead { number: usize, head: String },
    #[error("example {number} is of class `{class}`, which head `{head}` does not have")]
    UnknownClass { number: usize, head: String, class: String },
    #[error("example {number} is of class `{class}` and severity {severity:?}: `none` is safe and nothing else is")]
    Contradiction { number: usize, class: String, severity: Severity },
    #[error("head `{head}` needs benign and other examples to learn from")]
    OneSided { head: String },
    #[error("option `{option}` is out of range")]
    Option { option: &'static str },
    #[error("the model to start from does not have the heads `injection` and `harm`")]
    Base,
}

/// What training saw and chose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub examples: u64,
    pub copies: u64,
    /// Features that have a place in the table.
    pub features: u64,
    pub heads: Vec<HeadReport>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadReport {
    pub head: String,
    pub benign: u64,
    pub other: u64,
    pub calibration: BTreeMap<Lang, Calibration>,
}

/// Trains a model on the examples of [`Split::Train`], and calibrates it on those of [`Split::Dev`].
pub fn train<'a>(examples: &[Example], options: &TrainOptions<'a>) -> Result<(Model, Report), TrainError> {
    check(examples, options)?;
    let learnt: Vec<&Example> = examples.iter().filter(|example| example.split == Split::Train).collect();
    let (documents, originals) = documents(&learnt, options);
    let base = options.base.map(|base| base.slots.as_slice());
    let slots_log2 = options.base.map_or(options.slots_log2, |base| base.header.slots_log2);
    let words = vocabulary(&documents, HEADS.len(), slots_log2, options.fewest, base);
    let rows = rows(&documents, &words, slots_log2, options.smoothing);
    let mut solutions = Vec::with_capacity(OUTPUTS);
    for output in outputs() {
        let instances = instances(&output, &learnt, &originals, &documents, options);
        let (positive, negative) = instances.iter().fold((0.0, 0.0), |(p, n), i| (p + i.target, n + 1.0 - i.target));
        let is_two_sided = positive > 0.0 && negative > 0.0;
        // A model to start from stands for the other side.
        let is_learnable = is_two_sided || (options.base.is_some() && !instances.is_empty());
        if !is_learnable && output.class.is_none() && options.base.is_none() {
            return Err(TrainError::OneSided { head: output.head.to_owned() });
        }
        let power = options.ratio_power.get(output.head).copied().unwrap_or(0.5);
        let scales = match &words.ratios.get(output.number).filter(|_| output.class.is_none()) {
            Some(ratios) => ratios.iter().map(|ratio| (ratio + 0.05).powf(power)).collect(),
            None => vec![1.0; words.owners.len()],
        };
        let bias_scale = if options.base.is_some() { 0.0 } else { FREE_BIAS };
        let penalty = 1.0 / options.closeness;
        let task = Task { rows: &rows, instances: &instances, scales: &scales, biases: 2, bias_scale, penalty };
        solutions.push(if is_learnable { task.solve() } else { (vec![0.0; words.owners.len()], vec![0.0; 2]) });
    }
    let mut model = assemble(&words, &solutions, slots_log2, options);
    calibrate_heads(&mut model, examples, options);
    let report = report(&model, &documents, learnt.len());
    Ok((model, report))
}

fn check(examples: &[Example], options: &TrainOptions<'_>) -> Result<(), TrainError> {
    for (number, example) in (1..).zip(examples) {
        let head = example.head.clone();
        let Some((_, classes)) = HEADS.iter().find(|(id, _)| *id == head) else {
            return Err(TrainError::UnknownHead { number, head });
        };
        let class = example.class.as_str();
        if class != NONE && class != UNKNOWN_CLASS && !classes.contains(&class) {
            return Err(TrainError::UnknownClass { number, head, class: class.to_owned() });
        }
        if (class == NONE) != (example.severity == Severity::Safe) {
            return Err(TrainError::Contradiction { number, class: class.to_owned(), severity: example.severity });
        }
    }
    let is_positive = |value: f64| value.is_finite() && value > 0.0;
    for (option, is_fine) in [
        ("slots_log2", (8..=20).contains(&options.slots_log2)),
        ("closeness", is_positive(options.closeness)),
        ("ratio_power", options.ratio_power.values().all(|power| (0.0..=4.0).contains(power))),
        ("part_margin", options.part_margin.values().all(|margin| (0.0..=1e6).contains(margin))),
        ("length_margin", options.length_margin.values().flat_map(BTreeMap::values).all(|m| (0.0..=1e6).contains(m))),
        ("smoothing", (0.0..=1e6).contains(&options.smoothing)),
        ("copies", options.copies <= 16),
        ("copy_weight", is_positive(options.copy_weight)),
        ("window_weight", is_positive(options.window_weight)),
        ("foreign_weight", is_positive(options.foreign_weight)),
        ("feedback_weight", is_positive(options.feedback_weight)),
        ("source_weights", options.source_weights.values().copied().all(is_positive)),
    ] {
        if !is_fine {
            return Err(TrainError::Option { option });
        }
    }
    match options.base {
        Some(base) if base.header.heads != heads(&base.header.heads) => Err(TrainError::Base),
        _ => Ok(()),
    }
}

/// One column of weights to be learnt: whether a text is of the head's classes, or of which of them.
struct Output {
    head: &'static str,
    class: Option<&'static str>,
    number: usize,
}

fn outputs() -> Vec<Output> {
    let binary = HEADS.iter().map(|(head, _)| (*head, None));
    let classes = HEADS.iter().filter(|(_, classes)| classes.len() > 1);
    let classes = classes.flat_map(|(head, classes)| classes.iter().map(move |class| (*head, Some(*class))));
    let number = |(number, (head, class))| Output { head, class, number };
    binary.chain(classes).enumerate().map(number).collect()
}

/// The heads as training makes them, with the calibrations of `known` heads.
fn heads(known: &[Head]) -> Vec<Head> {
    let outputs = outputs();
    let number = |head: &str, class: Option<&str>| outputs.iter().find(|o| o.head == head && o.class == class);
    let head = |(id, classes): &(&str, &[&str])| {
        let class = |class: &&str| ((*class).to_owned(), number(id, Some(class)).map(|output| output.number));
        let known = known.iter().find(|head| head.id == *id);
        Head {
            id: (*id).to_owned(),
            output: number(id, None).map_or(0, |output| output.number),
            classes: classes.iter().map(class).collect(),
            calibration: known.map(|head| head.calibration.clone()).unwrap_or_default(),
        }
    };
    HEADS.iter().map(head).collect()
}

fn target(example: &Example) -> f64 {
    match example.severity {
        Severity::Safe => 0.0,
        Severity::Controversial => CONTROVERSIAL,
        Severity::Unsafe => 1.0,
    }
}

/// What an example says to a head, if anything.
fn target_for(example: &Example, head: &str) -> Option<f64> {
    (example.head == head || example.severity == Severity::Safe).then(|| target(example))
}

/// The examples and their disguised copies, and of which example each is.
fn documents(learnt: &[&Example], options: &TrainOptions<'_>) -> (Vec<Document>, Vec<usize>) {
    let homophones = Homophones::of(learnt.iter().map(|example| example.text.as_str()));
    let mut choices = Choices::new(options.seed);
    let mut groups: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut documents, mut originals) = (Vec::new(), Vec::new());
    for (number, example) in learnt.iter().enumerate() {
        let own = u32::try_from(number).unwrap_or(u32::MAX);
        let group = example.group.as_deref().map_or(own, |group| *groups.entry(group).or_insert(own));
        let by_source = options.source_weights.get(&example.source).copied().unwrap_or(1.0);
        let weight = by_source * if options.base.is_some() { options.feedback_weight } else { 1.0 };
        let targets: Vec<_> = HEADS.iter().map(|(head, _)| target_for(example, head)).collect();
        let mut push = |counted: Counted, weight: f64| {
            let Counted { counts, total, letters } = counted;
            let before = options.base.map(|base| base.sums(&counts, total, letters));
            let is_chinese = letters.ideographs > 0 && letters.ideographs.saturating_mul(4) >= letters.others;
            documents.push(Document { counts, total, is_chinese, group, targets: targets.clone(), weight, before });
            originals.push(number);
            is_chinese
        };
        let sentences: Vec<&str> = sentences(&example.text).collect();
        if push(count(&sentences), weight) {
            for _ in 0..options.copies {
                let disguised = homophones.disguise(&example.text, &mut choices);
                push(count(&[&disguised]), weight * options.copy_weight);
            }
        }
        // The guard judges windows: each part of a benign text is benign, while an attack may sit in one part only.
        if example.severity == Severity::Safe && sentences.len() > 1 {
            for length in 1..=WINDOW.min(sentences.len() - 1) {
                for window in sentences.windows(length).take(MAX_WINDOWS) {
                    push(count(window), weight * options.window_weight);
                }
            }
        }
    }
    (documents, originals)
}

/// Most windows of one length that a benign example gives.
const MAX_WINDOWS: usize = 20;

struct Counted {
    counts: Vec<(u64, u32)>,
    total: u32,
    letters: Letters,
}

/// Features of some sentences, one by one, as the guard sees them.
fn count(sentences: &[&str]) -> Counted {
    let mut all = Vec::new();
    let mut letters = Letters::default();
    for sentence in sentences {
        let normal = plain_form(sentence);
        let found = features(&normal, |hash| all.push(hash));
        letters.ideographs += found.ideographs;
        letters.others += found.others;
    }
    let total = u32::try_from(all.len()).unwrap_or(u32::MAX);
    all.sort_unstable();
    let counts = all.chunk_by(|a, b| a == b).filter_map(|same| Some((*same.first()?, u32::try_from(same.len()).ok()?)));
    Counted { counts: counts.collect(), total, letters }
}

fn rows(documents: &[Document], words: &Vocabulary, slots_log2: u32, smoothing: f64) -> Rows {
    let mut rows = Rows::default();
    for document in documents {
        let norm = (f64::from(document.total) + smoothing).sqrt().max(1.0);
        rows.push(document.counts.iter().filter_map(|(hash, count)| {
            let (slot, check) = place(*hash, slots_log2);
            let is_known = words.owners.get(slot) == Some(&check);
            is_known.then(|| Some((u32::try_from(slot).ok()?, (f64::from(*count) / norm) as f32)))?
        }));
    }
    rows
}

fn instances(
    output: &Output,
    learnt: &[&Example],
    originals: &[usize],
    documents: &[Document],
    options: &TrainOptions<'_>,
) -> Vec<Instance> {
    let instance = |(row, (original, document)): (usize, (&usize, &Document))| {
        let example = learnt.get(*original)?;
        let target = match output.class {
            None => target_for(example, output.head)?,
            // Classes are told from each other, not from what is benign.
            Some(_) if example.head != output.head || [NONE, UNKNOWN_CLASS].contains(&example.class.as_str()) => {
                return None;
            }
            Some(class) => f64::from(u8::from(example.class == class)),
        };
        let foreign = if example.head == output.head { 1.0 } else { options.foreign_weight };
        let bias = usize::from(document.is_chinese);
        let lang = if document.is_chinese { Lang::Zh } else { Lang::En };
        let raw = |(base, sums): (&Model, &Sums)| base.raw(output.number, sums, lang);
        let offset = options.base.zip(document.before.as_ref()).map_or(0.0, raw);
        Some(Instance { row, target, weight: document.weight * foreign, offset, bias })
    };
    originals.iter().zip(documents).enumerate().filter_map(instance).collect()
}

/// What the largest weight of an output is worth.
const LARGEST_STEPS: f64 = 127.0 * 127.0;

fn assemble(
    words: &Vocabulary,
    solutions: &[(Vec<f64>, Vec<f64>)],
    slots_log2: u32,
    options: &TrainOptions<'_>,
) -> Model {
    let mut scales = [0.0; OUTPUTS];
    let mut biases = BTreeMap::from([(Lang::En, [0.0; OUTPUTS]), (Lang::Zh, [0.0; OUTPUTS])]);
    if let Some(base) = options.base {
        (scales, biases) = (base.header.scales, base.header.biases.clone());
    }
    for (output, (weights, moved)) in solutions.iter().enumerate() {
        for (bias, lang) in moved.iter().zip([Lang::En, Lang::Zh]) {
            biases.entry(lang).or_insert([0.0; OUTPUTS])[output] += bias;
        }
        if scales[output] == 0.0 {
            let largest = weights.iter().map(|weight| weight.abs()).fold(0.0, f64::max);
            scales[output] = largest / LARGEST_STEPS;
        }
    }
    let slot = |(at, owner): (usize, &u8)| {
        let known = options.base.and_then(|base| base.slots.get(at)).copied().unwrap_or_default();
        let mut slot = Slot::default();
        for (output, (weights, _)) in solutions.iter().enumerate() {
            let before = known.get(1 + output).map_or(0.0, |weight| f64::from(steps(*weight)));
            let scale = scales[output].max(f64::MIN_POSITIVE);
            slot[1 + output] = byte_of(before + weights.get(at).copied().unwrap_or(0.0) / scale);
        }
        let says_something = slot.iter().any(|byte| *byte != 0);
        slot[0] = if says_something { (*owner).max(known[0]) } else { 0 };
        slot
    };
    let slots: Vec<Slot> = words.owners.iter().enumerate().map(slot).collect();
    let header = Header {
        features: FEATURES,
        slots_log2,
        smoothing: options.base.map_or(options.smoothing, |base| base.header.smoothing),
        scales,
        biases,
        heads: heads(options.base.map_or(&[], |base| &base.header.heads)),
        manifest: None,
        weights: Digest::of(slots.as_flattened()),
    };
    Model { header, slots }
}

/// The same weights with thresholds and margins as these options want them: what [`train`] gives, without the fitting.
#[must_use]
pub fn recalibrate(mut model: Model, examples: &[Example], options: &TrainOptions<'_>) -> Model {
    calibrate_heads(&mut model, examples, options);
    model
}

/// Calibrates where there are enough examples; keeps what the model to start from had, elsewhere.
fn calibrate_heads(model: &mut Model, examples: &[Example], options: &TrainOptions<'_>) {
    let dev: Vec<&Example> = examples.iter().filter(|example| example.split == Split::Dev).collect();
    let mut found: Vec<(usize, Lang, Calibration)> = Vec::new();
    for (number, head) in model.header.heads.iter().enumerate() {
        let part = options.part_margin.get(&head.id).copied().unwrap_or(0.0);
        let lengths = options.length_margin.get(&head.id);
        let margins = |lang: Lang| {
            let length = lengths.and_then(|by_language| by_language.get(&lang)).copied().unwrap_or(0.0);
            Margins { part, length }
        };
        let mut points: BTreeMap<Lang, Vec<Point<'_>>> = BTreeMap::from([(Lang::Zh, vec![]), (Lang::En, vec![])]);
        for example in &dev {
            if let Some(target) = target_for(example, &head.id) {
                let (lang, sum) = model.worst_raw(head, &example.text, margins);
                let sets_threshold = options.threshold_sources.contains(&example.source);
                points.entry(lang).or_default().push(Point { sum, target, source: &example.source, sets_threshold });
            }
        }
        for (lang, points) in points {
            let rates = options.rates.get(&head.id).and_then(|rates| rates.get(&lang)).copied();
            let rates = rates.unwrap_or(Rates { controversial: 0.02, r#unsafe: 0.005 });
            let benign = points.iter().filter(|point| point.target == 0.0).count();
            if !head.calibration.contains_key(&lang) || benign.min(points.len() - benign) >= MIN_POINTS {
                found.push((number, lang, calibrate(&points, rates, margins(lang))));
            }
        }
    }
    for (number, lang, calibration) in found {
        if let Some(head) = model.header.heads.get_mut(number) {
            head.calibration.insert(lang, calibration);
        }
    }
}

fn report(model: &Model, documents: &[Document], examples: usize) -> Report {
    let head = |(number, head): (usize, &Head)| {
        let targets = || documents.iter().filter_map(move |document| *document.targets.get(number)?);
        HeadReport {
            head: head.id.clone(),
            benign: targets().filter(|target| *target == 0.0).count() as u64,
            other: targets().filter(|target| *target > 0.0).count() as u64,
            calibration: head.calibration.clone(),
        }
    };
    Report {
        examples: examples as u64,
        copies: (documents.len() - examples) as u64,
        features: model.slots.iter().filter(|slot| slot[0] != 0).count() as u64,
        heads: model.header.heads.iter().enumerate().map(head).collect(),
    }
}
