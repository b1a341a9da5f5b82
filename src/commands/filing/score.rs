//! How often filings are right, by kind of post. One arithmetic for labelled posts that people bring and for the bench.
//!
//! - *Precision*: of the posts that were filed, the share filed to the talk that they are about. A filed post that is about no
//!   talk counts as wrong.
//! - *Coverage*: of the posts that are about a talk, the share that was filed, rightly or wrongly.
//! - *Recall*: of the posts that are about a talk, the share that was filed rightly.

use std::collections::BTreeMap;

/// What became of one labelled post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// It is about a talk.
    pub(crate) is_about_talk: bool,
    /// It was filed to some talk.
    pub(crate) is_filed: bool,
    /// It was filed to the talk that it is about.
    pub(crate) is_right: bool,
}

impl Verdict {
    /// From what a post is about, and where it was filed.
    pub(crate) fn of<T: PartialEq>(truth: Option<&T>, filed: Option<&T>) -> Self {
        Self {
            is_about_talk: truth.is_some(),
            is_filed: filed.is_some(),
            is_right: truth.is_some() && truth == filed,
        }
    }
}

/// Counts over some posts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// All posts.
    pub(crate) posts: usize,
    /// Those about a talk.
    pub(crate) about: usize,
    /// Those about a talk that were filed.
    pub(crate) covered: usize,
    /// Those that were filed.
    pub(crate) filed: usize,
    /// Those that were filed rightly.
    pub(crate) right: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, verdict: Verdict) {
        self.posts += 1;
        self.about += usize::from(verdict.is_about_talk);
        self.covered += usize::from(verdict.is_about_talk && verdict.is_filed);
        self.filed += usize::from(verdict.is_filed);
        self.right += usize::from(verdict.is_right);
    }

    /// None when nothing was filed: nothing was claimed.
    pub(crate) fn precision(&self) -> Option<f64> {
        share(self.right, self.filed)
    }

    /// None when no post is about a talk.
    pub(crate) fn coverage(&self) -> Option<f64> {
        share(self.covered, self.about)
    }

    /// None when no post is about a talk.
    pub(crate) fn recall(&self) -> Option<f64> {
        share(self.right, self.about)
    }

    /// Of posts that are about no talk, how many were filed to one.
    pub(crate) fn strays(&self) -> usize {
        self.filed - self.covered
    }
}

/// A part of a whole; none of an empty whole.
pub(crate) fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Tallies by kind of post, and over all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scores {
    pub(crate) all: Tally,
    pub(crate) by_kind: BTreeMap<String, Tally>,
}

impl Scores {
    pub(crate) fn add(&mut self, kind: &str, verdict: Verdict) {
        self.all.add(verdict);
        self.by_kind.entry(kind.to_owned()).or_default().add(verdict);
    }

    /// Lines for people: a row for each kind, then one for all.
    pub(crate) fn table(&self) -> String {
        let mut out = format!(
            "{:<14} {:>6} {:>6} {:>6} {:>6}  {:>9} {:>8} {:>6}\n",
            "kind", "posts", "about", "filed", "right", "precision", "coverage", "recall"
        );
        let kinds = self.by_kind.iter().map(|(kind, tally)| (kind.as_str(), tally));
        for (kind, t) in kinds.chain([("all", &self.all)]) {
            out.push_str(&format!(
                "{kind:<14} {:>6} {:>6} {:>6} {:>6}  {:>9} {:>8} {:>6}\n",
                t.posts,
                t.about,
                t.filed,
                t.right,
                shown(t.precision()),
                shown(t.coverage()),
                shown(t.recall()),
            ));
        }
        out
    }
}

/// Three digits, or a dash where there is nothing to divide by.
pub(crate) fn shown(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{share:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filed_post_about_no_talk_costs_precision_and_brings_no_coverage() {
        let mut scores = Scores::default();
        for (truth, filed) in
            [(Some(1), Some(1)), (Some(1), Some(2)), (Some(1), None), (None, Some(1)), (None, None)]
        {
            scores.add("any", Verdict::of(truth.as_ref(), filed.as_ref()));
        }
        let all = scores.all;
        assert_eq!(
            (all.posts, all.about, all.covered, all.filed, all.right, all.strays()),
            (5, 3, 2, 3, 1, 1)
        );
        assert_eq!(all.precision(), Some(1.0 / 3.0));
        assert_eq!((all.coverage(), all.recall()), (Some(2.0 / 3.0), Some(1.0 / 3.0)));
        assert!(scores.table().contains("0.333"), "{}", scores.table());
    }

    #[test]
    fn nothing_claimed_is_no_precision() {
        assert_eq!((Tally::default().precision(), shown(None).as_str()), (None, "-"));
    }
}
