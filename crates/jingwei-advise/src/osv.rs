//! Records of the OSV schema 1.7, as JSON and as YAML. Fields that are not known are passed over.

use jingwei_core::{Ecosystem, Limits, Text, Timestamp};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{
    document,
    flaw::Flaw,
    record::{
        Affected, Event, KEPT_REFERENCES, KEPT_SUMMARY, LONGEST_NAME, MOST_NAMES, MOST_UPSTREAM, MOST_VERSIONS, Nature,
        Range, RangeKind, Record,
    },
    severity,
    versions::Scheme,
};

/// One record as JSON: a member of an `all.zip`. `None` where it is about no ecosystem that is known here.
pub fn read_json(bytes: &[u8], limits: &Limits) -> Result<Option<Record>, Flaw> {
    document::json::<Document>(bytes, limits)?.record()
}

/// One record as YAML, as the pypa advisory database keeps them.
pub fn read_yaml(bytes: &[u8], limits: &Limits) -> Result<Option<Record>, Flaw> {
    document::yaml::<Document>(bytes, limits)?.record()
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    id: String,
    #[serde(default)]
    modified: Option<String>,
    #[serde(default)]
    withdrawn: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    aliases: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    upstream: Vec<String>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    details: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    severity: Vec<SeverityEntry>,
    #[serde(default, deserialize_with = "nullable")]
    affected: Vec<AffectedEntry>,
    #[serde(default, deserialize_with = "nullable")]
    references: Vec<Reference>,
    #[serde(default)]
    database_specific: Option<Value>,
}

#[derive(Deserialize)]
struct SeverityEntry {
    #[serde(default)]
    score: String,
}

#[derive(Deserialize)]
struct AffectedEntry {
    #[serde(default)]
    package: Option<PackageEntry>,
    #[serde(default, deserialize_with = "nullable")]
    severity: Vec<SeverityEntry>,
    #[serde(default, deserialize_with = "nullable")]
    ranges: Vec<RangeEntry>,
    #[serde(default, deserialize_with = "nullable")]
    versions: Vec<String>,
    #[serde(default)]
    ecosystem_specific: Option<Value>,
    #[serde(default)]
    database_specific: Option<Value>,
}

#[derive(Deserialize)]
struct PackageEntry {
    #[serde(default)]
    ecosystem: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct RangeEntry {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "nullable")]
    events: Vec<EventEntry>,
}

#[derive(Deserialize)]
struct EventEntry {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    url: String,
}

/// `null` where a list should be is an empty list.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Document {
    fn record(self) -> Result<Option<Record>, Flaw> {
        let id = name("id", self.id)?;
        at_most("aliases", self.aliases.len(), MOST_NAMES)?;
        at_most("upstream", self.upstream.len(), MOST_UPSTREAM)?;
        let informational = self.affected.iter().any(|entry| word(&entry.database_specific, "informational").is_some());
        let nature = if id.starts_with("MAL-") || self.aliases.iter().any(|alias| alias.starts_with("MAL-")) {
            Nature::Malicious
        } else if informational {
            Nature::Informational
        } else {
            Nature::Vulnerability
        };
        let vectors = self.severity.iter().chain(self.affected.iter().flat_map(|entry| &entry.severity));
        let rating = severity::worst(vectors.filter_map(|entry| severity::of_vector(&entry.score)))
            .or_else(|| word(&self.database_specific, "severity").and_then(severity::of_word));
        let cwe = list(&self.database_specific, "cwe_ids");
        let text = self.summary.filter(|text| !text.trim().is_empty()).or(self.details);
        let mut affected = Vec::new();
        for entry in self.affected {
            affected.extend(entry.affected()?);
        }
        if affected.is_empty() {
            return Ok(None);
        }
        let urls = self.references.into_iter().map(|reference| reference.url);
        Ok(Some(Record {
            id,
            aliases: self.aliases.into_iter().map(|alias| name("aliases", alias)).collect::<Result<_, _>>()?,
            upstream: self.upstream.into_iter().map(|id| name("upstream", id)).collect::<Result<_, _>>()?,
            modified: self.modified.map(|time| instant("modified", &time)).transpose()?,
            withdrawn: self.withdrawn.map(|time| instant("withdrawn", &time)).transpose()?,
            title: text.as_deref().and_then(first_line).map(Text::same),
            rating,
            cwe,
            references: urls.filter(|url| url.len() <= 1000).take(KEPT_REFERENCES).collect(),
            nature,
            exploited: false,
            unverified: false,
            source: String::new(),
            affected,
        }))
    }
}

impl AffectedEntry {
    /// `None` where its ecosystem is not known here, or where it names commits and no package.
    fn affected(self) -> Result<Option<Affected>, Flaw> {
        let Some(package) = self.package else { return Ok(None) };
        let Some(ecosystem) = Ecosystem::of_osv(&package.ecosystem) else { return Ok(None) };
        let release = package.ecosystem.split_once(':').map(|(_, release)| release.to_owned());
        let mut affected = Affected::new(ecosystem, &name("name", package.name)?);
        affected.release = release;
        if Scheme::of_ecosystem(ecosystem).is_none() {
            affected.scheme = word(&self.ecosystem_specific, "version_scheme").and_then(Scheme::of_code);
        }
        let events: usize = self.ranges.iter().map(|range| range.events.len()).sum();
        at_most("versions", self.versions.len().saturating_add(events), MOST_VERSIONS)?;
        affected.versions = self.versions;
        let end = word(&self.database_specific, "last_known_affected_version_range").and_then(known_end);
        for range in self.ranges {
            let kind = match range.kind.as_str() {
                "SEMVER" => RangeKind::Semver,
                "ECOSYSTEM" => RangeKind::Ecosystem,
                "GIT" => RangeKind::Git,
                other => return Err(Flaw::bad("ranges.type", other)),
            };
            let mut events: Vec<Event> = range.events.into_iter().flat_map(EventEntry::events).collect();
            if kind != RangeKind::Git && events.iter().all(|event| matches!(event, Event::Introduced(_))) {
                events.extend(end.clone());
            }
            affected.ranges.push(Range { kind, events });
        }
        Ok(Some(affected))
    }
}

/// GitHub's database tells where a range ends beside the range when no fixed version is published: `<= 2.3.2`,
/// `< 0.20.2`. Without that end every later version would count as affected.
fn known_end(text: &str) -> Option<Event> {
    let text = text.trim();
    match text.strip_prefix("<=") {
        Some(last) => Some(Event::LastAffected(last.trim().to_owned())),
        None => Some(Event::Fixed(text.strip_prefix('<')?.trim().to_owned())),
    }
}

impl EventEntry {
    /// The schema wants one key per event; older records have two.
    fn events(self) -> impl Iterator<Item = Event> {
        [
            self.introduced.map(Event::Introduced),
            self.fixed.map(Event::Fixed),
            self.last_affected.map(Event::LastAffected),
            self.limit.map(Event::Limit),
        ]
        .into_iter()
        .flatten()
    }
}

pub(crate) fn at_most(limit: &'static str, count: usize, most: usize) -> Result<(), Flaw> {
    if count > most { Err(Flaw::Limit { limit, value: most as u64 }) } else { Ok(()) }
}

/// An id or name that can stand in a line of the store.
pub(crate) fn name(field: &'static str, text: String) -> Result<String, Flaw> {
    if text.trim().is_empty() {
        return Err(Flaw::Missing { field });
    }
    if text.len() > LONGEST_NAME || text.chars().any(char::is_control) {
        return Err(Flaw::bad(field, &text));
    }
    Ok(text)
}

pub(crate) fn instant(field: &'static str, text: &str) -> Result<Timestamp, Flaw> {
    text.trim().parse().map_err(|_| Flaw::bad(field, text))
}

/// The first line that says something, without marks of headings.
pub(crate) fn first_line(text: &str) -> Option<String> {
    let line = text.lines().map(|line| line.trim_start_matches('#').trim()).find(|line| !line.is_empty())?;
    Some(line.chars().take(KEPT_SUMMARY).collect())
}

fn word<'a>(table: &'a Option<Value>, key: &str) -> Option<&'a str> {
    table.as_ref()?.get(key)?.as_str()
}

fn list(table: &Option<Value>, key: &str) -> Vec<String> {
    let entries = table.as_ref().and_then(|table| table.get(key)).and_then(Value::as_array);
    let texts = entries.into_iter().flatten().filter_map(Value::as_str);
    texts.filter(|text| text.len() <= 20).take(20).map(ToOwned::to_owned).collect()
}
