//! Every kind of page (`testkit::pages`) before outside judges: vnu reads its HTML, axe looks at it in Chromium on a phone and on a laptop,
//! light and dark. One site with one of everything that can be said, one where nothing was said yet, one whose archive is away, and
//! every failure that there is.

use super::{
    super::failure::Failure,
    browser::{aftermath, live, showcase},
    entries::{NOON, item, post},
    pages::hostile_posts,
    stand::{OWNER_KEY, SLUG, Stand, asked},
    writing::Desk,
};
use axum::{Router, body::Body, extract::Path, response::IntoResponse as _, routing::get};
use http::Request;
use model::{Body as Words, Entry, FilingState, Kind, Micros};
use std::{fs, time::Duration};
use testkit::{
    Chromium, Tab, Viewport,
    judges::{AXE_COLOURS, AXE_RUN, axe, together, vnu},
    pages::{Examples, SHEETS},
};

/// Sheets that show the post which was removed.
const REMOVED: &str = "arabic";

/// One page as it is asked for.
struct Ask {
    name: String,
    path: String,
    status: u16,
    is_locked: bool,
    asks_nozzle: bool,
}

fn examples() -> Examples {
    Examples {
        event: SLUG.into(),
        room: "main-hall".into(),
        day: "2026-06-01".into(),
        talk: "t1".into(),
        later: "t2".into(),
        post: item("links", Words::default()).id().to_string(),
    }
}

/// Every page, and every failure.
fn asks() -> Vec<Ask> {
    let examples = examples();
    let mut all: Vec<Ask> = SHEETS
        .iter()
        .map(|sheet| Ask {
            name: sheet.name.into(),
            path: examples.path(sheet),
            status: sheet.status,
            is_locked: sheet.is_locked,
            asks_nozzle: sheet.asks_nozzle,
        })
        .collect();
    let removed = item(REMOVED, Words::default()).id();
    let gone = format!("/{SLUG}/posts/{removed}");
    all.push(Ask { name: "gone".into(), path: gone, status: 410, is_locked: false, asks_nozzle: false });
    for (n, failure) in failures().into_iter().enumerate() {
        let status = failure.into_response().status().as_u16();
        let (name, path) = (format!("failure-{status}-{n}"), format!("/failures/{n}"));
        all.push(Ask { name, path, status, is_locked: false, asks_nozzle: false });
    }
    all
}

/// What a running site can hardly be brought to say all at once.
fn failures() -> Vec<Failure> {
    let slug = || SLUG.to_owned();
    vec![
        Failure::ArchiveAway { slug: slug() },
        Failure::Restoring { slug: slug() },
        Failure::Starting,
        Failure::TooMany { wait: Duration::from_secs(7) },
        Failure::Forged,
        Failure::ours(&std::io::Error::other("made for the judges")),
    ]
}

/// The site's own routes, and the failures beside them.
fn with_failures(routes: Router) -> Router {
    let fail =
        |Path(n): Path<usize>| async move { failures().into_iter().nth(n).unwrap_or(Failure::NotFound) };
    routes.route("/failures/{n}", get(fail))
}

/// One of everything, what strangers write, what became of it, and what nobody could file.
fn everything() -> Vec<Entry> {
    let mut all = showcase(5);
    let next = |all: &Vec<Entry>| 5 + all.len() as u64;
    all.extend(aftermath(next(&all), 5));
    all.extend(hostile_posts(next(&all)));
    for (native, guess) in [("guessed", Some("t1")), ("unsorted", None)] {
        let mut entry = post(next(&all), native, "Where is the cloakroom?");
        if let Kind::Post(post) = &mut entry.kind {
            post.filing.talk = guess.map(|talk| model::TalkId(talk.into()));
            post.filing.state = if guess.is_some() { FilingState::Suggested } else { FilingState::Unsorted };
        }
        all.push(entry);
    }
    all.push(Entry { seq: next(&all), at: NOON, kind: Kind::Event { event: Box::new(settings()) } });
    let press = model::StageEntry {
        room: "main-hall".into(),
        talk: Some(model::TalkId("t1".into())),
        since: NOON.plus(-8 * Micros::MINUTE),
        undone: false,
    };
    all.push(Entry { seq: next(&all), at: NOON, kind: Kind::Stage(press) });
    all
}

/// The event with all that an organiser may say of it.
fn settings() -> model::EventEntry {
    let settings = serde_json::json!({
        "slug": SLUG, "title": "RustFest", "timezone": "Europe/Berlin", "starts": "2026-06-01", "ends": "2026-06-02",
        "place": "Berlin", "hashtags": ["rustfest"], "onsite": "open", "accent_hue": 32, "published": true,
        "rooms": [{"slug": "main-hall", "name": "Main hall"}, {"slug": "side", "name": "Side room"}],
        "sources": [{"name": "fosstodon", "kind": "mastodon", "tags": ["rustfest"], "consent": "live", "moderation": "hold"}],
        "privacy": "We keep what is public.\n\nWrite to us and it goes.", "imprint": "The people of RustFest, Berlin.",
    });
    serde_json::from_value(settings).expect("settings")
}

async fn stand_with_everything() -> Stand {
    let mut stand = Stand::new().await;
    stand.commit(everything()).await;
    stand.archive_all().await;
    stand.router = with_failures(stand.router.clone());
    stand
}

/// A site with a nozzle, a rule and posts that wait.
async fn with_posts_that_wait() -> Desk {
    let rule = "\n[[rule]]\nname = \"words\"\nwords = [\"gold\"]\n[[source]]\nname = \"x\"\nkind = \"feed\"\nurl = \"http://127.0.0.1:9/\"\n";
    let desk = Desk::new("hold", rule).await;
    for text in ["First", "Second, with https://example.org/", "مرحبا"] {
        desk.form(&[("text", text)], "").await;
    }
    desk
}

/// Fetches pages of a site into a folder, and tells those that answered otherwise than they should.
async fn fetch(
    router: &Router,
    asks: &[Ask],
    prefix: &str,
    folder: &std::path::Path,
) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    for ask in asks {
        let mut request = Request::get(&ask.path);
        if ask.is_locked {
            request = request.header("cookie", format!("owner={OWNER_KEY}"));
        }
        let answer = asked(router, request.body(Body::empty()).expect("a request")).await;
        let name = format!("{prefix}{}", ask.name);
        if !prefix.is_empty() && answer.status.is_server_error() && !answer.text().contains("class=\"acts\"")
        {
            wrong.push((name.clone(), format!("{} answered {} without a page", ask.path, answer.status)));
        }
        if prefix.is_empty() && answer.status != ask.status {
            wrong
                .push((name.clone(), format!("{} answered {}, not {}", ask.path, answer.status, ask.status)));
        }
        if !answer.header("content-type").starts_with("text/html") {
            wrong.push((name.clone(), format!("it is {}, no page", answer.header("content-type"))));
        }
        fs::write(folder.join(format!("{name}.html")), answer.body).expect("written");
    }
    wrong
}

/// The addresses of the table of routes that answer with a page and that nobody has listed among the pages.
async fn unlisted(stand: &Stand) -> Vec<(String, String)> {
    let (front, behind) =
        include_str!("../routes.rs").split_once("let for_insiders =").expect("what is behind the door");
    let paths =
        |code: &'static str| code.split(".route(").skip(1).filter_map(|route| route.split('"').nth(1));
    let behind = behind.split("let programs_of_stewards =").next().unwrap_or_default();
    let behind = paths(behind).map(|path| format!("/admin{}", path.trim_end_matches('/')));
    let mut found = Vec::new();
    for path in paths(front).map(str::to_owned).chain(behind).filter(|path| !is_listed(path)) {
        let names = [("{talk}", "t1"), ("{room}", "main-hall"), ("{date}", "2026-06-01"), ("{n}", "1")];
        let address =
            names.iter().fold(path.replace("{event}", SLUG), |path, (name, value)| path.replace(name, value));
        let request = Request::get(address.replace("{id}", &examples().post))
            .header("cookie", format!("owner={OWNER_KEY}"));
        let answer = stand.ask(request.body(Body::empty()).expect("a request")).await;
        if answer.status.is_success() && answer.header("content-type").starts_with("text/html") {
            found.push((path, "it is not among testkit's pages, so nobody judges or pictures it".to_owned()));
        }
    }
    found
}

/// Whether a path of the table of routes is that of a sheet, whatever its parameters are called.
fn is_listed(path: &str) -> bool {
    let is_like = |(sheet, path): (&str, &str)| sheet == path || path.starts_with('{');
    SHEETS.iter().filter_map(|sheet| sheet.path.split('?').next()).any(|sheet| {
        let (sheet, path) = (sheet.split('/'), path.split('/'));
        sheet.clone().count() == path.clone().count() && sheet.zip(path).all(is_like)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_valid_html() {
    let folder = tempfile::tempdir().expect("a folder");
    let (stand, empty) = (stand_with_everything().await, Stand::new().await);
    empty.archive_all().await;
    let (of_nozzle, asks): (Vec<Ask>, Vec<Ask>) = asks().into_iter().partition(|ask| ask.asks_nozzle);
    let mut wrong = unlisted(&stand).await;
    wrong.extend(fetch(&stand.router, &asks, "", folder.path()).await);
    let pages: Vec<Ask> = asks.into_iter().filter(|ask| ask.status == 200).collect();
    wrong.extend(fetch(&empty.router, &pages, "empty-", folder.path()).await);
    let desk = with_posts_that_wait().await;
    wrong.extend(fetch(&desk.router, &of_nozzle, "", folder.path()).await);
    let Some(complaints) = vnu(folder.path()) else { return };
    let complaints = complaints.expect("vnu runs");
    wrong.extend(complaints.into_iter().map(|c| (c.file, format!("{}\n    {}", c.message, c.extract))));
    assert!(wrong.is_empty(), "\n{}", together(wrong));
}

/// Opens what is folded away, so that it is judged too.
const UNFOLD: &str =
    "[...document.querySelectorAll('details:not([open])')].map(e => { e.open = true; return 1; }).length";

/// What axe has against a page: on a phone as it came and with everything unfolded, then on a laptop; in the dark, where only colours
/// differ, by the rules about these. One load serves all, as pages answer to the size of their window.
async fn violations(tab: &Tab, base: &str, path: &str) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut add = |place: &str, lines: Vec<String>| {
        found.extend(lines.into_iter().map(|line| format!("{place}: {line}")));
    };
    tab.resize(Viewport::PHONE).await?;
    tab.emulate(false, true).await?;
    tab.goto(&format!("{base}{path}")).await?;
    if path == format!("/{SLUG}") {
        live(tab).await;
    }
    add("phone", run(tab, AXE_RUN).await?);
    if tab.eval_number(UNFOLD).await? > 0.0 {
        add("phone, unfolded", run(tab, AXE_RUN).await?);
    }
    tab.emulate(true, true).await?;
    add("phone, dark", run(tab, AXE_COLOURS).await?);
    tab.resize(Viewport::LAPTOP).await?;
    add("laptop, dark", run(tab, AXE_COLOURS).await?);
    tab.emulate(false, true).await?;
    add("laptop", run(tab, AXE_RUN).await?);
    Ok(found)
}

async fn run(tab: &Tab, script: &str) -> anyhow::Result<Vec<String>> {
    Ok(serde_json::from_str(&tab.eval_json(script).await?)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_has_a_barrier_that_axe_knows() {
    let Some(axe) = axe() else { return };
    let Some(chromium) = Chromium::start().await else { return };
    let (stand, empty) = (stand_with_everything().await, Stand::new().await);
    empty.archive_all().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    let (nothing, _stop) = empty.serve("127.0.0.1:0", &[]).await;
    let tab = chromium.open(&format!("{base}/login"), Viewport::PHONE).await.expect("a tab");
    tab.page().evaluate_on_new_document(axe.as_str()).await.expect("axe goes before each page");
    let mut wrong = Vec::new();
    let (locked, public): (Vec<Ask>, Vec<Ask>) = asks().into_iter().partition(|ask| ask.is_locked);
    for ask in public.iter().filter(|ask| ask.status == 200) {
        tab.goto(&format!("{nothing}{}", ask.path)).await.expect("the page opens");
        let found =
            run(&tab, AXE_RUN).await.unwrap_or_else(|error| vec![format!("axe does not run: {error:#}")]);
        wrong.extend(found.into_iter().map(|line| (format!("{} without posts", ask.name), line)));
    }
    // Whoever has come in with the key would not see the locked door, so the pages behind it come last.
    for (asks, key) in [(public, None), (locked, Some(OWNER_KEY))] {
        if let Some(key) = key {
            tab.goto(&format!("{base}/login?token={key}")).await.expect("the door opens");
        }
        for ask in &asks {
            let found = violations(&tab, &base, &ask.path).await;
            let found = found.unwrap_or_else(|error| vec![format!("axe does not run: {error:#}")]);
            wrong.extend(found.into_iter().map(|line| (ask.name.clone(), line)));
        }
    }
    assert!(wrong.is_empty(), "\n{}", together(wrong));
}
