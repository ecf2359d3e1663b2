//! Records to try things with.

use jingwei_core::{
    CheckId, ComponentId, ComponentKind, ControlId, Decision, Digest, Grade, Priority, RiskId, Stage, SystemId, Text,
    Timestamp,
};
use jingwei_store::{
    AccessRole, Assessment, AssessmentId, AssessmentRun, AuditEntry, AuditFilter, Component, Control, ControlNature,
    ControlState, Detail, Document, Evidence, GateDecision, GateDecisionId, Listed, Override, OverrideId, Page, Risk,
    RiskClass, RiskState, Store, StoreError, Summary, System, Token, TokenId, Treatment, TreatmentId, TreatmentOption,
    TreatmentStatus,
};

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000 + second * 1_000_000)
}

pub fn grade(value: u8) -> Grade {
    Grade::new(value).unwrap()
}

pub fn system_id(id: &str) -> SystemId {
    SystemId::new(id).unwrap()
}

pub fn risk_id(id: &str) -> RiskId {
    RiskId::new(id).unwrap()
}

pub fn digest(seed: &str) -> Digest {
    Digest::of(seed.as_bytes())
}

pub fn document(text: &str) -> Document {
    Document::parse(text).unwrap()
}

pub fn summary(text: &str) -> Summary {
    Summary::parse(text).unwrap()
}

pub fn system(id: &str) -> Detail<System> {
    let row = System {
        id: system_id(id),
        name: Text::new("网店助手", "shop assistant"),
        owner: "Ann".to_owned(),
        stage: Stage::Deploy,
        tolerance: grade(2),
        manifest_digest: digest(id),
        updated_at: at(0),
    };
    Detail { row, document: document(r#"{"id": "shop", "z": 1, "a": 2}"#) }
}

pub fn component(system: &str, id: &str) -> Detail<Component> {
    let row = Component {
        system: system_id(system),
        id: ComponentId::new(id).unwrap(),
        kind: ComponentKind::Model,
        subject: Some(digest(id)),
    };
    Detail { row, document: document("{}") }
}

pub fn risk(system: &str, id: &str, effective: u8) -> Detail<Risk> {
    let row = Risk {
        system: system_id(system),
        risk: risk_id(id),
        code: "R205".to_owned(),
        title: Text::new("输出有害内容", "Harmful output"),
        class: RiskClass::Application,
        inherent_grade: grade(5),
        residual_grade: grade(effective),
        asserted_grade: None,
        derived_grade: grade(effective),
        effective_grade: grade(effective),
        priority: if effective > 3 { Priority::High } else { Priority::Low },
        state: if effective > 2 { RiskState::Open } else { RiskState::WithinTolerance },
        stale: false,
        assessed_at: at(0),
    };
    Detail { row, document: document(r#"{"explanation":["because"]}"#) }
}

pub fn control(system: &str, id: &str) -> Detail<Control> {
    let row = Control {
        system: system_id(system),
        control: ControlId::new(id).unwrap(),
        nature: ControlNature::Technical,
        state: ControlState::Effective,
        assessed_at: at(0),
    };
    Detail { row, document: document("[]") }
}

pub fn treatment(id: &str, created: i64) -> Treatment {
    Treatment {
        id: TreatmentId::new(id).unwrap(),
        system: system_id("shop"),
        risk: risk_id("harmful-output"),
        option: TreatmentOption::Accept,
        owner: "Ann".to_owned(),
        cost: Some("3 person-days".to_owned()),
        benefit: None,
        due: Some(at(100)),
        status: TreatmentStatus::Proposed,
        reason: "rare".to_owned(),
        expires_at: Some(at(1000)),
        decided_by: None,
        created_at: at(created),
    }
}

pub fn made_override(id: &str, created: i64, expires: i64) -> Override {
    Override {
        id: OverrideId::new(id).unwrap(),
        system: system_id("shop"),
        risk: risk_id("harmful-output"),
        grade: grade(1),
        made_by: "Ann".to_owned(),
        role: AccessRole::RiskOfficer,
        reason: "tested by hand".to_owned(),
        expires_at: at(expires),
        created_at: at(created),
    }
}

pub fn evidence(system: &str, component: &str, check: &str, observed: i64) -> Detail<Evidence> {
    let row = Evidence {
        digest: digest(&format!("{system} {component} {check} {observed}")),
        system: system_id(system),
        component: ComponentId::new(component).unwrap(),
        check: CheckId::new(check).unwrap(),
        observed_at: at(observed),
        subject: digest(component),
        ledger_index: 7,
        catalog: digest("catalog"),
    };
    Detail { row, document: document(r#"{"kind":"evidence"}"#) }
}

pub fn assessment(id: &str, system: &str, as_of: i64) -> Assessment {
    Assessment {
        id: AssessmentId::new(id).unwrap(),
        system: system_id(system),
        as_of: at(as_of),
        catalog: digest("catalog"),
        report: digest(&format!("report {id}")),
        ledger_index: 8,
        decision: Decision::Conditional,
        summary: summary(r#"{"open":1}"#),
    }
}

pub fn gate(id: &str, assessment: &str, decided: i64) -> GateDecision {
    GateDecision {
        id: GateDecisionId::new(id).unwrap(),
        system: system_id("shop"),
        assessment: AssessmentId::new(assessment).unwrap(),
        stage: Stage::Operate,
        decision: Decision::Stop,
        reasons: summary(r#"["over tolerance"]"#),
        ledger_index: 9,
        decided_at: at(decided),
    }
}

pub fn token(id: &str, created: i64) -> Token {
    Token {
        id: TokenId::new(id).unwrap(),
        name: "pipeline".to_owned(),
        role: AccessRole::Engineer,
        hash: digest(&format!("token {id}")),
        created_at: at(created),
        expires_at: Some(at(created + 100)),
        revoked_at: None,
    }
}

pub fn run(id: &str, as_of: i64) -> AssessmentRun {
    AssessmentRun {
        system: system("shop"),
        components: vec![component("shop", "model"), component("shop", "chat")],
        risks: vec![risk("shop", "harmful-output", 4), risk("shop", "supply-chain", 2)],
        controls: vec![control("shop", "output-guardrail")],
        evidence: vec![evidence("shop", "model", "scan.model", as_of)],
        assessment: assessment(id, "shop", as_of),
        gate: Some(gate(&format!("gate-{id}"), id, as_of)),
    }
}

/// One of everything.
pub async fn fill(store: &Store) {
    let mut tx = store.write("ann", at(0)).await.unwrap();
    tx.save_assessment(&run("first", 0)).await.unwrap();
    tx.add_treatment(&treatment("t1", 0)).await.unwrap();
    tx.add_override(&made_override("o1", 0, 1000)).await.unwrap();
    tx.add_token(&token("k1", 0)).await.unwrap();
    tx.save().await.unwrap();
}

pub async fn audit(store: &Store) -> Vec<AuditEntry> {
    whole_list(async |page| store.audit(&AuditFilter::default(), &page).await, 200).await
}

/// Walks a list to its end.
pub async fn whole_list<T>(list: impl AsyncFn(Page) -> Result<Listed<T>, StoreError>, limit: u32) -> Vec<T> {
    let mut items = Vec::new();
    let mut after = None;
    loop {
        // As a caller does it: the cursor travels as text.
        let cursor = after.map(|cursor: String| cursor.parse().unwrap());
        let page = list(Page::new(cursor, limit).unwrap()).await.unwrap();
        assert!(page.items.len() <= usize::try_from(limit).unwrap());
        items.extend(page.items);
        match page.next {
            Some(cursor) => after = Some(cursor.to_string()),
            None => return items,
        }
    }
}
