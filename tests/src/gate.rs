//! A way to a TCP server that can be shut, frozen, narrowed and spoiled while connections use it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What becomes of bytes on their way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    Open,
    /// Connections are cut, and new ones at once.
    Shut,
    /// Nothing passes, and nobody is told.
    Frozen,
    /// So many bytes per second towards the server, per connection.
    Narrow(f64),
    /// A bit of what goes to the server is another one, in every large piece.
    Spoiled,
}

/// A running gate; ends with the test.
pub struct Gate {
    pub address: SocketAddr,
    way: watch::Sender<Way>,
    passed: Arc<AtomicU64>,
    _task: JoinSet<()>,
}

impl Gate {
    /// An open gate to a server.
    pub async fn to(server: SocketAddr) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (way, watched) = watch::channel(Way::Open);
        let passed = Arc::new(AtomicU64::new(0));
        let mut task = JoinSet::new();
        task.spawn(accept(listener, server, watched, passed.clone()));
        Gate {
            address,
            way,
            passed,
            _task: task,
        }
    }

    pub fn set(&self, way: Way) {
        self.way.send_replace(way);
    }

    /// Bytes for the server that came so far.
    pub fn passed(&self) -> u64 {
        self.passed.load(Relaxed)
    }
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    way: watch::Receiver<Way>,
    passed: Arc<AtomicU64>,
) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else {
            return;
        };
        if *way.borrow() == Way::Shut {
            continue;
        }
        connections.spawn(connection(client, server, way.clone(), passed.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(
    client: TcpStream,
    server: SocketAddr,
    mut way: watch::Receiver<Way>,
    passed: Arc<AtomicU64>,
) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let up = relay(from_client, to_server, way.clone(), Some(passed));
    let down = relay(from_server, to_client, way.clone(), None);
    tokio::select! {
        // What the server says last still passes.
        () = async { tokio::join!(up, down); } => {}
        _ = way.wait_for(|way| *way == Way::Shut) => {}
    }
}

async fn relay(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut way: watch::Receiver<Way>,
    passed: Option<Arc<AtomicU64>>,
) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if let Some(passed) = &passed {
            passed.fetch_add(read as u64, Relaxed);
        }
        let _ = way.wait_for(|way| *way != Way::Frozen).await;
        let now = *way.borrow();
        if passed.is_some() {
            match now {
                Way::Narrow(rate) => tokio::time::sleep(Duration::from_secs_f64(read as f64 / rate)).await,
                Way::Spoiled if read > 4_096 => buffer[read - 1] ^= 1,
                _ => {}
            }
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
