//! What a policy costs a streamed reply, known before it serves.

use jingwei_core::{RuleId, Text};
use serde::Serialize;

use crate::{Direction, Engine, StreamMode, SurfaceRole, compile::CompiledRule};

/// What a rule needs before a piece of a reply may go out, from mildest to strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamNeed {
    /// Nothing: what it says is only recorded.
    Nothing,
    /// Nothing: the reply is cut when the judgement is bad.
    Race,
    /// What may still become part of a match is held, and nothing else.
    Exact,
    /// The same, and a private key is held until its last line.
    KeyBlock,
    /// A sentence is held until it has ended and is judged.
    Sentence,
    /// A paragraph is held until it has ended.
    Paragraph,
}

impl StreamNeed {
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Nothing => Text::new("不等待：只作记录", "waits for nothing: only recorded"),
            Self::Race => Text::new("不等待：判定不良时切断", "waits for nothing: the reply is cut when it is bad"),
            Self::Exact => {
                Text::new("精确保留：不可能再命中即放行", "exact hold-back: released as soon as it cannot match")
            }
            Self::KeyBlock => Text::new(
                "精确保留；私钥保留到最后一行",
                "exact hold-back, and a private key until the last line of the key",
            ),
            Self::Sentence => Text::new("等每个句子结束", "waits for the end of each sentence"),
            Self::Paragraph => Text::new("整段保留", "holds whole paragraphs"),
        }
    }
}

/// Rules with the same need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamRules {
    pub need: StreamNeed,
    pub rules: Vec<RuleId>,
}

/// What streamed replies wait for under a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamCost {
    /// The strictest of its rules. `None`: no rule looks at replies.
    pub need: Option<StreamNeed>,
    /// From the strictest need to the mildest.
    pub groups: Vec<StreamRules>,
    /// Longest word of the automaton in normal form, in bytes.
    pub longest_word_bytes: usize,
    /// Longest match of a pattern with a bound, in bytes.
    pub longest_pattern_bytes: usize,
    /// Detectors that hold sentences and do not answer within microseconds.
    pub slow_detectors: Vec<String>,
}

impl StreamCost {
    /// One line for a person.
    #[must_use]
    pub fn summary(&self) -> Text {
        let Some(need) = self.need else {
            return Text::new("流式输出：没有规则检查模型输出", "streamed replies: no rule looks at replies");
        };
        let need = need.text();
        let (word, rules) = (self.longest_word_bytes, self.groups.iter().map(|group| group.rules.len()).sum::<usize>());
        let (mut zh, mut en) = (format!("{rules} 条规则中最严的"), format!("strictest of {rules} rules"));
        if word > 0 {
            zh += &format!("；最长的词 {word} 字节");
            en += &format!("; longest word {word} bytes");
        }
        Text::new(format!("流式输出：{}（{zh}）", need.zh), format!("streamed replies: {} ({en})", need.en))
    }
}

impl Engine {
    /// What streamed replies wait for, by the rules that look at them.
    #[must_use]
    pub fn stream_cost(&self) -> StreamCost {
        let active = self.active(Direction::Output, SurfaceRole::Assistant);
        let rules = || self.policy.rules.iter().zip(&self.rules).enumerate().filter(|(nth, _)| active.has(*nth));
        let mut groups: Vec<StreamRules> = Vec::new();
        for (_, (rule, compiled)) in rules() {
            let need = need_of(compiled);
            match groups.iter_mut().find(|group| group.need == need) {
                Some(group) => group.rules.push(rule.id.clone()),
                None => groups.push(StreamRules { need, rules: vec![rule.id.clone()] }),
            }
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.need));
        let patterns = rules().filter_map(|(_, (_, compiled))| match compiled {
            CompiledRule::Pattern { longest, .. } => *longest,
            _ => None,
        });
        let mut slow_detectors: Vec<String> =
            rules().filter_map(|(_, (_, compiled))| slow_detector(compiled)).collect();
        slow_detectors.sort();
        slow_detectors.dedup();
        StreamCost {
            need: groups.first().map(|group| group.need),
            groups,
            longest_word_bytes: self.words(Direction::Output).automaton.longest_word(),
            longest_pattern_bytes: patterns.max().unwrap_or(0),
            slow_detectors,
        }
    }
}

fn need_of(compiled: &CompiledRule) -> StreamNeed {
    match compiled {
        CompiledRule::Secret(kinds) if kinds.contains(&jingwei_text::SecretKind::PrivateKey) => StreamNeed::KeyBlock,
        CompiledRule::Pattern { longest: None, .. } => StreamNeed::Paragraph,
        CompiledRule::Words
        | CompiledRule::Together(_)
        | CompiledRule::Pattern { .. }
        | CompiledRule::Personal(_)
        | CompiledRule::Secret(_)
        | CompiledRule::Canary(_) => StreamNeed::Exact,
        CompiledRule::Semantic(semantic) => match semantic.stream {
            StreamMode::Hold => StreamNeed::Sentence,
            StreamMode::Race => StreamNeed::Race,
            StreamMode::Observe => StreamNeed::Nothing,
        },
        // A sentence is judged when it has ended, and was not held.
        CompiledRule::Topic(_) => StreamNeed::Race,
    }
}

fn slow_detector(compiled: &CompiledRule) -> Option<String> {
    match compiled {
        CompiledRule::Semantic(semantic) if semantic.stream == StreamMode::Hold && !semantic.detector.is_instant() => {
            Some(semantic.id.clone())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_policy;

    /// `when` of each rule, the needs from strictest to mildest, and how many rules have them.
    #[track_caller]
    fn check(rules: &[&str], expected: &[(StreamNeed, usize)]) {
        let mut text = "kind = 'guard-policy'\nversion = 1\nid = 'p'\ntitle = { zh = '题', en = 't' }\n\
                        block_message = { zh = '不', en = 'no' }\n"
            .to_owned();
        for (nth, rule) in rules.iter().enumerate() {
            text += &format!(
                "[[rule]]\nid = 'r{nth}'\ntitle = {{ zh = '题', en = 't' }}\naction = 'block'\nseverity = 'low'\n{rule}\n"
            );
        }
        let policy = parse_policy("p", text.as_bytes()).unwrap();
        let cost = Engine::compile(&policy, &[]).unwrap().stream_cost();
        let words = rules.iter().any(|rule| rule.contains("炸弹") && !rule.contains("off"));
        assert_eq!(cost.longest_word_bytes, if words { "炸弹".len() } else { 0 });
        let found: Vec<_> = cost.groups.iter().map(|group| (group.need, group.rules.len())).collect();
        assert_eq!(found, expected);
        assert_eq!(cost.need, expected.first().map(|group| group.0));
        let summary = cost.summary();
        assert!(!summary.zh.is_empty() && !summary.en.is_empty());
    }

    #[test]
    fn the_strictest_rule_decides() {
        let words = "direction = 'both'\nwhen = { kind = 'words', zh = ['炸弹'] }";
        let semantic = |stream: &str| {
            format!("direction = 'output'\nwhen = {{ kind = 'semantic', head = 'harm', stream = '{stream}' }}")
        };
        let pattern = |regex: &str| format!("direction = 'output'\nwhen = {{ kind = 'pattern', regex = '{regex}' }}");
        let key = "direction = 'output'\nwhen = { kind = 'secret' }";
        let token = "direction = 'output'\nwhen = { kind = 'secret', kinds = ['jwt'] }";
        check(&["direction = 'input'\nwhen = { kind = 'pii' }"], &[]);
        check(&[words, token, &pattern("a{3}")], &[(StreamNeed::Exact, 3)]);
        check(&[words, key], &[(StreamNeed::KeyBlock, 1), (StreamNeed::Exact, 1)]);
        check(&[words, &semantic("hold")], &[(StreamNeed::Sentence, 1), (StreamNeed::Exact, 1)]);
        check(&[&semantic("race"), &semantic("observe")], &[(StreamNeed::Race, 1), (StreamNeed::Nothing, 1)]);
        check(&[&pattern("a+"), &semantic("hold")], &[(StreamNeed::Paragraph, 1), (StreamNeed::Sentence, 1)]);
        check(&[&format!("{words}\nmode = 'off'")], &[]);
        check(&[&format!("{words}\nmode = 'shadow'")], &[(StreamNeed::Exact, 1)]);
    }

    #[test]
    fn the_baseline_holds_back_exactly() {
        let policy = crate::baseline().unwrap();
        let lexicons: Vec<_> = jingwei_catalog::Catalog::built_in().unwrap().lexicons.into_values().collect();
        let cost = Engine::compile(&policy, &lexicons).unwrap().stream_cost();
        assert!(cost.need.is_some() && cost.slow_detectors.is_empty(), "{cost:?}");
    }
}
