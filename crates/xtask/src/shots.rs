//! `cargo xtask shots`: pictures of the demo's pages in `tests/output/shots`, for people to look at beside the comps.
//! What is taken and how lives in testkit's `shots`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

/// What `shots` may be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Take the optimised binary
    #[arg(long)]
    release: bool,
    /// Beginnings of the names of pages; all when there are none
    names: Vec<String>,
}

/// Builds the product and the photographer, then takes the pictures. `Ok(false)` when one of them failed.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    let profile = if options.release { "release" } else { "dev" };
    let folder = if options.release { "release" } else { "debug" };
    let builds = [
        vec!["build", "--profile", profile, "--package", "perihelion"],
        vec!["build", "--package", "testkit", "--features", "chromium", "--bin", "shots"],
    ];
    for build in builds {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        if !succeeded(cargo.args(build).current_dir(root))? {
            return Ok(false);
        }
    }
    let pictures = root.join("tests/output/shots");
    let mut shots = Command::new(root.join("target/debug/shots"));
    shots.arg(root.join("target").join(folder).join("perihelion")).arg(&pictures);
    shots.args(&options.names).current_dir(root);
    let is_done = succeeded(&mut shots)?;
    println!("shots: {}", pictures.display());
    Ok(is_done)
}

fn succeeded(command: &mut Command) -> Result<bool> {
    let status = command.status().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    Ok(status.success())
}
