//! `jingwei guard lexicon …`.

use std::path::Path;

use jingwei_app::{
    Error,
    lexicons::{self, ImportOutcome, ImportRequest},
};
use jingwei_core::{Clock, Date, Lang, Limits, Timestamp};
use jingwei_guard::{Columns, Oddity, Pack, PackCategory, Seen};
use serde_json::{Value, json};

use crate::{
    cli::{Format, Global, GuardLexicon, LexiconImport},
    output::{Exit, Speaker},
    settings::SystemClock,
};

/// Where the guide to lexicons lies in the documentation.
const GUIDE: (&str, &str) = ("docs/guides/lexicons.zh-CN.md", "docs/guides/lexicons.md");

pub fn run(global: &Global, command: GuardLexicon, speaker: Speaker) -> Result<Exit, Error> {
    let now = SystemClock.now();
    match command {
        GuardLexicon::Import(command) => import(command, now, speaker),
        GuardLexicon::Show { pack: Some(path), words, find, format } => {
            let pack = lexicons::open(&path, &Limits::default())?;
            match find {
                Some(word) => Ok(find_word(&pack, &word, format, speaker)),
                None => Ok(show(&pack, words, now, format, speaker)),
            }
        }
        GuardLexicon::Show { pack: None, format, .. } => show_catalog(global.catalog.as_deref(), now, format, speaker),
    }
}

fn import(command: LexiconImport, now: Timestamp, speaker: Speaker) -> Result<Exit, Error> {
    let request = ImportRequest {
        files: command.files,
        out: command.out,
        into: command.into,
        id: command.id,
        title_zh: command.title_zh,
        title_en: command.title_en,
        licence: command.licence,
        category: command.category,
        columns: Columns { word: command.word_column, category: command.category_column },
        lang: command.word_lang.map(Lang::from),
        keep_single: command.keep_single,
        strict: command.strict,
    };
    let outcome = lexicons::import(&request, now, &Limits::default())?;
    match command.format {
        Format::Table => tell_import(&outcome, speaker),
        Format::Json => speaker.json(&import_view(&outcome)),
        Format::Jsonl => speaker.jsonl(&import_view(&outcome)),
    }
    Ok(if outcome.written.is_some() { Exit::Clean } else { Exit::Findings })
}

fn import_view(outcome: &ImportOutcome) -> Value {
    let imported = &outcome.imported;
    json!({
        "pack": outcome.path.display().to_string(),
        "bytes": outcome.written,
        "written": outcome.written.is_some(),
        "header": imported.pack.header(),
        "changes": imported.changes,
        "report": imported.report,
    })
}

fn tell_import(outcome: &ImportOutcome, speaker: Speaker) {
    let (imported, report) = (&outcome.imported, &outcome.imported.report);
    let read = [report.rows, report.words, report.left_out, report.comments, report.blank].map(|n| n.to_string());
    let header = match speaker.lang {
        Lang::Zh => ["读到的行", "收入的词", "舍弃", "注释", "空行"],
        Lang::En => ["rows", "words taken", "left out", "comments", "blank"],
    };
    speaker.table(&header, vec![read.to_vec()]);
    speaker.data("");
    let header = [speaker.pick("类别", "category"), speaker.pick("词数", "words"), speaker.pick("原有", "before")];
    let before = |words: Option<u64>| words.map_or_else(|| speaker.pick("新", "new").to_owned(), |n| n.to_string());
    let rows = imported.changes.iter().map(|c| vec![c.category.clone(), c.words.to_string(), before(c.before)]);
    speaker.table(&header, rows.collect());
    if !report.oddities.is_empty() {
        speaker.data("");
        let header = [speaker.pick("异常", "strange"), speaker.pick("次数", "times"), speaker.pick("例如", "such as")];
        speaker.table(&header, report.oddities.iter().map(|(oddity, seen)| odd_row(*oddity, seen, speaker)).collect());
    }
    speaker.data("");
    let (pack, path) = (imported.pack.header(), outcome.path.display());
    let (words, revision, digest) = (imported.pack.word_count(), pack.revision, pack.words_digest.short());
    speaker.data(&match (speaker.lang, outcome.written) {
        (Lang::Zh, Some(bytes)) => {
            format!("已写入 {path}：{} 第 {revision} 版，{words} 个词，{bytes} 字节，摘要 {digest}", pack.id)
        }
        (Lang::En, Some(bytes)) => {
            format!("wrote {path}: {} revision {revision}, {words} words, {bytes} bytes, digest {digest}", pack.id)
        }
        (Lang::Zh, None) => "有词会被舍弃，因此没有写入（--strict）".to_owned(),
        (Lang::En, None) => "nothing was written, since words would be left out (--strict)".to_owned(),
    });
}

fn odd_row(oddity: Oddity, seen: &Seen, speaker: Speaker) -> Vec<String> {
    let examples = seen.examples.iter().map(|example| format!("{}:{} {}", example.file, example.line, example.text));
    let what = match (oddity.leaves_out(), speaker.lang) {
        (true, Lang::Zh) => format!("舍弃：{}", oddity.text().zh),
        (true, Lang::En) => format!("left out: {}", oddity.text().en),
        (false, _) => speaker.text(&oddity.text()).to_owned(),
    };
    vec![what, seen.count.to_string(), examples.collect::<Vec<_>>().join("; ")]
}

fn age_days(updated: Date, now: Timestamp) -> i64 {
    now.days_since(updated.start()).max(0)
}

fn show(pack: &Pack, words: bool, now: Timestamp, format: Format, speaker: Speaker) -> Exit {
    match format {
        Format::Table => show_table(pack, words, now, speaker),
        Format::Json => speaker.json(&pack_view(pack, words, now)),
        Format::Jsonl => speaker.jsonl(&pack_view(pack, words, now)),
    }
    Exit::Clean
}

fn pack_view(pack: &Pack, words: bool, now: Timestamp) -> Value {
    let mut view = json!(pack.header());
    view["words"] = json!(pack.word_count());
    view["age_days"] = json!(pack.header().categories.iter().map(|c| age_days(c.updated, now)).max());
    if words {
        let lists = pack.categories().map(|(category, words)| (category.name.clone(), json!(words)));
        view["lists"] = Value::Object(lists.collect());
    }
    view
}

fn show_table(pack: &Pack, words: bool, now: Timestamp, speaker: Speaker) {
    let about = pack.header();
    let facts = [
        (speaker.pick("名称", "title"), speaker.text(&about.title).to_owned()),
        ("id", about.id.clone()),
        (speaker.pick("版本", "revision"), format!("{} ({})", about.revision, about.created)),
        (speaker.pick("许可", "licence"), about.licence.clone()),
        (speaker.pick("词数", "words"), pack.word_count().to_string()),
        (speaker.pick("摘要", "digest"), about.words_digest.to_string()),
    ];
    for (name, value) in facts {
        speaker.data(&format!("{name}: {value}"));
    }
    speaker.data("");
    let header = match speaker.lang {
        Lang::Zh => ["类别", "中文", "英文", "严重程度", "更新于", "距今天数"],
        Lang::En => ["category", "zh", "en", "severity", "updated", "age in days"],
    };
    let row = |category: &PackCategory| {
        vec![
            category.name.clone(),
            category.zh.to_string(),
            category.en.to_string(),
            speaker.text(&category.severity.label()).to_owned(),
            category.updated.to_string(),
            age_days(category.updated, now).to_string(),
        ]
    };
    speaker.table(&header, about.categories.iter().map(row).collect());
    speaker.data("");
    let header = match speaker.lang {
        Lang::Zh => ["来源", "版本", "行", "词", "舍弃", "摘要"],
        Lang::En => ["source", "revision", "rows", "words", "left out", "digest"],
    };
    let sources = about.sources.iter().map(|source| {
        let numbers = [u64::from(source.revision), source.rows, source.words, source.left_out].map(|n| n.to_string());
        [vec![source.name.clone()], numbers.to_vec(), vec![source.digest.short()]].concat()
    });
    speaker.table(&header, sources.collect());
    if words {
        speaker.data("");
        for (category, words) in pack.categories() {
            words.zh.iter().chain(&words.en).for_each(|word| speaker.data(&format!("{}\t{word}", category.name)));
        }
    }
}

fn find_word(pack: &Pack, word: &str, format: Format, speaker: Speaker) -> Exit {
    let names: Vec<&str> = pack.find(word).into_iter().map(|category| category.name.as_str()).collect();
    match format {
        Format::Table if names.is_empty() => speaker.data(speaker.pick("不在其中", "not in it")),
        Format::Table => names.iter().for_each(|name| speaker.data(name)),
        Format::Json => speaker.json(&json!({ "categories": names })),
        Format::Jsonl => speaker.jsonl(&json!({ "categories": names })),
    }
    if names.is_empty() { Exit::Findings } else { Exit::Clean }
}

fn show_catalog(catalog: Option<&Path>, now: Timestamp, format: Format, speaker: Speaker) -> Result<Exit, Error> {
    let catalog = jingwei_app::load_catalog(catalog)?;
    let all: Vec<_> = lexicons::of_catalog(&catalog).collect();
    let rows = all.iter().map(|lexicon| {
        json!({
            "id": lexicon.id, "category": lexicon.category, "title": lexicon.title, "zh": lexicon.zh.len(),
            "en": lexicon.en.len(), "updated": lexicon.updated, "age_days": age_days(lexicon.updated, now),
            "empty_slot": lexicons::is_empty_slot(lexicon),
        })
    });
    match format {
        Format::Json => speaker.json(&rows.collect::<Vec<_>>()),
        Format::Jsonl => rows.for_each(|row| speaker.jsonl(&row)),
        Format::Table => {
            let header = match speaker.lang {
                Lang::Zh => ["id", "名称", "中文", "英文", "更新于", "距今天数"],
                Lang::En => ["id", "title", "zh", "en", "updated", "age in days"],
            };
            let row = |lexicon: &&&jingwei_catalog::items::Lexicon| {
                vec![
                    lexicon.id.clone(),
                    speaker.text(&lexicon.title).to_owned(),
                    lexicon.zh.len().to_string(),
                    lexicon.en.len().to_string(),
                    lexicon.updated.to_string(),
                    age_days(lexicon.updated, now).to_string(),
                ]
            };
            speaker.table(&header, all.iter().map(|lexicon| row(&lexicon)).collect());
            let empty =
                all.iter().filter(|lexicon| lexicons::is_empty_slot(lexicon)).map(|lexicon| lexicon.id.as_str());
            let empty = empty.collect::<Vec<_>>().join(", ");
            if !empty.is_empty() {
                speaker.data("");
                speaker.data(&match speaker.lang {
                    Lang::Zh => format!("空槽，由运营者按当地法律导入：{empty}。做法见 {}", GUIDE.0),
                    Lang::En => {
                        format!("empty slots, for the operator to fill under local law: {empty}; see {}", GUIDE.1)
                    }
                });
            }
        }
    }
    Ok(Exit::Clean)
}
