//! The default database: one file, beside it its write-ahead log.

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    StoreError,
    error::is_busy,
    store::{WAIT, migration_error},
};

pub(crate) type Db = sqlx::Sqlite;

/// Takes the write lock at once: a transaction that reads first and writes later could not be continued
/// after somebody else wrote in between.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";

const READERS: u32 = 8;
const RETRY_EVERY: Duration = Duration::from_millis(50);

#[path = "driver.rs"]
mod driver;
use driver::run_migrations;
pub(crate) use driver::{Pools, execute, fetch};

pub(crate) async fn open(path: &Path) -> Result<Pools, StoreError> {
    let url = path.display().to_string();
    create_file(path).map_err(|reason| StoreError::CannotOpen { url: url.clone(), reason, source: None })?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(WAIT);
    migrate(&options, &url).await?;
    let pool = || {
        SqlitePoolOptions::new().acquire_timeout(WAIT).idle_timeout(None).max_lifetime(None).test_before_acquire(false)
    };
    let reader = options.clone().pragma("query_only", "ON");
    Ok(Pools {
        readers: pool().max_connections(READERS).connect_lazy_with(reader),
        writer: pool().max_connections(1).connect_lazy_with(options),
    })
}

/// Makes an empty file that only its owner reads: it will hold token digests. SQLite gives its log the same mode.
fn create_file(path: &Path) -> Result<(), String> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(_) if path.is_dir() => Err("it is a folder; name a file in it".to_owned()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
            Err(format!("folder `{}` does not exist; create it", folder.display()))
        }
        Err(error) => Err(format!("{error}; choose a folder that this program may write")),
    }
}

/// Brings the tables up to date. Several programs may start at once: the first one does it while the others wait.
/// SQLite does not wait by itself when two connections switch the same new file to write-ahead logging.
async fn migrate(options: &SqliteConnectOptions, url: &str) -> Result<(), StoreError> {
    let tries = WAIT.as_millis() / RETRY_EVERY.as_millis();
    for _ in 0..tries {
        match try_migrate(options).await {
            Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) if is_busy(&error) => {
                tokio::time::sleep(RETRY_EVERY).await;
            }
            result => return result.map_err(|error| describe(url, error)),
        }
    }
    Err(StoreError::Busy)
}

async fn try_migrate(options: &SqliteConnectOptions) -> Result<(), MigrateError> {
    let mut connection = options.connect().await?;
    let mut transaction = connection.begin_with(BEGIN).await?;
    run_migrations(&mut transaction).await?;
    transaction.commit().await?;
    connection.close().await?;
    Ok(())
}

fn describe(url: &str, error: MigrateError) -> StoreError {
    let primary = match &error {
        MigrateError::Execute(sqlx::Error::Database(e))
        | MigrateError::ExecuteMigration(sqlx::Error::Database(e), _) => {
            e.code().and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff)
        }
        _ => None,
    };
    let reason = match primary {
        Some(26) => "the file is not a SQLite database; choose another path",
        Some(11) => "the file is damaged; restore it from a backup",
        Some(8) => "the file may only be read; give this program the right to write it and its folder",
        Some(14) => "the file cannot be opened; give this program the right to write it and its folder",
        Some(13) => "the disk is full; make room",
        _ => return migration_error(url, error),
    };
    StoreError::CannotOpen { url: url.to_owned(), reason: reason.to_owned(), source: Some(Box::new(error)) }
}
