//! Puts the functions that commands run side by side in the program, where the linker can: the kernel maps the pages around
//! each one that is touched, and functions that are strewn over the whole code take three times the memory.
//!
//! `bench/order.py` makes the list. A linker that takes no list gives the same program in its own order.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let list = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("order").join(variable("TARGET") + ".txt");
    println!("cargo:rerun-if-changed={}", list.parent().unwrap_or(&list).display());
    if variable("PROFILE") != "release" || !list.exists() {
        return Ok(());
    }
    let arguments =
        [format!("-Wl,--symbol-ordering-file={}", list.display()), "-Wl,--no-warn-symbol-ordering".to_owned()];
    if links_with(&arguments, Path::new(&variable("OUT_DIR")))? {
        for argument in arguments {
            println!("cargo:rustc-link-arg-bins={argument}");
        }
    }
    Ok(())
}

/// Whether a program can be linked with these arguments by whatever linker is going to be used.
fn links_with(arguments: &[String], folder: &Path) -> io::Result<bool> {
    let (source, program) = (folder.join("linked.rs"), folder.join("linked"));
    std::fs::write(&source, "fn main() {}\n")?;
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.arg("--target").arg(env::var_os("TARGET").unwrap_or_default());
    rustc.args(variable("CARGO_ENCODED_RUSTFLAGS").split('\u{1f}').filter(|flag| !flag.is_empty()));
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        rustc.arg("-C").arg([std::ffi::OsStr::new("linker="), &linker].into_iter().collect::<std::ffi::OsString>());
    }
    rustc.args(arguments.iter().flat_map(|argument| ["-C".to_owned(), format!("link-arg={argument}")]));
    rustc.arg("-o").arg(program).arg(source).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(rustc.status().is_ok_and(|status| status.success()))
}

/// What cargo tells a build script.
#[allow(clippy::disallowed_methods, reason = "cargo has no other way to tell it; nothing here is a setting of ours")]
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}
