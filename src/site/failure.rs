//! Why a request got no answer, and the page that says so: first what is safe, then what happens next, then a way on.

use super::shell::Shell;
use askama::Template;
use axum::{
    Json,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use rand::RngExt as _;
use serde_json::json;
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
    /// The owner's only.
    Locked,
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
            Self::Gone { .. } => StatusCode::GONE,
            Self::ArchiveAway { .. } | Self::Restoring { .. } | Self::Starting => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Locked => StatusCode::UNAUTHORIZED,
            Self::Forged => StatusCode::FORBIDDEN,
            Self::Ours { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The name in JSON answers.
    fn name(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Gone { .. } => "gone",
            Self::ArchiveAway { .. } => "archive_away",
            Self::Restoring { .. } => "archive_restoring",
            Self::Starting => "starting",
            Self::TooMany { .. } => "too_many",
            Self::Bad(_) => "bad_request",
            Self::Locked => "locked",
            Self::Forged => "forged",
            Self::Ours { .. } => "internal",
        }
    }

    fn retry_seconds(&self) -> Option<u64> {
        match self {
            Self::ArchiveAway { .. } | Self::Restoring { .. } => {
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
            Self::ArchiveAway { .. } => (
                "The archive is away for a moment",
                "Everything that was said is safe, and the live page goes on as before.",
                "This page will open again as soon as the archive answers; nothing has to be done.",
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
            Self::Bad(what) => ("That cannot be answered", what, "Go back and try another way."),
            Self::Locked => (
                "This door is locked",
                "Everything public is open to you; this page is the organisers’.",
                "If you run this event, open the owner’s link that was printed at the first start. To get a new one, delete \
                 owner-link.sha256 in the data directory and start again.",
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

    fn acts(&self) -> Vec<(String, &'static str)> {
        match self {
            Self::ArchiveAway { slug } | Self::Restoring { slug } | Self::Gone { slug, .. } => {
                vec![(format!("/{slug}"), "Open the live page")]
            }
            Self::Starting | Self::TooMany { .. } | Self::Ours { .. } => vec![(String::new(), "Try again")],
            _ => vec![("/".to_owned(), "All events")],
        }
    }

    /// The failure as an API answers it.
    pub(super) fn json(self) -> Response {
        let (head, safe, _) = self.words();
        let body = Json(json!({"error": self.name(), "message": format!("{head}. {safe}")}));
        self.with_headers((self.status(), body).into_response())
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
    incident: &'a str,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (head, safe, next) = self.words();
        let incident = if let Self::Ours { incident } = &self { incident.as_str() } else { "" };
        let shell = Shell::plain(head, ("what", "Skip to the explanation"));
        let page = Failed { shell, head, safe, next, acts: self.acts(), incident };
        let html = page.render().unwrap_or_else(|_| head.to_owned());
        self.with_headers((self.status(), Html(html)).into_response())
    }
}

/// A page from its template.
pub(super) fn page(template: &impl Template) -> Result<Html<String>, Failure> {
    template.render().map(Html).map_err(|error| Failure::ours(&error))
}
