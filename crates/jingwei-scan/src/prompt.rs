//! `scan.prompt`: does a prompt carry what its authors cannot see, or what must not be told?

use std::collections::BTreeMap;

use jingwei_catalog::{
    items::Rule,
    rulebook::{MissingRule, Observations, RuleBook},
};
use jingwei_core::{
    Check, CheckError, Component, ComponentKind, Cost, Ctx, Digest, Limits, Observation, Place, RuleId, Text,
};
use jingwei_text::{HiddenKind, find_hidden, find_secrets};

use crate::{
    texts::read_texts,
    words::{name, same},
};

const ID: &str = "scan.prompt";

const HIDDEN_CHARACTERS: &str = "prompt.hidden-characters";
const SECRET: &str = "prompt.secret";
const UNREADABLE: &str = "prompt.unreadable";

/// Reads prompt files.
pub struct PromptCheck {
    rules: RuleBook,
}

impl PromptCheck {
    /// The catalog rules that it reports by.
    pub const RULES: &'static [&'static str] = &[HIDDEN_CHARACTERS, SECRET, UNREADABLE];

    pub fn new(rules: BTreeMap<RuleId, Rule>) -> Result<Self, MissingRule> {
        Ok(Self { rules: RuleBook::new(ID, Self::RULES, rules)? })
    }
}

impl Check for PromptCheck {
    fn id(&self) -> &str {
        ID
    }

    fn title(&self) -> Text {
        Text::new("提示词检查", "prompts")
    }

    fn kinds(&self) -> &'static [ComponentKind] {
        &[ComponentKind::Prompt]
    }

    fn cost(&self) -> Cost {
        Cost::Files
    }

    fn configuration(&self) -> Digest {
        self.rules.digest()
    }

    fn run(&self, component: &Component, ctx: &Ctx<'_>, limits: &Limits) -> Result<Vec<Observation>, CheckError> {
        let mut seen = Observations::new(&self.rules, component);
        let files = match read_texts(component, ctx, limits)? {
            Ok(files) => files,
            Err(reason) => {
                let path = name(component.path.as_deref().unwrap_or_default());
                seen.finding(UNREADABLE, Place::default(), &[("path", path), ("reason", reason)]);
                return Ok(seen.into_vec());
            }
        };
        for file in &files {
            match &file.text {
                Ok(text) => {
                    report_hidden(&mut seen, &file.path, text);
                    report_secrets(&mut seen, SECRET, &file.path, text);
                }
                Err(reason) => {
                    let place = Place { path: Some(file.path.clone()), ..Place::default() };
                    seen.finding(UNREADABLE, place, &[("path", name(&file.path)), ("reason", reason.clone())]);
                }
            }
        }
        Ok(seen.into_vec())
    }
}

/// One finding per kind of hidden character: a prompt with a thousand of them has one fault, not a thousand.
fn report_hidden(seen: &mut Observations<'_>, path: &str, text: &str) {
    let mut kinds: BTreeMap<HiddenKind, (usize, char, u64)> = BTreeMap::new();
    for hidden in find_hidden(text) {
        kinds.entry(hidden.kind).or_insert((hidden.span.start, hidden.character, 0)).2 += 1;
    }
    for (kind, (first, character, count)) in kinds {
        let (code, label) = words_of(kind);
        let place = Place { path: Some(path.to_owned()), key: Some(code.to_owned()), offset: Some(first as u64) };
        let details = [
            ("path", name(path)),
            ("count", same(count)),
            ("kind", label),
            ("offset", same(first)),
            ("character", same(format!("U+{:04X}", u32::from(character)))),
        ];
        seen.finding(HIDDEN_CHARACTERS, place, &details);
    }
}

fn words_of(kind: HiddenKind) -> (&'static str, Text) {
    match kind {
        HiddenKind::ZeroWidth => ("zero-width", Text::new("零宽字符", "zero-width characters")),
        HiddenKind::BidiControl => ("direction", Text::new("书写方向控制字符", "direction controls")),
        HiddenKind::Tag => ("tag", Text::new("Unicode 标签字符", "Unicode tag characters")),
        HiddenKind::VariationSelector => ("variation-selector", Text::new("异体选择符", "variation selectors")),
        HiddenKind::Control => ("control", Text::new("控制字符", "control characters")),
    }
}

/// One finding per kind of secret, by what it is and where, never by its value.
pub(crate) fn report_secrets(seen: &mut Observations<'_>, rule: &'static str, path: &str, text: &str) {
    let mut kinds: BTreeMap<&'static str, (usize, u64)> = BTreeMap::new();
    for secret in find_secrets(text) {
        kinds.entry(secret.kind.label()).or_insert((secret.span.start, 0)).1 += 1;
    }
    for (kind, (first, count)) in kinds {
        let place = Place { path: Some(path.to_owned()), key: Some(kind.to_owned()), offset: Some(first as u64) };
        let details = [("path", name(path)), ("kind", same(kind)), ("count", same(count)), ("offset", same(first))];
        seen.finding(rule, place, &details);
    }
}
