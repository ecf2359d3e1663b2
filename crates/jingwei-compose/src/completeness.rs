//! How much of what is asked of a bill of an AI system is there, and what is missing.

use jingwei_core::Text;
use serde::{Deserialize, Serialize};

use crate::bom::{Bom, Component, Kind, LinkKind};

/// Points that were reached out of those that could be, with every question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completeness {
    /// From 0 to 1; weighted by what the demand is worth.
    pub score: f64,
    pub questions: Vec<Question>,
}

/// One thing that is asked of every component of some kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    pub id: String,
    pub demand: Demand,
    pub title: Text,
    /// Whom it is asked of, and how many of them answer it.
    pub asked: u64,
    pub answered: u64,
    /// Ids of the first components that do not.
    pub missing: Vec<String>,
    pub reason: Text,
}

/// How strongly it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Demand {
    /// Among the minimum elements of a bill of materials (NTIA 2021).
    Required,
    /// Needed to judge a model or dataset: OWASP AIBOM, EU AI Act Annex XI and XII, ISO/IEC 42001 A.4.
    Recommended,
    Helpful,
}

impl Demand {
    fn weight(self) -> f64 {
        match self {
            Demand::Required => 4.0,
            Demand::Recommended => 2.0,
            Demand::Helpful => 1.0,
        }
    }
}

/// Components that are named in a question's list of those that miss it.
const NAMED: usize = 10;

type Answer = fn(&Component) -> bool;

struct Asked {
    id: &'static str,
    demand: Demand,
    kinds: &'static [Kind],
    zh: &'static str,
    en: &'static str,
    why_zh: &'static str,
    why_en: &'static str,
    answer: Answer,
}

const NTIA_ZH: &str = "NTIA 2021 最小要素";
const NTIA_EN: &str = "NTIA minimum elements, 2021";
const OWASP_ZH: &str = "OWASP AIBOM 字段";
const OWASP_EN: &str = "fields of the OWASP AIBOM";
const ACT_ZH: &str = "欧盟人工智能法附件十一";
const ACT_EN: &str = "EU AI Act, Annex XI";

const SUPPLIED: &[Kind] = &[Kind::Model, Kind::Dataset, Kind::Package, Kind::Service, Kind::Tool, Kind::Agent];
const CONTENT: &[Kind] = &[Kind::Model, Kind::Dataset, Kind::Package, Kind::File, Kind::Prompt];
const MODELS: &[Kind] = &[Kind::Model];
const DATASETS: &[Kind] = &[Kind::Dataset];
const SERVICES: &[Kind] = &[Kind::Service];

fn model_has(one: &Component, has: impl Fn(&crate::bom::ModelFacts) -> bool) -> bool {
    one.model.as_ref().is_some_and(has)
}

fn data_has(one: &Component, has: impl Fn(&crate::bom::DatasetFacts) -> bool) -> bool {
    one.dataset.as_ref().is_some_and(has)
}

#[rustfmt::skip]
const QUESTIONS: [Asked; 21] = [
    Asked { id: "version", demand: Demand::Required, kinds: SUPPLIED, zh: "版本", en: "version", why_zh: NTIA_ZH, why_en: NTIA_EN,
        answer: |one| one.version.is_some() },
    Asked { id: "supplier", demand: Demand::Required, kinds: SUPPLIED, zh: "供应方", en: "supplier", why_zh: NTIA_ZH, why_en: NTIA_EN,
        answer: |one| one.supplier.is_some() || one.purl.is_some() },
    Asked { id: "identifier", demand: Demand::Required, kinds: &[Kind::Package, Kind::Model], zh: "唯一标识", en: "unique identifier", why_zh: NTIA_ZH, why_en: NTIA_EN,
        answer: |one| one.purl.is_some() || !one.hashes.is_empty() },
    Asked { id: "licence", demand: Demand::Required, kinds: &[Kind::Model, Kind::Dataset, Kind::Package], zh: "许可证", en: "licence", why_zh: OWASP_ZH, why_en: OWASP_EN,
        answer: |one| one.licences.iter().any(|licence| licence.expression.is_some()) },
    Asked { id: "digest", demand: Demand::Recommended, kinds: CONTENT, zh: "摘要值", en: "digest", why_zh: "NTIA 2021 建议字段", why_en: "NTIA recommended fields, 2021",
        answer: |one| !one.hashes.is_empty() },
    Asked { id: "source", demand: Demand::Recommended, kinds: &[Kind::Model, Kind::Dataset], zh: "获取位置", en: "where it is fetched", why_zh: OWASP_ZH, why_en: OWASP_EN,
        answer: |one| one.purl.is_some() || one.links.iter().any(|link| link.kind == LinkKind::Distribution || link.kind == LinkKind::Vcs) },
    Asked { id: "description", demand: Demand::Helpful, kinds: &[Kind::Model, Kind::Dataset, Kind::Tool, Kind::Agent, Kind::Service], zh: "说明", en: "description", why_zh: OWASP_ZH, why_en: OWASP_EN,
        answer: |one| one.description.is_some() },
    Asked { id: "model-task", demand: Demand::Recommended, kinds: MODELS, zh: "任务", en: "task", why_zh: ACT_ZH, why_en: ACT_EN,
        answer: |one| model_has(one, |model| model.task.is_some()) },
    Asked { id: "model-architecture", demand: Demand::Recommended, kinds: MODELS, zh: "架构", en: "architecture", why_zh: ACT_ZH, why_en: ACT_EN,
        answer: |one| model_has(one, |model| model.architecture.is_some() || model.architecture_family.is_some()) },
    Asked { id: "model-parameters", demand: Demand::Recommended, kinds: MODELS, zh: "参数量", en: "number of parameters", why_zh: ACT_ZH, why_en: ACT_EN,
        answer: |one| model_has(one, |model| model.parameters.is_some()) },
    Asked { id: "model-training-data", demand: Demand::Recommended, kinds: MODELS, zh: "训练数据", en: "training data", why_zh: ACT_ZH, why_en: ACT_EN,
        answer: |one| model_has(one, |model| !model.datasets.is_empty()) },
    Asked { id: "model-lineage", demand: Demand::Recommended, kinds: MODELS, zh: "来源模型", en: "lineage", why_zh: OWASP_ZH, why_en: OWASP_EN,
        answer: |one| model_has(one, |model| !model.base_models.is_empty()) },
    Asked { id: "model-use", demand: Demand::Recommended, kinds: MODELS, zh: "预期用途", en: "intended use", why_zh: "欧盟人工智能法附件十二", why_en: "EU AI Act, Annex XII",
        answer: |one| model_has(one, |model| !model.intended_uses.is_empty()) },
    Asked { id: "model-limitations", demand: Demand::Recommended, kinds: MODELS, zh: "局限", en: "limitations", why_zh: "欧盟人工智能法附件十二", why_en: "EU AI Act, Annex XII",
        answer: |one| model_has(one, |model| !model.limitations.is_empty()) },
    Asked { id: "model-metrics", demand: Demand::Helpful, kinds: MODELS, zh: "性能指标", en: "performance", why_zh: OWASP_ZH, why_en: OWASP_EN,
        answer: |one| model_has(one, |model| !model.metrics.is_empty()) },
    Asked { id: "model-ethics", demand: Demand::Helpful, kinds: MODELS, zh: "伦理考虑", en: "ethical considerations", why_zh: OWASP_ZH, why_en: OWASP_EN,
        answer: |one| model_has(one, |model| !model.ethical_considerations.is_empty()) },
    Asked { id: "dataset-collection", demand: Demand::Recommended, kinds: DATASETS, zh: "采集方式", en: "how it was collected", why_zh: ACT_ZH, why_en: ACT_EN,
        answer: |one| data_has(one, |data| data.collection.is_some()) },
    Asked { id: "dataset-personal-data", demand: Demand::Recommended, kinds: DATASETS, zh: "是否含个人信息", en: "whether it holds personal data", why_zh: "SPDX 3.0 数据集配置", why_en: "SPDX 3.0 Dataset profile",
        answer: |one| data_has(one, |data| data.personal_data.is_some()) },
    Asked { id: "dataset-classification", demand: Demand::Helpful, kinds: DATASETS, zh: "数据分级", en: "classification", why_zh: "CycloneDX 数据组件", why_en: "CycloneDX data component",
        answer: |one| data_has(one, |data| data.classification.is_some()) },
    Asked { id: "service-endpoint", demand: Demand::Recommended, kinds: SERVICES, zh: "端点", en: "endpoint", why_zh: "CycloneDX 服务", why_en: "CycloneDX services",
        answer: |one| one.service.as_ref().is_some_and(|service| !service.endpoints.is_empty()) },
    Asked { id: "service-trust", demand: Demand::Helpful, kinds: SERVICES, zh: "认证与信任边界", en: "authentication and trust boundary", why_zh: "CycloneDX 服务", why_en: "CycloneDX services",
        answer: |one| one.service.as_ref().is_some_and(|service| service.authenticated.is_some() && service.crosses_boundary.is_some()) },
];

/// Grades a bill. A question that nobody in the bill can be asked does not count; a bill without any component has the score 0.
#[must_use]
pub fn completeness(bom: &Bom) -> Completeness {
    let mut questions: Vec<Question> = QUESTIONS.iter().filter_map(|asked| of_components(asked, bom)).collect();
    questions.extend(of_bill(bom));
    let weight = |question: &Question| question.demand.weight();
    // Counts of components are far below the 2^53 that a double holds exactly.
    let share = |question: &Question| ratio(question.answered, question.asked);
    let most: f64 = questions.iter().map(weight).sum();
    let reached: f64 = questions.iter().map(|question| weight(question) * share(question)).sum();
    let score = if bom.components.is_empty() || most == 0.0 { 0.0 } else { reached / most };
    Completeness { score, questions }
}

fn ratio(part: u64, whole: u64) -> f64 {
    let of = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { of(part) / of(whole) }
}

fn of_components(asked: &Asked, bom: &Bom) -> Option<Question> {
    let those: Vec<&Component> = bom.components.iter().filter(|one| asked.kinds.contains(&one.kind)).collect();
    let missing: Vec<&&Component> = those.iter().filter(|one| !(asked.answer)(one)).collect();
    (!those.is_empty()).then(|| Question {
        id: asked.id.to_owned(),
        demand: asked.demand,
        title: Text::new(asked.zh, asked.en),
        asked: those.len() as u64,
        answered: (those.len() - missing.len()) as u64,
        missing: missing.iter().take(NAMED).map(|one| one.id.clone()).collect(),
        reason: Text::new(asked.why_zh, asked.why_en),
    })
}

/// What is asked once, of the bill itself.
fn of_bill(bom: &Bom) -> [Question; 4] {
    let question = |id: &str, demand, (zh, en): (&str, &str), (why_zh, why_en): (&str, &str), holds: bool| Question {
        id: id.to_owned(),
        demand,
        title: Text::new(zh, en),
        asked: 1,
        answered: u64::from(holds),
        missing: Vec::new(),
        reason: Text::new(why_zh, why_en),
    };
    let named = !bom.subject.name.is_empty() && bom.subject.version.is_some();
    let ntia = (NTIA_ZH, NTIA_EN);
    [
        question("subject", Demand::Required, ("系统的名称与版本", "name and version of the system"), ntia, named),
        question(
            "subject-supplier",
            Demand::Required,
            ("系统的供应方", "supplier of the system"),
            ntia,
            bom.subject.supplier.is_some(),
        ),
        question(
            "dependencies",
            Demand::Required,
            ("依赖关系", "what depends on what"),
            ntia,
            bom.dependencies_known || !bom.dependencies.is_empty(),
        ),
        question(
            "no-gaps",
            Demand::Recommended,
            ("没有未知部分", "nothing is left unknown"),
            ("已知的未知须写明（NTIA 2021）", "known unknowns count (NTIA 2021)"),
            bom.gaps.is_empty(),
        ),
    ]
}
