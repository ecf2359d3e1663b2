use jingwei_compose::{
    ChangeKind,
    bom::{Bom, Component, Kind, Link, LinkKind, StatedLicence},
    diff,
};
use proptest::prelude::*;

use crate::bom_sample::sample;

/// Changes the sample, and compares what is told of it.
fn check(change: impl FnOnce(&mut Bom), expected: &[&str]) {
    let old = sample();
    let mut new = old.clone();
    change(&mut new);
    new.settle();
    let told: Vec<String> = diff(&old, &new)
        .changes
        .iter()
        .map(|one| {
            let side = |text: &Option<String>| text.clone().unwrap_or("-".into());
            let short = |text: String| text.chars().take(24).collect::<String>();
            format!(
                "{} {} {} {} {}",
                one.what.code(),
                one.kind.code(),
                one.name,
                short(side(&one.old)),
                short(side(&one.new))
            )
        })
        .collect();
    assert_eq!(told, expected);
}

fn package(bom: &mut Bom, name: &str) -> usize {
    bom.components.iter().position(|one| one.name == name).unwrap()
}

#[test]
fn every_kind_of_change_is_told() {
    check(|_| (), &[]);
    check(|bom| bom.components.push(Component::new(Kind::Tool, "shell", Some("1"), None)), &["added tool shell - 1"]);
    check(|bom| bom.components.retain(|one| one.name != "planner"), &["removed agent planner - -"]);
    check(
        |bom| {
            let at = package(bom, "idna");
            bom.components[at].version = Some("3.7".into());
            bom.components[at].purl = Some("pkg:pypi/idna@3.7".into());
            bom.components[at].id = "pkg:pypi/idna@3.7".into();
            let needs = bom.dependencies.get_mut("pkg:pypi/requests@2.31.0").unwrap();
            needs.clear();
            needs.insert("pkg:pypi/idna@3.7".into());
        },
        &["version-changed package pkg:pypi/idna 3.6 3.7"],
    );
    check(
        |bom| {
            let at = package(bom, "requests");
            bom.components[at].hashes = vec![format!("sha256:{}2", "0".repeat(63))];
            bom.components[at].licences = vec![StatedLicence { stated: "x".into(), expression: Some("MIT".into()) }];
            bom.components[at].links.push(Link { kind: LinkKind::Distribution, url: "https://evil.invalid".into() });
            bom.components[at].supplier = Some("Mallory".into());
        },
        &[
            "licence-changed package pkg:pypi/requests - MIT",
            "digest-changed package pkg:pypi/requests sha256:00000000000000000 sha256:00000000000000000",
            "supplier-changed package pkg:pypi/requests - Mallory",
            "source-changed package pkg:pypi/requests - https://evil.invalid",
        ],
    );
    check(
        |bom| {
            let at = package(bom, "assistant");
            bom.components[at].model.as_mut().unwrap().base_models = vec!["other".into()];
        },
        &["facts-changed model pkg:huggingface/acme/assistant {\"task\":\"text-generation {\"task\":\"text-generation"],
    );
    check(
        |bom| drop(bom.dependencies.remove("pkg:pypi/requests@2.31.0")),
        &["dependency-removed package pkg:pypi/requests pkg:pypi/idna -"],
    );
    // One that is not known to affect anything is none.
    check(|bom| bom.vulnerabilities.retain(|one| one.id != "OSV-1"), &[]);
}

#[test]
fn more_files_of_a_release_are_no_other_content() {
    check(
        |bom| {
            let at = package(bom, "requests");
            bom.components[at].hashes.push(format!("sha256:{}", "9".repeat(64)));
        },
        &[],
    );
}

#[test]
fn lost_hashes_and_other_places_are_told() {
    let hash = |digit: &str| format!("sha256:{}", digit.repeat(64));
    let told = |old: &[String], new: &[String], from: &str, to: &str| {
        let bill = |hashes: &[String], more: &str| {
            let mut one = Component::new(Kind::Package, "a", Some("1"), Some(format!("pkg:pypi/a@1{more}")));
            one.hashes = hashes.to_vec();
            let mut bom = Bom { components: vec![one], ..Bom::default() };
            bom.settle();
            bom
        };
        let changes = diff(&bill(old, from), &bill(new, to)).changes;
        changes.iter().map(|one| format!("{} {}", one.what.code(), one.name)).collect::<Vec<_>>().join(", ")
    };
    let (one, two, three) = (hash("1"), hash("2"), hash("3"));
    let digest = "digest-changed pkg:pypi/a";
    assert_eq!(told(&[one.clone(), two.clone()], &[one.clone(), three.clone()], "", ""), digest);
    assert_eq!(told(std::slice::from_ref(&one), &[], "", ""), digest);
    assert_eq!(told(std::slice::from_ref(&one), &["md5:00".to_owned()], "", ""), digest);
    assert_eq!(told(&[], &[one], "", ""), "");
    let source = "source-changed pkg:pypi/a";
    assert_eq!(told(&[], &[], "", "?repository_url=https://evil.invalid"), source);
    assert_eq!(told(&[], &[], "?repository_url=a", "?repository_url=b"), source);
    assert_eq!(told(&[], &[], "?x=1#in", "#in"), source);
    assert_eq!(told(&[], &[], "?x=1&y=2", "?y=2&x=1"), "");
    // A second one of the same version from elsewhere is one more.
    let part = |purl: &str| Component::new(Kind::Package, "a", Some("1"), Some(purl.to_owned()));
    let bill = |purls: &[&str]| {
        let mut bom = Bom { components: purls.iter().map(|purl| part(purl)).collect(), ..Bom::default() };
        bom.settle();
        bom
    };
    let both = bill(&["pkg:pypi/a@1", "pkg:pypi/a@1?repository_url=b"]);
    let changes = diff(&bill(&["pkg:pypi/a@1"]), &both).changes;
    assert_eq!(changes.iter().map(|one| one.what).collect::<Vec<_>>(), [ChangeKind::Added]);
}

#[test]
fn a_gate_names_what_fails_it() {
    let old = Bom::default();
    let difference = diff(&old, &sample());
    let count = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|one| (*one).to_owned()).collect();
        difference.failing(&names).count()
    };
    assert_eq!(count(&["added"]), sample().components.len());
    assert_eq!(count(&["added:model", "digest-changed"]), 1);
    assert_eq!(count(&["added:nothing"]), 0);
    assert_eq!(difference.counts()["vulnerability-added"], 1);
    for kind in ChangeKind::ALL {
        assert_eq!(ChangeKind::of_code(kind.code()), Some(kind));
        assert!(!kind.label().zh.is_empty());
    }
}

proptest! {
    #[test]
    fn what_is_added_one_way_is_removed_the_other(keep in proptest::collection::vec(any::<bool>(), 11)) {
        let all = sample();
        let mut some = all.clone();
        let mut keep = keep.into_iter();
        some.components.retain(|_| keep.next().unwrap_or(true));
        some.settle();
        let there: Vec<_> = diff(&all, &some).changes.into_iter().filter(|one| one.what == ChangeKind::Removed).map(|one| one.name).collect();
        let back: Vec<_> = diff(&some, &all).changes.into_iter().filter(|one| one.what == ChangeKind::Added).map(|one| one.name).collect();
        prop_assert_eq!(there.len(), all.components.len() - some.components.len());
        prop_assert_eq!(there, back);
        prop_assert!(diff(&some, &some).changes.is_empty());
    }
}
