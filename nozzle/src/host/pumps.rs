//! The pumps of one event, as its settings ask for them. New settings stop all of them and start new ones: a source goes
//! on from its saved cursor, so nothing is lost by that.

use std::collections::HashMap;
use std::sync::Arc;

use chassis::clock::Clock;
use jiff::{civil::Date, tz::TimeZone};
use live::ledger::Ledger;
use model::Micros;
use model::event::{EventFile, SourceFile};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::memory::LedgerMemory;
use crate::hook::Doorway;
use crate::onsite;
use crate::pump::{self, PumpParts, Saved, SourceState, SourceStatus};
use crate::sequencer::Command;
use crate::sources;

pub(super) struct PumpsParts<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) queue: &'a mpsc::Sender<Command>,
    pub(super) clock: &'a Clock,
    pub(super) env: fn(&str) -> Option<String>,
    pub(super) doorway: &'a Doorway,
}

/// What of an event's settings says what is fetched and from when on. While it stays the same, pumps run on: a new title, or a rule
/// of the moderators, is no reason to leave a network and come back.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fetching {
    sources: Vec<SourceFile>,
    hashtags: Vec<String>,
    /// Its first day and where that begins.
    since: (Option<String>, String),
    /// Places of schedule and handles, and how often they are looked at.
    watched: (Option<String>, Option<String>, Option<u32>),
}

impl Fetching {
    pub(super) fn of(settings: &EventFile) -> Self {
        Self {
            sources: settings.sources.clone(),
            hashtags: settings.hashtags.clone(),
            since: (settings.starts.map(|day| day.to_string()), settings.timezone.clone()),
            watched: (settings.schedule.clone(), settings.handles.clone(), settings.schedule_poll_seconds),
        }
    }
}

/// What pumps that have stopped remember, by source: it may still be on its way into the ledger.
pub(super) type Remembered = HashMap<Arc<str>, Saved>;

/// The running pumps; dropping this aborts them.
pub(super) struct Pumps {
    tasks: JoinSet<(Arc<str>, Saved)>,
    stop: CancellationToken,
    /// Counts out the minutes of what is written on the page.
    minutes: JoinSet<()>,
    /// Keep the statuses of sources that never started readable.
    _idle: Vec<watch::Sender<SourceStatus>>,
}

impl Pumps {
    /// Starts a pump for each source that can work; the others are shown as misconfigured.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(super) async fn start(
        settings: &EventFile,
        parts: PumpsParts<'_>,
        remembered: &Remembered,
    ) -> Result<(Self, Vec<watch::Receiver<SourceStatus>>), live::Error> {
        let (tasks, minutes) = (JoinSet::new(), JoinSet::new());
        let mut pumps = Self { tasks, stop: CancellationToken::new(), minutes, _idle: Vec::new() };
        let (page, queue, clock) =
            (onsite::source_name(Some(settings)), parts.queue.clone(), parts.clock.clone());
        pumps.minutes.spawn(onsite::keep_minutes(page, queue, clock, pumps.stop.clone()));
        let mut statuses = Vec::new();
        let now = Micros(parts.clock.now());
        for file in &settings.sources {
            let (status, seen) = watch::channel(SourceStatus::new(&file.name, SourceState::Connecting, now));
            statuses.push(seen);
            if file.kind == onsite::KIND {
                // Nothing is fetched for it: people bring their posts to the intake.
                status.send_modify(|s| s.state = SourceState::Live);
                pumps._idle.push(status);
                continue;
            }
            if file.paused {
                status.send_modify(|s| s.state = SourceState::Paused);
                pumps._idle.push(status);
                continue;
            }
            let memory = Arc::new(LedgerMemory::new(parts.ledger.view(), &file.name));
            match sources::open_at(file, settings, &parts.env, memory, parts.doorway) {
                Ok(source) => {
                    let name: Arc<str> = Arc::from(file.name.as_str());
                    let saved = match remembered.get(&name) {
                        Some(saved) => Some(saved.clone()),
                        None => saved(parts.ledger, &name).await?,
                    };
                    let pump = PumpParts {
                        name: Arc::clone(&name),
                        source,
                        is_held: file.moderation == model::event::Moderation::Hold,
                        consent: file.consent,
                        saved,
                        not_before: not_before(settings, now),
                        queue: parts.queue.clone(),
                        clock: parts.clock.clone(),
                        status,
                    };
                    let stop = pumps.stop.clone();
                    pumps.tasks.spawn(async move { (name, pump::run(pump, stop).await) });
                }
                Err(why) => {
                    complain(file, &why);
                    status.send_modify(|s| s.state = SourceState::Misconfigured { why });
                    pumps._idle.push(status);
                }
            }
        }
        Ok((pumps, statuses))
    }

    /// Ends all pumps and waits until each has let go of its connection and handed over its last words.
    pub(super) async fn stop(mut self) -> Remembered {
        self.stop.cancel();
        while let Some(ended) = self.minutes.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the minutes of the page's posts were not counted out");
            }
        }
        let mut remembered = Remembered::new();
        while let Some(ended) = self.tasks.join_next().await {
            match ended {
                Ok((name, saved)) => drop(remembered.insert(name, saved)),
                Err(error) => tracing::error!(%error, "a pump has ended badly"),
            }
        }
        remembered
    }
}

fn complain(file: &SourceFile, why: &str) {
    tracing::error!(source.name = %file.name, source.kind = %file.kind, %why, "a source cannot run; the others do");
}

async fn saved(ledger: &Ledger, source: &str) -> Result<Option<Saved>, live::Error> {
    let mut txn = ledger.begin().await?;
    let cursor = txn.cursor(source).await?;
    txn.rollback().await?;
    // A form that we no longer know counts as a first start: everything is fetched again and deduplicated.
    Ok(cursor.and_then(|json| serde_json::from_str(&json).ok()))
}

/// A new source looks back to the event's first day; before that day, not at all.
fn not_before(settings: &EventFile, now: Micros) -> Micros {
    let day = settings.starts.and_then(|d| d.to_string().parse::<Date>().ok());
    let zone = TimeZone::get(&settings.timezone).unwrap_or(TimeZone::UTC);
    let first = day.and_then(|day| day.to_zoned(zone).ok()).map(|start| Micros::from(start.timestamp()));
    first.map_or(now, |first| first.min(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_source_looks_back_to_the_first_day_in_the_venues_zone() {
        let text = "slug=\"abc\"\ntitle=\"x\"\ntimezone=\"Europe/Berlin\"\nstarts=2026-06-01\n";
        let file = EventFile::parse(text).unwrap();
        let first = Micros::parse_rfc3339("2026-05-31T22:00:00Z").unwrap();
        assert_eq!(not_before(&file, first.plus(5 * Micros::HOUR)), first);
        assert_eq!(not_before(&file, first.plus(-5)), first.plus(-5));
    }
}
