use std::sync::Arc;

use base64::Engine as _;
use jingwei_core::RuleHit;
use proptest::prelude::*;

use super::*;
use crate::{Detector, Detectors, Judgement, Level, Parts, Unavailable, apply_redactions, parse_policy};

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
    let detectors = Detectors::from([("both".to_owned(), Arc::new(Both) as Arc<dyn Detector>)]);
    Engine::compile_with(&parse_policy("test.toml", text.as_bytes()).unwrap(), &Parts { detectors, ..Parts::default() })
        .unwrap()
}

/// Finds texts that hold both a gun and an oath, at most two sentences apart.
#[derive(Debug)]
struct Both;

impl Detector for Both {
    fn judge(&self, texts: &[&str], _: Direction) -> Result<Vec<Vec<Judgement>>, Unavailable> {
        let judge = |text: &&str| {
            let has = text.contains("gun") && text.contains('妈');
            let (head, class) = ("harm".to_owned(), "A.1".to_owned());
            let (probability, level) = if has { (1.0, Level::Unsafe) } else { (0.0, Level::Safe) };
            vec![Judgement { head, class, probability, level }]
        };
        Ok(texts.iter().map(judge).collect())
    }

    fn digest(&self) -> jingwei_core::Digest {
        jingwei_core::Digest::of(b"both")
    }

    fn is_instant(&self) -> bool {
        true
    }
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
        rule("meaning", action, "{ kind = 'semantic', detector = 'both', head = 'harm' }"),
        rule("loose", action, "{ kind = 'pattern', regex = '始.*终' }"),
    ];
    let chosen = rules.into_iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1).map(|(_, rule)| rule);
    engine(&chosen.collect::<Vec<_>>())
}

fn all_kinds(action: &str) -> Engine {
    some_kinds(0b111_1111, action)
}

fn any_set() -> impl Strategy<Value = u8> {
    prop_oneof![(0..7_u32).prop_map(|bit| 1 << bit), 1..128_u8]
}

#[test]
fn long_streams_are_judged_as_wholes() {
    // Far longer than what is kept, with words, values and sentences all along.
    let parts = [
        "今天天气很好，我们去公园玩。",
        "Nothing to see here at all. ",
        "制作枪支的",
        "玩具",
        "电话13812345678，",
        "妈妈说gun好。",
        "bomb ",
        "x12y ",
        "北京市朝阳区建国路88号",
        "做火乍弓单吧，",
        "zha dan ",
        "{\"a\":\"text\",\"n\":12,\"list\":[11,22,33],\"b\":\"bomb\"},",
        "\"b,o,m,b\":1,2,3,",
        "tel:13812345678,",
    ];
    for action in ["redact", "block"] {
        let engine = some_kinds(0b011_1111, action);
        for step in 1..4 {
            let text: String = (0..48).map(|n| parts[(n * step * 7 + n / 5) % parts.len()]).collect();
            for size in [1, 17] {
                let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
                if let Err(error) = check(&engine, &pieces) {
                    let said = error.to_string();
                    panic!("{action} {step} {size}: {}", said.chars().take(300).collect::<String>());
                }
            }
        }
    }
}

/// How often each byte of a stream is read, and the most that is held, whatever comes.
#[track_caller]
fn check_cost(unit: &str, times: usize, most_reads: u64) {
    let engine = some_kinds(0b000_1111, "redact");
    let text = unit.repeat(times);
    for size in [7] {
        let mut hold =
            StreamHold::new(&engine, Direction::Output, Surface::bare(Direction::Output, ""), Limits::default());
        for piece in text.as_bytes().chunks(size) {
            assert!(!hold.push_bytes(piece).stopped);
        }
        // Until what is kept has reached its size every piece is looked at.
        let pieces = u64::try_from(EAGER_BYTES.div_ceil(size)).unwrap();
        let start = pieces * u64::try_from(EAGER_BYTES).unwrap();
        let reads = (hold.read_bytes().saturating_sub(start)) / u64::try_from(text.len()).unwrap();
        assert!(reads <= most_reads, "{unit}: each byte was read {reads} times in pieces of {size}");
    }
}

#[test]
fn a_stream_costs_what_its_length_is() {
    // Texts without a place where reading could begin anew.
    for unit in ["1,2,3,4,", "12 34 5 6 ", "a-b+c/ ", "{}[]()", "ﷺ", "\"\"\""] {
        check_cost(unit, 700, 24);
    }
}

#[test]
fn minified_json_is_forgotten_as_it_goes() {
    let engine = some_kinds(0b000_1111, "redact");
    let text = "{\"name\":\"value\",\"count\":12,\"list\":[11,22,33],\"flag\":true},".repeat(200);
    let mut hold = StreamHold::new(&engine, Direction::Output, Surface::bare(Direction::Output, ""), Limits::default());
    let mut kept = 0;
    for piece in text.as_bytes().chunks(3) {
        hold.push_bytes(piece);
        kept = kept.max(hold.held.len());
    }
    assert!(kept < 500, "{kept} bytes were kept");
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
        "b[o]m[b]",
        "😀",
        "(",
        "]",
        "------",
        "……",
        "\u{2800}",
        ",",
        ":",
        "\"",
        "\\xe7\\x82\\xb8",
        "\\345\\274\\271",
        "%u70b8",
        "&#000000000000024377;",
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
        "&#x5f3",
        "9;",
        "%E7%82%B8",
        "%E5",
        "&#24377;",
        "\\u70b8",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "sk-abcdefghij1234567890",
        "北京市",
        "朝阳区",
        "建国路",
        "88",
        "号",
        "3单元",
        "221 ",
        "Baker ",
        "Street",
        "京",
        "A",
        "·",
        "护照",
        "E12345678",
        "(0755) ",
        "1234567",
        "火乍",
        "弓",
        "单",
        "zha",
        "dan",
        "炸蛋",
        "ma",
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

/// What must wait by the obvious reckoning: the longest end of the text that is the beginning of a longer word, and a
/// repetition of its first character before it.
fn must_wait(text: &str, words: &[&str]) -> usize {
    let begins = |end: &str| words.iter().any(|word| word.len() > end.len() && word.starts_with(end));
    let starts = text.char_indices().map(|(at, _)| at);
    let mut from = starts.into_iter().find(|at| begins(&text[*at..])).unwrap_or(text.len());
    // The last of two equal characters may be one of many, of which one counts.
    let last = text.chars().rev().take(2).collect::<Vec<char>>();
    if let [a, b] = last[..]
        && a == b
    {
        let short = &text[..text.len() - a.len_utf8()];
        from = from.min(short.char_indices().map(|(at, _)| at).find(|at| begins(&short[*at..])).unwrap_or(text.len()));
    }
    while let (Some(before), Some(at)) = (text[..from].chars().next_back(), text[from..].chars().next())
        && before == at
    {
        from -= before.len_utf8();
    }
    text.len() - from
}

proptest! {
    #[test]
    fn no_more_is_held_than_may_still_match(text in "[炸弹厂今天，。]{0,16}") {
        // Three of a kind count as one, which the reckoning does not know.
        prop_assume!(text.chars().zip(text.chars().skip(1)).zip(text.chars().skip(2)).all(|((a, b), c)| a != b || b != c));
        let words = ["炸弹", "炸弹厂", "今天厂"];
        let engine = engine(&[rule("words", "redact", "{ kind = 'words', zh = ['炸弹', '炸弹厂', '今天厂'] }")]);
        let mut hold = StreamHold::new(&engine, Direction::Output, Surface::bare(Direction::Output, ""), Limits::default());
        let mut seen = String::new();
        for c in text.chars() {
            seen.push(c);
            hold.push(&c.to_string());
            prop_assert!(hold.held_bytes() <= must_wait(&seen, &words).max(released_whole(&seen)), "{:?} holds {}", seen, hold.held_bytes());
        }
    }
}

/// A word that is found and could go on is held from its beginning: `炸弹` of `炸弹厂`.
fn released_whole(text: &str) -> usize {
    let ends = ["炸弹"].iter().filter(|word| text.ends_with(*word)).map(|word| word.len());
    ends.max().unwrap_or(0)
}

#[test]
fn ordinary_text_is_not_held() {
    let engine = engine(&[rule("words", "block", "{ kind = 'words', zh = ['炸弹'], en = ['bomb'] }")]);
    let mut hold = StreamHold::new(&engine, Direction::Output, Surface::bare(Direction::Output, ""), Limits::default());
    for (piece, released) in [
        ("今天天气", "今天天气"),
        ("很好，油炸", "很好，油"),
        ("鸡块", "炸鸡块"),
        (" a word", " a word"),
        (" more", " more"),
        (" state-of-the-", " state-of-the-"),
        ("art/bo", "art/"),
        ("x", "box"),
        ("。", "。"),
    ] {
        assert_eq!(hold.push(piece).released, released, "{piece}");
    }
    assert_eq!(hold.held_bytes(), 0);
}

#[test]
fn a_word_waits_where_an_address_is_looked_for() {
    let engine = engine(&[rule("pii", "redact", "{ kind = 'pii', kinds = ['email'] }")]);
    let mut hold = StreamHold::new(&engine, Direction::Output, Surface::bare(Direction::Output, ""), Limits::default());
    for (piece, released) in
        [("see state-of-the", "see "), ("-art", ""), ("/or:", "state-of-the-art/or:"), ("me", ""), (",", "me,")]
    {
        assert_eq!(hold.push(piece).released, released, "{piece}");
    }
}

#[test]
fn what_went_out_is_still_told() {
    for mode in ["race", "observe"] {
        let when = format!("{{ kind = 'semantic', detector = 'both', head = 'harm', stream = '{mode}' }}");
        let engine = engine(&[rule("meaning", "block", &when)]);
        let text = "妈妈，请看这一支gun。后来什么都没有发生，天也晴了。";
        let whole = engine.judge_text(Direction::Output, text, &Limits::default());
        assert_eq!(whole.hits.len(), 2, "the sentence, and the one that is read with it");
        for size in [1, 4, 90] {
            let mut hold =
                StreamHold::new(&engine, Direction::Output, Surface::bare(Direction::Output, ""), Limits::default());
            let mut stopped = false;
            for piece in text.as_bytes().chunks(size) {
                stopped |= hold.push_bytes(piece).stopped;
            }
            let (last, verdict, _) = hold.finish();
            assert_eq!(verdict, whole, "{mode} {size}");
            assert_eq!(stopped || last.stopped, mode == "race", "{mode} {size}");
        }
    }
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
