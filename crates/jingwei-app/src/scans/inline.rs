//! Suppressions in lockfiles and manifests themselves: `# jingwei: ignore RULE reason="…" owner="…" until=YYYY-MM-DD`.
//!
//! They count only where the scanned file is the reader's own. In files of models they stay unread: whoever made the model
//! would write them.

use jingwei_core::{Date, Finding, Text};

use super::State;

/// Comments that are read in one file.
const MOST: usize = 1_000;

/// A comment that asks for a suppression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignore {
    pub path: String,
    pub line: usize,
    /// A rule, or an advisory.
    pub what: String,
    /// `None`: something that is compulsory is missing or wrong, and nothing is suppressed.
    pub answer: Option<Answer>,
}

/// Who answers for it, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub reason: String,
    pub owner: String,
    pub until: Date,
}

/// The comments of a file. Only lines that are comments as a whole count: the rest of a line may quote what a registry or a
/// stranger wrote. JSON has no comments.
pub(super) fn ignores(path: &str, bytes: &[u8]) -> Vec<Ignore> {
    let is_json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| matches!(byte, b'{' | b'['));
    if is_json && path.ends_with("json") {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().enumerate();
    lines.filter_map(|(at, line)| ignore(path, at + 1, line)).take(MOST).collect()
}

fn ignore(path: &str, line: usize, text: &str) -> Option<Ignore> {
    let text = text.trim_start();
    let comment = text.strip_prefix("//").or_else(|| text.strip_prefix('#'))?.trim_start();
    let asked = comment.strip_prefix("jingwei:")?.trim_start().strip_prefix("ignore")?;
    let asked = asked.strip_prefix(char::is_whitespace)?.trim_start();
    let (what, fields) = asked.split_once(char::is_whitespace).unwrap_or((asked, ""));
    let answer = || {
        let reason = quoted(fields, "reason").filter(|reason| !reason.trim().is_empty())?;
        let owner = quoted(fields, "owner").filter(|owner| !owner.trim().is_empty())?;
        let until = fields.split_once("until=")?.1.trim_start_matches('"').get(..10)?.parse().ok()?;
        Some(Answer { reason: reason.to_owned(), owner: owner.to_owned(), until })
    };
    Some(Ignore { path: path.to_owned(), line, what: what.to_owned(), answer: answer() })
}

fn quoted<'t>(fields: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = fields.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

impl Ignore {
    /// The finding lies in the same file, and is of this rule or this advisory.
    pub(super) fn matches(&self, finding: &Finding) -> bool {
        let advisory = finding.place.key.as_deref().and_then(|key| key.rsplit_once(':')).map(|(_, id)| id);
        let named = finding.rule.to_string() == self.what || advisory == Some(self.what.as_str());
        named && finding.place.path.as_deref() == Some(self.path.as_str())
    }

    /// While it holds.
    pub(super) fn state(&self, today: Date) -> Option<State> {
        let answer = self.answer.as_ref().filter(|answer| answer.until >= today)?;
        Some(State::Suppressed { reason: answer.reason.clone(), owner: answer.owner.clone(), until: answer.until })
    }

    /// Why it suppresses nothing, if so.
    pub(super) fn notice(&self, used: bool, today: Date) -> Option<Text> {
        let place = jingwei_read::shown(&format!("{}:{}", self.path, self.line));
        let what = jingwei_read::shown(&self.what);
        let (zh, en) = match &self.answer {
            None => (
                "须写明 reason=\"…\"、owner=\"…\" 与 until=YYYY-MM-DD，未予采用".to_owned(),
                "needs reason=\"…\", owner=\"…\" and until=YYYY-MM-DD, and was left out".to_owned(),
            ),
            Some(answer) if answer.until < today => {
                (format!("已于 {} 到期", answer.until), format!("ended on {}", answer.until))
            }
            Some(_) if !used => {
                ("没有对应的发现，可以删除".to_owned(), "matches nothing and can be removed".to_owned())
            }
            Some(_) => return None,
        };
        Some(Text::new(format!("{place} 的抑制注释（{what}）{zh}"), format!("the comment at {place} ({what}) {en}")))
    }
}

#[cfg(test)]
mod tests {
    use jingwei_core::{ComponentId, Place, RuleId, Severity};

    use super::*;

    /// Whether the first comment suppresses the finding, and what is said of it.
    fn decided(line: &str, path: &str) -> Option<(bool, Option<String>)> {
        let (rule, component) = (RuleId::literal("package.vulnerable-high"), ComponentId::literal("code"));
        let key = Some("pillow@9.0.0:CVE-2022-22817".to_owned());
        let place = Place { path: Some("requirements.txt".to_owned()), key, offset: None };
        let finding = Finding {
            fingerprint: Finding::fingerprint_of(&rule, &component, &place),
            severity: Severity::High,
            message: Text::new("消息", "message"),
            remedy: Text::new("办法", "remedy"),
            risks: Vec::new(),
            rule,
            component,
            place,
        };
        let today = "2026-11-21".parse().unwrap();
        let all = ignores(path, format!("pillow==9.0.0\n{line}\n").as_bytes());
        let first = all.first()?;
        let used = first.matches(&finding);
        Some((used && first.state(today).is_some(), first.notice(used, today).map(|text| text.en)))
    }

    #[test]
    fn a_comment_holds_with_reason_owner_and_end() {
        let whole = "reason=\"not reached\" owner=\"lin\" until=2026-11-21";
        for (line, suppresses, says) in [
            (format!("# jingwei: ignore CVE-2022-22817 {whole}"), true, None),
            (format!("  // jingwei: ignore package.vulnerable-high {whole}"), true, None),
            (format!("#jingwei:ignore CVE-2022-22817 {whole}"), true, None),
            (format!("# jingwei: ignore CVE-2022-0001 {whole}"), false, Some("matches nothing")),
            (
                "# jingwei: ignore CVE-2022-22817 reason=\"r\" owner=\"l\" until=2026-11-20".into(),
                false,
                Some("ended on"),
            ),
            ("# jingwei: ignore CVE-2022-22817 owner=\"l\" until=2027-01-01".into(), false, Some("needs reason")),
            ("# jingwei: ignore CVE-2022-22817 reason=\" \" owner=\"l\" until=2027-01-01".into(), false, Some("needs")),
            ("# jingwei: ignore CVE-2022-22817 reason=\"r\" until=2027-01-01".into(), false, Some("needs reason")),
            ("# jingwei: ignore CVE-2022-22817 reason=\"r\" owner=\"l\"".into(), false, Some("needs reason")),
            (
                "# jingwei: ignore CVE-2022-22817 reason=\"r\" owner=\"l\" until=soon".into(),
                false,
                Some("needs reason"),
            ),
        ] {
            let (holds, notice) = decided(&line, "requirements.txt").unwrap();
            assert_eq!(holds, suppresses, "{line}");
            assert_eq!(notice.is_some(), says.is_some(), "{line}: {notice:?}");
            assert!(notice.unwrap_or_default().contains(says.unwrap_or_default()), "{line}");
        }
        let (holds, _) = decided(&format!("# jingwei: ignore CVE-2022-22817 {whole}"), "other.txt").unwrap();
        assert!(!holds, "a comment holds for its own file");
        let quoted = format!("pillow==9 ; note = \"# jingwei: ignore CVE-2022-22817 {whole}\"");
        assert_eq!(decided(&quoted, "requirements.txt"), None);
        assert!(ignores("package-lock.json", format!("{{\n# jingwei: ignore x {whole}\n}}").as_bytes()).is_empty());
    }
}
