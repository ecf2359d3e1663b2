//! Which features a reply has: runs of words and characters, where they stand, and what the rules found.

use jingwei_text::is_ideograph;

use super::super::{
    Call,
    form::Form,
    patterns::Sign,
    signs::{Found, Signs},
};

/// Version of the features: weights that were trained on others mean nothing here.
pub(super) const FEATURES: u32 = 1;

/// Tokens that are read from the beginning of a reply.
const OPENING_TOKENS: usize = 64;
/// Tokens that are read of its last sentence, where that lies beyond them.
const CLOSING_TOKENS: usize = 24;
const LONGEST: usize = 3;
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Where a run of tokens stands.
#[derive(Clone, Copy)]
enum Zone {
    Anywhere = 1,
    FirstSentence = 2,
    LastSentence = 3,
    Beginning = 4,
    Signal = 5,
}

/// Receives the hash of a feature; the second argument tells whether the rules found it, or the writing shows it.
pub(super) trait Sink: FnMut(u64, bool) {}
impl<F: FnMut(u64, bool)> Sink for F {}

fn mix(hash: u64, code: u64) -> u64 {
    let mixed = (hash.rotate_left(23) ^ code).wrapping_mul(MIX);
    mixed ^ (mixed >> 29)
}

fn start(zone: Zone) -> u64 {
    (zone as u64).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

fn text_code(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| mix(hash, u64::from(byte)))
}

/// Emits every feature of a reply in normal form.
pub(super) fn features(text: &str, signs: &Signs, rules: Rules, emit: &mut impl Sink) {
    written(text, signs, emit);
    signals(text, signs, rules, emit);
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
        runs(&tokens, Zone::Anywhere, LONGEST, emit);
        if index == 0 {
            runs(&tokens, Zone::FirstSentence, 2, emit);
            beginning(&tokens, emit);
        } else if index == last {
            runs(&tokens, Zone::LastSentence, 2, emit);
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

/// Chinese characters and marks one by one, other words whole, numbers all alike; marks of one kind in a row count once.
fn tokens(sentence: &str, most: usize) -> Vec<u64> {
    let mut found: Vec<u64> = Vec::with_capacity(most.min(sentence.len()));
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
        if is_ideograph(c) || found.last() != Some(&code) {
            found.push(code);
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

fn signals(text: &str, signs: &Signs, rules: Rules, emit: &mut impl Sink) {
    let chinese = text.chars().filter(|c| is_ideograph(*c)).count();
    let script = if chinese * 3 >= signs.words { "zh" } else { "en" };
    let mut signal = |name: &str, value: usize| {
        let hash = mix(mix(start(Zone::Signal), text_code(name)), value as u64);
        emit(hash, true);
        emit(mix(hash, text_code(script)), true);
    };
    signal("always", 0);
    signal("rules", rules.call as usize);
    signal("refuses", rules.refuses.min(9) / 2);
    signal("delivers", rules.delivers.min(6));
    signal("words", usize::BITS as usize - signs.words.leading_zeros() as usize);
    signal("sentences", signs.sentences.min(6));
    signal("list", signs.list_items.min(4));
    signal("code", usize::from(signs.code_block));
    signal("found nothing", usize::from(signs.found.is_empty()));
    for found in &signs.found {
        let place = usize::from(found.sentence == 0) + 2 * usize::from(found.sentence + 1 == signs.sentences);
        signal(found.code, 4 * usize::from(found.conceded) + place);
    }
    pairs(signs, &mut signal);
    crossed(text, signs, rules, &mut signal);
    for sign in [Sign::Decline, Sign::Apology, Sign::Warning, Sign::Redirect, Sign::Delivery, Sign::Hint] {
        let count = |keep: fn(&&Found) -> bool| signs.of(sign).filter(keep).count().min(3);
        signal("sign", 16 * sign as usize + count(|_| true));
        signal("sign that holds", 16 * sign as usize + count(|found| !found.conceded));
        signal("sign at first", 16 * sign as usize + count(|found| found.sentence == 0));
    }
    let questions = signs.pieces.iter().filter(|piece| text.get(..piece.end).is_some_and(|t| t.ends_with('?'))).count();
    signal("questions", questions.min(3));
    signal("only questions", usize::from(questions > 0 && questions == signs.sentences));
    signal("ends", text.trim_end().chars().next_back().map_or(0, |c| c as usize));
    let opens = text.trim_start().chars().next().unwrap_or(' ');
    signal("opens", if opens.is_alphanumeric() { 0 } else { opens as usize });
    let quotes = text.chars().filter(|c| matches!(c, '"' | '“' | '”' | '「' | '」' | '《')).count();
    signal("quotes", quotes.min(4));
    signal("lines", text.trim().lines().count().min(5));
    signal("table", usize::from(text.contains("|--")));
    let numbers = text.chars().filter(char::is_ascii_digit).count();
    signal("digits", usize::BITS as usize - numbers.leading_zeros() as usize);
}

/// Cues that stand together say more than each by itself.
fn pairs(signs: &Signs, signal: &mut impl FnMut(&str, usize)) {
    let mut codes: Vec<&str> = signs.found.iter().filter(|found| !found.conceded).map(|found| found.code).collect();
    codes.sort_unstable();
    codes.dedup();
    for (at, one) in codes.iter().enumerate() {
        for other in codes.iter().skip(at + 1) {
            signal(one, (text_code(other) >> 33) as usize);
        }
    }
}

/// What means one thing after one form of question and another after another. The form says nothing by itself.
fn crossed(text: &str, signs: &Signs, rules: Rules, signal: &mut impl FnMut(&str, usize)) {
    let form = 64 * rules.form as usize;
    for sign in [Sign::Decline, Sign::Apology, Sign::Warning, Sign::Redirect, Sign::Delivery] {
        if let Some(found) = signs.of(sign).next() {
            signal("form and sign", form + 2 * sign as usize + usize::from(found.sentence == 0));
        }
    }
    signal("form and topic", form + 4 * rules.topic + usize::from(signs.of(Sign::Delivery).next().is_some()));
    for found in signs.of(Sign::Hint) {
        signal(found.code, 1024 + form);
        signal(found.code, 2048 + 4 * rules.topic + usize::from(found.sentence == 0));
    }
    let begins = text.trim_start();
    let no = ["不", "没有", "no", "not ", "never", "unfortunately", "抱歉", "sorry", "违法", "illegal"];
    let yes = ["可以", "能", "会", "是", "好", "当然", "yes", "sure", "of course", "okay", "对"];
    let opening = |words: &[&str]| words.iter().any(|word| begins.starts_with(word));
    match (opening(&no), opening(&yes)) {
        (true, _) => signal("form and no", form),
        (_, true) => signal("form and yes", form),
        _ => {}
    }
}
