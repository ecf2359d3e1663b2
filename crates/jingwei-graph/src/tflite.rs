//! TensorFlow Lite: which operators are not its own, and whether tensors, buffers and operators fit the file.

use std::collections::{BTreeSet, HashMap};

use jingwei_core::{Limits, Text};
use jingwei_read::{Effect, Inspection, NameClass, NameTable, Sighting, Source, shown};

use crate::findings::{Findings, Stop, named, place};
use crate::flatbuffer::{Flat, Table, Vector};
use crate::location;
use crate::shape::Elements;

/// The built-in code that stands for an operator with a name of its own.
const CUSTOM: u32 = 32;
/// Built-in codes of operators that run subgraphs, and how many each: CALL, IF, WHILE and CALL_ONCE.
const CALLING: [(u32, u16); 4] = [(31, 1), (118, 2), (119, 2), (129, 1)];
/// The one that runs its second subgraph while the first gives true.
const WHILE: u32 = 119;
/// The type of a tensor of truths.
const BOOL: u8 = 6;
/// What the converter puts before the name of an operator of TensorFlow itself.
const FLEX: &str = "Flex";
/// How an operator that prints names a file.
const FILE: &[u8] = b"file://";
/// Operators of TensorFlow that read a file beside its graph, as a SavedModel has them. Beside this one there is none.
const TABLES: [&str; 2] = ["FlexInitializeTableFromTextFile", "FlexInitializeTableFromTextFileV2"];
const TOLD_APART: usize = 1024;
/// Bytes of a tensor that a run makes: sixteen terabytes.
const LARGEST: u128 = 1 << 44;

/// Reads a TFLite model. Weights are not read.
pub fn inspect_tflite(source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Inspection {
    let flat = Flat::new(source, limits);
    let mut walk = Walk {
        flat,
        names,
        findings: Findings::default(),
        printing: HashMap::new(),
        calling: HashMap::new(),
        loops: BTreeSet::new(),
        conditions: BTreeSet::new(),
        calls: Vec::new(),
        buffers: Vec::new(),
        tensors: 0,
        parameters: 0,
    };
    let result = walk.model();
    walk.findings.finish(result)
}

struct Walk<'s, 'n> {
    flat: Flat<'s>,
    names: &'n NameTable,
    findings: Findings,
    /// Operators by index that print, and do so to a file if their options say so.
    printing: HashMap<u32, String>,
    /// Operators by index that run other subgraphs, and how many of them.
    calling: HashMap<u32, u16>,
    /// Of these, loops, and the subgraphs that are their conditions.
    loops: BTreeSet<u32>,
    conditions: BTreeSet<u32>,
    /// Which subgraph runs which.
    calls: Vec<(u32, u32)>,
    /// Bytes of each buffer.
    buffers: Vec<u64>,
    tensors: u64,
    parameters: u128,
}

impl Walk<'_, '_> {
    fn model(&mut self) -> Result<(), Stop> {
        let model = self.flat.root()?;
        let version = self.flat.u32(model, 0)?;
        self.fact("version", version.to_string());
        let description = self.flat.text(model, 3)?;
        self.findings.inspection.facts.described |= !description.is_empty();
        self.operator_codes(model)?;
        self.buffers(model)?;
        self.metadata(model)?;
        self.subgraphs(model)
    }

    fn fact(&mut self, key: &'static str, value: String) {
        self.findings.inspection.facts.more.insert(key, value);
    }

    fn operator_codes(&mut self, model: Table) -> Result<(), Stop> {
        let codes = self.flat.vector(model, 1, 4)?;
        let (mut flex, mut custom, mut unknown) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut first = 0;
        for n in 0..codes.count {
            let code = self.flat.element(codes, n)?;
            let old = u32::from(self.flat.u8(code, 0)?);
            let builtin = old.max(self.flat.u32(code, 3)?);
            if let Some((_, subgraphs)) = CALLING.iter().find(|(known, _)| *known == builtin) {
                self.calling.insert(n, *subgraphs);
            }
            if builtin == WHILE {
                self.loops.insert(n);
            }
            if builtin != CUSTOM {
                continue;
            }
            let name = self.flat.text(code, 1)?;
            if first == 0 {
                first = code.at;
            }
            let place = place("算子", "operator", &name);
            let known = name.strip_prefix(FLEX).map(|operator| self.names.classify(operator));
            match known {
                Some(NameClass::Dangerous(effect)) => self.findings.dangerous(&name, effect, &place, code.at),
                Some(NameClass::Review) => self.findings.review(&name, &place, code.at),
                Some(NameClass::Allowed { when: Some("standard-stream") }) => drop(self.printing.insert(n, name)),
                _ if TABLES.contains(&name.as_str()) => {
                    self.findings.dangerous(&name, Effect::File, &place, code.at);
                }
                _ if location::is_native_library(&name) => self.findings.native(&name, &name, code.at),
                _ if name.starts_with(FLEX) && flex.len() < TOLD_APART => drop(flex.insert(name)),
                _ if custom.len() + unknown.len() >= TOLD_APART => {}
                _ if self.names.classify(&format!("tflite.{name}")) == NameClass::Unknown => {
                    unknown.insert(name);
                }
                _ => drop(custom.insert(name)),
            }
        }
        for (library, operators) in [("TensorFlow Flex delegate", flex), ("TFLite", custom)] {
            if !operators.is_empty() {
                let operators: Vec<_> = operators.iter().map(String::as_str).collect();
                self.findings.custom(library, &named(&operators), first);
            }
        }
        if !unknown.is_empty() {
            let operators: Vec<_> = unknown.iter().map(String::as_str).collect();
            self.findings.unknown("TFLite", &named(&operators), first);
        }
        self.fact("operators", codes.count.to_string());
        Ok(())
    }

    fn buffers(&mut self, model: Table) -> Result<(), Stop> {
        let buffers = self.flat.vector(model, 4, 4)?;
        for n in 0..buffers.count {
            let buffer = self.flat.element(buffers, n)?;
            let inside = self.flat.vector(buffer, 0, 1)?;
            let (offset, size) = (self.flat.u64(buffer, 1)?, self.flat.u64(buffer, 2)?);
            self.outside(buffer.at, offset, size)?;
            self.buffers.push(u64::from(inside.count).max(if offset > 1 { size } else { 0 }));
        }
        Ok(())
    }

    /// Bytes that lie behind the FlatBuffer, in the same file. Offsets 0 and 1 mean that there are none.
    fn outside(&self, at: u64, offset: u64, size: u64) -> Result<(), Stop> {
        if offset > 1 && offset.checked_add(size).is_none_or(|end| end > self.flat.length()) {
            return Err(Stop::malformed(at, "缓冲区在文件之外", "a buffer lies outside of the file"));
        }
        Ok(())
    }

    fn metadata(&mut self, model: Table) -> Result<(), Stop> {
        let entries = self.flat.vector(model, 6, 4)?;
        let mut names = BTreeSet::new();
        for n in 0..entries.count {
            let entry = self.flat.element(entries, n)?;
            let name = self.flat.text(entry, 0)?;
            let buffer = self.flat.u32(entry, 1)?;
            self.check_buffer(entry.at, buffer)?;
            if names.len() < 16 {
                names.insert(shown(&name));
            }
        }
        if !names.is_empty() {
            let names: Vec<_> = names.into_iter().collect();
            self.fact("metadata", names.join(", "));
        }
        Ok(())
    }

    fn check_buffer(&self, at: u64, buffer: u32) -> Result<u64, Stop> {
        // A model without any buffer has no numbers either, and every index stands for none.
        match self.buffers.get(buffer as usize) {
            Some(size) => Ok(*size),
            None if buffer == 0 => Ok(0),
            None => Err(Stop::malformed(at, "引用了不存在的缓冲区", "a buffer is named that the file does not have")),
        }
    }

    fn subgraphs(&mut self, model: Table) -> Result<(), Stop> {
        let codes = self.flat.vector(model, 1, 4)?.count;
        let subgraphs = self.flat.vector(model, 2, 4)?;
        let mut nodes = 0u64;
        for n_subgraph in 0..subgraphs.count {
            let subgraph = self.flat.element(subgraphs, n_subgraph)?;
            let tensors = self.flat.vector(subgraph, 0, 4)?;
            for n in 0..tensors.count {
                let tensor = self.flat.element(tensors, n)?;
                self.tensor(tensor)?;
            }
            let operators = self.flat.vector(subgraph, 3, 4)?;
            for n in 0..operators.count {
                let operator = self.flat.element(operators, n)?;
                self.operator(operator, codes, tensors)?;
                self.called(operator, n_subgraph, subgraphs.count)?;
            }
            nodes += u64::from(operators.count);
        }
        self.rings(subgraphs.count);
        self.constant_conditions(model, subgraphs)?;
        self.fact("subgraphs", subgraphs.count.to_string());
        self.fact("nodes", nodes.to_string());
        let facts = &mut self.findings.inspection.facts;
        facts.tensors = Some(self.tensors);
        facts.parameters = Some(u64::try_from(self.parameters).unwrap_or(u64::MAX));
        Ok(())
    }

    /// The subgraphs that an operator runs are there.
    fn called(&mut self, operator: Table, subgraph: u32, subgraphs: u32) -> Result<(), Stop> {
        let code = self.flat.u32(operator, 0)?;
        let Some(count) = self.calling.get(&code).copied() else { return Ok(()) };
        let Some(options) = self.flat.child(operator, 4)? else { return Ok(()) };
        for field in 0..count {
            let target = self.flat.u32(options, field)?;
            if target >= subgraphs {
                let (zh, en) = ("节点引用了不存在的子图", "a node names a subgraph that the file does not have");
                return Err(Stop::malformed(operator.at, zh, en));
            }
            self.calls.push((subgraph, target));
            if field == 0 && self.loops.contains(&code) {
                self.conditions.insert(target);
            }
        }
        Ok(())
    }

    /// Conditions of loops that are a constant, and a true one.
    fn constant_conditions(&mut self, model: Table, subgraphs: Vector) -> Result<(), Stop> {
        let buffers = self.flat.vector(model, 4, 4)?;
        for n in std::mem::take(&mut self.conditions) {
            let subgraph = self.flat.element(subgraphs, n)?;
            if self.is_constant_true(subgraph, buffers)? {
                let reason = Text::new("循环的条件永远为真", "the condition of the loop is always true");
                let bomb = Sighting::new("model.graph-bomb").key("condition").at(subgraph.at);
                self.findings.see(bomb.with("name", &format!("subgraph {n}")).with_text("reason", reason));
            }
        }
        Ok(())
    }

    /// Whether what a subgraph gives is the constant true, which none of its operators writes.
    fn is_constant_true(&mut self, subgraph: Table, buffers: Vector) -> Result<bool, Stop> {
        let (tensors, outputs) = (self.flat.vector(subgraph, 0, 4)?, self.flat.vector(subgraph, 2, 4)?);
        if outputs.count == 0 {
            return Ok(false);
        }
        let output = self.flat.number(outputs, 0)?;
        let Some(place) = u32::try_from(output).ok().filter(|place| *place < tensors.count) else { return Ok(false) };
        let tensor = self.flat.element(tensors, place)?;
        let (kind, buffer) = (self.flat.u8(tensor, 1)?, self.flat.u32(tensor, 2)?);
        if kind != BOOL || buffer >= buffers.count {
            return Ok(false);
        }
        let buffer = self.flat.element(buffers, buffer)?;
        let data = self.flat.vector(buffer, 0, 1)?;
        if data.count == 0 || self.flat.bytes(Vector { count: 1, ..data })? == [0] {
            return Ok(false);
        }
        let operators = self.flat.vector(subgraph, 3, 4)?;
        for n in 0..operators.count {
            let operator = self.flat.element(operators, n)?;
            let written = self.flat.vector(operator, 2, 4)?;
            for n in 0..written.count {
                if self.flat.number(written, n)? == output {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Subgraphs that run each other never end: what runs nothing is taken away until nothing more can be.
    fn rings(&mut self, subgraphs: u32) {
        let mut waiting = vec![0usize; subgraphs as usize];
        let mut callers: HashMap<u32, Vec<u32>> = HashMap::new();
        for (from, to) in &self.calls {
            waiting[*from as usize] += 1;
            callers.entry(*to).or_default().push(*from);
        }
        let mut done: Vec<u32> = (0..subgraphs).filter(|n| waiting[*n as usize] == 0).collect();
        while let Some(subgraph) = done.pop() {
            for caller in callers.remove(&subgraph).unwrap_or_default() {
                waiting[caller as usize] -= 1;
                if waiting[caller as usize] == 0 {
                    done.push(caller);
                }
            }
        }
        if let Some(ring) = waiting.iter().position(|waiting| *waiting > 0) {
            let reason = Text::new("子图直接或间接运行自身", "a subgraph runs itself, directly or through others");
            let name = format!("subgraph {ring}");
            self.findings
                .see(Sighting::new("model.graph-bomb").key("subgraph").with("name", &name).with_text("reason", reason));
        }
    }

    fn tensor(&mut self, tensor: Table) -> Result<(), Stop> {
        let shape = self.flat.vector(tensor, 0, 4)?;
        let kind = self.flat.u8(tensor, 1)?;
        let buffer = self.flat.u32(tensor, 2)?;
        let held = self.check_buffer(tensor.at, buffer)?;
        let mut elements = Elements::default();
        for n in 0..shape.count {
            elements.dimension(i64::from(self.flat.number(shape, n)?));
        }
        if held == 0 {
            return self.made(tensor, kind, elements);
        }
        let is_sparse = self.flat.has(tensor, 6)?;
        let expected = elements.count().and_then(|count| count.checked_mul(bits(kind)?)).map(|bits| bits.div_ceil(8));
        self.tensors += 1;
        self.parameters = self.parameters.saturating_add(elements.count().unwrap_or(0));
        let most = u128::from(i64::MAX.cast_unsigned());
        if elements.overflows() || expected.is_some_and(|expected| expected > most) {
            // A reader's own count of the bytes wraps around to a small one.
            return Err(Stop::Malformed(tensor.at, elements.wrong()));
        }
        let reason = match expected {
            _ if elements.count().is_none() => elements.wrong(),
            Some(expected) if expected > u128::from(held) && !is_sparse => Text::new(
                format!("形状需要 {expected} 字节，而数据为 {held} 字节"),
                format!("its shape needs {expected} bytes and its data has {held}"),
            ),
            _ => return Ok(()),
        };
        let name = self.flat.text(tensor, 3)?;
        self.findings.lie(&name, &place("张量", "tensor", &name), reason, tensor.at);
        Ok(())
    }

    /// A tensor that a run makes: memory for it is taken before the first operator runs.
    fn made(&mut self, tensor: Table, kind: u8, elements: Elements) -> Result<(), Stop> {
        let bytes = elements.count().and_then(|count| count.checked_mul(bits(kind).unwrap_or(8))).map(|bits| bits / 8);
        if elements.overflows() || bytes.is_some_and(|bytes| bytes > LARGEST) {
            let name = self.flat.text(tensor, 3)?;
            let reason = match bytes {
                Some(bytes) => Text::new(
                    format!("形状需要 {bytes} 字节，超出任何机器的内存"),
                    format!("its shape needs {bytes} bytes, more than the memory of any machine"),
                ),
                None => elements.wrong(),
            };
            self.findings.lie(&name, &place("张量", "tensor", &name), reason, tensor.at);
        }
        Ok(())
    }

    fn operator(&mut self, operator: Table, codes: u32, tensors: Vector) -> Result<(), Stop> {
        let code = self.flat.u32(operator, 0)?;
        if code >= codes {
            return Err(Stop::malformed(
                operator.at,
                "节点引用了不存在的算子",
                "a node names an operator that the file does not have",
            ));
        }
        if let Some(name) = self.printing.get(&code) {
            let options = self.flat.vector(operator, 5, 1)?;
            let options = self.flat.bytes(options)?;
            if options.windows(FILE.len()).any(|window| window == FILE) {
                self.findings.dangerous(name, Effect::File, &place("算子", "operator", name), operator.at);
            }
        }
        for index in [1, 2] {
            let ends = self.flat.vector(operator, index, 4)?;
            for n in 0..ends.count {
                // -1 stands for an input that is left out.
                let tensor = self.flat.number(ends, n)?;
                if tensor < -1 || i64::from(tensor) >= i64::from(tensors.count) {
                    let (zh, en) = ("节点引用了不存在的张量", "a node names a tensor that the graph does not have");
                    return Err(Stop::malformed(operator.at, zh, en));
                }
            }
        }
        let (offset, size) = (self.flat.u64(operator, 9)?, self.flat.u64(operator, 10)?);
        self.outside(operator.at, offset, size)
    }
}

/// Bits of one element; `None` for texts and types without a fixed size.
fn bits(kind: u8) -> Option<u128> {
    Some(match kind {
        0 | 2 | 15 => 32,
        1 | 7 | 16 | 18 => 16,
        3 | 6 | 9 => 8,
        4 | 8 | 10 | 12 => 64,
        11 => 128,
        17 => 4,
        _ => return None,
    })
}
