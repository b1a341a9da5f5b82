//! When an event is: its start and end, and each of its repetitions (`RRULE`, `RDATE`, `EXDATE`), with those that the file
//! changes one by one (`RECURRENCE-ID`).

use super::event::Event;
use super::lines::Line;
use super::rule::Rule;
use super::value::{Stamp, date_time};
use super::zone::{Zone, Zones};
use crate::Micros;
use crate::schedule::moment::{At, Clock, NO_START, iso_length, unknown};

/// Repetitions of one event at most.
const OCCURRENCES_MAX: usize = 1_000;

/// Reads moments of a file.
pub(super) struct Times {
    pub(super) zones: Zones,
    /// The zone of times that name none.
    pub(super) venue: Clock,
    /// Where repetitions without an end are cut off.
    pub(super) horizon: Micros,
}

/// One time that an event takes place.
#[derive(Debug)]
pub(super) struct Occurrence {
    /// Its start, as the rules have it; what a `RECURRENCE-ID` names.
    pub(super) planned: At,
    /// Its end.
    pub(super) end: Result<Micros, String>,
    stamp: Stamp,
}

/// All times of an event, and what is odd about them.
#[derive(Debug, Default)]
pub(super) struct Series {
    pub(super) occurrences: Vec<Occurrence>,
    pub(super) remarks: Vec<String>,
}

impl Times {
    /// The zone of a line's moment; none for the venue's.
    fn zone(&mut self, line: &Line) -> Result<Option<Zone>, String> {
        let Some(id) = line.parameter("TZID") else { return Ok(None) };
        let known = self.zones.get(id).map(Some);
        known.ok_or_else(|| unknown(&format!("line {}", line.number), id))
    }

    fn resolve(&self, stamp: Stamp, zone: Option<&Zone>) -> Result<At, String> {
        match (stamp, zone) {
            (Stamp::Utc(at), _) => Ok(At { at: at.into(), slip: None }),
            (Stamp::Local(local), Some(zone)) => zone.local(local),
            (stamp, _) => self.venue.local(stamp.local()),
        }
    }

    /// The moment of a line with one value.
    pub(super) fn moment(&mut self, line: &Line) -> Result<(Stamp, At), String> {
        let unread = || format!("line {}: the time {:?} cannot be read", line.number, line.value);
        let stamp = date_time(&line.value).ok_or_else(unread)?;
        let zone = if matches!(stamp, Stamp::Local(_)) { self.zone(line)? } else { None };
        Ok((stamp, self.resolve(stamp, zone.as_ref())?))
    }

    /// The end of an event that starts at `start`. Without `DTEND` and `DURATION` a day is a day long and a moment a moment
    /// (RFC 5545, section 3.6.1).
    fn end(&mut self, event: &Event, stamp: Stamp, start: Micros) -> Result<Micros, String> {
        let is_day = matches!(stamp, Stamp::Date(_));
        let next_midnight = |times: &Self| match stamp.local().date().tomorrow() {
            Ok(next) if is_day => Ok(times.venue.local(next.at(0, 0, 0, 0))?.at),
            _ => Ok(start),
        };
        if let Some(line) = &event.end {
            let (_, end) = self.moment(line)?;
            return if is_day && end.at <= start { next_midnight(self) } else { Ok(end.at) };
        }
        match &event.duration {
            Some(line) => {
                let unread = || format!("line {}: the duration {:?} cannot be read", line.number, line.value);
                Ok(start.plus(iso_length(&line.value).ok_or_else(unread)?))
            }
            None => next_midnight(self),
        }
    }

    /// True for an event that repeats.
    pub(super) fn repeats(event: &Event) -> bool {
        !event.rules.is_empty() || !event.dates.is_empty()
    }

    /// True for an event that repeats for ever.
    pub(super) fn is_endless(event: &Event) -> bool {
        let ends =
            |line: &Line| Rule::parse(&line.value).is_none_or(|r| r.count().is_some() || r.until().is_some());
        !event.rules.iter().all(ends)
    }

    /// All times of an event.
    ///
    /// # Errors
    /// A sentence, where its start cannot be read.
    pub(super) fn series(&mut self, event: &Event) -> Result<Series, String> {
        let line = event.start.as_ref().ok_or(NO_START)?;
        let (stamp, start) = self.moment(line)?;
        let zone = if matches!(stamp, Stamp::Local(_)) { self.zone(line)? } else { None };
        let end = self.end(event, stamp, start.at);
        let length = end.as_ref().map_or(0, |end| end.since(start.at));
        let mut series = Series::default();
        series.occurrences.push(Occurrence { planned: start, end, stamp });
        if event.recurrence.is_some() {
            return Ok(series);
        }
        for line in &event.rules {
            self.repeat(&mut series, line, zone.as_ref(), length);
        }
        for line in &event.dates {
            self.add_dates(&mut series, line, length);
        }
        let mut exceptions = Vec::new();
        for line in &event.exceptions {
            for (value, one) in values(line) {
                match self.moment(&one) {
                    Ok(found) => exceptions.push(found),
                    Err(_) => series
                        .remarks
                        .push(format!("line {}: {value:?} is no date to leave out", line.number)),
                }
            }
        }
        let all = &mut series.occurrences;
        all.retain(|own| !exceptions.iter().any(|(stamp, at)| own.is(*stamp, at.at)));
        all.sort_by_key(|own| own.planned.at);
        all.dedup_by_key(|own| own.planned.at);
        if all.len() > OCCURRENCES_MAX {
            all.truncate(OCCURRENCES_MAX);
            series
                .remarks
                .push(format!("it repeats more often than {OCCURRENCES_MAX} times; the first are taken"));
        }
        Ok(series)
    }

    fn repeat(&self, series: &mut Series, line: &Line, zone: Option<&Zone>, length: i64) {
        let Some(rule) = Rule::parse(&line.value) else {
            series.remarks.push(format!(
                "line {}: the rule {:?} is not read; the event is taken once",
                line.number, line.value
            ));
            return;
        };
        let first = series.occurrences[0].stamp;
        let count = rule.count().unwrap_or(usize::MAX).clamp(1, OCCURRENCES_MAX + 1);
        let is_endless = rule.count().is_none() && rule.until().is_none();
        let mut taken = 1;
        for day in rule.days(first.local().date(), &self.zones.budget).skip(1) {
            let stamp = match first {
                Stamp::Date(_) => Stamp::Date(day),
                Stamp::Local(local) => Stamp::Local(day.to_datetime(local.time())),
                Stamp::Utc(at) => {
                    let time = at.to_zoned(jiff::tz::TimeZone::UTC).time();
                    let Ok(at) = day.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC) else { break };
                    Stamp::Utc(at.timestamp())
                }
            };
            let Ok(planned) = self.resolve(stamp, zone) else { break };
            let is_over = match rule.until() {
                Some(Stamp::Utc(until)) => planned.at > until.into(),
                Some(Stamp::Date(until)) => day > until,
                Some(Stamp::Local(until)) => stamp.local() > until,
                None => is_endless && planned.at > self.horizon,
            };
            if is_over || taken >= count {
                break;
            }
            taken += 1;
            let end = Ok(planned.at.plus(length));
            series.occurrences.push(Occurrence { planned, end, stamp });
        }
        if is_endless {
            series.remarks.push(format!(
                "line {}: it repeats without end; {taken} of its times are taken",
                line.number
            ));
        }
    }

    fn add_dates(&mut self, series: &mut Series, line: &Line, length: i64) {
        for (value, mut one) in values(line) {
            let (from, to) =
                value.split_once('/').map_or((value.as_str(), None), |(from, to)| (from, Some(to)));
            from.clone_into(&mut one.value);
            let Ok((stamp, planned)) = self.moment(&one) else {
                series.remarks.push(format!("line {}: {value:?} is no date", line.number));
                continue;
            };
            let end = match to {
                Some(to) if to.starts_with(['P', 'p']) => {
                    iso_length(to).map(|length| planned.at.plus(length))
                }
                Some(to) => {
                    to.clone_into(&mut one.value);
                    self.moment(&one).ok().map(|(_, end)| end.at)
                }
                None => Some(planned.at.plus(length)),
            };
            let end = end.ok_or_else(|| format!("line {}: the period {value:?} cannot be read", line.number));
            series.occurrences.push(Occurrence { planned, end, stamp });
        }
    }
}

/// The values of a list of dates, each with its line as if it stood alone.
fn values(line: &Line) -> impl Iterator<Item = (String, Line)> {
    line.list().into_iter().map(|value| (value.clone(), Line { value, ..line.clone() }))
}

impl Occurrence {
    /// True when a `RECURRENCE-ID` or an exception means this one.
    pub(super) fn is(&self, stamp: Stamp, at: Micros) -> bool {
        match stamp {
            Stamp::Date(date) => self.stamp.local().date() == date,
            _ => self.planned.at == at,
        }
    }

    /// True when it has a day and no clock time.
    pub(super) fn is_whole_day(&self) -> bool {
        matches!(self.stamp, Stamp::Date(_))
    }

    /// What names it among the repetitions of its event.
    pub(super) fn id(&self) -> String {
        match self.stamp {
            Stamp::Date(date) => date.strftime("%Y%m%d").to_string(),
            _ => self.planned.at.timestamp().strftime("%Y%m%dT%H%M%SZ").to_string(),
        }
    }
}
