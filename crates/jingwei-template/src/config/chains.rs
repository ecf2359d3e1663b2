//! What chains and agents are made of, in LangChain, smolagents and their like: templates of prompts, files from which parts
//! are taken, modules that the code of a model may import.

use std::cell::RefCell;

use jingwei_core::Text;
use jingwei_read::Sighting;

use crate::{
    config::findings::{Findings, leads_outside},
    template,
};

/// Keys of the texts of a prompt.
const TEXTS: [&str; 10] = [
    "template",
    "prefix",
    "suffix",
    "prompt",
    "content",
    "system_prompt",
    "prompt_template",
    "example_separator",
    "question",
    "task",
];
/// Keys that only files of chains have.
const MARKS: [&str; 4] = ["input_variables", "template_format", "partial_variables", "input_types"];
/// Kinds of parts that loaders of chains know by `_type`, and how the others end.
const KINDS: [&str; 3] = ["prompt", "few_shot", "chat"];
const ENDINGS: [&str; 3] = ["_chain", "-description", "agent"];
/// Bytes of templates that wait for the language that they are written in, and references that wait for the kind of the file.
const WAITING: usize = 4 << 20;
const PATHS: usize = 1 << 12;
/// Keys of the modules that the code of an agent may import.
const AUTHORIZED: [&str; 2] = ["authorized_imports", "additional_authorized_imports"];
/// Modules by which code leaves its interpreter: processes, files, the network, other code.
const OPEN: [&str; 50] = [
    "*",
    "os",
    "posix",
    "nt",
    "sys",
    "subprocess",
    "builtins",
    "shutil",
    "socket",
    "socketserver",
    "ssl",
    "asyncio",
    "requests",
    "urllib",
    "urllib3",
    "http",
    "httpx",
    "aiohttp",
    "websockets",
    "ftplib",
    "smtplib",
    "telnetlib",
    "poplib",
    "imaplib",
    "paramiko",
    "webbrowser",
    "pathlib",
    "io",
    "glob",
    "fileinput",
    "tempfile",
    "mmap",
    "fcntl",
    "importlib",
    "imp",
    "runpy",
    "pkgutil",
    "code",
    "codeop",
    "inspect",
    "gc",
    "ctypes",
    "cffi",
    "pty",
    "multiprocessing",
    "pickle",
    "cloudpickle",
    "dill",
    "marshal",
    "shelve",
];

/// What waits until the whole file was read.
#[derive(Default)]
pub(crate) struct Chain {
    is_chain: bool,
    /// Its templates are written in Jinja, or some are in another language.
    is_jinja: bool,
    is_mixed: bool,
    templates: Vec<String>,
    waiting: usize,
    /// More templates than may wait.
    is_cut: bool,
    paths: Vec<(String, String)>,
    /// The items of a list of modules follow.
    authorizes: bool,
    /// The last address of a service of models, and the last key for one.
    address: String,
    key: String,
}

/// Looks at one entry; `lower`: its key in lower case. An item of a list in YAML has no key.
pub(crate) fn note(found: &Findings<'_>, key: &str, lower: &str, value: &str) {
    let chain = &found.chain;
    if !key.is_empty() {
        chain.borrow_mut().authorizes = AUTHORIZED.contains(&lower);
    }
    if chain.borrow().authorizes {
        let key = if key.is_empty() { AUTHORIZED[0] } else { key };
        return authorized(found, key, value);
    }
    if MARKS.contains(&lower) || lower == "_type" && is_kind(value) {
        chain.borrow_mut().is_chain = true;
    }
    if lower == "template_format" {
        let mut chain = chain.borrow_mut();
        let is_jinja = value.to_ascii_lowercase().starts_with("jinja");
        chain.is_jinja |= is_jinja;
        chain.is_mixed |= !is_jinja;
    }
    if lower.ends_with("_path") || lower == "examples" {
        let mut chain = chain.borrow_mut();
        if chain.paths.len() < PATHS && leads_outside(value, true).is_some() {
            chain.paths.push((key.to_owned(), value.to_owned()));
        }
    }
    if TEXTS.contains(&lower) || lower.contains("template") {
        fields(found, value);
        wait(chain, value);
    }
}

/// Keeps an address of a service, or a key, and gives the address where the two together send the key to a stranger.
pub(crate) fn service(found: &Findings<'_>, lower: &str, value: &str, is_address: bool) -> Option<String> {
    let mut chain = found.chain.borrow_mut();
    if is_address {
        value.clone_into(&mut chain.address);
    } else if lower.contains("api_key") || lower == "token" || lower == "id" && is_variable(value) {
        value.clone_into(&mut chain.key);
    } else {
        return None;
    }
    let leaks = super::loaders::leaks(&chain.key, &chain.address);
    let address = leaks.then(|| std::mem::take(&mut chain.address));
    if leaks {
        chain.key.clear();
    }
    address
}

/// The name of a variable of the environment that holds a secret: LangChain's own files name them so.
fn is_variable(value: &str) -> bool {
    let is_name = value.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    is_name && ["KEY", "TOKEN", "SECRET"].iter().any(|word| value.contains(word))
}

fn is_kind(value: &str) -> bool {
    KINDS.contains(&value) || ENDINGS.iter().any(|ending| value.ends_with(ending))
}

fn wait(chain: &RefCell<Chain>, text: &str) {
    if !has_tags(text) {
        return;
    }
    let mut chain = chain.borrow_mut();
    if chain.waiting + text.len() > WAITING {
        chain.is_cut = true;
    } else {
        chain.waiting += text.len();
        chain.templates.push(text.to_owned());
    }
}

/// Judges what waited.
pub(crate) fn finish(found: &Findings<'_>) {
    let chain = found.chain.take();
    if chain.is_chain {
        for (key, value) in &chain.paths {
            let what = leads_outside(value, true).filter(|_| !value.contains(char::is_whitespace));
            if let Some(what) = what {
                found.outside(key, value, what);
            }
        }
    }
    if !chain.is_jinja {
        return;
    }
    for text in &chain.templates {
        for mut sighting in template::inspect_template_text(text, found.limits).sightings {
            // What is written in another language may break this one, and values of YAML are cut at their signs.
            let is_broken = matches!(sighting.rule, "model.template-broken" | "model.not-inspected");
            if !is_broken || !chain.is_mixed && found.file.ends_with(".json") {
                sighting.offset = None;
                found.see(sighting);
            }
        }
    }
    if chain.is_cut {
        let (zh, en) = ("提示模板过多，其后未读", "the templates of prompts are too many to be read further");
        found.see(Sighting::not_inspected(zh, en));
    }
}

/// A template of Jinja in any value: names of Python's own have no place in it, whoever renders it.
pub(crate) fn anywhere(found: &Findings<'_>, text: &str) {
    if !has_tags(text) {
        return;
    }
    let is_own = |name: &str| name.len() > 4 && name.starts_with("__") && name.ends_with("__");
    for mut sighting in template::inspect_template_text(text, found.limits).sightings {
        let name = sighting.key.clone().unwrap_or_default();
        if sighting.rule == "model.template-code" && is_own(&name) && is_tagged(text, &name) {
            sighting.offset = None;
            found.see(sighting);
        }
    }
}

fn has_tags(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// Whether a name stands within a tag, or was put together there; the text around tags may well speak of it.
fn is_tagged(text: &str, name: &str) -> bool {
    let mut tags = text.split("{{").skip(1).chain(text.split("{%").skip(1));
    let inner = |tag: &str| {
        let end = tag.find("}}").into_iter().chain(tag.find("%}")).min().unwrap_or(tag.len());
        tag.get(..end).is_some_and(|tag| tag.contains(name))
    };
    !text.contains(name) || tags.any(inner)
}

/// Fields of a formatted text, `{name.__class__}`, that reach into what they are given.
fn fields(found: &Findings<'_>, text: &str) {
    for field in text.split('{').skip(1) {
        let field = field.split(['}', '!', ':', ' ', '\n']).next().unwrap_or_default();
        let parts = field.split(['.', '[', ']']).skip(1);
        let inner = parts.filter(|part| part.len() > 4 && part.starts_with("__") && part.ends_with("__"));
        if let Some(name) = { inner }.next() {
            found.see(Sighting::new("model.template-code").key(name).with("name", name));
        }
    }
}

/// A module that the code of an agent may import.
fn authorized(found: &Findings<'_>, key: &str, module: &str) {
    let module = module.trim();
    let first = module.split('.').next().unwrap_or_default();
    if OPEN.contains(&first) {
        let why = Text::new("模型写出的代码可由此触及本机", "by which code that a model writes reaches the machine");
        found.imports(key, module, why);
    }
}

#[cfg(test)]
mod tests {
    use jingwei_core::Limits;

    use crate::config::{inspect_config, inspect_yaml, targets::table};

    const CODE: &str = "model.template-code";
    const OUTSIDE: &str = "model.config-outside-reference";
    const UNKNOWN: &str = "model.config-unknown-target";

    fn rules(file: &str, text: &str) -> Vec<&'static str> {
        let (names, limits) = (table(), Limits::default());
        let read = if file.ends_with(".json") { inspect_config } else { inspect_yaml };
        let mut rules: Vec<_> =
            read(&mut text.as_bytes(), file, &names, &limits).sightings.iter().map(|seen| seen.rule).collect();
        rules.dedup();
        rules
    }

    #[test]
    fn templates_of_prompts_are_templates() {
        for (file, text, expected) in [
            (
                "prompt.json",
                r#"{"lc":1,"type":"constructor","id":["langchain","prompts","prompt","PromptTemplate"],
                   "kwargs":{"template":"{{ q.__class__ }}","template_format":"jinja2"}}"#,
                &[CODE][..],
            ),
            ("p.json", r#"{"template_format":"jinja2","template":"{{ q.f_globals }}"}"#, &[CODE]),
            ("p.json", r#"{"template":"{{ q|attr('f_' ~ 'globals') }}","template_format":"jinja2"}"#, &[CODE]),
            ("p.json", r#"{"prompt_templates":{"system_prompt":"{{ ''.__class__.__mro__ }}"}}"#, &[CODE]),
            ("p.json", r#"{"a":["x {{ q['__cl' ~ 'ass__'] }}"]}"#, &[CODE]),
            ("p.json", r#"{"template":"{q.__class__.__init__}"}"#, &[CODE]),
            ("p.json", r#"{"template":"{q[0].__class__}"}"#, &[CODE]),
            ("p.yaml", "template_format: jinja2\ntemplate: |\n  Answer {{ q.__class__ }}\n", &[CODE]),
            ("p.yaml", "_type: prompt\ntemplate_format: jinja2\ntemplate: '{{ q.f_globals }}'\n", &[CODE]),
            ("p.json", r#"{"template":"Answer: {q}","template_format":"f-string"}"#, &[]),
            (
                "p.json",
                r#"{"template":"{{ q }} {% for a in b %}{{ a.name }}{% endfor %}","template_format":"jinja2"}"#,
                &[],
            ),
            ("p.json", r#"{"template":"As JSON: {{\"a\": {q}}}","template_format":"f-string"}"#, &[]),
            (
                "p.json",
                r#"{"template":"{{ q }}","template_format":"jinja2","b":{"template":"{{\"a\": %}","template_format":"f-string"}}"#,
                &[],
            ),
            ("cookiecutter.json", r#"{"a":"{{ cookiecutter.__slug }}"}"#, &[]),
            ("p.json", r#"{"a":"{{ q }} lies in __init__.py"}"#, &[]),
            ("p.yaml", "a: ${{ secrets.TOKEN }}\nb: __init__.py\n", &[]),
        ] {
            assert_eq!(rules(file, text), expected, "{text}");
        }
    }

    #[test]
    fn parts_of_chains_stay_in_the_folder() {
        for (file, text, expected) in [
            (
                "p.json",
                r#"{"_type":"prompt","input_variables":["q"],"template_path":"/nonexistent/x.txt"}"#,
                &[OUTSIDE][..],
            ),
            ("p.json", r#"{"template_path":"/home/a/x.txt","input_variables":["q"]}"#, &[OUTSIDE]),
            ("p.json", r#"{"_type":"few_shot","examples":"../x.json","prefix_path":"p.txt"}"#, &[OUTSIDE]),
            ("p.json", r#"{"_type":"llm_chain","llm_path":"/opt/llm.json"}"#, &[OUTSIDE]),
            ("p.yaml", "_type: few_shot\nexample_prompt_path: ~/p.json\n", &[OUTSIDE]),
            ("p.json", r#"{"_type":"prompt","template_path":"parts/x.txt"}"#, &[]),
            ("p.json", r#"{"_type":"few_shot","examples":[{"a":"/opt/x"}],"example_prompt_path":"p.json"}"#, &[]),
            ("p.json", r#"{"train_path":"/home/a/x.txt"}"#, &[]),
            ("p.json", r#"{"_type":"table-file","artifact_path":"client-artifact://a/b"}"#, &[]),
        ] {
            assert_eq!(rules(file, text), expected, "{text}");
        }
    }

    #[test]
    fn agents_import_only_what_stays_inside() {
        for (file, text, expected) in [
            ("agent.json", r#"{"authorized_imports":["*"]}"#, &[UNKNOWN][..]),
            ("agent.json", r#"{"additional_authorized_imports":["math","os.path"]}"#, &[UNKNOWN]),
            ("agent.json", r#"{"managed_agents":{"a":{"authorized_imports":["requests"]}}}"#, &[UNKNOWN]),
            ("agent.json", r#"{"authorized_imports":"subprocess"}"#, &[UNKNOWN]),
            ("agent.yaml", "authorized_imports:\n  - math\n  - os\nx: 1\n", &[UNKNOWN]),
            ("agent.json", r#"{"authorized_imports":["math","numpy.*","re","statistics","stat","queue"]}"#, &[]),
            ("agent.yaml", "authorized_imports:\n  - math\nx:\n  - os\n", &[]),
            ("agent.json", r#"{"imports":"none","tools":["os"]}"#, &[]),
        ] {
            assert_eq!(rules(file, text), expected, "{text}");
        }
    }
}
