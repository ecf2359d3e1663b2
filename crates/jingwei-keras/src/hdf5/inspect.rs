//! What a Keras reader would do with the file.

use jingwei_core::{Limits, Text};
use jingwei_read::{Inspection, NameTable, Sighting, Source, shown};

use super::{Content, ExternalForm, Hdf5Listing, Hdf5Object, list_hdf5};
use crate::{config, notes::Notes};

/// Attributes that hold a configuration, and whether it is one of training.
const CONFIGURATIONS: [(&str, bool); 3] =
    [("model_config", false), ("training_config", true), ("keras_metadata", false)];
const EXTERNAL: &str = "model.hdf5-external-link";
/// Groups at the top that hold the state of training, not the model.
const STATE: [&str; 3] = ["optimizer_weights", "optimizer", "_optimizer"];

/// Inspects an HDF5 file: links out of it, and the Keras model in it if there is one.
pub fn inspect_hdf5(source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Inspection {
    let listing = list_hdf5(source, limits);
    let mut notes = Notes::default();
    for sighting in &listing.sightings {
        notes.see(sighting.clone());
    }
    let mut below_state = Vec::with_capacity(listing.objects.len());
    let (mut tensors, mut parameters) = (0u64, 0u64);
    for (index, object) in listing.objects.iter().enumerate() {
        let is_state = match object.parent {
            Some(0) => STATE.contains(&object.name.as_str()),
            Some(parent) => below_state.get(parent).copied().unwrap_or(false),
            None => false,
        };
        below_state.push(is_state);
        match &object.content {
            Content::External { form, file, path } if !notes.is_full(EXTERNAL) => {
                notes.see(external(&listing, index, *form, file, path));
            }
            Content::Dataset { shape, numeric: true } if !is_state => {
                tensors += 1;
                let elements = shape.as_ref().map_or(0, |s| s.iter().fold(1, |n: u64, side| n.saturating_mul(*side)));
                parameters = parameters.saturating_add(elements);
            }
            _ => {}
        }
        attributes(object, names, limits, &mut notes);
    }
    notes.inspection.pickles = listing.pickles;
    let facts = &mut notes.inspection.facts;
    (facts.tensors, facts.parameters) = (Some(tensors), Some(parameters));
    notes.inspection
}

fn attributes(object: &Hdf5Object, names: &NameTable, limits: &Limits, notes: &mut Notes) {
    for attribute in &object.attributes {
        let texts = attribute.texts.as_deref().unwrap_or_default();
        if attribute.name == "keras_version" || attribute.name == "backend" {
            if let Some(text) = texts.first() {
                let key = if attribute.name == "backend" { "backend" } else { "keras_version" };
                notes.inspection.facts.more.entry(key).or_insert_with(|| shown(text));
            }
            continue;
        }
        let Some((name, compiled)) = CONFIGURATIONS.iter().find(|(name, _)| *name == attribute.name) else { continue };
        if attribute.texts.is_none() && attribute.shape.is_some() {
            let (zh, en) = (format!("属性 {name} 不是文本"), format!("the attribute {name} is no text"));
            notes.see(Sighting::not_inspected(zh, en).key(name));
        }
        for text in texts {
            let inner = config::inspect(text.as_bytes(), names, limits, *compiled);
            for mut sighting in inner.sightings {
                // Offsets within the attribute mean nothing in the file.
                sighting.offset = None;
                sighting.key = sighting.key.or_else(|| Some((*name).to_owned()));
                notes.see(sighting);
            }
            for (key, value) in inner.facts.more {
                notes.inspection.facts.more.entry(key).or_insert(value);
            }
            notes.inspection.nested.extend(inner.nested);
        }
    }
}

fn external(listing: &Hdf5Listing, index: usize, form: ExternalForm, file: &str, path: &str) -> Sighting {
    let form = match form {
        ExternalForm::Link => Text::new("外部链接", "an external link"),
        ExternalForm::Storage => Text::new("外部存储", "external storage"),
        ExternalForm::Virtual => Text::new("虚拟数据集", "a virtual dataset"),
    };
    let name = listing.path(index);
    let name = name.trim_end_matches('/');
    let target = if path.is_empty() { file.to_owned() } else { format!("{file}:{path}") };
    Sighting::new(EXTERNAL)
        .key(&format!("{name} -> {target}"))
        .with("name", name)
        .with("file", &target)
        .with_text("form", form)
}
