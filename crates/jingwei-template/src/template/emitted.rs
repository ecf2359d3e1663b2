//! The text that a template sends to the model of its own accord, and under which condition.

use std::{collections::HashSet, fmt::Write as _};

use crate::template::{
    findings::Findings,
    phrases::{self, Sign},
};

/// Bytes that are read again when a loop emits them again.
const AGAIN: usize = 256 << 10;
/// Stands for what comes from outside.
pub(crate) const GAP: char = '\u{fffc}';
/// Words that make a sentence.
const SENTENCE: usize = 4;

/// What a condition asks.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Guard {
    /// Words of natural language that a message must hold.
    pub words: Vec<String>,
    /// What the clock says is compared with a date.
    pub clock: bool,
    /// Many messages were exchanged.
    pub late: bool,
}

impl Guard {
    pub(crate) fn words(&mut self, words: &str) {
        if self.words.len() < 8 && !self.words.iter().any(|known| known == words) {
            self.words.push(words.to_owned());
        }
    }

    pub(crate) fn add(&mut self, other: Guard) {
        other.words.iter().for_each(|words| self.words(words));
        self.clock |= other.clock;
        self.late |= other.late;
    }
}

/// Text in the order in which it is emitted.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    text: String,
    offset: usize,
    guards: Vec<Guard>,
    met: HashSet<usize>,
    bytes: usize,
}

impl Stream {
    pub(crate) fn text(&mut self, text: &str, offset: usize) {
        let again = !self.met.insert(offset);
        if again && self.bytes > AGAIN {
            return;
        }
        self.bytes += if again { text.len().max(16) } else { 0 };
        if self.text.is_empty() {
            self.offset = offset;
        }
        self.text.push_str(text);
    }

    /// Judges a text by itself, under the conditions that hold here, and goes on with what was begun.
    pub(crate) fn aside(&mut self, text: &str, offset: usize, found: &mut Findings) {
        if self.bytes > AGAIN || text.len() > AGAIN {
            return;
        }
        self.bytes += text.len().max(16);
        let begun = (std::mem::replace(&mut self.text, text.to_owned()), self.offset);
        self.offset = offset;
        self.flush(found);
        (self.text, self.offset) = begun;
    }

    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(GAP) {
            self.text.push(GAP);
        }
    }

    pub(crate) fn enter(&mut self, guard: Guard) {
        self.guards.push(guard);
    }

    pub(crate) fn leave(&mut self, found: &mut Findings) {
        self.flush(found);
        self.guards.pop();
    }

    /// The words for which a message is searched around here.
    pub(crate) fn words_asked(&self) -> Option<&str> {
        self.guards.iter().flat_map(|guard| &guard.words).map(String::as_str).next()
    }

    /// Judges what was emitted since the last time.
    pub(crate) fn flush(&mut self, found: &mut Findings) {
        let text = std::mem::take(&mut self.text);
        if text.trim().is_empty() {
            return;
        }
        let signs = phrases::signs(&text);
        let words = phrases::words(&text);
        let asked = self.words_asked().map(str::to_owned);
        let clock = self.guards.iter().any(|guard| guard.clock);
        let late = self.guards.iter().any(|guard| guard.late);
        let mut weight: u32 = signs.iter().map(|sign| sign.weight).sum();
        let links = phrases::links(&text);
        weight += match (&asked, clock) {
            (Some(_), _) if words >= SENTENCE || links => 3,
            (Some(_), _) if words >= 2 => 2,
            (None, true) if words >= SENTENCE - 1 => 2,
            (None, false) if late && words >= SENTENCE => 2,
            _ => 0,
        };
        if weight < 2 {
            return;
        }
        let rule = if weight >= 3 { "model.template-injection" } else { "model.template-instruction" };
        let key = signs.first().map_or(
            match (&asked, clock) {
                (Some(_), _) => "condition",
                (None, true) => "date",
                (None, false) => "late",
            },
            |sign| sign.key,
        );
        let (zh, en) = reasons(&signs, asked.as_deref(), clock, late);
        found.see(rule, key, self.offset, |sighting| {
            let shown = signs.first().map_or(&*text, |sign| sign.around(&text)).trim();
            sighting.with("text", shown).with_text("why", jingwei_core::Text::new(zh, en))
        });
    }
}

/// Why, in both languages.
fn reasons(signs: &[Sign], asked: Option<&str>, clock: bool, late: bool) -> (String, String) {
    let (mut zh, mut en) = (String::new(), String::new());
    let mut add = |more_zh: &str, more_en: &str| {
        let (comma_zh, comma_en) = if zh.is_empty() { ("", "") } else { ("，", ", ") };
        let _ = write!(zh, "{comma_zh}{more_zh}");
        let _ = write!(en, "{comma_en}{more_en}");
    };
    for sign in signs {
        add(sign.zh, sign.en);
    }
    if let Some(words) = asked {
        let words = jingwei_read::shown(words);
        add(&format!("仅当消息含有“{words}”时发出"), &format!("it is emitted only when a message says \"{words}\""));
    }
    if clock {
        add("仅在某个日期之后或之前发出", "it is emitted only from or until a date");
    }
    if late {
        add("仅在多轮对话之后发出", "it is emitted only after many messages");
    }
    (zh, en)
}
