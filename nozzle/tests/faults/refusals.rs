//! Networks that say no: a wrong key, and too much asked, in every way of saying for how long.

use std::time::{Duration, SystemTime};

use networks::raw::{Step, answer};
use nozzle::SourceState;

use crate::kinds::Kind;
use crate::rig::{Rig, seconds};

#[tokio::test]
async fn a_refused_key_is_shown_is_not_hammered_and_stops_nobody_else() {
    for kind in Kind::streams() {
        for status in [401, 403] {
            let rig = Rig::start(kind.clone(), move |_| answer(status, &[], "{}")).await;
            tokio::time::sleep(seconds(120)).await;
            let state = rig.state();
            assert!(matches!(state, SourceState::NeedsCredentials { .. }), "{status}: {state:?}");
            assert_eq!(rig.connects().len(), 1, "{}", kind.name());
            assert!(rig.well_has_arrived().await, "the other source stands still");
        }
    }
}

#[tokio::test]
async fn a_key_that_is_taken_away_in_the_middle_leaves_a_gap_until_it_is_given_back() {
    for kind in Kind::streams() {
        kind.post(1);
        let world = kind.clone();
        let stream = move |n| match n {
            0 => vec![world.head(), world.beat(), world.line(1), Step::Wait(seconds(5))],
            1 => answer(401, &[], "{}"),
            _ => {
                world.post(2);
                world.well(&[3])
            }
        };
        let rig = Rig::start(kind, stream).await;
        let log = rig.has(&[1, 2, 3]).await;
        let (_, _, last) = log.outage().expect("a quarter of an hour must show");
        assert!(last.closed);
    }
}

/// How long a source stays away after a 429 with this header.
async fn away(kind: &Kind, header: Option<(&'static str, String)>) -> u64 {
    kind.post(1);
    let world = kind.clone();
    let stream = move |n| match n {
        0 => vec![world.head(), world.beat(), world.line(1), Step::Wait(seconds(5))],
        1 => match &header {
            Some((name, value)) => answer(429, &[(name, value)], "{}"),
            None => answer(429, &[], "{}"),
        },
        _ => {
            world.post(2);
            world.well(&[3])
        }
    };
    let rig = Rig::start(kind.clone(), stream).await;
    rig.has(&[1, 2, 3]).await;
    let at = rig.connects();
    at[2] - at[1]
}

#[tokio::test]
async fn a_wait_that_is_asked_for_in_seconds_is_kept() {
    for kind in Kind::streams() {
        let waited = away(&kind, Some(("retry-after", "40".into()))).await;
        assert!((39..=50).contains(&waited), "{}: {waited} s", kind.name());
    }
}

#[tokio::test]
async fn a_wait_that_is_asked_for_as_a_date_is_kept() {
    for kind in Kind::streams() {
        // The date is the wall's, the waiting is the fast clock's, which starts when the date is read.
        let date = httpdate(SystemTime::now() + Duration::from_secs(100));
        let waited = away(&kind, Some(("retry-after", date))).await;
        assert!((60..=115).contains(&waited), "{}: {waited} s", kind.name());
    }
}

#[tokio::test]
async fn garbage_for_a_wait_is_the_networks_own_usual_wait() {
    for kind in Kind::streams() {
        let waited = away(&kind, Some(("retry-after", "soon, maybe".into()))).await;
        assert!((59..=130).contains(&waited), "{}: {waited} s", kind.name());
        let waited = away(&kind, None).await;
        assert!((59..=130).contains(&waited), "{}: {waited} s", kind.name());
    }
}

#[tokio::test]
async fn a_wait_of_ten_years_is_a_quarter_of_an_hour() {
    for kind in Kind::streams() {
        let waited = away(&kind, Some(("retry-after", "315360000".into()))).await;
        assert!((899..=1000).contains(&waited), "{}: {waited} s", kind.name());
    }
}

fn httpdate(at: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(at).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
