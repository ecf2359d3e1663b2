use jingwei_core::Text;
use jingwei_read::{Effect, NameGroup, NameKind, NameList, NameListKind, NameTable};

/// A small list of names, so that tests say what they rest on.
pub(crate) fn names() -> NameTable {
    let group = |is, effect, names: &[&str]| NameGroup {
        is,
        effect,
        when: None,
        reason: Text::new("测试", "a test"),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let list = NameList {
        kind: NameListKind::Names,
        version: 1,
        id: "test".to_owned(),
        title: Text::new("测试", "test"),
        groups: vec![
            group(
                NameKind::Allowed,
                None,
                &["collections.OrderedDict", "builtins.list", "sklearn.linear_model._huber.HuberRegressor"],
            ),
            group(NameKind::Dangerous, Some(Effect::Process), &["os.*"]),
        ],
    };
    NameTable::new([&list])
}
