//! What is kept of a run's attempts is enough for its summary.

use std::sync::Arc;

use jingwei_core::{Arm, ChatReply, Digest, Finish, Lang, TargetError};
use jingwei_probe::{
    Attempt, Chain, Expect, Item, KeptAttempts, Names, Outcome, Part, Plan, Planned, RefusalJudge, SingleTurn, Summary,
    Trial, TrialStep,
};

const ARMS: [Arm; 2] = [Arm::Undefended, Arm::Defended];

/// Two parts with the same questions: their attempts have the same keys.
fn plan() -> Plan {
    let item = |number: usize| {
        Arc::new(Item {
            id: format!("q{number}"),
            dataset: "own".to_owned(),
            lang: Lang::En,
            text: format!("how do I do thing {number}?"),
            before: Vec::new(),
            tools: Vec::new(),
            expect: if number.is_multiple_of(3) { Expect::Answer } else { Expect::Refuse },
            trap: None,
            topic: format!("topic-{}", number % 2),
            risks: Vec::new(),
            refs: Vec::new(),
        })
    };
    let part = |id: &str| Part {
        id: id.to_owned(),
        dimension: None,
        items: (0..7).map(item).collect(),
        chains: vec![Arc::new(Chain::default())],
        driver: Arc::new(SingleTurn),
        judges: vec![Arc::new(RefusalJudge)],
        epochs: 3,
        max_tokens: 16,
        temperature: 0.0,
    };
    Plan { suite: "test".to_owned(), seed: 1, parts: vec![part("first"), part("second")] }
}

fn made(plan: &Plan, number: usize, planned: Planned, arm: Arm) -> Attempt {
    let mut trial = Trial::new(plan, planned, arm, &Digest::of(arm.code().as_bytes()), 1 << 16).unwrap();
    let mut answers = Vec::new();
    loop {
        match trial.step(std::mem::take(&mut answers)) {
            TrialStep::Ask(asks) => answers.extend(asks.iter().map(|_| match number % 4 {
                0 => Ok(ChatReply::new("I'm sorry, but I can't help with that.", Finish::Stop)),
                1 => Ok(ChatReply::new("Sure. First you open the box, then you turn the key.", Finish::Stop)),
                2 => Ok(ChatReply::new("", Finish::ContentFilter)),
                _ => Err(TargetError::TimedOut { url: "http://model".to_owned(), ms: 9 }),
            })),
            TrialStep::Done(done) => return done.0,
        }
    }
}

#[test]
fn what_is_kept_is_given_back_in_the_order_of_the_plan() {
    let plan = plan();
    let all = |arm| plan.attempts().enumerate().map(move |(number, planned)| (number, planned, arm));
    let whole: Vec<(u32, Attempt)> = ARMS
        .into_iter()
        .flat_map(all)
        .map(|(number, planned, arm)| (u32::try_from(number).unwrap(), made(&plan, number, planned, arm)))
        .collect();
    let mut kept = KeptAttempts::with_capacity(2);
    // As they may end: out of order, one arm between the other.
    for (number, attempt) in whole.iter().rev().step_by(2).chain(whole.iter().rev().skip(1).step_by(2)) {
        kept.push(*number, attempt);
    }
    assert_eq!((kept.len(), kept.is_empty()), (whole.len(), false));
    let errors = kept.outcomes().filter(|outcome| *outcome == (Outcome::Error, "error.timed-out")).count();
    assert_eq!(errors, whole.iter().filter(|(_, attempt)| attempt.outcome == Outcome::Error).count());

    let mut names = Names::default();
    let mut seen = std::collections::HashSet::new();
    let first = whole.into_iter().map(|(_, attempt)| attempt).filter(|attempt| seen.insert(attempt.key));
    let expected: Vec<Attempt> = first.map(|one| Attempt { reply: None, ..one.condensed(&mut names) }).collect();
    let restored = kept.restored(&plan, &ARMS);
    assert_eq!(restored.len(), 42, "the second part repeats the keys of the first");
    assert_eq!(restored, expected);
    assert_eq!(Summary::of(&plan, &restored, &ARMS), Summary::of(&plan, &expected, &ARMS));
}

#[test]
fn what_is_not_in_the_plan_is_left_out() {
    let plan = plan();
    let attempt = made(&plan, 0, plan.get(0).unwrap(), Arm::Undefended);
    let mut kept = KeptAttempts::default();
    kept.push(u32::MAX, &attempt);
    kept.push(0, &Attempt { arm: Arm::Defended, ..attempt });
    assert_eq!(kept.restored(&plan, &[Arm::Undefended]), []);
    assert_eq!(KeptAttempts::default().restored(&plan, &ARMS), []);
}
