//! How much of the archive one address may read at once. Only what reads much is counted (export, the API): pages are cheap, and a whole
//! conference sits behind one address.

use super::failure::Failure;
use axum::extract::Extension;
use chassis::{client_addr::AddrKey, http::Client};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What an export costs, and one answer of the API.
pub(super) const EXPORT_COST: f64 = 30.0;
pub(super) const ITEMS_COST: f64 = 1.0;
/// What an address may spend at once, and what it gets back each second.
const SPEND_MAX: f64 = 600.0;
const BACK_PER_SECOND: f64 = 20.0;
/// Addresses that are remembered.
const ADDRESSES_MAX: usize = 10_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Limiter {
    spend_max: f64,
    back_per_second: f64,
    spent: Mutex<HashMap<AddrKey, (Instant, f64)>>,
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new(SPEND_MAX, BACK_PER_SECOND)
    }
}

impl Limiter {
    /// With another measure than that for reading the archive.
    pub(super) fn new(spend_max: f64, back_per_second: f64) -> Self {
        Self { spend_max, back_per_second, spent: Mutex::default() }
    }

    /// Books the cost for whoever asks. A request that came over no socket (a test's) is nobody's.
    pub(super) fn admit(&self, client: Option<Extension<Client>>, cost: f64) -> Result<(), Failure> {
        let take = |Extension(client): Extension<Client>| self.take(client.key, cost, Instant::now());
        client.map_or(Ok(()), take).map_err(|wait| Failure::TooMany { wait })
    }

    /// Books the cost, or says how long to wait.
    pub(super) fn take(&self, who: AddrKey, cost: f64, now: Instant) -> Result<(), Duration> {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let left = |(at, amount): (Instant, f64)| {
            (amount - now.duration_since(at).as_secs_f64() * self.back_per_second).max(0.0)
        };
        if spent.len() >= ADDRESSES_MAX && !spent.contains_key(&who) {
            spent.retain(|_, entry| left(*entry) > 0.0);
            if spent.len() >= ADDRESSES_MAX {
                // So many askers at once are a crowd, not one: nobody is singled out.
                spent.clear();
            }
        }
        let before = spent.get(&who).copied().map_or(0.0, left);
        if before + cost > self.spend_max {
            metrics::counter!(crate::site::metrics::LIMITED).increment(1);
            return Err(Duration::from_secs_f64((before + cost - self.spend_max) / self.back_per_second));
        }
        spent.insert(who, (now, before + cost));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[test]
    fn everything_again_and_again_is_slowed_down_and_time_gives_it_back() {
        let limiter = Limiter::default();
        let key = |ip: &str| AddrKey::of(ip.parse::<IpAddr>().unwrap());
        let (one, other, now) = (key("192.0.2.1"), key("192.0.2.2"), Instant::now());
        let exports = (0..100).take_while(|_| limiter.take(one, EXPORT_COST, now).is_ok()).count();
        assert_eq!(exports, 20);
        let refused = limiter.take(one, EXPORT_COST, now).unwrap_err();
        assert_eq!(refused, Duration::from_millis(1500));
        assert!(limiter.take(other, EXPORT_COST, now).is_ok(), "others notice nothing");
        assert!(limiter.take(one, EXPORT_COST, now + Duration::from_secs(2)).is_ok());
    }
}
