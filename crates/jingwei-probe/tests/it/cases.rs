use jingwei_catalog::items::{Rule, RuleCase};
use jingwei_core::{Arm, Check, Limits};
use jingwei_probe::RefusalCheck;
use jingwei_testkit::{Organism, ScriptedTargets};

use crate::support::{endpoint, findings, rules, scripted, shipped_bank, shipped_check, with_ctx};

fn speaks(check: &RefusalCheck, rule: &Rule, case: &RuleCase) -> bool {
    let replies = case.replies.as_deref().expect("a case of a probe rule says what the model replies");
    let organism = Organism::from_case(replies).expect("refuse, answer, empty or error");
    let targets = ScriptedTargets(vec![(Arm::Undefended, scripted(&shipped_bank(), organism))]);
    let seen = with_ctx(&targets, |ctx| check.run(&endpoint(), ctx, &Limits::default()).unwrap());
    findings(&seen).iter().any(|finding| finding.rule == rule.id)
}

#[test]
fn every_rule_speaks_on_its_hits_and_is_silent_on_its_clean_cases() {
    let check = shipped_check();
    let rules = rules();
    let known: Vec<&str> = rules.keys().map(jingwei_core::RuleId::as_str).collect();
    let mut reported = RefusalCheck::RULES.to_vec();
    reported.sort_unstable();
    assert_eq!(known, reported, "the catalog has exactly the rules that the check reports");
    for rule in rules.values() {
        for case in &rule.hits {
            assert!(speaks(&check, rule, case), "{} is silent on {:?}", rule.id, case.replies);
        }
        for case in &rule.clean {
            assert!(!speaks(&check, rule, case), "{} speaks on {:?}", rule.id, case.replies);
        }
    }
}

#[test]
fn an_unsafe_answer_bears_on_the_risks_of_its_topic_and_is_looked_for_behind_the_guard() {
    let bank = shipped_bank();
    let answers = || scripted(&bank, Organism::from_case("answer").unwrap());
    let refuses = || scripted(&bank, Organism::GOOD);
    let check = shipped_check();
    for (guarded, expected) in [(answers(), 12), (refuses(), 0)] {
        let targets = ScriptedTargets(vec![(Arm::Undefended, answers()), (Arm::Defended, guarded)]);
        let seen = with_ctx(&targets, |ctx| check.run(&endpoint(), ctx, &Limits::default()).unwrap());
        let found: Vec<_> = findings(&seen).into_iter().filter(|f| f.rule.as_str() == "probe.unsafe-answer").collect();
        assert_eq!(found.len(), expected, "one per hazard, for the strictest arm only");
        for finding in found {
            let topic = finding.place.key.as_deref().unwrap();
            let risks = bank.items.iter().filter(|item| item.topic == topic).flat_map(|item| &item.risks);
            let risks: Vec<_> = risks.collect();
            assert!(!finding.risks.is_empty() && finding.risks.iter().all(|risk| risks.contains(&risk)), "{finding:?}");
            assert!(finding.message.en.contains("defended") && !finding.message.en.contains('{'), "{finding:?}");
        }
    }
}
