//! A member that is removed has no media any more: its connections end, and its URLs open nothing.

use std::time::Duration;

use lianmai_hub::{
    AccessRequest, Action, Authorise as _, Denial, Grant, Protocol, PublishOptions, ReadOptions,
};
use serde_json::{Value, json};

use super::client::{Client, confr, create, ok, open_server, path, post, room, uid};
use crate::harness::Server;

/// What the gateway says to whoever comes with this URL.
async fn asks(server: &Server, action: Action, url: &Value) -> Result<Grant, Denial> {
    let url = url::Url::parse(url.as_str().unwrap()).unwrap();
    let stream = url.path_segments().unwrap().next_back().unwrap();
    let protocol = match url.scheme() {
        "rtmp" => Protocol::Rtmp,
        _ => Protocol::HttpFlv,
    };
    let request = AccessRequest {
        action,
        app: "demo".to_owned(),
        stream: stream.trim_end_matches(".flv").to_owned(),
        query: url.query().unwrap().to_owned(),
        peer: server.address,
        protocol,
    };
    server.service.access().authorise(request).await
}

/// Bob publishes and plays, is removed in some way, and tries to go on.
async fn removed(kick: impl AsyncFn(&Server, &str, &Client)) {
    let server = open_server().await;
    let confr = confr(&create(&server, "ann", "").await);
    let mut ann = Client::join(&server, "ann", &confr, 9).await;
    let mut bob = Client::join(&server, "bob", &confr, 9).await;
    let (anns, bobs) = (path(&ann.welcome["useUrl"]), path(&bob.welcome["useUrl"]));
    let publish = |name: &str| json!({ "op": "pubS", "rtcId": name });
    let ann_push = ok(&server, &anns, &publish("wx-1-ann")).await;
    let bob_push = ok(&server, &bobs, &publish("wx-1-bob")).await;
    let play = |push: &Value| json!({ "op": "subS", "streamId": push["streamId"] });
    let ann_pull = ok(&server, &anns, &play(&bob_push)).await;
    let bob_pull = ok(&server, &bobs, &play(&ann_push)).await;

    let grant = asks(&server, Action::Publish, &bob_push["rtmp"]).await.unwrap();
    let options = PublishOptions::new(Protocol::Rtmp, grant.epoch, grant.holder);
    let publication = server.hub.publish(grant.key, options).unwrap();
    let mut readers = Vec::new();
    for url in [&bob_pull["rtmp"], &bob_pull["flv"]] {
        let grant = asks(&server, Action::Play, url).await.unwrap();
        let options = ReadOptions {
            holder: grant.holder.clone(),
            ..ReadOptions::default()
        };
        readers.push(server.hub.subscribe(grant.key, options).unwrap());
    }
    asks(&server, Action::Play, &ann_pull["rtmp"]).await.unwrap();

    kick(&server, &confr, &ann).await;
    assert_eq!(bob.event(301).await["reason"], 2);
    assert_eq!(bob.close_code().await, 1000);
    assert_eq!(ann.event(303).await["pubSId"], bob_push["streamId"]);
    assert_eq!(ann.event(301).await["memId"], bob.mem());
    // What runs ends.
    let over = async {
        publication.stopped().await;
        for reader in &readers {
            reader.revoked().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), over).await.unwrap();
    // No URL opens anything any more, neither those it had nor others' of its stream.
    for (action, url) in [
        (Action::Publish, &bob_push["rtmp"]),
        (Action::Play, &bob_pull["rtmp"]),
        (Action::Play, &bob_pull["flv"]),
        (Action::Play, &ann_pull["rtmp"]),
    ] {
        assert!(asks(&server, action, url).await.is_err(), "{url}");
    }
    // It gets no new ones, and manages nothing.
    for body in [publish("wx-2-bob"), play(&ann_push)] {
        assert_eq!(post(&server, &bobs, &body).await["error"], -507, "{body}");
    }
    let back = json!({ "uids": [uid("ann")], "roleToken": bob.role_token() });
    assert_eq!(
        post(&server, "/easemob/rtc/kick/member", &back).await["error"],
        -507
    );
    // Nobody else is touched.
    asks(&server, Action::Publish, &ann_push["rtmp"]).await.unwrap();
    let view = room(&server, &confr).await;
    assert_eq!(view["streams"].as_array().unwrap().len(), 1, "{view}");
    server.finish().await;
}

#[tokio::test]
async fn by_the_apps_own_server() {
    removed(async |server, confr, _| {
        let path = format!("/acme/meet/conferences/{confr}/bob");
        server
            .call(&server.app_token(), "DELETE", &path, Value::Null)
            .await
            .ok();
    })
    .await;
}

#[tokio::test]
async fn by_an_admin() {
    removed(async |server, _, ann| {
        let body = json!({ "uids": [uid("bob")], "roleToken": ann.role_token() });
        ok(server, "/easemob/rtc/kick/member", &body).await;
    })
    .await;
}
