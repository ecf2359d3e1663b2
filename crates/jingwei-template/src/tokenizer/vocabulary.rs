//! The vocabulary of a tokenizer: a map from tokens to numbers, or a list of tokens with scores. It is passed over as a stream.

use std::{borrow::Cow, fmt};

use jingwei_read::Sighting;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::note::{self, Note};

/// Numbers that are remembered; vocabularies have some hundred thousand entries.
const NUMBERS: u64 = 1 << 24;
/// Sightings that are kept.
const MOST: usize = 8;

#[derive(Default)]
pub(super) struct Vocabulary {
    pub seen: Vec<Sighting>,
    /// The first number that two entries have.
    pub twice: Option<u64>,
    /// A bit for each number that was met.
    met: Vec<u64>,
    entries: u64,
    highest: u64,
}

impl Vocabulary {
    /// Whether the numbers are those of tokens, of which hardly one is left out.
    pub fn is_dense(&self) -> bool {
        self.highest < self.entries.saturating_mul(2)
    }

    fn token(&mut self, token: &str) {
        if self.seen.len() < MOST {
            self.seen.extend(note::inspect_note(token, Note::Token, "vocab"));
        }
    }

    fn number(&mut self, number: u64) {
        self.entries += 1;
        self.highest = self.highest.max(number);
        let Some(place) = usize::try_from(number / 64).ok().filter(|_| number < NUMBERS) else { return };
        if place >= self.met.len() {
            self.met.resize(place + 1, 0);
        }
        let (bit, met) = (1 << (number % 64), &mut self.met[place]);
        if *met & bit != 0 {
            self.twice = self.twice.or(Some(number));
        }
        *met |= bit;
    }
}

impl<'de> Deserialize<'de> for Vocabulary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Vocabulary;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a vocabulary")
    }

    fn visit_unit<E>(self) -> Result<Vocabulary, E> {
        Ok(Vocabulary::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vocabulary, A::Error> {
        let mut all = Vocabulary::default();
        while let Some(token) = map.next_key::<Cow<'_, str>>()? {
            all.token(&token);
            if let Number(Some(number)) = map.next_value()? {
                all.number(number);
            }
        }
        Ok(all)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vocabulary, A::Error> {
        let mut all = Vocabulary::default();
        while let Some((token, _)) = seq.next_element::<(Cow<'_, str>, IgnoredAny)>()? {
            all.token(&token);
        }
        Ok(all)
    }
}

/// A number of a token; scores and what is no number count as none.
struct Number(Option<u64>);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
                Ok(Number(Some(number)))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Number, E> {
                Ok(Number(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Number, E> {
                Ok(Number(None))
            }
        }
        deserializer.deserialize_any(Whole)
    }
}
