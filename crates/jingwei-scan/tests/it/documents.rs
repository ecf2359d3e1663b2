use jingwei_core::{ComponentKind, Limits};
use jingwei_testkit::{MemoryFiles, World};

use crate::support::{Seen, check_named, component};

fn scan(name: &str, content: impl Into<Vec<u8>>, limits: &Limits) -> Seen {
    let world = World::of_files(MemoryFiles::default().with_file(name, content));
    let observations = check_named("scan.config").run(&component(ComponentKind::Config, name), &world.ctx(), limits);
    Seen::of(observations.unwrap())
}

#[track_caller]
fn check(name: &str, content: &str, expected: &[&str]) {
    let found = scan(name, content, &Limits::default()).lines();
    let expected: Vec<String> = expected
        .iter()
        .map(|line| match line.split_once(' ') {
            Some((rule, key)) => format!("config.{rule} {name} {key}"),
            None => format!("config.{line} {name}"),
        })
        .collect();
    assert_eq!(found, expected, "{content}");
}

#[test]
fn the_same_server_is_seen_in_every_notation() {
    let all = |bound: &str, section: &str| {
        vec![
            format!("bound-to-all-interfaces {bound}"),
            format!("no-authentication {section}"),
            format!("plain-http {section}"),
        ]
    };
    for (name, content, bound, section) in [
        ("c.toml", "[server]\nhost = \"0.0.0.0\"\nport = 8080\n", "server.host", "server"),
        ("c.json", r#"{"server": {"host": "0.0.0.0", "port": 8080}}"#, "server.host", "server"),
        ("c.yaml", "server:\n  host: 0.0.0.0 # all\n  port: 8080\n", "server.host", "server"),
        ("c.yml", "server: {host: '::', port: '8080'}\n", "server.host", "server"),
        ("c.yaml", "server:\n  hostnames:\n    - 0.0.0.0\n  port: 8080\n", "server.hostnames", "server"),
        (".env", "export VLLM_HOST=\"0.0.0.0\"\nVLLM_PORT=8000 # default\n", "vllm_host", "vllm_port"),
        (".env.production", "OLLAMA_HOST=http://0.0.0.0:11434\n", "ollama_host", "ollama_host"),
        (
            "c.yaml",
            "services:\n  llm:\n    command: serve --host 0.0.0.0 --port 8000\n",
            "services.llm.command.host",
            "services.llm.command",
        ),
        (
            "c.yaml",
            "services:\n  llm:\n    command:\n      - --host=0.0.0.0\n      - --port\n      - '8000'\n",
            "services.llm.command.host",
            "services.llm.command",
        ),
        (
            "c.yaml",
            "spec:\n  env:\n    - {name: OLLAMA_HOST, value: '0.0.0.0:11434'}\n",
            "spec.env.ollama_host",
            "spec.env",
        ),
        ("c.yaml", "x:\n  environment:\n    - OLLAMA_HOST=:11434\n", "x.environment.ollama_host", "x.environment"),
    ] {
        let expected = all(bound, section);
        check(name, content, &expected.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

#[test]
fn a_key_or_tls_around_beside_or_below_protects() {
    for content in [
        "[server]\nhost = \"127.0.0.1\"\nport = 8080\napi_key = \"${KEY}\"\n",
        "[server]\nhost = \"127.0.0.1\"\nport = 8080\n[server.auth]\ntoken_file = \"/run/token\"\n",
        "[server]\nhost = \"127.0.0.1\"\nport = 8080\n[auth]\nmode = \"oidc\"\n",
        "[server]\nhost = \"10.0.0.1\"\nport = 8443\napi_key = \"${KEY}\"\n[server.tls]\ncert = \"a.pem\"\n",
        "[server]\nhost = \"10.0.0.1\"\nport = 8443\napi_key = \"${KEY}\"\nssl-certfile = \"a.pem\"\n",
    ] {
        check("c.toml", content, &[]);
    }
    for (content, expected) in [
        ("[server]\nport = 8080\napi_key = \"\"\n", "no-authentication server"),
        ("[server]\nport = 8080\nauth = \"none\"\n", "no-authentication server"),
        ("[server]\nport = 8080\n[server.auth]\nenabled = false\nkind = \"x\"\n", "no-authentication server"),
        ("[server]\nport = 8080\nmax_tokens = 512\n", "no-authentication server"),
        ("[server]\nport = 8080\nopenai_api_key = \"${KEY}\"\n", "no-authentication server"),
    ] {
        check("c.toml", content, &[expected]);
    }
}

#[test]
fn what_is_not_a_server_is_left_alone() {
    for content in [
        "database:\n  host: 127.0.0.1\n  port: 5432\n",
        "upstream:\n  host: 127.0.0.1\n  port: 8080\n",
        "search:\n  host: search.example.com\n  port: 443\n",
        "model:\n  name: x\n  temperature: 0.0\n",
        "cors: '*'\nreport: 8080\n",
        "services:\n  llm:\n    ports: ['127.0.0.1:8080:80']\n    expose: ['80']\n",
        "- 1\n- [2, {a: b}]\n---\nsecond: document\n",
        "a: &x {b: 1}\nc: *x\n",
        "",
    ] {
        check("c.yaml", content, &[]);
    }
    check("c.yaml", "feedback_server:\n  port: 8080\n", &["no-authentication feedback_server"]);
    check("c.yaml", "services:\n  llm:\n    ports: ['8080:80/tcp']\n", &["bound-to-all-interfaces services.llm.ports"]);
}

#[test]
fn secrets_are_told_by_place_and_never_by_value() {
    let key = "sk-abcd1234efgh5678ijkl9012";
    let content = format!("[a]\napi_key = \"{key}\"\n[b]\npassword = \"correct9horse9battery\"\n");
    let seen = scan("c.toml", content.clone(), &Limits::default());
    assert_eq!(seen.lines(), ["config.secret c.toml API_KEY", "config.secret c.toml b.password"]);
    assert_eq!(seen.findings[0].place.offset, content.find("sk-").map(|at| at as u64));
    for finding in &seen.findings {
        assert!(!finding.message.en.contains("abcd1234") && !finding.message.en.contains("battery"), "{finding:?}");
    }
    // A secret is seen even where the notation is broken or not known.
    assert_eq!(scan("c.toml", format!("[[{key}"), &Limits::default()).lines()[0], "config.secret c.toml API_KEY");
    assert_eq!(scan("c.sh", format!("K={key}"), &Limits::default()).lines()[0], "config.secret c.sh API_KEY");
}

#[test]
fn a_broken_document_is_told_with_its_place() {
    let limits = Limits::default();
    for (name, content, offset) in [
        ("c.toml", "a = 1\nb = \n", Some(10)),
        ("c.json", "{\"a\": 1,\n \"b\" 2}", Some(14)),
        ("c.yaml", "键: 1\nb: [1, 2}\n", Some(15)),
        (".env", "# note\nA=1\nnot a variable\n", Some(11)),
        ("c.ini", "[a]", None),
    ] {
        let seen = scan(name, content, &limits);
        assert_eq!(seen.findings.len(), 1, "{name}");
        assert_eq!(seen.findings[0].place.offset, offset, "{name}: {}", seen.findings[0].message.en);
    }
    for (content, reason) in [(&b"\xff\xfea\0"[..], "UTF-16"), (b"a = \"\xc4\xe3\"", "not UTF-8 at byte 5")] {
        let seen = scan("c.toml", content, &limits);
        assert!(seen.with_rule("config.unreadable").unwrap().message.en.contains(reason));
    }
}

#[test]
fn every_limit_is_noticed() {
    let limits = Limits::default();
    let deep = |open: &str, close: &str, depth: usize| open.repeat(depth) + &close.repeat(depth);
    let many: String = (0..50).map(|n| format!("k{n}=1\n")).collect();
    let list = format!("a: [{}]", ["1"; 50].join(","));
    let few = Limits { entries: 10, ..limits };
    for (name, content, limits, key) in [
        ("c.json", deep("[", "]", 100), limits, "depth"),
        ("c.json", deep("[", "]", 500), Limits { depth: 1000, ..limits }, "depth"),
        ("c.toml", format!("a = {}", deep("[", "]", 70)), limits, "depth"),
        ("c.yaml", deep("[", "]", 100), limits, "depth"),
        ("c.yaml", "- ".repeat(100), limits, "depth"),
        ("c.env", many.clone(), few, "entries"),
        ("c.toml", many, few, "entries"),
        ("c.yaml", list.clone(), few, "entries"),
        ("c.json", format!("{{{}}}", list.replace("a:", "\"a\":")), few, "entries"),
    ] {
        assert_eq!(scan(name, content, &limits).lines(), [format!("config.unreadable {name} {key}")], "{name} {key}");
    }
    let seen = scan("c.toml", "a = 1 # too long", &Limits { header_bytes: 10, ..limits });
    assert!(seen.findings[0].message.en.contains("header_bytes"), "{:?}", seen.findings);
}

#[test]
fn aliases_cannot_multiply() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let below = format!("*a{}", level - 1);
        bomb += &format!("a{level}: &a{level} [{}]\n", [below.as_str(); 9].join(", "));
    }
    assert_eq!(scan("c.yaml", bomb, &Limits::default()).lines(), Vec::<String>::new());
}

#[test]
fn a_wide_section_costs_no_more_than_its_size() {
    let wide: String = (0..20_000).map(|n| format!("n{n}_host=127.0.0.1\nn{n}_port=8080\n")).collect();
    assert_eq!(scan("c.env", wide, &Limits::default()).findings.len(), 20_000);
}

#[test]
fn a_folder_may_hold_other_texts_as_well() {
    let files = MemoryFiles::default()
        .with_file("deploy/server.toml", "[server]\nhost = \"0.0.0.0\"\n")
        .with_file("deploy/start.sh", "#!/bin/sh\n")
        .with_link("deploy/current");
    let world = World::of_files(files);
    let config = component(ComponentKind::Config, "deploy");
    let seen = Seen::of(check_named("scan.config").run(&config, &world.ctx(), &Limits::default()).unwrap());
    assert_eq!(seen.lines(), ["config.unreadable current", "config.bound-to-all-interfaces server.toml server.host"]);
}

#[test]
fn prompts_are_read_file_by_file() {
    let files = MemoryFiles::default()
        .with_file("p/a.md", "Plain.")
        .with_file("p/b.md", "One\u{200b} two\u{200b} \u{202e}three")
        .with_file("p/c.md", &b"\xc4\xe3"[..]);
    let world = World::of_files(files);
    let run = |limits: &Limits| {
        let prompt = component(ComponentKind::Prompt, "p");
        Seen::of(check_named("scan.prompt").run(&prompt, &world.ctx(), limits).unwrap())
    };
    let seen = run(&Limits::default());
    let hidden = "prompt.hidden-characters b.md";
    assert_eq!(
        seen.lines(),
        [format!("{hidden} zero-width"), format!("{hidden} direction"), "prompt.unreadable c.md".to_owned()]
    );
    assert_eq!(seen.findings[0].place.offset, Some(3));
    assert!(
        seen.findings[0].message.en.contains("2 unseen zero-width characters")
            && seen.findings[0].message.en.contains("U+200B")
    );
    assert_eq!(run(&Limits { header_bytes: 3, ..Limits::default() }).findings.len(), 3);
    assert_eq!(run(&Limits { entries: 1, ..Limits::default() }).lines(), ["prompt.unreadable"]);
}
