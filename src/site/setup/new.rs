//! `/admin/new`: an event is made. Owners only. What is not asked here can be said later; the next page asks where posts come from.

use super::super::{
    Site,
    audit::What,
    door::Who,
    failure::Failure,
    post_box::random_key,
    shell::{Shell, absolute},
};
use super::{
    Act, Said, Sheet, basics, drawn,
    field::{Field, Line},
    form::{FORM_BYTES_MAX, Form, Wrong},
    hidden, order,
};
use axum::{
    Extension,
    body::Body,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use jiff::tz::TimeZone;
use model::{
    EventId,
    event::{EventFile, suggest_slug},
};
use nozzle::intake::{Ask, Order, Refusal};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::time::sleep;

/// How often, and how many times, we look whether the site has heard of the new event.
const HEARD_EVERY: Duration = Duration::from_millis(50);
const HEARD_TIMES: u32 = 100;

/// `GET /admin/new`.
pub(in crate::site) async fn show(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
) -> Result<Response, Failure> {
    let today = site.now().zoned(&TimeZone::UTC).date().to_string();
    // The browser knows better where somebody is, and its script says so.
    let zone = TimeZone::system().iana_name().unwrap_or("UTC").to_owned();
    let form = Form::of([("starts", today.clone()), ("ends", today), ("timezone", zone)]);
    draw(&site, &who, &form, &Wrong::default(), StatusCode::OK, Said::default())
}

/// `POST /admin/new`.
pub(in crate::site) async fn create(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    body: Body,
) -> Result<Response, Failure> {
    let mut form = Form::read(body, FORM_BYTES_MAX).await?;
    let (file, wrong) = file_of(&mut form, site.now().zoned(&TimeZone::UTC).year());
    if !wrong.is_empty() {
        let said = Said::wrong(wrong.summary());
        return draw(&site, &who, &form, &wrong, StatusCode::BAD_REQUEST, said);
    }
    let key = form.key("new");
    let order = Order {
        ask: Ask::Event(file.write()),
        key: key.clone(),
        actor: who.actor.clone(),
        is_dry_run: false,
    };
    // The event's id follows from what was sent, so that a repeated click makes no second event.
    let eid = EventId::from_random(u64::from_be_bytes(
        Sha256::digest(key.as_bytes())[..8].try_into().expect("eight bytes are eight bytes"),
    ));
    match site.intake.ask(eid, order).await {
        Ok(_) => {
            site.audit(&who, Some(eid), What::new("create", &file.slug, "Made the event."), None);
            heard(&site, &file.slug).await;
            Ok(Redirect::to(&format!("/admin/{}/sources/new?first=1", file.slug)).into_response())
        }
        Err(Refusal::Conflict { why, .. }) => {
            let mut wrong = Wrong::default();
            wrong.add("slug", format!("{} Choose another.", why.trim_end()));
            draw(&site, &who, &form, &wrong, StatusCode::CONFLICT, Said::wrong(wrong.summary()))
        }
        Err(refusal) => {
            let (status, words) = order::told(&refusal);
            draw(&site, &who, &form, &wrong, status, Said::wrong(words))
        }
    }
}

/// The event that the form describes, and what is wrong with it. An address that was left empty is suggested.
fn file_of(form: &mut Form, year: i16) -> (EventFile, Wrong) {
    let mut file: EventFile = toml::from_str("").expect("every key of an event.toml has a default");
    let mut wrong = Wrong::default();
    basics::fill(form, &mut file, &mut wrong);
    if !form.is("slug") && form.is("title") {
        form.set("slug", suggest_slug(form.get("title"), year));
    }
    form.get("slug").clone_into(&mut file.slug);
    if let Err(bad) = order::check(&file) {
        let fields: Vec<&str> = basics::FIELDS.into_iter().chain(["slug"]).collect();
        wrong.take(&bad, &fields);
    }
    (file, wrong)
}

/// Waits until the site follows the event, so that the next page is there.
async fn heard(site: &Site, slug: &str) {
    for _ in 0..HEARD_TIMES {
        if let Some(event) = site.events.find(slug).await {
            // One that takes longer says so itself.
            let _late = event.is_read().await;
            return;
        }
        sleep(HEARD_EVERY).await;
    }
}

fn draw(
    site: &Site,
    who: &Who,
    form: &Form,
    wrong: &Wrong,
    status: StatusCode,
    said: Said,
) -> Result<Response, Failure> {
    let mut section = basics::section(form, wrong);
    let before = absolute(&site.settings, "/");
    let before = before.split_once("://").map_or(before.as_str(), |(_, host)| host).to_owned();
    let slug = Line { kind: "text", placeholder: "rustfest", before, is_code: true, ..Line::default() };
    section.fields.insert(
        1,
        Field::line(form, wrong, "slug", "Address", slug)
            .hint("Suggested from the name. It can be changed later; old links then lead on."),
    );
    let key = form.said("key").unwrap_or_else(random_key);
    let sheet = Sheet {
        shell: Shell::plain("New event", ("setup", "Skip to the form")),
        step: Some("Step 1 of 2"),
        heading: "New event".to_owned(),
        lead: "All of it can be changed later, also while the event runs.".to_owned(),
        said,
        action: "/admin/new".to_owned(),
        hidden: hidden(who, &key),
        sections: vec![section],
        probed: None,
        acts: vec![Act { value: "create", words: "Create the event", busy: "Creating …", is_main: true }],
        ways: vec![("/admin".to_owned(), "Behind the scenes".to_owned())],
    };
    drawn(status, &sheet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_was_left_empty_is_suggested_and_one_that_was_typed_is_kept() {
        let mut form =
            Form::of([("title", "RustFest Zürich".to_owned()), ("starts", "2026-06-01".to_owned())]);
        let (file, wrong) = file_of(&mut form, 2026);
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!((file.slug.as_str(), form.get("slug")), ("rustfest-zurich", "rustfest-zurich"));
        form.set("slug", "admin");
        let (_, wrong) = file_of(&mut form, 2026);
        assert!(wrong.of("slug").is_some_and(|what| what.contains("choose another")), "{wrong:?}");
    }

    #[test]
    fn everything_that_is_wrong_stands_at_its_field() {
        let mut form = Form::of([
            ("title", String::new()),
            ("slug", "a b".to_owned()),
            ("starts", "soon".to_owned()),
            ("timezone", "Europe/Berln".to_owned()),
            ("hashtags", "#rust fest!".to_owned()),
        ]);
        let (_, wrong) = file_of(&mut form, 2026);
        for field in ["title", "slug", "starts", "timezone", "hashtags"] {
            assert!(wrong.of(field).is_some(), "{field}: {wrong:?}");
        }
        assert_eq!(wrong.of("place"), None);
    }
}
