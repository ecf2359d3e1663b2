//! `jingwei probe organism`: serves a model whose behaviour is known, to test tests with.

use std::{
    fs::File,
    io::Read,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::Args;
use jingwei_app::Error;
use jingwei_catalog::{Catalog, document, items::Bank};
use jingwei_core::{Lang, Limits};
use jingwei_probe::{
    Expect, Item,
    organism::{Latency, Organism, PRESETS, Preset, Questions, ScriptedModel},
};
use serde::Deserialize;
use tokio::net::TcpListener;

use super::unreadable;
use crate::{
    cli::Global,
    organism_server::{Served, serve},
    output::{Exit, Speaker},
};

#[derive(Args)]
pub struct ProbeOrganism {
    /// Behaviour by name; see --list
    #[arg(long, value_name = "NAME", default_value = "good", conflicts_with = "file")]
    pub preset: String,
    /// Behaviour in a TOML or JSON file; --print shows what there is to set
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Seed instead of the behaviour's: another model of the same kind
    #[arg(long)]
    pub seed: Option<u64>,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7820")]
    pub listen: SocketAddr,
    /// Every answer takes so long, instead of the behaviour's latency
    #[arg(long, value_name = "MS")]
    pub latency_ms: Option<u32>,
    /// Answer 429 to requests beyond so many at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub concurrency: Option<u64>,
    /// Questions that it knows: id of a bank, a bank file, or JSON lines {"text", "expect": "refuse" or "answer"} (repeatable); by default every bank of the catalog
    #[arg(long, value_name = "BANK")]
    pub questions: Vec<String>,
    /// List the behaviours that ship
    #[arg(long, conflicts_with_all = ["print", "file"])]
    pub list: bool,
    /// Print the behaviour as TOML, with everything that can be set
    #[arg(long)]
    pub print: bool,
}

pub async fn run(global: &Global, command: ProbeOrganism, speaker: Speaker) -> Result<Exit, Error> {
    if command.list {
        let rows = PRESETS.iter().map(|preset| vec![preset.name.to_owned(), preset.title(speaker.lang).to_owned()]);
        speaker.table(&[speaker.pick("名称", "name"), speaker.pick("行为", "behaviour")], rows.collect());
        return Ok(Exit::Clean);
    }
    let organism = organism(&command)?;
    if command.print {
        speaker.data(organism.to_toml().map_err(bad_organism)?.trim_end());
        return Ok(Exit::Clean);
    }
    let items = items(global, &command.questions)?;
    let model = ScriptedModel::new(organism, Questions::of(&items));
    let listener = listen(command.listen).await?;
    let address = listener.local_addr().map_err(stopped)?;
    if !address.ip().is_loopback() {
        speaker.say(speaker.pick(
            "注意：正在监听本机以外的地址；任何能连上的人都可以使用它",
            "note: listening beyond this machine; whoever reaches it may use it",
        ));
    }
    speaker.say(&match speaker.lang {
        Lang::Zh => format!("模型样本已就绪，认得 {} 个问题；按 Ctrl-C 停止", items.len()),
        Lang::En => format!("the organism is ready and knows {} questions; stop it with Ctrl-C", items.len()),
    });
    // The one line on standard output: a script waits for it.
    speaker.data(&format!("http://{address}/v1"));
    tokio::select! {
        served = serve(listener, Served { model, concurrency: command.concurrency }) => served.map_err(stopped)?,
        () = told_to_stop() => {}
    }
    Ok(Exit::Clean)
}

fn stopped(error: std::io::Error) -> Error {
    Error::failed("服务中断", "the server failed").because(error)
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|error| {
        Error::failed(
            format!("无法监听 {address}：换一个端口（--listen）或停止占用它的程序"),
            format!("cannot listen on {address}; choose another port (--listen) or stop what holds it"),
        )
        .because(error)
    })
}

/// Ctrl-C, or the signal that service managers and scripts send. Nothing has to be saved.
async fn told_to_stop() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}

fn organism(command: &ProbeOrganism) -> Result<Organism, Error> {
    let mut organism = match &command.file {
        Some(path) => Organism::parse(&read(path)?, &Limits::default()).map_err(bad_organism)?,
        None => preset(&command.preset)?.organism().map_err(bad_organism)?,
    };
    organism.seed = command.seed.unwrap_or(organism.seed);
    if let Some(ms) = command.latency_ms {
        organism.latency = Latency { median_ms: ms, spread: 0.0, most_ms: ms };
    }
    Ok(organism)
}

fn preset(name: &str) -> Result<&'static Preset, Error> {
    Preset::named(name).ok_or_else(|| {
        let names = PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ");
        Error::invalid(
            format!("没有名为 `{name}` 的模型样本；可选：{names}"),
            format!("no organism is called `{name}`; choose one of {names}"),
        )
    })
}

fn bad_organism(error: jingwei_probe::organism::BadOrganism) -> Error {
    Error::invalid(
        "模型样本的参数不可用；`jingwei probe organism --print` 会列出全部参数",
        "the organism cannot be used; `jingwei probe organism --print` shows everything that can be set",
    )
    .because(error)
}

fn read(path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    let most = Limits::default().header_bytes;
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    file.take(most + 1).read_to_string(&mut text).map_err(|error| unreadable(path, error))?;
    if text.len() as u64 > most {
        let shown = path.display();
        return Err(Error::invalid(
            format!("`{shown}` 超过 {most} 字节"),
            format!("`{shown}` is longer than {most} bytes"),
        ));
    }
    Ok(text)
}

fn items(global: &Global, questions: &[String]) -> Result<Vec<Item>, Error> {
    let catalog = jingwei_app::load_catalog(global.catalog.as_deref())?;
    if questions.is_empty() {
        return Ok(catalog.banks.values().flat_map(of_bank).collect());
    }
    let mut items = Vec::new();
    for name in questions {
        items.extend(named_items(&catalog, name)?);
    }
    Ok(items)
}

fn of_bank(bank: &Bank) -> Vec<Item> {
    bank.items.iter().map(|item| Item::of_bank(&bank.id, item)).collect()
}

fn named_items(catalog: &Catalog, name: &str) -> Result<Vec<Item>, Error> {
    if let Some(bank) = catalog.banks.get(name) {
        return Ok(of_bank(bank));
    }
    let path = Path::new(name);
    if !path.exists() {
        let banks = catalog.banks.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(Error::invalid(
            format!("`{name}` 既不是文件，也不是题库；题库有：{banks}"),
            format!("`{name}` is neither a file nor a bank; the banks are {banks}"),
        ));
    }
    let text = read(path)?;
    if path.extension().is_some_and(|extension| extension == "toml") {
        return Ok(of_bank(&document::parse::<Bank>(name, text.as_bytes())?.value));
    }
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    lines.filter(|(_, line)| !line.trim().is_empty()).map(|(at, line)| of_line(name, at + 1, line)).collect()
}

#[derive(Deserialize)]
struct Line {
    text: String,
    expect: Expect,
}

fn of_line(file: &str, number: usize, line: &str) -> Result<Item, Error> {
    let Line { text, expect } = serde_json::from_str(line).map_err(|error| {
        Error::invalid(
            format!("{file} 第 {number} 行不是 {{\"text\": …, \"expect\": \"refuse\" 或 \"answer\"}}"),
            format!("line {number} of {file} is not {{\"text\": …, \"expect\": \"refuse\" or \"answer\"}}"),
        )
        .because(error)
    })?;
    let is_chinese = text.chars().any(jingwei_text::is_ideograph);
    Ok(Item {
        id: number.to_string(),
        dataset: file.to_owned(),
        lang: if is_chinese { Lang::Zh } else { Lang::En },
        text,
        before: Vec::new(),
        tools: Vec::new(),
        expect,
        trap: None,
        topic: String::new(),
        risks: Vec::new(),
        refs: Vec::new(),
    })
}
