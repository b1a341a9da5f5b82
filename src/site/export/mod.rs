//! `/{event}/export.{ndjson,csv}`, and the same for a talk: every shown item, one line each, ordered by (when, id), read and sent page by
//! page. The columns of the CSV are in [`csv`]; a line of NDJSON is [`model::public::ExportLine`].

mod csv;

use super::{
    Site,
    archive_reads::masked,
    failure::Failure,
    feeds::{
        answer::{is_known, validators},
        window::as_filed_now,
    },
    follow::EventLive,
    limiter::EXPORT_COST,
};
use archive::{Page, Query, Scope};
use axum::{
    body::Body,
    extract::{Extension, Path, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chassis::http::Client;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::{Row, TalkId};
use std::{io, sync::Arc};

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Csv,
    Ndjson,
}

impl Form {
    fn kind(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson; charset=utf-8",
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// What stands above the items.
    fn head(self) -> Vec<u8> {
        match self {
            Self::Csv => csv::head(),
            Self::Ndjson => Vec::new(),
        }
    }

    fn write(self, out: &mut Vec<u8>, row: &Row, page: &str) -> Result<(), Failure> {
        match (self, model::public::export_line(row)) {
            (Self::Csv, _) => csv::line(out, row, page),
            (Self::Ndjson, Some(line)) => {
                serde_json::to_writer(&mut *out, &line).map_err(|error| Failure::ours(&error))?;
                out.push(b'\n');
            }
            (Self::Ndjson, None) => {}
        }
        Ok(())
    }
}

/// An export that goes on.
struct Export {
    site: Site,
    event: Arc<EventLive>,
    form: Form,
    scope: Scope,
    /// The address below which posts have their pages.
    posts: String,
}

/// Everything of an event.
pub(super) async fn event_ndjson(
    site: State<Site>,
    Path(slug): Path<String>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    export(site.0, (slug, None), Form::Ndjson, client, &headers).await
}

/// Everything of an event, as a table.
pub(super) async fn event_csv(
    site: State<Site>,
    Path(slug): Path<String>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    export(site.0, (slug, None), Form::Csv, client, &headers).await
}

/// What is filed to a talk.
pub(super) async fn talk_ndjson(
    site: State<Site>,
    Path((slug, talk)): Path<(String, String)>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    export(site.0, (slug, Some(talk)), Form::Ndjson, client, &headers).await
}

/// What is filed to a talk, as a table.
pub(super) async fn talk_csv(
    site: State<Site>,
    Path((slug, talk)): Path<(String, String)>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    export(site.0, (slug, Some(talk)), Form::Csv, client, &headers).await
}

async fn export(
    site: Site,
    (slug, talk): (String, Option<String>),
    form: Form,
    client: Option<Extension<Client>>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let (scope, name) = match talk {
        None => (Scope::Event, slug.clone()),
        Some(talk) => {
            let id = TalkId(talk);
            if !event.fold().fold().talks.contains_key(&id) {
                return Err(Failure::NotFound);
            }
            (Scope::Talk(id.clone()), format!("{slug}-{id}"))
        }
    };
    let tag = tag(&site, &event, form).await?;
    if let Some(tag) = tag.as_deref().filter(|tag| is_known(headers, tag, None)) {
        return Ok(dressed(StatusCode::NOT_MODIFIED.into_response(), form, &name, Some(tag)));
    }
    // What costs nothing is not counted.
    site.limiter.admit(client, EXPORT_COST)?;
    let posts = super::shell::absolute(&site.settings, &format!("/{slug}/posts"));
    let export = Export { site, event, form, scope, posts };
    // The first page is read before the answer begins: an archive that is away still gets its own status.
    let (first, last) = export.next(None).await?;
    let first: Bytes = [form.head(), first].concat().into();
    let lines = stream::try_unfold((export, Some((first, last))), |(export, ready)| async move {
        let Some((bytes, last)) = ready else { return Ok::<_, io::Error>(None) };
        let following = match last {
            None => None,
            Some(page) => {
                // The client sees a broken transfer, never a short file that looks whole.
                let away = |_| io::Error::other("the archive went away");
                let (bytes, last) = export.next(Some(page)).await.map_err(away)?;
                Some((bytes.into(), last))
            }
        };
        Ok(Some((bytes, (export, following))))
    });
    Ok(dressed(Body::from_stream(lines).into_response(), form, &name, tag.as_deref()))
}

/// What names the whole export, counts included: the last entry that changed an item. None while the archive is behind it.
async fn tag(site: &Site, event: &EventLive, form: Form) -> Result<Option<String>, Failure> {
    let archived = site.archive_position(event).await?;
    let fold = event.fold();
    let (touched, position) = (fold.touched(), fold.position());
    let is_whole = |seq| touched > 0 && seq >= touched;
    let epoch = position.filter(|_| archived.is_some_and(|archived| is_whole(archived.seq)));
    let version = env!("CARGO_PKG_VERSION");
    Ok(epoch.map(|position| format!("W/\"{}.{touched}-{}-{version}\"", position.epoch, form.end())))
}

fn dressed(mut response: Response, form: Form, name: &str, tag: Option<&str>) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.kind()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let attachment = format!("attachment; filename=\"{name}.{}\"", form.end());
    if let Ok(attachment) = HeaderValue::from_str(&attachment) {
        headers.insert(header::CONTENT_DISPOSITION, attachment);
    }
    if let Some(tag) = tag {
        validators(headers, tag, None);
    }
    response
}

impl Export {
    /// One page of lines, and where the next one begins.
    async fn next(&self, after: Option<Page>) -> Result<(Vec<u8>, Option<Page>), Failure> {
        let Self { site, event, form, scope, posts } = self;
        site.archive_position(event).await?;
        let query = Query { after, ..Query::new(scope.clone()) };
        let rows = site.ask_archive(event, site.archive.items(event.eid, &query)).await?;
        let is_full = rows.len() >= archive::ITEMS_MAX as usize;
        let last = rows
            .last()
            .filter(|_| is_full)
            .and_then(|row| Some(Page { when: row.item.as_ref()?.when, id: row.id }));
        let rows = masked(event, rows);
        let fold = event.fold();
        let mut out = Vec::new();
        for row in rows.into_iter().filter_map(|row| as_filed_now(&fold, row, scope)) {
            form.write(&mut out, &row, &format!("{posts}/{}", row.id))?;
        }
        Ok((out, last))
    }
}
