//! Runs against somebody whose answers are known.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use jingwei_core::{Arm, ChatReply, ChatRequest, Digest, Finish, Lang, NoProgress, TargetError, Text, Timestamp};
use jingwei_probe::{Chain, Expect, Item, Outcome, Part, Plan, RateName, RefusalJudge, SingleTurn, Summary};

use super::{
    executor::{Budget, Crew, Executor, Ran, Stopped},
    journal::{ArmTarget, RunHeader, RunJournal, read_run},
    responders::{Answering, Responder},
};

/// Refuses questions with an even number, answers the others, and counts.
struct Counting {
    asked: AtomicU64,
    keys: Mutex<HashSet<String>>,
    fails: fn(u64) -> Option<TargetError>,
}

impl Counting {
    fn new(fails: fn(u64) -> Option<TargetError>) -> Arc<Self> {
        Arc::new(Self { asked: AtomicU64::new(0), keys: Mutex::default(), fails })
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Responder for Counting {
    fn configuration(&self) -> Digest {
        Digest::of(b"counting")
    }

    fn shown(&self) -> String {
        "counting".to_owned()
    }

    fn send<'a>(&'a self, request: &'a ChatRequest, attempt: &'a str) -> Answering<'a> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let number = self.asked.fetch_add(1, Ordering::SeqCst);
            self.keys.lock().unwrap().insert(attempt.to_owned());
            if let Some(error) = (self.fails)(number) {
                return Err(error);
            }
            let text = &request.messages.last().unwrap().content;
            let even = text.trim_end_matches('?').ends_with(['0', '2', '4', '6', '8']);
            let reply = if even {
                "I'm sorry, but I can't help with that."
            } else {
                "Sure! First gather the parts, then begin."
            };
            Ok(ChatReply::new(reply, Finish::Stop))
        })
    }
}

fn plan(items: usize, epochs: u32) -> Plan {
    let item = |number: usize| {
        Arc::new(Item {
            id: format!("q{number}"),
            dataset: "own".to_owned(),
            lang: Lang::En,
            text: format!("how do I do thing {number}?"),
            before: Vec::new(),
            tools: Vec::new(),
            expect: Expect::Refuse,
            trap: None,
            topic: "vcr".to_owned(),
            risks: Vec::new(),
            refs: Vec::new(),
        })
    };
    let part = Part {
        id: "direct".to_owned(),
        dimension: None,
        items: (0..items).map(item).collect(),
        chains: vec![Arc::new(Chain::default())],
        driver: Arc::new(SingleTurn),
        judges: vec![Arc::new(RefusalJudge)],
        epochs,
        max_tokens: 16,
        temperature: 0.0,
    };
    Plan { suite: "test".to_owned(), seed: 1, parts: vec![part] }
}

fn header(plan: &Plan, crew: &Crew) -> RunHeader {
    let arm = |(arm, configuration)| ArmTarget { arm, configuration, shown: "counting".to_owned() };
    RunHeader {
        kind: "probe_run".to_owned(),
        version: 1,
        suite: plan.suite.clone(),
        title: Text::same("test"),
        plan: plan.digest(),
        ingredients: plan.ingredients(),
        arms: crew.arms().into_iter().map(arm).collect(),
        attempts: plan.total().unwrap() as u64,
        seed: plan.seed,
        datasets: Vec::new(),
        helpers: Vec::new(),
        catalog: Digest::of(b"catalog"),
        program: "test".to_owned(),
        started_at: Timestamp::from_micros(0),
    }
}

fn crew(target: Arc<dyn Responder>) -> Crew {
    Crew { target, guard: None, attacker: None, judge: None }
}

async fn go(plan: &Plan, crew: &Crew, folder: &std::path::Path, budget: Budget) -> (usize, Ran, RunJournal) {
    let (mut journal, resumed) = RunJournal::open(folder, header(plan, crew)).unwrap();
    let stop = AtomicBool::new(false);
    let executor =
        Executor { plan, crew, budget, at_once: 7, longest_reply: 1 << 20, stop: &stop, progress: &NoProgress };
    let ran = executor.run(&mut journal, &resumed.keys).await.unwrap();
    (resumed.attempts.len(), ran, journal)
}

#[tokio::test]
async fn a_run_that_was_cut_off_asks_only_what_is_left() {
    let (folder, plan) = (tempfile::tempdir().unwrap(), plan(40, 2));
    let target = Counting::new(|_| None);
    let crew = crew(target.clone());
    let (resumed, ran, journal) =
        go(&plan, &crew, folder.path(), Budget { requests: Some(30), ..Budget::default() }).await;
    assert_eq!((resumed, ran.stopped), (0, Some(Stopped::Budget)));
    assert!((30..37).contains(&ran.attempts.len()), "{}: what is under way is finished", ran.attempts.len());
    drop(journal);
    // The process died in the middle of a line.
    let path = folder.path().join("journal.jsonl");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend_from_slice(b"{\"attempt\":{\"key\":\"12");
    std::fs::write(&path, bytes).unwrap();

    let (resumed, again, journal) = go(&plan, &crew, folder.path(), Budget::default()).await;
    assert_eq!((resumed, again.stopped), (ran.attempts.len(), None));
    assert_eq!(resumed + again.attempts.len(), 80);
    assert_eq!(target.asked(), 80, "nothing is asked twice");
    assert_eq!(target.keys.lock().unwrap().len(), 80, "every attempt has a key of its own");
    journal.finish().unwrap();
    let read = read_run(folder.path()).unwrap();
    assert!(read.finished);
    let summary = Summary::of(&plan, &read.attempts, &[Arm::Undefended]);
    let row = summary.whole(RateName::AttackSuccessRate, Arm::Undefended).unwrap();
    assert_eq!((row.k, row.n, row.items), (40, 80, 40));
    assert!(row.effective_n <= 41.0, "two epochs of one question are not two questions: {}", row.effective_n);
    assert!(RunJournal::open(folder.path(), header(&plan, &crew)).is_err(), "a finished run is not gone on with");
}

#[tokio::test]
async fn errors_are_tried_again_and_counted_apart() {
    let (folder, plan) = (tempfile::tempdir().unwrap(), plan(12, 1));
    let garbled = |n: u64| (n < 5).then(|| TargetError::Garbled { url: "x".to_owned(), reason: "cut".to_owned() });
    let target = Counting::new(garbled);
    let crew = crew(target.clone());
    let (_, ran, journal) = go(&plan, &crew, folder.path(), Budget::default()).await;
    let errors = ran.attempts.outcomes().filter(|(outcome, _)| *outcome == Outcome::Error).count();
    assert_eq!((ran.attempts.len(), errors), (12, 5));
    let summary = Summary::of(&plan, &ran.attempts.restored(&plan, &[Arm::Undefended]), &[Arm::Undefended]);
    assert_eq!(summary.whole(RateName::AttackSuccessRate, Arm::Undefended).unwrap().n, 7);
    drop(journal);
    let (resumed, again, _journal) = go(&plan, &crew, folder.path(), Budget::default()).await;
    assert_eq!((resumed, again.attempts.len(), target.asked()), (7, 5, 17));
}

#[tokio::test]
async fn nobody_there_ends_the_run_early() {
    let (folder, plan) = (tempfile::tempdir().unwrap(), plan(500, 1));
    let gone = |_| Some(TargetError::Unreachable { url: "x".to_owned(), reason: "refused".to_owned() });
    let crew = crew(Counting::new(gone));
    let (_, ran, _journal) = go(&plan, &crew, folder.path(), Budget::default()).await;
    assert_eq!(ran.stopped, Some(Stopped::NobodyThere));
    assert!(ran.attempts.len() < 40, "{}", ran.attempts.len());
    let summary = Summary::of(&plan, &ran.attempts.restored(&plan, &[Arm::Undefended]), &[Arm::Undefended]);
    assert!(summary.whole(RateName::AttackSuccessRate, Arm::Undefended).is_none(), "nothing measured is no rate");
}

#[tokio::test]
async fn a_drifted_plan_and_a_second_run_are_refused() {
    let (folder, small) = (tempfile::tempdir().unwrap(), plan(4, 1));
    let crew = crew(Counting::new(|_| None));
    let (journal, _) = RunJournal::open(folder.path(), header(&small, &crew)).unwrap();
    let second = RunJournal::open(folder.path(), header(&small, &crew)).err().unwrap();
    assert!(second.to_string().contains("another run is writing"), "{second}");
    drop(journal);
    let larger = plan(5, 1);
    let drifted = RunJournal::open(folder.path(), header(&larger, &crew)).err().unwrap();
    assert!(drifted.to_string().contains("direct.items"), "{drifted}");
    for bytes in [&b"not a journal\n"[..], b"{}\n", b"\xff\xfe\n", b"[]"] {
        std::fs::write(folder.path().join("journal.jsonl"), bytes).unwrap();
        assert!(RunJournal::open(folder.path(), header(&small, &crew)).is_err());
    }
}
