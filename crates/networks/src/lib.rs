//! Fake social networks: servers that speak the exact wire formats of Mastodon, X API v2 and Twitter API v1.1 on a
//! loopback port, fed from a neutral script of posts, with faults on demand and a journal for an outside judge.
//!
//! ```no_run
//! # async fn example() -> Result<(), networks::Error> {
//! use networks::{Faults, Happening, Journal, Options, Post, Protocol, Script};
//! let script = Script::as_read(vec![Happening::Post(Post::new("20", 1_142_974_214_000_000, "jack", "just setting up"))]);
//! let options = Options::new(Protocol::XV2, script).token("secret").faults(Faults::default()).journal(Journal::memory());
//! let network = networks::serve(options, tokio_util::sync::CancellationToken::new()).await?;
//! println!("{}", network.url());
//! # Ok(()) }
//! ```
//!
//! What it promises to a reader:
//! - Every post, once it happened, can be read over REST (timeline, search) until it is deleted, so whatever a dropped
//!   connection missed is retrievable.
//! - The stream starts at the moment of connecting and knows no resume, as on the real networks.
//! - The same seed, script and reader behaviour give the same bytes.
//!
//! Nothing here knows the product: no crate of ours is a dependency.

pub mod bluesky;
pub mod config;
mod deliver;
mod error;
mod faults;
mod feed;
mod flickr;
mod happen;
pub mod hook;
mod http;
mod ids;
mod journal;
mod limits;
mod mastodon;
mod post;
pub mod raw;
pub mod rtweet;
mod rules;
pub mod schedule;
mod script;
mod server;
mod store;
mod text;
mod x1;
mod x2;

pub use error::Error;
pub use faults::{Cut, Faults};
pub use happen::{Happened, What};
pub use ids::{snowflake_at, snowflake_micros};
pub use journal::{Journal, Line, originals, read_journal};
pub use post::{Author, Counts, Link, Media, MediaKind, Post, Visibility};
pub use script::{Happening, Pace, Script, Timed};
pub use server::{Matching, Options, Protocol, Server, serve};
