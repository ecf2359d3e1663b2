use jingwei_core::{Limits, Text};
use jingwei_read::{Inspection, NameTable, Nested, Part, Sighting, Source};

use crate::{
    bounds, burden,
    checkpoint::{self, Checkpoint},
    extent,
    heap::{Constant, Heap, Value},
    judge::{Judge, Name},
    legacy::{self, LegacyStorage},
    lexer::Fault,
    machine::{Machine, is_opcode},
    payload::{Beginning, MOST_SUSPECTS, Packing, Payload, Suspect, Suspects, beginning},
    steps::Steps,
    trees, verdict,
};

/// Payload in payload in payload: deeper ones are a sighting.
const DEEPEST_PAYLOAD: u32 = 4;
/// How far junk behind a stream is looked at for bytes other than zeros.
const PADDING: usize = 64 << 10;

/// What running the streams of a file in the abstract gave.
pub struct Execution {
    pub inspection: Inspection,
    /// Highest protocol that a stream announced.
    pub protocol: u8,
    /// Everything that the streams import, in the order of the first time.
    pub imports: Vec<Import>,
    /// Streams that were followed to their STOP.
    pub streams: u64,
    /// Raw storages behind the streams of a file in the layout that PyTorch wrote before 1.6.
    pub legacy_storages: Vec<LegacyStorage>,
    /// A stream was followed to the last byte, or to storages that all are there.
    pub is_complete: bool,
    roots: Vec<Value>,
    heap: Heap,
    names: Vec<String>,
}

/// A name that a stream imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub module: String,
    pub name: String,
    /// How often it is called.
    pub calls: u64,
}

impl Execution {
    /// The tensors of a PyTorch checkpoint: of `data.pkl` of a zip, or of a file of the older layout.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        let root = match self.roots.as_slice() {
            [_, _, _, root, ..] if !self.legacy_storages.is_empty() || self.is_legacy() => *root,
            [root, ..] => *root,
            [] => Value::None,
        };
        checkpoint::of(root, &self.heap, &self.names)
    }

    /// Whether the first stream is PyTorch's mark of its older layout.
    #[must_use]
    pub fn is_legacy(&self) -> bool {
        self.roots.first().is_some_and(|root| legacy::is_magic(&self.heap, *root))
    }
}

/// Runs all streams of a source in the abstract: nothing is imported, called or loaded.
pub fn run(source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Execution {
    run_for(source, names, limits, &Steps::of(limits))
}

fn run_for(source: &mut dyn Source, names: &NameTable, limits: &Limits, steps: &Steps) -> Execution {
    let mut budget = Budget { bytes: limits.header_bytes, runs: MOST_SUSPECTS as u64 };
    run_at(source, names, limits, steps, 0, &mut budget)
}

/// As [`run`], for callers that want the sightings alone.
pub fn inspect(source: &mut dyn Source, names: &NameTable, limits: &Limits, steps: &Steps) -> Inspection {
    let execution = run_for(source, names, limits, steps);
    let mut inspection = execution.inspection;
    inspection.facts.more.insert("pickle_protocol", execution.protocol.to_string());
    inspection
}

fn run_at(
    source: &mut dyn Source,
    names: &NameTable,
    limits: &Limits,
    steps: &Steps,
    depth: u32,
    budget: &mut Budget,
) -> Execution {
    let mut machine = Machine::new(source, names, limits, steps);
    let mut ran = Ran::default();
    streams(&mut machine, &mut ran);
    burden::weigh(&mut machine);
    extent::weigh(&mut machine);
    let mut inspection = Inspection::default();
    inspection.sightings.extend(trees::astray(&mut machine));
    verdict::sightings(&machine, &ran, &mut inspection);
    let storages = bounds::storages(&machine);
    let Machine { heap, judge, suspects, protocol, .. } = machine;
    let imports = imports(&judge);
    let canonical: Vec<String> = judge.names.iter().map(|name| name.canonical.to_string()).collect();
    Inner { names, limits, steps, depth, budget, inspection: &mut inspection }.payloads(source, suspects);
    let mut execution = Execution {
        inspection,
        protocol,
        imports,
        streams: ran.roots.len() as u64,
        legacy_storages: ran.storages,
        is_complete: ran.fault.is_none() && ran.junk.is_none(),
        roots: ran.roots,
        heap,
        names: canonical,
    };
    let has_tensors = execution.names.iter().any(|name| name.starts_with("torch._utils._rebuild"));
    if depth == 0 && !storages.is_empty() {
        let lines: Vec<String> = storages.iter().map(|(key, bytes)| format!("{bytes} {key}")).collect();
        execution.inspection.facts.more.insert("storages", lines.join("\n"));
    }
    if depth == 0 && has_tensors {
        let facts = checkpoint::counts(&execution.checkpoint());
        execution.inspection.facts.tensors = facts.map(|(tensors, _)| tensors);
        execution.inspection.facts.parameters = facts.map(|(_, parameters)| parameters);
    }
    execution
}

fn imports(judge: &Judge) -> Vec<Import> {
    let names = judge.names.iter().filter(|name| name.is_import);
    names
        .map(|name| Import { module: name.module.to_string(), name: name.path.to_string(), calls: name.calls })
        .collect()
}

/// How far the streams of a source went.
#[derive(Default)]
pub(crate) struct Ran {
    pub(crate) roots: Vec<Value>,
    pub(crate) storages: Vec<LegacyStorage>,
    /// Why the first stream, or a storage, could not be followed to its end.
    pub(crate) fault: Option<Fault>,
    /// Where bytes begin that belong to no stream.
    pub(crate) junk: Option<u64>,
    /// How many names were met before the junk.
    pub(crate) names_before_junk: usize,
}

/// Follows one stream after another.
fn streams(machine: &mut Machine, ran: &mut Ran) {
    loop {
        let start = machine.lexer.position();
        let names_before = machine.judge.names.len();
        let notes_before = machine.notes.len();
        match machine.stream(0) {
            Ok(_) if machine.stop_at_call && machine.has_acted() => return,
            Ok(root) => ran.roots.push(root),
            Err(fault) if ran.roots.is_empty() || matches!(fault, Fault::Limit { .. } | Fault::Io(_)) => {
                ran.fault = Some(fault);
                return;
            }
            Err(_) => {
                machine.notes.truncate(notes_before);
                ran.junk = Some(start);
                ran.names_before_junk = names_before;
                return;
            }
        }
        let is_legacy = ran.roots.first().is_some_and(|root| legacy::is_magic(&machine.heap, *root));
        if is_legacy && ran.roots.len() == 5 {
            match legacy::storages(machine, ran.roots[4]) {
                Ok(storages) => ran.storages = storages,
                Err(fault) => ran.fault = Some(fault),
            }
            return;
        }
        if let Some(storage) = ran.roots.last().and_then(|root| legacy::of_tar(machine, *root))
            && let Err(fault) = legacy::pass_over(machine, storage)
        {
            ran.fault = Some(fault);
            return;
        }
        if machine.lexer.remaining() == 0 {
            return;
        }
        if is_padding(machine) {
            return;
        }
        if ran.roots.len() as u64 >= machine.most_streams {
            ran.fault = Some(Fault::Limit { limit: "entries", value: machine.most_streams });
            return;
        }
    }
}

/// Nothing but a few zeros and line ends up to the end.
fn is_padding(machine: &mut Machine) -> bool {
    let is_blank = |b: &u8| matches!(b, 0 | b'\n' | b'\r' | b' ');
    let left = machine.lexer.remaining();
    if !machine.lexer.peek(1).is_ok_and(|next| next.iter().all(is_blank)) {
        return false;
    }
    match machine.lexer.peek(PADDING) {
        Ok(rest) => rest.len() as u64 == left && rest.iter().all(is_blank),
        Err(_) => false,
    }
}

/// What may still be spent on payloads, over all depths.
struct Budget {
    /// That may be decoded or handed out.
    bytes: u64,
    runs: u64,
}

struct Inner<'a> {
    names: &'a NameTable,
    limits: &'a Limits,
    steps: &'a Steps,
    depth: u32,
    budget: &'a mut Budget,
    inspection: &'a mut Inspection,
}

impl Inner<'_> {
    /// Looks into the files that constants hold.
    fn payloads(&mut self, source: &mut dyn Source, suspects: Suspects) {
        let mut is_cut = suspects.is_cut;
        for suspect in suspects.found {
            let Some(left) = self.budget.runs.checked_sub(1) else {
                is_cut = true;
                break;
            };
            self.budget.runs = left;
            self.payload(source, &suspect);
        }
        if is_cut {
            self.inspection.see(Sighting::limit("entries", MOST_SUSPECTS as u64));
        }
    }

    fn payload(&mut self, source: &mut dyn Source, suspect: &Suspect) {
        let payload = &suspect.payload;
        let head = Payload { constant: beginning_of(payload), packing: payload.packing };
        let kind = head.bytes(source, u64::MAX).and_then(|head| beginning(&head));
        if kind.is_none() && !suspect.is_loaded {
            return;
        }
        let in_place = match (payload.packing, payload.constant.at, kind) {
            (Packing::Raw, Some(at), Some(Beginning::Pickle)) => Some(at),
            _ => None,
        };
        if let Some(at) = in_place {
            let mut part = Part::new(source, at, payload.constant.length);
            return self.pickle(&mut part, suspect, at);
        }
        let most = self.limits.string_bytes.min(self.budget.bytes);
        // Honest models are often longer. They are numbers, and nothing of them runs.
        if payload.constant.length > most && kind == Some(Beginning::Trees) {
            return;
        }
        if payload.constant.length > most {
            return self.inspection.see(Sighting::limit("string_bytes", most).at(suspect.at));
        }
        let Some(mut bytes) = payload.bytes(source, most) else {
            if suspect.is_loaded {
                let (zh, en) = ("被加载的内容无法解码", "content that is loaded does not decode");
                self.inspection.see(Sighting::not_inspected(zh, en).at(suspect.at));
            }
            return;
        };
        self.budget.bytes -= payload.constant.length;
        match kind {
            Some(Beginning::Pickle) => self.pickle(&mut bytes, suspect, suspect.at),
            _ => {
                let name = format!("constant-{}", self.inspection.nested.len());
                self.inspection.nested.push(Nested { name, offset: suspect.at, bytes });
            }
        }
    }

    /// What only looks like a pickle counts when it is one to its end, or when it names something dangerous.
    fn pickle(&mut self, source: &mut dyn Source, suspect: &Suspect, base: u64) {
        if self.depth >= DEEPEST_PAYLOAD {
            return self.inspection.see(Sighting::limit("depth", u64::from(DEEPEST_PAYLOAD)).at(suspect.at));
        }
        let inner = run_at(source, self.names, self.limits, self.steps, self.depth + 1, self.budget).inspection;
        let whole = suspect.is_loaded || !inner.sightings.iter().any(|s| s.rule == verdict::MALFORMED);
        for mut sighting in inner.sightings {
            if whole || sighting.rule == verdict::DANGEROUS {
                let known = |s: &Sighting| s.rule == sighting.rule && s.key == sighting.key && s.key.is_some();
                if !self.inspection.sightings.iter().any(known) {
                    sighting.offset = sighting.offset.map(|offset| base.saturating_add(offset));
                    self.inspection.see(sighting);
                }
            }
        }
        self.inspection.nested.extend(inner.nested.into_iter().map(|mut nested| {
            nested.offset = nested.offset.saturating_add(base);
            nested
        }));
    }
}

/// Enough of a payload to see what begins there.
fn beginning_of(payload: &Payload) -> Constant {
    let kept = payload.constant.head.len().min(256) / 4 * 4;
    let head: Box<[u8]> = payload.constant.head[..kept].into();
    Constant { length: head.len() as u64, head, at: None }
}

/// Whether a source is a pickle: told by a protocol mark with a valid opcode after it, by the first opcode that would call
/// something imported, or by streams that end exactly where the bytes end.
pub fn recognise(source: &mut dyn Source, limits: &Limits, steps: &Steps) -> bool {
    let names = NameTable::default();
    let mut machine = Machine::new(source, &names, limits, steps);
    match machine.lexer.peek(3) {
        Ok([0x80, 0..=5, code]) => return is_opcode(*code),
        Ok([_, ..]) => {}
        _ => return false,
    }
    let ran = recognising(&mut machine);
    if runs(&machine, &ran) || (ran.fault.is_none() && ran.junk.is_none() && !machine.has_acted()) {
        return true;
    }
    // Words in lines are no import: only what a module would be called, with nothing readable behind it.
    let is_name = |name: &Name| name.is_import && name.module.contains(['_', '.']);
    let imports = machine.notes.is_empty() && machine.judge.names.iter().any(is_name);
    imports && ran.roots.is_empty() && machine.lexer.peek(1).is_ok_and(|next| !next.first().is_some_and(is_readable))
}

/// Whether unpickling a source from its first byte on, whatever it is, would call something imported, write to it or
/// import it up to a STOP. Files of other formats fail at the first opcodes.
pub fn runs_something(source: &mut dyn Source, limits: &Limits, steps: &Steps) -> bool {
    let names = NameTable::default();
    let mut machine = Machine::new(source, &names, limits, steps);
    match machine.lexer.peek(1) {
        Ok([code, ..]) if is_opcode(*code) => {}
        _ => return false,
    }
    machine.refuses_ids = true;
    let ran = recognising(&mut machine);
    runs(&machine, &ran) && (!machine.judge.names.is_empty() || matches!(ran.fault, Some(Fault::Limit { .. })))
}

fn recognising(machine: &mut Machine) -> Ran {
    let mut ran = Ran::default();
    machine.stop_at_call = true;
    machine.lexer.is_lenient = true;
    streams(machine, &mut ran);
    ran
}

fn runs(machine: &Machine, ran: &Ran) -> bool {
    // Still a valid stream where a limit was reached: what comes behind it is not known.
    let is_cut = matches!(ran.fault, Some(Fault::Limit { .. }));
    let imports = !machine.judge.names.is_empty() || !machine.extensions.is_empty();
    is_cut || (machine.notes.is_empty() && (machine.has_acted() || (imports && !ran.roots.is_empty())))
}

fn is_readable(byte: &u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..)
}

pub(crate) fn reason(fault: &Fault) -> Option<(u64, Text)> {
    match fault {
        Fault::End(at) => Some((*at, Text::new("字节流在结束操作码之前中断", "the bytes end before the stream does"))),
        Fault::Broken { at, reason } => Some((*at, reason.clone())),
        Fault::Io(_) | Fault::Limit { .. } => None,
    }
}
