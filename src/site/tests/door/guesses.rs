//! A thousand guesses: how many reach argon2, and whether anybody can tell names that exist from names that do not.

use super::{Browser, PASSWORD, owned};
use crate::site::tests::stand::{Answer, Stand};
use http::StatusCode;

/// An answer without what is different each time, and without the name that was typed.
fn plain(answer: &Answer, name: &str) -> String {
    answer.text().replace(name, "NAME")
}

#[tokio::test]
async fn a_thousand_guesses_are_a_handful_of_hashes_and_tell_nothing_of_who_exists() {
    let stand = Stand::new().await;
    owned(&stand).await;
    let passwords = &stand.site().passwords;
    let mut stranger = Browser::new(&stand);
    let before = passwords.ran();
    let (mut wrong, mut slowed) = (0, 0);
    for n in 0..1000 {
        let answer = stranger.sign_in("ada", &format!("three old bicycle{n}")).await;
        match answer.status {
            StatusCode::UNAUTHORIZED => wrong += 1,
            StatusCode::TOO_MANY_REQUESTS => {
                slowed += 1;
                assert!(!answer.header("retry-after").is_empty());
            }
            other => panic!("{other}"),
        }
    }
    let ran = passwords.ran() - before;
    assert!(wrong <= 7 && ran == wrong, "{wrong} guesses were compared, argon2 ran {ran} times");
    assert_eq!(wrong + slowed, 1000);
    // Now even the right one waits.
    assert_eq!(stranger.sign_in("ada", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);

    // A name that nobody has gets the same answers, in the same order, at the same price.
    let before = passwords.ran();
    let mut unknown = Vec::new();
    for n in 0..20 {
        unknown.push(stranger.sign_in("mallory", &format!("three old bicycle{n}")).await);
    }
    let compared = unknown.iter().filter(|answer| answer.status == StatusCode::UNAUTHORIZED).count() as u64;
    assert_eq!((compared >= 5, passwords.ran() - before), (true, compared));
    let known = Stand::new().await;
    owned(&known).await;
    let mut other = Browser::new(&known);
    let known = other.sign_in("ada", "three old bicycle0").await;
    assert_eq!(plain(&known, "ada"), plain(&unknown[0], "mallory"));
    assert_eq!(known.header("set-cookie"), "");
}

#[tokio::test]
async fn a_name_that_exists_takes_as_long_as_one_that_does_not() {
    let stand = Stand::new().await;
    owned(&stand).await;
    let time = async |name: &str| {
        let started = std::time::Instant::now();
        let people = stand.site().door.memory.people();
        let kept = people.login(name).await.unwrap().map_or_else(String::new, |(_, kept)| kept);
        stand.site().passwords.compare("not this one", &kept).await.unwrap();
        started.elapsed()
    };
    // In turns, so that a busy machine is busy for both; the quickest of each is what it takes.
    let mut quickest = [std::time::Duration::MAX; 2];
    for _ in 0..12 {
        for (at, name) in ["ada", "mallory"].into_iter().enumerate() {
            quickest[at] = quickest[at].min(time(name).await);
        }
    }
    let [known, unknown] = quickest.map(|time| time.as_secs_f64());
    let spread = (known - unknown).abs() / known.max(unknown);
    assert!(spread < 0.10, "known {known:.4} s, unknown {unknown:.4} s: {:.0} %", spread * 100.0);
}
