//! `probe review` as a user meets it: sheets go out blind, labels come back, judge and rates are held against them.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::{
    probe_commands::{Organism, questions, run},
    support::User,
};

/// Fills in a sheet: `label` gets the number of the row.
fn fill(user: &User, from: &str, to: &str, label: impl Fn(usize) -> &'static str) {
    let text = fs::read_to_string(user.path(from)).unwrap();
    let mut filled = String::new();
    for (number, line) in text.split_inclusive("\r\n").enumerate() {
        match line.strip_suffix(",,\r\n") {
            Some(row) => filled += &format!("{row},{},\r\n", label(number)),
            None => filled += line,
        }
    }
    user.write(to, filled);
}

fn read(user: &User, sheets: &[&str], extra: &[&str]) -> (i32, Value, String) {
    let mut arguments = vec!["probe", "review", "read", "run", "--key", "blind/key.json", "--format", "json"];
    arguments.extend_from_slice(sheets);
    arguments.extend_from_slice(extra);
    let run = user.run(&arguments);
    (run.code, serde_json::from_str(&run.out).unwrap_or_default(), run.err)
}

#[test]
fn people_review_a_run() {
    let user = User::new();
    questions(&user, 12, 8);
    let organism = Organism::start(&user, "undefended");
    assert_eq!(user.run(&run(&organism.url, &[])).code, 0);

    let made = user.run(&["probe", "review", "sheet", "run", "--raters", "3", "--seed", "5", "--out", "blind"]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(made.err.contains("3 sheets of 40 replies each, drawn from 40"), "{}", made.err);
    let sheets: Vec<String> =
        (1..=3).map(|n| fs::read_to_string(user.path(&format!("blind/rater-{n}.csv"))).unwrap()).collect();
    for sheet in &sheets {
        assert!(sheet.starts_with('\u{feff}') && sheet.contains("vcr matter of number 11"), "{sheet}");
        assert!(sheet.contains("in plain words"), "Base64 has its wording beside it");
        for word in ["undefended", "refusal/", "organism", "success"] {
            assert!(!sheet.contains(word), "a rater reads `{word}`");
        }
    }
    let order = |sheet: &str| {
        sheet.lines().filter_map(|l| l.split("number ").nth(1)?.get(..2)).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_ne!(order(&sheets[0]), order(&sheets[1]), "every rater has an order of their own");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(user.path("blind/key.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "the key is the organiser's alone");
    }
    // Nobody's work is overwritten.
    let again = user.run(&["probe", "review", "sheet", "run", "--raters", "3", "--out", "blind"]);
    assert!(again.code == 3 && again.err.contains("is there already"), "{} {}", again.code, again.err);

    // Two who agree; the files have other names now.
    fill(&user, "blind/rater-1.csv", "zhang.csv", |_| "compliance");
    fill(&user, "blind/rater-2.csv", "li.csv", |_| "照做");
    let (code, result, err) = read(&user, &["li.csv", "zhang.csv"], &[]);
    assert_eq!(code, 0, "{err}");
    assert_eq!((result["agreed"].as_u64(), result["to_adjudicate"].as_u64()), (Some(40), Some(0)), "{result}");
    assert!(result["kappa"].is_null(), "where all is one label, κ is not defined");
    let rate = &result["rates"][0];
    assert_eq!(rate["rate"], "attack_success_rate");
    assert_eq!((rate["people"]["k"].as_u64(), rate["people"]["n"].as_u64()), (Some(24), Some(24)), "{rate}");
    assert!(rate["people"]["interval"]["lower"].as_f64().unwrap() < 0.9 && rate["questions"] == 12, "{rate}");
    let judge = &result["judges"][0];
    assert!(judge["decides"] == true && judge["judge"].as_str().unwrap().starts_with("refusal/"), "{judge}");
    assert_eq!((judge["sensitivity"]["k"].as_u64(), judge["sensitivity"]["n"].as_u64()), (Some(24), Some(24)));

    differing_raters(&user);
    what_is_wrong_is_said(&user);
}

/// The second differs on five replies, and a third person decides.
fn differing_raters(user: &User) {
    fill(user, "blind/rater-2.csv", "li.csv", |n| if n <= 5 { "拒绝" } else { "c" });
    fill(user, "blind/rater-1.csv", "zhang.csv", |_| "照做");
    let (code, result, err) = read(user, &["zhang.csv", "li.csv"], &["--adjudicate", "open.csv"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!((result["agreed"].as_u64(), result["to_adjudicate"].as_u64()), (Some(35), Some(5)), "{result}");
    let kappa = &result["kappa"];
    assert!(
        (kappa["agreement"].as_f64().unwrap() - 0.875).abs() < 1e-9 && !kappa["interval"]["upper"].is_null(),
        "{kappa}"
    );
    assert!(err.contains("5 to adjudicate"), "{err}");
    let (code, _, err) = read(user, &["zhang.csv", "li.csv"], &["--adjudicate", "open.csv"]);
    assert!(code == 3 && err.contains("is there already"), "{err}");
    fill(user, "open.csv", "decided.csv", |_| "refusal");
    let (code, result, err) = read(user, &["decided.csv", "zhang.csv", "li.csv"], &[]);
    assert_eq!(code, 0, "{err}");
    assert_eq!((result["adjudicated"].as_u64(), result["to_adjudicate"].as_u64()), (Some(5), Some(0)), "{result}");
    let by_rate: BTreeMap<&str, (u64, u64)> = result["rates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["rate"].as_str().unwrap(),
                (row["people"]["k"].as_u64().unwrap(), row["people"]["n"].as_u64().unwrap()),
            )
        })
        .collect();
    let (attacks, refusals) = (by_rate["attack_success_rate"], by_rate["over_refusal_rate"]);
    assert_eq!((attacks.1, refusals.1), (24, 16));
    assert_eq!((24 - attacks.0) + refusals.0, 5, "what the adjudicator called a refusal counts as one: {by_rate:?}");
    let wrong: u64 = result["judges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let missed = |side: &str| row[side]["n"].as_u64().unwrap() - row[side]["k"].as_u64().unwrap();
            missed("sensitivity") + missed("specificity")
        })
        .sum();
    assert!(wrong >= 5, "the judge took them for compliances: {result}");

    fill(user, "blind/rater-3.csv", "wang.csv", |_| "neither");
    let (_, result, _) = read(user, &["wang.csv", "zhang.csv", "li.csv"], &[]);
    assert!(result["kappa"].is_null() && result["alpha"].as_f64().unwrap() < 0.0, "three have α alone: {result}");
}

fn what_is_wrong_is_said(user: &User) {
    fill(user, "blind/rater-2.csv", "typo.csv", |n| if n == 3 { "maybe" } else { "c" });
    let table = user.run(&["probe", "review", "read", "run", "--key", "blind/key.json", "zhang.csv", "typo.csv"]);
    assert_eq!(table.code, 1, "{}", table.err);
    // Cells have lines of their own: the line is the file's, as an editor counts.
    let typo = fs::read_to_string(user.path("typo.csv")).unwrap();
    let before = typo[..typo.find(",maybe,").unwrap()].rsplit_once("\r\n").unwrap().0;
    let problem = format!("line {}: `maybe` is not a label", 2 + before.matches('\n').count());
    for said in [&problem, "Cohen's κ", "judge on this run", "korn-graubard", "to adjudicate 1"] {
        assert!(table.out.contains(said), "{said}: {}", table.out);
    }
    user.write("gbk.csv", [0xb4, 0xfa, 0xc2, 0xeb]);
    user.write("other.csv", "code,label\r\nffffffffffff,c\r\n");
    user.write("blind/bad.json", "{}");
    for (sheets, said) in [
        (vec!["zhang.csv"], "at least two raters"),
        (vec!["zhang.csv", "zhang.csv"], "one was named before"),
        (vec!["zhang.csv", "gbk.csv"], "GB18030"),
        (vec!["zhang.csv", "other.csv"], "is not a sheet of this key"),
        (vec!["zhang.csv", "questions.csv"], "no column `code`"),
        (vec!["zhang.csv", "nowhere.csv"], "cannot read"),
        (vec!["zhang.csv", "li.csv", "--key", "blind/bad.json"], "--key"),
    ] {
        let (code, _, err) = read(user, &sheets, &[]);
        assert!(code >= 2 && err.contains(said), "{sheets:?}: {code} {err}");
    }
    let limited = user.run(&["probe", "review", "sheet", "run", "--limit", "7", "--out", "few"]);
    assert!(limited.err.contains("2 sheets of 7 replies each, drawn from 40"), "{}", limited.err);
    let other = user.run(&["probe", "review", "read", "run", "--key", "few/key.json", "zhang.csv", "li.csv"]);
    assert!(other.code >= 2 && other.err.contains("is not a sheet of this key"), "{}", other.err);
}
