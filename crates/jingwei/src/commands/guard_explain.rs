//! `jingwei guard explain`.

use std::collections::BTreeMap;

use jingwei_app::{Error, guards};
use jingwei_core::{Action, Lang, Limits, RuleHit, Span, Verdict};
use jingwei_guard::{Direction, Engine, Mode, PolicyRule, SentenceJudgement, StreamCost, When};
use jingwei_text::{HiddenKind, Reading, decode_layers, find_hidden, is_hidden};
use serde::Serialize;

use super::guard::{equipment, read_text};
use crate::{
    cli::{Format, Global, GuardExplain},
    output::Speaker,
};

/// Characters of the text that are shown around a match.
const AROUND: usize = 24;
/// Characters of a match, a sentence or a form that are shown.
const MOST_SHOWN: usize = 80;

pub fn run(global: &Global, command: GuardExplain, speaker: Speaker) -> Result<(), Error> {
    let equipment = equipment(global)?;
    let guard = guards::for_command(command.policy.as_deref(), &equipment)?;
    let text = command.text.map_or_else(read_text, Ok)?;
    let explained = explain(guard.engine(), command.direction.into(), &text, &equipment.limits);
    match command.format {
        Format::Json => speaker.json(&explained),
        Format::Jsonl => speaker.jsonl(&explained),
        Format::Table => tell(&explained, speaker),
    }
    Ok(())
}

/// Everything there is to say about one text. It holds parts of the text: it is for the one who asked.
#[derive(Serialize)]
struct Explained<'e> {
    #[serde(flatten)]
    verdict: Verdict,
    /// In the order of the verdict's hits.
    explained: Vec<Hit<'e>>,
    forms: Forms,
    stream: StreamCost,
}

#[derive(Serialize)]
struct Hit<'e> {
    rule: &'e PolicyRule,
    action: Action,
    span: Span,
    line: usize,
    /// In characters, from 1.
    column: usize,
    before: String,
    matched: String,
    after: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    grounds: Option<Grounds>,
}

/// Why a semantic rule spoke.
#[derive(Serialize)]
struct Grounds {
    sentence: String,
    head: String,
    class: String,
    probability: f64,
}

/// In which forms a text was read.
#[derive(Serialize)]
struct Forms {
    /// Simplified, lower case, without hidden characters.
    normal: String,
    /// With disguises taken off, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    undisguised: Option<String>,
    /// Hidden characters by kind.
    hidden: BTreeMap<&'static str, usize>,
    layers: Vec<EncodedLayer>,
}

#[derive(Serialize)]
struct EncodedLayer {
    encoding: &'static str,
    text: String,
}

fn explain<'e>(engine: &'e Engine, direction: Direction, text: &str, limits: &Limits) -> Explained<'e> {
    let verdict = engine.judge_text(direction, text, limits);
    let judged = engine.sentence_judgements(direction, text, limits);
    let explained = verdict.hits.iter().filter_map(|hit| explain_hit(engine, hit, text, &judged)).collect();
    Explained { explained, forms: forms(text, limits), stream: engine.stream_cost(), verdict }
}

fn explain_hit<'e>(engine: &'e Engine, hit: &RuleHit, text: &str, judged: &[SentenceJudgement]) -> Option<Hit<'e>> {
    let rule = engine.policy().rules.iter().find(|rule| rule.id == hit.rule)?;
    let Span { start, end } = hit.span;
    let (before, matched, after) = (text.get(..start)?, text.get(start..end)?, text.get(end..)?);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let from = before.char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
    let until = after.char_indices().nth(AROUND).map_or(after.len(), |(at, _)| at);
    let cut = |cut: bool| if cut { "…" } else { "" };
    Some(Hit {
        rule,
        action: hit.action,
        span: hit.span,
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        before: format!("{}{}", cut(from > 0), visible(&before[from..])),
        matched: shortened(matched),
        after: format!("{}{}", visible(&after[..until]), cut(until < after.len())),
        grounds: grounds(rule, hit.span, judged),
    })
}

/// The worst that the rule's detector said of the sentence.
fn grounds(rule: &PolicyRule, span: Span, judged: &[SentenceJudgement]) -> Option<Grounds> {
    let When::Semantic { detector, head, classes, .. } = &rule.when else { return None };
    let concerned = judged.iter().filter(|found| {
        let class = &found.judgement.class;
        found.span == span
            && found.detector == *detector
            && found.judgement.head == *head
            && (classes.is_empty() || classes.contains(class))
    });
    let worst = concerned.max_by(|a, b| a.judgement.probability.total_cmp(&b.judgement.probability))?;
    Some(Grounds {
        sentence: shortened(worst.sentence.trim()),
        head: worst.judgement.head.clone(),
        class: worst.judgement.class.clone(),
        probability: worst.judgement.probability,
    })
}

fn forms(text: &str, limits: &Limits) -> Forms {
    let reading = Reading::of(text);
    let plainest = reading.plainest();
    let undisguised = (plainest != reading.words.text).then(|| shortened(plainest));
    let mut hidden = BTreeMap::new();
    for found in find_hidden(text) {
        *hidden.entry(code_of(found.kind)).or_default() += 1;
    }
    let layers = decode_layers(text, limits).layers.into_iter();
    let layers = layers.map(|layer| EncodedLayer { encoding: layer.encoding.code(), text: shortened(&layer.text) });
    Forms { normal: shortened(&reading.words.text), undisguised, hidden, layers: layers.collect() }
}

fn code_of(kind: HiddenKind) -> &'static str {
    match kind {
        HiddenKind::ZeroWidth => "zero_width",
        HiddenKind::BidiControl => "bidi_control",
        HiddenKind::Tag => "tag",
        HiddenKind::VariationSelector => "variation_selector",
        HiddenKind::Control => "control",
    }
}

/// A text on one line, in which what is hidden shows.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push('⏎'),
            '\r' | '\t' => out.push(' '),
            c if is_hidden(c).is_some() => out += &format!("⟨U+{:04X}⟩", u32::from(c)),
            c => out.push(c),
        }
    }
    out
}

/// The same, with its middle left out where it is long.
fn shortened(text: &str) -> String {
    let half = MOST_SHOWN / 2;
    let head = text.char_indices().nth(half).map(|(at, _)| at);
    let tail = text.char_indices().rev().nth(half - 1).map(|(at, _)| at);
    match (head, tail) {
        (Some(head), Some(tail)) if head < tail => format!("{} … {}", visible(&text[..head]), visible(&text[tail..])),
        _ => visible(text),
    }
}

fn tell(explained: &Explained<'_>, speaker: Speaker) {
    let verdict = &explained.verdict;
    speaker.data(&format!("{}: {}", speaker.pick("处理", "action"), said(verdict.action, speaker)));
    speaker.data(&format!("{}: {}", speaker.pick("策略", "policy"), verdict.policy));
    speaker.data(&why(explained, speaker));
    for hit in &explained.explained {
        speaker.data("");
        tell_hit(hit, speaker);
    }
    speaker.data("");
    tell_scores(verdict, speaker);
    for unjudged in &verdict.unjudged {
        speaker.data(&format!("{}: {unjudged}", speaker.pick("未能判定", "not judged")));
    }
    tell_forms(&explained.forms, speaker);
    speaker.data("");
    tell_stream(&explained.stream, speaker);
}

fn said(action: Action, speaker: Speaker) -> &'static str {
    match action {
        Action::Allow => speaker.pick("放行 (allow)", "allow"),
        Action::Redact => speaker.pick("脱敏 (redact)", "redact"),
        Action::Confirm => speaker.pick("请人确认 (confirm)", "confirm"),
        Action::Block => speaker.pick("拦截 (block)", "block"),
    }
}

/// Why it is that action.
fn why(explained: &Explained<'_>, speaker: Speaker) -> String {
    let verdict = &explained.verdict;
    if verdict.action > verdict.content {
        let (zh, en) = (
            "原因：有内容未能判定，规则要求如此处理",
            "because: something could not be judged, and rules want this then",
        );
        return speaker.pick(zh, en).to_owned();
    }
    let deciding = explained.explained.iter().filter(|hit| hit.action == verdict.action && hit.action > Action::Allow);
    let mut ids: Vec<&str> = Vec::new();
    for id in deciding.map(|hit| hit.rule.id.as_str()) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    match (ids.is_empty(), speaker.lang) {
        (true, Lang::Zh) => "原因：没有起作用的规则命中".to_owned(),
        (true, Lang::En) => "because: no rule that acts has matched".to_owned(),
        (false, Lang::Zh) => format!("原因：{}", ids.join("、")),
        (false, Lang::En) => format!("because: {}", ids.join(", ")),
    }
}

fn tell_hit(hit: &Hit<'_>, speaker: Speaker) {
    let rule = hit.rule;
    let mode = match rule.mode {
        Mode::Enforce => "enforce",
        Mode::Shadow => "shadow",
        Mode::Off => "off",
    };
    let severity = rule.severity.label();
    let facts = [said(hit.action, speaker), speaker.text(&severity), mode].join(" · ");
    speaker.data(&format!("{}  {}  [{facts}]", rule.id, speaker.text(&rule.title)));
    let (Span { start, end }, line, column) = (hit.span, hit.line, hit.column);
    let excerpt = format!("{}⟦{}⟧{}", hit.before, hit.matched, hit.after);
    speaker.data(&match speaker.lang {
        Lang::Zh => format!("  第 {line} 行第 {column} 字（字节 {start}..{end}）：{excerpt}"),
        Lang::En => format!("  {line}:{column} (bytes {start}..{end}): {excerpt}"),
    });
    if let Some(Grounds { sentence, head, class, probability }) = &hit.grounds {
        speaker.data(&match speaker.lang {
            Lang::Zh => format!("  句子：{sentence}\n  {head} {class}，概率 {probability:.3}"),
            Lang::En => format!("  sentence: {sentence}\n  {head} {class}, probability {probability:.3}"),
        });
    }
}

fn tell_scores(verdict: &Verdict, speaker: Speaker) {
    if verdict.scores.is_empty() {
        speaker.data(speaker.pick("没有规则询问检测器", "no rule asks a detector"));
        return;
    }
    let header = [speaker.pick("头", "head"), speaker.pick("最高概率", "highest probability")];
    speaker
        .table(&header, verdict.scores.iter().map(|(head, score)| vec![head.clone(), format!("{score:.3}")]).collect());
}

fn tell_forms(forms: &Forms, speaker: Speaker) {
    speaker.data(&format!("{}: {}", speaker.pick("读作", "read as"), forms.normal));
    if let Some(undisguised) = &forms.undisguised {
        speaker.data(&format!("{}: {undisguised}", speaker.pick("去掉伪装", "without disguises")));
    }
    for (kind, count) in &forms.hidden {
        speaker.data(&format!("{}: {kind} × {count}", speaker.pick("隐藏字符", "hidden characters")));
    }
    for layer in &forms.layers {
        speaker.data(&format!("{} ({}): {}", speaker.pick("编码内容", "encoded"), layer.encoding, layer.text));
    }
}

fn tell_stream(cost: &StreamCost, speaker: Speaker) {
    speaker.data(speaker.text(&cost.summary()));
    if cost.groups.is_empty() {
        return;
    }
    let header = [speaker.pick("需要", "need"), speaker.pick("规则数", "rules"), speaker.pick("规则", "which")];
    let rows = cost.groups.iter().map(|group| {
        let ids: Vec<&str> = group.rules.iter().map(jingwei_core::RuleId::as_str).collect();
        vec![speaker.text(&group.need.text()).to_owned(), group.rules.len().to_string(), ids.join(", ")]
    });
    speaker.table(&header, rows.collect());
    for detector in &cost.slow_detectors {
        speaker.data(&match speaker.lang {
            Lang::Zh => format!("检测器 `{detector}` 不是即时的：句子还要等它回答"),
            Lang::En => format!("the detector `{detector}` is not instant: sentences wait for its answer too"),
        });
    }
}
