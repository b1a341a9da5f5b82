//! `bench fanout`: CPU, latency and memory of one message to very many subscribers, beside nginx's push module and a raw write loop.

pub(crate) mod check;
pub(crate) mod control;
mod generator;
pub(crate) mod histogram;
pub(crate) mod message;
pub(crate) mod peer;
mod peers;
mod subscriber;
mod wire;

use crate::figures::Figures;

/// The first argument of the processes that a measurement starts of itself; the second is which.
pub(crate) const PART: &str = "fanout-part";

/// One of the processes that a measurement starts of itself.
pub(crate) fn part(mut args: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let which = args.next().unwrap_or_default();
    peers::part(&which, &args.collect::<Vec<_>>())
}

/// `bench fanout ...`.
pub(crate) fn run(_args: impl Iterator<Item = String>) -> anyhow::Result<()> {
    Ok(())
}

/// A small run, as one of all measurements.
pub(crate) async fn measure(_figures: &mut Figures) -> anyhow::Result<()> {
    Ok(())
}
