//! The advisories that are at hand, as one file: a header line, sorted indexes, then one line of JSON per record.
//!
//! Opening reads the header and the indexes; a record is read when a package asks for it.

use jingwei_core::{Digest, Hasher};
use jingwei_core::{Ecosystem, Limits, Timestamp};
use jingwei_read::Source;
use serde::{Deserialize, Serialize};

use crate::{
    build::ImportSummary,
    exploits::{Exploited, Likelihood},
    lines::Lines,
    record::{Record, met_name},
};

pub(crate) const KIND: &str = "advisory-store";
pub(crate) const VERSION: u32 = 1;
/// The header line is shorter than this; it holds one entry per import.
const LONGEST_HEADER: u64 = 4 << 20;
/// Longest record, in bytes.
const LONGEST_RECORD: u64 = 64 << 20;
const PIECE: usize = 1 << 16;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the advisory store cannot be read: {reason}")]
    Read { reason: String },
    #[error("this is no advisory store; import advisories to make one")]
    NotAStore,
    #[error("the advisory store has version {version}, and {VERSION} is known; import the advisories again")]
    Version { version: u32 },
    #[error("the advisory store is damaged at {part}; import the advisories again")]
    Damaged { part: String },
    #[error("the advisory store's {part} crosses the limit {limit} ({value})")]
    Limit { part: &'static str, limit: &'static str, value: u64 },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) kind: String,
    pub(crate) version: u32,
    pub(crate) sections: Sections,
    pub(crate) count: u64,
    /// Of everything below the header.
    pub(crate) digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) newest: Option<Timestamp>,
    pub(crate) imports: Vec<ImportSummary>,
}

/// Lengths in bytes, in the order in which they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sections {
    pub(crate) packages: u64,
    pub(crate) exploited: u64,
    pub(crate) likelihood: u64,
    pub(crate) records: u64,
}

/// An open store.
pub struct Store {
    source: Box<dyn Source + Send>,
    pub(crate) header: Header,
    pub(crate) packages: Lines,
    pub(crate) exploited: Lines,
    pub(crate) likelihood: Lines,
    records_at: u64,
}

/// How old what is known is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Freshness {
    /// The newest change that any record tells of.
    pub newest: Option<Timestamp>,
    /// Whole days since then; `None` where no record has a time.
    pub age_days: Option<i64>,
    /// Older than asked for, or of unknown age: what is not found may only be not known yet.
    pub stale: bool,
}

impl Store {
    pub fn open(mut source: Box<dyn Source + Send>, limits: &Limits) -> Result<Self, StoreError> {
        let line = header_line(&mut source)?;
        let below = line.len() as u64 + 1;
        let version: Versioned = serde_json::from_slice(&line).map_err(|_| StoreError::NotAStore)?;
        if version.kind != KIND {
            return Err(StoreError::NotAStore);
        }
        if version.version != VERSION {
            return Err(StoreError::Version { version: version.version });
        }
        let header: Header = serde_json::from_slice(&line).map_err(|_| damaged("its header"))?;
        let sections = header.sections;
        let mut at = below;
        let mut section = |part: &'static str, length: u64| {
            let bytes = read_exactly(&mut source, at, length, part, limits.header_bytes)?;
            at = at.saturating_add(length);
            Lines::read(bytes).map_err(|_| damaged(part))
        };
        let packages = section("the index of packages", sections.packages)?;
        let exploited = section("the index of exploited faults", sections.exploited)?;
        let likelihood = section("the index of likelihoods", sections.likelihood)?;
        if source.length() != at.saturating_add(sections.records) {
            return Err(damaged("its end"));
        }
        Ok(Self { source, header, packages, exploited, likelihood, records_at: at })
    }

    /// From bytes that are in memory.
    pub fn from_bytes(bytes: Vec<u8>, limits: &Limits) -> Result<Self, StoreError> {
        Self::open(Box::new(bytes), limits)
    }

    /// Reads everything and compares it with the digest in the header.
    pub fn verify(&mut self) -> Result<(), StoreError> {
        let sections = self.header.sections;
        let start = self.records_at - sections.packages - sections.exploited - sections.likelihood;
        let mut hasher = Hasher::default();
        let mut piece = vec![0; PIECE];
        let mut at = start;
        loop {
            let count = self.source.read_at(at, &mut piece).map_err(|reason| StoreError::Read { reason })?;
            if count == 0 {
                break;
            }
            hasher.update(&piece[..count]);
            at += count as u64;
        }
        if hasher.finish() == self.header.digest { Ok(()) } else { Err(damaged("its digest")) }
    }

    /// Number of records.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.header.count
    }

    /// What was imported, oldest first.
    #[must_use]
    pub fn imports(&self) -> &[ImportSummary] {
        &self.header.imports
    }

    /// Of everything that decides answers: evidence of another digest was made from other advisories.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.header.digest
    }

    #[must_use]
    pub fn freshness(&self, now: Timestamp, stale_after_days: i64) -> Freshness {
        let newest = self.header.newest;
        let age_days = newest.map(|newest| now.days_since(newest));
        Freshness { newest, age_days, stale: age_days.is_none_or(|days| days > stale_after_days) }
    }

    /// What is known about a package, in the order of the records' ids.
    pub fn records(&mut self, ecosystem: Ecosystem, name: &str) -> Result<Vec<Record>, StoreError> {
        let key = package_key(ecosystem, &met_name(ecosystem, name));
        let Some(places) = self.packages.find(&key).map(ToOwned::to_owned) else { return Ok(Vec::new()) };
        places.split(' ').map(|place| self.record_at(place)).collect()
    }

    /// `offset:length` within the records.
    pub(crate) fn record_at(&mut self, place: &str) -> Result<Record, StoreError> {
        let bad = || damaged("a record");
        let (offset, length) = place.split_once(':').ok_or_else(bad)?;
        let (offset, length): (u64, u64) = (offset.parse().map_err(|_| bad())?, length.parse().map_err(|_| bad())?);
        if offset.checked_add(length).is_none_or(|end| end > self.header.sections.records) {
            return Err(bad());
        }
        let bytes = read_exactly(&mut self.source, self.records_at + offset, length, "record", LONGEST_RECORD)?;
        serde_json::from_slice(&bytes).map_err(|_| bad())
    }

    /// All lines of records, for a store that is built from this one.
    pub(crate) fn all_records(&mut self) -> Result<Vec<u8>, StoreError> {
        let length = self.header.sections.records;
        read_exactly(&mut self.source, self.records_at, length, "records", u64::MAX)
    }

    #[must_use]
    pub fn exploited(&self, cve: &str) -> Option<Exploited> {
        serde_json::from_str(self.exploited.find(cve)?).ok()
    }

    #[must_use]
    pub fn likelihood(&self, cve: &str) -> Option<Likelihood> {
        let mut parts = self.likelihood.find(cve)?.split(' ');
        Some(Likelihood {
            score_ppm: parts.next()?.parse().ok()?,
            percentile_ppm: parts.next()?.parse().ok()?,
            date: parts.next().and_then(|day| day.parse().ok()),
        })
    }
}

/// What every version of the header has.
#[derive(Deserialize)]
struct Versioned {
    kind: String,
    version: u32,
}

pub(crate) fn package_key(ecosystem: Ecosystem, name: &str) -> String {
    format!("{}\t{name}", ecosystem.osv())
}

fn damaged(part: &str) -> StoreError {
    StoreError::Damaged { part: part.to_owned() }
}

fn header_line(source: &mut dyn Source) -> Result<Vec<u8>, StoreError> {
    let mut line = Vec::new();
    let mut piece = vec![0; PIECE];
    while (line.len() as u64) < LONGEST_HEADER {
        let count = source.read_at(line.len() as u64, &mut piece).map_err(|reason| StoreError::Read { reason })?;
        if count == 0 {
            return Err(StoreError::NotAStore);
        }
        if let Some(end) = piece[..count].iter().position(|b| *b == b'\n') {
            line.extend_from_slice(&piece[..end]);
            return Ok(line);
        }
        line.extend_from_slice(&piece[..count]);
    }
    Err(StoreError::NotAStore)
}

/// A claimed length takes no more memory than the source has bytes.
fn read_exactly(
    source: &mut dyn Source,
    offset: u64,
    length: u64,
    part: &'static str,
    longest: u64,
) -> Result<Vec<u8>, StoreError> {
    if length > longest {
        return Err(StoreError::Limit { part, limit: "header_bytes", value: longest });
    }
    if offset.checked_add(length).is_none_or(|end| end > source.length()) {
        return Err(damaged(part));
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| damaged(part))?];
    let count = source.read_at(offset, &mut bytes).map_err(|reason| StoreError::Read { reason })?;
    if count < bytes.len() { Err(damaged(part)) } else { Ok(bytes) }
}
