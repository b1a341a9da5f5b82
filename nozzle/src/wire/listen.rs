//! For tests: listens to a source as the pump does, without a sequencer behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use chassis::Secret;
use model::Micros;
use tokio::sync::mpsc;
use tokio::time::Instant;
use url::Url;

use crate::source::{
    AccountChange, Api, Backfilled, BoostOf, Cursor, Draft, Outlet, Since, Source, SourceEnd, SourceSettings,
    Upstream,
};

/// Settings for a network on loopback.
pub(crate) fn settings(url: &str, api: Api, token: Option<&str>) -> SourceSettings {
    SourceSettings {
        name: "test".into(),
        url: Some(Url::parse(url).unwrap()),
        streaming_url: None,
        tags: vec!["rustfest".into()],
        token: token.map(|t| Secret::new(t.to_owned())),
        token_env: Some("TEST_TOKEN".into()),
        api_url: None,
        key: None,
        key_env: Some("TEST_KEY".into()),
        secret: None,
        secret_env: None,
        api,
        posts_a_day_max: None,
        poll: Some(Duration::from_secs(1)),
        is_held: false,
    }
}

/// A file of the recorded fixtures, if they are there.
pub(crate) fn fixture(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures").join(path);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("PERIHELION_REQUIRE_SERVERS").is_none(), "{} is missing", path.display());
    eprintln!("SKIPPED: {} is missing", path.display());
    None
}

/// What was heard.
#[derive(Default)]
pub(crate) struct Heard {
    /// Every post and every original of a boost, by uid, as it came last.
    pub(crate) posts: BTreeMap<String, Draft>,
    pub(crate) deleted: BTreeSet<String>,
    pub(crate) boosts: BTreeSet<String>,
    /// Posts and boosts, repeated ones included.
    pub(crate) deliveries: usize,
    pub(crate) opened: usize,
    pub(crate) alive: usize,
    pub(crate) oversize: usize,
    pub(crate) ignored: usize,
    /// What was ignored, by kind.
    pub(crate) kinds: BTreeMap<&'static str, usize>,
    pub(crate) malformed: BTreeMap<&'static str, usize>,
    pub(crate) counts: usize,
    pub(crate) limits: usize,
    pub(crate) accounts: Vec<(String, AccountChange)>,
    pub(crate) near_tags: BTreeMap<String, usize>,
    pub(crate) warnings: Vec<String>,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) ends: Vec<SourceEnd>,
    pub(crate) backfills: Vec<Backfilled>,
}

impl Heard {
    pub(crate) fn take(&mut self, message: Upstream) {
        match message {
            Upstream::Opened => self.opened += 1,
            Upstream::Warning { why } => self.warnings.extend(why),
            Upstream::Alive | Upstream::Taken { .. } => self.alive += 1,
            Upstream::Oversize { .. } => self.oversize += 1,
            Upstream::Ignored { kind } => {
                self.ignored += 1;
                *self.kinds.entry(kind).or_default() += 1;
            }
            Upstream::Counts { .. } => self.counts += 1,
            Upstream::Limit { .. } => self.limits += 1,
            Upstream::Malformed { reason, .. } => *self.malformed.entry(reason).or_default() += 1,
            Upstream::Cursor(cursor) => self.cursor = Some(cursor),
            Upstream::Account { name, change } => self.accounts.push((name, change)),
            Upstream::NearTag { tag, .. } => *self.near_tags.entry(tag).or_default() += 1,
            Upstream::Delete { name, .. } => {
                self.deleted.insert(name);
            }
            Upstream::Post(draft) => self.post(*draft),
            Upstream::Boost { uid, of } => {
                self.boosts.insert(uid);
                match of {
                    BoostOf::Post(draft) => self.post(*draft),
                    BoostOf::Name(_) => self.deliveries += 1,
                }
            }
        }
    }

    fn post(&mut self, draft: Draft) {
        self.deliveries += 1;
        self.posts.insert(draft.uid.0.clone(), draft);
    }

    pub(crate) fn uids(&self) -> BTreeSet<String> {
        self.posts.keys().cloned().collect()
    }
}

/// Listens, reconnecting at once whatever happens, until `enough` or 60 s.
pub(crate) async fn listen(source: &dyn Source, since: &Since, enough: impl Fn(&Heard) -> bool) -> Heard {
    let mut heard = Heard { cursor: since.cursor.clone(), ..Heard::default() };
    let deadline = Instant::now() + Duration::from_secs(60);
    while !enough(&heard) && Instant::now() < deadline {
        connection(source, since.not_before, &mut heard, deadline, &enough).await;
    }
    heard
}

async fn connection(
    source: &dyn Source,
    not_before: Micros,
    heard: &mut Heard,
    deadline: Instant,
    enough: &impl Fn(&Heard) -> bool,
) {
    let (out, mut live) = Outlet::new(64);
    let (late_out, mut late) = Outlet::new(64);
    source.resume(heard.cursor.as_ref());
    let mut stream = source.stream(&out);
    let since = Since { cursor: heard.cursor.clone(), not_before };
    let mut backfill = Box::pin(source.backfill(&since, &late_out));
    let (mut is_open, mut is_filled) = (false, false);
    let mut ahead = None;
    loop {
        tokio::select! {
            message = live.recv() => {
                let Some(message) = message else { return };
                is_open |= matches!(message, Upstream::Opened);
                match message {
                    // A cursor of the stream counts once the hole before it is closed.
                    Upstream::Cursor(cursor) if !is_filled => ahead = Some(cursor),
                    other => heard.take(other),
                }
            }
            message = late.recv() => heard.take(message.expect("the outlet is ours")),
            done = &mut backfill, if is_open && !is_filled => {
                drain(&mut late, heard, true);
                is_filled = done == Backfilled::Complete;
                if let Some(cursor) = ahead.take().filter(|_| is_filled) {
                    heard.cursor = Some(cursor);
                }
                heard.backfills.push(done);
                if !is_filled {
                    return;
                }
            }
            end = &mut stream => {
                drain(&mut live, heard, is_filled);
                heard.ends.push(end);
                return;
            }
            () = tokio::time::sleep_until(deadline) => return,
        }
        if enough(heard) {
            return;
        }
    }
}

fn drain(messages: &mut mpsc::Receiver<Upstream>, heard: &mut Heard, is_filled: bool) {
    while let Ok(message) = messages.try_recv() {
        if is_filled || !matches!(message, Upstream::Cursor(_)) {
            heard.take(message);
        }
    }
}
