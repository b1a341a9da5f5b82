//! Talks that a file has and that cannot be placed in time: which known ones they are, so that a slip of the pen in one version
//! takes no talk out of the programme. What makes a talk such a one is decided in `collect`.

use std::collections::HashSet;

use super::FoundTalk;
use super::alike::title_key;
use crate::Talk;

/// Everything that names the unread talks of a file.
#[derive(Debug, Default)]
pub(super) struct Unread<'a> {
    /// guid, code and id.
    signs: [HashSet<&'a str>; 3],
    titles: HashSet<String>,
    /// Titles of those that have no sign.
    bare: HashSet<String>,
}

impl<'a> Unread<'a> {
    pub(super) fn of(talks: &'a [FoundTalk]) -> Self {
        let mut all = Self::default();
        for talk in talks {
            let own = [&talk.guid, &talk.code, &talk.native].map(Option::as_deref);
            for (signs, sign) in all.signs.iter_mut().zip(own) {
                signs.extend(sign);
            }
            let title = title_key(&talk.title);
            if own.iter().all(Option::is_none) {
                all.bare.insert(title.clone());
            }
            all.titles.insert(title);
        }
        all
    }

    /// Whether a known talk may be one of them: by a sign, or by its title where only one of the two has signs.
    pub(super) fn may_be(&self, talk: &Talk) -> bool {
        let own = [&talk.guid, &talk.code, &talk.native].map(Option::as_deref);
        let has =
            |(signs, sign): (&HashSet<&str>, Option<&str>)| sign.is_some_and(|sign| signs.contains(sign));
        // The times of an event that repeats have its sign and one of their own behind it.
        let whole = talk.guid.as_deref().and_then(|guid| guid.rsplit_once('/')).map(|(whole, _)| whole);
        if self.signs.iter().zip(own).any(has) || has((&self.signs[0], whole)) {
            return true;
        }
        let titles = if own.iter().all(Option::is_none) { &self.titles } else { &self.bare };
        !titles.is_empty() && titles.contains(&title_key(&talk.title))
    }
}
