//! The day that a talk belongs to, where its file does not say: its date at the venue, or the day before when it is in the
//! night and the programme of the day before has not ended.

use super::FoundTalk;
use crate::Micros;
use jiff::{civil, tz::TimeZone};
use std::collections::BTreeMap;

/// From this hour on a talk belongs to its own date.
const MORNING_HOUR: i8 = 6;
/// A break of this length, in microseconds, ends a night's programme.
const NIGHT_BREAK: i64 = 4 * Micros::HOUR;

/// Gives each talk without a day its day.
pub(super) fn assign(talks: &mut [FoundTalk], zone: &TimeZone) {
    let mut order: Vec<usize> = (0..talks.len()).collect();
    order.sort_by_key(|i| (talks[*i].start, talks[*i].end));
    // Until when each day's programme runs without a break.
    let mut until: BTreeMap<civil::Date, Micros> = BTreeMap::new();
    for i in order {
        let talk = &mut talks[i];
        let local = talk.start.zoned(zone).datetime();
        let own = local.date();
        let said = talk.day.parse::<civil::Date>().ok();
        let is_whole_day = talk.end.since(talk.start) >= 20 * Micros::HOUR;
        let before = own.yesterday().ok().filter(|day| {
            let is_led_to = || until.get(day).is_some_and(|end| talk.start.since(*end) < NIGHT_BREAK);
            local.hour() < MORNING_HOUR && !is_whole_day && is_led_to()
        });
        let day = said.or(before).unwrap_or(own);
        if talk.day.is_empty() {
            talk.day = day.to_string();
        }
        if !is_whole_day {
            let end = until.entry(day).or_insert(talk.end);
            *end = talk.end.max(*end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(spans: &[(&str, i64)]) -> Vec<String> {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let mut talks: Vec<FoundTalk> = spans
            .iter()
            .map(|(start, minutes)| {
                let at: civil::DateTime = start.parse().unwrap();
                let start = Micros::from(at.to_zoned(zone.clone()).unwrap().timestamp());
                FoundTalk { start, end: start.plus(minutes * Micros::MINUTE), ..FoundTalk::default() }
            })
            .collect();
        assign(&mut talks, &zone);
        talks.into_iter().map(|talk| talk.day).collect()
    }

    #[test]
    fn after_midnight_belongs_to_the_evening_that_leads_to_it() {
        let night = [
            ("2020-09-05T02:30", 60),
            ("2020-09-04T21:30", 180),
            ("2020-09-05T01:30", 60),
            ("2020-09-05T09:00", 30),
        ];
        assert_eq!(days(&night), ["2020-09-04", "2020-09-04", "2020-09-04", "2020-09-05"]);
    }

    #[test]
    fn an_early_morning_and_a_whole_day_are_their_own() {
        assert_eq!(days(&[("2020-09-04T18:00", 60), ("2020-09-05T05:00", 60)]), ["2020-09-04", "2020-09-05"]);
        assert_eq!(
            days(&[("2020-09-04T22:00", 60), ("2020-09-05T00:00", 24 * 60)]),
            ["2020-09-04", "2020-09-05"]
        );
        assert_eq!(days(&[("2020-09-05T00:30", 60)]), ["2020-09-05"]);
    }
}
