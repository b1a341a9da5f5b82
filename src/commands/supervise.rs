//! `perihelion supervise`: keeps the processes of supervisor.toml running until it is told to stop.

use std::path::Path;

use crate::cli::SuperviseArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::runtime::Fate;
use crate::supervise;

/// Supervises, in the foreground.
pub(crate) async fn run(
    config: &Config,
    config_file: Option<&Path>,
    args: &SuperviseArgs,
    fate: Fate,
) -> Result<(), Failure> {
    supervise::run(&args.file, config, config_file, &fate).await
}

/// Says whether the file can be used.
pub(crate) fn check(config: &Config, args: &SuperviseArgs) -> Result<(), Failure> {
    let processes = supervise::check(&args.file, config)?;
    println!("{} can be used: {processes} processes", args.file.display());
    Ok(())
}
