//! `scan model --convert`: checkpoints become safetensors without being executed.

use std::{
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
};

use jingwei_catalog::Catalog;
use jingwei_core::{FileKind, Files as _, Limits, Text};
use jingwei_read::FileSource;
use jingwei_scan::{ConvertError, Converted, ModelNames};

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
        match try_convert(&entry.path, &target, &names, limits) {
            // A folder holds much else.
            Err(Failure::NotACheckpoint) => {}
            result => conversions.push(conversion(&entry.path, &target, result)),
        }
    }
    // Folders in which nothing was written; those that hold something stay.
    remove_empty(out);
    Ok(conversions)
}

fn convert_one(path: &str, out: &Path, names: &ModelNames, limits: &Limits) -> Conversion {
    conversion(path, out, try_convert(path, out, names, limits))
}

fn conversion(path: &str, out: &Path, result: Result<Converted, Failure>) -> Conversion {
    let result = result.map(|converted| (out.to_owned(), converted)).map_err(|failure| match failure {
        Failure::NotACheckpoint => ConvertError::NotACheckpoint.text(),
        Failure::Other(text) => text,
    });
    Conversion { from: path.to_owned(), result }
}

fn remove_empty(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path());
        }
    }
    // It fails where something is in it, and then it is not empty.
    let _ = fs::remove_dir(folder);
}

enum Failure {
    NotACheckpoint,
    Other(Text),
}

fn try_convert(path: &str, out: &Path, names: &ModelNames, limits: &Limits) -> Result<Converted, Failure> {
    let failed = |e: std::io::Error| {
        Failure::Other(Text::new(format!("读写失败：{e}"), format!("reading or writing failed: {e}")))
    };
    if out.exists() {
        let shown = out.display();
        let text = Text::new(format!("`{shown}` 已存在"), format!("`{shown}` is there already"));
        return Err(Failure::Other(text));
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
            Err(match error {
                ConvertError::NotACheckpoint => Failure::NotACheckpoint,
                other => Failure::Other(other.text()),
            })
        }
    }
}
