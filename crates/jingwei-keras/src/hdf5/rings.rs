//! Links that lead back to what they lie in. Whoever goes down such a tree never comes to an end.

use std::collections::HashMap;

use jingwei_core::Text;
use jingwei_read::{Sighting, shown};

use super::{Content, Hdf5Object};

/// Soft links that are followed, and steps that this may take in all.
const LINKS: usize = 4096;
const STEPS: u32 = 1 << 20;
/// Links behind one another; the library itself follows 16.
const HOPS: u32 = 40;

/// A link leads round.
pub(super) fn ring(name: &str) -> Sighting {
    let (zh, en) = (
        "它指向包含自身的组，逐层读取永不结束",
        "it leads back to a group that it lies in, so that reading group by group never ends",
    );
    Sighting::new("model.graph-bomb")
        .key(name)
        .with("name", &format!("the link {}", shown(name)))
        .with_text("reason", Text::new(zh, en))
}

/// Names of soft links that lead to a group they lie in, or to one another.
pub(super) fn soft(objects: &[Hdf5Object]) -> Vec<String> {
    let path = |index: usize| match objects.get(index).map(|object| &object.content) {
        Some(Content::SoftLink { path }) => Some(path.as_str()),
        _ => None,
    };
    let links: Vec<usize> = (0..objects.len()).filter(|index| path(*index).is_some()).take(LINKS).collect();
    if links.is_empty() {
        return Vec::new();
    }
    let children: HashMap<(usize, &str), usize> = objects
        .iter()
        .enumerate()
        .filter_map(|(index, object)| Some(((object.parent?, object.name.as_str()), index)))
        .collect();
    let mut steps = STEPS;
    let mut resolve = |link: usize| -> Option<Leads> {
        // Parts of paths that are still to be gone, the next one last.
        let mut parts: Vec<&str> = Vec::new();
        let (mut at, mut hops) = (objects.get(link)?.parent?, 0);
        let mut follow = Some(link);
        loop {
            if let Some(link) = follow.take() {
                hops += 1;
                if hops > HOPS {
                    return Some(Leads::Nowhere);
                }
                let target = path(link)?;
                at = if target.starts_with('/') { 0 } else { objects.get(link)?.parent? };
                parts.extend(target.split('/').rev().take(1024));
            }
            let Some(part) = parts.pop() else { return Some(Leads::To(at)) };
            steps = steps.checked_sub(1)?;
            if matches!(part, "" | ".") {
                continue;
            }
            let next = *children.get(&(at, part))?;
            if path(next).is_some() {
                follow = Some(next);
            } else {
                at = next;
            }
        }
    };
    let mut found = Vec::new();
    for link in links {
        let leads_back = match resolve(link) {
            Some(Leads::Nowhere) => true,
            Some(Leads::To(target)) => {
                let mut above = std::iter::successors(objects[link].parent, |index| objects.get(*index)?.parent);
                above.any(|index| index == target)
            }
            None => false,
        };
        if leads_back {
            found.push(objects[link].name.clone());
        }
    }
    found
}

enum Leads {
    To(usize),
    /// From link to link without end.
    Nowhere,
}
