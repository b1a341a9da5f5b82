//! Spreadsheets saved as CSV: the first row names the columns (see `columns`), each other row is a talk. Title and start are
//! needed; an end, or a duration, or else the next talk in the room.

mod cells;
mod columns;
pub(super) mod rows;

use super::collect::{Collect, Draft, named};
use super::moment::{At, Clock, NO_START};
use super::{BadSchedule, FoundTalk, ScheduleFile, pretalx};
use crate::Micros;
use crate::talk::Speaker;
use cells::Order;
use columns::{Column, Columns};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, civil};
use rows::Row;

/// How long a talk is taken to be, in microseconds, where neither the file nor the next talk in its room says.
const LENGTH_USUAL: i64 = Micros::HOUR;
/// A row that stands behind one of the same day and room, and is earlier by more than this, is in the night after that day.
const BACK_LEAST: i64 = 12 * Micros::HOUR;
/// Before this time of day an end that is earlier than its start is on the next day.
const MORNING: i64 = 8 * Micros::HOUR;

/// Reads a spreadsheet.
pub(super) fn parse(text: &str, zone: &TimeZone) -> Result<ScheduleFile, BadSchedule> {
    let rows = rows::table(text).map_err(BadSchedule::Broken)?;
    let Some(columns) = Columns::find(&rows) else {
        let is_handles = rows.first().is_some_and(columns::is_handles);
        let why = if is_handles {
            "it is a list of speakers' handles, not of talks".to_owned()
        } else {
            format!(
                "{}, and a CSV needs a first line that names the columns, title and start among them",
                super::KINDS
            )
        };
        return Err(BadSchedule::Unknown(why));
    };
    let talks = &rows[columns.row + 1..];
    let dates = [Column::Start, Column::StartTime, Column::Date];
    let all = talks.iter().flat_map(|row| dates.iter().filter_map(|column| columns.get(row, *column)));
    let (order, is_told) = cells::order(all);
    let mut sheet = Sheet {
        collect: Collect::default(),
        columns,
        order,
        venue: zone,
        last: None,
        open: Vec::new(),
        drafts: Vec::new(),
    };
    if !is_told {
        let side = if order == Order::DayFirst { "day" } else { "month" };
        sheet.collect.remark(format!(
            "dates such as 1/2/2026 are read with the {side} first; write 2026-02-01 to be sure"
        ));
    }
    for row in talks {
        sheet.row(row);
    }
    sheet.finish()
}

struct Sheet<'a> {
    collect: Collect,
    columns: Columns,
    order: Order,
    venue: &'a TimeZone,
    /// Date, room and clock time of the row before.
    last: Option<(civil::Date, String, i64)>,
    /// Drafts that have no end yet.
    open: Vec<usize>,
    drafts: Vec<Draft>,
}

/// When a row starts: the day that it says, the clock time behind it, and the moment.
struct Start {
    date: civil::Date,
    at: At,
    /// The end of a span that stands in the same cell.
    end: Option<String>,
}

impl Sheet<'_> {
    fn row(&mut self, row: &Row) {
        let place = format!("line {}", row.line);
        let talk = self.talk(row);
        let state = self.columns.get(row, Column::State).unwrap_or_default().to_lowercase();
        if ["cancel", "reject", "withdraw", "declin", "delete", "abgesagt", "annul"]
            .iter()
            .any(|word| state.starts_with(word))
        {
            self.collect.pass_over(format!("{}: its state is {state:?}", named(&place, &talk.title)));
            return;
        }
        let clock = self.columns.clock(row, self.venue);
        let start = self.start(row, &clock, &talk.room);
        let end = start.as_ref().ok().and_then(|start| self.end(row, &clock, start));
        if end.is_none() && start.is_ok() {
            self.open.push(self.drafts.len());
        }
        let start = Some(start.map(|start| start.at));
        self.drafts.push(Draft { place, talk, start, end });
    }

    fn talk(&self, row: &Row) -> FoundTalk {
        let get = |column| self.columns.get(row, column).map(str::to_owned);
        let url = get(Column::Url).filter(|url| url.starts_with("http"));
        // pretalx's spreadsheets have its codes as ids.
        let own_code =
            || get(Column::Id).filter(|id| pretalx::is_code(id) && id.contains(char::is_alphabetic));
        let names = get(Column::Speakers).map(|names| cells::names(&names)).unwrap_or_default();
        FoundTalk {
            guid: get(Column::Guid),
            code: get(Column::Code).or_else(|| url.as_deref().and_then(pretalx::code_in)).or_else(own_code),
            native: get(Column::Id),
            title: get(Column::Title).unwrap_or_default(),
            subtitle: get(Column::Subtitle),
            summary: get(Column::Abstract),
            speakers: names.into_iter().map(|name| Speaker { name, handles: Vec::new() }).collect(),
            room: get(Column::Room).unwrap_or_default(),
            track: get(Column::Track),
            lang: get(Column::Language),
            url,
            ..FoundTalk::default()
        }
    }

    fn start(&mut self, row: &Row, clock: &Clock, room: &str) -> Result<Start, String> {
        let own_date = match self.columns.get(row, Column::Date) {
            Some(cell) => {
                let date = cells::date(cell, self.order)
                    .or_else(|| cells::date_and_clock(cell, self.order).map(|(d, _)| d));
                Some(date.ok_or_else(|| format!("the date {cell:?} cannot be read"))?)
            }
            // A cell that is empty below a date is that date.
            None => None,
        };
        let cell = self.columns.get(row, Column::StartTime).or_else(|| self.columns.get(row, Column::Start));
        let cell = cell.ok_or(NO_START)?;
        if cells::clock(cells::span(cell).0).is_none() {
            return self.whole(cell, clock);
        }
        let (from, to) = cells::span(cell);
        let unread = || format!("the start {cell:?} cannot be read");
        let into_day = cells::clock(from).ok_or_else(unread)?;
        let date = own_date.or(self.last.as_ref().map(|(date, ..)| *date)).ok_or("its start has no date")?;
        let is_night = self.last.as_ref().is_some_and(|(last, in_room, time)| {
            *last == date && in_room == room && time - into_day > BACK_LEAST
        });
        if !is_night {
            self.last = Some((date, room.to_owned(), into_day));
        }
        let on = if is_night { date.tomorrow().map_err(|_| unread())? } else { date };
        Ok(Start { date: on, at: on_day(clock, on, into_day)?, end: to.map(str::to_owned) })
    }

    /// Date and clock time in one cell.
    fn whole(&mut self, cell: &str, clock: &Clock) -> Result<Start, String> {
        if let Some((date, time)) = cells::date_and_clock(cell, self.order) {
            let (from, to) = cells::span(time);
            let into_day = cells::clock(from).ok_or("its start cannot be read")?;
            return Ok(Start { date, at: on_day(clock, date, into_day)?, end: to.map(str::to_owned) });
        }
        let at = clock.moment(cell).map_err(|why| {
            if why.contains("cannot be read") { format!("the start {cell:?} cannot be read") } else { why }
        })?;
        Ok(Start { date: at.at.zoned(&clock.zone).date(), at, end: None })
    }

    fn end(&self, row: &Row, clock: &Clock, start: &Start) -> Option<Result<Micros, String>> {
        let cell = self.columns.get(row, Column::End).map(str::to_owned).or_else(|| start.end.clone());
        if let Some(cell) = cell {
            return Some(self.end_in(row, &cell, clock, start));
        }
        let cell = self.columns.get(row, Column::Duration)?;
        let length = cells::duration(cell).ok_or_else(|| format!("the duration {cell:?} cannot be read"));
        Some(length.map(|length| start.at.at.plus(length)))
    }

    fn end_in(&self, row: &Row, cell: &str, clock: &Clock, start: &Start) -> Result<Micros, String> {
        let Some(into_day) = cells::clock(cell) else {
            let unread = || format!("the end {cell:?} cannot be read");
            if let Some((date, time)) = cells::date_and_clock(cell, self.order) {
                return Ok(on_day(clock, date, cells::clock(time).ok_or_else(unread)?)?.at);
            }
            return clock.moment(cell).map(|end| end.at).map_err(|_| unread());
        };
        if let Some(date) =
            self.columns.get(row, Column::EndDate).and_then(|cell| cells::date(cell, self.order))
        {
            return Ok(on_day(clock, date, into_day)?.at);
        }
        let end = on_day(clock, start.date, into_day)?.at;
        if end < start.at.at && into_day <= MORNING {
            let next = start.date.tomorrow().map_err(|_| "its end cannot be read")?;
            return Ok(on_day(clock, next, into_day)?.at);
        }
        Ok(end)
    }

    fn finish(mut self) -> Result<ScheduleFile, BadSchedule> {
        let starts: Vec<(String, Micros)> = self
            .drafts
            .iter()
            .filter_map(|d| Some((d.talk.room.clone(), d.start.as_ref()?.as_ref().ok()?.at)))
            .collect();
        let mut by_room: std::collections::BTreeMap<&str, Vec<Micros>> = std::collections::BTreeMap::new();
        starts.iter().for_each(|(room, start)| by_room.entry(room).or_default().push(*start));
        by_room.values_mut().for_each(|starts| starts.sort_unstable());
        for i in &self.open {
            let draft = &mut self.drafts[*i];
            let Some(Ok(At { at: start, .. })) = draft.start else { continue };
            let in_room = by_room.get(draft.talk.room.as_str()).map_or(&[][..], Vec::as_slice);
            let next = in_room.get(in_room.partition_point(|other| *other <= start)).copied();
            let usual = start.plus(LENGTH_USUAL);
            draft.end = Some(Ok(next.map_or(usual, |next| next.min(usual))));
        }
        if let Some(first) = self.open.first().map(|i| &self.drafts[*i]) {
            let (first, count) = (named(&first.place, &first.talk.title), self.open.len());
            self.collect.remark(format!("{count} talks have neither an end nor a duration ({first} is the first); each is taken to last until the next one in its room, one hour at most"));
        }
        for draft in std::mem::take(&mut self.drafts) {
            self.collect.add(draft)?;
        }
        self.collect.done()
    }
}

fn on_day(clock: &Clock, date: civil::Date, into_day: i64) -> Result<At, String> {
    let local = date.at(0, 0, 0, 0).checked_add(SignedDuration::from_micros(into_day));
    clock.local(local.map_err(|_| "its time is beyond all calendars".to_owned())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ScheduleFile {
        try_read(text).unwrap_or_else(|e| panic!("{e}"))
    }

    fn try_read(text: &str) -> Result<ScheduleFile, BadSchedule> {
        super::super::parse(text.as_bytes(), &TimeZone::get("Europe/Berlin").unwrap())
    }

    fn times(file: &ScheduleFile) -> Vec<String> {
        file.talks
            .iter()
            .map(|t| {
                format!(
                    "{}+{}",
                    t.start.timestamp().strftime("%m%dT%H%M"),
                    t.end.since(t.start) / Micros::MINUTE
                )
            })
            .collect()
    }

    #[test]
    fn a_spreadsheet_becomes_talks() {
        let file = read(
            "\u{feff}Title;Start;End;Room;Speakers;Abstract;Code;Track;Language;URL\n\
             \"Rust; \"\"fast\"\"\";01.06.2026 09:30;01.06.2026 10:15;Hall;Ana & Bo;\"Two\nlines\";AB1;Tools;de;https://k.example/1\n\
             Night;2026-06-01T23:30;2026-06-02T00:30;Cellar;;;;;;",
        );
        let talk = &file.talks[0];
        assert_eq!(
            (talk.title.as_str(), talk.room.as_str(), talk.speakers.len()),
            ("Rust; \"fast\"", "Hall", 2)
        );
        assert_eq!(
            (talk.summary.as_deref(), talk.code.as_deref(), talk.lang.as_deref()),
            (Some("Two\nlines"), Some("AB1"), Some("de"))
        );
        assert_eq!(times(&file), ["0601T0730+45", "0601T2130+60"]);
        assert_eq!((file.passed_over.len(), file.remarks.len()), (0, 0));
    }

    #[test]
    fn dates_and_times_may_stand_apart_and_run_past_midnight() {
        let file = read(
            "Programme of Kiln\n\nDate,Time,Duration,Title\n1.6.2026,22:00,90 min,Late\n,23:30,1h,Later\n,00:45,30,Latest\n2.6.2026,9:00-9:45,,Morning",
        );
        assert_eq!(times(&file), ["0601T2000+90", "0601T2130+60", "0601T2245+30", "0602T0700+45"]);
        let days: Vec<&str> = file.talks.iter().map(|t| t.day.as_str()).collect();
        assert_eq!(days, ["2026-06-01", "2026-06-01", "2026-06-01", "2026-06-02"]);
        let calendar = read(
            "Subject,Start Date,Start Time,End Date,End Time,Location\nA,6/13/2026,11:30 PM,6/14/2026,12:30 AM,Hall",
        );
        assert_eq!(times(&calendar), ["0613T2130+60"]);
    }

    #[test]
    fn without_an_end_a_talk_lasts_until_the_next_in_its_room() {
        let file = read(
            "title,start,room\nA,2026-06-01 09:00,Hall\nB,2026-06-01 09:00,Side\nC,2026-06-01 09:40,Hall",
        );
        assert_eq!(times(&file), ["0601T0700+40", "0601T0700+60", "0601T0740+60"]);
        assert!(
            file.remarks[0].contains("3 talks have neither an end nor a duration (line 2, A is the first)"),
            "{:?}",
            file.remarks
        );
    }

    #[test]
    fn zones_may_be_named_and_unknown_ones_are_told() {
        assert_eq!(times(&read("title,start (UTC),duration\nA,2026-06-01 09:00,30")), ["0601T0900+30"]);
        let file = read(
            "title,start,duration,timezone\nA,2026-06-01 09:00,30,Europe/Lisbon\nB,2026-06-01 09:00,30,Mars/Phobos",
        );
        assert_eq!(times(&file), ["0601T0800+30"]);
        assert!(
            file.passed_over[0].contains("line 3, B: the zone \"Mars/Phobos\" (line 3) is unknown"),
            "{:?}",
            file.passed_over
        );
    }

    #[test]
    fn rows_that_are_no_talks_are_named_by_line() {
        let file = read(
            "title,start,end,status\nA,2026-06-01 09:00,2026-06-01 10:00,Accepted\nB,soon,10:00,\nC,2026-06-01 11:00,10:30,\nD,2026-06-01 11:00,12:00,Cancelled\n,2026-06-01 11:00,12:00,\nE,,,",
        );
        assert_eq!(file.talks.len(), 1);
        assert_eq!(
            file.passed_over,
            [
                "line 5, D: its state is \"cancelled\"",
                "line 3, B: the start \"soon\" cannot be read",
                "line 4, C: it ends before it starts",
                "line 6, an event without a title: it has no title",
                "line 7, E: it has no start",
            ]
        );
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_the_cure() {
        let why = |text: &str| try_read(text).unwrap_err().to_string();
        assert!(why("some words\nof a letter").contains("a first line that names the columns"));
        assert!(why("talk,handle\nA,@b@c.example").contains("a list of speakers' handles"));
        assert!(why("title,start\n\"A,2026-06-01").contains("line 2: a field begins with a double quote"));
    }
}
