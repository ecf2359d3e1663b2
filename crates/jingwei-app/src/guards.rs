//! The guards that a manifest names, compiled from their policies.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use jingwei_catalog::{Catalog, document::Problems, items::Rule};
use jingwei_core::{Action, Check, Component, ComponentId, Digest, Files, Lang, Limits, RuleId, Text, Verdict};
use jingwei_guard::{
    BASELINE_TOML, CanaryKey, DetectorState, Direction, Engine, GuardCheck, Parts, Placeholders, lexicons_of_packs,
    pack_path, parse_policy,
};

use crate::{App, AppSettings, DetectorSource, DiskFiles, Error, PolicyDetectors, files::why_unreadable, known_canary};

/// Largest policy file, in bytes.
pub(crate) const MAX_POLICY_BYTES: u64 = 1 << 20;

/// What policies are compiled with.
#[derive(Debug, Clone)]
pub struct Equipment {
    pub catalog: Arc<Catalog>,
    pub limits: Limits,
    pub detectors: DetectorSource,
    /// Without it no canary token is recognised.
    pub canary: Option<CanaryKey>,
}

/// A guard in front of a model: the same engine that the gateway runs.
pub struct Guard {
    engine: Arc<Engine>,
    limits: Limits,
    states: Vec<DetectorState>,
}

/// What a guard made of a text.
pub(crate) enum Screened {
    /// The caller gets this message instead.
    Blocked(String),
    /// The text goes on, redacted where rules want it.
    Allowed(String),
}

impl Guard {
    /// Compiles a policy with the catalog's lexicons, those of the packs that it names and its detectors, whole or not
    /// at all. `read_pack` gives the bytes of a pack by its path in the policy; encoders lie in folders below `folder`.
    pub(crate) fn compile(
        file: &str,
        folder: &Path,
        bytes: &[u8],
        equipment: &Equipment,
        read_pack: impl FnMut(&str) -> Result<Vec<u8>, Text>,
    ) -> Result<Self, Problems> {
        let Equipment { catalog, limits, detectors, canary } = equipment;
        let policy = parse_policy(file, bytes)?;
        let mut lexicons: Vec<_> = catalog.lexicons.values().cloned().collect();
        lexicons.extend(lexicons_of_packs(&policy, limits, read_pack)?);
        let PolicyDetectors { detectors, states } = detectors.of_policy(&policy, folder)?;
        let parts = Parts { lexicons: &lexicons, detectors, canary: canary.clone() };
        Ok(Self { engine: Arc::new(Engine::compile_with(&policy, &parts)?), limits: *limits, states })
    }

    /// The baseline policy that this program was built with.
    pub fn built_in(equipment: &Equipment) -> Result<Self, Problems> {
        let no_pack = |_: &str| Err(Text::new("内置策略不用词库包", "the built-in policy has no packs"));
        Self::compile("builtin", Path::new(""), BASELINE_TOML.as_bytes(), equipment, no_pack)
    }

    pub(crate) fn shared_engine(&self) -> Arc<Engine> {
        Arc::clone(&self.engine)
    }

    /// How its detectors stand.
    pub(crate) fn detector_states(&self) -> &[DetectorState] {
        &self.states
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

/// The guard of every component that names one; where it cannot be compiled, why. `folder` is the manifest's.
pub(crate) fn of_components(
    components: &[Component],
    files: &dyn Files,
    folder: &Path,
    equipment: &Equipment,
) -> BTreeMap<ComponentId, Result<Arc<Guard>, String>> {
    let named = components.iter().filter_map(|component| Some((component, component.guard.as_deref()?)));
    named
        .map(|(component, policy)| (component.id.clone(), load(policy, files, folder, equipment).map(Arc::new)))
        .collect()
}

fn load(policy: &str, files: &dyn Files, folder: &Path, equipment: &Equipment) -> Result<Guard, String> {
    if policy == "builtin" {
        return Guard::built_in(equipment).map_err(|problems| problems.to_string());
    }
    let bytes = files.read(policy, MAX_POLICY_BYTES).map_err(|error| error.to_string())?;
    let read_pack = |pack: &str| {
        let read = files.read(&pack_path(policy, pack), equipment.limits.header_bytes);
        read.map_err(|error| why_unreadable(&error))
    };
    let folder = folder.join(Path::new(policy).parent().unwrap_or(Path::new("")));
    Guard::compile(policy, &folder, &bytes, equipment, read_pack).map_err(|problems| problems.to_string())
}

/// Reads a guard for a command: a policy file, or the built-in baseline.
pub fn for_command(policy: Option<&Path>, equipment: &Equipment) -> Result<Guard, Error> {
    let Some(path) = policy else { return Ok(Guard::built_in(equipment)?) };
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|e| {
        Error::invalid(format!("无法读取策略 `{shown}`"), format!("cannot read the policy `{shown}`")).because(e)
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let read_pack = |pack: &str| {
        let read = DiskFiles::new(folder, true).read(pack, equipment.limits.header_bytes);
        read.map_err(|error| why_unreadable(&error))
    };
    Ok(Guard::compile(&shown.to_string(), folder, &bytes, equipment, read_pack)?)
}

impl App {
    /// What policies are compiled with here.
    pub fn equipment(&self) -> Result<Equipment, Error> {
        let AppSettings { net, secrets, clock, limits, data, .. } = &self.settings;
        let detectors = DetectorSource::new(net, Arc::clone(secrets), Arc::clone(clock), *limits)?;
        Ok(Equipment { catalog: Arc::clone(&self.catalog), limits: *limits, detectors, canary: known_canary(data)? })
    }
}

#[cfg(test)]
pub(crate) fn for_tests() -> Equipment {
    struct Never;
    impl jingwei_core::Clock for Never {
        fn now(&self) -> jingwei_core::Timestamp {
            jingwei_core::Timestamp::from_micros(0)
        }
    }
    let net = jingwei_net::NetSettings { allow_loopback: true, ..jingwei_net::NetSettings::default() };
    let secrets: crate::SecretSource = Arc::new(|name| (name == "KNOWN_KEY").then(|| "sk-known".to_owned()));
    let limits = Limits::default();
    let detectors = DetectorSource::new(&net, secrets, Arc::new(Never), limits).unwrap();
    Equipment { catalog: Arc::new(Catalog::built_in().unwrap()), limits, detectors, canary: None }
}

/// The check `guard.policy`.
pub(crate) fn check(catalog: &Catalog, rules: BTreeMap<RuleId, Rule>) -> Result<Arc<dyn Check>, Problems> {
    let lexicons = catalog.lexicons.values().cloned().collect();
    Ok(Arc::new(GuardCheck::new(lexicons, rules.into_values())?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use jingwei_guard::{Columns, Import, ImportOptions, PackFacts};

    use super::*;
    use crate::guard_set::{self, GuardSet};

    fn pack(words: &str) -> Vec<u8> {
        let options = ImportOptions {
            category: Some("own".to_owned()),
            columns: Columns::default(),
            lang: None,
            keep_single: false,
            updated: "2026-11-21".parse().unwrap(),
        };
        let mut import = Import::new(options, Limits::default());
        import.read("a.txt", words.as_bytes()).unwrap();
        let created = "2026-11-21T00:00:00Z".parse().unwrap();
        let facts = PackFacts { id: "words".to_owned(), title: None, licence: None, created };
        import.finish(facts, None).unwrap().pack.to_bytes()
    }

    fn policy(pack: &str) -> String {
        format!(
            "kind = 'guard-policy'\nversion = 1\nid = 'p'\ntitle = {{ zh = '题', en = 't' }}\n\
             block_message = {{ zh = '不', en = 'no' }}\npacks = ['{pack}']\n[[rule]]\nid = 'own.words'\n\
             title = {{ zh = '词', en = 'w' }}\ndirection = 'both'\nwhen = {{ kind = 'lexicon', lexicons = ['own'] }}\n\
             action = 'block'\nseverity = 'high'\n"
        )
    }

    #[test]
    fn a_changed_pack_is_noticed_and_served() {
        let (folder, equipment) = (tempfile::tempdir().unwrap(), for_tests());
        let path = folder.path().join("p.toml");
        fs::write(&path, policy("w.pack")).unwrap();
        let make = || guard_set::make(Some(&path), None, &equipment);
        let judged = |set: &GuardSet| {
            let engine = &set.engines.default.engine;
            engine.judge_text(Direction::Input, "百家乐", &equipment.limits).action
        };
        let (refused, without) = make();
        let refused = refused.err().unwrap().to_string();
        assert!(refused.contains("p.toml:6: `packs[0]`: `w.pack`: there is no such file"), "{refused}");
        fs::write(folder.path().join("w.pack"), pack("百家乐\n")).unwrap();
        assert_ne!(without, without.again(), "it waits for what is missing too");
        let (set, first) = make();
        assert_eq!(judged(&set.unwrap()), Action::Block);
        assert_eq!(first, first.again());
        fs::write(folder.path().join("w.pack"), pack("老虎机\n")).unwrap();
        assert_ne!(first, first.again());
        assert_eq!(judged(&make().0.unwrap()), Action::Allow);
    }

    #[test]
    fn packs_of_a_system_lie_in_its_folder() {
        let (folder, equipment) = (tempfile::tempdir().unwrap(), for_tests());
        let root = folder.path().join("system");
        fs::create_dir_all(root.join("guard")).unwrap();
        fs::write(root.join("w.pack"), pack("百家乐\n")).unwrap();
        fs::write(folder.path().join("w.pack"), pack("百家乐\n")).unwrap();
        for (named, inside) in [("../w.pack", true), ("../../w.pack", false), ("/w.pack", false)] {
            fs::write(root.join("guard/p.toml"), policy(named)).unwrap();
            let loaded = load("guard/p.toml", &DiskFiles::new(&root, false), &root, &equipment);
            let said = loaded.as_ref().err().cloned().unwrap_or_default();
            assert_eq!(loaded.is_ok(), inside, "{named}: {said}");
            assert_eq!(said.contains("outside the manifest's folder"), !inside, "{named}: {said}");
        }
    }
}
