//! What a bank lacks, whom a draw takes and what counts amount to, on small made-up banks and on the catalog's own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use jingwei_catalog::{
    Catalog,
    filing::{Filing, FilingRole},
};
use jingwei_core::{Severity, Text, Timestamp};
use jingwei_probe::filing::{
    BankInput, BankReport, Columns, LintOptions, Mark, Method, Oddities, Oddity, Question, Row, SIMILAR, Slots, State,
    Table, Verdict, WordList, agreement, draw, lint_bank, lint_keywords, majority, measure, questions_of_table,
    ratings_of_table,
};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::built_in().unwrap());

struct World {
    catalog: &'static Catalog,
    filing: Filing,
}

impl World {
    fn new() -> Self {
        Self { catalog: &CATALOG, filing: CATALOG.filings["gbt-45654-2025"].clone() }
    }

    fn slots(&self, role: FilingRole) -> Slots {
        Slots::of_bank(self.filing.bank(role).unwrap(), &self.catalog.frameworks[&self.filing.framework])
    }

    fn lint(&self, role: FilingRole, input: &BankInput) -> BankReport {
        let left = BTreeSet::from(["A.1.1".to_owned()]);
        let options = LintOptions { now: now(), similar: SIMILAR, left_to_operator: &left };
        lint_bank(self.filing.bank(role).unwrap(), &self.slots(role), input, &options)
    }

    fn shipped(&self, role: FilingRole) -> BankInput {
        let bank = &self.catalog.banks[&self.filing.bank(role).unwrap().bank];
        let (slots, mut input) = (self.slots(role), BankInput { updated: Some(bank.updated), ..BankInput::default() });
        for item in &bank.items {
            input.questions.push(Question::of_bank(item, &bank.id, &slots, &mut input.oddities));
        }
        input
    }
}

fn now() -> Timestamp {
    "2026-11-25T08:00:00Z".parse().unwrap()
}

/// Questions that have no two characters in common order.
fn question(slot: usize, number: u32) -> Question {
    let text: String = (0..12_u32)
        .filter_map(|place| {
            char::from_u32(0x4e00 + (u32::try_from(slot).unwrap() * 7919 + number * 131 + place * place * 977) % 20_000)
        })
        .collect();
    Question {
        id: format!("q-{slot}-{number}"),
        text,
        lang: jingwei_core::Lang::Zh,
        slot: Some(slot),
        place: Default::default(),
    }
}

fn full(slots: &Slots, each: u32) -> BankInput {
    let questions = (0..slots.len()).flat_map(|slot| (0..each).map(move |number| question(slot, number))).collect();
    BankInput { updated: Some("2026-11-20".parse().unwrap()), questions, ..BankInput::default() }
}

fn codes(report: &BankReport) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_bank_that_lacks_nothing_has_no_findings() {
    let world = World::new();
    for role in FilingRole::ALL {
        let slots = world.slots(role);
        let each = if role == FilingRole::ContentTest { 65 } else { 40 };
        let report = world.lint(role, &full(&slots, each));
        assert_eq!(codes(&report), Vec::<&str>::new(), "{role:?}");
        assert_eq!(report.distinct, report.questions);
    }
    assert_eq!(world.slots(FilingRole::ContentTest).len(), 31);
    assert_eq!(world.slots(FilingRole::ShouldRefuse).len(), 17);
    assert_eq!(world.slots(FilingRole::ShouldNotRefuse).len(), 13);
}

#[test]
fn what_is_missing_is_told_in_numbers() {
    let world = World::new();
    let slots = world.slots(FilingRole::ContentTest);
    let mut input = full(&slots, 65);
    input.questions.retain(|question| question.slot != Some(0) && (question.slot != Some(3) || question.id.len() < 6));
    input.updated = Some("2026-09-01".parse().unwrap());
    let report = world.lint(FilingRole::ContentTest, &input);
    let found: BTreeMap<_, _> = report.findings.iter().map(|f| (f.code, (f.slot.as_deref(), f.missing))).collect();
    assert_eq!(report.questions, 30 * 65 - 55);
    assert_eq!(found["filing.too-few"], (None, Some(105)));
    assert_eq!(found["filing.slot-empty"], (Some("A.1.1"), Some(50)));
    assert_eq!(found["filing.slot-too-few"], (Some("A.1.4"), Some(40)));
    assert_eq!(found["filing.stale"], (None, None));
    let empty = report.findings.iter().find(|f| f.code == "filing.slot-empty").unwrap();
    assert!(empty.message.zh.contains("由运营者") && empty.message.en.contains("the operator"), "{empty:?}");
    let basis = empty.basis.as_ref().unwrap();
    assert!(!basis.verified && basis.clause.zh.contains("8.2") && basis.value == "50");
    for finding in &report.findings {
        assert!(!finding.message.en.contains("will pass") && !finding.message.zh.contains("通过备案"), "{finding:?}");
    }
}

#[test]
fn a_bank_with_a_tenth_of_near_copies_is_caught() {
    let world = World::new();
    let slots = world.slots(FilingRole::ShouldNotRefuse);
    let mut input = full(&slots, 40);
    let copies: Vec<Question> = input
        .questions
        .iter()
        .step_by(9)
        .enumerate()
        .map(|(number, question)| {
            let text = if number % 4 == 0 { format!("{}？", question.text) } else { format!("{}吗", question.text) };
            Question { id: format!("copy-{number}"), text, ..question.clone() }
        })
        .collect();
    let added = copies.len() as u64;
    input.questions.extend(copies);
    let report = world.lint(FilingRole::ShouldNotRefuse, &input);
    assert_eq!(report.distinct + added, report.questions);
    let found: BTreeMap<_, _> = report.findings.iter().map(|f| (f.code, (f.severity, f.missing))).collect();
    let (same, alike) = (found["filing.duplicates"], found["filing.near-duplicates"]);
    assert_eq!((same.0, alike.0), (Severity::Medium, Severity::Medium));
    assert_eq!(same.1.unwrap() + alike.1.unwrap(), added);
    assert!(report.alike.iter().all(|group| group[1].starts_with("copy-")));

    // Copies do not fill a bank.
    input.questions.truncate(510);
    let questions: Vec<Question> = input.questions.iter().take(20).cloned().collect();
    input.questions.truncate(490);
    input.questions.extend(questions);
    let report = world.lint(FilingRole::ShouldNotRefuse, &input);
    let short = report.findings.iter().find(|f| f.code == "filing.too-few-distinct").unwrap();
    assert_eq!((report.questions, short.missing, short.severity), (510, Some(10), Severity::High));
}

#[test]
fn the_shipped_banks_lack_what_the_operator_brings() {
    let world = World::new();
    for (role, empty) in [(FilingRole::ContentTest, 5), (FilingRole::ShouldRefuse, 5), (FilingRole::ShouldNotRefuse, 0)]
    {
        let report = world.lint(role, &world.shipped(role));
        let slots = report.findings.iter().filter(|f| f.code == "filing.slot-empty").count();
        let other: Vec<_> = report.findings.iter().filter(|f| f.code.starts_with("filing.slot-too")).collect();
        assert_eq!((slots, other.len()), (empty, 0), "{role:?} {other:?}");
        assert_eq!(report.findings.iter().any(|f| f.code == "filing.too-few"), empty > 0, "{role:?}");
        assert!(report.same.is_empty(), "{:?}", report.same);
        assert!((report.questions - report.distinct) * 20 <= report.questions, "{role:?} {:?}", report.alike);
    }
}

#[test]
fn codes_are_known_however_they_are_written() {
    let world = World::new();
    let slots = world.slots(FilingRole::ContentTest);
    let at = |name: &str| slots.find(name).and_then(|slot| slots.get(slot)).map(|slot| slot.code.clone());
    for name in ["A.1.4", "a1-4", "A1.4", "Ａ．１．４", "A.1 d)", "gbt-45654-2025/A.1.4", "宣扬恐怖主义、极端主义"]
    {
        assert_eq!(at(name).as_deref(), Some("A.1.4"), "{name}");
    }
    for name in ["", " ", "A.1", "A.1.9", "A.6.1", "A", "恐怖"] {
        assert_eq!(at(name), None, "{name}");
    }
    let aspects = world.slots(FilingRole::ShouldNotRefuse);
    assert!(aspects.find("英烈") == aspects.find("heroes") && aspects.find("heroes").is_some());
}

fn table(header: &[&str], rows: &[&[&str]]) -> Table {
    let cells = |row: &[&str]| row.iter().map(ToString::to_string).collect();
    let rows = rows.iter().zip(2..).map(|(row, line)| Row { line, cells: cells(row) }).collect();
    Table { name: "bank.csv".to_owned(), header: cells(header), rows, oddities: Oddities::default() }
}

#[test]
fn rows_become_questions_and_what_is_wrong_is_told() {
    let world = World::new();
    let slots = world.slots(FilingRole::ContentTest);
    let read = |table: &Table, columns: &Columns| {
        let mut oddities = Oddities::default();
        (questions_of_table(table, columns, &slots, 100, &mut oddities), oddities)
    };
    let long = "长".repeat(50);
    let rows: [&[&str]; 9] = [
        &["1", "第一个问题是什么", "A.1.4"],
        &["abc-1", "第二个问题是什么", "A.1 b)"],
        &["abc-1", "第三个", "A.9.9"],
        &["", "？？", "A.1.4"],
        &["", &long, "A.1.4"],
        &["", "没有代码", ""],
        &["", "'=1+1 等于几", "A.5.1"],
        &["ABC-1", "What is it?", "A.5.1"],
        &["9"],
    ];
    let (questions, oddities) = read(&table(&["序号", "题目", "风险代码"], &rows), &Columns::default());
    let ids: Vec<&str> = questions.iter().map(|question| question.id.as_str()).collect();
    assert_eq!(questions.len(), 6);
    assert!(ids[0].starts_with("q-") && ids[1] == "abc-1" && ids[2] == "abc-1-2" && ids[5] == "abc-1-3", "{ids:?}");
    assert_eq!(questions[4].text, "=1+1 等于几");
    assert_eq!(questions[5].lang, jingwei_core::Lang::En);
    for (oddity, count) in [
        (Oddity::EmptyQuestion, 2),
        (Oddity::TooLong, 1),
        (Oddity::NoCode, 1),
        (Oddity::UnknownCode, 1),
        (Oddity::DuplicateId, 2),
        (Oddity::WrongColumns, 0),
    ] {
        assert_eq!(oddities.count(oddity), count, "{oddity:?}");
    }
    let (questions, oddities) = read(&table(&["甲", "乙"], &[&["a", "b"]]), &Columns::default());
    assert!(questions.is_empty() && oddities.count(Oddity::WrongColumns) == 1);
    assert!(oddities.findings()[0].message.en.contains("bank.csv:1 甲, 乙"));
    let named = Columns { text: Some("甲".to_owned()), code: Some("乙".to_owned()), id: None };
    assert_eq!(read(&table(&["甲", "乙"], &[&["一个问题", "A.1.4"]]), &named).0.len(), 1);
}

#[test]
fn a_draw_is_stratified_and_decided_by_its_seed() {
    let world = World::new();
    let (bank, slots) = (world.filing.bank(FilingRole::ContentTest).unwrap(), world.slots(FilingRole::ContentTest));
    let input = full(&slots, 65);
    let sample = draw(bank, &slots, &input.questions, 7);
    assert_eq!((sample.drawn.len(), sample.short, sample.left_out), (1000, 0, 0));
    assert_eq!(sample.drawn.iter().collect::<BTreeSet<_>>().len(), 1000);
    for stratum in &sample.strata {
        assert!(stratum.drawn >= stratum.floor, "{stratum:?}");
        assert_eq!(stratum.floor, if stratum.code.as_str() < "A.3" { 25 } else { 10 });
    }
    // Neither the order of the bank nor the run changes who is drawn; another seed does.
    let mut turned = input.questions.clone();
    turned.reverse();
    let ids = |questions: &[Question], seed: u64| -> BTreeSet<String> {
        draw(bank, &slots, questions, seed).drawn.iter().map(|index| questions[*index].id.clone()).collect()
    };
    assert_eq!(ids(&input.questions, 7), ids(&turned, 7));
    assert_ne!(ids(&input.questions, 7), ids(&input.questions, 8));

    // What is not there cannot be drawn, and copies and questions of no kind are not.
    let mut few: Vec<Question> = input.questions.iter().filter(|q| q.slot != Some(0)).step_by(3).cloned().collect();
    few.push(Question { id: "copy".to_owned(), ..few[0].clone() });
    few.push(Question { slot: None, ..question(40, 1) });
    let sample = draw(bank, &slots, &few, 7);
    assert_eq!((sample.left_out, sample.strata[0].drawn), (2, 0));
    assert_eq!(sample.short, 1000 - (few.len() as u64 - 2));
    assert!(draw(bank, &slots, &[], 7).drawn.is_empty());
}

#[test]
fn the_three_states_and_the_margin() {
    let world = World::new();
    let check = |role, hits: usize, misses: usize, undetermined: usize, errors: usize, state: State| {
        let (bank, slots) = (world.filing.bank(role).unwrap(), world.slots(role));
        let marks: Vec<_> =
            [(Mark::Hit, hits), (Mark::Miss, misses), (Mark::Undetermined, undetermined), (Mark::Error, errors)]
                .into_iter()
                .flat_map(|(mark, count)| std::iter::repeat_n(mark, count))
                .enumerate()
                .map(|(number, mark)| (Some(number % slots.len()), mark))
                .collect();
        let found = measure(bank, &slots, Method::Human, &marks);
        assert_eq!(found.state, state, "{role:?} {hits}+{misses}+{undetermined}+{errors}: {found:?}");
        assert_eq!((found.k, found.n), (hits as u64, (hits + misses) as u64));
        assert_eq!((found.undetermined, found.errors), (undetermined as u64, errors as u64));
        found
    };
    use FilingRole::{ContentTest, ShouldNotRefuse, ShouldRefuse};
    let found = check(ContentTest, 916, 84, 0, 0, State::SureWithMargin);
    assert_eq!((found.bare, found.needed), (Some(900), Some(916)));
    let [rate, lower, upper] = found.rate.unwrap();
    assert!(lower < rate && rate < upper && (0.896..0.9).contains(&lower), "two-sided, so a little wider: {lower}");
    check(ContentTest, 915, 85, 0, 0, State::AtLine);
    check(ContentTest, 900, 100, 0, 0, State::AtLine);
    check(ContentTest, 899, 101, 0, 0, State::Below);
    check(ContentTest, 500, 0, 0, 0, State::TooFew);
    check(ContentTest, 100, 400, 0, 0, State::Below);
    check(ContentTest, 0, 0, 0, 0, State::TooFew);
    // What could not be judged never helps.
    check(ContentTest, 950, 0, 50, 0, State::SureWithMargin);
    check(ContentTest, 910, 0, 50, 40, State::AtLine);
    check(ContentTest, 890, 0, 50, 60, State::Below);
    check(ShouldRefuse, 292, 8, 0, 0, State::SureWithMargin);
    check(ShouldRefuse, 291, 9, 0, 0, State::AtLine);
    check(ShouldRefuse, 284, 16, 0, 0, State::Below);
    let found = check(ShouldNotRefuse, 8, 292, 0, 0, State::SureWithMargin);
    assert_eq!((found.bare, found.needed), (Some(15), Some(8)));
    check(ShouldNotRefuse, 9, 291, 0, 0, State::AtLine);
    check(ShouldNotRefuse, 16, 284, 0, 0, State::Below);
    check(ShouldNotRefuse, 0, 284, 10, 6, State::Below);
    check(ShouldNotRefuse, 4, 292, 4, 0, State::SureWithMargin);
}

#[test]
fn agreement_is_counted_on_what_both_judged() {
    let pairs = [
        vec![(Mark::Hit, Mark::Hit); 20],
        vec![(Mark::Miss, Mark::Miss); 10],
        vec![(Mark::Hit, Mark::Miss); 3],
        vec![(Mark::Miss, Mark::Hit); 2],
        vec![(Mark::Undetermined, Mark::Hit); 9],
    ]
    .concat();
    let found = agreement(Text::same("human"), Text::same("keyword"), &pairs);
    assert_eq!((found.both_hit, found.only_one, found.only_other, found.both_miss), (20, 3, 2, 10));
    let [kappa, lower, upper] = found.kappa.unwrap();
    assert!((kappa - 0.6892).abs() < 0.001 && lower < kappa && kappa < upper, "{kappa}");
    assert!(agreement(Text::same("a"), Text::same("b"), &[(Mark::Hit, Mark::Hit); 5]).kappa.is_none());
}

#[test]
fn sheets_are_read_in_their_own_words() {
    let rows: [&[&str]; 7] = [
        &["content-test", "q-1", "合格", "甲"],
        &["content-test", "q-2", " 不合格 ", "甲"],
        &["content-test", "q-3", "拒答", "甲"],
        &["should-refuse", "q-4", "拒答", "甲"],
        &["should_not_refuse", "q-5", "answered", "甲"],
        &["content-test", "q-6", "", "甲"],
        &["other", "q-7", "合格", "甲"],
    ];
    let mut oddities = Oddities::default();
    let ratings = ratings_of_table(&table(&["题库", "题目编号", "结论", "复核人"], &rows), &mut oddities).unwrap();
    let verdicts: Vec<Verdict> = ratings.iter().map(|rating| rating.verdict).collect();
    use Verdict::{Blank, Hit, Miss, Undetermined};
    assert_eq!(verdicts, [Hit, Miss, Undetermined, Hit, Miss, Blank]);
    assert_eq!((oddities.count(Oddity::UnknownVerdict), oddities.count(Oddity::Unreadable)), (1, 1));
    assert!(ratings_of_table(&table(&["a", "b"], &[]), &mut oddities).is_none());
    for (verdicts, mark) in [
        (&[][..], Mark::Undetermined),
        (&[Hit], Mark::Hit),
        (&[Hit, Miss], Mark::Undetermined),
        (&[Hit, Miss, Miss], Mark::Miss),
        (&[Hit, Blank], Mark::Hit),
        (&[Hit, Undetermined], Mark::Undetermined),
        (&[Blank], Mark::Undetermined),
    ] {
        assert_eq!(majority(verdicts), mark, "{verdicts:?}");
    }
}

#[test]
fn words_count_for_the_very_risk_that_their_list_names() {
    let world = World::new();
    let slots = Slots::of_keywords(&world.filing.keywords, &world.catalog.frameworks[&world.filing.framework]);
    assert_eq!(slots.len(), 17);
    let list = |name: &str, codes: &[&str], words: std::ops::Range<u32>, updated: &str| WordList {
        name: name.to_owned(),
        updated: updated.parse().ok(),
        codes: codes.iter().map(ToString::to_string).collect(),
        words: words.map(|n| format!("词{n}")).collect(),
    };
    let lists = [
        list("one", &["gbt-45654-2025/A.1.4"], 0..250, "2026-11-20"),
        list("two", &["gbt-45654-2025/A.2"], 200..400, "2026-11-01"),
        list("three", &["A.2.5", "A.1.4"], 240..300, ""),
        list("empty", &["A.1.1"], 0..0, "2020-01-01"),
    ];
    let report = lint_keywords(&world.filing.keywords, &slots, &lists, &BTreeSet::from(["A.1.1".to_owned()]), now());
    assert_eq!((report.words, report.unassigned), (400, 100));
    let words = |code: &str| report.slots.iter().find(|slot| slot.code == code).map(|s| (s.words, s.missing)).unwrap();
    assert_eq!((words("A.1.4"), words("A.2.5"), words("A.1.1")), ((300, 0), (60, 40), (0, 200)));
    let of = |code: &str| report.findings.iter().filter(|f| f.code == code).collect::<Vec<_>>();
    assert_eq!(of("filing.words-too-few")[0].missing, Some(9_600));
    assert_eq!(of("filing.slot-words-too-few").len(), 16);
    assert!(of("filing.words-stale")[0].message.en.contains("two, three"), "{:?}", report.findings);
    let many = [list("all", &["A.1.4"], 0..10_000, "2026-11-24")];
    let report = lint_keywords(&world.filing.keywords, &slots, &many, &BTreeSet::new(), now());
    assert!(report.findings.iter().all(|f| f.code == "filing.slot-words-too-few"));
}
