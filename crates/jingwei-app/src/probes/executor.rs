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
use jingwei_probe::{
    Answer, Attempt, Conversation, KeptAttempts, Outcome, Party, Plan, Planned, Trial, TrialStep, TurnAnswer,
};
use tokio::time::{Instant, timeout};

use super::{
    journal::RunJournal,
    responders::{Memory, Remembering, Responder, guarded_configuration},
};
use crate::guards::Guard;

/// Attempts in a row that find nobody there, after which no more are begun.
const NOBODY_THERE: u32 = 20;
/// Attempts for which room is made at the beginning; a list that grows holds twice what it needs.
const RESERVED: usize = 1 << 16;
/// How often what was written is synced to the disk.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// How often it is asked whether to stop, however long the target takes.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long what is under way may take after the run was stopped; what takes longer is made again when the run goes on.
const GRACE: Duration = Duration::from_secs(5);

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
    /// Every attempt ended in an error.
    NothingMeasured,
}

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) attempts: KeptAttempts,
    pub(crate) stopped: Option<Stopped>,
    /// What the first failed attempt was told.
    pub(crate) first_error: Option<String>,
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
    /// In the plan.
    number: u32,
    attempts: Vec<(Attempt, Conversation)>,
    nobody_there: bool,
    /// Requests that went to the target.
    sent: u64,
}

impl Executor<'_> {
    /// Makes what is not in `done` yet. Err: an attempt could not be written down.
    pub(crate) async fn run(&self, journal: &mut RunJournal, done: &HashSet<Digest>) -> io::Result<Ran> {
        let arms = self.crew.arms();
        let deadline = self
            .budget
            .minutes
            .and_then(|minutes| Instant::now().checked_add(Duration::from_secs(minutes.saturating_mul(60))));
        // No plan has more attempts than can be numbered: its header would not have been made.
        let numbers = (0..=u32::MAX).zip(0..self.plan.total().unwrap_or(0));
        let mut planned = numbers.filter_map(|(number, at)| Some((number, self.plan.get(at)?)));
        let mut under_way = FuturesUnordered::new();
        let open = self.plan.total().unwrap_or(0).saturating_mul(arms.len()).saturating_sub(done.len());
        let attempts = KeptAttempts::with_capacity(open.min(RESERVED));
        let mut ran = Ran { attempts, stopped: None, first_error: None };
        let (mut sent, mut tokens, mut missed) = (0_u64, 0_u64, 0_u32);
        let mut synced = Instant::now();
        let mut given_up = None;
        loop {
            if ran.stopped.is_none() {
                ran.stopped = self.reason_to_stop(sent, tokens, missed, deadline);
            }
            if ran.stopped.is_some() {
                let until = *given_up.get_or_insert_with(|| Instant::now() + GRACE);
                if Instant::now() >= until {
                    break;
                }
            }
            while ran.stopped.is_none() && under_way.len() < self.at_once && self.may_begin(sent, under_way.len()) {
                let Some((number, planned)) = planned.next() else { break };
                let open: Vec<(Arm, Digest)> = arms
                    .iter()
                    .filter(|(_, target)| !done.contains(&self.plan.key(&planned, target)))
                    .copied()
                    .collect();
                if !open.is_empty() {
                    under_way.push(self.attempt(number, planned, open));
                }
            }
            let made = match timeout(LOOK_EVERY, under_way.next()).await {
                Ok(Some(made)) => made,
                Ok(None) => {
                    // Nothing is under way: the plan is done, or the budget lets nothing more begin.
                    if ran.stopped.is_none() && planned.next().is_some() {
                        ran.stopped = Some(Stopped::Budget);
                    }
                    break;
                }
                Err(_) => continue,
            };
            sent = sent.saturating_add(made.sent);
            missed = if made.nobody_there { missed + 1 } else { 0 };
            for (attempt, conversation) in made.attempts {
                journal.put(&attempt, &conversation)?;
                // Replies that the guarded arm hears again were paid for once.
                if attempt.arm == Arm::Undefended {
                    tokens = tokens.saturating_add(attempt.input_tokens).saturating_add(attempt.output_tokens);
                }
                if attempt.outcome == Outcome::Error && ran.first_error.is_none() {
                    ran.first_error = error_of(&conversation);
                }
                ran.attempts.push(made.number, &attempt);
                self.progress.advance(1);
            }
            if synced.elapsed() > SYNC_EVERY {
                synced = Instant::now();
                let file = journal.handle()?;
                tokio::task::spawn_blocking(move || file.sync_data());
            }
        }
        // A small plan that reached nobody is not a finished one.
        let failed = !ran.attempts.is_empty() && ran.attempts.outcomes().all(|(outcome, _)| outcome == Outcome::Error);
        if ran.stopped.is_none() && failed && done.is_empty() {
            let nobody = ran.attempts.outcomes().all(|(outcome, reason)| is_nobody(outcome, reason));
            ran.stopped = Some(if nobody { Stopped::NobodyThere } else { Stopped::NothingMeasured });
        }
        Ok(ran)
    }

    /// Whether the budget of requests allows one more attempt beside those under way, each of which makes one at least.
    fn may_begin(&self, sent: u64, under_way: usize) -> bool {
        self.budget.requests.is_none_or(|most| sent.saturating_add(under_way as u64) < most)
    }

    fn reason_to_stop(&self, sent: u64, tokens: u64, missed: u32, deadline: Option<Instant>) -> Option<Stopped> {
        let is_spent = |used: u64, most: Option<u64>| most.is_some_and(|most| used >= most);
        if self.stop.load(Ordering::Relaxed) {
            Some(Stopped::Asked)
        } else if missed >= NOBODY_THERE {
            Some(Stopped::NobodyThere)
        } else if is_spent(sent, self.budget.requests)
            || is_spent(tokens, self.budget.tokens)
            || deadline.is_some_and(|deadline| Instant::now() >= deadline)
        {
            Some(Stopped::Budget)
        } else {
            None
        }
    }

    /// Makes one planned attempt in the arms that are open.
    async fn attempt(&self, number: u32, planned: Planned, open: Vec<(Arm, Digest)>) -> Made {
        let memory = Memory::default();
        let target = Remembering { inner: self.crew.target.as_ref(), memory: &memory };
        let mut made = Made { number, attempts: Vec::new(), nobody_there: false, sent: 0 };
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
                        made.nobody_there = is_nobody(done.0.outcome, &done.0.reason);
                        made.attempts.push(*done);
                        break;
                    }
                }
            }
        }
        made.sent = memory.sent();
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

/// What the target said where it failed.
fn error_of(conversation: &Conversation) -> Option<String> {
    conversation.turns.iter().rev().find_map(|turn| match &turn.answer {
        TurnAnswer::Error(error) => Some(error.to_string()),
        TurnAnswer::Reply(_) => None,
    })
}

fn is_nobody(outcome: Outcome, reason: &str) -> bool {
    outcome == Outcome::Error && matches!(reason, "error.unreachable" | "error.timed-out")
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
