//! Posts that were named and not delivered: originals of retweets that their message does not include, and newer revisions
//! of shown posts. They are looked up many at a time. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{BoostOf, Draft, Upstream};

/// Posts that may wait; of more, the oldest are not fetched, and their retweets have counted by name.
const WANTED_MAX: usize = 1000;
/// Retweets of one post that are remembered; one is enough to bring it.
const BOOSTS_MAX: usize = 16;

/// The posts that wait, with the retweets that named them.
#[derive(Debug, Default)]
pub(super) struct Wanted(BTreeMap<u64, BTreeSet<String>>);

impl Wanted {
    /// A post is wanted, by its id; `boost` is the uid of the retweet that named it.
    pub(super) fn want(&mut self, id: u64, boost: Option<String>) {
        let boosts = self.0.entry(id).or_default();
        if boosts.len() < BOOSTS_MAX {
            boosts.extend(boost);
        }
        if self.0.len() > WANTED_MAX {
            self.0.pop_first();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Posts could not be asked for now.
    pub(super) fn put_back(&mut self, taken: Taken) {
        for (id, boosts) in taken.0 {
            self.want(id, None);
            boosts.into_iter().for_each(|boost| self.want(id, Some(boost)));
        }
    }

    /// Some of them, newest first; they are asked for once.
    pub(super) fn take(&mut self, posts_max: usize) -> Taken {
        Taken(std::iter::from_fn(|| self.0.pop_last()).take(posts_max).collect())
    }
}

/// Posts that are being asked for.
#[derive(Debug)]
pub(super) struct Taken(BTreeMap<u64, BTreeSet<String>>);

impl Taken {
    pub(super) fn ids(&self) -> impl Iterator<Item = u64> {
        self.0.keys().copied()
    }

    /// What a post that was found leads to: the retweets that wanted it, or the post itself.
    pub(super) fn found(&self, draft: Box<Draft>) -> Vec<Upstream> {
        let names = draft.aliases.iter().chain([&draft.uid.0]);
        let boosts: BTreeSet<&String> =
            names.filter_map(|name| self.0.get(&name.strip_prefix("x:")?.parse().ok()?)).flatten().collect();
        if boosts.is_empty() {
            return vec![Upstream::Post(draft)];
        }
        let boost = |uid: &String| Upstream::Boost { uid: uid.clone(), of: BoostOf::Post(draft.clone()) };
        boosts.into_iter().map(boost).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Network;

    #[test]
    fn retweets_bring_the_original_by_any_of_its_ids() {
        let mut wanted = Wanted::default();
        wanted.want(12, Some("x:90".into()));
        wanted.want(12, Some("x:91".into()));
        wanted.want(7, None);
        let taken = wanted.take(100);
        assert!(wanted.is_empty());
        assert_eq!(taken.ids().collect::<Vec<_>>(), [7, 12]);
        let mut draft = Draft::new(Network::X, "11");
        draft.aliases = vec!["x:12".into()];
        let told = taken.found(Box::new(draft));
        let uids = told.iter().map(|m| if let Upstream::Boost { uid, .. } = m { uid.as_str() } else { "" });
        assert_eq!(uids.collect::<Vec<_>>(), ["x:90", "x:91"]);
        let edit = taken.found(Box::new(Draft::new(Network::X, "7")));
        assert!(matches!(edit[..], [Upstream::Post(_)]));
    }

    #[test]
    fn what_could_not_be_asked_for_waits_on() {
        let mut wanted = Wanted::default();
        wanted.want(12, Some("x:90".into()));
        wanted.want(7, None);
        let taken = wanted.take(100);
        wanted.want(12, Some("x:91".into()));
        wanted.put_back(taken);
        let again = wanted.take(100);
        assert_eq!(again.ids().collect::<Vec<_>>(), [7, 12]);
        assert_eq!(again.found(Box::new(Draft::new(Network::X, "12"))).len(), 2);
    }

    #[test]
    fn as_many_wait_as_fit() {
        let mut wanted = Wanted::default();
        (0..WANTED_MAX as u64 + 5).for_each(|id| wanted.want(id, None));
        let taken = wanted.take(WANTED_MAX * 2);
        assert_eq!((taken.ids().count(), taken.ids().next()), (WANTED_MAX, Some(5)));
    }
}
