//! Advisories of the RustSec database: TOML between fences, then markdown.

use jingwei_core::{Ecosystem, Limits, Text, Timestamp};
use serde::Deserialize;

use crate::{
    flaw::{Flaw, check_size, utf8},
    osv::{at_most, first_line, name},
    record::{Affected, Event, KEPT_REFERENCES, MOST_NAMES, Nature, Range, RangeKind, Record},
    requirement, severity,
    span::{End, Span},
    versions::Scheme,
};

#[derive(Deserialize)]
struct Document {
    advisory: Front,
    #[serde(default)]
    versions: Versions,
}

#[derive(Deserialize)]
struct Front {
    id: String,
    package: String,
    date: Option<String>,
    withdrawn: Option<String>,
    cvss: Option<String>,
    informational: Option<String>,
    url: Option<String>,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    related: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Versions {
    #[serde(default)]
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

/// One advisory file.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Record, Flaw> {
    check_size(bytes, limits)?;
    let text = utf8(bytes, "RustSec")?;
    let (front, body) = fenced(text).ok_or(Flaw::Missing { field: "```toml" })?;
    let document: Document = toml::from_str(front).map_err(|e| Flaw::malformed("TOML", &e.message()))?;
    let advisory = document.advisory;
    at_most("aliases", advisory.aliases.len(), MOST_NAMES)?;
    let mut affected = Affected::new(Ecosystem::Cargo, &name("package", advisory.package)?);
    let events = affected_events(&document.versions)?;
    affected.ranges.push(Range { kind: RangeKind::Semver, events });
    let day = |field, day: Option<String>| day.map(|day| midnight(field, &day)).transpose();
    let references = advisory.url.into_iter().chain(advisory.references).filter(|url| url.len() <= 1000);
    Ok(Record {
        id: name("id", advisory.id)?,
        aliases: advisory.aliases.into_iter().map(|alias| name("aliases", alias)).collect::<Result<_, _>>()?,
        // What is only related is another fault.
        upstream: Vec::new(),
        modified: day("date", advisory.date)?,
        withdrawn: day("withdrawn", advisory.withdrawn)?,
        title: first_line(body).map(Text::same),
        rating: advisory.cvss.as_deref().and_then(severity::of_vector),
        cwe: Vec::new(),
        references: references
            .chain(advisory.related.into_iter().filter(|text| text.starts_with("http")))
            .take(KEPT_REFERENCES)
            .collect(),
        nature: if advisory.informational.is_some_and(|kind| kind != "unsound") {
            Nature::Informational
        } else {
            Nature::Vulnerability
        },
        exploited: false,
        unverified: false,
        source: String::new(),
        affected: vec![affected],
    })
}

fn fenced(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.trim_start().strip_prefix("```toml")?.split_once('\n')?;
    rest.split_once("\n```")
}

fn midnight(field: &'static str, day: &str) -> Result<Timestamp, Flaw> {
    Ok(day.parse::<jingwei_core::Date>().map_err(|_| Flaw::bad(field, day))?.start())
}

/// Everything between the stretches that are patched or never were affected.
fn affected_events(versions: &Versions) -> Result<Vec<Event>, Flaw> {
    let mut safe: Vec<Span> = Vec::new();
    for text in versions.patched.iter().chain(&versions.unaffected) {
        // What is safe has to be exact, and `!=` is passed over by the reader of requirements.
        let exact = !text.contains('!');
        let spans = exact.then(|| requirement::allowed(Ecosystem::Cargo, Scheme::Semver, text)).flatten();
        safe.extend(spans.ok_or_else(|| Flaw::bad("versions", text))?);
    }
    safe.sort_by(|a, b| {
        let low = |span: &Span| span.low.as_ref().map(|end| (end.version.clone(), !end.inside));
        low(a).cmp(&low(b))
    });
    let mut events = Vec::new();
    // Where what is not known to be safe begins; `None` once everything further on is safe.
    let mut from: Option<Event> = Some(Event::Introduced("0".to_owned()));
    let mut reached: Option<End> = None;
    for span in safe {
        if let Some(low) = &span.low {
            let beyond = reached.as_ref().is_none_or(|end| {
                end.version < low.version || (end.version == low.version && !end.inside && !low.inside)
            });
            if beyond && let Some(start) = from.take() {
                events.push(start);
                let text = low.text.clone();
                events.push(if low.inside { Event::Fixed(text) } else { Event::LastAffected(text) });
            }
        }
        let Some(high) = span.high else {
            return Ok(events);
        };
        let further = reached.as_ref().is_none_or(|end| (&end.version, end.inside) < (&high.version, high.inside));
        if further || from.is_none() {
            let end = if further { high } else { reached.take().unwrap_or(high) };
            let text = if end.inside { just_after(&end.text) } else { end.text.clone() };
            from = Some(Event::Introduced(text));
            reached = Some(end);
        }
    }
    events.extend(from);
    Ok(events)
}

/// The version that comes next in the order of SemVer: nothing lies between 1.0.0 and 1.0.1-0.
fn just_after(version: &str) -> String {
    let plain = version.split('+').next().unwrap_or(version);
    if plain.contains('-') {
        return format!("{plain}.0");
    }
    match plain.rsplit_once('.').and_then(|(front, patch)| Some((front, patch.parse::<u64>().ok()?.checked_add(1)?))) {
        Some((front, patch)) => format!("{front}.{patch}-0"),
        None => plain.to_owned(),
    }
}
