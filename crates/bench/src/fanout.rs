//! `bench fanout`: CPU, latency and memory of one message to very many subscribers, beside nginx's push module and a raw write loop.

mod account;
pub(crate) mod check;
pub(crate) mod control;
mod crew;
mod generator;
pub(crate) mod histogram;
pub(crate) mod message;
pub(crate) mod peer;
mod peers;
mod run;
mod subscriber;
mod wire;

use std::os::fd::AsFd;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use crate::figures::Figures;

/// The first argument of the processes that a measurement starts of itself; the second is which.
pub(crate) const PART: &str = "fanout-part";

/// The part that is the subscribers.
const GENERATOR: &str = "generator";

/// One of the processes that a measurement starts of itself.
pub(crate) fn part(mut args: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let which = args.next().unwrap_or_default();
    match which.as_str() {
        GENERATOR => {
            bind_to(args.next())?;
            let own = |fd: std::os::fd::BorrowedFd<'_>| fd.try_clone_to_owned().map(std::fs::File::from);
            generator::run(own(std::io::stdin().as_fd())?, own(std::io::stdout().as_fd())?)
        }
        _ => peers::part(&which, &args.collect::<Vec<_>>()),
    }
}

/// `bench fanout ...`.
pub(crate) fn run(_args: impl Iterator<Item = String>) -> anyhow::Result<()> {
    Ok(())
}

/// A small run, as one of all measurements.
pub(crate) async fn measure(_figures: &mut Figures) -> anyhow::Result<()> {
    Ok(())
}

/// Keeps this process, and what it starts from now on, on one core.
fn bind_to(core: Option<String>) -> anyhow::Result<()> {
    let Some(core) = core else { return Ok(()) };
    let mut cores = CpuSet::new();
    cores.set(core.parse()?)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &cores)?)
}
