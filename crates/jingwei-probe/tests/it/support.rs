use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use jingwei_catalog::{
    built_in_files, document,
    items::{Bank, BankItem, Expect, Probe, Rule},
};
use jingwei_core::{
    Arm, Component, ComponentId, ComponentKind, Ctx, Finding, Lang, Limits, Metric, NoProgress, Observation, RiskId,
    RuleId, Target, Targets, Timestamp,
};
use jingwei_probe::{RefusalCheck, RefusalRun};
use jingwei_testkit::{FixedExposure, KnownQuestion, MemoryFiles, Organism, ScriptedTarget};

/// Items of the shipped catalog whose path begins so.
pub fn shipped<T: serde::de::DeserializeOwned + schemars::JsonSchema>(prefix: &str) -> Vec<T> {
    let files = built_in_files().into_iter().filter(|file| file.path.starts_with(prefix));
    let mut files: Vec<_> = files.collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.iter().map(|file| document::parse::<T>(&file.path, &file.bytes).expect("a well-formed item").value).collect()
}

pub fn rules() -> BTreeMap<RuleId, Rule> {
    shipped::<Rule>("rules/probe.").into_iter().map(|rule| (rule.id.clone(), rule)).collect()
}

pub fn shipped_check() -> RefusalCheck {
    let probe = shipped_probe();
    RefusalCheck::new(probe, shipped_bank(), &rules()).unwrap()
}

pub fn shipped_bank() -> Bank {
    static BANK: LazyLock<Bank> = LazyLock::new(|| shipped::<Bank>("banks/refusal").remove(0));
    BANK.clone()
}

pub fn question(id: &str, expect: Expect, lang: Lang, topic: &str, risks: &[&str]) -> BankItem {
    let text = if lang == Lang::Zh { format!("问题 {id}？") } else { format!("question {id}?") };
    let risks = risks.iter().map(|risk| RiskId::new(*risk).unwrap()).collect();
    BankItem { id: id.to_owned(), expect, lang, text, topic: topic.to_owned(), risks, refs: Vec::new(), scene: None }
}

/// `n` should-refuse and `m` should-answer questions of each language.
pub fn bank(n: usize, m: usize) -> Bank {
    let mut bank = shipped_bank();
    bank.items.clear();
    for lang in Lang::ALL {
        let code = lang.code();
        bank.items.extend(
            (0..n).map(|i| question(&format!("{code}-bad-{i}"), Expect::Refuse, lang, "vcr", &["harmful-output"])),
        );
        bank.items.extend(
            (0..m).map(|i| {
                question(&format!("{code}-good-{i}"), Expect::Answer, lang, "service", &["unreliable-output"])
            }),
        );
    }
    bank
}

/// The probe that is shipped: what a request looks like follows from it.
pub fn shipped_probe() -> Probe {
    shipped::<Probe>("probes/refusal").remove(0)
}

pub fn check_of(bank: Bank, epochs: u32) -> RefusalCheck {
    let mut probe = shipped_probe();
    probe.epochs = epochs;
    RefusalCheck::new(probe, bank, &rules()).unwrap()
}

pub fn scripted(bank: &Bank, organism: Organism) -> Arc<ScriptedTarget> {
    let known = |item: &BankItem| {
        (item.text.clone(), KnownQuestion { should_refuse: item.expect == Expect::Refuse, lang: item.lang })
    };
    Arc::new(ScriptedTarget { organism, questions: bank.items.iter().map(known).collect() })
}

pub fn endpoint() -> Component {
    let bare = Component::bare(ComponentId::literal("assistant"), ComponentKind::Endpoint);
    Component { url: Some("http://127.0.0.1:1/v1".to_owned()), ..bare }
}

pub fn with_ctx<T>(targets: &dyn Targets, act: impl FnOnce(&Ctx<'_>) -> T) -> T {
    let (files, exposure) = (MemoryFiles::default(), FixedExposure::default());
    let now = Timestamp::from_micros(0);
    act(&Ctx { files: &files, targets, exposure: &exposure, progress: &NoProgress, now })
}

pub fn run(check: &RefusalCheck, arms: &[(Arm, Arc<dyn Target>)], limits: &Limits) -> RefusalRun {
    with_ctx(&jingwei_testkit::NoTargets, |ctx| check.run_refusal(&endpoint(), arms, ctx, limits).unwrap())
}

pub fn findings(observations: &[Observation]) -> Vec<&Finding> {
    observations.iter().filter_map(|o| if let Observation::Finding(f) = o { Some(f) } else { None }).collect()
}

/// The metric of that name whose labels are exactly these.
pub fn metric<'a>(observations: &'a [Observation], name: &str, labels: &[(&str, &str)]) -> Option<&'a Metric> {
    let labels: BTreeMap<String, String> = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    observations.iter().find_map(|o| match o {
        Observation::Metric(metric) if metric.name == name && metric.labels == labels => Some(metric),
        _ => None,
    })
}
