//! Archive rows a second into PostgreSQL, against one COPY of the same rows into the same tables: items, and what they are found by.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use archive::{Archive, Batch, Cursor, Settings};
use chassis::clock::Clock;
use futures_util::TryStreamExt;
use live::LINES_MAX;
use live::ledger::Ledger;
use model::{Entry, EventId, Micros};
use sqlx::postgres::{PgPoolCopyExt, PgPoolOptions};
use sqlx::{Executor, PgPool, Row};

use crate::figures::{Aim, Figures};
use crate::posts;

const ITEMS: usize = 50_000;

pub(crate) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let Some(postgres) = testkit::Postgres::start_durable().await else {
        figures.skip("archive rows", "PostgreSQL is not installed");
        return Ok(());
    };
    let url = postgres.create_database().await;
    let dir = tempfile::tempdir()?;
    let eid = EventId::from_random(4);
    let now = Micros(Clock::real().now());
    let ledger = Ledger::open(dir.path(), eid).await?;
    let filled = nozzle::bench::accept(ledger.clone(), posts::setup(now)?, posts::drafts(ITEMS, now)).await;
    filled.map_err(|why| anyhow!("filling the ledger: {why}"))?;

    let archive = archive::open(&Settings {
        url: url.clone(),
        data_dir: dir.path().to_owned(),
        statement_cache: true,
    })?;
    archive.prepare().await?;
    let written = write(archive.as_ref(), &ledger).await?;
    let pool = PgPoolOptions::new().max_connections(2).connect(&url).await?;
    let rows: i64 = pool.fetch_one("SELECT count(*) FROM item").await?.try_get(0)?;
    let copied = copy(&pool).await?;
    let rate = |took: Duration| rows as f64 / took.as_secs_f64();
    figures.tell("archived in PostgreSQL", rate(written), "rows/s", Aim::None);
    figures.tell("  COPY of the same rows into the same tables", rate(copied), "rows/s", Aim::None);
    figures.tell("  ratio", rate(written) / rate(copied), "", Aim::AtLeast(0.4));
    Ok(())
}

/// Writes the whole log, page by page, as the strainer does.
async fn write(archive: &dyn Archive, ledger: &Ledger) -> anyhow::Result<Duration> {
    let mut batches: Vec<Vec<Entry>> = Vec::new();
    let mut after = 0;
    loop {
        let lines = ledger.view().lines(after, LINES_MAX).await?;
        let Some(last) = lines.last() else { break };
        after = last.seq;
        batches.push(lines.iter().map(|l| serde_json::from_slice(&l.json)).collect::<Result<_, _>>()?);
    }
    let mut from: Option<Cursor> = None;
    let began = Instant::now();
    for entries in batches {
        let seq = entries.last().map_or(0, |e| e.seq);
        let to = Cursor::new(ledger.epoch().clone(), seq);
        let batch = Batch { event: ledger.eid(), from, entries: Arc::from(entries), to: to.clone() };
        archive.write(batch).await?;
        from = Some(to);
    }
    Ok(began.elapsed())
}

/// The tables of which an item has rows.
const TABLES: [&str; 3] = ["item", "item_search", "item_link"];

/// Takes the rows out, empties the tables, and copies them in again.
async fn copy(pool: &PgPool) -> anyhow::Result<Duration> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for table in TABLES {
        let mut out = pool.copy_out_raw(&format!("COPY {table} TO STDOUT")).await?;
        let mut rows: Vec<u8> = Vec::new();
        while let Some(some) = out.try_next().await? {
            rows.extend_from_slice(&some);
        }
        all.push(rows);
    }
    pool.execute("TRUNCATE item, item_search, item_link").await?;
    let began = Instant::now();
    for (table, rows) in TABLES.iter().zip(&all) {
        let mut copy = pool.copy_in_raw(&format!("COPY {table} FROM STDIN")).await?;
        for some in rows.chunks(256 * 1024) {
            copy.send(some).await?;
        }
        copy.finish().await?;
    }
    Ok(began.elapsed())
}
