//! Everything in a request or a reply that carries text, by path.
//!
//! The walk takes every string that reaches the model or the user, known fields or not: a new field of a provider is
//! judged before anybody writes code for it. Silent are only settings of a server, and fields of the protocol whose
//! value is one of the few words that they may hold, or an identifier that a machine made.

use base64::Engine as _;
use jingwei_core::Limits;
use serde_json::{Map, Value};

use crate::{
    Direction, SurfaceRole,
    json_strings::{decoded, literals, looks_like_json},
    protocol::{Zone, is_protocol_key, is_protocol_word, is_setting, zone_below},
};

/// One text of a request or a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surface {
    /// Where it stands: `messages[0].content`, `choices[1].message.tool_calls[0].function.arguments`. Empty for a bare
    /// text. Names of an object's fields stand at `…{keys}`, a string inside a JSON text at `…#/its/place`.
    pub path: String,
    pub text: String,
    pub role: SurfaceRole,
    /// What of it could not be made a text.
    pub unjudged: Option<Unjudged>,
    /// Texts of the same number, in order, are parts of one message: a model reads them as one text, so they are judged
    /// together too.
    pub part_of: Option<u32>,
}

/// Why a part of a document is not judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unjudged {
    /// It is a picture or a sound: no business of rules about text. It is told and nothing else.
    NotText(String),
    /// It is nested or numerous beyond the limits. The rules' `on_failure` decides.
    Limit(String),
}

impl Surface {
    pub fn new(path: impl Into<String>, role: SurfaceRole, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), role, unjudged: None, part_of: None }
    }

    /// A text without a document around it: a user's on the way in, the model's on the way out.
    pub fn bare(direction: Direction, text: impl Into<String>) -> Self {
        let role = match direction {
            Direction::Input => SurfaceRole::User,
            Direction::Output => SurfaceRole::Assistant,
        };
        Self::new("", role, text)
    }
}

/// The texts of a request in the shape of OpenAI's chat completions or responses, or Anthropic's messages. Keys that
/// are no known setting are a user's texts, so that a server's own extension is no way around the guard.
#[must_use]
pub fn surfaces_of_chat_request(request: &Value, limits: &Limits) -> Vec<Surface> {
    let mut walk = Walk::new(limits);
    for (key, value) in request.as_object().into_iter().flatten() {
        let (role, zone) = match key.as_str() {
            "messages" | "input" | "prompt" | "suffix" | "prediction" => (SurfaceRole::User, Zone::Protocol),
            "instructions" | "system" => (SurfaceRole::System, Zone::Protocol),
            "response_format" | "text" => (SurfaceRole::System, Zone::Schema),
            "tools" | "functions" => (SurfaceRole::Tool, Zone::Schema),
            "documents" => (SurfaceRole::Tool, Zone::Free),
            setting if is_setting(setting) => continue,
            unknown => {
                walk.text(unknown, "{keys}", SurfaceRole::User);
                (SurfaceRole::User, Zone::Free)
            }
        };
        walk.value(value, key, key, role, zone, 0);
    }
    walk.surfaces
}

/// The texts of a reply, or of one event of a streamed reply, in the same shapes.
#[must_use]
pub fn surfaces_of_chat_response(response: &Value, limits: &Limits) -> Vec<Surface> {
    let mut walk = Walk::new(limits);
    for (key, value) in response.as_object().into_iter().flatten() {
        if !is_protocol_key(key) {
            walk.text(key, "{keys}", SurfaceRole::Assistant);
        }
        walk.value(value, key, key, SurfaceRole::Assistant, Zone::Protocol, 0);
    }
    walk.surfaces
}

struct Walk {
    surfaces: Vec<Surface>,
    limits: Limits,
    most: usize,
    /// Bytes of paths that may still be written: keys come from the caller, and every text below one repeats it.
    path_bytes: usize,
    full: bool,
    /// Lists of parts so far.
    lists: u32,
}

/// A request of ordinary shape has a hundredth of it.
const MAX_PATH_BYTES: usize = 32 << 20;

impl Walk {
    fn new(limits: &Limits) -> Self {
        let most = usize::try_from(limits.entries).unwrap_or(usize::MAX);
        Self { surfaces: Vec::new(), limits: *limits, most, path_bytes: MAX_PATH_BYTES, full: false, lists: 0 }
    }

    /// `key` is the name of the nearest field.
    fn value(&mut self, value: &Value, path: &str, key: &str, role: SurfaceRole, zone: Zone, depth: u32) {
        if self.is_full(path, role) {
            return;
        }
        match value {
            Value::String(text) => self.string(text, path, key, role, zone),
            Value::Array(_) | Value::Object(_) if depth >= self.limits.depth => {
                self.limit(path, role, format!("nested deeper than {}; not read", self.limits.depth));
            }
            Value::Array(items) => {
                let first = self.surfaces.len();
                let numbered = |index: usize| (format!("[{index}]"), key);
                self.numbers(items.iter().enumerate().map(|(index, item)| (numbered(index), item)), path, role, zone);
                // The place of what says nothing is not written: names may be long, and lists longer.
                for (index, item) in items.iter().enumerate().filter(|(_, item)| speaks(item)) {
                    if self.full {
                        break;
                    }
                    self.value(item, &format!("{path}[{index}]"), key, role, zone, depth + 1);
                }
                if zone == Zone::Protocol && PART_LISTS.contains(&key) {
                    self.parts(first, path, role);
                }
            }
            Value::Object(map) => self.object(map, path, key, role, zone, depth),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The texts that were found from `first` on in a list of a message's parts belong together.
    fn parts(&mut self, first: usize, path: &str, role: SurfaceRole) {
        let is_text = |surface: &Surface| {
            let below = surface.path.strip_prefix(path).unwrap_or_default();
            let (_, name) = below.split_once(']').unwrap_or_default();
            // Names of fields, files, addresses and the strings in a JSON text are no part of what is said.
            surface.role == role
                && surface.unjudged.is_none()
                && surface.part_of.is_none()
                && (name.is_empty() || PART_TEXTS.iter().any(|text| name.ends_with(text)))
        };
        let found = self.surfaces.get_mut(first..).unwrap_or_default();
        let parts: Vec<&mut Surface> = found.iter_mut().filter(|surface| is_text(surface)).collect();
        if parts.len() > 1 {
            parts.into_iter().for_each(|part| part.part_of = Some(self.lists));
            self.lists = self.lists.saturating_add(1);
        }
    }

    /// Numbers that a tool gets or gives are texts too. One that is long enough to be somebody's stands at its own place;
    /// the others of a list or an object are read as one text.
    fn numbers<'v, 'k>(
        &mut self,
        values: impl Iterator<Item = ((String, &'k str), &'v Value)>,
        path: &str,
        role: SurfaceRole,
        zone: Zone,
    ) {
        const LONG: usize = 7;
        let mut others = String::new();
        for ((place, key), value) in values.filter(|(_, value)| value.is_number()) {
            if zone != Zone::Free && !(zone == Zone::Schema && SCHEMA_VALUES.contains(&key)) {
                continue;
            }
            let written = value.to_string();
            let digits = written.strip_suffix(".0").unwrap_or(&written);
            if digits.len() >= LONG && digits.bytes().all(|b| b.is_ascii_digit()) {
                let path = format!("{path}{place}");
                if self.is_full(&path, role) {
                    return;
                }
                self.text(digits, &path, role);
            } else {
                others.push_str(digits);
                others.push('\n');
            }
        }
        if !others.is_empty() {
            self.text(&others, &format!("{path}{{numbers}}"), role);
        }
    }

    fn object(&mut self, map: &Map<String, Value>, path: &str, key: &str, role: SurfaceRole, zone: Zone, depth: u32) {
        let named = map.get("role").and_then(Value::as_str).filter(|_| zone == Zone::Protocol);
        let role = if is_tool_result(map) { SurfaceRole::Tool } else { named.map_or(role, role_named) };
        // What a tool gives back as an object, or as a list of objects that are no parts of a message, is the tool's own.
        let is_part = map.get("type").is_some_and(Value::is_string);
        let zone = if role == SurfaceRole::Tool && key == "content" && !is_part && named.is_none() {
            zone.max(Zone::Free)
        } else {
            zone
        };
        let unknown: Vec<&str> =
            map.keys().map(String::as_str).filter(|key| zone == Zone::Free || !is_protocol_key(key)).collect();
        self.text(&unknown.join("\n"), &format!("{path}{{keys}}"), role);
        let holds_text = ["media_type", "mime_type"].iter().any(|kind| {
            let kind = map.get(*kind).and_then(Value::as_str).unwrap_or_default();
            is_text_type(kind)
        });
        let named = map.iter().map(|(key, value)| ((format!(".{key}"), key.as_str()), value));
        self.numbers(named, path, role, zone);
        for (key, value) in map.iter().filter(|(_, value)| speaks(value)) {
            if self.full {
                break;
            }
            let path = format!("{path}.{key}");
            match value {
                Value::String(text) if holds_text && key == "data" => self.text(text, &path, role),
                _ if zone == Zone::Protocol && key == "logprobs" && path.starts_with("choices[") => {
                    self.tokens(value, &path, role);
                }
                _ => self.value(value, &path, key, role, zone_below(zone, key, value), depth + 1),
            }
        }
    }

    fn string(&mut self, text: &str, path: &str, key: &str, role: SurfaceRole, zone: Zone) {
        if zone != Zone::Free && is_protocol_word(key, text) {
            return;
        }
        if zone == Zone::Protocol && is_media(key, text) {
            // A file may be a text all the same.
            if let Some(said) = text_of_file(text) {
                self.text(&said, &format!("{path}#file"), role);
                return;
            }
            let what = format!("{} bytes of something that is not text", text.len());
            let unjudged = Some(Unjudged::NotText(what));
            self.surfaces.push(Surface { unjudged, ..Surface::new(path, role, "") });
            return;
        }
        self.text(text, path, role);
        let is_json = matches!(key, "arguments" | "input" | "partial_json") || role == SurfaceRole::Tool;
        if is_json && looks_like_json(text) {
            self.inside(text, path, role);
        }
    }

    /// Strings of a JSON text that say something else once their escapes are read.
    fn inside(&mut self, text: &str, path: &str, role: SurfaceRole) {
        if text.len() as u64 > self.limits.string_bytes {
            return; // such a text is not judged whole, and that is told
        }
        let Ok(found) = literals(text, self.limits.depth, |literal| literal.contains('\\')) else {
            self.limit(path, role, format!("its JSON is nested deeper than {}; not read", self.limits.depth));
            return;
        };
        for literal in found {
            let key = if literal.is_key { "{key}" } else { "" };
            let path = format!("{path}#{}{key}", literal.pointer);
            if self.is_full(&path, role) {
                return;
            }
            self.text(&decoded(text.get(literal.place).unwrap_or_default()), &path, role);
        }
    }

    /// Log probabilities repeat a reply token by token: they are read as the one text that they make, and what else
    /// stands there as another.
    fn tokens(&mut self, value: &Value, path: &str, role: SurfaceRole) {
        let (mut said, mut others, mut deep) = (String::new(), String::new(), false);
        let mut open: Vec<(&Value, bool, u32)> = vec![(value, false, 0)];
        while let Some((value, is_token, depth)) = open.pop() {
            match value {
                Value::String(text) if is_token => said.push_str(text),
                Value::String(text) => {
                    others.push_str(text);
                    others.push('\n');
                }
                _ if depth > self.limits.depth => deep = true,
                Value::Array(items) => open.extend(items.iter().rev().map(|item| (item, false, depth + 1))),
                Value::Object(map) => {
                    let fields = map.iter().rev().filter(|(key, _)| *key != "top_logprobs");
                    open.extend(fields.map(|(key, item)| (item, key == "token", depth + 1)));
                    let unknown = map.keys().filter(|key| !is_protocol_key(key));
                    unknown.for_each(|key| {
                        others.push_str(key);
                        others.push('\n');
                    });
                    // What the model might have said instead has no order: each is a word of its own.
                    let instead = map.get("top_logprobs").and_then(Value::as_array).into_iter().flatten();
                    for token in instead.filter_map(|item| item.get("token")?.as_str()) {
                        others.push_str(token);
                        others.push('\n');
                    }
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
        self.text(&said, path, role);
        self.text(&others, &format!("{path}{{others}}"), role);
        if deep {
            self.limit(path, role, format!("nested deeper than {}; not read", self.limits.depth));
        }
    }

    fn text(&mut self, text: &str, path: &str, role: SurfaceRole) {
        if !text.is_empty() {
            self.surfaces.push(Surface::new(path, role, text));
        }
    }

    /// Tells once that there is more than may be read.
    fn is_full(&mut self, path: &str, role: SurfaceRole) -> bool {
        if !self.full && self.surfaces.len() >= self.most {
            self.full = true;
            self.limit(path, role, format!("more than {} texts; the rest was not read", self.most));
        }
        self.path_bytes = self.path_bytes.saturating_sub(path.len());
        if !self.full && self.path_bytes == 0 {
            self.full = true;
            self.limit("", role, format!("names of more than {MAX_PATH_BYTES} bytes in all; the rest was not read"));
        }
        self.full
    }

    fn limit(&mut self, path: &str, role: SurfaceRole, what: String) {
        let unjudged = Some(Unjudged::Limit(what));
        self.surfaces.push(Surface { unjudged, ..Surface::new(path, role, "") });
    }
}

fn role_named(name: &str) -> SurfaceRole {
    match name {
        "system" | "developer" => SurfaceRole::System,
        "assistant" | "model" => SurfaceRole::Assistant,
        "tool" | "function" => SurfaceRole::Tool,
        _ => SurfaceRole::User,
    }
}

/// A tool's result inside a user's message (Anthropic) or an input item (Responses).
pub(crate) fn is_tool_result(map: &Map<String, Value>) -> bool {
    matches!(
        map.get("type").and_then(Value::as_str),
        Some("tool_result" | "function_call_output" | "custom_tool_call_output" | "document" | "search_result")
    )
}

/// Whether there may be a text in it.
fn speaks(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_))
}

/// Lists of the parts of a message.
const PART_LISTS: [&str; 9] =
    ["content", "system", "instructions", "parts", "output", "thinking", "summary", "reasoning", "reasoning_content"];

/// How the place of a part's text ends.
const PART_TEXTS: [&str; 7] = [".text", ".value", ".content", ".thinking", ".refusal", ".summary", ".output"];

/// Fields of a JSON Schema whose values a model reads as they are.
const SCHEMA_VALUES: [&str; 5] = ["const", "default", "enum", "example", "examples"];

/// Fields in which a picture, a sound or a file stands.
const MEDIA_FIELDS: [&str; 7] = ["url", "image_url", "file_data", "data", "b64_json", "image", "audio"];

/// A picture, a sound or a file in base64, where one is expected. One that says it is a text is a text, and so is what is
/// no base64 or too short to be media.
fn is_media(key: &str, text: &str) -> bool {
    const SHORTEST: usize = 32;
    const LONGEST_TYPE: usize = 100;
    if !MEDIA_FIELDS.contains(&key) {
        return false;
    }
    let in_base64 = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
    if let Some((kind, data)) = text.strip_prefix("data:").and_then(|rest| rest.split_once(',')) {
        let of_type = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'+' | b'-' | b';' | b'=');
        let typed = kind.len() <= LONGEST_TYPE && kind.contains('/') && kind.bytes().all(of_type);
        return typed && kind.ends_with(";base64") && !is_text_type(kind) && in_base64(data);
    }
    matches!(key, "data" | "file_data" | "b64_json") && text.len() >= SHORTEST && in_base64(text)
}

/// What a file in base64 says, if it is a text in UTF-8.
fn text_of_file(media: &str) -> Option<String> {
    let data = media.strip_prefix("data:").and_then(|rest| rest.split_once(',')).map_or(media, |(_, data)| data);
    let bytes = base64::engine::general_purpose::STANDARD.decode(data).ok()?;
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

fn is_text_type(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    kind.starts_with("text/") || ["json", "xml", "csv", "yaml", "html", "script"].iter().any(|part| kind.contains(part))
}

#[cfg(test)]
#[path = "surfaces_tests.rs"]
mod tests;
