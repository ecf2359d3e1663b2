//! Servers that lie, hang, break off or send garbage, and how connections are kept for those that do not.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jingwei_core::{ChatMessage, Limits};
use jingwei_testkit::{Behaviour, Upstream, chat_completion};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Barrier,
};

use crate::support::{
    ANTHROPIC, HTTP, KEY, OLLAMA, OPENAI, RESPONSES, STREAM, check, raw, request, small, target, tell,
};

#[tokio::test]
async fn bad_servers_have_the_same_outcomes_in_every_format() {
    let whole = chat_completion("好").to_string().into_bytes();
    let packed = [b"\x1f\x8b\x08\x00".as_slice(), &[0; 64]].concat();
    for settings in [OPENAI, STREAM, RESPONSES, ANTHROPIC, OLLAMA, HTTP] {
        for (behaviour, expected) in [
            (raw(302, "text/plain", b""), "status 302"),
            (raw(401, "text/plain", format!("no: {KEY}\n\u{1b}[31m").as_bytes()), "status 401: no: [key]  [31m"),
            (raw(502, "text/html", b"<html>bad gateway"), "status 502: <html>bad gateway"),
            (raw(200, "text/html", b"<html>"), "garbled: "),
            (raw(200, "application/json", b""), "garbled: the document is empty"),
            (raw(200, "application/json", &whole[..40]), "garbled: the document ends too early, at byte 40"),
            (raw(200, "application/json", &[b'['; 5_000]), "garbled: the document is nested deeper than 64"),
            (raw(200, "application/json", b"{\"a\": \"\xff\"}"), "garbled: the document is not UTF-8 from byte 7 on"),
            (raw(200, "application/json", &packed), "garbled: the document is not UTF-8 from byte 1 on"),
            (raw(200, "application/json", b"[]"), "garbled: "),
            (raw(200, "application/json", b"null"), "garbled: "),
            (Behaviour::HugeBody(10 << 20), "garbled: the body is larger than 1048576 bytes"),
            (Behaviour::CloseAtOnce, "garbled: no response"),
            (Behaviour::CloseMidBody { body: whole.clone(), keep: 9 }, "garbled: the connection ended after 9 bytes"),
        ] {
            check(settings, behaviour, expected).await;
        }
        let upstream = Upstream::start(vec![Behaviour::Hang]).await.unwrap();
        let limits = Limits { wall_ms: 100, ..small() };
        let target = target(settings, &format!("http://{}", upstream.address()), &limits).unwrap();
        let told = tell(target.send(&request(vec![ChatMessage::user("u")]), "a").await);
        assert_eq!(told, "timed out: 100");
    }
}

/// A server that says exactly these bytes to whatever it is asked.
async fn says(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 16 << 10];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(bytes).await;
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn lies_about_lengths_and_broken_heads_are_garbled() {
    for (bytes, expected) in [
        (&b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{\"choices\":[]}"[..], "garbled: the document ends too early"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 9\r\n\r\n{}", "garbled: no response"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n{}", "garbled: no response"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n{}", "garbled: the body is larger"),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}",
            "garbled: the connection ended after 0 bytes",
        ),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n{}", "garbled: no response"),
        (b"SSH-2.0-server\r\n", "garbled: no response"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "garbled: the document is empty"),
    ] {
        let target = target(OPENAI, &says(bytes).await, &small()).unwrap();
        let told = tell(target.send(&request(vec![ChatMessage::user("u")]), "a").await);
        assert!(told.starts_with(expected), "{:?}\n gave {told}\n not {expected}", String::from_utf8_lossy(bytes));
    }
}

/// A server that answers only when so many requests are with it, and counts connections.
async fn crowd(size: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (accepted, barrier) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(size)));
    let counter = Arc::clone(&accepted);
    tokio::spawn(async move {
        let body = chat_completion("a").to_string();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        while let Ok((mut socket, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::Relaxed);
            let (barrier, answer) = (Arc::clone(&barrier), answer.clone());
            tokio::spawn(async move {
                let mut request = [0; 4 << 10];
                while socket.read(&mut request).await.is_ok_and(|read| read > 0) {
                    barrier.wait().await;
                    if socket.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (format!("http://{address}"), accepted)
}

#[tokio::test]
async fn connections_are_kept_for_as_many_calls_as_are_under_way() {
    const CALLS: usize = 300;
    let (url, accepted) = crowd(CALLS).await;
    let target = target(OPENAI, &url, &Limits { wall_ms: 30_000, ..small() }).unwrap();
    for _ in 0..3 {
        let calls = (0..CALLS).map(|_| {
            let target = target.clone();
            tokio::spawn(async move { tell(target.send(&request(vec![ChatMessage::user("u")]), "a").await) })
        });
        for call in calls.collect::<Vec<_>>() {
            assert_eq!(call.await.unwrap(), "Stop `a` 3/2");
        }
        // A connection goes back after its answer was read, which the caller does not see.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let accepted = accepted.load(Ordering::Relaxed);
    assert!((CALLS..CALLS + CALLS / 10).contains(&accepted), "{accepted} connections for 3 rounds of {CALLS} calls");
}
