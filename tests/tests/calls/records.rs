//! Call records by REST, webhook and metrics.

use lianmai_tests::{Gateway, Receiver, Reply};
use serde_json::json;

use crate::{call, device, next};

#[tokio::test]
async fn every_call_leaves_one_record() {
    let gateway = Gateway::start().await;
    let receiver = Receiver::start(|_| Reply::Status(200)).await;
    let server = gateway.api().await;
    server
        .ok(
            "PUT",
            "/v1/app/webhooks",
            Some(json!({"webhooks": [receiver.url("/hook")]})),
        )
        .await;
    let mut ann = device(&gateway, "ann", "web").await;
    let mut bob = device(&gateway, "bob", "web").await;
    let mut calls = Vec::new();
    for answer in ["accept_call", "reject_call"] {
        let id = call(&mut ann, &["bob"], json!({})).await;
        bob.event_named("call_invited").await;
        bob.done(answer, json!({"call": id})).await;
        if answer == "accept_call" {
            ann.done("hang_up_call", json!({"call": id})).await;
        }
        ann.event_named("call_ended").await;
        calls.push(id);
    }
    let cancelled = call(&mut ann, &["cat"], json!({"type": "audio"})).await;
    ann.done("cancel_call", json!({"call": cancelled})).await;

    let all = server.ok("GET", "/v1/calls/records", None).await["records"].clone();
    let status: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|record| &record["status"])
        .collect();
    assert_eq!(status, ["cancelled", "rejected", "completed"]);
    let page = server
        .ok(
            "GET",
            &format!("/v1/calls/records?limit=1&after={}", all[0]["position"]),
            None,
        )
        .await;
    assert_eq!(page["records"], json!([all[1]]));
    let of_cat = server.ok("GET", "/v1/calls/records?account=cat", None).await;
    assert_eq!(of_cat["records"], json!([all[0]]));
    let busy = server.ok("GET", "/v1/calls/records?status=busy", None).await;
    assert_eq!(busy["records"], json!([]));
    let until = all[1]["ended_at"].as_u64().unwrap();
    let path = format!("/v1/calls/records?until={until}");
    assert_eq!(server.ok("GET", &path, None).await["records"], json!([all[2]]));
    let (code, _) = server
        .call("GET", "/v1/calls/records?status=nonsense", None)
        .await;
    assert_eq!(code, 400);

    let one = server
        .ok("GET", &format!("/v1/calls/records/{}", calls[0]), None)
        .await;
    assert_eq!(one, all[2]);
    assert_eq!(
        (&one["caller"], &one["callees"], &one["ended_by"]),
        (&json!("ann"), &json!(["bob"]), &json!("ann"))
    );
    assert!(one["room"].is_string() && one["answered_at"].is_u64());
    assert_eq!(one["members"][1]["outcome"], "accepted");

    // Others see their own only.
    let bob_api = gateway.api_as("bob").await;
    let own = bob_api.ok("GET", "/v1/calls/records", None).await;
    assert_eq!(own["records"].as_array().unwrap().len(), 2);
    let (code, _) = bob_api.call("GET", "/v1/calls/records?account=ann", None).await;
    assert_eq!(code, 403);
    let (code, _) = bob_api
        .call("GET", &format!("/v1/calls/records/{cancelled}"), None)
        .await;
    assert_eq!(code, 404);
    let shown = bob.done("show_ended_call", json!({"call": calls[1]})).await;
    assert_eq!(shown["status"], "rejected");

    let told = lianmai_tests::wait::until("three webhooks", std::time::Duration::from_secs(10), || async {
        let posts = receiver.seen();
        let ended: Vec<_> = posts
            .iter()
            .map(|post| post.json())
            .filter(|body| body["event"] == "call.ended")
            .collect();
        (ended.len() == 3).then_some(ended)
    })
    .await;
    let completed = told.iter().find(|body| body["call"] == json!(calls[0])).unwrap();
    assert_eq!(
        (&completed["app"], &completed["record"]["status"]),
        (&json!("demo"), &json!("completed"))
    );
    assert_eq!(completed["room"], one["room"]);
    let counted = gateway
        .metric("lianmai_calls_ended_total", "status=\"completed\"")
        .await;
    assert_eq!(counted as u64, 1);
    next(&mut bob, "call_ended").await;
}
