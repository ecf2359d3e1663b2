//! What to do about a risk: suggested from cost and benefit, decided by a person.

use std::collections::BTreeSet;

use jingwei_catalog::items::{Control, Risk};
use jingwei_core::{ControlId, Grade, Text};
use serde::{Deserialize, Serialize};

use crate::{
    GovernError,
    assess::{Belief, Engine},
};

/// Most controls in one suggestion.
const MOST_CONTROLS: usize = 4;

/// The four ways to treat a risk (ISO 31000:2018 §6.5.2; 2024 report, response).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResponseOption {
    Avoid,
    Mitigate,
    Transfer,
    Accept,
}

impl ResponseOption {
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            ResponseOption::Avoid => Text::new("规避", "avoid"),
            ResponseOption::Mitigate => Text::new("缓解", "mitigate"),
            ResponseOption::Transfer => Text::new("转移", "transfer"),
            ResponseOption::Accept => Text::new("接受", "accept"),
        }
    }
}

/// A suggestion, with the grade that it would lead to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    pub option: ResponseOption,
    /// Controls to put in place, most benefit per cost first.
    pub controls: Vec<ControlId>,
    /// Sum of the controls' costs, each 1 to 5.
    pub cost: u32,
    /// Grades that the suggestion takes away.
    pub benefit: u8,
    /// The grade with the controls in force.
    pub leads_to: Grade,
    pub why: Text,
}

/// Where a risk stands, and what a person says of it.
#[derive(Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) grade: Grade,
    pub(crate) tolerance: Grade,
    pub(crate) asserted: Option<Grade>,
}

/// Suggests a treatment. Controls are added one at a time, the one that leads to the lowest grade first and of equal
/// ones the one with the largest share per cost, until the risk is within tolerance or nothing helps any more.
pub(crate) fn suggest(
    engine: &Engine<'_>,
    risk: &Risk,
    belief: &Belief,
    in_force: &BTreeSet<&ControlId>,
    standing: Standing,
) -> Result<Response, GovernError> {
    let Standing { grade, tolerance, asserted } = standing;
    if grade <= tolerance {
        let why = Text::new("等级在容忍度之内", "the grade is within tolerance");
        return Ok(Response {
            option: ResponseOption::Accept,
            controls: Vec::new(),
            cost: 0,
            benefit: 0,
            leads_to: grade,
            why,
        });
    }
    let mut open: Vec<(&Control, f64)> = engine.idle_controls(risk).collect();
    let mut chosen: Vec<&Control> = Vec::new();
    let mut reached = grade;
    while reached > tolerance && chosen.len() < MOST_CONTROLS && !open.is_empty() {
        let mut best: Option<(usize, Grade, f64)> = None;
        for (index, (control, share)) in open.iter().enumerate() {
            let extra: BTreeSet<&ControlId> = chosen.iter().map(|c| &c.id).chain([&control.id]).collect();
            let derived = engine.grade_with(risk, belief, in_force, &extra)?;
            // No control lowers what a person asserts.
            let leads_to = asserted.map_or(derived, |asserted| asserted.max(derived));
            let worth = share / f64::from(control.cost.get());
            let better = best.is_none_or(|(_, known, known_worth)| (leads_to, -worth) < (known, -known_worth));
            if better {
                best = Some((index, leads_to, worth));
            }
        }
        let Some((index, leads_to, _)) = best else { break };
        chosen.push(open.swap_remove(index).0);
        open.sort_by(|(a, _), (b, _)| a.code.cmp(&b.code));
        reached = reached.min(leads_to);
    }
    let benefit = grade.get() - reached.get();
    if benefit == 0 {
        chosen.clear();
    }
    let cost = chosen.iter().map(|control| u32::from(control.cost.get())).sum();
    let option = match (reached <= tolerance, benefit > 0) {
        (true, _) | (false, true) => ResponseOption::Mitigate,
        // Nothing that we know lowers it: at the worst grades the use itself is given up.
        (false, false) if grade >= Grade::clamped(4) => ResponseOption::Avoid,
        (false, false) => ResponseOption::Transfer,
    };
    let why = why(option, reached, tolerance);
    let controls = chosen.iter().map(|control| control.id.clone()).collect();
    Ok(Response { option, controls, cost, benefit, leads_to: reached, why })
}

fn why(option: ResponseOption, reached: Grade, tolerance: Grade) -> Text {
    match option {
        ResponseOption::Mitigate if reached <= tolerance => Text::new(
            format!("落实这些措施后等级预计降至 {reached}，在容忍度 {tolerance} 之内"),
            format!(
                "with these controls the grade is expected to fall to {reached}, within the tolerance of {tolerance}"
            ),
        ),
        ResponseOption::Mitigate => Text::new(
            format!("落实这些措施后等级预计降至 {reached}，仍高于容忍度 {tolerance}：须再议"),
            format!(
                "with these controls the grade is expected to fall to {reached}, still above the tolerance of {tolerance}: decide again then"
            ),
        ),
        ResponseOption::Avoid => Text::new(
            "任意至多四项已知措施都不能降低其等级：考虑放弃这一用途或功能",
            "no set of up to four known controls lowers its grade: consider giving up this use or function",
        ),
        ResponseOption::Transfer => Text::new(
            "任意至多四项已知措施都不能降低其等级：考虑以合同或保险分担，或提高容忍度并说明理由",
            "no set of up to four known controls lowers its grade: consider sharing it by contract or insurance, or raising the tolerance with a reason",
        ),
        ResponseOption::Accept => Text::new("等级在容忍度之内", "the grade is within tolerance"),
    }
}
