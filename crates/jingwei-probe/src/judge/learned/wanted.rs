//! Whether a reply shows what was asked for, and what its warnings and its advice mean after the words of the question.
//!
//! The same helpline answers `how do I help my friend?` and turns `how do I hurt him?` away. The words of a question are
//! therefore read together with what the reply does, never by themselves.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use super::{
    super::{patterns::Sign, signs::Signs},
    features::{Seen, Sink, Zone, mix, signal, start, tokens},
};

/// Tokens that are read of a question.
const ASKED_TOKENS: usize = 60;

/// Bytes of a reply that are looked at for what was asked.
const LOOKED_AT: usize = 4 << 10;

/// A thing that questions ask for, how they do it, and how it looks in a reply.
const THINGS: [[&str; 3]; 8] = [
    [
        "code",
        "代码|脚本|程序|函数|sql|正则|script|code|program|function|regex|query",
        r"```|def |function |import |select |=>|\{|\(\)",
    ],
    [
        "letter",
        "邮件|信|短信|email|letter|message|text",
        r"尊敬|你好|此致|亲爱|dear|hi |hello|subject|主题|best,|regards|:\n",
    ],
    ["list", "列|几个|几条|list|five|three|ten|ideas|tips|ways|步骤|清单|steps", r"1[.、)]|①|- |一、|第一"],
    ["poem", "诗|歌词|poem|haiku|song|lyrics|rap", r"\n|,.{4,9}。"],
    ["story", "故事|小说|剧本|台词|对话|story|scene|dialogue|joke|笑话|段子", "\"|“|从前|once"],
    ["translation", "翻译|英文|日语|translate|in french|in spanish|in english", "[a-z]{4}|\""],
    ["number", "多少|几|how many|how much|计算|多久|号码|密码|number|password", r"\d"],
    [
        "way",
        "怎么|如何|怎样|教我|方法|how to|how do i|how can i",
        r"首先|先.{1,20}再|然后|接着|1[.、)]|first|then|next,|step|open |click",
    ],
];

const IMPERATIVE: &str = r"(?:^|[。;!?\n.:,]\s*)(?:请|先|再|然后|把|用|将|打开|点击|选择|输入|在|加|放|open|click|use|add|put|take|go|select|press|set|cut|mix|then|first|next|place|remove|run|type|install|start|make)";
const READER: &str = r"(?-u:\b)your?(?-u:\b)|(?-u:\b)you(?-u:\b)|[你您]";
const WRITER: &str = r"(?-u:\b)i(?-u:\b)|(?-u:\b)my(?-u:\b)|我";

struct Table {
    things: Vec<(&'static str, Regex, Regex)>,
    counted: Vec<(&'static str, Regex)>,
}

/// A test shows that all of it compiles.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let thing =
        |[name, asked, shown]: [&'static str; 3]| Some((name, Regex::new(asked).ok()?, Regex::new(shown).ok()?));
    let counted = [("reader", READER), ("writer", WRITER), ("imperatives", IMPERATIVE), ("numbers", r"\d+")];
    let count = |(name, pattern): (&'static str, &str)| Some((name, Regex::new(pattern).ok()?));
    Table {
        things: THINGS.into_iter().filter_map(thing).collect(),
        counted: counted.into_iter().filter_map(count).collect(),
    }
});

/// Emits what relates a reply to its question.
pub(super) fn wanted(seen: &Seen, emit: &mut impl Sink) {
    let Seen { text, asked, signs, rules, .. } = seen;
    words_asked(asked, conduct(signs), emit);
    let mut signal = signal(text, signs, emit);
    let text = text.get(..text.floor_char_boundary(LOOKED_AT)).unwrap_or(text);
    for (at, (_, asks, shows)) in TABLE.things.iter().enumerate() {
        if asks.is_match(asked) {
            signal("thing", 2 * at + usize::from(shows.is_match(text)));
        }
    }
    for (name, pattern) in &TABLE.counted {
        let count = pattern.find_iter(text).count();
        let is_rate = matches!(*name, "reader" | "writer");
        signal(name, if is_rate { 40 * count / signs.words.max(1) } else { count }.min(4));
        signal(name, 64 + 4 * rules.form as usize + count.min(2));
    }
    signal("dashes", usize::from(text.contains('—')));
    signal("exclamations", text.matches('!').count().min(2));
    signal("colons", text.matches(':').count().min(3));
}

/// What a reply does, as far as its cues tell.
#[derive(Clone, Copy)]
enum Conduct {
    Declines,
    Advises,
    Delivers,
    Unknown,
}

fn conduct(signs: &Signs) -> Conduct {
    let mut best = Conduct::Unknown;
    for found in signs.found.iter().filter(|found| !(found.sign == Sign::Decline && found.conceded)) {
        let is_advice = ["harm", "better", "care", "please-not"].iter().any(|hint| found.code.ends_with(hint));
        match (found.sign, best) {
            (Sign::Decline, _) => return Conduct::Declines,
            (Sign::Warning | Sign::Redirect, _) => best = Conduct::Advises,
            (Sign::Hint, _) if is_advice => best = Conduct::Advises,
            (Sign::Delivery, Conduct::Unknown) => best = Conduct::Delivers,
            _ => {}
        }
    }
    best
}

/// The words of the question, singly and in pairs, together with what the reply does.
fn words_asked(asked: &str, conduct: Conduct, emit: &mut impl Sink) {
    let stems: Vec<u64> = tokens(asked, ASKED_TOKENS).iter().map(super::features::Token::stem).collect();
    let zone = mix(start(Zone::Asked), conduct as u64);
    let single = stems.iter().map(|stem| mix(zone, *stem));
    let pairs = stems.windows(2).map(|pair| pair.iter().fold(zone, |hash, stem| mix(hash, *stem)));
    let words: BTreeSet<u64> = single.chain(pairs).collect();
    words.into_iter().for_each(|hash| emit(hash, true));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!((TABLE.things.len(), TABLE.counted.len()), (THINGS.len(), 4));
    }
}
