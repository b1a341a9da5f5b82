//! The whole product from outside: the binary itself, over loopback and the file system. One module per theme.

mod bad_input;
mod commands;
mod course;
mod death;
mod demo;
mod doors;
mod hostile;
mod moderate;
mod networks;
mod one_truth;
mod product;
mod program;
mod real_input;
mod removal;
mod retraction;
mod roles;
mod scrape;
mod secrets;
mod servers;
mod strangers;
mod two_events;
mod viewers;
mod web;
mod witness;
mod workers;
