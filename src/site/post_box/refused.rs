//! Why a post was not taken, in the words and the status that its writer gets: what is safe first, then what to do.

use super::{form::BODY_BYTES_MAX, form::BadForm};
use crate::site::failure::Failure;
use http::StatusCode;
use nozzle::intake::Refusal;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    /// The name in JSON answers.
    pub(super) name: &'static str,
    pub(super) message: String,
    /// When to come again, in seconds.
    pub(super) retry_seconds: Option<u64>,
}

impl Refused {
    fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into(), retry_seconds: None }
    }

    /// Made by a page of somebody else.
    pub(super) fn forged() -> Self {
        let message = "This was sent from another site, so it was not posted. Open the event’s page and write it there.";
        Self::new(StatusCode::FORBIDDEN, "forged", message)
    }

    /// The id of what is answered is none.
    pub(super) fn no_such_post() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", "The post that you answer does not exist.")
    }

    /// So much came from one address that the site itself says stop.
    pub(super) fn crowded(wait_seconds: u64) -> Self {
        let message = format!(
            "Many posts came from your address at once. You can write again in {wait_seconds} s; your words are kept."
        );
        let refused = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", message);
        Self { retry_seconds: Some(wait_seconds), ..refused }
    }

    /// The same for somebody who takes a post back: they do not want to hear that their words are kept.
    pub(super) fn when_taken_back(self) -> Self {
        let message = match self.status {
            StatusCode::TOO_MANY_REQUESTS => {
                "Much came from your address at once, so your post is still shown. Try again in a moment."
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                "Your post cannot be taken back just now and is still shown. Try again in a moment."
            }
            StatusCode::INTERNAL_SERVER_ERROR => {
                "Your post could not be taken back and is still shown. The fault is ours, and it is in our log."
            }
            _ if self.name == "forged" => {
                "This was sent from another site, so nothing was taken back. Open the post and do it there."
            }
            _ => return self,
        };
        Self { message: message.to_owned(), ..self }
    }
}

impl From<BadForm> for Refused {
    fn from(bad: BadForm) -> Self {
        match bad {
            BadForm::TooLarge => {
                let message =
                    format!("That is too long to be posted: a form has at most {BODY_BYTES_MAX} bytes.");
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
            }
            BadForm::NotAForm => {
                let message = "Send a form: application/x-www-form-urlencoded, with text and name.";
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_a_form", message)
            }
            BadForm::Cut => {
                Self::new(StatusCode::BAD_REQUEST, "cut", "The form broke off on its way; send it again.")
            }
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Bad(why) => Self::new(StatusCode::BAD_REQUEST, "bad_request", why),
            Refusal::Unknown(why) => Self::new(StatusCode::NOT_FOUND, "not_found", why),
            Refusal::Forbidden(why) => Self::new(StatusCode::FORBIDDEN, "forbidden", why),
            Refusal::Reused(why) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "key_reused", why),
            Refusal::Conflict { why, .. } => Self::new(StatusCode::CONFLICT, "conflict", why),
            Refusal::Slow { why, retry_seconds } => {
                let refused = Self::new(StatusCode::TOO_MANY_REQUESTS, "slow", why);
                Self { retry_seconds: Some(retry_seconds), ..refused }
            }
            Refusal::Later { retry_seconds, .. } if refusal.is_disk_full() => {
                let message = "The disk is full, so nothing can be stored just now. Your words are kept here; send them again later.";
                let refused = Self::new(StatusCode::SERVICE_UNAVAILABLE, "disk_full", message);
                Self { retry_seconds: Some(retry_seconds), ..refused }
            }
            Refusal::Later { why, retry_seconds } => {
                // What is the matter inside is for the log, not for the page.
                tracing::warn!(%why, "a post cannot be handed to the nozzle just now");
                let message =
                    "Your words are kept, but they cannot be stored just now. Send them again in a moment.";
                let refused = Self::new(StatusCode::SERVICE_UNAVAILABLE, "later", message);
                Self { retry_seconds: Some(retry_seconds), ..refused }
            }
            Refusal::Failed(why) => {
                tracing::error!(%why, "a post could not be stored");
                let message = "Your words are kept, but they could not be stored. The fault is ours, and it is in our log.";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message)
            }
        }
    }
}

impl From<Failure> for Refused {
    /// What goes wrong before the form is read.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Starting => {
                Self::from(Refusal::Later { why: "the log was not read yet".to_owned(), retry_seconds: 1 })
            }
            _ => Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such event."),
        }
    }
}
