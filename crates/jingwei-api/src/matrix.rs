//! Who may do what, asked over HTTP: every route of the OpenAPI document by every role. A route without a row here
//! fails, so that a new one is thought about.

use std::{collections::BTreeMap, fmt::Write};

use axum::http::Method;
use jingwei_app::access::{AccessRole, Action, allowed};
use serde_json::{Value, json};

use crate::testing::{self, Api, Ask};

/// A request that would succeed for somebody who may: its path and its body.
fn rows(facts: &Value) -> BTreeMap<&'static str, (String, Option<Value>)> {
    let fact = |key: &str| facts[key].as_str().unwrap().to_owned();
    let (risk, control) = (fact("risk"), fact("control"));
    let treatment = json!({
        "system": "shop", "risk": risk, "option": "mitigate", "owner": "a", "reason": "b",
    });
    let loosened = json!({
        "system": "shop", "risk": risk, "grade": 1, "reason": "b", "expires_at": "2030-01-01T00:00:00Z",
    });
    let read = |path: String| (path, None);
    BTreeMap::from([
        ("GET /systems", read("/systems".into())),
        ("GET /systems/{system}", read("/systems/shop".into())),
        ("GET /systems/{system}/risks/{risk}", read(format!("/systems/shop/risks/{risk}"))),
        ("GET /systems/{system}/controls/{control}", read(format!("/systems/shop/controls/{control}"))),
        ("GET /systems/{system}/evidence", read("/systems/shop/evidence".into())),
        ("GET /risks", read("/risks".into())),
        ("GET /controls", read("/controls".into())),
        ("GET /evidence/{digest}", read(format!("/evidence/{}", fact("evidence")))),
        ("GET /assessments", read("/assessments".into())),
        ("POST /assessments", ("/assessments".into(), Some(json!({ "system": "shop" })))),
        ("GET /assessments/{id}", read(format!("/assessments/{}", fact("assessment")))),
        ("GET /gates", read("/gates".into())),
        ("GET /gates/{id}", read(format!("/gates/{}", fact("gate")))),
        ("GET /treatments", read("/treatments".into())),
        ("POST /treatments", ("/treatments".into(), Some(treatment))),
        ("GET /treatments/{id}", read(format!("/treatments/{}", fact("treatment")))),
        // Rejected already: whoever may decide learns that it is too late.
        (
            "POST /treatments/{id}/decision",
            (format!("/treatments/{}/decision", fact("treatment")), Some(json!({ "verdict": "done" }))),
        ),
        ("GET /overrides", read("/overrides".into())),
        ("POST /overrides", ("/overrides".into(), Some(loosened))),
        ("DELETE /overrides/{id}", read(format!("/overrides/{}", fact("override")))),
        ("GET /tokens", read("/tokens".into())),
        ("POST /tokens", ("/tokens".into(), Some(json!({ "name": "x", "role": "auditor" })))),
        ("DELETE /tokens/{id}", read("/tokens/tok-none".into())),
        ("GET /ledger/checkpoint", read("/ledger/checkpoint".into())),
        ("GET /ledger/entries/{index}", read("/ledger/entries/0".into())),
        ("GET /ledger/proofs/inclusion", read("/ledger/proofs/inclusion?index=0".into())),
        ("GET /ledger/proofs/consistency", read("/ledger/proofs/consistency?from=1".into())),
        ("GET /audit", read("/audit".into())),
        ("GET /catalog", read("/catalog".into())),
        ("GET /catalog/{folder}", read("/catalog/risks".into())),
        ("GET /catalog/{folder}/{id}", read("/catalog/risks/R101".into())),
    ])
}

async fn facts(api: &Api) -> Value {
    let first = async |path: &str, key: &str| api.get(path).await["items"][0][key].clone();
    let risk = first("/api/v1/risks?limit=1", "code").await;
    let treatment = json!({ "system": "shop", "risk": risk, "option": "avoid", "owner": "a", "reason": "b" });
    let treatment = api.post("/api/v1/treatments", &treatment).await.1["treatment"]["id"].clone();
    let path = format!("/api/v1/treatments/{}/decision", treatment.as_str().unwrap());
    assert_eq!(api.post(&path, &json!({ "verdict": "reject" })).await.0, 200);
    let loosened = json!({
        "system": "shop", "risk": risk, "grade": 1, "reason": "b", "expires_at": "2030-01-01T00:00:00Z",
    });
    let loosened = api.post("/api/v1/overrides", &loosened).await.1["change"]["id"].clone();
    json!({
        "risk": risk,
        "control": first("/api/v1/controls?limit=1", "control").await,
        "evidence": first("/api/v1/systems/shop/evidence?limit=1", "digest").await,
        "assessment": first("/api/v1/assessments?limit=1", "id").await,
        "gate": first("/api/v1/gates?limit=1", "id").await,
        "treatment": treatment,
        "override": loosened,
    })
}

/// Routes of the document, without the common prefix.
fn routes() -> Vec<String> {
    let document = serde_json::to_value(crate::document()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/api/v1").unwrap_or_else(|| panic!("{path} lies outside /api/v1"));
        let methods = item.as_object().unwrap().keys().filter(|key| *key != "parameters" && *key != "summary");
        routes.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    routes.sort();
    routes
}

#[test]
fn every_route_answers_every_role_as_it_should() {
    testing::run(async {
        let api = testing::fresh().await;
        let facts = facts(&api).await;
        let mut rows = rows(&facts);
        let mut table =
            format!("{:<42}{:>6}{:>8}{:>10}{:>9}{:>8}\n", "", "nobody", "auditor", "engineer", "officer", "owner");
        for route in routes() {
            let (path, body) = rows.remove(route.as_str()).unwrap_or_else(|| panic!("give {route} a row in matrix.rs"));
            let method: Method = route.split(' ').next().unwrap().parse().unwrap();
            let mut ask = Ask::new(method, &format!("/api/v1{path}"));
            if let Some(body) = body {
                ask = ask.raw(body.to_string(), "application/json");
            }
            write!(table, "{route:<42}{:>6}", api.ask(ask.clone()).await.status).unwrap();
            for (secret, width) in [(&api.auditor, 8), (&api.engineer, 10), (&api.risk_officer, 9), (&api.owner, 8)] {
                let status = api.ask(ask.clone().token(secret)).await.status;
                write!(table, "{status:>width$}").unwrap();
            }
            table.push('\n');
        }
        assert!(rows.is_empty(), "rows without a route: {:?}", rows.keys());
        insta::assert_snapshot!("matrix_of_routes", table);
    });
}

#[test]
fn the_table_of_actions_is_locked() {
    let mut table = format!("{:<42}{}\n", "", "owner  risk_officer  engineer  auditor");
    for action in Action::ALL {
        let may = |role| if allowed(role, *action) { "yes" } else { "-" };
        let [owner, officer, engineer, auditor] =
            [AccessRole::Owner, AccessRole::RiskOfficer, AccessRole::Engineer, AccessRole::Auditor].map(may);
        let line = format!("{:<42}{owner:<7}{officer:<14}{engineer:<10}{auditor}", action.code());
        writeln!(table, "{}", line.trim_end()).unwrap();
    }
    insta::assert_snapshot!("matrix_of_actions", table);
}
