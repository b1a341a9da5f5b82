//! The rounds: every server takes its turn in every mode, and each round begins with another one.

use std::thread::available_parallelism;

use anyhow::ensure;

use super::options::Options;
use super::outcome::{Outcome, Outcomes};
use super::peer::{Mode, Server, Start};
use super::run::{Plan, Run};
use super::{bind_to, peers, table};

/// Published before it counts, so that every buffer has its size.
const WARM_UP_SECONDS: f64 = 1.0;
/// A generator that is busier tells its own lateness.
const GENERATOR_CORES_MAX: f64 = 0.8;
/// A publisher who waits longer for the server is told of; it is part of the latencies.
const PUBLISHER_LATE_MS_MAX: f64 = 50.0;

/// Which processors are whose.
#[derive(Clone, Debug)]
pub(crate) struct Cores {
    /// As `taskset -c` takes them.
    pub(crate) server: Option<String>,
    pub(crate) generator: Option<usize>,
}

impl Cores {
    /// The first ones for the server, the last one for everybody else.
    pub(crate) fn split(threads: u16) -> Self {
        let count = available_parallelism().map_or(1, usize::from);
        if !peers::pinnable() {
            return Self { server: None, generator: None };
        }
        let last = usize::from(threads).min(count) - 1;
        let server = if last == 0 { "0".to_owned() } else { format!("0-{last}") };
        Self { server: Some(server), generator: Some(count - 1) }
    }

    /// Who runs where, for the head of the tables.
    pub(crate) fn told(&self) -> String {
        match (&self.server, self.generator) {
            (Some(server), Some(other)) => format!(
                "servers on core {server}; generator, publisher and Redis on core {other}; this machine's other work on any"
            ),
            _ => "nothing is bound to a core: taskset (util-linux) or a second core is missing".to_owned(),
        }
    }

    /// Keeps this process and what it starts with the generator.
    pub(crate) fn bind_self(&self) -> anyhow::Result<()> {
        bind_to(self.generator)
    }
}

/// Everything that one run is started with.
pub(crate) fn start(options: &Options, cores: &Cores, mode: Mode) -> Start {
    Start {
        mode,
        connections: options.connections as usize,
        bytes: usize::from(options.bytes),
        threads: usize::from(options.threads),
        cores: cores.server.clone(),
        product: options.bin.clone(),
    }
}

/// The servers of the options that can be started here; the others are told of, loudly.
pub(crate) fn available(options: &Options) -> anyhow::Result<Vec<Server>> {
    let mut found = Vec::new();
    for server in options.servers.iter().copied() {
        match peers::missing(server, &options.bin) {
            Some(why) => println!("SKIPPED: {}: {why}", server.name()),
            None if found.contains(&server) => {}
            None => found.push(server),
        }
    }
    ensure!(!found.is_empty(), "none of these servers can be started here");
    Ok(found)
}

/// All rounds. Each run is handed to `told` as it ends.
pub(crate) async fn all(options: &Options, cores: &Cores, told: fn(&Outcome)) -> anyhow::Result<Outcomes> {
    let servers = available(options)?;
    let mut outcomes = Outcomes::default();
    for mode in options.modes.iter().copied() {
        for round in 1..=options.rounds {
            let first = usize::from(round - 1) % servers.len();
            let turns = servers.iter().cycle().skip(first).take(servers.len());
            for server in turns.filter(|server| server.speaks(mode)) {
                let outcome = once(options, cores, round, mode, *server).await?;
                told(&outcome);
                outcomes.0.push(outcome);
            }
        }
    }
    Ok(outcomes)
}

async fn once(
    options: &Options,
    cores: &Cores,
    round: u16,
    mode: Mode,
    server: Server,
) -> anyhow::Result<Outcome> {
    let start = start(options, cores, mode);
    let mut run = Run::begin(server, &start, cores.generator).await?;
    let plan = |seconds| Plan { burst: u64::from(options.burst), ..Plan::steady(options.rate, seconds) };
    run.measure(&plan(WARM_UP_SECONDS)).await?;
    let measured = run.measure(&plan(options.seconds)).await?;
    let outcome = Outcome {
        wanted: start.connections,
        connect_seconds: run.connected.seconds,
        idle_bytes: run.idle_bytes_each,
        then_bytes: run.bytes_each()?,
        empty_bytes: run.empty_bytes,
        ..Outcome::of(&measured, round, mode, server)
    };
    run.end().await?;
    Ok(outcome)
}

/// Prints one run, and what makes it doubtful.
pub(crate) fn tell(run: &Outcome) {
    println!("{}", table::line(run));
    if run.generator_cores > GENERATOR_CORES_MAX {
        println!(
            "  the generator was busy on {:.2} cores: its own lateness is in these latencies",
            run.generator_cores
        );
    }
    if run.publisher_late_ms > PUBLISHER_LATE_MS_MAX {
        println!(
            "  a message went to the server {:.0} ms after it was due, behind those before it",
            run.publisher_late_ms
        );
    }
}
