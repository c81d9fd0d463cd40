//! A running recording and its handle.

use std::sync::Arc;

use lianmai_hub::Hub;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::shared::Shared;
use crate::task::{Command, Intakes, Task};
use crate::{RecordingEvent, RecordingSpec, RecordingStatus};

/// Events a recording may be ahead of its owner; beyond that the recording waits.
const EVENTS: usize = 256;
/// Commands that wait; more are refused.
const COMMANDS: usize = 64;

/// The handle of a running recording. Dropping it stops the recording like [`stop`](Self::stop), without waiting.
pub struct Recording {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    /// Cancelled: the recording stops.
    stop: CancellationToken,
    /// Cancelled: everything is over.
    over: CancellationToken,
    _dropped: DropGuard,
}

/// Starts recording. Frames come from the stream once it is published; a recording of a stream that nobody publishes
/// in time ends. The task is `tracker`'s; when `shutdown` is cancelled the recording is stopped and closed in order.
///
/// A [`RecordingSpec`] that [`check`](RecordingSpec::check) refuses fails with the first event.
pub fn start(
    hub: &Hub,
    spec: RecordingSpec,
    tracker: &TaskTracker,
    shutdown: CancellationToken,
) -> (Recording, mpsc::Receiver<RecordingEvent>) {
    let (events, receiver) = mpsc::channel(EVENTS);
    let (commands, command_receiver) = mpsc::channel(COMMANDS);
    let stop = shutdown.child_token();
    let over = CancellationToken::new();
    let shared = Shared::new();
    let intakes = Intakes::open(hub, &spec);
    let task = Task {
        spec,
        shared: shared.clone(),
        events,
        commands: command_receiver,
        stop: stop.clone(),
    };
    let end = over.clone().drop_guard();
    tracker.spawn(async move {
        task.run(intakes).await;
        drop(end);
    });
    let recording = Recording {
        shared,
        commands,
        over,
        _dropped: stop.clone().drop_guard(),
        stop,
    };
    (recording, receiver)
}

impl Recording {
    /// Closes the present part and leaves frames out until [`resume`](Self::resume).
    pub fn pause(&self) {
        self.send(Command::Pause);
    }

    /// Goes on with a new part: sound at once, pictures from the next key frame, which is asked for.
    pub fn resume(&self) {
        self.send(Command::Resume);
    }

    /// Begins a new part at the next key frame, which is asked for.
    pub fn split(&self) {
        self.send(Command::Split);
    }

    /// Stops, and waits until the last part is closed and all events are sent. What was made before the stop and comes
    /// within three seconds is in the file, as long as something comes. The events are to be received meanwhile.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.over.cancelled().await;
    }

    /// What it does now.
    pub fn status(&self) -> RecordingStatus {
        self.shared.status.lock().clone()
    }

    fn send(&self, command: Command) {
        if self.commands.try_send(command).is_err() {
            tracing::debug!(
                ?command,
                "a recording that has ended or is flooded takes no command"
            );
        }
    }
}
