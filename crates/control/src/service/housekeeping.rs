//! What is forgotten in time: sessions, journals of ended rooms, old call records. Also the gauges.

use std::sync::Arc;
use std::time::Duration;

use lianmai_rooms::Timestamp;

use super::Core;
use crate::store::Op;

const EVERY: Duration = Duration::from_secs(60);

pub(super) async fn run(core: Arc<Core>) {
    loop {
        let next = Timestamp::from_millis(
            core.config.clock.now().as_millis().saturating_add(EVERY.as_secs() * 1000),
        );
        core.config.clock.sleep_until(next).await;
        if once(&core).await.is_err() {
            return;
        }
    }
}

async fn once(core: &Core) -> Result<(), crate::store::StoreError> {
    let now = core.config.clock.now();
    let retention = u64::try_from(core.config.record_retention.as_millis()).unwrap_or(u64::MAX);
    let forgotten = core.journals.forget_old(now);
    core.change_quietly(|state, tx| {
        tx.ops.extend(state.sessions.expire(now).into_iter().map(Op::DeleteSession));
        let gone = forgotten.into_iter().filter(|(app, room)| state.rooms.get(app, room).is_none());
        tx.ops.extend(gone.map(|(app, room)| Op::ForgetEvents {
            app,
            room,
            before: u64::MAX,
        }));
        tx.ops.push(Op::Housekeeping {
            now,
            records_before: Timestamp::from_millis(now.as_millis().saturating_sub(retention)),
        });
    })
    .await
}
