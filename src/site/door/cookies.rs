//! The cookies of the door: a log-in's token, or the key of the first start. By https both are bound to this very host (`__Host-`).

use http::{HeaderMap, HeaderValue, header};

/// How long a browser keeps a log-in: its absolute end on the server.
const SESSION_SECONDS: i64 = 7 * 24 * 3600;
/// How long a browser keeps the key of the first start; it opens nothing once somebody owns the installation.
const OWNER_SECONDS: i64 = 24 * 3600;

/// Names and attributes of one installation.
#[derive(Clone, Copy, Debug)]
pub(in crate::site) struct Cookies {
    pub(in crate::site) is_https: bool,
}

impl Cookies {
    pub(super) fn new(is_https: bool) -> Self {
        Self { is_https }
    }

    fn named(self) -> (&'static str, &'static str) {
        if self.is_https { ("__Host-session", "__Host-owner") } else { ("session", "owner") }
    }

    pub(in crate::site) fn session(self, headers: &HeaderMap) -> Option<&str> {
        value(headers, self.named().0)
    }

    pub(in crate::site) fn owner(self, headers: &HeaderMap) -> Option<&str> {
        value(headers, self.named().1)
    }

    /// Sets the token of a log-in.
    pub(in crate::site) fn set_session(self, token: &str) -> HeaderValue {
        self.set(self.named().0, token, SESSION_SECONDS)
    }

    /// Sets the key of the first start.
    pub(in crate::site) fn set_owner(self, key: &str) -> HeaderValue {
        self.set(self.named().1, key, OWNER_SECONDS)
    }

    /// Takes both away.
    pub(in crate::site) fn clear(self) -> [HeaderValue; 2] {
        let (session, owner) = self.named();
        [self.set(session, "", 0), self.set(owner, "", 0)]
    }

    fn set(self, name: &str, value: &str, seconds: i64) -> HeaderValue {
        let secure = if self.is_https { "; Secure" } else { "" };
        let text = format!("{name}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax{secure}");
        // Tokens and keys are hexadecimal; what is not was not made here, and is not set.
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|v| v.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_bound_to_this_host_and_kept_from_scripts() {
        let said = |cookies: Cookies| cookies.set_session("ab").to_str().unwrap().to_owned();
        assert_eq!(
            said(Cookies::new(true)),
            "__Host-session=ab; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert!(
            said(Cookies::new(false)).starts_with("session=ab; ")
                && !said(Cookies::new(false)).contains("Secure")
        );
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let headers = HeaderMap::from_iter([(
            header::COOKIE,
            HeaderValue::from_static("x=1; xsession=2; session=3; owner="),
        )]);
        assert_eq!(Cookies::new(false).session(&headers), Some("3"));
        assert_eq!((Cookies::new(true).session(&headers), Cookies::new(false).owner(&headers)), (None, None));
    }
}
