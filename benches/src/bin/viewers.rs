//! `viewers`: measures WebRTC viewers of the gateway. See `viewers --help`.

fn main() -> anyhow::Result<()> {
    lianmai_benches::run_viewers()
}
