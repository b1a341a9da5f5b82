//! Which hashtags are followed, exactly: by facet, by a post's extra tags, and by its words. The search in raw bytes that
//! comes before is `frame`'s.

use model::extract::{tag_key, without_sign};

/// The hashtags that are followed.
#[derive(Clone, Debug)]
pub(crate) struct Tags {
    folded: Vec<String>,
    is_everything: bool,
}

/// What a post's hashtags have to do with ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Nearness {
    /// At least one is ours.
    Ours,
    /// None is ours, but these hold one of ours, as they were written.
    Near(Vec<String>),
    /// Nothing.
    Far,
}

/// Most near hashtags told of one post.
const NEAR_MAX: usize = 4;

impl Tags {
    /// Follows these.
    pub(crate) fn new(tags: &[String]) -> Self {
        Self { folded: tags.iter().map(|tag| tag_key(tag)).collect(), is_everything: false }
    }

    /// Takes every post, whatever it carries: for recordings that were gathered by another question.
    pub(crate) fn everything() -> Self {
        Self { folded: Vec::new(), is_everything: true }
    }

    pub(super) fn is_everything(&self) -> bool {
        self.is_everything
    }

    /// The followed hashtags, folded.
    pub(super) fn folded(&self) -> &[String] {
        &self.folded
    }

    /// Judges hashtags without their mark.
    pub(super) fn judge<'a>(&self, tags: impl Iterator<Item = &'a str>) -> Nearness {
        if self.is_everything {
            return Nearness::Ours;
        }
        let mut near: Vec<String> = Vec::new();
        for tag in tags {
            let same = tag_key(without_sign(tag));
            if self.folded.contains(&same) {
                return Nearness::Ours;
            }
            let is_near = self.folded.iter().any(|ours| same.contains(ours.as_str()));
            if is_near && near.len() < NEAR_MAX && !near.iter().any(|known| known == tag) {
                near.push(tag.to_owned());
            }
        }
        if near.is_empty() { Nearness::Far } else { Nearness::Near(near) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags() -> Tags {
        Tags::new(&["rustfest".to_owned(), "Köln".to_owned()])
    }

    #[test]
    fn a_hashtag_is_ours_whatever_its_case_and_composition() {
        for tag in ["RustFest", "#rustfest", "KÖLN", "ko\u{308}ln", "＃RUSTFEST", "ｒｕｓｔｆｅｓｔ"]
        {
            assert_eq!(tags().judge([tag].into_iter()), Nearness::Ours, "{tag}");
        }
    }

    #[test]
    fn a_hashtag_that_holds_ours_is_near_and_any_other_is_far() {
        assert_eq!(tags().judge(["RustFest26"].into_iter()), Nearness::Near(vec!["RustFest26".into()]));
        assert_eq!(tags().judge(["rust", "fest", ""].into_iter()), Nearness::Far);
        assert_eq!(tags().judge(["rustfest26", "rustfest"].into_iter()), Nearness::Ours);
    }
}
