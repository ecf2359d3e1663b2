use jingwei_core::{Limits, Text};
use jingwei_read::shown;

/// Why a record or document was not taken. The rest of an import is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    Limit { limit: &'static str, value: u64 },
    Malformed { notation: &'static str, reason: String },
    Missing { field: &'static str },
    Bad { field: &'static str, value: String },
}

impl Flaw {
    pub(crate) fn malformed(notation: &'static str, reason: &impl ToString) -> Self {
        Flaw::Malformed { notation, reason: shown(&reason.to_string()) }
    }

    pub(crate) fn bad(field: &'static str, value: &str) -> Self {
        Flaw::Bad { field, value: shown(value) }
    }

    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Flaw::Limit { limit, value } => {
                Text::new(format!("超过上限 {limit}（{value}）"), format!("it crosses the limit {limit} ({value})"))
            }
            Flaw::Malformed { notation, reason } => Text::new(
                format!("不是有效的 {notation}（{reason}）"),
                format!("it is not valid {notation} ({reason})"),
            ),
            Flaw::Missing { field } => Text::new(format!("缺少 {field}"), format!("`{field}` is missing")),
            Flaw::Bad { field, value } => {
                Text::new(format!("{field} 的值无效：{value}"), format!("`{field}` has a bad value: {value}"))
            }
        }
    }
}

/// A document that is too large is not parsed at all.
pub(crate) fn check_size(bytes: &[u8], limits: &Limits) -> Result<(), Flaw> {
    if bytes.len() as u64 > limits.header_bytes {
        return Err(Flaw::Limit { limit: "header_bytes", value: limits.header_bytes });
    }
    Ok(())
}

pub(crate) fn utf8<'a>(bytes: &'a [u8], notation: &'static str) -> Result<&'a str, Flaw> {
    let text = str::from_utf8(bytes).map_err(|e| Flaw::malformed(notation, &e))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}
