//! Secrets in every place that takes one, while every connection fails: none of them prints, not on the way out, not in health,
//! metrics or pages, even when an upstream repeats the token that it was shown, and even at the level of detail that one logs at when asking for help.

use std::time::{Duration, Instant};

use testkit::Process;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::program::Place;

const CANARY: &str = "canary-7f3a9";
const SOON: Duration = Duration::from_secs(60);

/// Answers every request with 401 and repeats, in head and body, what it was shown.
async fn parrot() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free loopback port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = vec![0; 8192];
            let read = socket.read(&mut request).await.unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).to_lowercase();
            let shown = request.lines().find(|line| line.starts_with("authorization:")).unwrap_or("nothing");
            let body =
                serde_json::json!({"error": format!("The access token is invalid: {shown}")}).to_string();
            let answer = format!(
                "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: {shown}\r\ncontent-type: application/json\r\n\
                 content-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            // Whoever hung up meanwhile needs no answer.
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    url
}

fn settings(place: &Place, live: &str, archive: &str) -> [String; 2] {
    let [site, nozzle] = [testkit::free_port(), testkit::free_port()];
    place.write("token", &format!("{CANARY}-intake-token-of-this-very-test\n"));
    place.write(
        "perihelion.toml",
        &format!(
            "[live]\nurl = \"{live}\"\n[archive]\nurl = \"{archive}\"\n[site]\nlisten = \"127.0.0.1:{site}\"\n\
             [nozzle]\nlisten = \"127.0.0.1:{nozzle}\"\nintake_token_file = \"token\"\n"
        ),
    );
    [site, nozzle].map(|port| format!("http://127.0.0.1:{port}"))
}

fn start(place: &Place, arguments: &[&str]) -> Process {
    let mut command = place.command(arguments);
    command.env("SECRET_TOKEN", CANARY).env("RUST_LOG", "debug");
    Process::start(command).expect("the binary under test starts")
}

async fn wait_said(process: &Process, words: &[&str]) {
    let deadline = Instant::now() + SOON;
    while !words.iter().all(|word| process.output().contains(word)) {
        assert!(Instant::now() < deadline, "{words:?} were not said:\n{}", process.output());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Everything that the process prints and anybody may fetch.
async fn all_words(process: &Process, urls: &[String]) -> String {
    let mut all = String::new();
    for url in urls {
        for path in ["/healthz", "/readyz", "/metrics", "/", "/api/v1/events", "/rustfest", "/login"] {
            if let Ok(answer) = crate::web::get(format!("{url}{path}")).await {
                all.push_str(&format!(
                    "{path} {:?}\n{}\n",
                    answer.headers().clone(),
                    answer.text().await.unwrap_or_default()
                ));
            }
        }
    }
    all + &process.output()
}

#[track_caller]
fn holds_no_secret(words: &str) {
    let leaks: Vec<&str> = words.lines().filter(|line| line.contains(CANARY)).collect();
    assert!(leaks.is_empty(), "a secret was printed: {leaks:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_of_stores_that_fail_are_never_printed() {
    let _alone = crate::product::alone().await;
    let [redis, postgres] = [testkit::free_port(), testkit::free_port()];
    let place = Place::new();
    let urls = settings(
        &place,
        &format!("redis://user:{CANARY}@127.0.0.1:{redis}"),
        &format!("postgres://user:{CANARY}@127.0.0.1:{postgres}/d?password={CANARY}"),
    );
    let mut process = start(&place, &["up"]);
    wait_said(&process, &["Redis does not answer", "the archive cannot be prepared"]).await;
    let words = all_words(&process, &urls).await;
    assert!(words.contains("\"alive\":true"), "it runs without its stores: {words}");
    holds_no_secret(&words);
    process.terminate();
    process.wait(SOON).await.expect("it ends");
    holds_no_secret(&process.output());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_without_a_good_token_says_so_without_telling_it_and_the_others_run() {
    let _alone = crate::product::alone().await;
    let place = Place::new();
    let urls = settings(&place, "embedded", "embedded");
    let parrot = parrot().await;
    let source = |name: &str, kind: &str, variable: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nkind = \"{kind}\"\nurl = \"{parrot}\"\ntoken_env = \"{variable}\"\n"
        )
    };
    place.write("posts.ndjson", "");
    place.write(
        "event.toml",
        &format!(
            "slug = \"rustfest\"\ntitle = \"RustFest\"\nhashtags = [\"rustfest\"]\n{}{}{}\
             [[source]]\nname = \"good\"\nkind = \"replay\"\nurl = \"posts.ndjson\"\n",
            source("refused", "mastodon", "SECRET_TOKEN"),
            source("refusedtoo", "twitter", "SECRET_TOKEN"),
            source("unset", "twitter", "NOBODY_SET_THIS"),
        ),
    );
    let mut process = start(&place, &["up", "--event", "event.toml"]);
    wait_said(
        &process,
        &["NOBODY_SET_THIS", "source.name=refused ", "source.name=refusedtoo ", "needs credentials"],
    )
    .await;
    let words = all_words(&process, &urls).await;
    assert!(words.contains("RustFest"), "the event's page is there: {words}");
    holds_no_secret(&words);
    process.terminate();
    process.wait(SOON).await.expect("it ends");
    holds_no_secret(&process.output());
}
