//! What was seen of a template, each fault once.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jingwei_core::Text;
use jingwei_read::{Inspection, Sighting};

use crate::{template::names, unicode};

/// Most sightings of one rule that a template is worth.
const SIGHTINGS: usize = 20;

#[derive(Debug, Default)]
pub(crate) struct Findings {
    seen: Inspection,
    known: BTreeSet<(&'static str, String)>,
    counts: BTreeMap<&'static str, usize>,
    /// Literals whose characters were looked at, by offset.
    looked_at: HashSet<usize>,
}

impl Findings {
    pub(crate) fn into_inspection(self) -> Inspection {
        self.seen
    }

    pub(crate) fn see(
        &mut self,
        rule: &'static str,
        key: &str,
        offset: usize,
        with: impl FnOnce(Sighting) -> Sighting,
    ) {
        if !self.known.insert((rule, key.to_owned())) {
            return;
        }
        let count = self.counts.entry(rule).or_default();
        *count += 1;
        if *count <= SIGHTINGS {
            self.seen.see(with(Sighting::new(rule).key(key).at(offset as u64)));
        }
    }

    /// An attribute is read.
    pub(crate) fn reach(&mut self, name: &str, offset: usize, of_global: bool) {
        if names::is_inner(name) || (of_global && name.starts_with('_')) {
            self.see("model.template-code", name, offset, |sighting| sighting.with("name", name));
        }
    }

    /// A method is called.
    pub(crate) fn reach_called(&mut self, name: &str, offset: usize) {
        if names::runs(name) {
            self.see("model.template-code", name, offset, |sighting| sighting.with("name", name));
        }
    }

    /// An attribute is read whose name could not be found out.
    pub(crate) fn obscure(&mut self, offset: usize, how: &str) {
        self.see("model.template-obscure", how, offset, |sighting| sighting.with("how", how));
    }

    pub(crate) fn import(&mut self, offset: usize, verb: &str, path: &str) {
        self.see("model.template-import", verb, offset, |sighting| sighting.with("verb", verb).with("target", path));
    }

    pub(crate) fn unknown(&mut self, offset: usize, name: &str) {
        self.see("model.template-unknown-name", name, offset, |sighting| sighting.with("name", name));
    }

    pub(crate) fn too_much(&mut self, offset: usize, what: &str, size: u64) {
        let size = if size == u64::MAX {
            Text::new("每轮翻倍", "it doubles each round")
        } else {
            Text::new(size.to_string(), size.to_string())
        };
        self.see("model.template-loop", what, offset, |sighting| sighting.with("what", what).with_text("size", size));
    }

    /// Characters that nobody sees, in the text as it stands or in a literal whose escapes are decoded.
    pub(crate) fn hidden(&mut self, text: &str, offset: usize, once: bool) {
        if text.is_ascii() && !text.contains('\u{1b}') || once && !self.looked_at.insert(offset) {
            return;
        }
        for hidden in unicode::find(text, unicode::Natural::Prose) {
            let at = offset + hidden.offset;
            let sighting = hidden.sighting();
            let key = sighting.key.clone().unwrap_or_default();
            if self.known.insert((sighting.rule, key)) {
                self.seen.see(sighting.at(at as u64));
            }
        }
    }
}
