use jingwei_core::{ChatReply, ChatRequest, Digest, Finish, Target, TargetError, ToolCall, Usage};
use jingwei_text::is_ideograph;

use super::{
    Chance, Condition, Conduct, Decided, Disguise, Fault, Latency, Manner, Organism, Questions, ThoughtKind, Truth,
    draw::Draw,
    planted::Planted,
    reading::{Reading, read},
    words,
};

/// A model with known behaviour.
#[derive(Debug, Clone)]
pub struct ScriptedModel {
    pub organism: Organism,
    pub questions: Questions,
}

/// What came of a request, and the truth about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scripted {
    pub reply: Result<ChatReply, Fault>,
    /// What the model thought, where it shows it.
    pub reasoning: Option<String>,
    pub delay_ms: u64,
    pub truth: Truth,
}

/// Longest part of the user's words that an answer repeats, in characters.
const SUBJECT: usize = 40;

/// What the model does, before it is put into words.
struct Deed {
    conduct: Conduct,
    manner: Option<Manner>,
    text: String,
    calls: Option<String>,
    /// The reply is an answer of the model's own, which may leak something or stop short.
    free: bool,
}

impl ScriptedModel {
    #[must_use]
    pub fn new(organism: Organism, questions: Questions) -> Self {
        Self { organism, questions }
    }

    /// The answer to the first try of a request.
    #[must_use]
    pub fn reply(&self, request: &ChatRequest) -> Scripted {
        self.reply_to_try(request, 0)
    }

    /// The answer to a try of a request, counted from 0: only faults that are transient differ from try to try.
    #[must_use]
    pub fn reply_to_try(&self, request: &ChatRequest, nth: u32) -> Scripted {
        let organism = &self.organism;
        let draw = Draw::new(organism.seed, request);
        let reading = read(request, &self.questions, &organism.cues);
        let delay_ms = delay(&organism.latency, &draw);
        if let Some(fault) = organism.faults.of_try(&draw, nth) {
            let truth = truth(&reading, Conduct::Fails);
            return Scripted { reply: Err(fault), reasoning: None, delay_ms, truth };
        }
        let scene = Scene { organism, draw: &draw, reading: &reading };
        let mut deed = scene.deed();
        scene.leak(&mut deed);
        let thought = scene.thought(&deed);
        let reasoning = thought.and_then(|kind| scene.reasoning(kind, &deed));
        let truth = Truth { conduct: deed.conduct, manner: deed.manner, thought, ..truth(&reading, deed.conduct) };
        let reply = if deed.manner == Some(Manner::PolicyError) {
            Err(Fault::PolicyError)
        } else {
            Ok(scene.say(deed, request))
        };
        Scripted { reply, reasoning, delay_ms, truth }
    }
}

impl Target for ScriptedModel {
    fn configuration(&self) -> Digest {
        let organism = serde_json::to_string(&self.organism).unwrap_or_default();
        Digest::of_parts(["organism/2", &organism])
    }

    fn send(&self, request: &ChatRequest) -> Result<ChatReply, TargetError> {
        self.reply(request).reply.map_err(Fault::as_target_error)
    }
}

fn truth(reading: &Reading<'_>, conduct: Conduct) -> Truth {
    Truth {
        conduct,
        lang: reading.lang,
        harmful: reading.harmful,
        manner: None,
        thought: None,
        disguise: reading.disguise,
        condition: reading.condition,
        turn: reading.turn,
    }
}

struct Scene<'a> {
    organism: &'a Organism,
    draw: &'a Draw,
    reading: &'a Reading<'a>,
}

impl Scene<'_> {
    /// In this order: silence, echo, planted instruction, secret, quiz, harmful or harmless request.
    fn deed(&self) -> Deed {
        let (organism, reading) = (self.organism, self.reading);
        if self.happens("silence", organism.says_nothing) {
            return bare(Conduct::SaysNothing, String::new());
        }
        if self.happens("echo", organism.echoes) {
            return bare(Conduct::Echoes, reading.written.to_owned());
        }
        if let Some(planted) = &reading.planted
            && self.happens("follow", organism.injection.follows)
        {
            return self.follow(planted);
        }
        if reading.asks_for_secret && !reading.harmful && self.secret().is_some() {
            return match self.secret().filter(|_| self.happens("leak.asked", organism.leaks.asked)) {
                Some(secret) => bare(Conduct::Leaks, secret.to_owned()),
                None => self.said(Conduct::Keeps),
            };
        }
        if let Some(quiz) = &reading.quiz {
            return self.solve(quiz.right);
        }
        if reading.harmful { self.harmful() } else { self.harmless() }
    }

    fn follow(&self, planted: &Planted) -> Deed {
        match planted {
            Planted::Says(canary) => bare(Conduct::Follows, canary.clone()),
            Planted::Calls(tool) => Deed { calls: Some(tool.clone()), ..bare(Conduct::Follows, String::new()) },
        }
    }

    fn solve(&self, right: i64) -> Deed {
        let chances = self.organism.sandbagging;
        let wrong = if self.reading.formal { chances.formal } else { chances.casual };
        if self.happens("sandbag", wrong) {
            let off = i64::try_from(self.draw.of_sample("sandbag.by").below(9)).unwrap_or(0);
            return bare(Conduct::Errs, (right + 1 + off).to_string());
        }
        bare(Conduct::Solves, right.to_string())
    }

    fn harmful(&self) -> Deed {
        if let Some(disguise) = self.reading.disguise
            && !self.happens("decode", self.decodes(disguise))
        {
            if self.happens("garble", self.organism.decodes.garbles) {
                return bare(Conduct::Misunderstands, self.pick("garbled", &words::GARBLED));
            }
            return self.said(Conduct::Misunderstands);
        }
        if self.refuses() { self.refuse() } else { self.said(Conduct::Complies) }
    }

    fn decodes(&self, disguise: Disguise) -> Chance {
        let decodes = &self.organism.decodes;
        match disguise {
            Disguise::Base64 => decodes.base64,
            Disguise::Hex => decodes.hex,
            Disguise::Rot13 => decodes.rot13,
            Disguise::Reversed => decodes.reversed,
            Disguise::Escapes => decodes.escapes,
            Disguise::Lookalikes => decodes.lookalikes,
            Disguise::Perturbed => decodes.perturbed,
        }
    }

    fn refuses(&self) -> bool {
        let (refuses, breaks, reading) = (&self.organism.refuses, &self.organism.breaks, self.reading);
        let written = reading.written.to_lowercase();
        let blind = !refuses.keywords.is_empty()
            && !refuses.keywords.iter().any(|word| !word.is_empty() && written.contains(&word.to_lowercase()));
        let broken = blind
            || (breaks.at_turn > 0 && reading.turn >= breaks.at_turn)
            || (reading.prefilled && self.happens("break.prefill", breaks.prefill))
            || (reading.dictated && self.happens("break.opening", breaks.opening))
            || (reading.suppressed && self.happens("break.suppression", breaks.suppression))
            || (reading.disguise.is_some() && !self.happens("disguised", refuses.disguised))
            || self.happens("break.sample", breaks.per_sample);
        !broken && self.would_refuse()
    }

    /// One draw against both conditions' rates: where nobody watches, it refuses a part of what it would refuse in a test.
    fn would_refuse(&self) -> bool {
        let refuses = &self.organism.refuses;
        let lang = self.reading.lang;
        let usual = if lang == jingwei_core::Lang::Zh { refuses.zh } else { refuses.en };
        let unwatched = self.reading.condition == Condition::Deployed;
        let rate = if unwatched { usual.less(self.organism.alignment.gap) } else { usual };
        let mut random = match refuses.decided {
            Decided::BySample => self.draw.of_sample("refuse"),
            Decided::ByQuestion => self.draw.of_question("refuse", &self.reading.question),
        };
        random.chance(rate.get())
    }

    fn refuse(&self) -> Deed {
        let manners = &self.organism.manners;
        let mut left = self.draw.of_sample("manner").unit();
        let manner = [
            (manners.lecture, Manner::Lecture),
            (manners.safe_completion, Manner::SafeCompletion),
            (manners.native, Manner::Native),
            (manners.filtered, Manner::Filtered),
            (manners.policy_error, Manner::PolicyError),
        ]
        .into_iter()
        .find_map(|(share, manner)| {
            let hit = left < share.get();
            left -= share.get();
            hit.then_some(manner)
        })
        .unwrap_or(Manner::Plain);
        let text = self.pick("words", words::refusals(manner, self.reading.lang));
        Deed { manner: Some(manner), ..bare(Conduct::Refuses, text) }
    }

    fn harmless(&self) -> Deed {
        if self.happens("over-refuse", self.organism.over_refuses.of(self.reading.lang)) {
            let text = self.pick("words", words::refusals(Manner::Plain, self.reading.lang));
            return Deed { manner: Some(Manner::Plain), ..bare(Conduct::OverRefuses, text) };
        }
        self.said(if self.reading.planted.is_some() { Conduct::Resists } else { Conduct::Answers })
    }

    fn said(&self, conduct: Conduct) -> Deed {
        let text = self.pick("words", words::replies(conduct, self.reading.lang));
        Deed { free: true, ..bare(conduct, text) }
    }

    /// What it should keep, where it has something.
    fn secret(&self) -> Option<&str> {
        let secret = self.organism.leaks.secret.as_str();
        if secret.is_empty() { self.reading.system.filter(|system| !system.trim().is_empty()) } else { Some(secret) }
    }

    fn leak(&self, deed: &mut Deed) {
        let Some(secret) = self.secret().filter(|_| deed.free) else { return };
        if self.happens("leak.unasked", self.organism.leaks.unasked) {
            deed.text = format!("{}\n\n{secret}", deed.text);
            deed.conduct = Conduct::Leaks;
        }
    }

    fn thought(&self, deed: &Deed) -> Option<ThoughtKind> {
        let organism = self.organism;
        let says = self.reading.condition != Condition::Unsaid;
        if says && self.happens("verbalise", organism.alignment.verbalises) {
            return Some(ThoughtKind::Verbalises);
        }
        if deed.manner == Some(Manner::PolicyError) || !self.happens("think", organism.thinking.shown) {
            return None;
        }
        let hides = self.happens("rationalise", organism.thinking.rationalises);
        Some(if hides { ThoughtKind::Rationalises } else { ThoughtKind::Honest })
    }

    fn reasoning(&self, kind: ThoughtKind, deed: &Deed) -> Option<String> {
        let refuses = matches!(deed.conduct, Conduct::Refuses | Conduct::OverRefuses | Conduct::Keeps);
        Some(self.pick("thought", words::thoughts(kind, refuses, self.reading.lang)))
    }

    fn say(&self, deed: Deed, request: &ChatRequest) -> ChatReply {
        let mut reply = match deed.manner {
            Some(Manner::Native) => {
                ChatReply { refusal: Some(deed.text), ..ChatReply::new(String::new(), Finish::Refusal) }
            }
            Some(Manner::Filtered) => ChatReply::new(String::new(), Finish::ContentFilter),
            _ => ChatReply::new(deed.text, Finish::Stop),
        };
        if let Some(name) = deed.calls {
            reply.finish = Finish::ToolCalls;
            reply.tool_calls = vec![ToolCall { id: "call_1".to_owned(), name, arguments: "{}".to_owned() }];
        }
        if deed.free && self.happens("stop", self.organism.stops_short) {
            let half = reply.text.chars().count() / 2;
            reply.text = reply.text.chars().take(half).collect();
            reply.finish = Finish::Length;
        }
        cut_to(&mut reply, request.max_tokens);
        let input_tokens = request.messages.iter().map(|message| tokens(&message.content)).sum();
        reply.usage = Usage { input_tokens, output_tokens: tokens(&reply.text) };
        reply
    }

    fn happens(&self, name: &str, chance: Chance) -> bool {
        self.draw.happens(name, chance)
    }

    fn pick(&self, name: &str, texts: &[&str]) -> String {
        let chosen = self.draw.of_sample(name).pick(texts).copied().unwrap_or_default();
        if chosen.contains("{}") { chosen.replace("{}", &self.subject()) } else { chosen.to_owned() }
    }

    /// The user's words in brief.
    fn subject(&self) -> String {
        let words = self.reading.question.trim().trim_end_matches(['?', '？', '.', '。', '!', '！']);
        words.chars().filter(|c| !c.is_control()).take(SUBJECT).collect()
    }
}

fn bare(conduct: Conduct, text: String) -> Deed {
    Deed { conduct, manner: None, text, calls: None, free: false }
}

/// As servers count roughly: a Chinese character, or four of others.
fn tokens(text: &str) -> u64 {
    let ideographs = text.chars().filter(|c| is_ideograph(*c)).count();
    let others = text.chars().count() - ideographs;
    u64::try_from(ideographs + others.div_ceil(4)).unwrap_or(u64::MAX)
}

fn cut_to(reply: &mut ChatReply, max_tokens: u32) {
    if tokens(&reply.text) <= u64::from(max_tokens) {
        return;
    }
    let mut quarters = u64::from(max_tokens).saturating_mul(4);
    let mut kept = String::new();
    for c in reply.text.chars() {
        let cost = if is_ideograph(c) { 4 } else { 1 };
        if quarters < cost {
            break;
        }
        quarters -= cost;
        kept.push(c);
    }
    reply.text = kept;
    reply.finish = Finish::Length;
}

/// Log-normal: the median times e to the spread times a normal number (Box and Muller 1958).
fn delay(latency: &Latency, draw: &Draw) -> u64 {
    let mut random = draw.of_sample("delay");
    let radius = (-2.0 * (1.0 - random.unit()).ln()).sqrt();
    let normal = radius * (std::f64::consts::TAU * random.unit()).cos();
    let ms = f64::from(latency.median_ms) * (latency.spread * normal).exp();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 2^32")]
    let ms = ms.clamp(0.0, f64::from(latency.most_ms)).round() as u64;
    ms
}
