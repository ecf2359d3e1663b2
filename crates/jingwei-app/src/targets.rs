//! How a check reaches the model that a component names: recorded, with its system prompt, with and without its guard.

use std::{collections::BTreeMap, sync::Arc};

use jingwei_core::{
    Arm, ChatMessage, ChatReply, ChatRequest, Component, ComponentId, Digest, ExposureFacts, ExposureProbe, Files,
    Finish, Limits, Target, TargetError, Targets,
};
use jingwei_guard::{Direction, Placeholders};
use jingwei_net::{Client, OpenAiClient, Secret};
use tokio::runtime::Handle;

use crate::{
    guards::{Guard, Screened},
    journal::{Answer, Journal, Mode},
};

/// Finds targets for the endpoints of one manifest.
pub(crate) struct SystemTargets {
    pub(crate) client: Arc<OpenAiClient>,
    pub(crate) runtime: Handle,
    pub(crate) journal: Arc<Journal>,
    pub(crate) files: Arc<dyn Files>,
    pub(crate) components: Vec<Component>,
    pub(crate) keys: BTreeMap<ComponentId, Secret>,
    pub(crate) guards: BTreeMap<ComponentId, Result<Arc<Guard>, String>>,
    pub(crate) limits: Limits,
}

impl Targets for SystemTargets {
    fn arms(&self, component: &Component) -> Result<Vec<(Arm, Arc<dyn Target>)>, TargetError> {
        let refused = |reason: String| TargetError::Refused { reason };
        let url = component.url.clone().ok_or_else(|| refused(format!("endpoint `{}` has no `url`", component.id)))?;
        let prompt = self.prompt_of(component)?;
        let direct: Arc<dyn Target> = Arc::new(Recorded {
            client: Arc::clone(&self.client),
            runtime: self.runtime.clone(),
            journal: Arc::clone(&self.journal),
            url,
            model: component.model.clone().unwrap_or_else(|| "default".to_owned()),
            key: self.keys.get(&component.id).cloned(),
            prompt,
            limits: self.limits,
        });
        let mut arms = vec![(Arm::Undefended, Arc::clone(&direct))];
        match self.guards.get(&component.id) {
            None => {}
            Some(Ok(guard)) => {
                arms.push((Arm::Defended, Arc::new(Guarded { inner: direct, guard: Arc::clone(guard) })))
            }
            // A guard that cannot be loaded guards nothing; `guard.policy` says why.
            Some(Err(_)) => {}
        }
        Ok(arms)
    }
}

impl SystemTargets {
    fn prompt_of(&self, component: &Component) -> Result<Option<String>, TargetError> {
        let Some(id) = &component.prompt else { return Ok(None) };
        let path = self.components.iter().find(|c| c.id == *id).and_then(|c| c.path.as_deref());
        let refused = |reason: String| TargetError::Refused { reason };
        let path = path.ok_or_else(|| refused(format!("prompt `{id}` has no `path`")))?;
        let bytes = self.files.read(path, self.limits.string_bytes).map_err(|e| refused(e.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| refused(format!("prompt `{path}` is not UTF-8")))?;
        Ok(Some(text))
    }
}

/// A model at an address. What it answered once it answers again.
struct Recorded {
    client: Arc<OpenAiClient>,
    runtime: Handle,
    journal: Arc<Journal>,
    url: String,
    model: String,
    key: Option<Secret>,
    prompt: Option<String>,
    limits: Limits,
}

impl Target for Recorded {
    fn configuration(&self) -> Digest {
        let prompt = self.prompt.as_deref().unwrap_or_default();
        Digest::of_parts(["target/1", &self.url, &self.model, prompt])
    }

    fn send(&self, request: &ChatRequest) -> Result<ChatReply, TargetError> {
        let mut request = request.clone();
        if let Some(prompt) = &self.prompt {
            request.messages.insert(0, ChatMessage::system(prompt.clone()));
        }
        let asked = serde_json::to_string(&request).map_err(|e| TargetError::Refused { reason: e.to_string() })?;
        let key = Digest::of_parts(["reply/1", &self.configuration().to_string(), &asked]);
        if let Some(Answer::Chat(answer)) = self.journal.get(&key) {
            return answer;
        }
        if self.journal.mode == Mode::Replay {
            return Err(TargetError::NotRecorded);
        }
        let call = self.client.chat(&self.url, &self.model, &request, self.key.as_ref(), &self.limits);
        let answer = self.runtime.block_on(call);
        let recorded = self.journal.put(key, &Answer::Chat(answer.clone()));
        recorded.map_err(|e| TargetError::Refused { reason: format!("the answer cannot be recorded: {e}") })?;
        answer
    }
}

/// A model behind a guard: what a user of the guarded system gets.
struct Guarded {
    inner: Arc<dyn Target>,
    guard: Arc<Guard>,
}

impl Target for Guarded {
    fn configuration(&self) -> Digest {
        Digest::of_parts(["guarded/1", &self.inner.configuration().to_string(), &self.guard.digest().to_string()])
    }

    fn send(&self, request: &ChatRequest) -> Result<ChatReply, TargetError> {
        let filtered = |message: String| ChatReply::new(message, Finish::ContentFilter);
        let mut request = request.clone();
        let mut placeholders = Placeholders::default();
        for message in &mut request.messages {
            match self.guard.screen(Direction::Input, &message.content, &mut placeholders) {
                Screened::Blocked(text) => return Ok(filtered(text)),
                Screened::Allowed(text) => message.content = text,
            }
        }
        let mut reply = self.inner.send(&request)?;
        match self.guard.screen(Direction::Output, &reply.text, &mut Placeholders::default()) {
            Screened::Blocked(text) => Ok(filtered(text)),
            Screened::Allowed(text) => {
                reply.text = placeholders.restore(&text);
                Ok(reply)
            }
        }
    }
}

/// Asks addresses what they show to strangers, once per run.
pub(crate) struct NetExposure {
    pub(crate) client: Arc<Client>,
    pub(crate) runtime: Handle,
    pub(crate) journal: Arc<Journal>,
}

impl ExposureProbe for NetExposure {
    fn probe(&self, url: &str, limits: &Limits) -> ExposureFacts {
        let key = Digest::of_parts(["exposure/1", url]);
        if let Some(Answer::Exposure(facts)) = self.journal.get(&key) {
            return facts;
        }
        let not_known =
            |reason: &str| ExposureFacts { unreachable: Some(reason.to_owned()), ..ExposureFacts::default() };
        if self.journal.mode == Mode::Replay {
            return not_known("not recorded");
        }
        let facts = self.runtime.block_on(jingwei_net::probe_exposure(&self.client, url, limits));
        match self.journal.put(key, &Answer::Exposure(facts.clone())) {
            Ok(()) => facts,
            Err(error) => not_known(&format!("the answer cannot be recorded: {error}")),
        }
    }
}
