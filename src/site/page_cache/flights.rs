//! A page that many ask for at once is drawn once: the first one draws, the others wait for what comes of it.

use super::kept::Kept;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::watch;

/// Pages of one event that are drawn at the same time for whoever waits; of more, each asker draws their own.
const FLIGHTS_MAX: usize = 512;

/// Key, and the state of the log when drawing began: nobody who came later waits for an older one.
type Name = (Box<str>, u64);

/// What becomes of a drawing.
#[derive(Clone, Debug)]
pub(super) enum Drawn {
    /// Here it is.
    Page(Arc<Kept>),
    /// It cannot be drawn just now; what it says instead is kept.
    Failed,
    /// It is nothing for others: each has to ask.
    Alone,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<Name, watch::Receiver<Option<Drawn>>>>);

/// What to do about a page that is not there.
pub(super) enum Turn<'a> {
    /// Draw it, for all who wait meanwhile.
    Draw(Lead<'a>),
    /// Somebody draws it.
    Wait(watch::Receiver<Option<Drawn>>),
    /// Draw it for this one alone.
    Alone,
}

/// The one who draws. Dropped without a word (its client went away), the next one draws.
pub(super) struct Lead<'a> {
    flights: &'a Flights,
    name: Name,
    tell: watch::Sender<Option<Drawn>>,
}

impl Flights {
    /// Whose turn it is to draw `key` as of `stamp`.
    pub(super) fn turn(&self, key: &str, stamp: u64) -> Turn<'_> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (Box::from(key), stamp);
        match flights.get(&name) {
            Some(waiting) => Turn::Wait(waiting.clone()),
            None if flights.len() >= FLIGHTS_MAX => Turn::Alone,
            None => {
                let (tell, waiting) = watch::channel(None);
                flights.insert(name.clone(), waiting);
                Turn::Draw(Lead { flights: self, name, tell })
            }
        }
    }
}

impl Lead<'_> {
    /// Tells the others what came of it.
    pub(super) fn land(self, drawn: Drawn) {
        self.tell.send_replace(Some(drawn));
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.flights.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

/// What came of it; none when whoever drew went away.
pub(super) async fn landed(mut waiting: watch::Receiver<Option<Drawn>>) -> Option<Drawn> {
    waiting.wait_for(Option::is_some).await.ok().and_then(|drawn| drawn.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(turn: Turn<'_>) -> watch::Receiver<Option<Drawn>> {
        match turn {
            Turn::Wait(waiting) => waiting,
            _ => panic!("somebody draws already"),
        }
    }

    #[tokio::test]
    async fn one_draws_and_the_others_hear_of_it_unless_the_log_has_moved_on() {
        let flights = Flights::default();
        let Turn::Draw(lead) = flights.turn("/fest", 7) else { panic!("the first one draws") };
        let waiting = waits(flights.turn("/fest", 7));
        assert!(
            matches!(flights.turn("/fest", 8), Turn::Draw(_)),
            "what began before is too old for this one"
        );
        assert!(matches!(flights.turn("/fest/about", 7), Turn::Draw(_)));
        lead.land(Drawn::Alone);
        assert!(matches!(landed(waiting).await, Some(Drawn::Alone)));
        assert!(matches!(flights.turn("/fest", 7), Turn::Draw(_)), "it is over");
    }

    #[tokio::test]
    async fn when_whoever_draws_goes_away_the_next_one_draws() {
        let flights = Flights::default();
        let Turn::Draw(lead) = flights.turn("/fest", 7) else { panic!("the first one draws") };
        let waiting = waits(flights.turn("/fest", 7));
        drop(lead);
        assert!(landed(waiting).await.is_none());
        assert!(matches!(flights.turn("/fest", 7), Turn::Draw(_)));
    }

    #[test]
    fn there_is_a_bound() {
        let flights = Flights::default();
        let all: Vec<_> = (0..FLIGHTS_MAX).map(|n| flights.turn(&n.to_string(), 1)).collect();
        assert!(matches!(flights.turn("one more", 1), Turn::Alone));
        drop(all);
        assert!(matches!(flights.turn("one more", 1), Turn::Draw(_)));
    }
}
