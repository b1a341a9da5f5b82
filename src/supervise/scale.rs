//! How many instances a process should have: a pure decision from how late it is. Up at once, down slowly, never beyond its bounds.

use std::time::{Duration, Instant};

/// After one more instance, so long nothing is added: what it changes must show first.
const UP_REST: Duration = Duration::from_secs(10);
/// So many times later than wished asks for twice as many, not for one more.
const MUCH_TOO_LATE: f64 = 4.0;
/// It is calm when it is this share of what is wished.
const CALM: f64 = 0.5;

/// `scale = { ... }` of supervisor.toml.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    pub(crate) min: usize,
    pub(crate) max: usize,
    /// A metric of the instances' `/metrics`, best one that tells how late they are.
    pub(crate) metric: String,
    /// Which part of a histogram must be below the target: 0.99.
    pub(crate) quantile: f64,
    /// What the metric should stay below, in its own unit.
    pub(crate) target: f64,
    /// How long it must be calm before there is one less.
    pub(crate) down_wait: Duration,
}

/// What is remembered between decisions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    raised: Option<Instant>,
    calm_since: Option<Instant>,
}

/// Another number of instances, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) to: usize,
    pub(crate) why: String,
}

/// Decides from the worst `value` of all instances. `wanted`: how many there should be so far; `is_settled`: all of them are ready.
pub(crate) fn decide(
    rule: &Rule,
    memory: &mut Memory,
    now: Instant,
    value: Option<f64>,
    wanted: usize,
    is_settled: bool,
) -> Option<Change> {
    let bounded = wanted.clamp(rule.min, rule.max);
    if bounded != wanted {
        return Some(Change {
            to: bounded,
            why: format!("between {} and {} are allowed", rule.min, rule.max),
        });
    }
    let Some(value) = value.filter(|value| value.is_finite()) else {
        memory.calm_since = None;
        return None;
    };
    if value > rule.target {
        memory.calm_since = None;
        return up(rule, memory, now, value, wanted, is_settled);
    }
    if value > rule.target * CALM {
        memory.calm_since = None;
        return None;
    }
    let since = *memory.calm_since.get_or_insert(now);
    if wanted == rule.min || now.duration_since(since) < rule.down_wait {
        return None;
    }
    memory.calm_since = Some(now);
    let why = format!("{} was calm ({value:.3}) for {} s", rule.metric, rule.down_wait.as_secs());
    Some(Change { to: wanted - 1, why })
}

fn up(
    rule: &Rule,
    memory: &mut Memory,
    now: Instant,
    value: f64,
    wanted: usize,
    is_settled: bool,
) -> Option<Change> {
    let rests = memory.raised.is_some_and(|raised| now.duration_since(raised) < UP_REST);
    if wanted == rule.max || rests || !is_settled {
        return None;
    }
    memory.raised = Some(now);
    let more = if value > rule.target * MUCH_TOO_LATE { wanted } else { 1 };
    let why = format!("{} is {value:.3}, above {}", rule.metric, rule.target);
    Some(Change { to: (wanted + more).min(rule.max), why })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(min: usize, max: usize) -> Rule {
        let down_wait = Duration::from_secs(300);
        Rule { min, max, metric: "delay_seconds".to_owned(), quantile: 0.99, target: 1.0, down_wait }
    }

    /// Decisions over samples, one each ten seconds: what was wanted after each.
    fn run(rule: &Rule, values: &[Option<f64>]) -> Vec<usize> {
        let (mut memory, mut wanted, start) = (Memory::default(), rule.min, Instant::now());
        let at = |n: usize| start + Duration::from_secs(10) * u32::try_from(n).expect("few");
        let mut seen = Vec::new();
        for (n, value) in values.iter().enumerate() {
            if let Some(change) = decide(rule, &mut memory, at(n), *value, wanted, true) {
                assert!(!change.why.is_empty());
                wanted = change.to;
            }
            seen.push(wanted);
        }
        seen
    }

    #[test]
    fn lateness_adds_one_at_once_and_much_lateness_doubles() {
        assert_eq!(run(&rule(1, 8), &[Some(0.9), Some(1.1)]), [1, 2]);
        assert_eq!(run(&rule(1, 8), &[Some(9.0), Some(9.0), Some(9.0), Some(9.0)]), [2, 4, 8, 8]);
    }

    #[test]
    fn nothing_is_added_while_the_last_one_is_not_ready_or_has_no_effect_yet() {
        let (rule, mut memory, now) = (rule(1, 8), Memory::default(), Instant::now());
        assert_eq!(decide(&rule, &mut memory, now, Some(2.0), 1, true).map(|c| c.to), Some(2));
        let soon = now + Duration::from_secs(2);
        assert_eq!(decide(&rule, &mut memory, soon, Some(2.0), 2, true), None);
        let later = now + UP_REST;
        assert_eq!(decide(&rule, &mut memory, later, Some(2.0), 2, false), None);
        assert_eq!(decide(&rule, &mut memory, later, Some(2.0), 2, true).map(|c| c.to), Some(3));
    }

    #[test]
    fn calm_takes_one_away_after_the_whole_wait_and_begins_it_again() {
        let mut values = vec![Some(2.0), Some(2.0)];
        values.extend([Some(0.1); 62]);
        let seen = run(&rule(1, 8), &values);
        assert_eq!((seen[1], seen[31], seen[32], seen[61], seen[62]), (3, 3, 2, 2, 1));
    }

    #[test]
    fn a_metric_that_nobody_tells_changes_nothing_and_is_not_calm() {
        let mut values = vec![Some(2.0)];
        values.extend([Some(0.1); 29]);
        values.push(None);
        values.extend([Some(0.1); 29]);
        values.push(Some(f64::NAN));
        assert_eq!(run(&rule(1, 8), &values).last(), Some(&2));
    }

    fn values() -> impl Strategy<Value = Vec<Option<f64>>> {
        let one =
            prop_oneof![Just(None), (0.0..10.0).prop_map(Some), Just(Some(0.2)), Just(Some(f64::INFINITY))];
        prop::collection::vec(one, 1..200)
    }

    proptest! {
        #[test]
        fn the_number_stays_in_its_bounds_rises_only_when_late_and_falls_by_one_after_calm(
            values in values(), min in 1_usize..4, more in 0_usize..6,
        ) {
            let rule = rule(min, min + more);
            let seen = run(&rule, &values);
            let calm = usize::try_from(rule.down_wait.as_secs() / 10).expect("few");
            for n in 0..seen.len() {
                let before = if n == 0 { min } else { seen[n - 1] };
                prop_assert!((rule.min..=rule.max).contains(&seen[n]));
                if seen[n] > before {
                    prop_assert!(values[n].is_some_and(|value| value > rule.target));
                }
                if seen[n] < before {
                    prop_assert_eq!(before - seen[n], 1);
                    let row = &values[n - calm..=n];
                    prop_assert!(row.iter().all(|value| value.is_some_and(|value| value <= rule.target * CALM)));
                }
            }
        }

        #[test]
        fn lasting_lateness_reaches_the_most_and_lasting_calm_the_least(min in 1_usize..4, more in 0_usize..6) {
            let rule = rule(min, min + more);
            let late = run(&rule, &[Some(1.5); 8]);
            prop_assert_eq!(*late.last().expect("some"), rule.max);
            let mut values = vec![Some(1.5); 8];
            values.extend(vec![Some(0.0); 31 * 7]);
            prop_assert_eq!(*run(&rule, &values).last().expect("some"), rule.min);
        }
    }
}
