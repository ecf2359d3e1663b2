use serde::{Deserialize, Serialize};

/// A probability: a number from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Chance(f64);

/// The number is no probability.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{0} is no probability: write a number from 0 to 1")]
pub struct NotAChance(pub f64);

impl Chance {
    pub const NEVER: Self = Self(0.0);
    pub const ALWAYS: Self = Self(1.0);

    pub fn new(probability: f64) -> Result<Self, NotAChance> {
        if (0.0..=1.0).contains(&probability) { Ok(Self(probability)) } else { Err(NotAChance(probability)) }
    }

    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// Less by so much, but never below 0.
    pub(crate) fn less(self, gap: Chance) -> Self {
        Self((self.0 - gap.0).max(0.0))
    }
}

impl TryFrom<f64> for Chance {
    type Error = NotAChance;
    fn try_from(probability: f64) -> Result<Self, NotAChance> {
        Self::new(probability)
    }
}

impl From<Chance> for f64 {
    fn from(chance: Chance) -> f64 {
        chance.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_from_0_to_1_are_chances() {
        for good in [0.0, 0.5, 1.0] {
            assert_eq!(Chance::new(good).map(Chance::get), Ok(good));
        }
        for bad in [-0.1, 1.1, f64::INFINITY, f64::NAN] {
            assert!(Chance::new(bad).is_err(), "{bad}");
        }
        assert_eq!(Chance::new(0.2).unwrap().less(Chance::ALWAYS), Chance::NEVER);
    }
}
