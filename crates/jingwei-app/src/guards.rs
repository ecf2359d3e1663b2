//! The guards that a manifest names, compiled from their policies.

use std::{collections::BTreeMap, sync::Arc};

use jingwei_catalog::{Catalog, document::Problems, items::Rule};
use jingwei_core::{Action, Check, Component, ComponentId, Digest, Files, Lang, Limits, RuleId, Verdict};
use jingwei_guard::{BASELINE_TOML, Direction, Engine, GuardCheck, Placeholders, parse_policy};

use crate::Error;

/// Largest policy file, in bytes.
const MAX_POLICY_BYTES: u64 = 1 << 20;

/// A guard in front of a model: the same engine that the gateway runs.
pub struct Guard {
    engine: Engine,
    limits: Limits,
}

/// What a guard made of a text.
pub(crate) enum Screened {
    /// The caller gets this message instead.
    Blocked(String),
    /// The text goes on, redacted where rules want it.
    Allowed(String),
}

impl Guard {
    /// Compiles a policy with the catalog's lexicons.
    pub fn compile(file: &str, bytes: &[u8], catalog: &Catalog, limits: Limits) -> Result<Self, Problems> {
        let lexicons: Vec<_> = catalog.lexicons.values().cloned().collect();
        Ok(Self { engine: Engine::compile(&parse_policy(file, bytes)?, &lexicons)?, limits })
    }

    /// The baseline policy that this program was built with.
    pub fn built_in(catalog: &Catalog, limits: Limits) -> Result<Self, Problems> {
        Self::compile("builtin", BASELINE_TOML.as_bytes(), catalog, limits)
    }

    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Digest of the policy and of the lexicons that it uses.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.engine.digest()
    }

    /// Judges one text.
    #[must_use]
    pub fn verdict(&self, direction: Direction, text: &str) -> Verdict {
        self.engine.judge_text(direction, text, &self.limits)
    }

    pub(crate) fn screen(&self, direction: Direction, text: &str, placeholders: &mut Placeholders) -> Screened {
        let verdict = self.verdict(direction, text);
        match verdict.action {
            Action::Allow => Screened::Allowed(text.to_owned()),
            Action::Redact => Screened::Allowed(placeholders.apply(text, &verdict.hits)),
            // Nobody is there to confirm.
            Action::Confirm | Action::Block => Screened::Blocked(self.block_message(text)),
        }
    }

    /// The policy's message in the language of the text that was blocked.
    fn block_message(&self, text: &str) -> String {
        let chinese = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let lang = if chinese { Lang::Zh } else { Lang::En };
        self.engine.policy().block_message.get(lang).to_owned()
    }
}

/// The guard of every component that names one; where it cannot be compiled, why.
pub(crate) fn of_components(
    components: &[Component],
    files: &dyn Files,
    catalog: &Catalog,
    limits: &Limits,
) -> BTreeMap<ComponentId, Result<Arc<Guard>, String>> {
    let named = components.iter().filter_map(|component| Some((component, component.guard.as_deref()?)));
    named
        .map(|(component, policy)| (component.id.clone(), load(policy, files, catalog, limits).map(Arc::new)))
        .collect()
}

fn load(policy: &str, files: &dyn Files, catalog: &Catalog, limits: &Limits) -> Result<Guard, String> {
    if policy == "builtin" {
        return Guard::built_in(catalog, *limits).map_err(|problems| problems.to_string());
    }
    let bytes = files.read(policy, MAX_POLICY_BYTES).map_err(|error| error.to_string())?;
    Guard::compile(policy, &bytes, catalog, *limits).map_err(|problems| problems.to_string())
}

/// Reads a guard for a command: a policy file, or the built-in baseline.
pub fn for_command(policy: Option<&std::path::Path>, catalog: &Catalog, limits: Limits) -> Result<Guard, Error> {
    let Some(path) = policy else { return Ok(Guard::built_in(catalog, limits)?) };
    let shown = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|e| {
        Error::invalid(format!("无法读取策略 `{shown}`"), format!("cannot read the policy `{shown}`")).because(e)
    })?;
    Ok(Guard::compile(&shown, &bytes, catalog, limits)?)
}

/// The check `guard.policy`.
pub(crate) fn check(catalog: &Catalog, rules: BTreeMap<RuleId, Rule>) -> Result<Arc<dyn Check>, Problems> {
    let lexicons = catalog.lexicons.values().cloned().collect();
    Ok(Arc::new(GuardCheck::new(lexicons, rules.into_values())?))
}
