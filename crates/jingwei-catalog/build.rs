//! The catalog is embedded; a changed item must rebuild this crate.

fn main() {
    println!("cargo:rerun-if-changed=../../catalog");
}
