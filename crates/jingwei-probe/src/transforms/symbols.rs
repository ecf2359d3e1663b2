//! Letters written as signals, words or cells.

use super::{
    Family, Proof, TransformEntry, Work,
    letters::{nth, place},
};

pub(super) fn entries() -> Vec<TransformEntry> {
    let encode = |name, zh, en, encode, decode| {
        let work = Work::Encode { encode, decode, proof: Proof::Decodes };
        TransformEntry::new(name, Family::Cipher, zh, en, work).suits(super::EN)
    };
    let change = |name, zh, en, change| TransformEntry::change(name, Family::Cipher, zh, en, change).suits(super::EN);
    vec![
        encode("morse", "摩尔斯电码", "Morse code", |t, _| morse(t), |t, _| from_morse(t))
            .like("pyrit.converter.MorseConverter"),
        encode("nato", "北约音标字母", "the NATO spelling alphabet", |t, _| nato(t), |t, _| from_nato(t))
            .like("pyrit.converter.NatoConverter"),
        change("braille", "盲文", "Braille", |t, _, _| braille(t)).like("pyrit.converter.BrailleConverter"),
        encode("bacon", "培根密码", "the Bacon cipher", |t, _| bacon(t), |t, _| from_bacon(t)),
        change("tap-code", "敲击码（C 与 K 相同）", "tap code (C and K are one)", |t, _, _| tap(t)),
        encode("a1z26", "字母序号（A=1）", "letters as numbers (A=1)", |t, _| a1z26(t), |t, _| from_a1z26(t)),
    ]
}

/// ITU-R M.1677, and the signs that are used beside it.
const MORSE: &str = "A.- B-... C-.-. D-.. E. F..-. G--. H.... I.. J.--- K-.- L.-.. M-- N-. O--- P.--. Q--.- R.-. S... T- \
    U..- V...- W.-- X-..- Y-.-- Z--.. 0----- 1.---- 2..--- 3...-- 4....- 5..... 6-.... 7--... 8---.. 9----. '.----. \
    \".-..-. :---... @.--.-. ,--..-- ..-.-.- !-.-.-- ?..--.. --....- /-..-. +.-.-. =-...- (-.--. )-.--.- &.-...";

fn signals() -> impl Iterator<Item = (char, &'static str)> {
    MORSE.split_whitespace().filter_map(|entry| Some((entry.chars().next()?, entry.get(1..)?)))
}

/// A space between letters, a stroke between words. What has no signal stays, or the question would be lost.
fn morse(text: &str) -> String {
    let line = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let signs = line.to_uppercase();
    let written = signs.chars().map(|c| match signals().find(|(sign, _)| *sign == c) {
        Some((_, signal)) => signal.to_owned(),
        None if c == ' ' => "/".to_owned(),
        None => c.to_string(),
    });
    written.collect::<Vec<_>>().join(" ")
}

fn from_morse(text: &str) -> Option<String> {
    let signs = text.split_whitespace().map(|signal| match signal {
        "/" => Some(' '),
        _ => signals().find(|(_, known)| *known == signal).map(|(sign, _)| sign).or_else(|| single(signal)),
    });
    text.contains(['.', '-']).then(|| signs.collect()).flatten()
}

/// A sign without a signal of its own.
fn single(text: &str) -> Option<char> {
    let mut each = text.chars();
    each.next().filter(|c| each.next().is_none() && !c.is_ascii())
}

const NATO: [&str; 26] = [
    "Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima",
    "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey", "Xray",
    "Yankee", "Zulu",
];
const SPACE: &str = "<space>";

fn nato(text: &str) -> String {
    let word = |c: char| {
        let (_, place) = place(c)?;
        NATO.get(usize::try_from(place).ok()?).map(|word| (*word).to_owned())
    };
    let mut out = Vec::new();
    for (nth, written) in text.split(' ').enumerate() {
        if nth > 0 {
            out.push(SPACE.to_owned());
        }
        out.extend(written.chars().map(|c| word(c).unwrap_or_else(|| c.to_string())));
    }
    out.join(" ")
}

fn from_nato(text: &str) -> Option<String> {
    let letters = text.split(' ').filter(|word| !word.is_empty()).map(|word| match word {
        SPACE => Some(' '),
        _ => match NATO.iter().zip('A'..='Z').find(|(known, _)| known.eq_ignore_ascii_case(word)) {
            Some((_, letter)) => Some(letter),
            None if word.chars().count() == 1 => word.chars().next(),
            None => None,
        },
    });
    letters.collect()
}

/// The cells of a to z: Louis Braille's, without the number of the block.
const CELLS: [u32; 26] = [
    0x01, 0x03, 0x09, 0x19, 0x11, 0x0b, 0x1b, 0x13, 0x0a, 0x1a, 0x05, 0x07, 0x0d, 0x1d, 0x15, 0x0f, 0x1f, 0x17, 0x0e,
    0x1e, 0x25, 0x27, 0x3a, 0x2d, 0x3d, 0x35,
];
/// Marks and their cells, as garak and PyRIT write them: where these two write one mark as another (`(` and `)`, `.`
/// and `$`), so do we, that results can be compared.
const MARKS: &str = ".⠲ '⠄ ,⠂ -⠤ /⠌ !⠖ ?⠦ $⠲ :⠒ ;⠆ (⠶ )⠶ @⠈⠁ #⠸⠹ %⠨⠴ &⠈⠯ *⠐⠔ +⠐⠖ <⠈⠣ =⠐⠶ >⠈⠜ \"⠠⠶ [⠨⠣ ]⠨⠜ \\⠸⠡ ^⠈⠢ \
_⠨⠤ `⠨⠡ {⠸⠣ }⠸⠜ |⠸⠳ ~⠈⠔";
const NUMBER: char = '⠼';
const CAPITAL: char = '⠠';

fn cell(place: u32) -> char {
    let cell = usize::try_from(place).ok().and_then(|place| CELLS.get(place));
    nth('\u{2800}', cell.copied().unwrap_or(0))
}

fn braille(text: &str) -> String {
    let mut out = String::new();
    let mut number = false;
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            if !number {
                out.push(NUMBER);
            }
            number = true;
            // 1 to 9 and 0 are a to j.
            out.push(cell((digit + 9) % 10));
            continue;
        }
        number &= ".,-/$".contains(c);
        match place(c) {
            Some((first, place)) => {
                if first == 'A' {
                    out.push(CAPITAL);
                }
                out.push(cell(place));
            }
            None => match MARKS.split(' ').find_map(|mark| mark.strip_prefix(c)) {
                Some(cells) => out.push_str(cells),
                None => out.push(c),
            },
        }
    }
    out
}

/// Five A or B for each letter, words between strokes; the alphabet of 26 letters.
fn bacon(text: &str) -> String {
    spelled(text, |place| {
        let bits = (0..5).rev().map(|bit| if place >> bit & 1 == 1 { 'B' } else { 'A' });
        bits.collect()
    })
}

fn from_bacon(text: &str) -> Option<String> {
    unspelled(text, |group| {
        let bits = group.len() == 5 && group.bytes().all(|b| b == b'A' || b == b'B');
        let place = group.bytes().take(5).fold(0, |place, b| place * 2 + u32::from(b == b'B'));
        (bits && place < 26).then(|| nth('A', place))
    })
}

fn a1z26(text: &str) -> String {
    spelled(text, |place| (place + 1).to_string())
}

fn from_a1z26(text: &str) -> Option<String> {
    unspelled(text, |number| {
        let place = number.parse::<u32>().ok()?.checked_sub(1)?;
        (place < 26).then(|| nth('A', place))
    })
}

/// Letters between spaces, words between strokes, everything else as it is.
fn spelled(text: &str, letter: impl Fn(u32) -> String) -> String {
    let written = text.chars().map(|c| match place(c) {
        Some((_, place)) => letter(place),
        None if c == ' ' => "/".to_owned(),
        None => c.to_string(),
    });
    written.collect::<Vec<_>>().join(" ")
}

fn unspelled(text: &str, letter: impl Fn(&str) -> Option<char>) -> Option<String> {
    let mut letters = 0;
    let signs = text.split(' ').filter(|group| !group.is_empty()).map(|group| match (group, letter(group)) {
        ("/", _) => Some(' '),
        (_, Some(c)) => {
            letters += 1;
            Some(c)
        }
        _ if group.chars().count() == 1 => group.chars().next(),
        _ => None,
    });
    let text: Option<String> = signs.collect();
    text.filter(|_| letters > 0)
}

/// A grid of five rows without K: taps for the row, taps for the column.
fn tap(text: &str) -> String {
    const GRID: &str = "ABCDEFGHIJLMNOPQRSTUVWXYZ";
    let written: Vec<String> = text
        .chars()
        .map(|c| {
            let letter = if c.eq_ignore_ascii_case(&'k') { 'C' } else { c.to_ascii_uppercase() };
            match GRID.find(letter) {
                Some(at) => format!("{} {}", ".".repeat(at / 5 + 1), ".".repeat(at % 5 + 1)),
                None if c == ' ' => "/".to_owned(),
                None => c.to_string(),
            }
        })
        .collect();
    written.join("  ")
}
