//! What posts are filed against when there is no event: a schedule's file, and beside it an event.toml and handles.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use jiff::tz::TimeZone;
use model::event::{EventFile, Life, Onsite, WallSettings};
use model::schedule::{self, FILE_BYTES_MAX};
use model::{EventEntry, Micros, Talk};

use super::names::Names;
use super::zone;
use crate::bounded;
use crate::event_file::EVENT_BYTES_MAX;
use crate::failure::Failure;

/// See the module.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The talks, under ids of our own.
    pub(crate) talks: Vec<Talk>,
    /// The event; without an event.toml it has no more than a title.
    pub(crate) event: EventEntry,
    /// Where local times are meant.
    pub(crate) zone: TimeZone,
    /// Other names of the talks.
    pub(crate) names: Names,
    /// What was passed over or looks like a slip.
    pub(crate) remarks: Vec<String>,
}

impl Setting {
    /// Reads a schedule, and the event that it belongs to.
    ///
    /// # Errors
    /// [`Failure::Asked`] with the file and the place.
    pub(crate) fn read(schedule: &Path, event: Option<&Path>) -> Result<Self, Failure> {
        let event = event.map(read_event).transpose()?;
        let bytes = read_file(schedule, FILE_BYTES_MAX as u64)?;
        Self::of(&bytes, event).map_err(|why| Failure::Asked(format!("{}: {why}", schedule.display())))
    }

    /// From a schedule's bytes.
    pub(crate) fn of(bytes: &[u8], event: Option<EventEntry>) -> Result<Self, schedule::BadSchedule> {
        let own = event.as_ref().and_then(|event| TimeZone::get(&event.timezone).ok());
        let mut file = schedule::parse(bytes, own.as_ref().unwrap_or(&TimeZone::UTC))?;
        let zone = match own {
            Some(zone) => zone,
            None => {
                let starts: HashSet<Micros> = file.talks.iter().map(|talk| talk.start).collect();
                let zone = zone::of_schedule(bytes, &starts).unwrap_or(TimeZone::UTC);
                if zone != TimeZone::UTC {
                    file = schedule::parse(bytes, &zone)?;
                }
                zone
            }
        };
        if file.talks.is_empty() {
            let first = file.passed_over.first().map_or("it holds no talk", String::as_str);
            return Err(schedule::BadSchedule::Unknown(first.to_owned()));
        }
        let talks = schedule::merge(&BTreeMap::new(), &file).talks;
        let event = event.unwrap_or_else(|| untold(file.title.unwrap_or_default(), &zone));
        let names = Names::new(&talks);
        let mut remarks = file.passed_over;
        remarks.extend(file.remarks);
        Ok(Self { talks, event, zone, names, remarks })
    }

    /// Gives speakers the handles that a CSV of `talk,handle` tells; what could not be given is remarked.
    ///
    /// # Errors
    /// The line that is no talk and handle.
    pub(crate) fn give_handles(&mut self, bytes: &[u8]) -> Result<(), schedule::BadSchedule> {
        let handles = schedule::handles(bytes)?;
        let known = self.talks.iter().map(|talk| (talk.id.clone(), talk.clone())).collect();
        let handed = schedule::give(&known, handles.given());
        for talk in handed.talks {
            self.talks
                .iter_mut()
                .filter(|known| known.id == talk.id)
                .for_each(|known| known.clone_from(&talk));
        }
        self.remarks.extend(handed.notes);
        Ok(())
    }
}

fn read_event(path: &Path) -> Result<EventEntry, Failure> {
    let shown = path.display();
    let text = bounded::read_text(path, EVENT_BYTES_MAX)
        .map_err(|why| Failure::Asked(format!("cannot read {shown}: {why}")))?;
    let file = EventFile::parse(&text).map_err(|bad| Failure::Asked(bad.in_file(&shown.to_string())))?;
    Ok(file.entry())
}

/// A file's bytes, or the sentence that says why not.
pub(crate) fn read_file(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    bounded::read(path, bytes_max)
        .map_err(|why| Failure::Asked(format!("cannot read {}: {why}", path.display())))
}

/// An event of which nobody told more than its schedule.
fn untold(title: String, zone: &TimeZone) -> EventEntry {
    EventEntry {
        slug: String::new(),
        title,
        timezone: zone.iana_name().unwrap_or("UTC").to_owned(),
        starts: None,
        ends: None,
        place: None,
        hashtags: Vec::new(),
        rooms: Vec::new(),
        sources: Vec::new(),
        onsite: Onsite::default(),
        accent_hue: None,
        published: false,
        privacy: None,
        imprint: None,
        wall: WallSettings::default(),
        retain_until: None,
        life: Life::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demos_schedule_tells_its_zone_and_its_talks() {
        let setting = Setting::of(crate::demo::schedule_json().as_bytes(), None).unwrap();
        assert_eq!(setting.zone.iana_name(), Some("Europe/Brussels"));
        assert_eq!((setting.talks.len(), setting.event.title.as_str()), (22, "Marginalia 2026"));
    }

    #[test]
    fn handles_are_given_and_those_of_unknown_talks_are_remarked() {
        let mut setting = Setting::of(crate::demo::schedule_json().as_bytes(), None).unwrap();
        setting.give_handles(b"talk,handle\nSECOND,inesokv\nNOPE,@b").unwrap();
        let second = setting.talks.iter().find(|talk| talk.code.as_deref() == Some("SECOND")).unwrap();
        assert_eq!(second.speakers[0].handles.len(), 1, "{:?}", second.speakers);
        assert!(
            setting.remarks.last().is_some_and(|remark| remark.contains("NOPE")),
            "{:?}",
            setting.remarks
        );
        assert!(setting.give_handles(b"SECOND,\n").is_err());
    }

    #[test]
    fn a_schedule_without_talks_is_refused() {
        let empty = br#"{"schedule":{"conference":{"days":[]}}}"#;
        assert!(Setting::of(empty, None).unwrap_err().to_string().contains("no talk"));
    }
}
