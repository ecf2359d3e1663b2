//! `jingwei catalog …`.

use std::path::PathBuf;

use jingwei_app::{Error, load_catalog};
use jingwei_catalog::Catalog;
use jingwei_core::{ItemRef, Text};
use serde::Serialize;

use crate::{
    cli::{Catalog as Command, CatalogNoun, Format, Global},
    output::{Exit, Speaker},
};

pub fn run(global: &Global, command: Command, speaker: Speaker) -> Result<Exit, Error> {
    match command {
        Command::Check { dir } => check(dir.or_else(|| global.catalog.clone()), speaker),
        Command::List { noun, format } => list(&load_catalog(global.catalog.as_deref())?, noun, format, speaker),
        Command::Show { id } => show(&load_catalog(global.catalog.as_deref())?, &id, speaker),
    }
}

fn check(dir: Option<PathBuf>, speaker: Speaker) -> Result<Exit, Error> {
    let files = match &dir {
        Some(dir) => jingwei_app::catalog_files(dir)?,
        None => jingwei_catalog::built_in_files(),
    };
    match Catalog::load(files) {
        Ok(catalog) => {
            if let Err(error) = jingwei_app::scans::check_texts(&catalog) {
                speaker.data(&error.display(speaker.lang));
                return Ok(Exit::Findings);
            }
            for (name, count) in catalog.counts() {
                speaker.data(&format!("{count:>6}  {name}"));
            }
            speaker.data(&format!("{}  {}", speaker.pick("无误", "in order"), catalog.digest));
            Ok(Exit::Clean)
        }
        Err(problems) => {
            speaker.data(&problems.display(speaker.lang));
            Ok(Exit::Findings)
        }
    }
}

fn list(catalog: &Catalog, noun: CatalogNoun, format: Format, speaker: Speaker) -> Result<Exit, Error> {
    let rows: Vec<(String, String, Text)> = match noun {
        CatalogNoun::Frameworks => {
            let row = |f: &jingwei_catalog::items::Framework| {
                (f.id.clone(), format!("{} items", f.items.len()), f.title.clone())
            };
            catalog.frameworks.values().map(row).collect()
        }
        CatalogNoun::Risks => {
            catalog.risks.values().map(|r| (r.code.clone(), r.id.to_string(), r.title.clone())).collect()
        }
        CatalogNoun::Controls => {
            catalog.controls.values().map(|c| (c.code.clone(), c.id.to_string(), c.title.clone())).collect()
        }
        CatalogNoun::Rules => {
            catalog.rules.values().map(|r| (r.id.to_string(), r.severity.code().to_owned(), r.title.clone())).collect()
        }
        CatalogNoun::Gates => {
            catalog.gates.values().map(|g| (g.id.clone(), g.decision.code().to_owned(), g.title.clone())).collect()
        }
        CatalogNoun::Mappings => catalog
            .mappings
            .values()
            .map(|m| (m.id.clone(), format!("{} pairs", m.pairs.len()), m.title.clone()))
            .collect(),
        CatalogNoun::Banks => catalog
            .banks
            .values()
            .map(|b| (b.id.clone(), format!("{} items", b.items.len()), b.title.clone()))
            .collect(),
        CatalogNoun::Lexicons => {
            let words = |l: &jingwei_catalog::items::Lexicon| l.zh.len() + l.en.len();
            catalog.lexicons.values().map(|l| (l.id.clone(), format!("{} words", words(l)), l.title.clone())).collect()
        }
    };
    let mut rows = rows;
    rows.sort();
    #[derive(Serialize)]
    struct Row<'a> {
        id: &'a str,
        about: &'a str,
        title: &'a Text,
    }
    let view: Vec<Row<'_>> = rows.iter().map(|(id, about, title)| Row { id, about, title }).collect();
    match format {
        Format::Table => {
            let header = [speaker.pick("编号", "id"), "", speaker.pick("名称", "title")];
            let row = |r: &Row<'_>| vec![r.id.to_owned(), r.about.to_owned(), speaker.text(r.title).to_owned()];
            speaker.table(&header, view.iter().map(row).collect());
        }
        Format::Json => speaker.json(&view),
        Format::Jsonl => view.iter().for_each(|row| speaker.jsonl(row)),
    }
    Ok(Exit::Clean)
}

fn show(catalog: &Catalog, id: &str, speaker: Speaker) -> Result<Exit, Error> {
    if let Some(risk) = catalog.risk(id) {
        speaker.json(risk);
    } else if let Some(control) = catalog.control(id) {
        speaker.json(control);
    } else if let Some(rule) = catalog.rules.values().find(|rule| rule.id.as_str() == id) {
        speaker.json(rule);
    } else if let Some((framework, item)) = ItemRef::new(id).ok().as_ref().and_then(|reference| catalog.item(reference))
    {
        let verified = item.verified.unwrap_or(framework.verified);
        speaker.json(&serde_json::json!({
            "framework": framework.id, "source": framework.source, "verified": verified, "item": item,
        }));
    } else {
        return Err(Error::not_found(
            format!("目录库中没有 `{id}`：用 jingwei catalog list 查看"),
            format!("the catalog has no `{id}`; see jingwei catalog list"),
        ));
    }
    Ok(Exit::Clean)
}
