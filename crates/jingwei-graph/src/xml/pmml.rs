use std::collections::BTreeSet;

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameTable, Source, shown};

use super::{Element, read};
use crate::findings::{Findings, named, place};
use crate::location;

const TOLD_APART: usize = 1024;

/// Reads a PMML document.
pub fn inspect_pmml(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let mut functions = BTreeSet::new();
    let mut own = BTreeSet::new();
    let mut first = 0;
    let result = read(source, limits, &mut findings, |findings, element, parent| match element.name.as_str() {
        "DefineFunction" => {
            if let Some(name) = element.attribute("name").filter(|_| own.len() < TOLD_APART) {
                own.insert(name.to_owned());
            }
        }
        // A function's name with a dot is the name of a class, which evaluators load.
        "Apply" => {
            if let Some(name) = element.attribute("function").filter(|name| name.contains('.'))
                && functions.len() < TOLD_APART
            {
                if functions.is_empty() {
                    first = element.at;
                }
                functions.insert(name.to_owned());
            }
        }
        // A table whose rows lie elsewhere.
        "TableLocator" => locations(findings, element),
        "Extension" => {
            locations(findings, element);
            if is_script(element) {
                findings.review("script", &place("元素", "element", &element.name), element.at);
            }
        }
        "Header" => describe(findings, element),
        "Application" if parent == Some("Header") => {
            if let Some(name) = element.attribute("name") {
                findings.inspection.facts.more.insert("producer", shown(name));
            }
        }
        _ => {}
    });
    let classes: Vec<_> = functions.iter().filter(|name| !own.contains(*name)).map(String::as_str).collect();
    if !classes.is_empty() {
        findings.unknown("PMML", &named(&classes), first);
    }
    findings.finish(result)
}

/// Words in the names of extensions that carry a script, and what calls out of a document begin with.
const SCRIPTS: [&str; 6] = ["script", "javascript", "groovy", "shell", "exec", "eval"];
const CALLS: [&str; 16] = [
    "getruntime(",
    "processbuilder",
    "java.lang.",
    "javax.script",
    "scriptengine",
    "classloader",
    "class.forname",
    "getmethod(",
    "new file(",
    "import os",
    "__import__",
    "os.system",
    "subprocess",
    "eval(",
    "exec(",
    "powershell",
];

/// Whether an evaluator that follows an extension would run something: by the extension's name, or by a call in a value.
fn is_script(element: &Element) -> bool {
    let name = element.attribute("name").unwrap_or_default().to_ascii_lowercase();
    name.split(|c: char| !c.is_ascii_alphabetic()).any(|word| SCRIPTS.contains(&word))
        || element.attributes.iter().any(|(_, value)| {
            let value = value.to_ascii_lowercase();
            CALLS.iter().any(|call| value.contains(call))
        })
}

fn locations(findings: &mut Findings, element: &Element) {
    for (key, value) in &element.attributes {
        let is_path = matches!(key.as_str(), "location" | "href" | "src" | "file" | "url" | "uri");
        if is_path && let Some(reason) = location::escape(value) {
            findings.escape(value, &place("元素", "element", &element.name), reason, element.at);
        }
    }
}

fn describe(findings: &mut Findings, element: &Element) {
    let facts = &mut findings.inspection.facts;
    facts.described |= element.attribute("description").is_some_and(|text| !text.is_empty());
    if let Some(copyright) = element.attribute("copyright").filter(|text| !text.is_empty()) {
        facts.licence = Some(shown(copyright));
    }
}
