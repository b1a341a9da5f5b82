//! Whether a word is in any file: of the data directory, of Redis; and in any row of PostgreSQL. Files are searched byte by byte, in UTF-8 and
//! both kinds of UTF-16.

use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::product::Product;

/// While everything runs.
pub(super) async fn holds_nothing(product: &Product, word: &str) {
    holds_nothing_stopped(product, word);
    let Some(servers) = &product.servers else { return };
    files_hold_nothing(servers.redis.dir(), word);
    let keys = servers.redis.command(&["KEYS", "*"]).await.expect("Redis answers").text();
    assert!(!keys.contains(word), "a key of Redis");
    rows_hold_nothing(&servers.archive_url, word).await;
}

/// The data directory alone.
pub(super) fn holds_nothing_stopped(product: &Product, word: &str) {
    files_hold_nothing(&product.place.path().join("data"), word);
}

fn files_hold_nothing(dir: &Path, word: &str) {
    let forms: Vec<Vec<u8>> = vec![
        word.as_bytes().to_vec(),
        word.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        word.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    ];
    let files = files(dir);
    assert!(!files.is_empty(), "{} holds no files", dir.display());
    for file in files {
        // One that goes in this moment holds nothing.
        let Ok(bytes) = std::fs::read(&file) else { continue };
        for form in &forms {
            let at = bytes.windows(form.len()).position(|some| some == form);
            let around = at.map(|at| {
                String::from_utf8_lossy(&bytes[at.saturating_sub(80)..bytes.len().min(at + 80)]).into_owned()
            });
            assert!(at.is_none(), "{} holds the words at {at:?}: {around:?}", file.display());
        }
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}

/// Every table of the database, each row as text.
async fn rows_hold_nothing(url: &str, word: &str) {
    let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
    let tables = "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    let tables = sqlx::query(tables).fetch_all(&mut connection).await.expect("tables");
    assert!(tables.len() > 8, "only {} tables", tables.len());
    for table in tables {
        let table: String = table.get(0);
        let count = format!("SELECT count(*) FROM {table} AS line WHERE CAST(line AS text) LIKE '%{word}%'");
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(count))
            .fetch_one(&mut connection)
            .await
            .expect("rows are counted");
        assert_eq!(rows, 0, "{table} holds the words");
    }
    connection.close().await.expect("it closes");
}
