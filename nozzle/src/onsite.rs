//! Posts written on the event's own page: their bounds, how much one person may write, and their minutes in the tallies.
//! What becomes of the words is the sequencer's.

mod buckets;

use std::sync::Arc;

use chassis::clock::Clock;
use model::Micros;
use model::event::EventFile;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::pump::Counted;
use crate::sequencer::{Brought, Command, Pumped};

pub(crate) use buckets::{Buckets, Pace, Wait};

/// Longest text of a post written on the page, in characters.
pub const TEXT_CHARS_MAX: usize = 2000;
/// Longest name that a writer may give, in characters.
pub const NAME_CHARS_MAX: usize = 60;
/// The role of somebody who writes on the page. Their [`crate::intake::Actor::name`] is their public id.
pub const PERSON: &str = "person";
/// The kind in event.toml.
pub(crate) const KIND: &str = "onsite";

/// The name under which posts from the page are counted: that of the event's source of this kind, else the kind itself.
pub(crate) fn source_name(settings: Option<&EventFile>) -> Arc<str> {
    let named = settings.and_then(|file| file.sources.iter().find(|source| source.kind == KIND));
    Arc::from(named.map_or(KIND, |source| source.name.as_str()))
}

/// The name of somebody who gave none: always the same for one person.
pub(crate) fn guest_name(actor: &str) -> String {
    let digest = Sha256::digest(actor.as_bytes());
    format!("guest-{}", 100 + u16::from_be_bytes([digest[0], digest[1]]) % 900)
}

/// Has the minutes of the page's posts written out: they come through no pump that would do it. Ends with `stop`, after
/// the running minute.
pub(crate) async fn keep_minutes(
    source: Arc<str>,
    queue: mpsc::Sender<Command>,
    clock: Clock,
    stop: CancellationToken,
) {
    loop {
        let minute = Micros(clock.now()).minute();
        let over = stop.run_until_cancelled(clock.sleep_until(minute.plus(Micros::MINUTE).0)).await;
        let what = Brought::Minute { minute, counted: Counted::default() };
        let told = queue.send(Command::Pumped(Pumped { source: Arc::clone(&source), what })).await;
        if over.is_none() || told.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_of_the_kind_gives_posts_from_the_page_its_name() {
        let text = "slug=\"abc\"\ntitle=\"x\"\n[[source]]\nname=\"guests\"\nkind=\"onsite\"\n";
        let file = EventFile::parse(text).unwrap();
        assert_eq!(&*source_name(Some(&file)), "guests");
        assert_eq!(&*source_name(None), "onsite");
    }

    #[test]
    fn somebody_without_a_name_is_the_same_guest_every_time() {
        let name = guest_name("person:ana");
        assert_eq!(name, guest_name("person:ana"));
        assert!(name.strip_prefix("guest-").is_some_and(|n| n.len() == 3), "{name}");
    }
}
