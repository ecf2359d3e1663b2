//! Opens everything in some bytes, as a caller does.

use std::collections::BTreeMap;

use jingwei_core::{Lang, Limits};
use jingwei_read::{Sighting, Source};
use jingwei_unpack::{Archive, Budget, Kind, Packing, recognise, unpack};

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// By path through the archives: `a.tar!b.gz!`.
    pub contents: BTreeMap<String, Vec<u8>>,
    pub folders: Vec<String>,
    pub links: Vec<(String, String)>,
    /// Rule, key and what it says in English.
    pub sightings: Vec<(&'static str, String, String)>,
    pub decoded: u64,
}

impl Seen {
    pub fn rules(&self) -> Vec<(&'static str, &str)> {
        let mut rules: Vec<_> = self.sightings.iter().map(|(rule, key, _)| (*rule, key.as_str())).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    fn see(&mut self, sightings: &[Sighting]) {
        for sighting in sightings {
            let said: Vec<_> = sighting.details.iter().map(|(_, text)| text.get(Lang::En).to_owned()).collect();
            self.sightings.push((sighting.rule, sighting.key.clone().unwrap_or_default(), said.join("; ")));
        }
    }
}

/// Limits small enough for a bomb to be told in milliseconds without optimisation.
pub fn small() -> Limits {
    Limits { header_bytes: 1 << 20, entries: 2_000, depth: 8, expansion_ratio: 50, ..Limits::default() }
}

pub fn look(bytes: &[u8], limits: &Limits) -> Seen {
    let mut seen = Seen::default();
    let budget = Budget::new(bytes.len() as u64, limits);
    let mut bytes = bytes;
    walk(&mut bytes, &budget, String::new(), &mut seen);
    seen.see(&budget.verdict().into_iter().collect::<Vec<_>>());
    seen
}

/// The packings of some bytes.
pub fn packings(mut bytes: &[u8]) -> Vec<Packing> {
    let front = &bytes[..bytes.len().min(1024)];
    recognise(front, &mut bytes)
}

fn all(source: &mut dyn Source) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(source.length()).unwrap()];
    let got = source.read_at(0, &mut bytes).unwrap_or(0);
    bytes.truncate(got);
    bytes
}

fn walk(source: &mut dyn Source, budget: &Budget, path: String, seen: &mut Seen) {
    let mut front = vec![0; 1024];
    let got = source.read_at(0, &mut front).unwrap_or(0);
    let packings = recognise(&front[..got], source);
    if packings.is_empty() || !path.is_empty() {
        let content = all(source);
        seen.decoded += content.len() as u64;
        seen.contents.insert(path.clone(), content);
    }
    for packing in packings {
        if packing.is_archive() {
            let mut archive = Archive::read(source, packing, budget);
            seen.see(archive.sightings());
            for n in 0..archive.members().len() {
                let member = archive.members()[n].clone();
                match &member.kind {
                    Kind::Folder => seen.folders.push(member.name.clone()),
                    Kind::Link { target } => seen.links.push((member.name.clone(), target.clone())),
                    _ => {}
                }
                let opened = archive.open(n);
                seen.see(&opened.sightings);
                if let Some(mut content) = opened.source {
                    walk(&mut *content, &opened.budget, format!("{path}{}!", member.name), seen);
                }
            }
        } else {
            let opened = unpack(source, packing, budget);
            seen.see(&opened.sightings);
            if let Some(mut content) = opened.source {
                walk(&mut *content, &opened.budget, format!("{path}!"), seen);
            }
        }
    }
}
