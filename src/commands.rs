//! What each command does: one file per command. Parts are put together in `wiring`.

mod check;
mod event;

use crate::cli::{Cli, Command, EventCommand};
use crate::config;
use crate::failure::Failure;
use crate::runtime;

/// Runs one command to its end.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let config = config::load(cli.config.as_deref())?;
    match cli.command {
        Command::Check => check::run(&config),
        Command::Event(EventCommand::List) => runtime::command(event::list(&config)),
        Command::Event(EventCommand::Show(name)) => runtime::command(event::show(&config, &name.event)),
        _ => Err(Failure::Asked("not wired".to_owned())),
    }
}
