//! The ways into the gateway that need a signed URL, and what each says to whom it does not let in.

use std::time::Duration;

use serde_json::Value;
use tokio_tungstenite::tungstenite;

use crate::Room;
use crate::api::text;
use crate::raw_peer::RawPeer;

const LIMIT: Duration = Duration::from_secs(10);

/// A way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    RtmpPublish,
    RtmpPlay,
    HttpFlv,
    WsFlv,
}

pub const WAYS: [Way; 4] = [Way::RtmpPublish, Way::RtmpPlay, Way::HttpFlv, Way::WsFlv];

/// URLs of one stream.
#[derive(Clone, Debug)]
pub struct Urls {
    pub push: String,
    pub rtmp: String,
    pub http_flv: String,
    pub ws_flv: String,
}

impl Urls {
    /// What the API gives for a member's camera, to the app's own server.
    pub async fn of(room: &Room, account: &str) -> (String, Urls) {
        let (stream, push, _) = room.publisher(account).await;
        let urls = Urls::new(push, &room.pull(&stream).await);
        (stream, urls)
    }

    pub fn new(push: String, pull: &Value) -> Urls {
        Urls {
            push,
            rtmp: text(pull, "rtmp"),
            http_flv: text(pull, "http_flv"),
            ws_flv: text(pull, "ws_flv"),
        }
    }

    pub fn way(&self, way: Way) -> &str {
        match way {
            Way::RtmpPublish => &self.push,
            Way::RtmpPlay => &self.rtmp,
            Way::HttpFlv => &self.http_flv,
            Way::WsFlv => &self.ws_flv,
        }
    }

    /// The same with every URL changed.
    pub fn map(&self, change: impl Fn(&str) -> String) -> Urls {
        Urls {
            push: change(&self.push),
            rtmp: change(&self.rtmp),
            http_flv: change(&self.http_flv),
            ws_flv: change(&self.ws_flv),
        }
    }
}

/// The token of a URL.
pub fn token(url: &str) -> &str {
    url.split_once("t=v1.")
        .map(|(before, _)| &url[before.len() + 2..])
        .unwrap()
}

/// The URL with another token.
pub fn with_token(url: &str, new: &str) -> String {
    url.replace(token(url), new)
}

/// Tries to get in. A refusal is its code, after everything about its form was checked.
pub async fn attempt(way: Way, url: &str) -> Result<(), String> {
    match way {
        Way::RtmpPublish => rtmp(url, "publish", "NetStream.Publish.Start").await,
        Way::RtmpPlay => rtmp(url, "play", "NetStream.Play.Start").await,
        Way::HttpFlv => {
            let answer = reqwest::get(url).await.unwrap();
            if answer.status() == 200 {
                assert_eq!(answer.headers()["content-type"], "video/x-flv");
                return Ok(());
            }
            let (status, body) = (answer.status().as_u16(), answer.bytes().await.unwrap());
            Err(problem(status, &body))
        }
        Way::WsFlv => match tokio_tungstenite::connect_async(url).await {
            Ok(_) => Ok(()),
            Err(tungstenite::Error::Http(answer)) => {
                let body = answer.body().clone().unwrap_or_default();
                Err(problem(answer.status().as_u16(), &body))
            }
            Err(other) => panic!("{other}"),
        },
    }
}

async fn rtmp(url: &str, what: &str, good: &str) -> Result<(), String> {
    let mut peer = RawPeer::ask_and_listen(url, what).await.unwrap();
    loop {
        let (code, description) = peer.told().await.expect("closed without a word");
        match code.as_str() {
            code if code == good => return Ok(()),
            "NetStream.Play.Reset" => {}
            "NetStream.Publish.Unauthorized" | "NetStream.Play.Failed" | "NetStream.Play.StreamNotFound" => {
                peer.closed(LIMIT).await;
                return Err(description.split(':').next().unwrap().to_owned());
            }
            other => panic!("{other}: {description}"),
        }
    }
}

fn problem(status: u16, body: &[u8]) -> String {
    let problem: Value = serde_json::from_slice(body).unwrap();
    let code = text(&problem, "code");
    let expected = match code.as_str() {
        "token_missing" | "token_malformed" | "token_expired" | "token_signature" => 401,
        "unknown_app" | "unknown_stream" => 404,
        _ => 403,
    };
    assert_eq!(status, expected, "{problem}");
    code
}
