//! Who answers requests: models at addresses, guards in front of them, and what was answered before.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use jingwei_core::{ChatMessage, ChatReply, ChatRequest, ChatRole, Digest, Finish};
use jingwei_guard::{Direction, Placeholders};
use jingwei_probe::Answer;

use crate::guards::{Guard, Screened};

/// An answer that is under way.
pub(crate) type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// Something that answers chats.
pub(crate) trait Responder: Send + Sync {
    /// Digest of everything that decides its answers besides the request.
    fn configuration(&self) -> Digest;

    /// For people: where it is. Never with a key.
    fn shown(&self) -> String;

    /// `attempt` tells tries of one attempt from others.
    fn send<'a>(&'a self, request: &'a ChatRequest, attempt: &'a str) -> Answering<'a>;
}

/// A model with a system prompt before everything that is said to it.
pub(crate) struct Prompted {
    pub(crate) inner: Arc<dyn Responder>,
    pub(crate) prompt: String,
}

impl Responder for Prompted {
    fn configuration(&self) -> Digest {
        Digest::of_parts(["prompted/1", &self.inner.configuration().to_string(), &self.prompt])
    }

    fn shown(&self) -> String {
        self.inner.shown()
    }

    fn send<'a>(&'a self, request: &'a ChatRequest, attempt: &'a str) -> Answering<'a> {
        Box::pin(async move {
            let mut request = request.clone();
            // Servers take one system message: an item's own follows in the same.
            match request.messages.first_mut().filter(|message| message.role == ChatRole::System) {
                Some(message) => message.content = format!("{}\n\n{}", self.prompt, message.content),
                None => request.messages.insert(0, ChatMessage::system(self.prompt.clone())),
            }
            self.inner.send(&request, attempt).await
        })
    }
}

/// What was answered once is answered again: within one attempt, so that both arms judge the same replies.
#[derive(Default)]
pub(crate) struct Memory(Mutex<HashMap<Digest, Answer>>);

impl Memory {
    /// Requests that were really sent.
    pub(crate) fn sent(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    async fn ask(&self, inner: &dyn Responder, request: &ChatRequest, attempt: &str) -> Answer {
        let key = request_key(request);
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let answer = inner.send(request, attempt).await;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, answer.clone());
        answer
    }
}

fn request_key(request: &ChatRequest) -> Digest {
    Digest::of(&serde_json::to_vec(request).unwrap_or_default())
}

/// A target and what its attempt already heard from it.
pub(crate) struct Remembering<'a> {
    pub(crate) inner: &'a dyn Responder,
    pub(crate) memory: &'a Memory,
}

impl Remembering<'_> {
    pub(crate) async fn send(&self, request: &ChatRequest, attempt: &str) -> Answer {
        self.memory.ask(self.inner, request, attempt).await
    }

    /// What a user of the guarded system gets.
    pub(crate) async fn send_guarded(&self, guard: &Guard, request: &ChatRequest, attempt: &str) -> Answer {
        let filtered = |message: String| Ok(ChatReply::new(message, Finish::ContentFilter));
        let mut request = request.clone();
        let mut placeholders = Placeholders::default();
        for message in &mut request.messages {
            match guard.screen(Direction::Input, &message.content, &mut placeholders) {
                Screened::Blocked(text) => return filtered(text),
                Screened::Allowed(text) => message.content = text,
            }
        }
        let mut reply = self.send(&request, attempt).await?;
        match guard.screen(Direction::Output, &reply.text, &mut Placeholders::default()) {
            Screened::Blocked(text) => filtered(text),
            Screened::Allowed(text) => {
                reply.text = placeholders.restore(&text);
                Ok(reply)
            }
        }
    }
}

/// Digest of a guarded target's configuration.
pub(crate) fn guarded_configuration(target: &dyn Responder, guard: &Guard) -> Digest {
    Digest::of_parts(["guarded/1", &target.configuration().to_string(), &guard.digest().to_string()])
}
