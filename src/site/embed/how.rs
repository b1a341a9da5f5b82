//! `/{event}/feeds`: how others take the event in: feeds to follow, frames for their own pages, everything as data.

use crate::site::{
    Site,
    failure::{Failure, page},
    oembed::iframe,
    shell::{Shell, absolute},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use http::header;

#[derive(Template)]
#[template(path = "embed/how.html")]
struct How {
    shell: Shell,
    slug: String,
    name: String,
    /// The event's address, whole.
    home: String,
    /// The element of its frame.
    frame: String,
    /// An address at which the frame of any of its pages is told.
    oembed: String,
}

pub(in crate::site) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let listed = event.listed();
    let how = {
        let fold = event.fold();
        let settings = fold.fold().event.as_ref();
        let name = settings.map_or(&listed.title, |event| &event.title).clone();
        let home = absolute(&site.settings, &format!("/{slug}"));
        let title = format!("Feeds, frames and data: {name}");
        let skip = ("how", "Skip to the text");
        let about =
            format!("How to follow {name} in a feed reader, put it on your own page, or take it as data.");
        let url: String =
            url::form_urlencoded::byte_serialize(format!("{home}/talks/t1").as_bytes()).collect();
        How {
            shell: Shell::of(&listed, settings, &title, "feeds", skip)
                .shared(&site.settings, &format!("/{slug}/feeds"), &about)
                .fed(&format!("/{slug}")),
            frame: iframe(&format!("{home}/embed"), &name, 640, 640),
            oembed: absolute(&site.settings, &format!("/oembed?url={url}")),
            slug,
            name,
            home,
        }
    };
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&how)?))
}
