//! The kinds of values that settings take: what is allowed, in words and as a check.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chassis::client_addr::Ranges;
use url::Url;

use super::file::Shape;

/// One kind of value.
pub(super) trait Kind {
    type Value;
    /// How the value is written in the file.
    const SHAPE: Shape = Shape::Text;
    /// Whether a refused value must not be repeated to the reader.
    const IS_SECRET: bool = false;

    /// What is allowed, to end the sentence "allowed: ...".
    fn allowed(&self) -> String;
    /// The value, or nothing when the text is not allowed.
    fn read(&self, text: &str) -> Option<Self::Value>;
    /// The text as it may be printed.
    fn show(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// An address to listen on.
pub(super) struct Listen;

impl Kind for Listen {
    type Value = SocketAddr;

    fn allowed(&self) -> String {
        "an IP address and a port, such as \"127.0.0.1:8080\" or \"[::]:8080\" (port 0: any free one)"
            .to_owned()
    }

    fn read(&self, text: &str) -> Option<SocketAddr> {
        text.parse().ok()
    }
}

/// A path that must be given.
pub(super) struct FilePath;

impl Kind for FilePath {
    type Value = PathBuf;

    fn allowed(&self) -> String {
        "a path that is not empty".to_owned()
    }

    fn read(&self, text: &str) -> Option<PathBuf> {
        (!text.is_empty()).then(|| PathBuf::from(text))
    }
}

/// A path, or an empty string for "our own choice".
pub(super) struct OptionalPath;

impl Kind for OptionalPath {
    type Value = Option<PathBuf>;

    fn allowed(&self) -> String {
        "a path, or \"\" to leave the choice to the program".to_owned()
    }

    fn read(&self, text: &str) -> Option<Option<PathBuf>> {
        Some(FilePath.read(text))
    }
}

/// The origin under which browsers reach us.
struct Origin;

impl Kind for Origin {
    type Value = Url;

    fn allowed(&self) -> String {
        "scheme and host as browsers see them, such as \"https://live.example.org\", without a path"
            .to_owned()
    }

    fn read(&self, text: &str) -> Option<Url> {
        let url: Url = text.parse().ok()?;
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        (is_web && is_bare && url.username().is_empty() && url.password().is_none()).then_some(url)
    }
}

/// An origin, or an empty string for the one that follows from other settings.
pub(super) struct OptionalOrigin;

impl Kind for OptionalOrigin {
    type Value = Option<Url>;

    fn allowed(&self) -> String {
        format!("{}; or \"\" for the one that follows from the site's address", Origin.allowed())
    }

    fn read(&self, text: &str) -> Option<Option<Url>> {
        if text.is_empty() { Some(None) } else { Origin.read(text).map(Some) }
    }
}

/// A whole number within bounds.
pub(super) struct Count {
    pub(super) min: u32,
    pub(super) max: u32,
}

impl Kind for Count {
    type Value = u32;
    const SHAPE: Shape = Shape::Integer;

    fn allowed(&self) -> String {
        format!("a whole number from {} to {}", self.min, self.max)
    }

    fn read(&self, text: &str) -> Option<u32> {
        text.parse().ok().filter(|count| (self.min..=self.max).contains(count))
    }
}

/// Whole seconds within bounds.
pub(super) struct Seconds {
    pub(super) min: u32,
    pub(super) max: u32,
}

impl Kind for Seconds {
    type Value = Duration;
    const SHAPE: Shape = Shape::Integer;

    fn allowed(&self) -> String {
        format!("a whole number of seconds from {} to {}, without a unit", self.min, self.max)
    }

    fn read(&self, text: &str) -> Option<Duration> {
        let count = Count { min: self.min, max: self.max }.read(text)?;
        Some(Duration::from_secs(count.into()))
    }
}

/// On or off.
pub(super) struct Switch;

impl Kind for Switch {
    type Value = bool;
    const SHAPE: Shape = Shape::Boolean;

    fn allowed(&self) -> String {
        "true or false".to_owned()
    }

    fn read(&self, text: &str) -> Option<bool> {
        text.parse().ok()
    }
}

/// Networks in CIDR notation.
pub(super) struct Networks;

impl Kind for Networks {
    type Value = Ranges;
    const SHAPE: Shape = Shape::List;

    fn allowed(&self) -> String {
        "a list of networks or addresses, such as [\"10.0.0.0/8\", \"::1\"] (in the environment: with commas)"
            .to_owned()
    }

    fn read(&self, text: &str) -> Option<Ranges> {
        let parts: Vec<&str> = text.split(',').filter(|part| !part.trim().is_empty()).collect();
        Ranges::parse(&parts).ok()
    }

    fn show(&self, text: &str) -> String {
        format!("[{text}]")
    }
}
