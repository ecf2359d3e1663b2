//! Makes the attempts of a plan: many at once, each written down as soon as it is over.

use std::{
    collections::HashSet,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use jingwei_core::{Arm, Digest, Progress, TargetError};
use jingwei_probe::{Answer, Attempt, Conversation, Outcome, Party, Plan, Planned, Trial, TrialStep};
use tokio::time::Instant;

use super::{
    journal::RunJournal,
    responders::{Memory, Remembering, Responder, guarded_configuration},
};
use crate::guards::Guard;

/// Attempts in a row that find nobody there, after which no more are begun.
const NOBODY_THERE: u32 = 20;
/// How often what was written is synced to the disk.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// Who takes part in a run.
pub(crate) struct Crew {
    pub(crate) target: Arc<dyn Responder>,
    /// Where there is one, every attempt is also made behind it, on the same replies.
    pub(crate) guard: Option<Arc<Guard>>,
    pub(crate) attacker: Option<Arc<dyn Responder>>,
    pub(crate) judge: Option<Arc<dyn Responder>>,
}

impl Crew {
    pub(crate) fn arms(&self) -> Vec<(Arm, Digest)> {
        let target = self.target.configuration();
        let guarded =
            self.guard.as_ref().map(|guard| (Arm::Defended, guarded_configuration(self.target.as_ref(), guard)));
        std::iter::once((Arm::Undefended, target)).chain(guarded).collect()
    }
}

/// How much a run may cost. What is begun is finished.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// Requests to the target.
    pub requests: Option<u64>,
    /// Tokens that the target reads and writes.
    pub tokens: Option<u64>,
    pub minutes: Option<u64>,
}

/// Why a run stopped before its plan was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The user asked for it.
    Asked,
    /// A budget is used up.
    Budget,
    /// The target no longer answers.
    NobodyThere,
}

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) stopped: Option<Stopped>,
}

pub(crate) struct Executor<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) crew: &'a Crew,
    pub(crate) budget: Budget,
    /// Most attempts under way at once.
    pub(crate) at_once: usize,
    /// Longest reply that is judged, in bytes.
    pub(crate) longest_reply: u64,
    /// Becomes true when the user wants the run to stop.
    pub(crate) stop: &'a AtomicBool,
    pub(crate) progress: &'a dyn Progress,
}

/// Both arms of one planned attempt.
struct Made {
    attempts: Vec<(Attempt, Conversation)>,
    nobody_there: bool,
}

impl Executor<'_> {
    /// Makes what is not in `done` yet. Err: an attempt could not be written down.
    pub(crate) async fn run(&self, journal: &mut RunJournal, done: &HashSet<Digest>) -> io::Result<Ran> {
        let arms = self.crew.arms();
        let deadline = self.budget.minutes.map(|minutes| Instant::now() + Duration::from_secs(minutes * 60));
        let mut planned = (0..self.plan.total().unwrap_or(0)).filter_map(|number| self.plan.get(number));
        let mut under_way = FuturesUnordered::new();
        let mut ran = Ran { attempts: Vec::new(), stopped: None };
        let (mut requests, mut tokens, mut missed) = (0_u64, 0_u64, 0_u32);
        let mut synced = Instant::now();
        loop {
            while ran.stopped.is_none() && under_way.len() < self.at_once {
                let Some(planned) = planned.next() else { break };
                let open: Vec<(Arm, Digest)> = arms
                    .iter()
                    .filter(|(_, target)| !done.contains(&self.plan.key(&planned, target)))
                    .copied()
                    .collect();
                if !open.is_empty() {
                    under_way.push(self.attempt(planned, open));
                }
            }
            let Some(made) = under_way.next().await else { break };
            missed = if made.nobody_there { missed + 1 } else { 0 };
            for (attempt, conversation) in made.attempts {
                journal.put(&attempt, &conversation)?;
                // The guarded arm hears the same replies: they are asked and paid for once.
                if attempt.arm == Arm::Undefended {
                    requests += u64::from(attempt.requests);
                    tokens += attempt.input_tokens.saturating_add(attempt.output_tokens);
                }
                ran.attempts.push(attempt);
                self.progress.advance(1);
            }
            if synced.elapsed() > SYNC_EVERY {
                synced = Instant::now();
                let file = journal.handle()?;
                tokio::task::spawn_blocking(move || file.sync_data());
            }
            if ran.stopped.is_none() {
                ran.stopped = self.reason_to_stop(requests, tokens, missed, deadline);
            }
        }
        // A small plan that reached nobody is not a finished one.
        if ran.stopped.is_none() && missed > 0 && ran.attempts.iter().all(found_nobody) {
            ran.stopped = Some(Stopped::NobodyThere);
        }
        Ok(ran)
    }

    fn reason_to_stop(&self, requests: u64, tokens: u64, missed: u32, deadline: Option<Instant>) -> Option<Stopped> {
        let is_spent = |used: u64, most: Option<u64>| most.is_some_and(|most| used >= most);
        if self.stop.load(Ordering::Relaxed) {
            Some(Stopped::Asked)
        } else if missed >= NOBODY_THERE {
            Some(Stopped::NobodyThere)
        } else if is_spent(requests, self.budget.requests)
            || is_spent(tokens, self.budget.tokens)
            || deadline.is_some_and(|deadline| Instant::now() >= deadline)
        {
            Some(Stopped::Budget)
        } else {
            None
        }
    }

    /// Makes one planned attempt in the arms that are open.
    async fn attempt(&self, planned: Planned, open: Vec<(Arm, Digest)>) -> Made {
        let memory = Memory::default();
        let target = Remembering { inner: self.crew.target.as_ref(), memory: &memory };
        let mut made = Made { attempts: Vec::new(), nobody_there: false };
        for (arm, configuration) in open {
            let Some(mut trial) = Trial::new(self.plan, planned.clone(), arm, &configuration, self.longest_reply)
            else {
                continue;
            };
            let key = trial.key().to_string();
            let mut answers = Vec::new();
            loop {
                match trial.step(std::mem::take(&mut answers)) {
                    TrialStep::Ask(asks) => {
                        answers = join_all(asks.iter().map(|ask| async {
                            match ask.to {
                                Party::Target => self.ask_target(&target, arm, &ask.request, &key).await,
                                Party::Attacker => {
                                    ask_helper(self.crew.attacker.as_deref(), "attacker", &ask.request, &key).await
                                }
                                Party::Judge => {
                                    ask_helper(self.crew.judge.as_deref(), "judge", &ask.request, &key).await
                                }
                            }
                        }))
                        .await;
                    }
                    TrialStep::Done(done) => {
                        made.nobody_there = found_nobody(&done.0);
                        made.attempts.push(*done);
                        break;
                    }
                }
            }
        }
        made
    }

    async fn ask_target(
        &self,
        target: &Remembering<'_>,
        arm: Arm,
        request: &jingwei_core::ChatRequest,
        key: &str,
    ) -> Answer {
        match (arm, &self.crew.guard) {
            (Arm::Defended, Some(guard)) => target.send_guarded(guard, request, key).await,
            _ => target.send(request, key).await,
        }
    }
}

fn found_nobody(attempt: &Attempt) -> bool {
    attempt.outcome == Outcome::Error && matches!(attempt.reason.as_str(), "error.unreachable" | "error.timed-out")
}

async fn ask_helper(
    helper: Option<&dyn Responder>,
    name: &str,
    request: &jingwei_core::ChatRequest,
    key: &str,
) -> Answer {
    match helper {
        Some(helper) => helper.send(request, key).await,
        None => Err(TargetError::Refused { reason: format!("this run has no {name} model; name one with --{name}") }),
    }
}
