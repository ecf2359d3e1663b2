use serde::{Deserialize, Serialize};

/// A kind of file that lists packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockKind {
    /// `requirements.txt`, constraints, what `pip freeze` and `pip-compile` write.
    Requirements,
    PipInspect,
    PythonMetadata,
    UvLock,
    PoetryLock,
    PdmLock,
    PipfileLock,
    Pylock,
    Pyproject,
    CondaEnvironment,
    CondaLock,
    CondaExplicit,
    PackageLock,
    PackageJson,
    InstalledNpm,
    BunLock,
    PnpmLock,
    YarnLock,
    CargoLock,
    CargoToml,
    GoMod,
    GoSum,
    PomXml,
    GradleLock,
    DpkgStatus,
}

impl LockKind {
    pub const ALL: [LockKind; 25] = [
        LockKind::Requirements,
        LockKind::PipInspect,
        LockKind::PythonMetadata,
        LockKind::UvLock,
        LockKind::PoetryLock,
        LockKind::PdmLock,
        LockKind::PipfileLock,
        LockKind::Pylock,
        LockKind::Pyproject,
        LockKind::CondaEnvironment,
        LockKind::CondaLock,
        LockKind::CondaExplicit,
        LockKind::PackageLock,
        LockKind::PackageJson,
        LockKind::InstalledNpm,
        LockKind::BunLock,
        LockKind::PnpmLock,
        LockKind::YarnLock,
        LockKind::CargoLock,
        LockKind::CargoToml,
        LockKind::GoMod,
        LockKind::GoSum,
        LockKind::PomXml,
        LockKind::GradleLock,
        LockKind::DpkgStatus,
    ];

    /// It says what an author asks for, not what was chosen: where a lockfile stands beside it, that one tells more.
    #[must_use]
    pub fn is_manifest(self) -> bool {
        matches!(
            self,
            LockKind::Pyproject
                | LockKind::PackageJson
                | LockKind::CargoToml
                | LockKind::GoMod
                | LockKind::PomXml
                | LockKind::CondaEnvironment
        )
    }
}

/// What a file is by its path, which the tools fix, and by its first bytes where the name alone does not tell. `front` should hold 4 KiB or
/// the whole file.
#[must_use]
pub fn recognise(path: &str, front: &[u8]) -> Option<LockKind> {
    let path = path.replace('\\', "/");
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let holds = |needle: &str| front.windows(needle.len()).any(|window| window == needle.as_bytes());
    let parent = folder.rsplit('/').next().unwrap_or_default();
    let exact = match name {
        "uv.lock" => Some(LockKind::UvLock),
        "poetry.lock" => Some(LockKind::PoetryLock),
        "pdm.lock" => Some(LockKind::PdmLock),
        "Pipfile.lock" => Some(LockKind::PipfileLock),
        "pyproject.toml" => Some(LockKind::Pyproject),
        "package-lock.json" | "npm-shrinkwrap.json" | ".package-lock.json" => Some(LockKind::PackageLock),
        "package.json" if is_installed(folder) => Some(LockKind::InstalledNpm),
        "package.json" => Some(LockKind::PackageJson),
        "bun.lock" => Some(LockKind::BunLock),
        "pnpm-lock.yaml" => Some(LockKind::PnpmLock),
        "yarn.lock" => Some(LockKind::YarnLock),
        "Cargo.lock" => Some(LockKind::CargoLock),
        "Cargo.toml" => Some(LockKind::CargoToml),
        "go.mod" => Some(LockKind::GoMod),
        "go.sum" => Some(LockKind::GoSum),
        "gradle.lockfile" | "buildscript-gradle.lockfile" => Some(LockKind::GradleLock),
        "METADATA" if parent.ends_with(".dist-info") => Some(LockKind::PythonMetadata),
        "PKG-INFO" if holds("Metadata-Version:") => Some(LockKind::PythonMetadata),
        "status" if parent == "dpkg" => Some(LockKind::DpkgStatus),
        _ if parent == "status.d" && holds("Package:") => Some(LockKind::DpkgStatus),
        _ => None,
    };
    exact.or_else(|| by_pattern(name, parent, &holds))
}

/// `node_modules/name` or `node_modules/@scope/name`: deeper ones are parts of a package.
fn is_installed(folder: &str) -> bool {
    let parts: Vec<&str> = folder.rsplit('/').take(3).collect();
    match parts.as_slice() {
        [name, "node_modules", ..] => !name.starts_with('@'),
        [_, scope, "node_modules"] => scope.starts_with('@'),
        _ => false,
    }
}

fn by_pattern(name: &str, parent: &str, holds: &dyn Fn(&str) -> bool) -> Option<LockKind> {
    let lower = name.to_ascii_lowercase();
    let (stem, ending) = lower.rsplit_once('.')?;
    let asks = |stem: &str| stem.contains("requirement") || stem.contains("constraint");
    match ending {
        "txt" | "in" | "pip" if asks(stem) => Some(LockKind::Requirements),
        "txt" if holds("@EXPLICIT") => Some(LockKind::CondaExplicit),
        "lock" if holds("@EXPLICIT") => Some(LockKind::CondaExplicit),
        "txt" | "in" if matches!(parent, "requirements" | "constraints") => Some(LockKind::Requirements),
        "toml" if stem == "pylock" || stem.starts_with("pylock.") => Some(LockKind::Pylock),
        "yml" | "yaml" if stem.ends_with("conda-lock") => Some(LockKind::CondaLock),
        "yml" | "yaml" if stem.contains("environment") || stem.contains("conda") => {
            holds("dependencies:").then_some(LockKind::CondaEnvironment)
        }
        "xml" if lower == "pom.xml" => Some(LockKind::PomXml),
        "pom" if holds("<project") => Some(LockKind::PomXml),
        "lockfile" if parent == "dependency-locks" => Some(LockKind::GradleLock),
        "json" if holds("\"pip_version\"") && holds("\"installed\"") => Some(LockKind::PipInspect),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_where_tools_put_them() {
        for (path, front, expected) in [
            ("requirements.txt", "", Some(LockKind::Requirements)),
            ("app/requirements-dev.txt", "", Some(LockKind::Requirements)),
            ("requirements/base.txt", "", Some(LockKind::Requirements)),
            ("notes.txt", "flask==1.0", None),
            ("conda-linux-64.lock", "# p\n@EXPLICIT\n", Some(LockKind::CondaExplicit)),
            ("C:\\app\\uv.lock", "", Some(LockKind::UvLock)),
            ("pylock.dev.toml", "", Some(LockKind::Pylock)),
            ("environment.yml", "name: x\ndependencies:\n", Some(LockKind::CondaEnvironment)),
            ("environment.yml", "PATH: x\n", None),
            ("conda-lock.yml", "", Some(LockKind::CondaLock)),
            ("web/package.json", "", Some(LockKind::PackageJson)),
            ("node_modules/@a/b/package.json", "", Some(LockKind::InstalledNpm)),
            ("node_modules/b/package.json", "", Some(LockKind::InstalledNpm)),
            ("node_modules/b/lib/esm/package.json", "", Some(LockKind::PackageJson)),
            ("lib/x-1.0.dist-info/METADATA", "", Some(LockKind::PythonMetadata)),
            ("docs/METADATA", "", None),
            ("var/lib/dpkg/status", "", Some(LockKind::DpkgStatus)),
            ("freeze.json", "{\"pip_version\": \"24\", \"installed\": []", Some(LockKind::PipInspect)),
            ("a.json", "{}", None),
            ("a-1.pom", "<project>", Some(LockKind::PomXml)),
            ("", "", None),
        ] {
            assert_eq!(recognise(path, front.as_bytes()), expected, "{path}");
        }
    }
}
