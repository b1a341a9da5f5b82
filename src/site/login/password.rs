//! Passwords: argon2id, a few at once and never on a thread that serves others. What is kept is the hash's own text, which names its
//! parameters, so that they can grow.

use crate::site::failure::Failure;
use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

/// Memory of one hash, in KiB; passes; lanes. OWASP's least for argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at once: 38 MiB, and never all cores.
const AT_ONCE_MAX: usize = 2;
/// Others that wait for their turn; more are told to come again.
const WAITING_MAX: usize = 30;
/// What they are told.
const COME_AGAIN: Duration = Duration::from_secs(5);
/// Length of a password, in characters.
const CHARS: std::ops::RangeInclusive<usize> = 10..=200;
/// How a hash of these parameters begins.
const PREFIX: &str = "$argon2id$v=19$m=19456,t=2,p=1$";
/// What is compared with where there is no account: a hash that nobody knows a password to, as dear as any other.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cGVyaWhlbGlvbi1ub2JvZHk$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

/// See the module.
#[derive(Debug)]
pub(in crate::site) struct Passwords {
    turn: Arc<Semaphore>,
    line: Arc<Semaphore>,
    ran: Arc<AtomicU64>,
}

impl Default for Passwords {
    fn default() -> Self {
        let (turn, line) = (Semaphore::new(AT_ONCE_MAX), Semaphore::new(AT_ONCE_MAX + WAITING_MAX));
        Self { turn: Arc::new(turn), line: Arc::new(line), ran: Arc::default() }
    }
}

/// What came of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::site) enum Compared {
    /// It is another one, or there is none.
    Wrong,
    /// It is this one.
    Right,
    /// It is this one, and here it is hashed as it would be today.
    Grown(String),
}

impl Passwords {
    /// Hashes a new password.
    pub(in crate::site) async fn hash(&self, password: &str) -> Result<String, Failure> {
        let password = normal(password);
        self.run(move || hashed(&password)).await?
    }

    /// Compares a password with the hash that is kept; an empty one is nobody's, and takes as long.
    pub(in crate::site) async fn compare(&self, password: &str, kept: &str) -> Result<Compared, Failure> {
        let (password, kept) = (normal(password), kept.to_owned());
        self.run(move || {
            let against = if kept.is_empty() { NOBODY } else { &kept };
            let is_right = PasswordHash::new(against)
                .is_ok_and(|hash| maker().verify_password(password.as_bytes(), &hash).is_ok());
            match is_right && !kept.is_empty() {
                false => Ok(Compared::Wrong),
                true if kept.starts_with(PREFIX) => Ok(Compared::Right),
                true => hashed(&password).map(Compared::Grown),
            }
        })
        .await?
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let busy = || Failure::TooMany { wait: COME_AGAIN };
        let place = self.line.clone().try_acquire_owned().map_err(|_| busy())?;
        let turn = self.turn.clone().acquire_owned().await.map_err(|_| busy())?;
        let ran = self.ran.clone();
        let done = tokio::task::spawn_blocking(move || {
            let (_place, _turn) = (place, turn);
            ran.fetch_add(1, Ordering::Relaxed);
            work()
        });
        done.await.map_err(|error| Failure::ours(&error))
    }

    /// How often argon2 ran.
    #[cfg(test)]
    pub(in crate::site) fn ran(&self) -> u64 {
        self.ran.load(Ordering::Relaxed)
    }
}

/// The same letters, whichever way a keyboard composed them.
fn normal(password: &str) -> String {
    password.nfc().collect()
}

fn maker() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hashed(password: &str) -> Result<String, Failure> {
    let hash = maker().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|error| Failure::ours(&std::io::Error::other(error.to_string())))
}

/// What is wrong with a password that somebody wants to have; none when it will do. Length counts, not kinds of characters.
pub(in crate::site) fn objection(password: &str, login: &str) -> Option<&'static str> {
    let chars = normal(password).chars().count();
    let lower = password.to_lowercase();
    let kinds: std::collections::BTreeSet<char> = lower.chars().collect();
    if !CHARS.contains(&chars) {
        return Some(match chars < *CHARS.start() {
            true => "Take at least 10 characters: three or four words make a good password.",
            false => "Take at most 200 characters.",
        });
    }
    if kinds.len() < 5 || (!login.is_empty() && lower.contains(login)) || lower.contains("perihelion") {
        return Some(
            "That is too easy to guess: not your name, not this program’s, and not one key again and again.",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_no_other_is() {
        let passwords = Passwords::default();
        let kept = passwords.hash("three old bicycles").await.unwrap();
        assert!(kept.starts_with(PREFIX), "{kept}");
        assert_ne!(kept, passwords.hash("three old bicycles").await.unwrap(), "each has a salt of its own");
        let compare = async |password: &str, kept: &str| passwords.compare(password, kept).await.unwrap();
        assert_eq!(compare("three old bicycles", &kept).await, Compared::Right);
        assert_eq!(compare("three old bicycle", &kept).await, Compared::Wrong);
        let before = passwords.ran();
        assert_eq!(compare("three old bicycles", "").await, Compared::Wrong);
        assert_eq!(compare("three old bicycles", "damaged").await, Compared::Wrong);
        assert_eq!(passwords.ran(), before + 2);
        assert!(PasswordHash::new(NOBODY).is_ok(), "nobody's hash is as dear as any other");
        let composed = passwords.hash("caf\u{e9} and a croissant").await.unwrap();
        assert_eq!(compare("cafe\u{301} and a croissant", &composed).await, Compared::Right);
    }

    #[tokio::test]
    async fn a_hash_of_smaller_parameters_is_made_anew() {
        let small =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).unwrap());
        let kept = small.hash_password(b"three old bicycles").unwrap().to_string();
        let passwords = Passwords::default();
        let Compared::Grown(grown) = passwords.compare("three old bicycles", &kept).await.unwrap() else {
            panic!("it was not grown")
        };
        assert!(grown.starts_with(PREFIX));
        assert_eq!(passwords.compare("three old bicycles", &grown).await.unwrap(), Compared::Right);
        assert_eq!(passwords.compare("another", &kept).await.unwrap(), Compared::Wrong);
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for bad in [
            "short",
            "aaaaaaaaaaaaaaa",
            "ada-lovelace-1",
            "perihelion2026",
            "ababababababab",
            &"x".repeat(201),
        ] {
            assert!(objection(bad, "ada").is_some(), "{bad}");
        }
        for good in
            ["three old bicycles", "korrekt pferd 7", "\u{1F600}\u{1F601}\u{1F602}\u{1F603}\u{1F604}abcde"]
        {
            assert_eq!(objection(good, "ada"), None, "{good}");
        }
    }
}
