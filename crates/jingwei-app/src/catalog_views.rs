//! What the catalog holds: counts, lists and single items.

use jingwei_core::{Digest, Text};
use serde::Serialize;
use serde_json::Value;

use crate::{
    App, Error,
    access::{Action, Caller},
    paging::nothing,
    register::internal,
};

/// Folders of the catalog that can be read item by item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogFolder {
    Risks,
    Controls,
    Frameworks,
}

#[derive(Debug, Clone)]
pub struct CatalogCounts {
    pub digest: Digest,
    pub counts: Vec<(&'static str, u64)>,
}

#[derive(Debug, Clone)]
pub struct CatalogItemView {
    pub id: String,
    /// Permanent code; an edition for frameworks.
    pub code: String,
    pub title: Text,
}

#[derive(Debug, Clone)]
pub struct CatalogItemDetail {
    pub item: CatalogItemView,
    /// As the catalog's file says it.
    pub document: Value,
}

pub fn counts(app: &App, caller: &Caller) -> Result<CatalogCounts, Error> {
    caller.may(Action::ReadCatalog)?;
    let counts = app.catalog.counts().into_iter().map(|(name, count)| (name, count as u64)).collect();
    Ok(CatalogCounts { digest: app.catalog.digest, counts })
}

/// All items of a folder, by id.
pub fn list(app: &App, caller: &Caller, folder: CatalogFolder) -> Result<Vec<CatalogItemView>, Error> {
    caller.may(Action::ReadCatalog)?;
    let catalog = &app.catalog;
    let view = |id: &str, code: &str, title: &Text| CatalogItemView {
        id: id.to_owned(),
        code: code.to_owned(),
        title: title.clone(),
    };
    Ok(match folder {
        CatalogFolder::Risks => {
            catalog.risks.values().map(|item| view(item.id.as_str(), &item.code, &item.title)).collect()
        }
        CatalogFolder::Controls => {
            catalog.controls.values().map(|item| view(item.id.as_str(), &item.code, &item.title)).collect()
        }
        CatalogFolder::Frameworks => {
            catalog.frameworks.values().map(|item| view(&item.id, &item.edition, &item.title)).collect()
        }
    })
}

/// One item, by its id or its permanent code.
pub fn get(app: &App, caller: &Caller, folder: CatalogFolder, name: &str) -> Result<CatalogItemDetail, Error> {
    caller.may(Action::ReadCatalog)?;
    let catalog = &app.catalog;
    let found = match folder {
        CatalogFolder::Risks => catalog.risk(name).map(|item| detail(item.id.as_str(), &item.code, &item.title, item)),
        CatalogFolder::Controls => {
            catalog.control(name).map(|item| detail(item.id.as_str(), &item.code, &item.title, item))
        }
        CatalogFolder::Frameworks => {
            catalog.frameworks.get(name).map(|item| detail(&item.id, &item.edition, &item.title, item))
        }
    };
    found.ok_or_else(|| nothing("目录条目", "catalog item", name))?
}

fn detail(id: &str, code: &str, title: &Text, item: &impl Serialize) -> Result<CatalogItemDetail, Error> {
    let view = CatalogItemView { id: id.to_owned(), code: code.to_owned(), title: title.clone() };
    Ok(CatalogItemDetail { item: view, document: serde_json::to_value(item).map_err(internal)? })
}
