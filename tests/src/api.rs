//! The REST API as a test uses it.

use serde_json::{Value, json};

/// A caller with a token.
#[derive(Clone)]
pub struct Api {
    base: String,
    token: String,
    client: reqwest::Client,
}

/// A room made by a test.
#[derive(Clone)]
pub struct Room {
    pub api: Api,
    pub id: String,
}

impl Api {
    pub fn new(base: String, token: String) -> Api {
        Api::with_client(base, token, reqwest::Client::new())
    }

    /// The same through this client.
    pub fn with_client(base: String, token: String, client: reqwest::Client) -> Api {
        Api { base, token, client }
    }

    /// Any request; status and JSON answer (null when empty).
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.try_call(method, path, body)
            .await
            .expect("the gateway answers")
    }

    /// The same; `None` when the gateway is gone before it has answered completely.
    pub async fn try_call(&self, method: &str, path: &str, body: Option<Value>) -> Option<(u16, Value)> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let text = answer.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// A request that must succeed.
    pub async fn ok(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.call(method, path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    pub async fn create_room(&self, settings: Value) -> Room {
        let answer = self.ok("POST", "/v1/rooms", Some(settings)).await;
        Room {
            api: self.clone(),
            id: text(&answer, "id"),
        }
    }

    pub fn token(&self) -> &str {
        &self.token
    }
}

impl Room {
    /// Makes `account` a member; its member id.
    pub async fn join(&self, account: &str, role: &str) -> String {
        let path = format!("/v1/rooms/{}/members", self.id);
        let body = json!({"account": account, "role": role});
        let answer = self.api.ok("POST", &path, Some(body)).await;
        text(&answer, "member")
    }

    /// `pubStream`: stream id and push URL of a member's camera.
    pub async fn publish(&self, member: &str) -> (String, String) {
        let path = format!("/v1/rooms/{}/streams", self.id);
        let answer = self
            .api
            .ok("POST", &path, Some(json!({"member": member, "kind": "camera"})))
            .await;
        (text(&answer["stream"], "id"), text(&answer["push"], "url"))
    }

    /// `subStream`: pull URLs (`rtmp`, `http_flv`, `ws_flv`) of a stream.
    pub async fn pull(&self, stream: &str) -> Value {
        let path = format!("/v1/rooms/{}/streams/{stream}/pull-url", self.id);
        self.api.ok("POST", &path, None).await
    }

    /// A member and its push and RTMP pull URLs in one go.
    pub async fn publisher(&self, account: &str) -> (String, String, String) {
        let member = self.join(account, "talker").await;
        let (stream, push) = self.publish(&member).await;
        let pull = text(&self.pull(&stream).await, "rtmp");
        (stream, push, pull)
    }

    /// What the API says about one stream.
    pub async fn stream(&self, stream: &str) -> Value {
        let path = format!("/v1/rooms/{}/streams", self.id);
        let answer = self.api.ok("GET", &path, None).await;
        let streams = answer["streams"]
            .as_array()
            .or_else(|| answer.as_array())
            .unwrap()
            .clone();
        streams
            .into_iter()
            .find(|s| s["id"] == stream)
            .unwrap_or(Value::Null)
    }
}

/// The string under `key`.
pub fn text(value: &Value, key: &str) -> String {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no {key} in {value}"))
        .to_owned()
}
