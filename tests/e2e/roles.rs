//! Roles, against every route that the site's own table puts behind its door: whoever has a role at one event finds nothing of another there
//! (404), whoever has a smaller one is refused (403), and whoever has it gets in. A route that somebody adds is in the table, so it is asked too.

use http::{Method, StatusCode};

use crate::doors::{filled, wait_up};
use crate::program::Place;

/// The groups of `src/site/routes.rs` that are behind the door, with the least role that each asks for.
const GROUPS: [(&str, &str); 9] = [
    ("for_stewards", "steward"),
    ("for_moderators", "moderator"),
    ("for_organisers", "organiser"),
    ("for_organising_persons", "organiser"),
    ("for_owners", "owner"),
    ("for_owning_persons", "owner"),
    ("programs_of_stewards", "steward"),
    ("programs_of_moderators", "moderator"),
    ("for_insiders", "steward"),
];
const ROLES: [&str; 4] = ["steward", "moderator", "organiser", "owner"];
const PASSWORD: &str = "three old bicycles";
/// The event that `filled` names, and one where nobody here has a role but the owner.
const HERE: &str = "/rustfest";
const ELSEWHERE: &str = "/gophercon";

/// Every route behind the door, with the least role that it asks for.
fn routes() -> Vec<(String, &'static str)> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/site/routes.rs");
    let text = std::fs::read_to_string(path).expect("the table of routes is there");
    let mut found = Vec::new();
    let mut unknown = Vec::new();
    for statement in text.split("\n    let ").skip(1) {
        let name = statement.split(' ').next().unwrap_or_default();
        let is_behind = statement.contains("door::") && !statement.contains("metrics_locked");
        let group = GROUPS.iter().find(|(group, _)| *group == name);
        let Some((_, role)) = group else {
            if is_behind && name != "for_persons" {
                unknown.push(name.to_owned());
            }
            continue;
        };
        let prefix = if name.starts_with("programs") { "" } else { "/admin" };
        let paths = statement.split(".route(").skip(1).filter_map(|rest| {
            let rest = rest.trim_start().strip_prefix('"')?;
            rest.split_once('"').map(|(path, _)| path)
        });
        found.extend(paths.map(|path| (format!("{prefix}{path}").trim_end_matches('/').to_owned(), *role)));
    }
    assert!(unknown.is_empty(), "groups of routes that this test does not know: {unknown:?}");
    assert!(found.len() > 15, "only {} routes were found: the table is read wrongly", found.len());
    found
}

/// Somebody signed in: the cookie that their browser sends.
struct Somebody {
    role: &'static str,
    cookie: String,
}

impl Somebody {
    /// Made on the command line, and come in by the printed link as a browser without scripts would.
    async fn new(place: &Place, role: &'static str) -> Self {
        let mut arguments = vec!["user", "add", role, "--role", role];
        if role != "owner" {
            arguments.extend(["--event", "rustfest"]);
        }
        let printed = place.run(&arguments);
        assert_eq!(printed.code, Some(0), "{}", printed.stderr);
        let link = printed.stdout.lines().find(|line| line.contains("/join/")).expect("a link is printed");
        let page = crate::web::get(link).await.expect("the page").text().await.expect("its words");
        let token = page.split_once("name=\"form_token\" value=\"").expect("a form").1;
        let token = token.split('"').next().expect("a token");
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let body = url(&[("password", PASSWORD), ("form_token", token)]);
        let sent = client.post(link).header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = sent.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let cookies = answer.headers().get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
        let session = cookies
            .filter_map(|line| line.split(';').next())
            .find(|pair| pair.starts_with("session=") && pair.len() > 20);
        Self { role, cookie: session.expect("a log-in").to_owned() }
    }

    async fn ask(&self, method: Method, url: &str) -> StatusCode {
        let request = crate::web::client().request(method, url).header("cookie", &self.cookie);
        request.send().await.expect("an answer").status()
    }

    fn may(&self, least: &str) -> bool {
        let place = |role: &str| ROLES.iter().position(|known| *known == role);
        place(self.role) >= place(least)
    }
}

fn url(fields: &[(&str, &str)]) -> String {
    let plain = |text: &str| text.replace(' ', "+");
    fields.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect::<Vec<_>>().join("&")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_opens_its_own_routes_at_its_own_event_and_nothing_else() {
    let _alone = crate::product::alone().await;
    let place = Place::new();
    let [site, intake, hooks] = [(); 3].map(|()| testkit::free_port());
    place.write(
        "perihelion.toml",
        &format!(
            "[site]\nlisten = \"127.0.0.1:{site}\"\n[nozzle]\nlisten = \"127.0.0.1:{intake}\"\n\
             hooks_listen = \"127.0.0.1:{hooks}\"\n[halley]\npoll_hold_seconds = 1\n"
        ),
    );
    place.write("event.toml", "slug = \"rustfest\"\ntitle = \"RustFest\"\n");
    place.write("other.toml", "slug = \"gophercon\"\ntitle = \"GopherCon\"\n");
    let mut up = place.command(&["up", "--event", "event.toml"]);
    up.env("RUST_LOG", "debug");
    let running = testkit::Process::start(up).expect("it starts");
    let site = format!("http://127.0.0.1:{site}");
    wait_up(&site).await;
    let applied = place.run(&["event", "apply", "other.toml"]);
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);

    let mut people = Vec::new();
    for role in ROLES {
        people.push(Somebody::new(&place, role).await);
    }
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let owner = people.last().expect("four of them");
    while owner.ask(Method::GET, &format!("{site}/admin{ELSEWHERE}")).await != StatusCode::OK {
        assert!(std::time::Instant::now() < deadline, "the other event does not come");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let mut asked = 0;
    for (route, least) in routes() {
        let here = format!("{site}{}", filled(&route, "", ""));
        for somebody in &people {
            let said = somebody.ask(Method::GET, &here).await;
            let is_refused = matches!(said, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            assert_eq!(
                is_refused,
                !somebody.may(least),
                "{} at {route}, which is for {least}: {said}",
                somebody.role
            );
            let forged = somebody.ask(Method::POST, &here).await;
            let is_done = forged.is_success() || forged.is_redirection();
            assert!(!is_done, "{} at {route} without a form of ours: {forged}", somebody.role);
            asked += 2;
            if !route.contains("{event}") || somebody.role == "owner" {
                continue;
            }
            let there = here.replacen(HERE, ELSEWHERE, 1);
            // The same name, written otherwise.
            let hidden = here.replacen(HERE, "/%67ophercon", 1);
            for (method, url) in [(Method::GET, &there), (Method::POST, &there), (Method::GET, &hidden)] {
                let said = somebody.ask(method.clone(), url).await;
                assert_eq!(
                    said,
                    StatusCode::NOT_FOUND,
                    "{method} {url} by a {} of another event",
                    somebody.role
                );
                asked += 1;
            }
        }
    }
    assert!(asked > 200, "only {asked} questions were asked");
    for secret in people.iter().filter_map(|somebody| somebody.cookie.split_once('=')).map(|(_, token)| token)
    {
        assert!(!running.output().contains(secret), "a log-in's token was printed");
    }
    assert!(!running.output().contains(PASSWORD) && !running.output().contains("/join/"));
}

#[test]
fn people_on_the_command_line_are_told_what_is_wrong() {
    let place = Place::new();
    let add = place.run(&["user", "add", "Ada", "--role", "owner", "--name", "Ada L"]);
    assert_eq!(add.code, Some(0), "{}", add.stderr);
    assert!(add.stdout.contains("For Ada L") && add.stdout.contains("/join/"), "{}", add.stdout);
    for (arguments, words) in [
        (&["user", "add", "ada", "--role", "owner"][..], "user reset ada"),
        (&["user", "add", "a b", "--role", "owner"], "sign-in name"),
        (&["user", "add", "bo", "--role", "king"], "steward, moderator, organiser or owner"),
        (&["user", "add", "bo", "--role", "steward", "--event", "nowhere"], "nowhere"),
        (&["user", "reset", "bo"], "nobody signs in as bo"),
    ] {
        let ended = place.run(arguments);
        assert!(ended.code != Some(0) && ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
    }
    let reset = place.run(&["user", "reset", "ada"]);
    let link = |text: &str| text.lines().find(|line| line.contains("/join/")).expect("a link").to_owned();
    assert_ne!(link(&reset.stdout), link(&add.stdout));
    let list = place.run(&["user", "list"]).stdout;
    assert!(list.contains("ada  Ada L  invited  owner of all events"), "{list}");
}
