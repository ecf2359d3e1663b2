//! Reads a TOML document into a type and says everything that is wrong with it at once, with lines.
//!
//! One definition, many projections: the Rust type gives the JSON Schema, the schema gives the
//! check with line numbers, and what passes is deserialised into the type. Catalog items, manifests
//! and guard policies are all read here.

use std::{
    collections::HashMap,
    fmt,
    ops::Range,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use jingwei_core::{Lang, Text};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Largest document that is read, in bytes.
pub const MAX_BYTES: usize = 4 << 20;

/// Something wrong in a document: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// Dotted path of the value, empty for the whole document.
    pub key: String,
    pub message: Text,
}

impl Problem {
    #[must_use]
    pub fn display(&self, lang: Lang) -> String {
        let at = if self.key.is_empty() { String::new() } else { format!("`{}`: ", self.key) };
        format!("{}:{}: {at}{}", self.file, self.line, self.message.get(lang))
    }
}

/// Everything that is wrong with a document or a set of documents. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    #[must_use]
    pub fn display(&self, lang: Lang) -> String {
        self.0.iter().map(|problem| problem.display(lang)).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display(Lang::En))
    }
}

impl std::error::Error for Problems {}

/// A document that was read, with the lines of its values, for checks that need more than the shape.
#[derive(Debug, Clone)]
pub struct Document<T> {
    pub value: T,
    pub places: Places,
}

/// Lines of a document's values by dotted path: `component[0].id`.
#[derive(Debug, Clone, Default)]
pub struct Places {
    file: String,
    lines: HashMap<String, usize>,
}

impl Places {
    /// A problem at a value, or at the nearest value above it.
    #[must_use]
    pub fn problem(&self, key: &str, message: Text) -> Problem {
        let mut at = key;
        let line = loop {
            if let Some(line) = self.lines.get(at) {
                break *line;
            }
            match at.rfind(['.', '[']) {
                Some(cut) => at = &at[..cut],
                None => break 1,
            }
        };
        Problem { file: self.file.clone(), line, key: key.to_owned(), message }
    }
}

/// The JSON Schema of a document type, for editors.
#[must_use]
pub fn schema_of<T: JsonSchema>() -> Value {
    schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}

/// The schema of a type, made once: a catalog holds hundreds of documents of ten types.
fn known_schema<T: JsonSchema>() -> Arc<Value> {
    static MADE: LazyLock<Mutex<HashMap<&'static str, Arc<Value>>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(made.entry(std::any::type_name::<T>()).or_insert_with(|| Arc::new(schema_of::<T>())))
}

/// Reads a document. All problems come back at once.
pub fn parse<T: JsonSchema + DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<Document<T>, Problems> {
    let text = decode(file, bytes)?;
    let mut reader = Reader { file, starts: line_starts(text), spans: HashMap::new(), problems: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let start = error.span().map_or(0, |span| span.start);
        let said = error.message().lines().next().unwrap_or_default().to_owned();
        reader.problem_at(start, "", Text::new(format!("TOML 语法错误：{said}"), format!("TOML syntax: {said}")));
    }
    let value = reader.table(table.get_ref(), "");
    if reader.problems.is_empty() {
        let schema = known_schema::<T>();
        Checker { reader: &mut reader, root: &schema }.check(&value, &schema, "");
    }
    let places = reader.places();
    let Reader { mut problems, .. } = reader;
    if problems.is_empty() {
        match serde_json::from_value(value) {
            Ok(value) => return Ok(Document { value, places }),
            Err(error) => problems.push(places.problem("", Text::same(error.to_string()))),
        }
    }
    problems.sort();
    problems.dedup();
    Err(Problems(problems))
}

/// Where things stand in a document, as far as it can be read.
#[must_use]
pub(crate) fn places(file: &str, bytes: &[u8]) -> Places {
    let text = decode(file, bytes).unwrap_or_default();
    let mut reader = Reader { file, starts: line_starts(text), spans: HashMap::new(), problems: Vec::new() };
    let (table, _) = DeTable::parse_recoverable(text);
    reader.table(table.get_ref(), "");
    reader.places()
}

fn decode<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Problems> {
    let whole = |line, message| Problems(vec![Problem { file: file.to_owned(), line, key: String::new(), message }]);
    if bytes.len() > MAX_BYTES {
        let message =
            Text::new(format!("文件超过 {MAX_BYTES} 字节，请拆分"), format!("larger than {MAX_BYTES} bytes; split it"));
        return Err(whole(1, message));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(whole(1, Text::new("文件是 UTF-16 编码，请另存为 UTF-8", "encoded as UTF-16; save it as UTF-8")));
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
        let zh = "不是 UTF-8 编码（可能是 GBK 或 GB 18030），请另存为 UTF-8";
        whole(line, Text::new(zh, "not UTF-8 (GBK or GB 18030 perhaps); save it as UTF-8"))
    })
}

struct Reader<'a> {
    file: &'a str,
    /// Where lines begin.
    starts: Vec<usize>,
    /// Dotted path → bytes of the key (or of the value, for list elements).
    spans: HashMap<String, usize>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn line_at(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    fn problem_at(&mut self, offset: usize, key: &str, message: Text) {
        let line = self.line_at(offset);
        self.problems.push(Problem { file: self.file.to_owned(), line, key: key.to_owned(), message });
    }

    fn problem(&mut self, key: &str, message: Text) {
        let mut at = key;
        let offset = loop {
            if let Some(offset) = self.spans.get(at) {
                break *offset;
            }
            match at.rfind(['.', '[']) {
                Some(cut) => at = &at[..cut],
                None => break 0,
            }
        };
        self.problem_at(offset, key, message);
    }

    fn places(&self) -> Places {
        let lines = self.spans.iter().map(|(key, offset)| (key.clone(), self.line_at(*offset))).collect();
        Places { file: self.file.to_owned(), lines }
    }

    fn table(&mut self, table: &DeTable<'_>, path: &str) -> Value {
        let mut map = Map::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let here = join(path, name);
            self.spans.insert(here.clone(), key.span().start);
            map.insert(name.to_owned(), self.value(value, &here));
        }
        Value::Object(map)
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, path: &str) -> Value {
        let Range { start, .. } = value.span();
        match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Datetime(time) => Value::String(time.to_string()),
            DeValue::Integer(digits) => match i64::from_str_radix(digits.as_str(), digits.radix()) {
                Ok(number) => Value::Number(number.into()),
                Err(_) => {
                    self.problem_at(
                        start,
                        path,
                        Text::new("整数超出 64 位范围", "the whole number does not fit 64 bits"),
                    );
                    Value::Null
                }
            },
            DeValue::Float(digits) => match digits.as_str().parse().ok().and_then(Number::from_f64) {
                Some(number) => Value::Number(number),
                None => {
                    self.problem_at(start, path, Text::new("需要有限的数", "a finite number is needed"));
                    Value::Null
                }
            },
            DeValue::Table(table) => self.table(table, path),
            DeValue::Array(list) => {
                let items = list.iter().enumerate().map(|(index, item)| {
                    let here = format!("{path}[{index}]");
                    self.spans.insert(here.clone(), item.span().start);
                    self.value(item, &here)
                });
                Value::Array(items.collect())
            }
        }
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(after_breaks).collect()
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Compares a value with the part of JSON Schema 2020-12 that our types give rise to.
struct Checker<'r, 'a, 's> {
    reader: &'r mut Reader<'a>,
    root: &'s Value,
}

impl<'s> Checker<'_, '_, 's> {
    fn resolve(&self, schema: &'s Value) -> &'s Value {
        let mut schema = schema;
        while let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            match self.root.pointer(name.trim_start_matches('#')) {
                Some(target) => schema = target,
                None => return schema,
            }
        }
        schema
    }

    fn check(&mut self, value: &Value, schema: &'s Value, path: &str) {
        let schema = self.resolve(schema);
        if let Some(branches) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array) {
            self.branches(value, branches, path);
        }
        if let Some(fixed) = schema.get("const") {
            if fixed != value {
                self.not_one_of(value, std::slice::from_ref(fixed), path);
            }
            return;
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
            if !allowed.contains(value) {
                self.not_one_of(value, allowed, path);
            }
            return;
        }
        if !self.type_fits(value, schema, path) {
            return;
        }
        match value {
            Value::Object(map) => self.object(map, schema, path),
            Value::Array(items) => self.list(items, schema, path),
            Value::String(text) => self.string(text, schema, path),
            Value::Number(number) => self.number(number, schema, path),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// One of several shapes: the one whose fixed field fits, else the one with the fewest problems.
    fn branches(&mut self, value: &Value, branches: &'s [Value], path: &str) {
        let branches: Vec<&Value> = branches.iter().map(|branch| self.resolve(branch)).collect();
        let fixed: Vec<Value> = branches.iter().filter_map(|branch| branch.get("const").cloned()).collect();
        let listed =
            branches.iter().filter_map(|branch| branch.get("enum").and_then(Value::as_array)).flatten().cloned();
        let scalars: Vec<Value> = fixed.into_iter().chain(listed).collect();
        let others: Vec<&'s Value> =
            branches.into_iter().filter(|b| b.get("const").is_none() && b.get("enum").is_none()).collect();
        if scalars.contains(value) {
            return;
        }
        let shaped: Vec<&'s Value> =
            others.into_iter().filter(|b| b.get("type").and_then(Value::as_str) != Some("null")).collect();
        if shaped.is_empty() {
            return self.not_one_of(value, &scalars, path);
        }
        let before = self.reader.problems.len();
        let mut best: Option<Vec<Problem>> = None;
        for branch in shaped {
            self.check(value, branch, path);
            let found = self.reader.problems.split_off(before);
            if found.is_empty() {
                return;
            }
            if best.as_ref().is_none_or(|known| found.len() < known.len()) {
                best = Some(found);
            }
        }
        self.reader.problems.extend(best.unwrap_or_default());
    }

    fn not_one_of(&mut self, value: &Value, allowed: &[Value], path: &str) {
        let list = allowed.iter().map(show).collect::<Vec<_>>().join(", ");
        let shown = show(value);
        let message = Text::new(
            format!("{shown} 不可用；可用的值：{list}"),
            format!("{shown} is not possible here; use one of {list}"),
        );
        self.reader.problem(path, message);
    }

    fn type_fits(&mut self, value: &Value, schema: &Value, path: &str) -> bool {
        let wanted: Vec<&str> = match schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => return true,
        };
        let fits = |kind: &str| match kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            _ => value.is_null(),
        };
        if wanted.iter().any(|kind| fits(kind)) {
            return true;
        }
        let named: Vec<&&str> = wanted.iter().filter(|kind| **kind != "null").collect();
        let zh = named.iter().map(|kind| type_name(kind).zh).collect::<Vec<_>>().join("或");
        let en = named.iter().map(|kind| type_name(kind).en).collect::<Vec<_>>().join(" or ");
        let shown = show(value);
        self.reader.problem(path, Text::new(format!("需要{zh}，得到 {shown}"), format!("{en} is needed, not {shown}")));
        false
    }

    fn object(&mut self, map: &Map<String, Value>, schema: &'s Value, path: &str) {
        let none = Map::new();
        let known = schema.get("properties").and_then(Value::as_object);
        let extra = schema.get("additionalProperties");
        for (key, value) in map {
            let here = join(path, key);
            match (known.and_then(|known| known.get(key)), extra) {
                (Some(part), _) => self.check(value, part, &here),
                (None, Some(Value::Bool(false))) => {
                    let names: Vec<&String> = known.map(|known| known.keys().collect()).unwrap_or_default();
                    let message = unknown_key(key, &names);
                    self.reader.problem(&here, message);
                }
                (None, Some(part @ Value::Object(_))) => self.check(value, part, &here),
                (None, _) => {}
            }
        }
        for key in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !map.contains_key(key) {
                let about = known.unwrap_or(&none).get(key).map(|part| self.resolve(part));
                let about = about.and_then(|part| part.get("description")).and_then(Value::as_str).unwrap_or_default();
                let about = about.split('\n').next().unwrap_or_default().trim_end_matches('.');
                let en = if about.is_empty() { String::new() } else { format!(" ({about})") };
                let message = Text::new(format!("缺少 `{key}`"), format!("`{key}` is missing{en}"));
                self.reader.problem(path, message);
            }
        }
    }

    fn list(&mut self, items: &[Value], schema: &'s Value, path: &str) {
        if let Some(least) = schema.get("minItems").and_then(Value::as_u64)
            && (items.len() as u64) < least
        {
            let message = Text::new(format!("至少需要 {least} 项"), format!("at least {least} entries are needed"));
            self.reader.problem(path, message);
        }
        let Some(part) = schema.get("items") else { return };
        for (index, item) in items.iter().enumerate() {
            self.check(item, part, &format!("{path}[{index}]"));
        }
    }

    fn string(&mut self, text: &str, schema: &Value, path: &str) {
        let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
        if (text.trim().chars().count() as u64) < least {
            self.reader.problem(path, Text::new("不能为空", "must not be empty"));
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && !matches(pattern, text)
        {
            let shown = show(&Value::String(text.to_owned()));
            let message =
                Text::new(format!("{shown} 不符合格式 {pattern}"), format!("{shown} does not have the form {pattern}"));
            self.reader.problem(path, message);
        }
    }

    fn number(&mut self, number: &Number, schema: &Value, path: &str) {
        let value = number.as_f64().unwrap_or(f64::NAN);
        let least = schema.get("minimum").and_then(Value::as_f64);
        let most = schema.get("maximum").and_then(Value::as_f64);
        if least.is_some_and(|least| value < least) || most.is_some_and(|most| value > most) {
            let range = match (least, most) {
                (Some(least), Some(most)) => Text::new(format!("{least} 到 {most}"), format!("from {least} to {most}")),
                (Some(least), None) => Text::new(format!("不小于 {least}"), format!("{least} or more")),
                (_, Some(most)) => Text::new(format!("不大于 {most}"), format!("{most} or less")),
                (None, None) => return,
            };
            let message = Text::new(
                format!("{number} 超出范围：须{}", range.zh),
                format!("{number} is out of range: it must be {}", range.en),
            );
            self.reader.problem(path, message);
        }
    }
}

/// Whether a text has the form of a pattern of ours. A handful of patterns is matched thousands of times, so they are
/// compiled once.
fn matches(pattern: &str, text: &str) -> bool {
    static COMPILED: LazyLock<Mutex<HashMap<String, Option<regex::Regex>>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let regex = compiled.entry(pattern.to_owned()).or_insert_with(|| regex::Regex::new(pattern).ok());
    regex.as_ref().is_none_or(|regex| regex.is_match(text))
}

fn type_name(kind: &str) -> Text {
    match kind {
        "object" => Text::new("表", "a table"),
        "array" => Text::new("数组", "a list"),
        "string" => Text::new("字符串", "a string"),
        "boolean" => Text::new("true 或 false", "true or false"),
        "integer" => Text::new("整数", "a whole number"),
        _ => Text::new("数", "a number"),
    }
}

/// A value as it may stand in a message: short, and without control characters.
fn show(value: &Value) -> String {
    match value {
        Value::Object(_) => "{…}".to_owned(),
        Value::Array(_) => "[…]".to_owned(),
        Value::String(text) => {
            let short: String = text.chars().take(60).collect();
            let dots = if short.len() < text.len() { "…" } else { "" };
            format!("{short:?}{dots}")
        }
        other => other.to_string(),
    }
}

fn unknown_key(key: &str, known: &[&String]) -> Text {
    let close = known.iter().map(|name| (distance(key, name), name)).min().filter(|(far, _)| *far <= 2);
    let shown: String = key.chars().take(60).filter(|c| !c.is_control()).collect();
    match close {
        Some((_, name)) => Text::new(
            format!("未知的键 `{shown}`；是否想写 `{name}`？"),
            format!("unknown key `{shown}`; did you mean `{name}`?"),
        ),
        None => {
            let list = known.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
            Text::new(
                format!("未知的键 `{shown}`；可用的键：{list}"),
                format!("unknown key `{shown}`; known keys: {list}"),
            )
        }
    }
}

/// Edit distance (Levenshtein), for names of a few characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let next = (corner + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Shop {
        name: Text,
        /// How many customers.
        size: u32,
        mood: Mood,
        #[serde(default)]
        part: Vec<Part>,
        #[serde(default)]
        tags: BTreeMap<String, u8>,
        since: Option<jingwei_core::Date>,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Mood {
        /// Good.
        Good,
        Bad,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
    enum Part {
        Door { width: f64 },
        Wall { colour: String },
    }

    fn check(text: &str, expected: &[&str]) {
        let said: Vec<String> = match parse::<Shop>("shop.toml", text.as_bytes()) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.0.iter().map(|p| p.display(Lang::En)).collect(),
        };
        assert_eq!(said, expected, "{text}");
    }

    const GOOD: &str = "name = { zh = '店', en = 'shop' }\nsize = 3\nmood = 'good'\n";

    #[test]
    fn a_right_document_is_read() {
        let text = format!("{GOOD}since = 2026-11-21\n[[part]]\nkind = 'door'\nwidth = 1\n[tags]\na = 1\n");
        let shop = parse::<Shop>("shop.toml", text.as_bytes()).unwrap();
        assert_eq!(shop.value.part, [Part::Door { width: 1.0 }]);
        assert_eq!(shop.places.problem("part[0].width", Text::same("x")).line, 7);
        assert_eq!(shop.places.problem("part[0].nowhere", Text::same("x")).line, 5);
    }

    #[test]
    fn all_problems_are_told_at_once_with_their_lines() {
        check(
            "name = { zh = '店' }\nsize = -1\nmood = 'fine'\nsizes = 1\n[[part]]\nkind = 'door'\nwidth = 'x'\n",
            &[
                "shop.toml:1: `name`: `en` is missing",
                "shop.toml:2: `size`: -1 is out of range: it must be 0 or more",
                "shop.toml:3: `mood`: \"fine\" is not possible here; use one of \"good\", \"bad\"",
                "shop.toml:4: `sizes`: unknown key `sizes`; did you mean `size`?",
                "shop.toml:7: `part[0].width`: a number is needed, not \"x\"",
            ],
        );
        check(
            "mood = 'good'\n",
            &[
                "shop.toml:1: `name` is missing (A message in both languages. Neither may be missing)",
                "shop.toml:1: `size` is missing (How many customers)",
            ],
        );
    }

    #[test]
    fn bad_bytes_are_named() {
        for (bytes, word) in [
            (&b"\xff\xfea\0"[..], "UTF-16"),
            (b"name = '\xb5\xea'", "GBK"),
            (b"name = ", "TOML syntax"),
            (b"", "`name` is missing"),
        ] {
            let said = parse::<Shop>("shop.toml", bytes).unwrap_err().to_string();
            assert!(said.contains(word), "{word}: {said}");
        }
        let long = vec![b'#'; MAX_BYTES + 1];
        assert!(parse::<Shop>("shop.toml", &long).unwrap_err().to_string().contains("split it"));
        let deep = format!("x = {}", "[".repeat(100_000));
        assert!(parse::<Shop>("shop.toml", deep.as_bytes()).is_err());
    }
}
