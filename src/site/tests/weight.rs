//! What a first view of the live page weighs on the venue's network: the page, its styles and every script that it loads, packed as they
//! come. Pictures and fonts come behind the words.

use super::{
    entries::post,
    stand::{Answer, SLUG, Stand},
};
use axum::body::Body;
use http::{Request, StatusCode};
use std::collections::BTreeSet;

/// What it may be, in bytes.
const FIRST_VIEW_BYTES_MAX: usize = 60 * 1024;
/// Posts on a full page, and about what each says.
const POSTS: u64 = 100;
const WORDS: [&str; 4] = [
    "The part about back-pressure is what I will take home: a queue without a bound is a promise that nobody can keep.",
    "Row F has sockets under the seats. Somebody please tell the people who sit on the stairs with their laptops.",
    "Slides are up already and the recording follows tonight. Zoom in on page seventeen, it is worth it, and so is the footnote on the last one.",
    "Question from the back: what happens to all of this when the disk is full and nobody is on call?",
];

async fn packed(stand: &Stand, path: &str, accept: &str) -> Answer {
    let request = Request::get(path).header("accept-encoding", accept).body(Body::empty()).unwrap();
    let answer = stand.ask(request).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    answer
}

/// Addresses of styles, scripts and icons in a page or a script. A script that is loaded later, when it is wanted, is named in `import(`.
fn named(text: &str) -> Vec<String> {
    let is_loaded = |value: &&str| {
        value.starts_with("/static/") && !value.ends_with(".woff2") && !value.ends_with(".png")
    };
    let at_once = text.lines().filter(|line| !line.contains("import("));
    at_once.flat_map(|line| line.split('"').filter(is_loaded).map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_first_live_view_fits_into_sixty_kilobytes() {
    let stand = Stand::new().await;
    let words = |n: u64| format!("{} Number {n}, #rustfest", WORDS[n as usize % WORDS.len()]);
    stand.commit((0..POSTS).map(|n| post(5 + n, &n.to_string(), &words(n))).collect()).await;
    let live = format!("/{SLUG}");
    for accept in ["br", "gzip"] {
        let page = stand.get(&live).await.text();
        assert_eq!(page.matches("<article class=\"item").count(), POSTS as usize);
        let mut weights = vec![(live.clone(), packed(&stand, &live, accept).await.body.len())];
        let (mut wanted, mut seen) = (named(&page), BTreeSet::new());
        while let Some(file) = wanted.pop() {
            if seen.insert(file.clone()) {
                weights.push((file.clone(), packed(&stand, &file, accept).await.body.len()));
                if file.ends_with(".js") {
                    wanted.extend(named(&stand.get(&file).await.text()));
                }
            }
        }
        assert!(
            weights.iter().any(|(file, _)| file.contains("/feed-")),
            "the scripts are among them: {weights:?}"
        );
        let sum: usize = weights.iter().map(|(_, bytes)| bytes).sum();
        assert!(sum <= FIRST_VIEW_BYTES_MAX, "{sum} bytes with {accept}: {weights:#?}");
    }
}
