//! Somebody who came through the door: who they are ([`Insider`]), and what they are at the event that a request is about ([`Who`], which
//! every handler behind the door is handed as an extension).

use archive::people::{Account, PersonId, Role, TokenHash};
use http::HeaderMap;
use model::EventId;
use nozzle::intake::Actor;
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc};

/// The field in which a form sends its token back.
pub(in crate::site) const FORM_TOKEN: &str = "form_token";
/// Characters of a form's token: 128 bits.
const FORM_TOKEN_CHARS: usize = 32;

/// What somebody came in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::site) enum Held {
    /// The intake's bearer token, with the name that the program gives itself.
    Program(String),
    /// The key of the first start.
    Key,
    /// A log-in.
    Session(TokenHash),
}

/// Somebody, whatever the request is about.
#[derive(Clone)]
pub(in crate::site) struct Insider {
    pub(in crate::site) held: Held,
    pub(in crate::site) account: Option<Arc<Account>>,
    form_token: String,
}

impl Insider {
    /// A program may say a steward's name in `X-Actor` (`steward:ada`). The role is printed to everybody: it does not make up one of its own.
    pub(super) fn program(headers: &HeaderMap) -> Self {
        let named = headers.get("x-actor").and_then(|value| value.to_str().ok());
        let said = named.and_then(|text| text.parse::<Actor>().ok()).filter(|actor| actor.role == "steward");
        let name = said.map_or_else(|| "token".to_owned(), |actor| actor.name);
        Self { held: Held::Program(name), account: None, form_token: String::new() }
    }

    pub(super) fn key_holder(key: &str) -> Self {
        Self { held: Held::Key, account: None, form_token: form_token(key) }
    }

    pub(super) fn person(account: Arc<Account>, session: TokenHash, token: &str) -> Self {
        Self { held: Held::Session(session), account: Some(account), form_token: form_token(token) }
    }

    /// What they are at an event. Programs and the holder of the first key may all that is not about people.
    pub(in crate::site) fn role_at(&self, event: EventId) -> Option<Role> {
        self.account.as_ref().map_or(Some(Role::Owner), |account| account.role_at(event))
    }

    /// What they are at all events.
    pub(in crate::site) fn role_everywhere(&self) -> Option<Role> {
        self.account.as_ref().map_or(Some(Role::Owner), |account| account.role_everywhere())
    }

    /// The most that they are anywhere.
    pub(in crate::site) fn role_anywhere(&self) -> Option<Role> {
        let account = self.account.as_ref();
        account.map_or(Some(Role::Owner), |account| account.grants.iter().map(|grant| grant.role).max())
    }

    /// What every form of theirs carries.
    pub(in crate::site) fn form_token(&self) -> &str {
        &self.form_token
    }

    /// The same, with the role that they have where the request goes.
    pub(super) fn who(self, role: Role) -> Who {
        let actor = match (&self.held, &self.account) {
            (Held::Program(name), _) => Actor { role: "steward".to_owned(), name: name.clone() },
            (_, Some(account)) => Actor { role: role.name().to_owned(), name: account.login.clone() },
            (_, None) => Actor { role: "owner".to_owned(), name: "owner".to_owned() },
        };
        Who { actor, person: self.account.as_ref().map(|account| account.id.clone()), role, insider: self }
    }
}

impl fmt::Debug for Insider {
    /// Without the form's token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = self.account.as_ref().map(|account| &account.login);
        f.debug_struct("Insider").field("held", &self.held).field("login", &login).finish_non_exhaustive()
    }
}

/// Who asks, and what they are at the event that the request is about: handed to every handler behind the door.
#[derive(Clone, Debug)]
pub(in crate::site) struct Who {
    /// As the nozzle is told.
    pub(in crate::site) actor: Actor,
    /// None for a program, and for whoever came with the key of the first start.
    pub(in crate::site) person: Option<PersonId>,
    /// At the event in the address; elsewhere the most that they are anywhere.
    pub(in crate::site) role: Role,
    /// Who they are.
    pub(in crate::site) insider: Insider,
}

impl Who {
    /// The value of the hidden field `form_token` that every form behind the door carries.
    pub(in crate::site) fn form_token(&self) -> &str {
        self.insider.form_token()
    }

    /// Whether a program asks, which may all but what is about people.
    pub(in crate::site) fn is_program(&self) -> bool {
        matches!(self.insider.held, Held::Program(_))
    }
}

/// A token for the forms of whoever holds this secret. It tells nothing of the secret, and ends with it.
pub(in crate::site) fn form_token(secret: &str) -> String {
    let digest = Sha256::new().chain_update(b"perihelion form\0").chain_update(secret.as_bytes()).finalize();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    hex[..FORM_TOKEN_CHARS].to_owned()
}
