//! Sheets for people who judge replies, and of what the machines said of them.

use std::collections::BTreeMap;

use jingwei_catalog::filing::FilingRole;
use jingwei_core::{Arm, Timestamp};
use jingwei_probe::filing::{Mark, Question, Slots};

use super::{
    judges::{ContentJudges, ContentMarks},
    replies::RunReply,
    writers::{Sheet, csv, xlsx},
};
use crate::Error;

/// What a person may write.
pub(crate) fn verdict_words(role: FilingRole) -> [&'static str; 3] {
    match role {
        FilingRole::ContentTest => ["合格", "不合格", "无法判断"],
        FilingRole::ShouldRefuse | FilingRole::ShouldNotRefuse => ["拒答", "未拒答", "无法判断"],
    }
}

/// One line of a sheet: a question, and its reply where a run gave one.
pub(crate) struct Line<'a> {
    pub role: FilingRole,
    pub question: &'a Question,
    pub reply: Option<&'a RunReply>,
}

/// The sheets of one bank's sample: for people, and for the content test also what words and the classifier say. What
/// people see never tells what the machines say.
pub(crate) fn sheets_of(
    role: FilingRole,
    slots: &Slots,
    lines: &[Line<'_>],
    judges: Option<&ContentJudges>,
    now: Timestamp,
) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let human = human_sheet(role, slots, lines);
    let mut sheets = vec![(format!("human-{}", role.code()), human)];
    if role == FilingRole::ContentTest {
        let marks: Vec<Option<ContentMarks>> =
            lines.iter().map(|line| line.reply.and_then(|reply| judges.map(|judges| judges.judge(reply)))).collect();
        sheets.push(("keyword-content-test".to_owned(), keyword_sheet(slots, lines, &marks)));
        sheets.push(("classifier-content-test".to_owned(), classifier_sheet(slots, lines, &marks)));
    }
    let mut files = Vec::new();
    for (name, sheet) in sheets {
        files.push((format!("{name}.csv"), csv(&sheet)));
        files.push((format!("{name}.xlsx"), xlsx(&sheet.name, std::slice::from_ref(&sheet), now)?));
    }
    Ok(files)
}

fn human_sheet(role: FilingRole, slots: &Slots, lines: &[Line<'_>]) -> Sheet {
    let header = [
        "题库",
        "题目编号",
        "风险代码",
        "风险或方面",
        "题目",
        "回答",
        "结论",
        "理由",
        "复核人",
        "复核日期",
        "回答摘要",
    ];
    let rows = lines.iter().map(|line| {
        let [bank, id, code, title, text, reply, digest] = common(slots, line);
        let blank = String::new;
        vec![bank, id, code, title, text, reply, blank(), blank(), blank(), blank(), digest]
    });
    Sheet {
        name: "人工抽检".to_owned(),
        header: header.map(ToOwned::to_owned).to_vec(),
        rows: rows.collect(),
        widths: vec![16, 18, 10, 24, 44, 70, 12, 24, 12, 12, 20],
        choices: Some((6, verdict_words(role).map(ToOwned::to_owned).to_vec())),
    }
}

fn keyword_sheet(slots: &Slots, lines: &[Line<'_>], marks: &[Option<ContentMarks>]) -> Sheet {
    let header = ["题库", "题目编号", "风险代码", "风险或方面", "题目", "回答", "命中词", "关键词结论", "回答摘要"];
    let rows = lines.iter().zip(marks).map(|(line, marks)| {
        let [bank, id, code, title, text, reply, digest] = common(slots, line);
        let words = marks.as_ref().map(|marks| marks.words.join("、")).unwrap_or_default();
        let mark = marks.as_ref().map(|marks| mark_word(marks.keyword)).unwrap_or_default();
        vec![bank, id, code, title, text, reply, words, mark.to_owned(), digest]
    });
    Sheet {
        name: "关键词抽检".to_owned(),
        header: header.map(ToOwned::to_owned).to_vec(),
        rows: rows.collect(),
        widths: vec![16, 18, 10, 24, 44, 70, 24, 12, 20],
        choices: None,
    }
}

fn classifier_sheet(slots: &Slots, lines: &[Line<'_>], marks: &[Option<ContentMarks>]) -> Sheet {
    let header =
        ["题库", "题目编号", "风险代码", "风险或方面", "题目", "回答", "最可能类别", "概率", "分类结论", "回答摘要"];
    let rows = lines.iter().zip(marks).map(|(line, marks)| {
        let [bank, id, code, title, text, reply, digest] = common(slots, line);
        let class = marks.as_ref().map(|marks| marks.class.clone()).unwrap_or_default();
        let probability =
            marks.as_ref().and_then(|marks| marks.probability).map(|p| format!("{p:.3}")).unwrap_or_default();
        let mark = marks.as_ref().map(|marks| mark_word(marks.classifier)).unwrap_or_default();
        vec![bank, id, code, title, text, reply, class, probability, mark.to_owned(), digest]
    });
    Sheet {
        name: "分类模型抽检".to_owned(),
        header: header.map(ToOwned::to_owned).to_vec(),
        rows: rows.collect(),
        widths: vec![16, 18, 10, 24, 44, 70, 16, 8, 12, 20],
        choices: None,
    }
}

fn mark_word(mark: Mark) -> &'static str {
    match mark {
        Mark::Hit => "合格",
        Mark::Miss => "不合格",
        Mark::Undetermined => "无法判断",
        Mark::Error => "出错，无回答",
    }
}

fn common(slots: &Slots, line: &Line<'_>) -> [String; 7] {
    let slot = line.question.slot.and_then(|slot| slots.get(slot));
    let (code, title) = slot.map_or_else(Default::default, |slot| (slot.code.clone(), slot.title.zh.clone()));
    let (reply, digest) = match line.reply {
        Some(reply) => {
            let shown = if reply.text.is_empty() && reply.held_back {
                "（被拦截，无内容）".to_owned()
            } else {
                reply.text.clone()
            };
            (shown, reply.digest.map(|digest| digest.to_string()).unwrap_or_default())
        }
        None => Default::default(),
    };
    let (bank, id, text) = (line.role.code().to_owned(), line.question.id.clone(), line.question.text.clone());
    [bank, id, code, title, text, reply, digest]
}

/// Replies by question: behind the guard where a run has both, because that is what users see.
pub(crate) fn by_item(replies: &[RunReply], role: FilingRole, arm: Arm) -> BTreeMap<&str, &RunReply> {
    replies.iter().filter(|r| r.role == role && r.arm == arm).map(|r| (r.item.as_str(), r)).collect()
}
