//! A text that arrives in pieces.
//!
//! What can no longer become part of a match is released at once; the rest is held until it is known. Held are: a
//! word, number or token that is not finished; words of a `together` rule that others could still join; as many
//! characters as a pattern of bounded length needs, and the whole paragraph for a pattern without bound; a private key
//! until its last line. Paragraphs longer than 16 KiB are looked at less often, so more of them is held.

use std::collections::BTreeSet;

use jingwei_core::{Action, Limits, Verdict};

use crate::{
    Direction, Engine, Placeholders, Surface,
    judge::too_long,
    redact::clusters,
    scan::{Found, Scanner, paragraphs},
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
    /// The text from the first paragraph that is not released.
    held: String,
    /// Offset of `held` in the whole text.
    base: usize,
    /// Bytes of `held` that were released.
    released: usize,
    /// Length of `held` when it was last looked at.
    looked_at: usize,
    recorded: BTreeSet<Found>,
    skipped: BTreeSet<String>,
    overflow: bool,
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

/// Paragraphs up to this length are looked at with every piece.
const EAGER_BYTES: usize = 16 << 10;

impl<'e> StreamHold<'e> {
    /// `surface` names the text; its own text is not read.
    #[must_use]
    pub fn new(engine: &'e Engine, direction: Direction, surface: Surface, limits: Limits) -> Self {
        Self {
            engine,
            direction,
            surface,
            limits,
            partial: Vec::new(),
            held: String::new(),
            base: 0,
            released: 0,
            looked_at: 0,
            recorded: BTreeSet::new(),
            skipped: BTreeSet::new(),
            overflow: false,
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
        (step, self.verdict, self.placeholders)
    }

    /// Bytes that wait.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held.len() - self.released + self.partial.len()
    }

    fn is_stopped(&self) -> bool {
        self.verdict.action >= Action::Confirm
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
        if fits < text.len() {
            self.overflow = true;
            self.skip(too_long(&self.limits));
        }
    }

    /// Enters what was not judged once.
    fn skip(&mut self, what: String) {
        if self.skipped.insert(what.clone()) {
            self.engine.fail(self.direction, Some(&self.surface), what, &mut self.verdict);
        }
    }

    fn step(&mut self, finished: bool) -> StreamStep {
        self.looked_at = self.held.len();
        let scanner =
            Scanner { engine: self.engine, direction: self.direction, role: self.surface.role, limits: &self.limits };
        let scanned = if finished { scanner.whole(&self.held) } else { scanner.beginning(&self.held) };
        let (mut open, firm) = if finished { (self.held.len(), usize::MAX) } else { (scanned.open, scanned.firm) };
        let unsettled = scanned.found.iter().filter(|found| found.span.end > firm).map(|found| found.span.start);
        open = open.min(unsettled.min().unwrap_or(usize::MAX));
        for found in &scanned.found {
            if finished || found.span.start < open {
                self.record(*found);
            }
        }
        for what in scanned.skipped {
            self.skip(what);
        }
        let released = self.release(open, &scanned.found);
        self.forget();
        let stopped = self.is_stopped();
        StreamStep { released: if stopped { String::new() } else { released }, stopped }
    }

    /// Enters a hit of the held text once.
    fn record(&mut self, found: Found) {
        let mut place = found;
        place.span.start += self.base;
        place.span.end += self.base;
        if self.recorded.insert(place) {
            let surface = Surface { text: String::new(), ..self.surface.clone() };
            self.engine.record(place, &surface, &mut self.verdict);
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

    /// Drops paragraphs that were released whole.
    fn forget(&mut self) {
        let released = self.released;
        let parts = paragraphs(&self.held);
        let done =
            parts.iter().take(parts.len().saturating_sub(1)).map(|part| part.end).take_while(|end| *end <= released);
        if let Some(done) = done.last() {
            self.held.drain(..done);
            self.base += done;
            self.released -= done;
            self.looked_at = self.held.len();
        }
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
