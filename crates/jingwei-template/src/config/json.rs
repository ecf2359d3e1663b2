//! Configurations as JSON, read as a stream: vocabularies of tens of megabytes are passed over, not kept.

use std::{
    collections::hash_map::DefaultHasher,
    fmt,
    hash::{Hash, Hasher},
};

use jingwei_core::Text;
use jingwei_read::{Effect, Inspection, NameClass, QuickMap, Sighting};
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use crate::config::{
    chains, entry,
    findings::{Findings, leads_outside},
    loaders, nesting, plain, repair, targets,
};

/// Top-level keys under which `transformers` and `diffusers` find the names of code to load.
const CODE_KEYS: [&str; 2] = ["auto_map", "custom_pipelines"];
/// Operators of MXNet whose code is not MXNet's.
const MXNET_CUSTOM: &str = "Custom";
/// Operators of MXNet that are an address in memory, written as a text, which the reader calls.
const MXNET_ADDRESSES: [&str; 2] = ["_Native", "_NDArray"];
/// Keys below which kernels of the hub are named.
const KERNEL_KEYS: [&str; 7] = [
    "kernel_mapping",
    "kernel_config",
    "_attn_implementation",
    "attn_implementation",
    "_attn_implementation_internal",
    "experts_implementation",
    "_experts_implementation",
];
/// Files that give the sizes of a model.
const SIZED: [&str; 5] = ["config.json", "params.json", "model_config.json", "hparams.json", "mlc-chat-config.json"];
/// Sizes by which loaders make a model, each with far more than any model has.
const SIZES: [(&str, u64); 5] = [
    ("num_hidden_layers|num_layers|n_layer|n_layers|depth|num_experts|n_routed_experts|num_local_experts", 1 << 14),
    ("num_attention_heads|num_key_value_heads|n_head|n_heads|encoder_layers|decoder_layers", 1 << 14),
    (
        "hidden_size|d_model|n_embd|dim|embed_dim|embedding_size|intermediate_size|d_ff|ffn_dim|encoder_ffn_dim|decoder_ffn_dim|moe_intermediate_size|head_dim",
        1 << 22,
    ),
    ("vocab_size|type_vocab_size|num_labels|num_classes", 1 << 28),
    ("max_position_embeddings|n_positions", 1 << 32),
];
/// Values for each of [`Limits::entries`](jingwei_core::Limits): they are passed over, not kept, and tables of words have
/// millions.
const PER_ENTRY: u64 = 4;
/// Keys of one object that are remembered, so that a second of the same name is told. Those that decide are remembered always.
const TOLD_APART: usize = 1 << 17;
/// How skops makes an object.
const LOADER: &str = "__loader__";
const TRUST_KEY: &str = "trust_remote_code";
/// Keys whose value a loader imports.
const TARGET_KEYS: [&str; 2] = ["_target_", "class_path"];
/// Keys that may name an activation by its full name, which is imported.
const ACTIVATION_KEYS: [&str; 3] = ["activation_function", "activation_fn", "default_activation_function"];
/// Keys that hold a name for other purposes, so that only dangerous ones are told.
const NAME_KEYS: [&str; 11] =
    ["path", "function", "callable", "func", "fn", "factory", "constructor", "method", "target", "type", "object"];
/// References that a loader follows. A leftover such as `_name_or_path` is followed by none.
const REFERENCE_KEYS: [&str; 19] = [
    "tokenizer_file",
    "vocab_file",
    "merges_file",
    "spm_file",
    "tokenizer_name_or_path",
    "processor_name_or_path",
    "custom_pipeline",
    "weights_path",
    "checkpoint_path",
    "archive_file",
    "template_path",
    "prompt_path",
    "speakers_file",
    "model_file",
    "hub_filename",
    "assistant_model",
    "custom_ops_library",
    "model_lib_path",
    "model_file_base_name",
];
const BASE_KEYS: [&str; 2] = ["base_model_name_or_path", "base_model"];
/// Pairs of keys by which skops and PEFT name what they import: a module, and a name in it.
const NAMED_BY: [[&str; 2]; 3] =
    [["__module__", "__class__"], ["module_path", "function"], ["parent_library", "base_model_class"]];
/// Where the machines of authors keep their files.
pub(crate) const LEFTOVERS: [&str; 9] =
    ["/home/", "/root/", "/Users/", "/tmp/", "/mnt/", "/data", "/workspace/", "/content/", "/kaggle/"];
/// Keys that decide what is loaded.
const DECIDING_KEYS: [&str; 11] = [
    "auto_map",
    "custom_pipelines",
    "trust_remote_code",
    "_target_",
    "class_path",
    "chat_template",
    "architectures",
    "model_type",
    "tokenizer_class",
    "_class_name",
    "base_model_name_or_path",
];

/// `make`: the findings are begun anew where the bytes had to be mended first.
pub(crate) fn inspect<'a>(bytes: &[u8], make: impl Fn() -> Findings<'a>) -> Inspection {
    let first = make();
    let Err(error) = walk(bytes, &first) else { return first.finish() };
    if first.crossed.get().is_none()
        && let Some(mended) = repair::mended(bytes)
    {
        let second = make();
        let outcome = walk(&mended, &second);
        return finished(bytes, second, outcome.err());
    }
    finished(bytes, first, Some(error))
}

fn walk(bytes: &[u8], found: &Findings<'_>) -> Result<(), serde_json::Error> {
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let top = Value { found, depth: 0, key: "", place: Place::Ordinary, weigh: false };
    top.deserialize(&mut parser).and_then(|_| parser.end())
}

fn finished(bytes: &[u8], found: Findings<'_>, error: Option<serde_json::Error>) -> Inspection {
    let crossed = found.crossed.get();
    let deepest = u64::from(found.limits.depth);
    if error.is_some() && crossed.is_none() {
        // Lines of JSON, and what readers with comments and loose commas take: its entries are entries all the same.
        plain::entries(&String::from_utf8_lossy(bytes), &found);
    }
    let mut inspection = found.finish();
    let Some(error) = error else { return inspection };
    if crossed.is_some_and(|(limit, _)| limit == "depth") || error.to_string().starts_with("recursion limit") {
        inspection.sightings.extend(nesting::of_json(bytes));
    }
    inspection.see(match crossed {
        Some((limit, value)) => Sighting::limit(limit, value),
        None if error.to_string().starts_with("recursion limit") => Sighting::limit("depth", deepest),
        None => {
            let reason = jingwei_read::shown(&error.to_string());
            let (zh, en) = (format!("不是有效的 JSON（{reason}）"), format!("it is not valid JSON ({reason})"));
            Sighting::malformed(offset_of(bytes, &error), zh, en)
        }
    });
    inspection
}

/// serde_json tells line and column; a report wants the byte.
fn offset_of(bytes: &[u8], error: &serde_json::Error) -> u64 {
    let lines_before = bytes.split_inclusive(|b| *b == b'\n').take(error.line().saturating_sub(1));
    (lines_before.map(<[u8]>::len).sum::<usize>() + error.column().saturating_sub(1)) as u64
}

/// What a value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Ordinary,
    /// Names of code: `auto_map`, `custom_pipelines`.
    Code,
    /// A chat template, or several of them.
    Template,
    /// A vocabulary: any character may be a token, and there are a million of them.
    Vocabulary,
    /// One part of a pipeline: `[library, class]`.
    Component,
    /// Kernels of the hub, by the layers that they replace.
    Kernels,
    /// Classes that a loader makes by their names.
    Classes,
    /// Where parts of an array lie.
    References,
    /// Where timm finds weights.
    Pretrained,
}

#[derive(Clone, Copy)]
struct Value<'a, 'f> {
    found: &'a Findings<'f>,
    depth: u32,
    /// The key that it stands under, also through lists.
    key: &'a str,
    place: Place,
    /// Whether two values of the key must be told apart.
    weigh: bool,
}

/// What a value was.
#[derive(Debug, Clone, Default, PartialEq)]
struct Content {
    filled: bool,
    weight: u64,
    /// The first two items of a list of texts.
    pair: Option<(String, String)>,
    text: Option<String>,
}

impl<'a, 'f> Value<'a, 'f> {
    fn below<'b, E: Error>(self, key: &'b str, place: Place) -> Result<Value<'b, 'f>, E>
    where
        'a: 'b,
    {
        let deepest = self.found.limits.depth;
        if self.depth >= deepest {
            return Err(self.cross("depth", u64::from(deepest)));
        }
        Ok(Value { depth: self.depth + 1, key, place, ..self })
    }

    fn count<E: Error>(self) -> Result<(), E> {
        if self.place == Place::Vocabulary {
            return Ok(());
        }
        let entries = self.found.entries.get() + 1;
        self.found.entries.set(entries);
        let most = self.found.limits.entries.saturating_mul(PER_ENTRY);
        if entries > most { Err(self.cross("entries", most)) } else { Ok(()) }
    }

    /// A size by which a loader takes memory before it has read any weights.
    fn size(self, value: u64) {
        // Elsewhere such a word is a token with its number.
        let is_model = self.place == Place::Ordinary && SIZED.contains(&self.found.file.as_str());
        if is_model && SIZES.iter().any(|(keys, most)| value > *most && keys.split('|').any(|key| key == self.key)) {
            let sighting = Sighting::new("model.config-huge-size").key(self.key);
            self.found.see(sighting.with("key", self.key).with("size", &value.to_string()));
        }
    }

    fn cross<E: Error>(self, limit: &'static str, value: u64) -> E {
        self.found.crossed.set(Some((limit, value)));
        E::custom("limit")
    }

    fn weight(self, value: impl Hash) -> u64 {
        if !self.weigh {
            return 0;
        }
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        hasher.finish()
    }

    fn scalar(self, filled: bool, value: impl Hash) -> Content {
        Content { filled, weight: self.weight(value), ..Content::default() }
    }

    /// What the value of a key is for.
    fn place_of(self, key: &str) -> Place {
        match key {
            _ if self.place == Place::Vocabulary => Place::Vocabulary,
            _ if self.depth == 0 && CODE_KEYS.contains(&key) || key == "auto_map" => Place::Code,
            "chat_template" | "chat_templates" => Place::Template,
            key if KERNEL_KEYS.contains(&key) => Place::Kernels,
            "item_handlers" => Place::Classes,
            "types" if self.depth == 0 && matches!(self.found.file.as_str(), "config.json" | "router_config.json") => {
                Place::Classes
            }
            "refs" if self.depth == 0 => Place::References,
            "pretrained_cfg" if self.depth == 0 => Place::Pretrained,
            _ if matches!(self.place, Place::Kernels | Place::Classes | Place::References | Place::Pretrained) => {
                self.place
            }
            "vocab" | "merges" if self.depth <= 1 => Place::Vocabulary,
            _ if self.place == Place::Template && matches!(key, "name" | "role") => Place::Ordinary,
            _ if self.place == Place::Template || self.place == Place::Code => self.place,
            _ if self.depth == 0 && self.found.file.ends_with("model_index.json") => Place::Component,
            _ => Place::Ordinary,
        }
    }

    fn string(self, text: &str) {
        let found = self.found;
        if text.len() as u64 > found.limits.string_bytes {
            found.see(Sighting::limit("string_bytes", found.limits.string_bytes));
            return;
        }
        match self.place {
            Place::Template => return found.template(text),
            Place::Code => found.remote_repository(self.key, text),
            Place::Kernels => loaders::kernel(found, self.key, text),
            Place::Classes => loaders::class(found, self.key, text),
            Place::References => {
                if let Some(what) = leads_outside(text, true).filter(|_| !text.contains(char::is_whitespace)) {
                    found.outside(self.key, text, what);
                }
            }
            Place::Pretrained if matches!(self.key, "url" | "file") => {
                if let Some(what) = leads_outside(text, true) {
                    found.outside(self.key, text, what);
                }
            }
            Place::Ordinary | Place::Component | Place::Vocabulary | Place::Pretrained => {}
        }
        if self.place != Place::Vocabulary {
            found.hidden(text);
            found.value(text);
            chains::anywhere(found, text);
            found.order(self.key, text);
            entry::judge(found, self.key, text);
        }
        let key = self.key;
        if key == TRUST_KEY && text.eq_ignore_ascii_case("true") {
            found.remote_code(key);
        }
        // MXNet has the library of an operator run by a name that Python registers.
        if key == "op" && MXNET_ADDRESSES.contains(&text) {
            let sighting = Sighting::new("model.graph-dangerous-operator").key(text).with("name", text);
            let place = Text::new("MXNet 图", "a graph of MXNet");
            found.see(sighting.with_text("effect", Effect::Native.label()).with_text("where", place));
        }
        if key == "op" && text == MXNET_CUSTOM {
            let sighting = Sighting::new("model.graph-unknown-operator").key("MXNet");
            found.see(sighting.with("library", "MXNet").with("operators", text));
        }
        let module_type = key == "type" && found.file == "modules.json";
        if TARGET_KEYS.contains(&key) || module_type || ACTIVATION_KEYS.contains(&key) && targets::is_dotted(text) {
            found.remote_repository(key, text);
            found.target(key, text, true);
        } else if NAME_KEYS.contains(&key) && targets::is_dotted(text) {
            found.target(key, text, false);
        } else if let Some(expression) = text.strip_prefix('$').filter(|rest| !rest.starts_with('{')) {
            found.expression(key, expression);
        }
        let base = BASE_KEYS.contains(&key);
        // `save_pretrained` leaves these out, and what other tools leave behind lies where people work.
        let own = matches!(key, "vocab_file" | "merges_file" | "spm_file");
        let absolute = base || own && !LEFTOVERS.iter().any(|folder| text.starts_with(folder));
        if (base || REFERENCE_KEYS.contains(&key))
            && let Some(what) = leads_outside(text, absolute)
        {
            found.outside(key, text, what);
        }
        if key == "architectures" || (self.depth == 1 && key == "model_type") {
            found.fact("architecture", text);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = Content;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Content, E> {
        Ok(self.scalar(false, "null"))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Content, E> {
        if value && self.key == TRUST_KEY {
            self.found.remote_code(TRUST_KEY);
        }
        let word = if value { "true" } else { "false" };
        if loaders::allows(self.key, word) {
            self.found.imports(self.key, word, loaders::allowance());
        }
        Ok(self.scalar(value, value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Content, E> {
        Ok(self.scalar(true, value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Content, E> {
        self.size(value);
        if value > 0 && self.key == TRUST_KEY {
            self.found.remote_code(TRUST_KEY);
        }
        Ok(self.scalar(true, value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Content, E> {
        if value >= 2f64.powi(64) {
            // JSON has no largest whole number.
            self.size(u64::MAX);
        }
        Ok(self.scalar(true, value.to_bits()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Content, E> {
        self.string(value);
        let text = matches!(self.key, "target" | "_class_name") || self.place == Place::Component;
        // LangChain names a class by the list of its path.
        let text = text || matches!(self.key, "id" | LOADER) || NAMED_BY.iter().flatten().any(|key| *key == self.key);
        let text = (text && value.len() < 500).then(|| value.to_owned());
        Ok(Content { text, ..self.scalar(!value.is_empty(), value) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Content, A::Error> {
        // Items of a list are values of its key, except that a list of switches is none.
        let key = if self.key == TRUST_KEY { "" } else { self.key };
        let below = self.below(key, self.place)?;
        let mut content = Content::default();
        let mut texts: Vec<Option<String>> = Vec::new();
        while let Some(item) = seq.next_element_seed(below)? {
            content.filled = true;
            content.weight = self.weight((content.weight, item.weight));
            if texts.len() < 8 {
                texts.push(item.text);
            }
            self.count()?;
        }
        let is_part = self.place == Place::Component && texts.get(2).is_some_and(Option::is_none);
        let pair = if is_part { &texts[..2] } else { &texts[..] };
        if let [Some(library), Some(class)] = pair {
            content.pair = Some((library.clone(), class.clone()));
        }
        if self.key == "id" && texts.len() > 1 {
            let path: Vec<String> = texts.into_iter().flatten().collect();
            self.found.target(self.key, &path.join("."), false);
        }
        Ok(content)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        let mut content = Content::default();
        let mut known: QuickMap<String, u64> = QuickMap::default();
        let (mut target, mut params, mut loader) = (None, false, None);
        let mut named: [[Option<String>; 2]; NAMED_BY.len()] = Default::default();
        while let Some(name) = map.next_key::<String>()? {
            self.count()?;
            content.filled = true;
            if self.place == Place::Ordinary && name.contains(char::is_whitespace) {
                // Maps from labels to numbers have the labels as their keys.
                self.found.order("label", &name);
            }
            let decides = DECIDING_KEYS.contains(&name.as_str());
            let mut below = self.below(&name, self.place_of(&name))?;
            below.weigh |= decides;
            let value = map.next_value_seed(below)?;
            let place = below.place;
            content.weight = self.weight((content.weight, &name, value.weight));
            self.found_in_map(&name, &value, place);
            match name.as_str() {
                "target" => target = value.text,
                "params" => params = true,
                LOADER => loader = value.text,
                name => {
                    let keys = NAMED_BY.iter().zip(&mut named).flat_map(|(keys, parts)| keys.iter().zip(parts));
                    keys.filter(|(key, _)| **key == name).for_each(|(_, part)| part.clone_from(&value.text));
                }
            }
            if place != Place::Vocabulary && self.place != Place::Vocabulary {
                match known.get(&name) {
                    Some(before) => self.found.duplicate(&name, decides && *before != value.weight),
                    None if known.len() < TOLD_APART || decides => drop(known.insert(name, value.weight)),
                    None => {}
                }
            }
        }
        // skops makes a function of `operator` by the class alone, whatever module stands beside it.
        if let ([Some(module), Some(class)], Some("OperatorFuncNode")) = (&named[0], loader.as_deref())
            && module != "operator"
        {
            let name = format!("operator.{class}");
            if class == "itemgetter" {
                self.found.loader_module(LOADER, &name);
            } else {
                self.found.dangerous_target(LOADER, &name, Effect::Import);
            }
        }
        // The way in which latent diffusion writes targets; elsewhere `target` means many things.
        if let Some(target) = target.filter(|target| params && targets::names_a_class(target)) {
            self.found.target("target", &target, true);
        }
        for (keys, parts) in NAMED_BY.iter().zip(&named) {
            if let [Some(module), Some(name)] = parts
                && module != "__main__"
            {
                // PEFT imports the module, whoever wrote it.
                self.found.target(keys[1], &format!("{module}.{name}"), keys[0] == "parent_library");
            }
        }
        Ok(content)
    }
}

impl Value<'_, '_> {
    fn found_in_map(self, name: &str, value: &Content, place: Place) {
        // A part of a model has a configuration of its own.
        if (self.depth == 0 && CODE_KEYS.contains(&name) || name == "auto_map") && value.filled {
            self.found.remote_code(name);
        }
        if self.depth > 0 {
            return;
        }
        if let Some((library, class)) = &value.pair {
            if name == "_class_name" {
                self.found.remote_code(name);
            } else if place == Place::Component {
                self.component(library, class);
            }
        }
    }

    /// `["diffusers", "UNet2DConditionModel"]`: the library is imported unless it is a pipeline of the framework.
    fn component(self, library: &str, class: &str) {
        let pipeline = matches!(self.found.names.classify(library), NameClass::Allowed { when: Some("pipeline") });
        self.found.target("model_index.json", &format!("{library}.{class}"), !pipeline);
    }
}

/// The reason why a file cannot be read as text.
pub(crate) fn not_text(valid: usize) -> Sighting {
    let reason = Text::new("不是有效的 UTF-8", "it is not valid UTF-8");
    Sighting::malformed(valid as u64, reason.zh, reason.en)
}
