use std::sync::Arc;

use jingwei_core::ChatRequest;

use crate::{Answer, Ask, Chain, Conversation, Item, Judge, Party, Prompt, Session, Step, Turn};

/// How a target is sampled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    pub max_tokens: u32,
    pub temperature: f64,
    /// Each epoch has its own, so that an answer is not simply repeated.
    pub seed: u64,
}

/// What a driver puts to a target.
#[derive(Clone)]
pub struct Case {
    pub item: Arc<Item>,
    pub chain: Arc<Chain>,
    /// Tells an adaptive driver how far it has come. The attempt is judged again when it is over.
    pub judge: Arc<dyn Judge>,
    pub sampling: Sampling,
}

impl Case {
    /// The item's question in its disguise.
    #[must_use]
    pub fn prompt(&self) -> Prompt {
        self.disguised(Prompt::of(&self.item))
    }

    /// Another prompt in the same disguise.
    #[must_use]
    pub fn disguised(&self, prompt: Prompt) -> Prompt {
        self.chain.apply(prompt, self.sampling.seed, &self.item.id)
    }

    /// A request to the target.
    #[must_use]
    pub fn request(&self, prompt: Prompt) -> ChatRequest {
        ChatRequest {
            messages: prompt.messages,
            tools: self.item.tools.clone(),
            max_tokens: self.sampling.max_tokens,
            temperature: self.sampling.temperature,
            seed: self.sampling.seed,
        }
    }
}

/// Puts a question to a target: in one turn or in many.
pub trait Driver: Send + Sync {
    /// Name, version and everything that decides what it does: `crescendo/1(turns=5)`.
    fn id(&self) -> &str;

    fn begin(&self, case: Case) -> Box<dyn Session>;

    /// Which models it asks besides the target.
    fn needs(&self) -> &'static [Party] {
        &[]
    }

    /// The most that one attempt asks; a judge's model only where the case's judge asks one.
    fn at_most(&self) -> Requests {
        Requests { target: 1, attacker: 0, judge: 0 }
    }
}

/// Numbers of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Requests {
    pub target: u32,
    pub attacker: u32,
    pub judge: u32,
}

/// Asks once and takes the answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct SingleTurn;

impl Driver for SingleTurn {
    fn id(&self) -> &str {
        "single-turn/1"
    }

    fn begin(&self, case: Case) -> Box<dyn Session> {
        Box::new(OneAsk { request: Some(case.request(case.prompt())), asked: Vec::new() })
    }
}

struct OneAsk {
    request: Option<ChatRequest>,
    asked: Vec<jingwei_core::ChatMessage>,
}

impl Session for OneAsk {
    fn step(&mut self, answers: Vec<Answer>) -> Step {
        if let Some(request) = self.request.take() {
            self.asked.clone_from(&request.messages);
            return Step::Ask(vec![Ask { to: Party::Target, request }]);
        }
        let messages = std::mem::take(&mut self.asked);
        let turns =
            answers.into_iter().take(1).map(|answer| Turn { messages: messages.clone(), answer: answer.into() });
        Step::Done(Conversation { turns: turns.collect(), ..Conversation::default() })
    }
}
