//! `/admin/{event}/receipts`: for each post that was hidden or removed, who asked, and when every surface was clean of its words. The facts
//! are the nozzle's (`live::receipts`); how they are put into words is in [`view`], the same for programs in [`api`].
//!
//! A receipt names a post by its id, never by what it said or who said it.

mod api;
mod view;

pub(super) use api::{told, told_of};

use super::{
    Site,
    failure::{Failure, page},
    follow::EventLive,
    shell::Shell,
    view::time::Venue,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::header;
use live::receipts::Receipt;
use model::{ItemId, Seq};
use nozzle::intake::{ReceiptsAsked, Refusal};
use serde::Deserialize;
use view::{Line, Told};

/// Receipts on one page.
const ON_PAGE: usize = 50;

/// What the list is asked with.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// Receipts of entries before this one.
    before: Option<Seq>,
    /// A post, by its id or the address of its page.
    #[serde(default)]
    post: String,
}

#[derive(Template)]
#[template(path = "receipts.html")]
struct List {
    shell: Shell,
    slug: String,
    asked: String,
    is_unknown: bool,
    lines: Vec<Line>,
    older: Option<Seq>,
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct One {
    shell: Shell,
    slug: String,
    id: ItemId,
    receipts: Vec<Told>,
}

/// `GET /admin/{event}/receipts`.
pub(super) async fn all(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let slug = event.listed().slug;
    if let Some(id) = named(&asked.post) {
        return Ok(Redirect::to(&format!("/admin/{slug}/receipts/{id}")).into_response());
    }
    let wanted = ReceiptsAsked { before: asked.before, max: ON_PAGE, ..ReceiptsAsked::default() };
    let receipts = read(&site, &event, &wanted).await?;
    let older = receipts.last().filter(|_| receipts.len() == ON_PAGE).map(|last| last.seq);
    let (shell, venue) = dressed(&event, "Receipts");
    let lines = receipts.iter().map(|receipt| view::line(receipt, &venue)).collect();
    let list =
        List { shell, slug, is_unknown: !asked.post.trim().is_empty(), asked: asked.post, lines, older };
    Ok(([(header::CACHE_CONTROL, "no-store")], page(&list)?).into_response())
}

/// `GET /admin/{event}/receipts/{id}`; with `.json` behind the id, the same as a file.
pub(super) async fn one(
    State(site): State<Site>,
    Path((slug, name)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let slug = event.listed().slug;
    let (name, is_file) = name.strip_suffix(".json").map_or((name.as_str(), false), |name| (name, true));
    let id: ItemId = name.parse().map_err(|_| Failure::NotFound)?;
    let receipts = read(&site, &event, &ReceiptsAsked::of(id)).await?;
    if receipts.is_empty() {
        return Err(Failure::NotFound);
    }
    if is_file {
        return Ok(api::file(&slug, id, &receipts));
    }
    let (shell, venue) = dressed(&event, "Receipt");
    let receipts = receipts.iter().map(|receipt| view::told(receipt, &venue)).collect();
    let drawn = page(&One { shell, slug, id, receipts })?;
    Ok(([(header::CACHE_CONTROL, "no-store")], drawn).into_response())
}

fn dressed(event: &EventLive, title: &str) -> (Shell, Venue) {
    let (listed, fold) = (event.listed(), event.fold());
    let settings = fold.fold().event.as_ref();
    let shell = Shell::of(&listed, settings, title, "", ("receipts", "Skip to the receipts"));
    (shell, Venue::of(settings))
}

/// The id in what somebody has pasted.
fn named(text: &str) -> Option<ItemId> {
    let end = text.trim().trim_end_matches('/').rsplit(['/', '#']).next().unwrap_or_default();
    end.strip_prefix("i-").unwrap_or(end).to_ascii_lowercase().parse().ok()
}

async fn read(site: &Site, event: &EventLive, asked: &ReceiptsAsked) -> Result<Vec<Receipt>, Failure> {
    site.intake.receipts(event.eid, asked).await.map_err(|refusal| match refusal {
        Refusal::Later { .. } => Failure::Starting,
        Refusal::Unknown(_) => Failure::NotFound,
        other => Failure::ours(&other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_named_by_its_id_or_an_address_that_ends_in_it() {
        let id: ItemId = "k3f9q2m7xw4d".parse().unwrap();
        for text in [
            "k3f9q2m7xw4d",
            " K3F9Q2M7XW4D ",
            "https://live.example.org/fest/posts/k3f9q2m7xw4d/",
            "/fest#i-k3f9q2m7xw4d",
        ] {
            assert_eq!(named(text), Some(id), "{text}");
        }
        assert_eq!((named(""), named("some words")), (None, None));
    }
}
