//! Following a tail in Redis.

use std::sync::Arc;
use std::time::Duration;

use archive::Archive;
use async_trait::async_trait;
use chassis::Readiness;
use live::ledger::LedgerView;
use live::push::{Claim, Pusher};
use live::redis::RedisStore;
use live::{Page, Store};
use model::{EventId, Seq};
use strainer::{History, HistoryError, Parts};
use testkit::{Postgres, Redis};
use tokio_util::sync::CancellationToken;

use crate::common::{World, archive_at, archived_up_to, eid, event_ref, stop, strain};

/// The nozzle's answer to "lines below base", asked in the same process.
struct WholeLedger(LedgerView);

#[async_trait]
impl History for WholeLedger {
    async fn lines(&self, event: EventId, after: Seq, max: usize) -> Result<Page, HistoryError> {
        assert_eq!(event, eid());
        self.0.page(after, max).await.map_err(|error| HistoryError { why: error.to_string(), may_pass: true })
    }
}

struct Pushed {
    world: World,
    store: Arc<RedisStore>,
    stop: CancellationToken,
}

/// A ledger whose tail in Redis begins behind `trim`.
async fn pushed(redis: &Redis, entries: u64, trim: Seq) -> Pushed {
    let world = World::new().await;
    for _ in 0..entries / 100 {
        world.say(100).await;
    }
    world.ledger.set_trim(trim).await.unwrap();
    let store = Arc::new(RedisStore::connect(&redis.url()).await.unwrap());
    store.publish(&event_ref()).await.unwrap();
    let stop = CancellationToken::new();
    // Nobody else can own this event, so there is no need to look for an owner first.
    let claim = Claim::with_times(world.ledger.place(), true, Duration::ZERO, Duration::from_secs(20));
    let pusher = Pusher::with_claim(world.ledger.clone(), store.tail(eid()), claim);
    tokio::spawn(pusher.run(stop.clone()));
    Pushed { world, store, stop }
}

impl Pushed {
    fn parts(&self, archive: &Arc<dyn Archive>) -> Parts {
        let store: Arc<dyn Store> = Arc::<RedisStore>::clone(&self.store);
        let history: Arc<dyn History> = Arc::new(WholeLedger(self.world.ledger.view().clone()));
        Parts { store, archive: Arc::clone(archive), history: Some(history), readiness: Readiness::default() }
    }
}

async fn empty_archive_reads_what_the_tail_no_longer_holds(pushed: &Pushed, archive: Arc<dyn Archive>) {
    let shutdown = strain(pushed.parts(&archive));
    pushed.world.assert_archived(&archive).await;
    let tail = pushed.store.log(eid()).await.unwrap().read(0, 1).await.unwrap().unwrap();
    assert_eq!(tail.head.base, 700, "the tail really begins later");
    pushed.world.say(100).await;
    pushed.world.assert_archived(&archive).await;
    stop(shutdown).await;
    pushed.stop.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_below_the_tail_come_from_the_ledger_into_sqlite() {
    let Some(redis) = Redis::start().await else { return };
    let pushed = pushed(&redis, 1_500, 700).await;
    let archive = pushed.world.archive();
    empty_archive_reads_what_the_tail_no_longer_holds(&pushed, archive).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_below_the_tail_come_from_the_ledger_into_postgres() {
    let Some(redis) = Redis::start().await else { return };
    let Some(server) = Postgres::shared().await else { return };
    let pushed = pushed(&redis, 1_500, 700).await;
    let archive = archive_at(&server.create_database().await, &pushed.world.dir);
    empty_archive_reads_what_the_tail_no_longer_holds(&pushed, archive).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flush_and_rollback_of_redis_lose_and_repeat_nothing() {
    let Some(mut redis) = Redis::start().await else { return };
    let pushed = pushed(&redis, 300, 0).await;
    let archive = pushed.world.archive();
    let shutdown = strain(pushed.parts(&archive));
    archived_up_to(&archive, 300).await;
    let snapshot = redis.save_snapshot().await;
    pushed.world.say(100).await;
    archived_up_to(&archive, 400).await;

    redis.restart_from(&snapshot).await;
    pushed.world.say(100).await;
    pushed.world.assert_archived(&archive).await;
    redis.flushall().await;
    pushed.store.publish(&event_ref()).await.unwrap();
    pushed.world.say(100).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    pushed.world.assert_archived(&archive).await;
    stop(shutdown).await;
    pushed.stop.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_is_told_how_far_the_archive_is() {
    let Some(redis) = Redis::start().await else { return };
    let pushed = pushed(&redis, 300, 0).await;
    let archive = pushed.world.archive();
    let shutdown = strain(pushed.parts(&archive));
    archived_up_to(&archive, 300).await;
    let told = loop {
        if let Some(position) = pushed.store.tail(eid()).archived().await.unwrap() {
            break position;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!((told.epoch, told.seq), (pushed.world.ledger.epoch().clone(), 300));
    stop(shutdown).await;
    pushed.stop.cancel();
}
