//! Hashtags of the event, found among its posts where nobody told them: what most posts bear tells no talk from another.

use std::collections::{HashMap, HashSet};

use model::Item;
use model::extract::tag_key;

/// People who must use a tag before it can be the event's.
const PEOPLE_MIN: usize = 10;
/// The event's tag is in at least one of so many tagged posts: a talk's own tag is in few, even while the talk is on.
const ONE_OF: usize = 3;
/// Tags that are counted; later ones are not.
const COUNTED_MAX: usize = 10_000;
/// Tags that an event may have.
const FOUND_MAX: usize = 5;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct EventTags {
    tagged: usize,
    uses: HashMap<String, Use>,
    found: Vec<String>,
}

#[derive(Debug, Default)]
struct Use {
    posts: usize,
    /// At most [`PEOPLE_MIN`].
    people: HashSet<String>,
}

impl EventTags {
    /// Counts an item. Gives all that are known to be the event's when there is a new one among them.
    pub(crate) fn hear(&mut self, item: &Item) -> Option<&[String]> {
        let keys: HashSet<String> =
            item.body.tags().chain(item.tags.iter().map(String::as_str)).map(tag_key).collect();
        self.tagged += usize::from(!keys.is_empty());
        let known = self.found.len();
        for key in keys {
            if known >= FOUND_MAX || (self.uses.len() >= COUNTED_MAX && !self.uses.contains_key(&key)) {
                continue;
            }
            let tag = self.uses.entry(key.clone()).or_default();
            tag.posts += 1;
            if tag.people.len() < PEOPLE_MIN {
                tag.people.insert(item.author.id.clone());
            }
            let is_everywhere = tag.people.len() >= PEOPLE_MIN && tag.posts * ONE_OF >= self.tagged;
            if is_everywhere && !self.found.contains(&key) {
                self.found.push(key);
            }
        }
        (self.found.len() > known).then_some(&self.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::filing::post::Posts;
    use jiff::tz::TimeZone;

    #[test]
    fn a_tag_of_many_people_in_many_posts_is_the_events_and_a_talks_is_not() {
        let mut posts = Posts::new(TimeZone::UTC);
        let mut tags = EventTags::default();
        let mut news = Vec::new();
        for n in 0..40_i64 {
            let own = if n % 4 == 0 { "#borrowck" } else { "" };
            let line = format!(
                r#"{{"id":{n},"posted_at":{},"author":"p{n}","text":"x #RustFest {own}"}}"#,
                1_780_300_800 + n
            );
            let item = posts.read(1, line.as_bytes()).unwrap().item;
            news.extend(tags.hear(&item).map(<[String]>::to_vec));
        }
        assert_eq!(news, [["rustfest"]]);
    }
}
