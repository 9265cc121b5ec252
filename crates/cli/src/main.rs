//! osler-cli: every use case of Osler without a window.

fn main() {}
