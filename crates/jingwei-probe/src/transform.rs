use std::sync::Arc;

use crate::{Prompt, Random};

/// Changes a question before it is asked. Pure: the same prompt and the same random numbers, the same change.
pub trait Transform: Send + Sync {
    /// Name and version, such as `base64/1`.
    fn id(&self) -> &str;

    fn apply(&self, prompt: Prompt, random: &mut Random) -> Prompt;

    /// What a reply says in plain text, where the transform asks for an encoded one and this is one.
    fn read_reply(&self, _reply: &str) -> Option<String> {
        None
    }
}

/// Transforms that are applied one after the other. Empty: the question as it stands.
#[derive(Clone, Default)]
pub struct Chain {
    transforms: Vec<Arc<dyn Transform>>,
    id: String,
}

impl Chain {
    #[must_use]
    pub fn new(transforms: Vec<Arc<dyn Transform>>) -> Self {
        let id = transforms.iter().map(|transform| transform.id()).collect::<Vec<_>>().join("+");
        Self { transforms, id: if id.is_empty() { "identity/1".to_owned() } else { id } }
    }

    /// Ids of its transforms joined by `+`; `identity/1` where there is none.
    #[must_use]
    pub fn id(&self) -> &str {
        if self.id.is_empty() { "identity/1" } else { &self.id }
    }

    /// `seed` and `item` decide what is random.
    #[must_use]
    pub fn apply(&self, prompt: Prompt, seed: u64, item: &str) -> Prompt {
        let seed = seed.to_string();
        self.transforms.iter().fold(prompt, |prompt, transform| {
            transform.apply(prompt, &mut Random::of(["transform/1", &seed, item, transform.id()]))
        })
    }

    /// What a reply says in plain text; `None` where no transform reads it differently.
    #[must_use]
    pub fn read_reply(&self, reply: &str) -> Option<String> {
        self.transforms.iter().rev().find_map(|transform| transform.read_reply(reply))
    }
}
