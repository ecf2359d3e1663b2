//! `POST /v1/chat/completions`: admit, judge, send on, and bring the reply back.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use jingwei_core::{Action, Lang, Limits, Verdict};
use jingwei_guard::{Direction, Engine, EngineSet, Mode, Placeholders, surfaces_of_chat_request};
use jingwei_net::{Forward, Forwarded, NetError, Verb, read_json};
use serde_json::Value;
use tokio::{
    sync::OwnedSemaphorePermit,
    task::spawn_blocking,
    time::{Instant, timeout},
};

use crate::{
    BlockAnswer, GatewayState, Outcome,
    event::Record,
    problem::Problem,
    protect::protect,
    redaction::redact,
    refusal::{self, Refusal},
    request::{self, ChatCall},
    streamed, whole,
};

/// Letters of a model's name that a refusal repeats.
const MODEL_CHARACTERS: usize = 200;
/// Larger texts are judged on a thread that may be busy for a while.
const BRIEF_BYTES: usize = 32 << 10;

/// One request under way, after it was admitted.
pub(crate) struct Exchange {
    pub state: GatewayState,
    /// The snapshot that judges this request from its first byte to its reply's last.
    pub engine: Arc<Engine>,
    /// How far its verdicts count.
    pub mode: Mode,
    pub record: Record,
    pub lang: Lang,
    pub model: String,
    pub streamed: bool,
    pub block_answer: BlockAnswer,
    /// What was redacted on the way in, to be restored on the way out.
    pub placeholders: Placeholders,
    /// The strictest thing that was done to the request; nothing, unless the mode is to enforce.
    pub input_action: Action,
    _permit: OwnedSemaphorePermit,
}

pub(crate) async fn create(State(state): State<GatewayState>, headers: HeaderMap, body: Body) -> Response {
    let engines = state.engines();
    let mut record = state.begin(&engines);
    match admit(&state, &engines, &headers, body, &mut record).await {
        Err((outcome, problem)) => {
            record.ended(outcome, problem.status.as_u16());
            problem.into_response()
        }
        Ok((call, permit)) => {
            record.event.streamed = call.streamed;
            let bound = engines.of_request(&record.event.tenant, &record.event.app, &call.model);
            record.bound(bound);
            let exchange = Exchange {
                block_answer: refusal::preferred(&headers, state.settings().block_answer),
                engine: Arc::clone(&bound.engine),
                mode: bound.mode,
                record,
                lang: call.lang,
                model: call.model.chars().take(MODEL_CHARACTERS).collect(),
                streamed: call.streamed,
                placeholders: Placeholders::default(),
                input_action: Action::Allow,
                state,
                _permit: permit,
            };
            exchange.run(call.document).await
        }
    }
}

/// Who asks, whether there is room, and what the request is.
async fn admit(
    state: &GatewayState,
    engines: &EngineSet,
    headers: &HeaderMap,
    body: Body,
    record: &mut Record,
) -> Result<(ChatCall, OwnedSemaphorePermit), (Outcome, Problem)> {
    let settings = state.settings();
    let caller = state.caller(headers, engines).map_err(|problem| (Outcome::BadRequest, problem))?;
    (record.event.caller, record.event.tenant, record.event.app) = (caller.number, caller.tenant, caller.app);
    let permit = state.permit().map_err(|problem| (Outcome::TurnedAway, problem))?;
    let most = usize::try_from(settings.request_bytes).unwrap_or(usize::MAX);
    let patience = Duration::from_millis(settings.limits.wall_ms);
    let too_slow =
        || Problem::new(StatusCode::REQUEST_TIMEOUT, "request_too_slow", "the request did not arrive in time");
    let limits = Limits { header_bytes: settings.request_bytes, ..settings.limits };
    let call = match timeout(patience, to_bytes(body, most)).await {
        Err(_) => Err(too_slow()),
        // axum says only that the body was cut or too long; the length tells which.
        Ok(Err(_)) => Err(request::too_large(settings.request_bytes)),
        Ok(Ok(bytes)) => request::read(&bytes, &limits),
    };
    call.map(|call| (call, permit)).map_err(|problem| (Outcome::BadRequest, problem))
}

impl Exchange {
    async fn run(mut self, document: Value) -> Response {
        let document = match self.judge_input(document).await {
            Ok(document) => document,
            Err(response) => return response,
        };
        let sent = Instant::now();
        let forwarded = match self.forward(&document).await {
            Ok(forwarded) => forwarded,
            Err(error) => return self.fault(problem_of(&error)),
        };
        self.record.upstream_took(sent);
        if !(200..300).contains(&forwarded.status) {
            return self.upstream_refused(forwarded).await;
        }
        if self.streamed { streamed::reply(self, forwarded).await } else { whole::reply(self, forwarded).await }
    }

    /// The request as it may be sent on, or the answer in its place.
    async fn judge_input(&mut self, document: Value) -> Result<Value, Response> {
        if self.mode == Mode::Off {
            return Ok(document);
        }
        let begun = Instant::now();
        let limits = self.state.settings().limits;
        let engine = Arc::clone(&self.engine);
        let judged = judge_aside(document, engine.is_instant(), move |document| {
            let surfaces = surfaces_of_chat_request(document, &limits);
            (engine.judge(Direction::Input, &surfaces, &limits), surfaces.len())
        });
        let Some((mut document, (verdict, surfaces))) = judged.await else { return Err(self.guard_failed()) };
        self.record.input(&verdict, surfaces);
        if self.mode == Mode::Shadow {
            self.record.guard_took(begun);
            return Ok(document);
        }
        let mut action = verdict.action;
        if action == Action::Redact && redact(&mut document, &verdict, &mut self.placeholders).is_err() {
            action = Action::Block;
        }
        self.input_action = action;
        if action >= Action::Confirm {
            self.record.guard_took(begun);
            return Err(self.refuse(action, Default::default()));
        }
        let Ok(spotlit) = protect(&mut document, self.engine.policy(), self.lang, self.state.settings(), &limits)
        else {
            tracing::error!("the policy marks data or plants canaries, and there is no randomness or key for it");
            return Err(self.guard_failed());
        };
        self.record.event.spotlit = spotlit;
        self.record.guard_took(begun);
        Ok(document)
    }

    async fn forward(&self, document: &Value) -> Result<Forwarded, NetError> {
        let settings = self.state.settings();
        let accept = if self.streamed { "text/event-stream" } else { "application/json" };
        let headers = [("content-type", "application/json"), ("accept", accept)];
        let request = Forward {
            verb: Verb::Post,
            base: &settings.upstream,
            tail: "chat/completions",
            headers: &headers,
            body: Bytes::from(document.to_string()),
            key: settings.upstream_key.as_ref(),
            total_ms: settings.total_ms,
        };
        self.state.client().forward(request, &settings.limits).await
    }

    /// The upstream's own error, told to the caller where it is the caller's to mend.
    async fn upstream_refused(mut self, forwarded: Forwarded) -> Response {
        let (status, retry_after) = (forwarded.status, forwarded.retry_after.clone());
        let limits = Limits { header_bytes: 1 << 20, ..self.state.settings().limits };
        let body = forwarded.body.rest().await.unwrap_or_default();
        let said = read_json(&body, &limits).ok().map(|document| said_by(&document)).unwrap_or_default();
        let allowed = self.mode != Mode::Enforce || {
            let engine = Arc::clone(&self.engine);
            let judged = judge_aside(Value::String(said.clone()), engine.is_instant(), move |said| {
                (engine.judge_text(Direction::Output, said.as_str().unwrap_or_default(), &limits), 1)
            });
            judged.await.is_some_and(|(_, (verdict, _))| verdict.action == Action::Allow)
        };
        let said = if allowed && !said.is_empty() { format!(": {said}") } else { String::new() };
        let detail = format!("the upstream answered status {status}{said}");
        let problem = match StatusCode::from_u16(status) {
            Ok(StatusCode::TOO_MANY_REQUESTS) => {
                Problem { retry_after, ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "upstream_busy", detail) }
            }
            // The gateway's own credentials are not the caller's business.
            Ok(status) if status.is_client_error() && !matches!(status.as_u16(), 401 | 403 | 407) => {
                Problem::new(status, "upstream_refused", detail)
            }
            _ => Problem::bad_gateway("upstream_failed", detail),
        };
        self.record.ended(Outcome::UpstreamFault, problem.status.as_u16());
        problem.into_response()
    }

    /// No usable reply came.
    pub(crate) fn fault(&mut self, problem: Problem) -> Response {
        self.record.ended(Outcome::UpstreamFault, problem.status.as_u16());
        let mut response = problem.into_response();
        refusal::mark(&mut response, self.input_action, self.engine.version(), self.mode);
        response
    }

    /// The guard itself broke: nothing passes.
    pub(crate) fn guard_failed(&mut self) -> Response {
        let detail = "the guard could not judge this; nothing was let through";
        let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "guard_failed", detail);
        self.record.ended(Outcome::Blocked, problem.status.as_u16());
        tracing::error!(request = self.record.event.request, "the guard failed while it judged");
        problem.into_response()
    }

    /// The refusal in place of what the policy keeps back.
    pub(crate) fn refuse(&mut self, action: Action, usage: jingwei_core::Usage) -> Response {
        let response = self.refusal(action, usage).response(self.block_answer, self.streamed);
        self.record.ended(outcome_of(action), response.status().as_u16());
        response
    }

    pub(crate) fn refusal(&self, action: Action, usage: jingwei_core::Usage) -> Refusal {
        Refusal {
            action,
            message: refusal::message(&self.engine, action, self.lang),
            policy: self.engine.version().to_owned(),
            model: self.model.clone(),
            id: format!("chatcmpl-jingwei-{}", self.record.event.request),
            created: self.record.event.at.micros().div_euclid(1_000_000),
            usage,
        }
    }
}

pub(crate) fn outcome_of(action: Action) -> Outcome {
    if action == Action::Confirm { Outcome::Unconfirmed } else { Outcome::Blocked }
}

/// Judges a document where it does not keep other requests waiting: aside when it is long, or when detectors are asked
/// that are not `instant`. `None`: the guard broke.
pub(crate) async fn judge_aside(
    document: Value,
    instant: bool,
    judge: impl FnOnce(&Value) -> (Verdict, usize) + Send + 'static,
) -> Option<(Value, (Verdict, usize))> {
    if instant && is_brief(&document) {
        let judged = judge(&document);
        return Some((document, judged));
    }
    let judged = spawn_blocking(move || {
        let judged = judge(&document);
        (document, judged)
    });
    judged.await.ok()
}

fn is_brief(document: &Value) -> bool {
    fn weigh(value: &Value) -> usize {
        match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(weigh).sum::<usize>() + items.len(),
            Value::Object(map) => map.iter().map(|(key, item)| key.len() + weigh(item)).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        }
    }
    weigh(document) <= BRIEF_BYTES
}

fn said_by(document: &Value) -> String {
    let error = document.get("error").unwrap_or(document);
    let message = error.get("message").and_then(Value::as_str).or(error.as_str()).unwrap_or_default();
    message.chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The address of the upstream is for the operator's log, not for callers.
pub(crate) fn problem_of(error: &NetError) -> Problem {
    tracing::warn!(%error, "the upstream gave no usable reply");
    match error {
        NetError::Refused { .. } => {
            Problem::bad_gateway("upstream_not_allowed", "the gateway may not ask its upstream; see its log")
        }
        NetError::Unreachable { .. } => Problem::bad_gateway("upstream_unreachable", "the upstream cannot be reached"),
        NetError::TimedOut { ms, .. } => {
            let detail = format!("the upstream did not answer within {ms} ms");
            Problem::new(StatusCode::GATEWAY_TIMEOUT, "upstream_timed_out", detail)
        }
        NetError::TooLarge { limit, .. } => {
            Problem::bad_gateway("upstream_too_large", format!("the upstream's reply is larger than {limit} bytes"))
        }
        NetError::BrokenOff { .. } => Problem::bad_gateway("upstream_broke_off", "the upstream broke off its reply"),
    }
}
