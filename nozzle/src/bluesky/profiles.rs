//! Who is behind an account's id: handle, name, portrait and what the account asks of others, looked up 25 at a time and
//! remembered for a while.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chassis::Backoff;
use model::Author;
use model::extract::hashtags;
use serde_json::Value;
use tokio::time::{Instant, timeout};
use url::Url;

use super::profile_url;
use super::record::NOT_SHOWN;
use crate::source::{SourceEnd, Wish};
use crate::wire::answer;

/// Accounts of one call; the network's own limit.
pub(super) const ACTORS_MAX: usize = 25;
/// Profiles that are remembered.
const PROFILES_MAX: usize = 10_000;
/// How long a profile is believed.
const AGE_MAX: Duration = Duration::from_secs(60 * 60);
/// How long an account that has no profile is not asked for again.
const MISSING_MAX: Duration = Duration::from_secs(5 * 60);
/// Longest wait for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Longest DID that is asked for, in bytes: 25 must fit into an address.
const DID_ASKED_BYTES_MAX: usize = 256;
/// Hashtags in a profile by which people ask not to be indexed.
const NOT_INDEXED: [&str; 4] = ["nobot", "noindex", "noarchive", "nosearch"];

/// What an account says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Profile {
    pub(super) author: Author,
    pub(super) wish: Wish,
}

/// See the module.
pub(super) struct Profiles {
    client: reqwest::Client,
    address: Url,
    book: Mutex<Book>,
}

struct Book {
    /// `None`: the network knows no such account.
    found: HashMap<String, (Option<Profile>, Instant)>,
    order: VecDeque<String>,
    /// Accounts that were hidden because their profiles ask for it.
    hidden: HashSet<String>,
    /// No call before this.
    closed_until: Option<Instant>,
    wait: Backoff,
}

/// The answer to one call.
pub(super) struct Answer {
    /// Who was asked for.
    pub(super) dids: Vec<String>,
    /// Whether there was an answer.
    pub(super) is_good: bool,
}

impl Profiles {
    pub(super) fn new(api: &Url) -> Result<Self, String> {
        let mut address = api.clone();
        let path = format!("{}/xrpc/app.bsky.actor.getProfiles", api.path().trim_end_matches('/'));
        address.set_path(&path);
        let second = Duration::from_secs(1);
        let book = Book {
            found: HashMap::new(),
            order: VecDeque::new(),
            hidden: HashSet::new(),
            closed_until: None,
            wait: Backoff::exponential(second, 60 * second),
        };
        Ok(Self { client: answer::client()?, address, book: Mutex::new(book) })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of an account: nothing, that it has no profile, or its profile.
    pub(super) fn known(&self, did: &str) -> Option<Option<Profile>> {
        if did.len() > DID_ASKED_BYTES_MAX {
            return Some(None);
        }
        let book = self.book();
        let (profile, at) = book.found.get(did)?;
        let age_max = if profile.is_some() { AGE_MAX } else { MISSING_MAX };
        (at.elapsed() < age_max).then(|| profile.clone())
    }

    /// What is known must be asked for again.
    pub(super) fn forget(&self, did: &str) {
        self.book().found.remove(did);
    }

    /// An account has said itself whether it asks not to be shown: the network's own look-up may lag behind that.
    pub(super) fn told(&self, did: &str, asks: bool) {
        if let Some((Some(profile), _)) = self.book().found.get_mut(did) {
            profile.wish = match profile.wish {
                _ if asks => Wish::NotShown,
                Wish::NotShown => Wish::None,
                other => other,
            };
        }
    }

    /// When the next call may be made.
    pub(super) fn opens_at(&self) -> Option<Instant> {
        self.book().closed_until.filter(|until| *until > Instant::now())
    }

    /// Notes whether an account's items are hidden by its own wish; says whether that is new.
    pub(super) fn hide(&self, did: &str, is_hidden: bool) -> bool {
        let mut book = self.book();
        if is_hidden {
            book.hidden.len() < PROFILES_MAX && book.hidden.insert(did.to_owned())
        } else {
            book.hidden.remove(did)
        }
    }

    /// Whether an account's items are hidden by its own wish.
    pub(super) fn is_hidden(&self, did: &str) -> bool {
        self.book().hidden.contains(did)
    }

    /// Asks for accounts, at most [`ACTORS_MAX`], and remembers the answer.
    pub(super) async fn ask(&self, dids: Vec<String>) -> Answer {
        let mut address = self.address.clone();
        for did in &dids {
            address.query_pairs_mut().append_pair("actors", did);
        }
        let asked = timeout(ANSWER_MAX, answer::ask(self.client.get(address))).await;
        let is_good = match asked {
            Ok(Ok(answer)) => self.learn(&dids, &answer.body),
            Ok(Err(refusal)) => {
                let told = if let SourceEnd::WaitFor(wait) = refusal.end { Some(wait) } else { None };
                self.close(told);
                false
            }
            Err(_) => {
                self.close(None);
                false
            }
        };
        Answer { dids, is_good }
    }

    fn close(&self, told: Option<Duration>) {
        let mut book = self.book();
        let wait =
            told.map_or_else(|| book.wait.failed(), |wait| wait.min(chassis::backoff::RETRY_AFTER_MAX));
        book.closed_until = Some(Instant::now() + wait);
    }

    fn learn(&self, dids: &[String], body: &[u8]) -> bool {
        let document = serde_json::from_slice::<Value>(body).unwrap_or_default();
        let Some(profiles) = document["profiles"].as_array() else {
            self.close(None);
            return false;
        };
        let mut book = self.book();
        book.wait.proven();
        book.closed_until = None;
        for did in dids {
            let profile = profiles.iter().find(|profile| profile["did"].as_str() == Some(did)).map(read);
            book.put(did, profile);
        }
        true
    }
}

impl Book {
    fn put(&mut self, did: &str, profile: Option<Profile>) {
        if self.found.insert(did.to_owned(), (profile, Instant::now())).is_none() {
            self.order.push_back(did.to_owned());
        }
        while self.order.len() > PROFILES_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.found.remove(&oldest);
        }
    }
}

fn read(profile: &Value) -> Profile {
    let text = |key: &str| profile[key].as_str().map(str::trim).filter(|text| !text.is_empty());
    let did = text("did").unwrap_or_default();
    // The network's word for a handle that does not lead back to the account.
    let handle = text("handle").filter(|handle| *handle != "handle.invalid");
    let author = Author {
        id: did.to_owned(),
        name: text("displayName").unwrap_or_default().to_owned(),
        handle: handle.map_or_else(|| did.to_owned(), |handle| format!("@{handle}")),
        url: Some(profile_url(did)),
        avatar: text("avatar").map(str::to_owned),
    };
    Profile { author, wish: wish(profile, did) }
}

fn wish(profile: &Value, did: &str) -> Wish {
    let asks = |label: &Value| {
        let is_own = label["src"].as_str().is_none_or(|src| src == did);
        label["val"] == NOT_SHOWN && label["neg"] != true && is_own
    };
    if profile["labels"].as_array().is_some_and(|labels| labels.iter().any(asks)) {
        return Wish::NotShown;
    }
    let description = profile["description"].as_str().unwrap_or_default();
    let is_word = |tag: &str| NOT_INDEXED.iter().any(|word| tag.eq_ignore_ascii_case(word));
    if hashtags(description).any(is_word) { Wish::NotIndexed } else { Wish::None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wish_of(profile: &Value) -> Wish {
        read(profile).wish
    }

    #[test]
    fn an_account_asks_by_its_own_label_or_by_a_word_in_its_profile() {
        let label = |src: &str, neg: bool| json!({"did": "did:plc:a", "handle": "a.example", "labels": [{"src": src, "val": "!no-unauthenticated", "neg": neg}]});
        assert_eq!(wish_of(&label("did:plc:a", false)), Wish::NotShown);
        assert_eq!(wish_of(&label("did:plc:a", true)), Wish::None, "taken back");
        assert_eq!(wish_of(&label("did:plc:other", false)), Wish::None, "nobody else may ask for it");
        assert_eq!(
            wish_of(&json!({"did": "did:plc:a", "description": "hi #NoBot please"})),
            Wish::NotIndexed
        );
        assert_eq!(
            wish_of(&json!({"did": "did:plc:a", "description": "#nobotany", "labels": 7})),
            Wish::None
        );
    }

    #[test]
    fn a_handle_that_does_not_lead_back_is_not_shown() {
        let author =
            read(&json!({"did": "did:plc:a", "handle": "handle.invalid", "displayName": " "})).author;
        assert_eq!((author.handle.as_str(), author.name.as_str()), ("did:plc:a", ""));
    }
}
