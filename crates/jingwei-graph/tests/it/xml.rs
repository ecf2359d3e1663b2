use jingwei_core::Limits;
use jingwei_graph::GraphFormat;

use crate::{check, look_with, seen};

fn openvino(prologue: &str, layers: &str) -> String {
    format!(r#"<?xml version="1.0"?>{prologue}<net name="m" version="11"><layers>{layers}</layers><edges/></net>"#)
}

fn layer(set: &str, data: &str) -> String {
    format!(r#"<layer id="0" name="w" type="Const" version="{set}"><data {data}/></layer>"#)
}

#[test]
fn openvino_models_are_read() {
    for (case, text, expected) in [
        ("plain", openvino("", &layer("opset1", r#"offset="0" size="64" element_type="f32""#)), &[][..]),
        ("extension", openvino("", &layer("extension", "")), &["graph-unknown-operator extension"]),
        (
            "a kind that no set has",
            openvino("", &layer("opset1", "").replace("Const", "InertLayer")),
            &["graph-unknown-operator opset1"],
        ),
        ("not a number", openvino("", &layer("opset", "")), &["graph-unknown-operator opset"]),
        ("a library", openvino("", &layer("/tmp/x.so", "")), &["graph-native-library /tmp/x.so"]),
        ("another file", openvino("", &layer("opset1", r#"file="../x""#)), &["graph-external-data ../x"]),
        (
            "a range that wraps",
            openvino("", &layer("opset1", r#"offset="9" size="18446744073709551615""#)),
            &["graph-lie w"],
        ),
        ("a negative range", openvino("", &layer("opset1", r#"offset="-1" size="4""#)), &["graph-lie w"]),
        ("behind a comment", openvino("<!-- <a> -->", &layer("opset1", "")), &[]),
        ("no closing", openvino("", "<layer>").replace("</net>", ""), &["header-malformed"]),
    ] {
        check(case, GraphFormat::OpenVino, text.as_bytes(), expected);
    }
    let text = openvino("", &layer("opset1", r#"offset="16" size="64""#));
    let facts = check("facts", GraphFormat::OpenVino, text.as_bytes(), &[]).facts;
    assert_eq!((facts.more["nodes"].as_str(), facts.more["weights_end"].as_str()), ("1", "80"));
}

#[test]
fn entities_and_outside_content_are_refused() {
    let root =
        |inner: &str| format!(r#"<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>{inner}</PMML>"#);
    let rule = "graph-xml-entity";
    for (case, text, rules) in [
        ("none", root("<a b=\"&lt;&#65;\">&amp;&#x41;</a>"), 0),
        ("a bare document type", format!("<!DOCTYPE PMML>{}", root("")), 0),
        ("declared", format!("<!DOCTYPE PMML [<!ENTITY x \"y\">]>{}", root("")), 1),
        (
            "declared and used",
            format!("<!DOCTYPE PMML [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}", root("<a>&x;</a>")),
            2,
        ),
        ("used in an attribute", format!("<!DOCTYPE PMML [<!ENTITY x \"y\">]>{}", root("<a b=\"&x;\"/>")), 2),
        ("parameter", format!("<!DOCTYPE PMML [<!ENTITY % p SYSTEM \"http://example.org/e\"> %p;]>{}", root("")), 1),
        ("outside", format!("<!DOCTYPE PMML SYSTEM \"http://example.org/x.dtd\">{}", root("")), 1),
        ("only used", root("<a>&x;</a>"), 1),
        ("included", root(r#"<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>"#), 1),
        ("included under another prefix", root(r#"<x:include href="../other.xml"/>"#), 1),
        ("an element that includes nothing", root("<include>words</include>"), 0),
        ("a style sheet", format!("<?xml-stylesheet href=\"a.xsl\"?>{}", root("")), 1),
        ("another instruction", format!("<?editor wide?>{}", root("")), 0),
        ("a schema that is a file", root(r#"<a xsi:schemaLocation="x file:///tmp/x.xsd"/>"#), 1),
        ("a schema by its address", root(r#"<a xsi:schemaLocation="x http://www.dmg.org/x.xsd"/>"#), 0),
    ] {
        let inspection = check_rules(case, text.as_bytes(), &vec![rule; rules]);
        assert_eq!(inspection, rules, "{case}");
    }
    // The same in UTF-16 is the same.
    let text = format!("<!DOCTYPE PMML [<!ENTITY x \"y\">]>{}", root(""));
    let little: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let plain: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [little, big, plain] {
        check_rules("UTF-16", &bytes, &[rule]);
    }
    let odd = format!("<?xml version=\"1.0\" encoding=\"UTF-7\"?>{}", root(""));
    check_rules("an encoding that is not read", odd.as_bytes(), &["not-inspected"]);
}

#[track_caller]
fn check_rules(case: &str, bytes: &[u8], expected: &[&str]) -> usize {
    assert_eq!(crate::told(bytes), Some(GraphFormat::Pmml), "{case}");
    let found = seen(&crate::look(bytes));
    let rules: Vec<_> = found.iter().map(|s| s.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(rules, expected, "{case}: {found:?}");
    rules.len()
}

#[test]
fn pmml_documents_are_read() {
    let root =
        |inner: &str| format!(r#"<PMML version="4.4"><Header copyright="(c) X" description="d"/>{inner}</PMML>"#);
    for (case, text, expected) in [
        ("plain", root(r#"<Apply function="+"/><Extension name="a" value="b"/>"#), &[][..]),
        ("a class", root(r#"<Apply function="com.example.Run"/>"#), &["graph-unknown-operator PMML"]),
        ("own", root(r#"<DefineFunction name="my.f"/><Apply function="my.f"/>"#), &[]),
        ("a script", root(r#"<Extension name="script" value="x"/>"#), &["graph-review-operator script"]),
        ("a call", root(r#"<Extension name="a" value="java.lang.Runtime"/>"#), &["graph-review-operator script"]),
        ("a description", root(r#"<Extension name="description" value="a scripted pipeline"/>"#), &[]),
        (
            "a table elsewhere",
            root(r#"<TableLocator location="http://example.org/t"/>"#),
            &["graph-external-data http://example.org/t"],
        ),
    ] {
        let facts = check(case, GraphFormat::Pmml, text.as_bytes(), expected).facts;
        assert_eq!((facts.licence.as_deref(), facts.described), (Some("(c) X"), true));
    }
}

#[test]
fn each_limit_is_a_sighting() {
    let wide = format!("<PMML>{}</PMML>", "<a/>".repeat(500));
    let deep = format!("<PMML>{}{}</PMML>", "<a>".repeat(1100), "</a>".repeat(1100));
    let default = Limits::default();
    for (text, limits, expected) in [
        (&wide, Limits { entries: 100, ..default }, "limit-exceeded entries"),
        (&wide, Limits { header_bytes: 1000, ..default }, "limit-exceeded header_bytes"),
        (&deep, default, "limit-exceeded depth"),
    ] {
        assert_eq!(seen(&look_with(text.as_bytes(), &limits)), [expected]);
    }
}
