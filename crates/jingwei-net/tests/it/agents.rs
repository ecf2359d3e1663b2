//! Tools behind MCP, over HTTP and over pipes, and commands: what they are sent, what becomes of what they say, and
//! that nothing of them stays when their time is over.

use std::{fs, time::Duration};

use jingwei_core::{ChatMessage, ChatReply, ChatRequest, Limits, TargetError};
use jingwei_net::{Endpoint, RetrySettings, Secret, TargetClient};
use jingwei_testkit::{Behaviour, Upstream};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::{KEY, loopback};

fn small() -> Limits {
    Limits { wall_ms: 8_000, header_bytes: 64 << 10, tokens: 16, ..Limits::default() }
}

async fn ask(endpoint: Endpoint, messages: Vec<ChatMessage>, limits: &Limits) -> Result<ChatReply, TargetError> {
    let retries = RetrySettings { tries: 2, first_pause_ms: 1, longest_pause_ms: 2 };
    let target = TargetClient::new(loopback(), endpoint, Some(Secret::new(KEY)), retries, *limits)?;
    let request = ChatRequest { messages, tools: Vec::new(), max_tokens: 900, temperature: 0.5, seed: 7 };
    target.send(&request, "attempt-1").await
}

fn tell(outcome: Result<ChatReply, TargetError>) -> String {
    match outcome {
        Ok(reply) => format!("{:?} `{}`{:?}", reply.finish, reply.text, reply.refusal.as_slice()),
        Err(TargetError::Garbled { url, reason }) => format!("garbled: {url}: {reason}"),
        Err(TargetError::Status { status, body, .. }) => format!("status {status}: {body}"),
        Err(TargetError::TimedOut { ms, .. }) => format!("timed out: {ms}"),
        Err(other) => format!("{other}"),
    }
}

/// Whether it begins with the first part of what is expected and holds the others: fields have no order.
fn matches(told: &str, expected: &str) -> bool {
    let (first, others) = expected.split_once('…').unwrap_or((expected, ""));
    told.starts_with(first) && others.split('…').all(|part| told.contains(part))
}

fn user(text: &str) -> Vec<ChatMessage> {
    vec![ChatMessage::user(text)]
}

fn shell(script: &str, more: &str) -> Endpoint {
    let script = toml::Value::from(script);
    toml::from_str(&format!("model = 'm'\n[api.command]\nprogram = 'sh'\nargs = ['-c', {script}]\n{more}")).unwrap()
}

#[tokio::test]
async fn a_command_reads_a_prompt_and_writes_an_answer() {
    let json = "input.json = '{\"q\": \"${prompt}\", \"n\": \"${max_tokens}\"}'";
    let fields = "answer = { text = '/text', refusal = { at = '/no' } }";
    let variables = "environment = { TOKEN = '${key}', RUN = '${attempt}' }";
    for (script, more, expected) in [
        ("cat", "", "Stop `你好\"`[]"),
        ("cat; echo; echo", "", "Stop `你好\"\n`[]"),
        ("tr ',' '\\n' | tr -d '{}' | sort | tr '\\n' ' '", json, "Stop `\"n\":16 \"q\":\"你好\\\"\""),
        ("cat", "input.text = '${messages}'", "Stop `[{…\"role\":\"user\"…\"content\":\"你好\\\"\"…}]`[]"),
        ("true", "", "Stop ``[]"),
        ("printf '{\"text\": \"a\"}'", fields, "Stop `a`[]"),
        ("printf '{\"no\": \"never\"}'", fields, "Refusal ``[\"never\"]"),
        ("printf '{\"text\": '", fields, "garbled: command `sh`: the document ends too early"),
        ("printf 'a\\377'", "", "garbled: command `sh`: the text is not UTF-8 from byte 1 on"),
        ("echo $RUN $TOKEN", variables, "Stop `attempt-1 [key]`[]"),
        ("env | sed 's/=.*//' | grep -v '^_$' | sort | tr '\\n' ' '", "", "Stop `PATH PWD "),
        ("pwd", "folder = '/'", "Stop `/`[]"),
        (
            "echo; echo \"bad $TOKEN\" >&2; echo more >&2; exit 3",
            variables,
            "garbled: command `sh`: it ended with exit status: 3: bad [key]",
        ),
        ("exit 1", "", "garbled: command `sh`: it ended with exit status: 1"),
        ("kill -9 $$", "", "garbled: command `sh`: it ended with signal: 9"),
        ("head -c 70000 /dev/zero", "", "garbled: command `sh`: it wrote more than 65536 bytes"),
        ("yes", "", "garbled: command `sh`: it wrote more than 65536 bytes"),
        ("head -c 300000 /dev/zero >&2; echo a", "", "Stop `a`[]"),
    ] {
        let told = tell(ask(shell(script, more), user("你好\""), &small()).await);
        assert!(matches(&told, expected), "{script} {more}\n gave {told}\n not {expected}");
    }
    let large = "字".repeat(15_000);
    assert_eq!(tell(ask(shell("cat", ""), user(&large), &small()).await), format!("Stop `{large}`[]"));
    let ignored = "字".repeat(200_000);
    assert_eq!(
        tell(ask(shell("echo a", ""), user(&ignored), &small()).await),
        "Stop `a`[]",
        "a prompt that nobody reads"
    );
    let missing: Endpoint = toml::from_str("api.command.program = 'no-such-program-here'").unwrap();
    let told = tell(ask(missing, user("u"), &small()).await);
    assert!(told.starts_with("command `no-such-program-here` cannot be started"), "{told}");
}

/// Whether a process with these words among its arguments runs.
fn runs(words: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let arguments = |entry: fs::DirEntry| fs::read(entry.path().join("cmdline")).ok();
    processes.filter_map(arguments).any(|line| String::from_utf8_lossy(&line).replace('\0', " ").contains(words))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn time_over_ends_a_command_and_its_children() {
    // Numbers that no other process has among its arguments.
    let own = std::process::id();
    let quick = Limits { wall_ms: 400, ..small() };
    let sleeper = |number: u32| format!("sleep {number}.{own}");
    let scripts = [
        (format!("{} & {}; cat", sleeper(3_001), sleeper(3_002)), [sleeper(3_001), sleeper(3_002)]),
        (
            format!("trap '' TERM; (trap '' TERM HUP; {}) & {}", sleeper(3_003), sleeper(3_004)),
            [sleeper(3_003), sleeper(3_004)],
        ),
        // It ends at once, and a child keeps its output open.
        (format!("{} & {} & exit 0", sleeper(3_005), sleeper(3_006)), [sleeper(3_005), sleeper(3_006)]),
    ];
    for (script, children) in scripts {
        let own_script = script.clone();
        let call = tokio::spawn(async move { ask(shell(&own_script, ""), user("u"), &quick).await });
        let began = Instant::now();
        while !(children.iter().all(|child| runs(child)) || call.is_finished()) {
            sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(tell(call.await.unwrap()), "timed out: 400", "{script}");
        assert!(began.elapsed() < Duration::from_secs(3), "{script}");
        gone(&children).await;
    }
    // So does a caller who goes away.
    let child = sleeper(3_007);
    let endpoint = shell(&child, "");
    let call = tokio::spawn(async move { ask(endpoint, user("u"), &small()).await });
    while !runs(&child) {
        sleep(Duration::from_millis(5)).await;
    }
    call.abort();
    gone(&[child]).await;
}

async fn gone(children: &[String]) {
    let began = Instant::now();
    while children.iter().any(|child| runs(child)) {
        assert!(began.elapsed() < Duration::from_secs(5), "{children:?} still run");
        sleep(Duration::from_millis(5)).await;
    }
}

const ARGUMENTS: &str = r#"arguments = '{"question": "${prompt}", "options": {"max": "${max_tokens}"}}'"#;

fn result(id: u64, result: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": result })
}

fn hello() -> Value {
    result(1, &json!({ "protocolVersion": "2025-03-26", "capabilities": {}, "serverInfo": { "name": "s" } }))
}

fn said(texts: &[&str]) -> Value {
    let content: Vec<Value> = texts.iter().map(|text| json!({ "type": "text", "text": text })).collect();
    result(2, &json!({ "content": content }))
}

fn events(messages: &[Value]) -> Vec<u8> {
    messages.iter().map(|message| format!("event: message\ndata: {message}\n\n")).collect::<String>().into_bytes()
}

fn typed(status: u16, kind: &str, body: Vec<u8>) -> Behaviour {
    let headers = vec![("content-type", kind.to_owned()), ("mcp-session-id", "s-1".to_owned())];
    Behaviour::Reply { status, headers, body }
}

fn accepted() -> Behaviour {
    Behaviour::Reply { status: 202, headers: Vec::new(), body: Vec::new() }
}

fn over_http(upstream: &Upstream) -> Endpoint {
    let url = format!("http://{}/mcp", upstream.address());
    toml::from_str(&format!("url = '{url}'\n[api.mcp]\ntool = 'ask'\n{ARGUMENTS}")).unwrap()
}

#[tokio::test]
async fn a_tool_over_http_is_asked_in_a_session_of_its_own() {
    let start = typed(200, "application/json", hello().to_string().into_bytes());
    let script = vec![start, accepted(), Behaviour::json(200, &said(&["a", "b"])), Behaviour::status(405)];
    let upstream = Upstream::start(script).await.unwrap();
    assert_eq!(tell(ask(over_http(&upstream), user("q\"}"), &small()).await), "Stop `a\nb`[]");
    let received = upstream.received();
    let methods: Vec<(String, Value)> = received
        .iter()
        .map(|r| (r.method.clone(), serde_json::from_slice::<Value>(&r.body).unwrap_or_default()["method"].clone()))
        .collect();
    let post = |method: &str| ("POST".to_owned(), json!(method));
    let expected =
        [post("initialize"), post("notifications/initialized"), post("tools/call"), ("DELETE".to_owned(), Value::Null)];
    assert_eq!(methods, expected);
    assert_eq!((received[0].header("mcp-session-id"), received[0].header("mcp-protocol-version")), (None, None));
    for request in &received {
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
        assert_eq!(request.header("x-request-id"), Some("attempt-1"));
        assert_eq!(request.path, "/mcp");
    }
    for request in &received[1..] {
        assert_eq!(request.header("mcp-session-id"), Some("s-1"));
        assert_eq!(request.header("mcp-protocol-version"), Some("2025-03-26"));
    }
    let call: Value = serde_json::from_slice(&received[2].body).unwrap();
    assert_eq!(call["params"], json!({ "name": "ask", "arguments": { "question": "q\"}", "options": { "max": 16 } } }));
}

#[tokio::test]
async fn tools_over_http_answer_well_or_badly() {
    let stream = |messages: &[Value]| typed(200, "text/event-stream", events(messages));
    let whole = |message: &Value| typed(200, "application/json", message.to_string().into_bytes());
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": {} });
    let failed = result(2, &json!({ "content": [{ "type": "text", "text": format!("no {KEY}\n") }], "isError": true }));
    let error = json!({ "jsonrpc": "2.0", "id": 2, "error": { "code": -32602, "message": "unknown tool" } });
    let start = || whole(&hello());
    for (script, expected) in [
        (vec![stream(&[note.clone(), hello()]), accepted(), stream(&[note.clone(), said(&["a"])])], "Stop `a`[]"),
        // Servers may keep a stream open after the answer.
        (vec![start(), accepted(), Behaviour::StreamThenHang(events(&[said(&["a"])]))], "Stop `a`[]"),
        (vec![start(), accepted(), whole(&said(&[]))], "Stop ``[]"),
        (
            vec![start(), accepted(), whole(&result(2, &json!({ "content": [{ "type": "image", "data": "" }] })))],
            "Stop ``[]",
        ),
        (vec![start(), accepted(), whole(&failed)], "status 500: the tool reports an error: no [key] "),
        (vec![start(), accepted(), whole(&error)], "status 500: the server reports an error: unknown tool"),
        (
            vec![start(), accepted(), stream(std::slice::from_ref(&note))],
            "garbled: URL: the stream ends without an answer",
        ),
        (
            vec![start(), accepted(), typed(200, "text/event-stream", b"data: nope\n\n".to_vec())],
            "garbled: URL: in the stream, the document is not JSON",
        ),
        (vec![start(), accepted(), whole(&result(9, &json!({})))], "garbled: URL: the message answers another request"),
        (vec![start(), accepted(), whole(&result(2, &json!({})))], "garbled: URL: `result.content` is not a list"),
        (
            vec![start(), accepted(), typed(200, "text/html", b"<html>".to_vec())],
            "garbled: URL: the document is not JSON",
        ),
        (vec![start(), accepted(), Behaviour::CloseAtOnce], "garbled: URL: no response"),
        (vec![start(), accepted(), Behaviour::HugeBody(1 << 20)], "garbled: URL: the body is larger than 65536 bytes"),
        (vec![start(), Behaviour::status(400)], "status 400"),
        (vec![whole(&result(1, &json!({})))], "garbled: URL: `result.protocolVersion` is missing"),
        (vec![Behaviour::status(401)], "status 401"),
        (vec![Behaviour::status(503), start(), accepted(), whole(&said(&["a"]))], "Stop `a`[]"),
    ] {
        let upstream = Upstream::start(script.clone()).await.unwrap();
        let told = tell(ask(over_http(&upstream), user("q"), &small()).await);
        let expected = expected.replace("URL", &format!("http://{}/mcp", upstream.address()));
        assert!(told.starts_with(&expected), "{script:?}\n gave {told}\n not {expected}");
    }
    let quick = Limits { wall_ms: 150, ..small() };
    for script in [vec![Behaviour::Hang], vec![start(), Behaviour::Hang], vec![start(), accepted(), Behaviour::Hang]] {
        let upstream = Upstream::start(script).await.unwrap();
        assert_eq!(tell(ask(over_http(&upstream), user("q"), &quick).await), "timed out: 150");
    }
}

fn over_pipes(script: &str) -> Endpoint {
    let script = toml::Value::from(script);
    let command = format!("program = 'sh'\nargs = ['-c', {script}]\nenvironment = {{ TOKEN = '${{key}}' }}");
    toml::from_str(&format!("[api.mcp-command]\ntool = 'ask'\n{ARGUMENTS}\n{command}")).unwrap()
}

#[tokio::test]
async fn tools_over_pipes_answer_well_or_badly() {
    let say = |message: &Value| format!("echo '{message}'; ");
    let begin = format!("read a; {}read b; read c; ", say(&hello()));
    let ping = json!({ "jsonrpc": "2.0", "id": "p", "method": "ping" });
    let sampling = json!({ "jsonrpc": "2.0", "id": 2, "method": "sampling/createMessage" });
    let log = json!({ "jsonrpc": "2.0", "method": "notifications/message" });
    // Says back, as its answer, what it was told; quotes become spaces to keep the shell's part simple.
    let repeat = |name: &str| {
        format!(
            "t=$(echo \"${name}\" | tr -d '\"\\\\'); echo \"{{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":2,\\\"result\\\":{{\\\"content\\\":[{{\\\"type\\\":\\\"text\\\",\\\"text\\\":\\\"$t\\\"}}]}}}}\"; "
        )
    };
    let failed = result(2, &json!({ "content": [{ "type": "text", "text": "no" }], "isError": true }));
    for (script, expected) in [
        (format!("{begin}{}", say(&said(&["a", "b"]))), "Stop `a\nb`[]"),
        (format!("{begin}{}{}", say(&log), say(&said(&["a"]))), "Stop `a`[]"),
        (format!("{begin}{}", repeat("a")), "Stop `{…jsonrpc:2.0…id:1…method:initialize…protocolVersion:2025-06-18"),
        (format!("{begin}{}", repeat("b")), "Stop `{…jsonrpc:2.0…method:notifications/initialized…}`[]"),
        (
            format!("{begin}{}", repeat("c")),
            "Stop `{…jsonrpc:2.0…id:2…method:tools/call…params:{…name:ask…arguments:{…question:你好…options:{max:16}",
        ),
        (format!("{begin}{}read d; {}", say(&ping), repeat("d")), "Stop `{…jsonrpc:2.0…id:p…result:{}…}`[]"),
        (format!("{begin}{}read d; {}", say(&sampling), repeat("d")), "Stop `{…jsonrpc:2.0…id:2…error:{…code:-32601"),
        (format!("{begin}{}sleep 60", say(&said(&["a"]))), "Stop `a`[]"),
        (format!("{begin}{}", say(&failed)), "status 500: the tool reports an error: no"),
        (
            format!(
                "{begin}t=$(printf '%290s' x)$TOKEN; {}",
                repeat("t").replacen("t=$(echo \"$t\" | tr -d '\"\\\\'); ", "", 1)
            ),
            "Stop ` …x[key]`[]",
        ),
        (
            format!("{begin}echo \"bad $TOKEN\" >&2; exit 4"),
            "garbled: command `sh`: it ended with exit status: 4 before it answered: bad [key]",
        ),
        ("exec 1>&-; sleep 60".to_owned(), "garbled: command `sh`: it closed its output before it answered"),
        (format!("{begin}echo hello"), "garbled: command `sh`: a line is no message: the document is not JSON"),
        (format!("{begin}yes ' '"), "garbled: command `sh`: it wrote more than 65536 bytes"),
        ("cat /dev/zero".to_owned(), "garbled: command `sh`: it wrote more than 65536 bytes"),
    ] {
        let told = tell(ask(over_pipes(&script), user("你好"), &small()).await);
        assert!(matches(&told, expected), "{script}\n gave {told}\n not {expected}");
    }
    let quick = Limits { wall_ms: 200, ..small() };
    assert_eq!(tell(ask(over_pipes("sleep 60"), user("u"), &quick).await), "timed out: 200");
}
