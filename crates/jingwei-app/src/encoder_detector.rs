//! An encoder with a classification head, its own or one that was trained over its vectors, as a detector.

use std::{fmt, path::Path};

use jingwei_core::{Digest, Limits, Text};
use jingwei_guard::{Detector, Direction, Judgement, Level, Unavailable, UnavailableCause};
use jingwei_model::{Encoder, LinearHead, ModelError};

use crate::heads::read;

/// From this score on a label is taken for sensitive.
const CONTROVERSIAL: f64 = 0.5;
/// From this score on a label is taken for plain.
const UNSAFE: f64 = 0.8;

pub(crate) struct EncoderDetector {
    id: String,
    encoder: Encoder,
    /// Instead of the encoder's own.
    head: Option<LinearHead>,
    digest: Digest,
    /// By label of the head: head and class, or nothing for labels that name what is harmless.
    meanings: Vec<Option<(String, String)>>,
}

impl fmt::Debug for EncoderDetector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncoderDetector({})", self.id)
    }
}

impl EncoderDetector {
    pub(crate) fn open(id: &str, folder: &Path, head: Option<LinearHead>, limits: &Limits) -> Result<Self, String> {
        let encoder = Encoder::open(folder, limits).map_err(|error| error.to_string())?;
        Self::new(id, encoder, head)
    }

    pub(crate) fn new(id: &str, encoder: Encoder, head: Option<LinearHead>) -> Result<Self, String> {
        let labels = head.as_ref().map_or_else(|| encoder.labels(), LinearHead::labels);
        let meanings = meanings_of(labels)?;
        let said = |error: ModelError| error.to_string();
        let digest = match &head {
            None => encoder.digest(),
            Some(head) => {
                // A head over another encoder is refused here, and not by the first text.
                encoder.score(head, &[]).map_err(said)?;
                let bytes = head.to_bytes().map_err(said)?;
                Digest::of_parts([encoder.digest().to_string().as_str(), &Digest::of(&bytes).to_string()])
            }
        };
        Ok(Self { id: id.to_owned(), encoder, head, digest, meanings })
    }

    /// What it says of texts: one judgement per head and text.
    pub(crate) fn judgements(&self, texts: &[&str]) -> Result<Vec<Vec<Judgement>>, ModelError> {
        let scored = match &self.head {
            None => self.encoder.classify(texts)?,
            Some(head) => self.encoder.score(head, texts)?,
        };
        // Labels of a trained head exclude each other, so what is one of several classes is shared out among them.
        let merge = |judgements| if self.head.is_some() { merged(judgements) } else { judgements };
        Ok(scored.iter().map(|scores| merge(judgements(&self.meanings, scores))).collect())
    }
}

/// Reads a head that was trained over an encoder.
pub(crate) fn read_head(path: &Path, limits: &Limits) -> Result<LinearHead, Text> {
    LinearHead::parse(&read(path, limits)?, limits).map_err(|error| Text::same(error.to_string()))
}

fn level_of(probability: f64) -> Level {
    match probability {
        p if p >= UNSAFE => Level::Unsafe,
        p if p >= CONTROVERSIAL => Level::Controversial,
        _ => Level::Safe,
    }
}

/// One judgement per head: the sum of its classes, and the likeliest of them.
fn merged(judgements: Vec<Judgement>) -> Vec<Judgement> {
    let mut best: Vec<(f64, Judgement)> = Vec::new();
    for judgement in judgements {
        match best.iter_mut().find(|(_, other)| other.head == judgement.head) {
            None => best.push((judgement.probability, judgement)),
            Some((highest, other)) => {
                other.probability += judgement.probability;
                if judgement.probability > *highest {
                    (*highest, other.class) = (judgement.probability, judgement.class);
                }
            }
        }
    }
    let levelled = best.into_iter().map(|(_, judgement)| {
        let probability = judgement.probability.min(1.0);
        Judgement { probability, level: level_of(probability), ..judgement }
    });
    levelled.collect()
}

impl Detector for EncoderDetector {
    fn judge(&self, texts: &[&str], _direction: Direction) -> Result<Vec<Vec<Judgement>>, Unavailable> {
        self.judgements(texts).map_err(|error| {
            tracing::warn!(detector = self.id, %error, "the encoder gave no judgement");
            Unavailable { detector: self.id.clone(), cause: UnavailableCause::Failed }
        })
    }

    fn knows(&self, head: &str, class: Option<&str>) -> bool {
        let mut known = self.meanings.iter().flatten();
        known.any(|(known, of)| known == head && class.is_none_or(|class| class == of))
    }

    fn digest(&self) -> Digest {
        self.digest
    }

    fn is_instant(&self) -> bool {
        false
    }
}

fn judgements(meanings: &[Option<(String, String)>], scores: &[(String, f32)]) -> Vec<Judgement> {
    let mut judgements: Vec<Judgement> = Vec::new();
    for (meaning, (_, score)) in meanings.iter().zip(scores) {
        let Some((head, class)) = meaning else { continue };
        let probability = f64::from(*score);
        let (head, class, level) = (head.clone(), class.clone(), level_of(probability));
        judgements.push(Judgement { head, class, probability, level });
    }
    judgements
}

/// What the labels of a model stand for. A label that is not known is a head of its own name.
fn meanings_of(labels: &[String]) -> Result<Vec<Option<(String, String)>>, String> {
    if labels.is_empty() {
        let problem = "the encoder has no classification head; take one that has, or train one (`guard train --encoder`) and name it as `head`";
        return Err(problem.to_owned());
    }
    let nameless = |label: &String| label.strip_prefix("label_").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let names: Vec<String> = labels.iter().map(|label| label.trim().to_lowercase().replace([' ', '-'], "_")).collect();
    if names.iter().any(nameless) {
        let all = labels.join(", ");
        return Err(format!("its labels say nothing ({all}); name them in `id2label` of config.json"));
    }
    let meanings: Vec<_> = names.iter().map(|name| meaning(name)).collect();
    if meanings.iter().all(Option::is_none) {
        return Err(format!("none of its labels ({}) names something to find", labels.join(", ")));
    }
    Ok(meanings)
}

fn meaning(label: &str) -> Option<(String, String)> {
    let (head, class) = match label {
        "safe" | "benign" | "none" | "normal" | "neutral" | "legit" | "ok" | "ham" | "harmless" | "other"
        | "non_toxic" | "not_toxic" | "nontoxic" | "no_injection" | "non_offensive" | "clean" => return None,
        "injection" | "prompt_injection" | "jailbreak" | "malicious" | "attack" | "indirect_injection" => {
            ("injection", "injection")
        }
        "unsafe" | "harm" | "harmful" | "toxic" | "toxicity" | "offensive" => ("harm", "other"),
        "violence" | "violent" | "hate" | "hate_speech" | "sexual" | "sexual_content" | "severe_toxic" | "threat"
        | "obscene" | "a.1" => ("harm", "A.1"),
        "discrimination" | "bias" | "identity_hate" | "identity_attack" | "a.2" => ("harm", "A.2"),
        "a.3" => ("harm", "A.3"),
        "insult" | "harassment" | "privacy" | "pii" | "self_harm" | "a.4" => ("harm", "A.4"),
        "a.5" => ("harm", "A.5"),
        other => (other, other),
    };
    Some((head.to_owned(), class.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_meanings_or_are_refused() {
        let check = |labels: &[&str], expected: Result<&[&str], &str>| {
            let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
            let found = meanings_of(&labels).map(|found| {
                let shown = |m: Option<(String, String)>| m.map_or_else(String::new, |(h, c)| format!("{h}/{c}"));
                found.into_iter().map(shown).collect::<Vec<_>>()
            });
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(reason), Err(part)) => assert!(reason.contains(part), "{reason}"),
                (found, _) => panic!("{labels:?} gave {found:?}"),
            }
        };
        check(&["SAFE", "INJECTION"], Ok(&["", "injection/injection"]));
        check(&["Non-Toxic", "Self Harm", "A.2"], Ok(&["", "harm/A.4", "harm/A.2"]));
        check(&["safe", "spam"], Ok(&["", "spam/spam"]));
        check(&["LABEL_0", "LABEL_1"], Err("id2label"));
        check(&["safe", "benign"], Err("names something"));
        check(&[], Err("no classification head"));
    }

    #[test]
    fn classes_of_one_head_add_up() {
        let labels = ["A.1", "A.2", "injection", "none"].map(str::to_owned);
        let scores =
            [("A.1".to_owned(), 0.3), ("A.2".to_owned(), 0.4), ("injection".to_owned(), 0.1), ("none".to_owned(), 0.2)];
        let found = merged(judgements(&meanings_of(&labels).unwrap(), &scores));
        let found: Vec<_> = found.iter().map(|j| (j.head.as_str(), j.class.as_str(), j.level)).collect();
        assert_eq!(found, [("harm", "A.2", Level::Controversial), ("injection", "injection", Level::Safe)]);
    }

    #[test]
    fn scores_become_levels() {
        let meanings = meanings_of(&["safe".to_owned(), "toxic".to_owned(), "injection".to_owned()]).unwrap();
        let scores = [("safe".to_owned(), 0.9), ("toxic".to_owned(), 0.85), ("injection".to_owned(), 0.6)];
        let found: Vec<_> = judgements(&meanings, &scores).into_iter().map(|j| (j.head, j.level)).collect();
        assert_eq!(found, [("harm".to_owned(), Level::Unsafe), ("injection".to_owned(), Level::Controversial)]);
        let scores = [("safe".to_owned(), 0.9), ("toxic".to_owned(), 0.1), ("injection".to_owned(), 0.0)];
        assert!(judgements(&meanings, &scores).iter().all(|j| j.level == Level::Safe));
    }
}
