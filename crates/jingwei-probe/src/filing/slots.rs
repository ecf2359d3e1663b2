use std::collections::BTreeMap;

use jingwei_catalog::{
    filing::{Figure, FilingBank, FilingKeywords, FilingLeast, kinds_under},
    items::Framework,
};
use jingwei_core::Text;

/// A risk or aspect that a bank must cover.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// `A.1.4`, or the topic of an aspect.
    pub code: String,
    pub title: Text,
    /// Questions or words, at least.
    pub least: Figure<u32>,
}

/// The risks or aspects of a bank, in the standard's order, found by any of the ways people write them.
#[derive(Debug, Clone)]
pub struct Slots {
    slots: Vec<Slot>,
    names: BTreeMap<String, usize>,
}

impl Slots {
    #[must_use]
    pub fn of_bank(bank: &FilingBank, framework: &Framework) -> Self {
        let mut slots = risks(framework, &bank.each);
        if let Some(each) = bank.each.iter().find(|each| each.under.is_empty()) {
            slots.extend(bank.aspects.iter().map(|aspect| Slot {
                code: aspect.topic.clone(),
                title: aspect.title.clone(),
                least: each.least.clone(),
            }));
        }
        Self::of(slots)
    }

    #[must_use]
    pub fn of_keywords(keywords: &FilingKeywords, framework: &Framework) -> Self {
        Self::of(risks(framework, &keywords.each))
    }

    fn of(slots: Vec<Slot>) -> Self {
        let mut names = BTreeMap::new();
        for (index, slot) in slots.iter().enumerate() {
            for name in [&slot.code, &slot.title.zh, &slot.title.en] {
                names.insert(key(name), index);
            }
            // The standard prints letters: `A.1 d)` is the fourth risk of A.1.
            if let Some((section, number)) = slot.code.rsplit_once('.')
                && let Some(letter) = number.parse::<u8>().ok().filter(|n| (1..=26).contains(n))
            {
                let letter = char::from(b'a' + letter - 1);
                names.entry(key(&format!("{section}{letter}"))).or_insert(index);
            }
        }
        Self { slots, names }
    }

    /// A slot by its code (`A.1.4`, `a1-4`, `A.1 d)`, `gbt-45654-2025/A.1.4`), topic or title.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        let name = name.rsplit_once('/').map_or(name, |(_, code)| code);
        self.names.get(&key(name)).copied().filter(|_| !name.trim().is_empty())
    }

    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Slot> {
        self.slots.get(index)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

fn risks(framework: &Framework, each: &[FilingLeast]) -> Vec<Slot> {
    let slot = |least: &FilingLeast, (code, title): (&str, &Text)| Slot {
        code: code.to_owned(),
        title: title.clone(),
        least: least.least.clone(),
    };
    each.iter()
        .filter(|least| !least.under.is_empty())
        .flat_map(|least| kinds_under(framework, &least.under).into_iter().map(|kind| slot(least, kind)))
        .collect()
}

/// Letters and digits only, in lower case, so that marks and widths between them do not count.
fn key(name: &str) -> String {
    name.chars().map(narrow).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The common width of a full-width character.
pub(crate) fn narrow(c: char) -> char {
    match u32::from(c) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        0x3000 => ' ',
        _ => c,
    }
}
