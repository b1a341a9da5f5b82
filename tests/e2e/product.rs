//! The product under test, in its two shapes: `up` on the embedded stores, or four daemons on a real Redis and PostgreSQL.

use crate::program::Place;
use std::process::Command;
use std::time::{Duration, Instant};
use testkit::{Postgres, Process, Redis};

/// The event that the tests follow.
pub(crate) const EVENT: &str = "testconf";
/// What the fake networks ask for.
pub(crate) const TOKEN: &str = "a-token-for-tests";
const START_LIMIT: Duration = Duration::from_secs(60);
const EVENT_LIMIT: Duration = Duration::from_secs(60);

/// Two cores carry one of these tests at a time.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Waits until no other test that runs the whole product is under way.
pub(crate) async fn alone() -> tokio::sync::MutexGuard<'static, ()> {
    chassis::tls::install();
    ALONE.lock().await
}

/// Which stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stores {
    /// `up`, nothing else installed.
    Embedded,
    /// Daemons on Redis and PostgreSQL.
    Servers,
}

/// The servers behind the daemons.
pub(crate) struct Servers {
    pub(crate) redis: Redis,
    pub(crate) postgres: Postgres,
    pub(crate) archive_url: String,
}

/// Everything that runs.
pub(crate) struct Product {
    pub(crate) place: Place,
    pub(crate) servers: Option<Servers>,
    pub(crate) site: String,
    pub(crate) halley: String,
    /// Where signed deliveries go.
    pub(crate) hooks: String,
    env: Vec<(&'static str, String)>,
    running: Vec<(&'static str, Process)>,
}

impl Product {
    /// Starts the product with this event; `None` when a server is missing (said loudly).
    pub(crate) async fn start(stores: Stores, sources: &str) -> Option<Self> {
        Self::start_event(stores, &event(sources), Vec::new()).await
    }

    /// Starts the product with a whole event.toml and more variables in its environment.
    pub(crate) async fn start_event(
        stores: Stores,
        event: &str,
        env: Vec<(&'static str, String)>,
    ) -> Option<Self> {
        let place = Place::new();
        let servers = match stores {
            Stores::Embedded => None,
            Stores::Servers => {
                let redis = Redis::start_with(&["--rdbcompression", "no"]).await?;
                let postgres = Postgres::start_durable().await?;
                let archive_url = postgres.create_database().await;
                Some(Servers { redis, postgres, archive_url })
            }
        };
        let [site, halley, hooks] = [(); 3].map(|()| format!("http://127.0.0.1:{}", testkit::free_port()));
        let halley = if stores == Stores::Embedded { site.clone() } else { halley };
        place.write("perihelion.toml", &settings(servers.as_ref(), &site, &halley, &hooks));
        place.write("event.toml", event);
        let mut product = Self { place, servers, site, halley, hooks, env, running: Vec::new() };
        for role in product.roles() {
            product.start_role(role);
        }
        product.wait_ready().await;
        if stores == Stores::Servers {
            let mut apply = product.command(&["event", "apply", "event.toml"]);
            let applied = product.place.run_command(&mut apply);
            assert!(applied.code == Some(0), "event apply: {applied:?}");
        }
        product.wait_event().await;
        Some(product)
    }

    /// The processes of this shape, in the order of their start.
    pub(crate) fn roles(&self) -> &'static [&'static str] {
        if self.servers.is_some() { &["nozzle", "halley", "strainer", "site"] } else { &["up"] }
    }

    fn start_role(&mut self, role: &'static str) {
        let arguments: &[&str] = if role == "up" { &["up", "--event", "event.toml"] } else { &[role] };
        let mut command = self.command(arguments);
        command.env("RUST_LOG", "info");
        let process = Process::start(command).expect("the binary under test starts");
        self.running.push((role, process));
    }

    /// The program with these arguments in the environment of this product, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(arguments);
        command.env("TEST_TOKEN", TOKEN).envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// `kill -9`, and starts the same process again at once.
    pub(crate) fn kill_and_restart(&mut self, role: &'static str) {
        self.kill(role);
        self.start_again(role);
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self, role: &'static str) {
        let at = self.running.iter().position(|(r, _)| *r == role).expect("the role runs");
        let (_, mut process) = self.running.remove(at);
        process.kill9();
    }

    /// Starts a process that was killed.
    pub(crate) fn start_again(&mut self, role: &'static str) {
        self.start_role(role);
    }

    /// Waits until every process says that it is ready.
    pub(crate) async fn wait_ready(&mut self) {
        for url in self.health_urls() {
            let deadline = Instant::now() + START_LIMIT;
            while !is_ok(&format!("{url}/healthz")).await {
                assert!(Instant::now() < deadline, "{url} is not up; it said:\n{}", self.output());
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    fn health_urls(&self) -> Vec<String> {
        let mut urls = vec![self.site.clone()];
        if self.servers.is_some() {
            urls.push(self.halley.clone());
        }
        urls
    }

    /// Waits until the event's log can be read by a browser.
    async fn wait_event(&mut self) {
        let deadline = Instant::now() + EVENT_LIMIT;
        while !is_ok(&format!("{}/live/{EVENT}/head.json", self.halley)).await
            || !is_ok(&format!("{}/{EVENT}", self.site)).await
        {
            assert!(Instant::now() < deadline, "the event does not appear; it said:\n{}", self.output());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What all processes printed.
    pub(crate) fn output(&self) -> String {
        self.running.iter().map(|(role, p)| format!("--- {role}\n{}", p.output())).collect()
    }

    /// Lets every process end politely, so that its files can be read.
    pub(crate) async fn stop(&mut self) {
        for (_, process) in &self.running {
            process.terminate();
        }
        for (role, mut process) in std::mem::take(&mut self.running) {
            let status = process.wait(Duration::from_secs(30)).await;
            assert!(
                status.is_ok_and(|s| s.success()),
                "{role} did not end well; it said:\n{}",
                process.output()
            );
        }
    }

    /// Fetches a page or an answer of the site.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        match crate::web::get(format!("{}{path}", self.site)).await {
            Ok(answer) => (answer.status().as_u16(), answer.text().await.unwrap_or_default()),
            Err(_) => (0, String::new()),
        }
    }
}

async fn is_ok(url: &str) -> bool {
    crate::web::get(url).await.is_ok_and(|a| a.status().is_success())
}

fn settings(servers: Option<&Servers>, site: &str, halley: &str, hooks: &str) -> String {
    let listen = |url: &str| url.trim_start_matches("http://").to_owned();
    let (live, archive) = servers
        .map_or(("embedded".to_owned(), "embedded".to_owned()), |s| (s.redis.url(), s.archive_url.clone()));
    let [nozzle, strainer] = [(); 2].map(|()| format!("127.0.0.1:{}", testkit::free_port()));
    let hooks = listen(hooks);
    let halley_listen =
        if servers.is_some() { listen(halley) } else { format!("127.0.0.1:{}", testkit::free_port()) };
    let public = if servers.is_some() { halley } else { "" };
    format!(
        r#"data_dir = "data"
[live]
url = "{live}"
[archive]
url = "{archive}"
[site]
listen = "{}"
public_url = "{site}"
[halley]
listen = "{halley_listen}"
public_url = "{public}"
[nozzle]
listen = "{nozzle}"
hooks_listen = "{hooks}"
[strainer]
listen = "{strainer}"
"#,
        listen(site)
    )
}

fn event(sources: &str) -> String {
    format!(
        "slug = \"{EVENT}\"\ntitle = \"Test Conf\"\ntimezone = \"America/Los_Angeles\"\nstarts = 2018-01-20\nends = 2018-02-10\n\
         hashtags = [\"rstudioconf\"]\n{sources}"
    )
}
