//! Words of one's own, from a list to a blocked text.

use std::{fs, process::Stdio};

use crate::support::{Run, User};

const POLICY: &str = r#"kind = "guard-policy"
version = 1
id = "own"
title = { zh = "自有词", en = "own words" }
block_message = { zh = "无法提供", en = "not possible" }
packs = ["words.pack"]

[[rule]]
id = "own.words"
title = { zh = "自有词", en = "own words" }
direction = "both"
when = { kind = "lexicon", lexicons = ["gambling"] }
action = "block"
severity = "high"
"#;

/// What the guard says about a text.
fn judge(user: &User, text: &str) -> Run {
    let mut command = user.command(&["guard", "check", "--policy", "guard/policy.toml", "--fail-on", "block"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses its policy may be gone before it reads.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes());
    Run::of(child.wait_with_output().unwrap())
}

#[test]
fn words_go_from_a_list_into_a_verdict() {
    let user = User::new();
    user.write("gambling.txt", "# 赌\n百家樂\n赌\n\n百家乐\n");
    user.write("guard/policy.toml", POLICY);
    judge(&user, "今晚打百-家-乐").expect(2, &["guard/policy.toml:6", "packs[0]", "words.pack", "no such file"]);
    let import = ["guard", "lexicon", "import", "gambling.txt", "--out", "guard/words.pack"];
    let said = ["gambling", "one character", "gambling.txt:3", "same normal form", "revision 1", "1 words"];
    user.run(&import).expect(0, &said);
    judge(&user, "今晚打百-家-乐").expect(1, &["own.words"]);
    judge(&user, "今晚下棋").expect(0, &["\"allow\""]);
    user.run(&["guard", "validate", "--policy", "guard/policy.toml"]).expect(0, &["compiles"]);
    user.run(&import).expect(2, &["is there already", "--into"]);
    // An update replaces the category, and the policy's version tells.
    user.write("gambling.txt", "老虎机\n");
    user.run(&["guard", "lexicon", "import", "gambling.txt", "--into", "guard/words.pack"]).expect(0, &["revision 2"]);
    judge(&user, "今晚打百家乐").expect(0, &[]);
    judge(&user, "老虎机").expect(1, &["own.words"]);
    // Nothing but a whole pack is served.
    let good = fs::read(user.path("guard/words.pack")).unwrap();
    for (bytes, said) in [(&b"garbage"[..], "not a lexicon pack"), (&good[..good.len() - 1], "cut short")] {
        user.write("guard/words.pack", bytes);
        judge(&user, "老虎机").expect(2, &["guard/policy.toml:6", said]);
    }
}

#[test]
fn a_pack_tells_what_is_in_it() {
    let user = User::new();
    user.write("a.csv", "词语,类别,severity\n百家樂,gambling,high\nslot machine*,gambling,\n冰毒,drugs,critical\n");
    let import = ["guard", "lexicon", "import", "a.csv", "--out", "w.pack", "--id", "mine", "--licence", "own work"];
    user.run(&[&import[..], &["--title-zh", "我的词", "--format", "json"]].concat()).expect(0, &["\"left_out\": 0"]);
    let shown = ["我的词", "mine", "own work", "第", "a.csv", "gambling", "drugs", "高", "严重"];
    let shown = shown.into_iter().filter(|word| *word != "第").collect::<Vec<_>>();
    user.run(&["--lang", "zh", "guard", "lexicon", "show", "w.pack"]).expect(0, &shown);
    user.run(&["guard", "lexicon", "show", "w.pack", "--words"]).expect(0, &["gambling\tslot machine*", "drugs\t冰毒"]);
    user.run(&["guard", "lexicon", "show", "w.pack", "--find", "百·家·乐"]).expect(0, &["gambling"]);
    user.run(&["guard", "lexicon", "show", "w.pack", "--find", "象棋"]).expect(1, &["not in it"]);
    user.run(&["guard", "lexicon", "show", "a.csv"]).expect(2, &["a.csv", "not a lexicon pack"]);
    let slots = ["slot-state-power", "empty slots", "docs/guides/lexicons.md", "violence"];
    user.run(&["guard", "lexicon", "show"]).expect(0, &slots);
    let json = user.run(&["guard", "lexicon", "show", "w.pack", "--format", "json", "--words"]).expect(0, &[]).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["words"], &json["age_days"], &json["revision"]), (&3.into(), &0.into(), &1.into()));
}

#[test]
fn a_strict_import_writes_nothing_that_lost_a_word() {
    let user = User::new();
    user.write("a.txt", "百家乐\n赌\n");
    let import = ["guard", "lexicon", "import", "a.txt", "--out", "w.pack"];
    user.run(&[&import[..], &["--strict"]].concat()).expect(1, &["nothing was written"]);
    assert!(!user.path("w.pack").exists());
    user.run(&[&import[..], &["--strict", "--keep-single"]].concat()).expect(0, &["2 words"]);
    user.write("gbk.txt", b"\xd5\xa8\xb5\xaf\n\xb1\xf9\xb6\xbe\n");
    user.run(&["guard", "lexicon", "import", "gbk.txt", "--out", "x.pack"]).expect(2, &["iconv -f GB18030 -t UTF-8"]);
    user.run(&["guard", "lexicon", "import", "none.txt", "--out", "x.pack"]).expect(2, &["none.txt", "no such file"]);
    user.run(&["guard", "lexicon", "import", "a.txt"]).expect(2, &["--out"]);
    let left: Vec<_> = fs::read_dir(user.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "nothing is left beside the pack: {left:?}");
}

#[test]
fn sixty_five_thousand_words_serve() {
    let user = User::new();
    let list: String = (0..65_000).map(|n| format!("{{\"word\":\"词{n}语\",\"category\":\"gambling\"}}\n")).collect();
    user.write("list.jsonl", list);
    user.write("guard/policy.toml", POLICY);
    user.run(&["guard", "lexicon", "import", "list.jsonl", "--out", "guard/words.pack"]).expect(0, &["65000 words"]);
    judge(&user, "前词64999语后").expect(1, &["own.words"]);
    judge(&user, "前词65000语后").expect(0, &[]);
}
