//! What the script of every page that follows the log starts from: where the log is, how far this page has come in it, and what time it
//! is at the venue. A page's own data stands behind it, flattened into one object.

use super::time::Venue;
use chassis::clock::Pace;
use model::{Position, Room, Seq};
use serde::Serialize;
use url::Url;

/// See the module.
#[derive(Debug, Serialize)]
pub(in crate::site) struct Start {
    slug: String,
    /// The address of the live log, without a way of reading it.
    live: String,
    /// Empty before the log was read.
    epoch: String,
    seq: Seq,
    /// IANA name of the venue's zone.
    zone: String,
    pace: PaceData,
}

#[derive(Debug, Serialize)]
struct PaceData {
    now: i64,
    speed: f64,
    until: Option<i64>,
}

impl Start {
    /// A page of the event `slug`, drawn at `position`. Without `live_url` the log is on the page's own origin.
    pub(in crate::site) fn new(
        slug: &str,
        position: Option<&Position>,
        venue: &Venue,
        pace: Pace,
        live_url: Option<&Url>,
    ) -> Self {
        let origin = live_url.map_or_else(String::new, |url| url.origin().ascii_serialization());
        Self {
            slug: slug.to_owned(),
            live: format!("{origin}/live/{slug}"),
            epoch: position.map_or_else(String::new, |position| position.epoch.to_string()),
            seq: position.map_or(0, |position| position.seq),
            zone: venue.zone_name.clone(),
            pace: PaceData { now: pace.now, speed: pace.speed, until: pace.until },
        }
    }
}

/// A room, by its name in addresses and its name in the programme.
#[derive(Debug, Serialize)]
pub(in crate::site) struct RoomData {
    slug: String,
    name: String,
}

impl RoomData {
    /// All rooms, in their order.
    pub(in crate::site) fn all(rooms: &[Room]) -> Vec<Self> {
        rooms.iter().map(|room| Self { slug: room.slug.clone(), name: room.name.clone() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_s_own_data_stands_behind_the_start_in_one_object() {
        #[derive(Serialize)]
        struct Page {
            #[serde(flatten)]
            start: Start,
            query: &'static str,
        }
        let venue = Venue::new("Europe/Lisbon", None);
        let pace = Pace { now: 5, speed: 2.0, until: None };
        let position: Position = "0.a1.4".parse().unwrap();
        let url: Url = "https://live.example.org:8443/deep".parse().unwrap();
        let json = |start| serde_json::to_string(&Page { start, query: "room=main" }).unwrap();
        assert_eq!(
            json(Start::new("fest", Some(&position), &venue, pace, Some(&url))),
            r#"{"slug":"fest","live":"https://live.example.org:8443/live/fest","epoch":"0.a1","seq":4,"zone":"Europe/Lisbon","pace":{"now":5,"speed":2.0,"until":null},"query":"room=main"}"#
        );
        let unread = json(Start::new("fest", None, &venue, pace, None));
        assert!(unread.starts_with(r#"{"slug":"fest","live":"/live/fest","epoch":"","seq":0,"#), "{unread}");
    }
}
