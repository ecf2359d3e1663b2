//! A text that arrives in pieces.
//!
//! What can no longer become part of a match is released at once; the rest is held until it is known. Held are: a
//! word, number or token that is not finished; words of a `together` rule that others could still join; as many
//! characters as a pattern of bounded length needs, and the whole paragraph for a pattern without bound; a private key
//! until its last line; a sentence that a `semantic` rule with `stream = "hold"` has not heard to its end.
//!
//! What was released is forgotten up to a place from which reading can begin anew, so a stream keeps about as much
//! as it holds and each piece costs what it holds, however long the text was before.

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use jingwei_core::{Action, Limits, RuleId, Span, Verdict};
use jingwei_text::{restart_before, sentence_places};

use crate::{
    Direction, Engine, Placeholders, StreamMode, Surface,
    compile::CompiledRule,
    judge::too_long,
    redact::clusters,
    scan::{Found, Scanned, Scanner, paragraphs, paragraphs_after},
    sentences::{CONTEXT, unescape},
};

/// Holds back what may still become part of a match. One per surface and choice of a streamed reply.
#[derive(Debug)]
pub struct StreamHold<'e> {
    engine: &'e Engine,
    direction: Direction,
    surface: Surface,
    limits: Limits,
    /// Bytes of a character that is not whole.
    partial: Vec<u8>,
    /// The text from the first paragraph, or place where reading can begin anew, that is not released.
    held: String,
    /// Offset of `held` in the whole text.
    base: usize,
    /// Bytes of `held` that were released.
    released: usize,
    /// Length of `held` when it was last looked at.
    looked_at: usize,
    /// Bytes that were looked at in all.
    read_bytes: u64,
    recorded: BTreeSet<Found>,
    skipped: BTreeSet<String>,
    overflow: bool,
    stopped: bool,
    sentences: Option<Sentences>,
    placeholders: Placeholders,
    verdict: Verdict,
}

/// What a piece led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamStep {
    /// Text that may go out now, redacted.
    pub released: String,
    /// A rule blocks or wants a confirmation: nothing more goes out, and the stream should be cut.
    pub stopped: bool,
}

/// What waits, or cannot be forgotten yet, is looked at with every piece up to this length. Longer, it is looked at again
/// when it has grown by a sixteenth, so that a long one costs some twenty readings a byte at most, whatever the text
/// and the pieces.
const EAGER_BYTES: usize = 1 << 10;
/// Released text that is kept before what is held: as far back as a recogniser of values looks from the start of a
/// match, and as words need to know what stands before them.
const LOOK_BACK_BYTES: usize = 192;
const LOOK_BACK_FOR_WORDS: usize = 48;
/// Released text is forgotten when there is so much more of it.
const FORGET_BYTES: usize = 128;

impl<'e> StreamHold<'e> {
    /// `surface` names the text; its own text is not read.
    #[must_use]
    pub fn new(engine: &'e Engine, direction: Direction, surface: Surface, limits: Limits) -> Self {
        let hears = !engine.active(direction, surface.role).semantic.is_empty();
        Self {
            engine,
            direction,
            surface: Surface { text: String::new(), ..surface },
            limits,
            partial: Vec::new(),
            held: String::new(),
            base: 0,
            released: 0,
            looked_at: 0,
            read_bytes: 0,
            recorded: BTreeSet::new(),
            skipped: BTreeSet::new(),
            overflow: false,
            stopped: false,
            sentences: hears.then(Sentences::default),
            placeholders: Placeholders::default(),
            verdict: engine.empty_verdict(),
        }
    }

    /// The next piece of the text.
    pub fn push(&mut self, piece: &str) -> StreamStep {
        self.push_bytes(piece.as_bytes())
    }

    /// The next bytes, cut anywhere. What is not UTF-8 becomes U+FFFD.
    pub fn push_bytes(&mut self, bytes: &[u8]) -> StreamStep {
        self.partial.extend_from_slice(bytes);
        let whole = whole_characters(&self.partial);
        let rest = self.partial.split_off(whole);
        let bytes = std::mem::replace(&mut self.partial, rest);
        self.take(&String::from_utf8_lossy(&bytes));
        let grown = self.held.len() - self.looked_at;
        if self.held.len() > EAGER_BYTES && grown < self.held.len() / 16 {
            return StreamStep { released: String::new(), stopped: self.is_stopped() };
        }
        self.step(false)
    }

    /// The text has ended: the last release and the verdict, which is that of the whole text.
    #[must_use]
    pub fn finish(mut self) -> (StreamStep, Verdict, Placeholders) {
        let rest = std::mem::take(&mut self.partial);
        self.take(&String::from_utf8_lossy(&rest));
        let step = self.step(true);
        self.verdict.unjudged.sort();
        let rule = |id: &RuleId| self.engine.policy().rules.iter().position(|rule| rule.id == *id);
        self.verdict.hits.sort_by_cached_key(|hit| (hit.span, rule(&hit.rule)));
        (step, self.verdict, self.placeholders)
    }

    /// Bytes that wait.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held.len() - self.released + self.partial.len()
    }

    /// Bytes that were read so far, those that were read again counted again: what the stream has cost.
    #[must_use]
    pub fn read_bytes(&self) -> u64 {
        self.read_bytes
    }

    fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Appends as much as the limit allows.
    fn take(&mut self, text: &str) {
        let most = usize::try_from(self.limits.string_bytes).unwrap_or(usize::MAX);
        let room = most.saturating_sub(self.base + self.held.len());
        let mut fits = text.len().min(room);
        while !text.is_char_boundary(fits) {
            fits -= 1;
        }
        if self.overflow {
            return;
        }
        self.held.push_str(&text[..fits]);
        if let Some(sentences) = &mut self.sentences {
            sentences.text.push_str(&text[..fits]);
        }
        if fits < text.len() {
            self.overflow = true;
            self.skip(too_long(&self.limits));
        }
    }

    /// Enters what was not judged once.
    fn skip(&mut self, what: String) {
        if self.skipped.insert(what.clone()) {
            self.engine.fail(self.direction, Some(&self.surface), what, &mut self.verdict);
            self.stopped |= self.verdict.action >= Action::Confirm;
        }
    }

    fn step(&mut self, finished: bool) -> StreamStep {
        self.looked_at = self.held.len();
        self.read_bytes = self.read_bytes.saturating_add(self.held.len() as u64);
        let scanner = Scanner::new(self.engine, self.direction, self.surface.role, &self.limits);
        let mut scanned = if finished { scanner.end_of_stream(&self.held) } else { scanner.beginning(&self.held) };
        // What begins in the part that was released is known; at its torn edge there may be words that are none.
        scanned.found.retain(|found| found.span.start >= self.released);
        if finished {
            (scanned.open, scanned.firm) = (self.held.len(), usize::MAX);
        }
        self.hear(finished, &mut scanned);
        let Scanned { found, skipped, mut open, keep, firm, heard } = scanned;
        let unsettled = found.iter().filter(|found| found.span.end > firm).map(|found| found.span.start);
        open = open.min(unsettled.min().unwrap_or(usize::MAX)).max(self.released);
        for found in &found {
            if finished || found.span.start < open {
                self.record(*found);
            }
        }
        self.engine.hear(heard, Some(&self.surface), &mut self.verdict);
        for what in skipped {
            self.skip(what);
        }
        let released = self.release(open, &found);
        self.forget(keep, &found);
        let stopped = self.is_stopped();
        StreamStep { released: if stopped { String::new() } else { released }, stopped }
    }

    /// Asks detectors about the sentences that have ended, and keeps the others back where a rule wants that.
    fn hear(&mut self, finished: bool, scanned: &mut Scanned) {
        let Some(sentences) = &mut self.sentences else { return };
        let active = self.engine.active(self.direction, self.surface.role);
        while let Some(ended) = sentences.next(finished) {
            let readable: Vec<Cow<'_, str>> = ended
                .places
                .iter()
                .filter_map(|place| sentences.text.get(place.clone()))
                .map(|text| unescape(text, &self.limits))
                .collect();
            let texts: Vec<&str> = readable.iter().map(AsRef::as_ref).collect();
            let heard = self.engine.listen(active, self.direction, &texts, ended.from, &self.limits);
            for (nth, rule) in &heard.hits {
                let Some(place) = ended.places.get(*nth) else { continue };
                let span = Span { start: sentences.base + place.start, end: sentences.base + place.end };
                sentences.hits.push(Found { span, rule: *rule, harmless: false });
            }
            let failed = heard
                .unavailable
                .values()
                .flatten()
                .any(|rule| self.engine.asks_on_failure(*rule) >= Action::Confirm && !observes(self.engine, *rule));
            self.stopped |= failed;
            scanned.heard.add(heard);
            sentences.close(&ended);
        }
        // Sentences that went out before they were judged are told; the others wait with the rest.
        let released = self.base + self.released;
        let (gone, waiting): (Vec<Found>, Vec<Found>) =
            std::mem::take(&mut sentences.hits).into_iter().partition(|hit| hit.span.start < released);
        scanned.found.extend(waiting.iter().map(|hit| {
            let span = Span { start: hit.span.start - self.base, end: hit.span.end - self.base };
            Found { span, ..*hit }
        }));
        sentences.hits = waiting;
        scanned.found.sort_unstable();
        if active.holds_sentences {
            let waiting = (sentences.base + sentences.waits_from()).saturating_sub(self.base);
            scanned.open = scanned.open.min(waiting);
        }
        for hit in gone {
            self.record_place(hit);
        }
    }

    /// Enters a hit of the held text once.
    fn record(&mut self, found: Found) {
        let mut place = found;
        place.span.start += self.base;
        place.span.end += self.base;
        self.record_place(place);
    }

    /// The same for a place in the whole text.
    fn record_place(&mut self, place: Found) {
        if self.recorded.insert(place) {
            self.engine.record(place, &self.surface, &mut self.verdict);
            let acts = self.verdict.hits.last().is_some_and(|hit| hit.action >= Action::Confirm);
            self.stopped |= acts && !observes(self.engine, place.rule);
        }
    }

    /// Releases up to `open`, but no part of a redaction that is not settled.
    fn release(&mut self, open: usize, found: &[Found]) -> String {
        let policy = self.engine.policy();
        let redactions = found.iter().filter_map(|found| {
            let rule = policy.rules.get(found.rule)?;
            let acts = rule.action == Action::Redact && rule.mode == crate::Mode::Enforce;
            acts.then_some((found.span, &rule.id))
        });
        let clusters = clusters(redactions);
        let cut = clusters.iter().find(|(span, _)| span.start < open && span.end > open);
        let until = cut.map_or(open, |(span, _)| span.start);
        let mut out = String::new();
        let mut at = self.released;
        let settled = clusters.into_iter().filter(|(span, _)| span.end <= until);
        for (span, rule) in settled {
            if span.start < at {
                continue;
            }
            out.push_str(self.held.get(at..span.start).unwrap_or_default());
            let value = self.held.get(span.start..span.end).unwrap_or_default();
            out.push_str(&self.placeholders.placeholder(value, rule));
            at = span.end;
        }
        if until > at {
            out.push_str(self.held.get(at..until).unwrap_or_default());
            at = until;
        }
        self.released = self.released.max(at);
        out
    }

    /// Drops paragraphs that were released whole, and of the one that goes on what nothing depends on.
    fn forget(&mut self, keep: usize, found: &[Found]) {
        let released = self.released;
        let parts = paragraphs(&self.held);
        let done =
            parts.iter().take(parts.len().saturating_sub(1)).map(|part| part.end).take_while(|end| *end <= released);
        let mut done = done.last().unwrap_or(0);
        let active = self.engine.active(self.direction, self.surface.role);
        let look_back = if active.values { LOOK_BACK_BYTES } else { LOOK_BACK_FOR_WORDS };
        if active.is_local && released - done > look_back + FORGET_BYTES {
            let before = (released - look_back).min(keep);
            let crossed = |at: usize| found.iter().any(|found| found.span.start < at && at < found.span.end);
            if let Some(at) = restart_before(&self.held, done, before).filter(|at| !crossed(*at)) {
                done = at;
            }
        }
        if done > 0 {
            self.held.drain(..done);
            self.base += done;
            self.released -= done;
            self.looked_at = self.held.len();
            self.held.shrink_to(self.held.len() + FORGET_BYTES);
        }
    }
}

fn observes(engine: &Engine, rule: usize) -> bool {
    matches!(engine.rules.get(rule), Some(CompiledRule::Semantic(semantic)) if semantic.stream == StreamMode::Observe)
}

/// The sentences of the paragraph that arrives: those that are context, and the one that is not finished.
#[derive(Debug, Default)]
struct Sentences {
    text: String,
    /// Offset of `text` in the whole text.
    base: usize,
    /// Where in `text` the context ends.
    judged: usize,
    /// The line on which `text` begins had nothing on it before.
    on_empty_line: bool,
    /// Sentences that rules speak of, in the whole text, until they are released.
    hits: Vec<Found>,
}

/// Sentences that have ended.
struct Ended {
    /// With those before them that are context.
    places: Vec<Range<usize>>,
    /// The first that was not judged.
    from: usize,
    /// The paragraph has ended with them, here.
    paragraph: Option<usize>,
}

impl Sentences {
    /// Sentences of one paragraph that have ended and were not judged.
    fn next(&self, finished: bool) -> Option<Ended> {
        let parts = paragraphs_after(&self.text, self.on_empty_line);
        let first = parts.first()?.clone();
        let ends = parts.len() > 1;
        let places = sentence_places(self.text.get(first.clone())?, ends || finished);
        let from = places.iter().position(|place| place.start >= self.judged).unwrap_or(places.len());
        let paragraph = ends.then_some(first.end);
        (from < places.len() || ends).then_some(Ended { places, from, paragraph })
    }

    /// They were judged: the last of them are context for what follows.
    fn close(&mut self, ended: &Ended) {
        let keep_from = match ended.paragraph {
            Some(end) => end,
            None => ended.places.iter().rev().nth(CONTEXT - 1).or(ended.places.first()).map_or(0, |place| place.start),
        };
        let judged = ended.paragraph.or(ended.places.last().map(|place| place.end)).unwrap_or(0);
        self.on_empty_line = ended.paragraph.is_none() && self.text[..keep_from].ends_with('\n');
        self.text.drain(..keep_from);
        self.base += keep_from;
        self.judged = judged - keep_from;
    }

    /// Where the first sentence begins that was not judged.
    fn waits_from(&self) -> usize {
        self.judged
    }
}

/// How many bytes at the start are not the beginning of a character that is still to come.
fn whole_characters(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let at = bytes.len() - back;
        let Some(byte) = bytes.get(at) else { break };
        let needed = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => break,
        };
        let begins_well = std::str::from_utf8(&bytes[at..]).is_err_and(|error| error.error_len().is_none());
        return if back < needed && begins_well { at } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
