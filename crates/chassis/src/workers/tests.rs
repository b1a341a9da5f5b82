//! Workers that are shells: started, brought back, stopped, killed.

use std::fs;

use super::*;

const SOON: Duration = Duration::from_secs(60);

/// A place where shells leave their process ids.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory can be made"))
    }

    /// A shell that notes its process id and then does `rest`.
    fn shell(&self, rest: &'static str) -> impl Fn(Seat) -> Command + use<> {
        let dir = self.0.path().to_owned();
        move |seat| {
            let mut command = Command::new("sh");
            let noted = dir.join(seat.number().to_string());
            command.args(["-c", &format!("echo $$ >> {}; {rest}", noted.display())]);
            command
        }
    }

    /// Process ids of a seat so far.
    fn pids(&self, number: usize) -> Vec<String> {
        let text = fs::read_to_string(self.0.path().join(number.to_string())).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    async fn wait_pids(&self, number: usize, count: usize) -> Vec<String> {
        let deadline = Instant::now() + SOON;
        loop {
            let pids = self.pids(number);
            if pids.len() >= count {
                return pids;
            }
            assert!(Instant::now() < deadline, "{pids:?}");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

fn lives(pid: &str) -> bool {
    fs::metadata(format!("/proc/{pid}")).is_ok()
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a free port")
}

fn run_in_background(
    listener: TcpListener,
    of: usize,
    command: impl Fn(Seat) -> Command + Send + Sync + 'static,
    shutdown: &Shutdown,
) -> tokio::task::JoinHandle<()> {
    let shutdown = shutdown.clone();
    tokio::spawn(async move { run(listener, of, Secret::new("word".to_owned()), command, &shutdown).await })
}

#[tokio::test]
async fn workers_that_end_come_back_later_and_later() {
    let place = Place::new();
    let shutdown = Shutdown::new();
    let running = run_in_background(listener(), 1, place.shell("exit 3"), &shutdown);
    let began = Instant::now();
    place.wait_pids(1, 4).await;
    // 100 + 200 + 400 ms at least.
    assert!(began.elapsed() >= Duration::from_millis(690), "{:?}", began.elapsed());
    shutdown.trigger();
    running.await.expect("it ends");
}

#[tokio::test]
async fn a_stop_closes_the_listener_lets_workers_off_the_leash_and_waits_for_them() {
    let place = Place::new();
    let shutdown = Shutdown::new();
    let bound = listener();
    let address = bound.local_addr().expect("bound");
    // Ends when its standard output, the leash, has nobody at the other end any more.
    let until_let_go = "exec 2>/dev/null; while echo x; do sleep 0.05; done; sleep 0.3";
    let running = run_in_background(bound, 2, place.shell(until_let_go), &shutdown);
    let pids = [place.wait_pids(1, 1).await, place.wait_pids(2, 1).await].concat();
    assert!(pids.iter().all(|pid| lives(pid)));
    shutdown.trigger();
    running.await.expect("it ends");
    assert!(pids.iter().all(|pid| !lives(pid)));
    TcpListener::bind(address).expect("the port is free at once");
}

#[tokio::test]
async fn a_second_signal_kills_workers_that_do_not_stop() {
    let place = Place::new();
    let shutdown = Shutdown::new();
    let running = run_in_background(listener(), 1, place.shell("trap '' TERM; exec sleep 600"), &shutdown);
    let pids = place.wait_pids(1, 1).await;
    shutdown.trigger();
    shutdown.insist();
    timeout(SOON, running).await.expect("it does not wait").expect("it ends");
    assert!(!lives(&pids[0]));
}

#[test]
fn seats_are_written_as_number_and_count() {
    assert_eq!("2/4".parse(), Ok(Seat { number: 2, of: 4 }));
    assert_eq!(Seat::all(2).map(|seat| seat.to_string()).collect::<Vec<_>>(), ["1/2", "2/2"]);
    for wrong in ["", "2", "0/4", "5/4", "1/0", "1/9999", "a/b", "-1/2"] {
        assert!(wrong.parse::<Seat>().is_err(), "{wrong}");
    }
}
