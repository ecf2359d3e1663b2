use jingwei_core::{ChatMessage, ChatRole, Lang};

use crate::Item;

/// What is put to a target, before a driver makes requests of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The last message is the user's; or the assistant's, where its answer is begun for it; or a tool's, whose result
    /// the target asked for.
    pub messages: Vec<ChatMessage>,
    pub lang: Lang,
}

impl Prompt {
    /// An item as it stands.
    #[must_use]
    pub fn of(item: &Item) -> Self {
        let mut messages = item.before.clone();
        if messages.last().is_none_or(|message| message.role != ChatRole::Tool) {
            messages.push(ChatMessage::user(item.text.clone()));
        }
        Self { messages, lang: item.lang }
    }

    /// What the user says last.
    #[must_use]
    pub fn text(&self) -> &str {
        self.messages.iter().rev().find(|message| message.role == ChatRole::User).map_or("", |message| &message.content)
    }

    /// Says something else in the user's place.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        match self.messages.iter_mut().rev().find(|message| message.role == ChatRole::User) {
            Some(message) => message.content = text.into(),
            None => self.messages.push(ChatMessage::user(text)),
        }
        self
    }

    /// Changes what the user says last.
    #[must_use]
    pub fn map_text(self, change: impl FnOnce(&str) -> String) -> Self {
        let text = change(self.text());
        self.with_text(text)
    }
}
