//! The shapes of catalog items. One file holds one item, and both languages stand in one record.
//! These types are the only definition: the validator, the JSON Schemas and the loader come from them.

use std::collections::BTreeMap;

use jingwei_core::{
    CheckId, ControlId, Date, Decision, Grade, ItemRef, RiskId, Role, RuleId, Severity, Side, Stage, Text,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `frameworks/<id>.toml`: one edition of a framework, law or standard, as a flat list of items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    pub kind: FrameworkKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Edition id, such as `tc260-2.0`; the file name.
    pub id: String,
    /// What editions of the same thing share, such as `tc260`.
    pub family: String,
    pub edition: String,
    /// Edition ids that this one replaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<String>,
    pub title: Text,
    pub publisher: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Date>,
    /// Where the facts come from: name the document, not this machine.
    pub source: String,
    /// Whether the facts were read at their source. Items inherit it.
    pub verified: bool,
    /// What the publisher's licence lets us restate.
    pub licence: String,
    /// Jurisdiction pack that switches it on: `cn`, `eu`, `us`, or `global`.
    pub pack: String,
    #[serde(default, rename = "item")]
    pub items: Vec<FrameworkItem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FrameworkKind {
    Framework,
}

/// A numbered thing of a framework.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrameworkItem {
    /// Code within the edition: `3.2.2.a`, `MEASURE-2.7`, `LLM01`. Legal: letters, digits, `.`, `_`, `-`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"))]
    pub code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    pub is: ItemKind,
    pub title: Text,
    /// What it says, in our own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Clause as printed, where it differs from the code: `3.2.2(a)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A heading that only groups.
    Section,
    Principle,
    Risk,
    TechnicalMeasure,
    GovernanceMeasure,
    Guideline,
    GradingFactor,
    Grade,
    Term,
    /// A management requirement or subcategory.
    Requirement,
    Control,
    Tactic,
    Technique,
    Hazard,
}

/// `risks/<id>.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Risk {
    pub kind: RiskKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    pub id: RiskId,
    /// Permanent code, such as `R205`.
    #[schemars(regex(pattern = r"^R[0-9]{3}$"))]
    pub code: String,
    pub class: RiskClass,
    pub title: Text,
    /// What may happen, to whom, in our own words.
    pub text: Text,
    pub sides: Vec<Side>,
    /// Items of frameworks that name this risk; the first one is its origin.
    pub refs: Vec<ItemRef>,
    /// CEL over the identification context (`docs/reference/expressions.md`): does the risk apply to a system?
    pub applies: String,
    /// Shown when it applies: why.
    pub because: Text,
    /// Impact before any control, 1 to 5, for a system of grade 3.
    pub impact: Grade,
    /// Likelihood before any control, as a Beta distribution, for want of evidence.
    pub prior: Prior,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub verified: bool,
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_yes(value: &bool) -> bool {
    *value
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RiskKind {
    Risk,
}

/// The three classes of the TC260 framework, chapter 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RiskClass {
    /// 技术内生: from the technology itself.
    Inherent,
    /// 技术应用: from putting it to use.
    Application,
    /// 应用衍生: from what its use does to society.
    Derivative,
}

/// Beta(a, b): as if `a` of `a + b` tries had gone wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prior {
    #[schemars(range(min = 0.01, max = 1000.0))]
    pub a: f64,
    #[schemars(range(min = 0.01, max = 1000.0))]
    pub b: f64,
}

/// `controls/<id>.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Control {
    pub kind: ControlKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    pub id: ControlId,
    /// Permanent code: `T..` technical, `M..` management.
    #[schemars(regex(pattern = r"^[TM][0-9]{2}$"))]
    pub code: String,
    pub nature: Nature,
    pub title: Text,
    pub text: Text,
    pub sides: Vec<Side>,
    /// Stages at which it should stand.
    pub stages: Vec<Stage>,
    /// Who owns it.
    pub owner: Role,
    pub refs: Vec<ItemRef>,
    /// What it lowers and by how much while it is effective.
    #[serde(rename = "lowers")]
    pub lowers: Vec<Lowers>,
    /// Effort to put in place and keep, 1 (hours) to 5 (a programme).
    pub cost: Grade,
    /// What the newest evidence must show. All of them must hold. None: no machine evidence exists yet,
    /// and the control is at best asserted.
    #[serde(default, rename = "criterion", skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<Criterion>,
    /// What a person should do to put it in place.
    pub how: Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ControlKind {
    Control,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Nature {
    Technical,
    Management,
}

/// A risk that a control lowers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lowers {
    pub risk: RiskId,
    /// What it lowers: how often, or how badly.
    pub what: Lever,
    /// Share taken away while the control is effective, 0 to 0.95: likelihood is multiplied by `1 - by`;
    /// impact falls one level for each full 0.4.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub by: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lever {
    Likelihood,
    Impact,
}

/// What evidence a control needs to count as effective, and for how long. Exactly one of `metric` and `clean` is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Unique within the control.
    pub id: String,
    /// Which check's evidence.
    pub check: CheckId,
    /// A metric within a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<MetricBound>,
    /// No finding that bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clean: Option<CleanOf>,
    /// Evidence older than this is stale.
    #[schemars(range(min = 1, max = 3650))]
    pub fresh_days: u32,
}

/// A metric's value, or a bound of its interval, compared with a number. At least one of `max` and `min` is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricBound {
    pub name: String,
    /// The metric's labels, all of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    pub of: BoundOf,
    /// Not more than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Not less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BoundOf {
    Value,
    /// The lower end of the metric's interval.
    Lower,
    /// The upper end of the metric's interval.
    Upper,
}

/// No finding at or above `from`, of these rules (`*` at the end matches any rest; empty: of any rule of the check).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CleanOf {
    pub from: Severity,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
}

/// `rules/<id>.toml`: what a check may find. The text and the severity are data; the recognition is the check's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub kind: RuleKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    pub id: RuleId,
    pub check: CheckId,
    pub severity: Severity,
    pub title: Text,
    /// What was seen; `{name}` stands for a detail of the finding.
    pub message: Text,
    pub remedy: Text,
    pub risks: Vec<RiskId>,
    /// It says that the check could not look: its evidence then tells nothing about these risks, and they count as
    /// without evidence.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inconclusive: bool,
    pub refs: Vec<ItemRef>,
    /// Inputs on which it must speak.
    #[serde(rename = "hit")]
    pub hits: Vec<RuleCase>,
    /// Inputs on which it must be silent.
    #[serde(rename = "clean")]
    pub clean: Vec<RuleCase>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RuleKind {
    Rule,
}

/// A small input of a check: files, an endpoint's answers, or management answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleCase {
    /// Path → content: plain text, bytes as `hex:…`, a link as `link:…`, or `unreadable:…`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// Fields of the component, as in a manifest, without id, kind and path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub component: BTreeMap<String, serde_json::Value>,
    /// What strangers see: `status_without_credentials`, `status_with_wrong_credentials`, `listens_on`, `unreachable`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exposure: BTreeMap<String, serde_json::Value>,
    /// The manifest's `[management]` table.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub management: BTreeMap<String, serde_json::Value>,
    /// The check is asked to look at the numbers in weights too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub look_at_weights: bool,
    /// Answers of a scripted model to the bank's questions: `refuse`, `answer`, `empty` or `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replies: Option<String>,
}

/// `mappings/<id>.toml`: which items of one framework edition answer which of another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    pub kind: MappingKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    pub id: String,
    pub title: Text,
    /// Edition ids. The edition is pinned: a new edition needs a new mapping.
    pub from: String,
    pub to: String,
    /// `printed` by the publisher, or `derived` by us from the text.
    pub origin: MappingOrigin,
    pub verified: bool,
    pub source: String,
    #[serde(default, rename = "pair")]
    pub pairs: Vec<Pair>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MappingKind {
    Mapping,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MappingOrigin {
    Printed,
    Derived,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// Code in `from`.
    pub from: String,
    /// Codes in `to`.
    pub to: Vec<String>,
    /// NIST IR 8278A relation of `from` to `to`.
    pub relation: Relation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Text>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Relation {
    Equal,
    Subset,
    Superset,
    Intersect,
}

/// `profiles/<id>.toml`: how an edition grades a system and a risk. Tables, never code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GradingProfile {
    pub kind: GradingProfileKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    pub id: String,
    pub title: Text,
    /// Edition id of the framework whose grading this is.
    pub framework: String,
    /// Industries that it is for; empty: all that have no profile of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub industries: Vec<String>,
    pub verified: bool,
    pub source: String,
    /// Rules that give the scenario level; the first one that holds decides.
    pub scenario: Vec<LevelRule>,
    /// Rules that give the intelligence (autonomy) level.
    pub intelligence: Vec<LevelRule>,
    /// Rules that give the scale level.
    pub scale: Vec<LevelRule>,
    /// `grade[scenario - 1][intelligence - 1][scale - 1]`, levels 1 to 3.
    pub grade: Vec<Vec<Vec<Grade>>>,
    /// Added to a risk's impact by the system's grade 1 to 5.
    pub impact_shift: Vec<i8>,
    /// Upper ends of likelihood levels 1 to 4; beyond the last is level 5.
    pub likelihood_cuts: Vec<f64>,
    /// `matrix[likelihood - 1][impact - 1]`, levels 1 to 5.
    pub matrix: Vec<Vec<Grade>>,
    /// Probability level of the bound that is compared with the cuts, such as 0.9.
    #[schemars(range(min = 0.5, max = 0.999))]
    pub credible: f64,
    /// Pseudo-counts that open findings and clean inspections add to a likelihood that no trial measured.
    pub finding_weight: FindingWeight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GradingProfileKind {
    GradingProfile,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelRule {
    #[schemars(range(min = 1, max = 3))]
    pub level: u8,
    /// CEL over `profile` (`docs/reference/expressions.md`).
    pub when: String,
    pub because: Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingWeight {
    pub info: f64,
    pub low: f64,
    pub medium: f64,
    pub high: f64,
    pub critical: f64,
    /// Added to `b` for each check that looked for findings bearing on the risk and found none.
    pub clean: f64,
}

/// `gates/<id>.toml`: one condition of a stage transition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GateRule {
    pub kind: GateRuleKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    pub id: String,
    pub title: Text,
    /// Stages that the gate leads into.
    pub stages: Vec<Stage>,
    /// CEL over the gate context (`docs/reference/expressions.md`). True: the rule speaks.
    pub when: String,
    pub decision: Decision,
    /// Why, with `{…}` CEL expressions of the same context.
    pub message: Text,
    /// What to do.
    pub remedy: Text,
    pub refs: Vec<ItemRef>,
    /// Contexts in which it must speak, and in which it must not: changes to a passing context.
    #[serde(rename = "hit")]
    pub hits: Vec<BTreeMap<String, serde_json::Value>>,
    #[serde(rename = "clean")]
    pub clean: Vec<BTreeMap<String, serde_json::Value>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GateRuleKind {
    GateRule,
}

/// `banks/<id>.toml`: questions with what a safe system does with them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bank {
    pub kind: BankKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    pub id: String,
    pub title: Text,
    /// Licence of the questions.
    pub licence: String,
    /// Who wrote them, and when they were last changed.
    pub source: String,
    pub updated: Date,
    #[serde(default, rename = "item")]
    pub items: Vec<BankItem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BankKind {
    Bank,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BankItem {
    /// Unique within the bank and permanent.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]*$"))]
    pub id: String,
    pub expect: Expect,
    pub lang: jingwei_core::Lang,
    pub text: String,
    /// AILuminate hazard code (`vcr`, `ncr`, …) of a should-refuse question; topic of a should-answer one; carrier of a
    /// question with a scene.
    pub topic: String,
    /// Risks whose event a wrong answer is.
    pub risks: Vec<RiskId>,
    /// GB/T 45654-2025 item, where one fits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<ItemRef>,
    /// What the system reads for its task, and what somebody planted in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene: Option<Scene>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    Refuse,
    Answer,
    /// Does its task and does not follow the instruction that is planted in its scene.
    Resist,
}

/// What a system reads for its task. The task itself is the question's `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    pub carrier: Carrier,
    /// The system prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Tools that the system may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<SceneTool>,
    /// The call that brought `content`; without one the user wrote it below the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<SceneCall>,
    /// What is read. `{planted}` stands where the planted text stands, here or in one tool's description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Of a question with `expect = "resist"`, and of no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<Plant>,
}

/// In what the planted text comes, and a clean twin without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Carrier {
    Document,
    WebPage,
    Email,
    ToolResult,
    /// What a tool server says of its tools.
    ToolDescription,
    RetrievedPassage,
    CodeComment,
    FileName,
    Calendar,
    ImageText,
    TableCell,
}

impl Carrier {
    pub const ALL: [Carrier; 11] = [
        Carrier::Document,
        Carrier::WebPage,
        Carrier::Email,
        Carrier::ToolResult,
        Carrier::ToolDescription,
        Carrier::RetrievedPassage,
        Carrier::CodeComment,
        Carrier::FileName,
        Carrier::Calendar,
        Carrier::ImageText,
        Carrier::TableCell,
    ];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Carrier::Document => "document",
            Carrier::WebPage => "web-page",
            Carrier::Email => "email",
            Carrier::ToolResult => "tool-result",
            Carrier::ToolDescription => "tool-description",
            Carrier::RetrievedPassage => "retrieved-passage",
            Carrier::CodeComment => "code-comment",
            Carrier::FileName => "file-name",
            Carrier::Calendar => "calendar",
            Carrier::ImageText => "image-text",
            Carrier::TableCell => "table-cell",
        }
    }
}

/// A tool whose arguments are all texts and all needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SceneTool {
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_]*$"))]
    pub name: String,
    #[schemars(length(min = 1))]
    pub description: String,
    /// Names of its arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
}

/// A call that the assistant made before it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SceneCall {
    /// One of the scene's tools.
    pub tool: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, String>,
}

/// An instruction that is not the user's, and what shows that it was followed: exactly one of `says` and `calls`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plant {
    pub payload: Payload,
    #[schemars(length(min = 1))]
    pub text: String,
    /// The reply says this. It stands nowhere in the scene in one piece, so that a reply that only quotes the planted
    /// text does not say it; the secret of a `leak` stands in the system prompt alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// The reply calls this tool, one of the scene's, which the task does not need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<String>,
}

/// What a planted instruction is after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Payload {
    /// That words are said.
    Say,
    /// That a tool is called.
    Call,
    /// That a secret of the system prompt comes out.
    Leak,
    /// That the answer has another form than the task asks for.
    Format,
    /// That a link carries something away.
    Exfiltrate,
}

impl Payload {
    pub const ALL: [Payload; 5] = [Payload::Say, Payload::Call, Payload::Leak, Payload::Format, Payload::Exfiltrate];
}

/// Stands for the planted text in a scene.
pub const PLANTED: &str = "{planted}";

/// `probes/<id>.toml`: a test of an endpoint: which bank, how it is asked, who judges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    pub kind: ProbeKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    pub id: String,
    pub title: Text,
    pub text: Text,
    pub bank: String,
    /// `refusal`: the deterministic zh/en refusal judge.
    pub judge: String,
    #[schemars(range(min = 1, max = 100))]
    pub epochs: u32,
    #[schemars(range(min = 1, max = 4096))]
    pub max_tokens: u32,
    pub temperature: f64,
    pub seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeKind {
    Probe,
}

/// `lexicons/<id>.toml`: words of one category, for guards and keyword judges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lexicon {
    pub kind: LexiconKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    pub id: String,
    pub title: Text,
    /// What belongs into it, and what does not.
    pub text: Text,
    pub category: String,
    pub severity: Severity,
    pub licence: String,
    pub updated: Date,
    pub refs: Vec<ItemRef>,
    /// Words and phrases, per language.
    #[serde(default)]
    pub zh: Vec<String>,
    #[serde(default)]
    pub en: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LexiconKind {
    Lexicon,
}
