//! Offline verification: reads every byte of a ledger's directory, writes nothing, needs no lock and no server.
//!
//! Entries are covered by the tree and the tree by the signed checkpoint; the write-ahead log by checksums and
//! by its length; blobs by the digests that name them and by their index; every other file must not be there.

mod inventory;
mod log;
mod tree;
mod what;

use std::{
    fs::{self, File, TryLockError},
    io::{BufRead, BufReader, Read},
    path::Path,
};

use jingwei_core::{Digest, Hasher, Limits, Place, Progress, Text};

pub use self::what::{Problem, What};
use self::{inventory::Inventory, log::check_log, tree::TreeCheck};
use crate::{
    blobs::{BLOB_INDEX, LINE_BYTES, blob_name, parse_index_line},
    checkpoint::{Checkpoint, unproved_claim},
    error::LedgerError,
    export::{README, README_TEXT},
    note::{NoteError, VerifierKey, split_note},
    pin::Pin,
    publish::CHECKPOINT,
    recover::{LOCK, VKEY},
    tiles::read_bounded,
};

/// What the caller brings to a verification.
#[derive(Clone, Copy)]
pub struct VerifyInput<'a> {
    /// The key that the caller trusts. Without it the directory's own key is taken, which shows that the
    /// directory is whole but not whose it is.
    pub key: Option<&'a VerifierKey>,
    /// A checkpoint that was kept elsewhere: shows that nothing was rolled back or replaced since.
    pub kept: Option<&'a Checkpoint>,
    pub limits: &'a Limits,
    pub progress: &'a dyn Progress,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// Entries that were read, signed or not.
    pub entries: u64,
    /// Those of them that no checkpoint covers yet: acknowledged and synced, not yet signed.
    pub unsigned: u64,
    /// Number of entries that the checkpoint signs, if it is a checkpoint.
    pub checkpoint_size: Option<u64>,
    /// Root over the signed entries, as they were found.
    pub root: Option<Digest>,
    /// The key that the checkpoint was checked with.
    pub key: Option<VerifierKey>,
    /// The caller brought the key.
    pub key_is_trusted: bool,
    /// It is an export: a copy without write-ahead log.
    pub is_export: bool,
    /// A process has the ledger open: the write that it may have under way was not judged.
    pub in_use: bool,
    pub blobs: u64,
    pub files: u64,
    pub bytes: u64,
    /// Empty: every byte is as the ledger made it. At most 1000, in the order in which they were found.
    pub problems: Vec<Problem>,
    /// Problems beyond those.
    pub problems_left_out: u64,
}

const MAX_PROBLEMS: usize = 1000;

/// Problems as they are found.
#[derive(Default)]
struct Findings {
    problems: Vec<Problem>,
    left_out: u64,
}

impl Findings {
    fn push(&mut self, path: &str, offset: Option<u64>, entry: Option<u64>, what: What) {
        if self.problems.len() == MAX_PROBLEMS {
            self.left_out += 1;
            return;
        }
        let place = Place { path: Some(path.to_owned()), key: None, offset };
        self.problems.push(Problem { place, entry, what });
    }

    fn at(&mut self, path: &str, what: What) {
        self.push(path, None, None, what);
    }

    fn at_byte(&mut self, path: &str, offset: u64, what: What) {
        self.push(path, Some(offset), None, what);
    }

    fn about(&mut self, path: &str, offset: u64, entry: u64, what: What) {
        self.push(path, Some(offset), Some(entry), what);
    }
}

/// Verifies the ledger or export in `dir`. Damage is in the report; `Err` means that `dir` cannot be listed.
pub fn verify(dir: &Path, input: &VerifyInput<'_>) -> Result<VerifyReport, LedgerError> {
    let mut findings = Findings::default();
    let _pin = Pin::hold(dir);
    let in_use = is_locked(dir);
    // Before the listing: of a running ledger, the listing then has at least the files of this checkpoint.
    let note = read_checkpoint(dir, input.limits, &mut findings);
    let inventory = Inventory::read(dir, input.limits, &mut findings)?;
    let is_export = inventory.is_export();
    check_presence(&inventory, in_use, &mut findings);

    let key = check_key(dir, input, &inventory, &mut findings);
    let claim = note.and_then(|note| check_checkpoint(&note, input, key.as_ref(), &mut findings));
    let blobs = u64::try_from(inventory.blobs.len()).unwrap_or(u64::MAX);
    check_blobs(dir, &inventory, in_use, input.limits, &mut findings);
    if is_export {
        check_readme(dir, input.limits, &mut findings);
    }

    let mut report = VerifyReport {
        entries: 0,
        unsigned: 0,
        checkpoint_size: claim.map(|(size, _)| size),
        root: None,
        key,
        key_is_trusted: input.key.is_some(),
        is_export,
        in_use,
        blobs,
        files: inventory.files,
        bytes: inventory.bytes,
        problems: Vec::new(),
        problems_left_out: 0,
    };
    if let Some(claim) = claim {
        check_entries(dir, input, inventory, claim, &mut report, &mut findings);
    }
    report.problems = findings.problems;
    report.problems_left_out = findings.left_out;
    Ok(report)
}

/// Follows the tree from the entries to the signed root, then on through the write-ahead log.
fn check_entries(
    dir: &Path,
    input: &VerifyInput<'_>,
    inventory: Inventory,
    (size, root): (u64, Digest),
    report: &mut VerifyReport,
    findings: &mut Findings,
) {
    let kept = input.kept.map(Checkpoint::size);
    let mut tree = TreeCheck::new(dir, size, inventory.tiles, kept);
    input.progress.begin(&Text::new("验证账本条目", "verifying ledger entries"), size);
    tree.read_signed(findings, |entries| input.progress.advance(entries));
    input.progress.end();
    let found = tree.root();
    report.root = (tree.size() == size).then_some(found);
    let entries_are_signed = report.root == Some(root);
    if report.root.is_some() && !entries_are_signed {
        let (signed, found) = (root.to_string(), found.to_string());
        findings.at(CHECKPOINT, What::WrongRoot { signed, found });
    }
    if !report.is_export {
        check_log(dir, &inventory.segments, size, report.in_use, &mut tree, findings);
    }
    report.entries = tree.size();
    report.unsigned = tree.size().saturating_sub(size);
    check_kept(input.kept, report.key.as_ref(), size, tree.kept_root(), findings);
    if !tree.stopped() {
        tree.finish(entries_are_signed, findings);
    }
}

fn check_kept(
    kept: Option<&Checkpoint>,
    key: Option<&VerifierKey>,
    size: u64,
    root: Option<Digest>,
    findings: &mut Findings,
) {
    let Some(kept) = kept else { return };
    let origin = key.map_or(kept.origin(), VerifierKey::name);
    if kept.origin() != origin {
        let (kept, found) = (kept.origin().to_owned(), origin.to_owned());
        findings.at(CHECKPOINT, What::OtherOrigin { kept, found });
        return;
    }
    if kept.size() > size {
        findings.at(CHECKPOINT, What::RolledBack { kept: kept.size(), found: size });
    }
    if root.is_some_and(|root| root != kept.root()) {
        findings.at(CHECKPOINT, What::Forked { kept: kept.size() });
    }
}

/// Whether a process has the ledger open. Its lock is asked for and let go at once.
fn is_locked(dir: &Path) -> bool {
    let Ok(file) = File::open(dir.join(LOCK)) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

fn check_presence(inventory: &Inventory, in_use: bool, findings: &mut Findings) {
    let (needed, foreign) = if inventory.is_export() { (README, LOCK) } else { (LOCK, README) };
    for name in [CHECKPOINT, VKEY, BLOB_INDEX, needed] {
        if !inventory.has(name) {
            findings.at(name, What::Missing);
        }
    }
    if inventory.has(foreign) {
        findings.at(foreign, What::Foreign);
    }
    if !in_use {
        inventory.leftovers.iter().for_each(|name| findings.at(name, What::Leftover));
    }
}

/// The key to check with: the caller's, or the one of the directory.
fn check_key(
    dir: &Path,
    input: &VerifyInput<'_>,
    inventory: &Inventory,
    findings: &mut Findings,
) -> Option<VerifierKey> {
    if !inventory.is_export() && fs::metadata(dir.join(LOCK)).is_ok_and(|lock| lock.len() > 0) {
        findings.at_byte(LOCK, 0, What::NotEmpty);
    }
    let stored = inventory.has(VKEY).then(|| {
        let text = read_text(dir, VKEY, input.limits, findings)?;
        match text.strip_suffix('\n').unwrap_or("").parse::<VerifierKey>() {
            Ok(key) => Some(key),
            Err(e) => {
                findings.at(VKEY, What::BadKey { reason: e.to_string() });
                None
            }
        }
    });
    let stored = stored.flatten();
    if let (Some(trusted), Some(stored)) = (input.key, &stored)
        && trusted != stored
    {
        findings.at(VKEY, What::OtherKey { trusted: trusted.to_string() });
    }
    input.key.cloned().or(stored)
}

/// What the checkpoint claims. A bad signature is reported, and its claim still serves to find the damage.
fn check_checkpoint(
    note: &str,
    input: &VerifyInput<'_>,
    key: Option<&VerifierKey>,
    findings: &mut Findings,
) -> Option<(u64, Digest)> {
    // The ledger writes one signature. Others are passed over when read, so a byte of theirs could change unseen.
    let single = split_note(note).is_ok_and(|(_, signatures)| signatures.lines().count() == 1);
    let opened = match key {
        _ if !single => Err(NoteError::Malformed { reason: "it should bear the ledger's signature and no other" }),
        Some(key) => Checkpoint::open(note, key, input.limits).map(|_| ()),
        None => Ok(()),
    };
    if let Err(e) = opened {
        findings.at(CHECKPOINT, What::BadCheckpoint { reason: e.to_string() });
    }
    unproved_claim(note)
}

/// The checkpoint as it is now; that it is missing is told by the listing.
fn read_checkpoint(dir: &Path, limits: &Limits, findings: &mut Findings) -> Option<String> {
    if dir.join(CHECKPOINT).exists() { read_text(dir, CHECKPOINT, limits, findings) } else { None }
}

fn read_text(dir: &Path, name: &str, limits: &Limits, findings: &mut Findings) -> Option<String> {
    let what = match read_bounded(&dir.join(name), limits.header_bytes) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => return Some(text),
            Err(_) => What::Unreadable { reason: "it is not UTF-8 text".to_owned() },
        },
        Err(LedgerError::Limit { limit, .. }) => What::OverLimit { limit, of: "bytes" },
        Err(e) => What::Unreadable { reason: e.to_string() },
    };
    findings.at(name, what);
    None
}

fn check_readme(dir: &Path, limits: &Limits, findings: &mut Findings) {
    let Some(text) = read_text(dir, README, limits, findings) else { return };
    if text != README_TEXT {
        let same = text.bytes().zip(README_TEXT.bytes()).take_while(|(a, b)| a == b).count();
        findings.at_byte(README, u64::try_from(same).unwrap_or(0), What::ReadmeChanged);
    }
}

/// Every listed blob is there and is itself; every blob is listed.
fn check_blobs(dir: &Path, inventory: &Inventory, in_use: bool, limits: &Limits, findings: &mut Findings) {
    let mut unlisted = inventory.blobs.clone();
    if inventory.has(BLOB_INDEX) {
        let listing = read_blob_index(dir, |number, listed| match listed {
            Some(digest) => {
                unlisted.remove(&digest);
                let name = blob_name(&digest);
                // Of a running ledger, a blob may be younger than the listing.
                let found = inventory.blobs.contains_key(&digest) || (in_use && dir.join(&name).is_file());
                if !found {
                    findings.at(&name, What::Missing);
                }
            }
            None if in_use && is_last_line(dir, number) => {}
            None => findings.at_byte(BLOB_INDEX, number * LINE_BYTES, What::BlobIndexDamaged),
        });
        if let Err(e) = listing {
            findings.at(BLOB_INDEX, What::Unreadable { reason: e.to_string() });
        }
    }
    for (digest, len) in &inventory.blobs {
        let name = blob_name(digest);
        if unlisted.contains_key(digest) && !in_use {
            findings.at(&name, What::BlobNotListed);
        }
        if *len > limits.file_bytes {
            findings.at(&name, What::OverLimit { limit: limits.file_bytes, of: "bytes" });
            continue;
        }
        match digest_of_file(&dir.join(&name)) {
            Ok(found) if found == *digest => {}
            Ok(_) => findings.at(&name, What::BlobChanged),
            Err(e) => findings.at(&name, What::Unreadable { reason: e.to_string() }),
        }
    }
}

fn is_last_line(dir: &Path, number: u64) -> bool {
    fs::metadata(dir.join(BLOB_INDEX)).is_ok_and(|index| index.len() <= (number + 1) * LINE_BYTES)
}

/// Gives every line of the index: its digest, or nothing when it is damaged.
fn read_blob_index(dir: &Path, mut line_read: impl FnMut(u64, Option<Digest>)) -> std::io::Result<()> {
    let mut reader = BufReader::new(File::open(dir.join(BLOB_INDEX))?);
    let mut line = Vec::new();
    for number in 0_u64.. {
        line.clear();
        // Bounded: a damaged index may have no line ends.
        if reader.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        line_read(number, parse_index_line(number, &line));
    }
    Ok(())
}

fn digest_of_file(path: &Path) -> std::io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            got => hasher.update(&buffer[..got]),
        }
    }
}
