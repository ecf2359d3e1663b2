//! The client against a server that behaves as it is told. Loopback only, ephemeral ports.

use bytes::Bytes;
use jingwei_core::{ChatMessage, ChatReply, ChatRequest, Limits, TargetError};
use jingwei_net::{
    Client, Forward, GuardModel, GuardModelError, GuardToken, NetError, NetSettings, OpenAiClient, RetrySettings,
    Secret, Verb, probe_exposure,
};
use jingwei_testkit::{Behaviour, Upstream, chat_completion, event_stream};
use serde_json::{Value, json};

use crate::support::{loopback, raw, small};

fn hello() -> ChatRequest {
    let messages = vec![ChatMessage::user("你好")];
    ChatRequest { messages, tools: Vec::new(), max_tokens: 900, temperature: 0.0, seed: u64::MAX }
}

async fn ask(upstream: &Upstream, limits: &Limits) -> Result<ChatReply, TargetError> {
    let retries = RetrySettings { tries: 4, first_pause_ms: 1, longest_pause_ms: 5 };
    let client = OpenAiClient { client: loopback(), retries };
    client.chat(&upstream.base(), "m", &hello(), Some(&Secret::new("sk-test")), limits).await
}

/// Runs one script and tells the outcome in one line, and how often the server was asked.
async fn check(script: Vec<Behaviour>, limits: &Limits, expected: &str, asked: usize) {
    let upstream = Upstream::start(script.clone()).await.unwrap();
    let outcome = match ask(&upstream, limits).await {
        Ok(reply) => format!("{:?} `{}` {:?}", reply.finish, reply.text, reply.refusal),
        Err(TargetError::Garbled { reason, .. }) => format!("garbled: {reason}"),
        Err(TargetError::Status { status, body, .. }) => format!("status {status}: {body}"),
        Err(TargetError::TimedOut { ms, .. }) => format!("timed out: {ms}"),
        Err(other) => format!("{other:?}"),
    };
    assert!(outcome.starts_with(expected), "{script:?}\n gave {outcome}\n not {expected}");
    assert_eq!(upstream.received().len(), asked, "{expected}");
}

#[tokio::test]
async fn servers_answer_well_or_badly_and_each_has_its_outcome() {
    let limits = small();
    let whole = chat_completion("好").to_string().into_bytes();
    let filtered = json!({ "error": { "code": "content_filter", "message": "filtered" } });
    for (script, expected, asked) in [
        (vec![Behaviour::Answer("好".into())], "Stop `好` None", 1),
        (vec![Behaviour::Echo], "Stop `你好` None", 1),
        (vec![Behaviour::Refuse("no".into())], "Refusal `` Some(\"no\")", 1),
        (vec![Behaviour::json(400, &filtered)], "ContentFilter `` Some(\"filtered\")", 1),
        (vec![Behaviour::too_many("0"), Behaviour::Answer("a".into())], "Stop `a`", 2),
        (vec![Behaviour::too_many("3600"), Behaviour::Answer("a".into())], "Stop `a`", 2),
        (vec![Behaviour::status(500), Behaviour::status(503), Behaviour::Answer("a".into())], "Stop `a`", 3),
        (vec![Behaviour::status(500)], "status 500: {\"error\":{\"message\":\"status 500", 4),
        (vec![Behaviour::status(401)], "status 401", 1),
        (vec![raw(401, "text/plain", b"bad key sk-test\n\x1b[31m")], "status 401: bad key [key]  [31m", 1),
        (vec![raw(302, "text/plain", b"")], "status 302", 1),
        (vec![Behaviour::CloseAtOnce], "garbled: no response", 1),
        (
            vec![Behaviour::CloseMidBody { body: whole.clone(), keep: 9 }],
            "garbled: the connection ended after 9 bytes",
            1,
        ),
        (vec![raw(200, "application/json", &whole[..40])], "garbled: the document ends too early, at byte 40", 1),
        (vec![raw(200, "application/json", b"\xff\xfe{}")], "garbled: the document is not UTF-8 from byte 0 on", 1),
        (
            vec![raw(200, "text/html", b"<html>")],
            "garbled: the document is not JSON at line 1, column 1, and its content type is `text/html`",
            1,
        ),
        (vec![raw(200, "text/plain", &whole)], "Stop `好`", 1),
        (
            vec![Behaviour::Stream { body: event_stream(&["a"]), split: 1, cut: false }],
            "garbled: the document is not JSON",
            1,
        ),
        (
            vec![Behaviour::Stream { body: whole.clone(), split: 7, cut: true }],
            "garbled: the connection ended after",
            1,
        ),
        (vec![raw(200, "application/json", &vec![b'['; 100_000])], "garbled: the document is nested deeper than 64", 1),
        (vec![Behaviour::HugeBody(3 << 20)], "garbled: the body is larger than 1048576 bytes", 1),
        (vec![raw(200, "application/json", &vec![b' '; 2 << 20])], "garbled: the body is larger than 1048576 bytes", 1),
    ] {
        check(script, &limits, expected, asked).await;
    }
}

#[tokio::test]
async fn a_server_that_hangs_costs_the_wall_limit_and_no_more() {
    let limits = Limits { wall_ms: 150, ..small() };
    check(vec![Behaviour::Hang], &limits, "timed out: 150", 1).await;
    check(vec![Behaviour::StreamThenHang(b"{".to_vec())], &limits, "timed out: 150", 1).await;
    check(vec![Behaviour::status(500), Behaviour::Hang], &limits, "timed out: 150", 2).await;
}

#[tokio::test]
async fn a_pause_beyond_the_wall_limit_is_not_begun() {
    let upstream = Upstream::start(vec![Behaviour::too_many("60")]).await.unwrap();
    let client = OpenAiClient::new(loopback());
    let limits = Limits { wall_ms: 2_000, ..small() };
    let outcome = client.chat(&upstream.base(), "m", &hello(), None, &limits).await;
    assert!(matches!(outcome, Err(TargetError::Status { status: 429, .. })), "{outcome:?}");
    assert_eq!(upstream.received().len(), 1);
}

#[tokio::test]
async fn the_request_carries_what_it_should() {
    let upstream = Upstream::start(vec![Behaviour::Answer("a".into())]).await.unwrap();
    ask(&upstream, &small()).await.unwrap();
    let request = &upstream.received()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(request.header("authorization"), Some("Bearer sk-test"));
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let messages = json!([{ "role": "user", "content": "你好" }]);
    let expected = json!({ "model": "m", "messages": messages, "max_tokens": 16, "temperature": 0.0, "seed": 0x7fff_ffff, "stream": false });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn addresses_that_are_not_allowed_are_never_asked() {
    let upstream = Upstream::start(vec![Behaviour::Answer("a".into())]).await.unwrap();
    let port = upstream.address().port();
    let strict = OpenAiClient::new(Client::new(&NetSettings::default()).unwrap());
    let wide = NetSettings { allow_private: true, ..NetSettings::default() };
    let without_loopback = OpenAiClient::new(Client::new(&wide).unwrap());
    for base in
        [format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}"), format!("http://2130706433:{port}")]
    {
        for client in [&strict, &without_loopback] {
            let outcome = client.chat(&base, "m", &hello(), None, &small()).await;
            let Err(TargetError::Refused { reason }) = outcome else { panic!("{base}: {outcome:?}") };
            assert!(reason.contains("is a loopback address; allow loopback"), "{reason}");
        }
    }
    let key = Secret::new("line\nend");
    let outcome = OpenAiClient::new(loopback()).chat(&upstream.base(), "m", &hello(), Some(&key), &small()).await;
    assert!(matches!(outcome, Err(TargetError::Refused { .. })), "{outcome:?}");
    assert_eq!(upstream.received().len(), 0);
}

#[tokio::test]
async fn a_redirect_meets_the_same_filter() {
    let inner = Upstream::start(vec![Behaviour::Answer("inner".into())]).await.unwrap();
    let to =
        |location: String| Behaviour::Reply { status: 307, headers: vec![("location", location)], body: Vec::new() };
    let follow = |redirects| {
        let settings = NetSettings { allow_loopback: true, redirects, ..NetSettings::default() };
        OpenAiClient::new(Client::new(&settings).unwrap())
    };
    let inner_url = format!("{}/chat/completions", inner.base());
    for (location, redirects, expected) in [
        (inner_url.clone(), 0, "Err(Status"),
        (inner_url.clone(), 1, "Ok("),
        ("http://169.254.169.254/latest/meta-data".to_owned(), 1, "Err(Refused"),
        ("http://[::ffff:10.0.0.1]/".to_owned(), 1, "Err(Refused"),
        ("http://user:key@127.0.0.1/".to_owned(), 1, "Err(Refused"),
    ] {
        let outer = Upstream::start(vec![to(location.clone())]).await.unwrap();
        let outcome = follow(redirects).chat(&outer.base(), "m", &hello(), None, &small()).await;
        assert!(format!("{outcome:?}").starts_with(expected), "{location} {outcome:?}");
    }
    assert_eq!(inner.received().len(), 1);
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let upstream = Upstream::start(vec![Behaviour::Hang]).await.unwrap();
    let base = upstream.base();
    let retries = RetrySettings { tries: 2, first_pause_ms: 1, longest_pause_ms: 1 };
    let client = OpenAiClient { client: loopback(), retries };
    drop(upstream);
    // The port closes when the dropped server's task ends, which is soon and not at once.
    loop {
        let limits = Limits { wall_ms: 200, ..small() };
        match client.chat(&base, "m", &hello(), None, &limits).await {
            Err(TargetError::Unreachable { .. }) => break,
            Err(TargetError::TimedOut { .. } | TargetError::Garbled { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn forwarded(behaviour: Behaviour, limits: &Limits, total_ms: u64) -> (u16, Result<Bytes, NetError>) {
    let upstream = Upstream::start(vec![behaviour]).await.unwrap();
    let base = upstream.base();
    let headers = [("content-type", "application/json")];
    let body = Bytes::from_static(b"{}");
    let tail = "chat/completions";
    let request = Forward { verb: Verb::Post, base: &base, tail, headers: &headers, body, key: None, total_ms };
    let response = loopback().forward(request, limits).await.unwrap();
    (response.status, response.body.rest().await)
}

#[tokio::test]
async fn streams_pass_in_pieces_and_within_limits() {
    let body = event_stream(&["经", "纬"]);
    let limits = small();
    let stream = |split, cut| Behaviour::Stream { body: body.clone(), split, cut };
    assert_eq!(forwarded(stream(1, false), &limits, 5_000).await, (200, Ok(Bytes::from(body.clone()))));
    assert_eq!(forwarded(Behaviour::status(500), &limits, 5_000).await.0, 500, "a status is passed on, once");
    let (_, outcome) = forwarded(stream(5, true), &limits, 5_000).await;
    assert!(matches!(outcome, Err(NetError::BrokenOff { .. })), "{outcome:?}");
    let tight = Limits { header_bytes: 10, ..limits };
    let (_, outcome) = forwarded(stream(4, false), &tight, 5_000).await;
    assert!(matches!(outcome, Err(NetError::TooLarge { limit: 10, .. })), "{outcome:?}");
    let quick = Limits { wall_ms: 100, ..limits };
    let (_, outcome) = forwarded(Behaviour::StreamThenHang(b"data".to_vec()), &quick, 5_000).await;
    assert!(matches!(outcome, Err(NetError::TimedOut { ms: 100, .. })), "{outcome:?}");
    let (_, outcome) = forwarded(Behaviour::StreamThenHang(b"data".to_vec()), &limits, 120).await;
    assert!(matches!(outcome, Err(NetError::TimedOut { ms: 120, .. })), "{outcome:?}");
}

#[tokio::test]
async fn strangers_see_what_the_server_shows() {
    let models = || Behaviour::json(200, &json!({ "data": [] }));
    let upstream = Upstream::start(vec![models(), Behaviour::status(401)]).await.unwrap();
    let facts = probe_exposure(&loopback(), &upstream.base(), &small()).await;
    assert_eq!(facts.status_without_credentials, Some(200));
    assert_eq!(facts.status_with_wrong_credentials, Some(401));
    assert_eq!(facts.server.as_deref(), Some("scripted/1"));
    assert_eq!(facts.unreachable, None);
    if cfg!(target_os = "linux") {
        assert_eq!(facts.listens_on, Some(vec![upstream.address().to_string()]));
    }
    let requests = upstream.received();
    assert!(requests.iter().all(|r| r.method == "GET" && r.path == "/v1/models"));
    assert_eq!(requests[0].header("authorization"), None);
    assert!(requests[1].header("authorization").is_some());

    let hangs = Upstream::start(vec![Behaviour::Hang]).await.unwrap();
    let quick = Limits { wall_ms: 100, ..small() };
    let facts = probe_exposure(&loopback(), &hangs.base(), &quick).await;
    assert!(facts.unreachable.is_some_and(|reason| reason.contains("within 100 ms")));
    assert_eq!(facts.status_without_credentials, None);
    let facts = probe_exposure(&loopback(), "gopher://x", &quick).await;
    assert!(facts.unreachable.is_some_and(|reason| reason.contains("scheme `gopher`")));
}

#[tokio::test]
async fn a_guard_model_is_asked_once_and_its_words_are_weighed() {
    let ask = async |behaviour: Behaviour, wall_ms: u64| {
        let upstream = Upstream::start(vec![behaviour]).await.unwrap();
        let (base, key) = (upstream.base(), Some(Secret::new("sk-test")));
        let model = GuardModel { client: loopback(), base, model: "guard".to_owned(), key };
        let outcome = model.ask(&[("user", "hi".to_owned())], 7, wall_ms).await;
        assert_eq!(upstream.received().len(), 1, "never asked again");
        let body: Value = serde_json::from_slice(&upstream.received()[0].body).unwrap();
        assert_eq!((body["max_tokens"].as_u64(), body["logprobs"].as_bool()), (Some(7), Some(true)));
        outcome
    };
    let mut reply = chat_completion("safe");
    let other = |token: &str, logprob: Value| json!({ "token": token, "logprob": logprob });
    let token = json!({ "token": "safe", "logprob": -0.1, "top_logprobs": [other("safe", json!(-0.1)), other("x", json!("?"))] });
    reply["choices"][0]["logprobs"] = json!({ "content": [token] });
    let answer = ask(Behaviour::json(200, &reply), 5_000).await.unwrap();
    assert_eq!(answer.text, "safe");
    assert_eq!(answer.tokens, [GuardToken { text: "safe".to_owned(), instead: vec![("safe".to_owned(), -0.1)] }]);
    reply["choices"][0]["logprobs"] = json!({ "content": [{ "logprob": 1 }, 7] });
    assert!(ask(Behaviour::json(200, &reply), 5_000).await.unwrap().tokens.is_empty());
    for (behaviour, expected) in [
        (Behaviour::status(500), "answered status 500"),
        (Behaviour::too_many("0"), "answered status 429"),
        (Behaviour::Hang, "within 200 ms"),
        (Behaviour::HugeBody(2 << 20), "more than 1048576 bytes"),
        (raw(200, "application/json", b"{"), "no chat completion"),
        (Behaviour::json(200, &json!({ "choices": [{ "message": { "content": 7 } }] })), "is no text"),
    ] {
        let said = ask(behaviour, 200).await.unwrap_err().to_string();
        assert!(said.contains(expected), "{said} not {expected}");
    }
    let wrong = |base: &str, key: &str| GuardModel {
        client: loopback(),
        base: base.to_owned(),
        model: "guard".to_owned(),
        key: Some(Secret::new(key)),
    };
    assert!(wrong("http://h/v1", "sk").check().is_ok());
    for model in [wrong("ftp://h", "sk"), wrong("http://u:p@h", "sk"), wrong("http://h", "s\nk")] {
        assert!(model.check().is_err());
    }
    let metadata = wrong("http://169.254.169.254", "sk").ask(&[], 1, 200).await;
    assert!(matches!(metadata, Err(GuardModelError::Net(NetError::Refused { .. }))), "{metadata:?}");
}
