//! XML that describes a model: OpenVINO and PMML. Entities are never resolved and no other file is ever opened.

mod openvino;
mod pmml;

use jingwei_core::{Limits, Text};
use jingwei_read::{Sighting, Source, shown};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use crate::GraphFormat;
use crate::findings::{Findings, Stop};
pub use openvino::inspect_openvino;
pub use pmml::inspect_pmml;

/// The five names that XML itself has.
const OWN_NAMES: [&str; 5] = ["lt", "gt", "amp", "quot", "apos"];

/// A layer is a dozen elements, and only layers are entries.
const ELEMENTS_PER_ENTRY: u64 = 4;
/// A tree of decisions nests one element per decision, and nothing here recurses.
const NESTING_PER_DEPTH: u64 = 16;
/// Of one element.
const ATTRIBUTES: usize = 4096;
/// How far the root element may be from the front.
const PROLOGUE: u64 = 1 << 20;

/// Tells a description of a model in XML by its root element.
pub(crate) fn recognise(front: &[u8], source: &mut dyn Source) -> Option<GraphFormat> {
    decode(front)?;
    let mut front = vec![0; usize::try_from(source.length().min(PROLOGUE)).ok()?];
    let count = source.read_at(0, &mut front).ok()?;
    by_root(front.get(..count)?)
}

/// The root stands behind comments, a declaration and a document type.
fn by_root(front: &[u8]) -> Option<GraphFormat> {
    let text = decode(front)?;
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let tag = rest.strip_prefix('<')?;
        let end = if tag.starts_with("!--") {
            rest.find("-->")? + 3
        } else if tag.starts_with('?') {
            rest.find("?>")? + 2
        } else if tag.starts_with('!') {
            end_of_type(rest)?
        } else {
            return root(tag);
        };
        rest = rest.get(end..)?.trim_start();
    }
}

/// The end of a document type: its own `>`, behind an inner `[…]` if it has one.
fn end_of_type(text: &str) -> Option<usize> {
    let close = text.find('>')?;
    match text.find('[') {
        Some(open) if open < close => {
            let inner = open + text.get(open..)?.find(']')?;
            Some(inner + text.get(inner..)?.find('>')? + 1)
        }
        _ => Some(close + 1),
    }
}

fn root(tag: &str) -> Option<GraphFormat> {
    let name: &str = tag.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next()?;
    match name.rsplit(':').next()? {
        "PMML" => Some(GraphFormat::Pmml),
        // Other programs have a `net` too.
        "net" if tag.contains("<layers") || tag.contains("version=") => Some(GraphFormat::OpenVino),
        _ => None,
    }
}

/// The text of XML, which may be UTF-16. `None`: it is no XML.
fn decode(bytes: &[u8]) -> Option<String> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, ..] | [b'<', 0, ..] => Some(wide(u16::from_le_bytes)),
        [0xfe, 0xff, ..] | [0, b'<', ..] => Some(wide(u16::from_be_bytes)),
        _ => {
            let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
            start.starts_with(b"<").then(|| String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

/// One element with its attributes.
pub(super) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub at: u64,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a document through: each element, in order, with the name of the one that it stands in.
pub(super) fn read(
    source: &mut dyn Source,
    limits: &Limits,
    findings: &mut Findings,
    mut each: impl FnMut(&mut Findings, &Element, Option<&str>),
) -> Result<(), Stop> {
    let bytes = crate::whole(source, limits)?;
    let text = match String::from_utf8(bytes) {
        Ok(text) if !text.starts_with("<\0") && !text.starts_with("\0<") => text,
        Ok(text) => decode(text.as_bytes()).unwrap_or_default(),
        Err(e) => decode(e.as_bytes()).unwrap_or_default(),
    };
    let mut reader = quick_xml::Reader::from_str(&text);
    let mut open: Vec<String> = Vec::new();
    let mut elements = 0u64;
    loop {
        let at = reader.buffer_position();
        let event = reader.read_event().map_err(|e| broken(at, &e.to_string()))?;
        match event {
            Event::Start(tag) => {
                elements += 1;
                let element = element(&tag, at, findings)?;
                each(findings, &element, open.last().map(String::as_str));
                open.push(element.name);
            }
            Event::Empty(tag) => {
                elements += 1;
                let element = element(&tag, at, findings)?;
                each(findings, &element, open.last().map(String::as_str));
            }
            Event::End(_) => drop(open.pop()),
            Event::DocType(declaration) => document_type(&declaration, at, findings),
            Event::GeneralRef(name) if !name.is_char_ref() && !OWN_NAMES.contains(&&*name) => {
                entity(&name, at, findings)
            }
            Event::PI(order) if order.trim_start().starts_with("xml-stylesheet") => {
                see(order.trim(), Text::new("内容要求套用样式表", "its content asks for a style sheet"), at, findings);
            }
            Event::Decl(declaration) => {
                if let Some(Ok(encoding)) = declaration.encoding() {
                    check_encoding(&encoding, findings);
                }
            }
            Event::Eof => break,
            _ => {}
        }
        if elements > limits.entries.saturating_mul(ELEMENTS_PER_ENTRY) {
            return Err(Stop::Limit("entries", limits.entries));
        }
        if open.len() as u64 > u64::from(limits.depth) * NESTING_PER_DEPTH {
            return Err(Stop::Limit("depth", u64::from(limits.depth)));
        }
    }
    if open.is_empty() { Ok(()) } else { Err(broken(text.len() as u64, "an element is not closed")) }
}

fn broken(at: u64, reason: &str) -> Stop {
    let reason = shown(reason);
    Stop::Malformed(at, Text::new(format!("XML 有误（{reason}）"), format!("the XML is wrong ({reason})")))
}

fn element(tag: &BytesStart<'_>, at: u64, findings: &mut Findings) -> Result<Element, Stop> {
    let mut attributes = Vec::new();
    // Quadratic checks for doubles are off: the number of attributes is the file's choice.
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|e| broken(at, &e.to_string()))?;
        let value = match attribute.normalized_value(XmlVersion::Explicit1_0) {
            Ok(value) => value.into_owned(),
            // A name of an entity that the document declares, or nobody.
            Err(_) => {
                entity(&attribute.value, at, findings);
                attribute.value.to_string()
            }
        };
        if attributes.len() >= ATTRIBUTES {
            return Err(Stop::Limit("entries", ATTRIBUTES as u64));
        }
        attributes.push((attribute.key.as_ref().to_owned(), value));
    }
    let name = tag.local_name().as_ref().to_owned();
    let element = Element { name, attributes, at };
    // Neither PMML nor OpenVINO has an element of this name, whatever its prefix stands for.
    if element.name == "include"
        && let Some(href) = element.attribute("href")
    {
        inclusion(href, at, findings);
    }
    let schema = element.attributes.iter().filter(|(key, _)| key.ends_with("chemaLocation"));
    for (_, places) in schema.filter(|(_, places)| places.contains("file:") || places.contains("..")) {
        see(places, Text::new("模式取自另一个文件", "its schema is another file"), at, findings);
    }
    Ok(element)
}

/// A document type that declares entities, or is taken from elsewhere.
fn document_type(declaration: &str, at: u64, findings: &mut Findings) {
    let upper = declaration.to_ascii_uppercase();
    let declares = upper.contains("<!ENTITY");
    let outside = upper.split_whitespace().any(|word| matches!(word, "SYSTEM" | "PUBLIC"));
    let reason = match (declares, outside) {
        (_, true) => Text::new("文档类型引用外部内容", "its document type takes content from elsewhere"),
        (true, false) => Text::new("文档类型声明了实体", "its document type declares entities"),
        (false, false) => return,
    };
    see(declaration.trim(), reason, at, findings);
}

fn entity(name: &str, at: u64, findings: &mut Findings) {
    see(name, Text::new("内容引用了实体", "its content refers to an entity"), at, findings);
}

fn inclusion(href: &str, at: u64, findings: &mut Findings) {
    see(href, Text::new("内容要求包含另一个文件", "its content includes another file"), at, findings);
}

fn see(name: &str, reason: Text, at: u64, findings: &mut Findings) {
    let sighting = Sighting::new("model.graph-xml-entity").key(name).at(at).with("name", name);
    findings.see(sighting.with_text("reason", reason));
}

fn check_encoding(encoding: &str, findings: &mut Findings) {
    let known = ["utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be", "iso-8859-1", "windows-1252"];
    if !known.contains(&encoding.to_ascii_lowercase().as_str()) {
        let encoding = shown(encoding);
        findings.see(Sighting::not_inspected(
            format!("XML 使用编码 {encoding}，无法可靠读取"),
            format!("its XML is encoded in {encoding}, which is not read reliably"),
        ));
    }
}
