//! What somebody who means harm, or has bad luck with caches, can do with the box: nothing to others.

use super::{super::stand::SLUG, Desk};
use axum::body::Body;
use chassis::{client_addr::AddrKey, http::Client};
use http::{Request, StatusCode};
use nozzle::intake::{Ask, Decide, Decision};
use std::net::{IpAddr, Ipv4Addr};

fn cookie(answer: &super::Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_who_were_given_one_page_by_a_cache_both_have_their_say() {
    let desk = Desk::new("open", "").await;
    let (ana, ben) = (desk.form(&[("text", "Hello.")], "").await, desk.form(&[("text", "Hello.")], "").await);
    let key = "0123456789abcdef0123456789abcdef";
    let fields = [("key", key), ("text", "Louder, please!")];
    let (one, other) = (desk.form(&fields, &cookie(&ana)).await, desk.form(&fields, &cookie(&ben)).await);
    assert_ne!(one.header("location"), other.header("location"));
    let again = desk.form(&fields, &cookie(&ben)).await;
    assert_eq!(again.header("location"), other.header("location"), "a second click is still the same post");
    assert_eq!(desk.shown().await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_from_a_crowded_address_keeps_the_words() {
    let desk = Desk::new("open", "").await;
    let ip = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    let send = |text: &'static str| {
        let request = Request::post(format!("/{SLUG}/posts"))
            .header("content-type", "application/x-www-form-urlencoded")
            .extension(Client { peer: (ip, 1).into(), ip, key: AddrKey::of(ip) });
        desk.send(request, text)
    };
    let refused = loop {
        let said = send("text=Kept%20words&name=Ana").await;
        if said.status != StatusCode::SEE_OTHER {
            break said;
        }
    };
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let page = refused.text();
    assert!(page.contains("your words are kept"), "{page}");
    assert!(page.contains("Kept words</textarea>") && page.contains("value=\"Ana\""), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_post_is_on_no_surface_and_a_hidden_one_leaves_them_all() {
    let desk = Desk::new("hold", "").await;
    let base = desk.serve(std::sync::Arc::default()).await;
    let answered = desk.form(&[("text", "Canary one."), ("name", "Canary")], "").await;
    assert_eq!(answered.status, StatusCode::SEE_OTHER);
    let [waiting] = &desk.held().await[..] else { panic!("one is held") };
    let id = waiting.id;
    let limit = std::time::Duration::from_secs(60);
    let client = reqwest::Client::builder().connect_timeout(limit).timeout(limit).build().expect("a client");
    let leaks = async || {
        let mut leaks = Vec::new();
        for path in [
            format!("/{SLUG}"),
            format!("/{SLUG}?show=all"),
            format!("/{SLUG}/posts/{id}"),
            format!("/{SLUG}/programme"),
            format!("/{SLUG}/about"),
            format!("/{SLUG}/talks/t1"),
            format!("/{SLUG}/export.ndjson"),
            format!("/api/v1/events/{SLUG}/items"),
            format!("/api/v1/events/{SLUG}/items?after=0"),
            format!("/live/{SLUG}/poll?after=0.0"),
            format!("/live/{SLUG}/chunk/0.json"),
        ] {
            let text = client
                .get(format!("{base}{path}"))
                .send()
                .await
                .expect("answered")
                .text()
                .await
                .expect("read");
            if text.contains("Canary") || text.contains(waiting.author.trim_start_matches("person:")) {
                leaks.push(path);
            }
        }
        leaks
    };
    assert_eq!(leaks().await, Vec::<String>::new());
    let decide = async |decision| desk.ask(Ask::Decide(Decide { id, decision, law: false })).await;
    decide(Decision::Show).await;
    until(async || leaks().await.len() >= 5).await;
    decide(Decision::Hide).await;
    until(async || leaks().await.is_empty()).await;
}

async fn until(holds: impl AsyncFn() -> bool) {
    let waits = async {
        while !holds().await {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), waits).await.expect("within a minute");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_never_markup_and_nobody_is_nameless() {
    let desk = Desk::new("open", "").await;
    let name = "\"><script>alert(1)</script>'";
    let said = desk.form(&[("text", "</textarea></script><script>alert(2)"), ("name", name)], "").await;
    let post = said.header("location").to_owned();
    let id = post.rsplit('/').next().expect("an id");
    let answer = desk.form(&[("text", "x"), ("reply_to", id), ("name", "\u{3164}")], "").await;
    for path in [format!("/{SLUG}"), post, answer.header("location").to_owned(), format!("/{SLUG}/programme")]
    {
        let page = desk.send(Request::get(&path), Body::empty()).await.text();
        assert!(!page.contains("<script>alert") && !page.contains("alert(1)</script>"), "{path}: {page}");
    }
    let page = desk.get(answer.header("location")).await.text();
    assert!(page.contains("Answer guest-"), "a name of fillers is none: {page}");
}
