//! What `perihelion check` says about real servers: fit ones, unfit ones, absent ones, and wrong passwords, which
//! never print.

use testkit::{Postgres, Redis};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

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

/// Speaks just enough of Redis's protocol to say which version it is.
async fn redis_of_version(version: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free loopback port");
    let url = format!("redis://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer_as(version, socket));
        }
    });
    url
}

async fn answer_as(version: &str, socket: tokio::net::TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(socket);
    loop {
        let mut head = String::new();
        if lines.read_line(&mut head).await? == 0 {
            return Ok(());
        }
        let mut words = Vec::new();
        for _ in 0..head.trim().trim_start_matches('*').parse().unwrap_or(0) {
            let [mut length, mut word] = [String::new(), String::new()];
            lines.read_line(&mut length).await?;
            lines.read_line(&mut word).await?;
            words.push(word.trim().to_uppercase());
        }
        let answer = match words.first().map(String::as_str) {
            Some("INFO") => {
                let info = format!("redis_version:{version}\r\nmaxmemory_policy:noeviction\r\n");
                format!("${}\r\n{info}\r\n", info.len())
            }
            Some("PING") => "+PONG\r\n".to_owned(),
            _ => "+OK\r\n".to_owned(),
        };
        lines.write_all(answer.as_bytes()).await?;
    }
}

#[tokio::test]
async fn redis_that_is_too_old_is_refused_with_both_versions() {
    let url = redis_of_version("6.2.14").await;
    refused(
        &check(live(&url)).await,
        &["live", "FAILED", "Redis 7 or newer is needed, the server runs 6.2.14"],
    );
}

#[tokio::test]
async fn postgres_of_a_newer_version_is_refused_with_both_versions() {
    let Some(postgres) = Postgres::shared().await else { return };
    let database = postgres.create_database().await;
    assert_eq!(check(archive(&database)).await.code, Some(0), "the check makes the schema");
    let later = "INSERT INTO archive_migrations SELECT 99, 'later', installed_on, success, checksum, execution_time \
                 FROM archive_migrations LIMIT 1";
    postgres.execute(&database, later).await.expect("a later migration can be noted");
    refused(&check(archive(&database)).await, &["archive", "FAILED", "newer perihelion (schema 99"]);
}
