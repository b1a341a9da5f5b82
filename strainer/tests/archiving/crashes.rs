//! Strainers that die, and strainers too many.

use std::sync::Arc;
use std::time::Duration;

use archive::Archive;
use testkit::Postgres;

use crate::common::{World, archive_at, archived_up_to, stop, strain};

/// Runs a strainer in a runtime of its own and drops that at any moment: what a killed process leaves behind.
fn run_and_die(world: &World, url: &str, life: Duration) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let archive = archive_at(url, &world.dir);
        let _running = strain(world.parts(&archive));
        tokio::time::sleep(life).await;
    });
    runtime.shutdown_background();
}

async fn dies_at_any_moment(world: World, url: String) {
    let archive = archive_at(&url, &world.dir);
    archive.prepare().await.unwrap();
    let world = Arc::new(world);
    for round in 0..12_u64 {
        world.say(90).await;
        let (doomed, url) = (Arc::clone(&world), url.clone());
        let life = Duration::from_millis(round * 37 % 150);
        tokio::task::spawn_blocking(move || run_and_die(&doomed, &url, life)).await.unwrap();
    }
    let shutdown = strain(world.parts(&archive));
    world.assert_archived(&archive).await;
    stop(shutdown).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_strainer_goes_on_from_what_is_committed_in_sqlite() {
    dies_at_any_moment(World::new().await, "embedded".into()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_strainer_goes_on_from_what_is_committed_in_postgres() {
    let Some(server) = Postgres::shared().await else { return };
    dies_at_any_moment(World::new().await, server.create_database().await).await;
}

async fn two_at_once(world: World, one: Arc<dyn Archive>, two: Arc<dyn Archive>) {
    let (first, second) = (strain(world.parts(&one)), strain(world.parts(&two)));
    for _ in 0..40 {
        world.say(20).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.assert_archived(&one).await;
    stop(first).await;
    world.say(20).await;
    world.assert_archived(&two).await;
    stop(second).await;
}

#[tokio::test]
async fn two_strainers_by_mistake_archive_everything_once_in_sqlite() {
    let world = World::new().await;
    let (one, two) = (world.archive(), world.archive());
    two_at_once(world, one, two).await;
}

#[tokio::test]
async fn two_strainers_by_mistake_archive_everything_once_in_postgres() {
    let Some(server) = Postgres::shared().await else { return };
    let world = World::new().await;
    let url = server.create_database().await;
    let (one, two) = (archive_at(&url, &world.dir), archive_at(&url, &world.dir));
    two_at_once(world, one, two).await;
}

#[tokio::test]
async fn stopped_database_is_waited_for_and_caught_up_with() {
    let Some(mut server) = Postgres::start().await else { return };
    let world = World::new().await;
    let archive = archive_at(&server.create_database().await, &world.dir);
    let parts = world.parts(&archive);
    let readiness = parts.readiness.clone();
    let shutdown = strain(parts);
    world.say(100).await;
    archived_up_to(&archive, 100).await;

    server.stop_immediate();
    for _ in 0..10 {
        world.say(100).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(!readiness.is_ready(), "a strainer without its archive is not ready");
    server.start_again().await;
    world.assert_archived(&archive).await;
    assert!(readiness.is_ready(), "{:?}", readiness.parts());
    stop(shutdown).await;
}
