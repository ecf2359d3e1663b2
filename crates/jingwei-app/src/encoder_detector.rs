//! An encoder with a classification head, as a detector.

use std::{fmt, path::Path};

use jingwei_core::{Digest, Limits};
use jingwei_guard::{Detector, Direction, Judgement, Level, Unavailable, UnavailableCause};
use jingwei_model::Encoder;

/// From this score on a label is taken for sensitive.
const CONTROVERSIAL: f64 = 0.5;
/// From this score on a label is taken for plain.
const UNSAFE: f64 = 0.8;

pub(crate) struct EncoderDetector {
    id: String,
    encoder: Encoder,
    /// By label of the encoder: head and class, or nothing for labels that name what is harmless.
    meanings: Vec<Option<(String, String)>>,
}

impl fmt::Debug for EncoderDetector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncoderDetector({})", self.id)
    }
}

impl EncoderDetector {
    pub(crate) fn open(id: &str, folder: &Path, limits: &Limits) -> Result<Self, String> {
        let encoder = Encoder::open(folder, limits).map_err(|error| error.to_string())?;
        let meanings = meanings_of(encoder.labels())?;
        Ok(Self { id: id.to_owned(), encoder, meanings })
    }
}

impl Detector for EncoderDetector {
    fn judge(&self, texts: &[&str], _direction: Direction) -> Result<Vec<Vec<Judgement>>, Unavailable> {
        let scored = self.encoder.classify(texts).map_err(|error| {
            tracing::warn!(detector = self.id, %error, "the encoder gave no judgement");
            Unavailable { detector: self.id.clone(), cause: UnavailableCause::Failed }
        })?;
        Ok(scored.iter().map(|scores| judgements(&self.meanings, scores)).collect())
    }

    fn digest(&self) -> Digest {
        self.encoder.digest()
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
        let level = match probability {
            p if p >= UNSAFE => Level::Unsafe,
            p if p >= CONTROVERSIAL => Level::Controversial,
            _ => Level::Safe,
        };
        judgements.push(Judgement { head: head.clone(), class: class.clone(), probability, level });
    }
    judgements
}

/// What the labels of a model stand for. A label that is not known is a head of its own name.
fn meanings_of(labels: &[String]) -> Result<Vec<Option<(String, String)>>, String> {
    if labels.is_empty() {
        return Err("the encoder has no classification head; take one that has".to_owned());
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
    fn scores_become_levels() {
        let meanings = meanings_of(&["safe".to_owned(), "toxic".to_owned(), "injection".to_owned()]).unwrap();
        let scores = [("safe".to_owned(), 0.9), ("toxic".to_owned(), 0.85), ("injection".to_owned(), 0.6)];
        let found: Vec<_> = judgements(&meanings, &scores).into_iter().map(|j| (j.head, j.level)).collect();
        assert_eq!(found, [("harm".to_owned(), Level::Unsafe), ("injection".to_owned(), Level::Controversial)]);
        let scores = [("safe".to_owned(), 0.9), ("toxic".to_owned(), 0.1), ("injection".to_owned(), 0.0)];
        assert!(judgements(&meanings, &scores).iter().all(|j| j.level == Level::Safe));
    }
}
