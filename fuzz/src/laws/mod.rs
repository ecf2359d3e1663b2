//! One law per parser of untrusted bytes. Each takes any bytes and panics when it is broken.

mod lexicons;
mod models;
mod policies;
mod requests;
mod scans;
mod streams;
mod texts;

use std::ops::Range;

use jingwei_catalog::document::Problems;
use jingwei_core::Span;

pub use self::{
    lexicons::{lexicon, pack},
    models::heads,
    policies::policy,
    requests::request,
    scans::{
        bom, config, graph, hdf5, keras, lockfile, model, numpy, osv, pickle, signature, template, unpack, versions,
    },
    streams::stream,
    texts::{finders, normalizer},
};

/// Panics where it is broken.
pub type Law = fn(&[u8]);

/// Every law, by the name of its target and of its corpus.
pub const LAWS: [(&str, Law); 22] = [
    ("bom", bom),
    ("config", config),
    ("finders", finders),
    ("graph", graph),
    ("hdf5", hdf5),
    ("heads", heads),
    ("keras", keras),
    ("lexicon", lexicon),
    ("lockfile", lockfile),
    ("model", model),
    ("normalizer", normalizer),
    ("numpy", numpy),
    ("osv", osv),
    ("pack", pack),
    ("pickle", pickle),
    ("policy", policy),
    ("request", request),
    ("signature", signature),
    ("stream", stream),
    ("template", template),
    ("unpack", unpack),
    ("versions", versions),
];

fn assert_place(text: &str, span: Span, what: &str) {
    assert!(text.get(span.start..span.end).is_some(), "{what}: {span:?} is no part of {text:?}");
}

/// Every character of a changed text came from somewhere in the original, and those places go forward.
fn assert_map(original: &str, changed: &str, what: &str, place: impl Fn(Range<usize>) -> Span) {
    let mut last = Span { start: 0, end: 0 };
    for (at, c) in changed.char_indices() {
        let span = place(at..at + c.len_utf8());
        assert_place(original, span, what);
        assert!(span.start < span.end, "{what}: {c:?} at {at} came from nothing in {original:?}");
        let forward = span.start >= last.start && span.end >= last.end;
        assert!(forward, "{what}: {span:?} after {last:?} in {original:?}");
        last = span;
    }
    assert_place(original, place(0..changed.len()), what);
}

/// There are some, in both languages, and their lines exist.
fn assert_problems(bytes: &[u8], problems: &Problems) {
    let lines = 1 + bytes.iter().filter(|byte| **byte == b'\n').count();
    assert!(!problems.0.is_empty(), "an error without a problem");
    for problem in &problems.0 {
        assert!((1..=lines).contains(&problem.line), "line {} of {lines}: {problem:?}", problem.line);
        assert!(!problem.message.zh.is_empty() && !problem.message.en.is_empty(), "no message: {problem:?}");
    }
}

/// A file whose digest is right whatever stands in it, so that what lies behind the digest is reached: the header up to
/// the first zero byte, in which `name` is replaced by the digest of the rest, and the rest.
fn sealed_parts(bytes: &[u8], name: &str, body: impl Fn(&str, &[u8]) -> Vec<u8>) -> Option<(String, Vec<u8>)> {
    let at = bytes.iter().position(|byte| *byte == 0)?;
    let header = std::str::from_utf8(&bytes[..at]).ok()?;
    let body = body(header, &bytes[at + 1..]);
    Some((header.replace(name, &jingwei_core::Digest::of(&body).to_string()), body))
}
