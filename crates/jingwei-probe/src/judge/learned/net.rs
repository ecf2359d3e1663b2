//! A small network beside the weights: what the first sentence, the last one and those between say, and how that goes
//! together with the question.
//!
//! Every run of one or two words stands for a few numbers; a part of the reply is their mean (Iyyer et al. 2015, "deep
//! averaging networks"). The question counts only multiplied with the reply, number by number: what is asked sways
//! nothing by itself.

use std::borrow::Cow;

use super::features::{Seen, Token, Zone, mix, start, tokens};
use super::model::CLASSES;

/// Numbers that a run of words stands for.
pub(super) const WIDTH: usize = 16;
pub(super) const HIDDEN: usize = 48;
/// First sentence, those between, last sentence, and the first two of these with the question.
const PARTS: usize = 5;
pub(super) const INPUTS: usize = WIDTH * PARTS;
/// Rows of the table, as a power of two.
pub(super) const ROWS_LOG2: u32 = 16;
pub(super) const ROWS: usize = 1 << ROWS_LOG2;
/// What the means are multiplied with before they go on, and the products once more.
pub(super) const GAIN: f32 = 4.0;

/// Tokens that are read of each part.
const FIRST_TOKENS: usize = 60;
const MIDDLE_TOKENS: usize = 220;
const LAST_TOKENS: usize = 40;
const ASKED_TOKENS: usize = 50;
/// Stands between two sentences.
const BETWEEN: u64 = 0x1e;
/// Words of fewer letters are their own stems.
const STEMMED: usize = 4;

/// A row of the table, in steps.
pub(super) type Row = [u8; WIDTH];

/// One of the networks whose opinions are averaged.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    /// What one step of the table is worth.
    pub scale: f32,
    pub table: Cow<'static, [Row]>,
    /// By hidden unit; the last number is its bias.
    pub hidden: Vec<[f32; INPUTS + 1]>,
    /// By class; the last number is its bias.
    pub out: Vec<[f32; HIDDEN + 1]>,
}

/// Of a member in the file: what a step is worth, the table, the hidden units, the classes.
pub(super) const MEMBER_BYTES: usize = 4 + ROWS * WIDTH + 4 * HIDDEN * (INPUTS + 1) + 4 * CLASSES * (HIDDEN + 1);

pub(super) fn write(member: &Member, take: &mut dyn FnMut(&[u8])) {
    take(&member.scale.to_le_bytes());
    take(member.table.as_flattened());
    let weights = member.hidden.iter().flatten().chain(member.out.iter().flatten());
    take(&weights.flat_map(|weight| weight.to_le_bytes()).collect::<Vec<u8>>());
}

/// `None`: a number is out of range, or the bytes are too few.
pub(super) fn read<'a>(bytes: &'a [u8], keep: impl Fn(&'a [Row]) -> Cow<'static, [Row]>) -> Option<Member> {
    let (scale, rest) = bytes.split_first_chunk::<4>()?;
    let (table, rest) = rest.split_at_checked(ROWS * WIDTH)?;
    let numbers: Vec<f32> = rest.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let (hidden, out) = numbers.split_at_checked(HIDDEN * (INPUTS + 1))?;
    let scale = f32::from_le_bytes(*scale);
    let member = Member {
        scale,
        table: keep(table.as_chunks::<WIDTH>().0),
        hidden: hidden.as_chunks::<{ INPUTS + 1 }>().0.to_vec(),
        out: out.as_chunks::<{ HIDDEN + 1 }>().0.to_vec(),
    };
    let fits = member.out.len() == CLASSES && scale.is_finite() && numbers.iter().all(|number| number.is_finite());
    fits.then_some(member)
}

/// Which rows of the table stand for which part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bags {
    pub asked: Vec<u32>,
    pub first: Vec<u32>,
    pub middle: Vec<u32>,
    pub last: Vec<u32>,
}

impl Bags {
    pub fn of(seen: &Seen) -> Self {
        let mut bags = Bags { asked: bag(&tokens(&seen.question, ASKED_TOKENS), Zone::NetAsked), ..Bags::default() };
        let end = seen.signs.pieces.len().saturating_sub(1);
        let mut middle: Vec<Token<'_>> = Vec::new();
        for (at, piece) in seen.signs.pieces.iter().enumerate() {
            let Some(sentence) = seen.text.get(piece.start..piece.end) else { continue };
            if at == 0 {
                bags.first = bag(&tokens(sentence, FIRST_TOKENS), Zone::Net);
            } else if at == end {
                bags.last = bag(&tokens(sentence, LAST_TOKENS), Zone::Net);
            } else if middle.len() < MIDDLE_TOKENS {
                middle.extend(tokens(sentence, MIDDLE_TOKENS - middle.len()));
                middle.push(Token { text: "", code: BETWEEN });
            }
        }
        bags.middle = bag(&middle, Zone::Net);
        bags
    }
}

/// Runs of one and two tokens, and the stems of English words.
fn bag(tokens: &[Token<'_>], zone: Zone) -> Vec<u32> {
    let mut rows = Vec::with_capacity(3 * tokens.len());
    let row = |hash: u64| u32::try_from(hash >> (64 - ROWS_LOG2)).unwrap_or(0);
    for (at, token) in tokens.iter().enumerate() {
        let one = mix(start(zone), token.code);
        rows.push(row(one));
        if let Some(next) = tokens.get(at + 1) {
            rows.push(row(mix(one, next.code)));
        }
        if token.text.len() >= STEMMED && token.text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            rows.push(row(mix(start(Zone::NetStem), token.stem())));
        }
    }
    rows
}

/// What goes into the hidden units, from the means of the parts.
pub(super) fn inputs(asked: &[f32; WIDTH], parts: &[[f32; WIDTH]; 3]) -> [f32; INPUTS] {
    let mut inputs = [0.0; INPUTS];
    for (n, part) in parts.iter().enumerate() {
        for (at, value) in part.iter().enumerate() {
            inputs[n * WIDTH + at] = GAIN * value;
        }
    }
    // Those between, and the first sentence.
    for (n, part) in [(3, &parts[1]), (4, &parts[0])] {
        for at in 0..WIDTH {
            inputs[n * WIDTH + at] = GAIN * GAIN * asked[at] * part[at];
        }
    }
    inputs
}

pub(super) fn weighed<const N: usize>(weights: &[f32], values: &[f32; N]) -> f32 {
    let bias = weights.last().copied().unwrap_or(0.0);
    weights.iter().zip(values).fold(bias, |sum, (weight, value)| sum + weight * value)
}

impl Member {
    fn mean(&self, rows: &[u32]) -> [f32; WIDTH] {
        let mut sums = [0_i32; WIDTH];
        for row in rows {
            let Some(row) = self.table.get(*row as usize) else { continue };
            for (sum, step) in sums.iter_mut().zip(row) {
                *sum += i32::from(i8::from_le_bytes([*step]));
            }
        }
        let worth = self.scale / (rows.len().max(1)) as f32;
        sums.map(|sum| sum as f32 * worth)
    }

    fn logits(&self, bags: &Bags) -> [f32; CLASSES] {
        let parts = [self.mean(&bags.first), self.mean(&bags.middle), self.mean(&bags.last)];
        let inputs = inputs(&self.mean(&bags.asked), &parts);
        let mut hidden = [0.0; HIDDEN];
        for (unit, weights) in hidden.iter_mut().zip(&self.hidden) {
            *unit = weighed(weights, &inputs).max(0.0);
        }
        let mut logits = [0.0; CLASSES];
        for (logit, weights) in logits.iter_mut().zip(&self.out) {
            *logit = weighed(weights, &hidden);
        }
        logits
    }
}

/// Logarithms of probabilities, averaged over the members.
pub(super) fn opinion(members: &[Member], bags: &Bags) -> [f32; CLASSES] {
    let mut sums = [0.0; CLASSES];
    for member in members {
        let logits = member.logits(bags);
        let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let all = logits.iter().map(|logit| (logit - most).exp()).sum::<f32>().ln() + most;
        for (sum, logit) in sums.iter_mut().zip(logits) {
            *sum += (logit - all) / members.len() as f32;
        }
    }
    sums
}
