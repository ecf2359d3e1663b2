//! How guard models are asked, and what their answers mean.
//!
//! Qwen3Guard-Gen answers with lines `Safety: Safe|Controversial|Unsafe`, `Categories: …` and, for replies,
//! `Refusal: Yes|No`. Llama Guard (3 and 4) answers `safe`, or `unsafe` and a line of codes `S1,S10`. Servers apply
//! the model's own prompt template to a plain chat, so a chat is all that is sent.

use crate::{Direction, GuardPrompt, Judgement, Level};

/// One token of an answer, with what else could have stood there: probabilities from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerToken {
    pub text: String,
    pub instead: Vec<(String, f64)>,
}

/// Stands for the user where only a model's reply is judged: both models want a chat that begins with a user.
const NEUTRAL_USER: &str = "Please continue.";

/// The chat that asks about a text: pairs of a role and a content.
#[must_use]
pub fn guard_messages(text: &str, direction: Direction) -> Vec<(&'static str, String)> {
    match direction {
        Direction::Input => vec![("user", text.to_owned())],
        Direction::Output => vec![("user", NEUTRAL_USER.to_owned()), ("assistant", text.to_owned())],
    }
}

/// Tokens that are enough for any answer.
#[must_use]
pub fn answer_tokens(prompt: GuardPrompt) -> u32 {
    match prompt {
        GuardPrompt::Qwen3Guard => 96,
        GuardPrompt::LlamaGuard => 48,
    }
}

/// What an answer says: one judgement per head and class. `None`: it is no answer of such a model.
///
/// The head `politics` stands by itself, so that a rule about harm takes no political position.
#[must_use]
pub fn judgements_of_answer(prompt: GuardPrompt, answer: &str, tokens: &[AnswerToken]) -> Option<Vec<Judgement>> {
    let (level, label_at, classes) = match prompt {
        GuardPrompt::Qwen3Guard => read_qwen(answer)?,
        GuardPrompt::LlamaGuard => read_llama(answer)?,
    };
    let probability = chance(answer, tokens, label_at).unwrap_or(match level {
        Level::Safe => 0.0,
        Level::Controversial => 0.5,
        Level::Unsafe => 1.0,
    });
    let mut judgements: Vec<Judgement> = Vec::new();
    for (head, class) in classes {
        let judgement = Judgement { head: head.to_owned(), class: class.to_owned(), probability, level };
        if !judgements.contains(&judgement) {
            judgements.push(judgement);
        }
    }
    let heads: &[&str] = match prompt {
        GuardPrompt::Qwen3Guard => &["harm", "injection"],
        GuardPrompt::LlamaGuard => &["harm"],
    };
    for head in heads {
        if !judgements.iter().any(|judgement| judgement.head == *head) {
            // What the model doubts in a text that it calls safe is harm.
            let probability = if level == Level::Safe && *head == "harm" { probability } else { 0.0 };
            let (head, class) = ((*head).to_owned(), "none".to_owned());
            judgements.push(Judgement { head, class, probability, level: Level::Safe });
        }
    }
    Some(judgements)
}

/// A level, where its word begins in the answer, and heads with classes.
type Read = (Level, usize, Vec<(&'static str, &'static str)>);

fn read_qwen(answer: &str) -> Option<Read> {
    let (mut level, mut classes) = (None, Vec::new());
    let mut at = 0;
    for line in answer.split_inclusive('\n') {
        if let Some(label) = line.trim_start().strip_prefix("Safety:") {
            let found = match label.trim() {
                "Safe" => Level::Safe,
                "Controversial" => Level::Controversial,
                "Unsafe" => Level::Unsafe,
                _ => return None,
            };
            let label_at = at + line.len() - label.trim_start().len();
            // Somebody may make the model say it twice: the worse counts.
            level = level.max(Some((found, label_at)));
        } else if let Some(names) = line.trim_start().strip_prefix("Categories:") {
            classes
                .extend(names.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "None").map(qwen));
        }
        at += line.len();
    }
    let (level, label_at) = level?;
    finished(level, label_at, classes)
}

fn qwen(category: &str) -> (&'static str, &'static str) {
    match category {
        "Violent" | "Non-violent Illegal Acts" | "Sexual Content or Sexual Acts" => ("harm", "A.1"),
        "Unethical Acts" => ("harm", "A.2"),
        "Copyright Violation" => ("harm", "A.3"),
        "PII" | "Personally Identifiable Information" | "Suicide & Self-Harm" => ("harm", "A.4"),
        "Politically Sensitive Topics" => ("politics", "political"),
        "Jailbreak" => ("injection", "injection"),
        _ => ("harm", "other"),
    }
}

fn read_llama(answer: &str) -> Option<Read> {
    let label_at = answer.len() - answer.trim_start().len();
    let mut lines = answer.lines().map(str::trim).filter(|line| !line.is_empty());
    match lines.next()? {
        "safe" => finished(Level::Safe, label_at, Vec::new()),
        "unsafe" => {
            let codes = lines.next().unwrap_or_default();
            let classes = codes.split(',').map(str::trim).filter(|code| !code.is_empty()).map(llama).collect();
            finished(Level::Unsafe, label_at, classes)
        }
        _ => None,
    }
}

/// The hazards of Llama Guard 3 and 4 (MLCommons), and its own S14.
fn llama(code: &str) -> (&'static str, &'static str) {
    match code {
        "S1" | "S2" | "S3" | "S4" | "S9" | "S10" | "S12" => ("harm", "A.1"),
        "S8" => ("harm", "A.3"),
        "S5" | "S7" | "S11" => ("harm", "A.4"),
        "S6" => ("harm", "A.5"),
        "S13" => ("politics", "political"),
        _ => ("harm", "other"),
    }
}

fn finished(level: Level, label_at: usize, mut classes: Vec<(&'static str, &'static str)>) -> Option<Read> {
    match level {
        Level::Safe => classes.clear(),
        _ if classes.is_empty() => classes.push(("harm", "other")),
        _ => {}
    }
    Some((level, label_at, classes))
}

/// How likely another word than `safe` was where the label begins. `None`: the tokens do not tell.
fn chance(answer: &str, tokens: &[AnswerToken], label_at: usize) -> Option<f64> {
    /// Less of the probability in known words than this tells nothing.
    const ENOUGH: f64 = 0.5;
    let mut at = 0;
    let token = tokens.iter().find(|token| {
        at += token.text.len();
        at > label_at
    })?;
    if !answer.contains(token.text.trim()) {
        return None;
    }
    let (mut safe, mut controversial, mut unsafe_) = (0.0, 0.0, 0.0);
    for (word, probability) in &token.instead {
        let word = word.trim().to_ascii_lowercase();
        if word.is_empty() || !(0.0..=1.0).contains(probability) {
            continue;
        }
        if "safe".starts_with(&word) {
            safe += probability;
        } else if "unsafe".starts_with(&word) {
            unsafe_ += probability;
        } else if "controversial".starts_with(&word) {
            controversial += probability;
        }
    }
    let all: f64 = safe + controversial + unsafe_;
    (all >= ENOUGH).then(|| ((unsafe_ + controversial / 2.0) / all).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(prompt: GuardPrompt, answer: &str, expected: Option<&[(&str, &str, f64, Level)]>) {
        let judged = judgements_of_answer(prompt, answer, &[]);
        let judged: Option<Vec<_>> = judged
            .as_ref()
            .map(|judged| judged.iter().map(|j| (j.head.as_str(), j.class.as_str(), j.probability, j.level)).collect());
        assert_eq!(judged.as_deref(), expected, "{answer}");
    }

    #[test]
    fn answers_become_judgements() {
        use Level::{Controversial, Safe, Unsafe};
        let qwen = GuardPrompt::Qwen3Guard;
        let harmless = ("injection", "none", 0.0, Safe);
        check(qwen, "Safety: Safe\nCategories: None", Some(&[("harm", "none", 0.0, Safe), harmless]));
        check(qwen, "Safety: Unsafe\nCategories: Violent", Some(&[("harm", "A.1", 1.0, Unsafe), harmless]));
        check(
            qwen,
            "\nSafety: Controversial\nCategories: PII, Suicide & Self-Harm, Unethical Acts\nRefusal: No\n",
            Some(&[("harm", "A.4", 0.5, Controversial), ("harm", "A.2", 0.5, Controversial), harmless]),
        );
        let harm = ("harm", "none", 0.0, Safe);
        check(qwen, "Safety: Unsafe\nCategories: Jailbreak", Some(&[("injection", "injection", 1.0, Unsafe), harm]));
        check(
            qwen,
            "Safety: Controversial\nCategories: Politically Sensitive Topics",
            Some(&[("politics", "political", 0.5, Controversial), harm, harmless]),
        );
        check(qwen, "Safety: Unsafe", Some(&[("harm", "other", 1.0, Unsafe), harmless]));
        check(qwen, "Safety: Safe\nSafety: Unsafe", Some(&[("harm", "other", 1.0, Unsafe), harmless]));
        let llama = GuardPrompt::LlamaGuard;
        check(llama, "\n\nsafe", Some(&[harm]));
        check(llama, "unsafe\nS1,S10, S7", Some(&[("harm", "A.1", 1.0, Unsafe), ("harm", "A.4", 1.0, Unsafe)]));
        check(llama, "unsafe\nS13", Some(&[("politics", "political", 1.0, Unsafe), harm]));
        check(llama, "unsafe", Some(&[("harm", "other", 1.0, Unsafe)]));
        for garbled in ["", "I cannot help with that", "Safety: maybe", "Safety:", "the text is safe", "安全"] {
            check(qwen, garbled, None);
            check(llama, garbled, None);
        }
        check(llama, "Safety: Safe", None);
        check(qwen, "safe", None);
    }

    #[test]
    fn probabilities_are_read_where_the_label_begins() {
        let token = |text: &str, instead: &[(&str, f64)]| AnswerToken {
            text: text.to_owned(),
            instead: instead.iter().map(|(word, p)| ((*word).to_owned(), *p)).collect(),
        };
        let chance = |prompt, answer: &str, tokens: &[AnswerToken]| {
            judgements_of_answer(prompt, answer, tokens).unwrap()[0].probability
        };
        let label = token(" Safe", &[(" Safe", 0.6), (" Unsafe", 0.2), (" Cont", 0.2)]);
        let tokens = [token("Safety", &[("Safety", 1.0)]), token(":", &[]), label];
        let found = chance(GuardPrompt::Qwen3Guard, "Safety: Safe\nCategories: None", &tokens);
        assert!((found - 0.3).abs() < 1e-9, "{found}");
        let llama = [token("\n\n", &[]), token("unsafe", &[("unsafe", 0.9), ("safe", 0.1)]), token("\n", &[])];
        assert!((chance(GuardPrompt::LlamaGuard, "\n\nunsafe\nS1", &llama) - 0.9).abs() < 1e-9);
        for nonsense in [
            token("unsafe", &[("unsafe", f64::NAN), ("safe", -1.0)]),
            token("unsafe", &[("maybe", 1.0)]),
            token("other", &[("unsafe", 0.1)]),
            token("", &[]),
        ] {
            assert!((chance(GuardPrompt::LlamaGuard, "unsafe\nS1", &[nonsense]) - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_reply_is_asked_about_as_one() {
        let roles = |direction| guard_messages("t", direction).iter().map(|m| m.0).collect::<Vec<_>>();
        assert_eq!(roles(Direction::Input), ["user"]);
        assert_eq!(roles(Direction::Output), ["user", "assistant"]);
    }
}
