//! Replies in the formats of the providers, whole or as the events of a stream.

use jingwei_core::{ChatReply, Finish, ToolCall};
use serde_json::{Value, json};

use super::asked::Format;

pub struct Answered<'a> {
    pub reply: &'a ChatReply,
    pub reasoning: Option<&'a str>,
    pub model: &'a str,
    pub id: u64,
}

/// Characters in one event of a stream.
const PIECE: usize = 12;

impl Answered<'_> {
    pub fn whole(&self, format: Format) -> Value {
        match format {
            Format::OpenAi => self.open_ai(),
            Format::Responses => self.responses(),
            Format::Anthropic => self.anthropic(),
            Format::Ollama => self.ollama(),
        }
    }

    /// The content type and the pieces of a stream.
    pub fn stream(&self, format: Format) -> (&'static str, Vec<String>) {
        let data = |value: &Value| format!("data: {value}\n\n");
        let named = |value: Value| {
            let name = value.get("type").and_then(Value::as_str).unwrap_or_default();
            format!("event: {name}\ndata: {value}\n\n")
        };
        let events = match format {
            Format::OpenAi => {
                let mut events: Vec<String> = self.open_ai_events().iter().map(data).collect();
                events.push("data: [DONE]\n\n".to_owned());
                events
            }
            Format::Responses => self.responses_events().into_iter().map(named).collect(),
            Format::Anthropic => self.anthropic_events().into_iter().map(named).collect(),
            Format::Ollama => self.ollama_events().iter().map(|event| format!("{event}\n")).collect(),
        };
        (if format == Format::Ollama { "application/x-ndjson" } else { "text/event-stream" }, events)
    }

    fn open_ai(&self) -> Value {
        let reply = self.reply;
        let mut message = json!({ "role": "assistant", "content": self.content(), "refusal": reply.refusal });
        if !reply.tool_calls.is_empty() {
            message["tool_calls"] = open_ai_calls(&reply.tool_calls);
        }
        if let Some(reasoning) = self.reasoning {
            message["reasoning_content"] = json!(reasoning);
        }
        json!({
            "id": format!("chatcmpl-{:016x}", self.id),
            "object": "chat.completion",
            "created": 0,
            "model": self.model,
            "choices": [{ "index": 0, "message": message, "finish_reason": open_ai_finish(reply.finish) }],
            "usage": self.open_ai_usage(),
        })
    }

    fn open_ai_usage(&self) -> Value {
        let usage = self.reply.usage;
        json!({
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
        })
    }

    fn content(&self) -> Option<&str> {
        let silent = self.reply.refusal.is_some() || !self.reply.tool_calls.is_empty();
        Some(self.reply.text.as_str()).filter(|text| !(silent && text.is_empty()))
    }

    fn open_ai_events(&self) -> Vec<Value> {
        let event = |delta: Value, finish: Value| {
            json!({
                "id": format!("chatcmpl-{:016x}", self.id),
                "object": "chat.completion.chunk",
                "created": 0,
                "model": self.model,
                "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
            })
        };
        let mut events = vec![event(json!({ "role": "assistant", "content": "" }), Value::Null)];
        let mut said = |key: &str, text: &str| {
            events.extend(pieces(text).into_iter().map(|piece| event(json!({ key: piece }), Value::Null)));
        };
        said("reasoning_content", self.reasoning.unwrap_or_default());
        said("content", &self.reply.text);
        said("refusal", self.reply.refusal.as_deref().unwrap_or_default());
        if !self.reply.tool_calls.is_empty() {
            events.push(event(json!({ "tool_calls": open_ai_calls(&self.reply.tool_calls) }), Value::Null));
        }
        let mut last = event(json!({}), json!(open_ai_finish(self.reply.finish)));
        last["usage"] = self.open_ai_usage();
        events.push(last);
        events
    }

    fn responses(&self) -> Value {
        let reply = self.reply;
        let mut output = Vec::new();
        if let Some(reasoning) = self.reasoning {
            output.push(json!({ "type": "reasoning", "summary": [{ "type": "summary_text", "text": reasoning }] }));
        }
        let content = match &reply.refusal {
            Some(refusal) => json!([{ "type": "refusal", "refusal": refusal }]),
            None if reply.text.is_empty() => json!([]),
            None => json!([{ "type": "output_text", "text": reply.text, "annotations": [] }]),
        };
        output.push(json!({ "type": "message", "role": "assistant", "status": "completed", "content": content }));
        output.extend(reply.tool_calls.iter().map(|call| {
            json!({ "type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments })
        }));
        let cut = match reply.finish {
            Finish::Length => Some("max_output_tokens"),
            Finish::ContentFilter => Some("content_filter"),
            _ => None,
        };
        json!({
            "id": format!("resp_{:016x}", self.id),
            "object": "response",
            "created_at": 0,
            "model": self.model,
            "status": if cut.is_some() { "incomplete" } else { "completed" },
            "incomplete_details": cut.map(|reason| json!({ "reason": reason })),
            "error": null,
            "output": output,
            "usage": { "input_tokens": reply.usage.input_tokens, "output_tokens": reply.usage.output_tokens },
        })
    }

    fn responses_events(&self) -> Vec<Value> {
        let whole = self.responses();
        let mut events = vec![json!({ "type": "response.created", "response": { "id": whole["id"] } })];
        let (kind, text) = match &self.reply.refusal {
            Some(refusal) => ("response.refusal.delta", refusal),
            None => ("response.output_text.delta", &self.reply.text),
        };
        events.extend(pieces(text).into_iter().map(|piece| json!({ "type": kind, "delta": piece })));
        let last = if whole["status"] == "completed" { "response.completed" } else { "response.incomplete" };
        events.push(json!({ "type": last, "response": whole }));
        events
    }

    /// This format has no field for a refusal's text: it is the text.
    fn spoken(&self) -> &str {
        self.reply.refusal.as_deref().unwrap_or(&self.reply.text)
    }

    fn anthropic_blocks(&self) -> Vec<Value> {
        let mut blocks = Vec::new();
        if let Some(reasoning) = self.reasoning {
            blocks.push(json!({ "type": "thinking", "thinking": reasoning, "signature": "" }));
        }
        if !self.spoken().is_empty() {
            blocks.push(json!({ "type": "text", "text": self.spoken() }));
        }
        blocks.extend(
            self.reply
                .tool_calls
                .iter()
                .map(|call| json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": arguments(call) })),
        );
        blocks
    }

    fn anthropic_stop(&self) -> &'static str {
        match self.reply.finish {
            Finish::Length => "max_tokens",
            Finish::ToolCalls => "tool_use",
            Finish::ContentFilter | Finish::Refusal => "refusal",
            Finish::Stop | Finish::Other => "end_turn",
        }
    }

    fn anthropic(&self) -> Value {
        let usage = self.reply.usage;
        json!({
            "id": format!("msg_{:016x}", self.id),
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": self.anthropic_blocks(),
            "stop_reason": self.anthropic_stop(),
            "stop_sequence": null,
            "usage": { "input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens },
        })
    }

    fn anthropic_events(&self) -> Vec<Value> {
        let mut start = self.anthropic();
        start["content"] = json!([]);
        start["stop_reason"] = Value::Null;
        let mut events = vec![json!({ "type": "message_start", "message": start })];
        for (index, block) in self.anthropic_blocks().into_iter().enumerate() {
            let kind = block["type"].as_str().unwrap_or_default().to_owned();
            let (empty, deltas) = match kind.as_str() {
                "tool_use" => {
                    let empty = json!({ "type": kind, "id": block["id"], "name": block["name"], "input": {} });
                    let delta = json!({ "type": "input_json_delta", "partial_json": block["input"].to_string() });
                    (empty, vec![delta])
                }
                _ => {
                    let text = block[kind.as_str()].as_str().unwrap_or_default();
                    let delta = format!("{kind}_delta");
                    let deltas = pieces(text).into_iter().map(|piece| json!({ "type": delta, kind.as_str(): piece }));
                    (json!({ "type": kind, kind.as_str(): "" }), deltas.collect())
                }
            };
            events.push(json!({ "type": "content_block_start", "index": index, "content_block": empty }));
            events.extend(
                deltas.into_iter().map(|d| json!({ "type": "content_block_delta", "index": index, "delta": d })),
            );
            events.push(json!({ "type": "content_block_stop", "index": index }));
        }
        events.push(json!({
            "type": "message_delta",
            "delta": { "stop_reason": self.anthropic_stop(), "stop_sequence": null },
            "usage": { "output_tokens": self.reply.usage.output_tokens },
        }));
        events.push(json!({ "type": "message_stop" }));
        events
    }

    fn ollama_message(&self, content: &str) -> Value {
        json!({ "model": self.model, "created_at": "1970-01-01T00:00:00Z", "done": false,
                "message": { "role": "assistant", "content": content } })
    }

    fn ollama_end(&self, mut message: Value) -> Value {
        message["done"] = json!(true);
        message["done_reason"] = json!(if self.reply.finish == Finish::Length { "length" } else { "stop" });
        message["prompt_eval_count"] = json!(self.reply.usage.input_tokens);
        message["eval_count"] = json!(self.reply.usage.output_tokens);
        if let Some(reasoning) = self.reasoning {
            message["message"]["thinking"] = json!(reasoning);
        }
        if !self.reply.tool_calls.is_empty() {
            let calls = self.reply.tool_calls.iter();
            let calls = calls.map(|call| json!({ "function": { "name": call.name, "arguments": arguments(call) } }));
            message["message"]["tool_calls"] = calls.collect();
        }
        message
    }

    fn ollama(&self) -> Value {
        self.ollama_end(self.ollama_message(self.spoken()))
    }

    fn ollama_events(&self) -> Vec<Value> {
        let mut events: Vec<Value> = pieces(self.spoken()).iter().map(|piece| self.ollama_message(piece)).collect();
        events.push(self.ollama_end(self.ollama_message("")));
        events
    }
}

fn open_ai_finish(finish: Finish) -> &'static str {
    match finish {
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::ContentFilter => "content_filter",
        Finish::Stop | Finish::Refusal | Finish::Other => "stop",
    }
}

fn open_ai_calls(calls: &[ToolCall]) -> Value {
    let call = |(index, call): (usize, &ToolCall)| {
        json!({ "index": index, "id": call.id, "type": "function",
                "function": { "name": call.name, "arguments": call.arguments } })
    };
    calls.iter().enumerate().map(call).collect()
}

fn arguments(call: &ToolCall) -> Value {
    serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}))
}

fn pieces(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(PIECE).map(|piece| piece.iter().collect()).collect()
}
