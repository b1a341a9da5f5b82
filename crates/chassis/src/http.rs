//! HTTP serving, once for all daemons: an own accept loop over hyper's HTTP/1 connection, with every wait and size bounded.
//!
//! Why not `axum::serve`: it sets no timer, so a silent socket or half a header is held for ever, and it lets through requests that two
//! parsers may read differently. Routes and handlers stay plain axum; see [`serve`].
//! A handler whose answer is a stream takes its connection over with [`Takeover`].

mod backlog;
mod bind;
mod connection;
mod front;
mod fronted;
mod hygiene;
mod inherited;
mod limits;
mod paced;
mod parting;
mod seats;
mod serve;
mod takeover;
mod timed;

pub use bind::bind;
pub use connection::{Client, Slot};
pub use front::Front;
pub use hygiene::{Hosts, Refusal};
pub use inherited::{adopt, handed, inherited, is_handed_sockets, until_ready};
pub use limits::Limits;
pub use paced::Paced;
pub use serve::serve;
pub use takeover::{GiveBack, Taken, Takeover};
