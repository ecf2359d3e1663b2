//! The engines of a gateway, made from a policy and a bindings file: whole or not at all.
//!
//! Whoever serves them keeps [`WatchedFiles`] and asks now and then whether they still are what was read.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use jingwei_catalog::document::{Document, Problem, Problems};
use jingwei_core::{Digest, Files, Hasher, Text};
use jingwei_guard::{
    Bindings, BoundEngine, DetectorSettings, DetectorState, EngineSet, KnownCaller, Mode, parse_bindings, parse_policy,
    unreachable_bindings,
};

use crate::{
    DiskFiles, Error, Guard,
    detectors::{encoder_files, stamp},
    files::why_unreadable,
    guards::{Equipment, MAX_POLICY_BYTES},
};

/// Engines for everybody who may ask.
#[derive(Debug)]
pub struct GuardSet {
    pub engines: EngineSet,
    /// What compiles and is not what was meant.
    pub warnings: Vec<Problem>,
}

/// Files that decide a set, and what they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedFiles {
    files: Vec<Watched>,
    digest: Digest,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Watched {
    /// By its bytes, of which so many are read.
    Content(PathBuf, u64),
    /// By its length and time: a model is too large to be read again and again.
    Stamp(PathBuf),
}

impl WatchedFiles {
    /// Digest of everything that was read.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The same files as they are now.
    #[must_use]
    pub fn again(&self) -> Self {
        let said = self.files.iter().map(|file| match file {
            Watched::Content(path, most) => said(file, &read(path, *most)),
            Watched::Stamp(_) => file.stamp(),
        });
        Self { files: self.files.clone(), digest: digest_of(said) }
    }
}

impl Watched {
    fn stamp(&self) -> String {
        let (Self::Content(path, _) | Self::Stamp(path)) = self;
        stamp(std::slice::from_ref(path))
    }
}

/// What a file was when it was read.
fn said(file: &Watched, content: &Result<Vec<u8>, Text>) -> String {
    match content {
        Ok(bytes) => format!("{file:?} {}\n", Digest::of(bytes)),
        Err(reason) => format!("{file:?} {}\n", reason.en),
    }
}

fn digest_of(said: impl Iterator<Item = String>) -> Digest {
    let mut hasher = Hasher::default();
    said.for_each(|said| hasher.update(said.as_bytes()));
    hasher.finish()
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, Text> {
    DiskFiles::new(Path::new(""), true).read(&path.to_string_lossy(), most).map_err(|error| why_unreadable(&error))
}

/// Makes the set. The files come back whatever became of it, so that a mistake can be waited out.
pub fn make(
    policy: Option<&Path>,
    bindings: Option<&Path>,
    equipment: &Equipment,
) -> (Result<GuardSet, Error>, WatchedFiles) {
    let mut maker = Maker { equipment, files: Vec::new(), made: BTreeMap::new() };
    let set = maker.set(policy, bindings);
    let (files, said): (Vec<_>, Vec<_>) = maker.files.into_iter().unzip();
    (set, WatchedFiles { files, digest: digest_of(said.into_iter()) })
}

struct Maker<'a> {
    equipment: &'a Equipment,
    /// What was read, and what it was then.
    files: Vec<(Watched, String)>,
    /// Each policy is compiled once. By its path.
    made: BTreeMap<PathBuf, Arc<Guard>>,
}

impl Maker<'_> {
    fn set(&mut self, policy: Option<&Path>, bindings: Option<&Path>) -> Result<GuardSet, Error> {
        let default = match policy {
            None => Arc::new(Guard::built_in(self.equipment)?),
            Some(path) => self.guard(path).map_err(|fault| match fault {
                Fault::Unreadable(_) => Error::invalid(
                    format!("无法读取策略 `{}`", path.display()),
                    format!("cannot read the policy `{}`", path.display()),
                ),
                Fault::Wrong(problems) => problems.into(),
            })?,
        };
        let Some(path) = bindings else { return Ok(finished(&default, &[], Vec::new(), Vec::new())) };
        let document = self.bindings(path)?;
        let (mut bound, mut problems) = (Vec::new(), Vec::new());
        for (index, binding) in document.value.bindings.iter().enumerate() {
            let guard = match binding.policy.as_deref() {
                None => Ok(Arc::clone(&default)),
                Some("builtin") => Guard::built_in(self.equipment).map(Arc::new).map_err(Fault::Wrong),
                Some(name) => self.guard(&path.parent().unwrap_or(Path::new("")).join(name)),
            };
            match guard {
                Ok(guard) => bound.push(guard),
                Err(Fault::Unreadable(reason)) => {
                    let name = binding.policy.as_deref().unwrap_or_default();
                    let zh = format!("策略 `{name}`：{}", reason.zh);
                    let en = format!("policy `{name}`: {}", reason.en);
                    problems.push(document.places.problem(&format!("binding[{index}].policy"), Text::new(zh, en)));
                }
                Err(Fault::Wrong(Problems(wrong))) => {
                    problems
                        .extend(wrong.into_iter().filter(|problem| !problems.contains(problem)).collect::<Vec<_>>());
                }
            }
        }
        if !problems.is_empty() {
            return Err(Problems(problems).into());
        }
        let callers = callers_of(&document.value);
        let mut set = finished(&default, &bound, callers, unreachable_bindings(&document));
        let bindings = document.value.bindings.into_iter().zip(&bound).enumerate();
        set.engines.bindings = bindings
            .map(|(index, (binding, guard))| {
                let engine = bound_engine(binding.name(index), guard, binding.mode);
                (binding, engine)
            })
            .collect();
        Ok(set)
    }

    fn bindings(&mut self, path: &Path) -> Result<Document<Bindings>, Error> {
        let shown = path.display().to_string();
        let bytes = read_watched(path, MAX_POLICY_BYTES, &mut self.files).map_err(|reason| {
            Error::invalid(
                format!("无法读取绑定文件 `{shown}`：{}", reason.zh),
                format!("cannot read the bindings `{shown}`: {}", reason.en),
            )
        })?;
        Ok(parse_bindings(&shown, &bytes)?)
    }

    /// A policy on disk, with everything that it names.
    fn guard(&mut self, path: &Path) -> Result<Arc<Guard>, Fault> {
        if let Some(made) = self.made.get(path) {
            return Ok(Arc::clone(made));
        }
        let bytes = read_watched(path, MAX_POLICY_BYTES, &mut self.files).map_err(Fault::Unreadable)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        if let Ok(policy) = parse_policy("", &bytes) {
            for detector in &policy.value.detectors {
                let files = match detector {
                    DetectorSettings::Encoder { path, head, .. } => {
                        let head = head.iter().map(|head| folder.join(head));
                        encoder_files(&folder.join(path)).into_iter().chain(head).collect()
                    }
                    DetectorSettings::Heads { path, .. } => vec![folder.join(path)],
                    DetectorSettings::Remote { .. } => Vec::new(),
                };
                let files = files.into_iter().map(Watched::Stamp);
                self.files.extend(files.map(|file| (file.clone(), file.stamp())));
            }
        }
        let (most, files) = (self.equipment.limits.header_bytes, &mut self.files);
        let read_pack = |pack: &str| read_watched(&folder.join(pack), most, files);
        let compiled = Guard::compile(&path.display().to_string(), folder, &bytes, self.equipment, read_pack);
        let guard = Arc::new(compiled.map_err(Fault::Wrong)?);
        self.made.insert(path.to_owned(), Arc::clone(&guard));
        Ok(guard)
    }
}

/// Reads a file and notes what it was.
fn read_watched(path: &Path, most: u64, files: &mut Vec<(Watched, String)>) -> Result<Vec<u8>, Text> {
    let (file, content) = (Watched::Content(path.to_owned(), most), read(path, most));
    files.push((file.clone(), said(&file, &content)));
    content
}

enum Fault {
    Unreadable(Text),
    Wrong(Problems),
}

fn bound_engine(name: String, guard: &Guard, mode: Mode) -> BoundEngine {
    BoundEngine { name: Arc::from(name), engine: guard.shared_engine(), mode }
}

/// A set without its bindings.
fn finished(default: &Guard, bound: &[Arc<Guard>], callers: Vec<KnownCaller>, mut warnings: Vec<Problem>) -> GuardSet {
    let mut detectors: Vec<DetectorState> = Vec::new();
    for guard in std::iter::once(default).chain(bound.iter().map(AsRef::as_ref)) {
        for state in guard.detector_states() {
            if !detectors.iter().any(|known| known.id == state.id && Arc::ptr_eq(&known.state, &state.state)) {
                detectors.push(state.clone());
            }
        }
        for warning in guard.engine().warnings() {
            if !warnings.contains(&warning.problem) {
                warnings.push(warning.problem.clone());
            }
        }
    }
    let default = bound_engine("default".to_owned(), default, Mode::Enforce);
    GuardSet { engines: EngineSet { callers, bindings: Vec::new(), default, detectors }, warnings }
}

fn callers_of(bindings: &Bindings) -> Vec<KnownCaller> {
    let known = bindings.callers.iter().filter_map(|caller| {
        let mut token = [0; 32];
        // The schema asks for 64 hexadecimal digits.
        hex::decode_to_slice(&caller.token_sha256, &mut token).ok()?;
        Some(KnownCaller { token: Digest(token), tenant: caller.tenant.clone(), app: caller.app.clone() })
    });
    known.collect()
}

#[cfg(test)]
#[path = "guard_set_tests.rs"]
mod tests;
