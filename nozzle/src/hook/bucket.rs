//! How often: a bucket for each address that knocks, and one for each source whose deliveries are rightly signed. The
//! second cannot be emptied by strangers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chassis::client_addr::AddrKey;
use tokio::time::Instant;

/// What an address may spend at once, and what it gets back each second.
const ADDRESS: Rate = Rate { spend_max: 240.0, back_per_second: 20.0 };
/// What a source's sender may spend at once, and what it gets back each second.
pub(super) const SOURCE: Rate = Rate { spend_max: 200.0, back_per_second: 20.0 };
/// What a request costs, and what it costs beside that to sign wrongly.
pub(super) const REQUEST_COST: f64 = 1.0;
pub(super) const FAILURE_COST: f64 = 9.0;
/// Addresses that are remembered.
const ADDRESSES_MAX: usize = 10_000;

/// How large a bucket is and how fast it fills.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    spend_max: f64,
    back_per_second: f64,
}

/// One bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    spent: f64,
    at: Instant,
}

impl Bucket {
    pub(super) fn full(now: Instant) -> Self {
        Self { spent: 0.0, at: now }
    }

    fn spent(&self, rate: Rate, now: Instant) -> f64 {
        let back = now.saturating_duration_since(self.at).as_secs_f64() * rate.back_per_second;
        (self.spent - back).max(0.0)
    }

    /// Books a cost, or says how long to wait.
    pub(super) fn take(&mut self, cost: f64, rate: Rate, now: Instant) -> Result<(), Duration> {
        let spent = self.spent(rate, now);
        let over = spent + cost - rate.spend_max;
        if over > 0.0 {
            return Err(Duration::from_secs_f64(over / rate.back_per_second));
        }
        *self = Self { spent: spent + cost, at: now };
        Ok(())
    }
}

/// The buckets of all addresses.
#[derive(Debug, Default)]
pub(super) struct Addresses(Mutex<HashMap<AddrKey, Bucket>>);

impl Addresses {
    /// Books a cost, or says how long to wait.
    pub(super) fn take(&self, who: AddrKey, cost: f64, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= ADDRESSES_MAX && !buckets.contains_key(&who) {
            buckets.retain(|_, bucket| bucket.spent(ADDRESS, now) > 0.0);
            if buckets.len() >= ADDRESSES_MAX {
                // So many at once are a crowd, not one: nobody is singled out.
                buckets.clear();
            }
        }
        buckets.entry(who).or_insert_with(|| Bucket::full(now)).take(cost, ADDRESS, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[test]
    fn who_signs_wrongly_is_slowed_down_soon_and_others_are_not() {
        let (all, now) = (Addresses::default(), Instant::now());
        let key = |ip: &str| AddrKey::of(ip.parse::<IpAddr>().unwrap());
        let (forger, other) = (key("192.0.2.1"), key("192.0.2.2"));
        let tries =
            (0..100).take_while(|_| all.take(forger, REQUEST_COST + FAILURE_COST, now).is_ok()).count();
        assert_eq!(tries, 24);
        assert_eq!(all.take(forger, REQUEST_COST, now), Err(Duration::from_millis(50)));
        assert!(all.take(other, REQUEST_COST, now).is_ok());
        assert!(all.take(forger, REQUEST_COST, now + Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn the_memory_of_addresses_is_bounded() {
        let (all, now) = (Addresses::default(), Instant::now());
        for n in 0..=ADDRESSES_MAX as u32 {
            let address = std::net::Ipv4Addr::from_bits(n);
            all.take(AddrKey::of(address.into()), REQUEST_COST, now).unwrap();
        }
        assert!(all.0.lock().unwrap().len() <= ADDRESSES_MAX);
    }
}
