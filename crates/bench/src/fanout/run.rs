//! One run: a server and its subscribers, from their start to their end, and what is measured between.

use std::time::Duration;

use anyhow::ensure;
use serde::{Deserialize, Serialize};

use super::account;
use super::control::{Connected, Report};
use super::crew::Crew;
use super::message::{Message, Nanos, now};
use super::peer::{Mode, Peer, Server, Start};
use super::peers;
use super::subscriber::Manner;

/// To connect all, however slow the server.
const CONNECT_WAIT: Duration = Duration::from_secs(90);
/// After connecting and after traffic, until memory is looked at.
const SETTLE: Duration = Duration::from_secs(1);
/// Between a decision to publish and the first due time.
const LEAD: Duration = Duration::from_millis(50);

/// A server with its subscribers.
pub(crate) struct Run {
    pub(crate) peer: Box<dyn Peer>,
    pub(crate) crew: Crew,
    /// How connecting went.
    pub(crate) connected: Connected,
    /// User memory of the server for each idle connection, in bytes. Below 0 when the server gave memory back meanwhile.
    pub(crate) idle_bytes_each: f64,
    /// User memory of the server before anybody connected.
    pub(crate) empty_bytes: u64,
    connections: usize,
    bytes: usize,
    /// The next message's number.
    next: u64,
}

/// What is published, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How many times something is published.
    pub(crate) times: u64,
    /// Between two of them.
    pub(crate) every: Duration,
    /// Messages at once.
    pub(crate) burst: u64,
    /// For the last ones to arrive.
    pub(crate) wait: Duration,
}

/// What came of a plan.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) report: Report,
    /// Processor time of the server.
    pub(crate) server_cpu: Duration,
    /// Processor time of the generators.
    pub(crate) generator_cpu: Duration,
    /// From the first due time to the last message read.
    pub(crate) took: Duration,
    /// How late the publisher was at worst. It waits for the server, so this is part of the latencies.
    pub(crate) publisher_late: Duration,
}

impl Plan {
    /// So many messages a second for so long, one at a time.
    pub(crate) fn steady(rate: f64, seconds: f64) -> Self {
        let times = (rate * seconds).round().max(1.0) as u64;
        Self { times, every: Duration::from_secs_f64(1.0 / rate), burst: 1, wait: Duration::from_secs(10) }
    }
}

/// How subscribers of this server ask.
pub(crate) fn manner(peer: &dyn Peer, mode: Mode) -> Manner {
    Manner { mode, dialect: peer.dialect(), host: peer.address().to_string(), path: peer.path() }
}

impl Run {
    /// Starts a server and connects everybody. It is an error when the server cannot be started, not when it refuses connections.
    pub(crate) async fn begin(
        server: Server,
        start: &Start,
        generator_core: Option<usize>,
    ) -> anyhow::Result<Self> {
        let peer = peers::start(server, start).await?;
        let mut crew = Crew::start(start.connections, generator_core)?;
        let manner = manner(&*peer, start.mode);
        let empty_bytes = account::pss(&peer.pids())?;
        let connected = crew.connect(peer.address(), &manner, CONNECT_WAIT).await?;
        tokio::time::sleep(SETTLE).await;
        let mut run = Self {
            peer,
            crew,
            connected,
            idle_bytes_each: 0.0,
            empty_bytes,
            connections: start.connections,
            bytes: start.bytes,
            next: 1,
        };
        run.idle_bytes_each = run.bytes_each()?;
        Ok(run)
    }

    /// User memory of the server for each connection now, in bytes.
    pub(crate) fn bytes_each(&self) -> anyhow::Result<f64> {
        let now = account::pss(&self.peer.pids())?;
        Ok((now as f64 - self.empty_bytes as f64) / self.connections.max(1) as f64)
    }

    /// Publishes by plan and waits until everybody has everything.
    pub(crate) async fn measure(&mut self, plan: &Plan) -> anyhow::Result<Measured> {
        ensure!(plan.times > 0 && plan.burst > 0, "nothing is published by {plan:?}");
        let first = self.next;
        let last = first + plan.times * plan.burst - 1;
        self.crew.expect(first, last).await?;
        let (server, generator) = (account::cpu(&self.peer.pids())?, account::cpu(&self.crew.pids())?);
        let begin = now() + nanos(LEAD);
        let publisher_late = self.publish(plan, begin).await?;
        let report = self.crew.report(plan.wait).await?;
        Ok(Measured {
            server_cpu: account::cpu(&self.peer.pids())?.saturating_sub(server),
            generator_cpu: account::cpu(&self.crew.pids())?.saturating_sub(generator),
            took: Duration::from_nanos(report.last_at.saturating_sub(begin)),
            publisher_late,
            report,
        })
    }

    async fn publish(&mut self, plan: &Plan, begin: Nanos) -> anyhow::Result<Duration> {
        let mut late = 0;
        for time in 0..plan.times {
            let due = begin + time * nanos(plan.every);
            tokio::time::sleep(Duration::from_nanos(due.saturating_sub(now()))).await;
            late = late.max(now().saturating_sub(due));
            let numbers = self.next..self.next + plan.burst;
            self.next = numbers.end;
            let messages: Vec<Message> =
                numbers.map(|number| Message { number, due, bytes: self.bytes }).collect();
            self.peer.publish(&messages).await?;
        }
        Ok(Duration::from_nanos(late))
    }

    /// Ends both.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.crew.close().await?;
        self.peer.stop().await
    }
}

impl Measured {
    /// Processor time of the server for each message that a subscriber got, in microseconds.
    pub(crate) fn us_per_delivery(&self) -> f64 {
        self.server_cpu.as_secs_f64() * 1e6 / (self.report.deliveries as f64).max(1.0)
    }

    /// Cores that the generators were busy on.
    pub(crate) fn generator_cores(&self) -> f64 {
        self.generator_cpu.as_secs_f64() / self.took.as_secs_f64().max(0.001)
    }

    /// A quantile of the latencies in milliseconds.
    pub(crate) fn ms(&self, part: f64) -> f64 {
        self.report.latencies.quantile(part) as f64 / 1e6
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
