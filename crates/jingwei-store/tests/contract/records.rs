//! What was written is what is read, whatever it holds.

use jingwei_core::{ComponentId, ControlId, Digest, Grade, Timestamp};
use jingwei_store::{
    AssessmentId, Detail, EvidenceAge, EvidenceFilter, GateDecisionId, MAX_DOCUMENT_BYTES, MAX_TEXT_BYTES, MetaKey,
    OverrideFilter, Page, RiskFilter, StoreError, TokenId, TreatmentId,
};

use crate::{samples::*, world::World};

pub async fn every_record_reads_back(world: World) {
    fill(&world.store).await;
    let store = &world.store;
    let page = Page::default();
    let shop = system_id("shop");
    assert_eq!(store.system(&shop).await.unwrap(), Some(system("shop")));
    let model = ComponentId::new("model").unwrap();
    assert_eq!(store.component(&shop, &model).await.unwrap(), Some(component("shop", "model")));
    let found = store.risk(&shop, &risk_id("harmful-output")).await.unwrap();
    assert_eq!(found, Some(risk("shop", "harmful-output", 4)));
    let guardrail = ControlId::new("output-guardrail").unwrap();
    assert_eq!(store.control(&shop, &guardrail).await.unwrap(), Some(control("shop", "output-guardrail")));
    assert_eq!(store.treatment(&TreatmentId::new("t1").unwrap()).await.unwrap(), Some(treatment("t1", 0)));
    let overrides = store.overrides(&OverrideFilter::default(), &page).await.unwrap();
    assert_eq!(overrides.items, [made_override("o1", 0, 1000)]);
    let seen = evidence("shop", "model", "scan.model", 0);
    assert_eq!(store.evidence(&seen.row.digest).await.unwrap(), Some(seen));
    let first = AssessmentId::new("first").unwrap();
    assert_eq!(store.assessment(&first).await.unwrap(), Some(assessment("first", "shop", 0)));
    let decided = store.gate_decision(&GateDecisionId::new("gate-first").unwrap()).await.unwrap();
    assert_eq!(decided, Some(gate("gate-first", "first", 0)));
    assert_eq!(store.token(&TokenId::new("k1").unwrap()).await.unwrap(), Some(token("k1", 0)));
    assert_eq!(store.token_by_hash(&token("k1", 0).hash).await.unwrap(), Some(token("k1", 0)));
    assert_eq!(store.token_by_hash(&Digest::of(b"")).await.unwrap(), None);
    assert_eq!(store.meta(&MetaKey::new("checkpoint").unwrap()).await.unwrap(), None);
}

pub async fn extreme_values_read_back(world: World) {
    let mut tx = world.store.write("ann", at(0)).await.unwrap();
    tx.put_system(&system("shop")).await.unwrap();
    for (n, micros) in [i64::MIN, -1, 0, i64::MAX].into_iter().enumerate() {
        let mut extreme = risk("shop", &format!("r{n}"), 5);
        extreme.row.assessed_at = Timestamp::from_micros(micros);
        extreme.row.asserted_grade = Some(Grade::LOW);
        extreme.row.stale = true;
        tx.put_risk(&extreme).await.unwrap();
        assert_eq!(tx.risk(&extreme.row.system, &extreme.row.risk).await.unwrap(), Some(extreme));
    }
    let mut late = evidence("shop", "model", "scan.model", 0);
    late.row.ledger_index = u64::try_from(i64::MAX).unwrap();
    tx.add_evidence(&late).await.unwrap();
    tx.save().await.unwrap();
    assert_eq!(world.store.evidence(&late.row.digest).await.unwrap().unwrap().row.ledger_index, late.row.ledger_index);

    let mut beyond = evidence("shop", "model", "scan.model", 1);
    beyond.row.ledger_index = u64::MAX;
    let mut tx = world.store.write("ann", at(0)).await.unwrap();
    let error = tx.add_evidence(&beyond).await.unwrap_err();
    assert!(matches!(error, StoreError::BadValue { column: "ledger_index", .. }), "{error}");
}

const HOSTILE: &[&str] = &[
    "",
    "'; DROP TABLE risks; --",
    "\"quoted\" `and` $1 ?1 :name",
    "\\ \\' \\0 \\x00 %s _ %",
    "line\r\nbreak\ttab\u{1b}[31m",
    "中文 😀 e\u{301} \u{202e}desrever \u{feff}",
    "\u{10ffff}\u{1}\u{7f}",
];

pub async fn any_text_reads_back(world: World) {
    for text in HOSTILE {
        let mut tx = world.store.write(text, at(0)).await.unwrap();
        let mut odd = system("shop");
        odd.row.owner = (*text).to_owned();
        odd.row.name.zh = (*text).to_owned();
        odd.document = jingwei_store::Document::of(text).unwrap();
        tx.put_system(&odd).await.unwrap();
        let key = MetaKey::new("checkpoint").unwrap();
        tx.put_meta(&key, text).await.unwrap();
        tx.save().await.unwrap();
        assert_eq!(world.store.system(&odd.row.id).await.unwrap(), Some(odd), "{text:?}");
        assert_eq!(world.store.meta(&key).await.unwrap().as_deref(), Some(*text));
        assert_eq!(audit(&world.store).await[0].actor, *text);
    }
}

pub async fn a_search_finds_its_text_and_nothing_else(world: World) {
    let titles =
        ["100% sure", "100 percent", "a_b", "axb", "back\\slash", "it's", "Harmful OUTPUT", "有害内容输出", "ÄRGER"];
    let mut tx = world.store.write("ann", at(0)).await.unwrap();
    tx.put_system(&system("shop")).await.unwrap();
    for (n, title) in titles.iter().enumerate() {
        let mut titled = risk("shop", &format!("r{n}"), 3);
        titled.row.title = jingwei_core::Text::new("标题", *title);
        titled.row.code = format!("R{n}");
        tx.put_risk(&titled).await.unwrap();
    }
    tx.save().await.unwrap();
    for (text, expected) in [
        ("0%", &["100% sure"][..]),
        ("a_b", &["a_b"]),
        ("\\", &["back\\slash"]),
        ("'", &["it's"]),
        ("harmful output", &["Harmful OUTPUT"]),
        ("HARMFUL", &["Harmful OUTPUT"]),
        ("有害", &["有害内容输出"]),
        ("R3", &["axb"]),
        ("nothing like it", &[]),
    ] {
        let filter = RiskFilter { text: Some(text.to_owned()), ..RiskFilter::default() };
        let found = world.store.risks(&filter, &Page::default()).await.unwrap();
        let found: Vec<&str> = found.items.iter().map(|risk| risk.title.en.as_str()).collect();
        assert_eq!(found, expected, "{text}");
    }
    for (text, refused) in [("a\0", true), (&*"x".repeat(257), true), (&*"x".repeat(256), false), ("", false)] {
        let filter = RiskFilter { text: Some(text.to_owned()), ..RiskFilter::default() };
        assert_eq!(world.store.risks(&filter, &Page::default()).await.is_err(), refused, "{} bytes", text.len());
    }
}

pub async fn a_nul_is_refused_wherever_text_goes(world: World) {
    let nul = || "a\0b".to_owned();
    assert!(matches!(world.store.write("a\0b", at(0)).await, Err(StoreError::Nul { column: "actor", .. })));
    let mut tx = world.store.write("ann", at(0)).await.unwrap();
    let mut refused = Vec::new();
    let mut see = |result: Result<(), StoreError>| match result {
        Err(StoreError::Nul { noun, column }) => refused.push(format!("{noun}.{column}")),
        other => panic!("{other:?}"),
    };
    let mut bad = system("shop");
    bad.row.name.en = nul();
    see(tx.put_system(&bad).await);
    let mut bad = risk("shop", "r", 1);
    bad.row.code = nul();
    see(tx.put_risk(&bad).await);
    let mut bad = risk("shop", "r", 1);
    bad.row.title.zh = nul();
    see(tx.put_risk(&bad).await);
    let mut bad = treatment("t1", 0);
    bad.decided_by = Some(nul());
    see(tx.add_treatment(&bad).await);
    let mut bad = made_override("o1", 0, 1);
    bad.reason = nul();
    see(tx.add_override(&bad).await);
    let mut bad = token("k1", 0);
    bad.name = nul();
    see(tx.add_token(&bad).await);
    see(tx.put_meta(&MetaKey::new("k").unwrap(), "\0").await);
    see(tx.note("note", "session", "\0", &summary("{}")).await);
    let columns = [
        "system.name_en",
        "risk.code",
        "risk.title_zh",
        "treatment.decided_by",
        "override.reason",
        "token.name",
        "meta.value",
        "audit.noun_id",
    ];
    assert_eq!(refused, columns);
    // In JSON it is an escape, which is text like any other.
    let mut fine = system("shop");
    fine.document = document("{\"a\":\"\\u0000\"}");
    tx.put_system(&fine).await.unwrap();
    assert_eq!(tx.system(&fine.row.id).await.unwrap(), Some(fine));
}

pub async fn large_documents_are_kept_and_larger_ones_refused(world: World) {
    let sized = |bytes: usize| document(&format!("\"{}\"", "x".repeat(bytes - 2)));
    let mut tx = world.store.write("ann", at(0)).await.unwrap();
    let ten_megabytes = Detail { document: sized(10 << 20), ..system("shop") };
    tx.put_system(&ten_megabytes).await.unwrap();
    let beyond = Detail { document: sized(MAX_DOCUMENT_BYTES + 1), ..system("shop") };
    let error = tx.put_system(&beyond).await.unwrap_err();
    assert!(matches!(error, StoreError::TooLong { column: "manifest", limit: MAX_DOCUMENT_BYTES, .. }), "{error}");
    for (bytes, kept) in [(MAX_TEXT_BYTES, true), (MAX_TEXT_BYTES + 1, false)] {
        let mut long = risk("shop", "r", 1);
        long.row.title.en = "长".repeat(bytes / 3) + &"x".repeat(bytes % 3);
        assert_eq!(tx.put_risk(&long).await.is_ok(), kept, "{bytes} bytes");
    }
    tx.save().await.unwrap();
    assert_eq!(world.store.system(&system_id("shop")).await.unwrap(), Some(ten_megabytes));
    for (bytes, kept) in [(300, true), (301, false)] {
        assert_eq!(world.store.write(&"a".repeat(bytes), at(0)).await.is_ok(), kept, "{bytes} bytes");
    }
}

pub async fn an_assessment_replaces_the_register_and_adds_to_history(world: World) {
    fill(&world.store).await;
    let mut next = run("second", 5);
    next.components.truncate(1);
    next.risks = vec![risk("shop", "supply-chain", 5)];
    next.controls.clear();
    for _ in 0..2 {
        let mut tx = world.store.write("ann", at(5)).await.unwrap();
        tx.put_system(&system("desk")).await.unwrap();
        tx.put_risk(&risk("desk", "harmful-output", 5)).await.unwrap();
        tx.save_assessment(&next).await.unwrap();
        tx.save().await.unwrap();
        let (store, page) = (&world.store, Page::default());
        let risks = store.risks(&RiskFilter::default(), &page).await.unwrap().items;
        assert_eq!(risks, [risk("desk", "harmful-output", 5).row, risk("shop", "supply-chain", 5).row]);
        assert_eq!(store.components(&system_id("shop"), &page).await.unwrap().items, [next.components[0].row.clone()]);
        assert!(store.controls(&Default::default(), &page).await.unwrap().items.is_empty());
        let history = store.assessments(&Default::default(), &page).await.unwrap().items;
        assert_eq!(history, [assessment("second", "shop", 5), assessment("first", "shop", 0)]);
        assert_eq!(store.gate_decisions(&Default::default(), &page).await.unwrap().items.len(), 2);
        let filter = EvidenceFilter { system: system_id("shop"), component: None, check: None, age: EvidenceAge::All };
        assert_eq!(store.evidence_list(&filter, &page).await.unwrap().items.len(), 2);
    }
}

pub async fn an_assessment_keeps_to_its_system(world: World) {
    fill(&world.store).await;
    let mut tx = world.store.write("ann", at(5)).await.unwrap();
    let mut mixed = run("second", 5);
    mixed.risks.push(risk("desk", "harmful-output", 3));
    let error = tx.save_assessment(&mixed).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongSystem { noun: "risk", .. }), "{error}");

    // The id of an assessment that another system has.
    let mut thief = run("first", 5);
    thief.system = system("desk");
    (thief.components, thief.risks, thief.controls, thief.evidence, thief.gate) = Default::default();
    thief.assessment.system = system_id("desk");
    let error = tx.save_assessment(&thief).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { noun: "assessment", .. }), "{error}");
    tx.save().await.unwrap();
    let kept = world.store.assessment(&AssessmentId::new("first").unwrap()).await.unwrap();
    assert_eq!(kept, Some(assessment("first", "shop", 0)));
}

pub async fn a_token_ends_when_it_expires_or_is_revoked(world: World) {
    fill(&world.store).await;
    let found = || async { world.store.token(&TokenId::new("k1").unwrap()).await.unwrap().unwrap() };
    for (second, usable) in [(0, true), (99, true), (100, false)] {
        assert_eq!(found().await.is_usable_at(at(second)), usable, "{second}");
    }
    for revoked in [20, 30] {
        let mut tx = world.store.write("ann", at(revoked)).await.unwrap();
        tx.revoke_token(&TokenId::new("k1").unwrap()).await.unwrap();
        tx.save().await.unwrap();
        assert_eq!(found().await.revoked_at, Some(at(20)), "the first time counts");
    }
    for (second, usable) in [(19, true), (20, false), (99, false)] {
        assert_eq!(found().await.is_usable_at(at(second)), usable, "{second}");
    }
}

pub async fn a_value_that_another_program_spoiled_is_named(world: World) {
    fill(&world.store).await;
    let shop = system_id("shop");
    for (sql, column) in [
        ("UPDATE systems SET stage = 'flying'", "stage"),
        ("UPDATE systems SET stage = 'deploy', manifest_digest = 'abc'", "manifest_digest"),
    ] {
        world.meddle(sql).await;
        match world.store.system(&shop).await {
            Err(StoreError::Corrupt { noun: "system", column: found, .. }) => assert_eq!(found, column),
            other => panic!("{other:?}"),
        }
    }
}
