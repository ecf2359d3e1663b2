//! Data goes to standard output, talk goes to standard error.

use std::io::{IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use jingwei_core::{Lang, Text};
use serde::Serialize;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Clean,
    /// Findings at or above what `--fail-on` names.
    Findings,
    /// Wrong usage.
    Usage,
    /// The work could not be done.
    Failed,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::Failed => 3,
        }
    }
}

/// Speaks the user's language.
#[derive(Clone, Copy)]
pub struct Speaker {
    pub lang: Lang,
}

impl Speaker {
    pub fn pick(self, zh: &'static str, en: &'static str) -> &'static str {
        match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    pub fn text(self, text: &Text) -> &str {
        text.get(self.lang)
    }

    /// A line of data. A reader that has gone away is not an error.
    pub fn data(self, line: &str) {
        let _ = writeln!(std::io::stdout().lock(), "{}", harmless(line));
    }

    /// A line of talk.
    pub fn say(self, line: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{}", harmless(line));
    }

    pub fn json(self, value: &impl Serialize) {
        self.data(&serde_json::to_string_pretty(value).unwrap_or_default());
    }

    pub fn jsonl(self, value: &impl Serialize) {
        self.data(&serde_json::to_string(value).unwrap_or_default());
    }

    pub fn table(self, header: &[&str], rows: Vec<Vec<String>>) {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        if !std::io::stdout().is_terminal() {
            table.set_width(160);
        }
        table.set_header(header.iter().copied());
        for row in rows {
            table.add_row(row);
        }
        self.data(&table.to_string());
    }
}

/// Names come from manifests and tokens: a terminal must not obey them, and text must not run backwards.
fn harmless(line: &str) -> std::borrow::Cow<'_, str> {
    let is_bad = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if line.contains(is_bad) { line.replace(is_bad, "\u{fffd}").into() } else { line.into() }
}
