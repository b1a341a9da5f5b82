//! The binary `perihelion`: reads the command line, runs one command, and turns a failure into a sentence and an
//! exit code (0 done, 1 could not, 2 asked wrongly: settings or arguments).

mod bounded;
mod cli;
mod commands;
mod config;
mod data_dir;
mod demo;
mod event_file;
mod failure;
mod ledgers;
mod reach;
mod runtime;
mod site;
mod supervise;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

/// Chosen by measurement: after ten thousand requests it gives back what it does not need, where the system's own keeps more than twice as much
/// (ARCHITECTURE.md, `cargo xtask bench fanout`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    chassis::tls::install();
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
