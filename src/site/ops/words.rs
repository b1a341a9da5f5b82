//! Lengths of time, sizes and shares as the dashboard prints them.

use std::time::Duration;

/// "41 MiB", "1.2 GiB".
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value < 9.95 && unit > 0 {
        format!("{value:.1} {}", UNITS[unit])
    } else {
        format!("{value:.0} {}", UNITS[unit])
    }
}

/// "51 s", "7 min", "1 h 39 min", "2 d 6 h".
pub(super) fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{minutes} min"),
        7200..172_800 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// Microseconds as a length; what lies ahead is none.
pub(super) fn since(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// "0.02 s", "0.8 s", "12 s".
pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 0.095 => format!("{s:.3} s"),
        s if s < 0.995 => format!("{s:.2} s"),
        s if s < 9.95 => format!("{s:.1} s"),
        s if s < 119.5 => format!("{s:.0} s"),
        s => length(Duration::from_secs_f64(s)),
    }
}

/// "3 %" of one core.
pub(super) fn share(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.95 { "<1 %".to_owned() } else { format!("{percent:.0} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_sizes_are_told_in_the_largest_unit_that_says_enough() {
        assert_eq!([0, 900, 43_000_000, 1_288_490_188].map(bytes), ["0 B", "900 B", "41 MiB", "1.2 GiB"]);
        let lengths = [5, 119, 400, 5940, 7300, 200_000].map(|s| length(Duration::from_secs(s)));
        assert_eq!(lengths, ["5 s", "119 s", "6 min", "99 min", "2 h 1 min", "2 d 7 h"]);
        assert_eq!(
            [0.0213, 0.8, 3.44, 61.0, 200.0].map(seconds),
            ["0.021 s", "0.80 s", "3.4 s", "61 s", "3 min"]
        );
        assert_eq!([0.0, 0.004, 0.031, 1.5].map(share), ["0 %", "<1 %", "3 %", "150 %"]);
        assert_eq!(since(-5), Duration::ZERO);
    }
}
