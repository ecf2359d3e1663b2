use base64::Engine as _;
use jingwei_core::RuleHit;
use proptest::prelude::*;

use super::*;
use crate::{apply_redactions, parse_policy};

const HEAD: &str = r#"
kind = "guard-policy"
version = 1
id = "test"
title = { zh = "测试", en = "test" }
block_message = { zh = "不行", en = "no" }
"#;

fn rule(id: &str, action: &str, when: &str) -> String {
    format!(
        "[[rule]]\nid = '{id}'\ntitle = {{ zh = '规则', en = 'rule' }}\ndirection = 'output'\naction = '{action}'\nseverity = 'high'\nwhen = {when}\n"
    )
}

fn engine(rules: &[String]) -> Engine {
    let text = format!("{HEAD}{}", rules.concat());
    Engine::compile(&parse_policy("test.toml", text.as_bytes()).unwrap(), &[]).unwrap()
}

/// The rules of a set, by bits: each kind alone shows what others would hide by holding more.
fn some_kinds(set: u8, action: &str) -> Engine {
    let rules = [
        rule("words", action, "{ kind = 'words', zh = ['炸弹', '炸弹厂', '妈的'], en = ['bomb', 'hot dog', 'abc'] }"),
        rule(
            "together",
            action,
            "{ kind = 'together', groups = [['制'], ['枪', 'gun']], within = 9, unless = ['玩具'] }",
        ),
        rule("pii", "redact", "{ kind = 'pii' }"),
        rule("secret", "redact", "{ kind = 'secret' }"),
        rule("pattern", action, "{ kind = 'pattern', regex = 'x[0-9]{1,3}y|[甲乙]丙' }"),
        rule("loose", action, "{ kind = 'pattern', regex = '始.*终' }"),
    ];
    let chosen = rules.into_iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1).map(|(_, rule)| rule);
    engine(&chosen.collect::<Vec<_>>())
}

fn all_kinds(action: &str) -> Engine {
    some_kinds(0b11_1111, action)
}

fn any_set() -> impl Strategy<Value = u8> {
    prop_oneof![(0..6_u32).prop_map(|bit| 1 << bit), 1..64_u8]
}

/// Streams pieces and compares with the verdict on the whole, and what was let out with the redacted whole.
fn check(engine: &Engine, pieces: &[&[u8]]) -> Result<(), TestCaseError> {
    let limits = Limits::default();
    let whole = String::from_utf8_lossy(&pieces.concat()).into_owned();
    let expected = engine.judge_text(Direction::Output, &whole, &limits);
    let mut hold = StreamHold::new(engine, Direction::Output, Surface::bare(Direction::Output, ""), limits);
    let mut out = String::new();
    for piece in pieces {
        out.push_str(&hold.push_bytes(piece).released);
    }
    let (last, verdict, _) = hold.finish();
    out.push_str(&last.released);
    prop_assert_eq!(&verdict, &expected, "verdict of {:?} in {:?}", whole, pieces);
    let redacted = apply_redactions(&whole, &verdict.hits).text;
    let stop = |hit: &&RuleHit| hit.action >= Action::Confirm;
    match verdict.hits.iter().filter(stop).map(|hit| hit.span.start).min() {
        None => prop_assert_eq!(out, redacted, "released of {:?} in {:?}", whole, pieces),
        Some(first) => {
            let before: Vec<RuleHit> = verdict.hits.iter().filter(|hit| hit.span.end <= first).cloned().collect();
            let allowed = apply_redactions(&whole[..first], &before).text;
            prop_assert!(allowed.starts_with(&out), "{:?} leaked beyond {:?} in {:?}", out, allowed, pieces);
        }
    }
    Ok(())
}

fn text() -> impl Strategy<Value = String> {
    let encoded = base64::engine::general_purpose::STANDARD.encode("那里有炸弹厂 bomb");
    let pieces = prop::sample::select(vec![
        "炸",
        "弹",
        "彈",
        "厂",
        "妈",
        "的",
        "制",
        "枪",
        "玩具",
        "始",
        "终",
        "甲",
        "乙",
        "丙",
        "。",
        "，",
        "？",
        "-",
        " ",
        "  ",
        "\n",
        "\n\n",
        "b",
        "o",
        "0",
        "m",
        "bomb",
        "b o m ",
        "b-o-m-b",
        "hot ",
        "dog",
        "abc",
        "a",
        "gun",
        "x",
        "12",
        "y",
        "\u{200b}",
        "\u{301}",
        "ｂ",
        "か\u{3099}",
        "138 1234 5678",
        "13812345678",
        "1",
        "9",
        "a@b.cn",
        "@",
        ".",
        "%E7%82%B8",
        "%E5",
        "&#24377;",
        "\\u70b8",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "sk-abcdefghij1234567890",
        "👩\u{200d}👧",
        "é",
        Box::leak(encoded.into_boxed_str()) as &str,
    ]);
    prop::collection::vec(pieces, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_cut_in_two_gives_the_whole_verdict(text in text(), set in any_set(), blocks in any::<bool>()) {
        let engine = some_kinds(set, if blocks { "block" } else { "redact" });
        for cut in 0..=text.len() {
            let (a, b) = text.as_bytes().split_at(cut);
            check(&engine, &[a, b])?;
        }
    }

    #[test]
    fn cuts_everywhere_give_the_whole_verdict(text in text(), set in any_set(), size in 1..7_usize, blocks in any::<bool>()) {
        let engine = some_kinds(set, if blocks { "block" } else { "redact" });
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
        check(&engine, &pieces)?;
    }

    #[test]
    fn any_bytes_give_the_whole_verdict(bytes in prop::collection::vec(any::<u8>(), 0..40), set in any_set(), size in 1..5_usize) {
        let engine = some_kinds(set, "redact");
        let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        check(&engine, &pieces)?;
    }
}

#[test]
fn ordinary_text_is_not_held() {
    let engine = engine(&[rule("words", "block", "{ kind = 'words', zh = ['炸弹'], en = ['bomb'] }")]);
    let mut hold = StreamHold::new(&engine, Direction::Output, Surface::bare(Direction::Output, ""), Limits::default());
    for (piece, released) in [
        ("今天天气", "今天天气"),
        ("很好，油炸", "很好，油"),
        ("鸡块", "炸鸡块"),
        (" a word", " a "),
        (" more", "word "),
        ("。", "more。"),
    ] {
        assert_eq!(hold.push(piece).released, released, "{piece}");
    }
    assert_eq!(hold.held_bytes(), 0);
}

#[test]
fn a_block_cuts_the_stream_before_the_match() {
    let engine = engine(&[rule("words", "block", "{ kind = 'words', zh = ['炸弹'] }")]);
    let mut hold = StreamHold::new(&engine, Direction::Output, Surface::bare(Direction::Output, ""), Limits::default());
    let mut out = String::new();
    for byte in "做炸弹的方法".bytes() {
        let step = hold.push_bytes(&[byte]);
        out.push_str(&step.released);
        if step.stopped {
            break;
        }
    }
    assert_eq!(out, "做");
    assert_eq!(hold.finish().1.action, Action::Block);
}

#[test]
fn a_long_stream_keeps_little_and_ends_at_its_limit() {
    let engine = all_kinds("block");
    let limits = Limits { string_bytes: 40_000, ..Limits::default() };
    let mut hold = StreamHold::new(&engine, Direction::Output, Surface::bare(Direction::Output, ""), limits);
    for _ in 0..300 {
        hold.push("一段平常的话，没有什么特别。\n\n");
        assert!(hold.held.len() < 200, "{}", hold.held.len());
    }
    let mut hold = StreamHold::new(&engine, Direction::Output, Surface::bare(Direction::Output, ""), limits);
    let long = "话".repeat(20_000);
    assert!(hold.push(&long).stopped, "rules fail closed");
    let (_, verdict, _) = hold.finish();
    assert_eq!(verdict, engine.judge_text(Direction::Output, &long, &limits));
    assert_eq!((verdict.action, verdict.unjudged.len()), (Action::Block, 1));
}
