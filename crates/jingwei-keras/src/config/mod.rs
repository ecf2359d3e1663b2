//! Keras configurations: `config.json` of a `.keras` file, `model_config` and `training_config` of an HDF5 file, and the
//! metadata of a SavedModel.

mod class;
mod functions;
mod names;
mod paths;

use jingwei_core::{Limits, Text};
use jingwei_read::{Inspection, NameTable, Sighting};

use crate::{
    json::{self, Node},
    notes::Notes,
};

/// Arguments of layers by which Keras makes weights or values as soon as it builds them, and the largest that is believed:
/// no array of any layer has so much along one side.
const SIZES: [&str; 15] = [
    "units",
    "filters",
    "input_dim",
    "output_dim",
    "num_heads",
    "num_query_heads",
    "num_key_value_heads",
    "key_dim",
    "value_dim",
    "intermediate_dim",
    "hidden_dim",
    "vocabulary_size",
    "kernel_size",
    "batch_shape",
    "batch_input_shape",
];
const LARGEST: f64 = 2_147_483_648.0;

/// Inspects one JSON document that describes a model, its layers or its training.
pub fn inspect_config(json: &[u8], names: &NameTable, limits: &Limits) -> Inspection {
    inspect(json, names, limits, false)
}

/// `compiled`: the document is a training configuration, and what it names are losses, metrics and optimisers.
pub(crate) fn inspect(json: &[u8], names: &NameTable, limits: &Limits, compiled: bool) -> Inspection {
    let mut walk = Walk { names, limits, notes: Notes::default() };
    match json::parse(json, limits) {
        Ok(root) => {
            let facts = &mut walk.notes.inspection.facts;
            if !compiled && let Some(class) = root.get_text("class_name") {
                facts.more.insert("architecture", jingwei_read::shown(class));
            }
            if let Some(version) = root.get_text("keras_version") {
                facts.more.insert("keras_version", jingwei_read::shown(version));
            }
            let place = Place { compiled, ..Place::default() };
            walk.node(&root, place);
        }
        Err(fault) => walk.notes.see(fault.sighting()),
    }
    walk.notes.inspection
}

/// Inspects `metadata.json` of a `.keras` file: which Keras wrote it.
pub fn inspect_metadata(json: &[u8], limits: &Limits) -> Inspection {
    let mut inspection = Inspection::default();
    match json::parse(json, limits) {
        Ok(root) => {
            if let Some(version) = root.get_text("keras_version") {
                inspection.facts.more.insert("keras_version", jingwei_read::shown(version));
            }
        }
        Err(fault) => inspection.see(fault.sighting()),
    }
    inspection
}

/// Where in the document something stands.
#[derive(Clone, Copy, Default)]
struct Place<'d> {
    /// The name of the innermost layer that has one.
    layer: &'d str,
    /// Below a training configuration.
    compiled: bool,
    /// Within the configuration of a `Lambda` layer.
    lambda: bool,
    /// The key under which this stands.
    key: &'d str,
}

struct Walk<'a> {
    names: &'a NameTable,
    limits: &'a Limits,
    notes: Notes,
}

impl Walk<'_> {
    fn node<'d>(&mut self, node: &'d Node, place: Place<'d>) {
        match node {
            Node::List(items) => {
                for item in items {
                    self.node(item, place);
                }
            }
            Node::Map { at, pairs } => {
                let place = self.map(node, *at, place);
                for (key, value) in pairs {
                    let compiled = place.compiled || key == "compile_config" || key == "training_config";
                    self.node(value, Place { key, compiled, ..place });
                }
            }
            Node::Text(text) => self.text(text, place),
            Node::Number(number) => self.size(*number, place),
            Node::Null | Node::Bool => {}
        }
    }

    /// What a map itself says; the answer is the place of what it holds.
    fn map<'d>(&mut self, node: &'d Node, at: u64, place: Place<'d>) -> Place<'d> {
        let config = node.get("config");
        let own_name = config.and_then(|c| c.get_text("name")).or_else(|| node.get_text("name"));
        let mut inner = Place { layer: own_name.unwrap_or(place.layer), lambda: false, ..place };
        self.lambda_code(node, at, inner);
        self.file_references(node, at, inner);
        match node.get_text("class_name") {
            Some(class) => inner.lambda = self.class(node, class, at, Place { lambda: place.lambda, ..inner }),
            None => {
                // A part of a `Lambda` configuration, such as its arguments.
                inner.lambda = place.lambda;
                if !(place.lambda && place.key == "config") {
                    self.bare_module(node, at, inner);
                }
            }
        }
        inner
    }

    /// A layer that is made before any weights are read, and larger than any.
    fn size(&mut self, number: f64, place: Place<'_>) {
        if number > LARGEST && SIZES.contains(&place.key) {
            let (layer, key) = (jingwei_read::shown(place.layer), place.key);
            let what = Text::new(
                format!("层 {layer} 的 {key} 为 {number:e}，远超任何模型，构建时即耗尽内存"),
                format!(
                    "the layer {layer} has {number:e} as its {key}, far beyond any model: building it exhausts the memory"
                ),
            );
            self.notes.see(Sighting::new("model.config-bomb").key(key).with_text("what", what));
        }
    }

    /// Strings that name functions, and strings that are code.
    fn text(&mut self, text: &str, place: Place<'_>) {
        if functions::is_marshalled_code(text) {
            self.notes.see(Sighting::new("model.keras-lambda").key(place.layer).with("layer", place.layer));
            return;
        }
        let names_function = match place.key {
            "fn" => true,
            "loss" | "metrics" | "weighted_metrics" | "optimizer" => place.compiled,
            _ => false,
        };
        if names_function && !text.is_empty() {
            self.function(text, None, None, Place { compiled: true, ..place });
        }
    }
}

#[cfg(test)]
mod tests;
