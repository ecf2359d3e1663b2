//! The database for more than one machine.

use std::str::FromStr;

use sqlx::{
    ConnectOptions, Connection, Executor,
    migrate::MigrateError,
    postgres::{PgConnectOptions, PgConnection, PgPoolOptions},
};

use crate::{
    StoreError,
    store::{WAIT, migration_error},
};

pub(crate) type Db = sqlx::Postgres;

/// Each statement sees what was saved before it. Writers queue up at `audit_head`, so they see each other's work whole.
pub(crate) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

const READERS: u32 = 16;

/// Programs that start at the same time prepare the database one after another: any number that only Jingwei uses.
const START_LOCK: &str = "SELECT pg_advisory_xact_lock(7800780178)";

/// The order by bytes under SQLite's name for it. `IF NOT EXISTS` looks into the schema that tables will go to.
const COLLATION: &str = r#"CREATE COLLATION IF NOT EXISTS "binary" FROM pg_catalog."C""#;

#[path = "driver.rs"]
mod driver;
use driver::run_migrations;
pub(crate) use driver::{Pools, execute, fetch};

pub(crate) async fn open(url: &str) -> Result<Pools, StoreError> {
    let shown = without_secrets(url);
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| StoreError::BadUrl { url: shown.clone(), reason: error.to_string() })?
        .application_name("jingwei");
    prepare(&options, &shown).await?;
    let pool = || PgPoolOptions::new().acquire_timeout(WAIT);
    let readers = pool().max_connections(READERS).after_connect(|connection, _| {
        Box::pin(async move { connection.execute("SET default_transaction_read_only = on").await.map(drop) })
    });
    let writer = pool().max_connections(1).after_connect(|connection, _| {
        Box::pin(async move {
            connection.execute("SET lock_timeout = '30s'").await?;
            // A writer that hangs holds up every other one.
            connection.execute("SET idle_in_transaction_session_timeout = '60s'").await.map(drop)
        })
    });
    Ok(Pools { readers: readers.connect_lazy_with(options.clone()), writer: writer.connect_lazy_with(options) })
}

async fn prepare(options: &PgConnectOptions, shown: &str) -> Result<(), StoreError> {
    let cannot = |reason: &str, error: sqlx::Error| StoreError::CannotOpen {
        url: shown.to_owned(),
        reason: reason.to_owned(),
        source: Some(Box::new(error)),
    };
    let connecting = tokio::time::timeout(WAIT, options.connect()).await;
    let mut connection = connecting
        .map_err(|_| cannot("the server does not answer; check host, port and firewall", sqlx::Error::PoolTimedOut))?
        .map_err(|error| cannot(why_not(&error), error))?;
    let encoding: String = sqlx::query_scalar("SHOW server_encoding")
        .fetch_one(&mut connection)
        .await
        .map_err(|error| cannot("the server does not tell its encoding", error))?;
    if encoding != "UTF8" {
        let reason = format!("the database is encoded in {encoding}; create one with ENCODING 'UTF8'");
        return Err(StoreError::CannotOpen { url: shown.to_owned(), reason, source: None });
    }
    migrate(&mut connection).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => cannot(why_not(&error), error),
        error => migration_error(shown, error),
    })?;
    // The work is done; a connection that does not part politely changes nothing.
    let _ = connection.close().await;
    Ok(())
}

async fn migrate(connection: &mut PgConnection) -> Result<(), MigrateError> {
    let mut transaction = connection.begin().await?;
    transaction.execute(START_LOCK).await?;
    transaction.execute(COLLATION).await?;
    run_migrations(&mut transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// What to do, by SQLSTATE.
fn why_not(error: &sqlx::Error) -> &'static str {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    match (code.as_deref(), error) {
        (Some("28P01" | "28000"), _) => "the server refuses user or password; correct them, and see pg_hba.conf",
        (Some("3D000"), _) => "the database does not exist; create it with createdb",
        (Some("3F000"), _) => "no schema of the search path exists; create it with CREATE SCHEMA",
        (Some("42501"), _) => "the user may not create tables there; grant CREATE on the schema",
        (Some("53300"), _) => "the server has no connection left; raise max_connections",
        (Some("57P03"), _) => "the server is starting or stopping; try again",
        (_, sqlx::Error::Io(_)) => "no PostgreSQL server answers there; start it or correct host and port",
        (_, sqlx::Error::Tls(_)) => "no encrypted connection can be made; see `sslmode` in docs/reference/store.md",
        _ => "the server refuses",
    }
}

/// The URL without its password and its options.
pub(crate) fn without_secrets(url: &str) -> String {
    let (main, options) = url.split_once('?').map_or((url, ""), |(main, _)| (main, "?…"));
    let Some((scheme, rest)) = main.split_once("://") else { return format!("{main}{options}") };
    let shown = match rest.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:…@{host}"),
            None => format!("{user}@{host}"),
        },
        None => rest.to_owned(),
    };
    format!("{scheme}://{shown}{options}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_never_shows_a_password() {
        for (url, shown) in [
            ("postgres://ann:secret@db/jingwei", "postgres://ann:…@db/jingwei"),
            ("postgres://ann:a:b@c@db/jingwei", "postgres://ann:…@db/jingwei"),
            ("postgres://ann@db/jingwei", "postgres://ann@db/jingwei"),
            ("postgres://db/jingwei?user=ann&password=secret", "postgres://db/jingwei?…"),
            ("postgres://", "postgres://"),
        ] {
            assert_eq!(without_secrets(url), shown);
        }
    }
}
