//! One bill that uses every part of the model, and the seconds that it was made at.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_compose::{
    bom::{
        Affected, AffectedStatus, Bom, Component, DatasetFacts, Kind, Link, LinkKind, Making, ModelFacts,
        PerformanceMetric, SUBJECT, ServiceFacts, StatedLicence, Subject, Vulnerability,
    },
    lockfiles::{LockKind, Scope},
};
use jingwei_core::Text;

use crate::support::read;

pub fn making() -> Making<'static> {
    Making { at: "2026-11-21T08:00:00.25Z".parse().unwrap(), tool: "jingwei", tool_version: "0.1.0" }
}

fn licence(stated: &str, expression: Option<&str>) -> StatedLicence {
    StatedLicence { stated: stated.into(), expression: expression.map(Into::into) }
}

pub fn model() -> Component {
    let mut model =
        Component::new(Kind::Model, "assistant", Some("2"), Some("pkg:huggingface/acme/assistant@2".into()));
    model.supplier = Some("Acme".into());
    model.description = Some("answers questions — 回答问题".into());
    model.licences = vec![licence("Apache-2.0", Some("Apache-2.0"))];
    model.hashes = vec![format!("sha256:{}", "ab".repeat(32))];
    model.links = vec![
        Link { kind: LinkKind::Distribution, url: "https://models.invalid/assistant.safetensors".into() },
        Link { kind: LinkKind::ModelCard, url: "https://models.invalid/card".into() },
    ];
    model.model = Some(ModelFacts {
        task: Some("text-generation".into()),
        architecture_family: Some("transformer".into()),
        architecture: Some("LlamaForCausalLM".into()),
        parameters: Some(8_030_261_248),
        quantisation: Some("Q4_K_M".into()),
        format: Some("gguf".into()),
        base_models: vec!["llama-3.1-8b".into()],
        datasets: vec!["dataset:tickets@1".into()],
        intended_uses: vec!["support".into()],
        limitations: vec!["only English".into(), "no arithmetic".into()],
        ethical_considerations: vec!["may be biased".into()],
        metrics: vec![PerformanceMetric {
            name: "accuracy".into(),
            value: "0.91".into(),
            slice: Some("tickets".into()),
        }],
    });
    model
}

pub fn sample() -> Bom {
    let mut dataset = Component::new(Kind::Dataset, "tickets", Some("1"), None);
    dataset.licences = vec![licence("CC-BY-NC-4.0", Some("CC-BY-NC-4.0"))];
    dataset.dataset = Some(DatasetFacts {
        modality: Some("text".into()),
        classification: Some("internal".into()),
        sensitive: vec!["names".into()],
        personal_data: Some(true),
        collection: Some("exported from the help desk".into()),
        bytes: Some(1234),
    });
    let mut weights = Component::new(Kind::File, "assistant.gguf", None, None);
    weights.parent = Some("pkg:huggingface/acme/assistant@2".into());
    weights.hashes = vec![format!("sha256:{}", "cd".repeat(32)), format!("sha512:{}", "ef".repeat(64))];
    let mut prompt = Component::new(Kind::Prompt, "system prompt", None, None);
    prompt.hashes = vec![format!("sha256:{}", "01".repeat(32))];
    let tool = Component::new(Kind::Tool, "search", Some("1"), None);
    let agent = Component::new(Kind::Agent, "planner", None, None);
    let mut service = Component::new(Kind::Service, "gateway", None, None);
    service.supplier = Some("Cloud".into());
    service.service = Some(ServiceFacts {
        endpoints: vec!["https://api.invalid/v1".into()],
        authenticated: Some(true),
        crosses_boundary: Some(false),
    });
    let mut odd = Component::new(Kind::Package, "odd", Some("1.0"), Some("pkg:pypi/odd@1.0".into()));
    odd.licences = vec![licence("My Own Licence", None), licence("MIT OR Apache-2.0", Some("MIT OR Apache-2.0"))];
    odd.scope = Some(Scope::Dev);
    let mut bom = Bom {
        subject: Subject {
            name: "help desk".into(),
            version: Some("3.1".into()),
            description: Some("answers tickets".into()),
            supplier: Some("Acme".into()),
        },
        components: vec![model(), dataset, weights, prompt, tool, agent, service, odd],
        dependencies: BTreeMap::from([(
            SUBJECT.to_owned(),
            BTreeSet::from(["pkg:huggingface/acme/assistant@2".to_owned(), "tool:search@1".to_owned()]),
        )]),
        vulnerabilities: vec![
            vulnerability("CVE-2026-0001", AffectedStatus::Affected),
            vulnerability("GHSA-x", AffectedStatus::Unaffected),
            vulnerability("OSV-1", AffectedStatus::Unknown),
        ],
        properties: BTreeMap::from([("jingwei:catalog".to_owned(), "1".to_owned())]),
        gaps: vec![Text::new("一个文件不可读", "one file cannot be read")],
        dependencies_known: false,
    };
    bom.add_packages(&read(LockKind::UvLock, include_str!("fixture.uv.lock")));
    bom.settle();
    bom
}

fn vulnerability(id: &str, status: AffectedStatus) -> Vulnerability {
    let unaffected = status == AffectedStatus::Unaffected;
    Vulnerability {
        id: id.into(),
        aliases: vec![format!("{id}-alias")],
        source: Some("OSV".into()),
        url: Some("https://osv.invalid/x".into()),
        description: Some("bad".into()),
        severity: Some("high".into()),
        vector: Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".into()),
        cwes: vec![502],
        affects: vec![Affected {
            component: "pkg:pypi/odd@1.0".into(),
            status,
            justification: unaffected.then(|| "code_not_reachable".into()),
        }],
        recommendation: Some("update".into()),
    }
}
