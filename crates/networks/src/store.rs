//! What exists on one network: the log of what happened, the posts that can be read, and the script of what will.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::happen::{Happened, What};
use crate::journal::{Journal, Line};
use crate::post::Post;
use crate::script::{Happening, Pace, Script, Timed};
use crate::{ids, text};

/// How a network numbers and names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// `x:{first id}`; an edit has an id of its own.
    X,
    /// `mastodon:{uri}`; an edit keeps the id.
    Mastodon,
    /// `bluesky:{at-uri}`; an edit keeps the id.
    Bluesky,
    /// `feed:{id}`; an edit keeps the id. Readers know articles by an address as well, which is theirs to choose.
    Feed,
    /// `flickr:{id}`; an edit keeps the id.
    Flickr,
}

impl Naming {
    /// The name of a post that is no boost; `first` is the first of its ids.
    fn uid(self, first: &str, post: &Post) -> String {
        match self {
            Self::X => format!("x:{first}"),
            Self::Mastodon => format!("mastodon:{}", crate::mastodon::uri(post)),
            Self::Bluesky => format!("bluesky:{}", crate::bluesky::uri(post)),
            Self::Feed => format!("feed:{}", post.id),
            Self::Flickr => format!("flickr:{}", post.id),
        }
    }
}

/// One network's whole world.
pub(crate) struct Store {
    inner: Mutex<Inner>,
    length: watch::Sender<usize>,
    journal: Journal,
    naming: Naming,
    pace: Pace,
}

struct Inner {
    log: Vec<Arc<Happened>>,
    script: VecDeque<Timed>,
    scripted: usize,
    doomed: HashSet<String>,
    /// Newest versions by (length of id, id), which is the order of ids as numbers.
    posts: BTreeMap<(usize, String), Arc<Post>>,
    /// Every version by its id.
    versions: HashMap<String, Arc<Post>>,
    /// All ids of a post with edits, by each of them.
    histories: HashMap<String, Arc<Vec<String>>>,
    seen: HashSet<String>,
    ended: bool,
}

/// Which posts a REST call wants: ids strictly between `above` and `below`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Range {
    pub(crate) above: Option<String>,
    pub(crate) below: Option<String>,
}

impl Store {
    pub(crate) fn new(script: Script, naming: Naming, journal: Journal) -> Self {
        let doomed = script.happenings.iter().filter_map(|t| match &t.what {
            Happening::Delete(id) => Some(id.clone()),
            _ => None,
        });
        let inner = Inner {
            doomed: doomed.collect(),
            log: Vec::new(),
            scripted: script.happenings.len(),
            script: script.happenings.into(),
            posts: BTreeMap::new(),
            versions: HashMap::new(),
            histories: HashMap::new(),
            seen: HashSet::new(),
            ended: false,
        };
        Self { inner: Mutex::new(inner), length: watch::Sender::new(0), journal, naming, pace: script.pace }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }

    /// Follows the length of the log.
    pub(crate) fn watch(&self) -> watch::Receiver<usize> {
        self.length.subscribe()
    }

    /// Happenings of the script so far, and in all.
    pub(crate) fn progress(&self) -> (usize, usize) {
        let inner = self.lock();
        (inner.scripted - inner.script.len(), inner.scripted)
    }

    /// When the next thing of the script is due.
    pub(crate) fn next_due_ms(&self) -> Option<u64> {
        self.lock().script.front().map(|t| t.after_ms)
    }

    /// Lets the next `n` things of the script happen; returns how many did.
    pub(crate) fn play(&self, n: u64) -> u64 {
        let mut inner = self.lock();
        let mut played = 0;
        while played < n {
            let Some(next) = inner.script.pop_front() else { break };
            self.happen(&mut inner, next.what);
            played += 1;
        }
        if inner.script.is_empty() && !inner.ended && inner.scripted > 0 {
            inner.ended = true;
            self.journal.write(Line { kind: "end".into(), ..Line::default() });
        }
        self.tell(inner.log.len());
        played
    }

    /// Lets something happen that is in no script.
    pub(crate) fn say(&self, what: Happening) {
        let mut inner = self.lock();
        self.happen(&mut inner, what);
        self.tell(inner.log.len());
    }

    /// Wakes those who wait for the log to grow, and only when it did: a reader's own look at an ended script must not wake it.
    fn tell(&self, length: usize) {
        self.length.send_if_modified(|known| std::mem::replace(known, length) != length);
    }

    /// The entry at `place`; with [`Pace::AsRead`], makes it happen when it is the next one.
    pub(crate) fn at(&self, place: usize) -> Option<Arc<Happened>> {
        let found = self.lock().log.get(place).cloned();
        if found.is_some() || self.pace == Pace::Clock {
            return found;
        }
        // A happening may add no entry (an edit of nothing), so several may have to be played for one.
        while self.play(1) > 0 {
            if let Some(found) = self.lock().log.get(place).cloned() {
                return Some(found);
            }
        }
        None
    }

    /// Where the log ends now.
    pub(crate) fn end(&self) -> usize {
        self.lock().log.len()
    }

    /// Whether the script will delete this post, or has.
    pub(crate) fn is_doomed(&self, id: &str) -> bool {
        self.lock().doomed.contains(id)
    }

    /// A version of a post that still exists.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Post>> {
        self.lock().versions.get(id).cloned()
    }

    /// All ids of a post, oldest first.
    pub(crate) fn history(&self, id: &str) -> Vec<String> {
        self.lock().histories.get(id).map_or_else(|| vec![id.to_owned()], |h| h.to_vec())
    }

    /// Up to `limit` of the wanted posts, newest first; or, with `oldest`, the oldest ones of the range (still newest
    /// first).
    pub(crate) fn page(
        &self,
        range: &Range,
        limit: usize,
        oldest: bool,
        wanted: impl Fn(&Post) -> bool,
    ) -> Vec<Arc<Post>> {
        let inner = self.lock();
        let above = range.above.as_deref().map(ids::key);
        let below = range.below.as_deref().map(ids::key);
        let within = |(len, id): &(usize, String)| {
            let key = (*len, id.as_str());
            above.is_none_or(|a| key > a) && below.is_none_or(|b| key < b)
        };
        let hits = |(key, post): &(&(usize, String), &Arc<Post>)| within(key) && wanted(post);
        if oldest {
            let mut out: Vec<_> =
                inner.posts.iter().filter(hits).take(limit).map(|(_, p)| Arc::clone(p)).collect();
            out.reverse();
            out
        } else {
            inner.posts.iter().rev().filter(hits).take(limit).map(|(_, p)| Arc::clone(p)).collect()
        }
    }

    /// The name of the original that a post stands for.
    pub(crate) fn uid(&self, post: &Post) -> String {
        self.naming.uid(&self.history(&post.original().id)[0], post.original())
    }

    fn happen(&self, inner: &mut Inner, what: Happening) {
        match what {
            Happening::Post(post) => self.post(inner, text::complete(post)),
            Happening::Edit(post) => self.edit(inner, text::complete(post)),
            Happening::Delete(id) => self.delete(inner, &id),
        }
    }

    fn post(&self, inner: &mut Inner, post: Post) {
        let original = post.original();
        let uid = self.naming.uid(&original.id, original);
        if inner.seen.insert(original.id.clone()) {
            self.journal.write(Line { kind: "exists".into(), uid: uid.clone(), ..Line::default() });
            if post.retweet_of.is_some() {
                let brought = Arc::new(original.clone());
                if self.naming == Naming::X {
                    // Whoever looks it up finds it, though no stream carries it.
                    inner.versions.insert(brought.id.clone(), brought);
                } else {
                    // Timelines know no boosts: the boosted post itself arrives at this server.
                    keep(inner, &brought);
                    push(inner, What::Post(brought));
                }
            }
        }
        if post.retweet_of.is_some() {
            self.journal.write(Line {
                kind: "boost".into(),
                uid,
                id: Some(post.id.clone()),
                ..Line::default()
            });
            if self.naming != Naming::X {
                return boosted(inner, &post.original().id);
            }
        }
        let post = Arc::new(post);
        keep(inner, &post);
        push(inner, What::Post(post));
    }

    fn edit(&self, inner: &mut Inner, mut post: Post) {
        let Some(before) = inner.versions.get(&post.id).cloned() else { return };
        let edited_at = *post.edited_at.get_or_insert(post.created_at);
        let first = post.id.clone();
        let mut history = inner.histories.get(&first).map_or_else(|| vec![first.clone()], |h| h.to_vec());
        if self.naming == Naming::X {
            let serial = history.len() as u32;
            post.id = ids::snowflake_at(edited_at, serial);
            history.push(post.id.clone());
            if let Some(last) = history.iter().rev().nth(1) {
                inner.posts.remove(&(last.len(), last.clone()));
            }
        }
        post.author = before.author.clone();
        let line = Line { kind: "edit".into(), id: Some(post.id.clone()), ..Line::default() };
        let uid = self.naming.uid(&first, &post);
        self.journal.write(Line { uid, ..line });
        let (post, history) = (Arc::new(post), Arc::new(history));
        for id in history.iter() {
            inner.histories.insert(id.clone(), Arc::clone(&history));
        }
        keep(inner, &post);
        push(inner, What::Edit { post, history });
    }

    fn delete(&self, inner: &mut Inner, id: &str) {
        let history = inner.histories.get(id).map_or_else(|| vec![id.to_owned()], |h| h.to_vec());
        let mut newest = None;
        for id in &history {
            newest = inner.versions.remove(id).or(newest);
            inner.posts.remove(&(id.len(), id.clone()));
        }
        let Some(post) = newest else { return };
        let uid = self.naming.uid(&history[0], &post);
        self.journal.write(Line { kind: "delete".into(), uid, ..Line::default() });
        push(inner, What::Delete(post));
    }
}

fn keep(inner: &mut Inner, post: &Arc<Post>) {
    inner.posts.insert((post.id.len(), post.id.clone()), Arc::clone(post));
    inner.versions.insert(post.id.clone(), Arc::clone(post));
}

fn push(inner: &mut Inner, what: What) {
    let place = inner.log.len();
    inner.log.push(Arc::new(Happened { place, what }));
}

/// Counts a boost for a post that is still there.
fn boosted(inner: &mut Inner, id: &str) {
    let Some(mut post) = inner.versions.get(id).cloned() else { return };
    Arc::make_mut(&mut post).counts.boosts += 1;
    keep(inner, &post);
}
