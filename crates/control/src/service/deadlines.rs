//! The task that makes rooms act when time demands.

use std::sync::Arc;
use std::time::Duration;

use super::Core;

/// Ticks are not more frequent than this.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) async fn run(core: Arc<Core>) {
    loop {
        let deadline = core.state.lock().next_deadline();
        let due = async {
            match deadline {
                Some(deadline) => core.config.clock.sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = core.changed.notified() => continue,
            () = due => {}
        }
        if core.change_quietly(|state, tx| state.tick(tx)).await.is_err() {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
