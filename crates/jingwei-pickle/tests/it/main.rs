#![allow(clippy::unwrap_used)]

mod attacks;
mod checkpoints;
mod extents;
mod hostile;
mod reference;
mod trees;

use std::sync::LazyLock;

use jingwei_core::Limits;
use jingwei_pickle::{Execution, run};
use jingwei_read::{NameList, NameTable};

/// The list that the catalog ships.
pub fn names() -> &'static NameTable {
    static NAMES: LazyLock<NameTable> = LazyLock::new(|| {
        let list: NameList = toml::from_str(include_str!("../../../../catalog/names/pickle.toml")).unwrap();
        NameTable::new([&list])
    });
    &NAMES
}

pub fn execute(pickle: &[u8]) -> Execution {
    let mut source = pickle;
    run(&mut source, names(), &Limits::default())
}

/// `rule key` of everything that was seen.
pub fn seen(pickle: &[u8]) -> Vec<String> {
    let sightings = execute(pickle).inspection.sightings;
    let row = |s: &jingwei_read::Sighting| {
        format!(
            "{} {}",
            s.rule.trim_start_matches("model.").trim_start_matches("pickle-"),
            s.key.as_deref().unwrap_or("")
        )
    };
    sightings.iter().map(|s| row(s).trim_end().to_owned()).collect()
}
