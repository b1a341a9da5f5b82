//! What the daemons tell of themselves, on real servers: their metrics obey Prometheus' rules, every metric that the dashboard for Grafana and
//! the alert rules in `deploy/` name is in a scrape, and `/admin/ops` sees within five seconds that a process was killed, and that it is back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::product::{Product, Stores};

/// Units that are not Prometheus' base units, as they end names.
const OTHER_UNITS: [&str; 9] =
    ["milliseconds", "microseconds", "minutes", "hours", "kilobytes", "megabytes", "kib", "mib", "percent"];
/// Within this long a kill is told (the browser's two seconds included), and within this long that somebody is back.
const TOLD_WITHIN: Duration = Duration::from_secs(5);
const BACK_WITHIN: Duration = Duration::from_secs(30);

/// A scrape's metrics: the kind by name, and whether something is told of it.
#[derive(Default)]
struct Scrape {
    kinds: BTreeMap<String, String>,
    told: BTreeSet<String>,
}

/// Reads the text form and holds it to the rules of <https://prometheus.io/docs/practices/naming> and of the exposition format.
fn read(daemon: &str, text: &str) -> Scrape {
    let (mut scrape, mut helped) = (Scrape::default(), BTreeSet::new());
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, words) = rest.split_once(' ').unwrap_or((rest, ""));
            assert!(!words.is_empty() && helped.insert(name.to_owned()), "{daemon}: {line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type has a kind");
            let before = scrape.kinds.insert(name.to_owned(), kind.to_owned());
            assert!(
                before.is_none() && helped.contains(name),
                "{daemon}: {line}: told twice, or without HELP"
            );
        } else {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end).filter(|base| scrape.kinds.contains_key(*base)))
                .unwrap_or(name);
            assert!(scrape.kinds.contains_key(base), "{daemon}: {line} has no TYPE");
            assert!(line.rsplit(' ').next().is_some_and(|n| n.parse::<f64>().is_ok()), "{daemon}: {line}");
            scrape.told.insert(base.to_owned());
        }
    }
    for (name, kind) in &scrape.kinds {
        obeys(daemon, name, kind);
    }
    scrape
}

fn obeys(daemon: &str, name: &str, kind: &str) {
    let is_ours = name.starts_with("perihelion_") || name.starts_with("process_");
    assert!(is_ours, "{daemon}: {name} does not say whose it is");
    assert!(
        name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
        "{daemon}: {name}"
    );
    assert_eq!(kind == "counter", name.ends_with("_total"), "{daemon}: {name} is a {kind}");
    assert_ne!(kind, "summary", "{daemon}: {name}: medians of several processes cannot be added");
    let words: Vec<&str> = name.split('_').collect();
    let wrong = words.iter().find(|word| OTHER_UNITS.contains(word));
    assert!(wrong.is_none(), "{daemon}: {name} is not in a base unit");
    for end in ["_count", "_sum", "_bucket"] {
        assert!(!name.ends_with(end), "{daemon}: {name} ends like a part of a histogram");
    }
    let kinds = ["gauge", "counter", "histogram"];
    assert!(!words.iter().any(|word| kinds.contains(word)), "{daemon}: {name} names its kind");
}

/// Debian's own judge, where it is installed.
fn promtool(arguments: &[&str], stdin: Option<&str>) {
    let mut command = Command::new("promtool");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut running) = command.spawn() else {
        return eprintln!(
            "SKIPPED: promtool is not installed (Debian's package prometheus); our own rules have judged"
        );
    };
    let mut input = running.stdin.take().expect("piped");
    std::io::Write::write_all(&mut input, stdin.unwrap_or_default().as_bytes()).expect("it reads");
    drop(input);
    let ended = running.wait_with_output().expect("it ends");
    assert!(ended.status.success(), "promtool {arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
}

/// The metrics that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let names = words.filter(|word| word.starts_with("perihelion_") || word.starts_with("process_"));
    names.map(|name| name.strip_suffix("_bucket").unwrap_or(name).to_owned()).collect()
}

fn deployed(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Where each daemon tells its metrics.
fn daemons(product: &Product) -> Vec<(&'static str, String)> {
    let settings =
        std::fs::read_to_string(product.place.path().join("perihelion.toml")).expect("it was written");
    let settings: toml::Table = settings.parse().expect("it is TOML");
    let listen = |role: &'static str| {
        let at = settings[role]["listen"].as_str().expect("every role listens");
        (role, format!("http://{at}/metrics"))
    };
    product.roles().iter().map(|role| listen(role)).collect()
}

async fn scrape(url: &str) -> String {
    let answer = crate::web::get(url.to_owned()).await.expect("a scrape is answered");
    assert!(answer.status().is_success(), "{url}: {}", answer.status());
    answer.text().await.expect("text")
}

/// What the dashboard says of a process that has no supervisor, by its role.
async fn state_of(product: &Product, token: &str, role: &str) -> (String, String) {
    let asked = crate::web::client().get(format!("{}/admin/ops/state.json", product.site)).bearer_auth(token);
    let told: Value = asked.send().await.expect("the site answers").json().await.expect("JSON");
    let cells = told["cells"].as_object().expect("cells");
    let key = |key: &&String| key.starts_with(&format!("r.{role}.")) && key.ends_with(".state");
    let cell = cells.keys().find(key).map(|key| &cells[key]).unwrap_or(&Value::Null);
    (cell[0].as_str().unwrap_or_default().to_owned(), cell[1].as_str().unwrap_or_default().to_owned())
}

async fn wait_for(product: &Product, token: &str, role: &str, tone: &str, within: Duration) -> Duration {
    let began = Instant::now();
    loop {
        let (words, is) = state_of(product, token, role).await;
        if is == tone {
            return began.elapsed();
        }
        assert!(began.elapsed() < within, "{role} is still {words:?} ({is}):\n{}", product.output());
        // As often as a browser asks.
        tokio::time::sleep(Duration::from_secs(2).min(within / 4)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_obey_the_rules_and_a_kill_is_told_within_five_seconds() {
    let _alone = crate::product::alone().await;
    let Some(mut product) = Product::start(Stores::Servers, "").await else { return };
    let mut told = BTreeSet::new();
    let deadline = Instant::now() + Duration::from_secs(30);
    let wanted: BTreeSet<String> = ["grafana/perihelion.json", "prometheus/alerts.yml"]
        .iter()
        .flat_map(|file| named(&deployed(file)))
        .collect();
    assert!(wanted.len() > 20, "{wanted:?}");
    // Some are there once the first look has been taken.
    loop {
        for (daemon, url) in daemons(&product) {
            told.extend(read(daemon, &scrape(&url).await).told);
        }
        let lacking: Vec<_> = wanted.difference(&told).collect();
        if lacking.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "deploy/ names what no daemon tells: {lacking:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for (_, url) in daemons(&product) {
        promtool(&["check", "metrics"], Some(&scrape(&url).await));
    }
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prometheus/alerts.yml");
    promtool(&["check", "rules", rules.to_str().expect("a path")], None);

    let token = std::fs::read_to_string(product.place.path().join("data/intake-token")).expect("it was made");
    let token = token.trim();
    for role in ["nozzle", "halley", "strainer"] {
        wait_for(&product, token, role, "ok", BACK_WITHIN).await;
        product.kill(role);
        let took = wait_for(&product, token, role, "bad", TOLD_WITHIN).await;
        assert!(took < TOLD_WITHIN, "{role}: {took:?}");
        product.start_again(role);
        wait_for(&product, token, role, "ok", BACK_WITHIN).await;
    }
    product.stop().await;
}
