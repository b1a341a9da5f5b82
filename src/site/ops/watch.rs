//! What the site remembers of the daemons' records: since when one has been silent, and what each process took of memory and processor in the
//! last hour. It looks once a second, whether anybody is at the dashboard or not, as a history cannot be had afterwards.

use chassis::status::Status;
use live::Store;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How often the board is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A record that is older is no sign of life: daemons write one a second. With two seconds between two looks of a browser, a process that
/// was killed is told within five.
const SILENT_AFTER: Duration = Duration::from_millis(2_500);
/// How long a process that is gone is still shown, unless another one of its role has come.
const SHOWN_FOR: Duration = Duration::from_secs(600);
/// Minutes of history.
const MINUTES_MAX: usize = 60;
const MINUTE: Duration = Duration::from_secs(60);
/// Processes that are remembered.
const PROCESSES_MAX: usize = 256;

/// One minute of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Minute {
    pub(super) memory_bytes: u64,
    /// Of one core.
    pub(super) cpu: f64,
}

/// A record, and what is known beside it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) record: Status,
    /// How long it has said nothing; zero while it speaks.
    pub(super) silent: Duration,
    pub(super) minutes: VecDeque<Minute>,
    /// Of one core, over the last seconds.
    pub(super) cpu: f64,
    /// Others of its role that went before it, as far as this site has seen.
    pub(super) before: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Watch {
    known: Mutex<BTreeMap<String, Known>>,
}

#[derive(Debug)]
struct Known {
    record: Status,
    /// When its record last changed, by our own clock.
    changed: Instant,
    /// The smallest difference ever seen between our clock and the record's: what the clocks are apart, and the way.
    apart: i64,
    minutes: VecDeque<Minute>,
    minute_began: (Instant, f64),
    /// Processor time at two earlier looks, the older one first.
    cpu_before: VecDeque<(i64, f64)>,
    before: u64,
}

impl Watch {
    /// Looks again and again, and hands on what was seen.
    pub(super) async fn run(&self, store: Arc<dyn Store>, note: impl Fn(&[Seen])) {
        loop {
            // A store that is away is told by its own row.
            if self.look(store.as_ref()).await.is_ok() {
                note(&self.seen());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Takes over what the board says now.
    pub(super) async fn look(&self, store: &dyn Store) -> Result<(), live::Error> {
        let records = store.statuses().await?;
        let records = records.iter().filter_map(|(_, json)| serde_json::from_str::<Status>(json).ok());
        self.take(records, Instant::now(), chassis::clock::Clock::real().now());
        Ok(())
    }

    fn take(&self, records: impl Iterator<Item = Status>, now: Instant, now_us: i64) {
        let mut known = self.lock();
        for record in records {
            let key = record.key();
            let is_new = !known.contains_key(&key);
            if is_new && known.len() >= PROCESSES_MAX {
                continue;
            }
            if is_new {
                let before = replaced(&mut known, &record, now, now_us);
                known.insert(key, Known::new(record, now, now_us, before));
            } else if let Some(known) = known.get_mut(&key) {
                known.hear(record, now, now_us);
            }
        }
        known.retain(|_, known| known.silence(now, now_us) < SHOWN_FOR);
    }

    /// Everybody, by key.
    pub(super) fn seen(&self) -> Vec<Seen> {
        let (now, now_us) = (Instant::now(), chassis::clock::Clock::real().now());
        self.lock().values().map(|known| known.seen(now, now_us)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many went before a process that is new: one of its role that has fallen silent makes place for it.
fn replaced(known: &mut BTreeMap<String, Known>, new: &Status, now: Instant, now_us: i64) -> u64 {
    let gone = known
        .iter()
        .filter(|(_, old)| old.record.role == new.role && old.silence(now, now_us) >= SILENT_AFTER)
        .max_by_key(|(_, old)| old.changed)
        .map(|(key, old)| (key.clone(), old.before));
    gone.map_or(0, |(key, before)| {
        known.remove(&key);
        before + 1
    })
}

impl Known {
    fn new(record: Status, now: Instant, now_us: i64, before: u64) -> Self {
        let mut cpu_before = VecDeque::new();
        cpu_before.extend(record.cpu_seconds.map(|cpu| (record.at, cpu)));
        Self {
            changed: now,
            apart: now_us - record.at,
            minutes: VecDeque::new(),
            minute_began: (now, record.cpu_seconds.unwrap_or(0.0)),
            cpu_before,
            before,
            record,
        }
    }

    fn hear(&mut self, record: Status, now: Instant, now_us: i64) {
        self.apart = self.apart.min(now_us - record.at);
        if record.at == self.record.at {
            return;
        }
        self.changed = now;
        let cpu = record.cpu_seconds.unwrap_or(0.0);
        self.cpu_before.push_back((record.at, cpu));
        while self.cpu_before.len() > 5 {
            self.cpu_before.pop_front();
        }
        let (began, cpu_then) = self.minute_began;
        if now - began >= MINUTE || self.minutes.is_empty() {
            self.minutes.push_back(Minute::default());
            self.minute_began = (now, cpu);
        } else if let Some(minute) = self.minutes.back_mut() {
            let seconds = (now - began).as_secs_f64();
            minute.cpu = if seconds > 0.5 { (cpu - cpu_then).max(0.0) / seconds } else { 0.0 };
        }
        if let Some(minute) = self.minutes.back_mut() {
            minute.memory_bytes = minute.memory_bytes.max(record.memory.unwrap_or(0));
        }
        while self.minutes.len() > MINUTES_MAX {
            self.minutes.pop_front();
        }
        self.record = record;
    }

    /// How long ago its last record was written, whatever its clock says.
    fn silence(&self, now: Instant, now_us: i64) -> Duration {
        let by_clock = super::words::since(now_us - self.record.at - self.apart);
        // A clock that leaps must not make anybody silent: the change of the record is seen by our own.
        by_clock.min(now - self.changed + LOOK_EVERY)
    }

    fn seen(&self, now: Instant, now_us: i64) -> Seen {
        let silence = self.silence(now, now_us);
        let cpu = match (self.cpu_before.front(), self.cpu_before.back()) {
            (Some((then, before)), Some((at, cpu))) if at > then => {
                (cpu - before) / ((at - then) as f64 / 1e6)
            }
            _ => 0.0,
        };
        Seen {
            record: self.record.clone(),
            silent: if silence >= SILENT_AFTER { silence } else { Duration::ZERO },
            minutes: self.minutes.clone(),
            cpu,
            before: self.before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(role: &str, pid: u32, at_ms: i64, cpu: f64) -> Status {
        let json = serde_json::json!({
            "role": role, "instance": format!("host-{pid}"), "pid": pid, "version": "1", "started": 0, "at": at_ms * 1000,
            "ready": true, "memory": 1 << 20, "cpu_seconds": cpu,
        });
        serde_json::from_value(json).expect("a record")
    }

    #[test]
    fn a_process_that_was_killed_is_silent_within_three_seconds_and_its_successor_takes_its_place() {
        let (watch, began) = (Watch::default(), Instant::now());
        // Its clock is ten minutes ahead of ours.
        let hear = |pid, ms: u64| {
            let ours = 1_000_000_000 + ms as i64 * 1000;
            let heard = record("halley", pid, 600_000 + 1_000_000 + ms as i64, ms as f64 / 4000.0);
            watch.take(std::iter::once(heard), began + Duration::from_millis(ms), ours);
        };
        (0..5).for_each(|second| hear(7, second * 1000));
        let silent = |ms: u64| {
            let known = watch.lock();
            let at = began + Duration::from_millis(ms);
            known
                .values()
                .map(|known| known.seen(at, 1_000_000_000 + ms as i64 * 1000).silent)
                .collect::<Vec<_>>()
        };
        assert_eq!(silent(6_400), [Duration::ZERO]);
        assert_eq!(silent(6_600), [Duration::from_millis(2_600)]);
        hear(9, 7_000);
        let (seen, at) = (silent(7_000), began + Duration::from_millis(7_000));
        assert_eq!(seen, [Duration::ZERO], "one place, not two");
        let known = watch.lock();
        let seen = known.values().next().expect("it is there").seen(at, 1_000_000_000 + 7_000_000);
        assert_eq!((seen.record.pid, seen.before), (9, 1));
    }

    #[test]
    fn minutes_hold_the_most_memory_and_the_processors_share() {
        let (watch, began) = (Watch::default(), Instant::now());
        for second in 0..200_u64 {
            let heard = record("site", 1, second as i64 * 1000, second as f64 / 2.0);
            watch.take(
                std::iter::once(heard),
                began + Duration::from_secs(second),
                second as i64 * 1_000_000,
            );
        }
        let known = watch.lock();
        let seen =
            known.values().next().expect("it is there").seen(began + Duration::from_secs(199), 199_000_000);
        assert_eq!(seen.minutes.len(), 4);
        assert!(
            (seen.minutes[1].cpu - 0.5).abs() < 0.02 && (seen.cpu - 0.5).abs() < 1e-6,
            "{:?}",
            seen.minutes
        );
        assert_eq!(seen.minutes[1].memory_bytes, 1 << 20);
    }

    #[test]
    fn a_clock_that_leaps_silences_nobody() {
        let (watch, began) = (Watch::default(), Instant::now());
        watch.take(std::iter::once(record("site", 1, 0, 0.0)), began, 0);
        watch.take(std::iter::once(record("site", 1, 1000, 0.0)), began + LOOK_EVERY, 3_600_000_000);
        let known = watch.lock();
        let seen = known.values().next().expect("it is there").seen(began + LOOK_EVERY, 3_600_000_000);
        assert_eq!(seen.silent, Duration::ZERO);
    }
}
