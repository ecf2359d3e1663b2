//! Bills of materials as a user meets them, and the cases of the rules about packages and bills.

use std::{fs, path::Path};

use jingwei_app::scans::{self, BomRules, BomScan, PackageScan, ScanReport, Suppressions};
use jingwei_catalog::{
    Catalog,
    items::{Rule, RuleCase},
};
use jingwei_core::{CheckId, Limits, Timestamp};
use serde_json::{Value, json};

use crate::{
    scan_files::{HOSTILE, clean_model, json as report_of},
    scan_supply::osv,
    support::{Run, User},
};

const AT: &str = "2027-01-01T00:00:00Z";

/// A model with its card, and an application that loads it.
fn project(user: &User) {
    clean_model(user, "shop/model");
    let card = "---\nlicense: apache-2.0\nbase_model: sample/base\ndatasets:\n- sample/talks\n---\n# A model\n";
    user.write("shop/model/README.md", card);
    user.write("shop/app/requirements.txt", "jupyterlab==4.5.6\nsample-package==1.0\n");
    user.write("shop/prompt.txt", "You answer questions.");
}

fn bom(user: &User, extra: &[&str]) -> Run {
    user.run(&[&["scan", "bom", "shop", "--at", AT], extra].concat())
}

#[test]
fn what_a_lockfile_pins_stands_in_the_bill_once() {
    let user = User::new();
    user.write(
        "app/Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"1.0.0\"\n[dependencies]\nserde = \"1\"\nlog = \"0.4\"\n",
    );
    user.write("app/Cargo.lock", "version = 4\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.200\"\nsource = \"registry+https://example.invalid/index\"\n");
    let run = user.run(&["scan", "bom", "app", "--format", "cyclonedx", "--at", AT]).expect(0, &[]);
    let bill: Value = serde_json::from_str(&run.out).unwrap();
    let named = |name: &str| {
        let parts = bill["components"].as_array().unwrap().iter().filter(|one| one["name"] == name);
        parts.map(|one| one["version"].as_str().map(ToOwned::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(named("serde"), [Some("1.0.200".to_owned())], "the range adds nothing to what is pinned");
    assert_eq!(named("log"), [None], "what no lockfile pins stays");
}

#[test]
fn a_bill_is_written_read_back_and_compared() {
    let user = User::new();
    project(&user);
    let table = bom(&user, &[]).expect(0, &["model 1", "dataset 1", "package 2", "completeness"]);
    assert!(table.out.starts_with("shop"), "{}", table.out);
    user.run(&["--lang", "zh", "scan", "bom", "shop"]).expect(0, &["完整度", "系统的供应方：1 项中有 0 项写明"]);
    for (format, ending) in [("cyclonedx", "cdx.json"), ("spdx", "spdx.json")] {
        let (first, second) = (format!("1.{ending}"), format!("2.{ending}"));
        let named = ["--format", format, "--name", "Shop", "--system-version", "1.0", "--supplier", "Li & Co", "--out"];
        bom(&user, &[&named[..], &[&first]].concat()).expect(0, &[]);
        bom(&user, &[&named[..], &[&second]].concat()).expect(0, &[]);
        let bytes = fs::read(user.path(&first)).unwrap();
        assert_eq!(bytes, fs::read(user.path(&second)).unwrap(), "{format}: the same instant gives the same bytes");
        let text = String::from_utf8(bytes).unwrap();
        for word in ["sample/talks", "pkg:pypi/jupyterlab@4.5.6", "Apache-2.0", "2027-01-01T00:00:00Z", "Li & Co"] {
            assert!(text.contains(word), "{format} lacks {word}");
        }
        user.run(&["scan", "diff", &first, &second]).expect(0, &["0 changes, 0 of them not allowed"]);
    }
    let bill: Value = serde_json::from_slice(&fs::read(user.path("1.cdx.json")).unwrap()).unwrap();
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.7".into()));
    assert_eq!(bill["metadata"]["component"]["name"], "Shop");
    let flaws: Vec<&str> =
        bill["vulnerabilities"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert!(!flaws.is_empty() && flaws.iter().all(|id| id.starts_with("CVE-")), "{flaws:?}");
    let spdx: Value = serde_json::from_slice(&fs::read(user.path("1.spdx.json")).unwrap()).unwrap();
    assert!(spdx["@context"].as_str().unwrap().contains("3.0.1") && spdx["@graph"].as_array().unwrap().len() > 5);
    // Both say the same about what the system is made of.
    let across = user.run(&[
        "scan",
        "diff",
        "1.cdx.json",
        "1.spdx.json",
        "--fail-on",
        "added,removed,version-changed,digest-changed",
    ]);
    across.expect(0, &["0 of them not allowed"]);
    let without = bom(&user, &["--format", "cyclonedx", "--no-advisories"]).expect(0, &[]);
    assert!(!without.out.contains("CVE-"), "advisories are left out");
}

#[test]
fn a_gate_sees_what_changed() {
    let user = User::new();
    project(&user);
    let write = |name: &str| bom(&user, &["--format", "cyclonedx", "--out", name]).expect(0, &[]);
    write("old.json");
    user.write("shop/app/requirements.txt", "jupyterlab==4.5.7\nnew-package==0.1\n");
    let header = json!({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}});
    user.write("shop/model/model.safetensors", crate::scan_files::safetensors(&header, &[0; 4]));
    user.write("shop/model/README.md", "---\nlicense: mit\n---\n# A model\n");
    write("new.json");
    let diff = ["scan", "diff", "old.json", "new.json"];
    let seen = report_of(&user.run(&[&diff[..], &["--format", "json"]].concat()).expect(0, &[]));
    let changes: Vec<String> = seen["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{} {} {}",
                one["what"].as_str().unwrap(),
                one["kind"].as_str().unwrap(),
                one["name"].as_str().unwrap()
            )
        })
        .collect();
    for expected in [
        "added package pkg:pypi/new-package",
        "removed package pkg:pypi/sample-package",
        "removed dataset sample/talks",
        "version-changed package pkg:pypi/jupyterlab",
        "licence-changed model shop/model",
        "digest-changed file shop/model/model.safetensors",
        "facts-changed model shop/model",
    ] {
        assert!(changes.contains(&expected.to_owned()), "{expected:?} is not in {changes:#?}");
    }
    assert!(changes.iter().any(|one| one.starts_with("vulnerability-removed ")), "{changes:#?}");
    for (named, code) in [
        ("added:package", 1),
        ("added:model", 0),
        ("digest-changed", 1),
        ("added:model,licence-changed:model", 1),
        ("vulnerability-added", 0),
    ] {
        user.run(&[&diff[..], &["--fail-on", named]].concat()).expect(code, &["version changed · package"]);
    }
    user.run(&["--lang", "zh", "scan", "diff", "old.json", "new.json"]).expect(0, &["同版本内容变化", "处变化"]);
    for named in ["addd", "added:modle", ""] {
        user.run(&[&diff[..], &["--fail-on", named]].concat()).expect(2, &["there is no change", "digest-changed"]);
    }
    user.write("bad.json", "{\"bomFormat\": 5}");
    user.run(&["scan", "diff", "old.json", "bad.json"]).expect(2, &["bad.json"]);
    user.run(&["scan", "diff", "old.json", "gone.json"]).expect(2, &["cannot read `gone.json`"]);
}

#[test]
fn a_bill_is_held_against_demands() {
    let user = User::new();
    project(&user);
    for (least, code) in [("0", 0), ("0.99", 1)] {
        bom(&user, &["--least-complete", least]).expect(code, &["supplier of the system: said of 0 of 1"]);
    }
    user.write("shop/app/environment.yml", "name: old\ndependencies:\n  - python=3.9\n  - node>=8\n");
    bom(&user, &["--fail-on", "medium"]).expect(1, &["bom.end-of-life", "Python 3.9", "1 findings"]);
    fs::remove_file(user.path("shop/app/environment.yml")).unwrap();
    bom(&user, &["--runtime", "python=3.8.20", "--fail-on", "medium"]).expect(1, &["bom.end-of-life", "Python 3.8"]);
    user.write("policy.toml", POLICY);
    let policy = ["--licences", "policy.toml", "--fail-on", "medium"];
    bom(&user, &policy).expect(1, &["bom.licence-review", "jupyterlab"]);
    let suppression = "[[suppress]]\nrule = \"bom.licence-review\"\npath = \"**\"\nreason = \"read\"\nowner = \"lin\"\nuntil = \"2999-01-01\"\n";
    user.write("s.toml", format!("kind = \"suppressions\"\nversion = 1\n{suppression}"));
    bom(&user, &[&policy[..], &["--suppress", "s.toml"]].concat()).expect(0, &["suppressed by lin"]);
    user.write("policy.toml", "kind = \"licence-policy\"\n");
    bom(&user, &policy).expect(2, &["`policy.toml` is no valid licence policy"]);
    for (wrong, word) in [(["--at", "yesterday"], "is no instant"), (["--runtime", "python"], "PRODUCT=VERSION")] {
        user.run(&[&["scan", "bom", "shop"], &wrong[..]].concat()).expect(2, &[word]);
    }
    user.run(&["scan", "bom", "gone"]).expect(2, &["there is no `gone`"]);
}

#[test]
fn a_watch_tells_only_what_is_new() {
    let user = User::new();
    project(&user);
    user.write("one.json", osv("TEST-1", "PyPI", "sample-package", &json!({})));
    let import = |file: &str| user.run(&["scan", "advisories", "import", file]).expect(0, &[]);
    import("one.json");
    bom(&user, &["--format", "cyclonedx", "--out", "shop.cdx.json"]).expect(0, &[]);
    let watch = ["scan", "watch", "shop.cdx.json"];
    user.run(&watch).expect(1, &["+ sample-package 1.0 · TEST-1", "2 new, 0 gone, 0 altered"]);
    user.run(&watch).expect(0, &["2 open; 0 new, 0 gone, 0 altered"]);
    user.write("two.json", osv("TEST-2", "PyPI", "sample-package", &json!({})));
    import("two.json");
    user.run(&watch).expect(1, &["+ sample-package 1.0 · TEST-2", "3 open; 1 new, 0 gone, 0 altered"]);
    // What its author takes back is gone.
    let back = json!({"withdrawn": "2026-02-01T00:00:00Z", "modified": "2026-02-01T00:00:00Z"});
    user.write("one.json", osv("TEST-1", "PyPI", "sample-package", &back));
    import("one.json");
    let told = user.run(&[&watch[..], &["--format", "jsonl"]].concat()).expect(0, &[]);
    let told = report_of(&told);
    assert_eq!((&told["open"], &told["changes"]["gone"][0]["id"]), (&2.into(), &"TEST-1".into()), "{told}");
    user.write("state.json", "[]");
    user.run(&["scan", "watch", "shop.cdx.json", "--state", "state.json"]).expect(2, &["is no state of a watch"]);
    user.run(&["scan", "watch", "gone.json"]).expect(2, &["cannot read `gone.json`"]);
}

#[test]
fn findings_enter_the_ledger() {
    let user = User::new();
    let manifest = user.system("http://127.0.0.1:1/v1", "");
    user.run(&["scan", "key", "team"]).expect(0, &[]);
    user.run(&["scan", "sign", "model", "--key", "team.pem"]).expect(0, &["signed 2 entries"]);
    user.write("app/requirements.txt", "sglang==0.5.9\n");
    let signed = "path = \"model\"\nsignature = \"model.sig\"\nsigning_key = \"team.pub.pem\"";
    let text = fs::read_to_string(&manifest).unwrap().replace("path = \"model\"", signed);
    fs::write(&manifest, format!("{text}\n[[component]]\nid = \"app\"\nkind = \"code\"\npath = \"app\"\n")).unwrap();
    let only = ["--only", "scan.integrity", "--only", "scan.packages", "--only", "scan.model", "--fail-on", "never"];
    let assess = [&["assess", "system.toml"], &only[..]].concat();
    user.run(&assess).expect(0, &[]);
    let report = String::from_utf8(user.report("shop")).unwrap();
    assert!(report.contains("package.vulnerable-critical") && report.contains("CVE-2026-5760"));
    assert!(!report.contains("integrity.file"), "the model is what was signed");
    user.write("model/planted.pkl", HOSTILE);
    user.run(&assess).expect(0, &[]);
    let report = String::from_utf8(user.report("shop")).unwrap();
    for rule in ["integrity.file-unsigned", "model.pickle-dangerous", "package.vulnerable-critical"] {
        assert!(report.contains(rule), "{rule}");
    }
    let shown: Vec<String> = (0..12).map(|at| user.run(&["ledger", "show", &at.to_string()]).out).collect();
    for rule in ["integrity.file-unsigned", "model.pickle-dangerous", "package.vulnerable-critical"] {
        assert!(shown.iter().any(|entry| entry.contains(rule)), "{rule} is not in the ledger");
    }
    user.run(&["ledger", "verify"]).expect(0, &["ok: "]);
    user.run(&["govern", "explain", "supply-chain"]).expect(0, &["integrity.file-unsigned"]);
    // The same manifest makes a bill of the whole system.
    let bill = user.run(&["scan", "bom", "system.toml", "--format", "cyclonedx"]).expect(0, &[]);
    for word in ["\"Shop\"", "pkg:pypi/sglang@0.5.9", "CVE-2026-5760", "weights.safetensors"] {
        assert!(bill.out.contains(word), "{word} is not in the bill");
    }
}

const POLICY: &str = r#"kind = "licence-policy"
version = 1
default = "allow"
unknown = "review"
[[rule]]
name = "no-network-copyleft"
decide = "deny"
classes = ["network-copyleft"]
"#;

/// Writes the files of a case; takes records under `advisories/` into a store, and the day from `now`.
fn laid_out(user: &User, catalog: &Catalog, case: &RuleCase) -> Timestamp {
    let mut now = "2026-12-01T00:00:00Z".parse().unwrap();
    for (path, text) in &case.files {
        match path.as_str() {
            "now" => now = format!("{text}T00:00:00Z").parse().unwrap(),
            path if path.starts_with("advisories/") => drop(user.write(path, text)),
            path => drop(user.write(&format!("case/{path}"), text)),
        }
    }
    let records = user.path("advisories");
    if records.exists() {
        scans::import_advisories(catalog, &user.path("store"), &[records], now, &Limits::default()).unwrap();
    }
    now
}

/// Through the use case and not the command: on its day, whatever day it is.
fn run_case(catalog: &Catalog, rule: &Rule, case: &RuleCase) -> ScanReport {
    let user = User::new();
    let now = laid_out(&user, catalog, case);
    let paths = [user.path("case").to_str().unwrap().to_owned()];
    let (limits, suppressions, progress) = (Limits::default(), Suppressions::default(), jingwei_core::NoProgress);
    if rule.check == CheckId::literal("scan.packages") {
        let (advisories, suppressions) = (user.path("store"), &suppressions);
        let asked = PackageScan {
            paths: &paths,
            advisories: &advisories,
            vex: scans::VexFiles::default(),
            stale_after_days: scans::STALE_DAYS,
            suppressions,
            baseline: None,
            now,
        };
        return scans::scan_packages(catalog, &asked, &limits, &progress).unwrap().report;
    }
    let asked = BomScan { paths: &paths, name: None, version: None, supplier: None, check: None, now };
    let made = scans::make_bom(catalog, &asked, &limits, &progress).unwrap();
    let policy = user.write("policy.toml", POLICY);
    let licences = scans::read_policy(Path::new(&policy)).unwrap();
    let rules = BomRules {
        licences: Some(&licences),
        commercial: true,
        runtimes: &[],
        suppressions: &suppressions,
        baseline: None,
        today: now.date(),
    };
    scans::judge_bom(catalog, &made, &rules).unwrap()
}

#[test]
fn every_rule_about_packages_and_bills_speaks_on_its_hits_and_is_silent_on_its_clean_cases() {
    let catalog = Catalog::built_in().unwrap();
    let ours = ["scan.packages", "scan.bom"].map(CheckId::literal);
    let rules: Vec<&Rule> = catalog.rules.values().filter(|rule| ours.contains(&rule.check)).collect();
    assert!(rules.len() >= 15, "{}", rules.len());
    let mut wrong = Vec::new();
    for rule in rules {
        assert!(!rule.hits.is_empty() && !rule.clean.is_empty(), "{} needs a hit and a clean case", rule.id);
        let cases = rule.hits.iter().map(|case| (true, case)).chain(rule.clean.iter().map(|case| (false, case)));
        for (at, (speaks, case)) in cases.enumerate() {
            let report = run_case(&catalog, rule, case);
            let seen: Vec<&str> = report.findings.iter().map(|one| one.finding.rule.as_str()).collect();
            if seen.contains(&rule.id.as_str()) != speaks {
                let files: Vec<&String> = case.files.values().collect();
                wrong.push(format!("{} case {at} with {files:?}: {seen:?}", rule.id));
            }
            for one in report.findings.iter().filter(|one| one.finding.rule == rule.id) {
                let (message, remedy) = (&one.finding.message, &one.finding.remedy);
                let words = [&message.zh, &message.en, &remedy.zh, &remedy.en].map(String::as_str).concat();
                assert!(!words.contains(['{', '}']), "a blank was not filled: {words}");
                assert_eq!((one.finding.severity, &one.finding.risks), (rule.severity, &rule.risks));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
