//! The gateway between a caller and a scripted upstream. Loopback only, ephemeral ports.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test helpers outside #[test] functions")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request},
};
use jingwei_core::{Action, Clock, Digest, Limits, Timestamp};
use jingwei_gateway::{
    BlockAnswer, Compiled, GatewayEvent, GatewaySettings, GatewayState, Outcome, PolicyWatch, router, serve,
};
use jingwei_guard::{Engine, EngineSet, parse_policy};
use jingwei_net::{Client, NetSettings, Secret};
use jingwei_testkit::{Behaviour, Upstream, chat_completion, event_stream};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot, time::sleep};
use tower::ServiceExt as _;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_795_262_400_000_000)
    }
}

fn rule(id: &str, direction: &str, action: &str, when: &str) -> String {
    format!(
        "[[rule]]\nid = '{id}'\ntitle = {{ zh = '规则', en = 'rule' }}\ndirection = '{direction}'\naction = '{action}'\nseverity = 'high'\nwhen = {when}\n"
    )
}

fn policy_text(id: &str, blocked: &str) -> String {
    let head = format!(
        "kind = 'guard-policy'\nversion = 1\nid = '{id}'\ntitle = {{ zh = '测试', en = 'test' }}\nblock_message = {{ zh = '不能回答', en = 'cannot answer' }}\n"
    );
    let words = format!("{{ kind = 'words', zh = ['炸弹'], en = ['{blocked}'] }}");
    head + &[
        rule("in.block", "input", "block", &words),
        rule("in.pii", "input", "redact", "{ kind = 'pii' }"),
        rule("in.confirm", "input", "confirm", "{ kind = 'words', en = ['transfer'] }"),
        rule("out.block", "output", "block", "{ kind = 'words', zh = ['汽油弹'], en = ['napalm'] }"),
        rule("out.confirm", "output", "confirm", "{ kind = 'words', en = ['wire'] }"),
        rule("out.redact", "output", "redact", "{ kind = 'pii' }"),
    ]
    .concat()
}

fn engine_of(text: &[u8]) -> Result<Engine, String> {
    let policy = parse_policy("test.toml", text).map_err(|problems| format!("{problems:?}"))?;
    Engine::compile(&policy, &[]).map_err(|problems| format!("{problems:?}"))
}

struct Gate {
    upstream: Upstream,
    state: GatewayState,
    events: Arc<Mutex<Vec<GatewayEvent>>>,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// The text of choice 0, put together from a stream or taken from a whole reply.
    fn text(&self) -> String {
        if !self.body.starts_with("data:") {
            return self.json()["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned();
        }
        let chunks = self.body.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
        let chunks = chunks.filter_map(|data| serde_json::from_str::<Value>(data).ok());
        chunks.filter_map(|c| c["choices"][0]["delta"]["content"].as_str().map(ToOwned::to_owned)).collect()
    }
}

impl Gate {
    async fn open(script: Vec<Behaviour>, change: impl FnOnce(&mut GatewaySettings)) -> Gate {
        let engine = engine_of(policy_text("test", "bomb").as_bytes()).unwrap();
        Self::with(engine, script, change).await
    }

    async fn with(
        engines: impl Into<EngineSet>,
        script: Vec<Behaviour>,
        change: impl FnOnce(&mut GatewaySettings),
    ) -> Gate {
        let upstream = Upstream::start(script).await.unwrap();
        let mut settings = GatewaySettings::new(upstream.base());
        settings.limits.wall_ms = 5_000;
        change(&mut settings);
        let client = Client::new(&NetSettings { allow_loopback: true, ..NetSettings::default() }).unwrap();
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        let on_event = move |event| heard.lock().unwrap().push(event);
        Gate { upstream, state: GatewayState::new(engines, client, settings, Arc::new(Noon), on_event), events }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = router(self.state.clone()).oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    }

    async fn chat(&self, text: &str, streamed: bool) -> Answer {
        let body = json!({ "model": "m", "stream": streamed, "messages": [{ "role": "user", "content": text }] });
        self.send("POST", "/v1/chat/completions", &[], body.to_string().into_bytes()).await
    }

    /// The only event so far.
    async fn event(&self) -> GatewayEvent {
        until(|| !self.events.lock().unwrap().is_empty()).await;
        self.events.lock().unwrap().pop().unwrap()
    }
}

async fn until(mut condition: impl FnMut() -> bool) {
    for _ in 0..5_000 {
        if condition() {
            return;
        }
        sleep(Duration::from_millis(1)).await;
    }
    panic!("it never came true");
}

#[tokio::test]
async fn the_policy_is_carried_out_whole_or_streamed() {
    let answer = |text: &str| vec![Behaviour::Answer(text.to_owned())];
    for (script, asked, text, verdict, outcome, sent) in [
        (answer("hi"), "hello", "hi", "allow", Outcome::Answered, 1),
        (answer("hi"), "make a bomb", "cannot answer", "block", Outcome::Blocked, 0),
        (answer("hi"), "怎么做炸弹", "不能回答", "block", Outcome::Blocked, 0),
        (answer("hi"), "ｂｏｍｂ", "cannot answer", "block", Outcome::Blocked, 0),
        (answer("hi"), "transfer it", "This needs a person's confirmation", "confirm", Outcome::Unconfirmed, 0),
        (answer("make napalm so"), "hello", "cannot answer", "block", Outcome::Blocked, 1),
        (answer("用汽油弹"), "你好", "不能回答", "block", Outcome::Blocked, 1),
        (answer("wire it"), "你好", "该内容需要人工确认", "confirm", Outcome::Unconfirmed, 1),
        (answer("at x@y.cn."), "hello", "at [[EMAIL_1]].", "redact", Outcome::Answered, 1),
        (vec![Behaviour::Echo], "at a@b.cn.", "at a@b.cn.", "redact", Outcome::Answered, 1),
    ] {
        let gate = Gate::open(script, |_| {}).await;
        let reply = gate.chat(asked, false).await;
        assert_eq!((reply.status, reply.header("x-jingwei-verdict")), (200, verdict), "{asked} {}", reply.body);
        assert!(reply.text().starts_with(text), "{asked}: {} not {text}", reply.text());
        assert!(reply.header("x-jingwei-policy").starts_with("test@sha256-"));
        let stopped = matches!(verdict, "block" | "confirm");
        let finish = if stopped { "content_filter" } else { "stop" };
        assert_eq!(reply.json()["choices"][0]["finish_reason"], finish, "{asked}");
        assert_eq!(reply.header("x-jingwei-confirmation"), if verdict == "confirm" { "nobody-here" } else { "" });
        assert_eq!(gate.event().await.outcome, outcome, "{asked}");
        assert_eq!(gate.upstream.received().len(), sent, "{asked}");
    }
}

#[tokio::test]
async fn streams_are_judged_however_they_are_cut() {
    for (pieces, asked, text, finish, outcome) in [
        (vec!["hel", "lo ", "经", "纬"], "hello", "hello 经纬", "\"stop\"", Outcome::Answered),
        (vec!["so: nap", "alm, made"], "hello", "so: cannot answer", "\"content_filter\"", Outcome::Blocked),
        (vec!["用汽", "油", "弹"], "你好", "用不能回答", "\"content_filter\"", Outcome::Blocked),
        (vec!["at x", "@y.c", "n. ok"], "hello", "at [[EMAIL_1]]. ok", "\"stop\"", Outcome::Answered),
        (
            vec!["to [[EM", "AIL_1]", "] or x@y.cn"],
            "me: a@b.cn",
            "to a@b.cn or [[EMAIL_1]]",
            "\"stop\"",
            Outcome::Answered,
        ),
        (vec![], "bomb", "cannot answer", "\"content_filter\"", Outcome::Blocked),
    ] {
        for split in [1, 2, 3, 5, 7, 64, 100_000] {
            let gate = Gate::open(vec![Behaviour::stream(&pieces, split)], |_| {}).await;
            let reply = gate.chat(asked, true).await;
            assert_eq!((reply.status, reply.header("content-type")), (200, "text/event-stream"));
            assert_eq!(reply.text(), text, "{pieces:?} by {split}");
            assert!(reply.body.ends_with("data: [DONE]\n\n"), "{}", reply.body);
            assert_eq!(reply.body.matches(&format!("\"finish_reason\":{finish}")).count(), 1, "{}", reply.body);
            let event = gate.event().await;
            assert_eq!((event.outcome, event.streamed), (outcome, true), "{pieces:?}");
        }
    }
}

#[tokio::test]
async fn several_choices_and_fields_are_held_apart() {
    let chunk = |index: u64, delta: Value, finish: Value| {
        let choice = json!({ "index": index, "delta": delta, "finish_reason": finish, "logprobs": { "content": [{ "token": "napalm" }] } });
        format!("data: {}\r\n\r\n", json!({ "id": "x", "choices": [choice], "__verbose": "napalm" }))
    };
    let call = |arguments: &str| json!({ "tool_calls": [{ "index": 0, "type": "function", "function": { "arguments": arguments } }] });
    let harmless = [
        chunk(0, json!({ "content": "nap" }), Value::Null),
        chunk(1, json!({ "content": "alm and" }), Value::Null),
        chunk(0, json!({ "reasoning_content": "alm" }), Value::Null),
        chunk(1, call("{\"a\": \"x@"), Value::Null),
        chunk(1, call("y.cn\"}"), json!("tool_calls")),
        ": a comment\n\n".to_owned(),
        chunk(0, json!({ "content": " time" }), json!("stop")),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let gate = Gate::open(vec![Behaviour::Stream { body: harmless.into_bytes(), split: 9, cut: false }], |_| {}).await;
    let reply = gate.chat("hello", true).await;
    assert!(!reply.body.contains("napalm") && !reply.body.contains("y.cn"), "{}", reply.body);
    let gathered = |index: u64, pointer: &str| -> String {
        let chunks = reply.body.split("\n\n").filter_map(|e| e.strip_prefix("data: "));
        let chunks = chunks.filter_map(|d| serde_json::from_str::<Value>(d).ok());
        let choices = chunks.flat_map(|c| c["choices"].as_array().cloned().unwrap_or_default());
        let of_index = choices.filter(|c| c["index"] == index);
        of_index.filter_map(|c| c.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned)).collect()
    };
    assert_eq!(gathered(0, "/delta/content"), "nap time");
    assert_eq!(gathered(0, "/delta/reasoning_content"), "alm");
    assert_eq!(gathered(1, "/delta/content"), "alm and");
    assert_eq!(gathered(1, "/delta/tool_calls/0/function/arguments"), "{\"a\": \"[[EMAIL_1]]\"}");
    assert_eq!(gate.event().await.output_surfaces, 4);

    let harmful = [
        chunk(0, json!({ "content": "hello" }), Value::Null),
        chunk(1, call("{\"a\": \"nap"), Value::Null),
        chunk(1, call("alm\"}"), Value::Null),
    ]
    .concat();
    let gate = Gate::open(vec![Behaviour::Stream { body: harmful.into_bytes(), split: 50, cut: false }], |_| {}).await;
    let reply = gate.chat("hello", true).await;
    assert!(!reply.body.contains("nap") && reply.body.contains(r#""verdict":"block""#), "{}", reply.body);
}

#[tokio::test]
async fn what_is_redacted_never_reaches_the_model() {
    let gate = Gate::open(vec![Behaviour::Echo], |s| s.upstream_key = Some(Secret::new("up"))).await;
    let body = json!({ "model": "m", "messages": [
        { "role": "user", "content": [{ "type": "text", "text": "call 13800138000" }] },
        { "role": "tool", "tool_call_id": "1", "content": "mail a@b.cn" },
        { "role": "user", "content": "again a@b.cn" },
    ]});
    let headers = [("authorization", "Bearer caller"), ("cookie", "c=1")];
    let reply = gate.send("POST", "/v1/chat/completions", &headers, body.to_string().into_bytes()).await;
    assert_eq!(reply.text(), "again a@b.cn");
    let sent = &gate.upstream.received()[0];
    let text = String::from_utf8(sent.body.clone()).unwrap();
    assert!(!text.contains("13800138000") && !text.contains("a@b.cn"), "{text}");
    assert!(text.contains("mail [[EMAIL_1]]") && text.contains("again [[EMAIL_1]]"), "{text}");
    assert_eq!((sent.header("authorization"), sent.header("cookie")), (Some("Bearer up"), None));
    let event = gate.event().await;
    assert_eq!((event.input_action, event.output_action), (Action::Redact, Some(Action::Allow)));
    assert!(!format!("{event:?}").contains("b.cn"), "{event:?}");
}

#[tokio::test]
async fn a_key_that_stands_twice_and_unknown_keys_are_judged() {
    let gate = Gate::open(vec![Behaviour::Echo], |_| {}).await;
    let twice = br#"{"messages":[{"role":"user","content":"bomb"}],"messages":[{"role":"user","content":"fine"}]}"#;
    assert_eq!(gate.send("POST", "/v1/chat/completions", &[], twice.to_vec()).await.text(), "fine");
    assert!(!String::from_utf8_lossy(&gate.upstream.received()[0].body).contains("bomb"));
    let extension = br#"{"messages":[{"role":"user","content":"go"}],"chat_template_kwargs":{"note":"make a bomb"}}"#;
    let reply = gate.send("POST", "/v1/chat/completions", &[], extension.to_vec()).await;
    assert_eq!(reply.header("x-jingwei-verdict"), "block");
    assert_eq!(gate.upstream.received().len(), 1);
}

#[tokio::test]
async fn a_caller_may_want_a_refusal_as_a_status() {
    let body = json!({ "messages": [{ "role": "user", "content": "bomb" }] }).to_string().into_bytes();
    for (configured, wish, status) in [
        (BlockAnswer::Completion, None, 200),
        (BlockAnswer::Completion, Some("403"), 403),
        (BlockAnswer::Forbidden, None, 403),
        (BlockAnswer::Forbidden, Some("200"), 200),
        (BlockAnswer::Completion, Some("500"), 200),
    ] {
        let gate = Gate::open(vec![Behaviour::Hang], |settings| settings.block_answer = configured).await;
        let headers: Vec<_> = wish.iter().map(|wish| ("x-jingwei-block-status", *wish)).collect();
        let reply = gate.send("POST", "/v1/chat/completions", &headers, body.clone()).await;
        assert_eq!((reply.status, reply.header("x-jingwei-verdict")), (status, "block"), "{wish:?}");
        if status == 403 {
            assert_eq!(reply.header("content-type"), "application/problem+json");
            assert_eq!(reply.json()["code"], "content_blocked");
        }
    }
}

fn raw(status: u16, content_type: &str, body: &[u8]) -> Behaviour {
    Behaviour::Reply { status, headers: vec![("content-type", content_type.to_owned())], body: body.to_vec() }
}

#[tokio::test]
async fn a_bad_upstream_gives_a_clean_error() {
    let whole = chat_completion("napalm, the rest of the text").to_string().into_bytes();
    let events = |text: &str| Behaviour::Stream { body: text.as_bytes().to_vec(), split: 3, cut: false };
    let deep = format!("{}1", "[".repeat(500));
    for (behaviour, streamed, status, code) in [
        (Behaviour::status(500), false, 502, "upstream_failed"),
        (Behaviour::status(401), false, 502, "upstream_failed"),
        (Behaviour::status(404), false, 404, "upstream_refused"),
        (Behaviour::too_many("7"), true, 429, "upstream_busy"),
        (raw(302, "text/plain", b""), false, 502, "upstream_failed"),
        (Behaviour::Hang, false, 504, "upstream_timed_out"),
        (Behaviour::Hang, true, 504, "upstream_timed_out"),
        (Behaviour::StreamThenHang(b"data: {".to_vec()), true, 504, "upstream_timed_out"),
        (Behaviour::CloseAtOnce, false, 502, "upstream_broke_off"),
        (Behaviour::CloseMidBody { body: whole.clone(), keep: 60 }, false, 502, "upstream_broke_off"),
        (raw(200, "application/json", &whole[..60]), false, 502, "upstream_garbled"),
        (raw(200, "application/json", deep.as_bytes()), false, 502, "upstream_garbled"),
        (raw(200, "application/json", b"{\"choices\": [{}]}"), false, 502, "upstream_garbled"),
        (raw(200, "application/json", b"{\"error\": \"x\"}"), false, 502, "upstream_garbled"),
        (raw(200, "text/html", b"<html>napalm"), false, 502, "upstream_garbled"),
        (raw(200, "application/json", &whole), true, 502, "upstream_garbled"),
        (Behaviour::HugeBody(3 << 20), false, 502, "upstream_too_large"),
        (events("garbage without end"), true, 502, "upstream_garbled"),
        (events("data: garbage\n\n"), true, 502, "upstream_garbled"),
        (events("data: []\n\n"), true, 502, "upstream_garbled"),
        (events("data: {\"choices\": 7}\n\n"), true, 502, "upstream_garbled"),
        (events("data: {\"error\": {\"message\": \"napalm\"}}\n\n"), true, 502, "upstream_garbled"),
        (events("data: [DONE]\n\n"), true, 502, "upstream_garbled"),
        (events(""), true, 502, "upstream_garbled"),
        (Behaviour::Stream { body: b"data: \xff\n\n".to_vec(), split: 1, cut: false }, true, 502, "upstream_garbled"),
    ] {
        let gate = Gate::open(vec![behaviour.clone()], |settings| {
            settings.limits = Limits { wall_ms: 300, header_bytes: 1 << 20, ..settings.limits };
        })
        .await;
        let reply = gate.chat("hello", streamed).await;
        let case = format!("{behaviour:?} gave {}", reply.body);
        assert_eq!((reply.status, reply.json()["code"].as_str()), (status, Some(code)), "{case}");
        assert_eq!(reply.header("content-type"), "application/problem+json", "{case}");
        assert!(!reply.body.contains("napalm") && !reply.body.contains("127.0.0.1"), "{case}");
        let event = gate.event().await;
        assert_eq!((event.outcome, event.status), (Outcome::UpstreamFault, status), "{case}");
        assert_eq!(reply.header("retry-after"), if status == 429 { "7" } else { "" });
    }
}

#[tokio::test]
async fn a_stream_that_fails_midway_ends_with_an_error_event() {
    let mut body = event_stream(&["one two ", "three "]);
    body.truncate(body.windows(5).position(|w| w == b"three").unwrap());
    for (behaviour, code) in [
        (Behaviour::Stream { body: body.clone(), split: 40, cut: true }, "upstream_broke_off"),
        (Behaviour::Stream { body: body.clone(), split: 40, cut: false }, "upstream_garbled"),
        (Behaviour::StreamThenHang(body.clone()), "upstream_timed_out"),
        (
            Behaviour::Stream { body: [body.as_slice(), b"\xff\n\n"].concat(), split: 40, cut: false },
            "upstream_garbled",
        ),
    ] {
        let gate = Gate::open(vec![behaviour], |settings| settings.limits.wall_ms = 300).await;
        let reply = gate.chat("hello", true).await;
        assert_eq!(reply.status, 200);
        let last = reply.body.trim_end().rsplit("\n\n").next().unwrap().to_owned();
        assert!(last.starts_with("event: error\ndata: {\"error\":") && last.contains(code), "{}", reply.body);
        assert!(reply.text().starts_with("one") && !reply.body.contains("[DONE]"), "{}", reply.body);
        assert_eq!(gate.event().await.outcome, Outcome::UpstreamFault);
    }
}

#[tokio::test]
async fn bad_requests_and_strangers_are_turned_away() {
    let known = Digest::of(b"letmein");
    let gate = Gate::open(vec![Behaviour::Echo], |settings| {
        settings.callers = vec![Digest::of(b"other"), known];
        settings.request_bytes = 2_000;
    })
    .await;
    let good = br#"{"messages":[{"role":"user","content":"a"}]}"#.to_vec();
    let path = "/v1/chat/completions";
    for (token, body, status, code) in [
        ("", good.clone(), 401, "not_a_caller"),
        ("Bearer letmeout", good.clone(), 401, "not_a_caller"),
        ("Basic letmein", good.clone(), 401, "not_a_caller"),
        ("Bearer letmein", vec![b' '; 2_001], 413, "request_too_large"),
        ("Bearer letmein", vec![b'['; 1_000], 400, "not_a_chat_request"),
        ("Bearer letmein", b"\xff".to_vec(), 400, "not_a_chat_request"),
        ("Bearer letmein", Vec::new(), 400, "not_a_chat_request"),
        ("bearer letmein", b"{}".to_vec(), 400, "not_a_chat_request"),
    ] {
        let reply = gate.send("POST", path, &[("authorization", token)], body).await;
        assert_eq!((reply.status, reply.json()["code"].as_str()), (status, Some(code)), "{token} {}", reply.body);
        assert_eq!(gate.event().await.outcome, Outcome::BadRequest);
    }
    let reply = gate.send("POST", path, &[("authorization", "Bearer letmein")], good.clone()).await;
    assert_eq!((reply.status, gate.event().await.caller), (200, Some(1)));
    assert_eq!(gate.send("GET", "/v1/models", &[], Vec::new()).await.status, 401);
    assert_eq!(gate.send("POST", "/v1/embeddings", &[], good.clone()).await.status, 404);

    let full = Gate::open(vec![Behaviour::Echo], |settings| settings.most_at_once = 0).await;
    let reply = full.send("POST", path, &[], good).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, "1"));
    assert_eq!(full.event().await.outcome, Outcome::TurnedAway);
}

#[tokio::test]
async fn the_list_of_models_passes_and_health_is_told() {
    let models = json!({ "object": "list", "data": [{ "id": "m" }] });
    let gate = Gate::open(vec![Behaviour::json(200, &models)], |_| {}).await;
    assert_eq!(gate.send("GET", "/v1/models", &[], Vec::new()).await.json(), models);
    assert_eq!(gate.send("GET", "/healthz", &[], Vec::new()).await.status, 200);
    let ready = gate.send("GET", "/readyz", &[], Vec::new()).await;
    assert_eq!((ready.status, ready.json()["upstream"].as_str()), (200, Some("ok")));
    let hangs = Gate::open(vec![Behaviour::Hang], |settings| settings.limits.wall_ms = 100).await;
    let ready = hangs.send("GET", "/readyz", &[], Vec::new()).await;
    assert_eq!((ready.status, ready.json()["upstream"].as_str()), (503, Some("unreachable")));
    assert_eq!(hangs.send("GET", "/v1/models", &[], Vec::new()).await.status, 504);
}

#[tokio::test]
async fn a_caller_who_leaves_ends_the_work() {
    let begun = event_stream(&["one two three "]);
    let begun = begun[..begun.len() - 60].to_vec();
    let gate = Gate::open(vec![Behaviour::StreamThenHang(begun)], |_| {}).await;
    let body = json!({ "stream": true, "messages": [{ "role": "user", "content": "hello" }] });
    let request = Request::builder().method("POST").uri("/v1/chat/completions");
    let request = request.body(Body::from(body.to_string())).unwrap();
    let response = router(gate.state.clone()).oneshot(request).await.unwrap();
    assert_eq!(gate.events.lock().unwrap().len(), 0);
    drop(response);
    assert_eq!(gate.event().await.outcome, Outcome::CallerLeft);
}

type File = Arc<Mutex<Result<Vec<u8>, String>>>;

/// Watches a file in memory and counts how often it is compiled.
fn watch(file: &File, compiled: &Arc<Mutex<usize>>) -> PolicyWatch {
    let digest = |read: &Result<Vec<u8>, String>| Digest::of(format!("{read:?}").as_bytes());
    let compile = {
        let (file, count) = (Arc::clone(file), Arc::clone(compiled));
        move || {
            *count.lock().unwrap() += 1;
            let read = file.lock().unwrap().clone();
            let again = Arc::clone(&file);
            let now = Arc::new(move || digest(&again.lock().unwrap()));
            let engine = read.clone().and_then(|bytes| engine_of(&bytes));
            Compiled { engines: engine.map(|engine| Some(engine.into())), read: digest(&read), now }
        }
    };
    let serving = compile();
    *compiled.lock().unwrap() = 0;
    PolicyWatch { compile: Arc::new(compile), serving, every_ms: 10 }
}

#[tokio::test]
async fn a_new_policy_serves_whole_or_not_at_all() {
    let gate = Gate::open(vec![Behaviour::Echo], |_| {}).await;
    let file: File = Arc::new(Mutex::new(Ok(policy_text("test", "bomb").into_bytes())));
    let compiled = Arc::new(Mutex::new(0));
    let watch = watch(&file, &compiled);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move { stopped.await.unwrap_or_default() };
    let served = tokio::spawn(serve(listener, gate.state.clone(), Some(watch), shutdown));
    let first = gate.state.policy();
    let set = |value: Result<Vec<u8>, String>| *file.lock().unwrap() = value;

    set(Ok(b"kind = 'guard-policy'".to_vec()));
    until(|| gate.state.reload_error().is_some()).await;
    assert_eq!(gate.state.policy(), first, "the last good one serves");
    assert_eq!(gate.chat("bomb", false).await.header("x-jingwei-verdict"), "block");

    set(Err("it is gone".to_owned()));
    until(|| gate.state.reload_error().as_deref() == Some("it is gone")).await;
    assert_eq!(gate.state.policy(), first);

    set(Ok(policy_text("second", "anvil").into_bytes()));
    until(|| gate.state.policy() != first).await;
    assert_eq!(gate.state.reload_error(), None);
    assert_eq!(gate.chat("bomb", false).await.header("x-jingwei-verdict"), "allow");
    let reply = gate.chat("anvil", false).await;
    assert!(reply.header("x-jingwei-policy").starts_with("second@sha256-"));
    assert_eq!(*compiled.lock().unwrap(), 3, "the same bytes are compiled once");

    let client = jingwei_net::OpenAiClient::new(
        Client::new(&NetSettings { allow_loopback: true, ..NetSettings::default() }).unwrap(),
    );
    let ask = |text: &str| jingwei_core::ChatRequest {
        messages: vec![jingwei_core::ChatMessage::user(text)],
        tools: Vec::new(),
        max_tokens: 5,
        temperature: 0.0,
        seed: 1,
    };
    let reply = client.chat(&base, "m", &ask("hello"), None, &Limits::default()).await.unwrap();
    assert_eq!(reply.text, "hello", "over a real socket");
    let reply = client.chat(&base, "m", &ask("anvil"), None, &Limits::default()).await.unwrap();
    assert_eq!(reply.finish, jingwei_core::Finish::ContentFilter);
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}

#[path = "gateway/bound.rs"]
mod bound;
#[path = "gateway/detectors.rs"]
mod detectors;
#[path = "gateway/guard_model.rs"]
mod guard_model;
#[path = "gateway/hidden.rs"]
mod hidden;
