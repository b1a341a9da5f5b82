//! What another site's page can have a signed-in browser send: nothing of it is done.

use super::{Browser, OURS, PASSWORD, invited, owned};
use crate::site::tests::stand::Stand;
use axum::body::Body;
use http::{Method, Request, StatusCode, header};

const FORM: &str = "application/x-www-form-urlencoded";

/// One request with the browser's cookies, and whatever else.
async fn send(
    browser: &Browser<'_>,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> StatusCode {
    let mut request = Request::builder().method(method).uri(path).header(header::COOKIE, browser.cookie());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    browser.stand.ask(request.body(Body::from(body.to_owned())).unwrap()).await.status
}

#[tokio::test]
async fn a_cross_site_form_a_get_and_a_text_plain_trick_change_nothing() {
    let stand = Stand::new().await;
    let mut ada = owned(&stand).await;
    invited(&mut ada, "/admin/people", "mo", "moderator").await;
    let token = crate::site::door::form_token(ada.named("session").unwrap());
    let mut reader = Browser { stand: &stand, cookies: ada.cookies.clone() };
    let invite = "act=invite&login=mallory&role=owner";
    let signed = format!("{invite}&form_token={token}");
    let post = async |headers: &[(&str, &str)], body: &str| {
        send(&ada, Method::POST, "/admin/people", headers, body).await
    };
    let (ours, kind) = (("origin", OURS), ("content-type", FORM));
    // The form of another site: with and without a token that it cannot know.
    for elsewhere in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("referer", "https://evil.example/page"),
    ] {
        assert_eq!(post(&[elsewhere, kind], &signed).await, StatusCode::FORBIDDEN, "{elsewhere:?}");
    }
    // A browser that says nothing of where the request was made: the token is missing, old, or somebody else's.
    let other = crate::site::door::form_token(&"0".repeat(64));
    for body in [invite.to_owned(), format!("{invite}&form_token="), format!("{invite}&form_token={other}")] {
        assert_eq!(post(&[kind], &body).await, StatusCode::FORBIDDEN, "{body}");
        assert_eq!(post(&[ours, kind], &body).await, StatusCode::FORBIDDEN, "{body}");
    }
    // What a form can be told to send instead, and no kind at all.
    for odd in ["text/plain", "multipart/form-data; boundary=x", "text/plain; application/json", ""] {
        assert_eq!(post(&[ours, ("content-type", odd)], &signed).await, StatusCode::FORBIDDEN, "{odd}");
    }
    for method in [Method::GET, Method::HEAD] {
        let path = format!("/admin/people?{signed}");
        assert_eq!(send(&ada, method, &path, &[], "").await, StatusCode::OK, "it is only read");
    }
    let list = reader.get("/admin/people").await.text();
    assert!(list.contains(">mo<") && !list.contains("mallory"), "nothing of it was done");
    assert_eq!(post(&[ours, kind], &signed).await, StatusCode::OK, "its own page may");
    assert!(reader.get("/admin/people").await.text().contains("mallory"));
}

#[tokio::test]
async fn json_is_taken_from_our_own_pages_and_a_form_dressed_as_json_is_not() {
    let stand = Stand::new().await;
    let ada = owned(&stand).await;
    let path = "/api/v1/events/rustfest/stage";
    let body = r#"{"room":"main-hall","talk":null}"#;
    let post = async |headers: &[(&str, &str)]| send(&ada, Method::POST, path, headers, body).await;
    for kind in ["text/plain", FORM, "", "application/jsonx"] {
        assert_eq!(post(&[("origin", OURS), ("content-type", kind)]).await, StatusCode::FORBIDDEN, "{kind}");
    }
    let json = ("content-type", "application/json");
    assert_eq!(post(&[("origin", "https://evil.example"), json]).await, StatusCode::FORBIDDEN);
    // This stand has no nozzle with the event: whatever it says, it was asked.
    assert_ne!(post(&[("origin", OURS), json]).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn signing_in_and_out_and_joining_are_not_another_sites_to_press() {
    let stand = Stand::new().await;
    let mut ada = owned(&stand).await;
    let evil = [("origin", "https://evil.example"), ("content-type", FORM)];
    let body = format!("name=ada&password={}", PASSWORD.replace(' ', "+"));
    assert_eq!(send(&ada, Method::POST, "/login", &evil, &body).await, StatusCode::FORBIDDEN);
    let token = crate::site::door::form_token(ada.named("session").unwrap());
    for (headers, body) in [
        (&evil[..], format!("form_token={token}")),
        (&[("origin", OURS), ("content-type", FORM)][..], String::new()),
    ] {
        assert_eq!(send(&ada, Method::POST, "/logout", headers, &body).await, StatusCode::FORBIDDEN);
    }
    assert_eq!(ada.get("/admin/me").await.status, StatusCode::OK, "nobody was signed out");
    let link = super::link_in(
        &ada.post("/admin/people", &[("act", "invite"), ("login", "mo"), ("role", "steward")]).await,
    );
    assert_eq!(
        send(&ada, Method::POST, &link, &evil, "password=six+green+lamps").await,
        StatusCode::FORBIDDEN
    );
    let opened = stand.get(&link).await;
    assert_eq!((opened.status, opened.header("referrer-policy")), (StatusCode::OK, "same-origin"));
}
