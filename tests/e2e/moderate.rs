//! From a post on the page to its moderator and back: held, listed, shown, hidden, erased; with a nozzle and without one.

use std::time::{Duration, Instant};

use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::{Client, StatusCode};
use serde_json::Value;

use crate::commands::{done, place, up};
use crate::program::{Place, Running};

const EVENT: &str = "slug = \"rustfest\"\ntitle = \"RustFest\"\nonsite = \"hold\"\n";
const SHOWN_WITHIN: Duration = Duration::from_secs(60);

fn address(running: &Running) -> String {
    let said = running.said();
    let line = said.lines().find(|line| line.contains("Perihelion is at")).expect("it says where it is");
    line.rsplit(' ').next().expect("an address").trim_end_matches('/').to_owned()
}

async fn write(client: &Client, site: &str, cookie: &str, words: &str) -> reqwest::Response {
    let form = [("text", words), ("name", "Ana")];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request =
        client.post(format!("{site}/rustfest/posts")).header("Cookie", cookie).header("Origin", site);
    let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(body);
    request.send().await.expect("the site answers")
}

async fn is_on_the_page(client: &Client, site: &str, words: &str, want: bool) {
    let deadline = Instant::now() + SHOWN_WITHIN;
    loop {
        let page = client.get(format!("{site}/rustfest")).send().await.expect("the page");
        if page.text().await.expect("its words").contains(words) == want {
            return;
        }
        assert!(Instant::now() < deadline, "{words:?} on the page: not {want}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn listed(place: &Place) -> Vec<Value> {
    let lines = done(place.run(&["moderate", "list", "rustfest", "--json"]));
    lines.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn held_post_is_listed_shown_hidden_and_erased_from_the_command_line() {
    let (place, _) = place("embedded");
    place.write("event.toml", EVENT);
    done(place.run(&["event", "apply", "event.toml"]));
    let mut running = up(&place);
    let site = address(&running);
    chassis::tls::install();
    let client =
        Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client is made");
    let said = write(&client, &site, "", "Let me in, please.").await;
    assert_eq!(said.status(), StatusCode::SEE_OTHER);
    assert!(said.headers()[LOCATION].to_str().expect("text").ends_with("?wrote=held"));
    let cookie =
        said.headers()[SET_COOKIE].to_str().expect("text").split(';').next().expect("a pair").to_owned();

    let list = done(place.run(&["moderate", "list", "rustfest"]));
    assert!(list.contains("| Let me in, please.") && list.contains("Ana (person:"), "{list}");
    assert!(list.contains("held: waits for a moderator") && list.contains("1 held, 0 hidden"), "{list}");
    let post = &listed(&place)[0];
    let (id, person) = (post["id"].as_str().expect("an id"), post["author"].as_str().expect("an author"));
    assert!(!post.to_string().contains(cookie.split('=').nth(1).expect("a secret")), "{post}");

    let shown = done(place.run(&["moderate", "show", "rustfest", &id[..5]]));
    assert!(shown.contains(&format!("{id} shown, entry")) && shown.contains("1 shown"), "{shown}");
    is_on_the_page(&client, &site, "Let me in, please.", true).await;
    let again = done(place.run(&["moderate", "show", "rustfest", id]));
    assert!(again.contains(&format!("{id} is shown already")), "{again}");
    done(place.run(&["moderate", "hide", "rustfest", &format!("{site}/rustfest/posts/{id}")]));
    is_on_the_page(&client, &site, "Let me in, please.", false).await;
    let list = done(place.run(&["moderate", "list", "rustfest"]));
    assert!(list.contains("hidden by a moderator") && list.contains("0 held, 1 hidden"), "{list}");

    let barred = done(place.run(&["moderate", "limit", "rustfest", person, "--burst", "0"]));
    assert!(barred.contains("may not write"), "{barred}");
    assert_eq!(write(&client, &site, &cookie, "Me again.").await.status(), StatusCode::FORBIDDEN);
    done(place.run(&["moderate", "limit", "rustfest", person, "--reset"]));
    assert_eq!(write(&client, &site, &cookie, "And again.").await.status(), StatusCode::SEE_OTHER);

    running.end();
    let removed = done(place.run(&["moderate", "remove", "rustfest", id, "--law"]));
    assert!(removed.contains(&format!("{id} removed")), "without a nozzle too: {removed}");
    assert_eq!(listed(&place).len(), 1);
}

#[test]
fn moderating_what_is_not_there_says_what_would_be() {
    let (place, _) = place("embedded");
    done(place.run(&["event", "apply", "event.toml"]));
    for (arguments, code, want) in [
        (&["moderate", "list", "rustfst"][..], 2, "it holds rustfest"),
        (&["moderate", "show", "rustfest", "zzzz"], 2, "id of 12 characters"),
        (&["moderate", "hide", "rustfest", "000000000000"], 2, "There is no item"),
        (&["moderate", "remove", "rustfest"], 2, "<POST>"),
        (&["moderate", "limit", "rustfest", "a b", "--burst", "1"], 2, "moderate list"),
        (&["moderate", "limit", "rustfest", "ab12", "--per-minute", "nan"], 2, "between 0 and 600"),
        (&["moderate", "limit", "rustfest", "ab12"], 2, "--burst"),
    ] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(want), "{arguments:?}: {ended:?}");
    }
    let list = done(place.run(&["moderate", "list", "rustfest"]));
    assert_eq!(list, "nothing is held or hidden in rustfest\n");
}
