use jingwei_compose::lockfiles::LockKind;

use crate::support::{check, links};

#[test]
fn npm_locks_resolve_as_node_does() {
    let text = r#"{"name": "w", "lockfileVersion": 3, "packages": {
  "": {"name": "w", "dependencies": {"a": "^1.0.0"}, "devDependencies": {"t": "1"}, "workspaces": ["packages/*"]},
  "node_modules/a": {"version": "1.0.0", "resolved": "https://r.invalid/a/-/a-1.0.0.tgz", "integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "dependencies": {"b": "1"}, "license": "MIT"},
  "node_modules/a/node_modules/b": {"version": "1.0.0"},
  "node_modules/b": {"version": "2.0.0", "dev": true},
  "node_modules/t": {"version": "1.0.0", "dev": true, "dependencies": {"b": "2"}},
  "node_modules/alias": {"name": "real", "version": "3.0.0", "optional": true},
  "node_modules/g": {"version": "1.0.0", "resolved": "git+ssh://git@h.invalid/g.git#abc"},
  "node_modules/m": {"resolved": "packages/m", "link": true},
  "packages/m": {"version": "0.0.1", "dependencies": {"g": "*"}}
}}"#;
    let parsed = check(
        LockKind::PackageLock,
        text,
        &[
            "a 1.0.0 direct :3",
            "b 1.0.0 :4",
            "b 2.0.0 dev :5",
            "t 1.0.0 dev direct :6",
            "real 3.0.0 optional :7",
            "g 1.0.0 direct git=ssh://git@h.invalid/g.git#abc :8",
            "m 0.0.1 path=packages/m :10",
        ],
        &[],
    );
    assert_eq!(parsed.links, [(0, 1), (3, 2), (6, 5)]);
    assert_eq!(parsed.packages[0].hashes, ["sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"]);
    assert_eq!(parsed.packages[0].licences, ["MIT"]);
}

#[test]
fn npm_locks_of_version_1_nest() {
    let text = r#"{"lockfileVersion": 1, "dependencies": {
  "a": {"version": "1.0.0", "requires": {"b": "1"}, "dependencies": {"b": {"version": "1.0.0"}}},
  "b": {"version": "2.0.0", "dev": true},
  "c": {"version": "npm:real@4.0.0"},
  "d": {"version": "git+https://h.invalid/d.git#abc"}}}"#;
    let parsed = check(
        LockKind::PackageLock,
        text,
        &["a 1.0.0 :2", "b 1.0.0 :2", "b 2.0.0 dev :3", "real 4.0.0 :4", "d git=https://h.invalid/d.git#abc :5"],
        &[],
    );
    assert_eq!(parsed.links, [(0, 1)]);
    check(LockKind::PackageLock, "{}", &[], &["1: the version of this package-lock.json is not known"]);
}

#[test]
fn pnpm_locks_of_every_version_give_the_same() {
    let v5 = "lockfileVersion: 5.4\nspecifiers: {a: ^1.0.0, '@s/t': '1'}\ndependencies:\n  a: 1.0.0\ndevDependencies:\n  '@s/t': 2.0.0_a@1.0.0\npackages:\n  /a/1.0.0:\n    resolution: {integrity: sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=}\n    dependencies:\n      b: 3.0.0\n  /@s/t/2.0.0_a@1.0.0:\n    resolution: {integrity: x}\n    dev: true\n  /b/3.0.0:\n    resolution: {integrity: x}\n";
    let v6 = "lockfileVersion: '6.0'\ndependencies:\n  a:\n    specifier: ^1.0.0\n    version: 1.0.0\ndevDependencies:\n  '@s/t':\n    specifier: '1'\n    version: 2.0.0(a@1.0.0)\npackages:\n  /a@1.0.0:\n    resolution: {integrity: x}\n    dependencies:\n      b: 3.0.0\n  /@s/t@2.0.0(a@1.0.0):\n    resolution: {integrity: x}\n    dev: true\n  /b@3.0.0:\n    resolution: {integrity: x}\n";
    let v9 = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: ^1.0.0\n        version: 1.0.0\n    devDependencies:\n      '@s/t':\n        specifier: '1'\n        version: 2.0.0(a@1.0.0)\npackages:\n  a@1.0.0:\n    resolution: {integrity: x}\n  '@s/t@2.0.0':\n    resolution: {integrity: x}\n  b@3.0.0:\n    resolution: {integrity: x}\nsnapshots:\n  a@1.0.0:\n    dependencies:\n      b: 3.0.0\n  '@s/t@2.0.0(a@1.0.0)':\n    dependencies:\n      a: 1.0.0\n  b@3.0.0: {}\n";
    for (text, lines, count) in [(v5, [9, 13, 16], 1), (v6, [12, 16, 19], 1), (v9, [14, 16, 18], 2)] {
        let [a, t, b] = lines;
        let expected = [format!("a 1.0.0 direct :{a}"), format!("@s/t 2.0.0 dev direct :{t}"), format!("b 3.0.0 :{b}")];
        let parsed = check(LockKind::PnpmLock, text, &expected.each_ref().map(String::as_str), &[]);
        assert_eq!(parsed.links.len(), count);
    }
    check(
        LockKind::PnpmLock,
        "lockfileVersion: '9.0'\npackages:\n  g@https://codeload.h.invalid/u/g/tar.gz/abc:\n    resolution: {tarball: https://codeload.h.invalid/u/g/tar.gz/abc}\n    version: 1.2.3\n  f@file:x:\n    resolution: {directory: x, type: directory}\n  n:\n    resolution: {}\n",
        &["g 1.2.3 url=https://codeload.h.invalid/u/g/tar.gz/abc :4", "f path=x :7"],
        &["9: an entry has no name and version"],
    );
}

#[test]
fn yarn_locks_of_both_notations_are_read() {
    let first = "# yarn lockfile v1\n\n\n\"@s/a@^1.0.0\", \"@s/a@^1.1.0\":\n  version \"1.2.0\"\n  resolved \"https://r.invalid/@s/a/-/a-1.2.0.tgz#da39a3ee5e6b4b0d3255bfef95601890afd80709\"\n  dependencies:\n    b \"^2.0.0\"\n\nb@^2.0.0:\n  version \"2.0.0\"\n  resolved \"git+https://h.invalid/b.git#abc\"\n\nc@npm:real@^1:\n  version \"1.0.0\"\n\nnot an entry\n";
    let parsed = check(
        LockKind::YarnLock,
        first,
        &["@s/a 1.2.0 :4", "b 2.0.0 git=https://h.invalid/b.git#abc :10", "real 1.0.0 :14"],
        &["17: the line cannot be read"],
    );
    assert_eq!(links(&parsed), ["@s/a > b"]);
    assert_eq!(parsed.packages[0].hashes, ["sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"]);
    let later = "__metadata:\n  version: 8\n\n\"a@npm:^1.0.0, a@npm:^1.1.0\":\n  version: 1.2.0\n  resolution: \"a@npm:1.2.0\"\n  dependencies:\n    b: \"npm:^2.0.0\"\n  linkType: hard\n\n\"b@npm:^2.0.0\":\n  version: 2.0.0\n  resolution: \"b@npm:2.0.0\"\n  linkType: hard\n\n\"c@patch:c@npm%3A1.0.0#~/x\":\n  version: 1.0.0\n  resolution: \"c@patch:c@npm%3A1.0.0#~/x\"\n  linkType: hard\n\n\"w@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"w@workspace:.\"\n  dependencies:\n    a: \"npm:^1.0.0\"\n  linkType: soft\n";
    let parsed =
        check(LockKind::YarnLock, later, &["a 1.2.0 direct :5", "b 2.0.0 :12", "c 1.0.0 :17", "w path=. :22"], &[]);
    assert_eq!(links(&parsed), ["a > b", "w > a"]);
    let tags = "__metadata:\n  version: 8\n\n\"a@npm:next\":\n  version: 1.0.0\n  resolution: \"a@npm:next\"\n\n\"b@npm:next\":\n  version: 2.0.0\n  resolution: \"b@npm:next\"\n\n\"c@npm:@s/real@^3\":\n  version: 3.0.0\n  resolution: \"c@npm:@s/real@3.0.0\"\n";
    check(LockKind::YarnLock, tags, &["a 1.0.0 :5", "b 2.0.0 :9", "@s/real 3.0.0 :13"], &[]);
}

#[test]
fn bun_locks_and_manifests_are_read() {
    let bun = r#"{
  "lockfileVersion": 1, // text
  "workspaces": {"": {"name": "w", "dependencies": {"a": "^1"}, "devDependencies": {"t": "*"}}},
  "packages": {
    "a": ["a@1.0.0", "", {"dependencies": {"b": "1"}}, "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="],
    "a/b": ["b@1.0.0", "", {}, ""],
    "b": ["b@2.0.0", "", {}, ""],
    "g": ["g@github:u/g#abc", {}, "u-g-abc"],
    "t": ["t@1.0.0", "https://mirror.invalid/", {}, ""],
    "w": ["w@workspace:w"],
    "x": [],
  },
}"#;
    let parsed = check(
        LockKind::BunLock,
        bun,
        &[
            "a 1.0.0 direct :5",
            "b 1.0.0 :6",
            "b 2.0.0 :7",
            "g git=https://github.com/u/g#abc :8",
            "t 1.0.0 dev direct registry=https://mirror.invalid/ :9",
            "w path=w :10",
        ],
        &["11: an entry has no name and version"],
    );
    assert_eq!(parsed.links, [(0, 1)]);
    check(
        LockKind::PackageJson,
        r#"{"dependencies": {"a": "^1.0.0", "b": "1.2.3", "c": 5},
 "devDependencies": {"d": "latest"}, "optionalDependencies": {"e": "file:../e"}}"#,
        &["a [^1.0.0] direct :1", "b 1.2.3 direct :1", "e optional direct path=../e :2", "d [latest] dev direct :2"],
        &["1: a dependency is not a text"],
    );
    check(
        LockKind::InstalledNpm,
        r#"{"name": "@s/a", "version": "1.0.0", "license": {"type": "MIT"}}"#,
        &["@s/a 1.0.0 :1"],
        &[],
    );
    check(LockKind::InstalledNpm, "{}", &[], &["1: it names no package"]);
}
