//! `/admin` and `/admin/{event}`: what there is behind the door. Only an index; each thing has a page of its own.

use super::{
    Site,
    door::{Held, Who},
    failure::{Failure, page},
    moderate,
    shell::Shell,
    tray,
};
use archive::people::Role;
use askama::Template;
use axum::{
    extract::{Extension, Path, State},
    response::IntoResponse,
};
use http::header;
use model::EventEntry;

#[derive(Template)]
#[template(path = "admin.html")]
struct Admin {
    shell: Shell,
    heading: String,
    ways: Vec<Way>,
    nothing: &'static str,
}

/// A line of the index.
struct Way {
    href: String,
    name: String,
    about: String,
}

/// `GET /admin`: the events at which somebody has a role, and what there is for the whole site.
pub(super) async fn events(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
) -> Result<impl IntoResponse, Failure> {
    let way = |event: std::sync::Arc<super::follow::EventLive>| {
        let listed = event.listed();
        let about = tray::summary(&event.fold());
        Way { href: format!("/admin/{}", listed.slug), name: listed.title, about }
    };
    let events = site.events.all().await.into_iter();
    let mut ways: Vec<Way> =
        events.filter(|event| who.insider.role_at(event.eid).is_some()).map(way).collect();
    let is_empty = ways.is_empty();
    ways.extend(of_site(&who));
    let index = Admin {
        shell: Shell::plain("Behind the scenes", ("ways", "Skip to the list")),
        heading: "Behind the scenes".to_owned(),
        ways,
        nothing: if is_empty { "There is no event here for you yet." } else { "" },
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], page(&index)?))
}

/// What there is that belongs to no event.
fn of_site(who: &Who) -> Vec<Way> {
    let way = |href: &str, name: &str, about: &str| Way {
        href: href.to_owned(),
        name: name.to_owned(),
        about: about.to_owned(),
    };
    let mut ways = Vec::new();
    if who.insider.role_everywhere() == Some(Role::Owner) {
        ways.push(way("/admin/new", "New event", "Its name and days; then where posts come from."));
    }
    if who.insider.role_everywhere() == Some(Role::Owner) && !who.is_program() {
        ways.push(way("/admin/people", "People", "Who may do what, at all events. Invite, shut out, reset."));
        ways.push(way(
            "/admin/audit",
            "Who did what",
            "Everything that was changed, with a way back where there is one.",
        ));
    }
    match who.insider.held {
        Held::Key => ways.push(way(
            "/admin/first",
            "Own this site by name",
            "Choose a name and a password; the link that brought you here opens nothing any more from then on.",
        )),
        Held::Session(_) => ways.push(way("/admin/me", "Your account", "Your password and your log-ins.")),
        Held::Program(_) => {}
    }
    ways
}

/// `GET /admin/{event}`: what can be done for it.
pub(super) async fn event(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let waits = moderate::summary(&site, &event).await;
    let (listed, fold) = (event.listed(), event.fold());
    let way = |end: &str, name: &str, about: String| Way {
        href: format!("/admin/{slug}/{end}"),
        name: name.to_owned(),
        about,
    };
    let mut ways = vec![
        way("stage", "Stage", "Say what is really on in each room: late, swapped, a break.".to_owned()),
        way(
            "wall",
            "Walls",
            "Blank the projectors at once, delay what they show, see which of them obey.".to_owned(),
        ),
        way("file", "To sort", tray::summary(&fold)),
    ];
    if who.role >= Role::Moderator {
        ways.insert(2, way("moderate", "Moderate", waits));
    }
    if who.role >= Role::Moderator {
        let about = "For what was hidden or removed: who asked, and when it was gone from where.";
        ways.push(way("receipts", "Receipts", about.to_owned()));
    }
    if who.role >= Role::Organiser {
        for (end, name, about) in [
            ("settings", "Settings", "Name, days, hashtags, who may write, what the public is told."),
            ("sources", "Sources", "Where posts come from: add, test, pause, and how each is doing."),
            ("schedule", "Programme", "Import it, and see what would change before it does."),
            (
                "rules",
                "Rules",
                "Which posts wait for a moderator or are not shown, and how often each rule held.",
            ),
        ] {
            ways.push(way(end, name, about.to_owned()));
        }
        let about = "Who may do what at this event. Invite stewards, moderators and organisers.";
        ways.push(way("people", "People", about.to_owned()));
        let about = "Addresses that open a wall without signing in: make, renew, end.";
        ways.push(way("links", "Links", about.to_owned()));
        let about = "End it, archive it, give it another address, keep it until a day, delete it.";
        ways.push(way("life", "Life of the event", about.to_owned()));
        let about = "Everything that was changed here, with a way back where there is one.";
        ways.push(way("audit", "Who did what", about.to_owned()));
    }
    ways.push(Way {
        href: format!("/{slug}/privacy"),
        name: "What the public is told".to_owned(),
        about: told(fold.fold().event.as_ref()),
    });
    let index = Admin {
        shell: Shell::of(
            &listed,
            fold.fold().event.as_ref(),
            "Behind the scenes",
            "",
            ("ways", "Skip to the list"),
        ),
        heading: "Behind the scenes".to_owned(),
        ways,
        nothing: "",
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], page(&index)?))
}

/// What event.toml says for the public, and what it leaves out.
fn told(settings: Option<&EventEntry>) -> String {
    let published = if settings.is_some_and(|event| event.published) {
        "Search engines may know of this event."
    } else {
        "Search engines are asked to keep away, until the settings say otherwise."
    };
    let is_missing =
        |of: fn(&EventEntry) -> &Option<String>| settings.is_none_or(|event| of(event).is_none());
    let missing = match (is_missing(|event| &event.privacy), is_missing(|event| &event.imprint)) {
        (true, true) => " Neither privacy nor imprint is filled in.",
        (true, false) => " Privacy is not filled in.",
        (false, true) => " The imprint is not filled in.",
        (false, false) => "",
    };
    format!("{published}{missing}")
}
