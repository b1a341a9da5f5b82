//! Recurrence rules (RFC 5545, section 3.3.10) by day: what conferences and time zones use. Rules by the hour, week number or
//! day of the year are not read; their event is taken once and named.

use super::value::{Stamp, date_time};
use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};
use std::cell::Cell;

/// Periods that a rule may pass without a hit before it counts as done.
const PERIODS_IDLE_MAX: usize = 1_000;
/// Days that the rules of one file may look at.
const DAYS_MAX: usize = 3_000_000;

/// What is left of the work that the rules of one file may make.
#[derive(Debug)]
pub(super) struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(DAYS_MAX))
    }
}

impl Budget {
    /// True when there was too much to do.
    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }

    fn spend(&self, days: usize) -> Option<()> {
        self.0.set(self.0.get().saturating_sub(days));
        (!self.is_spent()).then_some(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Every {
    Day,
    Week,
    Month,
    Year,
}

/// A rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    every: Every,
    interval: i32,
    count: Option<usize>,
    until: Option<Stamp>,
    by_day: Vec<(i8, Weekday)>,
    by_month_day: Vec<i8>,
    by_month: Vec<i8>,
    by_position: Vec<i16>,
    week_start: Weekday,
}

impl Rule {
    /// Reads a rule; none when there is anything in it that is not understood.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rule = Self {
            every: Every::Day,
            interval: 1,
            count: None,
            until: None,
            by_day: Vec::new(),
            by_month_day: Vec::new(),
            by_month: Vec::new(),
            by_position: Vec::new(),
            week_start: Weekday::Monday,
        };
        let mut has_frequency = false;
        for part in text.trim().trim_end_matches(';').split(';') {
            let (name, value) = part.split_once('=')?;
            let value = value.trim().to_ascii_uppercase();
            match name.trim().to_ascii_uppercase().as_str() {
                "FREQ" => {
                    has_frequency = true;
                    rule.every = match value.as_str() {
                        "DAILY" => Every::Day,
                        "WEEKLY" => Every::Week,
                        "MONTHLY" => Every::Month,
                        "YEARLY" => Every::Year,
                        _ => return None,
                    };
                }
                "INTERVAL" => rule.interval = value.parse().ok().filter(|n| (1..=10_000).contains(n))?,
                "COUNT" => rule.count = Some(value.parse().ok()?),
                "UNTIL" => rule.until = Some(date_time(&value)?),
                "BYDAY" => rule.by_day = list(&value, nth_weekday)?,
                "BYMONTHDAY" => rule.by_month_day = list(&value, |d| d.parse().ok().filter(|d| *d != 0))?,
                "BYMONTH" => {
                    rule.by_month = list(&value, |m| m.parse().ok().filter(|m| (1..=12).contains(m)))?;
                }
                "BYSETPOS" => rule.by_position = list(&value, |p| p.parse().ok().filter(|p| *p != 0))?,
                "WKST" => rule.week_start = weekday(&value)?,
                // The clock time is the start's; zones say it once more.
                "BYHOUR" | "BYMINUTE" | "BYSECOND" if !value.contains(',') => {}
                name if name.starts_with("X-") => {}
                _ => return None,
            }
        }
        has_frequency.then_some(rule)
    }

    /// How often, if the rule says so, the first time counted.
    pub(super) fn count(&self) -> Option<usize> {
        self.count
    }

    /// The last moment, if the rule says one.
    pub(super) fn until(&self) -> Option<Stamp> {
        self.until
    }

    /// The days from `first` on, `first` itself always among them, without regard to count and end.
    /// It ends where the budget does.
    pub(super) fn days<'a>(
        &'a self,
        first: Date,
        budget: &'a Budget,
    ) -> impl Iterator<Item = Date> + use<'a> {
        let (mut period, mut waiting, mut idle) = (0_i32, Vec::new(), 0);
        let others = std::iter::from_fn(move || {
            while waiting.is_empty() {
                budget.spend(self.cost())?;
                waiting = self.in_period(first, period)?;
                waiting.retain(|day: &Date| *day > first);
                waiting.reverse();
                idle = if waiting.is_empty() { idle + 1 } else { 0 };
                if idle > PERIODS_IDLE_MAX {
                    return None;
                }
                period = period.checked_add(1)?;
            }
            waiting.pop()
        });
        std::iter::once(first).chain(others)
    }

    /// Days that a period makes us look at.
    fn cost(&self) -> usize {
        match self.every {
            Every::Day => 1,
            Every::Week => 7,
            Every::Month => 31,
            Every::Year if self.by_month.is_empty() => 366,
            Every::Year => 31 * self.by_month.len(),
        }
    }

    /// The days of the n-th period, in order; none at the end of time.
    fn in_period(&self, first: Date, n: i32) -> Option<Vec<Date>> {
        let steps = i64::from(n) * i64::from(self.interval);
        let mut days = match self.every {
            Every::Day => {
                let day = later(first, Span::new().try_days(steps).ok()?)?;
                Some(day)
                    .filter(|day| self.is_by_day(*day) && self.is_by_month_day(*day))
                    .into_iter()
                    .collect()
            }
            Every::Week => self.in_week(first, steps)?,
            Every::Month => {
                let month = later(first.first_of_month(), Span::new().try_months(steps).ok()?)?;
                self.in_month(first, month)
            }
            Every::Year => {
                self.in_year(first, later(first.first_of_year(), Span::new().try_years(steps).ok()?)?)
            }
        };
        days.retain(|day| self.by_month.is_empty() || self.by_month.contains(&day.month()));
        days.sort_unstable();
        days.dedup();
        if !self.by_position.is_empty() {
            let at = |position: i16| {
                let index = usize::from(position.unsigned_abs()) - 1;
                if position > 0 {
                    days.get(index)
                } else {
                    days.len().checked_sub(index + 1).and_then(|i| days.get(i))
                }
            };
            let mut chosen: Vec<Date> = self.by_position.iter().filter_map(|p| at(*p).copied()).collect();
            chosen.sort_unstable();
            days = chosen;
        }
        Some(days)
    }

    fn in_week(&self, first: Date, steps: i64) -> Option<Vec<Date>> {
        let into_week = i64::from(first.weekday().since(self.week_start));
        let begin = later(first, Span::new().try_days(steps.checked_mul(7)? - into_week).ok()?)?;
        let mut days: Vec<Date> = (0..7).filter_map(|n| begin.checked_add(n.days()).ok()).collect();
        days.retain(|day| {
            if self.by_day.is_empty() { day.weekday() == first.weekday() } else { self.is_by_day(*day) }
        });
        Some(days)
    }

    fn in_year(&self, first: Date, year: Date) -> Vec<Date> {
        let is_by_month = !self.by_month.is_empty();
        if !is_by_month && self.by_month_day.is_empty() && !self.by_day.is_empty() {
            let days = (0..i64::from(year.days_in_year())).filter_map(|n| year.checked_add(n.days()).ok());
            return nth_of(&self.by_day, &days.collect::<Vec<_>>());
        }
        let is_any_month = !self.by_month_day.is_empty();
        let is_meant = |month: i8| {
            if is_by_month { self.by_month.contains(&month) } else { is_any_month || month == first.month() }
        };
        let months = (1..=12).filter(|month| is_meant(*month));
        months
            .filter_map(|month| Date::new(year.year(), month, 1).ok())
            .flat_map(|month| self.in_month(first, month))
            .collect()
    }

    fn in_month(&self, first: Date, month: Date) -> Vec<Date> {
        let all: Vec<Date> =
            (0..i64::from(month.days_in_month())).filter_map(|n| month.checked_add(n.days()).ok()).collect();
        if !self.by_month_day.is_empty() {
            return all
                .into_iter()
                .filter(|day| self.is_by_month_day(*day) && self.is_by_day(*day))
                .collect();
        }
        if !self.by_day.is_empty() {
            return nth_of(&self.by_day, &all);
        }
        all.into_iter().filter(|day| day.day() == first.day()).collect()
    }

    fn is_by_day(&self, day: Date) -> bool {
        self.by_day.is_empty() || self.by_day.iter().any(|(_, weekday)| *weekday == day.weekday())
    }

    fn is_by_month_day(&self, day: Date) -> bool {
        let from_end = day.day() - day.days_in_month() - 1;
        self.by_month_day.is_empty() || self.by_month_day.iter().any(|n| *n == day.day() || *n == from_end)
    }
}

fn later(day: Date, by: Span) -> Option<Date> {
    day.checked_add(by).ok()
}

/// The weekdays that are asked for among `days`: all of them, or the n-th from the beginning or the end.
fn nth_of(asked: &[(i8, Weekday)], days: &[Date]) -> Vec<Date> {
    let mut out = Vec::new();
    for (nth, weekday) in asked {
        let of_them: Vec<Date> = days.iter().copied().filter(|day| day.weekday() == *weekday).collect();
        let index = usize::from(nth.unsigned_abs()).saturating_sub(1);
        match nth.signum() {
            0 => out.extend(of_them),
            1 => out.extend(of_them.get(index)),
            _ => out.extend(of_them.iter().rev().nth(index)),
        }
    }
    out
}

fn list<T>(value: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    value.split(',').map(|part| read(part.trim())).collect()
}

fn nth_weekday(text: &str) -> Option<(i8, Weekday)> {
    let at = text.len().checked_sub(2).filter(|at| text.is_char_boundary(*at))?;
    let (nth, day) = text.split_at(at);
    let nth = if nth.is_empty() { 0 } else { nth.trim_start_matches('+').parse().ok()? };
    Some((nth, weekday(day)?))
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(rule: &str, first: &str, n: usize) -> String {
        let rule = Rule::parse(rule).unwrap();
        let all: Vec<String> = rule
            .days(first.parse().unwrap(), &Budget::default())
            .take(n)
            .map(|day| day.to_string())
            .collect();
        all.join(" ")
    }

    #[test]
    fn days_are_those_of_the_standards_examples() {
        assert_eq!(days("FREQ=DAILY;INTERVAL=2", "1997-09-02", 3), "1997-09-02 1997-09-04 1997-09-06");
        assert_eq!(
            days("FREQ=WEEKLY;BYDAY=TU,TH;WKST=SU", "1997-09-02", 4),
            "1997-09-02 1997-09-04 1997-09-09 1997-09-11"
        );
        assert_eq!(
            days("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO", "1997-08-05", 4),
            "1997-08-05 1997-08-10 1997-08-19 1997-08-24"
        );
        assert_eq!(
            days("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "1997-08-05", 4),
            "1997-08-05 1997-08-17 1997-08-19 1997-08-31"
        );
        assert_eq!(days("FREQ=MONTHLY;BYDAY=1FR", "1997-09-05", 3), "1997-09-05 1997-10-03 1997-11-07");
        assert_eq!(days("FREQ=MONTHLY;BYDAY=-2MO", "1997-09-22", 3), "1997-09-22 1997-10-20 1997-11-17");
        assert_eq!(days("FREQ=MONTHLY;BYMONTHDAY=-3", "1997-09-28", 3), "1997-09-28 1997-10-29 1997-11-28");
        assert_eq!(
            days("FREQ=MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04", 3),
            "1997-09-04 1997-10-07 1997-11-06"
        );
        assert_eq!(days("FREQ=MONTHLY", "2026-01-31", 3), "2026-01-31 2026-03-31 2026-05-31");
        assert_eq!(
            days("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=18,19,20,21,22,23,24;BYDAY=SU", "2014-01-19", 3),
            "2014-01-19 2015-01-18 2016-01-24"
        );
        assert_eq!(days("FREQ=YEARLY;BYDAY=20MO", "1997-05-19", 3), "1997-05-19 1998-05-18 1999-05-17");
        assert_eq!(days("FREQ=YEARLY", "2024-02-29", 2), "2024-02-29 2028-02-29");
    }

    #[test]
    fn rules_that_never_hit_or_reach_the_end_of_time_come_to_an_end() {
        assert_eq!(days("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", "2024-01-01", 9), "2024-01-01");
        assert_eq!(days("FREQ=YEARLY;INTERVAL=9000", "2024-01-01", 9), "2024-01-01");
        assert_eq!(days("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-9", "2024-01-01", 9), "2024-01-01");
    }

    #[test]
    fn rules_of_one_file_end_with_its_budget() {
        let (budget, rule) = (Budget::default(), Rule::parse("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31").unwrap());
        let first: Date = "2024-01-01".parse().unwrap();
        assert_eq!(rule.days(first, &budget).count(), 1);
        assert!(!budget.is_spent());
        (0..DAYS_MAX / 31 / PERIODS_IDLE_MAX).for_each(|_| assert_eq!(rule.days(first, &budget).count(), 1));
        assert!(budget.is_spent());
    }

    #[test]
    fn what_is_not_understood_is_no_rule() {
        for bad in [
            "",
            "COUNT=3",
            "FREQ=HOURLY",
            "FREQ=DAILY;BYWEEKNO=3",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=DAILY;BYHOUR=9,10",
            "FREQ=DAILY;BYDAY=XX",
            "FREQ=DAILY;UNTIL=x",
            "FREQ=DAILY;BYDAY=é",
        ] {
            assert!(Rule::parse(bad).is_none(), "{bad}");
        }
    }
}
