//! What single loaders do with single keys: modules they import, registries of code they ask, stores of data elsewhere.

use jingwei_core::Text;
use jingwei_read::{Effect, NameClass};

use crate::{
    config::{
        chains,
        findings::{Findings, leads_outside},
        targets::{self, Verdict},
    },
    script,
};

/// Keys whose value is a module, or a folder with modules, that a loader imports by name: PEFT for Megatron, MMEngine, fairseq,
/// AllenNLP, Ray Serve.
const IMPORTS: [&str; 11] = [
    "megatron_core",
    "imports",
    "user_dir",
    "include_package",
    "import_path",
    "import_modules",
    "additional_imports",
    "extra_imports",
    "external_modules",
    "vllm_plugins",
    "middleware",
];
/// Keys of patterns by which tokenizers of their own split texts.
const PATTERNS: [&str; 8] = [
    "pat_str",
    "pattern_str",
    "split_regex",
    "split_pattern",
    "pretokenize_regex",
    "pretokenizer_regex",
    "pre_tokenize_regex",
    "token_pattern",
];
/// Registries of spaCy whose functions are called while a pipeline is loaded or trained.
const REGISTRIES: [&str; 5] = ["@callbacks", "@readers", "@misc", "@loggers", "@scorers"];
/// Who registers such functions under a name of their own.
const VENDORS: [&str; 14] = [
    "spacy",
    "spacy-transformers",
    "spacy-curated-transformers",
    "spacy-llm",
    "spacy-legacy",
    "spacy-loggers",
    "spacy-experimental",
    "spacy-ray",
    "spacy-stanza",
    "thinc",
    "srsly",
    "prodigy",
    "eds",
    "scispacy",
];
/// Backends that come with Triton, and platforms of its older configurations.
const BACKENDS: [&str; 22] = [
    "tensorrt",
    "tensorrt_plan",
    "onnxruntime",
    "onnxruntime_onnx",
    "tensorflow",
    "tensorflow_graphdef",
    "tensorflow_savedmodel",
    "pytorch",
    "pytorch_libtorch",
    "libtorch",
    "python",
    "openvino",
    "dali",
    "fil",
    "tensorrtllm",
    "vllm",
    "ensemble",
    "identity",
    "repeat",
    "square",
    "armnn_tflite",
    "paddle",
];
/// Stores of TensorStore that lie elsewhere.
const STORES: [&str; 6] = ["http", "gcs", "gcs_grpc", "s3", "tsgrpc_kvstore", "ocdbt_coordinator"];
/// Keys of values that are fetched, and so must stay with the model.
const FETCHED: [&str; 11] = [
    "filename",
    "kvstore",
    "working_dir",
    "py_modules",
    "storageuri",
    "storage_uri",
    "modeluri",
    "model_uri",
    "pretrained_path",
    "_base_",
    "searchpath",
];
/// Resolvers that have Python evaluate what stands behind them.
const RESOLVERS: [&str; 6] = ["eval", "python", "py", "exec", "lambda", "calc"];
/// Parts of names of secrets in the environment.
const SECRETS: [&str; 7] = ["key", "token", "secret", "password", "passwd", "credential", "auth"];

/// Classes and kinds of steps by which agents and workflows run a command or a text as code, by the ends of their names.
const RUNNERS: [&str; 20] = [
    "LocalCommandLineCodeExecutor",
    "JupyterCodeExecutor",
    "PythonCodeExecutionTool",
    "ShellTool",
    "BashProcess",
    "PythonREPL",
    "PythonREPLTool",
    "PythonAstREPLTool",
    "PALChain",
    "LLMMathChain",
    "LLMBashChain",
    "SQLDatabaseChain",
    "PythonFunctionTool",
    "CodeInterpreterTool",
    "LocalPythonInterpreter",
    "UnsafeCodeExecutor",
    "n8n-nodes-base.executeCommand",
    "n8n-nodes-base.ssh",
    "LocalShellTool",
    "UnsafeLocalCodeExecutor",
];
/// Settings that let a model run code, or a loader unpickle, and the values that do so.
const ALLOWANCES: [(&str, &[&str]); 11] = [
    ("allow_dangerous_code", &["true"]),
    ("allow_dangerous_requests", &["true"]),
    ("allow_dangerous_deserialization", &["true"]),
    ("allow_dangerous_tools", &["true"]),
    ("allow_code_execution", &["true"]),
    ("code_execution_mode", &["unsafe"]),
    ("allow_unsafe_code", &["true"]),
    ("allow_unsafe_jinja", &["true"]),
    ("enable_python_repl", &["true"]),
    ("allow_pickle", &["true"]),
    ("unsafe_load", &["true"]),
];
/// Tools that run what a model writes, as agents of LangChain are given them by name.
const SHELLS: [&str; 6] = ["terminal", "python_repl", "python_repl_ast", "bash", "shell", "requests_all"];
/// Keys of the address to which everything goes that a model is asked.
const SERVICES: [&str; 9] = [
    "api_base",
    "base_url",
    "openai_api_base",
    "openai_base_url",
    "api_base_url",
    "anthropic_base_url",
    "llm_base_url",
    "completions_url",
    "inference_server_url",
];

/// What agents and workflows are allowed, and where they send what they know.
fn agents(found: &Findings<'_>, key: &str, lower: &str, value: &str) -> bool {
    let is_name = value.len() < 200 && !value.contains(char::is_whitespace);
    let last = value.rsplit(['.', ':', '/']).next().unwrap_or(value);
    if is_name && RUNNERS.iter().any(|runner| last == *runner || value == *runner) {
        found.imports(key, value, runs());
    } else if lower == "class_type" && is_name && runs_code(value) {
        let (zh, en) =
            ("工作流中的节点会运行其中写明的代码", "a node of the workflow, which runs the code that stands in it");
        found.imports(key, value, Text::new(zh, en));
    } else if is_program_in_the_open(value) {
        let (zh, en) =
            ("经明文或无名主机取得的程序", "a program that is fetched in the open, or from a host without a name");
        found.outside(key, value, Text::new(zh, en));
    } else if allows(lower, value) {
        found.imports(key, value, allowance());
    } else if matches!(lower, "allowed_tools" | "tool_names" | "load_tools") && SHELLS.contains(&value) {
        found.imports(key, value, runs());
    } else if [
        "require('child_process')",
        "require(\"child_process\")",
        "require('node:child_process')",
        "from 'child_process'",
    ]
    .iter()
    .any(|call| value.contains(call))
    {
        found.dangerous_target(key, "child_process", Effect::Process);
    } else if ["{{ shell(", "{{shell(", "{{ client_shell(", "{{ cmd("].iter().any(|call| value.contains(call)) {
        found.dangerous_target(key, "shell", Effect::Process);
    } else if ["pip install ", "pip3 install ", "npm install ", "uv pip install "]
        .iter()
        .any(|front| value.starts_with(front))
        && value.contains("://")
    {
        let (zh, en) = ("会从该网址安装软件包的命令", "a command that installs a package from there");
        found.outside(key, value, Text::new(zh, en));
    } else if lower == "from"
        && matches!(found.file.as_str(), "dockerfile" | "containerfile")
        && is_foreign_image(value)
    {
        let (zh, en) = ("陌生仓库的镜像", "an image of a registry that nobody knows");
        found.outside(key, value, Text::new(zh, en));
    } else if found.file == "config.properties" && opens(lower, value) {
        let (zh, en) = ("向网络开放的服务设置", "a setting that opens the server to the network");
        found.outside(key, value, Text::new(zh, en));
    } else if lower == "class"
        && found.file.starts_with("part-0")
        && targets::names_a_class(value)
        && ![
            "org.apache.spark.",
            "com.johnsnowlabs.",
            "ml.dmlc.xgboost4j.",
            "com.microsoft.azure.synapse.ml.",
            "ml.combust.",
            "com.databricks.",
        ]
        .iter()
        .any(|own| value.starts_with(own))
    {
        found.loader_module(key, value);
    } else if lower == "contenturl"
        && found.file.starts_with("croissant")
        && value.contains("://")
        && !is_known_store(value)
    {
        let (zh, en) = ("别处的数据", "data that lie elsewhere");
        found.outside(key, value, Text::new(zh, en));
    } else if lower == "driver" && found.file.starts_with("catalog") && targets::is_dotted(value) {
        found.target(key, value, true);
    } else if lower == "module_name" && found.file.starts_with("great_expectations") {
        let own = value.split('.').next().is_some_and(|first| first == "great_expectations");
        if !own {
            found.loader_module(key, value);
        }
    } else if lower == "name" && found.file == "zarr.json" && value.trim_start_matches("numcodecs.") == "pickle" {
        found.dangerous_target(key, value, Effect::Load);
    } else if let Some(address) = chains::service(found, lower, value, SERVICES.contains(&lower)) {
        let (zh, en) =
            ("密钥会随请求发往的他方地址", "an address of somebody else, to which the key of a service goes");
        found.outside(key, &address, Text::new(zh, en));
    } else if (SERVICES.contains(&lower)
        || lower == "url" && found.file == "resources.json"
        || lower == "links" && found.file == "metadata.json")
        && is_in_the_open(value)
    {
        let (zh, en) = ("明文传输的模型服务地址", "a service of models that is reached in the open");
        found.outside(key, value, Text::new(zh, en));
    } else {
        return false;
    }
    true
}

/// Settings of TorchServe that let anybody on the network add models, or models add packages.
fn opens(lower: &str, value: &str) -> bool {
    match lower {
        "management_address" => value.contains("0.0.0.0") || value.contains("[::]"),
        "allowed_urls" => {
            value.contains(".*") && !value.contains("://") || value.starts_with("http") && value.contains("://.*")
        }
        "install_py_dep_per_model" | "disable_token_authorization" | "enable_model_api" => value == "true",
        _ => false,
    }
}

/// An image whose registry is named, and is none of those that builders use.
fn is_foreign_image(value: &str) -> bool {
    const REGISTRIES: [&str; 22] = [
        "docker.io",
        "nvcr.io",
        "ghcr.io",
        "quay.io",
        "gcr.io",
        "pkg.dev",
        "mcr.microsoft.com",
        "public.ecr.aws",
        "amazonaws.com",
        "registry.k8s.io",
        "k8s.gcr.io",
        "aliyuncs.com",
        "tencentyun.com",
        "myhuaweicloud.com",
        "azurecr.io",
        "gitlab.com",
        "huggingface.co",
        "redhat.com",
        "redhat.io",
        "intel.com",
        "baidubce.com",
        "volces.com",
    ];
    let image = value.split_whitespace().find(|word| !word.starts_with("--")).unwrap_or_default();
    let Some((host, _)) = image.split_once('/') else { return false };
    let host = host.split(':').next().unwrap_or_default();
    host.contains('.')
        && !host.contains(['$', '{'])
        && !host.ends_with(".local")
        && !REGISTRIES.iter().any(|known| host == *known || host.ends_with(&format!(".{known}")))
}

/// Hosts where data sets are kept for everybody.
fn is_known_store(value: &str) -> bool {
    const STORES: [&str; 12] = [
        "huggingface.co",
        "modelscope.cn",
        "kaggle.com",
        "zenodo.org",
        "openml.org",
        "figshare.com",
        "googleapis.com",
        "amazonaws.com",
        "github.com",
        "githubusercontent.com",
        "mlcommons.org",
        "dataverse.harvard.edu",
    ];
    let host = host_of(value);
    STORES.iter().any(|store| host == *store || host.ends_with(&format!(".{store}")))
}

/// Keys of services and the hosts that they belong to, by the variable of the environment that holds them.
const KEYS: [(&str, &[&str]); 13] = [
    ("AWS_SECRET", &["amazonaws.com"]),
    ("AWS_SESSION", &["amazonaws.com"]),
    ("GITHUB_TOKEN", &["github.com", "githubcopilot.com"]),
    ("GOOGLE_API_KEY", &["googleapis.com"]),
    ("HUGGINGFACEHUB_API_TOKEN", &["huggingface.co", "hf.co"]),
    ("OPENAI_API_KEY", &["openai.com", "azure.com"]),
    ("ANTHROPIC_API_KEY", &["anthropic.com"]),
    ("GEMINI_API_KEY", &["googleapis.com"]),
    ("DASHSCOPE_API_KEY", &["aliyuncs.com"]),
    ("DEEPSEEK_API_KEY", &["deepseek.com"]),
    ("MISTRAL_API_KEY", &["mistral.ai"]),
    ("HF_TOKEN", &["huggingface.co", "hf.co"]),
    ("MOONSHOT_API_KEY", &["moonshot.cn", "moonshot.ai"]),
];

/// Whether the key of a service goes to a host of somebody else: on the public network, by its name.
pub(crate) fn leaks(key: &str, address: &str) -> bool {
    let Some((_, hosts)) = KEYS.iter().find(|(name, _)| key.contains(name)) else { return false };
    let host = host_of(address);
    let is_public = is_in_the_open(&format!("http://{host}/"));
    is_public && !hosts.iter().any(|own| host == *own || host.ends_with(&format!(".{own}")))
}

fn host_of(address: &str) -> &str {
    address.split("://").nth(1).unwrap_or_default().split(['/', ':', '?']).next().unwrap_or_default()
}

/// Ends of programs and of what installs them.
const PROGRAMS: [&str; 16] = [
    ".exe", ".msi", ".dll", ".scr", ".bat", ".cmd", ".ps1", ".vbs", ".hta", ".sh", ".so", ".dylib", ".apk", ".deb",
    ".rpm", ".jar",
];

/// The address of a program: in the open, or of a host that has no name.
fn is_program_in_the_open(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    if !matches!(scheme, "http" | "https" | "ftp") || value.len() > 2000 || value.contains(char::is_whitespace) {
        return false;
    }
    let path = rest.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let host = host_of(value);
    let is_number = host.split('.').count() == 4 && host.split('.').all(|part| part.parse::<u8>().is_ok());
    path.contains('/')
        && PROGRAMS.iter().any(|end| path.ends_with(end))
        && (scheme != "https" || is_number)
        && is_in_the_open(&format!("http://{host}/"))
}

/// Kinds of nodes of a workflow that run code which stands in the workflow, by words in their names.
fn runs_code(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let own = ["exec", "python", "eval", "shell", "command", "script", "subprocess", "runcode", "lambda"];
    value.len() < 200 && own.iter().any(|word| lower.contains(word)) && !lower.contains("description")
}

fn runs() -> Text {
    Text::new("它会执行模型写出的命令或代码", "which runs commands or code that a model writes")
}

pub(crate) fn allowance() -> Text {
    Text::new("该设置允许执行代码或反序列化对象", "a setting that lets code run or objects be unpickled")
}

pub(crate) fn allows(lower: &str, value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    ALLOWANCES.iter().any(|(key, values)| lower == *key && values.contains(&value.as_str()))
}

/// `http://` to a host with a name of the public network: those of a network of one's own have no dot, or one's own addresses.
fn is_in_the_open(value: &str) -> bool {
    let Some(rest) = value.strip_prefix("http://") else { return false };
    let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
    let ends = [".local", ".internal", ".lan", ".localhost", ".svc", ".cluster", ".docker"];
    let private = ["127.", "10.", "192.168.", "172.", "0.0.0.0", "169.254."];
    host.contains('.')
        && !host.contains(['{', '$', '<', '['])
        && !ends.iter().any(|end| host.ends_with(end) || host.contains(&format!("{end}.")))
        && !private.iter().any(|front| host.starts_with(front))
}

/// Judges one entry; `lower`: its key in lower case.
pub(crate) fn judge(found: &Findings<'_>, key: &str, lower: &str, value: &str) {
    if agents(found, key, lower, value) {
        return;
    }
    if IMPORTS.contains(&lower) {
        import(found, key, value);
    } else if PATTERNS.contains(&lower) {
        found.pattern(key, value);
    } else if REGISTRIES.contains(&lower) {
        let mut parts = value.split('.');
        let vendor = parts.next().unwrap_or_default();
        // A name of Thinc has no vendor: `Adam.v1`.
        if (parts.count() >= 2 || lower == "@callbacks") && !VENDORS.contains(&vendor) {
            found.loader_module(key, value);
        }
    } else if found.file == "config.pbtxt" && matches!(lower, "backend" | "platform") && !BACKENDS.contains(&value) {
        found.loader_module(key, value);
    } else if lower == "tool_class" && targets::is_dotted(value) {
        found.remote_code(key);
    } else if lower == "remote_host" && found.file.starts_with("sha256-") && value.contains("://") {
        // Ollama sends what is asked of the model there.
        found.outside(key, value, Text::new("代为运行模型的主机", "a host that runs the model in place of this one"));
    } else if lower == "digest"
        && value.strip_prefix("sha256:").is_some_and(|digest| leads_outside(digest, true).is_some())
    {
        found.outside(key, value, Text::new("并非摘要的路径", "a path where a digest belongs"));
    } else if lower == "driver" && STORES.contains(&value) {
        found.outside(key, value, Text::new("别处的存储", "a store that lies elsewhere"));
    } else if lower == "path" && found.file.ends_with(".dvc") {
        // DVC writes what it fetched there.
        if let Some(what) = leads_outside(value, false) {
            found.outside(key, value, what);
        }
    } else if FETCHED.contains(&lower) && !value.starts_with("https://") {
        let own =
            ["gs://", "s3://", "hf://", "pvc://"].iter().any(|scheme| value.starts_with(scheme)) && lower != "kvstore";
        let what = leads_outside(value, false).filter(|_| !own && !value.contains(char::is_whitespace));
        if let Some(what) = what {
            found.outside(key, value, what);
        }
    }
    interpolations(found, key, value);
}

/// A module, or the folder of one.
fn import(found: &Findings<'_>, key: &str, value: &str) {
    let module = value.replace(':', ".");
    let is_name = module.split('.').all(|part| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    });
    if value.contains('/') || value == "." {
        if key == "user_dir" {
            found.loader_module(key, value);
        }
        return;
    }
    if !is_name || matches!(value, "null" | "None" | "none" | "true" | "false") {
        return;
    }
    // It is a word of tables too, such as those of lemmas: one word behind it says nothing.
    if key.eq_ignore_ascii_case("imports") && !value.contains(['.', '_']) {
        return;
    }
    match targets::verdict(&format!("{module}.x"), found.names) {
        Verdict::Dangerous(effect) => found.dangerous_target(key, value, effect),
        Verdict::Unknown => found.loader_module(key, value),
        Verdict::Known => {}
    }
}

/// `${…}`: what is evaluated, and secrets that go into an address.
fn interpolations(found: &Findings<'_>, key: &str, value: &str) {
    let Some((_, first)) = value.split_once("${") else { return };
    if let Some((name, rest)) = first.split_once(':')
        && RESOLVERS.contains(&name.rsplit('.').next().unwrap_or_default())
    {
        let expression = rest.trim_end_matches('}').trim_matches(['\'', '"']);
        if let Some((name, effect)) = script::first_dangerous_call(expression, found.names) {
            found.dangerous_target(key, &name, effect);
        }
    }
    let Some((_, address)) = value
        .split_once("://")
        .filter(|(scheme, _)| ["http", "https", "ws", "wss", "ftp"].iter().any(|known| scheme.ends_with(known)))
    else {
        return;
    };
    // Before the path a secret is the login of a service of one's own.
    let Some(end) = address.find(['/', '?']) else { return };
    let is_secret = |part: &str| {
        let name = part.split('}').next().unwrap_or_default().to_ascii_lowercase();
        SECRETS.iter().any(|word| name.contains(word))
    };
    if address[end..].split("${").skip(1).any(is_secret) {
        found.outside(
            key,
            value,
            Text::new("附带环境中机密的网址", "an address to which a secret of the environment goes"),
        );
    }
}

/// Repositories of compiled kernels that publishers of the loader keep themselves.
const KNOWN_REPOSITORIES: [&str; 2] = ["kernels-community/", "kernels-test/"];

/// A kernel of the hub: `owner/repository`, with a revision and a name perhaps.
pub(crate) fn kernel(found: &Findings<'_>, key: &str, value: &str) {
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@:".contains(c));
    let is_repository = value.split_once('/').is_some_and(|(owner, name)| word(owner) && word(name));
    if is_repository && !KNOWN_REPOSITORIES.iter().any(|known| value.starts_with(known)) {
        found.code_repository(key, value);
    }
}

/// Marks of an expression that reaches out, whatever it imported before.
const REACHES: [&str; 18] = [
    "__subclasses__",
    "__globals__",
    "__builtins__",
    "__mro__",
    "__import__",
    "__reduce__",
    "urllib.request",
    "urlopen(",
    "urlretrieve(",
    "requests.",
    "socket.",
    "webbrowser",
    "open('/",
    "open(\"/",
    "shutil.rmtree",
    "os.remove(",
    "pickle.load",
    "torch.hub.",
];

/// What a `$expression` does beyond calls of dangerous names.
pub(crate) fn reaching(expression: &str) -> Option<(&'static str, Effect)> {
    let mark = REACHES.into_iter().find(|mark| expression.contains(mark))?;
    let effect = match mark {
        "open('/" | "open(\"/" | "shutil.rmtree" | "os.remove(" => Effect::File,
        "urllib.request" | "urlopen(" | "urlretrieve(" | "requests." | "socket." | "webbrowser" => Effect::Network,
        "pickle.load" | "torch.hub." => Effect::Load,
        _ => Effect::Import,
    };
    Some((mark, effect))
}

/// A class that a loader makes by its full name, from a map of names.
pub(crate) fn class(found: &Findings<'_>, key: &str, value: &str) {
    if targets::is_dotted(value) && !matches!(found.names.classify(value), NameClass::Allowed { .. }) {
        found.target(key, value, true);
    }
}
