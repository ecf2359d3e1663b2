//! CEL expressions over documented contexts. The only place that knows the `cel` crate.

use std::{collections::HashMap, sync::Arc};

use cel::{Context, Program, Value as Cel};
use serde_json::Value;

/// An expression that does not compile, or does not give what is needed in its context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expression `{source_text}`: {reason}")]
pub struct ExpressionError {
    pub source_text: String,
    pub reason: String,
}

/// A compiled expression.
pub struct Expression {
    source: String,
    program: Program,
}

/// Longest expression that is compiled, in bytes.
const MAX_BYTES: usize = 4096;

impl Expression {
    pub fn compile(source: &str) -> Result<Self, ExpressionError> {
        let error = |reason: String| ExpressionError { source_text: source.chars().take(200).collect(), reason };
        if source.len() > MAX_BYTES {
            return Err(error(format!("longer than {MAX_BYTES} bytes")));
        }
        if nesting(source) > 32 {
            return Err(error("brackets are nested deeper than 32".to_owned()));
        }
        let program = Program::compile(source).map_err(|e| error(one_line(&e.to_string())))?;
        Ok(Self { source: source.to_owned(), program })
    }

    /// True or false in a context, which is a JSON object of variables.
    pub fn holds(&self, context: &Value) -> Result<bool, ExpressionError> {
        match self.value(context)? {
            Cel::Bool(holds) => Ok(holds),
            other => Err(self.error(format!("gives {:?} where true or false is needed", other.type_of()))),
        }
    }

    /// The value as it stands in a message.
    pub fn text(&self, context: &Value) -> Result<String, ExpressionError> {
        match self.value(context)?.json() {
            Ok(Value::String(text)) => Ok(text),
            Ok(Value::Array(items)) => Ok(items.iter().map(plain).collect::<Vec<_>>().join(", ")),
            Ok(other) => Ok(other.to_string()),
            Err(error) => Err(self.error(error.to_string())),
        }
    }

    fn value(&self, context: &Value) -> Result<Cel, ExpressionError> {
        let mut variables = Context::default();
        for (name, value) in context.as_object().into_iter().flatten() {
            variables.add_variable_from_value(name.as_str(), to_cel(value));
        }
        self.program.execute(&variables).map_err(|e| self.error(one_line(&e.to_string())))
    }

    fn error(&self, reason: String) -> ExpressionError {
        ExpressionError { source_text: self.source.clone(), reason }
    }
}

/// Fills `{expression}` in a message. What cannot be evaluated stays as it is written.
#[must_use]
pub fn fill(template: &str, context: &Value) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((inside, tail)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match Expression::compile(inside).and_then(|expression| expression.text(context)) {
            Ok(text) => filled.push_str(&text),
            Err(_) => filled.push_str(&format!("{{{inside}}}")),
        }
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

fn nesting(source: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for c in source.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn to_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(flag) => Cel::Bool(*flag),
        // Whole numbers are CEL ints, so that they compare with literals.
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Cel::Int(whole),
            (None, Some(real)) => Cel::Float(real),
            (None, None) => Cel::Null,
        },
        Value::String(text) => Cel::String(Arc::new(text.clone())),
        Value::Array(items) => Cel::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Object(map) => {
            let map: HashMap<String, Cel> = map.iter().map(|(key, value)| (key.clone(), to_cel(value))).collect();
            map.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_see_their_context() {
        let context =
            json!({ "profile": { "users": 12000_u64, "audience": ["public"] }, "kinds": ["model"], "share": 0.5 });
        for (source, expected) in [
            ("profile.users > 10000 && 'model' in kinds", true),
            ("'minors' in profile.audience", false),
            ("profile.audience.exists(a, a == 'public')", true),
            ("share < 0.6", true),
            ("true", true),
        ] {
            assert_eq!(Expression::compile(source).unwrap().holds(&context), Ok(expected), "{source}");
        }
        assert_eq!(fill("{profile.users} users, {kinds}; {nothing}", &context), "12000 users, model; {nothing}");
        assert_eq!(fill("open { brace", &context), "open { brace");
    }

    #[test]
    fn bad_expressions_are_errors_not_panics() {
        for source in ["", "1 +", "((((", "profile.", "'", "a b", "\u{0}", "1 == ", "[1,2", "{", "é +", "😀", "a?b"]
        {
            let outcome = Expression::compile(source).and_then(|e| e.holds(&json!({})));
            assert!(outcome.is_err(), "{source:?}");
        }
        assert!(Expression::compile("1 + 1").unwrap().holds(&json!({})).is_err());
        assert!(Expression::compile("missing.key").unwrap().holds(&json!({})).is_err());
        assert!(Expression::compile(&"(".repeat(100_000)).is_err());
        assert!(Expression::compile(&format!("{}true{}", "(".repeat(1000), ")".repeat(1000))).is_err());
    }
}
