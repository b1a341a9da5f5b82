//! Reads what is said elsewhere than in short posts: on the page itself, on Flickr, on the conference's blog, and by the
//! front desk. The form is explained at the head of `content/elsewhere.txt`, which is compiled in.

use super::compose::POSTS;

const ELSEWHERE: &str = include_str!("content/elsewhere.txt");

/// One thing that is said elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// 0 for the first day.
    pub(crate) day: usize,
    /// Minutes after midnight.
    pub(crate) minute: i64,
    /// Where, and what.
    pub(crate) place: Place,
}

/// Where something is said, with what belongs to it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Written on the event's own page, perhaps on a talk's.
    Onsite { name: &'static str, talk: Option<&'static str>, text: &'static str },
    /// A photo; `licence` by the name that the network gives it, none for "all rights reserved".
    Flickr {
        name: &'static str,
        handle: &'static str,
        picture: &'static str,
        title: &'static str,
        description: &'static str,
        licence: Option<&'static str>,
    },
    /// An article; paragraphs are parted by " / ".
    Blog { author: &'static str, slug: &'static str, title: &'static str, text: &'static str },
    /// A note of the front desk.
    Desk { text: &'static str },
}

/// Everything, in the order of the file, which is that of time.
pub(crate) fn notes() -> Vec<Note> {
    written().filter_map(parse).collect()
}

/// Everything that is said at the conference: in short posts and elsewhere.
pub(crate) fn said_in_all() -> usize {
    POSTS + written().count()
}

fn written() -> impl Iterator<Item = &'static str> {
    ELSEWHERE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn parse(line: &'static str) -> Option<Note> {
    let mut words = line.splitn(4, ' ');
    let day = words.next()?.parse::<usize>().ok()?.checked_sub(1)?;
    let (hours, minutes) = words.next()?.split_once(':')?;
    let minute = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
    let (place, fields) = (words.next()?, words.next()?);
    let fields: Vec<&'static str> = fields.split('|').collect();
    let place = match (place, fields.as_slice()) {
        ("onsite", [name, talk, text]) => Place::Onsite { name, talk: known(talk), text },
        ("flickr", [name, handle, picture, title, description, licence]) => {
            Place::Flickr { name, handle, picture, title, description, licence: known(licence) }
        }
        ("blog", [author, slug, title, text]) => Place::Blog { author, slug, title, text },
        ("desk", [text]) => Place::Desk { text },
        _ => return None,
    };
    Some(Note { day, minute, place })
}

fn known(field: &'static str) -> Option<&'static str> {
    (field != "-").then_some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_line_is_understood_and_in_order() {
        let notes = notes();
        assert_eq!(notes.len(), written().count());
        assert!(notes.is_sorted_by_key(|note| (note.day, note.minute)));
    }

    #[test]
    fn every_place_has_something_on_both_days() {
        let has = |day, is: fn(&Place) -> bool| notes().iter().any(|n| n.day == day && is(&n.place));
        for day in 0..2 {
            assert!(has(day, |p| matches!(p, Place::Onsite { .. })));
            assert!(has(day, |p| matches!(p, Place::Flickr { .. })));
            assert!(has(day, |p| matches!(p, Place::Blog { .. })));
            assert!(has(day, |p| matches!(p, Place::Desk { .. })));
        }
    }
}
