//! Requests to the target: what was said so far, the item's question or another in its place, the disguise, and a seed
//! of its own for each.

use jingwei_core::{ChatMessage, ChatReply, ChatRequest, ChatRole, Lang};

use crate::{Case, Prompt, Random};

/// Longest reply, in bytes, that is read, carried on in a conversation or shown to an attacker's model.
pub(super) const LONGEST_READ: usize = 1 << 18;

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) user: String,
    pub(super) assistant: String,
}

/// A request to the target and how its reply is to be read.
#[derive(Debug, Clone)]
pub(super) struct Put {
    pub(super) request: ChatRequest,
    /// What is asked, before the disguise.
    pub(super) plain: String,
    /// What the user's message says, and what the assistant's answer was begun with.
    sent: String,
    prefill: Option<String>,
    /// It puts the item's question, and not a step on the way to it.
    pub(super) decisive: bool,
}

impl Put {
    /// The turn as the next ones remember it; `None` where nothing was said.
    pub(super) fn said(&self, reply: &ChatReply) -> Option<Said> {
        let text = reply.text.trim();
        if text.is_empty() {
            return None;
        }
        let text = text.get(..text.floor_char_boundary(LONGEST_READ)).unwrap_or(text);
        let assistant = self.prefill.as_deref().unwrap_or_default().to_owned() + text;
        Some(Said { user: self.sent.clone(), assistant })
    }
}

/// One conversation with the target, or several from the same beginning.
pub(super) struct Talk {
    case: Case,
    /// The seed of the first request; the others count on from it.
    seed: u64,
    asked: u64,
    /// Before the item's question, made up.
    pub(super) earlier: Vec<Said>,
    /// With the target.
    pub(super) said: Vec<Said>,
}

impl Talk {
    pub(super) fn new(case: Case, driver: &str) -> Self {
        let seed = case.sampling.seed.to_string();
        // 31 bits: providers take at least as many, and JSON numbers hold them.
        let seed = Random::of(["driver/1", &seed, &case.item.id, case.chain.id(), driver]).next_u64() >> 33;
        Self { case, seed, asked: 0, earlier: Vec::new(), said: Vec::new() }
    }

    pub(super) fn question(&self) -> &str {
        &self.case.item.text
    }

    pub(super) fn lang(&self) -> Lang {
        self.case.item.lang
    }

    /// Random numbers for one purpose, the same in every run.
    pub(super) fn random(&self, purpose: &str) -> Random {
        Random::of(["driver-choice/1", &self.seed.to_string(), purpose])
    }

    /// Whether the judge compares a reply with the item's own aim. One that only tells refusals from answers would
    /// take an answer to any other question for a success.
    pub(super) fn judge_knows_the_aim(&self) -> bool {
        self.case.judge.asks() || self.case.item.trap.is_some()
    }

    /// Seed of the next request, of whatever party.
    pub(super) fn next_seed(&mut self) -> u64 {
        let seed = self.seed.wrapping_add(self.asked);
        self.asked = self.asked.wrapping_add(1);
        seed
    }

    /// The next thing to say to the target, after all that was said so far.
    pub(super) fn put(&mut self, text: &str, decisive: bool) -> Put {
        let mut case = self.case.clone();
        case.sampling.seed = self.next_seed();
        let messages = self.messages(text);
        let answered = messages.last().is_some_and(|message| message.role == ChatRole::Assistant);
        let prompt = case.disguised(Prompt { messages, lang: case.item.lang });
        let begun = prompt.messages.last().filter(|message| message.role == ChatRole::Assistant && !answered);
        let prefill = begun.map(|message| message.content.clone());
        let sent = prompt.text().to_owned();
        Put { request: case.request(prompt), plain: text.to_owned(), sent, prefill, decisive }
    }

    fn messages(&self, text: &str) -> Vec<ChatMessage> {
        let first = self.said.first().map_or(text, |said| &said.user);
        let mut messages = Prompt::of(&self.case.item).with_text(first).messages;
        if let Some(at) = messages.iter().rposition(|message| message.role == ChatRole::User) {
            messages.splice(at..at, self.earlier.iter().flat_map(both));
        }
        for (index, said) in self.said.iter().enumerate() {
            messages.push(ChatMessage::assistant(&*said.assistant));
            let next = self.said.get(index + 1).map_or(text, |next| &next.user);
            messages.push(ChatMessage::user(next));
        }
        messages
    }
}

fn both(said: &Said) -> [ChatMessage; 2] {
    [ChatMessage::user(&*said.user), ChatMessage::assistant(&*said.assistant)]
}
