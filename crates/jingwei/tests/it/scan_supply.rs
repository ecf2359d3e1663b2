//! Signatures, packages and advisories as a user meets them.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    process::Stdio,
};

use serde_json::{Value, json};

use crate::{
    scan_files::{HOSTILE, clean_model, json as report_of, of_rule, rules, zip},
    support::{Run, User},
};

fn signed(user: &User) {
    user.run(&["scan", "key", "team"]).expect(0, &["team.pub.pem"]);
    clean_model(user, "m");
    user.write("m/deep/more.bin", vec![7; 10_000]);
    user.run(&["scan", "sign", "m", "--key", "team.pem"]).expect(0, &["signed 3 entries: model.sig"]);
}

fn verify(user: &User, extra: &[&str]) -> Run {
    user.run(&[&["scan", "verify", "m", "--key", "team.pub.pem"], extra].concat())
}

#[test]
fn what_was_signed_is_verified_and_drift_is_named() {
    let user = User::new();
    signed(&user);
    verify(&user, &[]).expect(0, &["0 findings"]);
    user.write("m/README.md", "# changed\n");
    fs::remove_file(user.path("m/deep/more.bin")).unwrap();
    user.write("m/planted.pkl", HOSTILE);
    let report = report_of(&verify(&user, &["--format", "json"]).expect(1, &[]));
    let found: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["rule"].as_str().unwrap(), one["place"]["path"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            "integrity.file-changed README.md",
            "integrity.file-missing deep/more.bin",
            "integrity.file-unsigned planted.pkl"
        ]
    );
    assert!(report["metrics"].as_array().unwrap().iter().any(|one| one["name"] == "intact_share"));
}

#[test]
fn a_watch_over_a_model_ends_when_it_differs() {
    let user = User::new();
    signed(&user);
    let arguments = ["scan", "verify", "m", "--key", "team.pub.pem", "--every", "1"];
    let mut child = user.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("0 findings")));
    user.write("m/README.md", "# changed\n");
    assert!(lines.any(|line| line.unwrap().contains("integrity.file-changed")));
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn the_copy_to_go_back_to_has_to_be_what_was_signed() {
    let user = User::new();
    signed(&user);
    let copied = std::process::Command::new("cp").arg("-a").arg(user.path("m")).arg(user.path("backup")).status();
    assert!(copied.unwrap().success());
    verify(&user, &["--rollback", "backup"]).expect(0, &["0 findings"]);
    user.write("backup/extra.txt", "nobody loads it");
    verify(&user, &["--rollback", "backup"]).expect(0, &[]);
    user.write("backup/README.md", "# changed\n");
    let run = verify(&user, &["--rollback", "backup", "--format", "json"]).expect(1, &[]);
    assert_eq!(rules(&report_of(&run)), ["integrity.rollback-differs"]);
    verify(&user, &["--rollback", "nowhere"]).expect(1, &["integrity.rollback-differs"]);
}

#[test]
fn a_signature_under_another_key_or_changed_is_refused() {
    let user = User::new();
    signed(&user);
    user.run(&["scan", "key", "other"]).expect(0, &[]);
    user.run(&["scan", "verify", "m", "--key", "other.pub.pem"])
        .expect(1, &["integrity.signature-invalid", "another key"]);
    let good = fs::read_to_string(user.path("model.sig")).unwrap();
    let bundle: Value = serde_json::from_str(&good).unwrap();
    assert!(bundle["dsseEnvelope"]["signatures"].as_array().unwrap().len() == 1, "{bundle}");
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let forged = good.replacen(
        &payload[..40],
        &format!("{}{}", &payload[..39], if &payload[39..40] == "A" { "B" } else { "A" }),
        1,
    );
    for (text, rule) in [
        (forged.as_str(), "integrity.signature-invalid"),
        ("{}", "integrity.signature-invalid"),
        ("", "integrity.signature-invalid"),
    ] {
        user.write("model.sig", text);
        verify(&user, &[]).expect(1, &[rule]);
    }
    fs::remove_file(user.path("model.sig")).unwrap();
    verify(&user, &[]).expect(1, &["integrity.not-verified"]);
    user.write("model.sig", good);
    user.run(&["scan", "verify", "m", "--key", "gone.pem"]).expect(1, &["integrity.not-verified"]);
    user.run(&["scan", "sign", "m", "--key", "team.pub.pem"]).expect(2, &["`team.pub.pem` is no usable key"]);
    user.run(&["scan", "sign", "nowhere", "--key", "team.pem", "--out", "x.sig"]).expect(2, &[]);
    std::os::unix::fs::symlink("/", user.path("m/link")).unwrap();
    user.run(&["scan", "sign", "m", "--key", "team.pem", "--out", "x.sig"]).expect(2, &["symbolic link"]);
    assert!(!user.path("x.sig").exists(), "nothing is signed in part");
}

#[test]
fn files_are_digested_as_one_asks() {
    let user = User::new();
    signed(&user);
    for extra in [
        &["--hash", "blake2b"][..],
        &["--hash", "blake3"],
        &["--shard", "4096"],
        &["--shard", "4096", "--hash", "blake3"],
    ] {
        let command = [&["scan", "sign", "m", "--key", "team.pem"], extra].concat();
        user.run(&command)
            .expect(0, &[if extra.contains(&"--shard") { "signed 5 entries" } else { "signed 3 entries" }]);
        verify(&user, &[]).expect(0, &["0 findings"]);
    }
    let mut bytes = vec![7; 10_000];
    bytes[5_000] = 8;
    user.write("m/deep/more.bin", bytes);
    let run = verify(&user, &["--format", "json"]).expect(1, &[]);
    let report = report_of(&run);
    assert_eq!(report["findings"][0]["place"]["path"], "deep/more.bin:4096:8192", "the piece that changed");
    // The signature may lie in the folder that it is for; what is left out is left out on both sides.
    let inside = ["scan", "sign", "m", "--key", "team.pem", "--out", "m/model.sig", "--ignore", "deep"];
    user.run(&inside).expect(0, &["signed 2 entries"]);
    // What the signer left out is told: nobody vouches for it.
    verify(&user, &["--signature", "m/model.sig"]).expect(1, &["integrity.file-ignored", "deep/more.bin"]);
    user.run(&["scan", "sign", "m", "--key", "team.pem", "--shard", "0"]).expect(2, &["--shard"]);
}

#[test]
fn keys_are_private_and_stay() {
    let user = User::new();
    for (name, curve) in [("v1.2", "p256"), ("b", "p384"), ("c", "p521")] {
        user.run(&["scan", "key", name, "--curve", curve]).expect(0, &[&format!("{name}.pub.pem")]);
        let private = user.path(&format!("{name}.pem"));
        assert_eq!(fs::metadata(&private).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        assert!(fs::read_to_string(&private).unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
        user.write("one/model.bin", "weights");
        let public = format!("{name}.pub.pem");
        user.run(&["scan", "sign", "one", "--key", private.to_str().unwrap()]).expect(0, &["signed 1 entries"]);
        user.run(&["scan", "verify", "one", "--key", &public]).expect(0, &["0 findings"]);
    }
    let before = (fs::read(user.path("b.pem")).unwrap(), fs::read(user.path("b.pub.pem")).unwrap());
    user.run(&["scan", "key", "b"]).expect(2, &["b.pem", "not overwritten"]);
    assert_eq!((fs::read(user.path("b.pem")).unwrap(), fs::read(user.path("b.pub.pem")).unwrap()), before);
    // Neither of the two is replaced, nor is half a pair left behind.
    user.write("half.pub.pem", "somebody's");
    user.run(&["scan", "key", "half"]).expect(2, &["half.pub.pem", "not overwritten"]);
    assert_eq!(fs::read(user.path("half.pub.pem")).unwrap(), b"somebody's");
    assert!(!user.path("half.pem").exists());
}

/// Old advisories are a finding of their own, and these tests know no day.
pub fn packages(user: &User, extra: &[&str]) -> Run {
    user.run(&[&["scan", "packages", "app", "--stale-after", "100000"], extra].concat())
}

/// `id: standing` of each match that has the id.
fn standing(report: &Value, package: &str, id: &str) -> String {
    let matches = report["matches"].as_array().unwrap();
    let found = matches.iter().find(|one| one["located"]["package"]["name"] == package && one["id"] == id);
    found.map_or("none".to_owned(), |one| one["standing"]["standing"].as_str().unwrap().to_owned())
}

/// An OSV record about versions before 2.0.
pub fn osv(id: &str, ecosystem: &str, name: &str, extra: &Value) -> String {
    let kind = if matches!(ecosystem, "npm" | "crates.io" | "Go") { "SEMVER" } else { "ECOSYSTEM" };
    let events = json!([{"introduced": "0"}, {"fixed": "2.0.0"}]);
    let mut record = json!({
        "schema_version": "1.7.0", "id": id, "modified": "2026-01-02T03:04:05Z", "summary": "a fault for a test",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": kind, "events": events}]}],
    });
    record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    record.to_string()
}

#[test]
fn the_catalogs_own_advisories_tell_affected_from_unknown_from_clear() {
    let user = User::new();
    let lock = |version: &str| {
        let entry = json!({"version": version, "integrity": "sha512-AAAA"});
        json!({"name": "shop", "lockfileVersion": 3, "packages": {"": {"name": "shop"}, "node_modules/@modelcontextprotocol/inspector": entry}})
            .to_string()
    };
    let uv = |version: &str| {
        let source = "{ registry = \"https://packages.example/simple\" }";
        format!("version = 1\n\n[[package]]\nname = \"litellm\"\nversion = \"{version}\"\nsource = {source}\n")
    };
    let sglang = ("sglang", "CVE-2026-5760");
    let inspector = ("@modelcontextprotocol/inspector", "CVE-2025-49596");
    let malicious = ("litellm", "JW-litellm-malicious-2026-03");
    let ollama = ("github.com/ollama/ollama", "CVE-2024-37032");
    let cases = [
        ("1/requirements.txt", "SGLang[all]==0.5.9\n".to_owned(), sglang, "affected"),
        ("2/requirements.txt", "sglang==0.6.0\n".to_owned(), sglang, "not-affected"),
        ("3/requirements.txt", "sglang>=0.5.0\n".to_owned(), sglang, "unknown"),
        ("4/requirements.txt", "sglang\n".to_owned(), sglang, "unknown"),
        ("5/uv.lock", uv("1.82.7"), malicious, "affected"),
        ("6/uv.lock", uv("1.84.0"), malicious, "not-affected"),
        ("7/package-lock.json", lock("0.14.0"), inspector, "affected"),
        ("8/package-lock.json", lock("0.14.1"), inspector, "not-affected"),
        ("9/go.mod", "module shop\n\nrequire github.com/ollama/ollama v0.1.20\n".to_owned(), ollama, "affected"),
    ];
    for (file, text, ..) in &cases {
        user.write(&format!("app/{file}"), text);
    }
    let report = report_of(&packages(&user, &["--format", "json", "--fail-on", "never"]).expect(0, &[]));
    let matches = report["matches"].as_array().unwrap();
    for (file, text, (package, id), expected) in &cases {
        let here = |one: &&Value| {
            let named = one["located"]["package"]["name"] == *package && one["id"] == *id;
            named && one["located"]["paths"][0].as_str().unwrap().starts_with(&format!("app/{file}:"))
        };
        let found = matches.iter().find(here).unwrap_or_else(|| panic!("nothing for {file}"));
        assert_eq!(found["standing"]["standing"], *expected, "{file} {text}");
    }
    fs::remove_dir_all(user.path("app")).unwrap();
    // Unknown is not affected: it is a finding of its own, and does not fail by default.
    user.write("app/requirements.txt", "sglang>=0.5.0\n");
    let table = packages(&user, &["--fail-on", "high"]).expect(0, &["package.standing-unknown", "pin a version"]);
    assert!(table.out.starts_with("affected 1 · unknown 3 · not affected 0"), "{}", table.out);
    user.write("app/requirements.txt", "sglang==0.6.0\n");
    packages(&user, &["--all", "--fail-on", "high"]).expect(0, &["0.6.0 lies outside what is affected (<=0.5.9)"]);
    let shown = user.run(&[
        "--lang",
        "zh",
        "scan",
        "packages",
        "app",
        "--all",
        "--fail-on",
        "never",
        "--stale-after",
        "100000",
    ]);
    shown.expect(0, &["不受影响 3", "不在受影响的范围内"]);
    assert!(!user.path(".jingwei").exists(), "a scan leaves nothing behind");
}

#[test]
fn advisories_come_from_zips_folders_and_tables() {
    let user = User::new();
    let good = osv("TEST-1", "PyPI", "Sample.Package", &json!({"aliases": ["CVE-2026-90001"]}));
    let withdrawn = osv("TEST-2", "PyPI", "sample-package", &json!({"withdrawn": "2026-02-01T00:00:00Z"}));
    let members = [
        ("TEST-1.json", good.as_bytes()),
        ("TEST-2.json", withdrawn.as_bytes()),
        ("BROKEN-1.json", b"{\"id\": 5".as_slice()),
        ("BROKEN-2.json", b"<html>not found</html>"),
        ("README.md", b"# no advisory"),
    ];
    user.write("osv.zip", zip(&members));
    user.write("folder/deep/TEST-3.json", osv("TEST-3", "crates.io", "sample-crate", &json!({})));
    user.write("folder/TEST-4.json", format!("\u{feff}{}", osv("TEST-4", "npm", "@sample/part", &json!({}))));
    let exploited = json!({"cveID": "CVE-2026-90001", "dateAdded": "2026-03-01", "dueDate": "2026-03-22", "knownRansomwareCampaignUse": "Known"});
    user.write("kev.json", json!({"catalogVersion": "2026.03.01", "vulnerabilities": [exploited]}).to_string());
    let header = "#model_version:v1,score_date:2026-03-02T00:00:00+0000\ncve,epss,percentile\n";
    user.write("epss.csv", format!("{header}CVE-2026-90001,0.25000,0.97000\nCVE-2026-90002,broken,0.1\n"));
    let import = ["scan", "advisories", "import", "osv.zip", "folder", "kev.json", "epss.csv"];
    let run = user.run(&import).expect(0, &["BROKEN-1.json: ", "BROKEN-2.json: ", "CVE-2026-90002: ", "catalog"]);
    let row = |source: &str| {
        let line = run.out.lines().find(|line| line.trim_start().starts_with(source)).unwrap();
        line.split_whitespace().skip(1).map(|number| number.parse().unwrap()).collect::<Vec<u64>>()
    };
    assert_eq!(row("osv.zip"), [4, 2, 0, 1, 0, 2], "read, taken, older, withdrawn, elsewhere, rejected:\n{}", run.out);
    assert_eq!((row("folder")[1], row("folder")[5]), (2, 0), "{}", run.out);

    user.write("app/requirements.txt", "sample_package==1.9\n");
    user.write("app/package.json", json!({"name": "shop", "dependencies": {"@sample/part": "^1.0.0"}}).to_string());
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    let crates = |version: &str| {
        format!(
            "version = 4\n\n[[package]]\nname = \"sample-crate\"\nversion = \"{version}\"\nsource = \"{registry}\"\n"
        )
    };
    user.write("app/Cargo.lock", crates("1.2.3"));
    let report = report_of(&packages(&user, &["--format", "json"]).expect(1, &[]));
    let stand = |package: &str, id: &str| standing(&report, package, id);
    assert_eq!(stand("sample-package", "CVE-2026-90001"), "affected");
    assert_eq!(stand("sample-package", "TEST-2"), "none", "withdrawn");
    assert_eq!(
        (stand("sample-crate", "TEST-3"), stand("@sample/part", "TEST-4")),
        ("affected".into(), "affected".into())
    );
    let first = report["matches"].as_array().unwrap().iter().find(|one| one["id"] == "CVE-2026-90001").unwrap().clone();
    assert_eq!(first["exploited"]["ransomware"], true, "{first}");
    assert_eq!(first["likelihood"]["score_ppm"], 250_000, "{first}");
    assert_eq!(of_rule(&report["report"], "package.exploited").len(), 1, "{:?}", rules(&report["report"]));
    user.write("app/Cargo.lock", crates("2.0.0"));
    let report = report_of(&packages(&user, &["--format", "json"]).expect(1, &[]));
    assert_eq!(standing(&report, "sample-crate", "TEST-3"), "not-affected");

    // The same again brings nothing; what the store holds is shown and checked.
    let again = user.run(&import).expect(0, &[]);
    let line = again.out.lines().find(|line| line.trim_start().starts_with("osv.zip")).unwrap().to_owned();
    assert_eq!(line.split_whitespace().nth(2), Some("0"), "{line}");
    user.run(&["scan", "advisories", "show"])
        .expect(0, &["osv.zip", "folder", "kev.json", "catalog", "advisories, the newest"]);
    let shown = report_of(&user.run(&["scan", "advisories", "show", "--format", "json"]).expect(0, &[]));
    let own = jingwei_catalog::Catalog::built_in().unwrap().texts_of("advisories").count() as u64;
    assert_eq!((&shown["whole"], &shown["count"]), (&true.into(), &(own + 4).into()), "{shown}");
    let store = user.path(".jingwei/advisories.store");
    let mut bytes = fs::read(&store).unwrap();
    let at = bytes.len() - 20;
    bytes[at] ^= 1;
    fs::write(&store, &bytes).unwrap();
    user.run(&["scan", "advisories", "show"]).expect(3, &["the advisory store is damaged"]);
    fs::write(&store, &bytes[..bytes.len() - 20]).unwrap();
    packages(&user, &[]).expect(3, &["cannot open the advisory store"]);
}

#[test]
fn an_import_is_whole_or_not_at_all() {
    let user = User::new();
    user.run(&["scan", "advisories", "import", "gone.zip"]).expect(2, &["cannot read `gone.zip`"]);
    assert!(!user.path(".jingwei/advisories.store").exists());
    user.write("one.json", osv("TEST-1", "PyPI", "sample", &json!({})));
    user.run(&["scan", "advisories", "import", "one.json", "--advisories", "mine.store"]).expect(0, &["one.json"]);
    let before = fs::read(user.path("mine.store")).unwrap();
    user.run(&["scan", "advisories", "import", "one.json", "gone", "--advisories", "mine.store"]).expect(2, &["gone"]);
    assert_eq!(fs::read(user.path("mine.store")).unwrap(), before);
    // A file in which nothing is an advisory is said to hold none.
    user.write("notes.txt", "hello");
    user.run(&["scan", "advisories", "import", "notes.txt"]).expect(0, &["no advisory was found in notes.txt"]);
    user.run(&["scan", "advisories", "show", "--advisories", "notes.txt"])
        .expect(3, &["cannot open the advisory store"]);
}

#[test]
fn a_statement_changes_the_standing_and_says_who() {
    let user = User::new();
    user.write("app/requirements.txt", "sglang==0.5.9\n");
    let statement = |id: &str, product: &str, status: &str| {
        json!({"vulnerability": {"name": id}, "products": [{"@id": product}], "status": status,
            "justification": "vulnerable_code_not_in_execute_path", "action_statement": "update"})
    };
    let vex = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://shop.example/vex/1", "author": "Shop security",
        "timestamp": "2026-11-20T00:00:00Z", "version": 1,
        "statements": [
            statement("CVE-2026-5760", "pkg:pypi/sglang@0.5.9", "not_affected"),
            statement("CVE-2026-3989", "pkg:pypi/sglang@0.5.8", "not_affected"),
            statement("CVE-2026-3989", "our own product", "not_affected"),
        ],
    });
    user.write("vex.json", vex.to_string());
    let report =
        report_of(&packages(&user, &["--vex", "vex.json", "--format", "json"]).expect(1, &["1 products of the VEX"]));
    assert_eq!(standing(&report, "sglang", "CVE-2026-5760"), "not-affected");
    assert_eq!(standing(&report, "sglang", "CVE-2026-3989"), "affected", "another version was meant");
    let stated = report["matches"].as_array().unwrap().iter().find(|one| one["id"] == "CVE-2026-5760").unwrap();
    assert_eq!(stated["statements"][0]["author"], "Shop security");
    assert_eq!(stated["computed"]["standing"], "affected", "what versions say stays beside it");
    assert!(!rules(&report["report"]).contains(&"package.vulnerable-critical"));
    packages(&user, &["--vex", "vex.json", "--all"])
        .expect(1, &["Shop security stated on 2026-11-20", "not_in_execute_path"]);
    // What holds in a product does so only where that product is scanned.
    let mut inside = vex.clone();
    inside["statements"] = json!([statement("CVE-2026-5760", "pkg:oci/shop", "not_affected")]);
    inside["statements"][0]["products"][0]["subcomponents"] = json!([{ "@id": "pkg:pypi/sglang@0.5.9" }]);
    user.write("inside.json", inside.to_string());
    for (product, expected) in
        [(None, "affected"), (Some("pkg:oci/other"), "affected"), (Some("pkg:oci/shop@1"), "not-affected")]
    {
        let named = product.map_or(vec![], |product| vec!["--vex-product", product]);
        let run = packages(&user, &[vec!["--vex", "inside.json", "--format", "json"], named].concat());
        let told = if expected == "affected" {
            &["1 statements of the VEX are about parts of another product"][..]
        } else {
            &[]
        };
        assert_eq!(standing(&report_of(&run.expect(1, told)), "sglang", "CVE-2026-5760"), expected, "{product:?}");
    }
    user.write("bad.json", "{}");
    packages(&user, &["--vex", "bad.json"]).expect(2, &["`bad.json` is no VEX"]);
    packages(&user, &["--vex", "gone.json"]).expect(2, &["cannot read `gone.json`"]);
}

#[test]
fn what_lists_no_packages_or_cannot_be_read_is_told() {
    let user = User::new();
    user.run(&["scan", "packages", "app"]).expect(2, &["there is no `app`"]);
    user.write("app/main.py", "print(1)\n");
    packages(&user, &[]).expect(1, &["package.none-found"]);
    user.write(
        "app/requirements.txt",
        "-r base.txt\n-r ../outside.txt\n-r /etc/hostname\n-r gone.txt\n-r link.txt\n-r requirements.txt\n",
    );
    user.write("app/base.txt", "jupyterlab==4.5.6\n");
    user.write("outside.txt", "sglang==0.5.9\n");
    user.write("secret/inner.txt", "sglang==0.5.9\n");
    std::os::unix::fs::symlink("../secret/inner.txt", user.path("app/link.txt")).unwrap();
    let report = report_of(&packages(&user, &["--format", "json"]).expect(1, &[]));
    let unread: Vec<&str> = of_rule(&report["report"], "package.unreadable")
        .iter()
        .map(|one| one["message"]["en"].as_str().unwrap())
        .collect();
    let told = |name: &str, why: &str| unread.iter().any(|message| message.contains(name) && message.contains(why));
    assert!(told("../outside.txt", "outside the scanned folder"), "{unread:?}");
    assert!(told("/etc/hostname", "outside the scanned folder"), "{unread:?}");
    assert!(told("gone.txt", "there is no such file"), "{unread:?}");
    assert!(told("link.txt", "link"), "{unread:?}");
    assert_eq!(unread.len(), 4, "{unread:?}");
    let names: Vec<&str> = report["matches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["located"]["package"]["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"jupyterlab") && !names.contains(&"sglang"), "{names:?}");
    // From the file itself, its own folder is what may be read.
    user.write("app/deep/requirements.txt", "-r ../base.txt\n-r near.txt\n");
    user.write("app/deep/near.txt", "jupyterlab==4.5.6\n");
    let file = ["scan", "packages", "app/deep/requirements.txt", "--stale-after", "100000"];
    let run = user.run(&file).expect(1, &["../base.txt", "outside the scanned folder", "app/deep/near.txt"]);
    assert!(!run.out.contains("app/base.txt"), "{}", run.out);
}

#[test]
fn findings_about_packages_keep_their_fingerprints() {
    let user = User::new();
    user.write("app/requirements.txt", "sglang==0.5.9\n");
    packages(&user, &["--format", "json", "--write-baseline", "base.json"]).expect(1, &[]);
    user.write("app/requirements.txt", "# a comment moves the line\nnumpy==2.0.0\nsglang==0.5.9\n");
    packages(&user, &["--baseline", "base.json"]).expect(0, &["5 in the baseline"]);
    user.write("app/requirements.txt", "sglang==0.5.8\n");
    packages(&user, &["--baseline", "base.json"]).expect(1, &["package.vulnerable-critical"]);
    // SARIF names the file, and nothing else is printed beside it.
    let sarif = packages(&user, &["--format", "sarif", "--all", "--fail-on", "never"]).expect(0, &[]);
    let results = report_of(&sarif)["runs"][0]["results"].as_array().unwrap().clone();
    assert!(
        results
            .iter()
            .filter(|one| !one["locations"].is_null())
            .all(|one| one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "app/requirements.txt")
    );
    for format in ["table", "json"] {
        let first = packages(&user, &["--format", format, "--fail-on", "never"]).expect(0, &["sglang"]);
        let second = packages(&user, &["--format", format, "--fail-on", "never", "--out", "report"]).expect(0, &[]);
        let whole = format!("{}{}", second.out, fs::read_to_string(user.path("report")).unwrap());
        assert_eq!(whole.trim_end(), first.out.trim_end(), "{format}");
    }
}
