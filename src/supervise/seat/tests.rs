//! The states of one place, without processes.

use super::*;

/// A place and its time.
struct Stand {
    seat: Seat,
    ids: RunIds,
    now: Instant,
    rules: Rules,
    deeds: Vec<Deed>,
}

impl Stand {
    fn new() -> Self {
        let rules = Rules {
            stop_wait: Duration::from_secs(20),
            ready_wait: Duration::from_secs(30),
            watchdog: Some(Duration::from_secs(10)),
            final_codes: vec![2, 3],
        };
        let now = Instant::now();
        Self { seat: Seat::new(now), ids: RunIds::default(), now, rules, deeds: Vec::new() }
    }

    fn pass(&mut self, seconds: f64) {
        self.now += Duration::from_secs_f64(seconds);
        self.seat.due(self.now, &self.rules, &mut self.ids, &mut self.deeds);
    }

    /// What is to be done since the last look.
    fn deeds(&mut self) -> Vec<Deed> {
        std::mem::take(&mut self.deeds)
    }

    fn start(&mut self) -> RunId {
        self.seat.start(self.now, &mut self.ids, &mut self.deeds);
        self.spawned()
    }

    #[track_caller]
    fn spawned(&mut self) -> RunId {
        match self.deeds()[..] {
            [.., Deed::Spawn(id)] => id,
            ref other => panic!("nothing was started: {other:?}"),
        }
    }

    fn ready(&mut self, id: RunId) {
        self.seat.ready(id, self.now, &self.rules, &mut self.deeds);
    }

    fn end(&mut self, id: RunId, code: i32) {
        let end = End { code: Some(code), lines: vec!["last words".to_owned()], ..End::default() };
        self.seat.ended(id, end, self.now, &self.rules, &mut self.ids, &mut self.deeds);
    }

    fn roll(&mut self) {
        self.seat.roll("asked for", self.now, &self.rules, &mut self.ids, &mut self.deeds);
    }

    fn why(&self) -> &str {
        self.seat.why().unwrap_or_default()
    }

    fn reason(&self) -> &str {
        &self.seat.last_end().expect("one ended").reason
    }
}

#[test]
fn a_run_that_dies_comes_back_at_once_and_later_and_later_while_it_keeps_dying() {
    let mut stand = Stand::new();
    let mut id = stand.start();
    for (least, most) in [(0.1, 0.125), (0.2, 0.25), (0.4, 0.5), (0.8, 1.0)] {
        stand.end(id, 1);
        assert_eq!((stand.seat.state(), stand.why()), (State::BackingOff, "exit code 1"));
        stand.pass(least - 0.001);
        assert_eq!(stand.seat.state(), State::BackingOff);
        stand.pass(most - least + 0.001);
        assert_eq!(stand.seat.state(), State::Starting);
        id = stand.spawned();
    }
    assert_eq!(stand.seat.restarts(), 4);
}

#[test]
fn five_quick_deaths_give_a_place_up_until_a_person_starts_it() {
    let mut stand = Stand::new();
    let mut id = stand.start();
    for death in 1..=QUICK_DEATHS_MAX {
        stand.ready(id);
        stand.pass(1.0);
        stand.end(id, 7);
        if death < QUICK_DEATHS_MAX {
            stand.pass(20.0);
            id = stand.spawned();
        }
    }
    assert_eq!(stand.seat.state(), State::GivenUp);
    assert!(
        stand.why().starts_with("it died 5 times in a row") && stand.why().contains("exit code 7"),
        "{}",
        stand.why()
    );
    assert_eq!(stand.seat.last_end().expect("one").end.lines, ["last words"]);
    stand.pass(100_000.0);
    assert_eq!(stand.deeds(), []);
    let id = stand.start();
    stand.end(id, 7);
    assert_eq!(stand.seat.state(), State::BackingOff, "the row begins anew");
}

#[test]
fn a_run_that_was_healthy_ends_the_row() {
    let mut stand = Stand::new();
    let mut id = stand.start();
    for _ in 0..50 {
        stand.ready(id);
        stand.pass(HEALTHY_AFTER.as_secs_f64());
        stand.end(id, 1);
        stand.pass(0.125);
        id = stand.spawned();
    }
}

#[test]
fn an_exit_code_that_no_restart_cures_gives_up_at_once() {
    let mut stand = Stand::new();
    let id = stand.start();
    stand.ready(id);
    stand.pass(1000.0 - 991.0);
    stand.end(id, 3);
    assert_eq!(stand.seat.state(), State::GivenUp);
    assert!(
        stand.why().contains("exit code 3, which says that starting it again does not help"),
        "{}",
        stand.why()
    );
}

#[test]
fn a_stop_is_graceful_then_hard_and_stays() {
    let mut stand = Stand::new();
    let id = stand.start();
    stand.ready(id);
    stand.seat.stop("asked for", stand.now, &stand.rules, &mut stand.deeds);
    assert_eq!((stand.seat.state(), stand.deeds()), (State::Stopping, vec![Deed::Terminate(id)]));
    stand.pass(19.9);
    assert_eq!(stand.deeds(), []);
    stand.pass(0.1);
    assert_eq!(stand.deeds(), [Deed::Kill(id)]);
    stand.pass(50.0);
    assert_eq!(stand.deeds(), [], "it is killed once");
    stand.end(id, 0);
    assert_eq!(stand.seat.state(), State::Stopped);
    assert!(stand.reason().contains("it did not end within 20 s"), "{}", stand.reason());
    stand.pass(100.0);
    assert_eq!((stand.deeds(), stand.seat.is_empty()), (Vec::new(), true));
}

#[test]
fn a_start_during_a_stop_fills_the_place_as_soon_as_it_is_empty() {
    let mut stand = Stand::new();
    let id = stand.start();
    stand.seat.stop("asked for", stand.now, &stand.rules, &mut stand.deeds);
    stand.seat.start(stand.now, &mut stand.ids, &mut stand.deeds);
    assert_eq!(stand.deeds(), [Deed::Terminate(id)]);
    stand.end(id, 0);
    assert_eq!(stand.seat.state(), State::Starting);
    assert_ne!(stand.spawned(), id);
}

#[test]
fn a_run_that_hangs_is_killed_and_comes_back() {
    let mut stand = Stand::new();
    let id = stand.start();
    stand.pass(1000.0);
    assert_eq!(stand.deeds(), [], "who is not ready is not watched");
    stand.ready(id);
    for _ in 0..10 {
        stand.pass(9.0);
        stand.seat.alive(id, stand.now);
    }
    assert_eq!(stand.deeds(), []);
    stand.pass(10.0);
    assert_eq!(stand.deeds(), [Deed::Kill(id)]);
    stand.end(id, 137);
    assert!(stand.reason().contains("its watchdog was silent for 10 s"), "{}", stand.reason());
    assert_eq!(stand.seat.state(), State::BackingOff);
}

#[test]
fn in_a_rolling_restart_the_old_run_goes_when_the_new_one_is_ready() {
    let mut stand = Stand::new();
    let old = stand.start();
    stand.ready(old);
    stand.roll();
    let new = stand.spawned();
    assert_eq!((stand.seat.state(), stand.seat.coming().map(|run| run.id)), (State::Ready, Some(new)));
    stand.ready(new);
    assert_eq!((stand.seat.state(), stand.deeds()), (State::Ready, vec![Deed::Terminate(old)]));
    assert_eq!(stand.seat.run().map(|run| run.id), Some(new));
    stand.end(old, 0);
    assert!(stand.seat.leaving().is_empty() && stand.seat.roll_failure().is_none());
    assert_eq!((stand.seat.restarts(), stand.reason()), (1, "exit code 0 (asked for)"));
}

#[test]
fn a_successor_that_fails_leaves_the_old_run_alone() {
    let mut stand = Stand::new();
    let old = stand.start();
    stand.ready(old);
    stand.roll();
    let new = stand.spawned();
    stand.end(new, 1);
    assert_eq!((stand.seat.state(), stand.deeds()), (State::Ready, Vec::new()));
    assert!(stand.seat.roll_failure().expect("told").contains("exit code 1; the old one stays"));
    stand.roll();
    let new = stand.spawned();
    stand.seat.alive(old, stand.now);
    for _ in 0..30 {
        stand.pass(1.0);
        stand.seat.alive(old, stand.now);
    }
    assert_eq!(stand.deeds(), [Deed::Terminate(new)]);
    assert!(stand.seat.roll_failure().expect("told").contains("not ready after 30 s"));
    stand.end(new, 0);
    assert_eq!(stand.seat.run().map(|run| run.id), Some(old));
}

#[test]
fn a_successor_takes_the_place_of_an_old_run_that_dies_meanwhile() {
    let mut stand = Stand::new();
    let old = stand.start();
    stand.ready(old);
    stand.roll();
    let new = stand.spawned();
    stand.end(old, 1);
    assert_eq!((stand.seat.state(), stand.deeds()), (State::Starting, Vec::new()));
    stand.ready(new);
    assert_eq!((stand.seat.state(), stand.seat.run().map(|run| run.id)), (State::Ready, Some(new)));
}

#[test]
fn a_place_knows_when_it_must_be_looked_at_next() {
    let mut stand = Stand::new();
    assert_eq!(stand.seat.next_due(&stand.rules), None);
    let id = stand.start();
    assert_eq!(stand.seat.next_due(&stand.rules), None, "it may take its time");
    stand.ready(id);
    assert_eq!(stand.seat.next_due(&stand.rules), Some(stand.now + Duration::from_secs(10)));
    stand.seat.stop("asked for", stand.now, &stand.rules, &mut stand.deeds);
    assert_eq!(stand.seat.next_due(&stand.rules), Some(stand.now + Duration::from_secs(20)));
    stand.end(id, 0);
    assert_eq!(stand.seat.next_due(&stand.rules), None);
}
