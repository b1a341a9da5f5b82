//! `perihelion check`: the settings in force, where each came from, and whether the servers answer and are fit.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use live::redis::RedisStore;
use tokio::time::Instant;

use crate::config::{ArchiveUrl, Config, LiveUrl};
use crate::data_dir::DataDir;
use crate::failure::{Failure, sentence};
use crate::wiring;

/// How long a server may take before it counts as away.
const SERVER_WAIT: Duration = Duration::from_secs(6);
const RETRY_EVERY: Duration = Duration::from_millis(250);

/// Prints the settings and tests what they name. The failure says how many tests failed; each has its own line.
pub(crate) async fn run(config: &Config) -> Result<(), Failure> {
    print_settings(config);
    let tests =
        [("data_dir", data_dir(config)), ("live", live(config).await), ("archive", archive(config).await)];
    println!("tests:");
    let mut failed = Vec::new();
    for (name, outcome) in &tests {
        match outcome {
            Ok(words) => println!("  {name:<10} ok      {words}"),
            Err(error) => {
                println!("  {name:<10} FAILED  {}", sentence(error));
                failed.push(*name);
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::Could(anyhow::anyhow!("check failed: {}", failed.join(", "))))
}

fn print_settings(config: &Config) {
    let path = config.file.path.display();
    match config.file.was_read {
        true => println!("settings from {path} and the environment:"),
        false => println!("there is no {path} here: settings from the environment and the defaults:"),
    }
    for setting in &config.effective {
        println!("  {:<26} {:<40} {}", setting.key, format!("{:?}", setting.shown), setting.origin);
    }
}

fn data_dir(config: &Config) -> Result<String> {
    let dir = DataDir::open(&config.data_dir)?;
    Ok(format!("{} can be written", dir.path().display()))
}

async fn live(config: &Config) -> Result<String> {
    let LiveUrl::Redis(url) = &config.live.url else {
        return Ok("embedded: the ledgers in the data directory".to_owned());
    };
    let store = RedisStore::connect(url.expose()).await.with_context(|| url.to_string())?;
    let deadline = Instant::now() + SERVER_WAIT;
    loop {
        match store.check().await {
            Ok(facts) => {
                let policy = facts.maxmemory_policy;
                return Ok(format!("{url} runs Redis {}, maxmemory-policy {policy}", facts.version));
            }
            Err(error) if error.class() == live::Class::Retry && Instant::now() < deadline => {
                tokio::time::sleep(RETRY_EVERY).await;
            }
            Err(error) => return Err(error).with_context(|| url.to_string()),
        }
    }
}

async fn archive(config: &Config) -> Result<String> {
    let archive = wiring::archive(config)?;
    let name = match &config.archive.url {
        ArchiveUrl::Embedded => "embedded: archive.sqlite in the data directory".to_owned(),
        ArchiveUrl::Postgres(url) => url.to_string(),
    };
    match tokio::time::timeout(SERVER_WAIT, archive.prepare()).await {
        Ok(prepared) => prepared.with_context(|| name.clone())?,
        Err(_) => bail!("{name}: no answer within {} s", SERVER_WAIT.as_secs()),
    }
    Ok(format!("{name}, schema up to date"))
}
