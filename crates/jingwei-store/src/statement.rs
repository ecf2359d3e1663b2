//! The SQL text, the same for both databases. Values never enter the text: every one is bound.

use std::{fmt::Write, marker::PhantomData};

use crate::{
    Cursor, Listed, MAX_NAME_BYTES, Page, StoreError,
    record::{Cell, Kind, Record, check_text},
};

/// Fewest bound values that a database takes in one statement is SQLite's 32,766; short statements are parsed faster.
const MAX_BINDS: usize = 1_000;

const MAX_SEARCH_BYTES: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) cells: Vec<Cell>,
}

impl Statement {
    pub(crate) fn new(sql: &'static str, cells: Vec<Cell>) -> Self {
        Self { sql: sql.to_owned(), cells }
    }

    /// Inserts the row or, where its key exists, replaces what is there.
    pub(crate) fn upsert<T: Record>(row: Vec<Cell>) -> Self {
        let columns = T::columns();
        let rest = columns.iter().filter(|c| !T::KEY.contains(&c.name));
        let set: Vec<String> = rest.map(|c| format!("{0} = excluded.{0}", c.name)).collect();
        let end = format!(" ON CONFLICT ({}) DO UPDATE SET {}", T::KEY.join(", "), set.join(", "));
        insert_rows::<T>(vec![row], &end)
    }

    /// Inserts the rows; a key that exists is an error.
    pub(crate) fn insert<T: Record>(rows: Vec<Vec<Cell>>) -> Vec<Self> {
        chunks(rows).map(|rows| insert_rows::<T>(rows, "")).collect()
    }

    /// Inserts the rows whose key is new.
    pub(crate) fn insert_new<T: Record>(rows: Vec<Vec<Cell>>) -> Vec<Self> {
        let end = format!(" ON CONFLICT ({}) DO NOTHING", T::KEY.join(", "));
        chunks(rows).map(|rows| insert_rows::<T>(rows, &end)).collect()
    }

    fn bind(&mut self, cell: Cell) {
        self.cells.push(cell);
        // Writing to a String cannot fail.
        let _ = write!(self.sql, "${}", self.cells.len());
    }

    fn bind_list(&mut self, cells: impl IntoIterator<Item = Cell>) {
        for (at, cell) in cells.into_iter().enumerate() {
            self.sql.push_str(if at == 0 { "(" } else { ", " });
            self.bind(cell);
        }
        self.sql.push(')');
    }
}

fn chunks(rows: Vec<Vec<Cell>>) -> impl Iterator<Item = Vec<Vec<Cell>>> {
    let per_statement = rows.first().map_or(1, |row| (MAX_BINDS / row.len().max(1)).max(1));
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || {
        let chunk: Vec<_> = rows.by_ref().take(per_statement).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}

fn insert_rows<T: Record>(rows: Vec<Vec<Cell>>, end: &str) -> Statement {
    let names: Vec<&str> = T::columns().iter().map(|c| c.name).collect();
    let mut statement =
        Statement { sql: format!("INSERT INTO {} ({}) VALUES ", T::TABLE, names.join(", ")), cells: Vec::new() };
    for (at, row) in rows.into_iter().enumerate() {
        if at > 0 {
            statement.sql.push_str(", ");
        }
        statement.bind_list(row);
    }
    statement.sql.push_str(end);
    statement
}

/// A list's total order. Its columns together are unique, all ascend or all descend, and an index has them.
pub(crate) struct Order {
    /// What its cursors belong to.
    pub(crate) list: &'static str,
    pub(crate) columns: &'static [(&'static str, Kind)],
    pub(crate) direction: Direction,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Ascending,
    Descending,
}

/// Looks for records. Conditions are fixed text; values are bound.
pub(crate) struct Select<T> {
    conditions: Statement,
    record: PhantomData<fn() -> T>,
}

/// A finished look-up, and the kinds of the columns that it gives.
pub(crate) struct Lookup {
    pub(crate) statement: Statement,
    pub(crate) kinds: Vec<Kind>,
}

impl<T: Record> Select<T> {
    pub(crate) fn new() -> Self {
        Self { conditions: Statement { sql: String::new(), cells: Vec::new() }, record: PhantomData }
    }

    pub(crate) fn by_key(key: Vec<Cell>) -> Self {
        let mut select = Self::new();
        for (column, cell) in T::KEY.iter().zip(key) {
            select = select.and(column, " = ", cell);
        }
        select
    }

    /// `column`, `compare` and the bound value: `.and("system", " = ", ..)`.
    pub(crate) fn and(mut self, column: &str, compare: &'static str, value: Cell) -> Self {
        self.begin_condition();
        self.conditions.sql.push_str(column);
        self.conditions.sql.push_str(compare);
        self.conditions.bind(value);
        self
    }

    pub(crate) fn and_if(self, column: &str, compare: &'static str, value: Option<Cell>) -> Self {
        match value {
            Some(value) => self.and(column, compare, value),
            None => self,
        }
    }

    /// The column is this text, which comes from a caller as it is.
    pub(crate) fn and_text(self, column: &'static str, value: Option<&str>) -> Result<Self, StoreError> {
        let Some(value) = value else { return Ok(self) };
        check_text(T::NOUN, column, value, MAX_NAME_BYTES)?;
        Ok(self.and(column, " = ", Cell::text(value)))
    }

    pub(crate) fn and_that(mut self, condition: &'static str) -> Self {
        self.begin_condition();
        self.conditions.sql.push_str(condition);
        self
    }

    /// `column` contains the text, in any ASCII case: both databases fold these letters alike and no others.
    pub(crate) fn and_contains(mut self, column: &'static str, text: Option<&str>) -> Result<Self, StoreError> {
        let Some(text) = text else { return Ok(self) };
        check_text(T::NOUN, column, text, MAX_SEARCH_BYTES)?;
        let mut pattern = String::from("%");
        for c in text.chars() {
            if matches!(c, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(c.to_ascii_lowercase());
        }
        pattern.push('%');
        self = self.and(column, " LIKE ", Cell::text(pattern));
        self.conditions.sql.push_str(r" ESCAPE '\'");
        Ok(self)
    }

    fn begin_condition(&mut self) {
        self.conditions.sql.push_str(if self.conditions.sql.is_empty() { " WHERE " } else { " AND " });
    }

    /// The look-up of all that match. Callers make sure that these are few.
    pub(crate) fn all(self) -> Lookup {
        let columns = T::columns();
        let names: Vec<&str> = columns.iter().map(|c| c.name).collect();
        let sql = format!("SELECT {} FROM {} AS item{}", names.join(", "), T::TABLE, self.conditions.sql);
        let kinds = columns.iter().map(|c| c.kind).collect();
        Lookup { statement: Statement { sql, cells: self.conditions.cells }, kinds }
    }

    /// The look-up of one page, and of one row more: it tells whether another page follows.
    pub(crate) fn page(mut self, order: &Order, page: &Page) -> Result<Lookup, StoreError> {
        let names: Vec<&str> = order.columns.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        let (compare, direction) = match order.direction {
            Direction::Ascending => (">", ""),
            Direction::Descending => ("<", " DESC"),
        };
        if let Some(cursor) = page.after() {
            let key = cursor.key(order.list)?;
            let fits = |(cell, (_, kind)): (&Cell, &(&str, Kind))| matches!(cell, Cell::Int(_)) == (*kind == Kind::Int);
            if key.len() != order.columns.len() || !key.iter().zip(order.columns).all(fits) {
                return Err(StoreError::BadCursor);
            }
            self.begin_condition();
            // The row value lets one index range answer, however deep the page lies.
            let _ = write!(self.conditions.sql, "({names}) {compare} ");
            self.conditions.bind_list(key);
        }
        let columns = T::columns();
        let wanted: Vec<&str> = columns.iter().map(|c| c.name).collect();
        let sorted: Vec<String> = order.columns.iter().map(|(name, _)| format!("{name}{direction}")).collect();
        let sql = format!(
            "SELECT {}, {names} FROM {} AS item{} ORDER BY {} LIMIT ",
            wanted.join(", "),
            T::TABLE,
            self.conditions.sql,
            sorted.join(", ")
        );
        let mut statement = Statement { sql, cells: self.conditions.cells };
        statement.bind(Cell::int(i64::from(page.limit()) + 1));
        let kinds = columns.iter().map(|c| c.kind).chain(order.columns.iter().map(|(_, kind)| *kind)).collect();
        Ok(Lookup { statement, kinds })
    }
}

/// Turns the rows of `Select::page` into a page.
pub(crate) fn listed<T: Record>(mut rows: Vec<Vec<Cell>>, order: &Order, page: &Page) -> Result<Listed<T>, StoreError> {
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let own = T::columns().len();
    let last_key = rows.last().and_then(|row| row.get(own..)).map(<[Cell]>::to_vec);
    let next = last_key.filter(|_| more).map(|key| Cursor::new(order.list, key));
    let items = rows.into_iter().map(|row| T::read(&mut row.into_iter())).collect::<Result<_, _>>()?;
    Ok(Listed { items, next })
}
