use std::{path::Path, sync::atomic::AtomicBool};

use jingwei_core::{ChatReply, ChatRequest, Digest, Finish, Limits, Usage};

use crate::{
    chat_template::ChatTemplate,
    generate_config::{Config, Keys},
    generate_error::GenerateError,
    generate_network::Network,
    generate_tokens::GenerateTokens,
    gguf::{Gguf, unusable},
};

/// A model in a GGUF file that answers chats, on the processor.
///
/// Known are the architectures `llama`, `qwen2` and `qwen3` with a tokenizer of byte pairs. Weights stay as they are
/// stored, so a loaded model takes about as much memory as its file; a call takes 8 bytes more per block, value of a
/// key and token of prompt and answer.
pub struct Generator {
    template: ChatTemplate,
    tokens: GenerateTokens,
    network: Network,
    digest: Digest,
    limits: Limits,
}

impl Generator {
    /// Loads a model.
    ///
    /// # Errors
    /// The file cannot be read, is over a limit or damaged, or is of a kind that is not known.
    pub fn open(file: &Path, limits: &Limits) -> Result<Self, GenerateError> {
        let gguf = Gguf::open(file, limits)?;
        let config = Config::read(&gguf)?;
        let keys = Keys::of(&gguf);
        let program = keys.text("tokenizer.chat_template")?;
        let program = program.ok_or_else(|| {
            unusable(file, "it has no chat template, so it is no model for chats; take the one for instructions")
        })?;
        let template = ChatTemplate::recognise(program).map_err(|problem| unusable(file, problem))?;
        let tokens = GenerateTokens::read(&keys, &template)?;
        let (tensors, digest) = gguf.read()?;
        Ok(Self { template, tokens, network: Network::build(file, config, tensors)?, digest, limits: *limits })
    }

    /// SHA-256 of the file, as `sha256sum` gives it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Tokens of a prompt and its answer together.
    #[must_use]
    pub fn context(&self) -> usize {
        self.network.context()
    }

    /// Answers a chat. Temperature 0 takes the likeliest token each time; above it tokens are drawn, the same ones for
    /// the same request. At most [`Limits::tokens`] are generated, and no more than the context has room for: an
    /// answer that ends there says so ([`Finish::Length`]).
    ///
    /// # Errors
    /// The chat has tools, is longer than the context, or `stop` was set meanwhile.
    pub fn answer(&self, request: &ChatRequest, stop: &AtomicBool) -> Result<ChatReply, GenerateError> {
        if !request.temperature.is_finite() || request.temperature < 0.0 {
            let problem = format!("the temperature is {}, give 0 or more", request.temperature);
            return Err(GenerateError::Request(problem));
        }
        let ids = self.prompt(request)?;
        let room = self.context() - ids.len();
        let most = usize::try_from(request.max_tokens.min(self.limits.tokens)).unwrap_or(room).min(room);

        let mut draws = Draws(request.seed);
        let mut cache = self.network.start();
        let mut said: Vec<u32> = Vec::new();
        let mut finish = Finish::Length;
        let mut heard: &[u32] = &ids;
        while said.len() < most {
            let logits = self.network.read(&mut cache, heard, stop)?;
            let next = choose(&logits, request.temperature, &mut draws);
            if self.tokens.ends(next) {
                finish = Finish::Stop;
                break;
            }
            said.push(next);
            heard = &said[said.len() - 1..];
        }
        let usage = Usage { input_tokens: ids.len() as u64, output_tokens: said.len() as u64 };
        Ok(ChatReply { usage, ..ChatReply::new(self.tokens.decode(&said)?, finish) })
    }

    /// The chat as tokens; at least one token of the context stays free.
    fn prompt(&self, request: &ChatRequest) -> Result<Vec<u32>, GenerateError> {
        if !request.tools.is_empty() {
            return Err(GenerateError::Request("its chats cannot have tools; take an endpoint".to_owned()));
        }
        let said: usize = request.messages.iter().map(|message| message.content.len()).sum();
        let most = self.context().saturating_mul(self.tokens.longest);
        let most = most.min(usize::try_from(self.limits.string_bytes).unwrap_or(most));
        if said > most {
            let (found, allowed) = (said as u64, most as u64);
            return Err(GenerateError::PromptTooLong { unit: "bytes", found, allowed });
        }
        let text = self.template.render(&request.messages, &self.tokens.end_of_text);
        let ids = self.tokens.encode(&text.map_err(GenerateError::Request)?)?;
        if ids.len() >= self.context() {
            let (found, allowed) = (ids.len() as u64, self.context() as u64 - 1);
            return Err(GenerateError::PromptTooLong { unit: "tokens", found, allowed });
        }
        Ok(ids)
    }
}

/// The next token.
fn choose(logits: &[f32], temperature: f64, draws: &mut Draws) -> u32 {
    let likeliest = logits
        .iter()
        .enumerate()
        .fold((0, f32::NEG_INFINITY), |best, (id, logit)| if *logit > best.1 { (id, *logit) } else { best });
    let mut chosen = likeliest.0;
    if temperature > 0.0 {
        let weight = |logit: &f32| (f64::from(*logit - likeliest.1) / temperature).exp();
        let mut left = draws.next() * logits.iter().map(weight).sum::<f64>();
        for (id, logit) in logits.iter().enumerate() {
            left -= weight(logit);
            if left < 0.0 {
                chosen = id;
                break;
            }
        }
    }
    u32::try_from(chosen).unwrap_or(u32::MAX)
}

/// Draws that follow from a seed: SplitMix64 (Steele, Lea and Flood 2014).
struct Draws(u64);

impl Draws {
    /// At least 0 and below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }
}
