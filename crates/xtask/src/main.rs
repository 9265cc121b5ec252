//! check, run, bindings, package.

fn main() {}
