//! Which address is answered by which file.

use super::{
    Site, about_page, admin_page, api, app_icon, assets, audit, bodies, capability, catch_up, crawlers, door,
    embed, export,
    failure::{self, Failure},
    feeds,
    headers::Guard,
    home, legal_page, life, links_page, live_page, login, media, moderate, oembed, ops, page_cache, people,
    photos_page, post_box, post_page, programme, receipts, room_page, schedule_files, schedule_versions,
    search_page, setup, stage_page, talk_page, tray, wall, wall_desk,
};
use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    response::IntoResponse,
    routing::{get, post},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, CompressionLevel, DefaultPredicate, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
};

/// All routes of the site. Merge halley's beside it where both share a port.
pub(crate) fn router(site: &Site) -> Router {
    let guard = Guard::new(&site.settings);
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/favicon.ico", get(app_icon::favicon))
        .route("/robots.txt", get(crawlers::robots))
        .route("/sitemap.xml", get(crawlers::sitemap))
        .route("/login", get(login::login).post(login::send))
        .route("/logout", post(login::logout))
        .route("/join/{token}", get(login::join).post(login::joined))
        .route("/k/{token}", get(capability::open))
        .route("/static/{file}", get(assets::serve))
        .route("/media/{picture}", get(media::show))
        .route("/api", get(api::explained))
        .route("/{event}", get(live_page::show))
        .route("/{event}/items", get(live_page::items))
        .route("/{event}/life.json", get(life::state))
        .route("/{event}/about", get(about_page::show))
        .route("/{event}/privacy", get(legal_page::privacy))
        .route("/{event}/imprint", get(legal_page::imprint))
        .route("/{event}/app.webmanifest", get(app_icon::manifest))
        .route("/{event}/programme", get(programme::show))
        .route("/{event}/days/{date}", get(programme::day))
        .route("/{event}/schedule.json", get(schedule_files::json))
        .route("/{event}/schedule.xml", get(schedule_files::xml))
        .route("/{event}/schedule.ics", get(schedule_files::ics))
        .route("/{event}/schedule/changes", get(schedule_versions::all))
        .route("/{event}/schedule/changes.atom", get(schedule_versions::atom))
        .route("/{event}/schedule/v/{n}", get(schedule_versions::one))
        .route("/{event}/talks/{talk}", get(talk_page::show))
        .route("/{event}/talks/{talk}/cues.vtt", get(talk_page::cues))
        .route("/{event}/catch-up", get(catch_up::show))
        .route("/{event}/search", get(search_page::show))
        .route("/{event}/photos", get(photos_page::show))
        .route("/{event}/links", get(links_page::show))
        .route("/{event}/rooms/{room}", get(room_page::show))
        .route("/{event}/wall", get(wall::show))
        .route("/{event}/wall/seen", post(wall::seen))
        .route("/{event}/posts", get(post_box::show).post(post_box::send))
        .route("/{event}/posts/{id}", get(post_page::show))
        .route("/{event}/posts/{id}/delete", post(post_box::take_back))
        .route("/{event}/posts/{id}/report", post(moderate::report))
        .route("/oembed", get(oembed::show))
        .route("/{event}/feeds", get(embed::how))
        .route("/{event}/embed", get(embed::live))
        .route("/{event}/talks/{talk}/embed", get(embed::talk))
        .route("/{event}/posts/{id}/embed", get(embed::post))
        .route("/{event}/feed.atom", get(feeds::event))
        .route("/{event}/feed.rss", get(feeds::event))
        .route("/{event}/feed.json", get(feeds::event))
        .route("/{event}/search/feed.atom", get(feeds::search))
        .route("/{event}/search/feed.rss", get(feeds::search))
        .route("/{event}/search/feed.json", get(feeds::search))
        .route("/{event}/talks/{talk}/feed.atom", get(feeds::talk))
        .route("/{event}/talks/{talk}/feed.rss", get(feeds::talk))
        .route("/{event}/talks/{talk}/feed.json", get(feeds::talk))
        .route("/{event}/rooms/{room}/feed.atom", get(feeds::room))
        .route("/{event}/rooms/{room}/feed.rss", get(feeds::room))
        .route("/{event}/rooms/{room}/feed.json", get(feeds::room))
        .route("/{event}/export.ndjson", get(export::event_ndjson))
        .route("/{event}/export.csv", get(export::event_csv))
        .route("/{event}/talks/{talk}/export.ndjson", get(export::talk_ndjson))
        .route("/{event}/talks/{talk}/export.csv", get(export::talk_csv))
        .with_state(site.clone());
    let for_anybody = Router::new()
        .route("/api/v1/openapi.json", get(api::document))
        .route("/api/v1/events", get(api::events))
        .route("/api/v1/events/{event}", get(api::event))
        .route("/api/v1/events/{event}/items", get(api::items))
        .route("/api/v1/events/{event}/items/{id}", get(api::item))
        .route("/api/v1/events/{event}/items/{id}/answers", get(api::answers))
        .route("/api/v1/events/{event}/photos", get(api::photos))
        .route("/api/v1/events/{event}/links", get(api::links))
        .route("/api/v1/events/{event}/search", get(api::search))
        .route("/api/v1/events/{event}/now", get(stage_page::now))
        .route("/api/v1/events/{event}/talks", get(api::talks))
        .route("/api/v1/events/{event}/talks/{talk}", get(api::talk))
        .route("/api/v1/events/{event}/talks/{talk}/items", get(api::of_talk))
        .route("/api/v1/events/{event}/rooms", get(api::rooms))
        .route("/api/v1/events/{event}/rooms/{room}/items", get(api::of_room))
        .route("/api/v1/events/{event}/integrity", get(api::integrity))
        .with_state(site.clone())
        .layer(from_fn(api::open));
    // Behind the door, by what a route asks of whoever comes. A route is in one of these, whose name says who may use it.
    let for_insiders = Router::new()
        .route("/", get(admin_page::events))
        .fallback(door::nothing_here)
        .with_state(site.clone())
        .layer(from_fn_with_state(site.clone(), door::insiders));
    let for_persons = Router::new()
        .route("/me", get(people::me).post(people::change_password))
        .route("/first", get(login::first).post(login::become_first))
        .with_state(site.clone())
        .layer(from_fn(door::persons))
        .layer(from_fn_with_state(site.clone(), door::insiders));
    let for_stewards = Router::new()
        .route("/{event}", get(admin_page::event))
        .route("/{event}/file", get(tray::show).post(tray::press))
        .route("/{event}/stage", get(stage_page::show).post(stage_page::send))
        .route("/{event}/wall", get(wall_desk::show).post(wall_desk::send))
        .with_state(site.clone())
        .layer(from_fn_with_state(site.clone(), door::stewards));
    let for_moderators = Router::new()
        .route("/{event}/moderate", get(moderate::show).post(moderate::press))
        .route("/{event}/receipts", get(receipts::all))
        .route("/{event}/receipts/{id}", get(receipts::one))
        .with_state(site.clone())
        .layer(from_fn_with_state(site.clone(), door::moderators));
    let for_organisers = Router::new()
        .route("/{event}/audit", get(audit::of_event).post(audit::take_back))
        .route("/{event}/life", get(life::show).post(life::send))
        .route("/{event}/settings", get(setup::settings).post(setup::set_settings))
        .route("/{event}/sources", get(setup::sources).post(setup::press_sources))
        .route("/{event}/sources/new", get(setup::new_source).post(setup::add))
        .route("/{event}/sources/edit", get(setup::change).post(setup::save))
        .route("/{event}/schedule", get(setup::schedule).post(setup::import_schedule))
        .route("/{event}/rules", get(setup::rules).post(setup::set_rules))
        .with_state(site.clone())
        .layer(from_fn_with_state(site.clone(), door::organisers));
    let for_organising_persons = Router::new()
        .route("/{event}/people", get(people::of_event).post(people::at_event))
        .route("/{event}/links", get(capability::show).post(capability::send))
        .with_state(site.clone())
        .layer(from_fn(door::persons))
        .layer(from_fn_with_state(site.clone(), door::organisers));
    let for_owners = Router::new()
        .route("/{event}/delete", post(life::delete))
        .route("/audit", get(audit::of_site).post(audit::take_back))
        .route("/ops", get(ops::show).post(ops::press))
        .route("/ops/state.json", get(ops::told))
        .route("/ops/log/{process}", get(ops::log))
        .route("/new", get(setup::new_event).post(setup::create))
        .with_state(site.clone())
        .layer(from_fn_with_state(site.clone(), door::owners));
    let for_owning_persons = Router::new()
        .route("/people", get(people::of_site).post(people::at_site))
        .with_state(site.clone())
        .layer(from_fn(door::persons))
        .layer(from_fn_with_state(site.clone(), door::owners));
    let programs_of_stewards = Router::new()
        .route("/api/v1/events/{event}/file", post(tray::file))
        .route("/api/v1/events/{event}/unsorted", get(tray::unsorted))
        .route("/api/v1/events/{event}/stage", get(stage_page::told).post(stage_page::press))
        .route("/api/v1/events/{event}/wall", get(wall_desk::told).post(wall_desk::press))
        .with_state(site.clone())
        .layer(from_fn_with_state(site.clone(), door::stewards));
    let programs_of_moderators = Router::new()
        .route("/api/v1/events/{event}/moderate", get(moderate::told).post(moderate::decide))
        .route("/api/v1/events/{event}/receipts", get(receipts::told))
        .route("/api/v1/events/{event}/receipts/{id}", get(receipts::told_of))
        .with_state(site.clone())
        .layer(from_fn_with_state(site.clone(), door::moderators));
    let probes = chassis::ops::router("site", site.readiness.clone())
        .layer(from_fn_with_state(site.clone(), door::metrics_locked));
    Router::new()
        .merge(pages)
        .nest("/admin", for_insiders)
        .nest("/admin", for_persons)
        .nest("/admin", for_stewards)
        .nest("/admin", for_moderators)
        .nest("/admin", for_organisers)
        .nest("/admin", for_organising_persons)
        .nest("/admin", for_owners)
        .nest("/admin", for_owning_persons)
        .merge(for_anybody)
        .merge(programs_of_stewards)
        .merge(programs_of_moderators)
        .merge(probes)
        .fallback(|| async { Failure::NotFound })
        .layer(from_fn_with_state(site.clone(), life::lead_on))
        .layer(from_fn_with_state(site.clone(), failure::dress))
        .layer(from_fn_with_state(site.clone(), crawlers::tag))
        .layer(packing())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(bodies::bounded))
        .layer(from_fn(api::edge))
        .layer(from_fn(move |request, next| guard.clone().apply(request, next)))
        .layer(from_fn_with_state(site.clone(), page_cache::serve))
}

/// Packs what is sent as it is made: exports, failures, stewards' pages. Pages that are kept are packed by `page_cache`, static files by `assets`;
/// fonts and pictures are by their makers, and streams of events are held back by encoders.
fn packing() -> CompressionLayer<impl Predicate> {
    let is_worth_it =
        DefaultPredicate::new().and(SizeAbove::new(512)).and(NotForContentType::const_new("font/"));
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(is_worth_it)
}

/// A handler that panicked answers like any other failure of ours.
fn panicked(cause: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    let words =
        cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    Failure::ours(&std::io::Error::other(words.unwrap_or("a handler panicked").to_owned())).into_response()
}
