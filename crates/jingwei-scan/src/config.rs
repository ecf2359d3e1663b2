//! `scan.config`: does the deployment configuration open the model to strangers, or hold what must stay secret?

use std::collections::BTreeMap;

use jingwei_catalog::{
    items::Rule,
    rulebook::{MissingRule, Observations, RuleBook},
};
use jingwei_core::{
    Check, CheckError, Component, ComponentKind, Cost, Ctx, Digest, Limits, Observation, Place, RuleId, Text,
};
use jingwei_text::find_secrets;

use crate::{
    document::{DocumentError, Node, notation_of, parse},
    prompt::report_secrets,
    servers::{Exposure, exposures},
    texts::read_texts,
    words::{name, same},
};

const ID: &str = "scan.config";

const BOUND_TO_ALL_INTERFACES: &str = "config.bound-to-all-interfaces";
const NO_AUTHENTICATION: &str = "config.no-authentication";
const PLAIN_HTTP: &str = "config.plain-http";
const SECRET: &str = "config.secret";
const UNREADABLE: &str = "config.unreadable";

/// Reads deployment configuration: TOML, JSON, YAML and `.env` files.
pub struct ConfigCheck {
    rules: RuleBook,
}

impl ConfigCheck {
    /// The catalog rules that it reports by.
    pub const RULES: &'static [&'static str] =
        &[BOUND_TO_ALL_INTERFACES, NO_AUTHENTICATION, PLAIN_HTTP, SECRET, UNREADABLE];

    pub fn new(rules: BTreeMap<RuleId, Rule>) -> Result<Self, MissingRule> {
        Ok(Self { rules: RuleBook::new(ID, Self::RULES, rules)? })
    }
}

impl Check for ConfigCheck {
    fn id(&self) -> &str {
        ID
    }

    fn title(&self) -> Text {
        Text::new("部署配置检查", "deployment configuration")
    }

    fn kinds(&self) -> &'static [ComponentKind] {
        &[ComponentKind::Config]
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
        let is_alone = files.len() == 1;
        for file in &files {
            match &file.text {
                Ok(text) => report_text(&mut seen, &file.path, text, is_alone, limits),
                Err(reason) => unreadable(&mut seen, at(&file.path, ""), &file.path, reason),
            }
        }
        Ok(seen.into_vec())
    }
}

fn at(path: &str, key: &str) -> Place {
    Place { path: Some(path.to_owned()), key: (!key.is_empty()).then(|| key.to_owned()), offset: None }
}

fn unreadable(seen: &mut Observations<'_>, place: Place, path: &str, reason: &Text) {
    seen.finding(UNREADABLE, place, &[("path", name(path)), ("reason", reason.clone())]);
}

/// A folder may hold scripts and notes as well; in them only secrets matter. A component that is one file has to be
/// one of the notations.
fn report_text(seen: &mut Observations<'_>, path: &str, text: &str, is_alone: bool, limits: &Limits) {
    report_secrets(seen, SECRET, path, text);
    let documents = match notation_of(path) {
        Some(notation) => parse(text, notation, limits),
        None if is_alone => {
            let reason = Text::new(
                "不认识这种配置格式，请使用 .toml、.json、.yaml 或 .env",
                "its notation is not known; use .toml, .json, .yaml or .env",
            );
            return unreadable(seen, at(path, ""), path, &reason);
        }
        None => return,
    };
    match documents {
        Ok(documents) => {
            for document in &documents {
                report_exposures(seen, path, document);
                report_literals(seen, path, document, &mut Vec::new());
            }
        }
        Err(DocumentError::Malformed { offset, reason }) => {
            let place = Place { offset: Some(offset), ..at(path, "") };
            let reason = Text::new(format!("偏移 {offset} 处{}", reason.zh), format!("{} at byte {offset}", reason.en));
            unreadable(seen, place, path, &reason);
        }
        Err(DocumentError::Limit(crossed)) => {
            let reason = Text::new(
                format!("超过限制 {} = {}", crossed.limit, crossed.value),
                format!("it crosses the limit {} = {}", crossed.limit, crossed.value),
            );
            unreadable(seen, at(path, crossed.limit), path, &reason);
        }
    }
}

fn report_exposures(seen: &mut Observations<'_>, path: &str, document: &Node) {
    for exposure in exposures(document) {
        let file = ("path", name(path));
        match exposure {
            Exposure::AllInterfaces { key, value } => {
                let details = [file, ("key", name(&key)), ("value", name(&value))];
                seen.finding(BOUND_TO_ALL_INTERFACES, at(path, &key), &details);
            }
            Exposure::NoAuthentication { section, port } => {
                let details = [file, ("section", name(&section)), ("port", same(port))];
                seen.finding(NO_AUTHENTICATION, at(path, &section), &details);
            }
            Exposure::PlainHttp { section, host } => {
                let details = [file, ("section", name(&section)), ("host", name(&host))];
                seen.finding(PLAIN_HTTP, at(path, &section), &details);
            }
        }
    }
}

/// Entries whose name says secret and whose value is written out. Known shapes of secrets were reported from the text.
fn report_literals(seen: &mut Observations<'_>, path: &str, node: &Node, keys: &mut Vec<String>) {
    match node {
        Node::Scalar(value) => {
            let named = keys.last().is_some_and(|key| names_secret(key));
            if named && is_literal_secret(value) && find_secrets(value).is_empty() {
                let key = keys.join(".");
                let details = [("path", name(path)), ("kind", name(&key)), ("count", same(1)), ("offset", same("–"))];
                seen.finding(SECRET, at(path, &key), &details);
            }
        }
        Node::List(list) => list.iter().for_each(|item| report_literals(seen, path, item, keys)),
        Node::Table(table) => {
            for (key, value) in table {
                keys.push(key.clone());
                report_literals(seen, path, value, keys);
                keys.pop();
            }
        }
    }
}

fn names_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    let endings =
        ["password", "passwd", "secret", "api_key", "api_keys", "apikey", "token", "secret_key", "private_key"];
    endings.iter().any(|ending| key.ends_with(ending))
        && !["max_token", "eos_token", "bos_token", "pad_token"].contains(&key.as_str())
}

/// Long enough to matter, mixed, and neither a reference to another place nor an obvious placeholder.
fn is_literal_secret(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let is_reference = value.contains("${")
        || value.starts_with('$')
        || value.contains("{{")
        || value.starts_with('<')
        || value.starts_with('/')
        || value.contains("://")
        || value.chars().any(char::is_whitespace);
    let placeholders = ["your", "example", "change", "xxxx", "****", "placeholder", "dummy", "todo", "none", "empty"];
    let letters = value.bytes().any(|b| b.is_ascii_alphabetic());
    let digits = value.bytes().any(|b| b.is_ascii_digit());
    value.len() >= 12 && letters && digits && !is_reference && !placeholders.iter().any(|word| lower.contains(word))
}
