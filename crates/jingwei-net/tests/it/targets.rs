//! Targets against a server that behaves as it is told: what each format sends, and what it makes of answers.
//! The bodies are written for these tests, in the providers' formats.

use jingwei_core::{ChatMessage, ChatRequest, ChatRole, ToolCall, ToolSpec};
use jingwei_net::Endpoint;
use jingwei_testkit::{Behaviour, Received, Upstream, chat_completion, event_stream};
use serde_json::{Value, json};

use crate::support::{
    ANTHROPIC, HTTP, KEY, OLLAMA, OPENAI, RESPONSES, STREAM, check, endpoint, raw, request, small, target, tell,
};

async fn check_all(settings: &str, table: Vec<(u16, Value, &str)>) {
    for (status, body, expected) in table {
        check(settings, Behaviour::json(status, &body), expected).await;
    }
}

/// A talk with everything in it.
fn talk() -> ChatRequest {
    let call = |id: &str, arguments: &str| ToolCall {
        id: id.to_owned(),
        name: "look_up".to_owned(),
        arguments: arguments.to_owned(),
    };
    let assistant = ChatMessage {
        tool_calls: vec![call("c1", r#"{"q":"a"}"#), call("c2", "not json")],
        ..ChatMessage::new(ChatRole::Assistant, "")
    };
    let messages = vec![
        ChatMessage::system("be brief"),
        ChatMessage::user("look"),
        assistant,
        ChatMessage::tool("c1", "found"),
        ChatMessage::tool("c2", "nothing"),
        ChatMessage::assistant("So: "),
    ];
    let parameters = r#"{"type":"object"}"#.to_owned();
    let tool = ToolSpec { name: "look_up".to_owned(), description: "looks".to_owned(), parameters };
    ChatRequest { tools: vec![tool], ..request(messages) }
}

async fn sent(settings: &str, request: &ChatRequest) -> (Received, Value) {
    let upstream = Upstream::start(vec![Behaviour::status(404)]).await.unwrap();
    let target = target(settings, &format!("http://{}", upstream.address()), &small()).unwrap();
    let outcome = target.send(request, "attempt-1").await;
    let received = upstream.received().first().cloned().unwrap_or_else(|| panic!("{outcome:?}"));
    let body = serde_json::from_slice(&received.body).unwrap_or_default();
    (received, body)
}

#[tokio::test]
async fn openai_chat_sends_tools_and_reads_calls() {
    let (received, body) = sent(OPENAI, &talk()).await;
    assert_eq!((received.method.as_str(), received.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(received.header("authorization"), Some(&*format!("Bearer {KEY}")));
    let call = |id: &str, arguments: &str| json!({ "id": id, "type": "function", "function": { "name": "look_up", "arguments": arguments } });
    let expected = json!({
        "model": "m", "max_tokens": 16, "temperature": 1.5, "seed": 0x7fff_ffff, "stream": false,
        "messages": [
            { "role": "system", "content": "be brief" },
            { "role": "user", "content": "look" },
            { "role": "assistant", "content": "", "tool_calls": [call("c1", r#"{"q":"a"}"#), call("c2", "not json")] },
            { "role": "tool", "content": "found", "tool_call_id": "c1" },
            { "role": "tool", "content": "nothing", "tool_call_id": "c2" },
            { "role": "assistant", "content": "So: " },
        ],
        "tools": [{ "type": "function", "function": { "name": "look_up", "description": "looks", "parameters": { "type": "object" } } }],
    });
    assert_eq!(body, expected);
    let newer = "api = 'openai-chat'\nurl = 'URL'\nmodel = 'm'\nstream = true\nmax-completion-tokens = true\nomit = ['temperature', 'seed']\nextra = { reasoning_effort = 'low' }";
    let (_, body) = sent(newer, &request(vec![ChatMessage::user("u")])).await;
    let messages = json!([{ "role": "user", "content": "u" }]);
    let expected = json!({
        "model": "m", "messages": messages, "max_completion_tokens": 16, "stream": true,
        "stream_options": { "include_usage": true }, "reasoning_effort": "low",
    });
    assert_eq!(body, expected);

    let one = |message: Value, finish: &str| json!({ "choices": [{ "message": message, "finish_reason": finish }], "usage": { "prompt_tokens": 3, "completion_tokens": 2 } });
    let calls = json!([{ "id": "c1", "type": "function", "function": { "name": "f", "arguments": "{\"a\":1}" } }, { "function": { "name": "g", "arguments": { "b": 2 } } }]);
    check_all(
        OPENAI,
        vec![
            (200, one(json!({ "content": "好", "reasoning_content": "hm" }), "stop"), "Stop `好` 3/2"),
            (
                200,
                one(json!({ "content": null, "tool_calls": calls }), "tool_calls"),
                "ToolCalls `` c1:f({\"a\":1}) :g({\"b\":2}) 3/2",
            ),
            (
                200,
                one(json!({ "content": null, "function_call": { "name": "f", "arguments": "{}" } }), "function_call"),
                "ToolCalls `` :f({}) 3/2",
            ),
            (200, one(json!({ "content": "" }), "stop"), "Stop `` 3/2"),
            (200, one(json!({ "content": null }), "stop"), "Stop `` 3/2"),
            (200, one(json!({ "content": null, "refusal": "no" }), "stop"), "Refusal `` refusal `no`"),
            (200, one(json!({ "content": "par" }), "content_filter"), "ContentFilter `par` 3/2"),
            (200, one(json!({ "content": format!("my key is {KEY}") }), "stop"), "Stop `my key is [key]`"),
            (
                400,
                json!({ "error": { "code": "content_filter", "message": "filtered" } }),
                "ContentFilter `` refusal `filtered`",
            ),
            (400, json!({ "error": { "code": "context_length_exceeded", "message": "too long" } }), "status 400: {"),
            (404, json!({ "error": { "code": "model_not_found", "message": "no model" } }), "status 404: {"),
            (
                401,
                json!({ "error": { "code": "invalid_api_key", "message": format!("{}{KEY}", "x".repeat(250)) } }),
                "status 401: {",
            ),
            (
                200,
                json!({ "choices": null, "base_resp": { "status_code": 1027, "status_msg": "s" } }),
                "ContentFilter ``",
            ),
            (
                200,
                json!({ "choices": [{ "message": { "content": 7 }, "finish_reason": "stop" }] }),
                "garbled: `choices[0].message.content` is not a text",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn openai_streams_are_joined() {
    let stream = |body: Vec<u8>| Behaviour::Stream { body, split: 3, cut: false };
    let whole = event_stream(&["经", "纬"]);
    let unmarked = whole[..whole.len() - "data: [DONE]\n\n".len()].to_vec();
    for (behaviour, expected) in [
        (stream(whole.clone()), "Stop `经纬`"),
        (stream(unmarked), "Stop `经纬`"),
        (Behaviour::json(200, &chat_completion("whole")), "Stop `whole` 3/2"),
        (raw(200, "text/plain", chat_completion("whole").to_string().as_bytes()), "Stop `whole` 3/2"),
        (raw(200, "text/event-stream", &whole[..whole.len() / 2]), "garbled: event "),
        (
            stream(b"data: \x00\xff garbage\n\ndata: {}\n\n".to_vec()),
            "garbled: event 1 of the stream: the document is not UTF-8",
        ),
        (stream(b"garbage without end".to_vec()), "garbled: the stream has no events"),
        (stream([&whole[..], &vec![b'x'; 2 << 20]].concat()), "garbled: the body is larger than 1048576 bytes"),
        (Behaviour::Stream { body: whole.clone(), split: 9, cut: true }, "garbled: the connection ended after"),
        (raw(200, "text/html", b"<html>\n\n"), "garbled: the stream has no events"),
        (Behaviour::json(429, &json!({ "error": "slow down" })), "status 429"),
    ] {
        check(STREAM, behaviour, expected).await;
    }
}

#[tokio::test]
async fn openai_responses_are_lists_of_items() {
    let (received, body) = sent(RESPONSES, &talk()).await;
    assert_eq!(received.path, "/v1/responses");
    let expected = json!({
        "model": "m", "max_output_tokens": 16, "temperature": 1.5, "store": false,
        "input": [
            { "role": "system", "content": "be brief" },
            { "role": "user", "content": "look" },
            { "type": "function_call", "call_id": "c1", "name": "look_up", "arguments": "{\"q\":\"a\"}" },
            { "type": "function_call", "call_id": "c2", "name": "look_up", "arguments": "not json" },
            { "type": "function_call_output", "call_id": "c1", "output": "found" },
            { "type": "function_call_output", "call_id": "c2", "output": "nothing" },
            { "role": "assistant", "content": "So: " },
        ],
        "tools": [{ "type": "function", "name": "look_up", "description": "looks", "parameters": { "type": "object" }, "strict": false }],
    });
    assert_eq!(body, expected);
    let done = |output: Value| json!({ "status": "completed", "error": null, "incomplete_details": null, "output": output, "usage": { "input_tokens": 4, "output_tokens": 5 } });
    let text = |parts: Value| json!([{ "type": "reasoning", "summary": [] }, { "type": "message", "role": "assistant", "content": parts }]);
    let cut = |reason: &str| json!({ "status": "incomplete", "incomplete_details": { "reason": reason }, "output": text(json!([{ "type": "output_text", "text": "par" }])) });
    check_all(
        RESPONSES,
        vec![
            (200, done(text(json!([{ "type": "output_text", "text": "a" }, { "type": "output_text", "text": "b" }]))), "Stop `ab` 4/5"),
            (200, done(text(json!([{ "type": "refusal", "refusal": "no" }]))), "Refusal `` refusal `no` 4/5"),
            (200, done(json!([{ "type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}" }])), "ToolCalls `` c1:f({}) 4/5"),
            (200, done(json!([])), "Stop `` 4/5"),
            (200, cut("max_output_tokens"), "Length `par`"),
            (200, cut("content_filter"), "ContentFilter `par`"),
            (200, cut("something"), "Other `par`"),
            (200, json!({ "status": "failed", "error": { "code": "server_error", "message": "down" }, "output": [] }), "garbled: the response failed: down"),
            (200, json!({ "status": "failed", "error": { "code": "invalid_prompt", "message": "flagged as potentially violating our policy" } }), "ContentFilter ``"),
            (400, json!({ "error": { "code": "content_policy_violation", "message": "m" } }), "ContentFilter `` refusal `m`"),
            (400, json!({ "error": { "code": "unknown_parameter", "message": "m" } }), "status 400"),
            (200, json!({ "status": "in_progress", "output": [] }), "garbled: the response is `in_progress`, not completed"),
            (200, json!({ "status": "completed" }), "garbled: `output` is missing"),
            (200, json!({ "output": [] }), "garbled: `status` is missing"),
            (200, done(json!([{ "type": "message", "content": "a" }])), "garbled: `output[].content` is not a list"),
            (200, done(json!([{ "type": "function_call" }])), "garbled: `output` has a call without a name"),
        ],
    )
    .await;
}

#[tokio::test]
async fn anthropic_messages_come_in_blocks() {
    let (received, body) = sent(ANTHROPIC, &talk()).await;
    assert_eq!(received.path, "/v1/messages");
    assert_eq!((received.header("x-api-key"), received.header("authorization")), (Some(KEY), None));
    assert_eq!(received.header("anthropic-version"), Some("2023-06-01"));
    let expected = json!({
        "model": "m", "max_tokens": 16, "temperature": 1.0, "system": "be brief",
        "messages": [
            { "role": "user", "content": [{ "type": "text", "text": "look" }] },
            { "role": "assistant", "content": [
                { "type": "tool_use", "id": "c1", "name": "look_up", "input": { "q": "a" } },
                { "type": "tool_use", "id": "c2", "name": "look_up", "input": { "arguments": "not json" } },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "c1", "content": "found" },
                { "type": "tool_result", "tool_use_id": "c2", "content": "nothing" },
            ] },
            { "role": "assistant", "content": [{ "type": "text", "text": "So:" }] },
        ],
        "tools": [{ "name": "look_up", "description": "looks", "input_schema": { "type": "object" } }],
    });
    assert_eq!(body, expected);
    let said = |content: Value, reason: &str| json!({ "type": "message", "content": content, "stop_reason": reason, "usage": { "input_tokens": 4, "output_tokens": 5 } });
    let text = |text: &str| json!([{ "type": "thinking", "thinking": "hm" }, { "type": "text", "text": text }]);
    let error = |kind: &str, message: &str| json!({ "type": "error", "error": { "type": kind, "message": message } });
    check_all(
        ANTHROPIC,
        vec![
            (200, said(text("好"), "end_turn"), "Stop `好` 4/5"),
            (200, said(text("a"), "stop_sequence"), "Stop `a`"),
            (200, said(text("a"), "max_tokens"), "Length `a`"),
            (200, said(json!([]), "end_turn"), "Stop ``"),
            (200, said(json!([]), "refusal"), "Refusal `` 4/5"),
            (200, said(text("I can"), "refusal"), "Refusal `I can` 4/5"),
            (
                200,
                json!({ "content": [], "stop_reason": "refusal", "stop_details": { "explanation": "no" } }),
                "Refusal `` refusal `no`",
            ),
            (
                200,
                said(json!([{ "type": "tool_use", "id": "t", "name": "f", "input": { "a": 1 } }]), "tool_use"),
                "ToolCalls `` t:f({\"a\":1})",
            ),
            (200, said(text("a"), "pause_turn"), "Other `a`"),
            (
                400,
                error("invalid_request_error", "Output blocked by content filtering policy"),
                "ContentFilter `` refusal `Output",
            ),
            (400, error("invalid_request_error", "prompt is too long"), "status 400"),
            (401, error("authentication_error", "invalid x-api-key"), "status 401"),
            (529, error("overloaded_error", "Overloaded"), "status 529"),
            (200, error("api_error", "bad"), "garbled: an error with status 200: bad"),
            (200, json!({ "stop_reason": "end_turn" }), "garbled: `content` is missing"),
            (200, json!({ "content": [] }), "garbled: `stop_reason` is missing"),
            (200, said(json!([{ "type": "text" }]), "end_turn"), "garbled: a text block has no text"),
        ],
    )
    .await;
}

#[tokio::test]
async fn ollama_chats_at_its_own_address() {
    let (received, body) = sent(OLLAMA, &talk()).await;
    assert_eq!(received.path, "/api/chat");
    let call = |arguments: Value| json!({ "function": { "name": "look_up", "arguments": arguments } });
    let expected = json!({
        "model": "m", "stream": false, "options": { "num_predict": 16, "temperature": 1.5, "seed": 0x7fff_ffff },
        "messages": [
            { "role": "system", "content": "be brief" },
            { "role": "user", "content": "look" },
            { "role": "assistant", "content": "", "tool_calls": [call(json!({ "q": "a" })), call(json!({ "arguments": "not json" }))] },
            { "role": "tool", "content": "found", "tool_name": "look_up" },
            { "role": "tool", "content": "nothing", "tool_name": "look_up" },
            { "role": "assistant", "content": "So: " },
        ],
        "tools": [{ "type": "function", "function": { "name": "look_up", "description": "looks", "parameters": { "type": "object" } } }],
    });
    assert_eq!(body, expected);
    let said = |message: Value, reason: &str| json!({ "message": message, "done": true, "done_reason": reason, "prompt_eval_count": 4, "eval_count": 5 });
    check_all(
        OLLAMA,
        vec![
            (200, said(json!({ "role": "assistant", "content": "好", "thinking": "hm" }), "stop"), "Stop `好` 4/5"),
            (200, said(json!({ "content": "a" }), "length"), "Length `a`"),
            (200, said(json!({ "content": "" }), "stop"), "Stop ``"),
            (200, said(json!({ "content": "" }), "load"), "Other ``"),
            (
                200,
                said(json!({ "content": "", "tool_calls": [call(json!({ "q": 1 }))] }), "stop"),
                "ToolCalls `` call_0:look_up({\"q\":1})",
            ),
            (404, json!({ "error": "model 'm' not found" }), "status 404: {\"error\":\"model 'm' not found\"}"),
            (200, json!({ "error": "out of memory" }), "garbled: an error with status 200: out of memory"),
            (200, json!({ "message": { "content": "a" }, "done": false }), "garbled: `done` is false"),
            (200, json!({ "done": true }), "garbled: `message` is missing"),
            (200, said(json!({ "content": 7 }), "stop"), "garbled: `message.content` is not a text"),
        ],
    )
    .await;
}

#[tokio::test]
async fn any_service_is_asked_by_its_template() {
    let (received, body) = sent(HTTP, &request(vec![ChatMessage::user("\"}, {\"x\": ${model}\n")])).await;
    assert_eq!((received.method.as_str(), received.path.as_str()), ("POST", "/ask?lang=zh"));
    assert_eq!(received.header("authorization"), Some(&*format!("Token {KEY}")));
    assert_eq!(
        (received.header("x-run"), received.header("content-type")),
        (Some("attempt-1"), Some("application/json"))
    );
    assert_eq!(body, json!({ "q": "问: \"}, {\"x\": ${model}\n", "n": 16 }));
    let get = "model = 'a b'\nurl = 'URL/ask?q=${prompt}&m=${model}'\napi.http.method = 'get'";
    let (received, _) = sent(get, &request(vec![ChatMessage::user("你&x=1#")])).await;
    assert_eq!((received.method.as_str(), received.path.as_str()), ("GET", "/ask?q=%E4%BD%A0%26x%3D1%23&m=a%20b"));
    let form = "url = 'URL'\n[api.http.body.form]\nq = '${prompt}'";
    let (received, _) = sent(form, &request(vec![ChatMessage::user("a&b")])).await;
    assert_eq!(received.body, b"q=a%26b");

    let said = |answer: Value, why: &str| json!({ "data": [{ "answer": answer, "why": why }], "in": 3, "out": 4 });
    check_all(
        HTTP,
        vec![
            (200, said(json!("好"), "done"), "Stop `好` 3/4"),
            (200, said(json!(["a", "b"]), "long"), "Length `ab` 3/4"),
            (200, said(json!(null), "done"), "Stop `` 3/4"),
            (200, said(json!("par"), "risk"), "ContentFilter `par` refusal `risk` 3/4"),
            (200, json!({ "blocked": true }), "Refusal `` 0/0"),
            (200, json!({ "blocked": false, "data": [{ "answer": "a" }] }), "Stop `a`"),
            (403, json!({ "blocked": "not allowed" }), "Refusal `` refusal `not allowed`"),
            (400, json!({ "code": "DataInspectionFailed", "message": "m" }), "ContentFilter `` refusal `m`"),
            (400, json!({ "blocked": false, "why": "bad" }), "status 400"),
            (500, json!({ "blocked": true }), "status 500"),
            (200, json!({ "ok": false }), "garbled: the answer is an error: false"),
            (200, json!({ "data": [] }), "garbled: `/data/0/answer` is missing"),
            (200, said(json!(7), "done"), "garbled: `/data/0/answer` is not a text"),
        ],
    )
    .await;
    let text = "url = 'URL'\napi.http.body.text = '${prompt}'";
    check(text, raw(200, "text/plain", "好\n".as_bytes()), "Stop `好\n`").await;
    check(text, raw(200, "text/plain", b"a\xff"), "garbled: the text is not UTF-8 from byte 1 on").await;
    check(text, raw(200, "text/plain", b""), "Stop ``").await;
    let prompts = vec![ChatMessage::user("a"), ChatMessage::assistant("b"), ChatMessage::user("c")];
    let told = tell(target(text, "http://127.0.0.1:1", &small()).unwrap().send(&request(prompts), "a").await);
    assert!(told.contains("one prompt and no conversation"), "{told}");
}

#[tokio::test]
async fn retries_keep_their_name_and_the_last_pause_is_told() {
    let reply = |status, name: &'static str, value: &str| Behaviour::Reply {
        status,
        headers: vec![(name, value.to_owned())],
        body: Vec::new(),
    };
    let upstream = Upstream::start(vec![Behaviour::status(500), reply(429, "retry-after", "7")]).await.unwrap();
    let target = target(OPENAI, &upstream.base(), &small()).unwrap();
    let told = tell(target.send(&request(vec![ChatMessage::user("u")]), "attempt-9").await);
    assert_eq!(told, "status 429:  after 7000 ms");
    let names: Vec<_> = upstream.received().iter().map(|r| r.header("x-request-id").map(str::to_owned)).collect();
    assert_eq!(names, vec![Some("attempt-9".to_owned()); 3]);
    let told = tell(target.send(&request(vec![ChatMessage::user("u")]), "line\nend").await);
    assert!(told.contains("the name of the attempt"), "{told}");
}

#[test]
fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
    for (settings, expected) in [
        ("api = 'openai-chat'\nurl = 'http://h'", "no `model`"),
        ("api = 'anthropic'\nmodel = 'm'", "needs its `url`"),
        ("api = 'anthropic'\nmodel = 'm'\nurl = 'http://u:p@h'", "credentials"),
        ("api = 'ollama'\nmodel = 'm'\nurl = 'gopher://h'", "scheme `gopher`"),
        ("api = 'anthropic'\nmodel = 'm'\nurl = 'http://h'\nstream = true", "`stream`"),
        ("api = 'ollama'\nmodel = 'm'\nurl = 'http://h'\nextra = { model = 'x' }", "`extra.model`"),
        ("url = 'http://h'\napi.http.body.text = '${prompt}'\nomit = ['seed']", "`extra` and `omit`"),
        ("url = 'http://h'\napi.http.body.text = 'hello'", "sends no prompt"),
        ("url = 'http://h'\napi.http = { body = { text = '${prompt}' }, answer = { text = 'a' } }", "no JSON pointer"),
        (
            "url = 'http://h'\napi.http = { body = { text = '${prompt}' }, answer = { cut = { at = '/a' } } }",
            "where its `text` is",
        ),
        ("url = 'http://h'\napi.mcp = { tool = '', arguments = '{\"q\":\"${prompt}\"}' }", "no `tool`"),
        ("url = 'http://h'\napi.mcp = { tool = 't', arguments = '[\"${prompt}\"]' }", "a JSON object"),
        ("url = 'http://h'\napi.mcp = { tool = 't', arguments = '{}' }", "given no prompt"),
        ("url = 'http://h'\napi.command = { program = 'cat' }", "no use for a `url`"),
        ("api.command = { program = '' }", "no `program`"),
        ("api.command = { program = 'cat', environment = { 'A=B' = '1' } }", "cannot be set"),
        ("api.command = { program = 'cat', environment = { A = '${prompt}' } }", "may not stand here"),
        ("api.command = { program = 'cat', input = { text = 'x' } }", "given no prompt"),
    ] {
        let told = target(settings, "", &small()).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(told.contains(expected), "{settings}\n gave `{told}`\n not {expected}");
    }
    for settings in [
        "api = 'openai'\nurl = 'http://h'",
        "api = 'anthropic'\nurl = 'http://h'\nkey = 'sk'",
        "api.command = { program = 'cat', shell = true }",
        "api.http.body.xml = ''\nurl = 'http://h'",
    ] {
        assert!(toml::from_str::<Endpoint>(settings).is_err(), "{settings}");
    }
}

#[test]
fn the_configuration_is_what_decides_the_replies() {
    let digest = |settings: &str| endpoint(settings, "http://h").configuration();
    assert_eq!(digest(OPENAI), digest(OPENAI));
    let all = [OPENAI, STREAM, RESPONSES, ANTHROPIC, OLLAMA, HTTP];
    let changed =
        [OPENAI.replace("'m'", "'n'"), format!("{OPENAI}\nextra = {{ top_p = 0.5 }}"), OPENAI.replace("URL", "URL/x")];
    let digests: Vec<_> = all.iter().map(|s| digest(s)).chain(changed.iter().map(|s| digest(s))).collect();
    for (place, digest) in digests.iter().enumerate() {
        assert!(!digests[..place].contains(digest), "{place}");
    }
    let shown = format!("{:?}", endpoint(HTTP, "http://h"));
    assert!(!shown.contains(KEY));
    let written = toml::to_string(&endpoint(HTTP, "http://h")).unwrap();
    assert_eq!(toml::from_str::<Endpoint>(&written).unwrap(), endpoint(HTTP, "http://h"));
}
