//! What people write into cells: dates, clock times, spans, lengths and names.

use crate::Micros;
use crate::schedule::moment::length;
use jiff::civil;

/// The order of day and month in dates with slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// 31/12/2026
    DayFirst,
    /// 12/31/2026
    MonthFirst,
}

/// The order that dates with slashes have in a file, and whether any of them tells.
pub(super) fn order<'a>(cells: impl Iterator<Item = &'a str>) -> (Order, bool) {
    let (mut is_twelve_hours, mut is_told) = (false, None);
    let mut has_slashes = false;
    for cell in cells {
        is_twelve_hours |= meridiem(cell).1.is_some();
        let date = cell.split([' ', ',', 'T']).find(|word| word.contains('/')).unwrap_or_default();
        let mut parts = date.split('/').map(str::parse::<u16>);
        if let (Some(Ok(first)), Some(Ok(second))) = (parts.next(), parts.next())
            && first <= 31
        {
            has_slashes = true;
            is_told = match (first > 12, second > 12) {
                (true, false) => Some(Order::DayFirst),
                (false, true) => Some(Order::MonthFirst),
                _ => is_told,
            };
        }
    }
    let usual = if is_twelve_hours { Order::MonthFirst } else { Order::DayFirst };
    (is_told.unwrap_or(usual), is_told.is_some() || !has_slashes)
}

/// `2026-06-01`, `2026/6/1`, `1.6.2026`, `Mon, 1.6.26`, `6/1/2026` by order, `1 June 2026`, `Mon, June 1st, 2026`.
pub(super) fn date(text: &str, order: Order) -> Option<civil::Date> {
    let text = text.trim().trim_end_matches('.');
    // The weekday before it does not count.
    let bare = text.trim_start_matches(|c: char| c.is_alphabetic() || matches!(c, '.' | ',' | ' '));
    numbered(bare, order).or_else(|| spelled(text))
}

/// A date of three numbers.
fn numbered(text: &str, order: Order) -> Option<civil::Date> {
    let sign = ['-', '/', '.'].into_iter().find(|sign| text.matches(*sign).count() == 2)?;
    if !text.chars().all(|c| c.is_ascii_digit() || c == sign || c == ' ') {
        return None;
    }
    let parts: Vec<i16> = text.split(sign).map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let [a, b, c] = parts[..] else { return None };
    let (year, month, day) = match (a > 31, sign) {
        (true, _) => (a, b, c),
        (false, '/') if order == Order::MonthFirst => (c, a, b),
        _ => (c, b, a),
    };
    let year = if year < 100 { year + 2000 } else { year };
    civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

const MONTHS: [(&str, i8); 19] = [
    ("jan", 1),
    ("feb", 2),
    ("mar", 3),
    ("mär", 3),
    ("mrz", 3),
    ("apr", 4),
    ("avr", 4),
    ("may", 5),
    ("mai", 5),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("sep", 9),
    ("oct", 10),
    ("okt", 10),
    ("nov", 11),
    ("dec", 12),
    ("dez", 12),
    ("déc", 12),
];

/// A date with the month's name and the year, in any order; the weekday does not count.
fn spelled(text: &str) -> Option<civil::Date> {
    let (mut day, mut month, mut year) = (None, None, None);
    for word in text.to_lowercase().split([' ', ',', '.', '-']).filter(|word| !word.is_empty()) {
        let digits = word.trim_end_matches(|c: char| c.is_alphabetic());
        match digits.parse::<i16>() {
            Ok(number) if number > 31 => year = Some(number),
            Ok(number) => day = i8::try_from(number).ok(),
            Err(_) if month.is_none() => {
                month = MONTHS.iter().find(|(name, _)| word.starts_with(name)).map(|(_, month)| *month);
            }
            Err(_) => {}
        }
    }
    civil::Date::new(year?, month?, day?).ok()
}

/// A clock time in microseconds after midnight: `9:30`, `09:30:00`, `9.30`, `9h30`, `9 am`, `9:30 PM`, `24:00`.
pub(super) fn clock(text: &str) -> Option<i64> {
    let (bare, half) = meridiem(text);
    let bare = bare.to_lowercase().replace(" uhr", "").replace(['.', 'h'], ":");
    let bare = bare.trim().trim_end_matches(':');
    let whole = if bare.contains(':') { bare.to_owned() } else { format!("{bare}:00") };
    let bare_number = !bare.contains(':') && half.is_none() && !text.to_lowercase().contains(['h', 'u']);
    let time = length(&whole).filter(|time| *time <= 30 * Micros::HOUR && !bare_number)?;
    let twelve = 12 * Micros::HOUR;
    Some(match half {
        Some(Half::Am) if time >= twelve => time - twelve,
        Some(Half::Pm) if time < twelve => time + twelve,
        _ => time,
    })
}

#[derive(Clone, Copy)]
enum Half {
    Am,
    Pm,
}

/// A cell without `am` or `pm` at its end, and which of them it was.
fn meridiem(text: &str) -> (&str, Option<Half>) {
    let text = text.trim();
    for (end, half) in [("am", Half::Am), ("a.m.", Half::Am), ("pm", Half::Pm), ("p.m.", Half::Pm)] {
        let at = text.len().saturating_sub(end.len());
        if text.get(at..).is_some_and(|own| own.eq_ignore_ascii_case(end)) {
            let bare = text[..at].trim_end();
            if bare.ends_with(|c: char| c.is_ascii_digit()) {
                return (bare, Some(half));
            }
        }
    }
    (text, None)
}

/// Both ends of `9:00 - 9:45`; a time alone has no end.
pub(super) fn span(text: &str) -> (&str, Option<&str>) {
    let halves = [" - ", "–", "—", " to ", " bis ", "-"].into_iter().find_map(|sign| {
        let (from, to) = text.split_once(sign)?;
        (clock(from).is_some() && clock(to).is_some()).then_some((from, to))
    });
    halves.map_or((text, None), |(from, to)| (from, Some(to)))
}

/// Date and clock time in one cell: `1.6.2026 09:30`, `6/1/2026, 9:30 AM`.
pub(super) fn date_and_clock(text: &str, order: Order) -> Option<(civil::Date, &str)> {
    let breaks = text.match_indices([' ', 'T', ',']).map(|(at, _)| at);
    breaks
        .filter_map(|at| {
            let clock_text = text[at + 1..].trim();
            clock(span(clock_text).0)?;
            Some((date(&text[..at], order)?, clock_text))
        })
        .next_back()
}

/// A length: minutes, `45 min`, `1h`, `1h30`, `1:30`, `PT45M`.
pub(super) fn duration(text: &str) -> Option<i64> {
    let lower = text.trim().to_lowercase();
    let number = |text: &str| text.trim().parse::<i64>().ok().filter(|n| (0..100_000).contains(n));
    if let Some(found) = length(&lower).or_else(|| Some(number(&lower)? * Micros::MINUTE)) {
        return Some(found);
    }
    let minutes = |text: &str| number(text.trim().trim_end_matches(char::is_alphabetic).trim());
    match lower.split_once('h') {
        Some((hours, rest)) => {
            let rest = rest.trim_start_matches(|c: char| c.is_alphabetic());
            let rest = if rest.trim().is_empty() { 0 } else { minutes(rest)? };
            Some(number(hours)? * Micros::HOUR + rest * Micros::MINUTE)
        }
        None => Some(minutes(lower.trim_end_matches(['\'', '′', '.']))? * Micros::MINUTE),
    }
}

/// The names in a cell.
pub(super) fn names(text: &str) -> Vec<String> {
    let parts: Vec<&str> = if text.contains([';', '|', '\n']) {
        text.split([';', '|', '\n']).collect()
    } else {
        text.split(',').flat_map(|part| part.split(" & ")).flat_map(|part| part.split(" and ")).collect()
    };
    parts.into_iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_write_them() {
        for text in [
            "2026-06-01",
            "2026/6/1",
            "1.6.2026",
            "01.06.26",
            "1/6/2026",
            "1 June 2026",
            "Mon, June 1st, 2026",
            "Montag, 1. Juni 2026",
            "1-Jun-2026",
            "Mo, 01.06.2026",
            "Monday 2026-06-01",
        ] {
            assert_eq!(
                date(text, Order::DayFirst).map(|d| d.to_string()).as_deref(),
                Some("2026-06-01"),
                "{text}"
            );
        }
        assert_eq!(date("6/1/2026", Order::MonthFirst).unwrap().to_string(), "2026-06-01");
        for bad in ["", "1.6.", "31.2.2026", "June", "2026-13-01", "99999-1-1", "é.é.é"] {
            assert_eq!(date(bad, Order::DayFirst), None, "{bad}");
        }
        assert_eq!(order(["13/1/2026"].into_iter()), (Order::DayFirst, true));
        assert_eq!(order(["1/13/2026 9:00"].into_iter()), (Order::MonthFirst, true));
        assert_eq!(order(["Tue, 1/13/2026"].into_iter()), (Order::MonthFirst, true));
        assert_eq!(order(["1/2/2026", "9:00 am"].into_iter()), (Order::MonthFirst, false));
        assert_eq!(order(["2026-01-02"].into_iter()), (Order::DayFirst, true));
    }

    #[test]
    fn clock_times_spans_and_lengths_are_read_as_people_write_them() {
        let minutes = |text: &str| clock(text).map(|t| t / Micros::MINUTE);
        for (text, expected) in [
            ("9:30", 570),
            ("09:30:00", 570),
            ("9.30", 570),
            ("9h30", 570),
            ("9h", 540),
            ("9 am", 540),
            ("12:15 AM", 15),
            ("9:30 pm", 1290),
            ("24:00", 1440),
            ("9 Uhr", 540),
        ] {
            assert_eq!(minutes(text), Some(expected), "{text}");
        }
        for bad in ["", "9", "noon", "99:00", "ham", "-1:00"] {
            assert_eq!(minutes(bad), None, "{bad}");
        }
        assert_eq!(span("9:00 - 9:45"), ("9:00", Some("9:45")));
        assert_eq!(span("9:00–10 am"), ("9:00", Some("10 am")));
        assert_eq!(span("2026-06-01"), ("2026-06-01", None));
        let length = |text: &str| duration(text).map(|t| t / Micros::MINUTE);
        for (text, expected) in [
            ("45", 45),
            ("45 min", 45),
            ("1h", 60),
            ("1h30", 90),
            ("1 hour 30 min", 90),
            ("1:30", 90),
            ("PT45M", 45),
            ("45'", 45),
        ] {
            assert_eq!(length(text), Some(expected), "{text}");
        }
        assert_eq!((length("long"), length("-5"), length("")), (None, None, None));
        let (day, time) = date_and_clock("6/1/2026, 9:30 AM", Order::MonthFirst).unwrap();
        assert_eq!((day.to_string().as_str(), time), ("2026-06-01", "9:30 AM"));
        assert_eq!(date_and_clock("1 June 2026 09:30", Order::DayFirst).unwrap().1, "09:30");
    }

    #[test]
    fn names_are_cut_at_what_stands_between_them() {
        assert_eq!(names("Ana A, Bo & Cy and Dé"), ["Ana A", "Bo", "Cy", "Dé"]);
        assert_eq!(names("A, Ana; B, Bo"), ["A, Ana", "B, Bo"]);
        assert_eq!(names(" "), [""; 0]);
    }
}
