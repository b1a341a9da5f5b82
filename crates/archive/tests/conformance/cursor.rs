//! Rows and cursor move together, from one writer at a time.

use std::sync::Arc;
use std::time::Duration;

use archive::{Class, Error, Scope};

use crate::common::{World, batch, cursor, event, id, plain_post};

pub(crate) async fn cursor_moves_only_from_where_the_writer_believed_it(world: &World) {
    let archive = &world.archive;
    assert_eq!(archive.cursor(event()).await.unwrap(), None);
    archive.write(batch(event(), None, vec![plain_post(1), plain_post(2)])).await.unwrap();
    assert_eq!(archive.cursor(event()).await.unwrap(), Some(cursor(2)));

    let again = archive.write(batch(event(), None, vec![plain_post(1), plain_post(2)])).await.unwrap_err();
    assert!(matches!(again, Error::Moved) && again.class() == Class::Retry, "{again}");
    let elsewhere = archive.write(batch(event(), Some(cursor(1)), vec![plain_post(3)])).await.unwrap_err();
    assert!(matches!(elsewhere, Error::Moved), "{elsewhere}");
    assert!(archive.item(event(), id(3)).await.unwrap().is_none(), "a refused batch leaves no rows");

    archive.write(batch(event(), Some(cursor(2)), vec![plain_post(3)])).await.unwrap();
    assert_eq!(archive.cursor(event()).await.unwrap(), Some(cursor(3)));
}

pub(crate) async fn failure_between_rows_and_cursor_leaves_neither(world: &World) {
    world.write(event(), vec![plain_post(1)]).await;
    // The cursor moves first, then rows are written: this fails the second step.
    let refuse = if world.is_postgres() {
        format!("ALTER TABLE item ADD CONSTRAINT refused CHECK (id <> '{}')", id(3))
    } else {
        format!(
            "CREATE TRIGGER refused BEFORE INSERT ON item WHEN NEW.id = '{}' BEGIN SELECT RAISE(ABORT, 'refused'); END",
            id(3)
        )
    };
    world.sql(&refuse).await;
    let entries = vec![plain_post(2), plain_post(3)];
    let error = world.archive.write(batch(event(), Some(cursor(1)), entries.clone())).await.unwrap_err();
    assert_eq!(error.class(), Class::Fatal, "{error}");
    assert_eq!(world.archive.cursor(event()).await.unwrap(), Some(cursor(1)));
    assert!(world.archive.item(event(), id(2)).await.unwrap().is_none());

    let allow =
        if world.is_postgres() { "ALTER TABLE item DROP CONSTRAINT refused" } else { "DROP TRIGGER refused" };
    world.sql(allow).await;
    world.archive.write(batch(event(), Some(cursor(1)), entries)).await.unwrap();
    assert_eq!(world.archive.cursor(event()).await.unwrap(), Some(cursor(3)));
}

pub(crate) async fn two_writers_never_archive_an_entry_twice(world: &World) {
    const ENTRIES: u64 = 200;
    let run = |archive: Arc<dyn archive::Archive>| async move {
        let mut written = 0;
        loop {
            let from = archive.cursor(event()).await.unwrap();
            let after = from.as_ref().map_or(0, |cursor| cursor.position.seq);
            if after == ENTRIES {
                return written;
            }
            let entries: Vec<_> = (after + 1..=(after + 7).min(ENTRIES)).map(plain_post).collect();
            let count = entries.len() as u64;
            match archive.write(batch(event(), from, entries)).await {
                Ok(()) => written += count,
                Err(error) => assert_eq!(error.class(), Class::Retry, "{error}"),
            }
        }
    };
    let (one, two) = tokio::join!(
        tokio::spawn(run(Arc::clone(&world.archive))),
        tokio::spawn(run(Arc::clone(&world.other)))
    );
    assert_eq!(one.unwrap() + two.unwrap(), ENTRIES, "each entry was archived by exactly one of the two");
    let items = world.archive.items(event(), &archive::Query::new(Scope::Event)).await.unwrap();
    assert_eq!(items.len() as u64, ENTRIES);
}

pub(crate) async fn write_survives_a_caller_that_goes_away(world: &World) {
    for seq in 1..=30 {
        let from = (seq > 1).then(|| cursor(seq - 1));
        let write = world.archive.write(batch(event(), from, vec![plain_post(seq)]));
        // Dropped at a different step each time.
        tokio::time::timeout(Duration::from_micros(seq * 100), write).await.ok();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        while world.archive.cursor(event()).await.unwrap() != Some(cursor(seq)) {
            if tokio::time::Instant::now() > deadline {
                panic!("the write of {seq} was lost with its caller");
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

pub(crate) async fn readdressed_cursor_fails_an_open_batch(world: &World) {
    world.write(event(), vec![plain_post(1)]).await;
    let mut renamed = archive::Cursor::new("9.00000000000000b2".parse().unwrap(), 1);
    renamed.line.insert(cursor(1).position.epoch, 1);
    world.other.move_cursor(event(), cursor(1), renamed.clone()).await.unwrap();
    let error = world.archive.write(batch(event(), Some(cursor(1)), vec![plain_post(2)])).await.unwrap_err();
    assert!(matches!(error, Error::Moved), "{error}");
    assert_eq!(world.archive.cursor(event()).await.unwrap(), Some(renamed));
    let again = world.other.move_cursor(event(), cursor(1), cursor(5)).await.unwrap_err();
    assert!(matches!(again, Error::Moved), "{again}");
}

pub(crate) async fn schema_of_a_newer_program_is_refused_with_a_sentence(world: &World) {
    world
        .sql(
            "INSERT INTO archive_migrations (version, description, success, checksum, execution_time)
             SELECT 9999, 'from the future', success, checksum, 0 FROM archive_migrations LIMIT 1",
        )
        .await;
    for _ in 0..2 {
        let error = world.other.prepare().await.unwrap_err();
        assert_eq!(error.class(), Class::Fatal);
        assert!(error.to_string().contains("written by a newer perihelion (schema 9999"), "{error}");
    }
}

pub(crate) async fn preparing_twice_changes_nothing(world: &World) {
    world.write(event(), vec![plain_post(1)]).await;
    let (one, two) = tokio::join!(world.archive.prepare(), world.other.prepare());
    one.unwrap();
    two.unwrap();
    world.archive.ping().await.unwrap();
    assert!(world.archive.item(event(), id(1)).await.unwrap().is_some());
}
