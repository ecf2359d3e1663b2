//! Lexicons that an operator imports, as packs on disk, and those of the catalog.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use jingwei_catalog::{Catalog, items::Lexicon};
use jingwei_core::{Files, Lang, Limits, Text, Timestamp};
use jingwei_guard::{Columns, Import, ImportOptions, Imported, Pack, PackFacts, is_pack_id};

use crate::{DiskFiles, Error, files::why_unreadable};

/// Lists to be made a pack of, or to be taken into one.
#[derive(Debug, Clone, Default)]
pub struct ImportRequest {
    pub files: Vec<PathBuf>,
    /// Where the pack is written; by default where the pack lies that is imported into.
    pub out: Option<PathBuf>,
    pub into: Option<PathBuf>,
    /// By default the name of the file that is written.
    pub id: Option<String>,
    pub title_zh: Option<String>,
    pub title_en: Option<String>,
    pub licence: Option<String>,
    pub category: Option<String>,
    pub columns: Columns,
    pub lang: Option<Lang>,
    pub keep_single: bool,
    /// Nothing is written when a word is left out.
    pub strict: bool,
}

/// What an import did.
#[derive(Debug)]
pub struct ImportOutcome {
    pub imported: Imported,
    pub path: PathBuf,
    /// Size of the file. `None`: nothing was written.
    pub written: Option<u64>,
}

/// Reads lists and writes a pack. A gateway that serves the pack sees the old one or the new one, and never a half.
pub fn import(request: &ImportRequest, now: Timestamp, limits: &Limits) -> Result<ImportOutcome, Error> {
    let Some(path) = request.out.as_ref().or(request.into.as_ref()) else {
        return Err(Error::invalid("请用 --out 指定写到哪里", "say with --out where to write the pack"));
    };
    if request.into.as_ref() != Some(path) && path.exists() {
        let shown = path.display();
        return Err(Error::invalid(
            format!("`{shown}` 已存在；要更新它请用 --into，否则换个名字"),
            format!("`{shown}` is there already; update it with --into, or choose another name"),
        ));
    }
    let into = request.into.as_deref().map(|path| open(path, limits)).transpose()?;
    let mut import = Import::new(
        ImportOptions {
            category: request.category.clone(),
            columns: request.columns.clone(),
            lang: request.lang,
            keep_single: request.keep_single,
            updated: now.date(),
        },
        *limits,
    );
    for file in &request.files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        import.read(&name, &read(file, limits)?)?;
    }
    let facts = facts(request, path, into.as_ref(), now)?;
    let imported = import.finish(facts, into)?;
    let refused = request.strict && imported.report.left_out > 0;
    let written = if refused { None } else { Some(write(path, &imported.pack.to_bytes())?) };
    Ok(ImportOutcome { imported, path: path.clone(), written })
}

/// Reads a pack.
pub fn open(path: &Path, limits: &Limits) -> Result<Pack, Error> {
    let bytes = read(path, limits)?;
    Pack::parse(&bytes, limits).map_err(|error| {
        let (shown, said) = (path.display(), error.text());
        Error::invalid(format!("`{shown}`：{}", said.zh), format!("`{shown}`: {}", said.en))
    })
}

/// A lexicon of the catalog that ships without words, for the operator to fill under local law.
#[must_use]
pub fn is_empty_slot(lexicon: &Lexicon) -> bool {
    lexicon.zh.is_empty() && lexicon.en.is_empty()
}

/// The lexicons of the catalog, in order of id.
pub fn of_catalog(catalog: &Catalog) -> impl Iterator<Item = &Lexicon> {
    catalog.lexicons.values()
}

fn facts(request: &ImportRequest, path: &Path, into: Option<&Pack>, now: Timestamp) -> Result<PackFacts, Error> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let id = match into {
        Some(pack) => pack.header().id.clone(),
        None => request.id.clone().unwrap_or_else(|| stem.into_owned()),
    };
    if !is_pack_id(&id) {
        return Err(Error::invalid(
            format!("`{id}` 不能作词库包的 id：用 --id 给出小写字母、数字、`-`、`_`"),
            format!("`{id}` cannot be a pack's id; give one of lower-case letters, digits, `-` and `_` with --id"),
        ));
    }
    let before = into.map_or_else(|| Text::same(&id), |pack| pack.header().title.clone());
    let title =
        Text { zh: request.title_zh.clone().unwrap_or(before.zh), en: request.title_en.clone().unwrap_or(before.en) };
    Ok(PackFacts { id, title: Some(title), licence: request.licence.clone(), created: now })
}

fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, Error> {
    let shown = path.display().to_string();
    DiskFiles::new(Path::new(""), true).read(&shown, limits.header_bytes).map_err(|error| {
        let why = why_unreadable(&error);
        Error::invalid(format!("无法读取 `{shown}`：{}", why.zh), format!("cannot read `{shown}`: {}", why.en))
    })
}

/// Writes beside the place and moves it there in one step.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<u64, Error> {
    let shown = path.display();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let put = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    put().map_err(|error| {
        // What is left of it is of no use to anybody; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&beside);
        Error::failed(format!("无法写入 `{shown}`"), format!("cannot write `{shown}`")).because(error)
    })?;
    Ok(bytes.len() as u64)
}
