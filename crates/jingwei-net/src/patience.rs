//! When a server is asked, and when it is left alone: a budget of calls and a circuit breaker.
//!
//! Both are plain state: the caller brings the time, in milliseconds of any clock. A clock that goes back only makes
//! them wait anew.

/// Most calls within a minute that begins with its first call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallBudget {
    per_minute: u32,
    began_ms: i64,
    used: u32,
}

const MINUTE_MS: i64 = 60_000;

impl CallBudget {
    #[must_use]
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, began_ms: 0, used: 0 }
    }

    /// Takes one call of this minute, if one is left.
    pub fn take(&mut self, now_ms: i64) -> bool {
        if !(0..MINUTE_MS).contains(&now_ms.saturating_sub(self.began_ms)) || self.used == 0 {
            (self.began_ms, self.used) = (now_ms, 0);
        }
        let granted = self.used < self.per_minute;
        self.used += u32::from(granted);
        granted
    }
}

/// Leaves a server alone after several failures in a row, and then tries it with one call at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    settings: BreakerSettings,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failures in a row after which nothing is asked.
    pub failures: u32,
    /// How long nothing is asked; it doubles with each trial that fails.
    pub rest_ms: i64,
    pub longest_rest_ms: i64,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 5, rest_ms: 5_000, longest_rest_ms: 120_000 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        since_ms: i64,
        rest_ms: i64,
    },
    /// One trial is under way.
    HalfOpen {
        since_ms: i64,
        rest_ms: i64,
    },
}

impl Breaker {
    #[must_use]
    pub fn new(settings: BreakerSettings) -> Self {
        Self { settings, state: State::Closed { failures: 0 } }
    }

    /// Whether a call may be made now. Each call that may must be followed by its outcome; a trial whose outcome
    /// never came is given up after the rest that went before it.
    pub fn admits(&mut self, now_ms: i64) -> bool {
        match self.state {
            State::Closed { .. } => true,
            State::Open { since_ms, rest_ms } | State::HalfOpen { since_ms, rest_ms } => {
                let rested = !(0..rest_ms).contains(&now_ms.saturating_sub(since_ms));
                if rested {
                    self.state = State::HalfOpen { since_ms: now_ms, rest_ms };
                }
                rested
            }
        }
    }

    pub fn succeeded(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    pub fn failed(&mut self, now_ms: i64) {
        let BreakerSettings { failures: most, rest_ms: first, longest_rest_ms } = self.settings;
        self.state = match self.state {
            State::Closed { failures } if failures + 1 < most => State::Closed { failures: failures + 1 },
            State::Closed { .. } => State::Open { since_ms: now_ms, rest_ms: first },
            State::HalfOpen { rest_ms, .. } => {
                State::Open { since_ms: now_ms, rest_ms: rest_ms.saturating_mul(2).min(longest_rest_ms) }
            }
            // A call that was under way when it opened.
            open @ State::Open { .. } => open,
        };
    }

    /// `closed`, `open` or `half_open`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self.state {
            State::Closed { .. } => "closed",
            State::Open { .. } => "open",
            State::HalfOpen { .. } => "half_open",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_so_many_calls() {
        let mut budget = CallBudget::new(2);
        let taken: Vec<bool> = [5, 6, 7, 60_004, 60_005, 60_006, 60_007, -9].map(|now| budget.take(now)).to_vec();
        assert_eq!(taken, [true, true, false, false, true, true, false, true]);
        assert!(!CallBudget::new(0).take(1));
    }

    /// Runs a script: `?` asks, `+` succeeds, `-` fails, a number is the time from then on.
    #[track_caller]
    fn check(script: &str, expected: &str) {
        let settings = BreakerSettings { failures: 2, rest_ms: 100, longest_rest_ms: 300 };
        let (mut breaker, mut now, mut seen) = (Breaker::new(settings), 0, String::new());
        for step in script.split(' ') {
            match step {
                "?" => seen.push(if breaker.admits(now) { 'y' } else { 'n' }),
                "+" => breaker.succeeded(),
                "-" => breaker.failed(now),
                "=" => seen.push_str(&format!("[{}]", breaker.state())),
                time => now = time.parse().unwrap(),
            }
        }
        assert_eq!(seen, expected, "{script}");
    }

    #[test]
    fn failures_in_a_row_open_the_circuit_and_one_trial_closes_it() {
        check("? - ? + ? - ? =", "yyyy[closed]");
        check("? - ? - = ? 99 ? 100 ? = ? + ? =", "yy[open]nny[half_open]ny[closed]");
        // A failed trial rests twice as long, up to the longest rest.
        check("- - 100 ? - 299 ? 300 ? - 599 ? 600 ? - 899 ? 900 ?", "ynynyny");
        // An outcome that never came, and one that came late.
        check("- - 100 ? 150 ? 200 ?", "yny");
        check("? ? - - - = +  =".replace("  ", " ").as_str(), "yy[open][closed]");
        // A clock that goes back does not lock it for ever.
        check("1000 - - ? -5000 ?", "ny");
    }
}
