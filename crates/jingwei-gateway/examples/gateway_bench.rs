//! What the gateway adds to a request: the same requests to a scripted upstream on loopback, straight and
//! through the gateway, in turn. `cargo run --release -p jingwei-gateway --example gateway_bench`
#![allow(clippy::print_stdout, reason = "a program that prints its measurements")]

use std::{error::Error, sync::Arc, time::Duration};

use bytes::Bytes;
use jingwei_core::{Clock, Limits, Timestamp};
use jingwei_gateway::{GatewaySettings, GatewayState, serve};
use jingwei_guard::{Engine, parse_policy};
use jingwei_net::{Client, Forward, NetSettings, Verb};
use jingwei_testkit::{Behaviour, Upstream};
use serde_json::json;
use tokio::{net::TcpListener, time::Instant};

const WARM_UP: usize = 200;
const REQUESTS: usize = 2_000;
const WORDS: usize = 5_000;

type Failure = Box<dyn Error + Send + Sync>;

struct NoClock;

impl Clock for NoClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let reply =
        "The parcel left the depot this morning and arrives tomorrow. 包裹今天上午已发出，预计明天送达。 ".repeat(8);
    let pieces: Vec<&str> = reply.split_inclusive(' ').collect();
    let question = "Where is my order, and when does it arrive? 我的订单到哪里了，什么时候能到？ ".repeat(10);
    println!(
        "request {} bytes, reply {} bytes in {} pieces, {WORDS} words and 4 more rules",
        question.len(),
        reply.len(),
        pieces.len()
    );
    println!("{REQUESTS} requests one after another, each straight and guarded in turn, after {WARM_UP} to warm up");
    println!(
        "{:<8} {:>12} {:>12} {:>12} {:>12} {:>14} {:>14}",
        "", "straight p50", "guarded p50", "straight p95", "guarded p95", "added p50", "added p95"
    );
    for (name, streamed, behaviour) in
        [("whole", false, Behaviour::Answer(reply.clone())), ("stream", true, Behaviour::stream(&pieces, usize::MAX))]
    {
        let upstream = Upstream::start(vec![behaviour]).await?;
        let guarded = gateway(&upstream).await?;
        let body = json!({ "model": "m", "stream": streamed, "messages": [{ "role": "user", "content": question }] });
        let body = Bytes::from(body.to_string());
        let client = client()?;
        let (mut straight, mut through) = (Vec::new(), Vec::new());
        for round in 0..WARM_UP + REQUESTS {
            let (a, b) = (once(&client, &upstream.base(), &body).await?, once(&client, &guarded, &body).await?);
            if round >= WARM_UP {
                straight.push(a);
                through.push(b);
            }
        }
        straight.sort_unstable();
        through.sort_unstable();
        let at = |list: &[Duration], percent: usize| list.get(list.len() * percent / 100).copied().unwrap_or_default();
        let (s50, g50, s95, g95) = (at(&straight, 50), at(&through, 50), at(&straight, 95), at(&through, 95));
        let us = |d: Duration| format!("{} µs", d.as_micros());
        let (a50, a95) = (g50.saturating_sub(s50), g95.saturating_sub(s95));
        println!(
            "{name:<8} {:>12} {:>12} {:>12} {:>12} {:>14} {:>14}",
            us(s50),
            us(g50),
            us(s95),
            us(g95),
            us(a50),
            us(a95)
        );
    }
    Ok(())
}

fn client() -> Result<Client, Failure> {
    Ok(Client::new(&NetSettings { allow_loopback: true, ..NetSettings::default() })?)
}

/// A gateway in front of the upstream; its base.
async fn gateway(upstream: &Upstream) -> Result<String, Failure> {
    let policy = parse_policy("bench.toml", policy_text().as_bytes()).map_err(|p| format!("{p:?}"))?;
    let engine = Engine::compile(&policy, &[]).map_err(|p| format!("{p:?}"))?;
    let settings = GatewaySettings::new(upstream.base());
    let state = GatewayState::new(engine, client()?, settings, Arc::new(NoClock), |_| {});
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let base = format!("http://{}/v1", listener.local_addr()?);
    tokio::spawn(serve(listener, state, None, std::future::pending()));
    Ok(base)
}

fn policy_text() -> String {
    let words: Vec<String> = (0..WORDS).map(|n| format!("'forbidden{n}'")).collect();
    let mut text = "kind = 'guard-policy'\nversion = 1\nid = 'bench'\ntitle = { zh = '测量', en = 'bench' }\nblock_message = { zh = '不能回答', en = 'cannot answer' }\n".to_owned();
    for (id, action, when) in [
        ("words", "block", format!("{{ kind = 'words', zh = ['炸弹'], en = [{}] }}", words.join(", "))),
        ("pii", "redact", "{ kind = 'pii' }".to_owned()),
        ("secret", "redact", "{ kind = 'secret' }".to_owned()),
        ("pattern", "block", "{ kind = 'pattern', regex = 'ignore (all|any) previous [a-z]{4,20}' }".to_owned()),
        (
            "together",
            "block",
            "{ kind = 'together', groups = [['make', '制作'], ['weapon', '武器']], within = 30 }".to_owned(),
        ),
    ] {
        text.push_str(&format!(
            "[[rule]]\nid = '{id}'\ntitle = {{ zh = '规则', en = 'rule' }}\ndirection = 'both'\naction = '{action}'\nseverity = 'high'\nwhen = {when}\n"
        ));
    }
    text
}

/// One request to its reply's last byte.
async fn once(client: &Client, base: &str, body: &Bytes) -> Result<Duration, Failure> {
    let begun = Instant::now();
    let headers = [("content-type", "application/json")];
    let (tail, body) = ("chat/completions", body.clone());
    let request = Forward { verb: Verb::Post, base, tail, headers: &headers, body, key: None, total_ms: 10_000 };
    let response = client.forward(request, &Limits::default()).await?;
    let status = response.status;
    let received = response.body.rest().await?;
    let took = begun.elapsed();
    let answered = status == 200 && String::from_utf8_lossy(&received).contains("depot");
    if answered { Ok(took) } else { Err(format!("status {status} from {base}").into()) }
}
