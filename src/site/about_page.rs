//! `/{event}/about`: where posts come from, what is done with whose wishes, how to be left out or have a post removed, and
//! what is kept for how long. Drawn from the log's own settings, so that it says what is really done.

use super::{
    Site,
    failure::{Failure, page},
    ops::{self, records::Figures},
    shell::Shell,
    view::{count, number, time::Venue},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use http::header;
use model::event::{Consent, Moderation, Onsite, SourceEntry};
use model::{EventEntry, Micros};

#[derive(Template)]
#[template(path = "about.html")]
struct About {
    shell: Shell,
    heading: String,
    slug: String,
    hashtags: String,
    sources: Vec<SourceView>,
    onsite: Option<&'static str>,
    /// The last day on which the event is kept; none: for as long as the organisers keep it.
    kept_until: Option<String>,
    /// Whether a source can be of a network on which people ask to be left out.
    has_networks: bool,
    /// The event in figures; none before anything was counted.
    figures: Option<FiguresView>,
}

/// What an event amounts to, in words.
struct FiguresView {
    posts: String,
    people: String,
    viewers: String,
    /// The most viewers at once, and when.
    peak: Option<String>,
    busiest: Option<String>,
    /// Public posts by source, most first.
    sources: Vec<(String, String)>,
}

/// A source as the page tells of it.
struct SourceView {
    name: String,
    kind: &'static str,
    /// What is taken from it.
    takes: String,
    /// What becomes of posts by people who ask not to be indexed; none where nobody can ask.
    wishes: Option<&'static str>,
    moderation: &'static str,
}

pub(super) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let listed = event.listed();
    let figures = ops::figures(&site, &event).await;
    let template = {
        let fold = event.fold();
        fold.position().ok_or(Failure::Starting)?;
        let settings = fold.fold().event.as_ref();
        let name = settings.map_or(&listed.title, |event| &event.title).clone();
        let title = format!("About {name}");
        let about = format!("Where posts about {name} come from, how to be left out, and what is kept.");
        let shell = Shell::of(&listed, settings, &title, "about", ("about", "Skip to the text"))
            .shared(&site.settings, &format!("/{slug}/about"), &about)
            .fed(&format!("/{slug}"));
        let figures = figures.map(|figures| in_words(&figures, &Venue::of(settings)));
        About { figures, ..draw(shell, name, slug, settings) }
    };
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?))
}

fn draw(shell: Shell, heading: String, slug: String, settings: Option<&EventEntry>) -> About {
    let sources: Vec<SourceView> = settings.iter().flat_map(|event| &event.sources).map(view).collect();
    let is_over = settings.is_some_and(|event| event.life.is_over());
    let onsite = settings.filter(|_| !is_over).and_then(|event| match event.onsite {
        Onsite::Open => Some("What you write on this page is shown at once."),
        Onsite::Hold => Some("What you write on this page is shown once a moderator has read it."),
        Onsite::Off => None,
    });
    let hashtags = settings.map(|event| tags(&event.hashtags)).unwrap_or_default();
    let has_networks = sources.iter().any(|source| source.wishes.is_some());
    About {
        shell,
        heading,
        slug,
        hashtags,
        sources,
        onsite,
        kept_until: settings.and_then(kept_until),
        has_networks,
        figures: None,
    }
}

/// `30 June 2027`: the last day on which the event is kept.
pub(super) fn kept_until(event: &EventEntry) -> Option<String> {
    let day = event.retain_until.as_ref()?.parse::<jiff::civil::Date>().ok()?;
    Some(day.strftime("%-d %B %Y").to_string())
}

fn in_words(figures: &Figures, venue: &Venue) -> FiguresView {
    let mut sources: Vec<_> = figures.sources.iter().filter(|source| source.posts > 0).collect();
    sources.sort_by_key(|source| std::cmp::Reverse(source.posts));
    let when = |at: Micros| format!("{}, {}", venue.day(at), venue.hhmm(at));
    FiguresView {
        posts: number(figures.posts),
        people: number(figures.people),
        viewers: number(figures.viewers),
        peak: figures.peak.as_ref().map(|peak| format!("{} on {}", number(peak.viewers), when(peak.at))),
        busiest: figures
            .busiest
            .map(|(minute, items)| format!("{} on {}", count(items, "post", "posts"), when(minute))),
        sources: sources.into_iter().map(|source| (source.name.clone(), number(source.posts))).collect(),
    }
}

fn view(source: &SourceEntry) -> SourceView {
    let takes = match (source.kind.as_str(), source.tags.as_slice()) {
        ("feed", []) => "Every article".to_owned(),
        ("hook", []) => "What is sent to us under a signature".to_owned(),
        ("onsite", _) => "What people write here".to_owned(),
        ("replay", []) => "A recording".to_owned(),
        (_, []) => "Posts with this event\u{2019}s hashtags".to_owned(),
        (_, own) => format!("Posts with {}", tags(own)),
    };
    SourceView {
        name: source.name.clone(),
        kind: kind(&source.kind),
        takes,
        wishes: wishes(source),
        moderation: match source.moderation {
            Moderation::Open => "Shown at once",
            Moderation::Hold => "Shown once a moderator has read it",
        },
    }
}

fn kind(kind: &str) -> &'static str {
    match kind {
        "mastodon" => "Mastodon",
        "twitter" => "X",
        "bluesky" => "Bluesky",
        "flickr" => "Flickr",
        "feed" => "Blog",
        "hook" => "Partner",
        "onsite" => "This page",
        "replay" => "Recording",
        _ => "Network",
    }
}

fn wishes(source: &SourceEntry) -> Option<&'static str> {
    if matches!(source.kind.as_str(), "hook" | "onsite" | "feed") {
        return None;
    }
    Some(match source.consent {
        Consent::Live => "Shown while the event runs, never archived",
        Consent::Drop => "Not taken at all",
    })
}

fn tags(tags: &[String]) -> String {
    let named: Vec<String> = tags.iter().map(|tag| format!("#{}", tag.trim_start_matches('#'))).collect();
    named.join(" ")
}
