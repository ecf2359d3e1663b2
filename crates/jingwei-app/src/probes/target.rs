//! From what the user names as a target to somebody who can be asked.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use jingwei_core::{Component, ComponentKind, Limits};
use jingwei_net::{Api, Client, Endpoint, RetrySettings, TargetClient};

use super::{
    local::LocalModel,
    paced::Paced,
    responders::{Prompted, Responder},
};
use crate::{App, DiskFiles, Error, Guard, assess::Loaded, guards};

/// Largest file with a system prompt or a target, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Who is tested.
#[derive(Debug, Clone)]
pub enum TargetChoice {
    /// Somebody at an address, or a command.
    Endpoint {
        endpoint: Box<Endpoint>,
        /// Name of the environment variable that holds the key.
        key_env: Option<String>,
        /// File with the system prompt.
        prompt: Option<PathBuf>,
        /// Policy file, or `builtin`.
        guard: Option<String>,
    },
    /// A model in a GGUF file, run in this process.
    Local { path: PathBuf, prompt: Option<PathBuf>, guard: Option<String> },
    /// An endpoint of a governed system.
    System { manifest: PathBuf, component: Option<String> },
}

/// A target that is ready to be asked.
pub(crate) struct Ready {
    pub(crate) target: Arc<dyn Responder>,
    pub(crate) guard: Option<Arc<Guard>>,
    /// Set where evidence about it can be entered.
    pub(crate) of_system: Option<(Loaded, Component)>,
}

/// How a run reaches models.
pub(crate) struct Reach<'a> {
    pub(crate) app: &'a App,
    pub(crate) client: Client,
    pub(crate) at_once: usize,
    pub(crate) limits: Limits,
}

impl Reach<'_> {
    pub(crate) fn ready(&self, choice: &TargetChoice) -> Result<Ready, Error> {
        match choice {
            TargetChoice::Endpoint { endpoint, key_env, prompt, guard } => {
                let target = self.responder(endpoint.as_ref().clone(), key_env.as_deref())?;
                self.equipped(target, prompt.as_deref(), guard.as_deref())
            }
            TargetChoice::Local { path, prompt, guard } => {
                let target = Arc::new(LocalModel::open(path, &self.limits)?);
                self.equipped(target, prompt.as_deref(), guard.as_deref())
            }
            TargetChoice::System { manifest, component } => self.of_system(manifest, component.as_deref()),
        }
    }

    /// A target with its system prompt, and the guard before it.
    fn equipped(&self, target: Arc<dyn Responder>, prompt: Option<&Path>, guard: Option<&str>) -> Result<Ready, Error> {
        let target: Arc<dyn Responder> = match prompt {
            Some(path) => Arc::new(Prompted { inner: target, prompt: read_text(path)? }),
            None => target,
        };
        let guard = match guard {
            None => None,
            Some("builtin") => Some(guards::for_command(None, &self.app.equipment()?)?),
            Some(path) => Some(guards::for_command(Some(Path::new(path)), &self.app.equipment()?)?),
        };
        Ok(Ready { target, guard: guard.map(Arc::new), of_system: None })
    }

    /// A model that is asked; `key_env` names the variable that holds its key.
    pub(crate) fn responder(&self, endpoint: Endpoint, key_env: Option<&str>) -> Result<Arc<dyn Responder>, Error> {
        let key = match key_env {
            None => None,
            Some(name) => Some(self.app.secret(name).ok_or_else(|| {
                Error::invalid(
                    format!("环境变量 `{name}` 没有设置或为空"),
                    format!("the environment variable `{name}` is not set, or empty"),
                )
            })?),
        };
        // Trying again is the pace's business; one try each keeps the two from multiplying.
        let once = RetrySettings { tries: 1, ..RetrySettings::default() };
        let client = TargetClient::new(self.client.clone(), endpoint, key, once, self.limits)
            .map_err(|e| Error::invalid(format!("目标不可用：{e}"), format!("the target cannot be used: {e}")))?;
        Ok(Arc::new(Paced::new(client, self.at_once)))
    }

    fn of_system(&self, manifest: &Path, component: Option<&str>) -> Result<Ready, Error> {
        let loaded = crate::load_manifest(manifest, &self.app.catalog)?;
        let endpoint = endpoint_of(&loaded, component)?;
        let url = endpoint.url.clone().ok_or_else(|| {
            let id = &endpoint.id;
            Error::invalid(format!("组件 `{id}` 没有 `url`"), format!("component `{id}` has no `url`"))
        })?;
        let model = endpoint.model.clone().unwrap_or_else(|| "default".to_owned());
        let mut target = self.responder(Endpoint::new(Api::OpenAiChat, url, model), endpoint.key_env.as_deref())?;
        let prompt = endpoint.prompt.as_ref().and_then(|id| loaded.manifest.components.iter().find(|c| c.id == *id));
        if let Some(path) = prompt.and_then(|prompt| prompt.path.as_deref()) {
            target = Arc::new(Prompted { inner: target, prompt: read_text(&loaded.folder.join(path))? });
        }
        let files = DiskFiles::new(&loaded.folder, false);
        let own = std::slice::from_ref(&endpoint);
        let guard = guards::of_components(own, &files, &loaded.folder, &self.app.equipment()?).remove(&endpoint.id);
        let guard = match guard {
            None => None,
            Some(Ok(guard)) => Some(guard),
            Some(Err(reason)) => {
                let zh = format!("组件 `{}` 的护栏不可用：{reason}", endpoint.id);
                return Err(Error::invalid(zh, format!("the guard of `{}` cannot be used: {reason}", endpoint.id)));
            }
        };
        Ok(Ready { target, guard, of_system: Some((loaded, endpoint)) })
    }
}

fn endpoint_of(loaded: &Loaded, component: Option<&str>) -> Result<Component, Error> {
    let endpoints: Vec<&Component> =
        loaded.manifest.components.iter().filter(|c| c.kind == ComponentKind::Endpoint).collect();
    let known = endpoints.iter().map(|c| c.id.as_str()).collect::<Vec<_>>().join(", ");
    match (component, endpoints.as_slice()) {
        (None, [only]) => Ok((*only).clone()),
        (None, []) => Err(Error::invalid("系统没有 endpoint 组件", "the system has no endpoint")),
        (None, _) => Err(Error::invalid(
            format!("系统有多个 endpoint，请用 --component 指定：{known}"),
            format!("the system has several endpoints; name one with --component: {known}"),
        )),
        (Some(id), all) => all.iter().find(|c| c.id.as_str() == id).map(|c| (*c).clone()).ok_or_else(|| {
            Error::not_found(
                format!("系统没有 endpoint `{id}`；有：{known}"),
                format!("the system has no endpoint `{id}`; it has {known}"),
            )
        }),
    }
}

fn read_text(path: &Path) -> Result<String, Error> {
    let shown = path.display();
    let unreadable =
        |e: std::io::Error| Error::invalid(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`")).because(e);
    if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_FILE_BYTES {
        return Err(Error::invalid(format!("`{shown}` 过大"), format!("`{shown}` is too large")));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}
