//! What shells, interpreters, editors and debuggers read when they start in a folder.

use super::Run;
use crate::script;

const STARTS: (&str, &str) = ("程序在此文件夹中启动时", "when a program starts in the folder");
const LLAMAFILE: (&str, &str) = ("llamafile 以这些参数启动时", "when the llamafile starts with its arguments");
const PYTHON: (&str, &str) = ("Python 启动时", "when Python starts");

/// Files, and the words of theirs that run something else.
const FILES: [(&str, &str); 37] = [
    // A llamafile takes its arguments from here.
    (".args", "--slot-save-path|--path|--rpc|--lookup-cache|--log-file|--prompt-cache"),
    (".gitpod.yml", "curl|wget|eval|sh -c|bash -c|python -c|nc "),
    (".replit", "curl|wget|eval|sh -c|bash -c|python -c|nc "),
    ("devbox.json", "curl|wget|eval|sh -c|bash -c|python -c|nc "),
    (".mise.toml", "enter|cd =|preinstall|postinstall|_.source"),
    ("mise.toml", "enter|cd =|preinstall|postinstall|_.source"),
    (".ycm_extra_conf.py", ""),
    (".envrc", "curl|wget|eval|source_url|python -c|python3 -c|python ./|bash |sh -c|nc "),
    (".bashrc", ""),
    (".bash_profile", ""),
    (".bash_login", ""),
    (".profile", ""),
    (".zshrc", ""),
    (".zshenv", ""),
    (".zprofile", ""),
    (".kshrc", ""),
    (".gdbinit", "shell|!|python|source|pipe|make"),
    (".lldbinit", "script|command|platform shell|process"),
    (".rprofile", "system(|system2(|shell(|eval(|download.file|url(|dyn.load|library.dynam|processx|callr|httr"),
    ("rprofile.site", ""),
    (".renviron", "r_profile|ld_preload|r_environ"),
    (".vimrc", "!|system(|python|lua|autocmd"),
    (".exrc", "!|system(|python|lua|autocmd"),
    (".nvim.lua", ""),
    (".nvimrc", "!|system(|python|lua|autocmd"),
    (".dir-locals.el", "(eval|shell-command|call-process"),
    (".pdbrc", "import|!|exec|eval|os."),
    (".pythonrc.py", ""),
    (".pythonrc", ""),
    (".irbrc", ""),
    (".pryrc", ""),
    (".psqlrc", "\\!|\\o |copy "),
    (".sqliterc", ".shell|.system|.load"),
    (".octaverc", "system(|eval|unix("),
    ("startup.m", "system(|eval|unix(|dos("),
    ("startup.jl", ""),
    (".theanorc", "cxx|root"),
];

pub(super) fn is_startup(path: &str, name: &str) -> bool {
    let of_jupyter = name == "ipython_config.py" || name.starts_with("jupyter_") && name.ends_with("_config.py");
    FILES.iter().any(|(file, _)| name == *file) || of_jupyter || path.contains("profile_default/startup/")
}

pub(super) fn lines(path: &str, text: &str) -> Vec<Run> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let words = FILES.iter().find(|(file, _)| name == *file).map(|(_, words)| *words);
    // Arguments begin as comments of other languages do.
    let is_note = |line: &str| line.starts_with(['#', '"', ';']) || line.starts_with("--") && name != ".args";
    let code = |line: &&str| !line.is_empty() && !is_note(line);
    let mut lines = text.lines().map(str::trim).filter(code);
    let met = match words {
        // Only what was written there for a model can be in a model's folder.
        Some("") => lines.next(),
        Some(words) => lines.find(|line| {
            let lower = line.to_ascii_lowercase();
            let begins = |word: &str| lower.starts_with(word) || lower.contains(&format!(" {word}"));
            words
                .split('|')
                .any(|word| begins(word) || (word.ends_with('(') || word.starts_with('(')) && lower.contains(word))
                || script::shell_mark(line).is_some()
        }),
        None if path.contains("profile_default/startup/") => lines.next(),
        None => lines.find(|line| {
            [
                "exec_lines",
                "exec_files",
                "extensions",
                "os.system",
                "subprocess",
                "import os",
                "eval(",
                "exec(",
                "disable_check_xsrf",
                "password = ''",
            ]
            .iter()
            .any(|word| line.contains(word))
        }),
    };
    let when = if name == ".args" { LLAMAFILE } else { STARTS };
    met.map(|line| Run::new(name, line, when)).into_iter().collect()
}

/// Modules that Python imports at each start, whatever it is started for.
pub(super) fn customize(path: &str, text: &str) -> Vec<Run> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let code = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    code.map(|line| Run::new(name, line, PYTHON)).into_iter().collect()
}
