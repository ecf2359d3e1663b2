//! Any HTTP service, by a template of its request and the places of its answer.

use std::collections::BTreeMap;

use bytes::Bytes;
use jingwei_core::{ChatReply, Limits};
use reqwest::{
    Method,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde::{Deserialize, Serialize};

use super::{
    answer::AnswerFields,
    content_type,
    template::{CONTENT, ENVELOPE, JsonTemplate, Slot, TextTemplate, Values},
    without_query,
};
use crate::{
    client::{Answer, Outgoing, read_url},
    read_json,
    refusal::may_refuse,
};

/// A request with places to fill: `${prompt}`, `${system}`, `${messages}`, `${model}`, `${max_tokens}`,
/// `${temperature}`, `${seed}`, `${attempt}`; headers have `${key}`, `${model}` and `${attempt}`. In the address
/// they may stand behind the `?` only, so a prompt chooses neither host nor path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HttpTemplate {
    #[serde(default)]
    pub method: HttpVerb,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: HttpBody,
    #[serde(default)]
    pub answer: AnswerFields,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HttpVerb {
    Get,
    #[default]
    Post,
    Put,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HttpBody {
    #[default]
    None,
    /// JSON text. A string that is nothing but one place becomes its value: `"${messages}"` a list.
    Json(String),
    Text(String),
    /// Fields of a form, `application/x-www-form-urlencoded`.
    Form(BTreeMap<String, String>),
}

/// Headers that carry nothing but keys.
const KEY_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "x-api-key", "api-key"];

#[derive(Clone)]
pub(super) struct Prepared {
    method: Method,
    address: TextTemplate,
    shown: String,
    headers: Vec<(HeaderName, TextTemplate)>,
    body: Body,
    answer: AnswerFields,
    slots: Vec<Slot>,
}

#[derive(Clone)]
enum Body {
    None,
    Json(JsonTemplate),
    Text(TextTemplate),
    Form(Vec<(String, TextTemplate)>),
}

impl Prepared {
    pub(super) fn new(url: &str, template: &HttpTemplate, has_key: bool) -> Result<Self, String> {
        let (place, query) = url.split_once('?').map_or((url, ""), |(place, query)| (place, query));
        if place.contains("${") {
            return Err("placeholders may stand behind the `?` of an address only".to_owned());
        }
        let shown = without_query(&read_url(place).map_err(|e| e.to_string())?);
        let address = TextTemplate::parse(url, &CONTENT)?;
        let mut headers = Vec::new();
        for (name, value) in &template.headers {
            let wrong = |reason: String| format!("header `{name}`: {reason}");
            let value = TextTemplate::parse(value, &ENVELOPE).map_err(wrong)?;
            if value.slots().contains(&Slot::Key) && !has_key {
                return Err(wrong("it needs `${key}`, and the target has no key".to_owned()));
            }
            if KEY_HEADERS.contains(&name.to_ascii_lowercase().as_str()) && !value.slots().contains(&Slot::Key) {
                return Err(wrong("a key in the settings would end in reports; write `${key}` for it".to_owned()));
            }
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| wrong(e.to_string()))?;
            if name == reqwest::header::ACCEPT_ENCODING {
                return Err(wrong("packed answers are not read; remove it".to_owned()));
            }
            headers.push((name, value));
        }
        let (body, slots) = match &template.body {
            HttpBody::None => (Body::None, Vec::new()),
            HttpBody::Json(text) => {
                let json = JsonTemplate::parse(text)?;
                let slots = json.slots();
                (Body::Json(json), slots)
            }
            HttpBody::Text(text) => {
                let text = TextTemplate::parse(text, &CONTENT)?;
                let slots = text.slots();
                (Body::Text(text), slots)
            }
            HttpBody::Form(fields) => {
                let fields: Vec<(String, TextTemplate)> = fields
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), TextTemplate::parse(value, &CONTENT)?)))
                    .collect::<Result<_, String>>()?;
                let slots = fields.iter().flat_map(|(_, value)| value.slots()).collect();
                (Body::Form(fields), slots)
            }
        };
        let slots = [slots, TextTemplate::parse(query, &CONTENT)?.slots()].concat();
        if !slots.contains(&Slot::Prompt) && !slots.contains(&Slot::Messages) {
            return Err("the template sends no prompt; use `${prompt}` or `${messages}` in it".to_owned());
        }
        template.answer.check()?;
        let method = match template.method {
            HttpVerb::Get => Method::GET,
            HttpVerb::Post => Method::POST,
            HttpVerb::Put => Method::PUT,
        };
        Ok(Self { method, address, shown, headers, body, answer: template.answer.clone(), slots })
    }

    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) fn request(&self, values: &Values<'_>) -> Result<Outgoing, String> {
        values.fit(&self.slots)?;
        let url = read_url(&self.address.fill_with(values, percent_encoded)).map_err(|e| e.to_string())?;
        let mut headers = HeaderMap::new();
        let (kind, body) = match &self.body {
            Body::None => (None, Bytes::new()),
            Body::Json(template) => (Some("application/json"), template.fill(values).to_string().into()),
            Body::Text(template) => (Some("text/plain; charset=utf-8"), template.fill(values).into()),
            Body::Form(fields) => {
                let field = |(name, value): &(String, TextTemplate)| {
                    format!("{}={}", percent_encoded(name), percent_encoded(&value.fill(values)))
                };
                let form = fields.iter().map(field).collect::<Vec<_>>().join("&");
                (Some("application/x-www-form-urlencoded"), form.into())
            }
        };
        headers.extend(kind.map(|kind| (CONTENT_TYPE, HeaderValue::from_static(kind))));
        super::name_attempt(&mut headers, values.attempt).map_err(|e| e.to_string())?;
        for (name, template) in &self.headers {
            let value = crate::chat::sensitive(&template.fill(values)).map_err(|e| e.to_string())?;
            headers.insert(name.clone(), value);
        }
        Ok(Outgoing { method: self.method.clone(), url, headers, body })
    }

    pub(super) fn read(&self, answer: &Answer, limits: &Limits) -> Result<ChatReply, String> {
        self.answer.read(&answer.body, content_type(answer), limits)
    }

    /// The service's own refusal in an answer with a status that may be one.
    pub(super) fn refused(&self, answer: &Answer, limits: &Limits) -> Option<ChatReply> {
        if !may_refuse(answer.status) {
            return None;
        }
        self.answer.refused(&read_json(&answer.body, limits).ok()?)
    }
}

/// Everything but the unreserved characters of RFC 3986 is written in percent form.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use jingwei_core::{ChatMessage, ChatRequest};
    use proptest::prelude::*;
    use reqwest::Url;

    use super::*;

    proptest! {
        #[test]
        fn a_prompt_chooses_neither_host_nor_path_nor_fields(prompt in ".*") {
            let fields = [("a", "${prompt}"), ("b", "1")].map(|(n, v)| (n.to_owned(), v.to_owned()));
            let template = HttpTemplate { body: HttpBody::Form(fields.into()), ..HttpTemplate::default() };
            let prepared = Prepared::new("http://h.example/p?q=${prompt}&z=1", &template, false).unwrap();
            let messages = vec![ChatMessage::user(prompt.clone())];
            let request = ChatRequest { messages, tools: Vec::new(), max_tokens: 1, temperature: 0.0, seed: 0 };
            let values = Values { request: &request, model: "m", attempt: "a", max_tokens: 1, key: None };
            let out = prepared.request(&values).unwrap();
            prop_assert_eq!((out.url.host_str(), out.url.path()), (Some("h.example"), "/p"));
            let expected = |first: &str, second: &str| {
                vec![(first.to_owned(), prompt.clone()), (second.to_owned(), "1".to_owned())]
            };
            let pairs = |url: &Url| -> Vec<(String, String)> { url.query_pairs().into_owned().collect() };
            prop_assert_eq!(pairs(&out.url), expected("q", "z"));
            let form = Url::parse(&format!("http://h/?{}", String::from_utf8_lossy(&out.body))).unwrap();
            prop_assert_eq!(pairs(&form), expected("a", "b"));
        }
    }

    #[test]
    fn templates_that_cannot_work_are_refused_at_once() {
        let json = |text: &str| HttpTemplate { body: HttpBody::Json(text.to_owned()), ..HttpTemplate::default() };
        let headed = |name: &str, value: &str| HttpTemplate {
            headers: [(name.to_owned(), value.to_owned())].into(),
            ..json(r#"["${prompt}"]"#)
        };
        for (url, template, expected) in [
            ("http://h/${prompt}", json("{}"), "behind the `?`"),
            ("http://${model}/", json("{}"), "behind the `?`"),
            ("http://h/?k=${key}", json("{}"), "headers and in a command's environment only"),
            ("ftp://h/", json("{}"), "scheme `ftp`"),
            ("http://u:p@h/", json("{}"), "credentials"),
            ("http://h/", json("{}"), "sends no prompt"),
            ("http://h/", json("{"), "no JSON"),
            ("http://h/", headed("authorization", "Bearer ${key}"), "the target has no key"),
            ("http://h/", headed("X-Api-Key", "sk-1"), "write `${key}` for it"),
            ("http://h/", headed("x y", "1"), "header `x y`"),
            ("http://h/", headed("accept-encoding", "gzip"), "packed answers"),
            ("http://h/", headed("a", "${prompt}"), "may not stand here"),
        ] {
            let error = Prepared::new(url, &template, false).err().unwrap();
            assert!(error.contains(expected), "{url} {template:?}: {error}");
        }
    }
}
