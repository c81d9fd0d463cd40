//! R-H1: events carry id and sequence, come at least once and in order per room, whatever fails meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use lianmai_tests::receiver::Posted;
use lianmai_tests::{Api, Gateway, Receiver, Reply, wait};
use serde_json::json;

use crate::{LIMIT, key};

/// Answered requests of each room: sequence and event id, in order of arrival.
fn delivered(seen: &[Posted]) -> BTreeMap<String, Vec<(u64, String)>> {
    let mut rooms: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
    for posted in seen.iter().filter(|p| p.answered == 200) {
        let body = posted.json();
        let room = rooms
            .entry(body["room"].as_str().unwrap().to_owned())
            .or_default();
        room.push((
            body["sequence"].as_u64().unwrap(),
            body["id"].as_str().unwrap().to_owned(),
        ));
    }
    rooms
}

/// Every number once and in order: what a receiver keeps after dropping repeated ids.
fn assert_complete(deliveries: &[(u64, String)], last: u64) {
    let mut kept: Vec<(u64, String)> = Vec::new();
    for delivery in deliveries {
        if kept.iter().all(|(_, id)| *id != delivery.1) {
            kept.push(delivery.clone());
        }
    }
    let numbers: Vec<u64> = kept.iter().map(|(n, _)| *n).collect();
    assert_eq!(numbers, (1..=last).collect::<Vec<_>>(), "{deliveries:?}");
}

async fn targets(api: &Api, urls: &[String]) {
    api.ok("PUT", "/v1/app/webhooks", Some(json!({"webhooks": urls})))
        .await;
}

async fn nothing_waits(api: &Api) {
    wait::until("nothing waits", LIMIT, || async {
        let status = api.ok("GET", "/v1/app/webhooks", None).await;
        let hooks = status["webhooks"].as_array().unwrap();
        hooks
            .iter()
            .all(|h| h["queued"] == 0 && h["dead"] == 0)
            .then_some(())
    })
    .await;
}

/// Five events in each of four rooms at the same time: signed, complete, in order; repeated ids only where the
/// receiver had said 500, and then with the same id and a higher attempt number.
#[tokio::test]
async fn events_are_signed_ordered_and_retried() {
    let gateway = Gateway::start().await;
    let (api, key) = (gateway.api().await, key(&gateway).await);
    let calls = AtomicUsize::new(0);
    // Every fifth request fails.
    let receiver = Receiver::start(move |_| {
        let n = calls.fetch_add(1, Ordering::SeqCst);
        Reply::Status(if n % 5 == 2 { 500 } else { 200 })
    })
    .await;
    targets(&api, &[receiver.url("/hook")]).await;
    let mut rooms = Vec::new();
    for n in 0..4 {
        rooms.push(api.create_room(json!({"name": format!("room-{n}")})).await);
    }
    for account in ["a", "b", "c", "d"] {
        for room in &rooms {
            room.join(account, "talker").await;
        }
    }
    let seen = receiver
        .until("all events are delivered", |seen| {
            delivered(seen).values().map(Vec::len).sum::<usize>() >= 20
        })
        .await;
    nothing_waits(&api).await;
    for (room, deliveries) in delivered(&seen) {
        assert!(rooms.iter().any(|r| r.id == room));
        assert_eq!(deliveries.len(), 5, "what was answered 2xx is not sent again");
        assert_complete(&deliveries, 5);
    }
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let failed: Vec<&Posted> = seen.iter().filter(|p| p.answered == 500).collect();
    assert!(!failed.is_empty());
    for posted in &seen {
        assert!(posted.is_signed_with(&key) && !posted.is_signed_with("another key"));
        let stamp: u64 = posted.header("lianmai-timestamp").parse().unwrap();
        assert!(now.abs_diff(stamp) <= 20);
        let body = posted.json();
        assert_eq!(posted.header("lianmai-event"), body["id"].as_str().unwrap());
        assert_eq!(posted.header("lianmai-sequence"), body["sequence"].to_string());
        assert_eq!(body["app"], "demo");
        if body["sequence"] == 1 {
            assert_eq!(body["event"], "room_created");
        } else {
            assert_eq!(body["event"], "member_joined");
        }
    }
    for failure in failed {
        let id = failure.header("lianmai-event");
        let attempts: Vec<&str> = seen
            .iter()
            .filter(|p| p.header("lianmai-event") == id)
            .map(|p| p.header("lianmai-delivery"))
            .collect();
        let expected: Vec<String> = (1..=attempts.len()).map(|n| n.to_string()).collect();
        assert!(attempts.len() >= 2 && attempts == expected, "{attempts:?}");
    }
}

/// The target is down when events happen and comes up later; another target of the same app is not held up.
#[tokio::test]
async fn a_target_that_was_down_gets_everything() {
    let gateway = Gateway::start().await;
    let api = gateway.api().await;
    let good = Receiver::start(|_| Reply::Status(200)).await;
    let [down] = lianmai_tests::gateway::free_ports();
    targets(&api, &[format!("http://{down}/hook"), good.url("/hook")]).await;
    let room = api.create_room(json!({"name": "down"})).await;
    room.join("ann", "talker").await;
    room.join("bob", "talker").await;
    good.until("the other target has all", |seen| seen.len() == 3)
        .await;
    wait::until("the gateway has met a closed door", LIMIT, || async {
        let tried = gateway
            .metric("lianmai_webhook_attempts_total", "unreachable")
            .await;
        (tried >= 1.0).then_some(())
    })
    .await;
    let receiver = Receiver::at(down, |_| Reply::Status(200)).await;
    let seen = receiver.until("the events come", |seen| seen.len() >= 3).await;
    assert_complete(&delivered(&seen)[&room.id], 3);
    nothing_waits(&api).await;
}

/// Killed with SIGKILL while events wait and one is under way: after the restart all come, what had been posted
/// without an answer again under the same id, and nothing that was answered is lost or out of order.
#[tokio::test]
async fn delivery_goes_on_after_a_crash() {
    let mut gateway = Gateway::start().await;
    let (api, key) = (gateway.api().await, key(&gateway).await);
    let open = Arc::new(AtomicBool::new(false));
    let gate = open.clone();
    let receiver = Receiver::start(move |posted| match posted.header("lianmai-sequence") {
        "1" | "2" => Reply::Status(200),
        _ if gate.load(Ordering::SeqCst) => Reply::Status(200),
        _ => Reply::Silence,
    })
    .await;
    targets(&api, &[receiver.url("/hook")]).await;
    let room = api
        .create_room(json!({"name": "crash", "lifetime": {"type": "persistent"}}))
        .await;
    for n in 0..6 {
        room.join(&format!("account-{n}"), "talker").await;
    }
    let seen = receiver
        .until("the third is under way", |seen| seen.len() == 3)
        .await;
    let under_way = seen[2].header("lianmai-event").to_owned();
    gateway.kill();
    open.store(true, Ordering::SeqCst);
    gateway.restart().await;
    let seen = receiver
        .until("all have come", |seen| {
            delivered(seen)
                .get(&room.id)
                .is_some_and(|d| d.iter().any(|(n, _)| *n >= 7))
        })
        .await;
    let again = seen
        .iter()
        .skip(3)
        .find(|p| p.header("lianmai-event") == under_way);
    assert_eq!(again.expect("comes again").header("lianmai-sequence"), "3");
    let deliveries = &delivered(&seen)[&room.id];
    assert_complete(deliveries, deliveries.iter().map(|(n, _)| *n).max().unwrap());
    assert!(seen.iter().all(|p| p.is_signed_with(&key)));
    let repeated = deliveries.len()
        - deliveries
            .iter()
            .map(|(_, id)| id)
            .collect::<std::collections::BTreeSet<_>>()
            .len();
    assert!(repeated <= 1, "at most one of a room comes twice");
}

/// Without the development switch, a private target is never reached (SSRF).
#[tokio::test]
async fn private_targets_are_refused() {
    let gateway = Gateway::start_with(&["webhook.allow_private=false"]).await;
    let api = gateway.api().await;
    let receiver = Receiver::start(|_| Reply::Status(200)).await;
    targets(&api, &[receiver.url("/hook")]).await;
    api.create_room(json!({"name": "private"})).await;
    wait::until("it is refused", LIMIT, || async {
        let refused = gateway
            .metric("lianmai_webhook_attempts_total", "private_address")
            .await;
        (refused >= 1.0).then_some(())
    })
    .await;
    assert!(receiver.seen().is_empty());
}
