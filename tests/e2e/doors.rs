//! Every address that the program's own route tables name, asked without a key: what is public answers, what is not public refuses. A
//! route that somebody adds is in the tables, so it is asked too, and counts as locked until it is named here as public.

use std::path::Path;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use reqwest::RequestBuilder;

use crate::program::Place;

/// The files that make routes, and whether the site's port answers them (else the intake's).
const TABLES: [(&str, bool); 4] = [
    ("src/site/routes.rs", true),
    ("halley/src/routes.rs", true),
    ("crates/chassis/src/ops.rs", true),
    ("nozzle/src/intake/http.rs", false),
];
/// What anybody may read.
const PUBLIC: &[&str] = &[
    "/",
    "/k/{token}",
    "/static/{file}",
    "/media/{picture}",
    "/api/v1/events",
    "/api",
    "/api/v1/openapi.json",
    "/api/v1/events/{event}",
    "/api/v1/events/{event}/items",
    "/api/v1/events/{event}/items/{id}",
    "/api/v1/events/{event}/items/{id}/answers",
    "/api/v1/events/{event}/photos",
    "/api/v1/events/{event}/links",
    "/api/v1/events/{event}/search",
    "/api/v1/events/{event}/talks/{talk}/items",
    "/api/v1/events/{event}/rooms",
    "/api/v1/events/{event}/rooms/{room}/items",
    "/api/v1/events/{event}/integrity",
    "/api/v1/events/{event}/now",
    "/api/v1/events/{event}/talks",
    "/api/v1/events/{event}/talks/{talk}",
    "/{event}",
    "/{event}/items",
    "/favicon.ico",
    "/robots.txt",
    "/sitemap.xml",
    "/{event}/about",
    "/{event}/life.json",
    "/{event}/wall",
    "/{event}/privacy",
    "/{event}/imprint",
    "/{event}/app.webmanifest",
    "/{event}/programme",
    "/{event}/days/{date}",
    "/{event}/rooms/{room}",
    "/{event}/schedule.json",
    "/{event}/schedule.xml",
    "/{event}/schedule.ics",
    "/{event}/schedule/changes",
    "/{event}/schedule/changes.atom",
    "/{event}/schedule/v/{n}",
    "/{event}/talks/{talk}",
    "/{event}/talks/{talk}/cues.vtt",
    "/{event}/catch-up",
    "/{event}/posts/{id}",
    "/{event}/export.ndjson",
    "/oembed",
    "/{event}/feeds",
    "/{event}/embed",
    "/{event}/talks/{talk}/embed",
    "/{event}/posts/{id}/embed",
    "/{event}/feed.atom",
    "/{event}/feed.rss",
    "/{event}/feed.json",
    "/{event}/search",
    "/{event}/photos",
    "/{event}/links",
    "/{event}/search/feed.atom",
    "/{event}/search/feed.rss",
    "/{event}/search/feed.json",
    "/{event}/talks/{talk}/feed.atom",
    "/{event}/talks/{talk}/feed.rss",
    "/{event}/talks/{talk}/feed.json",
    "/{event}/rooms/{room}/feed.atom",
    "/{event}/rooms/{room}/feed.rss",
    "/{event}/rooms/{room}/feed.json",
    "/{event}/export.csv",
    "/{event}/talks/{talk}/export.ndjson",
    "/{event}/talks/{talk}/export.csv",
    "/live/{event}/ws",
    "/live/{event}/sse",
    "/live/{event}/poll",
    "/live/{event}/chunk/{file}",
    "/live/{event}/head.json",
    "/healthz",
    "/readyz",
];
/// Where anybody may write on the page, take back what the same browser wrote, report a post, where a wall says what it shows, where somebody
/// signs out or uses a one-time link: all answer a browser, none a stranger's page.
const WRITTEN: [&str; 6] = [
    "/{event}/posts",
    "/{event}/posts/{id}/delete",
    "/{event}/posts/{id}/report",
    "/{event}/wall/seen",
    "/logout",
    "/join/{token}",
];
/// The one address of the hooks' listener: open to whoever signs.
const HOOKS: (&str, &str) = ("nozzle/src/hook/http.rs", "/hooks/{event}/{source}");
const VERBS: [&str; 14] = [
    "say", "unsay", "limit", "decide", "file", "stage", "notice", "schedule", "handles", "event", "wall",
    "moderate", "author", "report",
];
/// Somebody who does not sit at this machine, as a trusted proxy tells it.
const STRANGER: (&str, &str) = ("x-forwarded-for", "203.0.113.9");
const SOON: Duration = Duration::from_secs(60);

/// The paths in a table, as they are asked for: with the prefix under which their router is nested, where it is.
pub(crate) fn routes(table: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(table);
    let text = std::fs::read_to_string(path).expect("the table of routes is there");
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let nested: Vec<(&str, &str)> = code
        .split(".nest(\"")
        .skip(1)
        .filter_map(|rest| rest.split_once("\", "))
        .filter_map(|(prefix, rest)| Some((prefix, rest.split_once(')')?.0)))
        .collect();
    let mut found = Vec::new();
    for statement in code.split("\n    let ") {
        let prefix = nested.iter().find(|(_, name)| statement.starts_with(&format!("{name} =")));
        let prefix = prefix.map_or("", |(prefix, _)| prefix);
        let paths = statement.split(".route(").skip(1).filter_map(|rest| {
            let rest = rest.trim_start().strip_prefix('"')?;
            rest.split_once('"').map(|(path, _)| path)
        });
        found.extend(paths.map(|path| format!("{prefix}{path}").trim_end_matches('/').to_owned()));
    }
    found.into_iter().map(|path| if path.is_empty() { "/".to_owned() } else { path }).collect()
}

/// A path with something in place of each parameter.
pub(crate) fn filled(route: &str, eid: &str, verb: &str) -> String {
    let pairs = [
        ("{event}", "rustfest"),
        ("{talk}", "t1"),
        ("{date}", "2026-06-01"),
        ("{room}", "hall"),
        ("{n}", "1"),
        ("{id}", "k3f9q2m7xw4d"),
        ("{file}", "0.json"),
        ("{picture}", "x"),
        ("{source}", "partner"),
        ("{process}", "halley"),
        ("{token}", "0123456789abcdef"),
        ("{eid}", eid),
        ("{verb}", verb),
        ("{*rest}", "x/y"),
    ];
    let path = pairs.iter().fold(route.to_owned(), |path, (name, value)| path.replace(name, value));
    assert!(!path.contains('{'), "{route} has a parameter that this test does not know");
    path
}

async fn status(request: RequestBuilder) -> (StatusCode, bool) {
    let answer = request.header(STRANGER.0, STRANGER.1).send().await.expect("an answer");
    (answer.status(), answer.headers().contains_key("allow"))
}

fn is_locked(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

/// No key, wrong keys, every method: never more than a refusal.
async fn refuses(url: &str, method: Method) {
    let client = crate::web::client();
    let keys = [
        ("x-nothing", ""),
        ("authorization", "Bearer guess"),
        ("authorization", "Bearer "),
        ("cookie", "owner=guess"),
    ];
    for (name, value) in keys {
        // An address may take one method alone: whichever it is, no key is no answer.
        for method in [method.clone(), Method::POST] {
            let (said, _) = status(client.request(method.clone(), url).header(name, value)).await;
            let is_closed = is_locked(said) || said == StatusCode::METHOD_NOT_ALLOWED;
            assert!(is_closed, "{method} {url} with {name}: {value:?} answered {said}");
        }
    }
    for other in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let (said, _) = status(client.request(other.clone(), url)).await;
        let is_closed = is_locked(said) || said == StatusCode::METHOD_NOT_ALLOWED;
        assert!(is_closed, "{other} {url} answered {said}");
    }
}

/// Only a page of ours may have a browser write, and only whoever wrote something can take it back.
async fn is_written_by_our_pages_only(url: &str) {
    let client = crate::web::client();
    let form = |request: RequestBuilder| {
        request.header("content-type", "application/x-www-form-urlencoded").body("text=hello&name=Ada")
    };
    for forged in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let request = form(client.post(url)).header(forged.0, forged.1).header("cookie", "writer=guess");
        let (said, _) = status(request).await;
        assert!(is_locked(said), "POST {url} from another page answered {said}");
    }
    // Writing is switched off at this event, nobody has written what could be taken back, and no wall speaks like a form.
    let (said, _) = status(form(client.post(url))).await;
    let is_refused = is_locked(said) || matches!(said, StatusCode::CONFLICT | StatusCode::BAD_REQUEST);
    assert!(is_refused, "POST {url} answered {said}");
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let (said, _) = status(client.request(method.clone(), url)).await;
        assert_eq!(said, StatusCode::METHOD_NOT_ALLOWED, "{method} {url}");
    }
}

/// Whoever does not sign is not heard, and what is not a delivery is not even looked at.
async fn hears_only_who_signs(url: &str) {
    let client = crate::web::client();
    let body = r#"{"type":"post.created","data":{"id":"1","text":"hello"}}"#;
    for (name, value) in [
        ("x-nothing", ""),
        ("webhook-signature", "v1,Z3Vlc3M="),
        ("x-hub-signature-256", "sha256=00"),
        ("authorization", "Bearer guess"),
    ] {
        let request = client.post(url).header("content-type", "application/json").header(name, value);
        let (said, _) = status(request.body(body)).await;
        assert!(is_locked(said), "POST {url} with {name} answered {said}");
    }
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
        let (said, has_allow) = status(client.request(method.clone(), url)).await;
        assert!(said == StatusCode::METHOD_NOT_ALLOWED && has_allow, "{method} {url} answered {said}");
    }
}

/// Anybody may read it, and nobody may write to it.
async fn is_public(url: &str) {
    let client = crate::web::client();
    // A stream has no end: its head is enough.
    let (said, _) = status(client.get(url)).await;
    assert!(!is_locked(said) && !said.is_server_error(), "GET {url} answered {said}");
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let (said, has_allow) = status(client.request(method.clone(), url)).await;
        assert!(said == StatusCode::METHOD_NOT_ALLOWED && has_allow, "{method} {url} answered {said}");
    }
}

pub(crate) async fn wait_up(url: &str) {
    let deadline = Instant::now() + SOON;
    while !crate::web::get(format!("{url}/rustfest")).await.is_ok_and(|answer| answer.status().is_success()) {
        assert!(Instant::now() < deadline, "the event's page does not come");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_that_is_not_public_asks_for_a_key() {
    let _alone = crate::product::alone().await;
    let place = Place::new();
    let [site, intake, hooks] = [(); 3].map(|()| testkit::free_port());
    place.write(
        "perihelion.toml",
        &format!(
            "[site]\nlisten = \"127.0.0.1:{site}\"\n[nozzle]\nlisten = \"127.0.0.1:{intake}\"\n\
             hooks_listen = \"127.0.0.1:{hooks}\"\n\
             [http]\ntrusted_proxies = [\"127.0.0.1/32\"]\n[halley]\npoll_hold_seconds = 1\n"
        ),
    );
    place.write(
        "event.toml",
        "slug = \"rustfest\"\ntitle = \"RustFest\"\n\
         [[source]]\nname = \"partner\"\nkind = \"hook\"\nsecret_env = \"PARTNER_SECRET\"\n",
    );
    let mut up = place.command(&["up", "--event", "event.toml"]);
    up.env("PARTNER_SECRET", "a-secret-of-enough-characters");
    let _running = testkit::Process::start(up).expect("the binary under test starts");
    let [site, intake, hooks] = [site, intake, hooks].map(|port| format!("http://127.0.0.1:{port}"));
    wait_up(&site).await;
    let listed = place.run(&["event", "list"]).stdout;
    let eid = listed.split_whitespace().nth(1).expect("an event is listed with its id");

    let (mut public, mut written, mut locked) = (0, 0, 0);
    for (table, is_site) in TABLES {
        let base = if is_site { &site } else { &intake };
        for route in routes(table) {
            if is_site && WRITTEN.contains(&route.as_str()) {
                is_written_by_our_pages_only(&format!("{base}{}", filled(&route, eid, ""))).await;
                written += 1;
                continue;
            }
            if is_site && PUBLIC.contains(&route.as_str()) {
                is_public(&format!("{base}{}", filled(&route, eid, ""))).await;
                public += 1;
                continue;
            }
            let verbs: &[&str] = if route.contains("{verb}") { &VERBS } else { &[""] };
            for verb in verbs {
                let method = if verb.is_empty() { Method::GET } else { Method::POST };
                refuses(&format!("{base}{}", filled(&route, eid, verb)), method).await;
            }
            locked += 1;
        }
    }
    assert_eq!((public, written), (PUBLIC.len(), WRITTEN.len()), "every public address is in a table");
    assert_eq!(routes(HOOKS.0), [HOOKS.1], "the hooks' listener has one address");
    hears_only_who_signs(&format!("{hooks}{}", filled(HOOKS.1, eid, ""))).await;
    assert!(locked >= 6, "only {locked} locked addresses were found: the tables are read wrongly");

    let token = std::fs::read_to_string(place.path().join("data/intake-token")).expect("the token was made");
    let client = crate::web::client();
    let read = |verb: &str| format!("{intake}/intake/{eid}/{verb}");
    for url in [format!("{site}/metrics"), read("lines"), read("held")] {
        let (said, _) = status(client.get(&url).bearer_auth(token.trim())).await;
        assert_eq!(said, StatusCode::OK, "{url} opens to the key");
    }
}
