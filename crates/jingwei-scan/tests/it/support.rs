//! The catalog's rules, and one way to run each check.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::OnceLock};

use jingwei_catalog::items::Rule;
use jingwei_core::{Check, Component, ComponentId, ComponentKind, Finding, Limits, Metric, Observation, RuleId};
use jingwei_read::NameList;
use jingwei_scan::{ConfigCheck, EndpointCheck, ModelCheck, ModelNames, PromptCheck};
use jingwei_testkit::{MemoryFiles, World};

/// All rules of this crate's checks, read from the catalog.
pub fn rules() -> &'static BTreeMap<RuleId, Rule> {
    static RULES: OnceLock<BTreeMap<RuleId, Rule>> = OnceLock::new();
    RULES.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../catalog/rules");
        let mut rules = BTreeMap::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let noun = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next());
            if !matches!(noun, Some("model" | "endpoint" | "config" | "prompt")) {
                continue;
            }
            let rule: Rule = toml::from_str(&fs::read_to_string(&path).unwrap())
                .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            assert_eq!(path.file_stem().and_then(|s| s.to_str()), Some(rule.id.as_str()), "file name is the id");
            rules.insert(rule.id.clone(), rule);
        }
        rules
    })
}

/// All name lists, read from the catalog.
pub fn names() -> &'static ModelNames {
    static NAMES: OnceLock<ModelNames> = OnceLock::new();
    NAMES.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../catalog/names");
        let lists = fs::read_dir(folder).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            let list: NameList = toml::from_str(&fs::read_to_string(&path).unwrap())
                .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            (list.id.clone(), list)
        });
        ModelNames::new(&lists.collect())
    })
}

pub fn model_check() -> ModelCheck {
    ModelCheck::new(rules().clone(), names().clone()).unwrap()
}

pub fn checks() -> Vec<Box<dyn Check>> {
    vec![
        Box::new(model_check()),
        Box::new(EndpointCheck::new(rules().clone()).unwrap()),
        Box::new(ConfigCheck::new(rules().clone()).unwrap()),
        Box::new(PromptCheck::new(rules().clone()).unwrap()),
    ]
}

pub fn check_named(id: &str) -> Box<dyn Check> {
    checks().into_iter().find(|check| check.id() == id).unwrap_or_else(|| panic!("no check {id}"))
}

pub fn component(kind: ComponentKind, path: &str) -> Component {
    Component { path: Some(path.to_owned()), ..Component::bare(ComponentId::literal("part"), kind) }
}

/// What a check saw, taken apart.
pub struct Seen {
    pub findings: Vec<Finding>,
    pub metrics: Vec<Metric>,
}

impl Seen {
    pub fn of(observations: Vec<Observation>) -> Self {
        let mut seen = Seen { findings: Vec::new(), metrics: Vec::new() };
        for observation in observations {
            match observation {
                Observation::Finding(finding) => seen.findings.push(finding),
                Observation::Metric(metric) => seen.metrics.push(metric),
            }
        }
        seen
    }

    /// `rule path key` of each finding, without what is absent.
    pub fn lines(&self) -> Vec<String> {
        let line = |finding: &Finding| {
            let place = [finding.place.path.as_deref(), finding.place.key.as_deref()];
            let parts = [Some(finding.rule.as_str())].into_iter().chain(place).flatten();
            parts.collect::<Vec<_>>().join(" ")
        };
        self.findings.iter().map(line).collect()
    }

    pub fn with_rule(&self, rule: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.rule.as_str() == rule)
    }

    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.iter().find(|metric| metric.name == name).map(|metric| metric.value)
    }
}

/// Runs the model check on one file that stands beside a licence and a card.
pub fn scan_file(bytes: impl Into<Vec<u8>>, limits: &Limits) -> Seen {
    let files = MemoryFiles::default()
        .with_file("m/LICENSE", "Apache License 2.0")
        .with_file("m/README.md", "# A model")
        .with_file("m/weights", bytes);
    scan_folder(files, limits)
}

/// Runs the model check on the folder `m`.
pub fn scan_folder(files: MemoryFiles, limits: &Limits) -> Seen {
    let world = World::of_files(files);
    Seen::of(model_check().run(&component(ComponentKind::Model, "m"), &world.ctx(), limits).unwrap())
}

/// The offset and English reason of the only finding, which has to be a broken header.
#[track_caller]
pub fn malformed(bytes: impl Into<Vec<u8>>) -> (u64, String) {
    let seen = scan_file(bytes, &Limits::default());
    let found = seen.with_rule("model.header-malformed").unwrap_or_else(|| panic!("{:?}", seen.findings));
    (found.place.offset.unwrap(), found.message.en.clone())
}

/// The limit that the only finding names.
#[track_caller]
pub fn limit_crossed(bytes: impl Into<Vec<u8>>, limits: &Limits) -> String {
    let seen = scan_file(bytes, limits);
    assert!(seen.with_rule("model.limit-exceeded").is_some(), "{:?}", seen.lines());
    seen.findings[0].place.key.clone().unwrap()
}

/// Runs the model check on a component that is one file.
pub fn scan_single(bytes: impl Into<Vec<u8>>, limits: &Limits) -> Seen {
    let world = World::of_files(MemoryFiles::default().with_file("m/weights", bytes));
    Seen::of(model_check().run(&component(ComponentKind::Model, "m/weights"), &world.ctx(), limits).unwrap())
}
