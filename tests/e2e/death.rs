//! The recorded conference again, slowly, while everything that can die dies: nothing is lost, nothing comes twice.

use crate::product::{EVENT, Product, Stores};
use crate::real_input::{ITEMS, export, network, source, wait_quiet};
use crate::witness::{Watchers, judge};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::time::{Duration, Instant};

/// How long the conference takes.
const LENGTH: Duration = Duration::from_secs(75);
const POSTGRES_AWAY: Duration = Duration::from_secs(20);
/// At most this long after each quarter, so that every run hits other moments.
const OFFSET_MAX: Duration = Duration::from_secs(6);

/// What happens to the product.
#[derive(Clone, Copy, Debug)]
enum Blow {
    Kill(&'static str),
    KillRedis,
    SaveRedis,
    RollBackRedis,
    FlushRedis,
    StopPostgres,
    StartPostgres,
}

/// When each blow falls, in order.
fn plan(product: &Product, seed: u64) -> Vec<(Duration, Blow)> {
    let mut dice = SmallRng::seed_from_u64(seed);
    let mut at = |share: f64| LENGTH.mul_f64(share) + OFFSET_MAX.mul_f64(dice.random());
    let mut plan = Vec::new();
    let mortal = product.roles().iter().filter(|role| **role != "site");
    for role in mortal {
        plan.extend([0.25, 0.5, 0.75].map(|share| (at(share), Blow::Kill(role))));
    }
    if product.servers.is_some() {
        let away = at(0.3);
        plan.extend([(away, Blow::StopPostgres), (away + POSTGRES_AWAY, Blow::StartPostgres)]);
        plan.extend([
            (at(0.1), Blow::SaveRedis),
            (at(0.2), Blow::KillRedis),
            (at(0.45), Blow::RollBackRedis),
            (at(0.65), Blow::FlushRedis),
        ]);
    }
    plan.sort_by_key(|(when, _)| *when);
    plan
}

async fn strike(product: &mut Product, blow: Blow, snapshot: &mut Option<testkit::RedisSnapshot>) {
    if let Blow::Kill(role) = blow {
        return product.kill_and_restart(role);
    }
    let servers = product.servers.as_mut().expect("only the daemons have servers");
    match blow {
        Blow::Kill(_) => {}
        Blow::SaveRedis => *snapshot = Some(servers.redis.save_snapshot().await),
        Blow::KillRedis => {
            servers.redis.kill9();
            servers.redis.restart().await;
        }
        Blow::RollBackRedis => {
            let old = snapshot.as_ref().expect("it was saved before");
            servers.redis.restart_from(old).await;
        }
        Blow::FlushRedis => servers.redis.flushall().await,
        Blow::StopPostgres => {
            servers.postgres.stop_immediate();
            newcomer_sees_the_live_page(product).await;
        }
        Blow::StartPostgres => servers.postgres.start_again().await,
    }
}

/// Somebody opens the live page while PostgreSQL is away: it is there, with items, and its position.
async fn newcomer_sees_the_live_page(product: &Product) {
    let deadline = Instant::now() + POSTGRES_AWAY * 3 / 4;
    loop {
        let (status, page) = product.get(&format!("/{EVENT}")).await;
        if status == 200 && page.contains("data-id=") {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "the live page answers {status} without PostgreSQL:\n{}",
            product.output()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn everything_dies(stores: Stores) {
    let _alone = crate::product::alone().await;
    let seed =
        std::env::var("PERIHELION_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or_else(rand::random);
    eprintln!("PERIHELION_SEED={seed}");
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let Some(network) = network(dir.path(), "x2", Some(LENGTH.as_secs_f64())).await else { return };
    let Some(mut product) = Product::start(stores, &source("x2", &network.url)).await else { return };
    let watchers = Watchers::start(&product);
    let (start, mut snapshot) = (Instant::now(), None);
    for (when, blow) in plan(&product, seed) {
        tokio::time::sleep(when.saturating_sub(start.elapsed())).await;
        eprintln!("{:5.1} s: {blow:?}", start.elapsed().as_secs_f64());
        strike(&mut product, blow, &mut snapshot).await;
    }
    product.wait_ready().await;
    let top = wait_quiet(&product, &network).await;
    watchers.wait_top(top, Duration::from_secs(60)).await;
    let export = export(&product).await;
    judge(&network.journal, &watchers.files(), &export, None, ITEMS);
    crate::one_truth::check(&mut product).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_up_is_killed_three_times() {
    everything_dies(Stores::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_every_daemon_and_server_dies() {
    everything_dies(Stores::Servers).await;
}
