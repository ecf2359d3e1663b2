use jingwei_core::{ComponentKind, ExposureFacts, Limits};
use jingwei_testkit::{FixedExposure, World};

use crate::support::{Seen, check_named, component};

fn scan(url: &str, facts: ExposureFacts) -> Seen {
    let world = World { exposure: FixedExposure(facts), ..World::default() };
    let mut endpoint = component(ComponentKind::Endpoint, "");
    endpoint.url = Some(url.to_owned());
    Seen::of(check_named("scan.endpoint").run(&endpoint, &world.ctx(), &Limits::default()).unwrap())
}

fn answers(without: Option<u16>, wrong: Option<u16>) -> ExposureFacts {
    ExposureFacts {
        status_without_credentials: without,
        status_with_wrong_credentials: wrong,
        ..ExposureFacts::default()
    }
}

#[test]
fn whether_credentials_are_needed_is_told_only_when_known() {
    for (without, wrong, metric, rule) in [
        (Some(200), None, Some(0.0), Some("endpoint.no-authentication")),
        (Some(204), Some(401), Some(0.0), Some("endpoint.no-authentication")),
        (Some(401), Some(401), Some(1.0), None),
        (Some(403), None, Some(1.0), None),
        (Some(401), Some(200), Some(0.0), Some("endpoint.any-key-accepted")),
        (Some(404), None, None, Some("endpoint.unreachable")),
        (Some(302), None, None, Some("endpoint.unreachable")),
        (Some(500), Some(500), None, Some("endpoint.unreachable")),
        (None, None, None, Some("endpoint.unreachable")),
    ] {
        let seen = scan("https://models.example.com:9443/v1", answers(without, wrong));
        assert_eq!(seen.metric("requires_credentials"), metric, "{without:?} {wrong:?}");
        let place = rule.map(|rule| format!("{rule} models.example.com:9443"));
        assert_eq!(seen.lines(), Vec::from_iter(place), "{without:?} {wrong:?}");
    }
    let facts = ExposureFacts { unreachable: Some("refused".to_owned()), ..answers(Some(200), None) };
    assert_eq!(scan("https://x:9443", facts).metric("requires_credentials"), None);
}

#[test]
fn a_local_model_server_as_it_is_usually_started() {
    let facts = ExposureFacts { listens_on: Some(vec!["0.0.0.0:8080".to_owned()]), ..answers(Some(200), Some(200)) };
    let seen = scan("http://127.0.0.1:8080/v1", facts);
    assert_eq!(
        seen.lines(),
        [
            "endpoint.plain-http-loopback 127.0.0.1:8080",
            "endpoint.default-port 127.0.0.1:8080",
            "endpoint.bound-to-all-interfaces 127.0.0.1:8080",
            "endpoint.no-authentication 127.0.0.1:8080",
        ]
    );
    assert!(seen.findings[1].message.en.contains("llama.cpp"));
}

#[test]
fn a_password_in_an_address_is_not_repeated() {
    let seen = scan("https://user:hunter2@models.example.com/v1", answers(Some(200), None));
    assert_eq!(seen.lines(), ["endpoint.invalid-url"]);
    assert!(!seen.findings[0].message.en.contains("hunter2"));
}
