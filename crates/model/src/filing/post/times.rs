//! Times of day in a text: "14:00", "14h30", "14 Uhr", "2pm", "2:30 p.m.".

/// Times read of one text.
const TIMES_MAX: usize = 4;

/// Adds the times of a text, in minutes since midnight.
pub(super) fn read(text: &str, into: &mut Vec<u16>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && into.len() < TIMES_MAX {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let is_inside = at > 0
            && (bytes[at - 1].is_ascii_alphanumeric()
                || matches!(bytes[at - 1], b':' | b'.' | b',' | b'/' | b'-'));
        let (hours, after) = number(bytes, at);
        let end = if is_inside { None } else { hours.and_then(|hours| time(text, hours, after)) };
        if let Some((minute, end)) = end {
            if !into.contains(&minute) {
                into.push(minute);
            }
            at = end;
        } else {
            at = after;
        }
    }
}

/// Up to two digits; the place behind all of them.
fn number(bytes: &[u8], from: usize) -> (Option<u16>, usize) {
    let digits = bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let value = bytes[from..from + digits].iter().take(2).fold(0, |sum, b| sum * 10 + u16::from(b - b'0'));
    ((digits <= 2).then_some(value), from + digits)
}

fn time(text: &str, hours: u16, at: usize) -> Option<(u16, usize)> {
    let bytes = text.as_bytes();
    let sign = *bytes.get(at)?;
    let (minutes, end) = if matches!(sign, b':' | b'h' | b'H' | b'.') {
        match number(bytes, at + 1) {
            (Some(minutes), end) if end == at + 3 => (Some(minutes), end),
            _ => (None, at),
        }
    } else {
        (None, at)
    };
    let rest = text.get(end..)?;
    let word: String =
        rest.chars().filter(|c| !matches!(c, ' ' | '.')).take(4).collect::<String>().to_lowercase();
    let half_day = if word.starts_with("pm") { Some(12) } else { word.starts_with("am").then_some(0) };
    let (hours, minutes) = match (half_day, minutes) {
        (Some(half), minutes) if (1..=12).contains(&hours) => (hours % 12 + half, minutes.unwrap_or(0)),
        (None, minutes) if word.starts_with("uhr") => (hours, minutes.unwrap_or(0)),
        // "1.30" is a version or a price.
        (None, Some(minutes)) if sign != b'.' => (hours, minutes),
        (None, None)
            if matches!(sign, b'h' | b'H') && !rest[1..].starts_with(char::is_alphanumeric) && hours >= 7 =>
        {
            (hours, 0)
        }
        _ => return None,
    };
    let is_end = !text[end..].starts_with([':', '%']);
    (hours < 24 && minutes < 60 && is_end).then_some((hours * 60 + minutes, end.max(at + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, want) in [
            ("see you at 14:00!", &[840][..]),
            ("à 14h30 en salle 2, puis 16h", &[870, 960]),
            ("um 14 Uhr, nicht 9:15", &[840, 555]),
            ("2pm or 2:30 p.m. or 12 am", &[840, 870, 0]),
            ("version 1.30, 3.14, 25:00, 12:34:56, room 14, 2026-06-01, 5h of sleep", &[]),
            ("9h", &[540]),
            ("\u{1f600}14:00\u{1f600}", &[840]),
        ] {
            let mut got = Vec::new();
            read(text, &mut got);
            assert_eq!(got, want, "{text}");
        }
    }
}
