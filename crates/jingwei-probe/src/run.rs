//! Carries out a plan against one target with several workers. The attempts come back in the plan's
//! order, and what is left out when a target is gone does not depend on the workers either.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use jingwei_core::{Arm, ChatReply, Digest, Finish, Limits, Progress, Target, TargetError};

use crate::{Attempt, Call, Driver, Judge, Outcome, Plan, PlannedAttempt, Sampling, judge::is_policy_error};

/// Attempts that are made before it is asked whether the target is there at all.
const FIRST_WAVE: usize = 8;
/// Attempts between two such questions.
const WAVE: usize = 32;

/// Reason of attempts that were not made because the target no longer answered.
const NOT_ASKED: &str = "error.not-asked";

/// What a run needs besides the plan.
pub(crate) struct Runner<'a> {
    pub(crate) driver: &'a dyn Driver,
    pub(crate) judge: &'a dyn Judge,
    pub(crate) max_tokens: u32,
    pub(crate) temperature: f64,
    pub(crate) limits: &'a Limits,
    pub(crate) progress: &'a dyn Progress,
}

impl Runner<'_> {
    /// Makes all attempts of a plan at one target.
    ///
    /// When a whole wave finds nobody there, the rest is not asked: each try would wait for the limit.
    pub(crate) fn run(&self, plan: &Plan<'_>, arm: Arm, target: &dyn Target) -> Vec<Attempt> {
        let configuration = target.configuration();
        let planned: Vec<PlannedAttempt<'_>> = plan.attempts().collect();
        let mut attempts = Vec::with_capacity(planned.len());
        let mut rest = planned.as_slice();
        let mut gone = false;
        let mut size = FIRST_WAVE;
        while !rest.is_empty() {
            let (wave, later) = rest.split_at(size.min(rest.len()));
            (rest, size) = (later, WAVE);
            let keyed = |one: &PlannedAttempt<'_>| Attempt {
                key: plan.key(one, &configuration),
                item: one.item.id.clone(),
                arm,
                epoch: one.epoch,
                outcome: Outcome::Error,
                reply: None,
                filtered: false,
                reason: NOT_ASKED.to_owned(),
            };
            let blank: Vec<Attempt> = wave.iter().map(keyed).collect();
            if gone {
                attempts.extend(blank);
                self.progress.advance(u64::try_from(wave.len()).unwrap_or(u64::MAX));
                continue;
            }
            let (made, answered) = self.wave(wave, blank, target);
            attempts.extend(made);
            gone = !answered;
        }
        attempts
    }

    /// Makes the attempts of one wave; and whether anybody was there.
    fn wave(&self, wave: &[PlannedAttempt<'_>], mut blank: Vec<Attempt>, target: &dyn Target) -> (Vec<Attempt>, bool) {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut made = Vec::new();
            while let Some((index, one)) =
                Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, wave.get(i)?)))
            {
                made.push((index, self.attempt(one, target)));
                self.progress.advance(1);
            }
            made
        };
        let workers = usize::try_from(self.limits.queue).unwrap_or(1).clamp(1, wave.len().max(1));
        // A worker that panicked loses its attempts: they stay errors.
        let results = thread::scope(|scope| {
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect::<Vec<_>>()
        });
        let answered = results.iter().any(|(_, made)| !made.nobody_there);
        for (index, made) in results {
            if let Some(attempt) = blank.get_mut(index) {
                attempt.outcome = made.outcome;
                attempt.reply = made.reply;
                attempt.filtered = made.filtered;
                attempt.reason = made.reason;
            }
        }
        (blank, answered)
    }

    fn attempt(&self, one: &PlannedAttempt<'_>, target: &dyn Target) -> Made {
        let max_tokens = self.max_tokens.min(self.limits.tokens);
        let sampling = Sampling { max_tokens, temperature: self.temperature, seed: one.seed };
        match self.driver.ask(&one.question, sampling, target) {
            Ok(reply) => self.judged(one, &reply),
            Err(TargetError::Status { status, body, .. }) if is_policy_error(status, &body) => Made {
                outcome: Outcome::of(one.item.expect, Call::Refusal),
                reply: None,
                filtered: false,
                reason: "native.policy-error".to_owned(),
                nobody_there: false,
            },
            Err(error) => Made {
                outcome: Outcome::Error,
                reply: None,
                filtered: false,
                reason: reason_of(&error),
                nobody_there: matches!(error, TargetError::Unreachable { .. } | TargetError::TimedOut { .. }),
            },
        }
    }

    fn judged(&self, one: &PlannedAttempt<'_>, reply: &ChatReply) -> Made {
        let too_long = u64::try_from(reply.text.len()).is_ok_and(|bytes| bytes > self.limits.string_bytes);
        let (call, reason) = if too_long {
            (Call::Undetermined, "limit.string-bytes".to_owned())
        } else {
            let verdict = self.judge.judge(&one.question, reply);
            (verdict.call, verdict.reason())
        };
        Made {
            outcome: Outcome::of(one.item.expect, call),
            reply: Some(reply_digest(reply)),
            filtered: reply.finish == Finish::ContentFilter,
            reason,
            nobody_there: false,
        }
    }
}

struct Made {
    outcome: Outcome,
    reply: Option<Digest>,
    filtered: bool,
    reason: String,
    nobody_there: bool,
}

fn reply_digest(reply: &ChatReply) -> Digest {
    let finish = format!("{:?}", reply.finish);
    Digest::of_parts(["reply/1", &reply.text, &finish, reply.refusal.as_deref().unwrap_or_default()])
}

/// The kind of an error, without anything that the other side wrote.
fn reason_of(error: &TargetError) -> String {
    match error {
        TargetError::Unreachable { .. } => "error.unreachable".to_owned(),
        TargetError::TimedOut { .. } => "error.timed-out".to_owned(),
        TargetError::Status { status, .. } => format!("error.status-{status}"),
        TargetError::Garbled { .. } => "error.garbled".to_owned(),
        TargetError::Refused { .. } => "error.not-sent".to_owned(),
        TargetError::NotRecorded => "error.not-recorded".to_owned(),
    }
}
