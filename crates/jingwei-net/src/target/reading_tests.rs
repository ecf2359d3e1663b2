//! No answer is a panic: whatever a server says is a reply or a fault with a name.

use jingwei_core::Finish;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{chat_stream::read_chat_stream, sse::EventReader, sse::events_of};

/// Names and words that the formats use, so that wrong values stand in right places.
const WORDS: [&str; 40] = [
    "choices",
    "message",
    "content",
    "role",
    "refusal",
    "finish_reason",
    "stop",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "delta",
    "index",
    "error",
    "code",
    "type",
    "text",
    "output",
    "status",
    "completed",
    "incomplete",
    "incomplete_details",
    "reason",
    "message",
    "output_text",
    "function_call",
    "call_id",
    "stop_reason",
    "refusal",
    "tool_use",
    "input",
    "id",
    "done",
    "done_reason",
    "usage",
    "base_resp",
    "status_code",
    "content_filter",
    "data",
    "stop_details",
];

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
        proptest::sample::select(&WORDS).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(proptest::sample::select(&WORDS), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

/// A whole answer of each format.
fn answers() -> Vec<Value> {
    let call = json!({ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } });
    let message = json!({ "role": "assistant", "content": "a", "refusal": null, "tool_calls": [call] });
    vec![
        json!({ "choices": [{ "message": message, "finish_reason": "stop" }], "usage": { "prompt_tokens": 1 } }),
        json!({ "status": "completed", "output": [
            { "type": "message", "content": [{ "type": "output_text", "text": "a" }, { "type": "refusal", "refusal": "b" }] },
            { "type": "function_call", "name": "f", "arguments": "{}", "call_id": "c" },
        ] }),
        json!({ "content": [{ "type": "text", "text": "a" }, { "type": "tool_use", "id": "c", "name": "f", "input": {} }], "stop_reason": "end_turn" }),
        json!({ "message": { "content": "a", "tool_calls": [call] }, "done": true, "done_reason": "stop" }),
    ]
}

/// Puts `new` at the n-th place of a document.
fn replace(document: &mut Value, place: &mut usize, new: &Value) {
    if *place == 0 {
        *document = new.clone();
    }
    *place = place.wrapping_sub(1);
    match document {
        Value::Array(list) => list.iter_mut().for_each(|value| replace(value, place, new)),
        Value::Object(map) => map.values_mut().for_each(|value| replace(value, place, new)),
        _ => {}
    }
}

/// Every reader's outcome.
fn read_all(body: &[u8]) -> Vec<Result<ChatReply, String>> {
    let limits = Limits { header_bytes: 1 << 16, ..Limits::default() };
    let answer = Answer { status: 200, headers: HeaderMap::new(), body: Bytes::copy_from_slice(body) };
    let plain = Endpoint::new(Api::OpenAiChat, "http://h", "m");
    let pointers = AnswerFields {
        text: Some("/content/0/text".to_owned()),
        error: Some(Signal { at: "/error".to_owned(), values: Vec::new() }),
        refusal: Some(Signal { at: "/status".to_owned(), values: vec!["completed".to_owned()] }),
        ..AnswerFields::default()
    };
    vec![
        openai_chat::read(&plain, &answer, &limits),
        openai_chat::read(&Endpoint { stream: true, ..plain }, &answer, &limits),
        openai_responses::read(&answer, &limits),
        anthropic::read(&answer, &limits),
        ollama::read(&answer, &limits),
        pointers.read(body, "", &limits),
        AnswerFields::default().read(body, "", &limits),
    ]
}

proptest! {
    #[test]
    fn any_document_has_an_outcome(document in document()) {
        let text = document.to_string();
        for reason in read_all(text.as_bytes()).into_iter().filter_map(Result::err) {
            prop_assert!(!reason.is_empty() && reason.chars().count() < 400 && !reason.contains('\n'), "{}", reason);
        }
        if let Some(reply) = native_refusal(&document) {
            prop_assert_eq!(reply.finish, Finish::ContentFilter);
        }
        let stream = format!("data: {text}\n\ndata: [DONE]\n\n");
        let _ = read_chat_stream(stream.as_bytes(), &Limits::default());
    }

    #[test]
    fn a_wrong_value_in_any_place_has_an_outcome(which in 0_usize..4, place in 0_usize..30, new in document()) {
        let mut answer = answers().swap_remove(which);
        let mut countdown = place;
        replace(&mut answer, &mut countdown, &new);
        read_all(answer.to_string().as_bytes());
    }

    #[test]
    fn any_bytes_have_an_outcome(bytes: Vec<u8>, split in 1_usize..9) {
        read_all(&bytes);
        let mut reader = EventReader::default();
        let mut events: Vec<Vec<u8>> = bytes.chunks(split).flat_map(|piece| reader.feed(piece)).collect();
        events.extend(reader.finish());
        prop_assert_eq!(events, events_of(&bytes));
    }
}

#[test]
fn whole_answers_are_read_by_their_own_format() {
    let formats = [0, 2, 3, 4];
    for (number, answer) in answers().iter().enumerate() {
        let outcomes = read_all(answer.to_string().as_bytes());
        let reply = outcomes[formats[number]].as_ref().unwrap();
        assert_eq!((reply.text.as_str(), reply.tool_calls.len()), ("a", 1), "{answer}");
    }
}
