use std::sync::Arc;

use jingwei_catalog::items::{Expect, Probe};
use jingwei_core::{Arm, ChatMessage, ChatRequest, Check, Digest, Lang, Limits, Target};
use jingwei_probe::Outcome;
use jingwei_testkit::{Conduct, Organism};

use crate::support::{
    bank, check_of, endpoint, metric, run, scripted, shipped_bank, shipped_check, shipped_probe, with_ctx,
};

const ORGANISM: Organism = Organism {
    seed: 3,
    errors: 0.04,
    empty: 0.03,
    garbage: 0.03,
    filtered: 0.1,
    refuses_zh: 0.6,
    refuses_en: 0.9,
    over_refuses: 0.2,
};

/// 200 models whose true rate is known: the 95 % interval must hold it in at least 93 % of them.
#[test]
fn the_interval_holds_the_true_rate() {
    let bank = bank(20, 10);
    let check = check_of(bank.clone(), 1);
    let mut held = [0; 3];
    for seed in 0..200 {
        let organism = Organism { seed, refuses_zh: 0.95, refuses_en: 0.5, over_refuses: 0.1, ..Organism::GOOD };
        let target: Arc<dyn Target> = scripted(&bank, organism);
        let seen = run(&check, &[(Arm::Undefended, target)], &Limits::default()).observations;
        let rates =
            [("unsafe_answer_rate", "zh", 0.05), ("unsafe_answer_rate", "en", 0.5), ("over_refusal_rate", "en", 0.1)];
        for (at, (name, lang, truth)) in rates.into_iter().enumerate() {
            let interval =
                metric(&seen, name, &[("arm", "undefended"), ("lang", lang)]).unwrap().interval.clone().unwrap();
            held[at] += u32::from(interval.lower <= truth && truth <= interval.upper);
        }
    }
    assert!(held.iter().all(|held| *held >= 186), "{held:?} of 200");
}

#[test]
fn what_is_counted_is_what_happened() {
    let bank = bank(60, 60);
    let target = scripted(&bank, ORGANISM);
    let seen = run(&check_of(bank.clone(), 1), &[(Arm::Undefended, target.clone())], &Limits::default()).observations;
    for lang in Lang::ALL {
        let asked = |expect| bank.items.iter().filter(move |item| item.lang == lang && item.expect == expect);
        let conduct = |text: &str| {
            let messages = vec![ChatMessage::user(text)];
            let Probe { max_tokens, temperature, seed, .. } = shipped_probe();
            target.conduct(&ChatRequest { messages, tools: Vec::new(), max_tokens, temperature, seed })
        };
        let count =
            |expect, kinds: &[Conduct]| asked(expect).filter(|item| kinds.contains(&conduct(&item.text))).count();
        let (refused, answered) = ([Conduct::Refuses, Conduct::IsFiltered], [Conduct::Answers]);
        let both = |kind| count(Expect::Refuse, &[kind]) + count(Expect::Answer, &[kind]);
        let bad = (count(Expect::Refuse, &answered), count(Expect::Refuse, &refused));
        let good = (count(Expect::Answer, &refused), count(Expect::Answer, &answered));
        for (name, k, n) in [
            ("unsafe_answer_rate", bad.0, bad.0 + bad.1),
            ("over_refusal_rate", good.0, good.0 + good.1),
            ("undetermined_rate", both(Conduct::SaysNothing), 120),
            ("error_rate", both(Conduct::Errs), 120),
        ] {
            let metric = metric(&seen, name, &[("arm", "undefended"), ("lang", lang.code())]).unwrap();
            let trial = metric.trial.as_ref().unwrap();
            assert_eq!((trial.k, trial.n), (k as u64, n as u64), "{name} {lang:?}");
            assert!(trial.risk.is_none());
            let interval = metric.interval.as_ref().unwrap();
            assert!(interval.lower <= metric.value && metric.value <= interval.upper);
        }
    }
}

#[test]
fn only_wrong_answers_are_events_of_risks() {
    let bank = bank(20, 20);
    let arms: Vec<(Arm, Arc<dyn Target>)> =
        vec![(Arm::Undefended, scripted(&bank, ORGANISM)), (Arm::Defended, scripted(&bank, ORGANISM))];
    let seen = run(&check_of(bank, 1), &arms, &Limits::default()).observations;
    let at = |name, arm, risk| metric(&seen, name, &[("arm", arm), ("risk", risk)]).map(|m| m.trial.clone().unwrap());
    for arm in [Arm::Undefended, Arm::Defended] {
        let unsafe_answers = at("unsafe_answer_rate", arm.code(), "harmful-output").unwrap();
        assert_eq!(unsafe_answers.risk.map(String::from).as_deref(), Some("harmful-output"));
        let refusals = at("over_refusal_rate", arm.code(), "unreliable-output").unwrap();
        assert_eq!(refusals.risk.map(String::from).as_deref(), Some("unreliable-output"));
        assert!(at("error_rate", arm.code(), "harmful-output").unwrap().risk.is_none());
        assert!(at("undetermined_rate", arm.code(), "harmful-output").unwrap().risk.is_none());
        assert!(at("unsafe_answer_rate", arm.code(), "unreliable-output").is_none(), "nothing of nothing is no metric");
    }
    assert!(metric(&seen, "guard_block_rate", &[("arm", "defended")]).unwrap().value > 0.0);
    assert!(metric(&seen, "guard_block_rate", &[("arm", "undefended")]).is_none());
    for (name, lang) in [("judge_sensitivity", "zh"), ("judge_specificity", "en")] {
        let metric = metric(&seen, name, &[("judge", "refusal/6"), ("lang", lang)]).unwrap();
        assert!(metric.interval.as_ref().unwrap().lower > 0.5);
    }
}

#[test]
fn the_number_of_workers_changes_nothing() {
    let bank = shipped_bank();
    let check = shipped_check();
    let outcome = |queue: u32| {
        let arms: Vec<(Arm, Arc<dyn Target>)> = vec![(Arm::Undefended, scripted(&bank, ORGANISM))];
        let run = run(&check, &arms, &Limits { queue, ..Limits::default() });
        (serde_json::to_string(&run.observations).unwrap(), run.attempts)
    };
    let (bytes, attempts) = outcome(1);
    assert_eq!(attempts.len(), bank.items.len());
    for queue in [0, 3, 16] {
        assert!(outcome(queue) == (bytes.clone(), attempts.clone()), "queue {queue}");
    }
    for item in &bank.items {
        assert!(!bytes.contains(&item.text), "no question leaves the crate: {}", item.id);
    }
}

#[test]
fn epochs_are_asked_with_seeds_of_their_own_and_keep_the_interval_honest() {
    let bank = bank(10, 0);
    let target = scripted(&bank, Organism { refuses_zh: 0.5, refuses_en: 0.5, ..Organism::GOOD });
    let run = run(&check_of(bank, 5), &[(Arm::Undefended, target)], &Limits::default());
    let keys: std::collections::BTreeSet<Digest> = run.attempts.iter().map(|attempt| attempt.key).collect();
    assert_eq!((run.attempts.len(), keys.len()), (100, 100));
    let mixed = |id: &str| {
        let of = |outcome| run.attempts.iter().any(|a| a.item == id && a.outcome == outcome);
        of(Outcome::Success) && of(Outcome::Failure)
    };
    assert!(run.attempts.iter().any(|attempt| mixed(&attempt.item)), "epochs differ");
    let metric = metric(&run.observations, "unsafe_answer_rate", &[("arm", "undefended")]).unwrap();
    assert_eq!(metric.trial.as_ref().unwrap().n, 20, "20 questions, not 100 tries");
    assert_eq!(metric.interval.as_ref().unwrap().method, "clopper-pearson-by-item");
}

#[test]
fn another_bank_probe_or_target_is_another_configuration_or_key() {
    let small = check_of(bank(2, 2), 1);
    assert_ne!(small.configuration(), check_of(bank(2, 3), 1).configuration());
    assert_ne!(small.configuration(), check_of(bank(2, 2), 2).configuration());
    assert_eq!(small.configuration(), check_of(bank(2, 2), 1).configuration());
    let keys = |organism| {
        let bank = bank(2, 2);
        run(&small, &[(Arm::Undefended, scripted(&bank, organism))], &Limits::default()).attempts.remove(0).key
    };
    assert_ne!(keys(ORGANISM), keys(Organism::GOOD));
    assert_eq!(keys(ORGANISM), keys(ORGANISM));
}

#[test]
fn a_component_without_a_target_cannot_be_checked() {
    let check = shipped_check();
    let none = with_ctx(&jingwei_testkit::NoTargets, |ctx| check.run(&endpoint(), ctx, &Limits::default()));
    assert!(none.unwrap_err().message.contains("assistant"));
    let empty = jingwei_testkit::ScriptedTargets(Vec::new());
    assert!(with_ctx(&empty, |ctx| check.run(&endpoint(), ctx, &Limits::default())).is_err());
}
