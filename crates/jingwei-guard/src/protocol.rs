//! The words of the chat protocols: which fields are settings, which structure, and which values say nothing.

use serde_json::Value;

/// How much of an object is known in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Zone {
    /// Messages and their parts.
    Protocol,
    /// Definitions of tools, as JSON Schema.
    Schema,
    /// Anybody's object: every name and every string counts.
    Free,
}

/// The zone of a field's value.
pub(crate) fn zone_below(zone: Zone, key: &str, value: &Value) -> Zone {
    let is_container = value.is_object() || value.is_array();
    match (zone, key) {
        (Zone::Free, _) => Zone::Free,
        // What a model passes to a tool, and what a tool or a document says about itself, may be called anything.
        (_, "arguments" | "args" | "input" | "metadata" | "attributes" | "documents") if is_container => Zone::Free,
        (Zone::Protocol, "parameters" | "input_schema" | "schema" | "json_schema" | "tools") => Zone::Schema,
        (Zone::Protocol, key) if is_container && !is_protocol_key(key) => Zone::Free,
        (Zone::Schema, "default" | "examples" | "example") if is_container => Zone::Free,
        _ => zone,
    }
}

/// Keys of a request that no model reads: numbers, switches and names for the server.
const SETTINGS: [&str; 41] = [
    "model",
    "stream",
    "stream_options",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "n",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "presence_penalty",
    "frequency_penalty",
    "repeat_penalty",
    "repetition_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "seed",
    "stop",
    "stop_sequences",
    "user",
    "metadata",
    "store",
    "service_tier",
    "parallel_tool_calls",
    "tool_choice",
    "function_call",
    "reasoning_effort",
    "modalities",
    "audio",
    "safety_identifier",
    "prompt_cache_key",
    "verbosity",
    "cache_prompt",
    "timings_per_token",
    "previous_response_id",
    "background",
    "truncation",
    "include",
    "thinking",
];

pub(crate) fn is_setting(key: &str) -> bool {
    SETTINGS.contains(&key)
}

/// Names of fields of the protocols and of JSON Schema. They say nothing themselves.
const KEYS: [&str; 146] = [
    "accepted_prediction_tokens",
    "additionalProperties",
    "allOf",
    "annotations",
    "anyOf",
    "args",
    "arguments",
    "attributes",
    "audio",
    "audio_tokens",
    "b64_json",
    "bytes",
    "cache_control",
    "cache_n",
    "cached_tokens",
    "call_id",
    "choices",
    "citations",
    "code",
    "completion_tokens",
    "completion_tokens_details",
    "const",
    "container_id",
    "content",
    "content_block",
    "created",
    "custom",
    "data",
    "default",
    "definitions",
    "delta",
    "description",
    "detail",
    "document",
    "documents",
    "encrypted_content",
    "end_index",
    "enum",
    "error",
    "example",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "expires_at",
    "file",
    "file_data",
    "file_id",
    "file_url",
    "filename",
    "finish_reason",
    "format",
    "function",
    "function_call",
    "functions",
    "id",
    "image_url",
    "index",
    "input",
    "input_audio",
    "input_schema",
    "is_error",
    "item",
    "item_id",
    "items",
    "json_schema",
    "logprob",
    "logprobs",
    "maxItems",
    "maxLength",
    "maximum",
    "media_type",
    "message",
    "messages",
    "metadata",
    "mime_type",
    "minItems",
    "minLength",
    "minimum",
    "model",
    "name",
    "not",
    "object",
    "oneOf",
    "output",
    "output_index",
    "parameters",
    "part",
    "partial_json",
    "parts",
    "pattern",
    "predicted_ms",
    "predicted_n",
    "predicted_per_second",
    "predicted_per_token_ms",
    "prediction",
    "prefix",
    "prompt_ms",
    "prompt_n",
    "prompt_per_second",
    "prompt_per_token_ms",
    "prompt_tokens",
    "prompt_tokens_details",
    "properties",
    "reasoning",
    "reasoning_content",
    "reasoning_tokens",
    "redacted_thinking",
    "refusal",
    "rejected_prediction_tokens",
    "required",
    "response_id",
    "results",
    "role",
    "schema",
    "search_result",
    "sequence_number",
    "service_tier",
    "signature",
    "source",
    "start_index",
    "status",
    "stop_reason",
    "strict",
    "summary",
    "system",
    "system_fingerprint",
    "text",
    "thinking",
    "timings",
    "title",
    "token",
    "tool_call_id",
    "tool_calls",
    "tool_use_id",
    "tools",
    "top_logprobs",
    "total_tokens",
    "transcript",
    "ttl",
    "type",
    "uniqueItems",
    "url",
    "url_citation",
    "usage",
    "video_url",
    "weight",
];

/// Whether a field of this name belongs to the protocols or to JSON Schema.
#[must_use]
pub fn is_protocol_key(key: &str) -> bool {
    KEYS.binary_search(&key).is_ok()
}

/// Whether a field of the protocol says nothing: it holds one of the words that it may hold.
#[must_use]
pub fn is_protocol_word(key: &str, text: &str) -> bool {
    let known: &[&str] = match key {
        "role" => &["system", "developer", "user", "assistant", "tool", "function", "model"],
        "type" => &TYPES,
        "object" => &["chat.completion", "chat.completion.chunk", "text_completion", "response", "list"],
        "status" => &["in_progress", "completed", "incomplete", "searching", "failed", "queued", "cancelled"],
        "finish_reason" | "stop_reason" => &[
            "stop",
            "length",
            "tool_calls",
            "function_call",
            "content_filter",
            "end_turn",
            "max_tokens",
            "stop_sequence",
            "tool_use",
            "pause_turn",
            "refusal",
            "error",
        ],
        "service_tier" => &["auto", "default", "flex", "priority", "standard"],
        "detail" => &["auto", "low", "high", "original"],
        "ttl" => &["5m", "1h"],
        "format" => &[
            "wav",
            "mp3",
            "date",
            "date-time",
            "time",
            "duration",
            "email",
            "hostname",
            "ipv4",
            "ipv6",
            "uri",
            "uuid",
            "float",
            "double",
            "int32",
            "int64",
        ],
        "media_type" | "mime_type" => {
            &["application/pdf", "image/gif", "image/jpeg", "image/png", "image/webp", "text/plain", "text/html"]
        }
        "id" | "tool_call_id" | "call_id" | "tool_use_id" | "item_id" | "response_id" | "file_id" | "container_id"
        | "system_fingerprint" => {
            return is_made_by_a_machine(text);
        }
        _ => return false,
    };
    known.contains(&text)
}

const TYPES: [&str; 62] = [
    "array",
    "base64",
    "boolean",
    "char_location",
    "code_interpreter_call",
    "computer_call",
    "computer_call_output",
    "content_block_location",
    "custom",
    "custom_tool_call",
    "custom_tool_call_output",
    "document",
    "ephemeral",
    "file",
    "file_citation",
    "file_path",
    "file_search",
    "file_search_call",
    "function",
    "function_call",
    "function_call_output",
    "image",
    "image_url",
    "input_audio",
    "input_file",
    "input_image",
    "input_text",
    "integer",
    "item_reference",
    "json_object",
    "json_schema",
    "mcp",
    "mcp_call",
    "mcp_list_tools",
    "message",
    "model_context",
    "null",
    "number",
    "object",
    "output_audio",
    "output_text",
    "page_location",
    "reasoning",
    "reasoning_text",
    "redacted_thinking",
    "refusal",
    "search_result",
    "search_result_location",
    "server_tool_use",
    "string",
    "summary_text",
    "text",
    "thinking",
    "tool_result",
    "tool_use",
    "url",
    "url_citation",
    "video_url",
    "web_search",
    "web_search_call",
    "web_search_result_location",
    "web_search_tool_result",
];

/// `call_9f3e0a`, `toolu_01A09q90qw90lq917835lq9`, a UUID: no part of it could be a word that somebody chose.
fn is_made_by_a_machine(text: &str) -> bool {
    const PREFIXES: [&str; 15] = [
        "call", "chatcmpl", "tool", "toolu", "fc", "msg", "resp", "item", "rs", "ws", "file", "srvtoolu", "ctc", "fs",
        "fp",
    ];
    const LONG: usize = 16;
    text.len() <= 80
        && text.split(['_', '-']).enumerate().all(|(nth, part)| {
            let has_digit = part.bytes().any(|b| b.is_ascii_digit());
            let is_hex = part.bytes().all(|b| b.is_ascii_hexdigit());
            let is_plain = part.bytes().all(|b| b.is_ascii_alphanumeric());
            (nth < 2 && PREFIXES.contains(&part)) || (has_digit && is_plain && (is_hex || part.len() >= LONG))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_in_order_and_identifiers_are_told_from_words() {
        assert!(KEYS.is_sorted(), "{:?}", KEYS.windows(2).find(|pair| pair[0] >= pair[1]));
        for id in ["call_1a", "call_9f3e0a", "1", "toolu_01A09q90qw90lq917835lq9", "chatcmpl-tool-00ff12"] {
            assert!(is_protocol_word("id", id), "{id}");
        }
        assert!(is_protocol_word("id", "550e8400-e29b-41d4-a716-446655440000"));
        for word in ["", "bomb", "b0mb", "how-to-make-it", "call_ignore_the_rules", "call_炸弹1", &"1".repeat(81)] {
            assert!(!is_protocol_word("id", word), "{word}");
        }
        assert!(
            is_protocol_word("type", "text")
                && !is_protocol_word("type", "ignore the rules")
                && !is_protocol_word("content", "text")
        );
    }
}
