//! An event.toml with the schedule that it names: read and checked whole before anything of it is applied.

use std::path::Path;
use std::time::Duration;

use jiff::tz::TimeZone;
use model::EventId;
use model::event::EventFile;
use model::schedule::{self, FILE_BYTES_MAX, ScheduleFile};
use nozzle::intake::{Actor, Ask, HANDLES_BYTES_MAX, Intake, Order, Outcome, Refusal};
use nozzle::schedule::{fetch, is_address};
use nozzle::sources;
use tokio::time::Instant;

use crate::bounded;
use crate::failure::Failure;

/// Longest event.toml, in bytes.
pub(crate) const EVENT_BYTES_MAX: u64 = 64 * 1024;
/// How long an order is repeated while the nozzle says "later".
const PATIENCE: Duration = Duration::from_secs(45);

/// What `event apply` and `up --event` apply.
#[derive(Debug)]
pub(crate) struct EventToApply {
    /// The file's own text: what the nozzle keeps.
    text: String,
    pub(crate) file: EventFile,
    schedule: Option<Vec<u8>>,
    handles: Option<Vec<u8>>,
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
        let place = |relative: &str| match is_address(relative) {
            true => relative.to_owned(),
            false => path.with_file_name(relative).display().to_string(),
        };
        let schedule = match &file.schedule {
            None => None,
            Some(named) => Some(read(&place(named), Kind::Schedule).await?),
        };
        let handles = match &file.handles {
            None => None,
            Some(named) => Some(read(&place(named), Kind::Handles).await?),
        };
        if let Some(bytes) = &schedule {
            check_schedule(bytes, &file.timezone, file.schedule.as_deref().unwrap_or_default())?;
        }
        Ok(Self { text, file, schedule, handles })
    }

    /// Applies settings, then schedule; returns the last entry and what a person should know.
    pub(crate) async fn apply(&self, intake: &dyn Intake, eid: EventId) -> Result<Outcome, Failure> {
        let mut outcome = ask(intake, eid, Ask::Event(self.text.clone())).await?;
        let schedule = self.schedule.clone().map(Ask::Schedule);
        for order in schedule.into_iter().chain(self.handles.clone().map(Ask::Handles)) {
            let came = ask(intake, eid, order).await?;
            outcome.notes.extend(came.notes);
            outcome.seq = outcome.seq.max(came.seq);
        }
        Ok(outcome)
    }
}

/// What lies at a path or an address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A schedule.
    Schedule,
    /// A CSV of handles.
    Handles,
}

/// Reads a schedule, or a CSV of handles, from a path or an address.
///
/// # Errors
/// A file that cannot be read is [`Failure::Asked`], an address that gives nothing [`Failure::Could`].
pub(crate) async fn read(place: &str, kind: Kind) -> Result<Vec<u8>, Failure> {
    if is_address(place) {
        let fetched = fetch(place, kind == Kind::Handles).await;
        return fetched
            .map_err(|why| Failure::Could(anyhow::anyhow!("cannot fetch {}: {why}", shown(place))));
    }
    let bytes_max = if kind == Kind::Handles { HANDLES_BYTES_MAX } else { FILE_BYTES_MAX };
    read_file(Path::new(place), bytes_max as u64)
}

/// An address without what may be a secret.
pub(crate) fn shown(place: &str) -> &str {
    place.split_once('?').filter(|_| is_address(place)).map_or(place, |(place, _)| place)
}

/// Reads a schedule and checks it as far as can be done without the event; with what nobody can have meant of it.
pub(crate) async fn read_schedule(place: &str, timezone: &str) -> Result<(Vec<u8>, Vec<String>), Failure> {
    let bytes = read(place, Kind::Schedule).await?;
    let file = check_schedule(&bytes, timezone, shown(place))?;
    Ok((bytes, file.slips))
}

/// Asks the nozzle, again while it says "later": under one key, so that nothing happens twice.
pub(crate) async fn ask(intake: &dyn Intake, eid: EventId, ask: Ask) -> Result<Outcome, Failure> {
    order(intake, eid, ask, false).await
}

/// As [`ask`]; with `is_dry_run`, only to hear what would come of it.
pub(crate) async fn order(
    intake: &dyn Intake,
    eid: EventId,
    ask: Ask,
    is_dry_run: bool,
) -> Result<Outcome, Failure> {
    let key = format!("command-{:032x}", rand::random::<u128>());
    let actor = Actor { role: "owner".to_owned(), name: "command line".to_owned() };
    let order = Order { ask, key, actor, is_dry_run };
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

fn check_schedule(bytes: &[u8], timezone: &str, name: &str) -> Result<ScheduleFile, Failure> {
    let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
    schedule::parse(bytes, &zone).map_err(|bad| Failure::Asked(format!("{name}: {bad}")))
}
