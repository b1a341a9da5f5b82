//! The whole product from outside: the binary itself, over loopback and the file system. One module per theme.

mod bad_input;
mod program;
