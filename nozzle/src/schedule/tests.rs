//! Looks at an address, against a fake server with the faults of real ones, and a sequencer on a real ledger behind them.

use live::ledger::Ledger;
use live::push::Standing;
use model::{EventId, Fold};
use networks::schedule::{Fault, Host};
use tempfile::TempDir;

use super::*;
use crate::intake::{Actor, Ask, Order};
use crate::sequencer::{self, Sequencer};

const EVENT: &str = "slug = \"rustfest\"\ntitle = \"RustFest\"\ntimezone = \"Europe/Berlin\"\n";

/// A schedule of so many talks an hour apart, whose version is named.
fn file(version: &str, talks: u32) -> Vec<u8> {
    let talk = |n: u32| {
        serde_json::json!({
            "guid": format!("g{n}"), "title": format!("Talk number {n}"), "duration": "00:45",
            "date": format!("2026-06-01T{:02}:00:00+02:00", 8 + n), "persons": [{"public_name": format!("Speaker {n}")}],
        })
    };
    let talks: Vec<_> = (0..talks).map(talk).collect();
    let day = serde_json::json!({"date": "2026-06-01", "rooms": {"Main hall": talks}});
    serde_json::to_vec(&serde_json::json!({"schedule": {"version": version, "conference": {"days": [day]}}}))
        .unwrap()
}

/// A server, a poller that has not looked yet, and the sequencer that takes what it brings.
struct Rig {
    host: Host,
    poller: Poller,
    status: watch::Receiver<SourceStatus>,
    ledger: Ledger,
    queue: mpsc::Sender<Command>,
    stop: CancellationToken,
    _dir: TempDir,
}

impl Rig {
    async fn new(name: &'static str) -> Self {
        chassis::tls::install();
        let (dir, stop) = (tempfile::tempdir().unwrap(), CancellationToken::new());
        let ledger = Ledger::open(dir.path(), EventId::from_random(7)).await.unwrap();
        let (queue, waiting) = mpsc::channel(8);
        let (sequencer, _) = Sequencer::load(ledger.clone(), Clock::real(), waiting).await.unwrap();
        let (own, gate) = watch::channel(Standing { is_owner: true, ..Standing::default() });
        let stopped = stop.clone();
        tokio::spawn(async move {
            sequencer.run(gate, stopped).await.unwrap();
            drop(own);
        });
        let host = Host::start(stop.clone()).await.unwrap();
        let (status, seen) = watch::channel(SourceStatus::new(name, SourceState::Connecting, Micros(0)));
        let address = Url::parse(&host.address()).unwrap();
        let poller =
            Poller::new(name, address, Duration::from_secs(300), queue.clone(), Clock::real(), status);
        let rig = Self { host, poller, status: seen, ledger, queue, stop, _dir: dir };
        rig.ask(Ask::Event(EVENT.into())).await;
        rig
    }

    async fn ask(&self, ask: Ask) {
        let actor: Actor = "owner:ada".parse().unwrap();
        let key = format!("key {}", self.ledger.top());
        sequencer::ask(&self.queue, Order { ask, key, actor, is_dry_run: false }).await.unwrap();
    }

    async fn look(&mut self) -> SourceStatus {
        self.poller.look().await;
        self.status.borrow().clone()
    }

    async fn fold(&self) -> Fold {
        self.ledger.view().fold().await.unwrap()
    }

    /// Titles of the talks that are in the programme.
    async fn talks(&self) -> usize {
        self.fold().await.talks.values().filter(|talk| !talk.dropped).count()
    }

    /// Status of the server's last answer.
    fn answered(&self) -> u16 {
        self.host.looks().last().unwrap().status
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn why(status: &SourceStatus) -> String {
    match &status.state {
        SourceState::Waiting { why, .. }
        | SourceState::Misconfigured { why }
        | SourceState::NeedsCredentials { why } => why.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_is_asked_for_with_its_validators_and_taken_once() {
    let mut rig = Rig::new(SCHEDULE).await;
    rig.host.publish(file("1", 4));
    assert_eq!(rig.look().await.state, SourceState::Live);
    assert_eq!((rig.talks().await, rig.answered()), (4, 200));
    let top = rig.ledger.top();
    assert_eq!(rig.look().await.received, 2);
    assert_eq!(rig.answered(), 304);
    let asked = rig.host.looks().pop().unwrap();
    assert!(asked.if_none_match.is_some() && asked.if_modified_since.is_some());
    rig.host.fail(Some(Fault::NewEtag));
    rig.look().await;
    assert_eq!((rig.answered(), rig.ledger.top()), (200, top), "the same bytes under another ETag");
    rig.host.fail(Some(Fault::NoValidators));
    rig.host.publish(file("2", 5));
    rig.look().await;
    rig.look().await;
    assert_eq!((rig.talks().await, rig.answered()), (5, 200));
    assert_eq!(rig.fold().await.schedule.unwrap().version, "2");
    assert!(rig.host.looks().last().unwrap().if_none_match.is_none());
}

#[tokio::test]
async fn nothing_that_goes_wrong_on_the_way_touches_the_schedule_and_each_says_what_to_do() {
    let mut rig = Rig::new(SCHEDULE).await;
    rig.host.publish(file("1", 4));
    rig.look().await;
    let top = rig.ledger.top();
    rig.host.publish(file("2", 5));
    for (fault, word) in [
        (Fault::Status(500), "500"),
        (Fault::Status(404), "write another one in event.toml"),
        (Fault::Status(403), "import the file by hand"),
        (Fault::Login, "gives a web page"),
        (Fault::Nothing, "nothing was imported"),
        (Fault::Cut, "nothing was imported"),
        (Fault::Torn, "cut off"),
        (Fault::Huge, "more than 32 MiB"),
        (Fault::Endless, "more than 32 MiB"),
        (Fault::Bomb, "more than 32 MiB"),
        (Fault::Loop, "redirects in a row"),
        (Fault::Moved(302, "file:///etc/passwd".into()), "away from the web"),
        (Fault::Wait(429, 120), "120 s"),
    ] {
        let began = tokio::time::Instant::now();
        rig.host.fail(Some(fault.clone()));
        let said = why(&rig.look().await);
        assert!(said.contains(word), "{fault:?}: {said}");
        assert!(!said.contains("http://"), "the address may hold a secret: {said}");
        assert!(began.elapsed() < Duration::from_secs(30), "{fault:?} took {:?}", began.elapsed());
        assert_eq!(rig.ledger.top(), top, "{fault:?} changed the log");
    }
    rig.host.fail(None);
    assert_eq!(rig.look().await.state, SourceState::Live);
    assert_eq!(rig.talks().await, 5);
}

#[tokio::test]
async fn a_web_page_in_place_of_handles_is_told_with_the_key_that_names_them() {
    let mut rig = Rig::new(HANDLES).await;
    rig.host.fail(Some(Fault::Login));
    let said = why(&rig.look().await);
    assert!(said.contains("web page") && said.contains("as `handles` in event.toml"), "{said}");
}

#[tokio::test]
async fn failures_in_a_row_are_asked_about_less_and_less_often_and_a_good_look_ends_the_row() {
    let mut rig = Rig::new(SCHEDULE).await;
    rig.host.publish(file("1", 4));
    rig.host.fail(Some(Fault::Status(502)));
    let mut waits = Vec::new();
    for _ in 0..4 {
        let SourceState::Waiting { seconds, .. } = rig.look().await.state else { panic!("it waits") };
        waits.push(seconds);
    }
    assert!(waits.windows(2).all(|pair| pair[0] < pair[1]) && waits[0] >= 30, "{waits:?}");
    rig.host.fail(None);
    rig.look().await;
    let next = rig.poller.due.duration_since(tokio::time::Instant::now());
    assert!((299..=331).contains(&next.as_secs()), "{next:?}");
    rig.host.fail(Some(Fault::Wait(503, 240)));
    rig.look().await;
    let next = rig.poller.due.duration_since(tokio::time::Instant::now());
    assert!((239..=265).contains(&next.as_secs()), "{next:?}");
}

#[tokio::test]
async fn a_redirect_is_followed_and_its_answer_is_what_is_known() {
    let mut rig = Rig::new(SCHEDULE).await;
    let other = Host::start(rig.stop.clone()).await.unwrap();
    other.publish(file("1", 4));
    rig.host.fail(Some(Fault::Moved(302, other.address())));
    assert_eq!(rig.look().await.state, SourceState::Live);
    rig.look().await;
    assert_eq!(rig.talks().await, 4);
    let statuses: Vec<u16> = other.looks().iter().map(|look| look.status).collect();
    assert_eq!(statuses, [200, 304]);
    assert!(
        rig.host.looks().iter().all(|look| look.if_none_match.is_none()),
        "they are another server's validators"
    );
}

#[tokio::test]
async fn a_version_that_lacks_most_talks_is_asked_for_whole_again_and_shown_as_a_warning() {
    let mut rig = Rig::new(SCHEDULE).await;
    rig.host.publish(file("1", 6));
    rig.look().await;
    rig.host.publish(file("2", 1));
    let status = rig.look().await;
    assert_eq!(status.state, SourceState::Live);
    assert!(status.warning.as_ref().unwrap().contains("1 of the 6 talks"), "{status:?}");
    rig.look().await;
    assert_eq!((rig.answered(), rig.talks().await), (200, 6), "two looks within a second are one");
    rig.host.publish(file("3", 6));
    assert_eq!(rig.look().await.warning, None);
}

#[tokio::test]
async fn a_talk_that_a_version_garbles_stays_as_it_was_and_a_warning_names_the_place_until_it_is_mended() {
    let mut rig = Rig::new(SCHEDULE).await;
    rig.host.publish(file("1", 4));
    rig.look().await;
    let before = rig.fold().await.talks;
    // The third talk, under another name, takes less than no time; the second one has another name, too.
    let garbled = String::from_utf8(file("2", 4)).unwrap().replacen("Talk number 2", "Renamed", 1);
    let at = garbled.find("g3").unwrap();
    let from = garbled[..at].rfind("00:45").unwrap();
    let garbled = format!("{}-0:45{}", &garbled[..from], &garbled[from + 5..]);
    rig.host.publish(garbled.into_bytes());
    for looks in 0..2 {
        let status = rig.look().await;
        let warning = status.warning.as_deref().unwrap_or_default();
        assert!(warning.contains("the duration \"-0:45\" cannot be read"), "{looks}: {status:?}");
        assert!(warning.contains("1 talk that is known stays as it was"), "{looks}: {status:?}");
    }
    let now = rig.fold().await.talks;
    let renamed = now.values().filter(|talk| talk.title == "Renamed").count();
    let same = now.iter().filter(|(id, talk)| before.get(*id) == Some(talk)).count();
    assert_eq!((now.len(), renamed, same, rig.talks().await), (4, 1, 3, 4));
    rig.host.publish(file("3", 4));
    assert_eq!(rig.look().await.warning, None);
}

#[tokio::test]
async fn handles_are_looked_at_and_given_to_the_talks_that_a_new_version_brings() {
    let rig = Rig::new(HANDLES).await;
    let schedule = Host::start(rig.stop.clone()).await.unwrap();
    schedule.publish(file("1", 4));
    rig.host.publish(b"talk,handle\ng1,@one@s.example\ng5,@five@s.example\n".to_vec());
    let watched = Watched {
        schedule: Some(Url::parse(&schedule.address()).unwrap()),
        handles: Some(Url::parse(&rig.host.address()).unwrap()),
        every: Duration::from_secs(1),
    };
    let (watch, statuses) = Watch::start(watched, rig.queue.clone(), Clock::real());
    assert_eq!(statuses.iter().map(|s| s.borrow().name.clone()).collect::<Vec<_>>(), ["schedule", "handles"]);
    let handles =
        |fold: &Fold| fold.talks.values().flat_map(|t| t.speakers[0].handles.clone()).collect::<Vec<_>>();
    until(&rig, |fold| handles(fold) == ["@one@s.example"]).await;
    schedule.publish(file("2", 6));
    until(&rig, |fold| handles(fold) == ["@one@s.example", "@five@s.example"]).await;
    watch.stop().await;
}

async fn until(rig: &Rig, is_so: impl Fn(&Fold) -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !is_so(&rig.fold().await) {
        assert!(tokio::time::Instant::now() < deadline, "{:#?}", rig.fold().await.talks);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn what_is_watched_is_what_has_an_address_unless_that_is_turned_off() {
    let watched = |keys: &str| Watched::of(&EventFile::parse(&format!("{EVENT}{keys}")).unwrap());
    assert_eq!(watched("schedule = \"schedule.json\"\n"), None);
    assert_eq!(watched("schedule = \"https://c.example/s.json\"\nschedule_poll_seconds = 0\n"), None);
    let both =
        watched("schedule = \"https://c.example/s.json\"\nhandles = \"https://c.example/h.csv\"\n").unwrap();
    assert!(both.schedule.is_some() && both.handles.is_some() && both.every == Duration::from_secs(300));
    assert_eq!(
        watched("schedule = \"https://c.example/s.json\"\nschedule_poll_seconds = 30\n").unwrap().every,
        Duration::from_secs(30)
    );
}

#[tokio::test]
async fn one_look_for_a_command_says_what_is_wrong_without_the_address() {
    let stop = CancellationToken::new();
    let host = Host::start(stop.clone()).await.unwrap();
    host.publish(file("1", 2));
    let address = format!("{}?token=s3cret", host.address());
    assert_eq!(fetch(&address, false).await.unwrap(), file("1", 2));
    host.fail(Some(Fault::Status(404)));
    let why = fetch(&address, false).await.unwrap_err();
    assert!(why.contains("404") && !why.contains("s3cret"), "{why}");
    assert!(fetch("nowhere", false).await.is_err());
    stop.cancel();
}
