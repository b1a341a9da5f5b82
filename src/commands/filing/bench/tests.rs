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
        let outcome = over(&demo(600, 3));
        (outcome.posts, outcome.precision, outcome.coverage, outcome.scores.table())
    };
    assert_eq!(numbers(), numbers());
}

#[test]
fn what_is_kept_can_be_tried_and_gives_the_same_filings() {
    let (case, dir) = (demo(300, 5), tempfile::tempdir().unwrap());
    keep::write(&case, dir.path()).unwrap();
    let kept = dir.path().join("demo");
    let read = |name: &str| std::fs::read(kept.join(name)).unwrap();
    let event =
        model::event::EventFile::parse(&String::from_utf8(read("event.toml")).unwrap()).unwrap().entry();
    let mut setting = Setting::of(crate::demo::schedule_json().as_bytes(), Some(event)).unwrap();
    setting.give_handles(&read("handles.csv")).unwrap();
    let presses = crate::commands::filing::presses::read(&read("stage.ndjson"), &setting).unwrap();
    assert_eq!(presses, case.presses);
    let mut desk = crate::commands::filing::desk::Desk::new(&setting.talks, Some(&setting.event), &presses);
    let mut posts = crate::commands::filing::post::Posts::new(setting.zone.clone());
    let (lines, mut first) = (String::from_utf8(read("posts.ndjson")).unwrap(), case.desk());
    for (line, post) in lines.lines().zip(&case.posts) {
        let item = posts.read(1, line.as_bytes()).unwrap().item;
        assert_eq!((&item, desk.file(&item)), (&post.item, first.file(&post.item)));
    }
    assert_eq!(read("labels.ndjson").split(|byte| *byte == b'\n').count(), case.posts.len() + 1);
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

/// Precision and coverage of the rules, and that each baseline is far behind at equal coverage.
fn holds(outcome: &Outcome, precision: f64, coverage: f64) {
    let shown = table::of(outcome);
    assert!(outcome.precision.is_some_and(|p| p >= precision), "{shown}");
    assert!(outcome.coverage.is_some_and(|c| c >= coverage), "{shown}");
    for baseline in &outcome.baselines {
        assert!(outcome.precision >= baseline.precision.map(|p| p + LEAD_MIN), "{}: {shown}", baseline.name);
    }
}

#[test]
fn the_rules_meet_their_aims_on_the_demos_schedule() {
    for seed in [1, 2] {
        holds(&over(&demo(2000, seed)), PRECISION_MIN, COVERAGE_MIN);
    }
}

/// A real schedule of several rooms, when it is there.
fn recorded(name: &str) -> Option<Case> {
    let path = testkit::fixtures(&format!("schedules/{name}"))?;
    let setting = Setting::of(&std::fs::read(path).unwrap(), None).unwrap();
    Some(Case::new(name.to_owned(), setting, 2000, 1))
}

#[test]
fn the_rules_meet_their_aims_on_real_schedules() {
    let names =
        ["31c3-v4.xml", "debconf-pentabarf.xml", "kielux-2020.ics", "moca-2024.ics", "rc3-pretalx.json"];
    for case in names.iter().filter_map(|name| recorded(name)) {
        holds(&over(&case), PRECISION_MIN, COVERAGE_MIN);
    }
}

/// Five and more talks at once, or titles and abstracts that tell little: less is filed, and what is filed is as right.
#[test]
fn where_many_talks_are_on_at_once_less_is_filed_and_no_more_of_it_wrongly() {
    let names =
        ["emf-2018/schedule.xml", "jres-2022.ics", "pretalx-api/pyconfr-2024/2024-10-31-84c356e.json"];
    for case in names.iter().filter_map(|name| recorded(name)) {
        holds(&over(&case), PRECISION_MIN, 0.65);
    }
}
