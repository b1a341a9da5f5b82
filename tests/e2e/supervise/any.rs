//! What holds for any process, with shells in the place of daemons.

use super::*;

/// Shell processes, each with its own way to be trouble.
const TROUBLE: &str = r#"
[sockets]
door = "127.0.0.1:0"

[[process]]
name = "steady"
command = ["sh", "-c", "echo $GREETING $SECRET in $(basename $PWD), $LISTEN_FDS:$LISTEN_FDNAMES, mine: $((LISTEN_PID == $$)); while :; do sleep 0.1; done"]
env = { GREETING = "hello" }
env_files = ["secrets"]
dir = "elsewhere"
sockets = ["door"]

[[process]]
name = "doomed"
command = ["sh", "-c", "echo there is no room; exit 7"]

[[process]]
name = "fork"
command = ["sh", "-c", "echo another nozzle owns it; exit 3"]

[[process]]
name = "flood"
command = ["sh", "-c", "yes ................................................................"]
log = { mb = 1, files = 2 }

[[process]]
name = "stubborn"
command = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"]
stop_seconds = 1

[[process]]
name = "heavy"
command = ["sh", "-c", "x=$(head -c 40000000 /dev/zero | tr '\\0' x); echo ${#x}; while :; do sleep 0.1; done"]
memory_mb = 30

[[process]]
name = "silent"
command = ["sh", "-c", "while :; do sleep 0.1; done"]
ready = "notify"
ready_seconds = 1

[[process]]
name = "patient"
command = ["sh", "-c", "while :; do sleep 0.1; done"]
after = ["silent", "doomed"]
"#;

async fn trouble() -> Stand {
    let place = Place::new();
    std::fs::create_dir(place.path().join("elsewhere")).expect("a folder");
    place.write("secrets", "SECRET=canary\n");
    place.write("supervisor.toml", TROUBLE);
    let supervisor = supervise(&place);
    let stand = Stand { place, supervisor };
    stand.wait(|status| status.is_object(), "a supervisor that answers").await;
    stand
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_dies_hangs_floods_or_grows_is_dealt_with_and_told_and_the_others_run_on() {
    let mut stand = trouble().await;
    let first = pid(&stand.wait_state("steady", "ready").await);

    let doomed = stand.wait_state("doomed", "given_up").await;
    let why = doomed["why"].as_str().expect("a reason");
    assert!(why.contains("died 5 times in a row") && why.contains("exit code 7"), "{why}");
    assert_eq!(doomed["last_end"]["code"], 7);
    let words = doomed["last_end"]["lines"].to_string();
    assert!(words.contains("there is no room"), "{words}");
    let fork = stand.wait_state("fork", "given_up").await;
    assert_eq!(fork["restarts"], 0, "an exit code that no restart cures is not tried again");
    assert!(fork["why"].as_str().is_some_and(|why| why.contains("exit code 3")), "{fork}");

    a_start_that_fails_says_so(&stand);
    what_a_process_is_given(&stand, first).await;
    let steady = pid(&stand.wait_state("steady", "ready").await);
    a_flood_is_bounded(&stand).await;
    a_deaf_one_is_killed(&stand).await;
    let patient = stand.wait_state("patient", "ready").await;
    assert!(patient["pid"].is_number(), "it waited long enough for who never says that it is ready");
    assert_eq!(instance(&stand.status(), "silent")["state"], "starting");

    let heavy = |status: &Value| {
        instance(status, "heavy")["last_end"]["reason"].to_string().contains("its memory was")
    };
    let status = stand.wait(heavy, "a restart for too much memory").await;
    let reason = instance(&status, "heavy")["last_end"]["reason"].to_string();
    assert!(reason.contains("above memory_mb = 30, for 6 s"), "{reason}");
    let history = instance(&status, "steady")["history"].as_array().expect("samples").len();
    assert!((2..=60).contains(&history), "{history}");
    assert_eq!(pid(instance(&status, "steady")), steady, "nobody disturbed it");

    stand.supervisor.terminate();
    let ended = stand.supervisor.wait(SOON).await.expect("it ends");
    assert!(ended.success(), "{ended}: {}", stand.supervisor.output());
    assert!(!is_alive(steady) && !exists(stand.place.path(), "data/run/supervisor.sock"));
    assert!(!stand.supervisor.output().contains("canary"), "a secret is nobody's to log");
}

fn a_start_that_fails_says_so(stand: &Stand) {
    let tried = stand.ctl(&["start", "doomed"]);
    assert_eq!(tried.code, Some(1));
    assert!(tried.stderr.contains("doomed: start failed: it died 5 times"), "{tried:?}");
    let table = stand.ctl(&["status"]).stdout;
    assert!(table.contains("given up") && table.contains("| there is no room"), "{table}");
    let wrong = stand.ctl(&["restart", "stedy"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("there is no process \"stedy\"; there are: steady"), "{wrong:?}");
    let second = stand.place.run(&["supervise"]);
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains("another supervisor holds"), "{second:?}");
}

async fn what_a_process_is_given(stand: &Stand, steady: i32) {
    wait_until(|| stand.logs("steady").contains("hello"), "words of the process").await;
    let said = stand.logs("steady");
    assert!(said.contains("hello canary in elsewhere, 1:door, mine: 1"), "{said}");
    assert!(said.contains(&format!("started as process {steady}")), "{said}");
    let address = process_of(&stand.status(), "steady")["sockets"][0]["address"].as_str().map(str::to_owned);
    let connected = std::net::TcpStream::connect(address.expect("an address"));
    connected.expect("the supervisor holds the socket, whether or not anybody accepts");
    let restarted = stand.ctl(&["restart", "steady", "--json"]);
    assert_eq!(restarted.code, Some(0), "{restarted:?}");
    let task: Value = serde_json::from_str(&restarted.stdout).expect("JSON");
    assert_eq!((&task["what"], &task["outcome"]), (&Value::from("restart"), &Value::from("done")));
    assert!(!is_alive(steady));
    let mode = std::fs::metadata(stand.place.path().join("data/run/supervisor.sock")).expect("a socket");
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777, 0o600);
}

async fn a_flood_is_bounded(stand: &Stand) {
    wait_until(|| exists(stand.place.path(), "data/logs/flood.log.2"), "a log that was put aside twice")
        .await;
    wait_until(|| stand.file("data/logs/flood.log").contains("bytes of output were dropped"), "a note of it")
        .await;
    let began = Instant::now();
    assert!(stand.status().is_object());
    assert!(began.elapsed() < Duration::from_secs(10), "the supervisor answers: {:?}", began.elapsed());
    let logs = std::fs::read_dir(stand.place.path().join("data/logs")).expect("logs");
    let flood = logs
        .map(|file| file.expect("a file"))
        .filter(|f| f.file_name().to_string_lossy().starts_with("flood"));
    let sizes: Vec<u64> = flood.map(|file| file.metadata().expect("a file").len()).collect();
    assert!(sizes.len() <= 3 && sizes.iter().all(|size| *size <= 1 << 20), "{sizes:?}");
    assert_eq!(stand.ctl(&["stop", "flood"]).code, Some(0));
}

async fn a_deaf_one_is_killed(stand: &Stand) {
    let before = stand.wait_state("stubborn", "ready").await;
    wait_until(|| stand.logs("stubborn").contains("deaf"), "a process that hears nothing").await;
    assert_eq!(stand.ctl(&["stop", "stubborn"]).code, Some(0));
    assert!(!is_alive(pid(&before)));
    let after = stand.wait_state("stubborn", "stopped").await;
    assert_eq!(after["last_end"]["signal"], 9);
    let reason = after["last_end"]["reason"].to_string();
    assert!(reason.contains("it did not end within 1 s"), "{reason}");
    assert_eq!(stand.ctl(&["start", "stubborn"]).code, Some(0));
}

const TWO: &str = r#"
[[process]]
name = "polite"
command = ["sh", "-c", "trap 'echo bye > bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"]

[[process]]
name = "deaf"
command = ["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"]
stop_seconds = 1
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_that_is_killed_leaves_nobody_behind_and_its_successor_waits_for_the_deaf() {
    let mut stand = Stand::start(TWO, "").await;
    let polite = pid(&stand.wait_state("polite", "ready").await);
    let deaf = pid(&stand.wait_state("deaf", "ready").await);
    wait_until(|| stand.logs("polite").contains("up"), "a process that listens to signals").await;
    stand.supervisor.kill9();
    wait_until(|| !is_alive(polite), "the end of the polite one").await;
    assert_eq!(stand.file("bye"), "bye\n", "the kernel told it to end, and it ended by its own rules");
    assert!(is_alive(deaf), "and one was deaf");
    stand.supervisor = supervise(&stand.place);
    let status = stand.wait(|status| instance(status, "deaf")["state"] == "ready", "a successor").await;
    assert!(!is_alive(deaf) && pid(instance(&status, "deaf")) != deaf);
    let said = stand.supervisor.output();
    assert!(said.contains("left it behind") && said.contains("did not end in time and is killed"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_changes_what_changed_and_nothing_when_the_file_is_wrong() {
    let mut stand = Stand::start(TWO, "").await;
    let polite = pid(&stand.wait_state("polite", "ready").await);
    let deaf = pid(&stand.wait_state("deaf", "ready").await);
    stand.place.write("supervisor.toml", &TWO.replace("name = \"deaf\"", "nam = \"deaf\""));
    let refused = stand.ctl(&["reload"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("supervisor.toml, line 7: unknown field `nam`"), "{refused:?}");
    assert!(is_alive(polite) && is_alive(deaf));

    let other = TWO.replace("echo up", "echo anew").replace("name = \"deaf\"", "name = \"new\"");
    stand.place.write("supervisor.toml", &other);
    let done: Value = serde_json::from_str(&stand.ctl(&["reload", "--json"]).stdout).expect("JSON");
    assert_eq!(
        (&done["started"][0], &done["stopped"][0], &done["restarted"][0]),
        (&"new".into(), &"deaf".into(), &"polite".into())
    );
    let status = stand
        .wait(
            |status| process_of(status, "deaf").is_null() && instance(status, "new")["state"] == "ready",
            "the new plan",
        )
        .await;
    assert_eq!(status["processes"].as_array().map(Vec::len), Some(2));
    wait_until(
        || !is_alive(deaf) && !is_alive(polite) && stand.logs("polite").contains("anew"),
        "other processes",
    )
    .await;

    // SIGHUP means the same, as a service manager sends it.
    stand.place.write("supervisor.toml", TWO);
    stand.supervisor.signal(Signal::SIGHUP);
    stand.wait_state("deaf", "ready").await;
    stand.supervisor.interrupt();
    assert!(stand.supervisor.wait(SOON).await.expect("it ends").success());
}
