//! Deploys: halley and site are replaced again and again under load, and nobody is refused, cut off early, or told anything twice or not at
//! all. `PERIHELION_ROLLS=20` for the whole number; three by default.

use std::sync::atomic::Ordering;

use super::daemons::{Daemons, SLUG};
use super::load::Load;
use super::*;
use crate::viewers::{Crowd, Seen};

const NEWCOMERS_A_SECOND: u32 = 200;
const VIEWERS: usize = 1000;
const ROLLS: usize = 3;
/// Newcomers of each round beside those that come while it lasts, so that a quick one is judged by enough of them.
const BETWEEN: u64 = 200;

fn rolls() -> usize {
    std::env::var("PERIHELION_ROLLS").ok().and_then(|rolls| rolls.parse().ok()).unwrap_or(ROLLS)
}

/// Replaces `role` again and again while newcomers come, and posts with them.
async fn roll(daemons: &mut Daemons, role: &str, address: &str, paths: &'static [&'static str]) {
    let load = Load::start(address, paths, NEWCOMERS_A_SECOND);
    let mut pids = std::collections::BTreeSet::new();
    for round in 0..rolls() {
        let served = load.served.load(Ordering::Relaxed);
        pids.insert(pid(instance(&daemons.stand.status(), role)));
        daemons.say().await;
        let begun = daemons.stand.ctl(&["restart", "--rolling", "--no-wait", role]);
        assert_eq!(begun.code, Some(0), "round {round}: {begun:?}");
        daemons.say().await;
        let is_done = |status: &Value| process_of(status, role)["task"]["outcome"] != "doing";
        let status = daemons.stand.wait(is_done, "the end of a rolling restart").await;
        let task = &process_of(&status, role)["task"];
        assert_eq!(task["outcome"], "done", "round {round}: {task}");
        daemons.say().await;
        wait_until(|| load.served.load(Ordering::Relaxed) >= served + BETWEEN, "newcomers").await;
    }
    pids.insert(pid(instance(&daemons.stand.status(), role)));
    assert_eq!(pids.len(), rolls() + 1, "each round brought another process");
    let (served, wrong) = load.finish().await;
    eprintln!("{role}: {} rolling restarts, {served} newcomers served, {} let down", rolls(), wrong.len());
    assert!(
        wrong.is_empty(),
        "{} of {served} newcomers were let down: {:?}",
        wrong.len(),
        &wrong[..wrong.len().min(9)]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deploys_under_load_refuse_reset_lose_and_double_nothing() {
    let _alone = crate::product::alone().await;
    let Some(mut daemons) = Daemons::start().await else { return };
    daemons.say().await;
    let crowd = Crowd::gather(&daemons.halley.clone(), SLUG, VIEWERS).await;
    let (halley, site) = (daemons.halley.clone(), daemons.site.clone());
    roll(&mut daemons, "halley", &halley, &["/live/rustfest/head.json"]).await;
    crowd.wait_byes(1).await;
    roll(&mut daemons, "site", &site, &["/healthz", "/robots.txt", "/healthz", "/robots.txt", "/rustfest"])
        .await;
    daemons.say().await;
    crowd.wait_top(daemons.top().await).await;
    let seen = crowd.seen();
    seen.iter().for_each(Seen::is_whole);
    let drops: usize = seen.iter().map(|seen| seen.drops).sum();
    let byes: usize = seen.iter().map(|seen| seen.byes.len()).sum();
    eprintln!("{VIEWERS} viewers: {byes} byes, {drops} cut off without one");
    assert_eq!(drops, 0, "a stream that ends says when to come back");
}
