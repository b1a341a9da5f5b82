//! The four roles under the supervisor, as the supervisor.toml that comes with the program has them.

use testkit::Redis;

use super::*;
use crate::web;

pub(super) const SLUG: &str = "rustfest";
const EVENT: &str = "slug = \"rustfest\"\ntitle = \"RustFest\"\nonsite = \"open\"\n";
pub(super) const ROLES: [&str; 4] = ["nozzle", "halley", "strainer", "site"];
/// What is promised after the death of any process.
const BACK_WITHIN: Duration = Duration::from_secs(2);
/// Kills of each process; the best counts, since other work of the machine is not what is measured.
const TRIES: usize = 3;

/// The roles on a Redis of their own.
pub(super) struct Daemons {
    pub(super) stand: Stand,
    pub(super) halley: String,
    pub(super) site: String,
    nozzle: String,
    _redis: Redis,
    eid: String,
    said: usize,
}

impl Daemons {
    /// Starts them over the plan that comes with the program; nothing where Redis is missing (said loudly).
    pub(super) async fn start() -> Option<Self> {
        let redis = Redis::start().await?;
        let [site, halley, nozzle, hooks, strainer] =
            [(); 5].map(|()| format!("127.0.0.1:{}", testkit::free_port()));
        let settings = format!(
            "[live]\nurl = \"{}\"\n[http]\nvenue_cidrs = [\"127.0.0.0/8\"]\n[site]\nlisten = \"{site}\"\n\
             [halley]\nlisten = \"{halley}\"\n[nozzle]\nlisten = \"{nozzle}\"\nhooks_listen = \"{hooks}\"\n\
             [strainer]\nlisten = \"{strainer}\"\n",
            redis.url()
        );
        let stand = Stand::start(include_str!("../../../supervisor.toml"), &settings).await;
        let mut daemons = Self {
            stand,
            halley,
            site,
            nozzle: format!("http://{nozzle}"),
            _redis: redis,
            eid: String::new(),
            said: 0,
        };
        daemons.wait_ready().await;
        daemons.stand.place.write("event.toml", EVENT);
        let applied = daemons.stand.place.run(&["event", "apply", "event.toml"]);
        assert_eq!(applied.code, Some(0), "{applied:?}");
        let listed = daemons.stand.place.run(&["event", "list"]).stdout;
        daemons.eid = listed.split_whitespace().nth(1).expect("the event's id").to_owned();
        for url in [daemons.head(), daemons.page()] {
            let deadline = Instant::now() + SOON;
            while !web::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
                assert!(Instant::now() < deadline, "{url} does not answer");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Some(daemons)
    }

    pub(super) fn head(&self) -> String {
        format!("http://{}/live/{SLUG}/head.json", self.halley)
    }

    pub(super) fn page(&self) -> String {
        format!("http://{}/{SLUG}", self.site)
    }

    pub(super) async fn wait_ready(&self) {
        let ready = |status: &Value| ROLES.iter().all(|role| instance(status, role)["state"] == "ready");
        self.stand.wait(ready, "all of them ready").await;
    }

    /// Writes one more post; tried again while the nozzle restarts, as the site does.
    pub(super) async fn say(&mut self) {
        let token = self.stand.file("data/intake-token");
        let (n, deadline) = (self.said, Instant::now() + SOON);
        self.said += 1;
        loop {
            let said = web::client()
                .post(format!("{}/intake/{}/say", self.nozzle, self.eid))
                .bearer_auth(token.trim())
                .header("Idempotency-Key", format!("key-{n}"))
                .header("X-Actor", format!("guest:somebody-{n}"))
                .body(serde_json::json!({"text": format!("post {n}"), "name": "Ada"}).to_string());
            match said.send().await {
                Ok(answer) if answer.status().is_success() => return,
                answer => assert!(Instant::now() < deadline, "{answer:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(super) async fn top(&self) -> u64 {
        let head: Value = web::get(self.head()).await.expect("a head").json().await.expect("JSON");
        head["top"].as_u64().expect("a top")
    }

    /// Kills a process and says how long it took to be ready again.
    async fn kill(&self, role: &str) -> Duration {
        let before = instance(&self.stand.status(), role).clone();
        kill9(pid(&before));
        let is_back = |status: &Value| {
            let now = instance(status, role);
            now["state"] == "ready" && now["restarts"].as_u64() > before["restarts"].as_u64()
        };
        let status = self.stand.wait(is_back, &format!("{role} again")).await;
        let now = instance(&status, role);
        assert_eq!((&now["last_end"]["signal"], &now["last_end"]["pid"]), (&Value::from(9), &before["pid"]));
        assert_eq!(now["last_end"]["reason"], "signal 9 (SIGKILL)");
        let time = |value: &Value| value.as_i64().expect("a time");
        Duration::from_micros(
            u64::try_from(time(&now["since"]) - time(&now["last_end"]["at"])).expect("later"),
        )
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_that_is_killed_is_ready_again_within_two_seconds_and_the_status_says_so() {
    let _alone = crate::product::alone().await;
    let Some(mut daemons) = Daemons::start().await else { return };
    for role in ROLES {
        let mut times = Vec::new();
        while times.len() < TRIES && !times.iter().any(|time| *time <= BACK_WITHIN) {
            times.push(daemons.kill(role).await);
        }
        eprintln!("{role} was ready again after {times:?}");
        assert!(times.iter().any(|time| *time <= BACK_WITHIN), "{role}: {times:?}");
    }
    daemons.say().await;
    let wanted = daemons.top().await;
    assert!(wanted > 0);
    let metrics =
        instance(&daemons.stand.status(), "halley")["ops_url"].as_str().map(|url| format!("{url}/metrics"));
    let answer = web::get(metrics.expect("an address of this very instance")).await.expect("metrics");
    assert!(answer.text().await.expect("text").contains("# TYPE"), "they are in Prometheus' form");

    let nozzle = pid(instance(&daemons.stand.status(), "nozzle"));
    let rolled = daemons.stand.ctl(&["restart", "--rolling", "nozzle", "strainer"]);
    assert_eq!(rolled.code, Some(0), "{rolled:?}");
    assert!(
        !is_alive(nozzle) && rolled.stdout.contains("nozzle: rolling restart: 1 of 1 replaced"),
        "{rolled:?}"
    );
    daemons.say().await;
    assert!(daemons.top().await > wanted, "the log goes on where it stood");

    daemons.stand.supervisor.terminate();
    let began = Instant::now();
    let ended = daemons.stand.supervisor.wait(SOON).await.expect("it ends");
    assert!(
        ended.success() && began.elapsed() < Duration::from_secs(15),
        "{ended} after {:?}",
        began.elapsed()
    );
}
