//! How many connections each address has open, so that one alone cannot take all the places.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::client_addr::AddrKey;

/// The open connections of one listener by address; no more entries than connections.
#[derive(Debug, Default)]
pub(super) struct Seats(Mutex<HashMap<AddrKey, usize>>);

/// One of an address's connections, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    key: AddrKey,
}

impl Seats {
    /// One more for this address; none when it has `max` already.
    pub(super) fn take(self: &Arc<Self>, key: AddrKey, max: usize) -> Option<Seat> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let has = open.get(&key).copied().unwrap_or_default();
        if has >= max {
            return None;
        }
        open.insert(key, has + 1);
        Some(Seat { seats: self.clone(), key })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(has) = open.get_mut(&self.key) {
            *has -= 1;
            if *has == 0 {
                open.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_share_and_nothing_is_remembered_of_who_left() {
        let seats = Arc::new(Seats::default());
        let key = |ip: &str| AddrKey::of(ip.parse().expect("an address"));
        let kept = [seats.take(key("192.0.2.1"), 2), seats.take(key("192.0.2.1"), 2)];
        assert!(kept.iter().all(Option::is_some) && seats.take(key("192.0.2.1"), 2).is_none());
        assert!(seats.take(key("192.0.2.2"), 2).is_some(), "others notice nothing");
        drop(kept);
        assert!(seats.0.lock().expect("free").is_empty());
        assert!(seats.take(key("192.0.2.1"), 2).is_some());
    }
}
