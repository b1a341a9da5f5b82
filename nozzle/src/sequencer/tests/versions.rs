//! Versions of a schedule, as people and polls bring them: what is believed, what is told, and that no conversation is lost.

use std::collections::BTreeMap;

use chassis::clock::Timeline;
use model::schedule::What;
use model::{Kind, TalkId};

use super::filing::*;
use super::*;

fn polled(ask: Ask, key: &str) -> Order {
    Order { actor: Actor::poll(), ..order(ask, key) }
}

impl Rig {
    /// The clock goes on by this many seconds at once.
    fn later(&mut self, seconds: i64) {
        let now = self.sequencer.clock.now() + seconds * Micros::SECOND;
        let timeline = Timeline::new(vec![(now, now + 1_000 * Micros::HOUR)], 1.0).unwrap();
        self.sequencer.clock = Clock::rehearsal(timeline, 0);
    }

    async fn alive(&self) -> usize {
        self.fold().await.talks.values().filter(|talk| !talk.dropped).count()
    }
}

fn is_doubted(said: &Result<Outcome, Refusal>) -> bool {
    matches!(said, Err(Refusal::Conflict { state, why }) if state == "shrunk" && why.contains("of the 4 talks"))
}

#[tokio::test]
async fn what_a_version_changes_is_told_in_sentences_and_kept_in_the_log_as_data() {
    let mut rig = Rig::with_talks().await;
    let moved = Slot(MAPS.0, "Main", 60, 45, MAPS.4, MAPS.5);
    let next = [COMPILERS, moved, PRINTERS, Slot("e", "Side", 0, 30, "Soup", "Eve")];
    let dry = rig.ask_as(Order { is_dry_run: true, ..order(schedule(&next), "dry") }).await.unwrap();
    let done = rig.ask(schedule(&next)).await.unwrap();
    assert_eq!((&dry.notes, &dry.changes), (&done.notes, &done.changes), "a dry run tells what will happen");
    assert_eq!(done.notes[0], "1 talk is new, 1 talk has changed and 1 talk is no longer in the schedule.");
    assert!(
        done.notes.contains(&"“Maps without a north” moved from Side, 14:00 to Main, 15:00.".to_owned()),
        "{:#?}",
        done.notes
    );
    let fold = rig.fold().await;
    let version = fold.schedule.unwrap();
    assert_eq!((version.changes, version.more), (done.changes, 0));
    let maps = &fold.talks[&talk(MAPS)];
    assert_eq!(
        (maps.was.len(), maps.was[0].room.as_deref(), maps.was[0].version.as_str()),
        (1, Some("side"), "1")
    );
    let top = rig.ledger.top();
    let again = rig.ask(schedule(&next)).await.unwrap();
    assert!(again.is_old && again.changes.is_empty() && again.notes.is_empty(), "{again:#?}");
    assert_eq!(rig.ledger.top(), top, "the same file again writes nothing");
}

#[tokio::test]
async fn a_version_without_a_name_gets_one_and_the_first_one_does_not_list_what_is_all_new() {
    let mut rig = Rig::new().await;
    rig.ask(Ask::Event(EVENT.into())).await.unwrap();
    let Ask::Schedule(file) = schedule(&SLOTS) else { unreachable!() };
    let nameless = String::from_utf8(file).unwrap().replace("\"version\":\"1\"", "\"version\":\"\"");
    let told = rig.ask(Ask::Schedule(nameless.into_bytes())).await.unwrap();
    assert!(told.id.unwrap().starts_with("as of 20"));
    assert_eq!(told.changes.len(), 4);
    let version = rig.fold().await.schedule.unwrap();
    assert_eq!((version.changed.len(), version.changes.len(), version.more), (4, 0, 0));
}

#[tokio::test]
async fn a_person_sends_a_shrunk_version_twice_in_a_row() {
    let mut rig = Rig::with_talks().await;
    let small = || schedule(&[COMPILERS]);
    let dry = rig.ask_as(Order { is_dry_run: true, ..order(small(), "dry") }).await.unwrap();
    assert_eq!(
        dry.state.as_deref(),
        Some("shrunk"),
        "a dry run says what would happen, and that it would not at once"
    );
    assert!(dry.notes[0].contains("1 of the 4 talks; send it once more"), "{:#?}", dry.notes);
    let first = rig.ask(small()).await;
    assert!(is_doubted(&first), "a dry run is no first time: {first:?}");
    assert!(is_doubted(&rig.ask(schedule(&[MAPS])).await), "another file counts for itself");
    rig.ask(schedule(&SLOTS)).await.unwrap();
    assert!(is_doubted(&rig.ask(small()).await), "the full one came in between");
    assert_eq!(rig.alive().await, 4);
    rig = rig.reborn().await;
    rig.ask(small()).await.unwrap();
    assert_eq!(rig.alive().await, 1);
}

#[tokio::test]
async fn a_poll_is_believed_when_the_next_one_brings_the_same() {
    let mut rig = Rig::with_talks().await;
    let small = || schedule(&[COMPILERS]);
    assert!(is_doubted(&rig.ask_as(polled(small(), "p1")).await));
    assert!(
        is_doubted(&rig.ask_as(polled(small(), "p2")).await),
        "a restart polls at once; that is no second look"
    );
    rig.later(301);
    // The same talks, exported anew.
    let Ask::Schedule(file) = small() else { unreachable!() };
    let exported = String::from_utf8(file).unwrap().replace("\"version\":\"1\"", "\"version\":\"2\"");
    rig.ask_as(polled(Ask::Schedule(exported.into_bytes()), "p3")).await.unwrap();
    assert_eq!(rig.alive().await, 1);
}

#[tokio::test]
async fn an_empty_schedule_is_never_believed_of_a_poll_and_of_a_person_the_second_time() {
    let mut rig = Rig::with_talks().await;
    let empty = || Ask::Schedule(br#"{"schedule":{"version":"1","conference":{"days":[]}}}"#.to_vec());
    for n in 0..5 {
        let said = rig.ask_as(polled(empty(), &format!("p{n}"))).await;
        // Whoever reads schedules may refuse it before it comes to that.
        assert!(matches!(said, Err(Refusal::Conflict { .. } | Refusal::Bad(_))), "{said:?}");
        rig.later(301);
    }
    assert_eq!(rig.alive().await, 4);
    let first = rig.ask(empty()).await;
    assert!(first.is_err());
    if matches!(first, Err(Refusal::Conflict { .. })) {
        rig.ask(empty()).await.unwrap();
        assert_eq!(rig.alive().await, 0);
    }
}

#[tokio::test]
async fn most_talks_at_another_time_are_told_first() {
    let mut rig = Rig::with_talks().await;
    let late = SLOTS
        .map(|Slot(guid, room, start, minutes, title, by)| Slot(guid, room, start + 60, minutes, title, by));
    let told = rig.ask(schedule(&late)).await.unwrap();
    assert!(
        told.notes[1].contains("4 of 4 talks begin at another time")
            && told.notes[1].contains("1:00 h later")
    );
}

#[tokio::test]
async fn handles_are_given_once_outlive_versions_and_file_what_names_them() {
    let mut rig = Rig::with_talks().await;
    let csv =
        || Ask::Handles(b"talk,handle\na,@ada@pub.example\nMaps without a north,cyd\nnope,@x\n".to_vec());
    let told = rig.ask(csv()).await.unwrap();
    assert_eq!(told.notes[0], "The speakers of 2 talks have handles that are new.");
    assert!(told.notes.iter().any(|note| note.contains("\"nope\"")), "{:#?}", told.notes);
    let top = rig.ledger.top();
    assert!(rig.ask(csv()).await.unwrap().is_old);
    assert_eq!(rig.ledger.top(), top);
    rig.ask(schedule(&[COMPILERS, SOURDOUGH, Slot(MAPS.0, "Main", 60, 45, "Maps", MAPS.5), PRINTERS]))
        .await
        .unwrap();
    let fold = rig.fold().await;
    assert_eq!(fold.talks[&talk(COMPILERS)].speakers[0].handles, ["@ada@pub.example"]);
    assert_eq!(fold.talks[&talk(MAPS)].speakers[0].handles, ["@cyd"]);
    let bad = rig.ask(Ask::Handles(b"talk,handle\na\n".to_vec())).await;
    assert!(matches!(&bad, Err(Refusal::Bad(why)) if why.contains("line 2")), "{bad:?}");
    rig.filed_as_from_scratch().await;
}

/// What a version is to change, counted in the files themselves by another program.
struct Expected {
    file: &'static str,
    talks: usize,
    new: usize,
    dropped: usize,
    /// Time, room, title or speakers; not descriptions and links, nor the order of speakers.
    changed: usize,
}

const fn expected(file: &'static str, talks: usize, new: usize, dropped: usize, changed: usize) -> Expected {
    Expected { file, talks, new, dropped, changed }
}

fn first_post(talk: &TalkId) -> u64 {
    10 * talk.number().unwrap() as u64
}

/// Says something about each talk of the programme that names it, an answer to that, and something that names nothing, which a
/// person files. Numbers of posts are 10 times the talk's, and 1 and 2 more.
async fn converse(rig: &mut Rig) {
    let fold = rig.fold().await;
    let mut posts = Vec::new();
    let mut moves = Vec::new();
    for (id, talk) in &fold.talks {
        let n = first_post(id);
        let speaker = talk.speakers.first().map_or("", |speaker| speaker.name.as_str());
        let when = talk.start.plus(10 * Micros::MINUTE);
        posts.push(post_of(said(n, when, &format!("“{}” by {speaker} is on", talk.title))));
        posts.push(post_of(reply(n + 1, n, when.plus(Micros::MINUTE), "so true")));
        posts.push(post_of(said(n + 2, when, "hm")));
        moves.push(by_hand(&[n + 2], Some(id.clone())));
    }
    rig.bring(posts).await;
    for ask in moves {
        rig.ask(ask).await.unwrap();
    }
    rig.refiled().await;
}

async fn replayed(timezone: &str, series: &[Expected]) {
    let mut rig = Rig::new().await;
    let event = format!("slug = \"replay\"\ntitle = \"Replay\"\ntimezone = {timezone:?}\n");
    rig.ask(Ask::Event(event)).await.unwrap();
    let mut last: BTreeMap<TalkId, model::Talk> = BTreeMap::new();
    let mut before = BTreeMap::new();
    for (n, version) in series.iter().enumerate() {
        let Some(path) = crate::wire::listen::fixture(&format!("schedules/{}", version.file)) else { return };
        let file = std::fs::read(path).unwrap();
        let told = rig.ask(Ask::Schedule(file.clone())).await.unwrap();
        rig.refiled().await;
        let of = |what: What| told.changes.iter().filter(|c| c.what == what && c.is_of_programme()).count();
        let counted = (of(What::New), of(What::Dropped), of(What::Changed), of(What::Back));
        assert_eq!(
            counted,
            (version.new, version.dropped, version.changed, 0),
            "{}: {:#?}",
            version.file,
            told.notes
        );
        let talks = rig.fold().await.talks;
        assert_eq!(talks.values().filter(|talk| !talk.dropped).count(), version.talks, "{}", version.file);
        for (id, before) in &last {
            let now = &talks[id];
            assert_eq!((&now.guid, &now.code), (&before.guid, &before.code), "{id} is another talk now");
        }
        if n == 0 {
            converse(&mut rig).await;
            let ids: Vec<TalkId> = talks.keys().cloned().collect();
            before = conversations(&rig, &ids).await;
            let named = before.values().filter(|[named, _]| *named).count();
            assert!(
                named * 4 >= ids.len() * 3,
                "only {named} of {} talks are known by their title and speaker",
                ids.len()
            );
        } else {
            keeps_conversations(&mut rig, &before, version.file).await;
        }
        last = talks;
        assert!(rig.ask(Ask::Schedule(file)).await.unwrap().is_old, "{} twice changes talks", version.file);
        rig = rig.reborn().await;
    }
}

/// Which of the posts about its talk are filed to it: what names it, and the answer.
async fn conversations(rig: &Rig, talks: &[TalkId]) -> BTreeMap<TalkId, [bool; 2]> {
    let mut out = BTreeMap::new();
    for id in talks {
        let n = first_post(id);
        let own = [rig.talk_of(n).await, rig.talk_of(n + 1).await].map(|talk| talk.as_ref() == Some(id));
        out.insert(id.clone(), own);
    }
    out
}

/// What was filed to a talk before is so still, unless the talk is gone; what a person filed is where they filed it.
async fn keeps_conversations(rig: &mut Rig, before: &BTreeMap<TalkId, [bool; 2]>, file: &str) {
    rig.filed_as_from_scratch().await;
    let fold = rig.fold().await;
    let talks: Vec<TalkId> = before.keys().cloned().collect();
    let now = conversations(rig, &talks).await;
    for (id, was) in before {
        let filed = rig.talk_of(first_post(id) + 2).await;
        assert_eq!(filed.as_ref(), Some(id), "{file}: a person's filing to {id} was moved");
        let is_kept = was.iter().zip(&now[id]).all(|(was, is)| *is || !was);
        // "Security Nightmares" names two talks once "Security Nightmares (Stream)" is one: then nobody knows.
        let title = &fold.talks[id].title;
        let has_twin =
            fold.talks.values().any(|talk| talk.id != *id && talk.title.starts_with(title.as_str()));
        assert!(
            is_kept || fold.talks[id].dropped || has_twin,
            "{file}: {:?} lost its conversation",
            fold.talks[id]
        );
        let elsewhere = rig.talk_of(first_post(id)).await.filter(|talk| talk != id);
        assert!(elsewhere.is_none() || !was[0], "{file}: what names {id} went to {elsewhere:?}");
    }
}

#[tokio::test]
async fn four_versions_of_31c3_keep_every_conversation() {
    replayed(
        "Europe/Berlin",
        &[
            expected("31c3-v1.xml", 137, 137, 0, 0),
            // 6397 to another room; speakers of 6180, 6291, 6226 and 6597.
            expected("31c3-v2.xml", 139, 3, 1, 5),
            expected("31c3-v3.xml", 139, 0, 0, 0),
            // Speakers of 6342 and 6597.
            expected("31c3-v4.xml", 138, 0, 1, 2),
        ],
    )
    .await;
}

#[tokio::test]
async fn four_versions_of_pyconfr_keep_every_conversation() {
    replayed(
        "Europe/Paris",
        &[
            expected("pretalx-api/pyconfr-2024/2024-09-15-01395e0.json", 77, 77, 0, 0),
            // Speakers of MRHUVD, JTPUNL, SQ8YGW and T8GSNN, and DHRWQ7's in another order of names.
            expected("pretalx-api/pyconfr-2024/2024-10-04-65ac156.json", 77, 0, 0, 5),
            expected("pretalx-api/pyconfr-2024/2024-10-25-f8a0515.json", 77, 0, 0, 0),
            // The title of HDMKBS, a speaker of UNYDSY, the times of NKNHFZ and XHYNYC.
            expected("pretalx-api/pyconfr-2024/2024-10-31-84c356e.json", 76, 0, 1, 4),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_history_of_versions_can_be_read_from_the_log() {
    let mut rig = Rig::with_talks().await;
    rig.ask(schedule(&[COMPILERS, SOURDOUGH, MAPS])).await.unwrap();
    rig.ask(schedule(&SLOTS)).await.unwrap();
    let lines = rig.ledger.view().lines(0, live::LINES_MAX).await.unwrap();
    let versions: Vec<_> = lines
        .iter()
        .filter_map(|line| match line.entry().unwrap().kind {
            Kind::Schedule(version) => {
                Some(version.changes.into_iter().map(|c| (c.what, c.talk)).collect::<Vec<_>>())
            }
            _ => None,
        })
        .collect();
    assert_eq!(versions, [vec![], vec![(What::Dropped, talk(PRINTERS))], vec![(What::Back, talk(PRINTERS))]]);
}
