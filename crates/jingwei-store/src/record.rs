//! How a Rust struct and a table row become each other: written once per noun, by `record!`.

use std::vec;

use jingwei_core::{
    CheckId, ComponentId, ComponentKind, ControlId, Decision, Digest, Grade, Priority, RiskId, Stage, SystemId, Text,
    Timestamp,
};
use serde::de::{DeserializeOwned, IntoDeserializer, value::Error as CodeError};

use crate::{Document, StoreError, Summary};

/// Longest text of a column, in bytes.
pub const MAX_TEXT_BYTES: usize = 64 << 10;
/// Longest document, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 32 << 20;

/// What a column holds. Both databases know these three and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// Text that may be large: it stands last in its row and no list reads it.
    Document,
    Int,
}

/// One value on its way to or from a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(Option<String>),
    Int(Option<i64>),
}

impl Cell {
    pub(crate) fn text(value: impl Into<String>) -> Self {
        Self::Text(Some(value.into()))
    }

    pub(crate) fn int(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// A row of a table.
pub(crate) trait Record: Sized {
    const TABLE: &'static str;
    /// What messages and the audit call it.
    const NOUN: &'static str;
    const KEY: &'static [&'static str];
    /// Columns whose values the audit does not repeat.
    const UNSAID: &'static [&'static str];

    fn columns() -> Vec<Column>;

    /// The values of `columns`, unchecked.
    fn write(&self) -> Result<Vec<Cell>, StoreError>;

    fn read(cells: &mut vec::IntoIter<Cell>) -> Result<Self, StoreError>;

    /// The values of `columns`, none of which a database would refuse or cut.
    fn cells(&self) -> Result<Vec<Cell>, StoreError> {
        let cells = self.write()?;
        for (column, cell) in Self::columns().iter().zip(&cells) {
            if let Cell::Text(Some(text)) = cell {
                let limit = if column.kind == Kind::Document { MAX_DOCUMENT_BYTES } else { MAX_TEXT_BYTES };
                check_text(Self::NOUN, column.name, text, limit)?;
            }
        }
        Ok(cells)
    }
}

/// PostgreSQL keeps no NUL in text, and SQLite cuts there in places; both refuse it here, alike.
pub(crate) fn check_text(noun: &'static str, column: &'static str, text: &str, limit: usize) -> Result<(), StoreError> {
    if text.len() > limit {
        return Err(StoreError::TooLong { noun, column, limit });
    }
    if text.contains('\0') { Err(StoreError::Nul { noun, column }) } else { Ok(()) }
}

/// A record and the large document that belongs to it. Lists give records; only a look at one row gives the document.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail<T> {
    pub row: T,
    pub document: Document,
}

/// A record whose table has a document column.
pub(crate) trait Documented: Record {
    const DOCUMENT: &'static str;
}

impl<T: Documented> Record for Detail<T> {
    const TABLE: &'static str = T::TABLE;
    const NOUN: &'static str = T::NOUN;
    const KEY: &'static [&'static str] = T::KEY;
    const UNSAID: &'static [&'static str] = &[T::DOCUMENT];

    fn columns() -> Vec<Column> {
        let mut columns = T::columns();
        columns.push(Column { name: T::DOCUMENT, kind: Kind::Document });
        columns
    }

    fn write(&self) -> Result<Vec<Cell>, StoreError> {
        let mut cells = self.row.write()?;
        cells.push(Cell::text(self.document.as_str()));
        Ok(cells)
    }

    fn read(cells: &mut vec::IntoIter<Cell>) -> Result<Self, StoreError> {
        let row = T::read(cells)?;
        let corrupt = |reason| StoreError::Corrupt { noun: T::NOUN, column: T::DOCUMENT, reason };
        let document = Document::stored(take_text(cells).map_err(corrupt)?);
        Ok(Self { row, document })
    }
}

/// Key values of a row, in the order of `KEY`.
pub(crate) fn key_of<T: Record>(cells: &[Cell]) -> Vec<Cell> {
    let columns = T::columns();
    let value = |name: &&str| columns.iter().position(|c| c.name == *name).and_then(|at| cells.get(at)).cloned();
    T::KEY.iter().filter_map(value).collect()
}

/// What messages and the audit call a row: its key values, joined.
pub(crate) fn name_of<T: Record>(cells: &[Cell]) -> String {
    let said = |cell: Cell| match cell {
        Cell::Text(text) => text.unwrap_or_default(),
        Cell::Int(number) => number.unwrap_or_default().to_string(),
    };
    key_of::<T>(cells).into_iter().map(said).collect::<Vec<_>>().join("/")
}

/// Digest of a row as it is stored.
pub(crate) fn digest_of<T: Record>(cells: &[Cell]) -> Digest {
    let columns = T::columns();
    let numbers: Vec<String> =
        cells.iter().map(|cell| if let Cell::Int(Some(n)) = cell { n.to_string() } else { String::new() }).collect();
    let parts = columns.iter().zip(cells).zip(&numbers).flat_map(|((column, cell), number)| match cell {
        Cell::Text(Some(text)) => [column.name, "text", text.as_str()],
        Cell::Int(Some(_)) => [column.name, "int", number.as_str()],
        Cell::Text(None) | Cell::Int(None) => [column.name, "none", ""],
    });
    Digest::of_parts(["row/1", T::TABLE].into_iter().chain(parts))
}

/// A value of a record: one column or, for a text in both languages, two.
pub(crate) trait Field: Sized {
    const KINDS: &'static [Kind];
    fn write(&self, out: &mut Vec<Cell>) -> Result<(), String>;
    fn read(cells: &mut vec::IntoIter<Cell>) -> Result<Self, String>;
}

pub(crate) fn take_text(cells: &mut vec::IntoIter<Cell>) -> Result<String, String> {
    match cells.next() {
        Some(Cell::Text(Some(text))) => Ok(text),
        _ => Err("no text".to_owned()),
    }
}

pub(crate) fn take_int(cells: &mut vec::IntoIter<Cell>) -> Result<i64, String> {
    match cells.next() {
        Some(Cell::Int(Some(number))) => Ok(number),
        _ => Err("no number".to_owned()),
    }
}

impl<T: Field> Field for Option<T> {
    const KINDS: &'static [Kind] = T::KINDS;

    fn write(&self, out: &mut Vec<Cell>) -> Result<(), String> {
        match self {
            Some(value) => value.write(out),
            None => {
                out.extend(T::KINDS.iter().map(|kind| match kind {
                    Kind::Int => Cell::Int(None),
                    Kind::Text | Kind::Document => Cell::Text(None),
                }));
                Ok(())
            }
        }
    }

    fn read(cells: &mut vec::IntoIter<Cell>) -> Result<Self, String> {
        match cells.as_slice().first() {
            Some(Cell::Text(None) | Cell::Int(None)) => {
                cells.nth(T::KINDS.len() - 1);
                Ok(None)
            }
            _ => T::read(cells).map(Some),
        }
    }
}

impl Field for Text {
    const KINDS: &'static [Kind] = &[Kind::Text, Kind::Text];

    fn write(&self, out: &mut Vec<Cell>) -> Result<(), String> {
        out.extend([Cell::text(self.zh.as_str()), Cell::text(self.en.as_str())]);
        Ok(())
    }

    fn read(cells: &mut vec::IntoIter<Cell>) -> Result<Self, String> {
        Ok(Text { zh: take_text(cells)?, en: take_text(cells)? })
    }
}

/// `text_field!(Type, value => &str or String, text => Result<Type, _>)`
macro_rules! text_field {
    ($type:ty, $value:ident => $write:expr, $text:ident => $read:expr) => {
        impl $crate::record::Field for $type {
            const KINDS: &'static [$crate::record::Kind] = &[$crate::record::Kind::Text];

            fn write(&self, out: &mut Vec<$crate::record::Cell>) -> Result<(), String> {
                let $value = self;
                out.push($crate::record::Cell::text($write));
                Ok(())
            }

            fn read(cells: &mut std::vec::IntoIter<$crate::record::Cell>) -> Result<Self, String> {
                let $text = $crate::record::take_text(cells)?;
                $read
            }
        }
    };
}
pub(crate) use text_field;

macro_rules! int_field {
    ($type:ty, $value:ident => $write:expr, $number:ident => $read:expr) => {
        impl Field for $type {
            const KINDS: &'static [Kind] = &[Kind::Int];

            fn write(&self, out: &mut Vec<Cell>) -> Result<(), String> {
                let $value = *self;
                out.push(Cell::int($write));
                Ok(())
            }

            fn read(cells: &mut vec::IntoIter<Cell>) -> Result<Self, String> {
                let $number = take_int(cells)?;
                $read
            }
        }
    };
}

/// Reads what core's own types write as one word.
fn code<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    T::deserialize(IntoDeserializer::<CodeError>::into_deserializer(text)).map_err(|e| e.to_string())
}

text_field!(String, value => value.as_str(), text => Ok(text));
text_field!(Summary, value => value.as_str(), text => Ok(Summary::stored(text)));
text_field!(Digest, value => value.to_string(), text => text.parse().map_err(|e| format!("`{text:.80}`: {e}")));
text_field!(SystemId, value => value.as_str(), text => SystemId::new(text).map_err(|e| e.to_string()));
text_field!(ComponentId, value => value.as_str(), text => ComponentId::new(text).map_err(|e| e.to_string()));
text_field!(RiskId, value => value.as_str(), text => RiskId::new(text).map_err(|e| e.to_string()));
text_field!(ControlId, value => value.as_str(), text => ControlId::new(text).map_err(|e| e.to_string()));
text_field!(CheckId, value => value.as_str(), text => CheckId::new(text).map_err(|e| e.to_string()));
text_field!(Stage, value => value.code(), text => code(&text));
text_field!(Decision, value => value.code(), text => code(&text));
text_field!(Priority, value => value.code(), text => code(&text));
text_field!(ComponentKind, value => value.code(), text => code(&text));

int_field!(Timestamp, value => value.micros(), number => Ok(Timestamp::from_micros(number)));
int_field!(bool, value => i64::from(value), number => match number {
    0 => Ok(false),
    1 => Ok(true),
    other => Err(format!("{other}, which is neither 0 nor 1")),
});
int_field!(u64, value => i64::try_from(value).map_err(|_| format!("{value} is larger than {}", i64::MAX))?,
    number => u64::try_from(number).map_err(|_| format!("{number}, which is negative")));
int_field!(Grade, value => i64::from(value.get()),
    number => u8::try_from(number).ok().and_then(Grade::new).ok_or_else(|| format!("{number}, which is no grade")));

/// Defines a record: its struct, its table and which column holds which field. A field's column has its name
/// unless `as [..]` says otherwise.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $vis:vis struct $name:ident in $table:literal as $noun:literal, key [$($key:literal),+], unsaid [$($unsaid:literal),*] {
            $($(#[$field_doc:meta])* pub $field:ident: $type:ty $(as [$($column:literal),+])?,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        $vis struct $name {
            $($(#[$field_doc])* pub $field: $type,)+
        }

        impl $crate::record::Record for $name {
            const TABLE: &'static str = $table;
            const NOUN: &'static str = $noun;
            const KEY: &'static [&'static str] = &[$($key),+];
            const UNSAID: &'static [&'static str] = &[$($unsaid),*];

            fn columns() -> Vec<$crate::record::Column> {
                let mut columns = Vec::new();
                $($crate::record::name_columns(
                    &mut columns,
                    $crate::record::record!(@names $field $([$($column),+])?),
                    <$type as $crate::record::Field>::KINDS,
                );)+
                columns
            }

            fn write(&self) -> Result<Vec<$crate::record::Cell>, $crate::StoreError> {
                let mut cells = Vec::new();
                $($crate::record::Field::write(&self.$field, &mut cells).map_err(|reason| {
                    $crate::StoreError::BadValue { noun: $noun, column: stringify!($field), reason }
                })?;)+
                Ok(cells)
            }

            fn read(cells: &mut std::vec::IntoIter<$crate::record::Cell>) -> Result<Self, $crate::StoreError> {
                $(let $field = $crate::record::Field::read(cells).map_err(|reason| {
                    $crate::StoreError::Corrupt { noun: $noun, column: stringify!($field), reason }
                })?;)+
                Ok(Self { $($field),+ })
            }
        }
    };
    (@names $field:ident) => { &[stringify!($field)] };
    (@names $field:ident [$($column:literal),+]) => { &[$($column),+] };
}
pub(crate) use record;

pub(crate) fn name_columns(columns: &mut Vec<Column>, names: &[&'static str], kinds: &[Kind]) {
    debug_assert_eq!(names.len(), kinds.len(), "{names:?} names another number of columns than the type has");
    columns.extend(names.iter().zip(kinds).map(|(name, kind)| Column { name, kind: *kind }));
}
