//! Draws the tray from the site's fold.

use super::super::{
    Site,
    door::Who,
    follow::EventLive,
    live_fold::{ITEMS_MAX, LiveFold},
    shell::Shell,
    view::{
        count,
        item::{ItemView, Setting, answered, view},
        number,
        stage::{rooms, speakers},
        start::{RoomData, Start},
        time::Venue,
    },
};
use super::{
    Card, Data, Day, GroupView, Nothing, Notice, One, TalkData, TalkOption, Tray,
    asked::Asked,
    order::to_words,
    pile::{self, Desk, groups, pile, sorted},
};
use model::{By, Filing, FilingState, Position, Room, Row, Talk};

/// Posts that one page is drawn with; the others follow when these are done.
const ITEMS_SHOWN: usize = 100;

/// What the page is drawn from.
pub(super) struct Drawing<'a> {
    site: &'a Site,
    fold: &'a LiveFold,
    position: &'a Position,
    asked: &'a Asked,
    form_token: String,
    listed: model::event::EventRef,
    venue: Venue,
    rooms: Vec<Room>,
}

impl<'a> Drawing<'a> {
    pub(super) fn new(
        site: &'a Site,
        event: &EventLive,
        fold: &'a LiveFold,
        position: &'a Position,
        asked: &'a Asked,
        who: &Who,
    ) -> Self {
        let folded = fold.fold();
        let venue = Venue::of(folded.event.as_ref());
        Self {
            site,
            fold,
            position,
            asked,
            form_token: who.form_token().to_owned(),
            listed: event.listed(),
            venue,
            rooms: rooms(folded),
        }
    }

    fn desk(&self) -> Desk<'_> {
        Desk {
            talks: &self.fold.fold().talks,
            rooms: &self.rooms,
            stage: self.fold.timeline(),
            venue: &self.venue,
        }
    }

    pub(super) fn all(&self, notice: Notice) -> Tray {
        let rows = pile(self.fold, &self.asked.filter(&self.venue));
        let suggested = rows.iter().filter(|row| pile::is_suggested(row)).count();
        let cards: Vec<Card> = rows.iter().take(ITEMS_SHOWN).filter_map(|row| self.card(row)).collect();
        let more = rows.len().saturating_sub(ITEMS_SHOWN);
        let sum = match (rows.len(), suggested) {
            (0, _) => String::new(),
            (all, 0) => format!("{}, none with a suggestion", count(all as u64, "post waits", "posts wait")),
            (all, with) => {
                format!(
                    "{}, {} with a suggestion",
                    count(all as u64, "post waits", "posts wait"),
                    number(with as u64)
                )
            }
        };
        Tray {
            sum,
            nothing: rows.is_empty().then(|| self.nothing()),
            groups: self.groups(&rows),
            cards,
            more: if more == 0 { String::new() } else { count(more as u64, "more waits", "more wait") },
            ..self.frame(notice)
        }
    }

    pub(super) fn one(&self, row: &Row, notice: Notice) -> Tray {
        let filed = row.filing.as_ref().map_or_else(String::new, |filing| self.filed(filing));
        let post = format!("/{}/posts/{}", self.listed.slug, row.id);
        Tray {
            one: Some(One { filed, post }),
            cards: self.card(row).into_iter().collect(),
            ..self.frame(notice)
        }
    }

    /// Where a post is, and who has put it there.
    fn filed(&self, filing: &Filing) -> String {
        let by = if filing.by == By::Person { "by hand" } else { "by the rules" };
        match (filing.state, &filing.talk) {
            (FilingState::Filed, Some(talk)) => format!("Filed{} {by}.", to_words(talk.as_str(), self.fold)),
            (FilingState::Event, _) => format!("Filed as about the event {by}."),
            _ if filing.by == By::Person => "Filed to no talk by hand.".to_owned(),
            _ => "Not filed yet.".to_owned(),
        }
    }

    /// The page without posts.
    fn frame(&self, notice: Notice) -> Tray {
        let settings = self.fold.fold().event.as_ref();
        Tray {
            shell: Shell::of(&self.listed, settings, "To sort", "file", ("tray", "Skip to the posts")),
            slug: self.listed.slug.clone(),
            place: self.venue.place.clone(),
            hhmm: self.venue.hhmm(self.site.now()),
            sum: String::new(),
            nothing: None,
            notice: notice.in_words(self.fold),
            asked: self.asked.clone(),
            back: self.asked.query(),
            form_token: self.form_token.clone(),
            one: None,
            groups: Vec::new(),
            cards: Vec::new(),
            more: String::new(),
            rooms: self.rooms.clone(),
            days: self.days(),
            data: self.data(),
        }
    }

    fn card(&self, row: &Row) -> Option<Card> {
        let find = |id| self.fold.row(id).and_then(|row| row.item.as_ref()).map(answered);
        let setting = Setting {
            slug: &self.listed.slug,
            rooms: &self.rooms,
            venue: &self.venue,
            shows_place: false,
            find: &find,
            title: &|talk| self.fold.fold().talks.get(talk).map(|talk| talk.title.clone()),
        };
        let item = view(row, self.fold.moment(row), &setting)?;
        // The reasons stand beside the post already.
        Some(Card { item: ItemView { because: None, ..item }, sheet: self.desk().sheet(row)? })
    }

    fn groups(&self, rows: &[&Row]) -> Vec<GroupView> {
        let view = |group: pile::Group| GroupView {
            all: group.all.len(),
            all_ids: written(&group.all),
            sure: group.sure.len(),
            sure_ids: written(&group.sure),
            talk: group.talk.to_string(),
            title: group.title,
        };
        groups(rows, &self.fold.fold().talks).into_iter().map(view).collect()
    }

    /// What an empty tray says: praise, or that a filter leaves everything out.
    fn nothing(&self) -> Nothing {
        if self.asked.is_narrow() {
            let text = "No post that waits is one of those. Show all of them to see what is left.".to_owned();
            return Nothing { head: "Nothing here.", text };
        }
        let (filed, all) = sorted(self.fold);
        let posts = count(filed as u64, "post is filed", "posts are filed");
        let text = match (filed, all) {
            (0, 0) => "Nothing was said yet. What the rules cannot file comes here by itself.".to_owned(),
            (_, ITEMS_MAX) => format!("Of the newest {}, {posts} by talk.", number(ITEMS_MAX as u64)),
            _ => format!("{posts} by talk."),
        };
        Nothing { head: "Nothing to sort.", text }
    }

    /// The talks by day, in the order of their beginnings.
    fn days(&self) -> Vec<Day> {
        let mut days: Vec<Day> = Vec::new();
        for talk in self.talks() {
            let name = format!("{} {}", self.venue.weekday(talk.start), self.venue.day(talk.start));
            let called_off = if talk.dropped { ", no longer in the programme" } else { "" };
            let (at, room) = (self.venue.hhmm(talk.start), self.desk().room(&talk.room).to_owned());
            let option = TalkOption {
                id: talk.id.to_string(),
                label: format!("{at} {} ({room}{called_off})", talk.title),
            };
            match days.last_mut().filter(|day| day.name == name) {
                Some(day) => day.talks.push(option),
                None => days.push(Day { name, talks: vec![option] }),
            }
        }
        days
    }

    fn talks(&self) -> Vec<&Talk> {
        let mut talks: Vec<&Talk> = self.fold.fold().talks.values().collect();
        talks.sort_by_key(|talk| (talk.start, &talk.room, &talk.id));
        talks
    }

    fn data(&self) -> Data {
        let site = self.site;
        let live_url = site.settings.live_url.as_ref();
        let slug = &self.listed.slug;
        let desk = self.desk();
        let talk = |talk: &Talk| TalkData {
            id: talk.id.to_string(),
            title: talk.title.clone(),
            who: speakers(talk),
            note: desk.when(talk),
            start: talk.start,
            dropped: talk.dropped,
        };
        Data {
            start: Start::new(slug, Some(self.position), &self.venue, site.clock.pace(), live_url),
            query: self.asked.query(),
            only: !self.asked.only.is_empty(),
            rooms: RoomData::all(&self.rooms),
            talks: self.talks().into_iter().map(talk).collect(),
        }
    }
}

fn written(ids: &[model::ItemId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
