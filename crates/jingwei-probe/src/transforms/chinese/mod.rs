//! Disguises of Chinese characters: by their parts, their sound, their look, their place.

mod poems;
mod tables;

use std::{collections::BTreeMap, sync::LazyLock};

use jingwei_text::{is_ideograph, phonetic::syllable_of, split, to_simplified};
use pinyin::ToPinyin;

use super::{
    Family, SettingKind, TransformEntry, ZH, frames,
    letters::{between, chosen, map_chars, map_some},
    spec::Settings,
};
use crate::Random;
use tables::{DIGITS, EVERYDAY, LOOK_ALIKES, MARTIAN, PREFERRED, RADICALS, SAME};

pub(super) fn entries() -> Vec<TransformEntry> {
    let change = |name, zh, en, change| TransformEntry::change(name, Family::Chinese, zh, en, change).suits(ZH);
    let mut entries = vec![
        change("split-characters", "拆字", "characters split into their parts", split_characters)
            .number("percent", 100, 1, 100),
        change("homophones", "同音字", "characters that sound the same", homophones).number("percent", 100, 1, 100),
        change("look-alikes", "形近字", "characters that look alike", look_alikes).number("percent", 100, 1, 100),
        change("pinyin", "拼音", "pinyin", pinyin)
            .with("tones", SettingKind::Choice(&["none", "marks", "numbers"]))
            .number("percent", 100, 1, 100),
        change("pinyin-initials", "拼音首字母", "the first letters of pinyin", |t, _, _| {
            map_chars(t, |c| c.to_pinyin().map_or_else(|| c.to_string(), |pinyin| pinyin.first_letter().to_owned()))
        }),
        change("zhuyin", "注音符号", "bopomofo", |t, _, _| map_chars(t, zhuyin)),
        change("traditional", "繁体字", "traditional characters", |t, _, _| map_chars(t, traditional)),
        change("radicals", "康熙部首字符", "Kangxi radical characters", |t, _, _| {
            map_chars(t, |c| {
                let radical = |pair: &str| pair.strip_prefix(c).and_then(|radical| radical.chars().next());
                RADICALS.split_whitespace().find_map(radical).unwrap_or(c)
            })
        }),
        change("martian", "火星文", "Martian script (net slang)", |t, _, _| {
            map_chars(t, |c| written(&MARTIAN_OF, c))
        }),
        change("digit-homophones", "谐音数字", "digits that sound like words", |t, _, _| {
            map_chars(t, |c| written(&DIGIT_OF, c))
        }),
        change("separators", "字间分隔符", "characters with marks between them", separators)
            .with("mark", SettingKind::Choice(&["dot", "slash", "star", "plus", "space", "random"])),
        change("vertical", "竖排（自右至左）", "vertical writing from right to left", vertical)
            .number("rows", 6, 2, 20),
        change("couples", "两两对调", "characters swapped in pairs", |t, _, _| couples(t)),
        change("code-points", "区位式字符编号", "characters by their Unicode numbers", |t, _, _| {
            map_chars(t, |c| if is_ideograph(c) { format!("[U+{:04X}]", u32::from(c)) } else { c.to_string() })
        }),
    ];
    entries.extend(poems::entries());
    let mut framed = frames(Family::Chinese, poems::ROWS);
    framed.iter_mut().for_each(|entry| entry.langs = ZH);
    entries.extend(framed);
    entries
}

fn percent(settings: &Settings) -> u32 {
    settings.number("percent")
}

/// Its parts as people write them.
fn usual_parts(c: char) -> Option<&'static str> {
    split::parts(to_simplified(c)).and_then(|ways| ways.first()).map(String::as_str)
}

fn split_characters(text: &str, settings: &Settings, random: &mut Random) -> String {
    let fits = |c| usual_parts(c).is_some();
    map_some(text, percent(settings), random, fits, |c, _| usual_parts(c).unwrap_or_default().to_owned())
}

/// Everyday characters by their syllable without and with its tone.
static BY_SOUND: LazyLock<BTreeMap<&'static str, Vec<char>>> = LazyLock::new(|| {
    let mut sounds: BTreeMap<&str, Vec<char>> = BTreeMap::new();
    for c in EVERYDAY.chars() {
        let Some(pinyin) = c.to_pinyin() else { continue };
        sounds.entry(pinyin.with_tone_num_end()).or_default().push(c);
        // A syllable without a tone number is another key than the same with one, but for the neutral tone.
        if pinyin.plain() != pinyin.with_tone_num_end() {
            sounds.entry(pinyin.plain()).or_default().push(c);
        }
    }
    sounds
});

/// Everyday characters that sound like this one: with the same tone where there are any.
fn same_sound(c: char) -> Vec<char> {
    let Some(pinyin) = c.to_pinyin() else { return Vec::new() };
    let others = |key: &str| -> Vec<char> {
        let sound = BY_SOUND.get(key).map(Vec::as_slice).unwrap_or_default();
        sound.iter().copied().filter(|other| *other != c && syllable_of(*other) == syllable_of(c)).collect()
    };
    let same = others(pinyin.with_tone_num_end());
    if same.is_empty() { others(pinyin.plain()) } else { same }
}

fn homophones(text: &str, settings: &Settings, random: &mut Random) -> String {
    let fits = |c| !same_sound(c).is_empty();
    map_some(text, percent(settings), random, fits, |c, random| {
        random.pick(&same_sound(c)).copied().unwrap_or(c).into()
    })
}

/// Most characters that share a part and pass for each other: a part that more of them have says too little.
const MAX_SHARING: usize = 9;

/// Parts that stand at the left and are easily overlooked.
const SIDES: &str = "亻人氵水扌手忄心讠言钅金纟糸饣食衤衣礻示犭犬木火口女土王日月目石禾米足车马鱼虫贝酉阝山巾弓彳";

/// Everyday characters that differ in their first part only (请, 清, 情), and those of the table.
static TWINS: LazyLock<BTreeMap<char, Vec<char>>> = LazyLock::new(|| {
    let mut by_rest: BTreeMap<String, String> = BTreeMap::new();
    for c in EVERYDAY.chars() {
        let Some(parts) = usual_parts(c).filter(|parts| parts.starts_with(|part| SIDES.contains(part))) else {
            continue;
        };
        by_rest.entry(parts.chars().skip(1).collect()).or_default().push(c);
    }
    let sharing = by_rest.values().map(String::as_str).filter(|group| group.chars().count() <= MAX_SHARING);
    let mut twins: BTreeMap<char, Vec<char>> = BTreeMap::new();
    for group in LOOK_ALIKES.split_whitespace().chain(sharing) {
        for c in group.chars() {
            let others = twins.entry(c).or_default();
            let more: Vec<char> = group.chars().filter(|other| *other != c && !others.contains(other)).collect();
            others.extend(more);
        }
    }
    twins.retain(|_, others| !others.is_empty());
    twins
});

fn look_alikes(text: &str, settings: &Settings, random: &mut Random) -> String {
    let fits = |c| TWINS.contains_key(&c);
    map_some(text, percent(settings), random, fits, |c, random| {
        TWINS.get(&c).and_then(|twins| random.pick(twins)).copied().unwrap_or(c).into()
    })
}

/// Syllables with spaces between them; what is not Chinese stays.
fn pinyin(text: &str, settings: &Settings, random: &mut Random) -> String {
    let count = text.chars().filter(|c| c.to_pinyin().is_some()).count();
    let mut chosen = chosen(count, percent(settings), random).into_iter();
    let mut out = String::new();
    let mut after_syllable = false;
    for c in text.chars() {
        let syllable = c.to_pinyin().filter(|_| chosen.next() == Some(true));
        let is_word = syllable.is_some() || c.is_alphanumeric();
        let parts_words =
            if after_syllable { is_word } else { syllable.is_some() && out.ends_with(char::is_alphanumeric) };
        if parts_words {
            out.push(' ');
        }
        after_syllable = syllable.is_some();
        match syllable {
            Some(pinyin) => out.push_str(match settings.word("tones") {
                "marks" => pinyin.with_tone(),
                "numbers" => pinyin.with_tone_num_end(),
                _ => pinyin.plain(),
            }),
            None => out.push(c),
        }
    }
    out
}

/// Initials and finals of pinyin and the signs of zhuyin.
const INITIALS: &str = "zhㄓ chㄔ shㄕ bㄅ pㄆ mㄇ fㄈ dㄉ tㄊ nㄋ lㄌ gㄍ kㄎ hㄏ jㄐ qㄑ xㄒ rㄖ zㄗ cㄘ sㄙ";
const FINALS: &str = "aㄚ oㄛ eㄜ aiㄞ eiㄟ aoㄠ ouㄡ anㄢ enㄣ angㄤ engㄥ erㄦ iㄧ iaㄧㄚ ieㄧㄝ iaoㄧㄠ iuㄧㄡ ianㄧㄢ inㄧㄣ iangㄧㄤ ingㄧㄥ \
    uㄨ uaㄨㄚ uoㄨㄛ uaiㄨㄞ uiㄨㄟ uanㄨㄢ unㄨㄣ uangㄨㄤ ongㄨㄥ vㄩ veㄩㄝ vanㄩㄢ vnㄩㄣ iongㄩㄥ";
const TONES: [&str; 6] = ["", "", "ˊ", "ˇ", "ˋ", ""];

fn zhuyin(c: char) -> String {
    let Some(pinyin) = c.to_pinyin() else { return c.to_string() };
    let numbered = pinyin.with_tone_num_end();
    let tone = numbered.chars().next_back().and_then(|last| last.to_digit(10)).unwrap_or(0);
    let tone = usize::try_from(tone).ok().and_then(|tone| TONES.get(tone)).copied().unwrap_or_default();
    signs(&pinyin.plain().replace('ü', "v")).map_or_else(|| c.to_string(), |signs| signs + tone)
}

/// A syllable in zhuyin, without its tone.
fn signs(syllable: &str) -> Option<String> {
    let spelt = match syllable.split_at_checked(1)? {
        ("y", rest) if rest.starts_with('u') => format!("v{}", rest.get(1..)?),
        ("y", "ong") => "iong".to_owned(),
        ("y", rest) if rest.starts_with('i') => rest.to_owned(),
        ("y", "ou") => "iu".to_owned(),
        ("y", rest) => format!("i{rest}"),
        ("w", "u") => "u".to_owned(),
        ("w", "ei") => "ui".to_owned(),
        ("w", "en") => "un".to_owned(),
        ("w", "eng") => "ong".to_owned(),
        ("w", rest) => format!("u{rest}"),
        ("j" | "q" | "x", rest) if rest.starts_with('u') => format!("{}v{}", syllable.get(..1)?, rest.get(1..)?),
        _ => syllable.to_owned(),
    };
    let known = |table: &'static str, letters: &str| {
        table
            .split(' ')
            .find_map(|pair| pair.strip_prefix(letters).filter(|sign| !sign.starts_with(|c: char| c.is_ascii())))
    };
    let initial = if spelt.len() > 1 {
        INITIALS.split(' ').find_map(|pair| {
            let letters = pair.trim_end_matches(|c: char| !c.is_ascii());
            spelt.strip_prefix(letters).map(|rest| (pair.get(letters.len()..).unwrap_or_default(), rest))
        })
    } else {
        None
    };
    let (sign, rest) = initial.unwrap_or(("", &spelt));
    // zhi, chi, shi, ri, zi, ci and si have no sign for their vowel.
    if rest == "i" && "ㄓㄔㄕㄖㄗㄘㄙ".contains(sign) && !sign.is_empty() {
        return Some(sign.to_owned());
    }
    known(FINALS, rest).map(|last| format!("{sign}{last}"))
}

/// The traditional form that is meant most often. One character is not enough to be sure (后 is 後 or 后).
static TRADITIONAL: LazyLock<BTreeMap<char, char>> = LazyLock::new(|| {
    let mut traditional = BTreeMap::new();
    for c in '\u{4e00}'..='\u{9fff}' {
        let simplified = to_simplified(c);
        if simplified != c && !SAME.contains(simplified) {
            traditional.entry(simplified).or_insert(c);
        }
    }
    let preferred = PREFERRED.split_whitespace().filter_map(|pair| {
        let mut each = pair.chars();
        Some((each.next()?, each.next()?))
    });
    traditional.extend(preferred);
    traditional
});

fn traditional(c: char) -> char {
    TRADITIONAL.get(&c).copied().unwrap_or(c)
}

type Writings = LazyLock<BTreeMap<char, &'static str>>;

static MARTIAN_OF: Writings = LazyLock::new(|| writings(MARTIAN));
static DIGIT_OF: Writings = LazyLock::new(|| writings(DIGITS));

/// Characters and what is written for them: `我:5`.
fn writings(table: &'static str) -> BTreeMap<char, &'static str> {
    let pairs = table.split_whitespace().filter_map(|pair| pair.split_once(':'));
    pairs.filter_map(|(c, written)| Some((c.chars().next()?, written))).collect()
}

fn written(writings: &Writings, c: char) -> String {
    writings.get(&c).map_or_else(|| c.to_string(), |written| (*written).to_owned())
}

const MARKS: [&str; 5] = ["·", "/", "*", "+", " "];

fn separators(text: &str, settings: &Settings, random: &mut Random) -> String {
    let mark = match settings.word("mark") {
        "slash" => Some("/"),
        "star" => Some("*"),
        "plus" => Some("+"),
        "space" => Some(" "),
        "random" => None,
        _ => Some("·"),
    };
    between(text, |a, b, out| {
        if !a.is_whitespace() && !b.is_whitespace() {
            out.push_str(mark.or_else(|| random.pick(&MARKS).copied()).unwrap_or_default());
        }
    })
}

/// Columns from right to left; ideographic spaces fill the last one.
fn vertical(text: &str, settings: &Settings, _: &mut Random) -> String {
    let each: Vec<char> = text.chars().map(|c| if c.is_whitespace() { '\u{3000}' } else { c }).collect();
    let rows = settings.size("rows").max(1);
    let columns: Vec<&[char]> = each.chunks(rows).collect();
    let line = |row: usize| -> String {
        columns.iter().rev().map(|column| column.get(row).copied().unwrap_or('\u{3000}')).collect()
    };
    (0..rows.min(each.len())).map(line).collect::<Vec<_>>().join("\n")
}

fn couples(text: &str) -> String {
    let mut each: Vec<char> = text.chars().collect();
    each.chunks_exact_mut(2).for_each(|couple| couple.swap(0, 1));
    each.into_iter().collect()
}

/// Chinese numerals for the lines of a riddle; digits from a hundred on.
fn numeral(n: usize) -> String {
    const DIGITS: [&str; 10] = ["〇", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |n: usize| DIGITS.get(n % 10).copied().unwrap_or_default();
    match (n / 10, n % 10) {
        (0, ones) => digit(ones).to_owned(),
        (1, 0) => "十".to_owned(),
        (1, ones) => format!("十{}", digit(ones)),
        (tens @ 2..10, 0) => format!("{}十", digit(tens)),
        (tens @ 2..10, ones) => format!("{}十{}", digit(tens), digit(ones)),
        _ => n.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::{Prompt, Random};
    use jingwei_core::{ChatMessage, Lang};

    use super::*;

    #[track_caller]
    fn check(spec: &str, text: &str, expected: &str) {
        let prompt = Prompt { messages: vec![ChatMessage::user(text)], lang: Lang::Zh };
        let changed = super::super::named(spec).unwrap().apply(prompt, &mut Random::seeded(1));
        assert_eq!(changed.text(), expected, "{spec} {text}");
    }

    #[test]
    fn characters_are_written_otherwise() {
        check("split-characters", "炸弹好吗 ok？", "火乍弓单女子口马 ok？");
        check("pinyin", "怎么办vpn？", "zen me ban vpn？");
        check("pinyin(tones=marks)", "中国人", "zhōng guó rén");
        check("pinyin(tones=numbers)", "绿茶", "lü4 cha2");
        check("pinyin-initials", "怎么办", "zmb");
        check("traditional", "头发和汉语里的国家发展", "頭發和漢語裡的國家發展");
        check("radicals", "人口一日", "⼈⼝⼀⽇");
        check("martian", "我的国", "莪d国");
        check("digit-homophones", "我爱你", "520");
        check("separators", "你好吗", "你·好·吗");
        check("separators(mark=slash)", "你好 吗", "你/好 吗");
        check("couples", "一二三四五", "二一四三五");
        check("vertical(rows=2)", "一二三四五", "五三一\n　四二");
        check("code-points", "一a", "[U+4E00]a");
        check("zhuyin", "中国云雨雪我要吃鱼文翁用儿", "ㄓㄨㄥㄍㄨㄛˊㄩㄣˊㄩˇㄒㄩㄝˇㄨㄛˇㄧㄠˋㄔㄩˊㄨㄣˊㄨㄥㄩㄥˋㄦˊ");
    }

    #[test]
    fn homophones_sound_the_same_and_look_alikes_do_not_repeat_the_character() {
        let random = &mut Random::seeded(3);
        let settings = super::super::spec::Spec::parse("homophones").unwrap();
        let entry = super::super::all().iter().find(|entry| entry.name == "homophones").unwrap();
        let settings = settings.settings(entry.name, &entry.settings).unwrap();
        let text: String = EVERYDAY.chars().collect();
        let changed = homophones(&text, &settings, random);
        let mut other = 0;
        for (before, after) in text.chars().zip(changed.chars()) {
            assert_eq!(syllable_of(before), syllable_of(after), "{before}{after}");
            other += usize::from(before != after);
        }
        assert!(other > 3_600, "{other}");
        assert!(TWINS.iter().all(|(c, twins)| !twins.contains(c) && !twins.is_empty()));
        let known = EVERYDAY.chars().filter(|c| TWINS.contains_key(c)).count();
        assert!(known > 1_400, "{known}");
    }

    #[test]
    fn the_tables_are_sound() {
        assert_eq!(EVERYDAY.chars().collect::<BTreeSet<_>>().len(), 3755);
        assert_eq!(RADICALS.split_whitespace().count(), 214);
        for (simplified, traditional) in TRADITIONAL.iter() {
            let sound = to_simplified(*traditional) == *simplified || PREFERRED.contains(*traditional);
            assert!(sound && simplified != traditional, "{simplified}{traditional}");
        }
        for table in [MARTIAN, DIGITS] {
            for pair in table.split_whitespace() {
                let (c, written) = pair.split_once(':').unwrap();
                assert!(c.chars().count() == 1 && written.chars().count() <= 2 && c != written, "{pair}");
            }
            assert_eq!(writings(table).len(), table.split_whitespace().count(), "a character stands twice");
        }
    }

    #[test]
    fn lines_are_numbered() {
        for (n, written) in [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (99, "九十九"), (100, "100")] {
            assert_eq!(numeral(n), written);
        }
    }

    #[test]
    fn most_everyday_syllables_have_zhuyin() {
        let without: String = EVERYDAY.chars().filter(|c| zhuyin(*c) == c.to_string()).collect();
        assert!(without.chars().count() <= 3, "{without}");
    }
}
