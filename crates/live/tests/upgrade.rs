//! A ledger of an older version is brought up to date when it is opened, and loses nothing by it.

use live::ledger::{Account, Ledger, Pile, Which};
use live::state::{ItemState, Veil};
use model::{Epoch, EventId, GoneBy, Micros, Uid};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor, Row};
use std::path::Path;

const NOW: Micros = Micros(1_795_189_320_000_000);

/// The tables as version 1 made them.
const VERSION_1: &str = "
CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), eid TEXT NOT NULL, epoch TEXT NOT NULL, line TEXT NOT NULL,
    place TEXT NOT NULL, trim INTEGER NOT NULL);
CREATE TABLE entry (seq INTEGER PRIMARY KEY, chain TEXT NOT NULL, kind TEXT NOT NULL, voids TEXT NOT NULL,
    json TEXT NOT NULL);
CREATE INDEX entry_of_event ON entry (seq) WHERE kind IN ('talk', 'schedule', 'stage', 'event', 'notice', 'gap');
CREATE TABLE item (id TEXT PRIMARY KEY, state TEXT NOT NULL, rev INTEGER NOT NULL, words TEXT, first INTEGER NOT NULL,
    at TEXT NOT NULL);
CREATE TABLE alias (name TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE cursor (source TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE answer (key TEXT PRIMARY KEY, made INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE early (name TEXT PRIMARY KEY, made INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX early_by_age ON early (made);
CREATE TABLE note (name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
";

async fn connect(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.unwrap()
}

fn words(native: &str, author: &str) -> String {
    format!(
        r#"{{"item":{{"uid":"x:{native}","network":"x","source":"tw","rev":0,"url":null,"when":{native},
        "author":{{"id":"{author}","name":"","handle":"","url":null,"avatar":null}},"title":null,"body":["words"],
        "lang":null,"cover":null,"reply_to":null,"quotes":null,"media":[],"card":null,
        "counts":{{"boosts":1,"likes":2,"replies":3}},"marks":[],"late":false,"retain":"archive"}},
        "filing":{{"talk":null,"room":null,"state":"unsorted","score":0.0,"by":"rule","reasons":[]}}}}"#
    )
}

async fn old_ledger(dir: &Path, eid: EventId) {
    std::fs::create_dir_all(dir.join("live")).unwrap();
    let mut conn = connect(&Ledger::path_in(dir, eid)).await;
    sqlx::raw_sql(VERSION_1).execute(&mut conn).await.unwrap();
    sqlx::query("INSERT INTO meta VALUES (1, ?, ?, ?, '', 0)")
        .bind(eid.as_str())
        .bind(Epoch::new(0, 7).as_str())
        .bind("{}")
        .execute(&mut conn)
        .await
        .unwrap();
    for (native, state, author) in [
        ("1", "shown", "a"),
        ("2", "hidden", "a"),
        ("3", "held", "a"),
        ("4", "shown", ""),
        ("5", "removed", ""),
    ] {
        let id = Uid::new("x", native).id();
        sqlx::query("INSERT INTO item VALUES (?, ?, 0, ?, 1, '[1]')")
            .bind(id.as_str())
            .bind(state)
            .bind((state != "removed").then(|| words(native, author)))
            .execute(&mut conn)
            .await
            .unwrap();
    }
    let id = Uid::new("x", "1").id();
    for name in ["x:other", "boost:x:9"] {
        sqlx::query("INSERT INTO alias VALUES (?, ?)")
            .bind(name)
            .bind(id.as_str())
            .execute(&mut conn)
            .await
            .unwrap();
    }
    conn.execute("INSERT INTO entry VALUES (1, 'c', 'void', '', '{\"seq\":1,\"kind\":\"void\"}')")
        .await
        .unwrap();
    conn.close().await.unwrap();
}

#[tokio::test]
async fn a_ledger_of_version_1_learns_who_hid_what_and_whose_it_is() {
    let (dir, eid) = (tempfile::tempdir().unwrap(), EventId::from_random(7));
    old_ledger(dir.path(), eid).await;
    let ledger = Ledger::open(dir.path(), eid).await.unwrap();
    assert_eq!((ledger.top(), ledger.epoch()), (1, &Epoch::new(0, 7)));
    let state = async |native| {
        let record = ledger.view().record(Uid::new("x", native).id()).await.unwrap().unwrap();
        (record.state, record.veil)
    };
    let (person, held) = (Veil { person: true, ..Veil::default() }, Veil { held: true, ..Veil::default() });
    assert_eq!(state("1").await, (ItemState::Shown, Veil::default()));
    assert_eq!(state("2").await, (ItemState::Hidden, person));
    assert_eq!(state("3").await, (ItemState::Held, held));
    assert_eq!(state("5").await, (ItemState::Removed, Veil::default()));

    let newest = ledger.view().newest_of("tw", 3).await.unwrap();
    assert_eq!(newest.iter().map(|kept| kept.uid.as_str()).collect::<Vec<_>>(), ["x:4", "x:3", "x:2"]);
    let first = ledger.view().newest_of("tw", 9).await.unwrap().pop().unwrap();
    assert_eq!((first.author.as_str(), first.aliases.as_slice()), ("x:a", ["x:other".to_owned()].as_slice()));
    assert_eq!((first.when, first.counts.likes), (Micros(1), 2));

    let aside = ledger.view().pile(Pile::Held, &Which::default(), 9).await.unwrap();
    assert_eq!((aside.len(), aside[0].since, aside[0].verdict.as_deref()), (1, None, None));
    let sizes = ledger.view().sizes().await.unwrap();
    assert_eq!((sizes.held, sizes.hidden, sizes.reported, sizes.oldest), (1, 1, 0, Some(Micros(3))));
    let history = ledger.view().histories(&["x:a"]).await.unwrap()["x:a"];
    assert_eq!((history.shown, history.held, history.hidden), (1, 1, 1));

    let mut txn = ledger.begin().await.unwrap();
    txn.set_account("x:a", Account::Removed(GoneBy::Author), NOW).await.unwrap();
    let items = txn.items_to_do("x:a", Account::Removed(GoneBy::Author)).await.unwrap();
    assert_eq!(items.len(), 3);
}

#[tokio::test]
async fn an_upgraded_ledger_has_the_tables_of_a_new_one() {
    let tables = async |dir: &Path, eid| {
        drop(Ledger::open(dir, eid).await.unwrap());
        let mut conn = connect(&Ledger::path_in(dir, eid)).await;
        let mut found = Vec::new();
        for row in conn.fetch_all("SELECT name FROM sqlite_schema ORDER BY name").await.unwrap() {
            found.push(row.get::<String, _>(0));
        }
        for row in conn.fetch_all("SELECT name, type FROM pragma_table_info('item')").await.unwrap() {
            found.push(row.get::<String, _>(0) + " " + row.get::<&str, _>(1));
        }
        found.push(conn.fetch_one("PRAGMA user_version").await.unwrap().get::<i64, _>(0).to_string());
        found
    };
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let eid = EventId::from_random(7);
    old_ledger(old.path(), eid).await;
    assert_eq!(tables(old.path(), eid).await, tables(new.path(), eid).await);
}
