use jingwei_compose::{
    bom,
    lockfiles::{LockKind, parse, recognise},
};
use jingwei_core::Limits;
use proptest::prelude::*;

/// A small whole file of each kind that lists something.
fn seeds() -> Vec<(LockKind, String)> {
    let many = |line: &dyn Fn(usize) -> String| (0..40).map(line).collect::<String>();
    vec![
        (LockKind::Requirements, many(&|n| format!("p{n}==1.{n}\n"))),
        (
            LockKind::UvLock,
            format!("version = 1\n{}", many(&|n| format!("[[package]]\nname = \"p{n}\"\nversion = \"1\"\n"))),
        ),
        (
            LockKind::PipfileLock,
            format!("{{\"default\": {{{}}}}}", many(&|n| format!("\"p{n}\": \"==1\",")).trim_end_matches(',')),
        ),
        (
            LockKind::PackageLock,
            format!(
                "{{\"lockfileVersion\": 3, \"packages\": {{{}}}}}",
                many(&|n| format!("\"node_modules/p{n}\": {{\"version\": \"1.0.0\"}},")).trim_end_matches(',')
            ),
        ),
        (
            LockKind::PnpmLock,
            format!(
                "lockfileVersion: '9.0'\npackages:\n{}",
                many(&|n| format!("  p{n}@1.0.0:\n    resolution: {{integrity: x}}\n"))
            ),
        ),
        (LockKind::YarnLock, many(&|n| format!("p{n}@^1:\n  version \"1.0.0\"\n\n"))),
        (LockKind::CargoLock, many(&|n| format!("[[package]]\nname = \"p{n}\"\nversion = \"1.0.0\"\n"))),
        (LockKind::GoSum, many(&|n| format!("h.invalid/p{n} v1.0.0 h1:x\n"))),
        (LockKind::GoMod, format!("module m\nrequire (\n{})\n", many(&|n| format!("h.invalid/p{n} v1.0.0\n")))),
        (
            LockKind::PomXml,
            format!(
                "<project><dependencies>{}</dependencies></project>",
                many(&|n| format!(
                    "<dependency><groupId>g</groupId><artifactId>p{n}</artifactId><version>1</version></dependency>"
                ))
            ),
        ),
        (LockKind::GradleLock, many(&|n| format!("g:p{n}:1=a\n"))),
        (LockKind::DpkgStatus, many(&|n| format!("Package: p{n}\nVersion: 1\n\n"))),
        (LockKind::CondaEnvironment, format!("dependencies:\n{}", many(&|n| format!("- p{n}==1\n")))),
    ]
}

#[test]
fn more_than_the_limit_is_told_and_not_listed() {
    for (kind, text) in seeds() {
        let whole = parse(kind, "f", text.as_bytes(), &Limits::default());
        assert_eq!((whole.packages.len(), whole.problems.len()), (40, 0), "{kind:?}: {:?}", whole.problems);
        let few = Limits { entries: 30, ..Limits::default() };
        let cut = parse(kind, "f", text.as_bytes(), &few);
        assert!(cut.packages.len() <= 30, "{kind:?}");
        assert_eq!(cut.problems.last().and_then(|one| one.limit), Some("entries"), "{kind:?}");
        let short = Limits { header_bytes: 16, ..Limits::default() };
        let none = parse(kind, "f", text.as_bytes(), &short);
        assert!(none.packages.is_empty() && none.problems[0].limit == Some("header_bytes"), "{kind:?}");
    }
}

#[test]
fn what_is_no_such_file_is_a_problem_and_never_silence() {
    for kind in LockKind::ALL {
        for bytes in [&b"\xff\xfe\xfa\x00\xd8"[..], b"\x00\x01\x02{[<", b"<a><b></a>", b"{\"a\": ", b"[[[[", b"x: [y"] {
            let parsed = parse(kind, "f", bytes, &Limits::default());
            assert!(!parsed.problems.is_empty() || !parsed.packages.is_empty(), "{kind:?} {bytes:?}");
        }
    }
}

#[test]
fn deep_long_and_looping_inputs_end_soon() {
    let deep_json = format!("{{\"lockfileVersion\":1,\"dependencies\":{}", "{\"a\":{\"dependencies\":".repeat(50_000));
    let deep_xml = format!("<project>{}", "<dependencies>".repeat(50_000));
    let long_path = format!(
        "{{\"lockfileVersion\":3,\"packages\":{{\"{}\":{{\"version\":\"1\"}}}}}}",
        "node_modules/a/".repeat(10_000)
    );
    let joined = "a\\\n".repeat(200_000);
    let hashes = format!("a==1 {}", "--hash=sha256:aa ".repeat(50_000));
    let property = "<project><version>${version}${version}</version><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>${version}</version></dependency></dependencies></project>";
    for (kind, text) in [
        (LockKind::PackageLock, deep_json.as_str()),
        (LockKind::PomXml, &deep_xml),
        (LockKind::PackageLock, &long_path),
        (LockKind::Requirements, &joined),
        (LockKind::Requirements, &hashes),
        (LockKind::PomXml, property),
    ] {
        let parsed = parse(kind, "f", text.as_bytes(), &Limits::default());
        assert!(parsed.packages.len() <= 1 && parsed.problems.len() <= 201, "{kind:?}");
    }
}

/// What must hold for a bill of anybody's: what was read can be written, and reads back as it was.
fn law_of_bills(bytes: &[u8]) {
    let Ok((bom, _)) = bom::read(bytes, &Limits::default()) else { return };
    let making = crate::bom_sample::making();
    let (again, _) = bom::read(bom.to_cyclonedx(&making).as_bytes(), &Limits::default()).unwrap();
    let ids = |bom: &bom::Bom| bom.components.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&again), ids(&bom));
    assert_eq!(again.dependencies, bom.dependencies);
    assert_eq!(
        again.to_cyclonedx(&making),
        bom::read(again.to_cyclonedx(&making).as_bytes(), &Limits::default()).unwrap().0.to_cyclonedx(&making)
    );
    let (spdx, _) = bom::read(bom.to_spdx(&making).as_bytes(), &Limits::default()).unwrap();
    assert_eq!(ids(&spdx), ids(&bom));
}

#[test]
fn odd_bills_keep_the_law() {
    for text in [
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "a", "bom-ref": "subject"}, {"name": "b", "bom-ref": "tool", "components": [{"name": "c", "components": [{"name": "d"}]}]}]}"#,
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "a", "bom-ref": "x"}], "services": [{"name": "s", "bom-ref": "x"}], "dependencies": [{"ref": "x", "dependsOn": ["x", "y"]}]}"#,
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": [{"id": "", "affects": [{}]}, {"id": "v", "cwes": [-1, 0, 1.5]}], "components": [{"name": "d", "type": "data"}]}"#,
        r#"{"spdxVersion": "SPDX-2.3", "packages": [{"SPDXID": "SPDXRef-subject", "name": "subject"}, {"name": "x"}, {"SPDXID": "subject"}]}"#,
        r#"{"@graph": [{"type": "software_Package", "spdxId": "subject", "name": "n"}, {"type": "software_File", "spdxId": "f"}, {"type": "ai_AIPackage"}]}"#,
    ] {
        law_of_bills(text.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_are_read_the_same_twice(bytes in proptest::collection::vec(any::<u8>(), 0..200), path in "[a-z./-]{0,20}") {
        for kind in LockKind::ALL {
            let once = parse(kind, &path, &bytes, &Limits::default());
            prop_assert_eq!(&once, &parse(kind, &path, &bytes, &Limits::default()));
            for (from, to) in &once.links {
                prop_assert!(*from < once.packages.len() && *to < once.packages.len());
            }
        }
        let _ = recognise(&path, &bytes);
        prop_assert_eq!(bom::read(&bytes, &Limits::default()), bom::read(&bytes, &Limits::default()));
    }

    #[test]
    fn a_damaged_bill_keeps_the_law(at in 0usize..40_000, with in "[a-z0-9\"{}:,\\[\\] ]", spdx in any::<bool>()) {
        let text = if spdx { include_str!("samples/helpdesk.spdx.json") } else { include_str!("samples/helpdesk.cdx.json") };
        let mut bytes = text.as_bytes().to_vec();
        let length = bytes.len();
        bytes[at % length] = with.as_bytes()[0];
        law_of_bills(&bytes);
    }

    #[test]
    fn a_damaged_file_never_panics(at in 0usize..1000, with in any::<u8>(), cut in 0usize..1000) {
        for (kind, text) in seeds() {
            let mut bytes = text.into_bytes();
            let length = bytes.len();
            bytes[at % length] = with;
            bytes.truncate(length - cut % length);
            let parsed = parse(kind, "f", &bytes, &Limits::default());
            prop_assert!(parsed.packages.len() <= 41);
        }
    }
}
