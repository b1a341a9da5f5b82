//! The repository's own commands: cargo xtask ci, tidy, bench, chaos, shots.
fn main() {}
