//! What happens when PostgreSQL goes away in the middle.

use std::sync::Arc;
use std::time::{Duration, Instant};

use archive::{Class, Error, Query, Scope, Settings, open};
use testkit::{Direction, Flow, Postgres, Proxy};

use crate::common::{batch, cursor, event, id, plain_post};

fn settings(url: String) -> Settings {
    Settings { url, data_dir: "/nonexistent".into(), statement_cache: true }
}

#[tokio::test]
async fn stopped_server_is_said_to_be_away_and_found_again() {
    let Some(mut server) = Postgres::start().await else { return };
    let archive = open(&settings(server.create_database().await)).unwrap();
    archive.prepare().await.unwrap();
    archive.write(batch(event(), None, vec![plain_post(1)])).await.unwrap();

    server.stop_immediate();
    let started = Instant::now();
    let read = archive.item(event(), id(1)).await.unwrap_err();
    let write = archive.write(batch(event(), Some(cursor(1)), vec![plain_post(2)])).await.unwrap_err();
    assert_eq!((read.class(), write.class()), (Class::Retry, Class::Retry), "{read} / {write}");
    assert!(started.elapsed() < Duration::from_secs(7), "a page waits {:?}", started.elapsed());

    server.start_again().await;
    let deadline = Instant::now() + Duration::from_secs(60);
    // The newest commit may be lost with the server, but then rows and cursor are lost together: whoever reads the
    // cursor again goes on from what is really there.
    let mut from = None;
    while from.as_ref() != Some(&cursor(2)) {
        assert!(Instant::now() < deadline, "stuck at {from:?}");
        let Ok(found) = archive.cursor(event()).await else { continue };
        from = found;
        let after = from.as_ref().map_or(0, |cursor| cursor.position.seq);
        let entries: Vec<_> = (after + 1..=2).map(plain_post).collect();
        if !entries.is_empty()
            && let Err(error) = archive.write(batch(event(), from.clone(), entries)).await
        {
            assert_eq!(error.class(), Class::Retry, "{error}");
        }
    }
    assert_eq!(archive.items(event(), &Query::new(Scope::Event)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn archive_opens_while_its_server_is_down() {
    let archive = open(&settings("postgres://nobody@127.0.0.1:1/nothing".into())).unwrap();
    let error = archive.prepare().await.unwrap_err();
    assert_eq!(error.class(), Class::Retry, "{error}");
    assert_eq!(archive.events().await.unwrap_err().class(), Class::Retry);
}

#[tokio::test]
async fn unprepared_database_is_worth_a_later_try() {
    let Some(server) = Postgres::shared().await else { return };
    let archive = open(&settings(server.create_database().await)).unwrap();
    assert_eq!(archive.events().await.unwrap_err().class(), Class::Retry);
}

#[tokio::test]
async fn commit_whose_answer_is_lost_is_not_done_twice() {
    let Some(server) = Postgres::shared().await else { return };
    let direct = server.create_database().await;
    let proxy = Proxy::start(([127, 0, 0, 1], server.port()).into()).await.unwrap();
    let through = direct.replace(&server.port().to_string(), &proxy.address().port().to_string());
    let (witness, archive) = (open(&settings(direct)).unwrap(), open(&settings(through)).unwrap());
    archive.prepare().await.unwrap();
    archive.write(batch(event(), None, vec![plain_post(1)])).await.unwrap();

    let commit_answer = |chunk: &[u8]| chunk.windows(7).any(|bytes| bytes == b"COMMIT\0");
    proxy.set(Direction::ToClient, Flow::Swallow(Arc::new(commit_answer)));
    let unanswered = Arc::clone(&archive);
    let write =
        tokio::spawn(
            async move { unanswered.write(batch(event(), Some(cursor(1)), vec![plain_post(2)])).await },
        );
    while witness.cursor(event()).await.unwrap() != Some(cursor(2)) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    proxy.cut();
    let error = write.await.unwrap().unwrap_err();
    assert_eq!(error.class(), Class::Retry, "{error}");

    proxy.set(Direction::ToClient, Flow::Pass);
    assert_eq!(archive.cursor(event()).await.unwrap(), Some(cursor(2)), "it was done");
    let again = archive.write(batch(event(), Some(cursor(1)), vec![plain_post(2)])).await.unwrap_err();
    assert!(matches!(again, Error::Moved), "{again}");
    archive.write(batch(event(), Some(cursor(2)), vec![plain_post(3)])).await.unwrap();
    assert_eq!(witness.items(event(), &Query::new(Scope::Event)).await.unwrap().len(), 3);
}

#[tokio::test]
async fn silent_server_costs_a_reader_seconds_and_not_for_ever() {
    let Some(server) = Postgres::shared().await else { return };
    let direct = server.create_database().await;
    let proxy = Proxy::start(([127, 0, 0, 1], server.port()).into()).await.unwrap();
    let through = direct.replace(&server.port().to_string(), &proxy.address().port().to_string());
    let archive = open(&settings(through)).unwrap();
    archive.prepare().await.unwrap();
    archive.ping().await.unwrap();
    proxy.set_both(Flow::BlackHole);
    let started = Instant::now();
    assert_eq!(archive.ping().await.unwrap_err().class(), Class::Retry);
    assert!(started.elapsed() < Duration::from_secs(7), "{:?}", started.elapsed());
    proxy.set_both(Flow::Pass);
    let deadline = Instant::now() + Duration::from_secs(60);
    while archive.ping().await.is_err() {
        assert!(Instant::now() < deadline, "the archive does not come back");
    }
}
