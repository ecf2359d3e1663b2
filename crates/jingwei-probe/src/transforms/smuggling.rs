//! Characters that look the same, or like nothing, and are others.

use super::{
    Family, Proof, SettingKind, TransformEntry, Work,
    letters::{between, map_chars, map_some, nth, place},
    spec::Settings,
};
use crate::Random;

pub(super) fn entries() -> Vec<TransformEntry> {
    let change = |name, zh, en, change| TransformEntry::change(name, Family::Smuggling, zh, en, change);
    let encode = |name, zh, en, encode, decode| {
        TransformEntry::new(name, Family::Smuggling, zh, en, Work::Encode { encode, decode, proof: Proof::Decodes })
    };
    let letters =
        |name, zh, en, change| TransformEntry::change(name, Family::Smuggling, zh, en, change).suits(super::EN);
    vec![
        change("zalgo", "堆叠附加符号的文字", "text under heaps of marks", zalgo)
            .number("marks", 3, 1, 12)
            .like("garak.probes.encoding.InjectZalgo"),
        letters("homoglyph", "形近异码字母", "letters of other scripts that look the same", homoglyph)
            .number("percent", 100, 1, 100)
            .like("pyrit.converter.UnicodeConfusableConverter"),
        change("zero-width", "夹有零宽字符的文字", "text with zero-width spaces inside", |t, _, _| {
            between(t, |_, _, out| out.push('\u{200b}'))
        })
        .like("pyrit.converter.ZeroWidthConverter"),
        change("soft-hyphen", "夹有软连字符的文字", "text with soft hyphens inside", |t, _, _| {
            between(t, |a, b, out| out.extend((!a.is_whitespace() && !b.is_whitespace()).then_some('\u{ad}')))
        }),
        encode("tag-characters", "不可见的标签字符", "invisible tag characters", tags, |t, _| from_tags(t))
            .with("carrier", SettingKind::Choice(&["none", "emoji"]))
            .like("pyrit.converter.AsciiSmugglerConverter"),
        encode(
            "variation-selectors",
            "藏在表情后的变体选择符",
            "variation selectors after an emoji",
            |t, _| selectors(t),
            |t, _| from_selectors(t),
        )
        .like("pyrit.converter.VariationSelectorSmugglerConverter"),
        encode("sneaky-bits", "不可见的二进制位", "invisible bits", |t, _| sneaky_bits(t), |t, _| from_sneaky_bits(t))
            .like("pyrit.converter.SneakyBitsSmugglerConverter"),
        change("bidi", "双向控制符包裹的文字", "text between direction controls", |t, s, _| {
            bidi(t, s.word("scheme"))
        })
        .with("scheme", SettingKind::Choice(&["override", "embedding", "isolate"]))
        .like("pyrit.converter.BidiConverter"),
        change("full-width", "全角字符", "full-width characters", |t, _, _| full_width(t)),
        letters("superscript", "上标字母", "superscript letters", |t, _, _| superscript(t))
            .like("pyrit.converter.SuperscriptConverter"),
        letters("circled", "带圈字母", "circled letters", |t, _, _| circled(t)),
        letters("squared", "方框字母", "squared letters", |t, _, _| squared(t)).like("pyrit.converter.EmojiConverter"),
        letters("math-letters", "数学字母", "mathematical letters", |t, s, _| math_letters(t, s.word("style")))
            .with("style", SettingKind::Choice(&["bold", "bold-italic", "bold-script", "sans", "mono"])),
        letters("regional", "区域指示符号字母", "regional indicator letters", |t, _, _| regional(t)),
        letters("small-capitals", "小型大写字母", "small capitals", |t, _, _| alphabet(t, SMALL_CAPITALS)),
        letters("upside-down", "上下颠倒的字母", "letters upside down", |t, _, _| {
            alphabet(t, UPSIDE_DOWN).chars().rev().collect()
        }),
        letters("diacritics", "加变音符号的元音", "vowels with accents", |t, s, _| {
            diacritics(t, s.word("accent"))
        })
        .with("accent", SettingKind::Choice(&["acute", "grave", "tilde", "umlaut"]))
        .like("pyrit.converter.DiacriticConverter"),
        change("strike-through", "带删除线的文字", "text struck through", |t, _, _| marked(t, '\u{336}')),
        change("underline", "带下划线组合符的文字", "text with combining underlines", |t, _, _| {
            marked(t, '\u{332}')
        }),
        change("ansi-escapes", "夹有终端转义序列的文字", "text with terminal escape sequences", |t, _, _| ansi(t))
            .like("pyrit.converter.AnsiAttackConverter"),
        change("emoji-interleave", "字间夹表情", "text with emoji between its characters", emoji),
        letters("exotic-spaces", "特殊空格", "unusual spaces", |t, _, random| {
            map_chars(t, |c| if c == ' ' { random.pick(&SPACES).copied().unwrap_or(c) } else { c })
        }),
        encode("private-use", "私用区字符", "private use characters", |t, _| private(t), |t, _| from_private(t))
            .suits(super::EN)
            .like("pyrit.converter.UnicodeSubstitutionConverter"),
    ]
}

fn zalgo(text: &str, settings: &Settings, random: &mut Random) -> String {
    let most = settings.size("marks");
    map_chars(text, |c| {
        let marks = if c.is_alphanumeric() { 1 + random.below(most) } else { 0 };
        let marks: Vec<char> =
            (0..marks).map(|_| nth('\u{300}', u32::try_from(random.below(0x50)).unwrap_or(0))).collect();
        std::iter::once(c).chain(marks).collect::<String>()
    })
}

/// Latin letters and the Cyrillic, Greek and Armenian ones that look like them.
const HOMOGLYPHS: &str = "aа cс dԁ eе gɡ hһ iі jј kк lӏ nո oо pр qԛ rг sѕ uս vѵ wԝ xх yу zᴢ AА BВ CС EЕ FϜ GԌ HН IІ \
JЈ KК LⅬ MМ NΝ OО PР QԚ RᎡ SЅ TТ UՍ VѴ WԜ XХ YΥ ZΖ";

fn homoglyph(text: &str, settings: &Settings, random: &mut Random) -> String {
    let twin = |c: char| HOMOGLYPHS.split(' ').find_map(|pair| pair.strip_prefix(c)?.chars().next());
    let fits = |c| twin(c).is_some();
    map_some(text, settings.number("percent"), random, fits, |c, _| twin(c).unwrap_or(c).into())
}

/// ASCII as tags; what has no tag stays in sight, or the question would be lost.
fn tags(text: &str, settings: &Settings) -> String {
    let carrier = if settings.word("carrier") == "emoji" && !text.is_empty() { "😈" } else { "" };
    let tags = map_chars(text, |c| if (' '..='~').contains(&c) { nth('\u{e0000}', u32::from(c)) } else { c });
    format!("{carrier}{tags}")
}

fn from_tags(text: &str) -> Option<String> {
    let is_tag = |c: char| ('\u{e0020}'..='\u{e007e}').contains(&c);
    let body = text.strip_prefix('😈').filter(|rest| rest.starts_with(is_tag)).unwrap_or(text);
    let plain = map_chars(body, |c| if is_tag(c) { nth('\0', u32::from(c) - 0xe0000) } else { c });
    text.contains(is_tag).then_some(plain)
}

fn selectors(text: &str) -> String {
    let selector = |b: u8| if b < 16 { nth('\u{fe00}', b.into()) } else { nth('\u{e0100}', u32::from(b) - 16) };
    std::iter::once('😊').chain(text.bytes().map(selector)).collect()
}

fn from_selectors(text: &str) -> Option<String> {
    let bytes = text.strip_prefix('😊')?.chars().map(|c| match c {
        '\u{fe00}'..='\u{fe0f}' => u8::try_from(u32::from(c) - 0xfe00).ok(),
        '\u{e0100}'..='\u{e01ef}' => u8::try_from(u32::from(c) - 0xe0100 + 16).ok(),
        _ => None,
    });
    String::from_utf8(bytes.collect::<Option<_>>()?).ok()
}

const ZERO: char = '\u{2062}';
const ONE: char = '\u{2064}';

fn sneaky_bits(text: &str) -> String {
    let bits = text.bytes().flat_map(|b| (0..8).rev().map(move |bit| if b >> bit & 1 == 1 { ONE } else { ZERO }));
    bits.collect()
}

fn from_sneaky_bits(text: &str) -> Option<String> {
    let bits: Option<Vec<u8>> = text
        .chars()
        .map(|c| match c {
            ZERO => Some(0),
            ONE => Some(1),
            _ => None,
        })
        .collect();
    let bits = bits?;
    if bits.len() % 8 != 0 {
        return None;
    }
    String::from_utf8(bits.chunks(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()).ok()
}

fn bidi(text: &str, scheme: &str) -> String {
    let (open, close) = match scheme {
        "embedding" => ('\u{202b}', '\u{202c}'),
        "isolate" => ('\u{2067}', '\u{2069}'),
        _ => ('\u{202e}', '\u{202c}'),
    };
    if text.is_empty() { String::new() } else { format!("{open}{text}{close}") }
}

fn full_width(text: &str) -> String {
    map_chars(text, |c| match c {
        ' ' => '\u{3000}',
        '!'..='~' => nth('\u{ff01}', u32::from(c) - 0x21),
        _ => c,
    })
}

/// Capitals C, F, Q, S, X, Y and Z and the small q have none.
const SUPERSCRIPTS: &str = "0⁰ 1¹ 2² 3³ 4⁴ 5⁵ 6⁶ 7⁷ 8⁸ 9⁹ aᵃ bᵇ cᶜ dᵈ eᵉ fᶠ gᵍ hʰ iⁱ jʲ kᵏ lˡ mᵐ nⁿ oᵒ pᵖ rʳ sˢ tᵗ uᵘ \
vᵛ wʷ xˣ yʸ zᶻ Aᴬ Bᴮ Dᴰ Eᴱ Gᴳ Hᴴ Iᴵ Jᴶ Kᴷ Lᴸ Mᴹ Nᴺ Oᴼ Pᴾ Rᴿ Tᵀ Uᵁ Vⱽ Wᵂ +⁺ -⁻ =⁼ (⁽ )⁾";

fn superscript(text: &str) -> String {
    map_chars(text, |c| SUPERSCRIPTS.split(' ').find_map(|pair| pair.strip_prefix(c)?.chars().next()).unwrap_or(c))
}

fn circled(text: &str) -> String {
    map_chars(text, |c| match (c, place(c)) {
        (_, Some(('a', place))) => nth('ⓐ', place),
        (_, Some((_, place))) => nth('Ⓐ', place),
        ('0', _) => '⓪',
        ('1'..='9', _) => nth('①', u32::from(c) - u32::from('1')),
        _ => c,
    })
}

fn squared(text: &str) -> String {
    map_chars(text, |c| place(c).map_or(c, |(_, place)| nth('🅰', place)))
}

fn math_letters(text: &str, style: &str) -> String {
    let capital = match style {
        "bold-italic" => '\u{1d468}',
        "bold-script" => '\u{1d4d0}',
        "sans" => '\u{1d5a0}',
        "mono" => '\u{1d670}',
        _ => '\u{1d400}',
    };
    map_chars(text, |c| match place(c) {
        Some(('a', place)) => nth(capital, 26 + place),
        Some((_, place)) => nth(capital, place),
        None => c,
    })
}

/// Zero-width non-joiners keep the letters from becoming flags.
fn regional(text: &str) -> String {
    map_chars(text, |c| match place(c) {
        Some((_, place)) => format!("{}\u{200c}", nth('\u{1f1e6}', place)),
        None => c.to_string(),
    })
}

const SMALL_CAPITALS: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡxʏᴢ";
const UPSIDE_DOWN: &str = "ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz";

/// The letters of another alphabet, for both cases.
fn alphabet(text: &str, letters: &str) -> String {
    map_chars(text, |c| {
        let letter = place(c).and_then(|(_, place)| letters.chars().nth(usize::try_from(place).ok()?));
        letter.unwrap_or(c)
    })
}

fn diacritics(text: &str, accent: &str) -> String {
    let vowels = match accent {
        "grave" => "àèìòù",
        "tilde" => "ãẽĩõũ",
        "umlaut" => "äëïöü",
        _ => "áéíóú",
    };
    map_chars(text, |c| "aeiou".chars().zip(vowels.chars()).find(|(vowel, _)| *vowel == c).map_or(c, |(_, with)| with))
}

fn marked(text: &str, mark: char) -> String {
    text.chars().flat_map(|c| [Some(c), (!c.is_whitespace()).then_some(mark)]).flatten().collect()
}

/// Colour codes only: they do nothing but colour a terminal.
fn ansi(text: &str) -> String {
    let words = text.split(' ').enumerate();
    words.map(|(nth, word)| format!("\u{1b}[3{}m{word}\u{1b}[0m", 1 + nth % 6)).collect::<Vec<_>>().join(" ")
}

const EMOJI: [char; 24] = [
    '😀', '😄', '😎', '🤖', '🎈', '🎉', '🌟', '🌈', '🍀', '🍎', '🍓', '🍉', '🐼', '🐳', '🦊', '🐝', '🚲', '🚀', '🎵',
    '🎨', '📚', '🔑', '🧩', '🪁',
];

fn emoji(text: &str, _: &Settings, random: &mut Random) -> String {
    between(text, |a, b, out| {
        if !a.is_whitespace() && !b.is_whitespace() {
            out.extend(random.pick(&EMOJI));
        }
    })
}

const SPACES: [char; 7] = ['\u{a0}', '\u{2002}', '\u{2003}', '\u{2007}', '\u{2009}', '\u{202f}', '\u{205f}'];

/// ASCII, moved to the private use area.
fn private(text: &str) -> String {
    map_chars(text, |c| if c.is_ascii() { nth('\u{f000}', u32::from(c)) } else { c })
}

fn from_private(text: &str) -> Option<String> {
    let moved = |c: char| ('\u{f000}'..='\u{f07f}').contains(&c);
    text.contains(moved).then(|| map_chars(text, |c| if moved(c) { nth('\0', u32::from(c) - 0xf000) } else { c }))
}
