use jingwei_core::Lang;

use super::*;
use crate::{baseline::tests::lexicons, parse_policy};

const HEAD: &str = "kind = 'guard-policy'\nversion = 1\nid = 'test'\ntitle = { zh = '测试', en = 'test' }\nblock_message = { zh = '不行', en = 'no' }\n";

fn policy(rules: &[&str]) -> String {
    let rule = |when: &&str| {
        format!(
            "[[rule]]\nid = 'r'\ntitle = {{ zh = '规则', en = 'rule' }}\ndirection = 'both'\naction = 'block'\nseverity = 'high'\nwhen = {when}\n"
        )
    };
    format!("{HEAD}{}", rules.iter().map(rule).collect::<String>())
}

fn compile(text: &str) -> Result<Engine, Problems> {
    parse_policy("p.toml", text.as_bytes()).and_then(|document| Engine::compile(&document, &lexicons()))
}

#[track_caller]
fn check_problem(rules: &[&str], expected: &str) {
    let said = compile(&policy(rules)).expect_err("it compiled").display(Lang::En);
    assert!(said.contains(expected), "{said}");
}

#[track_caller]
fn check_warning(rule: &str, kind: WarningKind, expected: &str) {
    let engine = compile(&policy(&[rule])).unwrap();
    let said: Vec<_> = engine.warnings().iter().map(|w| (w.kind, w.problem.display(Lang::En))).collect();
    assert!(said.iter().any(|(k, text)| *k == kind && text.contains(expected)), "{said:?}");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    check_problem(&["{ kind = 'words', zh = [] }"], "p.toml:12: `rule[0].when`: there are no words");
    check_problem(&["{ kind = 'pattern', regex = '(a' }"], "p.toml:12: `rule[0].when.regex`: the expression is wrong");
    check_problem(&["{ kind = 'pattern', regex = 'a*' }"], "matches the empty text");
    check_problem(&["{ kind = 'pattern', regex = '(a{1000}){1000}' }"], "the expression is wrong");
    check_problem(&["{ kind = 'pattern', regex = '(a)\\1' }"], "the expression is wrong");
    check_problem(&["{ kind = 'lexicon', lexicons = ['weapon'] }"], "there is no lexicon `weapon`; known: cyberattack");
    check_problem(&["{ kind = 'together', groups = [['a'], ['@nowhere']] }"], "there is no lexicon `nowhere`");
    check_problem(&["{ kind = 'together', groups = [['a'], []] }"], "the group is empty");
    check_problem(&["{ kind = 'together', groups = [] }"], "at least 1");
    check_problem(&["{ kind = 'words', zh = ['a'], fr = ['b'] }"], "unknown key `fr`");
    check_problem(&["{ kind = 'magic' }"], "magic");
    check_problem(&["{ kind = 'secret' }", "{ kind = 'secret' }"], "rule `r` is there twice");
    check_problem(&[], "`rule`");
}

#[test]
fn what_never_matches_is_warned_of() {
    use WarningKind::{NeverMatches, Unbounded, UnusableWord};
    check_warning("{ kind = 'lexicon', lexicons = ['slot-state-power'] }", NeverMatches, "lexicons are empty");
    check_warning(
        "{ kind = 'together', groups = [['a'], ['@slot-state-power']] }",
        NeverMatches,
        "group 2 has no words",
    );
    check_warning("{ kind = 'pattern', regex = '炸彈' }", NeverMatches, "`炸彈` becomes `炸弹`");
    check_warning("{ kind = 'pattern', regex = 'a  b' }", NeverMatches, "becomes `a b`");
    check_warning("{ kind = 'pattern', regex = '[a&&b]c' }", NeverMatches, "match no text");
    check_warning("{ kind = 'pattern', regex = 'a.*b' }", Unbounded, "no longest length");
    check_warning("{ kind = 'words', en = ['ok', '\u{200b}'] }", UnusableWord, "nothing is left");
    assert!(compile(&policy(&["{ kind = 'pattern', regex = 'ab{1,3}c|d' }"])).unwrap().warnings().is_empty());
}

#[test]
fn the_version_follows_every_word() {
    let one = compile(&policy(&["{ kind = 'lexicon', lexicons = ['weapons'] }"])).unwrap();
    assert_eq!(one.version(), format!("test@sha256-{}", one.digest().short()));
    let document = parse_policy("p", policy(&["{ kind = 'lexicon', lexicons = ['weapons'] }"]).as_bytes()).unwrap();
    let mut more = lexicons();
    more.iter_mut().filter(|l| l.id == "weapons").for_each(|l| l.zh.push("新词".to_owned()));
    assert_ne!(Engine::compile(&document, &more).unwrap().digest(), one.digest());
    assert_eq!(Engine::compile(&document, &lexicons()).unwrap().digest(), one.digest());
    let used: Vec<_> = one.lexicons().iter().map(|l| l.id.as_str()).collect();
    assert_eq!(used, ["weapons"]);
}

#[test]
fn the_schema_names_every_kind_of_rule() {
    let schema = crate::policy_schema().to_string();
    for kind in ["lexicon", "pattern", "words", "pii", "secret", "together"] {
        assert!(schema.contains(&format!("\"{kind}\"")), "{kind}");
    }
}
