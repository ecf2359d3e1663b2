//! YAML 1.2 from events. Aliases are not followed: what they stand for is read where its anchor is, and they cannot multiply.

use jingwei_core::Limits;
use saphyr_parser::{Event, Parser, ScalarStyle};

use super::{Broken, Budget, Node, Value};

/// The first document; lockfiles have one.
pub(crate) fn parse(text: &str, limits: &Limits) -> Result<Node, Broken> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut budget = Budget::new(limits);
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| Broken::malformed(line_of(e.marker().line()), "YAML", e.info()))?;
        let line = line_of(span.start.line());
        let done = match event {
            Event::Scalar(value, style, ..) => Node { line, value: scalar(&value, style) },
            Event::Alias(_) => Node { line, value: Value::Null },
            Event::SequenceStart(..) => {
                open.push(Open { line, list: Vec::new(), table: None });
                budget.depth(line, open.len())?;
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open { line, list: Vec::new(), table: Some((Vec::new(), None)) });
                budget.depth(line, open.len())?;
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(closed) => closed.close(),
                None => continue,
            },
            _ => continue,
        };
        budget.entry(line)?;
        match open.last_mut() {
            Some(parent) => parent.add(done),
            None => return Ok(done),
        }
    }
    Ok(Node { line: 1, value: Value::Null })
}

fn line_of(line: usize) -> u32 {
    u32::try_from(line.max(1)).unwrap_or(u32::MAX)
}

fn scalar(value: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::Text(value.to_owned());
    }
    match value {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        number if number.starts_with(|c: char| c.is_ascii_digit()) && number.parse::<f64>().is_ok() => {
            Value::Number(number.to_owned())
        }
        text => Value::Text(text.to_owned()),
    }
}

/// The members of a table, and the key that waits for its value.
type Members = (Vec<(String, Node)>, Option<String>);

/// A collection that has not ended; a table may wait for the value of a key.
struct Open {
    line: u32,
    list: Vec<Node>,
    table: Option<Members>,
}

impl Open {
    fn add(&mut self, node: Node) {
        match &mut self.table {
            None => self.list.push(node),
            Some((table, waiting)) => match waiting.take() {
                Some(key) => table.push((key, node)),
                None => *waiting = Some(node.written().unwrap_or("?").to_owned()),
            },
        }
    }

    fn close(self) -> Node {
        let value = match self.table {
            Some((table, _)) => Value::Table(table),
            None => Value::List(self.list),
        };
        Node { line: self.line, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_knows_its_lines() {
        let node = parse("a: &x\n  - b: 1.0\n    c: '2'\n  - *x\nd: null\n", &Limits::default()).unwrap();
        let first = &node.get("a").list()[0];
        assert_eq!((first.line, first.get("b").written(), first.get("c").text()), (2, Some("1.0"), Some("2")));
        assert!(node.get("a").list()[1].is_null());
        assert!(parse("a: [1", &Limits::default()).is_err());
    }

    #[test]
    fn bombs_do_not_expand() {
        let mut bomb = "a0: &a0 [x, x]\n".to_owned();
        for n in 1..200 {
            bomb += &format!("a{n}: &a{n} [*a{}, *a{}]\n", n - 1, n - 1);
        }
        assert!(parse(&bomb, &Limits::default()).is_ok());
        let deep = Limits { depth: 8, ..Limits::default() };
        assert_eq!(parse(&"- ".repeat(50), &deep).unwrap_err().limit, Some("depth"));
    }
}
