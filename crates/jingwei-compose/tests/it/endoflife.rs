use jingwei_compose::{EndOfLifeList, end_of_life};

fn lists() -> Vec<EndOfLifeList> {
    [
        include_str!("../../../../catalog/endoflife/python.toml"),
        include_str!("../../../../catalog/endoflife/node.toml"),
        include_str!("../../../../catalog/endoflife/debian.toml"),
        include_str!("../../../../catalog/endoflife/ubuntu.toml"),
    ]
    .map(|text| EndOfLifeList::read(text).unwrap())
    .into()
}

#[test]
fn versions_belong_to_their_release() {
    let lists = lists();
    for (product, version, expected) in [
        ("python", "3.8.20", Some(("3.8", true))),
        ("CPython", "3.10", Some(("3.10", true))),
        ("python", "3.10.99", Some(("3.10", true))),
        ("python", "3.11.7", Some(("3.11", false))),
        ("python", "3.1", None),
        ("python", "3.100", None),
        ("node", "v20.20.2", Some(("20", true))),
        ("nodejs", "22", Some(("22", false))),
        ("node", "2.0", None),
        ("debian", "bookworm", Some(("12", true))),
        ("debian", "12.5", Some(("12", true))),
        ("debian", "13", Some(("13", false))),
        ("ubuntu", "24.04", Some(("24.04", false))),
        ("ruby", "2.0", None),
        ("python", "", None),
    ] {
        let found = end_of_life(&lists, product, version, "2026-11-21".parse().unwrap());
        assert_eq!(found.as_ref().map(|one| (one.cycle.as_str(), one.days_past > 0)), expected, "{product} {version}");
        if let Some(found) = found {
            assert!(found.reason.zh != found.reason.en && !found.source.is_empty());
        }
    }
    let last = end_of_life(&lists, "python", "3.9.1", "2025-10-31".parse().unwrap()).unwrap();
    assert_eq!(last.days_past, 0);
    assert!(EndOfLifeList::read("kind = \"other\"").is_err());
}

#[test]
fn releases_are_listed_once() {
    for list in lists() {
        let cycles: std::collections::HashSet<_> = list.releases.iter().map(|one| &one.cycle).collect();
        assert_eq!(cycles.len(), list.releases.len(), "{}", list.id);
        assert!(list.releases.iter().all(|one| one.extended.is_none_or(|day| day >= one.ends)), "{}", list.id);
    }
}
