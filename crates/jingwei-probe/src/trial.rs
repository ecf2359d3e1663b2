use std::sync::Arc;

use jingwei_core::{Arm, ChatReply, Digest, Finish, TargetError};

use crate::{
    Answer, Ask, Attempt, Conversation, Driver, Exchange, JudgedBy, Judgement, Judging, Outcome, Party,
    PendingJudgement, Plan, Planned, Session, Step, TurnAnswer, judge::is_policy_error,
};

/// An attempt under way: the driver's conversation, then its judgement. It sends nothing itself.
pub struct Trial {
    planned: Planned,
    blank: Attempt,
    /// Longest reply that is judged, in bytes.
    longest_reply: u64,
    stage: Stage,
}

enum Stage {
    Talking(Box<dyn Session>),
    Judging {
        conversation: Conversation,
        /// Judges that have not been asked yet begin here.
        next: usize,
        waiting: Option<Box<dyn PendingJudgement>>,
    },
    Over,
}

/// What a trial wants next.
pub enum TrialStep {
    /// Answers to all of these, in this order.
    Ask(Vec<Ask>),
    Done(Box<(Attempt, Conversation)>),
}

impl Trial {
    /// `target` is the target's configuration.
    #[must_use]
    pub fn new(plan: &Plan, planned: Planned, arm: Arm, target: &Digest, longest_reply: u64) -> Option<Self> {
        let part = plan.parts.get(planned.part)?;
        let blank = Attempt::blank(plan, &planned, arm, plan.key(&planned, target))?;
        let session = Driver::begin(part.driver.as_ref(), planned.case.clone());
        Some(Self { planned, blank, longest_reply, stage: Stage::Talking(session) })
    }

    /// The attempt as it would be if nothing were asked.
    #[must_use]
    pub fn not_asked(&self, reason: &str) -> Attempt {
        Attempt { reason: reason.into(), ..self.blank.clone() }
    }

    #[must_use]
    pub fn key(&self) -> Digest {
        self.blank.key
    }

    /// `answers` are to the requests of the step before, in their order; none at the first step. After the end it only
    /// repeats that nothing came.
    pub fn step(&mut self, answers: Vec<Answer>) -> TrialStep {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Talking(mut session) => match session.step(answers) {
                Step::Ask(asks) => {
                    self.stage = Stage::Talking(session);
                    TrialStep::Ask(asks)
                }
                Step::Done(conversation) => self.judge(conversation, 0),
            },
            Stage::Judging { conversation, next, waiting: Some(waiting) } => match waiting.resume(answers) {
                Judging::Done(judgement) => {
                    self.note(next, judgement);
                    self.judge(conversation, next + 1)
                }
                Judging::Ask(requests, waiting) => self.wait(conversation, next, requests, waiting),
            },
            Stage::Judging { conversation, next, waiting: None } => self.judge(conversation, next),
            Stage::Over => TrialStep::Done(Box::new((self.blank.clone(), Conversation::default()))),
        }
    }

    fn judge(&mut self, conversation: Conversation, from: usize) -> TrialStep {
        let Some(turn) = conversation.judged() else {
            self.blank.reason = "error.no-turn".into();
            return self.done(conversation);
        };
        let refusal;
        let reply = match &turn.answer {
            TurnAnswer::Reply(reply) => reply,
            TurnAnswer::Error(TargetError::Status { status, body, .. }) if is_policy_error(*status, body) => {
                refusal = ChatReply::new("", Finish::ContentFilter);
                &refusal
            }
            TurnAnswer::Error(error) => {
                self.blank.reason = reason_of(error).into();
                return self.done(conversation);
            }
        };
        if u64::try_from(reply.text.len()).is_ok_and(|bytes| bytes > self.longest_reply) {
            self.blank.outcome = Outcome::Undetermined;
            self.blank.reason = "limit.string-bytes".into();
            return self.done(conversation);
        }
        let decoded = self.planned.case.chain.read_reply(&reply.text);
        for index in from..self.planned.judges.len() {
            let Some(judge) = self.planned.judges.get(index).map(Arc::clone) else { break };
            let exchange = Exchange {
                item: &self.planned.case.item,
                messages: &turn.messages,
                reply,
                decoded: decoded.as_deref(),
                seed: self.planned.case.sampling.seed,
            };
            match judge.begin(&exchange) {
                Judging::Done(judgement) => self.note(index, judgement),
                Judging::Ask(requests, waiting) => return self.wait(conversation, index, requests, waiting),
            }
        }
        if self.blank.judgements.is_empty() {
            self.blank.outcome = Outcome::Undetermined;
            self.blank.reason = "judge.none".into();
        }
        self.done(conversation)
    }

    fn wait(
        &mut self,
        conversation: Conversation,
        next: usize,
        requests: Vec<jingwei_core::ChatRequest>,
        waiting: Box<dyn PendingJudgement>,
    ) -> TrialStep {
        self.stage = Stage::Judging { conversation, next, waiting: Some(waiting) };
        TrialStep::Ask(requests.into_iter().map(|request| Ask { to: Party::Judge, request }).collect())
    }

    fn note(&mut self, index: usize, judgement: Judgement) {
        if index == 0 || self.blank.judgements.is_empty() {
            self.blank.outcome = judgement.outcome;
            self.blank.reason.clone_from(&judgement.reason);
        }
        let judge = self.planned.judges.get(index).map_or("", |judge| judge.id()).into();
        self.blank.judgements.push(JudgedBy { judge, judgement });
    }

    fn done(&mut self, conversation: Conversation) -> TrialStep {
        let mut attempt = self.blank.clone();
        attempt.requests = u32::try_from(conversation.turns.len()).unwrap_or(u32::MAX);
        for turn in &conversation.turns {
            if let TurnAnswer::Reply(reply) = &turn.answer {
                attempt.input_tokens = attempt.input_tokens.saturating_add(reply.usage.input_tokens);
                attempt.output_tokens = attempt.output_tokens.saturating_add(reply.usage.output_tokens);
            }
        }
        if let Some(TurnAnswer::Reply(reply)) = conversation.judged().map(|turn| &turn.answer) {
            attempt.reply = Some(reply_digest(reply));
            attempt.filtered = reply.finish == Finish::ContentFilter;
        }
        TrialStep::Done(Box::new((attempt, conversation)))
    }
}

fn reply_digest(reply: &ChatReply) -> Digest {
    let finish = format!("{:?}", reply.finish);
    Digest::of_parts(["reply/1", &reply.text, &finish, reply.refusal.as_deref().unwrap_or_default()])
}

/// The kind of an error, without anything that the other side wrote.
pub(crate) fn reason_of(error: &TargetError) -> String {
    match error {
        TargetError::Unreachable { .. } => "error.unreachable".to_owned(),
        TargetError::TimedOut { .. } => "error.timed-out".to_owned(),
        TargetError::Status { status, .. } => format!("error.status-{status}"),
        TargetError::Garbled { .. } => "error.garbled".to_owned(),
        TargetError::Refused { .. } => "error.not-sent".to_owned(),
        TargetError::NotRecorded => "error.not-recorded".to_owned(),
    }
}
