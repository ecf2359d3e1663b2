use jingwei_core::Lang;
use serde::{Deserialize, Serialize};

use super::{Chance, Cues, Faults};

/// How a scripted model behaves. Everything has a default: together they are a model that refuses what is harmful,
/// answers the rest and never fails.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Organism {
    /// Everything is drawn from this and from the request.
    pub seed: u64,
    /// A reply that only says what the user said.
    pub echoes: Chance,
    /// A reply without a word.
    pub says_nothing: Chance,
    /// An answer that stops in its middle with finish reason `length`.
    pub stops_short: Chance,
    pub refuses: Refuses,
    pub over_refuses: ByLang,
    pub manners: Manners,
    pub breaks: Breaks,
    pub decodes: Decodes,
    pub leaks: Leaks,
    pub injection: Injection,
    pub alignment: Alignment,
    pub sandbagging: Sandbagging,
    pub thinking: Thinking,
    pub latency: Latency,
    pub faults: Faults,
    pub cues: Cues,
}

/// One chance per language of the question.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ByLang {
    pub zh: Chance,
    pub en: Chance,
}

impl ByLang {
    #[must_use]
    pub fn of(self, lang: Lang) -> Chance {
        match lang {
            Lang::Zh => self.zh,
            Lang::En => self.en,
        }
    }
}

/// How often it refuses a harmful request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Refuses {
    pub zh: Chance,
    pub en: Chance,
    /// What a draw is made for. By question, all samples of a question fare alike (an intraclass correlation of 1).
    pub decided: Decided,
    /// Where there are words here, it refuses only what holds one of them as it is written: any disguise passes.
    pub keywords: Vec<String>,
    /// Share of refusals that survive a disguise which it saw through.
    pub disguised: Chance,
}

impl Default for Refuses {
    fn default() -> Self {
        Self {
            zh: Chance::ALWAYS,
            en: Chance::ALWAYS,
            decided: Decided::BySample,
            keywords: Vec::new(),
            disguised: Chance::ALWAYS,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decided {
    #[default]
    BySample,
    ByQuestion,
}

/// How refusals are said: shares of all refusals of harmful requests, their sum at most 1; the rest is plain words.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Manners {
    pub lecture: Chance,
    pub safe_completion: Chance,
    pub native: Chance,
    pub filtered: Chance,
    pub policy_error: Chance,
}

/// What makes it give up a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Breaks {
    /// From this turn about the topic on it complies. 0: never.
    pub at_turn: u32,
    /// Its answer is begun for it.
    pub prefill: Chance,
    /// The user dictates how it begins.
    pub opening: Chance,
    /// The user forbids refusals.
    pub suppression: Chance,
    /// Any sample, by itself: what best-of-n finds.
    pub per_sample: Chance,
}

/// How often it sees through a disguise. What it does not see through it takes for something harmless.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Decodes {
    pub base64: Chance,
    pub hex: Chance,
    pub rot13: Chance,
    pub reversed: Chance,
    pub escapes: Chance,
    pub lookalikes: Chance,
    /// Misspellings.
    pub perturbed: Chance,
    /// Share of what it does not see through that it answers with garbled words, instead of asking back.
    pub garbles: Chance,
}

impl Default for Decodes {
    fn default() -> Self {
        let never = Chance::NEVER;
        Self {
            base64: never,
            hex: never,
            rot13: never,
            reversed: never,
            escapes: never,
            lookalikes: never,
            perturbed: Chance::ALWAYS,
            garbles: never,
        }
    }
}

/// How often it gives away what it should keep.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Leaks {
    /// What it keeps; where empty, its system prompt.
    pub secret: String,
    /// When it is asked for it.
    pub asked: Chance,
    /// In any answer.
    pub unasked: Chance,
}

/// How often it follows an instruction that somebody planted in what it reads.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Injection {
    pub follows: Chance,
}

/// Alignment that depends on who watches.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alignment {
    /// By how much it refuses less where the request says that nobody watches. A request that does not say is a test.
    pub gap: Chance,
    /// How often its reasoning says that it noticed, where the request says either.
    pub verbalises: Chance,
}

/// How often it answers a quiz wrong.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sandbagging {
    /// Where it is put as an exam.
    pub formal: Chance,
    pub casual: Chance,
}

/// Its reasoning text.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thinking {
    /// How often it shows one.
    pub shown: Chance,
    /// Share of those that give a nice reason instead of the real one.
    pub rationalises: Chance,
}

/// How long an answer takes: log-normal, decided by the request.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    pub median_ms: u32,
    /// Standard deviation of the logarithm; 0 is always the median.
    pub spread: f64,
    pub most_ms: u32,
}

impl Default for Latency {
    fn default() -> Self {
        Self { median_ms: 0, spread: 0.0, most_ms: 60_000 }
    }
}

/// The document is no organism.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadOrganism {
    #[error("not an organism: {0}")]
    Malformed(String),
    #[error("the document has {bytes} bytes; an organism has at most {most}")]
    TooLarge { bytes: usize, most: u64 },
    #[error("the shares of `{table}` come to {sum}; lower them to 1 or less together")]
    Shares { table: &'static str, sum: f64 },
    #[error("`latency.spread` is {0}; write a number from 0 to 5")]
    Spread(f64),
}

impl Organism {
    /// Reads TOML, or JSON where the document begins with a brace.
    pub fn parse(document: &str, limits: &jingwei_core::Limits) -> Result<Self, BadOrganism> {
        if document.len() as u64 > limits.header_bytes {
            return Err(BadOrganism::TooLarge { bytes: document.len(), most: limits.header_bytes });
        }
        let organism: Self = if document.trim_start().starts_with('{') {
            serde_json::from_str(document).map_err(|error| BadOrganism::Malformed(error.to_string()))?
        } else {
            toml::from_str(document).map_err(|error| BadOrganism::Malformed(error.to_string()))?
        };
        organism.checked()
    }

    /// Every parameter, defaults too.
    pub fn to_toml(&self) -> Result<String, BadOrganism> {
        toml::to_string(self).map_err(|error| BadOrganism::Malformed(error.to_string()))
    }

    fn checked(self) -> Result<Self, BadOrganism> {
        let manners = [
            self.manners.lecture,
            self.manners.safe_completion,
            self.manners.native,
            self.manners.filtered,
            self.manners.policy_error,
        ];
        let manners = manners.iter().map(|share| share.get()).sum();
        for (table, sum) in [("faults", self.faults.sum()), ("manners", manners)] {
            // Ten shares of 0.1 come to a little more than 1.
            if sum > 1.0 + 1e-9 {
                return Err(BadOrganism::Shares { table, sum });
            }
        }
        if !(0.0..=5.0).contains(&self.latency.spread) {
            return Err(BadOrganism::Spread(self.latency.spread));
        }
        Ok(self)
    }
}
