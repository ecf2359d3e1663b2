//! Blobs: files by the digest of their content, for what is too large for an entry. The index makes a
//! removed blob visible: one line per blob, `<digest> <crc32c of line number and digest>`.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    path::Path,
};

use jingwei_core::Digest;

use crate::{
    error::LedgerError,
    ledger::{Ledger, lock},
    storage::{Folder, StorageFile, parent_of},
};

pub(crate) const BLOB_INDEX: &str = "blobs/index";

/// 64 digits, a space, 8 digits, a newline.
pub(crate) const LINE_BYTES: u64 = 74;

pub(crate) fn blob_name(digest: &Digest) -> String {
    let hex = digest.to_string();
    let (folder, file) = hex.split_at(2);
    format!("blobs/{folder}/{file}")
}

pub(crate) fn parse_blob_name(path: &str) -> Option<Digest> {
    let (folder, file) = path.strip_prefix("blobs/")?.split_once('/')?;
    let digest = format!("{folder}{file}").parse().ok()?;
    (blob_name(&digest) == path).then_some(digest)
}

pub(crate) fn index_line(number: u64, digest: &Digest) -> String {
    let crc = crc32c::crc32c_append(crc32c::crc32c(&number.to_be_bytes()), &digest.0);
    format!("{digest} {crc:08x}\n")
}

/// The digest of line `number`, if the line is whole and in its place.
pub(crate) fn parse_index_line(number: u64, line: &[u8]) -> Option<Digest> {
    let digest = std::str::from_utf8(line.get(..64)?).ok()?.parse().ok()?;
    (index_line(number, &digest).as_bytes() == line).then_some(digest)
}

/// The index that is being written.
pub(crate) struct BlobIndex {
    file: Box<dyn StorageFile>,
    lines: u64,
    listed: BTreeSet<Digest>,
}

impl BlobIndex {
    pub fn create(folder: &Folder) -> Result<(), LedgerError> {
        folder.make_dir(parent_of(BLOB_INDEX))?;
        folder.replace(BLOB_INDEX, b"")
    }

    /// Reads the index, cuts a half-written last line, and lists blobs that a crash kept from being listed.
    /// Gives the number of blobs that it listed.
    pub fn recover(folder: &Folder) -> Result<(Self, u64), LedgerError> {
        let path = folder.path(BLOB_INDEX);
        let listed_in_order = read_index(&path)?;
        let mut index =
            Self { file: folder.open(BLOB_INDEX)?, lines: 0, listed: listed_in_order.iter().copied().collect() };
        index.lines = u64::try_from(listed_in_order.len()).unwrap_or(u64::MAX);
        let keep = index.lines * LINE_BYTES;
        index.file.set_len(keep).map_err(|e| LedgerError::io(&path, "cut", e))?;
        if let Some(last) = listed_in_order.last() {
            // Its sync may have failed while the page stayed in memory: write it once more.
            index.lines -= 1;
            index.push(&path, *last)?;
        }
        let unlisted: Vec<Digest> = stored_blobs(folder)?.difference(&index.listed).copied().collect();
        for digest in &unlisted {
            read_blob(folder.dir(), digest)?;
            // Its place may be visible and yet not durable.
            folder.sync_dir(parent_of(&blob_name(digest)))?;
            index.push(&path, *digest)?;
        }
        Ok((index, u64::try_from(unlisted.len()).unwrap_or(u64::MAX)))
    }

    fn push(&mut self, path: &Path, digest: Digest) -> Result<(), LedgerError> {
        let line = index_line(self.lines, &digest);
        self.file
            .write_at(self.lines * LINE_BYTES, line.as_bytes())
            .map_err(|e| LedgerError::io(path, "written", e))?;
        self.file.sync_data().map_err(|e| LedgerError::io(path, "synced", e))?;
        self.lines += 1;
        self.listed.insert(digest);
        Ok(())
    }
}

/// Digests of the index in order, without a last line that was not finished.
fn read_index(path: &Path) -> Result<Vec<Digest>, LedgerError> {
    let io_error = |e| LedgerError::io(path, "read", e);
    let file = fs::File::open(path).map_err(io_error)?;
    let len = file.metadata().map_err(io_error)?.len();
    let mut reader = BufReader::new(file);
    let mut listed = Vec::new();
    let mut line = Vec::new();
    for number in 0_u64.. {
        line.clear();
        reader.read_until(b'\n', &mut line).map_err(io_error)?;
        match parse_index_line(number, &line) {
            Some(digest) => listed.push(digest),
            // Each line is synced before the next one, so only the last can be half-written.
            None if (number + 1) * LINE_BYTES >= len => break,
            None => {
                let what = "a line does not fit its checksum".to_owned();
                return Err(LedgerError::Corrupt { path: path.to_owned(), offset: number * LINE_BYTES, what });
            }
        }
    }
    Ok(listed)
}

fn stored_blobs(folder: &Folder) -> Result<BTreeSet<Digest>, LedgerError> {
    let mut found = BTreeSet::new();
    let blobs = folder.path(parent_of(BLOB_INDEX));
    let list = |path: &Path| -> Result<Vec<fs::DirEntry>, LedgerError> {
        let io_error = |e| LedgerError::io(path, "listed", e);
        fs::read_dir(path).map_err(io_error)?.collect::<Result<_, _>>().map_err(io_error)
    };
    for part in list(&blobs)?.iter().filter(|entry| entry.path().is_dir()) {
        for file in list(&part.path())? {
            let (part, file) = (part.file_name(), file.file_name());
            let name = format!("blobs/{}/{}", part.to_string_lossy(), file.to_string_lossy());
            // Foreign files are for `verify` to report.
            found.extend(parse_blob_name(&name));
        }
    }
    Ok(found)
}

fn read_blob(dir: &Path, digest: &Digest) -> Result<Vec<u8>, LedgerError> {
    let path = dir.join(blob_name(digest));
    let bytes = fs::read(&path).map_err(|e| LedgerError::io(&path, "read", e))?;
    if Digest::of(&bytes) != *digest {
        let what = "the content of the blob does not have the digest that names it".to_owned();
        return Err(LedgerError::Corrupt { path, offset: 0, what });
    }
    Ok(bytes)
}

impl Ledger {
    /// Keeps `bytes` under their digest; durable when it returns. To prove when, append the digest as an entry.
    pub fn put_blob(&self, bytes: &[u8]) -> Result<Digest, LedgerError> {
        self.check_going()?;
        let digest = Digest::of(bytes);
        if lock(&self.blobs).listed.contains(&digest) {
            // A damaged blob must not pass for the one that is put.
            return read_blob(self.dir(), &digest).map(|_| digest);
        }
        self.stop_on_error(self.store_blob(digest, bytes))?;
        Ok(digest)
    }

    fn store_blob(&self, digest: Digest, bytes: &[u8]) -> Result<(), LedgerError> {
        let name = blob_name(&digest);
        self.folder.make_dir(parent_of(&name))?;
        self.folder.replace(&name, bytes)?;
        let mut index = lock(&self.blobs);
        self.check_going()?;
        if index.listed.contains(&digest) {
            return Ok(());
        }
        index.push(&self.folder.path(BLOB_INDEX), digest)
    }

    /// The bytes that were put under `digest`, checked against it.
    pub fn get_blob(&self, digest: &Digest) -> Result<Vec<u8>, LedgerError> {
        read_blob(self.dir(), digest)
            .map_err(|e| if e.is_not_found() { LedgerError::NoSuchBlob { digest: *digest } } else { e })
    }
}
