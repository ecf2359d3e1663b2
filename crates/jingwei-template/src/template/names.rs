//! What chat templates are offered, and what leads out of them.

use crate::template::{folding::Given, value::Origin, value::Value};

/// Attributes that lead from any object to the interpreter, besides all with two underscores.
const INNER: [&str; 31] = [
    "mro",
    "subclasses",
    "builtins",
    "globals",
    "func_globals",
    "func_code",
    "func_closure",
    "im_func",
    "im_self",
    "im_class",
    "gi_frame",
    "gi_code",
    "gi_yieldfrom",
    "cr_frame",
    "cr_code",
    "cr_await",
    "ag_frame",
    "ag_code",
    "f_globals",
    "f_locals",
    "f_builtins",
    "f_back",
    "f_code",
    "tb_frame",
    "tb_next",
    "co_consts",
    "popen",
    "check_output",
    "import_module",
    "load_module",
    "exec_module",
];

/// Methods that run code, which an attribute of the same name need not.
const RUNS: [&str; 8] = ["eval", "exec", "system", "compile", "execfile", "Popen", "spawn", "fork"];

/// Functions that environments of chat templates offer.
const FUNCTIONS: [&str; 14] = [
    "range",
    "dict",
    "namespace",
    "cycler",
    "joiner",
    "lipsum",
    "raise_exception",
    "strftime_now",
    "loop",
    "caller",
    "super",
    "self",
    "varargs",
    "kwargs",
];

/// Objects that only web frameworks offer, which attacks try.
const FOREIGN: [&str; 6] = ["request", "config", "url_for", "get_flashed_messages", "session", "application"];

const FILTERS: [&str; 61] = [
    "abs",
    "attr",
    "batch",
    "capitalize",
    "center",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "filesizeformat",
    "first",
    "float",
    "forceescape",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "random",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "string",
    "striptags",
    "sum",
    "title",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "urlize",
    "wordcount",
    "wordwrap",
    "xmlattr",
    "from_json",
    "fromjson",
    "strip",
    "split",
    "strftime",
    "to_json",
    "from_yaml",
];

/// Words that name parts of a message. A template may well ask whether they stand in an item of its content.
const PARTS: [&str; 40] = [
    "text",
    "image",
    "images",
    "image_url",
    "input_image",
    "video",
    "video_url",
    "input_video",
    "audio",
    "audio_url",
    "input_audio",
    "input_text",
    "file",
    "document",
    "type",
    "content",
    "contents",
    "role",
    "name",
    "user",
    "assistant",
    "system",
    "developer",
    "tool",
    "tools",
    "tool_call",
    "tool_calls",
    "tool_use",
    "tool_result",
    "function",
    "functions",
    "function_call",
    "arguments",
    "json",
    "thinking",
    "thought",
    "reasoning",
    "reasoning_content",
    "id",
    "response",
];

pub(crate) fn is_function(name: &str) -> bool {
    FUNCTIONS.contains(&name) || FOREIGN.contains(&name)
}

pub(crate) fn is_filter(name: &str) -> bool {
    FILTERS.contains(&name)
}

/// `__class__`, `_Namespace__attrs`.
pub(crate) fn is_dunder(name: &str) -> bool {
    let inner = name.trim_matches('_');
    let word = !inner.is_empty() && inner.chars().all(|c| c == '_' || c.is_alphanumeric());
    word && name.starts_with('_') && (name.starts_with("__") && name.len() > 4 || inner.contains("__"))
}

/// Whether an attribute of this name leads to the interpreter.
pub(crate) fn is_inner(name: &str) -> bool {
    name.starts_with("__") && name.len() > 2 || is_dunder(name) || INNER.contains(&name)
}

pub(crate) fn runs(name: &str) -> bool {
    RUNS.contains(&name)
}

/// Ways to format, whose fields reach attributes.
pub(crate) fn formats(name: &str) -> bool {
    matches!(name, "format" | "format_map")
}

/// A word of natural language, or the name of a host: `bank.com`.
pub(crate) fn is_word_or_host(text: &str) -> bool {
    let host = text.contains('.') && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    let ending = text.rsplit('.').next().unwrap_or_default();
    host && ending.len() >= 2 && ending.chars().all(|c| c.is_ascii_alphabetic()) || is_natural(text)
}

/// Methods that change a list or dictionary in place.
pub(crate) fn changes(name: &str) -> bool {
    matches!(
        name,
        "append"
            | "extend"
            | "insert"
            | "remove"
            | "clear"
            | "pop"
            | "sort"
            | "reverse"
            | "update"
            | "popitem"
            | "setdefault"
    )
}

/// Methods of a text that ask whether a word stands in it.
pub(crate) fn asks_content(name: &str) -> bool {
    matches!(name, "startswith" | "endswith" | "find" | "rfind" | "index" | "count" | "split" | "rsplit" | "partition")
}

/// What a variable of this name holds, where the template does not set it.
pub(crate) fn origin_of(name: &str) -> Origin {
    match name {
        "messages" | "message" | "msg" | "conversation" | "conversations" | "history" | "dialog" | "turns" => {
            Origin::Messages
        }
        "content" | "prompt" | "query" | "instruction" | "question" | "user_input" | "input" | "text" => {
            Origin::Content
        }
        _ => Origin::Other,
    }
}

/// What an attribute or item of something holds.
pub(crate) fn origin_below(origin: Option<Origin>, name: &str) -> Origin {
    match (origin, name) {
        (Some(Origin::Messages), "content" | "contents" | "value" | "reasoning_content") => Origin::Content,
        (_, "content") => Origin::Content,
        (Some(Origin::Content), "type" | "role" | "name" | "id") => Origin::Other,
        (Some(Origin::Content), _) => Origin::Content,
        _ => Origin::Other,
    }
}

/// Filters that turn messages into their text.
pub(crate) fn spells_out(name: &str, given: &Given) -> bool {
    match name {
        "string" | "tojson" | "join" | "pprint" | "urlencode" | "escape" | "e" => true,
        "map" => given.named("attribute").and_then(Value::as_str) == Some("content"),
        _ => false,
    }
}

/// Words that a person would write, unlike marks, tags and the names of parts.
pub(crate) fn is_natural(text: &str) -> bool {
    let text = text.trim();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let wide = text.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
    let marked = text.starts_with(['/', '@', '$', '\\', '#', '!'])
        || text.chars().any(|c| matches!(c, '<' | '>' | '[' | ']' | '{' | '}' | '|' | '_' | '`' | '='));
    !marked && letters >= if wide { 2 } else { 3 } && !PARTS.contains(&text.to_lowercase().as_str())
}
