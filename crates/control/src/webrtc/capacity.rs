//! Whether workers have room for what a viewer needs.
//!
//! A clear refusal comes before a slow failure: who could neither see nor hear anything is refused, with numbers. Who
//! gets a picture or a sound as it is published is let in; what is missing then is shown with the stream, and comes as
//! soon as there is room. A stream that nobody publishes yet refuses nobody.

use lianmai_bridge::OfferedLine;
use lianmai_hub::{Accept, Prospect, StreamKey};

use crate::http::Problem;
use crate::service::Service;

/// Checks what the lines of an offer would get; `stream_of` says which stream a line is for.
///
/// # Errors
/// 503 `no_capacity` with need and free.
pub(super) fn check(
    service: &Service,
    lines: &[OfferedLine],
    stream_of: impl Fn(&OfferedLine) -> Option<StreamKey>,
) -> Result<(), Problem> {
    let hub = &service.core.hub;
    let mut short: Option<(f64, f64)> = None;
    for line in lines {
        let Some(key) = stream_of(line) else { continue };
        let accept = Accept {
            video: line.video.clone(),
            b_frames: false,
        };
        match hub.prospect(&key, line.kind, &accept) {
            Prospect::Unknown | Prospect::Passes => return Ok(()),
            Prospect::Nothing => {}
            Prospect::Rendition(rendition) => match service.workers().has_room(hub, &rendition) {
                Ok(()) => return Ok(()),
                Err(shortage) => short = Some(shortage),
            },
        }
    }
    let Some((need, free)) = short else { return Ok(()) };
    metrics::counter!("lianmai_webrtc_no_capacity_total").increment(1);
    let text = "no worker has room for what this viewer needs";
    Err(Problem::unavailable("no_capacity", text).shortage(need, free))
}
