//! The three ways in which a browser is told: each turns the steps of one [`crate::reader::Reader`] into its own wire form.

pub(crate) mod poll;
pub(crate) mod sse;
pub(crate) mod ws;
