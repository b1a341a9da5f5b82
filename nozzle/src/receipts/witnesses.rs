//! What the daemons say on the status board of how far they are, put together by surface: a surface is as far as the last of
//! those who serve it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chassis::status::Status;
use live::reached::{How, RECORD_KEY, Reached, Told};
use live::receipts::Surface;
use model::{Epoch, EventId, Position, Seq};
use serde::Deserialize as _;
use tokio::time::Instant;

/// Whoever was not heard for so long has ended, or is cut off: it is not waited for any longer, and the receipt says that.
const SILENCE_MAX: Duration = Duration::from_secs(20);
/// A daemon that was not heard for so long is nobody's witness any more.
const FORGET_AFTER: Duration = Duration::from_secs(600);
/// Daemons that are remembered.
const WITNESSES_MAX: usize = 1_000;

/// One daemon.
struct Witness {
    role: String,
    heard: Instant,
    told: BTreeMap<Surface, Reached>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Witnesses(HashMap<String, Witness>);

impl Witnesses {
    /// Takes the board's records. Those that cannot be read, and those of another log, say nothing.
    pub(super) fn hear(&mut self, event: EventId, epoch: &Epoch, records: &[(String, String)]) {
        let now = Instant::now();
        self.0.retain(|_, witness| now.duration_since(witness.heard) < FORGET_AFTER);
        for (key, json) in records {
            let Ok(mut status) = serde_json::from_str::<Status>(json) else { continue };
            let told = status.details.remove(RECORD_KEY).and_then(|told| Told::deserialize(told).ok());
            // Whoever does not follow the event serves nothing of it.
            let Some(mut told) = told.and_then(|mut told| told.remove(&event)) else { continue };
            told.retain(|_, reached| reached.position.epoch == *epoch);
            if self.0.len() < WITNESSES_MAX || self.0.contains_key(key) {
                self.0.insert(key.clone(), Witness { role: status.role, heard: now, told });
            }
        }
    }

    /// How far a surface is; none while one of those who serve it has not said so, or nobody serves it as far as anybody knows.
    pub(super) fn of(&self, surface: Surface) -> Option<(Seq, Reached)> {
        let role = surface.role()?;
        let now = Instant::now();
        let all = self.0.values().filter(|witness| witness.role == role);
        let (here, away): (Vec<_>, Vec<_>) =
            all.partition(|witness| now.duration_since(witness.heard) < SILENCE_MAX);
        let told: Vec<&Reached> =
            here.iter().map(|witness| witness.told.get(&surface)).collect::<Option<_>>()?;
        let last = told.iter().min_by_key(|reached| reached.position.seq)?;
        let away = u32::try_from(away.len()).unwrap_or(u32::MAX);
        let reached = Reached {
            position: Position { epoch: last.position.epoch.clone(), seq: last.position.seq },
            // The one that obeyed last.
            age_ms: told.iter().map(|reached| reached.age_ms).min().unwrap_or(0),
            told: told.iter().map(|reached| reached.told).sum(),
            silent: told.iter().map(|reached| reached.silent).sum::<u32>().saturating_add(away),
            how: how(&told),
        };
        Some((last.position.seq, reached))
    }
}

/// What was left of it somewhere; absent only where it is absent everywhere.
fn how(told: &[&Reached]) -> Option<How> {
    let is_absent = told.iter().all(|reached| reached.how == Some(How::Absent));
    let left = told.iter().filter_map(|reached| reached.how).find(|how| *how != How::Absent);
    if is_absent { Some(How::Absent) } else { left }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, json};

    fn event() -> EventId {
        EventId::from_random(7)
    }

    fn record(role: &str, n: u32, seq: Seq, more: &serde_json::Value) -> (String, String) {
        let mut reached = json!({"position": {"epoch": Epoch::new(0, 7), "seq": seq}, "age_ms": 10 * n});
        for (key, value) in more.as_object().into_iter().flatten() {
            reached[key] = value.clone();
        }
        let told = json!({event().to_string(): {"stream": reached, "wall": reached}});
        let details = Map::from_iter([(RECORD_KEY.to_owned(), told)]);
        let status = Status::new(role, "0.1.0").now(true, details);
        (format!("status:{role}:{n}"), serde_json::to_string(&status).unwrap())
    }

    fn hear(witnesses: &mut Witnesses, records: &[(String, String)]) {
        witnesses.hear(event(), &Epoch::new(0, 7), records);
    }

    #[tokio::test(start_paused = true)]
    async fn a_surface_is_as_far_as_the_last_who_serves_it_and_the_silent_are_counted() {
        let mut witnesses = Witnesses::default();
        assert_eq!(witnesses.of(Surface::Stream), None, "nobody has said anything");
        let none = json!({});
        hear(&mut witnesses, &[record("halley", 1, 9, &none), record("halley", 2, 5, &none)]);
        let (seq, reached) = witnesses.of(Surface::Stream).unwrap();
        assert_eq!((seq, reached.told, reached.silent, reached.age_ms), (5, 2, 0, 10));
        assert_eq!(witnesses.of(Surface::Pages), None, "another role's");

        tokio::time::advance(SILENCE_MAX / 2).await;
        hear(&mut witnesses, &[record("halley", 1, 20, &none)]);
        assert_eq!(witnesses.of(Surface::Stream).unwrap().0, 5, "the other is waited for");
        tokio::time::advance(SILENCE_MAX / 2).await;
        let (seq, reached) = witnesses.of(Surface::Stream).unwrap();
        assert_eq!((seq, reached.told, reached.silent), (20, 1, 1), "and then not any more, which is told");
    }

    #[tokio::test(start_paused = true)]
    async fn another_log_says_nothing_and_no_wall_is_absent() {
        let mut witnesses = Witnesses::default();
        let absent = json!({"told": 0, "how": "absent"});
        hear(&mut witnesses, &[record("site", 1, 9, &absent)]);
        let (_, reached) = witnesses.of(Surface::Wall).unwrap();
        assert_eq!((reached.told, reached.how), (0, Some(How::Absent)));
        hear(&mut witnesses, &[record("site", 1, 9, &absent), record("site", 2, 9, &json!({"told": 3}))]);
        let (_, reached) = witnesses.of(Surface::Wall).unwrap();
        assert_eq!((reached.told, reached.how), (3, None), "somewhere there are walls");
        witnesses.hear(event(), &Epoch::new(1, 8), &[record("halley", 1, 9, &json!({}))]);
        assert_eq!(witnesses.of(Surface::Stream), None, "it has nothing of this log yet");
        hear(&mut witnesses, &[("status:halley:9".into(), "no record".into())]);
    }
}
