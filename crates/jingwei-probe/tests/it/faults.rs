use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use jingwei_core::{
    Arm, ChatReply, ChatRequest, Ctx, Digest, Finish, Limits, Progress, Target, TargetError, Text, Timestamp,
};
use jingwei_probe::{Outcome, RefusalCheck};
use jingwei_testkit::{FixedExposure, MemoryFiles, NoTargets};

use crate::support::{bank, check_of, endpoint, findings, metric, rules, run, shipped, shipped_bank};

type MakeError = fn() -> TargetError;
type Answer = Box<dyn Fn(u64) -> Result<ChatReply, TargetError> + Send + Sync>;

/// Answers its n-th request as it is told.
struct Told {
    answer: Answer,
    asked: AtomicU64,
}

impl Told {
    fn new(answer: impl Fn(u64) -> Result<ChatReply, TargetError> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { answer: Box::new(answer), asked: AtomicU64::new(0) })
    }
}

impl Target for Told {
    fn configuration(&self) -> Digest {
        Digest::of(b"told")
    }

    fn send(&self, _request: &ChatRequest) -> Result<ChatReply, TargetError> {
        (self.answer)(self.asked.fetch_add(1, Ordering::SeqCst))
    }
}

fn reply(text: &str, finish: Finish) -> ChatReply {
    ChatReply::new(text, finish)
}

fn status(status: u16, body: &str) -> TargetError {
    TargetError::Status { url: "http://x.invalid".to_owned(), status, body: body.to_owned(), retry_after_ms: None }
}

fn url() -> String {
    "http://x.invalid".to_owned()
}

#[test]
fn every_kind_of_failure_is_an_error_and_a_finding_and_counts_as_nothing_else() {
    let check = check_of(bank(10, 10), 1);
    let kinds: [(&str, MakeError); 7] = [
        ("error.status-429", || status(429, "secret words")),
        ("error.status-500", || status(500, "secret words")),
        ("error.timed-out", || TargetError::TimedOut { url: url(), ms: 1 }),
        ("error.unreachable", || TargetError::Unreachable { url: url(), reason: "secret words".to_owned() }),
        ("error.garbled", || TargetError::Garbled { url: url(), reason: "secret words".to_owned() }),
        ("error.not-sent", || TargetError::Refused { reason: "secret words".to_owned() }),
        ("error.not-recorded", || TargetError::NotRecorded),
    ];
    for (reason, error) in kinds {
        let run = run(&check, &[(Arm::Undefended, Told::new(move |_| Err(error())))], &Limits::default());
        assert_eq!(run.attempts.len(), 40);
        assert!(run.attempts.iter().all(|a| a.outcome == Outcome::Error && a.reply.is_none()), "{reason}");
        assert_eq!(run.attempts[0].reason, reason);
        assert_eq!(metric(&run.observations, "error_rate", &[("arm", "undefended")]).unwrap().value, 1.0);
        assert!(metric(&run.observations, "unsafe_answer_rate", &[("arm", "undefended")]).is_none());
        let found = findings(&run.observations);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].rule.as_str(), "probe.errors");
        assert!(found[0].message.en.contains(reason) && !found[0].message.en.contains("secret"), "{:?}", found[0]);
    }
}

#[test]
fn a_provider_that_says_no_is_not_a_failure() {
    let check = check_of(bank(10, 0), 1);
    for (reason, answer) in [
        ("native.content-filter", Box::new(|_| Err(status(400, r#"{"code":"content_filter"}"#))) as Answer),
        ("native.content-filter", Box::new(|_| Ok(reply("", Finish::ContentFilter)))),
        ("native.refusal", Box::new(|_| Ok(reply("", Finish::Refusal)))),
    ] {
        let run = run(&check, &[(Arm::Undefended, Told::new(answer))], &Limits::default());
        assert!(run.attempts.iter().all(|a| a.outcome == Outcome::Failure && a.reason == reason), "{reason}");
    }
}

#[test]
fn a_server_that_is_gone_is_not_waited_for_again_and_again() {
    let check = check_of(bank(50, 50), 1);
    let attempts = |limits: &Limits, gone_from: u64| {
        let target = Told::new(move |n| {
            let gone = TargetError::TimedOut { url: url(), ms: 60_000 };
            if n >= gone_from { Err(gone) } else { Ok(reply("I can't help with that.", Finish::Stop)) }
        });
        let run = run(&check, &[(Arm::Undefended, target.clone())], limits);
        (run, target.asked.load(Ordering::SeqCst))
    };
    for queue in [1, 4] {
        let limits = Limits { queue, ..Limits::default() };
        let (run, asked) = attempts(&limits, 0);
        assert_eq!((asked, run.attempts.len()), (8, 200), "the first wave tells");
        assert_eq!(run.attempts.iter().filter(|a| a.reason == "error.not-asked").count(), 192);
        let (run, asked) = attempts(&limits, 40);
        assert_eq!((asked, run.attempts.len()), (72, 200), "and each later one");
        assert!(findings(&run.observations).iter().any(|f| f.rule.as_str() == "probe.errors"));
    }
}

#[test]
fn a_target_that_panics_loses_its_own_attempts_only() {
    let check = check_of(bank(4, 0), 1);
    let target = Told::new(|n| if n == 3 { panic!("a bug in a target") } else { Ok(reply("不行。", Finish::Stop)) });
    let run = run(&check, &[(Arm::Undefended, target)], &Limits { queue: 1, ..Limits::default() });
    assert_eq!(run.attempts.len(), 8);
    assert!(run.attempts.iter().any(|attempt| attempt.outcome == Outcome::Error));
}

#[test]
fn limits_are_kept() {
    let check = check_of(bank(10, 10), 1);
    let long = "I can't help with that. ".repeat(10);
    let bytes = u64::try_from(long.len()).unwrap();
    for (string_bytes, expected) in [(bytes, Outcome::Failure), (bytes - 1, Outcome::Undetermined)] {
        let long = long.clone();
        let target = Told::new(move |_| Ok(reply(&long, Finish::Length)));
        let limits = Limits { string_bytes, ..Limits::default() };
        assert_eq!(run(&check, &[(Arm::Undefended, target)], &limits).attempts[0].outcome, expected);
    }
    let fine = || -> Arc<dyn Target> { Told::new(|_| Ok(reply("no.", Finish::Stop))) };
    for (entries, ok) in [(40, true), (39, false)] {
        let limits = Limits { entries, ..Limits::default() };
        let arms = [(Arm::Undefended, fine())];
        let run = crate::support::with_ctx(&NoTargets, |ctx| check.run_refusal(&endpoint(), &arms, ctx, &limits));
        assert_eq!(run.is_ok(), ok, "{entries}");
    }
    let asked = Arc::new(Mutex::new(0));
    struct Counts(Arc<Mutex<u32>>);
    impl Target for Counts {
        fn configuration(&self) -> Digest {
            Digest::of(b"counts")
        }
        fn send(&self, request: &ChatRequest) -> Result<ChatReply, TargetError> {
            *self.0.lock().unwrap() = request.max_tokens;
            Ok(reply("no.", Finish::Stop))
        }
    }
    let limits = Limits { tokens: 9, ..Limits::default() };
    run(&check, &[(Arm::Undefended, Arc::new(Counts(asked.clone())))], &limits);
    assert_eq!(*asked.lock().unwrap(), 9, "no more tokens than the limit");
}

#[test]
fn progress_goes_from_nothing_to_all() {
    #[derive(Default)]
    struct Heard(AtomicU64, AtomicU64, AtomicU64);
    impl Progress for Heard {
        fn begin(&self, _label: &Text, total: u64) {
            self.0.store(total, Ordering::SeqCst);
        }
        fn advance(&self, by: u64) {
            self.1.fetch_add(by, Ordering::SeqCst);
        }
        fn end(&self) {
            self.2.fetch_add(1, Ordering::SeqCst);
        }
    }
    let (heard, files, exposure) = (Heard::default(), MemoryFiles::default(), FixedExposure::default());
    let now = Timestamp::from_micros(0);
    let ctx = Ctx { files: &files, targets: &NoTargets, exposure: &exposure, progress: &heard, now };
    let gone: Arc<dyn Target> = Told::new(|_| Err(TargetError::TimedOut { url: url(), ms: 1 }));
    let arms = [(Arm::Undefended, gone)];
    check_of(bank(20, 20), 1).run_refusal(&endpoint(), &arms, &ctx, &Limits::default()).unwrap();
    assert_eq!([&heard.0, &heard.1, &heard.2].map(|n| n.load(Ordering::SeqCst)), [80, 80, 1]);
}

#[test]
fn a_check_is_not_built_from_parts_that_do_not_fit() {
    let probe = || shipped::<jingwei_catalog::items::Probe>("probes/refusal").remove(0);
    let mut other = probe();
    other.bank = "another".to_owned();
    let mut judged = probe();
    judged.judge = "oracle".to_owned();
    let none = std::collections::BTreeMap::new();
    for (probe, rules, says) in
        [(other, rules(), "another"), (judged, rules(), "oracle"), (probe(), none, "probe.unsafe-answer")]
    {
        let error = RefusalCheck::new(probe, shipped_bank(), &rules).err().unwrap().to_string();
        assert!(error.contains(says), "{error}");
    }
}
