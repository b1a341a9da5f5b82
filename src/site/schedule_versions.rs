//! `/{event}/schedule/changes` and `/{event}/schedule/v/{n}`: the versions of the schedule and what each changed, in sentences, the newest
//! first; `/{event}/schedule/changes.atom` for feed readers. From the archive, which keeps every version.

use super::{
    Site, assets,
    failure::{Failure, page},
    feeds::{
        UNPUBLISHED,
        answer::{Changed, answer},
        atom,
        entry::{self, Entry, Feed},
        id,
    },
    follow::EventLive,
    shell::{Shell, absolute},
    view::{
        count,
        course::room_name,
        stage::rooms,
        time::{Venue, iso},
    },
};
use archive::{VERSIONS_MAX, Version};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use model::{
    EventEntry, Micros, Room, TalkId,
    schedule::{Change, summary},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Versions on one page, and in the feed.
const VERSIONS_SHOWN: u32 = 20;
/// Changes of a version that the list of versions tells; its own page has all of them.
const CHANGES_SHOWN: usize = 12;

#[derive(Deserialize)]
pub(super) struct Asked {
    /// The number of the last version of the page before.
    before: Option<u64>,
}

#[derive(Template)]
#[template(path = "versions.html")]
struct Versions {
    shell: Shell,
    slug: String,
    heading: String,
    lede: String,
    versions: Vec<VersionView>,
    /// Where older versions are.
    more: Option<String>,
    is_one: bool,
}

#[derive(Template)]
#[template(path = "feeds/version.html")]
struct Told<'a> {
    version: &'a VersionView,
    /// The address of the site, in front of the paths of talks.
    origin: &'a str,
}

/// One version.
struct VersionView {
    n: u64,
    name: String,
    /// When it was imported: for machines, and for people.
    at: Option<(String, String)>,
    summary: String,
    changes: Vec<ChangeView>,
    /// How many changes are not told here.
    left: Option<String>,
}

/// One change: a sentence, and the talk that it is about.
struct ChangeView {
    href: String,
    sentence: String,
}

/// What sentences are made of.
struct Known {
    settings: Option<EventEntry>,
    rooms: Vec<Room>,
    venue: Venue,
    slug: String,
    titles: BTreeMap<TalkId, String>,
}

fn known(event: &EventLive) -> Known {
    let titles = event.titles();
    let slug = event.listed().slug;
    let fold = event.fold();
    let settings = fold.fold().event.clone();
    Known { venue: Venue::of(settings.as_ref()), rooms: rooms(fold.fold()), settings, slug, titles }
}

/// All versions, the newest first.
pub(super) async fn all(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let below = asked.before.unwrap_or(u64::MAX);
    let versions = read(&site, &event, below, VERSIONS_SHOWN).await?;
    let known = known(&event);
    let last = versions.last().map_or(1, |version| version.n);
    let lede = match versions.first() {
        None => "No schedule has been imported yet.".to_owned(),
        Some(newest) if asked.before.is_none() => format!(
            "{} so far. A talk that moves keeps its address and its conversation.",
            count(newest.n, "version", "versions")
        ),
        Some(newest) => format!("Version {} and those before it.", newest.n),
    };
    let more = (last > 1).then(|| format!("/{slug}/schedule/changes?before={last}"));
    let views = versions.iter().map(|version| known.view(version, CHANGES_SHOWN)).collect();
    draw(&event, known, "Changes of the programme".to_owned(), lede, views, more, false)
}

/// One version with all that is told of it.
pub(super) async fn one(
    State(site): State<Site>,
    Path((slug, n)): Path<(String, u64)>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let versions = read(&site, &event, n.saturating_add(1), 1).await?;
    let version = versions.first().filter(|version| version.n == n).ok_or(Failure::NotFound)?;
    let known = known(&event);
    let view = known.view(version, usize::MAX);
    let heading =
        if view.name.is_empty() { format!("Version {n}") } else { format!("Version {}", view.name) };
    draw(&event, known, heading, view.summary.clone(), vec![view], None, true)
}

/// The newest versions for feed readers.
pub(super) async fn atom(
    State(site): State<Site>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let versions = read(&site, &event, u64::MAX, VERSIONS_SHOWN).await?;
    let known = known(&event);
    let title = known.settings.as_ref().map_or_else(|| event.listed().title, |event| event.title.clone());
    let origin = absolute(&site.settings, "");
    let newest = versions.first().and_then(|version| version.at).unwrap_or(Micros(0));
    let mut entries = Vec::with_capacity(versions.len());
    for version in &versions {
        let view = known.view(version, CHANGES_SHOWN);
        let told =
            Told { version: &view, origin: &origin }.render().map_err(|error| Failure::ours(&error))?;
        let at = version.at.unwrap_or(newest);
        let named = if view.name.is_empty() { format!("Version {}", view.n) } else { view.name };
        entries.push(Entry {
            id: id::version(event.eid, version.n),
            link: format!("{origin}/{slug}/schedule/v/{}", version.n),
            title: entry::plain(&format!("{named}: {}", view.summary)),
            author: Some((entry::plain(&title), None)),
            published: at,
            updated: at,
            html: told,
            words: view.summary,
            ..Entry::default()
        });
    }
    let feed = Feed {
        id: id::feed(event.eid, "schedule"),
        title: entry::plain(&format!("{title}: changes of the programme")),
        subtitle: "Each version of the schedule, and what it changed.".to_owned(),
        home: format!("{origin}/{slug}/schedule/changes"),
        own: format!("{origin}/{slug}/schedule/changes.atom"),
        next: None,
        icon: absolute(&site.settings, assets::address("icon.svg")),
        updated: newest,
        entries,
        gone: Vec::new(),
    };
    let changed = Changed::new(newest, Micros(site.clock.glance()));
    let mut response = answer(&headers, atom::KIND, atom::write(&feed), changed);
    if !known.settings.as_ref().is_some_and(|event| event.published) {
        response.headers_mut().extend([UNPUBLISHED]);
    }
    Ok(response)
}

async fn read(site: &Site, event: &EventLive, below: u64, limit: u32) -> Result<Vec<Version>, Failure> {
    site.archive_position(event).await?;
    site.ask_archive(event, site.archive.versions(event.eid, below, limit.min(VERSIONS_MAX))).await
}

fn draw(
    event: &EventLive,
    known: Known,
    heading: String,
    lede: String,
    versions: Vec<VersionView>,
    more: Option<String>,
    is_one: bool,
) -> Result<impl IntoResponse + use<>, Failure> {
    let listed = event.listed();
    let title = known.settings.as_ref().map_or(&listed.title, |e| &e.title);
    let template = Versions {
        shell: Shell::of(
            &listed,
            known.settings.as_ref(),
            &format!("{heading}: {title}"),
            "in programme",
            ("versions", "Skip to the changes"),
        ),
        slug: known.slug,
        heading,
        lede,
        versions,
        more,
        is_one,
    };
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?))
}

impl Known {
    fn view(&self, version: &Version, most: usize) -> VersionView {
        let entry = &version.entry;
        let at = version.at.map(|at| {
            let venue = &self.venue;
            (iso(at), format!("{} {}, {}", venue.weekday(at), venue.day(at), venue.hhmm(at)))
        });
        // The first version is the programme itself; telling each talk as new would only repeat it.
        let told = if version.n == 1 { 0 } else { most };
        let changes: Vec<ChangeView> = if entry.changes.is_empty() {
            self.unexplained(version).take(told).collect()
        } else {
            entry.changes.iter().take(told).map(|change| self.change(change)).collect()
        };
        let all = (entry.changed.len() + entry.dropped.len()).max(entry.changes.len());
        let left = all.saturating_sub(changes.len()) as u64;
        VersionView {
            n: version.n,
            name: plain(&entry.version),
            at,
            summary: if version.n == 1 {
                format!("The first version, with {}.", count(entry.changed.len() as u64, "talk", "talks"))
            } else if entry.changes.is_empty() && all > 0 {
                format!("{} changed.", count(all as u64, "talk has", "talks have"))
            } else {
                summary(&entry.changes)
            },
            changes,
            left: (version.n > 1 && left > 0).then(|| count(left, "change more", "changes more")),
        }
    }

    fn change(&self, change: &Change) -> ChangeView {
        let room = |slug: &str| room_name(&self.rooms, slug).to_owned();
        let sentence = plain(&change.sentence(self.venue.zone(), &room));
        ChangeView { href: format!("/{}/talks/{}", self.slug, change.talk), sentence }
    }

    /// What a version of an older program says: only which talks.
    fn unexplained<'a>(&'a self, version: &'a Version) -> impl Iterator<Item = ChangeView> + 'a {
        let title = |id: &TalkId| self.titles.get(id).map_or_else(|| id.to_string(), Clone::clone);
        let gone = version
            .entry
            .dropped
            .iter()
            .map(move |id| (id, format!("“{}” is no longer in the schedule.", title(id))));
        let changed = version
            .entry
            .changed
            .iter()
            .map(move |id| (id, format!("“{}” is new or has changed.", title(id))));
        gone.chain(changed).map(|(id, sentence)| ChangeView {
            href: format!("/{}/talks/{id}", self.slug),
            sentence: plain(&sentence),
        })
    }
}

/// Without the characters that XML cannot hold; a page does not miss them.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect()
}
