//! Makes a store from what was imported. A bad record is reported and left out; the rest is kept.

use std::collections::BTreeMap;

use jingwei_core::{Digest, Hasher, Limits, Timestamp};
use jingwei_read::shown;
use serde::{Deserialize, Serialize};

use crate::{
    advisory::Advisory,
    exploits::{self, Exploited, Likelihood, Rows},
    flaw::Flaw,
    lines::Lines,
    osv,
    record::Record,
    rustsec,
    store::{Header, KIND, Sections, Store, StoreError, VERSION, package_key},
};

/// Most rejected records that a report names; the others are counted.
const NAMED_REJECTIONS: usize = 100;

/// One import, as the store remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSummary {
    /// Such as `osv/PyPI` or `kev`.
    pub source: String,
    pub at: Timestamp,
    /// Of the bytes that came in, in the order in which they came.
    pub digest: Digest,
    /// As the source names its edition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    pub counts: ImportCounts,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCounts {
    pub read: u64,
    /// New, or newer than what was there.
    pub taken: u64,
    /// The store has the same or a newer one.
    pub older: u64,
    /// Withdrawn by their authors: kept, never matched.
    pub withdrawn: u64,
    /// About ecosystems that are not known here.
    pub elsewhere: u64,
    pub rejected: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    pub summary: ImportSummary,
    /// Name of the member or row, and why; the first hundred.
    pub rejected: Vec<(String, Flaw)>,
}

/// Collects records until they are written.
#[derive(Default)]
pub struct StoreBuilder {
    records: BTreeMap<String, Kept>,
    exploited: BTreeMap<String, Exploited>,
    likelihood: BTreeMap<String, Likelihood>,
    imports: Vec<ImportSummary>,
}

/// Already as it is written, which takes a third of the memory.
struct Kept {
    line: Vec<u8>,
    modified: Option<Timestamp>,
    keys: Vec<String>,
}

impl StoreBuilder {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts from what a store holds.
    pub fn from_store(store: &mut Store) -> Result<Self, StoreError> {
        let mut builder = Self { imports: store.header.imports.clone(), ..Self::default() };
        let records = store.all_records()?;
        for line in records.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            let record: Record =
                serde_json::from_slice(line).map_err(|_| StoreError::Damaged { part: "a record".to_owned() })?;
            builder.records.insert(record.id.clone(), Kept::new(&record, line.to_vec()));
        }
        for (cve, _) in store.exploited.iter() {
            builder.exploited.extend(store.exploited(cve).map(|exploited| (cve.to_owned(), exploited)));
        }
        for (cve, _) in store.likelihood.iter() {
            builder.likelihood.extend(store.likelihood(cve).map(|likelihood| (cve.to_owned(), likelihood)));
        }
        Ok(builder)
    }

    /// Begins an import; give it documents and then [`finish`](Import::finish) it.
    pub fn import<'a>(&'a mut self, source: &str, at: Timestamp, limits: &'a Limits) -> Import<'a> {
        let source = shown(source);
        let counts = ImportCounts::default();
        Import {
            builder: self,
            limits,
            source,
            at,
            edition: None,
            hasher: Hasher::default(),
            counts,
            rejected: Vec::new(),
        }
    }

    /// The bytes of the store. The same content gives the same bytes.
    pub fn write(&self) -> Result<Vec<u8>, StoreError> {
        let unwritable = |e: serde_json::Error| StoreError::Read { reason: e.to_string() };
        let mut records = Vec::new();
        let mut places: BTreeMap<&str, String> = BTreeMap::new();
        for kept in self.records.values() {
            let place = format!("{}:{}", records.len(), kept.line.len());
            for key in &kept.keys {
                let places = places.entry(key).or_default();
                if !places.is_empty() {
                    places.push(' ');
                }
                places.push_str(&place);
            }
            records.extend_from_slice(&kept.line);
            records.push(b'\n');
        }
        let packages = Lines::write(places.into_iter().map(|(key, places)| (key.to_owned(), places)));
        let mut exploited = Vec::new();
        for (cve, entry) in &self.exploited {
            exploited.push((cve.clone(), serde_json::to_string(entry).map_err(unwritable)?));
        }
        let exploited = Lines::write(exploited);
        let likelihood = Lines::write(self.likelihood.iter().map(|(cve, entry)| {
            let date = entry.date.map(|date| format!(" {date}")).unwrap_or_default();
            (cve.clone(), format!("{} {}{date}", entry.score_ppm, entry.percentile_ppm))
        }));
        let parts = [packages.as_bytes(), exploited.as_bytes(), likelihood.as_bytes(), &records];
        let mut hasher = Hasher::default();
        parts.iter().for_each(|part| hasher.update(part));
        let header = Header {
            kind: KIND.to_owned(),
            version: VERSION,
            sections: Sections {
                packages: parts[0].len() as u64,
                exploited: parts[1].len() as u64,
                likelihood: parts[2].len() as u64,
                records: parts[3].len() as u64,
            },
            count: self.records.len() as u64,
            digest: hasher.finish(),
            newest: self.records.values().filter_map(|kept| kept.modified).max(),
            imports: self.imports.clone(),
        };
        let mut bytes = serde_json::to_vec(&header).map_err(unwritable)?;
        bytes.push(b'\n');
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        Ok(bytes)
    }
}

impl Kept {
    fn new(record: &Record, line: Vec<u8>) -> Self {
        let mut keys: Vec<String> =
            record.affected.iter().map(|affected| package_key(affected.ecosystem, &affected.name)).collect();
        keys.sort();
        keys.dedup();
        Self { line, modified: record.modified, keys }
    }
}

/// An import under way. Each document is taken or reported by itself.
pub struct Import<'a> {
    builder: &'a mut StoreBuilder,
    limits: &'a Limits,
    source: String,
    at: Timestamp,
    edition: Option<String>,
    hasher: Hasher,
    counts: ImportCounts,
    rejected: Vec<(String, Flaw)>,
}

impl Import<'_> {
    /// One OSV record: a member of an `all.zip`.
    pub fn osv_json(&mut self, name: &str, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.take(name, osv::read_json(bytes, self.limits));
    }

    /// One OSV record in YAML, as the pypa database has them.
    pub fn osv_yaml(&mut self, name: &str, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.take(name, osv::read_yaml(bytes, self.limits));
    }

    /// One advisory of the RustSec database.
    pub fn rustsec(&mut self, name: &str, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.take(name, rustsec::read(bytes, self.limits).map(Some));
    }

    /// One advisory of the catalog.
    pub fn advisory(&mut self, advisory: &Advisory) {
        if let Ok(bytes) = serde_json::to_vec(advisory) {
            self.hasher.update(&bytes);
        }
        self.take(&advisory.id, advisory.record().map(Some));
    }

    /// The whole KEV catalogue, JSON or CSV. It replaces the one before.
    pub fn kev(&mut self, name: &str, bytes: &[u8]) {
        self.hasher.update(bytes);
        match exploits::read_kev(bytes, self.limits) {
            Ok(rows) => {
                if let Some(table) = self.rows(name, rows) {
                    self.builder.exploited = table;
                }
            }
            Err(flaw) => self.reject(name, flaw),
        }
    }

    /// The whole EPSS table. It replaces the one before.
    pub fn epss(&mut self, name: &str, bytes: &[u8]) {
        self.hasher.update(bytes);
        match exploits::read_epss(bytes, self.limits) {
            Ok(rows) => {
                if let Some(table) = self.rows(name, rows) {
                    self.builder.likelihood = table;
                }
            }
            Err(flaw) => self.reject(name, flaw),
        }
    }

    pub fn finish(self) -> ImportReport {
        let summary = ImportSummary {
            source: self.source,
            at: self.at,
            digest: self.hasher.finish(),
            edition: self.edition,
            counts: self.counts,
        };
        // The store remembers the last import of each source.
        self.builder.imports.retain(|import| import.source != summary.source);
        self.builder.imports.push(summary.clone());
        ImportReport { summary, rejected: self.rejected }
    }

    /// `None` where not one row was good: what was there before is better than nothing.
    fn rows<T>(&mut self, name: &str, rows: Rows<T>) -> Option<BTreeMap<String, T>> {
        self.counts.read += rows.rows.len() as u64;
        self.edition = rows.edition;
        for (name, flaw) in rows.rejected {
            self.reject(&name, flaw);
        }
        let table: BTreeMap<String, T> = rows.rows.into_iter().collect();
        if table.is_empty() {
            self.reject(name, Flaw::Missing { field: "rows" });
            return None;
        }
        self.counts.taken += table.len() as u64;
        Some(table)
    }

    fn take(&mut self, name: &str, record: Result<Option<Record>, Flaw>) {
        let record = match record {
            Ok(Some(record)) => record,
            Ok(None) => {
                self.counts.read += 1;
                self.counts.elsewhere += 1;
                return;
            }
            Err(flaw) => return self.reject(name, flaw),
        };
        let older = self.builder.records.get(&record.id).is_some_and(|kept| kept.modified >= record.modified);
        if older {
            self.counts.read += 1;
            self.counts.older += 1;
            return;
        }
        let record = Record { source: self.source.clone(), ..record };
        match serde_json::to_vec(&record) {
            Ok(line) => {
                self.counts.read += 1;
                self.counts.taken += 1;
                self.counts.withdrawn += u64::from(record.withdrawn.is_some());
                self.builder.records.insert(record.id.clone(), Kept::new(&record, line));
            }
            Err(e) => self.reject(name, Flaw::malformed("JSON", &e)),
        }
    }

    fn reject(&mut self, name: &str, flaw: Flaw) {
        self.counts.read += 1;
        self.counts.rejected += 1;
        if self.rejected.len() < NAMED_REJECTIONS {
            self.rejected.push((shown(name), flaw));
        }
    }
}
