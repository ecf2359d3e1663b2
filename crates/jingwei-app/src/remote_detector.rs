//! A guard model behind an OpenAI-compatible server, as a detector.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, mpsc},
    time::Duration,
};

use jingwei_core::{Clock, Digest};
use jingwei_guard::{
    AnswerToken, Detector, Direction, GuardPrompt, Judgement, Unavailable, UnavailableCause, answer_tokens,
    guard_messages, judgements_of_answer, with_context,
};
use jingwei_net::{Breaker, BreakerSettings, CallBudget, GuardAnswer, GuardModel, GuardModelError, NetError};
use tokio::{
    runtime::{Builder, Handle, Runtime, RuntimeFlavor},
    task::{JoinSet, block_in_place},
    time::timeout,
};

/// Asks a guard model. Waits for it at most as long as its time-out, for all texts of one call together.
pub(crate) struct RemoteDetector {
    shared: Arc<Shared>,
    digest: Digest,
}

struct Shared {
    id: String,
    server: GuardModel,
    prompt: GuardPrompt,
    timeout_ms: u64,
    clock: Arc<dyn Clock>,
    patience: Mutex<(Breaker, CallBudget)>,
    answered: Mutex<Answered>,
}

impl fmt::Debug for RemoteDetector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteDetector({})", self.shared.id)
    }
}

/// Calls under way at once, of one text.
const AT_ONCE: usize = 8;
/// Judgements that are kept: a conversation sends its beginning again with every turn.
const KEPT: usize = 4_096;

/// Where calls are made: they must not wait for the thread that waits for them, whatever runtime that belongs to.
static CALLS: LazyLock<Option<Runtime>> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).thread_name("detectors").enable_all().build().ok());

impl RemoteDetector {
    pub(crate) fn new(
        id: &str,
        server: GuardModel,
        prompt: GuardPrompt,
        timeout_ms: u64,
        calls_per_minute: u32,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let digest = Digest::of_parts(["guard-model/1", &server.base, &server.model, &format!("{prompt:?}")]);
        let patience = Mutex::new((Breaker::new(BreakerSettings::default()), CallBudget::new(calls_per_minute)));
        let (id, answered) = (id.to_owned(), Mutex::default());
        Self { shared: Arc::new(Shared { id, server, prompt, timeout_ms, clock, patience, answered }), digest }
    }

    /// `closed`, `open` or `half_open`.
    pub(crate) fn circuit(&self) -> &'static str {
        self.shared.patience().0.state()
    }

    fn ask(&self, texts: Vec<String>, direction: Direction) -> Result<Vec<Vec<Judgement>>, Unavailable> {
        let unavailable = |cause| Unavailable { detector: self.shared.id.clone(), cause };
        let mut answers: BTreeMap<Digest, Vec<Judgement>> = BTreeMap::new();
        let mut open: BTreeMap<Digest, String> = BTreeMap::new();
        let wanted: Vec<Option<Digest>> = texts
            .into_iter()
            .map(|text| {
                let says_something = text.chars().any(char::is_alphanumeric);
                let digest = says_something.then(|| Digest::of_parts([direction_name(direction), &text]))?;
                match self.shared.answered().get(digest) {
                    Some(known) => drop(answers.insert(digest, known)),
                    None => drop(open.insert(digest, text)),
                }
                Some(digest)
            })
            .collect();
        if !open.is_empty() {
            let runtime = CALLS.as_ref().ok_or_else(|| unavailable(UnavailableCause::Failed))?;
            let (sender, receiver) = mpsc::sync_channel(1);
            let shared = Arc::clone(&self.shared);
            runtime.spawn(async move {
                let _ = sender.send(shared.ask_within_time(open, direction).await);
            });
            let outcome = waiting(|| receiver.recv()).unwrap_or(Err(UnavailableCause::Failed));
            answers.extend(outcome.map_err(unavailable)?);
        }
        let answer =
            |digest: Option<Digest>| digest.and_then(|digest| answers.get(&digest).cloned()).unwrap_or_default();
        Ok(wanted.into_iter().map(answer).collect())
    }
}

impl Detector for RemoteDetector {
    fn judge(&self, texts: &[&str], direction: Direction) -> Result<Vec<Vec<Judgement>>, Unavailable> {
        self.ask(texts.iter().map(|text| (*text).to_owned()).collect(), direction)
    }

    /// One question per sentence, which is asked about after the two before it: such a model reads them apart itself.
    fn judge_sentences(
        &self,
        sentences: &[&str],
        from: usize,
        direction: Direction,
    ) -> Result<Vec<Vec<Judgement>>, Unavailable> {
        self.ask(with_context(sentences, from), direction)
    }

    fn digest(&self) -> Digest {
        self.digest
    }

    fn is_instant(&self) -> bool {
        false
    }
}

impl Shared {
    fn patience(&self) -> MutexGuard<'_, (Breaker, CallBudget)> {
        self.patience.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answered(&self) -> MutexGuard<'_, Answered> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().micros().div_euclid(1_000)
    }

    async fn ask_within_time(
        self: Arc<Self>,
        texts: BTreeMap<Digest, String>,
        direction: Direction,
    ) -> Result<Vec<(Digest, Vec<Judgement>)>, UnavailableCause> {
        let asked = timeout(Duration::from_millis(self.timeout_ms), Arc::clone(&self).ask_all(texts, direction)).await;
        asked.unwrap_or_else(|_| {
            self.patience().0.failed(self.now_ms());
            tracing::warn!(detector = self.id, "the guard model did not answer in time");
            Err(UnavailableCause::TimedOut)
        })
    }

    /// All texts, a few at once; the first failure ends it. A circuit that is not closed lets one through alone.
    async fn ask_all(
        self: Arc<Self>,
        texts: BTreeMap<Digest, String>,
        direction: Direction,
    ) -> Result<Vec<(Digest, Vec<Judgement>)>, UnavailableCause> {
        let (mut rest, mut judged) = (VecDeque::from_iter(texts), Vec::new());
        let mut calls = JoinSet::new();
        loop {
            let most = if self.patience().0.state() == "closed" { AT_ONCE } else { 1 };
            while calls.len() < most
                && let Some((digest, text)) = rest.pop_front()
            {
                self.admit()?;
                let shared = Arc::clone(&self);
                calls.spawn(async move { (digest, shared.ask_one(&text, direction).await) });
            }
            let Some(ended) = calls.join_next().await else { return Ok(judged) };
            let (digest, outcome) = ended.map_err(|_| UnavailableCause::Failed)?;
            let judgements = outcome?;
            self.answered().keep(digest, judgements.clone());
            judged.push((digest, judgements));
        }
    }

    fn admit(&self) -> Result<(), UnavailableCause> {
        let now = self.now_ms();
        let mut patience = self.patience();
        let (breaker, budget) = &mut *patience;
        if !breaker.admits(now) {
            return Err(UnavailableCause::CircuitOpen);
        }
        if budget.take(now) { Ok(()) } else { Err(UnavailableCause::OverBudget) }
    }

    async fn ask_one(&self, text: &str, direction: Direction) -> Result<Vec<Judgement>, UnavailableCause> {
        let chat = guard_messages(text, direction);
        let answer = self.server.ask(&chat, answer_tokens(self.prompt), self.timeout_ms).await;
        match &answer {
            Err(error) if is_the_servers_fault(error) => self.patience().0.failed(self.now_ms()),
            _ => self.patience().0.succeeded(),
        }
        let answer = answer.map_err(|error| {
            tracing::warn!(detector = self.id, %error, "the guard model gave no judgement");
            match error {
                GuardModelError::Net(NetError::TimedOut { .. }) => UnavailableCause::TimedOut,
                GuardModelError::Garbled { .. } => UnavailableCause::Garbled,
                GuardModelError::Net(_) | GuardModelError::Status { .. } => UnavailableCause::Failed,
            }
        })?;
        let tokens = tokens_of(&answer);
        judgements_of_answer(self.prompt, &answer.text, &tokens).ok_or(UnavailableCause::Garbled)
    }
}

/// Whether the server is to be left alone. What a text alone can bring about (an answer out of form, a request that is
/// refused) is not: otherwise somebody could switch the detector off for everybody.
fn is_the_servers_fault(error: &GuardModelError) -> bool {
    match error {
        GuardModelError::Net(_) => true,
        GuardModelError::Status { status, .. } => {
            !(400..500).contains(status) || matches!(status, 401 | 403 | 404 | 408 | 429)
        }
        GuardModelError::Garbled { .. } => false,
    }
}

fn tokens_of(answer: &GuardAnswer) -> Vec<AnswerToken> {
    let token = |token: &jingwei_net::GuardToken| AnswerToken {
        text: token.text.clone(),
        instead: token.instead.iter().map(|(text, logarithm)| (text.clone(), logarithm.exp())).collect(),
    };
    answer.tokens.iter().map(token).collect()
}

fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Input => "input",
        Direction::Output => "output",
    }
}

/// Waits without keeping the tasks of this thread waiting, where there are any.
fn waiting<T>(wait: impl FnOnce() -> T) -> T {
    match Handle::try_current() {
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => block_in_place(wait),
        _ => wait(),
    }
}

/// The latest judgements, by digest of the text: no text is kept.
#[derive(Default)]
struct Answered {
    judgements: BTreeMap<Digest, Vec<Judgement>>,
    order: VecDeque<Digest>,
}

impl Answered {
    fn get(&self, digest: Digest) -> Option<Vec<Judgement>> {
        self.judgements.get(&digest).cloned()
    }

    fn keep(&mut self, digest: Digest, judgements: Vec<Judgement>) {
        if self.judgements.insert(digest, judgements).is_none() {
            self.order.push_back(digest);
        }
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.judgements.remove(&oldest);
        }
    }
}

#[cfg(test)]
#[path = "remote_detector_tests.rs"]
mod tests;
