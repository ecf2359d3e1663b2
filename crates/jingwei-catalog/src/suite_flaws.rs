//! What is wrong with a suite of the catalog beyond its shape. Transforms, drivers and judges are the engine's to know.

use jingwei_core::Text;

use crate::{
    items::BankItem,
    load::{Catalog, repeated},
    suite::{Suite, SuitePart},
};

/// By key. A suite that a user writes may name datasets that come with the run; one of the catalog may not.
pub(crate) fn flaws(suite: &Suite, catalog: &Catalog) -> Vec<(String, Text)> {
    let mut flaws = Vec::new();
    let mut say = |key: String, zh: String, en: String| flaws.push((key, Text::new(zh, en)));
    if suite.parts.is_empty() {
        say("part".to_owned(), "没有任何部分".to_owned(), "there is no part".to_owned());
    }
    for index in repeated(suite.parts.iter().map(|part| &part.id)) {
        let id = suite.parts.get(index).map_or("", |part| &part.id);
        say(format!("part[{index}].id"), format!("部分 `{id}` 重复"), format!("part `{id}` stands twice"));
    }
    if let Some(name) = suite.grading.as_ref().filter(|name| !catalog.gradings.contains_key(*name)) {
        say("grading".to_owned(), format!("评级 `{name}` 不存在"), format!("grading `{name}` does not exist"));
    }
    for (index, part) in suite.parts.iter().enumerate() {
        let key = |field: &str| format!("part[{index}].{field}");
        for (place, bank) in part.banks.iter().enumerate() {
            if !catalog.banks.contains_key(bank) {
                say(
                    key(&format!("banks[{place}]")),
                    format!("题库 `{bank}` 不存在"),
                    format!("bank `{bank}` does not exist"),
                );
            }
        }
        let banks = part.banks.iter().filter_map(|bank| catalog.banks.get(bank));
        let items: Vec<&BankItem> = banks.flat_map(|bank| &bank.items).collect();
        for (place, topic) in part.topics.iter().enumerate() {
            if !items.iter().any(|item| item.topic == *topic) {
                say(
                    key(&format!("topics[{place}]")),
                    format!("题库中没有主题 `{topic}` 的题"),
                    format!("no question of the banks has the topic `{topic}`"),
                );
            }
        }
        if !items.iter().any(|item| takes(part, item)) {
            say(key("banks"), "没有一道题符合条件".to_owned(), "no question of the banks fits".to_owned());
        }
        for (field, empty) in [("transforms", part.transforms.is_empty()), ("judges", part.judges.is_empty())] {
            if empty {
                say(key(field), "至少需要一个".to_owned(), "at least one is needed".to_owned());
            }
        }
    }
    flaws
}

fn takes(part: &SuitePart, item: &BankItem) -> bool {
    part.expect.is_none_or(|expect| item.expect == expect)
        && (part.langs.is_empty() || part.langs.contains(&item.lang))
        && (part.topics.is_empty() || part.topics.contains(&item.topic))
}
