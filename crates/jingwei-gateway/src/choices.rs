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
    /// Names of the tool calls that are under way, by the place of `name`'s object.
    calls: BTreeMap<Field, String>,
    /// The last part of each list of parts, as it names itself.
    parts: BTreeMap<Field, Part>,
    open: BTreeSet<u64>,
    ended: BTreeSet<u64>,
    /// The first chunk without its choices: what later chunks of our own are made of.
    head: Map<String, Value>,
    /// Words outside the texts that were judged and pass: names of fields, identifiers, reasons.
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
    /// Parts of one content: a caller reads them as one text, so they are held as one.
    Parts,
}

/// What a part of a content says about itself.
#[derive(Debug, Default)]
struct Part {
    index: Option<Value>,
    kind: Option<Value>,
}

struct Held<'e> {
    restorer: Restorer<'e>,
    hold: StreamHold<'e>,
    /// Arguments that were released before the name of their tool is known.
    waiting: String,
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
/// Choices that a reply may end, one after another.
const MOST_CHOICES: usize = 4_096;
/// Names and identifiers that are remembered, so that the same one is judged once. A server may give every chunk one of
/// its own: then they are forgotten and judged again.
const MOST_WORDS: usize = 4_096;
/// Objects that hold the name of a tool and what is passed to it.
const CALLS: [&str; 3] = ["function", "function_call", "custom"];
/// What is passed to a tool.
const ARGUMENTS: [&str; 2] = ["arguments", "input"];
/// Longest name of a tool, in bytes.
const MOST_NAME_BYTES: usize = 1_024;
/// Lists of the parts of one text.
const PART_LISTS: [&str; 5] = ["content", "reasoning_content", "reasoning", "thinking", "summary"];
/// These come whole, and a client puts no pieces of them together: they are judged at once and never held back.
const WHOLE: [&str; 7] = ["role", "id", "type", "index", "object", "tool_call_id", "call_id"];

impl<'e> Choices<'e> {
    pub(crate) fn new(engine: &'e Engine, mode: Mode, placeholders: &'e Placeholders, limits: Limits) -> Self {
        let (fields, head, verdicts) = (BTreeMap::new(), Map::new(), Vec::new());
        let (open, ended, words) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (calls, parts) = (BTreeMap::new(), BTreeMap::new());
        Self { engine, mode, limits, placeholders, fields, calls, parts, open, ended, head, words, verdicts }
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
        if self.open.len() + self.ended.len() > MOST_CHOICES {
            return Err(Cut::Garbled(format!("the reply has more than {MOST_CHOICES} choices")));
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
                let are_parts =
                    path.last().is_some_and(|step| matches!(step, Step::Key(key) if is_in(&PART_LISTS, key)));
                for (place, item) in items.iter_mut().enumerate() {
                    let index = item.get("index").and_then(Value::as_u64);
                    if are_parts {
                        self.part(item, choice, path)?;
                        path.push(Step::Parts);
                    } else {
                        path.push(Step::Item(index.unwrap_or(u64::try_from(place).unwrap_or(u64::MAX))));
                    }
                    self.pass(item, choice, path, depth + 1)?;
                    path.pop();
                }
            }
            Value::Object(map) => {
                let is_call = path.last().is_some_and(|step| matches!(step, Step::Key(key) if is_in(&CALLS, key)));
                if is_call {
                    self.call(map, choice, path)?;
                }
                for (key, item) in map.iter_mut() {
                    self.name(key)?;
                    if let (true, Value::String(word)) = (is_in(&WHOLE, key), &*item) {
                        self.word(key, word)?;
                        continue;
                    }
                    if is_call && key == "name" && item.is_string() {
                        continue;
                    }
                    path.push(Step::Key(key.clone()));
                    self.pass(item, choice, path, depth + 1)?;
                    path.pop();
                }
            }
            Value::Number(number) => {
                // What a tool gets as a number is text to it.
                let own =
                    |step: &Step| matches!(step, Step::Key(key) if is_in(&ARGUMENTS, key) || !is_protocol_key(key));
                if path.iter().any(own) {
                    self.judge_word("choices{numbers}", &number.to_string())?;
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
        Ok(())
    }

    /// The name of a tool call. It goes out as it comes, so that callers know whose arguments follow, and what is there of
    /// it is judged as one word each time. Arguments that waited for it go out with it.
    fn call(&mut self, map: &mut Map<String, Value>, choice: u64, path: &[Step]) -> Result<(), Cut> {
        let place = Field { choice, path: path.to_vec() };
        if let Some(piece) = map.get("name").and_then(Value::as_str).filter(|piece| !piece.is_empty()) {
            if !self.calls.contains_key(&place) && self.calls.len() >= MOST_FIELDS {
                return Err(Cut::Garbled(format!("the reply has more than {MOST_FIELDS} tool calls at once")));
            }
            if self.ended.contains(&choice) {
                return Err(Cut::Garbled(format!("choice {choice} goes on after its end")));
            }
            let name = self.calls.entry(place.clone()).or_default();
            // Some servers say the whole name with every chunk.
            if name != piece {
                name.push_str(piece);
            }
            if name.len() > MOST_NAME_BYTES {
                return Err(Cut::Garbled(format!("the name of a tool is longer than {MOST_NAME_BYTES} bytes")));
            }
            let name = name.clone();
            self.judge_word(&format!("{}.name", place.name()), &name)?;
        }
        if self.calls.contains_key(&place) {
            for key in ARGUMENTS {
                let waits = self.fields.get(&place.below(key)).is_some_and(|held| !held.waiting.is_empty());
                if waits && !map.contains_key(key) {
                    map.insert(key.to_owned(), json!(""));
                }
            }
        }
        Ok(())
    }

    /// Remembers what a part says about itself, for what is released after it.
    fn part(&mut self, item: &Value, choice: u64, path: &[Step]) -> Result<(), Cut> {
        let list = Field { choice, path: path.to_vec() };
        if !self.parts.contains_key(&list) && self.parts.len() >= MOST_FIELDS {
            return Err(Cut::Garbled(format!("the reply has more than {MOST_FIELDS} lists of parts")));
        }
        let said = |key: &str| item.get(key).cloned();
        self.parts.insert(list, Part { index: said("index"), kind: said("type") });
        Ok(())
    }

    /// Whether a text is passed to a tool whose name is not known yet.
    fn waits_for_name(&self, field: &Field) -> bool {
        let [.., Step::Key(call), Step::Key(key)] = field.path.as_slice() else { return false };
        let place = Field { choice: field.choice, path: field.path[..field.path.len() - 1].to_vec() };
        is_in(&CALLS, call) && is_in(&ARGUMENTS, key) && !self.calls.contains_key(&place)
    }

    fn push(&mut self, field: Field, text: &str) -> Result<String, Cut> {
        if text.is_empty() {
            let known = !self.waits_for_name(&field);
            let held = self.fields.get_mut(&field).filter(|_| known);
            return Ok(held.map(|held| std::mem::take(&mut held.waiting)).unwrap_or_default());
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
        let waits = self.waits_for_name(&field);
        let (engine, placeholders, limits) = (self.engine, self.placeholders, self.limits);
        let held = self.fields.entry(field).or_insert_with_key(|field| Held {
            restorer: Restorer::new(placeholders),
            hold: StreamHold::new(
                engine,
                Direction::Output,
                Surface::new(field.name(), SurfaceRole::Assistant, ""),
                limits,
            ),
            waiting: String::new(),
            stopped: false,
        });
        if self.mode == Mode::Shadow {
            held.stopped = held.stopped || held.hold.push(text).stopped;
            return Ok(text.to_owned());
        }
        let seen = held.restorer.before(text);
        let step = held.hold.push(&seen);
        let released = held.restorer.after(step.released);
        if step.stopped {
            return Err(self.stop());
        }
        held.waiting.push_str(&released);
        Ok(if waits { String::new() } else { std::mem::take(&mut held.waiting) })
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
            self.words.clear();
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
            let Some(Held { mut restorer, mut hold, waiting, .. }) = self.fields.remove(&field) else { continue };
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
            let rest = waiting + &restorer.after(pushed.released + &last.released);
            if !rest.is_empty() {
                rests.push(self.rest_chunk(&field, rest));
            }
        }
        self.calls.retain(|place, _| place.choice != index);
        self.parts.retain(|place, _| place.choice != index);
        self.open.remove(&index);
        self.ended.insert(index);
        Ok(rests)
    }

    fn rest_chunk(&self, field: &Field, rest: String) -> Value {
        let with = |inner: Value, fields: &[(&str, Option<&Value>)]| match inner {
            Value::Object(mut item) => {
                let fields = fields.iter().filter_map(|(key, value)| Some(((*key).to_owned(), (*value)?.clone())));
                item.extend(fields);
                json!([item])
            }
            other => json!([other]),
        };
        let steps = field.path.iter().enumerate().rev();
        let delta = steps.fold(Value::String(rest), |inner, (nth, step)| match step {
            Step::Key(key) => Value::Object(Map::from_iter([(key.clone(), inner)])),
            Step::Item(index) => with(inner, &[("index", Some(&json!(index)))]),
            Step::Parts => {
                let list = Field { choice: field.choice, path: field.path[..nth].to_vec() };
                let part = self.parts.get(&list);
                let said = |of: fn(&Part) -> &Option<Value>| part.and_then(|part| of(part).as_ref());
                with(inner, &[("index", said(|part| &part.index)), ("type", said(|part| &part.kind))])
            }
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
            Step::Parts => format!("{name}[]"),
        })
    }

    fn below(&self, key: &str) -> Self {
        let mut path = self.path.clone();
        path.push(Step::Key(key.to_owned()));
        Self { choice: self.choice, path }
    }
}

fn is_in(names: &[&str], name: &str) -> bool {
    names.contains(&name)
}

#[cfg(test)]
mod tests {
    use jingwei_guard::parse_policy;

    use super::*;

    const POLICY: &str = "kind = 'guard-policy'\nversion = 1\nid = 't'\ntitle = { zh = '测', en = 't' }\n\
        block_message = { zh = '不', en = 'no' }\n[[rule]]\nid = 'r'\ntitle = { zh = '规', en = 'r' }\n\
        direction = 'output'\naction = 'block'\nseverity = 'high'\nwhen = { kind = 'words', en = ['napalm'] }\n\
        [[rule]]\nid = 'p'\ntitle = { zh = '规', en = 'p' }\ndirection = 'output'\naction = 'redact'\nseverity = 'high'\n\
        when = { kind = 'pii' }\n";

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
    }

    #[test]
    fn parts_of_a_content_are_held_as_one_text() {
        let (stop, none) = (json!("stop"), Value::Null);
        let parts = |texts: &[&str]| {
            let parts: Vec<Value> = texts.iter().map(|text| json!({ "type": "text", "text": text })).collect();
            json!({ "content": parts })
        };
        check(&[choice(0, &parts(&["nap", "alm "]), &none)], Err("stopped"));
        check(&[choice(0, &parts(&["nap"]), &none), choice(0, &parts(&["alm "]), &none)], Err("stopped"));
        let numbered = json!({ "content": [{ "index": 5, "text": "nap" }] });
        check(
            &[choice(0, &numbered, &none), choice(0, &json!({ "content": [{ "index": 6, "text": "alm " }] }), &none)],
            Err("stopped"),
        );
        check(
            &[choice(0, &numbered, &none), choice(0, &json!({}), &stop)],
            Ok(r#"{"content":[{"index":5,"text":""}]}{"content":[{"index":5,"text":"nap"}]}{}"#),
        );
    }

    #[test]
    fn arguments_wait_for_the_name_of_their_tool() {
        let (stop, none) = (json!("stop"), Value::Null);
        let call = |index: u64, function: Value| json!({ "tool_calls": [{ "index": index, "function": function }] });
        let name = |index, name: &str| call(index, json!({ "name": name }));
        let out = |function: &str| format!(r#"{{"tool_calls":[{{"function":{function},"index":3}}]}}"#);
        let (no, yes) = (out(r#"{"arguments":""}"#), out(r#"{"arguments":"{1} ","name":"f"}"#));
        let arguments = call(3, json!({ "arguments": "{1} " }));
        // A name goes out at once, whole or in pieces.
        check(&[choice(0, &name(3, "nap"), &none)], Ok(&out(r#"{"name":"nap"}"#)));
        check(
            &[choice(0, &name(3, "nap"), &none), choice(0, &name(4, "alm"), &none), choice(0, &name(3, "alm"), &none)],
            Err("stopped"),
        );
        check(
            &[choice(0, &name(3, "f"), &none), choice(0, &arguments, &none)],
            Ok(&format!("{}{}", out(r#"{"name":"f"}"#), out(r#"{"arguments":"{1} "}"#))),
        );
        check(&[choice(0, &call(3, json!({ "name": "f", "arguments": "{1} " })), &none)], Ok(&yes));
        check(&[choice(0, &arguments, &none), choice(0, &name(3, "f"), &none)], Ok(&format!("{no}{yes}")));
        check(
            &[choice(0, &arguments, &none), choice(0, &name(3, "f"), &none), choice(0, &json!({}), &stop)],
            Ok(&format!("{no}{yes}{{}}")),
        );
        // Without a name they go out at the end.
        check(
            &[choice(0, &arguments, &none), choice(0, &json!({}), &stop)],
            Ok(&format!("{no}{}{{}}", out(r#"{"arguments":"{1} "}"#))),
        );
        check(
            &[
                choice(0, &call(3, json!({ "arguments": "nap" })), &none),
                choice(0, &call(3, json!({ "arguments": "alm " })), &none),
            ],
            Err("stopped"),
        );
        let long = choice(0, &name(3, &"ab".repeat(1_000)), &none);
        check(&[long], Err("the name of a tool is longer than 1024 bytes"));
    }

    #[test]
    fn a_stream_whose_chunks_all_bear_new_names_goes_on() {
        let chunk = |n: u64, text: &str| json!({ "id": format!("new name {n}"), "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": null }] });
        let mut chunks: Vec<Value> = (0..5_000).map(|n| chunk(n, "")).collect();
        let all = r#"{"content":""}"#.repeat(5_000);
        check(&chunks, Ok(&all));
        chunks.push(json!({ "id": "napalm" }));
        check(&chunks, Err("stopped"));
        chunks.pop();
        chunks.push(chunk(5_000, "napalm "));
        check(&chunks, Err("stopped"));
        let choices: Vec<Value> = (0..5_000).map(|n| choice(n, &json!({ "content": "a" }), &json!("stop"))).collect();
        check(&choices, Err("the reply has more than 4096 choices"));
    }

    #[test]
    fn numbers_that_a_tool_gets_are_judged() {
        let call =
            |arguments: Value| json!({ "tool_calls": [{ "function": { "name": "f", "arguments": arguments } }] });
        check(&[choice(0, &call(json!({ "n": [13812345678_u64] })), &Value::Null)], Err("stopped"));
        let fine = r#"{"tool_calls":[{"function":{"arguments":{"n":7},"name":"f"}}]}"#;
        check(&[choice(0, &call(json!({ "n": 7 })), &Value::Null)], Ok(fine));
        check(&[choice(0, &json!({ "index": 13812345678_u64 }), &Value::Null)], Ok(r#"{"index":13812345678}"#));
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
