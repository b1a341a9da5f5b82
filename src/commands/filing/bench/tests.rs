//! What holds of the bench itself, and what it asks of the rules.

use super::*;
use crate::commands::filing::setting::Setting;

fn demo(posts: usize, seed: u64) -> Case {
    let setting = Setting::of(crate::demo::schedule_json().as_bytes(), None).unwrap();
    Case::new("demo".to_owned(), setting, posts, seed)
}

#[test]
fn the_same_seed_gives_the_same_outcome() {
    let numbers = || {
        let outcome = over(demo(600, 3));
        (outcome.posts, outcome.precision, outcome.coverage, outcome.scores.table())
    };
    assert_eq!(numbers(), numbers());
}

#[test]
fn a_baseline_is_let_off_no_more_than_the_coverage_asked_for() {
    let case = demo(600, 3);
    for (name, guesses) in BASELINES {
        let guesses = guesses(&case);
        assert_eq!(guesses.len(), case.posts.len());
        let half = at_coverage(name, &guesses, &case, 0.4);
        assert!(half.coverage.is_some_and(|coverage| coverage < 0.41), "{half:?}");
        let all = at_coverage(name, &guesses, &case, 1.0);
        assert!(all.coverage >= half.coverage, "{all:?}");
    }
}

#[test]
fn a_perfect_baseline_is_seen_to_be_perfect() {
    let case = demo(600, 3);
    let truth: Vec<Option<Guess>> =
        case.posts.iter().map(|post| Some(Guess { talk: post.truth.clone()?, sure: 1.0 })).collect();
    let baseline = at_coverage("truth", &truth, &case, 0.7);
    assert_eq!(baseline.precision, Some(1.0));
}
