//! Which photos were seen and told, so that windows that overlap tell only what is new, and which of them are to be
//! looked at again: Flickr tells nobody of deletions.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use model::{Media, Micros};

use super::photo::Photo;
use crate::source::{DraftCounts, Kept};

/// Photos that are remembered, the newest.
const KNOWN_MAX: usize = 10_000;
/// Photos of the log that are looked at again after a restart.
pub(super) const KEPT_MAX: usize = 4000;
/// Photos that one look may find missing.
const SUSPECTS_MAX: usize = 100;

/// See the module.
#[derive(Default)]
pub(super) struct Known {
    photos: HashMap<String, Seen>,
    /// Ids in the order of upload.
    order: BTreeSet<(i64, String)>,
    /// Missing where they should have been: looked at first.
    suspects: VecDeque<String>,
    /// What is left of this round through all told photos, newest first.
    round: VecDeque<String>,
}

struct Seen {
    uploaded: i64,
    /// See [`Photo::words`]; `None` for photos that only the log has told of.
    words: Option<u64>,
    counts: DraftCounts,
    media: Vec<Media>,
    /// It is in the log, or on its way there.
    is_told: bool,
    /// It is there although searches leave it out (it lost its tag).
    is_cleared: bool,
}

/// What a look at a photo tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    New,
    /// The log has it, in words that we do not know.
    Unsure,
    Edited,
    Counts,
    Nothing,
}

impl Known {
    /// What the log holds.
    pub(super) fn kept(&mut self, kept: Vec<Kept>) {
        for one in kept {
            let Some(id) = one.uid.strip_prefix("flickr:") else { continue };
            if !self.photos.contains_key(id) {
                let counts = DraftCounts::default();
                let uploaded = one.when.0.div_euclid(Micros::SECOND);
                let seen = Seen {
                    uploaded,
                    words: None,
                    counts,
                    media: Vec::new(),
                    is_told: true,
                    is_cleared: false,
                };
                self.insert(id, seen);
            }
        }
    }

    /// Takes a photo as it is now without telling of it: whether it is wanted, the backfill knows.
    pub(super) fn remember(&mut self, photo: &Photo) {
        if !self.photos.contains_key(&photo.id) {
            self.insert(&photo.id, Seen::of(photo, false));
        }
    }

    /// Takes a photo as it is now; says what has changed since the last look.
    pub(super) fn look(&mut self, photo: &Photo) -> Change {
        let Some(seen) = self.photos.get_mut(&photo.id) else {
            self.insert(&photo.id, Seen::of(photo, true));
            return Change::New;
        };
        let before = (seen.words, seen.counts);
        let is_told = seen.is_told;
        seen.renew(photo);
        match before {
            _ if !is_told => Change::Nothing,
            (None, _) => Change::Unsure,
            (Some(words), _) if words != photo.words => Change::Edited,
            (_, counts) if counts != photo.draft.counts => Change::Counts,
            _ => Change::Nothing,
        }
    }

    /// A backfill tells of this photo. Whether its words are known to have changed.
    pub(super) fn told(&mut self, photo: &Photo) -> bool {
        let before = self.photos.get(&photo.id).filter(|seen| seen.is_told).and_then(|seen| seen.words);
        self.insert(&photo.id, Seen::of(photo, true));
        before.is_some_and(|words| words != photo.words)
    }

    /// A look by id: the photo is there. Its picture as it was told, when its words have changed since.
    pub(super) fn found(&mut self, photo: &Photo) -> Option<Vec<Media>> {
        let seen = self.photos.get_mut(&photo.id)?;
        seen.is_cleared = true;
        let before = seen.words.replace(photo.words);
        before.filter(|words| *words != photo.words).map(|_| seen.media.clone())
    }

    /// Forgets a photo that is gone.
    pub(super) fn forget(&mut self, id: &str) {
        if let Some(seen) = self.photos.remove(id) {
            self.order.remove(&(seen.uploaded, id.to_owned()));
        }
    }

    /// Told photos since `from` that a whole look did not find are looked at first.
    pub(super) fn suspect(&mut self, from: i64, seen: &HashSet<String>) {
        let since = self.order.range((from, String::new())..).rev();
        let missing = since.map(|(_, id)| id).filter(|id| {
            let is_owed = self.photos.get(*id).is_some_and(|one| one.is_told && !one.is_cleared);
            is_owed && !seen.contains(*id) && !self.suspects.contains(*id)
        });
        let missing: Vec<String> = missing.take(SUSPECTS_MAX).cloned().collect();
        self.suspects.extend(missing);
        self.suspects.truncate(SUSPECTS_MAX);
    }

    /// Begins another round through all told photos, if the last one is over.
    pub(super) fn begin_round(&mut self) {
        if self.round.is_empty() {
            let told = self.order.iter().rev().map(|(_, id)| id);
            let told = told.filter(|id| self.photos.get(*id).is_some_and(|seen| seen.is_told));
            self.round = told.take(KEPT_MAX).cloned().collect();
        }
    }

    /// The next photo to look at.
    pub(super) fn next_to_check(&mut self) -> Option<String> {
        loop {
            let id = self.suspects.pop_front().or_else(|| self.round.pop_front())?;
            if self.photos.contains_key(&id) {
                return Some(id);
            }
        }
    }

    fn insert(&mut self, id: &str, seen: Seen) {
        let place = (seen.uploaded, id.to_owned());
        if let Some(before) = self.photos.insert(id.to_owned(), seen) {
            self.order.remove(&(before.uploaded, id.to_owned()));
        }
        self.order.insert(place);
        if self.order.len() > KNOWN_MAX
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.photos.remove(&oldest);
        }
    }
}

impl Seen {
    fn of(photo: &Photo, is_told: bool) -> Self {
        Self {
            uploaded: photo.uploaded.unwrap_or(0),
            words: Some(photo.words),
            counts: photo.draft.counts,
            media: photo.draft.media.clone(),
            is_told,
            is_cleared: false,
        }
    }

    /// The time of upload stays: it is this photo's place in the order.
    fn renew(&mut self, photo: &Photo) {
        *self = Self { uploaded: self.uploaded, ..Self::of(photo, self.is_told) };
    }
}

#[cfg(test)]
mod tests {
    use model::Counts;
    use serde_json::json;

    use super::*;

    fn photo(id: usize, title: &str, likes: i64) -> Photo {
        super::super::photo::read(
            &json!({"id": id.to_string(), "title": title, "dateupload": id + 1000, "count_faves": likes}),
        )
        .unwrap()
    }

    fn kept(id: usize) -> Kept {
        Kept {
            uid: format!("flickr:{id}"),
            aliases: Vec::new(),
            author: "flickr:7@N01".into(),
            when: Micros((id as i64 + 1000) * Micros::SECOND),
            rev: 0,
            counts: Counts::default(),
        }
    }

    fn next(known: &mut Known) -> Vec<String> {
        std::iter::from_fn(|| known.next_to_check()).collect()
    }

    #[test]
    fn a_look_tells_only_what_has_changed() {
        let mut known = Known::default();
        assert_eq!(known.look(&photo(1, "a", 0)), Change::New);
        assert_eq!(known.look(&photo(1, "a", 0)), Change::Nothing);
        assert_eq!(known.look(&photo(1, "a", 2)), Change::Counts);
        assert_eq!(known.look(&photo(1, "b", 2)), Change::Edited);
        known.remember(&photo(2, "a", 0));
        assert_eq!(known.look(&photo(2, "b", 0)), Change::Nothing, "nobody wanted it");
        assert!(!known.told(&photo(2, "c", 0)) && known.told(&photo(2, "d", 0)));
        known.kept(vec![kept(3)]);
        known.remember(&photo(3, "a", 0));
        assert_eq!(
            known.look(&photo(3, "a", 0)),
            Change::Unsure,
            "it may have been edited while nobody looked"
        );
        assert_eq!(known.look(&photo(3, "a", 0)), Change::Nothing);
    }

    #[test]
    fn what_is_missing_is_looked_at_first_then_the_rest_newest_first() {
        let mut known = Known::default();
        known.kept((1..=5).map(kept).collect());
        known.remember(&photo(6, "not told", 0));
        known.begin_round();
        let seen = HashSet::from(["5".to_owned()]);
        known.suspect(1003, &seen);
        assert_eq!(next(&mut known), ["4", "3", "5", "4", "3", "2", "1"]);
        assert_eq!(known.found(&photo(4, "a", 0)), None, "seen for the first time");
        assert_eq!(known.found(&photo(4, "b", 0)), Some(Vec::new()), "edited");
        known.forget("3");
        known.suspect(1003, &seen);
        assert_eq!(next(&mut known), Vec::<String>::new(), "one is there without its tag, one is gone");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut known = Known::default();
        (1..=KNOWN_MAX + 7).for_each(|id| known.remember(&photo(id, "a", 0)));
        assert_eq!((known.photos.len(), known.order.len()), (KNOWN_MAX, KNOWN_MAX));
        assert!(!known.photos.contains_key("7") && known.photos.contains_key("8"));
        known.suspect(0, &HashSet::new());
        known.begin_round();
        assert!(known.suspects.is_empty() && known.round.is_empty(), "none of them was told");
    }
}
