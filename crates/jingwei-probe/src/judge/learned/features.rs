//! Which features a reply has: runs of words and characters, where they stand, and what the rules found.

use jingwei_text::is_ideograph;

use super::super::{Call, form::Form, signs::Signs};
use super::{signals::signals, wanted::wanted};

/// Version of the features: weights that were trained on others mean nothing here.
pub(super) const FEATURES: u32 = 2;

/// Tokens that are read from the beginning of a reply.
const OPENING_TOKENS: usize = 240;
/// Tokens that are read of its last sentence, where that lies beyond them.
const CLOSING_TOKENS: usize = 24;
const LONGEST: usize = 3;
/// Letters by which an English word is known whatever its ending.
const STEM: usize = 5;
/// Shortest and longest pieces of English words.
const PIECES: std::ops::RangeInclusive<usize> = 3..=5;
/// Letters of a word that are cut into pieces.
const CUT_LETTERS: usize = 24;
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Where a run of tokens stands.
#[derive(Clone, Copy)]
pub(super) enum Zone {
    Anywhere = 1,
    FirstSentence = 2,
    LastSentence = 3,
    Beginning = 4,
    Signal = 5,
    Stem = 6,
    Piece = 7,
    Asked = 8,
    Net = 9,
    NetAsked = 10,
    NetStem = 11,
}

/// Receives the hash of a feature; the second argument tells whether the rules found it, or the writing shows it.
pub(super) trait Sink: FnMut(u64, bool) {}
impl<F: FnMut(u64, bool)> Sink for F {}

pub(super) fn mix(hash: u64, code: u64) -> u64 {
    let mixed = (hash.rotate_left(23) ^ code).wrapping_mul(MIX);
    mixed ^ (mixed >> 29)
}

pub(super) fn start(zone: Zone) -> u64 {
    (zone as u64).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

pub(super) fn text_code(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| mix(hash, u64::from(byte)))
}

/// A reply as the model sees it: in normal form, without what it repeats of the question.
pub(in super::super) struct Seen {
    pub(in super::super) text: String,
    /// The question in normal form; empty where it is not known, or does not count.
    pub(in super::super) asked: String,
    /// The question in normal form, whether its words count or not.
    pub(in super::super) question: String,
    /// There is a question, whether its words count or not.
    pub(in super::super) is_asked: bool,
    pub(in super::super) signs: Signs,
    pub(in super::super) rules: Rules,
}

/// Emits every feature of a reply.
pub(super) fn features(seen: &Seen, emit: &mut impl Sink) {
    written(&seen.text, &seen.signs, emit);
    signals(&seen.text, &seen.signs, seen.rules, emit);
    wanted(seen, emit);
}

/// Emits a signal with its value, once for all replies and once for those in the script of this one.
pub(super) fn signal<'a>(text: &str, signs: &Signs, emit: &'a mut impl Sink) -> impl FnMut(&str, usize) + 'a {
    let chinese = text.chars().filter(|c| is_ideograph(*c)).count();
    let script = text_code(if chinese * 3 >= signs.words { "zh" } else { "en" });
    move |name, value| {
        let hash = mix(mix(start(Zone::Signal), text_code(name)), value as u64);
        emit(hash, true);
        emit(mix(hash, script), true);
    }
}

/// What the rules say of a reply by themselves.
#[derive(Clone, Copy)]
pub struct Rules {
    pub form: Form,
    pub call: Call,
    /// How many words of the question the reply begins with, up to 3.
    pub topic: usize,
    pub refuses: usize,
    pub delivers: usize,
}

fn written(text: &str, signs: &Signs, emit: &mut impl Sink) {
    let mut left = OPENING_TOKENS;
    let last = signs.pieces.len().saturating_sub(1);
    for (index, piece) in signs.pieces.iter().enumerate() {
        let most = if index == last { left.max(CLOSING_TOKENS) } else { left };
        let Some(sentence) = text.get(piece.start..piece.end).filter(|_| most > 0) else { continue };
        let tokens = tokens(sentence, most);
        left = left.saturating_sub(tokens.len());
        let codes: Vec<u64> = tokens.iter().map(|token| token.code).collect();
        let stems: Vec<u64> = tokens.iter().map(Token::stem).collect();
        runs(&codes, Zone::Anywhere, LONGEST, emit);
        runs(&stems, Zone::Stem, 2, emit);
        tokens.iter().for_each(|token| pieces(token.text, emit));
        if index == 0 {
            runs(&codes, Zone::FirstSentence, 2, emit);
            beginning(&codes, emit);
        } else if index == last {
            runs(&codes, Zone::LastSentence, 2, emit);
        }
    }
}

/// Every run of one to `longest` tokens.
fn runs(tokens: &[u64], zone: Zone, longest: usize, emit: &mut impl Sink) {
    for at in 0..tokens.len() {
        let mut hash = start(zone);
        for token in tokens.iter().skip(at).take(longest) {
            hash = mix(hash, *token);
            emit(hash, false);
        }
    }
}

/// The first tokens of a reply, one by one longer.
fn beginning(tokens: &[u64], emit: &mut impl Sink) {
    let mut hash = start(Zone::Beginning);
    for token in tokens.iter().take(4) {
        hash = mix(hash, *token);
        emit(hash, false);
    }
}

/// Pieces of an English word with its ends marked: what `illegal` says, `illegally` says too.
fn pieces(word: &str, emit: &mut impl Sink) {
    if !is_english(word) || word.len() <= *PIECES.start() {
        return;
    }
    let letters: Vec<u8> = [b'^'].into_iter().chain(word.bytes().take(CUT_LETTERS)).chain([b'$']).collect();
    for length in PIECES {
        for piece in letters.windows(length) {
            emit(piece.iter().fold(start(Zone::Piece), |hash, byte| mix(hash, u64::from(*byte))), false);
        }
    }
}

fn is_english(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// A word or a Chinese character or a mark.
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) code: u64,
}

impl Token<'_> {
    /// English words by their first letters, everything else as it is.
    pub(super) fn stem(&self) -> u64 {
        match self.text.get(..STEM) {
            Some(stem) if is_english(self.text) => word_code(stem),
            _ => self.code,
        }
    }
}

/// Chinese characters and marks one by one, other words whole, numbers all alike; marks of one kind in a row count once.
pub(super) fn tokens(sentence: &str, most: usize) -> Vec<Token<'_>> {
    let mut found: Vec<Token<'_>> = Vec::with_capacity(most.min(sentence.len()));
    let mut rest = sentence.trim_start();
    while let Some(c) = rest.chars().next().filter(|_| found.len() < most) {
        let is_part = |c: char| c.is_alphanumeric() && !is_ideograph(c) || matches!(c, '\'' | '’');
        let end = if is_part(c) { rest.find(|c| !is_part(c)).unwrap_or(rest.len()) } else { c.len_utf8() };
        let (token, after) = rest.split_at(end);
        let code = match c {
            _ if is_ideograph(c) => u64::from(c),
            _ if c.is_ascii_digit() => u64::from('0'),
            _ if is_part(c) => word_code(token),
            _ => u64::from(c),
        };
        if is_ideograph(c) || found.last().is_none_or(|last| last.code != code) {
            found.push(Token { text: token, code });
        }
        rest = after.trim_start();
    }
    found
}

/// Apostrophes of all kinds, or none, are the same word.
fn word_code(word: &str) -> u64 {
    let letters = word.chars().filter(|c| !matches!(c, '\'' | '’'));
    letters.fold(0x51_7c_c1_b7, |hash, c| mix(hash, u64::from(c)))
}
