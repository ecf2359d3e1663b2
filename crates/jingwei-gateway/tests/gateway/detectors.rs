//! Detectors that take their time.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc},
};

use jingwei_guard::{Detector, Direction, Judgement, Level, Parts, Unavailable, UnavailableCause};

use super::*;

/// Finds harm in texts with `riot`, and cannot judge those with `noise`. Waits for a word before each answer if told.
#[derive(Debug)]
struct Slow {
    wait: Option<Mutex<mpsc::Receiver<()>>>,
}

impl Detector for Slow {
    fn judge(&self, texts: &[&str], _: Direction) -> Result<Vec<Vec<Judgement>>, Unavailable> {
        if let Some(wait) = &self.wait {
            wait.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
        }
        if texts.iter().any(|text| text.contains("noise")) {
            return Err(Unavailable { detector: "slow".to_owned(), cause: UnavailableCause::TimedOut });
        }
        let judge = |text: &&str| {
            let found = text.contains("riot");
            let level = if found { Level::Unsafe } else { Level::Safe };
            let (head, class) = ("harm".to_owned(), "A.1".to_owned());
            vec![Judgement { head, class, probability: if found { 0.9 } else { 0.1 }, level }]
        };
        Ok(texts.iter().map(judge).collect())
    }

    fn digest(&self) -> Digest {
        Digest::of(b"slow")
    }

    fn is_instant(&self) -> bool {
        false
    }
}

/// A rule on the detector, one way; `detector` declares it.
fn engine(direction: &str, on_failure: &str, wait: Option<mpsc::Receiver<()>>) -> Engine {
    let when = "{ kind = 'semantic', detector = 'slow', head = 'harm' }";
    let (head, _) =
        policy_text("slow", "bomb").split_once("[[rule]]").map(|(h, r)| (h.to_owned(), r.to_owned())).unwrap();
    let declared =
        "[[detector]]\nkind = 'remote'\nid = 'slow'\nurl = 'http://127.0.0.1:1'\nmodel = 'm'\nprompt = 'qwen3guard'\n";
    let rule = rule("own.harm", direction, "block", when);
    let text = format!("{head}{declared}{rule}on_failure = '{on_failure}'\n");
    let policy = parse_policy("test.toml", text.as_bytes()).unwrap();
    let slow: Arc<dyn Detector> = Arc::new(Slow { wait: wait.map(Mutex::new) });
    let detectors = BTreeMap::from([("slow".to_owned(), slow)]);
    Engine::compile_with(&policy, &Parts { detectors, ..Parts::default() }).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_detector_that_waits_keeps_nobody_else_waiting() {
    for (direction, streamed) in [("input", false), ("output", false), ("output", true)] {
        let (go, wait) = mpsc::channel();
        let engine = engine(direction, "closed", Some(wait));
        assert!(!engine.is_instant());
        let script = vec![Behaviour::stream(&["a riot comes. ", "yes"], 8), Behaviour::Answer("a riot".to_owned())];
        let script = if streamed { script } else { script.into_iter().rev().collect() };
        let gate = Arc::new(Gate::with(engine, script, |_| {}).await);
        let asking = Arc::clone(&gate);
        let asked = tokio::spawn(async move { asking.chat("a riot", streamed).await });
        // The detector waits for this: as long as it does, others are served by the one thread there is.
        if direction == "output" {
            until(|| !gate.upstream.received().is_empty()).await;
        }
        for _ in 0..20 {
            assert_eq!(gate.send("GET", "/healthz", &[], Vec::new()).await.status, 200);
            sleep(Duration::from_millis(1)).await;
        }
        assert!(!asked.is_finished(), "{direction} {streamed}");
        for _ in 0..100 {
            go.send(()).unwrap();
        }
        let reply = asked.await.unwrap();
        assert!(reply.text().ends_with("cannot answer"), "{direction} {streamed}: {}", reply.body);
        let event = gate.event().await;
        assert_eq!(event.outcome, Outcome::Blocked);
        assert_eq!(event.scores.get("slow/harm"), Some(&0.9));
        assert_eq!((event.unavailable.len(), event.unjudged), (0, 0));
    }
}

#[tokio::test]
async fn what_a_detector_could_not_judge_is_told_apart_from_what_it_found() {
    for (on_failure, action) in [("open", Action::Allow), ("degrade", Action::Confirm), ("closed", Action::Block)] {
        let gate = Gate::with(engine("input", on_failure, None), vec![Behaviour::Echo], |_| {}).await;
        let reply = gate.chat("some noise", false).await;
        assert_eq!(reply.header("x-jingwei-verdict"), action.code());
        let event = gate.event().await;
        assert_eq!((event.input_action, event.input_content), (action, Action::Allow));
        assert_eq!(event.unavailable.iter().map(String::as_str).collect::<Vec<_>>(), ["slow:timed_out"]);
        assert!(event.rules.is_empty());
    }
}
