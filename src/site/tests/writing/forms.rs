//! The box without a script: plain forms, redirects, errors that keep the words; and whoever sends something else.

use super::{super::stand::SLUG, Desk};
use axum::body::Body;
use http::{Request, StatusCode};
use model::event::Onsite;
use nozzle::intake::{Ask, Decide, Decision, SetLimit};

/// The value of a hidden field of the page.
fn hidden(page: &str, name: &str) -> String {
    let from = page.split(&format!("name=\"{name}\" value=\"")).nth(1).expect("the field is there");
    from.split('"').next().expect("it ends").to_owned()
}

fn cookie(answer: &super::Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_leads_to_its_post_and_a_second_click_to_the_same() {
    let desk = Desk::new("open", "").await;
    let page = desk.get(&format!("/{SLUG}")).await.text();
    let key = hidden(&page, "key");
    let fields = [
        ("key", key.as_str()),
        ("name", "Ana"),
        ("text", "Sockets\r\nunder <b>the</b> seats."),
        ("room", "main-hall"),
    ];
    let (one, other) = tokio::join!(desk.form(&fields, ""), desk.form(&fields, ""));
    assert_eq!((one.status, other.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    let to = one.header("location").to_owned();
    assert_eq!(to, other.header("location"), "one post");
    assert_eq!(one.header("cache-control"), "no-store");
    let post = desk.get(&to).await;
    assert_eq!(post.status, StatusCode::OK, "it is there when the browser asks for it");
    let text = post.text();
    assert!(text.contains("Sockets<br>under &#60;b&#62;the&#60;/b&#62; seats."), "{text}");
    let filed = "Filed to <a href=\"/rustfest/talks/t1\" dir=\"auto\">Forms that forgive</a>, Main hall, automatically, ";
    assert!(text.contains(filed), "{text}");
    assert!(!text.contains("class=\"count\"") && !text.contains("Original"), "{text}");
    assert_eq!(desk.shown().await, 1);
    // The browser went back to the page that it had kept, and wrote something else.
    let again = desk.form(&[("key", key.as_str()), ("text", "Another thing.")], &cookie(&one)).await;
    assert_ne!(again.header("location"), to);
    assert_eq!(desk.shown().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_talks_page_and_a_post_file_what_is_written_there() {
    let desk = Desk::new("open", "").await;
    let live = desk.get(&format!("/{SLUG}/programme")).await.text();
    let talk =
        live.split("/talks/").nth(1).and_then(|rest| rest.split('"').next()).expect("a talk").to_owned();
    let page = desk.get(&format!("/{SLUG}/talks/{talk}")).await.text();
    assert_eq!(hidden(&page, "talk"), talk);
    let said = desk.form(&[("talk", &talk), ("text", "About this one.")], "").await;
    let post = said.header("location").to_owned();
    let text = desk.get(&post).await.text();
    assert!(text.contains("Written on this talk’s page."), "{text}");
    let id = hidden(&text, "reply_to");
    let answer = desk.form(&[("reply_to", &id), ("name", "Ben"), ("text", "I agree.")], "").await;
    let text = desk.get(answer.header("location")).await.text();
    assert!(text.contains("About this one."), "what it answers stands above: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_comes_back_with_the_words_kept() {
    let desk = Desk::new("open", "[onsite_limits]\nburst = 1\nper_minute = 3\n").await;
    let long = "x".repeat(2001);
    for (fields, status, want) in [
        (&[("text", long.as_str()), ("name", "Ana")][..], 400, "2000 characters; this one has 2001"),
        (&[("text", " \n "), ("name", "Ana")], 400, "write some words"),
        (&[("name", "Ana")], 400, "write some words"),
        (&[("text", "kept words"), ("name", &long)], 400, "60 characters"),
        (&[("text", "kept words"), ("talk", "t99")], 404, "no talk t99"),
        (&[("text", "kept words"), ("room", "attic")], 404, "no room"),
        (&[("text", "kept words"), ("reply_to", "<script>")], 400, "does not exist"),
    ] {
        let said = desk.form(fields, "").await;
        let page = said.text();
        assert_eq!(said.status.as_u16(), status, "{fields:.60?}");
        assert!(page.contains(want) && page.contains("Not posted yet"), "{want}: {page}");
        assert!(!page.contains("kept words") || page.contains("kept words</textarea>"), "{page}");
        assert!(!page.contains("<script>alert") && !page.contains("\"<script"), "{page}");
        assert_eq!(said.header("set-cookie"), "", "nobody becomes somebody by what is not taken");
    }
    let first = desk.form(&[("text", "one")], "").await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let second = desk.form(&[("text", "two <kept>"), ("name", "A\"na")], &cookie(&first)).await;
    assert_eq!((second.status.as_u16(), second.header("retry-after")), (429, "20"));
    let page = second.text();
    assert!(page.contains("You can write again in 20 s; your words are kept."), "{page}");
    assert!(page.contains("two &#60;kept&#62;</textarea>") && page.contains("value=\"A&#34;na\""), "{page}");
    assert_eq!(desk.shown().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_forms_are_turned_away_whatever_they_are() {
    let desk = Desk::new("open", "").await;
    let path = format!("/{SLUG}/posts");
    let post = |kind: &'static str, headers: &[(&'static str, &'static str)]| {
        let request = Request::post(&path).header("content-type", kind);
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    let form = "application/x-www-form-urlencoded";
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8080")],
    ] {
        let said = desk.send(post(form, headers), "text=forged").await;
        assert_eq!(said.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert!(said.text().contains("sent from another site"), "{headers:?}");
    }
    let large = desk.send(post(form, &[]), format!("text={}", "x".repeat(1 << 20))).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let json =
        desk.send(post("application/json", &[("accept", "application/json")]), "{\"text\":\"x\"}").await;
    assert_eq!(json.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(json.text().starts_with("{\"error\":\"not_a_form\""), "{}", json.text());
    let bytes =
        desk.send(post(form, &[]), &b"text=\xff\xfe%ff%00%e2%80%ae&name=%e2%80%aeevil&key=../../x"[..]).await;
    assert_eq!(bytes.status, StatusCode::SEE_OTHER, "{}", bytes.text());
    let shown = desk.get(bytes.header("location")).await.text();
    assert!(!shown.contains('\u{202e}') && !shown.contains('\0'), "controls never come out again");
    let unknown = desk.send(Request::post("/nobody/posts").header("content-type", form), "text=x").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(desk.shown().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_may_write_there_is_no_box() {
    let desk = Desk::new("off", "").await;
    for path in [format!("/{SLUG}"), format!("/{SLUG}/talks/t1")] {
        assert!(!desk.get(&path).await.text().contains("id=\"compose\""), "{path}");
    }
    let page = desk.get(&format!("/{SLUG}/posts")).await;
    assert!(page.status == StatusCode::OK && page.text().contains("switched off"), "{}", page.text());
    let said = desk.form(&[("text", "hello?")], "").await;
    assert!(said.status == StatusCode::CONFLICT && said.text().contains("switched off"), "{}", said.text());
    assert_eq!(Onsite::default(), Onsite::Off);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_post_waits_for_its_moderator_and_is_then_on_the_page() {
    let desk = Desk::new("hold", "").await;
    let said = desk.form(&[("text", "Let me in."), ("name", "Ana")], "").await;
    assert_eq!(said.header("location"), format!("/{SLUG}?wrote=held"));
    let page = desk.get(said.header("location")).await.text();
    assert!(page.contains("waits for a moderator") && !page.contains("Let me in."), "{page}");
    let [waiting] = &desk.held().await[..] else { panic!("one is held") };
    assert_eq!((waiting.text.as_str(), waiting.name.as_str()), ("Let me in.", "Ana"));
    let post = format!("/{SLUG}/posts/{}", waiting.id);
    assert_eq!(desk.get(&post).await.status, StatusCode::NOT_FOUND);
    desk.ask(Ask::Decide(Decide { id: waiting.id, decision: Decision::Show, law: false })).await;
    while desk.get(&post).await.status != StatusCode::OK {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(desk.get(&format!("/{SLUG}")).await.text().contains("Let me in."));
    let barred = SetLimit { person: waiting.author.clone(), burst: Some(0), per_minute: None };
    desk.ask(Ask::Limit(barred)).await;
    let again = desk.form(&[("text", "Me again.")], &cookie(&said)).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert!(again.text().contains("Me again.</textarea>"), "{}", again.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn its_writer_alone_takes_a_post_back() {
    let desk = Desk::new("open", "").await;
    let said = desk.form(&[("text", "Something rash.")], "").await;
    let (post, mine) = (said.header("location").to_owned(), cookie(&said));
    assert!(mine.starts_with("writer=") && said.header("set-cookie").contains("HttpOnly"), "{mine}");
    let with = |cookie: &str| Request::get(&post).header("cookie", cookie);
    let own = desk.send(with(&mine), Body::empty()).await;
    assert!(own.text().contains("Take it back") && own.header("cache-control").contains("private"));
    let others = desk.send(with("writer=00112233445566778899aabbccddeeff"), Body::empty()).await;
    assert!(!others.text().contains("Take it back"));
    assert!(!others.text().contains(mine.split('=').nth(1).unwrap()), "the secret is in no page");
    let delete = |cookie: &str, origin: &str| {
        let request = Request::post(format!("{post}/delete")).header("cookie", cookie);
        desk.send(request.header("origin", origin), Body::empty())
    };
    let ours = "http://127.0.0.1:8080";
    let forged = delete(&mine, "https://evil.example").await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert!(forged.text().contains("nothing was taken back"), "{}", forged.text());
    let stranger = delete("", ours).await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN);
    let page = stranger.text();
    assert!(page.contains("<h1>Not taken back</h1>") && page.contains(&format!("href=\"{post}\"")), "{page}");
    let other = "writer=00112233445566778899aabbccddeeff";
    assert_eq!(delete(other, ours).await.status, StatusCode::FORBIDDEN);
    assert_eq!(delete(&mine, ours).await.status, StatusCode::SEE_OTHER);
    while desk.get(&post).await.status != StatusCode::GONE {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let gone = desk.get(&post).await.text();
    assert!(gone.contains("removed by its author") && !gone.contains("rash"), "{gone}");
}
