//! A coturn server on loopback that shares a secret with the gateway.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;
use tokio::net::TcpStream;

use crate::gateway::free_ports;
use crate::{Process, wait};

/// What it shares with the gateway.
pub const SECRET: &str = "north-of-the-river";

/// A running server; ends with the test.
pub struct Turn {
    process: Process,
    pub address: SocketAddr,
    _dir: tempfile::TempDir,
}

impl Turn {
    /// Starts it and waits until it listens. It relays to loopback, which it would refuse on its own.
    pub async fn start() -> Turn {
        let [address] = free_ports();
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name).display().to_string();
        let arguments = [
            "-n".to_owned(),
            "--listening-ip=127.0.0.1".to_owned(),
            "--relay-ip=127.0.0.1".to_owned(),
            format!("--listening-port={}", address.port()),
            "--realm=lianmai".to_owned(),
            "--use-auth-secret".to_owned(),
            format!("--static-auth-secret={SECRET}"),
            "--allow-loopback-peers".to_owned(),
            "--no-cli".to_owned(),
            "--no-tls".to_owned(),
            "--no-dtls".to_owned(),
            "--verbose".to_owned(),
            "--simple-log".to_owned(),
            "--log-file=stdout".to_owned(),
            format!("--pidfile={}", file("pid")),
            format!("--userdb={}", file("db")),
        ];
        let process = Process::start("turnserver", arguments);
        let limit = Duration::from_secs(10);
        wait::until("the TURN server listens", limit, || async {
            TcpStream::connect(address).await.ok()
        })
        .await;
        Turn {
            process,
            address,
            _dir: dir,
        }
    }

    /// Its URL, as the gateway is told.
    pub fn url(&self) -> String {
        format!("turn:{}?transport=udp", self.address)
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        self.process.stdout()
    }

    /// A server as `RTCPeerConnection` takes it, with credentials made as the gateway makes them, which are valid for
    /// this many seconds from now on.
    pub fn server(&self, secret: &str, seconds: i64) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let username = format!("{}:ann", now + seconds);
        let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(username.as_bytes());
        let credential = base64(&mac.finalize().into_bytes());
        json!({"urls": [self.url()], "username": username, "credential": credential})
    }
}

/// With padding (RFC 4648 §4).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0_u32, |word, n| {
            word << 8 | u32::from(chunk.get(n).copied().unwrap_or(0))
        });
        for n in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * n) & 63) as usize];
            text.push(if n <= chunk.len() { letter.into() } else { '=' });
        }
    }
    text
}
