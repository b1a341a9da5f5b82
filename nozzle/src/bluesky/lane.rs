//! What one way of hearing (the live stream, a replay) holds back: posts that wait for their authors' profiles, and the
//! place up to which everything has been told. It outlives the connection. Pure but for the clock.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::place;
use super::profiles::Profile;
use super::record::stranger;
use crate::source::{Draft, Revision};
use model::Micros;

/// Posts that wait for a profile; when there are more, the oldest goes out without.
pub(super) const WAITING_MAX: usize = 1000;
/// Posts that went out without a profile and get one later.
const OWED_MAX: usize = 500;
/// Accounts that came back and are asked for before their posts are shown again.
const RETURNED_MAX: usize = 500;
/// For how long a profile is owed to them.
const OWED_FOR: Duration = Duration::from_secs(10 * 60);

/// A post that is held back.
pub(super) struct Waiting {
    pub(super) draft: Box<Draft>,
    /// The event's time, in microseconds.
    pub(super) time: i64,
    since: Instant,
}

/// See the module.
#[derive(Default)]
pub(super) struct Lane {
    waiting: VecDeque<Waiting>,
    owed: VecDeque<Waiting>,
    /// Accounts that came back: not shown again before their profiles say that they may be.
    returned: VecDeque<String>,
    /// Newest time heard on any event.
    newest: i64,
    /// Newest time told as a cursor.
    told: i64,
    /// A try of this replay was answered without its beginning.
    pub(super) has_hole: bool,
    /// Where the next try of a replay that broke off begins.
    pub(super) resume: Option<i64>,
    /// How far the last try came that broke off.
    pub(super) ended_at: Option<i64>,
    /// Tries that ended at the very frame that they began with.
    pub(super) stuck: u32,
}

impl Lane {
    /// An event of this time was heard.
    pub(super) fn reach(&mut self, time: i64) {
        self.newest = self.newest.max(time);
    }

    /// A new try of a replay begins: what an earlier one has heard says nothing about it. Of its overlap, up to `told`, no
    /// place is told: the cursor never goes back.
    pub(super) fn restart(&mut self, told: i64) {
        self.newest = 0;
        self.told = told;
    }

    /// A replay that began at `from` has broken off: the next try goes on from where it had come to, but not beyond `cap`.
    pub(super) fn go_on(&mut self, from: i64, cap: i64) {
        let newest = self.newest.min(cap);
        self.resume = Some(place::again(newest, self.ended_at).max(from));
        self.ended_at = Some(newest);
    }

    pub(super) fn newest(&self) -> i64 {
        self.newest
    }

    /// The time before which everything has been told, if that is news. Never beyond a post that waits, nor beyond `cap`.
    pub(super) fn place(&mut self, cap: i64) -> Option<i64> {
        let waiting = self.waiting.iter().map(|waiting| waiting.time - 1).min().unwrap_or(i64::MAX);
        let place = self.newest.min(waiting).min(cap);
        if place <= self.told {
            return None;
        }
        self.told = place;
        Some(place)
    }

    /// Holds a post back; gives out the oldest when there are too many.
    pub(super) fn hold(&mut self, draft: Box<Draft>, time: i64) -> Option<Waiting> {
        self.waiting.push_back(Waiting { draft, time, since: Instant::now() });
        if self.waiting.len() > WAITING_MAX { self.waiting.pop_front() } else { None }
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// When the oldest has waited long enough.
    pub(super) fn expires_at(&self, wait_max: Duration) -> Option<Instant> {
        self.waiting.front().map(|waiting| waiting.since + wait_max)
    }

    /// One that has waited long enough.
    pub(super) fn expired(&mut self, wait_max: Duration) -> Option<Waiting> {
        let front = self.waiting.front()?;
        if front.since.elapsed() >= wait_max { self.waiting.pop_front() } else { None }
    }

    /// Accounts whose profiles are wanted.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &str> {
        let writers = self.waiting.iter().chain(&self.owed).map(|waiting| waiting.draft.author.id.as_str());
        writers.chain(self.returned.iter().map(String::as_str))
    }

    /// An account came back; its profile is wanted.
    pub(super) fn came_back(&mut self, did: &str) {
        if !self.returned.iter().any(|known| known == did) {
            self.returned.push_back(did.to_owned());
        }
        if self.returned.len() > RETURNED_MAX {
            self.returned.pop_front();
        }
    }

    /// Whether an account has come back and its profile was waited for, until now.
    pub(super) fn take_returned(&mut self, did: &str) -> bool {
        let before = self.returned.len();
        self.returned.retain(|known| known != did);
        self.returned.len() < before
    }

    /// The posts of these accounts, in the order in which they came.
    pub(super) fn take(&mut self, dids: &[String]) -> Vec<Waiting> {
        let is_theirs = |waiting: &Waiting| dids.contains(&waiting.draft.author.id);
        let (theirs, others) = std::mem::take(&mut self.waiting).into_iter().partition(is_theirs);
        self.waiting = others;
        Vec::from(theirs)
    }

    /// A post goes out without a profile: a revision will follow.
    pub(super) fn owe(&mut self, waiting: Waiting) {
        if self.owed.len() >= OWED_MAX {
            self.owed.pop_front();
        }
        self.owed.push_back(waiting);
    }

    /// The posts that went out without the profiles of these accounts.
    pub(super) fn pay(&mut self, dids: &[String]) -> Vec<Waiting> {
        let is_theirs = |waiting: &Waiting| dids.contains(&waiting.draft.author.id);
        let (theirs, others): (VecDeque<_>, _) =
            std::mem::take(&mut self.owed).into_iter().partition(is_theirs);
        self.owed = others;
        Vec::from(theirs)
    }

    /// Another lane asks from now on for what this one still wanted to know: the one that is done asks for nothing.
    pub(super) fn pass_on(&mut self, heir: &mut Self) {
        self.owed.drain(..).for_each(|waiting| heir.owe(waiting));
        self.returned.drain(..).for_each(|did| heir.came_back(&did));
    }

    /// Gives up on profiles that nobody could tell for long.
    pub(super) fn give_up(&mut self) {
        self.owed.retain(|waiting| waiting.since.elapsed() < OWED_FOR);
    }

    /// Forgets a post that was deleted while it waited.
    pub(super) fn delete(&mut self, uid: &str, time: i64) {
        self.waiting.retain(|waiting| waiting.draft.uid.0 != uid || waiting.time > time);
        self.owed.retain(|waiting| waiting.draft.uid.0 != uid || waiting.time > time);
    }
}

/// A post with its author, as far as he is known.
pub(super) fn signed(mut draft: Box<Draft>, profile: Option<Profile>) -> Box<Draft> {
    match profile {
        Some(profile) => {
            draft.author = profile.author;
            draft.wish = draft.wish.max(profile.wish);
        }
        None => draft.author = stranger(&draft.author.id),
    }
    draft
}

/// A post that went out unsigned, signed: the same words as a revision of a microsecond later, so that no replay of the
/// first version undoes it and every real change beats it.
pub(super) fn signed_late(waiting: Waiting, profile: Profile) -> Box<Draft> {
    let mut draft = signed(waiting.draft, Some(profile));
    draft.revision = Revision::EditedAt(Micros(waiting.time + 1));
    draft
}

#[cfg(test)]
mod tests {
    use model::Network;

    use super::*;

    fn draft(n: i64, did: &str) -> Box<Draft> {
        let mut draft = Draft::new(Network::Bluesky, &format!("at://{did}/app.bsky.feed.post/{n}"));
        draft.author = stranger(did);
        Box::new(draft)
    }

    #[tokio::test]
    async fn the_cursor_never_passes_a_post_that_waits_and_never_goes_back() {
        let mut lane = Lane::default();
        lane.reach(100);
        assert_eq!(lane.place(i64::MAX), Some(100));
        lane.hold(draft(1, "did:plc:a"), 110);
        lane.reach(150);
        lane.reach(120);
        assert_eq!(lane.place(i64::MAX), Some(109));
        assert_eq!(lane.place(i64::MAX), None, "told already");
        assert_eq!(lane.take(&["did:plc:a".to_owned()]).len(), 1);
        assert_eq!(lane.place(140), Some(140));
        assert_eq!(lane.place(i64::MAX), Some(150));
        lane.reach(90);
        assert_eq!(lane.place(i64::MAX), None);
    }

    #[tokio::test]
    async fn a_replay_goes_on_no_further_than_where_the_live_stream_began() {
        let (start, second) = (1_783_000_000_000_000, 1_000_000);
        let mut lane = Lane::default();
        lane.reach(start + 60 * second);
        lane.go_on(start, start + 20 * second);
        assert_eq!(lane.resume, Some(start + 19 * second), "what came behind the hand-over proves nothing");
        lane.go_on(start, start + 20 * second);
        assert_eq!(lane.resume, Some(start + 20 * second + 1), "no further than before: no overlap");
        lane.go_on(start, i64::MAX);
        assert_eq!(lane.resume, Some(start + 59 * second));
    }

    #[tokio::test(start_paused = true)]
    async fn a_post_waits_only_so_long_and_only_so_many_do() {
        let mut lane = Lane::default();
        let wait = Duration::from_secs(5);
        for n in 0..WAITING_MAX as i64 {
            assert!(lane.hold(draft(n, "did:plc:a"), n).is_none());
        }
        assert_eq!(lane.hold(draft(9999, "did:plc:a"), 9999).unwrap().time, 0, "the oldest makes room");
        assert!(lane.expired(wait).is_none());
        tokio::time::sleep(wait).await;
        assert_eq!(lane.expired(wait).unwrap().time, 1);
    }

    #[tokio::test]
    async fn what_is_passed_on_is_asked_for_once_and_by_nobody_else() {
        let (mut done, mut heir) = (Lane::default(), Lane::default());
        done.hold(draft(1, "did:plc:a"), 10);
        let unsigned = done.take(&["did:plc:a".to_owned()]).remove(0);
        done.owe(unsigned);
        done.came_back("did:plc:b");
        heir.came_back("did:plc:b");
        done.pass_on(&mut heir);
        assert_eq!(done.wanted().count(), 0);
        assert_eq!(heir.wanted().collect::<Vec<_>>(), ["did:plc:a", "did:plc:b"]);
        assert!(heir.take_returned("did:plc:b") && !heir.take_returned("did:plc:b"));
        assert_eq!(heir.pay(&["did:plc:a".to_owned()]).len(), 1);
    }

    #[tokio::test]
    async fn what_was_deleted_while_it_waited_does_not_go_out() {
        let mut lane = Lane::default();
        let uid = draft(1, "did:plc:a").uid.0;
        lane.hold(draft(1, "did:plc:a"), 10);
        lane.delete(&uid, 9);
        assert!(lane.is_waiting(), "written anew after its deletion");
        lane.delete(&uid, 11);
        assert!(!lane.is_waiting());
    }
}
