//! `cargo xtask chaos`: the long versions of what `ci` runs short, one after the other. The tests themselves live with
//! what they test; here is only how long, how often and from which seed. A failure names the seed that brings it back.

mod fuzz;
mod soak;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use clap::Args;

use crate::ci::packages;
use crate::ci::process::run_limited;

/// Runs of the protocol model in each configuration.
const MODEL_SEEDS: &str = "2000";
/// How long the trial's two nozzles and their Redis are killed.
const TRIAL_SECONDS: &str = "120";
/// Seeds of the death tests, each of which takes about five minutes.
const DEATHS: u64 = 3;
/// A step that takes longer hangs.
const STEP_LIMIT: Duration = Duration::from_secs(3 * 3600);
const STEPS: [&str; 5] = ["model", "trial", "fuzz", "death", "soak"];

/// What `chaos` may be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Only these: model, trial, fuzz, death, soak
    what: Vec<String>,
    /// How long each property is fuzzed, and how long the soak lasts
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=24 * 60))]
    minutes: u64,
    /// Fuzz only properties whose name holds this (may be repeated), e.g. `wire::` or `feed::`
    #[arg(long, value_name = "NAME")]
    property: Vec<String>,
    /// Properties to fuzz at a time
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=64))]
    jobs: u64,
    /// Where fuzzing and the deaths begin; without it another one every time
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs every step, also after one has failed. `Ok(false)` when one of them failed.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    for what in &options.what {
        ensure!(STEPS.contains(&what.as_str()), "there is no step `{what}`; there are {}", STEPS.join(", "));
    }
    let seed = options.seed.unwrap_or_else(seed_of_the_moment);
    let length = Duration::from_secs(options.minutes * 60);
    println!("chaos: seed {seed}; `cargo xtask chaos --seed {seed}` draws the same again");
    let mut lines = Vec::new();
    let mut is_green = true;
    for name in
        STEPS.into_iter().filter(|name| options.what.is_empty() || options.what.iter().any(|w| w == name))
    {
        println!("\n=== chaos: {name}");
        let started = Instant::now();
        let outcome = match name {
            "model" => cargo_test(root, &[("PERIHELION_SEEDS", MODEL_SEEDS)], MODEL),
            "trial" => cargo_test(root, &[("PERIHELION_TRIAL_SECONDS", TRIAL_SECONDS)], TRIAL),
            "fuzz" => fuzz::run(root, &options.property, options.jobs as usize, seed, length),
            "death" => deaths(root, seed),
            _ => soak::run(root, length),
        };
        let (word, detail) = match &outcome {
            Ok(detail) => ("ok", detail.clone()),
            Err(error) => ("FAILED", format!("{error:#}")),
        };
        is_green &= outcome.is_ok();
        lines.push(format!("chaos: {name:<8}{word:<8}{:>8.1} s  {detail}", started.elapsed().as_secs_f64()));
    }
    println!("\n=== chaos: summary\n{}", lines.join("\n"));
    println!("chaos: {}, seed {seed}", if is_green { "green" } else { "RED" });
    Ok(is_green)
}

const MODEL: &[&str] = &["--package", "live", "--release", "--test", "protocol_model", "--", "--nocapture"];
const TRIAL: &[&str] = &["--package", "live", "--test", "conformance", "--", "--nocapture", "trial::"];
const DEATH: &[&str] =
    &["--package", "perihelion", "--test", "e2e", "--", "--nocapture", "--test-threads", "1", "death::"];

fn seed_of_the_moment() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::from(since.subsec_nanos()) ^ since.as_secs()
}

/// One `cargo test`. Servers are required here: chaos without them tests little.
fn cargo_test(root: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    command.arg("test").args(arguments).current_dir(root);
    command.env("PATH", packages::path_with_servers()).env("PERIHELION_REQUIRE_SERVERS", "1");
    command.envs(variables.iter().copied());
    let ran = run_limited(&mut command, STEP_LIMIT)?;
    let with: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    ensure!(ran.succeeded, "{} ({})", with.join(" "), ran.ended);
    Ok(match ran.skipped.len() {
        0 => with.join(" "),
        skipped => format!("{}, but {skipped} SKIPPED", with.join(" ")),
    })
}

fn deaths(root: &Path, seed: u64) -> Result<String> {
    for n in 0..DEATHS {
        let one = seed.wrapping_add(n).to_string();
        println!("chaos: death {} of {DEATHS}", n + 1);
        cargo_test(root, &[("PERIHELION_SEED", one.as_str())], DEATH)?;
    }
    Ok(format!("{DEATHS} seeds from {seed}"))
}
