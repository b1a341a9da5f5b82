//! Filing without an event: what `schedule try` and `filing bench` share, and the bench.

pub(crate) mod bench;
pub(crate) mod desk;
pub(crate) mod event_tags;
pub(crate) mod labels;
pub(crate) mod lines;
mod moment;
mod names;
pub(crate) mod post;
pub(crate) mod presses;
mod score;
pub(crate) mod setting;
mod zone;

#[cfg(test)]
pub(crate) mod tests {
    //! What the tests of this module share.

    use model::{Micros, Talk, TalkId};

    /// A talk of an hour, of which only id and title are told.
    pub(crate) fn talk(id: &str, title: &str) -> Talk {
        Talk {
            id: TalkId(id.to_owned()),
            guid: None,
            code: None,
            native: None,
            title: title.to_owned(),
            subtitle: None,
            summary: None,
            speakers: Vec::new(),
            room: "hall".to_owned(),
            track: None,
            lang: None,
            url: None,
            start: Micros(1_780_300_800_000_000),
            end: Micros(1_780_304_400_000_000),
            day: "2026-06-01".to_owned(),
            dropped: false,
            was: Vec::new(),
            room_name: None,
        }
    }
}
