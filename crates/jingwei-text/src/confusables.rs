//! Characters that pass for others: look-alikes of Latin letters and digits (Unicode UTS 39, beside our own small
//! table for what is used to dodge filters), numbers of other scripts, radicals that pass for the character.
//! What compatibility normalisation folds already is not repeated.

use std::{iter, ops::RangeInclusive, sync::LazyLock};

use unicode_security::skeleton;

/// What a character in lower case passes for: a Latin letter in lower case, a digit, a mark, or the ordinary form of a radical.
pub(crate) fn to_latin(c: char) -> Option<char> {
    if !FOLDED.iter().any(|range| range.contains(&c)) {
        return None;
    }
    let found = SORTED.binary_search_by_key(&c, |(look_alike, _)| *look_alike).ok()?;
    SORTED.get(found).map(|(_, plain)| *plain)
}

/// Where look-alikes are: not among ideographs, kana, Hangul and Chinese punctuation.
const FOLDED: [RangeInclusive<char>; 6] = [
    '\u{80}'..='\u{2eff}',
    '\u{a4d0}'..='\u{abff}',
    '\u{fb00}'..='\u{feff}',
    '\u{10000}'..='\u{118ff}',
    '\u{16000}'..='\u{16fff}',
    '\u{1cc00}'..='\u{1f1ff}',
];

static SORTED: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let own = own_pairs();
    let mut sorted = own.clone();
    for c in FOLDED.into_iter().flatten() {
        sorted.extend(by_skeleton(c, &own).map(|latin| (c, latin)));
    }
    // The first of a character's pairs stays: our own before the standard's.
    sorted.sort_by_key(|(look_alike, _)| *look_alike);
    sorted.dedup_by_key(|(look_alike, _)| *look_alike);
    sorted
});

fn own_pairs() -> Vec<(char, char)> {
    let letters = LETTER_RUNS.iter().flat_map(|first| iter::zip(*first.., 'a'..='z'));
    let digits = ZEROS.iter().flat_map(|zero| iter::zip(*zero.., '0'..='9'));
    let circled = ONES.iter().flat_map(|one| iter::zip(*one.., '1'..='9'));
    let radicals = RADICALS.split_whitespace().filter_map(|pair| {
        let mut each = pair.chars();
        Some((each.next()?, each.next()?))
    });
    let table = TABLE.iter().flat_map(|(latin, look_alikes)| look_alikes.chars().map(|c| (c, *latin)));
    let mut own: Vec<(char, char)> = table.chain(letters).chain(digits).chain(circled).chain(radicals).collect();
    own.sort_by_key(|(look_alike, _)| *look_alike);
    own.dedup_by_key(|(look_alike, _)| *look_alike);
    own
}

/// The letter or digit that is all of a character's skeleton, or of its capital's, which some scripts keep from Latin.
fn by_skeleton(c: char, own: &[(char, char)]) -> Option<char> {
    let single = |c: char| {
        let mut buffer = [0; 4];
        let mut all = skeleton(c.encode_utf8(&mut buffer));
        all.next().filter(|_| all.next().is_none())
    };
    let latin = |c: char| {
        let known = |looks: char| own.binary_search_by_key(&looks, |(c, _)| *c).ok().and_then(|at| own.get(at));
        let looks = single(c)?;
        // A bar is a separator rather than an l.
        let plain = looks.is_ascii_alphanumeric() && (looks != 'l' || c.is_alphanumeric());
        if plain { Some(looks.to_ascii_lowercase()) } else { known(looks).map(|(_, latin)| *latin) }
    };
    let mut capitals = c.to_uppercase();
    let capital = capitals.next().filter(|capital| *capital != c && capitals.next().is_none());
    latin(c).or_else(|| latin(capital?)).filter(|latin| latin.is_ascii_alphanumeric())
}

/// First letters of alphabets in frames: squared, negative circled and negative squared capitals, regional indicators.
const LETTER_RUNS: [char; 4] = ['\u{1f130}', '\u{1f150}', '\u{1f170}', '\u{1f1e6}'];

/// The zeros of other scripts: Arabic, Persian, N'Ko, Indic, Thai, Lao, Tibetan, Burmese, Khmer, Mongolian.
const ZEROS: [char; 18] = [
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}', '\u{c66}',
    '\u{ce6}', '\u{d66}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{17e0}', '\u{1810}',
];

/// Ones in frames: double circled, negative circled, circled and negative circled sans-serif.
const ONES: [char; 4] = ['⓵', '❶', '➀', '➊'];

/// Radicals of the supplement (U+2E80–U+2EFF) and the characters that are written for them.
const RADICALS: &str = "
    ⺀冫 ⺁厂 ⺄乙 ⺅亻 ⺆冂 ⺇几 ⺈刀 ⺉刂 ⺊卜 ⺋卩 ⺌小 ⺍小 ⺏尢 ⺐尢 ⺒巳 ⺓幺 ⺔彑 ⺕彐 ⺖忄 ⺗心 ⺘扌 ⺙攵 ⺛旡 ⺜日 ⺝月
    ⺞歹 ⺟母 ⺠民 ⺡氵 ⺢水 ⺣灬 ⺤爫 ⺥爪 ⺦丬 ⺧牛 ⺨犭 ⺩王 ⺪疋 ⺫目 ⺬示 ⺭礻 ⺮竹 ⺯糸 ⺰纟 ⺱网 ⺲罒 ⺳网 ⺴网 ⺵网 ⺶羊
    ⺷羊 ⺸羊 ⺹耂 ⺺聿 ⺼月 ⺽臼 ⺾艹 ⺿艹 ⻀艹 ⻁虎 ⻂衤 ⻃西 ⻄西 ⻅见 ⻆角 ⻈讠 ⻉贝 ⻊足 ⻋车 ⻌辶 ⻍辶 ⻎辶 ⻏阝 ⻐钅 ⻑长
    ⻒长 ⻓长 ⻔门 ⻕阜 ⻖阝 ⻗雨 ⻘青 ⻙韦 ⻚页 ⻛风 ⻜飞 ⻝食 ⻞食 ⻟食 ⻠饣 ⻡首 ⻢马 ⻣骨 ⻤鬼 ⻥鱼 ⻦鸟 ⻧卤 ⻨麦 ⻩黄 ⻪黾
    ⻫齐 ⻬齐 ⻭齿 ⻮齿 ⻯龙 ⻰龙 ⻱龟 ⻲龟 ⻳龟";

/// Latin letter or mark, and what looks like it, in lower case.
const TABLE: &[(char, &str)] = &[
    ('a', "аαɑᴀ"),
    ('b', "ьƅʙв"),
    ('c', "сϲᴄⅽс"),
    ('d', "ԁɗᴅⅾ"),
    ('e', "еєεҽᴇ℮"),
    ('f', "ғƒꜰϝ"),
    ('g', "ɡցɢԍ"),
    ('h', "һհнʜ"),
    ('i', "іιıɩɪӏⅰ"),
    ('j', "јʝᴊϳ"),
    ('k', "кκᴋ"),
    ('l', "ⅼʟןɭ"),
    ('m', "мᴍⅿ"),
    ('n', "пηɴոռ"),
    ('o', "оοօσᴏо"),
    ('p', "рρᴘ"),
    ('q', "ԛգ"),
    ('r', "гʀᴦг"),
    ('s', "ѕꜱʂ"),
    ('t', "тτᴛ"),
    ('u', "υսᴜʋμ"),
    ('v', "ѵνᴠⅴ"),
    ('w', "ԝωᴡшѡ"),
    ('x', "хχⅹ×"),
    ('y', "уγүʏ"),
    ('z', "ᴢʐ"),
    ('0', "⓿🄋🄌"),
    ('\'', "‘’‛ʼ′`´"),
    ('"', "“”„‟″"),
    ('-', "‐‑‒–—―−﹣"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let folded: String = text.chars().map(|c| to_latin(c).unwrap_or(c)).collect();
        assert_eq!(folded, expected, "{text}");
    }

    #[test]
    fn look_alikes_become_latin() {
        check("аοѕ🅰🇿—", "aosaz-");
        check("ьομβ ꭺꮯꮃ 𐓪ⲟꓳ", "boub acw ooo"); // Greek, small Cherokee, Osage, Coptic, Lisu
        check("∪ ⋁ ｜∣│", "u v ｜∣│");
    }

    #[test]
    fn numbers_of_other_scripts_and_in_frames_become_digits() {
        check("٠١٢ ۵۶ ९ ๓ ❶➁➌⓽⓿🄌 ❿", "012 56 9 3 123900 ❿");
    }

    #[test]
    fn radicals_become_the_ordinary_characters() {
        check("⺡去⻋仑 ⻈兑 ⺘仓", "氵去车仑 讠兑 扌仓");
    }

    #[test]
    fn ordinary_writing_stays() {
        for own in ["abcXYZ019", "中文，。「」！？、", "ひらがなカタカナー", "한국어", "éüñçß", "ждю", "€£¥§", "…"]
        {
            check(own, own);
        }
        assert!(SORTED.len() >= 1000, "{}", SORTED.len());
    }
}
