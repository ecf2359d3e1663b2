use std::fs;

use jingwei_guard::Direction;

use super::*;
use crate::guards::for_tests;

fn policy(id: &str, more: &str, when: &str) -> String {
    format!(
        "kind = 'guard-policy'\nversion = 1\nid = '{id}'\ntitle = {{ zh = '题', en = 't' }}\n\
         block_message = {{ zh = '不', en = 'no' }}\n{more}[[rule]]\nid = 'own.rule'\ntitle = {{ zh = '规', en = 'r' }}\n\
         direction = 'both'\naction = 'block'\nseverity = 'high'\nwhen = {when}\n"
    )
}

fn words(id: &str, word: &str) -> String {
    policy(id, "", &format!("{{ kind = 'words', en = ['{word}'] }}"))
}

const BINDINGS: &str = "kind = 'guard-bindings'\nversion = 1\n";

/// A folder with bindings and policies.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, String)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(name, text)| folder.write(name, text));
        folder
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn make(&self, equipment: &Equipment) -> (Result<GuardSet, Error>, WatchedFiles) {
        make(None, Some(&self.0.path().join("bindings.toml")), equipment)
    }
}

#[test]
fn a_set_is_made_once_per_policy_and_followed_whole() {
    let equipment = for_tests();
    let bindings = format!(
        "{BINDINGS}[[caller]]\ntoken_sha256 = '{}'\ntenant = 'bank'\n\
         [[binding]]\ntenant = 'bank'\nmodel = 'gpt-*'\npolicy = 'sub/a.toml'\n\
         [[binding]]\nid = 'bank'\ntenant = 'bank'\npolicy = 'sub/a.toml'\nmode = 'shadow'\n\
         [[binding]]\ntenant = 'bank'\nmodel = 'x'\npolicy = 'builtin'\n\
         [[binding]]\ntenant = 'shop'\nmode = 'off'\n",
        "ab".repeat(32)
    );
    let folder = Folder::new(&[("bindings.toml", bindings), ("sub/a.toml", words("a", "apple"))]);
    let (set, files) = folder.make(&equipment);
    let GuardSet { engines, warnings } = set.unwrap();
    assert_eq!(warnings.iter().filter(|w| w.message.en.contains("never decides")).count(), 1, "{warnings:?}");
    assert_eq!((engines.callers.len(), engines.callers[0].tenant.as_str()), (1, "bank"));
    let of = |tenant: &str, model: &str| engines.of_request(tenant, "", model);
    assert_eq!((&*of("bank", "gpt-4").name, of("bank", "gpt-4").mode), ("binding-1", Mode::Enforce));
    assert_eq!((&*of("bank", "qwen").name, of("bank", "qwen").mode), ("bank", Mode::Shadow));
    assert!(Arc::ptr_eq(&of("bank", "gpt-4").engine, &of("bank", "qwen").engine), "compiled once");
    assert!(Arc::ptr_eq(&of("shop", "").engine, &of("", "").engine), "without a policy it is the default one");
    assert_eq!((&*of("", "").name, of("shop", "").mode), ("default", Mode::Off));
    assert_eq!(files, files.again());

    folder.write("sub/a.toml", &words("a", "pear"));
    assert_ne!(files, files.again());
    let (set, next) = folder.make(&equipment);
    let engine = Arc::clone(&set.unwrap().engines.of_request("bank", "", "gpt-1").engine);
    assert_eq!(engine.judge_text(Direction::Input, "a pear", &equipment.limits).hits.len(), 1);
    folder.write("bindings.toml", BINDINGS);
    assert_ne!(next, next.again(), "the bindings are followed too");
}

#[test]
fn what_is_wrong_is_told_and_waited_out() {
    let equipment = for_tests();
    let detector =
        |rest: &str| format!("[[detector]]\nkind = 'remote'\nid = 'g'\nmodel = 'm'\nprompt = 'qwen3guard'\n{rest}\n");
    let asks = "{ kind = 'semantic', detector = 'g', head = 'harm' }";
    let remote = |rest: &str| policy("r", &detector(rest), asks);
    let encoder = policy("e", "[[detector]]\nkind = 'encoder'\nid = 'g'\npath = 'none'\n", asks);
    let bound = format!("{BINDINGS}[[binding]]\npolicy = 'p.toml'\n");
    for (files, expected) in [
        (
            vec![("bindings.toml", bound.clone())],
            "bindings.toml:4: `binding[0].policy`: policy `p.toml`: there is no such file",
        ),
        (vec![("bindings.toml", bound.clone()), ("p.toml", "kind = 1".to_owned())], "p.toml"),
        (vec![("bindings.toml", "kind".to_owned())], "bindings.toml"),
        (vec![("other.toml", String::new())], "cannot read the bindings"),
        (vec![("bindings.toml", bound.clone()), ("p.toml", remote("url = 'ftp://x'"))], "scheme `ftp` cannot be asked"),
        (
            vec![("bindings.toml", bound.clone()), ("p.toml", remote("url = 'http://x'\nkey_env = 'NO_SUCH_KEY'"))],
            "`NO_SUCH_KEY` is not set",
        ),
        (vec![("bindings.toml", bound.clone()), ("p.toml", encoder)], "`detector[0].path`"),
        (
            vec![
                ("bindings.toml", bound.clone()),
                ("p.toml", remote("url = 'http://x'\n").replace("'g'", "'builtin'")),
            ],
            "there is a detector `builtin` already",
        ),
    ] {
        let folder = Folder::new(&files);
        let (set, watched) = folder.make(&equipment);
        let said = set.err().unwrap().to_string();
        assert!(said.contains(expected), "{said} not {expected}");
        assert_eq!(watched, watched.again());
        folder.write("p.toml", &words("p", "apple"));
        folder.write("bindings.toml", &bound);
        assert_ne!(watched, watched.again(), "{expected}: mended files are noticed");
        assert!(folder.make(&equipment).0.is_ok());
    }
}

#[test]
fn a_detector_is_shared_by_policies_and_kept_across_loads() {
    let equipment = for_tests();
    let remote = |id: &str, more: &str| {
        let detector = format!(
            "[[detector]]\nkind = 'remote'\nid = 'g'\nurl = 'http://127.0.0.1:1'\nmodel = 'm'\nprompt = 'llama-guard'\nkey_env = 'KNOWN_KEY'\n{more}"
        );
        policy(id, &detector, "{ kind = 'semantic', detector = 'g', head = 'harm' }")
    };
    let bound = format!("{BINDINGS}[[binding]]\ntenant = 'a'\npolicy = 'a.toml'\n[[binding]]\npolicy = 'b.toml'\n");
    let folder = Folder::new(&[("bindings.toml", bound), ("a.toml", remote("a", "")), ("b.toml", remote("b", ""))]);
    let states = || folder.make(&equipment).0.unwrap().engines.detectors;
    let first = states();
    assert_eq!(first.iter().map(|d| (d.id.as_str(), (d.state)())).collect::<Vec<_>>(), [("g", "closed")]);
    let engines = folder.make(&equipment).0.unwrap().engines;
    assert!(!engines.of_request("a", "", "").engine.is_instant() && engines.default.engine.is_instant());
    let verdict =
        engines.of_request("a", "", "").engine.judge_text(Direction::Input, "nobody is there", &equipment.limits);
    assert_eq!((verdict.action, verdict.content), (jingwei_core::Action::Block, jingwei_core::Action::Allow));
    assert_eq!(verdict.unjudged, ["g is unavailable: failed"]);
    assert!(Arc::ptr_eq(&first[0].state, &states()[0].state), "its circuit breaker outlives a reload");
    folder.write("b.toml", &remote("b", "timeout_ms = 99\n"));
    assert_eq!(states().len(), 2, "other settings are another detector");
}
