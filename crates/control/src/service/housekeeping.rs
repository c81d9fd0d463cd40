//! What is forgotten in time: sessions, journals of ended rooms, old call records. Also keeps the gauges.

use std::sync::Arc;
use std::time::Duration;

use lianmai_rooms::Timestamp;

use super::Core;
use crate::store::Op;

const EVERY: Duration = Duration::from_secs(60);
/// Gauges are renewed this often.
const GAUGES_EVERY: Duration = Duration::from_secs(5);

pub(super) async fn run(core: Arc<Core>) {
    loop {
        let next = Timestamp::from_millis(
            core.config
                .clock
                .now()
                .as_millis()
                .saturating_add(EVERY.as_secs() * 1000),
        );
        let due = core.config.clock.sleep_until(next);
        let gauges_go_on = async {
            loop {
                gauges(&core);
                tokio::time::sleep(GAUGES_EVERY).await;
            }
        };
        tokio::select! {
            () = due => {}
            () = gauges_go_on => {}
        }
        if once(&core).await.is_err() {
            return;
        }
    }
}

fn gauges(core: &Core) {
    let state = core.state.lock();
    let (mut rooms, mut members, mut streams) = (0_u32, 0_usize, 0_usize);
    for room in state.rooms.iter() {
        rooms = rooms.saturating_add(1);
        members += room.members().len();
        streams += room.streams().len();
    }
    let (mut ringing, mut active) = (0_u32, 0_u32);
    for call in state.calls.iter() {
        let which = if call.is_active() {
            &mut active
        } else {
            &mut ringing
        };
        *which = which.saturating_add(1);
    }
    drop(state);
    metrics::gauge!("lianmai_calls", "state" => "ringing").set(f64::from(ringing));
    metrics::gauge!("lianmai_calls", "state" => "active").set(f64::from(active));
    metrics::gauge!("lianmai_rooms").set(f64::from(rooms));
    metrics::gauge!("lianmai_members").set(members as f64);
    metrics::gauge!("lianmai_streams").set(streams as f64);
}

async fn once(core: &Core) -> Result<(), crate::store::StoreError> {
    let now = core.config.clock.now();
    let retention = u64::try_from(core.config.record_retention.as_millis()).unwrap_or(u64::MAX);
    core.journals.forget_old(now);
    let ttl = u64::try_from(core.config.session_ttl.as_millis()).unwrap_or(u64::MAX);
    let after = |millis: u64| Timestamp::from_millis(now.as_millis().saturating_add(millis));
    core.change_quietly(|state, tx| {
        // Long before their end, so that also a crash leaves time to resume.
        let refreshed = state.sessions.refresh(now, after(ttl / 2), after(ttl));
        tx.ops.extend(refreshed.into_iter().map(Op::SaveSession));
        tx.ops
            .extend(state.sessions.expire(now).into_iter().map(Op::DeleteSession));
        tx.ops.push(Op::Housekeeping {
            now,
            records_before: Timestamp::from_millis(now.as_millis().saturating_sub(retention)),
        });
    })
    .await
}
