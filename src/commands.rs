//! What each command does: one file per command. Parts are put together in `wiring`.

mod check;

use crate::cli::{Cli, Command};
use crate::config;
use crate::failure::Failure;

/// Runs one command to its end.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let config = config::load(cli.config.as_deref())?;
    match cli.command {
        Command::Check => check::run(&config),
        _ => Err(Failure::Asked("not wired".to_owned())),
    }
}
