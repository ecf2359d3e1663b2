//! `scan model --convert`: checkpoints become safetensors without being executed.

use std::{
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
};

use jingwei_catalog::Catalog;
use jingwei_core::{FileKind, Files as _, Limits, Text};
use jingwei_read::FileSource;
use jingwei_scan::{Converted, ModelNames};

use crate::{DiskFiles, Error};

/// What became of one file.
pub struct Conversion {
    pub from: String,
    /// Where it was written, and what; otherwise why not.
    pub result: Result<(PathBuf, Converted), Text>,
}

/// Converts one file to the file `out`, or everything in a folder that is a checkpoint to files below the folder `out`.
/// Existing files stay.
pub fn convert_models(catalog: &Catalog, path: &str, out: &Path, limits: &Limits) -> Result<Vec<Conversion>, Error> {
    let names = ModelNames::new(&catalog.names);
    if Path::new(path).is_file() {
        return Ok(vec![convert_one(path, out, &names, limits)]);
    }
    let entries = DiskFiles::new(Path::new(""), true)
        .list(path, limits)
        .map_err(|e| Error::invalid(format!("无法列出 `{path}`"), format!("cannot list `{path}`")).because(e))?;
    let mut conversions = Vec::new();
    for entry in entries.into_iter().filter(|entry| entry.kind == FileKind::File) {
        let inner = entry.path.strip_prefix(path.trim_end_matches('/')).unwrap_or(&entry.path).trim_start_matches('/');
        let target = out.join(format!("{inner}.safetensors"));
        conversions.push(convert_one(&entry.path, &target, &names, limits));
    }
    Ok(conversions)
}

fn convert_one(path: &str, out: &Path, names: &ModelNames, limits: &Limits) -> Conversion {
    let result = try_convert(path, out, names, limits).map(|converted| (out.to_owned(), converted));
    Conversion { from: path.to_owned(), result }
}

fn try_convert(path: &str, out: &Path, names: &ModelNames, limits: &Limits) -> Result<Converted, Text> {
    let failed = |e: std::io::Error| Text::new(format!("读写失败：{e}"), format!("reading or writing failed: {e}"));
    if out.exists() {
        let shown = out.display();
        return Err(Text::new(format!("`{shown}` 已存在"), format!("`{shown}` is there already")));
    }
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut source = FileSource::new(file, length);
    if let Some(folder) = out.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let aside = out.with_extension("part");
    let mut writer = BufWriter::with_capacity(1 << 20, File::create_new(&aside).map_err(failed)?);
    let converted = jingwei_scan::convert(&mut source, names, limits, &mut writer);
    drop(writer);
    match converted {
        Ok(converted) => {
            fs::rename(&aside, out).map_err(failed)?;
            Ok(converted)
        }
        Err(error) => {
            // What is half written is of no use to anybody.
            let _ = fs::remove_file(&aside);
            Err(error.text())
        }
    }
}
