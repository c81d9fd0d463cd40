//! Calls over `/v1/ws`, as devices see them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod devices;
mod groups;
mod limits;
mod pairs;
mod records;
mod restart;
mod rooms;
mod settings;

use lianmai_tests::{Gateway, Socket};
use serde_json::{Value, json};

/// A device of an account.
async fn device(gateway: &Gateway, account: &str, device: &str) -> Socket {
    Socket::open(gateway, account, &format!("&device={device}")).await
}

/// Calls; the id of the call.
async fn call(caller: &mut Socket, callees: &[&str], more: Value) -> String {
    let mut fields = json!({"callees": callees, "type": "video", "group": callees.len() > 1});
    for (key, value) in more.as_object().unwrap() {
        fields[key] = value.clone();
    }
    let view = caller.done("start_call", fields).await;
    lianmai_tests::api::text(&view, "call")
}

/// The next event must be this one.
async fn next(socket: &mut Socket, name: &str) -> Value {
    let event = socket.event().await;
    assert_eq!(event["event"], name, "{event}");
    event
}

/// The code of a refusal.
async fn refused(socket: &mut Socket, op: &str, fields: Value) -> (u64, String) {
    let answer = socket.ask(op, fields).await;
    assert_eq!(answer["ok"], false, "{op}: {answer}");
    let error = &answer["error"];
    (
        error["status"].as_u64().unwrap(),
        lianmai_tests::api::text(error, "code"),
    )
}
