//! Runs each test of the contract on both databases.

use std::{
    panic::AssertUnwindSafe,
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use jingwei_store::Store;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, SqliteConnection};
use tempfile::TempDir;

/// Set by `.ci/postgres`.
const POSTGRES: &str = "JINGWEI_TEST_POSTGRES";

/// An empty store of one's own.
pub struct World {
    pub store: Store,
    pub url: String,
    _folder: Option<TempDir>,
}

impl World {
    /// Runs statements that the store would not, around its back.
    pub async fn meddle(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.is_postgres() {
            PgConnection::connect(&self.url).await.unwrap().execute(sql).await.unwrap();
        } else {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&self.url);
            let mut connection: SqliteConnection = options.connect().await.unwrap();
            connection.execute(sql).await.unwrap();
        }
    }

    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }
}

/// Lists the tests of the contract: each becomes one test per database.
macro_rules! contract {
    ($($module:ident :: $name:ident,)+) => {
        mod on_sqlite {
            $(#[test] fn $name() { $crate::world::on_sqlite($crate::$module::$name); })+
        }
        mod on_postgres {
            $(#[test] fn $name() { $crate::world::on_postgres($crate::$module::$name); })+
        }
    };
}
pub(crate) use contract;

pub fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(World) -> F) {
    run(async {
        let folder = TempDir::new().unwrap();
        let url = folder.path().join("jingwei.db").to_str().unwrap().to_owned();
        let store = Store::open(&url).await.unwrap();
        test(World { store, url, _folder: Some(folder) }).await;
    });
}

/// Passes without a word where nobody has set up a server, and fails where one is set up and does not answer.
pub fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(World) -> F) {
    let Some(server) = postgres_url() else { return };
    static SCHEMAS: AtomicU32 = AtomicU32::new(0);
    let schema = format!("contract_{}_{}", process::id(), SCHEMAS.fetch_add(1, Ordering::Relaxed));
    run(async {
        let mut owner = PgConnection::connect(&server).await.expect("the server that JINGWEI_TEST_POSTGRES names");
        owner.execute(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await.unwrap();
        let separator = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{separator}options=-c%20search_path%3D{schema}");
        let store = Store::open(&url).await.unwrap();
        let closing = store.clone();
        let outcome = CatchUnwind(Box::pin(test(World { store, url, _folder: None }))).await;
        closing.close().await;
        owner.execute(AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"))).await.unwrap();
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "a test run is configured by its environment")]
pub fn postgres_url() -> Option<String> {
    std::env::var(POSTGRES).ok().filter(|url| !url.is_empty())
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
}

/// Lets the schema be dropped after a test that fails.
struct CatchUnwind<F>(std::pin::Pin<Box<F>>);

impl<F: Future> Future for CatchUnwind<F> {
    type Output = std::thread::Result<F::Output>;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        let inner = self.0.as_mut();
        match std::panic::catch_unwind(AssertUnwindSafe(|| inner.poll(context))) {
            Ok(std::task::Poll::Pending) => std::task::Poll::Pending,
            Ok(std::task::Poll::Ready(value)) => std::task::Poll::Ready(Ok(value)),
            Err(panic) => std::task::Poll::Ready(Err(panic)),
        }
    }
}
