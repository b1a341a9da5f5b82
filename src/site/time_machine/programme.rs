//! The programme that was in force at a moment: today's talks, without what later versions of the schedule changed.

use crate::site::view::time::Venue;
use archive::Version;
use model::{Micros, ScheduleEntry, Talk, TalkId, schedule::earlier};
use std::collections::BTreeMap;

/// See the module.
#[derive(Debug)]
pub(super) struct Programme {
    pub(super) talks: BTreeMap<TalkId, Talk>,
    pub(super) version: Option<ScheduleEntry>,
    /// What is to be said of it, where it is not the one of now.
    pub(super) note: Option<String>,
}

impl Programme {
    /// Out of all talks as they are now, and all versions as the archive keeps them, newest first.
    pub(super) fn at(at: Micros, talks: Vec<Talk>, versions: &[Version], venue: &Venue) -> Self {
        let now: BTreeMap<TalkId, Talk> = talks.into_iter().map(|talk| (talk.id.clone(), talk)).collect();
        // Before the first version there was no programme to be shown: its own is nearest to what people had in their hands.
        let in_force =
            versions.iter().position(|version| version.n == 1 || version.at.is_some_and(|told| told <= at));
        match in_force {
            Some(0) => Self { talks: now, version: Some(versions[0].entry.clone()), note: None },
            None if versions.is_empty() => Self { talks: now, version: None, note: None },
            in_force => {
                let of = in_force.map(|n| (&versions[n], &versions[..n]));
                of.and_then(|(of, later)| Self::taken_back(&now, of, later, venue)).unwrap_or_else(|| Self {
                    talks: now,
                    version: Some(versions[0].entry.clone()),
                    note: Some(
                        "The programme is the one of now: not all that changed in it since was kept."
                            .to_owned(),
                    ),
                })
            }
        }
    }

    /// None where that is not known, or not when.
    fn taken_back(
        now: &BTreeMap<TalkId, Talk>,
        of: &Version,
        later: &[Version],
        venue: &Venue,
    ) -> Option<Self> {
        if later.iter().any(|version| version.at.is_none()) {
            return None;
        }
        let entries: Vec<&ScheduleEntry> = later.iter().map(|version| &version.entry).collect();
        let talks = earlier(now, &of.entry, &entries, venue.zone())?;
        let note = format!("The programme is that of then, version {} of {}.", of.n, later[0].n);
        Some(Self { talks, version: Some(of.entry.clone()), note: Some(note) })
    }
}
