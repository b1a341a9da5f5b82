//! The names of an account: what they sign in with, and what others read.

use archive::people::{NewAccount, PersonId};
use model::Micros;

/// Length of a sign-in name and of a name, in characters.
const LOGIN_CHARS: std::ops::RangeInclusive<usize> = 2..=32;
const NAME_CHARS_MAX: usize = 60;

/// A new account without a password, or what is wrong with its names. An empty name is the sign-in name's.
///
/// # Errors
/// A sentence for whoever typed it.
pub(crate) fn new_account(login: &str, name: &str, now: Micros) -> Result<NewAccount, String> {
    let login = login.trim().to_lowercase();
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    if !LOGIN_CHARS.contains(&login.chars().count()) || !login.chars().all(is_plain) {
        return Err(
            "A sign-in name has 2 to 32 of the characters a-z, 0-9, dot, hyphen and underscore.".to_owned()
        );
    }
    let name: String = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(format!("A name has at most {NAME_CHARS_MAX} characters."));
    }
    let name = if name.is_empty() { login.clone() } else { name };
    let id = rand::random::<[u8; 6]>().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(NewAccount { id: PersonId(id), login, name, password: String::new(), made: now })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_names_are_plain_and_names_are_anybodys() {
        let made = |login: &str, name: &str| new_account(login, name, Micros(0));
        let ada = made(" Ada.L ", "  Ada \n Lovelace ").unwrap();
        assert_eq!(
            (ada.login.as_str(), ada.name.as_str(), ada.password.as_str()),
            ("ada.l", "Ada Lovelace", "")
        );
        assert_eq!(made("bo", "").unwrap().name, "bo");
        assert_ne!(ada.id, made("ada.l", "").unwrap().id);
        for bad in ["", "a", "a b", "ada@example.org", "\u{e9}va", "a:b", "<b>", &"x".repeat(33)] {
            assert!(made(bad, "").is_err(), "{bad}");
        }
        assert!(made("ada", &"x".repeat(61)).is_err() && made("ada", "a\u{0}b").is_err());
    }
}
