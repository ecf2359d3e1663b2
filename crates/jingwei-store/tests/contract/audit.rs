//! No change without its audit row, and neither without the other.

use std::{collections::BTreeSet, fs, path::Path, pin::Pin, task::Poll};

use jingwei_core::Digest;
use jingwei_store::{
    AssessmentFilter, ControlFilter, Detail, EvidenceAge, EvidenceFilter, GateDecisionFilter, MetaKey, OverrideFilter,
    OverrideId, Page, RiskFilter, Store, StoreError, SystemFilter, TokenId, TreatmentFilter, TreatmentStatus, Tx,
};

use crate::{samples::*, world::World};

type Change = for<'a> fn(&'a mut Tx) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;

macro_rules! changes {
    ($($name:ident => |$tx:ident| $change:expr;)+) => {
        &[$((stringify!($name), (|$tx| Box::pin(async move { $change.await })) as Change),)+]
    };
}

/// Every method that changes something, on a store that `fill` filled.
const CHANGES: &[(&str, Change)] = changes! {
    put_system => |tx| tx.put_system(&system("desk"));
    put_component => |tx| tx.put_component(&component("shop", "tool"));
    put_risk => |tx| tx.put_risk(&risk("shop", "harmful-output", 1));
    put_control => |tx| tx.put_control(&control("shop", "red-team"));
    add_treatment => |tx| tx.add_treatment(&treatment("t2", 1));
    change_treatment => |tx| {
        let mut treatment = treatment("t1", 0);
        treatment.status = TreatmentStatus::Approved;
        async move { tx.change_treatment(&treatment).await }
    };
    add_override => |tx| tx.add_override(&made_override("o2", 1, 2));
    end_override => |tx| tx.end_override(&OverrideId::new("o1").unwrap());
    add_evidence => |tx| tx.add_evidence(&evidence("shop", "model", "scan.model", 5));
    save_assessment => |tx| tx.save_assessment(&run("second", 5));
    add_gate_decision => |tx| tx.add_gate_decision(&gate("g2", "first", 5));
    add_token => |tx| tx.add_token(&token("k2", 5));
    revoke_token => |tx| tx.revoke_token(&TokenId::new("k1").unwrap());
    put_meta => |tx| tx.put_meta(&MetaKey::new("checkpoint").unwrap(), "17");
    note => |tx| tx.note("note", "session", "ann", &summary("{\"from\":\"console\"}"));
};

/// Everything that a reader of the store can see, besides the audit.
async fn picture(store: &Store) -> String {
    let page = Page::new(None, 200).unwrap();
    let newest = EvidenceFilter { system: system_id("shop"), component: None, check: None, age: EvidenceAge::All };
    format!(
        "{:#?}",
        (
            store.systems(&SystemFilter::default(), &page).await.unwrap(),
            store.components(&system_id("shop"), &page).await.unwrap(),
            store.risks(&RiskFilter::default(), &page).await.unwrap(),
            store.controls(&ControlFilter::default(), &page).await.unwrap(),
            store.treatments(&TreatmentFilter::default(), &page).await.unwrap(),
            store.overrides(&OverrideFilter::default(), &page).await.unwrap(),
            store.evidence_list(&newest, &page).await.unwrap(),
            store.assessments(&AssessmentFilter::default(), &page).await.unwrap(),
            store.gate_decisions(&GateDecisionFilter::default(), &page).await.unwrap(),
            store.tokens(&page).await.unwrap(),
            store.meta(&MetaKey::new("checkpoint").unwrap()).await.unwrap(),
        )
    )
}

pub async fn each_change_leaves_one_audit_row(world: World) {
    fill(&world.store).await;
    for (name, change) in CHANGES {
        let (before, rows) = (picture(&world.store).await, audit(&world.store).await.len());
        let mut tx = world.store.write("bob", at(50)).await.unwrap();
        change(&mut tx).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        tx.save().await.unwrap();
        let entries = audit(&world.store).await;
        assert_eq!(entries.len(), rows + 1, "{name}");
        let newest = &entries[0];
        assert_eq!((newest.action.as_str(), newest.actor.as_str(), newest.at), (*name, "bob", at(50)));
        assert!(newest.before != newest.after || *name == "note", "{name}");
        let changed = picture(&world.store).await != before;
        assert_eq!(changed, *name != "note", "{name} changes what a reader sees");
    }
}

pub async fn a_rollback_leaves_neither(world: World) {
    fill(&world.store).await;
    let before = (picture(&world.store).await, audit(&world.store).await);
    for (name, change) in CHANGES {
        let mut dropped = world.store.write("bob", at(50)).await.unwrap();
        change(&mut dropped).await.unwrap();
        drop(dropped);
        let mut discarded = world.store.write("bob", at(50)).await.unwrap();
        change(&mut discarded).await.unwrap();
        discarded.discard().await.unwrap();
        assert_eq!((picture(&world.store).await, audit(&world.store).await), before, "{name}");
    }
    // The numbers of what was undone are used again.
    let mut tx = world.store.write("bob", at(51)).await.unwrap();
    tx.put_system(&system("desk")).await.unwrap();
    tx.save().await.unwrap();
    let numbers: Vec<u64> = audit(&world.store).await.iter().rev().map(|entry| entry.seq).collect();
    assert_eq!(numbers, (1..=5).collect::<Vec<_>>());
}

/// Reads the source: a method that changes something and is not in the table above fails this test.
#[test]
fn the_table_of_changes_is_complete() {
    let mut methods = BTreeSet::new();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        for block in source.split("\nimpl Tx {").skip(1) {
            let block = block.split("\n}").next().unwrap();
            for method in block.split("\n    pub async fn ").skip(1) {
                let (signature, _) = method.split_once('{').unwrap();
                if signature.contains("&mut self") && signature.contains("Result<(), StoreError>") {
                    methods.insert(signature.split('(').next().unwrap().to_owned());
                }
            }
        }
    }
    let tried: BTreeSet<String> = CHANGES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(methods, tried);
}

pub async fn after_a_failed_step_nothing_can_be_saved(world: World) {
    fill(&world.store).await;
    let before = (picture(&world.store).await, audit(&world.store).await);

    // The second statement of the step fails: the risk's system is unknown.
    let mut tx = world.store.write("bob", at(50)).await.unwrap();
    tx.put_system(&system("desk")).await.unwrap();
    let error = tx.put_risk(&risk("nowhere", "harmful-output", 3)).await.unwrap_err();
    assert!(matches!(error, StoreError::Dangling { noun: "risk", .. }), "{error}");
    assert!(matches!(tx.put_system(&system("desk")).await, Err(StoreError::Broken)));
    assert!(matches!(tx.save().await, Err(StoreError::Broken)));

    // The register has been emptied when the second of two equal risks fails.
    let mut doubled = run("second", 5);
    doubled.risks.push(doubled.risks[0].clone());
    let mut tx = world.store.write("bob", at(50)).await.unwrap();
    let error = tx.save_assessment(&doubled).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { noun: "assessment", .. }), "{error}");
    assert!(matches!(tx.save().await, Err(StoreError::Broken)));

    assert_eq!((picture(&world.store).await, audit(&world.store).await), before);
}

pub async fn a_step_that_the_caller_gave_up_cannot_be_saved(world: World) {
    fill(&world.store).await;
    let before = (picture(&world.store).await, audit(&world.store).await);
    let second = run("second", 5);
    for waits in 0..40 {
        let mut tx = world.store.write("bob", at(50)).await.unwrap();
        let mut step = Box::pin(tx.save_assessment(&second));
        let mut left = waits;
        let through = std::future::poll_fn(|context| match step.as_mut().poll(context) {
            Poll::Ready(result) => Poll::Ready(result.is_ok()),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => {
                left -= 1;
                Poll::Pending
            }
        })
        .await;
        drop(step);
        if through {
            tx.discard().await.unwrap();
        } else {
            assert!(matches!(tx.put_system(&system("desk")).await, Err(StoreError::Broken)), "after {waits} waits");
            assert!(matches!(tx.save().await, Err(StoreError::Broken)), "after {waits} waits");
        }
        assert_eq!((picture(&world.store).await, audit(&world.store).await), before);
    }
}

pub async fn a_refused_value_leaves_the_transaction_whole(world: World) {
    let mut tx = world.store.write("bob", at(50)).await.unwrap();
    let mut bad = system("shop");
    bad.row.owner = "Ann\0".to_owned();
    assert!(matches!(tx.put_system(&bad).await, Err(StoreError::Nul { column: "owner", .. })));
    tx.put_system(&system("shop")).await.unwrap();
    tx.save().await.unwrap();
    assert_eq!(audit(&world.store).await.len(), 1);
}

pub async fn the_audit_says_what_changed(world: World) {
    let mut tx = world.store.write("ann", at(1)).await.unwrap();
    tx.put_system(&system("shop")).await.unwrap();
    let mut next = system("shop");
    next.row.owner = "x".repeat(2000);
    next.document = document("{\"secret-plan\":1}");
    tx.put_system(&next).await.unwrap();
    tx.add_token(&token("k1", 0)).await.unwrap();
    tx.save().await.unwrap();

    let entries = audit(&world.store).await;
    let (token_entry, change, first) = (&entries[0], &entries[1], &entries[2]);
    assert_eq!(first.before, None);
    assert_eq!(change.before, first.after);
    assert_eq!((change.noun.as_str(), change.noun_id.as_str()), ("system", "shop"));
    let detail: serde_json::Value = change.detail.read().unwrap();
    let short = format!("{}…", "x".repeat(1000));
    assert_eq!(detail, serde_json::json!({"owner": {"from": "Ann", "to": short}}));
    let hash: Digest = token("k1", 0).hash;
    assert!(!token_entry.detail.as_str().contains(&hash.to_string()), "the audit repeats no token digest");
}

pub async fn an_assessment_names_the_report_before_it(world: World) {
    for (id, as_of) in [("first", 1), ("second", 2)] {
        let mut tx = world.store.write("ann", at(as_of)).await.unwrap();
        tx.save_assessment(&run(id, as_of)).await.unwrap();
        tx.save().await.unwrap();
    }
    let entries = audit(&world.store).await;
    assert_eq!(entries[0].before, Some(assessment("first", "shop", 1).report));
    assert_eq!(entries[0].after, Some(assessment("second", "shop", 2).report));
    let detail: serde_json::Value = entries[0].detail.read().unwrap();
    assert_eq!(detail["risks"], 2);
}

pub async fn what_exists_is_not_added_and_what_does_not_is_not_changed(world: World) {
    fill(&world.store).await;
    let rows = audit(&world.store).await.len();
    let mut tx = world.store.write("bob", at(50)).await.unwrap();
    let unknown = treatment("t9", 0);
    assert!(matches!(tx.add_treatment(&treatment("t1", 0)).await, Err(StoreError::Conflict { .. })));
    assert!(matches!(tx.add_token(&token("k1", 0)).await, Err(StoreError::Conflict { .. })));
    assert!(matches!(tx.change_treatment(&unknown).await, Err(StoreError::Missing { .. })));
    assert!(matches!(tx.revoke_token(&TokenId::new("k9").unwrap()).await, Err(StoreError::Missing { .. })));
    assert!(matches!(tx.end_override(&OverrideId::new("o9").unwrap()).await, Err(StoreError::Missing { .. })));
    tx.save().await.unwrap();
    assert_eq!(audit(&world.store).await.len(), rows);

    // Another token with the same digest would let two names in by one secret.
    let mut tx = world.store.write("bob", at(50)).await.unwrap();
    let mut twin = token("k2", 0);
    twin.hash = token("k1", 0).hash;
    assert!(matches!(tx.add_token(&twin).await, Err(StoreError::Conflict { noun: "token", .. })));
}

pub async fn evidence_stays_as_it_was_entered(world: World) {
    fill(&world.store).await;
    let first = evidence("shop", "model", "scan.model", 0);
    let mut later = Detail { document: document("{\"kind\":\"forged\"}"), ..first.clone() };
    later.row.ledger_index = 99;
    let mut tx = world.store.write("bob", at(50)).await.unwrap();
    tx.add_evidence(&later).await.unwrap();
    tx.save().await.unwrap();
    assert_eq!(world.store.evidence(&first.row.digest).await.unwrap(), Some(first));
    let newest = &audit(&world.store).await[0];
    assert_eq!(newest.before, newest.after);
}
