//! How a transform is written in a plan: `name`, `name/1`, `name(setting=value, flag)`, several joined by `+`.

use std::collections::BTreeMap;

/// Most transforms in a chain: each may make a question some dozen times longer.
pub const MAX_CHAIN: usize = 8;
const MAX_NAME: usize = 64;

/// A spec that names no transform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTransform {
    #[error("no transform is called `{name}`{}", likely(near))]
    Unknown { name: String, near: Vec<&'static str> },
    #[error("transform `{name}` has no version {version}: leave the version out")]
    Version { name: &'static str, version: String },
    #[error("transform `{name}` has no setting `{setting}`; it has {known}")]
    Setting { name: &'static str, setting: String, known: String },
    #[error("setting `{setting}` of transform `{name}` cannot be `{value}`: give {wanted}")]
    Value { name: &'static str, setting: &'static str, value: String, wanted: String },
    #[error("`{spec}` is not a transform: write `name` or `name(setting=value)`, and `+` between several")]
    Form { spec: String },
    #[error("{count} transforms in a row are too many: use at most {MAX_CHAIN}")]
    TooMany { count: usize },
}

fn likely(near: &[&str]) -> String {
    let names: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { String::new() } else { format!("; did you mean {}", names.join(" or ")) }
}

/// Something about a transform that a spec may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    pub name: &'static str,
    pub kind: SettingKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKind {
    /// Off unless it is named.
    Flag,
    Number {
        least: u32,
        most: u32,
        default: u32,
    },
    /// One of these; the first is the default.
    Choice(&'static [&'static str]),
    /// Latin letters, at most [`MAX_NAME`].
    Letters {
        default: &'static str,
    },
}

impl Setting {
    fn wanted(&self) -> String {
        match self.kind {
            SettingKind::Flag => "true or false".to_owned(),
            SettingKind::Number { least, most, .. } => format!("a number from {least} to {most}"),
            SettingKind::Choice(choices) => format!("one of {}", choices.join(", ")),
            SettingKind::Letters { .. } => format!("1 to {MAX_NAME} Latin letters"),
        }
    }

    fn default(&self) -> Value {
        match self.kind {
            SettingKind::Flag => Value::Flag(false),
            SettingKind::Number { default, .. } => Value::Number(default),
            SettingKind::Choice(choices) => Value::Word((*choices.first().unwrap_or(&"")).to_owned()),
            SettingKind::Letters { default } => Value::Word(default.to_owned()),
        }
    }

    fn read(&self, written: Option<&str>) -> Option<Value> {
        let Some(written) = written else {
            return (self.kind == SettingKind::Flag).then_some(Value::Flag(true));
        };
        match self.kind {
            SettingKind::Flag => written.parse().ok().map(Value::Flag),
            SettingKind::Number { least, most, .. } => {
                written.parse().ok().filter(|n| (least..=most).contains(n)).map(Value::Number)
            }
            SettingKind::Choice(choices) => choices.contains(&written).then(|| Value::Word(written.to_owned())),
            SettingKind::Letters { .. } => {
                let fits = (1..=MAX_NAME).contains(&written.len()) && written.bytes().all(|b| b.is_ascii_alphabetic());
                fits.then(|| Value::Word(written.to_owned()))
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Flag(bool),
    Number(u32),
    Word(String),
}

/// What a spec chose, with the defaults of everything else.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings(BTreeMap<&'static str, Value>);

impl Settings {
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Value::Flag(true)))
    }

    pub fn number(&self, name: &str) -> u32 {
        if let Some(Value::Number(number)) = self.0.get(name) { *number } else { 0 }
    }

    pub fn size(&self, name: &str) -> usize {
        usize::try_from(self.number(name)).unwrap_or(0)
    }

    pub fn word(&self, name: &str) -> &str {
        if let Some(Value::Word(word)) = self.0.get(name) { word } else { "" }
    }

    /// Those that differ from the default, in the order of `known`: `(shift=5, task)`.
    pub fn written(&self, known: &[Setting]) -> String {
        let chosen = known.iter().filter_map(|setting| {
            let value = self.0.get(setting.name).filter(|value| **value != setting.default())?;
            Some(match value {
                Value::Flag(_) => setting.name.to_owned(),
                Value::Number(number) => format!("{}={number}", setting.name),
                Value::Word(word) => format!("{}={word}", setting.name),
            })
        });
        let chosen: Vec<String> = chosen.collect();
        if chosen.is_empty() { String::new() } else { format!("({})", chosen.join(",")) }
    }

    /// What must be known to undo the change: `shift 5`.
    pub fn key(&self, known: &[Setting]) -> String {
        let parts = known.iter().filter_map(|setting| match self.0.get(setting.name)? {
            Value::Flag(_) => None,
            Value::Number(number) => Some(format!("{} {number}", setting.name)),
            Value::Word(word) => Some(format!("{} {word}", setting.name)),
        });
        parts.collect::<Vec<_>>().join(", ")
    }
}

/// A spec in its parts, nothing looked up yet.
#[derive(Debug)]
pub(super) struct Spec<'a> {
    pub name: &'a str,
    pub version: Option<&'a str>,
    chosen: Vec<(&'a str, Option<&'a str>)>,
}

impl<'a> Spec<'a> {
    pub fn parse(spec: &'a str) -> Result<Self, BadTransform> {
        let bad = || BadTransform::Form { spec: spec.chars().take(MAX_NAME).collect() };
        let (head, inside) = match spec.trim().split_once('(') {
            Some((head, rest)) => (head.trim(), rest.strip_suffix(')').ok_or_else(bad)?),
            None => (spec.trim(), ""),
        };
        if inside.contains(['(', ')']) {
            return Err(bad());
        }
        let (name, version) = match head.split_once('/') {
            Some((name, version)) => (name, Some(version)),
            None => (head, None),
        };
        let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=MAX_NAME).contains(&name.len()) || !name.bytes().all(is_name) {
            return Err(bad());
        }
        let chosen = inside.split(',').map(str::trim).filter(|part| !part.is_empty());
        let chosen = chosen.map(|part| match part.split_once('=') {
            Some((setting, value)) => (setting.trim(), Some(value.trim())),
            None => (part, None),
        });
        Ok(Self { name, version, chosen: chosen.collect() })
    }

    pub fn settings(&self, name: &'static str, known: &[Setting]) -> Result<Settings, BadTransform> {
        let mut settings = Settings(known.iter().map(|setting| (setting.name, setting.default())).collect());
        for (written, value) in &self.chosen {
            let Some(setting) = known.iter().find(|setting| setting.name == *written) else {
                let names: Vec<&str> = known.iter().map(|setting| setting.name).collect();
                let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                return Err(BadTransform::Setting { name, setting: cut(written), known });
            };
            let Some(value) = setting.read(*value) else {
                let value = cut(value.unwrap_or_default());
                return Err(BadTransform::Value { name, setting: setting.name, value, wanted: setting.wanted() });
            };
            settings.0.insert(setting.name, value);
        }
        Ok(settings)
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_NAME).collect()
}

/// The specs of a chain: cut at `+`.
pub(super) fn links(spec: &str) -> Vec<&str> {
    spec.split('+').map(str::trim).collect()
}

/// Known names that look like this one, the nearest first.
pub(super) fn near(name: &str, known: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut near: Vec<(usize, &'static str)> = known
        .filter_map(|other| {
            let swapped = letters(name) == letters(other);
            let apart = if swapped || other.contains(name) || name.contains(other) { 1 } else { distance(name, other) };
            (apart <= 1 + other.len().min(name.len()) / 4).then_some((apart, other))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, other)| other).collect()
}

fn letters(name: &str) -> Vec<u8> {
    let mut letters = name.as_bytes().to_vec();
    letters.sort_unstable();
    letters
}

/// How many letters must be put in, left out or changed (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut before = i + 1;
        let mut corner = i;
        for (j, y) in b.bytes().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX);
            let best = (corner + usize::from(x != y)).min(above + 1).min(before + 1);
            if let Some(cell) = row.get_mut(j) {
                *cell = before;
            }
            corner = above;
            before = best;
        }
        if let Some(cell) = row.get_mut(b.len()) {
            *cell = before;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_apart_are_counted() {
        for (a, b, apart) in [("", "abc", 3), ("base64", "base46", 2), ("morse", "moors", 2), ("x", "x", 0)] {
            assert_eq!(distance(a, b), apart, "{a} {b}");
            assert_eq!(distance(b, a), apart, "{b} {a}");
        }
    }
}
