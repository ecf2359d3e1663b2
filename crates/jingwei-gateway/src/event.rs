use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jingwei_core::{Action, Clock, RuleId, Timestamp, Usage, Verdict};
use tokio::time::Instant;

/// What happened to one request. No word of its content is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayEvent {
    /// When the request came.
    pub at: Timestamp,
    /// Counts requests since the gateway started.
    pub request: u64,
    /// Which of the configured callers asked.
    pub caller: Option<usize>,
    pub streamed: bool,
    pub outcome: Outcome,
    pub status: u16,
    /// Name and digest of the policy that served this request.
    pub policy: String,
    /// Texts of the request and of the reply that were judged.
    pub input_surfaces: usize,
    pub output_surfaces: usize,
    pub input_action: Action,
    /// Absent: there was no reply to judge.
    pub output_action: Option<Action>,
    /// Rules that matched, those in shadow mode too.
    pub rules: BTreeSet<RuleId>,
    /// Texts that could not be judged.
    pub unjudged: usize,
    pub guard_us: u64,
    /// From the request that was sent on to the first byte of the reply's head.
    pub upstream_us: Option<u64>,
    pub total_us: u64,
    /// As the upstream counted.
    pub usage: Usage,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Answered,
    /// The policy kept the request or the reply back.
    Blocked,
    /// The policy asks for a person's confirmation, and nobody can give it here.
    Unconfirmed,
    /// The caller sent something that is not a chat request, or may not call.
    BadRequest,
    /// The upstream gave no usable reply, or refused.
    UpstreamFault,
    /// Too much at once.
    TurnedAway,
    /// The caller left before the reply was whole.
    CallerLeft,
}

pub(crate) type OnEvent = Arc<dyn Fn(GatewayEvent) + Send + Sync>;

/// The event of a request under way. It is told when it is dropped, so every request is told once, however it ends.
pub(crate) struct Record {
    pub event: GatewayEvent,
    begun: Instant,
    on_event: OnEvent,
}

impl Record {
    pub(crate) fn begin(request: u64, policy: &str, clock: &dyn Clock, on_event: OnEvent) -> Self {
        let event = GatewayEvent {
            at: clock.now(),
            request,
            caller: None,
            streamed: false,
            outcome: Outcome::CallerLeft,
            status: 0,
            policy: policy.to_owned(),
            input_surfaces: 0,
            output_surfaces: 0,
            input_action: Action::Allow,
            output_action: None,
            rules: BTreeSet::new(),
            unjudged: 0,
            guard_us: 0,
            upstream_us: None,
            total_us: 0,
            usage: Usage::default(),
        };
        Self { event, begun: Instant::now(), on_event }
    }

    pub(crate) fn ended(&mut self, outcome: Outcome, status: u16) {
        self.event.outcome = outcome;
        self.event.status = status;
    }

    pub(crate) fn input(&mut self, verdict: &Verdict, surfaces: usize) {
        self.event.input_surfaces = surfaces;
        self.event.input_action = verdict.action;
        self.hits(verdict);
    }

    /// A reply has one verdict, or one per text when it streams.
    pub(crate) fn output(&mut self, verdict: &Verdict, surfaces: usize) {
        self.event.output_surfaces += surfaces;
        let so_far = self.event.output_action.unwrap_or(Action::Allow);
        self.event.output_action = Some(so_far.max(verdict.action));
        self.hits(verdict);
    }

    fn hits(&mut self, verdict: &Verdict) {
        self.event.rules.extend(verdict.hits.iter().map(|hit| hit.rule.clone()));
        self.event.unjudged += verdict.unjudged.len();
    }

    pub(crate) fn guard_took(&mut self, since: Instant) {
        self.event.guard_us = self.event.guard_us.saturating_add(micros(since.elapsed()));
    }

    pub(crate) fn upstream_took(&mut self, since: Instant) {
        self.event.upstream_us = Some(micros(since.elapsed()));
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.event.total_us = micros(self.begun.elapsed());
        (self.on_event)(self.event.clone());
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
