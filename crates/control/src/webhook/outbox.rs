//! The outbox of one target: delivers the first event of each lane, several lanes at a time.
//!
//! A lane is a room. Its next event is not looked at before the one before it is delivered or given up, and that is
//! durable; so events of a room arrive in order, and after a crash at most one of each lane arrives twice.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use lianmai_rooms::{AppId, Timestamp};
use tokio::task::JoinSet;

use super::deliver::deliver;
use super::webhooks::{Wake, Webhooks};
use crate::store::{Delivery, Op};

/// Wait after the store has failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

pub(super) async fn run(hooks: Arc<Webhooks>, app: AppId, target: String, wake: Arc<Wake>) {
    let mut busy: HashSet<String> = HashSet::new();
    let mut deliveries: JoinSet<String> = JoinSet::new();
    loop {
        let count = wake.count();
        let known = hooks
            .apps
            .get(&app)
            .filter(|known| known.policy.webhooks.contains(&target));
        let Some(known) = known else {
            deliveries.shutdown().await;
            busy.clear();
            forget(&hooks, &app, &target).await;
            if hooks.rest(&app, &target, &wake, count) {
                return;
            }
            continue;
        };
        // Lanes under way are among the heads, so as many more are asked for.
        let heads = match hooks
            .store
            .lane_heads(&app, &target, hooks.config.concurrency + busy.len())
            .await
        {
            Ok(heads) => heads,
            Err(error) => {
                tracing::error!(%app, %error, "waiting webhooks could not be read");
                if hooks.store.is_closed() {
                    return;
                }
                tokio::time::sleep(STORE_PAUSE).await;
                continue;
            }
        };
        if heads.is_empty() && busy.is_empty() {
            if hooks.rest(&app, &target, &wake, count) {
                return;
            }
            continue;
        }
        let (due, next) = choose(heads, &busy, hooks.config.concurrency, hooks.clock.now());
        for delivery in due {
            busy.insert(delivery.lane.clone());
            deliveries.spawn(deliver(hooks.clone(), known.clone(), target.clone(), delivery));
        }
        let timer = async {
            match next {
                Some(next) => hooks.clock.sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(done) = deliveries.join_next() => match done {
                Ok(lane) => {
                    busy.remove(&lane);
                }
                Err(error) => {
                    // Which lane it was is not known any more; all are looked at again.
                    tracing::error!(%app, %error, "a delivery failed to run");
                    deliveries.shutdown().await;
                    busy.clear();
                }
            },
            () = wake.more() => {}
            () = timer => {}
        }
    }
}

async fn forget(hooks: &Webhooks, app: &AppId, target: &str) {
    let op = Op::ForgetTarget {
        app: app.clone(),
        target: target.to_owned(),
    };
    if let Err(error) = hooks.store.write(vec![op]).await {
        tracing::error!(%app, %error, "webhooks of a removed target were not forgotten");
    }
}

/// Which deliveries begin now, and when the next one that waits is due.
fn choose(
    heads: Vec<Delivery>,
    busy: &HashSet<String>,
    concurrency: usize,
    now: Timestamp,
) -> (Vec<Delivery>, Option<Timestamp>) {
    let free = concurrency.max(1).saturating_sub(busy.len());
    let waiting = heads.into_iter().filter(|head| !busy.contains(&head.lane));
    let (mut due, later): (Vec<_>, Vec<_>) = waiting.partition(|head| head.next_at <= now);
    due.truncate(free);
    let next = later.iter().map(|head| head.next_at).min();
    (due, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lane: &str, next_at: u64) -> Delivery {
        Delivery {
            id: 1,
            lane: lane.to_owned(),
            event_id: String::new(),
            sequence: 1,
            body: String::new(),
            created_at: Timestamp::from_millis(0),
            attempts: 0,
            next_at: Timestamp::from_millis(next_at),
        }
    }

    #[test]
    fn lanes_under_way_and_not_yet_due_are_left() {
        let busy = HashSet::from(["a".to_owned()]);
        let heads = vec![
            head("a", 0),
            head("b", 0),
            head("c", 0),
            head("d", 0),
            head("e", 50),
        ];
        let (due, next) = choose(heads, &busy, 3, Timestamp::from_millis(10));
        let lanes: Vec<&str> = due.iter().map(|delivery| delivery.lane.as_str()).collect();
        assert_eq!(lanes, ["b", "c"]);
        assert_eq!(next, Some(Timestamp::from_millis(50)));
    }
}
