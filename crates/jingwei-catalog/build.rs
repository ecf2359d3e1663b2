//! The catalog is embedded; a changed item must rebuild this crate. Its digest is made here, so that a command which needs
//! a part of the catalog does not have to read the whole.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=../../catalog");
    let root = PathBuf::from("../../catalog");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                files.push((name_below(&root, &path), fs::read(&path)?));
            }
        }
    }
    files.sort();
    // As `digest_of` in `load.rs`; a test compares the two.
    let mut whole = Sha256::new();
    for (name, bytes) in files {
        whole.update(name.as_bytes());
        whole.update([0]);
        whole.update(Sha256::digest(&bytes));
    }
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&out).join("catalog.digest"), whole.finalize())
}

fn name_below(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
