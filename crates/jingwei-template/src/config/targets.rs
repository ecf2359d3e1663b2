//! What a dotted name stands for that a configuration has imported and called.

use jingwei_read::{Effect, NameClass, NameTable};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Known,
    Dangerous(Effect),
    Unknown,
}

/// Modules that others import, so that they can be reached below any package.
const WALKED: [&str; 17] = [
    "os",
    "posix",
    "nt",
    "sys",
    "subprocess",
    "builtins",
    "shutil",
    "socket",
    "importlib",
    "pickle",
    "marshal",
    "ctypes",
    "pty",
    "runpy",
    "urllib",
    "requests",
    "tempfile",
];

/// `when` of names that stand for all below them.
const PACKAGE: &str = "package";

pub(crate) fn verdict(target: &str, names: &NameTable) -> Verdict {
    // "module:attribute" is another way to write it.
    let name = target.trim().replace(':', ".");
    if !name.contains('.') {
        return match names.classify(&format!("builtins.{name}")) {
            NameClass::Dangerous(effect) => Verdict::Dangerous(effect),
            // A registry of the loader knows it: nothing is imported by it.
            _ => Verdict::Known,
        };
    }
    match names.classify(&name) {
        NameClass::Dangerous(effect) => return Verdict::Dangerous(effect),
        NameClass::Allowed { .. } => return Verdict::Known,
        NameClass::Review => return Verdict::Unknown,
        NameClass::Unknown => {}
    }
    if name.split('.').any(|part| part.starts_with("__") && part.ends_with("__")) {
        return Verdict::Dangerous(Effect::Import);
    }
    let below = name.match_indices('.').map(|(at, _)| &name[at + 1..]);
    for suffix in below.filter(|suffix| WALKED.contains(&suffix.split('.').next().unwrap_or_default())) {
        if let NameClass::Dangerous(effect) = names.classify(suffix) {
            return Verdict::Dangerous(effect);
        }
    }
    let known = name
        .match_indices('.')
        .any(|(at, _)| matches!(names.classify(&name[..at]), NameClass::Allowed { when: Some(PACKAGE) }));
    if known { Verdict::Known } else { Verdict::Unknown }
}

/// `a.b.C`: words with dots between them.
pub(crate) fn is_dotted(text: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    text.len() < 500 && text.contains('.') && text.split(['.', ':']).all(word) && !names_a_file(text)
}

/// `posix.js` lies in a folder, and nobody imports it by that name.
fn names_a_file(text: &str) -> bool {
    const ENDINGS: [&str; 11] = ["js", "mjs", "cjs", "ts", "json", "md", "txt", "html", "css", "yaml", "toml"];
    text.split_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}

/// A class by its spelling: `a.b.Name`.
pub(crate) fn names_a_class(text: &str) -> bool {
    is_dotted(text) && text.rsplit('.').next().is_some_and(|last| last.starts_with(char::is_uppercase))
}

#[cfg(test)]
pub(crate) fn table() -> NameTable {
    let text = include_str!("../../../../catalog/names/config-targets.toml");
    let list: jingwei_read::NameList = toml::from_str(text).unwrap();
    NameTable::new([&list])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_judged_by_their_whole_name() {
        let names = table();
        for (target, expected) in [
            ("torch.optim.AdamW", Verdict::Known),
            ("nemo.collections.asr.models.EncDecCTCModel", Verdict::Known),
            ("builtins.dict", Verdict::Known),
            ("os.path.join", Verdict::Known),
            ("AdamW", Verdict::Known),
            ("os.system", Verdict::Dangerous(Effect::Process)),
            ("os:system", Verdict::Dangerous(Effect::Process)),
            ("eval", Verdict::Dangerous(Effect::Execute)),
            ("builtins.exec", Verdict::Dangerous(Effect::Execute)),
            ("subprocess.Popen", Verdict::Dangerous(Effect::Process)),
            ("torch.hub.load", Verdict::Dangerous(Effect::Load)),
            ("transformers.utils.os.system", Verdict::Dangerous(Effect::Process)),
            ("torch.nn.Module.__init__.__globals__", Verdict::Dangerous(Effect::Import)),
            ("my_project.models.Net", Verdict::Unknown),
            ("torchy.Net", Verdict::Unknown),
        ] {
            assert_eq!(verdict(target, &names), expected, "{target}");
        }
    }
}
