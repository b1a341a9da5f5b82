//! Much to file again at once, and what filing may not keep of words that were taken back.

use model::FilingState;

use super::filing::*;
use super::*;
use crate::intake::Decision;
use crate::sequencer::refile::REFILES_MAX;

const ANSWERS: u64 = 2 * REFILES_MAX as u64 + 100;

fn moves(rig: &Rig, lines: &[live::Line]) -> Vec<usize> {
    let of = |line: &live::Line| match line.entry().unwrap().kind {
        model::Kind::Filing(entry) => Some(entry.moves.len()),
        _ => None,
    };
    assert!(rig.ledger.top() > 0);
    lines.iter().filter_map(of).collect()
}

#[tokio::test]
async fn a_long_thread_is_filed_again_so_many_at_a_time_and_goes_on_after_a_crash() {
    let mut rig = Rig::with_talks().await;
    rig.bring([post_of(said(0, at(14, 5), "Maps without a north, by Cyd Okonjo, is on"))]).await;
    rig.bring((1..=ANSWERS).map(|n| post_of(reply(n, 0, at(16, 5), "so true")))).await;
    assert_eq!(rig.talk_of(ANSWERS).await, Some(talk(MAPS)));
    let top = rig.ledger.top();
    rig.ask(decide(0, Decision::Hide)).await.unwrap();
    let told = moves(&rig, &rig.ledger.view().lines(top, 100).await.unwrap());
    assert_eq!(told.iter().sum::<usize>(), REFILES_MAX, "one transaction takes no more");
    assert!(told.iter().all(|moves| *moves <= 200));

    let mut rig = rig.reborn().await;
    assert!(rig.sequencer.has_waiting(), "what waits outlives a crash");
    rig.bring([post_of(reply(9_999, 0, at(16, 6), "me too"))]).await;
    assert!(rig.sequencer.has_waiting(), "others are served in between");
    assert_eq!(rig.talk_of(9_999).await, None);
    rig.filed_as_from_scratch().await;
    assert_eq!(rig.talk_of(ANSWERS).await, None);
    let rig = rig.reborn().await;
    assert!(!rig.sequencer.has_waiting(), "it is told that nothing waits any more");
}

#[tokio::test]
async fn a_running_sequencer_files_again_what_waits() {
    let mut rig = Rig::with_talks().await;
    rig.bring([post_of(said(0, at(14, 5), "Maps without a north, by Cyd Okonjo, is on"))]).await;
    rig.bring((1..=ANSWERS).map(|n| post_of(reply(n, 0, at(16, 5), "so true")))).await;
    rig.bring([delete(0)]).await;
    assert!(rig.sequencer.has_waiting());
    let (ledger, stop) = (rig.ledger.clone(), CancellationToken::new());
    let (_own, gate) = watch::channel(Standing { is_owner: true, ..Standing::default() });
    let running = tokio::spawn(rig.sequencer.run(gate, stop.clone()));
    let filed =
        |record: live::state::Record| record.words.is_some_and(|w| w.filing.state == FilingState::Filed);
    while ledger.view().record(id(ANSWERS)).await.unwrap().is_some_and(filed) {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    running.await.unwrap().unwrap();
}

/// Titles and names as people write them: bent, misspelled, tagged; and links.
const CANARIES: [&str; 6] = [
    "Compilerz that argu backk canary1",
    "sourdoughy things at https://canary2.example/sourdough",
    "#canary3 #sourdoughs #mapless by Okonjoh",
    "Whisperings to thermals, 14:30 canary4",
    "@canary5 replicatedly said",
    "Compilers that argue back canary6",
];

#[tokio::test]
async fn reasons_keep_no_word_of_what_is_removed() {
    let mut rig = Rig::with_talks().await;
    let all = (0..).zip(CANARIES);
    rig.bring(all.clone().map(|(n, text)| post_of(said(n, at(14, 10), text)))).await;
    rig.bring(all.clone().map(|(n, _)| post_of(reply(n + 100, n, at(14, 11), "so true")))).await;
    // Moved there and back by versions and by hand, so that the log tells their filing apart from their words.
    rig.ask(schedule(&[COMPILERS, SOURDOUGH])).await.unwrap();
    rig.ask(press("main", Some(talk(SOURDOUGH)), at(14, 3))).await.unwrap();
    let items: Vec<u64> = all.clone().map(|(n, _)| n).collect();
    rig.ask(by_hand(&items, None)).await.unwrap();
    rig.ask(schedule(&SLOTS)).await.unwrap();
    let told = rig.ask(give_back(&items)).await.unwrap();
    assert!(told.moves.iter().any(|m| m.filing.reasons.iter().any(|reason| reason.contains("title"))));
    rig.bring(all.clone().map(|(n, _)| delete(n))).await;
    rig.filed_as_from_scratch().await;
    let text = rig.all_text().await.to_lowercase();
    for word in [
        "canary",
        "compilerz",
        "argu ",
        "sourdoughy",
        "sourdoughs",
        "mapless",
        "okonjoh",
        "whisperings",
        "thermals",
        "replicatedly",
    ] {
        assert!(!text.contains(word), "{word:?} is still there");
    }
}
