//! Carries out a plan against one target with several workers. The attempts come back in the plan's
//! order, and what is left out when a target is gone does not depend on the workers either.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use jingwei_core::{Arm, Limits, Progress, Target, TargetError};

use crate::{Answer, Attempt, Party, Plan, Planned, Trial, TrialStep};

/// Attempts that are made before it is asked whether the target is there at all.
const FIRST_WAVE: usize = 8;
/// Attempts between two such questions.
const WAVE: usize = 32;

/// Reason of attempts that were not made because the target no longer answered.
const NOT_ASKED: &str = "error.not-asked";

/// What a run needs besides the plan.
pub(crate) struct Runner<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) progress: &'a dyn Progress,
}

impl Runner<'_> {
    /// Makes all attempts of a plan at one target.
    ///
    /// When a whole wave finds nobody there, the rest is not asked: each try would wait for the limit.
    pub(crate) fn run(&self, plan: &Plan, arm: Arm, target: &dyn Target) -> Vec<Attempt> {
        let configuration = target.configuration();
        let planned: Vec<Planned> = plan.attempts().collect();
        let mut attempts = Vec::with_capacity(planned.len());
        let mut rest = planned.as_slice();
        let mut gone = false;
        let mut size = FIRST_WAVE;
        while !rest.is_empty() {
            let (wave, later) = rest.split_at(size.min(rest.len()));
            (rest, size) = (later, WAVE);
            let longest = self.limits.string_bytes;
            let mut trials: Vec<Trial> =
                wave.iter().filter_map(|one| Trial::new(plan, one.clone(), arm, &configuration, longest)).collect();
            let blank: Vec<Attempt> = trials.iter().map(|trial| trial.not_asked(NOT_ASKED)).collect();
            if gone {
                attempts.extend(blank);
                self.progress.advance(u64::try_from(wave.len()).unwrap_or(u64::MAX));
                continue;
            }
            let (made, answered) = self.wave(&mut trials, blank, target);
            attempts.extend(made);
            gone = !answered;
        }
        attempts
    }

    /// Makes the attempts of one wave; and whether anybody was there.
    fn wave(&self, trials: &mut [Trial], mut blank: Vec<Attempt>, target: &dyn Target) -> (Vec<Attempt>, bool) {
        let count = trials.len();
        let trials: Vec<std::sync::Mutex<&mut Trial>> = trials.iter_mut().map(std::sync::Mutex::new).collect();
        let next = AtomicUsize::new(0);
        let work = || {
            let mut made = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(trial) = trials.get(index) else { break };
                // Each trial is taken by one worker only; a poisoned one lost its worker.
                let Ok(mut trial) = trial.lock() else { continue };
                made.push((index, attempt(&mut trial, target)));
                self.progress.advance(1);
            }
            made
        };
        let workers = usize::try_from(self.limits.queue).unwrap_or(1).clamp(1, count.max(1));
        // A worker that panicked loses its attempts: they stay errors.
        let results = thread::scope(|scope| {
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect::<Vec<_>>()
        });
        let answered = results.iter().any(|(_, (_, nobody_there))| !nobody_there);
        for (index, (made, _)) in results {
            if let Some(attempt) = blank.get_mut(index) {
                *attempt = made;
            }
        }
        (blank, answered)
    }
}

/// One attempt from its beginning to its end; and whether nobody was there.
fn attempt(trial: &mut Trial, target: &dyn Target) -> (Attempt, bool) {
    let mut answers = Vec::new();
    let mut nobody_there = false;
    loop {
        match trial.step(std::mem::take(&mut answers)) {
            TrialStep::Ask(asks) => {
                answers = asks
                    .into_iter()
                    .map(|ask| -> Answer {
                        match ask.to {
                            Party::Target => target.send(&ask.request),
                            Party::Attacker | Party::Judge => Err(TargetError::Refused {
                                reason: "an assessment has no attacker's and no judge's model".to_owned(),
                            }),
                        }
                    })
                    .inspect(|answer| {
                        nobody_there =
                            matches!(answer, Err(TargetError::Unreachable { .. } | TargetError::TimedOut { .. }));
                    })
                    .collect();
            }
            TrialStep::Done(done) => return (done.0, nobody_there),
        }
    }
}
