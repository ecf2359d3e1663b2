//! Letters that stand for others, or in another order.

use super::{
    Family, Proof, SettingKind, TransformEntry, Work,
    letters::{map_chars, map_words, nth, place, shifted},
    spec::Settings,
};

pub(super) fn entries() -> Vec<TransformEntry> {
    let cipher = |name, zh, en, encode, decode| {
        let work = Work::Encode { encode, decode, proof: Proof::ReadsBetter };
        TransformEntry::new(name, Family::Cipher, zh, en, work)
    };
    let latin = super::EN;
    vec![
        cipher("rot13", "ROT13", "ROT13", |t, _| rot13(t), |t, _| Some(rot13(t)))
            .suits(latin)
            .like("garak.probes.encoding.InjectROT13"),
        cipher("rot47", "ROT47", "ROT47", |t, _| rot47(t), |t, _| Some(rot47(t))).suits(latin),
        cipher("atbash", "Atbash 倒序字母密码", "the Atbash cipher", atbash, |t, s| Some(atbash(t, s)))
            .with("digits", SettingKind::Flag)
            .suits(latin)
            .like("garak.probes.encoding.InjectAtbash"),
        cipher(
            "caesar",
            "凯撒密码",
            "a Caesar cipher",
            |t, s| caesar(t, s.number("shift")),
            |t, s| Some(uncaesar(t, s.number("shift"))),
        )
        .number("shift", 3, 1, 25)
        .suits(latin)
        .like("pyrit.converter.CaesarConverter"),
        cipher(
            "vigenere",
            "维吉尼亚密码",
            "a Vigenère cipher",
            |t, s| vigenere(t, s.word("key"), |by| by),
            |t, s| Some(vigenere(t, s.word("key"), |by| 26 - by)),
        )
        .with("key", SettingKind::Letters { default: "harbour" })
        .suits(latin)
        .like("pyrit.converter.VigenereConverter"),
        cipher("affine", "仿射密码（5x+8）", "the affine cipher 5x+8", |t, _| affine(t), |t, _| Some(unaffine(t)))
            .suits(latin),
        cipher(
            "keyboard-shift",
            "键盘右移一键",
            "keys one place to the right",
            |t, _| keys(t, 1),
            |t, _| Some(keys(t, -1)),
        )
        .suits(latin),
        cipher("rail-fence", "栅栏密码", "a rail fence cipher", rail_fence, |t, s| Some(unrail_fence(t, s)))
            .number("rails", 3, 2, 9),
        cipher("reverse", "倒序文字", "reversed text", |t, _| reversed(t), |t, _| Some(reversed(t)))
            .like("pyrit.converter.FlipConverter"),
        cipher(
            "flip-words",
            "词序颠倒的文字",
            "words in reverse order",
            |t, _| flip_words(t),
            |t, _| Some(flip_words(t)),
        )
        .suits(latin),
        cipher(
            "flip-each-word",
            "逐词倒写",
            "every word spelt backwards",
            |t, _| flip_each(t),
            |t, _| Some(flip_each(t)),
        )
        .suits(latin),
        TransformEntry::change("pig-latin", Family::Cipher, "猪拉丁语", "Pig Latin", |t, _, _| pig_latin(t))
            .suits(latin),
    ]
}

fn rot13(text: &str) -> String {
    map_chars(text, |c| shifted(c, 13))
}

fn rot47(text: &str) -> String {
    map_chars(text, |c| if c.is_ascii_graphic() { nth('!', (u32::from(c) - 33 + 47) % 94) } else { c })
}

fn atbash(text: &str, settings: &Settings) -> String {
    map_chars(text, |c| match place(c) {
        Some((first, place)) => nth(first, 25 - place),
        None if settings.flag("digits") && c.is_ascii_digit() => nth('0', u32::from('9') - u32::from(c)),
        None => c,
    })
}

/// Digits go round too, where they can.
fn caesar(text: &str, by: u32) -> String {
    map_chars(text, |c| match c.to_digit(10) {
        Some(digit) if by < 10 => nth('0', (digit + by) % 10),
        _ => shifted(c, by),
    })
}

fn uncaesar(text: &str, by: u32) -> String {
    map_chars(text, |c| match c.to_digit(10) {
        Some(digit) if by < 10 => nth('0', (digit + 10 - by) % 10),
        _ => shifted(c, 26 - by),
    })
}

fn vigenere(text: &str, key: &str, turn: impl Fn(u32) -> u32) -> String {
    let shifts: Vec<u32> = key.chars().filter_map(place).map(|(_, place)| place).collect();
    let mut shifts = shifts.iter().cycle();
    map_chars(text, |c| match place(c) {
        Some(_) => shifted(c, turn(shifts.next().copied().unwrap_or(0))),
        None => c,
    })
}

fn affine(text: &str) -> String {
    map_chars(text, |c| place(c).map_or(c, |(first, place)| nth(first, (5 * place + 8) % 26)))
}

/// 21 is the inverse of 5 modulo 26.
fn unaffine(text: &str) -> String {
    map_chars(text, |c| place(c).map_or(c, |(first, place)| nth(first, 21 * (place + 18) % 26)))
}

/// Rows of a QWERTY keyboard; the end of a row goes on at its beginning.
const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

fn keys(text: &str, by: isize) -> String {
    map_chars(text, |c| {
        let lower = c.to_ascii_lowercase();
        let key = ROWS.iter().find_map(|row| {
            let at = isize::try_from(row.find(lower)?).ok()?;
            let len = isize::try_from(row.len()).ok()?;
            row.chars().nth(usize::try_from((at + by).rem_euclid(len)).ok()?)
        });
        match key {
            Some(key) if c.is_ascii_uppercase() => key.to_ascii_uppercase(),
            Some(key) => key,
            None => c,
        }
    })
}

/// On which rail each of `len` characters stands.
fn rails(len: usize, count: usize) -> impl Iterator<Item = usize> {
    let period = 2 * count.max(2) - 2;
    (0..len).map(move |at| (at % period).min(period - at % period))
}

fn zigzag(len: usize, count: usize) -> Vec<usize> {
    let mut order: Vec<(usize, usize)> = rails(len, count).zip(0..).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, at)| at).collect()
}

fn rail_fence(text: &str, settings: &Settings) -> String {
    let each: Vec<char> = text.chars().collect();
    zigzag(each.len(), settings.size("rails")).into_iter().filter_map(|at| each.get(at)).collect()
}

fn unrail_fence(text: &str, settings: &Settings) -> String {
    let each: Vec<char> = text.chars().collect();
    let mut back: Vec<(usize, char)> = zigzag(each.len(), settings.size("rails")).into_iter().zip(each).collect();
    back.sort_unstable_by_key(|(at, _)| *at);
    back.into_iter().map(|(_, c)| c).collect()
}

fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

fn flip_words(text: &str) -> String {
    text.split(' ').rev().collect::<Vec<_>>().join(" ")
}

fn flip_each(text: &str) -> String {
    text.split(' ').map(reversed).collect::<Vec<_>>().join(" ")
}

fn pig_latin(text: &str) -> String {
    map_words(text, |word| {
        let vowel = word.find(|c: char| "aeiouyAEIOUY".contains(c));
        match vowel {
            _ if !word.is_ascii() || word.bytes().any(|b| b.is_ascii_digit()) => word.to_owned(),
            Some(0) | None => format!("{word}way"),
            Some(at) => {
                let (before, after) = word.split_at(at);
                format!("{after}{before}ay")
            }
        }
    })
}
