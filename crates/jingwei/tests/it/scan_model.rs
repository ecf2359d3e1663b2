//! `scan model` as a user meets it: verdicts, forms of the report, baselines, suppressions, pins, conversion.

use std::{fs, os::unix::ffi::OsStrExt as _};

use serde_json::Value;

use crate::{
    scan_files::{
        HOSTILE, checkpoint, clean_model, floats, gzip, json, of_rule, read_safetensors, rules, safetensors, tar,
        verdicts, zip,
    },
    support::User,
};

const DANGEROUS: &str = "model.pickle-dangerous";

#[test]
fn a_clean_folder_passes_and_a_hostile_member_is_named() {
    let user = User::new();
    clean_model(&user, "good");
    user.run(&["scan", "model", "good"]).expect(0, &["2 files: 0 blocked", "2 clean", "0 findings"]);
    // A pickle in a zip in a tar in a gzip, under names that promise nothing.
    let inner = zip(&[("readme.txt", b"hello"), ("deep/state", HOSTILE)]);
    clean_model(&user, "bad");
    user.write("bad/data.tar.gz", gzip(&tar("inner.bin", &inner)));
    let run = user.run(&["scan", "model", "bad", "--format", "json"]).expect(1, &[]);
    let report = json(&run);
    assert_eq!(verdicts(&report), ["README.md clean", "data.tar.gz blocked", "model.safetensors clean"]);
    assert_eq!((&report["summary"]["blocked"], &report["summary"]["clean"]), (&1.into(), &2.into()));
    // Nothing is compressed here, so that the zip can be met without its wrappers too: that is said as well.
    let whole = |one: &&&Value| one["place"]["key"].as_str().unwrap().contains("inner.bin");
    let found = of_rule(&report, DANGEROUS);
    let finding = found.iter().find(whole).unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!(finding["place"]["path"], "data.tar.gz");
    assert_eq!(finding["place"]["offset"], 0, "within the member");
    let key = finding["place"]["key"].as_str().unwrap();
    for part in ["inner.bin", "deep/state", "os.system"] {
        assert!(key.contains(part), "{key}");
    }
    assert!(finding["message"]["en"].as_str().unwrap().contains("os.system('true')"), "{finding}");
    assert!(finding["message"]["zh"].as_str().unwrap().contains("os.system('true')"), "{finding}");
    for (lang, words) in
        [("zh", ["阻止", "还原的表达式", "不要加载该文件"]), ("en", ["blocked", "in the expression", "Do not load"])]
    {
        user.run(&["--lang", lang, "scan", "model", "bad"]).expect(1, &words);
    }
    let lines = user.run(&["scan", "model", "bad", "--format", "jsonl"]).expect(1, &[]);
    let rows: Vec<Value> = lines.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), report["findings"].as_array().unwrap().len());
    assert_eq!(rows[0]["fingerprint"], report["findings"][0]["fingerprint"], "worst first, in each form");
}

#[test]
fn every_form_is_the_same_twice_and_goes_to_a_file() {
    let user = User::new();
    clean_model(&user, "m");
    user.write("m/state.pt", checkpoint());
    user.write("m/evil.pkl", HOSTILE);
    for format in ["table", "json", "jsonl", "sarif", "html"] {
        let first = user.run(&["scan", "model", "m", "--format", format]).expect(1, &["pickle"]);
        let second = user.run(&["scan", "model", "m", "--format", format, "--out", "report"]).expect(1, &[]);
        assert!(second.out.is_empty(), "{format} goes to the file alone: {}", second.out);
        let written = fs::read_to_string(user.path("report")).unwrap();
        assert_eq!(written.trim_end(), first.out.trim_end(), "{format}");
    }
    user.run(&["scan", "model", "m", "--out", "no/such/folder/report"]).expect(3, &["cannot write"]);
}

#[test]
fn sarif_holds_what_code_scanning_reads() {
    let user = User::new();
    clean_model(&user, "m");
    user.write("m/50% off/模型 1.pkl", HOSTILE);
    let baseline = ["scan", "model", "m", "--format", "sarif", "--fail-on", "never"];
    let first = user.run(&[&baseline[..], &["--write-baseline", "base.json"]].concat()).expect(0, &[]);
    let sarif = json(&first);
    assert_eq!(sarif["version"], "2.1.0");
    assert!(sarif["$schema"].as_str().unwrap().contains("sarif-schema-2.1.0"));
    let run = &sarif["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "jingwei");
    let known: Vec<&str> =
        driver["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= 2, "{results:?}");
    for result in results {
        assert!(known.contains(&result["ruleId"].as_str().unwrap()), "{result}");
        assert!(["note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let fingerprints = result["partialFingerprints"].as_object().unwrap();
        assert!(!fingerprints.is_empty() && fingerprints.values().all(|value| value.as_str().unwrap().len() == 64));
        assert!(result["baselineState"].is_null(), "there is no baseline: {result}");
    }
    let worst = results.iter().find(|result| result["ruleId"] == DANGEROUS).unwrap();
    let place = &worst["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "m/50%25%20off/%E6%A8%A1%E5%9E%8B%201.pkl");
    assert_eq!((&worst["level"], &place["region"]["byteOffset"]), (&"error".into(), &0.into()));
    for rule in driver["rules"].as_array().unwrap() {
        assert!(
            rule["shortDescription"]["text"].is_string() && rule["properties"]["security-severity"].is_string(),
            "{rule}"
        );
    }
    // With a baseline each result says whether it is new.
    user.write("m/new.pkl", HOSTILE);
    let second = user.run(&[&baseline[..], &["--baseline", "base.json"]].concat()).expect(0, &[]);
    let sarif = json(&second);
    let state = |uri: &str| {
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        let at = |one: &&Value| one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri;
        results.iter().find(at).unwrap()["baselineState"].clone()
    };
    assert_eq!(
        (state("m/new.pkl"), state("m/50%25%20off/%E6%A8%A1%E5%9E%8B%201.pkl")),
        ("new".into(), "unchanged".into())
    );
    // A path that begins at the root is not relative to anything.
    let folder = user.path("m").to_str().unwrap().to_owned();
    let both = user.run(&["scan", "model", &folder, "m", "--format", "sarif", "--fail-on", "never"]).expect(0, &[]);
    for artifact in json(&both)["runs"][0]["artifacts"].as_array().unwrap() {
        let (uri, base) = (artifact["location"]["uri"].as_str().unwrap(), &artifact["location"]["uriBaseId"]);
        assert!(
            uri.starts_with("file:///") && base.is_null() || uri.starts_with("m/") && base == "SCANROOT",
            "{artifact}"
        );
    }
}

#[test]
fn names_are_only_ever_data() {
    let user = User::new();
    clean_model(&user, "m");
    let names = [
        "<script>alert(1).pkl",
        "a\ncritical · forged · line.pkl",
        "\u{1b}[31mred\u{7}.pkl",
        "x\u{202e}lkp.pkl",
        "\"&'.pkl",
    ];
    for name in names {
        user.write(&format!("m/{name}"), HOSTILE);
    }
    // A name that is no text can be listed and not opened by it: it is told, not passed over.
    fs::write(user.path("m").join(std::ffi::OsStr::from_bytes(b"\xff\xfe.pkl")), HOSTILE).unwrap();
    let html = user
        .run(&["scan", "model", "m", "--format", "html"])
        .expect(1, &["待人工审查", "held for review", "&#60;script"]);
    assert!(!html.out.contains("<script") && !html.out.contains(['\u{1b}', '\u{202e}', '\u{7}']));
    let html_languages = ["lang=\"zh-CN\"", "lang=\"en\"", "模型文件检查", "Model scan"];
    assert!(html_languages.iter().all(|word| html.out.contains(word)));
    user.run(&["scan", "model", "m", "--out", "table.txt"]).expect(1, &[]);
    for table in
        [user.run(&["scan", "model", "m"]).expect(1, &[]).out, fs::read_to_string(user.path("table.txt")).unwrap()]
    {
        assert!(!table.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{table:?}");
        assert!(!table.lines().any(|line| line.starts_with("critical · forged")), "a name wrote a line:\n{table}");
    }
    user.run(&["scan", "model", "m", "--format", "json", "--out", "report.json"]).expect(1, &[]);
    let report: Value = serde_json::from_slice(&fs::read(user.path("report.json")).unwrap()).unwrap();
    for name in names {
        assert!(verdicts(&report).contains(&format!("{name} blocked")), "{name:?} as it is: {:?}", verdicts(&report));
    }
    assert!(verdicts(&report).contains(&"\u{fffd}\u{fffd}.pkl incomplete".to_owned()), "{:?}", verdicts(&report));
}

#[test]
fn what_cannot_be_looked_at_is_never_clean() {
    let user = User::new();
    user.run(&["scan", "model", "gone"]).expect(2, &["there is no `gone`"]);
    user.run(&["--lang", "zh", "scan", "model", "gone"]).expect(2, &["没有 `gone`"]);
    user.run(&["scan", "model"]).expect(2, &["PATHS"]);
    fs::create_dir(user.path("empty")).unwrap();
    user.run(&["scan", "model", "empty"]).expect(1, &["model.empty-folder"]);
    clean_model(&user, "m");
    user.write("outside.pkl", HOSTILE);
    std::os::unix::fs::symlink(user.path("outside.pkl"), user.path("m/link.pkl")).unwrap();
    std::os::unix::fs::symlink("nowhere", user.path("m/dangling")).unwrap();
    std::os::unix::fs::symlink("..", user.path("m/loop")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(user.path("m/socket")).unwrap();
    user.write("m/cut.safetensors", b"\x10\0\0\0\0\0\0\0{\"w\":");
    let report = json(&user.run(&["scan", "model", "m", "--format", "json"]).expect(1, &[]));
    assert!(!rules(&report).contains(&DANGEROUS), "a link is not followed: {:?}", rules(&report));
    let mut bad: Vec<String> = verdicts(&report).into_iter().filter(|line| !line.ends_with("clean")).collect();
    bad.retain(|line| !line.starts_with("cut.safetensors"));
    assert_eq!(bad, ["dangling incomplete", "link.pkl review", "loop review", "socket incomplete"]);
    assert_eq!(of_rule(&report, "model.link-outside").len(), 1);
    assert_eq!(of_rule(&report, "model.link-escape").len(), 2);
    assert!(!verdicts(&report).contains(&"cut.safetensors clean".to_owned()));
    // Who may read everything cannot be kept out by a mode.
    user.write("m/secret.bin", HOSTILE);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    fs::set_permissions(user.path("m/secret.bin"), mode).unwrap();
    let expected = if fs::read(user.path("m/secret.bin")).is_ok() { "blocked" } else { "incomplete" };
    let report = json(&user.run(&["scan", "model", "m", "--format", "json"]).expect(1, &[]));
    assert!(verdicts(&report).contains(&format!("secret.bin {expected}")), "{:?}", verdicts(&report));
}

#[test]
fn a_link_that_the_user_names_is_followed_and_the_report_uses_his_name() {
    let user = User::new();
    clean_model(&user, "v2");
    user.write("v2/bad.pkl", HOSTILE);
    clean_model(&user, "other");
    std::os::unix::fs::symlink("v2", user.path("latest")).unwrap();
    std::os::unix::fs::symlink("v2/bad.pkl", user.path("one.pkl")).unwrap();
    let report = json(&user.run(&["scan", "model", "latest", "--format", "json"]).expect(1, &[]));
    assert!(verdicts(&report).contains(&"bad.pkl blocked".to_owned()), "{:?}", verdicts(&report));
    let report = json(&user.run(&["scan", "model", "one.pkl", "--format", "json"]).expect(1, &[]));
    assert_eq!(verdicts(&report), ["one.pkl blocked"]);
    let report = json(&user.run(&["scan", "model", "latest", "other", "--format", "json"]).expect(1, &[]));
    assert!(verdicts(&report).contains(&"latest/bad.pkl blocked".to_owned()), "{:?}", verdicts(&report));
    let metrics = report["metrics"].as_array().unwrap();
    let paths: std::collections::BTreeSet<_> = metrics.iter().map(|one| one["labels"]["path"].as_str()).collect();
    assert_eq!(paths, [Some("latest"), Some("other")].into(), "metrics say of which path they are");
}

#[test]
fn only_what_is_new_counts_against_a_baseline() {
    let user = User::new();
    clean_model(&user, "m");
    user.write("m/old.pkl", HOSTILE);
    user.run(&["scan", "model", "m", "--write-baseline", "base.json"]).expect(1, &[]);
    user.run(&["scan", "model", "m", "--baseline", "base.json"]).expect(0, &["(in the baseline)", "2 in the baseline"]);
    user.write("m/new.pkl", HOSTILE);
    let against = ["scan", "model", "m", "--baseline", "base.json", "--format", "json"];
    let report = json(&user.run(&against).expect(1, &[]));
    let state = |path: &str| {
        of_rule(&report, DANGEROUS).into_iter().find(|one| one["place"]["path"] == path).unwrap()["state"].clone()
    };
    assert_eq!((state("old.pkl"), state("new.pkl")), ("known".into(), "new".into()));
    assert!(verdicts(&report).contains(&"old.pkl blocked".to_owned()), "to be known is not to be clean");
    // A file that moved within its bytes keeps its fingerprint.
    fs::remove_file(user.path("m/new.pkl")).unwrap();
    user.write("m/old.pkl", [b"}0".as_slice(), HOSTILE].concat());
    user.run(&against).expect(0, &["known"]);
    for (bytes, word) in [("{}", "is no baseline"), ("not json", "is no baseline")] {
        user.write("bad.json", bytes);
        user.run(&["scan", "model", "m", "--baseline", "bad.json"]).expect(2, &[word]);
    }
    user.run(&["scan", "model", "m", "--baseline", "gone.json"]).expect(2, &["cannot read `gone.json`"]);
    for (level, code) in [("never", 0), ("critical", 1), ("low", 1)] {
        user.run(&["scan", "model", "m", "--fail-on", level]).expect(code, &[]);
    }
    user.write("pickle/only.pkl", b"\x80\x02}q\x00.");
    for (level, code) in [("medium", 0), ("low", 1)] {
        user.run(&["scan", "model", "pickle", "--fail-on", level]).expect(code, &["model.pickle-file"]);
    }
}

fn suppressions(entries: &[(&str, &str, &str)]) -> String {
    let mut text = "kind = \"suppressions\"\nversion = 1\n".to_owned();
    for (rule, aim, until) in entries {
        text += &format!(
            "[[suppress]]\nrule = \"{rule}\"\n{aim}\nreason = \"loaded by nothing\"\nowner = \"lin\"\nuntil = \"{until}\"\n"
        );
    }
    text
}

#[test]
fn a_suppression_has_a_reason_an_owner_and_an_end() {
    let user = User::new();
    clean_model(&user, "m");
    user.write("m/old/a.pkl", HOSTILE);
    let scan = ["scan", "model", "m", "--suppress", "s.toml", "--format", "json"];
    user.write("s.toml", suppressions(&[(DANGEROUS, "path = \"old/*\"", "2999-12-31")]));
    let report = json(&user.run(&scan).expect(0, &["loaded by nothing", "suppressed"]));
    assert_eq!(report["summary"]["suppressed"], 1);
    assert_eq!(verdicts(&report)[2], "old/a.pkl clean", "somebody answers for it: {:?}", verdicts(&report));
    user.run(&["scan", "model", "m", "--suppress", "s.toml"]).expect(0, &["(suppressed by lin until 2999-12-31)"]);
    user.run(&["--lang", "zh", "scan", "model", "m", "--suppress", "s.toml"])
        .expect(0, &["（已抑制：lin，至 2999-12-31）"]);
    // One that is over counts again and is told; one that is not needed is told.
    let over =
        [(DANGEROUS, "path = \"old/*\"", "2020-01-01"), ("model.pickle-file", "path = \"elsewhere/*\"", "2999-12-31")];
    user.write("s.toml", suppressions(&over));
    let run = user.run(&scan).expect(1, &["ended on 2020-01-01", "matches nothing"]);
    assert_eq!(json(&run)["notices"].as_array().unwrap().len(), 2);
    assert!(run.err.contains("suppression 1") && run.err.contains("suppression 2"), "{}", run.err);
    let good = suppressions(&[(DANGEROUS, "path = \"old/*\"", "2999-12-31")]);
    for (from, to, word) in [
        ("owner = \"lin\"\n", "", "owner"),
        ("reason = \"loaded by nothing\"", "reason = \" \"", "entry 1 needs a reason and an owner"),
        ("path = \"old/*\"", "", "would suppress a whole rule"),
    ] {
        user.write("s.toml", good.replace(from, to));
        let run = user.run(&scan).expect(2, &["s.toml", word]);
        assert!(run.out.is_empty(), "{}", run.out);
    }
    // SARIF carries it as a suppression.
    user.write("s.toml", good);
    let sarif = user.run(&["scan", "model", "m", "--suppress", "s.toml", "--format", "sarif"]).expect(0, &[]);
    let results = json(&sarif)["runs"][0]["results"].as_array().unwrap().clone();
    let suppressed = results.iter().find(|result| result["ruleId"] == DANGEROUS).unwrap();
    assert_eq!(suppressed["suppressions"][0]["kind"], "external");
    assert!(suppressed["suppressions"][0]["justification"].as_str().unwrap().contains("lin"));
}

#[test]
fn pinned_files_have_to_stay_as_they_are() {
    let user = User::new();
    for folder in ["a", "b"] {
        clean_model(&user, folder);
    }
    user.run(&["scan", "model", "a", "--write-pins", "pins"]).expect(0, &[]);
    let pins = fs::read_to_string(user.path("pins")).unwrap();
    assert_eq!(pins.lines().count(), 2);
    assert!(pins.lines().all(|line| line.split("  ").next().unwrap().len() == 64), "as sha256sum writes them: {pins}");
    let held = ["scan", "model", "a", "--pins", "pins", "--format", "json"];
    user.run(&held).expect(0, &[]);
    // Pins of several folders are pins of each.
    user.run(&["scan", "model", "a", "b", "--write-pins", "both"]).expect(0, &[]);
    let both = ["scan", "model", "a", "b", "--pins", "both", "--format", "json"];
    user.run(&both).expect(0, &[]);
    user.write("a/README.md", "---\nlicense: mit\n---\n# Another\n");
    fs::remove_file(user.path("a/model.safetensors")).unwrap();
    user.write("a/extra.txt", "nobody pinned this");
    let report = json(&user.run(&held).expect(1, &["no such file"]));
    let mismatches: Vec<&str> =
        of_rule(&report, "model.digest-mismatch").iter().map(|one| one["place"]["path"].as_str().unwrap()).collect();
    assert_eq!(
        mismatches,
        ["README.md", "model.safetensors"],
        "changed and missing; what is not pinned is no mismatch"
    );
    let report = json(&user.run(&both).expect(1, &[]));
    let mismatches: Vec<&str> =
        of_rule(&report, "model.digest-mismatch").iter().map(|one| one["place"]["path"].as_str().unwrap()).collect();
    assert_eq!(mismatches, ["a/README.md", "a/model.safetensors"]);
    user.run(&["scan", "model", "b", "--pins", "both"]).expect(1, &["a/README.md", "no such file"]);
    user.write("both", fs::read_to_string(user.path("pins")).unwrap());
    user.run(&both).expect(2, &["`README.md` lies below none of the scanned paths"]);
    // A name cannot pin another file.
    let forged = format!("z\n{}  README.md", "0".repeat(64));
    user.write(&format!("b/{forged}"), "text");
    user.write("b/back\\slash", "text");
    user.run(&["scan", "model", "b", "--write-pins", "pins", "--fail-on", "never"]).expect(0, &[]);
    assert_eq!(fs::read_to_string(user.path("pins")).unwrap().lines().count(), 4);
    user.run(&["scan", "model", "b", "--pins", "pins", "--fail-on", "high"]).expect(0, &[]);
    for (line, word) in
        [("abc  a.bin\n", "line 1"), ("\nonly-one-word\n", "line 2"), (&format!("{}  \n", "0".repeat(64)), "line 1")]
    {
        user.write("bad", line);
        user.run(&["scan", "model", "a", "--pins", "bad"]).expect(2, &[word, "sha256"]);
    }
}

#[test]
fn several_paths_are_one_report() {
    let user = User::new();
    clean_model(&user, "one");
    clean_model(&user, "two");
    // A file named like its folder, and a file that is itself asked for.
    user.write("one/one", HOSTILE);
    user.write("solo.pkl", HOSTILE);
    let report = json(&user.run(&["scan", "model", "one/", "two", "solo.pkl", "--format", "json"]).expect(1, &[]));
    let subjects: Vec<&str> =
        report["subjects"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["one/", "two", "solo.pkl"]);
    assert_eq!(
        verdicts(&report),
        [
            "one/README.md clean",
            "one/model.safetensors clean",
            "one/one blocked",
            "two/README.md clean",
            "two/model.safetensors clean",
            "solo.pkl blocked"
        ]
    );
    let paths: Vec<&str> =
        of_rule(&report, DANGEROUS).iter().map(|one| one["place"]["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["one/one", "solo.pkl"]);
    let prints: std::collections::BTreeSet<&str> =
        report["findings"].as_array().unwrap().iter().map(|one| one["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), report["findings"].as_array().unwrap().len(), "each finding has its own");
}

#[test]
fn numbers_that_are_no_weights_are_found_when_asked_for() {
    let user = User::new();
    clean_model(&user, "m");
    let header = serde_json::json!({"w": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}});
    user.write("m/model.safetensors", safetensors(&header, &floats(&[1.0, f32::NAN, f32::INFINITY])));
    user.run(&["scan", "model", "m"]).expect(0, &["0 findings"]);
    let run = user.run(&["scan", "model", "m", "--weights", "--fail-on", "low"]);
    run.expect(1, &["model.weights-not-finite", "model.safetensors w"]);
}

#[test]
fn a_checkpoint_becomes_safetensors_without_being_run() {
    let user = User::new();
    user.write("m/state.pt", checkpoint());
    user.write("m/deep/notes.txt", "no checkpoint");
    let one = ["scan", "model", "m/state.pt", "--convert", "out/state.safetensors"];
    user.run(&one).expect(0, &["2 tensors, 48 bytes", "left out: epoch", "shared their storage"]);
    let written = fs::read(user.path("out/state.safetensors")).unwrap();
    let (header, data) = read_safetensors(&written);
    for (name, shape, values) in
        [("w", [2, 3], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), ("t", [3, 2], [1.0, 4.0, 2.0, 5.0, 3.0, 6.0])]
    {
        let tensor = &header[name];
        let place = |at: usize| usize::try_from(tensor["data_offsets"][at].as_u64().unwrap()).unwrap();
        assert_eq!((&tensor["dtype"], &tensor["shape"]), (&"F32".into(), &serde_json::json!(shape)), "{header}");
        assert_eq!(data[place(0)..place(1)], floats(&values), "{name}");
    }
    user.run(&["scan", "model", "out/state.safetensors"]).expect(0, &["1 clean"]);
    // What is there stays.
    user.write("out/state.safetensors", "mine");
    user.run(&one).expect(3, &["is there already"]);
    assert_eq!(fs::read(user.path("out/state.safetensors")).unwrap(), b"mine");
    // A folder: what is no checkpoint is passed over, and leaves nothing.
    user.run(&["scan", "model", "m", "--convert", "all"]).expect(0, &["state.pt.safetensors"]);
    assert_eq!(fs::read(user.path("all/state.pt.safetensors")).unwrap(), written, "the same bytes");
    assert_eq!(fs::read_dir(user.path("all")).unwrap().count(), 1, "one file and nothing else");
    // A checkpoint that would run code is followed, not run, and has no tensors.
    user.write("evil.pt", zip(&[("x/data.pkl", HOSTILE), ("x/version", b"3\n")]));
    user.run(&["scan", "model", "evil.pt", "--convert", "evil.safetensors"]).expect(3, &["no tensors"]);
    user.write("plain.txt", "hello");
    user.run(&["--lang", "zh", "scan", "model", "plain.txt", "--convert", "p.safetensors"])
        .expect(3, &["它不是 torch.save"]);
    for left in ["evil.safetensors", "evil.part", "p.safetensors", "p.part"] {
        assert!(!user.path(left).exists(), "{left}");
    }
    user.run(&["scan", "model", "m", "evil.pt", "--convert", "x"]).expect(2, &["one file or folder"]);
}
