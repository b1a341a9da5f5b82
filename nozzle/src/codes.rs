//! The codes by which authors take their own posts down: who posts one from the account that wrote the post has shown that the
//! account is theirs. They are made with a secret of the event, so that nobody can prepare a text that takes down somebody's
//! posts when that person is talked into posting it, without the page of that very post.

use chassis::Secret;
use hmac::{Hmac, KeyInit, Mac};
use model::{Item, ItemId};
use sha2::Sha256;

/// What stands before the characters of a code that removes one post.
const REMOVE: &str = "perihelion-remove-";
/// What stands before the characters of a code that removes all of an author's posts, and keeps out what comes.
const FORGET: &str = "perihelion-forget-";
/// Characters of a code: 40 bits.
const CODE_CHARS: usize = 8;
/// Crockford's alphabet, in which no character is read for another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// An event's codes.
#[derive(Clone, Debug)]
pub struct Codes {
    secret: Secret<String>,
}

/// A code that stands in a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// One post.
    Remove(String),
    /// All posts of the author.
    Forget(String),
}

impl Codes {
    /// With this secret, which is kept in the event's ledger.
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self { secret: Secret::new(secret) }
    }

    /// The secret, for the one who carries it from the nozzle to the site.
    pub(crate) fn secret(&self) -> &str {
        self.secret.expose()
    }

    /// What the author (`network:id`) of a post writes to have it removed.
    #[must_use]
    pub fn remove(&self, author: &str, id: ItemId) -> String {
        format!("{REMOVE}{}", self.code(&["remove", author, id.as_str()]))
    }

    /// What an author (`network:id`) writes to have all their posts removed.
    #[must_use]
    pub fn forget(&self, author: &str) -> String {
        format!("{FORGET}{}", self.code(&["forget", author]))
    }

    pub(crate) fn is_remove(&self, found: &str, author: &str, id: ItemId) -> bool {
        found == self.code(&["remove", author, id.as_str()])
    }

    pub(crate) fn is_forget(&self, found: &str, author: &str) -> bool {
        found == self.code(&["forget", author])
    }

    fn code(&self, parts: &[&str]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose().as_bytes())
            .expect("HMAC takes a key of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let digest = mac.finalize().into_bytes();
        let bits = digest[..5].iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let at = |n: usize| ALPHABET[(bits >> (5 * (CODE_CHARS - 1 - n)) & 31) as usize];
        (0..CODE_CHARS).map(|n| char::from(at(n))).collect()
    }
}

/// The first code in the words of a post.
pub(crate) fn found(item: &Item) -> Option<Found> {
    let mut text = item.body.text();
    for alt in item.title.iter() {
        text.push(' ');
        text.push_str(alt);
    }
    text.make_ascii_lowercase();
    let after = |mark: &str| {
        let chars: String =
            text.split_once(mark)?.1.chars().take_while(char::is_ascii_alphanumeric).collect();
        (chars.len() == CODE_CHARS).then_some(chars)
    };
    after(FORGET).map(Found::Forget).or_else(|| after(REMOVE).map(Found::Remove))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Uid;

    fn says(text: &str) -> Option<Found> {
        let mut draft = crate::source::Draft::new(model::Network::Mastodon, "1");
        draft.words = crate::source::Words::Text(text.to_owned());
        let from = crate::admit::Arrival {
            source: "s",
            received: model::Micros(0),
            is_late: false,
            consent: model::event::Consent::default(),
        };
        found(&crate::admit::admit(draft, from).expect("words").item)
    }

    #[test]
    fn a_code_is_of_one_event_one_author_and_one_post() {
        let (codes, other) = (Codes::new("a".into()), Codes::new("b".into()));
        let (one, two) = (Uid::new("x", "1").id(), Uid::new("x", "2").id());
        let code = codes.remove("x:7", one);
        let chars = code.strip_prefix(REMOVE).expect("the mark");
        assert!(chars.len() == CODE_CHARS && codes.is_remove(chars, "x:7", one), "{code}");
        for wrong in [
            codes.remove("x:8", one),
            codes.remove("x:7", two),
            other.remove("x:7", one),
            codes.forget("x:7"),
        ] {
            assert!(!wrong.ends_with(chars), "{wrong}");
        }
        assert!(codes.is_forget(codes.forget("x:7").strip_prefix(FORGET).expect("the mark"), "x:7"));
        assert!(!format!("{codes:?}").contains("\"a\""), "the secret does not print");
    }

    #[test]
    fn a_code_is_found_among_other_words_and_nothing_else_is_one() {
        let remove = |chars: &str| Some(Found::Remove(chars.to_owned()));
        assert_eq!(says("Please perihelion-remove-AB12cd34 #rustfest"), remove("ab12cd34"));
        assert_eq!(says("#rustfest\nperihelion-remove-ab12cd34."), remove("ab12cd34"));
        assert_eq!(says("perihelion-forget-00000000"), Some(Found::Forget("00000000".into())));
        for other in
            ["perihelion-remove-", "perihelion-remove-ab12", "perihelion-remove-ab12cd345", "remove ab12cd34"]
        {
            assert_eq!(says(other), None, "{other}");
        }
    }
}
