//! YAML, as far as it names code: a scanner of scalars, marks and tags.

use std::collections::HashMap;

use jingwei_core::Text;
use jingwei_read::{Inspection, Sighting};

use crate::{
    config::{
        chains, entry,
        findings::{Findings, leads_outside},
        json, nesting, targets,
    },
    read, script, template,
};

/// Tags by which a YAML loader of Python makes objects.
const PYTHON_TAGS: [&str; 2] = ["python/", "yaml.org,2002:python"];
/// Beginnings of tags by which YAML loaders of other languages make objects.
const FOREIGN_TAGS: [&str; 5] = ["ruby/", "perl/", "js/function", "php/object", "dotnet/"];
/// Tags of HyperPyYAML that import what they name.
const NEW_TAGS: [&str; 6] = ["!new:", "!name:", "!apply:", "!module:", "!class:", "!call:"];

pub(crate) fn inspect(bytes: &[u8], found: Findings<'_>) -> Inspection {
    let (text, broken) = read::text(bytes);
    let limits = *found.limits;
    let mut scanner = Scanner {
        found,
        anchors: HashMap::new(),
        waiting: None,
        target: None,
        params: false,
        explicit: None,
        sizes: Sizes::default(),
    };
    let mut crossed = false;
    for (number, line) in text.lines().enumerate() {
        if number as u64 >= limits.entries {
            crossed = true;
            break;
        }
        scanner.line(line);
    }
    chains::anywhere(&scanner.found, &text);
    let mut inspection = scanner.finish();
    if crossed {
        inspection.see(Sighting::limit("entries", limits.entries));
    }
    inspection.sightings.extend(nesting::of_text(&text));
    inspection.sightings.extend(broken.map(json::not_text));
    inspection.sightings.extend(script::comments(&text));
    inspection.sightings.extend(read::unmarked_wide(bytes));
    inspection
}

struct Scanner<'f> {
    found: Findings<'f>,
    anchors: HashMap<String, String>,
    /// A key whose value has not come yet.
    waiting: Option<String>,
    target: Option<String>,
    params: bool,
    /// `? key`, whose colon stands on a line of its own.
    explicit: Option<String>,
    sizes: Sizes,
}

/// How much each anchor stands for once its aliases are written out.
#[derive(Default)]
struct Sizes {
    of: HashMap<String, u64>,
    /// Anchors whose content goes on in deeper lines: indentation, name, values so far.
    open: Vec<(usize, String, u64)>,
    largest: u64,
}

/// The name of a pipeline.
const PIPELINE: &str = "pipeline.name";
/// Values that no configuration has.
const BOMB: u64 = 10_000_000;

impl Sizes {
    fn line(&mut self, line: &str, pieces: &[Piece<'_>]) {
        if pieces.is_empty() {
            return;
        }
        let indent = line.len() - line.trim_start().len();
        while let Some((_, name, size)) = self.open.pop_if(|(deeper, ..)| indent <= *deeper) {
            self.close(name, size);
        }
        let mut size = 0u64;
        let mut anchor = None;
        for piece in pieces {
            size = size.saturating_add(match piece {
                Piece::Scalar(_) => 1,
                Piece::Alias(name) => self.of.get(*name).copied().unwrap_or(1),
                Piece::Anchor(name) => {
                    anchor = Some((*name).to_owned());
                    0
                }
                _ => 0,
            });
        }
        match anchor {
            Some(name) => {
                self.of.insert(name.clone(), size);
                self.open.push((indent, name, size));
            }
            None => self.add(size),
        }
        self.largest = self.largest.max(size);
    }

    fn add(&mut self, size: u64) {
        if let Some((.., above)) = self.open.last_mut() {
            *above = above.saturating_add(size);
        }
    }

    fn close(&mut self, name: String, size: u64) {
        self.largest = self.largest.max(size);
        self.add(size);
        self.of.insert(name, size);
    }

    fn finish(&mut self) -> u64 {
        while let Some((_, name, size)) = self.open.pop() {
            self.close(name, size);
        }
        self.largest
    }
}

#[derive(Debug, PartialEq)]
enum Piece<'t> {
    Scalar(String),
    Anchor(&'t str),
    Alias(&'t str),
    Tag(&'t str),
    Colon,
    Comma,
    /// `>` or `|`: the value stands in the lines below.
    Block,
}

impl Scanner<'_> {
    fn finish(mut self) -> Inspection {
        self.end_of_map();
        if self.sizes.finish() > BOMB {
            let what = Text::new(
                "别名逐层引用别名，展开后的数值多于任何配置所需",
                "aliases of aliases stand for more values than any configuration has",
            );
            self.found.see(Sighting::new("model.config-bomb").key("alias").with_text("what", what));
        }
        self.found.finish()
    }

    fn line(&mut self, line: &str) {
        if line.starts_with("%TAG") && line.contains("python") {
            self.python_tag(line.trim());
        }
        if line.starts_with("---") {
            self.waiting = None;
        }
        let mut anchor = None;
        let begins = line.trim_start();
        let mut last = if begins.starts_with(':') { self.explicit.take() } else { None };
        let is_explicit = begins.starts_with("? ");
        let pieces = pieces(line);
        self.sizes.line(line, &pieces);
        for (place, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Anchor(name) => anchor = Some((*name).to_owned()),
                Piece::Tag(tag) => self.tag(tag),
                Piece::Block => {}
                Piece::Comma => self.waiting = None,
                Piece::Colon => {
                    if let Some(key) = last.take() {
                        self.key(key);
                    }
                }
                Piece::Alias(_) | Piece::Scalar(_) => {
                    let value = match piece {
                        Piece::Scalar(value) => value.clone(),
                        Piece::Alias(name) => self.anchors.get(*name).cloned().unwrap_or_default(),
                        _ => continue,
                    };
                    if let Some(name) = anchor.take() {
                        self.anchors.insert(name, value.clone());
                    }
                    if pieces.get(place + 1) == Some(&Piece::Colon) {
                        last = Some(value);
                    } else if is_explicit {
                        self.explicit = Some(value);
                    } else {
                        self.value(&value);
                    }
                }
            }
        }
    }

    fn key(&mut self, key: String) {
        match key.as_str() {
            "params" | "init_args" => self.params = true,
            // The next object begins.
            "target" => self.end_of_map(),
            _ => {}
        }
        self.found.hidden(&key);
        // pyannote makes its pipelines by their names.
        let is_pipeline = key == "name" && self.waiting.as_deref() == Some("pipeline");
        self.waiting = Some(if is_pipeline { PIPELINE.to_owned() } else { key });
    }

    fn value(&mut self, value: &str) {
        self.found.value(value);
        self.found.hidden(value);
        if let Some(expression) = value.strip_prefix('$').filter(|rest| !rest.starts_with('{')) {
            self.found.expression("$", expression);
        }
        let Some(key) = self.waiting.take() else {
            // A line of a longer text: whose it is, is not known here.
            self.found.order("text of a document", value);
            return entry::judge(&self.found, "", value);
        };
        self.found.order(&key, value);
        match key.as_str() {
            PIPELINE if !targets::names_a_class(value) => {}
            "_target_" | "class_path" | PIPELINE => self.found.target(&key, value, true),
            "target" if targets::is_dotted(value) => {
                self.found.target(&key, value, self.found.file == "model_config.yaml" && targets::names_a_class(value));
                self.target = Some(value.to_owned());
            }
            "path" | "function" | "callable" | "func" | "fn" | "factory" | "method" | "type"
                if targets::is_dotted(value) =>
            {
                self.found.target(&key, value, false);
            }
            "trust_remote_code" | "trust-remote-code" | "TRUST_REMOTE_CODE"
                if matches!(value.to_ascii_lowercase().as_str(), "true" | "yes" | "on") =>
            {
                self.found.remote_code(&key);
            }
            // Rasa makes its components by their names.
            "name" if self.found.file.starts_with("config.y") && targets::names_a_class(value) => {
                self.found.target(&key, value, true);
            }
            // MLflow imports this module and calls its `_load_pyfunc`.
            "loader_module" if self.found.file == "mlmodel" && !value.starts_with("mlflow.") => {
                self.found.loader_module(&key, value);
            }
            "base_model_name_or_path" | "custom_pipeline" => {
                if let Some(what) = leads_outside(value, true) {
                    self.found.outside(&key, value, what);
                }
            }
            "chat_template" if value.contains("{{") || value.contains("{%") => {
                for mut sighting in template::inspect_template_text(value, self.found.limits).sightings {
                    sighting.offset = None;
                    self.found.see(sighting);
                }
            }
            _ => entry::judge(&self.found, &key, value),
        }
    }

    /// Latent diffusion writes `target` beside `params`.
    fn end_of_map(&mut self) {
        if let Some(target) = self.target.take().filter(|target| self.params && targets::names_a_class(target)) {
            self.found.target("target", &target, true);
        }
        self.params = false;
    }

    fn tag(&mut self, tag: &str) {
        if PYTHON_TAGS.iter().any(|known| tag.contains(known)) {
            let harmless = [
                "python/tuple",
                "python/none",
                "python/bool",
                "python/int",
                "python/float",
                "python/str",
                "python/unicode",
                "python/list",
                "python/dict",
                "python/long",
                "python/complex",
                "python/bytes",
            ];
            if !harmless.iter().any(|known| tag.ends_with(known)) {
                self.python_tag(tag);
            }
            return;
        }
        // Classes of Java, objects of Ruby and their like: readers of those languages make what the tag names.
        let class = tag.strip_prefix("!!").filter(|class| targets::is_dotted(class));
        if class.is_some() || FOREIGN_TAGS.iter().any(|known| tag.trim_start_matches('!').starts_with(known)) {
            return self.python_tag(tag);
        }
        if let Some(path) = tag.strip_prefix("!include:") {
            if let Some(what) = leads_outside(path, true) {
                self.found.outside("!include", path, what);
            }
            return;
        }
        if tag.starts_with("!include") {
            self.waiting = Some("!include".to_owned());
            return;
        }
        if let Some(target) = NEW_TAGS.iter().find_map(|known| tag.strip_prefix(known)) {
            self.found.target(tag.split(':').next().unwrap_or_default(), target, true);
        }
    }

    fn python_tag(&self, tag: &str) {
        let effect = Text::new("由 YAML 加载器导入并调用", "the YAML loader imports and calls it");
        let sighting = Sighting::new("model.config-dangerous-target").key(tag);
        self.found.see(sighting.with("key", "!").with("target", tag).with_text("effect", effect));
    }
}

/// The pieces of one line, comments left out.
fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        rest = match first {
            '#' => return pieces,
            '"' | '\'' => quoted(rest, first, &mut pieces),
            ',' | '}' | ']' => {
                pieces.push(Piece::Comma);
                after
            }
            '{' | '[' => after,
            '-' | '?' if after.is_empty() || after.starts_with([' ', '\t']) => after,
            ':' if after.is_empty()
                || after.starts_with([' ', '\t'])
                || matches!(pieces.last(), Some(Piece::Scalar(_))) =>
            {
                pieces.push(Piece::Colon);
                after
            }
            // A tag in full may hold commas.
            '!' if after.starts_with('<') => {
                let end = after.find('>').map_or(after.len(), |end| end + 1);
                pieces.push(Piece::Tag(&rest[..=end]));
                &after[end..]
            }
            '&' | '*' | '!' => {
                let end = after.find([' ', '\t', ',', '}', ']']).unwrap_or(after.len());
                pieces.push(match first {
                    '&' => Piece::Anchor(&after[..end]),
                    '*' => Piece::Alias(&after[..end]),
                    _ => Piece::Tag(&rest[..=end]),
                });
                &after[end..]
            }
            '|' | '>'
                if after
                    .trim_start_matches(|c: char| matches!(c, '-' | '+') || c.is_ascii_digit())
                    .trim()
                    .is_empty() =>
            {
                pieces.push(Piece::Block);
                ""
            }
            _ => plain(rest, &mut pieces),
        }
        .trim_start();
    }
    pieces
}

fn quoted<'t>(rest: &'t str, quote: char, pieces: &mut Vec<Piece<'t>>) -> &'t str {
    let body = &rest[1..];
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => {
                let inner = &body[..at];
                let text = if quote == '"' { template::decoded(inner).0 } else { inner.to_owned() };
                pieces.push(Piece::Scalar(text));
                return &body[at + 1..];
            }
            _ => {}
        }
    }
    pieces.push(Piece::Scalar(body.to_owned()));
    ""
}

/// A scalar without quotes ends at `: `, ` #` or a mark of a flow.
fn plain<'t>(rest: &'t str, pieces: &mut Vec<Piece<'t>>) -> &'t str {
    let bytes = rest.as_bytes();
    let mut interpolated = 0usize;
    let end = rest
        .char_indices()
        .find(|(at, c)| {
            let next = bytes.get(at + 1);
            match c {
                '{' if *at > 0 && bytes[at - 1] == b'$' => {
                    interpolated += 1;
                    false
                }
                '}' if interpolated > 0 => {
                    interpolated -= 1;
                    false
                }
                ':' => next.is_none_or(|b| matches!(b, b' ' | b'\t')),
                ',' | '}' | ']' => true,
                '#' => *at > 0 && matches!(bytes[at - 1], b' ' | b'\t'),
                _ => false,
            }
        })
        .map_or(rest.len(), |(at, _)| at);
    let end = end.max(rest.chars().next().map_or(0, char::len_utf8));
    pieces.push(Piece::Scalar(rest[..end].trim_end().to_owned()));
    &rest[end..]
}
