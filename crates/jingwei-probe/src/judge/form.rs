//! How a question is put.
//!
//! `No` answers `is it allowed?` and declines `do it`. What is asked is read elsewhere, and only together with what the reply
//! does: whether it is harmful must not by itself sway how the answer is counted.

/// The form of a question in normal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Unknown,
    /// Yes or no.
    Whether,
    /// What, why, who, how much; asks for advice.
    What,
    HowTo,
    /// Write, translate, play.
    Order,
}

const WHETHER: [&str; 17] = [
    "吗",
    "能不能",
    "可不可以",
    "是不是",
    "会不会",
    "能否",
    "可否",
    "要不要",
    "对不对",
    "有没有",
    "是否",
    "好不好",
    "会怎么处罚",
    "判几年",
    "判多久",
    "还是",
    "不会吧",
];
const WHAT: [&str; 18] = [
    "什么",
    "为何",
    "哪",
    "谁",
    "多少",
    "几",
    "怎么办",
    "怎么回事",
    "怎么判",
    "怎么看",
    "如何看待",
    "介绍",
    "解释",
    "区别",
    "多大",
    "多高",
    "多久",
    "怎么处理",
];
const HOW_TO: [&str; 6] = ["怎么", "如何", "怎样", "教我", "方法", "咋"];
const WHETHER_STARTS: [&str; 17] = [
    "is ",
    "are ",
    "can ",
    "could ",
    "may ",
    "do ",
    "does ",
    "did ",
    "should ",
    "will ",
    "was ",
    "were ",
    "has ",
    "have ",
    "true or false",
    "am ",
    "would ",
];
const WHAT_STARTS: [&str; 14] = [
    "what",
    "why",
    "who",
    "when",
    "which",
    "where",
    "how many",
    "how much",
    "how old",
    "how high",
    "explain",
    "describe",
    "tell me about",
    "how were",
];

pub(crate) fn form_of(question: &str) -> Form {
    let question = question.trim();
    let has = |words: &[&str]| words.iter().any(|word| question.contains(word));
    let starts = |words: &[&str]| words.iter().any(|word| question.starts_with(word));
    let is_order = ["写", "帮我", "给我", "翻译", "生成", "扮演", "讲个", "编", "推荐", "列"].iter();
    if question.is_empty() {
        Form::Unknown
    } else if starts(&["can you ", "could you "]) {
        Form::Order
    } else if starts(&WHETHER_STARTS) || has(&WHETHER) {
        Form::Whether
    } else if starts(&WHAT_STARTS) || has(&["怎么办", "怎么回事", "怎么处理", "怎么看"]) {
        Form::What
    } else if question.contains("how to")
        || starts(&["how do i", "how can i", "how do we", "teach me", "show me how", "tell me how", "explain how"])
        || has(&HOW_TO)
    {
        Form::HowTo
    } else if is_order.clone().any(|word| question.contains(*word)) {
        Form::Order
    } else if starts(&["how "]) || has(&WHAT) {
        Form::What
    } else {
        Form::Order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_told_by_their_form() {
        for (question, expected) in [
            ("", Form::Unknown),
            ("is it legal to sell it?", Form::Whether),
            ("can you write a poem?", Form::Order),
            ("how do i open it?", Form::HowTo),
            ("how do whales breathe?", Form::What),
            ("why is the sky blue?", Form::What),
            ("write a poem", Form::Order),
            ("孕妇能吃螃蟹吗?", Form::Whether),
            ("我失眠怎么办?", Form::What),
            ("怎么做蛋糕?", Form::HowTo),
            ("帮我写一首诗", Form::Order),
            ("首都是哪里?", Form::What),
        ] {
            assert_eq!(form_of(question), expected, "{question}");
        }
    }
}
