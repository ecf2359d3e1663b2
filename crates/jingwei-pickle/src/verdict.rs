//! Turns what a run noted into sightings.

use std::collections::HashSet;

use jingwei_core::Text;
use jingwei_read::{Effect, Inspection, Sighting, shown};

use crate::{
    bounds,
    execution::{Ran, reason},
    heap::{Node, Value},
    judge::{Class, MOST_NAMES, Name},
    lexer::Fault,
    machine::{Machine, Outside},
    print::expression,
};

pub(crate) const DANGEROUS: &str = "model.pickle-dangerous";
pub(crate) const MALFORMED: &str = "model.pickle-malformed";
const UNKNOWN: &str = "model.pickle-unknown";
const WRITE: &str = "model.pickle-attribute-write";
const EXTENSION: &str = "model.pickle-extension-code";
const BURDEN: &str = "model.pickle-bomb";
const OUTSIDE: &str = "model.pickle-outside-value";

/// Most sightings of one rule; the rest is one more, of a limit.
const MOST_SIGHTINGS: usize = 1000;

pub(crate) fn sightings(machine: &Machine, ran: &Ran, inspection: &mut Inspection) {
    let judged = machine.judge.names.iter().enumerate();
    let mut sightings: Vec<Sighting> = Vec::new();
    let (mut dangerous, mut unknown) = (0, 0);
    let mut known: HashSet<(bool, &str)> = HashSet::new();
    for (n, name) in judged {
        let Some(finding) = finding(name) else { continue };
        let count = match finding {
            Finding::Dangerous => &mut dangerous,
            // Names of bytes that are no stream mean nothing.
            Finding::Unknown(_) if ran.junk.is_some() && n >= ran.names_before_junk => continue,
            Finding::Unknown(_) => &mut unknown,
        };
        // `posix.system` and `os.system` are one thing.
        if !known.insert((matches!(finding, Finding::Dangerous), label(name))) {
            continue;
        }
        *count += 1;
        if *count <= MOST_SIGHTINGS {
            let id = u32::try_from(n).unwrap_or(u32::MAX);
            sightings.push(sighting(machine, name, Value::Name(crate::heap::NameId(id)), finding));
        }
    }
    // What wears its reader out is told as that, and not as something that was left out.
    let is_burden = !machine.burdens.is_empty();
    if dangerous.max(unknown) > MOST_SIGHTINGS && !is_burden {
        sightings.push(Sighting::limit("entries", MOST_SIGHTINGS as u64));
    }
    if machine.judge.is_cut && !is_burden {
        sightings.push(Sighting::limit("entries", MOST_NAMES as u64));
    }
    others(machine, &mut sightings);
    sightings.extend(by_loaders(machine));
    sightings.extend(bounds::beyond(machine));
    sightings.extend(bounds::addresses(machine));
    burdens(machine, ran, &mut sightings);
    breaks(machine, ran, &mut sightings);
    inspection.sightings.append(&mut sightings);
}

enum Finding {
    Dangerous,
    Unknown(Text),
}

fn finding(name: &Name) -> Option<Finding> {
    let unlisted = || Finding::Unknown(Text::new("它不在允许名单上", "it is on no list of names that models need"));
    match name.class {
        Class::Allowed => None,
        Class::Dangerous(_) => Some(Finding::Dangerous),
        Class::Review => Some(Finding::Unknown(Text::new(
            "它本身无害，但模型不需要它",
            "harmless alone, it is nothing that a model needs",
        ))),
        Class::Unknown => Some(unlisted()),
        Class::Conditional(_) if name.broken => {
            Some(Finding::Unknown(Text::new("它的用法不在允许之列", "it is used in another way than models need it")))
        }
        Class::Conditional(condition) if name.given > name.used && !condition.allows_reference() => {
            Some(Finding::Unknown(Text::new("它被作为值传递", "it is passed on as a value")))
        }
        Class::Conditional(_) => None,
    }
}

fn label(name: &Name) -> &str {
    name.leads_to.as_deref().unwrap_or(&name.canonical)
}

fn sighting(machine: &Machine, name: &Name, value: Value, finding: Finding) -> Sighting {
    let shown = expression(&machine.heap, &machine.judge, name.example.unwrap_or(value));
    let at = name.offset;
    let label = label(name);
    match finding {
        Finding::Dangerous => {
            let effect = match name.class {
                Class::Dangerous(effect) => effect.label(),
                _ => Text::same(""),
            };
            Sighting::new(DANGEROUS)
                .key(label)
                .at(at)
                .with("name", label)
                .with("expression", &shown)
                .with_text("effect", effect)
        }
        Finding::Unknown(reason) => Sighting::new(UNKNOWN)
            .key(label)
            .at(at)
            .with("name", label)
            .with("expression", &shown)
            .with_text("reason", reason),
    }
}

fn others(machine: &Machine, sightings: &mut Vec<Sighting>) {
    if let Some((at, value)) = machine.computed {
        let shown = expression(&machine.heap, &machine.judge, value);
        let reason = Text::new("被调用的对象是计算得出的", "what is called is computed");
        let sighting = Sighting::new(UNKNOWN).key("computed").at(at).with("name", "?").with("expression", &shown);
        sightings.push(sighting.with_text("reason", reason));
    }
    if let Some((at, value)) = machine.computed_name {
        let shown = expression(&machine.heap, &machine.judge, value);
        let sighting = Sighting::new(DANGEROUS).key("computed").at(at).with("name", "?").with("expression", &shown);
        sightings.push(sighting.with_text("effect", Effect::Import.label()));
    }
    for (kind, (at, value)) in &machine.outside {
        let (key, reason) = match kind {
            Outside::Object => {
                let shown = expression(&machine.heap, &machine.judge, *value);
                ("object", Text::new(format!("持久编号 {shown}"), format!("the persistent id {shown}")))
            }
            Outside::Buffer => ("buffer", Text::new("文件之外的缓冲区", "a buffer that is not in the file")),
        };
        sightings.push(Sighting::new(OUTSIDE).key(key).at(*at).with_text("reason", shown_text(&reason)));
    }
    let mut seen: Vec<&str> = Vec::new();
    for write in &machine.writes {
        if seen.contains(&write.target.as_str()) {
            continue;
        }
        seen.push(&write.target);
        let value = expression(&machine.heap, &machine.judge, write.value);
        let shown = format!("{} = {value}", write.target);
        let sighting = Sighting::new(WRITE).key(&write.target).at(write.at);
        sightings.push(sighting.with("name", &write.target).with("expression", &shown));
    }
    for (code, at) in &machine.extensions {
        let code = code.to_string();
        sightings.push(Sighting::new(EXTENSION).key(&code).at(*at).with("code", &code));
    }
}

/// Keys of plain data whose value a loader imports and calls: Lightning's own, and Hydra's.
const INSTANTIATOR: &str = "_instantiator";
const TARGET: &str = "_target_";
/// What Lightning writes there itself.
const INSTANTIATORS: [&str; 3] = [
    "lightning.pytorch.cli.instantiate_module",
    "pytorch_lightning.cli.instantiate_module",
    "pytorch_lightning.utilities.cli.instantiate_module",
];
/// Such keys that are judged, and sightings of them.
const MOST_JUDGED: usize = 10_000;
const MOST_TARGETS: usize = 16;

/// Names that stand in plain data, and that loaders of checkpoints import.
fn by_loaders(machine: &Machine) -> Vec<Sighting> {
    let dictionaries = (0..machine.heap.count()).filter_map(|node| match machine.heap.at(node) {
        Some(Node::Dict(pairs)) => Some(&pairs.kept),
        _ => None,
    });
    let named = dictionaries.flatten().filter_map(|(key, value)| {
        let key = [INSTANTIATOR, TARGET].into_iter().find(|known| machine.heap.is_text(*key, known))?;
        Some((key, machine.heap.whole_text(*value)?))
    });
    let judged = named.filter_map(|(key, name)| {
        let (module, path) = name.rsplit_once('.')?;
        let is_own = key == TARGET || INSTANTIATORS.contains(&name);
        let sighting = |rule| {
            let expression = format!("{key}: {}", shown(name));
            Sighting::new(rule).key(name).with("name", &shown(name)).with("expression", &expression)
        };
        match machine.judge.class_of(module, path) {
            Class::Dangerous(effect) => Some(sighting(DANGEROUS).with_text("effect", effect.label())),
            Class::Unknown | Class::Review if !is_own => {
                let (zh, en) = ("加载程序会按这个键导入它", "a loader imports it because of this key");
                Some(sighting(UNKNOWN).with_text("reason", Text::new(zh, en)))
            }
            _ => None,
        }
    });
    let mut seen: Vec<Sighting> = judged.take(MOST_JUDGED).collect();
    // Those that run something come first.
    seen.sort_by_key(|sighting| sighting.rule != DANGEROUS);
    seen.truncate(MOST_TARGETS);
    seen
}

/// What costs a reader too much, and whether that kept the rest from being followed.
fn burdens(machine: &Machine, ran: &Ran, sightings: &mut Vec<Sighting>) {
    let is_cut = matches!(ran.fault, Some(Fault::Limit { .. }));
    for burden in &machine.burdens {
        let Text { zh, en } = &burden.reason;
        let reason = match is_cut {
            true => Text::new(format!("{zh}；其后未被检查"), format!("{en}; what follows was not inspected")),
            false => burden.reason.clone(),
        };
        sightings.push(Sighting::new(BURDEN).key(burden.key).at(burden.at).with_text("reason", reason));
    }
}

/// Where the bytes are no proper streams.
fn breaks(machine: &Machine, ran: &Ran, sightings: &mut Vec<Sighting>) {
    match &ran.fault {
        Some(Fault::Limit { .. }) if !machine.burdens.is_empty() => {}
        Some(Fault::Limit { limit, value }) => sightings.push(Sighting::limit(limit, *value)),
        Some(Fault::Io(cause)) => sightings.push(Sighting::new("model.unreadable").with("reason", cause)),
        Some(fault) => {
            if let Some((at, reason)) = reason(fault) {
                sightings.push(malformed(at, reason));
            }
        }
        None => {}
    }
    if let Some(at) = ran.junk {
        let reason = Text::new("流结束之后还有其他字节", "other bytes follow the end of the stream");
        sightings.push(malformed(at, reason));
    }
    if let Some((at, reason)) = &machine.lexer.tampered {
        sightings.push(malformed(*at, reason.clone()));
    }
    let mut seen: Vec<&Text> = Vec::new();
    for (at, reason) in &machine.notes {
        if !seen.contains(&reason) {
            seen.push(reason);
            sightings.push(malformed(*at, reason.clone()));
        }
    }
}

/// Reasons quote what the file says.
fn shown_text(text: &Text) -> Text {
    Text::new(shown(&text.zh), shown(&text.en))
}

fn malformed(at: u64, reason: Text) -> Sighting {
    let sighting = Sighting::new(MALFORMED).key(&reason.en).at(at);
    sighting.with("offset", &at.to_string()).with_text("reason", reason)
}
