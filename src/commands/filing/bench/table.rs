//! The bench's numbers for people.

use super::{Baseline, Bucket, Outcome};
use crate::commands::filing::score::shown;

/// One schedule in full.
pub(crate) fn of(outcome: &Outcome) -> String {
    let Outcome { schedule, talks, rooms, parallel, posts, .. } = outcome;
    let mut out = format!(
        "{schedule}: {talks} talks in {rooms} rooms, {parallel:.1} at once, {posts} posts\n{}",
        outcome.scores.table()
    );
    out.push_str(&format!("filed although about no talk: {} of such posts\n", shown(outcome.strays)));
    out.push_str(&calibration(outcome));
    for baseline in &outcome.baselines {
        out.push_str(&format!(
            "baseline {:<16} precision {} at coverage {}\n",
            baseline.name,
            shown(baseline.precision),
            shown(baseline.coverage)
        ));
    }
    out.push_str(&format!("{:.0} posts per second\n", outcome.posts_per_second));
    outcome.missed.iter().for_each(|aim| out.push_str(&format!("missed: {aim}\n")));
    out.push('\n');
    out
}

/// How sure the rules are and how right, and what filing from each score on would give.
fn calibration(outcome: &Outcome) -> String {
    type Cell = fn(&Bucket) -> String;
    let rows: [(&str, Cell); 5] = [
        ("score from", |bucket| format!("{:.1}", bucket.from)),
        ("posts", |bucket| bucket.posts.to_string()),
        ("right", |bucket| shown(bucket.right)),
        ("precision from here", |bucket| shown(bucket.precision_from)),
        ("coverage from here", |bucket| shown(bucket.coverage_from)),
    ];
    let row = |(name, cell): (&str, Cell)| {
        let cells: String = outcome.calibration.iter().map(|bucket| format!("{:>8}", cell(bucket))).collect();
        format!("{name:<20}{cells}\n")
    };
    rows.into_iter().map(row).collect()
}

/// All schedules, a row each.
pub(crate) fn summary(outcomes: &[Outcome]) -> String {
    let wide = outcomes.iter().map(|outcome| outcome.schedule.chars().count()).max().unwrap_or(0).max(8);
    let names: Vec<&str> =
        outcomes.first().map(|o| o.baselines.iter().map(|b| b.name).collect()).unwrap_or_default();
    let mut out =
        format!("{:<wide$} {:>6} {:>8} {:>9} {:>9}", "schedule", "talks", "at once", "precision", "coverage");
    names.iter().for_each(|name| out.push_str(&format!(" {name:>17}")));
    out.push('\n');
    for o in outcomes {
        let row = format!(
            "{:<wide$} {:>6} {:>8.1} {:>9} {:>9}",
            o.schedule,
            o.talks,
            o.parallel,
            shown(o.precision),
            shown(o.coverage)
        );
        out.push_str(&row);
        o.baselines.iter().for_each(|b| out.push_str(&format!(" {:>17}", reached(b, o.coverage))));
        out.push_str(if o.missed.is_empty() { "\n" } else { "  missed\n" });
    }
    out
}

/// The precision of a baseline; with its coverage where it cannot reach that of the rules.
fn reached(baseline: &Baseline, coverage: Option<f64>) -> String {
    let (own, wanted) = (baseline.coverage.unwrap_or(0.0), coverage.unwrap_or(0.0));
    if own + 0.01 < wanted {
        format!("{} (at {own:.2})", shown(baseline.precision))
    } else {
        shown(baseline.precision)
    }
}
