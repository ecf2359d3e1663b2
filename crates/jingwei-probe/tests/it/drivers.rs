mod helpers;
mod models;

use std::collections::BTreeSet;

use jingwei_core::{ChatMessage, ChatRequest, ChatRole, Lang};
use jingwei_probe::{
    Outcome, Party, TurnAnswer,
    drivers::{all, named},
};

use helpers::{NO, QUESTION, YES, broken, case, item, outcome, play, policy, say};

#[test]
fn a_driver_is_named_with_its_settings_and_its_id_names_it_again() {
    for (spec, id) in [
        ("single-turn", "single-turn/1"),
        ("many-shot(shots=4)", "many-shot/1(shots=4)"),
        ("crescendo", "crescendo/1(turns=5,backtracks=3,writer=template)"),
        (" crescendo( turns = 4 , writer=model ) ", "crescendo/1(turns=4,backtracks=3,writer=model)"),
        ("pair/1(rounds=2)", "pair/1(rounds=2,writer=template)"),
        ("tap()", "tap/1(branching=3,width=3,depth=3,writer=template)"),
        ("best-of-n(until=all,n=5)", "best-of-n/1(n=5,noise=10,until=all)"),
        ("decomposition", "decomposition/1(parts=3,writer=template)"),
        ("follow-up", "follow-up/1(agreements=2,pushes=1)"),
    ] {
        let driver = named(spec).unwrap();
        assert_eq!(driver.id(), id);
        assert_eq!(named(id).unwrap().id(), id);
        let wants = if id.contains("writer=model") { &[Party::Attacker][..] } else { &[] };
        assert_eq!(driver.needs(), wants);
    }
    let entries = all();
    assert_eq!(entries.len(), 8);
    for entry in entries {
        let driver = named(entry.name).unwrap();
        assert_eq!((driver.id(), driver.at_most()), (entry.id.as_str(), entry.at_most), "{}", entry.name);
        assert_ne!(entry.title.zh, entry.title.en);
    }
}

#[test]
fn a_wrong_spec_says_what_is_wrong() {
    let long = format!("crescendo{}", " ".repeat(300));
    for (spec, says) in [
        ("", "is not a driver"),
        ("crescendo(turns=5", "is not a driver"),
        ("crescendo(turns)", "is not a driver"),
        ("Crescendo", "is not a driver"),
        (long.as_str(), "is not a driver"),
        ("goat", "the drivers are: single-turn, many-shot, crescendo"),
        ("crescendo/9", "has no version 9"),
        ("crescendo(speed=3)", "has no setting `speed`; it has: turns, backtracks, writer"),
        ("single-turn(turns=1)", "has no setting `turns`; it has: none"),
        ("crescendo(turns=5,turns=6)", "stands twice"),
        ("crescendo(turns=1)", "a whole number from 2 to 10"),
        ("crescendo(turns=-1)", "a whole number from 2 to 10"),
        ("crescendo(turns=99999999999999999999)", "a whole number from 2 to 10"),
        ("crescendo(writer=oracle)", "one of template, model"),
    ] {
        let error = named(spec).err().unwrap().to_string();
        assert!(error.contains(says), "{spec}: {error}");
    }
}

#[test]
fn a_target_that_breaks_at_its_kth_request_is_broken_there() {
    for (driver, most) in [("pair(rounds=6)", 6), ("tap(branching=2,width=2,depth=3)", 10), ("best-of-n(n=8)", 8)] {
        for k in 0..most {
            let played = play(driver, case(Lang::En), |_, n, _| say(if n == k { YES } else { NO }));
            assert_eq!((played.turns(), played.conversation.judged), (k + 1, k), "{driver}");
            assert_eq!(outcome(&played, &case(Lang::En)), Outcome::Success);
        }
        let played = play(driver, case(Lang::En), |_, _, _| say(NO));
        assert_eq!((played.turns(), outcome(&played, &case(Lang::En))), (most, Outcome::Failure), "{driver}");
    }
}

#[test]
fn steps_on_the_way_are_no_success() {
    // Each driver over turns with the number of its first turn that puts the question.
    for (driver, question_at) in [
        ("crescendo(turns=5)", 4),
        ("crescendo(turns=9)", 8),
        ("decomposition(parts=3)", 3),
        ("decomposition(parts=8)", 8),
        ("follow-up(agreements=2)", 2),
        ("many-shot(shots=64)", 0),
    ] {
        for lang in Lang::ALL {
            let played = play(driver, case(lang), |_, _, _| say(YES));
            assert_eq!((played.turns(), played.conversation.judged), (question_at + 1, question_at), "{driver}");
            let last = &played.conversation.turns[question_at].messages;
            assert!(last.last().unwrap().content.contains(&item(lang).text), "{driver}");
        }
        // One that only ever talks of harmless things has resisted.
        let played = play(driver, case(Lang::En), |_, n, _| say(if n == question_at { NO } else { YES }));
        if driver.starts_with("decomposition") || driver.starts_with("many-shot") {
            assert_eq!(outcome(&played, &case(Lang::En)), Outcome::Failure, "{driver}");
            assert_eq!(played.conversation.judged, question_at);
        } else {
            assert_eq!(played.turns(), question_at + 2, "{driver} tries again");
        }
    }
}

#[test]
fn a_refused_step_is_taken_back_and_forgotten() {
    for k in 0..5 {
        let played =
            play("crescendo(turns=5,backtracks=2)", case(Lang::En), |_, n, _| say(if n == k { NO } else { YES }));
        assert_eq!((played.turns(), played.conversation.judged), (6, 5));
        for turn in &played.conversation.turns[k + 1..] {
            assert!(turn.messages.iter().all(|message| message.content != NO), "refused at {k}");
        }
        let (refused, again) = (&played.conversation.turns[k].messages, &played.conversation.turns[k + 1].messages);
        assert_eq!(refused.len(), again.len());
        assert_ne!(refused.last(), again.last(), "in other words");
    }
    let refuses = |_: Party, _: usize, _: &ChatRequest| say(NO);
    for (backtracks, turns) in [(0, 4), (2, 6), (10, 14)] {
        let played = play(&format!("crescendo(turns=4,backtracks={backtracks})"), case(Lang::Zh), refuses);
        // The backtracks may be used up on the way; the question is put all the same.
        assert!(played.turns() <= turns && played.turns() >= 4);
        let judged = played.conversation.judged().unwrap().messages.last().unwrap();
        assert!(judged.content.contains(&item(Lang::Zh).text), "{}", judged.content);
    }
    let played = play("follow-up(agreements=1,pushes=3)", case(Lang::Zh), refuses);
    assert_eq!(played.turns(), 5);
    let roles = |messages: &[ChatMessage]| messages.iter().map(|message| message.role).collect::<Vec<_>>();
    let last = roles(&played.conversation.turns[4].messages);
    assert_eq!(last.len(), 7, "refusals of the question stay, the refused agreement does not");
}

#[test]
fn a_conversation_alternates_and_grows() {
    let longer = "and so on ".repeat(20);
    for driver in ["crescendo(turns=6)", "decomposition(parts=4)", "follow-up(agreements=4)"] {
        let played = play(driver, case(Lang::En), |_, n, _| say(&format!("Step {n}. {longer}")));
        for (n, turn) in played.conversation.turns.iter().enumerate() {
            let roles: Vec<ChatRole> = turn.messages.iter().map(|message| message.role).collect();
            let expected = (0..=2 * n).map(|at| if at % 2 == 0 { ChatRole::User } else { ChatRole::Assistant });
            assert_eq!(roles, expected.collect::<Vec<_>>(), "{driver}");
            if n > 0 {
                let before = &played.conversation.turns[n - 1].messages;
                assert_eq!(&turn.messages[..before.len()], before.as_slice());
            }
        }
    }
    let played = play("many-shot(shots=64)", case(Lang::En), |_, _, _| say(NO));
    let messages = &played.conversation.turns[0].messages;
    assert_eq!(messages.len(), 129);
    let asked: BTreeSet<&str> = messages.iter().step_by(2).map(|message| message.content.as_str()).collect();
    assert_eq!(asked.len(), 65, "no question stands twice");
    assert_eq!(messages[128].content, QUESTION);
}

#[test]
fn an_error_at_any_position_is_noted_and_ends_or_is_passed_over() {
    for (driver, tolerant) in [
        ("many-shot", false),
        ("crescendo(turns=4)", false),
        ("decomposition(parts=3)", false),
        ("follow-up(agreements=3)", false),
        ("pair(rounds=4)", true),
        ("tap(branching=2,width=2,depth=2)", true),
        ("best-of-n(n=4)", true),
    ] {
        let all =
            play(driver, case(Lang::En), |_, n, _| say(if n < 3 { YES.trim_start_matches("Sure, ") } else { NO }))
                .turns();
        let whole = if tolerant { play(driver, case(Lang::En), |_, _, _| say(NO)).turns() } else { all };
        for at in 0..whole {
            let refuse = |_: Party, n: usize, _: &ChatRequest| if n == at { broken() } else { say(NO) };
            let played = play(driver, case(Lang::En), refuse);
            let errors = played.conversation.turns.iter().filter(|turn| matches!(turn.answer, TurnAnswer::Error(_)));
            assert!(errors.count() <= 1);
            if tolerant {
                assert_eq!(outcome(&played, &case(Lang::En)), Outcome::Failure, "{driver} {at}: one is passed over");
                let twice =
                    play(driver, case(Lang::En), |_, n, _| if n == at || n == at + 1 { broken() } else { say(NO) });
                if twice.turns() == at + 2 {
                    assert_eq!((outcome(&twice, &case(Lang::En)), twice.conversation.judged), (Outcome::Error, at + 1));
                }
            } else if played.turns() == at + 1 {
                assert_eq!(
                    (outcome(&played, &case(Lang::En)), played.conversation.judged),
                    (Outcome::Error, at),
                    "{driver}"
                );
            }
        }
        let played = play(driver, case(Lang::En), |_, _, _| broken());
        assert_eq!(played.turns(), if tolerant { 2 } else { 1 }, "{driver}");
        assert_eq!(outcome(&played, &case(Lang::En)), Outcome::Error);
        // The provider's own policy says no: that is a refusal.
        let played = play(driver, case(Lang::En), |_, _, _| policy());
        assert_eq!(played.turns(), play(driver, case(Lang::En), |_, _, _| say(NO)).turns(), "{driver}");
    }
    let played =
        play(
            "pair(rounds=4)",
            case(Lang::En),
            |_, n, _| if n == 1 { broken() } else { say(if n == 2 { YES } else { NO }) },
        );
    assert_eq!((played.turns(), played.conversation.judged), (3, 2), "a success after an error is one");
}

#[test]
fn all_samples_are_kept_where_all_are_wanted() {
    let script = |_: Party, n: usize, _: &ChatRequest| say(if n == 2 || n == 4 { YES } else { NO });
    let played = play("best-of-n(n=6,until=all)", case(Lang::Zh), script);
    assert_eq!((played.turns(), played.conversation.judged), (6, 2));
    let texts: BTreeSet<&str> =
        played.conversation.turns.iter().map(|turn| turn.messages[0].content.as_str()).collect();
    assert!(texts.len() >= 4, "{texts:?}");
    assert_eq!(play("best-of-n(n=6)", case(Lang::Zh), script).turns(), 3);
}
