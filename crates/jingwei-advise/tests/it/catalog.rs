use std::{collections::BTreeSet, fs, path::Path};

use jingwei_advise::{Advisory, StoreBuilder};
use jingwei_core::{Ecosystem, Limits};

use crate::support::{located, matches, now, opened, told};

fn advisories() -> Vec<Advisory> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog/advisories");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        let advisory: Advisory = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!(path.file_stem().unwrap().to_str().unwrap(), advisory.id, "file name and id");
        advisory
    };
    paths.iter().map(|path| read(path)).collect()
}

#[test]
fn every_advisory_of_the_catalog_is_sound() {
    let advisories = advisories();
    assert!(advisories.len() >= 100, "only {}", advisories.len());
    let mut titles = BTreeSet::new();
    for advisory in &advisories {
        let record = advisory.record().unwrap_or_else(|e| panic!("{}: {}", advisory.id, e.text().en));
        for text in [&advisory.title, &advisory.summary, &advisory.source] {
            assert!(!text.zh.is_ascii() && text.en.is_ascii(), "{}: {text:?}", advisory.id);
        }
        assert!(titles.insert(advisory.title.en.clone()), "{} has a title that another has", advisory.id);
        assert!(record.unverified, "{}: say where it was verified, and widen this test", advisory.id);
        // What a service may say of itself still is no version: unknown, not affected.
        for affected in &record.affected {
            let mut builder = StoreBuilder::new();
            let limits = Limits::default();
            let mut import = builder.import("catalog", now(), &limits);
            import.advisory(advisory);
            assert_eq!(import.finish().summary.counts.taken, 1);
            let mut store = opened(&builder);
            for version in [None, Some("latest"), Some("unknown"), Some("git 3fa2b7c")] {
                let found = matches(&mut store, &[located(affected.ecosystem, &affected.name, version)]);
                assert_eq!(found.len(), 1);
                assert!(told(&found[0].standing).starts_with("unknown"), "{} {version:?}: {found:?}", advisory.id);
                assert!(found[0].unverified);
            }
        }
    }
}

/// Rules without a condition, conditions that nothing meets, and versions that no scheme reads are errors here.
#[test]
fn an_advisory_that_says_nothing_is_refused() {
    let head = "kind = \"advisory\"\nversion = 1\nid = \"JW-1\"\ntitle = { zh = \"漏洞\", en = \"a fault\" }\nsummary = { zh = \"说明\", en = \"s\" }\nsource = { zh = \"来源\", en = \"s\" }\nverified = false\nmodified = \"2026-01-01\"\n";
    let package = "[[package]]\necosystem = \"pypi\"\nname = \"thing\"\nscheme = \"pep440\"\n";
    for (more, wrong) in [
        ("", "missing `package.fixed`"),
        ("fixed = \"0\"", "bad `package.fixed`"),
        ("fixed = \"0.0\"", "bad `package.fixed`"),
        ("fixed = \"latest\"", "bad `package versions`"),
        ("fixed = \"3fa2b7c\"", "bad `package versions`"),
        ("versions = [\"1.0\", \"git main\"]", "bad `package versions`"),
        ("introduced = \"2.0\"\nfixed = \"1.0\"", "bad `package.introduced`"),
        ("introduced = \"1.0\"\nfixed = \"1.0\"", "bad `package.introduced`"),
        ("fixed = \"2.0\"\nlast_affected = \"1.0\"", "bad `package.last_affected`"),
        ("introduced = \"1.0\"\nlast_affected = \"1.0\"", ""),
        ("introduced = \"0\"", ""),
        ("versions = [\"1.0\"]", ""),
    ] {
        let advisory: Advisory = toml::from_str(&format!("{head}{package}{more}\n")).unwrap();
        let told = match advisory.record() {
            Err(jingwei_advise::Flaw::Missing { field }) => format!("missing `{field}`"),
            Err(jingwei_advise::Flaw::Bad { field, .. }) => format!("bad `{field}`"),
            Err(other) => panic!("{more}: {other:?}"),
            Ok(_) => String::new(),
        };
        assert_eq!(told, wrong, "{more}");
    }
    let other = package.replace("pep440", "semver");
    let advisory: Advisory = toml::from_str(&format!("{head}{other}fixed = \"1.0.0\"\n")).unwrap();
    assert!(advisory.record().is_err(), "PyPI has its own scheme");
    assert!(toml::from_str::<Advisory>(&format!("{head}{package}rule = \"version < 2\"\n")).is_err());
    let schema = serde_json::to_value(schemars::schema_for!(Advisory)).unwrap();
    assert!(schema["properties"]["package"].is_object() && schema["additionalProperties"] == false, "{schema}");
}

/// Faults that AI-Infra-Guard was seen not to know by their ids.
#[test]
fn faults_that_another_scanner_lacks_are_here() {
    let advisories = advisories();
    for id in [
        "CVE-2025-59528",
        "CVE-2024-31621",
        "CVE-2025-49596",
        "CVE-2023-43654",
        "CVE-2024-3829",
        "CVE-2025-27520",
        "CVE-2025-32375",
        "CVE-2024-12029",
        "CVE-2024-34359",
    ] {
        assert!(advisories.iter().any(|advisory| advisory.aliases.iter().any(|alias| alias == id)), "{id}");
    }
}

#[test]
fn the_catalog_tells_vulnerable_from_fixed_versions() {
    let mut builder = StoreBuilder::new();
    let limits = Limits::default();
    let mut import = builder.import("catalog", now(), &limits);
    advisories().iter().for_each(|advisory| import.advisory(advisory));
    import.finish();
    let mut store = opened(&builder);
    for (ecosystem, name, version, id, expected) in [
        (Ecosystem::Pypi, "langflow", "1.2.0", "CVE-2025-3248", "affected <1.3.0 -> 1.3.0"),
        (Ecosystem::Pypi, "langflow", "1.3.0", "CVE-2025-3248", "not affected"),
        (Ecosystem::Pypi, "torch", "2.5.1+cu121", "CVE-2025-32434", "affected <2.6.0 -> 2.6.0"),
        (Ecosystem::Pypi, "torch", "2.6.0+cu124", "CVE-2025-32434", "not affected"),
        (Ecosystem::Pypi, "Open-WebUI", "0.6.34", "CVE-2025-64496", "affected <0.6.35 -> 0.6.35"),
        (Ecosystem::Pypi, "sglang", "0.4.1.post6", "CVE-2026-7304", "not affected"),
        (Ecosystem::Pypi, "sglang", "0.4.1.post7", "CVE-2026-7304", "affected >=0.4.1.post7"),
        (Ecosystem::Pypi, "tensorrt-llm", "1.3.0rc16", "CVE-2026-47471", "affected <1.3.0rc17 -> 1.3.0rc17"),
        (Ecosystem::Pypi, "langchain-core", "0.3.80", "CVE-2025-68664", "affected <0.3.81 -> 0.3.81"),
        (Ecosystem::Pypi, "langchain-core", "0.3.81", "CVE-2025-68664", "not affected"),
        (Ecosystem::Pypi, "langchain-core", "1.2.4", "CVE-2025-68664", "affected >=1.0.0,<1.2.5 -> 1.2.5"),
        (Ecosystem::Npm, "flowise", "3.0.5", "CVE-2025-59528", "affected <3.0.6 -> 3.0.6"),
        (Ecosystem::Npm, "n8n", "1.121.0", "CVE-2026-21858", "not affected"),
        (Ecosystem::Go, "github.com/ollama/ollama", "v0.1.33", "CVE-2024-37032", "affected <0.1.34 -> 0.1.34"),
        (Ecosystem::Generic, "LibreChat", "0.8.3", "CVE-2026-32625", "affected <0.8.4 -> 0.8.4"),
        (Ecosystem::Generic, "ollama", "0.1.34", "CVE-2024-37032", "not affected"),
        (Ecosystem::Generic, "llama.cpp", "b8491", "CVE-2026-34159", "affected <b8492 -> b8492"),
        (Ecosystem::Generic, "triton-inference-server", "25.06", "CVE-2025-23310", "affected <25.07 -> 25.07"),
        (Ecosystem::Generic, "triton-inference-server", "2.58.0", "CVE-2025-23310", "unknown: unreadable"),
        (Ecosystem::Generic, "fastgpt", "4.14.9.4", "CVE-2026-40351", "affected <4.14.9.5 -> 4.14.9.5"),
        (Ecosystem::Generic, "dify", "1.1.2", "CVE-2025-3466", "affected >=1.1.0,<=1.1.2"),
        (Ecosystem::Pypi, "litellm", "1.82.8", "JW-litellm-malicious-2026-03", "affected ==1.82.8"),
        (Ecosystem::Pypi, "litellm", "1.82.6", "JW-litellm-malicious-2026-03", "not affected"),
    ] {
        let found = matches(&mut store, &[located(ecosystem, name, Some(version))]);
        let found = found.iter().find(|one| one.id == id).unwrap_or_else(|| panic!("{name} has no {id}"));
        assert_eq!(told(&found.standing), expected, "{name} {version} {id}");
    }
}
