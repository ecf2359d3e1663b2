//! Texts and JSON documents with places to fill: `${prompt}`, `${messages}`, `${model}` and others. `$${` stands for
//! `${`. What is filled in is never read again, and in JSON it cannot leave the value it was put into.

use std::borrow::Cow;

use jingwei_core::{ChatRequest, ChatRole};
use serde_json::{Map, Value};

use super::{openai_chat::message, small_seed};

/// A place to fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// The content of the last message.
    Prompt,
    /// The system messages, with an empty line between them.
    System,
    /// All messages as JSON, as OpenAI's format writes them.
    Messages,
    Model,
    MaxTokens,
    Temperature,
    Seed,
    Attempt,
    Key,
}

const SLOTS: [(&str, Slot); 9] = [
    ("prompt", Slot::Prompt),
    ("system", Slot::System),
    ("messages", Slot::Messages),
    ("model", Slot::Model),
    ("max_tokens", Slot::MaxTokens),
    ("temperature", Slot::Temperature),
    ("seed", Slot::Seed),
    ("attempt", Slot::Attempt),
    ("key", Slot::Key),
];

/// What may stand in bodies, queries and arguments.
pub(super) const CONTENT: [Slot; 8] = [
    Slot::Prompt,
    Slot::System,
    Slot::Messages,
    Slot::Model,
    Slot::MaxTokens,
    Slot::Temperature,
    Slot::Seed,
    Slot::Attempt,
];
/// What may stand in headers and in a command's environment.
pub(super) const ENVELOPE: [Slot; 3] = [Slot::Key, Slot::Model, Slot::Attempt];

/// What the places are filled with.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) request: &'a ChatRequest,
    pub(super) model: &'a str,
    pub(super) attempt: &'a str,
    pub(super) max_tokens: u32,
    pub(super) key: Option<&'a str>,
}

impl<'a> Values<'a> {
    fn text(&self, slot: Slot) -> Cow<'a, str> {
        match slot {
            Slot::Prompt => Cow::Borrowed(self.request.messages.last().map_or("", |m| m.content.as_str())),
            Slot::System => {
                let systems = self.request.messages.iter().filter(|m| m.role == ChatRole::System);
                Cow::Owned(systems.map(|m| m.content.as_str()).collect::<Vec<_>>().join("\n\n"))
            }
            Slot::Model => Cow::Borrowed(self.model),
            Slot::Attempt => Cow::Borrowed(self.attempt),
            Slot::Key => Cow::Borrowed(self.key.unwrap_or_default()),
            Slot::Messages | Slot::MaxTokens | Slot::Temperature | Slot::Seed => {
                Cow::Owned(self.json(slot).to_string())
            }
        }
    }

    fn json(&self, slot: Slot) -> Value {
        match slot {
            Slot::Messages => self.request.messages.iter().map(message).collect(),
            Slot::MaxTokens => self.max_tokens.into(),
            Slot::Temperature => self.request.temperature.into(),
            Slot::Seed => small_seed(self.request.seed).into(),
            Slot::Prompt | Slot::System | Slot::Model | Slot::Attempt | Slot::Key => self.text(slot).into(),
        }
    }

    /// A target that would be sent less than the request says is not asked: its answer would be measured as an
    /// answer to something else.
    pub(super) fn fit(&self, slots: &[Slot]) -> Result<(), String> {
        let messages = &self.request.messages;
        let tool_talk = messages.iter().any(|m| m.role == ChatRole::Tool || !m.tool_calls.is_empty());
        if !self.request.tools.is_empty() {
            return Err("this target cannot be given tools".to_owned());
        }
        if slots.contains(&Slot::Messages) {
            return Ok(());
        }
        if tool_talk || messages.iter().filter(|m| m.role != ChatRole::System).count() > 1 {
            return Err("this target is sent one prompt and no conversation; use `${messages}` in its template".into());
        }
        if messages.last().is_none_or(|last| last.role != ChatRole::User) {
            return Err("this target is sent one prompt, and the request does not end with one".to_owned());
        }
        if messages.len() > 1 && !slots.contains(&Slot::System) {
            return Err("this target is sent no system prompt; use `${system}` or `${messages}` in its template".into());
        }
        Ok(())
    }
}

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Slot(Slot),
}

#[derive(Debug, Clone)]
pub(super) struct TextTemplate(Vec<Piece>);

impl TextTemplate {
    pub(super) fn parse(text: &str, allowed: &[Slot]) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if let Some(before) = rest[..at].strip_suffix('$') {
                plain.push_str(before);
                plain.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            plain.push_str(&rest[..at]);
            let (name, after) = rest[at + 2..].split_once('}').ok_or("a `${` has no `}`; write `$${` for the text")?;
            let known = SLOTS.iter().find(|(known, _)| *known == name);
            let (_, slot) = known.ok_or_else(|| format!("`${{{name}}}` is not known; write `$${{` for the text"))?;
            if !allowed.contains(slot) {
                return Err(match slot {
                    Slot::Key => "`${key}` may stand in headers and in a command's environment only".to_owned(),
                    _ => format!("`${{{name}}}` may not stand here"),
                });
            }
            pieces.extend([Piece::Text(std::mem::take(&mut plain)), Piece::Slot(*slot)]);
            rest = after;
        }
        plain.push_str(rest);
        pieces.push(Piece::Text(plain));
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        Ok(Self(pieces))
    }

    /// The text, where what is filled in passes through `encode`.
    pub(super) fn fill_with(&self, values: &Values<'_>, encode: impl Fn(&str) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Slot(slot) => encode(&values.text(*slot)),
        };
        self.0.iter().map(piece).collect()
    }

    pub(super) fn fill(&self, values: &Values<'_>) -> String {
        self.fill_with(values, ToOwned::to_owned)
    }

    pub(super) fn slots(&self) -> Vec<Slot> {
        self.0.iter().filter_map(|piece| if let Piece::Slot(slot) = piece { Some(*slot) } else { None }).collect()
    }
}

/// A JSON document whose texts have places to fill. A text that is nothing but one place becomes its value: a
/// number stays a number and the messages stay a list.
#[derive(Debug, Clone)]
pub(super) enum JsonTemplate {
    Fixed(Value),
    Whole(Slot),
    Text(TextTemplate),
    List(Vec<JsonTemplate>),
    Map(Vec<(String, JsonTemplate)>),
}

impl JsonTemplate {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Self::of(serde_json::from_str(text).map_err(|e| format!("the template is no JSON: {e}"))?)
    }

    fn of(value: Value) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => {
                let template = TextTemplate::parse(&text, &CONTENT)?;
                match template.0.as_slice() {
                    [Piece::Slot(slot)] => Self::Whole(*slot),
                    _ => Self::Text(template),
                }
            }
            Value::Array(values) => Self::List(values.into_iter().map(Self::of).collect::<Result<_, _>>()?),
            Value::Object(map) => Self::Map(
                map.into_iter().map(|(name, value)| Ok((name, Self::of(value)?))).collect::<Result<_, String>>()?,
            ),
            fixed => Self::Fixed(fixed),
        })
    }

    pub(super) fn fill(&self, values: &Values<'_>) -> Value {
        match self {
            Self::Fixed(value) => value.clone(),
            Self::Whole(slot) => values.json(*slot),
            Self::Text(template) => template.fill(values).into(),
            Self::List(list) => list.iter().map(|template| template.fill(values)).collect(),
            Self::Map(map) => {
                Value::Object(map.iter().map(|(name, t)| (name.clone(), t.fill(values))).collect::<Map<_, _>>())
            }
        }
    }

    pub(super) fn slots(&self) -> Vec<Slot> {
        match self {
            Self::Fixed(_) => Vec::new(),
            Self::Whole(slot) => vec![*slot],
            Self::Text(template) => template.slots(),
            Self::List(list) => list.iter().flat_map(Self::slots).collect(),
            Self::Map(map) => map.iter().flat_map(|(_, template)| template.slots()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jingwei_core::ChatMessage;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn request(messages: Vec<ChatMessage>) -> ChatRequest {
        ChatRequest { messages, tools: Vec::new(), max_tokens: 9, temperature: 0.5, seed: 3 }
    }

    fn values(request: &ChatRequest) -> Values<'_> {
        Values { request, model: "m", attempt: "a-1", max_tokens: 7, key: Some("sk") }
    }

    #[test]
    fn texts_are_filled_once() {
        let request = request(vec![ChatMessage::system("s"), ChatMessage::user("${model} \"x\"\n")]);
        for (template, expected) in [
            ("", Ok("")),
            ("no place", Ok("no place")),
            ("${prompt}", Ok("${model} \"x\"\n")),
            ("[${system}|${model}|${max_tokens}|${temperature}|${seed}|${attempt}]", Ok("[s|m|7|0.5|3|a-1]")),
            ("$${prompt} $5 $ {x}", Ok("${prompt} $5 $ {x}")),
            ("${unknown}", Err("`${unknown}` is not known; write `$${` for the text")),
            ("${prompt", Err("a `${` has no `}`; write `$${` for the text")),
            ("${key}", Err("`${key}` may stand in headers and in a command's environment only")),
        ] {
            let filled = TextTemplate::parse(template, &CONTENT).map(|t| t.fill(&values(&request)));
            assert_eq!(filled.as_deref().map_err(String::as_str), expected, "{template}");
        }
        assert_eq!(TextTemplate::parse("B ${key}", &ENVELOPE).unwrap().fill(&values(&request)), "B sk");
        assert!(TextTemplate::parse("${prompt}", &ENVELOPE).is_err(), "a prompt has no place in a header");
    }

    #[test]
    fn documents_keep_their_types() {
        let request = request(vec![ChatMessage::user("hi")]);
        let template = r#"{"a":"${messages}","b":["${max_tokens}","n ${max_tokens}",null,1.5],"c":{"d":"${prompt}"}}"#;
        let filled = JsonTemplate::parse(template).unwrap().fill(&values(&request));
        let messages = json!([{ "role": "user", "content": "hi" }]);
        assert_eq!(filled, json!({ "a": messages, "b": [7, "n 7", null, 1.5], "c": { "d": "hi" } }));
        for (template, expected) in [("{", "the template is no JSON"), (r#"["${key}"]"#, "`${key}` may stand")] {
            let error = JsonTemplate::parse(template).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn a_target_that_would_be_sent_less_is_not_asked() {
        let (system, user) = (ChatMessage::system("s"), ChatMessage::user("u"));
        let assistant = ChatMessage::assistant("a");
        for (messages, slots, fits) in [
            (vec![user.clone()], vec![Slot::Prompt], true),
            (vec![], vec![Slot::Prompt], false),
            (vec![system.clone(), user.clone()], vec![Slot::Prompt], false),
            (vec![system.clone(), user.clone()], vec![Slot::Prompt, Slot::System], true),
            (vec![user.clone(), assistant.clone()], vec![Slot::Prompt], false),
            (vec![assistant.clone()], vec![Slot::Prompt], false),
            (vec![user.clone(), assistant.clone(), user.clone()], vec![Slot::Prompt], false),
            (vec![system, user.clone(), assistant, user], vec![Slot::Messages], true),
        ] {
            let request = request(messages);
            assert_eq!(values(&request).fit(&slots).is_ok(), fits, "{:?} {slots:?}", request.messages);
        }
    }

    proptest! {
        #[test]
        fn a_prompt_never_leaves_its_string(prompt in ".*", before in "[a-z\"\\\\]{0,5}") {
            let template = json!({ "x": format!("{before}${{prompt}}"), "y": 1 }).to_string();
            let request = request(vec![ChatMessage::user(prompt.clone())]);
            let body = JsonTemplate::parse(&template).unwrap().fill(&values(&request)).to_string();
            let read: Value = serde_json::from_str(&body).unwrap();
            prop_assert_eq!(read, json!({ "x": format!("{before}{prompt}"), "y": 1 }));
        }
    }
}
