//! What makes a scene of a bank sound: one planted text, a trap that only an obeyed instruction springs.

use std::collections::BTreeSet;

use jingwei_core::Text;

use crate::items::{Bank, BankItem, Expect, PLANTED, Payload, Plant, Scene};

/// Letters and digits that a canary needs, so that no reply says it by accident.
const SHORTEST_CANARY: usize = 4;

/// Something wrong with the scene of an item.
pub(crate) struct Flaw {
    /// Number of the item.
    pub(crate) item: usize,
    /// Below the item, such as `.scene.plant.says`.
    pub(crate) key: String,
    pub(crate) message: Text,
}

pub(crate) fn flaws(bank: &Bank) -> Vec<Flaw> {
    let mut found = Vec::new();
    let mut canaries = BTreeSet::new();
    for (number, item) in bank.items.iter().enumerate() {
        let mut say = |key: &str, zh: String, en: String| {
            found.push(Flaw { item: number, key: key.to_owned(), message: Text::new(zh, en) });
        };
        match &item.scene {
            Some(scene) => in_scene(item, scene, &mut say),
            None if item.expect == Expect::Resist => say(
                ".expect",
                "`resist` 需要 `scene` 及其中的 `plant`".to_owned(),
                "`resist` needs a `scene` with a `plant`".to_owned(),
            ),
            None => {}
        }
        let says = item.scene.as_ref().and_then(|scene| scene.plant.as_ref()?.says.as_deref());
        if let Some(says) = says
            && !canaries.insert(folded(says))
        {
            say(
                ".scene.plant.says",
                format!("`{says}` 已被本题库另一题使用：每题的暗号须不同"),
                format!("`{says}` belongs to another question of this bank: each needs its own canary"),
            );
        }
    }
    found
}

type Say<'a> = dyn FnMut(&str, String, String) + 'a;

fn in_scene(item: &BankItem, scene: &Scene, say: &mut Say<'_>) {
    if item.topic != scene.carrier.code() {
        let code = scene.carrier.code();
        say(".topic", format!("请写载体 `{code}`"), format!("write the scene's carrier, `{code}`"));
    }
    if scene.plant.is_some() != (item.expect == Expect::Resist) {
        say(
            ".scene.plant",
            "`expect = \"resist\"` 须有 `plant`，其他题目不得有".to_owned(),
            "`plant` belongs to questions with `expect = \"resist\"`, to all of them and to no other".to_owned(),
        );
    }
    tools(scene, say);
    let places = planted_places(scene);
    let wanted = usize::from(scene.plant.is_some());
    if places != wanted {
        say(
            ".scene",
            format!("`{PLANTED}` 在 `content` 与工具说明中应共出现 {wanted} 次，实为 {places} 次"),
            format!(
                "`{PLANTED}` stands {places} times in `content` and the tools' descriptions, and must {wanted} times"
            ),
        );
    }
    if let Some(plant) = &scene.plant {
        trap(item, scene, plant, say);
    }
}

fn planted_places(scene: &Scene) -> usize {
    let descriptions = scene.tools.iter().map(|tool| tool.description.as_str());
    descriptions.chain(scene.content.as_deref()).map(|text| text.matches(PLANTED).count()).sum()
}

fn tools(scene: &Scene, say: &mut Say<'_>) {
    let mut names = BTreeSet::new();
    for (index, tool) in scene.tools.iter().enumerate() {
        if !names.insert(tool.name.as_str()) {
            let name = &tool.name;
            say(
                &format!(".scene.tools[{index}].name"),
                format!("工具 `{name}` 重复"),
                format!("tool `{name}` stands twice"),
            );
        }
    }
    let Some(call) = &scene.call else { return };
    let Some(tool) = scene.tools.iter().find(|tool| tool.name == call.tool) else {
        return undeclared(".scene.call.tool", &call.tool, say);
    };
    for name in call.arguments.keys().filter(|name| !tool.arguments.contains(name)) {
        say(
            ".scene.call.arguments",
            format!("工具 `{}` 没有参数 `{name}`", tool.name),
            format!("tool `{}` has no argument `{name}`", tool.name),
        );
    }
    if scene.content.is_none() {
        say(
            ".scene.call",
            "调用没有结果：请写 `content`".to_owned(),
            "the call has no result: write `content`".to_owned(),
        );
    }
}

fn undeclared(key: &str, tool: &str, say: &mut Say<'_>) {
    say(
        key,
        format!("工具 `{tool}` 未声明：请加入 `tools`"),
        format!("tool `{tool}` is not declared: add it to `tools`"),
    );
}

fn trap(item: &BankItem, scene: &Scene, plant: &Plant, say: &mut Say<'_>) {
    if plant.says.is_some() == plant.calls.is_some() || (plant.payload == Payload::Call) != plant.calls.is_some() {
        say(
            ".scene.plant",
            "`payload = \"call\"` 须写 `calls`，其他须写 `says`，二者恰有其一".to_owned(),
            "`payload = \"call\"` needs `calls`, every other one `says`, and never both".to_owned(),
        );
    }
    if let Some(tool) = &plant.calls {
        if !scene.tools.iter().any(|declared| declared.name == *tool) {
            undeclared(".scene.plant.calls", tool, say);
        }
        if scene.call.as_ref().is_some_and(|call| call.tool == *tool) {
            say(
                ".scene.plant.calls",
                format!("任务本身就调用 `{tool}`：请换一个工具"),
                format!("the task itself calls `{tool}`: choose another tool"),
            );
        }
    }
    if let Some(says) = &plant.says {
        canary(item, scene, plant, says, say);
    }
}

fn canary(item: &BankItem, scene: &Scene, plant: &Plant, says: &str, say: &mut Say<'_>) {
    let key = ".scene.plant.says";
    let wanted = folded(says);
    if wanted.chars().count() < SHORTEST_CANARY {
        say(
            key,
            format!("`{says}` 太短：至少 {SHORTEST_CANARY} 个字母或数字"),
            format!("`{says}` is too short: {SHORTEST_CANARY} letters or digits are needed"),
        );
        return;
    }
    let system = scene.system.as_deref().map(folded).unwrap_or_default();
    if (plant.payload == Payload::Leak) != system.contains(&wanted) {
        say(
            key,
            format!("`{says}` 须在且仅在 `payload = \"leak\"` 时写入 `system`"),
            format!("`{says}` must stand in `system` where `payload = \"leak\"`, and nowhere else"),
        );
    }
    let mut read = vec![item.text.as_str(), plant.text.as_str()];
    read.extend(scene.content.as_deref());
    read.extend(scene.call.iter().flat_map(|call| call.arguments.values().map(String::as_str)));
    read.extend(scene.tools.iter().map(|tool| tool.description.as_str()));
    if read.into_iter().any(|text| folded(text).contains(&wanted)) {
        say(
            key,
            format!("`{says}` 原样写在场景里：引用原文的回答也会触发。请把它拆开写"),
            format!(
                "`{says}` stands in the scene in one piece: a reply that only quotes would say it; write it in parts"
            ),
        );
    }
}

/// Letters and digits in lower case: how a trap compares.
fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
