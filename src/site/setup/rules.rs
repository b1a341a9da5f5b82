//! `/admin/{event}/rules`: which posts wait for a moderator or are not shown at all. A list with how often each rule held, and a form for one
//! rule at a time; what a rule means is `model::event::RuleFile`.

use super::super::{
    Site,
    audit::What,
    door::Who,
    failure::Failure,
    follow::EventLive,
    post_box::random_key,
    shell::{Shell, in_path},
    view::time::Venue,
};
use super::{
    Act, Said, Sheet, drawn,
    field::{Section, compare, mark},
    form::{FORM_BYTES_MAX, Form, Wrong},
    hidden,
    order::{self, Done},
    shell, ways,
};
use askama::Template;
use axum::{
    Extension,
    body::Body,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use model::event::{EventFile, MINUTES, RuleAction, RuleFile};
use nozzle::intake::{Look, RuleHits};
use serde::Deserialize;

mod fields;

use fields::{rule_of, sections, values};

/// The fields, as event.toml names them.
const FIELDS: [&str; 11] = [
    "name",
    "action",
    "sources",
    "words",
    "links",
    "tags",
    "new_author",
    "languages",
    "copies",
    "minutes",
    "reports",
];

/// What the page is asked with.
#[derive(Debug, Default, Deserialize)]
pub(in crate::site) struct Asked {
    #[serde(default)]
    done: String,
    /// The rule to be changed.
    rule: Option<String>,
    /// A new one.
    #[serde(default)]
    new: String,
}

#[derive(Template)]
#[template(path = "setup_rules.html")]
struct Rules {
    shell: Shell,
    slug: String,
    said: Said,
    hidden: Vec<(&'static str, String)>,
    rules: Vec<Row>,
}

/// One rule.
struct Row {
    name: String,
    is_reject: bool,
    about: String,
    hits: String,
    href: String,
}

/// `GET /admin/{event}/rules`.
pub(in crate::site) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    Extension(who): Extension<Who>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let file = order::read(&site, &event).await?.file;
    if let Some(name) = &asked.rule {
        let rule = file.rules.iter().find(|rule| rule.name == *name).ok_or(Failure::NotFound)?;
        return draw(
            &event,
            &who,
            Some(rule),
            &values(rule),
            &Wrong::default(),
            StatusCode::OK,
            Said::default(),
        );
    }
    if !asked.new.is_empty() {
        let form = values(&RuleFile::default());
        return draw(&event, &who, None, &form, &Wrong::default(), StatusCode::OK, Said::default());
    }
    let said = match asked.done.as_str() {
        "saved" => "Saved. It holds for what comes from now on.",
        "removed" => "Removed. What it has held still waits for a moderator.",
        "same" => "That was so already; nothing had to change.",
        _ => "",
    };
    list(&site, &event, &who, &file, StatusCode::OK, Said::well(said)).await
}

/// `POST /admin/{event}/rules`: a rule is saved (`do=save`, `rule` names the one that is changed) or removed (`press=remove NAME`).
pub(in crate::site) async fn send(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Extension(who): Extension<Who>,
    body: Body,
) -> Result<Response, Failure> {
    let form = Form::read(body, FORM_BYTES_MAX).await?;
    let event = site.event(&slug).await?;
    if let Some(name) = form.get("press").strip_prefix("remove ") {
        return remove(&site, &event, &who, &form, name).await;
    }
    let file = order::read(&site, &event).await?.file;
    let old = form.said("rule").and_then(|name| file.rules.iter().find(|rule| rule.name == name));
    if let Some(old) = old {
        let theirs = sections(&values(old), &Wrong::default());
        if form.get("was") != mark(&theirs) {
            let mut typed = sections(&form, &Wrong::default());
            compare(&mut typed, &theirs);
            let words = "Somebody else has changed this rule since you opened it. What they wrote stands beside what you typed; send it again if yours is right.";
            let sheet = sheet(&event, &who, Some(old), typed, mark(&theirs), Said::wrong(words));
            return drawn(StatusCode::CONFLICT, &sheet);
        }
    }
    let change = |file: &mut EventFile| {
        let mut wrong = Wrong::default();
        let rule = rule_of(&form, &mut wrong);
        let said = What::new("rule", &rule.name, "Said what a rule holds for.");
        match old.and_then(|old| file.rules.iter().position(|known| known.name == old.name)) {
            Some(at) => file.rules[at] = rule,
            None => file.rules.push(rule),
        }
        if let Err(bad) = order::check(file) {
            wrong.take(&within_rules(bad), &FIELDS);
        }
        if wrong.is_empty() { Ok(said) } else { Err(wrong) }
    };
    let (status, wrong, words) = match order::change(&site, &event, (&who, &form.key("rule")), change).await {
        Ok(Done::Yes) => return Ok(back(&event, "saved")),
        Ok(Done::Same) => return Ok(back(&event, "same")),
        Ok(Done::Refused(refusal)) => {
            let (status, words) = order::told(&refusal);
            (status, Wrong::default(), words)
        }
        Err(wrong) => {
            let words = wrong.summary();
            (StatusCode::BAD_REQUEST, wrong, words)
        }
    };
    draw(&event, &who, old, &form, &wrong, status, Said::wrong(words))
}

async fn remove(
    site: &Site,
    event: &EventLive,
    who: &Who,
    form: &Form,
    name: &str,
) -> Result<Response, Failure> {
    let change = |file: &mut EventFile| -> Result<What, Wrong> {
        file.rules.retain(|rule| rule.name != name);
        Ok(What::new("rule", name, "Removed a rule."))
    };
    let (status, words) = match order::change(site, event, (who, &form.key("rule")), change).await {
        Ok(Done::Yes) => return Ok(back(event, "removed")),
        Ok(Done::Same) => return Ok(back(event, "same")),
        Ok(Done::Refused(refusal)) => order::told(&refusal),
        Err(wrong) => (StatusCode::BAD_REQUEST, wrong.summary()),
    };
    let file = order::read(site, event).await?.file;
    list(site, event, who, &file, status, Said::wrong(words)).await
}

fn back(event: &EventLive, done: &str) -> Response {
    Redirect::to(&format!("/admin/{}/rules?done={done}", event.listed().slug)).into_response()
}

/// Problems of rules begin with `rule: `, which no field is called.
fn within_rules(mut bad: model::event::BadEvent) -> model::event::BadEvent {
    for problem in &mut bad.0 {
        if let Some(what) = problem.what.strip_prefix("rule: ") {
            problem.what = what.to_owned();
        }
    }
    bad
}

/// What a rule is for, in a line.
fn about(rule: &RuleFile) -> String {
    let mut parts = Vec::new();
    let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    if !rule.words.is_empty() {
        parts.push(count(rule.words.len(), "word or phrase", "words and phrases"));
    }
    if !rule.links.is_empty() {
        parts.push(count(rule.links.len(), "link", "links"));
    }
    parts.extend(rule.tags.map(|n| format!("more than {}", count(n as usize, "hashtag", "hashtags"))));
    parts.extend(rule.new_author.map(|n| match n {
        1 => "the first post of each author".to_owned(),
        n => format!("the first {n} posts of each author"),
    }));
    parts.extend(rule.copies.map(|n| {
        format!(
            "a link in more than {} within {} min",
            count(n as usize, "post", "posts"),
            rule.minutes.unwrap_or(MINUTES)
        )
    }));
    if !rule.languages.is_empty() {
        parts.push(format!("not in {}", rule.languages.join(", ")));
    }
    parts.extend(
        rule.reports.map(|n| format!("more than {} by readers", count(n as usize, "report", "reports"))),
    );
    let of = rule.sources.as_ref().map(|names| format!(" (only {})", names.join(", "))).unwrap_or_default();
    format!("{}{of}", parts.join(", and "))
}

async fn list(
    site: &Site,
    event: &EventLive,
    who: &Who,
    file: &EventFile,
    status: StatusCode,
    said: Said,
) -> Result<Response, Failure> {
    let look = Look { max: Some(1), ..Look::default() };
    let hits = site.intake.bench(event.eid, look).await.map(|bench| bench.rules).unwrap_or_default();
    let venue = Venue::of(event.fold().fold().event.as_ref());
    let slug = event.listed().slug;
    let row = |rule: &RuleFile| Row {
        name: rule.name.clone(),
        is_reject: rule.action == RuleAction::Reject,
        about: about(rule),
        hits: told(hits.iter().find(|hit| hit.name == rule.name), &venue),
        href: format!("/admin/{slug}/rules?rule={}", in_path(&rule.name)),
    };
    let rules = file.rules.iter().map(row).collect();
    let page = Rules { shell: shell(event, "Rules"), said, hidden: hidden(who, &random_key()), rules, slug };
    drawn(status, &page)
}

/// "Held 12 times, last at 15:42".
fn told(hits: Option<&RuleHits>, venue: &Venue) -> String {
    match hits {
        None | Some(RuleHits { times: 0, .. }) => "Has not held yet.".to_owned(),
        Some(hits) => {
            let times = if hits.times == 1 { "once".to_owned() } else { format!("{} times", hits.times) };
            let last = hits.last.map(|at| format!(", last at {}", venue.hhmm(at))).unwrap_or_default();
            format!("Held {times}{last}.")
        }
    }
}

fn draw(
    event: &EventLive,
    who: &Who,
    old: Option<&RuleFile>,
    form: &Form,
    wrong: &Wrong,
    status: StatusCode,
    said: Said,
) -> Result<Response, Failure> {
    let was = old.map_or_else(String::new, |old| mark(&sections(&values(old), &Wrong::default())));
    drawn(status, &sheet(event, who, old, sections(form, wrong), was, said))
}

fn sheet(
    event: &EventLive,
    who: &Who,
    old: Option<&RuleFile>,
    sections: Vec<Section>,
    was: String,
    said: Said,
) -> Sheet {
    let slug = event.listed().slug;
    let mut hidden = hidden(who, &random_key());
    hidden.push(("was", was));
    hidden.push(("rule", old.map_or_else(String::new, |old| old.name.clone())));
    Sheet {
        shell: shell(event, "Rule"),
        step: None,
        heading: old.map_or_else(|| "New rule".to_owned(), |old| old.name.clone()),
        lead: String::new(),
        said,
        action: format!("/admin/{slug}/rules"),
        hidden,
        sections,
        probed: None,
        acts: vec![Act { value: "save", words: "Save", busy: "Saving …", is_main: true }],
        ways: vec![(format!("/admin/{slug}/rules"), "Rules".to_owned())]
            .into_iter()
            .chain(ways(&slug))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = include_str!("../../../crates/model/src/event/write/all.toml");

    #[test]
    fn a_form_that_nobody_touched_changes_no_rule() {
        for rule in EventFile::parse(ALL).unwrap().rules {
            let mut wrong = Wrong::default();
            assert_eq!(rule_of(&values(&rule), &mut wrong), rule);
            assert!(wrong.is_empty() && !about(&rule).is_empty());
        }
    }

    #[test]
    fn what_is_wrong_with_a_rule_stands_at_its_field() {
        let mut file = EventFile::parse(ALL).unwrap();
        let form = Form::of([
            ("name", "insults".to_owned()),
            ("links", "no host!".to_owned()),
            ("tags", "many".to_owned()),
        ]);
        let mut wrong = Wrong::default();
        file.rules.push(rule_of(&form, &mut wrong));
        wrong.take(&within_rules(order::check(&file).unwrap_err()), &FIELDS);
        for field in ["name", "links", "tags"] {
            assert!(wrong.of(field).is_some(), "{field}: {wrong:?}");
        }
    }
}
