//! Word documents of headings, paragraphs and tables: the few parts of ECMA-376 that these need, and no more.

use std::io::{Cursor, Write};

use jingwei_core::Timestamp;
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use crate::Error;

/// A document is a list of these.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    Title(String),
    /// Level 1 or 2.
    Heading(u8, String),
    Paragraph(String),
    /// The first row is the header; how wide the columns are, one against the other.
    Table(Vec<Vec<String>>, Vec<u16>),
}

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>"#;
const DOCUMENT_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="宋体"/><w:sz w:val="21"/><w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="80" w:line="300" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style><w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/><w:pPr><w:jc w:val="center"/><w:spacing w:before="240" w:after="240"/></w:pPr><w:rPr><w:rFonts w:eastAsia="黑体"/><w:b/><w:sz w:val="36"/></w:rPr></w:style><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="240" w:after="120"/><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:rFonts w:eastAsia="黑体"/><w:b/><w:sz w:val="28"/></w:rPr></w:style><w:style w:type="paragraph" w:styleId="Heading2"><w:name w:val="heading 2"/><w:basedOn w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="160" w:after="80"/><w:outlineLvl w:val="1"/></w:pPr><w:rPr><w:rFonts w:eastAsia="黑体"/><w:b/><w:sz w:val="24"/></w:rPr></w:style><w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr><w:tblCellMar><w:left w:w="80" w:type="dxa"/><w:right w:w="80" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style></w:styles>"#;
/// Width between the margins, in twentieths of a point.
const TEXT_WIDTH: usize = 14_500;

/// A document as a file. Equal blocks and times give equal bytes.
pub(crate) fn docx(title: &str, blocks: &[Block], now: Timestamp) -> Result<Vec<u8>, Error> {
    let failed = |e: zip::result::ZipError| Error::failed("无法写出 docx", "cannot write a docx file").because(e);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // The time of an entry is the same in every file: the document's own date stands in its properties.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    for (name, text) in [
        ("[Content_Types].xml", CONTENT_TYPES.to_owned()),
        ("_rels/.rels", RELATIONS.to_owned()),
        ("docProps/core.xml", properties(title, now)),
        ("word/document.xml", document(blocks)),
        ("word/styles.xml", STYLES.to_owned()),
        ("word/_rels/document.xml.rels", DOCUMENT_RELATIONS.to_owned()),
    ] {
        archive.start_file(name, options).map_err(failed)?;
        archive.write_all(text.as_bytes()).map_err(|e| failed(e.into()))?;
    }
    Ok(archive.finish().map_err(failed)?.into_inner())
}

fn properties(title: &str, now: Timestamp) -> String {
    let (title, day) = (escaped(title), now.date());
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{title}</dc:title><dc:creator>Jingwei</dc:creator><dcterms:created xsi:type="dcterms:W3CDTF">{day}T00:00:00Z</dcterms:created></cp:coreProperties>"#
    )
}

fn document(blocks: &[Block]) -> String {
    let mut body = String::from(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>"#,
    );
    for block in blocks {
        match block {
            Block::Title(text) => paragraph(&mut body, Some("Title"), text, false),
            Block::Heading(level, text) => paragraph(&mut body, Some(&format!("Heading{level}")), text, false),
            Block::Paragraph(text) => paragraph(&mut body, None, text, false),
            Block::Table(rows, widths) => table(&mut body, rows, widths),
        }
    }
    body.push_str(
        r#"<w:sectPr><w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/><w:pgMar w:top="1440" w:right="1153" w:bottom="1440" w:left="1153" w:header="851" w:footer="992" w:gutter="0"/></w:sectPr></w:body></w:document>"#,
    );
    body
}

fn paragraph(body: &mut String, style: Option<&str>, text: &str, bold: bool) {
    body.push_str("<w:p>");
    if let Some(style) = style {
        body.push_str(&format!(r#"<w:pPr><w:pStyle w:val="{style}"/></w:pPr>"#));
    }
    body.push_str(if bold { "<w:r><w:rPr><w:b/></w:rPr>" } else { "<w:r>" });
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            body.push_str("<w:br/>");
        }
        body.push_str(&format!(r#"<w:t xml:space="preserve">{}</w:t>"#, escaped(line)));
    }
    body.push_str("</w:r></w:p>");
}

fn table(body: &mut String, rows: &[Vec<String>], widths: &[u16]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let share = |column: usize| usize::from(widths.get(column).copied().unwrap_or(10).max(1));
    let all: usize = (0..columns).map(share).sum();
    let width = |column: usize| TEXT_WIDTH * share(column) / all;
    let edge = |side: &str| format!(r#"<w:{side} w:val="single" w:sz="4" w:space="0" w:color="808080"/>"#);
    let edges: String = ["top", "left", "bottom", "right", "insideH", "insideV"].map(edge).concat();
    body.push_str(&format!(
        r#"<w:tbl><w:tblPr><w:tblW w:w="{TEXT_WIDTH}" w:type="dxa"/><w:tblBorders>{edges}</w:tblBorders></w:tblPr><w:tblGrid>"#
    ));
    (0..columns).for_each(|column| body.push_str(&format!(r#"<w:gridCol w:w="{}"/>"#, width(column))));
    body.push_str("</w:tblGrid>");
    for (index, row) in rows.iter().enumerate() {
        body.push_str("<w:tr>");
        if index == 0 {
            body.push_str("<w:trPr><w:tblHeader/></w:trPr>");
        }
        for column in 0..columns {
            body.push_str(&format!(r#"<w:tc><w:tcPr><w:tcW w:w="{}" w:type="dxa"/></w:tcPr>"#, width(column)));
            paragraph(body, None, row.get(column).map_or("", String::as_str), index == 0);
            body.push_str("</w:tc>");
        }
        body.push_str("</w:tr>");
    }
    // Two tables that touch become one, and a document must not end with a table.
    body.push_str("</w:tbl><w:p/>");
}

/// As XML 1.0 allows it: what it has no place for is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => escaped.push(c),
        }
    }
    escaped
}
