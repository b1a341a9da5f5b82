//! What is saved of an archive, and how it comes back.
//!
//! In SQLite, the whole file, as it is at one moment. In PostgreSQL, what only PostgreSQL holds: accounts and the audit log (`site_*`),
//! row by row as JSON; everything else was folded from ledgers that are in the same backup, and is folded again. So neither a
//! `pg_dump` of the right version is needed, nor a database of the same make to come back to, and an archive can never come back
//! further than its ledger.

use std::io::{BufRead, Write};
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _};

use crate::{EMBEDDED_FILE, Error, Settings};

/// File of the rows that only PostgreSQL holds.
pub const PEOPLE_FILE: &str = "people.ndjson";
/// Rows that are fetched at once.
const ROWS_PER_FETCH: usize = 500;
/// Longest line of a backup that is read, in bytes.
const LINE_BYTES_MAX: u64 = 1 << 20;
const BUSY_WAIT: Duration = Duration::from_secs(30);
/// Of the part of the site in the archive's database.
const TABLES: &str = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema() \
     AND table_type = 'BASE TABLE' AND table_name LIKE 'site\\_%' ORDER BY table_name";

/// One row of a table.
#[derive(Serialize, Deserialize)]
struct Saved<'a> {
    table: String,
    #[serde(borrow)]
    row: &'a RawValue,
}

/// What was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedArchive {
    /// The file in the backup's directory; none where there is no archive yet.
    pub file: Option<&'static str>,
    /// The version of its schema.
    pub schema: i64,
}

/// Whether an archive lives in a database of its own.
#[must_use]
pub fn is_apart(settings: &Settings) -> bool {
    settings.url != "embedded"
}

/// Saves an archive into a directory, while others write it.
///
/// # Errors
/// What the database or the disk says.
pub async fn save(settings: &Settings, into: &Path) -> Result<SavedArchive, Error> {
    if is_apart(settings) {
        return save_people(settings, &into.join(PEOPLE_FILE)).await;
    }
    let from = settings.data_dir.join(EMBEDDED_FILE);
    if !from.exists() {
        return Ok(SavedArchive { file: None, schema: 0 });
    }
    let options = SqliteConnectOptions::new()
        .filename(&from)
        .create_if_missing(false)
        .busy_timeout(BUSY_WAIT)
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    let to = into.join(EMBEDDED_FILE).to_string_lossy().into_owned();
    sqlx::query("VACUUM INTO ?").bind(to).execute(&mut connection).await?;
    let schema = sqlx::query("SELECT coalesce(max(version), 0) FROM archive_migrations");
    let schema = schema.fetch_one(&mut connection).await?.try_get(0)?;
    connection.close().await?;
    Ok(SavedArchive { file: Some(EMBEDDED_FILE), schema })
}

async fn save_people(settings: &Settings, to: &Path) -> Result<SavedArchive, Error> {
    let mut connection = connect(settings).await?;
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
    let schema = connection.fetch_one("SELECT max(version) FROM archive_migrations").await?;
    let schema = schema.try_get::<Option<i64>, _>(0)?.unwrap_or(0);
    let mut file = std::io::BufWriter::new(std::fs::File::create(to).map_err(disk)?);
    for table in tables(&mut connection).await? {
        // The name comes out of the database's own catalogue.
        let declare =
            format!("DECLARE saved NO SCROLL CURSOR FOR SELECT row_to_json(t)::text FROM {table} t");
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(declare))).await?;
        loop {
            let fetch = format!("FETCH {ROWS_PER_FETCH} FROM saved");
            let rows = connection.fetch_all(sqlx::raw_sql(sqlx::AssertSqlSafe(fetch))).await?;
            for row in &rows {
                let row: &RawValue = serde_json::from_str(row.try_get(0)?).map_err(|e| disk(e.into()))?;
                serde_json::to_writer(&mut file, &Saved { table: table.clone(), row })
                    .map_err(|e| disk(e.into()))?;
                file.write_all(b"\n").map_err(disk)?;
            }
            if rows.len() < ROWS_PER_FETCH {
                break;
            }
        }
        connection.execute("CLOSE saved").await?;
    }
    connection.execute("COMMIT").await?;
    connection.close().await?;
    file.into_inner().map_err(|e| disk(e.into_error()))?.sync_all().map_err(disk)?;
    Ok(SavedArchive { file: Some(PEOPLE_FILE), schema })
}

/// Puts the saved rows into a database whose schema is prepared; false when it has accounts of its own, which then stay as they are.
///
/// # Errors
/// What the database says, or a file that is none of ours; nothing is put then.
pub async fn load_people(settings: &Settings, from: &Path) -> Result<bool, Error> {
    let mut connection = connect(settings).await?;
    let mut transaction = connection.begin().await?;
    transaction.execute("LOCK TABLE site_version IN EXCLUSIVE MODE").await?;
    let has_people = transaction.fetch_one("SELECT EXISTS (SELECT 1 FROM site_account)").await?;
    if has_people.try_get::<bool, _>(0)? {
        return Ok(false);
    }
    let known = tables(&mut transaction).await?;
    for table in &known {
        run(&mut transaction, format!("DELETE FROM {table}")).await?;
    }
    let mut file = std::io::BufReader::new(std::fs::File::open(from).map_err(disk)?);
    let mut line = String::new();
    loop {
        line.clear();
        if std::io::Read::take(&mut file, LINE_BYTES_MAX).read_line(&mut line).map_err(disk)? == 0 {
            break;
        }
        let saved: Saved<'_> = serde_json::from_str(&line).map_err(|e| disk(e.into()))?;
        let Some(table) = known.iter().find(|table| **table == saved.table) else { continue };
        let insert = format!(
            "INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_record(NULL::{table}, $1::json)"
        );
        let row = saved.row.get();
        sqlx::query(sqlx::AssertSqlSafe(insert)).bind(row).execute(&mut *transaction).await?;
    }
    // Rows that come next are numbered behind those that came back.
    run(
        &mut transaction,
        "SELECT setval(pg_get_serial_sequence('site_audit', 'n'), (SELECT coalesce(max(n), 0) + 1 FROM site_audit), false)"
            .to_owned(),
    )
    .await?;
    transaction.commit().await?;
    connection.close().await?;
    Ok(true)
}

async fn tables(connection: &mut PgConnection) -> Result<Vec<String>, Error> {
    let rows = connection.fetch_all(TABLES).await?;
    let names: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let is_plain = |name: &String| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    Ok(names.into_iter().filter(is_plain).collect())
}

async fn run(connection: &mut PgConnection, sql: String) -> Result<(), Error> {
    connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await?;
    Ok(())
}

async fn connect(settings: &Settings) -> Result<PgConnection, Error> {
    let options =
        PgConnectOptions::from_str(&settings.url).map_err(|error| Error::Address(error.to_string()))?;
    Ok(options.application_name("perihelion backup").disable_statement_logging().connect().await?)
}

/// What the disk says, or a file that cannot be read.
fn disk(error: std::io::Error) -> Error {
    Error::Lines(Box::new(error))
}
