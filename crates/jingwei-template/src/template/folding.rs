//! Filters and methods, as far as constants go.

use crate::template::{
    operate::{self, LONGEST, Outcome, TooMuch},
    value::{ITEMS, Origin, Value},
};

/// The arguments of a call, evaluated.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub places: Vec<Value>,
    pub names: Vec<(String, Value)>,
}

impl Given {
    pub(crate) fn place(&self, at: usize) -> Option<&Value> {
        self.places.get(at)
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Value> {
        self.names.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Value> {
        self.places.iter().chain(self.names.iter().map(|(_, value)| value))
    }

    pub(crate) fn origin(&self) -> Option<Origin> {
        self.all().filter_map(Value::origin).max()
    }

    fn text(&self, at: usize) -> Option<&str> {
        self.place(at)?.as_str()
    }
}

/// What a filter makes of a value. `Unfolded` where a constant went in and nobody knows what came out.
pub(crate) fn filter(name: &str, value: &Value, given: &Given) -> Outcome {
    if let Value::OneOf(values) = value {
        let folded: Result<Vec<Value>, TooMuch> = values.iter().map(|value| filter(name, value, given)).collect();
        return folded.map(Value::one_of);
    }
    let known = match name {
        "list" | "unique" => value.items().map(Value::list),
        "string" | "safe" | "escape" | "e" | "forceescape" => value.printed().map(Value::text),
        "default" | "d" => {
            return Ok(Value::one_of(std::iter::once(value.clone()).chain(given.places.first().cloned())));
        }
        "first" | "min" => value.items().and_then(|items| items.first().cloned()),
        "last" | "max" => value.items().and_then(|items| items.last().cloned()),
        "random" => value.items().map(Value::one_of),
        "length" | "count" => value.length().map(|length| Value::Int(i64::try_from(length).unwrap_or(i64::MAX))),
        "reverse" => reversed(value),
        "sort" => sorted(value),
        "join" => return joined(value, given.place(0).or(given.named("d"))),
        "format" => match (value, given.names.is_empty()) {
            (Value::Str(text), true) => return operate::percent(text, &Value::list(given.places.clone())),
            _ => None,
        },
        "items" | "dictsort" => match value {
            Value::Dict(pairs) => Some(Value::list(
                pairs.iter().map(|(key, value)| Value::list(vec![key.clone(), value.clone()])).collect(),
            )),
            _ => None,
        },
        "int" => value.as_int().or_else(|| value.as_str()?.trim().parse().ok()).map(Value::Int),
        "abs" => value.as_int().map(|number| Value::Int(number.saturating_abs())),
        "tojson" => match value {
            Value::Str(text) => serde_json::to_string(&**text).ok().map(Value::text),
            value => value.printed().map(Value::text),
        },
        "trim" | "replace" | "lower" | "upper" | "capitalize" | "title" | "center" | "indent" => {
            return method(name, value, given);
        }
        _ => None,
    };
    Ok(known.unwrap_or_else(|| beyond(value, given)))
}

/// What comes out where folding ends: of a constant something unfolded, of the outside something outside.
fn beyond(value: &Value, given: &Given) -> Value {
    let origin = value.origin().max(given.origin());
    match value {
        Value::Outside(_) | Value::Hit(_) => Value::Outside(origin.unwrap_or(Origin::Other)),
        Value::None | Value::Bool(_) | Value::Float(_) | Value::Int(_) => Value::Outside(Origin::Other),
        _ => Value::Unfolded(origin.unwrap_or(Origin::Other)),
    }
}

fn reversed(value: &Value) -> Option<Value> {
    match value {
        Value::Str(text) => Some(Value::text(text.chars().rev().collect::<String>())),
        value => value.items().map(|items| Value::list(items.into_iter().rev().collect())),
    }
}

fn sorted(value: &Value) -> Option<Value> {
    let mut items = value.items()?;
    if !items.iter().all(|item| item.as_str().is_some()) {
        return None;
    }
    items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Some(Value::list(items))
}

fn joined(value: &Value, glue: Option<&Value>) -> Outcome {
    let glue = match glue {
        None => Some(String::new()),
        Some(glue) => glue.printed(),
    };
    let Some((items, glue)) = value.items().zip(glue) else {
        return Ok(beyond(value, &Given::default()));
    };
    let mut out = String::new();
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push_str(&glue);
        }
        let Some(text) = item.printed() else {
            let origin = value.origin().unwrap_or(Origin::Other);
            let led = !out.is_empty() && !out.starts_with('_');
            return Ok(if led || item.origin().is_some() && out.is_empty() {
                Value::Outside(origin)
            } else {
                Value::Unfolded(origin)
            });
        };
        out.push_str(&text);
        if out.len() > LONGEST {
            return Err(TooMuch(out.len() as u64));
        }
    }
    Ok(Value::text(out))
}

/// What a method of a constant yields.
pub(crate) fn method(name: &str, value: &Value, given: &Given) -> Outcome {
    match value {
        Value::OneOf(values) => {
            let folded: Result<Vec<Value>, TooMuch> = values.iter().map(|value| method(name, value, given)).collect();
            folded.map(Value::one_of)
        }
        Value::Str(text) => text_method(name, text, given),
        Value::Dict(pairs) => Ok(dict_method(name, pairs, given)),
        Value::List(items) if matches!(name, "pop" | "__getitem__") => Ok(Value::one_of(items.iter().cloned())),
        value => Ok(beyond(value, given)),
    }
}

fn dict_method(name: &str, pairs: &[(Value, Value)], given: &Given) -> Value {
    match name {
        "get" | "pop" | "setdefault" => subscript_of(pairs, given.place(0)),
        "keys" => Value::list(pairs.iter().map(|(key, _)| key.clone()).collect()),
        "values" => Value::list(pairs.iter().map(|(_, value)| value.clone()).collect()),
        "items" => {
            Value::list(pairs.iter().map(|(key, value)| Value::list(vec![key.clone(), value.clone()])).collect())
        }
        _ => Value::Outside(Origin::Other),
    }
}

/// One of the values where the key is not known.
pub(crate) fn subscript_of(pairs: &[(Value, Value)], key: Option<&Value>) -> Value {
    match key {
        Some(key) if key.is_constant() => pairs
            .iter()
            .rev()
            .find(|(known, _)| known == key)
            .map_or(Value::Outside(Origin::Other), |(_, value)| value.clone()),
        _ => Value::one_of(pairs.iter().map(|(_, value)| value.clone()).chain([Value::Outside(Origin::Other)])),
    }
}

fn text_method(name: &str, text: &str, given: &Given) -> Outcome {
    let folded = match name {
        "lower" | "casefold" => text.to_lowercase(),
        "upper" => text.to_uppercase(),
        "swapcase" => text.chars().map(|c| if c.is_lowercase() { upper(c) } else { lower(c) }).collect(),
        "capitalize" => capitalized(text),
        "title" => text.split(' ').map(capitalized).collect::<Vec<_>>().join(" "),
        "strip" | "trim" => trimmed(text, given, true, true),
        "lstrip" => trimmed(text, given, true, false),
        "rstrip" => trimmed(text, given, false, true),
        "replace" => return replaced(text, given),
        "removeprefix" => given.text(0).and_then(|part| text.strip_prefix(part)).unwrap_or(text).to_owned(),
        "removesuffix" => given.text(0).and_then(|part| text.strip_suffix(part)).unwrap_or(text).to_owned(),
        "format" => return operate::format(text, &given.places, &given.names),
        "join" => match given.place(0) {
            Some(items) => return joined(items, Some(&Value::text(text))),
            None => return Ok(Value::Unfolded(Origin::Other)),
        },
        "split" | "rsplit" => {
            let parts: Vec<Value> = match given.text(0) {
                Some("") => Vec::new(),
                Some(glue) => text.split(glue).take(ITEMS).map(Value::text).collect(),
                None => text.split_whitespace().take(ITEMS).map(Value::text).collect(),
            };
            return Ok(Value::list(parts));
        }
        "splitlines" => return Ok(Value::list(text.lines().take(ITEMS).map(Value::text).collect())),
        "center" | "ljust" | "rjust" | "zfill" | "indent" | "expandtabs" => {
            let width = given.all().filter_map(Value::as_int).max().unwrap_or(0);
            return match u64::try_from(width) {
                Ok(width) if width > LONGEST as u64 => Err(TooMuch(width)),
                _ => Ok(Value::text(text)),
            };
        }
        "startswith" | "endswith" | "find" | "index" | "count" | "isdigit" | "isalpha" | "islower" | "isupper" => {
            return Ok(Value::Outside(given.origin().unwrap_or(Origin::Other)));
        }
        _ => return Ok(Value::Unfolded(given.origin().unwrap_or(Origin::Other))),
    };
    Ok(Value::text(folded))
}

fn upper(c: char) -> char {
    c.to_uppercase().next().unwrap_or(c)
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(upper).into_iter().chain(characters.flat_map(char::to_lowercase)).collect()
}

fn trimmed(text: &str, given: &Given, front: bool, back: bool) -> String {
    let characters = given.text(0);
    let cut = |c: char| characters.map_or_else(|| c.is_whitespace(), |set| set.contains(c));
    let text = if front { text.trim_start_matches(cut) } else { text };
    if back { text.trim_end_matches(cut) } else { text }.to_owned()
}

fn replaced(text: &str, given: &Given) -> Outcome {
    let (Some(from), Some(to)) = (given.place(0), given.place(1)) else {
        return Ok(Value::Unfolded(Origin::Other));
    };
    let mut values = Vec::new();
    for from in from.candidates() {
        for to in to.candidates() {
            let (Some(from), Some(to)) = (from.as_str(), to.as_str()) else {
                return Ok(Value::Unfolded(given.origin().unwrap_or(Origin::Other)));
            };
            let count = if from.is_empty() { text.len() + 1 } else { text.matches(from).count() };
            let length = text.len().saturating_add(count.saturating_mul(to.len()));
            if length > LONGEST {
                return Err(TooMuch(length as u64));
            }
            values.push(Value::text(text.replace(from, to)));
        }
    }
    Ok(Value::one_of(values))
}

/// `value[start:stop:step]` of a constant, with constant ends.
pub(crate) fn slice(value: &Value, ends: [Option<Value>; 3]) -> Value {
    if let Value::OneOf(values) = value {
        return Value::one_of(values.iter().map(|value| slice(value, ends.clone())));
    }
    let known = ends.iter().flatten().all(|end| matches!(end, Value::Int(_) | Value::None));
    let items = value.items().filter(|_| known);
    let Some(items) = items else { return beyond(value, &Given::default()) };
    let [start, stop, step] = ends.map(|end| end.and_then(|end| end.as_int()));
    let picked = pick(&items, start, stop, step.unwrap_or(1));
    match value {
        Value::Str(_) => Value::text(picked.iter().filter_map(Value::as_str).collect::<String>()),
        _ => Value::list(picked),
    }
}

fn pick(items: &[Value], start: Option<i64>, stop: Option<i64>, step: i64) -> Vec<Value> {
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let from_end = |end: i64| if end < 0 { end.saturating_add(length) } else { end };
    let (low, high) = if step < 0 { (-1, length - 1) } else { (0, length) };
    let start = start.map_or(if step < 0 { high } else { low }, |end| from_end(end).clamp(low, high));
    let stop = stop.map_or(if step < 0 { low } else { high }, |end| from_end(end).clamp(low, high));
    let mut picked = Vec::new();
    let mut at = start;
    while step != 0 && (if step < 0 { at > stop } else { at < stop }) {
        picked.extend(usize::try_from(at).ok().and_then(|at| items.get(at)).cloned());
        at = at.saturating_add(step);
    }
    picked
}
