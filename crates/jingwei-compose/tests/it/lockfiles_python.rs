use jingwei_compose::lockfiles::{LockKind, parse};
use jingwei_core::Limits;

use crate::support::{check, line, links, read};

#[test]
fn requirements_are_read_as_pip_reads_them() {
    let text = "\u{feff}# comment\n\
        requests==2.31.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n\
        Flask >=2.0 , <3 ; python_version < '3.12'  # why\n\
        -r base.txt\n--constraint=c.txt\n-rother.txt\n\
        --extra-index-url https://user:secret@mirror.invalid/simple\n\
        -e git+https://host.invalid/r.git@v1#egg=thing\n\
        name @ https://host.invalid/name-1.2.tar.gz#sha256=cc\n\
        https://host.invalid/pkg_x-3.1-py3-none-any.whl?token=SECRET#t=SECRET\n\
        ./local\n\
        broken==\n\
        === x\n\
        --frobnicate\n\
        uvloop[extra]\n\
        \\\n";
    let parsed = check(
        LockKind::Requirements,
        text,
        &[
            "requests 2.31.0 :2",
            "flask [>=2.0,<3] ; python_version < '3.12' :5",
            "thing git=https://host.invalid/r.git#v1 :10",
            "name 1.2 url=https://host.invalid/name-1.2.tar.gz :11",
            "pkg-x 3.1 url=https://host.invalid/pkg_x-3.1-py3-none-any.whl :12",
            "broken [==] :14",
            "uvloop :17",
        ],
        &[
            "13: ./local does not name its package; what it holds is not known",
            "14: its condition on versions cannot be read",
            "15: no package's name begins it",
            "16: its option is unknown: --frobnicate",
        ],
    );
    assert_eq!(parsed.packages[0].hashes, ["sha256:aa", "sha256:bb"]);
    let includes: Vec<_> = parsed.includes.iter().map(|one| (one.path.as_str(), one.line, one.constraint)).collect();
    assert_eq!(includes, [("base.txt", 6, false), ("c.txt", 7, true), ("other.txt", 8, false)]);
    assert_eq!(parsed.registries[0].text, "https://mirror.invalid/simple");
}

#[test]
fn every_encoding_that_pip_reads_is_read() {
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("a==1\r\nb==2\r\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> = [0xfe, 0xff].into_iter().chain("a==1\nb==2".encode_utf16().flat_map(u16::to_be_bytes)).collect();
    for (bytes, expected, problems) in [
        (utf16.as_slice(), 2, 0),
        (&big, 2, 0),
        (b"# -*- coding: latin-1 -*-\na==1 # \xe9\nb==2\n", 2, 0),
        (b"a==1\nb==2 # \xe9\n", 2, 1),
        (b"a==1\rb==2\x0cc==3", 3, 0),
    ] {
        let parsed = parse(LockKind::Requirements, "requirements.txt", bytes, &Limits::default());
        assert_eq!((parsed.packages.len(), parsed.problems.len()), (expected, problems), "{bytes:?}");
    }
}

#[test]
fn uv_locks_tell_scopes_and_links() {
    let text = r#"version = 1
[[package]]
name = "app"
version = "0.1.0"
source = { editable = "." }
dependencies = [{ name = "a" }]
[package.optional-dependencies]
cli = [{ name = "b" }]
[package.dev-dependencies]
dev = [{ name = "c" }]
[[package]]
name = "a"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "d" }]
sdist = { url = "https://h.invalid/a.tar.gz", hash = "sha256:0A" }
wheels = [{ url = "https://h.invalid/a.whl", hash = "sha256:0b" }]
[[package]]
name = "b"
version = "2.0"
source = { git = "https://u:p@h.invalid/b?rev=main#abc" }
[[package]]
name = "c"
version = "3.0"
source = { registry = "https://mirror.invalid/simple" }
dependencies = [{ name = "e" }, { name = "d" }]
[[package]]
name = "d"
version = "4.0"
[[package]]
name = "e"
version = "5.0"
source = { url = "https://h.invalid/e.whl" }
[[package]]
version = "1"
"#;
    let parsed = check(
        LockKind::UvLock,
        text,
        &[
            "app 0.1.0 path=. :3",
            "a 1.0 direct :12",
            "b 2.0 optional direct git=https://h.invalid/b#abc :19",
            "c 3.0 dev direct registry=https://mirror.invalid/simple :23",
            "d 4.0 :28",
            "e 5.0 dev url=https://h.invalid/e.whl :31",
        ],
        &["34: an entry has no name"],
    );
    assert_eq!(links(&parsed), ["a > d", "app > a", "app > b", "app > c", "c > d", "c > e"]);
    assert_eq!(parsed.packages[1].hashes, ["sha256:0a", "sha256:0b"]);
}

#[test]
fn poetry_locks_of_both_shapes_are_read() {
    let new = "[[package]]\nname = \"A.b\"\nversion = \"1\"\noptional = true\ngroups = [\"main\"]\nmarkers = \"x == 'y'\"\n\
        files = [{file = \"f\", hash = \"sha256:aa\"}]\n[package.dependencies]\nc = \">=1\"\n\
        [[package]]\nname = \"c\"\nversion = \"2\"\ngroups = [\"dev\"]\n[package.source]\ntype = \"git\"\nurl = \"https://h.invalid/c\"\nresolved_reference = \"abc\"\n";
    let parsed = check(
        LockKind::PoetryLock,
        new,
        &["a-b 1 optional ; x == 'y' :2", "c 2 dev git=https://h.invalid/c#abc :11"],
        &[],
    );
    assert_eq!(links(&parsed), ["a-b > c"]);
    let extra = "[[package]]\nname = \"a\"\nversion = \"1\"\noptional = false\ngroups = [\"main\", \"dev\"]\nmarkers = {main = \"extra == \\\"web\\\"\", dev = \"m\"}\n";
    check(LockKind::PoetryLock, extra, &["a 1 optional ; extra == \"web\" :2"], &[]);
    let old = "[[package]]\nname = \"a\"\nversion = \"1\"\ncategory = \"dev\"\n[metadata.files]\na = [{file = \"f\", hash = \"sha256:bb\"}]\n";
    let parsed = check(LockKind::PoetryLock, old, &["a 1 dev :2"], &[]);
    assert_eq!(parsed.packages[0].hashes, ["sha256:bb"]);
}

#[test]
fn other_python_lockfiles_are_read() {
    check(
        LockKind::PdmLock,
        "[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"default\"]\ndependencies = [\"b>=1\"]\n\
         [[package]]\nname = \"a\"\nversion = \"1\"\nextras = [\"x\"]\ngroups = [\"default\"]\n\
         [[package]]\nname = \"b\"\nversion = \"2\"\ngroups = [\"test\"]\nmarker = \"m\"\n",
        &["a 1 :2", "b 2 dev ; m :12"],
        &[],
    );
    check(
        LockKind::PipfileLock,
        r#"{"_meta": {"sources": [{"url": "https://mirror.invalid/simple"}]},
            "default": {"a": {"version": "==1.0", "hashes": ["sha256:aa"], "markers": "m"}, "b": "*"},
            "develop": {"c": {"git": "https://h.invalid/c", "ref": "r"}}}"#,
        &["a 1.0 ; m :2", "b :2", "c dev git=https://h.invalid/c#r :3"],
        &[],
    );
    check(
        LockKind::Pylock,
        "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\nwheels = [{hashes = {sha256 = \"aa\"}}]\n\
         [[packages]]\nname = \"b\"\nvcs = {type = \"git\", url = \"https://h.invalid/b\", commit-id = \"c\"}\n\
         [[packages]]\nname = \"d\"\ndirectory = {path = \"x\"}\n",
        &["a 1 :3", "b git=https://h.invalid/b#c :7", "d path=x :10"],
        &[],
    );
    check(
        LockKind::Pyproject,
        "[build-system]\nrequires = [\"hatchling\"]\n[project]\nname = \"p\"\ndependencies = [\"a>=1\", \"b==2.0\"]\n\
         [project.optional-dependencies]\nx = [\"c\"]\n[dependency-groups]\ndev = [\"d\", {include-group = \"y\"}]\n\
         [tool.poetry.dependencies]\npython = \"^3.9\"\ne = \"^1.2\"\nf = {version = \"1.0.0\", optional = true}\ng = {git = \"https://h.invalid/g\", rev = \"r\"}\n",
        &[
            "a [>=1] :5",
            "b 2.0 :5",
            "c optional :7",
            "d dev :9",
            "hatchling build :2",
            "e [^1.2] :12",
            "f 1.0.0 optional :13",
            "g git=https://h.invalid/g#r :14",
        ],
        &[],
    );
}

#[test]
fn conda_packages_are_no_pypi_packages() {
    check(
        LockKind::CondaEnvironment,
        "name: x\nchannels: [conda-forge]\ndependencies:\n  - python=3.11\n  - numpy=1.26.4=py311_0\n  - conda-forge::scipy>=1.10\n  - pytorch==2.1.0\n  - pip:\n    - requests==2.0\n    - -r more.txt\n",
        &[
            "conda/python [=3.11] direct :4",
            "conda/numpy 1.26.4 direct :5",
            "conda/scipy [>=1.10] direct registry=conda-forge :6",
            "conda/pytorch 2.1.0 direct :7",
            "requests 2.0 :9",
        ],
        &[],
    );
    check(
        LockKind::CondaLock,
        "version: 1\npackage:\n- name: numpy\n  version: 1.26.0\n  manager: conda\n  platform: linux-64\n  hash: {sha256: aa}\n  category: main\n- name: requests\n  version: '2.0'\n  manager: pip\n  category: dev\n",
        &["conda/numpy 1.26.0 :3", "requests 2.0 dev :9"],
        &[],
    );
    let explicit = "@EXPLICIT\nhttps://h.invalid/main/linux-64/ca-certificates-2024.1-h06_0.conda#0123456789abcdef0123456789abcdef\nnonsense\n";
    let parsed = read(LockKind::CondaExplicit, explicit);
    assert_eq!(parsed.packages.len(), 1);
    assert_eq!(parsed.packages[0].package.version.as_deref(), Some("2024.1"));
    assert_eq!(parsed.problems[0].place.line, 3);
}

#[test]
fn installed_packages_state_their_licences() {
    let parsed = read(
        LockKind::PythonMetadata,
        "Metadata-Version: 2.1\nName: My_Pkg\nVersion: 1.0\nLicense: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\nClassifier: Topic :: X\n\nName: not this\n",
    );
    assert_eq!(line(&parsed.packages[0]), "my-pkg 1.0 :2");
    assert_eq!(parsed.packages[0].licences, ["OSI Approved :: MIT License"]);
    let parsed = read(
        LockKind::PythonMetadata,
        "Name: a\nVersion: 1\nClassifier: License :: OSI Approved :: BSD License\nLicense-Expression: BSD-3-Clause\n",
    );
    assert_eq!(parsed.packages[0].licences, ["BSD-3-Clause"]);
    let inspect = r#"{"version": "1", "installed": [
        {"metadata": {"name": "a", "version": "1", "license_expression": "MIT"}, "requested": true},
        {"metadata": {"name": "b", "version": "2"}, "requested": false, "direct_url": {"url": "file:///x", "dir_info": {}}}]}"#;
    check(LockKind::PipInspect, inspect, &["a 1 direct :2", "b 2 path=/x :3"], &[]);
}
