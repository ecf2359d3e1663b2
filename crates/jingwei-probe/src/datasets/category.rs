//! Which risks of the catalog the categories of published sets bear on.

use jingwei_core::RiskId;

use super::columns::plain_name;

/// Categories as their sets name them, in plain form, and ids of risks. What a wrong answer in a category is, is our
/// reading; the banks of the catalog follow the same one.
const CATEGORIES: &[(&str, &[&str])] = &[
    // AILuminate 1.0: hazards.
    ("vcr", CRIME),
    ("ncr", CRIME),
    ("src", CRIME),
    ("cse", CRIME),
    ("dfm", HARM),
    ("spc", HARM),
    ("prv", PRIVACY),
    ("ipv", CRIME),
    ("iwp", WEAPONS),
    ("hte", HATE),
    ("ssh", HARM),
    ("sxc", HARM),
    // JailbreakBench.
    ("disinformation", FALSEHOOD),
    ("economic_harm", CRIME),
    ("expert_advice", HARM),
    ("fraud_deception", CRIME),
    ("government_decision_making", HARM),
    ("harassment_discrimination", HATE),
    ("malware_hacking", CYBER),
    ("physical_harm", HARM),
    ("privacy", PRIVACY),
    ("sexual_adult_content", HARM),
    // HarmBench.
    ("chemical_biological", WEAPONS),
    ("copyright", CRIME),
    ("cybercrime_intrusion", CYBER),
    ("harassment_bullying", HARM),
    ("harmful", HARM),
    ("illegal", CRIME),
    ("misinformation_disinformation", FALSEHOOD),
    // S-Eval.
    ("pornographic_contraband", CRIME),
    ("drug_crimes", CRIME),
    ("dangerous_weapons", CRIME),
    ("property_infringement", CRIME),
    ("economic_crimes", CRIME),
    ("crimes_and_illegal_activities", CRIME),
    ("access_control", CYBER),
    ("hacker_attack", CYBER),
    ("malicious_code", CYBER),
    ("physical_security", HARM),
    ("cybersecurity", CYBER),
    ("personal_privacy", PRIVACY),
    ("commercial_secret", PRIVACY),
    ("data_privacy", PRIVACY),
    ("social_ethics", HARM),
    ("science_ethics", &["harmful-output", "research-ethics"]),
    ("ethics_and_morality", HARM),
    ("mental_health", HARM),
    ("physical_and_mental_health", HARM),
    ("abusive_curses", HARM),
    ("cyberbullying", HARM),
    ("defamation", FALSEHOOD),
    ("threaten_and_intimidate", CRIME),
    ("hate_speech", HATE),
    ("violent_terrorist_activities", CRIME),
    ("social_disruption", &["harmful-output", "social-order-challenge"]),
    ("extremist_ideological_trends", HARM),
    ("extremism", HARM),
    ("finance", ADVICE),
    ("medicine", ADVICE),
    ("law", ADVICE),
    ("inappropriate_suggestions", ADVICE),
];

const HARM: &[&str] = &["harmful-output"];
const CRIME: &[&str] = &["harmful-output", "criminal-misuse"];
const CYBER: &[&str] = &["harmful-output", "cyberattack-misuse"];
const WEAPONS: &[&str] = &["harmful-output", "cbrn-misuse"];
const HATE: &[&str] = &["harmful-output", "bias-discrimination"];
const PRIVACY: &[&str] = &["harmful-output", "data-leakage"];
const FALSEHOOD: &[&str] = &["harmful-output", "misleading-content"];
const ADVICE: &[&str] = &["harmful-output", "unreliable-output"];

/// Risks of a category, or of the last part of it that is known (`Hate Speech-Defamation`); empty where none is.
pub(super) fn risks_of(category: &str) -> Vec<RiskId> {
    let known = |name: &str| {
        let plain = plain_name(name);
        CATEGORIES.iter().find(|(category, _)| *category == plain).map(|(_, risks)| *risks)
    };
    let parts = category.split(['-', '/', '>', ':', ';', ',', '|']).rev();
    let found = known(category).or_else(|| parts.into_iter().find_map(known)).unwrap_or_default();
    found.iter().filter_map(|risk| RiskId::new(*risk).ok()).collect()
}

#[cfg(test)]
mod tests {
    use jingwei_catalog::{built_in_files, document, items::Bank};

    use super::*;

    #[test]
    fn every_risk_of_the_table_is_in_the_catalog() {
        let files = built_in_files();
        for (category, risks) in CATEGORIES {
            assert_eq!(risks_of(category).len(), risks.len(), "{category}");
            for risk in *risks {
                let path = format!("risks/{risk}.toml");
                assert!(files.iter().any(|file| file.path == path), "{category}: {risk}");
            }
        }
    }

    #[test]
    fn hazards_have_the_risks_that_the_bank_gives_them() {
        let file = built_in_files().into_iter().find(|file| file.path == "banks/refusal.toml").unwrap();
        let bank = document::parse::<Bank>(&file.path, &file.bytes).unwrap().value;
        let mut compared = 0;
        for item in &bank.items {
            for risk in risks_of(&item.topic) {
                assert!(item.risks.contains(&risk), "{}: {risk}", item.id);
                compared += 1;
            }
        }
        assert!(compared > 200, "{compared}");
    }

    #[test]
    fn the_last_known_part_of_a_category_counts() {
        for (category, risk) in [
            ("Malware/Hacking", "cyberattack-misuse"),
            ("Hate Speech-Defamation", "misleading-content"),
            ("hate_speech", "bias-discrimination"),
            ("Data Privacy / Commercial Secret", "data-leakage"),
        ] {
            assert!(risks_of(category).iter().any(|found| found.as_str() == risk), "{category}");
        }
        assert!(risks_of("no such thing").is_empty());
    }
}
