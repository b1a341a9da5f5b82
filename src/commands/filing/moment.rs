//! Moments as people write them into files: with an offset, in the venue's time, or as a number since 1970.

use jiff::civil;
use jiff::tz::TimeZone;
use model::Micros;
use serde_json::Value;

/// Numbers below are seconds: as such they reach the year 5138.
const SECONDS_BELOW: f64 = 1e11;
/// Numbers below are milliseconds.
const MILLIS_BELOW: f64 = 1e14;

/// RFC 3339 with any offset, local time in `zone`, or seconds, milliseconds or microseconds since 1970.
pub(crate) fn moment(value: &Value, zone: &TimeZone) -> Option<Micros> {
    match value {
        Value::Number(number) => since_1970(number.as_f64()?),
        Value::String(text) => written(text.trim(), zone),
        _ => None,
    }
}

/// As [`moment`], for what stands as text.
pub(crate) fn written(text: &str, zone: &TimeZone) -> Option<Micros> {
    if let Ok(at) = Micros::parse_rfc3339(text) {
        return Some(at);
    }
    if let Ok(local) = text.parse::<civil::DateTime>() {
        return local.to_zoned(zone.clone()).ok().map(|at| at.timestamp().into());
    }
    since_1970(text.parse().ok()?)
}

fn since_1970(number: f64) -> Option<Micros> {
    let micros = match number.abs() {
        n if n < SECONDS_BELOW => number * 1e6,
        n if n < MILLIS_BELOW => number * 1e3,
        _ => number,
    };
    // Exact up to 2^53, which is the year 2255.
    (micros.is_finite() && micros.abs() < 9e15).then(|| Micros(micros.round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_moment_is_read_in_every_writing() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let want = Some(Micros(1_730_451_600_000_000));
        for value in [
            json!("2024-11-01T10:00:00+01:00"),
            json!("2024-11-01T09:00:00Z"),
            json!("2024-11-01T09:00:00.000Z"),
            json!(" 2024-11-01 10:00:00 "),
            json!("2024-11-01T10:00"),
            json!("2024-11-01T10:00:00"),
            json!(1_730_451_600),
            json!(1_730_451_600.0),
            json!(1_730_451_600_000_i64),
            json!(1_730_451_600_000_000_i64),
            json!("1730451600"),
        ] {
            assert_eq!(moment(&value, &zone), want, "{value}");
        }
        for value in [json!(null), json!("yesterday"), json!([]), json!("NaN"), json!(1e300)] {
            assert_eq!(moment(&value, &zone), None, "{value}");
        }
    }
}
