use jingwei_advise::{ImportReport, Located, Match, Standing, Store, StoreBuilder, assess, vex::VexSet};
use jingwei_core::{Ecosystem, Limits, Package, Timestamp};
use serde_json::{Value, json};

pub fn now() -> Timestamp {
    "2026-11-21T08:00:00Z".parse().unwrap()
}

/// An OSV record about one package.
pub fn osv(id: &str, ecosystem: &str, name: &str, more: Value) -> Value {
    let mut affected = json!({ "package": { "ecosystem": ecosystem, "name": name } });
    let mut record = json!({ "schema_version": "1.7.3", "id": id, "modified": "2026-01-01T00:00:00Z" });
    for (key, value) in more.as_object().unwrap() {
        let target = if matches!(key.as_str(), "ranges" | "versions" | "ecosystem_specific") {
            &mut affected
        } else {
            &mut record
        };
        target[key] = value.clone();
    }
    record["affected"] = json!([affected]);
    record
}

/// `kind`, then events such as `introduced 0` or `fixed 1.3.0`.
pub fn range(kind: &str, events: &[&str]) -> Value {
    let events: Vec<Value> = events
        .iter()
        .map(|event| {
            let (what, version) = event.split_once(' ').unwrap();
            json!({ what: version })
        })
        .collect();
    json!({ "type": kind, "events": events })
}

pub fn import(builder: &mut StoreBuilder, records: &[Value]) -> ImportReport {
    let limits = Limits::default();
    let mut import = builder.import("osv", now(), &limits);
    for record in records {
        import.osv_json("record.json", record.to_string().as_bytes());
    }
    import.finish()
}

pub fn opened(builder: &StoreBuilder) -> Store {
    let mut store = Store::from_bytes(builder.write().unwrap(), &Limits::default()).unwrap();
    store.verify().unwrap();
    store
}

pub fn store_of(records: &[Value]) -> Store {
    let mut builder = StoreBuilder::new();
    let report = import(&mut builder, records);
    assert_eq!(report.rejected, [], "{records:?}");
    opened(&builder)
}

pub fn located(ecosystem: Ecosystem, name: &str, version: Option<&str>) -> Located {
    Located::new(Package::new(ecosystem, name, version))
}

pub fn matches(store: &mut Store, packages: &[Located]) -> Vec<Match> {
    assess(store, packages, &VexSet::default(), now()).unwrap()
}

/// `affected RANGE -> FIXES`, `not affected`, or `unknown: REASON`.
pub fn told(standing: &Standing) -> String {
    let reason = |value: Value| value["why"]["reason"].as_str().unwrap_or_default().to_owned();
    match standing {
        Standing::Affected { range, fixed } if fixed.is_empty() => format!("affected {range}"),
        Standing::Affected { range, fixed } => format!("affected {range} -> {}", fixed.join(" ")),
        Standing::NotAffected { .. } => "not affected".to_owned(),
        Standing::Unknown { .. } => format!("unknown: {}", reason(serde_json::to_value(standing).unwrap())),
    }
}

/// How one package stands towards one record.
pub fn check(record: &Value, located: Located, expected: &str) {
    let mut store = store_of(std::slice::from_ref(record));
    let found = matches(&mut store, std::slice::from_ref(&located));
    let told: Vec<String> = found.iter().map(|one| told(&one.standing)).collect();
    assert_eq!(told, [expected], "{located:?} against {record}");
    for text in found.iter().map(|one| one.standing.text()) {
        assert!(!text.zh.is_empty() && text.zh != text.en, "{text:?}");
    }
}
