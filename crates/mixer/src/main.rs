//! The `lianmai-worker` binary.

fn main() {}
