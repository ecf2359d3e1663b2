use jingwei_advise::{
    Clear, Match, Standing, assess,
    vex::{self, Statement, VexSet, VexStatus},
};
use jingwei_core::{Ecosystem, Limits};
use serde_json::{Value, json};

use crate::support::{located, now, osv, range, store_of, told};

fn openvex(product: &str, status: &str, at: &str) -> Value {
    json!({ "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.invalid/vex-1", "author": "Shop Security",
        "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": [{ "vulnerability": { "name": "CVE-2026-1", "aliases": ["GHSA-x"] },
        "products": [{ "@id": product }], "status": status, "justification": "vulnerable_code_not_in_execute_path",
        "impact_statement": "we never call it", "timestamp": at }] })
}

fn cyclonedx(purl: &str, state: &str, at: &str) -> Value {
    json!({ "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:1", "metadata": { "timestamp": "2026-01-01T00:00:00Z", "supplier": { "name": "Shop Security" } },
        "components": [{ "bom-ref": "outer", "name": "o", "components": [{ "bom-ref": "inner", "name": "thing", "purl": purl }] }],
        "vulnerabilities": [{ "id": "CVE-2026-1", "analysis": { "state": state, "justification": "code_not_reachable", "detail": "d", "lastUpdated": at },
        "affects": [{ "ref": "urn:cdx:1/1#inner" }] }] })
}

fn csaf(purl: &str, list: &str, at: &str) -> Value {
    json!({ "document": { "category": "csaf_vex", "csaf_version": "2.0", "publisher": { "name": "Shop Security" }, "tracking": { "id": "S-1", "current_release_date": at } },
        "product_tree": { "branches": [{ "category": "vendor", "branches": [{ "category": "product_version", "product": { "product_id": "P", "name": "thing", "product_identification_helper": { "purl": purl } } }] }],
        "relationships": [{ "category": "default_component_of", "product_reference": "P", "relates_to_product_reference": "OS", "full_product_name": { "product_id": "OS:P", "name": "n" } }] },
        "vulnerabilities": [{ "cve": "CVE-2026-1", "product_status": { list: ["OS:P"] }, "flags": [{ "label": "component_not_present", "product_ids": ["OS:P"] }] }] })
}

fn statements(documents: &[Value]) -> Vec<Statement> {
    let read = |document: &Value| vex::read(document.to_string().as_bytes(), &Limits::default()).unwrap().statements;
    documents.iter().flat_map(read).collect()
}

fn assessed(documents: &[Value], version: &str) -> Match {
    let record = osv(
        "GHSA-x",
        "PyPI",
        "thing",
        json!({ "aliases": ["CVE-2026-1"], "ranges": [range("ECOSYSTEM", &["introduced 1.0", "fixed 2.0"])] }),
    );
    let vex = VexSet::new(statements(documents));
    let package = located(Ecosystem::Pypi, "thing", Some(version));
    let mut found = assess(&mut store_of(&[record]), &[package], &vex, now()).unwrap();
    assert_eq!(found.len(), 1, "a statement never makes a match disappear");
    found.remove(0)
}

#[test]
fn statements_of_every_format_mean_the_same() {
    let (purl, at) = ("pkg:pypi/thing@1.5?extra=1", "2026-03-01T00:00:00Z");
    for (words, status) in [
        (["not_affected", "not_affected", "known_not_affected"], VexStatus::NotAffected),
        (["fixed", "resolved", "fixed"], VexStatus::Fixed),
        (["under_investigation", "in_triage", "under_investigation"], VexStatus::UnderInvestigation),
        (["affected", "exploitable", "known_affected"], VexStatus::Affected),
    ] {
        for document in [openvex(purl, words[0], at), cyclonedx(purl, words[1], at), csaf(purl, words[2], at)] {
            let said = statements(std::slice::from_ref(&document));
            assert_eq!(said.len(), 1, "{document}");
            assert_eq!((said[0].status, said[0].author.as_str()), (status, "Shop Security"), "{document}");
            assert_eq!(said[0].at.unwrap().to_string(), at);
            assert_eq!((said[0].package.name.as_str(), said[0].package.version.as_deref()), ("thing", Some("1.5")));
            assert!(said[0].justification.is_some() && said[0].faults.contains(&"CVE-2026-1".to_owned()));
        }
    }
}

#[test]
fn a_statement_changes_the_standing_and_stays_beside_it() {
    let at = |day: u32| format!("2026-03-0{day}T00:00:00Z");
    let whole = "pkg:pypi/Thing";
    for (documents, version, expected, computed) in [
        (vec![], "1.5", "affected >=1.0,<2.0 -> 2.0", None),
        (vec![openvex(whole, "not_affected", &at(1))], "1.5", "not affected", Some("affected >=1.0,<2.0 -> 2.0")),
        (vec![openvex(whole, "fixed", &at(1))], "main", "not affected", Some("unknown: unreadable")),
        (vec![openvex(whole, "affected", &at(1))], "main", "affected *", Some("unknown: unreadable")),
        (vec![openvex(whole, "affected", &at(1))], "2.5", "affected *", Some("not affected")),
        (vec![openvex(whole, "affected", &at(1))], "1.5", "affected >=1.0,<2.0 -> 2.0", None),
        (vec![openvex(whole, "under_investigation", &at(1))], "1.5", "affected >=1.0,<2.0 -> 2.0", None),
        (vec![openvex(whole, "under_investigation", &at(1))], "main", "unknown: unreadable", None),
        // The newest decides, in whatever order and format they come.
        (
            vec![openvex(whole, "not_affected", &at(1)), csaf(whole, "known_affected", &at(2))],
            "1.5",
            "affected >=1.0,<2.0 -> 2.0",
            None,
        ),
        (
            vec![csaf(whole, "known_affected", &at(2)), cyclonedx(whole, "not_affected", &at(3))],
            "1.5",
            "not affected",
            Some("affected >=1.0,<2.0 -> 2.0"),
        ),
        // At the same time the worse one decides.
        (
            vec![openvex(whole, "not_affected", &at(1)), csaf(whole, "known_affected", &at(1))],
            "1.5",
            "affected >=1.0,<2.0 -> 2.0",
            None,
        ),
        // About one version only.
        (
            vec![openvex("pkg:pypi/thing@1.5", "not_affected", &at(1))],
            "1.5.0",
            "not affected",
            Some("affected >=1.0,<2.0 -> 2.0"),
        ),
        (vec![openvex("pkg:pypi/thing@1.5", "not_affected", &at(1))], "1.6", "affected >=1.0,<2.0 -> 2.0", None),
        (vec![openvex("pkg:npm/thing", "not_affected", &at(1))], "1.5", "affected >=1.0,<2.0 -> 2.0", None),
    ] {
        let found = assessed(&documents, version);
        assert_eq!(told(&found.standing), expected, "{documents:?} {version}");
        assert_eq!(found.computed.as_ref().map(told).as_deref(), computed, "{documents:?} {version}");
    }
    let found = assessed(&[openvex(whole, "not_affected", &at(1))], "1.5");
    assert_eq!(found.statements[0].detail.as_deref(), Some("we never call it"));
    let Standing::NotAffected { why: Clear::Stated { author, at, .. } } = &found.standing else { panic!("{found:?}") };
    assert_eq!((author.as_str(), at.as_str()), ("Shop Security", "2026-03-01T00:00:00Z"));
    assert!(found.standing.text().en.contains("Shop Security"));
}

#[test]
fn what_is_no_statement_is_told() {
    let limits = Limits::default();
    for bad in ["", "{}", "[]", "{\"@context\": \"https://openvex.dev/ns\", \"statements\": [{\"status\": \"fine\"}]}"]
    {
        assert!(vex::read(bad.as_bytes(), &limits).is_err(), "{bad}");
    }
    let image = openvex("registry.invalid/shop:1.0", "not_affected", "2026-03-01T00:00:00Z");
    let read = vex::read(image.to_string().as_bytes(), &limits).unwrap();
    assert_eq!((read.statements.len(), read.untold), (0, 1));
    let mut inside = openvex("pkg:oci/shop", "not_affected", "2026-03-01T00:00:00Z");
    inside["statements"][0]["products"][0]["subcomponents"] = json!([{ "@id": "pkg:npm/%40scope/name@1.0.0" }]);
    let read = vex::read(inside.to_string().as_bytes(), &limits).unwrap();
    assert_eq!(read.statements[0].package.name, "@scope/name");
    for (within, product, holds) in [
        ("pkg:oci/shop", None, false),
        ("pkg:oci/shop", Some("pkg:oci/shop"), true),
        ("pkg:oci/shop", Some("pkg:oci/shop@sha256:1"), true),
        ("pkg:oci/shop", Some("pkg:oci/shopping"), false),
        ("pkg:pypi/shop@1.0", Some("pkg:pypi/Shop@1.0.0"), true),
        ("pkg:pypi/shop@1.0", Some("pkg:pypi/shop@1.1"), false),
        ("pkg:pypi/shop", Some("pkg:npm/shop"), false),
    ] {
        inside["statements"][0]["products"][0]["@id"] = json!(within);
        let read = vex::read(inside.to_string().as_bytes(), &limits).unwrap();
        assert_eq!(read.statements[0].holds_in(product), holds, "{within} {product:?}");
        assert!(read.statements[0].within.is_some());
    }
    assert!(statements(&[openvex("pkg:npm/left", "fixed", "2026-03-01T00:00:00Z")])[0].holds_in(None));
    let tight = Limits { entries: 8, ..limits };
    assert!(vex::read(inside.to_string().as_bytes(), &tight).is_err());
}

#[test]
fn package_urls_read_back_as_written() {
    use jingwei_advise::purl::parse;
    for purl in [
        "pkg:pypi/torch@2.5.1%2Bcu121",
        "pkg:npm/%40scope/name@1.0.0",
        "pkg:maven/org.apache/commons@1.0",
        "pkg:golang/golang.org/x/net@v0.1.0",
        "pkg:deb/debian/openssl@1:3.0%2Bdeb12",
        "pkg:cargo/serde",
        "pkg:github/ollama/ollama",
    ] {
        assert_eq!(parse(purl).unwrap_or_else(|| panic!("{purl}")).purl(), purl);
    }
    for bad in
        ["", "pkg:", "pkg:pypi", "pkg:pypi/", "torch", "pkg:nosuch/a@1", "pkg:pypi/a%", "pkg:pypi/a%zz", "pkg:pypi/%ff"]
    {
        assert_eq!(parse(bad), None, "{bad}");
    }
    assert_eq!(parse("pkg:deb/debian/curl@7.50.3-1?arch=i386#x/y").unwrap().name, "curl");
}

#[test]
fn a_statement_clears_no_more_than_it_names() {
    let range = || json!([range("ECOSYSTEM", &["introduced 1.0", "fixed 2.0"])]);
    let record = |id: &str, aliases: Value, upstream: Value| {
        osv(id, "PyPI", "thing", json!({ "aliases": aliases, "upstream": upstream, "ranges": range() }))
    };
    let notice = || record("DSA-9-1", json!([]), json!(["CVE-2030-1", "CVE-2030-2"]));
    let alias = || record("GHSA-y", json!(["CVE-2031-1", "CVE-2031-2"]), json!([]));
    let open = "affected >=1.0,<2.0 -> 2.0";
    for (record, names, expected) in [
        (notice(), &[("CVE-2030-1", "not_affected")][..], open),
        (notice(), &[("CVE-2030-1", "not_affected"), ("CVE-2030-2", "fixed")], "not affected"),
        (notice(), &[("CVE-2030-1", "not_affected"), ("CVE-2030-2", "under_investigation")], open),
        (notice(), &[("DSA-9-1", "not_affected")], "not affected"),
        (alias(), &[("CVE-2031-1", "not_affected")], open),
        (alias(), &[("CVE-2031-1", "not_affected"), ("CVE-2031-2", "affected")], open),
        (alias(), &[("CVE-2031-1", "not_affected"), ("CVE-2031-2", "not_affected")], "not affected"),
        (alias(), &[("GHSA-y", "not_affected")], "not affected"),
        (record("DSA-9-2", json!([]), json!(["GHSA-z"])), &[("GHSA-z", "not_affected")], open),
    ] {
        let document = |(name, status): &(&str, &str)| {
            let mut document = openvex("pkg:pypi/thing", status, "2026-03-01T00:00:00Z");
            document["statements"][0]["vulnerability"] = json!({ "name": name });
            document
        };
        let vex = VexSet::new(statements(&names.iter().map(document).collect::<Vec<_>>()));
        let package = located(Ecosystem::Pypi, "thing", Some("1.5"));
        let found = assess(&mut store_of(std::slice::from_ref(&record)), &[package], &vex, now()).unwrap();
        assert_eq!(told(&found[0].standing), expected, "{record} {names:?}");
    }
}

#[test]
fn a_statement_is_about_the_product_that_it_names() {
    let said = |purl: &str, version: Option<&str>, versions: Value| {
        let mut document = cyclonedx(purl, "not_affected", "2026-03-01T00:00:00Z");
        document["components"][0]["components"][0]["version"] = json!(version);
        document["vulnerabilities"][0]["affects"][0]["versions"] = versions;
        let read = vex::read(document.to_string().as_bytes(), &Limits::default()).unwrap();
        let mut told: Vec<String> = Vec::new();
        for one in read.statements {
            let version = one.package.version.unwrap_or("-".to_owned());
            told.push(format!("{} {version} {}", one.package.name, one.status.code()));
        }
        told.extend(std::iter::repeat_n("untold".to_owned(), read.untold));
        told.join(", ")
    };
    let plain = "pkg:pypi/thing";
    for (purl, version, versions, expected) in [
        (plain, None, json!([]), "thing - not_affected"),
        (plain, Some("1.5"), json!([]), "thing 1.5 not_affected"),
        ("pkg:pypi/thing@1.4", Some("1.5"), json!([]), "thing 1.4 not_affected"),
        (plain, Some("1.5"), json!([{ "version": "1.6" }]), "thing 1.6 not_affected"),
        (
            plain,
            None,
            json!([{ "version": "1", "status": "affected" }, { "version": "2", "status": "unaffected" }, { "version": "3", "status": "unknown" }]),
            "thing 1 affected, thing 2 not_affected, thing 3 under_investigation",
        ),
        (plain, None, json!([{ "range": "vers:pypi/>=1|<2" }]), "untold"),
        ("pkg:deb/debian/openssl", None, json!([]), "openssl - not_affected"),
        ("pkg:deb/ubuntu/openssl", None, json!([]), "untold"),
        ("pkg:apk/wolfi/openssl", None, json!([]), "untold"),
        ("pkg:pypi/thing?repository_url=https%3A%2F%2Fours.invalid%2Fsimple", None, json!([]), "untold"),
        ("pkg:pypi/thing?repository_url=https://pypi.org/&x=%zz", None, json!([]), "thing - not_affected"),
    ] {
        assert_eq!(said(purl, version, versions), expected, "{purl} {version:?}");
    }
}
