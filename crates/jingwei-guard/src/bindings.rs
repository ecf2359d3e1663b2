//! Which policy judges whose requests: the shape of a bindings file, and the first binding that fits.

use jingwei_catalog::document::{Document, Problem, Problems, parse, schema_of};
use jingwei_core::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Mode;

/// Policies by tenant, application and model. The first binding that fits a request decides; where none fits, the
/// policy of the command does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bindings {
    pub kind: BindingsKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Who may call, by token. Absent: as the gateway's own settings say.
    #[serde(rename = "caller", default, skip_serializing_if = "Vec::is_empty")]
    pub callers: Vec<Caller>,
    #[serde(rename = "binding", default, skip_serializing_if = "Vec::is_empty")]
    pub bindings: Vec<Binding>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BindingsKind {
    GuardBindings,
}

/// A bearer token, and whose requests come with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// SHA-256 of the token, 64 hexadecimal digits; the token itself stands nowhere.
    #[schemars(regex(pattern = r"^[0-9a-fA-F]{64}$"))]
    pub token_sha256: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tenant: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub app: String,
}

/// What judges the requests of one tenant, application or model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// Its name in events. Absent: `binding-` and its place in the file, from 1.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9._-]{0,63}$"))]
    pub id: String,
    /// Of the caller; `*` stands for any letters. Absent: every tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// As the request names it, such as `gpt-*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Path of the policy from the file's folder, or `builtin`. Absent: the policy of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// `shadow`: judged and recorded, nothing enforced. `off`: not judged.
    #[serde(default)]
    pub mode: Mode,
}

impl Binding {
    /// Its id, or its place in the file.
    #[must_use]
    pub fn name(&self, index: usize) -> String {
        if self.id.is_empty() { format!("binding-{}", index + 1) } else { self.id.clone() }
    }

    /// Whether it is for this request. A caller without a tenant or application has the empty name.
    #[must_use]
    pub fn fits(&self, tenant: &str, app: &str, model: &str) -> bool {
        let fits = |pattern: &Option<String>, name: &str| pattern.as_deref().is_none_or(|p| matches_glob(p, name));
        fits(&self.tenant, tenant) && fits(&self.app, app) && fits(&self.model, model)
    }

    /// Whether everything that `other` is for is for this one too. Sure when it says so.
    fn takes_all_of(&self, other: &Self) -> bool {
        let takes = |own: &Option<String>, other: &Option<String>| match (own, other) {
            (None, _) => true,
            (Some(own), None) => own.chars().all(|c| c == '*') && !own.is_empty(),
            // Where another pattern's `*` stands for letters, a pattern that takes the pattern itself takes them too,
            // unless it has a letter in their place.
            (Some(own), Some(other)) => matches_glob(own, other),
        };
        takes(&self.tenant, &other.tenant) && takes(&self.app, &other.app) && takes(&self.model, &other.model)
    }
}

/// `*` stands for any letters, none too; case does not matter.
#[must_use]
fn matches_glob(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

/// Reads a bindings file. All problems come back at once, with lines.
pub fn parse_bindings(file: &str, bytes: &[u8]) -> Result<Document<Bindings>, Problems> {
    let document: Document<Bindings> = parse(file, bytes)?;
    let mut problems = Vec::new();
    for (index, caller) in document.value.callers.iter().enumerate() {
        let before = document.value.callers.iter().take(index);
        if before.into_iter().any(|other| other.token_sha256.eq_ignore_ascii_case(&caller.token_sha256)) {
            let message = Text::new("该令牌已经出现过", "this token is there already; each caller needs its own");
            problems.push(document.places.problem(&format!("caller[{index}].token_sha256"), message));
        }
    }
    for (index, binding) in document.value.bindings.iter().enumerate() {
        let name = binding.name(index);
        let before = document.value.bindings.iter().take(index).enumerate();
        if before.into_iter().any(|(nth, other)| other.name(nth) == name) {
            let (zh, en) =
                (format!("绑定 `{name}` 重复，请改名"), format!("binding `{name}` is there twice; rename one"));
            problems.push(document.places.problem(&format!("binding[{index}].id"), Text::new(zh, en)));
        }
    }
    if problems.is_empty() { Ok(document) } else { Err(Problems(problems)) }
}

/// Bindings that can never decide, because an earlier one takes everything that they are for.
#[must_use]
pub fn unreachable_bindings(document: &Document<Bindings>) -> Vec<Problem> {
    let bindings = &document.value.bindings;
    let mut warnings = Vec::new();
    for (index, binding) in bindings.iter().enumerate() {
        let earlier = bindings.iter().take(index).enumerate().find(|(_, earlier)| earlier.takes_all_of(binding));
        if let Some((nth, earlier)) = earlier {
            let (own, other) = (binding.name(index), earlier.name(nth));
            let zh = format!("绑定 `{own}` 永远不会生效：在前的 `{other}` 已覆盖它的全部请求；请调换顺序或收窄前者");
            let en = format!(
                "binding `{own}` never decides, because `{other}` before it takes all its requests; change their order or narrow that one"
            );
            warnings.push(document.places.problem(&format!("binding[{index}]"), Text::new(zh, en)));
        }
    }
    warnings
}

/// JSON Schema of bindings files, for editors.
#[must_use]
pub fn bindings_schema() -> serde_json::Value {
    schema_of::<Bindings>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rest: &str) -> Result<Document<Bindings>, Problems> {
        parse_bindings("b.toml", format!("kind = 'guard-bindings'\nversion = 1\n{rest}").as_bytes())
    }

    #[test]
    fn globs_stand_for_any_letters() {
        for (pattern, name, expected) in [
            ("gpt-*", "gpt-4o", true),
            ("gpt-*", "GPT-", true),
            ("gpt-*", "my-gpt-4", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "ac", false),
            ("a*a", "a", false),
            ("*-zh", "qwen-zh", true),
            ("**", "x", true),
            ("千问*", "千问-7b", true),
            ("a*aab", "aaaab", true),
        ] {
            assert_eq!(matches_glob(pattern, name), expected, "{pattern} {name}");
        }
        assert!(!matches_glob(&"*ab".repeat(500), &"ab".repeat(499)));
    }

    #[test]
    fn the_first_that_fits_decides() {
        let document = read(
            "[[binding]]\ntenant = 'bank'\nmodel = 'gpt-*'\npolicy = 'a.toml'\n\
             [[binding]]\nid = 'rest-of-bank'\ntenant = 'bank'\nmode = 'shadow'\n\
             [[binding]]\nmodel = 'free*'\nmode = 'off'\n",
        )
        .unwrap();
        let decides = |tenant: &str, app: &str, model: &str| {
            let mut bindings = document.value.bindings.iter().enumerate();
            bindings.find(|(_, b)| b.fits(tenant, app, model)).map(|(index, b)| b.name(index))
        };
        assert_eq!(decides("bank", "x", "gpt-4").as_deref(), Some("binding-1"));
        assert_eq!(decides("bank", "", "free-1").as_deref(), Some("rest-of-bank"));
        assert_eq!(decides("", "", "free-1").as_deref(), Some("binding-3"));
        assert_eq!(decides("shop", "", "gpt-4"), None);
    }

    #[test]
    fn problems_and_bindings_that_never_decide_are_told() {
        let check = |text: &str, parts: &[&str]| {
            let told = match read(text) {
                Ok(document) => {
                    unreachable_bindings(&document).iter().map(|p| p.display(jingwei_core::Lang::En)).collect()
                }
                Err(problems) => vec![problems.to_string()],
            };
            assert_eq!(told.is_empty(), parts.is_empty(), "{text}: {told:?}");
            parts
                .iter()
                .for_each(|part| assert!(told.iter().any(|said| said.contains(part)), "{part} not in {told:?}"));
        };
        check("", &[]);
        check(
            "[[binding]]\nmode = 'off'\n[[binding]]\ntenant = 'a'\n",
            &["b.toml:5: `binding[1]`", "`binding-2` never"],
        );
        check("[[binding]]\nmodel = 'gpt-*'\n[[binding]]\nmodel = 'gpt-4*'\n", &["never decides"]);
        check("[[binding]]\nmodel = 'gpt-4*'\n[[binding]]\nmodel = 'gpt-*'\n", &[]);
        check("[[binding]]\ntenant = '*'\n[[binding]]\napp = 'x'\n", &["never decides"]);
        check("[[binding]]\ntenant = 'a'\nmodel = 'm'\n[[binding]]\ntenant = 'a'\n", &[]);
        check("[[binding]]\nid = 'x'\n[[binding]]\nid = 'x'\n", &["is there twice"]);
        check("[[binding]]\nid = 'X y'\n", &["b.toml:4"]);
        check("[[binding]]\nmode = 'sometimes'\n", &["b.toml:4"]);
        check("[[caller]]\ntoken_sha256 = 'ab'\n", &["b.toml:4"]);
        let caller = format!("[[caller]]\ntoken_sha256 = '{}'\ntenant = 't'\n", "a1".repeat(32));
        check(&caller, &[]);
        check(&format!("{caller}{}", caller.replace("a1", "A1")), &["is there already"]);
        check("surprise = 1\n", &["surprise"]);
    }
}
