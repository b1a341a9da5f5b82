//! `cargo xtask bench fanout`'s command line, and what its help says.

use std::path::PathBuf;

use clap::Parser;

use super::peer::{Mode, Server};
use super::scenarios::Scenario;

const ABOUT: &str = "One message to very many subscribers: what it costs our server, nginx's push module (Nchan) and a bare write loop";

const EXPLAINED: &str = "\
WHAT IS MEASURED
  Each run starts one server, connects all subscribers, publishes on a
  schedule and waits until everybody has everything. Servers take turns within
  a round, and each round begins with another one, so that what else the
  machine does falls on all alike. Ratios are taken within a round; tables show
  the median over the rounds, and the least and the most.

  us/delivery  processor time of all of the server's processes, as the kernel
               accounts for it, for each message that arrived whole. On
               loopback the receiver's half of the network is charged to the
               sender, for all alike: `raw` is what nobody can avoid. It has
               no long poll, since it only writes.
  p50 ... max  from the moment when a message was DUE until a subscriber had
               read it: a publisher who must wait counts against the server.
               Ours makes a message durable and numbers it before it is sent.
  idle B       the server's memory (PSS) with everybody connected and nothing
               said, less what it had before they came, for each of them.
               `then B`: the same after traffic. Sockets' kernel memory comes
               on top and is the same for all.
  lost, twice, order, torn
               of what each subscriber was owed: never came, came again, came
               after a later one, was not as published to the byte.
  gen          cores that the generator was busy on. Near 1.0 its own lateness
               is in the latencies: connect fewer.

  The server has core 0 (with --threads 2: 0 and 1). The generator, the
  publisher and, for ours, Redis and the writer of the log share the last core.
  Ours runs as shipped, with all limits on and loopback as a venue.

HOW TO READ IT
  Compare rows of the same load only: processor time for each delivery falls as
  load rises, because the receiver sleeps less often. One message to N sockets
  in one thread takes N x us/delivery, and no p99 can be below that. Figures
  are for the machine that they are taken on; ratios travel better.

AIMS, for 10,000 connections x 4 messages/s x 600 bytes on one core
                             SSE         WebSocket   long poll
  us/delivery / Nchan's      <= 0.70     <= 0.80     <= 0.90, request included
  us/delivery / raw's        <= 1.08     <= 1.08
  p99 / Nchan's              <= 0.70     <= 0.85     <= 0.95
  idle B                     <= 2500     <= 2500     <= 3000
  lost, twice, order, torn   0           0           0";

/// What may be said behind `fanout`.
#[derive(Parser, Clone, Debug)]
#[command(name = "fanout", bin_name = "cargo xtask bench fanout", about = ABOUT, after_long_help = EXPLAINED)]
pub(crate) struct Options {
    /// Subscribers
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) connections: u32,
    /// Messages a second
    #[arg(long, value_name = "N", default_value_t = 4.0, value_parser = positive)]
    pub(crate) rate: f64,
    /// Length of a message as subscribers receive it; 600 is the shortest post of ours
    #[arg(long, value_name = "BYTES", default_value_t = 600, value_parser = clap::value_parser!(u16).range(600..=9_000))]
    pub(crate) bytes: u16,
    /// How long is published, in each run
    #[arg(long, value_name = "S", default_value_t = 5.0, value_parser = positive)]
    pub(crate) seconds: f64,
    /// Messages at each time, all due at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(crate) burst: u16,
    /// How often every server has its turn
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) rounds: u16,
    /// Ways to be served
    #[arg(long, value_delimiter = ',', default_value = "ws,sse,poll")]
    pub(crate) modes: Vec<Mode>,
    /// Servers
    #[arg(long, value_delimiter = ',', default_value = "halley,nchan,raw")]
    pub(crate) servers: Vec<Server>,
    /// Shards, workers or threads of a server, each with a core of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: u16,
    /// Instead of the table, other questions, each with its own aims
    #[arg(long, value_delimiter = ',')]
    pub(crate) scenario: Vec<Scenario>,
    /// Also write all runs to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Our server's release build
    #[arg(long, value_name = "FILE", default_value = "target/release/perihelion")]
    pub(crate) bin: PathBuf,
}

impl Options {
    /// As if nothing had been said.
    pub(crate) fn usual() -> Self {
        Self::parse_from(["fanout"])
    }

    /// Whether the aims are stated for such a run.
    pub(crate) fn is_as_aimed(&self) -> bool {
        let is_load = (self.connections, self.bytes, self.burst, self.threads) == (10_000, 600, 1, 1);
        is_load && self.rate == 4.0 && self.rounds >= 3
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 && number <= 1e6 => Ok(number),
        _ => Err("a number above 0 is needed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_usual_run_is_the_one_that_the_aims_are_stated_for() {
        Options::command().debug_assert();
        assert!(Options::usual().is_as_aimed());
        let other =
            Options::try_parse_from(["fanout", "--connections", "100", "--modes", "ws,poll"]).expect("valid");
        assert_eq!((other.is_as_aimed(), other.modes), (false, vec![Mode::WebSocket, Mode::Poll]));
        for bad in ["--rate=0", "--rate=nan", "--bytes=10", "--modes=carrier-pigeon", "--rounds=0"] {
            assert!(Options::try_parse_from(["fanout", bad]).is_err(), "{bad}");
        }
    }
}
