//! R-R1, R-R3: AMF and commands that crash or end other servers, sent to a running gateway by hand after a real
//! handshake. Each time the process lives on without a panic, and a publisher and a player beside lose nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lianmai_media::amf0::{self, Value};
use lianmai_rtmp::protocol::Command;
use lianmai_tests::hostile::Scene;
use lianmai_tests::numbered::{VIDEO_HEADER, picture};
use lianmai_tests::raw_peer::{RawPeer, header};

const SOON: Duration = Duration::from_secs(2);
const SET_DATA_FRAME: &str = "@setDataFrame";

/// AMF0 objects nested `depth` deep.
fn nested(depth: usize) -> Vec<u8> {
    [3, 0, 1, b'a'].repeat(depth)
}

fn encoded(values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    values.iter().for_each(|value| amf0::encode(value, &mut out));
    out
}

/// Overflows the stack of rml_rtmp: AMF0 nested 200 000 deep, in every place that takes AMF0.
#[tokio::test]
async fn deep_nesting() {
    let scene = Scene::new().await;
    let before = scene.protocol_errors().await;
    let connect = encoded(&["connect".into(), 1.0.into()]);

    // Larger than a message may be before login.
    let mut peer = RawPeer::greeted(scene.gateway.rtmp).await;
    peer.message(20, 0, &[connect.clone(), nested(200_000)].concat())
        .await;
    peer.closed(SOON).await;
    scene.more_protocol_errors(before, 1.0).await;

    // As deep as fits.
    let mut peer = RawPeer::greeted(scene.gateway.rtmp).await;
    peer.message(20, 0, &[connect, nested(15_000)].concat()).await;
    assert_eq!(
        peer.status().await.as_deref(),
        Some("NetConnection.Connect.InvalidApp")
    );
    peer.closed(SOON).await;

    // As metadata and as a command of somebody who may publish.
    let mut peer = RawPeer::publishing(&scene.push).await;
    let data = encoded(&[SET_DATA_FRAME.into(), "onMetaData".into()]);
    peer.message(18, 1, &[data, nested(200_000)].concat()).await;
    let call = encoded(&["whatever".into(), 5.0.into()]);
    peer.message(20, 0, &[call, nested(200_000)].concat()).await;
    assert!(peer.answers().await);
    scene.survived().await;
}

/// Panics in rml_rtmp: `@setDataFrame` alone, data of no type, and a small delta in the long field.
#[tokio::test]
async fn odd_data_and_odd_deltas() {
    let scene = Scene::new().await;
    let mut peer = RawPeer::publishing(&scene.push).await;
    let ignored = "lianmai_ingest_ignored_messages_total";
    let before = scene.count(ignored, "").await;
    peer.message(18, 1, &encoded(&[SET_DATA_FRAME.into()])).await;
    peer.message(18, 1, &[]).await;
    peer.message(18, 1, &[0x7F]).await;
    peer.message(18, 1, &encoded(&[Value::Null])).await;
    scene.wait_for(ignored, "", before + 2.0).await;

    peer.message(9, 1, VIDEO_HEADER).await;
    let (first, second) = (picture(0, true, 100), picture(1, false, 100));
    peer.send(&[header(0, 6, 100, first.len(), 9, 1), first].concat())
        .await
        .unwrap();
    let mut odd = header(1, 6, 0xFF_FFFF, second.len(), 9, 1);
    let field = odd.len() - 4;
    odd[field..].copy_from_slice(&5_u32.to_be_bytes());
    peer.send(&[odd, second].concat()).await.unwrap();
    scene.takes(2).await;
    scene.survived().await;
}

/// R-R3, ends a session of rml_rtmp: every AMF0 type inside a command, AMF3 inside AMF0, unknown markers.
#[tokio::test]
async fn every_amf_type_and_unknown_commands() {
    let scene = Scene::new().await;
    let mut peer = RawPeer::publishing(&scene.push).await;
    let odd = [
        Value::Date {
            millis: 1.0,
            timezone: 0,
        },
        Value::String("x".repeat(66_000)),
        Value::Xml("<a/>".into()),
        Value::Reference(1),
        Value::TypedObject {
            class: "c".into(),
            properties: vec![],
        },
        Value::Unsupported,
        Value::Undefined,
    ];
    let calls = odd.len();
    for (n, value) in odd.into_iter().enumerate() {
        let transaction = 10.0 + n as f64;
        peer.call(0, Command::new("whatever", transaction, value).with("tail"))
            .await;
        let answer = peer.command().await.unwrap();
        assert_eq!(
            (answer.name.as_str(), answer.transaction),
            ("_error", transaction)
        );
    }
    for marker in [0x11, 0x7F, 0x0E, 0x04] {
        let call = encoded(&["whatever".into(), 30.0.into(), Value::Null]);
        peer.message(20, 0, &[call, vec![marker, 0xFF, 0xFF]].concat())
            .await;
    }
    assert!(peer.answers().await, "odd values end nothing");
    // Message types nobody knows are left out.
    for type_id in [0, 7, 10, 14, 16, 19, 21, 23, 255] {
        peer.message(type_id, 1, b"??").await;
    }
    assert!(peer.answers().await, "unknown messages end nothing");
    drop(peer);
    scene
        .wait_for("lianmai_rtmp_ignored_total", "what=\"command\"", calls as f64)
        .await;
    scene
        .wait_for("lianmai_rtmp_ignored_total", "what=\"message\"", 5.0)
        .await;
    scene.survived().await;
}

/// `publish` with one argument (without "live") is accepted; commands out of order are answered or ignored.
#[tokio::test]
async fn commands_as_nobody_expects_them() {
    let scene = Scene::new().await;
    // One argument is what `publishing` sends.
    let mut peer = RawPeer::publishing(&scene.push).await;
    for (stream_id, name) in [
        (0, "publish"),
        (7, "play"),
        (1, "publish"),
        (0, "connect"),
        (1, "seek"),
    ] {
        peer.call(stream_id, Command::new(name, 0.0, Value::Null)).await;
    }
    for id in [f64::NAN, -1.0, 1e300] {
        peer.call(0, Command::new("deleteStream", 0.0, Value::Null).with(id))
            .await;
    }
    assert!(peer.answers().await);
    // Nothing before `connect` but a refusal.
    let mut peer = RawPeer::greeted(scene.gateway.rtmp).await;
    peer.call(1, Command::new("publish", 3.0, Value::Null).with("x"))
        .await;
    assert_eq!(peer.command().await.unwrap().name, "_error");
    scene.survived().await;
}
