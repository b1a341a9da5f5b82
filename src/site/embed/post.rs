//! `/{event}/posts/{id}/embed`: one post. When it is taken away, its frames on other people's pages show the grey line in its place.

use super::{Asked, Frame, failed, framed};
use crate::site::{
    Site,
    failure::Failure,
    follow::EventLive,
    view::{
        body::Piece,
        item::{ItemView, Setting, answered, gone_sentence, view},
        stage::rooms,
        time::{Venue, iso},
    },
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use http::HeaderMap;
use model::{ItemId, Row, RowState};

#[derive(Template)]
#[template(path = "embed/post.html")]
struct PostFrame {
    frame: Frame,
    item: ItemView,
    /// For machines, and for people.
    when: (String, String),
}

pub(in crate::site) async fn show(
    State(site): State<Site>,
    Path((slug, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let settings = event.fold().fold().event.clone();
    let frame = |path: &str| Frame::new(&site, &slug, settings.as_ref(), &asked, path);
    let Some(row) = row(&site, &event, &id).await.transpose() else {
        return Ok(failed(&site, Failure::NotFound, frame(&format!("/{slug}"))));
    };
    let shown = row.and_then(|row| draw(&event, &slug, &row, frame(&format!("/{slug}/posts/{}", row.id))));
    match shown {
        Ok(template) => framed(&site, &headers, &template),
        Err(failure) => Ok(failed(&site, failure, frame(&format!("/{slug}")))),
    }
}

async fn row(site: &Site, event: &EventLive, id: &str) -> Result<Option<Row>, Failure> {
    let Ok(id) = id.parse::<ItemId>() else { return Ok(None) };
    site.item(event, id).await
}

fn draw(event: &EventLive, slug: &str, row: &Row, frame: Frame) -> Result<PostFrame, Failure> {
    let fold = event.fold();
    let venue = Venue::of(fold.fold().event.as_ref());
    let rooms = rooms(fold.fold());
    let setting = Setting {
        slug,
        rooms: &rooms,
        venue: &venue,
        shows_place: true,
        find: &|id| fold.row(id).and_then(|row| row.item.as_ref()).map(answered),
        title: &|_| None,
    };
    let shown = row.item.as_ref().filter(|_| row.state == RowState::Shown);
    let Some((when, item)) = shown.and_then(|item| Some((item.when, view(row, item.when, &setting)?))) else {
        let sentence = gone_sentence(row.state, row.by, Some(&venue.hhmm(row.at)));
        return Err(Failure::Gone { slug: slug.to_owned(), sentence });
    };
    let told = format!("{} {}, {}", venue.weekday(when), venue.day(when), venue.hhmm(when));
    Ok(PostFrame {
        frame: Frame { title: format!("{}: {}", item.name, frame.event.1), ..frame },
        item: ItemView { because: None, ..item },
        when: (iso(when), told),
    })
}
