//! Connections that stall, break, half close, or never come to be.

use model::Micros;
use networks::raw::{Raw, Step, answer};
use nozzle::SourceState;

use crate::kinds::Kind;
use crate::rig::{Rig, SHOWN_WITHIN, seconds};

/// The first connection says post 1 and then does this; post 2 is missed, and post 3 comes over the next connection.
async fn broken_once(kind: Kind, fault: Step) -> Rig {
    let (world, first) =
        (kind.clone(), vec![kind.head(), kind.beat(), kind.line(1), Step::Wait(seconds(5)), fault]);
    kind.post(1);
    let stream = move |n| match n {
        0 => first.clone(),
        _ => {
            if n == 1 {
                world.post(2);
            }
            world.well(&[3])
        }
    };
    let rig = Rig::start(kind, stream).await;
    let log = rig.has(&[1, 2, 3]).await;
    if let Some((shown, first, last)) = log.outage() {
        assert!(shown - first.from.0 <= SHOWN_WITHIN && last.closed, "{first:?} {last:?}");
    }
    rig
}

#[tokio::test]
async fn a_stream_that_stalls_is_left_and_nothing_is_lost() {
    for kind in Kind::streams() {
        let rig = broken_once(kind, Step::Silence).await;
        let at = rig.connects();
        assert!((20..=75).contains(&at[1]), "{}: {at:?}", rig.kind.name());
    }
}

#[tokio::test]
async fn a_half_closed_connection_is_left_and_nothing_is_lost() {
    for kind in Kind::streams() {
        broken_once(kind, Step::HalfClose).await;
    }
}

#[tokio::test]
async fn a_connection_that_is_reset_is_made_again_and_nothing_is_lost() {
    for kind in Kind::streams() {
        let rig = broken_once(kind, Step::Reset).await;
        assert!(rig.connects()[1] <= 15, "{}: {:?}", rig.kind.name(), rig.connects());
    }
}

#[tokio::test]
async fn a_stream_that_ends_in_good_order_is_opened_again_and_nothing_is_lost() {
    for kind in Kind::streams() {
        broken_once(kind, Step::Wait(seconds(0))).await;
    }
}

#[tokio::test]
async fn a_line_without_an_end_is_no_sign_of_life() {
    for kind in Kind::streams() {
        let rig = broken_once(kind, Step::SayForEver(vec![b'x'; 16 * 1024])).await;
        assert!(rig.connects()[1] <= 80, "{}: {:?}", rig.kind.name(), rig.connects());
    }
}

#[tokio::test]
async fn an_outage_shows_as_a_gap_within_90_seconds_and_is_closed_when_the_rest_is_fetched() {
    for kind in Kind::streams() {
        kind.post(1);
        let world = kind.clone();
        // Silent after post 1, then refused five times; post 2 is said meanwhile.
        let stream = move |n| match n {
            0 => vec![world.head(), world.beat(), world.line(1), Step::Silence],
            1..=5 => answer(503, &[], "down"),
            _ => {
                world.post(2);
                world.well(&[3])
            }
        };
        let rig = Rig::start(kind, stream).await;
        let log = rig.has(&[1, 2, 3]).await;
        let (shown, first, last) = log.outage().expect("an outage of minutes must show");
        assert!(
            shown - first.from.0 <= SHOWN_WITHIN,
            "{}: {} s",
            rig.kind.name(),
            (shown - first.from.0) / Micros::SECOND
        );
        assert!(last.closed && last.to.unwrap().0 > shown, "{last:?}");
        let at = rig.connects();
        let waits: Vec<u64> = at.windows(2).skip(1).map(|w| w[1] - w[0]).collect();
        assert!(
            waits.windows(2).take(3).all(|w| w[1] > w[0]),
            "{}: each wait is longer: {waits:?}",
            rig.kind.name()
        );
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_stops_nobody_else() {
    let plain = Raw::serve(|_| vec![Step::Say(b"no TLS here\r\n".to_vec())]).await.unwrap();
    let no_tls = format!("https://localhost:{}", plain.addr().port());
    for kind in Kind::streams() {
        for url in ["https://nowhere.invalid", no_tls.as_str()] {
            let rig = Rig::at(kind.clone(), Some(url), |_| vec![], |_| None).await;
            tokio::time::sleep(seconds(120)).await;
            let state = rig.state();
            assert!(
                matches!(state, SourceState::Waiting { .. } | SourceState::Connecting),
                "{url}: {state:?}"
            );
            assert!(rig.log().await.gaps.is_empty(), "nothing was ever promised");
            assert!(rig.well_has_arrived().await, "the other source stands still");
        }
    }
}
