//! TOML with the line of every value.

use jingwei_core::Limits;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Broken, Budget, Lines, Node, Value};

pub(crate) fn parse(text: &str, limits: &Limits) -> Result<Node, Broken> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = Lines::of(text);
    let parsed = DeTable::parse(text).map_err(|e| {
        let line = lines.at(e.span().map_or(0, |span| span.start));
        if e.message().contains("recursion limit") {
            Broken::crossed(line, "depth", u64::from(limits.depth))
        } else {
            Broken::malformed(line, "TOML", e.message())
        }
    })?;
    let mut tree = Tree { lines: &lines, budget: Budget::new(limits) };
    tree.table(parsed.get_ref(), 1, 0)
}

struct Tree<'a> {
    lines: &'a Lines,
    budget: Budget<'a>,
}

impl Tree<'_> {
    /// Recursion is bounded: the parser itself refuses deep nesting.
    fn node(&mut self, spanned: &Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Broken> {
        let line = self.lines.at(spanned.span().start);
        self.budget.entry(line)?;
        let value = match spanned.get_ref() {
            DeValue::String(text) => Value::Text(text.clone().into_owned()),
            DeValue::Integer(number) => Value::Number(number.as_str().to_owned()),
            DeValue::Float(number) => Value::Number(number.as_str().to_owned()),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Datetime(time) => Value::Text(time.to_string()),
            DeValue::Array(array) => {
                self.budget.depth(line, depth + 1)?;
                Value::List(array.iter().map(|member| self.node(member, depth + 1)).collect::<Result<_, _>>()?)
            }
            DeValue::Table(table) => return self.table(table, line, depth),
        };
        Ok(Node { line, value })
    }

    fn table(&mut self, table: &DeTable<'_>, line: u32, depth: usize) -> Result<Node, Broken> {
        self.budget.depth(line, depth + 1)?;
        let mut members = Vec::with_capacity(table.len());
        for (key, value) in table.iter() {
            let key_line = self.lines.at(key.span().start);
            let mut node = self.node(value, depth + 1)?;
            // A table's own span may be that of its header; what a reader looks for is the key.
            if matches!(node.value, Value::Text(_) | Value::Number(_)) {
                node.line = key_line;
            }
            members.push((key.get_ref().clone().into_owned(), node));
        }
        // The parser's map is sorted; the file's order is that of its lines.
        members.sort_by_key(|(_, node)| node.line);
        Ok(Node { line, value: Value::Table(members) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_lines() {
        let node =
            parse("b = 1\n\n[[p]]\nname = \"x\"\n[[p]]\nname = 'y'\nn = [1.5, true]\n", &Limits::default()).unwrap();
        let names: Vec<_> =
            node.get("p").list().iter().map(|p| (p.line, p.get("name").line, p.get("name").text())).collect();
        assert_eq!(names, [(3, 4, Some("x")), (5, 6, Some("y"))]);
        assert_eq!(node.path(&["b"]).written(), Some("1"));
        assert_eq!(parse("a = 1\nb = \n", &Limits::default()).unwrap_err().line, 2);
    }

    #[test]
    fn deep_and_long_documents_are_cut() {
        let deep = format!("a = {}", "[".repeat(50_000));
        assert!(parse(&deep, &Limits::default()).is_err());
        let limits = Limits { depth: 3, entries: 1, ..Limits::default() };
        assert_eq!(parse("a = [[[[1]]]]", &limits).unwrap_err().limit, Some("depth"));
        assert_eq!(parse("a = [1,2,3,4,5,6,7,8,9]", &limits).unwrap_err().limit, Some("entries"));
    }
}
