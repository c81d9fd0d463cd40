//! `fanout`: measures live servers against each other. See `fanout --help`.

fn main() -> anyhow::Result<()> {
    lianmai_benches::run()
}
