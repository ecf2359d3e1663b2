//! What the tests share: a client of loopback addresses, targets as a user writes them, outcomes in one line.

use jingwei_core::{ChatMessage, ChatReply, ChatRequest, Limits, TargetError};
use jingwei_net::{Client, Endpoint, NetSettings, RetrySettings, Secret, TargetClient};
use jingwei_testkit::{Behaviour, Upstream};

pub const KEY: &str = "sk-test-0123456789";

thread_local! {
    /// One for each test: clients are slow to make, and their connections live with the test's runtime.
    static CLIENT: Client = Client::new(&NetSettings { allow_loopback: true, ..NetSettings::default() }).unwrap();
}

pub fn loopback() -> Client {
    CLIENT.with(Client::clone)
}

/// Patient: a megabyte took more than five seconds on a busy machine.
pub fn small() -> Limits {
    Limits { wall_ms: 30_000, header_bytes: 1 << 20, tokens: 16, ..Limits::default() }
}

/// The settings as a user writes them; `URL` stands for the server's address.
pub fn endpoint(settings: &str, url: &str) -> Endpoint {
    toml::from_str(&settings.replace("URL", url)).unwrap_or_else(|error| panic!("{settings}: {error}"))
}

pub fn target(settings: &str, url: &str, limits: &Limits) -> Result<TargetClient, TargetError> {
    let retries = RetrySettings { tries: 3, first_pause_ms: 1, longest_pause_ms: 2 };
    TargetClient::new(loopback(), endpoint(settings, url), Some(Secret::new(KEY)), retries, *limits)
}

pub fn request(messages: Vec<ChatMessage>) -> ChatRequest {
    ChatRequest { messages, tools: Vec::new(), max_tokens: 900, temperature: 1.5, seed: u64::MAX }
}

pub fn tell(outcome: Result<ChatReply, TargetError>) -> String {
    match outcome {
        Ok(reply) => {
            let calls: Vec<String> =
                reply.tool_calls.iter().map(|c| format!(" {}:{}({})", c.id, c.name, c.arguments)).collect();
            let refusal = reply.refusal.map(|r| format!(" refusal `{r}`")).unwrap_or_default();
            let (input, output) = (reply.usage.input_tokens, reply.usage.output_tokens);
            format!("{:?} `{}`{refusal}{} {input}/{output}", reply.finish, reply.text, calls.concat())
        }
        Err(TargetError::Garbled { reason, .. }) => format!("garbled: {reason}"),
        Err(TargetError::Status { status, body, retry_after_ms, .. }) => {
            format!("status {status}: {body}{}", retry_after_ms.map(|ms| format!(" after {ms} ms")).unwrap_or_default())
        }
        Err(TargetError::TimedOut { ms, .. }) => format!("timed out: {ms}"),
        Err(other) => format!("{other}"),
    }
}

/// Asks once and compares the outcome, told in one line, with how it should begin.
pub async fn check(settings: &str, behaviour: Behaviour, expected: &str) {
    let upstream = Upstream::start(vec![behaviour.clone()]).await.unwrap();
    let target = target(settings, &format!("http://{}", upstream.address()), &small()).unwrap();
    let told = tell(target.send(&request(vec![ChatMessage::user("你好")]), "attempt-1").await);
    assert!(told.starts_with(expected), "{behaviour:?}\n gave {told}\n not {expected}");
    assert!(!told.contains(KEY), "{told}");
    let received = upstream.received();
    assert!(received.iter().all(|r| r.header("accept-encoding").is_none()), "packed answers are not asked for");
    assert!(received.iter().all(|r| r.header("x-request-id") == Some("attempt-1")));
}

pub fn raw(status: u16, content_type: &str, body: &[u8]) -> Behaviour {
    Behaviour::Reply { status, headers: vec![("content-type", content_type.to_owned())], body: body.to_vec() }
}

pub const OPENAI: &str = "api = 'openai-chat'\nurl = 'URL'\nmodel = 'm'";
pub const STREAM: &str = "api = 'openai-chat'\nurl = 'URL'\nmodel = 'm'\nstream = true";
pub const RESPONSES: &str = "api = 'openai-responses'\nurl = 'URL/v1'\nmodel = 'm'";
pub const ANTHROPIC: &str = "api = 'anthropic'\nurl = 'URL'\nmodel = 'm'";
pub const OLLAMA: &str = "api = 'ollama'\nurl = 'URL/v1'\nmodel = 'm'";
pub const HTTP: &str = r#"
url = 'URL/ask?lang=zh'
[api.http]
headers = { Authorization = 'Token ${key}', x-run = '${attempt}' }
body.json = '{"q": "问: ${prompt}", "n": "${max_tokens}"}'
[api.http.answer]
text = '/data/0/answer'
error = { at = '/ok', values = ['false'] }
refusal = { at = '/blocked' }
filtered = { at = '/data/0/why', values = ['risk', '7'] }
cut = { at = '/data/0/why', values = ['long'] }
input-tokens = '/in'
output-tokens = '/out'
"#;
