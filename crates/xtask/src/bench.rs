//! `cargo xtask bench`: builds the product and the measurements with optimisation, then runs the measurements. What is
//! measured and how lives in `crates/bench`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

/// What `bench` may be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Only these: sequencer, jetstream, push, archive, commit, compression, fanout, product
    what: Vec<String>,
    /// Do not build for distribution, which takes long and is needed for the size of the binary only
    #[arg(long)]
    no_dist: bool,
}

/// Builds and measures. `Ok(false)` when one of the two failed; a missed aim is told and fails nothing.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    let is_asked = |what: &str| options.what.is_empty() || options.what.iter().any(|w| w == what);
    let mut builds = vec![vec!["build", "--release", "--package", "bench"]];
    if is_asked("product") || is_asked("compression") {
        builds.push(vec!["build", "--release", "--package", "perihelion"]);
    }
    if is_asked("product") && !options.no_dist {
        builds.push(vec!["build", "--profile", "dist", "--package", "perihelion"]);
    }
    for build in builds {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        if !succeeded(cargo.args(build).current_dir(root))? {
            return Ok(false);
        }
    }
    succeeded(Command::new(root.join("target/release/bench")).args(&options.what).current_dir(root))
}

fn succeeded(command: &mut Command) -> Result<bool> {
    let status = command.status().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    Ok(status.success())
}
