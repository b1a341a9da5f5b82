//! `/{event}/about`: where posts come from, what is done with whose wishes, how to be left out or have a post removed, and
//! what is kept for how long. Drawn from the log's own settings, so that it says what is really done.

use super::{
    Site,
    failure::{Failure, page},
    shell::Shell,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use http::header;
use model::EventEntry;
use model::event::{Consent, Moderation, Onsite, SourceEntry};

#[derive(Template)]
#[template(path = "about.html")]
struct About {
    shell: Shell,
    heading: String,
    slug: String,
    hashtags: String,
    sources: Vec<SourceView>,
    onsite: Option<&'static str>,
    /// Whether a source can be of a network on which people ask to be left out.
    has_networks: bool,
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
        draw(shell, name, slug, settings)
    };
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?))
}

fn draw(shell: Shell, heading: String, slug: String, settings: Option<&EventEntry>) -> About {
    let sources: Vec<SourceView> = settings.iter().flat_map(|event| &event.sources).map(view).collect();
    let onsite = settings.and_then(|event| match event.onsite {
        Onsite::Open => Some("What you write on this page is shown at once."),
        Onsite::Hold => Some("What you write on this page is shown once a moderator has read it."),
        Onsite::Off => None,
    });
    let hashtags = settings.map(|event| tags(&event.hashtags)).unwrap_or_default();
    let has_networks = sources.iter().any(|source| source.wishes.is_some());
    About { shell, heading, slug, hashtags, sources, onsite, has_networks }
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
