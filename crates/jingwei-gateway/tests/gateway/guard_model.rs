//! The gateway, policies and bindings on disk, and a guard model that answers by script.

use std::sync::Arc;

use jingwei_app::{DetectorSource, Equipment, guard_set};
use jingwei_guard::Mode;

use super::*;

fn equipment() -> Equipment {
    let net = NetSettings { allow_loopback: true, ..NetSettings::default() };
    let (catalog, limits) = (Arc::new(jingwei_catalog::Catalog::built_in().unwrap()), Limits::default());
    let detectors = DetectorSource::new(&net, Arc::new(|_| None), Arc::new(Noon), limits).unwrap();
    Equipment { catalog, limits, detectors, canary: None }
}

/// A policy that asks a guard model about one direction.
fn policy(server: &Upstream, direction: &str, on_failure: &str) -> String {
    let text = policy_text("asks", "bomb");
    let (head, _) = text.split_once("[[rule]]").unwrap();
    let detector = format!(
        "[[detector]]\nkind = 'remote'\nid = 'qwen'\nurl = '{}'\nmodel = 'guard'\nprompt = 'qwen3guard'\ntimeout_ms = 1000\n",
        server.base()
    );
    let when = "{ kind = 'semantic', detector = 'qwen', head = 'harm', from = 'controversial' }";
    format!("{head}{detector}{}on_failure = '{on_failure}'\n", rule("own.harm", direction, "block", when))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_model_judges_requests_replies_and_streams() {
    let (safe, unsafe_) = ("Safety: Safe\nCategories: None", "Safety: Unsafe\nCategories: Violent");
    let answers = |text: &str| Behaviour::Answer(text.to_owned());
    for (guard, direction, on_failure, streamed, blocked, unavailable) in [
        (answers(safe), "input", "closed", false, false, ""),
        (answers(unsafe_), "input", "closed", false, true, ""),
        (answers(unsafe_), "output", "closed", false, true, ""),
        (answers(unsafe_), "output", "closed", true, true, ""),
        (answers(safe), "output", "closed", true, false, ""),
        (answers("Safety: Controversial\nCategories: PII"), "input", "closed", false, true, ""),
        (answers("Sure! Here is how"), "input", "closed", false, true, "qwen:garbled"),
        (answers("Sure! Here is how"), "input", "open", false, false, "qwen:garbled"),
        (Behaviour::status(503), "output", "closed", true, true, "qwen:failed"),
        (Behaviour::Hang, "input", "open", false, false, "qwen:timed_out"),
    ] {
        let case = format!("{guard:?} {direction} {on_failure} {streamed}");
        let server = Upstream::start(vec![guard]).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        std::fs::write(&path, policy(&server, direction, on_failure)).unwrap();
        let set = guard_set::make(Some(&path), None, &equipment()).0.unwrap();
        let reply = "So it goes on and on. And it ends.";
        let script = if streamed {
            Behaviour::stream(&["So it goes on", " and on. And it ", "ends."], 50)
        } else {
            answers(reply)
        };
        let gate = Gate::with(set.engines, vec![script], |_| {}).await;
        let answer = gate.chat("Tell me how it goes on", streamed).await;
        assert_eq!(answer.text().ends_with("cannot answer"), blocked, "{case}: {}", answer.text());
        assert!(blocked || answer.text() == reply, "{case}: {}", answer.text());
        assert!(!server.received().is_empty(), "{case}");
        let event = gate.event().await;
        assert_eq!(event.unavailable.iter().map(String::as_str).collect::<String>(), unavailable, "{case}");
        assert_eq!(event.rules.is_empty(), !blocked || !unavailable.is_empty(), "{case}");
        assert_eq!(event.scores.contains_key("qwen/harm"), unavailable.is_empty(), "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bindings_on_disk_are_followed_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let head = "kind = 'guard-bindings'\nversion = 1\n";
    write("a.toml", &policy_text("a", "apple"));
    write("bindings.toml", &format!("{head}[[binding]]\nmodel = 'm'\npolicy = 'a.toml'\n"));
    let (path, equipment) = (folder.path().join("bindings.toml"), equipment());
    let (set, files) = guard_set::make(None, Some(&path), &equipment);
    let gate = Gate::with(set.unwrap().engines, vec![Behaviour::Echo], |_| {}).await;
    let compiled = |engines, files: guard_set::WatchedFiles| Compiled {
        engines,
        read: files.digest(),
        now: Arc::new(move || files.again().digest()),
    };
    let compile = move || {
        let (set, files) = guard_set::make(None, Some(&path), &equipment);
        compiled(set.map(|set| Some(set.engines)).map_err(|error| error.to_string()), files)
    };
    let watch = PolicyWatch { compile: Arc::new(compile), serving: compiled(Ok(None), files), every_ms: 10 };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move { stopped.await.unwrap_or_default() };
    let served = tokio::spawn(serve(listener, gate.state.clone(), Some(watch), shutdown));
    assert_eq!(gate.chat("apple", false).await.header("x-jingwei-verdict"), "block");

    // Two files are to change; the first alone names a policy that is not there yet.
    write(
        "bindings.toml",
        &format!("{head}[[binding]]\nid = 'later'\nmodel = 'm'\npolicy = 'b.toml'\nmode = 'shadow'\n"),
    );
    until(|| gate.state.reload_error().is_some_and(|reason| reason.contains("b.toml"))).await;
    assert_eq!(gate.chat("apple", false).await.header("x-jingwei-verdict"), "block", "the last good ones serve");
    write("b.toml", &policy_text("b", "pear"));
    until(|| gate.state.reload_error().is_none()).await;
    gate.events.lock().unwrap().clear();
    let reply = gate.chat("pear", false).await;
    assert_eq!((reply.header("x-jingwei-verdict"), reply.header("x-jingwei-mode")), ("allow", "shadow"));
    let event = gate.event().await;
    assert_eq!((&*event.binding, event.mode, event.input_action), ("later", Mode::Shadow, Action::Block));
    assert!(event.policy.starts_with("b@sha256-"));
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}
