//! Items a second from a full ledger into the tail of a real Redis, through the script that production runs.

use std::time::{Duration, Instant};

use anyhow::anyhow;
use chassis::clock::Clock;
use live::ledger::Ledger;
use live::push::Pusher;
use live::redis::RedisStore;
use model::{EventId, Micros};
use tokio_util::sync::CancellationToken;

use crate::figures::{Aim, Figures};
use crate::posts;

const ITEMS: usize = 100_000;
const WAIT_MAX: Duration = Duration::from_secs(120);

pub(crate) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let Some(redis) = testkit::Redis::start().await else {
        figures.skip("push to Redis", "redis-server is not installed");
        return Ok(());
    };
    let dir = tempfile::tempdir()?;
    let now = Micros(Clock::real().now());
    let ledger = Ledger::open(dir.path(), EventId::from_random(3)).await?;
    let filled = nozzle::bench::accept(ledger.clone(), posts::setup(now)?, posts::drafts(ITEMS, now)).await;
    filled.map_err(|why| anyhow!("filling the ledger: {why}"))?;

    let store = RedisStore::connect(&redis.url()).await?;
    let pusher = Pusher::new(ledger.clone(), store.tail(ledger.eid()));
    let mut standing = pusher.standing();
    let stop = CancellationToken::new();
    let running = tokio::spawn(pusher.run(stop.clone()));
    let sent_before = standing.wait_for(|s| s.is_owner).await?.sent;
    let began = Instant::now();
    let top = ledger.top();
    tokio::time::timeout(WAIT_MAX, standing.wait_for(|s| s.sent >= top)).await??;
    let took = began.elapsed();
    stop.cancel();
    let _told_to_stop = running.await?;
    let rate = (top - sent_before) as f64 / took.as_secs_f64();
    figures.tell("pushed to Redis", rate, "items/s", Aim::AtLeast(50_000.0));
    Ok(())
}
