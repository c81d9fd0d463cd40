//! One attempt to deliver one event.

use std::sync::Arc;

use lianmai_rooms::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::webhooks::Webhooks;
use super::{
    DELIVERY_HEADER, EVENT_HEADER, EgressError, SEQUENCE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, backoff,
    sign,
};
use crate::service::App;
use crate::store::{Delivery, Op};

/// Posts the event and writes down how it went. Returns the lane, which is free again then.
pub(super) async fn deliver(
    hooks: Arc<Webhooks>,
    app: Arc<App>,
    target: String,
    delivery: Delivery,
) -> String {
    let now = hooks.clock.now();
    let mut headers = signed(&app.webhook_secret(), now, &delivery.body);
    put(&mut headers, EVENT_HEADER, &delivery.event_id);
    put(&mut headers, SEQUENCE_HEADER, &delivery.sequence.to_string());
    put(
        &mut headers,
        DELIVERY_HEADER,
        &(u64::from(delivery.attempts) + 1).to_string(),
    );
    let answer = hooks
        .egress
        .post(&target, headers, delivery.body.clone(), hooks.config.timeout)
        .await;
    let outcome = match answer {
        Ok(status) if status.is_success() => "delivered",
        Ok(_) => "refused",
        Err(EgressError::TimedOut) => "timed_out",
        Err(EgressError::Refused) => "private_address",
        Err(EgressError::Url | EgressError::Unreachable) => "unreachable",
    };
    metrics::counter!("lianmai_webhook_attempts_total", "outcome" => outcome).increment(1);
    let op = if outcome == "delivered" {
        Op::WebhookDone(delivery.id)
    } else {
        tracing::warn!(
            app = %app.id, event = delivery.event_id, attempt = delivery.attempts + 1, outcome,
            "a webhook was not delivered"
        );
        failed(&hooks, &app, target, &delivery)
    };
    if let Err(error) = hooks.store.write(vec![op]).await {
        // It will be delivered again: at least once, not exactly once.
        tracing::error!(app = %app.id, %error, "the outcome of a delivery was not stored");
        tokio::time::sleep(hooks.config.first_retry).await;
    }
    delivery.lane
}

fn failed(hooks: &Webhooks, app: &App, target: String, delivery: &Delivery) -> Op {
    let now = hooks.clock.now();
    let max_age = u64::try_from(hooks.config.max_age.as_millis()).unwrap_or(u64::MAX);
    if now.millis_since(delivery.created_at) >= max_age {
        return Op::WebhookDead {
            id: delivery.id,
            app: app.id.clone(),
            target,
        };
    }
    let wait = backoff::wait(&hooks.config, delivery.attempts.saturating_add(1));
    let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Op::WebhookRetry {
        id: delivery.id,
        next_at: Timestamp::from_millis(now.as_millis().saturating_add(wait)),
    }
}

/// Time stamp and signature of a body.
pub(crate) fn signed(webhook_secret: &str, now: Timestamp, body: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let secs = now.as_secs();
    put(&mut headers, TIMESTAMP_HEADER, &secs.to_string());
    put(
        &mut headers,
        SIGNATURE_HEADER,
        &sign(webhook_secret, secs, body.as_bytes()),
    );
    headers
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
