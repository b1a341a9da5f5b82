//! How often somebody may try to sign in: five times freely, then at growing intervals, counted for the account that is tried and for the
//! address that tries. An attempt counts before its password is looked at, so many at once are no way around.
//!
//! Nobody can lock somebody else out: an address at which an account has signed in before has a count of its own for that account. A venue's
//! own addresses, behind which hundreds of people sit, may try more often.

use archive::people::TokenHash;
use chassis::client_addr::AddrKey;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Attempts without a wait.
const FREE: u32 = 5;
/// How many times as many a venue's address has.
const VENUE_TIMES: u32 = 20;
/// The wait after that, which doubles with each further attempt: five a minute at first.
const WAIT: Duration = Duration::from_secs(12);
const WAIT_MAX: Duration = Duration::from_secs(15 * 60);
/// What nobody tried for so long is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(60 * 60);
/// Accounts, addresses and pairs that are counted.
const COUNTED_MAX: usize = 20_000;
/// Pairs of account and address that signed in before.
const KNOWN_MAX: usize = 5_000;

/// What is counted. Names are kept as hashes: people type passwords into the wrong field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Counted {
    Account(TokenHash),
    Address(AddrKey),
    Pair(TokenHash, AddrKey),
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    count: u32,
    last: Instant,
}

/// See the module.
#[derive(Debug, Default)]
pub(in crate::site) struct Attempts(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    tries: HashMap<Counted, Tries>,
    known: HashMap<(TokenHash, AddrKey), Instant>,
}

/// Who tries, and where from.
#[derive(Clone, Debug)]
pub(in crate::site) struct Attempt {
    account: TokenHash,
    address: Option<AddrKey>,
    is_venue: bool,
}

impl Attempt {
    /// `address` is none for a request that came over no socket (a test's).
    pub(in crate::site) fn new(login: &str, address: Option<AddrKey>, is_venue: bool) -> Self {
        Self { account: TokenHash::of(login), address, is_venue }
    }

    fn counted(&self, is_known: bool) -> Vec<(Counted, u32)> {
        let account = match self.address.filter(|_| is_known) {
            Some(address) => Counted::Pair(self.account.clone(), address),
            None => Counted::Account(self.account.clone()),
        };
        let free = if self.is_venue { FREE * VENUE_TIMES } else { FREE };
        let address = self.address.map(|address| (Counted::Address(address), free));
        [(account, FREE)].into_iter().chain(address).collect()
    }
}

impl Attempts {
    /// Books an attempt, or says how long to wait.
    pub(in crate::site) fn book(&self, attempt: &Attempt, now: Instant) -> Result<(), Duration> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.make_room(now);
        let is_known =
            attempt.address.is_some_and(|at| counts.known.contains_key(&(attempt.account.clone(), at)));
        let counted = attempt.counted(is_known);
        let wait = counted.iter().map(|(what, free)| counts.wait(what, *free, now)).max().unwrap_or_default();
        if !wait.is_zero() {
            return Err(wait);
        }
        for (what, _) in counted {
            let before =
                counts.tries.get(&what).filter(|tries| tries.is_fresh(now)).map_or(0, |tries| tries.count);
            counts.tries.insert(what, Tries { count: before.saturating_add(1), last: now });
        }
        Ok(())
    }

    /// The attempt was right: its account starts from nothing, and its address gets this one back.
    pub(in crate::site) fn succeeded(&self, attempt: &Attempt, now: Instant) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.tries.remove(&Counted::Account(attempt.account.clone()));
        let Some(address) = attempt.address else { return };
        counts.tries.remove(&Counted::Pair(attempt.account.clone(), address));
        if let Some(tries) = counts.tries.get_mut(&Counted::Address(address)) {
            tries.count = tries.count.saturating_sub(1);
        }
        if counts.known.len() >= KNOWN_MAX {
            let oldest = counts.known.iter().min_by_key(|(_, at)| **at).map(|(pair, _)| pair.clone());
            oldest.and_then(|pair| counts.known.remove(&pair));
        }
        counts.known.insert((attempt.account.clone(), address), now);
    }
}

impl Tries {
    fn is_fresh(&self, now: Instant) -> bool {
        now.duration_since(self.last) < FORGET_AFTER
    }
}

impl Counts {
    fn wait(&self, what: &Counted, free: u32, now: Instant) -> Duration {
        let Some(tries) = self.tries.get(what).filter(|tries| tries.is_fresh(now)) else {
            return Duration::ZERO;
        };
        let Some(over) = tries.count.checked_sub(free) else { return Duration::ZERO };
        let wait = WAIT.saturating_mul(1 << over.min(16)).min(WAIT_MAX);
        (tries.last + wait).saturating_duration_since(now)
    }

    fn make_room(&mut self, now: Instant) {
        if self.tries.len() < COUNTED_MAX {
            return;
        }
        self.tries.retain(|_, tries| tries.is_fresh(now));
        if self.tries.len() >= COUNTED_MAX {
            // An attack from so many places: accounts stay counted, which is what keeps it out.
            self.tries.retain(|what, tries| !matches!(what, Counted::Address(_)) && tries.count >= FREE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ip: &str) -> Option<AddrKey> {
        Some(AddrKey::of(ip.parse().unwrap()))
    }

    /// How many of 1,000 guesses, one each 100 ms, are let through.
    fn let_through(attempts: &Attempts, guess: impl Fn(u64) -> Attempt, start: Instant) -> usize {
        let moment = |n: u64| start + Duration::from_millis(100 * n);
        (0..1000).filter(|n| attempts.book(&guess(*n), moment(*n)).is_ok()).count()
    }

    #[test]
    fn guesses_grow_dear_for_one_account_whatever_address_they_come_from() {
        let start = Instant::now();
        let many = |n: u64| Attempt::new("ada", at(&format!("10.0.{}.{}", n / 250, n % 250)), false);
        // 100 seconds: five at once, then after 12, 24 and 48 s.
        assert_eq!(let_through(&Attempts::default(), many, start), 8);
    }

    #[test]
    fn guesses_grow_dear_for_one_address_whatever_account_they_try() {
        let start = Instant::now();
        let many = |n: u64| Attempt::new(&format!("user{n}"), at("192.0.2.1"), false);
        assert_eq!(let_through(&Attempts::default(), many, start), 8);
        let venue = |n: u64| Attempt::new(&format!("user{n}"), at("10.1.2.3"), true);
        assert_eq!(let_through(&Attempts::default(), venue, start), 103);
    }

    #[test]
    fn an_attack_on_an_account_does_not_lock_its_owner_out() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        let own = Attempt::new("ada", at("192.0.2.7"), false);
        attempts.book(&own, start).unwrap();
        attempts.succeeded(&own, start);
        let attack = |n: u64| Attempt::new("ada", at(&format!("10.0.{}.{}", n / 250, n % 250)), false);
        let_through(&attempts, attack, start);
        assert!(attempts.book(&own, start + Duration::from_secs(100)).is_ok());
        let other = Attempt::new("ada", at("192.0.2.8"), false);
        assert!(attempts.book(&other, start + Duration::from_secs(100)).is_err());
    }

    #[test]
    fn waits_end_and_are_forgotten() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        let ada = Attempt::new("ada", at("192.0.2.7"), false);
        assert!((0..5).all(|_| attempts.book(&ada, start).is_ok()));
        assert_eq!(attempts.book(&ada, start), Err(WAIT));
        assert!(attempts.book(&ada, start + WAIT).is_ok());
        assert_eq!(attempts.book(&ada, start + WAIT), Err(2 * WAIT));
        attempts.succeeded(&ada, start + WAIT);
        assert!(attempts.book(&ada, start + WAIT + FORGET_AFTER).is_ok());
    }
}
