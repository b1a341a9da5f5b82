//! An event.toml with the schedule that it names: read and checked whole before anything of it is applied.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::tz::TimeZone;
use model::EventId;
use model::event::EventFile;
use model::schedule::{self, FILE_BYTES_MAX};
use nozzle::intake::{Actor, Ask, Intake, Order, Outcome, Refusal};
use nozzle::sources;
use tokio::time::Instant;

use crate::bounded;
use crate::failure::Failure;

/// Longest event.toml, in bytes.
pub(crate) const EVENT_BYTES_MAX: u64 = 64 * 1024;
const FETCH_CONNECT_WAIT: Duration = Duration::from_secs(10);
const FETCH_WAIT: Duration = Duration::from_secs(60);
/// How long an order is repeated while the nozzle says "later".
const PATIENCE: Duration = Duration::from_secs(45);

/// What `event apply` and `up --event` apply.
#[derive(Debug)]
pub(crate) struct EventToApply {
    /// The file's own text: what the nozzle keeps.
    text: String,
    pub(crate) file: EventFile,
    schedule: Option<Vec<u8>>,
}

impl EventToApply {
    /// Reads and checks an event.toml and its schedule.
    ///
    /// # Errors
    /// [`Failure::Asked`] for what has to be written differently, each with its place.
    pub(crate) async fn read(path: &Path, env: fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let shown = path.display();
        let text = bounded::read_text(path, EVENT_BYTES_MAX)
            .map_err(|why| Failure::Asked(format!("cannot read {shown}: {why}")))?;
        let file =
            sources::read(&text, &env).map_err(|bad| Failure::Asked(bad.in_file(&shown.to_string())))?;
        let schedule = match &file.schedule {
            None => None,
            Some(address) if is_web(address) => Some(fetch(address).await?),
            Some(relative) => Some(read_file(&path.with_file_name(relative), FILE_BYTES_MAX as u64)?),
        };
        if let Some(bytes) = &schedule {
            check_schedule(bytes, &file.timezone, file.schedule.as_deref().unwrap_or_default())?;
        }
        Ok(Self { text, file, schedule })
    }

    /// Applies settings, then schedule; returns the last entry and what a person should know.
    pub(crate) async fn apply(&self, intake: &dyn Intake, eid: EventId) -> Result<Outcome, Failure> {
        let mut outcome = ask(intake, eid, Ask::Event(self.text.clone())).await?;
        if let Some(bytes) = &self.schedule {
            let imported = ask(intake, eid, Ask::Schedule(bytes.clone())).await?;
            outcome.notes.extend(imported.notes);
            outcome.seq = outcome.seq.max(imported.seq);
        }
        Ok(outcome)
    }
}

/// Reads a schedule's file and checks it as far as can be done without the event.
pub(crate) fn read_schedule(path: &Path, timezone: &str) -> Result<Vec<u8>, Failure> {
    let bytes = read_file(path, FILE_BYTES_MAX as u64)?;
    check_schedule(&bytes, timezone, &path.display().to_string())?;
    Ok(bytes)
}

/// Asks the nozzle, again while it says "later": under one key, so that nothing happens twice.
pub(crate) async fn ask(intake: &dyn Intake, eid: EventId, ask: Ask) -> Result<Outcome, Failure> {
    let key = format!("command-{:032x}", rand::random::<u128>());
    let actor = Actor { role: "owner".to_owned(), name: "command line".to_owned() };
    let order = Order { ask, key, actor, is_dry_run: false };
    let deadline = Instant::now() + PATIENCE;
    loop {
        match intake.ask(eid, order.clone()).await {
            Ok(outcome) => return Ok(outcome),
            Err(Refusal::Later { .. }) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(refusal @ (Refusal::Later { .. } | Refusal::Failed(_))) => {
                return Err(Failure::Could(refusal.into()));
            }
            Err(refusal) => return Err(Failure::Asked(refusal.to_string())),
        }
    }
}

fn read_file(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    bounded::read(path, bytes_max)
        .map_err(|why| Failure::Asked(format!("cannot read {}: {why}", path.display())))
}

fn check_schedule(bytes: &[u8], timezone: &str, name: &str) -> Result<(), Failure> {
    let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
    schedule::parse(bytes, &zone).map(drop).map_err(|bad| Failure::Asked(format!("{name}: {bad}")))
}

fn is_web(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://")
}

async fn fetch(address: &str) -> anyhow::Result<Vec<u8>> {
    let client =
        reqwest::Client::builder().connect_timeout(FETCH_CONNECT_WAIT).timeout(FETCH_WAIT).build()?;
    let fetching = || format!("cannot fetch the schedule from {address}");
    let mut response = client.get(address).send().await.with_context(fetching)?.error_for_status()?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.with_context(fetching)? {
        if bytes.len() + chunk.len() > FILE_BYTES_MAX {
            bail!("the schedule at {address} has more than {FILE_BYTES_MAX} bytes");
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
