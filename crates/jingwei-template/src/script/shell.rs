//! Shell scripts, and commands in the strings of other scripts.

use jingwei_core::Text;

/// A command that fetches and runs, or opens the machine.
pub(crate) fn is_dangerous(command: &str) -> bool {
    what(command).is_some()
}

/// Which of the marks a command shows.
pub(crate) fn what(command: &str) -> Option<&'static str> {
    let lower: String = command.chars().take(4_000).collect::<String>().to_lowercase();
    let fetches = ["curl ", "wget ", "fetch "].iter().any(|word| lower.contains(word));
    let decodes = ["base64 -d", "base64 --decode", "xxd -r", "openssl enc -d"].iter().any(|word| lower.contains(word));
    let piped = [
        "| sh", "|sh", "| bash", "|bash", "| sudo", "| python", "|python", "| zsh", "| perl", "| source", "| ruby",
        "| node", "| ksh", "| fish",
    ];
    let piped = piped.iter().any(|word| lower.contains(word));
    let substituted =
        ["$(curl", "$(wget", "`curl", "`wget", "<(curl", "<(wget"].iter().any(|word| lower.contains(word));
    let marks = [
        "/dev/tcp/",
        "/dev/udp/",
        "bash -i",
        "nc -e",
        "ncat -e",
        "mkfifo /tmp",
        "powershell -enc",
        "powershell -e ",
        "-encodedcommand",
        "rm -rf / ",
        "rm -rf ~",
        "rm -rf /*",
        ":(){",
        "certutil -urlcache",
        "mshta ",
        "regsvr32 ",
    ];
    if fetches && piped || substituted {
        return Some("download | sh");
    }
    if decodes && (piped || lower.contains("eval")) {
        return Some("decode | sh");
    }
    if fetches && lower.contains("chmod +x") && lower.contains("./") {
        return Some("download && run");
    }
    marks.into_iter().find(|mark| lower.contains(mark))
}

pub(crate) fn why() -> Text {
    Text::new("命令会下载并运行程序或打开本机", "its command fetches and runs a program or opens the machine")
}

/// What the dangerous commands of a text show, each once.
pub(crate) fn marks(text: &str) -> Vec<&'static str> {
    let mut marks: Vec<&str> = commands(text).into_iter().map(|(_, mark)| mark).collect();
    marks.sort_unstable();
    marks.dedup();
    marks
}

/// The dangerous commands of a shell script, with their offsets. Continued lines count as one.
pub(crate) fn commands(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    let mut joined = String::new();
    let mut start = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let plain = line.trim();
        if joined.is_empty() {
            start = at;
        }
        at += line.len();
        if plain.starts_with('#') {
            continue;
        }
        let code = plain.split(" #").next().unwrap_or_default();
        if let Some(continued) = code.strip_suffix('\\').filter(|_| joined.len() < 4_000) {
            joined.push_str(continued);
            continue;
        }
        joined.push_str(code);
        found.extend(what(&joined).map(|mark| (start, mark)));
        joined.clear();
    }
    found.extend(what(&joined).map(|mark| (start, mark)));
    found.truncate(20);
    found
}
