//! The shape of a policy file.

use std::collections::BTreeMap;

use jingwei_catalog::document::{Document, Problems, parse, schema_of};
use jingwei_core::{Action, RuleId, Severity, Text};
use jingwei_text::{PersonalKind, SecretKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a guard lets through, hides, asks about and stops. One file is one rule set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub kind: PolicyKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Its name in verdicts, before the digest.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9._-]{0,63}$"))]
    pub id: String,
    pub title: Text,
    /// What the caller reads instead of a blocked text. It says nothing about what matched.
    pub block_message: Text,
    /// Named lists of words that rules refer to as `@name`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub terms: BTreeMap<String, Words>,
    /// Packs of imported lexicons (`jingwei guard lexicon import`), as paths from the policy's folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packs: Vec<String>,
    /// How tool results and documents are marked as data before they reach the model.
    #[serde(default, skip_serializing_if = "Spotlight::is_off")]
    pub spotlight: Spotlight,
    /// A canary token is planted in the system message, for rules of kind `canary` to recognise in what comes out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub plant_canary: bool,
    /// Detectors beside the built-in one, for rules of kind `semantic`.
    #[serde(rename = "detector", default, skip_serializing_if = "Vec::is_empty")]
    pub detectors: Vec<DetectorSettings>,
    #[serde(rename = "rule")]
    #[schemars(length(min = 1))]
    pub rules: Vec<PolicyRule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    GuardPolicy,
}

/// Words and phrases per language. A `*` at the end of a Latin word lets it go on: `explosiv*`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zh: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub en: Vec<String>,
}

impl Words {
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.zh.iter().chain(&self.en).map(String::as_str)
    }
}

/// One named rule: where it looks, for what, and what follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyRule {
    pub id: RuleId,
    pub title: Text,
    pub direction: RuleDirection,
    /// Whose texts it looks at. Absent: everybody's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<SurfaceRole>,
    pub when: When,
    /// What follows; `allow` only records the hit.
    pub action: Action,
    pub severity: Severity,
    /// What else must be so for a hit to count: words alone do not tell what somebody is up to. Where it is not so, the
    /// hit is recorded and nothing follows. Only for rules that look at requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// What follows when a text could not be judged.
    #[serde(default)]
    pub on_failure: OnFailure,
    #[serde(default)]
    pub mode: Mode,
}

/// What a head must say of the sentences in which a hit lies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// `builtin`, or the id of a `[[detector]]`.
    #[serde(default = "builtin")]
    pub detector: String,
    pub head: String,
    /// The least probability, from 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub least: f64,
}

/// What a rule looks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum When {
    /// One word of each group, close together and in one sentence, so that a harmless use of one of them does not count.
    Together {
        /// Words, or `@name` of a list in `terms` or of a lexicon (id or category). The first group is the anchor.
        #[schemars(length(min = 1))]
        groups: Vec<Vec<String>>,
        /// Widest gap between the anchor and a word of another group (with `in_order`: between neighbours),
        /// in letters; a Chinese character counts three.
        #[serde(default = "default_within")]
        #[schemars(range(min = 0, max = 1000))]
        within: u32,
        /// The groups must follow one another in the order in which they are written.
        #[serde(default, skip_serializing_if = "is_false")]
        in_order: bool,
        /// Words, or `@name`, whose presence as near as `within` makes the rule silent.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unless: Vec<String>,
    },
    /// Any word of these lexicons, named by id or category.
    Lexicon {
        #[schemars(length(min = 1))]
        lexicons: Vec<String>,
    },
    /// A regular expression without back-references, in any case, over the normal form of each paragraph:
    /// NFKC, lower case, look-alikes folded, simplified characters, single spaces.
    Pattern { regex: String },
    /// Any of these words.
    Words {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        zh: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        en: Vec<String>,
    },
    /// Personal data with valid check digits. Absent kinds: all.
    Pii {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kinds: Vec<PersonalKind>,
    },
    /// Keys, tokens and private keys. Absent kinds: all.
    Secret {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kinds: Vec<SecretKind>,
    },
    /// What sentences mean, by a trained head.
    Semantic {
        /// `builtin`, or the id of a `[[detector]]`.
        #[serde(default = "builtin")]
        detector: String,
        /// `injection`, `harm`, or what else the detector has.
        head: String,
        /// Classes of the head that count, such as `A.1`. Absent: all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        classes: Vec<String>,
        /// The mildest level that counts.
        #[serde(default)]
        from: Level,
        /// What a streamed reply does while a sentence is not judged.
        #[serde(default)]
        stream: StreamMode,
    },
    /// A text that has nothing to do with what the application is for.
    Topic {
        /// Sentences that belong to the business, in every language that is served.
        #[schemars(length(min = 3))]
        inside: Vec<String>,
        /// Sentences that do not, though they sound alike.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        outside: Vec<String>,
        /// From 0 (everything belongs) to 1 (only what is written in `inside`).
        #[serde(default = "default_strictness")]
        #[schemars(range(min = 0, max = 1))]
        strictness: f64,
    },
    /// A canary token of this installation.
    Canary {},
}

fn builtin() -> String {
    BUILTIN_DETECTOR.to_owned()
}

fn default_strictness() -> f64 {
    0.5
}

/// The detector that every policy has.
pub const BUILTIN_DETECTOR: &str = "builtin";

/// How bad a sentence is, by a detector.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Safe,
    /// Sensitive; whether it harms depends on who asks and why.
    Controversial,
    #[default]
    Unsafe,
}

/// What a streamed reply does while a sentence is not judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StreamMode {
    /// It goes out; the verdict is only recorded.
    Observe,
    /// It goes out, and the stream is cut when the judgement is bad.
    Race,
    /// It waits for the end of the sentence and the judgement.
    #[default]
    Hold,
}

/// How texts of tools and documents are marked, so that a model can tell data from instructions
/// (spotlighting: Hines and others, 2024).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Spotlight {
    #[default]
    Off,
    /// Between two random marks that the system message explains.
    Delimit,
    /// A sign between all words, which the system message explains.
    Datamark,
}

impl Spotlight {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    fn is_off(&self) -> bool {
        *self == Self::Off
    }
}

/// A detector that is not built in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum DetectorSettings {
    /// A guard model behind an OpenAI-compatible server.
    Remote {
        id: String,
        /// Base of the server, with or without its version segment.
        url: String,
        model: String,
        prompt: GuardPrompt,
        /// Environment variable that holds the key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key_env: Option<String>,
        #[serde(default = "default_timeout_ms")]
        #[schemars(range(min = 10, max = 60000))]
        timeout_ms: u64,
        /// Most calls a minute; more are unavailable.
        #[serde(default = "default_calls_per_minute")]
        #[schemars(range(min = 1, max = 1000000))]
        calls_per_minute: u32,
    },
    /// An encoder (BERT, XLM-RoBERTa) in a folder, as a path from the policy's folder.
    Encoder {
        id: String,
        path: String,
        /// Head that `jingwei guard train --encoder` has made over this encoder, as a path from the policy's folder.
        /// Absent: the classification head that the encoder has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        head: Option<String>,
    },
    /// Heads that `jingwei guard train` has made, as a path from the policy's folder to their `.jwm` file.
    Heads { id: String, path: String },
}

impl DetectorSettings {
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Remote { id, .. } | Self::Encoder { id, .. } | Self::Heads { id, .. } => id,
        }
    }
}

fn default_timeout_ms() -> u64 {
    2_000
}

fn default_calls_per_minute() -> u32 {
    600
}

/// How a guard model wants to be asked, and how it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GuardPrompt {
    #[serde(rename = "qwen3guard")]
    Qwen3Guard,
    #[serde(rename = "llama-guard")]
    LlamaGuard,
}

fn default_within() -> u32 {
    60
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// Which way a rule looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RuleDirection {
    Input,
    Output,
    Both,
}

impl RuleDirection {
    #[must_use]
    pub fn covers(self, direction: Direction) -> bool {
        match self {
            Self::Input => direction == Direction::Input,
            Self::Output => direction == Direction::Output,
            Self::Both => true,
        }
    }
}

/// Which way a text goes: to the model, or from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Input,
    Output,
}

/// Whose text it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SurfaceRole {
    /// The operator's instructions.
    System,
    User,
    /// What the model said, now or earlier.
    Assistant,
    /// Results and definitions of tools, retrieved documents.
    Tool,
}

/// What follows when a text could not be judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// It goes through, and the verdict says so.
    Open,
    /// It is blocked.
    #[default]
    Closed,
    /// A person is asked.
    Degrade,
}

/// Whether a rule acts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    #[default]
    Enforce,
    /// Its hits are recorded with the action `allow`.
    Shadow,
    Off,
}

/// Reads a policy file. All problems of its shape come back at once, with lines.
pub fn parse_policy(file: &str, bytes: &[u8]) -> Result<Document<Policy>, Problems> {
    parse(file, bytes)
}

/// JSON Schema of policy files, for editors.
#[must_use]
pub fn policy_schema() -> serde_json::Value {
    schema_of::<Policy>()
}
