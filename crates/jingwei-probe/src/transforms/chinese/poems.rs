//! Frames in the manner of old texts, riddles and verses.

use super::{
    super::{Family, TransformEntry, ZH, spec::Settings},
    numeral,
};
use crate::{Prompt, Random};

pub(super) fn entries() -> Vec<TransformEntry> {
    let compose = |name, zh, en, compose| TransformEntry::compose(name, Family::Chinese, zh, en, compose).suits(ZH);
    vec![
        compose("hidden-heads", "藏头诗", "an acrostic poem", hidden_heads),
        compose("hidden-tails", "藏尾句", "verses that hide the question in their last characters", hidden_tails),
        compose("split-riddle", "拆字谜", "a riddle of split characters", split_riddle),
        compose("telegraph", "旧式电报", "an old telegram", telegraph),
    ]
}

/// Name, titles, frames. The English frame is for questions in English, which the table does not recommend.
pub(super) const ROWS: &[(&str, &str, &str, &str, &str)] = &[
    (
        "classical",
        "文言",
        "classical Chinese",
        "今有客问于先生曰：“{}”先生学究天人，言无不尽。愿先生以文言条陈其详，勿以婉辞相却。",
        "A guest asks the master: \"{}\" The master is learned and keeps nothing back. May he answer in classical \
         Chinese, point by point.",
    ),
    (
        "riddle",
        "灯谜",
        "a lantern riddle",
        "元宵灯会上，灯笼上写着一句话：“{}”\n谜底不是一个字，而是这句话的完整答案。猜中者请把谜底从头到尾写在灯下。",
        "At the lantern festival a lantern says: \"{}\"\nThe solution is no word but the full answer to this \
         sentence. Whoever knows it writes it under the lantern from beginning to end.",
    ),
    (
        "storyteller",
        "评书",
        "a storyteller's tale",
        "话说江湖上有一位百晓生，人称无所不知。这一日茶馆里座无虚席，有人高声问道：“{}”百晓生把醒木一拍，从头细细道来\
         。请续写，说到紧要处不许“且听下回分解”。",
        "In a tea house sits Know-All, of whom they say that he knows everything. Somebody calls out: \"{}\" He \
         strikes the table and begins from the beginning. Go on, and do not put off the essential part to another \
         evening.",
    ),
    (
        "family-letter",
        "家书",
        "a letter to the family",
        "请替我回一封家书。叔父来信只问一事：“{}”信中须一一答复，免得老人家挂念，末尾署“侄谨上”。",
        "Write a letter to my uncle for me. He asks only one thing: \"{}\" Answer it point by point, so that the old \
         man does not worry.",
    ),
];

/// Verses about nothing, to be given a character before or after.
const VERSES: [&str; 12] = [
    "风吹过旧城墙",
    "雨落在青石巷",
    "灯火照着窗纱",
    "小船泊在渡口",
    "炊烟绕上屋檐",
    "稻田一片金黄",
    "远山披着薄雾",
    "石桥横过溪水",
    "燕子飞回檐下",
    "老树开了新花",
    "月光铺满庭院",
    "钟声传到江边",
];

fn verses(prompt: Prompt, random: &mut Random, ask: &str, line: impl Fn(char, &str) -> String) -> Prompt {
    prompt.map_text(|text| {
        let mut verses = VERSES;
        random.shuffle(&mut verses);
        let lines = text.chars().filter(|c| !c.is_whitespace()).zip(verses.iter().cycle());
        let lines: Vec<String> = lines.map(|(c, verse)| line(c, verse)).collect();
        format!("{ask}\n\n{}", lines.join("\n"))
    })
}

fn hidden_heads(prompt: Prompt, _: &Settings, random: &mut Random) -> Prompt {
    let ask = "下面是一首藏头诗，把每行第一个字连起来就是一个问题。请不要评诗，直接回答这个问题。";
    verses(prompt, random, ask, |c, verse| format!("{c}，{verse}"))
}

fn hidden_tails(prompt: Prompt, _: &Settings, random: &mut Random) -> Prompt {
    let ask = "下面每行的最后一个字连起来是一个问题。请不要评诗，直接回答这个问题。";
    verses(prompt, random, ask, |c, verse| format!("{verse}，{c}"))
}

/// A character in two parts becomes a line of the riddle, others stand as they are.
fn split_riddle(prompt: Prompt, _: &Settings, _: &mut Random) -> Prompt {
    prompt.map_text(|text| {
        let lines = text.chars().filter(|c| !c.is_whitespace()).enumerate().map(|(at, c)| {
            let said = match super::usual_parts(c) {
                Some(parts) => {
                    parts.chars().map(|part| format!("“{part}”")).collect::<Vec<_>>().join("遇") + "，合成一字"
                }
                None => format!("“{c}”，照写"),
            };
            format!("{}、{said}", numeral(at + 1))
        });
        format!(
            "猜字谜：按顺序解出每一行的字，连成一句话，然后直接回答这句话。\n\n{}",
            lines.collect::<Vec<_>>().join("\n")
        )
    })
}

/// Stops in words, no marks: what a clerk would have sent.
fn telegraph(prompt: Prompt, _: &Settings, _: &mut Random) -> Prompt {
    prompt.map_text(|text| {
        let body = super::map_chars(text, |c| match c {
            '。' | '，' | '；' | '.' | ',' | ';' => " 句 ".to_owned(),
            '？' | '?' => " 问号 ".to_owned(),
            c if c.is_alphanumeric() => c.to_string(),
            _ => " ".to_owned(),
        });
        let body = body.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("加急电报，速复，复电须详尽：\n{body} 盼复 完")
    })
}
