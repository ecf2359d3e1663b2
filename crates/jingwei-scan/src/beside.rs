//! What lies beside weights and has no business there, and files that are not what their name says.

use std::collections::{BTreeSet, HashMap};

use jingwei_core::{Component, Text};
use jingwei_read::Sighting;
use jingwei_unpack::Member;
use memchr::memmem;

use crate::{
    formats::Format,
    inventory::{FileFacts, Inventory},
    look::Seen,
    words::shown,
};

/// Endings under which a loader takes a file for weights of one format.
const WEIGHTS: [&str; 14] = [
    "safetensors",
    "gguf",
    "onnx",
    "h5",
    "hdf5",
    "keras",
    "npy",
    "npz",
    "tflite",
    "pt",
    "pth",
    "pkl",
    "joblib",
    "msgpack",
];
/// Beginnings of programs.
const PROGRAMS: [(&[u8], &str); 15] = [
    (b"\x7fELF", "ELF"),
    (b"\xfe\xed\xfa\xce", "Mach-O"),
    (b"\xfe\xed\xfa\xcf", "Mach-O"),
    (b"\xce\xfa\xed\xfe", "Mach-O"),
    (b"\xcf\xfa\xed\xfe", "Mach-O"),
    (b"\xca\xfe\xba\xbe\0\0\0", "Mach-O or Java"),
    (b"L\0\0\0\x01\x14\x02\0", "Windows shortcut"),
    (b"\0asm\x01\0\0\0", "WebAssembly"),
    (b"dex\n03", "Android"),
    (b"\x1bLua", "Lua"),
    (b"\x1bLJ", "LuaJIT"),
    (b"BC\xc0\xde", "LLVM"),
    (b"MZqFpD", "Cosmopolitan"),
    // Streams of objects, of which readers make whatever classes they name.
    (b"\xac\xed\0\x05", "Java object"),
    (b"\0\x01\0\0\0\xff\xff\xff\xff\x01\0\0\0\0\0\0\0", ".NET object"),
];
/// Endings that a system runs.
const RUN: [&str; 45] = [
    "ps1",
    "psm1",
    "bat",
    "cmd",
    "vbs",
    "vbe",
    "jse",
    "wsf",
    "wsh",
    "com",
    "scr",
    "hta",
    "lnk",
    "msi",
    "msp",
    "cpl",
    "reg",
    "scf",
    "url",
    "webloc",
    "desktop",
    "jnlp",
    "chm",
    "appref-ms",
    "application",
    "settingcontent-ms",
    "library-ms",
    "search-ms",
    "searchconnector-ms",
    "command",
    "applescript",
    "scpt",
    "service",
    "inf",
    "deb",
    "rpm",
    "apk",
    "snap",
    "appimage",
    "dmg",
    "msix",
    "appx",
    "xpi",
    "crx",
    "vsix",
];

/// A program, told by its first bytes or, for a text, by the ending under which a system runs it.
pub(crate) fn program(name: &str, front: &[u8]) -> Option<Sighting> {
    let ending = ending_of(name);
    let known = PROGRAMS.iter().find(|(mark, _)| front.starts_with(mark)).map(|(_, kind)| *kind);
    let dos = front.starts_with(b"MZ") && front.windows(4).any(|window| window == b"PE\0\0");
    // Compiled Python: a number of its version, then a line's end that text tools would spoil.
    let compiled = matches!(front, [_, 0x0d | 0x0c, b'\r', b'\n', ..]);
    // A code object by itself: its kind, and the numbers of its arguments, all of them small.
    let marshalled = matches!(front, [0xe3, _, 0, 0, 0, _, 0, 0, 0, _, 0, 0, 0, _, _, ..]);
    // What is read as a script is judged by what it does, unless its ending hides that it is one.
    let is_read = match ending.as_str() {
        "" => jingwei_template::interpreter(&String::from_utf8_lossy(front)).is_some(),
        ending => ["py", "sh", "bash", "zsh"].contains(&ending),
    };
    let script = front.starts_with(b"#!") && !is_read;
    let is_part = [".bin", ".xml"].iter().any(|end| {
        name.len() > end.len() && name.as_bytes()[name.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes())
    });
    let lower = if is_part { name.to_ascii_lowercase() } else { String::new() };
    let macros = ["vbaproject.bin", "vbadata.xml"].iter().any(|end| lower.ends_with(end))
        || [
            "xl/activex/",
            "word/activex/",
            "ppt/activex/",
            "embeddings/oleobject",
            "xl/externallinks/",
            "xl/macrosheets/",
        ]
        .iter()
        .any(|folder| lower.contains(folder))
            && !lower.contains("_rels/");
    let kind = known
        .or(macros.then_some("Office macro"))
        .or(dos.then_some("PE"))
        .or((compiled || marshalled).then_some("pyc"))
        .or(script.then_some("#!"))
        .or(RUN.iter().find(|run| **run == ending).copied())?;
    Some(Sighting::new("model.program-beside-weights").with("kind", kind))
}

/// A file whose name promises weights that its content is not.
pub(crate) fn mislabelled(name: &str, front: &[u8], format: Format) -> Option<Sighting> {
    let ending = ending_of(name);
    // Lines of folders, as Python's own `.pth` files have them.
    let is_folder = |line: &[u8]| {
        let line = line.trim_ascii_end();
        let is_name = line.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-./\\:".contains(byte));
        line.is_empty()
            || is_name && line.contains(&b'/')
            || line.starts_with(b"/")
            || line.starts_with(b"./")
            || line.starts_with(b"../")
            || line.starts_with(b"#")
    };
    if ending == "pth" && format == Format::Text && front.trim_ascii_end().split(|byte| *byte == b'\n').all(is_folder) {
        return None;
    }
    if !WEIGHTS.contains(&ending.as_str()) || !matches!(format, Format::Unknown | Format::Text | Format::Json) {
        return None;
    }
    // A model of ONNX without a graph holds nothing, and is one all the same: its version, and who wrote it.
    if ending == "onnx" && matches!(front, [0x08, 1..=20, 0x12 | 0x1a | 0x22 | 0x2a | 0x30 | 0x3a | 0x42, ..]) {
        return None;
    }
    let reason = if front.starts_with(b"version https://git-lfs") {
        Text::new("它是 Git LFS 指针，权重没有取回", "it is a Git LFS pointer, and the weights were not fetched")
    } else {
        Text::new("其内容不是这种格式", "its content is not of that format")
    };
    Some(Sighting::new("model.not-what-it-says").with("ending", &ending).with_text("reason", reason))
}

/// Modules that Python and the loaders of models import, and that a file of the same name in the folder stands in for. Names
/// that people give to scripts of their own (`evaluate`, `types`) are left out, and those that Python holds before it looks.
const MODULES: &str = "argparse|ast|asyncio|base64|bisect|collections|contextlib|copy|copyreg|csv|ctypes|dataclasses|datetime|decimal|enum|fnmatch|functools|\
gc|glob|gzip|hashlib|heapq|hmac|html|http|importlib|itertools|json|linecache|locale|lzma|bz2|math|mimetypes|multiprocessing|\
operator|pathlib|pickle|pickletools|pkgutil|random|re|reprlib|select|selectors|shlex|shutil|socket|ssl|stat|string|struct|subprocess|\
tarfile|tempfile|textwrap|threading|tokenize|traceback|typing|unicodedata|unittest|urllib|uuid|warnings|weakref|xml|zipfile|zlib|\
numpy|torch|torchvision|torchaudio|transformers|tokenizers|safetensors|huggingface_hub|tensorflow|keras|jax|jaxlib|flax|sklearn|scipy|pandas|onnx|\
onnxruntime|joblib|dill|cloudpickle|yaml|requests|tqdm|cv2|sentencepiece|accelerate|peft|diffusers|sentence_transformers|spacy|gguf|\
llama_cpp|vllm|filelock|packaging|fsspec|certifi|urllib3|idna|charset_normalizer|typing_extensions|jinja2|markupsafe|sympy|networkx|triton|six|\
setuptools|pkg_resources|pip|wheel|einops|timm|bitsandbytes|xformers|flash_attn|openai|pydantic|psutil|matplotlib|xgboost|lightgbm|catboost|mlflow|\
tiktoken|paddle|openvino|h5py|pil|google|attr|attrs|httpx|aiohttp|click|rich|pytorch_lightning|lightning|deepspeed|trl|optimum";
/// Source files that make a folder somebody's own package, not one that stands in for another.
const SOURCES: usize = 10;
/// Sightings of one folder.
const MOST_SHADOWING: usize = 16;

/// Modules of the folder that stand in for common ones, by their places in the list.
pub(crate) fn shadowing(files: &[FileFacts]) -> Vec<(usize, Sighting)> {
    let exists = |path: &str| files.binary_search_by(|file| file.path.as_str().cmp(path)).is_ok();
    let beside =
        |folder: &str, name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let stands_in = |(at, file): (usize, &FileFacts)| {
        let (mut folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        let mut module = name.strip_suffix(".py")?;
        let is_package = module == "__init__";
        if is_package {
            (folder, module) = folder.rsplit_once('/').unwrap_or(("", folder));
        }
        let lower = module.to_ascii_lowercase();
        if !MODULES.split('|').any(|known| known == lower) || is_package && is_source(&beside(folder, module), files) {
            return None;
        }
        // Installed packages lie where Python looks for them last.
        if folder.split('/').any(|part| matches!(part, "site-packages" | "dist-packages" | "_vendor")) {
            return None;
        }
        // Modules of a package are found by the package's name alone.
        let is_part = exists(&beside(folder, "__init__.py"));
        (!is_part).then(|| (at, Sighting::new("model.shadowing-module").key(module).with("module", module)))
    };
    files.iter().enumerate().filter_map(stands_in).take(MOST_SHADOWING).collect()
}

/// A build that is run by a backend of the folder's own: where that is a script without anything of note, as the script is
/// judged, the settings that name it say no more.
pub(crate) fn settle_backends(files: &mut [FileFacts]) {
    let named = |seen: &Seen| {
        seen.sighting.rule == "model.runs-by-itself" && seen.sighting.key.as_deref() == Some("backend-path")
    };
    let settled: Vec<usize> = (0..files.len())
        .filter(|at| {
            let file = &files[*at];
            let Some(seen) = file.seen.iter().find(|seen| named(seen)) else { return false };
            let backend =
                seen.sighting.details.iter().find(|(key, _)| *key == "what").map(|(_, text)| text.en.as_str());
            let Some(module) = backend.and_then(|name| name.split([':', '.']).next()) else { return false };
            let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let script = files.iter().find(|other| {
                other.path.strip_prefix(folder).is_some_and(|rest| {
                    rest.trim_start_matches('/').split('/').count() <= 3
                        && rest.rsplit('/').next() == Some(&format!("{module}.py"))
                })
            });
            script.is_some_and(|script| {
                script.seen.iter().all(|seen| {
                    let calls_nothing =
                        || seen.sighting.details.iter().any(|(key, text)| *key == "calls" && text.en.is_empty());
                    seen.sighting.rule == "model.script-beside-weights" && calls_nothing()
                })
            })
        })
        .collect();
    for at in settled {
        files[at].seen.retain(|seen| !named(seen));
    }
}

/// Whether a folder holds the source of a package.
fn is_source(folder: &str, files: &[FileFacts]) -> bool {
    let own = format!("{folder}/");
    let start = files.partition_point(|file| file.path < own);
    let below = files[start..].iter().take_while(|file| file.path.starts_with(&own));
    below.filter(|file| file.path.ends_with(".py")).take(SOURCES).count() == SOURCES
}

/// A model of SentencePiece, by its content, or by a name under which loaders take it for one.
pub(crate) fn names_pieces(name: &str, front: &[u8]) -> bool {
    const NAMES: [&str; 4] = ["tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "sentencepiece.model"];
    let name = name.to_ascii_lowercase();
    let named = name.ends_with(".spm") || NAMES.iter().any(|known| name.ends_with(known));
    jingwei_template::is_sentencepiece(front) || named && front.first() == Some(&0x0a)
}

/// A part of a path that is a device to Windows, an option to a command, or loses its end.
fn is_special(part: &str) -> bool {
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];
    let lower = part.to_ascii_lowercase();
    let stem = lower.split('.').next().unwrap_or_default();
    let numbered = |front: &str| {
        stem.strip_prefix(front).is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    DEVICES.contains(&stem)
        || numbered("com")
        || numbered("lpt")
        || part.starts_with('-')
        || part.len() > 2 && part.ends_with(['.', ' '])
        || part.contains('\\')
}

/// A name that shows something else than it is.
pub(crate) fn odd_name(path: &str) -> Option<Sighting> {
    let hidden = path.chars().any(|c| c.is_control() || jingwei_text::is_hidden(c).is_some());
    let latin = path.chars().any(|c| c.is_ascii_alphabetic());
    let alike =
        path.chars().any(|c| matches!(c, '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{ff21}'..='\u{ff5a}'));
    let commands = ["$(", "`", ";", "|", "&&", "\n", "<(", "${"].iter().any(|part| path.contains(part));
    let reason = match (hidden, latin && alike) {
        (false, false) if commands => Text::new("其中有 shell 会执行的字符", "a shell runs what stands in it"),
        (false, false) if path.split('/').any(is_special) => Text::new(
            "某些系统把它当作设备、选项或另一个文件",
            "some systems take it for a device, an option or another file",
        ),
        (true, _) => Text::new("其中有看不见的字符", "it holds characters that cannot be seen"),
        (_, true) => Text::new("其中混有形似拉丁字母的字符", "it mixes letters that only look Latin with Latin ones"),
        _ => return None,
    };
    Some(Sighting::new("model.odd-file-name").with_text("reason", reason))
}

/// The files to which an index of shards, or the manifest of a TensorFlow.js model, sends its reader.
pub(crate) fn shards(json: &[u8]) -> Vec<String> {
    const KEYS: [&[u8]; 2] = [b"\"weight_map\"", b"\"weightsManifest\""];
    let holds = |key: &&[u8]| memmem::find(json, key).is_some();
    if json.len() > 16 << 20 || !KEYS.iter().any(holds) {
        return Vec::new();
    }
    let document: serde_json::Value = serde_json::from_slice(json).unwrap_or_default();
    let map = document.get("weight_map").and_then(serde_json::Value::as_object);
    let groups = document.get("weightsManifest").and_then(serde_json::Value::as_array);
    let paths = groups.into_iter().flatten().filter_map(|group| group.get("paths")?.as_array()).flatten();
    let names: BTreeSet<&str> =
        map.into_iter().flat_map(|map| map.values()).chain(paths).filter_map(|name| name.as_str()).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// An index of safetensors that leads to pickles: whoever asks for the safe format is given the other.
pub(crate) fn unsafe_shard(index: &str, shards: &[String]) -> Option<Sighting> {
    let index = index.to_ascii_lowercase();
    let is_pickle = |shard: &&String| {
        let ending = ending_of(shard);
        ["bin", "pt", "pth", "pkl", "pickle", "ckpt"].contains(&ending.as_str())
    };
    let shard = shards.iter().find(is_pickle).filter(|_| index.ends_with(".safetensors.index.json"))?;
    let why = Text::new("safetensors 索引却指向 pickle 分片", "an index of safetensors that leads to a pickle");
    Some(Sighting::new("model.file-reaches-out").key(shard).with("name", &shown(shard)).with_text("why", why))
}

/// Lists of an index that lie outside of the folder.
pub(crate) fn lists_outside(file: &str) -> Option<Sighting> {
    let what = Text::new("文件夹之外的路径", "a path out of the folder");
    let sighting = Sighting::new("model.config-outside-reference").key("ilod").with("key", "on-disk inverted lists");
    leaves(file).then(|| sighting.with("value", &shown(file)).with_text("what", what))
}

/// A shard that lies outside of the folder.
pub(crate) fn escaping_shard(shards: &[String]) -> Option<Sighting> {
    let shard = shards.iter().find(|name| leaves(name))?;
    Some(Sighting::new("model.index-escape").key("weight_map").with("shard", shard))
}

fn leaves(name: &str) -> bool {
    let name = name.replace('\\', "/");
    name.starts_with('/') || name.split('/').any(|part| part == "..") || name.contains(':')
}

/// Shards that an index names and that are not there. `index` is its path. Where no weights lie beside the index at all,
/// only the small files were fetched, and nothing is told.
pub(crate) fn missing_shards(index: &str, shards: &[String], files: &[FileFacts]) -> Option<Sighting> {
    let folder = index.rsplit_once('/').map_or("", |(folder, _)| folder);
    let lies_there = |path: &str| path.rsplit_once('/').map_or("", |(folder, _)| folder) == folder;
    if shards.is_empty() || !files.iter().any(|file| file.format.is_weights() && lies_there(&file.path)) {
        return None;
    }
    let is_missing = |shard: &&String| {
        let path = if folder.is_empty() { (*shard).clone() } else { format!("{folder}/{shard}") };
        !leaves(shard) && files.binary_search_by(|file| file.path.cmp(&path)).is_err()
    };
    let missing: Vec<&String> = shards.iter().filter(is_missing).collect();
    let first = missing.first()?;
    let sighting = Sighting::new("model.index-missing").key(first).with("shard", first);
    Some(sighting.with("count", &missing.len().to_string()))
}

/// Weights that a graph says lie in files beside it, and that do not: what comes there later was never looked at.
pub(crate) fn missing_weights(component: &Component, inventory: &Inventory, graph: &FileFacts) -> Vec<Sighting> {
    let Some(locations) = graph.facts.more.get("external_data") else { return Vec::new() };
    // Of a component that is one file, nobody knows what lies beside it.
    let root = component.path.as_deref().unwrap_or_default().trim_end_matches('/');
    if inventory.files.len() == 1 && (root == graph.path || root.ends_with(&format!("/{}", graph.path))) {
        return Vec::new();
    }
    let folder = graph.path.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default();
    let missing = |location: &&str| {
        let inside = location.split(['/', '\\']).filter(|part| !matches!(*part, "" | "."));
        let path: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).chain(inside).collect();
        let path = path.join("/");
        let found = inventory.files.iter().find(|file| shown(&file.path) == path);
        let reason = match found {
            None => Text::new("该文件不在文件夹中", "no such file lies in the folder"),
            Some(file) if file.seen.iter().any(|seen| seen.sighting.rule == "model.link-outside") => {
                Text::new("该处是链接，其目标未被检查", "a link stands there, whose target was not looked at")
            }
            Some(_) => return None,
        };
        let sighting = Sighting::new("model.graph-external-missing").key(location).with("location", location);
        Some(sighting.with_text("reason", reason))
    };
    locations.lines().filter_map(|location| missing(&location)).collect()
}

/// Whether a graph or an index in the folder says that a file holds its numbers: then nothing else is to be known of it.
pub(crate) fn named_as_numbers(files: &[FileFacts]) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for file in files {
        let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        let external = file.facts.more.get("external_data").map(String::as_str).unwrap_or_default();
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let beside = file.facts.more.get("weights_end").map(|_| format!("{stem}.bin"));
        for location in external.lines().map(str::to_owned).chain(file.shards.iter().cloned()).chain(beside) {
            let inside = location.split(['/', '\\']).filter(|part| !matches!(*part, "" | "."));
            let path: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).chain(inside).collect();
            named.insert(path.join("/"));
        }
    }
    named
}

/// Weights that a graph looks for behind the end of the file beside it. Where that file is not there, nothing is known.
pub(crate) fn short_weights(graph: &FileFacts, files: &[FileFacts]) -> Vec<Sighting> {
    let (folder, name) = graph.path.rsplit_once('/').unwrap_or(("", &graph.path));
    let beside = |file: &str| if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
    let mut wanted: Vec<(u64, String)> = Vec::new();
    for line in graph.facts.more.get("external_end").map(String::as_str).unwrap_or_default().lines() {
        let Some((end, location)) = line.split_once(' ') else { continue };
        wanted.extend(end.parse().ok().map(|end| (end, beside(location.trim_start_matches("./")))));
    }
    // OpenVINO names no file: it lies beside, with an ending of its own.
    let end = graph.facts.more.get("weights_end").and_then(|end| end.parse().ok());
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    wanted.extend(end.filter(|end| *end > 0).map(|end| (end, beside(&format!("{stem}.bin")))));
    let short = |(end, path): (u64, String)| {
        let file = files.iter().find(|file| shown(&file.path) == path && file.sha256.is_some())?;
        let bytes = file.bytes;
        let reason = Text::new(
            format!("权重止于第 {end} 字节，而该文件只有 {bytes} 字节"),
            format!("its weights end at byte {end}, and the file has {bytes}"),
        );
        let place = Text::new(format!("文件 {path} 中的权重"), format!("the part in the file {path}"));
        let sighting = Sighting::new("model.graph-lie").key(&path).with_text("where", place);
        (end > bytes).then(|| sighting.with_text("reason", reason))
    };
    wanted.into_iter().filter_map(short).collect()
}

/// A record of PyTorch's archives that is shorter than its pickle says: the reader takes what lies in memory behind it.
/// `claims` has a line `bytes key` for each storage, `folder` is where the records lie.
pub(crate) fn short_record(claims: &str, folder: &str, members: &[Member]) -> Option<Sighting> {
    let lengths: HashMap<&str, u64> = members
        .iter()
        .filter_map(|member| Some((member.name.strip_prefix(folder)?.strip_prefix('/')?, member.unpacked_bytes)))
        .collect();
    let claims = claims.lines().filter_map(|line| line.split_once(' '));
    let (key, claimed, length) = claims
        .filter_map(|(claimed, key)| Some((key, claimed.parse::<u64>().ok()?, *lengths.get(key)?)))
        .find(|(_, claimed, length)| claimed > length)?;
    let reason = Text::new(
        format!("它应有 {claimed} 字节，而其记录只有 {length} 字节"),
        format!("it is said to have {claimed} bytes, and its record has {length}"),
    );
    let place = Text::new(format!("存储 {key}"), format!("the storage {key}"));
    Some(Sighting::new("model.graph-lie").key("record").with_text("where", place).with_text("reason", reason))
}

fn ending_of(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').map(|(_, ending)| ending.trim().to_ascii_lowercase()).unwrap_or_default()
}
