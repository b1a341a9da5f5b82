//! Figures against the fold of the same log, and against the log as it lies there after words were overwritten.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::{Fold, Gone, GoneBy, RowState, Tally};

const NOON: Micros = Micros(1_795_189_320_000_000);

fn item(n: u8, live_only: bool) -> Box<ItemEntry> {
    let json = serde_json::json!({
        "id": format!("{:0>12}", n), "first": 1, "voids": [],
        "item": {
            "uid": format!("mastodon:{n}"), "network": "mastodon", "source": format!("s{}", n % 3), "rev": 0, "url": null, "when": NOON.0,
            "author": {"id": if n.is_multiple_of(7) { String::new() } else { format!("a{}", n % 5) }, "name": "", "handle": "", "url": null, "avatar": null},
            "body": ["x"], "retain": if live_only { "live" } else { "archive" },
        },
        "filing": crate::Filing::unsorted("nothing"),
    });
    Box::new(serde_json::from_value(json).expect("an item"))
}

fn gone(n: u8) -> Gone {
    Gone { id: item(n, false).id, first: 1, voids: Vec::new(), by: GoneBy::Author }
}

fn tally(source: &str, minutes: i64, counts: TallyCounts) -> Kind {
    let minute = NOON.minute().plus(minutes * Micros::MINUTE);
    Kind::Tally { tally: Tally { source: source.to_owned(), minute, counts } }
}

fn all(kinds: Vec<Kind>) -> Figures {
    let mut figures = Figures::default();
    for (n, kind) in kinds.into_iter().enumerate() {
        figures.apply(&Entry { seq: n as Seq + 1, at: NOON, kind });
    }
    figures
}

fn kinds() -> impl Strategy<Value = Vec<Kind>> {
    let one = (0_u8..12, 0_u8..6).prop_map(|(n, what)| match what {
        0 | 1 => Kind::Post(item(n, false)),
        2 => Kind::Edit(item(n, n.is_multiple_of(2))),
        3 => Kind::Hide(gone(n)),
        4 => Kind::Show(item(n, false)),
        _ => Kind::Remove(gone(n)),
    });
    proptest::collection::vec(one, 0..80)
}

proptest! {
    #[test]
    fn posts_and_people_are_those_of_the_fold_whatever_happened(kinds in kinds()) {
        let mut fold = Fold::default();
        let entries: Vec<Entry> =
            kinds.into_iter().enumerate().map(|(n, kind)| Entry { seq: n as Seq + 1, at: NOON, kind }).collect();
        let mut figures = Figures::default();
        for entry in &entries {
            fold.apply(entry);
            figures.apply(entry);
            figures.apply(entry);
        }
        let shown: Vec<_> = fold.items.values().filter(|row| row.state == RowState::Shown).collect();
        let items: Vec<_> = shown.iter().filter_map(|row| row.item.as_ref()).collect();
        let people: HashSet<&str> = items.iter().map(|item| item.author.id.as_str()).filter(|id| !id.is_empty()).collect();
        prop_assert_eq!(figures.posts(), items.len() as u64);
        prop_assert_eq!(figures.people(), people.len() as u64);
        prop_assert_eq!(figures.archived(), items.iter().filter(|item| item.retain != Retain::Live).count() as u64);
        for (name, account) in figures.accounts() {
            prop_assert_eq!(account.posts, items.iter().filter(|item| item.source == name).count() as u64);
        }
        // After a restart what was taken back is a void in the log.
        let mut again = Figures::default();
        for entry in &entries {
            let is_over = entry.item().is_some_and(|e| fold.items.get(&e.id).is_some_and(|row| row.last != entry.seq));
            let kind = if is_over { Kind::Void } else { entry.kind.clone() };
            again.apply(&Entry { kind, ..entry.clone() });
        }
        prop_assert_eq!((again.posts(), again.people(), again.archived()), (figures.posts(), figures.people(), figures.archived()));
    }
}

#[test]
fn a_tally_that_is_told_anew_replaces_the_one_before_and_one_that_is_lost_shows() {
    let counts = |received, new| TallyCounts { received, new, changed: Some(0), ..TallyCounts::default() };
    let figures = all(vec![
        tally("a", 0, counts(4, 4)),
        tally("a", 0, counts(6, 6)),
        tally("b", 0, counts(3, 3)),
        tally("a", 1, counts(9, 8)),
    ]);
    let accounts = figures.accounts();
    assert_eq!((accounts["a"].counts.received, accounts["a"].missing()), (15, 1));
    assert_eq!((accounts["b"].counts.received, accounts["b"].missing()), (3, 0));
    assert_eq!(figures.busiest(), Some(Busiest { minute: NOON.minute(), items: 9 }));
    assert_eq!(figures.last_minutes(NOON.plus(2 * Micros::MINUTE), 4), [0, 9, 8, 0]);
}

#[test]
fn tallies_of_a_program_that_did_not_count_everything_are_not_held_against_each_other() {
    let old = TallyCounts { received: 9, new: 2, ..TallyCounts::default() };
    let rejected = [("json".to_owned(), 2)].into_iter().collect();
    let new = TallyCounts { received: 7, new: 1, duplicate: 2, held: 1, changed: Some(1), rejected };
    let figures = all(vec![
        tally("a", 0, old.clone()),
        tally("a", 1, new.clone()),
        tally("a", 1, old),
        tally("a", 2, new),
    ]);
    let account = figures.accounts()["a"].clone();
    assert_eq!((account.counts.received, account.missing()), (7, 0));
    assert_eq!(figures.last_minutes(NOON.plus(2 * Micros::MINUTE), 3), [2, 2, 2]);
}

#[test]
fn minutes_are_bounded_and_the_running_one_counts_what_no_tally_has_told() {
    let counts = TallyCounts { received: 1, new: 1, changed: Some(0), ..TallyCounts::default() };
    let mut kinds: Vec<Kind> = (-200..0).map(|minute| tally("a", minute, counts.clone())).collect();
    kinds.push(Kind::Post(item(1, false)));
    kinds.push(Kind::Post(item(2, false)));
    let figures = all(kinds);
    assert!(figures.minutes.len() <= MINUTES_MAX);
    assert_eq!(figures.last_minutes(NOON, 3), [1, 1, 2]);
    assert_eq!(figures.last_minutes(NOON, 1000).len(), MINUTES_MAX);
}
