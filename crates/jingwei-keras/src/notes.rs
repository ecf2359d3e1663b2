use std::collections::{HashMap, HashSet};

use jingwei_read::{Inspection, Sighting};

/// Most sightings of one rule in one file. More of the same tells a reader nothing and costs memory.
const MOST: usize = 100;

/// Collects sightings: each once, and not without end.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) inspection: Inspection,
    counts: HashMap<&'static str, usize>,
    seen: HashSet<(&'static str, Option<String>)>,
}

impl Notes {
    /// No more sightings of this rule are taken, so none needs to be made.
    pub(crate) fn is_full(&self, rule: &'static str) -> bool {
        self.counts.get(rule).is_some_and(|count| *count >= MOST)
    }

    pub(crate) fn see(&mut self, sighting: Sighting) {
        if self.is_full(sighting.rule) || !self.seen.insert((sighting.rule, sighting.key.clone())) {
            return;
        }
        *self.counts.entry(sighting.rule).or_default() += 1;
        self.inspection.see(sighting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_once_and_not_without_end() {
        let mut notes = Notes::default();
        for n in 0..300 {
            notes.see(Sighting::new("model.keras-unknown-class").key(&format!("class {}", n / 2)));
        }
        notes.see(Sighting::new("model.keras-lambda"));
        assert_eq!(notes.inspection.sightings.len(), MOST + 1);
    }
}
