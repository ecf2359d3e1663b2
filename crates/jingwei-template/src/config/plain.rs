//! Settings in the plainer syntaxes: INI, TOML, properties, gin, and protobufs written as text. All of them are keys and
//! values with marks between, and that is how they are read.

use jingwei_read::{Inspection, Sighting};

use crate::{
    config::{chains, entry, findings::Findings, json, nesting, targets},
    read, script,
};

pub(crate) fn inspect(bytes: &[u8], found: Findings<'_>) -> Inspection {
    let (text, broken) = read::text(bytes);
    let crossed = entries(&text, &found);
    let limit = found.limits.entries;
    chains::anywhere(&found, &text);
    let mut inspection = found.finish();
    if crossed {
        inspection.see(Sighting::limit("entries", limit));
    }
    inspection.sightings.extend(nesting::of_text(&text));
    inspection.sightings.extend(broken.map(json::not_text));
    inspection.sightings.extend(script::comments(&text));
    inspection.sightings.extend(read::unmarked_wide(bytes));
    inspection
}

/// Judges all entries of a text; whether there are more than the limits allow.
pub(crate) fn entries(text: &str, found: &Findings<'_>) -> bool {
    let mut scanner = Scanner { found, key: String::new(), waiting: None, count: 0 };
    let by_words = matches!(found.file.as_str(), "modelfile" | "dockerfile");
    let gin = found.file.ends_with(".gin");
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        if scanner.count >= found.limits.entries {
            return true;
        }
        let line = line.trim();
        if let Some((word, mut text)) = open.take() {
            let (inner, ends) = line.split_once(QUOTES).map_or((line, false), |(inner, _)| (inner, true));
            text.push('\n');
            text.push_str(inner);
            if ends {
                scanner.entry(&word, &text);
            } else {
                open = Some((word, text));
            }
            continue;
        }
        if line.starts_with(['#', ';']) || line.starts_with("//") {
            scanner.count += 1;
            continue;
        }
        if by_words && let Some((word, rest)) = line.split_once(char::is_whitespace) {
            let word = word.to_ascii_lowercase();
            match rest.split_once(QUOTES).map(|(_, inner)| inner).filter(|inner| !inner.contains(QUOTES)) {
                Some(inner) => open = Some((word, inner.to_owned())),
                None => scanner.entry(&word, rest.trim_matches(['"', ' '])),
            }
            continue;
        }
        if gin && scanner.gin(line) {
            continue;
        }
        scanner.whole(line);
        scanner.line(line);
    }
    if let Some((word, text)) = open {
        scanner.entry(&word, &text);
    }
    scanner.flush();
    false
}

/// Between which a text of several lines stands in a Modelfile.
const QUOTES: &str = "\"\"\"";

struct Scanner<'f, 'n> {
    found: &'f Findings<'n>,
    key: String,
    /// A word that is a key or a value, as the next mark will say.
    waiting: Option<String>,
    count: u64,
}

impl Scanner<'_, '_> {
    fn entry(&mut self, key: &str, value: &str) {
        self.count += 1;
        self.found.hidden(value);
        self.found.order(key, value);
        match key {
            "_target_" | "class_path" => self.found.target(key, value, true),
            "trust_remote_code" | "trust-remote-code" | "TRUST_REMOTE_CODE"
                if matches!(value.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1") =>
            {
                self.found.remote_code(key);
            }
            // A layer of Caffe imports this module.
            "module" if self.found.file.ends_with(".prototxt") => self.found.loader_module(key, value),
            _ => entry::judge(self.found, key, value),
        }
    }

    /// The value of an INI file is the rest of its line.
    fn whole(&mut self, line: &str) {
        let cut = line.find(['=', ':']);
        let Some((key, value)) = cut.map(|at| (&line[..at], &line[at + 1..])) else { return };
        let (key, value) = (key.trim().trim_matches('"'), value.trim().trim_end_matches(',').trim_matches(['"', '\'']));
        if !key.is_empty() && value.contains([' ', '(']) && !value.starts_with(['{', '[']) {
            self.entry(key, value);
        }
    }

    fn line(&mut self, line: &str) {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let after = &rest[first.len_utf8()..];
            rest = match first {
                '#' => break,
                '"' | '\'' => self.quoted(after, first),
                '=' => self.mark(after),
                ':' if self.waiting.is_some() => self.mark(after),
                '{' | '<' => {
                    // The name of a section is no value.
                    self.waiting = None;
                    after
                }
                // What stands before the next object is a value still.
                '}' | ']' | ',' => {
                    self.flush();
                    after
                }
                c if c.is_whitespace() || ">[();:".contains(c) => after,
                _ => self.word(rest),
            };
        }
        // A line of an INI file ends its value; a list of a protobuf goes on with its key.
        if let Some(value) = self.waiting.take() {
            let key = self.key.clone();
            self.entry(&key, &value);
        }
    }

    fn mark<'t>(&mut self, after: &'t str) -> &'t str {
        if let Some(key) = self.waiting.take() {
            self.key = key;
        }
        after
    }

    fn word<'t>(&mut self, rest: &'t str) -> &'t str {
        let bytes = rest.as_bytes();
        let ends = |at: usize, c: char| match c {
            // A colon inside of a word belongs to an address, a drive or an entry point.
            ':' => bytes.get(at + 1).is_none_or(|next| b" \t\"'{[".contains(next)),
            c => c.is_whitespace() || "\"'={}[](),;<>".contains(c),
        };
        let end = rest.char_indices().find(|(at, c)| ends(*at, *c)).map_or(rest.len(), |(at, _)| at);
        let end = end.max(rest.chars().next().map_or(0, char::len_utf8));
        self.next(rest[..end].to_owned());
        &rest[end..]
    }

    fn quoted<'t>(&mut self, body: &'t str, quote: char) -> &'t str {
        let mut escaped = false;
        for (at, c) in body.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => {
                    self.next(crate::template::decoded(&body[..at]).0);
                    return &body[at + 1..];
                }
                _ => {}
            }
        }
        self.next(body.to_owned());
        ""
    }

    fn next(&mut self, word: String) {
        if let Some(value) = self.waiting.replace(word) {
            let key = self.key.clone();
            self.entry(&key, &value);
        }
    }

    fn flush(&mut self) {
        if let Some(value) = self.waiting.take() {
            let key = self.key.clone();
            self.entry(&key, &value);
        }
    }

    /// Lines of gin that import a module or include a file.
    fn gin(&mut self, line: &str) -> bool {
        let Some((word, rest)) = line.split_once(char::is_whitespace) else { return false };
        let name = rest.split_whitespace().next().unwrap_or_default().trim_matches(['\'', '"']);
        match word {
            "import" | "from" => {
                if !matches!(targets::verdict(&format!("{name}.x"), self.found.names), targets::Verdict::Known) {
                    self.found.loader_module(word, name);
                }
                self.count += 1;
                true
            }
            "include" => {
                self.entry("include", name);
                true
            }
            _ => false,
        }
    }
}
