//! The one clock of a process: real time, or a rehearsal's time that runs faster and skips the nights.
//! Whoever stamps or shows a time (`at`, receipt, "now" on a page, a talk on stage) asks this clock;
//! time-outs, back-off and bells stay on tokio's. Times are microseconds UTC.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Tells the time. Cheap to clone; every clone tells the same time.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<Rehearsal>>);

/// How a clock moves just now, so that a browser can go on counting by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// The time told, in microseconds UTC.
    pub now: i64,
    /// Seconds told per real second (1 on a real clock).
    pub speed: f64,
    /// Where this pace ends, in microseconds UTC: the clock then jumps over a night. `None`: it goes on.
    pub until: Option<i64>,
}

#[derive(Debug)]
struct Rehearsal {
    timeline: Timeline,
    began: Instant,
    played: i64,
}

impl Clock {
    /// The system's clock.
    pub fn real() -> Self {
        Self(None)
    }

    /// A clock that plays `timeline`, of which `played` microseconds have already been played.
    pub fn rehearsal(timeline: Timeline, played: i64) -> Self {
        Self(Some(Arc::new(Rehearsal { timeline, began: Instant::now(), played: played.max(0) })))
    }

    /// The time in microseconds UTC.
    pub fn now(&self) -> i64 {
        match &self.0 {
            None => system_micros(),
            Some(r) => r.timeline.time_at(r.position()),
        }
    }

    /// Whether this clock plays a rehearsal rather than telling the real time.
    pub fn is_rehearsal(&self) -> bool {
        self.0.is_some()
    }

    /// Microseconds of the timeline played so far (0 on a real clock): hand it to [`Clock::rehearsal`] to go on.
    pub fn played(&self) -> i64 {
        self.0.as_ref().map_or(0, |r| r.position())
    }

    /// The time together with how it moves.
    pub fn pace(&self) -> Pace {
        match &self.0 {
            None => Pace { now: system_micros(), speed: 1.0, until: None },
            Some(r) => r.timeline.pace_at(r.position()),
        }
    }

    /// How long, in real time, until this clock tells `time` (zero when that is past).
    pub fn wait_for(&self, time: i64) -> Duration {
        match &self.0 {
            None => micros((time - system_micros()) as f64),
            Some(r) => r.timeline.real_between(r.position(), r.timeline.position_of(time)),
        }
    }

    /// Sleeps until this clock tells `time`.
    pub async fn sleep_until(&self, time: i64) {
        tokio::time::sleep(self.wait_for(time)).await;
    }
}

impl Rehearsal {
    fn position(&self) -> i64 {
        self.timeline.advance(self.played, self.began.elapsed())
    }
}

/// The stretches of time that a rehearsal plays, and how fast. After the last one it goes on in real time.
#[derive(Debug, Clone)]
pub struct Timeline {
    windows: Vec<(i64, i64)>,
    speed: f64,
}

impl Timeline {
    /// Plays `windows` (start and end in microseconds UTC, ascending, not overlapping) at `speed`.
    /// `None` when there is no window, one is empty or out of order, or the speed is not above zero.
    pub fn new(windows: Vec<(i64, i64)>, speed: f64) -> Option<Self> {
        let ordered = windows.windows(2).all(|w| w[0].1 <= w[1].0) && windows.iter().all(|w| w.0 < w.1);
        let fits = !windows.is_empty() && ordered && speed.is_finite() && speed > 0.0;
        fits.then_some(Self { windows, speed })
    }

    /// Microseconds there are to play.
    pub fn length(&self) -> i64 {
        self.windows.iter().map(|(start, end)| end - start).sum()
    }

    /// The time told after `position` microseconds have been played.
    pub fn time_at(&self, position: i64) -> i64 {
        self.pace_at(position).now
    }

    /// How many microseconds must be played until `time` is told; a time inside a skipped night counts
    /// as the moment the night is over.
    pub fn position_of(&self, time: i64) -> i64 {
        let mut before = 0;
        for (start, end) in &self.windows {
            if time < *end {
                return before + (time - start).max(0);
            }
            before += end - start;
        }
        before + self.windows.last().map_or(0, |(_, end)| time - end)
    }

    fn pace_at(&self, position: i64) -> Pace {
        let mut left = position.max(0);
        let last = self.windows.len() - 1;
        for (i, (start, end)) in self.windows.iter().enumerate() {
            if left < end - start {
                let until = (i < last).then_some(*end);
                return Pace { now: start + left, speed: self.speed, until };
            }
            left -= end - start;
        }
        Pace { now: self.windows[last].1 + left, speed: 1.0, until: None }
    }

    fn advance(&self, from: i64, elapsed: Duration) -> i64 {
        let real = elapsed.as_micros() as f64;
        let fast = ((self.length() - from).max(0)) as f64;
        if real * self.speed <= fast {
            return from + (real * self.speed) as i64;
        }
        from + (fast + real - fast / self.speed) as i64
    }

    fn real_between(&self, from: i64, to: i64) -> Duration {
        let length = self.length();
        let fast = (to.min(length) - from.min(length)) as f64 / self.speed;
        let slow = (to.max(length) - from.max(length)) as f64;
        micros(fast + slow)
    }
}

fn micros(count: f64) -> Duration {
    Duration::from_micros(count.max(0.0).ceil() as u64)
}

fn system_micros() -> i64 {
    // A system clock set before 1970 tells the epoch: nothing here may panic on it.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn two_days() -> Timeline {
        Timeline::new(vec![(0, 8 * HOUR), (24 * HOUR, 30 * HOUR)], 20.0).unwrap()
    }

    #[test]
    fn a_night_is_skipped_and_time_never_goes_back() {
        let t = two_days();
        assert_eq!(t.length(), 14 * HOUR);
        assert_eq!(t.time_at(8 * HOUR - 1), 8 * HOUR - 1);
        assert_eq!(t.time_at(8 * HOUR), 24 * HOUR);
        assert_eq!(t.time_at(15 * HOUR), 31 * HOUR);
        let told: Vec<i64> = (0..64).map(|i| t.time_at(i * HOUR / 4)).collect();
        assert!(told.is_sorted());
    }

    #[test]
    fn a_time_and_its_position_agree() {
        let t = two_days();
        for time in [0, 3 * HOUR, 24 * HOUR, 29 * HOUR, 35 * HOUR] {
            assert_eq!(t.time_at(t.position_of(time)), time);
        }
        assert_eq!(t.position_of(12 * HOUR), 8 * HOUR, "inside the night: the next morning");
        assert_eq!(t.position_of(-HOUR), 0, "before the start: the start");
    }

    #[tokio::test(start_paused = true)]
    async fn the_rehearsal_runs_at_its_speed_and_then_in_real_time() {
        let clock = Clock::rehearsal(two_days(), 2 * HOUR);
        assert_eq!(clock.now(), 2 * HOUR);
        tokio::time::advance(Duration::from_secs(360)).await;
        assert_eq!(clock.now(), 4 * HOUR);
        assert_eq!(clock.played(), 4 * HOUR);
        assert_eq!(clock.pace(), Pace { now: 4 * HOUR, speed: 20.0, until: Some(8 * HOUR) });
        clock.sleep_until(24 * HOUR).await;
        assert!(clock.now() >= 24 * HOUR && clock.now() < 24 * HOUR + HOUR / 100);
        clock.sleep_until(31 * HOUR).await;
        assert!((clock.now() - 31 * HOUR).abs() < HOUR / 100);
        assert_eq!(clock.pace().speed, 1.0);
    }

    #[test]
    fn a_timeline_that_cannot_be_played_is_refused() {
        assert!(Timeline::new(vec![], 20.0).is_none());
        assert!(Timeline::new(vec![(5, 5)], 20.0).is_none());
        assert!(Timeline::new(vec![(10, 20), (0, 5)], 20.0).is_none());
        assert!(Timeline::new(vec![(0, 5)], 0.0).is_none());
        assert!(Timeline::new(vec![(0, 5)], f64::NAN).is_none());
    }
}
