use std::sync::atomic::{AtomicI64, Ordering};

use jingwei_core::Timestamp;
use jingwei_guard::Level;
use jingwei_net::{Client, NetSettings, Secret};
use jingwei_testkit::{Behaviour, Upstream};

use super::*;

/// A clock that is moved by hand, in milliseconds.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed) * 1_000)
    }
}

struct Asked {
    server: Upstream,
    detector: RemoteDetector,
    clock: Arc<Hand>,
}

impl Asked {
    async fn start(script: Vec<Behaviour>, timeout_ms: u64, calls_per_minute: u32) -> Self {
        let server = Upstream::start(script).await.unwrap();
        let client = Client::new(&NetSettings { allow_loopback: true, ..NetSettings::default() }).unwrap();
        let key = Some(Secret::new("sk-test"));
        let model = GuardModel { client, base: server.base(), model: "guard".to_owned(), key };
        let clock = Arc::new(Hand(AtomicI64::new(0)));
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let detector = RemoteDetector::new("qwen", model, GuardPrompt::Qwen3Guard, timeout_ms, calls_per_minute, time);
        Self { server, detector, clock }
    }

    /// The level of each text, or why there is none.
    fn levels(&self, texts: &[&str]) -> Result<Vec<Level>, &'static str> {
        let judged = self.detector.judge(texts, Direction::Input).map_err(|unavailable| unavailable.cause.tag())?;
        Ok(judged.iter().map(|all| all.iter().map(|j| j.level).max().unwrap_or(Level::Safe)).collect())
    }
}

fn answer(text: &str) -> Behaviour {
    Behaviour::Answer(text.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_asked_about_once_and_in_the_models_form() {
    let asked = Asked::start(vec![answer("Safety: Unsafe\nCategories: Violent")], 5_000, 100).await;
    assert_eq!(
        asked.levels(&["a", "b", " ", "a"]).unwrap(),
        [Level::Unsafe, Level::Unsafe, Level::Safe, Level::Unsafe]
    );
    assert_eq!(asked.levels(&["b"]).unwrap(), [Level::Unsafe]);
    let received = asked.server.received();
    assert_eq!(received.len(), 2, "what was asked before is known");
    let body: serde_json::Value = serde_json::from_slice(&received[0].body).unwrap();
    assert_eq!((body["temperature"].as_f64(), body["messages"][0]["role"].as_str()), (Some(0.0), Some("user")));
    assert_eq!(received[0].header("authorization"), Some("Bearer sk-test"));

    // Sentences are read after those before them, each once, and a reply as a reply.
    let judged = asked.detector.judge_sentences(&["one. ", "two. ", "three. ", "four. "], 2, Direction::Output);
    assert_eq!(judged.unwrap().len(), 2);
    let mut bodies: Vec<serde_json::Value> =
        asked.server.received()[2..].iter().map(|r| serde_json::from_slice(&r.body).unwrap()).collect();
    bodies.sort_by_key(|body| body["messages"][1]["content"].to_string());
    let texts: Vec<_> = bodies.iter().map(|body| body["messages"][1]["content"].as_str().unwrap()).collect();
    assert_eq!(texts, ["one. two. three. ", "two. three. four. "]);
}

#[test]
fn a_plain_thread_may_ask_too() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let asked = runtime.block_on(Asked::start(vec![answer("Safety: Safe\nCategories: None")], 5_000, 100));
    assert_eq!(asked.levels(&["a"]).unwrap(), [Level::Safe]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failure_has_its_cause() {
    for (behaviour, cause, leaves_it_alone) in [
        (Behaviour::Hang, "timed_out", true),
        (Behaviour::status(500), "failed", true),
        (Behaviour::status(401), "failed", true),
        (Behaviour::CloseAtOnce, "failed", true),
        (Behaviour::status(400), "failed", false),
        (answer("I would rather not say"), "garbled", false),
        (Behaviour::json(200, &serde_json::json!({ "choices": [] })), "garbled", false),
    ] {
        let asked = Asked::start(vec![behaviour.clone()], 200, 100).await;
        for _ in 0..5 {
            assert_eq!(asked.levels(&["a"]), Err(cause), "{behaviour:?}");
        }
        let expected = if leaves_it_alone { "open" } else { "closed" };
        assert_eq!(asked.detector.circuit(), expected, "{behaviour:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_and_the_circuit_breaker_hold() {
    let asked = Asked::start(vec![answer("Safety: Safe")], 5_000, 2).await;
    assert!(asked.levels(&["a"]).is_ok() && asked.levels(&["b"]).is_ok());
    assert_eq!(asked.levels(&["c"]), Err("over_budget"));
    assert!(asked.levels(&["a"]).is_ok(), "what is known costs nothing");
    asked.clock.0.store(60_000, Ordering::Relaxed);
    assert!(asked.levels(&["c"]).is_ok());

    let mut script = vec![Behaviour::status(500); 6];
    script.push(answer("Safety: Safe"));
    let asked = Asked::start(script, 5_000, 1_000).await;
    for _ in 0..5 {
        assert_eq!(asked.levels(&["a"]), Err("failed"));
    }
    assert_eq!(asked.levels(&["a", "b"]), Err("circuit_open"));
    assert_eq!(asked.server.received().len(), 5, "an open circuit asks nothing");
    asked.clock.0.store(5_000, Ordering::Relaxed);
    assert_eq!(asked.levels(&["a", "b"]), Err("failed"), "one trial goes alone");
    assert_eq!(asked.server.received().len(), 6);
    asked.clock.0.store(14_999, Ordering::Relaxed);
    assert_eq!(asked.levels(&["a"]), Err("circuit_open"), "it rests twice as long");
    asked.clock.0.store(15_000, Ordering::Relaxed);
    assert_eq!(asked.levels(&["a", "b"]).unwrap(), [Level::Safe, Level::Safe]);
    assert_eq!(asked.detector.circuit(), "closed");
}

#[test]
fn few_judgements_are_kept() {
    let mut answered = Answered::default();
    for number in 0..KEPT + 10 {
        answered.keep(Digest::of(number.to_string().as_bytes()), Vec::new());
    }
    assert_eq!((answered.judgements.len(), answered.order.len()), (KEPT, KEPT));
    assert!(answered.get(Digest::of(b"0")).is_none() && answered.get(Digest::of(b"11")).is_some());
}
