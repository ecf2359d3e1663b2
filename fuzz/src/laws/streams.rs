//! Texts that arrive in pieces.

use std::sync::{Arc, OnceLock};

use jingwei_core::{Action, Digest, Limits, RuleHit};
use jingwei_guard::{
    CanaryKey, Detector, Detectors, Direction, Engine, Judgement, Level, Parts, StreamHold, Surface, Unavailable,
    apply_redactions, parse_policy,
};

const HEAD: &str = r#"kind = "guard-policy"
version = 1
id = "stream"
title = { zh = "流", en = "stream" }
block_message = { zh = "不行", en = "no" }
"#;

/// The first seven bits of a policy's number choose among these; the eighth says what they do.
const RULES: [&str; 7] = [
    "{ kind = 'words', zh = ['炸弹', '炸弹壳', '他妈的', '弹'], en = ['bomb', 'hot pot', 'ab*'] }",
    "{ kind = 'together', groups = [['造', 'make'], ['枪', 'gun']], within = 12, unless = ['玩具', 'toy'] }",
    "{ kind = 'pii' }",
    "{ kind = 'secret' }",
    "{ kind = 'pattern', regex = '\\bq[0-9]{1,4}z\\b|[甲乙]丙' }",
    "{ kind = 'semantic', detector = 'pair', head = 'harm' }",
    "{ kind = 'pattern', regex = '开头.*结尾' }",
];

/// The token that `CANARY` knows begins with `jwc`; the corpus holds one.
const CANARY: [u8; 32] = [7; 32];

/// Texts with both a gun and a curse are unsafe, whether they stand in one sentence or in two.
#[derive(Debug)]
struct Pair;

impl Detector for Pair {
    fn judge(&self, texts: &[&str], _: Direction) -> Result<Vec<Vec<Judgement>>, Unavailable> {
        let judge = |text: &&str| {
            let both = text.contains("gun") && text.contains('妈');
            let (probability, level) = if both { (1.0, Level::Unsafe) } else { (0.0, Level::Safe) };
            vec![Judgement { head: "harm".to_owned(), class: "A.1".to_owned(), probability, level }]
        };
        Ok(texts.iter().map(judge).collect())
    }

    fn digest(&self) -> Digest {
        Digest::of(b"pair")
    }

    fn is_instant(&self) -> bool {
        true
    }
}

fn engine(number: u8) -> &'static Engine {
    static ENGINES: [OnceLock<Engine>; 256] = [const { OnceLock::new() }; 256];
    ENGINES[usize::from(number)].get_or_init(|| {
        let action = if number & 0x80 == 0 { "redact" } else { "block" };
        let chosen = RULES.iter().enumerate().filter(|(bit, _)| number >> bit & 1 == 1);
        let canary = ("canary".to_owned(), "{ kind = 'canary' }");
        let rules = chosen.map(|(bit, when)| (format!("rule-{bit}"), *when)).chain([canary]).map(|(id, when)| {
            let text = "title = { zh = '规则', en = 'rule' }\ndirection = 'output'\nseverity = 'high'";
            format!("[[rule]]\nid = '{id}'\n{text}\naction = '{action}'\nwhen = {when}\n")
        });
        let policy = format!("{HEAD}{}", rules.collect::<String>());
        let detectors = Detectors::from([("pair".to_owned(), Arc::new(Pair) as Arc<dyn Detector>)]);
        let parts = Parts { detectors, canary: Some(CanaryKey::new(CANARY)), ..Parts::default() };
        let document = parse_policy("stream.toml", policy.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        Engine::compile_with(&document, &parts).unwrap_or_else(|error| panic!("{error}"))
    })
}

/// Lengths of pieces: all alike for small numbers, otherwise a row that the number begins.
fn sizes(number: u8) -> impl Iterator<Item = usize> {
    let mut state = u32::from(number);
    std::iter::repeat_with(move || {
        if number < 32 {
            return usize::from(number) + 1;
        }
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::from(state.to_be_bytes()[0] % 24) + 1
    })
}

/// However a text is cut, its verdict is that of the whole, and what went out is what the verdict lets out.
/// The first byte chooses the policy, the second the cuts.
pub fn stream(bytes: &[u8]) {
    let [number, cuts, bytes @ ..] = bytes else { return };
    let (engine, limits) = (engine(*number), Limits::default());
    let text = String::from_utf8_lossy(bytes);
    let whole = engine.judge_text(Direction::Output, &text, &limits);
    let mut hold = StreamHold::new(engine, Direction::Output, Surface::bare(Direction::Output, ""), limits);
    let mut released = String::new();
    let mut rest = bytes;
    for size in sizes(*cuts) {
        let (piece, after) = rest.split_at(size.min(rest.len()));
        released.push_str(&hold.push_bytes(piece).released);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    let (last, verdict, _) = hold.finish();
    released.push_str(&last.released);
    assert_eq!(verdict, whole, "streamed and whole verdict of {text:?}");
    let stops = whole.hits.iter().filter(|hit| hit.action >= Action::Confirm).map(|hit| hit.span.start).min();
    let redacted = apply_redactions(&text, &whole.hits).text;
    match stops {
        // What could not be judged stops it too, wherever that was known.
        None if whole.action >= Action::Confirm => {
            assert!(!whole.unjudged.is_empty(), "stopped without a reason: {whole:?} of {text:?}");
            assert!(redacted.starts_with(&released), "{released:?} of {text:?} went out, {redacted:?} may");
        }
        None => assert_eq!(released, redacted, "released of {text:?} under {whole:?}"),
        Some(first) => {
            let before: Vec<RuleHit> = whole.hits.iter().filter(|hit| hit.span.end <= first).cloned().collect();
            let allowed = apply_redactions(&text[..first], &before).text;
            assert!(allowed.starts_with(&released), "{released:?} of {text:?} went out, {allowed:?} may");
        }
    }
}
