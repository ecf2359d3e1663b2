//! Packages from lockfiles, manifests and records of installed packages.
//!
//! A lockfile's packages are read as the tool that wrote it means them; nothing is resolved. A range is never turned into a version.

mod cargo;
mod collect;
mod conda;
mod debian;
mod go;
mod gradle;
mod hashes;
mod installed;
mod maven;
mod npm;
mod npm_spec;
mod pipfile;
mod pnpm;
mod pylock;
mod pyproject;
mod python_locks;
mod recognise;
mod requirement;
mod requirements;
mod yarn;

use jingwei_core::{Limits, Package, Text};
use serde::{Deserialize, Serialize};

use collect::Collector;
pub use recognise::{LockKind, recognise};

/// What a file lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    pub packages: Vec<Located>,
    /// Which package needs which, as places in `packages`; sorted. Empty where the format does not say.
    pub links: Vec<(usize, usize)>,
    /// Other files that belong to this one; the caller knows whether they are there.
    pub includes: Vec<Include>,
    /// Where packages are to be fetched from besides the usual registry; without passwords.
    pub registries: Vec<Stated>,
    pub problems: Vec<Problem>,
}

/// A package and what the file says about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    pub package: Package,
    /// The range or condition where nothing pins the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    pub place: LinePlace,
    pub scope: Scope,
    /// Whether the project asks for it itself; `None` where the file does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct: Option<bool>,
    /// As `algorithm:value`, in hexadecimal digits except for Go's `h1`; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<String>,
    pub source: Source,
    /// When it is needed, such as `python_version < "3.11"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// As stated, in the author's words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<String>,
    /// What it was built from, where advisories name that: the source package of a Debian package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built_from: Option<Package>,
}

/// A line of a file, from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinePlace {
    pub path: String,
    pub line: u32,
}

/// What a package is needed for. The first that applies, where several do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    Runtime,
    Optional,
    Build,
    Dev,
}

/// Where the package's content comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "from")]
pub enum Source {
    /// The ecosystem's registry, or the one named.
    Registry {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
    Git {
        url: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        commit: Option<String>,
    },
    /// A folder or file beside this one; no registry's advisories speak of it.
    Path {
        path: String,
    },
    Url {
        url: String,
    },
}

/// A file that another one names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// As written, relative to the file that names it.
    pub path: String,
    pub line: u32,
    /// It only limits versions and adds no package.
    pub constraint: bool,
}

/// A text and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    pub text: String,
    pub line: u32,
}

/// What kept something from being read, or left it unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub place: LinePlace,
    pub reason: Text,
    /// The field of [`Limits`] that was crossed.
    pub limit: Option<&'static str>,
}

impl Parsed {
    /// Every entry of the file was understood.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Reads a whole file. What cannot be read is a problem; what can be is listed all the same.
#[must_use]
pub fn parse(kind: LockKind, path: &str, bytes: &[u8], limits: &Limits) -> Parsed {
    let mut out = Collector::new(path, limits);
    if bytes.len() as u64 > limits.header_bytes {
        out.crossed(1, "header_bytes", limits.header_bytes);
        return out.finish();
    }
    let text = out.decode(bytes, kind == LockKind::Requirements);
    match kind {
        LockKind::Requirements => requirements::read(&text, &mut out),
        LockKind::PipInspect => installed::pip_inspect(&text, &mut out),
        LockKind::PythonMetadata => installed::metadata(&text, &mut out),
        LockKind::UvLock => python_locks::uv(&text, &mut out),
        LockKind::PoetryLock => python_locks::poetry(&text, &mut out),
        LockKind::PdmLock => python_locks::pdm(&text, &mut out),
        LockKind::PipfileLock => pipfile::read(&text, &mut out),
        LockKind::Pylock => pylock::read(&text, &mut out),
        LockKind::Pyproject => pyproject::read(&text, &mut out),
        LockKind::CondaEnvironment => conda::environment(&text, &mut out),
        LockKind::CondaLock => conda::lock(&text, &mut out),
        LockKind::CondaExplicit => conda::explicit(&text, &mut out),
        LockKind::PackageLock => npm::lock(&text, &mut out),
        LockKind::PackageJson => npm::manifest(&text, &mut out),
        LockKind::InstalledNpm => npm::installed(&text, &mut out),
        LockKind::BunLock => npm::bun(&text, &mut out),
        LockKind::PnpmLock => pnpm::read(&text, &mut out),
        LockKind::YarnLock => yarn::read(&text, &mut out),
        LockKind::CargoLock => cargo::lock(&text, &mut out),
        LockKind::CargoToml => cargo::manifest(&text, &mut out),
        LockKind::GoMod => go::module(&text, &mut out),
        LockKind::GoSum => go::sum(&text, &mut out),
        LockKind::PomXml => maven::read(&text, &mut out),
        LockKind::GradleLock => gradle::read(&text, &mut out),
        LockKind::DpkgStatus => debian::read(&text, &mut out),
    }
    out.finish()
}
