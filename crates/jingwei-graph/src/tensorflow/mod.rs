//! TensorFlow: SavedModel, MetaGraph, frozen graph and the metadata of Keras.

mod graph;
mod loops;
mod node;
mod rings;
mod text;

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameTable, Nested, Source};

use crate::findings::{Findings, Stop, place};
use crate::location;
use crate::wire::{Message, Span, Value, Wire};
use graph::Operators;
use loops::Loops;
pub use text::inspect_tensorflow_text;
pub(crate) use text::{Token, Tokens, is_graph_text};

/// Reads `saved_model.pb`.
pub fn inspect_saved_model(source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Inspection {
    Walk::run(source, names, limits, |walk, mut root| {
        while let Some(field) = walk.wire.next(&mut root)? {
            if let (2, Value::Bytes(span)) = (field.number, field.value) {
                let graph = walk.wire.enter(span, &root)?;
                walk.meta_graph(graph)?;
            }
        }
        Ok(())
    })
}

/// Reads a graph with its collections, which TensorFlow 1 wrote as `.meta`.
pub fn inspect_meta_graph(source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Inspection {
    Walk::run(source, names, limits, Walk::meta_graph)
}

/// Reads a graph alone, often with its weights frozen in.
pub fn inspect_tensorflow_graph(source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Inspection {
    Walk::run(source, names, limits, Walk::graph)
}

/// Reads `keras_metadata.pb`: hands out each object's JSON as `keras_metadata`.
pub fn inspect_keras_metadata(source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Inspection {
    Walk::run(source, names, limits, |walk, mut root| {
        while let Some(field) = walk.wire.next(&mut root)? {
            if let (1, Value::Bytes(span)) = (field.number, field.value) {
                walk.keras_object(span, &root, 4, 5)?;
            }
        }
        Ok(())
    })
}

struct Walk<'s, 'n> {
    wire: Wire<'s>,
    findings: Findings,
    operators: Operators<'n>,
    loops: Loops,
    limits: Limits,
}

impl<'s, 'n> Walk<'s, 'n> {
    fn run(
        source: &'s mut dyn Source,
        names: &'n NameTable,
        limits: &Limits,
        read: impl FnOnce(&mut Self, Message) -> Result<(), Stop>,
    ) -> Inspection {
        let wire = Wire::new(source, limits);
        let (operators, loops) = (Operators::new(names), Loops::default());
        let mut walk = Self { wire, findings: Findings::default(), operators, loops, limits: *limits };
        let root = walk.wire.root();
        let result = read(&mut walk, root);
        walk.judge_loops();
        walk.operators.conclude(&mut walk.findings);
        walk.findings.finish(result)
    }

    fn meta_graph(&mut self, mut meta: Message) -> Result<(), Stop> {
        self.asset_constants(meta)?;
        while let Some(field) = self.wire.next(&mut meta)? {
            let Value::Bytes(span) = field.value else { continue };
            match field.number {
                1 => self.meta_info(span, &meta)?,
                2 => {
                    let graph = self.wire.enter(span, &meta)?;
                    self.graph(graph)?;
                }
                6 => self.asset(span, &meta)?,
                7 => self.object_graph(span, &meta)?,
                _ => {}
            }
        }
        // Another graph has functions of its own, whose names may be the same.
        self.judge_loops();
        Ok(())
    }

    fn judge_loops(&mut self) {
        std::mem::take(&mut self.loops).judge(&self.limits, &mut self.findings);
    }

    fn meta_info(&mut self, span: Span, parent: &Message) -> Result<(), Stop> {
        let mut info = self.wire.enter(span, parent)?;
        while let Some(field) = self.wire.next(&mut info)? {
            if let (5, Value::Bytes(span)) = (field.number, field.value) {
                let version = jingwei_read::shown(&self.wire.name(span)?);
                self.findings.inspection.facts.more.insert("producer", format!("TensorFlow {version}"));
            }
        }
        Ok(())
    }

    /// The constants into which the loader feeds the paths of assets. They stand behind the graph that uses them.
    fn asset_constants(&mut self, mut meta: Message) -> Result<(), Stop> {
        while let Some(field) = self.wire.next(&mut meta)? {
            let (6, Value::Bytes(span)) = (field.number, field.value) else { continue };
            let mut asset = self.wire.enter(span, &meta)?;
            while let Some(field) = self.wire.next(&mut asset)? {
                let (1, Value::Bytes(span)) = (field.number, field.value) else { continue };
                let mut info = self.wire.enter(span, &asset)?;
                while let Some(field) = self.wire.next(&mut info)? {
                    if let (1, Value::Bytes(span)) = (field.number, field.value) {
                        let tensor = self.wire.name(span)?;
                        self.operators.assets.insert(graph::node_of(&tensor).to_owned());
                    }
                }
            }
        }
        Ok(())
    }

    /// A file below `assets/` that is read when the model is loaded.
    fn asset(&mut self, span: Span, parent: &Message) -> Result<(), Stop> {
        let mut asset = self.wire.enter(span, parent)?;
        while let Some(field) = self.wire.next(&mut asset)? {
            if let (2, Value::Bytes(span)) = (field.number, field.value) {
                let file = self.wire.text(span)?;
                if let Some(reason) = location::escape(&file) {
                    self.findings.escape(&file, &place("资产文件", "asset", &file), reason, span.start);
                }
            }
        }
        Ok(())
    }

    fn object_graph(&mut self, span: Span, parent: &Message) -> Result<(), Stop> {
        let mut objects = self.wire.enter(span, parent)?;
        while let Some(field) = self.wire.next(&mut objects)? {
            let (1, Value::Bytes(span)) = (field.number, field.value) else { continue };
            let mut object = self.wire.enter(span, &objects)?;
            while let Some(field) = self.wire.next(&mut object)? {
                if let (4, Value::Bytes(span)) = (field.number, field.value) {
                    self.keras_object(span, &object, 1, 3)?;
                }
            }
        }
        Ok(())
    }

    /// An object of Keras with its configuration; the two files number their fields differently.
    fn keras_object(&mut self, span: Span, parent: &Message, identifier: u32, metadata: u32) -> Result<(), Stop> {
        let mut object = self.wire.enter(span, parent)?;
        let (mut is_keras, mut found) = (false, None);
        while let Some(field) = self.wire.next(&mut object)? {
            match field.value {
                Value::Bytes(span) if field.number == identifier => {
                    is_keras = self.wire.name(span)?.starts_with("_tf_keras");
                }
                Value::Bytes(span) if field.number == metadata && span.len() > 0 => found = Some(span),
                _ => {}
            }
        }
        if let Some(span) = found.filter(|_| is_keras) {
            let bytes = self.wire.bytes(span)?;
            let nested = Nested { name: "keras_metadata".to_owned(), offset: span.start, bytes };
            self.findings.inspection.nested.push(nested);
        }
        Ok(())
    }
}
