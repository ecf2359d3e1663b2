//! The advisory store: one file that is filled from what the operator brings, and always holds the catalog's own advisories.

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use jingwei_advise::{Advisory, Import, ImportReport, Store, StoreBuilder, vex};
use jingwei_catalog::Catalog;
use jingwei_core::{Digest, FileKind, Files as _, Hasher, Limits, Text, Timestamp};
use jingwei_read::{FileSource, Reader, Source};
use jingwei_unpack::{Archive, Budget, Kind, Packing};

use crate::{DiskFiles, Error, register::internal, report::replace};

/// Where the store lies in a data folder.
#[must_use]
pub fn store_path(data: &Path) -> PathBuf {
    data.join("advisories.store")
}

/// The store in a file, or one of the catalog's own advisories where there is none yet.
pub fn open_advisories(catalog: &Catalog, path: &Path, limits: &Limits) -> Result<Store, Error> {
    let shown = path.display();
    let failed = |e: jingwei_advise::StoreError| {
        Error::failed(format!("无法打开通告库 `{shown}`"), format!("cannot open the advisory store `{shown}`"))
            .because(e)
    };
    let mut builder = match File::open(path) {
        Ok(file) => {
            let length = file.metadata().map_err(internal)?.len();
            let mut store = Store::open(Box::new(FileSource::new(file, length)), limits).map_err(failed)?;
            store.verify().map_err(failed)?;
            if has_catalog(&store, catalog)? {
                return Ok(store);
            }
            StoreBuilder::from_store(&mut store).map_err(failed)?
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => StoreBuilder::new(),
        Err(error) => {
            let e = Error::failed(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`"));
            return Err(e.because(error));
        }
    };
    import_catalog(&mut builder, catalog, limits)?;
    Store::from_bytes(builder.write().map_err(failed)?, limits).map_err(failed)
}

const OWN: &str = "catalog";
/// Times the usual expansion that an archive of advisories may have.
const IMPORT_FACTOR: u64 = 1_000;

/// Whether the store holds the advisories of this catalog and not those of an older one.
fn has_catalog(store: &Store, catalog: &Catalog) -> Result<bool, Error> {
    let mut hasher = Hasher::default();
    for advisory in own_advisories(catalog)? {
        hasher.update(&serde_json::to_vec(&advisory).map_err(internal)?);
    }
    let digest = hasher.finish();
    Ok(store.imports().iter().any(|import| import.source == OWN && import.digest == digest))
}

/// The catalog's own advisories, as data.
pub fn own_advisories(catalog: &Catalog) -> Result<Vec<Advisory>, Error> {
    let read = |(path, text): (&str, &str)| {
        let advisory: Advisory = toml::from_str(text).map_err(|e| {
            Error::failed(format!("目录库的 `{path}` 无效"), format!("`{path}` of the catalog is not valid")).because(e)
        })?;
        let name = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".toml");
        if advisory.id != name {
            return Err(Error::failed(
                format!("`{path}` 的文件名与 id 不同"),
                format!("`{path}`: file name and id differ"),
            ));
        }
        advisory.record().map_err(|flaw| {
            let text = flaw.text();
            Error::failed(format!("`{path}`：{}", text.zh), format!("`{path}`: {}", text.en))
        })?;
        Ok(advisory)
    };
    catalog.texts_of("advisories").map(read).collect()
}

fn import_catalog(builder: &mut StoreBuilder, catalog: &Catalog, limits: &Limits) -> Result<ImportReport, Error> {
    let advisories = own_advisories(catalog)?;
    let mut import = builder.import(OWN, Timestamp::from_micros(0), limits);
    for advisory in &advisories {
        import.advisory(advisory);
    }
    Ok(import.finish())
}

/// Takes in OSV records (a zip of them, a folder, single files), RustSec's advisories, KEV and EPSS. The store is written
/// whole or not at all.
pub fn import_advisories(
    catalog: &Catalog,
    path: &Path,
    sources: &[PathBuf],
    at: Timestamp,
    limits: &Limits,
) -> Result<Vec<ImportReport>, Error> {
    let failed = |e: jingwei_advise::StoreError| {
        Error::failed("无法写通告库", "the advisory store cannot be written").because(e)
    };
    let mut builder = match path.exists() {
        true => StoreBuilder::from_store(&mut open_advisories(catalog, path, limits)?).map_err(failed)?,
        false => StoreBuilder::new(),
    };
    let mut reports = vec![import_catalog(&mut builder, catalog, limits)?];
    for source in sources {
        let name = source.file_name().map_or_else(|| source.to_string_lossy(), |name| name.to_string_lossy());
        let mut import = builder.import(&name, at, limits);
        take(source, &mut import, limits)?;
        reports.push(import.finish());
    }
    let bytes = builder.write().map_err(failed)?;
    let shown = path.display();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(internal)?;
    }
    replace(path, &bytes)
        .map_err(|e| Error::failed(format!("无法写 `{shown}`"), format!("cannot write `{shown}`")).because(e))?;
    Ok(reports)
}

fn take(path: &Path, import: &mut Import<'_>, limits: &Limits) -> Result<(), Error> {
    let shown = path.display().to_string();
    let unreadable =
        |e: std::io::Error| Error::invalid(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`")).because(e);
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        let files = DiskFiles::new(path, true);
        let entries = files
            .list(".", limits)
            .map_err(|e| Error::invalid(format!("无法列出 `{shown}`"), format!("cannot list `{shown}`")).because(e))?;
        for entry in entries.iter().filter(|entry| entry.kind == FileKind::File) {
            let bytes = files.read(&entry.path, limits.header_bytes).map_err(|e| {
                Error::invalid(format!("无法读取 `{}`", entry.path), format!("cannot read `{}`", entry.path)).because(e)
            })?;
            document(&entry.path, &bytes, import);
        }
        return Ok(());
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let mut front = vec![0; 4096];
    let count = file.read(&mut front).map_err(unreadable)?;
    let mut source = FileSource::new(file, metadata.len());
    let packings = jingwei_unpack::recognise(&front[..count], &mut source);
    match packings.first() {
        Some(Packing::Zip | Packing::Tar) => members(&mut source, packings[0], import, limits, &shown),
        Some(packing) => {
            let budget = Budget::new(source.length(), limits);
            let opened = jingwei_unpack::unpack(&mut source, *packing, &budget);
            let mut content = opened.source.ok_or_else(|| {
                Error::invalid(format!("`{shown}` 无法解压"), format!("`{shown}` cannot be unpacked"))
            })?;
            let bytes = whole(content.as_mut(), limits, &shown)?;
            document(&shown, &bytes, import);
            Ok(())
        }
        None => {
            let bytes = whole(&mut source, limits, &shown)?;
            document(&shown, &bytes, import);
            Ok(())
        }
    }
}

fn members(
    source: &mut dyn Source,
    packing: Packing,
    import: &mut Import<'_>,
    limits: &Limits,
    shown: &str,
) -> Result<(), Error> {
    // Hundreds of thousands of small records are no bomb; half a database that looks whole would be worse than none.
    let limits = &Limits {
        expansion_ratio: limits.expansion_ratio.saturating_mul(IMPORT_FACTOR),
        archive_entries: limits.entries,
        ..*limits
    };
    let budget = Budget::new(source.length(), limits);
    let broken = |what: &str| {
        Error::invalid(
            format!("`{shown}` 不完整或已损坏（{what}），未导入任何内容"),
            format!("`{shown}` is cut or damaged ({what}), and nothing was imported"),
        )
    };
    let mut archive = Archive::read(source, packing, &budget);
    if let Some(sighting) = archive.sightings().first() {
        return Err(broken(sighting.rule));
    }
    for at in 0..archive.members().len() {
        let Some(member) = archive.members().get(at).filter(|member| member.kind == Kind::File) else { continue };
        let name = member.name.clone();
        let mut opened = archive.open(at);
        if let Some(sighting) = opened.sightings.first() {
            return Err(broken(&format!("{name}: {}", sighting.rule)));
        }
        let content = opened.source.as_mut().ok_or_else(|| broken(&name))?;
        let bytes = whole(content.as_mut(), limits, &name)?;
        document(&name, &bytes, import);
        if budget.is_spent() {
            return Err(broken("limit"));
        }
    }
    Ok(())
}

fn whole(source: &mut dyn Source, limits: &Limits, shown: &str) -> Result<Vec<u8>, Error> {
    let length = source.length();
    // The EPSS table of all CVEs has some 15 MiB; no record comes near.
    if length > limits.header_bytes {
        return Err(Error::invalid(format!("`{shown}` 过大"), format!("`{shown}` is too large")));
    }
    Reader::new(source)
        .take_vec(length)
        .map_err(|e| Error::invalid(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`")).because(e))
}

/// One document, told by its content where its name leaves a choice.
fn document(name: &str, bytes: &[u8], import: &mut Import<'_>) {
    let lower = name.to_ascii_lowercase();
    let front = String::from_utf8_lossy(&bytes[..bytes.len().min(2048)]);
    let front = front.trim_start_matches('\u{feff}').trim_start();
    if lower.ends_with(".yaml") || lower.ends_with(".yml") {
        import.osv_yaml(name, bytes);
    } else if lower.ends_with(".md") && front.contains("[advisory]") {
        import.rustsec(name, bytes);
    } else if front.contains("cveID") {
        import.kev(name, bytes);
    } else if front.contains("epss") && !front.starts_with('{') {
        import.epss(name, bytes);
    } else if lower.ends_with(".json") || front.starts_with('{') {
        import.osv_json(name, bytes);
    }
    // Anything else in a folder or archive, such as a readme, is no advisory.
}

/// VEX documents that somebody trusts, and what is scanned.
#[derive(Debug, Clone, Copy, Default)]
pub struct VexFiles<'a> {
    pub paths: &'a [PathBuf],
    /// As the documents name it: what they say about parts of a product holds in that product.
    pub product: Option<&'a str>,
}

/// What became of VEX documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VexLeftOut {
    /// Products of which nothing could be told.
    pub untold: usize,
    /// Statements about parts of another product than the one that is scanned, or than the one that was named.
    pub elsewhere: usize,
}

/// Statements of VEX documents: OpenVEX, CycloneDX, CSAF.
pub fn read_vex(files: VexFiles<'_>, limits: &Limits) -> Result<(vex::VexSet, Digest, VexLeftOut), Error> {
    let (mut statements, mut left_out, mut digests) = (Vec::new(), VexLeftOut::default(), Vec::new());
    for path in files.paths {
        let shown = path.display();
        let bytes = fs::read(path)
            .map_err(|e| Error::invalid(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`")).because(e))?;
        let document = vex::read(&bytes, limits).map_err(|flaw| {
            let Text { zh, en } = flaw.text();
            Error::invalid(format!("`{shown}` 不是 VEX：{zh}"), format!("`{shown}` is no VEX: {en}"))
        })?;
        digests.push(Digest::of(&bytes).to_string());
        left_out.untold += document.untold;
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            document.statements.into_iter().partition(|statement| statement.holds_in(files.product));
        left_out.elsewhere += elsewhere.len();
        statements.extend(here);
    }
    digests.extend(files.product.map(ToOwned::to_owned));
    let digest = Digest::of_parts(digests.iter().map(String::as_str));
    Ok((vex::VexSet::new(statements), digest, left_out))
}
