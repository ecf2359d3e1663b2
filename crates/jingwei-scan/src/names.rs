//! Name lists of the catalog, indexed for the parsers that need them.

use std::collections::BTreeMap;

use jingwei_core::Digest;
use jingwei_read::{NameList, NameTable};

/// What names in model files may stand for, by kind of file.
#[derive(Debug, Clone)]
pub struct ModelNames {
    pub(crate) pickle: NameTable,
    pub(crate) graph: NameTable,
    pub(crate) keras: NameTable,
    pub(crate) config: NameTable,
    digest: Digest,
}

/// Lists by the parsers that use them. A list may serve several.
const PICKLE: &[&str] = &["pickle"];
const GRAPH: &[&str] = &jingwei_graph::NAME_LISTS;
const KERAS: &[&str] = &["keras"];
const CONFIG: &[&str] = &["config-targets"];

impl ModelNames {
    /// From all lists of the catalog.
    #[must_use]
    pub fn new(lists: &BTreeMap<String, NameList>) -> Self {
        let table = |ids: &[&str]| NameTable::new(ids.iter().filter_map(|id| lists.get(*id)));
        let texts: Vec<String> =
            lists.values().map(|list| serde_json::to_string(list).unwrap_or_else(|e| e.to_string())).collect();
        Self {
            pickle: table(PICKLE),
            graph: table(GRAPH),
            keras: table(KERAS),
            config: table(CONFIG),
            digest: Digest::of_parts(["names/1"].into_iter().chain(texts.iter().map(String::as_str))),
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        self.digest
    }
}
