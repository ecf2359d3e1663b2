//! Annexes in Chinese: one definition of their tables, written as docx, xlsx and CSV.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use jingwei_catalog::filing::Figure;
use jingwei_core::{Arm, Limits, Timestamp};
use jingwei_probe::filing::{BankReport, Basis, Finding, KeywordReport, Measure, SIMILAR, Slots};
use serde::Serialize;

use super::{
    BankSource, CheckReport, CheckRequest, Library, LintRequest, Standard, Written,
    banks::put,
    check,
    docx::{Block, docx},
    lint, lint_words, load_bank, load_words, note,
    writers::{Sheet, csv, xlsx},
};
use crate::Error;

pub struct AnnexRequest<'a> {
    pub check: CheckRequest<'a>,
    /// Name of the service, for the titles.
    pub service: String,
    pub out: PathBuf,
}

/// The files that were written.
#[derive(Debug, Clone, Serialize)]
pub struct Annexes {
    pub files: Vec<Written>,
}

/// A table with its heading and what is said above it.
struct Part {
    /// For the file's name.
    slug: &'static str,
    heading: String,
    text: Vec<String>,
    sheet: Sheet,
}

/// Writes the keyword annex, the annexes of the banks and the summary. Without a run, the summary says that nothing was
/// measured. The same inputs on the same day give the same bytes.
pub fn annex(
    standard: &Standard<'_>,
    request: &AnnexRequest<'_>,
    now: Timestamp,
    limits: &Limits,
) -> Result<Annexes, Error> {
    let CheckRequest { runs, banks, packs, .. } = request.check;
    let reports = lint(standard, &LintRequest { banks, similar: SIMILAR, now }, limits)?;
    let words = lint_words(standard, packs, now, limits)?;
    let library = load_words(standard, packs, limits)?;
    let checked = if runs.is_empty() { None } else { Some(check(standard, &request.check, limits)?) };
    let mut files = Vec::new();
    keyword_annex(standard, request, &library, &words, now, &mut files)?;
    bank_annexes(standard, banks, request, &mut files, now, limits)?;
    summary(standard, request, &reports, &words, checked.as_ref(), now, &mut files)?;
    Ok(Annexes { files: put(&request.out, &files)? })
}

type Files = Vec<(String, Vec<u8>)>;

fn keyword_annex(
    standard: &Standard<'_>,
    request: &AnnexRequest<'_>,
    library: &Library,
    report: &KeywordReport,
    now: Timestamp,
    files: &mut Files,
) -> Result<(), Error> {
    let slots = Slots::of_keywords(&standard.filing.keywords, standard.framework);
    let mut words: BTreeMap<&str, (BTreeSet<usize>, BTreeSet<&str>, String)> = BTreeMap::new();
    for list in &library.lists {
        let codes: BTreeSet<usize> = list.codes.iter().filter_map(|code| slots.find(code)).collect();
        let updated = list.updated.map(|day| day.to_string()).unwrap_or_default();
        for word in &list.words {
            let entry = words.entry(word).or_default();
            entry.0.extend(&codes);
            entry.1.insert(&list.name);
            entry.2 = entry.2.clone().max(updated.clone());
        }
    }
    let names = |codes: &BTreeSet<usize>| -> (String, String) {
        let all: Vec<_> = codes.iter().filter_map(|index| slots.get(*index)).collect();
        let join = |part: Vec<&str>| part.join("、");
        (join(all.iter().map(|s| s.code.as_str()).collect()), join(all.iter().map(|s| s.title.zh.as_str()).collect()))
    };
    let rows = (1_u64..).zip(&words).map(|(number, (word, (codes, lists, updated)))| {
        let (code, title) = names(codes);
        let lists = lists.iter().copied().collect::<Vec<_>>().join("、");
        vec![number.to_string(), (*word).to_owned(), code, title, lists, updated.clone()]
    });
    let sheet = sheet(
        "拦截关键词",
        &["序号", "关键词", "风险代码", "风险", "所在词库", "更新日期"],
        rows,
        &[8, 28, 16, 30, 28, 12],
    );
    let title = format!("{}拦截关键词列表", request.service);
    let counts = Part {
        slug: "keywords",
        heading: "各类数量".to_owned(),
        text: vec![format!("共 {} 个（去重后）。要求：{}。", report.words, figure_text(&report.size))],
        sheet: keyword_counts(report),
    };
    files.push(("annex-keywords.csv".to_owned(), csv(&sheet)));
    files.push(("annex-keywords.xlsx".to_owned(), xlsx(&title, &[sheet, counts.sheet.clone()], now)?));
    let mut blocks = opening(standard, &title, now);
    blocks.extend(blocks_of(&counts));
    blocks.push(Block::Heading(1, "关键词".to_owned()));
    let mut by_kind: BTreeMap<Option<usize>, Vec<&str>> = BTreeMap::new();
    for (word, (codes, ..)) in &words {
        let kinds: Vec<Option<usize>> =
            if codes.is_empty() { vec![None] } else { codes.iter().copied().map(Some).collect() };
        kinds.into_iter().for_each(|kind| by_kind.entry(kind).or_default().push(word));
    }
    for (kind, words) in by_kind {
        let slot = kind.and_then(|index| slots.get(index));
        let heading =
            slot.map_or("未写明具体风险".to_owned(), |slot| format!("{} {}", slot.code, slot.title.zh));
        blocks.push(Block::Heading(2, format!("{heading}（{} 个）", words.len())));
        blocks.push(Block::Paragraph(words.join("、")));
    }
    files.push(("annex-keywords.docx".to_owned(), docx(&title, &blocks, now)?));
    Ok(())
}

fn bank_annexes(
    standard: &Standard<'_>,
    banks: &[BankSource],
    request: &AnnexRequest<'_>,
    files: &mut Files,
    now: Timestamp,
    limits: &Limits,
) -> Result<(), Error> {
    let mut sheets = Vec::new();
    for (bank, slots) in standard.banks() {
        let input = load_bank(standard, bank.role, banks, limits)?;
        let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
        for question in &input.questions {
            let slot = question.slot.and_then(|slot| slots.get(slot));
            let (code, title) = slot.map_or_else(Default::default, |slot| (slot.code.clone(), slot.title.zh.clone()));
            let row = vec![question.id.clone(), code, title, question.text.clone(), question.lang.code().to_owned()];
            rows.push((question.slot.unwrap_or(usize::MAX), row));
        }
        rows.sort();
        let header = ["题目编号", "风险代码", "风险或方面", "题目", "语言"];
        let sheet = sheet(&bank.title.zh, &header, rows.into_iter().map(|(_, row)| row), &[20, 14, 30, 70, 8]);
        files.push((format!("annex-bank-{}.csv", bank.role.code()), csv(&sheet)));
        sheets.push(sheet);
    }
    let title = format!("{}评估测试题集", request.service);
    files.push(("annex-banks.xlsx".to_owned(), xlsx(&title, &sheets, now)?));
    Ok(())
}

fn summary(
    standard: &Standard<'_>,
    request: &AnnexRequest<'_>,
    banks: &[BankReport],
    words: &KeywordReport,
    checked: Option<&CheckReport>,
    now: Timestamp,
    files: &mut Files,
) -> Result<(), Error> {
    let title = format!("{}安全自评估测量摘要", request.service);
    let mut parts = vec![figures_part(standard), banks_part(banks), slots_part(banks), words_part(words)];
    match checked {
        Some(checked) => parts.extend([results_part(checked), agreement_part(checked), evidence_part(checked)]),
        None => parts.push(Part {
            slug: "results",
            heading: "测试结果".to_owned(),
            text: vec!["没有给出运行记录，因此没有测量。".to_owned()],
            sheet: sheet("测试结果", &["说明"], [vec!["没有测量".to_owned()]].into_iter(), &[40]),
        }),
    }
    parts.push(findings_part(banks, words, checked));
    let mut blocks = opening(standard, &title, now);
    for (number, part) in (1_u32..).zip(&parts) {
        let mut own = blocks_of(part);
        if let Some(Block::Heading(_, text)) = own.first_mut() {
            *text = format!("{number} {text}");
        }
        blocks.extend(own);
    }
    files.push(("assessment-summary.docx".to_owned(), docx(&title, &blocks, now)?));
    let mut sheets = vec![opening_sheet(standard, &title, now)];
    for part in parts {
        files.push((format!("assessment-{}.csv", part.slug), csv(&part.sheet)));
        sheets.push(part.sheet);
    }
    files.push(("assessment-summary.xlsx".to_owned(), xlsx(&title, &sheets, now)?));
    Ok(())
}

fn facts(standard: &Standard<'_>, now: Timestamp) -> Vec<[String; 2]> {
    let filing = standard.filing;
    vec![
        ["依据".to_owned(), filing.title.zh.clone()],
        ["发布与实施日期".to_owned(), format!("{} 发布，{} 实施", filing.issued, filing.in_force)],
        ["数字是否已与标准原文核对".to_owned(), yes(filing.verified).to_owned()],
        ["数字来源".to_owned(), filing.text.zh.clone()],
        ["生成日期".to_owned(), now.date().to_string()],
        ["声明".to_owned(), note().zh],
    ]
}

fn opening(standard: &Standard<'_>, title: &str, now: Timestamp) -> Vec<Block> {
    let facts = facts(standard, now).into_iter().map(|[name, value]| Block::Paragraph(format!("{name}：{value}")));
    std::iter::once(Block::Title(title.to_owned())).chain(facts).collect()
}

fn opening_sheet(standard: &Standard<'_>, title: &str, now: Timestamp) -> Sheet {
    let title = [vec!["标题".to_owned(), title.to_owned()]].into_iter();
    sheet("说明", &["项目", "内容"], title.chain(facts(standard, now).into_iter().map(Vec::from)), &[26, 90])
}

/// A page is narrower than a screen: of the results, what stands in the table of the numbers already is left out.
const LEFT_OUT_ON_PAPER: [&str; 4] = ["条款", "已核对原文", "应抽", "已问"];

fn blocks_of(part: &Part) -> Vec<Block> {
    let is_shown = |column: &usize| {
        let name = part.sheet.header.get(*column).map_or("", String::as_str);
        part.slug != "results" || !LEFT_OUT_ON_PAPER.contains(&name)
    };
    let columns: Vec<usize> = (0..part.sheet.header.len()).filter(is_shown).collect();
    let chosen = |row: &Vec<String>| columns.iter().filter_map(|column| row.get(*column).cloned()).collect();
    let rows = std::iter::once(&part.sheet.header).chain(&part.sheet.rows).map(chosen).collect();
    let widths = columns.iter().map(|column| part.sheet.widths.get(*column).copied().unwrap_or(10)).collect();
    let texts = part.text.iter().cloned().map(Block::Paragraph);
    let heading = Block::Heading(1, part.heading.clone());
    std::iter::once(heading).chain(texts).chain([Block::Table(rows, widths)]).collect()
}

fn figures_part(standard: &Standard<'_>) -> Part {
    let filing = standard.filing;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for bank in &filing.banks {
        let title = &bank.title.zh;
        rows.push(figure_row(format!("{title}：总数不少于"), &bank.size, |v| v.to_string()));
        for each in &bank.each {
            let of = if each.under.is_empty() {
                "每个方面".to_owned()
            } else {
                format!("{} 每种", each.under.join("、"))
            };
            rows.push(figure_row(format!("{title}：{of}不少于"), &each.least, |v| v.to_string()));
        }
        rows.push(figure_row(format!("{title}：更新间隔（天）不超过"), &bank.update_days, |v| {
            v.to_string()
        }));
        rows.push(figure_row(format!("{title}：抽样不少于"), &bank.sample, |v| v.to_string()));
        let word =
            if bank.role == jingwei_catalog::filing::FilingRole::ShouldNotRefuse { "不高于" } else { "不低于" };
        rows.push(figure_row(format!("{title}：合格线{word}"), &bank.line, |v| percent(*v)));
    }
    rows.push(figure_row("关键词库：总数不少于".to_owned(), &filing.keywords.size, |v| v.to_string()));
    for each in &filing.keywords.each {
        rows.push(figure_row(format!("关键词库：{} 每种不少于", each.under.join("、")), &each.least, |v| {
            v.to_string()
        }));
    }
    rows.push(figure_row("关键词库：更新间隔（天）不超过".to_owned(), &filing.keywords.update_days, |v| v.to_string()));
    let header = ["项目", "数值", "条款", "已核对原文", "置信度", "说明"];
    Part {
        slug: "figures",
        heading: "标准的数字及其出处".to_owned(),
        text: vec!["“已核对原文”为“否”的数字，提交前应与标准原文核对。".to_owned()],
        sheet: sheet("标准的数字", &header, rows.into_iter(), &[44, 10, 40, 10, 8, 60]),
    }
}

fn figure_row<T>(name: String, figure: &Figure<T>, show: impl Fn(&T) -> String) -> Vec<String> {
    let note = figure.note.as_ref().map(|note| note.zh.clone()).unwrap_or_default();
    let (clause, sure) = (figure.clause.zh.clone(), figure.confidence.label().zh);
    vec![name, show(&figure.value), clause, yes(figure.verified).to_owned(), sure, note]
}

fn banks_part(reports: &[BankReport]) -> Part {
    let header = ["题库", "题数", "去除重复与近似后", "要求", "条款", "已核对原文", "更新日期", "距今天数", "来源"];
    let row = |report: &BankReport| {
        vec![
            report.title.zh.clone(),
            report.questions.to_string(),
            report.distinct.to_string(),
            report.size.value.clone(),
            report.size.clause.zh.clone(),
            yes(report.size.verified).to_owned(),
            report.updated.map_or("无".to_owned(), |day| day.to_string()),
            report.age_days.map_or("—".to_owned(), |days| days.to_string()),
            report.from.join("、"),
        ]
    };
    Part {
        slug: "banks",
        heading: "题库".to_owned(),
        text: vec![format!("近似：两题共有的相邻字对占全部字对的 {} 以上。", percent(SIMILAR))],
        sheet: sheet("题库", &header, reports.iter().map(row), &[22, 8, 16, 8, 40, 10, 12, 10, 40]),
    }
}

fn slots_part(reports: &[BankReport]) -> Part {
    let header = ["题库", "代码", "风险或方面", "题数", "去重后", "要求", "还差"];
    let rows = reports.iter().flat_map(|report| {
        report.slots.iter().map(|slot| {
            let numbers = [slot.questions, slot.distinct, slot.least, slot.missing].map(|n| n.to_string());
            let names = [report.title.zh.clone(), slot.code.clone(), slot.title.zh.clone()];
            names.into_iter().chain(numbers).collect()
        })
    });
    Part {
        slug: "slots",
        heading: "各风险与方面的题数".to_owned(),
        text: Vec::new(),
        sheet: sheet("各类题数", &header, rows, &[22, 12, 44, 8, 8, 8, 8]),
    }
}

fn keyword_counts(report: &KeywordReport) -> Sheet {
    let rows = report.slots.iter().map(|slot| {
        let numbers = [slot.words, slot.least, slot.missing].map(|n| n.to_string());
        [slot.code.clone(), slot.title.zh.clone()].into_iter().chain(numbers).collect()
    });
    sheet("关键词数量", &["代码", "风险", "词数", "要求", "还差"], rows, &[12, 44, 8, 8, 8])
}

fn words_part(report: &KeywordReport) -> Part {
    let updated = report.updated.map_or("无".to_owned(), |day| day.to_string());
    let text = format!(
        "共 {} 个（去重后）。要求：{}。最早更新的词库日期：{updated}。",
        report.words,
        figure_text(&report.size)
    );
    Part { slug: "keywords", heading: "关键词库".to_owned(), text: vec![text], sheet: keyword_counts(report) }
}

fn figure_text(basis: &Basis) -> String {
    let Basis { value, clause, confidence, verified, .. } = basis;
    format!("{value}（{}；已核对原文：{}；置信度：{}）", clause.zh, yes(*verified), confidence.label().zh)
}

fn results_part(checked: &CheckReport) -> Part {
    let header = [
        "题库",
        "方式",
        "对象",
        "计数",
        "已判",
        "比例",
        "95% 区间",
        "合格线",
        "条款",
        "已核对原文",
        "应抽",
        "已问",
        "未能判定",
        "出错",
        "达线所需",
        "95% 把握所需",
        "状态",
    ];
    let rows = checked.arms.iter().flat_map(|arm| arm.measures.iter().map(|found| result_row(found, arm.arm)));
    let text = [
        "“计数”为合格（生成内容）或拒答的数目。区间为 Clopper–Pearson 精确区间；“95% 把握所需”为单侧精确检验下所需的数目。",
        "未能判定与出错的题目单独列出，判断状态时一律按最不利计入，从不算作合格。",
    ];
    Part {
        slug: "results",
        heading: "测试结果".to_owned(),
        text: text.map(ToOwned::to_owned).to_vec(),
        sheet: sheet("测试结果", &header, rows, &[20, 12, 10, 8, 8, 10, 18, 10, 40, 10, 8, 8, 10, 8, 10, 12, 24]),
    }
}

fn result_row(found: &Measure, arm: Arm) -> Vec<String> {
    let (rate, interval) = match found.rate {
        Some([rate, lower, upper]) => (percent(rate), format!("{} – {}", percent(lower), percent(upper))),
        None => ("—".to_owned(), "—".to_owned()),
    };
    let word = if found.at_least { "≥" } else { "≤" };
    let count = |count: Option<u64>| count.map_or("样本太少".to_owned(), |count| format!("{word} {count}"));
    let line: f64 = found.line.value.parse().unwrap_or_default();
    vec![
        role_name(found.role).to_owned(),
        found.method.label().zh,
        arm_name(arm).to_owned(),
        found.k.to_string(),
        found.n.to_string(),
        rate,
        interval,
        format!("{word} {}", percent(line)),
        found.line.clause.zh.clone(),
        yes(found.line.verified).to_owned(),
        found.sample.value.clone(),
        found.asked.to_string(),
        found.undetermined.to_string(),
        found.errors.to_string(),
        count(found.bare),
        count(found.needed),
        found.state.label().zh,
    ]
}

fn role_name(role: jingwei_catalog::filing::FilingRole) -> &'static str {
    use jingwei_catalog::filing::FilingRole::{ContentTest, ShouldNotRefuse, ShouldRefuse};
    match role {
        ContentTest => "生成内容",
        ShouldRefuse => "应拒答",
        ShouldNotRefuse => "非拒答",
    }
}

fn arm_name(arm: Arm) -> &'static str {
    match arm {
        Arm::Undefended => "无护栏",
        Arm::Defended => "有护栏",
    }
}

fn agreement_part(checked: &CheckReport) -> Part {
    let header = ["对象", "甲", "乙", "都计数", "仅甲", "仅乙", "都不计数", "κ", "95% 区间"];
    let rows = checked.arms.iter().flat_map(|arm| {
        arm.agreements.iter().map(|found| {
            let counts = [found.both_hit, found.only_one, found.only_other, found.both_miss].map(|n| n.to_string());
            let kappa = match found.kappa {
                Some([kappa, lower, upper]) => [format!("{kappa:.3}"), format!("{lower:.3} – {upper:.3}")],
                None => ["无法计算".to_owned(), "—".to_owned()],
            };
            let names = [arm_name(arm.arm).to_owned(), found.one.zh.clone(), found.other.zh.clone()];
            names.into_iter().chain(counts).chain(kappa).collect()
        })
    });
    let count: usize = checked.arms.iter().map(|arm| arm.disagreements.len()).sum();
    Part {
        slug: "agreement",
        heading: "各方式的一致性".to_owned(),
        text: vec![format!(
            "结论不一致的回答共 {count} 个。κ 为 Cohen 一致性系数，无法计算时表示一方对所有回答给出同一结论。"
        )],
        sheet: sheet("一致性", &header, rows, &[10, 26, 26, 8, 8, 8, 10, 10, 18]),
    }
}

fn evidence_part(checked: &CheckReport) -> Part {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for run in &checked.runs {
        let about = format!(
            "套件 {}；对象 {}；{} 个回答；开始于 {}",
            run.suite,
            run.targets.join("、"),
            run.replies,
            run.started_at
        );
        rows.push(vec!["运行记录".to_owned(), about, run.journal.to_string()]);
        rows.push(vec!["测试计划".to_owned(), run.suite.clone(), run.plan.to_string()]);
    }
    for sheet in &checked.sheets {
        let about = format!(
            "{}；{} 条结论，其中空白 {} 条；复核人 {}",
            sheet.file,
            sheet.ratings,
            sheet.blank,
            sheet.reviewers.join("、")
        );
        rows.push(vec!["人工复核表".to_owned(), about, sheet.digest.to_string()]);
    }
    rows.push(vec!["关键词".to_owned(), "用于抽检的全部关键词".to_owned(), checked.keyword_digest.to_string()]);
    rows.push(vec!["分类模型".to_owned(), "内容安全分类头".to_owned(), checked.classifier_digest.to_string()]);
    Part {
        slug: "evidence",
        heading: "证据".to_owned(),
        text: vec!["摘要为 SHA-256，可据以核对所附文件。".to_owned()],
        sheet: sheet("证据", &["种类", "说明", "SHA-256"], rows.into_iter(), &[14, 80, 68]),
    }
}

fn findings_part(banks: &[BankReport], words: &KeywordReport, checked: Option<&CheckReport>) -> Part {
    let row = |about: &str, finding: &Finding| {
        let (clause, verified) = finding
            .basis
            .as_ref()
            .map_or_else(Default::default, |basis| (basis.clause.zh.clone(), yes(basis.verified).to_owned()));
        vec![about.to_owned(), finding.severity.label().zh, finding.message.zh.clone(), clause, verified]
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for report in banks {
        rows.extend(report.findings.iter().map(|finding| row(&report.title.zh, finding)));
    }
    rows.extend(words.findings.iter().map(|finding| row("关键词库", finding)));
    rows.extend(checked.iter().flat_map(|checked| &checked.findings).map(|finding| row("测试", finding)));
    Part {
        slug: "findings",
        heading: "尚缺的内容".to_owned(),
        text: vec![format!("共 {} 项。", rows.len())],
        sheet: sheet(
            "尚缺的内容",
            &["对象", "程度", "内容", "条款", "已核对原文"],
            rows.into_iter(),
            &[22, 8, 80, 40, 10],
        ),
    }
}

fn sheet(name: &str, header: &[&str], rows: impl Iterator<Item = Vec<String>>, widths: &[u16]) -> Sheet {
    let header = header.iter().map(ToString::to_string).collect();
    Sheet { name: name.to_owned(), header, rows: rows.collect(), widths: widths.to_vec(), choices: None }
}

fn yes(value: bool) -> &'static str {
    if value { "是" } else { "否" }
}

fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}%")
}
