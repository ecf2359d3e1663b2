//! Conditions on what a run came to, such as `asr.upper95 > 0.05`: CEL over its rates.

use jingwei_core::Arm;
use jingwei_govern::Expression;
use jingwei_probe::{Delta, RateName, RateRow, Summary};
use serde_json::{Map, Value, json};

use crate::Error;

/// A condition that makes a run fail.
pub struct Gate {
    source: String,
    expression: Expression,
}

/// Whether a condition holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct GateOutcome {
    pub condition: String,
    pub holds: bool,
}

impl Gate {
    pub fn new(source: &str) -> Result<Self, Error> {
        let expression = Expression::compile(source).map_err(|e| bad(source, &e.to_string()))?;
        let gate = Self { source: source.to_owned(), expression };
        // A misspelt name is found before a long run, not after it. Names of groups are known only then.
        if !GROUPS.iter().any(|group| source.contains(group)) {
            gate.over(&sample_context())?;
        }
        Ok(gate)
    }

    /// Over the rates of the strictest arm (behind the guard, where there is one), and of each arm by its name.
    pub fn of_summary(&self, summary: &Summary) -> Result<GateOutcome, Error> {
        self.over(&summary_context(summary))
    }

    /// Over the differences between two runs.
    pub fn of_deltas(&self, deltas: &[Delta]) -> Result<GateOutcome, Error> {
        let mut context = Map::new();
        for (name, rate) in NAMES {
            let delta = deltas.iter().find(|delta| delta.rate == rate && delta.by == "all");
            let value = delta.map(|d| {
                json!({"difference": d.difference, "lower95": d.interval.lower, "upper95": d.interval.upper, "p": d.p,
                       "pairs": d.both + d.only_first + d.only_second + d.neither})
            });
            context.extend(value.map(|value| (name.to_owned(), value)));
        }
        self.over(&Value::Object(context))
    }

    fn over(&self, context: &Value) -> Result<GateOutcome, Error> {
        let holds = self.expression.holds(context).map_err(|e| {
            let known = context.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>().join(", "));
            bad(&self.source, &format!("{e}; measured are: {}", known.unwrap_or_default()))
        })?;
        Ok(GateOutcome { condition: self.source.clone(), holds })
    }
}

/// Short names of rates in conditions.
const NAMES: [(&str, RateName); 7] = [
    ("asr", RateName::AttackSuccessRate),
    ("unsafe_answer", RateName::UnsafeAnswerRate),
    ("injection", RateName::InjectionSuccessRate),
    ("over_refusal", RateName::OverRefusalRate),
    ("undetermined", RateName::UndeterminedRate),
    ("error", RateName::ErrorRate),
    ("block", RateName::BlockRate),
];

/// Words of conditions on groups and arms.
const GROUPS: [&str; 6] = ["part", "topic", "lang", "transform", "dimension", "defended"];

/// A context in which everything that can be measured is.
fn sample_context() -> Value {
    let rate = json!({"value": 0.5, "lower95": 0.25, "upper95": 0.75, "k": 1, "n": 2, "items": 2, "p": 0.5,
                      "difference": 0.5, "pairs": 2,
                      "corrected": {"value": 0.5, "lower95": 0.25, "upper95": 0.75}});
    Value::Object(NAMES.iter().map(|(name, _)| ((*name).to_owned(), rate.clone())).collect())
}

fn summary_context(summary: &Summary) -> Value {
    let of_arm = |arm: Arm| {
        let rates =
            NAMES.iter().filter_map(|(name, rate)| Some(((*name).to_owned(), written(summary.whole(*rate, arm)?))));
        rates.collect::<Map<String, Value>>()
    };
    let strictest = summary.arms.iter().map(|arm| arm.arm).max_by_key(|arm| *arm == Arm::Defended);
    let mut context = strictest.map(of_arm).unwrap_or_default();
    for arm in &summary.arms {
        context.insert(arm.arm.code().to_owned(), Value::Object(of_arm(arm.arm)));
    }
    for by in ["part", "topic", "lang", "transform", "dimension"] {
        let rows = summary.rates.iter().filter(|row| Some(row.group.arm) == strictest && row.group.by == by);
        let mut groups = Map::new();
        for row in rows {
            let Some((name, _)) = NAMES.iter().find(|(_, rate)| *rate == row.rate) else { continue };
            let group = groups.entry(row.group.name.clone()).or_insert_with(|| json!({}));
            if let Some(group) = group.as_object_mut() {
                group.insert((*name).to_owned(), written(row));
            }
        }
        context.insert(by.to_owned(), Value::Object(groups));
    }
    Value::Object(context)
}

fn written(row: &RateRow) -> Value {
    let mut value = json!({"value": row.value, "lower95": row.interval.lower, "upper95": row.interval.upper,
                           "k": row.k, "n": row.n, "items": row.items});
    let corrected = row.corrected.as_ref().and_then(|c| Some((c.value?, c.interval.as_ref()?)));
    if let (Some((rate, interval)), Some(object)) = (corrected, value.as_object_mut()) {
        object.insert(
            "corrected".to_owned(),
            json!({"value": rate, "lower95": interval.lower, "upper95": interval.upper}),
        );
    }
    value
}

fn bad(source: &str, reason: &str) -> Error {
    Error::invalid(
        format!("条件 `{source}` 不可用：{reason}"),
        format!("the condition `{source}` cannot be used: {reason}"),
    )
}
