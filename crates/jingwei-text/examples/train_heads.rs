//! Trains and measures the guard's built-in heads.
//!
//! usage: train_heads train EXAMPLES OUT [OPTIONS]   OUT/heads.jwm and OUT/report.json; OPTIONS is a JSON document
//!        train_heads calibrate MODEL EXAMPLES OUT OPTIONS   the same weights, thresholds by other OPTIONS: OUT/heads.jwm
//!        train_heads scores MODEL EXAMPLES          every example with its scores, one a line
//!        train_heads judge MODEL TEXT               the scores of one text
//!        train_heads time MODEL EXAMPLES            microseconds per kilobyte, by language
//!        train_heads options                        the default options
//!
//! A `manifest.json` in OUT is named in the model by its digest.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "an example that trains and measures")]

use std::{error::Error, fs, hint::black_box, path::Path, time::Instant};

use jingwei_core::{Digest, Lang, Limits};
use jingwei_text::{
    heads::{Example, Model, TrainOptions, recalibrate, train},
    plain_form,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["train", data, out, options @ ..] => {
            let options = options.first().map(fs::read_to_string).transpose()?;
            let options: TrainOptions<'_> =
                options.map_or_else(|| Ok(TrainOptions::default()), |text| serde_json::from_str(&text))?;
            let (model, report) = train(&examples(data)?, &options)?;
            write(model, out)?;
            fs::write(Path::new(out).join("report.json"), serde_json::to_string_pretty(&report)?)?;
        }
        ["calibrate", model, data, out, options] => {
            let options: TrainOptions<'_> = serde_json::from_str(&fs::read_to_string(options)?)?;
            write(recalibrate(read(model)?, &examples(data)?, &options), out)?;
        }
        ["scores", model, data] => {
            let model = read(model)?;
            for example in examples(data)? {
                println!("{}", serde_json::to_string(&(&example, model.judge(&example.text)))?);
            }
        }
        ["judge", model, text] => println!("{}", serde_json::to_string(&read(model)?.judge(text))?),
        ["time", model, data] => time(&read(model)?, &examples(data)?),
        ["options"] => println!("{}", serde_json::to_string_pretty(&TrainOptions::default())?),
        _ => return Err("usage: train_heads train|scores|judge|time|options …".into()),
    }
    Ok(())
}

/// Names the manifest that lies in the folder, if one does.
fn write(model: Model, folder: &str) -> Result<(), Box<dyn Error>> {
    let manifest = fs::read(Path::new(folder).join("manifest.json")).map(|manifest| Digest::of(&manifest));
    let model = manifest.into_iter().fold(model, Model::with_manifest);
    Ok(fs::write(Path::new(folder).join("heads.jwm"), model.to_bytes()?)?)
}

fn read(path: &str) -> Result<Model, Box<dyn Error>> {
    Ok(Model::parse(&fs::read(path)?, &Limits::default())?)
}

fn examples(path: &str) -> Result<Vec<Example>, Box<dyn Error>> {
    fs::read_to_string(path)?.split_terminator('\n').map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// The quickest of several rounds: what the work takes, not what the machine's other guests take.
fn time(model: &Model, examples: &[Example]) {
    for lang in Lang::ALL {
        let texts = examples.iter().filter(|example| example.lang == lang);
        let mut blocks = vec![String::new()];
        for text in texts.map(|example| plain_form(&example.text)) {
            if blocks.last().is_some_and(|block| block.len() >= 1000) {
                blocks.push(String::new());
            }
            blocks.iter_mut().next_back().into_iter().for_each(|block| *block += &text);
        }
        let bytes: usize = blocks.iter().map(String::len).sum();
        let round = || {
            let start = Instant::now();
            for block in &blocks {
                black_box(model.score(black_box(block)));
            }
            start.elapsed().as_secs_f64() * 1e6 / (bytes as f64 / 1024.0)
        };
        let best = (0..20).map(|_| round()).fold(f64::INFINITY, f64::min);
        println!("{}: {best:.1} us per KiB over {} texts of about 1 KiB", lang.code(), blocks.len());
    }
}
