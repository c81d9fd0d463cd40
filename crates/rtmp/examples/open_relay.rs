//! The smallest RTMP server on these crates: everybody may publish and play everything. For trying out only.
//!
//! `cargo run --release -p lianmai-rtmp --example open_relay -- 127.0.0.1:1935`

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use lianmai_hub::{AccessRequest, Authorise, Denial, Grant, Hub, HubConfig, StreamKey};
use lianmai_rtmp::protocol::Seed;
use lianmai_rtmp::server::{RtmpServer, RtmpServerConfig};
use tokio::net::TcpListener;

struct Everybody;

impl Authorise for Everybody {
    fn authorise(
        &self,
        request: AccessRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Grant, Denial>> + Send + '_>> {
        let key = StreamKey::new(&request.app, &request.stream);
        Box::pin(async move {
            Ok(Grant {
                key,
                epoch: 0,
                holder: None,
                internal: false,
                max_bitrate: None,
            })
        })
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:1935".to_owned());
    let hub = Hub::new(HubConfig::default());
    let server = RtmpServer::new(RtmpServerConfig::default(), hub, Arc::new(Everybody), || {
        Seed([0; 32])
    });
    server.serve(TcpListener::bind(address).await?, None).await;
    Ok(())
}
