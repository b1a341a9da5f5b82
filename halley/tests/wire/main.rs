//! halley over real sockets, on a real ledger: what a browser sees, and what a hostile client gets.

mod bad_input;
mod clients;
mod frames;
mod gone;
mod hostile;
mod keepalive;
mod kernel;
mod positions;
mod property;
mod proxied;
mod real_clients;
mod redis;
mod removal;
mod shutdown;
mod slow;
mod stage;
