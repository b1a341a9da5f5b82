//! `cargo xtask bench fanout`'s command line, and what its help says.

use std::path::PathBuf;

use clap::Parser;

use super::peer::{Mode, Server};
use super::scenarios::Scenario;

const ABOUT: &str = "\
Fans one message out to very many subscribers, and tells what that costs each server: ours, nginx with its push module
(Nchan), and a loop that does nothing but write(2).

WHAT IS MEASURED
  Each run starts one server, connects all subscribers, publishes on a schedule and waits until everybody has everything.
  Servers take turns within a round, and each round begins with another one, so that what else the machine does falls on
  all alike. Everything is compared within a round first; the tables show medians over the rounds, and least and most.

  us/delivery  processor time of all processes of the server, from the kernel's accounting (user and system, in ticks of
               10 ms), divided by the messages that arrived whole. On loopback the receiver's half of the network is
               charged to the sender, for all servers alike: `raw` shows how much of it nobody can avoid.
  p50 ... max  from the moment when a message was DUE until a subscriber's bytes were read: a publisher who has to wait
               counts against the server.
  idle B       memory of the server (PSS) with all subscribers connected and nothing said, minus that before they came,
               for each of them. Kernel memory of the sockets comes on top and is the same for all. `then B`: after traffic.
  lost, twice, order, torn
               of what each subscriber was owed: never came, came again, came after a later one, was not as published.
  gen          cores that the generator was busy on. Near 1.0 its own lateness is in the latencies: connect fewer.

  The server has core 0 (with --threads 2: 0 and 1). The generator, the publisher and, for ours, Redis and the writer of the
  log share the last core. Ours runs as shipped, with all limits on and loopback as a venue.

HOW TO READ IT
  Compare rows of the same load only: processor time for each delivery falls as load rises, because the receiver sleeps
  less often. One message to N sockets in one thread takes N x us/delivery: that is the floor of p99.
  Figures are for the machine that they are taken on; ratios travel better.

AIMS, at 10,000 connections x 4 messages/s x 600 bytes on one core, median over at least three rounds
                                      SSE                      WebSocket                long poll
  CPU for each delivery      <= 0.70 x Nchan          <= 0.80 x Nchan          <= 0.90 x Nchan (new request included)
                             <= 1.08 x raw            <= 1.08 x raw
  p99                        <= 0.70 x Nchan          <= 0.85 x Nchan          <= 0.95 x Nchan
  idle memory                <= 2500 B                <= 2500 B                <= 3000 B
  lost, twice, order, torn   0                        0                        0";

/// See [`ABOUT`].
#[derive(Parser, Clone, Debug)]
#[command(name = "cargo xtask bench fanout", about = ABOUT, verbatim_doc_comment, disable_help_subcommand = true)]
pub(crate) struct Options {
    /// Subscribers
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) connections: u32,
    /// Messages a second
    #[arg(long, value_name = "N", default_value_t = 4.0, value_parser = positive)]
    pub(crate) rate: f64,
    /// Length of a message as subscribers receive it
    #[arg(long, value_name = "BYTES", default_value_t = 600, value_parser = clap::value_parser!(u16).range(350..=9_000))]
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
