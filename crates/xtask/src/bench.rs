//! `cargo xtask bench`: builds the product and the measurements with optimisation, then runs the measurements. What is
//! measured and how lives in `crates/bench`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::ci::judges;

/// What `bench` may be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Only these: sequencer, filing, jetstream, push, archive, commit, compression, pages, lighthouse, search, fanout, product. `fanout` by itself takes
    /// options of its own behind it: see `bench fanout --help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    what: Vec<String>,
    /// Do not build for distribution, which takes long and is needed for the size of the binary only
    #[arg(long)]
    no_dist: bool,
}

/// Builds and measures. `Ok(false)` when one of the two failed; a missed aim is told and fails nothing.
pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    const NO_DIST: &str = "--no-dist";
    let (own, args): (Vec<&String>, Vec<&String>) = options.what.iter().partition(|word| *word == NO_DIST);
    // What is asked for comes first; from the first option on, words are the measurement's own.
    let asked: Vec<&str> =
        args.iter().map(|word| word.as_str()).take_while(|word| !word.starts_with('-')).collect();
    let is_help = args.iter().any(|word| ["-h", "--help"].contains(&word.as_str()));
    let is_asked = |what: &str| !is_help && (asked.is_empty() || asked.contains(&what));
    let mut builds = vec![vec!["build", "--release", "--package", "bench"]];
    if ["product", "compression", "pages", "lighthouse", "fanout"].into_iter().any(is_asked) {
        builds.push(vec!["build", "--release", "--package", "perihelion"]);
    }
    if is_asked("product") && !options.no_dist && own.is_empty() {
        builds.push(vec!["build", "--profile", "dist", "--package", "perihelion"]);
    }
    for build in builds {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        if !succeeded(cargo.args(build).current_dir(root))? {
            return Ok(false);
        }
    }
    let judges_folder = judges::folder(root);
    if is_asked("lighthouse") {
        // Where there is no network, the measurement says that it is missing.
        judges::provide(&judges_folder, judges::BENCH, true);
    }
    let mut bench = Command::new(root.join("target/release/bench"));
    succeeded(bench.args(args).current_dir(root).env(judges::FOLDER_VARIABLE, judges_folder))
}

fn succeeded(command: &mut Command) -> Result<bool> {
    let status = command.status().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    Ok(status.success())
}
