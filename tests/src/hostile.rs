//! A gateway under attack, with somebody beside who must not notice.

use std::time::Duration;

use serde_json::json;

use crate::numbered::Beside;
use crate::{Gateway, Room, wait};

const LIMIT: Duration = Duration::from_secs(10);
const ENDED: &str = "lianmai_connections_ended_total";
const PROTOCOL: &str = "reason=\"protocol\"";

/// A gateway with a stream that must not be disturbed, and one more stream to attack.
pub struct Scene {
    pub gateway: Gateway,
    room: Room,
    beside: Beside,
    stream: String,
    /// Push URL of the stream to attack.
    pub push: String,
}

impl Scene {
    pub async fn new() -> Scene {
        let gateway = Gateway::start().await;
        let room = gateway.api().await.create_room(json!({})).await;
        let beside = Beside::start(&room, "good").await;
        let (stream, push, _) = room.publisher("bad").await;
        Scene {
            gateway,
            room,
            beside,
            stream,
            push,
        }
    }

    /// Nothing happened to anybody else.
    pub async fn survived(mut self) {
        self.beside.assert_undisturbed().await;
        let process = self.gateway.process();
        assert!(process.ended().is_none(), "the gateway ended");
        let said = process.stderr() + &process.stdout();
        assert!(!said.contains("panicked"), "a task panicked:\n{said}");
    }

    /// The sum of a metric over series with these labels.
    pub async fn count(&self, name: &str, labels: &str) -> f64 {
        self.gateway.metric(name, labels).await
    }

    /// Connections that broke a rule.
    pub async fn protocol_errors(&self) -> f64 {
        self.count(ENDED, PROTOCOL).await
    }

    /// Waits until so many more connections than `before` broke a rule.
    pub async fn more_protocol_errors(&self, before: f64, more: f64) {
        self.wait_for(ENDED, PROTOCOL, before + more).await;
    }

    /// Waits until the gateway took so many pictures of the attacked stream.
    pub async fn takes(&self, pictures: u64) {
        wait::until("pictures are taken", LIMIT, || async {
            (self.frames().await == pictures).then_some(())
        })
        .await;
    }

    /// Waits until a metric is at least so high.
    pub async fn wait_for(&self, name: &str, labels: &str, at_least: f64) {
        wait::until(&format!("{name} {labels}"), LIMIT, || async {
            (self.count(name, labels).await >= at_least).then_some(())
        })
        .await;
    }

    /// Pictures of the attacked stream that the gateway took.
    pub async fn frames(&self) -> u64 {
        self.room.stream(&self.stream).await["stats"]["video"]["frames"]
            .as_u64()
            .unwrap_or(0)
    }
}
