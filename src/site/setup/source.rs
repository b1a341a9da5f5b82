//! `/admin/{event}/sources/new` and `/admin/{event}/sources/edit`: one source, its form, and the test that connects to it before anything
//! relies on it. Which fields a kind has, and what they become in event.toml: [`fields`].

mod fields;

use super::super::{
    Site,
    audit::What,
    door::Who,
    failure::Failure,
    follow::EventLive,
    post_box::random_key,
    shell::{Shell, in_path},
};
use super::{
    Act, Said, Sheet, drawn,
    field::{Section, compare, mark},
    form::{FORM_BYTES_MAX, Form, Wrong},
    hidden,
    kinds::{KINDS, Kind},
    order::{self, Done, Present},
    outbound, shell, ways,
};
use archive::people::Role;
use askama::Template;
use axum::{
    Extension,
    body::Body,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use model::event::{EventFile, SourceFile};
use nozzle::{
    intake::{Probe, Probed},
    sources::wrong_keys,
};
use serde::Deserialize;

/// What the pages are asked with.
#[derive(Debug, Default, Deserialize)]
pub(in crate::site) struct Asked {
    /// Of a new source.
    #[serde(default)]
    kind: String,
    /// Name of one that is there.
    #[serde(default)]
    source: String,
    /// On the way of a newcomer.
    #[serde(default)]
    first: String,
}

/// The kinds that there are.
#[derive(Template)]
#[template(path = "setup_kinds.html")]
struct Kinds {
    shell: Shell,
    slug: String,
    is_first: bool,
    has_hashtags: bool,
    kinds: &'static [Kind],
}

/// One page with its form.
struct Desk<'a> {
    event: &'a EventLive,
    who: &'a Who,
    kind: &'static Kind,
    /// The source that is there, if it is one.
    old: Option<&'a SourceFile>,
    is_first: bool,
    hashtags: &'a [String],
}

/// `GET /admin/{event}/sources/new`.
pub(in crate::site) async fn new(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    Extension(who): Extension<Who>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let present = order::read(&site, &event).await?;
    let is_first = !asked.first.is_empty();
    let Some(kind) = Kind::of(&asked.kind) else {
        let kinds = Kinds {
            shell: shell(&event, "New source"),
            slug,
            is_first,
            has_hashtags: !present.file.hashtags.is_empty(),
            kinds: &KINDS,
        };
        return drawn(StatusCode::OK, &kinds);
    };
    let desk = Desk { event: &event, who: &who, kind, old: None, is_first, hashtags: &present.file.hashtags };
    let form = fields::values(&SourceFile::new("", kind.kind), kind);
    desk.draw(&form, &Wrong::default(), None, StatusCode::OK, Said::default())
}

/// `GET /admin/{event}/sources/edit?source=NAME`.
pub(in crate::site) async fn change(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    Extension(who): Extension<Who>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let present = order::read(&site, &event).await?;
    let (old, kind) = known(&present, &asked.source)?;
    let desk = Desk {
        event: &event,
        who: &who,
        kind,
        old: Some(old),
        is_first: false,
        hashtags: &present.file.hashtags,
    };
    let form = fields::values(old, kind);
    desk.draw(&form, &Wrong::default(), None, StatusCode::OK, Said::default())
}

/// `POST /admin/{event}/sources/new`.
pub(in crate::site) async fn add(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Extension(who): Extension<Who>,
    body: Body,
) -> Result<Response, Failure> {
    let form = Form::read(body, FORM_BYTES_MAX).await?;
    let event = site.event(&slug).await?;
    let present = order::read(&site, &event).await?;
    let kind = Kind::of(form.get("kind")).ok_or(Failure::Bad("There is no such kind of source."))?;
    let is_first = form.is("first");
    let desk = Desk { event: &event, who: &who, kind, old: None, is_first, hashtags: &present.file.hashtags };
    desk.take(&site, &present, form).await
}

/// `POST /admin/{event}/sources/edit?source=NAME`.
pub(in crate::site) async fn save(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    Extension(who): Extension<Who>,
    body: Body,
) -> Result<Response, Failure> {
    let form = Form::read(body, FORM_BYTES_MAX).await?;
    let event = site.event(&slug).await?;
    let present = order::read(&site, &event).await?;
    let (old, kind) = known(&present, &asked.source)?;
    let desk = Desk {
        event: &event,
        who: &who,
        kind,
        old: Some(old),
        is_first: false,
        hashtags: &present.file.hashtags,
    };
    desk.take(&site, &present, form).await
}

/// The source of this name, if its kind is one that a browser sets up.
fn known<'p>(present: &'p Present, name: &str) -> Result<(&'p SourceFile, &'static Kind), Failure> {
    let old = present.file.sources.iter().find(|source| source.name == name).ok_or(Failure::NotFound)?;
    Kind::of(&old.kind).map(|kind| (old, kind)).ok_or(Failure::NotFound)
}

impl Desk<'_> {
    /// A form was sent: to be tried, or to be saved.
    async fn take(&self, site: &Site, present: &Present, form: Form) -> Result<Response, Failure> {
        if let Some(old) = self.old {
            let theirs = self.sections(&fields::values(old, self.kind), &Wrong::default());
            if form.get("was") != mark(&theirs) {
                return self.conflict(&form, &theirs);
            }
        }
        let (file, source, wrong) = self.changed(&present.file, &form);
        let wrong = self.checked(site, &file, &source, wrong).await;
        if !wrong.is_empty() {
            let said = Said::wrong(wrong.summary());
            return self.draw(&form, &wrong, None, StatusCode::BAD_REQUEST, said);
        }
        if form.get("do") == "test" {
            let probe = Probe { text: file.write(), source: source.name.clone() };
            return match site.intake.probe(self.event.eid, probe).await {
                Ok(probed) => self.draw(&form, &wrong, Some(probed), StatusCode::OK, Said::default()),
                Err(refusal) => {
                    let (status, words) = order::told(&refusal);
                    self.draw(&form, &wrong, None, status, Said::wrong(words))
                }
            };
        }
        self.apply(site, &form).await
    }

    async fn apply(&self, site: &Site, form: &Form) -> Result<Response, Failure> {
        let change = |file: &mut EventFile| {
            let (changed, source, wrong) = self.changed(file, form);
            *file = changed;
            let verb = if self.old.is_some() { "Changed" } else { "Added" };
            let what = || What::new("source", &source.name, format!("{verb} a source ({}).", source.kind));
            if wrong.is_empty() { Ok(what()) } else { Err(wrong) }
        };
        let key = form.key("source");
        let (status, wrong, words) = match order::change(site, self.event, (self.who, &key), change).await {
            Ok(Done::Yes | Done::Same) => {
                let done = if self.old.is_some() { "saved" } else { "added" };
                let first = if self.is_first { "&first=1" } else { "" };
                let slug = self.event.listed().slug;
                return Ok(Redirect::to(&format!("/admin/{slug}/sources?done={done}{first}")).into_response());
            }
            Ok(Done::Refused(refusal)) => {
                let (status, words) = order::told(&refusal);
                (status, Wrong::default(), words)
            }
            Err(wrong) => {
                let words = wrong.summary();
                (StatusCode::BAD_REQUEST, wrong, words)
            }
        };
        self.draw(form, &wrong, None, status, Said::wrong(words))
    }

    /// The event with the source as the form describes it.
    fn changed(&self, file: &EventFile, form: &Form) -> (EventFile, SourceFile, Wrong) {
        let mut file = file.clone();
        let at = self.old.and_then(|old| file.sources.iter().position(|source| source.name == old.name));
        let before = at.map_or_else(|| SourceFile::new("", self.kind.kind), |at| file.sources[at].clone());
        let others: Vec<&str> = file
            .sources
            .iter()
            .map(|source| source.name.as_str())
            .filter(|name| self.old.is_none_or(|old| *name != old.name))
            .collect();
        let (source, wrong) = fields::fill(form, self.kind, before, &others);
        match at {
            Some(at) => file.sources[at] = source.clone(),
            None => file.sources.push(source.clone()),
        }
        (file, source, wrong)
    }

    /// With everything that can be said of the source without asking it.
    async fn checked(&self, site: &Site, file: &EventFile, source: &SourceFile, mut wrong: Wrong) -> Wrong {
        for (key, what) in wrong_keys(source, file, &|_| None) {
            wrong.add(key, what);
        }
        let old = self.old;
        for (key, address, before) in [
            ("url", &source.url, old.and_then(|old| old.url.as_ref())),
            ("streaming_url", &source.streaming_url, old.and_then(|old| old.streaming_url.as_ref())),
            ("api_url", &source.api_url, old.and_then(|old| old.api_url.as_ref())),
        ] {
            if let Some(address) = address.as_ref().filter(|address| Some(*address) != before)
                && let Err(what) = outbound::allowed(site, address).await
            {
                wrong.add(key, what);
            }
        }
        if self.who.role < Role::Owner
            && let Some((key, what)) = fields::touches_secret(source, old)
        {
            wrong.add(key, what);
        }
        wrong
    }

    fn conflict(&self, form: &Form, theirs: &[Section]) -> Result<Response, Failure> {
        let mut typed = self.sections(form, &Wrong::default());
        compare(&mut typed, theirs);
        let words = "Somebody else has changed this source since you opened it. What they wrote stands beside what you typed; send it again if yours is right.";
        let sheet = self.sheet(form, typed, mark(theirs), None, Said::wrong(words));
        drawn(StatusCode::CONFLICT, &sheet)
    }

    fn sections(&self, form: &Form, wrong: &Wrong) -> Vec<Section> {
        fields::sections(form, wrong, self.kind, self.hashtags, self.who.role)
    }

    fn draw(
        &self,
        form: &Form,
        wrong: &Wrong,
        probed: Option<Probed>,
        status: StatusCode,
        said: Said,
    ) -> Result<Response, Failure> {
        let sections = self.sections(form, wrong);
        let was = match self.old {
            Some(old) => mark(&self.sections(&fields::values(old, self.kind), &Wrong::default())),
            None => String::new(),
        };
        drawn(status, &self.sheet(form, sections, was, probed, said))
    }

    fn sheet(
        &self,
        form: &Form,
        sections: Vec<Section>,
        was: String,
        probed: Option<Probed>,
        said: Said,
    ) -> Sheet {
        let slug = self.event.listed().slug;
        let mut hidden = hidden(self.who, &form.said("key").unwrap_or_else(random_key));
        let first = if self.is_first { "1" } else { "" };
        for (name, value) in [("was", was), ("kind", self.kind.kind.to_owned()), ("first", first.to_owned())]
        {
            hidden.push((name, value));
        }
        let action = match self.old {
            Some(old) => format!("/admin/{slug}/sources/edit?source={}", in_path(&old.name)),
            None => format!("/admin/{slug}/sources/new"),
        };
        let words = if self.old.is_some() { "Save" } else { "Add this source" };
        Sheet {
            shell: shell(self.event, self.kind.name),
            step: self.is_first.then_some("Step 2 of 2"),
            heading: self.old.map_or_else(|| self.kind.name.to_owned(), |old| old.name.clone()),
            lead: self.kind.about.to_owned(),
            said,
            action,
            hidden,
            sections,
            probed,
            acts: vec![
                Act { value: "test", words: "Test connection", busy: "Connecting …", is_main: false },
                Act { value: "save", words, busy: "Saving …", is_main: true },
            ],
            ways: vec![(format!("/admin/{slug}/sources"), "Sources".to_owned())]
                .into_iter()
                .chain(ways(&slug))
                .collect(),
        }
    }
}
