//! Who may open how many streams and ask for how much. "Everything, again and again" is the attack this answers.
//!
//! Cost is counted in bytes asked for: a request, a chunk, a poll's answer, and what a stream catches up with. Entries that happen
//! while a client listens are our doing and cost it nothing. The address's bucket grows with its open streams, because a whole
//! conference may sit behind one address; addresses of the venue get more still.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chassis::client_addr::{AddrKey, Ranges};
use chassis::http::Client;
use chassis::workers::Seat;
use tokio::time::Instant;

use crate::{
    buckets::{Bucket, Flow},
    metrics,
};

/// What one request costs besides its answer.
pub(crate) const REQUEST_COST_BYTES: u64 = 1024;
/// Addresses remembered at once; full buckets without streams are forgotten first.
const ADDRESSES_MAX: usize = 65_536;
/// Goodbyes within this time belong together: a stop is over by then.
const BURST_MAX: Duration = Duration::from_secs(20);

/// The numbers behind the gate.
#[derive(Debug, Clone)]
pub(crate) struct GateBounds {
    /// Streams and held polls at once.
    pub(crate) connections_max: usize,
    /// Of which one address outside the venue may hold so many.
    pub(crate) connections_per_address_max: usize,
    /// One stream's own bucket.
    pub(crate) connection: Flow,
    /// An address's bucket before it has streams.
    pub(crate) address: Flow,
    /// What each open stream adds to it.
    pub(crate) address_share: Flow,
    /// How many times larger all this is for the venue.
    pub(crate) venue_factor: u64,
    /// Processes that share one listener, each with such a gate.
    pub(crate) workers: usize,
}

impl GateBounds {
    /// The usual numbers for so many connections.
    pub(crate) fn usual(connections_max: usize) -> Self {
        Self {
            connections_max,
            connections_per_address_max: (connections_max / 2).max(1),
            connection: Flow { rate_bytes: 1 << 20, burst_bytes: 8 << 20 },
            address: Flow { rate_bytes: 1 << 20, burst_bytes: 16 << 20 },
            address_share: Flow { rate_bytes: 128 << 10, burst_bytes: 1 << 20 },
            venue_factor: 16,
            workers: 1,
        }
    }

    /// The same for one of several workers: who is sent away by all of them at once comes back to the same address.
    pub(crate) fn shared(self, worker: Option<Seat>) -> Self {
        Self { workers: worker.map_or(1, Seat::of), ..self }
    }
}

/// Why somebody is sent away, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TurnedAway {
    /// Too much asked for: 429.
    Rate {
        /// Which bucket is empty.
        limit: &'static str,
        /// Until it is not.
        wait: Duration,
    },
    /// No room for another stream: 503.
    Full {
        /// Which cap.
        limit: &'static str,
    },
}

#[derive(Debug)]
struct Address {
    bucket: Bucket,
    open: usize,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Gate {
    bounds: GateBounds,
    venue: Ranges,
    open: AtomicUsize,
    addresses: Mutex<HashMap<AddrKey, Address>>,
    /// When somebody was last sent away without others before, and how many were open then.
    burst: Mutex<Option<(Instant, usize)>>,
}

impl Gate {
    pub(crate) fn new(bounds: GateBounds, venue: Ranges) -> Arc<Self> {
        Arc::new(Self {
            bounds,
            venue,
            open: AtomicUsize::new(0),
            addresses: Mutex::default(),
            burst: Mutex::default(),
        })
    }

    /// Streams and held polls open now.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// How many streams were open when the present burst of goodbyes began: each goodbye leaves fewer open, and whoever is told last
    /// must not come back sooner for it.
    fn leaving(&self) -> usize {
        let (now, open) = (Instant::now(), self.open());
        let mut burst = self.burst.lock().unwrap_or_else(PoisonError::into_inner);
        match *burst {
            Some((began, crowd)) if now - began < BURST_MAX && crowd >= open => crowd,
            _ => {
                *burst = Some((now, open));
                open
            }
        }
    }

    /// Lets a request through, or not. What it then gets is charged with [`Gate::charge`].
    pub(crate) fn ask(&self, client: &Client) -> Result<(), TurnedAway> {
        let now = Instant::now();
        let mut addresses = self.lock();
        let flow = self.flow(client, addresses.get(&client.key).map_or(0, |address| address.open));
        let address = self.remember(&mut addresses, client, now);
        let wait = address.bucket.wait(flow, now);
        if wait.is_zero() {
            address.bucket.charge(flow, now, REQUEST_COST_BYTES);
            return Ok(());
        }
        drop(addresses);
        ::metrics::counter!(metrics::REFUSED, "limit" => "address_rate").increment(1);
        Err(TurnedAway::Rate { limit: "address_rate", wait })
    }

    /// Charges an answer to its asker.
    pub(crate) fn charge(&self, client: &Client, bytes: usize) {
        let now = Instant::now();
        let mut addresses = self.lock();
        let address = self.remember(&mut addresses, client, now);
        let flow = self.flow(client, address.open);
        address.bucket.charge(flow, now, bytes as u64);
    }

    /// Lets a stream begin, or not. It counts until the pass is dropped.
    pub(crate) fn enter(self: &Arc<Self>, client: &Client) -> Result<Pass, TurnedAway> {
        self.ask(client)?;
        let full = |limit| {
            ::metrics::counter!(metrics::REFUSED, "limit" => limit).increment(1);
            Err(TurnedAway::Full { limit })
        };
        let now = Instant::now();
        let mut addresses = self.lock();
        if self.open.load(Ordering::Relaxed) >= self.bounds.connections_max {
            return full("connections");
        }
        let address = self.remember(&mut addresses, client, now);
        let is_venue = self.venue.contains(client.ip);
        if !is_venue && address.open >= self.bounds.connections_per_address_max {
            return full("address_connections");
        }
        address.open += 1;
        self.open.fetch_add(1, Ordering::Relaxed);
        let bucket = Bucket::full(self.bounds.connection, now);
        Ok(Pass { gate: self.clone(), client: *client, bucket })
    }

    fn remember<'a>(
        &self,
        addresses: &'a mut HashMap<AddrKey, Address>,
        client: &Client,
        now: Instant,
    ) -> &'a mut Address {
        if addresses.len() >= ADDRESSES_MAX && !addresses.contains_key(&client.key) {
            let flow = self.bounds.address;
            addresses.retain(|_, address| address.open > 0 || !address.bucket.is_full(flow, now));
            if addresses.len() >= ADDRESSES_MAX {
                // So many active addresses are an attack: those without streams start over, the streams stay counted.
                addresses.retain(|_, address| address.open > 0);
            }
        }
        let flow = self.flow(client, 0);
        addresses.entry(client.key).or_insert_with(|| Address { bucket: Bucket::full(flow, now), open: 0 })
    }

    fn flow(&self, client: &Client, open: usize) -> Flow {
        let factor = if self.venue.contains(client.ip) { self.bounds.venue_factor } else { 1 };
        self.bounds.address.grown(self.bounds.address_share, open, factor)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AddrKey, Address>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open stream's right to be here.
#[derive(Debug)]
pub(crate) struct Pass {
    gate: Arc<Gate>,
    client: Client,
    bucket: Bucket,
}

/// What lets the same client in again after its pass was given up: a poll's next request.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    gate: Arc<Gate>,
    client: Client,
}

impl Ticket {
    /// As [`Gate::enter`].
    pub(crate) fn enter(&self) -> Result<Pass, TurnedAway> {
        self.gate.enter(&self.client)
    }
}

impl Pass {
    /// For when this pass is given up.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket { gate: self.gate.clone(), client: self.client }
    }

    /// How long this stream must rest before it may catch up further.
    pub(crate) fn rest(&mut self) -> Duration {
        let now = Instant::now();
        let own = self.bucket.wait(self.gate.bounds.connection, now);
        let mut addresses = self.gate.lock();
        let address = self.gate.remember(&mut addresses, &self.client, now);
        let flow = self.gate.flow(&self.client, address.open);
        own.max(address.bucket.wait(flow, now))
    }

    /// Over how many milliseconds the clients that we send away shall come back: a thousand each second, all workers' together.
    pub(crate) fn retry_spread_ms(&self) -> u64 {
        let leaving = self.gate.leaving().saturating_mul(self.gate.bounds.workers);
        (leaving as u64).max(1000)
    }

    /// Over how many milliseconds all who are here now would come back if they left at one moment: a thousand each second.
    pub(crate) fn crowd_ms(&self) -> u64 {
        self.gate.open().saturating_mul(self.gate.bounds.workers) as u64
    }

    /// Puts back what was charged for and not taken.
    pub(crate) fn refund(&mut self, bytes: usize) {
        let now = Instant::now();
        self.bucket.refund(self.gate.bounds.connection, now, bytes as u64);
        let mut addresses = self.gate.lock();
        let address = self.gate.remember(&mut addresses, &self.client, now);
        let flow = self.gate.flow(&self.client, address.open);
        address.bucket.refund(flow, now, bytes as u64);
    }

    /// Charges what it caught up with.
    pub(crate) fn charge(&mut self, bytes: usize) {
        self.bucket.charge(self.gate.bounds.connection, Instant::now(), bytes as u64);
        self.gate.charge(&self.client, bytes);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.gate.open.fetch_sub(1, Ordering::Relaxed);
        if let Some(address) = self.gate.lock().get_mut(&self.client.key) {
            address.open = address.open.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(ip: &str) -> Client {
        let ip = ip.parse().expect("an address");
        Client { peer: (ip, 1).into(), ip, key: AddrKey::of(ip) }
    }

    fn gate(connections_max: usize, venue: &[&str]) -> Arc<Gate> {
        Gate::new(GateBounds::usual(connections_max), Ranges::parse(venue).expect("ranges"))
    }

    fn requests_until_refused(gate: &Gate, client: &Client, answer_bytes: usize) -> usize {
        (0..1_000_000)
            .find(|_| gate.ask(client).map(|()| gate.charge(client, answer_bytes)).is_err())
            .expect("refused in the end")
    }

    #[tokio::test(start_paused = true)]
    async fn everything_again_and_again_is_refused_for_that_address_only() {
        let gate = gate(1000, &[]);
        let (greedy, modest) = (client("9.9.9.9"), client("8.8.8.8"));
        assert!(requests_until_refused(&gate, &greedy, 1 << 20) <= 17);
        assert!(matches!(gate.ask(&greedy), Err(TurnedAway::Rate { limit: "address_rate", .. })));
        assert_eq!(gate.ask(&modest), Ok(()));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(gate.ask(&greedy), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_conference_behind_one_address_gets_more_than_one_reader() {
        let gate = gate(10_000, &[]);
        let crowd = client("9.9.9.9");
        let passes: Vec<_> = (0..800).map(|_| gate.enter(&crowd).expect("room")).collect();
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(requests_until_refused(&gate, &crowd, 1 << 20) > 700);
        drop(passes);
        assert_eq!(gate.open(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_venue_is_lifted_further() {
        let gate = gate(100, &["9.9.0.0/16"]);
        assert!(requests_until_refused(&gate, &client("9.9.1.1"), 1 << 20) > 200);
        let passes: Vec<_> =
            (0..100).map(|_| gate.enter(&client("9.9.2.2")).expect("no cap by address")).collect();
        assert_eq!(gate.enter(&client("9.9.2.2")).err(), Some(TurnedAway::Full { limit: "connections" }));
        drop(passes);
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_cannot_take_every_place() {
        let gate = gate(100, &[]);
        let passes: Vec<_> = (0..50).map(|_| gate.enter(&client("9.9.9.9")).expect("room")).collect();
        assert_eq!(
            gate.enter(&client("9.9.9.9")).err(),
            Some(TurnedAway::Full { limit: "address_connections" })
        );
        assert!(gate.enter(&client("8.8.8.8")).is_ok());
        drop(passes);
        assert!(gate.enter(&client("9.9.9.9")).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn workers_send_their_clients_back_over_one_common_time() {
        let spread = |seat: &str| {
            let bounds = GateBounds::usual(10_000).shared(seat.parse().ok());
            let gate = Gate::new(bounds, Ranges::default());
            let passes: Vec<_> = (0..1500).map(|_| gate.enter(&client("9.9.9.9")).expect("room")).collect();
            passes[0].retry_spread_ms()
        };
        assert_eq!((spread("alone"), spread("1/4")), (1500, 6000));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_told_last_comes_back_no_sooner_for_it() {
        let gate = gate(10_000, &[]);
        let crowd =
            |count| (0..count).map(|_| gate.enter(&client("9.9.9.9")).expect("room")).collect::<Vec<_>>();
        let mut passes = crowd(3000);
        assert_eq!(passes[0].retry_spread_ms(), 3000);
        passes.truncate(10);
        assert_eq!(passes[0].retry_spread_ms(), 3000);
        tokio::time::advance(BURST_MAX).await;
        assert_eq!(passes[0].retry_spread_ms(), 1000, "long after, only those count who are here");
        let more = crowd(2000);
        assert_eq!(more[0].retry_spread_ms(), 2010, "and a larger crowd at once");
    }

    #[tokio::test(start_paused = true)]
    async fn memory_for_addresses_is_bounded() {
        let gate = gate(100, &[]);
        for n in 0..(ADDRESSES_MAX as u32 + 5000) {
            let asker = client(&std::net::Ipv4Addr::from_bits(n).to_string());
            gate.charge(&asker, 1 << 20);
        }
        assert!(gate.lock().len() <= ADDRESSES_MAX);
    }
}
