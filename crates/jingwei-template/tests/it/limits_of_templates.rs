use std::fmt::Write as _;

use jingwei_core::Limits;
use jingwei_template::{inspect_template, inspect_template_text};
use proptest::prelude::*;

use crate::rules_of;

#[test]
fn every_limit_is_a_sighting() {
    let all = Limits::default();
    let nested = format!("{{{{ {}x{} }}}}", "(".repeat(200), ")".repeat(200));
    for (template, limits, rule, key) in [
        ("{{ x }}".to_owned(), Limits { header_bytes: 3, ..all }, "model.limit-exceeded", Some("header_bytes")),
        ("{{ x }}".to_owned(), Limits { entries: 2, ..all }, "model.limit-exceeded", Some("entries")),
        (nested, all, "model.limit-exceeded", Some("depth")),
        ("x".repeat(100), Limits { string_bytes: 99, ..all }, "model.not-inspected", None),
    ] {
        let seen = inspect_template(&mut template.into_bytes(), &limits);
        let last = seen.sightings.last().unwrap();
        assert_eq!((last.rule, last.key.as_deref()), (rule, key));
    }
}

#[test]
fn what_breaks_the_language_is_not_inspected() {
    for (template, ends_open) in [
        ("{{", true),
        ("{% if x %}", true),
        ("{% if x %}{% for a in b %}text{% endfor %}\n", true),
        ("{% if %}", false),
        ("{% endif %}", false),
        ("{{ a b }}", false),
        ("{{ ? }}", false),
        ("{{ a[1:2:3:4] }}", false),
        ("{% for in x %}", true),
    ] {
        let rules = rules_of(template);
        assert!(rules.contains(&"model.not-inspected"), "{template}");
        assert_eq!(rules.contains(&"model.template-broken"), ends_open, "{template}");
    }
    for template in ["{%", "{#", "{{ 'a", "{% raw %}"] {
        let rules = rules_of(template);
        assert!(rules.contains(&"model.not-inspected") && rules.contains(&"model.template-broken"), "{template}");
    }
    let seen = inspect_template(&mut b"a\xff{{ ''.__class__ }}".to_vec(), &Limits::default());
    let rules: Vec<_> = seen.sightings.iter().map(|sighting| sighting.rule).collect();
    assert_eq!(rules, ["model.template-code", "model.header-malformed"]);
}

/// Each of these once took more than linear work, or is made to.
#[test]
fn work_is_bounded() {
    let mut many = String::new();
    for n in 0..1_000 {
        let _ = write!(many, "{{% set a{n} = 'x' %}}{{% if b %}}{{% set a{n} = a{n} ~ 'y' %}}{{% endif %}}");
    }
    let mut macros = String::from("{% macro m0(x) %}{{ x }}{% endmacro %}");
    for n in 1..60 {
        let _ = write!(macros, "{{% macro m{n}(x) %}}{{{{ m{p}(x) }}}}{{{{ m{p}(x) }}}}{{% endmacro %}}", p = n - 1);
    }
    let doubled: String = (0..60).fold("{% set a = 'xy' %}".to_owned(), |text, _| text + "{% set a = a ~ a %}");
    let deep = 40;
    for template in [
        many,
        macros + "{{ m59(messages) }}",
        doubled,
        "{% for a in messages %}".repeat(deep) + &"{% endfor %}".repeat(deep),
        "{% for a in 'abcdefghij' %}".repeat(deep) + "{{ a }}" + &"{% endfor %}".repeat(deep),
        format!("{{{{ x{} }}}}", ".a".repeat(15_000)),
        format!("{{{{ x{} }}}}", "|trim".repeat(6_000)),
        format!("{{{{ 'a'{} }}}}", " ~ 'a'".repeat(6_000)),
        format!("{{{{ {} }}}}", "'a' if b else ".repeat(1_000) + "c"),
        format!("{{{{ 'a' {} }}}}", "if b ".repeat(1_000)),
        format!("{{% for a in range(1000) %}}{{{{ '{}' }}}}{{% endfor %}}", "é ".repeat(6_000)),
        "http://".repeat(6_000),
        "](http://".repeat(6_000),
        "ignore ".repeat(6_000),
        "{% set l = [] %}".to_owned() + &"{% set _ = l.append('a') %}".repeat(5_000),
        "{".repeat(30_000),
        "{{".repeat(15_000),
        "{% raw %}".repeat(10_000),
        "{#".repeat(15_000),
    ] {
        let seen = inspect_template_text(&template, &Limits::default());
        assert!(seen.sightings.len() < 200);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_text_is_answered_for(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        let template = pieces.concat();
        let seen = inspect_template_text(&template, &Limits::default());
        prop_assert_eq!(&seen, &inspect_template_text(&template, &Limits::default()));
        for sighting in &seen.sightings {
            prop_assert!(sighting.offset.unwrap_or(0) <= template.len() as u64);
        }
    }

    #[test]
    fn any_bytes_are_answered_for(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        inspect_template(&mut bytes.clone(), &Limits::default());
    }

    /// However a name is cut up, it is found.
    #[test]
    fn a_name_in_pieces_is_found(cuts in prop::collection::vec(0usize..11, 0..4), glue in prop::sample::select(&["' ~ '", "' + '", "''"][..])) {
        let mut name = "__globals__".to_owned();
        let mut cuts = cuts;
        cuts.sort_unstable();
        for cut in cuts.into_iter().rev() {
            name.insert_str(cut, glue);
        }
        let template = format!("{{% set x = '{name}' %}}{{{{ messages|attr(x) }}}}");
        prop_assert!(rules_of(&template).contains(&"model.template-code"), "{}", template);
    }
}

const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "-",
    "+",
    " ",
    "\n",
    "'",
    "\"",
    "a",
    "b.c",
    "messages",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ":",
    ",",
    ".",
    "|",
    "~",
    "*",
    "**",
    "1",
    "9999999999",
    "0x",
    "1.5e",
    "if ",
    "else ",
    "endif ",
    "for ",
    " in ",
    "endfor ",
    "set ",
    "= ",
    "endset ",
    "macro m(x) ",
    "endmacro ",
    "is ",
    "not ",
    "and ",
    "attr(",
    "join",
    "range(",
    "namespace(",
    "{% set x = 'a' %}",
    "{% if x %}",
    "{% endif %}",
    "{% for a in messages %}",
    "{% endfor %}",
    "{{ x ~ x }}",
    "\\",
    "\u{200b}",
    "\u{e0041}",
    "é",
    "😀",
    "%s",
    "'%9d' % 1",
    "'{0.a}'.format(x)",
    "[::-1]",
    "raw ",
    "endraw ",
    "content",
    "'x' in messages[0].content",
];
