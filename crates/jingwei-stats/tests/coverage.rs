//! Does an interval of 95 % hold the truth 95 times in 100? Seeded simulations of the intervals that reports rest on.

use jingwei_stats::{
    Beta, Correction, JudgeScore, Random, Tries, clopper_pearson, clustered_rate, corrected_rate,
    corrected_rate_lang_reiczigel,
};

const LEVEL: f64 = 0.95;
const TRUE_RATES: [f64; 4] = [0.0, 0.01, 0.05, 0.5];

fn hits(random: &mut Random, tries: u64, rate: f64) -> u64 {
    (0..tries).map(|_| u64::from(random.uniform() < rate)).sum()
}

/// The share of `rounds` in which the interval holds the truth.
fn coverage(rounds: u32, mut interval: impl FnMut(&mut Random) -> (f64, f64), truth: f64) -> f64 {
    let held: u32 = (0..rounds)
        .map(|round| {
            let (lower, upper) = interval(&mut Random::seeded(u64::from(round)));
            assert!(lower < upper, "an interval of one point is a pretence");
            u32::from(lower <= truth && truth <= upper)
        })
        .sum();
    f64::from(held) / f64::from(rounds)
}

#[test]
fn independent_tries() {
    for truth in TRUE_RATES {
        let share = coverage(
            400,
            |random| {
                let rate = clopper_pearson(hits(random, 120, truth), 120, LEVEL).unwrap();
                (rate.lower, rate.upper)
            },
            truth,
        );
        assert!(share >= 0.94, "{truth}: {share}");
    }
}

/// Questions with five epochs each, whose own rates follow a Beta distribution: from epochs that have nothing in
/// common to epochs that nearly always end alike.
#[test]
fn clustered_tries() {
    for truth in TRUE_RATES {
        for (questions, alike) in [(30, 0.0), (30, 0.6), (80, 0.2), (80, 0.95)] {
            let spread = (1.0 - alike) / f64::max(alike, 1e-9);
            let own_rates = Beta::new(truth * spread, (1.0 - truth) * spread).filter(|_| alike > 0.0);
            let share = coverage(
                400,
                |random| {
                    let clusters: Vec<(u64, u64)> = (0..questions)
                        .map(|_| own_rates.map_or(truth, |own_rates| random.beta(own_rates)))
                        .collect::<Vec<_>>()
                        .into_iter()
                        .map(|rate| (hits(random, 5, rate), 5))
                        .collect();
                    let rate = clustered_rate(&clusters, LEVEL).unwrap().rate;
                    (rate.lower, rate.upper)
                },
                truth,
            );
            assert!(share >= 0.94, "{truth}, {questions} questions, {alike} alike: {share}");
        }
    }
}

/// All three samples are drawn anew in every round.
#[test]
fn rates_corrected_for_the_judge() {
    let (sensitivity, specificity) = (0.85, 0.9);
    let mut melded_shares = Vec::new();
    for truth in TRUE_RATES {
        let sample = |random: &mut Random| {
            let seen = truth * sensitivity + (1.0 - truth) * (1.0 - specificity);
            let observed = Tries::counted(hits(random, 150, seen), 150).unwrap();
            let judge = JudgeScore {
                true_positives: hits(random, 60, sensitivity),
                positives: 60,
                true_negatives: hits(random, 60, specificity),
                negatives: 60,
            };
            (observed, judge)
        };
        let limits = |correction: Option<Correction>| match correction {
            Some(Correction::Corrected(rate)) => (rate.lower, rate.upper),
            // Not an answer and so not a wrong one, but counted as a miss.
            Some(Correction::Contradictory { .. }) => (2.0, 3.0),
            other => panic!("{other:?}"),
        };
        let melded = |random: &mut Random| {
            let (observed, judge) = sample(random);
            limits(corrected_rate(observed, judge, LEVEL, random.next_u64()))
        };
        let closed = |random: &mut Random| {
            let (observed, judge) = sample(random);
            limits(corrected_rate_lang_reiczigel(observed, judge, LEVEL))
        };
        melded_shares.push(coverage(60, melded, truth));
        let closed = coverage(1_000, closed, truth);
        assert!(closed >= 0.93, "{truth}: closed form {closed}");
    }
    // Few rounds each, because each takes 60,000 draws: so all four count together too.
    let mean = melded_shares.iter().sum::<f64>() / 4.0;
    assert!(mean >= 0.94 && melded_shares.iter().all(|share| *share >= 0.9), "melded {melded_shares:?}");
}
