//! The connections of one shard to one event, and the bytes they share.

use std::{collections::HashMap, rc::Rc, sync::Arc};

use model::Position;

use super::kit::{Kit, Name};
use crate::{
    batch::Batch,
    channel::Channel,
    frame::Frame,
    packed::Edition,
    reader::{Found, Tail},
    ring::Take,
    shard::inbox::Command,
    signal::Head,
};

/// Batches kept for those who come after: clients that return together stand at few places.
const RECENT_MAX: usize = 16;

/// What is new for the members of a group.
pub(super) enum News {
    /// Nothing.
    Same,
    /// These entries, for all who have everything before them.
    Entries(Position, Rc<Batch>),
    /// Something else: each has to look.
    Otherwise,
}

/// See the module.
pub(super) struct Group {
    /// Its place among the shard's groups.
    number: usize,
    channel: Arc<Channel>,
    slug: String,
    /// The members' places in the slab.
    pub(super) members: Vec<usize>,
    /// Where those stand who have everything.
    front: Option<Position>,
    /// The channel's version that was looked at last.
    seen: u64,
    /// Whether there may be more than the last round has brought.
    has_more: bool,
    recent: Vec<Rc<Batch>>,
    /// The version under which `recent` is true.
    recent_version: u64,
    /// Entries that are being read, by position.
    fetching: HashMap<Position, Fetching>,
}

/// A read behind the ring.
struct Fetching {
    /// Taken before it began.
    edition: Edition,
    /// Who waits for it.
    waiting: Vec<Name>,
}

impl Group {
    pub(super) fn new(number: usize, channel: Arc<Channel>, slug: String) -> Self {
        let seen = channel.version();
        let front = channel.head().map(|head| Position { epoch: head.epoch, seq: head.top });
        Self {
            number,
            channel,
            slug,
            members: Vec::new(),
            front,
            seen,
            has_more: false,
            recent: Vec::new(),
            recent_version: seen,
            fetching: HashMap::new(),
        }
    }

    pub(super) fn channel(&self) -> &Arc<Channel> {
        &self.channel
    }

    pub(super) fn is_of(&self, channel: &Arc<Channel>) -> bool {
        Arc::ptr_eq(&self.channel, channel)
    }

    /// Whether it may be forgotten: nobody is here, and no answer is on its way to this number.
    pub(super) fn is_over(&self) -> bool {
        self.members.is_empty() && self.fetching.is_empty()
    }

    /// Whether there may be more than the last round has brought.
    pub(super) fn has_more(&self) -> bool {
        self.has_more
    }

    /// What its members have not seen, one round at a time.
    pub(super) fn news(&mut self) -> News {
        let version = self.channel.version();
        let has_changed = std::mem::replace(&mut self.seen, version) != version;
        if !has_changed && !self.has_more {
            return News::Same;
        }
        if self.channel.is_closed() {
            // Entries would hide the end: they are not followed by a round in which everybody looks.
            self.has_more = false;
            return if has_changed { News::Otherwise } else { News::Same };
        }
        let next = match self.front.take() {
            Some(front) => match self.take(&front) {
                Found::Entries(batch) => Some((front, batch)),
                Found::Nothing | Found::Older | Found::Window(_) | Found::OtherLog => None,
            },
            None => None,
        };
        self.has_more = next.is_some();
        match next {
            Some((front, batch)) => {
                self.front = Some(Position { epoch: front.epoch.clone(), seq: batch.last() });
                News::Entries(front, batch)
            }
            None => {
                self.front = self.channel.head().map(|head| Position { epoch: head.epoch, seq: head.top });
                if has_changed { News::Otherwise } else { News::Same }
            }
        }
    }

    /// Has the entries behind a position read; whoever waits for them is told with [`Command::Fetched`].
    pub(super) fn fetch(&mut self, at: Position, name: Name, kit: &Kit) {
        if let Some(fetching) = self.fetching.get_mut(&at) {
            fetching.waiting.push(name);
            return;
        }
        let edition = self.channel.edition();
        self.fetching.insert(at.clone(), Fetching { edition, waiting: vec![name] });
        let (channel, inbox, group) = (self.channel.clone(), kit.inbox.clone(), self.number);
        kit.spawn(async move {
            let frames = channel.older(&at).await;
            inbox.push(Command::Fetched { group, at, frames });
        });
    }

    /// Takes over what was read, and returns who has waited for it.
    pub(super) fn fetched(&mut self, at: &Position, frames: Vec<Frame>) -> Vec<Name> {
        self.refresh();
        let Some(Fetching { edition, waiting }) = self.fetching.remove(at) else { return Vec::new() };
        // Words that were overwritten while they were read are read again.
        if edition.is_present()
            && let Some(batch) = Batch::new(at, frames, edition)
        {
            self.keep(Rc::new(batch));
        }
        waiting
    }

    fn keep(&mut self, batch: Rc<Batch>) {
        if self.recent.len() >= RECENT_MAX {
            self.recent.remove(0);
        }
        self.recent.push(batch);
    }

    /// Forgets batches in which words may have been overwritten since.
    fn refresh(&mut self) {
        let version = self.channel.version();
        if self.recent_version != version {
            self.recent_version = version;
            self.recent.clear();
        }
    }
}

impl Tail for Group {
    fn head(&self) -> Option<Head> {
        self.channel.head()
    }

    fn take(&mut self, at: &Position) -> Found {
        self.refresh();
        if let Some(batch) = self.recent.iter().find(|batch| batch.is_behind(at)) {
            return Found::Entries(batch.clone());
        }
        let edition = self.channel.edition();
        match self.channel.take(at) {
            Take::Entries(frames) => match Batch::new(at, frames, edition) {
                Some(batch) => {
                    let batch = Rc::new(batch);
                    self.keep(batch.clone());
                    Found::Entries(batch)
                }
                None => Found::Nothing,
            },
            Take::Nothing => Found::Nothing,
            Take::Older => Found::Older,
            Take::Window(base) => Found::Window(base),
            Take::OtherLog => Found::OtherLog,
        }
    }

    fn is_closed(&self) -> bool {
        self.channel.is_closed()
    }

    fn slug(&self) -> &str {
        &self.slug
    }
}

#[cfg(test)]
mod tests {
    use model::Epoch;

    use super::*;
    use crate::{
        rig::{Rig, epoch},
        ring::{Ring, RingBounds},
    };

    fn group(rig: &Rig) -> Group {
        Group::new(0, rig.channel.clone(), "rustfest".to_owned())
    }

    #[test]
    fn what_gathers_between_two_rounds_comes_in_one() {
        let rig = Rig::with_entries(0, 2);
        let mut group = group(&rig);
        assert!(matches!(group.news(), News::Same));
        rig.append([3]);
        rig.append([4]);
        let News::Entries(front, batch) = group.news() else { panic!("two entries") };
        assert_eq!((front.seq, batch.last(), batch.len()), (2, 4, 2));
        assert!(group.has_more(), "there may be more");
        assert!(matches!(group.news(), News::Same) && !group.has_more(), "there is none");
    }

    #[test]
    fn everybody_looks_when_the_log_is_another_one_or_has_ended_whatever_came_before_that() {
        let rig = Rig::with_entries(0, 2);
        let mut group = group(&rig);
        rig.append([3]);
        rig.channel.replace(Ring::new(Epoch::new(0, 7), 0, 0, RingBounds::default()));
        assert!(matches!(group.news(), News::Otherwise));
        let rig = Rig::with_entries(0, 2);
        let mut group = self::group(&rig);
        rig.append([3]);
        rig.channel.close();
        assert!(matches!(group.news(), News::Otherwise));
        assert!(matches!(group.news(), News::Same) && !group.has_more());
    }

    #[test]
    fn words_that_were_overwritten_are_read_again_and_others_are_shared() {
        let rig = Rig::with_entries(0, 2);
        let mut group = group(&rig);
        let at = Position { epoch: epoch(), seq: 0 };
        let Found::Entries(first) = group.take(&at) else { panic!("entries") };
        let Found::Entries(same) = group.take(&at) else { panic!("entries") };
        assert!(Rc::ptr_eq(&first, &same));
        rig.append([3]);
        let Found::Entries(later) = group.take(&at) else { panic!("entries") };
        assert_eq!((later.len(), first.len()), (3, 2));
        for seq in 4..40 {
            rig.append([seq]);
            group.take(&Position { epoch: epoch(), seq: seq - 1 });
        }
        assert!(group.recent.len() <= RECENT_MAX);
    }

    #[test]
    fn a_group_is_over_when_nobody_is_in_it() {
        let rig = Rig::with_entries(0, 2);
        let mut group = group(&rig);
        assert!(group.is_over());
        group.members.push(3);
        assert!(!group.is_over());
    }
}
