//! Opening, and several writers at once.

use std::{fs, process::Command};

use jingwei_store::{MetaKey, Store, StoreError, SystemFilter};

use crate::{
    samples::*,
    world::{World, on_sqlite, postgres_url},
};

pub async fn what_was_saved_is_there_after_opening_again(world: World) {
    fill(&world.store).await;
    let before = audit(&world.store).await;
    world.store.close().await;
    for _ in 0..2 {
        let again = Store::open(&world.url).await.unwrap();
        assert_eq!(again.system(&system_id("shop")).await.unwrap(), Some(system("shop")));
        assert_eq!(audit(&again).await, before);
        again.close().await;
    }
}

pub async fn a_store_of_a_newer_program_is_refused(world: World) {
    world
        .meddle(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        SELECT 9999, description, success, checksum, execution_time FROM _sqlx_migrations",
        )
        .await;
    let error = Store::open(&world.url).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { version: 9999, .. }), "{error}");
}

pub async fn eight_writers_take_turns(world: World) {
    const WRITERS: i64 = 8;
    const WRITES: i64 = 12;
    let tasks: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = world.store.clone();
            tokio::spawn(async move {
                for n in 0..WRITES {
                    let mut tx = store.write(&format!("writer {writer}"), at(n)).await.unwrap();
                    count_up(&mut tx).await;
                    tx.put_system(&system(&format!("s{writer}-{n}"))).await.unwrap();
                    tx.save().await.unwrap();
                    store.systems(&SystemFilter::default(), &jingwei_store::Page::default()).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(counted(&world.store).await, WRITERS * WRITES, "no writer overwrote another's count");
    let numbers: Vec<u64> = audit(&world.store).await.iter().rev().map(|entry| entry.seq).collect();
    assert_eq!(numbers, (1..=u64::try_from(WRITERS * WRITES * 2).unwrap()).collect::<Vec<_>>());
}

/// Read, then write: two writers that overlap would count one of their steps only.
async fn count_up(tx: &mut jingwei_store::Tx) {
    let key = MetaKey::new("count").unwrap();
    let count: i64 = tx.meta(&key).await.unwrap().map_or(0, |count| count.parse().unwrap());
    tx.put_meta(&key, &(count + 1).to_string()).await.unwrap();
}

async fn counted(store: &Store) -> i64 {
    store.meta(&MetaKey::new("count").unwrap()).await.unwrap().unwrap().parse().unwrap()
}

const CHILD_URL: &str = "JINGWEI_TEST_CHILD_URL";
const CHILD_WRITES: i64 = 25;

pub async fn two_processes_share_a_store(world: World) {
    let child = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "opening::the_other_process", "--ignored", "--nocapture"])
            .env(CHILD_URL, &world.url)
            .output()
    };
    std::thread::scope(|scope| {
        let children = [scope.spawn(child), scope.spawn(child)];
        for child in children {
            let output = child.join().unwrap().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    });
    assert_eq!(counted(&world.store).await, 2 * CHILD_WRITES);
    assert_eq!(i64::try_from(audit(&world.store).await.len()).unwrap(), 2 * CHILD_WRITES);
}

/// What `two_processes_share_a_store` starts. It does nothing by itself.
#[test]
#[ignore = "another test starts it"]
#[expect(clippy::disallowed_methods, reason = "the parent names the store in the environment")]
fn the_other_process() {
    let Ok(url) = std::env::var(CHILD_URL) else { return };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let store = Store::open(&url).await.unwrap();
        for n in 0..CHILD_WRITES {
            let mut tx = store.write("child", at(n)).await.unwrap();
            count_up(&mut tx).await;
            tx.save().await.unwrap();
        }
    });
}

#[test]
fn programs_that_start_together_make_one_file() {
    on_sqlite(async |world: World| {
        let url = format!("sqlite:{}.new", world.url);
        let opening: Vec<_> = (0..8)
            .map(|_| {
                let url = url.clone();
                tokio::spawn(async move { Store::open(&url).await.unwrap() })
            })
            .collect();
        for task in opening {
            task.await.unwrap();
        }
        fill(&Store::open(&url).await.unwrap()).await;
    });
}

#[test]
fn a_path_that_holds_no_store_says_what_to_do() {
    on_sqlite(async |world: World| {
        let folder = std::path::Path::new(&world.url).parent().unwrap();
        let text = folder.join("notes.txt");
        fs::write(&text, "not a database, but long enough to be read as the header of one, and then some more")
            .unwrap();
        for (path, what_to_do) in [
            (folder.to_owned(), "it is a folder"),
            (folder.join("missing/jingwei.db"), "create it"),
            (text.clone(), "choose another path"),
        ] {
            let error = Store::open(path.to_str().unwrap()).await.unwrap_err();
            assert!(matches!(error, StoreError::CannotOpen { .. }), "{error:?}");
            assert!(error.to_string().contains(what_to_do), "{error}");
        }
        assert!(fs::read_to_string(&text).unwrap().starts_with("not a database"), "it was left as it is");
    });
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;
    on_sqlite(async |world: World| {
        fill(&world.store).await;
        for file in fs::read_dir(std::path::Path::new(&world.url).parent().unwrap()).unwrap() {
            let file = file.unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
        }
    });
}

#[test]
fn a_server_that_does_not_serve_says_what_to_do() {
    let nobody = "postgres://ann:secret@127.0.0.1:1/jingwei".to_owned();
    let mut cases = vec![(nobody, "start it"), ("postgres://ann:secret@[bad/jingwei".to_owned(), "write a file path")];
    if let Some(server) = postgres_url() {
        let (main, _) = server.rsplit_once('/').unwrap();
        let (user, host) = main.rsplit_once('@').unwrap();
        let (user, _) = user.rsplit_once(':').unwrap();
        cases.push((format!("{server}?sslmode=require"), "sslmode"));
        cases.push((format!("{main}/no_such_database"), "create it with createdb"));
        cases.push((format!("{user}:secret@{host}/postgres"), "correct them"));
        cases.push((format!("{server}?options=-c%20search_path%3Dno_such_schema"), "CREATE SCHEMA"));
    }
    on_sqlite(async |_: World| {
        for (url, what_to_do) in cases {
            let error = Store::open(&url).await.unwrap_err().to_string();
            assert!(error.contains(what_to_do), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    });
}
