//! Rows that come, grow and go as a busy event's do: what SQLite's own wiping leaves behind, and that nothing is left after ours.

use std::path::Path;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _};

/// Transactions of the churn; enough for pages to fill up, empty and merge many times.
const STEPS: usize = 1_500;

async fn open(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("secure_delete", "ON")
        .connect()
        .await
        .expect("a database opens")
}

fn letters(dice: &mut StdRng, count: usize) -> String {
    (0..count).map(|_| char::from(dice.random_range(b'a'..=b'z'))).collect()
}

/// Rows under random keys that are written, rewritten longer, and removed. Returns the words of those that were removed.
async fn churn(connection: &mut SqliteConnection) -> Vec<String> {
    let mut dice = StdRng::seed_from_u64(7);
    let (mut live, mut gone): (Vec<(String, String)>, Vec<String>) = (Vec::new(), Vec::new());
    connection.execute("CREATE TABLE item (id TEXT PRIMARY KEY, words TEXT)").await.expect("a table");
    for _ in 0..STEPS {
        connection.execute("BEGIN").await.expect("a transaction");
        for _ in 0..dice.random_range(1..5) {
            let what = dice.random_range(0..10);
            if what < 7 || live.is_empty() {
                let (id, word) = (letters(&mut dice, 12), format!("gone{}", letters(&mut dice, 16)));
                let size = dice.random_range(10..600);
                let words = format!("{word} {}", letters(&mut dice, size));
                put(connection, "INSERT INTO item (words, id) VALUES (?, ?)", &words, &id).await;
                live.push((id, word));
                continue;
            }
            let at = dice.random_range(0..live.len());
            if what < 8 {
                let (id, word) = live.swap_remove(at);
                put(connection, "UPDATE item SET words = ? WHERE id = ?", "", &id).await;
                gone.push(word);
            } else {
                let (id, word) = live[at].clone();
                let size = dice.random_range(400..900);
                let words = format!("{word} {}", letters(&mut dice, size));
                put(connection, "UPDATE item SET words = ? WHERE id = ?", &words, &id).await;
            }
        }
        connection.execute("COMMIT").await.expect("a commit");
    }
    gone
}

async fn put(connection: &mut SqliteConnection, sql: &'static str, words: &str, id: &str) {
    sqlx::query(sql).bind(words).bind(id).execute(connection).await.expect("a row is written");
}

/// How many of these words are still in the file or its log.
async fn left(connection: &mut SqliteConnection, path: &Path, gone: &[String]) -> usize {
    let done = connection.fetch_one("PRAGMA wal_checkpoint(TRUNCATE)").await.expect("a checkpoint");
    assert_eq!(done.get::<i64, _>(0), 0, "nobody is in the way");
    let file = String::from_utf8_lossy(&std::fs::read(path).expect("the file")).into_owned();
    let wal = path.with_extension("sqlite-wal");
    assert_eq!(wal.metadata().map_or(0, |data| data.len()), 0, "the log is empty");
    gone.iter().filter(|word| file.contains(word.as_str())).count()
}

#[tokio::test]
async fn words_that_were_removed_are_nowhere_in_the_file_once_it_is_scoured() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("t.sqlite");
    let mut connection = open(&path).await;
    let gone = churn(&mut connection).await;
    let before = left(&mut connection, &path, &gone).await;
    assert!(before > 0, "SQLite wipes alone: then this crate has nothing to do any more");

    let mut reader = open(&path).await;
    reader.execute("PRAGMA query_only = ON").await.expect("a reader");
    let dirty = scour::dirty(&mut reader).await.expect("pages are given out");
    assert!(!dirty.is_empty());
    let mut wiped = 0;
    for some in dirty.chunks(scour::PAGES_PER_STEP_MAX) {
        wiped += scour::wipe(&mut connection, some).await.expect("pages are wiped");
    }
    assert_eq!(wiped, dirty.len());
    assert_eq!(left(&mut connection, &path, &gone).await, 0, "of {} words {before} were left", gone.len());
    assert!(scour::dirty(&mut reader).await.expect("pages are given out").is_empty());

    let sound = connection.fetch_one("PRAGMA integrity_check").await.expect("a check");
    assert_eq!(sound.get::<String, _>(0), "ok");
    let rows = reader.fetch_one("SELECT count(*) FROM item WHERE words LIKE 'gone%'").await.expect("rows");
    assert!(rows.get::<i64, _>(0) > 1_000, "what stays is as it was");
    // The connection that wiped goes on writing on the same pages.
    churn_on(&mut connection).await;
    let sound = connection.fetch_one("PRAGMA integrity_check").await.expect("a check");
    assert_eq!(sound.get::<String, _>(0), "ok");
    connection.close().await.expect("it closes");
}

async fn churn_on(connection: &mut SqliteConnection) {
    connection.execute("UPDATE item SET words = words || words || words").await.expect("rows grow");
    connection.execute("DELETE FROM item WHERE id > 'm'").await.expect("rows go");
}
