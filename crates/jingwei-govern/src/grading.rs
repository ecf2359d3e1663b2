//! A system's grade from the three factors (framework 2.0, annex 1), with the path that led to it.

use jingwei_catalog::items::{GradingProfile, LevelRule};
use jingwei_core::{Grade, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{GovernError, expression::Expression};

/// A grade and how it came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemGrade {
    pub grade: Grade,
    /// Id of the grading profile.
    pub profile: String,
    pub scenario: Factor,
    pub intelligence: Factor,
    pub scale: Factor,
}

/// A factor's level, 1 to 3, and the rule that gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    pub level: u8,
    pub when: String,
    pub because: Text,
}

/// Grades a system. `context` holds `profile`, as the manifest states it.
pub fn grade(profile: &GradingProfile, context: &Value) -> Result<SystemGrade, GovernError> {
    let scenario = factor(profile, "scenario", &profile.scenario, context)?;
    let intelligence = factor(profile, "intelligence", &profile.intelligence, context)?;
    let scale = factor(profile, "scale", &profile.scale, context)?;
    let at = |factor: &Factor| usize::from(factor.level.saturating_sub(1));
    let layer = profile.grade.get(at(&scenario)).and_then(|layer| layer.get(at(&intelligence)));
    let grade = layer.and_then(|row| row.get(at(&scale))).copied();
    let grade = grade.ok_or_else(|| GovernError::Profile {
        profile: profile.id.clone(),
        reason: "the grade table has no such cell".to_owned(),
    })?;
    Ok(SystemGrade { grade, profile: profile.id.clone(), scenario, intelligence, scale })
}

fn factor(profile: &GradingProfile, name: &str, rules: &[LevelRule], context: &Value) -> Result<Factor, GovernError> {
    for rule in rules {
        if Expression::compile(&rule.when)?.holds(context)? {
            return Ok(Factor { level: rule.level, when: rule.when.clone(), because: rule.because.clone() });
        }
    }
    let reason = format!("no rule of `{name}` holds; let the last one be `true`");
    Err(GovernError::Profile { profile: profile.id.clone(), reason })
}
