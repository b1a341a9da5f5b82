//! Throw-away servers for tests: real Redis, real PostgreSQL, real Chromium, a TCP proxy that misbehaves on
//! request, and a handle on our own binary that can be killed at any moment.
//!
//! Everything listens on a free loopback port, lives in its own temporary directory and is stopped by its pid
//! when dropped. A server that is not installed is a loud skip; with `PERIHELION_REQUIRE_SERVERS=1` it is a
//! failure. Since only tests use this crate, a server that is installed and does not start is a panic with
//! the server's own last words. Nothing here knows the domain; [`pages`] only lists the site's addresses.
//!
//! ```no_run
//! # async fn example() {
//! let Some(redis) = testkit::Redis::start().await else { return };
//! println!("{}", redis.url());
//! # }
//! ```

#[cfg(feature = "chromium")]
mod chromium;
pub mod fuzz;
pub mod judges;
pub mod pages;
mod ports;
mod postgres;
mod process;
mod proxy;
mod redis;
mod resp;
mod skip;

#[cfg(feature = "chromium")]
pub use chromium::{Chromium, Tab, Viewport};
pub use ports::free_port;
pub use postgres::Postgres;
pub use process::Process;
pub use proxy::{Direction, Flow, Proxy, Unwanted};
pub use redis::{Redis, RedisSnapshot};
pub use resp::Reply;
pub use skip::{fixtures, require_servers, skip_loudly};
