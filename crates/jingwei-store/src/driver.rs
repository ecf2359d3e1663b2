//! Sends statements to one database. This file is compiled once for SQLite and once for PostgreSQL: it stands in
//! both modules, each of which defines `Db` and `BEGIN`.

use sqlx::{
    AssertSqlSafe, Pool, Row, Transaction,
    migrate::{Migrate, MigrateError},
};

use super::{BEGIN, Db};
use crate::{
    record::{Cell, Kind},
    statement::Statement,
    store::MIGRATIONS,
};

type Connection = <Db as sqlx::Database>::Connection;

/// Readers refuse to write. The one writer keeps its connection, so writers of one process queue up in order.
#[derive(Debug, Clone)]
pub(crate) struct Pools {
    pub(crate) readers: Pool<Db>,
    pub(crate) writer: Pool<Db>,
}

impl Pools {
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Db>, sqlx::Error> {
        self.writer.begin_with(BEGIN).await
    }

    pub(crate) async fn read(&self, statement: Statement, kinds: &[Kind]) -> Result<Vec<Vec<Cell>>, sqlx::Error> {
        let mut connection = self.readers.acquire().await?;
        fetch(&mut connection, statement, kinds).await
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Brings the tables up to date, inside a transaction that keeps others away. `Migrator::run` does the same, but
/// its future is not `Send` when it is given a connection.
pub(crate) async fn run_migrations(connection: &mut Connection) -> Result<(), MigrateError> {
    let table = MIGRATIONS.table_name.as_ref();
    connection.ensure_migrations_table(table).await?;
    let applied = connection.list_applied_migrations(table).await?;
    if let Some(newer) = applied.iter().find(|applied| !MIGRATIONS.version_exists(applied.version)) {
        return Err(MigrateError::VersionMissing(newer.version));
    }
    for migration in MIGRATIONS.iter() {
        match applied.iter().find(|applied| applied.version == migration.version) {
            Some(applied) if applied.checksum == migration.checksum => {}
            Some(_) => return Err(MigrateError::VersionMismatch(migration.version)),
            None => {
                connection.apply(table, migration).await?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn fetch(
    connection: &mut Connection,
    statement: Statement,
    kinds: &[Kind],
) -> Result<Vec<Vec<Cell>>, sqlx::Error> {
    let rows = bound(statement).fetch_all(connection).await?;
    let cell = |row: &<Db as sqlx::Database>::Row, (at, kind): (usize, &Kind)| match kind {
        Kind::Int => row.try_get(at).map(Cell::Int),
        Kind::Text | Kind::Document => row.try_get(at).map(Cell::Text),
    };
    rows.iter().map(|row| kinds.iter().enumerate().map(|column| cell(row, column)).collect()).collect()
}

/// How many rows the statement changed.
pub(crate) async fn execute(connection: &mut Connection, statement: Statement) -> Result<u64, sqlx::Error> {
    Ok(bound(statement).execute(connection).await?.rows_affected())
}

fn bound(statement: Statement) -> sqlx::query::Query<'static, Db, <Db as sqlx::Database>::Arguments> {
    // Safe: the text is put together from constants of this crate, and values are bound.
    let mut query = sqlx::query(AssertSqlSafe(statement.sql));
    for cell in statement.cells {
        query = match cell {
            Cell::Text(text) => query.bind(text),
            Cell::Int(number) => query.bind(number),
        };
    }
    query
}
