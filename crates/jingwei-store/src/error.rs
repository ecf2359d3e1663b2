use sqlx::error::ErrorKind;

/// The store could not do what it was asked. The message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("`{url}` names no store: {reason}; write a file path, `sqlite:<path>` or `postgres://user@host/database`")]
    BadUrl { url: String, reason: String },
    #[error("the store `{url}` cannot be opened: {reason}")]
    CannotOpen {
        url: String,
        reason: String,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    #[error("the store `{url}` was written by a newer jingwei (migration {version}); update this one")]
    Newer { url: String, version: i64 },
    #[error("the store is busy: another writer holds it; try again, or end the program that keeps it")]
    Busy,
    #[error("{noun} `{id}` exists already; choose another id")]
    Conflict { noun: &'static str, id: String },
    #[error("{noun} `{id}` is not in the store")]
    Missing { noun: &'static str, id: String },
    #[error("{noun} `{id}` names something that is not in the store; save the system and the assessment first")]
    Dangling { noun: &'static str, id: String },
    #[error("{noun}: `{column}` holds a NUL character, which no store keeps; remove it")]
    Nul { noun: &'static str, column: &'static str },
    #[error("{noun}: `{column}` is longer than {limit} bytes; shorten it")]
    TooLong { noun: &'static str, column: &'static str, limit: usize },
    #[error("{noun}: `{column}` cannot be kept: {reason}")]
    BadValue { noun: &'static str, column: &'static str, reason: String },
    #[error(
        "{noun} `{id}` belongs to system `{found}`, but the assessment is of `{expected}`; save each system by itself"
    )]
    WrongSystem { noun: &'static str, id: String, found: String, expected: String },
    #[error("the cursor does not belong to this list; start again without one")]
    BadCursor,
    #[error("a page holds 1 to {max} rows, not {limit}", max = crate::Page::MAX_LIMIT)]
    BadLimit { limit: u32 },
    #[error("an earlier step of this transaction failed, so nothing of it can be saved; start a new one")]
    Broken,
    #[error(
        "{noun}: column `{column}` holds {reason}; the database was changed by another program, restore it from a backup"
    )]
    Corrupt { noun: &'static str, column: &'static str, reason: String },
    #[error("the store failed while it did this: {doing}")]
    Failed {
        doing: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    pub(crate) fn of(doing: &'static str, error: sqlx::Error) -> Self {
        if is_busy(&error) {
            return Self::Busy;
        }
        Self::Failed { doing, source: Box::new(error) }
    }

    /// As `of`, and names the row when a constraint refused it.
    pub(crate) fn of_row(doing: &'static str, noun: &'static str, id: &str, error: sqlx::Error) -> Self {
        let kind = error.as_database_error().map(sqlx::error::DatabaseError::kind);
        match kind {
            Some(ErrorKind::UniqueViolation) => Self::Conflict { noun, id: id.to_owned() },
            Some(ErrorKind::ForeignKeyViolation) => Self::Dangling { noun, id: id.to_owned() },
            _ => Self::of(doing, error),
        }
    }
}

/// Somebody else holds the lock, or every connection: SQLite's BUSY and LOCKED, PostgreSQL's `lock_not_available`.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(database) => match database.code().as_deref() {
            Some("55P03") => true,
            // SQLite's extended codes keep the primary code in their low byte.
            Some(code) if database.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() => {
                code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6))
            }
            _ => false,
        },
        _ => false,
    }
}
