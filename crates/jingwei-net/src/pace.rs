//! How many calls to one endpoint are under way at once: additive increase, multiplicative decrease.
//!
//! Plain state: the caller brings the time, in milliseconds of any clock. A round trip is known by its [`Ticket`]: of
//! all calls that were under way when the number was cut, none cuts it again.

use jingwei_core::{ChatReply, TargetError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceSettings {
    /// Calls at once to begin with.
    pub start: usize,
    /// Most calls at once.
    pub max: usize,
    /// Pause after a server was overloaded by a round in which nothing succeeded; it doubles with each further one.
    pub first_pause_ms: i64,
    /// Longest pause, also where the server asks for a longer one: then it is asked again, with few calls.
    pub longest_pause_ms: i64,
    /// Decides how the pauses are spread.
    pub seed: u64,
}

impl Default for PaceSettings {
    fn default() -> Self {
        Self { start: 10, max: 256, first_pause_ms: 250, longest_pause_ms: 300_000, seed: 0 }
    }
}

/// What a call tells about the server's load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaceOutcome {
    Succeeded,
    /// 429, 503, 529 or no connection, with the pause that the server asks for.
    Overloaded {
        retry_after_ms: Option<u64>,
    },
    TimedOut,
    /// It failed, and not because of the load.
    Failed,
}

impl PaceOutcome {
    #[must_use]
    pub fn of(outcome: &Result<ChatReply, TargetError>) -> Self {
        match outcome {
            Ok(_) => Self::Succeeded,
            Err(TargetError::Status { status: 429 | 503 | 529, retry_after_ms, .. }) => {
                Self::Overloaded { retry_after_ms: *retry_after_ms }
            }
            Err(TargetError::Unreachable { .. }) => Self::Overloaded { retry_after_ms: None },
            Err(TargetError::TimedOut { .. }) | Err(TargetError::Status { status: 408 | 504, .. }) => Self::TimedOut,
            Err(_) => Self::Failed,
        }
    }
}

/// A call that was begun. Each goes back with its outcome.
#[derive(Debug)]
#[must_use = "a call whose outcome never comes is under way for ever"]
pub struct Ticket {
    round: u64,
}

/// The pace of one endpoint.
#[derive(Debug, Clone)]
pub struct Pace {
    settings: PaceSettings,
    limit: usize,
    under_way: usize,
    /// Successes since the limit last changed.
    successes: usize,
    /// Number at which the server was last overloaded: up to near it the limit grows fast, beyond it slowly.
    ceiling: Option<usize>,
    /// Cuts so far.
    round: u64,
    /// Cuts since a call last succeeded that was begun after one.
    fruitless: u32,
    paused_until_ms: Option<i64>,
    jitter: u64,
}

/// Successes, at least, before one more call is tried near the number that was too many: of a server that takes one
/// call, at most one in so many is refused.
const PATIENCE: usize = 40;

impl Pace {
    #[must_use]
    pub fn new(settings: PaceSettings) -> Self {
        let max = settings.max.max(1);
        Self {
            settings: PaceSettings { max, ..settings },
            limit: settings.start.clamp(1, max),
            under_way: 0,
            successes: 0,
            ceiling: None,
            round: 0,
            fruitless: 0,
            paused_until_ms: None,
            jitter: settings.seed,
        }
    }

    /// How many calls may be under way now: 0 in a pause.
    #[must_use]
    pub fn permits(&self, now_ms: i64) -> usize {
        if self.wakes_at(now_ms).is_some() { 0 } else { self.limit }
    }

    /// Calls under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// When the pause ends that is now.
    #[must_use]
    pub fn wakes_at(&self, now_ms: i64) -> Option<i64> {
        self.paused_until_ms.filter(|until| *until > now_ms)
    }

    /// A call begins. The caller has looked at `permits`.
    pub fn started(&mut self) -> Ticket {
        self.under_way += 1;
        Ticket { round: self.round }
    }

    pub fn finished(&mut self, now_ms: i64, ticket: &Ticket, outcome: PaceOutcome) {
        let busy = self.under_way.saturating_mul(2) >= self.limit;
        self.under_way = self.under_way.saturating_sub(1);
        let fresh = ticket.round == self.round;
        match outcome {
            PaceOutcome::Succeeded => {
                if fresh {
                    self.fruitless = 0;
                }
                // A limit that nobody reaches has not been tried.
                if busy && self.wakes_at(now_ms).is_none() {
                    self.grow();
                }
            }
            PaceOutcome::Overloaded { retry_after_ms } => {
                if fresh {
                    self.cut();
                }
                match retry_after_ms {
                    Some(asked) => self.pause_until(now_ms, i64::try_from(asked).unwrap_or(i64::MAX)),
                    None if fresh => self.rest(now_ms),
                    None => {}
                }
            }
            PaceOutcome::TimedOut if fresh => self.cut(),
            PaceOutcome::TimedOut | PaceOutcome::Failed => {}
        }
    }

    fn grow(&mut self) {
        self.successes += 1;
        let near = self.ceiling.is_some_and(|ceiling| (self.limit + 1) * 8 > ceiling * 7);
        let needed = if near { self.limit.max(PATIENCE) } else { 1 };
        if self.successes >= needed && self.limit < self.settings.max {
            self.limit += 1;
            self.successes = 0;
        }
    }

    fn cut(&mut self) {
        self.ceiling = Some(self.limit);
        self.limit = (self.limit / 2).max(1);
        self.successes = 0;
        self.round += 1;
        self.fruitless = self.fruitless.saturating_add(1);
    }

    /// After the first cut the smaller number is the remedy; a server that refuses that too is left alone for a while.
    fn rest(&mut self, now_ms: i64) {
        let Some(earlier) = self.fruitless.checked_sub(2) else { return };
        let factor = 1_i64.checked_shl(earlier.min(62)).unwrap_or(i64::MAX);
        let longest =
            self.settings.first_pause_ms.saturating_mul(factor).clamp(1, self.settings.longest_pause_ms.max(1));
        // Half of it and a random part of the other half: endpoints that stumble together do not come back together.
        let spread = longest / 2 + 1;
        let part = i64::try_from(self.random() % u64::try_from(spread).unwrap_or(1)).unwrap_or(0);
        self.pause_until(now_ms, longest - longest / 2 + part);
    }

    fn pause_until(&mut self, now_ms: i64, pause_ms: i64) {
        let until = now_ms.saturating_add(pause_ms.clamp(0, self.settings.longest_pause_ms.max(0)));
        self.paused_until_ms = Some(self.paused_until_ms.map_or(until, |known| known.max(until)));
    }

    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.jitter = self.jitter.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.jitter ^ (self.jitter >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
