//! Operators and formatting, as Python does them.

use crate::template::{
    ast::Op,
    value::{Origin, Value},
};

/// Longest text that is put together. Honest templates stay far below.
pub(crate) const LONGEST: usize = 128 << 10;

/// What an operation yields, or that it would yield far too much.
pub(crate) type Outcome = Result<Value, TooMuch>;

/// A template asks for more than any honest one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMuch(pub u64);

pub(crate) fn operate(op: Op, left: &Value, right: &Value) -> Outcome {
    if matches!((left, right), (Value::OneOf(_), _) | (_, Value::OneOf(_))) {
        let mut values = Vec::new();
        for a in left.candidates() {
            for b in right.candidates() {
                values.push(operate(op, a, b)?);
            }
        }
        return Ok(Value::one_of(values));
    }
    match (op, left, right) {
        (Op::Concat, _, _) => concat(left, right),
        (Op::Add, Value::Str(_), _) | (Op::Add, _, Value::Str(_)) => concat(left, right),
        (Op::Add, Value::List(a), Value::List(b)) if a.len() + b.len() <= crate::template::value::ITEMS => {
            Ok(Value::list(a.iter().chain(b.iter()).cloned().collect()))
        }
        (Op::Multiply, Value::Str(text), count) | (Op::Multiply, count, Value::Str(text)) => repeat(text, count),
        (Op::Multiply, Value::List(items), Value::Int(count))
        | (Op::Multiply, Value::Int(count), Value::List(items)) => {
            let length = (items.len() as u64).saturating_mul(u64::try_from(*count).unwrap_or(0));
            if length > LONGEST as u64 { Err(TooMuch(length)) } else { Ok(Value::Unfolded(Origin::Other)) }
        }
        (Op::Modulo, Value::Str(format), values) => percent(format, values),
        (Op::Power, _, _) => power(left, right),
        _ => Ok(numbers(op, left, right).unwrap_or_else(|| mixed(left, right))),
    }
}

/// From something outside and something known, neither of which is taken apart further.
fn mixed(left: &Value, right: &Value) -> Value {
    let origin = left.origin().max(right.origin());
    match (left, right) {
        (Value::Unfolded(_), _) | (_, Value::Unfolded(_)) => Value::Unfolded(origin.unwrap_or(Origin::Other)),
        _ => Value::Outside(origin.unwrap_or(Origin::Other)),
    }
}

fn concat(left: &Value, right: &Value) -> Outcome {
    match (left.printed(), right.printed()) {
        (Some(a), Some(b)) if a.len() + b.len() > LONGEST => Err(TooMuch((a.len() + b.len()) as u64)),
        (Some(a), Some(b)) => Ok(Value::text(a + &b)),
        // What somebody outside wrote never begins an internal name, unless the template puts the line before it.
        (Some(a), None) if a.starts_with('_') => Ok(Value::Unfolded(right.origin().unwrap_or(Origin::Other))),
        (Some(a), None) if !a.is_empty() && !matches!(right, Value::Unfolded(_)) => {
            Ok(Value::Outside(right.origin().unwrap_or(Origin::Other)))
        }
        _ if matches!(left, Value::Global(_)) || matches!(right, Value::Global(_)) => {
            Ok(Value::Unfolded(Origin::Other))
        }
        _ => Ok(mixed(left, right)),
    }
}

fn repeat(text: &str, count: &Value) -> Outcome {
    let Some(count) = count.as_int() else {
        return Ok(Value::Outside(count.origin().unwrap_or(Origin::Other)));
    };
    let count = usize::try_from(count).unwrap_or(0);
    let length = text.len().saturating_mul(count);
    if length > LONGEST { Err(TooMuch(length as u64)) } else { Ok(Value::text(text.repeat(count))) }
}

fn power(base: &Value, exponent: &Value) -> Outcome {
    let (Some(base), Some(exponent)) = (base.as_int(), exponent.as_int()) else {
        // Of what somebody else gives, no template needs more than a square.
        return match exponent.as_int() {
            Some(high) if high > 8 => Err(TooMuch(high.unsigned_abs())),
            _ => Ok(mixed(base, exponent)),
        };
    };
    if base.unsigned_abs() > 1 && exponent > 4_096 {
        return Err(TooMuch(exponent.unsigned_abs()));
    }
    let value = u32::try_from(exponent).ok().and_then(|exponent| base.checked_pow(exponent));
    Ok(value.map_or(Value::Float(f64::INFINITY), Value::Int))
}

fn numbers(op: Op, left: &Value, right: &Value) -> Option<Value> {
    let (a, b) = (left.as_int()?, right.as_int()?);
    Some(Value::Int(match op {
        Op::Add => a.saturating_add(b),
        Op::Subtract => a.saturating_sub(b),
        Op::Multiply => a.saturating_mul(b),
        Op::FloorDivide | Op::Divide => a.checked_div_euclid(b)?,
        Op::Modulo => a.checked_rem_euclid(b)?,
        _ => return None,
    }))
}

/// A comparison of constants; nothing where it is not known.
pub(crate) fn compare(op: Op, left: &Value, right: &Value) -> Option<bool> {
    if !left.is_constant() || !right.is_constant() {
        return None;
    }
    match op {
        Op::Equal => Some(left == right),
        Op::NotEqual => Some(left != right),
        Op::In | Op::NotIn => {
            let inside = match (left, right) {
                (Value::Str(part), Value::Str(whole)) => whole.contains(&**part),
                (part, whole) => whole.items()?.contains(part),
            };
            Some(inside == (op == Op::In))
        }
        _ => {
            let (a, b) = (left.as_int()?, right.as_int()?);
            Some(match op {
                Op::Less => a < b,
                Op::LessEqual => a <= b,
                Op::Greater => a > b,
                _ => a >= b,
            })
        }
    }
}

/// `format % values`
pub(crate) fn percent(format: &str, values: &Value) -> Outcome {
    let mut values = match values {
        Value::List(items) => items.to_vec(),
        value => vec![value.clone()],
    }
    .into_iter();
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let spec = &rest[at + 1..];
        let length = spec.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+' | ' ' | '#')).unwrap_or(spec.len());
        let (width, after) = spec.split_at(length);
        let widest = width.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse::<u64>().ok()).max();
        if let Some(width) = widest.filter(|width| *width > LONGEST as u64) {
            return Err(TooMuch(width));
        }
        let Some(kind) = after.chars().next() else { break };
        rest = &after[kind.len_utf8()..];
        if kind == '%' {
            out.push('%');
            continue;
        }
        match values.next().and_then(|value| one_percent(kind, &value)) {
            Some(text) => out.push_str(&text),
            None => return Ok(Value::Unfolded(Origin::Other)),
        }
    }
    out.push_str(rest);
    Ok(Value::text(out))
}

fn one_percent(kind: char, value: &Value) -> Option<String> {
    let number = value.as_int();
    Some(match kind {
        'c' => match number {
            Some(code) => char::from_u32(u32::try_from(code).ok()?)?.to_string(),
            None => value.as_str()?.to_owned(),
        },
        's' | 'r' | 'a' => value.printed()?,
        'd' | 'i' | 'u' => number?.to_string(),
        'x' => format!("{:x}", number?),
        'X' => format!("{:X}", number?),
        'o' => format!("{:o}", number?),
        _ => return None,
    })
}

/// The fields of a format text: `a.b` in `{a.b}`. They reach attributes.
pub(crate) fn fields(format: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut rest = format;
    while let Some((_, after)) = rest.split_once('{') {
        let end = after.find(['}', '{']).unwrap_or(after.len());
        fields.push(after[..end].split([':', '!']).next().unwrap_or_default());
        rest = &after[end..];
        rest = rest.strip_prefix('}').unwrap_or(rest);
    }
    fields
}

/// `format.format(values…, names…)`
pub(crate) fn format(format: &str, places: &[Value], names: &[(String, Value)]) -> Outcome {
    let mut out = String::new();
    let mut next = 0;
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let mark = &rest[at..];
        if let Some(after) = mark.strip_prefix("{{").or_else(|| mark.strip_prefix("}}")) {
            out.push_str(&mark[..1]);
            rest = after;
            continue;
        }
        let Some((field, after)) = mark[1..].split_once('}') else { return Ok(Value::Unfolded(Origin::Other)) };
        rest = after;
        let (name, spec) = field.split_once(':').unwrap_or((field, ""));
        let widest = spec.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse::<u64>().ok()).max();
        if let Some(width) = widest.filter(|width| *width > LONGEST as u64) {
            return Err(TooMuch(width));
        }
        let value = match name.split('!').next().unwrap_or_default() {
            "" => {
                next += 1;
                places.get(next - 1)
            }
            name => match name.parse::<usize>() {
                Ok(place) => places.get(place),
                Err(_) => names.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            },
        };
        let printed = match (value, spec) {
            (Some(value), "c") => one_percent('c', value),
            (Some(value), "" | "s" | "d") => value.printed(),
            _ => None,
        };
        match printed {
            Some(text) => out.push_str(&text),
            None => {
                let origin = places.iter().filter_map(Value::origin).max().unwrap_or(Origin::Other);
                let led = !out.is_empty() && !out.starts_with('_');
                return Ok(if led { Value::Outside(origin) } else { Value::Unfolded(origin) });
            }
        }
        if out.len() > LONGEST {
            return Err(TooMuch(out.len() as u64));
        }
    }
    out.push_str(rest);
    Ok(Value::text(out))
}
