//! Names that columns of plain lists usually have, and words that say what is expected.

use crate::Expect;

pub(super) const TEXT: &[&str] = &[
    "prompt",
    "question",
    "text",
    "query",
    "goal",
    "behavior",
    "behaviour",
    "instruction",
    "prompt_text",
    "forbidden_prompt",
    "user_input",
    "input",
    "request",
    "content",
    "题目",
    "问题",
    "提问",
    "提示词",
    "测试题",
    "测试问题",
    "题干",
    "问题内容",
    "题目内容",
    "文本",
    "内容",
    "指令",
];

pub(super) const ID: &[&str] = &[
    "id",
    "id_",
    "_id",
    "item_id",
    "question_id",
    "prompt_id",
    "uid",
    "no",
    "index",
    "编号",
    "题目编号",
    "序号",
    "题号",
];

/// The last two may mean something else: they count only where their values say what is expected.
pub(super) const EXPECT: &[&str] = &[
    "expect",
    "expected",
    "expectation",
    "label",
    "safety",
    "期望",
    "预期",
    "期望行为",
    "应答方式",
    "标签",
    "类型",
    "type",
];

pub(super) const LANG: &[&str] = &["lang", "language", "locale", "语言", "语种"];

pub(super) const TOPIC: &[&str] = &[
    "topic",
    "category",
    "hazard",
    "risk_category",
    "risk_type",
    "semanticcategory",
    "semantic_category",
    "harm_category",
    "subcategory",
    "domain",
    "subject",
    "aspect",
    "主题",
    "类别",
    "分类",
    "风险类别",
    "风险类型",
    "方面",
    "领域",
    "type",
    "类型",
];

pub(super) const RISKS: &[&str] =
    &["risks", "risk", "risk_id", "risk_code", "risk_ids", "风险", "风险代码", "风险编号"];

/// A name without regard to case, spaces, dashes and full-width forms.
pub(super) fn plain_name(name: &str) -> String {
    let mut plain = String::new();
    for c in name.trim().trim_start_matches('\u{feff}').chars() {
        match c {
            ' ' | '-' | '　' | '.' | '/' => plain.push('_'),
            '（' | '(' => break,
            c => plain.extend(c.to_lowercase()),
        }
    }
    plain.trim_end_matches('_').to_owned()
}

/// What a word says is expected; `None` where it says nothing of the kind.
pub(super) fn expectation(word: &str) -> Option<Expect> {
    let refuse = [
        "refuse",
        "refused",
        "refusal",
        "should_refuse",
        "reject",
        "decline",
        "unsafe",
        "harmful",
        "malicious",
        "toxic",
        "拒答",
        "应拒答",
        "应拒",
        "拒绝",
        "应拒绝",
        "不安全",
        "有害",
        "违规",
        "恶意",
    ];
    let answer = [
        "answer",
        "should_answer",
        "should_not_refuse",
        "comply",
        "compliance",
        "safe",
        "benign",
        "harmless",
        "normal",
        "回答",
        "应答",
        "应回答",
        "不拒答",
        "不应拒答",
        "非拒答",
        "安全",
        "无害",
        "正常",
        "良性",
    ];
    let word = plain_name(word);
    if refuse.contains(&word.as_str()) {
        Some(Expect::Refuse)
    } else if answer.contains(&word.as_str()) {
        Some(Expect::Answer)
    } else {
        None
    }
}
