//! `?at=`: pages as they were at a moment. What had arrived by then is shown, in the words that it has now; what was taken back since is not;
//! the stage is what had been said of it by then, and the programme the version that was in force. Parsing, reading and the line that says so
//! are here; each page says what it shows.

mod live;
mod programme;

pub(super) use live::live;

use super::{
    Site,
    failure::Failure,
    follow::EventLive,
    view::{item::ItemView, time::Venue},
};
use archive::{Then, VERSIONS_MAX};
use model::{Fold, Micros, Row, StageEntry, stage::Timeline};
use programme::Programme;
use std::collections::BTreeMap;

/// How far the links to earlier and later go.
const STEP: i64 = Micros::HOUR;
/// What a moment has to look like.
const BAD: &str =
    "at is a moment: 2026-06-01T14:10 at the venue, or with a zone, as in 2026-06-01T14:10:00+02:00.";
const TO_COME: &str =
    "That moment is still to come. Leave at out of the address, and the page shows what is now.";

/// A moment in words of an address: RFC 3339, or without a zone as clocks at the venue have it.
pub(super) fn moment(text: &str, venue: &Venue) -> Option<Micros> {
    Micros::parse_rfc3339(text).ok().or_else(|| venue.moment(text)).filter(|at| at.0 > 0)
}

/// A moment as clocks at the venue have it, for an address: `2026-06-01T14:10`.
pub(super) fn local(at: Micros, venue: &Venue) -> String {
    at.zoned(venue.zone()).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// The moment that a page was asked for; none is now.
pub(super) fn asked(text: Option<&str>, venue: &Venue, now: Micros) -> Result<Option<Micros>, Failure> {
    // A form that was sent empty asks for nothing; a plus in an address is a space by now.
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let at = moment(&text.replace(' ', "+"), venue).ok_or(Failure::Bad(BAD))?;
    if at > now { Err(Failure::Bad(TO_COME)) } else { Ok(Some(at)) }
}

/// A moment that a page was asked for, the programme of then, and what was on in its rooms as far as it had been said by then.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) then: Then,
    pub(super) timeline: Timeline,
    /// Talks, version and stage of then under the settings of now, and nothing else.
    pub(super) fold: Fold,
    /// What is to be said of the programme, where it is not the one of now.
    programme: Option<String>,
}

/// What a page of `?at=` shows; none is the page of now.
pub(super) async fn past(
    site: &Site,
    event: &EventLive,
    text: Option<&str>,
) -> Result<Option<Past>, Failure> {
    let venue = Venue::of(event.fold().fold().event.as_ref());
    let Some(at) = asked(text, &venue, Micros(site.clock.glance()))? else { return Ok(None) };
    site.clock.matters();
    Past::at(site, event, at).await.map(Some)
}

impl Past {
    /// From the archive.
    async fn at(site: &Site, event: &EventLive, at: Micros) -> Result<Self, Failure> {
        site.archive_position(event).await?;
        let archive = &site.archive;
        let reads = async {
            let then = archive.then(event.eid, at).await?;
            let versions = archive.versions(event.eid, u64::MAX, VERSIONS_MAX).await?;
            Ok((then, versions, archive.talks(event.eid).await?))
        };
        let (then, versions, talks) = site.ask_archive(event, reads).await?;
        let settings = event.fold().fold().event.clone();
        let venue = Venue::of(settings.as_ref());
        let Programme { talks, version, note } = Programme::at(at, talks, &versions, &venue);
        let mut stage: BTreeMap<String, Vec<StageEntry>> = BTreeMap::new();
        for entry in &then.stage {
            stage.entry(entry.room.clone()).or_default().push(entry.clone());
        }
        let mut fold = Fold::default();
        (fold.event, fold.talks, fold.schedule, fold.stage) = (settings, talks, version, stage);
        Ok(Self { timeline: Timeline::new(fold.talks.values(), &fold.stage), then, fold, programme: note })
    }

    /// The line over the page at `path`.
    pub(super) fn view(&self, path: &str, now: Micros, venue: &Venue) -> ThenView {
        ThenView { programme: self.programme.clone(), ..ThenView::new(path, self.then.at, now, venue) }
    }
}

/// Says of an item that its words are not those of then.
pub(super) fn mark_edited(item: &mut ItemView, row: &Row, at: Micros) {
    if item.rev > 0 && row.last != row.first && row.at > at {
        item.counts.push("edited since".to_owned());
    }
}

/// The line over a page that is not of now.
#[derive(Clone, Debug)]
pub(super) struct ThenView {
    /// `Monday 1 June, 14:10`.
    pub(super) when: String,
    /// What is to be said of the programme, where it is not the one of now.
    pub(super) programme: Option<String>,
    pub(super) now: String,
    pub(super) earlier: String,
    pub(super) later: Option<String>,
}

impl ThenView {
    /// For the page at `path`, which is `?at=` this moment.
    fn new(path: &str, at: Micros, now: Micros, venue: &Venue) -> Self {
        let href = |at: Micros| format!("{path}?at={}", local(at, venue));
        let later = at.plus(STEP);
        Self {
            when: format!("{} {}, {}", venue.weekday(at), venue.day(at), venue.hhmm(at)),
            programme: None,
            now: path.to_owned(),
            earlier: href(at.plus(-STEP)),
            later: (later < now).then(|| href(later)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_with_a_zone_or_as_clocks_at_the_venue_have_it() {
        let venue = Venue::new("Europe/Berlin", None);
        let noon = Micros::parse_rfc3339("2026-06-01T12:00:00Z").unwrap();
        let at = |text| asked(Some(text), &venue, noon.plus(Micros::HOUR));
        for good in [
            "2026-06-01T12:00:00Z",
            "2026-06-01T14:00",
            "2026-06-01T14:00:00+02:00",
            "2026-06-01T14:00:00 02:00",
        ] {
            assert_eq!(at(good), Ok(Some(noon)), "{good}");
        }
        assert_eq!(at(""), Ok(None));
        for bad in ["noon", "14:00", "2026-13-01T14:00", "1.5", "-5", "2026-06-01T25:00", "\u{202e}"] {
            assert_eq!(at(bad), Err(Failure::Bad(BAD)), "{bad}");
        }
        assert_eq!(at("2026-06-01T16:00"), Err(Failure::Bad(TO_COME)));
    }

    #[test]
    fn the_line_leads_an_hour_back_and_forth_and_never_into_the_future() {
        let venue = Venue::new("Europe/Berlin", None);
        let at = Micros::parse_rfc3339("2026-06-01T12:10:00Z").unwrap();
        let view = ThenView::new("/fest", at, at.plus(2 * Micros::HOUR), &venue);
        assert_eq!(
            (view.when.as_str(), view.earlier.as_str()),
            ("Monday 1 June, 14:10", "/fest?at=2026-06-01T13:10")
        );
        assert_eq!(view.later.as_deref(), Some("/fest?at=2026-06-01T15:10"));
        assert!(ThenView::new("/fest", at, at.plus(Micros::HOUR), &venue).later.is_none());
    }
}
