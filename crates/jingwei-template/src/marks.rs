//! Files of other trades that lie beside models: documents, playlists, drawings, lists of Kaldi, settings of tools. Their
//! readers run, fetch or read what they name, and a few words tell where they do.

use std::{collections::HashSet, sync::LazyLock};

use jingwei_core::Text;
use jingwei_read::Sighting;

use crate::lines;

/// Files by endings or whole names, words of which one is enough, and what a reader does at them.
struct Trade {
    files: &'static [&'static str],
    words: &'static [&'static str],
    why: (&'static str, &'static str),
}

const RUNS: (&str, &str) = ("打开或使用它会运行程序或代码", "opening or using it runs a program or code");
const READS: (&str, &str) = ("读取它会访问其他文件或网址", "reading it reaches for other files or addresses");
const SENDS: (&str, &str) = ("使用它会改变连接去向或凭据", "using it changes where connections go or who logs in");
const FETCHES: (&str, &str) = ("安装时会从该处取得软件包", "packages are fetched from there when it is installed");

const TRADES: &[Trade] = &[
    Trade {
        files: &[".pdf"],
        words: &["/JavaScript", "/JS(", "/JS (", "/JS<", "/Launch", "/ImportData", "/RichMedia", "/GoToE"],
        why: RUNS,
    },
    Trade {
        files: &[".tex", ".sty", ".cls", ".ltx"],
        words: &[
            "\\write18",
            "\\ShellEscape",
            "\\directlua",
            "\\input{|",
            "\\input|",
            "\\openout",
            "\\input{/",
            "\\include{/",
            "\\verbatiminput{/",
            "\\lstinputlisting{/",
        ],
        why: RUNS,
    },
    Trade {
        files: &[".bib", ".bst", ".bbl"],
        words: &["\\write18", "\\input{/", "\\input{|", "\\openout", "\\directlua"],
        why: RUNS,
    },
    Trade {
        files: &[".ps", ".eps", ".epsf", ".epsi", ".ai"],
        words: &["%pipe%", "(w) file", "(r) file", "(a) file", "deletefile", "renamefile", ".runandhide", "getenv"],
        why: RUNS,
    },
    Trade {
        files: &[".mvg", ".msl"],
        words: &["url(", "ephemeral:", "msl:", "text:@", "label:@", "image over", "<read ", "<write "],
        why: READS,
    },
    Trade {
        files: &[".m3u8", ".m3u", ".pls", ".xspf", ".ffconcat", ".concat", ".edl"],
        words: &["file://", "file:/", "concat:", "subfile", "/etc/", "/proc/", "tcp://", "gopher://", "../.."],
        why: READS,
    },
    Trade { files: &[".slk", ".dif"], words: &["EXEC(", "CALL(", "REGISTER(", "cmd|", "DDE("], why: RUNS },
    Trade { files: &[".iqy", ".oqy", ".rqy", ".dqy"], words: &["http", "WEB", "CONNECTION", "SELECT"], why: READS },
    Trade {
        files: &[".rtf"],
        words: &["\\objdata", "\\objocx", "\\objupdate", "\\object", "DDEAUTO", "\\*\\template http", "INCLUDEPICTURE"],
        why: RUNS,
    },
    Trade {
        files: &[".odt", ".ods", ".odp", ".fodt", ".fods"],
        words: &["vnd.sun.star.script:", "script:event-listener", "macro:"],
        why: RUNS,
    },
    Trade {
        files: &[
            ".xml", ".svg", ".xsd", ".rdf", ".owl", ".kml", ".gml", ".xmp", ".dae", ".x3d", ".urdf", ".sdf", ".mjcf",
            ".osm", ".wsdl", ".plist", ".drawio", ".graphml", ".html", ".xhtml", ".rng", ".dtd",
        ],
        words: &[
            "SYSTEM \"file:",
            "SYSTEM 'file:",
            "SYSTEM \"http",
            "SYSTEM 'http",
            "SYSTEM \"/",
            "SYSTEM \"expect:",
            "SYSTEM \"php:",
            "SYSTEM \"ftp",
            "<xi:include",
            "jndi:",
        ],
        why: READS,
    },
    Trade {
        files: &["manifest.mf"],
        words: &["Main-Class:", "Premain-Class:", "Agent-Class:", "Launcher-Agent-Class:"],
        why: RUNS,
    },
    Trade {
        files: &[".xba", ".bas", ".frm", ".vba"],
        words: &["Shell(", "Shell ", "CreateObject", "AutoOpen", "Workbook_Open", "Auto_Open"],
        why: RUNS,
    },
    Trade {
        files: &[".blend.py", ".mel", ".ma"],
        words: &["system(", "python(", "eval(", "scriptNode", "exec("],
        why: RUNS,
    },
    Trade {
        files: &[".gp", ".plt", ".gnuplot", ".gnu"],
        words: &["system(", "system ", "`", "!", "load \"<", "'<"],
        why: RUNS,
    },
    Trade { files: &[".gv", ".dot"], words: &["shapefile=", "image=\"/", "imagepath=", "fontpath="], why: READS },
    Trade {
        files: &[".pov", ".inc"],
        words: &["Post_Frame_Command", "Pre_Scene_Command", "Post_Scene_Command"],
        why: RUNS,
    },
    Trade {
        files: &[".cypher", ".cql"],
        words: &["LOAD CSV", "apoc.load", "apoc.import", "dbms.procedures"],
        why: READS,
    },
    Trade { files: &[".feather.meta", ".rasp", ".asd"], words: &["(system", "require 'asdf", "#.("], why: RUNS },
    Trade { files: &["kubeconfig", ".kubeconfig"], words: &["exec:", "cmd-path"], why: RUNS },
    Trade {
        files: &[".ssh/config", "ssh_config"],
        words: &["ProxyCommand", "LocalCommand", "KnownHostsCommand", "Match exec", "PKCS11Provider", "SendEnv"],
        why: RUNS,
    },
    Trade { files: &["authorized_keys", "authorized_keys2"], words: &["ssh-", "ecdsa-"], why: SENDS },
    Trade { files: &[".netrc", "_netrc"], words: &["machine", "default login", "macdef"], why: SENDS },
    Trade {
        files: &[".curlrc", "_curlrc", ".wgetrc"],
        words: &["proxy", "insecure", "output", "check_certificate", "use_askpass", "post_file", "config", "header"],
        why: SENDS,
    },
    Trade {
        files: &[".aws/config", ".aws/credentials"],
        words: &["credential_process", "endpoint_url", "aws_secret_access_key"],
        why: RUNS,
    },
    Trade {
        files: &[".docker/config.json"],
        words: &["credHelpers", "credsStore", "cliPluginsExtraDirs", "HttpHeaders", "proxies"],
        why: RUNS,
    },
    Trade {
        files: &[".dvc/config", ".dvc/config.local"],
        words: &["ssl_verify = false", "ssl_verify=false", "custom_auth_header", "http://", "password"],
        why: SENDS,
    },
    Trade {
        files: &[".rels"],
        words: &[
            "relationships/externalLink",
            "relationships/oleObject",
            "relationships/attachedTemplate",
            "relationships/frame",
            "relationships/subDocument",
            "relationships/vbaProject",
        ],
        why: READS,
    },
    Trade { files: &["matplotlibrc"], words: &["module://"], why: RUNS },
    Trade {
        files: &["uwsgi.ini", "uwsgi.xml", "uwsgi.yml"],
        words: &["exec-", "attach-daemon", "smart-attach-daemon", "hook-", "call-", "@(exec", "cron ="],
        why: RUNS,
    },
    Trade { files: &["alembic.ini"], words: &["executable", ".type = exec"], why: RUNS },
    Trade {
        files: &["kernel.json"],
        words: &[
            "\"sh\"",
            "\"bash\"",
            "/bin/sh",
            "/bin/bash",
            "\"curl\"",
            "\"cmd\"",
            "\"powershell\"",
            "LD_PRELOAD",
            "PYTHONSTARTUP",
        ],
        why: RUNS,
    },
    Trade {
        files: &[
            "jupyter_server_config.json",
            "jupyter_notebook_config.json",
            "jupyter_lab_config.json",
            "jupyter_config.json",
        ],
        words: &[
            "jpserver_extensions",
            "nbserver_extensions",
            "contents_manager_class",
            "\"ip\": \"0.0.0.0\"",
            "\"token\": \"\"",
            "disable_check_xsrf",
            "terminado_settings",
        ],
        why: RUNS,
    },
    Trade { files: &["papermill.yaml", "papermill.yml"], words: &["engine:"], why: RUNS },
    Trade {
        files: &[".streamlit/config.toml"],
        words: &[
            "enableXsrfProtection = false",
            "enableXsrfProtection=false",
            "enableCORS = false",
            "enableCORS=false",
        ],
        why: SENDS,
    },
    Trade { files: &["celeryconfig.py"], words: &["\"pickle\"", "'pickle'"], why: RUNS },
    Trade {
        files: &["log4j.properties", "log4j2.xml", "log4j2.properties", "logback.xml", "log4j.xml"],
        words: &["${jndi:", "jndi:ldap", "<insertFromJNDI", "ScriptFile", "SocketAppender"],
        why: RUNS,
    },
    Trade {
        files: &["nginx.conf", "httpd.conf", "apache2.conf", ".htaccess"],
        words: &[
            "load_module",
            "LoadModule",
            "perl_set",
            "content_by_lua",
            "AddHandler",
            "auto_prepend_file",
            "php_value",
        ],
        why: RUNS,
    },
    Trade { files: &["fonts.conf", "ld.so.conf", "ld.so.preload"], words: &["<dir>/", "/"], why: READS },
    Trade {
        files: &["my.cnf", ".my.cnf", ".pgpass", "odbc.ini", "odbcinst.ini"],
        words: &["plugin-load", "plugin_dir", "init-file", "Driver", "Driver=", "password"],
        why: SENDS,
    },
    Trade {
        files: &["hosts", "resolv.conf", "proxychains.conf"],
        words: &["pypi.org", "huggingface.co", "github.com", "nameserver", "socks"],
        why: SENDS,
    },
    Trade {
        files: &["sources.list", ".sources"],
        words: &["trusted=yes", "Trusted: yes", "deb http://", "allow-insecure"],
        why: FETCHES,
    },
    Trade { files: &["go.mod"], words: &["=> /", "=> ../"], why: FETCHES },
    Trade {
        files: &[".condarc", "condarc"],
        words: &["ssl_verify: false", "ssl_verify: False", "http://", "custom_channels", "channel_alias"],
        why: FETCHES,
    },
    Trade { files: &["pip.conf", "pip.ini", "pipfile"], words: &["verify_ssl = false", "trusted-host"], why: FETCHES },
];

/// Bytes of a file that are searched.
const MOST: usize = 8 << 20;

/// Whether a file of this path is one of those.
fn trade_of(path: &str) -> Option<&'static Trade> {
    let lower = path.replace('\\', "/").to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or_default();
    let is_of = |file: &str| {
        if file.contains('/') {
            crate::path::ends_with(&lower, file)
        } else if file.starts_with('.') {
            name.ends_with(file)
        } else {
            name == file
        }
    };
    TRADES.iter().find(|trade| trade.files.iter().any(|file| is_of(file)))
}

/// Whether a file of this path is searched for such words. Archives have hundreds of thousands of names, and most are told
/// by their ends alone.
#[must_use]
pub fn has_marks(path: &str) -> bool {
    static ENDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        let of_trades = TRADES.iter().flat_map(|trade| trade.files.iter().copied());
        of_trades.chain(LISTS).chain(lines::FILES).map(|file| file.rsplit(['/', '.']).next().unwrap_or(file)).collect()
    });
    let end = path.rsplit(['/', '\\', '.']).next().unwrap_or(path);
    let known = |end: &str| ENDS.contains(end);
    let may_be = end.len() <= LONGEST_END
        && if end.bytes().any(|byte| byte.is_ascii_uppercase()) {
            known(&end.to_ascii_lowercase())
        } else {
            known(end)
        };
    may_be
        && (trade_of(path).is_some()
            || LISTS.iter().chain(&lines::FILES).any(|end| path.to_ascii_lowercase().ends_with(end)))
}

/// Lists and options of Kaldi.
const LISTS: [&str; 4] = [".scp", "/wav.list", ".ark.txt", ".conf"];
/// Bytes of the longest end of a name that is looked for.
const LONGEST_END: usize = 32;

/// What a reader of a file does at the first telling word in it. `path`: in the folder of the model.
#[must_use]
pub fn inspect_marks(path: &str, bytes: &[u8]) -> Option<Sighting> {
    let bytes = bytes.get(..bytes.len().min(MOST)).unwrap_or_default();
    if let Some(line) = piped(path, bytes) {
        return Some(sighting(
            &line,
            0,
            ("Kaldi 读取它时会运行其中的命令", "Kaldi runs the command in it when it reads it"),
        ));
    }
    if lines::FILES.iter().any(|end| path.to_ascii_lowercase().ends_with(end))
        && let Some(seen) = lines::inspect(path, &String::from_utf8_lossy(bytes))
    {
        return Some(seen);
    }
    let trade = trade_of(path)?;
    if trade.files.contains(&".svg")
        && let Some((name, offset)) = nested_entity(bytes)
    {
        return Some(sighting(
            &name,
            offset,
            ("实体层层引用，展开后极大", "entities that hold each other become very large when they are read"),
        ));
    }
    let found = trade.words.iter().filter_map(|word| Some((*word, place(bytes, word)?)));
    let (word, offset) = found.min_by_key(|(_, at)| *at)?;
    Some(sighting(word.trim(), offset, trade.why))
}

/// The first entity of XML that holds others twice or more, and where it stands.
fn nested_entity(bytes: &[u8]) -> Option<(String, usize)> {
    memchr::memmem::find_iter(bytes, b"<!ENTITY").take(64).find_map(|at| {
        let rest = &bytes[at..];
        let end = rest.iter().take(4096).position(|byte| *byte == b'>')?;
        let text = String::from_utf8_lossy(&rest[..end]);
        let value = text.split(['"', '\'']).nth(1)?;
        let held = value.split('&').skip(1).filter(|part| part.contains(';') && !part.starts_with('#')).count();
        let name = text.split_whitespace().nth(1)?.to_owned();
        (held >= 2).then_some((name, at))
    })
}

fn sighting(what: &str, offset: usize, (zh, en): (&str, &str)) -> Sighting {
    let sighting = Sighting::new("model.file-reaches-out").key(what).at(offset as u64);
    sighting.with("name", &jingwei_read::shown(what)).with_text("why", Text::new(zh, en))
}

/// A word that stands in no comment of its line.
fn place(bytes: &[u8], word: &str) -> Option<usize> {
    memchr::memmem::find_iter(bytes, word.as_bytes()).find(|at| {
        let line = bytes[..*at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let start = bytes[line..*at].trim_ascii_start();
        !(start.starts_with(b"#") || start.starts_with(b";") || start.starts_with(b"<!--"))
    })
}

/// A line of a list of Kaldi whose place is a command: it ends, or begins, with a bar.
fn piped(path: &str, bytes: &[u8]) -> Option<String> {
    let lower = path.to_ascii_lowercase();
    let is_list = lower.ends_with(".scp") || lower.ends_with("/wav.list") || lower.ends_with(".ark.txt");
    let is_conf = lower.ends_with(".conf");
    if !is_list && !is_conf {
        return None;
    }
    let text = String::from_utf8_lossy(bytes);
    let is_piped = |line: &&str| {
        let line = line.trim();
        let value = if is_conf {
            line.split_once('=').map_or("", |(_, value)| value)
        } else {
            line.split_once(' ').map_or("", |(_, value)| value)
        };
        let value = value.trim();
        !line.starts_with('#') && value.len() > 1 && (value.ends_with('|') && is_list || value.starts_with('|'))
    };
    // What unpacks or converts sound is what such commands are for.
    let usual = |line: &&str| {
        let first = line.split_whitespace().nth(1).unwrap_or_default();
        let tools =
            ["sox", "sph2pipe", "ffmpeg", "flac", "lame", "gunzip", "zcat", "opusdec", "wav-copy", "wav-reverberate"];
        is_list && tools.contains(&first) && !line.contains([';', '&', '`', '$'])
    };
    text.lines().filter(is_piped).find(|line| !usual(line)).map(|line| line.trim().chars().take(120).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expected: Option<&str>) {
        let seen = inspect_marks(path, text.as_bytes());
        assert_eq!(seen.and_then(|sighting| sighting.key).as_deref(), expected, "{path}: {text}");
    }

    #[test]
    fn names_are_told_by_their_ends() {
        for path in [
            "a.PDF",
            "kernels/x/kernel.json",
            ".ssh/config",
            "x/.dvc/config",
            "matplotlibrc",
            "a/b.scp",
            "go.mod",
            ".my.cnf",
        ] {
            assert!(has_marks(path), "{path}");
        }
        for path in ["", "a", "model.bin", "data/0", "config", "kernel", "a.pd", "notes.txt"] {
            assert!(!has_marks(path), "{path}");
        }
        // Every name of the table passes the quick look.
        assert!(
            TRADES.iter().flat_map(|trade| trade.files).all(|file| has_marks(&format!("a/x{file}")) || has_marks(file))
        );
    }

    #[test]
    fn files_are_told_by_what_their_readers_do() {
        check("paper.tex", "\\immediate\\write18{inert}\n", Some("\\\\write18"));
        check("paper.tex", "\\input{sections/intro}\n", None);
        check("card.pdf", "%PDF-1.4\n<</OpenAction<</S/Launch/F(inert)>>>>", Some("/Launch"));
        check("card.pdf", "%PDF-1.4\n<</Type/Catalog/Pages 2 0 R>>", None);
        check("logo.svg", "<!DOCTYPE svg [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>", Some("SYSTEM \"file:"));
        check(".ssh/config", "Host a\n  # ProxyCommand inert\n", None);
        check(".ssh/config", "Host a\n  ProxyCommand inert\n", Some("ProxyCommand"));
        check("config", "ProxyCommand inert\n", None);
        check("kernels/x/kernel.json", "{\"argv\": [\"sh\", \"-c\", \"inert\"]}", Some("\"sh\""));
        check("kernels/x/kernel.json", "{\"argv\": [\"python\", \"-m\", \"ipykernel_launcher\"]}", None);
        check("data/train/wav.scp", "utt1 echo inert |\n", Some("utt1 echo inert |"));
        check("data/train/wav.scp", "utt1 sox a.flac -t wav - |\nutt2 /data/b.wav\n", None);
        check("conf/online.conf", "--ivector=|inert\n", Some("--ivector=|inert"));
        check("notes.txt", "/JavaScript ProxyCommand\n", None);
    }
}
