//! The shared secret of a hook, or two of them while it is being changed. Secrets do not print.

use base64::alphabet;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
use chassis::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Most secrets that are live at once: the old one and the new one.
const SECRETS_MAX: usize = 2;
/// Shortest secret, in bytes: what is shorter can be guessed from one recorded delivery.
const SECRET_BYTES_MIN: usize = 16;
/// Marks a secret of Standard Webhooks; base64 follows.
const PREFIX: &str = "whsec_";
/// Mark the halves of a pair of keys that signs in another way.
const PAIR_PREFIXES: [&str; 2] = ["whpk_", "whsk_"];
/// Padding or none: both are found in the wild.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const SIGNATURE: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
/// Secrets that were cut to a length carry bits behind their last byte; the scheme's own libraries take them.
const SECRET: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, LENIENT.with_decode_allow_trailing_bits(true));

/// A code that authenticates a delivery.
pub(super) type Code = [u8; 32];

/// The keys that a sender may sign with.
#[derive(Debug)]
pub(super) struct Keys {
    /// For Standard Webhooks: the bytes behind `whsec_`. A secret without that mark may be either base64 or the key itself,
    /// and senders do both.
    standard: Vec<Secret<Vec<u8>>>,
    /// For GitHub, which takes the text as it is.
    text: Vec<Secret<Vec<u8>>>,
}

impl Keys {
    /// Reads one or two secrets, separated by spaces.
    ///
    /// # Errors
    /// A sentence that says what would be right and repeats nothing of the secret.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut keys = Self { standard: Vec::new(), text: Vec::new() };
        for secret in text.split_whitespace() {
            keys.add(secret)?;
        }
        match keys.text.len() {
            0 => Err("there is no secret in it; `perihelion event secret` makes one".to_owned()),
            n if n > SECRETS_MAX => Err(format!(
                "it holds {n} secrets; write one, or {SECRETS_MAX} with a space between them while you change it"
            )),
            _ => Ok(keys),
        }
    }

    fn add(&mut self, secret: &str) -> Result<(), String> {
        // Both would be taken for a key as they are, and no signature would ever fit.
        if PAIR_PREFIXES.iter().any(|prefix| secret.starts_with(prefix)) {
            return Err(format!(
                "it holds a key of an asymmetric pair (whpk_, whsk_); have the sender sign with a shared secret ({PREFIX})"
            ));
        }
        if ['"', '\''].iter().any(|quote| secret.starts_with(*quote) && secret.ends_with(*quote)) {
            return Err("there are quotation marks around it; write it without them".to_owned());
        }
        let decoded = SECRET.decode(secret.strip_prefix(PREFIX).unwrap_or(secret)).ok();
        let is_marked = secret.starts_with(PREFIX);
        let keys: Vec<Vec<u8>> = match decoded {
            None if is_marked => {
                return Err(format!("what follows {PREFIX} is not base64; copy the secret whole"));
            }
            Some(key) if is_marked => vec![key],
            decoded => decoded.into_iter().chain([secret.as_bytes().to_vec()]).collect(),
        };
        if keys.iter().all(|key| key.len() < SECRET_BYTES_MIN) {
            return Err(format!(
                "a secret has at least {SECRET_BYTES_MIN} bytes; `perihelion event secret` makes one"
            ));
        }
        let long_enough = keys.into_iter().filter(|key| key.len() >= SECRET_BYTES_MIN);
        self.standard.extend(long_enough.map(Secret::new));
        self.text.push(Secret::new(secret.as_bytes().to_vec()));
        Ok(())
    }

    /// One secret as it is, spaces included.
    #[cfg(test)]
    pub(super) fn of_text(secret: &str) -> Self {
        Self { standard: Vec::new(), text: vec![Secret::new(secret.as_bytes().to_vec())] }
    }

    /// What a sender by Standard Webhooks may have signed these parts with.
    pub(super) fn standard_codes(&self, parts: &[&[u8]]) -> Vec<Code> {
        codes(&self.standard, parts)
    }

    /// What GitHub may have signed these parts with.
    pub(super) fn text_codes(&self, parts: &[&[u8]]) -> Vec<Code> {
        codes(&self.text, parts)
    }
}

fn codes(keys: &[Secret<Vec<u8>>], parts: &[&[u8]]) -> Vec<Code> {
    let code = |key: &Secret<Vec<u8>>| {
        let mut code =
            Hmac::<Sha256>::new_from_slice(key.expose()).expect("HMAC takes a key of any length (RFC 2104)");
        parts.iter().for_each(|part| code.update(part));
        code.finalize().into_bytes().into()
    };
    keys.iter().map(code).collect()
}

/// Reads a signature's base64 as senders write it.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    SIGNATURE.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

    #[test]
    fn one_secret_or_two_are_read_and_never_printed() {
        assert_eq!(Keys::read(ONE).unwrap().standard.len(), 1);
        let two = Keys::read(&format!(" {ONE}\n correct-horse-battery ")).unwrap();
        assert_eq!((two.standard.len(), two.text.len()), (2, 2));
        let printed = format!("{two:?}");
        assert!(!printed.contains("horse") && printed.contains("[secret]"), "{printed}");
    }

    #[test]
    fn what_is_no_secret_is_refused_with_the_cure_and_not_repeated() {
        for (text, want) in [
            ("", "no secret"),
            ("  ", "no secret"),
            ("whsec_", "at least 16"),
            ("whsec_AAEC", "at least 16"),
            ("whsec_!canary!canary!canary", "not base64"),
            ("canary", "at least 16"),
            ("\"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX\"", "quotation marks"),
            ("'canary-canary-canary'", "quotation marks"),
            ("whpk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXcanary=", "asymmetric"),
        ] {
            let why = Keys::read(text).unwrap_err();
            assert!(why.contains(want) && !why.contains("canary"), "{text}: {why}");
        }
        assert!(Keys::read(&format!("{ONE} {ONE} {ONE}")).unwrap_err().contains("3 secrets"));
    }
}
