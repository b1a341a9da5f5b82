//! `perihelion up`, `nozzle`, `halley`, `strainer`, `site`: the daemons. A role on its own needs Redis to reach the others.

use std::path::Path;

use chassis::clock::Clock;
use chassis::workers::{Leash, Seat};

use crate::cli::UpArgs;
use crate::config::{self, Config, LiveUrl};
use crate::failure::Failure;
use crate::runtime::{self, Fate};
use crate::wiring::{self, Up};

/// What a worker is called in lists of processes.
const PROGRAM: &std::ffi::CStr = c"perihelion";

/// Every role in this process.
pub(crate) async fn up(config: &Config, args: UpArgs, fate: Fate) -> Result<(), Failure> {
    say_where_settings_come_from(config);
    if config.halley.workers > 1 {
        return Err(Failure::Asked(format!(
            "halley.workers = {}, but `perihelion up` is one process: set halley.workers = 1, or run the roles apart \
             (`perihelion halley` starts its workers), which meet in Redis (live.url = \"redis://127.0.0.1:6379\")",
            config.halley.workers
        )));
    }
    let env = nozzle::sources::process_env;
    let with = Up { clock: Clock::real(), env, event: args.event, media_from_loopback: false };
    let bound = wiring::up(config, with, &fate).await?;
    println!("Perihelion is at {}", config.site.address(bound));
    Ok(())
}

/// The ingest daemon.
pub(crate) async fn nozzle(config: &Config, fate: Fate) -> Result<(), Failure> {
    say_where_settings_come_from(config);
    needs_redis(config, "nozzle")?;
    wiring::nozzle(config, &fate).await
}

/// The fan-out daemon.
pub(crate) async fn halley(config: &Config, fate: Fate) -> Result<(), Failure> {
    say_where_settings_come_from(config);
    needs_redis(config, "halley")?;
    wiring::halley(config, &fate).await
}

/// One of the fan-out daemon's workers. It is told its settings by who started it, and stops when that has gone.
pub(crate) fn halley_worker(seat: Seat, file: Option<&Path>) -> Result<(), Failure> {
    // Started by way of /proc/self/exe, it would be called "exe".
    if let Err(error) = nix::sys::prctl::set_name(PROGRAM) {
        eprintln!("perihelion: a worker goes by another name: {error}");
    }
    let (leash, text) = Leash::take()?;
    let config = config::handed(&text, file)?;
    needs_redis(&config, "halley")?;
    runtime::worker(seat, |fate| async move { wiring::halley_worker(&config, seat, leash, &fate).await })
}

/// The archiving daemon.
pub(crate) async fn strainer(config: &Config, fate: Fate) -> Result<(), Failure> {
    say_where_settings_come_from(config);
    needs_redis(config, "strainer")?;
    wiring::strainer(config, &fate).await
}

/// The pages.
pub(crate) async fn site(config: &Config, fate: Fate) -> Result<(), Failure> {
    say_where_settings_come_from(config);
    needs_redis(config, "site")?;
    let bound = wiring::site(config, &fate).await?;
    println!("The pages are at {}", config.site.address(bound));
    Ok(())
}

fn say_where_settings_come_from(config: &Config) {
    let path = config.file.path.display();
    match config.file.was_read {
        true => tracing::info!(%path, "settings were read"),
        false => tracing::info!(%path, "there is no settings file; defaults are in force"),
    }
}

fn needs_redis(config: &Config, role: &str) -> Result<(), Failure> {
    match config.live.url {
        LiveUrl::Redis(_) => Ok(()),
        LiveUrl::Embedded => Err(Failure::Asked(format!(
            "`perihelion {role}` is one role of several processes, which meet in Redis, but live.url is \"embedded\": \
             set live.url = \"redis://127.0.0.1:6379\", or run everything in one process with `perihelion up`"
        ))),
    }
}
