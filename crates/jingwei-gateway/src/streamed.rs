//! A reply as a stream of server-sent events: what can no longer become part of a match goes out at once.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use bytes::Bytes;
use futures_util::stream;
use jingwei_core::Limits;
use jingwei_net::{BodyStream, Forwarded, read_json};
use serde_json::Value;
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::mpsc::{Receiver, Sender, channel},
    task::block_in_place,
    time::{Instant, timeout},
};

use crate::{
    Outcome,
    chat::{Exchange, outcome_of, problem_of},
    choices::{Choices, Cut},
    event::Record,
    problem::Problem,
    refusal,
    sse::{DONE, SseReader, data_event, error_event},
    whole::{not_a_completion, usage_of},
};

/// What the pump has for the caller.
enum Message {
    Events(String),
    /// The last message. Before any event it is the whole response, after one it ends the stream.
    Fault(Problem),
}

/// Messages that wait for a slow caller.
const WAITING: usize = 16;

/// The response begins when the first event is there, so that an upstream that fails at once gives a plain error.
pub(crate) async fn reply(mut exchange: Exchange, forwarded: Forwarded) -> Response {
    let kind = forwarded.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind != "text/event-stream" {
        let kind: String = kind.chars().take(80).collect();
        return exchange.fault(not_a_completion(&format!("its content type is `{kind}`, not `text/event-stream`")));
    }
    let (action, policy, mode) = (exchange.input_action, exchange.engine.version().to_owned(), exchange.mode);
    let (sender, mut receiver) = channel(WAITING);
    tokio::spawn(pump(exchange, forwarded.body, sender));
    let mut response = match receiver.recv().await {
        Some(Message::Events(first)) => {
            let mut response = Response::new(body(first, receiver));
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            response
        }
        Some(Message::Fault(problem)) => axum::response::IntoResponse::into_response(problem),
        None => {
            let problem = Problem::bad_gateway("upstream_broke_off", "the reply ended before it began");
            axum::response::IntoResponse::into_response(problem)
        }
    };
    refusal::mark(&mut response, action, &policy, mode);
    response
}

fn body(first: String, receiver: Receiver<Message>) -> Body {
    let pieces = stream::unfold((Some(first), receiver), |(first, mut receiver)| async move {
        let text = match first {
            Some(first) => first,
            None => match receiver.recv().await? {
                Message::Events(events) => events,
                Message::Fault(problem) => error_event(&problem.error()),
            },
        };
        Some((Ok::<_, Infallible>(Bytes::from(text)), (None, receiver)))
    });
    Body::from_stream(pieces)
}

/// Reads the upstream, judges, and sends what may go out until either side ends.
async fn pump(mut exchange: Exchange, body: BodyStream, sender: Sender<Message>) {
    let total = Duration::from_millis(exchange.state.settings().total_ms);
    let _ = timeout(total, run(&mut exchange, body, &sender)).await;
}

async fn run(exchange: &mut Exchange, mut body: BodyStream, sender: &Sender<Message>) {
    let limits = exchange.state.settings().limits;
    let (engine, placeholders) = (Arc::clone(&exchange.engine), exchange.placeholders.clone());
    let instant = engine.is_instant();
    let mut choices = Choices::new(&engine, exchange.mode, &placeholders, limits);
    let mut reader = SseReader::new(limits.string_bytes);
    loop {
        let piece = tokio::select! {
            piece = body.next_piece() => piece,
            () = sender.closed() => return, // the record tells that the caller left
        };
        let begun = Instant::now();
        let step = match piece {
            Err(error) => Step::Fault(problem_of(&error)),
            Ok(piece) => {
                patiently(instant, || step(&mut choices, &mut reader, &mut exchange.record, piece.as_deref(), &limits))
            }
        };
        exchange.record.guard_took(begun);
        let (message, last) = match step {
            Step::Go(events) => (Message::Events(events), false),
            Step::Done(events) => {
                record(&mut exchange.record, &choices, Outcome::Answered, 200);
                (Message::Events(events), true)
            }
            Step::Stop { mut events, action, open } => {
                record(&mut exchange.record, &choices, outcome_of(action), 200);
                let usage = exchange.record.event.usage;
                events.push_str(&data_event(&exchange.refusal(action, usage).chunk(&open)));
                events.push_str(DONE);
                (Message::Events(events), true)
            }
            Step::Fault(problem) => {
                record(&mut exchange.record, &choices, Outcome::UpstreamFault, problem.status.as_u16());
                (Message::Fault(problem), true)
            }
        };
        let nothing = matches!(&message, Message::Events(events) if events.is_empty());
        if !nothing && sender.send(message).await.is_err() {
            exchange.record.event.outcome = Outcome::CallerLeft;
            return;
        }
        if last {
            return;
        }
    }
}

/// The record is told when the exchange is dropped.
fn record(record: &mut Record, choices: &Choices<'_>, outcome: Outcome, status: u16) {
    for verdict in &choices.verdicts {
        record.output(verdict, 1);
    }
    record.ended(outcome, status);
}

/// Judges where it does not keep other requests waiting, when it may wait for a detector itself.
fn patiently<T>(instant: bool, judge: impl FnOnce() -> T) -> T {
    let may_move = Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if instant || !may_move { judge() } else { block_in_place(judge) }
}

enum Step {
    Go(String),
    Done(String),
    Stop { events: String, action: jingwei_core::Action, open: Vec<u64> },
    Fault(Problem),
}

/// What one piece of the upstream's body leads to; `None` is its end.
fn step(
    choices: &mut Choices<'_>,
    reader: &mut SseReader,
    record: &mut Record,
    piece: Option<&[u8]>,
    limits: &Limits,
) -> Step {
    let mut out = String::new();
    let outcome = match piece {
        Some(piece) => take(choices, reader, record, piece, limits, &mut out),
        None if reader.is_cut() => Err(Cut::Garbled("it ends inside an event".to_owned())),
        None => end(choices, &mut out).map(|()| true),
    };
    match outcome {
        Ok(false) => Step::Go(out),
        Ok(true) => Step::Done(out + DONE),
        Err(Cut::Stopped { action, open }) => Step::Stop { events: out, action, open },
        Err(Cut::Garbled(reason)) => Step::Fault(not_a_completion(&reason)),
    }
}

/// Whether the end mark was met.
fn take(
    choices: &mut Choices<'_>,
    reader: &mut SseReader,
    record: &mut Record,
    piece: &[u8],
    limits: &Limits,
    out: &mut String,
) -> Result<bool, Cut> {
    for event in reader.push(piece).map_err(|fault| Cut::Garbled(fault.to_string()))? {
        if event.data.trim() == "[DONE]" {
            return end(choices, out).map(|()| true);
        }
        let chunk = read_json(event.data.as_bytes(), limits)
            .map_err(|fault| Cut::Garbled(format!("an event is unusable: {fault}")))?;
        if event.name == "error" || chunk.get("error").is_some_and(|error| !error.is_null()) {
            return Err(Cut::Garbled("it tells an error of its own".to_owned()));
        }
        if chunk.get("usage").is_some_and(Value::is_object) {
            record.event.usage = usage_of(&chunk);
        }
        for chunk in choices.chunk(chunk)? {
            out.push_str(&data_event(&chunk));
        }
    }
    Ok(false)
}

/// A reply is whole when every choice told why it ended.
fn end(choices: &mut Choices<'_>, out: &mut String) -> Result<(), Cut> {
    if !choices.is_whole() {
        choices.end()?;
        return Err(Cut::Garbled("it ends before its choices do".to_owned()));
    }
    for chunk in choices.end()? {
        out.push_str(&data_event(&chunk));
    }
    Ok(())
}
