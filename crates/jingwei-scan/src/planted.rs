//! Programs in places that hold none: pickles in tensors and behind them, and in texts that spell bytes.

use jingwei_core::{Limits, Text};
use jingwei_pickle::Steps;
use jingwei_read::{Part, Reader, Sighting, Source};
use jingwei_template::{Note, base64, inspect_note};

use crate::{beside, formats::FRONT};

/// Sightings that a file is worth here.
const MOST: usize = 16;
/// Shortest run of hexadecimal or base64 letters that can hold a pickle with a call, in bytes.
const SHORTEST: usize = 32;
/// Longest run that is decoded, in bytes.
const LONGEST: usize = 1 << 20;

/// What descriptive texts of one file hold.
pub(crate) struct Notes<'l> {
    pub seen: Vec<Sighting>,
    limits: &'l Limits,
}

impl<'l> Notes<'l> {
    pub(crate) fn new(limits: &'l Limits) -> Self {
        Self { seen: Vec::new(), limits }
    }

    pub(crate) fn text(&mut self, text: &str, what: Note, key: &str) {
        if self.seen.len() >= MOST {
            return;
        }
        self.seen.extend(inspect_note(text, what, key));
        if what == Note::Value && spells_pickle(text, self.limits) {
            self.seen.push(
                Sighting::new("model.planted-text")
                    .key(&format!("pickle:{key}"))
                    .with("key", key)
                    .with("text", &text.chars().take(40).collect::<String>())
                    .with_text(
                        "kind",
                        Text::new("编码后的 pickle，其中有调用", "an encoded pickle that calls something"),
                    ),
            );
        }
    }
}

/// A pickle with a call, where bytes of a tensor or nothing at all should be. `whose`: the tensor's name.
pub(crate) fn pickle_at(
    source: &mut dyn Source,
    start: u64,
    length: u64,
    whose: [&str; 2],
    limits: &Limits,
) -> Option<Sighting> {
    let mut part = Part::new(source, start, length);
    if part.length() == 0 || !jingwei_pickle::runs_something(&mut part, limits, &Steps::of_file(length, limits)) {
        return None;
    }
    let [zh, en] = whose;
    let sighting = Sighting::new("model.pickle-in-tensors").key(en).at(start);
    Some(sighting.with_text("where", Text::new(zh, en)))
}

/// A program or a script, where numbers of a tensor should be.
pub(crate) fn program_at(source: &mut dyn Source, start: u64, length: u64, tensor: &str) -> Option<Sighting> {
    let mut part = Part::new(source, start, length);
    let front = Reader::new(&mut part).peek(FRONT).map(<[u8]>::to_vec).unwrap_or_default();
    let is_script = front.starts_with(b"#!/");
    let program =
        beside::program("", &front).or_else(|| is_script.then(|| Sighting::new(PROGRAM).with("kind", "#!")))?;
    Some(Sighting { rule: PROGRAM, ..program }.key(tensor).at(start))
}

/// The rule for code that a model carries.
const PROGRAM: &str = "model.graph-native-code";

/// Where the first byte lies that is not zero.
pub(crate) fn after_padding(source: &mut dyn Source, start: u64, padding: u64) -> u64 {
    let mut reader = Reader::new(source);
    reader.seek(start);
    let front = reader.peek(usize::try_from(padding).unwrap_or(0).min(4_096)).unwrap_or_default();
    let zeros = front.iter().take_while(|byte| **byte == 0).count();
    start.saturating_add(zeros as u64)
}

/// A run of letters that decodes, as hexadecimal or base64, to a pickle with a call.
fn spells_pickle(text: &str, limits: &Limits) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
    let runs = text.split(|c: char| !letters(c)).filter(|run| (SHORTEST..LONGEST).contains(&run.len()));
    runs.take(64).any(|run| {
        let runs_it = |mut bytes: Vec<u8>| {
            let steps = Steps::of_file(bytes.len() as u64, limits);
            jingwei_pickle::runs_something(&mut bytes, limits, &steps)
        };
        hexadecimal(run).is_some_and(runs_it) || runs_it(base64(run))
    })
}

fn hexadecimal(run: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    run.as_bytes().as_chunks::<2>().0.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GLOBAL os system, a text, TUPLE1, REDUCE, STOP.
    const CALLS: &[u8] = b"\x80\x02cos\nsystem\nX\x0c\0\0\0echo inert  \x85R.";
    const HOLDS: &[u8] = b"\x80\x02}(X\x05\0\0\0epochK\x03X\x04\0\0\0lossG?\xd0\0\0\0\0\0\0u.";

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn only_pickles_that_call_are_told() {
        let limits = Limits::default();
        for (text, expected) in [
            (hex(CALLS), true),
            (format!("data:{};", hex(CALLS).to_uppercase()), true),
            ("gAJjb3MKc3lzdGVtClgMAAAAZWNobyBpbmVydCAghVIu".to_owned(), true),
            (hex(HOLDS), false),
            ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(), false),
            ("x".repeat(10_000), false),
            (String::new(), false),
        ] {
            assert_eq!(spells_pickle(&text, &limits), expected, "{text}");
        }
    }

    #[test]
    fn bytes_behind_padding_are_read() {
        let limits = Limits::default();
        for (front, bytes, expected) in [(0, CALLS, true), (7, CALLS, true), (7, HOLDS, false), (9, &[][..], false)] {
            let mut source = [vec![0; front], bytes.to_vec()].concat();
            let start = after_padding(&mut source, 0, 64);
            let seen = pickle_at(&mut source, start, u64::MAX, ["尾部", "the end"], &limits);
            assert_eq!(seen.is_some(), expected, "{front}");
        }
    }
}
