//! Which links came of late, and in how many posts: the newest so many, in memory.

use std::collections::{HashMap, VecDeque};

use model::{ItemId, Micros};

/// Links of posts that are remembered.
const COPIES_MAX: usize = 20_000;

/// A link in a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sequencer) struct Copy {
    /// As `model::link::normal` writes it.
    pub(in crate::sequencer) link: String,
    /// When the post was said.
    pub(in crate::sequencer) when: Micros,
    /// The post.
    pub(in crate::sequencer) id: ItemId,
}

impl Copy {
    /// Whether this is the same link in another post of about that time.
    pub(in crate::sequencer) fn is_of(&self, link: &str, id: ItemId, when: Micros, within: i64) -> bool {
        self.id != id && self.link == link && self.when.since(when).abs() <= within
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(in crate::sequencer) struct Copies {
    by_link: HashMap<String, Vec<(ItemId, Micros)>>,
    /// In the order in which they came, for the oldest to go.
    order: VecDeque<(String, ItemId)>,
}

impl Copies {
    pub(in crate::sequencer) fn add(&mut self, copy: Copy) {
        let posts = self.by_link.entry(copy.link.clone()).or_default();
        if posts.iter().any(|(id, _)| *id == copy.id) {
            return;
        }
        posts.push((copy.id, copy.when));
        self.order.push_back((copy.link, copy.id));
        while self.order.len() > COPIES_MAX
            && let Some((link, id)) = self.order.pop_front()
        {
            if let Some(posts) = self.by_link.get_mut(&link) {
                posts.retain(|(known, _)| *known != id);
                if posts.is_empty() {
                    self.by_link.remove(&link);
                }
            }
        }
    }

    /// Other posts than `id` with this link, said within so many microseconds before or after `when`.
    pub(in crate::sequencer) fn count(&self, link: &str, id: ItemId, when: Micros, within: i64) -> u32 {
        let is_near = |(known, at): &&(ItemId, Micros)| *known != id && at.since(when).abs() <= within;
        let near = self.by_link.get(link).map_or(0, |posts| posts.iter().filter(is_near).count());
        u32::try_from(near).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Uid;

    #[test]
    fn copies_are_counted_near_a_moment_once_for_each_post_and_the_oldest_go() {
        let mut copies = Copies::default();
        let id = |n: usize| Uid::new("x", &n.to_string()).id();
        let copy =
            |n: usize, link: &str, when: i64| Copy { link: link.into(), when: Micros(when), id: id(n) };
        for n in 0..3 {
            copies.add(copy(n, "a.example", 100 * n as i64));
            copies.add(copy(n, "a.example", 100 * n as i64));
        }
        assert_eq!(copies.count("a.example", id(9), Micros(100), 100), 3);
        assert_eq!(copies.count("a.example", id(1), Micros(100), 100), 2, "a post is no copy of itself");
        assert_eq!(copies.count("a.example", id(9), Micros(300), 100), 1);
        for n in 0..COPIES_MAX {
            copies.add(copy(n + 10, "b.example", 0));
        }
        assert_eq!((copies.count("a.example", id(9), Micros(0), 1000), copies.by_link.len()), (0, 1));
    }
}
