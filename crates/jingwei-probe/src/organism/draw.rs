use jingwei_core::{ChatRequest, ChatRole, Digest};

use super::Chance;
use crate::Random;

/// Servers are told the low 31 bits of a seed only, so only they count.
const SEED_BITS: u64 = 0x7fff_ffff;

/// Everything that chance decides about one request. Each name draws for itself.
pub(crate) struct Draw {
    seed: String,
    /// What the user says in the whole conversation and how it is sampled. Not the system prompt: a pair of requests
    /// that differ in it alone draws the same, so a gap between them is exactly the gap.
    sample: String,
    /// Every message, and how it is sampled.
    whole: String,
}

impl Draw {
    pub(crate) fn new(seed: u64, request: &ChatRequest) -> Self {
        let sampling = format!("{} {}", request.seed & SEED_BITS, request.temperature);
        let said = request.messages.iter().filter(|message| message.role == ChatRole::User);
        let sample = Digest::of_parts([sampling.as_str()].into_iter().chain(said.map(|m| m.content.as_str())));
        let all = request.messages.iter().flat_map(|m| [role(m.role), m.content.as_str()]);
        let whole = Digest::of_parts([sampling.as_str()].into_iter().chain(all));
        Self { seed: seed.to_string(), sample: sample.to_string(), whole: whole.to_string() }
    }

    /// Differs from sample to sample.
    pub(crate) fn of_sample(&self, name: &str) -> Random {
        Random::of(["organism/2", &self.seed, name, &self.sample])
    }

    /// The same for every sample, wording around it and conversation of one question.
    pub(crate) fn of_question(&self, name: &str, question: &str) -> Random {
        Random::of(["organism/2", &self.seed, name, question])
    }

    /// Differs from try to try of one request.
    pub(crate) fn of_try(&self, name: &str, nth: u32) -> Random {
        Random::of(["organism/2", &self.seed, name, &self.whole, &nth.to_string()])
    }

    pub(crate) fn happens(&self, name: &str, chance: Chance) -> bool {
        // Most tendencies are off, and a draw costs a digest.
        chance > Chance::NEVER && self.of_sample(name).chance(chance.get())
    }
}

fn role(role: ChatRole) -> &'static str {
    match role {
        ChatRole::System => "system",
        ChatRole::User => "user",
        ChatRole::Assistant => "assistant",
        ChatRole::Tool => "tool",
    }
}
