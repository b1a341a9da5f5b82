//! What happens to a Redis, and what readers see of it: nothing.

use crate::kit::{Event, Kind, PATIENCE, quick};
use crate::watcher::Watcher;
use live::redis::RedisStore;
use live::{Error, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use testkit::{Direction, Flow, Proxy};

/// The tail in Redis holds exactly what the ledger holds behind its base.
pub(crate) async fn tail_equals_ledger(event: &Event) {
    let deadline = Instant::now() + PATIENCE;
    let ledger = event.ledger();
    loop {
        let page = event.redis().tail(event.eid).read(0, 1_000).await;
        if let Ok(Some(page)) = page {
            let lines = ledger.view().lines(page.head.base, 1_000).await.unwrap();
            if page.head.top == ledger.top() && page.lines == lines && page.head.epoch == *ledger.epoch() {
                return;
            }
        }
        assert!(Instant::now() < deadline, "the tail becomes the ledger again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A watcher looks on while `accident` happens between two halves of a conversation.
async fn through(mut event: Event, accident: impl AsyncFnOnce(&mut Event)) -> Watcher {
    let watcher = Watcher::start(event.store(), event.eid).await;
    event.post_many(0..60).await;
    event.hide("7").await;
    event.sent().await;
    watcher.reaches(event.ledger().epoch(), 61).await;
    accident(&mut event).await;
    event.post_many(100..160).await;
    event.hide("8").await;
    tail_equals_ledger(&event).await;
    let top = event.ledger().top();
    watcher.reaches(event.ledger().epoch(), top).await;
    watcher.saw_each_once(1, top);
    assert_eq!(watcher.seen().begun_anew, 1, "the first look, and no other");
    let truth = event.ledger().view().fold().await.unwrap();
    assert_eq!(watcher.seen().fold, truth);
    let newcomer = Watcher::start(event.store(), event.eid).await;
    newcomer.reaches(event.ledger().epoch(), top).await;
    assert_eq!(newcomer.seen().ring, watcher.seen().ring);
    watcher
}

macro_rules! accident {
    ($name:ident, $accident:expr) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            if let Some(event) = Event::start(Kind::Redis).await {
                through(event, $accident).await;
            }
        }
    };
}

accident!(a_flushed_tail_is_written_anew, async |event: &mut Event| {
    assert_eq!(event.store().events().await.unwrap(), [event.listed()]);
    event.server().flushall().await;
    assert_eq!(event.store().events().await.unwrap(), [event.listed()], "an event is never unlisted");
    let newcomer = RedisStore::connect(&event.server().url()).await.unwrap();
    let deadline = Instant::now() + PATIENCE;
    while newcomer.events().await.unwrap().is_empty() {
        assert!(Instant::now() < deadline, "the directory is written again too");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
});

accident!(a_killed_server_comes_back, async |event: &mut Event| {
    event.server().kill9();
    event.post_many(60..80).await;
    event.server().restart().await;
});

accident!(a_torn_tail_is_written_anew, async |event: &mut Event| {
    let key = format!("live:{{{}}}:items", event.eid);
    event.server().command(&["RPOP", &key]).await.unwrap();
});

accident!(a_lost_key_is_written_anew, async |event: &mut Event| {
    let key = format!("live:{{{}}}:meta", event.eid);
    event.server().command(&["DEL", &key]).await.unwrap();
});

accident!(readers_hold_while_the_tail_is_rolled_back, async |event: &mut Event| {
    let snapshot = event.server().save_snapshot().await;
    event.post_many(60..90).await;
    event.remove("9").await;
    event.sent().await;
    event.server().restart_from(&snapshot).await;
});

accident!(scripts_are_told_again_to_a_server_that_forgot_them, async |event: &mut Event| {
    event.server().command(&["SCRIPT", "FLUSH"]).await.unwrap();
});

accident!(cut_connections_are_made_again, async |event: &mut Event| {
    event.server().client_kill_normal().await;
    event.server().client_kill_pubsub().await;
});

accident!(a_nozzle_that_died_in_the_middle_goes_on, async |event: &mut Event| {
    event.post_many(60..90).await;
    event.nozzle_dies();
    event.nozzle_starts().await;
});

accident!(a_nozzle_that_died_while_redis_was_flushed_goes_on, async |event: &mut Event| {
    event.nozzle_dies();
    event.server().flushall().await;
    event.nozzle_starts().await;
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_subscriptions_are_made_again() {
    let Some(mut event) = Event::start(Kind::Redis).await else { return };
    let log = event.store().log(event.eid).await.unwrap();
    event.server().client_kill_pubsub().await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let mut bell = log.bell();
    let mut fastest = Duration::MAX;
    for n in 0..10 {
        let began = Instant::now();
        event.post(&n.to_string(), "heard").await;
        bell.wait().await;
        fastest = fastest.min(began.elapsed());
        event.sent().await;
    }
    assert!(fastest < Duration::from_millis(250), "the bell rings again: {fastest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_whose_answer_was_lost_is_sent_again_without_harm() {
    let Some(mut event) = Event::start(Kind::Redis).await else { return };
    event.post_many(0..20).await;
    event.sent().await;
    let watcher = Watcher::start(event.store(), event.eid).await;
    // The nozzle moves behind a proxy that loses some of the server's answers.
    let upstream = format!("127.0.0.1:{}", event.server().port()).parse().unwrap();
    let proxy = Proxy::start(upstream).await.unwrap();
    let store = RedisStore::connect(&format!("redis://{}", proxy.address())).await.unwrap();
    event.nozzle_dies();
    let ledger = crate::kit::open(event.dir.path(), event.eid).await;
    let mut pushing = quick(&ledger, &store);
    pushing.owns().await;
    let chunks = AtomicU32::new(0);
    proxy.set(
        Direction::ToClient,
        Flow::Swallow(Arc::new(move |_| chunks.fetch_add(1, Ordering::Relaxed) % 3 == 1)),
    );
    for n in 20..40 {
        crate::kit::post(&ledger, &n.to_string(), 0, "said while answers are lost").await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    proxy.set(Direction::ToClient, Flow::Pass);
    for n in 40..80 {
        crate::kit::post(&ledger, &n.to_string(), 0, "said while connections are cut").await;
        if n % 10 == 5 {
            proxy.cut();
        }
    }
    pushing.sent(80).await;
    watcher.reaches(ledger.epoch(), 80).await;
    watcher.saw_each_once(1, 80);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accepting_goes_on_while_redis_is_away_but_does_not_begin() {
    let Some(mut event) = Event::start(Kind::Redis).await else { return };
    event.server().kill9();
    event.post_many(0..5).await;
    let lost_sight = event.pushing().standing.wait_for(|s| !s.is_reached);
    tokio::time::timeout(PATIENCE, lost_sight).await.unwrap().unwrap();
    assert!(event.pushing().standing.borrow().is_owner, "an owner stays one while Redis is away");

    event.nozzle_dies();
    let ledger = crate::kit::open(event.dir.path(), event.eid).await;
    let mut pushing = quick(&ledger, event.redis());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!pushing.standing.borrow().is_owner, "nobody becomes one");
    event.server().restart().await;
    pushing.sent(5).await;
}

#[tokio::test]
async fn a_server_that_throws_keys_away_is_refused() {
    let Some(server) = testkit::Redis::start_with(&["--maxmemory-policy", "allkeys-lru"]).await else {
        return;
    };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let refused = store.check().await;
    assert!(matches!(&refused, Err(Error::Unfit(why)) if why.contains("noeviction")), "{refused:?}");
    let nonsense = RedisStore::connect("http://127.0.0.1").await;
    assert!(matches!(nonsense, Err(Error::Unfit(_))));
}
