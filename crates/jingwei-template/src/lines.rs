//! Texts of other trades that are judged line by line: dumps of SQL, settings of boosted trees, grammars of llama.cpp.

use std::collections::{HashMap, HashSet};

use jingwei_core::Text;
use jingwei_read::Sighting;

/// Ends of the names of such files.
pub(crate) const FILES: [&str; 5] = [".sql", ".conf", ".gbnf", ".psql", ".sqlite3rc"];

/// The first line that reaches out, or a grammar that never ends.
pub(crate) fn inspect(path: &str, text: &str) -> Option<Sighting> {
    let lower = path.to_ascii_lowercase();
    let text = text.trim_start_matches('\u{feff}');
    if lower.ends_with(".gbnf") {
        return grammar(text);
    }
    let judge: fn(&str) -> Option<(&'static str, &'static str)> =
        if lower.ends_with(".conf") { output } else { statement };
    let mut offset = 0;
    let mut in_rows = false;
    for line in text.split_inclusive('\n') {
        let plain = line.trim();
        if in_rows {
            in_rows = plain != "\\.";
            offset += line.len();
            continue;
        }
        // Rows follow, up to a line of their own.
        in_rows = plain.len() < ROW_HEAD && plain.to_ascii_lowercase().ends_with("from stdin;");
        if let Some((zh, en)) = judge(plain) {
            let shown: String = line.trim().chars().take(80).collect();
            let sighting = Sighting::new("model.file-reaches-out").key(&shown).at(offset as u64);
            return Some(sighting.with("name", &jingwei_read::shown(&shown)).with_text("why", Text::new(zh, en)));
        }
        offset += line.len();
    }
    None
}

const RUNS: (&str, &str) = ("数据库客户端读入时会运行它", "a client of the database runs it when it reads the file");
const TOUCHES: (&str, &str) = ("数据库读入时会访问库外的文件", "reading it reaches for files outside of the database");

/// Commands of SQLite's and PostgreSQL's clients that run something, with the blank behind them.
const COMMANDS: [&str; 12] = [
    ".shell ",
    ".system ",
    ".sh ",
    ".load ",
    ".output |",
    ".once |",
    ".import |",
    ".once -x",
    ".excel",
    "\\! ",
    "\\o |",
    "\\copy |",
];
/// Bytes of the longest line by which rows are announced.
const ROW_HEAD: usize = 1 << 16;
/// Beginnings of statements, and words in them by which a server runs a program or leaves its files.
const STATEMENTS: [(&str, &[&str]); 9] = [
    ("copy ", &[" from program", " to program"]),
    ("\\copy ", &[" from program", " to program"]),
    ("create ", &["language plpython", "language plperlu"]),
    ("attach ", &["'/", "'..", "'~", "\"/", "\"..", "http"]),
    ("select ", &["load_extension(", "into outfile", "into dumpfile", "sys_exec(", "lo_import(", "pg_read_file("]),
    ("exec", &["xp_cmdshell", "sp_oacreate", "sp_configure"]),
    ("load data", &["local infile '/", "infile '/"]),
    ("load ", &["'/", "'http", "'.."]),
    ("install ", &["from '"]),
];

/// A line of a dump, as the client sees it: rows of data begin with `INSERT` or stand by themselves.
fn statement(line: &str) -> Option<(&'static str, &'static str)> {
    if line.is_empty() || line.starts_with("--") {
        return None;
    }
    if COMMANDS.iter().any(|command| line.starts_with(command)) {
        return Some(RUNS);
    }
    let first = line.as_bytes()[0].to_ascii_lowercase();
    if !matches!(first, b'c' | b'a' | b's' | b'e' | b'l' | b'i' | b'\\') {
        return None;
    }
    let lower: String = line.chars().take(2048).collect::<String>().to_ascii_lowercase();
    // What stands in quotation marks is no word of the statement, but for files that it names.
    let bare: String = lower.split('\'').step_by(2).collect::<Vec<_>>().join("''");
    let bare = bare.split_once("--").map_or(bare.as_str(), |(bare, _)| bare);
    let (front, _) = STATEMENTS.iter().find(|(front, words)| {
        let has = |word: &str| if word.contains(['\'', '"']) { lower.contains(word) } else { bare.contains(word) };
        lower.starts_with(front) && words.iter().any(|word| has(word))
    })?;
    Some(if matches!(*front, "attach " | "load data" | "load " | "install ") { TOUCHES } else { RUNS })
}

/// Keys of LightGBM and XGBoost whose files are written, and the ends of others like them.
const WRITTEN: [&str; 9] = [
    "output_model",
    "convert_model",
    "output_result",
    "model_out",
    "name_dump",
    "name_fmap",
    "model_dir",
    "name_pred",
    "snapshot_path",
];

fn output(line: &str) -> Option<(&'static str, &'static str)> {
    let (key, value) = line.split_once('=')?;
    let (key, value) = (key.trim(), value.trim().trim_matches(['"', '\'']));
    let outside = value.starts_with(['/', '~']) || value.contains("../") || value.contains(":\\");
    (WRITTEN.contains(&key) && outside)
        .then_some(("训练时会写入文件夹之外的文件", "training writes a file outside of the folder"))
}

/// Rules of a grammar that are followed, and the words of all of them: the work grows with their product.
const RULES: usize = 1 << 9;
const WORDS: usize = 1 << 13;

/// A rule that can begin with itself: a parser that goes down the rules never comes back.
fn grammar(text: &str) -> Option<Sighting> {
    let rules = rules(text);
    let empty = nullable(&rules);
    // What each rule can begin with.
    let begins: HashMap<&str, HashSet<&str>> =
        rules.iter().map(|(name, (_, choices))| (*name, first(choices, &empty))).collect();
    let (name, offset) = rules
        .iter()
        .filter(|(name, _)| {
            let mut open: Vec<&str> = begins[*name].iter().copied().collect();
            let mut known: HashSet<&str> = open.iter().copied().collect();
            while let Some(next) = open.pop() {
                if next == **name {
                    return true;
                }
                let more = begins.get(next).into_iter().flatten().copied();
                open.extend(more.filter(|more| known.insert(more)));
            }
            false
        })
        .map(|(name, (offset, _))| (*name, *offset))
        .min_by_key(|(_, offset)| *offset)?;
    let what = Text::new(
        format!("规则 {name} 以自身开头，逐层展开永不结束"),
        format!("the rule {name} begins with itself, so that following it never ends"),
    );
    Some(Sighting::new("model.config-bomb").key(name).at(offset as u64).with_text("what", what))
}

/// A part of a rule in the notation of llama.cpp.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word<'t> {
    Name(&'t str),
    /// Letters, or a set of them.
    Letters,
    Open,
    Close,
    Or,
    /// What stands before it may be left out.
    Optional,
}

type Rules<'t> = HashMap<&'t str, (usize, Vec<Word<'t>>)>;

fn rules(text: &str) -> Rules<'_> {
    let mut rules: Rules<'_> = HashMap::new();
    let (mut current, mut count, mut offset) = (None, 0, 0);
    for line in text.split_inclusive('\n') {
        let plain = line.trim();
        let head = plain.split_once("::=").filter(|(name, _)| {
            !name.trim().is_empty() && name.trim().chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        });
        let body = match head {
            Some((name, body)) if rules.len() < RULES => {
                current = Some(name.trim());
                rules.entry(name.trim()).or_insert((offset, Vec::new()));
                body
            }
            _ => plain,
        };
        if let Some((_, words)) = current.filter(|_| count < WORDS).and_then(|name| rules.get_mut(name)) {
            let before = words.len();
            add_words(body, WORDS.saturating_sub(count), words);
            count += words.len() - before;
        }
        offset += line.len();
    }
    rules
}

/// Adds the words of a line, so many at most.
fn add_words<'t>(mut rest: &'t str, most: usize, words: &mut Vec<Word<'t>>) {
    let most = words.len() + most;
    while let Some(c) = rest.chars().next().filter(|_| words.len() < most) {
        let mut length = c.len_utf8();
        match c {
            '#' => return,
            '"' | '[' => {
                let end = if c == '"' { '"' } else { ']' };
                let mut escaped = false;
                let close = rest.char_indices().skip(1).find(|(_, next)| {
                    let ends = !escaped && *next == end;
                    escaped = !escaped && *next == '\\';
                    ends
                });
                length = close.map_or(rest.len(), |(at, _)| at + 1);
                // An empty text is nothing at all.
                if length > 2 {
                    words.push(Word::Letters);
                }
            }
            '(' => words.push(Word::Open),
            ')' => words.push(Word::Close),
            '|' => words.push(Word::Or),
            '?' | '*' => words.push(Word::Optional),
            '{' => {
                let count = rest.split_once('}').map(|(count, _)| count);
                length = count.map_or(rest.len(), |count| count.len() + 1);
                let least = count.and_then(|count| count[1..].split(',').next());
                if least.is_some_and(|least| least.trim() == "0") {
                    words.push(Word::Optional);
                }
            }
            '.' => words.push(Word::Letters),
            c if c.is_ascii_alphanumeric() || c == '_' => {
                length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).unwrap_or(rest.len());
                words.push(Word::Name(&rest[..length]));
            }
            _ => {}
        }
        rest = &rest[length..];
    }
}

/// Rules that may stand for nothing.
fn nullable<'t>(rules: &Rules<'t>) -> HashSet<&'t str> {
    let mut empty: HashSet<&str> = HashSet::new();
    loop {
        let more: Vec<&str> = rules
            .iter()
            .filter(|(name, (_, words))| !empty.contains(*name) && walk(words, &empty, &mut |_| {}))
            .map(|(name, _)| *name)
            .collect();
        if more.is_empty() {
            return empty;
        }
        empty.extend(more);
    }
}

fn first<'t>(words: &[Word<'t>], empty: &HashSet<&'t str>) -> HashSet<&'t str> {
    let mut found = HashSet::new();
    walk(words, empty, &mut |name| {
        found.insert(name);
    });
    found
}

/// A choice that is open: whether what was read of it may be nothing, and whether a choice before it may.
#[derive(Clone, Copy)]
struct Choice {
    here: bool,
    any: bool,
    /// Whether what stands before the bracket may be nothing.
    before: bool,
}

/// Goes through a rule, tells every name that can begin it, and says whether all of it may be nothing.
fn walk<'t>(words: &[Word<'t>], empty: &HashSet<&'t str>, tell: &mut dyn FnMut(&'t str)) -> bool {
    let mut open = vec![Choice { here: true, any: false, before: true }];
    for (at, word) in words.iter().enumerate() {
        let Some(choice) = open.last_mut() else { return false };
        let optional = words.get(at + 1) == Some(&Word::Optional);
        match word {
            Word::Name(name) => {
                if choice.here && choice.before {
                    tell(name);
                }
                choice.here &= optional || empty.contains(name);
            }
            Word::Letters => choice.here &= optional,
            Word::Or => {
                choice.any |= choice.here;
                choice.here = true;
            }
            Word::Open => {
                let before = choice.here && choice.before;
                open.push(Choice { here: true, any: false, before });
            }
            Word::Close => {
                let inner = choice.here || choice.any;
                if open.len() > 1 {
                    open.pop();
                }
                if let Some(outer) = open.last_mut() {
                    outer.here &= inner || optional;
                }
            }
            Word::Optional => {}
        }
    }
    open.first().is_some_and(|choice| choice.here || choice.any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expected: Option<&str>) {
        assert_eq!(inspect(path, text).and_then(|seen| seen.key).as_deref(), expected, "{path}: {text}");
    }

    #[test]
    fn grammars_that_begin_with_themselves() {
        for (text, expected) in [
            ("root ::= value\nvalue ::= value \",\" s | s\ns ::= [a-z]*\n", Some("value")),
            ("root ::= a \"x\"\na ::= ws root\nws ::= [ ]*\n", Some("root")),
            ("root ::= (a | b)? root\na ::= \"x\"\nb ::= \"y\"\n", Some("root")),
            ("root ::= a{0,3} root\na ::= \"x\"\n", Some("root")),
            ("root ::= \"\" root\n", Some("root")),
            ("root ::= a\na ::=\n  b\n  | \"x\"\nb ::= a\n", Some("a")),
            ("root ::= value\nvalue ::= s | \"[\" s (\",\" s)* \"]\"\ns ::= \"\\\"\" [a-z]* \"\\\"\"\n", None),
            ("root ::= ws \"{\" root? \"}\" ws\nws ::= ([ \\t\\n] ws)?\n", None),
            ("root ::= a+ root?\na ::= \"x\" # root ::= root\n", None),
            ("root ::= (\"-\"? n) (\".\" n)? | root-b\nroot-b ::= [0-9]\nn ::= [0-9]{1,15}\n", None),
            ("", None),
            ("a::={", None),
            ("a::={é", None),
            ("a ::= \"x\"{0,", None),
            ("\u{feff}root ::= root \"x\" | \"y\"\n", Some("root")),
            ("::= ::= (((", None),
        ] {
            check("json.gbnf", text, expected);
        }
        // Brackets without end, and rules in a ring.
        check("a.gbnf", &format!("root ::= {}\n", "(".repeat(100_000)), None);
        let ring: String = (0..400).map(|n| format!("r{n} ::= r{}\n", (n + 1) % 400)).collect();
        check("a.gbnf", &ring, Some("r0"));
    }

    #[test]
    fn dumps_and_settings_that_reach_out() {
        for (path, text, expected) in [
            ("dump.sql", "BEGIN;\n.shell echo inert\n", Some(".shell echo inert")),
            ("dump.sql", "\\! echo inert\n", Some("\\\\! echo inert")),
            ("dump.sql", "COPY t FROM PROGRAM 'echo inert';", Some("COPY t FROM PROGRAM 'echo inert';")),
            (
                "dump.sql",
                "ATTACH DATABASE '/nonexistent/x.php' AS x;",
                Some("ATTACH DATABASE '/nonexistent/x.php' AS x;"),
            ),
            ("dump.sql", "COPY t (a) FROM stdin;\nselect\tx\n\\.\n", None),
            ("dump.sql", "INSERT INTO t VALUES('.shell echo', 'COPY x FROM PROGRAM');\n", None),
            ("dump.sql", "\u{feff}\\! echo inert\n", Some("\\\\! echo inert")),
            ("dump.sql", "CREATE TABLE t (language c char(2));\n", None),
            ("dump.sql", "SELECT count(*) FROM f WHERE path = 'into outfile';\n", None),
            (
                "dump.sql",
                "COPY t (body) FROM stdin;\ncopy that from program manager\n\\.\n\\! echo inert\n",
                Some("\\\\! echo inert"),
            ),
            ("dump.sql", "SELECT 1; -- copy from program\n", None),
            (
                "dump.sql",
                "SELECT 'x' INTO OUTFILE '/nonexistent/x';\n",
                Some("SELECT 'x' INTO OUTFILE '/nonexistent/x';"),
            ),
            ("dump.sql", "ATTACH DATABASE 'other.db' AS x;\n-- .shell echo\n", None),
            ("train.conf", "output_model = ../../x.txt", Some("output_model = ../../x.txt")),
            ("train.conf", "output_model = model.txt\ndata = /data/train.csv\n", None),
        ] {
            check(path, text, expected);
        }
    }
}
