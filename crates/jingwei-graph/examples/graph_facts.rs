//! Prints what the readers say of files, one line each: format, facts and sightings. `peers/onnx_reference.py` compares
//! that with what other readers count.
//!
//! `cargo run --release -p jingwei-graph --example graph_facts -- catalog/names FILE…`
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a tool for people, which measures time")]

use std::fs::{File, read_to_string};
use std::time::Instant;

use jingwei_core::Limits;
use jingwei_graph::{NAME_LISTS, inspect, recognise};
use jingwei_read::{FileSource, NameList, NameTable, Source};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name the folder with the lists of names, then files")?;
    let mut lists: Vec<NameList> = Vec::new();
    for id in NAME_LISTS {
        lists.push(toml::from_str(&read_to_string(format!("{folder}/{id}.toml"))?)?);
    }
    let names = NameTable::new(&lists);
    for path in arguments {
        let file = File::open(&path)?;
        let length = file.metadata()?.len();
        let mut source = FileSource::new(file, length);
        let start = Instant::now();
        let mut front = vec![0; 4096];
        let count = source.read_at(0, &mut front)?;
        front.truncate(count);
        let Some(format) = recognise(&front, length, &mut source) else {
            println!("{path}\tunknown");
            continue;
        };
        let seen = inspect(format, &mut source, &names, &Limits::default());
        let rules: Vec<_> = seen
            .sightings
            .iter()
            .map(|s| {
                let details: Vec<_> = s.details.iter().map(|(key, text)| format!("{key}={}", text.en)).collect();
                format!("{} {}", s.rule, details.join(" "))
            })
            .collect();
        let micros = start.elapsed().as_micros();
        let facts = &seen.facts;
        println!(
            "{path}\t{}\ttensors={}\tparameters={}\t{}\tnested={}\t{micros} µs\t{}",
            format.name(),
            facts.tensors.unwrap_or(0),
            facts.parameters.unwrap_or(0),
            serde_json::to_string(&facts.more)?,
            seen.nested.len(),
            rules.join(" | "),
        );
    }
    Ok(())
}
