//! ExecuTorch programs (`schema/program.fbs` and `schema/extended_header.h` of the project): which kernels and backends
//! they need, whether what they point at is there, and what stands in the blobs that are handed to a backend.

mod flow;

use std::collections::BTreeSet;

use jingwei_core::{Limits, Text};
use jingwei_read::{Effect, Inspection, NameTable, Part, Reader, Sighting, Source, begins_like_pickle, shown};

use crate::findings::{Findings, Stop, named, place};
use crate::flatbuffer::{Flat, Table, Vector};
use crate::location;
use flow::{Flow, Jump, Truth};

/// Libraries whose kernels come with ExecuTorch or with torchao.
const KERNELS: [&str; 25] = [
    "aten",
    "prim",
    "prims",
    "executorch",
    "executorch_cuda",
    "executorch_prim",
    "executorch_utils",
    "dim_order_ops",
    "channels_last",
    "et_copy",
    "quantized_decomposed",
    "quantized",
    "et_vk",
    "llama",
    "torchao",
    "cadence",
    "cortex_m",
    "preprocess",
    "qnn_custom",
    "mlx",
    "_c10d_functional",
    "torchvision",
    "tosa",
    "tosa_mxfp",
    "higher_order",
];
/// Kernels that open a file by its name.
const FILES: [&str; 1] = ["aten::from_file"];
/// Backends that come with ExecuTorch, by how their names begin.
const BACKENDS: [&str; 22] = [
    "Xnnpack",
    "CoreML",
    "CoreAI",
    "MPS",
    "MLX",
    "Qnn",
    "Vulkan",
    "EthosU",
    "Arm",
    "Vgf",
    "TOSA",
    "Neuropilot",
    "Neutron",
    "Openvino",
    "OpenVINO",
    "Enn",
    "Cadence",
    "Cuda",
    "Metal",
    "Aoti",
    "TensorRT",
    "BackendWithCompilerDemo",
];
const TOLD_APART: usize = 1024;
/// Bytes that a method may ask for at once.
const MOST_MEMORY: u64 = 1 << 42;
/// Of a blob, what is looked at to tell whether it is a file of another kind.
const FRONT: u32 = 160;

/// Reads an ExecuTorch program. Weights and what backends compiled are not read.
pub fn inspect_executorch(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let result = program(source, limits, &mut findings);
    findings.finish(result)
}

fn program(source: &mut dyn Source, limits: &Limits, findings: &mut Findings) -> Result<(), Stop> {
    let (size, base) = header(source)?;
    let length = source.length();
    let spans;
    {
        let mut part = Part::new(source, 0, size);
        let flat = Flat::new(&mut part, limits);
        let mut walk = Walk { flat, findings, base, length, segments: Vec::new(), constants: None, spans: Vec::new() };
        walk.program()?;
        spans = walk.spans;
    }
    let mut reader = Reader::new(source);
    for Blob { name, at, bytes, is_compiled } in spans {
        reader.seek(at);
        let front = reader.peek(FRONT as usize)?;
        if is_compiled || begins_like_pickle(front) {
            findings.pickle(&name, at, bytes);
        }
    }
    Ok(())
}

/// Bytes of the FlatBuffer, and where segments begin.
fn header(source: &mut dyn Source) -> Result<(u64, u64), Stop> {
    let mut reader = Reader::new(source);
    let length = reader.length();
    reader.seek(8);
    if reader.peek(4)? != b"eh00" {
        return Ok((length, 0));
    }
    reader.seek(12);
    let bytes = reader.u32_le()?;
    let (size, base) = (reader.u64_le()?, reader.u64_le()?);
    if bytes < 24 || size > length || base > length {
        return Err(Stop::malformed(8, "文件头声称的内容超出文件", "its header claims more than the file has"));
    }
    Ok((size, base))
}

/// Bytes in the file that somebody else reads.
struct Blob {
    name: String,
    at: u64,
    bytes: u64,
    /// Handed to a backend as it is.
    is_compiled: bool,
}

struct Walk<'s, 'f> {
    flat: Flat<'s>,
    findings: &'f mut Findings,
    base: u64,
    length: u64,
    /// Start and size of each segment.
    segments: Vec<(u64, u64)>,
    /// Constants that tensors may name; `None` where nothing says how many there are.
    constants: Option<u32>,
    spans: Vec<Blob>,
}

fn outside(at: u64, zh: &str, en: &str) -> Stop {
    Stop::malformed(at, zh, en)
}

impl Walk<'_, '_> {
    fn program(&mut self) -> Result<(), Stop> {
        let program = self.flat.root()?;
        self.segments(program)?;
        self.constants(program)?;
        let inline = self.flat.vector(program, 3, 4)?;
        for n in 0..inline.count {
            let blob = self.flat.element(inline, n)?;
            let data = self.flat.vector(blob, 0, 1)?;
            self.blob(format!("delegate data {n}"), data.at, data.count.into(), true);
        }
        let named_data = self.flat.vector(program, 7, 4)?;
        for n in 0..named_data.count {
            let entry = self.flat.element(named_data, n)?;
            let (key, index) = (self.flat.text(entry, 0)?, self.flat.u32(entry, 1)?);
            let (at, bytes) = self.segment(entry.at, index)?;
            self.blob(key, at, bytes, true);
        }
        let plans = self.flat.vector(program, 1, 4)?;
        for n in 0..plans.count {
            let plan = self.flat.element(plans, n)?;
            self.plan(plan, inline.count)?;
        }
        let facts = &mut self.findings.inspection.facts.more;
        facts.insert("methods", plans.count.to_string());
        facts.insert("segments", self.segments.len().to_string());
        Ok(())
    }

    fn blob(&mut self, name: String, at: u64, bytes: u64, is_compiled: bool) {
        // The same bytes may be named often, and are looked at once.
        if self.spans.iter().any(|known| (known.at, known.bytes) == (at, bytes)) {
            return;
        }
        if bytes > 0 && self.spans.len() < TOLD_APART {
            self.spans.push(Blob { name, at, bytes, is_compiled });
        } else if bytes > 0 {
            self.findings.overflows("values", TOLD_APART);
        }
    }

    fn segments(&mut self, program: Table) -> Result<(), Stop> {
        let segments = self.flat.vector(program, 4, 4)?;
        for n in 0..segments.count {
            let segment = self.flat.element(segments, n)?;
            let (offset, size) = (self.flat.u64(segment, 0)?, self.flat.u64(segment, 1)?);
            let start = self.base.checked_add(offset);
            let end = start.and_then(|start| start.checked_add(size)).filter(|end| *end <= self.length);
            let (Some(start), Some(_)) = (start, end) else {
                return Err(outside(segment.at, "数据段在文件之外", "a segment lies outside of the file"));
            };
            self.segments.push((start, size));
            self.blob(format!("segment {n}"), start, size, true);
        }
        Ok(())
    }

    fn segment(&self, at: u64, index: u32) -> Result<(u64, u64), Stop> {
        let segment = self.segments.get(index as usize).copied();
        segment.ok_or_else(|| outside(at, "引用了不存在的数据段", "a segment is named that the file does not have"))
    }

    fn constants(&mut self, program: Table) -> Result<(), Stop> {
        let buffers = self.flat.vector(program, 2, 4)?;
        for n in 0..buffers.count {
            let buffer = self.flat.element(buffers, n)?;
            let data = self.flat.vector(buffer, 0, 1)?;
            self.blob(format!("constant {n}"), data.at, data.count.into(), false);
        }
        self.constants = Some(buffers.count).filter(|count| *count > 0);
        if let Some(constants) = self.flat.child(program, 5)? {
            let count = self.subsegments(constants)?;
            self.constants = self.constants.or(Some(count).filter(|count| *count > 0));
        }
        let mutable = self.flat.vector(program, 6, 4)?;
        for n in 0..mutable.count {
            let entry = self.flat.element(mutable, n)?;
            self.subsegments(entry)?;
        }
        Ok(())
    }

    /// Offsets into one segment.
    fn subsegments(&mut self, table: Table) -> Result<u32, Stop> {
        let index = self.flat.u32(table, 0)?;
        let offsets = self.flat.vector(table, 1, 8)?;
        if offsets.count == 0 {
            return Ok(0);
        }
        let (_, size) = self.segment(table.at, index)?;
        for n in 0..offsets.count {
            if self.flat.long(offsets, n)? > size {
                return Err(outside(table.at, "常量在其数据段之外", "a constant lies outside of its segment"));
            }
        }
        Ok(offsets.count)
    }

    fn plan(&mut self, plan: Table, inline: u32) -> Result<(), Stop> {
        let name = self.flat.text(plan, 0)?;
        let values = self.flat.vector(plan, 2, 4)?;
        let mut truths = Vec::new();
        for n in 0..values.count {
            let value = self.flat.element(values, n)?;
            truths.push(self.value(value, values)?);
        }
        for field in [3, 4] {
            let ends = self.flat.vector(plan, field, 4)?;
            self.indices(plan.at, ends, values)?;
        }
        let mut flow = Flow::new(truths);
        let inputs = self.flat.vector(plan, 3, 4)?;
        for n in 0..inputs.count {
            flow.comes_in(self.flat.number(inputs, n)?);
        }
        // What is set aside for tensors that are computed.
        let buffers = self.flat.vector(plan, 8, 8)?;
        for n in 0..buffers.count {
            let bytes = self.flat.long(buffers, n)?;
            if bytes > MOST_MEMORY {
                let (zh, en) = ("声称需要的内存不可能存在", "a method asks for more memory than there can be");
                return Err(outside(plan.at, zh, en));
            }
        }
        let operators = self.flat.vector(plan, 6, 4)?;
        let delegates = self.flat.vector(plan, 7, 4)?;
        self.operators(operators, &name)?;
        self.delegates(delegates, inline)?;
        let chains = self.flat.vector(plan, 5, 4)?;
        let mut read = Vec::new();
        for n in 0..chains.count {
            let chain = self.flat.element(chains, n)?;
            for field in [0, 1] {
                let ends = self.flat.vector(chain, field, 4)?;
                self.indices(chain.at, ends, values)?;
            }
            let steps = self.flat.vector(chain, 2, 4)?;
            let mut jumps = Vec::new();
            for n in 0..steps.count {
                let step = self.flat.element(steps, n)?;
                let sizes = [operators.count, delegates.count, steps.count];
                jumps.push(self.step(step, values, sizes, &mut flow)?);
            }
            read.push((chain.at, jumps));
        }
        // What one chain writes, another may jump by.
        flow.settle();
        for (at, jumps) in read {
            if let Some(step) = flow.never_ends(&jumps) {
                let name = format!("{name}, instruction {step}");
                let reason = Text::new(
                    "跳转的条件不变，执行永远不会结束",
                    "it jumps by conditions that never change, and never ends",
                );
                let bomb = Sighting::new("model.graph-bomb").key("instruction").at(at);
                self.findings.see(bomb.with("name", &shown(&name)).with_text("reason", reason));
            }
        }
        Ok(())
    }

    /// Of values, tensors name a constant, and lists name other values. The answer is what a condition makes of it.
    fn value(&mut self, value: Table, values: Vector) -> Result<Truth, Stop> {
        const BOOL: u8 = 3;
        const TENSOR: u8 = 5;
        let kind = self.flat.u8(value, 0)?;
        let Some(content) = self.flat.child(value, 1)? else { return Ok(Truth::Changes) };
        if matches!(kind, 10 | 11) {
            let items = self.flat.vector(content, 0, 4)?;
            return self.indices(content.at, items, values).map(|()| Truth::Changes);
        }
        if kind == BOOL {
            return Ok(if self.flat.u8(content, 0)? == 0 { Truth::False } else { Truth::True });
        }
        if kind != TENSOR {
            return Ok(Truth::Changes);
        }
        let sizes = self.flat.vector(content, 2, 4)?;
        for n in 0..sizes.count {
            if self.flat.number(sizes, n)? < 0 {
                return Err(outside(content.at, "张量的形状中有负数", "a tensor's shape has a negative size"));
            }
        }
        let constant = self.flat.u32(content, 5)?;
        // With a place in memory its data are those of another list; a tensor may also lie in a file beside.
        let is_constant = !self.flat.has(content, 6)? && !self.flat.has(content, 9)?;
        if is_constant && self.constants.is_some_and(|count| constant >= count) {
            return Err(outside(content.at, "张量引用了不存在的常量", "a tensor names a constant that is not there"));
        }
        Ok(if is_constant && constant > 0 { Truth::Unread } else { Truth::Changes })
    }

    fn indices(&mut self, at: u64, list: Vector, values: Vector) -> Result<(), Stop> {
        for n in 0..list.count {
            let index = self.flat.number(list, n)?;
            // -1 stands for nothing.
            if index < -1 || i64::from(index) >= i64::from(values.count) {
                return Err(outside(at, "引用了不存在的值", "a value is named that the method does not have"));
            }
        }
        Ok(())
    }

    /// The answer is where it jumps, and by which value.
    fn step(
        &mut self,
        step: Table,
        values: Vector,
        [operators, delegates, steps]: [u32; 3],
        flow: &mut Flow,
    ) -> Result<Option<Jump>, Stop> {
        let kind = self.flat.u8(step, 0)?;
        let Some(call) = self.flat.child(step, 1)? else { return Ok(None) };
        let first = self.flat.i32(call, 0)?;
        let second = if kind == 3 || kind == 4 { self.flat.i32(call, 1)? } else { 0 };
        let within = |index: i32, count: u32| u32::try_from(index).is_ok_and(|index| index < count);
        let is_sound = match kind {
            1 => within(first, operators),
            2 => within(first, delegates),
            3 => within(first, values.count) && within(second, values.count),
            4 => within(first, values.count) && within(second, steps.saturating_add(1)),
            _ => within(first, values.count),
        };
        if !is_sound {
            let (zh, en) = ("指令引用了不存在的内容", "an instruction names what the method does not have");
            return Err(outside(step.at, zh, en));
        }
        if matches!(kind, 1 | 2) {
            let arguments = self.flat.vector(call, 1, 4)?;
            self.indices(call.at, arguments, values)?;
            // A kernel writes its last value; what a backend does with its own, nobody knows.
            let from = if kind == 1 { arguments.count.saturating_sub(1) } else { 0 };
            for n in from..arguments.count {
                flow.writes(self.flat.number(arguments, n)?);
            }
        }
        match kind {
            3 => flow.moves(first, second),
            4 => return Ok(usize::try_from(second).ok().map(|to| Jump { by: first, to })),
            _ => {}
        }
        Ok(None)
    }

    fn operators(&mut self, operators: Vector, method: &str) -> Result<(), Stop> {
        let (mut unknown, mut first) = (BTreeSet::new(), 0);
        for n in 0..operators.count {
            let operator = self.flat.element(operators, n)?;
            let name = self.flat.text(operator, 0)?;
            let library = name.split("::").next().unwrap_or_default();
            if FILES.iter().any(|file| name == *file) {
                self.findings.dangerous(&name, Effect::File, &place("方法", "method", method), operator.at);
            } else if location::is_native_library(&name) {
                self.findings.native(&name, &name, operator.at);
            } else if !KERNELS.contains(&library) && unknown.len() < TOLD_APART {
                first = operator.at;
                unknown.insert(name);
            }
        }
        self.unknown("ExecuTorch", unknown, first);
        Ok(())
    }

    fn delegates(&mut self, delegates: Vector, inline: u32) -> Result<(), Stop> {
        let (mut unknown, mut first) = (BTreeSet::new(), 0);
        for n in 0..delegates.count {
            let delegate = self.flat.element(delegates, n)?;
            let id = self.flat.text(delegate, 0)?;
            if let Some(data) = self.flat.child(delegate, 1)? {
                let (location, index) = (self.flat.u8(data, 0)?, self.flat.u32(data, 1)?);
                match location {
                    0 if index < inline => {}
                    0 => {
                        let (zh, en) = ("后端引用了不存在的数据", "a backend names data that are not there");
                        return Err(outside(data.at, zh, en));
                    }
                    _ => drop(self.segment(data.at, index)?),
                }
            }
            if !BACKENDS.iter().any(|known| id.starts_with(known)) && unknown.len() < TOLD_APART {
                first = delegate.at;
                unknown.insert(id);
            }
        }
        self.unknown("ExecuTorch backend", unknown, first);
        Ok(())
    }

    fn unknown(&mut self, library: &str, names: BTreeSet<String>, at: u64) {
        if !names.is_empty() {
            let names: Vec<String> = names.into_iter().collect();
            self.findings.unknown(library, &named(&names), at);
        }
    }
}
