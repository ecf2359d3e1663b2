//! Every file below a directory, sorted by what the ledger calls it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use jingwei_core::{Digest, Limits};

use super::{Findings, What};
use crate::{
    blobs::{BLOB_INDEX, parse_blob_name},
    error::LedgerError,
    export::README,
    publish::CHECKPOINT,
    recover::{LOCK, VKEY},
    storage::TEMPORARY,
    tiles::{TileId, TileName},
    wal::parse_segment_name,
};

#[derive(Default)]
pub(super) struct Inventory {
    /// Widths of the files of each tile and bundle.
    pub tiles: BTreeMap<TileId, Vec<usize>>,
    /// First indices.
    pub segments: Vec<u64>,
    /// With their lengths.
    pub blobs: BTreeMap<Digest, u64>,
    /// `checkpoint`, `vkey`, `README`, `lock`, `blobs/index`.
    pub single: BTreeSet<&'static str>,
    pub leftovers: Vec<String>,
    pub files: u64,
    pub bytes: u64,
}

const SINGLE: [&str; 5] = [CHECKPOINT, VKEY, README, LOCK, BLOB_INDEX];

impl Inventory {
    /// Lists everything without following links.
    pub fn read(dir: &Path, limits: &Limits, findings: &mut Findings) -> Result<Self, LedgerError> {
        let mut inventory = Self::default();
        let mut folders = vec![(String::new(), 0_u32)];
        while let Some((folder, depth)) = folders.pop() {
            let path = dir.join(&folder);
            let listing = match fs::read_dir(&path) {
                Ok(listing) => listing,
                Err(e) if folder.is_empty() => return Err(LedgerError::io(dir, "listed", e)),
                Err(e) => {
                    findings.at(&folder, What::Unreadable { reason: e.to_string() });
                    continue;
                }
            };
            for entry in listing {
                let entry = entry.map_err(|e| LedgerError::io(&path, "listed", e))?;
                let file_name = entry.file_name();
                let name = match folder.as_str() {
                    "" => file_name.to_string_lossy().into_owned(),
                    folder => format!("{folder}/{}", file_name.to_string_lossy()),
                };
                let Ok(metadata) = entry.metadata() else { continue };
                if metadata.is_dir() && depth + 1 > limits.depth {
                    findings.at(&name, What::OverLimit { limit: limits.depth.into(), of: "levels of folders" });
                } else if metadata.is_dir() {
                    folders.push((name, depth + 1));
                } else if inventory.files >= limits.entries {
                    findings.at(&name, What::OverLimit { limit: limits.entries, of: "files" });
                    return Ok(inventory);
                } else {
                    inventory.files += 1;
                    inventory.bytes += metadata.len();
                    inventory.sort_in(
                        name,
                        metadata.is_file() && file_name.to_str().is_some(),
                        metadata.len(),
                        findings,
                    );
                }
            }
        }
        inventory.segments.sort_unstable();
        Ok(inventory)
    }

    fn sort_in(&mut self, name: String, regular: bool, len: u64, findings: &mut Findings) {
        if !regular {
            findings.at(&name, What::Foreign);
        } else if let Some(single) = SINGLE.into_iter().find(|single| *single == name) {
            self.single.insert(single);
        } else if let Some(tile) = TileName::parse(&name) {
            self.tiles.entry(tile.id).or_default().push(tile.width);
        } else if let Some(first) = parse_segment_name(&name) {
            self.segments.push(first);
        } else if let Some(digest) = parse_blob_name(&name) {
            self.blobs.insert(digest, len);
        } else if name.strip_prefix(TEMPORARY).is_some_and(|rest| rest.starts_with('/')) {
            self.leftovers.push(name);
        } else {
            findings.at(&name, What::Foreign);
        }
    }

    pub fn has(&self, single: &str) -> bool {
        self.single.contains(single)
    }

    /// An export has a README, and neither a lock nor a write-ahead log. One of these signs may be damaged.
    pub fn is_export(&self) -> bool {
        self.segments.is_empty() && (self.has(README) || !self.has(LOCK))
    }
}
