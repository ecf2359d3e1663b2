//! Reasons in both languages, and untrusted text made fit to be shown.

use jingwei_core::{PortError, Text};

/// Longest piece of untrusted text that enters a message, in characters.
const SHOWN_CHARS: usize = 160;

/// Untrusted text without control and direction characters, cut to a readable length.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == SHOWN_CHARS {
            out.push('…');
            break;
        }
        if c.is_control() || jingwei_text::is_hidden(c).is_some() {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// The same value in both languages.
pub(crate) fn same(value: impl ToString) -> Text {
    Text::same(value.to_string())
}

/// A name that somebody else chose.
pub(crate) fn name(value: &str) -> Text {
    Text::same(shown(value))
}

/// Why a port gave nothing.
pub(crate) fn port_reason(error: &PortError) -> Text {
    match error {
        PortError::Missing { .. } => Text::new("它不存在", "it does not exist"),
        PortError::Outside { .. } => Text::new("它在清单所在文件夹之外", "it lies outside the folder of the manifest"),
        PortError::TooMany { limit, .. } => {
            Text::new(format!("条目多于 {limit}"), format!("it has more than {limit} entries"))
        }
        PortError::TooDeep { limit, .. } => {
            Text::new(format!("文件夹嵌套超过 {limit} 层"), format!("its folders are nested deeper than {limit}"))
        }
        PortError::Io { reason, .. } => io_reason(reason),
    }
}

pub(crate) fn io_reason(reason: &str) -> Text {
    let reason = shown(reason);
    Text::new(format!("读取失败（{reason}）"), format!("reading failed ({reason})"))
}
