//! Who writes: a random secret in a cookie, made at the first post. Others see a hash of it, another one for every event, so nobody can
//! pass for the writer, and writers cannot be followed from event to event.

use super::form::hex;
use crate::site::Settings;
use http::{HeaderMap, HeaderValue, header};
use model::EventId;
use nozzle::{intake::Actor, onsite::PERSON};
use sha2::{Digest, Sha256};

/// How long the cookie is kept: a year.
const COOKIE_SECONDS: u32 = 365 * 24 * 3600;
/// Characters of a secret: 128 bits in hexadecimal.
const SECRET_CHARS: usize = 32;
/// Bytes of the hash that others see.
const PUBLIC_BYTES: usize = 8;
/// Characters of a key from which a secret may be made.
const UUID_CHARS: usize = 36;

/// The cookie of one installation.
#[derive(Clone, Debug)]
pub(in crate::site) struct Writers {
    cookie: &'static str,
    attributes: &'static str,
}

/// Somebody who writes.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::site) struct Person {
    secret: String,
    /// Whether the browser does not have the cookie yet.
    is_new: bool,
}

impl Writers {
    pub(in crate::site) fn new(settings: &Settings) -> Self {
        if settings.public_url.scheme() == "https" {
            Self { cookie: "__Host-writer", attributes: "; Path=/; HttpOnly; SameSite=Lax; Secure" }
        } else {
            Self { cookie: "writer", attributes: "; Path=/; HttpOnly; SameSite=Lax" }
        }
    }

    /// Who sent these headers; none before their first post.
    pub(in crate::site) fn known(&self, headers: &HeaderMap) -> Option<Person> {
        let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let secret = lines
            .flat_map(|line| line.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(self.cookie)?.strip_prefix('='))?;
        let is_secret = secret.len() == SECRET_CHARS && secret.bytes().all(|b| b.is_ascii_hexdigit());
        is_secret.then(|| Person { secret: secret.to_owned(), is_new: false })
    }

    /// Who sent these headers, or somebody new. A script repeats a request whose answer was lost under the same key: the secret is made
    /// from the key then, so that it is the same person who wrote it.
    pub(in crate::site) fn of(&self, headers: &HeaderMap, script_key: Option<&str>) -> Person {
        self.known(headers).unwrap_or_else(|| {
            let made = script_key.filter(|key| key.len() == UUID_CHARS).map(|key| {
                let digest = Sha256::digest(format!("perihelion writer\n{key}").as_bytes());
                hex(&digest[..SECRET_CHARS / 2])
            });
            Person { secret: made.unwrap_or_else(super::form::random_key), is_new: true }
        })
    }

    /// The cookie for somebody new.
    pub(in crate::site) fn cookie(&self, person: &Person) -> Option<HeaderValue> {
        let line = format!("{}={}; Max-Age={COOKIE_SECONDS}{}", self.cookie, person.secret, self.attributes);
        HeaderValue::from_str(&line).ok().filter(|_| person.is_new)
    }
}

impl Person {
    /// Whether their browser had the cookie already.
    pub(super) fn is_known(&self) -> bool {
        !self.is_new
    }

    /// What the nozzle and the public know of them at this event.
    pub(in crate::site) fn actor(&self, event: EventId) -> Actor {
        let digest = Sha256::digest(format!("perihelion person\n{event}\n{}", self.secret).as_bytes());
        Actor { role: PERSON.to_owned(), name: hex(&digest[..PUBLIC_BYTES]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writers(url: &str) -> Writers {
        Writers::new(&Settings {
            public_url: url.parse().unwrap(),
            live_url: None,
            data_dir: "x".into(),
            cache_dir: "x".into(),
            media_from_loopback: false,
            venue: chassis::client_addr::Ranges::default(),
        })
    }

    fn with_cookie(line: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, line.parse().unwrap());
        headers
    }

    #[test]
    fn a_writer_is_known_by_the_cookie_and_the_public_name_tells_nothing_of_it() {
        let writers = writers("https://live.example.org");
        let new = writers.of(&HeaderMap::new(), None);
        let line = writers.cookie(&new).unwrap().to_str().unwrap().to_owned();
        assert!(line.starts_with("__Host-writer="), "{line}");
        for attribute in ["Max-Age=31536000", "Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
            assert!(line.contains(attribute), "{line}");
        }
        let known = writers.of(&with_cookie(&format!("a=b; {}", line.split(';').next().unwrap())), None);
        let (one, other) = (EventId::from_random(1), EventId::from_random(2));
        assert_eq!(known.actor(one), new.actor(one));
        assert_ne!(known.actor(one), new.actor(other), "nobody can be followed from event to event");
        assert!(!new.secret.contains(&new.actor(one).name) && writers.cookie(&known).is_none());
    }

    #[test]
    fn a_cookie_that_is_none_of_ours_makes_somebody_new() {
        let writers = writers("http://127.0.0.1:8080");
        for line in
            ["writer=", "writer=short", "writer=zz", "writers=00112233445566778899aabbccddeeff", ";;=;"]
        {
            assert!(writers.known(&with_cookie(line)).is_none(), "{line}");
        }
        assert!(writers.known(&with_cookie("writer=00112233445566778899aabbccddeeff")).is_some());
    }

    #[test]
    fn a_first_post_that_is_sent_again_is_by_the_same_person() {
        let writers = writers("http://127.0.0.1:8080");
        let key = Some("6f2c1c1e-4a57-4b0e-9a55-0d9f2b0c8d11");
        let eid = EventId::from_random(1);
        let of = |key| writers.of(&HeaderMap::new(), key).actor(eid);
        assert_eq!(of(key), of(key));
        assert_ne!(of(None), of(None));
        assert_ne!(of(Some("guessable")), of(Some("guessable")));
    }
}
