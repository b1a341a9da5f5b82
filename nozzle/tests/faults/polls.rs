//! Networks that are asked again and again and do not answer: outages of every kind, and answers that never end.

use model::Micros;
use networks::raw::{Step, answer, endless};

use crate::asked::{Poller, Wire};
use crate::rig::{Log, SHOWN_WITHIN};

/// Is ill until a gap shows; post `n` is published meanwhile and comes once it is well.
async fn outage(poller: &Poller, n: i64, illness: Vec<Step>) -> Log {
    let known = poller.log().await.gaps.len();
    poller.falls_ill(move |_| illness.clone());
    poller.post(n);
    let log = poller.until("a gap", |log| log.gaps.len() > known).await;
    let (shown, gap) = log.gaps.last().unwrap().clone();
    assert!(
        gap.to.is_none() && shown - gap.from.0 <= SHOWN_WITHIN,
        "{}: {} s, {gap:?}",
        poller.name,
        (shown - gap.from.0) / Micros::SECOND
    );
    poller.recovers();
    let log = poller.has(&[1, n]).await;
    let (_, last) = log.gaps.last().unwrap();
    assert!(last.id == gap.id && last.closed, "{}: {last:?}", poller.name);
    log
}

#[tokio::test]
async fn an_outage_of_any_kind_shows_within_90_seconds_and_is_closed_when_the_rest_is_fetched() {
    for wire in Wire::ALL {
        let poller = Poller::at_its_own_pace(wire).await;
        for (n, illness) in [(2, vec![Step::Reset]), (3, answer(503, &[], "down")), (4, vec![])] {
            outage(&poller, n, illness).await;
        }
        let log = poller.has(&[1, 2, 3, 4]).await;
        assert!(poller.well_has_arrived().await, "the other source stands still");
        assert_eq!((log.removed, log.edits), (0, 0), "{}", poller.name);
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_is_given_up_and_shows_as_a_gap() {
    for wire in Wire::ALL {
        let poller = Poller::often(wire).await;
        for (n, illness) in [
            (2, vec![Step::Silence]),
            (3, vec![endless("text/plain"), Step::Say(b"<".to_vec()), Step::Silence]),
        ] {
            outage(&poller, n, illness).await;
        }
    }
}
