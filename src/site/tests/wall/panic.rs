//! How long a panic takes, in Chromium, from the operator's press to the last wall that has painted nothing, and to the operator who reads it.

use super::{
    super::{
        stand::{INTAKE_TOKEN, OWNER_KEY, SLUG},
        writing::Desk,
    },
    browser::{json, until, wall},
};
use http::Request;
use serde_json::Value;
use std::{sync::Arc, time::Instant};
use testkit::{Chromium, Viewport};

/// From the press to every wall blank, as the walls acknowledge it.
const BLANK_SECONDS_MAX: f64 = 1.0;
/// Presses, of which the quickest counts: the machine may be busy with other tests, the product is the same each time.
const PRESSES: usize = 5;

/// The longest that a wall took, as the API tells it.
async fn slowest(desk: &Desk) -> f64 {
    let request = Request::get("/api/v1/events/rustfest/wall")
        .header("authorization", format!("Bearer {INTAKE_TOKEN}"));
    let told: Value = serde_json::from_slice(&desk.send(request, "").await.body).expect("JSON");
    let screens = told["screens"].as_array().expect("screens");
    assert!(screens.len() == 2 && screens.iter().all(|screen| screen["obeys"] == true), "{told}");
    screens.iter().filter_map(|screen| screen["after_seconds"].as_f64()).fold(0.0, f64::max)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_blanks_the_walls_within_a_second_and_the_operator_reads_so() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = Desk::new("open", "").await;
    let base = desk.serve(Arc::default()).await;
    let operator =
        chromium.open(&format!("{base}/login?token={OWNER_KEY}"), Viewport::PHONE).await.expect("the door");
    operator.goto(&format!("{base}/admin/{SLUG}/wall")).await.expect("the operators' page");
    let walls = [
        wall(&chromium, &base, "?room=main-hall", Viewport::LAPTOP).await,
        wall(&chromium, &base, "", Viewport::LAPTOP).await,
    ];
    let state = |words: &str| format!("document.getElementById('state').textContent.includes({words:?})");
    until(&operator, &state("2 of 2 walls follow")).await;
    let (mut blank, mut read) = (f64::MAX, f64::MAX);
    for _ in 0..PRESSES {
        let began = Instant::now();
        operator
            .eval_text("document.querySelector('#panic button').click() || 'pressed'")
            .await
            .expect("pressed");
        until(&operator, &state("2 of 2 walls are blank")).await;
        let told = began.elapsed().as_secs_f64();
        for tab in &walls {
            until(tab, "document.body.hasAttribute('data-blank')").await;
        }
        let slowest = slowest(&desk).await;
        println!("the last wall was blank after {slowest:.2} s, the operator had read it after {told:.2} s");
        (blank, read) = (blank.min(slowest), read.min(told));
        if blank <= BLANK_SECONDS_MAX {
            break;
        }
        // A button that has just changed takes no press for a second.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        operator
            .eval_text("document.querySelector('#panic button').click() || 'pressed'")
            .await
            .expect("pressed");
        until(&operator, &state("2 of 2 walls follow")).await;
    }
    assert!(
        blank <= BLANK_SECONDS_MAX,
        "the quickest of {PRESSES} took {blank:.2} s; the operator read it after {read:.2} s"
    );
    for tab in &walls {
        assert_eq!(json(tab, "wrong").await, serde_json::json!([]));
    }
}
