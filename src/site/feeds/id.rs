//! The names by which feed readers know a feed and its entries again. A reader that meets a new name shows everything a second time, so
//! a name follows only from what never changes: the event's own id, and the item's. Not from the slug, the host, the title, the words or the
//! revision, all of which an organiser or an author may change.
//!
//! They are UUIDs of version 8 (RFC 9562: "custom"), the first 128 bits of a SHA-256. A `tag:` URI would name a host, which may change; the
//! post's address names the slug.

use model::{EventId, ItemId};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The name of a feed: `what` is `event`, `talk/t7`, `room/main`, `search/q=words`, `schedule`.
pub(in crate::site) fn feed(event: EventId, what: &str) -> String {
    urn(event, "feed", what)
}

/// The name of a post's entry, the same in all feeds of its event. The same post in two events has two: they lead to two pages, and are
/// filed to different talks.
pub(in crate::site) fn post(event: EventId, item: ItemId) -> String {
    urn(event, "post", item.as_str())
}

/// The name of a version of the schedule.
pub(in crate::site) fn version(event: EventId, n: u64) -> String {
    urn(event, "version", &n.to_string())
}

fn urn(event: EventId, kind: &str, rest: &str) -> String {
    let digest = Sha256::digest(format!("perihelion/{event}/{kind}/{rest}"));
    let mut bytes: [u8; 16] = digest[..16].try_into().expect("SHA-256 has 32 bytes");
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut urn = "urn:uuid:".to_owned();
    for (n, byte) in bytes.iter().enumerate() {
        if matches!(n, 4 | 6 | 8 | 10) {
            urn.push('-');
        }
        let _ = write!(urn, "{byte:02x}");
    }
    urn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_as_they_were_in_the_first_version() {
        let event = EventId::from_random(42);
        let item: ItemId = "k3f9q2m7xw4d".parse().unwrap();
        assert_eq!(post(event, item), "urn:uuid:36722f82-a835-8221-9064-d7b2728e5e63");
        assert_ne!(post(event, item), post(EventId::from_random(43), item));
        assert_ne!(feed(event, "talk/t1"), feed(event, "talk/t2"));
    }
}
