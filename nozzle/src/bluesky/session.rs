//! One connection at work: takes what its socket brings, asks for profiles, tells posts and the place reached. The live
//! stream and the replay both are one; they differ in when they are done.

mod heard;

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::MutexGuard;
use tokio::time::{Instant, sleep_until};

use super::lane::{Lane, Waiting, signed, signed_late};
use super::profiles::{ACTORS_MAX, Answer, Profile};
use super::socket::{Heard, Socket};
use super::{Bluesky, place, post_uri};
use crate::source::{AccountChange, Draft, LINE_BYTES_MAX, Outlet, SourceEnd, Upstream, Wish};

/// Calls for profiles at once.
const CALLS_MAX: usize = 2;
/// How long accounts are gathered for one call.
const GATHER: Duration = Duration::from_millis(50);
/// Times that are kept to see how dense the network's posts are.
const TIMES_MAX: usize = 200;

/// What a step came to.
pub(super) enum Step {
    /// An event was heard.
    Event,
    /// The host lives.
    Pong,
    /// Time has passed.
    Time,
    /// A frame that nobody can read has ended the connection.
    Unreadable,
    /// The connection has ended.
    End(SourceEnd),
}

/// See the module.
pub(super) struct Session<'a> {
    source: &'a Bluesky,
    out: &'a Outlet,
    host: &'a str,
    pub(super) lane: MutexGuard<'a, Lane>,
    is_live: bool,
    calls: FuturesUnordered<BoxFuture<'a, Answer>>,
    /// Accounts that are being asked for.
    asking: HashSet<String>,
    ask_at: Option<Instant>,
    ping_at: Instant,
    tell_at: Instant,
    /// When anything was heard, pongs included.
    pub(super) heard_at: Instant,
    /// When an event was heard.
    pub(super) event_at: Instant,
    /// Heard since the place was told.
    is_fresh: bool,
    /// Times of the first events.
    pub(super) times: Vec<i64>,
    /// Events so far.
    pub(super) events: u64,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        source: &'a Bluesky,
        out: &'a Outlet,
        lane: MutexGuard<'a, Lane>,
        host: &'a str,
        is_live: bool,
    ) -> Self {
        let now = Instant::now();
        let ask_at = lane.wanted().next().is_some().then_some(now);
        Self {
            source,
            out,
            host,
            lane,
            is_live,
            calls: FuturesUnordered::new(),
            asking: HashSet::new(),
            ask_at,
            ping_at: now + source.timing.ping_every,
            tell_at: now + source.timing.tell_every,
            heard_at: now,
            event_at: now,
            is_fresh: false,
            times: Vec::new(),
            events: 0,
        }
    }

    /// Waits for whatever comes first, and does what is to be done about it.
    pub(super) async fn step(&mut self, socket: &mut Socket, wake: Option<Instant>) -> Step {
        let due = self.due().min(wake.unwrap_or_else(|| self.due()));
        tokio::select! {
            heard = socket.next() => self.heard(heard).await,
            Some(answer) = self.calls.next(), if !self.calls.is_empty() => {
                self.answered(answer).await;
                Step::Time
            }
            () = sleep_until(due) => self.time(socket).await,
        }
    }

    /// Waits until no post waits any more.
    pub(super) async fn settle(&mut self) {
        while self.lane.is_waiting() {
            let due = self.due();
            tokio::select! {
                Some(answer) = self.calls.next(), if !self.calls.is_empty() => self.answered(answer).await,
                () = sleep_until(due) => {
                    self.waited().await;
                    self.ask();
                    self.ping_at = Instant::now() + self.source.timing.ping_every;
                }
            }
        }
    }

    fn due(&self) -> Instant {
        let expiry = self.lane.expires_at(self.source.timing.profile_wait);
        let ask = self.ask_at.filter(|_| self.calls.len() < CALLS_MAX);
        [Some(self.ping_at), Some(self.tell_at), expiry, ask]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(self.ping_at)
    }

    async fn time(&mut self, socket: &mut Socket) -> Step {
        let now = Instant::now();
        if self.heard_at.elapsed() >= self.source.timing.silence_max {
            return Step::End(SourceEnd::Stalled);
        }
        if now >= self.ping_at {
            self.ping_at = now + self.source.timing.ping_every;
            if let Err(end) = socket.ping().await {
                return Step::End(end);
            }
        }
        if now >= self.tell_at {
            self.tell_at = now + self.source.timing.tell_every;
            self.tell().await;
            if self.is_live {
                self.inherit();
            }
        }
        self.waited().await;
        self.ask();
        Step::Time
    }

    /// A replay's place ends where the live stream began: what it hears behind that comes after its own hand-over, with a
    /// hole before it that only the live stream has filled.
    pub(super) fn cap(&self) -> i64 {
        let live_from = self.source.live_from.load(Ordering::Relaxed);
        if self.is_live || live_from == 0 { i64::MAX } else { live_from }
    }

    /// The last words of a replay. Whom it still wanted to know, the live stream asks for: an account's return that the
    /// replay heard first would be forgotten otherwise, as the live stream takes it for heard.
    pub(super) async fn close(&mut self) {
        self.tell().await;
        self.lane.pass_on(&mut self.source.left());
    }

    /// Takes over what a replay has left.
    fn inherit(&mut self) {
        self.source.left().pass_on(&mut self.lane);
        if self.lane.wanted().next().is_some() {
            self.want();
        }
    }

    /// Tells the place reached, and that we are alive.
    pub(super) async fn tell(&mut self) {
        if std::mem::take(&mut self.is_fresh) && self.is_live {
            self.out.send(Upstream::Alive).await;
        }
        let cap = self.cap();
        if let Some(time) = self.lane.place(cap) {
            self.out.send(Upstream::Cursor(place::cursor(time, self.host))).await;
        }
        self.lane.give_up();
    }

    async fn heard(&mut self, heard: Heard) -> Step {
        self.heard_at = Instant::now();
        self.is_fresh = true;
        match heard {
            Heard::Text(text) => match self.event(text.as_str()).await {
                Some(end) => Step::End(end),
                None => Step::Event,
            },
            Heard::Pong => Step::Pong,
            Heard::Binary => {
                self.out.send(Upstream::Ignored { kind: "binary" }).await;
                Step::Event
            }
            Heard::Unreadable("oversize") => {
                self.out.send(Upstream::Oversize { bytes: LINE_BYTES_MAX as u64 }).await;
                Step::Unreadable
            }
            Heard::Unreadable(reason) => {
                self.out.send(Upstream::Malformed { reason, sample: String::new() }).await;
                Step::Unreadable
            }
            Heard::End(end) => Step::End(end),
        }
    }

    async fn post(&mut self, mut draft: Box<Draft>, seen: Option<i64>) {
        let time = seen.unwrap_or_else(|| self.lane.newest());
        if seen.is_none() {
            draft.network_time = None;
        }
        match self.source.profiles.known(&draft.author.id) {
            Some(profile) => self.send(draft, profile, time).await,
            None => {
                if let Some(oldest) = self.lane.hold(draft, time) {
                    self.send_unsigned(oldest).await;
                }
                self.want();
            }
        }
    }

    /// Somebody's profile is wanted: soon, with others'.
    fn want(&mut self) {
        let soon = Instant::now() + GATHER;
        self.ask_at.get_or_insert(soon);
    }

    fn ask(&mut self) {
        while self.calls.len() < CALLS_MAX && self.ask_at.is_some_and(|at| at <= Instant::now()) {
            if let Some(opens) = self.source.profiles.opens_at() {
                self.ask_at = Some(opens);
                return;
            }
            let mut dids: Vec<String> = Vec::new();
            for did in self.lane.wanted() {
                if dids.len() < ACTORS_MAX
                    && !self.asking.contains(did)
                    && !dids.iter().any(|known| known == did)
                {
                    dids.push(did.to_owned());
                }
            }
            if dids.is_empty() {
                self.ask_at = None;
                return;
            }
            self.asking.extend(dids.iter().cloned());
            self.calls.push(Box::pin(self.source.profiles.ask(dids)));
        }
    }

    async fn answered(&mut self, answer: Answer) {
        for did in &answer.dids {
            self.asking.remove(did);
        }
        if answer.is_good {
            for did in &answer.dids {
                self.judge(did).await;
            }
            for waiting in self.lane.take(&answer.dids) {
                let profile = self.source.profiles.known(&waiting.draft.author.id).flatten();
                self.send(waiting.draft, profile, waiting.time).await;
            }
            for owed in self.lane.pay(&answer.dids) {
                if let Some(profile) = self.source.profiles.known(&owed.draft.author.id).flatten() {
                    self.out.send(Upstream::Post(signed_late(owed, profile))).await;
                }
            }
        }
        if self.lane.wanted().next().is_some() {
            self.want();
        }
    }

    /// An account whose items are shown may have asked, meanwhile, not to be shown; or no longer.
    async fn judge(&mut self, did: &str) {
        let came_back = self.lane.take_returned(did);
        let profile = self.source.profiles.known(did).flatten();
        let (has_any, is_away) = {
            let known = self.source.known();
            (known.has_account(did), known.is_away(did))
        };
        let asks = has_any && profile.as_ref().is_some_and(|profile| profile.wish == Wish::NotShown);
        // An account without a profile says nothing about what it asked before.
        let is_news = profile.is_some() && self.source.profiles.hide(did, asks);
        let may_return = (is_news || came_back) && !self.source.profiles.is_hidden(did) && !is_away;
        let change = match (asks, is_news) {
            (true, true) => AccountChange::Hidden,
            (false, _) if may_return => AccountChange::Back,
            _ => return,
        };
        self.out.send(Upstream::Account { name: account(did), change }).await;
    }

    /// Posts that have waited long enough go out as they are.
    async fn waited(&mut self) {
        while let Some(waiting) = self.lane.expired(self.source.timing.profile_wait) {
            self.send_unsigned(waiting).await;
        }
    }

    async fn send_unsigned(&mut self, waiting: Waiting) {
        let draft = waiting.draft.clone();
        self.send(draft, None, waiting.time).await;
        self.lane.owe(waiting);
        self.want();
    }

    async fn send(&mut self, draft: Box<Draft>, profile: Option<Profile>, time: i64) {
        let did = draft.author.id.clone();
        let draft = signed(draft, profile);
        let (is_deleted, change) = {
            let known = self.source.known();
            (known.is_deleted(&draft.uid.0, time), known.changed(&did, time))
        };
        if is_deleted || matches!(change, Some(AccountChange::Removed { .. })) {
            return self.out.send(Upstream::Ignored { kind: "deleted_meanwhile" }).await;
        }
        if draft.wish != Wish::NotShown {
            self.source.known().have(&draft.uid.0, &did);
        }
        if change == Some(AccountChange::Hidden) {
            // First the account, so that the post is not seen even for a moment.
            self.out.send(Upstream::Account { name: account(&did), change: AccountChange::Hidden }).await;
        }
        self.out.send(Upstream::Post(draft)).await;
    }
}

fn uid(did: &str, rkey: &str) -> String {
    format!("bluesky:{}", post_uri(did, rkey))
}

fn account(did: &str) -> String {
    format!("bluesky:{did}")
}
