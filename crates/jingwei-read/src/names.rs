use std::collections::HashMap;

use jingwei_core::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `names/<id>.toml`: what names of a format may stand for. Exact, never guessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NameList {
    pub kind: NameListKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The file name, such as `pickle`.
    pub id: String,
    pub title: Text,
    #[serde(default, rename = "group")]
    pub groups: Vec<NameGroup>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NameListKind {
    Names,
}

/// Names of one kind with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NameGroup {
    pub is: NameKind,
    /// What a dangerous name can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// Allowed only so: the name of a condition that the parser knows, such as `codec-latin1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Why, with the source of the fact.
    pub reason: Text,
    /// Whole dotted names; `os.*` stands for everything below `os`, and `*.read_pickle` for that name in whatever module.
    /// Both are for dangerous names only.
    pub names: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NameKind {
    Allowed,
    Dangerous,
    /// Known, harmless alone, and not needed by any model: a person should look.
    Review,
}

/// What a dangerous name can do when a model is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Runs code that the file brings.
    Execute,
    /// Starts a program.
    Process,
    /// Imports or looks up by name, and so reaches anything.
    Import,
    /// Loads another file by an unsafe format.
    Load,
    /// Reads, writes or deletes files.
    File,
    /// Talks to the network.
    Network,
    /// Calls native code or touches memory.
    Native,
}

impl Effect {
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Effect::Execute => Text::new("执行文件带来的代码", "runs code that the file brings"),
            Effect::Process => Text::new("启动程序", "starts a program"),
            Effect::Import => Text::new("按名称导入任意对象", "reaches any object by its name"),
            Effect::Load => Text::new("以不安全的格式加载其他内容", "loads more by an unsafe format"),
            Effect::File => Text::new("读写或删除文件", "reads, writes or deletes files"),
            Effect::Network => Text::new("访问网络", "talks to the network"),
            Effect::Native => Text::new("调用本机代码或直接访问内存", "calls native code or touches memory"),
        }
    }
}

/// What is known about one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameClass<'a> {
    /// `when`: only under this condition.
    Allowed {
        when: Option<&'a str>,
    },
    Dangerous(Effect),
    Review,
    /// No list has it.
    Unknown,
}

/// A list, indexed. A whole name decides before a `*`, among `os.*` and the like the longest, and `*.name` comes last.
#[derive(Debug, Clone, Default)]
pub struct NameTable {
    exact: HashMap<String, Entry>,
    below: HashMap<String, Entry>,
    /// By the last part.
    anywhere: HashMap<String, Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    is: NameKind,
    effect: Effect,
    when: Option<String>,
}

impl NameTable {
    /// Where lists disagree about a name, the more dangerous stands.
    #[must_use]
    pub fn new<'a>(lists: impl IntoIterator<Item = &'a NameList>) -> Self {
        let mut table = Self::default();
        for group in lists.into_iter().flat_map(|list| &list.groups) {
            for name in &group.names {
                let entry =
                    Entry { is: group.is, effect: group.effect.unwrap_or(Effect::Execute), when: group.when.clone() };
                let (map, name) = match (name.strip_suffix(".*"), name.strip_prefix("*.")) {
                    (Some(prefix), _) => (&mut table.below, prefix),
                    (_, Some(last)) => (&mut table.anywhere, last),
                    _ => (&mut table.exact, name.as_str()),
                };
                match map.get(name) {
                    Some(old) if old.rank() >= entry.rank() => {}
                    _ => drop(map.insert(name.to_owned(), entry)),
                }
            }
        }
        table
    }

    #[must_use]
    pub fn classify(&self, name: &str) -> NameClass<'_> {
        if let Some(entry) = self.exact.get(name) {
            return entry.class();
        }
        let mut prefix = name;
        loop {
            if let Some(entry) = self.below.get(prefix) {
                return entry.class();
            }
            match prefix.rsplit_once('.') {
                Some((shorter, _)) => prefix = shorter,
                None => break,
            }
        }
        let last = name.rsplit_once('.').and_then(|(_, last)| self.anywhere.get(last));
        last.map_or(NameClass::Unknown, Entry::class)
    }

    /// Number of names and patterns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.exact.len() + self.below.len() + self.anywhere.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Entry {
    fn rank(&self) -> u8 {
        match self.is {
            NameKind::Allowed => 0,
            NameKind::Review => 1,
            NameKind::Dangerous => 2,
        }
    }

    fn class(&self) -> NameClass<'_> {
        match self.is {
            NameKind::Allowed => NameClass::Allowed { when: self.when.as_deref() },
            NameKind::Review => NameClass::Review,
            NameKind::Dangerous => NameClass::Dangerous(self.effect),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(is: NameKind, effect: Option<Effect>, names: &[&str]) -> NameGroup {
        let names = names.iter().map(|n| (*n).to_owned()).collect();
        NameGroup { is, effect, when: None, reason: Text::new("测试", "a test"), names }
    }

    #[test]
    fn a_whole_name_decides_before_a_pattern() {
        let list = NameList {
            kind: NameListKind::Names,
            version: 1,
            id: "test".to_owned(),
            title: Text::new("测试", "test"),
            groups: vec![
                group(NameKind::Allowed, None, &["os.fspath", "builtins.list", "twice"]),
                group(NameKind::Dangerous, Some(Effect::Process), &["os.*", "twice"]),
                group(NameKind::Dangerous, Some(Effect::File), &["os.path.*"]),
                group(NameKind::Review, None, &["gc.get_objects"]),
                group(NameKind::Dangerous, Some(Effect::Load), &["*.read_pickle"]),
                group(NameKind::Allowed, None, &["harmless.read_pickle"]),
            ],
        };
        let table = NameTable::new([&list]);
        for (name, expected) in [
            ("os.system", NameClass::Dangerous(Effect::Process)),
            ("os", NameClass::Dangerous(Effect::Process)),
            ("os.path.join", NameClass::Dangerous(Effect::File)),
            ("os.fspath", NameClass::Allowed { when: None }),
            ("ossuary.open", NameClass::Unknown),
            ("builtins.list", NameClass::Allowed { when: None }),
            ("builtins.list.append", NameClass::Unknown),
            ("twice", NameClass::Dangerous(Effect::Process)),
            ("gc.get_objects", NameClass::Review),
            ("some.module.read_pickle", NameClass::Dangerous(Effect::Load)),
            ("harmless.read_pickle", NameClass::Allowed { when: None }),
            ("os.read_pickle", NameClass::Dangerous(Effect::Process)),
            ("read_pickle", NameClass::Unknown),
            ("some.read_pickle.other", NameClass::Unknown),
            ("", NameClass::Unknown),
        ] {
            assert_eq!(table.classify(name), expected, "{name}");
        }
    }
}
