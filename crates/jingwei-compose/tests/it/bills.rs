use jingwei_compose::{
    Demand,
    bom::{Bom, BomError, BomFormat, Component, Kind, SUBJECT, StatedLicence, read},
    completeness,
};
use jingwei_core::{Limits, Text};
use proptest::prelude::*;

use crate::bom_sample::{making, model, sample};

fn read_back(text: &str, format: BomFormat) -> Bom {
    let (bom, seen) = read(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(seen, format);
    bom
}

#[test]
fn what_is_written_reads_back_as_it_was() {
    let bom = sample();
    let back = read_back(&bom.to_cyclonedx(&making()), BomFormat::CycloneDx);
    assert_eq!(back, bom_without_justified_licences(&bom));
    let mut back = read_back(&bom.to_spdx(&making()), BomFormat::Spdx3);
    // The standard has no justification codes of its own that hold any text, so the words stand in its impact statement.
    back.dependencies_known = bom.dependencies_known;
    assert_eq!(back, bom_without_justified_licences(&bom));
}

/// A statement that was read as an expression is written as the expression alone.
fn bom_without_justified_licences(bom: &Bom) -> Bom {
    let mut bom = bom.clone();
    for licence in bom.components.iter_mut().flat_map(|one| &mut one.licences) {
        if let Some(expression) = &licence.expression {
            licence.stated = expression.clone();
        }
    }
    bom.settle();
    bom
}

/// `peers/bom_validate.py` validates these two files against the standards' own schemas.
#[test]
fn the_samples_are_fresh() {
    let bom = sample();
    for (written, kept) in [
        (bom.to_cyclonedx(&making()), include_str!("samples/helpdesk.cdx.json")),
        (bom.to_spdx(&making()), include_str!("samples/helpdesk.spdx.json")),
    ] {
        assert!(
            written == kept,
            "write the samples anew: cargo test -p jingwei-compose -- --ignored write_the_samples"
        );
    }
}

#[test]
#[ignore = "writes files; run it after a change of the output, and look at the difference"]
fn write_the_samples() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/samples");
    std::fs::write(folder.join("helpdesk.cdx.json"), sample().to_cyclonedx(&making())).unwrap();
    std::fs::write(folder.join("helpdesk.spdx.json"), sample().to_spdx(&making())).unwrap();
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    let bom = sample();
    let mut shuffled = bom.clone();
    shuffled.components.reverse();
    shuffled.vulnerabilities.reverse();
    shuffled.components.push(shuffled.components[0].clone());
    assert_eq!(bom.to_cyclonedx(&making()), shuffled.to_cyclonedx(&making()));
    assert_eq!(bom.to_spdx(&making()), shuffled.to_spdx(&making()));
    let mut other = bom.clone();
    other.subject.version = Some("4".into());
    let serial = |bom: &Bom| {
        let document: serde_json::Value = serde_json::from_str(&bom.to_cyclonedx(&making())).unwrap();
        document["serialNumber"].as_str().unwrap().to_owned()
    };
    assert_eq!(serial(&bom).len(), "urn:uuid:".len() + 36);
    assert_ne!(serial(&bom), serial(&other));
}

#[test]
fn what_is_unknown_is_written_as_unknown() {
    let document = |bom: &Bom| serde_json::from_str::<serde_json::Value>(&bom.to_cyclonedx(&making())).unwrap();
    let mut bom = sample();
    assert_eq!(document(&bom)["compositions"][0]["aggregate"], "incomplete");
    bom.gaps.clear();
    assert_eq!(document(&bom)["compositions"][0]["aggregate"], "unknown");
    assert_eq!(document(&bom)["compositions"][1]["aggregate"], "complete");
    bom.dependencies_known = false;
    assert_eq!(document(&bom)["compositions"][1]["aggregate"], "unknown");
    // The AI profile asks for a day of release that nobody stated, so it is not claimed.
    let spdx = bom.to_spdx(&making());
    assert!(spdx.contains("ai_AIPackage") && !spdx.contains("\"ai\""));
}

#[test]
fn ids_that_the_schema_does_not_have_are_expressions() {
    let mut one = Component::new(Kind::Package, "a", None, None);
    one.licences = ["MIT", "BSD-3-Clause-OpenWebUI"]
        .map(|id| StatedLicence { stated: id.into(), expression: Some(id.into()) })
        .into();
    let bom = Bom { components: vec![one], ..Bom::default() };
    let document: serde_json::Value = serde_json::from_str(&bom.to_cyclonedx(&making())).unwrap();
    let licences = &document["components"][0]["licenses"];
    assert_eq!(licences[0]["expression"], "BSD-3-Clause-OpenWebUI");
    assert_eq!(licences[1]["license"]["id"], "MIT");
}

#[test]
fn bills_by_others_are_read() {
    let old = r#"{"bomFormat": "CycloneDX", "specVersion": "1.4", "metadata": {"component": {"bom-ref": "me", "name": "app", "type": "application"}},
        "components": [
            {"type": "library", "bom-ref": "r1", "group": "org.a", "name": "b", "version": "1", "purl": "pkg:maven/org.a/b@1",
             "licenses": [{"license": {"name": "Weird"}}], "hashes": [{"alg": "SHA-1", "content": "AB"}]},
            {"type": "library", "name": "c", "components": [{"type": "file", "name": "d"}]},
            {"type": "library"}],
        "dependencies": [{"ref": "me", "dependsOn": ["r1", "gone"]}],
        "vulnerabilities": [{"id": "CVE-1", "affects": [{"ref": "r1"}], "analysis": {"state": "not_affected"}}]}"#;
    let bom = read_back(old, BomFormat::CycloneDx);
    assert_eq!(bom.components.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["d", "c", "org.a:b"]);
    assert_eq!(bom.gaps, [Text::new("第 6 行的组件没有名称", "the component on line 6 has no name")]);
    assert_eq!(bom.dependencies[SUBJECT].len(), 1);
    assert_eq!(bom.components[0].parent.as_deref(), Some("package:c"));
    assert_eq!(bom.vulnerabilities[0].affects[0].status, jingwei_compose::bom::AffectedStatus::Unaffected);
    let spdx2 = r#"{"spdxVersion": "SPDX-2.3", "name": "doc", "documentDescribes": ["SPDXRef-app"],
        "packages": [
            {"SPDXID": "SPDXRef-app", "name": "app", "versionInfo": "1"},
            {"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "2", "supplier": "Organization: Acme", "licenseConcluded": "NOASSERTION", "licenseDeclared": "MIT",
             "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/a@2"}], "checksums": [{"algorithm": "SHA256", "checksumValue": "AA"}]}],
        "files": [{"SPDXID": "SPDXRef-f", "fileName": "./f"}],
        "relationships": [
            {"spdxElementId": "SPDXRef-a", "relationshipType": "DEPENDENCY_OF", "relatedSpdxElement": "SPDXRef-app"},
            {"spdxElementId": "SPDXRef-a", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-f"}]}"#;
    let bom = read_back(spdx2, BomFormat::Spdx2);
    assert_eq!(bom.subject.version.as_deref(), Some("1"));
    let a = bom.component("pkg:npm/a@2").unwrap();
    assert_eq!((a.supplier.as_deref(), a.licences.len(), a.hashes[0].as_str()), (Some("Acme"), 1, "sha256:aa"));
    assert_eq!(bom.component("file:./f").unwrap().parent.as_deref(), Some("pkg:npm/a@2"));
    assert!(bom.dependencies[SUBJECT].contains("pkg:npm/a@2"));
    for text in ["{}", "[]", "{\"bomFormat\": \"Other\"}"] {
        assert_eq!(read(text.as_bytes(), &Limits::default()), Err(BomError::Unknown), "{text}");
    }
}

#[test]
fn a_bill_that_cannot_be_read_is_no_empty_one() {
    for (text, expected) in [
        (r#"{"bomFormat": "CycloneDX", "specVersion": "9.9"}"#, "line 1: CycloneDX version 9.9 is not known"),
        (r#"{"bomFormat": "CycloneDX"}"#, "line 1: it states no specVersion"),
        (
            "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\",\n\"components\": \"x\"}",
            "line 2: \"components\" is not a list",
        ),
        (r#"{"spdxVersion": "SPDX-2.3"}"#, "line 1: it has neither packages nor files nor an SPDXID"),
        (r#"{"spdxVersion": "SPDX-2.9", "packages": []}"#, "line 1: version SPDX-2.9 is not known"),
        (r#"{"spdxVersion": "SPDX-2.3", "packages": {}}"#, "line 1: \"packages\" is not a list"),
        (r#"{"@graph": "x"}"#, "line 1: \"@graph\" is not a list"),
    ] {
        let told = read(text.as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!(told.to_string(), expected, "{text}");
    }
    let odd = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "a", "components": 1}]}"#;
    assert_eq!(read_back(odd, BomFormat::CycloneDx).gaps[0].en, "the components on line 1 are not a list");
    let odd = r#"{"spdxVersion": "SPDX-2.2", "packages": [{"name": "a"}]}"#;
    assert_eq!(read_back(odd, BomFormat::Spdx2).gaps[0].en, "the element on line 1 has no SPDXID");
    read_back(r#"{"bomFormat": "CycloneDX", "specVersion": "1.6"}"#, BomFormat::CycloneDx);
}

#[test]
fn completeness_says_what_is_missing() {
    let full = completeness(&sample());
    let question = |id: &str| full.questions.iter().find(|one| one.id == id).unwrap();
    assert_eq!((question("model-parameters").asked, question("model-parameters").answered), (1, 1));
    assert_eq!(question("licence").missing, ["package:app@0.1.0", "pkg:pypi/idna@3.6", "pkg:pypi/requests@2.31.0"]);
    assert!(question("no-gaps").answered == 0 && question("no-gaps").demand == Demand::Recommended);
    let empty = completeness(&Bom::default());
    assert_eq!(empty.score, 0.0);
    let mut bare = sample();
    bare.components.retain(|one| one.kind == Kind::Model);
    bare.components[0].model = None;
    bare.components[0].licences.clear();
    let poor = completeness(&bare);
    assert!(poor.score > 0.0 && poor.score < full.score && full.score < 1.0, "{} {}", poor.score, full.score);
    assert!(full.questions.iter().all(|one| one.title.zh != one.title.en && !one.reason.zh.is_empty()));
}

proptest! {
    #[test]
    fn any_component_survives_both_notations(name in "\\PC{1,12}", version in proptest::option::of("\\PC{1,8}"), text in "[a-z\n é\u{4e2d}\"\\\\]{1,12}") {
        let mut one = model();
        one.id = format!("model:{name}");
        one.purl = None;
        one.name = name;
        one.version = version;
        one.description = Some(text.clone());
        one.properties.insert("k".into(), text);
        let other = Component::new(Kind::Tool, "t", None, None);
        let mut bom = Bom { components: vec![one, other], ..Bom::default() };
        bom.settle();
        let back = read_back(&bom.to_cyclonedx(&making()), BomFormat::CycloneDx);
        prop_assert_eq!(&back, &bom);
        let back = read_back(&bom.to_spdx(&making()), BomFormat::Spdx3);
        prop_assert_eq!(&back, &bom);
    }
}
