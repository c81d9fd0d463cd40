//! kill -9 while the API is busy.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lianmai_tests::api::text;
use lianmai_tests::{Api, Gateway, wait};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// A change that was answered with 2xx: how to see it after the restart.
enum Done {
    Room(String),
    Member(String, String),
    Stream(String, String),
    Attribute(String, String),
}

/// One caller that makes change after change until the gateway is gone.
async fn change(api: Api, caller: usize, count: Arc<AtomicUsize>) -> Vec<Done> {
    let mut done = Vec::new();
    let mut turn = 0;
    // `None`: the gateway is gone; what was not answered need not be there.
    while let Some(changes) = one_turn(&api, caller, turn, &count, &mut done).await {
        turn += changes;
    }
    done
}

async fn one_turn(
    api: &Api,
    caller: usize,
    turn: usize,
    count: &AtomicUsize,
    done: &mut Vec<Done>,
) -> Option<usize> {
    let answered = |status: u16, answer: &Value| {
        assert!((200..300).contains(&status), "{status} {answer}");
        count.fetch_add(1, Ordering::SeqCst);
    };
    let body = json!({"name": format!("burst-{caller}-{turn}")});
    let (status, room) = api.try_call("POST", "/v1/rooms", Some(body)).await?;
    answered(status, &room);
    let id = text(&room, "id");
    done.push(Done::Room(id.clone()));
    let path = format!("/v1/rooms/{id}");
    let body = json!({"account": "ann", "role": "talker"});
    let (status, joined) = api
        .try_call("POST", &format!("{path}/members"), Some(body))
        .await?;
    answered(status, &joined);
    let member = text(&joined, "member");
    done.push(Done::Member(id.clone(), member.clone()));
    let body = json!({"member": member, "kind": "camera"});
    let (status, published) = api
        .try_call("POST", &format!("{path}/streams"), Some(body))
        .await?;
    answered(status, &published);
    done.push(Done::Stream(id.clone(), text(&published["stream"], "id")));
    for key in ["a", "b"] {
        let body = json!({"value": key});
        let (status, set) = api
            .try_call("PUT", &format!("{path}/attributes/{key}"), Some(body))
            .await?;
        answered(status, &set);
        done.push(Done::Attribute(id.clone(), key.to_owned()));
    }
    Some(1)
}

/// Every change that was answered with 2xx before the crash is there after it. Four callers, killed in the middle.
#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let limits = [
        "http.requests_per_second_per_ip=10000",
        "http.requests_per_second_per_app=10000",
    ];
    let mut gateway = Gateway::start_with(&limits).await;
    let api = gateway.api().await;
    let count = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for caller in 0..4 {
        callers.spawn(change(api.clone(), caller, count.clone()));
    }
    wait::until("200 changes are answered", Duration::from_secs(20), || async {
        (count.load(Ordering::SeqCst) >= 200).then_some(())
    })
    .await;
    assert!(
        callers.try_join_next().is_none(),
        "all are in the middle of their work"
    );
    gateway.kill();
    let done: Vec<Done> = callers.join_all().await.into_iter().flatten().collect();
    assert!(done.len() >= 200);
    gateway.restart().await;

    let view = async |room: &str| api.ok("GET", &format!("/v1/rooms/{room}"), None).await;
    let has = |list: &Value, id: &str| list.as_array().unwrap().iter().any(|entry| entry["id"] == id);
    for change in &done {
        match change {
            Done::Room(room) => assert_eq!(view(room).await["id"], room.as_str()),
            Done::Member(room, member) => assert!(has(&view(room).await["members"], member)),
            Done::Stream(room, stream) => assert!(has(&view(room).await["streams"], stream)),
            Done::Attribute(room, key) => {
                let view = view(room).await;
                assert!(
                    view["attributes"][key] == key.as_str(),
                    "{key} in {}",
                    view["attributes"]
                );
            }
        }
    }
}
