//! `bench fanout`: CPU, latency and memory of one message to very many subscribers, beside nginx's push module and a raw write loop.

pub(crate) mod account;
mod aims;
pub(crate) mod check;
pub(crate) mod control;
mod crew;
mod generator;
pub(crate) mod histogram;
pub(crate) mod message;
mod options;
mod outcome;
pub(crate) mod peer;
pub(crate) mod peers;
pub(crate) mod rounds;
mod run;
mod scenarios;
mod sockets;
mod store_reads;
mod subscriber;
mod table;
mod wire;

use std::os::fd::AsFd;
use std::path::Path;

use anyhow::Context as _;
use clap::Parser as _;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;

use crate::figures::{Aim, Figures};
use options::Options;
use peer::Server;
use rounds::Cores;

/// The first argument of the processes that a measurement starts of itself; the second is which.
pub(crate) const PART: &str = "fanout-part";

/// What the small run is, among all other measurements.
const SMALL_CONNECTIONS: u32 = 1_000;
const SMALL_RATE: f64 = 10.0;
const SMALL_SECONDS: f64 = 3.0;

/// The part that is the subscribers.
const GENERATOR: &str = "generator";

/// One of the processes that a measurement starts of itself.
pub(crate) fn part(mut args: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let which = args.next().unwrap_or_default();
    match which.as_str() {
        GENERATOR => {
            bind_to(args.next().map(|core| core.parse()).transpose()?)?;
            let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
            setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
            let own = |fd: std::os::fd::BorrowedFd<'_>| fd.try_clone_to_owned().map(std::fs::File::from);
            generator::run(own(std::io::stdin().as_fd())?, own(std::io::stdout().as_fd())?)
        }
        _ => peers::part(&which, &args.collect::<Vec<_>>()),
    }
}

/// `bench fanout ...`.
pub(crate) fn run(args: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let options = Options::parse_from(std::iter::once("fanout".to_owned()).chain(args));
    let cores = Cores::split(options.threads);
    // Before there are threads, so that all of them obey.
    cores.bind_self()?;
    chassis::tls::install();
    tokio::runtime::Runtime::new()?.block_on(all(&options, &cores))
}

async fn all(options: &Options, cores: &Cores) -> anyhow::Result<()> {
    println!("{}; load average {:.2}", cores.told(), account::load());
    if !options.scenario.is_empty() {
        return scenarios::all(options, cores).await;
    }
    let outcomes = rounds::all(options, cores, rounds::tell).await?;
    let verdicts = aims::verdicts(&outcomes);
    println!("\n{}", table::rows(&outcomes, options));
    println!("{}", table::ratios(&outcomes));
    println!("{}", table::resolution(&outcomes, account::tick()?));
    println!("{}", table::verdicts(&verdicts, options));
    if let Some(file) = &options.json {
        let json = serde_json::json!({
            "connections": options.connections,
            "messages_each_second": options.rate,
            "burst": options.burst,
            "bytes": options.bytes,
            "seconds": options.seconds,
            "threads": options.threads,
            "cores": cores.told(),
            "runs": outcomes,
            "aims": verdicts,
        });
        std::fs::write(file, serde_json::to_vec_pretty(&json)?)
            .with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

/// A small run, as one of all measurements.
pub(crate) async fn measure(figures: &mut Figures, product: &Path) -> anyhow::Result<()> {
    let options = Options {
        connections: SMALL_CONNECTIONS,
        rate: SMALL_RATE,
        seconds: SMALL_SECONDS,
        rounds: 1,
        bin: product.to_owned(),
        ..Options::usual()
    };
    let outcomes = rounds::all(&options, &Cores::split(1), |_| {}).await?;
    for run in &outcomes.0 {
        let name = |what: &str| format!("fan-out, {} {}: {what}", run.mode.name(), run.server.name());
        figures.tell(&name("CPU per delivery"), run.us_per_delivery, "us", Aim::None);
        figures.tell(&name("p99"), run.p99_ms, "ms", Aim::None);
        if run.server == Server::Halley {
            let faults = run.faults.lost + run.faults.doubled + run.faults.out_of_order + run.faults.torn;
            figures.tell(&name("lost, twice, out of order, torn"), faults as f64, "", Aim::AtMost(0.0));
            figures.tell(&name("held"), run.held as f64, "", Aim::AtLeast(f64::from(SMALL_CONNECTIONS)));
        }
    }
    Ok(())
}

/// Keeps this thread, and what it starts from now on, on one core.
pub(crate) fn bind_to(core: Option<usize>) -> anyhow::Result<()> {
    let Some(core) = core else { return Ok(()) };
    let mut cores = CpuSet::new();
    cores.set(core)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &cores)?)
}
