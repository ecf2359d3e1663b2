//! The Merkle tree of RFC 9162 section 2.1: SHA-256, leaf prefix 0x00, node prefix 0x01.

use jingwei_core::Digest;
use sha2::{Digest as _, Sha256};

/// Hashes per tile (C2SP tlog-tiles).
pub(crate) const TILE_WIDTH: usize = 256;

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("the proof names entry {index}, but a tree of size {size} has none such")]
    IndexOutside { index: u64, size: u64 },
    #[error("the proof goes from size {from} to size {to}; the first may not be larger")]
    SizesSwapped { from: u64, to: u64 },
    #[error("the proof has {found} hashes, which is not the number that these sizes need")]
    WrongLength { found: usize },
    #[error("the proof does not lead to the root of the {which} checkpoint")]
    WrongRoot { which: &'static str },
    #[error(
        "the proof is for size {proof}, the {which} checkpoint for size {checkpoint}; take the one that belongs to the proof"
    )]
    OtherSize { proof: u64, which: &'static str, checkpoint: u64 },
    #[error("the checkpoints are of `{older}` and `{newer}`; a proof is within one ledger")]
    OtherOrigin { older: String, newer: String },
    #[error("the document is no {kind} of version 1: {reason}")]
    NotADocument { kind: &'static str, reason: String },
    #[error("the document has {found} bytes, more than the limit of {limit}")]
    TooLarge { found: u64, limit: u64 },
}

/// `SHA-256(0x00 || entry)`.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([0x00]);
    hasher.update(entry);
    Digest(hasher.finalize().into())
}

/// `SHA-256(0x01 || left || right)`.
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([0x01]);
    hasher.update(left.0);
    hasher.update(right.0);
    Digest(hasher.finalize().into())
}

/// Root of the tree without entries: the digest of nothing.
#[must_use]
pub fn empty_root() -> Digest {
    Digest::of(b"")
}

/// Root of a subtree whose leaves are `hashes`, at most [`TILE_WIDTH`] of them and a power of two.
fn perfect_root(hashes: &[Digest]) -> Digest {
    debug_assert!(hashes.len().is_power_of_two() && hashes.len() <= TILE_WIDTH);
    let mut row = [Digest([0; 32]); TILE_WIDTH];
    let mut width = hashes.len();
    row[..width].copy_from_slice(hashes);
    while width > 1 {
        width /= 2;
        for i in 0..width {
            row[i] = node_hash(&row[2 * i], &row[2 * i + 1]);
        }
    }
    row[0]
}

/// Root of the tree over the subtrees `left_to_right`, each smaller than the one before it.
fn fold_right(left_to_right: &[Digest]) -> Option<Digest> {
    let (last, rest) = left_to_right.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

/// How many whole subtrees of `256^level` entries a tree of `size` has.
pub(crate) fn tiles_below(size: u64, level: u8) -> u64 {
    size.checked_shr(8 * u32::from(level)).unwrap_or(0)
}

/// The right edge of a growing tree: per tile level the hashes of the tile that is not full yet.
///
/// INVARIANT: level `l` holds `floor(size / 256^l) mod 256` hashes, so memory does not grow with the ledger.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frontier {
    size: u64,
    levels: Vec<Vec<Digest>>,
}

/// A tile of hashes by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HashTile {
    pub level: u8,
    pub n: u64,
}

impl Frontier {
    /// The edge of a stored tree, from its partial tiles: `partial(level)` gives what the invariant asks for.
    pub fn restore<E>(
        size: u64,
        mut partial: impl FnMut(HashTile, usize) -> Result<Vec<Digest>, E>,
    ) -> Result<Self, E> {
        let mut levels = Vec::new();
        for level in 0..=8 {
            let below = tiles_below(size, level);
            let width = usize::from(below.to_le_bytes()[0]);
            levels.push(if width == 0 { Vec::new() } else { partial(HashTile { level, n: below >> 8 }, width)? });
        }
        Ok(Self { size, levels })
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf; `full` sees every tile that it completes, from the leaves upwards.
    pub fn push<E>(
        &mut self,
        leaf: Digest,
        mut full: impl FnMut(HashTile, &[Digest]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.size += 1;
        let mut hash = leaf;
        for level in 0_u8.. {
            let at = usize::from(level);
            if self.levels.len() <= at {
                self.levels.push(Vec::with_capacity(TILE_WIDTH));
            }
            self.levels[at].push(hash);
            if self.levels[at].len() < TILE_WIDTH {
                break;
            }
            full(HashTile { level, n: tiles_below(self.size, level + 1) - 1 }, &self.levels[at])?;
            hash = perfect_root(&self.levels[at]);
            self.levels[at].clear();
        }
        Ok(())
    }

    /// The tiles that are begun and not full.
    pub fn partials(&self) -> impl Iterator<Item = (HashTile, &[Digest])> {
        (0_u8..).zip(&self.levels).filter(|(_, hashes)| !hashes.is_empty()).map(|(level, hashes)| {
            let n = tiles_below(self.size, level) >> 8;
            (HashTile { level, n }, hashes.as_slice())
        })
    }

    pub fn root(&self) -> Digest {
        let mut subtrees = Vec::new();
        for hashes in self.levels.iter().rev() {
            let mut rest = hashes.as_slice();
            while !rest.is_empty() {
                let (subtree, after) = rest.split_at(1 << rest.len().ilog2());
                subtrees.push(perfect_root(subtree));
                rest = after;
            }
        }
        fold_right(&subtrees).unwrap_or_else(empty_root)
    }
}

/// Gives the hashes of stored tiles: at least those that a tree of the proof's size has.
pub(crate) trait TileSource {
    type Error;
    fn tile(&mut self, tile: HashTile) -> Result<&[Digest], Self::Error>;
}

/// `MTH(D[from..to])` of RFC 9162, for ranges as its proofs use them.
fn range_root<S: TileSource>(source: &mut S, from: u64, to: u64) -> Result<Digest, S::Error> {
    let len = to - from;
    if len == 0 {
        return Ok(empty_root());
    }
    let split = split_point(len);
    if len > 1 && split != len {
        let left = range_root(source, from, from + split)?;
        let right = range_root(source, from + split, to)?;
        return Ok(node_hash(&left, &right));
    }
    let height = len.ilog2();
    let level = u8::try_from(height / 8).unwrap_or(u8::MAX);
    let first = tiles_below(from, level);
    let start = usize::from(first.to_le_bytes()[0]);
    let hashes = source.tile(HashTile { level, n: first >> 8 })?;
    Ok(perfect_root(&hashes[start..start + (1 << (height % 8))]))
}

/// The largest power of two that is not larger than `len`.
fn split_point(len: u64) -> u64 {
    1 << len.ilog2()
}

/// The largest power of two that is smaller than `len`, which is at least 2 (`k` in RFC 9162).
fn split_below(len: u64) -> u64 {
    1 << (len - 1).ilog2()
}

/// `PATH(index, D[0..size])` of RFC 9162 section 2.1.3.1, from the leaf's sibling upwards.
pub(crate) fn inclusion_path<S: TileSource>(source: &mut S, index: u64, size: u64) -> Result<Vec<Digest>, S::Error> {
    let (mut from, mut to) = (0, size);
    let mut path = Vec::new();
    while to - from > 1 {
        let middle = from + split_below(to - from);
        if index < middle {
            path.push(range_root(source, middle, to)?);
            to = middle;
        } else {
            path.push(range_root(source, from, middle)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// `PROOF(m, D[0..n])` of RFC 9162 section 2.1.4.1. Empty for `m` = 0 and `m` = `n`.
pub(crate) fn consistency_path<S: TileSource>(source: &mut S, m: u64, n: u64) -> Result<Vec<Digest>, S::Error> {
    let (mut from, mut to) = (0, n);
    let mut path = Vec::new();
    if m == 0 {
        return Ok(path);
    }
    // INVARIANT: from < m <= to, and D[from..to] is a subtree of the new tree.
    while to != m {
        let middle = from + split_below(to - from);
        if m <= middle {
            path.push(range_root(source, middle, to)?);
            to = middle;
        } else {
            path.push(range_root(source, from, middle)?);
            from = middle;
        }
    }
    if from != 0 {
        path.push(range_root(source, from, to)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks that `leaf` is entry `index` of the tree of `size` entries with `root` (RFC 9162 section 2.1.3.2).
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    size: u64,
    path: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::IndexOutside { index, size });
    }
    let wrong_length = ProofError::WrongLength { found: path.len() };
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return Err(wrong_length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(wrong_length);
    }
    if hash == *root { Ok(()) } else { Err(ProofError::WrongRoot { which: "given" }) }
}

/// Checks that the tree (`n`, `root_n`) begins with the tree (`m`, `root_m`) (RFC 9162 section 2.1.4.2).
pub fn verify_consistency(m: u64, n: u64, root_m: &Digest, root_n: &Digest, path: &[Digest]) -> Result<(), ProofError> {
    if m > n {
        return Err(ProofError::SizesSwapped { from: m, to: n });
    }
    let wrong_length = ProofError::WrongLength { found: path.len() };
    if m == 0 || m == n {
        let expected_older = if m == 0 { empty_root() } else { *root_n };
        return match (path.is_empty(), *root_m == expected_older) {
            (false, _) => Err(wrong_length),
            (true, false) => Err(ProofError::WrongRoot { which: "older" }),
            (true, true) => Ok(()),
        };
    }
    // A whole subtree of the old tree is its own first hash.
    let (first, rest) = if m.is_power_of_two() {
        (*root_m, path)
    } else {
        let (first, rest) = path.split_first().ok_or(wrong_length.clone())?;
        (*first, rest)
    };
    let shared = (m - 1).trailing_ones();
    let (mut node, mut last) = ((m - 1).checked_shr(shared).unwrap_or(0), (n - 1).checked_shr(shared).unwrap_or(0));
    let (mut older, mut newer) = (first, first);
    for sibling in rest {
        if last == 0 {
            return Err(wrong_length);
        }
        if node & 1 == 1 || node == last {
            older = node_hash(sibling, &older);
            newer = node_hash(sibling, &newer);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            newer = node_hash(&newer, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(wrong_length);
    }
    if older != *root_m {
        return Err(ProofError::WrongRoot { which: "older" });
    }
    if newer != *root_n {
        return Err(ProofError::WrongRoot { which: "newer" });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
