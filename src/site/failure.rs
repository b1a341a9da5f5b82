//! Why a request got no answer, and the page that says so: first what is safe, then what happens next, then a way on. The event's bar
//! around that page: [`dressed`].

mod dressed;

pub(super) use dressed::{dress, wants_html};

use super::{api, shell::Shell};
use archive::people::Role;
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use rand::RngExt as _;
use std::time::Duration;

/// Seconds until a client may ask again, drawn at random so that a crowd does not return at once.
const RETRY_SECONDS: std::ops::RangeInclusive<u64> = 3..=10;

/// A closed list; every page and every JSON answer that failed is one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// No such page, event, talk or post.
    NotFound,
    /// The post was taken away.
    Gone { slug: String, sentence: String },
    /// The event was deleted.
    EventGone,
    /// The archive does not answer.
    ArchiveAway { slug: String },
    /// The archive is older than what we know was removed.
    Restoring { slug: String },
    /// The event's log was not read yet.
    Starting,
    /// Too much at once from one place.
    TooMany { wait: Duration },
    /// A parameter that cannot be.
    Bad(&'static str),
    /// The same, by its name.
    Parameter { name: &'static str, why: &'static str },
    /// The address answers, but not to this method.
    Method,
    /// More was sent than is taken.
    TooLarge,
    /// For those who run an event only.
    Locked,
    /// For somebody who may more than who asks.
    NotYours { needs: Role },
    /// Who may pass cannot be looked up.
    DoorAway,
    /// A page of somebody else made the request.
    Forged,
    /// Our fault. The number is in the log.
    Ours { incident: String },
}

impl Failure {
    /// Logs what went wrong on our side under a number that the reader sees.
    pub(super) fn ours(error: &dyn std::error::Error) -> Self {
        let incident = format!("{:08x}", rand::rng().random::<u32>());
        tracing::error!(%incident, %error, "a page could not be made");
        Self::Ours { incident }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Gone { .. } | Self::EventGone => StatusCode::GONE,
            Self::ArchiveAway { .. } | Self::Restoring { .. } | Self::Starting => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Bad(_) | Self::Parameter { .. } => StatusCode::BAD_REQUEST,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Locked => StatusCode::UNAUTHORIZED,
            Self::Forged | Self::NotYours { .. } => StatusCode::FORBIDDEN,
            Self::DoorAway => StatusCode::SERVICE_UNAVAILABLE,
            Self::Ours { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The name in JSON answers.
    fn name(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Gone { .. } | Self::EventGone => "gone",
            Self::ArchiveAway { .. } => "archive_away",
            Self::Restoring { .. } => "archive_restoring",
            Self::Starting => "starting",
            Self::TooMany { .. } => "too_many",
            Self::Bad(_) => "bad_request",
            Self::Parameter { .. } => "bad_parameter",
            Self::Method => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::Locked => "locked",
            Self::Forged => "forged",
            Self::NotYours { .. } => "forbidden",
            Self::DoorAway => "later",
            Self::Ours { .. } => "internal",
        }
    }

    fn retry_seconds(&self) -> Option<u64> {
        match self {
            Self::ArchiveAway { .. } | Self::Restoring { .. } | Self::DoorAway => {
                Some(rand::rng().random_range(RETRY_SECONDS))
            }
            Self::Starting => Some(1),
            Self::TooMany { wait } => Some(wait.as_secs().max(1)),
            _ => None,
        }
    }

    /// Head, what is safe, what happens next.
    fn words(&self) -> (&str, &str, &str) {
        match self {
            Self::NotFound => (
                "There is no such page",
                "Nothing was lost: every post that was ever shown keeps its address, and says so when it was taken away.",
                "The address may have a slip in it, or the event has another name.",
            ),
            Self::Gone { sentence, .. } => (
                "This post is gone",
                sentence,
                "Its words and pictures were removed here as well. Answers to it stay where they were.",
            ),
            Self::EventGone => (
                "This event is gone",
                "Its organisers deleted it, or the day was over until which they kept it.",
                "Everything that was said here was erased with it. What was written elsewhere is still where its authors left it.",
            ),
            Self::ArchiveAway { .. } => (
                "The archive is away for a moment",
                "Everything that was said is safe, and the live page goes on as before.",
                "It usually answers again within a minute; then this page opens as before.",
            ),
            Self::Restoring { .. } => (
                "The archive is being restored",
                "Everything that was said is safe, and the live page goes on as before.",
                "Until the archive has caught up, it is kept closed, so that nothing is shown that its author has removed.",
            ),
            Self::Starting => (
                "Just a moment",
                "The event is being opened; nothing is lost meanwhile.",
                "Try again in a second.",
            ),
            Self::TooMany { .. } => (
                "A little slower, please",
                "You have lost nothing: everything stays where it is.",
                "Many requests came from your address at once. Wait a moment, then try again.",
            ),
            Self::Bad(what) | Self::Parameter { why: what, .. } => (
                "That cannot be answered",
                what,
                "Nothing was changed. The address may have been cut on its way here; the pages above lead on.",
            ),
            Self::Method => (
                "This page can only be read",
                "Nothing was changed, and nothing is lost: what you wrote is still in the page before this one.",
                "Go back, and open that page anew before you send it again.",
            ),
            Self::TooLarge => (
                "That is too much at once",
                "Nothing was changed, and nothing is lost: what you wrote is still in the page before this one.",
                "Go back, shorten it, and send it again.",
            ),
            Self::Locked => (
                "This door is locked",
                "Everything public is open to you; this page is for those who run an event.",
                "Sign in, and it opens. Whoever invited you can send a new link if you forgot your password.",
            ),
            Self::NotYours { needs } => (
                "That is not yours to do",
                match needs {
                    Role::Steward => "You have no role at any event here yet.",
                    Role::Moderator => "This needs a moderator of the event.",
                    Role::Organiser => "This needs an organiser of the event.",
                    Role::Owner => "This needs an owner of the site.",
                },
                "Nothing was changed. Whoever runs the event can give you a larger role.",
            ),
            Self::DoorAway => (
                "Nobody can be let in just now",
                "Everything public goes on as before, and whoever is signed in stays so.",
                "The database that knows who may pass does not answer. Try again in a moment.",
            ),
            Self::Forged => (
                "This came from another site",
                "Nothing was changed.",
                "A page that is not ours asked for it in your name. Open the page here and do it there.",
            ),
            Self::Ours { .. } => (
                "This page could not be made",
                "Nothing is lost: posts are kept before any page is drawn.",
                "The fault is ours, and it is in our log. Trying again often helps.",
            ),
        }
    }

    /// The ways on from here, of a page inside the event of this slug or outside any.
    fn acts(&self, event: Option<&str>) -> Vec<(String, &'static str)> {
        let again = || (String::new(), "Try again");
        match (self, event) {
            (Self::ArchiveAway { slug } | Self::Restoring { slug }, _) => {
                vec![(format!("/{slug}"), "Open the live page"), again()]
            }
            (Self::Gone { slug, .. }, _) => vec![(format!("/{slug}"), "Open the live page")],
            (Self::Locked, _) => vec![("/login".to_owned(), "Sign in"), ("/".to_owned(), "All events")],
            (Self::NotYours { .. }, _) => vec![("/admin".to_owned(), "Behind the scenes")],
            (Self::DoorAway | Self::Starting | Self::TooMany { .. } | Self::Ours { .. }, _) => vec![again()],
            (_, Some(slug)) => {
                vec![(format!("/{slug}"), "Open the live page"), (format!("/{slug}/programme"), "Programme")]
            }
            _ => vec![("/".to_owned(), "All events")],
        }
    }

    /// The failure as an API answers it.
    pub(super) fn json(self) -> Response {
        let detail = match &self {
            Self::Parameter { name, why } => format!("{name}: {why}"),
            Self::Bad(why) => (*why).to_owned(),
            Self::Gone { sentence, .. } => sentence.clone(),
            Self::Ours { incident } => format!("If you report this, name {incident}."),
            Self::NotFound => "Every address is listed in /api/v1/openapi.json.".to_owned(),
            _ => self.words().1.to_owned(),
        };
        let parameter = if let Self::Parameter { name, .. } = self { Some(name) } else { None };
        let words = (api::meaning(self.name()), detail.as_str());
        self.with_headers(api::problem(self.status(), self.name(), words, parameter))
    }

    fn with_headers(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if *self == Self::Locked {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"perihelion\""));
        }
        response
    }
}

#[derive(Template)]
#[template(path = "failed.html")]
struct Failed<'a> {
    shell: Shell,
    head: &'a str,
    safe: &'a str,
    next: &'a str,
    acts: Vec<(String, &'static str)>,
    again: Option<u64>,
    incident: &'a str,
}

impl Failure {
    /// What is around a page that failed outside any event.
    fn shell(head: &str) -> Shell {
        Shell::plain(head, ("what", "Skip to the explanation"))
    }

    /// The page. `again` is after how many seconds it tries once more by itself.
    fn draw(&self, shell: Shell, again: Option<u64>) -> String {
        let (head, safe, next) = self.words();
        let incident = if let Self::Ours { incident } = self { incident.as_str() } else { "" };
        let acts = self.acts(shell.event.as_ref().map(|event| event.slug.as_str()));
        let page = Failed { shell, head, safe, next, acts, again, incident };
        page.render().unwrap_or_else(|_| head.to_owned())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let html = self.draw(Self::shell(self.words().0), None);
        let mut response = self.with_headers((self.status(), Html(html)).into_response());
        response.extensions_mut().insert(self);
        response
    }
}

/// A page from its template.
pub(super) fn page(template: &impl Template) -> Result<Html<String>, Failure> {
    template.render().map(Html).map_err(|error| Failure::ours(&error))
}
