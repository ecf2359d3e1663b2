use std::collections::HashMap;

use jingwei_core::Text;
use serde::{Deserialize, Serialize};
use spdx::{
    Expression, ParseMode,
    expression::{ExprNode, Operator},
};

/// What a licence asks of those who use the thing, in general. Ordered: a class further on asks for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Notices at most.
    Permissive,
    /// Changes to the thing itself are shared under the same licence.
    WeakCopyleft,
    /// What is made with it is shared under the same licence when handed on.
    StrongCopyleft,
    /// The same, also when it only runs as a service.
    NetworkCopyleft,
    /// Certain uses or users are excluded: responsible-AI licences, user thresholds, no derivatives.
    UseRestricted,
    /// Not for commercial use, or for research only.
    NonCommercial,
    /// Terms of a vendor.
    Proprietary,
    Unknown,
}

impl Class {
    pub const ALL: [Class; 8] = [
        Class::Permissive,
        Class::WeakCopyleft,
        Class::StrongCopyleft,
        Class::NetworkCopyleft,
        Class::UseRestricted,
        Class::NonCommercial,
        Class::Proprietary,
        Class::Unknown,
    ];

    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Class::Permissive => Text::new("宽松", "permissive"),
            Class::WeakCopyleft => Text::new("弱著佐权", "weak copyleft"),
            Class::StrongCopyleft => Text::new("强著佐权", "strong copyleft"),
            Class::NetworkCopyleft => Text::new("网络著佐权", "network copyleft"),
            Class::UseRestricted => Text::new("限制用途", "use restricted"),
            Class::NonCommercial => Text::new("非商业", "non-commercial"),
            Class::Proprietary => Text::new("专有", "proprietary"),
            Class::Unknown => Text::new("未知", "unknown"),
        }
    }
}

/// `licences/<id>.toml`: classes of licences, and the names under which they are met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenceList {
    pub kind: ListKind,
    pub version: u32,
    pub id: String,
    pub title: Text,
    #[serde(default, rename = "class")]
    pub classes: Vec<ClassGroup>,
    #[serde(default, rename = "exception")]
    pub exceptions: Vec<ExceptionGroup>,
    #[serde(default, rename = "alias")]
    pub aliases: Vec<Alias>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListKind {
    Licences,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassGroup {
    pub is: Class,
    pub reason: Text,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default = "yes")]
    pub verified: bool,
    /// SPDX ids, or `LicenseRef-` names of ours.
    pub licences: Vec<String>,
}

/// Exceptions that take back what a copyleft licence asks of those who merely link to the thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExceptionGroup {
    pub lowers_to: Class,
    pub reason: Text,
    pub exceptions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    pub licence: String,
    pub names: Vec<String>,
}

fn yes() -> bool {
    true
}

/// What is known of licences, looked up by name.
#[derive(Debug, Clone, Default)]
pub struct LicenceNames {
    classes: HashMap<String, (Class, Text)>,
    exceptions: HashMap<String, Class>,
    aliases: HashMap<String, String>,
}

/// What a statement means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// An SPDX expression, perhaps of one id; `None` where the statement is not understood.
    pub expression: Option<String>,
    /// The statement was not an SPDX expression by itself.
    pub guessed_from_name: bool,
}

/// One licence of an expression: an id, perhaps with an exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    pub id: String,
    pub exception: Option<String>,
}

impl Leaf {
    pub(super) fn written(&self) -> String {
        match &self.exception {
            Some(exception) => format!("{} WITH {exception}", self.id),
            None => self.id.clone(),
        }
    }
}

/// Longest statement that is looked at, in bytes: longer ones are the licence's text.
const STATEMENT_BYTES: usize = 2000;

impl LicenceNames {
    #[must_use]
    pub fn new<'a>(lists: impl IntoIterator<Item = &'a LicenceList>) -> Self {
        let mut names = Self::default();
        for list in lists {
            for group in &list.classes {
                for licence in &group.licences {
                    names.classes.insert(licence.clone(), (group.is, group.reason.clone()));
                }
            }
            for group in &list.exceptions {
                names.exceptions.extend(group.exceptions.iter().map(|one| (one.clone(), group.lowers_to)));
            }
            for alias in &list.aliases {
                names.aliases.extend(alias.names.iter().map(|name| (plain(name), alias.licence.clone())));
            }
        }
        names
    }

    /// Reads one statement: an expression, an id in any case, a classifier, a common name, a model hub's tag.
    #[must_use]
    pub fn read(&self, stated: &str) -> Reading {
        let stated = stated.trim();
        // SPDX documents write these two for "nobody said" and "none was found", which are no licences.
        if matches!(stated, "" | "NOASSERTION" | "NONE") || stated.len() > STATEMENT_BYTES {
            return Reading { expression: None, guessed_from_name: false };
        }
        if let Some(expression) = canonical(stated) {
            let guessed_from_name = expression != stated;
            return Reading { expression: Some(expression), guessed_from_name };
        }
        // `License :: OSI Approved :: MIT License`: the last part names it.
        let last = stated.rsplit("::").next().unwrap_or(stated);
        let found = [stated, last].into_iter().find_map(|name| self.aliases.get(&plain(name))).cloned();
        let found = found.or_else(|| any_case(last.trim()));
        // `MIT/Apache-2.0` is how crates once wrote a choice; only between names that are known.
        let found = found.or_else(|| self.joined(stated));
        Reading { guessed_from_name: found.is_some(), expression: found }
    }

    fn joined(&self, stated: &str) -> Option<String> {
        let (parts, operator): (Vec<&str>, &str) = match () {
            () if stated.contains(" or ") => (stated.split(" or ").collect(), " OR "),
            () if stated.contains(" and ") => (stated.split(" and ").collect(), " AND "),
            () if stated.contains('/') && !stated.contains("://") => (stated.split('/').collect(), " OR "),
            () if stated.contains(';') => (stated.split(';').collect(), " AND "),
            () => return None,
        };
        if parts.len() > 8 {
            return None;
        }
        let one = |part: &str| {
            let part = part.trim();
            canonical(part).or_else(|| self.aliases.get(&plain(part)).cloned()).or_else(|| any_case(part))
        };
        let read: Option<Vec<String>> = parts.into_iter().map(one).collect();
        read.map(|parts| parts.join(operator))
    }

    /// Several statements about one thing, each of which holds: repeated ones once, contradicting ones all.
    #[must_use]
    pub fn read_all<'a>(&self, stated: impl IntoIterator<Item = &'a str>) -> Reading {
        let mut found: Vec<String> = Vec::new();
        let mut guessed_from_name = false;
        for reading in stated.into_iter().map(|one| self.read(one)) {
            let Some(expression) = reading.expression else { continue };
            guessed_from_name |= reading.guessed_from_name;
            if !found.contains(&expression) {
                found.push(expression);
            }
        }
        let bracketed = |one: &String| if one.contains(" OR ") { format!("({one})") } else { one.clone() };
        let expression = match found.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            many => Some(many.iter().map(bracketed).collect::<Vec<_>>().join(" AND ")),
        };
        Reading { expression, guessed_from_name }
    }

    /// The class of one id, and why. What the lists do not name is judged by the marks of the SPDX list.
    #[must_use]
    pub fn class_of(&self, id: &str) -> (Class, Text) {
        let id = id.trim_end_matches('+');
        if let Some((class, reason)) = self.classes.get(id) {
            return (*class, reason.clone());
        }
        let Some(listed) = spdx::license_id(id) else {
            return (
                Class::Unknown,
                Text::new("不在 SPDX 清单和目录中", "neither the SPDX list nor the catalog has it"),
            );
        };
        match () {
            () if id.contains("-NC") => (
                Class::NonCommercial,
                Text::new("名称中的 NC 表示非商业", "the NC in its name stands for non-commercial"),
            ),
            () if id.contains("-ND") => (
                Class::UseRestricted,
                Text::new("名称中的 ND 表示禁止演绎", "the ND in its name stands for no derivatives"),
            ),
            () if listed.is_copyleft() => {
                (Class::StrongCopyleft, Text::new("SPDX 清单的工具标其为著佐权", "it is marked as copyleft"))
            }
            () if listed.is_osi_approved() || listed.is_fsf_free_libre() => (
                Class::Permissive,
                Text::new("被 OSI 或 FSF 认可且非著佐权", "OSI or FSF approve it, and it is no copyleft"),
            ),
            () => {
                (Class::Unknown, Text::new("SPDX 清单有它，但没有类别", "the SPDX list has it, and no class is known"))
            }
        }
    }

    pub(super) fn class_of_leaf(&self, leaf: &Leaf) -> (Class, Text) {
        let (class, reason) = self.class_of(&leaf.id);
        let lowered = leaf.exception.as_ref().and_then(|exception| self.exceptions.get(exception));
        match lowered {
            Some(lower) if *lower < class && class <= Class::NetworkCopyleft => {
                (*lower, Text::new("例外条款放宽了要求", "its exception asks for less"))
            }
            _ => (class, reason),
        }
    }

    /// The class that an expression comes to: the laxest of a choice, the strictest of what holds together.
    #[must_use]
    pub fn class_of_expression(&self, expression: &str) -> Class {
        fold(expression, |leaf| self.class_of_leaf(leaf).0, Class::min, Class::max).unwrap_or(Class::Unknown)
    }
}

/// Deprecated ids are met everywhere, and so is the old plus behind those of the GNU licences.
const MODE: ParseMode = ParseMode { allow_deprecated: true, allow_postfix_plus_on_gpl: true, ..ParseMode::STRICT };

/// An SPDX expression in its own spelling.
fn canonical(stated: &str) -> Option<String> {
    Expression::parse_mode(stated, MODE).is_ok().then(|| modern(stated))
}

/// Deprecated ids of the GNU licences say less than it seems: `GPL-2.0` means that version only.
fn modern(expression: &str) -> String {
    let words = expression.split_inclusive([' ', '(', ')']);
    words
        .map(|word| {
            let id = word.trim_end_matches([' ', '(', ')']);
            let rest = &word[id.len()..];
            if ["and", "or", "with"].contains(&id) {
                return format!("{}{rest}", id.to_uppercase());
            }
            let bare = id.strip_suffix('+').unwrap_or(id);
            let gnu = spdx::license_id(bare).filter(|one| one.is_gnu() && one.is_deprecated());
            let suffix = if id.ends_with('+') { "-or-later" } else { "-only" };
            match gnu {
                Some(_) if spdx::license_id(&format!("{bare}{suffix}")).is_some() => format!("{bare}{suffix}{rest}"),
                _ => word.to_owned(),
            }
        })
        .collect()
}

/// An id whose letters have another case.
fn any_case(stated: &str) -> Option<String> {
    if stated.contains(char::is_whitespace) {
        return None;
    }
    let found = spdx::identifiers::LICENSES.iter().find(|one| one.name.eq_ignore_ascii_case(stated))?;
    Some(modern(found.name))
}

/// Lower case, without the words and marks that say nothing: how names are compared.
fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for word in name.to_lowercase().split(|c: char| !(c.is_alphanumeric() || ".+".contains(c))) {
        let word = word.trim_matches('.');
        if word.is_empty() || matches!(word, "the" | "license" | "licence" | "version" | "software") {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(
            word.strip_prefix('v').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(word),
        );
    }
    out
}

/// Works an expression out from its licences; `None` where it is none.
pub(super) fn fold<T>(
    expression: &str,
    mut leaf: impl FnMut(&Leaf) -> T,
    either: impl Fn(T, T) -> T,
    both: impl Fn(T, T) -> T,
) -> Option<T> {
    let parsed = Expression::parse_mode(expression, MODE).ok()?;
    let mut stack: Vec<T> = Vec::new();
    for node in parsed.iter() {
        let value = match node {
            ExprNode::Req(requirement) => {
                let request = &requirement.req;
                let exception = request.addition.as_ref().map(ToString::to_string);
                leaf(&Leaf { id: request.license.to_string(), exception })
            }
            ExprNode::Op(operator) => {
                let (second, first) = (stack.pop()?, stack.pop()?);
                match operator {
                    Operator::Or => either(first, second),
                    Operator::And => both(first, second),
                }
            }
        };
        stack.push(value);
    }
    stack.pop()
}
