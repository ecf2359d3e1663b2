//! Requests and replies of chat models.

use std::sync::LazyLock;

use jingwei_core::{Limits, RuleHit};
use jingwei_guard::{
    Direction, Engine, Placeholders, Surface, parse_policy, surfaces_of_chat_request, surfaces_of_chat_response,
};
use jingwei_net::read_json;

use super::assert_place;

const POLICY: &str = r#"kind = "guard-policy"
version = 1
id = "request"
title = { zh = "请求", en = "request" }
block_message = { zh = "不行", en = "no" }

[[rule]]
id = "personal"
title = { zh = "个人信息", en = "personal data" }
direction = "both"
action = "redact"
severity = "high"
when = { kind = "pii" }

[[rule]]
id = "words"
title = { zh = "词语", en = "words" }
direction = "both"
action = "redact"
severity = "high"
when = { kind = "words", zh = ["炸弹", "北京市朝阳"], en = ["bomb"] }
"#;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let document = parse_policy("request.toml", POLICY.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    Engine::compile(&document, &[]).unwrap_or_else(|error| panic!("{error}"))
});

/// Whatever is JSON has surfaces within the limits, and what is found in them stands there and can be hidden and
/// brought back.
pub fn request(bytes: &[u8]) {
    // Small enough to be crossed.
    let limits = Limits { header_bytes: 1 << 16, depth: 12, entries: 300, string_bytes: 2_000, ..Limits::default() };
    let Ok(document) = read_json(bytes, &limits) else { return };
    for (direction, surfaces) in [
        (Direction::Input, surfaces_of_chat_request(&document, &limits)),
        (Direction::Output, surfaces_of_chat_response(&document, &limits)),
    ] {
        let most = limits.entries as usize + 3 * bytes.len();
        assert!(surfaces.len() <= most, "{} texts of {} bytes", surfaces.len(), bytes.len());
        let verdict = ENGINE.judge(direction, &surfaces, &limits);
        for hit in &verdict.hits {
            let named = surfaces.iter().filter(|surface| surface.path == hit.surface);
            let holds = |surface: &Surface| surface.text.get(hit.span.start..hit.span.end).is_some();
            assert!(named.clone().any(holds), "{hit:?} is in no text of its name");
        }
        surfaces.iter().for_each(|surface| hides_and_restores(direction, surface, &limits));
    }
}

fn hides_and_restores(direction: Direction, surface: &Surface, limits: &Limits) {
    let hits: Vec<RuleHit> = ENGINE.judge(direction, std::slice::from_ref(surface), limits).hits;
    for hit in &hits {
        assert_place(&surface.text, hit.span, hit.rule.as_str());
    }
    let mut placeholders = Placeholders::default();
    let hidden = placeholders.apply(&surface.text, &hits);
    // Brackets of a text's own may stand for anything.
    if !surface.text.contains("[[") {
        assert_eq!(placeholders.restore(&hidden), surface.text, "hidden as {hidden:?}");
    }
}
