//! Serves a model organism as the providers' servers would: OpenAI's chat completions and responses, Anthropic's
//! messages, Ollama's chat, whole and streamed; and its books, to compare a run's own with.

mod answered;
mod asked;
mod broken;
mod counts;
#[cfg(test)]
mod tests;
mod wire;

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, DefaultBodyLimit, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::stream;
use jingwei_probe::organism::{Fault, ScriptedModel};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use answered::Answered;
use asked::{Asked, Format};
use counts::{Counts, hash};
use wire::{Wire, WireListener};

/// Largest request.
const MAX_BODY_BYTES: usize = 16 << 20;

/// A model organism to serve.
pub struct Served {
    pub model: ScriptedModel,
    /// Most requests under way; one more is answered with status 429.
    pub concurrency: Option<u64>,
}

struct Host {
    served: Served,
    counts: Counts,
}

/// Serves until it is dropped or the listener fails.
pub async fn serve(listener: TcpListener, served: Served) -> io::Result<()> {
    let host = Arc::new(Host { served, counts: Counts::default() });
    let router = Router::new()
        .route("/v1/chat/completions", chat(Format::OpenAi))
        .route("/v1/responses", chat(Format::Responses))
        .route("/v1/messages", chat(Format::Anthropic))
        .route("/api/chat", chat(Format::Ollama))
        .route("/v1/models", get(models))
        .route("/organism/counts", get(counts))
        .route("/organism/truth", get(truth))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(host);
    axum::serve(WireListener(listener), router.into_make_service_with_connect_info::<Wire>()).await
}

fn chat(format: Format) -> axum::routing::MethodRouter<Arc<Host>> {
    post(
        move |State(host): State<Arc<Host>>, ConnectInfo(wire): ConnectInfo<Wire>, headers: HeaderMap, body: Bytes| async move {
            let (status, response) = host.answer(format, &wire, &headers, &body).await;
            host.counts.status(status);
            response
        },
    )
}

async fn models() -> Json<Value> {
    Json(json!({ "object": "list", "data": [{ "id": "organism", "object": "model", "owned_by": "jingwei" }] }))
}

async fn counts(State(host): State<Arc<Host>>) -> Json<Value> {
    Json(host.counts.document())
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

async fn truth(State(host): State<Arc<Host>>, Query(Key { key }): Query<Key>) -> Response {
    match host.counts.truth(&key) {
        Some(truth) => Json(truth).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error": "no answer went to a request with this x-request-id" })))
            .into_response(),
    }
}

impl Host {
    /// The answer and its status; 0 for what is no HTTP.
    async fn answer(&self, format: Format, wire: &Wire, headers: &HeaderMap, body: &[u8]) -> (u16, Response) {
        let with_status = |response: Response| (response.status().as_u16(), response);
        let key = headers.get("x-request-id").map(|id| hash(id.as_bytes()));
        let under_way = self.counts.begin(key);
        if self.served.concurrency.is_some_and(|most| under_way.number > most) {
            return with_status(broken::answer(Fault::RateLimited { retry_after_s: None }, format, wire));
        }
        // What has no seed draws by its request id, so that samples of one question differ.
        let asked = serde_json::from_slice::<Value>(body).map_err(|error| error.to_string());
        let asked = asked.and_then(|document| asked::read(format, &document, key.unwrap_or_default()));
        let Asked { request, model, stream } = match asked {
            Ok(asked) => asked,
            Err(reason) => {
                return with_status(broken::error(StatusCode::BAD_REQUEST, format, "invalid_request_error", &reason));
            }
        };
        let id = hash(body);
        let nth = if self.served.model.organism.faults.sum() > 0.0 { self.counts.nth_try(id) } else { 0 };
        let scripted = self.served.model.reply_to_try(&request, nth);
        self.counts.conduct(key, scripted.truth);
        if scripted.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(scripted.delay_ms)).await;
        }
        let reply = match scripted.reply {
            Ok(reply) => reply,
            Err(fault) => {
                let (status, response) = with_status(broken::answer(fault, format, wire));
                return (if is_http(fault) { status } else { 0 }, response);
            }
        };
        let answered = Answered { reply: &reply, reasoning: scripted.reasoning.as_deref(), model: &model, id };
        if !stream {
            return (200, broken::typed("application/json", answered.whole(format).to_string().into()));
        }
        let (content_type, pieces) = answered.stream(format);
        let mut response = Response::new(Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, Infallible>))));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        (200, response)
    }
}

fn is_http(fault: Fault) -> bool {
    !matches!(
        fault,
        Fault::CutBody | Fault::LengthTooSmall | Fault::LengthTooLarge | Fault::Hangs | Fault::HangsUp | Fault::NoHttp
    )
}
