//! Calls in the service: time, restarts, and what is stored.

use std::path::Path;
use std::time::Duration;

use lianmai_rooms::call::{CallId, Command, Kind, Status};
use lianmai_rooms::{Device, Timestamp};
use serde_json::Value;

use crate::calls::{EndedCall, EndedCallFilter, Mailbox, Party, Post, StartCall};
use crate::service::testing::{Gateway, PATIENCE, Receiver, account};
use crate::service::*;
use crate::store::Op;

/// A device with its box.
struct Phone {
    party: Party,
    info: SessionInfo,
    mailbox: Mailbox,
    /// What it was told after hello.
    first: Option<Value>,
}

impl Phone {
    async fn open(gateway: &Gateway, name: &str) -> Self {
        let opened = gateway
            .service
            .open_session(&gateway.app, account(name), Device::default());
        Self::of(gateway, opened.await.unwrap())
    }

    fn of(gateway: &Gateway, info: SessionInfo) -> Self {
        let greeting = gateway.service.greet(&info);
        Self {
            party: Party {
                app: info.app.clone(),
                account: info.account.clone(),
                session: info.id.clone(),
            },
            info,
            mailbox: greeting.mailbox,
            first: greeting.frame,
        }
    }

    /// The next event must be this one.
    async fn next(&mut self, name: &str) -> Value {
        let post = tokio::time::timeout(PATIENCE, self.mailbox.next()).await;
        let Some(Post::Frame { text, .. }) = post.expect("an event in time") else {
            panic!("no frame");
        };
        let event: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(event["event"], name, "{event}");
        event
    }

    async fn call(&self, gateway: &Gateway, callees: &[&str]) -> CallId {
        let request = StartCall {
            callees: callees.iter().map(|name| account(name)).collect(),
            kind: Kind::Audio,
            group: callees.len() > 1,
            ring: None,
            attachment: None,
        };
        gateway
            .service
            .start_call(&self.party, request)
            .await
            .unwrap()
            .call
    }

    async fn lose(&self, gateway: &Gateway) {
        let gone = gateway
            .service
            .session_gone(&self.info.app, &self.info.account, &self.info.id);
        gone.await.unwrap();
    }

    async fn hang_up(&self, gateway: &Gateway, call: &CallId) {
        let command = Command::HangUp {
            call: call.clone(),
            account: self.info.account.clone(),
            reason: Default::default(),
        };
        let done = gateway.service.ask_call(&self.party, call, |_, _| command);
        done.await.unwrap();
    }
}

async fn ended(gateway: &Gateway) -> Vec<EndedCall> {
    let filter = EndedCallFilter {
        limit: 500,
        ..EndedCallFilter::default()
    };
    gateway.service.ended_calls(&gateway.app, &filter).await.unwrap()
}

#[tokio::test]
async fn deadlines_fire() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let mut ann = Phone::open(&gateway, "ann").await;
    let mut bob = Phone::open(&gateway, "bob").await;
    ann.call(&gateway, &["bob"]).await;
    bob.next("call_invited").await;
    gateway.clock.advance(Duration::from_secs(60));
    bob.next("call_timed_out").await;
    ann.next("call_timed_out").await;
    ann.next("call_ended").await;

    let call = ann.call(&gateway, &["bob"]).await;
    gateway
        .service
        .accept_call(&bob.party, &call, None)
        .await
        .unwrap();
    ann.next("call_message").await;
    ann.next("call_accepted").await;
    gateway.clock.advance(Duration::from_secs(90));
    bob.lose(&gateway).await;
    gateway.clock.advance(Duration::from_secs(20));
    let left = ann.next("call_left").await;
    assert_eq!(left["reason"], "disconnected");
    ann.next("call_ended").await;
    let record = &ended(&gateway).await[0].record;
    assert_eq!(record.status, Status::Completed);
    assert!(
        record
            .members
            .iter()
            .all(|member| (110..120).contains(&member.seconds)),
        "{record:?}"
    );
    assert_eq!(gateway.service.rooms(&gateway.app, None, 10).unwrap().len(), 0);
}

async fn killed(gateway: Gateway, path: &Path) -> Gateway {
    gateway.kill().await;
    Gateway::file(path).await
}

#[tokio::test]
async fn calls_come_back_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lianmai.db");
    let gateway = Gateway::file(&path).await;
    let (ann, cat) = (
        Phone::open(&gateway, "ann").await,
        Phone::open(&gateway, "cat").await,
    );
    let dan = Phone::open(&gateway, "dan").await;
    let waiting = ann.call(&gateway, &["bob"]).await;
    let active = cat.call(&gateway, &["dan"]).await;
    gateway
        .service
        .accept_call(&dan.party, &active, None)
        .await
        .unwrap();

    let gateway = killed(gateway, &path).await;
    let mut bob = Phone::open(&gateway, "bob").await;
    assert_eq!(bob.first.as_ref().unwrap()["call"], waiting.as_str());
    let (app, name) = (&gateway.app, account("cat"));
    let back = gateway.service.resume_session(app, &name, &cat.info.id).await;
    let mut cat = Phone::of(&gateway, back.unwrap());
    assert_eq!(cat.first.as_ref().unwrap()["state"]["here"], true);
    // Neither Dan nor Ann come back.
    gateway.clock.advance(Duration::from_secs(20));
    cat.next("call_left").await;
    assert_eq!(cat.next("call_ended").await["status"], "completed");
    bob.next("call_cancelled").await;
    assert_eq!(bob.next("call_ended").await["status"], "cancelled");

    // Nothing is left of them but the records.
    let gateway = killed(gateway, &path).await;
    assert_eq!(gateway.store.calls().await.unwrap().len(), 0);
    assert_eq!(gateway.service.rooms(&gateway.app, None, 10).unwrap().len(), 0);
    assert_eq!(ended(&gateway).await.len(), 2);
}

#[tokio::test]
async fn a_call_whose_room_is_lost_ends() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lianmai.db");
    let gateway = Gateway::file(&path).await;
    let (ann, bob) = (
        Phone::open(&gateway, "ann").await,
        Phone::open(&gateway, "bob").await,
    );
    let call = ann.call(&gateway, &["bob"]).await;
    gateway
        .service
        .accept_call(&bob.party, &call, None)
        .await
        .unwrap();
    let stored = gateway.store.calls().await.unwrap().remove(0);
    bob.hang_up(&gateway, &call).await;
    // As if the room could not be read: the call is stored, its room is not, and there is no record.
    let other = serde_json::to_string(&stored)
        .unwrap()
        .replace(call.as_str(), "cother");
    let other = serde_json::from_str(&other).unwrap();
    gateway
        .store
        .write(vec![Op::SaveCall(Box::new(other))])
        .await
        .unwrap();
    let gateway = killed(gateway, &path).await;
    let ended = ended(&gateway).await;
    assert_eq!((ended.len(), ended[0].record.call.as_str()), (2, "cother"));
    assert_eq!(gateway.store.calls().await.unwrap().len(), 0);
}

#[tokio::test]
async fn kept_messages_are_bounded_and_forgotten() {
    let gateway = Gateway::memory(AppPolicy {
        limits: Some(AppLimits {
            call_invites: u32::MAX,
            ..AppLimits::default()
        }),
        ..AppPolicy::default()
    })
    .await;
    let ann = Phone::open(&gateway, "ann").await;
    let mut calls = Vec::new();
    for _ in 0..105 {
        let call = ann.call(&gateway, &["bob"]).await;
        ann.hang_up(&gateway, &call).await;
        calls.push(call);
    }
    let kept = gateway.service.take_messages(&gateway.app, &account("bob")).await;
    let kept: Vec<Value> = kept
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    let channels: Vec<_> = kept
        .iter()
        .map(|message| message["attach"]["channelId"].as_str().unwrap())
        .collect();
    let newest: Vec<_> = calls.iter().skip(5).map(CallId::as_str).collect();
    assert_eq!(channels, newest);
    assert!(
        gateway
            .service
            .take_messages(&gateway.app, &account("bob"))
            .await
            .is_empty()
    );

    let call = ann.call(&gateway, &["bob"]).await;
    ann.hang_up(&gateway, &call).await;
    let later = |days: u64| Timestamp::from_millis(gateway.clock.now().as_millis() + days * 86_400_000);
    let clean = |days| {
        let ops = vec![Op::Housekeeping {
            now: later(days),
            records_before: later(days - 6),
        }];
        gateway.store.write(ops)
    };
    clean(8).await.unwrap();
    assert!(
        gateway
            .service
            .take_messages(&gateway.app, &account("bob"))
            .await
            .is_empty()
    );
    assert!(ended(&gateway).await.is_empty());
}

#[tokio::test]
async fn an_app_that_is_deleted_takes_its_calls_along() {
    let gateway = Gateway::memory(AppPolicy::default()).await;
    let ann = Phone::open(&gateway, "ann").await;
    ann.call(&gateway, &["bob"]).await;
    gateway.service.delete_app(&gateway.app).await.unwrap();
    assert_eq!(gateway.store.calls().await.unwrap().len(), 0);
    gateway.clock.advance(Duration::from_secs(300));
    let request = gateway.service.present_call(&ann.party);
    assert_eq!(request.unwrap_err().code, "no_such_session");
}

#[tokio::test]
async fn the_app_is_told_by_webhook_although_nobody_answered() {
    let mut receiver = Receiver::start().await;
    let gateway = Gateway::memory(AppPolicy {
        webhooks: vec![receiver.url.clone()],
        ..AppPolicy::default()
    })
    .await;
    let ann = Phone::open(&gateway, "ann").await;
    let call = ann.call(&gateway, &["bob"]).await;
    ann.hang_up(&gateway, &call).await;
    let post = receiver.next().await;
    assert_eq!(
        (post.body["event"].as_str(), post.body["call"].as_str()),
        (Some("call.ended"), Some(call.as_str()))
    );
    assert_eq!(post.body["record"]["status"], "cancelled");
    assert_eq!(post.header("lianmai-sequence"), post.body["sequence"].to_string());
}
