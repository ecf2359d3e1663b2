//! From a suite, as it is written, to a plan: banks are read, items drawn, names of transforms, drivers and judges found.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use jingwei_catalog::{
    Catalog, document,
    items::Bank,
    suite::{Suite, SuitePart},
};
use jingwei_core::{Digest, Limits};
use jingwei_probe::{
    Chain, Item, Judge, Part, Plan, Random, drivers,
    judges::{self, JudgeParts},
    transforms,
};

use super::journal::DatasetUse;
use crate::Error;

/// Largest suite file, in bytes.
const MAX_SUITE_BYTES: u64 = 4 << 20;

/// Questions of a dataset that the user brought, by its id.
#[derive(Debug, Clone)]
pub struct Dataset {
    pub id: String,
    /// SPDX id, or what its publisher says.
    pub licence: String,
    pub items: Vec<Item>,
}

/// What a suite is made into a plan with.
pub(crate) struct Sources<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) datasets: &'a [Dataset],
    /// Licences that the user accepts besides those that allow everything.
    pub(crate) accepted_licences: &'a [String],
    pub(crate) seed: Option<u64>,
    /// Only these parts; empty: all.
    pub(crate) only: &'a [String],
    /// At most so many items of each part.
    pub(crate) limit: Option<u32>,
}

/// Licences under which data may be used for tests, also commercially, without asking.
const OPEN_LICENCES: [&str; 12] = [
    "Apache-2.0",
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "ISC",
    "Unlicense",
    "MulanPSL-2.0",
    "ODC-By-1.0",
    "PDDL-1.0",
];

/// The catalog for a run of a suite at a model that belongs to no governed system and has no guard before it. Of the
/// built-in one only what such a run asks by is read. `own` are the ids of the datasets that the user brings.
pub fn load_catalog_for_run(folder: Option<&Path>, suite: &str, own: &BTreeSet<&str>) -> Result<Catalog, Error> {
    if folder.is_some() {
        return crate::load_catalog(folder);
    }
    let suites = Catalog::built_in_part(|file| file.path.starts_with("suites/"))?;
    let parts = find(&suites, suite)?.parts;
    let banks: BTreeSet<&str> = parts.iter().flat_map(|part| &part.banks).map(String::as_str).collect();
    let catalog = Catalog::built_in_part(|file| match file.path.split_once('/') {
        Some(("suites" | "lexicons" | "gradings", _)) => true,
        Some(("banks", name)) => name.strip_suffix(".toml").is_some_and(|name| banks.contains(name)),
        // Rows of a dataset may name them.
        Some(("risks" | "frameworks", _)) => !own.is_empty(),
        _ => false,
    })?;
    // Whoever names a bank that is not there is told which there are.
    let is_known = |bank: &str| catalog.banks.contains_key(bank) || own.contains(bank);
    if banks.iter().all(|bank| is_known(bank)) { Ok(catalog) } else { crate::load_catalog(None) }
}

/// A suite of the catalog by its id, or one in a file.
pub fn find(catalog: &Catalog, name: &str) -> Result<Suite, Error> {
    if let Some(suite) = catalog.suites.get(name) {
        return Ok(suite.clone());
    }
    let path = Path::new(name);
    if !path.is_file() {
        let known = catalog.suites.keys().cloned().collect::<Vec<_>>().join(", ");
        return Err(Error::not_found(
            format!("没有测试套件 `{name}`，也没有这个文件；内置套件：{known}"),
            format!("there is no suite `{name}` and no such file; built in are: {known}"),
        ));
    }
    let shown = path.display().to_string();
    let unreadable =
        |e: std::io::Error| Error::invalid(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`")).because(e);
    if path.metadata().map_err(unreadable)?.len() > MAX_SUITE_BYTES {
        return Err(Error::invalid(format!("`{shown}` 过大"), format!("`{shown}` is too large for a suite")));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    Ok(document::parse::<Suite>(&shown, &bytes)?.value)
}

/// A plan, and what it was made from.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) datasets: Vec<DatasetUse>,
    /// Judges that ask a model.
    pub(crate) asks_judge: bool,
    /// Drivers that would use an attacker's model.
    pub(crate) uses_attacker: bool,
}

pub(crate) fn plan(suite: &Suite, sources: &Sources<'_>) -> Result<Planned, Error> {
    for name in sources.only {
        if !suite.parts.iter().any(|part| part.id == *name) {
            let known = suite.parts.iter().map(|part| part.id.as_str()).collect::<Vec<_>>().join(", ");
            return Err(Error::invalid(
                format!("套件 `{}` 没有部分 `{name}`；有：{known}", suite.id),
                format!("suite `{}` has no part `{name}`; it has {known}", suite.id),
            ));
        }
    }
    let seed = sources.seed.unwrap_or(suite.seed);
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut parts = Vec::new();
    let mut ids = BTreeSet::new();
    for part in &suite.parts {
        if !ids.insert(part.id.as_str()) {
            let id = &part.id;
            return Err(Error::invalid(format!("部分 `{id}` 重复"), format!("part `{id}` stands twice")));
        }
        if sources.only.is_empty() || sources.only.contains(&part.id) {
            parts.push(resolve(part, seed, sources, &mut used)?);
        }
    }
    let asks_judge = parts.iter().flat_map(|part| &part.judges).any(|judge| judge.asks());
    let uses_attacker = parts.iter().any(|part| part.driver.needs().contains(&jingwei_probe::Party::Attacker));
    let datasets = used.into_iter().map(|(id, items)| of_use(&id, &items, sources)).collect();
    Ok(Planned { plan: Plan { suite: suite.id.clone(), seed, parts }, datasets, asks_judge, uses_attacker })
}

fn resolve(
    part: &SuitePart,
    seed: u64,
    sources: &Sources<'_>,
    used: &mut BTreeMap<String, BTreeSet<String>>,
) -> Result<Part, Error> {
    let bad = |zh: String, en: String| {
        let id = &part.id;
        Error::invalid(format!("部分 `{id}`：{zh}"), format!("part `{id}`: {en}"))
    };
    let mut items = Vec::new();
    for name in &part.banks {
        items.extend(items_of(name, sources)?);
    }
    items.retain(|item| {
        part.expect.is_none_or(|expect| item.expect == expect.into())
            && (part.langs.is_empty() || part.langs.contains(&item.lang))
            && (part.topics.is_empty() || part.topics.contains(&item.topic))
    });
    let most = [part.draw, sources.limit].into_iter().flatten().min();
    if let Some(most) = most {
        items = drawn(items, usize::try_from(most).unwrap_or(usize::MAX), seed);
    }
    if items.is_empty() {
        return Err(bad("没有一道题符合条件".to_owned(), "no item is left that it could ask".to_owned()));
    }
    for item in &items {
        used.entry(item.dataset.clone()).or_default().insert(item.id.clone());
    }
    let chains: Result<Vec<Arc<Chain>>, Error> = part
        .transforms
        .iter()
        .map(|chain| transforms::chain(chain).map(Arc::new).map_err(|e| bad(e.to_string(), e.to_string())))
        .collect();
    let driver = drivers::named(&part.driver).map_err(|e| bad(e.to_string(), e.to_string()))?;
    let judges: Result<Vec<Arc<dyn Judge>>, Error> = part.judges.iter().map(|name| judge(name, sources)).collect();
    Ok(Part {
        id: part.id.clone(),
        dimension: part.dimension.map(|dimension| dimension.code().to_owned()),
        items: items.into_iter().map(Arc::new).collect(),
        chains: chains?,
        driver,
        judges: judges?,
        epochs: part.epochs,
        max_tokens: part.max_tokens,
        temperature: part.temperature,
    })
}

fn items_of(name: &str, sources: &Sources<'_>) -> Result<Vec<Item>, Error> {
    if let Some(dataset) = sources.datasets.iter().find(|dataset| dataset.id == name) {
        return allowed(name, &dataset.licence, sources).map(|()| dataset.items.clone());
    }
    if let Some(bank) = sources.catalog.banks.get(name) {
        allowed(name, &bank.licence, sources)?;
        return Ok(of_bank(bank));
    }
    let known = sources.catalog.banks.keys().map(String::as_str);
    let known = known.chain(sources.datasets.iter().map(|d| d.id.as_str())).collect::<Vec<_>>().join(", ");
    Err(Error::not_found(
        format!("没有题库或数据集 `{name}`；有：{known}。自己的数据用 --dataset {name}=文件 给出"),
        format!("there is no bank or dataset `{name}`; there are {known}. bring your own with --dataset {name}=FILE"),
    ))
}

/// The questions of a bank as items of a test.
pub(crate) fn of_bank(bank: &Bank) -> Vec<Item> {
    bank.items.iter().map(|item| Item::of_bank(&bank.id, item)).collect()
}

/// The licence gate: data whose licence does not allow every use is used only when the user says so.
fn allowed(id: &str, licence: &str, sources: &Sources<'_>) -> Result<(), Error> {
    let is = |known: &str| known.eq_ignore_ascii_case(licence);
    if OPEN_LICENCES.iter().any(|known| is(known)) || sources.accepted_licences.iter().any(|known| is(known)) {
        return Ok(());
    }
    Err(Error::invalid(
        format!("`{id}` 的许可是 `{licence}`，未必允许这样使用；确认可以使用后加上 --accept-licence '{licence}'"),
        format!(
            "the licence of `{id}` is `{licence}`, which may not allow this use; if it does, add --accept-licence '{licence}'"
        ),
    ))
}

/// At most `most` items, drawn by the seed and spread evenly over topics; in the order of the bank.
pub(crate) fn drawn(items: Vec<Item>, most: usize, seed: u64) -> Vec<Item> {
    if items.len() <= most {
        return items;
    }
    let mut by_topic: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        by_topic.entry(&item.topic).or_default().push(index);
    }
    let mut random = Random::of(["draw/1", &seed.to_string()]);
    let mut piles: Vec<Vec<usize>> = by_topic.into_values().collect();
    piles.iter_mut().for_each(|pile| random.shuffle(pile));
    random.shuffle(&mut piles);
    let mut chosen = BTreeSet::new();
    while chosen.len() < most {
        for pile in &mut piles {
            if chosen.len() < most {
                chosen.extend(pile.pop());
            }
        }
    }
    items.into_iter().enumerate().filter_map(|(index, item)| chosen.contains(&index).then_some(item)).collect()
}

fn of_use(id: &str, items: &BTreeSet<String>, sources: &Sources<'_>) -> DatasetUse {
    let dataset = sources.datasets.iter().find(|dataset| dataset.id == id);
    let (licence, all) = match (dataset, sources.catalog.banks.get(id)) {
        (Some(dataset), _) => (dataset.licence.clone(), dataset.items.clone()),
        (None, Some(bank)) => (bank.licence.clone(), of_bank(bank)),
        (None, None) => (String::new(), Vec::new()),
    };
    let digests: Vec<String> = all.iter().map(|item| item.digest().to_string()).collect();
    DatasetUse {
        id: id.to_owned(),
        licence,
        digest: Digest::of_parts(["dataset/1", id].into_iter().chain(digests.iter().map(String::as_str))),
        items: items.len() as u64,
    }
}

/// A judge by its name.
fn judge(name: &str, sources: &Sources<'_>) -> Result<Arc<dyn Judge>, Error> {
    let heads = match name {
        "classifier" => Some(Arc::new(crate::heads::open_model(None, &Limits::default())?.1)),
        _ => None,
    };
    let parts = JudgeParts { lexicons: sources.catalog.lexicons.values().collect(), heads };
    judges::named(name, &parts).map_err(|e| Error::invalid(e.clone(), e))
}
