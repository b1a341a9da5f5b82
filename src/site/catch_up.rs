//! `/{event}/catch-up`: what a reader has missed, in two or ten minutes of reading, or all of it.
//!
//! `?after=` is where they left: a position as every page prints it (`?after=0.a1b2.4812`, `EPOCH.SEQ`), or a time
//! (`?after=2026-06-01T14:10` at the venue, or RFC 3339); absent, the last hour. `&read=` is `2`, `10` or `all`. A page that has been
//! away links to `/{slug}/catch-up?after={epoch}.{seq}` with the position it had. "Go on from here" leads to the same address with the
//! place up to which this page tells; a script keeps that place on the reader's own device.
//!
//! Which time it is: [`period`]. What is told of it: [`digest`]. How long that takes to read: [`words`].

mod digest;
mod draw;
pub(super) mod period;
mod words;

pub(super) use draw::sentence;

#[cfg(test)]
mod tests;

use super::{
    Site,
    failure::{Failure, page},
    view::time::Venue,
};
use axum::{
    extract::{Path, Query, State},
    response::IntoResponse,
};
use http::header;
use model::Micros;
use period::Left;
use serde::Deserialize;
use words::WORDS_PER_MINUTE;

/// Posts on a page of all of them.
const ALL_SHOWN: usize = 100;
/// How far back a reader is led who says nothing.
const UNSAID: i64 = Micros::HOUR;
const NO_BUDGET: &str = "read is how much you want to read: 2 or 10 (minutes), or all.";

#[derive(Deserialize)]
pub(super) struct Asked {
    /// Where the reader left, see the module.
    after: Option<String>,
    /// `2`, `10` or `all`.
    read: Option<String>,
}

/// How much a reader wants to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Budget {
    Minutes(usize),
    All,
}

impl Budget {
    /// All of them, shortest first.
    const EACH: [Self; 3] = [Self::Minutes(2), Self::Minutes(10), Self::All];

    fn parse(text: Option<&str>) -> Result<Self, Failure> {
        let text = text.unwrap_or("2");
        Self::EACH.into_iter().find(|budget| budget.name() == text).ok_or(Failure::Bad(NO_BUDGET))
    }

    fn name(self) -> String {
        match self {
            Self::Minutes(minutes) => minutes.to_string(),
            Self::All => "all".to_owned(),
        }
    }

    fn words(self) -> usize {
        match self {
            Self::Minutes(minutes) => minutes * WORDS_PER_MINUTE,
            Self::All => 0,
        }
    }

    /// Posts that one page looks through.
    fn posts(self) -> usize {
        if self == Self::All { ALL_SHOWN } else { usize::MAX }
    }
}

pub(super) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let budget = Budget::parse(asked.read.as_deref())?;
    let left = {
        let fold = event.fold();
        let ours = fold.position().ok_or(Failure::Starting)?;
        let venue = Venue::of(fold.fold().event.as_ref());
        match asked.after.as_deref().filter(|after| !after.is_empty()) {
            Some(after) => Left::parse(after, &venue, ours)?,
            None => Left::At(site.now().plus(-UNSAID)),
        }
    };
    let period = period::read(&site, &event, left, budget.posts()).await?;
    let template = draw::draw(&site, &event, &period, budget, asked.after.as_deref());
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?))
}
