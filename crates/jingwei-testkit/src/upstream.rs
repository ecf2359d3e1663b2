//! A model server that behaves as it is told: an OpenAI-compatible HTTP/1.1 server on an ephemeral loopback port.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What the server does with one request.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// A whole chat completion with this text.
    Answer(String),
    /// Answers with the last user message.
    Echo,
    /// A chat completion with a `refusal`.
    Refuse(String),
    /// The given status, headers and body, complete.
    Reply { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// Accepts the request and never answers.
    Hang,
    /// Closes the connection without a byte.
    CloseAtOnce,
    /// Announces the whole body and closes after `keep` bytes of it.
    CloseMidBody { body: Vec<u8>, keep: usize },
    /// This many bytes of a body whose length is not announced.
    HugeBody(usize),
    /// Server-sent events in pieces of `split` bytes, each in a chunk of its own; `cut` ends the connection without the last chunk.
    Stream { body: Vec<u8>, split: usize, cut: bool },
    /// The first bytes of a stream, and then nothing more.
    StreamThenHang(Vec<u8>),
}

impl Behaviour {
    #[must_use]
    pub fn status(status: u16) -> Self {
        let body = json!({ "error": { "message": format!("status {status} was asked for") } });
        Self::json(status, &body)
    }

    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self::Reply { status, headers, body: body.to_string().into_bytes() }
    }

    /// Too many requests, with a time to wait.
    #[must_use]
    pub fn too_many(retry_after: &str) -> Self {
        Self::Reply { status: 429, headers: vec![("retry-after", retry_after.to_owned())], body: Vec::new() }
    }

    /// The pieces of a text as a well-formed event stream.
    #[must_use]
    pub fn stream(pieces: &[&str], split: usize) -> Self {
        Self::Stream { body: event_stream(pieces), split, cut: false }
    }
}

/// A well-formed event stream: a role, the pieces of the text, a finish reason, the end mark.
#[must_use]
pub fn event_stream(pieces: &[&str]) -> Vec<u8> {
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        let chunk = json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": [choice] });
        format!("data: {chunk}\n\n")
    };
    let mut body = chunk(json!({ "role": "assistant", "content": "" }), Value::Null);
    for piece in pieces {
        body.push_str(&chunk(json!({ "content": piece }), Value::Null));
    }
    body.push_str(&chunk(json!({}), json!("stop")));
    body.push_str("data: [DONE]\n\n");
    body.into_bytes()
}

/// A whole chat completion.
#[must_use]
pub fn chat_completion(text: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "scripted",
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5 },
    })
}

/// A request that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// The running server. It stops when it is dropped.
pub struct Upstream {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl Upstream {
    /// The n-th request gets the n-th behaviour; the last one repeats.
    pub async fn start(script: Vec<Behaviour>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let received = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(accept(listener, Arc::new(script), Arc::clone(&received)));
        Ok(Self { address, received, task })
    }

    /// With the version segment: `http://127.0.0.1:41234/v1`.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Log = Arc<Mutex<Vec<Received>>>;

async fn accept(listener: TcpListener, script: Arc<Vec<Behaviour>>, log: Log) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let (script, log) = (Arc::clone(&script), Arc::clone(&log));
        connections.spawn(async move {
            // A client that goes away is part of what tests do.
            let _ = converse(socket, &script, &log).await;
        });
    }
}

/// Answers the requests of one connection until either side closes it.
async fn converse(mut socket: TcpStream, script: &[Behaviour], log: &Log) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut socket, &mut buffer).await? {
        let number = {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push(request.clone());
            log.len() - 1
        };
        let Some(behaviour) = script.get(number).or(script.last()) else { return Ok(()) };
        if !behave(&mut socket, behaviour, &request).await? {
            return Ok(());
        }
    }
    Ok(())
}

async fn read_request(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Received>> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if socket.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (first.next().unwrap_or_default().to_owned(), first.next().unwrap_or_default().to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, v)| v.parse().ok());
    let end = head_end + 4 + length.unwrap_or(0_usize);
    while buffer.len() < end {
        if socket.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let body = buffer[head_end + 4..end].to_vec();
    buffer.drain(..end);
    Ok(Some(Received { method, path, headers, body }))
}

/// Whether the connection stays open.
async fn behave(socket: &mut TcpStream, behaviour: &Behaviour, request: &Received) -> io::Result<bool> {
    match behaviour {
        Behaviour::Answer(text) => whole(socket, &chat_completion(text)).await,
        Behaviour::Echo => whole(socket, &chat_completion(&last_user_message(&request.body))).await,
        Behaviour::Refuse(text) => {
            let mut completion = chat_completion("");
            completion["choices"][0]["message"] = json!({ "role": "assistant", "content": null, "refusal": text });
            whole(socket, &completion).await
        }
        Behaviour::Reply { status, headers, body } => reply(socket, *status, headers, body).await,
        Behaviour::Hang => hang(socket).await,
        Behaviour::CloseAtOnce => Ok(false),
        Behaviour::CloseMidBody { body, keep } => {
            head(socket, 200, &[("content-length", body.len().to_string())]).await?;
            socket.write_all(&body[..(*keep).min(body.len())]).await?;
            Ok(false)
        }
        Behaviour::HugeBody(bytes) => {
            head(socket, 200, &[("content-type", "application/json".to_owned())]).await?;
            let block = vec![b' '; 1 << 16];
            let mut left = *bytes;
            while left > 0 {
                let now = left.min(block.len());
                socket.write_all(&block[..now]).await?;
                left -= now;
            }
            Ok(false)
        }
        Behaviour::Stream { body, split, cut } => {
            stream_head(socket).await?;
            for piece in body.chunks((*split).max(1)) {
                chunk(socket, piece).await?;
            }
            if !*cut {
                socket.write_all(b"0\r\n\r\n").await?;
            }
            Ok(!*cut)
        }
        Behaviour::StreamThenHang(body) => {
            stream_head(socket).await?;
            chunk(socket, body).await?;
            hang(socket).await
        }
    }
}

async fn whole(socket: &mut TcpStream, completion: &Value) -> io::Result<bool> {
    let headers = [("content-type", "application/json".to_owned())];
    reply(socket, 200, &headers, completion.to_string().as_bytes()).await
}

async fn reply(socket: &mut TcpStream, status: u16, headers: &[(&str, String)], body: &[u8]) -> io::Result<bool> {
    let mut headers = headers.to_vec();
    headers.push(("content-length", body.len().to_string()));
    head(socket, status, &headers).await?;
    socket.write_all(body).await?;
    Ok(true)
}

async fn stream_head(socket: &mut TcpStream) -> io::Result<()> {
    let headers = [("content-type", "text/event-stream".to_owned()), ("transfer-encoding", "chunked".to_owned())];
    head(socket, 200, &headers).await
}

async fn head(socket: &mut TcpStream, status: u16, headers: &[(&str, String)]) -> io::Result<()> {
    let mut text = format!("HTTP/1.1 {status} Scripted\r\nserver: scripted/1\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    socket.write_all(text.as_bytes()).await
}

async fn chunk(socket: &mut TcpStream, piece: &[u8]) -> io::Result<()> {
    if piece.is_empty() {
        return Ok(()); // an empty chunk would end the body
    }
    let mut framed = format!("{:x}\r\n", piece.len()).into_bytes();
    framed.extend_from_slice(piece);
    framed.extend_from_slice(b"\r\n");
    socket.write_all(&framed).await
}

/// Waits until the client gives up.
async fn hang(socket: &mut TcpStream) -> io::Result<bool> {
    let mut rest = [0; 1024];
    while socket.read(&mut rest).await? > 0 {}
    Ok(false)
}

fn last_user_message(body: &[u8]) -> String {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let messages = request["messages"].as_array().cloned().unwrap_or_default();
    let last = messages.iter().rev().find(|m| m["role"] == "user");
    last.and_then(|m| m["content"].as_str()).unwrap_or_default().to_owned()
}
