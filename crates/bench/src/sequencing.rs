//! Accepted items a second through the sequencer, against a loop that only inserts the same rows into the same tables:
//! same pragmas, same batches, one commit a batch, nothing looked up and nothing decided.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use chassis::clock::Clock;
use live::ledger::Ledger;
use model::{EventId, Micros};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor, Row, SqliteConnection};

use crate::figures::{Aim, Figures};
use crate::posts;

const ITEMS: usize = 50_000;
/// As the sequencer's `BATCH_COMMANDS_MAX`.
const BATCH_ROWS: usize = 512;

pub(crate) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (eid, bare_eid) = (EventId::from_random(1), EventId::from_random(2));
    let now = Micros(Clock::real().now());
    let ledger = Ledger::open(dir.path(), eid).await?;
    let took = nozzle::bench::accept(ledger, posts::setup(now)?, posts::drafts(ITEMS, now)).await;
    let took = took.map_err(|why| anyhow!("the sequencer: {why}"))?;
    let bare = bare_loop(dir.path(), eid, bare_eid).await?;
    let rate = |took: Duration| ITEMS as f64 / took.as_secs_f64();
    figures.tell("accepted through the sequencer", rate(took), "items/s", Aim::AtLeast(10_000.0));
    figures.tell("  bare insert loop, same rows, pragmas, batches", rate(bare), "items/s", Aim::None);
    figures.tell("  ratio", rate(took) / rate(bare), "", Aim::AtLeast(0.5));
    Ok(())
}

/// Copies what the sequencer wrote into an empty ledger, row by row.
async fn bare_loop(dir: &Path, from: EventId, to: EventId) -> anyhow::Result<Duration> {
    drop(Ledger::open(dir, to).await?);
    let mut written = connect(&Ledger::path_in(dir, from)).await?;
    let posts = written
        .fetch_all("SELECT seq, chain, kind, voids, json FROM entry WHERE kind = 'post' ORDER BY seq")
        .await?;
    let items = written
        .fetch_all(
            "SELECT id, state, veil, rev, words, first, at, author, source, said FROM item ORDER BY first",
        )
        .await?;
    let aliases = written
        .fetch_all("SELECT a.name, a.id FROM alias a JOIN item i ON i.id = a.id ORDER BY i.first, a.name")
        .await?;
    anyhow::ensure!(
        posts.len() == ITEMS && items.len() == ITEMS,
        "the sequencer wrote {} posts",
        posts.len()
    );
    let mut conn = connect(&Ledger::path_in(dir, to)).await?;
    let names = aliases.len() / ITEMS * BATCH_ROWS;
    let mut aliases = aliases.chunks(names.max(1));
    let began = Instant::now();
    for (posts, items) in posts.chunks(BATCH_ROWS).zip(items.chunks(BATCH_ROWS)) {
        conn.execute("BEGIN IMMEDIATE").await?;
        for row in posts {
            insert_entry(&mut conn, row).await?;
        }
        for row in items {
            insert_item(&mut conn, row).await?;
        }
        for row in aliases.next().unwrap_or_default() {
            let insert = sqlx::query("INSERT INTO alias (name, id) VALUES (?, ?)");
            insert
                .bind(row.try_get::<&str, _>(0)?)
                .bind(row.try_get::<&str, _>(1)?)
                .execute(&mut conn)
                .await?;
        }
        conn.execute("COMMIT").await?;
    }
    let took = began.elapsed();
    conn.close().await?;
    Ok(took)
}

async fn insert_entry(conn: &mut SqliteConnection, row: &SqliteRow) -> anyhow::Result<()> {
    sqlx::query("INSERT INTO entry (seq, chain, kind, voids, json) VALUES (?, ?, ?, ?, ?)")
        .bind(row.try_get::<i64, _>(0)?)
        .bind(row.try_get::<&str, _>(1)?)
        .bind(row.try_get::<&str, _>(2)?)
        .bind(row.try_get::<&str, _>(3)?)
        .bind(row.try_get::<&str, _>(4)?)
        .execute(conn)
        .await?;
    Ok(())
}

async fn insert_item(conn: &mut SqliteConnection, row: &SqliteRow) -> anyhow::Result<()> {
    let insert = "INSERT INTO item (id, state, veil, rev, words, first, at, author, source, said) \
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sqlx::query(insert)
        .bind(row.try_get::<&str, _>(0)?)
        .bind(row.try_get::<&str, _>(1)?)
        .bind(row.try_get::<i64, _>(2)?)
        .bind(row.try_get::<i64, _>(3)?)
        .bind(row.try_get::<Option<&str>, _>(4)?)
        .bind(row.try_get::<i64, _>(5)?)
        .bind(row.try_get::<&str, _>(6)?)
        .bind(row.try_get::<Option<&str>, _>(7)?)
        .bind(row.try_get::<Option<&str>, _>(8)?)
        .bind(row.try_get::<Option<i64>, _>(9)?)
        .execute(conn)
        .await?;
    Ok(())
}

/// The pragmas of the ledger's own connection (`crates/live/src/ledger/mod.rs`).
async fn connect(path: &Path) -> anyhow::Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        .pragma("wal_autocheckpoint", "2000")
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", "-8000")
        .disable_statement_logging();
    Ok(SqliteConnection::connect_with(&options).await?)
}
