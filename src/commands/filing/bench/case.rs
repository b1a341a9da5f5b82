//! A case of the bench: a schedule, and invented posts that come in by the way of `schedule try`.

use std::collections::{BTreeMap, BTreeSet};

use labelled::{Conference, Kind, Recipe};
use model::stage::Timeline;
use model::{Item, Micros, Room, StageEntry, TalkId};
use serde_json::json;

use crate::commands::filing::desk::Desk;
use crate::commands::filing::post::Posts;
use crate::commands::filing::setting::Setting;

/// A post, with what it is about.
#[derive(Debug)]
pub(crate) struct Labelled {
    /// Its id, and its line in a posts file.
    pub(crate) id: String,
    pub(crate) line: String,
    pub(crate) item: Item,
    pub(crate) truth: Option<TalkId>,
    pub(crate) kind: Kind,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) setting: Setting,
    pub(crate) posts: Vec<Labelled>,
    pub(crate) presses: BTreeMap<String, Vec<StageEntry>>,
}

impl Case {
    pub(crate) fn new(name: String, mut setting: Setting, posts: usize, seed: u64) -> Self {
        let tag = hashtag(&setting.event.title);
        let conference =
            labelled::generate(&setting.talks, &Recipe { seed, posts, tag: &tag, ahead: ahead(&setting) });
        tell(&mut setting, &tag, &conference);
        let mut reader = Posts::new(setting.zone.clone());
        let posts = conference.posts.iter().enumerate().map(|(index, post)| {
            let line = line(post);
            let read = reader.read(index + 1, line.as_bytes()).expect("an invented post can be read");
            Labelled { id: read.id, line, item: read.item, truth: post.talk.clone(), kind: post.kind }
        });
        Self { posts: posts.collect(), presses: presses(&conference), name, setting }
    }

    pub(crate) fn desk(&self) -> Desk {
        Desk::new(&self.setting.talks, Some(&self.setting.event), &self.presses)
    }

    pub(crate) fn timeline(&self) -> Timeline {
        Timeline::new(&self.setting.talks, &self.presses)
    }

    pub(crate) fn rooms(&self) -> usize {
        self.setting.talks.iter().map(|talk| talk.room.as_str()).collect::<BTreeSet<_>>().len()
    }

    /// Talks that are on at once, on average over the time in which any is.
    pub(crate) fn parallel(&self) -> f64 {
        let mut spans: Vec<(Micros, Micros)> =
            self.setting.talks.iter().map(|talk| (talk.start, talk.end)).collect();
        spans.sort_unstable();
        let whole: i64 = spans.iter().map(|(from, to)| to.since(*from)).sum();
        let (mut covered, mut until) = (0, Micros(i64::MIN));
        for (from, to) in spans {
            covered += to.since(from.max(until)).max(0);
            until = until.max(to);
        }
        whole as f64 / covered.max(1) as f64
    }
}

/// What an organiser writes into an event.toml, and a list of handles.
fn tell(setting: &mut Setting, tag: &str, conference: &Conference) {
    setting.event.hashtags = vec![tag.to_owned()];
    let room = |(slug, tag): &(String, String)| Room {
        slug: slug.clone(),
        name: slug.clone(),
        tags: vec![tag.clone()],
    };
    setting.event.rooms = conference.room_tags.iter().map(room).collect();
    for handle in &conference.handles {
        let talk = setting.talks.iter_mut().find(|talk| talk.id == handle.talk);
        let speakers = talk.into_iter().flat_map(|talk| &mut talk.speakers);
        let named = speakers.filter(|speaker| !speaker.name.trim().is_empty());
        named.skip(handle.speaker).take(1).for_each(|speaker| speaker.handles = vec![handle.handle.clone()]);
    }
}

fn presses(conference: &Conference) -> BTreeMap<String, Vec<StageEntry>> {
    let mut presses: BTreeMap<String, Vec<StageEntry>> = BTreeMap::new();
    for press in &conference.presses {
        presses.entry(press.room.clone()).or_default().push(StageEntry {
            room: press.room.clone(),
            talk: Some(press.talk.clone()),
            since: press.since,
            undone: false,
        });
    }
    presses
}

/// How far the venue's clocks are ahead of UTC when the event begins, in microseconds.
fn ahead(setting: &Setting) -> i64 {
    let first = setting.talks.iter().map(|talk| talk.start).min().unwrap_or_default();
    i64::from(setting.zone.to_offset(first.timestamp()).seconds()) * Micros::SECOND
}

/// The line of a posts file.
fn line(post: &labelled::Post) -> String {
    json!({
        "id": post.id,
        "posted_at": post.at.timestamp().to_string(),
        "source": post.network,
        "author": {"handle": post.handle, "name": post.name},
        "text": post.text,
        "reply_to": post.reply_to,
        "links": [],
        "tags": [],
        "lang": post.language,
    })
    .to_string()
}

/// A hashtag as organisers make one of a title: `Marginalia 2026` is `marginalia2026`.
fn hashtag(title: &str) -> String {
    let tag: String = title.chars().filter(|c| c.is_alphanumeric()).take(16).collect();
    if tag.chars().any(char::is_alphabetic) { tag.to_lowercase() } else { "theconf".to_owned() }
}
