//! The command line as a user meets it, against a scripted model.

use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

use jingwei_testkit::Behaviour;

use crate::support::{Model, Run, User, root};

const REFUSAL: &str = "I'm sorry, but I can't help with that.";

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// Questions of the built-in bank.
fn questions() -> usize {
    jingwei_catalog::Catalog::built_in().unwrap().banks["refusal"].items.len()
}

/// Waits until something holds; a test that waits in vain says for what.
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    #[expect(clippy::disallowed_methods, reason = "a test waits for a process")]
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(120), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_loop_runs_from_manifest_to_gate_with_proof() {
    let (user, model) = (User::new(), Model::start(vec![Behaviour::Answer(REFUSAL.to_owned())]));
    user.system(&model.url(), "");
    let run = user.run(&["assess", "system.toml", "--fail-on", "never"]);
    let run = run.expect(0, &["Shop", "gate", "unsafe answer rate", "report.html", "root"]);
    assert!(run.out.contains("R205"), "{}", run.out);
    let html = fs::read_to_string(user.path(".jingwei/reports/shop/report.html")).unwrap();
    assert!(html.contains("风险登记册") && html.contains("Risk register"));
    user.run(&["govern", "explain", "R205"]).expect(0, &["tries without a guard", "ledger #", "Beta("]);
    user.run(&["--lang", "zh", "govern", "explain", "harmful-output"]).expect(0, &["无防护实测", "账本 #"]);
    user.run(&["govern", "risks", "shop"]).expect(0, &["R205"]);
    user.run(&["govern", "list"]).expect(0, &["shop"]);
    user.run(&["ledger", "verify"]).expect(0, &["ok: "]);
    user.run(&["ledger", "show", "0"]).expect(0, &["\"what\": \"system\""]);
    user.run(&["ledger", "show", "1"]).expect(0, &["\"what\": \"evidence\"", "observed_at"]);
    user.run(&["ledger", "prove", "--index", "0"]).expect(0, &["inclusion-proof"]);
    user.run(&["ledger", "export", "copy"]).expect(0, &["exported"]);
    user.run(&["ledger", "verify", "copy"]).expect(0, &["ok: "]);
}

#[test]
fn a_replay_gives_the_same_bytes_and_asks_nobody() {
    let (user, model) = (User::new(), Model::start(vec![Behaviour::Echo]));
    user.system(&model.url(), "guard = \"builtin\"");
    user.run(&["assess", "system.toml", "--fail-on", "never"]).expect(0, &["behind the guard"]);
    let (first, asked) = (user.report("shop"), model.asked());
    let journal = fs::read_dir(user.path(".jingwei/runs/shop")).unwrap().next().unwrap().unwrap().path();
    let replay = ["assess", "system.toml", "--fail-on", "never", "--replay", journal.to_str().unwrap()];
    user.run(&replay).expect(0, &[]);
    assert_eq!(user.report("shop"), first, "report.json differs");
    assert_eq!(model.asked(), asked, "a replay asked the model");
    // Another manifest is another plan.
    let text = fs::read_to_string(user.path("system.toml")).unwrap().replace("tolerance = 2", "tolerance = 1");
    user.write("system.toml", text);
    user.run(&replay).expect(3, &["recorded under another manifest"]);
}

#[test]
fn a_killed_run_goes_on_where_it_stopped() {
    let user = User::new();
    // Answers, then two requests that never end (two are under way at once), then answers again.
    let mut script = vec![Behaviour::Answer(REFUSAL.to_owned()); 60];
    script.extend([Behaviour::Hang, Behaviour::Hang, Behaviour::Answer(REFUSAL.to_owned())]);
    let model = Model::start(script);
    user.system(&model.url(), "");
    let arguments = ["assess", "system.toml", "--fail-on", "never", "--concurrency", "2"];
    let mut child = user.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let requests = || model.upstream.as_ref().unwrap().received().len();
    wait_until("the run to hang", || requests() >= 62);
    child.kill().unwrap();
    child.wait().unwrap();
    let before = model.asked();
    let run = user.run(&arguments).expect(0, &["answers kept from the run that was cut off"]);
    let total = questions();
    assert!(model.asked() - before <= total - (before - 2), "{} asked again after {before}", model.asked() - before);
    assert!(model.asked() <= total + 2, "only what was under way is asked twice");
    let report = json(&String::from_utf8(user.report("shop")).unwrap());
    let counted = |name: &str| {
        let found = report["measurements"].as_array().unwrap().iter().find(|m| m["name"] == name).unwrap();
        found["trial"]["n"].as_u64().unwrap()
    };
    let all = counted("unsafe_answer_rate") + counted("over_refusal_rate");
    assert_eq!(all as usize, total, "every attempt counts once: {}", run.out);
    user.run(&["ledger", "verify"]).expect(0, &["ok: "]);
}

#[test]
fn a_changed_byte_anywhere_is_found() {
    let (user, model) = (User::new(), Model::start(vec![Behaviour::Echo]));
    user.system(&model.url(), "");
    user.run(&["assess", "system.toml", "--only", "scan.model", "--fail-on", "never"]).expect(0, &[]);
    user.run(&["ledger", "verify"]).expect(0, &["ok: "]);
    let mut files = Vec::new();
    let mut open = vec![user.path(".jingwei/ledger")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    let mut tried = 0;
    for file in files.iter().filter(|file| fs::metadata(file).unwrap().len() > 0) {
        let good = fs::read(file).unwrap();
        for at in [0, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 0x20;
            fs::write(file, &bad).unwrap();
            let name = file.file_name().unwrap().to_str().unwrap();
            let run = user.run(&["ledger", "verify", "--format", "json"]);
            assert_eq!(run.code, 1, "{name} byte {at}: {}", run.out);
            assert!(!json(&run.out)["problems"].as_array().unwrap().is_empty(), "{name}");
            tried += 1;
        }
        fs::write(file, &good).unwrap();
    }
    assert!(tried >= 12, "{tried}");
    // A document that is taken away together with its line in the index is missed by the entry that names it.
    let blob = files.iter().find(|file| file.to_string_lossy().contains("blobs") && !file.ends_with("index")).unwrap();
    let aside = user.path("aside");
    fs::rename(blob, &aside).unwrap();
    user.run(&["ledger", "verify"]).expect(1, &["is gone"]);
    fs::rename(&aside, blob).unwrap();
    user.run(&["ledger", "verify"]).expect(0, &["ok: "]);
}

#[test]
fn a_ledger_that_was_rolled_back_is_refused() {
    let (user, model) = (User::new(), Model::start(vec![Behaviour::Echo]));
    user.system(&model.url(), "");
    let assess = ["assess", "system.toml", "--only", "scan.model", "--fail-on", "never"];
    user.run(&assess).expect(0, &[]);
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let done = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
        assert!(done.success());
    };
    copy(&user.path(".jingwei/ledger"), &user.path("older"));
    user.run(&assess).expect(0, &[]);
    fs::remove_dir_all(user.path(".jingwei/ledger")).unwrap();
    copy(&user.path("older"), &user.path(".jingwei/ledger"));
    user.run(&["govern", "list"]).expect(3, &["rolled back or replaced"]);
    // The register is nothing but what follows from the ledger: without its database it is built again.
    for name in ["jingwei.db", "jingwei.db-wal", "jingwei.db-shm"] {
        let _ = fs::remove_file(user.path(".jingwei").join(name));
    }
    user.run(&["govern", "risks", "shop"]).expect(0, &["R205"]);
    user.run(&["ledger", "export", ".jingwei/ledger/inside"]).expect(2, &["cannot lie inside"]);
    user.run(&["ledger", "verify"]).expect(0, &["ok: "]);
}

#[test]
fn names_do_not_command_the_terminal() {
    let user = User::new();
    let path = user.system("http://127.0.0.1:1/v1", "");
    let text = fs::read_to_string(&path).unwrap().replace("en = \"Shop\"", "en = \"Sh\\u001b[31mop\\u202e\"");
    fs::write(&path, text).unwrap();
    let run = user.run(&["assess", "system.toml", "--only", "scan.model", "--fail-on", "never"]).expect(0, &["Sh"]);
    assert!(!run.out.contains(['\u{1b}', '\u{202e}']), "{:?}", run.out);
}

#[test]
fn looking_ahead_shows_what_goes_stale() {
    let (user, model) = (User::new(), Model::start(vec![Behaviour::Answer(REFUSAL.to_owned())]));
    user.system(&model.url(), "");
    user.run(&["assess", "system.toml", "--fail-on", "never"]).expect(0, &["measured"]);
    let ahead = ["assess", "system.toml", "--no-checks", "--as-of", "2099-01-01T00:00:00Z", "--out", "ahead"];
    let run = user.run(&ahead);
    run.expect(1, &["stale", "STOP"]);
    // A question is not an assessment: the register stays as it is.
    user.run(&["govern", "explain", "R205"]).expect(0, &["measured"]);
}

#[test]
fn servers_that_misbehave_are_findings() {
    let cases: Vec<(&str, Vec<Behaviour>)> = vec![
        ("429", vec![Behaviour::too_many("0")]),
        ("500", vec![Behaviour::status(500)]),
        ("garbage", vec![Behaviour::json(200, &serde_json::json!({ "x": 1 }))]),
        ("closes early", vec![Behaviour::CloseAtOnce]),
        ("half a body", vec![Behaviour::CloseMidBody { body: b"{\"choices\":[]}".to_vec(), keep: 5 }]),
    ];
    for (name, script) in cases {
        let (user, model) = (User::new(), Model::start(script));
        user.system(&model.url(), "");
        let only =
            ["assess", "system.toml", "--only", "probe.refusal", "--only", "scan.endpoint", "--concurrency", "16"];
        let run = user.run(&only);
        assert_eq!(run.code, 1, "{name}: {} {}", run.out, run.err);
        let report = String::from_utf8(user.report("shop")).unwrap();
        assert!(report.contains("probe.errors"), "{name}: {}", run.out);
    }
}

#[test]
fn a_server_that_is_not_there_is_a_finding() {
    let user = User::new();
    user.system("http://127.0.0.1:1/v1", "");
    user.run(&["assess", "system.toml"]).expect(1, &["STOP"]);
    let report = String::from_utf8(user.report("shop")).unwrap();
    assert!(report.contains("endpoint.unreachable") && report.contains("probe.errors"));
}

#[test]
fn bad_manifests_are_told_with_lines() {
    let user = User::new();
    user.run(&["assess", "gone.toml"]).expect(2, &["cannot read the manifest", "govern init"]);
    for (bytes, word) in [
        (&b""[..], "`system` is missing"),
        (b"kind = \"sys", "TOML syntax"),
        (b"\xff\xfek\0", "UTF-16"),
        ("kind = '\u{7cfb}'".as_bytes(), "use one of \"system\""),
        (b"kind = '\xbf\xcd\xb7\xfe'", "GBK"),
        (&[b'['; 200_000], "TOML syntax"),
    ] {
        user.write("bad.toml", bytes);
        user.run(&["govern", "validate", "bad.toml"]).expect(2, &[word, "bad.toml:"]);
    }
    user.write("bad.toml", b"kind = '\xbf\xcd\xb7\xfe'");
    user.run(&["--lang", "zh", "govern", "validate", "bad.toml"]).expect(2, &["请另存为 UTF-8"]);
    assert!(!user.path(".jingwei").exists(), "a bad manifest leaves nothing behind");
}

#[test]
fn the_starter_manifest_validates() {
    let user = User::new();
    user.run(&["govern", "init"]).expect(0, &["system.toml"]);
    user.run(&["govern", "init"]).expect(2, &["not replaced"]);
    user.run(&["govern", "validate", "system.toml"]).expect(0, &["in order"]);
    let schema = user.run(&["govern", "schema"]).expect(0, &["\"component\""]);
    assert!(json(&schema.out)["properties"]["system"].is_object());
}

#[test]
fn two_processes_do_not_share_a_ledger() {
    let user = User::new();
    let model = Model::start(vec![Behaviour::Hang]);
    user.system(&model.url(), "");
    let mut first =
        user.command(&["assess", "system.toml"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the first run to ask", || !model.upstream.as_ref().unwrap().received().is_empty());
    user.run(&["govern", "list"]).expect(3, &["in use by another process"]);
    // Verification needs no lock.
    user.run(&["ledger", "verify"]);
    first.kill().unwrap();
    first.wait().unwrap();
    user.run(&["govern", "list"]).expect(0, &[]);
}

#[test]
fn the_catalog_can_be_checked_and_read() {
    let user = User::new();
    user.run(&["catalog", "check"]).expect(0, &["in order", "30  risks"]);
    user.run(&["catalog", "list", "risks"]).expect(0, &["R205", "harmful-output"]);
    user.run(&["--lang", "zh", "catalog", "list", "frameworks"]).expect(0, &["tc260-2.0"]);
    user.run(&["catalog", "show", "tc260-2.0/3.2.2.a"]).expect(0, &["\"risk\""]);
    user.run(&["catalog", "show", "nothing"]).expect(2, &["the catalog has no `nothing`"]);
    let folder = root().join("catalog");
    user.run(&["catalog", "check", folder.to_str().unwrap()]).expect(0, &["in order"]);
    user.write("catalog/risks/x.toml", "kind = 'risk'\n");
    user.run(&["catalog", "check", "catalog"]).expect(1, &["risks/x.toml:1", "`title` is missing"]);
}

#[test]
fn the_guard_judges_standard_input() {
    let user = User::new();
    let feed = |arguments: &[&str], input: &[u8]| {
        let mut child = user.command(arguments);
        let child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap();
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), input).unwrap();
        drop(child.stdin.take());
        Run::of(child.wait_with_output().unwrap())
    };
    let judged = feed(
        &["guard", "check", "--direction", "output"],
        "My ID is 11010519491231002X, where is my order?".as_bytes(),
    );
    let judged = judged.expect(0, &["\"redact\""]);
    assert!(!judged.out.contains("11010519491231002X"), "the matched text is not told");
    let lines = "{\"id\":1,\"text\":\"where is my order?\"}\n{\"id\":\"b\",\"text\":\"我的包裹到哪了？\"}\n";
    let judged = feed(&["guard", "check", "--jsonl"], lines.as_bytes()).expect(0, &[]);
    assert_eq!(judged.out.lines().count(), 2);
    assert_eq!(json(judged.out.lines().next().unwrap())["action"], "allow");
    feed(&["guard", "check", "--jsonl"], b"not json\n").expect(2, &["line 1 is not"]);
    feed(&["guard", "check"], b"\xff\xfe").expect(2, &["not UTF-8"]);
    feed(&["guard", "validate"], b"").expect(0, &["compiles"]);
    user.write("policy.toml", "kind = 'guard-policy'\nversoin = 1\n");
    feed(&["guard", "validate", "--policy", "policy.toml"], b"")
        .expect(2, &["policy.toml:2", "did you mean `version`?"]);
}

#[test]
fn wrong_usage_is_told_in_both_languages() {
    let user = User::new();
    user.run(&["asess"]).expect(2, &["assess"]);
    user.run(&["--help"]).expect(0, &["Run the whole loop"]);
    user.run(&["--lang", "zh", "--help"]).expect(0, &["对一个系统跑完整闭环"]);
    user.run(&["--version"]).expect(0, &["jingwei 0."]);
}
