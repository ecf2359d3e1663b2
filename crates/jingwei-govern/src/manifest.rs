//! `system.toml`: what is governed.

use std::collections::BTreeSet;

use jingwei_catalog::{
    Catalog,
    document::{self, Document, Problem, Problems},
};
use jingwei_core::{Component, ComponentKind, ControlId, Date, Grade, RiskId, Role, Stage, SystemId, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A system's manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub kind: ManifestKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    pub system: SystemPart,
    pub profile: Profile,
    /// What the system is made of.
    #[serde(rename = "component")]
    #[schemars(length(min = 1))]
    pub components: Vec<Component>,
    #[serde(default)]
    pub management: Management,
    /// Grades that a person states for risks, and controls that a person says are in place.
    #[serde(default, rename = "assertion", skip_serializing_if = "Vec::is_empty")]
    pub assertions: Vec<Assertion>,
    /// Grades that a named role sets below what the evidence says, for a time.
    #[serde(default, rename = "override", skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ManifestKind {
    System,
}

/// Who and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemPart {
    pub id: SystemId,
    pub name: Text,
    /// What it is for.
    pub purpose: Text,
    /// Who answers for it.
    #[schemars(length(min = 1))]
    pub owner: String,
    /// What the operator is to it.
    #[schemars(length(min = 1))]
    pub roles: Vec<Role>,
    /// Where it stands. The gate leads into the next stage.
    pub stage: Stage,
    /// The highest residual grade that is tolerated.
    pub tolerance: Grade,
}

/// The three factors that the grade comes from: scenario, intelligence and scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub industry: Industry,
    /// In a few words: `customer service`.
    pub scenario: Text,
    #[schemars(length(min = 1))]
    pub audience: Vec<Audience>,
    /// Can it shape public opinion?
    pub public_opinion: bool,
    /// Can it mobilise people?
    pub social_mobilisation: bool,
    /// Is it part of critical information infrastructure?
    pub critical_infrastructure: bool,
    /// Does it handle personal data?
    pub personal_data: bool,
    /// Does it talk as if it were a person, to keep somebody company?
    #[serde(default)]
    pub companion: bool,
    /// Does it act in the physical world?
    #[serde(default)]
    pub embodied: bool,
    /// Is it used for scientific research?
    #[serde(default)]
    pub research: bool,
    /// What it puts out.
    #[schemars(length(min = 1))]
    pub modalities: Vec<Modality>,
    pub autonomy: Autonomy,
    /// People who use it in a month.
    pub users: u64,
    /// Is it built into an industry's working process?
    #[serde(default)]
    pub embedded: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Industry {
    Retail,
    Finance,
    Healthcare,
    Education,
    Government,
    Energy,
    Telecom,
    Transport,
    Manufacturing,
    Media,
    Legal,
    Research,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    Employees,
    Businesses,
    Public,
    Minors,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    Text,
    Image,
    Audio,
    Video,
    Code,
    Action,
}

/// How far it decides by itself (framework 2.0, annex 1, factor 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Autonomy {
    /// People decide and act; it informs them.
    Advise,
    /// It does parts of the work under people's eyes.
    Assist,
    /// It acts after somebody agreed.
    ActWithApproval,
    /// It acts without anybody in the loop.
    ActAlone,
}

/// Management answers. A document counts only if it is there to be read; its digest becomes evidence.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Management {
    /// Who is responsible for AI safety.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Answer>,
    /// The safety policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Answer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency_plan: Option<Answer>,
    /// The last emergency drill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<Answer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_retention: Option<LogRetention>,
    /// One per vendor component.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vendor_assessment: Vec<VendorAssessment>,
}

/// An answer with what proves it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Name of the person or title of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it was approved, or took place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// File, relative to the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogRetention {
    /// Days that run-time logs are kept. Framework 2.0 §6.3.6 asks for six months.
    pub days: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VendorAssessment {
    /// Component id of the vendor.
    pub vendor: jingwei_core::ComponentId,
    pub date: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
}

/// What a person states. It can only make the effective grade worse than the evidence does, never better.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskId>,
    /// With `risk`: the grade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// A control that is said to be in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlId>,
    #[schemars(length(min = 1))]
    pub by: String,
    pub on: Date,
    #[schemars(length(min = 1))]
    pub reason: String,
}

/// A loosened grade: who, in which role, why and until when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Override {
    pub risk: RiskId,
    pub grade: Grade,
    #[schemars(length(min = 1))]
    pub by: String,
    pub role: OverrideRole,
    #[schemars(length(min = 1))]
    pub reason: String,
    /// Last day on which it holds.
    pub until: Date,
}

/// Roles that may loosen a grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverrideRole {
    Owner,
    RiskOfficer,
}

impl Manifest {
    /// Reads a manifest. Wrong or missing keys are reported all at once, with lines.
    pub fn parse(file: &str, bytes: &[u8], catalog: &Catalog) -> Result<Self, Problems> {
        let document = document::parse::<Self>(file, bytes)?;
        let problems = meaning(&document, catalog);
        if problems.is_empty() { Ok(document.value) } else { Err(Problems(problems)) }
    }

    /// The stage that the gate leads into.
    #[must_use]
    pub fn next_stage(&self) -> Stage {
        match self.system.stage {
            Stage::Plan => Stage::Design,
            Stage::Design => Stage::Develop,
            Stage::Develop => Stage::Test,
            Stage::Test => Stage::Deploy,
            Stage::Deploy | Stage::Operate => Stage::Operate,
            Stage::Retire => Stage::Retire,
        }
    }

    /// The system itself as a component, for checks that look at all of it.
    #[must_use]
    pub fn system_component(&self) -> Option<Component> {
        let id = jingwei_core::ComponentId::new(self.system.id.as_str()).ok()?;
        Some(Component { name: Some(self.system.name.clone()), ..Component::bare(id, ComponentKind::System) })
    }
}

/// What the shape alone cannot tell.
fn meaning(document: &Document<Manifest>, catalog: &Catalog) -> Vec<Problem> {
    let manifest = &document.value;
    let mut problems = Vec::new();
    let mut say = |key: String, zh: String, en: String| problems.push(document.places.problem(&key, Text::new(zh, en)));
    let ids: BTreeSet<&str> = manifest.components.iter().map(|component| component.id.as_str()).collect();
    let mut seen = BTreeSet::new();
    for (index, component) in manifest.components.iter().enumerate() {
        let at = |key: &str| format!("component[{index}].{key}");
        let id = &component.id;
        if !seen.insert(id.as_str()) || id.as_str() == manifest.system.id.as_str() {
            say(at("id"), format!("组件 id `{id}` 重复"), format!("component id `{id}` stands twice"));
        }
        if component.kind == ComponentKind::System {
            say(
                at("kind"),
                "`system` 不能作为组件：系统本身由 [system] 描述".to_owned(),
                "`system` is not a component: [system] describes it".to_owned(),
            );
        }
        let needs_path = matches!(component.kind, ComponentKind::Model | ComponentKind::Prompt | ComponentKind::Config);
        if needs_path && component.path.is_none() {
            let kind = component.kind.label();
            say(
                at("path"),
                format!("{}组件 `{id}` 缺少 `path`", kind.zh),
                format!("`path` is missing: {} `{id}` needs its file or folder", kind.en),
            );
        }
        if component.kind == ComponentKind::Endpoint && component.url.is_none() {
            say(
                at("url"),
                format!("接口 `{id}` 缺少 `url`，例如 http://127.0.0.1:8080/v1"),
                format!("`url` is missing: endpoint `{id}` needs one such as http://127.0.0.1:8080/v1"),
            );
        }
        for (number, suite) in component.tests.iter().enumerate() {
            if component.kind != ComponentKind::Endpoint {
                say(at("tests"), "只有接口可以写 `tests`".to_owned(), "only an endpoint has `tests`".to_owned());
                break;
            }
            if !catalog.suites.contains_key(suite) {
                let known = catalog.suites.keys().cloned().collect::<Vec<_>>().join(", ");
                say(
                    at(&format!("tests[{number}]")),
                    format!("目录库中没有测试套件 `{suite}`；有：{known}"),
                    format!("the catalog has no suite `{suite}`; it has {known}"),
                );
            }
        }
        for (key, reference) in [("prompt", &component.prompt), ("vendor", &component.vendor)] {
            if let Some(other) = reference
                && !ids.contains(other.as_str())
            {
                say(at(key), format!("没有 id 为 `{other}` 的组件"), format!("there is no component `{other}`"));
            }
        }
    }
    for (index, assessment) in manifest.management.vendor_assessment.iter().enumerate() {
        let vendor = &assessment.vendor;
        if !manifest.components.iter().any(|c| c.id == *vendor && c.kind == ComponentKind::Vendor) {
            say(
                format!("management.vendor_assessment[{index}].vendor"),
                format!("没有 id 为 `{vendor}` 的供应商组件"),
                format!("there is no vendor component `{vendor}`"),
            );
        }
    }
    let risks =
        manifest.assertions.iter().map(|a| a.risk.as_ref()).chain(manifest.overrides.iter().map(|o| Some(&o.risk)));
    let split = manifest.assertions.len();
    for (index, risk) in risks.enumerate() {
        let key = if index < split {
            format!("assertion[{index}].risk")
        } else {
            format!("override[{}].risk", index - split)
        };
        if let Some(risk) = risk
            && !catalog.risks.contains_key(risk)
        {
            say(
                key,
                format!("目录库中没有风险 `{risk}`：运行 jingwei catalog list risks 查看"),
                format!("the catalog has no risk `{risk}`: see jingwei catalog list risks"),
            );
        }
    }
    for (index, assertion) in manifest.assertions.iter().enumerate() {
        let risk = assertion.risk.is_some() && assertion.grade.is_some() && assertion.control.is_none();
        let control = assertion.control.is_some() && assertion.risk.is_none() && assertion.grade.is_none();
        if !risk && !control {
            say(
                format!("assertion[{index}]"),
                "须写 `risk` 与 `grade`，或只写 `control`".to_owned(),
                "write `risk` and `grade`, or `control` alone".to_owned(),
            );
        }
        if let Some(name) = &assertion.control
            && !catalog.controls.contains_key(name)
        {
            say(
                format!("assertion[{index}].control"),
                format!("目录库中没有控制措施 `{name}`：运行 jingwei catalog list controls 查看"),
                format!("the catalog has no control `{name}`: see jingwei catalog list controls"),
            );
        }
    }
    problems.sort();
    problems
}
