//! What the box sends. Nothing of it is believed: lengths and places are the nozzle's to judge, here it is only taken apart.

use axum::body::Body;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use sha2::{Digest, Sha256};

/// Largest body, in bytes: 2,000 characters of four bytes, each written as three, and the other fields.
pub(super) const BODY_BYTES_MAX: usize = 32 * 1024;
/// Fields that are looked at.
const FIELDS_MAX: usize = 32;
/// A key's length, in characters: a UUID has 36.
const KEY_CHARS: std::ops::RangeInclusive<usize> = 16..=64;

/// The fields of the box, as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::site) struct Form {
    pub(in crate::site) key: String,
    pub(in crate::site) name: String,
    pub(in crate::site) text: String,
    pub(in crate::site) talk: String,
    pub(in crate::site) room: String,
    pub(in crate::site) reply_to: String,
}

/// Why there is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadForm {
    TooLarge,
    NotAForm,
    Cut,
}

impl Form {
    /// Reads a body.
    pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, BadForm> {
        let kind =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(BadForm::NotAForm);
        }
        let body = Limited::new(body, BODY_BYTES_MAX)
            .collect()
            .await
            .map_err(|error| if is_too_large(&*error) { BadForm::TooLarge } else { BadForm::Cut })?;
        Ok(Self::parse(&body.to_bytes()))
    }

    /// Unknown fields are passed over; of a repeated one the last counts.
    fn parse(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in url::form_urlencoded::parse(body).take(FIELDS_MAX) {
            let field = match &*name {
                "key" => &mut form.key,
                "name" => &mut form.name,
                "text" => &mut form.text,
                "talk" => &mut form.talk,
                "room" => &mut form.room,
                "reply_to" => &mut form.reply_to,
                _ => continue,
            };
            *field = value.into_owned();
        }
        form
    }

    /// The key under which the nozzle remembers this post. A script's key stands for one draft. The key of a printed form
    /// may be sent again with other words (the browser went back to a page that it had kept), and by others (a cache gave them
    /// the same page), so the words belong to it, and who writes: `writer` is empty for somebody who never wrote before.
    pub(super) fn idempotency_key(&self, is_script: bool, writer: &str) -> String {
        let is_key = KEY_CHARS.contains(&self.key.len())
            && self.key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let key = if is_key { self.key.clone() } else { random_key() };
        if is_script {
            return format!("say-{key}");
        }
        let mut hash = Sha256::new();
        for part in [writer, &key, &self.name, &self.text, &self.talk, &self.room, &self.reply_to] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        format!("form-{}", hex(&hash.finalize()[..16]))
    }

    /// The page on which the box stood.
    pub(super) fn way_back(&self, slug: &str) -> String {
        let is_plain =
            |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        match (self.talk.as_str(), self.reply_to.as_str()) {
            (talk, _) if is_plain(talk) => format!("/{slug}/talks/{talk}"),
            (_, id) if is_plain(id) => format!("/{slug}/posts/{id}"),
            _ => format!("/{slug}"),
        }
    }
}

/// A key that nobody can guess.
pub(in crate::site) fn random_key() -> String {
    hex(&rand::random::<u128>().to_be_bytes())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a body was cut off for its length, here or by the bound of all requests before.
fn is_too_large(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<LengthLimitError>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_leniently_and_never_fails() {
        let form = Form::parse(b"text=Hello%0D%0Aall&name=A%26B&text=Bye+now&admin=1&room&=x&%zz=%ff");
        assert_eq!((form.text.as_str(), form.name.as_str(), form.room.as_str()), ("Bye now", "A&B", ""));
        assert_eq!(Form::parse(b"\xff\x00&&&==="), Form::default());
    }

    #[test]
    fn a_scripts_key_stands_for_the_draft_and_a_printed_one_for_its_words() {
        let form = |text: &str| Form { key: "k".repeat(32), text: text.into(), ..Form::default() };
        assert_eq!(form("a").idempotency_key(true, ""), form("b").idempotency_key(true, ""));
        assert_eq!(form("a").idempotency_key(false, ""), form("a").idempotency_key(false, ""));
        assert_ne!(form("a").idempotency_key(false, ""), form("b").idempotency_key(false, ""));
        let written = |writer: &str| form("a").idempotency_key(false, writer);
        assert_ne!(written("ana"), written("ben"), "two people may have been given one page");
        let moved = Form { text: String::new(), name: "a".into(), ..form("") };
        assert_ne!(moved.idempotency_key(false, ""), form("a").idempotency_key(false, ""));
        for bad in ["", "short", &"k".repeat(65), "say something with spaces"] {
            let form = Form { key: bad.into(), ..Form::default() };
            assert_ne!(form.idempotency_key(true, ""), form.idempotency_key(true, ""), "{bad:?} is no key");
        }
    }

    #[test]
    fn the_way_back_leads_to_a_page_of_the_event_and_nowhere_else() {
        let back = |talk: &str, reply_to: &str| {
            Form { talk: talk.into(), reply_to: reply_to.into(), ..Form::default() }.way_back("fest")
        };
        assert_eq!(back("", ""), "/fest");
        assert_eq!(back("t7", ""), "/fest/talks/t7");
        assert_eq!(back("", "k3f9q2m7xw4d"), "/fest/posts/k3f9q2m7xw4d");
        assert_eq!(back("../../evil", "//evil.example"), "/fest");
    }
}
