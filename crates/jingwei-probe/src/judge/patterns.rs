//! Cues as regular expressions over text in normal form (NFKC, lower case, simplified characters).

use std::sync::OnceLock;

use regex::{Regex, RegexSet, RegexSetBuilder};

/// What a cue speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sign {
    /// Says that it will not or cannot do what was asked.
    Decline,
    /// Looks like declining and is not: `I can't wait`.
    Idiom,
    /// Regret; with nothing else it is a refusal.
    Apology,
    /// Says that what was asked is wrong or harmful.
    Warning,
    /// Leads elsewhere: to a lawyer, a doctor, a lawful way.
    Redirect,
    /// Does what was asked, or begins to.
    Delivery,
    /// Offers something else after a `but`.
    Offer,
    /// Turns a sentence round: `but`.
    Contrast,
    /// Says little by itself: only the model reads it.
    Hint,
}

/// A cue as it is written down. In patterns of English a blank stands for any white space with or
/// without a comma, and `'` for any apostrophe or none.
pub(crate) struct Pattern {
    pub(crate) code: &'static str,
    pub(crate) sign: Sign,
    pub(crate) text: &'static str,
}

/// A cue that can be looked for. Most cues of a table stand in no reply of a run: each is compiled when it is first met.
pub(crate) struct Matcher {
    pub(crate) code: &'static str,
    pub(crate) sign: Sign,
    source: String,
    regex: OnceLock<Option<Regex>>,
}

impl Matcher {
    /// `None` where the pattern does not compile; a test shows that all of them do.
    pub(crate) fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| Regex::new(&self.source).ok()).as_ref()
    }
}

/// Memory that the automaton of a table may take.
const SET_BYTES: usize = 64 << 20;

/// A table of cues, with one automaton that tells at once which of them a sentence may hold.
pub(crate) struct Table {
    pub(crate) cues: Vec<Matcher>,
    set: Option<RegexSet>,
}

impl Table {
    pub(crate) fn new(table: &[Pattern], fill: fn(&str) -> String) -> Self {
        let cue = |pattern: &Pattern| {
            let Pattern { code, sign, text } = *pattern;
            Matcher { code, sign, source: fill(text), regex: OnceLock::new() }
        };
        let cues: Vec<Matcher> = table.iter().map(cue).collect();
        let patterns = cues.iter().map(|cue| cue.source.as_str());
        let set = RegexSetBuilder::new(patterns).size_limit(SET_BYTES).dfa_size_limit(SET_BYTES).build().ok();
        Self { cues, set }
    }

    #[cfg(test)]
    pub(crate) fn is_whole(&self) -> bool {
        self.set.is_some() && self.cues.iter().all(|cue| cue.regex().is_some())
    }

    /// The cues that stand somewhere in a text.
    pub(crate) fn in_text(&self, text: &str) -> Vec<&Matcher> {
        match &self.set {
            Some(set) => set.matches(text).into_iter().filter_map(|at| self.cues.get(at)).collect(),
            None => self.cues.iter().collect(),
        }
    }
}

/// A stretch of text between two full stops, as a byte range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sentence {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Cuts a text into sentences, at most `limit` of them; the last one takes the rest.
pub(crate) fn sentences(text: &str, limit: usize) -> Vec<Sentence> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut previous = ' ';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, next)| *next);
        let ends = match c {
            '\n' | '!' | '?' | '。' | ';' => true,
            // Not after the number of a list item, and not inside a number or address.
            '.' => next.is_whitespace() && !previous.is_ascii_digit() || is_wide(next) && !previous.is_ascii_digit(),
            '~' => is_wide(previous),
            _ => false,
        };
        let end = at + c.len_utf8();
        if ends && found.len() + 1 < limit {
            push_words(text, start, end, &mut found);
            start = end;
        }
        previous = c;
    }
    push_words(text, start, text.len(), &mut found);
    found
}

fn is_wide(c: char) -> bool {
    c >= '\u{2e80}'
}

fn push_words(text: &str, start: usize, end: usize, found: &mut Vec<Sentence>) {
    let Some(piece) = text.get(start..end) else { return };
    if piece.chars().any(char::is_alphanumeric) {
        let lead = piece.len() - piece.trim_start().len();
        found.push(Sentence { start: start + lead, end: start + piece.trim_end().len() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_full_stops() {
        for (text, expected) in [
            ("", vec![]),
            ("no.", vec!["no."]),
            ("sorry, no. ask 3.5 again! ok", vec!["sorry, no.", "ask 3.5 again!", "ok"]),
            ("1. cut it\n2. mix it", vec!["1. cut it", "2. mix it"]),
            ("抱歉。我不能说!请见 www.a.cn 站", vec!["抱歉。", "我不能说!", "请见 www.a.cn 站"]),
            ("不写哈~换个话题", vec!["不写哈~", "换个话题"]),
            ("?? !!", vec![]),
        ] {
            let pieces: Vec<_> = sentences(text, 10).iter().map(|s| &text[s.start..s.end]).collect();
            assert_eq!(pieces, expected, "{text}");
        }
        assert_eq!(sentences("a. b. c. d.", 2).len(), 2);
    }
}
