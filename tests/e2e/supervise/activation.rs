//! Started as systemd starts a service: with sockets from descriptor 3 on and a socket to report to.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Command;

use super::*;
use crate::web;

/// systemd's own tool: it opens the socket, and starts the program when the first client comes.
const ACTIVATE: &str = "systemd-socket-activate";

/// What a service manager listens on.
fn ear() -> (UnixDatagram, String) {
    let name = format!("perihelion-test-{}", testkit::free_port());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let ear = UnixDatagram::bind_addr(&address).expect("a socket");
    ear.set_read_timeout(Some(SOON)).expect("a socket");
    (ear, format!("@{name}"))
}

/// Listens until somebody says `word`.
fn hear(ear: &UnixDatagram, word: &str) -> String {
    let (mut heard, mut message) = (String::new(), [0; 4096]);
    while !heard.contains(word) {
        let length = ear.recv(&mut message).unwrap_or_else(|error| panic!("{error} before {word}: {heard}"));
        heard.push_str(&String::from_utf8_lossy(&message[..length]));
        heard.push('\n');
    }
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn systemd_hands_the_socket_down_and_hears_ready_alive_and_stopping() {
    let found = Command::new(ACTIVATE).arg("--version").output().is_ok();
    if !found {
        return testkit::skip_loudly(ACTIVATE);
    }
    let place = Place::new();
    let [port, other, intake] = [(); 3].map(|()| testkit::free_port());
    // The settings name another port: the socket that is handed down wins.
    place.write(
        "perihelion.toml",
        &format!("[site]\nlisten = \"127.0.0.1:{other}\"\n[nozzle]\nlisten = \"127.0.0.1:{intake}\"\n"),
    );
    let (ear, name) = ear();
    let program = place.command(&["up"]);
    let mut command = Command::new(ACTIVATE);
    command
        .args(["--listen", &format!("127.0.0.1:{port}"), "--fdname=site"])
        .args([
            "--setenv",
            &format!("NOTIFY_SOCKET={name}"),
            "--setenv",
            "WATCHDOG_USEC=400000",
            "--setenv",
            "RUST_LOG=info",
        ])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(place.path());
    let mut process = Process::start(command).expect("it starts");
    let first = format!("http://127.0.0.1:{port}/healthz");
    let deadline = Instant::now() + SOON;
    // systemd's tool needs a moment to listen; from then on the first client waits for the program.
    while !web::get(&first).await.is_ok_and(|answer| answer.status().is_success()) {
        assert!(Instant::now() < deadline, "nobody answers: {}", process.output());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let heard = hear(&ear, "READY=1");
    assert!(!heard.contains("STOPPING=1"), "{heard}");
    hear(&ear, "WATCHDOG=1");
    hear(&ear, "WATCHDOG=1");
    assert!(std::net::TcpListener::bind(("127.0.0.1", other)).is_ok(), "nobody listens on the other port");
    process.terminate();
    hear(&ear, "STOPPING=1");
    let ended = process.wait(SOON).await.expect("it ends");
    assert!(ended.success(), "{ended}: {}", process.output());
    assert!(process.output().contains("the socket that was handed down is used"), "{}", process.output());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_share_a_socket_and_come_and_go_by_how_late_they_are() {
    let address = format!("127.0.0.1:{}", testkit::free_port());
    let settings = format!("[site]\nlisten = \"{address}\"\n");
    let Some(redis) = testkit::Redis::start().await else { return };
    let scale = "scale = { min = 1, max = 3, metric = \"perihelion_http_connections_open\", target = 4.0, down_seconds = 2 }";
    let plan = format!(
        "[[process]]\nname = \"site\"\ncommand = [\"perihelion\", \"site\"]\nsockets = [\"site\"]\noverlap = true\n{scale}\n"
    );
    let stand = Stand::start(&plan, &format!("{settings}[live]\nurl = \"{}\"\n", redis.url())).await;
    stand.wait_state("site", "ready").await;
    let mut held = Vec::new();
    for _ in 0..9 {
        held.push(tokio::net::TcpStream::connect(&address).await.expect("connected"));
    }
    let several = |status: &Value| {
        let instances = process_of(status, "site")["instances"].as_array().map_or(&[][..], Vec::as_slice);
        instances.len() >= 2 && instances.iter().all(|one| one["state"] == "ready")
    };
    let status = stand.wait(several, "more instances").await;
    let scale = &process_of(&status, "site")["scale"];
    assert!(scale["why"].as_str().is_some_and(|why| why.contains("above 4")), "{scale}");
    drop(held);
    let one =
        |status: &Value| process_of(status, "site")["instances"].as_array().is_some_and(|all| all.len() == 1);
    let status = stand.wait(one, "one instance again").await;
    assert!(process_of(&status, "site")["scale"]["why"].as_str().is_some_and(|why| why.contains("was calm")));
}
