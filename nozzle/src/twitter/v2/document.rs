//! Documents of X API v2: a line of the stream, a page of a search, problems, the end of a stream.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::post::Joins;
use super::shapes::{Includes, Tweet};
use crate::source::{SourceEnd, Upstream, sample};
use crate::wire::lenient;

/// What a line of the stream says.
pub(super) enum Said {
    /// Posts and boosts, each with the id that it came under.
    Posts(Vec<(Upstream, String)>),
    /// Something else to tell.
    Other(Upstream),
    /// The stream ends.
    End(SourceEnd),
}

/// A whole answer: `data` with everything beside it.
#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient::object")]
    includes: Option<Includes>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) errors: Vec<Problem>,
    #[serde(default, deserialize_with = "lenient::list")]
    matching_rules: Vec<RuleName>,
    #[serde(default, deserialize_with = "lenient::object")]
    pub(super) meta: Option<Meta>,
    #[serde(default, deserialize_with = "lenient::text")]
    connection_issue: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    title: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Meta {
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) next_token: Option<String>,
}

#[derive(Deserialize)]
struct RuleName {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
}

/// One of `errors`: of a part, of the whole, or the end of the stream.
#[derive(Deserialize)]
pub(super) struct Problem {
    #[serde(default, deserialize_with = "lenient::text")]
    disconnect_type: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    title: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    detail: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    pub(super) kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) resource_type: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) resource_id: Option<String>,
}

/// Reads a line of the stream. `is_ours` tells whether one of our rules brought it.
pub(super) fn read(line: &[u8], is_ours: impl Fn(&[String]) -> bool) -> Said {
    let malformed = |reason| Said::Other(Upstream::Malformed { reason, sample: sample(line) });
    if std::str::from_utf8(line).is_err() {
        return malformed("utf8");
    }
    let Ok(document) = serde_json::from_slice::<Document<'_>>(line) else { return malformed("json") };
    if document.data.is_none() {
        return document.ending().map_or_else(|| malformed("no_data"), Said::End);
    }
    let matching: Vec<String> = document.matching_rules.iter().filter_map(|r| r.id.clone()).collect();
    if !is_ours(&matching) {
        return Said::Other(Upstream::Ignored { kind: "other_rule" });
    }
    Said::Posts(document.posts())
}

impl Document<'_> {
    /// How the stream ends, when this document says that it does.
    fn ending(&self) -> Option<SourceEnd> {
        if self.connection_issue.is_some() {
            let words = self.title.clone().unwrap_or_default();
            return Some(SourceEnd::Throttled(format!(
                "X still counts an older connection of ours ({words})"
            )));
        }
        let problem = self.errors.iter().find(|p| p.disconnect_type.is_some())?;
        let words = problem.detail.as_ref().or(problem.title.as_ref()).cloned().unwrap_or_default();
        Some(SourceEnd::Refused(sample(words.as_bytes())))
    }

    /// The posts as they came, whatever cannot be read told as such.
    pub(super) fn posts(&self) -> Vec<(Upstream, String)> {
        let none = Includes::default();
        let joins = Joins::of(self.includes.as_ref().unwrap_or(&none));
        let told = |raw: &RawValue| {
            let malformed = |reason| {
                (Upstream::Malformed { reason, sample: sample(raw.get().as_bytes()) }, String::new())
            };
            let Ok(tweet) = serde_json::from_str::<Tweet>(raw.get()) else { return malformed("json") };
            let Some(id) = tweet.id.clone().filter(|id| !id.is_empty()) else { return malformed("no_id") };
            // Rules and accounts have ids as well.
            if tweet.text.is_none() {
                return malformed("no_text");
            }
            (joins.upstream(&tweet, &id), id)
        };
        self.elements().into_iter().map(told).collect()
    }

    /// The posts of a look-up.
    pub(super) fn tweets(&self) -> Vec<Tweet> {
        self.elements().into_iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect()
    }

    /// `data` is one object on the stream and a list in a search.
    fn elements(&self) -> Vec<&RawValue> {
        match self.data {
            Some(raw) if raw.get().starts_with('[') => serde_json::from_str(raw.get()).unwrap_or_default(),
            Some(raw) => vec![raw],
            None => Vec::new(),
        }
    }
}
