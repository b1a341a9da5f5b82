//! `cargo xtask ci`: the one check that a person and a machine run alike.
//! Steps run in order, each with a time limit; the first failure stops, and the last lines say what ran.

pub(crate) mod again;
pub(crate) mod judges;
pub(crate) mod packages;
pub(crate) mod process;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;

use crate::tidy;
use again::Failed;
use process::{Ran, run_limited};

const SHORT: Duration = Duration::from_secs(300);
const BUILD: Duration = Duration::from_secs(45 * 60);
const TESTS: Duration = Duration::from_secs(75 * 60);
/// Tests of one executable that run at once. Most of ours wait for servers, timers and sockets: two cores carry more than two.
const TESTS_AT_ONCE: &str = "4";

/// What `ci` may be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Do not install missing Debian packages, only name them.
    #[arg(long)]
    no_install: bool,
}

/// One line of the closing summary.
struct Step {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

enum Outcome {
    Passed(String),
    /// Done, but something that should have been checked was not.
    Partly(String),
    Failed(String),
}

/// Runs every step. `Ok(false)` when one of them failed.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    let mut steps = Vec::new();
    let mut servers_ready = false;
    let is_green = step(&mut steps, "packages", || {
        let missing = packages::provide(!options.no_install);
        servers_ready = missing.is_empty();
        match servers_ready {
            true => Outcome::Passed("servers and browser present".to_owned()),
            false => Outcome::Partly(format!("MISSING: {}", missing.join(", "))),
        }
    }) && step(&mut steps, "judges", || {
        let missing = judges::provide(&judges::folder(root), judges::CI, !options.no_install);
        servers_ready &= missing.is_empty();
        match missing.is_empty() {
            true => Outcome::Passed("checkers of HTML, accessibility, feeds and the API present".to_owned()),
            false => Outcome::Partly(format!("MISSING: {}", missing.join(", "))),
        }
    }) && step(&mut steps, "fmt", || cargo(root, &["fmt", "--all", "--", "--check"], SHORT))
        && step(&mut steps, "tidy", || match tidy::run(root) {
            Ok(true) => Outcome::Passed("order, sizes, docs, lock file".to_owned()),
            Ok(false) => Outcome::Failed("see the findings above".to_owned()),
            Err(error) => Outcome::Failed(format!("{error:#}")),
        })
        && step(&mut steps, "clippy", || {
            let args = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
            cargo(root, &args, BUILD)
        })
        && step(&mut steps, "test", || test(root, servers_ready));
    summary(&steps, is_green);
    Ok(is_green)
}

fn step(steps: &mut Vec<Step>, name: &'static str, work: impl FnOnce() -> Outcome) -> bool {
    println!("\n=== ci: {name}");
    let started = Instant::now();
    let outcome = work();
    let is_green = !matches!(outcome, Outcome::Failed(_));
    steps.push(Step { name, outcome, took: started.elapsed() });
    is_green
}

fn cargo(root: &Path, args: &[&str], limit: Duration) -> Outcome {
    outcome_of(run_limited(Command::new(cargo_program()).args(args).current_dir(root), limit))
}

/// The cargo that started us, so that a toolchain chosen on the command line stays chosen.
fn cargo_program() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

fn outcome_of(ran: Result<Ran>) -> Outcome {
    match ran {
        Ok(ran) if ran.succeeded && ran.skipped.is_empty() => Outcome::Passed(String::new()),
        Ok(ran) if ran.succeeded => Outcome::Partly(format!("{} SKIPPED tests", ran.skipped.len())),
        Ok(ran) => Outcome::Failed(ran.ended),
        Err(error) => Outcome::Failed(format!("{error:#}")),
    }
}

fn test(root: &Path, servers_ready: bool) -> Outcome {
    let run = |args: &[&str]| {
        let mut command = Command::new(cargo_program());
        command.args(args).current_dir(root).env("PATH", packages::path_with_servers());
        command.env(judges::FOLDER_VARIABLE, judges::folder(root));
        if std::env::var_os("RUST_TEST_THREADS").is_none() {
            command.env("RUST_TEST_THREADS", TESTS_AT_ONCE);
        }
        if servers_ready {
            command.env("PERIHELION_REQUIRE_SERVERS", "1");
        }
        run_limited(&mut command, TESTS)
    };
    let ran = run(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    let reruns = ran.as_ref().map(|ran| ran.failed.reruns()).unwrap_or_default();
    if let Ok(ran) = &ran {
        for skipped in &ran.skipped {
            println!("ci: {skipped}");
        }
        if !reruns.is_empty() {
            return test_again(&ran.failed, &reruns, run);
        }
    }
    outcome_of(ran)
}

/// Runs the few that failed once more, alone.
fn test_again(failed: &Failed, reruns: &[Vec<String>], run: impl Fn(&[&str]) -> Result<Ran>) -> Outcome {
    let names = failed.tests.iter().cloned().collect::<Vec<_>>().join(", ");
    println!("\n=== ci: FAILED beside all others, now alone: {names}");
    let mut passed = 0;
    for args in reruns {
        match run(&args.iter().map(String::as_str).collect::<Vec<_>>()) {
            Ok(ran) if ran.succeeded => passed += ran.passed,
            Ok(_) => return Outcome::Failed(format!("failed twice: {names}")),
            Err(error) => return Outcome::Failed(format!("{error:#}")),
        }
    }
    // Zero that passed is no proof: every one of them must have been run.
    match passed >= failed.tests.len() {
        true => Outcome::Partly(format!("FAILED AT FIRST, passed alone: {names}")),
        false => Outcome::Failed(format!("failed, and could not be run again: {names}")),
    }
}

fn summary(steps: &[Step], is_green: bool) {
    println!("\n=== ci: summary");
    for Step { name, outcome, took } in steps {
        let (word, detail) = match outcome {
            Outcome::Passed(detail) => ("ok", detail),
            Outcome::Partly(detail) => ("PARTLY", detail),
            Outcome::Failed(detail) => ("FAILED", detail),
        };
        println!("ci: {name:<10}{word:<8}{:>6.1} s  {detail}", took.as_secs_f64());
    }
    let is_whole = steps.iter().all(|step| matches!(step.outcome, Outcome::Passed(_)));
    println!(
        "ci: {}",
        match (is_green, is_whole) {
            (true, true) => "green, nothing skipped",
            (true, false) => "green, but NOT EVERYTHING RAN, or not at once: see the lines marked PARTLY",
            (false, _) => "RED",
        }
    );
}
