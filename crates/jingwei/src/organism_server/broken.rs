//! Faults on the wire.
//!
//! Not possible here: faults of TLS (the server speaks plain HTTP) and a reset instead of an orderly end of the
//! connection.

use std::sync::LazyLock;

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jingwei_core::{ChatReply, Finish};
use jingwei_probe::organism::Fault;
use serde_json::json;

use super::{
    answered::Answered,
    asked::Format,
    wire::{Raw, Then, Wire},
};

const HUGE: usize = 10_000_000;
const PAGE: &str = "<!doctype html><html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>";
const NO_TEXT: [u8; 12] = [0xff, 0xfe, 0x00, 0x80, 0xc3, 0x28, 0x1f, 0x8b, 0x08, 0x00, 0xf5, 0x7b];
const NO_EVENTS: &[u8] = b"data: {\"choices\":[{\"del\n\nevent\n\n: nothing\ndata: \xff\xfe\n\nid: 7\ndata: }}}\n\n";
const NO_HTTP: &[u8] = b"SSH-2.0-organism\r\n\x00\x01\x02not a web server\r\n";

static HUGE_BODY: LazyLock<Bytes> = LazyLock::new(|| document(Format::OpenAi, &"long ".repeat(HUGE / 5)).into());

/// The answer that shows a fault; where no HTTP answer can, it is told to the connection and what is returned is lost.
pub fn answer(fault: Fault, format: Format, wire: &Wire) -> Response {
    let status = |code: StatusCode, kind: &str, message: &str| error(code, format, kind, message);
    match fault {
        Fault::RateLimited { retry_after_s } => {
            let mut response = status(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", "slow down");
            if let Some(seconds) = retry_after_s {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
        Fault::ServerError => status(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "the model ran out of memory"),
        Fault::Unavailable => status(StatusCode::SERVICE_UNAVAILABLE, "overloaded_error", "the model is loading"),
        Fault::PolicyError => {
            let message = "the request was stopped by the content filtering policy";
            status(StatusCode::BAD_REQUEST, "content_filter", message)
        }
        Fault::Redirects => {
            (StatusCode::FOUND, [(header::LOCATION, "http://elsewhere.invalid/v1/chat/completions")]).into_response()
        }
        Fault::Html => typed("text/html; charset=utf-8", PAGE.into()),
        Fault::Garbage => typed("application/json", Bytes::from_static(&NO_TEXT)),
        Fault::StreamGarbage => typed("text/event-stream", Bytes::from_static(NO_EVENTS)),
        Fault::CutDocument => {
            let mut whole = some_document(format);
            whole.truncate(whole.len() / 2);
            typed("application/json", whole.into())
        }
        Fault::Huge if format == Format::OpenAi => typed("application/json", HUGE_BODY.clone()),
        Fault::Huge => typed("application/json", document(format, &"long ".repeat(HUGE / 5)).into()),
        Fault::CutBody => {
            let whole = some_document(format);
            let half = whole.get(..whole.len() / 2).unwrap_or_default();
            instead(wire, with_length(whole.len(), half), Then::Close)
        }
        Fault::LengthTooSmall => {
            let whole = some_document(format);
            instead(wire, with_length(whole.len() / 2, &whole), Then::Close)
        }
        Fault::LengthTooLarge => {
            let whole = some_document(format);
            instead(wire, with_length(whole.len() * 2, &whole), Then::Wait)
        }
        Fault::Hangs => instead(wire, Vec::new(), Then::Wait),
        Fault::HangsUp => instead(wire, Vec::new(), Then::Close),
        Fault::NoHttp => instead(wire, NO_HTTP.to_vec(), Then::Close),
    }
}

/// An error document as the format writes it.
pub fn error(status: StatusCode, format: Format, kind: &str, message: &str) -> Response {
    let document = match format {
        Format::OpenAi | Format::Responses => json!({ "error": { "message": message, "type": kind, "code": kind } }),
        Format::Anthropic => json!({ "type": "error", "error": { "type": kind, "message": message } }),
        Format::Ollama => json!({ "error": message }),
    };
    let mut response = typed("application/json", document.to_string().into());
    *response.status_mut() = status;
    response
}

pub fn typed(content_type: &'static str, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn instead(wire: &Wire, bytes: Vec<u8>, then: Then) -> Response {
    wire.send_instead(Raw { bytes, then });
    Response::new(Body::empty())
}

fn with_length(length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn some_document(format: Format) -> Vec<u8> {
    document(format, "This answer does not arrive whole.")
}

fn document(format: Format, text: &str) -> Vec<u8> {
    let reply = ChatReply::new(text, Finish::Stop);
    let answered = Answered { reply: &reply, reasoning: None, model: "organism", id: 0 };
    answered.whole(format).to_string().into_bytes()
}
