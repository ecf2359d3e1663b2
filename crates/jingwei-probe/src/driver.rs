use jingwei_core::{ChatMessage, ChatReply, ChatRequest, Target, TargetError};

/// How a target is sampled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    pub max_tokens: u32,
    pub temperature: f64,
    pub seed: u64,
}

/// Puts a question to a target: in one turn or in many. The reply that it gives back is the one to judge.
pub trait Driver: Send + Sync {
    /// Name and version.
    fn id(&self) -> &str;

    fn ask(&self, question: &str, sampling: Sampling, target: &dyn Target) -> Result<ChatReply, TargetError>;
}

/// Asks once and takes the answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct SingleTurn;

impl Driver for SingleTurn {
    fn id(&self) -> &str {
        "single-turn/1"
    }

    fn ask(&self, question: &str, sampling: Sampling, target: &dyn Target) -> Result<ChatReply, TargetError> {
        target.send(&ChatRequest {
            messages: vec![ChatMessage::user(question)],
            tools: Vec::new(),
            max_tokens: sampling.max_tokens,
            temperature: sampling.temperature,
            seed: sampling.seed,
        })
    }
}
