//! halley as several processes on one listener: everybody gets every post once whatever dies, and nothing stays behind.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use testkit::{Process, Redis};

use crate::program::Place;
use crate::viewers::{Crowd, Seen};
use crate::web;

const SLUG: &str = "rustfest";
const EVENT: &str = "slug = \"rustfest\"\ntitle = \"RustFest\"\nonsite = \"open\"\n";
const SOON: Duration = Duration::from_secs(60);
const VIEWERS: usize = 40;

/// A nozzle and a halley with workers, on a Redis of their own.
struct Stand {
    place: Place,
    redis: Redis,
    nozzle: Process,
    halley: Process,
    address: String,
    intake: String,
    eid: String,
    said: usize,
}

impl Stand {
    /// Starts it with more settings of `[halley]`; nothing where Redis is missing (said loudly).
    async fn start(halley: &str) -> Option<Self> {
        let redis = Redis::start().await?;
        let place = Place::new();
        let [streams, nozzle, hooks] = [(); 3].map(|()| format!("127.0.0.1:{}", testkit::free_port()));
        place.write("event.toml", EVENT);
        place.write(
            "perihelion.toml",
            &format!(
                "[live]\nurl = \"{}\"\n[http]\nvenue_cidrs = [\"127.0.0.0/8\"]\n[halley]\nlisten = \"{streams}\"\n{halley}\n\
                 [nozzle]\nlisten = \"{nozzle}\"\nhooks_listen = \"{hooks}\"\n",
                redis.url()
            ),
        );
        let mut stand = Self {
            nozzle: role(&place, "nozzle"),
            halley: role(&place, "halley"),
            redis,
            address: streams,
            intake: format!("http://{nozzle}"),
            eid: String::new(),
            said: 0,
            place,
        };
        wait_until(|| async { web::get(format!("{}/healthz", stand.intake)).await.is_ok() }, "a nozzle")
            .await;
        let applied = stand.place.run(&["event", "apply", "event.toml"]);
        assert_eq!(applied.code, Some(0), "{applied:?}");
        let listed = stand.place.run(&["event", "list"]).stdout;
        stand.eid = listed.split_whitespace().nth(1).expect("the event's id").to_owned();
        stand.wait_pair().await;
        Some(stand)
    }

    /// Waits until both workers know the event.
    async fn wait_pair(&self) {
        let knows = |record: &Value| record["events"][SLUG]["head"].is_object();
        let both = || async { self.records().await.iter().filter(|record| knows(record)).count() == 2 };
        wait_until(both, "a pair that knows the event").await;
    }

    /// Writes so many posts, each by somebody else.
    async fn say(&mut self, posts: usize) {
        let token = std::fs::read_to_string(self.place.path().join("data/intake-token")).expect("a token");
        let client = web::client();
        for n in self.said..self.said + posts {
            let said = client
                .post(format!("{}/intake/{}/say", self.intake, self.eid))
                .bearer_auth(token.trim())
                .header("Idempotency-Key", format!("key-{n}"))
                .header("X-Actor", format!("guest:somebody-{n}"))
                .body(serde_json::json!({"text": format!("post {n}"), "name": "Ada"}).to_string());
            assert_eq!(said.send().await.expect("the intake answers").status(), 201, "post {n}");
        }
        self.said += posts;
    }

    async fn top(&self) -> u64 {
        let url = format!("http://{}/live/{SLUG}/head.json", self.address);
        let head: Value = web::get(url).await.expect("a head").json().await.expect("JSON");
        head["top"].as_u64().expect("a top")
    }

    /// Process ids of the workers that were ever started, by seat.
    fn started(&self) -> Vec<(String, i32)> {
        let said = self.halley.output();
        let lines = said.lines().filter(|line| line.contains("a worker was started"));
        let field = |line: &str, name: &str| {
            let rest = line.split_once(name).expect("the line names it").1;
            rest.split_whitespace().next().expect("with a value").to_owned()
        };
        lines
            .map(|line| (field(line, "worker.seat="), field(line, "worker.pid=").parse().expect("a number")))
            .collect()
    }

    /// What the workers that live say of themselves.
    async fn records(&self) -> Vec<Value> {
        let mut records = Vec::new();
        for (_, pid) in self.started().into_iter().filter(|(_, pid)| is_alive(*pid)) {
            let key = format!("status:halley:{}-{pid}", hostname());
            let record = self.redis.command(&["GET", &key]).await.expect("Redis answers").text();
            records.push(serde_json::from_str(&record).unwrap_or_default());
        }
        records
    }

    /// Connections that each worker says it holds.
    async fn held(&self) -> Vec<u64> {
        self.records().await.iter().map(|record| record["connections"].as_u64().unwrap_or(0)).collect()
    }

    /// Nobody is left, and the port can be had again.
    async fn leaves_nothing(&self) {
        let pids: Vec<i32> = self.started().into_iter().map(|(_, pid)| pid).collect();
        wait_until(|| async { pids.iter().all(|pid| !is_alive(*pid)) }, "the end of all workers").await;
        TcpListener::bind(&self.address).expect("the port is free");
    }
}

fn role(place: &Place, role: &str) -> Process {
    let mut command = place.command(&[role]);
    command.env("RUST_LOG", "info");
    Process::start(command).expect("the binary under test starts")
}

fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a name").trim().to_owned()
}

/// Neither gone nor waiting to be reaped.
fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

async fn wait_until<F: Future<Output = bool>>(is_so: impl Fn() -> F, what: &str) {
    let deadline = Instant::now() + SOON;
    while !is_so().await {
        assert!(Instant::now() < deadline, "there is not {what} in {SOON:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Kills one worker of two under a crowd: its viewers miss nothing, the others notice nothing, another takes its place.
async fn one_worker_dies(stand: &mut Stand, crowd: &Crowd) {
    let all = || async { stand.held().await.iter().sum::<u64>() == VIEWERS as u64 };
    wait_until(all, "a place for everybody").await;
    let held = stand.held().await;
    assert!(held.len() == 2 && held.iter().all(|connections| *connections > 0), "{held:?}");
    let (victim, lost) = (stand.started()[0].1, held[0]);
    kill(Pid::from_raw(victim), Signal::SIGKILL).expect("our own child's child");
    stand.say(10).await;
    crowd.wait_top(stand.top().await).await;
    wait_until(|| async { stand.started().len() == 3 }, "a worker in its place").await;
    let seen = crowd.seen();
    let dropped = seen.iter().filter(|seen| seen.drops > 0).count() as u64;
    assert_eq!(dropped, lost, "the other worker's viewers notice nothing");
    seen.iter().for_each(Seen::is_whole);
}

/// Asks the whole to stop: everybody is told bye, each with a time of its own, and nothing stays.
async fn the_whole_stops(stand: &mut Stand, crowd: &Crowd) {
    stand.halley.terminate();
    let status = stand.halley.wait(SOON).await.expect("it ends");
    assert!(status.success(), "{status}: {}", stand.halley.output());
    stand.leaves_nothing().await;
    crowd.wait_byes(1).await;
    let waits: BTreeSet<u64> = crowd.seen().iter().filter_map(|seen| seen.byes.first().copied()).collect();
    let (first, last) = (waits.first().expect("a bye"), waits.last().expect("a bye"));
    assert!(waits.len() > VIEWERS / 2 && last - first > 400, "come back all over the time: {waits:?}");
    let said = stand.halley.output();
    assert!(said.contains("worker=1") && said.contains("worker=2"), "each line says whose it is: {said}");
}

/// Kills the first process the hard way: its workers end by themselves, and politely.
async fn the_first_process_dies(stand: &mut Stand, crowd: &Crowd) {
    let workers = stand.started();
    assert!(workers.len() == 2 && workers.iter().all(|(_, pid)| is_alive(*pid)), "{workers:?}");
    stand.halley.kill9();
    let began = Instant::now();
    stand.leaves_nothing().await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    crowd.wait_byes(2).await;
    stand.halley = role(&stand.place, "halley");
    stand.wait_pair().await;
    // Its successor need not wait for that.
    stand.halley.kill9();
    stand.halley = role(&stand.place, "halley");
    stand.wait_pair().await;
    stand.say(5).await;
    crowd.wait_top(stand.top().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_every_post_once_from_two_workers_whatever_dies_and_nothing_stays_behind() {
    let _alone = crate::product::alone().await;
    let Some(mut stand) = Stand::start("workers = 2").await else { return };
    let crowd = Crowd::gather(&stand.address, SLUG, VIEWERS).await;
    stand.say(10).await;
    crowd.wait_top(stand.top().await).await;
    one_worker_dies(&mut stand, &crowd).await;
    let metrics = web::get(format!("http://{}/metrics", stand.address)).await.expect("metrics");
    assert!(metrics.text().await.expect("text").contains("worker=\""), "metrics say whose they are");
    the_whole_stops(&mut stand, &crowd).await;

    stand.halley = role(&stand.place, "halley");
    stand.say(5).await;
    stand.wait_pair().await;
    crowd.wait_top(stand.top().await).await;
    the_first_process_dies(&mut stand, &crowd).await;
    crowd.seen().iter().for_each(Seen::is_whole);
    assert!(stand.nozzle.is_running());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_worker_leaves_newcomers_to_the_other_and_a_full_pair_turns_them_away_politely() {
    let _alone = crate::product::alone().await;
    let Some(stand) = Stand::start("workers = 2\nconnections_max = 8").await else { return };
    let url = format!("http://{}/live/{SLUG}/sse", stand.address);
    for round in 0..5 {
        // Health checks and heads of before have let their places go.
        let mut streams = Vec::new();
        for n in 0..8 {
            let deadline = Instant::now() + SOON;
            let stream = loop {
                let answer = web::stream(&url).await.expect("somebody answers");
                if answer.status().is_success() {
                    break answer;
                }
                // Places of the last round, and of the test's own questions, are let go within a moment.
                assert!(
                    n == 0 || Instant::now() < deadline,
                    "round {round}, stream {n}: {}",
                    answer.status()
                );
                tokio::time::sleep(Duration::from_millis(100)).await;
            };
            streams.push(stream);
        }
        let ninth = web::stream(&url).await.expect("an answer, not a reset");
        assert_eq!(ninth.status(), 503);
        let wait: u64 = ninth.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
        assert!((1..=30).contains(&wait), "{wait}");
        wait_until(|| async { stand.held().await.iter().all(|held| *held == 4) }, "4 on each").await;
    }
}
