//! What an expression stands for, as far as that is known without running the template.

use std::rc::Rc;

/// Longest list that is kept item by item.
pub(crate) const ITEMS: usize = 1_000;
/// Most values that a name may have at a place, before it counts as unknown.
const CANDIDATES: usize = 16;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Rc<str>),
    List(Rc<Vec<Value>>),
    Dict(Rc<Vec<(Value, Value)>>),
    /// One of several, which depends on the road taken.
    OneOf(Rc<Vec<Value>>),
    /// Comes from the conversation or the program, not from the template.
    Outside(Origin),
    /// The template makes it, in a way that was not followed to its end.
    Unfolded(Origin),
    /// Tells whether these words stand in a message.
    Hit(Rc<str>),
    /// A function or object that the environment offers.
    Global(Rc<str>),
    /// A namespace, by number.
    Space(usize),
    /// A macro, by number.
    Macro(usize),
}

/// Where a value from outside comes from, the more telling last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    Other,
    /// What the clock says.
    Clock,
    /// A message, or several.
    Messages,
    /// What somebody wrote in a message.
    Content,
}

impl Value {
    pub(crate) fn text(text: impl Into<Rc<str>>) -> Self {
        Value::Str(text.into())
    }

    pub(crate) fn list(items: Vec<Value>) -> Self {
        Value::List(Rc::new(items))
    }

    /// The values that it may be; itself where that is one.
    pub(crate) fn candidates(&self) -> &[Value] {
        match self {
            Value::OneOf(values) => values,
            value => std::slice::from_ref(value),
        }
    }

    pub(crate) fn one_of(values: impl IntoIterator<Item = Value>) -> Value {
        let mut kept: Vec<Value> = Vec::new();
        let mut origin = None;
        for value in values.into_iter().flat_map(|value| value.candidates().to_vec()) {
            if kept.len() == CANDIDATES {
                origin = origin.max(Some(value.origin().unwrap_or(Origin::Other)));
            } else if !kept.contains(&value) {
                kept.push(value);
            }
        }
        if let Some(origin) = origin {
            let origin = kept.iter().filter_map(Value::origin).max().unwrap_or(origin).max(origin);
            return Value::Unfolded(origin);
        }
        match kept.len() {
            1 => kept.remove(0),
            _ => Value::OneOf(Rc::new(kept)),
        }
    }

    pub(crate) fn origin(&self) -> Option<Origin> {
        match self {
            Value::Outside(origin) | Value::Unfolded(origin) => Some(*origin),
            Value::List(items) => items.iter().filter_map(Value::origin).max(),
            Value::OneOf(values) => values.iter().filter_map(Value::origin).max(),
            _ => None,
        }
    }

    pub(crate) fn is_content(&self) -> bool {
        self.origin() == Some(Origin::Content)
    }

    /// Nothing about it depends on anything outside.
    pub(crate) fn is_constant(&self) -> bool {
        match self {
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => true,
            Value::List(items) => items.iter().all(Value::is_constant),
            Value::Dict(pairs) => pairs.iter().all(|(key, value)| key.is_constant() && value.is_constant()),
            _ => false,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Bool(truth) => Some(i64::from(*truth)),
            _ => None,
        }
    }

    pub(crate) fn truth(&self) -> Option<bool> {
        Some(match self {
            Value::None => false,
            Value::Bool(truth) => *truth,
            Value::Int(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Dict(pairs) => !pairs.is_empty(),
            _ => return None,
        })
    }

    /// What a loop over it visits, where that is known and not long.
    pub(crate) fn items(&self) -> Option<Vec<Value>> {
        match self {
            Value::List(items) if items.len() <= ITEMS => Some(items.to_vec()),
            Value::Dict(pairs) if pairs.len() <= ITEMS => Some(pairs.iter().map(|(key, _)| key.clone()).collect()),
            Value::Str(text) if text.len() <= ITEMS => Some(text.chars().map(|c| Value::text(c.to_string())).collect()),
            _ => None,
        }
    }

    pub(crate) fn length(&self) -> Option<usize> {
        match self {
            Value::Str(text) => Some(text.chars().count()),
            Value::List(items) => Some(items.len()),
            Value::Dict(pairs) => Some(pairs.len()),
            _ => None,
        }
    }

    /// As Python prints it, for constants.
    pub(crate) fn printed(&self) -> Option<String> {
        Some(match self {
            Value::None => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Str(text) => text.to_string(),
            Value::List(items) if items.len() <= ITEMS => {
                let items: Option<Vec<String>> = items.iter().map(Value::quoted).collect();
                format!("[{}]", items?.join(", "))
            }
            Value::Dict(pairs) if pairs.len() <= ITEMS => {
                let pair = |(key, value): &(Value, Value)| Some(format!("{}: {}", key.quoted()?, value.quoted()?));
                let pairs: Option<Vec<String>> = pairs.iter().map(pair).collect();
                format!("{{{}}}", pairs?.join(", "))
            }
            _ => return None,
        })
    }

    fn quoted(&self) -> Option<String> {
        match self {
            Value::Str(text) => Some(format!("'{text}'")),
            value => value.printed(),
        }
    }
}
