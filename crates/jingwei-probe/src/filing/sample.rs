use std::collections::BTreeSet;

use jingwei_catalog::filing::FilingBank;
use jingwei_core::{Digest, Text};
use serde::Serialize;

use super::{Question, Slots, plain};

/// Questions that were drawn, and how many of each kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sample {
    /// Indices of questions: by kind in the standard's order, and within a kind in the order of the draw.
    #[serde(skip)]
    pub drawn: Vec<usize>,
    pub strata: Vec<Stratum>,
    /// How many the standard asks for.
    pub asked: u64,
    /// How many the bank could not give.
    pub short: u64,
    /// Questions that could not be drawn: copies, and those of no kind.
    pub left_out: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stratum {
    pub code: String,
    pub title: Text,
    /// Distinct questions that there are.
    pub have: u64,
    /// The least that is drawn where there are that many.
    pub floor: u64,
    pub drawn: u64,
}

/// Draws the sample of a bank: stratified by risk or aspect, in proportion, with a least number for each.
///
/// The least number of a kind is what the standard's least number of questions would give in proportion: of a bank
/// of 2,000 with at least 50 of a risk, a sample of 1,000 has at least 25 of it. What is left is shared out by the
/// largest remainders of the kinds' own sizes. Within a kind the questions with the smallest digests of seed, role and
/// text come first, so that neither the order of a file nor a question more elsewhere changes who is drawn.
#[must_use]
pub fn draw(bank: &FilingBank, slots: &Slots, questions: &[Question], seed: u64) -> Sample {
    let (seed, role) = (seed.to_string(), bank.role.code());
    let mut seen = BTreeSet::new();
    let mut piles: Vec<Vec<(Digest, usize)>> = vec![Vec::new(); slots.len()];
    for (index, question) in questions.iter().enumerate() {
        let text = plain(&question.text);
        let rank = Digest::of_parts(["filing-draw/1", &seed, role, &text]);
        if let Some(pile) = question.slot.and_then(|slot| piles.get_mut(slot))
            && seen.insert(text)
        {
            pile.push((rank, index));
        }
    }
    piles.iter_mut().for_each(|pile| pile.sort_unstable());
    let have: Vec<u64> = piles.iter().map(|pile| pile.len() as u64).collect();
    let asked = u64::from(bank.sample.value);
    let floors: Vec<u64> = slots
        .iter()
        .map(|slot| (asked * u64::from(slot.least.value)).div_ceil(u64::from(bank.size.value.max(1))))
        .collect();
    let takes = shares(&have, &floors, asked);
    let mut sample = Sample { drawn: Vec::new(), strata: Vec::new(), asked, short: 0, left_out: 0 };
    for (slot, ((pile, floor), take)) in slots.iter().zip(piles.iter().zip(&floors).zip(&takes)) {
        let drawn = pile.iter().take(usize::try_from(*take).unwrap_or(usize::MAX)).map(|(_, index)| *index);
        sample.drawn.extend(drawn);
        sample.strata.push(Stratum {
            code: slot.code.clone(),
            title: slot.title.clone(),
            have: pile.len() as u64,
            floor: *floor,
            drawn: *take,
        });
    }
    sample.short = asked.saturating_sub(sample.drawn.len() as u64);
    sample.left_out = (questions.len() as u64).saturating_sub(have.iter().sum());
    sample
}

/// How many of each kind: the floor or all there are, and the rest in proportion to what is left of each.
fn shares(have: &[u64], floors: &[u64], asked: u64) -> Vec<u64> {
    let mut takes: Vec<u64> = have.iter().zip(floors).map(|(have, floor)| *have.min(floor)).collect();
    // A standard whose floors ask for more than the sample does not exist; were it so, the last kinds would go short.
    let mut over = takes.iter().sum::<u64>().saturating_sub(asked);
    for take in takes.iter_mut().rev() {
        let less = over.min(*take);
        *take -= less;
        over -= less;
    }
    let rest = asked - takes.iter().sum::<u64>().min(asked);
    let left: Vec<u64> = have.iter().zip(&takes).map(|(have, take)| have - take).collect();
    let all_left: u64 = left.iter().sum();
    if all_left <= rest {
        return have.to_vec();
    }
    let share = |left: u64| u128::from(rest) * u128::from(left);
    let mut remainders: Vec<(u128, usize)> = Vec::new();
    let mut given = 0;
    for (index, (take, left)) in takes.iter_mut().zip(&left).enumerate() {
        let whole = u64::try_from(share(*left) / u128::from(all_left)).unwrap_or(0);
        *take += whole;
        given += whole;
        remainders.push((share(*left) % u128::from(all_left), index));
    }
    remainders.sort_by_key(|(remainder, index)| (std::cmp::Reverse(*remainder), *index));
    let missing = usize::try_from(rest.saturating_sub(given)).unwrap_or(0);
    for (_, index) in remainders.into_iter().take(missing) {
        if let Some(take) = takes.get_mut(index) {
            *take += 1;
        }
    }
    takes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_share_is_fair(have in prop::collection::vec(0_u64..200, 1..40), floor in 0_u64..30, asked in 0_u64..2000) {
            let floors = vec![floor; have.len()];
            let takes = shares(&have, &floors, asked);
            let all: u64 = have.iter().sum();
            prop_assert_eq!(takes.iter().sum::<u64>(), asked.min(all));
            let floors_fit = have.iter().map(|have| *have.min(&floor)).sum::<u64>() <= asked;
            for (take, have) in takes.iter().zip(&have) {
                prop_assert!(take <= have);
                prop_assert!(!floors_fit || *take >= floor.min(*have));
            }
        }
    }

    #[test]
    fn shares_are_in_proportion() {
        assert_eq!(shares(&[100, 300, 0], &[0, 0, 0], 40), [10, 30, 0]);
        assert_eq!(shares(&[100, 300, 5], &[12, 12, 12], 40), [15, 20, 5]);
        assert_eq!(shares(&[3, 3], &[1, 1], 100), [3, 3]);
    }
}
