//! An app's own server: takes what the gateway posts and answers as the test wants.
//!
//! HTTP/1.1, one request per connection; nothing is interpreted but the head's fields and the body's length.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What the gateway posted.
#[derive(Clone, Debug)]
pub struct Posted {
    pub path: String,
    headers: Vec<(String, String)>,
    pub text: String,
    /// Status it was answered with; 0: not answered.
    pub answered: u16,
}

/// What to answer to a request.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    Status(u16),
    /// Nothing, and keep the connection open.
    Silence,
}

type Decide = Arc<dyn Fn(&Posted) -> Reply + Send + Sync>;

/// A running receiver; ends with the test.
pub struct Receiver {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Posted>>>,
    /// Aborted when dropped.
    _task: JoinSet<()>,
}

impl Receiver {
    /// A receiver on a free port.
    pub async fn start(decide: impl Fn(&Posted) -> Reply + Send + Sync + 'static) -> Receiver {
        Receiver::at("127.0.0.1:0".parse().unwrap(), decide).await
    }

    /// A receiver on this address.
    pub async fn at(
        address: SocketAddr,
        decide: impl Fn(&Posted) -> Reply + Send + Sync + 'static,
    ) -> Receiver {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(address).unwrap();
        let listener = socket.listen(64).unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut task = JoinSet::new();
        task.spawn(accept(listener, Arc::new(decide), seen.clone()));
        Receiver {
            address,
            seen,
            _task: task,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Everything posted so far, in order of arrival.
    pub fn seen(&self) -> Vec<Posted> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until `condition` holds for what was posted.
    pub async fn until(&self, what: &str, condition: impl Fn(&[Posted]) -> bool) -> Vec<Posted> {
        crate::wait::until(what, Duration::from_secs(20), || async {
            let seen = self.seen();
            condition(&seen).then_some(seen)
        })
        .await
    }
}

impl Posted {
    /// A header of the request; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Checks the signature as an app's server does, with the key that the operator was given.
    pub fn is_signed_with(&self, key: &str) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(format!("{}.{}", self.header("lianmai-timestamp"), self.text).as_bytes());
        let hex: String = mac
            .finalize()
            .into_bytes()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        self.header("lianmai-signature") == format!("v1={hex}")
    }
}

async fn accept(listener: TcpListener, decide: Decide, seen: Arc<Mutex<Vec<Posted>>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, decide.clone(), seen.clone()));
    }
}

async fn serve(stream: TcpStream, decide: Decide, seen: Arc<Mutex<Vec<Posted>>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? <= 2 {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut posted = Posted {
        path,
        headers,
        text: String::new(),
        answered: 0,
    };
    let mut body = vec![0; posted.header("content-length").parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    posted.text = String::from_utf8(body).ok()?;
    let reply = decide(&posted);
    if let Reply::Status(status) = reply {
        posted.answered = status;
    }
    // Noted before the answer, so that whoever acts on the answer finds it noted.
    seen.lock().unwrap().push(posted);
    match reply {
        Reply::Status(status) => {
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.ok()?;
            stream.shutdown().await.ok()
        }
        Reply::Silence => {
            let mut rest = [0; 64];
            while stream.read(&mut rest).await.ok()? > 0 {}
            Some(())
        }
    }
}
