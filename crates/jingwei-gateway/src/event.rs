use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jingwei_core::{Action, Clock, RuleId, Timestamp, Usage, Verdict};
use jingwei_guard::{BoundEngine, Mode};
use tokio::time::Instant;

/// What happened to one request. No word of its content is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct GatewayEvent {
    /// When the request came.
    pub at: Timestamp,
    /// Counts requests since the gateway started.
    pub request: u64,
    /// Which of the configured callers asked: those of the settings first, then those that came with the engines.
    pub caller: Option<usize>,
    /// Of the caller; empty where it has none.
    pub tenant: String,
    pub app: String,
    pub streamed: bool,
    pub outcome: Outcome,
    pub status: u16,
    /// Name and digest of the policy that served this request.
    pub policy: String,
    /// The binding that chose the policy, or `default`.
    pub binding: Arc<str>,
    /// `shadow`: the actions below are what would have been done, and nothing was. `off`: nothing was judged.
    pub mode: Mode,
    /// Texts of the request and of the reply that were judged.
    pub input_surfaces: usize,
    pub output_surfaces: usize,
    pub input_action: Action,
    /// Absent: there was no reply to judge.
    pub output_action: Option<Action>,
    /// What the content alone asked for; the actions also count what could not be judged.
    pub input_content: Action,
    pub output_content: Option<Action>,
    /// Highest probability that each head of a detector gave: `builtin/injection`.
    pub scores: BTreeMap<String, f64>,
    /// Detectors that gave no judgement, and why: `qwen:timed_out`.
    pub unavailable: BTreeSet<String>,
    /// Texts of tools and documents that were marked as data.
    pub spotlit: usize,
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
    pub(crate) fn begin(request: u64, bound: &BoundEngine, clock: &dyn Clock, on_event: OnEvent) -> Self {
        let event = GatewayEvent {
            at: clock.now(),
            request,
            caller: None,
            tenant: String::new(),
            app: String::new(),
            streamed: false,
            outcome: Outcome::CallerLeft,
            status: 0,
            policy: bound.engine.version().to_owned(),
            binding: Arc::clone(&bound.name),
            mode: bound.mode,
            input_surfaces: 0,
            output_surfaces: 0,
            input_action: Action::Allow,
            output_action: None,
            input_content: Action::Allow,
            output_content: None,
            scores: BTreeMap::new(),
            unavailable: BTreeSet::new(),
            spotlit: 0,
            rules: BTreeSet::new(),
            unjudged: 0,
            guard_us: 0,
            upstream_us: None,
            total_us: 0,
            usage: Usage::default(),
        };
        Self { event, begun: Instant::now(), on_event }
    }

    pub(crate) fn bound(&mut self, bound: &BoundEngine) {
        self.event.policy = bound.engine.version().to_owned();
        self.event.binding = Arc::clone(&bound.name);
        self.event.mode = bound.mode;
    }

    pub(crate) fn ended(&mut self, outcome: Outcome, status: u16) {
        self.event.outcome = outcome;
        self.event.status = status;
    }

    pub(crate) fn input(&mut self, verdict: &Verdict, surfaces: usize) {
        self.event.input_surfaces = surfaces;
        self.event.input_action = verdict.action;
        self.event.input_content = verdict.content;
        self.hits(verdict);
    }

    /// A reply has one verdict, or one per text when it streams.
    pub(crate) fn output(&mut self, verdict: &Verdict, surfaces: usize) {
        self.event.output_surfaces += surfaces;
        let so_far = self.event.output_action.unwrap_or(Action::Allow);
        self.event.output_action = Some(so_far.max(verdict.action));
        let so_far = self.event.output_content.unwrap_or(Action::Allow);
        self.event.output_content = Some(so_far.max(verdict.content));
        self.hits(verdict);
    }

    fn hits(&mut self, verdict: &Verdict) {
        self.event.rules.extend(verdict.hits.iter().map(|hit| hit.rule.clone()));
        self.event.unjudged += verdict.unjudged.len();
        for (head, score) in &verdict.scores {
            let highest = self.event.scores.entry(head.clone()).or_insert(0.0);
            *highest = highest.max(*score);
        }
        self.event.unavailable.extend(verdict.unjudged.iter().filter_map(|what| unavailable(what)));
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

/// `detector:cause` of a note that a detector gave no judgement.
fn unavailable(note: &str) -> Option<String> {
    let (before, cause) = note.split_once(" is unavailable: ")?;
    let detector = before.rsplit(": ").next().unwrap_or(before);
    Some(format!("{detector}:{cause}"))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use jingwei_guard::{Unavailable, UnavailableCause};

    use super::*;

    #[test]
    fn why_a_detector_was_silent_is_read_from_the_verdict() {
        let said = Unavailable { detector: "qwen".to_owned(), cause: UnavailableCause::TimedOut }.to_string();
        for note in [said.clone(), format!("messages[0].content: {said}")] {
            assert_eq!(unavailable(&note).as_deref(), Some("qwen:timed_out"));
        }
        assert_eq!(unavailable("messages[0].content: too long"), None);
    }
}
