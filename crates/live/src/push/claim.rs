//! Who may write: the rule by which a nozzle comes to own an event. Pure: looks go in, a step comes out.

use std::time::Duration;

/// How long a claim lives without a heartbeat; also how long a stranger must see nobody before it may claim.
pub const OWNER_LIFE_MS: u64 = 10_000;
/// How long another owner is seen before we give up.
const OTHER_OWNER_MAX: Duration = Duration::from_secs(20);

/// What to do after a look at the owner key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimStep {
    /// Push now: the first accepted push is the claim.
    Claim,
    /// Look again soon.
    Look,
    /// Another nozzle has owned the event for too long: end with a sentence.
    GiveUp,
}

/// The looks so far. Times are a monotonic clock's, from any beginning.
#[derive(Clone, Debug)]
pub struct Claim {
    place: String,
    at_home: bool,
    look: Duration,
    give_up: Duration,
    link: Option<u64>,
    absent_since: Option<Duration>,
    other_since: Option<Duration>,
}

impl Claim {
    /// For a nozzle at `place`; `at_home` when the ledger says that it was last used there.
    #[must_use]
    pub fn new(place: impl Into<String>, at_home: bool) -> Self {
        Self::with_times(place, at_home, Duration::from_millis(OWNER_LIFE_MS), OTHER_OWNER_MAX)
    }

    /// The same with other times: how long nobody must be seen, and how long another owner is borne with.
    #[must_use]
    pub fn with_times(place: impl Into<String>, at_home: bool, look: Duration, give_up: Duration) -> Self {
        let place = place.into();
        Self { place, at_home, look, give_up, link: None, absent_since: None, other_since: None }
    }

    /// One look at the owner key over connection number `link`. A new connection begins the count anew: what
    /// happened in between nobody has seen.
    pub fn see(&mut self, link: u64, owner: Option<&str>, now: Duration) -> ClaimStep {
        if self.link != Some(link) {
            self.link = Some(link);
            self.absent_since = None;
        }
        match owner {
            Some(owner) if owner == self.place => ClaimStep::Claim,
            Some(_) => {
                self.absent_since = None;
                self.other(now)
            }
            None if self.at_home => ClaimStep::Claim,
            None => {
                let since = *self.absent_since.get_or_insert(now);
                if now.saturating_sub(since) >= self.look { ClaimStep::Claim } else { ClaimStep::Look }
            }
        }
    }

    /// The store did not answer: whatever was counted is void.
    pub fn lost_sight(&mut self) {
        self.absent_since = None;
    }

    /// A push was refused because somebody else owns the event.
    pub fn refused(&mut self, now: Duration) -> ClaimStep {
        self.absent_since = None;
        self.other(now)
    }

    /// A push was accepted: the event is ours and the ledger's place is here.
    pub fn accepted(&mut self) {
        self.at_home = true;
        self.other_since = None;
    }

    fn other(&mut self, now: Duration) -> ClaimStep {
        let since = *self.other_since.get_or_insert(now);
        if now.saturating_sub(since) > self.give_up { ClaimStep::GiveUp } else { ClaimStep::Look }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn a_crash_restart_at_home_waits_for_nothing() {
        assert_eq!(Claim::new("here", true).see(1, None, S(0)), ClaimStep::Claim);
        assert_eq!(Claim::new("here", false).see(1, Some("here"), S(0)), ClaimStep::Claim);
    }

    #[test]
    fn a_stranger_claims_only_after_ten_seconds_of_nobody_on_one_connection() {
        let mut claim = Claim::new("here", false);
        assert_eq!(claim.see(1, None, S(0)), ClaimStep::Look);
        assert_eq!(claim.see(1, None, S(9)), ClaimStep::Look);
        assert_eq!(claim.see(2, None, S(10)), ClaimStep::Look);
        claim.lost_sight();
        assert_eq!(claim.see(2, None, S(12)), ClaimStep::Look);
        assert_eq!(claim.see(2, None, S(22)), ClaimStep::Claim);
    }

    #[test]
    fn another_owner_for_twenty_seconds_ends_us() {
        let mut claim = Claim::new("here", true);
        assert_eq!(claim.see(1, Some("there"), S(0)), ClaimStep::Look);
        assert_eq!(claim.refused(S(20)), ClaimStep::Look);
        assert_eq!(claim.see(1, Some("there"), S(21)), ClaimStep::GiveUp);
    }
}
