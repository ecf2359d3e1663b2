//! How well a model does: counts, from which the caller computes rates and their intervals.

use std::collections::BTreeMap;

use jingwei_core::Lang;
use serde::{Deserialize, Serialize};

use super::{Example, Model, Severity, UNKNOWN_CLASS};

/// How many texts got at least a severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Flags {
    pub of: u64,
    pub controversial: u64,
    pub r#unsafe: u64,
}

impl Flags {
    fn count(&mut self, severity: Severity) {
        self.of += 1;
        self.controversial += u64::from(severity >= Severity::Controversial);
        self.r#unsafe += u64::from(severity == Severity::Unsafe);
    }
}

/// Counts of one head. Precision at `unsafe` is `positive.unsafe / (positive.unsafe + benign.unsafe)`, and so on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HeadCounts {
    /// Texts of some class.
    pub positive: Flags,
    pub benign: Flags,
    /// Chance that a text of some class gets a higher probability than a benign one. `None` where there is one side only.
    pub auc: Option<f64>,
}

/// One head on the examples of one language from one source (`*`: from all of them).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceCounts {
    pub head: String,
    pub lang: Lang,
    pub source: String,
    #[serde(flatten)]
    pub counts: HeadCounts,
}

/// The examples of one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassCount {
    pub head: String,
    pub lang: Lang,
    pub class: String,
    #[serde(flatten)]
    pub flags: Flags,
    /// Flagged, and the class is right.
    pub right: u64,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Scorecard {
    pub sources: Vec<SourceCounts>,
    pub classes: Vec<ClassCount>,
    /// Over-defence: benign texts that any head flags, by source.
    pub benign: BTreeMap<String, Flags>,
}

/// Probability, whether the text is of some class, severity by the thresholds.
type Point = (f64, bool, Severity);

/// All sources together.
const ALL: &str = "*";

/// Judges the examples as the guard judges texts ([`Model::judge`]), whatever their split.
#[must_use]
pub fn evaluate(model: &Model, examples: &[Example]) -> Scorecard {
    let mut card = Scorecard::default();
    let mut points: BTreeMap<(&str, Lang, &str), Vec<Point>> = BTreeMap::new();
    let mut classes: BTreeMap<(&str, Lang, &str), (Flags, u64)> = BTreeMap::new();
    for example in examples {
        let scores = model.judge(&example.text);
        let is_benign = example.severity == Severity::Safe;
        if is_benign {
            let worst = scores.heads.iter().map(|head| head.severity).max().unwrap_or(Severity::Safe);
            card.benign.entry(example.source.clone()).or_default().count(worst);
        }
        for (head, score) in model.heads().iter().zip(&scores.heads) {
            if head.id != example.head && !is_benign {
                continue;
            }
            for source in [example.source.as_str(), ALL] {
                let place = points.entry((head.id.as_str(), example.lang, source)).or_default();
                place.push((score.probability, !is_benign, score.severity));
            }
            if !is_benign && example.class != UNKNOWN_CLASS {
                let (flags, right) =
                    classes.entry((head.id.as_str(), example.lang, example.class.as_str())).or_default();
                flags.count(score.severity);
                *right += u64::from(score.severity > Severity::Safe && score.class == example.class);
            }
        }
    }
    for ((head, lang, source), points) in points {
        let mut counts = HeadCounts { auc: area_under_curve(&points), ..HeadCounts::default() };
        for (_, is_positive, severity) in &points {
            let side = if *is_positive { &mut counts.positive } else { &mut counts.benign };
            side.count(*severity);
        }
        card.sources.push(SourceCounts { head: head.to_owned(), lang, source: source.to_owned(), counts });
    }
    for ((head, lang, class), (flags, right)) in classes {
        card.classes.push(ClassCount { head: head.to_owned(), lang, class: class.to_owned(), flags, right });
    }
    card
}

/// By the ranks of the positives (Mann and Whitney 1947); ties count half.
fn area_under_curve(points: &[Point]) -> Option<f64> {
    let mut sorted: Vec<(f64, bool)> =
        points.iter().map(|(probability, is_positive, _)| (*probability, *is_positive)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut wins, mut positives) = (0.0, 0.0, 0.0);
    for tie in sorted.chunk_by(|a, b| a.0 == b.0) {
        let positive = tie.iter().filter(|(_, is_positive)| *is_positive).count() as f64;
        let benign = tie.len() as f64 - positive;
        wins += positive * (below + benign / 2.0);
        below += benign;
        positives += positive;
    }
    (positives > 0.0 && below > 0.0).then(|| wins / (positives * below))
}
