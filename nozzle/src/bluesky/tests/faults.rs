//! Ends, silences, restarts and windows.

use std::sync::Arc;

use model::Micros;
use networks::{Cut, Faults};

use super::{FROM_START, START, STEP, network, posts, quick, source, streamed, uid};
use crate::bluesky::{Bluesky, Tags};
use crate::source::{Api, Backfilled, Cursor, Forgetful, Since, SourceEnd};
use crate::wire::listen::{listen, settings};

fn since(time: i64) -> Since {
    Since { cursor: Some(Cursor(format!("{time}@elsewhere.example"))), not_before: Micros(0) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_from_the_cursor_and_not_from_the_beginning() {
    let server = network(posts(300), Faults::default()).await;
    server.play(200);
    let last = |h: &crate::wire::listen::Heard| h.posts.keys().any(|uid| uid.ends_with("/3m299"));
    let heard =
        listen(&source(&server), &since(START + 150 * STEP), |h| last(h) && !h.backfills.is_empty()).await;
    assert_eq!(heard.backfills, [Backfilled::Complete]);
    let has = |n| heard.posts.contains_key(&uid(&server, n));
    assert!(has(50) && !has(49), "ten seconds of overlap on another host are 100 posts");
    assert_eq!(heard.posts.len(), 250);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_beyond_the_window_is_an_honest_gap() {
    let server = network(posts(100), Faults::default()).await;
    server.play(100);
    let heard =
        listen(&source(&server), &since(START - 40 * Micros::HOUR), |h| !h.backfills.is_empty()).await;
    assert!(matches!(heard.backfills[0], Backfilled::Impossible(_)), "{:?}", heard.backfills);
    assert_eq!(heard.posts.len(), 100, "what there is comes all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_was_answered_without_its_beginning_and_broke_off_stays_a_gap() {
    let server = network(posts(100), Faults { drop_every: 70, ..Faults::default() }).await;
    server.play(100);
    let is_over = |h: &crate::wire::listen::Heard| {
        h.backfills.iter().any(|done| !matches!(done, Backfilled::Broken(_)))
    };
    let heard = listen(&source(&server), &since(START - 20 * Micros::HOUR), is_over).await;
    assert!(
        matches!(heard.backfills[..], [Backfilled::Broken(_), Backfilled::Impossible(_)]),
        "{:?}",
        heard.backfills
    );
    assert_eq!(heard.posts.len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_in_which_the_host_stumbles_and_answers_pings_is_not_over() {
    let stumbles = Faults { stall_every: 40, stall_ms: 200, ..Faults::default() };
    let server = network(posts(100), stumbles).await;
    server.play(100);
    // Nothing new is said, so the live stream cannot tell how far there is to go.
    let heard = listen(&source(&server), &since(START), |h| !h.backfills.is_empty()).await;
    assert_eq!((heard.backfills.as_slice(), heard.posts.len()), ([Backfilled::Complete].as_slice(), 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_network_is_alive_and_a_silent_one_is_not() {
    let server = network(Vec::new(), Faults { heartbeat_ms: 60_000, ..Faults::default() }).await;
    let (heard, end) = streamed(&source(&server), |h| h.alive >= 10).await;
    assert!(end.is_none() && heard.alive >= 10, "pongs tell: {end:?}");
    let faults = Faults { heartbeat_ms: 60_000, no_pong: true, ..Faults::default() };
    let server = network(Vec::new(), faults).await;
    let (_, end) = streamed(&source(&server), |_| false).await;
    assert_eq!(end, Some(SourceEnd::Stalled));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_in_which_a_connection_ends_is_told_apart() {
    let none = Faults::default;
    let cases = [
        (Faults { drop_every: 5, ..none() }, "Cut"),
        (Faults { drop_every: 5, cut: Cut::HalfClose, ..none() }, "Cut"),
        (Faults { drop_every: 5, cut: Cut::Clean, half_message: true, ..none() }, "Cut"),
        (Faults { stall_every: 5, stall_ms: 60_000, no_pong: true, ..none() }, "Stalled"),
        (Faults { oversize_every: 5, oversize_bytes: 5 * 1024 * 1024, ..none() }, "Cut"),
        (Faults { stream_statuses: vec![429], reset_seconds: 7, ..none() }, "WaitFor(7s)"),
        (Faults { stream_statuses: vec![503], ..none() }, "Refused"),
        (Faults { stream_statuses: vec![403], ..none() }, "NeedsCredentials"),
        (Faults { stream_statuses: vec![404], ..none() }, "Misconfigured"),
    ];
    for (faults, want) in cases {
        let server = network(posts(20), faults).await;
        let (heard, end) = streamed(&source(&server), |_| false).await;
        let end = format!("{:?}", end.unwrap());
        assert!(end.starts_with(want), "{want}: {end} after {} posts", heard.posts.len());
        server.stop().await;
    }
    let settings = settings("http://127.0.0.1:9", Api::V2, None);
    let nowhere = Bluesky::new(&settings, Arc::new(Forgetful), Tags::everything(), quick()).unwrap();
    assert!(matches!(streamed(&nowhere, |_| false).await.1, Some(SourceEnd::Cut(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_drips_is_heard_to_the_end() {
    let server = network(posts(5), Faults { drip_bytes: 40, drip_ms: 1, ..Faults::default() }).await;
    let heard = listen(&source(&server), &FROM_START, |h| h.posts.len() == 5).await;
    assert_eq!(heard.posts.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_hand_over_from_replay_to_live_loses_was_heard_live() {
    let faults = Faults { handover_lost_ms: 30, missed_per_drop: 20, drop_every: 50, ..Faults::default() };
    let server = network(posts(400), faults).await;
    let heard = listen(&source(&server), &FROM_START, |h| h.posts.len() == 400).await;
    assert_eq!(server.journal().originals(), heard.uids());
}
