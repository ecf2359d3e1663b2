use std::collections::{HashMap, HashSet};

use jingwei_core::Text;
use jingwei_read::{Effect, Inspection, Sighting, ValueSpan};

/// Sightings of one rule in one file: enough to see what is wrong, and no flood.
const PER_RULE: u32 = 64;
/// Operators that one sighting names.
const NAMED: usize = 8;
/// Values that may be pickles and are handed out to be looked at.
const PICKLES: usize = 4096;
/// Texts about the model that are handed out to be looked at.
const NOTES: usize = 64;

/// Why a reader did not come to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    Malformed(u64, Text),
    Limit(&'static str, u64),
    /// What follows is of a kind that is not read.
    Unread(Text),
    Unreadable(String),
}

impl Stop {
    pub fn malformed(at: u64, zh: &str, en: &str) -> Self {
        Stop::Malformed(at, Text::new(zh, en))
    }

    fn sighting(self) -> Sighting {
        match self {
            Stop::Malformed(at, reason) => Sighting::malformed(at, reason.zh, reason.en),
            Stop::Limit(limit, value) => Sighting::limit(limit, value),
            Stop::Unread(reason) => Sighting::not_inspected(reason.zh, reason.en),
            Stop::Unreadable(reason) => {
                Sighting::not_inspected(format!("读取失败（{reason}）"), format!("it cannot be read ({reason})"))
            }
        }
    }
}

/// Gathers sightings: each rule and key once, and no more than a person would read.
#[derive(Default)]
pub(crate) struct Findings {
    pub inspection: Inspection,
    seen: HashSet<(&'static str, Option<String>)>,
    count: HashMap<&'static str, u32>,
}

impl Findings {
    pub fn see(&mut self, sighting: Sighting) {
        let count = self.count.entry(sighting.rule).or_default();
        if *count < PER_RULE && self.seen.insert((sighting.rule, sighting.key.clone())) {
            *count += 1;
            self.inspection.see(sighting);
        }
    }

    /// An operator that does what no model needs.
    pub fn dangerous(&mut self, name: &str, effect: Effect, place: &Text, at: u64) {
        self.see(
            Sighting::new("model.graph-dangerous-operator")
                .key(name)
                .at(at)
                .with("name", name)
                .with_text("effect", effect.label())
                .with_text("where", place.clone()),
        );
    }

    /// An operator that reaches out of the model when it runs.
    pub fn review(&mut self, name: &str, place: &Text, at: u64) {
        self.see(
            Sighting::new("model.graph-review-operator")
                .key(name)
                .at(at)
                .with("name", name)
                .with_text("where", place.clone()),
        );
    }

    /// Operators that need a library which the file does not bring.
    pub fn custom(&mut self, library: &str, operators: &str, at: u64) {
        self.see(
            Sighting::new("model.graph-custom-operator")
                .key(library)
                .at(at)
                .with("library", library)
                .with("operators", operators),
        );
    }

    /// Operators that neither the standard nor a well-known library has: nobody here can say what they do.
    pub fn unknown(&mut self, library: &str, operators: &str, at: u64) {
        self.see(
            Sighting::new("model.graph-unknown-operator")
                .key(library)
                .at(at)
                .with("library", library)
                .with("operators", operators),
        );
    }

    /// Operators whose library is named by a path or by a file of native code.
    pub fn native(&mut self, library: &str, operators: &str, at: u64) {
        self.see(
            Sighting::new("model.graph-native-library")
                .key(library)
                .at(at)
                .with("library", library)
                .with("operators", operators),
        );
    }

    pub fn lie(&mut self, key: &str, place: &Text, reason: Text, at: u64) {
        self.see(
            Sighting::new("model.graph-lie")
                .key(key)
                .at(at)
                .with_text("where", place.clone())
                .with_text("reason", reason),
        );
    }

    /// A path in the file that leaves the model's folder.
    pub fn escape(&mut self, location: &str, place: &Text, reason: Text, at: u64) {
        self.see(
            Sighting::new("model.graph-external-data")
                .key(location)
                .at(at)
                .with("location", location)
                .with_text("where", place.clone())
                .with_text("reason", reason),
        );
    }

    /// A value whose first bytes are those of a pickle.
    pub fn pickle(&mut self, name: &str, offset: u64, length: u64) {
        if self.inspection.pickles.len() < PICKLES {
            let name = jingwei_read::shown(name);
            self.inspection.pickles.push(ValueSpan { name, offset, length });
        } else {
            self.overflows("values", PICKLES);
        }
    }

    /// More of one kind than are looked at: what is left out may be what matters.
    pub fn overflows(&mut self, limit: &'static str, most: usize) {
        let is_told = |known: &Sighting| known.key.as_deref() == Some(limit);
        if !self.inspection.sightings.iter().any(is_told) {
            self.inspection.see(Sighting::limit(limit, most as u64));
        }
    }

    /// A text that describes the model.
    pub fn note(&mut self, key: &str, text: &str) {
        if !text.is_empty() && self.inspection.notes.len() < NOTES {
            self.inspection.notes.push((jingwei_read::shown(key), text.to_owned()));
        }
    }

    pub fn finish(mut self, result: Result<(), Stop>) -> Inspection {
        if let Err(stop) = result {
            self.inspection.see(stop.sighting());
        }
        self.inspection
    }
}

/// What a name inside the file is, in both languages, such as `node conv1`. Untrusted: it is escaped and cut.
pub(crate) fn place(zh: &str, en: &str, name: &str) -> Text {
    let name = jingwei_read::shown(name);
    if name.is_empty() {
        Text::new(format!("未命名的{zh}"), format!("an unnamed {en}"))
    } else {
        Text::new(format!("{zh} {name}"), format!("{en} {name}"))
    }
}

/// The first few of many operators, as one text.
pub(crate) fn named<S: std::borrow::Borrow<str>>(operators: &[S]) -> String {
    let mut text = operators[..operators.len().min(NAMED)].join(", ");
    if operators.len() > NAMED {
        text.push_str(", …");
    }
    text
}
