use jingwei_core::Lang;
use proptest::prelude::*;

use super::*;
use crate::{Columns, Engine, Import, ImportOptions, Imported, Oddity, PackFacts, parse_policy};

fn options() -> ImportOptions {
    ImportOptions {
        category: Some("own".to_owned()),
        columns: Columns::default(),
        lang: None,
        keep_single: false,
        updated: "2026-11-21".parse().unwrap(),
    }
}

fn facts() -> PackFacts {
    let created = "2026-11-21T08:00:00Z".parse().unwrap();
    PackFacts { id: "words".to_owned(), title: None, licence: None, created }
}

fn import_with(options: ImportOptions, files: &[(&str, &[u8])], limits: &Limits) -> Result<Imported, Problems> {
    let mut import = Import::new(options, *limits);
    for (name, bytes) in files {
        import.read(name, bytes)?;
    }
    import.finish(facts(), None)
}

fn import(files: &[(&str, &[u8])]) -> Imported {
    import_with(options(), files, &Limits::default()).unwrap()
}

/// `category: words` and what was strange, as a person would note it.
#[track_caller]
fn check(name: &str, text: impl AsRef<[u8]>, expected: &[(&str, &[&str])], odd: &[(Oddity, u64)]) {
    let imported = import(&[(name, text.as_ref())]);
    let words: Vec<(&str, Vec<&str>)> = imported
        .pack
        .categories()
        .map(|(category, words)| {
            (category.name.as_str(), words.zh.iter().chain(&words.en).map(String::as_str).collect())
        })
        .collect();
    let expected: Vec<(&str, Vec<&str>)> = expected.iter().map(|(name, words)| (*name, words.to_vec())).collect();
    assert_eq!(words, expected, "{name}");
    let seen: Vec<(Oddity, u64)> =
        imported.report.oddities.iter().map(|(oddity, seen)| (*oddity, seen.count)).collect();
    assert_eq!(seen, odd, "{name}");
    let left_out: u64 = odd.iter().filter(|(oddity, _)| oddity.leaves_out()).map(|(_, count)| count).sum();
    assert_eq!(imported.report.left_out, left_out);
    let bytes = imported.pack.to_bytes();
    assert_eq!(Pack::parse(&bytes, &Limits::default()).unwrap(), imported.pack, "{name} read back");
}

#[test]
fn lists_are_read_in_every_form() {
    check("a.txt", "\u{feff}# 注释\r\n炸彈\r\n\r\n  Bömb \r\nbomb*\r\n", &[("own", &["炸弹", "bomb", "bomb*"])], &[]);
    check(
        "a.csv",
        "类别,词语,severity,lang,updated\n毒品,\"冰,毒\",高,zh,2026-01-02\n,白粉,,,\nweapons,gun,low,en-US,\n\n",
        &[("own", &["白粉"]), ("weapons", &["gun"]), ("毒品", &["冰,毒"])],
        &[],
    );
    check("a.tsv", "word\tcategory\n\"say \"\"hi\"\"\"\tx\n", &[("x", &["say \"hi\""])], &[]);
    check(
        "a.jsonl",
        "{\"word\":\"冰毒\",\"category\":\"毒品\",\"note\":[1]}\n{\"word\":\"gun\"}\n",
        &[("own", &["gun"]), ("毒品", &["冰毒"])],
        &[],
    );
}

#[test]
fn facts_of_rows_reach_the_pack() {
    let csv = "word,category,severity,updated\n冰毒,d,low,2026-01-02\n白粉,d,critical,2026-03-04\n枪支,w,,\n";
    let pack = import(&[("a.csv", csv.as_bytes())]).pack;
    let about: Vec<_> =
        pack.header().categories.iter().map(|c| (c.name.as_str(), c.severity, c.updated.to_string(), c.zh)).collect();
    assert_eq!(
        about,
        [("d", Severity::Critical, "2026-03-04".to_owned(), 2), ("w", Severity::Medium, "2026-11-21".to_owned(), 1)]
    );
    let source = &pack.header().sources[0];
    assert_eq!((source.rows, source.words, source.left_out, source.name.as_str()), (3, 3, 0, "a.csv"));
    assert_eq!(source.digest, Digest::of(csv.as_bytes()));
}

#[test]
fn what_is_strange_is_told_and_counted() {
    let long = "长".repeat(171);
    let text = format!(
        "炸弹\n弹\na\n\u{200b}\n{long}\n炸\t弹\n炸彈\n炸\u{200b}弹\n冰\u{200b}毒\n{}",
        "好词\n坏词\n".repeat(2)
    );
    let odd = [
        (Oddity::Empty, 1),
        (Oddity::SingleCharacter, 2),
        (Oddity::TooLong, 1),
        (Oddity::ControlCharacters, 1),
        (Oddity::Duplicate, 4),
        (Oddity::HiddenCharacters, 2),
    ];
    check("a.txt", text, &[("own", &["冰毒", "坏词", "好词", "炸弹"])], &odd);
    check(
        "a.csv",
        "word,category,severity,lang,updated\n冰毒,a,,,\n冰毒,b,mild,fr,soon\n\"x\n好词,\u{200b}x,,,\n坏词,b,,,\n",
        &[("a", &["冰毒"]), ("b", &["冰毒", "坏词"])],
        &[
            (Oddity::BadRow, 1),
            (Oddity::BadCategory, 1),
            (Oddity::SeveralCategories, 1),
            (Oddity::UnknownSeverity, 1),
            (Oddity::UnknownLanguage, 1),
            (Oddity::BadDate, 1),
        ],
    );
    check(
        "a.jsonl",
        "{\"word\":\"冰毒\"}\n[1]\n{\"word\":3}\n{\"text\":\"x\"}\n{\"word\":\"\"}\nxx\n",
        &[("own", &["冰毒"])],
        &[(Oddity::BadRow, 4), (Oddity::Empty, 1)],
    );
    let broken = [&b"\xb5\xea\n"[..], "冰毒\n白粉\n".as_bytes()].concat();
    check("a.txt", broken, &[("own", &["冰毒", "白粉"])], &[(Oddity::NotUtf8, 1)]);
    let kept = ImportOptions { keep_single: true, ..options() };
    let kept = import_with(kept, &[("a.txt", "弹\n".as_bytes())], &Limits::default()).unwrap();
    assert_eq!((kept.pack.word_count(), kept.report.left_out), (1, 0));
    let first = &import(&[("a.txt", "炸弹\n\n弹\n".as_bytes())]).report.oddities[&Oddity::SingleCharacter].examples[0];
    assert_eq!((first.line, first.text.as_str()), (3, "弹"));
}

#[test]
fn a_list_that_cannot_be_read_is_refused_with_a_remedy() {
    let columns = |word: &str, category: Option<&str>| ImportOptions {
        columns: Columns { word: Some(word.to_owned()), category: category.map(str::to_owned) },
        ..options()
    };
    let tight = Limits { entries: 2, header_bytes: 30, ..Limits::default() };
    let many: String = (0..=MAX_CATEGORIES).map(|n| format!("词语,c{n}\n")).collect();
    let many = format!("word,category\n{many}");
    let loose = Limits::default();
    for (name, bytes, options, limits, said) in [
        ("a.txt", &b"\xd5\xa8\xb5\xaf\n\xb1\xf9\xb6\xbe\n"[..], options(), loose, "iconv -f GB18030 -t UTF-8"),
        ("a.txt", b"\xff\xfea\0", options(), loose, "UTF-16"),
        ("a.txt", b"\xff\xff\n", options(), loose, "not UTF-8; convert"),
        ("a.txt", b"", options(), loose, "no word"),
        ("a.txt", "弹".as_bytes(), options(), loose, "no word"),
        ("a.csv", b"name,kind\nx,y\n", options(), loose, "--word-column"),
        ("a.csv", b"word,kind\nxx,y\n", columns("word", Some("art")), loose, "--category-column"),
        ("a.txt", b"aa\nbb\ncc\n", options(), tight, "more than 2 rows"),
        ("a.txt", &[b'a'; 31], options(), tight, "larger than 30 bytes"),
        ("a.csv", many.as_bytes(), options(), loose, "10000 categories"),
    ] {
        let problems = import_with(options, &[(name, bytes)], &limits).unwrap_err().to_string();
        assert!(problems.contains(said), "{said:?} is not in {problems:?}");
    }
    let by_number = import_with(columns("2", Some("1")), &[("a.csv", "d,冰毒\n".as_bytes())], &loose).unwrap();
    assert_eq!(by_number.pack.find("冰毒")[0].name, "d");
    let by_name = import_with(columns("Name", None), &[("a.csv", "id,NAME\n1,冰毒\n".as_bytes())], &loose).unwrap();
    assert_eq!(by_name.pack.find("冰毒")[0].name, "own");
}

#[test]
fn an_import_into_a_pack_replaces_categories_and_remembers() {
    let first = import(&[("a.csv", "word,category,severity\n冰毒,d,high\n白粉,d,\n枪支,w,low\n".as_bytes())]).pack;
    let mut next = Import::new(options(), Limits::default());
    next.read("b.csv", "word,category\n海洛因,d\n枪支,n\n".as_bytes()).unwrap();
    let later =
        PackFacts { licence: Some("CC0-1.0".to_owned()), created: "2026-12-01T00:00:00Z".parse().unwrap(), ..facts() };
    let second = next.finish(later, Some(first.clone())).unwrap();
    let changes: Vec<_> = second.changes.iter().map(|c| (c.category.as_str(), c.words, c.before)).collect();
    assert_eq!(changes, [("d", 1, Some(2)), ("n", 1, None)]);
    assert_eq!(second.report.oddities[&Oddity::SeveralCategories].count, 1, "`枪支` stays in w");
    let header = second.pack.header();
    assert_eq!((first.header().revision, header.revision, header.licence.as_str()), (1, 2, "CC0-1.0"));
    let about: Vec<_> = header.categories.iter().map(|c| (c.name.as_str(), c.revision, c.severity)).collect();
    assert_eq!(about, [("d", 2, Severity::High), ("n", 2, Severity::Medium), ("w", 1, Severity::Low)]);
    let sources: Vec<_> = header.sources.iter().map(|s| (s.revision, s.name.as_str())).collect();
    assert_eq!(sources, [(1, "a.csv"), (2, "b.csv")]);
    assert!(second.pack.find("冰毒").is_empty());
    let mut pack = second.pack;
    for _ in 0..250 {
        let mut import = Import::new(options(), Limits::default());
        import.read("c.txt", "词语\n".as_bytes()).unwrap();
        pack = import.finish(facts(), Some(pack)).unwrap().pack;
    }
    assert_eq!((pack.header().sources.len(), pack.header().older_sources, pack.header().revision), (200, 52, 252));
}

#[test]
fn a_word_is_found_in_whatever_writing() {
    let pack = import(&[("a.txt", "炸彈\nbomb*\n".as_bytes())]).pack;
    for (word, held) in [("炸-弹", true), ("ＢＯＭＢ", true), ("bomb*", true), ("弹", false), ("", false)] {
        assert_eq!(!pack.find(word).is_empty(), held, "{word:?}");
    }
}

const POLICY: &str = "kind = 'guard-policy'\nversion = 1\nid = 'p'\ntitle = { zh = '题', en = 't' }\n\
    block_message = { zh = '不', en = 'no' }\npacks = ['a.pack', 'b.pack']\n[[rule]]\nid = 'own.words'\n\
    title = { zh = '词', en = 'w' }\ndirection = 'both'\nwhen = { kind = 'lexicon', lexicons = ['own'] }\n\
    action = 'block'\nseverity = 'high'\n";

#[test]
fn a_policy_is_compiled_with_its_packs_or_not_at_all() {
    let policy = parse_policy("p.toml", POLICY.as_bytes()).unwrap();
    let limits = Limits::default();
    let a = import(&[("a.txt", "炸弹\n".as_bytes())]).pack.to_bytes();
    let mut other = import(&[("b.txt", "冰毒\n".as_bytes())]).pack;
    other.header.id = "other".to_owned();
    let b = other.to_bytes();
    let given = |a: &[u8], b: &[u8]| {
        let (a, b) = (a.to_vec(), b.to_vec());
        lexicons_of_packs(&policy, &limits, |path| match path {
            "a.pack" => Ok(a.clone()),
            _ if b.is_empty() => Err(Text::same("gone")),
            _ => Ok(b.clone()),
        })
    };
    let lexicons = given(&a, &b).unwrap();
    assert_eq!(lexicons.iter().map(|l| l.id.as_str()).collect::<Vec<_>>(), ["words.own", "other.own"]);
    let engine = Engine::compile(&policy, &lexicons).unwrap();
    for text in ["一个炸弹", "一包冰毒"] {
        let verdict = engine.judge_text(crate::Direction::Input, text, &limits);
        assert_eq!(verdict.action, jingwei_core::Action::Block, "{text}");
    }
    let fewer = import(&[("a.txt", "炸弹壳\n".as_bytes())]).pack.to_bytes();
    let changed = Engine::compile(&policy, &given(&fewer, &b).unwrap()).unwrap();
    assert_ne!(engine.digest(), changed.digest(), "the digest covers the words of packs");
    for (a, b, said) in [
        (&a[..], &[][..], "p.toml:6: `packs[1]`: `b.pack`: gone"),
        (&a, &a, "p.toml:6: `packs[1]`: another pack has the id `words`"),
        (b"junk", &b, "p.toml:6: `packs[0]`: `a.pack`: not a lexicon pack"),
        (&a[..9], &a[..a.len() - 1], "`packs[1]`: `b.pack`: the pack is cut short by 1 bytes"),
    ] {
        let problems = given(a, b).unwrap_err().to_string();
        assert!(problems.contains(said), "{said:?} is not in {problems:?}");
    }
    let many = POLICY.replace("'b.pack'", &"'a.pack',".repeat(MAX_PACKS));
    let many = parse_policy("p.toml", many.as_bytes()).unwrap();
    let problems = lexicons_of_packs(&many, &limits, |_| Err(Text::same("gone"))).unwrap_err().to_string();
    assert!(problems.contains("more than 64 packs"), "{problems}");
}

#[test]
fn a_pack_lies_beside_its_policy() {
    for (policy, pack, path) in [
        ("p.toml", "w.pack", "w.pack"),
        ("a/b/p.toml", "w.pack", "a/b/w.pack"),
        ("a/p.toml", "../w.pack", "w.pack"),
        ("a/p.toml", "./c/../w.pack", "a/w.pack"),
        ("p.toml", "../w.pack", "../w.pack"),
        ("a/p.toml", "../../../w.pack", "../../w.pack"),
        ("/x/p.toml", "w.pack", "/x/w.pack"),
        ("a/p.toml", "/y/w.pack", "/y/w.pack"),
    ] {
        assert_eq!(pack_path(policy, pack), path, "{policy} {pack}");
    }
}

#[test]
fn a_pack_that_is_not_whole_is_refused() {
    let bytes = import(&[("a.txt", "炸弹\n冰毒\nbomb*\n".as_bytes())]).pack.to_bytes();
    let limits = Limits::default();
    for end in 0..bytes.len() {
        let error = Pack::parse(&bytes[..end], &limits).unwrap_err();
        assert!(matches!(error, PackError::Truncated { .. } | PackError::NotAPack), "{end}: {error}");
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(Pack::parse(&changed, &limits).is_err(), "a changed byte at {at}");
    }
    assert_eq!(Pack::parse(&[&bytes[..], b"x"].concat(), &limits), Err(PackError::Changed));
    let small = Limits { header_bytes: bytes.len() as u64 - 1, ..limits };
    assert!(matches!(Pack::parse(&bytes, &small), Err(PackError::TooLarge { .. })));
    let few = Limits { entries: 2, ..limits };
    assert_eq!(Pack::parse(&bytes, &few), Err(PackError::TooMany { limit: 2 }));
}

/// A file whose digests are right and whose content is not.
fn forged(header: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&u32::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(body);
    let digest = Digest::of(&bytes);
    bytes.extend_from_slice(&digest.0);
    bytes
}

#[test]
fn a_forged_pack_is_refused() {
    let pack = import(&[("a.txt", "aab\naac\n".as_bytes())]).pack;
    let body = pack.body();
    let with = |change: &dyn Fn(&mut PackHeader), body: &[u8]| {
        let mut header = pack.header.clone();
        header.words_digest = Digest::of(body);
        change(&mut header);
        forged(&serde_json::to_string(&header).unwrap(), body)
    };
    let same = |_: &mut PackHeader| {};
    let count = |n: u64| move |header: &mut PackHeader| header.categories[0].en = n;
    let bomb: Vec<u8> = [&[0, 3], &b"aaa"[..]].concat();
    let mut shared = vec![0, 0x80 | 0x7f, 3];
    shared.extend([b'a'; 511]);
    for n in 0..2000_u32 {
        // 510 bytes shared with the word before, one or two of its own that rise.
        let own = char::from_u32(0xe000 + n).unwrap().to_string();
        shared.extend([0x80 | 0x7d, 3, 3]);
        shared.extend(own.as_bytes());
    }
    let tight = Limits { expansion_ratio: 2, ..Limits::default() };
    let loose = Limits::default();
    for (bytes, limits, said) in [
        (with(&|h| h.version = 2, &body), loose, "format is version 2"),
        (forged("{}", &body), loose, "its header is no object"),
        (forged("{\"version\":1}", &body), loose, "lacks something"),
        (forged("[", &body), loose, "its header is no object"),
        (with(&|h| h.id = "../x".to_owned(), &body), loose, "its id is none"),
        (with(&|h| h.categories[0].name = "\u{202e}x".to_owned(), &body), loose, "name of a category"),
        (with(&|h| h.categories.push(h.categories[0].clone()), &body), loose, "not in order"),
        (with(&|h| h.words_digest = Digest::of(b""), &body), loose, "names other words"),
        (with(&count(1), &body), loose, "that its header does not count"),
        (with(&count(3), &body), loose, "cut short"),
        (with(&count(u64::MAX), &body), loose, "more than 1000000 words"),
        (with(&count(1_000_000), &bomb), loose, "cut short"),
        (with(&count(2001), &shared), tight, "larger than"),
        (with(&same, &[0, 3, b'b', b'b', b'b', 0, 1, b'a']), loose, "not in order"),
        (with(&same, &[0, 1, b'a', 1, 0]), loose, "empty or too long"),
        (with(&same, &[0, 1, b'a', 9, 1, b'b']), loose, "cut short"),
        (with(&same, &[0, 1, 0xff, 0, 1, b'b']), loose, "not UTF-8"),
        (with(&same, &[0x80, 0x80, 0x80]), loose, "cut short"),
        (with(&same, &[0, 0xff, 0x7f]), loose, "empty or too long"),
    ] {
        let error = Pack::parse(&bytes, &limits).unwrap_err().to_string();
        assert!(error.contains(said), "{said:?} is not in {error:?}");
    }
    let lists =
        (0..=MAX_CATEGORIES).map(|n| PackCategory { name: format!("{n:06}"), ..pack.header.categories[0].clone() });
    let lists: Vec<PackCategory> = lists.collect();
    let wide = with(&|h| h.categories.clone_from(&lists), &body);
    assert_eq!(Pack::parse(&wide, &loose), Err(PackError::TooMany { limit: MAX_CATEGORIES as u64 }));
    let long = with(&|h| h.licence = "x".repeat(MAX_HEADER_BYTES), &body);
    assert!(matches!(Pack::parse(&long, &loose), Err(PackError::TooLarge { .. })));
}

/// Packs that earlier versions of this program wrote stay readable for ever.
#[test]
fn old_packs_are_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/compat/lexicon-pack-1.pack");
    let pack = Pack::parse(&std::fs::read(path).unwrap(), &Limits::default()).unwrap();
    assert_eq!((pack.header().id.as_str(), pack.header().revision, pack.word_count()), ("compat", 2, 5));
    assert_eq!(pack.find("炸彈")[0].name, "weapons");
    assert_eq!(pack.find("ＧＵＮ")[0].name, "weapons");
    assert_eq!(pack.header().sources.len(), 2);
}

#[test]
fn sixty_five_thousand_words_are_one_small_file() {
    let text: String = (0..65_000).map(|n| format!("词{n}语\n")).collect();
    let imported = import(&[("a.txt", text.as_bytes())]);
    assert_eq!((imported.pack.word_count(), imported.report.left_out), (65_000, 0));
    let bytes = imported.pack.to_bytes();
    assert!(bytes.len() < text.len(), "{} bytes of {}", bytes.len(), text.len());
    assert_eq!(Pack::parse(&bytes, &Limits::default()).unwrap().find("词64999语").len(), 1);
}

#[test]
fn a_category_comes_from_the_row_else_the_option_else_the_file() {
    let options = ImportOptions { category: None, ..options() };
    let files: [(&str, &[u8]); 2] =
        [("gambling.txt", "赌场\n".as_bytes()), ("b.csv", "word,category\n冰毒,d\n白粉,\n".as_bytes())];
    let pack = import_with(options, &files, &Limits::default()).unwrap().pack;
    let names: Vec<&str> = pack.header().categories.iter().map(|category| category.name.as_str()).collect();
    assert_eq!(names, ["b", "d", "gambling"]);
}

#[test]
fn a_language_may_be_given() {
    let options = ImportOptions { lang: Some(Lang::Zh), ..options() };
    let pack = import_with(options, &[("a.txt", b"av\n")], &Limits::default()).unwrap().pack;
    assert_eq!((pack.header().categories[0].zh, pack.header().categories[0].en), (1, 0));
}

proptest! {
    #[test]
    fn every_word_of_a_list_is_found_in_its_pack(words in prop::collection::vec("[a-zA-Zａ-ｃ炸彈弹é*.\u{200b} ]{2,8}", 1..30)) {
        let text = words.join("\n");
        let mut import = Import::new(ImportOptions { keep_single: true, ..options() }, Limits::default());
        import.read("a.txt", text.as_bytes()).unwrap();
        if let Ok(imported) = import.finish(facts(), None) {
            let pack = Pack::parse(&imported.pack.to_bytes(), &Limits::default()).unwrap();
            prop_assert_eq!(&pack, &imported.pack);
            let usable = words.iter().filter(|word| !WordForm::of(word).normal.is_empty());
            for word in usable {
                prop_assert!(!pack.find(word).is_empty(), "{:?}", word);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), name in 0..4_usize) {
        let name = ["a.txt", "a.csv", "a.tsv", "a.jsonl"][name];
        let mut import = Import::new(options(), Limits::default());
        if import.read(name, &bytes).is_ok() && let Ok(imported) = import.finish(facts(), None) {
            prop_assert!(Pack::parse(&imported.pack.to_bytes(), &Limits::default()).is_ok());
        }
        let _ = Pack::parse(&bytes, &Limits::default());
    }

    #[test]
    fn a_table_is_read_as_it_was_written(
        cells in prop::collection::vec(("[a-c\"\n, ]{1,6}", "[a-c]{1,3}"), 1..10),
    ) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let rows: String = cells.iter().map(|(word, category)| format!("{},{category}\r\n", quoted(word))).collect();
        let text = format!("word,category\r\n{rows}");
        let mut read = Vec::new();
        crate::pack_rows::read_rows("a.csv", text.as_bytes(), &Columns::default(), &Limits::default(), &mut |_, row| {
            if let crate::pack_rows::Row::Word(row) = row {
                read.push((row.word.into_owned(), row.category.unwrap_or_default().into_owned()));
            }
        }).unwrap();
        prop_assert_eq!(read, cells);
    }
}
