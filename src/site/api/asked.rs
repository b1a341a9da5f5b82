//! What a request of the API asks for: each parameter is read by name, and one that cannot be is answered by its name and what it may be.
//! Parameters that nobody knows are passed over.

use super::Failure;
use archive::Page;
use axum::extract::FromRequestParts;
use http::request::Parts;
use model::{Micros, Seq};
use std::convert::Infallible;

/// The largest number that is read: integers above 2^53 do not survive JavaScript.
const NUMBER_MAX: u64 = (1 << 53) - 1;
/// Items of one answer, unless fewer or more are asked for.
const LIMIT: u32 = 100;
/// Parameters that are looked at.
const PAIRS_MAX: usize = 32;

/// The query, taken apart.
#[derive(Debug, Default)]
pub(in crate::site) struct Asked(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts.uri.query().unwrap_or_default()))
    }
}

pub(super) fn bad<T>(name: &'static str, why: &'static str) -> Result<T, Failure> {
    Err(Failure::Parameter { name, why })
}

/// A whole number in plain digits.
pub(super) fn number(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|number| is_plain && *number <= NUMBER_MAX)
}

impl Asked {
    fn of(query: &str) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes()).take(PAIRS_MAX);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// A parameter's value; refused when it is given twice.
    pub(in crate::site) fn one(&self, name: &'static str) -> Result<Option<&str>, Failure> {
        let mut all = self.0.iter().filter(|(given, _)| given == name);
        let first = all.next().map(|(_, value)| value.as_str());
        if all.next().is_some() {
            bad(name, "It is given more than once; once is enough.")
        } else {
            Ok(first)
        }
    }

    /// A seq; 0 when it is not given.
    pub(in crate::site) fn seq(&self, name: &'static str) -> Result<Seq, Failure> {
        let why = "It is a whole number from 0 to 9007199254740991, the seq of the last entry you have.";
        self.one(name)?.map_or(Ok(0), |text| number(text).map_or_else(|| bad(name, why), Ok))
    }

    /// True for 1, false for 0 and when it is not given.
    pub(in crate::site) fn is_on(&self, name: &'static str) -> Result<bool, Failure> {
        match self.one(name)? {
            None | Some("0") => Ok(false),
            Some("1") => Ok(true),
            Some(_) => bad(name, "It is 1 or 0."),
        }
    }

    /// How many items of one answer.
    pub(super) fn limit(&self) -> Result<u32, Failure> {
        let fits = |text| number(text).and_then(|n| u32::try_from(n).ok());
        let fits = |text| fits(text).filter(|n| (1..=archive::ITEMS_MAX).contains(n));
        let why = "It is a whole number from 1 to 500.";
        self.one("limit")?.map_or(Ok(LIMIT), |text| fits(text).map_or_else(|| bad("limit", why), Ok))
    }

    /// Behind which item to go on: `next` of the answer before.
    pub(super) fn page(&self) -> Result<Option<Page>, Failure> {
        let page = |text: &str| {
            let (when, id) = text.split_once('.')?;
            let when = Micros(i64::try_from(number(when)?).ok()?);
            Some(Page { when, id: id.parse().ok()? })
        };
        let why = "It is the next of the answer before: microseconds since 1970, a dot, and an item's id.";
        let Some(text) = self.one("after")? else { return Ok(None) };
        page(text).map_or_else(|| bad("after", why), |page| Ok(Some(page)))
    }

    /// A moment, in microseconds since 1970 or as RFC 3339.
    pub(super) fn moment(&self, name: &'static str) -> Result<Option<Micros>, Failure> {
        let micros = |text: &str| number(text).and_then(|micros| i64::try_from(micros).ok()).map(Micros);
        let why = "It is a time such as 2026-06-01T14:30:00Z, or microseconds since 1970.";
        let Some(text) = self.one(name)? else { return Ok(None) };
        let moment = micros(text).or_else(|| Micros::parse_rfc3339(text).ok());
        moment.map_or_else(|| bad(name, why), |moment| Ok(Some(moment)))
    }

    /// In which order.
    pub(super) fn order(&self) -> Result<archive::Order, Failure> {
        match self.one("order")? {
            None | Some("oldest") => Ok(archive::Order::OldestFirst),
            Some("newest") => Ok(archive::Order::NewestFirst),
            Some(_) => bad("order", "It is oldest or newest."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<T>(read: Result<T, Failure>) -> Option<&'static str> {
        match read {
            Err(Failure::Parameter { name, .. }) => Some(name),
            _ => None,
        }
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_name() {
        for bad in ["", "-1", "+1", "1.5", "0x1", "9007199254740992", "99999999999999999999", "1 ", "١"] {
            let query =
                url::form_urlencoded::Serializer::new(String::new()).append_pair("after", bad).finish();
            assert_eq!(named(Asked::of(&query).seq("after")), Some("after"), "{bad:?}");
            let query = query.replace("after", "limit");
            assert_eq!(named(Asked::of(&query).limit()), Some("limit"), "{bad:?}");
        }
        assert_eq!(named(Asked::of("after=1&after=2").seq("after")), Some("after"));
        assert_eq!(named(Asked::of("limit=501").limit()), Some("limit"));
        assert_eq!(named(Asked::of("limit=0").limit()), Some("limit"));
        for bad in ["1", "1.", ".k3f9q2m7xw4d", "1.k3f9q2m7xw4", "x.k3f9q2m7xw4d", "-1.k3f9q2m7xw4d"] {
            assert_eq!(named(Asked::of(&format!("after={bad}")).page()), Some("after"), "{bad}");
        }
        assert_eq!(named(Asked::of("from=yesterday").moment("from")), Some("from"));
        assert_eq!(named(Asked::of("order=up").order()), Some("order"));
        assert_eq!(named(Asked::of("dry_run=yes").is_on("dry_run")), Some("dry_run"));
    }

    #[test]
    fn what_is_not_asked_for_has_its_usual_value() {
        let nothing = Asked::of("who=knows&&=");
        assert_eq!((nothing.seq("after").unwrap(), nothing.limit().unwrap()), (0, LIMIT));
        assert!(nothing.page().unwrap().is_none() && nothing.moment("from").unwrap().is_none());
        let some =
            Asked::of("after=12.k3f9q2m7xw4d&from=1970-01-01T00:00:01Z&until=5&order=newest&dry_run=1");
        assert_eq!(some.page().unwrap().map(|page| page.when), Some(Micros(12)));
        assert_eq!(some.moment("from").unwrap(), Some(Micros(1_000_000)));
        assert_eq!(some.moment("until").unwrap(), Some(Micros(5)));
        assert_eq!(some.order().unwrap(), archive::Order::NewestFirst);
        assert!(some.is_on("dry_run").unwrap());
    }
}
