//! Data of the first version that was ever landed, and of one that is newer than this program.

use live::ledger::Ledger;
use model::{Epoch, EventId, Uid};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor};

use super::World;
use crate::commands::{done, up};

/// The ledger's tables as the first version made them.
const LEDGER_1: &str = include_str!("ledger_1.sql");
/// The archive's first migration, as it still is.
const ARCHIVE_1: &str = include_str!("../../../crates/archive/migrations/sqlite/0001_archive.sql");
const POSTS: u64 = 25;
/// How far the old archive had come.
const ARCHIVED: u64 = 10;

async fn connect(path: &std::path::Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .connect()
        .await
        .expect("SQLite opens a file")
}

fn item(n: u64) -> Value {
    json!({"uid": format!("onsite:{n}"), "network": "onsite", "source": "onsite", "rev": 0, "url": null,
        "when": 1_700_000_000_000_000_u64 + n * 1_000_000,
        "author": {"id": "guest:ada", "name": "Ada", "handle": "", "url": null, "avatar": null}, "title": null,
        "body": [format!("an old post {n}")], "lang": null, "cover": null, "reply_to": null, "quotes": null, "media": [],
        "card": null, "counts": {"boosts": 0, "likes": 0, "replies": 0}, "marks": [], "late": false, "retain": "archive"})
}

fn event() -> Value {
    json!({"slug": "rustfest", "title": "RustFest", "timezone": "UTC", "onsite": "open", "sources": ["page"]})
}

fn filing() -> Value {
    json!({"talk": null, "room": null, "state": "unsorted", "score": 0.0, "by": "rule", "reasons": []})
}

/// A data directory as the first version left it: settings, posts, one that waits.
async fn write_old(world: &World, eid: EventId) {
    std::fs::create_dir_all(world.data().join("live")).expect("a folder can be made");
    let mut ledger = connect(&Ledger::path_in(&world.data(), eid)).await;
    ledger.execute(LEDGER_1).await.expect("the first tables");
    sqlx::query("INSERT INTO meta VALUES (1, ?, ?, '{}', '', 0)")
        .bind(eid.as_str())
        .bind(Epoch::new(0, 7).as_str())
        .execute(&mut ledger)
        .await
        .expect("a row");
    let text = "slug = \"rustfest\"\ntitle = \"RustFest\"\nonsite = \"open\"\n";
    sqlx::query("INSERT INTO note VALUES ('event.toml', ?)")
        .bind(text)
        .execute(&mut ledger)
        .await
        .expect("a row");
    let event = event();
    let mut lines =
        vec![("event", json!({"seq": 1, "at": 1_700_000_000_000_000_u64, "kind": "event", "event": event}))];
    for n in 2..POSTS + 2 {
        let id = Uid::new("onsite", &n.to_string()).id();
        let words = json!({"item": item(n), "filing": filing()}).to_string();
        sqlx::query("INSERT INTO item VALUES (?, 'shown', 0, ?, ?, ?)")
            .bind(id.as_str())
            .bind(words)
            .bind(i64::try_from(n).expect("small"))
            .bind(format!("[{n}]"))
            .execute(&mut ledger)
            .await
            .expect("a row");
        let entry = json!({"seq": n, "at": 1_700_000_000_000_000_u64 + n, "kind": "post", "id": id, "first": n, "voids": [],
            "item": item(n), "filing": filing()});
        lines.push(("post", entry));
    }
    for (n, (kind, line)) in lines.iter().enumerate() {
        sqlx::query("INSERT INTO entry VALUES (?, ?, ?, '', ?)")
            .bind(i64::try_from(n + 1).expect("small"))
            .bind(format!("{n:016x}"))
            .bind(*kind)
            .bind(line.to_string())
            .execute(&mut ledger)
            .await
            .expect("a row");
    }
    ledger.close().await.expect("the ledger closes");
}

/// An archive as its first migration made it, in the middle of the log.
async fn write_old_archive(world: &World, eid: EventId) {
    let only = world.place.path().join("migrations");
    std::fs::create_dir_all(&only).expect("a folder can be made");
    std::fs::write(only.join("0001_archive.sql"), ARCHIVE_1).expect("a file");
    let mut migrator = sqlx::migrate::Migrator::new(only.as_path()).await.expect("one migration");
    migrator.dangerous_set_table_name("archive_migrations");
    let mut archive = connect(&world.data().join("archive.sqlite")).await;
    migrator.run(&mut archive).await.expect("the first migration");
    for n in 2..=ARCHIVED {
        sqlx::query(
            "INSERT INTO item (event, id, state, first, last, touched, at, said, network, author, photo, question, item, filing) \
             VALUES (?1, ?2, 'shown', ?3, ?3, ?3, ?4, ?5, 'onsite', 'guest:ada', 0, 0, ?6, ?7)",
        )
        .bind(eid.as_str())
        .bind(Uid::new("onsite", &n.to_string()).id().as_str())
        .bind(i64::try_from(n).expect("small"))
        .bind(1_700_000_000_000_000_i64)
        .bind(1_700_000_000_000_000_i64 + i64::try_from(n).expect("small") * 1_000_000)
        .bind(item(n).to_string())
        .bind(filing().to_string())
        .execute(&mut archive)
        .await
        .expect("a row");
    }
    sqlx::query("INSERT INTO event VALUES (?, ?)")
        .bind(eid.as_str())
        .bind(event().to_string())
        .execute(&mut archive)
        .await
        .expect("a row");
    sqlx::query("INSERT INTO log_cursor VALUES (?, ?, ?, '{}')")
        .bind(eid.as_str())
        .bind(Epoch::new(0, 7).as_str())
        .bind(i64::try_from(ARCHIVED).expect("small"))
        .execute(&mut archive)
        .await
        .expect("a row");
    archive.close().await.expect("the archive closes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_of_the_first_version_comes_along_whole_and_data_of_a_newer_one_is_refused_with_the_cure() {
    let world = World::new("embedded");
    let eid = EventId::from_random(9);
    write_old(&world, eid).await;
    write_old_archive(&world, eid).await;
    let mut running = up(&world.place);
    let found = world.exported("rustfest", usize::try_from(POSTS).expect("small")).join("\n");
    let lost: Vec<u64> =
        (2..POSTS + 2).filter(|n| !found.contains(&format!("\"an old post {n}\""))).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(world.say(eid.as_str(), "a new post").await.0, StatusCode::CREATED);
    running.end();
    done(world.place.run(&["backup", "saved"]));

    let mut ledger = connect(&Ledger::path_in(&world.data(), eid)).await;
    ledger.execute("PRAGMA user_version = 99").await.expect("a version can be set");
    ledger.close().await.expect("the ledger closes");
    let refused = world.place.run(&["up"]);
    assert!(refused.code == Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("newer version (schema 99") && refused.stderr.contains("upgrade the program"),
        "{refused:?}"
    );
}
