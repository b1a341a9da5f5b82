//! Which of the posts that wait somebody wants to see: the query of the tray's page and of its API, read and written again.

use super::super::view::time::Venue;
use model::{Item, ItemId, Micros, TalkId, stage::Timeline};
use serde::Deserialize;

/// Characters of one field that are looked at; a title fits, a novel does not.
const FIELD_CHARS_MAX: usize = 64;

/// The query, as it came: empty fields are those of a form in which nothing was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(in crate::site) struct Asked {
    /// Posts suggested for this room, or said while something was on there.
    pub(super) room: String,
    /// Posts suggested for this talk.
    pub(super) talk: String,
    /// Posts said while this talk was really on.
    #[serde(rename = "while")]
    pub(super) during: String,
    /// Posts said from then on (`2026-06-01T14:30`, the venue's time).
    pub(super) from: String,
    /// Posts said before then.
    pub(super) until: String,
    /// One post, wherever it is filed.
    pub(super) only: String,
}

impl Asked {
    /// The names of the fields with what they hold, without the empty ones.
    fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("room", self.room.as_str()),
            ("talk", &self.talk),
            ("while", &self.during),
            ("from", &self.from),
            ("until", &self.until),
            ("only", &self.only),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty() && value.chars().count() <= FIELD_CHARS_MAX)
    }

    /// True when something is left out.
    pub(super) fn is_narrow(&self) -> bool {
        self.fields().next().is_some()
    }

    /// As a query again, without a question mark; empty when nothing is left out.
    pub(super) fn query(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.fields()).finish()
    }

    /// From a query that a form sent back; what it does not know is passed over.
    pub(super) fn parse(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()).take(16) {
            let field = match &*name {
                "room" => &mut asked.room,
                "talk" => &mut asked.talk,
                "while" => &mut asked.during,
                "from" => &mut asked.from,
                "until" => &mut asked.until,
                "only" => &mut asked.only,
                _ => continue,
            };
            *field = value.into_owned();
        }
        asked
    }

    /// The one post that is asked for; none when the field is empty, an error when it is no id.
    pub(super) fn one(&self) -> Result<Option<ItemId>, model::BadId> {
        if self.only.is_empty() { Ok(None) } else { self.only.parse().map(Some) }
    }

    /// What is asked for, with the venue's times as moments. Times that are none are passed over.
    pub(super) fn filter(&self, venue: &Venue) -> Filter {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Filter {
            room: some(&self.room),
            talk: some(&self.talk).map(TalkId),
            during: some(&self.during).map(TalkId),
            from: venue.moment(&self.from),
            until: venue.moment(&self.until),
        }
    }
}

/// What holds for the posts that are shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    room: Option<String>,
    talk: Option<TalkId>,
    during: Option<TalkId>,
    from: Option<Micros>,
    until: Option<Micros>,
}

impl Filter {
    /// Whether a post with this filing is asked for.
    pub(super) fn holds(&self, item: &Item, filing: &model::Filing, stage: &Timeline) -> bool {
        let is_in_room = |room: &String| match &filing.room {
            Some(suggested) => suggested == room,
            None => stage.in_room(room, item.when).any(|span| span.talk.is_some()),
        };
        self.room.as_ref().is_none_or(is_in_room)
            && self.talk.as_ref().is_none_or(|talk| filing.talk.as_ref() == Some(talk))
            && self
                .during
                .as_ref()
                .is_none_or(|talk| stage.of_talk(talk).any(|(_, span)| span.holds(item.when)))
            && self.from.is_none_or(|from| item.when >= from)
            && self.until.is_none_or(|until| item.when < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_the_way_through_a_form_and_brings_nothing_else_along() {
        let asked = Asked {
            room: "press hall & more".into(),
            during: "t7".into(),
            from: "2026-06-01T14:30".into(),
            ..Asked::default()
        };
        assert_eq!(Asked::parse(&asked.query()), asked);
        assert!(asked.is_narrow() && !Asked::default().is_narrow());
        assert_eq!(Asked::parse("room=&x=y&//evil.example").query(), "");
        let long = Asked { talk: "t".repeat(FIELD_CHARS_MAX + 1), ..Asked::default() };
        assert_eq!(long.query(), "", "what no form of ours sends is not sent back");
    }
}
