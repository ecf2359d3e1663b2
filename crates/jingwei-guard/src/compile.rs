//! A policy and its lexicons become an engine, or a list of everything that is wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_catalog::{
    document::{Document, Places, Problem, Problems},
    items::Lexicon,
};
use jingwei_core::{Date, Digest, RuleId, Text};
use jingwei_text::{Automaton, LexiconWord, NormalizeOptions, PersonalKind, SecretKind, Unusable, normalize};
use regex::Regex;
use regex_syntax::hir::{Hir, HirKind};

use crate::{
    policy::{Direction, Mode, Policy, PolicyRule, SurfaceRole, When, Words},
    together::Together,
};

/// A compiled policy. It never changes: a new policy is a new engine.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) policy: Policy,
    pub(crate) rules: Vec<CompiledRule>,
    pub(crate) input: WordIndex,
    pub(crate) output: WordIndex,
    version: String,
    digest: Digest,
    warnings: Vec<Warning>,
    lexicons: Vec<LexiconUse>,
}

/// What a rule of the policy became, by the same index.
#[derive(Debug, Clone)]
pub(crate) enum CompiledRule {
    Words,
    Pattern { regex: Regex, longest: Option<usize> },
    Personal(BTreeSet<PersonalKind>),
    Secret(BTreeSet<SecretKind>),
    Together(Together),
}

/// All words of all rules of one direction, in one automaton.
#[derive(Debug, Clone)]
pub(crate) struct WordIndex {
    pub automaton: Automaton,
    /// By category of the automaton.
    pub slots: Vec<Slot>,
}

/// What a word means to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub rule: usize,
    pub part: Part,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The word alone is a hit.
    Hit,
    Group(usize),
    Unless,
}

/// Something in a policy that compiles and is not what was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub kind: WarningKind,
    pub rule: RuleId,
    pub problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarningKind {
    /// No text can make the rule speak.
    NeverMatches,
    /// One of its words cannot be looked for.
    UnusableWord,
    /// It matches without bound, so a streamed paragraph is held back whole.
    Unbounded,
}

/// A lexicon that an engine was compiled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LexiconUse {
    pub id: String,
    pub words: usize,
    pub updated: Date,
}

impl Engine {
    /// Compiles a policy whole or not at all.
    pub fn compile(document: &Document<Policy>, lexicons: &[Lexicon]) -> Result<Self, Problems> {
        let policy = &document.value;
        let mut compiler = Compiler {
            policy,
            places: &document.places,
            lexicons,
            used: BTreeSet::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
        };
        compiler.unique_ids();
        let rules: Vec<Option<Draft>> =
            policy.rules.iter().enumerate().map(|(index, rule)| compiler.rule(index, rule)).collect();
        let input = compiler.index(&rules, Direction::Input);
        let output = compiler.index(&rules, Direction::Output);
        let Compiler { used, mut problems, warnings, .. } = compiler;
        let used: Vec<&Lexicon> = used.iter().filter_map(|index| lexicons.get(*index)).collect();
        match (input, output) {
            (Some(input), Some(output)) if problems.is_empty() => {
                let digest = digest_of(policy, &used);
                let version = format!("{}@sha256-{}", policy.id, digest.short());
                let rules = rules.into_iter().flatten().map(|draft| draft.compiled).collect();
                let lexicons = used.iter().map(|lexicon| LexiconUse {
                    id: lexicon.id.clone(),
                    words: lexicon.zh.len() + lexicon.en.len(),
                    updated: lexicon.updated,
                });
                let lexicons = lexicons.collect();
                Ok(Self { policy: policy.clone(), rules, input, output, version, digest, warnings, lexicons })
            }
            _ => {
                problems.sort();
                problems.dedup();
                Err(Problems(problems))
            }
        }
    }

    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The policy's id and the beginning of its digest: what a verdict names.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Digest of the policy and of every word of the lexicons that it uses.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The lexicons that its rules use.
    #[must_use]
    pub fn lexicons(&self) -> &[LexiconUse] {
        &self.lexicons
    }

    pub(crate) fn words(&self, direction: Direction) -> &WordIndex {
        match direction {
            Direction::Input => &self.input,
            Direction::Output => &self.output,
        }
    }

    /// Whether a rule takes part for texts of this direction and role.
    pub(crate) fn is_active(&self, rule: usize, direction: Direction, role: SurfaceRole) -> bool {
        self.policy.rules.get(rule).is_some_and(|rule| {
            rule.mode != Mode::Off
                && rule.direction.covers(direction)
                && (rule.roles.is_empty() || rule.roles.contains(&role))
        })
    }
}

fn digest_of(policy: &Policy, lexicons: &[&Lexicon]) -> Digest {
    let mut parts = vec!["guard-policy/1".to_owned(), serde_json::json!(policy).to_string()];
    parts.extend(lexicons.iter().map(|lexicon| serde_json::json!(lexicon).to_string()));
    Digest::of_parts(parts.iter().map(String::as_str))
}

/// A rule with the words that are still to enter an automaton.
struct Draft {
    compiled: CompiledRule,
    words: Vec<(Part, String)>,
}

struct Compiler<'a> {
    policy: &'a Policy,
    places: &'a Places,
    lexicons: &'a [Lexicon],
    used: BTreeSet<usize>,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
}

impl Compiler<'_> {
    fn problem(&mut self, key: &str, zh: String, en: String) {
        self.problems.push(self.places.problem(key, Text::new(zh, en)));
    }

    fn warn(&mut self, kind: WarningKind, rule: usize, zh: String, en: String) {
        let Some(id) = self.policy.rules.get(rule).map(|rule| rule.id.clone()) else { return };
        let problem = self.places.problem(&format!("rule[{rule}].when"), Text::new(zh, en));
        self.warnings.push(Warning { kind, rule: id, problem });
    }

    fn unique_ids(&mut self) {
        let mut seen = BTreeSet::new();
        let policy = self.policy;
        for (index, rule) in policy.rules.iter().enumerate() {
            if !seen.insert(&rule.id) {
                let id = &rule.id;
                self.problem(
                    &format!("rule[{index}].id"),
                    format!("规则 `{id}` 重复，请改名"),
                    format!("rule `{id}` is there twice; rename one"),
                );
            }
        }
    }

    fn rule(&mut self, index: usize, rule: &PolicyRule) -> Option<Draft> {
        let key = format!("rule[{index}].when");
        let output_only = rule.direction == crate::RuleDirection::Output;
        if output_only && !rule.roles.is_empty() && !rule.roles.contains(&SurfaceRole::Assistant) {
            let (zh, en) = ("模型输出的角色只有 assistant", "a reply has no role but assistant");
            self.warn(WarningKind::NeverMatches, index, zh.to_owned(), en.to_owned());
        }
        match &rule.when {
            When::Lexicon { lexicons } => {
                let mut words = Vec::new();
                for (nth, name) in lexicons.iter().enumerate() {
                    words.extend(self.lexicon(name, &format!("{key}.lexicons[{nth}]")));
                }
                Some(self.words_draft(index, words))
            }
            When::Words { zh, en } => {
                let words: Vec<String> = zh.iter().chain(en).cloned().collect();
                if words.is_empty() {
                    self.problem(&key, "没有词".to_owned(), "there are no words; add `zh` or `en`".to_owned());
                }
                Some(self.words_draft(index, words))
            }
            When::Pattern { regex } => self.pattern(index, &format!("{key}.regex"), regex),
            When::Pii { kinds } => {
                let kinds = if kinds.is_empty() { &PersonalKind::ALL[..] } else { kinds };
                Some(Draft { compiled: CompiledRule::Personal(kinds.iter().copied().collect()), words: Vec::new() })
            }
            When::Secret { kinds } => {
                let kinds = if kinds.is_empty() { &SecretKind::ALL[..] } else { kinds };
                Some(Draft { compiled: CompiledRule::Secret(kinds.iter().copied().collect()), words: Vec::new() })
            }
            When::Together { groups, within, in_order, unless } => {
                let together = Together { groups: groups.len(), within: *within as usize, in_order: *in_order };
                Some(self.together(index, &key, together, groups, unless))
            }
        }
    }

    fn words_draft(&mut self, index: usize, words: Vec<String>) -> Draft {
        if self.policy.rules.get(index).is_some_and(|rule| rule.mode != Mode::Off) && words.is_empty() {
            let (zh, en) = (
                "词表是空的，永远不会命中；请导入词语或把 mode 设为 off",
                "its lexicons are empty, so it never matches; import words or set mode to `off`",
            );
            self.warn(WarningKind::NeverMatches, index, zh.to_owned(), en.to_owned());
        }
        Draft { compiled: CompiledRule::Words, words: words.into_iter().map(|word| (Part::Hit, word)).collect() }
    }

    fn together(
        &mut self,
        index: usize,
        key: &str,
        together: Together,
        groups: &[Vec<String>],
        unless: &[String],
    ) -> Draft {
        let mut words = Vec::new();
        for (nth, group) in groups.iter().enumerate() {
            let at = format!("{key}.groups[{nth}]");
            let resolved = self.resolve(group, &at);
            if group.is_empty() {
                self.problem(&at, "词组是空的".to_owned(), "the group is empty; add words or drop it".to_owned());
            } else if resolved.is_empty() {
                let zh = format!("第 {} 组没有词，永远不会命中", nth + 1);
                let en = format!("group {} has no words, so it never matches", nth + 1);
                self.warn(WarningKind::NeverMatches, index, zh, en);
            }
            words.extend(resolved.into_iter().map(|word| (Part::Group(nth), word)));
        }
        let exceptions = self.resolve(unless, &format!("{key}.unless"));
        words.extend(exceptions.into_iter().map(|word| (Part::Unless, word)));
        Draft { compiled: CompiledRule::Together(together), words }
    }

    /// Words of a list in which `@name` stands for a list of terms or a lexicon.
    fn resolve(&mut self, list: &[String], key: &str) -> Vec<String> {
        let policy = self.policy;
        let mut words = Vec::new();
        for (nth, entry) in list.iter().enumerate() {
            match entry.strip_prefix('@') {
                None => words.push(entry.clone()),
                Some(name) => match policy.terms.get(name) {
                    Some(terms) => words.extend(terms.all().map(str::to_owned)),
                    None => words.extend(self.lexicon(name, &format!("{key}[{nth}]"))),
                },
            }
        }
        words
    }

    fn lexicon(&mut self, name: &str, key: &str) -> Vec<String> {
        let lexicons = self.lexicons;
        let found: Vec<usize> = (0..lexicons.len())
            .filter(|index| lexicons.get(*index).is_some_and(|l| l.id == name || l.category == name))
            .collect();
        if found.is_empty() {
            let mut known: Vec<&str> = lexicons.iter().map(|lexicon| lexicon.id.as_str()).collect();
            known.extend(self.policy.terms.keys().map(String::as_str));
            let known = known.join(", ");
            let shown: String = name.chars().take(60).collect();
            self.problem(
                key,
                format!("没有名为 `{shown}` 的词表；可用：{known}"),
                format!("there is no lexicon `{shown}`; known: {known}"),
            );
        }
        let mut words = Vec::new();
        for index in found {
            self.used.insert(index);
            if let Some(lexicon) = lexicons.get(index) {
                words.extend(lexicon.zh.iter().chain(&lexicon.en).cloned());
            }
        }
        words
    }

    fn pattern(&mut self, index: usize, key: &str, regex: &str) -> Option<Draft> {
        let built = regex::RegexBuilder::new(regex)
            .case_insensitive(true)
            .size_limit(MAX_REGEX_BYTES)
            .dfa_size_limit(MAX_REGEX_BYTES)
            .nest_limit(100)
            .build();
        let hir = regex_syntax::ParserBuilder::new().nest_limit(100).build().parse(regex);
        let (compiled, hir) = match (built, hir) {
            (Ok(compiled), Ok(hir)) => (compiled, hir),
            (Err(error), _) => {
                let said = last_line(&error.to_string());
                self.problem(key, format!("正则表达式有误：{said}"), format!("the expression is wrong: {said}"));
                return None;
            }
            (_, Err(error)) => {
                let said = last_line(&error.to_string());
                self.problem(key, format!("正则表达式有误：{said}"), format!("the expression is wrong: {said}"));
                return None;
            }
        };
        if compiled.is_match("") {
            let (zh, en) = (
                "它匹配空文本，即匹配一切",
                "it matches the empty text, and so everything; make a part of it required",
            );
            self.problem(key, zh.to_owned(), en.to_owned());
        }
        if hir.properties().minimum_len().is_none() {
            let (zh, en) = ("它不可能匹配任何文本", "it can match no text");
            self.warn(WarningKind::NeverMatches, index, zh.to_owned(), en.to_owned());
        }
        let mut literals = Vec::new();
        collect_literals(&hir, &mut literals);
        for literal in literals {
            let folded = normalize(&literal, &NormalizeOptions::WORDS).text;
            if folded != literal.to_lowercase() {
                let zh = format!("文本先经归一化，`{literal}` 会变成 `{folded}`，因此不会匹配");
                let en = format!("texts are normalised first and `{literal}` becomes `{folded}`, so it never matches");
                self.warn(WarningKind::NeverMatches, index, zh, en);
            }
        }
        let longest = hir.properties().maximum_len();
        if longest.is_none() {
            let zh = "匹配长度没有上限，流式输出时整段保留；请限定重复次数".to_owned();
            let en =
                "its matches have no longest length, so streamed paragraphs are held back whole; bound its repetitions";
            self.warn(WarningKind::Unbounded, index, zh, en.to_owned());
        }
        // Case folding may change lengths: a letter of one byte has a look-alike of three (K, ſ).
        let longest = longest.map(|bytes| bytes.saturating_mul(3));
        Some(Draft { compiled: CompiledRule::Pattern { regex: compiled, longest }, words: Vec::new() })
    }

    /// One automaton over the words of every rule that looks this way.
    fn index(&mut self, rules: &[Option<Draft>], direction: Direction) -> Option<WordIndex> {
        let mut slots: Vec<Slot> = Vec::new();
        let mut words: Vec<LexiconWord<'_>> = Vec::new();
        let mut owners: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, draft) in rules.iter().enumerate() {
            let looks = self
                .policy
                .rules
                .get(index)
                .is_some_and(|rule| rule.mode != Mode::Off && rule.direction.covers(direction));
            let Some(draft) = draft.as_ref().filter(|_| looks) else { continue };
            for (part, word) in &draft.words {
                let slot = Slot { rule: index, part: *part };
                if slots.last() != Some(&slot) {
                    slots.push(slot);
                    owners.insert(words.len(), index);
                }
                let category = u32::try_from(slots.len() - 1).ok()?;
                words.push(LexiconWord { text: word, category });
            }
        }
        match Automaton::build(words.iter().copied()) {
            Ok((automaton, unusable)) => {
                for found in unusable {
                    let nth = found.word as usize;
                    let owner = owners.range(..=nth).next_back().map(|(_, rule)| *rule);
                    let word = words.get(nth).map(|word| word.text.chars().take(40).collect::<String>());
                    if let (Some(rule), Some(word)) = (owner, word) {
                        self.unusable_word(rule, &word, found.why);
                    }
                }
                Some(WordIndex { automaton, slots })
            }
            Err(error) => {
                self.problem("", format!("词语无法编译：{error}"), error.to_string());
                None
            }
        }
    }

    fn unusable_word(&mut self, rule: usize, word: &str, why: Unusable) {
        let (zh, en) = match why {
            Unusable::Empty => ("归一化后什么也不剩", "nothing is left of it in normal form"),
            Unusable::TooLong => ("太长", "it is too long"),
        };
        self.warn(
            WarningKind::UnusableWord,
            rule,
            format!("词 `{word}` 不可用：{zh}"),
            format!("word `{word}` is left out: {en}"),
        );
    }
}

impl Words {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.zh.is_empty() && self.en.is_empty()
    }
}

/// Largest compiled expression, in bytes.
const MAX_REGEX_BYTES: usize = 1 << 20;

fn last_line(message: &str) -> String {
    message.lines().next_back().unwrap_or_default().trim().chars().take(200).collect()
}

/// The literal texts that an expression demands.
fn collect_literals(hir: &Hir, out: &mut Vec<String>) {
    match hir.kind() {
        HirKind::Literal(literal) => out.extend(std::str::from_utf8(&literal.0).map(str::to_owned)),
        HirKind::Repetition(repetition) => collect_literals(&repetition.sub, out),
        HirKind::Capture(capture) => collect_literals(&capture.sub, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| collect_literals(part, out)),
        // One branch of several may match where another cannot.
        HirKind::Alternation(_) | HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => {}
    }
}

#[cfg(test)]
#[path = "compile_tests.rs"]
mod tests;
