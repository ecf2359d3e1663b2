//! PaddlePaddle programs: which operators reach out of the model.

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameClass, NameTable, Source};

use crate::findings::{Findings, Stop, place};
use crate::wire::{Message, Span, Value, Wire};

/// Reads a program of PaddlePaddle (`__model__`, `.pdmodel`).
pub fn inspect_paddle(source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Inspection {
    let mut walk = Walk { wire: Wire::new(source, limits), names, findings: Findings::default(), nodes: 0 };
    let result = walk.program();
    walk.findings.inspection.facts.more.insert("nodes", walk.nodes.to_string());
    walk.findings.finish(result)
}

struct Walk<'s, 'n> {
    wire: Wire<'s>,
    names: &'n NameTable,
    findings: Findings,
    nodes: u64,
}

impl Walk<'_, '_> {
    fn program(&mut self) -> Result<(), Stop> {
        let mut program = self.wire.root();
        while let Some(field) = self.wire.next(&mut program)? {
            let (1, Value::Bytes(span)) = (field.number, field.value) else { continue };
            let mut block = self.wire.enter(span, &program)?;
            while let Some(field) = self.wire.next(&mut block)? {
                if let (4, Value::Bytes(span)) = (field.number, field.value) {
                    self.operator(span, &block)?;
                }
            }
        }
        Ok(())
    }

    fn operator(&mut self, span: Span, block: &Message) -> Result<(), Stop> {
        self.nodes += 1;
        let mut operator = self.wire.enter(span, block)?;
        let mut kind = String::new();
        while let Some(field) = self.wire.next(&mut operator)? {
            if let (3, Value::Bytes(span)) = (field.number, field.value) {
                kind = self.wire.name(span)?;
            }
        }
        let place = place("算子", "operator", &kind);
        match self.names.classify(&format!("paddle.{kind}")) {
            NameClass::Dangerous(effect) => self.findings.dangerous(&kind, effect, &place, span.start),
            NameClass::Review => self.findings.review(&kind, &place, span.start),
            NameClass::Allowed { .. } | NameClass::Unknown => {}
        }
        Ok(())
    }
}
