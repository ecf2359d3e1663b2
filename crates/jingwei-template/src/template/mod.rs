//! Chat templates: programs that come with a model and run in the program that loads it.

mod ast;
mod emitted;
mod escapes;
mod evaluate;
mod expressions;
mod findings;
mod folding;
mod lexer;
mod names;
mod operate;
pub(crate) mod phrases;
mod recursion;
mod statements;
mod value;
mod walk;

use jingwei_core::Limits;
use jingwei_read::{Inspection, Sighting, Source};

pub(crate) use escapes::decoded;
use findings::Findings;
use lexer::{Fault, Token};
use walk::Walker;

use crate::read::{self, Content};

/// Longest template that is read. Honest ones have some thousand bytes.
const LONGEST: u64 = 256 << 10;

/// A template in a file of its own.
pub fn inspect_template(source: &mut dyn Source, limits: &Limits) -> Inspection {
    let bytes = match read::all(source, LONGEST.min(limits.header_bytes)) {
        Content::Bytes(bytes) => bytes,
        Content::Seen(mut inspection) => {
            if source.length() > LONGEST {
                inspection.sightings.insert(0, burden("template", source.length()));
            }
            return inspection;
        }
    };
    let (text, broken) = read::text(&bytes);
    let mut inspection = inspect_template_text(&text, limits);
    if let Some(offset) = broken {
        let offset = offset as u64;
        inspection.see(Sighting::malformed(offset, "模板不是有效的 UTF-8", "the template is not valid UTF-8"));
    }
    inspection.sightings.extend(read::unmarked_wide(&bytes));
    inspection
}

/// A template as a text, such as a value of a configuration. Offsets are bytes of this text.
pub fn inspect_template_text(text: &str, limits: &Limits) -> Inspection {
    let longest = LONGEST.min(limits.string_bytes);
    if text.len() as u64 > longest {
        let mut inspection = Inspection::default();
        inspection.see(burden("template", text.len() as u64));
        inspection.see(too_long(longest));
        return inspection;
    }
    let (tokens, mut fault) = lexer::tokens(text);
    if tokens.len() as u64 > limits.entries {
        let mut inspection = Inspection::default();
        inspection.see(Sighting::limit("entries", limits.entries));
        return inspection;
    }
    let parsed = statements::parse(&tokens, text.len(), limits.depth);
    let macros = tokens.windows(2).filter_map(|pair| match (&pair[0].token, &pair[1].token) {
        (Token::Name("macro"), Token::Name(name)) => Some(*name),
        _ => None,
    });
    let mut walker = Walker::new(macros.collect());
    walker.statements(&parsed.statements);
    let mut found = walker.finish();
    if let Some((name, offset)) = recursion::endless(&parsed.statements) {
        found.too_much(offset, name, u64::MAX);
    }
    if let Some((name, offset, calls)) = recursion::multiplied(&parsed.statements) {
        found.too_much(offset, name, calls);
    }
    fault = fault.or(parsed.fault);
    if let Some(fault) = &fault {
        search_blindly(&tokens, text, fault, &mut found);
    }
    let mut inspection = found.into_inspection();
    if parsed.too_deep {
        inspection.see(burden("nesting", u64::from(limits.depth)));
        inspection.see(Sighting::limit("depth", u64::from(limits.depth)));
    } else if let Some(fault) = fault {
        let zh = format!("模板在偏移 {} 处不合语法：{}", fault.offset, fault.zh);
        let en = format!("the template breaks its language at byte {}: {}", fault.offset, fault.en);
        if fault.is_open || fault.offset >= text.trim_end().len() {
            let reason = jingwei_core::Text::new(&*zh, &*en);
            inspection.see(Sighting::new("model.template-broken").at(fault.offset as u64).with_text("reason", reason));
        }
        inspection.see(Sighting::not_inspected(zh, en).at(fault.offset as u64));
    }
    inspection
}

/// No honest template is so large or so deep, and whoever renders it has to work for it.
pub(crate) fn burden(what: &str, size: u64) -> Sighting {
    Sighting::new("model.template-loop").key(what).with("what", what).with("size", &size.to_string())
}

fn too_long(longest: u64) -> Sighting {
    let zh = format!("模板超过 {longest} 字节");
    let en = format!("the template has more than {longest} bytes");
    Sighting::not_inspected(zh, en)
}

/// What cannot be parsed can still name what no template needs.
fn search_blindly(tokens: &[lexer::Spanned<'_>], text: &str, fault: &Fault, found: &mut Findings) {
    for pair in tokens.windows(2) {
        let name = match (&pair[0].token, &pair[1].token) {
            (Token::Sign("." | "|"), Token::Name(name)) => name,
            (Token::Sign("[" | "("), Token::Str(text, _)) => text.as_str(),
            _ => continue,
        };
        if names::is_dunder(name) {
            found.reach(name, pair[1].offset, false);
        }
    }
    let rest = text.get(fault.offset..).unwrap_or_default();
    for word in rest.split(|c: char| c != '_' && !c.is_alphanumeric()) {
        if names::is_dunder(word) {
            found.reach(word, fault.offset, false);
        }
    }
}
