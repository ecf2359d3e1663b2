//! The detectors that a policy names beside the built-in one: guard models behind a network, and encoders in a folder.
//!
//! Made once and shared: two policies that name the same server spend the same budget, and a policy that is loaded
//! again finds its circuit breaker as it left it.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use jingwei_catalog::document::{Document, Problem, Problems};
use jingwei_core::{Clock, Digest, Limits, Text};
use jingwei_guard::{BUILTIN_DETECTOR, Detector, DetectorSettings, DetectorState, Detectors, HeadsDetector, Policy};
use jingwei_net::{Client, GuardModel, NetSettings, Secret};

use crate::{
    Error, SecretSource,
    encoder_detector::{EncoderDetector, read_head},
    heads::read_heads,
    remote_detector::RemoteDetector,
};

/// Where detectors come from.
#[derive(Clone)]
pub struct DetectorSource {
    client: Client,
    secrets: SecretSource,
    clock: Arc<dyn Clock>,
    limits: Limits,
    /// Kept as long as some engine uses them.
    made: Arc<Mutex<BTreeMap<Digest, Known>>>,
}

type State = dyn Fn() -> &'static str + Send + Sync;

struct Made {
    detector: Arc<dyn Detector>,
    state: Arc<State>,
}

struct Known {
    detector: Weak<dyn Detector>,
    state: Weak<State>,
}

impl Known {
    fn made(&self) -> Option<Made> {
        Some(Made { detector: self.detector.upgrade()?, state: self.state.upgrade()? })
    }
}

impl fmt::Debug for DetectorSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DetectorSource")
    }
}

/// Detectors of one policy.
#[derive(Debug, Default)]
pub struct PolicyDetectors {
    pub detectors: Detectors,
    /// How each stands, for those who watch.
    pub states: Vec<DetectorState>,
}

impl DetectorSource {
    /// Nothing is asked before a text is judged.
    pub fn new(net: &NetSettings, secrets: SecretSource, clock: Arc<dyn Clock>, limits: Limits) -> Result<Self, Error> {
        let client = Client::new(net)
            .map_err(|e| Error::failed("无法建立网络客户端", "cannot make the network client").because(e))?;
        Ok(Self { client, secrets, clock, limits, made: Arc::default() })
    }

    /// The detectors that a policy names. Paths of encoders are taken from the policy's folder.
    pub fn of_policy(&self, policy: &Document<Policy>, folder: &Path) -> Result<PolicyDetectors, Problems> {
        let (mut found, mut problems) = (PolicyDetectors::default(), Vec::new());
        for (index, settings) in policy.value.detectors.iter().enumerate() {
            let id = settings.id();
            if id == BUILTIN_DETECTOR || found.detectors.contains_key(id) {
                let zh = format!("检测器 `{id}` 已经存在，请改名");
                let en = format!("there is a detector `{id}` already; rename this one");
                problems.push(problem(policy, index, "id", zh, en));
                continue;
            }
            match self.detector(policy, index, settings, folder) {
                Ok(made) => {
                    found.states.push(DetectorState { id: id.to_owned(), state: made.state });
                    found.detectors.insert(id.to_owned(), made.detector);
                }
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(found) } else { Err(Problems(problems)) }
    }

    fn detector(
        &self,
        policy: &Document<Policy>,
        index: usize,
        settings: &DetectorSettings,
        folder: &Path,
    ) -> Result<Made, Problem> {
        let made = |identity: Digest| self.known().get(&identity).and_then(Known::made);
        let (identity, new) = match settings {
            DetectorSettings::Remote { id, url, model, prompt, key_env, timeout_ms, calls_per_minute } => {
                let key = self.key(policy, index, key_env.as_deref())?;
                let server = GuardModel {
                    client: self.client.clone(),
                    base: url.clone(),
                    model: model.clone(),
                    key: key.clone().map(Secret::new),
                };
                server.check().map_err(|error| {
                    problem(policy, index, "url", format!("地址不可用：{error}"), error.to_string())
                })?;
                let written = serde_json::to_string(settings).unwrap_or_default();
                let identity = Digest::of_parts(["remote", &written, &key.unwrap_or_default()]);
                if let Some(made) = made(identity) {
                    return Ok(made);
                }
                let clock = Arc::clone(&self.clock);
                let remote = RemoteDetector::new(id, server, *prompt, *timeout_ms, *calls_per_minute, clock);
                let remote = Arc::new(remote);
                let state = Arc::clone(&remote);
                (identity, Made { detector: remote, state: Arc::new(move || state.circuit()) })
            }
            DetectorSettings::Encoder { id, path, head } => {
                let head = head.as_ref().map(|head| folder.join(head));
                let folder = folder.join(path);
                let files: Vec<PathBuf> = encoder_files(&folder).into_iter().chain(head.clone()).collect();
                let identity = Digest::of_parts(["encoder", id, &stamp(&files)]);
                if let Some(made) = made(identity) {
                    return Ok(made);
                }
                let head = head
                    .map(|head| read_head(&head, &self.limits))
                    .transpose()
                    .map_err(|reason| problem(policy, index, "head", format!("头不可用：{}", reason.zh), reason.en))?;
                let encoder = EncoderDetector::open(id, &folder, head, &self.limits).map_err(|reason| {
                    problem(policy, index, "path", format!("编码器不可用：{reason}"), reason.clone())
                })?;
                (identity, Made { detector: Arc::new(encoder), state: Arc::new(|| "ready") })
            }
            DetectorSettings::Heads { id, path } => {
                let heads = read_heads(&folder.join(path), &self.limits);
                let (bytes, model) = heads.map_err(|reason| {
                    let (zh, en) = (format!("`{path}`：{}", reason.zh), format!("`{path}`: {}", reason.en));
                    problem(policy, index, "path", zh, en)
                })?;
                let identity = Digest::of_parts(["heads", id, &Digest::of(&bytes).to_string()]);
                if let Some(made) = made(identity) {
                    return Ok(made);
                }
                let detector = Arc::new(HeadsDetector::new(id, &bytes, model));
                (identity, Made { detector, state: Arc::new(|| "ready") })
            }
        };
        let known = Known { detector: Arc::downgrade(&new.detector), state: Arc::downgrade(&new.state) };
        let mut all = self.known();
        all.retain(|_, known| known.made().is_some());
        all.insert(identity, known);
        Ok(new)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<Digest, Known>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, policy: &Document<Policy>, index: usize, name: Option<&str>) -> Result<Option<String>, Problem> {
        let Some(name) = name else { return Ok(None) };
        let value = (self.secrets)(name).filter(|value| !value.is_empty());
        value.map(Some).ok_or_else(|| {
            let zh = format!("环境变量 `{name}` 未设置");
            let en = format!("the environment variable `{name}` is not set");
            problem(policy, index, "key_env", zh, en)
        })
    }
}

fn problem(policy: &Document<Policy>, index: usize, key: &str, zh: String, en: String) -> Problem {
    policy.places.problem(&format!("detector[{index}].{key}"), Text::new(zh, en))
}

/// What an encoder is read from.
pub(crate) fn encoder_files(folder: &Path) -> [PathBuf; 4] {
    ["config.json", "tokenizer.json", "1_Pooling/config.json", "model.safetensors"].map(|name| folder.join(name))
}

/// Lengths and times of files that are too large to be read again and again.
pub(crate) fn stamp(files: &[PathBuf]) -> String {
    let stamp = |file: &PathBuf| match std::fs::metadata(file) {
        Ok(about) => format!("{} {} {:?}\n", file.display(), about.len(), about.modified().ok()),
        Err(error) => format!("{} {:?}\n", file.display(), error.kind()),
    };
    files.iter().map(stamp).collect()
}
