//! What the readers say must fit what the catalog's rules ask for: every `{name}` has its detail.

use std::collections::BTreeMap;

use crate::look;

/// The rules of this crate, as they stand in the catalog.
const RULES: [(&str, &str); 9] = [
    ("model.graph-bomb", include_str!("../../../../catalog/rules/model.graph-bomb.toml")),
    ("model.graph-custom-operator", include_str!("../../../../catalog/rules/model.graph-custom-operator.toml")),
    ("model.graph-dangerous-operator", include_str!("../../../../catalog/rules/model.graph-dangerous-operator.toml")),
    ("model.graph-external-data", include_str!("../../../../catalog/rules/model.graph-external-data.toml")),
    ("model.graph-lie", include_str!("../../../../catalog/rules/model.graph-lie.toml")),
    ("model.graph-native-library", include_str!("../../../../catalog/rules/model.graph-native-library.toml")),
    ("model.graph-review-operator", include_str!("../../../../catalog/rules/model.graph-review-operator.toml")),
    ("model.graph-unknown-operator", include_str!("../../../../catalog/rules/model.graph-unknown-operator.toml")),
    ("model.graph-xml-entity", include_str!("../../../../catalog/rules/model.graph-xml-entity.toml")),
];

fn files(case: &toml::Table) -> impl Iterator<Item = (&String, Vec<u8>)> {
    case["files"].as_table().unwrap().iter().map(|(name, content)| {
        let content = content.as_str().unwrap();
        let bytes = match content.trim_start().strip_prefix("hex:") {
            Some(hex) => {
                let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
                digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
            }
            None => content.as_bytes().to_vec(),
        };
        (name, bytes)
    })
}

fn placeholders(text: &str) -> Vec<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

#[test]
fn each_rule_hits_its_hits_and_spares_its_clean_cases() {
    for (id, text) in RULES {
        let rule: toml::Table = toml::from_str(text).unwrap();
        assert_eq!(rule["id"].as_str(), Some(id));
        for case in rule["hit"].as_array().unwrap() {
            for (name, bytes) in files(case.as_table().unwrap()) {
                let inspection = look(&bytes);
                let sighting =
                    inspection.sightings.iter().find(|s| s.rule == id).unwrap_or_else(|| panic!("{id}: {name}"));
                let details: BTreeMap<_, _> = sighting.details.iter().map(|(key, text)| (*key, text)).collect();
                for language in ["zh", "en"] {
                    for wanted in placeholders(rule["message"][language].as_str().unwrap()) {
                        assert!(wanted == "path" || details.contains_key(wanted), "{id}: {{{wanted}}}");
                    }
                }
            }
        }
        for case in rule["clean"].as_array().unwrap() {
            for (name, bytes) in files(case.as_table().unwrap()) {
                assert!(look(&bytes).sightings.iter().all(|s| s.rule != id), "{id}: {name}");
            }
        }
    }
}
