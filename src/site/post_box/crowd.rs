//! How much one address may write, whoever writes there: against somebody who throws the cookie away after every post. Much wider than a
//! person's own limit, which is the nozzle's, and wider still for the venue, where a whole conference sits behind one address.

use crate::site::limiter::Limiter;
use axum::extract::Extension;
use chassis::{client_addr::Ranges, http::Client};
use std::time::{Duration, Instant};

/// Posts that an address may send at once, and what comes back each second.
const POSTS_MAX: f64 = 60.0;
const BACK_PER_SECOND: f64 = 1.0;
/// How many times as much the venue may.
const VENUE_TIMES: f64 = 20.0;

/// See the module.
#[derive(Debug)]
pub(in crate::site) struct Crowd {
    limiter: Limiter,
    venue: Ranges,
}

impl Crowd {
    pub(in crate::site) fn new(venue: Ranges) -> Self {
        Self { limiter: Limiter::new(POSTS_MAX, BACK_PER_SECOND), venue }
    }

    /// Books one post, or says how long to wait. A request that came over no socket (a test's) is nobody's.
    pub(in crate::site) fn admit(&self, client: Option<Extension<Client>>) -> Result<(), Duration> {
        client.map_or(Ok(()), |Extension(client)| self.take(client, Instant::now()))
    }

    fn take(&self, client: Client, now: Instant) -> Result<(), Duration> {
        let cost = if self.venue.contains(client.ip) { 1.0 / VENUE_TIMES } else { 1.0 };
        self.limiter.take(client.key, cost, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::client_addr::AddrKey;

    fn client(ip: &str) -> Client {
        let ip = ip.parse().unwrap();
        Client { peer: std::net::SocketAddr::new(ip, 1), ip, key: AddrKey::of(ip) }
    }

    #[test]
    fn an_address_that_drops_its_cookies_is_slowed_down_and_the_venue_is_not() {
        let crowd = Crowd::new(Ranges::parse(&["10.0.0.0/8"]).unwrap());
        let now = Instant::now();
        let posts = |ip: &str| (0..2000).take_while(|_| crowd.take(client(ip), now).is_ok()).count();
        assert_eq!(posts("192.0.2.1"), 60);
        assert_eq!(crowd.take(client("192.0.2.1"), now), Err(Duration::from_secs(1)));
        assert!(crowd.take(client("192.0.2.1"), now + Duration::from_secs(2)).is_ok());
        assert!((1199..=1200).contains(&posts("10.1.2.3")));
        assert!(crowd.take(client("192.0.2.2"), now).is_ok(), "others notice nothing");
    }
}
