//! Small mistakes and odd spellings that a reader sees through.

use super::{
    Family, SettingKind, TransformEntry,
    letters::{between, chosen, map_chars, map_some, map_words, shifted},
    spec::Settings,
};
use crate::Random;

pub(super) fn entries() -> Vec<TransformEntry> {
    let change = |name, zh, en, change| TransformEntry::change(name, Family::Perturbation, zh, en, change);
    let latin = super::EN;
    vec![
        change("swap-letters", "词中字母换位", "words with inner letters swapped", swap_letters)
            .number("percent", 60, 1, 100)
            .suits(latin)
            .like("pyrit.converter.CharSwapConverter"),
        change("swap-characters", "相邻文字换位", "text with neighbouring characters swapped", swap_characters)
            .number("percent", 20, 1, 100),
        change("shuffle-letters", "词中字母打乱", "words with their inner letters shuffled", shuffle_letters)
            .suits(latin),
        change("typos", "邻键误按", "text with slips to the next key", typos)
            .number("percent", 15, 1, 100)
            .suits(latin),
        change("drop-letters", "漏字", "text with letters left out", drop_letters).number("percent", 10, 1, 50),
        change("leetspeak", "黑客语（数字代字母）", "leetspeak", |t, _, _| leetspeak(t))
            .suits(latin)
            .like("pyrit.converter.LeetspeakConverter"),
        change("random-case", "大小写随机", "text in random case", random_case)
            .suits(latin)
            .like("pyrit.converter.RandomCapitalLettersConverter"),
        change("alternating-case", "大小写交替", "text in alternating case", |t, _, _| alternating(t)).suits(latin),
        change("lower-case", "全部小写", "text in lower case", |t, _, _| t.to_lowercase())
            .suits(latin)
            .like("garak.buffs.lowercase.Lowercase"),
        change("upper-case", "全部大写", "text in capitals", |t, _, _| t.to_uppercase()).suits(latin),
        change("drop-vowels", "去掉元音", "words without their vowels", |t, _, _| drop_vowels(t)).suits(latin),
        change("insert-punctuation", "乱入标点", "text with stray punctuation", punctuation)
            .number("percent", 25, 1, 100)
            .like("pyrit.converter.InsertPunctuationConverter"),
        change("spaced", "字间空格、去标点", "letters with spaces between them", |t, _, _| spaced(t))
            .like("pyrit.converter.CharacterSpaceConverter"),
        change("joined", "字间连接符", "letters with a mark between them", joined)
            .with("mark", SettingKind::Choice(&["-", "_", ".", "|", "~", "*"]))
            .like("pyrit.converter.StringJoinConverter"),
        change("no-spaces", "去掉空格", "text without spaces", |t, _, _| t.split(' ').collect()).suits(latin),
        change("repeat-letters", "字母重复", "text with repeated letters", repeat_letters)
            .number("percent", 30, 1, 100),
        change("stutter", "口吃式重复", "words with a stammer", |t, _, _| stutter(t)).suits(latin),
        change("shuffle-words", "词序打乱", "words in random order", shuffle_words).suits(latin),
        change("letter-noise", "字母偏移一位的噪声", "text with some letters one place off", letter_noise)
            .number("percent", 15, 1, 100)
            .suits(latin)
            .like("pyrit.converter.CharNoiseConverter"),
    ]
}

fn percent(settings: &Settings) -> u32 {
    settings.number("percent")
}

/// The first and the last letter stay: such words are still read with ease.
fn swap_letters(text: &str, settings: &Settings, random: &mut Random) -> String {
    let long = |word: &str| word.chars().count() > 3;
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| long(word)).count();
    let mut chosen = chosen(words, percent(settings), random).into_iter();
    map_words(text, |word| {
        let mut each: Vec<char> = word.chars().collect();
        if long(word) && chosen.next() == Some(true) {
            let at = 1 + random.below(each.len() - 3);
            each.swap(at, at + 1);
        }
        each.into_iter().collect()
    })
}

fn swap_characters(text: &str, settings: &Settings, random: &mut Random) -> String {
    let mut each: Vec<char> = text.chars().collect();
    let chosen = chosen(each.len() / 2, percent(settings), random);
    let pairs = each.chunks_exact_mut(2).zip(chosen).filter(|(_, chosen)| *chosen);
    pairs.for_each(|(pair, _)| pair.swap(0, 1));
    each.into_iter().collect()
}

fn shuffle_letters(text: &str, _: &Settings, random: &mut Random) -> String {
    map_words(text, |word| {
        let mut each: Vec<char> = word.chars().collect();
        let last = each.len().saturating_sub(1);
        if let Some(inner) = each.get_mut(1..last) {
            random.shuffle(inner);
        }
        each.into_iter().collect()
    })
}

/// Keys and those beside them on a QWERTY keyboard.
const NEIGHBOURS: &str = "aqsz bvgn cxdv dsfe ewrd fdgr gfht hgjy iuok jhku kjli lkop mnjk nbhm oipl pol qwa retf \
sadw trgy uyij vcfb wqes xzsc ytuh zxa";

fn typos(text: &str, settings: &Settings, random: &mut Random) -> String {
    let fits = |c: char| c.is_ascii_alphabetic();
    map_some(text, percent(settings), random, fits, |c, random| {
        let keys = NEIGHBOURS.split(' ').find_map(|keys| keys.strip_prefix(c.to_ascii_lowercase())).unwrap_or_default();
        let key = keys.chars().nth(random.below(keys.len())).unwrap_or(c);
        if c.is_ascii_uppercase() { key.to_ascii_uppercase().into() } else { key.into() }
    })
}

fn drop_letters(text: &str, settings: &Settings, random: &mut Random) -> String {
    map_some(text, percent(settings), random, char::is_alphabetic, |_, _| String::new())
}

fn leetspeak(text: &str) -> String {
    map_chars(text, |c| match c.to_ascii_lowercase() {
        'a' => '4',
        'b' => '8',
        'c' => '(',
        'e' => '3',
        'g' => '9',
        'i' | 'l' => '1',
        'o' => '0',
        's' => '5',
        't' => '7',
        'z' => '2',
        _ => c,
    })
}

fn random_case(text: &str, _: &Settings, random: &mut Random) -> String {
    map_chars(text, |c| if random.chance(0.5) { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
}

fn alternating(text: &str) -> String {
    let mut upper = false;
    map_chars(text, |c| {
        upper ^= c.is_ascii_alphabetic();
        if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
    })
}

/// A first letter stays, or `a` and `I` would be lost.
fn drop_vowels(text: &str) -> String {
    map_words(text, |word| {
        let kept = word.char_indices().filter(|(at, c)| *at == 0 || !"aeiouAEIOU".contains(*c));
        kept.map(|(_, c)| c).collect()
    })
}

fn punctuation(text: &str, settings: &Settings, random: &mut Random) -> String {
    map_some(text, percent(settings), random, char::is_alphanumeric, |c, random| {
        let mark = random.pick(&[',', '.', '!', '?', ':', ';', '-', '\'']).copied();
        [Some(c), mark].into_iter().flatten().collect()
    })
}

/// ASCII punctuation goes.
fn spaced(text: &str) -> String {
    let all = between(text, |_, _, out| out.push(' '));
    all.chars().filter(|c| !c.is_ascii_punctuation()).collect()
}

fn joined(text: &str, settings: &Settings, _: &mut Random) -> String {
    between(text, |before, after, out| {
        if before != ' ' && after != ' ' {
            out.push_str(settings.word("mark"));
        }
    })
}

fn repeat_letters(text: &str, settings: &Settings, random: &mut Random) -> String {
    map_some(text, percent(settings), random, char::is_alphabetic, |c, random| {
        std::iter::repeat_n(c, 2 + random.below(3)).collect()
    })
}

fn stutter(text: &str) -> String {
    map_words(text, |word| match word.chars().next() {
        Some(first) if word.len() > 3 => format!("{first}-{first}-{word}"),
        _ => word.to_owned(),
    })
}

fn shuffle_words(text: &str, _: &Settings, random: &mut Random) -> String {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    random.shuffle(&mut words);
    words.join(" ")
}

fn letter_noise(text: &str, settings: &Settings, random: &mut Random) -> String {
    let fits = |c: char| c.is_ascii_alphabetic();
    map_some(text, percent(settings), random, fits, |c, random| {
        shifted(c, if random.chance(0.5) { 1 } else { 25 }).into()
    })
}
