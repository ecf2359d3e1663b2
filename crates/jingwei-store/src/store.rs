use std::{path::Path, time::Duration};

use jingwei_core::Timestamp;
use sqlx::migrate::{MigrateError, Migrator};

use crate::{
    Listed, Page, StoreError, Tx, postgres,
    record::{Cell, Record},
    sqlite,
    statement::{Lookup, Order, Select, listed},
};

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How long anybody waits for a lock or a connection.
pub(crate) const WAIT: Duration = Duration::from_secs(30);

/// The governance data of one installation. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) database: Database,
}

#[derive(Debug, Clone)]
pub(crate) enum Database {
    Sqlite(sqlite::Pools),
    Postgres(postgres::Pools),
}

impl Store {
    /// Opens a store and brings its tables up to date. `url` is `sqlite:<path>`, a path, or `postgres://…`. A SQLite
    /// file that does not exist is created; its folder is not.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let database = match Address::of(url)? {
            Address::File(path) => Database::Sqlite(sqlite::open(Path::new(path)).await?),
            Address::Server(url) => Database::Postgres(postgres::open(url).await?),
        };
        Ok(Self { database })
    }

    /// Begins a transaction: the only way to change anything. `actor` says who changes, and `at` when.
    /// It waits its turn: one transaction writes at a time, in the whole installation.
    pub async fn write(&self, actor: &str, at: Timestamp) -> Result<Tx, StoreError> {
        Tx::begin(self, actor, at).await
    }

    /// Ends all connections. What was saved stays.
    pub async fn close(&self) {
        match &self.database {
            Database::Sqlite(pools) => pools.close().await,
            Database::Postgres(pools) => pools.close().await,
        }
    }

    pub(crate) async fn one<T: Record>(&self, select: Select<T>) -> Result<Option<T>, StoreError> {
        let rows = self.rows(select.all()).await?;
        rows.into_iter().next().map(|row| T::read(&mut row.into_iter())).transpose()
    }

    pub(crate) async fn list<T: Record>(
        &self,
        select: Select<T>,
        order: &Order,
        page: &Page,
    ) -> Result<Listed<T>, StoreError> {
        listed(self.rows(select.page(order, page)?).await?, order, page)
    }

    async fn rows(&self, lookup: Lookup) -> Result<Vec<Vec<Cell>>, StoreError> {
        let Lookup { statement, kinds } = lookup;
        #[cfg(test)]
        crate::plans::seen(&statement.sql);
        let rows = match &self.database {
            Database::Sqlite(pools) => pools.read(statement, &kinds).await,
            Database::Postgres(pools) => pools.read(statement, &kinds).await,
        };
        rows.map_err(|error| StoreError::of("read", error))
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Address<'a> {
    File(&'a str),
    Server(&'a str),
}

impl<'a> Address<'a> {
    fn of(url: &'a str) -> Result<Self, StoreError> {
        let bad = |reason: &str| StoreError::BadUrl { url: postgres::without_secrets(url), reason: reason.to_owned() };
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Server(url));
        }
        let path = match url.strip_prefix("sqlite:") {
            Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
            None if url.contains("://") => return Err(bad("no store is kept under this scheme")),
            None => url,
        };
        match path {
            "" => Err(bad("the path is empty")),
            ":memory:" => Err(bad("what lives in memory only is no store")),
            path if path.contains('\0') => Err(bad("a path holds no NUL character")),
            path if url.starts_with("sqlite:") && path.contains('?') => Err(bad("a SQLite store takes no options")),
            path => Ok(Self::File(path)),
        }
    }
}

pub(crate) fn migration_error(url: &str, error: MigrateError) -> StoreError {
    let reason = match &error {
        MigrateError::VersionMissing(version) => return StoreError::Newer { url: url.to_owned(), version: *version },
        MigrateError::VersionMismatch(version) => {
            format!("migration {version} was applied with another text; use the jingwei that made the store")
        }
        _ => "its tables cannot be brought up to date".to_owned(),
    };
    StoreError::CannotOpen { url: url.to_owned(), reason, source: Some(Box::new(error)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_file_or_a_server() {
        for (url, address) in [
            ("a.db", Some(Address::File("a.db"))),
            ("sqlite:a.db", Some(Address::File("a.db"))),
            ("sqlite://a.db", Some(Address::File("a.db"))),
            ("sqlite:///x/a.db", Some(Address::File("/x/a.db"))),
            ("odd?name.db", Some(Address::File("odd?name.db"))),
            ("postgres://h/d", Some(Address::Server("postgres://h/d"))),
            ("postgresql://h/d", Some(Address::Server("postgresql://h/d"))),
            ("", None),
            ("sqlite:", None),
            ("sqlite::memory:", None),
            ("sqlite:a.db?mode=ro", None),
            ("mysql://h/d", None),
            ("a\0b", None),
        ] {
            assert_eq!(Address::of(url).ok(), address, "{url:?}");
        }
    }
}
