use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{StoreError, record::Cell};

const MAX_CURSOR_BYTES: usize = 2048;

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    after: Option<Cursor>,
    limit: u32,
}

impl Page {
    pub const DEFAULT_LIMIT: u32 = 50;
    pub const MAX_LIMIT: u32 = 200;

    /// `limit` rows, 1 to 200, that follow the cursor.
    pub fn new(after: Option<Cursor>, limit: u32) -> Result<Self, StoreError> {
        if (1..=Self::MAX_LIMIT).contains(&limit) {
            Ok(Self { after, limit })
        } else {
            Err(StoreError::BadLimit { limit })
        }
    }

    #[must_use]
    pub fn after(&self) -> Option<&Cursor> {
        self.after.as_ref()
    }

    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }
}

impl Default for Page {
    fn default() -> Self {
        Self { after: None, limit: Self::DEFAULT_LIMIT }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// Where the next page starts. `None`: this was the last one.
    pub next: Option<Cursor>,
}

/// A place in a list: the key of the last row that was seen. Rows that come and go meanwhile neither
/// repeat nor hide others. Its text is opaque to callers, and safe in a URL.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    list: String,
    key: Vec<Value>,
}

impl Cursor {
    pub(crate) fn new(list: &str, key: Vec<Cell>) -> Self {
        let value = |cell| match cell {
            Cell::Text(text) => text.map_or(Value::Null, Value::from),
            Cell::Int(number) => number.map_or(Value::Null, Value::from),
        };
        Self { list: list.to_owned(), key: key.into_iter().map(value).collect() }
    }

    /// The key, if the cursor came from this list.
    pub(crate) fn key(&self, list: &str) -> Result<Vec<Cell>, StoreError> {
        if self.list != list {
            return Err(StoreError::BadCursor);
        }
        let cell = |value: &Value| match value {
            Value::String(text) if !text.contains('\0') => Ok(Cell::Text(Some(text.clone()))),
            Value::Number(number) => number.as_i64().map(|n| Cell::Int(Some(n))).ok_or(StoreError::BadCursor),
            _ => Err(StoreError::BadCursor),
        };
        self.key.iter().map(cell).collect()
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = Value::from_iter([Value::from(self.list.as_str()), Value::Array(self.key.clone())]);
        f.write_str(&URL_SAFE_NO_PAD.encode(value.to_string()))
    }
}

impl FromStr for Cursor {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text.len() > MAX_CURSOR_BYTES {
            return Err(StoreError::BadCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| StoreError::BadCursor)?;
        let (list, key) = serde_json::from_slice(&bytes).map_err(|_| StoreError::BadCursor)?;
        Ok(Self { list, key })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back_as_written(list in "[a-z/]{1,20}", text in any::<String>(), number in any::<i64>()) {
            let cursor = Cursor::new(&list, vec![Cell::Text(Some(text)), Cell::Int(Some(number))]);
            let written = cursor.to_string();
            if written.len() <= MAX_CURSOR_BYTES {
                prop_assert_eq!(written.parse::<Cursor>().unwrap(), cursor);
            }
        }

        #[test]
        fn no_text_breaks_the_cursor(text in any::<String>()) {
            let _ = text.parse::<Cursor>().and_then(|c| c.key("risks"));
        }
    }

    #[test]
    fn a_foreign_cursor_is_refused() {
        let long = Cursor::new("risks", vec![Cell::Text(Some("x".repeat(4096)))]).to_string();
        let floats = URL_SAFE_NO_PAD.encode(r#"["risks",[1.5]]"#);
        let nested = URL_SAFE_NO_PAD.encode(format!("[\"risks\",{}", "[".repeat(500)));
        let nul = URL_SAFE_NO_PAD.encode("[\"risks\",[\"\\u0000\"]]");
        let other = URL_SAFE_NO_PAD.encode(r#"["systems",["a"]]"#);
        for bad in ["", "!", "abc", &long, &floats, &nested, &nul, &other] {
            let key = bad.parse::<Cursor>().and_then(|c| c.key("risks"));
            assert!(matches!(key, Err(StoreError::BadCursor)), "{bad:.60}");
        }
    }

    #[test]
    fn a_page_has_1_to_200_rows() {
        for (limit, good) in [(0, false), (1, true), (200, true), (201, false), (1000, false), (u32::MAX, false)] {
            assert_eq!(Page::new(None, limit).is_ok(), good, "{limit}");
        }
    }
}
