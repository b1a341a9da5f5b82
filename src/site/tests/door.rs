//! The door: who comes in, with what, and what a stranger's page, a copied cookie and a thousand guesses get.

mod forged;
mod guesses;
mod people;

use super::stand::{Answer, OWNER_KEY, Stand};
use axum::body::Body;
use http::{HeaderValue, Request, StatusCode, header};

/// The site's own address.
const OURS: &str = "http://127.0.0.1:8080";
const PASSWORD: &str = "three old bicycles";

/// A browser: it keeps its cookies, sends them everywhere, and its forms' tokens with them.
struct Browser<'a> {
    stand: &'a Stand,
    cookies: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    fn new(stand: &'a Stand) -> Self {
        Self { stand, cookies: Vec::new() }
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn named(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    async fn get(&mut self, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, self.cookie());
        let answer = self.stand.ask(request.body(Body::empty()).unwrap()).await;
        self.keep(&answer);
        answer
    }

    /// Sends a form as the browser that drew it would: with the token of the page.
    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let secret = self.named("session").or_else(|| self.named("owner"));
        let token = secret.map(crate::site::door::form_token).unwrap_or_default();
        self.post_with(path, fields, &token).await
    }

    async fn post_with(&mut self, path: &str, fields: &[(&str, &str)], token: &str) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        if !token.is_empty() {
            body.append_pair("form_token", token);
        }
        let request = Request::post(path)
            .header(header::COOKIE, self.cookie())
            .header(header::ORIGIN, OURS)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body.finish()))
            .unwrap();
        let answer = self.stand.ask(request).await;
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Answer) {
        for line in answer
            .headers
            .get_all(header::SET_COOKIE)
            .iter()
            .filter_map(|line: &HeaderValue| line.to_str().ok())
        {
            let (name, value) =
                line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    async fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        self.post("/login", &[("name", name), ("password", password)]).await
    }
}

/// A site that Ada owns, and Ada's browser.
async fn owned(stand: &Stand) -> Browser<'_> {
    let mut ada = Browser::new(stand);
    assert_eq!(ada.get(&format!("/login?token={OWNER_KEY}")).await.status, StatusCode::SEE_OTHER);
    assert!(ada.get("/login").await.text().contains("You hold the key"));
    let made = ada.post("/admin/first", &[("login", "Ada"), ("name", "Ada L"), ("password", PASSWORD)]).await;
    assert_eq!((made.status, made.header("location")), (StatusCode::SEE_OTHER, "/admin"), "{}", made.text());
    ada
}

/// Invites somebody and has them choose [`PASSWORD`]; their browser, signed in.
async fn invited<'a>(boss: &mut Browser<'a>, page: &str, login: &str, role: &str) -> Browser<'a> {
    let fields = [("act", "invite"), ("login", login), ("name", ""), ("role", role)];
    let answer = boss.post(page, &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let mut new = Browser::new(boss.stand);
    let joined = join(&mut new, &link_in(&answer), PASSWORD).await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER, "{}", joined.text());
    new
}

/// The path of the one-time link on a page.
fn link_in(answer: &Answer) -> String {
    let text = answer.text();
    let from = text.split_once("/join/").unwrap_or_else(|| panic!("no link: {text}")).1;
    format!("/join/{}", &from[..64])
}

/// Chooses a password at a one-time link.
async fn join(browser: &mut Browser<'_>, link: &str, password: &str) -> Answer {
    let token = crate::site::door::form_token(link.trim_start_matches("/join/"));
    browser.post_with(link, &[("password", password)], &token).await
}

#[tokio::test]
async fn the_first_link_makes_one_owner_and_is_then_dead() {
    let stand = Stand::new().await;
    let mut thief = Browser::new(&stand);
    thief.get(&format!("/login?token={OWNER_KEY}")).await;
    assert_eq!(thief.get("/admin/rustfest").await.status, StatusCode::OK, "until somebody owns the site");
    for (login, password) in [("a", PASSWORD), ("ada", "short"), ("ada", "ada ada ada ada")] {
        let refused = thief.post("/admin/first", &[("login", login), ("password", password)]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{login} {password}");
    }
    let mut ada = owned(&stand).await;
    assert!(ada.named("owner").is_none() && ada.named("session").is_some());
    assert!(ada.get("/admin").await.text().contains("/admin/people"));
    // Whoever else holds the link, or came in with it before, is outside now.
    for path in ["/admin/rustfest", "/admin/first", "/admin"] {
        assert_eq!(thief.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let late = Browser::new(&stand).get(&format!("/login?token={OWNER_KEY}")).await;
    assert_eq!((late.status, late.header("set-cookie")), (StatusCode::UNAUTHORIZED, ""));
    assert!(late.text().contains("This link has done its work"));
}

#[tokio::test]
async fn a_log_in_has_a_token_of_its_own_and_ends_where_it_is_ended() {
    let stand = Stand::new().await;
    let mut ada = owned(&stand).await;
    let first = ada.named("session").unwrap().to_owned();
    let before = Browser { stand: &stand, cookies: ada.cookies.clone() };
    // Signing in again, in a browser that has a token: the old one is dead, and a made-up one is never taken over.
    assert_eq!(ada.sign_in("ADA", PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert_ne!(ada.named("session").unwrap(), first);
    let mut thief = before;
    assert_eq!(thief.get("/admin/me").await.status, StatusCode::UNAUTHORIZED, "a token before the log-in");
    let mut fixed = Browser::new(&stand);
    fixed.cookies.push(("session".to_owned(), "f".repeat(64)));
    assert_eq!(fixed.sign_in("ada", PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert_ne!(fixed.named("session").unwrap(), "f".repeat(64));

    let mut copied = Browser { stand: &stand, cookies: ada.cookies.clone() };
    assert_eq!(copied.get("/admin/me").await.status, StatusCode::OK);
    assert_eq!(ada.post("/logout", &[]).await.status, StatusCode::SEE_OTHER);
    assert!(ada.named("session").is_none());
    assert_eq!(copied.get("/admin/me").await.status, StatusCode::UNAUTHORIZED, "the copy is dead as well");
    assert_eq!(fixed.get("/admin/me").await.status, StatusCode::OK, "other log-ins go on");
    assert_eq!(fixed.post("/admin/me", &[("act", "sign-out")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(fixed.get("/admin/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_changed_password_ends_every_other_log_in() {
    let stand = Stand::new().await;
    let mut phone = owned(&stand).await;
    let mut laptop = Browser::new(&stand);
    laptop.sign_in("ada", PASSWORD).await;
    let fields = |old, new| [("act", "password"), ("old", old), ("password", new)];
    let wrong = phone.post("/admin/me", &fields("not this one", "four new umbrellas")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert_eq!(phone.post("/admin/me", &fields(PASSWORD, "four new umbrellas")).await.status, StatusCode::OK);
    assert_eq!(phone.get("/admin/me").await.status, StatusCode::OK);
    assert_eq!(laptop.get("/admin/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(laptop.sign_in("ada", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(laptop.sign_in("ada", "four new umbrellas").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_is_signed_in_works_on_while_the_database_is_away() {
    let Some(mut server) = testkit::Postgres::start().await else { return };
    let stand = Stand::with_people_at(&server.create_database().await).await;
    let mut ada = owned(&stand).await;
    let mut moderator = invited(&mut ada, "/admin/rustfest/people", "mo", "moderator").await;
    let made = [("act", "make"), ("label", "Hall, left"), ("room", "side")];
    let link = wall_link(&ada.post("/admin/rustfest/links", &made).await);
    assert_eq!(moderator.get("/admin/rustfest/file").await.status, StatusCode::OK);
    server.stop_immediate();
    assert_eq!(moderator.get("/admin/rustfest/file").await.status, StatusCode::OK);
    assert_eq!(stand.get(&link).await.status, StatusCode::SEE_OTHER, "a projector comes back by itself");
    let mut stranger = Browser::new(&stand);
    assert_eq!(stranger.sign_in("mo", PASSWORD).await.status, StatusCode::SERVICE_UNAVAILABLE);
    stranger.cookies.push(("session".to_owned(), "0".repeat(64)));
    let away = stranger.get("/admin/rustfest/file").await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE, "nobody can say whether it is a log-in");
    assert!(away.text().contains("Nobody can be let in just now"));
    assert_eq!(stranger.get("/rustfest").await.status, StatusCode::OK, "the public notices nothing");
}

/// The path of the wall's link on a page.
fn wall_link(answer: &Answer) -> String {
    let text = answer.text();
    let from = text.split_once("/k/").unwrap_or_else(|| panic!("no link: {text}")).1;
    format!("/k/{}", &from[..32])
}

#[tokio::test]
async fn a_log_in_that_was_not_used_or_is_old_has_ended() {
    let stand = Stand::new().await;
    let mut ada = owned(&stand).await;
    for change in ["seen = seen - 43200000000", "ends = 1"] {
        ada.sign_in("ada", PASSWORD).await;
        // Before anything is remembered of it.
        stand.people_sql(&format!("UPDATE site_session SET {change}")).await;
        assert_eq!(ada.get("/admin/me").await.status, StatusCode::UNAUTHORIZED, "{change}");
    }
    // What another process changes counts within seconds.
    ada.sign_in("ada", PASSWORD).await;
    assert_eq!(ada.get("/admin/me").await.status, StatusCode::OK);
    stand.people_sql("DELETE FROM site_session; UPDATE site_version SET n = n + 1").await;
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while ada.get("/admin/me").await.status != StatusCode::UNAUTHORIZED {
        assert!(std::time::Instant::now() < deadline, "a log-in that was ended elsewhere goes on");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_link_to_a_wall_opens_it_until_it_is_renewed_or_ended() {
    let stand = Stand::new().await;
    let mut ada = owned(&stand).await;
    let opens = async |link: &str| {
        let answer = stand.get(link).await;
        (answer.status, answer.header("location").to_owned())
    };
    let fields =
        [("act", "make"), ("label", "Hall, left"), ("room", "side"), ("distance", "12"), ("paper", "1")];
    let first = wall_link(&ada.post("/admin/rustfest/links", &fields).await);
    let led = (StatusCode::SEE_OTHER, "/rustfest/wall?room=side&distance=12&paper=1".to_owned());
    assert_eq!(opens(&first).await, led);
    assert_eq!(opens(&format!("/k/{}", "0".repeat(32))).await.0, StatusCode::NOT_FOUND);
    let page = ada.get("/admin/rustfest/links").await.text();
    assert!(page.contains("Hall, left") && !page.contains(&first), "a link is shown once");
    let id = page
        .split_once("name=\"id\" value=\"")
        .expect("a link")
        .1
        .split('"')
        .next()
        .expect("an id")
        .to_owned();
    let second = wall_link(&ada.post("/admin/rustfest/links", &[("act", "rotate"), ("id", &id)]).await);
    assert_eq!((opens(&first).await.0, opens(&second).await), (StatusCode::NOT_FOUND, led));
    ada.post("/admin/rustfest/links", &[("act", "end"), ("id", &id)]).await;
    assert_eq!(opens(&second).await.0, StatusCode::NOT_FOUND);
    for bad in [("room", "attic"), ("distance", "far"), ("days", "0"), ("label", "")] {
        let fields = [("act", "make"), ("label", "x"), bad];
        assert_eq!(ada.post("/admin/rustfest/links", &fields).await.status, StatusCode::CONFLICT, "{bad:?}");
    }
}
