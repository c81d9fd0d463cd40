//! The `lianmai` binary.
fn main() {}
