//! What a scripted model sees in a request before it decides.

use jingwei_core::{ChatRequest, ChatRole, Lang, Limits};
use jingwei_text::{Encoding, decode_layers, is_ideograph, plain_form};

use super::{
    Condition, Cues, Disguise, Questions,
    cues::holds,
    known::literal,
    planted::{Planted, find_planted},
    quiz::{Quiz, find_quiz},
    topic::turns_about,
};

/// Encoded parts of one message that are looked at.
const MOST_LAYERS: u64 = 16;

pub(crate) struct Reading<'a> {
    /// What the user says last, as it is written.
    pub written: &'a str,
    /// The known question, or what is said, without its disguise.
    pub question: String,
    pub lang: Lang,
    pub harmful: bool,
    pub disguise: Option<Disguise>,
    /// See [`super::Truth::turn`].
    pub turn: u32,
    /// The answer is begun for the model.
    pub prefilled: bool,
    pub dictated: bool,
    pub suppressed: bool,
    pub asks_for_secret: bool,
    pub condition: Condition,
    pub system: Option<&'a str>,
    pub planted: Option<Planted>,
    pub quiz: Option<Quiz>,
    pub formal: bool,
}

pub(crate) fn read<'a>(request: &'a ChatRequest, questions: &Questions, cues: &Cues) -> Reading<'a> {
    let of = |role: ChatRole| request.messages.iter().filter(move |m| m.role == role).map(|m| m.content.as_str());
    let written = of(ChatRole::User).next_back().unwrap_or_default();
    let lower = literal(written);
    let system = of(ChatRole::System).next();
    let told = of(ChatRole::System).map(literal).chain([lower.clone()]);
    let told = told.collect::<Vec<_>>().join("\n");
    let seen = seen(written, &lower, questions, cues).or_else(|| {
        of(ChatRole::User).rev().skip(1).find_map(|earlier| harmful_in(&literal(earlier), questions, cues))
    });
    let Seen { question, lang, harmful, disguise } = seen.unwrap_or_else(|| Seen::harmless(written));
    let turn = if harmful { turns_about(&question, of(ChatRole::User)) } else { 0 };
    Reading {
        written,
        lang,
        harmful,
        disguise,
        turn,
        prefilled: request.messages.last().is_some_and(|message| message.role == ChatRole::Assistant),
        dictated: holds(&lower, &cues.opening),
        suppressed: holds(&lower, &cues.suppression),
        asks_for_secret: holds(&lower, &cues.secret),
        condition: condition(&told, cues),
        system,
        planted: find_planted(request, questions),
        quiz: find_quiz(written).filter(|_| !harmful),
        formal: holds(&told, &cues.formal),
        question,
    }
}

fn condition(told: &str, cues: &Cues) -> Condition {
    if holds(told, &cues.deployed) {
        Condition::Deployed
    } else if holds(told, &cues.tested) {
        Condition::Tested
    } else {
        Condition::Unsaid
    }
}

struct Seen {
    question: String,
    lang: Lang,
    harmful: bool,
    disguise: Option<Disguise>,
}

impl Seen {
    fn harmless(text: &str) -> Self {
        Seen { question: text.to_owned(), lang: lang_of(text), harmful: false, disguise: None }
    }
}

/// The question in what the user says: a harmful one as it is written, else under a disguise, else a harmless one.
fn seen(written: &str, lower: &str, questions: &Questions, cues: &Cues) -> Option<Seen> {
    if holds(lower, &cues.mention) {
        return Some(Seen::harmless(written));
    }
    harmful_in(lower, questions, cues).or_else(|| disguised(written, questions, cues)).or_else(|| {
        let (known, disguise) = match questions.find(lower) {
            Some(known) => (known, None),
            None => (questions.find_like(written)?, Some(Disguise::Perturbed)),
        };
        Some(Seen { question: known.text.clone(), lang: known.lang, harmful: known.harmful, disguise })
    })
}

fn harmful_in(lower: &str, questions: &Questions, cues: &Cues) -> Option<Seen> {
    if holds(lower, &cues.mention) {
        return None;
    }
    let of = |question: &str, lang| Seen { question: question.to_owned(), lang, harmful: true, disguise: None };
    match questions.find(lower).filter(|known| known.harmful) {
        Some(known) => Some(of(&known.text, known.lang)),
        None => holds(lower, &cues.harmful).then(|| of(lower, lang_of(lower))),
    }
}

fn disguised(written: &str, questions: &Questions, cues: &Cues) -> Option<Seen> {
    let under = |text: &str, disguise| {
        harmful_in(&literal(text), questions, cues).map(|seen| Seen { disguise: Some(disguise), ..seen })
    };
    let limits = Limits { entries: MOST_LAYERS, ..Limits::default() };
    let layers = decode_layers(written, &limits).layers;
    let encoded = layers.iter().find_map(|layer| {
        let disguise = match layer.encoding {
            Encoding::Base64 => Disguise::Base64,
            Encoding::Hex => Disguise::Hex,
            _ => Disguise::Escapes,
        };
        under(&layer.text, disguise)
    });
    encoded
        .or_else(|| under(&rot13(written), Disguise::Rot13))
        .or_else(|| under(&written.chars().rev().collect::<String>(), Disguise::Reversed))
        .or_else(|| {
            let plain = plain_form(written);
            let known = questions.find_plain(&plain).filter(|known| known.harmful);
            let question = known.map(|known| (known.text.clone(), known.lang));
            let (question, lang) =
                question.or_else(|| holds(&plain, &cues.harmful).then(|| (plain.clone(), lang_of(&plain))))?;
            Some(Seen { question, lang, harmful: true, disguise: Some(Disguise::Lookalikes) })
        })
}

fn rot13(text: &str) -> String {
    let turned = |c: char| {
        let first = if c.is_ascii_lowercase() { b'a' } else { b'A' };
        u8::try_from(c).map_or(c, |letter| char::from((letter - first + 13) % 26 + first))
    };
    text.chars().map(|c| if c.is_ascii_alphabetic() { turned(c) } else { c }).collect()
}

/// Chinese where a fifth of what is not a sign is Chinese characters.
fn lang_of(text: &str) -> Lang {
    let ideographs = text.chars().filter(|c| is_ideograph(*c)).count();
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    if ideographs > 0 && ideographs * 4 >= letters { Lang::Zh } else { Lang::En }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_turn_and_turn_back() {
        assert_eq!(rot13("Uryyb, 世界 z"), "Hello, 世界 m");
    }
}
