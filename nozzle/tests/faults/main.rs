//! The matrix of faults, upstream rows: each fault at each kind of source that it applies to, over a real socket, through the
//! nozzle's public door into a real ledger. Each ends with nothing lost; where something may have been lost for a while,
//! a gap says so within 90 s of the first silence and is closed once the rest has been fetched.
//!
//! Sockets are real and time is not: tokio's clock is moved by hand, some twenty times as fast as the wall's, and the
//! event's clock follows it. The steps of back-off are the pump's own tests'.

#[path = "../common/mod.rs"]
mod common;

mod asked;
mod connections;
mod contents;
mod kinds;
mod polls;
mod refusals;
mod rig;
