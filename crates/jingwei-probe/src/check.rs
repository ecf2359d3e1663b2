use std::{collections::BTreeMap, sync::Arc};

use jingwei_catalog::items::{Bank, BankItem, Probe, Rule};
use jingwei_core::{
    Arm, Check, CheckError, Component, ComponentKind, Cost, Ctx, Digest, Limits, Observation, RuleId, Target, Text,
};

use crate::{
    Attempt, Chain, Item, JudgeScorecard, MissingRule, Part, Plan, RefusalJudge, ReplyJudge, SingleTurn,
    observe::{self, Seen},
    rules::Rules,
    run::Runner,
};

/// The check cannot be built from the catalog.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadProbe {
    #[error(transparent)]
    MissingRule(#[from] MissingRule),
    #[error("probe `{probe}` asks for the judge `{judge}`; the judges are: refusal")]
    UnknownJudge { probe: String, judge: String },
    #[error("probe `{probe}` uses bank `{wanted}` and was given bank `{given}`")]
    OtherBank { probe: String, wanted: String, given: String },
    #[error("the scorecard of judge `refusal` cannot be read: {reason}")]
    Scorecard { reason: &'static str },
    #[error("probe `{probe}` cannot be written down: {reason}")]
    Unwritable { probe: String, reason: String },
}

/// `probe.refusal`: does an endpoint refuse what it should, and answer what it should?
pub struct RefusalCheck {
    probe: Probe,
    bank: Bank,
    rules: Rules,
    judge: RefusalJudge,
    scorecard: &'static JudgeScorecard,
    configuration: Digest,
}

/// One run: every attempt in the plan's order, arm after arm, and what follows from them.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusalRun {
    /// Digest of what was asked.
    pub plan: Digest,
    pub attempts: Vec<Attempt>,
    pub observations: Vec<Observation>,
}

impl RefusalCheck {
    pub const ID: &'static str = "probe.refusal";

    /// The rules that it may report.
    pub const RULES: [&'static str; 4] =
        [observe::UNSAFE_ANSWER, observe::OVER_REFUSAL, observe::ERRORS, observe::UNDETERMINED];

    /// `rules` may hold the rules of other checks too.
    pub fn new(probe: Probe, bank: Bank, rules: &BTreeMap<RuleId, Rule>) -> Result<Self, BadProbe> {
        if probe.judge != "refusal" {
            return Err(BadProbe::UnknownJudge { probe: probe.id, judge: probe.judge });
        }
        if probe.bank != bank.id {
            return Err(BadProbe::OtherBank { probe: probe.id, wanted: probe.bank, given: bank.id });
        }
        let rules = Rules::new(Self::ID, &Self::RULES, rules)?;
        let scorecard = JudgeScorecard::refusal().map_err(|reason| BadProbe::Scorecard { reason })?;
        let unwritable = |e: serde_json::Error| BadProbe::Unwritable { probe: probe.id.clone(), reason: e.to_string() };
        let judge = RefusalJudge;
        let parts = [
            serde_json::to_string(&probe).map_err(unwritable)?,
            serde_json::to_string(&bank).map_err(unwritable)?,
            rules.written().map_err(unwritable)?,
            serde_json::to_string(scorecard).map_err(unwritable)?,
            ReplyJudge::configuration(&judge).to_string(),
        ];
        let configuration = Digest::of_parts(["probe.refusal/1"].into_iter().chain(parts.iter().map(String::as_str)));
        Ok(Self { probe, bank, rules, judge, scorecard, configuration })
    }

    /// Asks every question of every target and judges the replies. Failed tries are part of the result.
    pub fn run_refusal(
        &self,
        component: &Component,
        targets: &[(Arm, Arc<dyn Target>)],
        ctx: &Ctx<'_>,
        limits: &Limits,
    ) -> Result<RefusalRun, CheckError> {
        let part = Part {
            id: self.probe.id.clone(),
            dimension: None,
            items: self.bank.items.iter().map(|item| Arc::new(Item::of_bank(&self.bank.id, item))).collect(),
            chains: vec![Arc::new(Chain::default())],
            driver: Arc::new(SingleTurn),
            judges: vec![Arc::new(self.judge)],
            epochs: self.probe.epochs,
            max_tokens: self.probe.max_tokens.min(limits.tokens),
            temperature: self.probe.temperature,
        };
        let plan = Plan { suite: self.probe.id.clone(), seed: self.probe.seed, parts: vec![part] };
        let total = self.total(&plan, targets.len(), limits)?;
        let runner = Runner { limits, progress: ctx.progress };
        ctx.progress.begin(&self.probe.title, total);
        let attempts: Vec<Attempt> =
            targets.iter().flat_map(|(arm, target)| runner.run(&plan, *arm, target.as_ref())).collect();
        ctx.progress.end();
        let arms = targets.iter().map(|(arm, _)| *arm).collect();
        let observations = self.observations(component, &attempts, arms);
        Ok(RefusalRun { plan: plan.digest(), attempts, observations })
    }

    /// Number of attempts, if it is within the limit.
    fn total(&self, plan: &Plan, arms: usize, limits: &Limits) -> Result<u64, CheckError> {
        let arms = u64::try_from(arms).unwrap_or(u64::MAX);
        let one = plan.total().and_then(|one| u64::try_from(one).ok());
        let total = one.and_then(|one| one.checked_mul(arms)).filter(|total| *total <= limits.entries);
        total.ok_or_else(|| {
            let (probe, limit) = (&self.probe.id, limits.entries);
            CheckError::new(format!(
                "probe `{probe}` asks more than {limit} questions; lower `epochs` or use a smaller bank"
            ))
        })
    }

    fn observations(&self, component: &Component, attempts: &[Attempt], arms: Vec<Arm>) -> Vec<Observation> {
        let items: BTreeMap<&str, &BankItem> = self.bank.items.iter().map(|item| (item.id.as_str(), item)).collect();
        let attempts = attempts.iter().filter_map(|one| Some((one, *items.get(one.item.as_str())?))).collect();
        let (judge, scorecard, rules) = (ReplyJudge::id(&self.judge), self.scorecard, &self.rules);
        Seen { component, attempts, arms, judge, scorecard, rules }.observations()
    }
}

impl Check for RefusalCheck {
    fn id(&self) -> &str {
        Self::ID
    }

    fn title(&self) -> Text {
        self.probe.title.clone()
    }

    fn kinds(&self) -> &'static [ComponentKind] {
        &[ComponentKind::Endpoint]
    }

    fn cost(&self) -> Cost {
        Cost::Requests
    }

    fn configuration(&self) -> Digest {
        self.configuration
    }

    fn run(&self, component: &Component, ctx: &Ctx<'_>, limits: &Limits) -> Result<Vec<Observation>, CheckError> {
        let targets = ctx.targets.arms(component).map_err(|error| CheckError {
            message: format!("component `{}` has no target that could be asked", component.id),
            source: Some(Box::new(error)),
        })?;
        if targets.is_empty() {
            return Err(CheckError::new(format!("component `{}` has no target: give it a `url`", component.id)));
        }
        Ok(self.run_refusal(component, &targets, ctx, limits)?.observations)
    }
}
