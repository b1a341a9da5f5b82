//! The repository's own commands. One file per command; `cargo xtask --help` lists them.

mod bench;
mod chaos;
mod ci;
mod shots;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The repository's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that must be green before a commit: packages, format, tidy, clippy, tests.
    Ci(ci::Options),
    /// Install the outside judges of pages, feeds and API, as `ci` does first.
    Judges(ci::judges::Options),
    /// The rules of this repository that no compiler checks.
    Tidy,
    /// Speed and size, against what is promised and against peers in the same run.
    Bench(bench::Options),
    /// The long runs: protocol model, Redis trial, fuzzing, deaths, a soak.
    Chaos(chaos::Options),
    /// Pictures of the demo's pages, to be looked at.
    Shots(shots::Options),
}

fn main() -> ExitCode {
    let root = repository_root();
    let outcome = match Cli::parse().command {
        Command::Ci(options) => ci::run(&root, &options),
        Command::Judges(options) => Ok(ci::judges::run(&root, &options)),
        Command::Tidy => tidy::run(&root),
        Command::Bench(options) => bench::run(&root, &options),
        Command::Chaos(options) => chaos::run(&root, &options),
        Command::Shots(options) => shots::run(&root, &options),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's root: two levels above this crate.
fn repository_root() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.ancestors().nth(2).expect("crates/xtask lies two levels below the root").to_path_buf()
}
