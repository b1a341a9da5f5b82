//! Which address is answered by which file.

use super::{
    Site, about_page, admin_page, api, assets, door, export, failure::Failure, headers::Guard, home,
    live_page, media, post_box, post_page, programme, room_page, schedule_files, schedule_versions,
    stage_page, talk_page, tray,
};
use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    response::IntoResponse,
    routing::{get, post},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, CompressionLevel},
};

/// All routes of the site. Merge halley's beside it where both share a port.
pub(crate) fn router(site: &Site) -> Router {
    let guard = Guard::new(&site.settings);
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/login", get(door::login).post(door::unlock))
        .route("/static/{file}", get(assets::serve))
        .route("/media/{picture}", get(media::show))
        .route("/api/v1/events", get(api::events))
        .route("/api/v1/events/{event}/items", get(api::items))
        .route("/api/v1/events/{event}/now", get(stage_page::now))
        .route("/api/v1/events/{event}/talks", get(api::talks))
        .route("/api/v1/events/{event}/talks/{talk}", get(api::talk))
        .route("/{event}", get(live_page::show))
        .route("/{event}/about", get(about_page::show))
        .route("/{event}/programme", get(programme::show))
        .route("/{event}/days/{date}", get(programme::day))
        .route("/{event}/schedule.json", get(schedule_files::json))
        .route("/{event}/schedule.xml", get(schedule_files::xml))
        .route("/{event}/schedule.ics", get(schedule_files::ics))
        .route("/{event}/schedule/changes", get(schedule_versions::all))
        .route("/{event}/schedule/changes.atom", get(schedule_versions::atom))
        .route("/{event}/schedule/v/{n}", get(schedule_versions::one))
        .route("/{event}/talks/{talk}", get(talk_page::show))
        .route("/{event}/rooms/{room}", get(room_page::show))
        .route("/{event}/posts", get(post_box::show).post(post_box::send))
        .route("/{event}/posts/{id}", get(post_page::show))
        .route("/{event}/posts/{id}/delete", post(post_box::take_back))
        .route("/{event}/export.ndjson", get(export::show))
        .with_state(site.clone());
    let behind = Router::new()
        .route("/", get(admin_page::events))
        .route("/{event}", get(admin_page::event))
        .route("/{event}/file", get(tray::show).post(tray::press))
        .route("/{event}/stage", get(stage_page::show).post(stage_page::send))
        .fallback(door::nothing_here)
        .with_state(site.clone())
        .layer(from_fn_with_state(site.clone(), door::keyholders));
    let for_programs = Router::new()
        .route("/api/v1/events/{event}/file", post(tray::file))
        .route("/api/v1/events/{event}/unsorted", get(tray::unsorted))
        .route("/api/v1/events/{event}/stage", get(stage_page::told).post(stage_page::press))
        .with_state(site.clone())
        .layer(from_fn_with_state(site.clone(), door::keyholders_json));
    let ops = chassis::ops::router("site", site.readiness.clone())
        .layer(from_fn_with_state(site.clone(), door::metrics_locked));
    Router::new()
        .merge(pages)
        .nest("/admin", behind)
        .merge(for_programs)
        .merge(ops)
        .fallback(|| async { Failure::NotFound })
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(move |request, next| guard.clone().apply(request, next)))
}

/// A handler that panicked answers like any other failure of ours.
fn panicked(cause: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    let words =
        cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    Failure::ours(&std::io::Error::other(words.unwrap_or("a handler panicked").to_owned())).into_response()
}
