//! What the page of a talk prints: where and when, what became of it, its numbers, what was most telling of it, its conversation, and apart
//! from that what counts for nothing.

use super::{
    Kept, Mine, Shows,
    highlights::{Highlight, highlights},
    people::{SpeakerView, people},
    questions::questions,
    replay::{Recording, ReplayView, in_step, view as replayed},
    words::{about, begun, complete, facts, heading, note, nothing, sums, when},
};
use crate::site::view::body::{Piece, web};
use crate::site::{
    Site,
    catch_up::sentence,
    follow::EventLive,
    post_box::ComposeBox,
    shell::Shell,
    telling::{Told, weigh},
    time_machine::{ThenView, mark_edited},
    view::{
        chart::{ChartView, chart},
        count,
        course::{Phase, room_name},
        feed::{Block, Line, blocks},
        item::{Answered, Setting, answered, display_name, view},
        names, number,
        rail::{LinkView, ThumbView, links, photos},
        time::{Hours, Venue, day_names},
    },
};
use askama::Template;
use model::{ItemId, Micros, Row, Talk, TalkId};
use std::collections::HashMap;

/// The chart shows a talk of days by its first two.
const CHART_SPAN_MAX: i64 = 48 * Micros::HOUR;
/// Letters of a highlight, and of a note in the chart.
const HIGHLIGHT_LETTERS_MAX: usize = 220;
const NOTE_LETTERS_MAX: usize = 34;
/// Questions, and talks at the same time, that are named.
const QUESTIONS_SHOWN: usize = 12;
const BESIDE_SHOWN: usize = 6;

/// What the page says while the archive is away.
const AWAY: &str = "The archive does not answer just now: these are the newest posts only. The others are safe and come back by themselves.";

#[derive(Template)]
#[template(path = "talk.html")]
pub(super) struct TalkPage {
    shell: Shell,
    slug: String,
    title: String,
    subtitle: String,
    /// Anchor and name of its day in the programme.
    day: (String, String),
    when: (String, Hours),
    /// Slug and name of the room where it is planned.
    room: (String, String),
    /// What became of it: a class and a sentence.
    facts: Vec<(&'static str, String)>,
    who: Vec<SpeakerView>,
    about: Vec<String>,
    url: Option<String>,
    sums: Vec<(String, &'static str)>,
    chart: Option<ChartView>,
    pub(super) compose: Option<ComposeBox>,
    pub(super) then: Option<ThenView>,
    replay: Option<ReplayView>,
    /// The way into the replay, where there is something to play.
    play: Option<String>,
    /// Whether every source was within reach: the badge, and what may be missing.
    complete: Option<&'static str>,
    gaps: Vec<String>,
    heading: &'static str,
    /// What the posts below are, where they are not the talk's conversation.
    note: Option<String>,
    nothing: &'static str,
    blocks: Vec<Block>,
    more: Option<String>,
    /// What we only guess: how many, and the posts.
    guesses: (String, Vec<Block>),
    /// Posts of its minutes that are filed to no talk: how many, and their page.
    unfiled: Option<(String, String)>,
    highlights: Vec<HighlightView>,
    /// How many of the questions are open, and the questions.
    questions: (String, Vec<QuestionView>),
    thumbs: Vec<ThumbView>,
    links: Vec<LinkView>,
    before: Option<Neighbour>,
    after: Option<Neighbour>,
    /// What was on elsewhere meanwhile.
    beside: Vec<Neighbour>,
    /// The talk itself, on the pages of what is not its conversation.
    back: Option<String>,
    here: String,
}

struct Neighbour {
    href: String,
    title: String,
    at: String,
}

struct HighlightView {
    href: String,
    words: String,
    lang: Option<String>,
    name: String,
    at: String,
    why: String,
}

struct QuestionView {
    href: String,
    words: String,
    name: String,
    at: String,
    is_open: bool,
    answer: String,
}

/// A replay as it was asked for: the recording, where it begins, and `start` as it stands in the address.
pub(super) type Replay<'a> = Option<(Recording, u64, Option<&'a str>)>;

/// What all parts of the page are drawn with.
struct Sight<'a> {
    event: &'a EventLive,
    mine: &'a Mine,
    kept: &'a Kept,
    slug: &'a str,
    venue: &'a Venue,
    here: &'a str,
}

pub(super) fn draw(
    site: &Site,
    event: &EventLive,
    mine: &Mine,
    kept: &Kept,
    shows: Shows,
    is_first: bool,
    replay: Replay<'_>,
) -> TalkPage {
    let listed = event.listed();
    let (slug, venue, talk, course) = (listed.slug.as_str(), mine.venue(), &mine.talk, &mine.course);
    let here = format!("/{slug}/talks/{}", talk.id);
    let sight = Sight { event, mine, kept, slug, venue: &venue, here: &here };
    let is_conversation = shows == Shows::Conversation;
    let told = if is_conversation && is_first { weigh(&kept.rows) } else { Vec::new() };
    let high = highlights(&told);
    let (weekday, date) = day_names(&talk.day);
    let unfiled = (kept.unfiled > 0 && is_conversation && mine.as_of >= course.from)
        .then(|| (number(kept.unfiled), format!("{here}?view=unfiled")));
    let rows = &kept.rows[..kept.shown];
    let blocks = sight.feed(rows);
    let view = if is_conversation { "" } else { "view=unfiled&" };
    let neighbour = |talk: &Talk| neighbour(talk, slug, &venue);
    TalkPage {
        shell: sight.shell(site, is_conversation),
        when: when(talk, &venue, &weekday, &date),
        room: (talk.room.clone(), room_name(&mine.rooms, &talk.room).to_owned()),
        facts: facts(talk, course, &venue, &mine.rooms, mine.as_of),
        day: (format!("day-{}", talk.day), weekday),
        subtitle: talk.subtitle.clone().unwrap_or_default(),
        who: people(talk),
        about: about(talk),
        url: talk.url.as_deref().and_then(web).map(String::from),
        sums: kept.count.as_ref().map_or_else(Vec::new, sums),
        chart: sight.chart(&high, replay).filter(|_| is_first && is_conversation),
        compose: None,
        then: None,
        play: (is_conversation && replay.is_none() && course.phase == Phase::Over && !kept.rows.is_empty())
            .then(|| format!("{here}?replay=1")),
        complete: complete(kept, course, mine.as_of),
        gaps: kept.gaps.iter().flatten().map(|gap| sentence(gap, &venue)).collect(),
        heading: if replay.is_some() { "In step with the recording" } else { heading(shows, is_first) },
        note: match shows {
            Shows::Unfiled => Some(note(kept.unfiled, course, &venue)),
            Shows::Conversation => kept.is_away.then(|| AWAY.to_owned()),
        },
        nothing: if kept.is_away { "" } else { nothing(course, shows) },
        blocks: match replay {
            Some((recording, ..)) => in_step(blocks, recording),
            None => blocks,
        },
        more: kept.last.as_ref().map(|last| format!("{here}?{view}after={}.{}", last.when.0, last.id)),
        guesses: (count(kept.guesses.len() as u64, "guess", "guesses"), sight.feed(&kept.guesses)),
        unfiled,
        highlights: high.iter().map(|highlight| sight.highlight(highlight)).collect(),
        questions: sight.questions(&told),
        thumbs: if is_conversation { photos(kept.rows.iter().rev(), slug) } else { Vec::new() },
        links: if is_conversation { links(kept.rows.iter().rev()) } else { Vec::new() },
        before: mine.before.as_ref().map(neighbour),
        after: mine.after.as_ref().map(neighbour),
        beside: mine.beside.iter().take(BESIDE_SHOWN).map(|talk| sight.beside(talk)).collect(),
        back: (!is_conversation || replay.is_some()).then(|| here.clone()),
        replay: replay.map(|(recording, t, start)| replayed(site, event, mine, recording, (t, start), &here)),
        title: talk.title.clone(),
        slug: slug.to_owned(),
        here: here.clone(),
    }
}

impl Sight<'_> {
    fn shell(&self, site: &Site, is_conversation: bool) -> Shell {
        let Self { event, mine, kept, slug, here, .. } = self;
        let (listed, talk) = (event.listed(), &mine.talk);
        let title = format!("{}: {}", talk.title, listed.title);
        let skip = ("conversation", "Skip to the conversation");
        let who = names(&talk.speakers.iter().map(|speaker| speaker.name.as_str()).collect::<Vec<_>>());
        let by = if who.is_empty() { String::new() } else { format!(" by {who}") };
        let said = format!("What people said during \u{201c}{}\u{201d}{by}, minute by minute.", talk.title);
        let shell = Shell::of(&listed, mine.settings.as_ref(), &title, "in programme", skip).shared(
            &site.settings,
            here,
            &said,
        );
        let shell = if is_conversation { shell.fed(here) } else { shell };
        match photos(kept.rows.iter(), slug).first() {
            Some(first) => shell.pictured(&site.settings, &first.photo.src),
            None => shell,
        }
    }

    /// Where a post of this talk is read: on this page, or on the one that begins with it.
    fn place(&self, id: ItemId) -> String {
        let at = self.kept.rows.iter().position(|row| row.id == id).unwrap_or(0);
        self.place_at(at)
    }

    fn place_at(&self, at: usize) -> String {
        let rows = &self.kept.rows;
        let Some(row) = rows.get(at) else { return "#conversation".to_owned() };
        let above =
            at.checked_sub(1).and_then(|above| Some((rows[above].item.as_ref()?.when, rows[above].id)));
        match above.filter(|_| at >= self.kept.shown) {
            Some((when, id)) => format!("{}?after={}.{id}#i-{}", self.here, when.0, row.id),
            None => format!("#i-{}", row.id),
        }
    }

    fn chart(&self, high: &[Highlight<'_>], replay: Replay<'_>) -> Option<ChartView> {
        let course = &self.mine.course;
        let end = course.to.min(course.from.plus(CHART_SPAN_MAX));
        let href = |at: Micros| match replay {
            Some((recording, _, start)) => {
                let t = at.since(recording.first_frame).max(0) / Micros::SECOND;
                let start = start.map(|start| {
                    let mut pair = url::form_urlencoded::Serializer::new("&".to_owned());
                    pair.append_pair("start", start).finish()
                });
                format!("{}?replay=1&t={t}{}", self.here, start.unwrap_or_default())
            }
            None => {
                let said = |row: &Row| row.item.as_ref().map_or(row.at, |item| item.when);
                self.place_at(self.kept.rows.partition_point(|row| said(row) < at))
            }
        };
        let view = chart(&self.kept.whens, course.from, end, self.venue, &href)?;
        let mut peaks: Vec<(usize, Micros, String, String)> = high
            .iter()
            .filter_map(|high| {
                let (minute, people) = high.peak?;
                let words = begun(&high.told.item.body.text(), NOTE_LETTERS_MAX);
                Some((people, minute, words, self.place(high.told.row.id)))
            })
            .collect();
        peaks.sort_by_key(|(people, at, ..)| (std::cmp::Reverse(*people), *at));
        Some(view.noted(peaks.into_iter().map(|(_, at, words, href)| (at, words, href)).collect()))
    }

    fn highlight(&self, high: &Highlight<'_>) -> HighlightView {
        let item = high.told.item;
        HighlightView {
            href: self.place(high.told.row.id),
            words: begun(&item.body.text(), HIGHLIGHT_LETTERS_MAX),
            lang: item.lang.clone().filter(|tag| crate::site::view::item::is_language(tag)),
            name: display_name(&item.author).to_owned(),
            at: self.venue.hhmm(item.when),
            why: high.why(),
        }
    }

    fn questions(&self, told: &[Told<'_>]) -> (String, Vec<QuestionView>) {
        let all = questions(told, &self.mine.talk);
        let open = all.iter().filter(|(_, answer)| answer.is_open()).count();
        let view = |(told, answer): &(Told<'_>, super::questions::Answer)| QuestionView {
            href: self.place(told.row.id),
            words: begun(&told.item.body.text(), HIGHLIGHT_LETTERS_MAX),
            name: display_name(&told.item.author).to_owned(),
            at: self.venue.hhmm(told.item.when),
            is_open: answer.is_open(),
            answer: answer.sentence(told.item),
        };
        let mut views: Vec<QuestionView> = all.iter().map(view).collect();
        // What is open can still be answered: it stands first where not all are named.
        if views.len() > QUESTIONS_SHOWN {
            views.sort_by_key(|question| !question.is_open);
            views.truncate(QUESTIONS_SHOWN);
        }
        let sum = match (all.len(), open) {
            (0, _) => String::new(),
            (n, 0) => format!("{}, all answered", number(n as u64)),
            (n, open) => format!("{}, {} open", number(n as u64), number(open as u64)),
        };
        (sum, views)
    }

    fn beside(&self, talk: &Talk) -> Neighbour {
        let mut view = neighbour(talk, self.slug, self.venue);
        view.at = format!("{}, {}", view.at, room_name(&self.mine.rooms, &talk.room));
        view
    }

    fn feed(&self, rows: &[Row]) -> Vec<Block> {
        let said: HashMap<ItemId, Answered> =
            rows.iter().filter_map(|row| Some((row.id, answered(row.item.as_ref()?)))).collect();
        let titles = self.event.titles();
        let setting = Setting {
            slug: self.slug,
            rooms: &self.mine.rooms,
            venue: self.venue,
            shows_place: false,
            find: &|id| said.get(&id).cloned(),
            title: &|talk: &TalkId| titles.get(talk).cloned(),
        };
        let lines = rows.iter().filter_map(|row| {
            let mut item = view(row, row.item.as_ref()?.when, &setting)?;
            mark_edited(&mut item, row, self.mine.as_of);
            Some(Line::Item(Box::new(item)))
        });
        blocks(lines.collect(), self.venue, false)
    }
}

fn neighbour(talk: &Talk, slug: &str, venue: &Venue) -> Neighbour {
    let href = format!("/{slug}/talks/{}", talk.id);
    Neighbour { href, at: venue.hhmm(talk.start), title: talk.title.clone() }
}
