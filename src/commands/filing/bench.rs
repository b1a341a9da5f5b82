//! `perihelion filing bench`: invented posts over real schedules, filed by the rules and by three baselines, held against their
//! labels. The posts are `labelled`'s; what is reckoned is here, what is printed in `table`.

mod baselines;
mod case;
mod find;
mod keep;
mod table;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Instant;

use anyhow::anyhow;
use model::{Filing, FilingState, TalkId};
use serde::Serialize;

use super::score::{Scores, Tally, Verdict, share};
use crate::cli::BenchArgs;
use crate::failure::Failure;
use baselines::{BASELINES, Guess};
use case::Case;

/// Least share of what is filed that has to be right.
pub(crate) const PRECISION_MIN: f64 = 0.95;
/// Least share of the posts about a talk that has to be filed.
pub(crate) const COVERAGE_MIN: f64 = 0.70;
/// How much better than each baseline that has to be.
pub(crate) const LEAD_MIN: f64 = 0.15;
/// Lower bounds of the buckets of scores, for the account of how sure the rules are and how right.
const BUCKETS: [f64; 6] = [0.0, 0.5, 0.6, 0.7, 0.8, 0.9];

/// What came out for one schedule.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) schedule: String,
    pub(crate) talks: usize,
    pub(crate) rooms: usize,
    /// Talks that are on at once, on average over the time in which any is.
    pub(crate) parallel: f64,
    pub(crate) posts: usize,
    pub(crate) precision: Option<f64>,
    pub(crate) coverage: Option<f64>,
    pub(crate) recall: Option<f64>,
    /// Of the posts that are about no talk, the share that was filed to one.
    pub(crate) strays: Option<f64>,
    pub(crate) posts_per_second: f64,
    pub(crate) baselines: Vec<Baseline>,
    pub(crate) calibration: Vec<Bucket>,
    #[serde(serialize_with = "kinds")]
    pub(crate) scores: Scores,
    /// What is below its aim, a sentence each.
    pub(crate) missed: Vec<String>,
}

/// A baseline at the rules' coverage, or at all that it can reach.
#[derive(Debug, Serialize)]
pub(crate) struct Baseline {
    pub(crate) name: &'static str,
    pub(crate) precision: Option<f64>,
    pub(crate) coverage: Option<f64>,
}

/// Guesses and filings from one score to the next; and what precision and coverage would be if all from here on were filed.
#[derive(Debug, Serialize)]
pub(crate) struct Bucket {
    pub(crate) from: f64,
    pub(crate) posts: usize,
    pub(crate) right: Option<f64>,
    pub(crate) precision_from: Option<f64>,
    pub(crate) coverage_from: Option<f64>,
}

fn kinds<S: serde::Serializer>(scores: &Scores, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(scores.by_kind.iter().map(|(kind, tally)| {
        let Tally { posts, about, covered, filed, right } = tally;
        let counts = serde_json::json!({"posts": posts, "about": about, "covered": covered, "filed": filed, "right": right});
        (kind, counts)
    }))
}

/// Runs over the demo's schedule and those of a directory. Fails when an aim is missed.
pub(crate) fn run(args: &BenchArgs) -> Result<(), Failure> {
    let mut outcomes = Vec::new();
    for (name, setting) in find::schedules(args.schedules.as_deref())? {
        let case = Case::new(name, setting, args.posts as usize, args.seed);
        if let Some(dir) = &args.keep {
            keep::write(&case, dir)?;
        }
        let outcome = over(&case);
        if !args.json {
            print!("{}", table::of(&outcome));
        }
        outcomes.push(outcome);
    }
    if args.json {
        let object = serde_json::json!({"seed": args.seed, "posts": args.posts, "schedules": outcomes});
        println!("{object}");
    } else {
        print!("{}", table::summary(&outcomes));
    }
    match outcomes.iter().map(|outcome| outcome.missed.len()).sum::<usize>() {
        0 => Ok(()),
        n => Err(Failure::Could(anyhow!("{n} aims are missed"))),
    }
}

/// One schedule: files the posts and reckons.
pub(crate) fn over(case: &Case) -> Outcome {
    let mut desk = case.desk();
    let begun = Instant::now();
    let filings: Vec<_> = case.posts.iter().map(|post| desk.file(&post.item)).collect();
    let seconds = begun.elapsed().as_secs_f64();
    let filed_to = |filing: &Filing| filing.talk.clone().filter(|_| filing.state == FilingState::Filed);
    let mut scores = Scores::default();
    for (post, filing) in case.posts.iter().zip(&filings) {
        scores.add(post.kind.name(), Verdict::of(post.truth.as_ref(), filed_to(filing).as_ref()));
    }
    let all = scores.all;
    let baselines = BASELINES
        .iter()
        .map(|(name, guesses)| at_coverage(name, &guesses(case), case, all.coverage().unwrap_or(0.0)))
        .collect();
    let mut outcome = Outcome {
        schedule: case.name.clone(),
        talks: case.setting.talks.len(),
        rooms: case.rooms(),
        parallel: case.parallel(),
        posts: all.posts,
        precision: all.precision(),
        coverage: all.coverage(),
        recall: all.recall(),
        strays: share(all.strays(), all.posts - all.about),
        posts_per_second: case.posts.len() as f64 / seconds.max(1e-9),
        baselines,
        calibration: calibration(case, &filings),
        scores,
        missed: Vec::new(),
    };
    outcome.missed = missed(&outcome);
    outcome
}

fn calibration(case: &Case, filings: &[Filing]) -> Vec<Bucket> {
    let about = case.posts.iter().filter(|post| post.truth.is_some()).count();
    let from = |low: f64, high: f64| {
        let mut tally = Tally { about, ..Tally::default() };
        for (post, filing) in case.posts.iter().zip(filings) {
            if let Some(talk) = filing.talk.as_ref().filter(|_| low <= filing.score && filing.score < high) {
                let verdict = Verdict::of(post.truth.as_ref(), Some(talk));
                tally.filed += 1;
                tally.covered += usize::from(verdict.is_about_talk);
                tally.right += usize::from(verdict.is_right);
            }
        }
        tally
    };
    let nexts = BUCKETS.iter().skip(1).chain([&f64::INFINITY]);
    BUCKETS
        .iter()
        .zip(nexts)
        .map(|(low, next)| {
            let (here, on) = (from(*low, *next), from(*low, f64::INFINITY));
            Bucket {
                from: *low,
                posts: here.filed,
                right: here.precision(),
                precision_from: on.precision(),
                coverage_from: on.coverage(),
            }
        })
        .collect()
}

/// Lets a baseline file its surest guesses until it covers as much as the rules do.
fn at_coverage(name: &'static str, guesses: &[Option<Guess>], case: &Case, coverage: f64) -> Baseline {
    let about = case.posts.iter().filter(|post| post.truth.is_some()).count();
    let wanted = (coverage * about as f64).round() as usize;
    let mut order: Vec<(usize, &Guess)> =
        guesses.iter().enumerate().filter_map(|(index, guess)| Some((index, guess.as_ref()?))).collect();
    order.sort_by(|a, b| b.1.sure.total_cmp(&a.1.sure).then(a.0.cmp(&b.0)));
    let mut tally = Tally { about, ..Tally::default() };
    for (index, guess) in order {
        if tally.covered >= wanted {
            break;
        }
        let truth: Option<&TalkId> = case.posts[index].truth.as_ref();
        let verdict = Verdict::of(truth, Some(&guess.talk));
        tally.filed += 1;
        tally.covered += usize::from(verdict.is_about_talk);
        tally.right += usize::from(verdict.is_right);
    }
    Baseline { name, precision: tally.precision(), coverage: tally.coverage() }
}

fn missed(outcome: &Outcome) -> Vec<String> {
    let mut missed = Vec::new();
    let precision = outcome.precision.unwrap_or(0.0);
    let coverage = outcome.coverage.unwrap_or(0.0);
    if precision < PRECISION_MIN {
        missed.push(format!("precision {precision:.3} is below {PRECISION_MIN}"));
    }
    if coverage < COVERAGE_MIN {
        missed.push(format!("coverage {coverage:.3} is below {COVERAGE_MIN}"));
    }
    for baseline in &outcome.baselines {
        let lead = precision - baseline.precision.unwrap_or(0.0);
        if lead < LEAD_MIN {
            missed.push(format!("only {lead:.3} better than {}, not {LEAD_MIN}", baseline.name));
        }
    }
    missed
}

/// The name under which a schedule's file is shown: with its directory, as many are called `schedule.xml`.
fn shown(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}
