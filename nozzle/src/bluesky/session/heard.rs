//! What a session does about the frames it hears: one event at a time.

use std::sync::atomic::Ordering;

use super::super::event::{self, Told};
use super::super::frame::Kind;
use super::super::place;
use super::super::tags::Tags;
use super::{Session, TIMES_MAX, account, uid};
use crate::source::{AccountChange, Deleter, LINE_BYTES_MAX, SourceEnd, Upstream, sample};
use crate::wire::answer;

impl Session<'_> {
    /// One frame; says so when the host announces the end.
    pub(super) async fn event(&mut self, text: &str) -> Option<SourceEnd> {
        self.event_at = self.heard_at;
        self.events += 1;
        if text.len() > LINE_BYTES_MAX {
            self.out.send(Upstream::Oversize { bytes: text.len() as u64 }).await;
            return None;
        }
        let look = self.source.scanner.look(text);
        let seen = look.time.and_then(|time| self.reach(time));
        match look.kind {
            Kind::Unmatched => {}
            Kind::Delete { did, rkey } => self.delete(did, rkey, seen).await,
            Kind::Whole => {
                let (time, told) = event::read(text, &self.source.tags);
                let seen = seen.or_else(|| time.and_then(|time| self.reach(time)));
                return self.told(told, text, seen).await;
            }
        }
        None
    }

    /// An event of this time was heard; the time, if it can be one.
    fn reach(&mut self, time: i64) -> Option<i64> {
        let time = place::believed(time, answer::now())?;
        self.lane.reach(time);
        if self.times.len() < TIMES_MAX {
            self.times.push(time);
        }
        if self.is_live && self.source.live_from.load(Ordering::Relaxed) == 0 {
            self.source.live_from.store(time, Ordering::Relaxed);
        }
        Some(time)
    }

    async fn told(&mut self, told: Told, text: &str, seen: Option<i64>) -> Option<SourceEnd> {
        match told {
            Told::Post(draft) => self.post(draft, seen).await,
            Told::NotOurs { did, rkey, is_update, near } => {
                let uid = uid(&did, &rkey);
                if is_update && self.source.known().has_post(&uid) {
                    // Its author took our hashtag away; what is shown must not stay behind its words.
                    if let (_, Told::Post(draft)) = event::read(text, &Tags::everything()) {
                        self.post(draft, seen).await;
                    }
                } else if !is_update {
                    for tag in near {
                        self.out.send(Upstream::NearTag { tag, author: account(&did) }).await;
                    }
                }
            }
            Told::Delete { did, rkey } => self.delete(&did, &rkey, seen).await,
            Told::Account { did, change } => self.account(&did, change, seen).await,
            Told::Profile { did, asks } => self.profile(&did, asks, seen).await,
            Told::Identity { did } => self.look_again(&did),
            Told::Ending(why) => return Some(SourceEnd::Refused(format!("the host ends the stream: {why}"))),
            Told::Other(kind) => self.out.send(Upstream::Ignored { kind }).await,
            Told::Bad(reason) => {
                self.out.send(Upstream::Malformed { reason, sample: sample(text.as_bytes()) }).await;
            }
        }
        None
    }

    async fn delete(&mut self, did: &str, rkey: &str, seen: Option<i64>) {
        let uid = uid(did, rkey);
        let time = seen.unwrap_or_else(|| self.lane.newest());
        self.lane.delete(&uid, time);
        let is_ours = self.source.known().delete(&uid, time);
        if is_ours {
            self.out.send(Upstream::Delete { name: uid, by: Deleter::Author }).await;
        }
    }

    async fn account(&mut self, did: &str, change: AccountChange, seen: Option<i64>) {
        let time = seen.unwrap_or_else(|| self.lane.newest());
        let is_ours = self.source.known().change(did, time, change);
        if change != AccountChange::Back {
            if is_ours {
                self.out.send(Upstream::Account { name: account(did), change }).await;
            }
            return;
        }
        self.look_again(did);
        if is_ours {
            // It may ask, now or since before we were started, not to be shown.
            self.lane.came_back(did);
            self.want();
        }
    }

    /// What an account says of itself needs no look-up; who can say something is there.
    async fn profile(&mut self, did: &str, asks: bool, seen: Option<i64>) {
        let time = seen.unwrap_or_else(|| self.lane.newest());
        if !self.source.known().profile(did, time) {
            return;
        }
        self.source.profiles.told(did, asks);
        self.source.profiles.hide(did, asks);
        let change = if asks { AccountChange::Hidden } else { AccountChange::Back };
        self.out.send(Upstream::Account { name: account(did), change }).await;
    }

    /// What is known of an account is out of date.
    fn look_again(&mut self, did: &str) {
        self.source.profiles.forget(did);
    }
}
