//! The binary `perihelion`.

fn main() {}
