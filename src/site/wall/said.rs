//! Posts as a wall shows them, and which of them it may show. The browser's twin is `templates/static/js/wall_said.js`: the same words,
//! the same rules.

use crate::site::{
    live_fold::LiveFold,
    view::{
        body::{host, web},
        item::{display_name, is_language},
        rail::room,
    },
};
use model::{
    Body, Item, ItemId, Mark, MediaKind, Micros, Network, Row, RowState, Run, Seq,
    event::{DuringTalks, WallSettings},
};
use serde::Serialize;

/// A post with more characters stays off the walls: nobody reads it in passing.
const WORDS_CHARS_MAX: usize = 140;
/// A post that was said longer ago is not shown: a quiet room's wall shows what comes next, in microseconds.
const STALE: i64 = 2 * Micros::HOUR;
/// Posts that a wall begins with, the newest: enough to have some of its room among them.
const BEGIN_MAX: usize = 80;
/// Rows that are looked at for them.
const ROWS_MAX: usize = 600;

/// A post that may come to a wall, as the page's data carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Said {
    pub(super) id: ItemId,
    /// The seq under which it was first public: the order of posts.
    pub(super) first: Seq,
    /// The seq of these words.
    pub(super) last: Seq,
    /// When these words were committed: the delay counts from here.
    pub(super) at: Micros,
    /// When it was said.
    pub(super) when: Micros,
    pub(super) name: String,
    /// Line by line; empty where only its photos are shown.
    pub(super) words: String,
    pub(super) lang: Option<String>,
    pub(super) question: bool,
    /// The room that it was filed to.
    pub(super) room: Option<String>,
    pub(super) photos: Vec<Photo>,
}

/// A photo, by way of our own proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Photo {
    pub(super) src: String,
    pub(super) alt: String,
}

/// The newest posts that may come to a wall, newest first.
pub(super) fn said(fold: &LiveFold, slug: &str, now: Micros) -> Vec<Said> {
    let tags = fold.fold().event.as_ref().map_or(&[][..], |event| &event.hashtags);
    let rows = fold.rows(Seq::MAX).take(ROWS_MAX).filter_map(|row| one(row, slug, tags));
    rows.filter(|said| now.since(said.when) < STALE).take(BEGIN_MAX).collect()
}

/// None for what no wall shows: what is gone, held, came late, is covered by a warning or is sensitive, or says too much.
fn one(row: &Row, slug: &str, tags: &[String]) -> Option<Said> {
    let item = row.item.as_ref().filter(|_| row.state == RowState::Shown)?;
    if item.cover.is_some() || item.late {
        return None;
    }
    let words = Some(words(item, tags)).filter(|words| words.chars().count() <= WORDS_CHARS_MAX);
    let said = Said {
        id: row.id,
        first: row.first,
        last: row.last,
        at: row.at,
        when: item.when,
        name: display_name(&item.author).to_owned(),
        words: words.unwrap_or_default(),
        lang: item.lang.clone().filter(|tag| is_language(tag)),
        question: item.marks.contains(&Mark::Question),
        room: room(row).map(str::to_owned),
        photos: photos(row.id, item, slug),
    };
    (!said.words.is_empty() || !said.photos.is_empty()).then_some(said)
}

/// What a wall says of an item: an article's title, everybody else's words, links as their hosts. Blank lines are left out, and at the end the
/// hashtags of the event: they stand beside the posts already.
fn words(item: &Item, tags: &[String]) -> String {
    let title = item.title.as_deref().filter(|title| item.network == Network::Feed && !title.is_empty());
    let all = title.map_or_else(|| spoken(&item.body), str::to_owned);
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = all.split('\n').map(line).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    let is_own =
        |word: &str| word.strip_prefix('#').is_some_and(|tag| tags.iter().any(|own| is_same(own, tag)));
    let mut rest = lines.as_str();
    while let Some((before, _)) = rest.rsplit_once([' ', '\n']).filter(|(_, last)| is_own(last)) {
        rest = before;
    }
    rest.to_owned()
}

fn is_same(own: &str, tag: &str) -> bool {
    own.to_lowercase() == tag.to_lowercase()
}

fn spoken(body: &Body) -> String {
    let run = |run: &Run| match run {
        Run::Link { link, text } => linked(link, text),
        other => other.shown(),
    };
    body.0.iter().map(run).collect()
}

/// Nobody follows a link from a wall: its host says enough, unless its writer gave it a name.
fn linked(link: &str, text: &str) -> String {
    let Some(url) = web(link) else { return text.to_owned() };
    let (host, lower) = (host(&url), text.to_lowercase());
    let bare = lower.trim_start_matches("www.");
    let is_address = bare.is_empty() || bare.starts_with("http:") || bare.starts_with("https:");
    if is_address || bare.starts_with(&host) { host } else { text.to_owned() }
}

fn photos(id: ItemId, item: &Item, slug: &str) -> Vec<Photo> {
    let photos = item.media.iter().enumerate().filter(|(_, medium)| medium.kind == MediaKind::Photo);
    let photo = |(n, medium): (usize, &model::Media)| Photo {
        src: format!("/media/{slug}.{id}.{}.{n}", item.rev),
        alt: medium.alt.clone().unwrap_or_default(),
    };
    photos.map(photo).collect()
}

/// What one wall may show at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight<'a> {
    /// The wall's room; none is a wall of the whole event.
    pub(super) room: Option<&'a str>,
    /// Whether a talk is on in that room.
    pub(super) is_talk_on: bool,
    pub(super) wall: &'a WallSettings,
    pub(super) now: Micros,
}

impl Sight<'_> {
    /// Whether this wall may show a post now.
    pub(super) fn shows(&self, said: &Said) -> bool {
        let delay = i64::from(self.wall.delay_s) * Micros::SECOND;
        let is_due = said.at.plus(delay) <= self.now && self.now.since(said.when) < STALE;
        is_due && !self.wall.is_blank(self.room) && self.fits(said)
    }

    /// While a talk is on, what is about it; in a break also what is about no room at all.
    fn fits(&self, said: &Said) -> bool {
        let Some(room) = self.room else { return true };
        let is_here = said.room.as_deref() == Some(room);
        match (self.is_talk_on, self.wall.during_talks) {
            (false, _) => is_here || said.room.is_none(),
            (true, DuringTalks::All) => is_here,
            (true, DuringTalks::Questions) => is_here && said.question,
            (true, DuringTalks::Off) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::tests::entries::{NOON, item, post_of, row_of};
    use model::Media;

    fn of(change: &dyn Fn(&mut Item)) -> Option<Said> {
        let mut made = item("1", Body(vec![Run::text("Well said.")]));
        change(&mut made);
        one(&row_of(&[post_of(7, made)]), "fest", &["fest26".to_owned(), "Straße".to_owned()])
    }

    fn words_of(runs: Vec<Run>) -> Option<String> {
        of(&|item| item.body = Body(runs.clone())).map(|said| said.words)
    }

    #[test]
    fn only_what_everybody_may_see_at_any_moment_comes_to_a_wall() {
        assert!(of(&|_| {}).is_some());
        assert_eq!(of(&|item| item.late = true), None);
        assert_eq!(of(&|item| item.cover = Some("Spiders".into())), None);
        assert_eq!(of(&|item| item.cover = Some(String::new())), None, "sensitive media");
        assert_eq!(of(&|item| item.body = Body::default()), None);
        let long = |n: usize| words_of(vec![Run::text("é".repeat(n))]);
        assert!(long(140).is_some_and(|words| words.chars().count() == 140));
        assert_eq!(long(141), None);
    }

    #[test]
    fn words_are_lines_without_gaps_and_links_are_hosts_unless_they_have_a_name() {
        let link = |link: &str, text: &str| Run::Link { link: link.into(), text: text.into() };
        let said = words_of(vec![
            Run::text("One  two\n\n \nthree "),
            Run::Tag { tag: "fest".into() },
            Run::text(" "),
            link("https://www.a.example/long?x=1", "a.example/long…"),
            Run::text(" "),
            link("https://b.example/", "my notes"),
            Run::text(" "),
            link("javascript:x", "nothing"),
        ]);
        assert_eq!(said.as_deref(), Some("One two\nthree #fest a.example my notes nothing"));
        let tagged = |words: &str| words_of(vec![Run::text(words)]).expect("words");
        assert_eq!(tagged("Well said #fest26 #stra\u{df}e\n#FEST26"), "Well said");
        assert_eq!(tagged("#fest26 is on #other"), "#fest26 is on #other");
        assert_eq!(tagged("#fest26 #fest26"), "#fest26", "some word stays");
        let article = of(&|item| {
            item.network = Network::Feed;
            item.title = Some("On caches".into());
        });
        assert_eq!(article.map(|said| said.words).as_deref(), Some("On caches"));
    }

    #[test]
    fn a_photo_comes_without_words_that_are_too_many() {
        let photo = Media {
            kind: MediaKind::Photo,
            url: "https://p.example/1.jpg".into(),
            width: None,
            height: None,
            alt: Some("A stage".into()),
            licence: None,
        };
        let said = of(&|item| {
            item.body = Body::plain("x".repeat(200));
            item.media = vec![Media { kind: MediaKind::Video, ..photo.clone() }, photo.clone()];
        });
        let said = said.expect("a photo");
        assert_eq!((said.words.as_str(), said.photos.len()), ("", 1));
        assert!(said.photos[0].src.ends_with(".0.1") && said.photos[0].alt == "A stage");
    }

    #[test]
    fn what_waits_for_its_delay_is_of_another_room_or_no_question_is_not_shown() {
        let said = of(&|_| {}).expect("a post"); // of the main hall, committed at noon and 7 s
        let mut wall = WallSettings::default();
        let shows = |wall: &WallSettings, room: Option<&str>, is_talk_on: bool, seconds: i64| {
            let now = NOON.plus(seconds * Micros::SECOND);
            Sight { room, is_talk_on, wall, now }.shows(&said)
        };
        assert!(shows(&wall, Some("main-hall"), true, 8) && shows(&wall, None, false, 8));
        assert!(!shows(&wall, Some("side"), true, 8) && !shows(&wall, Some("side"), false, 8));
        assert!(!shows(&wall, None, false, 7300), "said two hours ago");
        wall.delay_s = 20;
        assert_eq!([26, 27].map(|s| shows(&wall, Some("main-hall"), true, s)), [false, true]);
        wall.during_talks = DuringTalks::Questions;
        assert_eq!([true, false].map(|on| shows(&wall, Some("main-hall"), on, 60)), [false, true]);
        wall.during_talks = DuringTalks::Off;
        assert_eq!([true, false].map(|on| shows(&wall, Some("main-hall"), on, 60)), [false, true]);
        wall.blank.rooms.insert("main-hall".into());
        assert!(!shows(&wall, Some("main-hall"), false, 60) && shows(&wall, None, false, 60));
        let hallway = Said { room: None, ..said.clone() };
        wall = WallSettings::default();
        let in_break =
            |on| Sight { room: Some("side"), is_talk_on: on, wall: &wall, now: NOON.plus(60_000_000) };
        assert!(in_break(false).shows(&hallway) && !in_break(true).shows(&hallway));
    }
}
