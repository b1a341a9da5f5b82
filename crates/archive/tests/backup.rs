//! What is saved of an archive in PostgreSQL comes back into another database, and into none that has people of its own; and an event
//! that is forgotten leaves no row.

use archive::{Settings, backup};
use model::EventId;
use sqlx::{Connection as _, PgConnection, Row as _};
use testkit::Postgres;

async fn settings(postgres: &Postgres) -> Settings {
    let url = postgres.create_database().await;
    let settings = Settings { url, data_dir: "/nowhere".into(), statement_cache: true };
    archive::open(&settings).unwrap().prepare().await.unwrap();
    settings
}

async fn rows(settings: &Settings) -> Vec<String> {
    let mut connection = PgConnection::connect(&settings.url).await.unwrap();
    let mut found = Vec::new();
    for query in [
        "SELECT row_to_json(t)::text FROM site_account t ORDER BY id",
        "SELECT row_to_json(t)::text FROM site_grant t ORDER BY account, event",
        "SELECT row_to_json(t)::text FROM site_audit t ORDER BY n",
        "SELECT row_to_json(t)::text FROM site_version t",
    ] {
        let told = sqlx::query(query).fetch_all(&mut connection).await.unwrap();
        found.extend(told.iter().map(|row| row.get::<String, _>(0)));
    }
    found
}

const AUDIT: &str = "INSERT INTO site_audit (at, event, account, who, verb, object, sentence, undo, undone) \
     VALUES (5, 'k3f9q2m7', 'a1', 'owner:ada', 'hide', 'x', E'It said \"no\"\\nand \\\\ more.', '', 0)";

#[tokio::test]
async fn people_and_audit_come_back_row_by_row_and_numbers_go_on() {
    let Some(postgres) = Postgres::shared().await else { return };
    let (from, to, dir) =
        (settings(&postgres).await, settings(&postgres).await, tempfile::tempdir().unwrap());
    let event = EventId::from_random(5);
    postgres
        .execute(&from.url, "INSERT INTO site_account VALUES ('a1', 'ada', 'Ada Ünïcode', 'hash', 0, 7)")
        .await
        .unwrap();
    let grant = format!("INSERT INTO site_grant VALUES ('a1', '{event}', 'organiser')");
    postgres.execute(&from.url, &grant).await.unwrap();
    for _ in 0..3 {
        postgres.execute(&from.url, AUDIT).await.unwrap();
    }
    let saved = backup::save(&from, dir.path()).await.unwrap();
    assert_eq!(saved.file, Some(backup::PEOPLE_FILE));
    assert!(saved.schema >= 15, "{saved:?}");
    let file = dir.path().join(backup::PEOPLE_FILE);
    assert!(backup::load_people(&to, &file).await.unwrap());
    assert_eq!(rows(&to).await, rows(&from).await);
    postgres.execute(&to.url, AUDIT).await.unwrap();
    assert_eq!(rows(&to).await.len(), rows(&from).await.len() + 1, "the next line has a number of its own");
    assert!(!backup::load_people(&to, &file).await.unwrap(), "a database that has people keeps them");

    archive::open(&to).unwrap().forget(event).await.unwrap();
    let left = rows(&to).await.join("\n");
    assert!(!left.contains("organiser") && left.contains("Ada"), "{left}");
}
