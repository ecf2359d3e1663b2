use proptest::prelude::*;

use super::*;
use crate::reading::put_together;
use crate::{
    fold::{begins_cluster, is_separator},
    hidden::is_hidden,
};

#[track_caller]
fn check(options: NormalizeOptions, text: &str, expected: &str) {
    assert_eq!(normalize(text, &options).text, expected, "{text:?}");
}

#[test]
fn writing_is_folded() {
    for (text, expected) in [
        ("", ""),
        ("ＨＴＴＰ：／／", "http://"),
        ("Ⓑⓞⓜⓑ ﬁne ½", "bomb fine 1⁄2"),
        ("bо\u{200b}mb", "bomb"),     // Cyrillic о, zero-width space
        ("bömb, b̶o̶m̶b", "bomb, bomb"), // accents
        ("製造　炸彈", "制造炸弹"),   // traditional, ideographic space between characters
        ("炸-*弹 ok", "炸弹 ok"),
        ("炸-------弹", "炸弹"),
        ("炸😀弹、炸👩\u{200d}👧弹", "炸弹、炸弹"),
        ("【炸】（弹）炸\u{2800}弹", "【炸弹炸弹"),
        ("炸————————————————弹", "炸----------------弹"), // too many to be one word
        ("炸……弹", "炸......弹"),                         // a pause
        ("炸…弹", "炸弹"),
        ("ﷺ ﷻ", "ﷺ ﷻ"),
        ("炸，弹", "炸,弹"), // a comma separates
        ("中文 and 英文", "中文 and 英文"),
        ("a \t\n b", "a b"),
        ("\u{e0062}x\u{fe0f}\u{202e}", "x"),
        ("が", "が"),
        ("Straße İ", "straße i"),
    ] {
        check(NormalizeOptions::WORDS, text, expected);
    }
}

#[test]
fn disguises_are_taken_off() {
    for (text, expected) in [
        ("b0mb", "bomb"),
        ("h4ck th3 p@$$word", "hack the password"),
        ("in 1337 there", "in 1337 there"),
        ("b-o-m-b now", "bomb now"),
        ("b o m b s", "bombs"),
        ("b😀o😀m😀b", "bomb"),
        ("b[o]m[b] and (b(o(m(b", "bomb] and (bomb"),
        ("a b-o-m-b", "a bomb"),
        ("a b cat", "a b cat"),
        ("i.e. this", "i.e. this"),
        ("fuuuuck 炸炸炸弹 111", "fuck 炸弹 111"),
        ("book", "book"),
    ] {
        check(NormalizeOptions::DISGUISED, text, expected);
    }
}

#[test]
fn values_keep_their_case_and_signs() {
    check(NormalizeOptions::LITERAL, "ＡKIA１２ а b\u{200b}-C  d", "AKIA12 а b-C  d");
}

#[test]
fn the_way_back_leads_to_the_original() {
    let text = "买 ｂо\u{200b}mb 炸-弹";
    let normal = normalize(text, &NormalizeOptions::WORDS);
    for (word, original) in [("bomb", "ｂо\u{200b}mb"), ("炸弹", "炸-弹"), ("弹", "弹")] {
        let at = normal.text.find(word).unwrap();
        let span = normal.original(at..at + word.len());
        assert_eq!(&text[span.start..span.end], original);
    }
}

#[test]
fn no_character_grows_much() {
    // What a text costs is bounded by its own length.
    for c in (0..0x0003_0000).filter_map(char::from_u32) {
        let text = c.to_string();
        for options in [NormalizeOptions::LITERAL, NormalizeOptions::CASELESS, NormalizeOptions::WORDS] {
            let grown = normalize(&text, &options).text.len();
            assert!(grown <= 6 * text.len(), "U+{:04X} becomes {grown} bytes", u32::from(c));
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "B",
        "0",
        "4",
        "!",
        " ",
        "\n",
        "-",
        ".",
        "炸",
        "弹",
        "彈",
        "，",
        "ﬁ",
        "é",
        "e\u{301}",
        "\u{301}",
        "\u{200b}",
        "\u{202e}",
        "\u{e0061}",
        "о",
        "Ⓐ",
        "ｂ",
        "각",
        "\u{1112}\u{1161}\u{11ab}",
        "が",
        "か\u{3099}",
        "👩\u{200d}👧",
        "……",
        "[",
        "）",
        "İ",
    ]);
    prop_oneof![prop::collection::vec(pieces, 0..24).prop_map(|p| p.concat()), any::<String>()]
}

/// The slow obvious model: one pass after another over all units.
fn slow_words(text: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut cluster: Vec<Unit> = Vec::new();
    for (at, c) in text.char_indices() {
        if is_hidden(c).is_some() {
            continue;
        }
        if begins_cluster(c) {
            fold_cluster(&cluster, fold::Folding::Words, &mut units);
            cluster.clear();
        }
        cluster.push(Unit { c, start: at, end: at + c.len_utf8() });
    }
    fold_cluster(&cluster, fold::Folding::Words, &mut units);
    with_single_spaces(without_separators(units))
}

fn without_separators(units: Vec<Unit>) -> Vec<Unit> {
    let mut out: Vec<Unit> = Vec::with_capacity(units.len());
    let mut at = 0;
    while let Some(unit) = units.get(at) {
        let after_ideograph = out.last().is_some_and(|last| is_ideograph(last.c));
        if after_ideograph && is_separator(unit.c) {
            let run = units[at..].iter().take_while(|u| is_separator(u.c)).count();
            let before_ideograph = units.get(at + run).is_some_and(|next| is_ideograph(next.c));
            let signs: String = units[at..at + run].iter().map(|unit| unit.c).collect();
            if run > MAX_SEPARATORS || !before_ideograph || is_ellipsis(&signs) {
                out.extend_from_slice(&units[at..at + run]);
            }
            at += run;
            continue;
        }
        out.push(*unit);
        at += 1;
    }
    out
}

fn with_single_spaces(units: Vec<Unit>) -> Vec<Unit> {
    let mut out: Vec<Unit> = Vec::with_capacity(units.len());
    for unit in units {
        if !unit.c.is_whitespace() {
            out.push(unit);
        } else if let Some(last) = out.last_mut().filter(|last| last.c == ' ') {
            last.end = unit.end;
        } else {
            out.push(Unit { c: ' ', ..unit });
        }
    }
    out
}

/// What stays in a row of Chinese characters, and what ends one.
fn in_a_row() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "好",
        "好好",
        "火乍",
        "弓",
        "单",
        "氵",
        "去",
        "說",
        "㐀",
        "ー",
        "か",
        "か\u{3099}",
        "好！か\u{3099}",
        "가",
        "ᆨ",
        "。",
        "、",
        "〇",
        "《",
        "，",
        "！",
        "：",
        "；",
        "？",
        "！！",
        "，！",
        "？！",
        "（",
        "＂",
        "－",
        "\u{301}",
        "\u{200b}",
        " ",
        "\u{3000}",
        "a",
        "ab",
        "Ａ",
        "1",
        "!",
        ",",
        ".",
        "…",
        "😀",
        "𠀀",
        "é",
    ])
}

proptest! {
    #[test]
    fn one_pass_gives_what_many_give(text in any_text()) {
        let fast = normalize(&text, &NormalizeOptions::WORDS);
        let slow = assemble(text.len(), &slow_words(&text));
        prop_assert_eq!(&fast.text, &slow.text);
        for (at, c) in slow.text.char_indices() {
            let range = at..at + c.len_utf8();
            prop_assert_eq!(fast.original(range.clone()), slow.original(range));
        }
    }

    #[test]
    fn rows_give_what_single_characters_give(pieces in prop::collection::vec(in_a_row(), 0..32), kind in 0..3_usize) {
        let text = pieces.concat();
        let table = [&fold::WORDS, &fold::CASELESS, &fold::COMPATIBILITY][kind];
        for characters in [true, false] {
            prop_assert_eq!(fold_in(&text, table, characters, true), fold_in(&text, table, characters, false));
        }
    }

    #[test]
    fn no_disguise_is_missed(pieces in prop::collection::vec(prop::sample::select(vec!["a", "b", "B", "0", "1", "@", "3", " ", "-", ",", "炸", "弹", "火乍", "弓", "单", "é", "ｏ", "\u{200b}"]), 0..14)) {
        let text = pieces.concat();
        let (words, watch) = folded(&text, &fold::WORDS);
        prop_assert!(watch.may_be_disguised() || undisguised(&words.text, Watch::of_anything()).is_none(), "{:?}", text);
        prop_assert!(watch.may_be_split || put_together(&words.text, words.text.char_indices()).is_none(), "{:?}", text);
    }

    #[test]
    fn rows_of_letters_are_undone_alike_in_both_ways(text in "[哈炸h。,!1 ]{0,24}") {
        let (words, watch) = folded(&text, &fold::WORDS);
        let [short, long] = [watch, Watch::of_anything()].map(|watch| undisguised(&words.text, watch).map(|changed| changed.form));
        prop_assert_eq!(short, long);
    }

    #[test]
    fn the_map_is_monotone_in_range_and_on_boundaries(text in any_text(), kind in 0..3_usize) {
        let options =
            [NormalizeOptions::LITERAL, NormalizeOptions::WORDS, NormalizeOptions::DISGUISED][kind];
        let normal = normalize(&text, &options);
        let mut last = Span { start: 0, end: 0 };
        for (at, c) in normal.text.char_indices() {
            let span = normal.original(at..at + c.len_utf8());
            prop_assert!(span.start < span.end && span.end <= text.len());
            prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
            prop_assert!(span.start >= last.start && span.end >= last.end, "{:?} after {:?}", span, last);
            last = span;
        }
        prop_assert_eq!(normal.map.start(normal.text.len()), text.len());
    }

    #[test]
    fn lower_case_ascii_stays_as_it_is(words in prop::collection::vec("[a-z]{1,9}", 0..9)) {
        let text = words.join(" ");
        for options in [NormalizeOptions::LITERAL, NormalizeOptions::WORDS] {
            let normal = normalize(&text, &options);
            prop_assert_eq!(&normal.text, &text);
            prop_assert_eq!(normal.map, OffsetMap::identity(text.len()));
        }
    }

    #[test]
    fn normal_form_is_reached_at_once_without_disguises(text in any_text()) {
        let once = normalize(&text, &NormalizeOptions::LITERAL).text;
        prop_assert_eq!(normalize(&once, &NormalizeOptions::LITERAL).text, once);
    }
}
