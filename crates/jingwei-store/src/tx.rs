use jingwei_core::{Digest, Timestamp};
use serde_json::{Map, Value, json};

use crate::{
    AuditEntry, Store, StoreError, Summary, postgres,
    record::{Cell, Record, check_text, digest_of, key_of, name_of},
    sqlite,
    statement::{Lookup, Select, Statement},
    store::Database,
};

/// Longest name of an actor and of what an audit row is about, in bytes: both are indexed.
pub const MAX_NAME_BYTES: usize = 300;

/// Most characters of one value that an audit row repeats. The digests stand for the rest.
const MAX_SAID_CHARS: usize = 1_000;

/// One visible transaction: begin, change, audit, save. Every method that changes something adds one row to the
/// audit, because `apply` is the only road to the database and it takes an audit entry. Dropped without `save`,
/// nothing of it stays. After a failed or cancelled step it cannot be saved.
#[derive(Debug)]
pub struct Tx {
    session: Session,
    actor: String,
    at: Timestamp,
    /// Number of the last audit row. The lock on `audit_head` keeps it true.
    last_seq: u64,
    /// No step has failed or been given up.
    whole: bool,
}

#[derive(Debug)]
enum Session {
    Sqlite(sqlx::Transaction<'static, sqlite::Db>),
    Postgres(sqlx::Transaction<'static, postgres::Db>),
}

/// What the audit will say about a change.
pub(crate) struct Entry {
    pub(crate) action: &'static str,
    pub(crate) noun: &'static str,
    pub(crate) noun_id: String,
    pub(crate) before: Option<Digest>,
    pub(crate) after: Option<Digest>,
    pub(crate) detail: Value,
}

impl Tx {
    pub(crate) async fn begin(store: &Store, actor: &str, at: Timestamp) -> Result<Self, StoreError> {
        check_text("audit", "actor", actor, MAX_NAME_BYTES)?;
        let session = match &store.database {
            Database::Sqlite(pools) => pools.begin().await.map(Session::Sqlite),
            Database::Postgres(pools) => pools.begin().await.map(Session::Postgres),
        };
        let session = session.map_err(|error| StoreError::of("begin a transaction", error))?;
        let mut tx = Self { session, actor: actor.to_owned(), at, last_seq: 0, whole: true };
        // SQLite has its lock by now. PostgreSQL's writers wait here for each other, before they hold anything else.
        let lock = Statement::new("UPDATE audit_head SET seq = seq WHERE id = 1", Vec::new());
        tx.execute(lock).await.map_err(|error| StoreError::of("wait for other writers", error))?;
        let head = tx.one(Select::<AuditHead>::new()).await?;
        tx.last_seq = head.ok_or(StoreError::Missing { noun: "audit", id: "head".to_owned() })?.seq;
        Ok(tx)
    }

    /// Makes everything permanent: it returns after the database has synced it to disk.
    pub async fn save(self) -> Result<(), StoreError> {
        if !self.whole {
            return Err(StoreError::Broken);
        }
        let saved = match self.session {
            Session::Sqlite(transaction) => transaction.commit().await,
            Session::Postgres(transaction) => transaction.commit().await,
        };
        saved.map_err(|error| StoreError::of("save a transaction", error))
    }

    /// Undoes everything now. Dropping the transaction does the same, a little later.
    pub async fn discard(self) -> Result<(), StoreError> {
        let undone = match self.session {
            Session::Sqlite(transaction) => transaction.rollback().await,
            Session::Postgres(transaction) => transaction.rollback().await,
        };
        undone.map_err(|error| StoreError::of("undo a transaction", error))
    }

    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Writes down what happened without a change: a sign-in, an export, a refusal.
    pub async fn note(
        &mut self,
        action: &'static str,
        noun: &'static str,
        noun_id: &str,
        detail: &Summary,
    ) -> Result<(), StoreError> {
        let detail = detail.read().map_err(|error| StoreError::Failed { doing: "note", source: Box::new(error) })?;
        let entry = Entry { action, noun, noun_id: noun_id.to_owned(), before: None, after: None, detail };
        self.apply(entry, Vec::new()).await
    }

    /// Inserts the row or replaces the one with its key.
    pub(crate) async fn put<T: Record>(&mut self, action: &'static str, row: &T) -> Result<(), StoreError> {
        let after = row.cells()?;
        let before = self.cells_of::<T>(&after).await?;
        self.apply(Entry::change::<T>(action, before.as_deref(), &after), vec![Statement::upsert::<T>(after)]).await
    }

    /// Inserts a row whose key is new.
    pub(crate) async fn add<T: Record>(&mut self, action: &'static str, row: &T) -> Result<(), StoreError> {
        let after = row.cells()?;
        if self.cells_of::<T>(&after).await?.is_some() {
            return Err(StoreError::Conflict { noun: T::NOUN, id: name_of::<T>(&after) });
        }
        self.apply(Entry::change::<T>(action, None, &after), Statement::insert::<T>(vec![after])).await
    }

    /// Replaces a row that exists.
    pub(crate) async fn replace<T: Record>(&mut self, action: &'static str, row: &T) -> Result<(), StoreError> {
        let after = row.cells()?;
        let Some(before) = self.cells_of::<T>(&after).await? else {
            return Err(StoreError::Missing { noun: T::NOUN, id: name_of::<T>(&after) });
        };
        self.apply(Entry::change::<T>(action, Some(&before), &after), vec![Statement::upsert::<T>(after)]).await
    }

    /// Does the changes and writes the audit row. Nothing else in this crate changes a row.
    pub(crate) async fn apply(&mut self, entry: Entry, changes: Vec<Statement>) -> Result<(), StoreError> {
        if !self.whole {
            return Err(StoreError::Broken);
        }
        check_text("audit", "noun_id", &entry.noun_id, MAX_NAME_BYTES)?;
        // Stays so when a step fails, and when the caller drops the future half way.
        self.whole = false;
        let (noun, noun_id) = (entry.noun, entry.noun_id.clone());
        for change in changes {
            self.execute(change).await.map_err(|error| StoreError::of_row("change", noun, &noun_id, error))?;
        }
        self.audit(entry).await?;
        self.whole = true;
        Ok(())
    }

    async fn audit(&mut self, entry: Entry) -> Result<(), StoreError> {
        let failed = |error| StoreError::of("write the audit", error);
        self.last_seq += 1;
        let next = Statement::new("UPDATE audit_head SET seq = seq + 1 WHERE id = 1", Vec::new());
        self.execute(next).await.map_err(failed)?;
        let row = AuditEntry {
            seq: self.last_seq,
            at: self.at,
            actor: self.actor.clone(),
            action: entry.action.to_owned(),
            noun: entry.noun.to_owned(),
            noun_id: entry.noun_id,
            before: entry.before,
            after: entry.after,
            detail: Summary::stored(entry.detail.to_string()),
        };
        for insert in Statement::insert::<AuditEntry>(vec![row.cells()?]) {
            self.execute(insert).await.map_err(failed)?;
        }
        Ok(())
    }

    pub(crate) async fn one<T: Record>(&mut self, select: Select<T>) -> Result<Option<T>, StoreError> {
        let rows = self.rows(select.all()).await?;
        rows.into_iter().next().map(|row| T::read(&mut row.into_iter())).transpose()
    }

    /// The stored row with the key of this one.
    pub(crate) async fn cells_of<T: Record>(&mut self, like: &[Cell]) -> Result<Option<Vec<Cell>>, StoreError> {
        Ok(self.rows(Select::<T>::by_key(key_of::<T>(like)).all()).await?.into_iter().next())
    }

    async fn rows(&mut self, lookup: Lookup) -> Result<Vec<Vec<Cell>>, StoreError> {
        let Lookup { statement, kinds } = lookup;
        // A failed read counts too: PostgreSQL gives up the transaction, and answers COMMIT without an error.
        if !std::mem::replace(&mut self.whole, false) {
            return Err(StoreError::Broken);
        }
        let rows = match &mut self.session {
            Session::Sqlite(transaction) => sqlite::fetch(transaction, statement, &kinds).await,
            Session::Postgres(transaction) => postgres::fetch(transaction, statement, &kinds).await,
        };
        let rows = rows.map_err(|error| StoreError::of("read", error))?;
        self.whole = true;
        Ok(rows)
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        match &mut self.session {
            Session::Sqlite(transaction) => sqlite::execute(transaction, statement).await,
            Session::Postgres(transaction) => postgres::execute(transaction, statement).await,
        }
    }
}

crate::record::record! {
    /// The number of the last audit row.
    pub(crate) struct AuditHead in "audit_head" as "audit", key ["id"], unsaid [] {
        pub seq: u64,
    }
}

impl Entry {
    /// What changed from one state of a row to the next.
    pub(crate) fn change<T: Record>(action: &'static str, before: Option<&[Cell]>, after: &[Cell]) -> Self {
        Self {
            action,
            noun: T::NOUN,
            noun_id: name_of::<T>(after),
            before: before.map(digest_of::<T>),
            after: Some(digest_of::<T>(after)),
            detail: difference::<T>(before, after),
        }
    }
}

/// `{"column": {"from": .., "to": ..}}` of every column that changed, except those that are not to be repeated.
fn difference<T: Record>(before: Option<&[Cell]>, after: &[Cell]) -> Value {
    let mut changed = Map::new();
    for (at, column) in T::columns().iter().enumerate() {
        let from = before.and_then(|cells| cells.get(at));
        let to = after.get(at);
        if T::UNSAID.contains(&column.name) || from == to {
            continue;
        }
        let mut change = Map::new();
        if let Some(from) = from {
            change.insert("from".to_owned(), said(from));
        }
        change.insert("to".to_owned(), to.map_or(Value::Null, said));
        changed.insert(column.name.to_owned(), Value::Object(change));
    }
    Value::Object(changed)
}

fn said(cell: &Cell) -> Value {
    match cell {
        Cell::Int(number) => json!(number),
        Cell::Text(None) => Value::Null,
        Cell::Text(Some(text)) => match text.char_indices().nth(MAX_SAID_CHARS) {
            Some((end, _)) => json!(format!("{}…", text.get(..end).unwrap_or_default())),
            None => json!(text),
        },
    }
}
