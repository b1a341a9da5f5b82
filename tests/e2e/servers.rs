//! What `perihelion check` says about real servers: fit ones, unfit ones, absent ones, and wrong passwords, which
//! never print.

use testkit::{Postgres, Redis};

use crate::program::{Ended, Place};

const PASSWORD: &str = "hunter2-canary";

async fn check(settings: String) -> Ended {
    let run = move || {
        let place = Place::new();
        place.write("perihelion.toml", &settings);
        place.run(&["check"])
    };
    tokio::task::spawn_blocking(run).await.expect("the run does not panic")
}

fn live(url: &str) -> String {
    format!("[live]\nurl = \"{url}\"\n")
}

fn archive(url: &str) -> String {
    format!("[archive]\nurl = \"{url}\"\n")
}

#[track_caller]
fn refused(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for word in words {
        assert!(ended.stdout.contains(word), "{word:?} is missing: {ended:?}");
    }
    assert!(!format!("{ended:?}").contains(PASSWORD), "the password prints: {ended:?}");
}

#[tokio::test]
async fn fit_servers_pass_the_check() {
    let (Some(redis), Some(postgres)) = (Redis::start().await, Postgres::shared().await) else { return };
    let database = postgres.create_database().await;
    let ended = check(live(&redis.url()) + &archive(&database)).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("Redis 7") && ended.stdout.contains("schema up to date"), "{ended:?}");
}

#[tokio::test]
async fn evicting_redis_is_refused_with_the_cure() {
    let Some(redis) = Redis::start().await else { return };
    redis
        .command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"])
        .await
        .expect("Redis takes the setting");
    refused(&check(live(&redis.url())).await, &["live", "FAILED", "maxmemory-policy noeviction"]);
}

#[tokio::test]
async fn redis_that_is_away_is_named() {
    let url = format!("redis://127.0.0.1:{}", testkit::free_port());
    refused(&check(live(&url)).await, &["live", "FAILED", &url]);
}

#[tokio::test]
async fn wrong_redis_password_is_said_and_not_shown() {
    let Some(redis) = Redis::start().await else { return };
    redis.command(&["CONFIG", "SET", "requirepass", "right"]).await.expect("Redis takes the setting");
    let url = format!("redis://:{PASSWORD}@127.0.0.1:{}", redis.port());
    refused(&check(live(&url)).await, &["live", "FAILED", "****", "WRONGPASS"]);
}

#[tokio::test]
async fn postgres_that_is_away_or_lacks_the_database_is_named() {
    let url = format!("postgres://u:{PASSWORD}@127.0.0.1:{}/d", testkit::free_port());
    refused(&check(archive(&url)).await, &["archive", "FAILED", "postgres://u:****@127.0.0.1"]);
    let Some(postgres) = Postgres::shared().await else { return };
    refused(&check(archive(&postgres.database_url("nowhere"))).await, &["\"nowhere\" does not exist"]);
}

#[tokio::test]
async fn postgres_without_rights_is_refused() {
    let Some(postgres) = Postgres::shared().await else { return };
    let database = postgres.create_database().await;
    // Since PostgreSQL 15 nobody but the owner may create tables.
    let sql = format!("CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'");
    postgres.execute(&database, &sql).await.expect("a role can be made");
    let as_guest = database.replacen("perihelion@", &format!("guest:{PASSWORD}@"), 1);
    refused(&check(archive(&as_guest)).await, &["archive", "FAILED", "permission denied"]);
}

#[tokio::test]
async fn postgres_that_is_read_only_is_refused() {
    let Some(postgres) = Postgres::shared().await else { return };
    let database = postgres.create_database().await;
    let name =
        database.rsplit('/').next().and_then(|rest| rest.split('?').next()).expect("the address names it");
    let sql = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    postgres.execute(&postgres.url(), &sql).await.expect("a database can be set");
    refused(&check(archive(&database)).await, &["archive", "FAILED", "read-only"]);
}
