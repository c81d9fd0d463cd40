//! A client of `/v1/ws`.

use std::time::Duration;

use futures_util::SinkExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::Gateway;
use crate::frames::{self, Frames};

const LIMIT: Duration = Duration::from_secs(15);

/// A connected session. Answers pings while it is read.
pub struct Socket {
    inner: Frames,
    /// Events that came while an answer was awaited.
    events: std::collections::VecDeque<Value>,
    next_id: u64,
    /// The first frame.
    pub hello: Value,
}

impl Socket {
    /// Connects as `account`; `query` follows the token, such as `&device=web`.
    pub async fn open(gateway: &Gateway, account: &str, query: &str) -> Socket {
        let token = gateway.token(&["--account", account]).await;
        Socket::open_with(gateway, &token, query).await
    }

    /// Connects with this token.
    pub async fn open_with(gateway: &Gateway, token: &str, query: &str) -> Socket {
        let url = format!("ws://{}/v1/ws?access_token={token}{query}", gateway.http);
        let inner = frames::connect(&url, LIMIT).await;
        let mut socket = Socket {
            inner,
            events: Default::default(),
            next_id: 1,
            hello: Value::Null,
        };
        let hello = socket.event().await;
        assert_eq!(hello["event"], "hello");
        socket.hello = hello;
        socket
    }

    /// Session id to resume with.
    pub fn session(&self) -> String {
        crate::api::text(&self.hello, "session")
    }

    /// Carries out a command; its whole answer.
    pub async fn ask(&mut self, op: &str, mut fields: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        fields["op"] = json!(op);
        fields["id"] = json!(id);
        self.inner.send(Message::text(fields.to_string())).await.unwrap();
        loop {
            let frame = self
                .frame()
                .await
                .unwrap_or_else(|code| panic!("closed with {code}"));
            if frame["id"] == json!(id) {
                return frame;
            }
            self.events.push_back(frame);
        }
    }

    /// Carries out a command that must succeed; its result.
    pub async fn done(&mut self, op: &str, fields: Value) -> Value {
        let answer = self.ask(op, fields).await;
        assert_eq!(answer["ok"], true, "{op}: {answer}");
        answer["result"].clone()
    }

    /// Says goodbye; the code it was closed with.
    pub async fn bye(mut self) -> u16 {
        let goodbye = json!({"op": "bye"});
        self.inner.send(Message::text(goodbye.to_string())).await.unwrap();
        self.close_code().await
    }

    /// The next event.
    pub async fn event(&mut self) -> Value {
        if let Some(event) = self.events.pop_front() {
            return event;
        }
        self.frame()
            .await
            .unwrap_or_else(|code| panic!("closed with {code}"))
    }

    /// The next event of this name; others are passed over.
    pub async fn event_named(&mut self, name: &str) -> Value {
        let mut others = Vec::new();
        let named = async {
            loop {
                let event = self.event().await;
                if event["event"] == name {
                    return event;
                }
                others.push(event["event"].clone());
            }
        };
        match tokio::time::timeout(LIMIT, named).await {
            Ok(event) => event,
            Err(_) => panic!("no {name} in time, only {others:?}"),
        }
    }

    /// Waits for the end; the code it came with, 0 when the connection was just gone.
    pub async fn close_code(&mut self) -> u16 {
        frames::close_code(&mut self.inner, LIMIT).await
    }

    async fn frame(&mut self) -> Result<Value, u16> {
        frames::next(&mut self.inner, LIMIT).await
    }
}
