//! `retain_until`: when the day is over, the event is deleted. Operators are warned before, and a clock that has leapt deletes nothing
//! at once: whatever it says, a day lies between the first warning and the deletion.

use std::time::Duration;

use live::ledger::Ledger;
use model::Micros;
use model::event::day_over;
use serde::{Deserialize, Serialize};

use super::Nozzle;
use super::event::Event;
use crate::intake::Actor;
use crate::sequencer::EventView;

const DAY: i64 = 24 * Micros::HOUR;
/// How long before the deletion operators are warned.
pub(super) const WARN_BEFORE: i64 = 14 * DAY;
/// What lies between the first warning and the deletion at least.
const WARNED_FOR: i64 = DAY;
/// Name of the ledger's note about the warning.
const WARNED_NOTE: &str = "retention.warned";
/// How often dates are looked at, by the clock that is handed in, and how often at most.
const LOOK_EVERY: i64 = Micros::MINUTE;
const LOOK_LEAST: Duration = Duration::from_millis(20);

/// When operators were warned of which day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Warned {
    /// The moment at which the event is to be deleted, as of the warning.
    due: Micros,
    at: Micros,
}

/// What to do about an event whose day is over at `due`.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Wait,
    Warn,
    Delete,
}

fn step(due: Micros, warned: Option<&Warned>, now: Micros) -> Step {
    match warned.filter(|warned| warned.due == due) {
        _ if now < due.plus(-WARN_BEFORE) => Step::Wait,
        None => Step::Warn,
        // A clock that went back since counts from now on.
        Some(warned) if warned.at > now => Step::Warn,
        Some(warned) if now >= due && now.since(warned.at) >= WARNED_FOR => Step::Delete,
        Some(_) => Step::Wait,
    }
}

/// When an event with these settings is to be deleted.
pub(super) fn due(view: &EventView) -> Option<Micros> {
    let settings = view.settings.as_deref()?;
    day_over(&settings.retain_until?.to_string(), &settings.timezone)
}

impl Nozzle {
    /// Looks at the dates of all events until it is dropped.
    pub(super) async fn keep_dates(&self) {
        let clock = &self.0.parts.clock;
        loop {
            let now = Micros(clock.now());
            for event in self.events() {
                if let Err(error) = self.keep_date(&event, now).await {
                    tracing::error!(event.eid = %event.eid(), %error, "the date until which an event is kept cannot be looked at");
                }
            }
            tokio::time::sleep(clock.wait_for(now.plus(LOOK_EVERY).0).max(LOOK_LEAST)).await;
        }
    }

    async fn keep_date(&self, event: &Event, now: Micros) -> Result<(), live::Error> {
        let view = event.view();
        let (Some(due), Some(listed), true) = (due(&view), view.event, event.is_owned()) else {
            return Ok(());
        };
        let note = event.ledger.view().note(WARNED_NOTE).await?;
        let warned: Option<Warned> = note.and_then(|json| serde_json::from_str(&json).ok());
        let slug = listed.slug.as_str();
        match step(due, warned.as_ref(), now) {
            Step::Wait => {}
            Step::Warn => {
                note_warning(&event.ledger, &Warned { due, at: now }).await?;
                let from = due.max(now.plus(WARNED_FOR));
                tracing::warn!(event.slug = slug, deleted.at = %from.timestamp(), "retain_until: the event will be deleted; to keep it, change the date and apply the file");
            }
            Step::Delete => {
                let by = Actor { role: "nozzle".to_owned(), name: "retain_until".to_owned() };
                if let Err(error) = self.delete(event.eid(), slug, &by, false).await {
                    tracing::error!(event.slug = slug, %error, "an event whose date is over could not be deleted; trying again");
                }
            }
        }
        Ok(())
    }
}

async fn note_warning(ledger: &Ledger, warned: &Warned) -> Result<(), live::Error> {
    let mut txn = ledger.begin().await?;
    txn.set_note(WARNED_NOTE, &serde_json::to_string(warned)?).await?;
    txn.commit().await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUE: Micros = Micros(100 * DAY);

    #[test]
    fn a_warning_comes_first_and_then_a_day() {
        let at = |days: i64| Micros(days * DAY);
        assert_eq!(step(DUE, None, at(85)), Step::Wait);
        assert_eq!(step(DUE, None, at(86)), Step::Warn);
        let warned = Warned { due: DUE, at: at(86) };
        assert_eq!(step(DUE, Some(&warned), at(99)), Step::Wait);
        assert_eq!(step(DUE, Some(&warned), at(100)), Step::Delete);
    }

    #[test]
    fn a_clock_that_leapt_deletes_nothing_within_a_day() {
        let far = DUE.plus(1000 * DAY);
        assert_eq!(step(DUE, None, far), Step::Warn);
        let warned = Warned { due: DUE, at: far };
        assert_eq!(step(DUE, Some(&warned), far.plus(Micros::HOUR)), Step::Wait);
        assert_eq!(step(DUE, Some(&warned), Micros(90 * DAY)), Step::Warn, "it was set right again");
        assert_eq!(step(DUE, Some(&warned), far.plus(DAY)), Step::Delete);
    }

    #[test]
    fn another_date_is_warned_of_anew() {
        let warned = Warned { due: DUE.plus(-DAY), at: Micros(0) };
        assert_eq!(step(DUE, Some(&warned), DUE), Step::Warn);
    }
}
