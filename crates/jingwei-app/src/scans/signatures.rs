//! Signing models and holding them against their signatures.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jingwei_catalog::Catalog;
use jingwei_core::{Check as _, CheckId, Component, Date, Limits, Progress};
use jingwei_sign::{Curve, HashKind, IntegrityCheck, PrivateKey, Taking};

use super::{
    Baseline, ScanReport, Subject, Suppressions,
    models::{component, with_ctx},
    report::Raw,
};
use crate::{Error, report::replace};

/// What a signature is asked for.
pub struct Signing<'a> {
    pub model: &'a str,
    pub key: &'a Path,
    pub out: &'a Path,
    pub hash: HashKind,
    pub shard_bytes: Option<u64>,
    /// Relative to the model.
    pub ignored: Vec<String>,
}

/// What a verification is asked for.
pub struct Verification<'a> {
    pub model: &'a str,
    pub signature: &'a str,
    pub key: &'a str,
    /// A copy to go back to.
    pub rollback: Option<&'a str>,
    pub suppressions: &'a Suppressions,
    pub baseline: Option<&'a Baseline>,
    pub today: Date,
}

/// The check with the catalog's rules.
pub(crate) fn integrity_check(catalog: &Catalog) -> Result<IntegrityCheck, Error> {
    IntegrityCheck::new(catalog.rules_of(&CheckId::literal("scan.integrity")))
        .map_err(|e| Error::failed("目录库不完整", "the catalog is not complete").because(e))
}

/// Signs a model by OpenSSF Model Signing; says how many files or shards were signed.
pub fn sign_model(asked: &Signing<'_>, limits: &Limits, progress: &dyn Progress) -> Result<usize, Error> {
    let shown = asked.key.display();
    let pem = fs::read_to_string(asked.key)
        .map_err(|e| Error::invalid(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`")).because(e))?;
    let key = PrivateKey::of_pem(&pem).map_err(|e| {
        Error::invalid(format!("`{shown}` 不能用作密钥"), format!("`{shown}` is no usable key")).because(e)
    })?;
    let mut ignored = asked.ignored.clone();
    // A signature beside the weights is no part of what it signs.
    ignored.extend(inside(asked.model, asked.out));
    let taking = Taking { hash: asked.hash, shard_bytes: asked.shard_bytes, ignored };
    let name = fs::canonicalize(asked.model).ok();
    let name = name.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_else(|| asked.model.to_owned());
    let refused = |e: jingwei_sign::TakeError| Error::new(crate::ErrorKind::Invalid, e.text().zh, e.text().en);
    let (manifest, odd) =
        with_ctx(asked.model, progress, |ctx| jingwei_sign::take(asked.model, &name, &taking, ctx, limits))
            .map_err(refused)?;
    if let Some(first) = odd.first() {
        return Err(refused(jingwei_sign::TakeError::NotAFile(first.clone())));
    }
    if manifest.resources.is_empty() {
        return Err(Error::invalid("没有可签名的文件", "there is no file to sign"));
    }
    if let Some(empty) = manifest.resources.iter().find(|one| asked.shard_bytes.is_some() && one.name.ends_with(":0:0"))
    {
        let text = jingwei_sign::TakeError::Empty(empty.name.trim_end_matches(":0:0").to_owned()).text();
        return Err(Error::new(crate::ErrorKind::Invalid, text.zh, text.en));
    }
    let bundle = jingwei_sign::sign(&manifest, &key)
        .map_err(|e| Error::failed("签名失败", "the model could not be signed").because(e))?;
    write(asked.out, bundle.as_bytes())?;
    Ok(manifest.resources.len())
}

/// A path below a model's folder, relative to it.
fn inside(model: &str, path: &Path) -> Option<String> {
    let folder = fs::canonicalize(model).ok()?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let full = fs::canonicalize(parent).ok()?.join(path.file_name()?);
    Some(full.strip_prefix(&folder).ok()?.to_string_lossy().into_owned()).filter(|inside| !inside.is_empty())
}

/// Holds a model against its signature.
pub fn verify_model(
    catalog: &Catalog,
    asked: &Verification<'_>,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<ScanReport, Error> {
    let check = integrity_check(catalog)?;
    let component = Component {
        signature: Some(asked.signature.to_owned()),
        signing_key: Some(asked.key.to_owned()),
        rollback: asked.rollback.map(ToOwned::to_owned),
        ..component(asked.model)
    };
    let (observations, digest) = with_ctx(asked.model, progress, |ctx| {
        let observations = check.run(&component, ctx, limits)?;
        Ok::<_, jingwei_core::CheckError>((observations, jingwei_scan::folder_digest(&component, ctx, limits)?))
    })
    .map_err(|e| Error::failed("无法核验", "the model cannot be verified").because(e))?;
    let raw = Raw {
        check: "scan.integrity",
        subjects: vec![Subject { path: asked.model.to_owned(), digest }],
        files: Vec::new(),
        observations,
    };
    Ok(ScanReport::new(raw, catalog, asked.suppressions, asked.baseline, asked.today))
}

/// Makes a key pair: `<out>.pem`, which only its owner can read, and `<out>.pub.pem`. Existing files stay.
pub fn make_key(out: &Path, curve: Curve) -> Result<(), Error> {
    let failed = || Error::failed("无法生成密钥", "the key cannot be made");
    let key = loop {
        let mut bytes = Vec::new();
        for _ in 0..3 {
            bytes.extend(crate::app::random_bytes()?);
        }
        bytes.truncate(match curve {
            Curve::P256 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        });
        if let Ok(key) = PrivateKey::of_random(curve, &bytes) {
            break key;
        }
    };
    let pem = key.to_pem().map_err(|e| failed().because(e))?;
    let public = key.public().to_pem().map_err(|e| failed().because(e))?;
    let taken = |path: &Path| {
        let shown = path.display();
        Error::invalid(
            format!("无法新建 `{shown}`（已有的文件不会被覆盖）"),
            format!("cannot make `{shown}` (a file that is there is not overwritten)"),
        )
    };
    let (private_path, public_path) = key_paths(out);
    if fs::symlink_metadata(&public_path).is_ok() {
        return Err(taken(&public_path));
    }
    crate::app::write_private(&private_path, pem.as_bytes()).map_err(|e| taken(&private_path).because(e))?;
    write(&public_path, public.as_bytes())
}

/// Of the private and the public key. A dot in the name is no ending: `v1.2` gives `v1.2.pem`.
#[must_use]
pub fn key_paths(out: &Path) -> (PathBuf, PathBuf) {
    let with = |ending: &str| {
        let mut name = out.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    (with(".pem"), with(".pub.pem"))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let shown = path.display();
    replace(path, bytes)
        .map_err(|e| Error::failed(format!("无法写 `{shown}`"), format!("cannot write `{shown}`")).because(e))
}
