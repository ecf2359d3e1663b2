//! One pass over a text: normal forms, words, patterns, personal data, what sentences mean, what is encoded inside.
//!
//! Everything but a private key lies within one paragraph (a paragraph ends at an empty line), so a stream can
//! forget a paragraph that has ended. For the last paragraph of an unfinished text the scanner also tells from
//! where on it is *open*: hits that begin before that place are final, and none will be added before it.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeSet, ops::Range};

use jingwei_core::{Limits, Span};
use jingwei_text::{
    Layer, LexiconMatch, Likeness, MAX_RUN_BYTES, NormalizeOptions, Normalized, Reading, decode_layers, find_personal,
    find_private_keys, find_secrets, has_byte, is_hidden, is_ideograph, is_separator, leet_letter, longest_escape,
    normalize, open_personal, open_private_key, open_run, sentence_places,
};
use smallvec::SmallVec;

use crate::{
    Direction, Engine, SurfaceRole,
    canary::CANARY_BYTES,
    compile::{Active, CompiledRule, WordUse},
    sentences::{Heard, unescape},
    together::{Occurrences, sentence_ends},
};

/// A rule that matched, by index, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub span: Span,
    pub rule: usize,
    /// The words are there and the intent is not: it is only recorded.
    pub harmless: bool,
}

/// What a text gave.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scanned {
    /// In order of place, each once.
    pub found: Vec<Found>,
    /// What was not looked at, and why.
    pub skipped: Vec<String>,
    /// What detectors said, and where they could not.
    pub heard: Heard,
    /// The text up to here is settled.
    pub open: usize,
    /// The text from here on has a say in what follows.
    pub keep: usize,
    /// Hits that end after this place may still grow.
    pub firm: usize,
}

/// Texts inside texts inside texts: deeper than this nobody reads.
pub(crate) const MAX_LAYERS: u32 = 3;

pub(crate) struct Scanner<'a> {
    engine: &'a Engine,
    direction: Direction,
    limits: &'a Limits,
    active: &'a Active,
}

/// What is done with a paragraph, or with a text that was encoded in one.
#[derive(Clone, Copy)]
struct Task {
    depth: u32,
    /// More text follows.
    goes_on: bool,
    /// Its sentences are judged here. A stream judges its own sentences, once each.
    sentences: bool,
}

impl<'a> Scanner<'a> {
    pub fn new(engine: &'a Engine, direction: Direction, role: SurfaceRole, limits: &'a Limits) -> Self {
        Self { engine, direction, limits, active: engine.active(direction, role) }
    }

    /// A finished text.
    pub fn whole(&self, text: &str) -> Scanned {
        self.text(text, true, true)
    }

    /// The end of a stream, whose sentences are judged apart.
    pub fn end_of_stream(&self, text: &str) -> Scanned {
        self.text(text, true, false)
    }

    /// A stream that goes on.
    pub fn beginning(&self, text: &str) -> Scanned {
        self.text(text, false, false)
    }

    fn text(&self, text: &str, finished: bool, sentences: bool) -> Scanned {
        let paragraphs = paragraphs(text);
        if paragraphs.len() == 1 && !self.active.private_keys {
            return self.paragraph(text, Task { depth: 0, goes_on: !finished, sentences });
        }
        let mut all = Gathered::default();
        let last = paragraphs.len().saturating_sub(1);
        let (mut open, mut keep, mut firm) = (text.len(), text.len(), text.len());
        for (index, paragraph) in paragraphs.iter().enumerate() {
            let part = text.get(paragraph.clone()).unwrap_or_default();
            let goes_on = !finished && index == last;
            let block = self.paragraph(part, Task { depth: 0, goes_on, sentences });
            if index == 0 {
                all.found = InOrder { sorted: block.found, late: BTreeSet::new() };
            } else {
                for found in block.found {
                    all.found.insert(Found { span: shifted(found.span, paragraph.start), ..found });
                }
            }
            all.skipped.extend(block.skipped);
            all.heard.add(block.heard);
            if goes_on {
                open = paragraph.start + block.open;
                keep = paragraph.start + block.keep;
                firm = paragraph.start + block.firm;
            }
        }
        if self.active.private_keys {
            self.private_keys(text, &mut all);
            if !finished && let Some(start) = open_private_key(text) {
                open = open.min(start);
            }
        }
        all.scanned(open, keep.min(open), firm)
    }

    fn paragraph(&self, text: &str, task: Task) -> Scanned {
        let mut budget = MAX_DECODED_BYTES;
        let mut block = self.block(text, task, &mut budget);
        if task.goes_on {
            block.firm = last_cluster(text).min(last_letter(text));
        }
        block
    }

    fn rules<'s>(&'s self, of_kind: &'s [usize]) -> impl Iterator<Item = (usize, &'s CompiledRule)> {
        of_kind.iter().filter_map(|rule| Some((*rule, self.engine.rules.get(*rule)?)))
    }

    fn private_keys(&self, text: &str, all: &mut Gathered) {
        for key in find_private_keys(text) {
            for (rule, compiled) in self.rules(&self.active.secret) {
                if matches!(compiled, CompiledRule::Secret(kinds) if kinds.contains(&key.kind)) {
                    all.add(rule, key.span, self.limits);
                }
            }
        }
    }

    /// One paragraph, or a text that was encoded in one.
    fn block(&self, text: &str, task: Task, budget: &mut usize) -> Scanned {
        let mut all = Gathered::default();
        let reading = Reading::of(text);
        let literal = (task.goes_on || self.active.values).then(|| normalize(text, &NormalizeOptions::LITERAL));
        if let Some(literal) = literal.as_ref().filter(|_| self.active.values) {
            self.values(literal, &mut all);
        }
        self.patterns(&reading.words, &mut all);
        self.canaries(&reading, &mut all);
        let (words_open, words_keep) = self.words(&reading, task.goes_on, &mut all);
        let mut open = reading.words.map.start(words_open);
        let mut keep = reading.words.map.start(words_keep);
        if let Some(literal) = literal.filter(|_| task.goes_on) {
            open = open.min(self.open_by_form(text, &literal, &reading.words)).min(self.open_before_escape(text));
        }
        let (inner_open, inner_keep) = self.layers(text, task, budget, &mut all);
        open = open.min(inner_open);
        keep = keep.min(inner_keep).min(open);
        if task.sentences {
            self.sentences(text, &mut all);
        }
        for found in std::mem::take(&mut all.settled) {
            all.enter(found, self.limits);
        }
        if all.overflow {
            all.skipped
                .insert(format!("more than {} matches in a paragraph; the rest is not listed", self.limits.entries));
        }
        all.scanned(open, keep, text.len())
    }

    /// Personal data and secrets.
    fn values(&self, literal: &Normalized, all: &mut Gathered) {
        let personal = if self.active.personal.is_empty() { Vec::new() } else { find_personal(&literal.text) };
        let secret = if self.active.secret.is_empty() { Vec::new() } else { find_secrets(&literal.text) };
        for (rule, compiled) in self.rules(&self.active.personal) {
            let CompiledRule::Personal(kinds) = compiled else { continue };
            for found in personal.iter().filter(|found| kinds.contains(&found.kind)) {
                all.add(rule, literal.original(found.span.start..found.span.end), self.limits);
            }
        }
        for (rule, compiled) in self.rules(&self.active.secret) {
            let CompiledRule::Secret(kinds) = compiled else { continue };
            for found in secret.iter().filter(|found| kinds.contains(&found.kind)) {
                all.add(rule, literal.original(found.span.start..found.span.end), self.limits);
            }
        }
    }

    fn patterns(&self, words: &Normalized, all: &mut Gathered) {
        for (rule, compiled) in self.rules(&self.active.patterns) {
            let CompiledRule::Pattern { regex, .. } = compiled else { continue };
            for found in regex.find_iter(&words.text).filter(|found| !found.is_empty()) {
                all.add(rule, words.original(found.range()), self.limits);
            }
        }
    }

    /// Canary tokens, also spelled out.
    fn canaries(&self, reading: &Reading, all: &mut Gathered) {
        for (rule, compiled) in self.rules(&self.active.canaries) {
            let CompiledRule::Canary(key) = compiled else { continue };
            for (text, original) in reading.forms() {
                for (at, _) in text.match_indices(crate::canary::MARK) {
                    let range = at..at + CANARY_BYTES;
                    if text.get(range.clone()).is_some_and(|token| key.is_ours(token)) {
                        let inner = original(range);
                        all.add(rule, reading.original(inner.start..inner.end), self.limits);
                    }
                }
            }
        }
    }

    /// Words, and words that stand together, in the coordinates of the reading's words. Gives the offset from which
    /// on they are open, and the one from which on they must be remembered.
    fn words(&self, reading: &Reading, goes_on: bool, all: &mut Gathered) -> (usize, usize) {
        let index = self.engine.words(self.direction);
        let most = usize::try_from(self.limits.entries).unwrap_or(usize::MAX);
        let scan = index.automaton.find(reading, most);
        all.overflow |= scan.cut_short;
        let words = &reading.words.text;
        let open = if goes_on { index.automaton.open_from(reading) } else { words.len() };
        if scan.matches.is_empty() {
            return (open, open);
        }
        let mut lists: Vec<Vec<&LexiconMatch>> = Vec::new();
        for found in &scan.matches {
            let list = found.category as usize;
            if found.likeness != Likeness::Vague {
                let rules = index.hit_of.get(list).into_iter().flatten().filter(|rule| self.active.has(**rule));
                rules.for_each(|rule| all.add(*rule, reading.original(found.start..found.end), self.limits));
            }
            if index.stands_together.get(list).is_some_and(|matters| *matters) {
                lists.resize(index.hit_of.len(), Vec::new());
                lists.get_mut(list).into_iter().for_each(|list| list.push(found));
            }
        }
        if lists.is_empty() {
            return (open, open);
        }
        let (mut open, mut keep) = (open, open);
        let mut ends: Option<Vec<usize>> = None;
        for words_of in self.engine.uses.iter().filter(|words_of| self.active.has(words_of.rule)) {
            let Some(CompiledRule::Together(arithmetic)) = self.engine.rules.get(words_of.rule) else { continue };
            let has = |group: &Vec<usize>| group.iter().any(|list| lists.get(*list).is_some_and(|l| !l.is_empty()));
            // In a finished text a group without a word ends the matter.
            let matters = if goes_on {
                words_of.groups.iter().any(has) || has(&words_of.unless)
            } else {
                words_of.groups.iter().all(has)
            };
            if !matters {
                continue;
            }
            let ends = ends.get_or_insert_with(|| sentence_ends(words));
            let occurrences = occurrences(words_of, &lists);
            for hull in arithmetic.find(&occurrences, ends) {
                all.add(words_of.rule, reading.original(hull), self.limits);
            }
            if goes_on {
                let reach = arithmetic.reach(index.automaton.longest_word()) + SLACK;
                open = open.min(open_together(occurrences.groups.iter().flatten(), reach, words.len(), ends));
                // An exception is no match: it may go out, and is remembered.
                keep = keep.min(open_together(occurrences.unless.iter(), reach, words.len(), ends));
            }
        }
        (open, keep.min(open))
    }

    /// What the sentences of a finished text mean, and whether the words in them are meant.
    fn sentences(&self, text: &str, all: &mut Gathered) {
        let wanted = all.found.iter().any(|found| self.active.intents.contains(&found.rule));
        if self.active.semantic.is_empty() && !wanted {
            return;
        }
        let places = sentence_places(text, true);
        let readable: Vec<Cow<'_, str>> =
            places.iter().filter_map(|place| text.get(place.clone())).map(|text| unescape(text, self.limits)).collect();
        let texts: Vec<&str> = readable.iter().map(AsRef::as_ref).collect();
        let mut heard = self.engine.listen(self.active, self.direction, &texts, 0, self.limits);
        if wanted {
            for found in std::mem::take(&mut all.found).into_sorted() {
                let harmless = found.harmless || !self.is_meant(text, found, &places, &texts, &mut heard);
                all.found.insert(Found { harmless, ..found });
            }
        }
        for (sentence, rule) in &heard.hits {
            if let Some(place) = places.get(*sentence) {
                all.add(*rule, Span { start: place.start, end: place.end }, self.limits);
            }
        }
        all.heard.add(heard);
    }

    /// Whether the sentences around a hit are of the intent that its rule asks for. In doubt they are.
    fn is_meant(&self, text: &str, found: Found, places: &[Range<usize>], texts: &[&str], heard: &mut Heard) -> bool {
        let Some(intent) = self.engine.policy().rules.get(found.rule).and_then(|rule| rule.intent.as_ref()) else {
            return true;
        };
        let Some(detector) = self.engine.detectors.get(&intent.detector) else { return true };
        if let Err(what) = heard.ask(&intent.detector, detector.as_ref(), texts, 0, self.direction, self.limits) {
            heard.unavailable.entry(what).or_default().insert(found.rule);
            return true;
        }
        let first = places.partition_point(|place| place.end <= found.span.start);
        let end = places.partition_point(|place| place.start < found.span.end);
        let probability = heard.probability(&intent.detector, &intent.head, first..end);
        if probability.is_none_or(|probability| probability >= intent.least) {
            return true;
        }
        // Much harmless talk around it does not make a clause harmless. Alone it says less, so more is asked of it.
        let around = clause_around(text, found.span);
        let whole: usize = places.get(first..end).into_iter().flatten().map(Range::len).sum();
        if whole < PADDED * around.len() {
            return false;
        }
        let least = intent.least.max(LEAST_OF_CLAUSE);
        let clause = unescape(around, self.limits);
        let judged = detector.judge_sentences(&[clause.as_ref()], 0, self.direction);
        judged.is_ok_and(|judged| judged.iter().flatten().any(|j| j.head == intent.head && j.probability >= least))
    }

    /// Texts that are encoded in this one. Gives the offsets from which on the ones in place are open, and
    /// must be remembered.
    fn layers(&self, text: &str, task: Task, budget: &mut usize, all: &mut Gathered) -> (usize, usize) {
        let decoded = decode_layers(text, self.limits);
        all.skipped.extend(decoded.skipped);
        let (mut open, mut keep) = (text.len(), text.len());
        for layer in decoded.layers {
            let Layer { encoding, text: inner, map } = layer;
            // Escapes go on in place; a run of base64 is whole, or it is not read yet.
            let in_place = encoding.is_in_place();
            if task.goes_on && !in_place && map.span(0..inner.len()).end == text.len() {
                continue;
            }
            if task.depth >= MAX_LAYERS {
                all.skipped.insert(format!("text that is encoded more than {MAX_LAYERS} times"));
                break;
            }
            if inner.len() > *budget {
                all.skipped.insert("more encoded text in a paragraph than is read".to_owned());
                break;
            }
            *budget -= inner.len();
            // Escapes stand in sentences, and their sentences are judged with them taken out.
            let (goes_on, sentences) = if in_place { (task.goes_on, false) } else { (false, true) };
            let block = self.block(&inner, Task { depth: task.depth + 1, goes_on, sentences }, budget);
            for found in block.found {
                let found = Found { span: map.span(found.span.start..found.span.end), ..found };
                // What is encoded was judged as a text of its own.
                if in_place { all.enter(found, self.limits) } else { all.settled.push(found) }
            }
            all.skipped.extend(block.skipped);
            all.heard.add(block.heard);
            if goes_on {
                open = open.min(map.start(block.open));
                keep = keep.min(map.start(block.keep));
            }
        }
        (open, keep)
    }

    /// From where on the text is open if an escape at its end, not yet whole, stands for what completes a word.
    fn open_before_escape(&self, text: &str) -> usize {
        let automaton = &self.engine.words(self.direction).automaton;
        let tail = floor_boundary(text, text.len().saturating_sub(MAX_ESCAPE_BYTES));
        let signs = text[tail..].match_indices(['%', '&', '\\']).map(|(at, _)| tail + at);
        // What is longer than any escape of its kind, or has what none has, is none.
        let unfinished = |at: &usize| {
            let written = &text.as_bytes()[*at..];
            let longest = written.first().map_or(0, |sign| longest_escape(*sign));
            let legal = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'#' | b'{' | b'%' | b'&' | b'\\');
            written.len() < longest && written.iter().all(legal)
        };
        let signs = signs.filter(unfinished);
        let open_in = |text: &str| {
            let reading = Reading::of(text);
            reading.words.map.start(automaton.open_from(&reading))
        };
        // What stands before may hold escapes itself.
        let opens = signs.map(|sign| {
            let before = &text[..sign];
            let layers = decode_layers(before, self.limits).layers;
            let escaped = layers.iter().filter(|layer| layer.encoding.is_in_place());
            escaped.map(|layer| layer.map.start(open_in(&layer.text))).fold(open_in(before), usize::min)
        });
        opens.min().unwrap_or(text.len())
    }

    /// From where on the text is open if the digit or sign at the end of its words stands for a letter, because one follows.
    fn open_before_sign(&self, words: &Normalized) -> usize {
        let end = words.map.original_len();
        let mut rest = words.text.char_indices().rev();
        let Some((last, letter)) = rest.next().and_then(|(at, c)| Some((at, leet_letter(c)?))) else { return end };
        // Behind a letter it was read as one already.
        if rest.next().is_some_and(|(_, c)| c.is_ascii_alphabetic()) {
            return end;
        }
        let mut read = words.text[..last].to_owned();
        read.push(letter);
        let reading = Reading::of(&read);
        let open = reading.words.map.start(self.engine.words(self.direction).automaton.open_from(&reading));
        words.map.start(open.min(last))
    }

    /// From where on the text is open whatever the words are: an unfinished token, number, spelled word or pattern.
    fn open_by_form(&self, text: &str, literal: &Normalized, words: &Normalized) -> usize {
        let mut open = last_cluster(text).min(open_run(text)).min(self.open_before_sign(words));
        let canaries = !self.active.canaries.is_empty();
        if self.active.values || canaries {
            let token = literal.text.trim_end_matches(if canaries { in_token } else { in_value }).len();
            let token = token.max(floor_boundary(&literal.text, literal.text.len().saturating_sub(MAX_RUN_BYTES)));
            open = open.min(literal.map.start(token));
            let number = literal.text.trim_end_matches(in_number).len();
            let number = number.max(floor_boundary(&literal.text, literal.text.len().saturating_sub(MAX_NUMBER_BYTES)));
            if literal.text[number..].bytes().any(|b| b.is_ascii_digit()) {
                open = open.min(literal.map.start(number));
            }
        }
        if !self.active.personal.is_empty() {
            let wanted = |kind| {
                self.rules(&self.active.personal)
                    .any(|(_, rule)| matches!(rule, CompiledRule::Personal(kinds) if kinds.contains(&kind)))
            };
            open = open.min(literal.map.start(open_personal(&literal.text, wanted)));
        }
        open = open.min(words.map.start(spelled_from(&words.text)));
        for (_, rule) in self.rules(&self.active.patterns) {
            if let CompiledRule::Pattern { longest, .. } = rule {
                let from = longest.map_or(0, |longest| words.text.len().saturating_sub(longest + SLACK));
                open = open.min(words.map.start(floor_boundary(&words.text, from)));
            }
        }
        open
    }
}

/// Characters of keys, addresses and numbers.
fn in_value(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '@')
}

/// Digits of a number, and what separates them.
fn in_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, ' ' | '-' | '+' | '(' | ')')
}

/// Characters of keys, addresses, encoded text, and of words whose letters are written with digits and signs.
fn in_token(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '*' | '^' | '|' | '`')
        || matches!(c, '+' | '/' | '=' | '_' | '-' | '.' | '@' | '%' | ':' | '~' | '!' | '$' | '&' | '#' | ';' | '\\')
}

/// Bytes by which a normal form may still change at its end.
const SLACK: usize = 32;
/// Longest escape of one character: a number with zeros before it.
const MAX_ESCAPE_BYTES: usize = 48;
/// Longest number with its separators.
const MAX_NUMBER_BYTES: usize = 48;
/// Longest spelled-out word that is waited for.
const MAX_SPELLED_BYTES: usize = 2 * jingwei_text::Automaton::MAX_WORD_BYTES;
/// Most decoded text of one paragraph, over all layers.
const MAX_DECODED_BYTES: usize = 4 << 20;

#[derive(Default)]
struct Gathered {
    found: InOrder,
    /// Of texts that were encoded in this one.
    settled: Vec<Found>,
    skipped: BTreeSet<String>,
    heard: Heard,
    overflow: bool,
}

impl Gathered {
    fn scanned(self, open: usize, keep: usize, firm: usize) -> Scanned {
        Scanned {
            found: self.found.into_sorted(),
            skipped: if self.skipped.is_empty() { Vec::new() } else { self.skipped.into_iter().collect() },
            heard: self.heard,
            open,
            keep,
            firm,
        }
    }

    fn add(&mut self, rule: usize, span: Span, limits: &Limits) {
        self.enter(Found { span, rule, harmless: false }, limits);
    }

    fn enter(&mut self, found: Found, limits: &Limits) {
        if self.found.len() as u64 >= limits.entries {
            self.overflow = true;
            return;
        }
        self.found.insert(found);
    }
}

/// A set of what mostly comes in order of place.
#[derive(Default)]
struct InOrder {
    sorted: Vec<Found>,
    /// What came too late, and is not among those.
    late: BTreeSet<Found>,
}

impl InOrder {
    fn len(&self) -> usize {
        self.sorted.len() + self.late.len()
    }

    fn insert(&mut self, found: Found) {
        match self.sorted.last().map(|last| found.cmp(last)) {
            None | Some(Ordering::Greater) => self.sorted.push(found),
            Some(Ordering::Equal) => {}
            Some(Ordering::Less) => {
                if self.sorted.binary_search(&found).is_err() {
                    self.late.insert(found);
                }
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Found> {
        self.sorted.iter().chain(&self.late)
    }

    fn into_sorted(self) -> Vec<Found> {
        let Self { mut sorted, late } = self;
        if !late.is_empty() {
            sorted.extend(late);
            sorted.sort_unstable();
        }
        sorted
    }
}

fn shifted(span: Span, by: usize) -> Span {
    Span { start: span.start + by, end: span.end + by }
}

/// Most texts are one.
pub(crate) type Paragraphs = SmallVec<[Range<usize>; 1]>;

/// Parts of a text that end with an empty line each. At least one, and they cover the text.
pub(crate) fn paragraphs(text: &str) -> Paragraphs {
    paragraphs_after(text, false)
}

/// The same for a text that follows another, whose last line was empty up to here, or was not.
pub(crate) fn paragraphs_after(text: &str, mut line_is_empty: bool) -> Paragraphs {
    let bytes = text.as_bytes();
    let mut parts = Paragraphs::new();
    if !has_byte(text, |byte| byte == b'\n') {
        parts.push(0..text.len());
        return parts;
    }
    let mut start = 0;
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

/// Where the last character begins, if it is a letter or digit of a word that may go on: what ends with it may be a part
/// of a longer word, and then it is none.
fn last_letter(text: &str) -> usize {
    match text.char_indices().rev().find(|(_, c)| is_hidden(*c).is_none()) {
        Some((at, c)) if c.is_alphanumeric() && !is_ideograph(c) => at,
        _ => text.len(),
    }
}

/// A sentence so many times as long as the clause of a hit may be padded.
const PADDED: usize = 2;
/// What a clause alone must have, at least.
const LEAST_OF_CLAUSE: f64 = 0.5;

/// What was found and the few words around it that belong to it: up to the next punctuation, and not far.
fn clause_around(text: &str, span: Span) -> &str {
    const FAR: usize = 24;
    let ends = |c: char| {
        matches!(
            c,
            '，' | ','
                | '。'
                | '；'
                | ';'
                | '！'
                | '!'
                | '？'
                | '?'
                | '：'
                | ':'
                | '、'
                | '\n'
                | '（'
                | '）'
                | '('
                | ')'
        )
    };
    // Words of another writing are another matter: 炸弹 and then English.
    let chinese = text.get(span.start..span.end).unwrap_or_default().chars().any(is_ideograph);
    let foreign = |c: char| chinese && c.is_ascii_alphabetic();
    let belongs = |c: &char| !ends(*c) && !foreign(*c);
    let before = text.get(..span.start).unwrap_or_default().chars().rev().take(FAR).take_while(belongs);
    let after = text.get(span.end..).unwrap_or_default().chars().take(FAR).take_while(belongs);
    let start = span.start - before.map(char::len_utf8).sum::<usize>();
    let end = span.end + after.map(char::len_utf8).sum::<usize>();
    text.get(start..end).unwrap_or_default()
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
    is_separator(c) || (c.is_ascii_punctuation() && !matches!(c, '!' | '@' | '$'))
}

/// Where the words of a rule stand.
fn occurrences(words_of: &WordUse, lists: &[Vec<&LexiconMatch>]) -> Occurrences {
    let places = |group: &[usize], counts: fn(&LexiconMatch) -> bool| {
        let found = group.iter().filter_map(|list| lists.get(*list)).flatten();
        let mut places: Vec<Range<usize>> =
            found.filter(|found| counts(found)).map(|found| found.start..found.end).collect();
        places.sort_unstable_by_key(|place| (place.start, place.end));
        places.dedup();
        places
    };
    Occurrences {
        groups: words_of.groups.iter().map(|group| places(group, |_| true)).collect(),
        // A disguised exception is no exception.
        unless: places(&words_of.unless, |found| found.likeness == Likeness::Written),
    }
}

/// The earliest word that words to come could still stand together with.
fn open_together<'w>(
    words: impl Iterator<Item = &'w Range<usize>>,
    reach: usize,
    len: usize,
    sentence_ends: &[usize],
) -> usize {
    // A full stop at the very end may be the dot of a number.
    let last_end = sentence_ends.last().copied().filter(|end| *end + SLACK < len).unwrap_or(0);
    let open = words.filter(|word| word.start + reach >= len && word.end > last_end).map(|word| word.start);
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
