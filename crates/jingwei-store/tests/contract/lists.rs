//! Pages of any size, put together, are the whole list in its order.

use std::cmp::Reverse;

use jingwei_core::{ComponentId, Priority, SystemId};
use jingwei_store::{
    AssessmentFilter, ControlFilter, ControlState, Cursor, EvidenceAge, EvidenceFilter, GateDecisionFilter,
    OverrideFilter, Page, Risk, RiskFilter, Store, StoreError, SystemFilter, TreatmentFilter, TreatmentStatus,
};

use crate::{samples::*, world::World};

const SYSTEMS: [&str; 4] = ["a-desk", "A-shop", "a.lab", "b_bot"];

/// 60 risks in 4 systems, spread by a fixed rule.
fn risks() -> Vec<Risk> {
    let one = |n: usize| {
        let mut made =
            risk(SYSTEMS[n * 7 % 4], &format!("r{}", n * 37 % 61), u8::try_from(n * 5 % 11 % 5).unwrap() + 1).row;
        made.title.en = format!("title {}", n % 9);
        made
    };
    (0..60).map(one).collect()
}

async fn fill_risks(store: &Store) {
    let mut tx = store.write("ann", at(0)).await.unwrap();
    for id in SYSTEMS {
        tx.put_system(&system(id)).await.unwrap();
    }
    for row in risks() {
        tx.put_risk(&jingwei_store::Detail { row, document: document("{}") }).await.unwrap();
    }
    tx.save().await.unwrap();
}

/// What a list of risks is, told slowly.
fn expected(filter: &RiskFilter) -> Vec<Risk> {
    let mut rows = risks();
    rows.retain(|risk| {
        filter.system.as_ref().is_none_or(|system| risk.system == *system)
            && filter.min_effective_grade.is_none_or(|least| risk.effective_grade >= least)
            && filter.priority.is_none_or(|priority| risk.priority == priority)
            && filter.text.as_ref().is_none_or(|text| risk.title.en.contains(text.as_str()))
    });
    rows.sort_by(|a, b| {
        (Reverse(a.effective_grade), &a.system, &a.risk).cmp(&(Reverse(b.effective_grade), &b.system, &b.risk))
    });
    rows
}

pub async fn risks_come_as_the_slow_model_tells(world: World) {
    fill_risks(&world.store).await;
    for system in [None, Some(SystemId::new("A-shop").unwrap()), Some(SystemId::new("nowhere").unwrap())] {
        for min_effective_grade in [None, Some(grade(1)), Some(grade(3)), Some(grade(5))] {
            for priority in [None, Some(Priority::Low), Some(Priority::High), Some(Priority::Medium)] {
                for text in [None, Some("title 3".to_owned())] {
                    let filter = RiskFilter { system: system.clone(), min_effective_grade, priority, text };
                    let expected = expected(&filter);
                    for limit in [3, 200] {
                        let found = whole_list(async |page| world.store.risks(&filter, &page).await, limit).await;
                        assert_eq!(found, expected, "{filter:?} by {limit}");
                    }
                }
            }
        }
    }
    let all = RiskFilter::default();
    assert_eq!(whole_list(async |page| world.store.risks(&all, &page).await, 1).await.len(), 60);
}

pub async fn rows_that_come_and_go_neither_repeat_nor_hide_others(world: World) {
    fill_risks(&world.store).await;
    let all = RiskFilter::default();
    let first = world.store.risks(&all, &Page::new(None, 10).unwrap()).await.unwrap();
    // The row that the cursor stands at goes to the end, and a new one comes before it.
    let last = first.items.last().unwrap();
    let mut tx = world.store.write("ann", at(1)).await.unwrap();
    tx.put_risk(&risk(last.system.as_str(), last.risk.as_str(), 1)).await.unwrap();
    tx.put_risk(&risk("A-shop", "new", 5)).await.unwrap();
    tx.save().await.unwrap();
    let second = world.store.risks(&all, &Page::new(first.next, 10).unwrap()).await.unwrap();
    assert_eq!(second.items, expected(&all)[10..20]);
}

async fn fill_history(store: &Store) {
    fill(store).await;
    let mut tx = store.write("ann", at(0)).await.unwrap();
    tx.put_system(&system("desk")).await.unwrap();
    for n in 0..7 {
        // Several rows share their time.
        let second = i64::from(n / 3);
        tx.add_treatment(&treatment(&format!("t1{n}"), second)).await.unwrap();
        tx.add_override(&made_override(&format!("o1{n}"), second, 10 * i64::from(n))).await.unwrap();
        tx.add_token(&token(&format!("k1{n}"), second)).await.unwrap();
        let id = format!("a{n}");
        let mut made = run(&id, second);
        made.gate = Some(gate(&format!("g{n}"), &id, second));
        made.evidence = vec![
            evidence("shop", "model", "scan.model", i64::from(n)),
            evidence("shop", "chat", "probe.refusal", i64::from(n)),
            evidence("shop", "chat", "scan.endpoint", -i64::from(n)),
        ];
        made.controls.push(control("shop", "red-team"));
        tx.save_assessment(&made).await.unwrap();
    }
    let mut failing = control("desk", "red-team");
    failing.row.state = ControlState::Failing;
    tx.put_control(&failing).await.unwrap();
    tx.save().await.unwrap();
}

pub async fn pages_of_every_list_make_the_whole(world: World) {
    fill_history(&world.store).await;
    let store = &world.store;
    let shop = || Some(system_id("shop"));
    macro_rules! check {
        ($($size:expr, |$page:ident| $list:expr, |$row:ident| $key:expr;)+) => {$(
            let whole = whole_list(async |$page: Page| $list.await, 200).await;
            assert_eq!(whole.len(), $size, stringify!($list));
            let keys: Vec<_> = whole.iter().map(|$row| $key).collect();
            assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{}: {keys:?}", stringify!($list));
            for limit in [1, 2, 5] {
                let walked = whole_list(async |$page: Page| $list.await, limit).await;
                assert_eq!(walked, whole, "{} by {limit}", stringify!($list));
            }
        )+};
    }
    let systems = SystemFilter::default();
    let controls = ControlFilter::default();
    let failing = ControlFilter { state: Some(ControlState::Failing), ..Default::default() };
    let treatments = TreatmentFilter::default();
    let proposed = TreatmentFilter {
        system: shop(),
        risk: Some(risk_id("harmful-output")),
        status: Some(TreatmentStatus::Proposed),
    };
    let overrides = OverrideFilter { system: shop(), ..Default::default() };
    let in_force = OverrideFilter { in_force_at: Some(at(30)), risk: Some(risk_id("harmful-output")), system: shop() };
    let assessments = AssessmentFilter { system: shop() };
    let gates = GateDecisionFilter { system: shop(), stage: Some(jingwei_core::Stage::Operate) };
    let evidence = EvidenceFilter { system: system_id("shop"), component: None, check: None, age: EvidenceAge::All };
    let newest = EvidenceFilter { age: EvidenceAge::Newest, ..evidence.clone() };
    let of_chat = EvidenceFilter { component: Some(ComponentId::new("chat").unwrap()), ..newest.clone() };
    let id = |row: &dyn std::fmt::Display| row.to_string();
    check! {
        2, |page| store.systems(&systems, &page), |row| id(&row.id);
        2, |page| store.components(&system_id("shop"), &page), |row| id(&row.id);
        3, |page| store.controls(&controls, &page), |row| (id(&row.system), id(&row.control));
        1, |page| store.controls(&failing, &page), |row| id(&row.control);
        8, |page| store.treatments(&treatments, &page), |row| Reverse((row.created_at, id(&row.id)));
        8, |page| store.treatments(&proposed, &page), |row| Reverse((row.created_at, id(&row.id)));
        8, |page| store.overrides(&overrides, &page), |row| Reverse((row.created_at, id(&row.id)));
        4, |page| store.overrides(&in_force, &page), |row| Reverse((row.created_at, id(&row.id)));
        8, |page| store.assessments(&assessments, &page), |row| Reverse((row.as_of, id(&row.id)));
        8, |page| store.gate_decisions(&gates, &page), |row| Reverse((row.decided_at, id(&row.id)));
        21, |page| store.evidence_list(&evidence, &page), |row| Reverse((row.observed_at, row.digest));
        3, |page| store.evidence_list(&newest, &page), |row| Reverse((row.observed_at, row.digest));
        2, |page| store.evidence_list(&of_chat, &page), |row| Reverse((row.observed_at, row.digest));
        8, |page| store.tokens(&page), |row| Reverse((row.created_at, id(&row.id)));
        34, |page| store.audit(&Default::default(), &page), |row| Reverse(row.seq);
    }
    let newest = whole_list(async |page| store.evidence_list(&newest, &page).await, 200).await;
    let seen: Vec<_> = newest.iter().map(|row| (row.check.as_str(), row.observed_at)).collect();
    assert!(seen.contains(&("scan.model", at(6))) && seen.contains(&("scan.endpoint", at(0))), "{seen:?}");
}

pub async fn the_audit_is_found_by_actor_and_noun(world: World) {
    fill(&world.store).await;
    let mut tx = world.store.write("bob", at(5)).await.unwrap();
    tx.put_risk(&risk("shop", "supply-chain", 3)).await.unwrap();
    tx.save().await.unwrap();
    for (actor, noun, noun_id, found) in [
        (None, None, None, 5),
        (Some("bob"), None, None, 1),
        (Some("carl"), None, None, 0),
        (None, Some("risk"), Some("shop/supply-chain"), 1),
        (Some("ann"), Some("risk"), None, 0),
        (None, Some("token"), None, 1),
    ] {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let filter = jingwei_store::AuditFilter { actor: owned(actor), noun: owned(noun), noun_id: owned(noun_id) };
        let page = world.store.audit(&filter, &Page::default()).await.unwrap();
        assert_eq!(page.items.len(), found, "{filter:?}");
    }
    let hostile = jingwei_store::AuditFilter { actor: Some("a\0".to_owned()), ..Default::default() };
    assert!(matches!(world.store.audit(&hostile, &Page::default()).await, Err(StoreError::Nul { .. })));
}

pub async fn a_cursor_serves_its_own_list_only(world: World) {
    fill_history(&world.store).await;
    let cursor = |listed: Option<Cursor>| Page::new(Some(listed.unwrap()), 1).unwrap();
    let one = Page::new(None, 1).unwrap();
    let store = &world.store;
    let treatments = cursor(store.treatments(&TreatmentFilter::default(), &one).await.unwrap().next);
    let risks = cursor(store.risks(&RiskFilter::default(), &one).await.unwrap().next);
    let of_shop = RiskFilter { system: Some(system_id("shop")), ..RiskFilter::default() };
    for foreign in [&treatments, &risks] {
        let refused = store.tokens(foreign).await;
        assert!(matches!(refused, Err(StoreError::BadCursor)), "{refused:?}");
        assert!(matches!(store.risks(&of_shop, foreign).await, Err(StoreError::BadCursor)));
    }
    // What a caller may make up: the right list, and a key of another length or type.
    for made_up in [r#"["tokens",[]]"#, r#"["tokens",["x","y"]]"#, r#"["tokens",[1,2]]"#, r#"["tokens",[1,"a",2]]"#] {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let page = Page::new(Some(URL_SAFE_NO_PAD.encode(made_up).parse().unwrap()), 1).unwrap();
        assert!(matches!(store.tokens(&page).await, Err(StoreError::BadCursor)), "{made_up}");
    }
}
