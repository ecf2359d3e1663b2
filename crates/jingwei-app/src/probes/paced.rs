//! A model at an address, asked as fast as it can stand and no faster.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jingwei_core::{ChatRequest, Digest, TargetError};
use jingwei_net::{Pace, PaceOutcome, PaceSettings, TargetClient, Ticket};
use jingwei_probe::Answer;
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

use super::responders::{Answering, Responder};

/// Times that one request is sent when the server is overloaded.
const TRIES: u32 = 6;
/// Times that one request is sent when nobody is there, and the pause after the first; it doubles. A server that is
/// gone is no overloaded one: waiting for it long would only hide that.
const TRIES_TO_REACH: u32 = 3;
const PAUSE_MS: u64 = 250;

pub(crate) struct Paced {
    client: TargetClient,
    shown: String,
    pace: Mutex<Pace>,
    freed: Notify,
    began: Instant,
}

impl Paced {
    /// `client` sends each request once: trying again is done here, where the pace is known.
    pub(crate) fn new(client: TargetClient, at_once: usize) -> Self {
        let settings = PaceSettings { max: at_once.max(1), longest_pause_ms: 60_000, ..PaceSettings::default() };
        let endpoint = client.endpoint();
        // What stands behind a `?` may be a key.
        let address = endpoint.url.split(['?', '#']).next().unwrap_or_default();
        let shown = match (address, endpoint.model.as_str()) {
            ("", _) => "command".to_owned(),
            (url, "") => url.to_owned(),
            (url, model) => format!("{url} ({model})"),
        };
        Self { client, shown, pace: Mutex::new(Pace::new(settings)), freed: Notify::new(), began: Instant::now() }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Waits until one more call may be under way.
    async fn admitted(&self) -> Ticket {
        loop {
            // Registered before the pace is looked at, so that no call that ends in between is missed.
            let freed = self.freed.notified();
            let pause = {
                let (now, mut pace) = (self.now_ms(), self.pace());
                if pace.under_way() < pace.permits(now) {
                    let ticket = pace.started();
                    // The pace may admit more than one: each that is let in wakes the next.
                    if pace.under_way() < pace.permits(now) {
                        self.freed.notify_one();
                    }
                    return ticket;
                }
                pace.wakes_at(now).map(|until| until.saturating_sub(now))
            };
            match pause {
                Some(ms) => sleep(Duration::from_millis(u64::try_from(ms).unwrap_or(1).clamp(1, 300_000))).await,
                None => freed.await,
            }
        }
    }

    fn finished(&self, ticket: &Ticket, answer: &Answer) {
        let outcome = match answer {
            Err(TargetError::Unreachable { .. }) => PaceOutcome::Failed,
            answer => PaceOutcome::of(answer),
        };
        self.pace().finished(self.now_ms(), ticket, outcome);
        self.freed.notify_one();
    }

    async fn ask(&self, request: &ChatRequest, attempt: &str) -> Answer {
        for tries in 1.. {
            let ticket = self.admitted().await;
            let answer = self.client.send(request, attempt).await;
            self.finished(&ticket, &answer);
            if matches!(answer, Err(TargetError::Unreachable { .. })) {
                if tries >= TRIES_TO_REACH {
                    return answer;
                }
                sleep(Duration::from_millis(PAUSE_MS << tries)).await;
            } else if tries >= TRIES || !may_pass(&answer) {
                return answer;
            }
        }
        Err(TargetError::Refused { reason: "no try was made".to_owned() })
    }
}

/// Whether the same request may succeed later. A request that reached the server and got no whole answer is not
/// repeated: it may have been counted.
fn may_pass(answer: &Answer) -> bool {
    match answer {
        Err(TargetError::Status { status, .. }) => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504 | 529),
        _ => false,
    }
}

impl Responder for Paced {
    fn configuration(&self) -> Digest {
        self.client.configuration()
    }

    fn shown(&self) -> String {
        self.shown.clone()
    }

    fn send<'a>(&'a self, request: &'a ChatRequest, attempt: &'a str) -> Answering<'a> {
        Box::pin(self.ask(request, attempt))
    }
}
