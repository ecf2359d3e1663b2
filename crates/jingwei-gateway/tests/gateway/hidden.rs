//! Places where a text could hide.

use super::*;

#[tokio::test]
async fn no_field_of_a_request_hides_a_text() {
    let gate = Gate::open(vec![Behaviour::Echo], |_| {}).await;
    let user = |content: Value| json!({ "role": "user", "content": content });
    for (hidden, verdict) in [
        (json!({ "messages": [user(json!("hi"))], "documents": [{ "id": "bomb" }] }), "block"),
        (json!({ "messages": [user(json!([{ "type": "bomb", "text": "x" }]))] }), "block"),
        (json!({ "messages": [{ "role": "tool", "tool_call_id": "a bomb", "content": "x" }] }), "block"),
        (json!({ "messages": [{ "role": "tool", "content": { "a bomb": 1 } }] }), "block"),
        (
            json!({ "messages": [{ "role": "assistant", "tool_calls": [{ "id": "call_1", "function": { "name": "f",
            "arguments": "{\"a\": \"\\u70b8\\u5f39\"}" } }] }] }),
            "block",
        ),
        (
            json!({ "messages": [{ "role": "assistant", "function_call": { "arguments": { "type": "bomb" } } }] }),
            "block",
        ),
        (
            json!({ "messages": [user(json!("hi"))], "tools": [{ "type": "function", "function": { "name": "f",
            "parameters": { "properties": { "bomb": { "type": "string" } } } } }] }),
            "block",
        ),
        (json!({ "messages": [user(json!([{ "type": "file", "file": { "filename": "bomb.txt" } }]))] }), "block"),
        (json!({ "messages": [user(json!("hi"))], "my_own": { "bomb": 1 } }), "block"),
        (json!({ "messages": [user(json!("hi"))], "metadata": { "note": "bomb" }, "user": "bomb" }), "allow"),
        // Found in the text itself too, so it is redacted; in the value alone it cannot be.
        (
            json!({ "messages": [{ "role": "assistant", "tool_calls": [{ "function": { "name": "f",
            "arguments": "{\"to\": \"\\u0061@b.cn\", \"cc\": \"x@y.cn\"}" } }] }] }),
            "redact",
        ),
    ] {
        let reply = gate.send("POST", "/v1/chat/completions", &[], hidden.to_string().into_bytes()).await;
        assert_eq!(reply.header("x-jingwei-verdict"), verdict, "{hidden} {}", reply.body);
    }
    let sent = gate.upstream.received();
    let last = String::from_utf8(sent.last().unwrap().body.clone()).unwrap();
    assert!(!last.contains("b.cn") && !last.contains("y.cn"), "{last}");
}

#[tokio::test]
async fn no_name_or_identifier_of_a_reply_hides_a_text() {
    let event = |choice: Value, more: Value| {
        let mut chunk = json!({ "id": "chatcmpl-1", "choices": [choice] });
        chunk.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        format!("data: {chunk}\n\n")
    };
    let (delta, none) = (|delta: Value| json!({ "index": 0, "delta": delta, "finish_reason": null }), json!({}));
    for (hidden, stopped) in [
        (event(delta(json!({ "napalm": "x" })), none.clone()), true),
        (event(delta(json!({ "tool_calls": [{ "index": 0, "id": "napalm" }] })), none.clone()), true),
        (event(json!({ "index": 0, "delta": {}, "finish_reason": "napalm" }), none.clone()), true),
        (event(delta(json!({ "content": "x" })), json!({ "model": "napalm" })), true),
        (event(delta(json!({ "content": "x" })), json!({ "usage": { "napalm": 1 } })), true),
        (
            event(
                delta(json!({ "tool_calls": [{ "index": 0, "id": "call_abcdef", "type": "function" }] })),
                none.clone(),
            ),
            false,
        ),
    ] {
        let body = format!(
            "{hidden}{}data: [DONE]\n\n",
            event(json!({ "index": 0, "delta": {}, "finish_reason": "stop" }), none.clone())
        );
        let script = vec![Behaviour::Stream { body: body.into_bytes(), split: 64, cut: false }];
        let gate = Gate::open(script, |_| {}).await;
        let reply = gate.chat("hello", true).await;
        assert_eq!(reply.body.contains("content_filter"), stopped, "{hidden} {}", reply.body);
        assert_eq!(reply.body.contains("call_abcdef"), !stopped, "identifiers come in one piece: {}", reply.body);
        assert!(!reply.body.contains("napalm"), "{}", reply.body);
    }
    let whole = |change: &dyn Fn(&mut Value)| {
        let mut reply = chat_completion("fine");
        change(&mut reply);
        vec![Behaviour::json(200, &reply)]
    };
    for script in [
        whole(&|reply| reply["model"] = json!("napalm")),
        whole(&|reply| reply["choices"][0]["message"]["napalm"] = json!(1)),
        whole(&|reply| reply["choices"][0]["finish_reason"] = json!("napalm")),
        whole(&|reply| {
            reply["choices"][0]["logprobs"] = json!({ "content": [{ "token": "nap" }, { "token": "alm" }] });
        }),
    ] {
        let reply = Gate::open(script, |_| {}).await.chat("hello", false).await;
        assert_eq!(reply.header("x-jingwei-verdict"), "block", "{}", reply.body);
    }
}

#[tokio::test]
async fn what_is_too_large_or_too_deep_is_refused_before_it_is_sent() {
    let gate = Gate::open(vec![Behaviour::Echo], |_| {}).await;
    let deep =
        format!("{{\"messages\":[{{\"role\":\"user\",\"content\":{}1{}}}]}}", "[".repeat(10_000), "]".repeat(10_000));
    let arguments = json!("[".repeat(10_000));
    let call =
        json!({ "messages": [{ "role": "assistant", "tool_calls": [{ "function": { "arguments": arguments } }] }] });
    for (body, status) in [
        (deep.into_bytes(), 400),
        (vec![b' '; 50 << 20], 413),
        (json!({ "messages": [{ "role": "user", "content": "a".repeat(50 << 20) }] }).to_string().into_bytes(), 413),
        (call.to_string().into_bytes(), 200),
    ] {
        let reply = gate.send("POST", "/v1/chat/completions", &[], body).await;
        assert_eq!(reply.status, status);
        if status == 200 {
            assert_eq!(reply.header("x-jingwei-verdict"), "block", "unread, and the rules fail closed");
            assert!(gate.events.lock().unwrap().last().unwrap().unjudged > 0);
        }
    }
    assert!(gate.upstream.received().is_empty());
}
