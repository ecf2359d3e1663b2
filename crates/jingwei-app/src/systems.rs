//! The governed systems.

use jingwei_core::{ComponentKind, Digest, Grade, Stage, SystemId, Text, Timestamp};
use jingwei_store::{AssessmentFilter, Page, SystemFilter};
use serde_json::Value;

use crate::{
    App, Error,
    access::{Action, Caller},
    assessments::AssessmentView,
    paging::{PageOf, PageRequest, named, nothing, of_store},
    register::{SystemDocument, internal},
};

/// A system as lists show it.
#[derive(Debug, Clone)]
pub struct SystemView {
    pub id: SystemId,
    pub name: Text,
    pub owner: String,
    pub stage: Stage,
    pub tolerance: Grade,
    pub manifest_digest: Digest,
    pub updated_at: Timestamp,
    /// Its newest assessment.
    pub newest: Option<AssessmentView>,
}

/// A part of a system.
#[derive(Debug, Clone)]
pub struct ComponentView {
    pub id: String,
    pub kind: ComponentKind,
    /// Digest of what was inspected.
    pub subject: Option<Digest>,
}

#[derive(Debug, Clone)]
pub struct SystemDetail {
    pub system: SystemView,
    pub components: Vec<ComponentView>,
    pub manifest: Value,
}

pub async fn list(
    app: &App,
    caller: &Caller,
    stage: Option<Stage>,
    page: &PageRequest,
) -> Result<PageOf<SystemView>, Error> {
    caller.may(Action::ListSystems)?;
    let listed = app.store.systems(&SystemFilter { stage }, &page.read()?).await.map_err(of_store)?;
    let mut items = Vec::new();
    for row in listed.items {
        items.push(view(app, row).await?);
    }
    Ok(PageOf { items, next: listed.next.map(|cursor| cursor.to_string()) })
}

pub async fn get(app: &App, caller: &Caller, system: &str) -> Result<SystemDetail, Error> {
    caller.may(Action::ReadSystem)?;
    let id = named::<SystemId>("系统", "system", system)?;
    let found = app.store.system(&id).await.map_err(of_store)?;
    let found = found.ok_or_else(|| nothing("系统", "system", system))?;
    let document: SystemDocument = found.document.read().map_err(internal)?;
    let mut components = Vec::new();
    let mut after = None;
    loop {
        let page = Page::new(after, Page::MAX_LIMIT)?;
        let listed = app.store.components(&id, &page).await.map_err(of_store)?;
        components.extend(listed.items.into_iter().map(|row| ComponentView {
            id: row.id.to_string(),
            kind: row.kind,
            subject: row.subject,
        }));
        after = listed.next;
        if after.is_none() {
            break;
        }
    }
    let manifest = serde_json::to_value(&document.manifest).map_err(internal)?;
    Ok(SystemDetail { system: view(app, found.row).await?, components, manifest })
}

/// Refuses a system that is not there.
pub(crate) async fn known(app: &App, system: &str) -> Result<SystemId, Error> {
    let id = named::<SystemId>("系统", "system", system)?;
    match app.store.system(&id).await.map_err(of_store)? {
        Some(_) => Ok(id),
        None => Err(nothing("系统", "system", system)),
    }
}

async fn view(app: &App, row: jingwei_store::System) -> Result<SystemView, Error> {
    let filter = AssessmentFilter { system: Some(row.id.clone()) };
    let newest = app.store.assessments(&filter, &Page::new(None, 1)?).await.map_err(of_store)?;
    let newest = newest.items.into_iter().next().map(AssessmentView::of).transpose()?;
    Ok(SystemView {
        id: row.id,
        name: row.name,
        owner: row.owner,
        stage: row.stage,
        tolerance: row.tolerance,
        manifest_digest: row.manifest_digest,
        updated_at: row.updated_at,
        newest,
    })
}
