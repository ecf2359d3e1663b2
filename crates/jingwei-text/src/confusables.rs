//! Letters that look like Latin ones. Our own small table for what is used to dodge filters, after the idea
//! of Unicode UTS 39 (confusable detection); what compatibility normalisation folds already is not repeated.

use std::sync::LazyLock;

/// The Latin letter that a character passes for.
pub(crate) fn to_latin(c: char) -> Option<char> {
    let letter = |base: u32, first: char| {
        let offset = u32::from(c).checked_sub(base)?;
        char::from_u32(u32::from(first) + offset)
    };
    match c {
        // Squared, negative circled and negative squared capitals; regional indicators.
        '\u{1f130}'..='\u{1f149}' => return letter(0x1_f130, 'a'),
        '\u{1f150}'..='\u{1f169}' => return letter(0x1_f150, 'a'),
        '\u{1f170}'..='\u{1f189}' => return letter(0x1_f170, 'a'),
        '\u{1f1e6}'..='\u{1f1ff}' => return letter(0x1_f1e6, 'a'),
        _ => {}
    }
    let found = SORTED.binary_search_by_key(&c, |(look_alike, _)| *look_alike).ok()?;
    SORTED.get(found).map(|(_, latin)| *latin)
}

static SORTED: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let pairs = TABLE.iter().flat_map(|(latin, look_alikes)| look_alikes.chars().map(|c| (c, *latin)));
    let mut sorted: Vec<(char, char)> = pairs.collect();
    sorted.sort_unstable();
    sorted.dedup_by_key(|(look_alike, _)| *look_alike);
    sorted
});

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
    ('u', "υսᴜʋ"),
    ('v', "ѵνᴠⅴ"),
    ('w', "ԝωᴡшѡ"),
    ('x', "хχⅹ×"),
    ('y', "уγүʏ"),
    ('z', "ᴢʐ"),
    ('\'', "‘’‛ʼ′`´"),
    ('"', "“”„‟″"),
    ('-', "‐‑‒–—―−﹣"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_become_latin() {
        for (look_alike, latin) in [('а', 'a'), ('ο', 'o'), ('ѕ', 's'), ('🅰', 'a'), ('🇿', 'z'), ('—', '-')] {
            assert_eq!(to_latin(look_alike), Some(latin), "{look_alike}");
        }
        for own in ['a', '中', 'é', 'ж', ' '] {
            assert_eq!(to_latin(own), None, "{own}");
        }
    }
}
