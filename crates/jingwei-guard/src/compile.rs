//! A policy and its lexicons become an engine, or a list of everything that is wrong with them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jingwei_catalog::{
    document::{Document, Places, Problem, Problems},
    items::Lexicon,
};
use jingwei_core::{Date, Digest, RuleId, Text};
use jingwei_text::{Automaton, LexiconWord, NormalizeOptions, PersonalKind, SecretKind, Unusable, normalize};
use regex::Regex;
use regex_syntax::hir::{Hir, HirKind};

use crate::{
    canary::CanaryKey,
    detector::{Detector, Detectors},
    policy::{
        BUILTIN_DETECTOR, Direction, Mode, Policy, PolicyRule, RuleDirection, StreamMode, SurfaceRole, When, Words,
    },
    semantic::{Semantic, Topic, builtin_detector},
    together::Together,
};

/// A compiled policy. It never changes: a new policy is a new engine.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) policy: Policy,
    pub(crate) rules: Vec<CompiledRule>,
    /// Of every rule that looks for words.
    pub(crate) uses: Vec<WordUse>,
    /// Detectors that rules rely on, by id.
    pub(crate) detectors: Detectors,
    input: Arc<WordIndex>,
    output: Arc<WordIndex>,
    /// By direction and role.
    active: [Active; 8],
    version: String,
    digest: Digest,
    warnings: Vec<Warning>,
    lexicons: Vec<LexiconUse>,
}

/// What a rule of the policy became, by the same index.
#[derive(Debug, Clone)]
pub(crate) enum CompiledRule {
    Words,
    Pattern { regex: Regex, longest: Option<usize>, looks_around: bool },
    Personal(BTreeSet<PersonalKind>),
    Secret(BTreeSet<SecretKind>),
    Together(Together),
    Semantic(Semantic),
    Topic(Topic),
    Canary(CanaryKey),
}

/// What an engine is made of beside its policy.
#[derive(Debug, Clone, Default)]
pub struct Parts<'a> {
    pub lexicons: &'a [Lexicon],
    /// Detectors beside the built-in one, by id. Each `[[detector]]` of the policy must be among them.
    pub detectors: Detectors,
    /// Without a key no canary token is recognised, and rules that look for them are warned of.
    pub canary: Option<CanaryKey>,
}

/// All words of all rules of one direction, in one automaton. Its categories are lists of words.
#[derive(Debug, Clone)]
pub(crate) struct WordIndex {
    pub automaton: Automaton,
    /// By list: the rules that each of its words is a hit of.
    pub hit_of: Vec<Vec<usize>>,
    /// By list: its words count for some rule beside other words.
    pub stands_together: Vec<bool>,
}

/// A list of words that rules refer to: terms, a lexicon, or words of a rule's own. By its place among all.
pub(crate) type List = usize;

/// Whose words a rule looks for: any word of a list in `hits` is a hit; a word of each group stands together.
#[derive(Debug, Clone, Default)]
pub(crate) struct WordUse {
    pub rule: usize,
    pub hits: Vec<List>,
    pub groups: Vec<Vec<List>>,
    pub unless: Vec<List>,
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
    /// Compiles a policy that needs nothing but lexicons, whole or not at all.
    pub fn compile(document: &Document<Policy>, lexicons: &[Lexicon]) -> Result<Self, Problems> {
        Self::compile_with(document, &Parts { lexicons, ..Parts::default() })
    }

    /// Compiles a policy whole or not at all.
    pub fn compile_with(document: &Document<Policy>, parts: &Parts<'_>) -> Result<Self, Problems> {
        let policy = &document.value;
        let lexicons = parts.lexicons;
        let mut compiler = Compiler {
            policy,
            places: &document.places,
            lexicons,
            parts,
            used: BTreeSet::new(),
            lists: Vec::new(),
            named: BTreeMap::new(),
            heard: Detectors::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
        };
        compiler.unique_ids();
        let rules: Vec<Option<Draft>> =
            policy.rules.iter().enumerate().map(|(index, rule)| compiler.rule(index, rule)).collect();
        let input = compiler.index(&rules, Direction::Input).map(Arc::new);
        let same = policy.rules.iter().all(|rule| rule.mode == Mode::Off || rule.direction == RuleDirection::Both);
        let output = if same { input.clone() } else { compiler.index(&rules, Direction::Output).map(Arc::new) };
        let Compiler { used, mut problems, warnings, heard: detectors, .. } = compiler;
        let used: Vec<&Lexicon> = used.iter().filter_map(|index| lexicons.get(*index)).collect();
        match (input, output) {
            (Some(input), Some(output)) if problems.is_empty() => {
                let digest = digest_of(policy, &used, &detectors);
                let version = format!("{}@sha256-{}", policy.id, digest.short());
                let (rules, uses): (Vec<CompiledRule>, Vec<Option<WordUse>>) =
                    rules.into_iter().flatten().map(|draft| (draft.compiled, draft.words)).unzip();
                let uses = uses.into_iter().flatten().collect();
                let active = std::array::from_fn(|nth| Active::of(policy, &rules, nth));
                let lexicons = used.iter().map(|lexicon| LexiconUse {
                    id: lexicon.id.clone(),
                    words: lexicon.zh.len() + lexicon.en.len(),
                    updated: lexicon.updated,
                });
                let lexicons = lexicons.collect();
                Ok(Self {
                    policy: policy.clone(),
                    rules,
                    uses,
                    detectors,
                    input,
                    output,
                    active,
                    version,
                    digest,
                    warnings,
                    lexicons,
                })
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

    /// Digest of the policy, of every word of the lexicons that it uses, and of what its detectors depend on.
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

    /// The rules that take part for texts of this direction and role.
    pub(crate) fn active(&self, direction: Direction, role: SurfaceRole) -> &Active {
        &self.active[place_of(direction, role)]
    }
}

/// Which rules take part for texts of one direction and role, and of which kind they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Active {
    rules: Vec<bool>,
    pub patterns: Vec<usize>,
    pub personal: Vec<usize>,
    pub secret: Vec<usize>,
    pub canaries: Vec<usize>,
    pub semantic: Vec<usize>,
    /// Rules whose hits count only beside an intent.
    pub intents: Vec<usize>,
    /// Values whose case and signs matter are looked for.
    pub values: bool,
    pub private_keys: bool,
    /// What came before a place has no say in what is found after it.
    pub is_local: bool,
    /// A sentence waits until it is judged.
    pub holds_sentences: bool,
}

const DIRECTIONS: [Direction; 2] = [Direction::Input, Direction::Output];
const ROLES: [SurfaceRole; 4] = [SurfaceRole::System, SurfaceRole::User, SurfaceRole::Assistant, SurfaceRole::Tool];

fn place_of(direction: Direction, role: SurfaceRole) -> usize {
    direction as usize * ROLES.len() + role as usize
}

impl Active {
    fn of(policy: &Policy, compiled: &[CompiledRule], place: usize) -> Self {
        let (direction, role) = (DIRECTIONS[place / ROLES.len()], ROLES[place % ROLES.len()]);
        let mut active = Self { is_local: true, ..Self::default() };
        for (index, (rule, compiled)) in policy.rules.iter().zip(compiled).enumerate() {
            let takes_part = rule.mode != Mode::Off
                && rule.direction.covers(direction)
                && (rule.roles.is_empty() || rule.roles.contains(&role));
            active.rules.push(takes_part);
            if takes_part {
                active.enter(index, compiled);
                if rule.intent.is_some() {
                    active.intents.push(index);
                }
            }
        }
        active
    }

    fn enter(&mut self, index: usize, compiled: &CompiledRule) {
        match compiled {
            CompiledRule::Words | CompiledRule::Together(_) => {}
            CompiledRule::Pattern { looks_around, .. } => {
                self.is_local &= !looks_around;
                self.patterns.push(index);
            }
            CompiledRule::Personal(_) => {
                self.values = true;
                self.personal.push(index);
            }
            CompiledRule::Secret(kinds) => {
                self.values = true;
                self.private_keys |= kinds.contains(&SecretKind::PrivateKey);
                self.secret.push(index);
            }
            CompiledRule::Canary(_) => self.canaries.push(index),
            CompiledRule::Semantic(semantic) => {
                self.holds_sentences |= semantic.stream == StreamMode::Hold;
                self.semantic.push(index);
            }
            CompiledRule::Topic(_) => self.semantic.push(index),
        }
    }

    pub fn has(&self, rule: usize) -> bool {
        self.rules.get(rule).copied().unwrap_or(false)
    }
}

fn digest_of(policy: &Policy, lexicons: &[&Lexicon], detectors: &Detectors) -> Digest {
    let mut parts = vec!["guard-policy/2".to_owned(), serde_json::json!(policy).to_string()];
    parts.extend(lexicons.iter().map(|lexicon| serde_json::json!(lexicon).to_string()));
    parts.extend(detectors.iter().map(|(id, detector)| format!("{id} {}", detector.digest())));
    Digest::of_parts(parts.iter().map(String::as_str))
}

/// A rule with the lists of words that it looks for.
struct Draft {
    compiled: CompiledRule,
    words: Option<WordUse>,
}

struct Compiler<'a> {
    policy: &'a Policy,
    places: &'a Places,
    lexicons: &'a [Lexicon],
    parts: &'a Parts<'a>,
    used: BTreeSet<usize>,
    lists: Vec<Vec<String>>,
    /// Lists of terms and lexicons by name.
    named: BTreeMap<String, Vec<List>>,
    heard: Detectors,
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
        if let Some(intent) = &rule.intent {
            let at = format!("rule[{index}].intent");
            if let Some(detector) = self.detector(&intent.detector, &format!("{at}.detector")) {
                self.head(detector.as_ref(), &intent.detector, &intent.head, &[], &at);
                self.heard.insert(intent.detector.clone(), detector);
            }
            if rule.direction != RuleDirection::Input {
                let en = "`intent` needs whole sentences, which a streamed reply has only at their end; set direction to `input`";
                self.problem(
                    &at,
                    "`intent` 需要整句，流式回复做不到；请把 direction 设为 `input`".to_owned(),
                    en.to_owned(),
                );
            }
        }
        let output_only = rule.direction == RuleDirection::Output;
        if output_only && !rule.roles.is_empty() && !rule.roles.contains(&SurfaceRole::Assistant) {
            let (zh, en) = ("模型输出的角色只有 assistant", "a reply has no role but assistant");
            self.warn(WarningKind::NeverMatches, index, zh.to_owned(), en.to_owned());
        }
        match &rule.when {
            When::Lexicon { lexicons } => {
                let mut lists = Vec::new();
                for (nth, name) in lexicons.iter().enumerate() {
                    lists.extend(self.lexicon(name, &format!("{key}.lexicons[{nth}]")));
                }
                Some(self.words_draft(index, lists))
            }
            When::Words { zh, en } => {
                let words: Vec<String> = zh.iter().chain(en).cloned().collect();
                if words.is_empty() {
                    self.problem(&key, "没有词".to_owned(), "there are no words; add `zh` or `en`".to_owned());
                }
                let list = self.own_list(words);
                Some(self.words_draft(index, vec![list]))
            }
            When::Pattern { regex } => self.pattern(index, &format!("{key}.regex"), regex),
            When::Pii { kinds } => {
                let kinds = if kinds.is_empty() { &PersonalKind::ALL[..] } else { kinds };
                Some(Draft { compiled: CompiledRule::Personal(kinds.iter().copied().collect()), words: None })
            }
            When::Secret { kinds } => {
                let kinds = if kinds.is_empty() { &SecretKind::ALL[..] } else { kinds };
                Some(Draft { compiled: CompiledRule::Secret(kinds.iter().copied().collect()), words: None })
            }
            When::Semantic { detector, head, classes, from, stream } => {
                let id = detector.clone();
                let detector = self.detector(&id, &format!("{key}.detector"))?;
                self.head(detector.as_ref(), &id, head, classes, &key);
                let classes = classes.iter().cloned().collect();
                self.heard.insert(id.clone(), Arc::clone(&detector));
                let semantic = Semantic { id, detector, head: head.clone(), classes, from: *from, stream: *stream };
                Some(Draft { compiled: CompiledRule::Semantic(semantic), words: None })
            }
            When::Topic { inside, outside, strictness } => {
                let topic = Topic::learn(inside, outside, *strictness);
                Some(Draft { compiled: CompiledRule::Topic(topic), words: None })
            }
            When::Canary {} => {
                let key = self.parts.canary.clone();
                if key.is_none() {
                    let (zh, en) =
                        ("这里没有金丝雀密钥，因此不会命中", "there is no canary key here, so it never matches");
                    self.warn(WarningKind::NeverMatches, index, zh.to_owned(), en.to_owned());
                }
                let compiled = key.map_or(CompiledRule::Words, CompiledRule::Canary);
                Some(Draft { compiled, words: None })
            }
            When::Together { groups, within, in_order, unless } => {
                let together = Together { groups: groups.len(), within: *within as usize, in_order: *in_order };
                Some(self.together(index, &key, together, groups, unless))
            }
        }
    }

    /// The detector that a rule names.
    fn detector(&mut self, id: &str, key: &str) -> Option<Arc<dyn Detector>> {
        let found =
            if id == BUILTIN_DETECTOR { Some(builtin_detector()) } else { self.parts.detectors.get(id).cloned() };
        if found.is_none() {
            let declared = self.policy.detectors.iter().any(|detector| detector.id() == id);
            let (zh, en) = if declared {
                (format!("检测器 `{id}` 在这里无法使用"), format!("the detector `{id}` cannot be used here"))
            } else {
                let zh = format!("没有名为 `{id}` 的检测器；请用 [[detector]] 声明，或使用 `{BUILTIN_DETECTOR}`");
                let en =
                    format!("there is no detector `{id}`; declare it as [[detector]], or use `{BUILTIN_DETECTOR}`");
                (zh, en)
            };
            self.problem(key, zh, en);
        }
        found
    }

    /// A head or class that the detector does not have would make a rule silent.
    fn head(&mut self, detector: &dyn Detector, id: &str, head: &str, classes: &[String], key: &str) {
        if !detector.knows(head, None) {
            let (zh, en) =
                (format!("检测器 `{id}` 没有名为 `{head}` 的头"), format!("the detector `{id}` has no head `{head}`"));
            return self.problem(&format!("{key}.head"), zh, en);
        }
        for (nth, class) in classes.iter().enumerate().filter(|(_, class)| !detector.knows(head, Some(class))) {
            let zh = format!("检测器 `{id}` 的头 `{head}` 没有类别 `{class}`");
            let en = format!("the head `{head}` of the detector `{id}` has no class `{class}`");
            self.problem(&format!("{key}.classes[{nth}]"), zh, en);
        }
    }

    fn own_list(&mut self, words: Vec<String>) -> List {
        self.lists.push(words);
        self.lists.len() - 1
    }

    fn are_empty(&self, lists: &[List]) -> bool {
        lists.iter().all(|list| self.lists.get(*list).is_none_or(Vec::is_empty))
    }

    fn words_draft(&mut self, index: usize, hits: Vec<List>) -> Draft {
        if self.policy.rules.get(index).is_some_and(|rule| rule.mode != Mode::Off) && self.are_empty(&hits) {
            let (zh, en) = (
                "词表是空的，永远不会命中；请导入词语或把 mode 设为 off",
                "its lexicons are empty, so it never matches; import words or set mode to `off`",
            );
            self.warn(WarningKind::NeverMatches, index, zh.to_owned(), en.to_owned());
        }
        Draft { compiled: CompiledRule::Words, words: Some(WordUse { rule: index, hits, ..WordUse::default() }) }
    }

    fn together(
        &mut self,
        index: usize,
        key: &str,
        together: Together,
        groups: &[Vec<String>],
        unless: &[String],
    ) -> Draft {
        let mut words = WordUse { rule: index, ..WordUse::default() };
        for (nth, group) in groups.iter().enumerate() {
            let at = format!("{key}.groups[{nth}]");
            let lists = self.resolve(group, &at);
            if group.is_empty() {
                self.problem(&at, "词组是空的".to_owned(), "the group is empty; add words or drop it".to_owned());
            } else if self.are_empty(&lists) {
                let zh = format!("第 {} 组没有词，永远不会命中", nth + 1);
                let en = format!("group {} has no words, so it never matches", nth + 1);
                self.warn(WarningKind::NeverMatches, index, zh, en);
            }
            words.groups.push(lists);
        }
        words.unless = self.resolve(unless, &format!("{key}.unless"));
        Draft { compiled: CompiledRule::Together(together), words: Some(words) }
    }

    /// The lists of an enumeration in which `@name` stands for a list of terms or a lexicon.
    fn resolve(&mut self, entries: &[String], key: &str) -> Vec<List> {
        let policy = self.policy;
        let mut lists = Vec::new();
        let mut own = Vec::new();
        for (nth, entry) in entries.iter().enumerate() {
            match entry.strip_prefix('@') {
                None => own.push(entry.clone()),
                Some(name) => match policy.terms.get(name) {
                    Some(terms) => {
                        let known = self.named.get(&format!("@{name}")).cloned();
                        lists.extend(known.unwrap_or_else(|| {
                            let list = self.own_list(terms.all().map(str::to_owned).collect());
                            self.named.insert(format!("@{name}"), vec![list]);
                            vec![list]
                        }));
                    }
                    None => lists.extend(self.lexicon(name, &format!("{key}[{nth}]"))),
                },
            }
        }
        if !own.is_empty() {
            lists.push(self.own_list(own));
        }
        lists
    }

    /// The lists of the lexicons with an id or a category.
    fn lexicon(&mut self, name: &str, key: &str) -> Vec<List> {
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
        let mut lists = Vec::new();
        for index in found {
            self.used.insert(index);
            let Some(lexicon) = lexicons.get(index) else { continue };
            match self.named.get(&lexicon.id).cloned() {
                Some(known) => lists.extend(known),
                None => {
                    let list = self.own_list(lexicon.zh.iter().chain(&lexicon.en).cloned().collect());
                    self.named.insert(lexicon.id.clone(), vec![list]);
                    lists.push(list);
                }
            }
        }
        lists
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
        let looks_around = !hir.properties().look_set().is_empty();
        Some(Draft { compiled: CompiledRule::Pattern { regex: compiled, longest, looks_around }, words: None })
    }

    /// One automaton over the words of every rule that looks this way.
    fn index(&mut self, rules: &[Option<Draft>], direction: Direction) -> Option<WordIndex> {
        let mut owners: BTreeMap<List, usize> = BTreeMap::new();
        let mut hit_of = vec![Vec::new(); self.lists.len()];
        let mut in_group = vec![false; self.lists.len()];
        let mut stands_together = vec![false; self.lists.len()];
        for (index, draft) in rules.iter().enumerate() {
            let rule = self.policy.rules.get(index);
            let looks = rule.is_some_and(|rule| rule.mode != Mode::Off && rule.direction.covers(direction));
            let Some(words) = draft.as_ref().and_then(|draft| draft.words.as_ref()).filter(|_| looks) else { continue };
            for list in words.hits.iter().chain(words.groups.iter().flatten()).chain(&words.unless) {
                owners.entry(*list).or_insert(index);
            }
            let of_rule =
                |list: &List, table: &mut Vec<bool>| table.get_mut(*list).into_iter().for_each(|on| *on = true);
            for list in &words.hits {
                hit_of.get_mut(*list).into_iter().for_each(|rules: &mut Vec<usize>| rules.push(index));
            }
            words.groups.iter().flatten().for_each(|list| of_rule(list, &mut in_group));
            words.groups.iter().flatten().chain(&words.unless).for_each(|list| of_rule(list, &mut stands_together));
        }
        let lists = std::mem::take(&mut self.lists);
        let mut words: Vec<LexiconWord<'_>> = Vec::new();
        let mut rule_of: Vec<usize> = Vec::new();
        for (list, owner) in &owners {
            let category = u32::try_from(*list).ok()?;
            let texts = lists.get(*list).map_or(&[][..], Vec::as_slice);
            words.extend(texts.iter().map(|text| LexiconWord { text, category }));
            rule_of.resize(words.len(), *owner);
        }
        // What is recognised vaguely counts beside other words only.
        let vague_matters = |category: u32| in_group.get(category as usize).copied().unwrap_or(true);
        let built = Automaton::build_for(words.iter().copied(), vague_matters);
        let index = match built {
            Ok((automaton, unusable)) => {
                for found in unusable {
                    let nth = found.word as usize;
                    let word = words.get(nth).map(|word| word.text.chars().take(40).collect::<String>());
                    if let (Some(rule), Some(word)) = (rule_of.get(nth), word) {
                        self.unusable_word(*rule, &word, found.why);
                    }
                }
                Some(WordIndex { automaton, hit_of, stands_together })
            }
            Err(error) => {
                self.problem("", format!("词语无法编译：{error}"), error.to_string());
                None
            }
        };
        self.lists = lists;
        index
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
