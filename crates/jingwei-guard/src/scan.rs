//! One pass over a text: normal forms, words, patterns, personal data, what is encoded inside.
//!
//! Everything but a private key lies within one paragraph (a paragraph ends at an empty line), so a stream can
//! forget a paragraph that has ended. For the last paragraph of an unfinished text the scanner also tells from
//! where on it is *open*: hits that begin before that place are final, and none will be added before it.

use std::{collections::BTreeSet, ops::Range};

use jingwei_core::{Limits, Span};
use jingwei_text::{
    Automaton, Encoding, Layer, MAX_RUN_BYTES, NormalizeOptions, Normalized, decode_layers, find_personal,
    find_private_keys, find_secrets, is_hidden, is_ideograph, normalize, open_private_key,
};

use crate::{
    Direction, Engine, SurfaceRole,
    compile::{CompiledRule, Part, Slot},
    together::{Occurrences, sentence_ends},
};

/// A rule that matched, by index, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub span: Span,
    pub rule: usize,
}

/// What a text gave.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scanned {
    /// In order of place, each once.
    pub found: Vec<Found>,
    /// What was not looked at, and why.
    pub skipped: Vec<String>,
    /// The text up to here is settled.
    pub open: usize,
    /// Hits that end after this place may still grow.
    pub firm: usize,
}

/// Texts inside texts inside texts: deeper than this nobody reads.
const MAX_LAYERS: u32 = 3;

pub(crate) struct Scanner<'a> {
    pub engine: &'a Engine,
    pub direction: Direction,
    pub role: SurfaceRole,
    pub limits: &'a Limits,
}

impl Scanner<'_> {
    /// A finished text.
    pub fn whole(&self, text: &str) -> Scanned {
        self.text(text, true)
    }

    /// A text that goes on.
    pub fn beginning(&self, text: &str) -> Scanned {
        self.text(text, false)
    }

    fn text(&self, text: &str, finished: bool) -> Scanned {
        let mut all = Gathered::default();
        let paragraphs = paragraphs(text);
        let last = paragraphs.len().saturating_sub(1);
        let (mut open, mut firm) = (text.len(), text.len());
        for (index, paragraph) in paragraphs.iter().enumerate() {
            let part = text.get(paragraph.clone()).unwrap_or_default();
            let ends = finished || index < last;
            let mut budget = MAX_DECODED_BYTES;
            let block = self.block(part, 0, &mut budget, !ends);
            let found = block.found.iter().map(|found| Found { span: shifted(found.span, paragraph.start), ..*found });
            all.found.extend(found);
            all.skipped.extend(block.skipped);
            if !ends {
                open = paragraph.start + block.open;
                firm = paragraph.start + last_cluster(part);
            }
        }
        self.private_keys(text, &mut all);
        if !finished && let Some(start) = open_private_key(text).filter(|_| self.looks_for_keys()) {
            open = open.min(start);
        }
        Scanned { found: all.found.into_iter().collect(), skipped: all.skipped.into_iter().collect(), open, firm }
    }

    fn active_rules(&self) -> impl Iterator<Item = (usize, &CompiledRule)> {
        self.engine
            .rules
            .iter()
            .enumerate()
            .filter(|(index, _)| self.engine.is_active(*index, self.direction, self.role))
    }

    fn looks_for_keys(&self) -> bool {
        self.active_rules().any(|(_, rule)| {
            matches!(rule, CompiledRule::Secret(kinds) if kinds.contains(&jingwei_text::SecretKind::PrivateKey))
        })
    }

    fn private_keys(&self, text: &str, all: &mut Gathered) {
        if !self.looks_for_keys() {
            return;
        }
        for key in find_private_keys(text) {
            for (rule, compiled) in self.active_rules() {
                if matches!(compiled, CompiledRule::Secret(kinds) if kinds.contains(&key.kind)) {
                    all.add(rule, key.span, self.limits);
                }
            }
        }
    }

    /// One paragraph, or a text that was encoded in one.
    fn block(&self, text: &str, depth: u32, budget: &mut usize, goes_on: bool) -> Scanned {
        let mut all = Gathered::default();
        let literal = normalize(text, &NormalizeOptions::LITERAL);
        let words = normalize(text, &NormalizeOptions::WORDS);
        let disguised = normalize(text, &NormalizeOptions::DISGUISED);
        self.values(&literal, &mut all);
        self.patterns(&words, &mut all);
        let mut open = text.len();
        for (index, view) in [&words, &disguised].into_iter().enumerate() {
            if index == 0 || view.text != words.text {
                let view_open = self.words(view, goes_on, &mut all);
                open = open.min(view.map.start(view_open));
            }
        }
        if goes_on {
            open = open.min(self.open_by_form(text, &literal, &words)).min(self.open_before_escape(text));
        }
        open = open.min(self.layers(text, depth, budget, goes_on, &mut all));
        if all.overflow {
            all.skipped
                .insert(format!("more than {} matches in a paragraph; the rest is not listed", self.limits.entries));
        }
        Scanned {
            found: all.found.into_iter().collect(),
            skipped: all.skipped.into_iter().collect(),
            open,
            firm: text.len(),
        }
    }

    /// Personal data and secrets.
    fn values(&self, literal: &Normalized, all: &mut Gathered) {
        let personal = self.active_rules().any(|(_, rule)| matches!(rule, CompiledRule::Personal(_)));
        let secret = self.active_rules().any(|(_, rule)| matches!(rule, CompiledRule::Secret(_)));
        let personal = if personal { find_personal(&literal.text) } else { Vec::new() };
        let secret = if secret { find_secrets(&literal.text) } else { Vec::new() };
        for (rule, compiled) in self.active_rules() {
            let spans: Vec<Span> = match compiled {
                CompiledRule::Personal(kinds) => {
                    personal.iter().filter(|m| kinds.contains(&m.kind)).map(|m| m.span).collect()
                }
                CompiledRule::Secret(kinds) => {
                    secret.iter().filter(|m| kinds.contains(&m.kind)).map(|m| m.span).collect()
                }
                _ => continue,
            };
            for span in spans {
                all.add(rule, literal.original(span.start..span.end), self.limits);
            }
        }
    }

    fn patterns(&self, words: &Normalized, all: &mut Gathered) {
        for (rule, compiled) in self.active_rules() {
            let CompiledRule::Pattern { regex, .. } = compiled else { continue };
            for found in regex.find_iter(&words.text).filter(|found| !found.is_empty()) {
                all.add(rule, words.original(found.range()), self.limits);
            }
        }
    }

    /// Words and words that stand together. Gives the offset of the view from which on they are open.
    fn words(&self, view: &Normalized, goes_on: bool, all: &mut Gathered) -> usize {
        let index = self.engine.words(self.direction);
        let most = usize::try_from(self.limits.entries).unwrap_or(usize::MAX);
        let scan = index.automaton.search(view, most);
        all.overflow |= scan.cut_short;
        let mut together: Vec<Option<Occurrences>> = vec![None; self.engine.rules.len()];
        for found in &scan.matches {
            let Some(slot) = index.slots.get(found.category as usize) else { continue };
            if !self.engine.is_active(slot.rule, self.direction, self.role) {
                continue;
            }
            match slot.part {
                Part::Hit => all.add(slot.rule, view.original(found.start..found.end), self.limits),
                Part::Group(_) | Part::Unless => self.occurrence(*slot, found.start..found.end, &mut together),
            }
        }
        let ends = if together.iter().any(Option::is_some) { sentence_ends(&view.text) } else { Vec::new() };
        let mut open = if goes_on { index.automaton.open_from(&view.text) } else { view.text.len() };
        for (rule, occurrences) in together.iter().enumerate() {
            let (Some(CompiledRule::Together(arithmetic)), Some(occurrences)) =
                (self.engine.rules.get(rule), occurrences)
            else {
                continue;
            };
            for hull in arithmetic.find(occurrences, &ends) {
                all.add(rule, view.original(hull), self.limits);
            }
            if goes_on {
                let reach = arithmetic.reach(index.automaton.longest_word()) + SLACK;
                open = open.min(open_together(occurrences, reach, view.text.len(), &ends));
            }
        }
        open
    }

    fn occurrence(&self, slot: Slot, place: Range<usize>, together: &mut [Option<Occurrences>]) {
        let Some(CompiledRule::Together(arithmetic)) = self.engine.rules.get(slot.rule) else { return };
        let Some(entry) = together.get_mut(slot.rule) else { return };
        let occurrences = entry
            .get_or_insert_with(|| Occurrences { groups: vec![Vec::new(); arithmetic.groups], unless: Vec::new() });
        match slot.part {
            Part::Group(group) => {
                occurrences.groups.get_mut(group).into_iter().for_each(|list| list.push(place.clone()))
            }
            Part::Unless => occurrences.unless.push(place),
            Part::Hit => {}
        }
    }

    /// Texts that are encoded in this one. Gives the offset from which on the ones in place are open.
    fn layers(&self, text: &str, depth: u32, budget: &mut usize, goes_on: bool, all: &mut Gathered) -> usize {
        let decoded = decode_layers(text, self.limits);
        all.skipped.extend(decoded.skipped);
        let mut open = text.len();
        for layer in decoded.layers {
            let Layer { encoding, text: inner, map } = layer;
            // Escapes go on in place; a run of base64 is whole, or it is not read yet.
            let in_place = !matches!(encoding, Encoding::Base64 | Encoding::Hex);
            if goes_on && !in_place && map.span(0..inner.len()).end == text.len() {
                continue;
            }
            if depth >= MAX_LAYERS {
                all.skipped.insert(format!("text that is encoded more than {MAX_LAYERS} times"));
                break;
            }
            if inner.len() > *budget {
                all.skipped.insert("more encoded text in a paragraph than is read".to_owned());
                break;
            }
            *budget -= inner.len();
            let block = self.block(&inner, depth + 1, budget, goes_on && in_place);
            for found in block.found {
                all.add(found.rule, map.span(found.span.start..found.span.end), self.limits);
            }
            all.skipped.extend(block.skipped);
            if goes_on && in_place {
                open = open.min(map.start(block.open));
            }
        }
        open
    }

    /// From where on the text is open if an escape at its end, not yet whole, stands for what completes a word.
    fn open_before_escape(&self, text: &str) -> usize {
        let automaton = &self.engine.words(self.direction).automaton;
        let tail = floor_boundary(text, text.len().saturating_sub(MAX_ESCAPE_BYTES));
        let signs = text[tail..].match_indices(['%', '&', '\\']).map(|(at, _)| tail + at);
        let opens = signs.map(|sign| {
            let before = normalize(&text[..sign], &NormalizeOptions::WORDS);
            before.map.start(automaton.open_from(&before.text))
        });
        opens.min().unwrap_or(text.len())
    }

    /// From where on the text is open whatever the words are: an unfinished token, number, spelled word or pattern.
    fn open_by_form(&self, text: &str, literal: &Normalized, words: &Normalized) -> usize {
        let mut open = last_cluster(text);
        let token = literal.text.trim_end_matches(|c: char| c.is_ascii_graphic()).len();
        let token = token.max(floor_boundary(&literal.text, literal.text.len().saturating_sub(MAX_RUN_BYTES)));
        open = open.min(literal.map.start(token));
        let number = literal.text.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '+')).len();
        let number = number.max(floor_boundary(&literal.text, literal.text.len().saturating_sub(MAX_NUMBER_BYTES)));
        if literal.text[number..].bytes().any(|b| b.is_ascii_digit()) {
            open = open.min(literal.map.start(number));
        }
        open = open.min(words.map.start(spelled_from(&words.text)));
        for (_, rule) in self.active_rules() {
            if let CompiledRule::Pattern { longest, .. } = rule {
                let from = longest.map_or(0, |longest| words.text.len().saturating_sub(longest + SLACK));
                open = open.min(words.map.start(floor_boundary(&words.text, from)));
            }
        }
        open
    }
}

/// Bytes by which a normal form may still change at its end.
const SLACK: usize = 32;
/// Longest escape of one character: two halves of a surrogate pair.
const MAX_ESCAPE_BYTES: usize = 12;
/// Longest number with its separators.
const MAX_NUMBER_BYTES: usize = 48;
/// Longest spelled-out word that is waited for.
const MAX_SPELLED_BYTES: usize = 2 * Automaton::MAX_WORD_BYTES;
/// Most decoded text of one paragraph, over all layers.
const MAX_DECODED_BYTES: usize = 4 << 20;

#[derive(Default)]
struct Gathered {
    found: BTreeSet<Found>,
    skipped: BTreeSet<String>,
    overflow: bool,
}

impl Gathered {
    fn add(&mut self, rule: usize, span: Span, limits: &Limits) {
        if self.found.len() as u64 >= limits.entries {
            self.overflow = true;
            return;
        }
        self.found.insert(Found { span, rule });
    }
}

fn shifted(span: Span, by: usize) -> Span {
    Span { start: span.start + by, end: span.end + by }
}

/// Parts of a text that end with an empty line each. At least one, and they cover the text.
pub(crate) fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let (mut start, mut line_is_empty) = (0, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' if line_is_empty && at + 1 < bytes.len() => {
                parts.push(start..at + 1);
                start = at + 1;
                line_is_empty = false;
            }
            b'\n' => line_is_empty = true,
            b' ' | b'\t' | b'\r' => {}
            _ => line_is_empty = false,
        }
    }
    parts.push(start..text.len());
    parts
}

/// Where the last character that shows begins, if what follows can still change it.
fn last_cluster(text: &str) -> usize {
    let settled = |c: char| {
        c.is_ascii() || is_ideograph(c) || matches!(c, '\u{3000}'..='\u{303f}' | '！' | '，' | '：' | '；' | '？')
    };
    match text.char_indices().rev().find(|(_, c)| is_hidden(*c).is_none()) {
        Some((at, c)) if !settled(c) => cluster_start(text, at),
        _ => text.len(),
    }
}

/// Walks back over combining marks to the letter that they stand on.
fn cluster_start(text: &str, at: usize) -> usize {
    let mut start = at;
    for (before, c) in text[..at].char_indices().rev().take(MAX_MARKS) {
        let last = text[start..].chars().next();
        if !last.is_some_and(may_combine) {
            break;
        }
        if is_hidden(c).is_none() {
            start = before;
        }
    }
    start
}

const MAX_MARKS: usize = 64;

/// Marks and jamo that join the character before them.
fn may_combine(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{6ff}' | '\u{900}'..='\u{e7f}')
        || matches!(c, '\u{1100}'..='\u{11ff}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
        || matches!(c, '\u{302a}'..='\u{302f}' | '\u{3099}' | '\u{309a}' | '\u{fe20}'..='\u{fe2f}' | '\u{ff9e}' | '\u{ff9f}')
        || (c as u32) >= 0x1_0000
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Where letters that are spelled out one by one begin, at the end of a normal form.
fn spelled_from(text: &str) -> usize {
    let is_letter = |c: char| c.is_ascii_graphic() && !is_joint(c);
    let mut from = text.len();
    let mut rest = text.char_indices().rev().peekable();
    if rest.peek().is_some_and(|(_, c)| is_joint(*c)) {
        rest.next();
    }
    while let Some((at, c)) = rest.next() {
        let before = rest.peek().map(|(_, before)| *before);
        if !is_letter(c) || before.is_some_and(is_letter) || text.len() - at > MAX_SPELLED_BYTES {
            break;
        }
        from = at;
        if !before.is_some_and(is_joint) {
            break;
        }
        rest.next();
    }
    from
}

fn is_joint(c: char) -> bool {
    c.is_whitespace()
        || (c.is_ascii_punctuation() && !matches!(c, '!' | '@' | '$'))
        || matches!(c, '·' | '•' | '・' | '‧' | '⋅')
}

/// The earliest word that words to come could still stand together with.
fn open_together(words: &Occurrences, reach: usize, len: usize, sentence_ends: &[usize]) -> usize {
    // A full stop at the very end may be the dot of a number.
    let last_end = sentence_ends.last().copied().filter(|end| *end + SLACK < len).unwrap_or(0);
    let all = words.groups.iter().flatten().chain(&words.unless);
    let open = all.filter(|word| word.start + reach >= len && word.end > last_end).map(|word| word.start);
    open.min().unwrap_or(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_end_at_empty_lines() {
        for (text, expected) in [
            ("", vec![""]),
            ("a\nb", vec!["a\nb"]),
            ("a\n\nb", vec!["a\n\n", "b"]),
            ("a\r\n \r\nb\n\n", vec!["a\r\n \r\n", "b\n\n"]),
            ("\n\n\n", vec!["\n\n", "\n"]),
        ] {
            let parts: Vec<&str> = paragraphs(text).into_iter().map(|part| &text[part]).collect();
            assert_eq!(parts, expected, "{text:?}");
        }
    }

    #[test]
    fn spelled_letters_at_the_end_are_waited_for() {
        for (text, from) in
            [("a b", 0), ("cat b ", 4), ("cat ", 4), ("b-o-", 0), ("中 b", 4), ("中b o", 3), ("", 0), ("hello", 5)]
        {
            assert_eq!(spelled_from(text), from, "{text:?}");
        }
    }
}
