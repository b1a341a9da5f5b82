//! The tail in Redis: the push and read scripts, the bell, the directory of events and the status board. Everything
//! goes through [`Client`] and [`Subscriber`], two small traits of our own, so that another client library can take
//! fred's place.

mod bells;
mod client;
mod directory;
mod fit;
mod fred;
mod rewrite;
mod script;
mod store;
mod tail;

pub use self::fred::FredClient;
pub use client::{Client, Reply, Subscriber, Wake};
pub use fit::ServerFacts;
pub use rewrite::Rewritten;
pub use store::RedisStore;
pub use tail::{Look, Tail};
