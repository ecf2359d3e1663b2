//! Exports: copies that verify by themselves, for an auditor without this program's server.

use std::{fs, io, path::Path};

use jingwei_core::{Digest, Limits, NoProgress};

use crate::{
    blobs::{BLOB_INDEX, blob_name, index_line, parse_index_line},
    checkpoint::Checkpoint,
    error::LedgerError,
    merkle::HashTile,
    note::VerifierKey,
    pin::Pin,
    publish::CHECKPOINT,
    recover::VKEY,
    storage::parent_of,
    tiles::{StoredTree, TileId, read_bounded},
    verify::{VerifyInput, VerifyReport, verify},
};

pub(crate) const README: &str = "README";

/// Compared byte by byte when an export is verified, so it never changes.
pub(crate) const README_TEXT: &str = "\
This is an export of a Jingwei ledger: entries, Merkle tree (C2SP tlog-tiles), signed checkpoint, blobs and key.
Check it with `jingwei ledger verify <this directory>`, or with any other tool for tlog-tiles.
本目录是经纬账本的导出：条目、默克尔树、已签名的检查点、二进制对象与验证公钥。
用 `jingwei ledger verify <本目录>` 或任何支持 tlog-tiles 的工具即可离线验证。
";

/// Copies what the checkpoint of the ledger in `dir` covers, and all blobs, to `out`, which must be empty or
/// missing. Needs no lock. The copy is verified before this returns.
pub fn export(dir: &Path, out: &Path) -> Result<VerifyReport, LedgerError> {
    let occupied = fs::read_dir(out).is_ok_and(|mut listing| listing.next().is_some()) || out.is_file();
    if occupied {
        return Err(LedgerError::Exists { path: out.to_owned() });
    }
    let limits = Limits::default();
    let key = read_key(dir, &limits)?;
    let pin = Pin::hold(dir);
    let checkpoint = read_checkpoint(dir, &key, &limits)?;
    copy_tree(dir, out, checkpoint.size())?;
    copy_blobs(dir, out)?;
    put(out, VKEY, format!("{key}\n").as_bytes())?;
    put(out, README, README_TEXT.as_bytes())?;
    put(out, CHECKPOINT, checkpoint.note().as_bytes())?;
    drop(pin);
    let input = VerifyInput { key: Some(&key), kept: Some(&checkpoint), limits: &limits, progress: &NoProgress };
    let report = verify(out, &input)?;
    if !report.problems.is_empty() {
        return Err(LedgerError::DoesNotVerify { dir: dir.to_owned(), problems: report.problems.len() });
    }
    Ok(report)
}

fn read_key(dir: &Path, limits: &Limits) -> Result<VerifierKey, LedgerError> {
    let bytes = read_bounded(&dir.join(VKEY), limits.header_bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().parse()?)
}

fn read_checkpoint(dir: &Path, key: &VerifierKey, limits: &Limits) -> Result<Checkpoint, LedgerError> {
    let bytes = read_bounded(&dir.join(CHECKPOINT), limits.header_bytes)?;
    Ok(Checkpoint::open(&String::from_utf8_lossy(&bytes), key, limits)?)
}

fn put(out: &Path, name: &str, bytes: &[u8]) -> Result<(), LedgerError> {
    let folder = out.join(parent_of(name));
    fs::create_dir_all(&folder).map_err(|e| LedgerError::io(&folder, "made", e))?;
    let path = out.join(name);
    fs::write(&path, bytes).map_err(|e| LedgerError::io(&path, "written", e))
}

/// Copies exactly what a ledger of `size` has: a wider file is cut to it.
fn copy_tree(dir: &Path, out: &Path, size: u64) -> Result<(), LedgerError> {
    let stored = StoredTree::new(dir, size);
    let files = |id: TileId| (0..).map(move |n| TileId { n, ..id }).take_while(move |id| id.width_at(size) > 0);
    for id in files(TileId::entries(0)) {
        put(out, &id.named(id.width_at(size)).to_string(), &stored.bundle(id.n)?)?;
    }
    for level in 0..8 {
        for id in files(TileId::hashes(HashTile { level, n: 0 })) {
            let hashes = stored.hashes(HashTile { level, n: id.n })?;
            let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
            put(out, &id.named(hashes.len()).to_string(), &bytes)?;
        }
    }
    Ok(())
}

/// Copies the blobs that the index lists now.
fn copy_blobs(dir: &Path, out: &Path) -> Result<(), LedgerError> {
    let path = dir.join(BLOB_INDEX);
    let index = fs::read(&path).map_err(|e| LedgerError::io(&path, "read", e))?;
    let lines = (0_u64..).zip(index.split_inclusive(|byte| *byte == b'\n'));
    // A last line may be half-written by a running ledger.
    let listed: Vec<Digest> = lines.map_while(|(number, line)| parse_index_line(number, line)).collect();
    let text: String = (0_u64..).zip(&listed).map(|(number, digest)| index_line(number, digest)).collect();
    put(out, BLOB_INDEX, text.as_bytes())?;
    for digest in &listed {
        let (from, to) = (dir.join(blob_name(digest)), out.join(blob_name(digest)));
        let copy = || -> io::Result<u64> {
            fs::create_dir_all(out.join(parent_of(&blob_name(digest))))?;
            fs::copy(&from, &to)
        };
        copy().map_err(|e| LedgerError::io(&from, "copied", e))?;
    }
    Ok(())
}
