//! The moderators' queue: by forms without a script, by API, by readers' reports, and in Chromium by keys. The nozzle behind it is a real one.

mod browser;
mod forms;
mod programs;

use super::{
    stand::{Answer, OWNER_KEY, SLUG},
    writing::Desk,
};
use http::{Request, StatusCode};
use nozzle::intake::{Ask, Say};
use serde_json::Value;

pub(super) const API: &str = "/api/v1/events/rustfest/moderate";
pub(super) const PAGE: &str = "/admin/rustfest/moderate";
/// The rules of the event of these tests.
pub(super) const RULES: &str = "[[rule]]\nname = \"casinos\"\nwords = [\"casino\"]\n";

pub(super) async fn desk(onsite: &str) -> Desk {
    Desk::new(onsite, RULES).await
}

/// Somebody writes these words on the page; the post's id.
pub(super) async fn say(desk: &Desk, who: &str, words: &str) -> String {
    let say =
        Say { text: words.into(), name: format!("Guest {who}"), reply_to: None, talk: None, room: None };
    desk.ask_as("person", who, Ask::Say(say)).await.id.expect("a post has an id")
}

/// The owner, as a browser that has opened the owner's link.
pub(super) fn owner(request: http::request::Builder) -> http::request::Builder {
    request.header("cookie", format!("owner={OWNER_KEY}")).header("origin", "http://127.0.0.1:8080")
}

pub(super) async fn bench(desk: &Desk, query: &str) -> Value {
    let answer = desk.send(owner(Request::get(format!("{API}{query}"))), "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
    serde_json::from_slice(&answer.body).expect("JSON")
}

pub(super) fn ids(bench: &Value) -> Vec<String> {
    let cases = bench["cases"].as_array().expect("cases");
    cases.iter().map(|case| case["id"].as_str().expect("an id").to_owned()).collect()
}

/// A reader's report of a post, as a browser without a script sends it.
pub(super) async fn report(desk: &Desk, id: &str, reason: &str, cookie: &str, origin: &str) -> Answer {
    let request = Request::post(format!("/{SLUG}/posts/{id}/report"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", origin)
        .header("cookie", cookie);
    desk.send(request, format!("reason={reason}")).await
}
