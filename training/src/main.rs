//! Produces every weight Osler uses.

fn main() {}
