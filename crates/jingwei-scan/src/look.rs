//! Looks into a file, and into the files inside it: what each is by its content, and what its parser sees.

use std::{collections::HashSet, rc::Rc};

use jingwei_core::{Limits, Text};
use jingwei_graph::{GraphFormat, OpaqueFormat};
use jingwei_pickle::Steps;
use jingwei_read::{Facts, Inspection, Part, Reader, Sighting, Source, ValueSpan};
use jingwei_unpack::{Archive, Budget, Kind, Opened, Packing};

use crate::{
    beside, card, embedded,
    formats::{FRONT, Format, ggml, gguf, of_front, r_object, safetensors, unreadable},
    names::ModelNames,
    planted, shards,
    text_kind::{TextKind, holds_trees, is_named_json, is_tokenizer, names_classes, text_kind},
    weights::{self, Number, Stretch},
    words::io_reason,
};

/// Bytes of a card whose front matter is read.
const CARD: usize = 1 << 20;

/// A sighting, and in which file within the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Members from the outside to the inside, joined by `!`; empty for the file itself.
    pub inside: Rc<str>,
    pub sighting: Sighting,
}

/// Everything that was seen in one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Looked {
    pub seen: Vec<Seen>,
    pub facts: Facts,
    /// Text with something in it.
    pub has_text: bool,
    pub pickles: u64,
    /// Where an index of shards sends its reader.
    pub shards: Vec<String>,
}

/// Looks into one file. `path` decides nothing about its format.
pub(crate) fn look(
    source: &mut dyn Source,
    path: &str,
    names: &ModelNames,
    weights: bool,
    limits: &Limits,
) -> (Format, Looked) {
    let budget = Budget::new(source.length(), limits);
    let steps = Steps::of_file(source.length(), limits);
    let mut looker = Looker { names, weights, limits, steps, looked: Looked::default() };
    let place = Place {
        inside: "".into(),
        name: path.into(),
        depth: 0,
        layers: 0,
        length: source.length(),
        is_compiled: false,
    };
    let format = looker.look(source, &place, &budget);
    if let Some(sighting) = beside::odd_name(path) {
        looker.see(&place, sighting);
    }
    if looker.looked.pickles > 0 {
        let sighting = Sighting::new("model.pickle-file").with("count", &looker.looked.pickles.to_string());
        looker.see(&place, sighting);
    }
    if format == Format::Unknown && looker.looked.seen.is_empty() {
        looker.see(&place, Sighting::new("model.unknown-format"));
    }
    // Records lie beside a pickle in an archive alone.
    looker.looked.facts.more.remove(STORAGES);
    // Content that is decoded late crosses limits late.
    if let Some(sighting) = budget.verdict() {
        looker.see(&place, sighting);
    }
    (format, looker.looked)
}

/// Which file within the file.
#[derive(Clone)]
struct Place {
    inside: Rc<str>,
    /// Its own name, for those parsers to which it is a hint and for messages.
    name: Rc<str>,
    depth: u32,
    /// Archives and packed streams around it.
    layers: u32,
    /// In bytes: no sighting lies beyond.
    length: u64,
    /// Code of an archive of TorchScript.
    is_compiled: bool,
}

impl Place {
    fn below(&self, name: &str) -> Self {
        let inside = if self.inside.is_empty() { name.into() } else { format!("{}!{name}", self.inside).into() };
        let (depth, layers) = (self.depth + 1, self.layers);
        Self { inside, name: name.into(), depth, layers, length: u64::MAX, is_compiled: false }
    }

    fn unpacked(&self, name: &str) -> Self {
        Self { layers: self.layers + 1, ..self.below(name) }
    }
}

struct Looker<'a> {
    names: &'a ModelNames,
    weights: bool,
    limits: &'a Limits,
    /// Of all pickles in the file.
    steps: Steps,
    looked: Looked,
}

impl Looker<'_> {
    fn look(&mut self, source: &mut dyn Source, place: &Place, budget: &Budget) -> Format {
        let place = &Place { length: source.length(), ..place.clone() };
        let front = match Reader::new(source).peek(FRONT) {
            Ok(front) => front.to_vec(),
            Err(error) => {
                self.see(place, unreadable(io_reason(&error.to_string())));
                return Format::Unknown;
            }
        };
        let format = of_front(&front, source.length());
        if let Some(sighting) = beside::program(&place.name, &front) {
            self.see(place, sighting);
        }
        self.project(source, place);
        self.marks(source, &front, place);
        let inspection = match format {
            Format::Empty => return format,
            Format::Ggml => ggml::inspect(source, self.limits),
            Format::Gguf => gguf::inspect(source, self.limits),
            Format::Safetensors => safetensors::inspect(source, self.limits),
            Format::Hdf5 => jingwei_keras::inspect_hdf5(source, &self.names.keras, self.limits),
            Format::RObject => r_object::inspect(source, self.limits),
            Format::Npy => {
                self.arrays(source, place, budget);
                // Behind the values of an array another file may begin.
                self.polyglot(source, &front, place, budget);
                return format;
            }
            _ => {
                let format = self.other(source, &front, format, place, budget);
                if format != Format::Pickle {
                    self.pickle_in_front(source, place, budget);
                }
                if format == Format::Unknown {
                    self.pickles_within(source, &front, place, budget);
                    if let Some(lists) = embedded::faiss_lists(source, &front)
                        && let Some(sighting) = beside::lists_outside(&lists)
                    {
                        self.see(place, sighting);
                    }
                    for mut schema in embedded::arrow_schemas(source, &front) {
                        self.types(&schema, place, budget);
                        self.pickles_within(&mut schema, &front, &place.below("ARROW:schema"), budget);
                    }
                    if let Some(schema) = shards::schema_in_front(source, &front) {
                        self.types(&schema, place, budget);
                    }
                    let lie = shards::vectors_lie(&place.name, &front, source.length());
                    let lie = lie.or_else(|| shards::words_lie(&front, source.length()));
                    if let Some(sighting) = lie.or_else(|| shards::picture_lie(&front, source.length())) {
                        self.see(place, sighting);
                    }
                    if let Some(sighting) = shards::record_lie(source) {
                        self.see(place, sighting);
                    }
                }
                if format == Format::Text
                    && let Some(sighting) = shards::vectors_lie(&place.name, &front, source.length())
                {
                    self.see(place, sighting);
                }
                if let Some(sighting) = beside::mislabelled(&place.name, &front, format) {
                    self.see(place, sighting);
                }
                return format;
            }
        };
        if self.weights && inspection.sightings.is_empty() {
            self.numbers(source, format, place);
        }
        self.values(source, &inspection.pickles, place, budget);
        self.keep(inspection, place, budget);
        self.pickle_in_front(source, place, budget);
        // Behind a sound front another file may begin: loaders of zips look at the end.
        self.polyglot(source, &front, place, budget);
        format
    }

    /// Files that a tool reads by itself, and has something run because of them.
    fn project(&mut self, source: &mut dyn Source, place: &Place) {
        let Some(longest) = jingwei_template::reads_by_itself(&place.name) else { return };
        if source.length() > longest {
            // Tools read all of it.
            return self.see(place, Sighting::limit("header_bytes", longest));
        }
        let length = source.length();
        // What cannot be read is told where it is digested.
        let Ok(bytes) = Reader::new(source).take_vec(length) else { return };
        for sighting in jingwei_template::inspect_project(&place.name, &bytes) {
            self.see(place, sighting);
        }
    }

    /// Files of other trades, whose readers run, fetch or read what they name; lists of where packages come from.
    fn marks(&mut self, source: &mut dyn Source, front: &[u8], place: &Place) {
        let name = place.name.rsplit('/').next().unwrap_or_default();
        if (7..=LONGEST_LOCK).contains(&name.len()) && is_lock(&name.to_ascii_lowercase()) {
            for sighting in jingwei_template::inspect_lock(source) {
                self.see(place, sighting);
            }
        }
        let is_database = front.starts_with(b"SQLite format 3\0");
        if !is_database && !jingwei_template::has_marks(&place.name) {
            return;
        }
        let length = source.length().min(MARKED);
        // What cannot be read is told where it is digested.
        let Ok(bytes) = Reader::new(source).take_vec(length) else { return };
        let sighting = if is_database {
            shards::calls_of_database(&bytes)
        } else {
            jingwei_template::inspect_marks(&place.name, &bytes)
        };
        if let Some(sighting) = sighting {
            self.see(place, sighting);
        }
    }

    /// What no first bytes of a weights format decide: archives, graphs, documents, pickles.
    fn other(
        &mut self,
        source: &mut dyn Source,
        front: &[u8],
        format: Format,
        place: &Place,
        budget: &Budget,
    ) -> Format {
        let packings = jingwei_unpack::recognise(front, source);
        if let Some(first) = packings.first() {
            let before = self.looked.seen.len();
            for packing in &packings {
                self.packed(source, *packing, place, budget);
            }
            // Their marks are two bytes, with which a graph may begin too.
            let is_weak = matches!(first, Packing::Zlib | Packing::Lzma);
            // Behind a graph a zip may stand: the files that go along with a model of TFLite do.
            let is_behind = *first == Packing::Zip && !front.starts_with(b"PK");
            let graph = jingwei_graph::recognise(front, source.length(), source).filter(|_| is_weak || is_behind);
            if let Some(graph) = graph.filter(|graph| !matches!(graph, GraphFormat::Opaque(_))) {
                self.graph(source, graph, place, budget);
                if is_behind {
                    self.scripts_behind(before);
                    return Format::Graph(graph);
                }
            }
            return Format::Packed(*first);
        }
        if beside::names_pieces(&place.name, front) {
            self.pieces(source, place, budget);
            return Format::SentencePiece;
        }
        // Almost any bytes are a protobuf of some kind; a document or a pickle is known by more than that.
        let is_text = matches!(format, Format::Json | Format::Text) || matches!(front, [0x80, 0..=5, ..]);
        let graph = jingwei_graph::recognise(front, source.length(), source);
        if let Some(graph) = graph.filter(|graph| !is_text || *graph != GraphFormat::Opaque(OpaqueFormat::Protobuf)) {
            self.graph(source, graph, place, budget);
            // A few words with which a graph in text begins make no graph of what is run by its name.
            let kind = text_kind(&place.name, front);
            if format == Format::Text && matches!(kind, TextKind::Script | TextKind::Template | TextKind::Yaml) {
                self.text(source, front, place, budget);
            }
            return Format::Graph(graph);
        }
        if jingwei_pickle::recognise(source, self.limits, &self.steps) {
            self.looked.pickles += 1;
            let inspection = jingwei_pickle::inspect(source, &self.names.pickle, self.limits, &self.steps);
            self.keep(inspection, place, budget);
            return Format::Pickle;
        }
        match format {
            Format::Json => self.json(source, place, budget),
            // A loader of configurations goes by their names.
            Format::Text | Format::Unknown if is_named_json(&place.name) => {
                self.json(source, place, budget);
                return Format::Json;
            }
            Format::Text => self.text(source, front, place, budget),
            // One odd byte must not hide what a loader takes for a script, a template or YAML.
            Format::Unknown
                if !matches!(text_kind(&place.name, b""), TextKind::Plain)
                    || is_prose(&place.name) && is_nearly_text(front) =>
            {
                self.text(source, front, place, budget);
                return Format::Text;
            }
            _ => {}
        }
        format
    }

    /// Among labels and vocabularies that go along with a graph, a script is a program, whatever it does.
    fn scripts_behind(&mut self, before: usize) {
        let is_script = |seen: &&Seen| seen.sighting.rule == "model.script-beside-weights";
        let scripts: Vec<Seen> = self.looked.seen.iter().skip(before).filter(is_script).cloned().collect();
        for script in scripts {
            let sighting = Sighting::new("model.program-beside-weights").with("kind", "script");
            self.looked.seen.push(Seen { sighting, ..script });
        }
    }

    fn graph(&mut self, source: &mut dyn Source, graph: GraphFormat, place: &Place, budget: &Budget) {
        let inspection = jingwei_graph::inspect(graph, source, &self.names.graph, self.limits);
        self.values(source, &inspection.pickles, place, budget);
        let mut notes = planted::Notes::new(self.limits);
        for (key, text) in &inspection.notes {
            notes.text(text, jingwei_template::Note::Value, key);
        }
        for sighting in notes.seen {
            self.see(place, sighting);
        }
        self.keep(inspection, place, budget);
    }

    /// Values of a tensor or an attribute that may be a file of another kind: programs, and pickles that call something.
    fn values(&mut self, source: &mut dyn Source, values: &[ValueSpan], place: &Place, budget: &Budget) {
        for value in values {
            let below = place.below(&value.name);
            let mut part = Part::new(source, value.offset, value.length);
            let front = Reader::new(&mut part).peek(FRONT).map(<[u8]>::to_vec).unwrap_or_default();
            // A name within a file has no ending by which a system would run it.
            if let Some(program) = beside::program("", &front) {
                self.see(&below, Sighting { rule: "model.graph-native-code", ..program });
            }
            self.pickle_in_front(&mut part, &below, budget);
        }
    }

    /// Whatever a file is to others, to a loader of pickles its first bytes are opcodes.
    fn pickle_in_front(&mut self, source: &mut dyn Source, place: &Place, budget: &Budget) {
        if jingwei_pickle::runs_something(source, self.limits, &self.steps) {
            self.looked.pickles += 1;
            let inspection = jingwei_pickle::inspect(source, &self.names.pickle, self.limits, &self.steps);
            self.keep(inspection, place, budget);
        }
    }

    fn polyglot(&mut self, source: &mut dyn Source, front: &[u8], place: &Place, budget: &Budget) {
        for packing in jingwei_unpack::recognise(front, source) {
            self.packed(source, packing, place, budget);
        }
    }

    fn packed(&mut self, source: &mut dyn Source, packing: Packing, place: &Place, budget: &Budget) {
        if place.layers == MOST_LAYERS && !self.looked.seen.iter().any(|seen| seen.sighting.rule == LAYERED) {
            let (zh, en) = (
                format!("之外已有 {MOST_LAYERS} 层压缩或归档，其内仍是压缩内容，正常文件不会如此"),
                format!("lies in {MOST_LAYERS} layers of packing and is packed again, as no honest file is"),
            );
            let sighting = Sighting::new(LAYERED).key("layers").with("member", &place.name);
            self.see(place, sighting.with_text("reason", Text::new(zh, en)));
        }
        if !packing.is_archive() {
            let mut opened = jingwei_unpack::unpack(source, packing, budget);
            self.opened(&mut opened, &place.unpacked(packing.name()));
            let rest = opened.rest;
            drop(opened);
            // Bytes behind a packed stream are a file of their own.
            if let Some(start) = rest.filter(|_| place.depth < self.limits.depth) {
                let mut behind = Part::new(source, start, u64::MAX);
                self.look(&mut behind, &place.below("<after>"), budget);
            }
            return;
        }
        let mut archive = Archive::read(source, packing, budget);
        for sighting in archive.sightings().to_vec() {
            self.see(place, sighting);
        }
        let has_script = archive.members().iter().any(|member| member.name.ends_with("constants.pkl"));
        // By name and place: the same again says nothing new.
        let mut shared = HashSet::new();
        let storages = storages(archive.members().iter().map(|member| &*member.name));
        for at in 0..archive.members().len() {
            let Some(member) = archive.members().get(at) else { break };
            // A zip has the content of what it calls links and devices, and loaders read it.
            let is_named = matches!(member.kind, Kind::Link { .. } | Kind::Other) && packing != Packing::Zip;
            // What is not there needs no look; where two places of an archive say different things of it, that is told.
            let is_again = member.shared_place().is_some_and(|place| !shared.insert((member.name.clone(), place)));
            let is_empty = is_again || matches!(packing, Packing::Tar | Packing::Zip) && member.is_empty();
            if is_empty && !is_named && member.kind != Kind::Folder && !archive.pass() {
                break;
            }
            if member.kind == Kind::Folder || is_named || is_empty {
                continue;
            }
            let mut below = place.unpacked(&member.name.clone());
            below.is_compiled = has_script && member.name.contains("code/") && member.name.ends_with(".py");
            if member.kind == Kind::Junk {
                // Bytes outside of the archive have no name but the file's own, by which loaders go.
                below.name = Rc::clone(&place.name);
            }
            let pickle = below.name.strip_suffix(".pkl").map(str::to_owned);
            let is_storage = storages.as_deref().is_some_and(|folder| is_storage(folder, &member.name));
            let mut opened = archive.open(at);
            let before = self.looked.seen.len();
            self.opened(&mut opened, &below);
            if is_storage {
                // The loader takes them for numbers, whatever their first bytes resemble: only what is a file of another
                // kind from end to end says something.
                let mut number = 0;
                self.looked.seen.retain(|seen| {
                    number += 1;
                    number <= before || !RESEMBLES.contains(&seen.sighting.rule)
                });
            }
            if let (Some(claims), Some(folder)) = (self.looked.facts.more.remove(STORAGES), pickle)
                && let Some(sighting) = beside::short_record(&claims, &folder, archive.members())
            {
                self.see(&below, sighting);
            }
            if budget.is_spent() {
                break;
            }
        }
    }

    fn opened(&mut self, opened: &mut Opened<'_>, place: &Place) {
        for mut sighting in opened.sightings.drain(..) {
            if sighting.rule == SEALED && is_read_first(&place.name) {
                self.see(place, Sighting::new("model.archive-sealed-member").with("member", &place.name));
            }
            // The place names the member already.
            sighting.key = sighting.key.filter(|key| **key != *place.name);
            self.see(place, sighting);
        }
        if let Some(source) = &mut opened.source {
            self.look(source.as_mut(), place, &opened.budget);
        }
    }

    /// NumPy arrays; those of objects are pickles behind a header.
    fn arrays(&mut self, source: &mut dyn Source, place: &Place, budget: &Budget) {
        let (headers, inspection) = jingwei_keras::inspect_npy(source, self.limits);
        self.keep(inspection, place, budget);
        for header in headers.iter().filter(|header| header.has_objects) {
            let mut pickle = Part::new(source, header.data_offset, u64::MAX);
            self.look(&mut pickle, &place.below("objects"), budget);
        }
    }

    fn json(&mut self, source: &mut dyn Source, place: &Place, budget: &Budget) {
        if source.length() > self.limits.header_bytes {
            return self.see(place, Sighting::limit("header_bytes", self.limits.header_bytes));
        }
        let length = source.length();
        let bytes = match Reader::new(source).take_vec(length) {
            Ok(bytes) => bytes,
            Err(error) => return self.see(place, unreadable(io_reason(&error.to_string()))),
        };
        self.looked.has_text |= place.depth == 0;
        if place.name.to_ascii_lowercase().ends_with(".ipynb")
            && let Some(inspection) = jingwei_template::inspect_notebook(&bytes, &self.names.config, self.limits)
        {
            self.keep(inspection, place, budget);
            return self.spelled(&bytes, place, budget);
        }
        let shards = beside::shards(&bytes);
        let unsafe_shard = beside::unsafe_shard(&place.name, &shards);
        for sighting in beside::escaping_shard(&shards).into_iter().chain(unsafe_shard) {
            self.see(place, sighting);
        }
        if place.depth == 0 {
            self.looked.shards = shards;
        }
        if is_tokenizer(&place.name, &bytes) {
            for sighting in jingwei_template::inspect_tokenizer(&bytes) {
                self.see(place, sighting);
            }
        }
        let name = place.name.to_ascii_lowercase();
        if name.rsplit('/').next() == Some("package.json") {
            for sighting in jingwei_template::inspect_packages(&bytes) {
                self.see(place, sighting);
            }
        }
        let of_words = match name.rsplit('/').next() {
            Some("vocab.json" | "added_tokens.json" | "encoder.json") => jingwei_template::inspect_vocabulary(&bytes),
            Some("tokenizer_config.json" | "special_tokens_map.json") => {
                jingwei_template::inspect_tokenizer_settings(&bytes)
            }
            _ => Vec::new(),
        };
        for sighting in of_words {
            self.see(place, sighting);
        }
        let mut inspection = jingwei_template::inspect_config(source, &place.name, &self.names.config, self.limits);
        let broken = |sighting: &Sighting| sighting.rule == MALFORMED;
        if inspection.sightings.iter().any(broken) && !is_named_json(&place.name) {
            // Templates also begin with a brace. Only a file that calls itself JSON has to be JSON.
            let front = bytes.get(..bytes.len().min(FRONT)).unwrap_or_default().to_vec();
            inspection.sightings.retain(|sighting| !broken(sighting));
            self.text(source, &front, place, budget);
        }
        for sighting in inspection.sightings.iter_mut().filter(|sighting| broken(sighting)) {
            sighting.rule = "model.unreadable";
        }
        self.keep(inspection, place, budget);
        if holds_trees(&bytes) {
            let inspection = jingwei_graph::inspect_xgboost_json(source, &self.names.graph, self.limits);
            self.keep(inspection, place, budget);
        }
        if names_classes(&bytes) {
            let inspection = jingwei_keras::inspect_config(&bytes, &self.names.keras, self.limits);
            self.keep(inspection, place, budget);
        }
        self.spelled(&bytes, place, budget);
    }

    /// Pickles among the bytes of a file that nobody here knows.
    fn pickles_within(&mut self, source: &mut dyn Source, front: &[u8], place: &Place, budget: &Budget) {
        let mut found = 0;
        for at in embedded::pickle_places(source, front) {
            if found == MOST_WITHIN {
                break;
            }
            let mut part = Part::new(source, at, u64::MAX);
            let (seen, pickles) = (self.looked.seen.len(), self.looked.pickles);
            self.pickle_in_front(&mut part, &place.below("<value>"), budget);
            if self.looked.pickles > pickles {
                // Other values follow it, and it begins somewhere within.
                let follows = |seen: &Seen| seen.sighting.rule == "model.pickle-malformed";
                let mut number = 0;
                self.looked.seen.retain(|one| {
                    number += 1;
                    number <= seen || !follows(one)
                });
                for seen in self.looked.seen.iter_mut().skip(seen) {
                    seen.sighting.offset = seen.sighting.offset.map(|offset| offset.saturating_add(at));
                }
                found += 1;
            }
        }
    }

    /// Pickles of the types in a schema of Arrow.
    fn types(&mut self, schema: &[u8], place: &Place, budget: &Budget) {
        for mut pickle in shards::pickled_types(schema) {
            self.pickle_in_front(&mut pickle, &place.below("arrow.py_extension_type"), budget);
        }
    }

    /// Pickles that a text spells in letters.
    fn spelled(&mut self, text: &[u8], place: &Place, budget: &Budget) {
        let (files, is_cut) = embedded::embedded(text, self.limits.header_bytes);
        if is_cut {
            self.see(place, Sighting::limit("values", files.len() as u64));
        }
        for mut file in files {
            let below = place.below(file.how);
            if below.depth > self.limits.depth {
                return self.see(&below, Sighting::limit("depth", u64::from(self.limits.depth)));
            }
            let (seen, pickles) = (self.looked.seen.len(), self.looked.pickles);
            self.look(&mut file.bytes, &below, budget);
            let told = self.looked.seen.get(seen..).unwrap_or_default();
            let is_broken = !told.is_empty() && told.iter().all(|one| one.sighting.rule == "model.pickle-malformed");
            if self.looked.pickles == pickles || is_broken {
                // Letters that only begin like a file, or a part of one that calls nothing.
                self.looked.seen.truncate(seen);
                self.looked.pickles = pickles;
            }
            // Places in what was decoded are nowhere in the text.
            for seen in self.looked.seen.iter_mut().skip(seen) {
                seen.sighting.offset = seen.sighting.offset.map(|_| file.offset);
            }
        }
    }

    /// A vocabulary of SentencePiece.
    fn pieces(&mut self, source: &mut dyn Source, place: &Place, budget: &Budget) {
        let length = source.length();
        if length > self.limits.header_bytes {
            return self.see(place, Sighting::limit("header_bytes", self.limits.header_bytes));
        }
        match Reader::new(source).take_vec(length) {
            Ok(bytes) => self.keep(jingwei_template::inspect_sentencepiece(&bytes), place, budget),
            Err(error) => self.see(place, unreadable(io_reason(&error.to_string()))),
        }
    }

    /// What a loader makes of a text goes by its name; only templates can be told by their content.
    fn text(&mut self, source: &mut dyn Source, front: &[u8], place: &Place, budget: &Budget) {
        let inspection = match text_kind(&place.name, front) {
            TextKind::Template => jingwei_template::inspect_template(source, self.limits),
            TextKind::Script if place.depth > 0 && (place.is_compiled || place.name.contains("code/__torch__")) => {
                jingwei_template::inspect_torchscript(source, self.limits)
            }
            TextKind::Script => jingwei_template::inspect_script(source, &place.name, &self.names.config, self.limits),
            TextKind::Yaml => jingwei_template::inspect_yaml(source, &place.name, &self.names.config, self.limits),
            TextKind::Settings => {
                let indexes = jingwei_template::inspect_indexes(source);
                let mut inspection =
                    jingwei_template::inspect_settings(source, &place.name, &self.names.config, self.limits);
                inspection.sightings.extend(indexes);
                inspection
            }
            TextKind::Requirements => jingwei_template::inspect_requirements(source),
            TextKind::Paths => start_file(source, &place.name, self),
            TextKind::Plain => prose(source, &place.name),
        };
        self.keep(inspection, place, budget);
        let length = source.length().min(self.limits.header_bytes);
        // What cannot be read is told where it is digested.
        let bytes = Reader::new(source).take_vec(length).unwrap_or_default();
        if let Some(sighting) = jingwei_template::inspect_modelines(&String::from_utf8_lossy(&bytes)) {
            self.see(place, sighting);
        }
        self.spelled(&bytes, place, budget);
        if place.depth == 0 {
            self.looked.has_text = front.iter().any(|b| !b.is_ascii_whitespace());
            let card = String::from_utf8_lossy(bytes.get(..CARD).unwrap_or(&bytes));
            if let Some(sighting) = card::data_outside(&card) {
                self.see(place, sighting);
            }
            let licence = card::front_matter_licence(&card);
            merge(&mut self.looked.facts, Facts { licence, ..Facts::default() });
        }
    }

    fn numbers(&mut self, source: &mut dyn Source, format: Format, place: &Place) {
        let stretch = |(name, dtype, offset, bytes): (String, &str, u64, u64)| {
            Some(Stretch { name, number: Number::of_name(dtype)?, offset, bytes })
        };
        let stretches: Vec<Stretch> = match format {
            Format::Gguf => gguf::float_tensors(source, self.limits).into_iter().filter_map(stretch).collect(),
            Format::Safetensors => {
                let tensors = safetensors::tensors(source, self.limits);
                tensors.into_iter().filter_map(stretch).collect()
            }
            _ => return,
        };
        for sighting in weights::examine(source, &stretches) {
            self.see(place, sighting);
        }
    }

    fn see(&mut self, place: &Place, mut sighting: Sighting) {
        // Parsers follow what a file claims, and a claim may point anywhere.
        sighting.offset = sighting.offset.map(|offset| offset.min(place.length));
        self.looked.seen.push(Seen { inside: Rc::clone(&place.inside), sighting });
    }

    /// Takes over what a parser saw, and looks into what it handed out.
    fn keep(&mut self, inspection: Inspection, place: &Place, budget: &Budget) {
        for sighting in inspection.sightings {
            self.see(place, sighting);
        }
        let mut facts = inspection.facts;
        if place.depth > 0 {
            // Paths inside an archive are no paths of the folder.
            facts.more.remove("external_data");
            facts.more.remove("external_end");
            facts.more.remove("weights_end");
        }
        merge(&mut self.looked.facts, facts);
        for nested in inspection.nested {
            let below = place.below(&nested.name);
            if below.depth > self.limits.depth {
                self.see(&below, Sighting::limit("depth", u64::from(self.limits.depth)));
                continue;
            }
            let mut bytes = nested.bytes;
            self.look(&mut bytes, &below, budget);
        }
    }
}

/// Bytes of the longest name of a lock file.
const LONGEST_LOCK: usize = 19;

/// Bytes of a file of another trade that are searched.
const MARKED: u64 = 8 << 20;

fn is_prose(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".log", ".txt", ".md", ".rst"].iter().any(|ending| name.ends_with(ending))
}

/// Text but for controls of terminals.
fn is_nearly_text(front: &[u8]) -> bool {
    !front.contains(&0) && std::str::from_utf8(front).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// Lock files and lists of channels, by name.
fn is_lock(name: &str) -> bool {
    matches!(
        name,
        "package-lock.json"
            | "npm-shrinkwrap.json"
            | "yarn.lock"
            | "pnpm-lock.yaml"
            | "poetry.lock"
            | "uv.lock"
            | "pdm.lock"
            | "pipfile"
            | "pipfile.lock"
            | "gemfile.lock"
            | ".condarc"
            | "condarc"
            | "conda-lock.yml"
            | "pixi.lock"
    )
}

/// Pickles that are told of a file whose format nobody here knows.
const MOST_WITHIN: usize = 16;

/// What a pickle says of its storages.
const STORAGES: &str = "storages";

/// Rules for what begins like a format and then is none.
const RESEMBLES: [&str; 3] = [MALFORMED, "model.pickle-malformed", "model.unreadable"];

/// The folder of an archive of PyTorch in which the numbers of its tensors lie; `None`: it is no such archive.
fn storages<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<String> {
    let root =
        names.find_map(|name| name.strip_suffix("data.pkl").filter(|root| root.is_empty() || root.ends_with('/')))?;
    Some(format!("{root}data/"))
}

fn is_storage(folder: &str, name: &str) -> bool {
    name.strip_prefix(folder).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Archives and packed streams in one another that an honest file has at most: a wheel with a jar with a packed table has
/// four.
const MOST_LAYERS: u32 = 16;

/// The rule for files that are packed again and again.
const LAYERED: &str = "model.archive-inconsistent";

/// The rule for members that are encrypted, or packed so that nobody here can read them.
const SEALED: &str = "model.archive-encrypted";

/// Members by which loaders of PyTorch and Keras begin. None of them knows a key, so no program that saves models seals one.
fn is_read_first(name: &str) -> bool {
    matches!(name.rsplit('/').next(), Some("data.pkl" | "constants.pkl" | "config.json"))
}

/// The rule for headers: for a document of somebody's own writing it is too strong.
const MALFORMED: &str = "model.header-malformed";

/// Longest plain text that is read for hidden characters.
const PROSE: u64 = 4 << 20;

/// Text for people, or for a program of its own.
fn prose(source: &mut dyn Source, name: &str) -> Inspection {
    let mut inspection = Inspection::default();
    let length = source.length().min(PROSE);
    // What cannot be read is told where it is digested.
    let Ok(bytes) = Reader::new(source).take_vec(length) else { return inspection };
    let (path, name) = (name, name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase());
    let shown = [".md", ".rst"].iter().any(|ending| name.ends_with(ending))
        || ["readme", "license", "licence", "notice", "model_card"].iter().any(|front| name.starts_with(front));
    let text = String::from_utf8_lossy(&bytes);
    inspection.sightings = jingwei_template::inspect_prose(&text, shown);
    inspection.sightings.extend(jingwei_template::inspect_orders(path, &text));
    inspection.sightings.extend(jingwei_template::inspect_ranks(&text));
    inspection.sightings.extend(jingwei_template::inspect_source(path, &text));
    inspection.sightings.extend(jingwei_template::inspect_markup(path, &text));
    if name == "vocab.txt" {
        inspection.sightings.extend(jingwei_template::inspect_word_list(&text));
    }
    if [".csv", ".tsv"].iter().any(|ending| name.ends_with(ending)) {
        inspection.sightings.extend(jingwei_template::inspect_formulas(&text));
    }
    inspection
}

/// A file that lies among Python's packages and is run at each start.
fn start_file(source: &mut dyn Source, name: &str, looker: &Looker<'_>) -> Inspection {
    let mut inspection = jingwei_template::inspect_script(source, name, &looker.names.config, looker.limits);
    let calls: Vec<String> = inspection
        .sightings
        .iter()
        .filter(|s| s.rule == "model.script-dangerous")
        .filter_map(|s| s.key.clone())
        .collect();
    inspection.sightings.retain(|sighting| sighting.rule == "model.not-inspected");
    let calls = if calls.is_empty() { "import".to_owned() } else { calls.join(", ") };
    inspection.see(Sighting::new("model.start-file").key(&calls).with("calls", &calls));
    inspection
}

/// Counts add up; of words the first stands.
fn merge(into: &mut Facts, more: Facts) {
    let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
        (None, b) => b,
        (a, None) => a,
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
    };
    into.tensors = sum(into.tensors, more.tensors);
    into.parameters = sum(into.parameters, more.parameters);
    into.licence = into.licence.take().or(more.licence);
    into.described |= more.described;
    for (key, value) in more.more {
        into.more.entry(key).or_insert(value);
    }
}
