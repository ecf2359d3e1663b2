//! What one file alone cannot tell: references, repeated codes, cycles and tables.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::{Grade, ItemRef, RiskId, Text};
use jingwei_read::NameKind;

use crate::{
    filing, grading_reference,
    items::{BankItem, Control, Criterion, Framework, GradingProfile, Mapping},
    load::{Catalog, Loader, repeated},
    scenes, suite_flaws,
};

/// Adds every broken reference, repeated code, cycle and malformed table to the loader's problems.
pub(crate) fn references(catalog: &Catalog, loader: &mut Loader) {
    let mut checker = Checker { catalog, loader, codes: codes_of(catalog) };
    checker.frameworks();
    checker.risks();
    checker.controls();
    catalog.mappings.values().for_each(|mapping| checker.mapping(mapping));
    catalog.profiles.values().for_each(|profile| checker.profile(profile));
    checker.gates_and_rules();
    checker.banks();
    checker.lexicons();
    checker.filings();
    checker.suites_and_gradings();
    checker.names();
}

fn codes_of(catalog: &Catalog) -> BTreeMap<&str, BTreeSet<&str>> {
    catalog
        .frameworks
        .iter()
        .map(|(id, framework)| (id.as_str(), framework.items.iter().map(|item| item.code.as_str()).collect()))
        .collect()
}

struct Checker<'c, 'l> {
    catalog: &'c Catalog,
    loader: &'l mut Loader,
    codes: BTreeMap<&'c str, BTreeSet<&'c str>>,
}

impl Checker<'_, '_> {
    fn say(&mut self, file: &str, key: &str, zh: String, en: String) {
        self.loader.problem(file, key, Text::new(zh, en));
    }

    fn refs(&mut self, file: &str, refs: &[ItemRef]) {
        for (index, reference) in refs.iter().enumerate() {
            let known = reference.split().is_some_and(|(edition, code)| self.knows(edition, code));
            if !known {
                self.say(
                    file,
                    &format!("refs[{index}]"),
                    format!("`{reference}` 不存在：请用“框架版本/条款代码”，并确认 frameworks/ 中有该条"),
                    format!("`{reference}` does not exist: write `edition/code` of an item in frameworks/"),
                );
            }
        }
    }

    fn knows(&self, edition: &str, code: &str) -> bool {
        self.codes.get(edition).is_some_and(|codes| codes.contains(code))
    }

    fn risk_ids<'a>(&mut self, file: &str, key: &str, risks: impl Iterator<Item = &'a RiskId>) {
        for (index, risk) in risks.enumerate() {
            if !self.catalog.risks.contains_key(risk) {
                self.say(
                    file,
                    &key.replace('#', &index.to_string()),
                    format!("风险 `{risk}` 不存在：请用 risks/ 中的文件名"),
                    format!("risk `{risk}` does not exist: use a file name of risks/"),
                );
            }
        }
    }

    fn translated(&mut self, file: &str, key: &str, text: &Text) {
        if text.zh == text.en && text.en.chars().count() > 8 && text.en.contains(' ') {
            self.say(
                file,
                key,
                "中文与英文相同：请翻译".to_owned(),
                "zh and en are the same: translate one".to_owned(),
            );
        }
    }

    fn frameworks(&mut self) {
        let catalog = self.catalog;
        for framework in catalog.frameworks.values() {
            let file = format!("frameworks/{}.toml", framework.id);
            self.translated(&file, "title", &framework.title);
            for index in repeated(framework.items.iter().map(|item| &item.code)) {
                let code = framework.items.get(index).map_or("", |item| &item.code);
                self.say(
                    &file,
                    &format!("item[{index}].code"),
                    format!("代码 `{code}` 重复：代码须唯一且永久不变"),
                    format!("code `{code}` stands twice: codes are unique and permanent"),
                );
            }
            for (index, item) in framework.items.iter().enumerate() {
                self.translated(&file, &format!("item[{index}].title"), &item.title);
                if let Some(parent) = &item.parent
                    && !self.knows(&framework.id, parent)
                {
                    self.say(
                        &file,
                        &format!("item[{index}].parent"),
                        format!("上级 `{parent}` 不存在"),
                        format!("parent `{parent}` does not exist"),
                    );
                }
            }
            self.parent_cycles(framework, &file);
            for (index, older) in framework.supersedes.iter().enumerate() {
                if !catalog.frameworks.contains_key(older) {
                    self.say(
                        &file,
                        &format!("supersedes[{index}]"),
                        format!("版本 `{older}` 不存在：请加入 frameworks/{older}.toml"),
                        format!("edition `{older}` does not exist: add frameworks/{older}.toml"),
                    );
                }
            }
        }
        self.supersession_cycles();
    }

    fn parent_cycles(&mut self, framework: &Framework, file: &str) {
        let parents: BTreeMap<&str, &str> =
            framework.items.iter().filter_map(|item| Some((item.code.as_str(), item.parent.as_deref()?))).collect();
        for (index, item) in framework.items.iter().enumerate() {
            if is_on_cycle(&item.code, |code| parents.get(code).copied().into_iter().collect()) {
                self.say(
                    file,
                    &format!("item[{index}].parent"),
                    format!("`{}` 的上级关系成环", item.code),
                    format!("the parents of `{}` run in a circle", item.code),
                );
            }
        }
    }

    fn supersession_cycles(&mut self) {
        let catalog = self.catalog;
        let older = |id: &str| -> Vec<&str> {
            catalog.frameworks.get(id).map(|f| f.supersedes.iter().map(String::as_str).collect()).unwrap_or_default()
        };
        for id in catalog.frameworks.keys() {
            if is_on_cycle(id, older) {
                self.say(
                    &format!("frameworks/{id}.toml"),
                    "supersedes",
                    format!("版本 `{id}` 的替代关系成环"),
                    format!("edition `{id}` supersedes itself in a circle"),
                );
            }
        }
    }

    fn risks(&mut self) {
        let catalog = self.catalog;
        let codes: Vec<_> = catalog.risks.values().map(|risk| (&risk.code, &risk.id)).collect();
        for index in repeated(codes.iter().map(|(code, _)| code)) {
            let (code, id) = codes[index];
            self.say(
                &format!("risks/{id}.toml"),
                "code",
                format!("代码 `{code}` 已被另一风险使用"),
                format!("code `{code}` belongs to another risk already"),
            );
        }
        for risk in catalog.risks.values() {
            let file = format!("risks/{}.toml", risk.id);
            self.translated(&file, "title", &risk.title);
            self.refs(&file, &risk.refs);
        }
    }

    fn controls(&mut self) {
        let catalog = self.catalog;
        let codes: Vec<_> = catalog.controls.values().map(|control| (&control.code, &control.id)).collect();
        for index in repeated(codes.iter().map(|(code, _)| code)) {
            let (code, id) = codes[index];
            self.say(
                &format!("controls/{id}.toml"),
                "code",
                format!("代码 `{code}` 已被另一控制措施使用"),
                format!("code `{code}` belongs to another control already"),
            );
        }
        for control in catalog.controls.values() {
            let file = format!("controls/{}.toml", control.id);
            self.translated(&file, "title", &control.title);
            self.refs(&file, &control.refs);
            self.risk_ids(&file, "lowers[#].risk", control.lowers.iter().map(|lowers| &lowers.risk));
            self.criteria(&file, control);
        }
    }

    fn criteria(&mut self, file: &str, control: &Control) {
        for index in repeated(control.criteria.iter().map(|criterion| &criterion.id)) {
            self.say(
                file,
                &format!("criterion[{index}].id"),
                "判据 id 在本控制措施中重复".to_owned(),
                "the criterion's id stands twice in this control".to_owned(),
            );
        }
        for (index, criterion) in control.criteria.iter().enumerate() {
            self.criterion(file, &format!("criterion[{index}]"), criterion);
        }
    }

    fn criterion(&mut self, file: &str, key: &str, criterion: &Criterion) {
        if criterion.metric.is_some() == criterion.clean.is_some() {
            self.say(
                file,
                key,
                "`metric` 与 `clean` 须恰有其一".to_owned(),
                "exactly one of `metric` and `clean` is needed".to_owned(),
            );
        }
        if let Some(metric) = &criterion.metric
            && metric.max.is_none()
            && metric.min.is_none()
        {
            self.say(
                file,
                &format!("{key}.metric"),
                "缺少 `max` 或 `min`".to_owned(),
                "`max` or `min` is missing".to_owned(),
            );
        }
        // A suite is evidence under a check of its own, and shares the rules of all suites.
        let suite = criterion.check.as_str().strip_prefix("probe.");
        let is_suite = suite.is_some_and(|suite| self.catalog.suites.contains_key(suite));
        let check_is_known = is_suite || self.catalog.rules.values().any(|rule| rule.check == criterion.check);
        if !check_is_known {
            let check = &criterion.check;
            self.say(
                file,
                &format!("{key}.check"),
                format!("检查 `{check}` 没有任何规则：请核对名称"),
                format!("check `{check}` has no rule in rules/: correct the name"),
            );
        }
        for (index, pattern) in criterion.clean.iter().flat_map(|clean| &clean.rules).enumerate() {
            if !self.catalog.rules.keys().any(|id| rule_matches(pattern, id.as_str())) {
                self.say(
                    file,
                    &format!("{key}.clean.rules[{index}]"),
                    format!("`{pattern}` 不匹配 rules/ 中的任何规则"),
                    format!("`{pattern}` matches no rule in rules/"),
                );
            }
        }
    }

    fn mapping(&mut self, mapping: &Mapping) {
        let file = format!("mappings/{}.toml", mapping.id);
        for (key, edition) in [("from", &mapping.from), ("to", &mapping.to)] {
            if !self.codes.contains_key(edition.as_str()) {
                self.say(&file, key, format!("版本 `{edition}` 不存在"), format!("edition `{edition}` does not exist"));
                return;
            }
        }
        for (index, pair) in mapping.pairs.iter().enumerate() {
            let ends = std::iter::once((&mapping.from, &pair.from)).chain(pair.to.iter().map(|to| (&mapping.to, to)));
            for (edition, code) in ends {
                if !self.knows(edition, code) {
                    self.say(
                        &file,
                        &format!("pair[{index}]"),
                        format!("`{edition}/{code}` 不存在"),
                        format!("`{edition}/{code}` does not exist"),
                    );
                }
            }
        }
    }

    fn profile(&mut self, profile: &GradingProfile) {
        let file = format!("profiles/{}.toml", profile.id);
        if !self.codes.contains_key(profile.framework.as_str()) {
            let edition = &profile.framework;
            self.say(
                &file,
                "framework",
                format!("版本 `{edition}` 不存在"),
                format!("edition `{edition}` does not exist"),
            );
        }
        for (key, rules) in
            [("scenario", &profile.scenario), ("intelligence", &profile.intelligence), ("scale", &profile.scale)]
        {
            if rules.last().is_none_or(|rule| rule.when != "true") {
                self.say(
                    &file,
                    key,
                    "最后一条规则的 `when` 须为 \"true\"，使每个系统都有级别".to_owned(),
                    "the last rule's `when` must be \"true\", so that every system has a level".to_owned(),
                );
            }
        }
        if !is_cube(&profile.grade) || !is_monotone_cube(&profile.grade) {
            self.say(
                &file,
                "grade",
                "须为 3×3×3 的表，且沿每个方向不减".to_owned(),
                "a 3×3×3 table that never falls in any direction is needed".to_owned(),
            );
        }
        if !is_square(&profile.matrix, 5) || !is_monotone(&profile.matrix) {
            self.say(
                &file,
                "matrix",
                "须为 5×5 的表，且沿每个方向不减".to_owned(),
                "a 5×5 table that never falls in any direction is needed".to_owned(),
            );
        }
        if profile.impact_shift.len() != 5 {
            self.say(&file, "impact_shift", "须有 5 个数".to_owned(), "5 numbers are needed".to_owned());
        }
        let cuts = &profile.likelihood_cuts;
        let ascending = cuts.windows(2).all(|pair| pair[0] < pair[1]);
        if cuts.len() != 4 || !ascending || cuts.iter().any(|cut| !(0.0..1.0).contains(cut)) {
            self.say(
                &file,
                "likelihood_cuts",
                "须有 4 个递增的 0 到 1 之间的数".to_owned(),
                "4 rising numbers between 0 and 1 are needed".to_owned(),
            );
        }
    }

    fn gates_and_rules(&mut self) {
        let catalog = self.catalog;
        for gate in catalog.gates.values() {
            let file = format!("gates/{}.toml", gate.id);
            self.refs(&file, &gate.refs);
            self.cases(&file, gate.hits.len(), gate.clean.len());
        }
        for rule in catalog.rules.values() {
            let file = format!("rules/{}.toml", rule.id);
            self.refs(&file, &rule.refs);
            self.risk_ids(&file, "risks[#]", rule.risks.iter());
            self.cases(&file, rule.hits.len(), rule.clean.len());
        }
    }

    fn cases(&mut self, file: &str, hits: usize, clean: usize) {
        if hits == 0 || clean == 0 {
            self.say(
                file,
                "",
                "至少需要一个 [[hit]] 与一个 [[clean]] 用例".to_owned(),
                "at least one [[hit]] and one [[clean]] case are needed".to_owned(),
            );
        }
    }

    fn banks(&mut self) {
        let catalog = self.catalog;
        for bank in catalog.banks.values() {
            let file = format!("banks/{}.toml", bank.id);
            for index in repeated(bank.items.iter().map(|item| &item.id)) {
                self.say(
                    &file,
                    &format!("item[{index}].id"),
                    "题目 id 重复".to_owned(),
                    "the question's id stands twice".to_owned(),
                );
            }
            // Scenes differ in what is read, not in what is asked.
            let asked = |item: &BankItem| item.scene.is_none().then(|| item.text.trim().to_owned());
            for index in repeated(bank.items.iter().map(|item| asked(item).ok_or(&item.id))) {
                self.say(
                    &file,
                    &format!("item[{index}].text"),
                    "题目重复".to_owned(),
                    "the question stands twice".to_owned(),
                );
            }
            for (index, item) in bank.items.iter().enumerate() {
                self.risk_ids(&file, &format!("item[{index}].risks[#]"), item.risks.iter());
                self.refs(&file, &item.refs);
            }
            for scenes::Flaw { item, key, message } in scenes::flaws(bank) {
                self.loader.problem(&file, &format!("item[{item}]{key}"), message);
            }
        }
        for probe in catalog.probes.values() {
            if !catalog.banks.contains_key(&probe.bank) {
                let bank = &probe.bank;
                self.say(
                    &format!("probes/{}.toml", probe.id),
                    "bank",
                    format!("题库 `{bank}` 不存在"),
                    format!("bank `{bank}` does not exist"),
                );
            }
        }
    }

    fn lexicons(&mut self) {
        let catalog = self.catalog;
        for lexicon in catalog.lexicons.values() {
            let file = format!("lexicons/{}.toml", lexicon.id);
            self.refs(&file, &lexicon.refs);
        }
    }

    fn names(&mut self) {
        for list in self.catalog.names.values() {
            let file = format!("names/{}.toml", list.id);
            for (at, group) in list.groups.iter().enumerate() {
                let dangerous = group.is == NameKind::Dangerous;
                if dangerous != group.effect.is_some() {
                    self.say(
                        &file,
                        &format!("group[{at}]"),
                        "危险名称要写 effect，其他名称不写".to_owned(),
                        "a group of dangerous names needs an effect, and no other group has one".to_owned(),
                    );
                }
                for name in &group.names {
                    let plain = name.strip_suffix(".*").or_else(|| name.strip_prefix("*.")).unwrap_or(name);
                    if plain.is_empty() || plain.contains('*') || (plain != name && !dangerous) {
                        self.say(
                            &file,
                            &format!("group[{at}].names"),
                            format!("`{name}`：只有危险名称可以用 `.*` 结尾或以 `*.` 开头，其他名称须完整"),
                            format!("`{name}`: only dangerous names may end in `.*` or begin with `*.`; all others are whole"),
                        );
                    }
                }
            }
        }
    }

    fn filings(&mut self) {
        let catalog = self.catalog;
        for filing in catalog.filings.values() {
            let file = format!("filings/{}.toml", filing.id);
            for (key, message) in filing::flaws(filing, catalog) {
                self.loader.problem(&file, &key, message);
            }
        }
    }

    fn suites_and_gradings(&mut self) {
        let catalog = self.catalog;
        for suite in catalog.suites.values() {
            let file = format!("suites/{}.toml", suite.id);
            self.translated(&file, "title", &suite.title);
            self.translated(&file, "text", &suite.text);
            for (key, message) in suite_flaws::flaws(suite, catalog) {
                self.loader.problem(&file, &key, message);
            }
        }
        for grading in catalog.gradings.values() {
            let file = format!("gradings/{}.toml", grading.id);
            self.translated(&file, "title", &grading.title);
            for (key, message) in grading_reference::flaws(grading, catalog) {
                self.loader.problem(&file, &key, message);
            }
        }
    }
}

/// `*` at the end matches any rest.
#[must_use]
pub fn rule_matches(pattern: &str, id: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => id.starts_with(start),
        None => pattern == id,
    }
}

/// Whether following `next` from `start` leads back to `start`.
fn is_on_cycle<'a>(start: &str, next: impl Fn(&str) -> Vec<&'a str>) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = next(start);
    while let Some(here) = open.pop() {
        if here == start {
            return true;
        }
        if seen.insert(here) {
            open.extend(next(here));
        }
    }
    false
}

fn is_square(table: &[Vec<Grade>], side: usize) -> bool {
    table.len() == side && table.iter().all(|row| row.len() == side)
}

fn is_monotone(table: &[Vec<Grade>]) -> bool {
    let rows = table.iter().all(|row| row.is_sorted());
    let columns = table.windows(2).all(|pair| pair[0].iter().zip(&pair[1]).all(|(a, b)| a <= b));
    rows && columns
}

fn is_cube(table: &[Vec<Vec<Grade>>]) -> bool {
    table.len() == 3 && table.iter().all(|layer| is_square(layer, 3))
}

fn is_monotone_cube(table: &[Vec<Vec<Grade>>]) -> bool {
    let layers = table.iter().all(|layer| is_monotone(layer));
    let between = table
        .windows(2)
        .all(|pair| pair[0].iter().flatten().zip(pair[1].iter().flatten()).all(|(lower, upper)| lower <= upper));
    layers && between
}
