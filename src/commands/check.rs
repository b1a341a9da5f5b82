//! `perihelion check`: the settings in force, where each came from, and whether the servers answer and are fit.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use chassis::process::connections_max;
use live::redis::RedisStore;
use model::event::EventFile;
use nozzle::sources::{self, process_env};
use tokio::time::Instant;

use crate::config::{ArchiveUrl, Config, LiveUrl};
use crate::data_dir::DataDir;
use crate::event_file::EVENT_BYTES_MAX;
use crate::failure::{Failure, sentence};
use crate::wiring::Plan;
use crate::{bounded, ledgers, wiring};

/// How long a server may take before it counts as away.
const SERVER_WAIT: Duration = Duration::from_secs(6);
const RETRY_EVERY: Duration = Duration::from_millis(250);
/// Name of the tests of event files.
const EVENT: &str = "event";

/// Prints the settings and tests what they name. The failure says how many tests failed; each has its own line.
/// `files` are event files to test as `event apply` would.
pub(crate) async fn run(config: &Config, files: &[PathBuf]) -> Result<(), Failure> {
    print_settings(config);
    let mut tests = vec![
        ("data_dir", data_dir(config)),
        ("live", live(config).await),
        ("archive", archive(config).await),
        ("halley", streams(config)),
    ];
    tests.extend(files.iter().map(|file| (EVENT, event_file(file))));
    tests.extend(applied(config).await.into_iter().map(|outcome| (EVENT, outcome)));
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
    let told = format!("check failed: {}", failed.join(", "));
    // What is wrong in an event's file alone is the writer's to change, as `event apply` says with the same code.
    let is_written_wrongly = failed.iter().all(|name| *name == EVENT);
    Err(if is_written_wrongly { Failure::Asked(told) } else { Failure::Could(anyhow!(told)) })
}

/// An event file, as `event apply` reads it, and the variables that its sources need.
fn event_file(path: &Path) -> Result<String> {
    let shown = path.display();
    let text =
        bounded::read_text(path, EVENT_BYTES_MAX).map_err(|why| anyhow!("cannot read {shown}: {why}"))?;
    let file = sources::read(&text, &process_env).map_err(|bad| anyhow!(bad.in_file(&shown.to_string())))?;
    has_variables(&file).with_context(|| shown.to_string())?;
    Ok(format!("{shown} describes {}, {} sources", file.slug, file.sources.len()))
}

/// The settings that the events of this data directory run on.
async fn applied(config: &Config) -> Vec<Result<String>> {
    let held = match ledgers::all(&config.data_dir).await {
        Ok(held) => held,
        Err(error) => return vec![Err(error)],
    };
    let mut outcomes = Vec::new();
    for event in held {
        let slug = event.slug().unwrap_or(event.eid.as_str()).to_owned();
        let tested = match event.view.note("event.toml").await {
            Ok(None) => continue,
            Ok(Some(text)) => sources::read(&text, &process_env)
                .map_err(|bad| anyhow!(bad.in_file("its event.toml")))
                .and_then(|file| has_variables(&file)),
            Err(error) => Err(error.into()),
        };
        let words = || format!("{slug}, as applied");
        outcomes.push(tested.with_context(words).map(|()| words()));
    }
    outcomes
}

/// Names every variable that is not set: a source without its key runs, and waits for it.
fn has_variables(file: &EventFile) -> Result<()> {
    let unset: Vec<String> = sources::unset(file, &process_env)
        .into_iter()
        .map(|(source, key, name)| {
            format!("source {source:?}: set {name} in the nozzle's environment ({key})")
        })
        .collect();
    if unset.is_empty() { Ok(()) } else { bail!(unset.join("; ")) }
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

/// How many connections the settings ask for, and whether so many processes can hold them.
fn streams(config: &Config) -> Result<String> {
    let plan = Plan::of(&config.halley)?;
    let is_embedded = matches!(config.live.url, LiveUrl::Embedded);
    if plan.workers() > 1 && is_embedded {
        bail!(
            "halley.workers = {} are several processes, which meet in Redis, but live.url is \"embedded\": set live.url = \
             \"redis://127.0.0.1:6379\" or halley.workers = 1",
            config.halley.workers
        );
    }
    if let Some(excess) = plan.excess(!is_embedded) {
        bail!(excess);
    }
    let each = connections_max(plan.share(1))?;
    Ok(match plan.workers() {
        1 => format!("one process holds {each} connections"),
        workers => format!("{workers} processes hold {each} connections each"),
    })
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
