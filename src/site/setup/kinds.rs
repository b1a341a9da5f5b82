//! The kinds of sources that a browser can set up: what each is, what it asks, what it is called. A replay is not among them: it reads
//! a file of the machine.

/// One kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// As event.toml names it.
    pub(super) kind: &'static str,
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// Which key of event.toml names the variable of its secret.
    pub(super) secret: Option<&'static str>,
    /// Whether nothing works without that secret.
    pub(super) needs_secret: bool,
    /// What its address is called, and an example; none for a kind that needs none.
    pub(super) url: Option<(&'static str, &'static str)>,
    /// What the secret is and where it comes from.
    pub(super) secret_about: &'static str,
}

/// In the order in which they are offered: those that need no key first.
pub(super) const KINDS: [Kind; 6] = [
    Kind {
        kind: "mastodon",
        name: "Mastodon server",
        about: "Public posts with your hashtags, of that server and of those that it hears from. One or two well-connected servers are enough.",
        secret: Some("token_env"),
        needs_secret: false,
        url: Some(("Server", "fosstodon.org")),
        secret_about: "With a token of an account there (Preferences, Development, New application; it needs to read, nothing else) posts arrive at \
                       once. Without one they are asked for every few seconds.",
    },
    Kind {
        kind: "bluesky",
        name: "Bluesky",
        about: "All public posts with your hashtags, as they are written.",
        secret: None,
        needs_secret: false,
        url: None,
        secret_about: "",
    },
    Kind {
        kind: "feed",
        name: "Blog or news feed",
        about: "Articles of a blog, a podcast, a forum: RSS, Atom or JSON Feed.",
        secret: None,
        needs_secret: false,
        url: Some(("Address of the feed", "https://blog.example/feed.xml")),
        secret_about: "",
    },
    Kind {
        kind: "twitter",
        name: "X",
        about: "Posts with your hashtags. X charges for each post that it delivers.",
        secret: Some("token_env"),
        needs_secret: true,
        url: None,
        secret_about: "The bearer token of an app in X’s developer console. A test is charged for ten posts at most.",
    },
    Kind {
        kind: "flickr",
        name: "Flickr",
        about: "Photos that are tagged with your hashtags.",
        secret: Some("key_env"),
        needs_secret: true,
        url: None,
        secret_about: "An API key of Flickr’s App Garden.",
    },
    Kind {
        kind: "hook",
        name: "Your own program",
        about: "Signed deliveries that a program of yours sends here (Standard Webhooks).",
        secret: Some("secret_env"),
        needs_secret: true,
        url: None,
        secret_about: "A secret that both sides know; perihelion event secret makes one.",
    },
];

impl Kind {
    /// The kind that event.toml calls so.
    pub(super) fn of(kind: &str) -> Option<&'static Self> {
        KINDS.iter().find(|known| known.kind == kind)
    }

    /// A name for a source of this kind that none of the others has.
    pub(super) fn name_for(&self, url: &str, taken: &[&str]) -> String {
        let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(bare_host));
        let base = host.filter(|_| self.url.is_some()).unwrap_or_else(|| match self.kind {
            "twitter" => "x".to_owned(),
            kind => kind.to_owned(),
        });
        let numbered = (2..).map(|n| format!("{base}-{n}"));
        std::iter::once(base.clone())
            .chain(numbered)
            .find(|name| !taken.contains(&name.as_str()))
            .unwrap_or(base)
    }

    /// The variable in which its secret is suggested to be kept.
    pub(super) fn variable_for(&self, name: &str) -> String {
        let upper: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
            .collect();
        let upper = if upper.starts_with(|c: char| c.is_ascii_digit()) { format!("_{upper}") } else { upper };
        let end = match self.secret {
            Some("key_env") => "KEY",
            Some("secret_env") => "SECRET",
            _ => "TOKEN",
        };
        format!("{upper}_{end}")
    }
}

/// A host without what says nothing: `www.blog.example` is `blog.example`.
fn bare_host(host: &str) -> String {
    host.trim_start_matches("www.").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_called_after_its_host_and_no_two_alike() {
        let mastodon = Kind::of("mastodon").unwrap();
        assert_eq!(mastodon.name_for("https://fosstodon.org", &[]), "fosstodon.org");
        assert_eq!(mastodon.name_for("https://fosstodon.org", &["fosstodon.org"]), "fosstodon.org-2");
        assert_eq!(Kind::of("feed").unwrap().name_for("https://www.blog.example/feed", &[]), "blog.example");
        assert_eq!(Kind::of("twitter").unwrap().name_for("", &["x"]), "x-2");
    }

    #[test]
    fn the_variable_of_a_secret_is_one() {
        assert_eq!(Kind::of("mastodon").unwrap().variable_for("fosstodon.org"), "FOSSTODON_ORG_TOKEN");
        assert_eq!(Kind::of("hook").unwrap().variable_for("9to5"), "_9TO5_SECRET");
        assert_eq!(Kind::of("flickr").unwrap().variable_for("flickr"), "FLICKR_KEY");
    }
}
