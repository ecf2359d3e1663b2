use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Begin(usize),
    End(usize, PaceOutcome),
    Wait(i64),
}

fn outcome() -> impl Strategy<Value = PaceOutcome> {
    let asked = prop_oneof![Just(None), (0_u64..5_000).prop_map(Some), Just(Some(u64::MAX))];
    prop_oneof![
        4 => Just(PaceOutcome::Succeeded),
        2 => asked.prop_map(|retry_after_ms| PaceOutcome::Overloaded { retry_after_ms }),
        1 => Just(PaceOutcome::TimedOut),
        1 => Just(PaceOutcome::Failed),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_usize..20).prop_map(Step::Begin),
        (any::<usize>(), outcome()).prop_map(|(which, outcome)| Step::End(which, outcome)),
        (-50_i64..4_000).prop_map(Step::Wait),
    ]
}

proptest! {
    #[test]
    fn permits_stay_within_bounds_and_come_back(
        start in 0_usize..50, max in 0_usize..60, seed: u64, steps in proptest::collection::vec(step(), 0..200),
    ) {
        let settings = PaceSettings { start, max, first_pause_ms: 100, longest_pause_ms: 10_000, seed };
        let (mut pace, mut now) = (Pace::new(settings), 0_i64);
        let mut under_way: Vec<Ticket> = Vec::new();
        let most = max.max(1);
        for step in steps {
            match step {
                Step::Begin(calls) => {
                    for _ in 0..calls {
                        if pace.under_way() < pace.permits(now) {
                            under_way.push(pace.started());
                        }
                    }
                }
                Step::End(which, outcome) if !under_way.is_empty() => {
                    let ticket = under_way.swap_remove(which % under_way.len());
                    pace.finished(now, &ticket, outcome);
                }
                Step::End(..) => {}
                Step::Wait(ms) => now += ms,
            }
            prop_assert_eq!(pace.under_way(), under_way.len());
            prop_assert!(under_way.len() <= most);
            match pace.wakes_at(now) {
                Some(until) => prop_assert!(pace.permits(now) == 0 && until > now && until <= now + 10_000 + 50 * 200),
                None => prop_assert!((1..=most).contains(&pace.permits(now))),
            }
        }
        // A server that is well again is asked as often as may be before long.
        for ticket in under_way.drain(..) {
            pace.finished(now, &ticket, PaceOutcome::Succeeded);
        }
        now = pace.wakes_at(now).unwrap_or(now);
        for _ in 0..200 * most {
            while pace.under_way() < pace.permits(now) {
                under_way.push(pace.started());
            }
            let ticket = under_way.pop().unwrap();
            pace.finished(now, &ticket, PaceOutcome::Succeeded);
        }
        prop_assert_eq!(pace.permits(now), most);
    }
}

/// Runs the outcomes of a round that begins with as many calls as may be, and tells the permits after it.
#[track_caller]
fn round(pace: &mut Pace, now: i64, outcome: PaceOutcome) -> usize {
    let tickets: Vec<Ticket> = (0..pace.permits(now)).map(|_| pace.started()).collect();
    for ticket in tickets {
        pace.finished(now, &ticket, outcome);
    }
    pace.permits(now)
}

#[test]
fn one_round_cuts_once_and_a_second_pauses() {
    let overloaded = PaceOutcome::Overloaded { retry_after_ms: None };
    let mut pace = Pace::new(PaceSettings { start: 16, max: 64, first_pause_ms: 100, ..PaceSettings::default() });
    assert_eq!(round(&mut pace, 0, overloaded), 8, "16 refusals are one cut");
    assert_eq!(round(&mut pace, 0, PaceOutcome::TimedOut), 4, "so are 8 timeouts, without a pause");
    assert_eq!(round(&mut pace, 0, PaceOutcome::Failed), 4, "other failures say nothing");
    assert_eq!(round(&mut pace, 0, overloaded), 0);
    let first = pace.wakes_at(0).unwrap();
    assert!((100..=200).contains(&first), "the third cut without a success: {first}");
    assert_eq!(pace.permits(first), 2);
    let mut pauses = vec![first];
    for _ in 0..4 {
        let now = pauses.iter().sum();
        assert_eq!(round(&mut pace, now, overloaded), 0);
        pauses.push(pace.wakes_at(now).unwrap() - now);
    }
    assert!((1_600..=3_200).contains(&pauses[4]), "{pauses:?} double");
    let now = pauses.iter().sum();
    assert!(round(&mut pace, now, PaceOutcome::Succeeded) >= 1);
    let now = now + 1;
    round(&mut pace, now, overloaded);
    assert_eq!(pace.wakes_at(now), None, "after a success it begins anew");
}

#[test]
fn what_the_server_asks_for_pauses_everything() {
    let mut pace = Pace::new(PaceSettings { longest_pause_ms: 60_000, ..PaceSettings::default() });
    let (early, late) = (pace.started(), pace.started());
    pace.finished(1_000, &early, PaceOutcome::Overloaded { retry_after_ms: Some(30_000) });
    assert_eq!((pace.permits(30_999), pace.wakes_at(30_999)), (0, Some(31_000)));
    pace.finished(2_000, &late, PaceOutcome::Overloaded { retry_after_ms: Some(1_000) });
    assert_eq!(pace.wakes_at(2_000), Some(31_000), "a shorter wish does not shorten it");
    assert_eq!((pace.permits(31_000), pace.wakes_at(31_000)), (5, None));
    let ticket = pace.started();
    pace.finished(31_000, &ticket, PaceOutcome::Overloaded { retry_after_ms: Some(u64::MAX) });
    assert_eq!(pace.wakes_at(31_000), Some(91_000), "no wish is longer than the longest pause");
}

#[test]
fn pauses_follow_the_seed() {
    let pause = |seed| {
        let mut pace = Pace::new(PaceSettings { seed, start: 8, ..PaceSettings::default() });
        for _ in 0..2 {
            round(&mut pace, 0, PaceOutcome::Overloaded { retry_after_ms: None });
        }
        pace.wakes_at(0).unwrap()
    };
    assert_eq!(pause(7), pause(7));
    assert!((0..20).map(pause).collect::<BTreeSet<_>>().len() > 10);
}

/// A server that works on so many calls at once, for `service_ms` each, and refuses the rest at once. Gives the share
/// of its capacity that was used and the share of calls that were refused.
fn simulate(capacity: usize, service_ms: i64, asks: Option<u64>) -> (f64, f64) {
    let refusal_ms = 2;
    let total_ms = service_ms * 600;
    let mut pace = Pace::new(PaceSettings { max: 512, first_pause_ms: 20, ..PaceSettings::default() });
    // Ends, the oldest first, with a number that keeps them apart.
    let mut calls: Vec<(i64, Ticket, PaceOutcome)> = Vec::new();
    let (mut working, mut begun, mut served, mut refused) = (0, 0_u32, 0_u32, 0_u32);
    for now in 0..total_ms {
        let (ended, open): (Vec<_>, Vec<_>) = calls.into_iter().partition(|(end, ..)| *end <= now);
        calls = open;
        for (_, ticket, outcome) in ended {
            if outcome == PaceOutcome::Succeeded {
                (working, served) = (working - 1, served + 1);
            } else {
                refused += 1;
            }
            pace.finished(now, &ticket, outcome);
        }
        while pace.under_way() < pace.permits(now) {
            let ticket = pace.started();
            if working < capacity {
                working += 1;
                // Not all answers take the same time.
                let longer = i64::from(begun % 7) - 3;
                begun += 1;
                calls.push((now + service_ms + longer, ticket, PaceOutcome::Succeeded));
            } else {
                calls.push((now + refusal_ms, ticket, PaceOutcome::Overloaded { retry_after_ms: asks }));
            }
        }
    }
    let possible = f64::from(u32::try_from(capacity).unwrap()) * 600.0;
    (f64::from(served) / possible, f64::from(refused) / f64::from(served + refused))
}

#[test]
fn most_of_a_server_is_used_and_little_is_refused() {
    for (capacity, asks) in [(1, None), (3, None), (10, None), (50, None), (200, None), (50, Some(20)), (200, Some(0))]
    {
        let (used, refused) = simulate(capacity, 40, asks);
        println!("capacity {capacity}, retry-after {asks:?}: {used:.3} used, {refused:.4} refused");
        assert!(used >= 0.8, "capacity {capacity} {asks:?}: {used:.3} used");
        assert!(refused <= 0.05, "capacity {capacity} {asks:?}: {refused:.4} refused");
    }
}
