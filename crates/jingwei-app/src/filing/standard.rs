use std::{collections::BTreeSet, path::Path};

use jingwei_catalog::{
    Catalog,
    filing::{Filing, FilingBank, FilingRole},
    items::Framework,
};
use jingwei_core::{Files, Limits};
use jingwei_probe::filing::Slots;

use crate::{DiskFiles, Error, files::why_unreadable};

/// The filing that is used where none is named.
pub const DEFAULT_FILING: &str = "gbt-45654-2025";

/// The numbers of one standard, and the risks that they are about.
pub struct Standard<'c> {
    pub filing: &'c Filing,
    pub framework: &'c Framework,
    pub catalog: &'c Catalog,
}

impl<'c> Standard<'c> {
    /// A filing of the catalog by its id.
    pub fn open(catalog: &'c Catalog, id: &str) -> Result<Self, Error> {
        let found = catalog.filings.get(id);
        match found.and_then(|filing| Some((filing, catalog.frameworks.get(&filing.framework)?))) {
            Some((filing, framework)) => Ok(Self { filing, framework, catalog }),
            None => {
                let known = catalog.filings.keys().cloned().collect::<Vec<_>>().join(", ");
                Err(Error::not_found(
                    format!("目录库中没有备案标准 `{id}`；有：{known}"),
                    format!("the catalog has no filing `{id}`; there are {known}"),
                ))
            }
        }
    }

    /// The banks of the standard in its order, with the risks or aspects of each.
    pub fn banks(&self) -> impl Iterator<Item = (&'c FilingBank, Slots)> + '_ {
        self.filing.banks.iter().map(|bank| (bank, Slots::of_bank(bank, self.framework)))
    }

    pub(crate) fn bank(&self, role: FilingRole) -> Result<(&'c FilingBank, Slots), Error> {
        let bank = self.filing.bank(role).ok_or_else(|| {
            let code = role.code();
            Error::not_found(format!("该标准没有 `{code}` 题库"), format!("this standard has no bank `{code}`"))
        })?;
        Ok((bank, Slots::of_bank(bank, self.framework)))
    }

    /// Codes of risks for which the catalog ships no question: they depend on jurisdiction, the operator brings them.
    pub(crate) fn left_to_operator(&self, role: FilingRole) -> Result<BTreeSet<String>, Error> {
        let (bank, slots) = self.bank(role)?;
        let shipped = self.catalog.banks.get(&bank.bank);
        let has = |index: usize| {
            let is_of = |item: &jingwei_catalog::items::BankItem| {
                slots.find(&item.topic) == Some(index)
                    || item.refs.iter().any(|r| slots.find(r.as_str()) == Some(index))
            };
            shipped.is_some_and(|bank| bank.items.iter().any(is_of))
        };
        let empty = slots.iter().enumerate().filter(|(index, _)| !has(*index)).map(|(_, slot)| slot.code.clone());
        Ok(empty.collect())
    }
}

/// The bytes of a file, and the file's name without its folders.
pub(crate) fn read_file(path: &Path, limits: &Limits) -> Result<(String, Vec<u8>), Error> {
    let shown = path.display().to_string();
    let bytes = DiskFiles::new(Path::new(""), true).read(&shown, limits.header_bytes).map_err(|error| {
        let why = why_unreadable(&error);
        Error::invalid(format!("无法读取 `{shown}`：{}", why.zh), format!("cannot read `{shown}`: {}", why.en))
    })?;
    Ok((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes))
}

/// A role by its name.
pub fn role_named(name: &str) -> Option<FilingRole> {
    FilingRole::ALL.into_iter().find(|role| role.code() == name)
}
