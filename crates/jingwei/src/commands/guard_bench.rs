//! `jingwei guard bench`: what a policy costs here, in processor time and memory.

use std::{fs, hint::black_box, time::Instant};

use jingwei_app::{Error, guards, heads};
use jingwei_core::{Action, Lang, Limits};
use jingwei_guard::{Direction, Engine, StreamHold, Surface};
use serde::Serialize;

use super::guard::equipment;
use crate::{
    cli::{Format, Global, GuardBench},
    output::Speaker,
};

/// A round lasts at least this long: the clock of processor time moves in steps of some milliseconds.
const ROUND_NS: f64 = 100e6;
/// Characters of a piece of a streamed reply: about a token.
const PIECE: usize = 3;
/// Streams that are open at once when their memory is measured.
const OPEN_STREAMS: usize = 4000;
/// Characters that an open stream has read by then, at most.
const READ: usize = 300;

pub fn run(global: &Global, command: &GuardBench, speaker: Speaker) -> Result<(), Error> {
    let equipment = equipment(global)?;
    let sets = match &command.texts {
        Some(path) => vec![("texts", heads::read_texts(path, &equipment.limits)?)],
        None => made_up(),
    };
    let clock = Clock::here();
    let start = clock.now();
    let guard = guards::for_command(command.policy.as_deref(), &equipment)?;
    let compile_ms = (clock.now() - start) / 1e6;
    let bench = Bench {
        engine: guard.engine(),
        direction: command.direction.into(),
        limits: equipment.limits,
        clock,
        rounds: command.rounds,
    };
    let figures: Vec<Figures> = sets.iter().map(|(name, texts)| bench.judge(name, texts)).collect();
    let peak_rss_bytes = memory("VmHWM:");
    let all: Vec<&str> = sets.iter().flat_map(|(_, texts)| texts).map(String::as_str).collect();
    let stream = command.stream.then(|| bench.stream(&all));
    let measured = Measured {
        policy: guard.engine().version().to_owned(),
        clock: if clock == Clock::Processor { "cpu" } else { "wall" },
        rounds: command.rounds,
        compile_ms,
        total: Figures::of_all(&figures, clock),
        peak_rss_bytes,
        sets: figures,
        stream,
    };
    match command.format {
        Format::Json => speaker.json(&measured),
        Format::Jsonl => speaker.jsonl(&measured),
        Format::Table => tell(&measured, speaker),
    }
    Ok(())
}

/// What was measured. The names of its fields are documented and stay.
#[derive(Serialize)]
struct Measured {
    policy: String,
    /// `cpu`: time of the processor for this thread. `wall`: this system tells no such time.
    clock: &'static str,
    rounds: u32,
    compile_ms: f64,
    #[serde(flatten)]
    total: Figures,
    /// Largest resident memory of the process, with the policy and its words, before streams are opened.
    peak_rss_bytes: Option<u64>,
    sets: Vec<Figures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<StreamFigures>,
}

/// Of a set of texts: the median of the rounds.
#[derive(Serialize)]
struct Figures {
    set: String,
    texts: u64,
    bytes_per_text: f64,
    /// Blocked, or to be confirmed.
    flagged: u64,
    ns_per_text: f64,
    /// Absent where only the time on the wall is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    texts_per_cpu_second: Option<f64>,
    bytes_per_second: f64,
}

#[derive(Serialize)]
struct StreamFigures {
    pieces: u64,
    ns_per_piece: f64,
    mean_held_bytes: f64,
    max_held_bytes: u64,
    /// How often each byte is read on average.
    reads_per_byte: f64,
    /// Growth of the resident memory by open streams in the middle of a reply.
    state_bytes_per_stream: Option<f64>,
}

impl Figures {
    fn new(set: &str, texts: u64, bytes: f64, flagged: u64, ns: f64, clock: Clock) -> Self {
        let count = float(texts);
        Self {
            set: set.to_owned(),
            texts,
            bytes_per_text: bytes / count,
            flagged,
            ns_per_text: ns / count,
            texts_per_cpu_second: (clock == Clock::Processor).then_some(count * 1e9 / ns),
            bytes_per_second: bytes * 1e9 / ns,
        }
    }

    fn of_all(sets: &[Self], clock: Clock) -> Self {
        let sum = |part: &dyn Fn(&Self) -> f64| sets.iter().map(part).sum::<f64>();
        let texts = sets.iter().map(|set| set.texts).sum();
        let flagged = sets.iter().map(|set| set.flagged).sum();
        let bytes = sum(&|set| set.bytes_per_text * float(set.texts));
        Self::new("all", texts, bytes, flagged, sum(&|set| set.ns_per_text * float(set.texts)), clock)
    }
}

struct Bench<'e> {
    engine: &'e Engine,
    direction: Direction,
    limits: Limits,
    clock: Clock,
    rounds: u32,
}

impl Bench<'_> {
    fn judge(&self, name: &str, texts: &[String]) -> Figures {
        let once = || {
            let verdicts =
                texts.iter().map(|text| self.engine.judge_text(self.direction, black_box(text), &self.limits));
            verdicts.filter(|verdict| verdict.action >= Action::Confirm).count()
        };
        let flagged = once() as u64;
        let ns = self.median(|| {
            black_box(once());
        });
        let bytes = texts.iter().map(|text| float(text.len() as u64)).sum();
        Figures::new(name, texts.len() as u64, bytes, flagged, ns, self.clock)
    }

    fn stream(&self, texts: &[&str]) -> StreamFigures {
        let (mut pieces, mut held, mut most) = (0_u64, 0.0, 0);
        let (mut read, mut bytes) = (0, 0);
        for text in texts {
            let mut of_text = 0;
            self.reply(text, |stream| {
                pieces += 1;
                of_text = stream.read_bytes();
                held += float(stream.held_bytes() as u64);
                most = most.max(stream.held_bytes() as u64);
            });
            read += of_text;
            bytes += text.len() as u64;
        }
        let state_bytes_per_stream = self.state(texts);
        let ns = self.median(|| {
            texts.iter().for_each(|text| {
                self.reply(text, |stream| {
                    black_box(stream);
                })
            })
        });
        let count = float(pieces.max(1));
        StreamFigures {
            pieces,
            ns_per_piece: ns / count,
            mean_held_bytes: held / count,
            max_held_bytes: most,
            reads_per_byte: float(read) / float(bytes.max(1)),
            state_bytes_per_stream,
        }
    }

    fn open(&self) -> StreamHold<'_> {
        StreamHold::new(self.engine, self.direction, Surface::bare(self.direction, ""), self.limits)
    }

    /// A text as it streams by.
    fn reply(&self, text: &str, mut after_piece: impl FnMut(&StreamHold<'_>)) {
        let mut stream = self.open();
        for piece in pieces(text) {
            black_box(stream.push(piece));
            after_piece(&stream);
        }
        black_box(stream.finish());
    }

    /// How much memory an open stream takes, by opening many.
    fn state(&self, texts: &[&str]) -> Option<f64> {
        let before = memory("VmRSS:")?;
        let mut open = Vec::with_capacity(OPEN_STREAMS);
        for text in texts.iter().cycle().take(OPEN_STREAMS) {
            let half = text.chars().count() / 2;
            let end = text.char_indices().nth(half.min(READ)).map_or(text.len(), |(at, _)| at);
            let mut stream = self.open();
            black_box(stream.push(&text[..end]));
            open.push(stream);
        }
        let grown = memory("VmRSS:")?.saturating_sub(before);
        black_box(&open);
        Some(float(grown) / float(OPEN_STREAMS as u64))
    }

    /// Nanoseconds of some work: the median of the rounds, each long enough to be measured.
    fn median(&self, work: impl Fn()) -> f64 {
        let timed = |times: u32| {
            let start = self.clock.now();
            (0..times).for_each(|_| work());
            self.clock.now() - start
        };
        let mut times = 1_u32;
        while timed(times) < ROUND_NS / 2.0 && times < 1 << 24 {
            times *= 2;
        }
        times = times.saturating_mul(2);
        let mut rounds: Vec<f64> = (0..self.rounds).map(|_| timed(times) / f64::from(times)).collect();
        rounds.sort_by(f64::total_cmp);
        let middle = rounds.len() / 2;
        rounds.get(middle).copied().unwrap_or_default().max(1.0)
    }
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.char_indices().nth(PIECE).map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// What time is told by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clock {
    /// Time that the processor spent on this thread, whatever else runs on the machine.
    Processor,
    Wall(Instant),
}

impl Clock {
    fn here() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
        let wall = Self::Wall(Instant::now());
        if processor_ns().is_some() { Self::Processor } else { wall }
    }

    /// Nanoseconds.
    fn now(self) -> f64 {
        match self {
            Self::Processor => processor_ns().unwrap_or_default(),
            Self::Wall(start) => start.elapsed().as_secs_f64() * 1e9,
        }
    }
}

/// Linux tells it per thread (`Documentation/scheduler/sched-stats.rst`).
fn processor_ns() -> Option<f64> {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().next()?.parse().ok().filter(|ns| *ns > 0.0)
}

/// Memory of this process, in bytes, by its name in `/proc/self/status`.
fn memory(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[allow(clippy::cast_precision_loss, reason = "counts and bytes are far below 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}

const ZH: [&str; 10] = [
    "今天下午三点在二楼会议室讨论下一季度的采购计划，请提前准备各自部门的预算表。",
    "这款水壶的保温效果不错，早上装的热水到了晚上还有余温，就是盖子有点难拧。",
    "怎么才能让阳台上的番茄多结果？我每天都浇水，可是叶子还是发黄。",
    "请把上面的段落翻译成英文，保留专有名词，语气正式一些。",
    "昨天夜里下了一场大雨，路边的银杏叶落了满地，孩子们踩着叶子去上学。",
    "我的订单已经三天没有物流信息了，麻烦帮我查一下包裹现在在哪里。",
    "他花了十年时间整理家乡的民歌，最后编成一本小册子送给图书馆。",
    "这段代码在数据量大的时候很慢，能不能帮我看看是哪里重复计算了？",
    "如果周末天气好，我们打算沿着河边骑车到老桥，再坐船回来。",
    "老师说作文的开头要抓住读者，可我总是不知道第一句话该写什么。",
];

const EN: [&str; 10] = [
    "The meeting about next quarter's purchases is at three in the small room upstairs. ",
    "My kettle keeps water warm until the evening, but its lid is hard to turn. ",
    "How can I get more tomatoes from the plants on my balcony? Their leaves turn yellow. ",
    "Please translate the paragraph above into Chinese and keep the proper names as they are. ",
    "It rained all night, and the children walked to school over wet golden leaves. ",
    "My order has shown no tracking information for three days; where is the parcel now? ",
    "He spent ten years collecting the songs of his valley and gave the booklet to a library. ",
    "This loop gets slow when the table is large. Which part of it is computed twice? ",
    "If the weather holds we will cycle along the river to the old bridge and sail back. ",
    "A good opening should hold the reader, yet I never know how the first sentence should go. ",
];

/// Texts of about 100 characters and about one kilobyte, in both languages.
fn made_up() -> Vec<(&'static str, Vec<String>)> {
    let texts = |sentences: &[&str; 10], enough: &dyn Fn(&str) -> bool| {
        let text = |first: usize| {
            let mut text = String::new();
            for sentence in sentences.iter().cycle().skip(first) {
                text += sentence;
                if enough(&text) {
                    break;
                }
            }
            text
        };
        (0..sentences.len()).map(text).collect::<Vec<_>>()
    };
    let short = |text: &str| text.chars().count() >= 80;
    let long = |text: &str| text.len() >= 1000;
    vec![
        ("zh-100-characters", texts(&ZH, &short)),
        ("en-100-characters", texts(&EN, &short)),
        ("zh-1-kb", texts(&ZH, &long)),
        ("en-1-kb", texts(&EN, &long)),
    ]
}

fn tell(measured: &Measured, speaker: Speaker) {
    let Measured { policy, clock, rounds, compile_ms, .. } = measured;
    speaker.data(&match (speaker.lang, *clock) {
        (Lang::Zh, "cpu") => format!("{policy}：处理器时间，{rounds} 轮的中位数；编译 {compile_ms:.1} ms"),
        (Lang::Zh, _) => format!("{policy}：此系统不提供处理器时间，以下为墙上时间，{rounds} 轮的中位数；编译 {compile_ms:.1} ms"),
        (Lang::En, "cpu") => format!("{policy}: processor time, median of {rounds} rounds; compiled in {compile_ms:.1} ms"),
        (Lang::En, _) => format!("{policy}: time on the wall, since this system tells no processor time; median of {rounds} rounds; compiled in {compile_ms:.1} ms"),
    });
    let header = match speaker.lang {
        Lang::Zh => ["文本", "数量", "字节/条", "被标记", "纳秒/条", "条/秒·核", "MB/秒"],
        Lang::En => ["texts", "count", "bytes each", "flagged", "ns each", "texts/s a core", "MB/s"],
    };
    let row = |set: &Figures| {
        vec![
            set.set.clone(),
            set.texts.to_string(),
            format!("{:.0}", set.bytes_per_text),
            set.flagged.to_string(),
            format!("{:.0}", set.ns_per_text),
            format!("{:.0}", 1e9 / set.ns_per_text),
            format!("{:.1}", set.bytes_per_second / 1e6),
        ]
    };
    speaker.table(&header, measured.sets.iter().map(row).collect());
    if let Some(peak) = measured.peak_rss_bytes {
        let (name, mb) = (speaker.pick("内存峰值", "peak memory"), float(peak) / 1e6);
        speaker.data(&format!("{name}: {mb:.1} MB"));
    }
    if let Some(stream) = &measured.stream {
        tell_stream(stream, speaker);
    }
}

fn tell_stream(stream: &StreamFigures, speaker: Speaker) {
    let StreamFigures { pieces, ns_per_piece, mean_held_bytes, max_held_bytes, reads_per_byte, state_bytes_per_stream } =
        stream;
    let state = state_bytes_per_stream.map_or_else(|| "–".to_owned(), |bytes| format!("{bytes:.0}"));
    speaker.data(&match speaker.lang {
        Lang::Zh => format!(
            "流式：{pieces} 段，每段 {ns_per_piece:.0} ns；平均保留 {mean_held_bytes:.1} 字节，最多 {max_held_bytes} 字节；每字节平均读 {reads_per_byte:.1} 次；每个打开的流占 {state} 字节"
        ),
        Lang::En => format!(
            "stream: {pieces} pieces, {ns_per_piece:.0} ns each; {mean_held_bytes:.1} bytes held on average, {max_held_bytes} at most; each byte read {reads_per_byte:.1} times; {state} bytes an open stream"
        ),
    });
}
