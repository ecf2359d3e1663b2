//! `go.mod` and `go.sum`.

use std::collections::{HashMap, HashSet};

use jingwei_core::Ecosystem;

use super::{
    Source,
    collect::{Collector, Draft},
};

/// A directive with its words, comments taken off.
struct Directive {
    line: u32,
    verb: String,
    words: Vec<String>,
    indirect: bool,
}

/// What another module stands in for: a name, and a version where only that one is replaced.
type Replaced = (String, Option<String>);

pub(super) fn module(text: &str, out: &mut Collector<'_>) {
    let directives = directives(text, out);
    let mut replaced: HashMap<Replaced, Vec<String>> = HashMap::new();
    let mut excluded: HashSet<(String, String)> = HashSet::new();
    for one in &directives {
        match (one.verb.as_str(), one.words.as_slice()) {
            ("replace", words) => match words.iter().position(|word| word == "=>") {
                Some(at @ (1 | 2)) if words.len() > at + 1 => {
                    replaced.insert((words[0].clone(), (at == 2).then(|| words[1].clone())), words[at + 1..].to_vec());
                }
                _ => out.problem(one.line, "replace 不可读", "a replace directive cannot be read"),
            },
            ("exclude", [name, version]) => {
                excluded.insert((name.clone(), version.clone()));
            }
            _ => {}
        }
    }
    for one in directives.iter().filter(|one| one.verb == "require") {
        let [name, version] = one.words.as_slice() else {
            out.problem(one.line, "require 不可读", "a require directive cannot be read");
            continue;
        };
        let other =
            replaced.get(&(name.clone(), Some(version.clone()))).or_else(|| replaced.get(&(name.clone(), None)));
        let mut draft = match other.map(Vec::as_slice) {
            Some([path]) => {
                let mut draft = Draft::new(Ecosystem::Go, name, Some(version), one.line);
                draft.source = Source::Path { path: path.clone() };
                draft
            }
            Some([name, version, ..]) => Draft::new(Ecosystem::Go, name, Some(version), one.line),
            _ if excluded.contains(&(name.clone(), version.clone())) => {
                // The next version that exists is taken, and only the registry knows which one that is.
                let mut draft = Draft::new(Ecosystem::Go, name, None, one.line);
                draft.requirement = Some(format!(">{version}"));
                draft
            }
            _ => Draft::new(Ecosystem::Go, name, Some(version), one.line),
        };
        draft.direct = Some(!one.indirect);
        out.add(draft);
    }
}

fn directives(text: &str, out: &mut Collector<'_>) -> Vec<Directive> {
    let mut directives = Vec::new();
    let mut block: Option<String> = None;
    for (n, content) in text.lines().enumerate() {
        let line = u32::try_from(n + 1).unwrap_or(u32::MAX);
        let (code, comment) = content.split_once("//").map_or((content, ""), |(code, comment)| (code, comment));
        // `https://` does not occur in this file: versions and paths have no scheme.
        let mut words: Vec<String> =
            code.split_whitespace().map(|word| word.trim_matches(['"', '`']).to_owned()).collect();
        if words.is_empty() {
            continue;
        }
        if block.is_some() && words[0] == ")" {
            block = None;
            continue;
        }
        let verb = match &block {
            Some(verb) => verb.clone(),
            None => words.remove(0),
        };
        if block.is_none() && words.first().is_some_and(|word| word == "(") {
            block = Some(verb);
            continue;
        }
        let known =
            ["module", "go", "toolchain", "godebug", "require", "replace", "exclude", "retract", "tool", "ignore"];
        if !known.contains(&verb.as_str()) {
            out.problem(line, "一行不可读", "the line cannot be read");
            continue;
        }
        let indirect = comment.trim().split(';').any(|part| part.trim() == "indirect");
        directives.push(Directive { line, verb, words, indirect });
    }
    if block.is_some() {
        let last = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
        out.problem(last, "括号没有结束", "a bracket does not end");
    }
    directives
}

/// A version that stands with its `/go.mod` alone was only weighed, its code is not used.
pub(super) fn sum(text: &str, out: &mut Collector<'_>) {
    for (n, content) in text.lines().enumerate() {
        let line = u32::try_from(n + 1).unwrap_or(u32::MAX);
        let words: Vec<&str> = content.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            [_, version, _] if version.ends_with("/go.mod") => {}
            [name, version, digest] => {
                out.add(Draft::new(Ecosystem::Go, name, Some(version), line).hashed([*digest]));
            }
            _ => out.problem(line, "一行不可读", "the line cannot be read"),
        }
    }
}
