//! `perihelion demo` as a stranger runs it: it moves at once, stops cleanly, goes on, doubles nothing, and says what to
//! do when something is in the way.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use testkit::Process;
use tokio::time::{Instant, sleep};

/// How long anything may take on a busy machine with an unoptimised build.
const PATIENCE: Duration = Duration::from_secs(60);

fn demo(dir: &Path, more: &[&str]) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perihelion"));
    command.args(["demo", "--speed", "60", "--data-dir"]).arg(dir).args(more).env_remove("RUST_LOG");
    Process::start(command).unwrap()
}

/// Everything in the live log: each entry's kind and id.
async fn log(site: &str) -> Option<Vec<(String, String)>> {
    let live = format!("{site}/live/marginalia");
    let get = async |url: String| -> Option<Value> { crate::web::get(url).await.ok()?.json().await.ok() };
    let head = get(format!("{live}/head.json")).await?;
    let (epoch, top) = (head["epoch"].as_str()?, head["top"].as_u64()?);
    let mut after = 0;
    let mut entries = Vec::new();
    while after < top {
        let page = get(format!("{live}/poll?after={epoch}.{after}")).await?;
        for entry in page["entries"].as_array()? {
            let id = entry["id"].as_str().unwrap_or_default();
            entries.push((entry["kind"].as_str()?.to_owned(), id.to_owned()));
        }
        after = page["next"].as_u64()?;
    }
    Some(entries)
}

/// Ids of the posts in the log, once there are at least so many.
async fn posts(site: &str, least: usize) -> Vec<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let entries = log(site).await.unwrap_or_default();
        let ids: Vec<String> =
            entries.into_iter().filter(|(kind, _)| kind == "post").map(|(_, id)| id).collect();
        if ids.len() >= least {
            return ids;
        }
        assert!(Instant::now() < deadline, "{} posts, {least} wanted", ids.len());
        sleep(Duration::from_millis(100)).await;
    }
}

/// The site's address, from what the demo prints: the line with the event's page.
async fn site(process: &mut Process) -> String {
    let page = |line: &str| Some(line.trim().strip_suffix("/marginalia")?.to_owned());
    process.wait_line(PATIENCE, page).await.unwrap()
}

#[tokio::test]
async fn the_demo_stops_on_interrupt_and_a_second_start_goes_on_with_nothing_doubled() {
    chassis::tls::install();
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("demo");
    let mut first = demo(&home, &[]);
    let address = site(&mut first).await;
    let before = posts(&address, 12).await;

    let page = crate::web::get(format!("{address}/marginalia")).await.unwrap().text().await.unwrap();
    let media = page.split('"').find(|part| part.starts_with("/media/")).expect("a picture is on the page");
    let picture = crate::web::get(format!("{address}{media}")).await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/webp");
    assert!(picture.bytes().await.unwrap().starts_with(b"RIFF"));

    first.interrupt();
    assert!(first.wait(PATIENCE).await.unwrap().success(), "{}", first.output());
    assert!(first.output().contains("goes on from here"), "{}", first.output());

    let mut second = demo(&home, &[]);
    let address = site(&mut second).await;
    let after = posts(&address, before.len() + 8).await;
    assert_eq!(after[..before.len()], before[..], "the log goes on where it was");
    let distinct: BTreeSet<&String> = after.iter().collect();
    assert_eq!(distinct.len(), after.len(), "nothing is doubled");
    second.kill9();

    let mut third = demo(&home, &[]);
    let address = site(&mut third).await;
    let again = posts(&address, after.len() + 4).await;
    assert_eq!(again.iter().collect::<BTreeSet<_>>().len(), again.len(), "nothing is doubled after kill -9");
}

#[tokio::test]
async fn what_is_in_the_way_is_said_with_its_cure() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut refused = demo(&dir.path().join("one"), &["--port", &port]);
    assert_eq!(refused.wait(PATIENCE).await.unwrap().code(), Some(2));
    assert!(refused.output().contains(&port) && refused.output().contains("--port"), "{}", refused.output());

    std::fs::write(dir.path().join("thesis.txt"), "mine").unwrap();
    let mut refused = demo(dir.path(), &["--restart"]);
    assert_eq!(refused.wait(PATIENCE).await.unwrap().code(), Some(2));
    assert!(refused.output().contains("--data-dir"), "{}", refused.output());
    assert!(dir.path().join("thesis.txt").exists());
}
