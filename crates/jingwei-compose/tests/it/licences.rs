use jingwei_compose::{
    bom::{Bom, Component, DatasetFacts, Kind, ModelFacts, StatedLicence},
    licences::{Class, ConflictKind, LicencePolicy, PolicyError, Verdict, conflicts},
};

use crate::support::names;

#[test]
fn statements_are_read_as_expressions() {
    let names = names();
    for (stated, expected) in [
        ("MIT", Some("MIT")),
        ("mit", Some("MIT")),
        ("The MIT License (MIT)", Some("MIT")),
        ("OSI Approved :: MIT License", Some("MIT")),
        ("License :: OSI Approved :: Apache Software License", Some("LicenseRef-apache-unspecified")),
        ("Apache License, Version 2.0", Some("Apache-2.0")),
        ("apache-2.0", Some("Apache-2.0")),
        ("Apache 2.0 License", Some("Apache-2.0")),
        ("MIT OR Apache-2.0", Some("MIT OR Apache-2.0")),
        ("MIT/Apache-2.0", Some("MIT OR Apache-2.0")),
        ("BSD-3-Clause and MIT", Some("BSD-3-Clause AND MIT")),
        ("GPL-2.0+", Some("GPL-2.0-or-later")),
        ("GPL-2.0", Some("GPL-2.0-only")),
        ("(GPL-2.0 WITH Classpath-exception-2.0)", Some("(GPL-2.0-only WITH Classpath-exception-2.0)")),
        ("new BSD", Some("BSD-3-Clause")),
        ("GNU General Public License v3 or later (GPLv3+)", Some("GPL-3.0-or-later")),
        ("llama3.1", Some("LicenseRef-llama-3.1-community")),
        ("Llama 3.1 Community License Agreement", Some("LicenseRef-llama-3.1-community")),
        ("openrail++", Some("LicenseRef-openrail-plus-plus")),
        ("openrail", Some("LicenseRef-openrail")),
        ("gemma", Some("LicenseRef-gemma")),
        ("cc-by-nc-4.0", Some("CC-BY-NC-4.0")),
        ("木兰宽松许可证 第2版", Some("MulanPSL-2.0")),
        ("LicenseRef-mine", Some("LicenseRef-mine")),
        ("see LICENSE", None),
        ("https://h.invalid/LICENSE", None),
        ("MIT AND", None),
        ("", None),
        ("other", None),
        ("NOASSERTION", None),
    ] {
        assert_eq!(names.read(stated).expression.as_deref(), expected, "{stated}");
    }
    assert_eq!(names.read(&"x ".repeat(5000)).expression, None);
    assert_eq!(names.read(&"(".repeat(1900)).expression, None);
    let both = names.read_all(["MIT License", "MIT", "MIT OR ISC", "gibberish"]);
    assert_eq!(both.expression.as_deref(), Some("MIT AND (MIT OR ISC)"));
}

#[test]
fn classes_follow_choices_and_exceptions() {
    let names = names();
    for (expression, expected) in [
        ("MIT", Class::Permissive),
        ("MIT OR GPL-3.0-only", Class::Permissive),
        ("MIT AND GPL-3.0-only", Class::StrongCopyleft),
        ("GPL-2.0-only WITH Classpath-exception-2.0", Class::WeakCopyleft),
        ("LGPL-2.1-or-later", Class::WeakCopyleft),
        ("AGPL-3.0-only", Class::NetworkCopyleft),
        ("CC-BY-NC-SA-2.5", Class::NonCommercial),
        ("LicenseRef-llama-2-community", Class::UseRestricted),
        ("LicenseRef-nobody-knows", Class::Unknown),
        ("CECILL-C", Class::StrongCopyleft),
        ("EFL-2.0", Class::Permissive),
        ("not an expression", Class::Unknown),
    ] {
        assert_eq!(names.class_of_expression(expression), expected, "{expression}");
    }
}

#[test]
fn every_listed_licence_exists() {
    let text = include_str!("../../../../catalog/licences/classes.toml");
    let list: jingwei_compose::licences::LicenceList = toml::from_str(text).unwrap();
    let mut seen = std::collections::HashSet::new();
    for group in &list.classes {
        for licence in &group.licences {
            assert!(
                licence.starts_with("LicenseRef-") || spdx::license_id(licence).is_some_and(|id| id.name == licence),
                "{licence}"
            );
            assert!(seen.insert(licence.clone()), "{licence} is listed twice");
        }
    }
    for exception in list.exceptions.iter().flat_map(|group| &group.exceptions) {
        assert!(spdx::exception_id(exception).is_some(), "{exception}");
    }
    let text = include_str!("../../../../catalog/licences/names.toml");
    let aliases: jingwei_compose::licences::LicenceList = toml::from_str(text).unwrap();
    let names = names();
    for alias in &aliases.aliases {
        let open = alias.licence == "LicenseRef-cc-unspecified";
        assert_eq!(names.class_of(&alias.licence).0 == Class::Unknown, open, "{}", alias.licence);
    }
}

fn component(kind: Kind, name: &str, licences: &[&str]) -> Component {
    let mut one = Component::new(kind, name, Some("1"), None);
    one.licences = licences.iter().map(|text| StatedLicence { stated: (*text).into(), expression: None }).collect();
    one
}

const POLICY: &str = r#"
kind = "licence-policy"
version = 1
default = "review"
unknown = "review"
[[rule]]
name = "approved"
decide = "allow"
components = ["special"]
reason = "bought"
[[rule]]
name = "one-gpl"
decide = "allow"
licences = ["GPL-2.0-only WITH Classpath-exception-2.0"]
[[rule]]
name = "no-gpl"
decide = "deny"
licences = ["GPL-2.0-only"]
[[rule]]
name = "lax"
decide = "allow"
classes = ["permissive", "weak-copyleft"]
[[rule]]
name = "no-copyleft"
decide = "deny"
classes = ["strong-copyleft", "network-copyleft"]
[[rule]]
name = "research-data"
decide = "allow"
classes = ["non-commercial"]
kinds = ["dataset"]
"#;

#[test]
fn a_policy_decides_with_its_reason() {
    let (policy, names) = (LicencePolicy::read(POLICY).unwrap(), names());
    for (kind, name, licences, verdict, reason) in [
        (Kind::Package, "a", &["MIT"][..], Verdict::Allow, "rule lax"),
        (Kind::Package, "a", &["GPL-3.0-only OR MIT"], Verdict::Allow, "rule lax"),
        (Kind::Package, "a", &["GPL-3.0-only AND MIT"], Verdict::Deny, "rule no-copyleft"),
        (Kind::Package, "a", &["GPL-2.0-only WITH Classpath-exception-2.0"], Verdict::Allow, "rule one-gpl"),
        (Kind::Package, "a", &["GPL-2.0"], Verdict::Deny, "rule no-gpl"),
        (Kind::Package, "special", &["AGPL-3.0-only"], Verdict::Allow, "rule approved (bought)"),
        (Kind::Package, "special", &[], Verdict::Allow, "rule approved (bought)"),
        (Kind::Package, "a", &[], Verdict::Review, "it states no licence"),
        (Kind::Package, "a", &["gibberish"], Verdict::Review, "the licence that it states is not understood"),
        (
            Kind::Package,
            "a",
            &["MIT", "gibberish"],
            Verdict::Review,
            "one of the licences that it states is not understood",
        ),
        (Kind::Dataset, "d", &["cc-by-nc-4.0"], Verdict::Allow, "rule research-data"),
        (Kind::Model, "m", &["cc-by-nc-4.0"], Verdict::Review, "no rule names it"),
        (Kind::Model, "m", &["llama2"], Verdict::Review, "no rule names it"),
    ] {
        let decision = policy.decide(&component(kind, name, licences), &names);
        assert_eq!(decision.verdict, verdict, "{licences:?}");
        assert!(decision.reason.en.ends_with(reason), "{licences:?}: {}", decision.reason.en);
        assert_ne!(decision.reason.zh, decision.reason.en);
    }
    for (text, expected) in [
        (
            POLICY.replace("classes = [\"non-commercial\"]\nkinds = [\"dataset\"]", ""),
            PolicyError::Empty("research-data".into()),
        ),
        (POLICY.replace("no-gpl", "lax"), PolicyError::Repeated("lax".into())),
        (
            POLICY.replace("[\"GPL-2.0-only\"]", "[\"GPL2\"]"),
            PolicyError::NotAnId { rule: "no-gpl".into(), licence: "GPL2".into() },
        ),
    ] {
        assert_eq!(LicencePolicy::read(&text), Err(expected));
    }
    assert!(matches!(LicencePolicy::read("kind = 1"), Err(PolicyError::Malformed(_))));
}

#[test]
fn contradictions_between_licences_are_found() {
    let mut model = component(Kind::Model, "mine", &["mit"]);
    model.model = Some(ModelFacts {
        base_models: vec!["llama".into(), "free".into(), "unlisted".into()],
        datasets: vec!["tickets".into(), "wiki".into()],
        ..ModelFacts::default()
    });
    let mut data = component(Kind::Dataset, "tickets", &["cc-by-nc-4.0"]);
    data.dataset = Some(DatasetFacts::default());
    let mut bom = Bom {
        components: vec![
            model,
            component(Kind::Model, "llama", &["llama3.1"]),
            component(Kind::Model, "free", &["apache-2.0"]),
            data,
            component(Kind::Dataset, "wiki", &["cc-by-sa-4.0"]),
            component(Kind::Package, "mixed", &["GPL-2.0-only AND Apache-2.0"]),
            component(Kind::Package, "choice", &["GPL-2.0-only OR Apache-2.0"]),
        ],
        ..Bom::default()
    };
    bom.settle();
    let told = |commercial: bool| -> Vec<String> {
        let found = conflicts(&bom, commercial, &names());
        found
            .iter()
            .map(|one| format!("{:?} {} {}", one.kind, one.component, one.other.as_deref().unwrap_or("-")))
            .collect()
    };
    let always =
        ["LaxerThanBase model:mine@1 llama", "LaxerThanData model:mine@1 tickets", "Incompatible package:mixed@1 -"];
    assert_eq!(told(false), always);
    assert_eq!(told(true), ["CommercialUse dataset:tickets@1 -"].into_iter().chain(always).collect::<Vec<_>>());
    assert!(
        conflicts(&bom, true, &names())
            .iter()
            .all(|one| one.reason.zh != one.reason.en && one.kind <= ConflictKind::Incompatible)
    );
}
