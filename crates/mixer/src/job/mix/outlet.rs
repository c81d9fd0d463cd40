//! A further output of a mix, sound only: pushed on a connection of its own, which is made again when it breaks and
//! delays nobody (R-P1).

use std::time::Duration;

use lianmai_rtmp::client::{ClientError, RtmpClient};
use lianmai_rtmp::protocol::{Purpose, RtmpUrl};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::super::run::open;
use super::super::sink::{Message, SinkWriter};
use crate::transcode::Output;

/// Packets that may wait; then they are lost.
pub(super) const MAX_WAITING: usize = 64;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const MOST_WAIT: Duration = Duration::from_secs(5);
const FINISH_LIMIT: Duration = Duration::from_millis(300);

/// Pushes what comes out of `sound` to `url` until `stop` or its end.
pub(super) async fn push(
    url: RtmpUrl,
    bitrate: u32,
    mut sound: mpsc::Receiver<Output>,
    stop: CancellationToken,
) {
    let mut wait = FIRST_WAIT;
    let mut config = None;
    loop {
        let served = tokio::select! {
            served = serve(&url, bitrate, &mut sound, &mut config, &stop) => served,
            () = stop.cancelled() => return,
        };
        if served.is_ok() {
            return;
        }
        metrics::counter!("lianmai_worker_outputs_reopened_total").increment(1);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => return,
        }
        wait = (wait * 2).min(MOST_WAIT);
    }
}

/// One connection; `Ok` = nothing more is to be pushed.
async fn serve(
    url: &RtmpUrl,
    bitrate: u32,
    sound: &mut mpsc::Receiver<Output>,
    config: &mut Option<Output>,
    stop: &CancellationToken,
) -> Result<(), ClientError> {
    let mut client: RtmpClient = open(url, Purpose::Publish).await?;
    let mut writer = SinkWriter::new(bitrate);
    let mut messages = Vec::new();
    if let Some(config) = config.clone() {
        writer.write(config, &mut messages);
    }
    loop {
        tokio::select! {
            event = client.next_event() => { event?; }
            output = sound.recv() => {
                let Some(output) = output else { break };
                if matches!(output, Output::Audio(_)) {
                    *config = Some(output.clone());
                }
                writer.write(output, &mut messages);
                for message in messages.drain(..) {
                    match message {
                        Message::Metadata(metadata) => client.send_metadata(&metadata, 0)?,
                        Message::Media(kind, time, body) => client.send_media(kind, time, &body)?,
                    }
                }
            }
            () = stop.cancelled() => break,
        }
    }
    let _ = tokio::time::timeout(FINISH_LIMIT, client.finish()).await;
    Ok(())
}
