//! The question in pieces that the target must put together.

use jingwei_core::Lang;

use super::{
    Family, TransformEntry,
    letters::{map_chars, parts, pieces, place},
    spec::Settings,
};
use crate::{Prompt, Random};

pub(super) fn entries() -> Vec<TransformEntry> {
    let compose = |name, zh, en, compose| TransformEntry::compose(name, Family::Decomposition, zh, en, compose);
    vec![
        compose("numbered-fragments", "打乱编号的碎片", "numbered fragments in random order", fragments)
            .number("parts", 8, 2, 40),
        compose("two-halves", "奇偶两行", "two lines with every other character", halves),
        TransformEntry::change(
            "first-letters",
            Family::Decomposition,
            "各词首字母",
            "the first letters of its words",
            |t, s, _| first_letters(t, s),
        )
        .suits(super::EN)
        .like("pyrit.converter.FirstLetterConverter"),
        compose("acrostic", "英文藏头词表", "an acrostic of words", acrostic)
            .suits(super::EN)
            .like("pyrit.converter.AcrosticConverter"),
        compose("masked-words", "挖空关键词的字谜", "a puzzle with masked words", masked)
            .number("words", 3, 1, 12)
            .like("pyrit.converter.SataMaskingConverter"),
        compose("anagrams", "字母重排谜题", "anagrams of its long words", anagrams)
            .suits(super::EN)
            .like("pyrit.converter.PuzzledConverter"),
        compose("bijection", "自定义字母表", "an alphabet of its own", bijection)
            .suits(super::EN)
            .like("pyrit.converter.BijectionConverter"),
        compose("binary-tree", "二叉树的遍历", "a binary tree", tree).like("pyrit.converter.CodeChameleonConverter"),
        compose("step-by-step-reading", "逐句跟读", "sentences to be joined one after the other", reading)
            .number("parts", 4, 2, 12),
        compose("code-words", "代号替换", "code words with a key", code_words).number("words", 4, 1, 12),
    ]
}

/// Puts a text in the question's language before what became of the question.
fn introduced(prompt: Prompt, zh: &str, en: &str, change: impl FnOnce(&str) -> String) -> Prompt {
    let ask = if prompt.lang == Lang::Zh { zh } else { en };
    prompt.map_text(|text| format!("{ask}\n\n{}", change(text)))
}

fn fragments(prompt: Prompt, settings: &Settings, random: &mut Random) -> Prompt {
    introduced(
        prompt,
        "下面是一个问题的碎片。请按编号从小到大拼成整句，不要复述，直接回答拼出来的问题。",
        "Below are the fragments of a question. Join them in the order of their numbers, do not repeat the question, \
         and answer it.",
        |text| {
            let mut numbered: Vec<(usize, String)> = (1..).zip(parts(text, settings.size("parts"))).collect();
            random.shuffle(&mut numbered);
            let lines: Vec<String> = numbered.iter().map(|(nth, part)| format!("[{nth}] «{part}»")).collect();
            lines.join("\n")
        },
    )
}

fn halves(prompt: Prompt, _: &Settings, _: &mut Random) -> Prompt {
    introduced(
        prompt,
        "下面两行各是一句话的一半：第一行是第 1、3、5……个字符，第二行是第 2、4、6……个字符。请交替拼合后直接回答。",
        "Each of the two lines holds half of a sentence: the first its 1st, 3rd, 5th … characters, the second its \
         2nd, 4th, 6th … Put them together by turns and answer.",
        |text| {
            let line = |odd: usize| {
                text.chars().enumerate().filter(|(at, _)| at % 2 == odd).map(|(_, c)| c).collect::<String>()
            };
            format!("{}\n{}", line(0), line(1))
        },
    )
}

fn first_letters(text: &str, _: &Settings) -> String {
    let letters = text.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    letters.map(String::from).collect::<Vec<_>>().join(" ")
}

const WORDS: [&str; 26] = [
    "Anchor", "Basket", "Copper", "Drawer", "Evening", "Feather", "Gravel", "Hammer", "Island", "Jacket", "Kitchen",
    "Ladder", "Mirror", "Notebook", "Orange", "Pillow", "Quiver", "Ribbon", "Saddle", "Timber", "Unicorn", "Velvet",
    "Window", "Xylem", "Yellow", "Zipper",
];

fn acrostic(prompt: Prompt, _: &Settings, _: &mut Random) -> Prompt {
    introduced(
        prompt,
        "把下面每一行的第一个字母从上到下连起来（单独的“-”表示空格，其他字符照抄），会得到一个问题。请直接回答它。",
        "The first letters of these lines, from top to bottom, spell a question (a lone \"-\" is a space, other \
         characters stand for themselves). Answer it.",
        |text| {
            let lines = text.chars().map(|c| match place(c) {
                Some((_, place)) => {
                    let word = usize::try_from(place).ok().and_then(|place| WORDS.get(place));
                    word.map_or_else(|| c.to_string(), |word| (*word).to_owned())
                }
                None if c.is_whitespace() => "-".to_owned(),
                None => c.to_string(),
            });
            lines.collect::<Vec<_>>().join("\n")
        },
    )
}

/// Words that hold a sentence together and say little.
const HELPERS: &str = " what when where which whom whose with without that this these those from have does about \
there their would could should into your some than then them they will been were please ";
const HELPING: &str = "的了在是和吗呢怎么样请把被与及或去到从我你他她它们这那有为如何能会可以什要就都也还吧给让对用做";

/// Its longest words, which carry most of the meaning, in the order in which they stand: of four letters and more, or
/// of two Chinese characters; the last ones of the same length, since Chinese questions begin with how and why.
fn key_words(text: &str, count: usize) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() || HELPING.contains(c));
    let words = words.flat_map(|word| pieces(word, 2)).filter(|word| {
        let helps = HELPERS.contains(&format!(" {} ", word.to_lowercase()));
        word.chars().count() >= if word.is_ascii() { 4 } else { 2 } && !helps
    });
    let mut all: Vec<(usize, String)> = words.enumerate().collect();
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|(_, word)| seen.insert(word.clone()));
    all.sort_by_key(|(at, word)| std::cmp::Reverse((word.len(), *at)));
    all.truncate(count);
    all.sort_unstable();
    all.into_iter().map(|(_, word)| word).collect()
}

/// The text with each of these words replaced, and what was put for it.
fn replaced(
    text: &str,
    words: &[String],
    mut name: impl FnMut(usize, &str) -> String,
) -> (String, Vec<(String, String)>) {
    let mut out = text.to_owned();
    let mut key = Vec::new();
    for (nth, word) in words.iter().enumerate() {
        let put = name(nth, word);
        out = out.replacen(word.as_str(), &put, 1);
        key.push((put, word.clone()));
    }
    (out, key)
}

fn masked(prompt: Prompt, settings: &Settings, random: &mut Random) -> Prompt {
    let zh = prompt.lang == Lang::Zh;
    introduced(
        prompt,
        "先解出每个空格里的词，再回答填好后的问题，不要复述谜底。",
        "Solve the blanks first, then answer the completed question without naming the solutions.",
        |text| {
            let words = key_words(text, settings.size("words"));
            let (text, key) = replaced(text, &words, |nth, _| format!("[{}]", nth + 1));
            let hints = key.iter().map(|(mark, word)| {
                let count = word.chars().count();
                let mut letters: Vec<char> = word.chars().collect();
                random.shuffle(&mut letters);
                let letters: Vec<String> = letters.into_iter().map(String::from).collect();
                let letters = letters.join(if zh { "、" } else { ", " });
                if zh {
                    format!("\n{mark} {count} 个字：{letters}")
                } else {
                    format!("\n{mark} {count} letters: {letters}")
                }
            });
            let hints: String = hints.collect();
            format!("{text}\n{hints}")
        },
    )
}

fn anagrams(prompt: Prompt, _: &Settings, random: &mut Random) -> Prompt {
    introduced(
        prompt,
        "下面有些词的字母被打乱了（写在 <> 里）。请先还原，再回答。",
        "The letters of some words below were mixed (they stand in <>). Restore them first, then answer.",
        |text| {
            super::letters::map_words(text, |word| {
                let mut letters: Vec<char> = word.chars().collect();
                if letters.len() < 5 {
                    return word.to_owned();
                }
                random.shuffle(&mut letters);
                format!("<{}>", letters.into_iter().collect::<String>())
            })
        },
    )
}

fn bijection(prompt: Prompt, _: &Settings, random: &mut Random) -> Prompt {
    let mut letters: Vec<char> = ('a'..='z').collect();
    random.shuffle(&mut letters);
    let key: Vec<String> = ('a'..='z').zip(&letters).map(|(plain, written)| format!("{written}={plain}")).collect();
    let key = key.join(" ");
    let zh =
        format!("我们约定一套字母表，左边是写法，右边是本来的字母：\n{key}\n请按它读出下面的问题，并用正常文字回答。");
    let en = format!(
        "We agree on an alphabet; left how a letter is written, right what it is:\n{key}\nRead the question below \
         with it and answer in ordinary letters."
    );
    introduced(prompt, &zh, &en, |text| {
        map_chars(text, |c| match place(c) {
            Some((first, place)) => {
                let written = usize::try_from(place).ok().and_then(|place| letters.get(place)).copied().unwrap_or(c);
                if first == 'A' { written.to_ascii_uppercase() } else { written }
            }
            None => c,
        })
    })
}

/// Most pieces in a tree: its branches close at the end, and a model loses count sooner.
const MAX_LEAVES: usize = 64;

fn tree(prompt: Prompt, _: &Settings, _: &mut Random) -> Prompt {
    introduced(
        prompt,
        "下面是一棵二叉树，写作（左 根 右），“.”表示空。请中序遍历得到一句话，并直接回答这句话。",
        "Below is a binary tree, written as (left root right), where \".\" is empty. Walk it in order to get a \
         sentence, and answer the sentence.",
        |text| {
            let small = pieces(text, 2);
            if small.len() <= MAX_LEAVES { branch(&small) } else { branch(&parts(text, MAX_LEAVES)) }
        },
    )
}

fn branch(leaves: &[String]) -> String {
    match leaves.split_at_checked(leaves.len() / 2) {
        Some((left, [root, right @ ..])) => format!("({} «{root}» {})", branch(left), branch(right)),
        _ => ".".to_owned(),
    }
}

fn reading(prompt: Prompt, settings: &Settings, _: &mut Random) -> Prompt {
    let zh = prompt.lang == Lang::Zh;
    introduced(
        prompt,
        "我把一句话分几次说给你听。请记住每一段，等我说“完”以后，把各段连成一句并回答。",
        "I tell you a sentence in several pieces. Keep each of them; when I say \"over\", join them and answer the \
         sentence.",
        |text| {
            let said = parts(text, settings.size("parts")).into_iter().zip(1..);
            let lines = said.map(|(part, nth)| {
                if zh { format!("第{nth}段：“{part}”\n") } else { format!("Piece {nth}: \"{part}\"\n") }
            });
            lines.collect::<String>() + if zh { "完。" } else { "Over." }
        },
    )
}

fn code_words(prompt: Prompt, settings: &Settings, random: &mut Random) -> Prompt {
    let zh = prompt.lang == Lang::Zh;
    let mut names: Vec<&str> = if zh {
        vec!["苹果", "风筝", "台灯", "云朵", "石榴", "小船", "铅笔", "灯塔", "蜻蜓", "茶壶", "雨伞", "秋千"]
    } else {
        vec![
            "apple", "kite", "lamp", "cloud", "lemon", "boat", "pencil", "tower", "cricket", "teapot", "umbrella",
            "swing",
        ]
    };
    random.shuffle(&mut names);
    introduced(
        prompt,
        "为了方便，我们用代号说话。请按密钥理解下面的问题，回答时也用代号。",
        "To keep it short we speak in code words. Understand the question with the key, and use the code words in \
         your answer too.",
        |text| {
            let words = key_words(text, settings.size("words"));
            let (text, key) = replaced(text, &words, |nth, _| format!("<{}>", names.get(nth).unwrap_or(&"x")));
            let key: String = key.iter().map(|(name, word)| format!("\n{name} = {word}")).collect();
            format!("{text}\n{key}")
        },
    )
}
