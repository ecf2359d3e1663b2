//! How a driver is written in a plan: `name`, `name/1`, `name(setting=value,setting=value)`.

use std::collections::BTreeMap;

const LONGEST_SPEC: usize = 256;

/// A spec that names no driver.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadDriver {
    #[error("no driver is called `{name}`; the drivers are: {known}")]
    Unknown { name: String, known: String },
    #[error("driver `{name}` has no version {version}: leave the version out")]
    Version { name: &'static str, version: String },
    #[error("driver `{name}` has no setting `{setting}`; it has: {known}")]
    Setting { name: &'static str, setting: String, known: String },
    #[error("setting `{setting}` of driver `{name}` stands twice: leave one out")]
    Repeated { name: &'static str, setting: &'static str },
    #[error("setting `{setting}` of driver `{name}` cannot be `{value}`: give {wanted}")]
    Value { name: &'static str, setting: &'static str, value: String, wanted: String },
    #[error("`{spec}` is not a driver: write `name` or `name(setting=value)`")]
    Form { spec: String },
}

/// Something about a driver that a spec may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DriverSetting {
    pub name: &'static str,
    pub range: SettingRange,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingRange {
    Number {
        least: u32,
        most: u32,
        default: u32,
    },
    /// One of these; the first is the default.
    Choice(&'static [&'static str]),
}

impl DriverSetting {
    pub(super) const fn number(name: &'static str, default: u32, least: u32, most: u32) -> Self {
        Self { name, range: SettingRange::Number { least, most, default } }
    }

    fn default(&self) -> Value {
        match self.range {
            SettingRange::Number { default, .. } => Value::Number(default),
            SettingRange::Choice(choices) => Value::Choice(choices.first().copied().unwrap_or("")),
        }
    }

    fn read(&self, written: &str) -> Option<Value> {
        match self.range {
            SettingRange::Number { least, most, .. } => {
                written.parse().ok().filter(|n| (least..=most).contains(n)).map(Value::Number)
            }
            SettingRange::Choice(choices) => {
                choices.iter().find(|choice| **choice == written).map(|c| Value::Choice(c))
            }
        }
    }

    fn wanted(&self) -> String {
        match self.range {
            SettingRange::Number { least, most, .. } => format!("a whole number from {least} to {most}"),
            SettingRange::Choice(choices) => format!("one of {}", choices.join(", ")),
        }
    }
}

/// Who writes the turns: our own wordings, or an attacker's model.
pub(super) const WRITER: DriverSetting =
    DriverSetting { name: "writer", range: SettingRange::Choice(&["template", "model"]) };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Number(u32),
    Choice(&'static str),
}

/// What a spec chose, with the defaults of everything else.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings(BTreeMap<&'static str, Value>);

impl Settings {
    pub(super) fn defaults(known: &[DriverSetting]) -> Self {
        Self(known.iter().map(|setting| (setting.name, setting.default())).collect())
    }

    pub(super) fn number(&self, name: &str) -> u32 {
        if let Some(Value::Number(number)) = self.0.get(name) { *number } else { 0 }
    }

    pub(super) fn size(&self, name: &str) -> usize {
        usize::try_from(self.number(name)).unwrap_or(0)
    }

    pub(super) fn is(&self, name: &str, choice: &str) -> bool {
        matches!(self.0.get(name), Some(Value::Choice(chosen)) if *chosen == choice)
    }

    pub(super) fn asks_a_writer(&self) -> bool {
        self.is(WRITER.name, "model")
    }

    /// All of them, in the order of `known`: `(turns=5,writer=template)`.
    pub(super) fn written(&self, known: &[DriverSetting]) -> String {
        let one = |setting: &DriverSetting| match self.0.get(setting.name) {
            Some(Value::Number(number)) => format!("{}={number}", setting.name),
            Some(Value::Choice(choice)) => format!("{}={choice}", setting.name),
            None => setting.name.to_owned(),
        };
        let all: Vec<String> = known.iter().map(one).collect();
        if all.is_empty() { String::new() } else { format!("({})", all.join(",")) }
    }
}

/// A spec in its parts, nothing looked up yet.
#[derive(Debug)]
pub(super) struct Spec<'a> {
    pub(super) name: &'a str,
    version: Option<&'a str>,
    chosen: Vec<(&'a str, &'a str)>,
}

impl<'a> Spec<'a> {
    pub(super) fn parse(spec: &'a str) -> Result<Self, BadDriver> {
        let bad = || BadDriver::Form { spec: cut(spec) };
        if spec.len() > LONGEST_SPEC {
            return Err(bad());
        }
        let (head, inside) = match spec.trim().split_once('(') {
            Some((head, rest)) => (head.trim(), rest.strip_suffix(')').ok_or_else(bad)?),
            None => (spec.trim(), ""),
        };
        let (name, version) = match head.split_once('/') {
            Some((name, version)) => (name, Some(version)),
            None => (head, None),
        };
        let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if name.is_empty() || !name.bytes().all(is_name) || inside.contains(['(', ')']) {
            return Err(bad());
        }
        let mut chosen = Vec::new();
        for part in inside.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (setting, value) = part.split_once('=').ok_or_else(bad)?;
            chosen.push((setting.trim(), value.trim()));
        }
        Ok(Self { name, version, chosen })
    }

    pub(super) fn settings(
        &self,
        name: &'static str,
        version: &str,
        known: &[DriverSetting],
    ) -> Result<Settings, BadDriver> {
        if let Some(other) = self.version.filter(|other| *other != version) {
            return Err(BadDriver::Version { name, version: cut(other) });
        }
        let mut settings = Settings::defaults(known);
        let mut seen = Vec::new();
        for (written, value) in &self.chosen {
            let Some(setting) = known.iter().find(|setting| setting.name == *written) else {
                let names: Vec<&str> = known.iter().map(|setting| setting.name).collect();
                let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                return Err(BadDriver::Setting { name, setting: cut(written), known });
            };
            if seen.contains(&setting.name) {
                return Err(BadDriver::Repeated { name, setting: setting.name });
            }
            seen.push(setting.name);
            let Some(read) = setting.read(value) else {
                let wanted = setting.wanted();
                return Err(BadDriver::Value { name, setting: setting.name, value: cut(value), wanted });
            };
            settings.0.insert(setting.name, read);
        }
        Ok(settings)
    }
}

/// What a message repeats of what somebody wrote.
fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}
