use jingwei_core::{ChatReply, Finish, Limits, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{reply::clean, reply::read_document};

/// Where an answer of no known format says what. Places are JSON pointers (RFC 6901).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AnswerFields {
    /// The text. Without it the whole body is the text, and nothing else is looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// That it is an error in spite of its good status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Signal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Signal>,
    /// That a filter stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filtered: Option<Signal>,
    /// That it was cut at its longest length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Signal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<String>,
}

/// Something that an answer may say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Signal {
    pub at: String,
    /// Numbers and `true` are compared as they are written. Without values anything counts but nothing: a missing
    /// value, `null`, `false`, and what is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

impl Signal {
    fn found_in<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        let value = document.pointer(&self.at)?;
        let said = match value {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(list) => !list.is_empty(),
            Value::Object(map) => !map.is_empty(),
            _ => true,
        };
        let is = if self.values.is_empty() { said } else { self.values.contains(&words(value)) };
        is.then_some(value)
    }
}

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

impl AnswerFields {
    pub(super) fn check(&self) -> Result<(), String> {
        let signals = [&self.error, &self.refusal, &self.filtered, &self.cut];
        let counts = [&self.text, &self.input_tokens, &self.output_tokens];
        let places = signals.into_iter().flatten().map(|s| &s.at).chain(counts.into_iter().flatten());
        for place in places.clone() {
            if !place.is_empty() && !place.starts_with('/') {
                return Err(format!("`{}` is no JSON pointer; begin it with `/`", clean(place, 80)));
            }
        }
        if self.text.is_none() && places.count() > 0 {
            return Err("the answer's fields are read from JSON only; say where its `text` is".to_owned());
        }
        Ok(())
    }

    /// The reply in the body of a good answer.
    pub(super) fn read(&self, body: &[u8], content_type: &str, limits: &Limits) -> Result<ChatReply, String> {
        let Some(place) = &self.text else {
            if body.len() as u64 > limits.string_bytes {
                return Err(format!("the text is longer than {} bytes", limits.string_bytes));
            }
            let text = std::str::from_utf8(body)
                .map_err(|e| format!("the text is not UTF-8 from byte {} on", e.valid_up_to()))?;
            return Ok(ChatReply::new(text, Finish::Stop));
        };
        let document = read_document(body, content_type, limits)?;
        if let Some(error) = self.error.as_ref().and_then(|signal| signal.found_in(&document)) {
            return Err(format!("the answer is an error: {}", clean(&words(error), 300)));
        }
        if let Some(refused) = self.refused(&document) {
            return Ok(refused);
        }
        let text = match document.pointer(place) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) => String::new(),
            Some(Value::Array(parts)) if parts.iter().all(Value::is_string) => {
                parts.iter().filter_map(Value::as_str).collect()
            }
            Some(_) => return Err(format!("`{place}` is not a text")),
            None => return Err(format!("`{place}` is missing")),
        };
        let cut = self.cut.as_ref().is_some_and(|signal| signal.found_in(&document).is_some());
        let finish = if cut { Finish::Length } else { Finish::Stop };
        Ok(ChatReply { usage: self.usage(&document), ..ChatReply::new(text, finish) })
    }

    /// The reply where the document tells of a refusal or of a filter, whatever its status was.
    pub(super) fn refused(&self, document: &Value) -> Option<ChatReply> {
        let found = |signal: &Option<Signal>| signal.as_ref().and_then(|s| s.found_in(document));
        let (finish, said) = match (found(&self.refusal), found(&self.filtered)) {
            (Some(said), _) => (Finish::Refusal, said),
            (None, Some(said)) => (Finish::ContentFilter, said),
            (None, None) => return None,
        };
        let text = self.text.as_ref().and_then(|place| document.pointer(place)).and_then(Value::as_str);
        let refusal = said.as_str().map(ToOwned::to_owned);
        let usage = self.usage(document);
        Some(ChatReply { refusal, usage, ..ChatReply::new(text.unwrap_or_default(), finish) })
    }

    fn usage(&self, document: &Value) -> Usage {
        let count = |place: &Option<String>| {
            place.as_ref().and_then(|place| document.pointer(place)).and_then(Value::as_u64).unwrap_or(0)
        };
        Usage { input_tokens: count(&self.input_tokens), output_tokens: count(&self.output_tokens) }
    }
}
