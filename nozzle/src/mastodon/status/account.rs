//! Accounts of Mastodon's API: who wrote a status, and what they ask of others.

use model::{Author, html};
use serde::Deserialize;
use url::Url;

use crate::source::Wish;
use crate::wire::lenient;

/// Hashtags in a profile that ask programs to keep away.
const REFUSALS: [&str; 5] = ["nobot", "nobots", "noindex", "noarchive", "nosearch"];
/// Most of a profile's text that is looked at, in bytes; Mastodon's own limit is 500 characters.
const PROFILE_BYTES_MAX: usize = 64 * 1024;

#[derive(Deserialize)]
pub(super) struct Account {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    uri: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    acct: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    username: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    avatar_static: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    avatar: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    note: Option<String>,
    #[serde(default, deserialize_with = "lenient::list")]
    fields: Vec<Field>,
    #[serde(default, deserialize_with = "lenient::flag")]
    noindex: bool,
    #[serde(default, deserialize_with = "lenient::object")]
    indexable: Option<bool>,
}

#[derive(Deserialize)]
struct Field {
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    value: Option<String>,
}

impl Account {
    /// What the account asks of those who show its posts elsewhere: `noindex`, `indexable` where it is said to be false
    /// (servers before 4.2 say nothing), or a hashtag in the profile. `discoverable` says nothing here: it is about
    /// directories of accounts, not about posts.
    pub(super) fn wish(&self) -> Wish {
        if self.noindex || self.indexable == Some(false) || self.refuses() {
            Wish::NotIndexed
        } else {
            Wish::None
        }
    }

    fn refuses(&self) -> bool {
        let fields = self.fields.iter().flat_map(|field| [&field.name, &field.value]);
        std::iter::once(&self.note).chain(fields).flatten().any(|text| has_refusal(text))
    }

    pub(super) fn author(self, host: &str) -> Author {
        let acct = self.acct.or(self.username).unwrap_or_default();
        let at_home = || {
            self.url.as_deref().and_then(|u| Url::parse(u).ok()).and_then(|u| u.host_str().map(str::to_owned))
        };
        let handle = match acct.contains('@') {
            _ if acct.is_empty() => String::new(),
            true => format!("@{acct}"),
            false => format!("@{acct}@{}", at_home().unwrap_or_else(|| host.to_owned())),
        };
        let name = self.display_name.filter(|n| !n.trim().is_empty()).unwrap_or(acct);
        // The number differs from server to server; the address does not.
        let id = self.uri.or_else(|| self.url.clone()).or(self.id).unwrap_or_default();
        let avatar = self.avatar_static.or(self.avatar).filter(|a| !a.ends_with("/missing.png"));
        Author { id, name, handle, url: self.url, avatar }
    }
}

fn has_refusal(raw: &str) -> bool {
    let raw = &raw[..raw.floor_char_boundary(PROFILE_BYTES_MAX)];
    let lower = raw.to_lowercase();
    // Profiles are HTML, and a hashtag in them is cut by markup; most name none of the words at all.
    REFUSALS.iter().any(|word| lower.contains(word)) && {
        let words = html::to_body(&lower).text();
        words.split('#').skip(1).any(|after| {
            let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
            REFUSALS.contains(&&after[..end])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(json: &str) -> Wish {
        serde_json::from_str::<Account>(json).unwrap().wish()
    }

    #[test]
    fn an_account_that_asks_not_to_be_indexed_is_heard_however_it_asks() {
        for asks in [
            r#"{"noindex":true}"#,
            r#"{"indexable":false}"#,
            r##"{"note":"<p>Rustacean. <a href=\"https://s.example/tags/NoBot\" class=\"mention hashtag\" rel=\"tag\">#<span>NoBot</span></a></p>"}"##,
            r##"{"note":"no, #noindex."}"##,
            r##"{"fields":[{"name":"Rules","value":"#noarchive please"}]}"##,
        ] {
            assert_eq!(wish(asks), Wish::NotIndexed, "{asks}");
        }
        for asks_not in [
            "{}",
            r#"{"noindex":null,"indexable":null,"discoverable":false}"#,
            r#"{"indexable":"false"}"#,
            r##"{"note":"I wrote #nobotany, and nobot is no hashtag"}"##,
        ] {
            assert_eq!(wish(asks_not), Wish::None, "{asks_not}");
        }
    }
}
