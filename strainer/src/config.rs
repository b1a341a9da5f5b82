//! The strainer's settings, as the configuration hands them over.

/// The strainer's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where [`crate::run`] listens for health and metrics (`[strainer] listen`).
    pub listen: String,
    /// The program's version, for the status record.
    pub version: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8084".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}
