//! A room with one publisher and what it publishes, for players of either protocol.

use lianmai_rtmp::client::RtmpClient;
use lianmai_rtmp::protocol::Purpose;
use serde_json::Value;

use crate::api::text;
use crate::clip::Clip;
use crate::rtmp::open;
use crate::viewer::Viewer;
use crate::{Gateway, Room};

pub struct Stage {
    pub gateway: Gateway,
    pub room: Room,
    pub stream: String,
    pub push: String,
    /// Over RTMP.
    pub pull: String,
    /// Over HTTP.
    pub flv: String,
    /// [`Clip::small`].
    pub clip: Clip,
}

impl Stage {
    /// In a room with these settings.
    pub async fn new(room: Value) -> Stage {
        let gateway = Gateway::start().await;
        let room = gateway.api().await.create_room(room).await;
        let (stream, push, pull) = room.publisher("ann").await;
        let flv = text(&room.pull(&stream).await, "http_flv");
        Stage {
            gateway,
            room,
            stream,
            push,
            pull,
            flv,
            clip: Clip::small().await,
        }
    }

    /// Somebody who publishes.
    pub async fn publisher(&self) -> RtmpClient {
        open(&self.push, Purpose::Publish).await.unwrap()
    }

    /// A player over RTMP and one over HTTP.
    pub async fn players(&self) -> [Viewer; 2] {
        [Viewer::open(&self.pull).await, Viewer::open(&self.flv).await]
    }
}
