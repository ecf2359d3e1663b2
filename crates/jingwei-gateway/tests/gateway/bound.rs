//! Whose requests are judged by what, and what a policy adds to them.

use std::sync::Arc;

use jingwei_guard::{Binding, BoundEngine, CanaryKey, DetectorState, KnownCaller, Mode, Parts};

use super::*;

fn engine_with(text: &str, key: Option<CanaryKey>) -> Arc<Engine> {
    let policy = parse_policy("test.toml", text.as_bytes()).unwrap();
    Arc::new(Engine::compile_with(&policy, &Parts { canary: key, ..Parts::default() }).unwrap())
}

fn bound(name: &str, fits: (&str, &str), engine: &Arc<Engine>, mode: Mode) -> (Binding, BoundEngine) {
    let pattern = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (tenant, model) = (pattern(fits.0), pattern(fits.1));
    let binding = Binding { id: name.to_owned(), tenant, app: None, model, policy: None, mode };
    (binding, BoundEngine { name: Arc::from(name), engine: Arc::clone(engine), mode })
}

/// Tenants `bank` and `lab` beside a token without a tenant.
fn set() -> EngineSet {
    let (strict, other) =
        (engine_with(&policy_text("strict", "bond"), None), engine_with(&policy_text("other", "bomb"), None));
    let mut set = EngineSet::from(engine_of(policy_text("test", "bomb").as_bytes()).unwrap());
    set.bindings = vec![
        bound("bank", ("bank", ""), &strict, Mode::Enforce),
        bound("lab-free", ("lab", "free-*"), &other, Mode::Off),
        bound("lab", ("lab", ""), &other, Mode::Shadow),
    ];
    let caller = |tenant: &str| KnownCaller {
        token: Digest::of(tenant.as_bytes()),
        tenant: tenant.to_owned(),
        app: "a".to_owned(),
    };
    set.callers = vec![caller("bank"), caller("lab")];
    set
}

impl Gate {
    async fn chat_as(&self, token: &str, model: &str, text: &str, streamed: bool) -> Answer {
        let body = json!({ "model": model, "stream": streamed, "messages": [{ "role": "user", "content": text }] });
        let token = format!("Bearer {token}");
        let headers = [("authorization", token.as_str())];
        self.send("POST", "/v1/chat/completions", &headers, body.to_string().into_bytes()).await
    }
}

#[tokio::test]
async fn the_first_binding_that_fits_judges_and_the_event_says_which() {
    for (token, model, asked, verdict, policy, mode, binding) in [
        ("bank", "free-1", "bond", "block", "strict", "", "bank"),
        ("bank", "m", "bomb", "allow", "strict", "", "bank"),
        ("lab", "free-1", "bomb", "allow", "other", "off", "lab-free"),
        ("lab", "FREE-1", "bomb", "allow", "other", "off", "lab-free"),
        ("lab", "m", "bomb", "allow", "other", "shadow", "lab"),
        ("plain", "free-1", "bomb", "block", "test", "", "default"),
    ] {
        let callers = |settings: &mut GatewaySettings| settings.callers = vec![Digest::of(b"plain")];
        let gate = Gate::with(set(), vec![Behaviour::Echo], callers).await;
        let reply = gate.chat_as(token, model, asked, false).await;
        assert_eq!(reply.header("x-jingwei-verdict"), verdict, "{token} {model}");
        assert_eq!(reply.header("x-jingwei-mode"), mode, "{token} {model}");
        assert!(reply.header("x-jingwei-policy").starts_with(&format!("{policy}@sha256-")), "{token} {model}");
        let event = gate.event().await;
        assert_eq!((&*event.binding, event.policy.as_str()), (binding, reply.header("x-jingwei-policy")));
        assert_eq!((event.tenant.as_str(), event.app.as_str()), if token == "plain" { ("", "") } else { (token, "a") });
        assert_eq!(gate.chat_as("stranger", model, asked, false).await.status, 401);
    }
}

#[tokio::test]
async fn in_shadow_all_is_judged_and_nothing_done_and_off_is_neither() {
    let pieces = ["at x@y.cn: nap", "alm, 汽油", "弹 wire and on"];
    let said = pieces.concat();
    for (model, mode, input, output) in
        [("m", Mode::Shadow, Action::Block, Some(Action::Block)), ("free-1", Mode::Off, Action::Allow, None)]
    {
        for streamed in [false, true] {
            let script = vec![if streamed { Behaviour::stream(&pieces, 7) } else { Behaviour::Answer(said.clone()) }];
            let gate = Gate::with(set(), script, |_| {}).await;
            let reply = gate.chat_as("lab", model, "a bomb for a@b.cn", streamed).await;
            assert_eq!(reply.text(), said, "{mode:?} {streamed}");
            assert_eq!(reply.header("x-jingwei-verdict"), "allow");
            let sent = String::from_utf8(gate.upstream.received()[0].body.clone()).unwrap();
            assert!(sent.contains("a bomb for a@b.cn"), "{sent}");
            let event = gate.event().await;
            assert_eq!((event.mode, event.outcome), (mode, Outcome::Answered));
            assert_eq!((event.input_action, event.output_action), (input, output), "{mode:?} {streamed}");
            assert_eq!((event.input_content, event.output_content), (input, output));
            assert_eq!(event.rules.is_empty(), mode == Mode::Off);
        }
    }
}

#[tokio::test]
async fn a_gateway_that_asks_for_tokens_does_not_open_by_itself() {
    let gate = Gate::with(set(), vec![Behaviour::Echo], |_| {}).await;
    let open = || engine_of(policy_text("open", "bomb").as_bytes()).unwrap();
    assert!(gate.state.reload(open()).is_err_and(|reason| reason.contains("no caller")));
    assert_eq!(gate.chat("hello", false).await.status, 401);
    assert!(gate.state.reload(set()).is_ok());
    let free = Gate::open(vec![Behaviour::Echo], |_| {}).await;
    assert!(free.state.reload(open()).is_ok() && free.state.reload(set()).is_ok());
    assert_eq!(free.chat("hello", false).await.status, 401, "it may close by itself");
}

const CANARIES: &str = "plant_canary = true\n";

fn canary_policy() -> String {
    let text = policy_text("canaries", "bomb");
    let (head, rules) = text.split_once("[[rule]]").unwrap();
    format!("{head}{CANARIES}[[rule]]{rules}{}", rule("out.canary", "output", "block", "{ kind = 'canary' }"))
}

#[tokio::test]
async fn canaries_are_planted_and_stopped_wherever_they_come_out() {
    let key = CanaryKey::new([7; 32]);
    let token = key.mint(99);
    let cut = token.split_at(11);
    for (script, streamed, blocked) in [
        (Behaviour::Answer(format!("it says {token}!")), false, true),
        (Behaviour::Answer(format!("it says {}!", token.to_uppercase())), false, true),
        (Behaviour::stream(&["it says ", cut.0, cut.1, "!"], 9), true, true),
        (Behaviour::Answer(CanaryKey::new([8; 32]).mint(99)), false, false),
        (Behaviour::Echo, false, false),
    ] {
        let engine = EngineSet {
            default: BoundEngine { engine: engine_with(&canary_policy(), Some(key.clone())), ..set().default },
            ..Engine::clone(&engine_with(&canary_policy(), None)).into()
        };
        let gate = Gate::with(engine, vec![script.clone()], |settings| {
            settings.canary = Some(CanaryKey::new([7; 32]));
            settings.random = Arc::new(|| Some(4));
        })
        .await;
        let reply = gate.chat("你好", streamed).await;
        assert_eq!(reply.text().contains("不能回答"), blocked, "{script:?}: {}", reply.text());
        assert!(!reply.body.contains(cut.1), "{}", reply.body);
        let sent: Value = serde_json::from_slice(&gate.upstream.received()[0].body).unwrap();
        let system = sent["messages"][0]["content"].as_str().unwrap();
        assert!(sent["messages"][0]["role"] == "system" && system.contains(&key.mint(4)), "{system}");
        assert!(system.starts_with("内部标识"), "in the language of the request");
        assert_eq!(gate.event().await.rules.contains(&"out.canary".parse().unwrap()), blocked);
    }
}

#[tokio::test]
async fn data_is_marked_after_it_was_judged() {
    let text = policy_text("marks", "bomb");
    let (head, rules) = text.split_once("[[rule]]").unwrap();
    let body = |result: &str| json!({ "messages": [{ "role": "user", "content": "u" }, { "role": "tool", "tool_call_id": "1", "content": result }] });
    for (how, result, expected) in [
        ("delimit", "call a@b.cn now", "<data-0000000000000007>\ncall [[EMAIL_1]] now\n</data-0000000000000007>"),
        ("datamark", "call a@b.cn now", "\u{e007}call\u{e007}[[EMAIL_1]]\u{e007}now\u{e007}"),
        ("off", "call a@b.cn now", "call [[EMAIL_1]] now"),
    ] {
        let policy = format!("{head}spotlight = '{how}'\n[[rule]]{rules}");
        let marked = usize::from(how != "off");
        let random = |settings: &mut GatewaySettings| settings.random = Arc::new(|| Some(7));
        let gate = Gate::with(Engine::clone(&engine_with(&policy, None)), vec![Behaviour::Echo], random).await;
        gate.send("POST", "/v1/chat/completions", &[], body(result).to_string().into_bytes()).await;
        let sent: Value = serde_json::from_slice(&gate.upstream.received()[0].body).unwrap();
        assert_eq!(sent["messages"][1 + marked]["content"], expected);
        assert_eq!(gate.event().await.spotlit, marked);
        let reply = gate.send("POST", "/v1/chat/completions", &[], body("a b o m b").to_string().into_bytes()).await;
        assert_eq!(reply.status, 200);
        let reply = gate.send("POST", "/v1/chat/completions", &[], body("a bomb").to_string().into_bytes()).await;
        assert_eq!(reply.header("x-jingwei-verdict"), "block", "{how}");

        let gate = Gate::with(Engine::clone(&engine_with(&policy, None)), vec![Behaviour::Echo], |_| {}).await;
        let reply = gate.send("POST", "/v1/chat/completions", &[], body(result).to_string().into_bytes()).await;
        assert_eq!(reply.status, if marked == 1 { 500 } else { 200 }, "without randomness nothing goes on unmarked");
    }
}

#[tokio::test]
async fn readiness_tells_how_old_lexicons_are_and_how_detectors_stand() {
    let mut set = set();
    let state = |state: &'static str| DetectorState { id: "qwen".to_owned(), state: Arc::new(move || state) };
    set.detectors = vec![state("closed"), state("open"), state("closed")];
    let gate = Gate::with(set, vec![Behaviour::json(200, &json!({ "data": [] }))], |_| {}).await;
    let ready = gate.send("GET", "/readyz", &[], Vec::new()).await.json();
    assert_eq!(ready["detectors"], json!({ "qwen": "open" }));
    let ages = ready["days_since_lexicon_update"].as_object().unwrap();
    assert_eq!(ages.len(), 3);
    assert!(ages.iter().all(|(policy, days)| policy.contains("@sha256-") && days.is_null()), "no rule uses a lexicon");
}
