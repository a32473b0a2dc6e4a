//! The `argala` command.
fn main() {}
