//! The published sets that are known, and plain lists, in one table.

use std::sync::LazyLock;

use jingwei_core::{ItemRef, Lang, Limits, RiskId, Text};

use super::{
    BadDataset, Source, category,
    columns::{self, expectation, plain_name},
    lang_of,
    table::{Cell, Container, Row, Table},
    usual_risks,
};
use crate::Expect;

/// What a user can name: a published set, or a kind of file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterInfo {
    pub name: &'static str,
    pub title: Text,
    /// Columns that are read; those that need not be there stand in square brackets.
    pub columns: &'static str,
    /// Licence of the original, where its publisher tells one; a copy may have another.
    pub licence_of_original: Option<&'static str>,
    /// Where the format was learnt, and what was read there.
    pub source: &'static str,
}

pub(super) struct Adapter {
    pub(super) info: AdapterInfo,
    /// `Some`: a kind of file, with columns of usual names.
    pub(super) container: Option<Container>,
    /// Columns that tell the set.
    signs: &'static [&'static str],
    /// Hardly anything else has these columns.
    pub(super) is_distinctive: bool,
    layout: Layout,
}

/// Which columns hold what; of several names the first that is there is taken.
#[derive(Clone, Copy)]
struct Layout {
    text: &'static [&'static str],
    /// Stands before the question.
    context: &'static [&'static str],
    id: &'static [&'static str],
    topic: &'static [&'static str],
    expect: Expectation,
    lang: &'static [&'static str],
    risks: &'static [&'static str],
    /// A row that has this asks about more than text.
    image: &'static [&'static str],
    /// Framework whose items the topics are.
    framework: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expectation {
    All(Expect),
    /// A label, else the kind: kinds that begin with `contrast_` are to be refused.
    OfKind,
    /// A column says it.
    Told,
}

const PLAIN: Layout = Layout {
    text: columns::TEXT,
    context: &[],
    id: columns::ID,
    topic: columns::TOPIC,
    expect: Expectation::Told,
    lang: columns::LANG,
    risks: columns::RISKS,
    image: &[],
    framework: None,
};

const SET: Layout = Layout { text: &["prompt"], id: &["id"], topic: &[], lang: &[], risks: &[], ..PLAIN };

static ALL: LazyLock<Vec<Adapter>> = LazyLock::new(|| {
    let set = |name, (zh, en): (&str, &str), signs, layout| Adapter {
        info: AdapterInfo { name, title: Text::new(zh, en), columns: "", licence_of_original: None, source: "" },
        container: None,
        signs,
        is_distinctive: true,
        layout,
    };
    let told = |adapter: Adapter, columns, licence_of_original, source| Adapter {
        info: AdapterInfo { columns, licence_of_original, source, ..adapter.info },
        ..adapter
    };
    let plain = |name, container, zh: &str, en: &str| Adapter {
        container: Some(container),
        is_distinctive: false,
        ..told(
            set(name, (zh, en), &[], PLAIN),
            "prompt|text|question|题目…, [id], [expect|label|type], [lang], [topic|category], [risks]",
            None,
            "our own layout",
        )
    };
    vec![
        told(
            set(
                "xstest",
                ("XSTest：安全问题与对照的不安全问题", "XSTest: safe questions and unsafe contrasts"),
                &["prompt", "type", "focus", "note"],
                Layout { id: &["id", "id_v2"], topic: &["type"], expect: Expectation::OfKind, ..SET },
            ),
            "prompt, type, focus, note, [label], [id|id_v2]",
            Some("CC-BY-4.0"),
            "paul-rottger/exaggerated-safety: both published files were read; licence by general knowledge",
        ),
        told(
            set(
                "jailbreakbench",
                (
                    "JailbreakBench 行为：默认视为有害行为；良性行为文件要另行说明应回答",
                    "JailbreakBench behaviours: taken as the harmful ones; say `answer` for the benign file",
                ),
                &["goal", "target", "behavior", "category"],
                Layout {
                    text: &["goal"],
                    id: &["index"],
                    topic: &["category"],
                    expect: Expectation::All(Expect::Refuse),
                    ..SET
                },
            ),
            "Goal, Target, Behavior, Category, [Index]",
            Some("MIT"),
            "column names as loaders of others have them; the file itself was not read; licence by general knowledge",
        ),
        told(
            set(
                "harmbench",
                ("HarmBench 文本行为", "HarmBench text behaviours"),
                &["behavior", "functionalcategory", "semanticcategory"],
                Layout {
                    text: &["behavior"],
                    context: &["contextstring"],
                    id: &["behaviorid"],
                    topic: &["semanticcategory"],
                    expect: Expectation::All(Expect::Refuse),
                    image: &["imagefilename"],
                    ..SET
                },
            ),
            "Behavior, FunctionalCategory, SemanticCategory, [ContextString], [BehaviorID], [ImageFileName]",
            Some("MIT"),
            "a copy of harmbench_behaviors_text_all.csv was read; copyright items are hash-checked in the original, not here",
        ),
        Adapter {
            is_distinctive: false,
            ..told(
                set(
                    "advbench",
                    ("AdvBench 有害行为", "AdvBench harmful behaviours"),
                    &["goal", "target"],
                    Layout { text: &["goal"], expect: Expectation::All(Expect::Refuse), ..SET },
                ),
                "goal, target",
                Some("MIT"),
                "copies of harmful_behaviors.csv were read; licence by general knowledge",
            )
        },
        told(
            set(
                "cvalues",
                (
                    "CValues 责任类问题：只判是否拒答，不判价值观",
                    "CValues responsibility prompts: only refusals are told, not values",
                ),
                &["prompt", "domain_en", "domain_zh"],
                Layout { id: &["id_", "id"], topic: &["domain_en"], expect: Expectation::All(Expect::Answer), ..SET },
            ),
            "prompt, domain_en, domain_zh, [id_]",
            None,
            "X-PLUG/CValues: the published file was read; its licence was not found",
        ),
        told(
            set(
                "s-eval",
                (
                    "S-Eval 风险题：公开部分混有低风险题，一律视为应拒答",
                    "S-Eval risk prompts: the public part mixes in low-risk ones; all are taken as to be refused",
                ),
                &["prompt", "risk_type"],
                Layout { topic: &["risk_type"], expect: Expectation::All(Expect::Refuse), ..SET },
            ),
            "prompt, risk_type, [id]",
            Some("CC-BY-NC-SA-4.0"),
            "IS2Lab/S-Eval: read-me read (licence, categories); column names by general knowledge, the packed files were not read",
        ),
        told(
            set(
                "ailuminate",
                ("AILuminate 1.0 练习题（仅中英文）", "AILuminate 1.0 practice prompts (Chinese and English only)"),
                &["prompt_text", "hazard", "locale"],
                Layout {
                    text: &["prompt_text"],
                    id: &["release_prompt_id", "prompt_uid", "prompt_hash"],
                    topic: &["hazard"],
                    expect: Expectation::All(Expect::Refuse),
                    lang: &["locale"],
                    framework: Some("ailuminate-1.0"),
                    ..SET
                },
            ),
            "prompt_text, hazard, locale, [release_prompt_id], [persona]",
            Some("CC-BY-4.0"),
            "mlcommons/ailuminate: read-me and a demo file read; the licence is that of the demo set",
        ),
        plain("csv", Container::Csv, "CSV 表", "CSV table"),
        plain("tsv", Container::Tsv, "TSV 表", "TSV table"),
        plain("json", Container::Json, "JSON 列表，或含列表的对象", "JSON list, or an object that holds one"),
        plain("jsonl", Container::JsonLines, "JSONL：每行一个对象", "JSON Lines: one object per line"),
        plain("parquet", Container::Parquet, "Parquet 表", "Parquet table"),
    ]
});

/// Every adapter: published sets first, then kinds of files.
#[must_use]
pub fn adapters() -> &'static [AdapterInfo] {
    static INFOS: LazyLock<Vec<AdapterInfo>> = LazyLock::new(|| ALL.iter().map(|a| a.info.clone()).collect());
    &INFOS
}

pub(super) fn named(name: &str) -> Result<&'static Adapter, BadDataset> {
    ALL.iter().find(|adapter| adapter.info.name == name).ok_or_else(|| {
        let known = ALL.iter().map(|adapter| adapter.info.name).collect::<Vec<_>>().join(", ");
        BadDataset::new(
            format!("没有格式 `{name}`；有：{known}"),
            format!("there is no format `{name}`; there are {known}"),
        )
    })
}

/// The published set whose columns a table has; else the plain list.
pub(super) fn detect(table: &Table) -> &'static Adapter {
    let set = ALL.iter().find(|adapter| !adapter.signs.is_empty() && table.has(adapter.signs));
    let plain = || ALL.iter().find(|adapter| adapter.container == Some(table.container));
    // Every container has its plain list.
    set.or_else(plain).unwrap_or(&ALL[0])
}

/// A row as a question.
pub(super) struct Draft {
    pub(super) id: Option<String>,
    pub(super) text: String,
    pub(super) expect: Expect,
    pub(super) lang: Lang,
    pub(super) topic: String,
    pub(super) risks: Vec<RiskId>,
    pub(super) refs: Vec<ItemRef>,
}

/// An adapter at the columns of one table.
pub(super) struct Reader<'a> {
    adapter: &'static Adapter,
    source: &'a Source<'a>,
    names: Vec<String>,
    text: usize,
    context: Option<usize>,
    id: Option<usize>,
    topic: Option<usize>,
    expect: Option<usize>,
    lang: Option<usize>,
    risks: Option<usize>,
    image: Option<usize>,
}

impl Adapter {
    pub(super) fn reader<'a>(&'static self, table: &Table, source: &'a Source<'a>) -> Result<Reader<'a>, BadDataset> {
        let layout = &self.layout;
        let found = table.columns.join(", ");
        let missing: Vec<&str> = self.signs.iter().filter(|sign| !table.has(&[**sign])).copied().collect();
        let text = table.column(layout.text).filter(|_| missing.is_empty()).ok_or_else(|| {
            let (name, needed) = (self.info.name, self.info.columns);
            BadDataset::at(
                1,
                format!("列不符合 `{name}`：需要 {needed}；文件中的列：{found}"),
                format!("the columns are not those of `{name}`: it needs {needed}; the file has {found}"),
            )
        })?;
        let expect = match layout.expect {
            Expectation::All(_) => None,
            Expectation::OfKind => table.column(&["label"]),
            Expectation::Told => told(table),
        };
        if layout.expect == Expectation::Told && expect.is_none() && source.expect.is_none() {
            return Err(BadDataset::at(
                1,
                format!(
                    "没有一列说明应拒答还是应回答：加一列 expect（refuse 或 answer），或为整个文件指定；文件中的列：{found}"
                ),
                format!(
                    "no column says whether to refuse or to answer: add a column `expect` (refuse or answer), or say it for the whole file; the file has {found}"
                ),
            ));
        }
        Ok(Reader {
            adapter: self,
            source,
            names: table.columns.clone(),
            text,
            context: table.column(layout.context),
            id: table.column(layout.id),
            topic: table.column(layout.topic).filter(|topic| Some(*topic) != expect),
            expect,
            lang: table.column(layout.lang),
            risks: table.column(layout.risks),
            image: table.column(layout.image),
        })
    }
}

/// The column whose words say what is expected. `type` and the like may hold something else.
fn told(table: &Table) -> Option<usize> {
    let said = |at: usize| {
        table.rows.iter().any(|row| matches!(row.cell(at), Some(Cell::Text(word)) if expectation(word).is_some()))
    };
    columns::EXPECT.iter().filter_map(|name| table.column(&[name])).find(|at| said(*at))
}

impl Reader<'_> {
    /// What was assumed for the whole file.
    pub(super) fn note(&self) -> Vec<Text> {
        let Adapter { info, container, .. } = self.adapter;
        let mut notes = Vec::new();
        if container.is_none() && self.source.adapter.is_none() {
            let name = info.name;
            notes.push(Text::new(format!("按列名认作 `{name}`"), format!("taken to be `{name}` by its columns")));
            if name == "jailbreakbench" && self.source.expect.is_none() {
                notes.push(info.title.clone());
            }
        }
        notes
    }

    /// `Ok(None)`: the row is empty.
    pub(super) fn draft(&self, row: &Row, limits: &Limits) -> Result<Option<Draft>, Text> {
        let Some(mut text) = self.cell(row, Some(self.text), limits)? else {
            return Ok(None);
        };
        if self.cell(row, self.image, limits)?.is_some() {
            return Err(Text::new("这道题要看图，已略去", "the question needs an image, left out"));
        }
        if let Some(context) = self.cell(row, self.context, limits)? {
            text = format!("{context}\n\n{text}");
        }
        let topic = self.cell(row, self.topic, limits)?;
        let expect = self.expectation(row, topic.as_deref(), limits)?;
        let lang = match self.cell(row, self.lang, limits)? {
            Some(name) => lang_named(&name),
            None => lang_of(&text),
        };
        let lang = lang.ok_or_else(|| {
            Text::new(
                "既非中文也非英文，没有评判者能读，已略去",
                "neither Chinese nor English, which no judge reads, left out",
            )
        })?;
        let mut refs = Vec::new();
        let mut topic = topic.unwrap_or_else(|| self.adapter.info.name.to_owned());
        if let Some(framework) = self.adapter.layout.framework {
            // Hazards have parts, such as `spc_hlt`.
            let code = topic.split('_').next().unwrap_or_default().to_ascii_lowercase();
            let named = ItemRef::new(format!("{framework}/{code}")).ok();
            refs.extend(named.filter(|reference| self.source.catalog.item(reference).is_some()));
            topic = code;
        }
        let risks = self.risks(row, &topic, expect, limits)?;
        Ok(Some(Draft { id: self.cell(row, self.id, limits)?, text, expect, lang, topic, risks, refs }))
    }

    fn expectation(&self, row: &Row, topic: Option<&str>, limits: &Limits) -> Result<Expect, Text> {
        let word = self.cell(row, self.expect, limits)?;
        match (self.adapter.layout.expect, word) {
            (Expectation::All(expect), _) => Ok(self.source.expect.unwrap_or(expect)),
            (_, Some(word)) => expectation(&word).ok_or_else(|| {
                let word: String = word.chars().take(40).collect();
                Text::new(
                    format!("不知 `{word}` 是应拒答还是应回答，已略去：用 refuse 或 answer"),
                    format!("`{word}` does not say whether to refuse or to answer, left out: write refuse or answer"),
                )
            }),
            (Expectation::OfKind, None) => {
                let is_contrast = topic.is_some_and(|kind| kind.starts_with("contrast_"));
                Ok(if is_contrast { Expect::Refuse } else { Expect::Answer })
            }
            (Expectation::Told, None) => self.source.expect.ok_or_else(|| {
                Text::new("没有说明应拒答还是应回答，已略去", "it is not said whether to refuse or to answer, left out")
            }),
        }
    }

    /// Those that the row names, else those of its category, else what is usual.
    fn risks(&self, row: &Row, topic: &str, expect: Expect, limits: &Limits) -> Result<Vec<RiskId>, Text> {
        if let Some(named) = self.cell(row, self.risks, limits)? {
            let words = named.split([',', ';', '|', '，', '；', '、', ' ']).filter(|word| !word.is_empty());
            return words.map(|word| self.risk(word)).collect();
        }
        let of_category = if expect == Expect::Refuse { category::risks_of(topic) } else { Vec::new() };
        Ok(if of_category.is_empty() { usual_risks(expect) } else { of_category })
    }

    fn risk(&self, word: &str) -> Result<RiskId, Text> {
        let known = self.source.catalog.risk(word).map(|risk| risk.id.clone());
        known.ok_or_else(|| {
            let word: String = word.chars().take(40).collect();
            Text::new(
                format!("目录库没有风险 `{word}`，已略去：用 risks/ 中的 id 或代码"),
                format!("the catalog has no risk `{word}`, left out: use an id or a code of risks/"),
            )
        })
    }

    /// A cell's text without blanks around it; `None` where it is empty or the column is not there.
    fn cell(&self, row: &Row, column: Option<usize>, limits: &Limits) -> Result<Option<String>, Text> {
        let Some(at) = column else { return Ok(None) };
        let name = self.names.get(at).map_or("", String::as_str);
        let text = match row.cell(at) {
            None => return Ok(None),
            Some(Cell::Text(text)) => text.trim(),
            Some(Cell::Nested) => {
                return Err(Text::new(
                    format!("`{name}` 是列表或对象，不是文字，已略去"),
                    format!("`{name}` is a list or an object, not a text, left out"),
                ));
            }
        };
        if text.len() as u64 > limits.string_bytes {
            let most = limits.string_bytes;
            return Err(Text::new(
                format!("`{name}` 超过 {most} 字节（上限 string_bytes），已略去"),
                format!("`{name}` is longer than {most} bytes (limit string_bytes), left out"),
            ));
        }
        if text.contains('\0') {
            return Err(Text::new(
                format!("`{name}` 含有空字符，已略去"),
                format!("`{name}` has a null character, left out"),
            ));
        }
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(Text::new(
                format!("`{name}` 有无法解码的字节，已略去：请把文件统一存为 UTF-8"),
                format!("`{name}` has bytes that cannot be decoded, left out: save the whole file as UTF-8"),
            ));
        }
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }
}

fn lang_named(name: &str) -> Option<Lang> {
    let plain = plain_name(name);
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| plain.starts_with(prefix));
    if starts(&["zh", "chinese", "cn", "中", "简体", "汉"]) {
        Some(Lang::Zh)
    } else if starts(&["en", "英"]) {
        Some(Lang::En)
    } else {
        None
    }
}
