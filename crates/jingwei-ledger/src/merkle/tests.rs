use std::{collections::BTreeMap, convert::Infallible};

use proptest::prelude::*;

use super::*;

/// The test vectors of Certificate Transparency's own implementations.
const LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn hashes(hex: &[&str]) -> Vec<Digest> {
    hex.iter().map(|text| text.parse().unwrap()).collect()
}

/// Tiles in memory, filled by a frontier.
#[derive(Default, Clone)]
struct Memory {
    tiles: BTreeMap<HashTile, Vec<Digest>>,
    frontier: Frontier,
}

impl Memory {
    fn of(leaves: &[Digest]) -> Self {
        let mut memory = Self::default();
        for leaf in leaves {
            let tiles = &mut memory.tiles;
            let Ok(()) = memory.frontier.push(*leaf, |tile, hashes| {
                tiles.insert(tile, hashes.to_vec());
                Ok::<(), Infallible>(())
            });
        }
        for (tile, hashes) in memory.frontier.partials() {
            memory.tiles.insert(tile, hashes.to_vec());
        }
        memory
    }
}

impl TileSource for Memory {
    type Error = Infallible;
    fn tile(&mut self, tile: HashTile) -> Result<&[Digest], Infallible> {
        Ok(&self.tiles[&tile])
    }
}

fn leaf_hashes(count: usize) -> Vec<Digest> {
    (0..count).map(|i| leaf_hash(i.to_string().as_bytes())).collect()
}

/// The definitions of RFC 9162 section 2.1, word for word and slow.
mod reference {
    use super::*;

    pub fn root(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len()));
                node_hash(&root(left), &root(right))
            }
        }
    }

    pub fn path(m: usize, leaves: &[Digest]) -> Vec<Digest> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let k = split(leaves.len());
        let (left, right) = leaves.split_at(k);
        let (mut below, sibling) = if m < k { (path(m, left), root(right)) } else { (path(m - k, right), root(left)) };
        below.push(sibling);
        below
    }

    pub fn proof(m: usize, leaves: &[Digest], whole: bool) -> Vec<Digest> {
        if m == leaves.len() {
            return if whole { Vec::new() } else { vec![root(leaves)] };
        }
        let k = split(leaves.len());
        let (left, right) = leaves.split_at(k);
        let (mut below, other) =
            if m <= k { (proof(m, left, whole), root(right)) } else { (proof(m - k, right, false), root(left)) };
        below.push(other);
        below
    }

    fn split(len: usize) -> usize {
        len.next_power_of_two() / 2
    }
}

#[test]
fn roots_and_proofs_are_the_known_ones() {
    let leaves: Vec<Digest> = LEAVES.iter().map(|leaf| leaf_hash(leaf)).collect();
    for (size, root) in ROOTS.iter().enumerate() {
        assert_eq!(Memory::of(&leaves[..size]).frontier.root().to_string(), *root, "{size}");
    }
    let a = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
    let b = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    let c = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
    let d = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
    let e = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    let f = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
    for (index, size, path) in
        [(0, 1, vec![]), (0, 8, vec![a, b, c]), (5, 8, vec![d, e, ROOTS[4]]), (2, 3, vec![ROOTS[2]])]
    {
        let mut tree = Memory::of(&leaves[..size as usize]);
        assert_eq!(inclusion_path(&mut tree, index, size), Ok(hashes(&path)), "{index} in {size}");
    }
    for (m, n, path) in [(1, 1, vec![]), (1, 8, vec![a, b, c]), (6, 8, vec![f, e, ROOTS[4]]), (2, 5, vec![b, d])] {
        let mut tree = Memory::of(&leaves[..n as usize]);
        assert_eq!(consistency_path(&mut tree, m, n), Ok(hashes(&path)), "{m} to {n}");
        let (older, newer) = (ROOTS[m as usize].parse().unwrap(), ROOTS[n as usize].parse().unwrap());
        assert_eq!(verify_consistency(m, n, &older, &newer, &hashes(&path)), Ok(()));
    }
}

#[test]
fn small_trees_agree_with_the_definitions_in_everything() {
    let leaves = leaf_hashes(40);
    for n in 1..=leaves.len() {
        let mut tree = Memory::of(&leaves[..n]);
        let root = reference::root(&leaves[..n]);
        assert_eq!(tree.frontier.root(), root);
        for m in 0..=n {
            let path = consistency_path(&mut tree, m as u64, n as u64).unwrap();
            if m > 0 {
                assert_eq!(path, reference::proof(m, &leaves[..n], true), "{m} to {n}");
            }
            let older = reference::root(&leaves[..m]);
            assert_eq!(verify_consistency(m as u64, n as u64, &older, &root, &path), Ok(()), "{m} to {n}");
        }
        for (m, leaf) in leaves[..n].iter().enumerate() {
            let path = inclusion_path(&mut tree, m as u64, n as u64).unwrap();
            assert_eq!(path, reference::path(m, &leaves[..n]), "{m} in {n}");
            assert_eq!(verify_inclusion(leaf, m as u64, n as u64, &path, &root), Ok(()));
        }
    }
}

#[test]
fn a_tree_over_many_tiles_agrees_with_the_definitions() {
    let leaves = leaf_hashes(256 * 256 + 3);
    let mut tree = Memory::of(&leaves);
    for n in [255, 256, 257, 511, 65_536, leaves.len()] {
        let root = reference::root(&leaves[..n]);
        for m in [255, 256, n - 1] {
            let m = m.min(n);
            let older = reference::root(&leaves[..m]);
            let path = consistency_path(&mut tree, m as u64, n as u64).unwrap();
            assert_eq!(verify_consistency(m as u64, n as u64, &older, &root, &path), Ok(()), "{m} to {n}");
            let path = inclusion_path(&mut tree, m as u64 - 1, n as u64).unwrap();
            assert_eq!(verify_inclusion(&leaves[m - 1], m as u64 - 1, n as u64, &path, &root), Ok(()));
        }
    }
    assert_eq!(tree.frontier.root(), reference::root(&leaves));
    let restored = Frontier::restore(leaves.len() as u64, |tile, width| {
        let hashes = &tree.tiles[&tile];
        assert_eq!(hashes.len(), width);
        Ok::<_, Infallible>(hashes.clone())
    });
    assert_eq!(restored.unwrap().root(), tree.frontier.root());
}

#[test]
fn proofs_that_do_not_fit_are_refused() {
    let leaves = leaf_hashes(7);
    let mut tree = Memory::of(&leaves);
    let root = tree.frontier.root();
    let path = inclusion_path(&mut tree, 4, 7).unwrap();
    let longer = [path.clone(), vec![root]].concat();
    let cases = [
        (7, 7, path.clone(), "no"),
        (3, 7, path.clone(), "root"),
        (4, 9, path.clone(), "number"),
        (4, u64::MAX, path.clone(), "number"),
        (4, 7, path[1..].to_vec(), "number"),
        (4, 7, longer, "number"),
        (4, 7, Vec::new(), "number"),
    ];
    for (index, size, path, expected) in cases {
        let found = verify_inclusion(&leaves[4], index, size, &path, &root).unwrap_err().to_string();
        assert!(found.contains(expected), "{index} in {size}: {found}");
    }
    let older = Memory::of(&leaves[..6]).frontier.root();
    let path = consistency_path(&mut tree, 6, 7).unwrap();
    assert_eq!(verify_consistency(6, 7, &older, &root, &path), Ok(()));
    for (m, n, path, expected) in [
        (7, 6, path.clone(), "larger"),
        (6, 7, Vec::new(), "number"),
        (6, 7, path[1..].to_vec(), ""),
        (5, 7, path.clone(), ""),
        (0, 7, Vec::new(), "older"),
        (7, 7, Vec::new(), "older"),
        (7, 7, path.clone(), "number"),
        (6, u64::MAX, path.clone(), "number"),
    ] {
        let found = verify_consistency(m, n, &older, &root, &path).unwrap_err().to_string();
        assert!(found.contains(expected), "{m} to {n}: {found}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_changed_hash_breaks_a_proof(n in 2_u64..700, at: prop::sample::Index, which: prop::sample::Index, bit in 0_usize..256) {
        let leaves = leaf_hashes(n as usize);
        let mut tree = Memory::of(&leaves);
        let root = tree.frontier.root();
        let index = at.index(n as usize) as u64;
        let mut path = inclusion_path(&mut tree, index, n).unwrap();
        prop_assert_eq!(verify_inclusion(&leaves[index as usize], index, n, &path, &root), Ok(()));
        let hit = which.index(path.len());
        path[hit].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_inclusion(&leaves[index as usize], index, n, &path, &root).is_err());

        let m = index + 1;
        let older = reference::root(&leaves[..m as usize]);
        let mut path = consistency_path(&mut tree, m, n).unwrap();
        prop_assert_eq!(verify_consistency(m, n, &older, &root, &path), Ok(()));
        if !path.is_empty() {
            let hit = which.index(path.len());
            path[hit].0[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(verify_consistency(m, n, &older, &root, &path).is_err());
        }
    }
}
