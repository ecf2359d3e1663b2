//! The texts of a streamed reply: one hold per choice and field, whatever fields a server invents.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::{Action, Limits, Verdict};
use jingwei_guard::{
    Direction, Engine, Mode, Placeholders, StreamHold, Surface, SurfaceRole, is_protocol_key, is_protocol_word,
};
use serde_json::{Map, Value, json};

use crate::{restorer::Restorer, whole::REPLY_KEYS};

/// The choices of one streamed reply.
pub(crate) struct Choices<'e> {
    engine: &'e Engine,
    mode: Mode,
    limits: Limits,
    /// Of the request.
    placeholders: &'e Placeholders,
    fields: BTreeMap<Field, Held<'e>>,
    open: BTreeSet<u64>,
    ended: BTreeSet<u64>,
    /// The first chunk without its choices: what later chunks of our own are made of.
    head: Map<String, Value>,
    /// Words outside the texts that were judged: names of fields, identifiers, reasons.
    words: BTreeSet<String>,
    pub verdicts: Vec<Verdict>,
}

/// Where a text stands: `choices[choice].delta`, and then the path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Field {
    choice: u64,
    path: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(String),
    /// By its `index`, else by its place.
    Item(u64),
}

struct Held<'e> {
    restorer: Restorer<'e>,
    hold: StreamHold<'e>,
    /// Where nothing is enforced a text goes out as it came, and is judged until the policy would have stopped it.
    stopped: bool,
}

/// The reply goes no further.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The policy stops it. These choices were not finished.
    Stopped { action: Action, open: Vec<u64> },
    /// It is not a chat completion stream.
    Garbled(String),
}

/// More fields than any reply has.
const MOST_FIELDS: usize = 256;
/// More names and identifiers than any reply has.
const MOST_WORDS: usize = 4_096;
/// These come whole, and a client puts no pieces of them together: they are judged at once and never held back.
const WHOLE: [&str; 7] = ["role", "id", "type", "index", "object", "tool_call_id", "call_id"];

impl<'e> Choices<'e> {
    pub(crate) fn new(engine: &'e Engine, mode: Mode, placeholders: &'e Placeholders, limits: Limits) -> Self {
        let (fields, head, verdicts) = (BTreeMap::new(), Map::new(), Vec::new());
        let (open, ended, words) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { engine, mode, limits, placeholders, fields, open, ended, head, words, verdicts }
    }

    /// One chunk in, the chunks that may go out.
    pub(crate) fn chunk(&mut self, chunk: Value) -> Result<Vec<Value>, Cut> {
        let garbled = |reason: &str| Cut::Garbled(reason.to_owned());
        let Value::Object(mut chunk) = chunk else { return Err(garbled("a chunk is not a JSON object")) };
        chunk.retain(|key, _| REPLY_KEYS.contains(&key.as_str()));
        if self.head.is_empty() {
            self.head = chunk.clone();
            self.head.remove("usage");
        }
        for (key, value) in chunk.iter().filter(|(key, _)| *key != "choices") {
            self.words_of(key, value, 0)?;
        }
        let choices = match chunk.get_mut("choices") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(choices)) => std::mem::take(choices),
            Some(_) => return Err(garbled("`choices` is not a list")),
        };
        let (mut out, mut kept) = (Vec::new(), Vec::new());
        for choice in choices {
            let Value::Object(choice) = choice else { return Err(garbled("a choice is not a JSON object")) };
            let (choice, rests) = self.choice(choice)?;
            out.extend(rests);
            kept.push(choice);
        }
        chunk.insert("choices".to_owned(), Value::Array(kept));
        out.push(Value::Object(chunk));
        Ok(out)
    }

    /// Nothing more comes: what was held goes out, or the reply is stopped after all.
    pub(crate) fn end(&mut self) -> Result<Vec<Value>, Cut> {
        let open: Vec<u64> = self.open.iter().copied().collect();
        let mut out = Vec::new();
        for index in open {
            out.extend(self.end_choice(index)?);
        }
        Ok(out)
    }

    /// Whether every choice that began came to its end.
    pub(crate) fn is_whole(&self) -> bool {
        self.open.is_empty() && !self.ended.is_empty()
    }

    /// A choice with what may go out of it, and the chunks that go out before it.
    fn choice(&mut self, mut choice: Map<String, Value>) -> Result<(Value, Vec<Value>), Cut> {
        let index = choice.get("index").and_then(Value::as_u64).unwrap_or(0);
        let mut delta = choice.remove("delta").unwrap_or_else(|| json!({}));
        let finish = choice.remove("finish_reason").filter(Value::is_string);
        if !self.ended.contains(&index) {
            self.open.insert(index);
        }
        if let Some(reason) = finish.as_ref().and_then(Value::as_str) {
            self.word("finish_reason", reason)?;
        }
        self.pass(&mut delta, index, &mut Vec::new(), 0)?;
        let mut before = Vec::new();
        if finish.is_some() {
            let rests = self.end_choice(index)?;
            if !rests.is_empty() {
                // The end comes after the rest, and the rest after what this chunk itself released.
                let begun = std::mem::replace(&mut delta, json!({}));
                if begun != delta {
                    before.push(self.own_chunk(json!({ "index": index, "delta": begun, "finish_reason": null })));
                }
                before.extend(rests);
            }
        }
        Ok((json!({ "index": index, "delta": delta, "finish_reason": finish }), before))
    }

    /// Replaces every text by what its hold releases.
    fn pass(&mut self, value: &mut Value, choice: u64, path: &mut Vec<Step>, depth: u32) -> Result<(), Cut> {
        if depth > self.limits.depth {
            return Err(Cut::Garbled(format!("a chunk is nested deeper than {} levels", self.limits.depth)));
        }
        match value {
            Value::String(text) => {
                let field = Field { choice, path: path.clone() };
                *text = self.push(field, text)?;
            }
            Value::Array(items) => {
                for (place, item) in items.iter_mut().enumerate() {
                    let index = item.get("index").and_then(Value::as_u64);
                    path.push(Step::Item(index.unwrap_or(u64::try_from(place).unwrap_or(u64::MAX))));
                    self.pass(item, choice, path, depth + 1)?;
                    path.pop();
                }
            }
            Value::Object(map) => {
                for (key, item) in map.iter_mut() {
                    self.name(key)?;
                    if let (true, Value::String(word)) = (WHOLE.contains(&key.as_str()), &*item) {
                        self.word(key, word)?;
                        continue;
                    }
                    path.push(Step::Key(key.clone()));
                    self.pass(item, choice, path, depth + 1)?;
                    path.pop();
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        Ok(())
    }

    fn push(&mut self, field: Field, text: &str) -> Result<String, Cut> {
        if text.is_empty() {
            return Ok(String::new());
        }
        if self.ended.contains(&field.choice) {
            return Err(Cut::Garbled(format!("choice {} goes on after its end", field.choice)));
        }
        if self.mode == Mode::Off {
            return Ok(text.to_owned());
        }
        if !self.fields.contains_key(&field) && self.fields.len() >= MOST_FIELDS {
            return Err(Cut::Garbled(format!("the reply has more than {MOST_FIELDS} texts")));
        }
        let (engine, placeholders, limits) = (self.engine, self.placeholders, self.limits);
        let held = self.fields.entry(field).or_insert_with_key(|field| Held {
            restorer: Restorer::new(placeholders),
            hold: StreamHold::new(
                engine,
                Direction::Output,
                Surface::new(field.name(), SurfaceRole::Assistant, ""),
                limits,
            ),
            stopped: false,
        });
        if self.mode == Mode::Shadow {
            held.stopped = held.stopped || held.hold.push(text).stopped;
            return Ok(text.to_owned());
        }
        let seen = held.restorer.before(text);
        let step = held.hold.push(&seen);
        let released = held.restorer.after(step.released);
        if step.stopped { Err(self.stop()) } else { Ok(released) }
    }

    /// A name of a field. Those of the protocol say nothing.
    fn name(&mut self, key: &str) -> Result<(), Cut> {
        if is_protocol_key(key) { Ok(()) } else { self.judge_word("choices{keys}", key) }
    }

    /// A value that comes whole.
    fn word(&mut self, key: &str, word: &str) -> Result<(), Cut> {
        if is_protocol_word(key, word) { Ok(()) } else { self.judge_word(key, word) }
    }

    /// The words of a chunk outside its choices.
    fn words_of(&mut self, key: &str, value: &Value, depth: u32) -> Result<(), Cut> {
        if depth > self.limits.depth {
            return Err(Cut::Garbled(format!("a chunk is nested deeper than {} levels", self.limits.depth)));
        }
        match value {
            Value::String(word) => self.word(key, word),
            Value::Array(items) => items.iter().try_for_each(|item| self.words_of(key, item, depth + 1)),
            Value::Object(map) => map.iter().try_for_each(|(key, item)| {
                self.name(key)?;
                self.words_of(key, item, depth + 1)
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }

    fn judge_word(&mut self, path: &str, word: &str) -> Result<(), Cut> {
        if self.mode == Mode::Off || word.is_empty() || self.words.contains(word) {
            return Ok(());
        }
        if self.words.len() >= MOST_WORDS {
            return Err(Cut::Garbled(format!("the reply has more than {MOST_WORDS} names")));
        }
        let surface = Surface::new(path, SurfaceRole::Assistant, word);
        let verdict = self.engine.judge(Direction::Output, &[surface], &self.limits);
        self.words.insert(word.to_owned());
        // What may not go out as it is goes out in no form: half a name is none.
        let passes = verdict.action == Action::Allow;
        if !passes || !verdict.hits.is_empty() || !verdict.unjudged.is_empty() {
            self.verdicts.push(verdict);
        }
        if passes || self.mode == Mode::Shadow { Ok(()) } else { Err(self.stop()) }
    }

    /// The verdicts of everything that was begun, and the strictest of them.
    fn stop(&mut self) -> Cut {
        // A caller reads the refusal in a choice, so there is always one.
        let open = if self.open.is_empty() { vec![0] } else { self.open.iter().copied().collect() };
        for (_, held) in std::mem::take(&mut self.fields) {
            self.verdicts.push(held.hold.finish().1);
        }
        let action = self.verdicts.iter().map(|verdict| verdict.action).max().unwrap_or(Action::Block);
        Cut::Stopped { action: action.max(Action::Confirm), open }
    }

    /// Chunks with what the fields of a choice still held.
    fn end_choice(&mut self, index: u64) -> Result<Vec<Value>, Cut> {
        let fields: Vec<Field> = self.fields.keys().filter(|field| field.choice == index).cloned().collect();
        let mut rests = Vec::new();
        for field in fields {
            let Some(Held { mut restorer, mut hold, .. }) = self.fields.remove(&field) else { continue };
            if self.mode == Mode::Shadow {
                self.verdicts.push(hold.finish().1);
                continue;
            }
            let pushed = hold.push(&restorer.rest());
            let (last, verdict, _) = hold.finish();
            self.verdicts.push(verdict);
            if pushed.stopped || last.stopped {
                return Err(self.stop());
            }
            let rest = restorer.after(pushed.released + &last.released);
            if !rest.is_empty() {
                rests.push(self.rest_chunk(&field, rest));
            }
        }
        self.open.remove(&index);
        self.ended.insert(index);
        Ok(rests)
    }

    fn rest_chunk(&self, field: &Field, rest: String) -> Value {
        let delta = field.path.iter().rev().fold(Value::String(rest), |inner, step| match step {
            Step::Key(key) => Value::Object(Map::from_iter([(key.clone(), inner)])),
            Step::Item(index) => match inner {
                Value::Object(mut item) => {
                    item.insert("index".to_owned(), json!(index));
                    json!([item])
                }
                other => json!([other]),
            },
        });
        self.own_chunk(json!({ "index": field.choice, "delta": delta, "finish_reason": null }))
    }

    fn own_chunk(&self, choice: Value) -> Value {
        let mut chunk = self.head.clone();
        chunk.insert("choices".to_owned(), json!([choice]));
        Value::Object(chunk)
    }
}

impl Field {
    /// As the guard names surfaces.
    fn name(&self) -> String {
        self.path.iter().fold(format!("choices[{}].delta", self.choice), |name, step| match step {
            Step::Key(key) => format!("{name}.{key}"),
            Step::Item(index) => format!("{name}[{index}]"),
        })
    }
}

#[cfg(test)]
mod tests {
    use jingwei_guard::parse_policy;

    use super::*;

    const POLICY: &str = "kind = 'guard-policy'\nversion = 1\nid = 't'\ntitle = { zh = '测', en = 't' }\n\
        block_message = { zh = '不', en = 'no' }\n[[rule]]\nid = 'r'\ntitle = { zh = '规', en = 'r' }\n\
        direction = 'output'\naction = 'block'\nseverity = 'high'\nwhen = { kind = 'words', en = ['napalm'] }\n";

    fn choice(index: u64, delta: &Value, finish: &Value) -> Value {
        json!({ "choices": [{ "index": index, "delta": delta, "finish_reason": finish }] })
    }

    /// What goes out, put together, or why the reply is cut.
    fn check(chunks: &[Value], expected: Result<&str, &str>) {
        let engine = Engine::compile(&parse_policy("t.toml", POLICY.as_bytes()).unwrap(), &[]).unwrap();
        let placeholders = Placeholders::default();
        let limits = Limits { depth: 6, ..Limits::default() };
        let mut choices = Choices::new(&engine, Mode::Enforce, &placeholders, limits);
        let mut out = String::new();
        let outcome = chunks.iter().try_for_each(|chunk| {
            let texts = |chunk: Value| chunk.pointer("/choices/0/delta").map(Value::to_string).unwrap_or_default();
            out.extend(choices.chunk(chunk.clone())?.into_iter().map(texts));
            Ok(())
        });
        let seen = match &outcome {
            Ok(()) => Ok(out.as_str()),
            Err(Cut::Garbled(reason)) => Err(reason.as_str()),
            Err(Cut::Stopped { .. }) => Err("stopped"),
        };
        assert_eq!(seen, expected, "{chunks:?}");
    }

    #[test]
    fn what_was_held_goes_out_before_the_end() {
        let (stop, none) = (json!("stop"), Value::Null);
        let text = |text: &str| json!({ "content": text });
        check(&[choice(0, &text("a nap"), &stop)], Ok(r#"{"content":"a "}{"content":"nap"}{}"#));
        check(
            &[choice(0, &text("a nap"), &none), choice(0, &json!({}), &stop)],
            Ok(r#"{"content":"a "}{"content":"nap"}{}"#),
        );
        check(&[choice(0, &text("a nap"), &none), choice(0, &text("alm"), &stop)], Err("stopped"));
        let call = |index: u64, name: &str| json!({ "tool_calls": [{ "index": index, "function": { "name": name } }] });
        let held = r#"{"tool_calls":[{"function":{"name":""},"index":3}]}"#;
        let rest = r#"{"tool_calls":[{"function":{"name":"nap"},"index":3}]}"#;
        check(&[choice(0, &call(3, "nap"), &none), choice(0, &json!({}), &stop)], Ok(&format!("{held}{rest}{{}}")));
        check(
            &[choice(0, &call(3, "nap"), &none), choice(0, &call(4, "alm"), &none), choice(0, &call(3, "alm"), &stop)],
            Err("stopped"),
        );
    }

    #[test]
    fn hostile_chunks_are_named() {
        let text = json!({ "content": "a" });
        check(&[json!([])], Err("a chunk is not a JSON object"));
        check(&[json!({ "choices": 1 })], Err("`choices` is not a list"));
        check(&[json!({ "choices": ["x"] })], Err("a choice is not a JSON object"));
        let after = [choice(0, &text, &json!("stop")), choice(0, &text, &Value::Null)];
        check(&after, Err("choice 0 goes on after its end"));
        let many: Vec<Value> = (0..=256).map(|index| choice(index, &text, &Value::Null)).collect();
        check(&many, Err("the reply has more than 256 texts"));
        let deep = (0..8).fold(json!("a"), |inner, _| json!([inner]));
        check(&[choice(0, &deep, &Value::Null)], Err("a chunk is nested deeper than 6 levels"));
        check(&[choice(0, &json!("napalm "), &json!("stop"))], Err("stopped"));
        check(&[choice(0, &json!(7), &json!(7)), json!({ "choices": null })], Ok("7"));
    }
}
