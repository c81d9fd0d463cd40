//! Coming back to a session: after a lost connection, and after a crash of the gateway.

use std::time::Duration;

use lianmai_tests::{Gateway, Room, Socket, wait};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(15);

async fn offline(room: &Room, account: &str) {
    wait::until("the member is offline", LIMIT, || async {
        let view = room.api.ok("GET", &format!("/v1/rooms/{}", room.id), None).await;
        let member = view["members"]
            .as_array()?
            .iter()
            .find(|m| m["account"] == account)?
            .clone();
        (member["online"] == false).then_some(())
    })
    .await;
}

/// The next `count` events of a room, and that their numbers follow `after` without a gap.
async fn following(socket: &mut Socket, after: u64, count: u64) -> Vec<Value> {
    let mut events = Vec::new();
    for n in 1..=count {
        let event = socket.event().await;
        assert_eq!(event["sequence"], after + n, "{event}");
        events.push(event);
    }
    events
}

fn named(events: &[Value]) -> Vec<&str> {
    events.iter().map(|e| e["event"].as_str().unwrap()).collect()
}

/// What a client keeps of its session.
struct Left {
    token: String,
    session: String,
    member: Value,
    /// Number of the last event it saw.
    seen: u64,
}

impl Left {
    /// Ann, in the room, and what she will need to come back.
    async fn join(gateway: &Gateway, room: &Room) -> (Socket, Left) {
        let token = gateway.token(&["--account", "ann"]).await;
        let mut ann = Socket::open_with(gateway, &token, "").await;
        let joined = ann.done("join", json!({"room": room.id})).await;
        let left = Left {
            token,
            session: ann.session(),
            member: joined["member"].clone(),
            seen: joined["room"]["sequence"].as_u64().unwrap(),
        };
        (ann, left)
    }

    /// She comes back to her session, in which she is still in the room.
    async fn resume(&self, gateway: &Gateway, room: &Room) -> Socket {
        let query = format!("&session={}&after={}:{}", self.session, room.id, self.seen);
        let ann = Socket::open_with(gateway, &self.token, &query).await;
        assert_eq!(
            (&ann.hello["resumed"], ann.session()),
            (&json!(true), self.session.clone())
        );
        assert_eq!(
            ann.hello["rooms"],
            json!([{"room": room.id, "member": self.member}])
        );
        ann
    }
}

/// The connection breaks; whoever comes back with the session id and the last number gets exactly what it missed.
#[tokio::test]
async fn missed_events_come_after_a_lost_connection() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "lost"})).await;
    let (ann, left) = Left::join(&gateway, &room).await;
    drop(ann);
    offline(&room, "ann").await;
    room.join("bob", "talker").await;
    let body = json!({"value": "tea"});
    room.api
        .ok(
            "PUT",
            &format!("/v1/rooms/{}/attributes/topic", room.id),
            Some(body),
        )
        .await;

    let mut ann = left.resume(&gateway, &room).await;
    let missed = following(&mut ann, left.seen, 4).await;
    assert_eq!(
        named(&missed),
        ["member_online", "member_joined", "attribute_set", "member_online"]
    );

    // A session is its account's alone.
    let eve = Socket::open(&gateway, "eve", &format!("&session={}", left.session)).await;
    assert!(eve.hello["resumed"] == false && eve.session() != left.session);
    assert_eq!(eve.hello["rooms"], json!([]));
}

/// The gateway is killed with SIGKILL while two are in a room, and one event was not seen by Ann: she comes back to
/// her session and room with what she missed, nobody left, and numbers go on.
#[tokio::test]
async fn sessions_survive_a_crash_of_the_gateway() {
    let mut gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "crash"})).await;
    let (ann, left) = Left::join(&gateway, &room).await;
    let mut bob = Socket::open(&gateway, "bob", "").await;
    let bob_joined = bob.done("join", json!({"room": room.id})).await;
    bob.done(
        "send_message",
        json!({"room": room.id, "payload": "are you there?"}),
    )
    .await;
    // Ann's client never saw these: its connection is dropped with them unread.
    gateway.kill();
    drop(ann);
    assert_eq!(bob.close_code().await, 0);
    gateway.restart().await;

    let mut ann = left.resume(&gateway, &room).await;
    let missed = following(&mut ann, left.seen, 2).await;
    assert_eq!(missed[0]["member"]["account"], "bob");
    assert_eq!(missed[1]["payload"], "are you there?");
    let rest = following(&mut ann, left.seen + 2, 3).await;
    assert_eq!(
        named(&rest),
        ["member_online"; 3],
        "both offline by the crash, Ann back: {rest:?}"
    );

    // Both go on as if nothing had happened.
    let query = format!("&session={}", bob.session());
    let mut bob = Socket::open(&gateway, "bob", &query).await;
    assert_eq!(bob.hello["rooms"][0]["member"], bob_joined["member"]);
    let view = bob.event_named("resync").await;
    assert_eq!(view["view"]["members"].as_array().unwrap().len(), 2);
    ann.done("send_message", json!({"room": room.id, "payload": "yes"}))
        .await;
    assert_eq!(bob.event_named("custom_message").await["payload"], "yes");
}

/// Numbers too old to be kept, or of another room's making: a full view instead of a gap nobody notices.
#[tokio::test]
async fn what_is_no_longer_kept_is_a_full_view() {
    let gateway = Gateway::start().await;
    let room = gateway.api().await.create_room(json!({"name": "old"})).await;
    let token = gateway.token(&["--account", "ann"]).await;
    let mut ann = Socket::open_with(&gateway, &token, "").await;
    let joined = ann.done("join", json!({"room": room.id})).await;
    let (seen, session) = (joined["room"]["sequence"].as_u64().unwrap(), ann.session());
    drop(ann);
    offline(&room, "ann").await;
    let path = format!("/v1/rooms/{}/messages", room.id);
    let payload = "x".repeat(8_000);
    for _ in 0..160 {
        room.api
            .ok("POST", &path, Some(json!({"payload": payload})))
            .await;
    }
    for after in [seen, 1_000_000] {
        let query = format!("&session={session}&after={}:{after}", room.id);
        let mut ann = Socket::open_with(&gateway, &token, &query).await;
        let first = ann.event().await;
        assert_eq!(first["event"], "resync", "after {after}: {first}");
        assert!(first["sequence"].as_u64().unwrap() >= seen + 160);
    }
}
